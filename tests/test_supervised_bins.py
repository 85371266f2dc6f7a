"""Do bins that look at the outcomes keep their promises? Against naive programs in R, brute force, and their laws."""

from __future__ import annotations

from itertools import combinations
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import isotonic_regression
from scipy.stats import chi2_contingency
from witnesses import read_data, read_witness

from glmlr.binning import (
    Bins,
    Cut,
    Distinct,
    chimerge_edges,
    count,
    distinct,
    monotone_edges,
    optimal_edges,
    tree_edges,
)
from glmlr.binning.evidence import evidence, observed_odds
from glmlr.binning.merging import critical_value, merged, neighbour_chi_squares
from glmlr.binning.optimal import MOST_SEARCHED
from glmlr.errors import OptionError

Floats = npt.NDArray[np.float64]
R = read_witness("screening")
SUPERVISED = ("tree", "chimerge", "monotone", "optimal")


def gathered(x: npt.ArrayLike, y: npt.ArrayLike, weight: npt.ArrayLike | None = None) -> Distinct:
    values, outcome = np.asarray(x, dtype=np.float64), np.asarray(y, dtype=np.float64)
    w = np.ones(values.size) if weight is None else np.asarray(weight, dtype=np.float64)
    return distinct(values, w * outcome, w * (1 - outcome))


def births(name: str) -> Distinct:
    data = read_data("birthwt")
    return gathered(data[name], data["low"])


def few_ages() -> Distinct:
    """Ages of the births up to 26, 13 values: R looks at every set of cuts."""
    data = read_data("birthwt")
    return gathered(data["age"].clip(upper=26), data["low"])


def ages_of_arrests() -> Distinct:
    data = read_data("arrests")
    return gathered(data["age"], data["released"] == "Yes")


def cut_up(data: Distinct, method: str, bins: int = 5, closed: Any = "left", **options: Any) -> Bins:
    cut = Cut(bins, method, closed, **options)
    limits = cut.limits(data, bins)
    direction: Any = cut.direction or "auto"
    if method == "tree":
        return tree_edges(data, bins, closed, share=options.get("min_share", 0.05), outcomes=limits.outcomes)
    if method == "chimerge":
        return chimerge_edges(data, limits, closed, cut.alpha)
    find = monotone_edges if method == "monotone" else optimal_edges
    return find(data, limits, closed, direction, cut.critical)


def said(bins: Bins, data: Distinct) -> dict[str, list[float]]:
    """The lowest value, the events and the non-events of each bin, as R lists them."""
    place = bins.place(data.value)
    found = count(data, place, len(bins))
    first = [float(data.value[place == at][0]) for at in range(len(bins))]
    return {"first": first, "events": found.events.tolist(), "nonevents": found.nonevents.tolist()}


def in_r(name: str) -> dict[str, list[float]]:
    return {key: list(map(float, R[name][key])) for key in ("first", "events", "nonevents")}


# ------------------------------------------------------------------------------------------------------------- ChiMerge


@pytest.mark.parametrize(
    ("name", "data", "options"),
    [
        ("chimerge_lwt", births("lwt"), {"bins": 10}),
        ("chimerge_lwt_4", births("lwt"), {"bins": 4, "min_share": 0.1, "significance": 0.5}),
        ("chimerge_age", ages_of_arrests(), {"bins": 10, "significance": 0.2}),
    ],
)
def test_chimerge_is_that_of_a_naive_program_in_r(name: str, data: Distinct, options: dict[str, Any]) -> None:
    assert said(cut_up(data, "chimerge", **options), data) == in_r(name)


def test_the_chi_squares_of_neighbours_are_those_of_scipy() -> None:
    rng = np.random.default_rng(1)
    events, nonevents = rng.integers(1, 50, 30).astype(float), rng.integers(1, 5000, 30).astype(float)
    expected = [
        chi2_contingency([events[i : i + 2], nonevents[i : i + 2]], correction=False).statistic for i in range(29)
    ]
    np.testing.assert_allclose(neighbour_chi_squares(events, nonevents), expected, rtol=1e-12)


