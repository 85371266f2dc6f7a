"""How are the probabilities of any classifier judged? From outcomes and probabilities as arrays to `ClassScores`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from glmlr.classes import sections  # noqa: F401  (binds every statistic, and the report)
from glmlr.classes.scores import ClassScores, class_position
from glmlr.errors import DataError, OptionError, explained_arguments, listing
from glmlr.registry import weights_by_row
from glmlr.sources import read

Integers = npt.NDArray[np.intp]


@explained_arguments
def class_scores(
    outcome: Any,
    probabilities: Any,
    *,
    classes: Sequence[Any] | None = None,
    weight: Any = None,
    reference: Any = None,
    fitted: bool = False,
) -> ClassScores:
    """Put observed classes beside the probabilities that any model gives them; each statistic is a method of it.

    `glmlr.class_scores(y, P).confusion()`, `.classification_report()`, `.roc()`, `.top_k()`, `.scoring_rules()`,
    `.calibration()`, `.hosmer_lemeshow()`, and `.report("classes.html")` for all of them. A multinomial fit has the
    same methods for its own rows; on new rows it is judged by `glmlr.class_scores(new["y"], fit.predict(new))`.

    Args:
        outcome: the class of each row, shape (n,).
        probabilities: of every class, shape (n, J), each row adding up to 1; a data frame names the classes by its
            columns.
        classes: the classes in the order of the columns of the probabilities; the columns of a frame that have these
            very names are put into this order. None takes the names of the columns of a frame, the categories of a
            categorical outcome, or else the sorted values of the outcome.
        weight: number of rows each row stands for, shape (n,), or None for 1.
        reference: the class by whose probability the Hosmer-Lemeshow test groups rows; None for the first.
        fitted: whether the model was fitted to these very rows.

    Raises:
        DataError: missing outcomes or probabilities, an outcome that is no class, as many columns as there are no
            classes, lengths or indexes that differ, or probabilities that are none.
        WeightError: weights that are negative, missing, infinite or all zero.
        OptionError: a reference that is no class, or classes that are no list.

    """
    values = _outcomes(outcome)
    if not len(values):
        raise DataError("There are no rows; the outcomes and the probabilities are empty.")
    if values.isna().any():
        raise DataError(f"{int(values.isna().sum())} of the {len(values)} outcomes are missing; drop those rows.")
    given = _framed(probabilities, classes)
    framed = isinstance(outcome, pd.Series) and isinstance(probabilities, pd.DataFrame)
    if framed and not outcome.index.equals(probabilities.index):
        raise DataError("Outcomes and probabilities have different indexes; align them, or give arrays.")
    p = _numbers(given)
    names = _classes(values, given, p.shape[1], classes)
    return ClassScores(
        classes=names,
        outcome=_positions(values, names),
        probabilities=p,
        weight=weights_by_row(weight, outcome),
        fitted=fitted,
        response=str(values.name) if values.name is not None else "class",
        reference=0 if reference is None else class_position(names, reference),
    )


def _outcomes(outcome: Any) -> pd.Series:
    """Give the outcomes as a Series, a categorical one with its categories."""
    if isinstance(outcome, pd.Series):
        return outcome
    categorical = isinstance(getattr(outcome, "dtype", None), pd.CategoricalDtype)
    return pd.Series(outcome if categorical else np.asarray(outcome).ravel())


def _framed(probabilities: Any, classes: Any) -> Any:
    """Give a frame of any library as one of pandas, in the order of the classes where these are its columns."""
    if isinstance(probabilities, Mapping) or (
        not isinstance(probabilities, pd.DataFrame) and hasattr(probabilities, "columns")
    ):
        source = read(probabilities)
        probabilities = pd.DataFrame({name: source.raw(name) for name in source.names})
    if classes is not None:
        _refuse_no_list(classes)
        if isinstance(probabilities, pd.DataFrame) and probabilities.columns.is_unique:
            named = list(classes)
            if len(set(named)) == len(named) and set(named) == set(probabilities.columns):
                return probabilities[named]
    return probabilities


def _refuse_no_list(classes: Any) -> None:
    try:
        set(classes)
    except TypeError:
        raise OptionError(
            f"classes={classes!r} is no list of classes; give each class by its value, in the order of the columns."
        ) from None


def _numbers(probabilities: Any) -> npt.NDArray[np.float64]:
    try:
        p = np.asarray(probabilities, dtype=np.float64)
    except (TypeError, ValueError):
        raise DataError("The probabilities must be numbers, a column for each class.") from None
    if p.ndim == 2 and (lacking := int(np.isnan(p).any(axis=1).sum())):
        raise DataError(f"{lacking:,} of the {p.shape[0]:,} rows lack a probability; drop those rows.")
    if p.ndim != 2:
        raise DataError(
            f"The probabilities have shape {p.shape}; give a column for each class. Those of one event go to "
            "glmlr.scores(y, p)."
        )
    return p


def _classes(values: pd.Series, probabilities: Any, columns: int, classes: Sequence[Any] | None) -> tuple[Any, ...]:
    """Give the classes in the order of the columns."""
    if classes is not None:
        names, origin = tuple(classes), "classes="
    elif isinstance(probabilities, pd.DataFrame):
        return tuple(probabilities.columns)
    elif isinstance(values.dtype, pd.CategoricalDtype):
        names, origin = tuple(values.cat.categories), "the categories of the outcome"
    else:
        names, origin = tuple(_sorted(values)), "the outcome"
    if len(names) != columns:
        advice = "" if classes is not None else "; name the classes of the columns in their order with classes=[...]"
        raise DataError(
            f"The probabilities have {columns} columns, and {origin} {'names' if classes is not None else 'has'} "
            f"{len(names)} classes ({listing(names)}){advice}."
        )
    return names


def _sorted(values: pd.Series) -> list[Any]:
    found = values.unique().tolist()
    try:
        return sorted(found)
    except TypeError:
        raise DataError(
            f"The outcomes {listing(map(repr, found))} cannot be sorted; name the classes in the order of the columns "
            "with classes=[...]."
        ) from None


def _positions(values: pd.Series, classes: tuple[Any, ...]) -> Integers:
    """Give the position of each outcome among the classes."""
    place = {value: at for at, value in enumerate(classes)}
    coded = values.astype(object).map(place)
    if coded.isna().any():
        strange = values[coded.isna().to_numpy()].unique().tolist()
        raise DataError(
            f"The outcomes hold {listing(map(repr, strange))}, which {'is' if len(strange) == 1 else 'are'} not among "
            f"the classes {listing(map(repr, classes))}."
        )
    return np.asarray(coded.to_numpy(), dtype=np.intp)
