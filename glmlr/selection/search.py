"""In which order do terms enter and leave a model? Forward, backward and stepwise search by AIC, BIC or p-values.

All models of a search are of the same rows, those that are complete in every candidate, and of columns of one design:
a term is all of its columns. A term cannot leave while a term that contains it is in the model, nor enter before the
terms that it contains (marginality).

References: Venables & Ripley (2002), Modern Applied Statistics with S, 4th ed., sections 6.8 and 7.2 (R: step,
MASS::stepAIC); Nelder (1977), J. R. Stat. Soc. A 140, 48-77 (marginality).
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np

from glmlr.blocks import Subset
from glmlr.design import DesignInMemory, gathered
from glmlr.links import Link
from glmlr.separation import maximise
from glmlr.tails import chi_square_tail

Model = frozenset[int]


@dataclass(frozen=True)
class Likelihood:
    """One model of a search: log-likelihood at its maximum (or supremum) and number of estimated coefficients."""

    loglik: float
    rank: int


@dataclass(frozen=True)
class Change:
    """One term that enters or leaves.

    Attributes:
        term: its position among the candidates.
        enters: whether it enters.
        model: the terms of the model afterwards.
        found: the likelihood of that model.
        chi2, df, p_value: likelihood ratio test of the term, given all other terms of the larger of the two models.

    """

    term: int
    enters: bool
    model: Model
    found: Likelihood
    chi2: float
    df: int
    p_value: float


@dataclass(frozen=True)
class Rule:
    """What a search goes by.

    Attributes:
        adds, drops: which ways it may go.
        penalty: what a coefficient costs in -2 l + penalty x k; None for p-values.
        enter: largest p-value at which a term enters.
        remove: smallest p-value above which a term leaves.

    """

    adds: bool
    drops: bool
    penalty: float | None
    enter: float
    remove: float

    def criterion(self, found: Likelihood) -> float:
        """Give -2 l + penalty x k."""
        assert self.penalty is not None  # asked of searches by a criterion only
        return -2 * found.loglik + self.penalty * found.rank

    def best(self, current: Likelihood, changes: Sequence[Change]) -> Change | None:
        """Choose the change to make; None where the search ends."""
        if self.penalty is not None:
            return self._by_criterion(self.criterion(current), changes)
        leaving = [one for one in changes if not one.enters and not one.p_value <= self.remove]
        if leaving:
            return max(leaving, key=lambda one: (1.0 if math.isnan(one.p_value) else one.p_value, -one.chi2))
        entering = [one for one in changes if one.enters and one.p_value <= self.enter]
        # Where p-values underflow to 0 the larger chi-square per degree of freedom goes first.
        return min(entering, key=lambda one: (one.p_value, -one.chi2 / one.df), default=None)

    def _by_criterion(self, current: float, changes: Sequence[Change]) -> Change | None:
        best = min(changes, key=lambda one: self.criterion(one.found), default=None)
        # As R's step: less than this is rounding, and a search that took it could go round in circles.
        return best if best is not None and self.criterion(best.found) < current - 1e-7 else None


@dataclass(frozen=True)
class Step:
    """One state of a search: the change that led to it (None at the start), the model, and what could have followed."""

    change: Change | None
    model: Model
    found: Likelihood
    candidates: tuple[Change, ...]


@dataclass(frozen=True, eq=False)
class Space:
    """The models that a search may visit.

    Attributes:
        design: the design of all candidates; its terms are numbered, the intercept included.
        link: the link.
        kept: terms that are in every model.

    """

    design: DesignInMemory
    link: Link
    kept: Model
    _seen: dict[Model, Likelihood] = field(default_factory=dict)

    def inside(self, term: int) -> Model:
        """Give the terms that a term contains: those whose factors are some of its own."""
        return frozenset(other for other, own in enumerate(self.factors) if own < self.factors[term])

    def closed(self, terms: Iterable[int]) -> Model:
        """Give some terms with those that they contain."""
        chosen = frozenset(terms)
        return chosen.union(*(self.inside(term) for term in chosen))

    @cached_property
    def factors(self) -> tuple[frozenset[int], ...]:
        """Give the factors of each term of the design, by their positions in the recipe; none of the intercept."""
        owner = {column: at for at, term in enumerate(self.design.terms) for column in term.columns}
        factors = [frozenset[int]() for _ in self.design.terms]
        for part in self.design.recipe.parts:
            if part.width:
                factors[owner[part.first]] |= frozenset(part.factors)
        return tuple(factors)

    def likelihood(self, model: Model) -> Likelihood:
        """Fit a model, once."""
        if model not in self._seen:
            columns = np.array([at for term in sorted(model) for at in self.design.terms[term].columns], dtype=np.intp)
            solution = maximise(Subset(gathered(self.design), columns), self.link).solution
            self._seen[model] = Likelihood(solution.loglik, solution.rank)
        return self._seen[model]

    def changes(self, model: Model, rule: Rule) -> Iterator[Change]:
        """Give every change that marginality allows, those that leave first."""
        everything = range(len(self.design.terms))
        if rule.drops:
            held = self.kept | {small for term in model for small in self.inside(term)}
            for term in sorted(model - held):
                yield self._change(model, term, enters=False)
        if rule.adds:
            for term in everything:
                if term not in model and self.inside(term) <= model and self._has_rows(model | {term}):
                    change = self._change(model, term, enters=True)
                    # A term whose columns the others determine adds nothing that could be tested.
                    if change.df > 0:
                        yield change

    def _has_rows(self, model: Model) -> bool:
        """Say whether there are more trials than columns."""
        return sum(len(self.design.terms[term].columns) for term in model) < self.design.totals.trials

    def _change(self, model: Model, term: int, *, enters: bool) -> Change:
        after = model | {term} if enters else model - {term}
        current, found = self.likelihood(model), self.likelihood(after)
        larger, smaller = (found, current) if enters else (current, found)
        chi2, df = max(2 * (larger.loglik - smaller.loglik), 0.0), larger.rank - smaller.rank
        p_value = chi_square_tail(chi2, df).p_value if df > 0 else math.nan
        return Change(term, enters, after, found, chi2, df, p_value)


def search(space: Space, start: Model, rule: Rule) -> tuple[Step, ...]:
    """Change a model term by term as long as the rule finds a change; each model is visited once at most."""
    steps = [Step(None, start, space.likelihood(start), tuple(space.changes(start, rule)))]
    visited = {start}
    while True:
        last = steps[-1]
        change = rule.best(last.found, [one for one in last.candidates if one.model not in visited])
        if change is None:
            return tuple(steps)
        visited.add(change.model)
        steps.append(Step(change, change.model, change.found, tuple(space.changes(change.model, rule))))
