"""How are ratios drawn? A forest plot on a logarithmic axis."""

from __future__ import annotations

import numpy as np
import pandas as pd

from glmlr.digits import text
from glmlr.errors import listing
from glmlr.exhibits import Axis, Chart, Series


def forest(frame: pd.DataFrame, ratio_of: str, percent: str, event: str) -> Chart | None:
    """Draw the ratios with their intervals on a logarithmic axis.

    An infinite or zero one is an arrow, its interval the half-line from its finite end; without such an end, or missing
    altogether, it is not drawn.
    """
    words = ratio_of.replace("_", " ").capitalize()
    bounds = frame[["low", "high"]].to_numpy(dtype=np.float64)
    has_end = (np.isfinite(bounds) & (bounds > 0)).any(axis=1)
    values = frame[ratio_of].to_numpy(dtype=np.float64)
    drawn = (np.isfinite(values) & (values > 0)) | (~np.isnan(values) & has_end)
    shown, left_out = frame[drawn], frame[~drawn]
    ratio, low, high = (shown[name].to_numpy(dtype=np.float64) for name in (ratio_of, "low", "high"))
    estimated = ~np.isnan(low)
    if not estimated.any():
        return None
    y = np.arange(len(shown), dtype=np.float64)
    far = ~np.isfinite(ratio) | (ratio == 0)
    margin = tuple(_read_out(*row) for row in zip(ratio, low, high, strict=True))
    notes = (f"Not drawn, having no finite estimate: {listing(_names(left_out))}.",) if len(left_out) else ()
    if far.any():
        notes = (*notes, "An arrow at the edge: an infinite estimate, with the finite end of its interval.")
    return Chart(
        key="forest",
        title=f"{words}s with {percent} intervals",
        series=(
            Series("No effect", "reference", np.array([1.0, 1.0]), np.array([-0.5, len(shown) - 0.5])),
            Series("", "intervals", np.where(estimated, ratio, np.nan), y, low, high, labels=margin),
            Series("", "points", ratio[~estimated], y[~estimated]),
        ),
        x=Axis(f"{words} for {event}, with {percent} interval", scale="log"),
        y=Axis("", categories=_names(shown)),
        notes=notes,
        alt=f"{words}s with {percent} intervals on a logarithmic axis; the line marks 1, no effect.",
    )


def _names(rows: pd.DataFrame) -> tuple[str, ...]:
    """Name the rows of a forest plot; the reference level is called so in the margin."""
    return tuple(
        f"{term}: {str(label).removesuffix(' (reference)')}" if label and label != "per 1" else str(term)
        for term, label in zip(rows["term"], rows["level"], strict=True)
    )


def _read_out(ratio: float, low: float, high: float) -> str:
    """Give "2.79 (1.29–6.05)" for the margin of a drawing; the reference, which is not estimated, has no number."""
    if np.isnan(low):
        return "reference"
    return f"{text(ratio, 'ratio')} ({text(low, 'ratio')}–{text(high, 'ratio')})"
