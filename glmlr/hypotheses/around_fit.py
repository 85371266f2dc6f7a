"""How is a fit put into the form in which parts of it are tested? At its estimates, on the patterns of its rows."""

from __future__ import annotations

from typing import Final

import numpy as np
import numpy.typing as npt

from glmlr.design import gathered
from glmlr.errors import NotApplicable, OptionError, one_of
from glmlr.estimation import intercept_of
from glmlr.fit import Fit
from glmlr.hypotheses.nested import Reduced, Whole
from glmlr.penalised.penalties import Firth
from glmlr.penalised.planes import Planes
from glmlr.penalised.withheld import refuse_without_adjusted_scores

TESTS: Final = ("likelihood-ratio", "wald", "score")
#: Beyond so many cells (rows, or patterns, times columns) nothing is refitted unless asked for.
MOST_CELLS_REFITTED: Final = 4_000_000


def whole_of(fit: Fit) -> Whole:
    """Take a fit whole."""
    return Whole(
        rows=gathered(fit.design),
        link=fit.link,
        beta=fit.solution.beta,
        information=fit.solution.information,
        robust=fit.covariance_kind != "model",
        clusters=fit.design.clusters,
        planes=planes_of(fit),
    )


def planes_of(fit: Fit) -> Planes | None:
    """Give how the penalised likelihood of Firth's estimates falls off; None for other estimates, FLAC's among them."""
    if not isinstance(fit.penalty, Firth) or fit.penalty.name == "flac":
        return None
    return Planes.about(gathered(fit.design), fit.solution.beta, fit.link)


def as_fitted(fit: Fit) -> Reduced:
    """Give the fit itself as a model with all of its columns."""
    finite = fit.separation is None and fit.converged
    whole = whole_of(fit)
    held = None if whole.planes is None else whole.planes.centre.at
    return Reduced(whole.columns, fit.solution.beta, fit.loglik, fit.rank, finite, held)


def test_of(fit: Fit, asked: str | None) -> tuple[str, str]:
    """Choose a test, and say why where it is not the likelihood ratio.

    Raises:
        OptionError: a test that does not exist.

    """
    if asked is not None:
        if asked not in TESTS and str(asked).lower() in ("lr", "lrt", "likelihood ratio"):
            raise OptionError(f"test={asked!r} is called test='likelihood-ratio' here.")
        chosen = one_of("test", asked, TESTS)
        if chosen == "likelihood-ratio":
            refuse_without_likelihood(fit)
        if chosen == "score":
            refuse_without_adjusted_scores(fit.penalty, "A score test")
        return chosen, ""
    if fit.penalty == Firth("flac"):
        return "wald", "Wald tests: FLAC's estimates have no penalised likelihood."
    if fit.pseudo_likelihood:
        return "wald", "Wald tests with the robust covariance: under importance weights there is no likelihood ratio."
    if fit.covariance_kind == "cluster":
        return "wald", "Wald tests with the clustered covariance: a likelihood ratio takes the rows as independent."
    if fit.covariance_kind != "model":
        return "wald", "Wald tests with the covariance of the fit: a likelihood ratio takes its model as right."
    patterns = fit.design.patterns
    size = fit.design.totals.rows if patterns is None else patterns.y.size
    if size * len(fit.names) > MOST_CELLS_REFITTED:
        return "wald", (
            f"Wald tests: with more than {MOST_CELLS_REFITTED:,} rows times columns nothing is refitted unless "
            "test='likelihood-ratio' asks for it."
        )
    if isinstance(fit.penalty, Firth) and fit.link.name != "logit":
        return "score", ""
    return "likelihood-ratio", ""


def refuse_without_likelihood(fit: Fit) -> None:
    """Refuse likelihood ratios of Firth's estimates where they maximise no penalised likelihood.

    Raises:
        NotApplicable: Firth's estimates with another link than the logit, or FLAC's.

    """
    refuse_without_adjusted_scores(fit.penalty, "A likelihood ratio")
    if isinstance(fit.penalty, Firth) and fit.link.name != "logit":
        raise NotApplicable(
            f"Under the {fit.link.name} link Firth's adjusted score is the gradient of no penalised likelihood, so "
            "that there is no likelihood ratio; test='score' has the adjusted score test."
        )


def chosen_anew(fit: Fit) -> npt.NDArray[np.bool_]:
    """Say which coefficients are not those that Firth's tests and intervals are of: FLIC's intercept; shape (k,)."""
    found = np.zeros(len(fit.names), dtype=bool)
    at = intercept_of(fit.design)
    if fit.penalty == Firth("flic") and at is not None:
        found[at] = True
    return found


def test_notes(fit: Fit, test: str) -> list[str]:
    """Say what must be known of a test of this fit."""
    if isinstance(fit.penalty, Firth) and test != "wald":
        return _notes_of_firth(fit, test)
    if test == "likelihood-ratio":
        if fit.pseudo_likelihood:
            return ["Likelihoods are weighted pseudo-likelihoods: their ratio has no chi-square distribution, so no p."]
        if fit.covariance_kind != "model":
            return ["Likelihood ratios take the rows as independent and the model as right, whatever the covariance."]
        return []
    if test == "score":
        how = "sums of squared scores" if fit.covariance_kind != "model" else "the expected information"
        where = " of clusters" if fit.design.clusters is not None else ""
        return [f"Score tests take the variance of the score from {how}{where}."]
    notes = []
    if fit.separation is not None:
        notes.append(
            "Wald tests say nothing of infinite estimates (separation): no statistic there; test='likelihood-ratio' "
            "has one."
        )
    if fit.solution.aliased:
        notes.append("Wald tests are of the model without its aliased columns.")
    return notes


def _notes_of_firth(fit: Fit, test: str) -> list[str]:
    if test == "likelihood-ratio":
        said = "Penalised likelihood ratios: twice what the penalised log-likelihood loses where coefficients are held"
    else:
        said = (
            "Adjusted score tests: U*' I^-1 U* where coefficients are held and Firth's adjusted score U* of the others "
            "vanishes"
        )
    said += "; the penalty stays that of all columns."
    if fit.covariance_kind != "model":
        said += " They take the rows as independent and the model as right, whatever the covariance."
    return [said]


def name_of_test(fit: Fit, test: str) -> str:
    """Name a test of this fit."""
    if isinstance(fit.penalty, Firth):
        return {"likelihood-ratio": "Penalised likelihood ratio", "wald": "Wald", "score": "Adjusted score"}[test]
    return {"likelihood-ratio": "Likelihood ratio", "wald": "Wald", "score": "Score"}[test]
