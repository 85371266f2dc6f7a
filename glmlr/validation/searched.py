"""Which terms would the same search have chosen from other rows? A search repeated in each resample of the rows.

What a search learns from the rows, the terms, must be learnt again in every resample: else the optimism of choosing
them stays in the indices, and it is often larger than that of fitting them.

References: Harrell (2015), Regression Modeling Strategies, 2nd ed., sections 5.3.2 and 5.3.5 (R: rms::validate,
bw=TRUE); Heinze, Wallisch & Dunkler (2018), Biometrical Journal 60, 431-449 (how often each term is chosen); Janitza,
Binder & Boulesteix (2016), Biometrical Journal 58, 447-473 (tests on bootstrap samples).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

import pandas as pd

from glmlr.design.derived import lacks_levels, learnt_anew, recounted
from glmlr.errors import GlmlrError
from glmlr.exhibits import Table
from glmlr.selection.asked import Search
from glmlr.validation.folds import Fold
from glmlr.validation.refit import Refit, refit
from glmlr.validation.resamples import Bootstrapped, Resample
from glmlr.validation.resampling import Refitting, Split, explained

#: So many of the models that were chosen are listed.
_MODELS: Final = 10


@dataclass(frozen=True, eq=False)
class ChosenAnew:
    """The model that a search ends with in one resample.

    Attributes:
        model: the model, fitted to the resample.
        terms: its terms, the intercept left out.

    """

    model: Bootstrapped
    terms: tuple[str, ...]


def searching(refitting: Refitting) -> Refitting:
    """Give what refits need where each model reads other columns; `searched` has been said of the refitting."""
    plain = refitting.design
    # The offset of a row goes with it as a number, whoever named it: a model that reads fewer columns has it too.
    recipe = replace(plain.recipe, offset_column=None, offset_given=plain.given_offset is not None)
    return replace(refitting, design=replace(plain, recipe=recipe))


def chosen_anew(refitting: Refitting, search: Search, resample: Resample) -> ChosenAnew | None:
    """Search in a resample and fit the model at the end to it; None where that cannot be done.

    Args:
        refitting: the rows, see `searching`.
        search: the options.
        resample: how often each row was drawn.

    """
    if not resample.has_both:
        return None
    part = recounted(refitting.design, resample.events, resample.nonevents)
    try:
        part = learnt_anew(part) if refitting.learns or lacks_levels(part) else part
        found = search.through(part, refitting.link)
        fitted = refit(found.design, refitting.link, max_iterations=refitting.max_iterations)
    except GlmlrError:
        return None
    # It reads other columns than the candidates do, so that the rows must be given its own.
    return ChosenAnew(Bootstrapped(fitted, rebuilt=True), found.terms)


@dataclass(frozen=True, eq=False)
class SplitAnew:
    """The model that a search ends with in the training part of a fold.

    Attributes:
        split: the two sides of the fold, with the columns of this model.
        fitted: the model.
        terms: its terms, the intercept left out.

    """

    split: Split
    fitted: Refit
    terms: tuple[str, ...]


def split_anew(refitting: Refitting, search: Search, fold: Fold) -> SplitAnew:
    """Search in the training part of a fold and fit the model at the end to it.

    Args:
        refitting: the rows, see `searching`.
        search: the options.
        fold: which rows are held out.

    Raises:
        DataError, FormulaError, FitError: the training part alone cannot be modelled.

    """
    split = refitting.split(fold)
    with explained(fold):
        found = search.through(split.training, refitting.link)
        training = found.design
        fitted = refit(training, refitting.link, max_iterations=refitting.max_iterations)
        anew = Split(training, refitting.applied(training, fold.test), split.rebuilt)
    return SplitAnew(anew, fitted, found.terms)


# ------------------------------------------------------------------------------------------------ what was chosen


@dataclass(frozen=True, eq=False)
class Choices:
    """What a search chose from all rows, and from parts or resamples of them (r of these).

    Attributes:
        candidates: all terms.
        own: those chosen from all rows.
        chosen: those of each part or resample, r of them.
        parts: "resamples" or "training parts".
        key: how keys of tables begin.

    """

    candidates: Sequence[str]
    own: Sequence[str]
    chosen: Sequence[tuple[str, ...]]
    parts: str
    key: str

    def tables(self) -> tuple[Table, Table]:
        """Give the table of terms and that of models."""
        return self.of_terms(), self.of_models()

    def of_terms(self) -> Table:
        """Say how often each term was chosen."""
        times = Counter(term for terms in self.chosen for term in terms)
        sizes = sorted(len(terms) for terms in self.chosen)
        often = [times[term] for term in self.candidates]
        notes = [
            f"Of {len(sizes):,} {self.parts}; in the fit: chosen from all rows. The {self.parts} chose {sizes[0]} to "
            f"{sizes[-1]} terms, {sizes[len(sizes) // 2]} in the middle; the fit has {len(self.own)}.",
            "A term with a strong effect is chosen nearly always; a share in between says that these rows do not "
            "settle the question.",
        ]
        if self.parts == "resamples":
            notes.append(
                "A term of pure noise is chosen more often from resamples than from new rows, for they repeat what "
                "chance did to these: by AIC about one time in three (Janitza, Binder & Boulesteix 2016)."
            )
        return Table(
            key=f"{self.key}_terms",
            title="How often each term was chosen",
            frame=pd.DataFrame(
                {
                    "term": list(self.candidates),
                    "selected": [term in self.own for term in self.candidates],
                    "times": often,
                    "share": [number / len(sizes) for number in often],
                }
            ),
            roles={"term": "text", **self._roles},
            labels={"term": "Term", "selected": "In the fit", **self._labels},
            notes=tuple(notes),
        )

    def of_models(self) -> Table:
        """List the models that were chosen most often."""
        order = {term: at for at, term in enumerate(self.candidates)}
        times = Counter(tuple(sorted(terms, key=order.__getitem__)) for terms in self.chosen)
        listed = sorted(times.items(), key=lambda one: (-one[1], len(one[0]), [order[term] for term in one[0]]))
        fit = tuple(sorted(self.own, key=order.__getitem__))
        return Table(
            key=f"{self.key}_models",
            title="Models that were chosen most often",
            frame=pd.DataFrame.from_records(
                [
                    {
                        "terms": " + ".join(terms) or "1",
                        "number": len(terms),
                        "selected": terms == fit,
                        "times": number,
                        "share": number / len(self.chosen),
                    }
                    for terms, number in listed[:_MODELS]
                ]
            ),
            roles={"terms": "text", "number": "integer", **self._roles},
            labels={"terms": "Terms", "number": "Number", "selected": "The fit", **self._labels},
            notes=(
                f"{len(times):,} different models were chosen from {len(self.chosen):,} {self.parts}; the fit's own in "
                f"{times[fit]:,} of them.",
            ),
        )

    @property
    def _roles(self) -> dict[str, str]:
        return {"selected": "flag", "times": "count", "share": "percent"}

    @property
    def _labels(self) -> dict[str, str]:
        return {"times": self.parts.capitalize(), "share": "Share"}
