"""How many rows are classified rightly at each cut-off of a grid? SAS's classification table."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Final

import numpy as np
import numpy.typing as npt
import pandas as pd

from glmlr.errors import OptionError
from glmlr.exhibits import Table
from glmlr.fit import Fit
from glmlr.ranking import Ranking
from glmlr.ranking.cells import Cells, checked_prevalence, quotient
from glmlr.ranking.sweep import Sweep
from glmlr.registry import statistic
from glmlr.validation.leave_one_out import leave_one_out as left_out

Floats = npt.NDArray[np.float64]

#: Steps of SAS's grid: fiftieths.
_STEPS: Final = 50


@statistic(
    section="classification",
    title="Classification table",
    reference="SAS/STAT User's Guide, The LOGISTIC Procedure, Classification Table (CTABLE, PPROB=, PEVENT=); Pregibon "
    "(1981), Annals of Statistics 9, 705-724 (the step that leaves out a row); Fleiss (1981), Statistical Methods for "
    "Rates and Proportions, 2nd ed., pp. 6-7 (Bayes' rule)",
    definitions={
        "correct_events": "Events called positive. SAS CTABLE: Correct, Event.",
        "correct_nonevents": "Non-events called negative. SAS CTABLE: Correct, Non-Event.",
        "incorrect_events": "Non-events called positive. SAS CTABLE: Incorrect, Event.",
        "incorrect_nonevents": "Events called negative. SAS CTABLE: Incorrect, Non-Event.",
        "correct": "Share of rows called rightly; at a prior π, π sensitivity + (1 - π) specificity. SAS CTABLE: "
        "Percentages, Correct.",
        "false_positive": "Share of non-events among the rows called positive, at the prior (1 - precision). SAS "
        "CTABLE: False POS.",
        "false_negative": "Share of events among the rows called negative, at the prior (1 - negative predictive "
        "value). SAS CTABLE: False NEG.",
        "leave-one-out probability": "Probability of a row by the model without it, one Newton step from the "
        "estimates: its linear predictor less q s / (1 - h), with s the row's score, q = x' A^-1 x, A the expected "
        "information and h the leverage. For the logit this is SAS's reduced-bias estimate.",
    },
    in_report=False,
)
def classification_table(
    fit: Fit,
    *,
    cutoffs: float | Sequence[float] | None = None,
    prior: float | Sequence[float] | None = None,
    leave_one_out: bool = True,
) -> Table:
    """Count rows called rightly and wrongly at each cut-off of a grid.

    Args:
        fit: the fitted model.
        cutoffs: cut-offs between 0 and 1; None for all fiftieths from the lowest probability to the highest, as SAS.
        prior: share of events in the population, or several; None for that of the rows. SAS: PEVENT=.
        leave_one_out: classify each row by the model without it, to first order, as SAS does; False for fitted
            probabilities.

    Raises:
        DataError: no event, or no non-event.
        NotApplicable: with `leave_one_out`: the rows are not held in memory, or estimates are infinite.
        OptionError: a cut-off outside [0, 1], or a prior outside (0, 1).

    """
    scored = left_out(fit).scored if leave_one_out else fit.scored
    scored.require_both()
    sweep = Sweep.of(scored.ranking)
    grid = _grid(scored.ranking) if cutoffs is None else _checked_grid(cutoffs)
    priors = _checked_priors(prior)
    cells = [sweep.cells(scored.ranking.first_at_or_above(float(at))) for at in grid]
    frame = pd.DataFrame.from_records(
        [_record(float(at), found, share) for share in priors for at, found in zip(grid, cells, strict=True)]
    )
    several = prior is not None
    return Table(
        key="classification_table",
        title="Rows called rightly and wrongly by cut-off",
        frame=frame,
        roles={
            **({"prior": "ratio"} if several else {}),
            "cutoff": "ratio",
            **dict.fromkeys(
                ("correct_events", "correct_nonevents", "incorrect_events", "incorrect_nonevents"), "count"
            ),
            **dict.fromkeys(("correct", "sensitivity", "specificity", "false_positive", "false_negative"), "percent"),
        },
        labels={
            "prior": "Prior",
            "correct_events": "Correct events",
            "correct_nonevents": "Correct non-events",
            "incorrect_events": "Called events wrongly",
            "incorrect_nonevents": "Called non-events wrongly",
            "correct": "Correct",
            "false_positive": "False pos.",
            "false_negative": "False neg.",
        },
        notes=(*scored.notes, *_notes(frame, leave_one_out, several)),
    )


def _grid(ranking: Ranking) -> Floats:
    """Give the fiftieths from the one at or below the lowest score to the one at or above the highest."""
    first = math.floor(float(ranking.score[0]) * _STEPS)
    last = math.ceil(float(ranking.score[-1]) * _STEPS)
    return np.arange(first, last + 1) / _STEPS


def _checked_grid(cutoffs: float | Sequence[float]) -> Floats:
    values = [cutoffs] if isinstance(cutoffs, (int, float, np.number, str)) else list(cutoffs)
    for value in values:
        if not isinstance(value, (int, float, np.number)) or isinstance(value, bool) or not 0 <= value <= 1:
            raise OptionError(f"cutoffs={value!r} is not a probability; give numbers from 0 to 1, such as [0.3, 0.5].")
    if not values:
        raise OptionError("cutoffs= is empty; give at least one number from 0 to 1, such as 0.5.")
    return np.unique(np.array(values, dtype=np.float64))


def _checked_priors(prior: float | Sequence[float] | None) -> list[float | None]:
    if prior is None:
        return [None]
    values = [prior] if isinstance(prior, (int, float, np.number, str)) else list(prior)
    if not values:
        raise OptionError("prior= is empty; give at least one share of events between 0 and 1, such as 0.02.")
    return [checked_prevalence(value, "prior") for value in values]


def _record(cutoff: float, cells: Cells, prior: float | None) -> dict[str, float]:
    at = cells.at_prevalence(prior)
    return {
        "prior": cells.events / cells.n if prior is None else prior,
        "cutoff": cutoff,
        "correct_events": cells.tp,
        "correct_nonevents": cells.tn,
        "incorrect_events": cells.fp,
        "incorrect_nonevents": cells.fn,
        "correct": quotient(at.tp + at.tn, at.n),
        "sensitivity": cells.sensitivity,
        "specificity": cells.specificity,
        "false_positive": quotient(at.fp, at.positives),
        "false_negative": quotient(at.fn, at.negatives),
    }


def _notes(frame: pd.DataFrame, without: bool, several: bool) -> list[str]:
    notes = ["A row is called an event when its probability is at or above the cut-off."]
    if not without:
        notes.append(
            "Fitted probabilities: each row is classified by a model that has seen it, which flatters the model."
        )
    if several:
        notes.append(
            "Correct, false pos. and false neg. are those at the prior, by Bayes' rule; counts are of these rows."
        )
    if frame["false_positive"].isna().any():
        notes.append("Where no row is called an event there are no false positives among such rows.")
    if frame["false_negative"].isna().any():
        notes.append("Where every row is called an event there are no false negatives among the others.")
    return notes
