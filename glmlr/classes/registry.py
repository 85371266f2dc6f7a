"""What can be said about predicted classes? `@class_statistic` records a function, and binds it where classes are."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Final

from glmlr.classes.scores import ClassScores
from glmlr.errors import ArgumentError, explained_arguments
from glmlr.exhibits import Definition, Table
from glmlr.multinomial.fitted import MultinomialFit

#: The parts of a report on classes in reading order: key -> (title, its statistics in order).
CLASS_SECTIONS: Final[Mapping[str, tuple[str, tuple[str, ...]]]] = MappingProxyType(
    {
        "classification": ("Predicted classes", ("confusion", "classification_report", "top_k")),
        "discrimination": ("Discrimination", ("roc",)),
        "scoring": ("Scores of the probabilities", ("scoring_rules",)),
        "calibration": ("Calibration", ("calibration", "hosmer_lemeshow")),
    }
)


@dataclass(frozen=True)
class ClassScoresStatistic:
    """The record of one statistic of classes.

    Attributes:
        key: its name everywhere: the function's, the method's, the table's key.
        title: heading of its table.
        section: the part of a report it belongs to, a key of `CLASS_SECTIONS`.
        reference: where the definition comes from.
        function: the function itself, of a `ClassScores` or of a fit that has them.
        definitions: measure -> what it means here.
        ordered: whether it says more of classes that have an order.

    """

    key: str
    title: str
    section: str
    reference: str
    function: Callable[..., Table]
    definitions: Mapping[str, str]
    ordered: bool = False

    def listed(self) -> tuple[Definition, ...]:
        """Give its definitions for the list at the end of a report."""
        return tuple(Definition(name, meaning, self.reference) for name, meaning in self.definitions.items())


CLASS_STATISTICS: Final[dict[str, ClassScoresStatistic]] = {}


def class_statistic(
    *, section: str, title: str, reference: str, definitions: Mapping[str, str]
) -> Callable[[Callable[..., Table]], Callable[..., Table]]:
    """Record a statistic of classes and bind it as a method of `ClassScores` and of `MultinomialFit`.

    The function takes a `ClassScores` first and keyword-only options after it.
    """

    def record(function: Callable[..., Table]) -> Callable[..., Table]:
        checked = explained_arguments(function)

        @functools.wraps(function)
        def public(subject: Any, **options: Any) -> Table:
            return checked(class_scores_of(subject, function.__name__), **options)

        key = function.__name__
        if key not in CLASS_SECTIONS[section][1]:
            raise ArgumentError(f"The statistic {key!r} has no place in the section {section!r}; give it one.")
        CLASS_STATISTICS[key] = ClassScoresStatistic(
            key,
            title,
            section,
            reference,
            public,
            MappingProxyType(dict(definitions)),
            "ordered" in inspect.signature(function).parameters,
        )
        for owner in (ClassScores, MultinomialFit):
            setattr(owner, key, public)
        return public

    return record


def class_scores_of(subject: Any, name: str) -> ClassScores:
    """Give the classes and probabilities of a fit, or those given.

    Raises:
        ArgumentError: something that has none.

    """
    scores = subject if isinstance(subject, ClassScores) else getattr(subject, "class_scores", None)
    if not isinstance(scores, ClassScores):
        raise ArgumentError(
            f"{name}() takes glmlr.class_scores(y, probabilities) or a multinomial fit, not {type(subject).__name__}."
        )
    return scores
