"""What can go wrong, said in one sentence.

Every failure that a user can cause is a subclass of `GlmlrError`; each also derives from the built-in exception a
reader would expect (`ValueError`, `TypeError`, `OSError`), so that existing `except` clauses go on working. The
message is one sentence: what was given, what was expected, what to do.
"""

from __future__ import annotations

import difflib
import functools
import inspect
from collections.abc import Callable, Iterable
from typing import Any, Final, ParamSpec, TypeVar

P = ParamSpec("P")
R = TypeVar("R")


class GlmlrError(Exception):
    """Any failure that glmlr explains in a sentence."""


class ArgumentError(GlmlrError, TypeError):
    """An argument that does not exist, or one of the wrong type."""


class OptionError(GlmlrError, ValueError):
    """An argument that exists, with a value it cannot take."""


class FormulaError(GlmlrError, ValueError):
    """A formula that cannot be read, or that asks for something a formula may not do."""


class DataError(GlmlrError, ValueError):
    """Data that cannot be modelled as they are: missing columns, infinite values, no rows left."""


class ResponseError(DataError):
    """A response that does not have exactly two values."""


class WeightError(DataError):
    """Weights that are negative, missing, of the wrong length or all zero."""


class UnknownLevelError(DataError):
    """New data hold a level of a factor that the fit has never seen."""


class FitError(GlmlrError, ValueError):
    """A model that has no estimates on these data."""


class NotApplicable(GlmlrError, ValueError):
    """A statistic that this fit does not have, with the reason and what to use instead."""


class SourceError(GlmlrError, OSError):
    """A file that cannot be read."""


class OutputError(GlmlrError, OSError):
    """A file that cannot be written."""


class GlmlrWarning(UserWarning):
    """Any warning that glmlr gives."""


class SeparationWarning(GlmlrWarning):
    """Some estimates are infinite."""


class ConvergenceWarning(GlmlrWarning):
    """The iteration stopped before the gradient vanished."""


class RankWarning(GlmlrWarning):
    """The scores rank the events below the non-events."""


def suggestion(name: str, known: Iterable[str]) -> str:
    """Give "; did you mean 'age'?" for the known name closest to `name`, or an empty string."""
    names = [str(candidate) for candidate in known]
    folded = {candidate.casefold(): candidate for candidate in reversed(names)}
    close = difflib.get_close_matches(name.casefold(), list(folded), n=1, cutoff=0.6)
    return f"; did you mean {folded[close[0]]!r}?" if close else ""


def listing(values: Iterable[object], limit: int = 8) -> str:
    """Join values into "1, 2, 3", cut after `limit` of them with the number left out."""
    items = [str(value) for value in values]
    if len(items) <= limit:
        return ", ".join(items)
    return ", ".join(items[:limit]) + f" and {len(items) - limit} more"


def one_of(argument: str, value: object, allowed: Iterable[str]) -> str:
    """Return `value` if it is one of `allowed`; otherwise raise an `OptionError` that lists them."""
    names = list(allowed)
    if isinstance(value, str) and value in names:
        return value
    hint = suggestion(value, names) if isinstance(value, str) else ""
    raise OptionError(f"{argument}={value!r} is not one of {listing(map(repr, names), 20)}{hint or '.'}")


#: Names that other packages give to weights, which say too little, or mean something else than what sounds like them.
_WEIGHTS_ELSEWHERE: Final = {
    "weights": "rows that stand for several go into freq_weights=, importance into sample_weight= or class_weight=.",
    "weight": "rows that stand for several go into freq_weights=, importance into sample_weight= or class_weight=.",
    "var_weights": "what statsmodels calls var_weights is the importance of a row, sample_weight=.",
}


def _meant(name: str, keywords: list[str]) -> str:
    """Say which argument was probably meant, or which there are."""
    if name in _WEIGHTS_ELSEWHERE and {"freq_weights", "class_weight", "sample_weight"} <= set(keywords):
        return f"; {_WEIGHTS_ELSEWHERE[name]}"
    return suggestion(name, keywords) or f"; it takes {listing(keywords, 30)}."


def explained_arguments(function: Callable[P, R]) -> Callable[P, R]:
    """Wrap a public function so that a misspelt argument raises `ArgumentError` with the closest real name."""
    signature = inspect.signature(function)
    keywords = [
        name
        for name, parameter in signature.parameters.items()
        if parameter.kind in (parameter.KEYWORD_ONLY, parameter.POSITIONAL_OR_KEYWORD) and name != "self"
    ]
    anything = next((p for p in signature.parameters.values() if p.kind is p.VAR_KEYWORD), None)
    listed = [] if anything is None else _listed(function, str(anything.annotation))
    keywords, takes_any = keywords + listed, anything is not None and not listed

    @functools.wraps(function)
    def checked(*args: P.args, **kwargs: P.kwargs) -> R:
        for name in kwargs:
            if name not in keywords and not takes_any:
                raise ArgumentError(f"{function.__name__}() has no argument {name!r}{_meant(name, keywords)}")
        try:
            return function(*args, **kwargs)
        except TypeError:
            _refuse_unbound(function.__name__, signature, args, kwargs)
            raise

    return checked


def _listed(function: Callable[..., Any], annotation: str) -> list[str]:
    """Give the keywords that `**options: Unpack[Options]` stands for, Options a TypedDict; none for anything else."""
    if not (annotation.startswith("Unpack[") and annotation.endswith("]")):
        return []
    return list(function.__globals__[annotation[len("Unpack[") : -1]].__annotations__)


def _refuse_unbound(name: str, signature: inspect.Signature, args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
    """Raise `ArgumentError` where a call failed because its arguments do not fit the function."""
    try:
        signature.bind(*args, **kwargs)
    except TypeError as problem:
        raise ArgumentError(f"{name}(): {problem}.") from None
