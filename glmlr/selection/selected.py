"""What does a search for terms give? Its history, the model it ends with, and all it needs to be repeated."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pandas as pd

from glmlr.exhibits import Table, Tabled
from glmlr.fit import Fit
from glmlr.late import LateMethod
from glmlr.selection.asked import Search, Searched


@dataclass(frozen=True, eq=False, repr=False)
class Selection(Tabled):
    """A search through models, and the model it ends with.

    Attributes:
        table: its history, one row a step; the companion `stepwise_candidates` has the changes that were possible at
            the end, none of which was made.
        fit: the model at the end, of all the rows of the search.
        selected: its terms, the intercept left out.
        left_out: the other candidates.
        searched: the candidates and the options, with which `validate` repeats the search in resamples.

    """

    table: Table
    fit: Fit
    selected: tuple[str, ...]
    left_out: tuple[str, ...]
    searched: Searched

    validate = LateMethod("validate", "glmlr.statistics.optimism")

    @property
    def formula(self) -> str:
        """Formula of the model at the end."""
        return self.fit.design.formula

    @property
    def history(self) -> pd.DataFrame:
        """One row a step."""
        return self.table.frame


def search_asked(selection: Any) -> Search:
    """Give the search that selection= asks for: options of `glmlr.stepwise`, or those of a search that has been made.

    Raises:
        OptionError: something else, or options that do not exist.

    """
    return selection.searched.search if isinstance(selection, Selection) else Search.of_mapping(selection)
