"""Do bins hold what they say? Edges against R and scikit-learn, and the laws of any cut."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from glmlr.binning import (
    LEAF_SHARE,
    Bins,
    Distinct,
    count,
    distinct,
    given_edges,
    numerals,
    quantile_edges,
    quantiles,
    tree_edges,
    width_edges,
)
from glmlr.errors import OptionError

Floats = npt.NDArray[np.float64]
SIDES = ("left", "right")


def gathered(values: npt.ArrayLike, y: npt.ArrayLike | None = None, weight: npt.ArrayLike | None = None) -> Distinct:
    x = np.asarray(values, dtype=np.float64)
    outcome = np.resize([0.0, 1.0, 1.0], x.size) if y is None else np.asarray(y, dtype=np.float64)
    w = np.ones(x.size) if weight is None else np.asarray(weight, dtype=np.float64)
    return distinct(x, w * outcome, w * (1 - outcome))


def held(bins: Bins, data: Distinct) -> list[list[float]]:
    """Events and non-events in each bin; everything must be inside."""
    counts = count(data, bins.place(data.value), len(bins))
    return [counts.events.tolist(), counts.nonevents.tolist()]


# ------------------------------------------------------------------------------------------------------ distinct values


def test_distinct_values_are_gathered_in_order() -> None:
    """By hand: 2 holds one event and one non-event, 5 one event, and -0 is 0."""
    data = distinct(np.array([5.0, 2.0, -0.0, 2.0, 0.0]), np.array([1.0, 1, 0, 0, 0]), np.array([0.0, 0, 1, 1, 1]))
    assert data.value.tolist() == [0, 2, 5]
    assert data.events.tolist() == [0, 1, 1]
    assert data.nonevents.tolist() == [2, 1, 0]
    assert data.n.tolist() == [2, 2, 1]


# ------------------------------------------------------------------------------------------------------------ quantiles


def test_quantiles_are_type_7(birthwt: pd.DataFrame) -> None:
    """R: quantile(birthwt$lwt, seq(0, 1, .1), type = 7); quantile(birthwt$age, seq(0, 1, .2))."""
    lwt, age = gathered(birthwt["lwt"]), gathered(birthwt["age"])
    deciles = [80, 99.6, 107, 112.4, 120, 121, 130, 134.6, 150, 170, 250]
    np.testing.assert_allclose(quantiles(lwt, 10), deciles, rtol=1e-14)
    assert quantiles(age, 5).tolist() == [14, 19, 21, 24, 28, 45]


@given(
    st.lists(st.tuples(st.integers(-5, 5), st.integers(1, 4)), min_size=1, max_size=12),
    st.integers(2, 9),
)
def test_quantiles_with_weights_are_those_of_the_repeated_rows(rows: list[tuple[int, int]], groups: int) -> None:
    """NumPy's default quantile is type 7; a row of weight 3 is three rows."""
    values, times = np.array(rows, dtype=np.float64).T
    repeated = np.repeat(values, times.astype(int))
    weighted = gathered(values, weight=times)
    np.testing.assert_allclose(
        quantiles(weighted, groups), np.quantile(repeated, np.arange(groups + 1) / groups), rtol=1e-12, atol=1e-12
    )
    assert quantiles(weighted, groups).tolist() == quantiles(gathered(repeated), groups).tolist()


@pytest.mark.parametrize(
    ("closed", "events", "nonevents"),
    [("left", [20, 9, 9, 12, 9], [17, 29, 26, 26, 32]), ("right", [20, 14, 11, 7, 7], [19, 39, 20, 23, 29])],
)
def test_quantile_bins_hold_what_r_counts(
    birthwt: pd.DataFrame, closed: str, events: list[int], nonevents: list[int]
) -> None:
    """R: table(cut(lwt, quantile(lwt, seq(0, 1, .2)), include.lowest = TRUE, right = FALSE / TRUE), low)."""
    data = gathered(birthwt["lwt"], birthwt["low"])
    bins = quantile_edges(data, 5, closed)
    assert bins.edges.tolist() == [80, 107, 120, 130, 150, 250]
    assert held(bins, data) == [events, nonevents]


def test_means_of_quantile_bins_are_those_of_r(birthwt: pd.DataFrame) -> None:
    """R: tapply(lwt, cut(lwt, quantile(lwt, seq(0, 1, .2)), include.lowest = TRUE, right = FALSE), mean)."""
    data = gathered(birthwt["lwt"], birthwt["low"])
    bins = quantile_edges(data, 5, "left")
    expected = [97.1891891891892, 112.7631578947368, 122.0571428571429, 134.8684210526316, 177.0]
    np.testing.assert_allclose(count(data, bins.place(data.value), 5).mean, expected, rtol=1e-14)


