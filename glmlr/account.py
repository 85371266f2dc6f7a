"""What must be said with every output of a fit? The event, the weights, the standard errors, and what went wrong."""

from __future__ import annotations

from typing import Final

import numpy as np
import numpy.typing as npt

from glmlr.conditioning import Alias
from glmlr.covariance import KINDS, SHRUNKEN_KIND
from glmlr.design import DesignInMemory
from glmlr.design.designed import Design
from glmlr.errors import listing
from glmlr.links import Link
from glmlr.penalised.penalties import Firth, Penalty, Ridge
from glmlr.prediction import dependency
from glmlr.separating import groups_of, said_of
from glmlr.separation import Separation
from glmlr.solver import Solution

Floats = npt.NDArray[np.float64]


def account(
    design: Design,
    link: Link,
    solution: Solution,
    separation: Separation | None,
    covariance_kind: str,
    penalty: Penalty | None = None,
) -> tuple[str, ...]:
    """Give the sentences that belong to a fit, in the order they are read."""
    shrunken = isinstance(penalty, Ridge) and covariance_kind == "model"
    errors = f"Standard errors: {SHRUNKEN_KIND if shrunken else KINDS[covariance_kind]}."
    notes = [design.event.note, *_weights(design), errors, *_clusters(design)]
    notes.extend(penalty_notes(penalty, weighted=design.weighted))
    dropped = design.rows.read - design.rows.used - design.rows.zero_weight
    if dropped:
        notes.append(f"{dropped:,} of {design.rows.read:,} rows were dropped because something is missing in them.")
    notes.extend(design.rows.notes)
    notes.extend(alias_sentence(design, alias) for alias in solution.aliased)
    if separation is not None:
        notes.append(separation_sentence(design, separation))
    elif not solution.converged:
        notes.append(f"The fit did not converge: {solution.reason}.")
    if solution.method == "qr" and separation is None:
        notes.append("The columns are nearly collinear; the estimates were found by a QR factorisation.")
    if solution.training:
        notes.append(solution.training)
    if solution.method == "statsmodels":
        notes.append(f"Fitted by statsmodels' GLM (Binomial, {link.name}).")
    return tuple(notes)


#: What is said of Firth's estimates and of those made of them.
FIRTH_SAID: Final = {
    "firth": "Firth's penalty: the scores are adjusted so that the estimates are without bias of first order, and "
    "finite however the data are separated; the logit's maximise the likelihood times Jeffreys' prior. Probabilities "
    "are drawn towards 1/2.",
    "flic": "FLIC: slopes are Firth's, without bias of first order and finite however the data are separated; the "
    "intercept is that of maximum likelihood, so that the mean probability is the share of events.",
    "flac": "FLAC: maximum likelihood of the rows and of pseudo-rows that stand for Firth's penalty, finite however "
    "the data are separated; a column that tells the two apart makes the mean probability the share of events. Its "
    "standard errors are by the information of the rows alone; R's logistf counts the pseudo-rows too, which makes "
    "them smaller.",
}


_UNIT_OF_WEIGHTS: Final = (
    "The log-likelihood grows with the importance weights and the penalty does not: other weights of the same "
    "proportions shrink more or less. Columns are measured without them, by frequency."
)


def penalty_notes(penalty: Penalty | None, *, weighted: bool = False) -> list[str]:
    """Say what the estimates maximise where it is not the likelihood; `weighted` is by importance."""
    if penalty is None:
        return []
    if isinstance(penalty, Firth):
        return [FIRTH_SAID[penalty.name]]
    of = "columns divided by their standard deviation" if penalty.standardized else "the columns as they are"
    return [
        f"Ridge penalty: the estimates maximise log-likelihood - {penalty.strength / 2:.6g} x the sum of squared "
        f"coefficients of {of}, the intercept's excepted. They are biased towards 0, so that no Wald test or interval "
        "is theirs.",
        *([_UNIT_OF_WEIGHTS] if weighted else []),
        *([penalty.chosen] if penalty.chosen else []),
    ]


def _clusters(design: Design) -> list[str]:
    """Say how many clusters there are: their number, not that of the rows, carries clustered standard errors."""
    if design.clusters is None:
        return []
    note = f"There are {design.clusters:,} clusters."
    if design.clusters <= len(design.names):
        note += " They are no more than the coefficients, so that clustered standard errors mean little."
    return [note]


def _weights(design: Design) -> list[str]:
    """Say which weights acted where."""
    notes = []
    rows, trials = design.totals.rows, round(design.totals.trials)
    if design.grouped:
        by = ", each by its frequency weight" if "freq_weights" in design.given_weights else ""
        notes.append(f"Grouped data: {rows:,} rows of counts hold {trials:,} trials{by}.")
    elif design.counted:
        notes.append(f"Frequency weights: {rows:,} rows stand for {trials:,}.")
    if design.weighted:
        notes.append(f"{importance_words(design)}; likelihood quantities are weighted pseudo-likelihood.")
        counted = "by its trials" if design.grouped else "by its frequency" if design.counted else "once"
        notes.append(
            "Importance acts in the estimates, their standard errors and likelihood quantities; whatever counts, ranks "
            f"or tabulates rows takes each {counted}."
        )
    if design.shifted:
        notes.append("The linear predictor contains an offset.")
    return notes


def importance_words(design: Design, verb: str = "") -> str:
    """Name the importance weights of a design with what they are, and how class and sample weights combine.

    Args:
        design: rows with class or sample weights.
        verb: what they do, such as "act in fitting only"; "" for their names alone.

    """
    did = f" {verb}" if verb else ""
    if design.class_weights is None:
        return f"Sample weights{did or ' are in use'}"
    w0, w1 = design.class_weights
    sizes = f"{w1:.6g} for {design.event.label}, {w0:.6g} for {design.event.other_label}"
    if "sample_weight" in design.given_weights:
        return f"Class weights ({sizes}) and sample weights{did}: the importance of a row is their product"
    return f"Class weights ({sizes}){did}" if verb else f"Class weights: {sizes}"


def separation_sentence(design: Design, separation: Separation) -> str:
    """Say which estimates are infinite, in which direction, which rows make them so, and what can be done."""
    kind = "Complete" if separation.complete else "Quasi-complete"
    signs = {1.0: "+∞", -1.0: "-∞"}
    which = [
        f"{name} ({signs[sign]})" for name, sign in zip(design.names, separation.direction, strict=True) if sign != 0
    ]
    rows, judged = design.rows_among(separation.separated), "no standard errors judge them"
    if not design.weighted:
        judged = "judge them by likelihood-ratio tests, not by standard errors"
    said = (
        f"{kind} separation: the data predict {rows:,} of {design.totals.rows:,} rows perfectly, so that these "
        f"estimates are infinite: {listing(which)}; {judged}"
    )
    if isinstance(design, DesignInMemory):
        said += f". The cause: {said_of(groups_of(design, separation), design.grouped)}"
    # Under importance weights Firth's penalty has no size of its own.
    return f"{said}." if design.weighted else f'{said}. penalty="firth" gives finite estimates.'


def alias_sentence(design: Design, alias: Alias) -> str:
    """Say of an aliased column what determines it: "x3 is aliased and has no estimate: x3 = 2 x1 - x2"."""
    name = design.names[alias.column]
    if not alias.depends_on:
        return f"{name} is aliased (it is zero in every row) and has no estimate."
    return f"{name} is aliased and has no estimate: {dependency(design.names, alias)}."
