"""What does a straight line do to an outcome of yes or no, beside the S-curve? Crossings, impossible values, errors."""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.special import ndtr

from glmlr.along import Along, along
from glmlr.digits import text
from glmlr.errors import DataError, SeparationWarning, explained_arguments, listing
from glmlr.exhibits import Axis, Chart, Series, Table
from glmlr.fit import Fit, fit
from glmlr.proportions import checked_level, normal_quantile
from glmlr.straight_line import StraightLine, straight_line

Floats = npt.NDArray[np.float64]

#: The rule that turns a fitted value into a class.
_HALF: Final = 0.5
_LABELS: Final = {
    "rows": "Rows",
    "model": "Model",
    "crossing": "Crosses 1/2 at",
    "crossing_low": "from",
    "crossing_high": "to",
    "fitted_low": "Smallest fitted",
    "fitted_high": "Largest fitted",
    "below_zero": "Below 0",
    "above_one": "Above 1",
    "false_positives": "False positives",
    "false_negatives": "False negatives",
    "misclassified": "Mistakes",
    "misclassified_given": "of those given",
}


@explained_arguments
def linear_probability(
    formula: str,
    data: Any,
    *,
    added: Any = None,
    over: str | None = None,
    link: str = "logit",
    event: Any = None,
    freq_weights: Any = None,
    level: float = 0.95,
) -> Table:
    """Fit a straight line to the outcome beside the S-curve, and say what the line gets wrong.

    The line is least squares of the outcome, 1 for the event, on the columns of the formula. Both are turned into
    classes by the rule "at least 1/2 is the event".

    Args:
        formula: as in `fit`, without an offset.
        data: rows in memory, as in `fit`.
        added: more rows, a data frame with the same columns: both models are fitted without and with them, so that one
            sees what far-out points do to each.
        over: the number along which the curves are drawn and cross 1/2; None for the only one. Other numbers stay at
            their mean, those of 0 and 1 and all other predictors at their most frequent value.
        link: of the S-curve.
        event: the outcome that is the event, as in `fit`.
        freq_weights: name of a column of counts.
        level: of the intervals of the line's coefficients.

    Returns:
        A `Table` with a row for each model and set of rows: `crossing` (the value of `over` where it is 1/2; NaN where
        it nowhere is or is more than once; where the data are separated, the middle of `crossing_low` to
        `crossing_high`, anywhere between which the curve may jump), the smallest and largest fitted value, how many
        trials have one `below_zero` or `above_one`, false positives, false negatives, `misclassified` trials, and of
        these `misclassified_given`, those among the rows given. Companions: "crossings", one row for each, and
        "linear_probability_coefficients", the line with robust (HC1) standard errors. Chart "straight_line".

    Raises:
        NotApplicable: no number among the predictors, an offset, or rows that are read in parts.
        OptionError: a name in over= that is no number of the formula.
        DataError: added rows without a column of the formula, or with an outcome that the rows given do not have.

    References: Aldrich & Nelson (1984), Linear Probability, Logit, and Probit Models, Sage.

    """
    checked_level(level)
    sets = [_Both.of(formula, data, over, link, event, freq_weights, "given")]
    if added is not None:
        rows = _together(data, added, sets[0].fit)
        words = f"with {len(rows) - sets[0].read:,} added"
        sets.append(_Both.of(formula, rows, over, link, event, freq_weights, words))
    frame = pd.DataFrame([row for one in sets for row in one.described(sets[0].fit)])
    counts = ("below_zero", "above_one", "false_positives", "false_negatives", "misclassified")
    roles = {"rows": "text", "model": "text", "crossing": "estimate"}
    if frame["crossing_low"].notna().any():
        roles |= {"crossing_low": "estimate", "crossing_high": "estimate"}
    roles |= {"fitted_low": "estimate", "fitted_high": "estimate"} | dict.fromkeys(counts, "count")
    if added is not None:
        roles["misclassified_given"] = "count"
    first = sets[0]
    return Table(
        key="linear_probability",
        title=f"Straight line beside S-curve of P({first.fit.event})",
        frame=frame,
        roles=roles,
        labels=_LABELS,
        notes=(first.fit.design.event.note, *_notes(sets, frame)),
        charts=(_chart(sets),),
        tables=(_coefficients(first, level),),
        blanks=("crossing_low", "crossing_high"),
    )


