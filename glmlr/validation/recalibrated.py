"""What do outcomes make of predicted probabilities? Changes of the logit by a line, and isotonic ones, of a ranking.

References: Cox (1958), Biometrika 45, 562-565; Kull, Silva Filho & Flach (2017), Electronic Journal of Statistics 11,
5052-5080; Vergouwe et al. (2017), Statistics in Medicine 36, 4529-4539.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import Any, Final

import numpy as np
import numpy.typing as npt
from scipy.special import expit

from glmlr.blocks import ArrayRows
from glmlr.errors import NotApplicable, OptionError
from glmlr.links import LOGIT
from glmlr.ranking import Ranking, rank_counts
from glmlr.ranking.isotonic import isotonic
from glmlr.separation import maximise
from glmlr.solver import Solution
from glmlr.tails import chi_square_tail
from glmlr.validation.calibration_lines import Lines, calibrated, line_sums

Floats = npt.NDArray[np.float64]

METHODS: Final = ("intercept", "logistic", "beta", "isotonic")


@dataclass(frozen=True, eq=False)
class Mapped:
    """A change of probabilities: logit = c + a log(p) - b log(1 - p), or straight lines between knots.

    Attributes:
        name: the method.
        line: c, a and b, shape (3,); empty for straight lines.
        knots, values: probabilities and what they become, shape (k,) each; empty for a line.
        names, estimates, errors, ideal: parameters, their standard errors, and what they are where nothing changes.
        notes: sentences.

    """

    name: str
    line: Floats = field(default_factory=lambda: np.empty(0))
    knots: Floats = field(default_factory=lambda: np.empty(0))
    values: Floats = field(default_factory=lambda: np.empty(0))
    names: tuple[str, ...] = ()
    estimates: Floats = field(default_factory=lambda: np.empty(0))
    errors: Floats = field(default_factory=lambda: np.empty(0))
    ideal: Floats = field(default_factory=lambda: np.empty(0))
    notes: tuple[str, ...] = ()

    def at(self, p: Floats) -> Floats:
        """Give the changed probabilities, of the shape of p; NaN stays NaN."""
        if self.knots.size:
            return np.asarray(np.interp(p, self.knots, self.values))
        if not self.line.size:
            return np.array(p, dtype=np.float64)
        constant, a, b = self.line
        # A slope of 0 leaves nothing of an infinite logarithm.
        with np.errstate(divide="ignore"):
            rise = a * np.log(p) if a else np.zeros_like(p)
            return np.asarray(expit(constant + rise - (b * np.log1p(-p) if b else 0.0)))


def fitted_mapping(ranking: Ranking, method: str) -> Mapped:
    """Fit a change of probabilities.

    Args:
        ranking: probabilities, in (0, 1) unless the method is "isotonic", with events and non-events among them.
        method: one of `METHODS`, or "none".

    Raises:
        NotApplicable: the outcomes determine no finite parameters.

    """
    if method == "none":
        return Mapped("none")
    if method == "isotonic":
        return _isotonic(ranking)
    if method == "beta":
        return _beta(ranking)
    lines = calibrated(ranking).lines
    if method == "intercept":
        value, error = lines.in_the_large
        return Mapped("intercept", np.array([value, 1.0, 1.0]), **_named(("intercept",), [value], [error], [0.0]))
    _refuse_without_line(lines)
    (intercept, intercept_error), (slope, slope_error) = lines.intercept, lines.slope
    return Mapped(
        "logistic",
        np.array([intercept, slope, slope]),
        **_named(("intercept", "slope"), [intercept, slope], [intercept_error, slope_error], [0.0, 1.0]),
        notes=_falling(slope),
    )


def _named(names: tuple[str, ...], estimates: list[float], errors: list[float], ideal: list[float]) -> dict[str, Any]:
    return {
        "names": names,
        "estimates": np.array(estimates),
        "errors": np.array(errors),
        "ideal": np.array(ideal),
    }


def _falling(slope: float) -> tuple[str, ...]:
    if slope > 0:
        return ()
    return ("The slope is not positive: the higher a probability was, the lower it becomes.",)


def _refuse_without_line(lines: Lines) -> None:
    if not math.isfinite(lines.slope[0]):
        raise NotApplicable(f"{lines.notes[0]} Use method='intercept' or method='isotonic'.")


def _isotonic(ranking: Ranking) -> Mapped:
    """Keep the rate of a block from its first to its last score; sklearn's IsotonicRegression predicts the same."""
    found = isotonic(ranking.events, ranking.nonevents)
    last = np.append(found.start[1:], found.size) - 1
    knots = np.column_stack([ranking.score[found.start], ranking.score[last]]).ravel()
    values = np.repeat(found.rate, 2)
    single = np.append(False, np.diff(knots) == 0)
    blocks = f"{found.start.size} blocks of rows" if found.start.size > 1 else "One block holds all rows"
    return Mapped("isotonic", knots=knots[~single], values=values[~single], notes=(f"{blocks}.",))


