"""Does a model still hold? Stability of its score and of its predictors, discrimination and calibration over time."""

from __future__ import annotations

import math
import warnings
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd

from glmlr.binning import checked_bins
from glmlr.design.recipe import UNKNOWN
from glmlr.errors import GlmlrWarning, NotApplicable, explained_arguments, listing, one_of
from glmlr.exhibits import Chart, Table, Tabled
from glmlr.fit import Fit
from glmlr.monitoring import tables as show
from glmlr.monitoring.monitored import Monitored, Reference, monitored, reference_of
from glmlr.monitoring.score_groups import word
from glmlr.monitoring.slices import Slices, slices_of
from glmlr.proportions import checked_level
from glmlr.ranking.grouping import checked_groups
from glmlr.saving.scoring_model import ScoringModel
from glmlr.sources import Source
from glmlr.validation.new_rows import (
    ScoredRows,
    Subject,
    account,
    response_columns,
    rows_in_memory,
    scored_rows,
    subject_of,
    weights_note,
)


@dataclass(frozen=True, eq=False, repr=False)
class Monitoring(Tabled):
    """How a model did in each slice of new rows.

    Attributes:
        table: one row a slice, the rows of the fit closing it; its companion tables give discrimination, calibration,
            the shares of rows by group of the score, and the stability of each predictor.
        by_slice: the same numbers as a frame, all columns, without the closing row.
        predictions: probabilities, one per row given, in its order and index; NaN where there is none.

    """

    table: Table
    by_slice: pd.DataFrame
    predictions: pd.Series

    @property
    def csi(self) -> pd.DataFrame:
        """The stability index of each predictor (columns) in each slice.

        Raises:
            NotApplicable: there is none, as the model holds no rows or has no predictor.

        """
        for table in self.table.tables:
            if table.key == "monitoring_csi":
                return table.frame
        raise NotApplicable(
            "There is no stability index of predictors: the model has none, or no rows to compare with."
        )


@explained_arguments
def monitor(
    fit: Fit | ScoringModel,
    new_data: Any,
    by: Any,
    *,
    every: str | None = None,
    groups: int = 10,
    bins: int = 10,
    predictors: Sequence[str] | None = None,
    level: float = 0.95,
    freq_weights: Any = None,
    unknown: str = "nan",
    offset: Any = None,
) -> Monitoring:
    """Follow a model over slices of new rows: has its score or a predictor moved, does it still rank, is it calibrated?

    Nothing is fitted again. The score and the predictors are compared with the rows of the fit in groups that were cut
    there (PSI and CSI). Where outcomes are known, each slice has its rate, AUC, KS, Brier score and calibration line.
    Rows whose outcome is not known yet count in the first and not in the second.

    Args:
        fit: the fitted model. One from `glmlr.load` holds no rows to compare with, so that rows need outcomes.
        new_data: rows in memory, as `glmlr.fit` takes them, with the predictors and, where known, the response.
        by: what makes slices: a column of the new data, a Series (by its index), or one value per row.
        every: "day", "week", "month", "quarter" or "year", to slice dates by; None for one slice per value.
        groups: number of groups of the score, 10 for deciles of the fit.
        bins: number of bins of a number with more than 10 values, cut at the quantiles of the rows of the fit.
        predictors: columns whose stability is looked at; None for all that the formula reads.
        level: confidence level of the intervals, and of what chance alone gives.
        freq_weights: how many rows each new row stands for: a column name, a Series, or an array of shape (n,).
        unknown: a level the fit has not seen leaves the row without a score ("nan"), is an "error", or counts as the
            reference level ("reference").
        offset: offset of the new rows where the fit had one that was not a column.

    Returns:
        The `Monitoring`.

    Raises:
        DataError: a column is missing or cannot be used, or no row has a score and a slice.
        ResponseError: an outcome that the fit has not seen.
        UnknownLevelError: a level that the fit has not seen, with unknown="error".
        WeightError, OptionError, ArgumentError: what is wrong, in a sentence.
        NotApplicable: rows that are read in parts; a model from a file and no outcomes.

    Warns:
        GlmlrWarning: rows that break the dependency which left an aliased column without an estimate.

    References: Siddiqi (2006), Credit Risk Scorecards, ch. 9; Yurdakul (2018) and Taplin & Hunt (2019), Risks 7, 53
    (what chance gives the index); Steyerberg (2019), Clinical Prediction Models, 2nd ed., ch. 15 and 20.

    """
    checked_level(level)
    one_of("unknown", unknown, UNKNOWN)
    subject = subject_of(fit, "monitor")
    reference = _reference(fit, subject, checked_groups(groups), checked_bins(bins), predictors)
    source = rows_in_memory(new_data, "monitor")
    slices = slices_of(by, source, every)
    rows = scored_rows(subject, source, freq_weights, unknown, offset)
    usable = rows.new.complete & rows.counting & (slices.code >= 0)
    notes = [account(usable, _reasons(rows, slices), "scored"), *weights_note(subject, freq_weights), *rows.new.notes]
    if reference is None and not (usable & rows.answered).any():
        raise NotApplicable(
            "The model comes from a file, which does not hold the rows of the fit, and no new row has an outcome: "
            "there is nothing to compare. Monitor the fit itself, or add outcomes."
        )
    for sentence in rows.broken(subject.predictor):
        warnings.warn(sentence, GlmlrWarning, stacklevel=3)
    found = monitored(reference, rows, slices, source, level)
    view = _View(subject, reference, found, slices.name, level)
    return Monitoring(view.table((*notes, *_response_note(subject, source))), found.by_slice, rows.predictions)


