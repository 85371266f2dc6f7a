"""What should stand there instead? Words of R, numpy and Python that a formula refuses, each with its counterpart."""

from __future__ import annotations

from collections.abc import Collection
from typing import Final, NoReturn

from glmlr.errors import suggestion
from glmlr.language.tokens import WHAT_IS_ALLOWED, Text, Token

_NUMPY: Final = ("np", "numpy")
_WORDS_FOR_SUMMARIES: Final = (
    "mean nanmean average median nanmedian mode std nanstd var nanvar sd sum nansum prod cumsum cumprod "
    "cummax cummin rank quantile nanquantile percentile argsort sort sort_values diff pct_change shift "
    "lag lead rolling expanding ewm groupby ave transform size count nunique value_counts interpolate "
    "ffill bfill fillna zscore ptp rev tile cut qcut ntile gradient convolve factorize "
)
_SUMMARIES: Final = frozenset(_WORDS_FOR_SUMMARIES.split())
_EXTREMES: Final = frozenset({"min", "max", "amin", "amax", "nanmin", "nanmax", "pmin", "pmax", "argmin", "argmax"})
_ORDERED: Final = "C(x, Poly) codes an ordered factor"
_CUBIC: Final = "cr(x, df=...) is a natural cubic spline"
_MISSING: Final = "rows with a missing value are left out before a formula is evaluated; "
_INDICATOR: Final = _MISSING + "make an indicator column first"
_CALLS: Final = {
    "factor": "C(...) makes a factor",
    "as.factor": "C(...) makes a factor",
    "ordered": _ORDERED,
    "as.ordered": _ORDERED,
    "relevel": "C(x, Treatment('level')) states the reference level",
    "ns": _CUBIC,
    "s": "cr(x, df=...) is a cubic regression spline",
    "rcs": _CUBIC,
    "ifelse": "np.where(condition, a, b) chooses",
    "cbind": "write the two counts as successes + failures ~ ...",
    "isnan": _INDICATOR,
    "isna": _INDICATOR,
    "is.na": _INDICATOR,
    "isnull": _INDICATOR,
    "nan_to_num": _MISSING + "fill the column first",
}
_KEYWORDS: Final = {
    "lambda": "pass the function as functions={'name': function} and call it by name",
    "if": "write np.where(condition, a, b)",
    "else": "write np.where(condition, a, b)",
    "for": "a comprehension cannot stand in a formula",
    "and": "write (a) & (b)",
    "or": "write (a) | (b)",
    "not": "write ~(a)",
    "in": "write np.isin(x, ['a', 'b'])",
    "is": "write ==",
}
_INSIDE: Final = {
    "^": "write x ** 2 for a power",
    ":=": "an assignment cannot stand in a formula",
    ":": "a slice or a lambda cannot stand in a formula",
    "{": "sets and dictionaries have no meaning here",
    "!": "write ~(a), or != for 'not equal'",
    "<-": "put a space between < and -",
    "%in%": "write np.isin(x, ['a', 'b'])",
    ";": "a formula is one expression",
}
_BETWEEN: Final = {
    "^": "write ** for a power of terms, and I(x ** 2) for the square of a column",
    "|": "random effects and conditioning are not part of this grammar",
    "%in%": "write a / b, or a:b",
    "=": "a comparison is written ==",
    "@": "there is no such operator",
    "[": "a column cannot be subscripted",
}


def refuse_keyword(text: Text, token: Token) -> NoReturn:
    """Refuse a word of Python."""
    text.refuse(token, f"The Python word {token.text!r}", _KEYWORDS.get(token.text, WHAT_IS_ALLOWED))


def refuse_operator(text: Text, token: Token) -> NoReturn:
    """Refuse an operator inside an expression."""
    text.refuse(token, f"{token.text!r}", _INSIDE.get(token.text, WHAT_IS_ALLOWED))


def fail_between_terms(text: Text, token: Token, previous: str) -> NoReturn:
    """Say that an operator of the formula is expected."""
    hint = _BETWEEN.get(token.text)
    text.fail(token, hint or f"an operator such as + is expected between {previous!r} and {token.text!r}")


def refuse_dunder(text: Text, token: Token) -> NoReturn:
    """Refuse a name with double underscores."""
    text.refuse(token, f"The name {token.text!r}", "names with double underscores belong to Python")


def refuse_call(text: Text, token: Token, functions: Collection[str]) -> NoReturn:
    """Refuse a function that is not on the list, with what does its work here."""
    name = token.text
    head, _, last = name.rpartition(".")
    if "__" in name:
        refuse_dunder(text, token)
    if last in _EXTREMES and head in ("", *_NUMPY):
        text.refuse(
            token,
            f"{name}()",
            "over the rows it would make a row depend on the other rows; np.minimum(a, b) and np.maximum(a, b) "
            "compare two columns",
        )
    if last in _SUMMARIES or last in _EXTREMES:
        text.refuse(
            token,
            f"{name}()",
            "it depends on the other rows of the data; use center(x) or standardize(x), which keep what they "
            "learn from the rows of the fit, or make the column before",
        )
    if hint := _CALLS.get(name) or (_CALLS.get(last) if head in ("pd", *_NUMPY) else None):
        text.refuse(token, f"{name}()", hint)
    if head and head not in _NUMPY:
        text.refuse(token, f"The method {name}()", f"nothing is asked of a column by a dot; {WHAT_IS_ALLOWED}")
    close = suggestion(name, functions).removeprefix("; ")
    text.refuse(
        token,
        f"The function {name}()",
        f"{close + ' ' if close else ''}functions={{{name!r}: ...}} adds one of your own to the list of those a "
        "formula may call",
    )
