"""Separation against small data where the answer can be seen, and against the defining linear programme."""

import numpy as np
import pandas as pd
import pytest
from scipy.optimize import linprog

import glmlr
from glmlr.errors import DataError, SeparationWarning

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


# ------------------------------------------------------------------------------------ columns far from 0, new rows


def noisy(n=200, seed=3):
    """A column that tells all events from non-events, and one that has nothing to do with them."""
    rng = np.random.default_rng(seed)
    data = pd.DataFrame({"x": np.sort(rng.normal(size=n)), "z": rng.normal(size=n)})
    return data.assign(y=(data["x"] > 0.1).astype(int))


@pytest.mark.parametrize("shift", [0.0, 1e6, 1e9, 1e12])
@pytest.mark.parametrize("scale", [1.0, 1e8, 1e-8])
def test_complete_separation_does_not_hide_in_units(shift, scale):
    # Moving and scaling a column turns no finite estimate into an infinite one or back; z has no part in it.
    data = noisy()
    data["x"] = (data["x"] + shift) * scale
    with pytest.warns(SeparationWarning, match=r"Complete .* estimates are infinite: Intercept \(-∞\), x \(\+∞\);"):
        fit = glmlr.fit("y ~ x + z", data)
    assert fit.loglik == 0
    assert np.isnan(fit.params["z"])
    np.testing.assert_array_equal(fit.predict(data), data["y"])


@pytest.mark.parametrize("shift", [0.0, 1e6, 1e9])
def test_quasi_complete_separation_does_not_hide_in_units(shift):
    data = noisy()
    data["x"] = (3 * data["x"]).round() / 3
    boundary = data["x"] == 1 / 3
    data["y"] = np.where(boundary, np.arange(200) % 2, data["x"] > 1 / 3).astype(int)
    # The witness: only the rows on the boundary have anything to say, and there x is a constant.
    witness = glmlr.fit("y ~ z", data[boundary])
    data["x"] += shift
    with pytest.warns(SeparationWarning, match=f"Quasi-complete .* {200 - boundary.sum()} of 200 rows"):
        fit = glmlr.fit("y ~ x + z", data)
    assert fit.params["x"] == np.inf
    assert fit.params["Intercept"] == -np.inf
    assert fit.params["z"] == pytest.approx(witness.params["z"], rel=1e-8)
    assert fit.bse["z"] == pytest.approx(witness.bse["z"], rel=1e-8)
    assert fit.loglik == pytest.approx(witness.loglik, rel=1e-10)
    np.testing.assert_allclose(fit.predict(data), fit.probabilities, rtol=1e-12)


def level_of_events_only(seed=3):
    """Three levels; c has events only."""
    rng = np.random.default_rng(seed)
    data = pd.DataFrame({"g": np.repeat(["a", "b", "c"], [40, 40, 20]), "x": rng.normal(size=100)})
    data["y"] = (rng.random(100) < 1 / (1 + np.exp(-data["x"]))).astype(int)
    data.loc[data["g"] == "c", "y"] = 1
    return data.assign(cluster=np.arange(100) % 8)


def test_an_infinite_estimate_has_the_whole_line_as_its_interval():
    # Hauck & Donner (1977): the Wald statistic falls to 0 as the estimate grows, so that no value is left out.
    data = level_of_events_only()
    with pytest.warns(SeparationWarning):
        fit = glmlr.fit("y ~ g + x", data)
    assert fit.conf_int().loc["g[T.c]"].tolist() == [-np.inf, np.inf]
    assert fit.coefficients()["g[T.c]"][["low", "high"]].tolist() == [-np.inf, np.inf]
    ratios = fit.odds_ratios()
    row = ratios.frame[ratios.frame["level"] == "c"].iloc[0]
    assert (row["odds_ratio"], row["low"], row["high"]) == (np.inf, 0, np.inf)
    assert any("whole line" in note for note in ratios.notes)
    predicted = fit.predict(data, interval=0.95)
    assert (predicted[data["g"] == "c"] == [1.0, 0.0, 1.0]).all(axis=None)
    pd.testing.assert_frame_equal(predicted, fit.predict(interval=0.95))
    assert predicted[data["g"] != "c"]["low"].between(0, 1, inclusive="neither").all()


def test_importance_weights_leave_no_likelihood_ratio_p():
    # Doubling all weights doubles the pseudo-likelihood ratio: it has no chi-square distribution.
    with pytest.warns(SeparationWarning):
        fit = glmlr.fit("y ~ g + x", level_of_events_only(), class_weight="balanced")
    table = fit.coefficients()
    assert np.isnan(table["g[T.c]"]["p_value"])
    assert any("no likelihood-ratio test" in note for note in table.notes)
    assert np.isfinite(table["x"]["p_value"])


@pytest.mark.parametrize("link", ["probit", "cloglog"])
def test_prior_correction_of_separated_rows(link):
    data = level_of_events_only()
    with pytest.warns(SeparationWarning):
        fit = glmlr.fit("y ~ g + x", data, link=link, class_weight={0: 1, 1: 3})
    # The corrected intercept solves the unweighted score equation of the rows that are not fitted perfectly.
    eta, y = fit.eta[data["g"] != "c"], data["y"][data["g"] != "c"]
    score = np.where(y == 1, fit.link.event_score(eta), fit.link.nonevent_score(eta))
    assert abs(score.sum()) < 1e-8
    assert (fit.probabilities[data["g"] == "c"] == 1).all()


@pytest.mark.parametrize(
    ("options", "factor"),
    # In the limit the rows of c have no scores, but they, their column and their clusters are there.
    [({"robust": "HC1"}, (100 / 96) / (80 / 77)), ({"cluster": "cluster"}, (28 / 27) / (8 / 7))],
)
def test_robust_covariance_counts_all_rows_columns_and_clusters(options, factor):
    data = level_of_events_only()
    data.loc[data["g"] == "c", "cluster"] = np.arange(100, 120)
    with pytest.warns(SeparationWarning):
        fit = glmlr.fit("y ~ g + x", data, **options)
    witness = glmlr.fit("y ~ g + x", data[data["g"] != "c"], **options)
    ratio = (fit.bse[list(witness.names)] / witness.bse) ** 2
    np.testing.assert_allclose(ratio, factor, rtol=1e-8)


def test_one_cluster_beside_the_separated_rows_is_refused():
    data = level_of_events_only()
    data["cluster"] = np.where(data["g"] == "c", np.arange(100), -1)
    with pytest.raises(DataError, match="at least two clusters"):
        glmlr.fit("y ~ g + x", data, cluster="cluster")


def test_many_rows_on_the_boundary_take_little_memory():
    rng = np.random.default_rng(1)
    data = pd.DataFrame({"x": rng.normal(size=60_000), "g": rng.random(60_000) < 0.01})
    data["y"] = ((rng.random(60_000) < 0.3) | data["g"]).astype(int)
    with pytest.warns(SeparationWarning, match="Quasi-complete"):
        fit = glmlr.fit("y ~ x + g", data)  # 60,000 x 60,000 doubles would be 29 GB
    assert fit.params["g[T.True]"] == np.inf