def test_neighbours_of_one_outcome_do_not_differ_and_equal_rates_are_exactly_equal() -> None:
    assert neighbour_chi_squares(np.array([3.0, 5.0]), np.array([0.0, 0.0])).tolist() == [0.0]
    assert neighbour_chi_squares(np.array([0.0, 0.0]), np.array([2.0, 9.0])).tolist() == [0.0]
    assert neighbour_chi_squares(np.array([1e6, 3e6]), np.array([3e6, 9e6])).tolist() == [0.0]


def test_the_critical_value_is_that_of_the_tables() -> None:
    """Chi-square with 1 df: 3.841 at 5 %, 6.635 at 1 %."""
    assert critical_value(0.05) == pytest.approx(3.841458820694124, rel=1e-12)
    assert critical_value(0.01) == pytest.approx(6.634896601021213, rel=1e-12)


def test_neighbours_that_are_left_differ() -> None:
    data = ages_of_arrests()
    for alpha in (0.05, 0.2, 0.5):
        found = said(cut_up(data, "chimerge", 50, significance=alpha), data)
        chi_square = neighbour_chi_squares(np.array(found["events"]), np.array(found["nonevents"]))
        assert (chi_square >= critical_value(alpha)).all()


# -------------------------------------------------------------------------------------------------------------- optimal


@pytest.mark.parametrize(
    ("name", "options"),
    [
        ("optimal_up", {"bins": 5, "direction": "increasing"}),
        ("optimal_down", {"bins": 5, "direction": "decreasing"}),
        ("optimal_down", {"bins": 5}),
        ("optimal_any", {"bins": 4, "direction": "any", "min_share": 0.1, "min_events": 5}),
        ("optimal_apart", {"bins": 5, "direction": "any", "significance": 0.3}),
    ],
)
def test_the_optimal_cut_is_the_best_of_all_cuts_in_r(name: str, options: dict[str, Any]) -> None:
    data = few_ages()
    bins = cut_up(data, "optimal", **options)
    assert said(bins, data) == in_r(name)
    counts = count(data, bins.place(data.value), len(bins))
    told = evidence(observed_odds(counts.events, counts.nonevents), data.events.sum(), data.nonevents.sum())
    assert told.iv.sum() == pytest.approx(R[name]["iv"], rel=1e-12)


def best_by_force(data: Distinct, bins: int, rows: float, outcomes: float, way: int) -> float:
    """Look at every set of cuts."""
    m, best = data.value.size, -np.inf
    for k in range(bins):
        for cuts in combinations(range(1, m), k):
            e = np.add.reduceat(data.events, [0, *cuts])
            f = np.add.reduceat(data.nonevents, [0, *cuts])
            step = np.sign(e[1:] * f[:-1] - e[:-1] * f[1:])
            small = ((e + f < rows) | (e < outcomes) | (f < outcomes)).any()
            if small or (way and (step * way < 0).any()):
                continue
            best = max(best, float(evidence(observed_odds(e, f), e.sum(), f.sum()).iv.sum()))
    return best


counted = st.lists(st.tuples(st.integers(0, 6), st.integers(0, 6)).filter(any), min_size=2, max_size=8)


@settings(max_examples=150, deadline=None)
@given(
    counted, st.integers(2, 5), st.sampled_from([0.0, 0.05, 0.2, 0.4]), st.integers(0, 3), st.sampled_from([1, -1, 0])
)
def test_the_optimal_cut_is_the_best_of_all_cuts(
    rows: list[tuple[int, int]], bins: int, share: float, outcomes: int, way: int
) -> None:
    events, nonevents = np.array(rows, dtype=float).T
    if not (events.any() and nonevents.any()):
        return
    data = Distinct(np.arange(float(len(rows))), events, nonevents)
    options: dict[str, Any] = {"direction": {1: "increasing", -1: "decreasing", 0: "any"}[way], "min_events": outcomes}
    if share:
        options["min_share"] = share
    cut = cut_up(data, "optimal", bins, **options)
    counts = count(data, cut.place(data.value), len(cut))
    told = float(evidence(observed_odds(counts.events, counts.nonevents), events.sum(), nonevents.sum()).iv.sum())
    least = (share or 0.05) * data.n.sum() - 1e-9
    best = best_by_force(data, bins, least, outcomes, way)
    if best == -np.inf:
        assert len(cut) == 1
    else:
        assert told == pytest.approx(best, rel=1e-9, abs=1e-12)


