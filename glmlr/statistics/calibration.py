"""Do predicted probabilities match observed rates? The calibration curve, its line, and scores of the probabilities."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.special import expit, xlog1py, xlogy

from glmlr.blocks import ArrayRows
from glmlr.exhibits import Axis, Chart, Series, Table
from glmlr.links import LOGIT
from glmlr.proportions import checked_level, normal_quantile, wilson
from glmlr.ranking import Ranking
from glmlr.ranking.grouping import Groups, checked_groups, quantile_groups
from glmlr.registry import statistic
from glmlr.scored import Scored
from glmlr.solver import Solution, solve
from glmlr.tails import chi_square_tail, normal_tail

Floats = npt.NDArray[np.float64]

_LABELS: Final = {
    "mean_predicted": "Mean predicted probability",
    "observed_rate": "Observed rate",
    "expected_over_observed": "Expected / observed events",
    "in_the_large": "Calibration in the large",
    "intercept": "Calibration intercept (with the slope)",
    "slope": "Calibration slope",
    "recalibration_chi2": "Likelihood ratio chi-square, intercept 0 and slope 1 (2 df)",
    "brier": "Brier score",
    "scaled_brier": "Scaled Brier score",
    "log_score": "Logarithmic score",
    "spiegelhalter_z": "Spiegelhalter's z",
}
#: measure -> the kind of number it is; the others are estimates.
_KINDS: Final = {
    **dict.fromkeys(("mean_predicted", "observed_rate", "brier"), "probability"),
    **dict.fromkeys(("recalibration_chi2", "spiegelhalter_z"), "statistic"),
}
_DRAWN: Final = 200


@statistic(
    section="calibration",
    title="Calibration",
    reference="Cox (1958), Biometrika 45, 562-565; Brier (1950), Monthly Weather Review 78, 1-3; Spiegelhalter (1986), "
    "Statistics in Medicine 5, 421-433; Steyerberg (2019), Clinical Prediction Models, 2nd ed., ch. 15",
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
        "rms::val.prob: the chi-square behind U and U:p.",
        "brier": "Mean squared difference of outcome and probability; 0 is perfect. R rms::val.prob: Brier.",
        "scaled_brier": "1 - Brier / (r (1 - r)) with r the observed rate: the gain over predicting r for all rows.",
        "log_score": "Minus the mean log-likelihood of a row (log loss, binary cross-entropy), natural logarithms.",
        "spiegelhalter_z": "Test that the probabilities are right, from the Brier score's expectation and variance "
        "under them, two-sided. R rms::val.prob: S:z and S:p.",
    },
    on="scores",
)
def calibration(scored: Scored, *, groups: int = 10, level: float = 0.95) -> Table:
    """Compare predicted probabilities with observed rates: overall, by groups of equal size, and by a logistic line.

    Groups are cut at type-7 quantiles of the probabilities, right-closed; rows with one probability stay together.

    Args:
        scored: outcomes and probabilities.
        groups: number of groups of the companion table and the chart.
        level: confidence level of the intervals; Wilson's for the rates, Wald's for intercept and slope.

    Raises:
        DataError: no event or no non-event, or scores that are not probabilities.
        OptionError: `groups` below 2, or `level` outside (0, 1).

    """
    scored.require_both()
    scored.require_probabilities("calibration")
    checked_groups(groups)
    checked_level(level)
    line = _recalibrate(scored.ranking)
    grouped = quantile_groups(scored.ranking, groups)
    return Table(
        key="calibration",
        title="Calibration",
        frame=_measures(scored.ranking, line, level),
        roles={
            "measure": "text",
            "value": "measure",
            "std_error": "std_error",
            "low": "measure",
            "high": "measure",
            "p_value": "p_value",
        },
        labels=_LABELS,
        notes=(*scored.notes, *line.notes, *_certain_notes(scored.ranking), *_sample_notes(scored)),
        charts=(_curve(scored, grouped, line, level),),
        row_roles=tuple(_KINDS.get(name, "estimate") for name in _LABELS),
        blanks=("std_error", "low", "high", "p_value"),
        tables=(_group_table(grouped, level),),
    )


def _certain_notes(ranking: Ranking) -> list[str]:
    if np.isin(ranking.score, (0.0, 0.5, 1.0)).all():
        return ["All probabilities are 0, 1/2 or 1: Spiegelhalter's z does not exist."]
    return []


def _sample_notes(scored: Scored) -> list[str]:
    if not scored.fitted:
        return []
    if scored.weighted:
        return [
            "These are the rows the model was fitted to, by importance weights: it need not agree with them on average."
        ]
    return [
        "These are the rows the model was fitted to: on average it must agree with them, and for the logit link with "
        "an intercept the intercept is 0 and the slope 1 by construction. New rows show calibration."
    ]


def _measures(ranking: Ranking, line: _Line, level: float) -> pd.DataFrame:
    score, rows, n = ranking.score, ranking.rows, ranking.total
    expected, rate = float(np.dot(score, rows)), ranking.total_events / n
    brier = float(np.dot(ranking.events, (1 - score) ** 2) + np.dot(ranking.nonevents, score**2)) / n
    z = spiegelhalter_z(ranking)
    reach = normal_quantile(level)
    records = [_record("mean_predicted", expected / n)]
    bounds = wilson(ranking.total_events, n, level)
    records.append(_record("observed_rate", rate, low=float(bounds.low[0]), high=float(bounds.high[0])))
    ratio, spread = expected / ranking.total_events, math.exp(reach * math.sqrt((1 - rate) / ranking.total_events))
    records.append(_record("expected_over_observed", ratio, low=ratio / spread, high=ratio * spread))
    for name, value, error, ideal in line.estimates:
        p_value = normal_tail((value - ideal) / error).p_value if error > 0 else math.nan
        records.append(_record(name, value, error, value - reach * error, value + reach * error, p_value))
    records += [
        _record("recalibration_chi2", line.chi2, p_value=chi_square_tail(line.chi2, 2).p_value),
        _record("brier", brier),
        _record("scaled_brier", _gain(brier, rate * (1 - rate))),
        _record("log_score", -_loglik(ranking) / n),
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


def spiegelhalter_z(ranking: Ranking) -> float:
    """Give z = sum (y - p)(1 - 2p) / sqrt(sum (1 - 2p)^2 p (1 - p)); NaN where every p is 0, 1/2 or 1.

    Reference: Spiegelhalter (1986), Statistics in Medicine 5, 421-433.
    """
    p = ranking.score
    tilt = 1 - 2 * p
    variance = float(np.dot(ranking.rows, tilt**2 * p * (1 - p)))
    gap = float(np.dot(ranking.events - ranking.rows * p, tilt))
    return gap / math.sqrt(variance) if variance > 0 else math.nan


def _loglik(ranking: Ranking) -> float:
    """Give the log-likelihood of the rows at their probabilities; -inf where an event has 0 or a non-event 1."""
    p = ranking.score
    with np.errstate(divide="ignore"):
        return float(xlogy(ranking.events, p).sum() + xlog1py(ranking.nonevents, -p).sum())


# ------------------------------------------------------------------------------------------------ the logistic line


@dataclass(frozen=True)
class _Line:
    """The logistic line through the outcomes against logit(p); NaN where it cannot be fitted, with the reason."""

    in_the_large: tuple[float, float] = (math.nan, math.nan)
    intercept: tuple[float, float] = (math.nan, math.nan)
    slope: tuple[float, float] = (math.nan, math.nan)
    chi2: float = math.nan
    notes: tuple[str, ...] = ()

    @property
    def estimates(self) -> tuple[tuple[str, float, float, float], ...]:
        """Name, estimate, standard error and ideal value of each coefficient."""
        return (
            ("in_the_large", *self.in_the_large, 0.0),
            ("intercept", *self.intercept, 0.0),
            ("slope", *self.slope, 1.0),
        )


def _recalibrate(ranking: Ranking) -> _Line:
    """Fit the two logistic regressions of calibration on the ranking: an offset of logit(p), and a slope for it."""
    p, rows = ranking.score, ranking.rows
    if p[0] == 0 or p[-1] == 1:
        n = float(rows[(p == 0) | (p == 1)].sum())
        reason = f"{n:g} rows have a probability of exactly 0 or 1, whose logit is infinite: no intercept or slope."
        return _Line(notes=(reason,))
    eta, share = LOGIT.link(p), ranking.events / rows
    constant = np.ones_like(eta)
    large = solve(ArrayRows(constant[None, :], share, rows, offset=eta), LOGIT)
    in_the_large = _estimate(large, 0, 0.0)
    slope, reason = _unfitted_slope(ranking)
    if reason:
        return _Line(in_the_large, slope=(slope, math.nan), notes=(reason,))
    both = solve(ArrayRows(np.vstack([constant, eta]), share, rows), LOGIT)
    if not both.converged:
        return _Line(in_the_large, notes=("The calibration slope did not converge.",))
    chi2 = 2 * (both.loglik - _loglik(ranking))
    # A gain in likelihood below the rounding of its sum is none.
    chi2 = chi2 if chi2 > 1e-12 * abs(both.loglik) else 0.0
    return _Line(in_the_large, _estimate(both, 0, 0.0), _estimate(both, 1, 1.0), chi2)


def _estimate(solution: Solution, column: int, ideal: float) -> tuple[float, float]:
    """Give an estimate and its standard error; what differs from the ideal by less than the solver resolves is it."""
    value, error = float(solution.beta[column]), math.sqrt(float(solution.inverse[column, column]))
    return (ideal if abs(value - ideal) < 1e-8 * error else value), error


def _unfitted_slope(ranking: Ranking) -> tuple[float, str]:
    """Give the slope where no finite one exists, with the reason; an empty reason where one does."""
    if ranking.score.size == 1:
        return math.nan, "All rows have one probability: there is no calibration slope."
    with_events, with_nonevents = np.flatnonzero(ranking.events), np.flatnonzero(ranking.nonevents)
    if with_events[0] >= with_nonevents[-1]:
        return math.inf, "No event has a lower probability than a non-event: the calibration slope is infinite."
    if with_nonevents[0] >= with_events[-1]:
        return -math.inf, "No event has a higher probability than a non-event: the calibration slope is minus infinity."
    return math.nan, ""


# ------------------------------------------------------------------------------------------------ groups


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


def _curve(scored: Scored, groups: Groups, line: _Line, level: float) -> Chart:
    bounds = wilson(groups.events, groups.n, level)
    mean, rate = groups.expected / groups.n, groups.events / groups.n
    ends = np.array([0.0, 1.0])
    series = [Series("Perfect calibration", "reference", ends, ends)]
    if math.isfinite(line.slope[0]):
        grid = np.linspace(scored.ranking.score[0], scored.ranking.score[-1], _DRAWN)
        fitted = np.asarray(expit(line.intercept[0] + line.slope[0] * LOGIT.link(grid)))
        series.append(Series("Logistic calibration", "line", grid, fitted))
    name = f"Groups of rows, {100 * level:g}% interval"
    series.append(Series(name, "intervals", mean, rate, bounds.low, bounds.high, groups.n))
    outside = int(((mean < bounds.low) | (mean > bounds.high)).sum())
    return Chart(
        key="calibration",
        title="Observed rate against predicted probability",
        series=tuple(series),
        x=Axis("Mean predicted probability", limits=(0.0, 1.0)),
        y=Axis(f"Observed rate of {scored.event.label}", limits=(0.0, 1.0)),
        alt=f"Observed rate against mean predicted probability in {len(groups)} groups with intervals; in {outside} of "
        "them the interval misses the diagonal of perfect calibration.",
    )
