"""How fast are leverage and Cook's distance of every row?"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pandas as pd

from benchmarks.contest import Answer, Contest, Contestant, faster
from benchmarks.frames import WIDE_C, wide


def leverage(share: float) -> Iterator[Contest]:
    """1e6 rows of 19 columns, fitted beforehand on both sides: leverage, Cook's distance and residuals of each row."""
    import statsmodels.api as sm
    import statsmodels.formula.api as smf

    import glmlr

    n = int(1_000_000 * share)
    frame = wide(n)
    ours, theirs = glmlr.fit(WIDE_C, frame), smf.glm(WIDE_C, frame, family=sm.families.Binomial()).fit(tol=1e-12)

    def run() -> Any:
        return ours.influence_measures(dfbetas=False)

    def peer() -> Any:
        found = theirs.get_influence()
        cook, _ = found.cooks_distance
        return pd.DataFrame(
            {"leverage": found.hat_matrix_diag, "cook": cook, "standardized_pearson": found.resid_studentized}
        )

    yield Contest(
        "leverage and Cook's distance of each row",
        n,
        Contestant("glmlr: fit.influence_measures(dfbetas=False)", run, _answer),
        (Contestant("statsmodels: get_influence()", peer, _answer, faster(15)),),
    )


def _answer(found: pd.DataFrame) -> Answer:
    return pd.Series(
        {
            "leverage, first row": found["leverage"].iloc[0],
            "leverage, largest": found["leverage"].max(),
            "Cook's distance, mean": found["cook"].mean(),
            "Cook's distance, largest": found["cook"].max(),
        }
    )
