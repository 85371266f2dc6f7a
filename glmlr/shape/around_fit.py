"""How is a fit put into the form in which columns can be added to it? At its estimates, on the rows it holds."""

from __future__ import annotations

import numpy as np

from glmlr.design import gathered
from glmlr.errors import NotApplicable
from glmlr.fit import Fit
from glmlr.penalised.withheld import refuse_shrunken
from glmlr.shape.added_columns import Fitted


def around(fit: Fit) -> Fitted:
    """Take a fit at its estimates; its rows are the covariate patterns where it collapsed them.

    Raises:
        NotApplicable: estimates that are not all finite or not reached, or rows that are not held in memory.

    """
    refuse_shrunken(fit.penalty, "What columns would add to a fit")
    if fit.separation is not None or not fit.converged:
        why = "some of its estimates are infinite (separation)" if fit.separation else "it has not converged"
        raise NotApplicable(f"What columns would add to this fit cannot be said, because {why}.")
    design = fit.held
    robust = fit.pseudo_likelihood or design.clusters is not None
    estimated = np.isfinite(fit.solution.beta)
    return Fitted.of(gathered(design), fit.working, estimated, fit.link, robust=robust, clusters=design.clusters)
