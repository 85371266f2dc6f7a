"""Which coefficients maximise the likelihood? Newton steps over blocks of rows.

Aliased columns are left out, columns that would cost digits are scaled, a sample of the rows says where to start, and
Newton's steps (`newton`) lead to the maximum. Everything is a sum over blocks, which are added in groups of fixed size
and the groups in order, so that the result has the same bits for any number of threads.
"""

from __future__ import annotations

from contextlib import nullcontext
from dataclasses import dataclass, field, replace
from typing import Final

import numpy as np
import numpy.typing as npt

from glmlr.blocks import Rows, Subset, is_held, over_blocks
from glmlr.conditioning import (
    Alias,
    Moments,
    Scaled,
    aliases_in_data,
    cleared,
    find_aliases,
    gram_of,
    independent,
    scaled_rows,
)
from glmlr.errors import FitError
from glmlr.links import Link
from glmlr.newton import (
    MAX_ITERATIONS,
    TOLERANCE,
    Factor,
    Guide,
    Pass,
    Progress,
    factorised,
    guided,
    in_other_units,
    iterated,
    sums_at,
    with_expected_information,
)
from glmlr.sampling import FewRows, FirstLook, few_rows
from glmlr.threads import one_blas_thread

Floats = npt.NDArray[np.float64]

#: Matrices up to so wide are never shared among threads by BLAS.
_NARROW: Final = 32

#: The sample's maximum itself is many standard errors of all rows away from theirs.
_SAMPLE_TOLERANCE: Final = 2.0
#: With fewer sampled rows for each column the sample's own maximum can lie far away, or nowhere.
_SAMPLED_ROWS_PER_COLUMN: Final = 50


@dataclass(frozen=True, eq=False)
class Solution:
    """Estimates and how they were reached (k = design columns).

    Attributes:
        beta: estimates, shape (k,); NaN where aliased.
        information: expected information at the estimates, shape (k, k); zero rows and columns where aliased.
        inverse: inverse of the information of the estimated columns, shape (k, k); NaN where aliased.
        loglik: log-likelihood of the Bernoulli rows at the estimates (weighted, under importance weights).
        iterations: steps taken over all rows.
        gradient_norm: largest component of the score, each divided by its standard deviation, at the last pass.
        converged: whether the Newton decrement fell below the tolerance.
        reason: None, or a sentence that says why not, or which harder path was taken.
        trace: one record a pass.
        aliased: columns that were left out, with the dependency.
        method: "cholesky", or "qr" where the information was too ill-conditioned for it.
        column_size: root mean square of each column, shape (k,); empty where another engine made the solution.
        centred: whether columns had to be centred: then `inverse` has lost digits that a linear combination needs.
        objective: the penalised log-likelihood at its maximum; None without a penalty.
        effective_df: trace of information times inverse of the penalised information, the intercept included; None
            without a penalty that shrinks.
        training: what trained the estimates and how, where no Newton steps led to them; "" where they did.

    """

    beta: Floats
    information: Floats
    inverse: Floats
    loglik: float
    iterations: int
    gradient_norm: float
    converged: bool
    reason: str | None
    trace: tuple[Pass, ...] = ()
    aliased: tuple[Alias, ...] = ()
    method: str = "cholesky"
    column_size: Floats = field(default_factory=lambda: np.empty(0))
    centred: bool = False
    objective: float | None = None
    effective_df: float | None = None
    training: str = ""

    @property
    def estimated(self) -> npt.NDArray[np.bool_]:
        """Which columns have an estimate, shape (k,)."""
        return ~np.isnan(self.beta)

    @property
    def engine(self) -> str:
        """What found the estimates: "Newton", "statsmodels IRLS" or the name of a trainer with its settings."""
        if self.method == "statsmodels":
            return "statsmodels IRLS"
        return self.training.partition(" on standardised")[0].removeprefix("Trained by ") or "Newton"

    @property
    def rank(self) -> int:
        """Number of coefficients that are not aliased, infinite ones included."""
        return self.beta.size - len(self.aliased)


