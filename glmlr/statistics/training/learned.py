"""What has training taught? The classification of rows by the coefficients at the start and by those at the end."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import pandas as pd

from glmlr.design.recipe import UNKNOWN
from glmlr.errors import ArgumentError, NotApplicable, OptionError, explained_arguments, one_of
from glmlr.exhibits import Table
from glmlr.fit import Fit
from glmlr.validation.new_rows import (
    account,
    refuse_without_response,
    rows_in_memory,
    scored_rows,
    subject_of,
)

Floats = npt.NDArray[np.float64]

_LABELS: Final = {"moment": "Coefficients", "class": "Class", "recall": "Recall", "n": "Rows"}


@explained_arguments
def before_after(
    fit: Fit,
    new_data: Any = None,
    *,
    cutoff: float = 0.5,
    freq_weights: Any = None,
    unknown: str = "nan",
    offset: Any = None,
) -> Table:
    """Classify rows by the coefficients at the start of training and by those at its end.

    Args:
        fit: the fitted model; of one by Newton's steps the start is where these began.
        new_data: rows with outcomes, best such as the fit has not seen; None for its own.
        cutoff: a row is called an event when its probability is at least this.
        freq_weights: how many rows each new row stands for: a column name, a Series, or an array of shape (n,).
        unknown: a level the fit has not seen leaves the row out ("nan"), is an "error", or counts as the "reference".
        offset: offset of the new rows where the fit had one that was not a column.

    Returns:
        A table with precision, recall, F1 and number of rows of each class before and after, their plain means over the
        classes ("macro"), and the accuracy.

    Raises:
        OptionError: a cut-off outside [0, 1].
        NotApplicable: a fit whose solver kept no trace of its coefficients.
        DataError, ResponseError, UnknownLevelError: rows that cannot be classified.

    Reference: Sokolova & Lapalme (2009), Information Processing and Management 45, 427-437 (macro averages).

    """
    if not isinstance(fit, Fit):
        raise ArgumentError(
            f"before_after() takes a fitted model, not {type(fit).__name__}; fit one with glmlr.fit(formula, data)."
        )
    if isinstance(cutoff, bool) or not isinstance(cutoff, (int, float, np.number)) or not 0 <= cutoff <= 1:
        raise OptionError(f"cutoff={cutoff!r} is not a probability; give a number from 0 to 1, such as 0.5.")
    one_of("unknown", unknown, UNKNOWN)
    start = _start(fit)
    notes: tuple[str, ...]
    if new_data is None:
        y, weight, before, after, notes = _own_rows(fit, start)
    else:
        y, weight, before, after, notes = _new_rows(fit, start, new_data, freq_weights, unknown, offset)
    labels = (fit.design.event.label, fit.design.event.other_label)
    records = [
        row
        for moment, p in (("before", before), ("after", after))
        for row in _records(moment, y, weight, p >= cutoff, labels)
    ]
    return _table(pd.DataFrame.from_records(records), notes, float(cutoff), fit)


def _start(fit: Fit) -> Floats:
    trace = fit.solution.trace
    if not trace or trace[0].beta is None:
        raise NotApplicable(f"The solver ({fit.solution.method}) kept no trace of its coefficients; there is no start.")
    return np.nan_to_num(trace[0].beta)


def _own_rows(fit: Fit, start: Floats) -> tuple[Floats, Floats, Floats, Floats, tuple[str, ...]]:
    """Give outcomes, weights and both probabilities of the rows of the fit."""
    design = fit.held
    eta = np.concatenate([block.linear_predictor(start) for block in design.blocks()]) - fit.prior_shift
    weight = np.ones(design.y.size) if design.weight is None else design.weight
    note = "The rows are those of the fit, which has seen them; rows that it has not seen are a fairer test."
    return design.y, weight, fit.link.mean(eta), np.asarray(fit.probabilities), (note,)


def _new_rows(
    fit: Fit, start: Floats, new_data: Any, freq_weights: Any, unknown: str, offset: Any
) -> tuple[Floats, Floats, Floats, Floats, tuple[str, ...]]:
    """Give outcomes, weights and both probabilities of new rows."""
    model = subject_of(fit, "before_after")
    source = rows_in_memory(new_data, "before_after")
    refuse_without_response(model.predictor.recipe, source, "before_after")
    begun = replace(model, predictor=replace(model.predictor, working=start, separation=None))
    before, after = (scored_rows(one, source, freq_weights, unknown, offset) for one in (begun, model))
    used = after.new.complete & after.answered & after.counting
    note = account(used, after.reasons(np.ones(used.size, dtype=bool)), "classified")
    weight = np.ones(used.size) if after.weight is None else after.weight
    p, q = (rows.predictions.to_numpy()[used] for rows in (before, after))
    return after.outcome[used], weight[used], p, q, (note,)


def _records(
    moment: str, y: Floats, weight: Floats, positive: npt.NDArray[np.bool_], labels: tuple[str, str]
) -> list[dict[str, Any]]:
    """Give the rates of both classes, their means and the accuracy."""
    events, nonevents = weight * y, weight * (1.0 - y)
    tp, fp = float(events[positive].sum()), float(nonevents[positive].sum())
    fn, tn = float(events[~positive].sum()), float(nonevents[~positive].sum())
    classes = [_of_class(label, *cells) for label, cells in zip(labels, ((tp, fp, fn), (tn, fn, fp)), strict=True)]
    means = {name: float(np.mean([one[name] for one in classes])) for name in ("precision", "recall", "f1")}
    n = tp + fp + fn + tn
    macro = {"class": "macro", **means, "n": n}
    return [{"moment": moment, **row, "accuracy": np.nan} for row in classes] + [
        {"moment": moment, **macro, "accuracy": (tp + tn) / n}
    ]


def _of_class(label: str, hit: float, false: float, missed: float) -> dict[str, Any]:
    """Give precision, recall and F1 of a class; NaN where nothing is called it, or it does not occur."""
    called, there = hit + false, hit + missed
    return {
        "class": label,
        "precision": hit / called if called else np.nan,
        "recall": hit / there if there else np.nan,
        "f1": 2.0 * hit / (called + there) if called + there else np.nan,
        "n": there,
    }


def _table(frame: pd.DataFrame, notes: tuple[str, ...], cutoff: float, fit: Fit) -> Table:
    said = [
        *notes,
        f"A row is called an event when its probability is at or above {cutoff:g}.",
        "Macro: the plain mean over the two classes. F1 is 2 TP / (2 TP + FP + FN).",
    ]
    if frame["precision"].isna().any():
        said.append("A class that no row is called has no precision; its F1 is 0, or none where it has no row either.")
    if not fit.converged:
        said.append(f"The fit did not converge: {fit.solution.reason}.")
    return Table(
        key="before_after",
        title="Classification before and after training",
        frame=frame,
        roles={
            "moment": "text",
            "class": "text",
            **dict.fromkeys(("precision", "recall", "f1"), "probability"),
            "n": "count",
            "accuracy": "probability",
        },
        labels={**_LABELS, "before": "at the start", "after": "at the end"},
        notes=tuple(said),
        emphasis=tuple(int(at) for at in np.flatnonzero(frame["class"] == "macro")),
        blanks=("accuracy",),
    )


setattr(Fit, "before_after", before_after)  # noqa: B010 - bound here, so that fit.py imports nothing from above