def test_many_values_are_searched_where_others_cut_too() -> None:
    """The search tells no less than the greedy tree, and no less than pooled violators in the same order."""
    rng = np.random.default_rng(3)
    x = rng.normal(size=1500)
    y = rng.random(1500) < 1 / (1 + np.exp(-x))
    data = gathered(x, y)
    assert data.value.size > MOST_SEARCHED

    def told(bins: Bins) -> float:
        counts = count(data, bins.place(data.value), len(bins))
        return float(
            evidence(observed_odds(counts.events, counts.nonevents), data.events.sum(), data.nonevents.sum()).iv.sum()
        )

    for bins, share in ((5, 0.05), (8, 0.02), (3, 0.2)):
        free = told(cut_up(data, "optimal", bins, direction="any", min_share=share))
        assert free >= told(cut_up(data, "tree", bins, min_share=share))
        for way in ("increasing", "decreasing"):
            inside = told(cut_up(data, "optimal", bins, direction=way, min_share=share))
            assert inside >= told(cut_up(data, "monotone", bins, direction=way, min_share=share)) - 1e-12
            assert free >= inside * 0.98


# ------------------------------------------------------------------------------------------------------------- monotone


@pytest.mark.parametrize(
    ("name", "data", "direction"),
    [
        ("pava_lwt_up", births("lwt"), "increasing"),
        ("pava_lwt_down", births("lwt"), "decreasing"),
        ("pava_age_down", ages_of_arrests(), "decreasing"),
    ],
)
def test_without_limits_monotone_bins_are_the_pooled_blocks_of_r(name: str, data: Distinct, direction: str) -> None:
    found = cut_up(data, "monotone", 50, direction=direction, min_share=1e-9)
    assert said(found, data) == in_r(name)


def test_monotone_bins_are_the_levels_of_isotonic_regression() -> None:
    """scipy.optimize.isotonic_regression of the rates, weighted by the rows."""
    data = births("age")
    fitted = isotonic_regression(data.events / data.n, weights=data.n, increasing=False).x
    first = data.value[np.flatnonzero(np.append(True, np.diff(fitted) < -1e-12))]
    assert said(cut_up(data, "monotone", 50, direction="decreasing", min_share=1e-9), data)["first"] == first.tolist()


def test_the_direction_of_the_higher_likelihood_is_found() -> None:
    data = births("lwt")
    assert cut_up(data, "monotone").edges.tolist() == cut_up(data, "monotone", direction="decreasing").edges.tolist()
    swapped = Distinct(data.value, data.nonevents, data.events)
    assert cut_up(swapped, "monotone").edges.tolist() == cut_up(data, "monotone").edges.tolist()


# ----------------------------------------------------------------------------------------------------------------- tree


@pytest.mark.parametrize("least", [5, 15, 30])
def test_the_tree_keeps_to_its_least_size_as_scikit_learn_does(least: int) -> None:
    from sklearn.tree import DecisionTreeClassifier

    data = read_data("birthwt")
    x, y = data[["lwt"]].to_numpy(dtype=np.float64), data["low"].to_numpy()
    tree = DecisionTreeClassifier(criterion="entropy", max_leaf_nodes=5, min_samples_leaf=least, random_state=0).fit(
        x, y
    )
    expected = np.sort(tree.tree_.threshold[tree.tree_.feature >= 0])
    found = cut_up(births("lwt"), "tree", min_share=least / 189).edges[1:-1]
    np.testing.assert_allclose(found, expected, rtol=1e-7)


# ----------------------------------------------------------------------------------------------------------------- laws

