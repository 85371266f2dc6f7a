"""What do added-variable and partial residuals say of each row? Tidy frames for plots of one's own."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Literal

import numpy as np
import numpy.typing as npt
import pandas as pd

from glmlr.errors import ArgumentError, OptionError, explained_arguments, one_of
from glmlr.fit import Fit
from glmlr.influence.added_variable import FORMS, adding, directions
from glmlr.prediction import spread
from glmlr.shape.partial_residuals import partial_of, shown_numbers
from glmlr.threads import one_blas_thread

Floats = npt.NDArray[np.float64]


@explained_arguments
def added_variable_residuals(
    fit: Fit,
    *,
    terms: str | Sequence[str] | None = None,
    by: Literal["column", "term"] = "column",
    form: Literal["working", "wang", "weisberg"] = "working",
) -> pd.DataFrame:
    """Give the points of added-variable plots, one row for each column (or term) and row read, with its index.

    Columns: term, x_residual, y_residual and weight (of one row in the plot's line, by its trials and importance); NaN
    where a row was dropped. A row of frequency w has the values of one of w rows. `fit.added_variable_plots()` draws
    them and says what the forms are.

    Args:
        fit: the fitted model.
        terms: names of terms or of columns; None for all but constants and what is aliased.
        by: "column" looks at each column; "term" takes all columns of a term together, each times its coefficient.
        form: "working", "wang" or "weisberg"; see `added_variable_plots`.

    Raises:
        NotApplicable: infinite estimates, a fit that has not converged, or rows read in parts.
        OptionError: an option that is none.

    """
    _checked(fit, "added_variable_residuals")
    one_of("form", form, FORMS)
    one_of("by", by, ("column", "term"))
    with one_blas_thread():
        look = adding(fit)
        found = [look.residuals(one, form) for one in directions(fit, terms, together=by == "term")]
    parts = [
        _over_rows_read(
            fit, "term", one.direction.name, {"x_residual": one.x, "y_residual": one.y, "weight": one.weight}
        )
        for one in found
    ]
    return _stacked(parts, ("term", "x_residual", "y_residual", "weight"))


@explained_arguments
def partial_residuals(fit: Fit, *, predictors: str | Sequence[str] | None = None) -> pd.DataFrame:
    """Give the points of component + residual plots, one row for each number and row read, with its index.

    Columns: predictor, x, component (what all columns made of the number alone add to the linear predictor, less its
    mean over all trials), partial_residual (the component and the working residual) and weight (the working weight of
    one row); NaN where a row was dropped. R: residuals(fit, type="partial"), whose components are less their means over
    rows, whatever the trials of each.

    Args:
        fit: the fitted model.
        predictors: names of numeric columns of the formula; None for all that stand in no term with others.

    Raises:
        NotApplicable: infinite estimates, a fit that has not converged, rows read in parts, or a number in a term with
            others.
        OptionError: a predictor that is none.

    """
    _checked(fit, "partial_residuals")
    with one_blas_thread():
        look = partial_of(fit)
        found = [look.component(name) for name in shown_numbers(fit, predictors)]
    parts = [
        _over_rows_read(
            fit,
            "predictor",
            one.name,
            {"x": one.x, "component": one.component, "partial_residual": one.residual, "weight": one.weight},
        )
        for one in found
    ]
    return _stacked(parts, ("predictor", "x", "component", "partial_residual", "weight"))


def _over_rows_read(fit: Fit, key: str, name: str, columns: Mapping[str, Floats]) -> pd.DataFrame:
    """Give some numbers of each row used as those of the rows read, with a column that holds the name."""
    design = fit.held
    frame = pd.DataFrame({one: spread(values, design.used, design.index, one) for one, values in columns.items()})
    frame.insert(0, key, pd.Series([name] * len(frame), index=frame.index, dtype=object))
    return frame


def _stacked(parts: list[pd.DataFrame], columns: Sequence[str]) -> pd.DataFrame:
    if not parts:
        raise OptionError(f"There is nothing to give {', '.join(columns[1:])} of: no term was named or is there.")
    return pd.concat(parts)


def _checked(fit: Fit, name: str) -> None:
    if not isinstance(fit, Fit):
        raise ArgumentError(f"{name}() takes a fitted model, not {type(fit).__name__}.")


# Bound here, as statistics are in the registry, so that fit.py imports nothing from above.
setattr(Fit, added_variable_residuals.__name__, added_variable_residuals)
setattr(Fit, partial_residuals.__name__, partial_residuals)
