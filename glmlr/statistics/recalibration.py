"""How should probabilities be changed to fit new outcomes? Recalibration as a fitted object that predicts."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import pandas as pd

from glmlr.errors import ArgumentError, DataError, NotApplicable, OptionError, explained_arguments, one_of
from glmlr.exhibits import Axis, Chart, Series, Table, Tabled
from glmlr.fit import Fit
from glmlr.proportions import checked_level, normal_quantile
from glmlr.ranking import Ranking, rank_counts
from glmlr.ranking.concordance import area
from glmlr.registry import scored_arrays, scored_of
from glmlr.scored import Scored
from glmlr.tails import chi_square_tail, normal_tail
from glmlr.validation.calibration_lines import calibrated
from glmlr.validation.curves import smoothed
from glmlr.validation.judged import judged
from glmlr.validation.recalibrated import METHODS, Mapped, UpdateTests, fitted_mapping, in_folds, update_tests

Floats = npt.NDArray[np.float64]

_MEASURES: Final[Mapping[str, tuple[str, str]]] = {
    "mean_predicted": ("Mean predicted probability", "probability"),
    "expected_over_observed": ("Expected / observed events", "ratio"),
    "in_the_large": ("Calibration in the large", "estimate"),
    "slope": ("Calibration slope", "estimate"),
    "ici": ("ICI: mean distance to the smooth curve", "probability"),
    "brier": ("Brier score", "probability"),
    "log_score": ("Logarithmic score", "estimate"),
    "auc": ("Area under the ROC curve", "estimate"),
}
_WORDS: Final = {
    "none": "The probabilities are left as they are.",
    "intercept": "logit P(event) = a + logit(p).",
    "logistic": "logit P(event) = a + b logit(p).",
    "beta": "logit P(event) = c + a log(p) - b log(1 - p), a and b not negative.",
    "isotonic": "Isotonic regression of the outcomes on p: rates of blocks of rows, with straight lines from the last "
    "probability of one block to the first of the next; beyond the ends the rates stay what they are there.",
}
_TERMS: Final = {
    "intercept": "Intercept",
    "slope": "Slope of logit(p)",
    "slope_log_p": "Slope of log(p)",
    "slope_log_q": "Slope of -log(1 - p)",
}
_DRAWN: Final = 200


@dataclass(frozen=True, eq=False, repr=False)
class Recalibration(Tabled):
    """A change of probabilities, fitted to outcomes.

    Attributes:
        table: how the probabilities did before and do after; parameters and tests are companions.
        method: "intercept", "logistic", "beta" or "isotonic"; "none" where a test found nothing to change.
        parameters: name -> estimate; empty for "isotonic" and "none".

    """

    table: Table
    method: str
    parameters: Mapping[str, float]
    mapping: Mapped

    def predict(self, p: Any) -> Any:
        """Give the recalibrated probabilities of any rows: `recalibration.predict(model.predict(new_data))`.

        Args:
            p: a probability, an array or a Series of them; what is missing stays missing. 0 and 1 stay what they are
                where the logit has a positive slope.

        Returns:
            A number, an array of the same shape, or a Series with the same index.

        Raises:
            DataError: something that is no probability.

        """
        try:
            values = np.asarray(p, dtype=np.float64)
        except (TypeError, ValueError):
            raise DataError("predict() of a recalibration takes probabilities, numbers from 0 to 1.") from None
        if ((values < 0) | (values > 1)).any():
            raise DataError(
                f"predict() of a recalibration takes probabilities in [0, 1]; these run from {np.nanmin(values):g} to "
                f"{np.nanmax(values):g}."
            )
        changed = self.mapping.at(values)
        if isinstance(p, pd.Series):
            return pd.Series(changed, index=p.index, name=p.name)
        return float(changed) if np.ndim(p) == 0 else changed


@explained_arguments
def recalibrate(
    subject: Any,
    scores: Any = None,
    *,
    method: str = "logistic",
    new_data: Any = None,
    weight: Any = None,
    event: Any = None,
    level: float = 0.95,
    folds: int | None = None,
    seed: Any = 0,
) -> Recalibration:
    """Fit a change of probabilities to outcomes: an intercept, a logistic or beta line, or a rising step function.

    Args:
        subject: outcomes with two values, shape (n,); an evaluation or a cross-validation; or a fitted model, which is
            recalibrated to new rows.
        scores: probabilities, shape (n,), beside outcomes.
        method: "intercept" (of the logit), "logistic" (intercept and slope), "beta" (slopes for log p and log(1 - p)),
            "isotonic", or "test": none, intercept or logistic, the simplest that a likelihood ratio test at 1 - level
            does not reject against the logistic one.
        new_data: new rows with outcomes, beside a model; without them the rows of the fit, where it is calibrated by
            construction.
        weight: number of rows each row stands for, beside outcomes or new rows.
        event: the outcome that is the event, beside outcomes.
        level: confidence level of the intervals of the parameters and of the tests.
        folds: number of folds in which the change is fitted without the rows it is judged by; None for the measures
            on the rows that it was fitted to alone, which are too good.
        seed: of the folds.

    Returns:
        The `Recalibration`. It is not part of a saved model.

    Raises:
        DataError: no event or no non-event, scores that are no probabilities, or some of exactly 0 or 1 (all methods
            but "isotonic").
        NotApplicable: outcomes that determine no finite parameters; folds of rows that are not counted.
        OptionError: an unknown method, or a number of folds below 2.

    References: Cox (1958), Biometrika 45, 562-565; Vergouwe et al. (2017), Statistics in Medicine 36, 4529-4539 (the
    test); Kull, Silva Filho & Flach (2017), Electronic Journal of Statistics 11, 5052-5080 (beta); Zadrozny & Elkan
    (2002), KDD, 694-699 (isotonic).

    """
    one_of("method", method, (*METHODS, "test"))
    checked_level(level)
    if folds is not None and not (isinstance(folds, (int, np.integer)) and not isinstance(folds, bool) and folds >= 2):
        raise OptionError(f"folds={folds!r} is not a number of folds; give a whole number of at least 2, or None.")
    scored = _scored(subject, scores, new_data, weight, event)
    scored.require_both()
    scored.require_probabilities("recalibrate")
    ranking = scored.ranking
    if method != "isotonic":
        _refuse_certain(ranking)
    tests = update_tests(ranking) if method in ("test", "intercept", "logistic") else None
    chosen = method
    if method == "test" and tests is not None:
        chosen = tests.chosen(1 - level)
    mapping = fitted_mapping(ranking, chosen)
    after = {"after": _moved(ranking, mapping)}
    if folds is not None:
        if not ranking.is_counted:
            raise NotApplicable("The weights are not whole numbers of rows, and folds take whole rows.")
        after["cross_fitted"] = in_folds(ranking, method, int(folds), seed, 1 - level)
    table = _table(scored, method, mapping, after, tests, level)
    return Recalibration(table, chosen, dict(zip(mapping.names, mapping.estimates.tolist(), strict=True)), mapping)


setattr(Fit, recalibrate.__name__, recalibrate)


def _scored(subject: Any, scores: Any, new_data: Any, weight: Any, event: Any) -> Scored:
    if new_data is not None or isinstance(subject, Fit):
        return judged(subject, scores, new_data, "recalibrate", weight=weight, event=event).scored
    scored = scored_of(subject)
    if scored is not None:
        if not all(own is None for own in (scores, weight, event)):
            raise ArgumentError("recalibrate() of what holds scores takes no scores, weight or event of its own.")
        return scored
    if scores is None:
        raise ArgumentError("recalibrate() takes outcomes and probabilities, or what holds them: recalibrate(y, p).")
    return scored_arrays(subject, scores, weight=weight, event=event)


def _refuse_certain(ranking: Ranking) -> None:
    certain = (ranking.score == 0) | (ranking.score == 1)
    if certain.any():
        raise DataError(
            f"{float(ranking.rows[certain].sum()):g} rows have a probability of exactly 0 or 1, whose logit is "
            "infinite; leave them out, or use method='isotonic'."
        )


def _moved(ranking: Ranking, mapping: Mapped) -> Ranking:
    return rank_counts(mapping.at(ranking.score), ranking.events, ranking.nonevents)


# ------------------------------------------------------------------------------------------------ tables


def _table(
    scored: Scored,
    method: str,
    mapping: Mapped,
    after: Mapping[str, Ranking],
    tests: UpdateTests | None,
    level: float,
) -> Table:
    before = _measured(scored.ranking)
    columns = {name: _measured(ranking) for name, ranking in after.items()}
    frame = pd.DataFrame(
        {"measure": list(before), "before": list(before.values())}
        | {name: [found[measure] for measure in before] for name, found in columns.items()}
    )
    companions = []
    if mapping.names:
        companions.append(_parameters(mapping, level))
    if tests is not None:
        companions.append(_test_table(tests))
    kept = mapping.name if method != "test" else f"test: {mapping.name}"
    return Table(
        key="recalibration",
        title=f"Recalibration ({kept})",
        frame=frame,
        roles={"measure": "text", **dict.fromkeys(frame.columns[1:], "measure")},
        labels={
            **{name: words for name, (words, _) in _MEASURES.items()},
            "before": "Before",
            "after": "After",
            "cross_fitted": "After, other rows",
        },
        notes=(*scored.notes, *_undoing(scored), _WORDS[mapping.name], *mapping.notes, *_notes(after, columns)),
        charts=(_chart(scored, mapping),),
        tables=tuple(companions),
        row_roles=tuple(role for _, role in _MEASURES.values()),
    )


def _undoing(scored: Scored) -> tuple[str, ...]:
    """Say what a change is that is learnt from the very rows of a ridge fit."""
    if not scored.shrunken:
        return ()
    return (
        "These are the rows of a fit with a ridge penalty: a change that is fitted to them undoes its shrinkage; give "
        "new_data=.",
    )


def _notes(after: Mapping[str, Ranking], columns: Mapping[str, Mapping[str, float]]) -> list[str]:
    notes = ["After: on the rows that the change was fitted to, too good as a rule."]
    if "cross_fitted" in after:
        notes.append("After, other rows: each row by a change that was fitted without its fold.")
    if any(math.isnan(found["slope"]) for found in columns.values()):
        notes.append("Probabilities of exactly 0 or 1 have no logit: there is no intercept or slope after the change.")
    if any(math.isinf(found["log_score"]) for found in columns.values()):
        notes.append("An event has probability 0 or a non-event 1 after the change: the logarithmic score is infinite.")
    return notes


def _measured(ranking: Ranking) -> dict[str, float]:
    found, n = calibrated(ranking), ranking.total
    return {
        "mean_predicted": found.distances.expected / n,
        "expected_over_observed": found.distances.expected / ranking.total_events,
        "in_the_large": found.lines.in_the_large[0],
        "slope": found.lines.slope[0],
        "ici": smoothed(ranking, "loess", 0.0).gaps["ici"],
        "brier": found.distances.squares / n,
        "log_score": -found.distances.loglik / n,
        "auc": area(ranking).auc,
    }


def _parameters(mapping: Mapped, level: float) -> Table:
    reach, errors = normal_quantile(level), mapping.errors
    with np.errstate(invalid="ignore", divide="ignore"):
        z = (mapping.estimates - mapping.ideal) / errors
    return Table(
        key="recalibration_parameters",
        title="Parameters",
        frame=pd.DataFrame(
            {
                "term": mapping.names,
                "estimate": mapping.estimates,
                "std_error": errors,
                "low": mapping.estimates - reach * errors,
                "high": mapping.estimates + reach * errors,
                "z": z,
                "p_value": [normal_tail(value).p_value for value in z.tolist()],
            }
        ),
        roles={
            "term": "text",
            "estimate": "estimate",
            "std_error": "std_error",
            "low": "estimate",
            "high": "estimate",
            "z": "statistic",
            "p_value": "p_value",
        },
        labels=_TERMS,
        notes=(f"{100 * level:g}% Wald intervals. z and p test an intercept against 0 and slopes against 1.",),
    )


def _test_table(tests: UpdateTests) -> Table:
    values = {"line": (tests.line, 2), "slope": (tests.slope, 1), "intercept": (tests.intercept, 1)}
    return Table(
        key="recalibration_tests",
        title="What does the update need?",
        frame=pd.DataFrame(
            {
                "measure": list(values),
                "statistic": [chi2 for chi2, _ in values.values()],
                "df": [df for _, df in values.values()],
                "p_value": [chi_square_tail(chi2, df).p_value for chi2, df in values.values()],
            }
        ),
        roles={"measure": "text", "statistic": "statistic", "df": "integer", "p_value": "p_value"},
        labels={
            "line": "Intercept and slope against none",
            "slope": "Intercept and slope against the intercept alone",
            "intercept": "The intercept alone against none",
            "statistic": "LR chi-square",
        },
        notes=(
            "Closed testing takes the first two in turn: no update where the first does not reject, the intercept "
            "alone where the second does not, else both.",
        ),
    )


def _chart(scored: Scored, mapping: Mapped) -> Chart:
    """Draw the recalibrated probability against the one before."""
    score, ends = scored.ranking.score, np.array([0.0, 1.0])
    knots = mapping.knots[(mapping.knots >= score[0]) & (mapping.knots <= score[-1])]
    grid = np.unique(np.concatenate([np.linspace(float(score[0]), float(score[-1]), _DRAWN), knots]))
    changed = mapping.at(grid)
    most = int(np.argmax(np.abs(changed - grid)))
    return Chart(
        key="recalibration",
        title="Recalibrated against given probability",
        series=(
            Series("No change", "reference", ends, ends),
            Series(f"Recalibrated ({mapping.name})", "line" if grid.size > 1 else "points", grid, changed),
        ),
        x=Axis("Probability before", limits=(0.0, 1.0)),
        y=Axis("Probability after", limits=(0.0, 1.0)),
        alt=f"Recalibrated against given probability from {grid[0]:.2g} to {grid[-1]:.2g}; the change is largest at "
        f"{grid[most]:.2g}, which becomes {changed[most]:.2g}.",
    )