@dataclass(frozen=True, eq=False)
class _Both:
    """The straight line and the S-curve on the same rows.

    Attributes:
        fit: the S-curve.
        line: the straight line.
        along: what moves, and where the rest stays.
        words: which rows these are.
        read: number of rows read.

    """

    fit: Fit
    line: StraightLine
    along: Along
    words: str
    read: int

    @classmethod
    def of(cls, formula: str, data: Any, over: str | None, link: str, event: Any, weights: Any, words: str) -> _Both:
        """Fit both."""
        with warnings.catch_warnings():
            # What is separated is said in the table, where it is the point.
            warnings.simplefilter("ignore", SeparationWarning)
            curve = fit(formula, data, link=link, event=event, freq_weights=weights)
        moving = along(curve, over)
        line = straight_line(curve.design, curve.solution.estimated, curve.design.totals.trials)
        return cls(curve, line, moving, words, curve.design.rows.read)

    @property
    def curve_name(self) -> str:
        """Name of the S-curve."""
        return f"S-curve ({self.fit.link.name})"

    def fitted_line(self) -> Floats:
        """Fitted values of the line for the rows used, shape (n,)."""
        return np.concatenate([block.linear_predictor(self.line.working) for block in self.fit.held.blocks()])

    def described(self, given: Fit) -> list[dict[str, Any]]:
        """Describe the line, then the curve; `given` is the fit to the rows before any were added."""
        half = float(self.fit.link.link(np.array([_HALF]))[0])
        line = self.along.crossings(self.line.working, _HALF)
        rows = [self._row("straight line", line, None, self.fitted_line(), given)]
        gap = self._gap()
        if gap:
            curve = np.array([sum(gap) / 2])
        elif self.sides is None:
            curve = self.along.crossings(self.fit.working, half)
        else:
            curve = np.empty(0)
        return [*rows, self._row(self.curve_name, curve, gap, self.fit.probabilities, given)]

    @cached_property
    def sides(self) -> Floats | None:
        """Give where the S-curve is 0 (-1) and 1 (+1) along the number; None where it is nowhere in the limit."""
        if self.fit.separation is None:
            return None
        found = self.fit.separation.side(self.along.columns(self.along.grid()))
        return found if found.any() else None

    @property
    def steps(self) -> bool:
        """Whether the S-curve jumps somewhere along the number."""
        return self.sides is not None and bool((self.sides != self.sides[0]).any())

    def _gap(self) -> tuple[float, float] | None:
        """Give between which values a separated curve jumps, where one number is the only predictor.

        They are one value where that has events and non-events both, and the other rows lie on either side.
        """
        design = self.fit.held
        if self.fit.separation is None or self.along.held:
            return None
        x = design.columns[self.along.number].to_numpy(dtype=np.float64)
        yes, no = x[design.y > 0.0], x[design.y < 1.0]
        lower, upper = (no, yes) if (yes.min(), yes.max()) > (no.min(), no.max()) else (yes, no)
        return (float(lower.max()), float(upper.min())) if lower.max() <= upper.min() else None

    def _row(
        self, model: str, crossings: Floats, gap: tuple[float, float] | None, fitted: Floats, given: Fit
    ) -> dict[str, Any]:
        design = self.fit.held
        trials = np.ones(design.y.size) if design.weight is None else design.weight
        says = fitted >= _HALF
        wrong_yes, wrong_no = trials * (1.0 - design.y) * says, trials * design.y * ~says
        before = given.held.y.size
        return {
            "rows": self.words,
            "model": model,
            "crossing": crossings[0] if crossings.size == 1 else np.nan,
            "crossing_low": gap[0] if gap else np.nan,
            "crossing_high": gap[1] if gap else np.nan,
            "crossings": crossings.size,
            "fitted_low": fitted.min(),
            "fitted_high": fitted.max(),
            "below_zero": _count(trials[fitted < 0.0]),
            "above_one": _count(trials[fitted > 1.0]),
            "false_positives": _count(wrong_yes),
            "false_negatives": _count(wrong_no),
            "misclassified": _count(wrong_yes + wrong_no),
            "misclassified_given": _count((wrong_yes + wrong_no)[:before]),
            "n": _count(trials),
        }


def _count(trials: Floats) -> int:
    return round(float(trials.sum()))


def _typed(data: Any) -> str:
    """Name the type of something, with the library that it comes from."""
    kind = type(data)
    library = kind.__module__.split(".")[0]
    return kind.__name__ if library == "builtins" else f"{library} {kind.__name__}"


def _together(data: Any, added: Any, given: Fit) -> pd.DataFrame:
    """Put the added rows below those given, which have the fit.

    Raises:
        DataError: what is not a pandas data frame or a dict of columns, or a column that the added rows lack.

    """
    frames = []
    for name, one in (("data", data), ("added", added)):
        if not isinstance(one, (pd.DataFrame, dict)):
            raise DataError(
                f"{name}= is a {_typed(one)}; rows are added to a pandas data frame, or a dict of columns: convert it."
            )
        frames.append(pd.DataFrame(one).reset_index(drop=True))
    formula = given.design.recipe.formula
    needed = dict.fromkeys([*(name for one in formula.response for name in one.reads), *formula.predictors])
    if lacking := [name for name in needed if name not in frames[1].columns]:
        raise DataError(f"added= has no column {listing(map(repr, lacking))}, which the formula reads.")
    return pd.concat(frames, ignore_index=True)


# ------------------------------------------------------------------------------------------------ what it says


