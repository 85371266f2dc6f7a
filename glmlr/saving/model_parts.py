"""How do the parts that all models have stand in a model file? Aliased columns, the kind of covariance, the version."""

from __future__ import annotations

from collections.abc import Sequence
from importlib.metadata import PackageNotFoundError, version
from typing import Any

import numpy as np

from glmlr.conditioning import Alias
from glmlr.covariance import KINDS
from glmlr.errors import SourceError, listing
from glmlr.saving.json_values import Fields, plain_number


def written_by() -> str:
    """Name this version of glmlr."""
    try:
        return f"glmlr {version('glmlr')}"
    except PackageNotFoundError:
        return "glmlr"


def plain_aliases(aliased: Sequence[Alias]) -> list[dict[str, Any]]:
    """Write the columns without an estimate, with what determines them."""
    return [
        {"column": alias.column, "depends_on": [[at, plain_number(value)] for at, value in alias.depends_on]}
        for alias in aliased
    ]


def read_aliases(found: Fields, k: int) -> tuple[Alias, ...]:
    """Read what `plain_aliases` wrote under "aliased", of a model with k columns."""
    return tuple(_read_alias(one, k) for one in found.each("aliased"))


def _read_alias(found: Fields, k: int) -> Alias:
    pairs = found.listed("depends_on")
    numbers = found.numbers("depends_on", (len(pairs), 2))
    if not ((numbers[:, 0] == np.floor(numbers[:, 0])) & (numbers[:, 0] >= 0) & (numbers[:, 0] < k)).all():
        raise found.wrong("depends_on", f"pairs of a column, 0 to {k - 1}, and a number")
    return Alias(found.whole("column", k - 1), tuple((int(at), float(value)) for at, value in numbers))


def read_covariance_kind(found: Fields) -> str:
    """Read a key of `glmlr.covariance.KINDS`."""
    kind = found.text("covariance_kind")
    if kind not in KINDS:
        raise found.wrong("covariance_kind", f"one of {listing(KINDS)}")
    return kind


def refuse_contradictions(document: dict[str, Any], again: dict[str, Any]) -> None:
    """Compare what was read with what would be written of it: names that do not fit their columns, unknown entries."""
    strange = [name for name in document if name not in again]
    if strange:
        raise SourceError(f"it has {listing(map(repr, strange))}, which no model has.")
    wrong = [name for name, value in again.items() if document.get(name) != value]
    if wrong:
        raise SourceError(f"its {listing(map(repr, wrong))} does not fit the rest of it.")
