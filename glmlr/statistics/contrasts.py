"""How do the levels of a factor differ? Pairwise and other comparisons, with all else held equal."""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Literal

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.special import log_ndtr

from glmlr.digits import text
from glmlr.errors import ArgumentError, NotApplicable, OptionError, explained_arguments, one_of
from glmlr.exhibits import Axis, Chart, Series, Table
from glmlr.fit import Fit
from glmlr.hypotheses.adjusting import ADJUSTMENTS, adjusted, critical_value
from glmlr.hypotheses.level_means import Factor, Grid, factor_of, grids, held_at
from glmlr.hypotheses.linear import not_estimable
from glmlr.penalised.withheld import refuse_shrunken
from glmlr.prediction import bounds
from glmlr.proportions import checked_level

Floats = npt.NDArray[np.float64]

METHODS: Final = ("pairwise", "reference", "effect", "successive")
SCALES: Final = ("log-odds", "odds_ratio")
#: A weight below this share of the largest is rounding.
_NOTHING: Final = 1e-12
_SAID: Final = {
    "holm": "p-values are adjusted by Holm's method; intervals are Bonferroni's, for Holm's method has none.",
    "bonferroni": "p-values and intervals are adjusted by Bonferroni's method.",
    "sidak": "p-values and intervals are adjusted by Sidak's method.",
    "tukey": "p-values and intervals are adjusted by Tukey's method (the studentised range, infinite df).",
    "none": "p-values and intervals are not adjusted for the number of comparisons.",
}


@dataclass(frozen=True, eq=False)
class _Comparisons:
    """What is compared: the weight of each level, shape (m, levels), and its name."""

    weights: Floats
    names: tuple[str, ...]


@explained_arguments
def contrasts(
    fit: Fit,
    factor: str,
    *,
    method: Literal["pairwise", "reference", "effect", "successive"] = "pairwise",
    adjust: Literal["holm", "bonferroni", "sidak", "tukey", "none"] = "holm",
    level: float = 0.95,
    scale: Literal["log-odds", "odds_ratio"] | None = None,
    at: Mapping[str, Any] | None = None,
) -> Table:
    """Compare the levels of a factor on the scale of the link, all else held equal.

    Only columns that interact with the factor matter: numbers among them are held at their means, factors are averaged
    over their levels with equal weights, unless `at` states values; everything else cancels.

    Args:
        fit: the fitted model, its rows in memory.
        factor: name of a column that enters by its levels ("race"), or as the formula writes it ("C(race)").
        method: "pairwise" compares each two levels, the earlier less the later; "reference" each level with the
            reference level; "effect" each level with the mean of all; "successive" each level with the one before.
        adjust: "holm", "bonferroni", "sidak", "tukey" (pairwise only) or "none".
        level: level of the intervals, simultaneous as `adjust` says.
        scale: "log-odds" (or the link's own scale), or "odds_ratio" for the logit. None: log-odds.
        at: column -> a value or several values, at each of which the levels are compared as a family of its own.

    Returns:
        A table with one row a comparison: the stated values, contrast, estimate (or odds_ratio), std_error (of the
        estimate on the scale of the link), low, high, z, p_value (adjusted), log10_p; with the chart "contrasts".

    Raises:
        OptionError: an unknown factor, option, or column in at.
        NotApplicable: no factor, odds ratios of another link than the logit, or rows that are not held in memory.

    References: Searle, Speed & Milliken (1980), The American Statistician 34, 216-221; R: emmeans::contrast.

    """
    if not isinstance(fit, Fit):
        raise ArgumentError(f"contrasts() takes a fitted model, not {type(fit).__name__}.")
    refuse_shrunken(fit.penalty, "A contrast with its test and interval")
    confidence, ratio = checked_level(level), _is_ratio(fit, scale)
    one_of("method", method, METHODS)
    one_of("adjust", adjust, ADJUSTMENTS)
    if adjust == "tukey" and method != "pairwise":
        raise OptionError("adjust='tukey' is for method='pairwise'; give 'sidak' or 'holm'.")
    design = fit.held
    chosen, stated = factor_of(design, factor), _stated(at)
    compared = _comparisons(chosen, method, "/" if ratio else "-")
    found = [
        _compare(fit, grid, compared, adjust, confidence, len(chosen.levels)) for grid in grids(design, chosen, stated)
    ]
    frame = pd.concat(found, ignore_index=True)
    if ratio:
        frame[["estimate", "low", "high"]] = np.exp(frame[["estimate", "low", "high"]])
        frame = frame.rename(columns={"estimate": "odds_ratio"})
    return _table(fit, chosen, frame, stated, ratio, adjust, confidence)


