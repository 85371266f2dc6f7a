"""Which rows does a fit use, and why not the others? One mask over everything that a fit reads, and one account."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from glmlr.design.factors import UsedRows
from glmlr.design.outcomes import trials_of
from glmlr.design.weights import checked_weights, clusters_of, lined_up, named, numbers_of, refuse_all_zero
from glmlr.errors import DataError, listing
from glmlr.language.formula import Formula
from glmlr.language.functions import Functions
from glmlr.sources import Column, Source

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

    def __add__(self, other: RowAccount) -> RowAccount:
        """Give the account of both sets of rows."""
        dropped = dict(Counter(self.dropped) + Counter(other.dropped))
        zero = self.zero_weight + other.zero_weight
        return RowAccount(self.read + other.read, self.used + other.used, dropped, zero)


@dataclass(frozen=True)
class Roles:
    """What beside the formula a fit reads of each row: columns by name, or values; None where there is nothing."""

    freq_weights: Any = None
    sample_weight: Any = None
    offset: Any = None
    cluster: Any = None

    @property
    def columns(self) -> list[str]:
        """Names of the columns among them."""
        given = (self.freq_weights, self.sample_weight, self.offset, self.cluster)
        return [role for role in given if isinstance(role, str)]

    @property
    def weights(self) -> tuple[str, ...]:
        """Names of the kinds of weights among them."""
        return tuple(name for name in ("freq_weights", "sample_weight") if getattr(self, name) is not None)


@dataclass(frozen=True, eq=False)
class Sifted:
    """Rows that a fit uses among some rows: columns, weights, and the account of the others (n = rows used).

    Attributes:
        rows: the columns that the formula reads, and frequencies.
        used: which of the rows are used, shape (rows read,).
        importance: sample weight, shape (n,), or None.
        offset: shape (n,), or None.
        cluster: the column of clusters, or None.
        account: rows read, used and dropped.
        largest: name of each kind of weights -> the largest of them.

    """

    rows: UsedRows
    used: Bools
    importance: Floats | None
    offset: Floats | None
    cluster: Column | None
    account: RowAccount
    largest: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True, eq=False)
class Chosen(Sifted):
    """All rows that a fit uses, there being some; clusters numbered by first appearance."""

    cluster_codes: npt.NDArray[np.int64] | None = None


def choose_rows(parsed: Formula, source: Source, functions: Functions, roles: Roles) -> Chosen:
    """Find the rows in which nothing is missing and every weight is above 0.

    Raises:
        DataError: a column that does not exist or cannot be used, or no row left.
        WeightError: weights that are none, or all zero.

    """
    found = sift(parsed, source, functions, roles)
    for name, largest in found.largest.items():
        refuse_all_zero(name, largest)
    refuse_no_rows(found.account)
    codes = None
    if found.cluster is not None:
        codes = np.asarray(pd.factorize(clusters_of(found.cluster))[0], dtype=np.int64)
    return Chosen(**{name: getattr(found, name) for name in Sifted.__dataclass_fields__}, cluster_codes=codes)


def sift(parsed: Formula, source: Source, functions: Functions, roles: Roles) -> Sifted:
    """Tell the rows in which nothing is missing and every weight is above 0 from the others; there may be none."""
    columns = {name: source.column(name) for name in columns_read(parsed)}
    missing = {
        name: column.missing
        for name, column in columns.items()
        if column.missing is not None and name not in parsed.tolerates
    }
    largest: dict[str, float] = {}
    frequency = _frequencies(roles, source, largest)
    sample = _weights(roles.sample_weight, "sample_weight", source, False, largest)
    shift = groups = None
    if roles.offset is not None:
        shift = numbers_of(lined_up(roles.offset, "offset", source), "offset")
        missing[_role("offset", roles.offset)] = np.isnan(shift)
    if roles.cluster is not None:
        groups = lined_up(roles.cluster, "cluster", source)
        missing[_role("cluster", roles.cluster)] = clusters_of(groups) < 0
    complete = np.ones(len(source.index), dtype=bool)
    for mask in missing.values():
        complete &= ~mask
    counts = np.ones_like(complete)
    for weights in (frequency, sample, trials_of(parsed, columns, complete, functions)):
        if weights is not None:
            counts &= weights > 0
    used = complete & counts
    every = bool(used.all())
    account = _account(source, missing, complete, used)

    def cut(array: Floats | None) -> Floats | None:
        return array if array is None or every else array[used]

    kept = {
        name: column.with_missing(used)
        if name in parsed.tolerates
        else column.without_missing()
        if every
        else column.at(used)
        for name, column in columns.items()
    }
    cluster = None if groups is None else groups.at(used)
    rows = UsedRows(kept, int(np.count_nonzero(used)), cut(frequency))
    return Sifted(rows, used, cut(sample), cut(shift), cluster, account, largest)


def columns_read(parsed: Formula) -> list[str]:
    """Name the columns that a formula reads, each once."""
    response = [column for part in parsed.response for column in part.reads]
    return list(dict.fromkeys([*response, *predictors_read(parsed)]))


def predictors_read(parsed: Formula) -> list[str]:
    """Name the columns that the right side of a formula reads, offsets included, each once."""
    offsets = [column for part in parsed.offsets for column in part.reads]
    return list(dict.fromkeys([*parsed.predictors, *offsets]))


def refuse_no_rows(account: RowAccount) -> None:
    """Say why no row can be used, where none can."""
    if account.used:
        return
    reasons = [f"{name!r} is missing in {count:,}" for name, count in account.dropped.items()]
    if account.zero_weight:
        reasons.append(f"{account.zero_weight:,} have weight 0")
    raise DataError(f"None of the {account.read:,} rows can be used: {listing(reasons)}.")


def _frequencies(roles: Roles, source: Source, largest: dict[str, float]) -> Floats | None:
    """Give the frequencies of all rows; of patterns that a database counted, those it found."""
    if source.grouped is None:
        return _weights(roles.freq_weights, "freq_weights", source, True, largest)
    if roles.freq_weights is not None:
        largest[f"freq_weights (column {roles.freq_weights!r})"] = float(source.grouped.frequency.max(initial=0.0))
    return source.grouped.frequency


def _account(source: Source, missing: Mapping[str, Bools], complete: Bools, used: Bools) -> RowAccount:
    """Count the rows read, used and dropped; a pattern as the rows of the database that it stands for."""
    grouped = source.grouped
    if grouped is None:
        dropped = {name: count for name, mask in missing.items() if (count := int(np.count_nonzero(mask)))}
        taken, whole = int(np.count_nonzero(used)), int(np.count_nonzero(complete))
        return RowAccount(used.size, taken, dropped, whole - taken)
    read, taken = grouped.rows, int(grouped.counted[used].sum())
    dropped = {name: int(read[mask].sum()) for name, mask in missing.items() if mask.any()}
    return RowAccount(int(read.sum()), taken, dropped, int(read[complete].sum()) - taken, (grouped.note,))


def _weights(values: Any, argument: str, source: Source, whole: bool, largest: dict[str, float]) -> Floats | None:
    """Give the weights of all rows, and note the largest."""
    if values is None:
        return None
    column = lined_up(values, argument, source)
    weights = checked_weights(column, argument, whole=whole)
    largest[named(argument, column)] = float(weights.max(initial=0.0))
    return weights


def _role(argument: str, value: Any) -> str:
    return f"{argument} ({value})" if isinstance(value, str) else argument
