"""Which classes are taken for which? The confusion matrix of several classes, and agreement beyond chance."""

from __future__ import annotations

import math
from typing import Final

import numpy as np
import numpy.typing as npt
import pandas as pd

from glmlr.classes.agreement import balanced_accuracy, class_kappa, class_matthews, no_information_p
from glmlr.classes.counts import ClassCounts, count_classes, shares, tied_rows
from glmlr.classes.registry import class_statistic
from glmlr.classes.scores import ClassScores
from glmlr.digits import text
from glmlr.exhibits import Axis, Chart, Series, Table
from glmlr.proportions import checked_level, normal_quantile, wilson

Floats = npt.NDArray[np.float64]

#: Mistakes that are listed one by one, where there are more classes than a matrix is read with at a glance.
_LISTED: Final = 12
_GLANCE: Final = 6

_LABELS: Final = {
    "accuracy": "Accuracy",
    "no_information_rate": "No-information rate",
    "balanced_accuracy": "Balanced accuracy (mean recall)",
    "kappa": "Cohen's kappa",
    "kappa_linear": "Kappa, linear weights",
    "kappa_quadratic": "Kappa, quadratic weights",
    "mcc": "Matthews correlation",
}


@class_statistic(
    section="classification",
    title="Confusion matrix",
    reference="Cohen (1960), Educational and Psychological Measurement 20, 37-46, and (1968), Psychological Bulletin "
    "70, 213-220; Fleiss, Cohen & Everitt (1969), Psychological Bulletin 72, 323-327; Gorodkin (2004), Computational "
    "Biology and Chemistry 28, 367-374; Wilson (1927), JASA 22, 209-212; Donner & Zou (2012), Statistical Methods in "
    "Medical Research 21, 347-359",
    definitions={
        "predicted class": "The class with the largest probability; of equal ones the first of the classes as listed.",
        "accuracy": "Share of the rows whose predicted class is the observed one, with Wilson's interval.",
        "no_information_rate": "Share of the largest class: the accuracy of predicting it for every row. Its p-value "
        "is the one-sided exact binomial test that the accuracy exceeds it (R caret: P-Value [Acc > NIR]).",
        "balanced_accuracy": "Mean over the classes of their recall, the interval made of Wilson's for each. "
        "scikit-learn: balanced_accuracy_score.",
        "kappa": "(accuracy - chance agreement) / (1 - chance agreement), with the large-sample error of Fleiss, Cohen "
        "& Everitt. R caret: Kappa; scikit-learn: cohen_kappa_score.",
        "kappa_linear": "Kappa in which a prediction i classes away from the observed one agrees by 1 - i / (J - 1); "
        "for classes in order. scikit-learn: weights='linear'; SAS PROC FREQ: Weighted Kappa with numbers 1, 2, ... as "
        "scores.",
        "kappa_quadratic": "The same with 1 - i² / (J - 1)². scikit-learn: weights='quadratic'.",
        "mcc": "Gorodkin's R of J classes: (n Σ n_kk - Σ t_k p_k) / √((n² - Σ t_k²)(n² - Σ p_k²)) of rows t_k observed "
        "and p_k predicted in class k; for two classes phi. Interval by the delta method on Fisher's z scale. "
        "scikit-learn: matthews_corrcoef.",
    },
)
def confusion(scores: ClassScores, *, ordered: bool = False, level: float = 0.95) -> Table:
    """Count observed against predicted classes, and say how well they agree beyond chance.

    Args:
        scores: classes and probabilities.
        ordered: whether the classes have an order, so that kappa with linear and with quadratic weights is given too.
        level: confidence level of the intervals.

    Raises:
        OptionError: `level` outside (0, 1).

    """
    checked_level(level)
    counts = count_classes(scores)
    records = _measures(counts, ordered, level)
    kinds = ("percent", "percent", "percent", *("estimate",) * (len(records) - 3))
    return Table(
        key="confusion",
        title="Agreement of predicted and observed classes",
        frame=pd.DataFrame.from_records(records),
        roles={
            "measure": "text",
            "value": "measure",
            "std_error": "std_error",
            "low": "measure",
            "high": "measure",
            "p_value": "p_value",
        },
        labels=_LABELS,
        notes=(*scores.notes, *_notes(scores, counts, ordered, level)),
        charts=(confusion_chart(scores, counts),),
        row_roles=kinds,
        blanks=("std_error", "low", "high", "p_value"),
        tables=_companions(scores, counts),
    )


