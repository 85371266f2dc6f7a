"""Can models be told apart as in R, and is the weighted sum of chi-squares right in every digit?"""

from __future__ import annotations

import math
from functools import cache
from typing import Any

import mpmath
import numpy as np
import pandas as pd
import pytest
from scipy.stats import chi2, norm
from witnesses import read_data, read_witness

import glmlr
from glmlr.comparison.told_apart import variance_weights
from glmlr.comparison.weighted_chi_squares import weighted_chi_square_tail
from glmlr.statistics.comparison import compare
from glmlr.tails import chi_square_tail

WITNESS = read_witness("vuong")
BIRTHS = read_data("birthwt")
FORMULAS = ("low ~ age + lwt + race", "low ~ lwt + ui + ptl", "low ~ smoke * ht + age")
TIMES = np.resize([1, 2, 3, 1, 5], len(BIRTHS))
PAIRS = {"one": (0, 1), "two": (0, 2), "three": (1, 2)}


@cache
def fits(case: str) -> tuple[glmlr.Fit, ...]:
    if case == "repeated":
        return tuple(glmlr.fit(formula, BIRTHS, freq_weights=TIMES) for formula in FORMULAS)
    return tuple(glmlr.fit(formula, BIRTHS, link=case) for formula in FORMULAS)


def by_test(comparison: Any) -> pd.DataFrame:
    return comparison.tests.set_index("test")


# ------------------------------------------------------------------------------------------------ the distribution


@pytest.mark.parametrize("k", [1, 2, 5, 20])
@pytest.mark.parametrize("q", [1e-12, 1e-3, 0.1, 1.0, 5.0, 20.0, 200.0, 1200.0])
def test_equal_weights_are_a_chi_square(k: int, q: float) -> None:
    found = weighted_chi_square_tail(3.7 * q, np.full(k, 3.7))
    assert found.log10_p * math.log(10) == pytest.approx(chi2.logsf(q, k), rel=1e-12, abs=1e-14)
    assert found.error < 1e-11


@pytest.mark.parametrize("q", [0.01, 0.7, 3.0, 40.0, 700.0])
def test_two_pairs_of_weights_have_a_closed_form(q: float) -> None:
    """Weights a, a, b, b: a mixture of two exponential distributions (hypoexponential)."""
    a, b = 2.0, 0.3
    exact = (a * math.exp(-q / (2 * a)) - b * math.exp(-q / (2 * b))) / (a - b)
    assert weighted_chi_square_tail(q, np.array([a, b, a, b])).p_value == pytest.approx(exact, rel=1e-12)


@pytest.mark.parametrize(
    ("weights", "q"),
    [
        ([1.0, 0.5, 0.25], 0.5),
        ([1.0, 0.9, 0.01, 1e-5], 4.0),
        ([5.0, 1e-3, 1e-3, 1e-3, 2e-4], 60.0),
        ([0.3, 0.2, 0.1, 0.05, 0.02, 0.01, 0.003], 0.02),
    ],
)
def test_any_weights_are_those_of_an_inversion_in_thirty_digits(weights: list[float], q: float) -> None:
    """By mpmath: the transform inverted along a hyperbola of Talbot's kind, which our parabola is not."""
    with mpmath.workdps(30):
        # A root for each factor: the principal root of their product would jump along the path.
        transform = lambda s: (1 - 1 / mpmath.fprod(mpmath.sqrt(1 + 2 * w * s) for w in weights)) / s  # noqa: E731
        exact = float(mpmath.invertlaplace(transform, q, method="talbot", degree=40))
    found = weighted_chi_square_tail(q, np.array(weights))
    assert found.p_value == pytest.approx(exact, rel=1e-11)
    assert found.error < 1e-11


def test_the_ends_of_the_distribution() -> None:
    assert weighted_chi_square_tail(0.0, np.array([1.0, 2.0])).p_value == 1
    assert weighted_chi_square_tail(math.inf, np.array([1.0])).log10_p == -math.inf
    assert math.isnan(weighted_chi_square_tail(1.0, np.zeros(2)).p_value)
    assert math.isnan(weighted_chi_square_tail(math.nan, np.ones(2)).p_value)
    far = weighted_chi_square_tail(1e5, np.array([1.0, 0.2]))
    assert far.p_value == 0
    # For a single largest weight the others act as a factor 1 / sqrt(1 - w): a Laplace approximation, exact far out.
    assert far.log10_p == pytest.approx(chi_square_tail(1e5, 1).log10_p - 0.5 * math.log10(0.8), abs=1e-4)


# ------------------------------------------------------------------------------------------------ against R


@pytest.mark.parametrize("case", ["logit", "probit", "cloglog", "repeated"])
@pytest.mark.parametrize("which", PAIRS)
def test_the_test_of_variance_is_that_of_r(case: str, which: str) -> None:
    # R: Vuong (1989) and Imhof (1961) written out, as nonnest2 has them; tests/witness/vuong.R
    given = WITNESS[case][which]
    one, other = (fits(case)[at] for at in PAIRS[which])
    weights = variance_weights(one, other)
    assert weights is not None
    squares = np.array(given["squares"])
    np.testing.assert_allclose(np.sort(weights)[::-1], squares, rtol=1e-7, atol=1e-12 * squares.max())
    comparison = compare(one, other)
    row = by_test(comparison).loc["Vuong, variance"]
    assert row["statistic"] == pytest.approx(given["statistic"], rel=1e-8)
    # Imhof's integral is cut at 1e6 and summed in pieces: good to ten digits after the point.
    assert row["p_value"] == pytest.approx(given["p"], abs=2e-10)
    assert 10 ** row["log10_p"] == pytest.approx(row["p_value"], rel=1e-12)