rows = st.lists(st.tuples(st.integers(0, 30), st.integers(0, 1), st.integers(1, 4)), min_size=2, max_size=60)
directions = st.sampled_from(["auto", "increasing", "decreasing"])


@settings(max_examples=200, deadline=None)
@given(
    rows,
    st.integers(2, 8),
    st.sampled_from(SUPERVISED),
    st.sampled_from([0.02, 0.1, 0.3]),
    st.integers(0, 3),
    directions,
)
def test_bins_keep_to_their_limits(
    data_rows: list[tuple[int, int, int]], bins: int, method: str, share: float, outcomes: int, direction: str
) -> None:
    x, y, w = np.array(data_rows, dtype=float).T
    data = gathered(x, y, w)
    options: dict[str, Any] = {"min_share": share, "min_events": outcomes}
    if method in ("monotone", "optimal"):
        options["direction"] = direction
    for closed in ("left", "right"):
        cut = cut_up(data, method, bins, closed, **options)
        place = cut.place(data.value)
        counts = count(data, place, len(cut))
        assert ((place >= 0) & (place < len(cut))).all()
        assert len(cut) <= bins
        if len(cut) > 1:
            assert (counts.events + counts.nonevents >= share * w.sum() - 1e-9).all()
            assert (counts.events >= outcomes).all()
            assert (counts.nonevents >= outcomes).all()
        if method in ("monotone", "optimal"):
            step = counts.events[1:] * counts.nonevents[:-1] - counts.events[:-1] * counts.nonevents[1:]
            rises, falls = (step >= 0).all(), (step <= 0).all()
            assert {"auto": rises or falls, "increasing": rises, "decreasing": falls}[direction]


@settings(max_examples=80, deadline=None)
@given(rows, st.integers(2, 6), st.sampled_from(SUPERVISED))
def test_repeating_is_weighting_and_order_does_not_matter(
    data_rows: list[tuple[int, int, int]], bins: int, method: str
) -> None:
    x, y, w = np.array(data_rows, dtype=float).T
    order = np.random.default_rng(7).permutation(int(w.sum()))
    times = w.astype(int)
    weighted = gathered(x, y, w)
    repeated = gathered(np.repeat(x, times)[order], np.repeat(y, times)[order])
    assert cut_up(weighted, method, bins).edges.tolist() == cut_up(repeated, method, bins).edges.tolist()


@settings(max_examples=60, deadline=None)
@given(rows, st.integers(2, 6), st.sampled_from(["chimerge", "tree"]))
def test_swapping_the_outcomes_does_not_move_the_cuts(
    data_rows: list[tuple[int, int, int]], bins: int, method: str
) -> None:
    x, y, w = np.array(data_rows, dtype=float).T
    data = gathered(x, y, w)
    swapped = Distinct(data.value, data.nonevents, data.events)
    assert cut_up(data, method, bins).edges.tolist() == cut_up(swapped, method, bins).edges.tolist()


@settings(max_examples=60, deadline=None)
@given(rows, st.integers(2, 6), st.sampled_from(["monotone", "optimal"]))
def test_swapping_the_outcomes_turns_the_direction_round(
    data_rows: list[tuple[int, int, int]], bins: int, method: str
) -> None:
    x, y, w = np.array(data_rows, dtype=float).T
    data = gathered(x, y, w)
    swapped = Distinct(data.value, data.nonevents, data.events)
    one, other = (
        cut_up(data, method, bins, direction="increasing"),
        cut_up(swapped, method, bins, direction="decreasing"),
    )
    if method == "monotone":
        assert one.edges.tolist() == other.edges.tolist()
    else:
        # Different cuts may tell the same; what they tell is the same.
        both = [
            evidence(observed_odds(held.events, held.nonevents), part.events.sum(), part.nonevents.sum()).iv
            for part, cut in ((data, one), (swapped, other))
            for held in [count(part, cut.place(part.value), len(cut))]
        ]
        assert np.nan_to_num(both[0]).sum() == pytest.approx(np.nan_to_num(both[1]).sum(), rel=1e-9, abs=1e-12)


