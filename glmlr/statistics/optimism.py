"""How much better does the model look on its own rows than it is? Indices corrected for optimism by the bootstrap."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import pandas as pd

from glmlr.design.derived import class_weight_option
from glmlr.errors import ArgumentError, DataError, explained_arguments, one_of
from glmlr.exhibits import Axis, Chart, Series, Table, Tabled
from glmlr.fit import Fit
from glmlr.progress import Step
from glmlr.proportions import checked_level
from glmlr.ranking import Ranking
from glmlr.ranking.grouping import Groups, counts_between, top_groups
from glmlr.validation.curves import smooth_calibration
from glmlr.validation.folds import whole
from glmlr.validation.indices import INDICES, indices_of, largest_error
from glmlr.validation.performance import CRITERIA, CalibrationLine, best_cutoff, calibration_line, positives_at
from glmlr.validation.refit import Start
from glmlr.validation.resamples import bootstrapped, drawn
from glmlr.validation.resampling import Refitting, refitting_of_design
from glmlr.validation.workers import for_each

Floats = npt.NDArray[np.float64]

_POINTS: Final = 101
_DECILES: Final = 10
#: What a fit has of its own rows by construction, or nearly so: how it scatters there says nothing.
_FIXED: Final = ("intercept", "slope", "u")
#: What a chosen cut-off does.
_AT_CUTOFF: Final[Mapping[str, str]] = {
    "sensitivity": "Sensitivity at the chosen cut-off",
    "specificity": "Specificity at the chosen cut-off",
    "precision": "Precision at the chosen cut-off",
    "accuracy": "Accuracy at the chosen cut-off",
    "f1": "F1 at the chosen cut-off",
}


@dataclass(frozen=True, eq=False)
class _Seen:
    """What a ranking shows: indices (i,), the calibration curve (g,), rates by decile (10,)."""

    indices: Floats
    curve: Floats
    rates: Floats


@dataclass(frozen=True, eq=False)
class _Replicate:
    """What the model of one resample shows of the resample and of the rows it was drawn from, and its cut-off."""

    training: _Seen
    test: _Seen
    cutoff: float
    separated: bool
    unseen: int


@dataclass(frozen=True, eq=False)
class _Looking:
    """What is looked at in each ranking.

    Attributes:
        grid: probabilities at which the calibration curve is read, shape (g,).
        criterion: by which each model chooses its cut-off, or None.
        deciles: whether rates by decile are looked at.

    """

    grid: Floats
    criterion: str | None
    deciles: bool

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the indices."""
        return (*(name for name in INDICES if name != "emax"), *(_AT_CUTOFF if self.criterion else ()))

    def cutoff_of(self, ranking: Ranking) -> float:
        """Give the cut-off that is best on a ranking."""
        return math.nan if self.criterion is None else best_cutoff(ranking, self.criterion)

    def at(self, ranking: Ranking, cutoff: float, tenths: Groups | None) -> _Seen:
        """Look at a ranking.

        Args:
            ranking: of the rows looked at.
            cutoff: the cut-off of the model.
            tenths: the deciles of the rows the model was fitted to, whose edges cut these.

        """
        line = calibration_line(ranking)
        found = indices_of(ranking, line)
        if self.criterion is not None:
            found |= _classified(ranking, cutoff)
        rates = np.full(_DECILES, np.nan)
        if tenths is not None:
            counts = counts_between(ranking, tenths.low)
            with np.errstate(invalid="ignore", divide="ignore"):
                rates[tenths.number - 1] = counts.events / counts.n
        return _Seen(
            np.array([found[name] for name in self.names]), smooth_calibration(ranking, line, self.grid), rates
        )

    def tenths(self, ranking: Ranking) -> Groups | None:
        """Give the deciles of the rows that a model was fitted to."""
        return top_groups(ranking, _DECILES) if self.deciles else None


def _classified(ranking: Ranking, cutoff: float) -> dict[str, float]:
    """Say how a cut-off does."""
    found = positives_at(ranking, cutoff)
    positive, negative = found.true + found.false, ranking.total_nonevents - found.false
    return {
        "sensitivity": found.true / ranking.total_events,
        "specificity": negative / ranking.total_nonevents,
        "precision": found.true / positive if positive else math.nan,
        "accuracy": (found.true + negative) / ranking.total,
        "f1": found.f1,
    }


# ------------------------------------------------------------------------------------------------ the result


