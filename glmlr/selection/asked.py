"""What is a search for terms asked to do? Its options, checked once, and the search itself on any rows.

A search that is repeated on other rows, as an honest validation of a selected model must, is the same options again.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Any, Final

import numpy as np

from glmlr.design import Design, DesignInMemory
from glmlr.errors import NotApplicable, OptionError, listing, one_of, suggestion
from glmlr.estimation import refuse_saturated
from glmlr.fit import Fit, fit_design
from glmlr.links import Link
from glmlr.penalised.penalties import Penalty
from glmlr.penalised.withheld import refuse_penalised
from glmlr.selection.search import Rule, Space, Step, search
from glmlr.selection.shortened import shortened, written

_WAYS: Final = {"forward": (True, False), "backward": (False, True), "both": (True, True)}
_BY: Final = {"aic": "AIC", "bic": "BIC", "p": "p-values of likelihood ratio tests"}
#: Bounds of p-values where none are given (SAS PROC LOGISTIC: SLENTRY and SLSTAY).
_BOUND: Final = 0.05
#: How the account of the rows of a model begins whose terms were searched for.
_CHOSEN: Final = "The terms were chosen among"


@dataclass(frozen=True)
class Search:
    """The options of a search; see `glmlr.stepwise`.

    Raises:
        OptionError: an unknown direction, criterion or start, bounds outside (0, 1) or remove below enter.

    """

    direction: str = "both"
    by: str = "aic"
    enter: float | None = None
    remove: float | None = None
    keep: str | Sequence[str] = ()
    start: str | None = None

    def __post_init__(self) -> None:
        """Check the options."""
        one_of("by", self.by, _BY)
        one_of("direction", self.direction, _WAYS)
        one_of("start", self.begins, ["full", "null"])
        self._bounds()

    @classmethod
    def of_mapping(cls, options: Any) -> Search:
        """Take options from a mapping of the arguments of `glmlr.stepwise`.

        Raises:
            OptionError: something else than a mapping, or an option that `stepwise` does not have.

        """
        known = [one.name for one in fields(cls)]
        if not isinstance(options, Mapping):
            raise OptionError(
                f"selection={options!r} must map options of stepwise() to their values, such as "
                "{'direction': 'backward', 'by': 'aic'}, or be the result of a search."
            )
        for name in options:
            if name not in known:
                hint = suggestion(str(name), known) or f"; it takes {listing(known)}."
                raise OptionError(f"selection= has no option {name!r}{hint}")
        return cls(**options)

    @property
    def begins(self) -> str:
        """Where the search begins: "full" or "null"."""
        return self.start or ("null" if self.direction == "forward" else "full")

    @property
    def way(self) -> str:
        """Name the search by its direction."""
        return "stepwise" if self.direction == "both" else self.direction

    @property
    def criterion(self) -> str:
        """Name what the search goes by."""
        return _BY[self.by]

    def _bounds(self) -> tuple[float, float]:
        if self.by != "p":
            for name, value in (("enter", self.enter), ("remove", self.remove)):
                if value is not None:
                    raise OptionError(
                        f"{name}={value!r} is a bound of p-values; it goes with by='p', not by={self.by!r}."
                    )
            return _BOUND, _BOUND
        for name, value in (("enter", self.enter), ("remove", self.remove)):
            number = isinstance(value, (int, float, np.number)) and not isinstance(value, bool) and 0 < value < 1
            if value is not None and not number:
                raise OptionError(f"{name}={value!r} is not a p-value; give a number between 0 and 1 such as 0.05.")
        # A single bound that is given moves the other along, so that entry is never easier than removal.
        entry = float(
            self.enter if self.enter is not None else min(_BOUND, _BOUND if self.remove is None else self.remove)
        )
        removal = float(self.remove if self.remove is not None else max(_BOUND, entry))
        if removal < entry:
            raise OptionError(
                f"remove={removal:g} is below enter={entry:g}: a term could enter and leave for ever; make remove at "
                "least enter."
            )
        return entry, removal

    def rule(self, design: Design) -> Rule:
        """Give what the search goes by on these rows."""
        adds, drops = _WAYS[self.direction]
        penalty = {"aic": 2.0, "bic": math.log(design.totals.trials)}.get(self.by)
        return Rule(adds, drops, penalty, *self._bounds())

    def going_by(self, rule: Rule) -> str:
        """Say what the search goes by, with the bounds of p-values that it uses."""
        if self.by != "p":
            return self.criterion
        enters = [f"a term enters up to {rule.enter:g}"] if rule.adds else []
        leaves = [f"a term leaves above {rule.remove:g}"] if rule.drops else []
        return f"{self.criterion}: {' and '.join([*enters, *leaves])}"

    def through(self, design: Design, link: Link, penalty: Penalty | None = None) -> Found:
        """Search among the terms of a design.

        Raises:
            NotApplicable: what cannot be searched; see `glmlr.stepwise`.
            OptionError: a term to keep that the formula does not have.
            FitError: the largest model has no estimates.

        """
        space = _space(design, link, self.keep, penalty)
        everything = frozenset(range(len(space.design.terms)))
        if self.begins == "full":
            refuse_saturated(space.design)
        rule = self.rule(space.design)
        return Found(self, space, rule, search(space, everything if self.begins == "full" else space.kept, rule))


@dataclass(frozen=True, eq=False)
class Found:
    """A search that has come to its end.

    Attributes:
        search: its options.
        space: the models it could visit.
        rule: what it went by.
        steps: from the start to the end.

    """

    search: Search
    space: Space
    rule: Rule
    steps: tuple[Step, ...]

    @property
    def candidates(self) -> tuple[str, ...]:
        """All terms but the intercept, as a formula writes them."""
        return tuple(written(self.space, at) for at, own in enumerate(self.space.factors) if own)

    @property
    def terms(self) -> tuple[str, ...]:
        """The terms of the model at the end."""
        last = self.steps[-1].model
        return tuple(written(self.space, at) for at, own in enumerate(self.space.factors) if own and at in last)

    @property
    def design(self) -> DesignInMemory:
        """The model at the end, on all rows of the search."""
        note = (
            f"{_CHOSEN} {len(self.candidates)} by {self.search.way} selection with {self.search.criterion}: p-values "
            "and intervals of this model are optimistic."
        )
        return shortened(self.space, self.steps[-1].model, note)

    def fitted(self, robust: str | None) -> Fit:
        """Fit the model at the end."""
        return fit_design(self.design, self.space.link, robust=robust)


@dataclass(frozen=True, eq=False)
class Searched:
    """What a search went through, so that it can be repeated.

    Attributes:
        search: its options.
        design: the design of all candidates.
        link: the link.
        robust: kind of standard errors of the model at the end, or None.

    """

    search: Search
    design: DesignInMemory
    link: Link
    robust: str | None


def was_searched(design: Design) -> bool:
    """Say whether the terms of a design are those that a search has chosen."""
    return any(note.startswith(_CHOSEN) for note in design.rows.notes)


def _space(design: Design, link: Link, keep: str | Sequence[str], penalty: Penalty | None) -> Space:
    """Give the models that may be visited, or say why there are none."""
    if not isinstance(design, DesignInMemory):
        raise NotApplicable("stepwise() needs the rows in memory; these were read in parts.")
    refuse_penalised(penalty, "A selection of terms")
    if design.weighted:
        raise NotApplicable(
            "stepwise() compares likelihoods, and importance weights (class_weight, sample_weight) make a weighted "
            "pseudo-likelihood whose size depends on their scale; search without them and weight the model at the end."
        )
    if not any(term.kind == "intercept" for term in design.terms):
        raise NotApplicable("stepwise() needs an intercept: without one the coding of a factor depends on the others.")
    if len(design.terms) == 1:
        raise NotApplicable(f"The formula {design.formula!r} has no terms to choose from.")
    space = Space(design, link, frozenset())
    names = {written(space, at): at for at in range(len(design.terms))}
    wanted = []
    for name in [keep] if isinstance(keep, str) else keep:
        key = _plain(name)
        found = next((at for own, at in names.items() if _plain(own) == key and own != "1"), None)
        if found is None:
            known = [own for own in names if own != "1"]
            hint = suggestion(str(name), known) or f"; the terms are {listing(known)}."
            raise OptionError(f"keep= names {name!r}, which is no term of the formula{hint}")
        wanted.append(found)
    intercept = next(at for at, term in enumerate(design.terms) if term.kind == "intercept")
    return Space(design, link, space.closed(wanted) | {intercept})


def _plain(name: Any) -> str:
    return ":".join(sorted(str(name).replace(" ", "").split(":")))
