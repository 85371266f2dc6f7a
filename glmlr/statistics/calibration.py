"""Do predicted probabilities match observed rates? A calibration curve, groups, the logistic line, and scores."""

from __future__ import annotations

import math
import warnings
from typing import Any, Final

import numpy as np
import pandas as pd

from glmlr.errors import one_of
from glmlr.exhibits import Table
from glmlr.proportions import checked_level, normal_quantile, wilson
from glmlr.pseudo_r2 import likelihood_r2
from glmlr.ranking import Ranking
from glmlr.ranking.grouping import Groups, checked_groups, quantile_groups
from glmlr.ranking.redrawn import checked_times
from glmlr.registry import statistic
from glmlr.scored import Scored
from glmlr.tails import chi_square_tail, normal_tail
from glmlr.validation.calibration_charts import calibration_chart
from glmlr.validation.calibration_lines import Calibrated, calibrated
from glmlr.validation.curves import GAPS, SMOOTHS, Redrawn, Smooth, redrawn_curves, smoothed
from glmlr.validation.indices import largest_error
from glmlr.validation.performance import CalibrationLine

_LABELS: Final = {
    "mean_predicted": "Mean predicted probability",
    "observed_rate": "Observed rate",
    "expected_over_observed": "Expected / observed events",
    "in_the_large": "Calibration in the large",
    "intercept": "Calibration intercept (with the slope)",
    "slope": "Calibration slope",
    "recalibration_chi2": "Likelihood ratio chi-square, intercept 0 and slope 1 (2 df)",
    "ici": "ICI: mean distance to the smooth curve",
    "e50": "E50: median distance to it",
    "e90": "E90: 90th percentile of the distance",
    "emax": "Emax: largest distance to it",
    "brier": "Brier score",
    "scaled_brier": "Scaled Brier score",
    "log_score": "Logarithmic score",
    "spiegelhalter_z": "Spiegelhalter's z",
}
#: measure -> the kind of number it is; the others are estimates.
_KINDS: Final = {
    **dict.fromkeys(("mean_predicted", "observed_rate", "brier", *GAPS), "probability"),
    **dict.fromkeys(("recalibration_chi2", "spiegelhalter_z"), "statistic"),
}


