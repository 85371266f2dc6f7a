"""What does a loss look like around its lowest point? Its height and its curvature on a grid of two coefficients."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from glmlr.blocks import Block, Rows, over_blocks
from glmlr.training.losses import Loss

Floats = npt.NDArray[np.float64]
Pair = tuple[int, int]


@dataclass(frozen=True, eq=False)
class Surface:
    """A loss on a grid of two coefficients, the others held (p values of the first, q of the second).

    Attributes:
        first: values of the first coefficient, shape (p,).
        second: values of the second, shape (q,).
        loss: mean loss, shape (q, p).
        smallest: smaller eigenvalue of the Hessian of the mean loss by the two coefficients, each in its unit, (q, p).
        largest: the larger one, shape (q, p).

    """

    first: Floats
    second: Floats
    loss: Floats
    smallest: Floats
    largest: Floats


def surface_of(
    rows: Rows, loss: Loss, beta: Floats, pair: Pair, values: tuple[Floats, Floats], units: tuple[float, float]
) -> Surface:
    """Pass over the rows once, for the loss and its second derivatives at each point of a grid.

    Args:
        rows: blocks with k columns.
        loss: the loss of a row.
        beta: what the other coefficients are held at, shape (k,).
        pair: positions of the two columns.
        values: of the two coefficients, shapes (p,) and (q,).
        units: in which the coefficients are measured in the Hessian.

    """
    first, second = values
    held = beta.copy()
    held[list(pair)] = 0.0

    def part(block: Block) -> Floats:
        return _on_grid(block, loss, held, pair, values)

    sums: Floats = over_blocks(rows, part, np.add)
    mean = sums[:4] / sums[4].flat[0]
    one, two = mean[1] * units[0] ** 2, mean[2] * units[1] ** 2
    both = mean[3] * units[0] * units[1]
    middle, apart = (one + two) / 2.0, np.hypot((one - two) / 2.0, both)
    largest = middle + apart
    # The smaller root of the characteristic equation keeps its digits as the determinant over the larger one.
    determinant = one * two - both**2
    stable = middle > 0
    smallest = np.where(
        stable, np.divide(determinant, largest, out=np.zeros_like(largest), where=stable), middle - apart
    )
    return Surface(first, second, mean[0], smallest, largest)


def _on_grid(block: Block, loss: Loss, held: Floats, pair: Pair, values: tuple[Floats, Floats]) -> Floats:
    """Add up loss, second derivatives and weight over a block at each point, shape (5, q, p)."""
    first, second = values
    columns = block.at_columns(np.array(pair, dtype=np.intp)).x
    weight = block.total_weight()
    weight = np.ones(block.size) if weight is None else weight
    products = np.stack([columns[0] ** 2, columns[1] ** 2, columns[0] * columns[1]])
    rest = block.eta(held)
    sums = np.empty((5, second.size, first.size))
    sums[4] = weight.sum()
    for row, two in enumerate(second):
        for column, one in enumerate(first):
            eta = rest + one * columns[0] + two * columns[1]
            sums[0, row, column] = np.dot(weight, loss.value(eta, block.y))
            sums[1:4, row, column] = products @ (weight * loss.curvature(eta, block.y))
    return sums
