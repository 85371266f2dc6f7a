"""What does glmlr need besides time in the fit? Memory, and an import."""

from __future__ import annotations

from collections.abc import Iterator

from benchmarks.contest import Contest, Contestant, cost
from benchmarks.fresh import import_seconds, peak_memory
from benchmarks.stopwatch import reported


def memory(share: float) -> Iterator[Contest]:
    """Peak memory above the rows of 1e6 x 19, each fit in a process of its own."""
    n = int(1_000_000 * share)

    def one(key: str, name: str, limit: float | None, within: float = 1e-6) -> Contestant:
        target = None if limit is None else cost(limit)
        return Contestant(name, lambda: peak_memory(key, n), lambda answer: answer, target, within)

    yield Contest(
        "peak memory x 19, C()",
        n,
        one("glmlr", "glmlr: fit().coefficients()", None),
        (one("statsmodels", "statsmodels: smf.glm, C()", 1 / 5),),
        reported,
        "MB",
    )
    yield Contest(
        "peak memory x 19, bare",
        n,
        one("glmlr-bare", "glmlr: fit().coefficients()", None),
        (
            one("statsmodels-bare", "statsmodels: smf.glm, bare categoricals", 1 / 5),
            one("glum", "glum: from the frame, std errors", None, 1e-3),
        ),
        reported,
        "MB",
    )


def importing(share: float) -> Iterator[Contest]:  # noqa: ARG001  (an import has no rows)
    """Import glmlr, over that of what it stands on."""
    yield Contest(
        "import",
        0,
        Contestant("glmlr: import glmlr", lambda: import_seconds("glmlr")),
        (
            Contestant(
                "pandas + scipy: import pandas, scipy.linalg",
                lambda: import_seconds("pandas, scipy.linalg"),
                None,
                cost(1.5),
            ),
            Contestant(
                "statsmodels: import statsmodels.formula.api", lambda: import_seconds("statsmodels.formula.api")
            ),
        ),
        reported,
    )
