"""Are power and sample sizes those of R pROC, and is the binormal variance that of simulated areas?"""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy.stats import norm
from witnesses import read_witness

import glmlr
from glmlr.errors import OptionError
from glmlr.ranking import rank
from glmlr.ranking.area_planning import plan_of_one, plan_of_two
from glmlr.ranking.concordance import count_pairs
from glmlr.statistics.area_planning import auc_power, auc_sample_size

GIVEN = read_witness("discrimination")["planning"]


def test_one_area_equals_proc() -> None:
    # R pROC: power.roc.test; tests/witness/discrimination.R
    assert auc_power(0.7, 41, 72)["power"] == pytest.approx(GIVEN["power"], rel=1e-12)
    one_sided = auc_power(0.7, 15, 30, alternative="one-sided")
    assert one_sided["power"] == pytest.approx(GIVEN["power_one_sided"], rel=1e-12)
    size = auc_sample_size(0.7, power=0.9, ratio=2)
    assert size["exact_events"] == pytest.approx(GIVEN["events"], rel=1e-12)
    assert size["exact_nonevents"] == pytest.approx(2 * GIVEN["events"], rel=1e-12)
    assert [size["events"], size["nonevents"]] == [math.ceil(GIVEN["events"]), math.ceil(2 * GIVEN["events"])]
    assert size["n"] == size["events"] + size["nonevents"]


def test_two_areas_equal_proc() -> None:
    # R pROC: power.roc.test(list(A1, B1 = 1, ..., rn, ra)); tests/witness/discrimination.R
    size = auc_sample_size(0.8, second=0.7, correlation=(0.6, 0.5), ratio=1.5)
    assert size["exact_events"] == pytest.approx(GIVEN["two_events"], rel=1e-12)
    power = auc_power(0.8, 60, 90, second=0.7, correlation=(0.6, 0.5))
    assert power["power"] == pytest.approx(GIVEN["two_power"], rel=1e-12)


@pytest.mark.parametrize("variance", ["obuchowski", "binormal"])
@pytest.mark.parametrize(
    "options", [{}, {"null": 0.6}, {"second": 0.7}, {"second": 0.7, "correlation": 0.4}, {"alternative": "one-sided"}]
)
def test_the_size_gives_the_power(variance: str, options: dict[str, object]) -> None:
    size = auc_sample_size(0.8, power=0.85, ratio=3, variance=variance, **options)
    power = auc_power(0.8, size["exact_events"], size["exact_nonevents"], variance=variance, **options)
    assert power["power"] == pytest.approx(0.85, rel=1e-10)


@pytest.mark.slow
@pytest.mark.parametrize(("auc", "ratio"), [(0.6, 1), (0.8, 1), (0.9, 3)])
def test_the_binormal_variance_is_that_of_simulated_areas(auc: float, ratio: int) -> None:
    # 4,000 areas of 300 events: a variance has noise of 2.2%.
    rng, events = np.random.default_rng(3), 300
    y = np.repeat([1.0, 0.0], [events, ratio * events])
    shift = math.sqrt(2) * norm.ppf(auc)
    areas = [count_pairs(rank(rng.normal(shift * y, 1.0), y)).c for _ in range(4000)]
    expected = plan_of_one(auc, 0.5, ratio, published=False).variance
    assert np.var(areas) * events == pytest.approx(expected, rel=0.08)


@pytest.mark.slow
def test_the_binormal_variance_of_a_difference_is_that_of_simulated_ones() -> None:
    rng, events, correlation = np.random.default_rng(4), 300, 0.6
    y = np.repeat([1.0, 0.0], events)
    shifts = math.sqrt(2) * norm.ppf([0.85, 0.75])
    differences = []
    for _ in range(4000):
        shared, own = rng.normal(size=(y.size, 1)), rng.normal(size=(y.size, 2))
        scores = y[:, None] * shifts + math.sqrt(correlation) * shared + math.sqrt(1 - correlation) * own
        differences.append(count_pairs(rank(scores[:, 0], y)).c - count_pairs(rank(scores[:, 1], y)).c)
    plan = plan_of_two(0.85, 0.75, 1, of_events=correlation, of_nonevents=correlation, published=False)
    assert np.var(differences) * events == pytest.approx(plan.variance, rel=0.08)


def test_the_published_formula_is_cautious_where_areas_are_large() -> None:
    sizes = [auc_sample_size(0.9, null=0.8, variance=name)["events"] for name in ("obuchowski", "binormal")]
    assert sizes[0] > sizes[1]
    # Near 1/2 they agree but for the rounded constants, 0.0099 for 1 / (32 pi).
    near = [auc_sample_size(0.51, variance=name)["exact_events"] for name in ("obuchowski", "binormal")]
    assert near[0] == pytest.approx(near[1], rel=0.006)


def test_a_test_of_what_the_null_says_has_the_power_of_its_level() -> None:
    # The limit: as the area approaches the null, a one-sided test finds it with the chance alpha.
    assert auc_power(0.5 + 1e-9, 50, 50, alternative="one-sided")["power"] == pytest.approx(0.05, abs=1e-5)


def test_independent_samples_are_said() -> None:
    assert any("Two samples" in note for note in auc_power(0.8, 60, 90, second=0.7).notes)
    assert not any("Two samples" in note for note in auc_power(0.8, 60, 90).notes)


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({"auc": 1.0}, "auc=1.0 does not lie between"),
        ({"auc": 0.5}, "nothing to find"),
        ({"events": 0}, "events=0 is not a number of rows"),
        ({"nonevents": "many"}, "nonevents="),
        ({"null": 0}, "null=0"),
        ({"second": 0.8}, "no difference to find"),
        ({"second": 0.7, "null": 0.6}, "null= is for one area"),
        ({"correlation": 0.5}, "give second="),
        ({"second": 0.7, "correlation": 1.0}, "no correlation"),
        ({"second": 0.7, "correlation": (0.5, 0.5, 0.5)}, "no correlation"),
        ({"alpha": 5}, "alpha=5"),
        ({"alternative": "both"}, "alternative"),
        ({"variance": "hanley"}, "variance"),
    ],
)
def test_what_cannot_be_planned_is_refused(options: dict[str, object], says: str) -> None:
    stated: dict[str, object] = {"auc": 0.8, "events": 40, "nonevents": 60} | options
    with pytest.raises(OptionError, match=says):
        auc_power(**stated)


def test_sizes_refuse_too() -> None:
    for options, says in (({"ratio": 0}, "ratio=0"), ({"power": 1}, "power=1"), ({"auc": 0.5}, "nothing to find")):
        with pytest.raises(OptionError, match=says):
            auc_sample_size(**({"auc": 0.8} | options))


def test_they_are_public_and_print() -> None:
    for table in (glmlr.auc_power(0.8, 40, 60), glmlr.auc_sample_size(0.8, second=0.7, correlation=0.5)):
        for text in (str(table), table.to_markdown(), table.to_html(), table.to_latex()):
            assert "Power" in text
