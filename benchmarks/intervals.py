"""What do profile-likelihood intervals cost?"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from benchmarks.contest import Contest, Contestant, cost
from benchmarks.frames import WIDE_C, wide


def profile(share: float) -> Iterator[Contest]:
    """1e5 and 1e6 rows of 19 columns: both ends of all intervals of a fit, over the fit itself from frame to table."""
    import glmlr

    for rows in (100_000, 1_000_000):
        n = int(rows * share)
        frame = wide(n)
        fitted = glmlr.fit(WIDE_C, frame)
        yield Contest(
            "profile-likelihood intervals of all coefficients",
            n,
            Contestant('glmlr: fit.coefficients(interval="profile")', lambda fitted=fitted: _profiles(fitted)),
            (Contestant("glmlr: fit(...).coefficients()", lambda frame=frame: _fit(frame), target=cost(5)),),
        )


def _profiles(fitted: Any) -> Any:
    return fitted.coefficients(interval="profile")


def _fit(frame: Any) -> Any:
    import glmlr

    return glmlr.fit(WIDE_C, frame).coefficients()
