"""Does the model rank events above non-events? Concordance, Somers' D, gamma, tau-a, the ROC curve and its area."""

from __future__ import annotations

import math
import warnings
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.special import expit, logit

from glmlr.errors import OptionError, RankWarning, one_of
from glmlr.exhibits import Axis, Chart, Series, Table
from glmlr.outline import outline
from glmlr.proportions import checked_level, normal_quantile
from glmlr.ranking import Ranking
from glmlr.ranking.area_comparison import redrawn_area
from glmlr.ranking.concordance import Area, Association, area, in_bins
from glmlr.ranking.concordance import association as pair_indices
from glmlr.ranking.curve import Curve, evenly, roc_points, thinned
from glmlr.registry import statistic
from glmlr.scored import Scored

Floats = npt.NDArray[np.float64]

_PAIR_LABELS: Final = {
    "pairs": "Pairs (events × non-events)",
    "concordant": "Concordant pairs",
    "discordant": "Discordant pairs",
    "tied": "Tied pairs",
    "concordant_share": "Share concordant",
    "discordant_share": "Share discordant",
    "tied_share": "Share tied",
    "somers_d": "Somers' D",
    "gamma": "Goodman-Kruskal gamma",
    "tau_a": "Kendall's tau-a",
    "c": "c (area under the ROC curve)",
}
_INDICES: Final = ("somers_d", "gamma", "tau_a", "c")
#: float64 holds whole numbers exactly up to here; larger counts stay Python integers.
_EXACT_FLOATS: Final = 2**53
_PRINTED: Final = 20


@statistic(
    section="discrimination",
    title="Association of predicted probabilities and observed responses",
    reference="Goodman & Kruskal (1954, 1972), JASA 49, 732-764, and 67, 415-421; Somers (1962), Am. Sociol. Rev. 27, "
    "799-811; Kendall (1938), Biometrika 30, 81-93; DeLong, DeLong & Clarke-Pearson (1988), Biometrics 44, 837-845",
    definitions={
        "pairs": "Number of pairs of one event and one non-event. SAS PROC LOGISTIC: Pairs.",
        "concordant": "Pairs in which the event has the higher score, counted exactly. SAS: Percent Concordant; before "
        "SAS 9.4 TS1M3, and from 5,000,000 rows on, SAS first puts the probabilities into bins of 0.002 unless "
        "BINWIDTH=0, so that its figures differ slightly: binwidth=0.002 gives those.",
        "discordant": "Pairs in which the event has the lower score. SAS: Percent Discordant.",
        "tied": "Pairs with equal scores (to 12 significant digits), or in one bin where binwidth is given. SAS: "
        "Percent Tied.",
        "concordant_share": "Concordant pairs / pairs. SAS prints it in per cent.",
        "discordant_share": "Discordant pairs / pairs. SAS prints it in per cent.",
        "tied_share": "Tied pairs / pairs. SAS prints it in per cent.",
        "somers_d": "(concordant - discordant) / pairs = 2c - 1, the Gini coefficient of credit scoring. SAS: "
        "Somers' D; R rms::lrm (probabilities in bins of 0.0002) and Hmisc::somers2 (exact): Dxy. The R package blorr "
        "prints gamma under this name. Its standard error is twice that of c.",
        "gamma": "(concordant - discordant) / (concordant + discordant), tied pairs left out; undefined where all "
        "pairs tie. SAS: Gamma; R rms::lrm: gamma. Its standard error is the asymptotic one of Goodman & Kruskal, "
        "2 / (C + D)² √Σ (D cᵢ - C dᵢ)² over rows concordant with cᵢ and discordant with dᵢ others. SAS PROC FREQ, "
        "MEASURES: ASE of gamma in the table of outcome by score.",
        "tau_a": "(concordant - discordant) / (n (n - 1) / 2), over all pairs of rows. SAS: Tau-a; R rms::lrm: tau-a. "
        "Its standard error is that of the jackknife that leaves out one row at a time; unlike that of D and c it "
        "allows for the chance in how many rows are events.",
        "c": "(concordant + tied / 2) / pairs: the chance that an event scores above a non-event, and the area under "
        "the ROC curve. SAS: c; R rms::lrm: C; Stata lroc: area under ROC curve. Its standard error is DeLong's.",
        "std_error": "Standard error of an index; which one is said under the index.",
        "low": "Lower bound of the plain interval, index ± z × standard error, clipped to the index's range of "
        "[-1, 1] ([0, 1] for c).",
        "high": "Upper bound of the same interval.",
    },
    on="scores",
)
def association(scored: Scored, *, level: float = 0.95, binwidth: float | None = None) -> Table:
    """Count concordant, discordant and tied pairs, exactly, and give the indices made of them with intervals.

    Args:
        scored: outcomes and scores.
        level: confidence level of the intervals.
        binwidth: None (or 0) compares the scores as they are. A width puts probabilities p into bins floor(p / width)
            first, and pairs in one bin tie: 0.002 as in older releases of SAS PROC LOGISTIC, 0.0002 as in R's
            rms::lrm. An edge belongs to the bin above it, so that a probability of 1 has a bin of its own.

    Raises:
        DataError: no event, or no non-event; with `binwidth`, scores that are no probabilities.
        OptionError: `level` outside (0, 1), `binwidth` outside [0, 1).

    """
    scored.require_both()
    found = pair_indices(_binned(scored, binwidth), checked_level(level))
    counted = _pair_values(found)
    indices = [getattr(found, name) for name in _INDICES]
    large = any(isinstance(value, int) and value > _EXACT_FLOATS for value in counted.values())
    values = [*counted.values(), *(index.value for index in indices)]
    blank = [np.nan] * len(counted)
    frame = pd.DataFrame(
        {
            "measure": [*counted, *_INDICES],
            "value": pd.Series(values, dtype=object if large else np.float64),
            "std_error": [*blank, *(index.std_error for index in indices)],
            "low": [*blank, *(index.low for index in indices)],
            "high": [*blank, *(index.high for index in indices)],
        }
    )
    return Table(
        key="association",
        title="Association of predicted probabilities and observed responses",
        frame=frame,
        roles={"measure": "text", "value": "measure", "std_error": "std_error", "low": "estimate", "high": "estimate"},
        labels=_PAIR_LABELS,
        notes=(*scored.notes, *_association_notes(found, scored.ranking, binwidth, level)),
        row_roles=("count",) * 4 + ("probability",) * 3 + ("estimate",) * 4,
        blanks=("std_error", "low", "high"),
    )


