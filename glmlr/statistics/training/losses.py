"""What does a model become whose probabilities have the least squared error? Training for a loss, without inference."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any, Final, Unpack

import numpy as np
import numpy.typing as npt
import pandas as pd

from glmlr.design import Design, design_of, gathered
from glmlr.errors import OptionError, explained_arguments, one_of
from glmlr.estimation import prior_shift_of, refuse_saturated
from glmlr.exhibits import Axis, Chart, Series, Table, Tabled
from glmlr.links import link_named
from glmlr.prediction import Predictor, Wanted
from glmlr.progress import Step
from glmlr.training.course import Course
from glmlr.training.losses import LOSSES, loss_named
from glmlr.training.options import TRAINERS, TrainingOptions, training_of
from glmlr.training.trained import Ground, course_over, ground_of

Floats = npt.NDArray[np.float64]

_WORDS: Final = {"cross-entropy": "binary cross-entropy", "squared": "squared error of the probabilities"}


@dataclass(frozen=True, eq=False, repr=False)
class Trained(Tabled):
    """Coefficients that training for a loss has led to; nothing is said of their precision.

    Attributes:
        table: the coefficients, with the chart "loss".
        params: the coefficients by name; NaN where a column is aliased.
        loss: the mean loss at the end.
        trace: one row an epoch, or a step of all rows: iteration, passes, loss, validation_loss, gradient_norm (of the
            mean loss by standardised coefficients), learning_rate, and the coefficients ("b: " and the name).
        converged: whether the gradient fell below the tolerance (cross-entropy: the distance to the maximum).
        predictor: predicts for new rows.

    """

    table: Table
    params: pd.Series
    loss: float
    trace: pd.DataFrame
    converged: bool
    predictor: Predictor

    def predict(self, new_data: Any, *, unknown: str = "error", offset: Any = None) -> pd.Series:
        """Predict the probability of the event for new rows, as `Fit.predict`, corrected for class weights."""
        found = self.predictor.predict(new_data, Wanted(), unknown=unknown, offset=offset)
        assert isinstance(found, pd.Series)  # no interval was asked for
        return found


@explained_arguments
def train(
    formula: str,
    data: Any,
    *,
    loss: str = "squared",
    solver: str = "lbfgs",
    link: str = "logit",
    event: Any = None,
    freq_weights: Any = None,
    class_weight: Any = None,
    sample_weight: Any = None,
    offset: Any = None,
    functions: Mapping[str, Callable[..., Any]] | None = None,
    progress: bool | Callable[[Step], None] | None = None,
    **training: Unpack[TrainingOptions],
) -> Trained:
    """Train a model for a loss: the squared error of its probabilities, or cross-entropy.

    The least squared error is no maximum of a likelihood: there are no standard errors, tests or intervals, and the
    lowest point that training finds may not be the lowest there is; start="random" with several seeds looks for others.
    For cross-entropy `glmlr.fit` has the same estimates, with inference.

    Args:
        formula: as for `glmlr.fit`.
        data: as for `glmlr.fit`.
        loss: "squared" or "cross-entropy".
        solver: "lbfgs", "gradient", "rmsprop" or "adam".
        link: as for `glmlr.fit`; squared error is there for the logit.
        event: as for `glmlr.fit`.
        freq_weights: as for `glmlr.fit`.
        class_weight: as for `glmlr.fit`.
        sample_weight: as for `glmlr.fit`.
        offset: as for `glmlr.fit`.
        functions: as for `glmlr.fit`.
        progress: as for `glmlr.fit`.
        **training: as for `glmlr.fit`, without polish; tolerance= is the length of the gradient of the mean squared
            error at which training ends.

    Raises:
        OptionError, DataError, FormulaError and others as `glmlr.fit`.
        NotApplicable: squared error with another link than the logit.

    Reference: Bishop (2006), Pattern Recognition and Machine Learning, section 4.3.2.

    """
    one_of("loss", loss, LOSSES)
    one_of("solver", solver, TRAINERS)
    chosen = link_named(link)
    if training.get("polish"):
        raise OptionError("polish= takes a Newton step on the likelihood, and train() makes another loss small.")
    how = training_of(solver, training)
    assert how is not None  # the solver is a trainer
    if loss == "squared" and "tolerance" not in training:
        how = replace(how, tolerance=1e-8)
    lost = loss_named(loss, chosen)
    design = design_of(
        formula,
        data,
        event=event,
        freq_weights=freq_weights,
        class_weight=class_weight,
        sample_weight=sample_weight,
        offset=offset,
        functions=functions,
        progress=progress,
    )
    refuse_saturated(design)
    ground = ground_of(gathered(design), chosen, None, None)
    course = course_over(ground, design, chosen, lost, how)
    beta = ground.outward(course.objective.beta(course.theta))
    trace = _trace(course, ground, design.names)
    k = beta.size
    working = np.nan_to_num(beta)
    predictor = Predictor(
        recipe=design.recipe,
        link=chosen,
        working=working,
        covariance=np.full((k, k), np.nan),
        centred=None,
        separation=None,
        prior_shift=prior_shift_of(design, chosen, working, None),
        aliased=(),
    )
    params = pd.Series(beta, index=pd.Index(design.names), name="estimate")
    table = _table(course, trace, params, loss, design)
    return Trained(table, params, float(trace["loss"].iloc[_at(course)]), trace, course.converged, predictor)


def _at(course: Course) -> int:
    """Give the position of the mark whose coefficients were taken."""
    return next(at for at, mark in enumerate(course.marks) if mark.theta is course.theta)


def _trace(course: Course, ground: Ground, names: tuple[str, ...]) -> pd.DataFrame:
    frame = pd.DataFrame(
        {
            "iteration": [mark.iteration for mark in course.marks],
            "passes": [mark.passes for mark in course.marks],
            "loss": [mark.loss for mark in course.marks],
            "validation_loss": [mark.validation_loss for mark in course.marks],
            "gradient_norm": [float(np.linalg.norm(mark.gradient)) for mark in course.marks],
            "learning_rate": [mark.rate for mark in course.marks],
        }
    )
    beta = np.array([ground.outward(course.objective.beta(mark.theta)) for mark in course.marks])
    return pd.concat([frame, pd.DataFrame(beta, columns=[f"b: {name}" for name in names])], axis=1)


def _table(course: Course, trace: pd.DataFrame, params: pd.Series, loss: str, design: Design) -> Table:
    what = _WORDS[loss]
    notes = [
        design.event.note,
        f"Trained by {course.training.described} on standardised columns to make the {what} small; the mean loss is "
        f"{trace['loss'].iloc[_at(course)]:.6g} after {len(trace) - 1:,} of them.".replace("of them", _unit(course)),
        "No likelihood is maximised here: there are no standard errors, tests or intervals."
        if loss == "squared"
        else "glmlr.fit has the same estimates with standard errors.",
    ]
    if not course.converged:
        notes.append(f"Training did not converge: {course.reason}.")
    if params.isna().any():
        notes.append("Columns without a coefficient are determined by columns before them.")
    x = trace["iteration"].to_numpy(dtype=np.float64)
    drawn = Chart(
        key="loss",
        title=f"Mean {what} by {_unit(course)[:-1]}",
        series=(
            Series("Rows trained on" if course.held_out else "", "line", x, trace["loss"].to_numpy()),
            *((Series("Rows held out", "line", x, trace["validation_loss"].to_numpy()),) if course.held_out else ()),
        ),
        x=Axis(_unit(course)[:-1].capitalize()),
        y=Axis(f"Mean {what}"),
        alt=f"The mean loss goes from {trace['loss'].iloc[0]:.4g} to {trace['loss'].iloc[-1]:.4g}.",
    )
    return Table(
        key="train",
        title=f"Coefficients trained for {what}",
        frame=pd.DataFrame({"term": list(params.index), "estimate": params.to_numpy()}),
        roles={"term": "text", "estimate": "estimate"},
        notes=tuple(notes),
        charts=(drawn,),
    )


def _unit(course: Course) -> str:
    return "epochs" if course.training.batch_size is not None else "steps"
