"""In which units do columns cost no digits? Rows centred and scaled, with the way back."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from glmlr.blocks import Rows, over_blocks
from glmlr.conditioning import Moments, block_moments, scaled_rows

Floats = npt.NDArray[np.float64]


def in_good_units(rows: Rows, beta: Floats) -> tuple[Rows, Floats, Floats]:
    """Give rows with columns that cost no digits, the coefficients (k,) of these, and the matrix that leads back."""
    scaled = scaled_rows(rows, over_blocks(rows, block_moments, Moments.__add__))
    if scaled is None:
        return rows, beta, np.eye(beta.size)
    return scaled, scaled.inverse_transform() @ beta, scaled.transform()
