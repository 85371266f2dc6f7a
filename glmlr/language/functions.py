"""What may the formula of one fit call? The functions of the language, and the user's own, checked and tidied."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from glmlr.errors import OptionError
from glmlr.language.categories import Labels, factor, labelled
from glmlr.language.expressions import STRUCTURAL
from glmlr.language.program import identifier
from glmlr.language.rowwise import ROWWISE, identity
from glmlr.language.transforms import Learned, Learner, Learning, SequentialLearning

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class _Own:
    """A user's function: it is given Series, and what it gives back is tidied."""

    name: str
    function: Any

    def __call__(self, *arguments: Any, **options: Any) -> Any:
        return _tidied(self.function(*map(_as_series, arguments), **options), self.name)


@dataclass(frozen=True, eq=False)
class _Memory:
    """What a user's transform knows of some rows.

    Attributes:
        transform: its object, which has memorised the rows from the first one on; or None.
        waiting: chunks of further rows that it must memorise in this order: arguments and options.

    """

    transform: Any
    waiting: tuple[tuple[tuple[Any, ...], Mapping[str, Any]], ...]


@dataclass(frozen=True, eq=False)
class _OwnLearning(SequentialLearning):
    """A user's transform that follows patsy's protocol for stateful transforms.

    Its object must memorise the rows itself, in their order, and holds of them what its author decided.
    """

    name: str
    made: Any

    def begin(self) -> _Memory:
        """Make the object that will memorise the rows."""
        return _Memory(self.made(), ())

    def look(self, weight: Floats | None, *arguments: Any, **options: Any) -> _Memory:
        """Give a chunk as the user's functions see it, its rows repeated as often as their frequency says."""
        if weight is not None:
            times = np.rint(weight).astype(np.intp)
            arguments = tuple(_repeated(value, times) for value in arguments)
        return _Memory(None, ((tuple(map(_as_series, arguments)), options),))

    def add(self, one: _Memory, other: _Memory) -> _Memory:
        """Let the object that has seen all rows before memorise the next ones, or let them wait.

        Raises:
            ValueError: rows that follow others were memorised without them.

        """
        if other.transform is not None:
            raise ValueError("a sum over rows begins once, with the first of them")
        both = _Memory(one.transform, (*one.waiting, *other.waiting))
        return both if one.transform is None else self._memorised(both)

    def learnt(self, total: _Memory) -> Learned:
        """Give the user's transform, which has seen all rows."""
        transform = self._memorised(total).transform
        transform.memorize_finish()
        return _Own(self.name, transform.transform)

    def _memorised(self, memory: _Memory) -> _Memory:
        transform = self.made() if memory.transform is None else memory.transform
        for arguments, options in memory.waiting:
            transform.memorize_chunk(*arguments, **options)
        return _Memory(transform, ())


def _repeated(value: Any, times: npt.NDArray[np.intp]) -> Any:
    """Repeat the rows of an argument; what has no rows stays as it is."""
    if isinstance(value, Labels):
        return replace(value, codes=np.repeat(value.codes, times))
    if isinstance(value, pd.Series):
        return value.iloc[np.repeat(np.arange(times.size), times)].reset_index(drop=True)
    has_rows = np.ndim(value) > 0 and len(value) == times.size
    return np.repeat(np.asarray(value), times, axis=0) if has_rows else value


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
        own = {name: f.__patsy_stateful_transform__ for name, f in self.own.items() if _learns(f)}
        return {**self.transforms, **{name: Learner(_OwnLearning(name, made)) for name, made in own.items()}}

    @cached_property
    def learnings(self) -> Mapping[str, Learning]:
        """What the first pass over the rows must find out for each transform that learns, by name."""
        return {name: learner.learning for name, learner in self.learners.items()}

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
