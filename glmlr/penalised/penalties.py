"""Which penalty is taken off the log-likelihood? Penalties as values, and the options that name them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from glmlr.errors import OptionError, one_of

PENALTIES: Final = ("firth", "flic", "flac", "ridge")
#: Firth's penalty, and what predicts the share of events on average with it.
FIRTHS: Final = ("firth", "flic", "flac")


@dataclass(frozen=True)
class Firth:
    """Estimates without their bias of first order: Jeffreys' prior for the logit, adjusted scores for other links.

    Attributes:
        name: "firth"; "flic" for Firth's slopes with the intercept of maximum likelihood; "flac" for the maximum
            likelihood of rows and pseudo-rows: the last two, of the logit, predict the share of events on average.

    References: Firth (1993), Biometrika 80, 27-38; Kosmidis & Firth (2009), Biometrika 96, 793-804; Puhr et al. (2017),
    Statist. Med. 36, 2302-2317.

    """

    name: str = "firth"


@dataclass(frozen=True)
class Ridge:
    """Half the strength times the sum of squared coefficients, the intercept's excepted, off the log-likelihood.

    Attributes:
        strength: the factor lambda of lambda / 2 sum beta^2, at least 0.
        standardized: whether the coefficients in the sum are those of columns divided by their standard deviation
            (divisor n, by frequency), as glmnet has it, or of columns as they are.
        chosen: a sentence that says how the data chose the strength; "" where they did not.

    Reference: le Cessie & van Houwelingen (1992), Applied Statistics 41, 191-201.

    """

    strength: float
    standardized: bool = True
    chosen: str = ""

    name = "ridge"


Penalty = Firth | Ridge


def penalty_of(penalty: Any, strength: Any, standardize: Any) -> Penalty | None:
    """Read the options of a penalty; a ridge penalty of strength 0 is none.

    Raises:
        OptionError: an unknown penalty, a strength without ridge or ridge without one, a negative strength.

    """
    if penalty is None or penalty in FIRTHS:
        if strength is not None:
            raise OptionError(f'strength={strength!r} belongs to penalty="ridge"; penalty={penalty!r} has none.')
        if standardize is not True:
            raise OptionError(f'standardize={standardize!r} belongs to penalty="ridge"; penalty={penalty!r} has none.')
        return None if penalty is None else Firth(str(penalty))
    one_of("penalty", penalty, PENALTIES)
    if strength is None:
        raise OptionError('penalty="ridge" needs strength=, the factor of half the sum of squared coefficients.')
    if isinstance(strength, str) and strength in ("cv", "aic", "bic"):
        raise OptionError(
            f"strength={strength!r} is a choice among many: glmlr.ridge_path(formula, data, choose={strength!r}).fit "
            "is the model at the strength that it chooses."
        )
    if isinstance(strength, bool) or not isinstance(strength, (int, float, np.number)) or not np.isfinite(strength):
        raise OptionError(f"strength={strength!r} is not a finite number.")
    if strength < 0:
        raise OptionError(f"strength={strength!r} is negative; the penalty would drive the estimates away from 0.")
    if not isinstance(standardize, (bool, np.bool_)):
        raise OptionError(f"standardize={standardize!r} is neither True nor False.")
    return Ridge(float(strength), bool(standardize)) if strength else None