@statistic(
    section="calibration",
    title="Calibration",
    reference="Cox (1958), Biometrika 45, 562-565; Brier (1950), Monthly Weather Review 78, 1-3; Spiegelhalter (1986), "
    "Statistics in Medicine 5, 421-433; Austin & Steyerberg (2019), Statistics in Medicine 38, 4051-4065; Harrell, Lee "
    "& Mark (1996), Statistics in Medicine 15, 361-387; Steyerberg (2019), Clinical Prediction Models, 2nd ed., ch. 15",
    definitions={
        "mean_predicted": "Mean of the predicted probabilities over all rows.",
        "observed_rate": "Share of events among all rows.",
        "expected_over_observed": "Sum of the probabilities / number of events (E/O); 1 is ideal, above 1 the "
        "probabilities are too high on average. Its interval treats the number of events as binomial.",
        "in_the_large": "Intercept a of logit P(event) = a + logit(p), the slope fixed at 1; 0 is ideal, negative "
        "where the probabilities are too high. R: glm(y ~ offset(qlogis(p)), binomial).",
        "intercept": "Intercept a of logit P(event) = a + b logit(p), both estimated. R rms::val.prob: Intercept.",
        "slope": "Slope b of the same model; 1 is ideal, below 1 the probabilities are too extreme (overfitting). "
        "R rms::val.prob: Slope. On the rows of a logit fit without importance weights it is 1 by construction.",
        "recalibration_chi2": "Likelihood ratio test of intercept 0 and slope 1 together, 2 degrees of freedom. R "
        "rms::val.prob: U:Chi-sq and U:p.",
        "ici": "Integrated calibration index: mean of |p - curve(p)| over all rows. The curve is loess of the outcomes "
        "on p (span 0.75, degree 2; R: loess(y ~ p), which interpolates unless surface = 'direct'). With "
        "smooth='lowess' it is Eavg of R rms::val.prob.",
        "e50": "Median of the same distances over all rows.",
        "e90": "Their 90th percentile. With smooth='lowess': E90 of R rms::val.prob.",
        "emax": "The largest of them. With smooth='lowess': Emax of R rms::val.prob.",
        "brier": "Mean squared difference of outcome and probability; 0 is perfect. R rms::val.prob: Brier. Standard "
        "error: that of a mean of n squared differences.",
        "scaled_brier": "1 - Brier / (r (1 - r)) with r the observed rate: the gain over predicting r for all rows.",
        "log_score": "Minus the mean log-likelihood of a row (log loss, binary cross-entropy), natural logarithms.",
        "spiegelhalter_z": "Test that the probabilities are right, from the Brier score's expectation and variance "
        "under them, two-sided. R rms::val.prob: S:z and S:p.",
        "r2": "Nagelkerke's R2 of the probabilities as they are, against the observed rate. R rms::val.prob: R2.",
        "d": "Discrimination index (LR - 1) / n; LR is twice the gain in log-likelihood of the probabilities as they "
        "are over the observed rate. R rms::val.prob: D and D:Chi-sq; rms::validate takes LR of the logistic line.",
        "u": "Unreliability index (U chi-square - 2) / n of the test of intercept 0 and slope 1. R rms::val.prob: U.",
        "q": "Quality index D - U. R rms::val.prob: Q.",
        "emax_line": "Largest distance between p and the logistic line over all p in (0, 1). R rms::validate: Emax.",
    },
    on="scores",
)
def calibration(
    scored: Scored,
    *,
    groups: int = 10,
    level: float = 0.95,
    smooth: str | None = "loess",
    resamples: int | None = None,
    seed: Any = 0,
) -> Table:
    """Compare predicted probabilities with observed rates: overall, by groups, by a smooth curve and a logistic line.

    Groups are cut at type-7 quantiles of the probabilities, right-closed; rows with one probability stay together.

    Args:
        scored: outcomes and probabilities.
        groups: number of groups of the companion table and the chart.
        level: confidence level of the intervals; Wilson's for the rates, Wald's for intercept, slope and Brier score.
        smooth: the curve behind ICI, E50, E90 and Emax: "loess" of the outcomes on p (span 0.75, degree 2), "lowess"
            (that of R rms::val.prob: span 2/3, degree 1), "spline" (logistic regression on a restricted cubic spline
            of logit(p) with four knots), or None for none.
        resamples: number of bootstrap samples of the rows for intervals of the curve and of what is measured from it
            (percentiles); None for a band from standard errors, and no such intervals.
        seed: of the bootstrap.

    Raises:
        DataError: no event or no non-event, or scores that are not probabilities.
        OptionError: `groups` below 2, `level` outside (0, 1), an unknown curve, or `resamples` that is no number.
        NotApplicable: a bootstrap of rows whose weights are not counts.

    """
    scored.require_both()
    scored.require_probabilities("calibration")
    checked_groups(groups)
    reach = normal_quantile(checked_level(level))
    if smooth is not None:
        one_of("smooth", smooth, SMOOTHS)
    if resamples is not None:
        checked_times(resamples)
    found = calibrated(scored.ranking)
    curve, why = _smooth(scored.ranking, smooth, reach)
    again = None
    if curve is not None and smooth is not None and resamples is not None:
        again = redrawn_curves(scored.ranking, smooth, curve.p, resamples, seed)
        curve = _banded(curve, again, level)
    grouped = quantile_groups(scored.ranking, groups)
    frame = _measures(scored.ranking, found, curve, _bounds(again, level), level)
    drawn = calibration_chart(scored, grouped, found.lines, curve, smooth or "", level)
    return Table(
        key="calibration",
        title="Calibration",
        frame=frame,
        roles={
            "measure": "text",
            "value": "measure",
            "std_error": "std_error",
            "low": "measure",
            "high": "measure",
            "p_value": "p_value",
        },
        labels=_LABELS,
        notes=(*scored.notes, *found.lines.notes, *why, *_notes(found, again), *_sample_notes(scored)),
        charts=(drawn,),
        row_roles=tuple(_KINDS.get(name, "estimate") for name in frame["measure"]),
        blanks=("std_error", "low", "high", "p_value"),
        tables=(_group_table(grouped, level), _index_table(scored.ranking, found)),
    )