@pytest.mark.parametrize(("closed", "labels"), [("left", ["[0, 1)", "[1, 10]"]), ("right", ["0", "(0, 10]"])])
def test_a_value_that_fills_bins_is_a_bin_of_its_own(closed: str, labels: list[str]) -> None:
    """By hand: of 100 rows 90 are 0 (nine of ten tenths), and 1, 2, ... 10 share the last one."""
    data = gathered([0] * 90 + list(range(1, 11)))
    bins = quantile_edges(data, 10, closed)
    assert [sum(pair) for pair in zip(*held(bins, data), strict=True)] == [90, 10]
    assert list(bins.labels()[1:-1]) == labels


def test_the_highest_value_too_can_be_a_bin_of_its_own() -> None:
    """By hand: 90 of 100 rows are 100; the first tenth ends at position 9.9, at 10 + 0.9 * 90 = 91."""
    data = gathered([*range(1, 11), *[100] * 90])
    for closed, labels in (("left", ["[1, 100)", "100"]), ("right", ["[1, 10]", "(10, 100]"])):
        bins = quantile_edges(data, 10, closed)
        assert [sum(pair) for pair in zip(*held(bins, data), strict=True)] == [10, 90]
        assert list(bins.labels()[1:-1]) == labels


@pytest.mark.parametrize("closed", SIDES)
@pytest.mark.parametrize("cutter", [quantile_edges, width_edges, tree_edges])
def test_values_that_are_all_equal_make_one_bin(cutter, closed: str) -> None:
    data = gathered([7.0, 7.0, 7.0])
    bins = cutter(data, 4, closed)
    assert len(bins) == 1
    assert bins.labels()[1] == "7"
    assert held(bins, data) == [[2.0], [1.0]]


# ---------------------------------------------------------------------------------------------------------- equal width


@pytest.mark.parametrize(
    ("closed", "events", "nonevents"),
    [("left", [26, 23, 6, 4, 0], [34, 64, 20, 8, 4]), ("right", [26, 24, 5, 4, 0], [34, 64, 21, 7, 4])],
)
def test_bins_of_equal_width_hold_what_r_counts(
    birthwt: pd.DataFrame, closed: str, events: list[int], nonevents: list[int]
) -> None:
    """R: table(cut(lwt, seq(80, 250, length = 6), include.lowest = TRUE, right = FALSE / TRUE), low)."""
    data = gathered(birthwt["lwt"], birthwt["low"])
    bins = width_edges(data, 5, closed)
    np.testing.assert_allclose(bins.edges, [80, 114, 148, 182, 216, 250], rtol=1e-15)
    assert held(bins, data) == [events, nonevents]


def test_equal_width_does_not_overflow() -> None:
    """The middle of a range that is symmetric about 0 is 0."""
    bins = width_edges(gathered([-1.7e308, 1.7e308]), 2, "left")
    assert bins.edges.tolist() == [-1.7e308, 0.0, 1.7e308]


# ----------------------------------------------------------------------------------------------------------------- tree


@pytest.mark.parametrize("name", ["age", "lwt", "bwt"])
@pytest.mark.parametrize("bins", [2, 3, 5])
def test_the_tree_cuts_where_scikit_learn_does(birthwt: pd.DataFrame, name: str, bins: int) -> None:
    """Second opinion: DecisionTreeClassifier with entropy, grown best first to the same number of leaves."""
    from sklearn.tree import DecisionTreeClassifier

    x, y = birthwt[[name]].to_numpy(dtype=np.float64), birthwt["low"].to_numpy()
    tree = DecisionTreeClassifier(
        criterion="entropy", max_leaf_nodes=bins, min_samples_leaf=int(np.ceil(LEAF_SHARE * len(y))), random_state=0
    ).fit(x, y)
    expected = np.sort(tree.tree_.threshold[tree.tree_.feature >= 0])
    found = tree_edges(gathered(x.ravel(), y), bins, "left").edges[1:-1]
    np.testing.assert_allclose(found, expected, rtol=1e-7)


def test_the_tree_does_not_split_a_constant_rate() -> None:
    """Every value has one event in two rows: no cut changes the rate."""
    values = np.repeat(np.arange(20.0), 2)
    assert len(tree_edges(gathered(values, np.resize([0, 1], 40)), 5, "left")) == 1


@pytest.mark.parametrize("closed", SIDES)
def test_the_tree_separates_neighbouring_floats(closed: str) -> None:
    """Between 1 and the next float there is no third number to cut at."""
    data = gathered([1.0] * 5 + [np.nextafter(1.0, 2.0)] * 5, [0] * 5 + [1] * 5)
    assert held(tree_edges(data, 2, closed), data) == [[0, 5], [5, 0]]


# ---------------------------------------------------------------------------------------------------------- given edges


