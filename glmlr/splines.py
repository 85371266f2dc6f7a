"""Which basis does a spline have? Knots and constraints learnt from the rows of the fit, then values anywhere.

The bases themselves (B-splines, cubic regression splines, tensor products) are patsy's classes, given by the caller.
Here is what a basis has learnt, frequencies counted as repeated rows, and how it goes on beyond the outermost knots.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from inspect import signature
from typing import Any

import numpy as np
import numpy.typing as npt

from glmlr.errors import listing, suggestion
from glmlr.rowwise import as_float
from glmlr.transforms import MOST_COLUMNS

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Spline:
    """A basis that has learnt, as plain numbers.

    Attributes:
        kind: "bs", "cr", "cc" or "te".
        basis: the class of patsy that evaluates it.
        state: its knots, degree and constraints.

    """

    kind: str
    basis: Any
    state: Mapping[str, Any]

    @property
    def range(self) -> tuple[float, float] | None:
        """Outermost knots, beyond which the outer pieces are continued; None for a cyclic or tensor basis."""
        if self.kind not in ("bs", "cr"):
            return None
        return float(np.min(self.state["_all_knots"])), float(np.max(self.state["_all_knots"]))

    def __call__(self, *arguments: Any, **options: Any) -> Floats:
        """Give the basis at any values, shape (m, df)."""
        basis = self.basis.__new__(self.basis)
        basis.__dict__.update(self.state)
        arguments = _numbers(self.kind, arguments)
        if self.kind != "bs":
            return np.asarray(basis.transform(*arguments, **options))
        x = arguments[0]
        low, high = self.range or (-np.inf, np.inf)
        inside = np.clip(x, low, high)
        out = np.asarray(basis.transform(inside, *arguments[1:], **options))
        beyond = x != inside
        if beyond.any():
            out[beyond] = self._continued(x[beyond])[:, -out.shape[1] :]
        return out

    def _continued(self, x: Floats) -> Floats:
        """Continue the outer polynomials beyond the outermost knots, as R's bs() does."""
        from scipy.interpolate import BSpline

        knots, degree = np.asarray(self.state["_all_knots"], dtype=np.float64), int(self.state["_degree"])
        return np.asarray(BSpline(knots, np.eye(knots.size - degree - 1), degree)(x))


@dataclass(frozen=True, eq=False)
class SplineLearner:
    """Learns a spline basis; weights are frequencies, and count as repeated rows."""

    kind: str
    basis: Any

    def __call__(self, weight: Floats | None, *arguments: Any, **options: Any) -> Spline:
        """Learn knots and constraints.

        Raises:
            TypeError: an argument the basis does not have, or text where numbers are needed.
            ValueError: more columns than any model has.

        """
        _refuse_options(self.kind, self.basis, arguments, options)
        arguments = _numbers(self.kind, arguments)
        if self.kind == "bs" and weight is not None:
            options = _weighted_knots(weight, *arguments, **options)
            arguments = arguments[:1]
        basis = self.basis()
        basis.memorize_chunk(*arguments, **options)
        basis.memorize_finish()
        if weight is not None and isinstance(options.get("constraints"), str):
            # The centring constraint is the mean row of the basis, here of the repeated rows.
            basis._constraints = None
            rows = np.asarray(basis.transform(*arguments, **options))
            basis._constraints = np.average(rows, axis=0, weights=weight)[None, :]
        return Spline(self.kind, self.basis, dict(basis.__dict__))


def _numbers(kind: str, arguments: tuple[Any, ...]) -> tuple[Any, ...]:
    """Give the data among the arguments as numbers: all of a tensor product, else the first."""
    data = len(arguments) if kind == "te" else 1
    return (*map(as_float, arguments[:data]), *arguments[data:])


def _refuse_options(kind: str, basis: Any, arguments: tuple[Any, ...], options: Mapping[str, Any]) -> None:
    known = ["constraints"] if kind == "te" else list(signature(basis.memorize_chunk).parameters)[2:]
    for name in options:
        if name not in known:
            raise TypeError(f"it has no argument {name!r}{suggestion(name, known) or f'; it takes {listing(known)}'}")
    given = options if kind == "te" else {**dict(zip(known, arguments[1:], strict=False)), **options}
    for name in ("df", "degree"):
        number = given.get(name)
        if number is not None and (not isinstance(number, int) or isinstance(number, bool)):
            raise TypeError(f"{name} is not a whole number")
        if number is not None and number > MOST_COLUMNS:
            raise ValueError(f"{name}={number:,} asks for more than {MOST_COLUMNS:,} columns")


def _weighted_knots(
    weight: Floats,
    x: Floats,
    df: int | None = None,
    knots: Any = None,
    degree: int = 3,
    include_intercept: bool = False,
    **bounds: Any,
) -> dict[str, Any]:
    """Place the inner knots at quantiles (type 7) of the repeated rows."""
    given = {"df": df, "knots": knots, "degree": degree, "include_intercept": include_intercept, **bounds}
    inner = 0 if df is None else df - (degree + 1) + (not include_intercept)
    if knots is not None or inner <= 0:
        return given
    order = np.argsort(x, kind="stable")
    above = np.cumsum(weight[order])
    position = np.linspace(0, 1, inner + 2)[1:-1] * (above[-1] - 1)
    low = np.floor(position)
    ends = [x[order][np.searchsorted(above, at, side="right").clip(max=x.size - 1)] for at in (low, low + 1)]
    return {**given, "knots": ends[0] + (position - low) * (ends[1] - ends[0])}
