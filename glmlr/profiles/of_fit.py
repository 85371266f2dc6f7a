"""Where does the likelihood of a fit stay high? Profile-likelihood intervals of its coefficients."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from scipy.special import chdtri

from glmlr.blocks import Rows, Subset
from glmlr.design import gathered
from glmlr.errors import NotApplicable
from glmlr.fit import Fit
from glmlr.hypotheses.around_fit import chosen_anew, planes_of
from glmlr.penalised.penalties import Firth
from glmlr.penalised.withheld import refuse_shrunken, refuse_without_adjusted_scores
from glmlr.profiles.ends import Maximum, ends_of
from glmlr.profiles.open_ended import OpenEnd
from glmlr.profiles.penalised import penalised_ends
from glmlr.profiles.sides import cancelling, side_of
from glmlr.profiles.units import in_good_units
from glmlr.separation import Maximum as Limit
from glmlr.threads import one_blas_thread

Floats = npt.NDArray[np.float64]
Positions = npt.NDArray[np.intp]


def profile_ends(fit: Fit, combinations: Floats, level: float) -> Floats:
    """Give profile-likelihood intervals of linear combinations of the coefficients.

    The ends are roots: the deviance of the model with the combination held there exceeds that of the fit by the
    quantile of chi-square with 1 degree of freedom. Where the likelihood rises for ever along a combination its
    interval is open on that side.

    Args:
        fit: the fitted model, k coefficients.
        combinations: one in each row, shape (m, k).
        level: confidence level, in (0, 1).

    Returns:
        Lower and upper ends, shape (m, 2): infinite on the side on which the likelihood never falls; NaN where a
        combination involves a coefficient that is aliased.

    Raises:
        NotApplicable: importance weights, whose likelihood is none, or a fit that did not converge.

    """
    refuse_profiles(fit)
    quantile = float(chdtri(1.0, 1.0 - level))
    ends = np.full((len(combinations), 2), np.nan)
    rows = gathered(fit.design)
    involved = combinations != 0
    unknown = np.isnan(fit.solution.beta)
    if fit.separation is not None:
        infinite = fit.separation.infinite | fit.separation.undetermined
        unknown &= ~infinite
    else:
        infinite = np.zeros(unknown.size, dtype=bool)
    known = ~(involved & unknown).any(axis=1) & involved.any(axis=1)
    open_ended = (involved & infinite).any(axis=1) & ~cancelling(fit, combinations)
    if (finite := np.flatnonzero(known & ~open_ended)).size:
        if isinstance(fit.penalty, Firth):
            ends[finite] = _penalised(fit, combinations[finite], quantile)
        else:
            ends[finite] = ends_of(*_finite_part(fit, rows, combinations[finite]), quantile)
    for one in np.flatnonzero(known & open_ended):
        ends[one] = _open(fit, rows, np.flatnonzero(~unknown), combinations[one], quantile)
    return ends


def refuse_profiles(fit: Fit) -> None:
    """Refuse fits without a likelihood to profile.

    Raises:
        NotApplicable: see `profile_ends`.

    """
    refuse_shrunken(fit.penalty, "A profile-likelihood interval")
    refuse_without_adjusted_scores(fit.penalty, "A profile-likelihood interval")
    if fit.pseudo_likelihood:
        raise NotApplicable(
            "Importance weights make the likelihood a pseudo-likelihood, whose fall is not that of chi-square, so that "
            'there are no profile-likelihood intervals; use interval="wald", which rests on the sandwich.'
        )
    if not fit.converged:
        raise NotApplicable(
            "The fit did not converge, so that its likelihood is not the largest and there is nothing to measure "
            "profile-likelihood intervals from; fit with more iterations."
        )


def _penalised(fit: Fit, combinations: Floats, quantile: float) -> Floats:
    """Give the intervals of Firth's estimates, all of which are finite; NaN with the intercept of FLIC."""
    planes = planes_of(fit)
    if planes is None:
        raise AssertionError
    ends = np.full((len(combinations), 2), np.nan)
    known = ~(combinations[:, chosen_anew(fit)] != 0).any(axis=1)
    along = combinations[known][:, planes.kept] @ planes.outwards
    with one_blas_thread():
        ends[known] = penalised_ends(planes.centre, along, quantile)
    return ends


def _finite_part(fit: Fit, rows: Rows, combinations: Floats) -> tuple[Maximum, Floats]:
    """Give the maximum of the finite estimates on rows that are not separated, and combinations in its columns."""
    if fit.separation is None:
        finite = np.flatnonzero(fit.solution.estimated)
        part: Rows = rows if finite.size == fit.working.size else Subset(rows, finite)
    else:
        limit = Limit(fit.solution, fit.separation, fit.working, np.flatnonzero(np.isfinite(fit.solution.beta)))
        # Other columns are nuisances on the rows left, though their estimates are infinite.
        finite, part = limit.on_face, limit.face_rows(rows)
    own, beta, back = in_good_units(part, fit.working[finite])
    return Maximum.of(own, beta, fit.link), combinations[:, finite] @ back


def _open(fit: Fit, rows: Rows, kept: Positions, combination: Floats, quantile: float) -> tuple[float, float]:
    """Give the interval of a combination along which the likelihood rises for ever, on one side or on both."""
    if fit.separation is None:
        raise AssertionError
    infinite = (fit.separation.infinite | fit.separation.undetermined) & (combination != 0)
    side = side_of(fit, combination)
    if not side:
        return -np.inf, np.inf
    own, _, back = in_good_units(Subset(rows, kept), np.zeros(kept.size))
    along, size = combination[kept] @ back, float(np.sqrt(np.mean(fit.solution.column_size[infinite] ** 2))) or 1.0
    found = OpenEnd(own, fit.link, along, side, fit.loglik, fit.separation.rows, quantile)
    return found.interval(size)
