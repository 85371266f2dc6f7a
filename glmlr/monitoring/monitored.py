"""How does a model do in each slice of new rows? The rows of its fit, and every slice measured against them."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, NamedTuple

import numpy as np
import numpy.typing as npt
import pandas as pd

from glmlr.design.designed import Design
from glmlr.errors import OptionError, listing, suggestion
from glmlr.monitoring.characteristics import Characteristic, characteristic, largest
from glmlr.monitoring.score_groups import ScoreGroups, score_groups, too_few
from glmlr.monitoring.slices import Slices
from glmlr.monitoring.stability import Stability
from glmlr.monitoring.tables import OF_COMPARISON, OF_OUTCOMES, OWN, Worst
from glmlr.proportions import wilson
from glmlr.ranking import Ranking, rank
from glmlr.ranking.area_comparison import unpaired_difference
from glmlr.ranking.concordance import Area, area
from glmlr.ranking.distance import ks_distance
from glmlr.sample import sample_of_design
from glmlr.scored import Scored
from glmlr.sources import Source
from glmlr.tails import normal_tail
from glmlr.validation.calibration_lines import Calibrated, Lines, calibrated, distances_of
from glmlr.validation.new_rows import ScoredRows

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.intp]
Bools = npt.NDArray[np.bool_]

_ORDER: Final = (
    *("slice", "n", "unscored", "psi", "psi_p", "psi_chance", "csi", "csi_predictor", "mean_predicted", "outcomes"),
    *(
        "events",
        "expected_events",
        "rate",
        "low",
        "high",
        "expected_over_observed",
        "auc",
        "auc_low",
        "auc_high",
        "auc_difference",
    ),
    *("auc_p", "ks", "brier", "in_the_large", "in_the_large_p", "slope", "slope_p"),
)

# ------------------------------------------------------------------------------------------------ the rows of the fit


@dataclass(frozen=True, eq=False)
class Reference:
    """What new rows are compared with.

    Attributes:
        scored: the rows of the fit.
        groups: the groups of their scores.
        characteristics: the bins of their predictors.
        area: the area under their ROC curve.
        notes: sentences about them.

    """

    scored: Scored
    groups: ScoreGroups
    characteristics: tuple[Characteristic, ...]
    area: Area
    notes: tuple[str, ...]


def reference_of(
    design: Design, scored: Scored, groups: int, bins: int, predictors: Sequence[str] | None, *, counted: bool
) -> Reference:
    """Cut the scores and the predictors of a fit into what is kept for new rows.

    Args:
        design: of the fit.
        scored: its rows, ranked.
        groups: number of groups of the score.
        bins: number of bins of a number.
        predictors: names of columns, or None for all.
        counted: whether the rows have frequency weights, which are not known of rows that the fit left out.

    Raises:
        OptionError: a predictor that the fit does not hold.

    """
    dated = [name for name, kind in design.recipe.kinds.items() if kind == "date"]
    sample = sample_of_design(design)
    known = {str(one.values.name): one for one in sample.predictors if one.values.name not in dated}
    names = list(known) if predictors is None else _chosen(predictors, known)
    dropped = design.rows.dropped
    lost = [name for name in names if name in dropped and counted]
    found = tuple(
        characteristic(
            known[name].values,
            known[name].events + known[name].nonevents,
            bins,
            missing=None if name in lost else float(dropped.get(name, 0)),
        )
        for name in names
    )
    notes = list(sample.notes) if names else []
    if lost:
        notes.append(
            f"The fit left out rows without {listing(lost)}, and does not know their frequency weights: missing values "
            "play no part in these indices."
        )
    if predictors is None and dated:
        notes.append(f"{listing(dated)}: dates have no bins, and no stability index.")
    return Reference(scored, score_groups(scored.ranking, groups), found, area(scored.ranking), tuple(notes))


def _chosen(predictors: Any, known: Mapping[str, Any]) -> list[str]:
    names = [predictors] if isinstance(predictors, str) else list(predictors)
    for name in names:
        if name not in known:
            hint = suggestion(str(name), known) or f"; it reads {listing(map(repr, known))}."
            raise OptionError(f"predictors= names {name!r}, a column whose values the fit does not hold{hint}")
    return list(dict.fromkeys(names))


# ------------------------------------------------------------------------------------------------ slices


@dataclass(frozen=True, eq=False)
class Monitored:
    """New rows measured by slice.

    Attributes:
        by_slice: one row a slice.
        own: the same numbers of the rows of the fit; None without them.
        shares: share of the rows in each group of the score, by slice and in the fit; None without a fit.
        csi: the index of each predictor (columns) by slice; None without any.
        worst: the largest index of a predictor; None without any.
        lacking: what does not exist in some slices, and why -> these slices.
        few: whether some slice has too few rows for its p-value.

    """

    by_slice: pd.DataFrame
    own: Mapping[str, Any] | None
    shares: pd.DataFrame | None
    csi: pd.DataFrame | None
    worst: Worst | None
    lacking: Mapping[str, tuple[str, ...]]
    few: bool


def monitored(reference: Reference | None, rows: ScoredRows, slices: Slices, source: Source, level: float) -> Monitored:
    """Measure every slice of new rows, against the rows of the fit where there are any."""
    characteristics = () if reference is None else reference.characteristics
    weight = np.ones(rows.outcome.size) if rows.weight is None else rows.weight
    measuring = _Measuring(
        reference=reference,
        placed={one.name: _Placed(one, one.place(_raw(one.name, source)), weight) for one in characteristics},
        rows=rows,
        score=rows.predictions.to_numpy(),
        weight=weight,
        usable=rows.new.complete & rows.counting,
        level=level,
    )
    members = slices.rows()
    found = [measuring.slice(label, at) for label, at in zip(slices.labels, members, strict=True)]
    frame = _in_order(pd.DataFrame.from_records([one.record for one in found]), measuring)
    csi = pd.DataFrame(
        {"slice": list(slices.labels)} | {name: [o.csi[name] for o in found] for name in measuring.placed}
    )
    return Monitored(
        by_slice=frame,
        own=None if reference is None else measuring.own(reference),
        shares=None if reference is None else _shares(reference, slices.labels, [one.groups for one in found]),
        csi=csi if measuring.placed else None,
        worst=_worst(frame, measuring, slices.labels, members) if measuring.placed else None,
        lacking=_by_reason(found),
        few=reference is not None and any(too_few(one.groups, reference.groups.old.n) for one in found if one.scored),
    )


def _raw(name: str, source: Source) -> pd.Series:
    if name not in source.names:
        source.column(name, " in the new data")
    return source.raw(name)


@dataclass(frozen=True, eq=False)
class _Placed:
    """A predictor and the bin of each new row."""

    characteristic: Characteristic
    place: Integers
    weight: Floats

    def counts(self, at: Integers) -> Floats:
        """Add up some of the rows by bin."""
        return self.characteristic.count(self.place[at], self.weight[at])


@dataclass(frozen=True, eq=False)
class _Slice:
    """One slice: its numbers, its rows by group of the score (NaN without any), the index of each predictor."""

    record: dict[str, Any]
    groups: Floats
    csi: Mapping[str, float]
    scored: bool
    lacking: tuple[str, ...] = ()


class _Performance(NamedTuple):
    """How the scores of rows with outcomes do, and what does not exist, in sentences."""

    record: dict[str, float]
    lacking: tuple[str, ...]


@dataclass(frozen=True, eq=False)
class _Measuring:
    """What measures slices: new rows with scores, outcomes and weights, and what they are compared with."""

    reference: Reference | None
    placed: Mapping[str, _Placed]
    rows: ScoredRows
    score: Floats
    weight: Floats
    usable: Bools
    level: float

    def slice(self, label: str, at: Integers) -> _Slice:
        """Measure the rows of one slice."""
        scored = at[self.usable[at]]
        answered = scored[self.rows.answered[scored]]
        n = float(self.weight[scored].sum())
        mean = float(np.dot(self.weight[scored], self.score[scored])) / n if n else math.nan
        record: dict[str, Any] = {"slice": label, "n": n, "unscored": float(self.weight[at].sum()) - n}
        record |= {"mean_predicted": mean, "outcomes": float(self.weight[answered].sum())}
        ranking = self._ranking(answered, self.rows.outcome) if answered.size else None
        groups, moved = np.zeros(0), dict[str, Stability]()
        if self.reference is not None:
            same = answered.size == scored.size
            everyone = ranking if same else self._ranking(scored, np.zeros(self.score.size))
            groups = self._groups(self.reference, everyone)
            record |= self._index(self.reference, groups)
            moved = {name: one.characteristic.moved(one.counts(at), self.level) for name, one in self.placed.items()}
            most = largest(moved)
            record |= {"csi": math.nan if most is None else moved[most].index, "csi_predictor": most}
        lacking: tuple[str, ...] = ()
        if ranking is not None:
            found = self._performance(ranking, self.reference)
            record, lacking = record | found.record, found.lacking
        csi = {name: one.index for name, one in moved.items()}
        return _Slice(record, groups, csi, scored.size > 0, lacking)

    def own(self, reference: Reference) -> dict[str, Any]:
        """Measure the rows of the fit."""
        ranking = reference.scored.ranking
        mean = float(np.dot(ranking.score, ranking.rows)) / ranking.total
        counts = {"n": ranking.total, "outcomes": ranking.total, "mean_predicted": mean}
        return {"slice": OWN, **counts, **self._performance(ranking, None).record}

    def _ranking(self, at: Integers, outcome: Floats) -> Ranking:
        """Rank the scores of some rows."""
        return rank(self.score[at], outcome[at], self.weight[at])

    def _groups(self, reference: Reference, ranking: Ranking | None) -> Floats:
        """Count rows by group of the score; NaN without any."""
        if ranking is None:
            return np.full(len(reference.groups.old), math.nan)
        return reference.groups.of(ranking).n

    def _index(self, reference: Reference, groups: Floats) -> dict[str, float]:
        if np.isnan(groups).any():
            return dict.fromkeys(("psi", "psi_p", "psi_chance"), math.nan)
        moved = reference.groups.moved(groups, self.level)
        return {"psi": moved.index, "psi_p": moved.p_value, "psi_chance": moved.reach}

    def _performance(self, ranking: Ranking, reference: Reference | None) -> _Performance:
        """Say how the scores of rows with outcomes do; without a reference no difference to its area."""
        bounds = wilson(ranking.total_events, ranking.total, self.level)
        both = bool(ranking.total_events and ranking.total_nonevents)
        found = calibrated(ranking) if both else Calibrated(Lines(), distances_of(ranking))
        expected = found.distances.expected
        record = {
            "events": ranking.total_events,
            "expected_events": expected,
            "rate": ranking.total_events / ranking.total,
            "low": float(bounds.low[0]),
            "high": float(bounds.high[0]),
            "expected_over_observed": expected / ranking.total_events if ranking.total_events else math.nan,
            "brier": found.distances.squares / ranking.total,
        }
        if not both:
            return _Performance(record, ("one outcome only: no AUC, KS or calibration line.",))
        curve = area(ranking, self.level)
        record |= {"auc": curve.auc, "auc_low": curve.low, "auc_high": curve.high, "ks": ks_distance(ranking).ks}
        if reference is not None:
            apart = unpaired_difference(curve, reference.area, self.level)
            record |= {"auc_difference": apart.difference, "auc_p": apart.p_value}
        alone = () if curve.std_error >= 0 else ("only one event or non-event: the AUC has no interval and no test.",)
        return _Performance(record | _lines(found.lines), (*alone, *(_small(note) for note in found.lines.notes)))


def _small(note: str) -> str:
    return f"{note[0].lower()}{note[1:]}"


def _by_reason(found: Sequence[_Slice]) -> dict[str, tuple[str, ...]]:
    reasons = dict.fromkeys(reason for one in found for reason in one.lacking)
    return {reason: tuple(one.record["slice"] for one in found if reason in one.lacking) for reason in reasons}


def _lines(lines: Lines) -> dict[str, float]:
    """Give calibration in the large and the slope, with Wald tests against 0 and 1."""
    found: dict[str, float] = {}
    for name, (value, error), ideal in (("in_the_large", lines.in_the_large, 0.0), ("slope", lines.slope, 1.0)):
        found[name] = value
        found[f"{name}_p"] = normal_tail((value - ideal) / error).p_value if error > 0 else math.nan
    return found


def _in_order(frame: pd.DataFrame, measuring: _Measuring) -> pd.DataFrame:
    """Put the columns in order, and leave out those that no slice can have."""
    absent = set() if measuring.reference is not None else set(OF_COMPARISON)
    absent |= set() if measuring.placed else {"csi", "csi_predictor"}
    absent |= set() if (frame["outcomes"] > 0).any() else set(OF_OUTCOMES)
    frame = frame.reindex(columns=[column for column in _ORDER if column not in absent])
    if "csi_predictor" in frame:
        named = frame["csi_predictor"].astype(object)
        frame["csi_predictor"] = named.where(named.notna(), None)
    return frame


def _shares(reference: Reference, labels: Sequence[str], groups: Sequence[Floats]) -> pd.DataFrame:
    """Give the share of the rows in each group of the score, by slice and in the fit."""
    counts = np.array([*groups, reference.groups.old.n])
    shares = counts / counts.sum(axis=1, keepdims=True)
    numbers = [f"{number:g}" for number in reference.groups.old.number]
    frame = pd.DataFrame(shares[:, ::-1], columns=numbers[::-1])
    frame.insert(0, "slice", [*labels, OWN])
    return frame


def _worst(
    frame: pd.DataFrame, measuring: _Measuring, labels: Sequence[str], members: Sequence[Integers]
) -> Worst | None:
    """Find the predictor and the slice with the largest index, and its bins there."""
    index = frame["csi"].to_numpy(dtype=np.float64)
    if np.isnan(index).all():
        return None
    at = int(np.nanargmax(index))
    name = str(frame["csi_predictor"].iloc[at])
    one = measuring.placed[name]
    bins = one.characteristic.rows(one.counts(members[at]))
    return Worst(name, labels[at], bins, one.characteristic.is_cut)