def _measures(counts: ClassCounts, ordered: bool, level: float) -> list[dict[str, str | float]]:
    right, n, z = float(counts.right.sum()), counts.n, normal_quantile(level)
    bounds = wilson(right, n, level)
    balanced = balanced_accuracy(counts, level)
    schemes = ("plain", "linear", "quadratic") if ordered else ("plain",)
    kappas = {("kappa" if s == "plain" else f"kappa_{s}"): class_kappa(counts, z, s) for s in schemes}
    found = {"balanced_accuracy": balanced, **kappas, "mcc": class_matthews(counts, z)}
    nothing = math.nan
    return [
        _record("accuracy", right / n, math.sqrt(right * (n - right) / n) / n, bounds.low[0], bounds.high[0]),
        _record("no_information_rate", counts.observed.max() / n, nothing, nothing, nothing, no_information_p(counts)),
        *(_record(name, one.value, one.std_error, one.low, one.high) for name, one in found.items()),
    ]


def _record(
    name: str, value: float, error: float, low: float, high: float, p_value: float = math.nan
) -> dict[str, str | float]:
    return {"measure": name, "value": value, "std_error": error, "low": low, "high": high, "p_value": p_value}


def _notes(scores: ClassScores, counts: ClassCounts, ordered: bool, level: float) -> list[str]:
    notes = [f"Low and high: {100 * level:g}% intervals. The p-value is that the accuracy exceeds the rate beside it."]
    if scores.fitted:
        notes.append("These are the rows the model was fitted to; on new rows predicted classes agree less often.")
    if tied := tied_rows(scores):
        notes.append(
            f"In {text(tied, 'count')} rows the largest probability is shared; the first of these classes is predicted."
        )
    if not counts.observed.all():
        lacking = [name for name, n in zip(scores.labels, counts.observed, strict=True) if n == 0]
        notes.append(
            f"No row is of class {' or '.join(lacking)}: balanced accuracy is the mean over the other classes."
        )
    if np.count_nonzero(counts.predicted) == 1 or np.count_nonzero(counts.observed) == 1:
        notes.append("All rows are predicted in one class, or are of one: the Matthews correlation is undefined.")
    elif counts.right.sum() == counts.n:
        notes.append("Every row is predicted rightly: standard errors of 0 and intervals made of them say nothing.")
    if ordered:
        notes.append(f"Weighted kappas take the classes in this order: {', '.join(scores.labels)}.")
    return notes


def _companions(scores: ClassScores, counts: ClassCounts) -> tuple[Table, ...]:
    tables = [_matrix(scores, counts), _row_shares(scores, counts), _column_shares(scores, counts)]
    wrong = counts.n - counts.right.sum()
    return (*tables, _mistakes(scores, counts)) if len(scores.classes) > _GLANCE and wrong else tuple(tables)


def _names(scores: ClassScores) -> dict[str, str]:
    """Name the columns of the classes: predicted_1, predicted_2, ..."""
    return {f"predicted_{number}": label for number, label in enumerate(scores.labels, 1)}


def _matrix(scores: ClassScores, counts: ClassCounts) -> Table:
    names = _names(scores)
    cells = np.vstack([counts.cells, counts.predicted])
    frame = pd.DataFrame({"observed": [*scores.labels, None], **dict(zip(names, cells.T, strict=True))})
    frame["n"] = [*counts.observed, counts.n]
    return Table(
        key="confusion_table",
        title="Rows by observed and predicted class",
        frame=frame,
        roles={"observed": "text", **dict.fromkeys(names, "count"), "n": "count"},
        labels={"observed": "Observed \\ predicted", **names, "n": "Total"},
        emphasis=(len(scores.classes),),
    )