def _smooth(ranking: Ranking, method: str | None, reach: float) -> tuple[Smooth | None, tuple[str, ...]]:
    """Give the smooth curve and its notes, or none and why."""
    if method is None:
        return None, ()
    if method == "spline" and (ranking.score[0] == 0 or ranking.score[-1] == 1):
        return None, ("A spline of logit(p) does not exist where a probability is exactly 0 or 1.",)
    curve = smoothed(ranking, method, reach)
    return (None if np.isnan(curve.rate).any() else curve), curve.notes


def _banded(curve: Smooth, again: Redrawn, level: float) -> Smooth:
    """Give the curve with percentiles of the bootstrap as its band."""
    tails = (1 - level) / 2
    with warnings.catch_warnings():
        # Of a probability that no sample reached, there is no band.
        warnings.simplefilter("ignore", RuntimeWarning)
        low, high = np.nanquantile(again.rates, [tails, 1 - tails], axis=0)
    return Smooth(curve.p, curve.rate, low, high, curve.gaps, curve.notes)


def _bounds(again: Redrawn | None, level: float) -> dict[str, tuple[float, float]]:
    if again is None:
        return {}
    tails = (1 - level) / 2
    return {name: tuple(np.quantile(values, [tails, 1 - tails]).tolist()) for name, values in again.gaps.items()}


def _notes(found: Calibrated, again: Redrawn | None) -> list[str]:
    notes = []
    if math.isnan(found.distances.spiegelhalter_z):
        notes.append("All probabilities are 0, 1/2 or 1: Spiegelhalter's z does not exist.")
    if again is not None:
        notes.append(
            f"Intervals of ICI, E50, E90 and Emax, and the band of the curve: percentiles of {len(again.rates):,} "
            "bootstrap samples of the rows. These distances are never negative and lie above 0 even where the "
            "probabilities are right."
        )
    return notes


def _sample_notes(scored: Scored) -> list[str]:
    if not scored.fitted:
        return []
    if scored.shrunken:
        return [
            "These are the rows the model was fitted to, under a ridge penalty, which leaves the slope above 1 on "
            "them: p-values here ask whether shrinkage shows, not whether the model is right; new rows show that."
        ]
    if scored.adjusted:
        return [
            "These are the rows the model was fitted to, under Firth's penalty, which draws probabilities towards 1/2 "
            "(FLIC and FLAC leave their average): the slope is above 1 on them, and p-values here ask whether that "
            "shows, not whether the model is right. New rows show calibration."
        ]
    if scored.weighted:
        return [
            "These are the rows the model was fitted to, by importance weights: it need not agree with them on average."
        ]
    return [
        "These are the rows the model was fitted to: on average it must agree with them, and for the logit link with "
        "an intercept the intercept is 0 and the slope 1 by construction. New rows show calibration."
    ]


def _measures(
    ranking: Ranking,
    found: Calibrated,
    curve: Smooth | None,
    bounds: dict[str, tuple[float, float]],
    level: float,
) -> pd.DataFrame:
    n, events, distances, lines = ranking.total, ranking.total_events, found.distances, found.lines
    reach, rate = normal_quantile(level), events / n
    wilson_bounds = wilson(events, n, level)
    ratio, spread = distances.expected / events, math.exp(reach * math.sqrt((1 - rate) / events))
    records = [
        _record("mean_predicted", distances.expected / n),
        _record("observed_rate", rate, low=float(wilson_bounds.low[0]), high=float(wilson_bounds.high[0])),
        _record("expected_over_observed", ratio, low=ratio / spread, high=ratio * spread),
    ]
    estimates = (("in_the_large", lines.in_the_large, 0), ("intercept", lines.intercept, 0), ("slope", lines.slope, 1))
    for name, (value, error), ideal in estimates:
        p_value = normal_tail((value - ideal) / error).p_value if error > 0 else math.nan
        records.append(_record(name, value, error, value - reach * error, value + reach * error, p_value))
    chi2 = lines.chi2(distances)
    records.append(_record("recalibration_chi2", chi2, p_value=chi_square_tail(chi2, 2).p_value))
    if curve is not None:
        for name, value in curve.gaps.items():
            low, high = bounds.get(name, (math.nan, math.nan))
            records.append(_record(name, value, low=low, high=high))
    brier, error = distances.squares / n, distances.brier_error(n)
    z = distances.spiegelhalter_z
    records += [
        _record("brier", brier, error, brier - reach * error, brier + reach * error),
        _record("scaled_brier", _gain(brier, rate * (1 - rate))),
        _record("log_score", -distances.loglik / n),
        _record("spiegelhalter_z", z, p_value=normal_tail(z).p_value),
    ]
    return pd.DataFrame.from_records(records)


