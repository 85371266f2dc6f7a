"""Which derivative of the probability is asked for? The slope, an elasticity, or one half of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final


@dataclass(frozen=True)
class Derivative:
    """One way to differentiate the probability P by a number x, row by row.

    Attributes:
        contrast: how a table names it.
        logged: whether log P is differentiated.
        times_number: whether by log x.
        said: what the effect of a number is, in a sentence's end.
        axis: label of an axis of such effects.
        title: heading of a table of them.

    """

    contrast: str
    logged: bool
    times_number: bool
    said: str
    axis: str
    title: str = "Semi-elasticities of the probability"


_CHANGE: Final = "Change of the probability"

#: As Stata's margins names them: d or e of the probability (y) by d or e of the number (x), e being the logarithm.
DERIVATIVES: Final[Mapping[str, Derivative]] = MappingProxyType(
    {
        "dydx": Derivative(
            "per 1", False, False, "the slope of the probability, per 1 of it", _CHANGE, "Marginal effects"
        ),
        "eyex": Derivative(
            "d ln P / d ln x",
            True,
            True,
            "the elasticity: the percentage by which the probability changes where the number grows by 1% of itself",
            "Elasticity of the probability",
            "Elasticities of the probability",
        ),
        "eydx": Derivative(
            "d ln P / dx",
            True,
            False,
            "the slope of the logarithm of the probability, per 1 of it: a relative change",
            "Change of the logarithm of the probability",
        ),
        "dyex": Derivative(
            "dP / d ln x",
            False,
            True,
            "the slope of the probability by the logarithm of the number: a hundredth of it is what 1% more of the "
            "number does",
            "Change of the probability per 100% of the number",
        ),
    }
)
