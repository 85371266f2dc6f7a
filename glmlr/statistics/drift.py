"""Has a score or a predictor moved between two sets of rows? Stability indices beside what chance gives."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from glmlr.binning import checked_bins
from glmlr.design.weights import weights_of
from glmlr.errors import ArgumentError, DataError, explained_arguments, listing
from glmlr.exhibits import Table
from glmlr.monitoring.characteristics import Characteristic, characteristic
from glmlr.monitoring.score_groups import convention, few_rows, score_groups, word
from glmlr.monitoring.stability import Stability
from glmlr.monitoring.tables import bins_table
from glmlr.proportions import checked_level
from glmlr.ranking import Ranking, rank
from glmlr.ranking.grouping import checked_groups
from glmlr.registry import scored_of
from glmlr.sources import Source
from glmlr.validation.new_rows import rows_in_memory

Floats = npt.NDArray[np.float64]


@explained_arguments
def psi(
    old: Any, new: Any, *, groups: int = 10, level: float = 0.95, old_weight: Any = None, new_weight: Any = None
) -> Table:
    """Give the population stability index of scores: have they moved between two sets of rows?

    Args:
        old: scores of the old rows, shape (n,), or what holds scores (a fit, a cross-validation, an evaluation).
        new: scores of the new rows, likewise.
        groups: number of groups, cut at the quantiles of the old scores; ties stay together.
        level: of what chance alone gives.
        old_weight: rows that each old row stands for, shape (n,), where scores are given.
        new_weight: the same for new rows.

    Returns:
        A `Table` with one row a group, the highest scores first, and the index in the companion table "psi_test".

    Raises:
        DataError: scores that are missing or no numbers.
        OptionError: fewer than two groups.

    References: Siddiqi (2006), Credit Risk Scorecards, ch. 9; Yurdakul (2018); Taplin & Hunt (2019), Risks 7, 53.

    """
    checked_level(level)
    kept = score_groups(_ranking(old, old_weight, "old"), checked_groups(groups))
    ranking = _ranking(new, new_weight, "new")
    counted = kept.of(ranking)
    moved, down = kept.moved(counted.n, level), slice(None, None, -1)
    one = word(kept)
    frame = pd.DataFrame(
        {
            "decile": kept.old.number[down],
            "score_low": kept.old.low[down],
            "training_n": kept.old.n[down],
            "n": counted.n[down],
            "training_share": kept.old.n[down] / kept.old.n.sum(),
            "share": counted.n[down] / counted.n.sum(),
            "psi": moved.parts[down],
        }
    )
    ties = f"Ties leave {len(kept.old)} of the {kept.old.wanted} groups asked for among the old rows."
    kinds = {"decile": "integer", "score_low": "estimate", "training_n": "count", "n": "count"}
    return Table(
        key="psi",
        title="Population stability index",
        frame=frame,
        roles={**kinds, "training_share": "percent", "share": "percent", "psi": "estimate"},
        labels={
            "decile": one.capitalize(),
            "score_low": "Cut-off",
            "training_n": "Old rows",
            "n": "New rows",
            "training_share": "Share of old",
            "share": "Share of new",
            "psi": "PSI",
        },
        notes=(
            f"PSI is {moved.index:.4g}. {convention(moved, level)}",
            *few_rows(counted.n, kept.old.n),
            *((ties,) if len(kept.old) < kept.old.wanted else ()),
        ),
        tables=(_test_table(moved, level),),
    )


def _ranking(scores: Any, weight: Any, which: str) -> Ranking:
    held = scored_of(scores)
    if held is None:
        if isinstance(scores, (str, pd.DataFrame)) or np.ndim(scores) != 1:
            raise ArgumentError(
                f"psi() takes scores, one number per row, or what holds them; the {which} ones are of type "
                f"{type(scores).__name__}."
            )
        return rank(scores, np.zeros(len(scores)), weight)
    if weight is not None:
        raise ArgumentError(f"{which}_weight= is given beside a subject that has its own weights; leave it out.")
    return held.ranking


def _test_table(moved: Stability, level: float) -> Table:
    values = {
        "psi": moved.index,
        "chance": moved.chance,
        "reach": moved.reach,
        "df": moved.df,
        "p_value": moved.p_value,
    }
    return Table(
        key="psi_test",
        title="Is it more than chance?",
        frame=pd.DataFrame({"measure": list(values), "value": np.array(list(values.values()), dtype=np.float64)}),
        roles={"measure": "text", "value": "measure"},
        labels={
            "psi": "Population stability index",
            "chance": "Mean by chance alone",
            "reach": f"Chance alone stays below in {100 * level:g}%",
            "df": "Degrees of freedom",
            "p_value": "p",
        },
        row_roles=("estimate", "estimate", "estimate", "integer", "p_value"),
    )


@explained_arguments
def csi(
    old_data: Any,
    new_data: Any,
    *,
    predictors: Sequence[str] | None = None,
    bins: int = 10,
    level: float = 0.95,
    old_weights: Any = None,
    new_weights: Any = None,
) -> Table:
    """Give the characteristic stability index of predictors: which columns have moved between two sets of rows?

    A number with more than 10 values is cut at the quantiles of the old rows; any other column is taken value by value
    or level by level. Missing values, and values that the old rows do not have, have bins of their own.

    Args:
        old_data: the old rows, in memory.
        new_data: the new rows.
        predictors: columns to look at; None for all that both have, but for dates.
        bins: number of bins of a number.
        level: of what chance alone gives.
        old_weights: rows that each old row stands for: a column name, a Series, or an array of shape (n,).
        new_weights: the same for new rows.

    Returns:
        A `Table` with one row a predictor, the largest index first; the bins of each are its companion tables.

    Raises:
        DataError: a column that is not there, holds dates, or holds something else in the new rows.
        OptionError: fewer than two bins.
        WeightError: weights that are no counts.

    References: Siddiqi (2006), Credit Risk Scorecards, ch. 9.

    """
    checked_level(level)
    checked_bins(bins)
    old, new = rows_in_memory(old_data, "csi"), rows_in_memory(new_data, "csi")
    weights = [w for w in (old_weights, new_weights) if isinstance(w, str)]
    names = _shared(old, new, predictors, weights)
    w_old, w_new = _weights(old_weights, old, "old_weights"), _weights(new_weights, new, "new_weights")
    records, parts = [], []
    for name in names:
        one = characteristic(old.raw(name), w_old, bins)
        counted = one.count(_placed(one, new.raw(name)), w_new)
        moved = one.moved(counted, level)
        record = {"term": name, "csi": moved.index, "chance": moved.reach, "df": moved.df, "p_value": moved.p_value}
        records.append({**record, "few": bool(few_rows(counted, one.old))})
        parts.append(replace(bins_table(one.rows(counted), name, cut=one.is_cut), key=f"csi_{name}"))
    frame = pd.DataFrame.from_records(records)
    order = np.argsort(-frame["csi"].to_numpy(), kind="stable")
    few = frame.loc[frame["few"], "term"].tolist()
    return Table(
        key="csi",
        title="Characteristic stability index",
        frame=frame.iloc[order].drop(columns="few").reset_index(drop=True),
        roles={"term": "text", "csi": "estimate", "chance": "estimate", "df": "integer", "p_value": "p_value"},
        labels={"term": "Predictor", "csi": "CSI", "chance": f"By chance ({100 * level:g}%)"},
        notes=(
            "By convention below 0.1 is read as no change, up to 0.25 as some and above as a large one. By chance: "
            f"what no change alone stays below in {100 * level:g}% of comparisons; p: how often it gives as much. Each "
            "predictor is tested as if it were the only one.",
            *((f"{listing(few)}: some bin expects fewer than 10 rows, and p is too small.",) if few else ()),
        ),
        tables=tuple(parts[at] for at in order),
    )


def _placed(one: Characteristic, values: pd.Series) -> npt.NDArray[np.intp]:
    try:
        return one.place(values)
    except DataError as problem:
        raise DataError(str(problem).replace("in the fit", "in the old data")) from None


def _shared(old: Source, new: Source, predictors: Any, weights: Sequence[str]) -> list[str]:
    if predictors is None:
        names = [name for name in old.names if name in new.names and name not in weights]
        names = [name for name in names if old.column(name).kind != "date"]
        if not names:
            raise DataError("The two sets of data have no column in common that can be compared.")
        return names
    names = [predictors] if isinstance(predictors, str) else list(dict.fromkeys(predictors))
    for name in names:
        old.column(name, " in the old data")
        new.column(name, " in the new data")
    return names


def _weights(weights: Any, source: Source, argument: str) -> Floats:
    found = weights_of(weights, argument, source, whole=True)
    return np.ones(len(source.index)) if found is None else found