def _row_shares(scores: ClassScores, counts: ClassCounts) -> Table:
    """Give each cell as a share of the rows of its observed class; the diagonal is the recall."""
    names = _names(scores)
    cells = np.vstack([shares(counts.cells, np.broadcast_to(counts.observed[:, None], counts.cells.shape)),
                       counts.predicted / counts.n])  # fmt: skip
    return Table(
        key="confusion_by_observed",
        title="Where the rows of each observed class go",
        frame=pd.DataFrame({"observed": [*scores.labels, None], **dict(zip(names, cells.T, strict=True))}),
        roles={"observed": "text", **dict.fromkeys(names, "percent")},
        labels={"observed": "Observed \\ predicted", **names},
        notes=("Shares of the rows of the observed class; those on the diagonal are recalls.",),
        emphasis=(len(scores.classes),),
    )


def _column_shares(scores: ClassScores, counts: ClassCounts) -> Table:
    """Give each cell as a share of the rows predicted in its class; the diagonal is the precision."""
    names = _names(scores)
    cells = shares(counts.cells, np.broadcast_to(counts.predicted[None, :], counts.cells.shape))
    frame = pd.DataFrame({"observed": list(scores.labels), **dict(zip(names, cells.T, strict=True))})
    frame["all"] = counts.observed / counts.n
    never = [name for name, n in zip(scores.labels, counts.predicted, strict=True) if n == 0]
    notes = [f"No row is predicted in {' or '.join(never)}: there is no share of nothing."] if never else []
    return Table(
        key="confusion_by_predicted",
        title="Where the rows predicted in each class come from",
        frame=frame,
        roles={"observed": "text", **dict.fromkeys(names, "percent"), "all": "percent"},
        labels={"observed": "Observed \\ predicted", **names, "all": "All rows"},
        notes=("Shares of the rows predicted in the class; those on the diagonal are precisions.", *notes),
    )


def _mistakes(scores: ClassScores, counts: ClassCounts) -> Table:
    """List the most frequent mistakes."""
    wrong = counts.cells * ~np.eye(len(counts.cells), dtype=bool)
    order = np.argsort(-wrong.ravel(), kind="stable")[:_LISTED]
    order = order[wrong.ravel()[order] > 0]
    observed, predicted = np.divmod(order, len(counts.cells))
    return Table(
        key="confusion_mistakes",
        title="The most frequent mistakes",
        frame=pd.DataFrame(
            {
                "observed": [scores.labels[at] for at in observed],
                "predicted": [scores.labels[at] for at in predicted],
                "n": wrong[observed, predicted],
                "share": wrong[observed, predicted] / counts.observed[observed],
                "of_mistakes": wrong[observed, predicted] / wrong.sum(),
            }
        ),
        roles={"observed": "text", "predicted": "text", "n": "count", "share": "percent", "of_mistakes": "percent"},
        labels={"share": "Share of the observed class", "of_mistakes": "Share of all mistakes"},
        notes=(f"{order.size} of the {np.count_nonzero(wrong):,} kinds of mistakes.",),
    )


def confusion_chart(scores: ClassScores, counts: ClassCounts) -> Chart:
    """Draw the matrix as tiles, the deeper in colour the larger their share of the rows of the observed class."""
    j = len(scores.classes)
    down, across = (part.astype(np.float64) for part in np.divmod(np.arange(j * j), j))
    part = shares(counts.cells, np.broadcast_to(counts.observed[:, None], counts.cells.shape)).ravel()
    labels = tuple(
        f"{text(n, 'count')}\n{text(share, 'percent')}"
        for n, share in zip(counts.cells.ravel(), part, strict=True)
    )  # fmt: skip
    worst = counts.cells * ~np.eye(j, dtype=bool)
    most = np.unravel_index(int(np.argmax(worst)), worst.shape)
    mistake = (
        f"; most often {scores.labels[most[0]]} is taken for {scores.labels[most[1]]}, in {text(worst[most], 'count')} "
        "rows"
        if worst[most] > 0
        else ""
    )
    return Chart(
        key="confusion",
        title=f"Observed and predicted {scores.response}",
        series=(Series("", "tiles", across, down, size=np.nan_to_num(part), labels=labels),),
        x=Axis(f"Predicted {scores.response}", categories=scores.labels),
        y=Axis(f"Observed {scores.response}", categories=scores.labels),
        notes=("The deeper the colour, the larger the share of the rows of the observed class.",),
        alt=f"Rows by observed class (down) and predicted class (across): {text(counts.right.sum(), 'count')} of "
        f"{text(counts.n, 'count')} rows are on the diagonal of right predictions{mistake}.",
    )