def _reference(
    fit: Fit | ScoringModel, subject: Subject, groups: int, bins: int, predictors: Sequence[str] | None
) -> Reference | None:
    if isinstance(fit, Fit) and subject.own is not None:
        return reference_of(fit.design, subject.own, groups, bins, predictors, counted=subject.counted)
    if predictors is not None:
        raise NotApplicable(
            "predictors= are compared with the rows of the fit, which a model from a file does not hold; leave it out, "
            "or compare the two sets of data with glmlr.csi(old, new)."
        )
    return None


def _reasons(rows: ScoredRows, slices: Slices) -> list[str]:
    everything = np.ones(rows.outcome.size, dtype=bool)
    lost = int((slices.code < 0).sum())
    sliceless = [f"{slices.name!r} is missing in {lost:,}"] if lost else []
    return [*sliceless, *rows.reasons(everything, outcomes=False)]


def _response_note(subject: Subject, source: Source) -> list[str]:
    if absent := [name for name in response_columns(subject.predictor.recipe) if name not in source.names]:
        return [f"The new data have no column {listing(map(repr, absent))}: there are no outcomes."]
    return []


# ------------------------------------------------------------------------------------------------ tables


@dataclass(frozen=True, eq=False)
class _View:
    """What is shown of a model that was monitored."""

    subject: Subject
    reference: Reference | None
    found: Monitored
    name: str
    level: float

    def table(self, notes: Sequence[str]) -> Table:
        """Give the table of slices with its companions."""
        found, name, level = self.found, self.name, self.level
        frame = found.by_slice
        if found.own is not None:
            absent = {str(column): None if column == "csi_predictor" else math.nan for column in frame}
            own = {column: [found.own.get(column, nothing)] for column, nothing in absent.items()}
            frame = pd.concat([frame, pd.DataFrame(own)], ignore_index=True)
        event, subject = self.subject.predictor.recipe.event, self.subject
        said = (event.note, *subject.scale, *notes, *subject.notes, *self._meanings())
        tables = []
        if "auc" in frame:
            tables += [show.discrimination_table(frame, name, level), show.calibration_table(frame, name, level)]
        if found.shares is not None and self.reference is not None:
            tables.append(show.groups_by_slice(found.shares, name, word(self.reference.groups)))
        if found.csi is not None:
            tables.append(show.csi_by_slice(found.csi, name, found.worst))
        return replace(show.overview(frame, name, said, self._charts(), level), tables=tuple(tables))

    def _meanings(self) -> list[str]:
        """Say what the columns mean, and where something is missing."""
        found, notes = self.found, list[str]()
        if self.reference is not None:
            notes += [
                "PSI compares the scores with those of the rows of the fit in groups that were cut there; by "
                "convention below 0.1 is read as no change, up to 0.25 as some and above as a large one. p is how "
                "often chance alone gives as much: it depends on the number of rows, as the convention does not.",
                *self.reference.notes,
            ]
        if found.few:
            notes.append(
                "Some slice expects fewer than 10 rows in a group: chance gives a larger PSI then, and its p is too "
                "small."
            )
        if found.csi is not None:
            notes.append(
                f"Largest CSI: the stability index of the predictor that moved most of {found.csi.shape[1] - 1}; the "
                "largest of several is large by chance more often than one alone."
            )
        if "auc_p" in found.by_slice:
            notes.append("p beside AUC tests the difference to the area of the fit, which is too good as a rule.")
        notes += [f"{listing(slices)}: {reason}" for reason, slices in found.lacking.items()]
        if empty := found.by_slice["slice"][found.by_slice["n"] == 0].tolist():
            notes.append(f"No row with a score in {listing(empty)}.")
        return notes

    def _charts(self) -> list[Chart]:
        frame, name, level, csi = self.found.by_slice, self.name, self.level, self.found.csi
        charts = []
        if "psi" in frame and frame["psi"].notna().any():
            charts.append(show.psi_chart(frame, name, level))
        if csi is not None and csi.iloc[:, 1:].notna().to_numpy().any():
            charts.append(show.csi_chart(csi, name))
        if "auc" in frame and frame["auc"].notna().any():
            own = math.nan if self.reference is None else self.reference.area.auc
            charts.append(show.area_chart(frame, own, name, level))
        if "rate" in frame:
            charts.append(show.rates_chart(frame, self.subject.predictor.recipe.event.label, name, level))
        return charts


# Bound here, as statistics are in the registry, so that fit.py imports nothing from above.
for _model in (Fit, ScoringModel):
    setattr(_model, monitor.__name__, monitor)