def _notes(sets: list[_Both], frame: pd.DataFrame) -> list[str]:
    """Say where both cross, how that moves, and what is impossible."""
    number = sets[0].along.number
    notes = []
    for one, at in zip(sets, range(0, len(frame), 2), strict=True):
        line, curve = frame.iloc[at], frame.iloc[at + 1]
        where = [_where(row, one.along) for row in (line, curve)]
        if one.steps and not curve["crossings"]:
            where[1] = f"is a step, for the data are separated: where along {number} it stands is not determined"
        notes.append(f"{one.words.capitalize()}: the straight line {where[0]}; the {one.curve_name} {where[1]}.")
        outside = int(line["below_zero"] + line["above_one"])
        if outside:
            notes.append(
                f"{outside:,} of {line['n']:,} fitted values of the line ({one.words}) are no probabilities: they lie "
                f"outside 0 to 1, from {text(line['fitted_low'], 'estimate')} to "
                f"{text(line['fitted_high'], 'estimate')}."
            )
    if len(sets) == 2:
        notes.append(_moved(frame, number))
    if sets[0].along.held:
        held = ", ".join(f"{name} = {_words(value)}" for name, value in sets[0].along.held.items())
        notes.append(f"Curves and crossings along {number} hold {held}; the counts are of the rows as they are.")
    if (frame["crossing_low"] < frame["crossing_high"]).any():
        notes.append(
            f"Where the data are separated the S-curve is a step that may stand anywhere in a gap of {number}; the "
            "middle of the gap is shown."
        )
    return notes


def _words(value: Any) -> str:
    return text(value, "estimate") if isinstance(value, float) else str(value)


def _beyond(crossing: float, along: Along) -> str:
    return "" if along.low <= crossing <= along.high else ", beyond the values of the rows"


def _where(row: pd.Series[Any], along: Along) -> str:
    """Say where a model crosses 1/2."""
    number = along.number
    if np.isfinite(row["crossing"]):
        return f"crosses 1/2 at {number} = {text(row['crossing'], 'estimate')}{_beyond(row['crossing'], along)}"
    if row["crossings"] > 1:
        return f"crosses 1/2 {row['crossings']} times"
    return "crosses 1/2 nowhere among these values"


def _moved(frame: pd.DataFrame, number: str) -> str:
    """Say how far each crossing moved, and which rows given are therefore on the wrong side."""
    line, curve = (frame["crossing"].iloc[at + 2] - frame["crossing"].iloc[at] for at in (0, 1))
    wrong = [int(frame["misclassified_given"].iloc[at + 2] - frame["misclassified_given"].iloc[at]) for at in (0, 1)]
    words = [
        f"{who} by {text(by, 'estimate')} ({more:+,} of the rows given misclassified)"
        for who, by, more in (("the straight line's", line, wrong[0]), ("the S-curve's", curve, wrong[1]))
        if np.isfinite(by)
    ]
    return f"The added rows move the crossing along {number}: {', '.join(words)}." if words else ""


def _coefficients(one: _Both, level: float) -> Table:
    """Give the line's coefficients with robust standard errors."""
    beta, error = one.line.beta, np.sqrt(np.diag(one.line.covariance))
    half = normal_quantile(level) * error
    with np.errstate(invalid="ignore", divide="ignore"):
        z = beta / error
    frame = pd.DataFrame(
        {
            "term": list(one.fit.names),
            "estimate": beta,
            "std_error": error,
            "z": z,
            "p_value": 2.0 * ndtr(-np.abs(z)),
            "low": beta - half,
            "high": beta + half,
        }
    )
    return Table(
        key="linear_probability_coefficients",
        title=f"The straight line ({one.words})",
        frame=frame,
        roles={
            "term": "text",
            **dict.fromkeys(("estimate", "std_error"), "estimate"),
            "z": "statistic",
            "p_value": "p_value",
            **dict.fromkeys(("low", "high"), "estimate"),
        },
        notes=(
            "Changes of the probability per unit, least squares; standard errors are robust (HC1), for the variance of "
            "an outcome of 0 and 1 changes with its mean. fit.marginal_effects() gives what the S-curve says instead.",
        ),
    )


# ------------------------------------------------------------------------------------------------ how it looks


def _chart(sets: list[_Both]) -> Chart:
    """Draw outcomes, lines and S-curves along the number."""
    last = sets[-1]
    number, design = last.along.number, last.fit.held
    x = design.columns[number].to_numpy(dtype=np.float64)
    series = [
        Series("", "reference", np.array([np.nan]), np.array([_HALF])),
        Series("outcomes", "points", x, design.y, size=design.weight),
    ]
    for one in sets:
        grid = one.along.grid()
        columns = one.along.columns(grid)
        eta = columns @ one.fit.working
        if one.fit.separation is not None:
            side = one.fit.separation.side(columns)
            eta = np.where(side == 0, eta, np.copysign(np.inf, side))
        which = "" if len(sets) == 1 else f", {one.words}"
        series.append(Series(f"straight line{which}", "line", grid, columns @ one.line.working))
        series.append(Series(f"S-curve{which}", "line", grid, one.fit.link.mean(eta)))
    event = last.fit.event
    return Chart(
        key="straight_line",
        title=f"Straight line and S-curve of P({event}) along {number}",
        series=tuple(series),
        x=Axis(number),
        y=Axis(f"P({event})"),
        alt=f"Outcomes along {number} with the straight line, which leaves 0 to 1, and the S-curve, which does not.",
    )