def _binned(scored: Scored, binwidth: float | None) -> Ranking:
    if binwidth is None:
        return scored.ranking
    number = isinstance(binwidth, (int, float, np.number)) and not isinstance(binwidth, bool)
    if not number or not 0 <= binwidth < 1:
        raise OptionError(
            f"binwidth={binwidth!r} is no width of bins of probabilities; give a number from 0 (no bins) to below 1, "
            "such as 0.002."
        )
    if binwidth == 0:
        return scored.ranking
    scored.require_probabilities("association")
    return in_bins(scored.ranking, float(binwidth))


def _association_notes(found: Association, ranking: Ranking, binwidth: float | None, level: float) -> list[str]:
    notes = [f"Low and high: plain {100 * level:g}% intervals."]
    pairs = found.pairs
    if binwidth:
        notes.append(f"Probabilities were put into bins of width {binwidth:g}; pairs in one bin count as tied.")
    if math.isnan(pairs.gamma):
        notes.append("All pairs are tied: gamma is undefined.")
    if math.isnan(pairs.tau_a):
        notes.append("The weights add up to one row or less: tau-a is undefined.")
    if not ranking.is_counted:
        notes.append("The weights are not whole numbers; a pair counts as the product of its two weights.")
    if math.isnan(found.c.std_error):
        which = "D, gamma and c have" if found.tau_a.std_error >= 0 else "the indices have"
        notes.append(f"There is only one {_lonely(ranking)}: {which} no standard error.")
    elif found.c.std_error == 0:
        notes.append(
            "Standard errors of 0 come from scores that separate perfectly or all tie; such intervals say nothing."
        )
    elif found.gamma.std_error == 0:
        notes.append("No pair is on one side: gamma's standard error is 0, and its interval says nothing.")
    return notes


def _lonely(ranking: Ranking) -> str:
    return "event" if ranking.total_events <= 1 else "non-event"


