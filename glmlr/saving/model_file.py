"""How is a fitted model kept without its data? As a JSON file of numbers and words, which loads as a scoring model.

The same fit gives the same bytes, and what is loaded predicts what the fit predicts, to the last bit.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from glmlr.covariance import CentredCovariance
from glmlr.errors import ArgumentError, GlmlrError, NotApplicable, SourceError, explained_arguments, listing
from glmlr.fit import Fit
from glmlr.links import link_named
from glmlr.multinomial.fitted import MultinomialFit
from glmlr.penalised.penalties import FIRTHS, PENALTIES, Firth, Penalty, Ridge
from glmlr.prediction import Predictor
from glmlr.saving.class_model_file import FAMILY, class_scoring_model, plain_class_model, read_class_model
from glmlr.saving.class_scoring_model import ClassScoringModel
from glmlr.saving.json_values import Fields, laid_out, parsed_json, plain_number, plain_numbers, plain_symmetric
from glmlr.saving.model_parts import (
    plain_aliases,
    read_aliases,
    read_covariance_kind,
    refuse_contradictions,
    written_by,
)
from glmlr.saving.output_files import place_for, whole_file
from glmlr.saving.recipe_file import plain_recipe, read_recipe
from glmlr.saving.scoring_model import ScoringModel
from glmlr.separation import Separation

Floats = npt.NDArray[np.float64]

FORMAT: Final = "glmlr model"
#: Of models of two outcomes, and of those of several classes, which older versions cannot read.
VERSION: Final = 2
CLASSES_VERSION: Final = 3
ENDINGS: Final = (".json",)
_CLASSES_HEAD: Final[dict[str, Any]] = {"format": FORMAT, "version": CLASSES_VERSION}

AnyFit = Fit | MultinomialFit
AnyModel = ScoringModel | ClassScoringModel


def scoring_model(fit: Fit) -> ScoringModel:
    """Give what of a fit is needed to score new rows, without its data."""
    rows = fit.design.rows
    return ScoringModel(
        predictor=fit.predictor,
        estimates=fit.solution.beta,
        covariance_kind=fit.covariance_kind,
        rows_read=rows.read,
        rows_used=rows.used,
        notes=fit.notes,
        written_by=written_by(),
    )


@explained_arguments
def save(fit: AnyFit | AnyModel, path: str | os.PathLike[str]) -> str:
    """Write a fitted model, without its data, to a JSON file, from which `glmlr.load` makes a model that scores.

    The file holds the formula, the estimates with their covariance, and what the formula's factors learnt from the
    rows: levels, codings, centres, knots. It holds no rows, no code, no time and no path: the same fit gives the same
    bytes. The levels of factors are values of the data, which matters where those are confidential.

    Args:
        fit: the fitted model, or what `glmlr.load` gave.
        path: where to write, ending in .json; a file that stands there is replaced, whole or not at all.

    Returns:
        The path.

    Raises:
        NotApplicable: the formula calls functions of the user's own, or a factor has levels such as dates.
        OptionError, OutputError: a place that a model cannot be written to.

    """
    if not isinstance(fit, (AnyFit, AnyModel)):
        raise ArgumentError(
            f"save() takes a fitted model, not {type(fit).__name__}; fit one with glmlr.fit(formula, data)."
        )
    target = place_for("model", path, ENDINGS)
    if isinstance(fit, MultinomialFit):
        text = _text_of(class_scoring_model(fit))
    else:
        text = _text_of(scoring_model(fit) if isinstance(fit, Fit) else fit)
    with whole_file("model", target) as place:
        place.write_bytes(text.encode("utf-8"))
    return str(target)


def _text_of(model: AnyModel) -> str:
    """Give the text of a model's file, after reading it: a file that could not be read would be noticed too late."""
    document = plain_class_model(model, _CLASSES_HEAD) if isinstance(model, ClassScoringModel) else _plain_model(model)
    text = laid_out(document) + "\n"
    try:
        _read_any(parsed_json(text))
    except (GlmlrError, ValueError) as problem:
        raise NotApplicable(
            f"The model of {model.formula!r} cannot be kept in a file, because it would not come back as it is: "
            f"{_reason(problem)}"
        ) from problem
    return text


