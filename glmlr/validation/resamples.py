"""Which rows does a bootstrap sample hold, and what does the model fitted to it say of the rows it was drawn from?

What is drawn is a Bernoulli trial: a row of frequency 3 is three of them, so that frequencies equal repeated rows in
every resample. Where there are clusters whole clusters are drawn. Class and sample weights go with the rows and act in
each refit as in the fit; "balanced" weights are found anew.

References: Efron & Tibshirani (1993), An Introduction to the Bootstrap; Davison & Hinkley (1997), Bootstrap Methods and
their Application, section 3.8 (clusters).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from glmlr.design import DesignInMemory
from glmlr.design.derived import lacks_levels, learnt_anew, recounted
from glmlr.errors import GlmlrError
from glmlr.ranking import Ranking, counts, rank
from glmlr.validation.refit import Refit, Start, refit
from glmlr.validation.resampling import Refitting

Floats = npt.NDArray[np.float64]

#: More trials than this are not drawn one by one, but by their numbers in each row, which are multinomial.
_DRAWN_ONE_BY_ONE: Final = 20_000_000


@dataclass(frozen=True, eq=False)
class Resample:
    """How often each row was drawn: events and non-events, shape (n,) each."""

    events: Floats
    nonevents: Floats

    @property
    def has_both(self) -> bool:
        """Whether events and non-events were drawn."""
        return bool(self.events.any() and self.nonevents.any())


def drawn(design: DesignInMemory, groups: npt.NDArray[np.int64] | None, seed: int, number: int) -> Resample:
    """Draw as many trials, or clusters, as there are, with replacement.

    Args:
        design: the rows.
        groups: number of the cluster of each row, shape (n,), or None.
        seed: of all resamples.
        number: of this resample: each has a stream of random numbers of its own, whoever draws it and when.

    """
    generator = np.random.default_rng([seed, number])
    events, nonevents = counts(design.y, design.weight)
    if groups is not None:
        clusters = int(groups.max()) + 1
        times = np.bincount(generator.integers(0, clusters, clusters), minlength=clusters)[groups]
        return Resample(events * times, nonevents * times)
    cells = np.column_stack([events, nonevents]).ravel()
    trials = round(float(cells.sum()))
    if trials > _DRAWN_ONE_BY_ONE:
        times = generator.multinomial(trials, cells / cells.sum())
    else:
        # The trials of a row stand together, in the order of the rows.
        of_trial = np.repeat(np.arange(cells.size), np.rint(cells).astype(np.intp))
        times = np.bincount(of_trial[generator.integers(0, trials, trials)], minlength=cells.size)
    found = times.reshape(-1, 2).astype(np.float64)
    return Resample(found[:, 0], found[:, 1])


@dataclass(frozen=True, eq=False)
class Bootstrapped:
    """The model of one resample.

    Attributes:
        fitted: the refit to the resample.
        rebuilt: whether its factors found other levels, or its transforms learnt anew.

    """

    fitted: Refit
    rebuilt: bool

    @property
    def own_ranking(self) -> Ranking:
        """The resample's rows by the resample's model."""
        design = self.fitted.design
        return rank(self.fitted.own_probabilities, design.y, design.weight)

    def ranking_of(self, refitting: Refitting) -> tuple[Ranking, int]:
        """Rank all rows by the resample's model; with the number of rows that have a level which it lacks."""
        design = refitting.design
        if not self.rebuilt:
            return rank(self.fitted.of_rows(design), design.y, design.weight), 0
        rows = np.arange(design.y.size)
        new = refitting.applied(self.fitted.design, rows)
        there = new.complete
        probability = self.fitted.probabilities(new.matrix, new.offset)
        weight = None if design.weight is None else design.weight[there]
        return rank(probability, design.y[there], weight), int((~there).sum())


def bootstrapped(
    refitting: Refitting, class_weight: Any, start: Start, resample: Resample, *, anew: bool
) -> Bootstrapped | None:
    """Fit the model to a resample; None where it cannot be fitted to it.

    Args:
        refitting: the rows, and how a model is fitted to some of them.
        class_weight: see `glmlr.fit`.
        start: the fit to all rows.
        resample: how often each row was drawn.
        anew: whether transforms learn, and levels are found, from the resample alone; else its columns are those of
            all rows, and a level that was not drawn has no estimate.

    """
    if not resample.has_both:
        return None
    part = recounted(refitting.design, resample.events, resample.nonevents)
    try:
        rebuilt = anew and (bool(refitting.learns) or lacks_levels(part))
        part = learnt_anew(part) if rebuilt else part
        near = None if rebuilt or not np.isfinite(start.beta).all() else start.beta
        fitted = refit(
            part,
            refitting.link,
            class_weight=class_weight,
            start=near,
            max_iterations=refitting.max_iterations,
            penalty=refitting.penalty,
        )
    except GlmlrError:
        return None
    return Bootstrapped(fitted, rebuilt)