@dataclass(frozen=True, eq=False, repr=False)
class Validation(Tabled):
    """Indices of a fit corrected for optimism (r resamples).

    Attributes:
        table: a row per index: apparent, training, test, optimism, corrected, interval, and the resamples it rests on.
        resamples: every index of every resample that could be fitted, training and test, one row per resample.
        calibration: the calibration curve: p, apparent, and corrected for optimism.

    """

    table: Table
    resamples: pd.DataFrame
    calibration: pd.DataFrame

    @property
    def corrected(self) -> pd.Series:
        """The indices corrected for optimism, by name."""
        return self.table.frame.set_index("measure")["corrected"]


@explained_arguments
def validate(
    fit: Fit,
    *,
    bootstraps: int = 200,
    seed: int = 1,
    cutoff: str | None = None,
    deciles: bool = False,
    level: float = 0.95,
    workers: int = 1,
    progress: bool | Callable[[Step], None] | None = None,
) -> Validation:
    """Correct what a fit shows of its own rows for optimism: Harrell's validation by the bootstrap.

    The model is fitted to each resample, with everything that it learns (transforms, levels, "balanced" class weights,
    the cut-off), and looked at on the resample (training) and on the rows it was drawn from (test). The mean of
    training - test is the optimism, which is taken off the apparent index of the fit. A Bernoulli trial is drawn, so
    that frequencies equal repeated rows; whole clusters are drawn where the fit has clusters. Class and sample weights
    act in every refit as in the fit; indices count rows by their frequency, with probabilities corrected for class
    weights.

    Args:
        fit: the fitted model; its rows in memory.
        bootstraps: number of resamples.
        seed: of the resamples: the same seed gives the same numbers, whatever the number of workers.
        cutoff: "max_f1", "youden", "closest_corner" or "max_accuracy": each model then chooses the cut-off that is
            best on the rows it is fitted to, and what it does is corrected too; None for no cut-off.
        deciles: whether rates by decile are corrected too; the edges are those of the rows a model is fitted to.
        level: confidence level of the intervals: percentiles of the training indices over the resamples, moved by the
            optimism (Noma et al. 2021, location-shifted bootstrap).
        workers: number of processes.
        progress: see `glmlr.cross_validate`.

    Returns:
        The `Validation`.

    Raises:
        OptionError, ArgumentError: options that cannot be.
        NotApplicable: rows that were read in parts and are not held.
        DataError: not one resample could be fitted.

    References: Efron (1983), JASA 78, 316-331; Harrell, Lee & Mark (1996), Statistics in Medicine 15, 361-387; R
    rms::validate.lrm; Noma, Shinozaki, Iba, Teramukai & Furukawa (2021), Statistics in Medicine 40, 5691-5701.

    """
    if not isinstance(fit, Fit):
        raise ArgumentError(f"validate() takes a fitted model, not {type(fit).__name__}.")
    number = whole("bootstraps", bootstraps, 2)
    seed = whole("seed", seed, 0)
    checked_level(level)
    if cutoff is not None:
        one_of("cutoff", cutoff, CRITERIA)
    refitting = refitting_of_design(fit.held, fit.link)
    apparent = fit.ranking
    looking = _Looking(_grid(apparent), cutoff, bool(deciles))
    chosen = looking.cutoff_of(apparent)
    own = looking.at(apparent, chosen, looking.tenths(apparent))
    start = Start(fit.solution.beta, fit.solution.information, fit.design.class_weights)
    task = partial(_replicate, refitting, class_weight_option(fit.held), start, looking, seed)
    made = for_each(task, range(number), workers=workers, progress=progress, what="resamples")
    found = [one for one in made if one is not None]
    if not found:
        raise DataError(f"The model could not be fitted to any of {number:,} resamples; there is no validation.")
    return _Assembly(fit, looking, own, chosen, found, number, level, refitting.learns).validation()


def _grid(ranking: Ranking) -> Floats:
    """Give probabilities over the range of the scores but for their outermost hundredths, those of 0 and 1 left out."""
    below = np.cumsum(ranking.rows) / ranking.total
    inner = np.flatnonzero((ranking.score > 0) & (ranking.score < 1))
    if not inner.size:
        return np.linspace(0.01, 0.99, _POINTS)
    low, high = (ranking.score[min(int(np.searchsorted(below, share)), below.size - 1)] for share in (0.01, 0.99))
    first, last = ranking.score[inner[0]], ranking.score[inner[-1]]
    return np.linspace(max(low, first), min(high, last), _POINTS)


