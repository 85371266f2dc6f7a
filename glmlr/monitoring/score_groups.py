"""How do new scores fall into the groups of old ones? Groups kept from old rows, and how far the shares have moved."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from glmlr.errors import listing
from glmlr.exhibits import Axis, Chart, Series, Table
from glmlr.monitoring.stability import Stability, stability
from glmlr.proportions import wilson
from glmlr.ranking import Ranking
from glmlr.ranking.grouping import Edges, Groups, edges_of, groups_at, top_groups

Floats = npt.NDArray[np.float64]

#: What credit scoring reads as a small and as a large change.
CONVENTION = (0.1, 0.25)
#: With fewer rows expected in a group, chance alone gives a larger index than the chi-square says.
_FEW = 10.0


@dataclass(frozen=True, eq=False)
class ScoreGroups:
    """Groups of the scores of old rows, whose cut-offs are kept (g groups).

    Attributes:
        old: the groups, from the lowest scores up.

    """

    old: Groups

    @property
    def edges(self) -> Edges:
        """The cut-offs."""
        return edges_of(self.old)

    def of(self, ranking: Ranking) -> Groups:
        """Put other scores into the groups; some may be empty."""
        return groups_at(ranking, self.edges)

    def moved(self, new: Floats, level: float) -> Stability:
        """Say how far the shares of new rows, counted by group, lie from those of the old ones."""
        return stability(new, self.old.n, level)


def score_groups(ranking: Ranking, groups: int) -> ScoreGroups:
    """Cut old rows into groups of equal size from the highest score down, to be kept for others."""
    return ScoreGroups(top_groups(ranking, groups))


def word(kept: ScoreGroups) -> str:
    """Name one of the groups."""
    return "decile" if kept.old.wanted == 10 else "group"


def convention(found: Stability, level: float) -> str:
    """Say how a population stability index is read, by convention and beside chance."""
    if math.isnan(found.p_value):
        return "All rows are in one group: there is nothing that could move."
    few, many = CONVENTION
    said = (
        f"By convention below {few:g} is read as no change, up to {many:g} as some and above as a large one; it is no "
        f"test. Chance alone gives about {found.chance:.2g} with so many rows, and more than {found.reach:.2g} in "
        f"{100 * (1 - level):.3g}% of such comparisons"
    )
    return f"{said} (p = {found.p_value:.2g})." if found.p_value >= 1e-4 else f"{said} (p < 0.0001)."


def too_few(new: Floats, old: Floats) -> bool:
    """Whether some group with rows expects too few new rows, or old ones, for the p-value to hold."""
    share = (new + old)[(new + old) > 0] / (new.sum() + old.sum())
    return bool(share.size > 1 and share.min() * min(new.sum(), old.sum()) < _FEW)


def few_rows(new: Floats, old: Floats) -> list[str]:
    """Say that a p-value is too small because groups have few rows, where that is so."""
    if not too_few(new, old):
        return []
    return [f"Some group expects fewer than {_FEW:g} rows: chance gives a larger PSI then, and its p is too small."]


def groups_table(new: Ranking, kept: ScoreGroups, level: float, *, tested: bool = True) -> Table:
    """Tabulate new rows in the groups of the rows of a fit, with the rates of both and the parts of the PSI.

    Args:
        new: scores and outcomes of new rows.
        kept: the groups of the rows of the fit.
        level: confidence level of the rates' Wilson intervals.
        tested: whether old rows are counts of rows, so that the index has a p-value.

    """
    counted, down = kept.of(new), slice(None, None, -1)
    n, events = counted.n[down], counted.events[down]
    bounds = wilson(events, n, level)
    moved = kept.moved(counted.n, level)
    with np.errstate(invalid="ignore"):
        rate = events / n
    frame = pd.DataFrame(
        {
            "decile": kept.old.number[down],
            "score_low": kept.old.low[down],
            "n": n,
            "training_share": kept.old.n[down] / kept.old.n.sum(),
            "share": n / n.sum(),
            "psi": moved.parts[down],
            "events": events,
            "expected_events": counted.expected[down],
            "rate": rate,
            "low": bounds.low,
            "high": bounds.high,
            "training_rate": (kept.old.events / kept.old.n)[down],
        }
    )
    one = word(kept)
    percent = dict.fromkeys(("training_share", "share", "rate", "low", "high", "training_rate"), "percent")
    kinds = {"decile": "integer", "score_low": "probability", "psi": "estimate", **percent}
    return Table(
        key="evaluation_deciles",
        title=f"New rows in the {one}s of the fit",
        frame=frame,
        roles={name: kinds.get(name, "count") for name in frame.columns},
        labels={
            "decile": one.capitalize(),
            "score_low": "Cut-off",
            "training_share": "Share in the fit",
            "share": "Share of new rows",
            "psi": "PSI",
            "training_rate": "Rate in the fit",
        },
        notes=(*_groups_notes(kept, one, level), *_index_notes(counted, kept, moved, one, level, tested)),
        charts=(_share_chart(frame, one),),
    )


def _groups_notes(kept: ScoreGroups, one: str, level: float) -> list[str]:
    notes = [
        f"{one.capitalize()} 1 has the highest probabilities. A new row belongs to the highest {one} whose cut-off, "
        "the lowest probability that it has among the rows of the fit, it reaches, and below all of them to the last. "
        f"Expected events: sum of the probabilities. Low and high: Wilson {100 * level:g}% interval of the rate."
    ]
    if len(kept.old) < kept.old.wanted:
        notes.append(f"Ties leave {len(kept.old)} of the {kept.old.wanted} groups asked for among the rows of the fit.")
    return notes


def _index_notes(new: Groups, kept: ScoreGroups, moved: Stability, one: str, level: float, tested: bool) -> list[str]:
    notes = [
        f"PSI, the population stability index, is {moved.index:.4g} in all: the sum of (a - e) ln(a / e), a being the "
        "share of the new rows and e that of the rows of the fit." + (f" {convention(moved, level)}" if tested else "")
    ]
    if empty := [f"{number:g}" for number in new.number[::-1][new.n[::-1] == 0]]:
        notes.append(
            f"No new row is in {one} {listing(empty)}: there is no rate, and half a row stands for it in the PSI."
        )
    return [*notes, *(few_rows(new.n, kept.old.n) if tested else [])]


def _share_chart(frame: pd.DataFrame, one: str) -> Chart:
    place = np.arange(float(len(frame)))
    new, old = frame["share"].to_numpy(), frame["training_share"].to_numpy()
    most = int(np.argmax(np.abs(new - old)))
    return Chart(
        key="shares",
        title=f"Shares of rows by {one} of the fit",
        series=(Series("Rows of the fit", "bars", place, old), Series("New rows", "bars", place, new)),
        x=Axis(
            f"{one.capitalize()} of the fit, highest probabilities first",
            categories=tuple(f"{number:g}" for number in frame["decile"]),
        ),
        y=Axis("Share of rows", "percent"),
        alt=f"Shares of the rows by {one} of the fit; they differ most in {one} {frame['decile'].iloc[most]:g}, which "
        f"holds {100 * new[most]:.1f}% of the new rows and {100 * old[most]:.1f}% of those of the fit.",
    )