@explained_arguments
def load(path: str | os.PathLike[str]) -> AnyModel:
    """Read a model that `glmlr.save` wrote. No code of the file is run; every value is checked.

    Args:
        path: of the file.

    Returns:
        A `ScoringModel`; a `ClassScoringModel` of several classes.

    Raises:
        ArgumentError: something that is no path.
        SourceError: no such file, no model, a newer version, or something in it that was damaged or changed.

    """
    if not isinstance(path, (str, os.PathLike)):
        raise ArgumentError(f"load() takes the path of a file that glmlr.save wrote, not {type(path).__name__}.")
    shown = repr(os.fspath(path))
    try:
        text = Path(path).expanduser().read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as problem:
        why = "it is not UTF-8 text" if isinstance(problem, UnicodeDecodeError) else problem.strerror or problem
        raise SourceError(f"The model file {shown} cannot be read: {why}.") from None
    try:
        document = parsed_json(text)
    except ValueError as problem:
        raise SourceError(f"The file {shown} is not a model that glmlr saved: {_reason(problem)}") from None
    _refuse_other_format(document, shown)
    try:
        return _read_any(document)
    except GlmlrError as problem:
        raise SourceError(
            f"The model file {shown} was damaged or changed after it was saved: {_reason(problem)}"
        ) from problem


def _reason(problem: Exception) -> str:
    """Give a message as the end of a sentence."""
    return str(problem).rstrip(".") + "."


def _refuse_other_format(document: Any, shown: str) -> None:
    kind = document.get("format") if isinstance(document, dict) else None
    if kind != FORMAT:
        raise SourceError(
            f"The file {shown} is JSON, but not a model that glmlr saved; glmlr.save(fit, path) writes one."
        )
    found = document.get("version")
    if isinstance(found, int) and not isinstance(found, bool) and found > CLASSES_VERSION:
        raise SourceError(
            f"The model file {shown} has version {found} of its format and this glmlr reads up to {CLASSES_VERSION}; "
            "install a newer glmlr, or save the model again with this one."
        )


# ------------------------------------------------------------------------------------------------ plain values


def _plain_model(model: ScoringModel) -> dict[str, Any]:
    predictor = model.predictor
    coefficients = zip(model.names, model.estimates, predictor.working, strict=True)
    return {
        "format": FORMAT,
        "version": VERSION,
        "written_by": model.written_by,
        **plain_recipe(predictor.recipe),
        "link": predictor.link.name,
        "rows": {"read": model.rows_read, "used": model.rows_used},
        "notes": list(model.notes),
        "prior_shift": plain_number(predictor.prior_shift),
        "sampled_odds": None if predictor.sampled_odds is None else plain_number(predictor.sampled_odds),
        "coefficients": [
            {"name": name, "estimate": plain_number(estimate), "working": plain_number(working)}
            for name, estimate, working in coefficients
        ],
        "aliased": plain_aliases(predictor.aliased),
        "covariance_kind": model.covariance_kind,
        "covariance": plain_symmetric(predictor.covariance),
        "centred": _plain_centred(predictor.centred),
        "separation": _plain_separation(predictor.separation),
        **_plain_penalty(predictor.penalty),
    }


def _plain_penalty(penalty: Penalty | None) -> dict[str, Any]:
    """Write the penalty; a fit without one has no such entry, as before there were any."""
    if penalty is None:
        return {}
    if not isinstance(penalty, Ridge):
        return {"penalty": {"name": penalty.name}}
    plain = {"strength": plain_number(penalty.strength), "standardized": penalty.standardized, "chosen": penalty.chosen}
    return {"penalty": {"name": penalty.name, **plain}}


def _plain_centred(centred: CentredCovariance | None) -> dict[str, Any] | None:
    if centred is None:
        return None
    return {
        "center": plain_numbers(centred.center),
        "scale": plain_numbers(centred.scale),
        "covariance": plain_symmetric(centred.matrix),
    }


