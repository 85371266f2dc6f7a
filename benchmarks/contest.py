"""What is compared with what? A contest: our way, the ways of others, and the ratio that is asked for."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

import pandas as pd

#: What a contestant found, by name of the coefficient or quantity; how a contest is shown to answer one question.
Answer: TypeAlias = pd.Series
#: Runs a contestant once: what it cost, and what it gave back.
Measure: TypeAlias = Callable[[Callable[[], Any]], tuple[float, Any]]


@dataclass(frozen=True)
class Target:
    """A ratio that is asked for.

    Attributes:
        ratio: the number.
        kind: "faster": theirs / ours is at least `ratio`. "cost": ours / theirs is at most `ratio`.

    """

    ratio: float
    kind: Literal["faster", "cost"]

    def of(self, ours: float, theirs: float) -> float:
        """Give the ratio this target speaks of."""
        return theirs / ours if self.kind == "faster" else ours / theirs

    def met(self, ratio: float) -> bool:
        """Say whether a ratio is good enough."""
        return ratio >= self.ratio if self.kind == "faster" else ratio <= self.ratio

    def beyond(self, ratio: float) -> float:
        """Give how many times better than asked for a ratio is; below 1 it falls short."""
        return ratio / self.ratio if self.kind == "faster" else self.ratio / ratio

    def __str__(self) -> str:
        return f">= {self.ratio:g} x" if self.kind == "faster" else f"<= {self.ratio:g}"


def faster(times: float) -> Target:
    """Ask to be at least so many times as fast."""
    return Target(times, "faster")


def cost(share: float) -> Target:
    """Ask to cost at most this share of theirs."""
    return Target(share, "cost")


@dataclass(frozen=True)
class Contestant:
    """One way to the result.

    Attributes:
        name: "who: how it is called".
        run: does it once.
        answer: reads what it found, to be compared with ours; None where there is nothing to compare.
        target: what is asked of the ratio to this peer; None for us, and for peers shown for comparison.
        within: largest relative difference that counts as agreement; peers that stop early are given more.

    """

    name: str
    run: Callable[[], Any]
    answer: Callable[[Any], Answer] | None = None
    target: Target | None = None
    within: float = 1e-6


@dataclass(frozen=True)
class Contest:
    """Us against some peers on the same rows.

    Attributes:
        what: the question, in a few words.
        rows: number of rows.
        ours: our way.
        peers: the others, each with its target.
        measure: what a run costs; None for seconds.
        unit: unit of that.
        witness: where every peer is another way of our own, somebody else's answer to the same question.
        once: run everyone once, for what takes too long to be repeated.
        passes: gives the time of each pass of our runs, where they read their rows again and again.

    """

    what: str
    rows: int
    ours: Contestant
    peers: tuple[Contestant, ...]
    measure: Measure | None = None
    unit: str = "s"
    witness: Contestant | None = None
    once: bool = False
    passes: Callable[[], pd.DataFrame] | None = None


@dataclass(frozen=True)
class Case:
    """Contests that belong together, or a feature that is still to come.

    Attributes:
        key: what to call it on the command line.
        title: the question.
        contests: gives the contests at a share of the full size (1 for all rows); None while there is nothing to run.
        target: what is asked for, in words, where there is nothing to run yet.
        only_by_name: run only when it is named, for what needs very much time and room.

    """

    key: str
    title: str
    contests: Callable[[float], Iterator[Contest]] | None = None
    target: str = ""
    only_by_name: bool = False

    @property
    def missing(self) -> str | None:
        """Say why the case cannot be run, or give None."""
        return None if self.contests else f"{self.title}: not built yet (asked for: {self.target})."
