"""How fast is a fit, from the frame to the table of coefficients?"""

from __future__ import annotations

from collections.abc import Iterator

from benchmarks import contestants as by
from benchmarks.contest import Contest, Contestant, cost, faster
from benchmarks.frames import (
    BIRTHS,
    DISCRETE,
    PLACED,
    WIDE,
    WIDE_C,
    categorical,
    discrete,
    placed,
    wide,
)

MILLION = 1_000_000


def logit(share: float) -> Iterator[Contest]:
    """1e6 x 19, with C() on a text column, and with ready categoricals."""
    n = int(MILLION * share)
    frame = wide(n)
    yield Contest(
        "logit x 19, C()",
        n,
        by.ours(WIDE_C, frame),
        (by.statsmodels(WIDE_C, frame, faster(15), name="statsmodels: smf.glm, C()"),),
    )
    frame = categorical(frame)
    yield Contest(
        "logit x 19, bare",
        n,
        by.ours(WIDE, frame),
        (
            by.statsmodels(WIDE, frame, faster(10), name="statsmodels: smf.glm, bare categoricals"),
            by.scikit_learn(WIDE, frame, faster(3), converged=False),
            by.scikit_learn(WIDE, frame, faster(3), converged=True),
            by.glum(WIDE, frame, faster(4)),
        ),
    )


def patterns(share: float) -> Iterator[Contest]:
    """1e6 rows of five factors: 5,760 patterns."""
    n = int(MILLION * share)
    frame = discrete(n)
    peers = (by.statsmodels(DISCRETE, frame, faster(200)), by.glum_columns(DISCRETE, frame, faster(25)))
    yield Contest("5,760 patterns", n, by.ours(DISCRETE, frame), peers)


def many_levels(share: float) -> Iterator[Contest]:
    """1e6 rows, 5 numeric columns and a factor of 300 levels."""
    n = int(MILLION * share)
    frame = placed(n)
    yield Contest("5 numeric + 300 levels", n, by.ours(PLACED, frame), (by.glum_columns(PLACED, frame, faster(2)),))


def other_links(share: float) -> Iterator[Contest]:
    """1e6 x 19 with probit and cloglog."""
    n = int(MILLION * share)
    frame = categorical(wide(n))
    for link, theirs in (("probit", "Probit"), ("cloglog", "CLogLog")):
        peer = by.statsmodels(WIDE, frame, faster(10), link=theirs, name=f"statsmodels: smf.glm, {link}")
        yield Contest(f"{link} x 19", n, by.ours(WIDE, frame, link=link), (peer,))


def weighted(share: float) -> Iterator[Contest]:
    """Class weights with the sandwich, against the plain fit; statsmodels is the witness."""
    import numpy as np

    n = int(MILLION * share)
    frame = categorical(wide(n))
    counts = np.bincount(frame["y"].astype(int))
    weight = np.asarray(n / (2.0 * counts))[frame["y"].astype(int)]
    plain = by.ours(WIDE, frame, name="no weights: fit().coefficients()")
    yield Contest(
        "class weights + sandwich",
        n,
        by.ours(WIDE, frame, name='glmlr: fit(class_weight="balanced").coefficients()', class_weight="balanced"),
        (Contestant(plain.name, plain.run, None, cost(1.4)),),
        witness=by.statsmodels(WIDE, frame, None, freq_weights=weight, cov_type="HC0"),
    )


def small(share: float) -> Iterator[Contest]:  # noqa: ARG001  (189 rows are 189 rows)
    """189 rows: fit, and the summary as text."""
    import statsmodels.api as sm
    import statsmodels.formula.api as smf

    import glmlr

    births = glmlr.datasets.load("birthwt")

    def ours() -> object:
        fit = glmlr.fit(BIRTHS, births)
        str(fit.summary())
        return fit

    def theirs() -> object:
        fit = smf.glm(BIRTHS, births, family=sm.families.Binomial()).fit()
        str(fit.summary())
        return fit

    yield Contest(
        "189 rows, fit + summary",
        len(births),
        Contestant("glmlr: str(fit().summary())", ours, lambda fit: fit.params),
        (Contestant("statsmodels: str(smf.glm().fit().summary())", theirs, lambda fit: fit.params, faster(2)),),
    )
