"""Are the tests of a table of rows by outcome those of R and scipy?"""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import chi2_contingency
from scipy.stats import fisher_exact as scipy_fisher
from witnesses import read_witness

from glmlr.contingency import compare_neighbours, course_of, fisher_exact, likelihood_ratio, pearson
from glmlr.hypotheses.adjusting import adjusted_plainly

R = read_witness("screening")


@pytest.mark.parametrize("case", R["fisher"], ids=lambda case: "-".join(map(str, case["counts"])))
def test_fisher_is_that_of_r(case: dict[str, object]) -> None:
    assert fisher_exact(*case["counts"]) == pytest.approx(case["p"], rel=1e-10, abs=1e-300)  # type: ignore[misc]


def test_fisher_of_the_lady_tasting_tea() -> None:
    """Fisher (1935): 3 of 4 cups right has the one-sided probability 17/70, two-sided 34/70."""
    assert fisher_exact(3, 1, 1, 3) == pytest.approx(34 / 70, rel=1e-14)


@settings(max_examples=300, deadline=None)
@given(*[st.integers(0, 400)] * 4)
def test_fisher_is_that_of_scipy(a: int, b: int, c: int, d: int) -> None:
    expected = scipy_fisher([[a, b], [c, d]]).pvalue if (a + b) and (c + d) else 1.0
    assert fisher_exact(a, b, c, d) == pytest.approx(expected, rel=1e-9)
    assert fisher_exact(b, a, d, c) == pytest.approx(fisher_exact(a, b, c, d), rel=1e-9)
    assert fisher_exact(c, d, a, b) == pytest.approx(fisher_exact(a, b, c, d), rel=1e-9)


def test_fisher_of_millions_of_rows_meets_the_chi_square() -> None:
    """With counts this large the discreteness is gone: both tests agree to a part in a thousand."""
    a, b, c, d = 2_000_000, 3_000_000, 1_998_500, 3_001_500
    expected = chi2_contingency([[a, b], [c, d]], correction=True).pvalue
    assert fisher_exact(a, b, c, d) == pytest.approx(expected, rel=1e-3)
    assert fisher_exact(5_000_000, 0, 0, 5_000_000) == 0.0


def test_fisher_of_weights_that_are_not_whole_does_not_exist() -> None:
    assert math.isnan(fisher_exact(1.5, 2, 3, 4))


def test_the_tests_of_the_whole_table_are_those_of_scipy() -> None:
    events, nonevents = np.array([20.0, 9, 9, 12, 9]), np.array([17.0, 29, 26, 26, 32])
    x2 = chi2_contingency([events, nonevents], correction=False)
    g2 = chi2_contingency([events, nonevents], correction=False, lambda_="log-likelihood")
    for found, expected in ((pearson(events, nonevents), x2), (likelihood_ratio(events, nonevents), g2)):
        assert found.statistic == pytest.approx(expected.statistic, rel=1e-12)
        assert found.tail.p_value == pytest.approx(expected.pvalue, rel=1e-10)
        assert found.df == expected.dof


def test_one_outcome_alone_has_no_pearson_statistic() -> None:
    assert math.isnan(pearson(np.array([3.0, 4.0]), np.zeros(2)).statistic)


@pytest.mark.parametrize(
    ("events", "nonevents", "course"),
    [
        ([1, 2, 3], [9, 8, 7], "rising"),
        ([1, 2, 2], [9, 8, 8], "rising"),
        ([3, 2, 1], [7, 8, 9], "falling"),
        ([1, 2, 4], [2, 4, 8], "level"),
        ([1, 3, 2], [9, 7, 8], "mixed"),
        ([1, 0, 2], [9, 0, 8], "rising"),
    ],
)
def test_the_course_of_rates_by_hand(events: list[float], nonevents: list[float], course: str) -> None:
    assert course_of(np.array(events, dtype=float), np.array(nonevents, dtype=float)) == course


@pytest.mark.parametrize("method", ["holm", "bh"])
def test_adjusted_p_values_are_those_of_r(method: str) -> None:
    p = np.array([math.nan if one is None else one for one in R["adjust"]["p"]])
    expected = [math.nan if one is None else one for one in R["adjust"][method]]
    np.testing.assert_allclose(adjusted_plainly(p, method), expected, rtol=1e-13)  # type: ignore[arg-type]


@pytest.mark.parametrize("name", ["lwt", "age"])
def test_neighbours_are_compared_as_in_r(name: str) -> None:
    case = R[name]
    found = compare_neighbours(np.array(case["events"], dtype=float), np.array(case["nonevents"], dtype=float))
    for key, values in (("statistic", found.chi_square), ("p_value", found.p_value), ("fisher", found.exact)):
        np.testing.assert_allclose(values, [one[key] for one in case["neighbours"]], rtol=1e-10)
