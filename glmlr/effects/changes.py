"""What does a predictor do to the probability? Slopes and elasticities of numbers, changes, differences of levels."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from glmlr.effects.averages import Scenario
from glmlr.effects.by_value import PAIRS, against, by_value, pairs_of
from glmlr.effects.derivatives import DERIVATIVES, Derivative
from glmlr.effects.estimates import Estimate, difference, slope
from glmlr.effects.study import Study, told
from glmlr.effects.variables import Variable, quartiles, shown
from glmlr.errors import OptionError, listing, one_of

CHANGES: Final = ("slope", "unit", "sd", "iqr", "minmax")

_IN_STEPS: Final = (
    "{name} enters in steps (bins or levels of a number), so that its slope is 0 or does not exist; change= asks for "
    "the effect of a change."
)
_JUMPS: Final = (
    "The slope of {name} does not exist in some rows, where a term jumps or is infinitely steep at their value; "
    "change= asks for the effect of a change."
)
_NO_PERCENTAGE: Final = (
    'Of levels there is no percentage, so that {names} cannot have this effect; slope="eydx" compares the logarithms '
    "of the probability{other}."
)


@dataclass(frozen=True)
class Wanted:
    """Which effects are wanted.

    Attributes:
        derivative: of numbers, where they are not changed.
        change: None, or "unit", "sd", "iqr", "minmax" or a number: how far numbers are changed.
        pairs: of levels: "reference" or "all".

    """

    derivative: Derivative
    change: str | float | None
    pairs: str

    @classmethod
    def of(cls, slope: Any, change: Any, pairs: Any) -> Wanted:
        """Check what is asked for.

        Raises:
            OptionError: an option that does not exist, or two that exclude each other.

        """
        one_of("pairs", pairs, PAIRS)
        derivative = DERIVATIVES[one_of("slope", slope, DERIVATIVES)]
        amount = _checked_change(change)
        if amount is not None and slope != "dydx":
            raise OptionError(
                f"slope={slope!r} asks for a derivative and change={change!r} for a difference; give one of them."
            )
        return cls(derivative, amount, pairs)

    @property
    def differentiates(self) -> bool:
        """Whether numbers are differentiated."""
        return self.change is None


def _checked_change(change: Any) -> str | float | None:
    if isinstance(change, str):
        return None if one_of("change", change, CHANGES) == "slope" else change
    number = isinstance(change, (int, float, np.number)) and not isinstance(change, bool)
    if not number or not np.isfinite(change) or change == 0:
        raise OptionError(
            f"change={change!r} must be 'slope', 'unit', 'sd', 'iqr', 'minmax', or a number other than 0."
        )
    return float(change)


@dataclass(frozen=True)
class Effects:
    """Rows of a table of effects, and sentences that say which predictors have none."""

    rows: list[dict[str, Any]]
    left_out: list[str]


def effects_of(study: Study, chosen: Sequence[Variable], wanted: Wanted) -> Effects:
    """Give the effects of predictors, those of all slopes in one pass over the rows."""
    numbers = [one for one in chosen if one.kind == "number"] if wanted.differentiates else []
    slopes = _slopes(study, numbers, wanted.derivative)
    rows: list[dict[str, Any]] = []
    left_out: list[str] = []
    without_percentage = [one for one in chosen if one.kind == "levels" and wanted.derivative.times_number]
    if without_percentage:
        indicators = any(one.indicator for one in without_percentage)
        other = ', and indicators="slope" takes what is 0 or 1 as a number' if indicators else ""
        names = listing([one.name for one in without_percentage], 12)
        left_out.append(_NO_PERCENTAGE.format(names=names, other=other))
    for one in (each for each in chosen if each not in without_percentage):
        if reason := _no_effect(study, one, wanted):
            left_out.append(reason)
            continue
        found = slopes[one.name] if one.name in slopes else list(_differences(study, one, wanted))
        if not found:
            left_out.append(_IN_STEPS.format(name=one.name))
        elif any(each["jumps"] for each in found):
            left_out.append(_JUMPS.format(name=one.name))
        else:
            rows.extend(found)
    return Effects([{name: each[name] for name in each if name != "jumps"} for each in rows], left_out)


def _no_effect(study: Study, variable: Variable, wanted: Wanted) -> str:
    """Say why a predictor has no effect of this kind; "" where it has one."""
    if variable.kind == "other":
        return f"{variable.name} holds dates, of which no effect is defined here."
    if variable.kind == "steps" and wanted.differentiates:
        return _IN_STEPS.format(name=variable.name)
    if variable.kind == "levels":
        return f"{variable.name} has one level only." if len(variable.levels) < 2 else ""
    if wanted.change == "sd" and not variable.spread > 0:
        return f"{variable.name} has no spread."
    if wanted.change in ("iqr", "minmax"):
        low, high = _ends(study, variable, str(wanted.change))
        if low == high:
            what = "quartiles" if wanted.change == "iqr" else "ends"
            return f"The two {what} of {variable.name} are one value, {shown(low)}: there is no change to look at."
    return ""


def _slopes(study: Study, variables: Sequence[Variable], derivative: Derivative) -> dict[str, list[dict[str, Any]]]:
    """Give the rows of each number, all of one pass; none of one that moves no column at all by small steps."""
    asked = [(setting, one) for setting in study.settings for one in variables]
    logged, times = derivative.logged, derivative.times_number
    found = study.averaged(
        [Scenario(setting, {}, one.name, one.spread, one.positive, logged, times) for setting, one in asked]
    )
    rows: dict[str, list[dict[str, Any]]] = {one.name: [] for one in variables}
    for (setting, one), mean in zip(asked, found, strict=True):
        if not mean.flat:
            effect = slope(mean, study.model, study.manner)
            row = _row(one.name, derivative.contrast, setting, effect, one.spread)
            # What a broken dependency leaves unknown is no jump: the row stays, and a note says why it is empty.
            rows[one.name].append({**row, "jumps": not np.isfinite(mean.value)})
    return rows


def _differences(study: Study, variable: Variable, wanted: Wanted) -> Iterator[dict[str, Any]]:
    """Give the rows of one predictor that has levels, or is changed."""
    if variable.kind == "levels":
        for setting, means in by_value(study, variable, variable.levels, logged=wanted.derivative.logged):
            for after, before in pairs_of(len(variable.levels), variable.reference, wanted.pairs):
                effect = difference(means[after], means[before], study.model, study.manner)
                yield _row(variable.name, against(variable.levels, after, before), setting, effect, 1.0)
    elif wanted.change in ("iqr", "minmax"):
        yield from _between(study, variable, str(wanted.change))
    else:
        yield from _added(study, variable, wanted.change)


def _between(study: Study, variable: Variable, change: str) -> Iterator[dict[str, Any]]:
    """Give the differences with a number at its upper and at its lower quartile, or at its ends, in every row."""
    low, high = _ends(study, variable, change)
    label = f"{'Q1 to Q3' if change == 'iqr' else 'min to max'} ({shown(low)} to {shown(high)})"
    for setting, (before, after) in by_value(study, variable, [low, high]):
        yield _row(variable.name, label, setting, difference(after, before, study.model, study.manner), 1.0)


def _ends(study: Study, variable: Variable, change: str) -> tuple[float, float]:
    return quartiles(study.everyone, variable.name) if change == "iqr" else (variable.low, variable.high)


def _added(study: Study, variable: Variable, change: str | float | None) -> Iterator[dict[str, Any]]:
    """Give the differences that something added to the number of each row makes."""
    name = variable.name
    amount = float({"unit": 1.0, "sd": variable.spread}.get(str(change), change))  # type: ignore[arg-type]
    asked = [Scenario(one, plus) for one in study.settings for plus in ({}, {name: amount})]
    found = study.averaged(asked)
    label = f"+1 SD ({amount:.4g})" if change == "sd" else f"{amount:+.6g}"
    for number, setting in enumerate(study.settings):
        before, after = found[2 * number : 2 * number + 2]
        yield _row(name, label, setting, difference(after, before, study.model, study.manner), 1.0)


def _row(name: str, contrast: str, setting: Mapping[str, Any], found: Estimate, spread: float) -> dict[str, Any]:
    return {
        "predictor": name,
        "contrast": contrast,
        "at": told(setting),
        "estimate": found.value,
        "std_error": found.std_error,
        "z": found.z,
        "p_value": found.p_value,
        "log10_p": found.log10_p,
        "low": found.low,
        "high": found.high,
        "spread": spread,
        "jumps": False,
    }


def of_contrasts(chosen: Sequence[Variable], wanted: Wanted) -> list[str]:
    """Say what the effects of numbers and of levels are."""
    derivative, said = wanted.derivative, []
    if any(one.kind == "number" for one in chosen):
        said.append(
            f"of a number {derivative.said if wanted.differentiates else 'the difference that the change makes'}"
        )
    if any(one.kind == "levels" for one in chosen) and not derivative.times_number:
        means = "mean logarithms of the probability" if derivative.logged else "mean probabilities"
        said.append(f"of levels the difference of two {means}")
    words = " and ".join(said) or "differences"
    if derivative is DERIVATIVES["dydx"]:
        return [f"Effects are changes of the probability of the event: {words}."]
    notes = [f"Effects on the probability P of the event, averaged over what they are for each row: {words}."]
    if derivative.times_number:
        notes.append("This depends on where the number has its 0, for each row counts by the number itself.")
    return notes