def _is_ratio(fit: Fit, scale: str | None) -> bool:
    """Say whether odds ratios are wanted, and refuse scales that the link does not have."""
    if scale is None:
        return False
    one_of("scale", scale, SCALES)
    if fit.link.name != "logit":
        raise NotApplicable(
            f"scale={scale!r} is for the logit; a {fit.link.name} model compares levels on its own scale: leave scale= "
            "out."
        )
    return scale == "odds_ratio"


def _stated(at: Mapping[str, Any] | None) -> dict[str, Sequence[Any]]:
    if at is None:
        return {}
    if not isinstance(at, Mapping):
        raise OptionError(f"at={at!r} is not a mapping of columns to values, such as at={{'age': 30}}.")
    several: dict[str, Sequence[Any]] = {
        name: list(value) if isinstance(value, (list, tuple, np.ndarray, pd.Series)) else [value]
        for name, value in at.items()
    }
    for name, values in several.items():
        if not values or pd.isna(pd.Series(values, dtype=object)).any():
            raise OptionError(f"at= gives no value, or a missing one, for {name!r}.")
    return several


def _comparisons(factor: Factor, method: str, sign: str) -> _Comparisons:
    """Give the weights of the levels in each comparison, and its name with a sign between the levels."""
    k, shown = len(factor.levels), factor.shown
    identity = np.eye(k)
    if method == "effect":
        return _Comparisons(identity - 1.0 / k, tuple(f"{name} {sign} mean" for name in shown))
    if method == "pairwise":
        pairs = list(itertools.combinations(range(k), 2))
    elif method == "reference":
        pairs = [(at, factor.reference) for at in range(k) if at != factor.reference]
    else:
        pairs = [(at + 1, at) for at in range(k - 1)]
    weights = np.array([identity[one] - identity[other] for one, other in pairs]).reshape(-1, k)
    return _Comparisons(weights, tuple(f"{shown[one]} {sign} {shown[other]}" for one, other in pairs))


def _compare(fit: Fit, grid: Grid, compared: _Comparisons, adjust: str, level: float, levels: int) -> pd.DataFrame:
    """Compare the levels at one set of stated values."""
    weights = compared.weights @ grid.rows
    weights[np.abs(weights) < _NOTHING * np.abs(grid.rows).max()] = 0.0
    finite = np.flatnonzero(np.isfinite(fit.solution.beta))
    own = weights[:, finite]
    estimates = own @ fit.solution.beta[finite]
    errors = np.sqrt(np.einsum("mk,kj,mj->m", own, fit.covariance[np.ix_(finite, finite)], own))
    notes = [""] * len(estimates)
    for row, one in enumerate(weights):
        if not_estimable(one, fit.solution.aliased) is not None:
            estimates[row], errors[row], notes[row] = np.nan, np.nan, "not estimable (aliased)"
        elif (infinite := _infinite(fit, one)) is not None:
            estimates[row], errors[row] = infinite, np.nan
            notes[row] = "separation" if np.isinf(infinite) else "separation: infinite estimates cancel"
    with np.errstate(invalid="ignore"):
        z = estimates / errors
    log_p = adjusted(np.log(2.0) + log_ndtr(-np.abs(z)), z, adjust, levels)
    reach = critical_value(level, adjust, int((~np.isnan(log_p)).sum()), levels)
    low, high = bounds(estimates, reach * errors)
    return pd.DataFrame(
        {
            **{name: [value] * len(estimates) for name, value in grid.stated.items()},
            "contrast": list(compared.names),
            "estimate": estimates,
            "std_error": errors,
            "low": low,
            "high": high,
            "z": z,
            "p_value": np.exp(log_p),
            "log10_p": log_p / np.log(10.0),
            "note": notes,
        }
    )