def solve(
    rows: Rows,
    link: Link,
    *,
    start: Floats | None = None,
    tolerance: float = TOLERANCE,
    max_iterations: int = MAX_ITERATIONS,
) -> Solution:
    """Maximise the binomial likelihood by Newton steps with step-halving (Fisher scoring for the logit).

    Args:
        rows: blocks of the design with k columns, n rows.
        link: the link.
        start: coefficients to start from, shape (k,); by default a fit to a sample of them where there are many, else
            the constant model.
        tolerance: largest Newton decrement (in standard errors) accepted as converged.
        max_iterations: largest number of steps.

    Returns:
        The `Solution`; not converged is a field with a reason, not an error.

    Raises:
        FitError: no rows, or no column that varies.

    """
    look = over_blocks(rows, FirstLook.at, FirstLook.__add__)
    k = look.moments.total.size
    if k == 0:
        return _without_columns(rows, link)
    # Threads of BLAS gain nothing in matrices of this size, and lose much where other processes want the processors.
    with one_blas_thread() if k > _NARROW else nullcontext():
        return _solved(rows, link, look, start, tolerance, max_iterations)


def _solved(
    rows: Rows, link: Link, look: FirstLook, start: Floats | None, tolerance: float, max_iterations: int
) -> Solution:
    """Leave out aliased columns, scale the others where that saves digits, start, and iterate."""
    ready = _ready(rows, look)
    chosen, units = ready.chosen, ready.units
    if start is not None and np.isfinite(start[units.keep]).all():
        first = units.inwards(start)
    else:
        first, guide = _start(look.moments, ready.few, link, units.keep, units.scaled)
        # Rows that are read again in each pass would take as long for the score alone.
        if guide is not None and is_held(chosen):
            first = guided(chosen, link, first, guide)
    return ready.solution(
        with_expected_information(chosen, link, iterated(chosen, link, first, tolerance, max_iterations))
    )


@dataclass(frozen=True, eq=False)
class Ready:
    """Rows ready to be fitted: aliased columns left out, the others scaled where that saves digits.

    Attributes:
        rows: the rows as they are, k columns.
        moments: their sums by column.
        few: a sample of them, scaled as they are; None where they are few.
        aliases: what was left out.
        units: the way between the coefficients of the columns kept, scaled, and those of the k columns.

    """

    rows: Rows
    moments: Moments
    few: FewRows | None
    aliases: tuple[Alias, ...]
    units: _Units

    @property
    def chosen(self) -> Rows:
        """The rows that are fitted."""
        return self.of(self.rows)

    def of(self, rows: Rows) -> Rows:
        """Give other rows of the same columns as these are fitted."""
        scaled = self.units.scaled
        inner: Rows = rows if scaled is None else replace(scaled, rows=rows)
        return Subset(inner, self.units.keep) if self.aliases else inner

    @property
    def constant(self) -> int | None:
        """Position of a constant column among those kept, or None."""
        keep = self.units.keep
        found = np.flatnonzero(self.moments.constant[keep] & (self.moments.first[keep] != 0))
        return int(found[0]) if found.size else None

    def start(self, link: Link) -> Floats:
        """Give coefficients of the columns kept to start from: of a fit to a sample of many rows, else the constant."""
        return _start(self.moments, self.few, link, self.units.keep, self.units.scaled)[0]

    def solution(self, progress: Progress) -> Solution:
        """Give estimates and their information in the units of the data."""
        scaled, moments = self.units.scaled, self.moments
        found = _assembled(progress, self.units, aliases_in_data(self.aliases, self.rows, scaled))
        size = np.sqrt(moments.squares / moments.rows)
        return replace(found, column_size=_frozen(size), centred=scaled is not None and bool(scaled.center.any()))


def ready(rows: Rows) -> Ready:
    """Look at the rows, and get them ready to be fitted.

    Raises:
        FitError: no rows, or no column that varies.

    """
    return _ready(rows, over_blocks(rows, FirstLook.at, FirstLook.__add__))


def _ready(rows: Rows, look: FirstLook) -> Ready:
    moments = look.moments
    scaled = scaled_rows(rows, moments)
    inner: Rows = rows if scaled is None else scaled
    few = few_rows(look, scaled)
    clear = few is not None and scaled is None and cleared(few.gram, moments.squares)
    aliases = () if clear else find_aliases(inner, gram_of(inner))
    keep = np.delete(np.arange(moments.total.size), [alias.column for alias in aliases])
    if keep.size == 0:
        raise FitError("No column of the design varies; there is nothing to estimate.")
    return Ready(rows, moments, few, aliases, _Units(keep, moments.total.size, scaled))


def inverse_information(rows: Rows, beta: Floats, link: Link) -> Floats:
    """Give the inverse of the expected information at `beta` (k,), shape (k, k).

    Raises:
        FitError: the information is singular.

    """
    factor = factorised(rows, sums_at(rows, beta, link), beta, link, True)
    if factor is None:
        raise FitError("The information matrix is singular; there are no standard errors.")
    return factor.inverse()