@pytest.mark.parametrize("case", ["logit", "probit", "cloglog", "repeated"])
def test_intervals_of_aic_and_bic_are_those_of_r(case: str) -> None:
    given = WITNESS[case]["three"]
    frame = compare(*(fits(case)[at] for at in PAIRS["three"])).criteria
    assert frame is not None
    for measure in ("aic", "bic"):
        row = frame.set_index("measure").loc[measure.upper()]
        assert row[["value", "std_error", "low", "high"]].tolist() == pytest.approx(given[measure], rel=1e-8)


def test_other_links_are_told_apart_as_in_r() -> None:
    one, other = glmlr.fit(FORMULAS[0], BIRTHS), glmlr.fit(FORMULAS[1], BIRTHS, link="cloglog")
    row = by_test(compare(one, other)).loc["Vuong, variance"]
    assert row["p_value"] == pytest.approx(WITNESS["links"]["p"], abs=2e-10)


# ------------------------------------------------------------------------------------------------ laws


def test_the_order_of_the_models_and_the_units_of_columns_do_not_matter() -> None:
    one, other = fits("logit")[:2]
    scaled = BIRTHS.assign(lwt=1.7e9 + 3600.0 * BIRTHS["lwt"], age=BIRTHS["age"] / 1e4)
    there, back = by_test(compare(one, other)), by_test(compare(other, one))
    moved = by_test(compare(*(glmlr.fit(formula, scaled) for formula in FORMULAS[:2])))
    for frame, rtol in ((back, 1e-9), (moved, 1e-5)):
        for column in ("statistic", "p_value"):
            np.testing.assert_allclose(
                frame.loc["Vuong, variance", column], there.loc["Vuong, variance", column], rtol=rtol
            )


def test_counts_are_rows() -> None:
    groups = BIRTHS.assign(yes=BIRTHS["low"], no=1 - BIRTHS["low"]).groupby(["smoke", "ht", "ui"], as_index=False)
    summed = groups[["yes", "no"]].sum()
    grouped = compare(*(glmlr.fit(f"yes + no ~ {one}", summed) for one in ("smoke", "ui + ht")))
    single = compare(*(glmlr.fit(f"low ~ {one}", BIRTHS) for one in ("smoke", "ui + ht")))
    for key in ("tests", "criteria"):
        numbers = getattr(grouped, key).select_dtypes("number")
        np.testing.assert_allclose(numbers, getattr(single, key).select_dtypes("number"), rtol=1e-7, atol=1e-11)


@pytest.mark.slow
def test_models_that_say_the_same_of_every_row_are_rarely_told_apart() -> None:
    """Two predictors of noise: the variance test keeps its level where a test on z would not be defined."""
    rng = np.random.default_rng(11)
    rejected = 0
    for _ in range(60):
        data = pd.DataFrame({"y": rng.integers(0, 2, 150), "u": rng.normal(size=150), "v": rng.normal(size=150)})
        tests = by_test(compare(glmlr.fit("y ~ u", data), glmlr.fit("y ~ v", data)))
        rejected += tests.loc["Vuong, variance", "p_value"] < 0.1
    # Binomial(60, 0.1) exceeds 13 about once in a thousand.
    assert rejected <= 13


def test_what_is_said() -> None:
    said = str(compare(*fits("logit")[:2]))
    assert "cannot be told apart at the 5% level" in said
    assert "cannot be told apart" not in str(compare(*fits("logit")[:2], level=0.9))
    assert "no interval" not in said
    nested = compare(fits("logit")[0], glmlr.fit("low ~ age + lwt + race + smoke", BIRTHS))
    assert nested.criteria is not None
    assert nested.criteria["std_error"].isna().all()
    assert nested.criteria["value"].tolist() == pytest.approx(
        [getattr(nested.fits["Model 2"], one) - getattr(nested.fits["Model 1"], one) for one in ("aic", "bic")]
    )
    assert "the likelihood ratio is the test" in str(nested)


def test_infinite_estimates_have_no_test_of_variance() -> None:
    data = BIRTHS.assign(sure=np.where(BIRTHS["low"] == 1, 1, 0) * (BIRTHS["age"] > 30))
    with pytest.warns(glmlr.errors.SeparationWarning):
        comparison = compare(glmlr.fit("low ~ lwt", data), glmlr.fit("low ~ smoke + sure", data))
    assert math.isnan(by_test(comparison).loc["Vuong, variance", "p_value"])
    assert "infinite estimates have no distribution" in " ".join(str(comparison).split())


def test_the_level_of_an_interval_is_the_one_asked_for() -> None:
    frame = compare(*fits("logit")[:2], level=0.8).criteria
    assert frame is not None
    row = frame.iloc[0]
    assert row["high"] - row["low"] == pytest.approx(2 * norm.ppf(0.9) * row["std_error"], rel=1e-12)
