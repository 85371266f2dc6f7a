"""How much would a chosen cut-off move in other rows? The rules asked again in bootstrap samples of the rows.

Reference: Efron (1983), JASA 78, 316-331 (optimism); Fluss, Faraggi & Reiser (2005), Biometrical Journal 47, 458-472
(bootstrap of the Youden cut-off).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from glmlr.ranking.redrawn import redrawn
from glmlr.ranking.rules import Rule, at_cutoff, value_at
from glmlr.ranking.sweep import Sweep

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Moved:
    """What a rule chooses in bootstrap samples, shape (times,) each; NaN where it chooses nothing.

    Attributes:
        rule: the rule.
        apparent: the number that the rule looks at, at its cut-off in the rows themselves.
        cutoff: the cut-offs chosen.
        within: the number at each of them, in the sample that chose it.
        outside: the number at each of them, in the rows themselves.

    """

    rule: Rule
    apparent: float
    cutoff: Floats
    within: Floats
    outside: Floats

    @property
    def optimism(self) -> float:
        """Mean of the number in the sample less that in the rows themselves; NaN where nothing was ever chosen."""
        gain = self.within - self.outside
        known = gain[~np.isnan(gain)]
        return float(known.mean()) if known.size else math.nan


def moved_cutoffs(
    sweep: Sweep, rules: Sequence[Rule], times: int, *, seed: Any, prevalence: float | None
) -> tuple[Moved, ...]:
    """Choose by each rule in each of many bootstrap samples of the rows, events and non-events drawn together.

    Args:
        sweep: the scores of the rows.
        rules: the rules.
        times: number of samples.
        seed: what `numpy.random.default_rng` takes.
        prevalence: share of events where the cut-offs will be used; None for that of each sample.

    Raises:
        NotApplicable: weights that are no counts.
        OptionError: no positive number of samples, or no seed.

    """
    found = np.full((3, len(rules), times), math.nan)
    for draw, ranking in enumerate(redrawn(sweep.ranking, times, seed=seed, stratified=False)):
        sample = Sweep.of(ranking)
        for row, rule in enumerate(rules):
            choice = rule.choose(sample, prevalence)
            again = at_cutoff(sweep, choice.cutoff)
            within, outside = value_at(rule, sample, choice, prevalence), value_at(rule, sweep, again, prevalence)
            found[:, row, draw] = choice.cutoff, within, outside
    apparent = [value_at(rule, sweep, rule.choose(sweep, prevalence), prevalence) for rule in rules]
    return tuple(
        Moved(rule, here, *found[:, row]) for row, (rule, here) in enumerate(zip(rules, apparent, strict=True))
    )
