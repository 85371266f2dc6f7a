"""What is the odds ratio of one predictor within each level of another? The ratios, and tests whether they are one."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from typing import Final

import numpy as np
import numpy.typing as npt
import pandas as pd

from glmlr.crossing.cell_tests import Additive, Stratified, odds_ratios_of, stratified
from glmlr.exhibits import Table
from glmlr.proportions import normal_quantile
from glmlr.tails import chi_square_tail, normal_tail

Floats = npt.NDArray[np.float64]


def ratios_table(
    names: tuple[str, str],
    first: tuple[str, ...],
    second: tuple[str, ...],
    events: Floats,
    nonevents: Floats,
    fitted: Additive,
    level: float,
) -> Table:
    """Tabulate the odds ratio of each level of the second predictor against its first one, level by level of the other.

    Args:
        names: of the two predictors.
        first: labels of the levels of one, r of them.
        second: labels of the levels of the other, c of them.
        events: by cell, shape (r, c).
        nonevents: by cell, shape (r, c).
        fitted: the additive logit.
        level: confidence level.

    """
    rows, corrected = [], False
    for column in range(1, len(second)):
        versus = f"{second[column]} against {second[0]}"
        found = odds_ratios_of(events[:, column], nonevents[:, column], events[:, 0], nonevents[:, 0])
        corrected = corrected or bool(found.corrected.any())
        for at, label in enumerate(first):
            note = "+1/2" if found.corrected[at] else ""
            rows.append(_ratio(label, versus, float(found.log_ratio[at]), float(found.error[at]), level, note))
        rows.append(
            _ratio("additive logit", versus, float(fitted.effect[column]), float(fitted.error[column]), level, "")
        )
        if len(second) == 2:
            joint = stratified(events[:, 1], nonevents[:, 1], events[:, 0], nonevents[:, 0])
            rows.append(_ratio("Mantel-Haenszel", versus, joint.log_ratio, joint.error, level, ""))
    frame = pd.DataFrame(rows, columns=list(_RATIO_COLUMNS))
    noted = bool((frame["note"] != "").any())
    roles = {name: role for name, role in _RATIO_ROLES.items() if name != "note" or noted}
    percent = f"{100 * level:g}%"
    return Table(
        key="two_way_ratios",
        title=f"Odds ratios of {names[1]} within each {names[0]}",
        frame=frame,
        roles=roles,
        labels={"within": names[0], "versus": names[1], "low": f"{percent} low", "high": f"{percent} high"},
        notes=tuple(_ratio_notes(frame, corrected, names)),
        emphasis=tuple(
            int(at) for at in np.flatnonzero(frame["within"].isin(["additive logit", "Mantel-Haenszel"]).to_numpy())
        ),
    )


_RATIO_COLUMNS: Final = (
    *("within", "versus", "odds_ratio", "low", "high", "log_odds_ratio", "std_error", "z", "p_value", "log10_p"),
    "note",
)
_RATIO_ROLES: Final[Mapping[str, str]] = {
    "within": "text",
    "versus": "text",
    "odds_ratio": "ratio",
    "low": "ratio",
    "high": "ratio",
    "z": "statistic",
    "p_value": "p_value",
    "note": "text",
}


def _ratio(within: str, versus: str, log_ratio: float, error: float, level: float, note: str) -> dict[str, str | float]:
    """Give one row."""
    half = normal_quantile(level) * error
    z = log_ratio / error if error > 0 else math.nan
    tail = normal_tail(z)
    with np.errstate(over="ignore"):
        ratio, low, high = (float(np.exp(np.float64(at))) for at in (log_ratio, log_ratio - half, log_ratio + half))
    return {
        "within": within,
        "versus": versus,
        "odds_ratio": ratio,
        "low": low,
        "high": high,
        "log_odds_ratio": log_ratio,
        "std_error": error,
        "z": z,
        "p_value": tail.p_value,
        "log10_p": tail.log10_p,
        "note": note,
    }


def _ratio_notes(frame: pd.DataFrame, corrected: bool, names: tuple[str, str]) -> Iterator[str]:
    if corrected:
        yield (
            "+1/2: a count of 0 in the four, so that 1/2 is added to all of them (Haldane 1956); Wald intervals on the "
            "log scale (Woolf 1955)."
        )
    else:
        yield "Wald intervals on the log scale (Woolf 1955)."
    yield f"Additive logit: one ratio for every {names[0]}, with {names[0]} as a factor beside it."
    if (frame["within"] == "Mantel-Haenszel").any():
        yield "Mantel-Haenszel: the common ratio of the strata, its variance by Robins, Breslow & Greenland (1986)."
    if np.isinf(frame["log_odds_ratio"].to_numpy(dtype=np.float64)).any():
        yield "An infinite or zero ratio: one group has events only, or none, in every level where both have rows."


def tests_table(names: tuple[str, str], events: Floats, nonevents: Floats, fitted: Additive, two_groups: bool) -> Table:
    """Tabulate the tests of interaction, and where the second predictor has two levels those of one odds ratio.

    Args:
        names: of the two predictors.
        events: by cell, shape (r, c).
        nonevents: by cell, shape (r, c).
        fitted: the additive logit.
        two_groups: whether the second predictor has two levels, so that the first one's levels are strata.

    """
    joint: Stratified | None = None
    tests = [("Interaction, likelihood ratio", fitted.chi2, fitted.df)]
    if two_groups:
        joint = stratified(events[:, 1], nonevents[:, 1], events[:, 0], nonevents[:, 0])
        tests += [
            ("One odds ratio, Breslow-Day", joint.breslow_day, joint.df),
            ("One odds ratio, Breslow-Day with Tarone's correction", joint.tarone, joint.df),
            ("No association, Mantel-Haenszel", joint.association, 1),
        ]
    tails = [chi_square_tail(chi2, df) for _, chi2, df in tests]
    frame = pd.DataFrame(
        {
            "test": pd.Series([name for name, _, _ in tests], dtype=object),
            "statistic": [chi2 if df else math.nan for _, chi2, df in tests],
            "df": [df for _, _, df in tests],
            "p_value": [tail.p_value for tail in tails],
            "log10_p": [tail.log10_p for tail in tails],
        }
    )
    notes = ["Interaction: the cells against the additive logit, on cells with rows less its coefficients."]
    if two_groups:
        notes.append(
            f"The levels of {names[0]} are the strata; Mantel-Haenszel's chi-square is without a continuity correction."
        )
    if fitted.df == 0:
        notes.append("The additive logit has as many coefficients as there are cells; no interaction can show.")
    return Table(
        key="two_way_tests",
        title=f"Does the effect of {names[1]} depend on {names[0]}?",
        frame=frame,
        roles={"test": "text", "statistic": "statistic", "df": "integer", "p_value": "p_value"},
        labels={"test": "Test", "statistic": "Chi-square"},
        notes=tuple(notes),
    )
