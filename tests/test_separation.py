"""Separation against small data where the answer can be seen, and against the defining linear programme."""

import numpy as np
import pandas as pd
import pytest
from scipy.optimize import linprog

import glmlr
from glmlr.errors import SeparationWarning

EIGHT = pd.DataFrame(
    {"x": np.arange(1.0, 9.0), "z": [1.0, 2, 1, 2, 3, 1, 2, 1], "y": [0, 0, 0, 0, 1, 1, 1, 1]},
)


def test_complete_separation_names_only_what_has_to_be_infinite():
    with pytest.warns(SeparationWarning, match="Complete separation: the data predict 8 of 8 rows perfectly"):
        fit = glmlr.fit("y ~ x + z", EIGHT)
    assert fit.params["x"] == np.inf
    assert fit.params["Intercept"] == -np.inf
    assert np.isnan(fit.params["z"])
    assert fit.loglik == 0
    np.testing.assert_array_equal(fit.probabilities, EIGHT["y"])


def test_quasi_complete_separation_leaves_the_other_rows():
    # Level c has events only: its coefficient is +inf; the rest is the fit without the rows of c.
    rng = np.random.default_rng(3)
    data = pd.DataFrame({"g": np.repeat(["a", "b", "c"], [40, 40, 20]), "x": rng.normal(size=100)})
    data["y"] = (rng.random(100) < 1 / (1 + np.exp(-data["x"]))).astype(int)
    data.loc[data["g"] == "c", "y"] = 1
    with pytest.warns(SeparationWarning, match=r"Quasi-complete separation.*20 of 100 rows.*g\[T.c\] \(\+∞\)"):
        fit = glmlr.fit("y ~ g + x", data)
    witness = glmlr.fit("y ~ g + x", data[data["g"] != "c"])
    assert fit.params["g[T.c]"] == np.inf
    for name in ("Intercept", "g[T.b]", "x"):
        assert fit.params[name] == pytest.approx(witness.params[name], rel=1e-8)
        assert fit.bse[name] == pytest.approx(witness.bse[name], rel=1e-8)
    assert fit.loglik == pytest.approx(witness.loglik, rel=1e-10)
    assert fit.probabilities[data["g"] == "c"] == pytest.approx(1.0)
    assert np.isnan(fit.bse["g[T.c]"])


def test_infinite_row_carries_the_likelihood_ratio_p():
    with pytest.warns(SeparationWarning):
        fit = glmlr.fit("y ~ x", EIGHT)
    row = fit.coefficients()["x"]
    # Without x the model is the constant one: 2 (0 - 8 log 1/2) on 1 df.
    from scipy.stats import chi2

    assert row["p_value"] == pytest.approx(chi2.sf(2 * 8 * np.log(2), 1), rel=1e-10)
    assert "infinite" in row["note"]
    assert row["high"] == np.inf


def test_prediction_beyond_the_separating_direction():
    with pytest.warns(SeparationWarning):
        fit = glmlr.fit("y ~ x", EIGHT)
    predicted = fit.predict(pd.DataFrame({"x": [-100.0, 2.0, 7.0, 50.0]}))
    np.testing.assert_array_equal(predicted, [0, 0, 1, 1])


@pytest.mark.parametrize("link", ["probit", "cloglog"])
def test_other_links_find_the_same_separation(link):
    with pytest.warns(SeparationWarning, match="Complete separation"):
        fit = glmlr.fit("y ~ x", EIGHT, link=link)
    assert fit.params["x"] == np.inf


def test_grouped_data_with_an_empty_cell():
    counts = pd.DataFrame({"dose": ["low", "mid", "high"], "dead": [3, 5, 10], "alive": [7, 5, 0]})
    with pytest.warns(SeparationWarning, match="Quasi-complete"):
        fit = glmlr.fit("dead + alive ~ dose", counts)
    # Reference level "high" has deaths only: its log-odds, the intercept, is +inf, and the contrasts are -inf.
    assert fit.params["Intercept"] == np.inf
    assert fit.params["dose[T.low]"] == -np.inf
    assert fit.loglik == pytest.approx(3 * np.log(0.3) + 7 * np.log(0.7) + 10 * np.log(0.5), rel=1e-9)


@pytest.mark.parametrize("seed", range(150))
def test_agrees_with_the_defining_programme(seed):
    rng = np.random.default_rng(seed)
    n, k = int(rng.integers(15, 60)), int(rng.integers(1, 4))
    x = rng.normal(size=(n, k))
    x[:, 0] = np.round(x[:, 0])
    y = (rng.random(n) < 1 / (1 + np.exp(-2 * x[:, 0]))).astype(int)
    y[:2] = [0, 1]
    data = pd.DataFrame(x, columns=list("abc")[:k]).assign(y=y)
    signed = np.column_stack([np.ones(n), x]) * (2 * y - 1)[:, None]
    ray = linprog(-signed.sum(axis=0), A_ub=-signed, b_ub=np.zeros(n), bounds=(-1, 1)).x
    formula = "y ~ " + " + ".join(data.columns[:k])
    if (signed @ ray > 1e-7).any():
        with pytest.warns(SeparationWarning):
            assert glmlr.fit(formula, data).separation is not None
    else:
        assert glmlr.fit(formula, data).separation is None