def _pair_values(found: Association) -> dict[str, int | float]:
    pairs = found.pairs
    return {
        "pairs": pairs.total,
        "concordant": pairs.concordant,
        "discordant": pairs.discordant,
        "tied": pairs.tied,
        "concordant_share": pairs.concordant / pairs.total,
        "discordant_share": pairs.discordant / pairs.total,
        "tied_share": pairs.tied / pairs.total,
    }


@statistic(
    section="discrimination",
    title="ROC curve",
    reference="Hanley & McNeil (1982), Radiology 143, 29-36; DeLong, DeLong & Clarke-Pearson (1988), Biometrics 44, "
    "837-845; Carpenter & Bithell (2000), Statistics in Medicine 19, 1141-1164 (bootstrap)",
    definitions={
        "auc": "Area under the ROC curve by the trapezoidal rule = Mann-Whitney statistic = c. Never flipped to be "
        "above 1/2 (R pROC flips by default: direction = 'auto').",
        "std_error": "DeLong's standard error of the area. R pROC: sqrt(var(roc)); SAS: ROC Association Statistics, "
        "Standard Error; Stata roctab's default is DeLong as well. With interval='bootstrap' the standard deviation of "
        "the areas of the bootstrap samples (R pROC: var(method = 'bootstrap')).",
        "low": "Lower bound of the interval. 'delong': area ± z × standard error, clipped to [0, 1] as in R pROC and "
        "SAS; 'logit': the same on the logit of the area, with the standard error / (area (1 - area)); 'bootstrap': "
        "percentiles (type 7) of the areas of bootstrap samples, events and non-events drawn apart (R pROC: "
        "ci.auc(method = 'bootstrap')).",
        "high": "Upper bound of the same interval.",
        "gini": "2 × area - 1, equal to Somers' D.",
    },
    on="scores",
)
def roc(
    scored: Scored, *, level: float = 0.95, interval: str = "delong", resamples: int = 2000, seed: Any = 0
) -> Table:
    """Give the area under the ROC curve with its standard error and interval, and the curve.

    The companion table lists points spread evenly along the curve; `roc_curve` has all of them.

    Args:
        scored: outcomes and scores.
        level: confidence level of the interval.
        interval: "delong" (plain), "logit" (DeLong on the logit scale) or "bootstrap" (percentiles).
        resamples: number of bootstrap samples.
        seed: what `numpy.random.default_rng` takes; the same seed gives the same interval.

    Raises:
        DataError: no event, or no non-event.
        OptionError: `level` outside (0, 1), an unknown interval, `resamples` that is no positive whole number.
        NotApplicable: a bootstrap with weights that are no counts.

    Warns:
        RankWarning: an area below 1/2.

    """
    scored.require_both()
    kind = one_of("interval", interval, ["delong", "logit", "bootstrap"])
    result = _area(scored.ranking, checked_level(level), kind, resamples, seed)
    values = {
        "auc": result.auc,
        "std_error": result.std_error,
        "low": result.low,
        "high": result.high,
        "gini": 2 * result.auc - 1,
    }
    per_cent = f"{100 * level:g}%"
    words = {"delong": "", "logit": " (logit)", "bootstrap": " (bootstrap)"}[kind]
    notes = _area_notes(scored.ranking, result)
    curve = thinned(scored.ranking)
    if kind == "bootstrap":
        notes.append(f"Interval: percentiles of {resamples:,} bootstrap samples, events and non-events drawn apart.")
    return Table(
        key="roc",
        title="Area under the ROC curve",
        frame=pd.DataFrame({"measure": list(values), "value": np.array(list(values.values()))}),
        roles={"measure": "text", "value": "measure"},
        labels={
            "auc": "Area under the curve (AUC)",
            "std_error": "Standard error (bootstrap)" if kind == "bootstrap" else "Standard error (DeLong)",
            "low": f"{per_cent} interval{words}, low",
            "high": f"{per_cent} interval{words}, high",
            "gini": "Gini (2 AUC - 1)",
        },
        notes=(*scored.notes, *notes),
        charts=(_roc_chart(scored, curve, result.auc),),
        row_roles=("estimate",) * 5,
        tables=(_printed_curve(scored, curve),),
    )