def _plain_separation(separation: Separation | None) -> dict[str, Any] | None:
    """Write the directions of infinite estimates; which rows were separated is a matter of the data."""
    if separation is None:
        return None
    return {
        "complete": separation.complete,
        "direction": plain_numbers(separation.direction),
        "undetermined": [bool(one) for one in separation.undetermined],
        "ray": plain_numbers(separation.ray),
        "center": plain_numbers(separation.center),
    }


def _read_any(document: dict[str, Any]) -> AnyModel:
    """Make a model of two outcomes or of several classes of what was read."""
    return read_class_model(document, _CLASSES_HEAD) if document.get("family") == FAMILY else _read_model(document)


def _read_model(document: Any) -> ScoringModel:
    """Make a model of what was read; written again it must be what was read."""
    document = _of_this_version(document)
    found = Fields(document)
    recipe = read_recipe(found)
    k = len(recipe.names)
    coefficients = found.each("coefficients", k)
    model = ScoringModel(
        predictor=Predictor(
            recipe=recipe,
            link=link_named(found.text("link")),
            working=_column_of(coefficients, lambda one: one.number("working")),
            covariance=found.symmetric("covariance", k),
            centred=_read_centred(found.optional("centred"), k),
            separation=_read_separation(found.optional("separation"), k),
            prior_shift=found.number("prior_shift"),
            aliased=read_aliases(found, k),
            sampled_odds=_read_odds(found),
            penalty=_read_penalty(found),
        ),
        estimates=_column_of(coefficients, lambda one: float(one.numbers("estimate", (), finite=False))),
        covariance_kind=read_covariance_kind(found),
        rows_read=found.within("rows").whole("read"),
        rows_used=found.within("rows").whole("used"),
        notes=found.texts("notes"),
        written_by=found.text("written_by"),
    )
    refuse_contradictions(document, _plain_model(model))
    return model


def _of_this_version(document: Any) -> Any:
    """Give a file of version 1, which does not know the share of events in the fit, as one of version 2."""
    if document.get("version") == 1 and "sampled_odds" not in document:
        return {**document, "version": VERSION, "sampled_odds": None}
    return document


def _read_odds(found: Fields) -> float | None:
    if found.values.get("sampled_odds", 0) is None:
        return None
    odds = found.number("sampled_odds")
    if odds <= 0:
        raise found.wrong("sampled_odds", "above 0")
    return odds


def _column_of(coefficients: list[Fields], value: Callable[[Fields], float]) -> Floats:
    column = np.array([value(one) for one in coefficients], dtype=np.float64)
    column.flags.writeable = False
    return column


def _read_centred(found: Fields | None, k: int) -> CentredCovariance | None:
    if found is None:
        return None
    scale = found.numbers("scale", (k,))
    if not (scale > 0).all():
        raise found.wrong("scale", "above 0")
    return CentredCovariance(found.numbers("center", (k,)), scale, found.symmetric("covariance", k))


def _read_separation(found: Fields | None, k: int) -> Separation | None:
    if found is None:
        return None
    direction = found.numbers("direction", (k,))
    undetermined = found.listed("undetermined", k)
    if not all(isinstance(one, bool) for one in undetermined):
        raise found.wrong("undetermined", "a list of true and false")
    return Separation(
        complete=found.truth("complete"),
        direction=direction,
        infinite=direction != 0,
        undetermined=np.array(undetermined, dtype=bool),
        ray=found.numbers("ray", (k,)),
        center=found.numbers("center", (k,)),
        separated=np.zeros(0, dtype=bool),
    )


def _read_penalty(found: Fields) -> Penalty | None:
    if "penalty" not in found.values:
        return None
    penalty = found.within("penalty")
    if penalty.text("name") in FIRTHS:
        return Firth(penalty.text("name"))
    if penalty.text("name") != Ridge.name:
        raise penalty.wrong("name", f"one of {listing(PENALTIES)}")
    if penalty.number("strength") <= 0:
        raise penalty.wrong("strength", "above 0")
    return Ridge(penalty.number("strength"), penalty.truth("standardized"), penalty.text("chosen"))


# Bound here, so that what fits imports nothing from above.
setattr(Fit, "save", save)  # noqa: B010
setattr(MultinomialFit, "save", save)  # noqa: B010
