"""Is the best cut-off of many scores, sought piece by piece, the one that a look at all of them finds?"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from glmlr.ranking import Ranking, rank
from glmlr.ranking.cells import cells_at
from glmlr.ranking.criteria import CRITERIA, TIE, Criterion, best, cost_of, f_of
from glmlr.ranking.net_benefit import rates_at
from glmlr.ranking.ordering import PIECE
from glmlr.ranking.rules import capacity_of, precision_of, sensitivity_of, specificity_of
from glmlr.ranking.sweep import Rates, Sweep

ALL = {**CRITERIA, "f2": f_of(2.0), "f_half": f_of(0.5), "cost": cost_of(1, 7), "fp_free": cost_of(0, 1)}


def scores(kind: str, size: int = 2 * PIECE + 17) -> tuple[np.ndarray, np.ndarray, np.ndarray | None]:
    generator = np.random.default_rng(5)
    p = generator.random(size)
    y = (generator.random(size) < p**3).astype(float)
    if kind == "tied":
        p = np.round(p, 2)
    if kind == "reversed":
        p = 1 - p
    weight = {"counts": generator.integers(1, 4, size), "fractions": generator.random(size) + 0.1}.get(kind)
    return p, y, weight


KINDS = ["distinct", "tied", "reversed", "counts", "fractions"]


def everywhere(ranking: Ranking) -> Rates:
    true, false = ranking.events_at_or_above, ranking.nonevents_at_or_above
    rates = np.minimum(true / ranking.total_events, 1), np.minimum(false / ranking.total_nonevents, 1)
    return Rates(*rates)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("prevalence", [None, 0.003])
@pytest.mark.parametrize("name", ALL)
def test_the_best_is_the_best_of_all(name: str, prevalence: float | None, kind: str) -> None:
    p, y, weight = scores(kind)
    ranking = rank(p, y, weight)
    sweep, criterion = Sweep.of(ranking), ALL[name]
    share = ranking.total_events / ranking.total if prevalence is None else prevalence
    value = criterion.value(everywhere(ranking), share)
    value = np.where(np.isnan(value), -np.inf, value)
    found = best(sweep, criterion, prevalence)
    assert found.value == pytest.approx(value.max(), abs=1e-12)
    if kind != "fractions":  # sums of fractions differ in the last bits, and so may what ties
        at = np.flatnonzero(value >= value.max() - TIE)
        assert (found.first, found.last, found.equals) == (at[0], at[-1], at.size)


@pytest.mark.parametrize("name", [name for name, criterion in ALL.items() if criterion.bound is None])
def test_criteria_without_a_bound_of_their_own_are_monotone(name: str) -> None:
    """On a lattice of rates: more sensitivity is never worse, more false positives are never better."""
    lattice = np.linspace(0, 1, 101)
    sensitivity, false_positive_rate = np.meshgrid(lattice, lattice, indexing="ij")
    for prevalence in (1e-4, 0.1, 0.5, 0.9):
        value = ALL[name].value(Rates(sensitivity, false_positive_rate), prevalence)
        for axis, sign in ((0, 1), (1, -1)):
            steps = sign * np.diff(value, axis=axis)
            assert (steps[~np.isnan(steps)] >= -1e-12).all()


@pytest.mark.parametrize("kind", KINDS)
def test_rules_reach_what_is_stated_across_pieces(kind: str) -> None:
    p, y, weight = scores(kind)
    ranking = rank(p, y, weight)
    sweep, rates = Sweep.of(ranking), everywhere(ranking)
    share = ranking.total_events / ranking.total
    true, false = share * rates.sensitivity, (1 - share) * rates.false_positive_rate
    for target in (0.05, 0.3, 0.7, 0.99):
        expected: dict[Callable[[float], object], np.ndarray] = {
            sensitivity_of: np.flatnonzero(rates.sensitivity >= target - TIE)[::-1],
            specificity_of: np.flatnonzero(1 - rates.false_positive_rate >= target - TIE),
            precision_of: np.flatnonzero(true / (true + false) >= target - TIE),
            capacity_of: np.flatnonzero(true + false <= target + TIE),
        }
        for rule, places in expected.items():
            choice = rule(target).choose(sweep, None)  # type: ignore[attr-defined]
            assert choice.exists == (places.size > 0)
            assert not choice.exists or choice.place == places[0]


@pytest.mark.parametrize("kind", KINDS)
def test_counts_are_those_of_the_whole_ranking(kind: str) -> None:
    p, y, weight = scores(kind)
    ranking = rank(p, y, weight)
    sweep, m = Sweep.of(ranking), ranking.score.size
    w = np.ones(p.size) if weight is None else weight
    for place in (0, 1, m // 2, min(PIECE, m - 1), m - 1, m):
        cutoff = ranking.score[place] if place < m else 2.0
        by_hand = [w[mask].sum() for mask in ((p >= cutoff) & (y == 1), (p >= cutoff) & (y == 0))]
        for cells in (sweep.cells(place), cells_at(ranking, cutoff)):
            assert [cells.tp, cells.fp] == pytest.approx(by_hand, rel=1e-12)
            assert cells.n == pytest.approx(w.sum(), rel=1e-12)
    places = np.unique(np.linspace(0, m - 1, 50).astype(int))
    rates = everywhere(ranking)
    for found, expected in zip(sweep.at(places), rates, strict=True):
        np.testing.assert_allclose(found, expected[places], rtol=1e-11)
    thresholds = np.array([1e-9, *np.sort(ranking.score[places[1:5]]), 0.999999999])
    for threshold, *found in zip(thresholds, *rates_at(ranking, thresholds), strict=True):
        cells = cells_at(ranking, float(threshold))
        assert found == pytest.approx([cells.sensitivity, 1 - cells.specificity], rel=1e-11, abs=1e-15)


def test_few_places_are_looked_at_for_a_drawing() -> None:
    p, y, _ = scores("distinct")
    sweep = Sweep.of(rank(p, y))
    places = sweep.some(500)
    assert places[0] == 0
    assert places[-1] == p.size - 1
    assert 250 <= places.size <= 500
    few = Sweep.of(rank(p[:30], y[:30]))
    assert few.some(500).tolist() == list(range(30))


def test_a_criterion_has_its_words() -> None:
    for criterion in ALL.values():
        assert isinstance(criterion, Criterion)
        assert criterion[0].startswith("the ")
        assert criterion.label