def _area(ranking: Ranking, level: float, kind: str, resamples: int, seed: Any) -> Area:
    """Give the area with the interval that was asked for."""
    result = area(ranking, level)
    if kind == "bootstrap":
        areas = redrawn_area(ranking, resamples, seed)
        low, high = np.quantile(areas, [(1 - level) / 2, (1 + level) / 2]).tolist()
        error = float(areas.std(ddof=1)) if areas.size > 1 else math.nan
        return Area(result.auc, error, low, high)
    if kind == "logit":
        if not (result.std_error > 0 and 0 < result.auc < 1):
            return Area(result.auc, result.std_error, math.nan, math.nan)
        reach = normal_quantile(level) * result.std_error / (result.auc * (1 - result.auc))
        return Area(result.auc, result.std_error, *(float(expit(logit(result.auc) + sign * reach)) for sign in (-1, 1)))
    return result


def _area_notes(ranking: Ranking, result: Area) -> list[str]:
    notes = []
    if result.auc < 0.5:
        sentence = f"The area is {result.auc:.3f}, below 1/2: the scores rank events below non-events."
        warnings.warn(sentence + " Is the event the one you mean (event=)?", RankWarning, stacklevel=5)
        notes.append(sentence)
    if math.isnan(result.std_error):
        notes.append(f"There is only one {_lonely(ranking)}: the area has no standard error.")
    elif result.std_error == 0:
        says = "there is no interval" if math.isnan(result.low) else "the interval says nothing"
        notes.append(f"The standard error is 0 because the scores separate perfectly or all tie; {says}.")
    return notes


@statistic(
    section="discrimination",
    title="Points of the ROC curve",
    reference="Fawcett (2006), Pattern Recognition Letters 27, 861-874",
    definitions={
        "cutoff": "A row is called positive when its score is at or above the cut-off; ∞ calls none positive.",
        "sensitivity": "Share of the events called positive.",
        "false_positive_rate": "Share of the non-events called positive, 1 - specificity.",
    },
    on="scores",
    in_report=False,
)
def roc_curve(scored: Scored) -> Table:
    """Give every point of the ROC curve, one per distinct score, from no positive row to all.

    Raises:
        DataError: no event, or no non-event.

    """
    scored.require_both()
    return _curve_table("roc_curve", roc_points(scored.ranking), scored.notes)


def _curve_table(key: str, curve: Curve, notes: tuple[str, ...]) -> Table:
    return Table(
        key=key,
        title="Points of the ROC curve",
        frame=pd.DataFrame(
            {
                "cutoff": curve.cutoff,
                "sensitivity": curve.sensitivity,
                "specificity": curve.specificity,
                "false_positive_rate": curve.false_positive_rate,
                "true_positives": curve.true_positives,
                "false_positives": curve.false_positives,
            }
        ),
        roles={
            "cutoff": "estimate",
            "sensitivity": "probability",
            "specificity": "probability",
            "false_positive_rate": "probability",
            "true_positives": "count",
            "false_positives": "count",
        },
        notes=notes,
    )


def _printed_curve(scored: Scored, curve: Curve) -> Table:
    chosen, points = evenly(curve, _PRINTED), scored.ranking.score.size + 1
    notes: tuple[str, ...] = ()
    if chosen.size < points:
        notes = (f"{chosen.size} of the {points} points, evenly spread along the curve; roc_curve() gives all.",)
    return _curve_table("roc_points", curve.some(chosen), notes)


def _roc_chart(scored: Scored, curve: Curve, auc: float) -> Chart:
    drawn = outline(curve.false_positive_rate, curve.sensitivity)
    ends = np.array([0.0, 1.0])
    return Chart(
        key="roc",
        title=f"ROC curve for {scored.event.label}",
        series=(
            Series("No discrimination", "reference", ends, ends),
            Series(f"AUC = {auc:.3f}", "line", curve.false_positive_rate[drawn], curve.sensitivity[drawn]),
        ),
        x=Axis("1 − specificity (non-events called positive)", limits=(0.0, 1.0)),
        y=Axis("Sensitivity (share of events called positive)", limits=(0.0, 1.0)),
        alt=f"ROC curve of sensitivity against 1 - specificity; the area under it is {auc:.3f} of a possible 1.",
    )
