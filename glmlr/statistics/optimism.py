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
from glmlr.errors import DataError, explained_arguments, one_of
from glmlr.exhibits import Axis, Chart, Series, Table, Tabled
from glmlr.fit import Fit
from glmlr.penalised.withheld import repeated_notes
from glmlr.progress import Step
from glmlr.proportions import checked_level
from glmlr.selection.asked import was_searched
from glmlr.selection.selected import Selection
from glmlr.validation.folds import whole
from glmlr.validation.indices import INDICES, largest_error
from glmlr.validation.looking import (
    AT_CUTOFF,
    DECILES,
    Looking,
    Replicate,
    Seen,
    grid_of,
    replicate,
    replicate_of_search,
)
from glmlr.validation.performance import CRITERIA, CalibrationLine
from glmlr.validation.refit import Start
from glmlr.validation.searched import Choices
from glmlr.validation.subject import Subject
from glmlr.validation.workers import for_each

Floats = npt.NDArray[np.float64]

#: What a fit has of its own rows by construction, or nearly so: how it scatters there says nothing.
_FIXED: Final = ("intercept", "slope", "u")


# ------------------------------------------------------------------------------------------------ the result


@dataclass(frozen=True, eq=False, repr=False)
class Validation(Tabled):
    """Indices of a fit corrected for optimism (r resamples).

    Attributes:
        table: a row per index: apparent, training, test, optimism, corrected, interval, and the resamples it rests on.
        resamples: every index of every resample that could be fitted, training and test, one row per resample.
        calibration: the calibration curve: p, apparent, and corrected for optimism.
        fit: the fit that is looked at; where a search is repeated, the one that it ends with on all rows.

    """

    table: Table
    resamples: pd.DataFrame
    calibration: pd.DataFrame
    fit: Fit

    @property
    def corrected(self) -> pd.Series:
        """The indices corrected for optimism, by name."""
        return self.table.frame.set_index("measure")["corrected"]

    def _companion(self, key: str) -> pd.DataFrame | None:
        return next((table.frame for table in self.table.tables if table.key == key), None)

    @property
    def terms(self) -> pd.DataFrame | None:
        """How often each term was chosen, one row a candidate; None where no search is repeated."""
        return self._companion("validate_terms")

    @property
    def models(self) -> pd.DataFrame | None:
        """The models that were chosen most often; None where no search is repeated."""
        return self._companion("validate_models")


@explained_arguments
def validate(
    fit: Fit | Selection,
    *,
    selection: Any = None,
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
        fit: the fitted model, its rows in memory; or the result of `glmlr.stepwise`, whose search is repeated in every
            resample.
        selection: options of `glmlr.stepwise`, {"direction": "backward", "by": "aic"}, or a result of it: the fit's
            terms are candidates, the search among them is repeated in every resample (R: validate(bw=TRUE)), and what
            is apparent is the model it ends with on all rows. Companion tables say how often each term, and which
            models, were chosen.
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
        NotApplicable: rows that were read in parts and are not held; a search of what cannot be searched.
        DataError: not one resample could be fitted.

    References: Efron (1983), JASA 78, 316-331; Harrell, Lee & Mark (1996), Statistics in Medicine 15, 361-387; R
    rms::validate.lrm; Noma, Shinozaki, Iba, Teramukai & Furukawa (2021), Statistics in Medicine 40, 5691-5701.

    """
    number = whole("bootstraps", bootstraps, 2)
    seed = whole("seed", seed, 0)
    checked_level(level)
    if cutoff is not None:
        one_of("cutoff", cutoff, CRITERIA)
    subject = Subject.of(fit, selection)
    fit, refitting = subject.fit, subject.refitting()
    apparent = fit.ranking
    looking = Looking(grid_of(apparent), cutoff, bool(deciles))
    chosen = looking.cutoff_of(apparent)
    own = looking.at(apparent, chosen, looking.tenths(apparent))
    start = Start(fit.solution.beta, fit.solution.information, fit.design.class_weights)
    if subject.search is not None:
        task = partial(replicate_of_search, refitting, subject.search, looking, seed)
    else:
        task = partial(replicate, refitting, class_weight_option(fit.held), start, looking, seed)
    made = for_each(task, range(number), workers=workers, progress=progress, what="resamples")
    found = [one for one in made if one is not None]
    if not found:
        raise DataError(f"The model could not be fitted to any of {number:,} resamples; there is no validation.")
    return _Assembly(subject, looking, own, chosen, found, number, level, refitting.learns).validation()


# ------------------------------------------------------------------------------------------------ putting together


@dataclass(frozen=True, eq=False)
class _Assembly:
    """The resamples that could be fitted, beside the fit (r resamples)."""

    subject: Subject
    looking: Looking
    own: Seen
    cutoff: float
    found: Sequence[Replicate]
    asked: int
    level: float
    learns: Sequence[str]

    @property
    def fit(self) -> Fit:
        """The model that is looked at."""
        return self.subject.fit

    def validation(self) -> Validation:
        """Put everything together."""
        training, test = (np.array([getattr(one, side).indices for one in self.found]) for side in ("training", "test"))
        frame = self._frame(training, test)
        curve = self._curve()
        companions = (*((self._decile_table(),) if self.looking.deciles else ()), *self._of_search())
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
                **AT_CUTOFF,
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
        return Validation(table, pd.DataFrame(each), curve, self.fit)

    def _of_search(self) -> tuple[Table, ...]:
        """Say what the search chose, resample by resample."""
        found = self.subject.found
        if found is None:
            return ()
        chosen = [one.terms for one in self.found]
        return Choices(found.candidates, found.terms, chosen, "resamples", "validate").tables()

    def _of_terms(self) -> list[str]:
        """Say whether the choice of terms is repeated."""
        found = self.subject.found
        if found is not None:
            return [
                f"Each resample repeats the {found.search.way} selection with {found.search.criterion} among "
                f"{len(found.candidates)} terms, so that the optimism is that of choosing them too; apparent: the "
                f"model it ends with on all rows, {self.fit.design.formula}."
            ]
        if was_searched(self.fit.design):
            return [
                "The terms of this fit were chosen by a search that the resamples do not repeat: the optimism of the "
                "choice is not in it. Validate the result of stepwise() itself, or the largest model with selection=."
            ]
        return []

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
                    "decile": np.arange(1, DECILES + 1),
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
            *self._of_terms(),
            *fit.scale_notes,
            *repeated_notes(fit.penalty),
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
setattr(Selection, "validate", validate)  # noqa: B010
