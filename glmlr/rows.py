"""Which rows does a fit use, and why not the others? One mask over everything that a fit reads, and one account."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from glmlr.errors import DataError, listing
from glmlr.factors import UsedRows
from glmlr.formula import Formula
from glmlr.functions import Functions
from glmlr.outcomes import trials_of
from glmlr.sources import Source
from glmlr.weights import clusters_of, lined_up, numbers_of, weights_of

Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class RowAccount:
    """How many rows were read, used and dropped, and why.

    Attributes:
        read: rows of the data.
        used: rows the fit uses.
        dropped: column or role ("age", "offset (e)", "cluster (c)") -> rows in which it is missing; a row missing in
            two columns counts in both.
        zero_weight: rows left out because their weight is 0 (they equal absent rows).
        notes: sentences: levels that do not occur and were dropped, ...

    """

    read: int
    used: int
    dropped: Mapping[str, int]
    zero_weight: int = 0
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, eq=False)
class Chosen:
    """The rows used: columns, weights and the account of the others."""

    rows: UsedRows
    used: Bools
    importance: Floats | None
    offset: Floats | None
    cluster: npt.NDArray[np.int64] | None
    account: RowAccount


def choose_rows(
    parsed: Formula,
    source: Source,
    functions: Functions,
    freq_weights: Any,
    sample_weight: Any,
    offset: Any,
    cluster: Any,
) -> Chosen:
    """Find the rows in which nothing is missing and every weight is above 0."""
    columns = {name: source.column(name) for name in _columns_read(parsed)}
    missing = {name: column.missing for name, column in columns.items() if column.missing is not None}
    frequency = weights_of(freq_weights, "freq_weights", source, whole=True)
    sample = weights_of(sample_weight, "sample_weight", source, whole=False)
    shift = codes = None
    if offset is not None:
        shift = numbers_of(lined_up(offset, "offset", source), "offset")
        missing[_role("offset", offset)] = np.isnan(shift)
    if cluster is not None:
        codes = clusters_of(lined_up(cluster, "cluster", source))
        missing[_role("cluster", cluster)] = codes < 0
    complete = np.ones(len(source.index), dtype=bool)
    for mask in missing.values():
        complete &= ~mask
    counts = np.ones_like(complete)
    for weights in (frequency, sample, trials_of(parsed, columns, complete, functions)):
        if weights is not None:
            counts &= weights > 0
    used = complete & counts
    dropped = {name: int(mask.sum()) for name, mask in missing.items() if mask.any()}
    account = RowAccount(used.size, int(used.sum()), dropped, int((complete & ~counts).sum()))
    _refuse_no_rows(account)

    def cut(array: Floats | None) -> Floats | None:
        return array if array is None or used.all() else array[used]

    kept = {n: c.without_missing() if used.all() else c.at(used) for n, c in columns.items()}
    numbered = None if codes is None else np.asarray(pd.factorize(codes[used])[0], dtype=np.int64)
    rows = UsedRows(kept, account.used, cut(frequency))
    return Chosen(rows, used, cut(sample), cut(shift), numbered, account)


def _columns_read(parsed: Formula) -> list[str]:
    response = [column for part in parsed.response for column in part.reads]
    offsets = [column for part in parsed.offsets for column in part.reads]
    return list(dict.fromkeys([*response, *parsed.predictors, *offsets]))


def _role(argument: str, value: Any) -> str:
    return f"{argument} ({value})" if isinstance(value, str) else argument


def _refuse_no_rows(account: RowAccount) -> None:
    if account.used:
        return
    reasons = [f"{name!r} is missing in {count:,}" for name, count in account.dropped.items()]
    if account.zero_weight:
        reasons.append(f"{account.zero_weight:,} have weight 0")
    raise DataError(f"None of the {account.read:,} rows can be used: {listing(reasons)}.")