@pytest.mark.parametrize(
    ("closed", "place", "labels"),
    [
        ("left", [-1, 0, 0, 1, 1, 2, 2], ("< 10", "[10, 20)", "[20, 30)", ">= 30")),
        ("right", [-1, -1, 0, 0, 1, 1, 2], ("<= 10", "(10, 20]", "(20, 30]", "> 30")),
    ],
)
def test_given_edges_are_kept_and_say_their_closed_side(closed: str, place: list[int], labels: tuple[str, ...]) -> None:
    """By hand: where 5, 10, 15, 20, 25, 30 and 35 fall."""
    bins = given_edges([10, 20, 30], closed)
    assert bins.place(np.array([5.0, 10, 15, 20, 25, 30, 35])).tolist() == place
    assert bins.labels() == labels


def test_given_edges_may_be_infinite() -> None:
    bins = given_edges([-np.inf, 0, np.inf], "left")
    assert bins.labels()[1:-1] == ("[-∞, 0)", "[0, ∞)")
    assert bins.place(np.array([-1e300, 0.0, 1e300])).tolist() == [0, 1, 1]


@pytest.mark.parametrize(
    ("edges", "said"),
    [
        ([30, 20, 40], r"20 after 30"),
        ([20, 30, 30], r"the edge 30 twice"),
        ([20, np.nan, 30], r"1 of the 3 edges in bins= are missing"),
        ([20], r"fewer than two edges"),
        ([], r"fewer than two edges"),
        ([[1, 2], [3, 4]], r"fewer than two edges|neither"),
        (["a", "b"], r"neither a number of bins nor a list of edges"),
    ],
)
def test_bad_edges_are_refused_in_a_sentence(edges: list[object], said: str) -> None:
    with pytest.raises(OptionError, match=said):
        given_edges(edges, "left")


# --------------------------------------------------------------------------------------------------------------- labels


@pytest.mark.parametrize(
    ("values", "texts"),
    [
        ([1, 2.5, 1e6], ("1", "2.5", "1000000")),
        ([0.1 + 0.2, 1 / 3], ("0.3", "0.333333")),
        ([1.0000001, 1.0000002], ("1.0000001", "1.0000002")),
        ([-np.inf, np.inf], ("-∞", "∞")),
    ],
)
def test_numbers_are_written_short_but_different(values: list[float], texts: tuple[str, ...]) -> None:
    assert numerals(np.array(values)) == texts


# ----------------------------------------------------------------------------------------------------------------- laws

finite = st.floats(-1e6, 1e6).map(lambda value: round(value, 2))
rows = st.lists(st.tuples(st.one_of(finite, st.integers(0, 3).map(float)), st.integers(0, 1)), min_size=1, max_size=60)


@settings(max_examples=150, deadline=None)
@given(rows, st.integers(2, 12), st.sampled_from(SIDES), st.sampled_from([quantile_edges, width_edges, tree_edges]))
def test_every_value_is_in_exactly_the_bin_that_its_edges_say(data_rows, bins: int, closed: str, cutter) -> None:
    values, y = np.array(data_rows).T
    data = gathered(values, y)
    cut = cutter(data, bins, closed)
    place = cut.place(data.value)
    assert 1 <= len(cut) <= bins
    assert ((place >= 0) & (place < len(cut))).all()
    low, high = cut.edges[place], cut.edges[place + 1]
    inside = (low <= data.value) & (data.value <= high)
    assert inside.all()
    if cutter is not width_edges:
        assert (np.bincount(place, minlength=len(cut)) > 0).all()
    counts = count(data, place, len(cut))
    assert (counts.events.sum(), counts.nonevents.sum()) == (y.sum(), y.size - y.sum())
    full = counts.events + counts.nonevents > 0
    slack = 1e-9 * (1 + np.abs(counts.mean[full]))
    assert (counts.mean[full] >= cut.edges[:-1][full] - slack).all()
    assert (counts.mean[full] <= cut.edges[1:][full] + slack).all()


@settings(max_examples=80, deadline=None)
@given(rows, st.integers(2, 8), st.sampled_from(SIDES), st.sampled_from([quantile_edges, width_edges, tree_edges]))
def test_order_does_not_matter_and_repeating_is_weighting(data_rows, bins: int, closed: str, cutter) -> None:
    values, y = np.array(data_rows).T
    times = np.resize([1, 3, 2], values.size)
    weighted = gathered(values, y, times)
    order = np.random.default_rng(5).permutation(int(times.sum()))
    repeated = gathered(np.repeat(values, times)[order], np.repeat(y, times)[order])
    one, other = cutter(weighted, bins, closed), cutter(repeated, bins, closed)
    assert one.edges.tolist() == other.edges.tolist()
    assert held(one, weighted) == held(other, repeated)


def test_means_keep_the_digits_of_large_values() -> None:
    """Times in nanoseconds of our days: the mean of t and t + 256 is t + 128, though t + t loses its last bits."""
    start = 2.0**60
    data = gathered([start, start + 256, start + 512])
    assert count(data, np.array([0, 0, 0]), 1).mean.tolist() == [start + 256]