@pytest.mark.parametrize("method", SUPERVISED)
def test_values_that_are_all_equal_or_two_make_what_they_can(method: str) -> None:
    assert len(cut_up(gathered([7.0, 7, 7], [0, 1, 1]), method)) == 1
    two = gathered([0.0] * 10 + [1.0] * 10, [0] * 8 + [1] * 2 + [1] * 8 + [0] * 2)
    assert said(cut_up(two, method), two) == {"first": [0, 1], "events": [2, 8], "nonevents": [8, 2]}


@pytest.mark.parametrize("method", SUPERVISED)
def test_perfect_separation_is_cut_where_it_is(method: str) -> None:
    data = gathered(np.arange(40.0), np.arange(40) >= 25)
    found = said(cut_up(data, method), data)
    assert 25.0 in found["first"]
    assert np.array_equal(np.sign(found["events"]) + np.sign(found["nonevents"]), np.ones(len(found["first"])))


def test_rows_that_are_too_small_alone_still_end_as_one() -> None:
    """No cut leaves 5 non-events on both sides, there being 6."""
    data = gathered(np.arange(30.0), np.arange(30) >= 6)
    for method in SUPERVISED:
        assert len(cut_up(data, method, min_events=5)) == 1


def test_merging_takes_the_closest_neighbours_by_hand() -> None:
    """Rates 1/10, 2/10, 8/10, 9/10: the first two and the last two differ least (chi-square 0.392 each)."""
    limits = Cut(2, "chimerge").limits(Distinct(np.arange(4.0), np.full(4, 5.0), np.full(4, 5.0)), 2)
    assert merged(np.array([1.0, 2, 8, 9]), np.array([9.0, 8, 2, 1]), limits).tolist() == [0, 2]


# -------------------------------------------------------------------------------------------------------------- options


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"min_share": 0.1}, "min_share= is for method='tree' or 'chimerge' or 'monotone' or 'optimal'"),
        ({"method": "quantile", "min_events": 5}, "min_events= is for"),
        ({"method": "width", "min_share": 0.1}, "min_share= is for"),
        ({"method": "tree", "significance": 0.1}, "significance= is for method='chimerge'"),
        ({"method": "tree", "direction": "increasing"}, "direction= is for method='monotone' or 'optimal'"),
        ({"method": "monotone", "direction": "any"}, "direction='any' is not one of"),
        ({"method": "optimal", "direction": "up"}, "direction='up' is not one of"),
        ({"method": "tree", "min_share": 5}, "min_share=5 is not a share"),
        ({"method": "tree", "min_share": True}, "min_share=True is not a share"),
        ({"method": "chimerge", "significance": 1.0}, "significance=1.0 is not a share"),
        ({"method": "tree", "min_events": -1}, "min_events=-1 is not a number of events"),
        ({"method": "chimerg"}, "did you mean 'chimerge'"),
        ({"rare": 2}, "rare=2 is not a share"),
        ({"special": -999}, "neither a list of values"),
        ({"special": [np.nan]}, "Missing values have a row anyway"),
        ({"special": [1, 1]}, "holds 1 twice"),
        ({"special": {"a": [1], "b": 1}}, "holds 1 twice"),
        ({"special": [[1]]}, "give numbers or texts"),
    ],
)
def test_options_that_cannot_be_get_one_sentence(options: dict[str, Any], words: str) -> None:
    with pytest.raises(OptionError) as caught:
        Cut(**options)
    assert words in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_share_of_whole_rows_is_that_many_rows() -> None:
    """7 of 100 rows are a share of 0.07, though 0.07 * 100 is above 7 in floating point."""
    data = gathered(np.repeat([0.0, 1.0], [7, 93]), np.resize([1, 1, 1, 1, 1, 1, 1, 0, 0, 0, 0], 100))
    assert len(cut_up(data, "tree", min_share=0.07)) == 2
    assert len(cut_up(data, "tree", min_share=0.0701)) == 1
    assert pd.Series(data.n).tolist() == [7, 93]
