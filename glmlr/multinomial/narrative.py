"""What do the tables of several classes say in words? One or two sentences for each, read off its numbers."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from glmlr.digits import text
from glmlr.errors import listing
from glmlr.exhibits import Table
from glmlr.multinomial.fitted import MultinomialFit


def table_sentences(fit: MultinomialFit, table: Table) -> list[str]:
    """Say what a table of a multinomial fit shows; nothing where it speaks for itself."""
    write = _WRITERS.get(table.key)
    return [] if write is None else write(fit, table)


def _named(fit: MultinomialFit, label: str) -> str:
    """Name a class in a sentence; one that is a number with the response beside it."""
    return f"{fit.response} = {label}" if label[:1].isdigit() else label


def _profile(fit: MultinomialFit, table: Table) -> list[str]:
    counts = fit.class_design.counts
    rarest = int(counts.argmin())
    said = [
        f"The rarest class is {_named(fit, fit.classes.labels[rarest])}, with {text(float(counts[rarest]), 'count')} "
        f"of {fit.nobs:,} rows ({text(float(table.frame['share'].iloc[rarest]), 'percent')})."
    ]
    slopes = fit.df_model // max(len(fit.classes.others), 1)
    if slopes and counts[rarest] < 10 * slopes:
        each = "the one coefficient" if slopes == 1 else f"each of the {slopes} coefficients"
        said.append(
            f"That is fewer than 10 rows for {each} that a class has besides its intercept; "
            "estimates then tend to lie too far from zero, and their intervals are rough."
        )
    return said


def _ratios(fit: MultinomialFit, table: Table) -> list[str]:
    known = table.frame[table.frame["p_value"] < 0.05]
    against = _named(fit, fit.classes.reference_label)
    if not len(known):
        return [f"No relative-risk ratio against {against} is different from 1 at the 5% level by itself."]
    first: Any = known.sort_values("p_value", kind="stable").iloc[0]
    level = str(first["level"])
    what = f"{first['term']} {level}" if level.startswith("per ") else f"{first['term']}: {level}"
    ratio, low, high = (text(first[name], "ratio") for name in ("relative_risk_ratio", "low", "high"))
    return [
        f"{len(known)} of {int(table.frame['p_value'].notna().sum())} relative-risk ratios against {against} differ "
        f"from 1 at the 5% level; most clearly {what} for {_named(fit, first['outcome'])}: {ratio} ({low} to {high})."
    ]


def _effects(fit: MultinomialFit, table: Table) -> list[str]:
    frame = table.frame[table.frame["p_value"] < 0.05]
    if not len(frame):
        return ["No average effect on the probability of a class is different from 0 at the 5% level by itself."]
    first: Any = frame.sort_values("p_value", kind="stable").iloc[0]
    return [
        f"The clearest effect is that of {first['predictor']} ({first['contrast']}) on the probability of "
        f"{_named(fit, first['outcome'])}: {text(first['estimate'], 'estimate')} ({text(first['low'], 'estimate')} to "
        f"{text(first['high'], 'estimate')})."
    ]


def _terms(_: MultinomialFit, table: Table) -> list[str]:
    tested = table.frame[table.frame["p_value"].notna()]
    matter = tested[tested["p_value"] < 0.05]
    if not len(tested):
        return []
    if not len(matter):
        return ["No term matters at the 5% level over all classes."]
    return [f"{len(matter)} of {len(tested)} terms matter at the 5% level over all classes: {listing(matter['term'])}."]


def _combining(_: MultinomialFit, table: Table) -> list[str]:
    alike = table.frame[table.frame["p_value"] > 0.05]
    if not len(alike):
        return []
    pairs = [f"{one} and {other}" for one, other in zip(alike["outcome"], alike["against"], strict=True)]
    return [f"As far as these predictors go, nothing speaks against joining {listing(pairs)} (5% level)."]


def _fits(_: MultinomialFit, table: Table) -> list[str]:
    return [
        f"McFadden's pseudo R² is {text(table['mcfadden'], 'estimate')}, Nagelkerke's "
        f"{text(table['nagelkerke'], 'estimate')}."
    ]


_WRITERS: Final[dict[str, Callable[[MultinomialFit, Table], list[str]]]] = {
    "response_profile": _profile,
    "relative_risk_ratios": _ratios,
    "marginal_effects": _effects,
    "term_tests": _terms,
    "combining_tests": _combining,
    "goodness_of_fit": _fits,
}
