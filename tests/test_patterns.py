"""Collapsing rows to covariate patterns changes nothing but the time."""

import numpy as np
import pandas as pd
import pytest

import glmlr
from glmlr.design.patterns import collapse


def discrete(n=20_000, seed=0):
    rng = np.random.default_rng(seed)
    frame = pd.DataFrame(
        {
            "a": pd.Categorical.from_codes(rng.integers(0, 4, n), ["p", "q", "r", "s"]),
            "b": rng.integers(-2, 5, n),
            "c": rng.random(n) < 0.3,
            "text": np.array(["x", "y", "z"])[rng.integers(0, 3, n)],
        }
    )
    eta = 0.3 * frame["a"].cat.codes - 0.2 * frame["b"] + 0.5 * frame["c"] - 0.8
    return frame.assign(y=(rng.random(n) < 1 / (1 + np.exp(-eta))).astype(int))


def test_patterns_by_hand():
    values = [np.array([0, 1, 0, 1] * 2_000), np.array([2.0, 2.0, 5.0, 5.0] * 2_000)]
    y = np.tile([1.0, 0, 0, 1, 0, 0, 1, 1], 1_000)
    found = collapse(values, [2, 0], y, None)
    assert found is not None
    # Patterns (0, 2), (0, 5), (1, 2), (1, 5): 2,000 rows each; events as counted in the eight rows of y.
    assert list(zip(*found.values, found.weight, found.y, strict=True)) == [
        (0, 2.0, 2000.0, 0.5),
        (0, 5.0, 2000.0, 0.5),
        (1, 2.0, 2000.0, 0.0),
        (1, 5.0, 2000.0, 1.0),
    ]
    np.testing.assert_array_equal(found.of_row[:4], [0, 2, 1, 3])


def test_what_does_not_pay_is_left_alone():
    y = np.tile([0.0, 1.0], 5_000)
    rng = np.random.default_rng(1)
    assert collapse([rng.normal(size=10_000)], [0], y, None) is None
    assert collapse([rng.integers(0, 5_000, 10_000)], [5_000], y, None) is None
    assert collapse([np.zeros(10, dtype=int)], [1], np.tile([0.0, 1.0], 5), None) is None
    assert collapse([np.ones((10_000, 2))], [0], y, None) is None
    assert collapse([], [], y, None) is None
    # Whole numbers at every 997th row only.
    sly = rng.normal(size=10_000)
    sly[::997] = 3.0
    assert collapse([sly], [0], y, None) is None


@pytest.mark.parametrize("link", ["logit", "probit", "cloglog"])
@pytest.mark.parametrize(
    "formula", ["y ~ a + b + c + text", "y ~ a * c + b", "y ~ C(b) + a:c", "y ~ 0 + a + I(b ** 2)"]
)
def test_estimates_are_those_of_the_rows(monkeypatch, link, formula):
    frame = discrete()
    quick = glmlr.fit(formula, frame, link=link)
    assert quick.design.patterns is not None
    monkeypatch.setattr("glmlr.design.collapse", lambda *_: None)
    plain = glmlr.fit(formula, frame, link=link)
    assert plain.design.patterns is None
    np.testing.assert_allclose(quick.params, plain.params, rtol=1e-9, atol=1e-12)
    np.testing.assert_allclose(quick.covariance, plain.covariance, rtol=1e-9, atol=1e-14)
    assert quick.loglik == pytest.approx(plain.loglik, rel=1e-12)
    np.testing.assert_allclose(quick.probabilities, plain.probabilities, rtol=1e-10)
    for key in ("association", "deciles", "hosmer_lemeshow", "goodness_of_fit"):
        ours, rows = getattr(quick, key)().frame, getattr(plain, key)().frame
        pd.testing.assert_frame_equal(ours, rows, rtol=1e-8, check_dtype=False)


@pytest.mark.parametrize("options", [{"robust": "HC1"}, {"cluster": "b"}, {"freq_weights": "times"}])
def test_options_on_patterns(monkeypatch, options):
    frame = discrete().assign(times=np.arange(20_000) % 3)
    quick = glmlr.fit("y ~ a + c", frame, **options)
    monkeypatch.setattr("glmlr.design.collapse", lambda *_: None)
    plain = glmlr.fit("y ~ a + c", frame, **options)
    np.testing.assert_allclose(quick.bse, plain.bse, rtol=1e-9)
    assert quick.nobs == plain.nobs


def test_separated_patterns_name_the_rows():
    frame = discrete()
    frame.loc[frame["a"] == "s", "y"] = 1
    with pytest.warns(glmlr.errors.SeparationWarning, match=f"{int((frame['a'] == 's').sum()):,} of 20,000 rows"):
        fit = glmlr.fit("y ~ a + b", frame)
    assert fit.params["a[T.s]"] == np.inf
    assert fit.probabilities[(frame["a"] == "s").to_numpy()] == pytest.approx(1.0)
    witness = glmlr.fit("y ~ a + b", frame[frame["a"] != "s"])
    assert fit.params["b"] == pytest.approx(witness.params["b"], rel=1e-8)


def test_repeated_fits_have_the_same_bits_and_rows_may_be_shuffled():
    frame = discrete()
    one = glmlr.fit("y ~ a + b + c", frame)
    two = glmlr.fit("y ~ a + b + c", frame.sample(frac=1.0, random_state=3))
    np.testing.assert_array_equal(one.params, two.params)


@pytest.mark.parametrize("levels", [(3, 2, 4), (12, 12, 12)])
def test_rows_counted_in_runs_are_counted_once(levels):
    """1,728 cells need codes of two bytes. Weighted outcomes are multiples of 1/8, so that sums are exact."""
    rng = np.random.default_rng(7)
    n = 150_000
    values = [rng.integers(0, size, n).astype(np.int8) for size in levels]
    y, weight = rng.integers(0, 3, n) / 2, rng.integers(0, 5, n) / 4 + 0.25
    found = collapse(values, levels, y, weight)
    rows = pd.DataFrame({**dict(enumerate(values)), "weight": weight, "events": y * weight})
    witness = rows.groupby([0, 1, 2], as_index=False).sum()
    np.testing.assert_array_equal(found.weight, witness["weight"])
    np.testing.assert_array_equal(found.y, witness["events"] / witness["weight"])
    for at, part in enumerate(found.values):
        np.testing.assert_array_equal(part, witness[at])
        np.testing.assert_array_equal(part[found.of_row], values[at])


def test_an_example_of_each_pattern_is_a_row_of_it():
    values = [np.tile([0, 1, 2, 1], 2_000)]
    found = collapse(values, [3], np.tile([0.0, 1.0], 4_000), None)
    assert found is not None
    np.testing.assert_array_equal(values[0][found.example], found.values[0])
