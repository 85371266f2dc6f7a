"""Which exhibits speak of predicted classes, and in which order? Sections of a report, and a report of their own."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import replace
from types import MappingProxyType
from typing import Any, Final

import numpy as np

from glmlr.classes import (  # noqa: F401  (each records its statistic)
    calibration,
    confusion,
    hosmer_lemeshow,
    rates,
    rocs,
    scoring,
    top_k,
)
from glmlr.classes.narrative import class_sentences
from glmlr.classes.registry import CLASS_SECTIONS, CLASS_STATISTICS
from glmlr.classes.scores import ClassScores
from glmlr.digits import text
from glmlr.errors import DataError, NotApplicable, explained_arguments
from glmlr.exhibits import Definition, Report, Section, Table

_NOTHING: Final[Mapping[str, Any]] = MappingProxyType({})


def class_sections(scores: ClassScores, *, ordered: bool = False) -> tuple[Section, ...]:
    """Put all that is said about predicted classes into sections, for the report of a fit or of any classifier.

    Args:
        scores: classes and probabilities.
        ordered: whether the classes have an order, so that what needs one is shown too.

    """
    made = [class_section(scores, key, ordered=ordered) for key in CLASS_SECTIONS]
    return tuple(section for section in made if section.exhibits or section.sentences)


def class_definitions(shown: Collection[str] | None = None) -> tuple[Definition, ...]:
    """Give what the numbers in these sections mean, or in those of the tables that are shown."""
    keys = [name for _, names in CLASS_SECTIONS.values() for name in names if shown is None or name in shown]
    return tuple(item for name in keys for item in CLASS_STATISTICS[name].listed())


def class_section(
    scores: ClassScores, key: str, *, ordered: bool = False, brought: Mapping[str, Table] = _NOTHING
) -> Section:
    """Make one of the sections: the sentences of its tables, then the tables; where one does not apply, why.

    Args:
        scores: classes and probabilities.
        key: of `CLASS_SECTIONS`.
        ordered: whether the classes have an order.
        brought: tables that were made beforehand, by the names of those whose place they take.

    """
    exhibits: list[Table] = []
    said: list[str] = []
    title, names = CLASS_SECTIONS[key]
    for record in (CLASS_STATISTICS[name] for name in names):
        options = {"ordered": True} if ordered and record.ordered else {}
        try:
            table = brought[record.key] if record.key in brought else record.function(scores, **options)
        except (NotApplicable, DataError) as reason:
            said.append(f"Not shown: {record.title}. {reason}")
            continue
        said.extend(class_sentences(table))
        exhibits.append(replace(table, notes=tuple(note for note in table.notes if note not in scores.notes)))
    return Section(key, title, tuple(exhibits), tuple(said))


@explained_arguments
def class_scores_report(scores: ClassScores, *, title: str | None = None, ordered: bool = False) -> Report:
    """Put everything that is said about the predicted classes of any model into a report.

    Args:
        scores: what `glmlr.class_scores(y, probabilities)` gave.
        title: heading.
        ordered: whether the classes have an order.

    """
    return Report(
        title=title or f"Predicted probabilities of {scores.response}",
        lead=tuple(_lead(scores)),
        sections=class_sections(scores, ordered=ordered),
        definitions=_distinct(class_definitions()),
    )


def _lead(scores: ClassScores) -> Iterable[str]:
    n = float(scores.counts.sum())
    most = int(np.argmax(scores.counts))
    yield (
        f"{text(n, 'count')} rows of {len(scores.classes)} classes of {scores.response}, with the probability that a "
        f"model gave each class; the most frequent is {scores.labels[most]} "
        f"({text(scores.counts[most] / n, 'percent')})."
    )
    yield from scores.notes


def _distinct(items: Iterable[Definition]) -> tuple[Definition, ...]:
    found: dict[str, Definition] = {}
    for item in items:
        found.setdefault(item.name, item)
    return tuple(found.values())


def report(scores: ClassScores, path: str | None = None, *, title: str | None = None, ordered: bool = False) -> object:
    """Write the report (.html, .md or .txt) and give its path; without a path, give the `Report` itself."""
    document = class_scores_report(scores, title=title, ordered=ordered)
    return document if path is None else document.write(str(path))


# Bound here, as statistics are in the registry.
setattr(ClassScores, "report", explained_arguments(report))  # noqa: B010