def _record(
    name: str,
    value: float,
    std_error: float = math.nan,
    low: float = math.nan,
    high: float = math.nan,
    p_value: float = math.nan,
) -> dict[str, str | float]:
    return {"measure": name, "value": value, "std_error": std_error, "low": low, "high": high, "p_value": p_value}


def _gain(brier: float, flat: float) -> float:
    """Give 1 - brier / flat, the last digits of which are rounding."""
    gain = 1 - brier / flat
    return gain if abs(gain) > 1e-14 else 0.0


def _index_table(ranking: Ranking, found: Calibrated) -> Table:
    """Give the other indices of val.prob."""
    n, rate, loglik = ranking.total, ranking.total_events / ranking.total, found.distances.loglik
    null = n * (rate * math.log(rate) + (1 - rate) * math.log1p(-rate))
    # Below this the exponential in Nagelkerke's R2 leaves the range of numbers, as a log-likelihood of -inf does.
    r2 = likelihood_r2(loglik, null, n, 2)["nagelkerke"] if loglik > -300 * n else -math.inf
    gain, chi2 = 2 * (loglik - null), found.lines.chi2(found.distances)
    d, u = (gain - 1) / n, (chi2 - 2) / n
    line = CalibrationLine(found.lines.intercept[0], found.lines.slope[0])
    nothing = math.nan
    return Table(
        key="calibration_indices",
        title="Indices of the probabilities and of the logistic line",
        frame=pd.DataFrame(
            {
                "measure": ["r2", "d", "u", "q", "emax_line"],
                "value": [r2, d, u, d - u, largest_error(line)],
                "statistic": [nothing, gain, chi2, nothing, nothing],
                "p_value": [nothing, nothing, chi_square_tail(chi2, 2).p_value, nothing, nothing],
            }
        ),
        roles={"measure": "text", "value": "estimate", "statistic": "statistic", "p_value": "p_value"},
        labels={
            "r2": "R² (Nagelkerke)",
            "d": "D (discrimination)",
            "u": "U (unreliability)",
            "q": "Q (quality), D - U",
            "emax_line": "Largest distance to the logistic line",
            "statistic": "Chi-square",
        },
        notes=("The chi-square of D has no p-value: nothing was estimated. That of U has 2 degrees of freedom.",),
        blanks=("statistic", "p_value"),
    )


def _group_table(groups: Groups, level: float) -> Table:
    bounds = wilson(groups.events, groups.n, level)
    notes = []
    if len(groups) < groups.wanted:
        notes.append(f"Ties leave {len(groups)} of the {groups.wanted} groups asked for.")
    return Table(
        key="calibration_groups",
        title="Mean predicted probability and observed rate by group",
        frame=pd.DataFrame(
            {
                "group": groups.number,
                "n": groups.n,
                "score_low": groups.low,
                "score_high": groups.high,
                "mean_predicted": groups.expected / groups.n,
                "events": groups.events,
                "rate": groups.events / groups.n,
                "low": bounds.low,
                "high": bounds.high,
            }
        ),
        roles={
            "group": "integer",
            "n": "count",
            "score_low": "probability",
            "score_high": "probability",
            "mean_predicted": "probability",
            "events": "count",
            "rate": "probability",
            "low": "probability",
            "high": "probability",
        },
        labels={
            "score_low": "Lowest p",
            "score_high": "Highest p",
            "mean_predicted": "Mean p",
            "rate": "Observed rate",
        },
        notes=(*notes, f"Low and high: Wilson {100 * level:g}% interval of the observed rate."),
    )