def _replicate(
    refitting: Refitting, class_weight: Any, start: Start, looking: _Looking, seed: int, number: int
) -> _Replicate | None:
    """Fit the model to one resample and look at both sides; None where it cannot be fitted."""
    resample = drawn(refitting.design, refitting.groups, seed, number)
    model = bootstrapped(refitting, class_weight, start, resample, anew=True)
    if model is None:
        return None
    own = model.own_ranking
    theirs, unseen = model.ranking_of(refitting)
    cutoff, tenths = looking.cutoff_of(own), looking.tenths(own)
    return _Replicate(
        training=looking.at(own, cutoff, tenths),
        test=looking.at(theirs, cutoff, tenths),
        cutoff=cutoff,
        separated=model.fitted.maximum.separation is not None,
        unseen=unseen,
    )


# ------------------------------------------------------------------------------------------------ putting together


@dataclass(frozen=True, eq=False)
class _Assembly:
    """The resamples that could be fitted, beside the fit (r resamples)."""

    fit: Fit
    looking: _Looking
    own: _Seen
    cutoff: float
    found: Sequence[_Replicate]
    asked: int
    level: float
    learns: Sequence[str]

    def validation(self) -> Validation:
        """Put everything together."""
        training, test = (np.array([getattr(one, side).indices for one in self.found]) for side in ("training", "test"))
        frame = self._frame(training, test)
        curve = self._curve()
        companions = (self._decile_table(),) if self.looking.deciles else ()
        table = Table(
            key="validate",
            title="Indices corrected for optimism",
            frame=frame,
            roles={
                "measure": "text",
                **dict.fromkeys(("apparent", "training", "test", "optimism", "corrected", "low", "high"), "estimate"),
                "resamples": "count",
            },
            labels={
                "apparent": "Apparent",
                "optimism": "Optimism",
                "corrected": "Corrected",
                "resamples": "Resamples",
                **{name: words for name, (words, _) in INDICES.items()},
                **_AT_CUTOFF,
            },
            notes=tuple(self._notes()),
            charts=(self._chart(curve),),
            tables=companions,
        )
        names = self.looking.names
        each = {f"{name}_training": training[:, at] for at, name in enumerate(names)}
        each |= {f"{name}_test": test[:, at] for at, name in enumerate(names)}
        if self.looking.criterion is not None:
            each["cutoff"] = np.array([one.cutoff for one in self.found])
        return Validation(table, pd.DataFrame(each), curve)

    def _frame(self, training: Floats, test: Floats) -> pd.DataFrame:
        records = []
        for at, name in enumerate(self.looking.names):
            both = np.isfinite(training[:, at]) & np.isfinite(test[:, at])
            records.append(_row(name, self.own.indices[at], training[both, at], test[both, at], self.level))
            if name == "slope":
                records.append(_largest_error(*records[-2:]))
        return pd.DataFrame.from_records(records)

    def _curve(self) -> pd.DataFrame:
        gap = np.array([one.training.curve - one.test.curve for one in self.found])
        there = gap[np.isfinite(gap).all(axis=1)]
        optimism = there.mean(axis=0) if len(there) else np.full(self.looking.grid.shape, np.nan)
        corrected = np.clip(self.own.curve - optimism, 0.0, 1.0)
        return pd.DataFrame({"p": self.looking.grid, "apparent": self.own.curve, "corrected": corrected})

    def _chart(self, curve: pd.DataFrame) -> Chart:
        ends = np.array([0.0, 1.0])
        p = curve["p"].to_numpy()
        error = np.abs(curve["corrected"].to_numpy() - p)
        mean = f"{float(error.mean()):.3f}" if np.isfinite(error).all() else "not defined"
        return Chart(
            key="calibration",
            title="Calibration corrected for optimism",
            series=(
                Series("Perfect calibration", "reference", ends, ends),
                Series("Apparent", "line", p, curve["apparent"].to_numpy()),
                Series("Corrected for optimism", "line", p, curve["corrected"].to_numpy()),
            ),
            x=Axis("Predicted probability", limits=(0.0, 1.0)),
            y=Axis(f"Rate of {self.fit.event}", limits=(0.0, 1.0)),
            notes=(
                "Curves: logistic regression of the outcomes on a restricted cubic spline of logit(p) with four knots, "
                "over the range of p between its outermost hundredths.",
            ),
            alt=f"Calibration curve of the fit and the same corrected for optimism; the corrected curve lies {mean} "
            "from the diagonal on average.",
        )

    def _decile_table(self) -> Table:
        training, test = (np.array([getattr(one, side).rates for one in self.found]) for side in ("training", "test"))
        both = np.isfinite(training) & np.isfinite(test)
        count = both.sum(axis=0)
        gap = np.where(both, training - test, 0.0)
        with np.errstate(invalid="ignore"):
            optimism = np.where(count > 0, gap.sum(axis=0) / count, np.nan)
        return Table(
            key="validate_deciles",
            title="Rates by decile corrected for optimism",
            frame=pd.DataFrame(
                {
                    "decile": np.arange(1, _DECILES + 1),
                    "apparent": self.own.rates,
                    "optimism": optimism,
                    "corrected": np.clip(self.own.rates - optimism, 0.0, 1.0),
                    "resamples": count,
                }
            ),
            roles={
                "decile": "integer",
                **dict.fromkeys(("apparent", "optimism", "corrected"), "estimate"),
                "resamples": "count",
            },
            labels={"apparent": "Apparent rate", "corrected": "Corrected rate", "resamples": "Resamples"},
            notes=(
                "Decile 1 has the highest scores. The edges are those of the rows that a model was fitted to, also "
                "where its rate is looked at on the other rows.",
            ),
        )

    def _notes(self) -> list[str]:
        fit, used = self.fit, len(self.found)
        what = "clusters" if fit.design.clusters is not None else "trials" if fit.design.grouped else "rows"
        notes = [
            fit.design.event.note,
            f"{self.asked:,} resamples of {what}, drawn with replacement; apparent: the fit on its own rows; optimism: "
            "mean of training - test; corrected: apparent - optimism.",
            f"Low and high: {100 * self.level:g}% interval of the corrected index (percentiles of the training index "
            "over resamples, moved by the optimism); none where the index of a fit's own rows is fixed.",
            *fit.scale_notes,
        ]
        if used < self.asked:
            notes.append(f"{self.asked - used:,} resamples could not be fitted and are left out.")
        if separated := sum(one.separated for one in self.found):
            notes.append(
                f"{separated:,} of the {used:,} refits separated: calibration is undefined there, rankings are not."
            )
        if unseen := sum(one.unseen for one in self.found):
            notes.append(
                f"{unseen:,} test predictions could not be made, because the resample lacks the level of the row."
            )
        if self.learns:
            notes.append(f"Learnt anew in each resample: {', '.join(self.learns)}.")
        if self.looking.criterion is not None:
            cut = np.array([one.cutoff for one in self.found])
            low, high = np.quantile(cut, [0.025, 0.975])
            notes.append(
                f"Each model takes the cut-off with {CRITERIA[self.looking.criterion][0]} on the rows it is fitted to: "
                f"{self.cutoff:.4g} for the fit; over the resamples 95% lie between {low:.4g} and {high:.4g}."
            )
        return notes