def _start(
    moments: Moments, few: FewRows | None, link: Link, keep: npt.NDArray[np.intp], scaled: Scaled | None
) -> tuple[Floats, Guide | None]:
    """Start from a fit to a sample of the rows where there is one, else from the share of events.

    Returns:
        Where to start, shape (k,), and what the sample says of the information there.

    """
    beta = np.zeros(keep.size)
    constants = np.flatnonzero(moments.constant[keep] & (moments.first[keep] != 0))
    share = (moments.events + 0.5) / (moments.trials + 1.0) if moments.trials > 0 else 0.5
    share = min(max(share, 1e-12), 1 - 1e-12)
    if constants.size:
        value = moments.first[keep][constants[0]]
        if scaled is not None:
            value = value / scaled.scale[keep][constants[0]]
        level = float(link.link(np.array([share]))[0]) - moments.offset / moments.trials
        beta[constants[0]] = level / value
    if few is None or few.size < _SAMPLED_ROWS_PER_COLUMN * keep.size:
        return beta, None
    # Levels that the sample hardly meets start where the constant model has them.
    there = independent(few.gram[np.ix_(keep, keep)])
    part = iterated(Subset(few.rows, keep[there]), link, beta[there], _SAMPLE_TOLERANCE, 12)
    if not (part.converged and part.factor is not None and np.isfinite(part.beta).all()):
        return beta, None
    beta[there] = part.beta
    return beta, Guide(part.factor, moments.rows / few.size) if there.size == keep.size else None


@dataclass(frozen=True, eq=False)
class _Units:
    """The way between the coefficients of the columns kept, scaled, and those of all k columns of the data."""

    keep: npt.NDArray[np.intp]
    k: int
    scaled: Scaled | None

    def _part(self, matrix: Floats) -> Floats:
        return matrix[np.ix_(self.keep, self.keep)]

    def inwards(self, beta: Floats) -> Floats:
        """Give coefficients of the columns kept."""
        return beta[self.keep] if self.scaled is None else self._part(self.scaled.inverse_transform()) @ beta[self.keep]

    def estimates(self, beta: Floats) -> Floats:
        """Give coefficients of all columns, NaN where not kept."""
        out = np.full(self.k, np.nan)
        out[self.keep] = beta if self.scaled is None else self._part(self.scaled.transform()) @ beta
        return out

    def information(self, matrix: Floats) -> Floats:
        """Give the information on all coefficients, 0 where not kept."""
        forth = None if self.scaled is None else self._part(self.scaled.inverse_transform())
        return self._placed(0.0, matrix if forth is None else forth.T @ matrix @ forth)

    def inverse(self, factor: Factor) -> Floats:
        """Give the inverse information on all coefficients, NaN where not kept."""
        root = factor.root() if self.scaled is None else self._part(self.scaled.transform()) @ factor.root()
        return self._placed(np.nan, np.dot(root, root.T))

    def _placed(self, other: float, matrix: Floats) -> Floats:
        out = np.full((self.k, self.k), other)
        out[np.ix_(self.keep, self.keep)] = matrix
        return out


def _assembled(progress: Progress, units: _Units, aliases: tuple[Alias, ...]) -> Solution:
    """Put the estimates of the kept columns back among all columns, in the units of the data."""
    factor = progress.factor
    last = progress.passes[-1] if progress.passes else None
    return Solution(
        beta=_frozen(units.estimates(progress.beta)),
        information=_frozen(units.information(progress.sums.information)),
        inverse=_frozen(np.full((units.k, units.k), np.nan) if factor is None else units.inverse(factor)),
        loglik=progress.sums.loglik,
        iterations=last.iteration if last else 0,
        gradient_norm=last.gradient_norm if last else float("nan"),
        converged=progress.converged,
        reason=progress.reason,
        trace=in_other_units(progress.passes, units.estimates),
        aliased=aliases,
        method="cholesky" if factor is None else factor.method,
    )


def _without_columns(rows: Rows, link: Link) -> Solution:
    """Give the likelihood of the offset alone."""
    empty = np.zeros(0)
    sums = sums_at(rows, empty, link)
    return Solution(empty, np.zeros((0, 0)), np.zeros((0, 0)), sums.loglik, 0, 0.0, True, None)


def _frozen(array: Floats) -> Floats:
    array.flags.writeable = False
    return array
