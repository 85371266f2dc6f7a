"""Which classes does a response have, in which order, and against which of them is each compared?"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import pandas as pd

from glmlr.classes.scores import class_labels, printed_alike, same_class
from glmlr.errors import OptionError, ResponseError, listing, suggestion

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.intp]

#: A number with more values than this is taken for a measurement, not for the name of a class.
_MOST_NUMBERS: Final = 20
#: More classes than this are no outcome that a table of coefficients can be read of.
_MOST_CLASSES: Final = 100


@dataclass(frozen=True)
class Classes:
    """The classes of a response (J of them).

    Attributes:
        response: name of the response as the formula gives it.
        values: the classes in order: that of a categorical column, else sorted.
        reference: position of the class that each other one is compared with.
        stated: whether the user chose it.
        absent: declared classes that no row used has; they are left out.

    """

    response: str
    values: tuple[Any, ...]
    reference: int
    stated: bool
    absent: tuple[Any, ...] = ()

    @property
    def size(self) -> int:
        """Number of classes J."""
        return len(self.values)

    @property
    def labels(self) -> tuple[str, ...]:
        """Names of the classes as they are printed, length J."""
        return class_labels(self.values)

    @property
    def order(self) -> tuple[int, ...]:
        """Positions of the classes with the reference first, length J."""
        return (self.reference, *(at for at in range(self.size) if at != self.reference))

    @property
    def others(self) -> tuple[Any, ...]:
        """The classes but the reference, length J - 1: those that have coefficients."""
        return tuple(self.values[at] for at in self.order[1:])

    @property
    def other_labels(self) -> tuple[str, ...]:
        """Names of the classes but the reference, length J - 1."""
        return tuple(self.labels[at] for at in self.order[1:])

    @property
    def reference_label(self) -> str:
        """Name of the reference class."""
        return self.labels[self.reference]

    @property
    def note(self) -> str:
        """Say which classes are modelled, against which, and how it was chosen where nobody said."""
        said = f"Modelling {self.response}: {listing(self.other_labels, 12)}, each against {self.reference_label}."
        if not self.stated:
            said += " The first class was taken as the reference; reference= chooses another one."
        return said

    def position(self, value: Any, argument: str) -> int:
        """Find a class by its value, else by its text.

        Raises:
            OptionError: there is no such class.

        """
        for at, known in enumerate(self.values):
            if isinstance(known, str) == isinstance(value, str) and same_class(known, value):
                return at
        text = class_labels([value])[0]
        if text in self.labels:
            return self.labels.index(text)
        raise OptionError(
            f"{argument}={value!r} is not a class of the response {self.response!r}, which has "
            f"{listing(self.labels, 12)}{suggestion(text, self.labels) or '.'}"
        )


def coded_classes(values: pd.Series, response: str, reference: Any = None) -> tuple[Integers, Classes]:
    """Code a response without missing values as positions of its classes.

    The order of a categorical column is kept; other values are sorted. The first class is the reference, unless
    `reference` names another.

    Args:
        values: shape (n,), no missing values.
        response: its name, for messages.
        reference: the class each other one is compared with, or None.

    Returns:
        Positions of shape (n,), and the `Classes`.

    Raises:
        ResponseError: fewer than two classes, or numbers with so many values that they are a measurement.
        OptionError: a reference that is no class.

    """
    codes, levels, declared = _codes(values)
    counts = np.bincount(codes, minlength=len(levels))
    there = np.flatnonzero(counts)
    found = tuple(levels[at] for at in there)
    absent = tuple(level for at, level in enumerate(levels) if declared and not counts[at])
    _refuse(found, counts[there], response)
    place = np.full(len(levels), -1, dtype=np.intp)
    place[there] = np.arange(there.size)
    classes = Classes(response, found, 0, False, absent)
    if reference is not None:
        classes = Classes(response, found, classes.position(reference, "reference"), True, absent)
    return place[codes], classes


def _codes(values: pd.Series) -> tuple[Integers, list[Any], bool]:
    """Give the code of each row, the levels in order, and whether they were declared."""
    if isinstance(values.dtype, pd.CategoricalDtype):
        return np.asarray(values.cat.codes, dtype=np.intp), list(values.cat.categories), True
    found, codes = np.unique(values.to_numpy(), return_inverse=True)
    levels = [level.item() if isinstance(level, np.generic) else level for level in found]
    return np.asarray(codes, dtype=np.intp), levels, False


def _refuse(found: Sequence[Any], counts: npt.NDArray[Any], response: str) -> None:
    """Refuse what is no outcome of several classes."""
    if len(found) < 2:
        tally = f"{found[0]!r} ({int(counts[0]):,} rows)" if found else "none"
        raise ResponseError(
            f"The response {response!r} has one value only: {tally}; a model of classes needs two of them or more."
        )
    number = all(isinstance(value, (int, float, np.number)) and not isinstance(value, bool) for value in found)
    if number and len(found) > _MOST_NUMBERS:
        raise ResponseError(
            f"The response {response!r} has {len(found):,} different numbers, from {found[0]:g} to {found[-1]:g}, "
            "which looks like a measurement and not like classes; cut it into a few classes first (pandas.cut), or "
            "make it text if each number is the name of a class."
        )
    if len(found) > _MOST_CLASSES:
        raise ResponseError(
            f"The response {response!r} has {len(found):,} classes; a model of classes takes up to {_MOST_CLASSES}, so "
            "join those that belong together."
        )
    if alike := printed_alike(found):
        raise ResponseError(
            f"The response {response!r} has the classes {listing(map(repr, alike))}, printed alike; rename one of them."
        )


def weights_by_class(option: Any, classes: Classes, counts: Floats) -> Floats | None:
    """Give the weight of each class, shape (J,), or None where none are asked for.

    Args:
        option: None, "balanced" for n / (J n_k), or {class: weight} with every class.
        classes: the classes.
        counts: rows of each, by frequency, shape (J,).

    Raises:
        OptionError: anything else.

    """
    if option is None:
        return None
    if isinstance(option, str) and option == "balanced":
        return np.asarray(counts.sum() / (classes.size * counts))
    if not isinstance(option, Mapping):
        hint = suggestion(option, ["balanced"]) if isinstance(option, str) else ""
        raise OptionError(
            f"class_weight={option!r} is not 'balanced' or a dict with a weight for each of the {classes.size} "
            f"classes{hint or '.'}"
        )
    found = np.full(classes.size, np.nan)
    for label, weight in option.items():
        at = classes.position(label, "class_weight")
        good = isinstance(weight, (int, float, np.number)) and np.isfinite(weight) and float(weight) > 0
        if not good or not np.isnan(found[at]):
            what = "is named twice" if good else f"has the weight {weight!r}, which is not a number above 0"
            raise OptionError(f"class_weight: the class {label!r} {what}; give each class one weight.")
        found[at] = float(weight)
    if np.isnan(found).any():
        absent = [label for label, weight in zip(classes.labels, found, strict=True) if np.isnan(weight)]
        raise OptionError(f"class_weight has no weight for {listing(absent)}; give every class one.")
    return found
