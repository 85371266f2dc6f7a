"""Are residuals on average 0 at each fitted probability, and at each value of a number? Binned residuals."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final

import numpy as np
import numpy.typing as npt
import pandas as pd

from glmlr.errors import NotApplicable, OptionError, listing, suggestion
from glmlr.exhibits import Axis, Chart, Series, Table
from glmlr.fit import Fit
from glmlr.influence.binned import BinnedResiduals, ByValue, binned, default_bins
from glmlr.proportions import checked_level, normal_quantile
from glmlr.registry import statistic
from glmlr.sources import classified

Floats = npt.NDArray[np.float64]


@statistic(
    section="diagnostics",
    title="Binned residuals",
    reference="Gelman & Hill (2007), Data Analysis Using Regression and Multilevel/Hierarchical Models, section 5.6",
    definitions={
        "binned residual": "Mean of y - p over the trials of a bin, of neighbouring fitted probabilities or of "
        "neighbouring values of a number. Bins end where j / m of the trials is reached, ties never split. R: "
        "arm::binnedplot, performance::binned_residuals.",
        "band": "0 plus and minus the normal quantile times the standard deviation of y - p in the bin over root n; "
        "about 95 % of bins lie inside where the model is right. arm::binnedplot takes 2 for the quantile.",
        "model error": "The same from the model's own p (1 - p); far from the standard error where the model is wrong.",
    },
    in_report=False,
)
def binned_residuals(fit: Fit, *, by: str | None = None, bins: int | None = None, level: float = 0.95) -> Table:
    """Average the residuals of neighbouring rows, and draw the band in which the averages should lie.

    Args:
        fit: the model. Rows read in parts have bins by fitted probability.
        by: the column of numbers by which rows are neighbours, one that the formula reads; None for the fitted
            probability.
        bins: their number; None for the root of the number of trials, at most 40.
        level: confidence level of the band.

    Returns:
        A `Table` with one row a bin, and the chart "binned_residuals".

    Raises:
        NotApplicable: a column of rows that are not held in memory.
        OptionError: a column that the formula does not read or that holds no numbers, or a number of bins below 2.

    """
    reach = normal_quantile(checked_level(level))
    whole = isinstance(bins, (int, np.integer)) and not isinstance(bins, bool)
    if bins is not None and not (whole and bins >= 2):
        raise OptionError(f"bins={bins!r} is not a whole number of at least 2.")
    sums = _by_probability(fit) if by is None else _by_number(fit, by)
    found = binned(sums, default_bins(float(sums.n.sum())) if bins is None else int(bins))
    frame = _frame(found, reach)
    percent = f"{100 * level:g}%"
    return Table(
        key="binned_residuals",
        title="Binned residuals" if by is None else f"Binned residuals by {by}",
        frame=frame,
        roles=_ROLES if by is None else {**_ROLES, "mean": "measure", "from": "measure", "to": "measure"},
        labels={
            **_LABELS,
            "mean": "Mean probability" if by is None else f"Mean of {by}",
            "high": f"{percent} band, ±",
        },
        notes=tuple(_notes(fit, frame, percent)),
        charts=(_chart(frame, by, percent),),
    )


_ROLES: Final[Mapping[str, str]] = {
    "bin": "integer",
    "from": "probability",
    "to": "probability",
    "mean": "probability",
    "n": "count",
    "events": "count",
    "expected": "count",
    "residual": "estimate",
    "std_error": "std_error",
    "model_error": "std_error",
    "high": "estimate",
    "outside": "flag",
}
_LABELS: Final[Mapping[str, str]] = {
    "bin": "Bin",
    "from": "From",
    "to": "To",
    "expected": "Expected events",
    "residual": "Mean residual",
    "model_error": "Model error",
    "outside": "Outside",
}


def _by_probability(fit: Fit) -> ByValue:
    """Give the trials at each fitted probability, which rows read in parts have too."""
    ranking = fit.ranking
    return ByValue.of(ranking.score, ranking.score, ranking.events, ranking.nonevents)


def _by_number(fit: Fit, by: str) -> ByValue:
    design = fit.held
    if by not in design.columns:
        hint = suggestion(str(by), design.columns) or f"; it reads {listing(map(repr, design.columns)) or 'none'}."
        raise OptionError(f"by={by!r} is not a column that the formula reads{hint}")
    column = classified(design.columns[by], by)
    if column.kind != "number":
        raise OptionError(f"by={by!r} holds no numbers, so that no values of it are neighbours.")
    value = np.asarray(column.values, dtype=np.float64)
    known = np.isfinite(value)
    if not known.any():
        raise NotApplicable(f"No row has a finite value of {by!r}.")
    weight = np.ones_like(design.y) if design.weight is None else design.weight
    y, p, trials = design.y[known], np.asarray(fit.probabilities)[known], weight[known]
    return ByValue.of(value[known], p, y * trials, (1.0 - y) * trials)


def _frame(found: BinnedResiduals, reach: float) -> pd.DataFrame:
    half = reach * found.std_error
    return pd.DataFrame(
        {
            "bin": np.arange(1, found.n.size + 1),
            "from": found.low,
            "to": found.high,
            "mean": found.mean,
            "n": found.n,
            "events": found.events,
            "expected": found.expected,
            "residual": found.residual,
            "std_error": found.std_error,
            "model_error": found.model_error,
            "low": -half,
            "high": half,
            "outside": np.abs(found.residual) > half,
        }
    )


def _notes(fit: Fit, frame: pd.DataFrame, percent: str) -> Iterator[str]:
    count = int(frame["outside"].sum())
    yield (
        f"{count:,} of {len(frame):,} bins are outside the {percent} band about 0, which is from the residuals of the "
        "bin; the model error is from the fitted probabilities."
    )
    if ((frame["events"] == 0) | (frame["events"] == frame["n"])).any():
        yield (
            "In a bin whose outcomes are all alike the band follows the differences of probabilities alone and is too "
            "narrow; the model error says what to expect there."
        )
    if frame["std_error"].isna().any():
        yield "A bin of one trial has no standard error."
    elif (frame["std_error"] == 0).any():
        yield "A bin of equal residuals has a standard error of 0 and a band of no width."
    if fit.pseudo_likelihood:
        yield "Rows count as they are, without their importance."
    yield from fit.scale_notes


def _chart(frame: pd.DataFrame, by: str | None, percent: str) -> Chart:
    x, residual = frame["mean"].to_numpy(), frame["residual"].to_numpy()
    count = int(frame["outside"].sum())
    low, high = (frame[name].fillna(0.0).to_numpy() for name in ("low", "high"))
    where = "the fitted probability" if by is None else by
    return Chart(
        "binned_residuals",
        f"Mean residuals by {where}",
        (
            Series("0", "reference", np.array([np.nan]), np.array([0.0])),
            Series(f"{percent} band", "band", x, np.zeros(x.size), low, high),
            Series("Bins", "points", x, residual, size=frame["n"].to_numpy()),
        ),
        Axis("Mean fitted probability of the bin" if by is None else f"Mean of {by} in the bin"),
        Axis("Mean of outcome less fitted probability"),
        alt=f"Mean residuals of {len(frame)} bins of {where}; {count} lie outside the {percent} band about 0.",
    )