def _beta(ranking: Ranking) -> Mapped:
    """Fit the logistic regression on log(p) and -log(1 - p); where a slope is negative, without it."""
    columns = np.vstack([np.ones_like(ranking.score), np.log(ranking.score), -np.log1p(-ranking.score)])
    names, free = ("intercept", "slope_log_p", "slope_log_q"), [0, 1, 2]
    found = _solved(ranking, columns[free])
    notes: tuple[str, ...] = ()
    if (found.beta[1:] < 0).any():
        free = [0, 2] if found.beta[1] < found.beta[2] else [0, 1]
        found = _solved(ranking, columns[free])
        if found.beta[1] < 0:
            free = [0]
            found = _solved(ranking, columns[free])
        notes = ("A slope that would be negative is 0, as a change of probabilities has to rise; it has no error.",)
    line, errors = np.zeros(3), np.full(3, math.nan)
    line[free], errors[free] = found.beta, np.sqrt(np.diag(found.inverse))
    return Mapped("beta", line, **_named(names, line.tolist(), errors.tolist(), [0.0, 1.0, 1.0]), notes=notes)


def _solved(ranking: Ranking, columns: Floats) -> Solution:
    maximum = maximise(ArrayRows(columns, ranking.events / ranking.rows, ranking.rows), LOGIT)
    found = maximum.solution
    if maximum.separation is not None or not (found.converged and np.isfinite(found.beta).all()):
        raise NotApplicable(
            "The outcomes determine no finite beta calibration (too few different probabilities, or they separate "
            "events from non-events); use method='intercept' or method='isotonic'."
        )
    return found


# ------------------------------------------------------------------------------------------------ tests


@dataclass(frozen=True)
class UpdateTests:
    """Likelihood ratio chi-squares of updates of the logit: NaN where the line does not exist.

    Attributes:
        line: of intercept and slope against none, 2 degrees of freedom.
        slope: of intercept and slope against the intercept alone, 1.
        intercept: of the intercept alone against none, 1.

    """

    line: float
    slope: float
    intercept: float

    def chosen(self, size: float) -> str:
        """Give the simplest update that is not rejected at this size against intercept and slope.

        Reference: Vergouwe et al. (2017), Statistics in Medicine 36, 4529-4539.
        """
        if math.isnan(self.line):
            raise NotApplicable("There is no logistic line to test against; use method='intercept' or 'isotonic'.")
        if chi_square_tail(self.line, 2).p_value >= size:
            return "none"
        return "intercept" if chi_square_tail(self.slope, 1).p_value >= size else "logistic"


def update_tests(ranking: Ranking) -> UpdateTests:
    """Test the updates of probabilities in (0, 1)."""
    found = calibrated(ranking)
    line = found.lines.chi2(found.distances)
    large = float(line_sums(ranking, found.lines.in_the_large[0], 1.0)[0])
    intercept = max(2 * (large - found.distances.loglik), 0.0)
    return UpdateTests(line, max(line - intercept, 0.0) if not math.isnan(line) else math.nan, intercept)


# ------------------------------------------------------------------------------------------------ folds


def in_folds(ranking: Ranking, method: str, folds: int, seed: Any, size: float) -> Ranking:
    """Rank all rows by probabilities that were changed by what was fitted without their fold.

    Each row is put into a fold by chance, so that a row repeated and a row of weight two fall alike. With "test" the
    update is chosen again without each fold, at this size of the test.

    Raises:
        OptionError: a seed that numpy does not take.
        NotApplicable: too few events or non-events for so many folds.

    """
    try:
        generator = np.random.default_rng(seed)
    except (TypeError, ValueError):
        raise OptionError(f"seed={seed!r} is no seed; give a whole number that is not negative.") from None
    shares = np.full(folds, 1 / folds)
    events, nonevents = (
        generator.multinomial(part.astype(np.int64), shares).astype(np.float64)
        for part in (ranking.events, ranking.nonevents)
    )
    scores, counts = [], []
    for fold in range(folds):
        rest = [ranking.events - events[:, fold], ranking.nonevents - nonevents[:, fold]]
        some = rest[0] + rest[1] > 0
        if not (rest[0].any() and rest[1].any()):
            raise NotApplicable(f"{folds} folds leave no event or no non-event to fit to; give fewer.")
        others = Ranking(ranking.score[some], rest[0][some], rest[1][some])
        mapping = fitted_mapping(others, update_tests(others).chosen(size) if method == "test" else method)
        held = events[:, fold] + nonevents[:, fold] > 0
        scores.append(mapping.at(ranking.score[held]))
        counts.append(np.array([events[held, fold], nonevents[held, fold]]))
    both = np.concatenate(counts, axis=1)
    return rank_counts(np.concatenate(scores), both[0], both[1])