def _infinite(fit: Fit, weights: Floats) -> float | None:
    """Give the limit of a combination with infinite estimates, NaN where they pull both ways; None without any."""
    separation = fit.separation
    if separation is None:
        return None
    if (separation.undetermined & (weights != 0)).any():
        return np.nan
    pulls = np.sign(weights * separation.direction)
    pulls = pulls[pulls != 0]
    if not pulls.size:
        return None
    return float(pulls[0] * np.inf) if (pulls == pulls[0]).all() else np.nan


def _table(
    fit: Fit, factor: Factor, frame: pd.DataFrame, stated: Mapping[str, Any], ratio: bool, adjust: str, level: float
) -> Table:
    value = "odds_ratio" if ratio else "estimate"
    number = "ratio" if ratio else "estimate"
    roles = {name: "measure" if pd.api.types.is_numeric_dtype(frame[name]) else "text" for name in stated}
    roles |= {"contrast": "text", value: number, "std_error": "std_error", "low": number, "high": number}
    roles |= {"z": "statistic", "p_value": "p_value"} | ({"note": "text"} if any(frame["note"]) else {})
    scale = "Odds ratio" if ratio else {"logit": "Log-odds"}.get(fit.link.name, f"{fit.link.name.capitalize()} scale")
    labels = {
        **{name: name for name in stated},
        "contrast": "Levels of " + factor.name,
        value: "Odds ratio" if ratio else f"Difference ({scale.lower()})",
        "low": f"{text(level, 'percent').replace('.0%', '%')} low",
    }
    return Table(
        key="contrasts",
        title=f"Levels of {factor.name} compared",
        frame=frame,
        roles=roles,
        labels=labels,
        notes=tuple(_notes(fit, factor, stated, ratio, adjust)),
        charts=(_chart(factor, frame, stated, value, scale, level),),
    )


def _notes(fit: Fit, factor: Factor, stated: Mapping[str, Any], ratio: bool, adjust: str) -> list[str]:
    notes = [_SAID[adjust]]
    if stated and adjust != "none":
        notes.append("The comparisons at each set of stated values are a family of their own.")
    if ratio:
        notes.append(
            "'a / b' is the odds of a divided by those of b (a mean is one of log-odds); the standard error is that of "
            "the difference of log-odds."
        )
    held = held_at(fit.held, factor, stated)
    if held.means or held.averaged:
        parts = [f"{name} at its mean {mean:.6g}" for name, mean in held.means.items() if isinstance(mean, float)]
        parts += [f"{name} at {mean}" for name, mean in held.means.items() if not isinstance(mean, float)]
        parts += [f"{name} averaged over its levels with equal weights" for name in held.averaged]
        notes.append(
            f"{factor.name} interacts with others, which are held: {'; '.join(parts)}. at= states other values."
        )
    if fit.covariance_kind != "model":
        notes.append("Standard errors are those of the robust or clustered covariance of the fit.")
    if fit.separation is not None:
        notes.append(
            "Where separation makes an estimate infinite there is no Wald test; wald_test has a likelihood ratio. "
            "Where infinite estimates cancel, the model with another reference level has the comparison."
        )
    return notes


def _chart(
    factor: Factor, frame: pd.DataFrame, stated: Mapping[str, Any], value: str, scale: str, level: float
) -> Chart:
    """Draw the comparisons as a forest plot."""
    names = [
        ", ".join([str(row["contrast"]), *(f"{name} = {row[name]}" for name in stated)]) for _, row in frame.iterrows()
    ]
    ratio = value == "odds_ratio"
    y = np.arange(len(frame), dtype=np.float64)
    low, high = frame["low"].to_numpy(), frame["high"].to_numpy()
    none = Series("", "reference", np.array([1.0 if ratio else 0.0]), np.array([np.nan]))
    points = Series("", "intervals", frame[value].to_numpy(), y, low, high)
    beyond = int(((low > none.x[0]) | (high < none.x[0])).sum())
    return Chart(
        key="contrasts",
        title=f"Levels of {factor.name} compared, with {text(level, 'percent').replace('.0%', '%')} intervals",
        series=(none, points),
        x=Axis(scale if ratio else f"Difference ({scale.lower()})", "log" if ratio else "linear"),
        y=Axis("", categories=tuple(names)),
        alt=f"Comparisons of the levels of {factor.name} with their intervals; {beyond} of {len(frame)} exclude no "
        "difference.",
    )


setattr(Fit, "contrasts", contrasts)  # noqa: B010 - bound here, so that fit.py imports nothing from above
