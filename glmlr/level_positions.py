"""Where does a level stand on its predictor's scale? At the number it names, in the middle of its interval, by rank."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from typing import Any, Final, Literal

import numpy as np
import numpy.typing as npt

from glmlr.binning import Kind, level_label
from glmlr.errors import ArgumentError, OptionError, listing, suggestion

Floats = npt.NDArray[np.float64]
Scale = Literal["value", "mean", "middle", "rank", "none"]


def sort_key(level: Any) -> tuple[int, float, float, str, str]:
    """Order levels by the number or interval that they name, then by text."""
    if isinstance(level, (bool, np.bool_)):
        return (0, float(level), 0.0, "", "")
    span = _span(level_label(level))
    if span is None:
        return (1, 0.0, 0.0, str(level), type(level).__name__)
    return (0, *span, str(level), type(level).__name__)


_NUMBER: Final = r"[-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?"
_INFINITE: Final = r"[-+]?(?:inf|∞)"
_SPANS: Final = (
    re.compile(rf"(?P<low>{_NUMBER})(?:\s*(?:-|–|—|\.\.)\s*|\s+to\s+)(?P<high>{_NUMBER})"),
    re.compile(rf"[\[\](](?P<low>{_NUMBER}|{_INFINITE})\s*[,;]\s*(?P<high>{_NUMBER}|{_INFINITE})[\])\[]"),
    re.compile(rf"(?:>=?|≥)\s*(?P<low>{_NUMBER})|(?P<more>{_NUMBER})\s*\+"),
    re.compile(rf"(?:<=?|≤)\s*(?P<high>{_NUMBER})"),
)


def _span(label: str) -> tuple[float, float] | None:
    """Read "2", "30-40", "[30, 40)", "70+" or "< 30" as the ends of an interval, or give None."""
    text = label.strip()
    if re.fullmatch(_NUMBER, text):
        return float(text), float(text)
    for pattern in _SPANS:
        found = pattern.fullmatch(text)
        if found:
            parts = {k: float(v.replace("∞", "inf")) for k, v in found.groupdict().items() if v is not None}
            low = parts.get("low", parts.get("more", -math.inf))
            high = parts.get("high", math.inf)
            return (low, high) if low < high else None
    return None


def positions_of(
    name: str, kind: Kind, labels: tuple[str, ...], given: Mapping[Any, float] | None
) -> tuple[Floats, Scale, tuple[str, ...]]:
    """Say where levels stand on the predictor's scale.

    Numbers stand at themselves and closed intervals at their middle. An interval without an end has no middle: then,
    and for ordered levels that are no numbers, the scale is the rank 1, 2, ... Levels without an order have no scale.
    """
    truth: dict[str, tuple[float, float]] = {"False": (0.0, 0.0), "True": (1.0, 1.0)}
    spans = [truth[label] if kind == "yes/no" else _span(label) for label in labels]
    if given is not None:
        spans = _stated(name, labels, spans, given)
    if labels and all(span is not None for span in spans):
        ends = np.array(spans, dtype=np.float64)
        if np.isfinite(ends).all():
            return ends.mean(axis=1), "value" if (ends[:, 0] == ends[:, 1]).all() else "middle", ()
        open_ended = [label for label, span in zip(labels, ends, strict=True) if not np.isfinite(span).all()]
        why = f"The interval {open_ended[0]!r} has no middle, so that the levels of {name} stand at 1, 2, ...; "
        return _ranks(labels), "rank", (why + f"positions={{{open_ended[0]!r}: ...}} says where it stands.",)
    if kind == "ordered":
        return _ranks(labels), "rank", (f"The ordered levels of {name} stand at 1, 2, ...",)
    return np.full(len(labels), np.nan), "none", ()


def _ranks(labels: tuple[str, ...]) -> Floats:
    return np.arange(1.0, len(labels) + 1)


def _stated(
    name: str,
    labels: tuple[str, ...],
    spans: list[tuple[float, float] | None],
    given: Mapping[Any, float],
) -> list[tuple[float, float] | None]:
    """Put the user's positions in place of what the labels say."""
    if not isinstance(given, Mapping):
        raise ArgumentError(f"positions= is a mapping of level to number, such as {{{'70+'!r}: 75}}, not {given!r}.")
    for level, value in given.items():
        if level_label(level) not in labels:
            hint = suggestion(str(level), labels) or "."
            raise OptionError(f"positions= names the level {level!r}, which {name!r} does not have{hint}")
        number = isinstance(value, (int, float, np.number)) and not isinstance(value, bool)
        if not (number and math.isfinite(value)):
            raise OptionError(f"positions= puts the level {level!r} at {value!r}; give a finite number.")
    stated = {level_label(level): float(value) for level, value in given.items()}
    placed = [
        (stated[label], stated[label]) if label in stated else span for label, span in zip(labels, spans, strict=True)
    ]
    lost = [label for label, span in zip(labels, placed, strict=True) if span is None]
    if lost:
        raise OptionError(f"positions= leaves out levels of {name!r} that are no numbers: {listing(map(repr, lost))}.")
    return placed
