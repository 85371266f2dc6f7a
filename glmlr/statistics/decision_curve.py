"""Is acting on the model worth it? Net benefit over threshold probabilities, beside acting on all rows or on none."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import pandas as pd

from glmlr.errors import OptionError
from glmlr.exhibits import Axis, Chart, Series, Table
from glmlr.outline import outline
from glmlr.proportions import checked_level, normal_quantile
from glmlr.ranking.cells import checked_prevalence
from glmlr.ranking.net_benefit import NetBenefit, net_benefit, redrawn_benefit
from glmlr.ranking.redrawn import checked_times
from glmlr.registry import statistic
from glmlr.scored import Scored
from glmlr.validation.beside import Beside, beside_each

Floats = npt.NDArray[np.float64]

#: Thresholds of the table where none are given.
_THRESHOLDS: Final = (0.01, 0.02, 0.05, 0.1, 0.15, 0.2, 0.25, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9)
#: Thresholds that are drawn, and among which the useful range is sought.
_DRAWN: Final = np.arange(1, 400) / 400
#: A net benefit that is greater by less than this is equal: it comes from ratios of whole numbers.
_EQUAL: Final = 1e-12


@statistic(
    section="classification",
    title="Decision curve",
    reference="Vickers & Elkin (2006), Medical Decision Making 26, 565-574; Pfeiffer & Gail (2020), Biometrical "
    "Journal 62, 764-776 (intervals); Kerr et al. (2016), J. Clin. Oncol. 34, 2534-2540 (standardised net benefit)",
    definitions={
        "threshold": "The probability from which on one would act; at a threshold t one false alarm costs t / (1 - t) "
        "of what one found event is worth. A row is acted on when its probability is at or above it.",
        "net_benefit": "True positives / n - false positives / n × t / (1 - t): found events per row, less false "
        "alarms at their price. R dcurves: net_benefit.",
        "treat_all": "Net benefit of acting on every row, π - (1 - π) t / (1 - t) with the prevalence π; that of "
        "acting on none is 0.",
        "standardized_net_benefit": "Net benefit / prevalence, 1 for a perfect model. R rmda: sNB.",
        "avoided": "(net benefit - that of acting on all) / (t / (1 - t)): needless actions avoided per row, net of "
        "events missed. R dcurves: net_intervention_avoided.",
    },
    on="scores",
)
def decision_curve(
    scored: Scored,
    *,
    thresholds: float | Sequence[float] | None = None,
    prevalence: float | None = None,
    beside: Any = None,
    resamples: int | None = None,
    seed: Any = 0,
    level: float = 0.95,
) -> Table:
    """Give the net benefit of acting on probabilities at or above each of several thresholds.

    Args:
        scored: outcomes and probabilities.
        thresholds: threshold probabilities above 0 and below 1; None for a grid from 0.01 to 0.9.
        prevalence: share of events where the model will be used; None for that of the rows. For a case-control sample
            the probabilities must have been corrected for it beforehand: `fit.predict(..., prevalence=)`.
        beside: other probabilities (a fit, a cross-validation, an evaluation, a pair of outcomes and probabilities), or
            a dict of name to such, whose net benefit stands beside.
        resamples: number of bootstrap samples for the intervals; None for those of the normal distribution with the
            standard error in closed form.
        seed: what `numpy.random.default_rng` takes, for the samples.
        level: confidence level of the intervals.

    Raises:
        DataError: no event, no non-event, or scores that are no probabilities.
        NotApplicable: a bootstrap under weights that are no whole numbers.
        OptionError: a threshold or a prevalence outside (0, 1), or no number of samples.

    """
    scored.require_both()
    scored.require_probabilities("decision_curve")
    checked_level(level)
    asked, share = _checked_thresholds(thresholds), checked_prevalence(prevalence)
    times = None if resamples is None else checked_times(resamples)
    others = beside_each(beside)
    for other in others:
        other.scored.require_probabilities("decision_curve")
    grid = np.union1d(asked, _DRAWN)
    band = _band(net_benefit(scored.ranking, grid, share), scored, share, level, times, seed)
    shown = np.isin(grid, asked)
    return Table(
        key="decision_curve",
        title="Net benefit by threshold probability",
        frame=pd.DataFrame(_columns(band)).loc[shown].reset_index(drop=True),
        roles={
            "threshold": "ratio",
            "positive_share": "percent",
            **dict.fromkeys(("net_benefit", "low", "high", "treat_all", "standardized_net_benefit"), "estimate"),
            "avoided": "percent",
        },
        labels=_LABELS,
        notes=(*scored.notes, *_notes(scored, band, share, level, times)),
        charts=(_chart(band, share, others),),
        tables=() if not others else (_beside_table(asked, band, share, others),),
    )


_LABELS: Final = {
    "threshold": "Threshold",
    "positive_share": "Acted on",
    "net_benefit": "Net benefit",
    "treat_all": "Acting on all",
    "standardized_net_benefit": "Standardised",
    "avoided": "Avoided",
}


@dataclass(frozen=True, eq=False)
class _Band:
    """Net benefit with its interval, shape (t,) each."""

    found: NetBenefit
    low: Floats
    high: Floats

    @property
    def worth(self) -> Floats:
        """How much more acting on the model is worth than the better of acting on all and on none."""
        return np.asarray(self.found.model - np.maximum(self.found.everybody, 0.0))


def _checked_thresholds(thresholds: float | Sequence[float] | None) -> Floats:
    if thresholds is None:
        return np.array(_THRESHOLDS)
    alone = isinstance(thresholds, (int, float, np.number, str)) or not np.iterable(thresholds)
    values = [thresholds] if alone else list(thresholds)  # type: ignore[arg-type]
    for value in values:
        if not isinstance(value, (int, float, np.number)) or isinstance(value, bool) or not 0 < value < 1:
            raise OptionError(
                f"thresholds={value!r} is not a threshold probability; give numbers above 0 and below 1, such as 0.1."
            )
    if not values:
        raise OptionError("thresholds= is empty; give at least one number above 0 and below 1, such as 0.1.")
    return np.unique(np.array(values, dtype=np.float64))


def _band(
    found: NetBenefit, scored: Scored, prevalence: float | None, level: float, times: int | None, seed: Any
) -> _Band:
    if times is None:
        reach = normal_quantile(level) * found.std_error
        return _Band(found, found.model - reach, found.model + reach)
    draws = redrawn_benefit(scored.ranking, found.threshold, times, seed=seed, prevalence=prevalence)
    return _Band(found, *np.quantile(draws, [(1 - level) / 2, (1 + level) / 2], axis=0))


def _columns(band: _Band) -> dict[str, Floats]:
    found = band.found
    return {
        "threshold": found.threshold,
        "positive_share": found.positive_share,
        "net_benefit": found.model,
        "std_error": found.std_error,
        "low": band.low,
        "high": band.high,
        "treat_all": found.everybody,
        "standardized_net_benefit": found.standardized,
        "avoided": found.avoided,
        "sensitivity": found.rates.sensitivity,
        "specificity": 1 - found.rates.false_positive_rate,
    }


def _notes(scored: Scored, band: _Band, prevalence: float | None, level: float, times: int | None) -> tuple[str, ...]:
    how = "standard error in closed form" if times is None else f"percentiles of {times} bootstrap samples"
    share = (
        ""
        if prevalence is None
        else (
            f" Net benefit is that at a prevalence of {prevalence:g}, for which the probabilities must have been "
            "corrected."
        )
    )
    own = " Fitted probabilities flatter the model on the rows of the fit." if scored.fitted else ""
    return (
        "A row is acted on when its probability is at or above the threshold. Acting on none has a net benefit of 0. "
        f"Low and high: {100 * level:g}% intervals, {how}. Avoided: needless actions avoided per row, net, compared "
        f"with acting on all.{share}{own}",
        _range_note(band),
    )


def _range_note(band: _Band) -> str:
    """Say at which thresholds acting on the model is worth more than acting on all or on none."""
    worth, at = band.worth > _EQUAL, band.found.threshold
    if not worth.any():
        return "At no threshold is acting on the model worth more than the better of acting on all and acting on none."
    first, last = int(np.argmax(worth)), int(worth.size - 1 - np.argmax(worth[::-1]))
    whole = bool(worth[first : last + 1].all())
    most = "" if whole else "most "
    return (
        f"Acting on the model is worth more than acting on all or on none at {most}thresholds from {at[first]:.3g} to "
        f"{at[last]:.3g}."
    )


def _beside_table(asked: Floats, band: _Band, prevalence: float | None, others: Sequence[Beside]) -> Table:
    shown = np.isin(band.found.threshold, asked)
    columns = {"threshold": asked, "net_benefit": band.found.model[shown]}
    labels = {"threshold": "Threshold", "net_benefit": "These scores"}
    for number, other in enumerate(others):
        columns[f"net_benefit_{number + 1}"] = net_benefit(other.scored.ranking, asked, prevalence).model
        labels[f"net_benefit_{number + 1}"] = other.name
    return Table(
        key="decision_curve_beside",
        title="Net benefit beside",
        frame=pd.DataFrame(columns),
        roles={"threshold": "ratio", **dict.fromkeys([*columns][1:], "estimate")},
        labels=labels,
        notes=tuple(dict.fromkeys(note for other in others for note in other.scored.notes)),
    )


def _chart(band: _Band, prevalence: float | None, others: Sequence[Beside]) -> Chart:
    found, at = band.found, band.found.threshold
    highest = max(float(found.model.max()), float(found.everybody.max()))
    acted = np.flatnonzero(found.positive_share > 0)
    end = min(1.0, float(at[acted[-1]]) + 0.05) if acted.size else 1.0
    inside = at <= end
    name = "Model" if not others else "These scores"
    lines = [_traced(name, at[inside], found.model[inside])]
    for other in others:
        beside = net_benefit(other.scored.ranking, at[inside], prevalence)
        lines.append(_traced(other.name, at[inside], beside.model))
    band_of = Series("", "band", at[inside], found.model[inside], low=band.low[inside], high=band.high[inside])
    crossing = inside & (found.everybody >= -0.3 * highest)
    everybody = Series("Acting on all", "reference", at[crossing], found.everybody[crossing])
    nobody = Series("Acting on none", "reference", np.array([0.0, end]), np.zeros(2))
    return Chart(
        key="decision_curve",
        title="Net benefit of acting on the model",
        series=(band_of, *lines, everybody, nobody),
        x=Axis("Threshold probability", "percent", limits=(0.0, end)),
        y=Axis("Net benefit (found events per row)", limits=(-0.3 * highest, 1.1 * highest)),
        alt=_range_note(band),
    )


def _traced(name: str, x: Floats, y: Floats) -> Series:
    kept = outline(x, y)
    return Series(name, "line", x[kept], y[kept])
