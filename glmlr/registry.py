"""What can be said about a fit? `@statistic` records a function and binds it on `Fit`; the report reads the record."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from importlib import import_module
from types import MappingProxyType
from typing import Any, Final, Literal

import numpy as np
import pandas as pd

from glmlr.design.response import code_response
from glmlr.errors import ArgumentError, DataError, WeightError, explained_arguments
from glmlr.exhibits import Definition, Table
from glmlr.fit import Fit
from glmlr.late import LateMethod
from glmlr.ranking import rank
from glmlr.sample import Sample, sample_of_data, sample_of_design
from glmlr.scored import Scored

#: The parts of a report in reading order: key -> (title, the question it answers).
SECTIONS: Final[Mapping[str, tuple[str, str]]] = MappingProxyType(
    {
        "profile": ("Who was analysed", "rows, events, weights, and what was left out"),
        "screening": ("Each predictor alone", "observed log-odds by level or bin, before any model"),
        "two_way": ("Two predictors together", "does the effect of one depend on the other?"),
        "coefficients": ("Coefficients", "estimates, standard errors, intervals, odds ratios"),
        "hypotheses": ("Tests of terms", "does each term matter?"),
        "effects": ("Effects", "what a predictor does to the probability"),
        "goodness": ("Fit of the model", "likelihood, information criteria, pseudo R2, lack of fit"),
        "discrimination": ("Discrimination", "does the model rank events above non-events?"),
        "calibration": ("Calibration", "do predicted probabilities match observed rates?"),
        "deciles": ("Deciles", "how concentrated are the events among the highest scores?"),
        "classification": ("Cut-offs", "what happens at each cut-off?"),
        "linearity": ("Linearity", "is the effect of each number a straight line?"),
        "diagnostics": ("Diagnostics", "which rows and which columns deserve a second look?"),
        "validation": ("Validation", "how will it do on new rows?"),
    }
)


@dataclass(frozen=True)
class Statistic:
    """The record of one statistic.

    Attributes:
        key: its name everywhere: the function's, the method's, the table's key, the anchor in a report.
        title: heading of its table.
        section: the part of the report it belongs to, a key of `SECTIONS`.
        reference: where the definition comes from.
        function: the function itself, of a Fit (and of arrays where `on` is "scores", of data where it is "data").
        definitions: measure -> what it means here, for the report's list of definitions.
        on: "fit" needs a Fit; "scores" needs outcomes and scores only; "data" needs a response and predictors only.
        in_report: whether the full report shows it.

    """

    key: str
    title: str
    section: str
    reference: str
    function: Callable[..., Table]
    definitions: Mapping[str, str]
    on: Literal["fit", "scores", "data"] = "fit"
    in_report: bool = True

    def listed(self) -> tuple[Definition, ...]:
        """Give its definitions for the list at the end of a report."""
        return tuple(Definition(name, meaning, self.reference) for name, meaning in self.definitions.items())


@dataclass(frozen=True)
class Listed:
    """A line of the list of statistics: what a file that is not loaded yet will record.

    Attributes:
        file: the module in `glmlr.statistics`.
        on: what its statistics are of, see `Statistic`.
        names: their keys, with spaces between them.

    """

    file: str
    on: Literal["fit", "scores", "data"]
    names: str


class Records(Mapping[str, Statistic]):
    """The statistics on record: all keys are known at once, a record is loaded with its file when it is asked for."""

    def __init__(self) -> None:
        #: key -> the module that records it, in the order of the report.
        self._homes: dict[str, str] = {}
        self._loaded: dict[str, Statistic] = {}

    def __getitem__(self, key: str) -> Statistic:
        """Give a record, and load the module that makes it if nothing has."""
        if key not in self._loaded:
            import_module(self._homes[key])
        return self._loaded[key]

    def __contains__(self, key: object) -> bool:
        """Say whether there is a statistic of this name, without loading it."""
        return key in self._homes

    def __iter__(self) -> Iterator[str]:
        """Go through the keys in the order of the report."""
        return iter(tuple(self._homes))

    def __len__(self) -> int:
        """Count the statistics."""
        return len(self._homes)

    def expect(self, listed: Listed, module: str) -> None:
        """Take a line of the list: its statistics are methods from now on, and load when they are first asked for."""
        for key in listed.names.split():
            self._homes[key] = module
            for owner in _owners(listed.on):
                if key not in vars(owner):
                    setattr(owner, key, LateMethod(key, module))

    def record(self, statistic: Statistic) -> None:
        """Keep a record and bind its function; one that is on no list comes last.

        Raises:
            ArgumentError: another module has a statistic of this name.

        """
        key, module = statistic.key, statistic.function.__module__
        if self._homes.setdefault(key, module) != module:
            raise ArgumentError(f"A statistic named {key!r} exists already.")
        self._loaded[key] = statistic
        for owner in _owners(statistic.on):
            setattr(owner, key, statistic.function)


def _owners(on: str) -> tuple[type, ...]:
    """Give the classes that have a statistic as their method."""
    return (Fit, Scored) if on == "scores" else (Fit,)


STATISTICS: Final = Records()


def statistic(
    *,
    section: str,
    title: str,
    reference: str,
    definitions: Mapping[str, str] | None = None,
    on: Literal["fit", "scores", "data"] = "fit",
    in_report: bool = True,
) -> Callable[[Callable[..., Table]], Callable[..., Table]]:
    """Record a statistic and bind it as a method of `Fit` under the function's own name.

    The function takes a `Fit` (on="fit"), a `Scored` (on="scores") or a `Sample` (on="data") first and keyword-only
    options after it. With on="scores" the public function also takes arrays: `association(y, p, weight=None,
    event=None, **options)`; with on="data" it also takes data: `screen(data, response, predictors=None, event=None,
    freq_weights=None, **options)`.
    """
    if section not in SECTIONS:
        raise ArgumentError(f"The section {section!r} does not exist; add it to SECTIONS first.")

    def record(function: Callable[..., Table]) -> Callable[..., Table]:
        checked = explained_arguments(function)
        public = {"fit": _of_fit, "scores": _of_scores, "data": _of_data}[on](checked)
        meanings = MappingProxyType(dict(definitions or {}))
        STATISTICS.record(Statistic(function.__name__, title, section, reference, public, meanings, on, in_report))
        return public

    return record


def _of_fit(function: Callable[..., Table]) -> Callable[..., Table]:
    @functools.wraps(function)
    def public(fit: Fit, **options: Any) -> Table:
        if not isinstance(fit, Fit):
            raise ArgumentError(
                f"{function.__name__}() takes a fitted model, not {type(fit).__name__}; fit one with "
                "glmlr.fit(formula, data)."
            )
        return function(fit, **options)

    return public


def _of_scores(function: Callable[..., Table]) -> Callable[..., Table]:
    @functools.wraps(function)
    def public(subject: Any, scores: Any = None, *, weight: Any = None, event: Any = None, **options: Any) -> Table:
        scored = scored_of(subject)
        if scored is not None:
            if scores is not None or weight is not None or event is not None:
                raise ArgumentError(
                    f"{function.__name__}() of a fitted model takes no scores, weight or event; they are the fit's own."
                )
            return function(scored, **options)
        if scores is None:
            raise ArgumentError(
                f"{function.__name__}() takes a fitted model, or outcomes and scores: {function.__name__}(y, p)."
            )
        return function(scored_arrays(subject, scores, weight=weight, event=event), **options)

    return public


def _of_data(function: Callable[..., Table]) -> Callable[..., Table]:
    name = function.__name__

    @functools.wraps(function)
    def public(
        subject: Any,
        response: Any = None,
        predictors: Any = None,
        *,
        event: Any = None,
        freq_weights: Any = None,
        **options: Any,
    ) -> Table:
        if isinstance(subject, (Fit, Sample)):
            if not all(own is None for own in (response, predictors, event, freq_weights)):
                raise ArgumentError(
                    f"{name}() of a fitted model takes no response, predictors, event or freq_weights; "
                    "they are the fit's own."
                )
            return function(sample_of_design(subject.design) if isinstance(subject, Fit) else subject, **options)
        if response is None:
            raise ArgumentError(f"{name}() takes a fitted model, or data and the name of the response.")
        sample = sample_of_data(subject, response, predictors, event=event, freq_weights=freq_weights)
        return function(sample, **options)

    return public


def scored_of(subject: Any) -> Scored | None:
    """Give the scores of a fit, of a cross-validation or of an evaluation; None of anything else."""
    scored = subject if isinstance(subject, Scored) else getattr(subject, "scored", None)
    return scored if isinstance(scored, Scored) else None


@explained_arguments
def scores(outcome: Any, scores: Any, *, weight: Any = None, event: Any = None) -> Scored:
    """Rank the scores of any model once, for all the statistics that take outcomes and scores.

    `glmlr.scores(y, p).roc()` is `glmlr.roc(y, p)`; asked for many statistics it ranks the rows once instead of each
    time.

    Args:
        outcome: two values, shape (n,); `event` names the event.
        scores: probabilities, or any numbers that should be higher for events, shape (n,).
        weight: number of rows each row stands for, shape (n,), or None for 1.
        event: the outcome that is the event.

    Raises:
        DataError: missing or infinite scores, missing outcomes, or arrays of different lengths.
        ResponseError: outcomes that do not have two values.
        WeightError: weights that are negative, missing, infinite, or all zero.

    """
    return scored_arrays(outcome, scores, weight=weight, event=event)


def scored_arrays(outcome: Any, scores: Any, *, weight: Any = None, event: Any = None) -> Scored:
    """Make a `Scored` of two arrays: outcomes (two values, `event` names the event) and scores, shape (n,) each."""
    values = outcome if isinstance(outcome, pd.Series) else pd.Series(np.asarray(outcome).ravel())
    if values.isna().any():
        raise DataError(f"{int(values.isna().sum())} of the {len(values)} outcomes are missing; drop those rows.")
    if isinstance(outcome, pd.Series) and isinstance(scores, pd.Series) and not outcome.index.equals(scores.index):
        raise DataError("Outcomes and scores are Series with different indexes; align them, or give arrays.")
    y, coded = code_response(values, str(values.name or "y"), event)
    # As yes and no, so that the numbers are gone before the sort needs room.
    is_event = y == 1.0
    del y
    return Scored(ranking=rank(scores, is_event, weights_by_row(weight, outcome)), event=coded, fitted=False)


def weights_by_row(weight: Any, outcome: Any) -> Any:
    """Line weights up with outcomes: a Series by its index where the outcomes have one, anything else by position."""
    if not (isinstance(weight, pd.Series) and isinstance(outcome, pd.Series)) or weight.index.equals(outcome.index):
        return weight
    unique = weight.index.is_unique and outcome.index.is_unique
    if not unique or not outcome.index.isin(weight.index).all():
        raise WeightError(
            "Outcomes and weights are Series whose indexes cannot be matched; align them, or give the weights as an "
            "array."
        )
    return weight.reindex(outcome.index)


def definitions() -> tuple[Definition, ...]:
    """List every quantity that glmlr reports: its name, what it means here, and the source."""
    return tuple(item for record in STATISTICS.values() for item in record.listed())
