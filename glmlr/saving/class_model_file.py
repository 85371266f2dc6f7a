"""How does a model of several classes stand in a JSON file, and how is it read again? Numbers and words, no rows."""

from __future__ import annotations

from typing import Any, Final

import numpy as np
import numpy.typing as npt

from glmlr.multinomial.fitted import MultinomialFit
from glmlr.multinomial.linear_predictors import Limit, LinearPredictors, Units
from glmlr.multinomial.prediction import ClassPredictor
from glmlr.multinomial.response import Classes
from glmlr.saving.class_scoring_model import ClassScoringModel
from glmlr.saving.json_values import Fields, plain_level, plain_numbers, plain_symmetric
from glmlr.saving.model_parts import (
    plain_aliases,
    read_aliases,
    read_covariance_kind,
    refuse_contradictions,
    written_by,
)
from glmlr.saving.recipe_file import plain_recipe, read_recipe

Floats = npt.NDArray[np.float64]

FAMILY: Final = "multinomial"


def class_scoring_model(fit: MultinomialFit) -> ClassScoringModel:
    """Give what of a fit is needed to score new rows, without its data."""
    rows = fit.design.rows
    return ClassScoringModel(
        predictor=fit.predictor,
        estimates=fit.solution.beta,
        covariance=fit.covariance,
        covariance_kind=fit.covariance_kind,
        rows_read=rows.read,
        rows_used=rows.used,
        notes=fit.notes,
        written_by=written_by(),
    )


def plain_class_model(model: ClassScoringModel, head: dict[str, Any]) -> dict[str, Any]:
    """Give a model as what JSON can hold, after the entries that say which kind of file it is.

    Raises:
        NotApplicable: a function of the user's own, or a level or class that is neither text nor number.

    """
    predictor, classes = model.predictor, model.classes
    return {
        **head,
        "family": FAMILY,
        "written_by": model.written_by,
        **plain_recipe(predictor.recipe),
        "classes": _plain_classes(classes),
        "rows": {"read": model.rows_read, "used": model.rows_used},
        "notes": list(model.notes),
        "class_shift": plain_numbers(predictor.shift),
        "coefficients": [
            {"class": label, "estimates": plain_numbers(estimates), "working": plain_numbers(working)}
            for label, estimates, working in zip(
                classes.other_labels, model.estimates, predictor.linear.working, strict=True
            )
        ],
        "units": _plain_units(predictor.linear.units),
        "aliased": plain_aliases(predictor.aliased),
        "covariance_kind": model.covariance_kind,
        "covariance": plain_symmetric(model.covariance),
        "working_covariance": plain_symmetric(predictor.inner),
        "separation": _plain_limit(predictor.linear.limit),
    }


def read_class_model(document: dict[str, Any], head: dict[str, Any]) -> ClassScoringModel:
    """Make a model of what was read; written again it must be what was read.

    Raises:
        GlmlrError: something in it is damaged, or asks for more than this version can do.

    """
    found = Fields(document)
    recipe = read_recipe(found)
    classes = _read_classes(found.within("classes"), recipe.event.response)
    k, m = len(recipe.names), classes.size - 1
    units = _read_units(found.within("units"), k)
    coefficients, q = found.each("coefficients", m), units.keep.size
    model = ClassScoringModel(
        predictor=ClassPredictor(
            recipe=recipe,
            classes=classes,
            linear=LinearPredictors(
                units,
                _stacked([one.numbers("working", (q,)) for one in coefficients]),
                _read_limit(found.optional("separation"), m, q),
            ),
            aliased=read_aliases(found, k),
            inner=found.symmetric("working_covariance", m * q),
            shift=found.numbers("class_shift", (m + 1,)),
        ),
        estimates=_stacked([one.numbers("estimates", (k,), finite=False) for one in coefficients]),
        covariance=found.symmetric("covariance", m * k),
        covariance_kind=read_covariance_kind(found),
        rows_read=found.within("rows").whole("read"),
        rows_used=found.within("rows").whole("used"),
        notes=found.texts("notes"),
        written_by=found.text("written_by"),
    )
    refuse_contradictions(document, plain_class_model(model, head))
    return model


def _stacked(rows: list[Floats]) -> Floats:
    stacked = np.array(rows, dtype=np.float64)
    stacked.flags.writeable = False
    return stacked


def _plain_classes(classes: Classes) -> dict[str, Any]:
    whose = f"The response {classes.response!r}"
    return {
        "values": [plain_level(value, whose) for value in classes.values],
        "reference": classes.reference,
        "stated": classes.stated,
        "absent": [plain_level(value, whose) for value in classes.absent],
    }


def _read_classes(found: Fields, response: str) -> Classes:
    values = found.levels("values")
    if len(values) < 2:
        raise found.wrong("values", "a list of at least two classes")
    reference = found.whole("reference", len(values) - 1)
    return Classes(response, values, reference, found.truth("stated"), found.levels("absent"))


def _plain_units(units: Units) -> dict[str, Any]:
    matrices = {"center": units.center, "scale": units.scale, "mixed": units.mixed}
    return {
        "columns": [int(at) for at in units.keep],
        **{name: None if values is None else plain_numbers(values) for name, values in matrices.items()},
    }


def _read_units(found: Fields, k: int) -> Units:
    keep = found.listed("columns")
    whole = all(isinstance(at, int) and not isinstance(at, bool) for at in keep)
    if not whole or not keep or sorted({*keep}) != keep or not 0 <= keep[0] <= keep[-1] < k:
        raise found.wrong("columns", f"a list of columns, 0 to {k - 1}, in their order")
    center, scale, mixed = (
        None if found.values.get(name, 0) is None else found.numbers(name, shape)
        for name, shape in (("center", (k,)), ("scale", (k,)), ("mixed", (len(keep), len(keep))))
    )
    if (center is None) != (scale is None) or (scale is not None and not (scale > 0).all()):
        raise found.wrong("scale", "above 0, beside a centre")
    return Units(np.array(keep, dtype=np.intp), k, center, scale, mixed)


def _plain_limit(limit: Limit | None) -> dict[str, Any] | None:
    """Write the directions of separation; which rows were separated is a matter of the data."""
    if limit is None:
        return None
    return {"direction": plain_numbers(limit.direction), "undetermined": plain_numbers(limit.silent.T)}


def _read_limit(found: Fields | None, m: int, q: int) -> Limit | None:
    if found is None:
        return None
    silent = found.numbers("undetermined", (len(found.listed("undetermined")), m * q))
    return Limit(found.numbers("direction", (m, q)), silent.T)
