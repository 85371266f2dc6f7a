"""What does a model of several classes say of each row? Its class, and the probability of every class."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import numpy.typing as npt

from glmlr.errors import DataError, OptionError, WeightError, listing

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.intp]

#: Probabilities of a row may miss 1 by this much: they come from other models too, some in single precision.
_SUM_TOLERANCE: Final = 1e-6


@dataclass(frozen=True, eq=False, repr=False)
class ClassScores:
    """The class of each row beside the probabilities of all classes (n = rows, J = classes).

    Attributes:
        classes: the classes in order, length J, as the response has them.
        outcome: position of each row's class among them, shape (n,).
        probabilities: of each class, shape (n, J); the rows add up to 1.
        weight: number of rows each row stands for (frequencies), shape (n,), or None for 1.
        fitted: whether the rows are those that the model was fitted to.
        response: name of the response, for headings.
        notes: sentences that every table of them must carry (a correction for class weights, ...).
        reference: position of the class that the model compares the others with.

    Raises:
        DataError: fewer than two classes or one named twice, lengths that differ, an outcome that is no position among
            the classes, or probabilities that are none.
        WeightError: weights that are negative, missing, infinite or all zero, or not one per row.

    """

    classes: tuple[Any, ...]
    outcome: Integers
    probabilities: Floats
    weight: Floats | None = None
    fitted: bool = False
    response: str = "class"
    notes: tuple[str, ...] = ()
    reference: int = 0

    if TYPE_CHECKING:

        def __getattr__(self, name: str) -> Callable[..., Any]:
            """Stand for the statistics that are loaded when they are asked for."""

    def __post_init__(self) -> None:
        """Check the shapes and make the arrays read-only."""
        classes, outcome = tuple(self.classes), np.array(self.outcome)
        probabilities = np.array(self.probabilities, dtype=np.float64)
        if len(classes) < 2 or len(set(classes)) < len(classes):
            raise DataError(f"Scores of classes need two different classes or more; there are {listing(classes)}.")
        if alike := printed_alike(classes):
            raise DataError(f"The classes {listing(map(repr, alike))} are printed alike; rename one of them.")
        if outcome.ndim != 1 or probabilities.shape != (outcome.size, len(classes)):
            raise DataError(
                f"The probabilities have shape {probabilities.shape}; {outcome.size:,} outcomes and {len(classes)} "
                f"classes need ({outcome.size}, {len(classes)})."
            )
        if outcome.size and (outcome.dtype.kind not in "iu" or not 0 <= outcome.min() <= outcome.max() < len(classes)):
            raise DataError(f"The outcomes must be whole positions from 0 to {len(classes) - 1} among the classes.")
        _refuse_no_probabilities(probabilities)
        weight = None if self.weight is None else _checked_weight(self.weight, outcome.size)
        for name, values in (
            ("classes", classes),
            ("outcome", _frozen(outcome.astype(np.intp))),
            ("probabilities", _frozen(probabilities)),
            ("weight", None if weight is None else _frozen(weight)),
        ):
            object.__setattr__(self, name, values)

    def __repr__(self) -> str:
        """Name the response and the size."""
        return f"<glmlr.ClassScores of {self.response}, {len(self.classes)} classes, {self.size:,} rows>"

    @property
    def size(self) -> int:
        """Number of rows n."""
        return int(self.outcome.size)

    @property
    def labels(self) -> tuple[str, ...]:
        """Names of the classes as they are printed, length J."""
        return class_labels(self.classes)

    @property
    def counts(self) -> Floats:
        """Rows of each class, each by its frequency, shape (J,)."""
        return np.bincount(self.outcome, self.weight, minlength=len(self.classes)).astype(np.float64)


def class_labels(classes: Sequence[Any]) -> tuple[str, ...]:
    """Name classes as they are printed: 3.0 is "3", a text is itself."""
    return tuple(_shown(value) for value in classes)


def printed_alike(classes: Sequence[Any]) -> tuple[Any, ...]:
    """Give the classes that have the name of the first one that another shares; () where all names differ."""
    names = class_labels(classes)
    twice = next((name for name, times in Counter(names).items() if times > 1), None)
    return tuple(value for value, name in zip(classes, names, strict=True) if name == twice)


def same_class(value: Any, other: Any) -> bool:
    """Say whether a class is the one meant; an array or a missing value, which have no one truth, are none."""
    same = value == other
    return bool(same) if isinstance(same, (bool, np.bool_)) else False


def class_position(classes: Sequence[Any], reference: Any) -> int:
    """Give the position of the reference class among the classes.

    Raises:
        OptionError: it is none of them.

    """
    for at, value in enumerate(classes):
        if same_class(value, reference):
            return at
    raise OptionError(f"reference={reference!r} is not one of the classes {listing(map(repr, classes), 20)}.")


def _shown(value: Any) -> str:
    value = value.item() if isinstance(value, np.generic) else value
    return str(int(value) if isinstance(value, float) and value.is_integer() else value)


def _refuse_no_probabilities(probabilities: Floats) -> None:
    if not probabilities.size:
        return
    if not (np.isfinite(probabilities).all() and probabilities.min() >= 0):
        raise DataError("The probabilities of the classes must be finite and 0 or more.")
    worst = int(np.argmax(np.abs(probabilities.sum(axis=1) - 1.0)))
    total = float(probabilities[worst].sum())
    if abs(total - 1.0) > _SUM_TOLERANCE:
        raise DataError(
            f"The probabilities of a row's classes must add up to 1; in row {worst} they add up to {total:g}."
        )


def _checked_weight(given: Any, rows: int) -> Floats:
    try:
        weight = np.array(given, dtype=np.float64)
    except (TypeError, ValueError):
        raise WeightError("The weights of the rows must be numbers, one for each row.") from None
    if weight.shape != (rows,):
        raise WeightError(f"The weights have shape {weight.shape}; {rows:,} rows need one each.")
    if not (np.isfinite(weight).all() and (weight >= 0).all()) or (rows and weight.max() == 0):
        raise WeightError("The weights of the rows must be finite and 0 or more, and at least one above 0.")
    return weight


def _frozen(array: npt.NDArray[Any]) -> npt.NDArray[Any]:
    array.flags.writeable = False
    return array
