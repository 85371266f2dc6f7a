"""What is validated: a fit, or a search for terms and the fit it ends with?"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from glmlr.design import DesignInMemory
from glmlr.errors import ArgumentError, OptionError
from glmlr.fit import Fit
from glmlr.selection.asked import Found, Search
from glmlr.selection.selected import Selection, search_asked
from glmlr.validation.resampling import Refitting, refitting_of_design
from glmlr.validation.searched import searching


@dataclass(frozen=True, eq=False)
class Subject:
    """What is validated.

    Attributes:
        fit: the model that is looked at.
        design: what resamples are drawn from; that of all candidates where a search is repeated.
        found: the search on all rows, or None.

    """

    fit: Fit
    design: DesignInMemory
    found: Found | None = None

    @classmethod
    def of(cls, given: Any, selection: Any) -> Subject:
        """Take a fit, with the search to repeat or None; or a search that has been made.

        Raises:
            ArgumentError, OptionError: something else.
            NotApplicable: what cannot be searched.

        """
        if isinstance(given, Selection):
            if selection is not None:
                raise OptionError("validate() of a selection repeats its own search; leave selection= out.")
            past = given.searched
            return cls._searched(past.search.through(past.design, past.link), past.robust)
        if not isinstance(given, Fit):
            raise ArgumentError(f"validate() takes a fitted model or a selection, not {type(given).__name__}.")
        if selection is None:
            return cls(given, given.held)
        return cls._searched(search_asked(selection).through(given.held, given.link, given.penalty), None)

    @classmethod
    def _searched(cls, found: Found, robust: str | None) -> Subject:
        return cls(found.fitted(robust), found.space.design, found)

    def refitting(self) -> Refitting:
        """Say how the model is fitted to other rows."""
        searched = self.found is not None
        found = refitting_of_design(self.design, self.fit.link, penalty=self.fit.penalty, searched=searched)
        return searching(found) if searched else found

    @property
    def search(self) -> Search | None:
        """The options of the search, or None."""
        return None if self.found is None else self.found.search
