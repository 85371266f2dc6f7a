"""What may the formula of one fit call? The functions of the language, and the user's own, checked and tidied."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from glmlr.categories import Labels, factor, labelled
from glmlr.errors import OptionError
from glmlr.expressions import STRUCTURAL
from glmlr.program import identifier
from glmlr.rowwise import ROWWISE, identity
from glmlr.transforms import Learned, Learner

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class _Own:
    """A user's function: it is given Series, and what it gives back is tidied."""

    name: str
    function: Any

    def __call__(self, *arguments: Any, **options: Any) -> Any:
        return _tidied(self.function(*map(_as_series, arguments), **options), self.name)


@dataclass(frozen=True, eq=False)
class _OwnLearner:
    """A user's transform that follows patsy's protocol for stateful transforms."""

    name: str
    made: Any

    def __call__(self, weight: Floats | None, *arguments: Any, **options: Any) -> Learned:
        transform = self.made()
        if weight is not None:
            times = np.rint(weight).astype(np.intp)
            repeated = [np.repeat(np.asarray(value), times, axis=0) for value in arguments]
            transform.memorize_chunk(*repeated, **options)
        else:
            transform.memorize_chunk(*arguments, **options)
        transform.memorize_finish()
        return _Own(self.name, transform.transform)


def _as_series(value: Any) -> Any:
    if isinstance(value, Labels):
        return pd.Series(value.values(), name=value.name).infer_objects()
    return pd.Series(value) if isinstance(value, np.ndarray) and value.ndim == 1 else value


def _tidied(value: Any, name: str) -> Any:
    """Give what a user's function returned as an array or as labels."""
    if isinstance(value, pd.Index):
        value = value.to_series()
    if isinstance(value, pd.Categorical):
        return labelled(value, name)
    if isinstance(value, pd.Series):
        if isinstance(value.dtype, (pd.CategoricalDtype, pd.StringDtype)) or value.dtype.kind == "O":
            return labelled(value, name)
        kind = bool if value.dtype.kind == "b" and not value.isna().any() else np.float64
        return value.to_numpy(dtype=kind, na_value=np.nan) if value.dtype.kind in "biuf" else value
    array = np.asarray(value)
    return labelled(array, name) if array.dtype.kind in "OUS" and array.ndim == 1 else array


@dataclass(frozen=True, eq=False)
class Functions:
    """What the formula of one fit may call.

    Attributes:
        own: the user's functions.
        transforms: the transforms that learn, by name.
        contrasts: the codings of factors, by name.

    """

    own: Mapping[str, Any]
    transforms: Mapping[str, Learner]
    contrasts: Mapping[str, Any]

    @cached_property
    def names(self) -> frozenset[str]:
        """Names a formula may call."""
        return frozenset(ROWWISE) | frozenset(self.transforms) | frozenset(self.own)

    @cached_property
    def learners(self) -> Mapping[str, Learner]:
        """Transforms that learn, the user's included."""
        own = {name: _OwnLearner(name, f.__patsy_stateful_transform__) for name, f in self.own.items() if _learns(f)}
        return {**self.transforms, **own}

    @cached_property
    def space(self) -> Mapping[str, Any]:
        """Everything else by its identifier."""
        own = {name: _Own(name, function) for name, function in self.own.items()}
        named = {**ROWWISE, **self.contrasts, "C": factor, "I": identity, "np.pi": np.pi, "np.e": np.e, **own}
        return {identifier(name): function for name, function in named.items()}

    def mentioned(self, code: str) -> list[str]:
        """Give the user's functions that an expression calls."""
        return [name for name in self.own if re.search(rf"\b{identifier(name)}\(", code)]

    def __reduce__(self) -> tuple[Any, ...]:
        """Pickle without what can be made again."""
        return Functions, (dict(self.own), dict(self.transforms), dict(self.contrasts))


def _learns(function: Any) -> bool:
    return hasattr(function, "__patsy_stateful_transform__")


def functions_of(
    own: Mapping[str, Any] | None, transforms: Mapping[str, Learner], contrasts: Mapping[str, Any]
) -> Functions:
    """Check functions={...} and put them beside those of the formula language.

    Raises:
        OptionError: a name that a formula cannot call, or must not replace; something that is no function.

    """
    if own is None:
        own = {}
    if not isinstance(own, Mapping):
        raise OptionError(f"functions must be a dict of name and function, not a {type(own).__name__}.")
    for name, function in own.items():
        if not _can_be_called(name):
            raise OptionError(f"functions has the name {name!r}, which a formula cannot call; use a plain word.")
        if name in STRUCTURAL or name in transforms:
            raise OptionError(
                f"functions cannot replace {name!r}, which is part of the formula language; rename yours."
            )
        if not callable(function):
            raise OptionError(f"functions[{name!r}] is of type {type(function).__name__}; it must be a function.")
    return Functions(dict(own), transforms, contrasts)


def _can_be_called(name: Any) -> bool:
    """Say whether a name is a plain word, and the one that Python will read (which is the NFKC form)."""
    if not isinstance(name, str) or "__" in name or unicodedata.normalize("NFKC", name) != name:
        return False
    return all(part.isidentifier() for part in name.split("."))
