"""How many rows does a study of an area under the ROC curve need, and what can it find with those it has?"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any, Final

import numpy as np
import pandas as pd

from glmlr.errors import OptionError, explained_arguments, one_of
from glmlr.exhibits import Table
from glmlr.ranking.area_planning import Plan, plan_of_one, plan_of_two

_LABELS: Final = {
    "auc": "Area under the ROC curve",
    "null": "Area under the null hypothesis",
    "second": "Area of the other score",
    "correlation_events": "Correlation of the scores among events",
    "correlation_nonevents": "Correlation of the scores among non-events",
    "alpha": "Significance level",
    "events": "Events",
    "nonevents": "Non-events",
    "n": "Rows",
    "power": "Power",
    "exact_events": "Events before rounding up",
    "exact_nonevents": "Non-events before rounding up",
}
_ROW_ROLES: Final = {
    "alpha": "measure",
    "events": "count",
    "nonevents": "count",
    "n": "count",
    "power": "probability",
}


@explained_arguments
def auc_power(
    auc: float,
    events: float,
    nonevents: float,
    *,
    null: float = 0.5,
    second: float | None = None,
    correlation: float | Sequence[float] = 0.0,
    alpha: float = 0.05,
    alternative: str = "two-sided",
    variance: str = "obuchowski",
) -> Table:
    """Give the power of a test of one area against a stated value, or of the difference of two areas.

    Args:
        auc: the area that is expected.
        events: number of events; of each sample where two scores are of different rows.
        nonevents: number of non-events.
        null: the area under the null hypothesis.
        second: the other area, for a test of their difference; None for one area.
        correlation: of the two scores, among events and among non-events where two are given; 0 for scores of
            different rows.
        alpha: significance level.
        alternative: "two-sided" or "one-sided".
        variance: "obuchowski" is that of the paper, and gives the numbers of R pROC's power.roc.test; it is cautious
            where areas are large. "binormal" is the variance that the binormal model really has.

    Returns:
        One row for each thing that was stated, then `power`.

    Raises:
        OptionError: areas outside (0, 1), sizes that are not positive, two areas that are equal, and the like.

    Reference: Obuchowski & McClish (1997), Statistics in Medicine 16, 1529-1542.

    """
    for name, size in (("events", events), ("nonevents", nonevents)):
        if not _is_number(size) or not 0 < size < math.inf:
            raise OptionError(f"{name}={size!r} is not a number of rows; give a number above 0.")
    plan, stated = _planned(auc, nonevents / events, null, second, correlation, variance)
    tail = _tail(alpha, alternative)
    found = {"alpha": alpha, "events": events, "nonevents": nonevents, "power": plan.power(events, tail)}
    title = "Power to tell two areas apart" if second is not None else "Power of a test of an area under the ROC curve"
    return _table("auc_power", title, stated | found, alternative, variance)


@explained_arguments
def auc_sample_size(
    auc: float,
    *,
    power: float = 0.8,
    ratio: float = 1.0,
    null: float = 0.5,
    second: float | None = None,
    correlation: float | Sequence[float] = 0.0,
    alpha: float = 0.05,
    alternative: str = "two-sided",
    variance: str = "obuchowski",
) -> Table:
    """Give the numbers of events and of non-events that a test of an area, or of a difference of two, needs.

    Args:
        auc: the area that is expected.
        power: the chance to find it.
        ratio: non-events per event; (1 - prevalence) / prevalence where rows are taken as they come.
        null: the area under the null hypothesis.
        second: the other area, for a test of their difference; None for one area.
        correlation: of the two scores, among events and among non-events where two are given; 0 for scores of
            different rows, each of which then needs so many rows.
        alpha: significance level.
        alternative: "two-sided" or "one-sided".
        variance: "obuchowski" (R pROC: power.roc.test) or "binormal"; see `auc_power`.

    Returns:
        One row for each thing that was stated, then the sizes, rounded up, and as they were before.

    Raises:
        OptionError: areas outside (0, 1), a power outside (0, 1), two areas that are equal, and the like.

    Reference: Obuchowski & McClish (1997), Statistics in Medicine 16, 1529-1542.

    """
    if not _is_number(ratio) or not 0 < ratio < math.inf:
        raise OptionError(f"ratio={ratio!r} is not a number of non-events per event; give a number above 0.")
    plan, stated = _planned(auc, ratio, null, second, correlation, variance)
    needed = plan.events(_share("power", power), _tail(alpha, alternative))
    # 40.000000000000007 events are 40: the sizes solve an equation in floating point.
    events, nonevents = (math.ceil(size - 1e-9 * size) for size in (needed, ratio * needed))
    found = {
        "alpha": alpha,
        "power": power,
        "events": events,
        "nonevents": nonevents,
        "n": events + nonevents,
        "exact_events": needed,
        "exact_nonevents": ratio * needed,
    }
    two = second is not None
    title = "Rows needed to tell two areas apart" if two else "Rows needed for a test of an area under the ROC curve"
    return _table("auc_sample_size", title, stated | found, alternative, variance)


def _planned(
    auc: float, ratio: float, null: float, second: float | None, correlation: float | Sequence[float], variance: str
) -> tuple[Plan, dict[str, float]]:
    """Check what was stated, and make the plan of it."""
    published = one_of("variance", variance, ["obuchowski", "binormal"]) == "obuchowski"
    area, against = _share("auc", auc), _share("null", null)
    if second is None:
        if correlation != 0:
            raise OptionError("A correlation is that of two scores; give second=, the area of the other.")
        if area == against:
            raise OptionError(f"auc and null are both {area:g}: there is nothing to find.")
        return plan_of_one(area, against, ratio, published=published), {"auc": area, "null": against}
    if against != 0.5:
        raise OptionError("null= is for one area; two areas are compared with each other.")
    other = _share("second", second)
    if area == other:
        raise OptionError(f"auc and second are both {area:g}: there is no difference to find.")
    of_events, of_nonevents = _correlations(correlation)
    plan = plan_of_two(area, other, ratio, of_events=of_events, of_nonevents=of_nonevents, published=published)
    if not (plan.variance > 0 and plan.null_variance > 0):
        raise OptionError(
            f"With a correlation of {correlation} the difference has no variance that the formula can give; state a "
            "smaller one."
        )
    stated = {"auc": area, "second": other, "correlation_events": of_events, "correlation_nonevents": of_nonevents}
    return plan, stated


def _correlations(correlation: float | Sequence[float]) -> tuple[float, float]:
    given: Any = correlation
    pair = (given, given) if _is_number(given) else given
    both = isinstance(pair, (tuple, list)) and len(pair) == 2
    if not both or not all(_is_number(value) and -1 < value < 1 for value in pair):
        raise OptionError(
            f"correlation={correlation!r} is no correlation; give a number between -1 and 1, or two: among events and "
            "among non-events."
        )
    return float(pair[0]), float(pair[1])


def _is_number(value: Any) -> bool:
    return isinstance(value, (int, float, np.number)) and not isinstance(value, bool)


def _share(name: str, value: float) -> float:
    if _is_number(value) and 0 < value < 1:
        return float(value)
    raise OptionError(f"{name}={value!r} does not lie between 0 and 1; give a number such as 0.8.")


def _tail(alpha: float, alternative: str) -> float:
    sides = 2 if one_of("alternative", alternative, ["two-sided", "one-sided"]) == "two-sided" else 1
    return _share("alpha", alpha) / sides


def _table(key: str, title: str, values: Mapping[str, float], alternative: str, variance: str) -> Table:
    how = {
        "obuchowski": "Variances by Obuchowski's formula, as in R pROC: cautious where areas are large.",
        "binormal": "Variances of the binormal model with equal spread in events and non-events.",
    }
    notes = [f"{alternative.capitalize()} test. {how[variance]}"]
    if values.get("correlation_events") == values.get("correlation_nonevents") == 0:
        notes.append("Two samples of different rows: each has these numbers of events and non-events.")
    return Table(
        key=key,
        title=title,
        frame=pd.DataFrame({"measure": list(values), "value": np.array([float(v) for v in values.values()])}),
        roles={"measure": "text", "value": "measure"},
        labels=_LABELS,
        notes=tuple(notes),
        row_roles=tuple(_ROW_ROLES.get(name, "estimate") for name in values),
    )