def _largest_error(intercept: Mapping[str, Any], slope: Mapping[str, Any]) -> dict[str, Any]:
    """Give the line of Emax, which is of the mean lines: an error of each resample could not be below 0."""
    apparent, training, test, corrected = (
        largest_error(CalibrationLine(intercept[name], slope[name]))
        for name in ("apparent", "training", "test", "corrected")
    )
    return {
        "measure": "emax",
        "apparent": apparent,
        "training": training,
        "test": test,
        "optimism": apparent - corrected,
        "corrected": corrected,
        "low": math.nan,
        "high": math.nan,
        "resamples": slope["resamples"],
    }


def _row(name: str, apparent: float, training: Floats, test: Floats, level: float) -> dict[str, Any]:
    """Give the line of one index, of the resamples that have it on both sides."""
    if not training.size:
        nothing = dict.fromkeys(("training", "test", "optimism", "corrected", "low", "high"), math.nan)
        return {"measure": name, "apparent": apparent, **nothing, "resamples": 0}
    optimism = float((training - test).mean())
    low, high = np.quantile(training, [(1 - level) / 2, (1 + level) / 2])
    if name in _FIXED:
        low = high = math.nan
    return {
        "measure": name,
        "apparent": apparent,
        "training": float(training.mean()),
        "test": float(test.mean()),
        "optimism": optimism,
        "corrected": apparent - optimism,
        "low": float(low) - optimism,
        "high": float(high) - optimism,
        "resamples": int(training.size),
    }


setattr(Fit, "validate", validate)  # noqa: B010 - bound here, so that fit.py imports nothing from above
