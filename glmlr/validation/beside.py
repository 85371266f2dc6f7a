"""Which other scores stand beside these? Out-of-fold predictions, new rows, or those of another model, by name."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final, NamedTuple

from glmlr.errors import ArgumentError
from glmlr.registry import scored_arrays, scored_of
from glmlr.scored import Scored

#: What a single subject is called, by the key of its table.
_NAMES: Final = {"cross_validate": "Out of fold", "evaluate": "New rows", "leave_one_out": "Leave one out"}


class Beside(NamedTuple):
    """Other scores and what they are called."""

    name: str
    scored: Scored


def beside_each(beside: Any) -> tuple[Beside, ...]:
    """Give the scores that are to stand beside others.

    Args:
        beside: None, one subject, or a dict of name to subject. A subject is a fit, a cross-validation, an evaluation,
            a `Scored`, or a pair of outcomes and scores.

    Raises:
        ArgumentError: something else.
        DataError: outcomes and scores that cannot be ranked, or one kind of outcome only.

    """
    if beside is None:
        return ()
    named = beside if isinstance(beside, Mapping) else {_name_of(beside): beside}
    found = tuple(Beside(str(name), _scored(name, subject)) for name, subject in named.items())
    for other in found:
        other.scored.require_both()
    return found


def _name_of(subject: Any) -> str:
    return _NAMES.get(getattr(getattr(subject, "table", subject), "key", ""), "Other scores")


def _scored(name: Any, subject: Any) -> Scored:
    scored = scored_of(subject)
    if scored is not None:
        return scored
    if isinstance(subject, tuple) and len(subject) == 2:
        return scored_arrays(*subject)
    raise ArgumentError(
        f"beside= takes a fit, a cross-validation, an evaluation, or a pair (y, p), or a dict of such; {str(name)!r} "
        f"is of type {type(subject).__name__}."
    )
