"""What would the model say of a row that it had not seen? One Newton step away from the estimates, for every row.

With A the expected information, w a row's own, s its score by eta and q = x' A^-1 x, leaving the row out moves the
estimates in one step by -A^-1 x s / (1 - h), h = w q being the leverage, and its own linear predictor by
-q s / (1 - h). The leverage is below 1 where estimates are finite: a trial that were alone in telling some coefficient
would send it to infinity.

Reference: Pregibon (1981), Annals of Statistics 9, 705-724; SAS/STAT User's Guide, The LOGISTIC Procedure, "Predicted
Probability of an Event for Classification" (the logit).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from glmlr.blocks import Block
from glmlr.links import Link

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Deleted:
    """Linear predictors of rows without one of their own trials, shape (b,) each.

    Attributes:
        event: with an event left out.
        nonevent: with a non-event left out.

    """

    event: Floats
    nonevent: Floats


def deleted(block: Block, eta: Floats, link: Link, inverse: Floats) -> Deleted:
    """Leave out one trial of each row in turn.

    Args:
        block: rows with the k estimated columns, in any units.
        eta: their linear predictors, shape (b,).
        link: the link.
        inverse: inverse expected information in the same units, shape (k, k).

    """
    spread = block.quadratic(inverse)
    if block.importance is not None:
        spread = spread * block.importance
    reach = spread / (1.0 - link.weight(eta) * spread)
    return Deleted(eta - reach * link.event_score(eta), eta - reach * link.nonevent_score(eta))
