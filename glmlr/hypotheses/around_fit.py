"""How is a fit put into the form in which parts of it are tested? At its estimates, on the patterns of its rows."""

from __future__ import annotations

from typing import Final

from glmlr.design import gathered
from glmlr.errors import OptionError, one_of
from glmlr.fit import Fit
from glmlr.hypotheses.nested import Reduced, Whole

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
    )


def as_fitted(fit: Fit) -> Reduced:
    """Give the fit itself as a model with all of its columns."""
    finite = fit.separation is None and fit.converged
    whole = whole_of(fit)
    return Reduced(whole.columns, fit.solution.beta, fit.loglik, fit.rank, finite)


def test_of(fit: Fit, asked: str | None) -> tuple[str, str]:
    """Choose a test, and say why where it is not the likelihood ratio.

    Raises:
        OptionError: a test that does not exist.

    """
    if asked is not None:
        if asked not in TESTS and str(asked).lower() in ("lr", "lrt", "likelihood ratio"):
            raise OptionError(f"test={asked!r} is called test='likelihood-ratio' here.")
        return one_of("test", asked, TESTS), ""
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
    return "likelihood-ratio", ""


def test_notes(fit: Fit, test: str) -> list[str]:
    """Say what must be known of a test of this fit."""
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
