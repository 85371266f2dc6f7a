"""What must be said with every output of a fit? The event, the weights, the standard errors, and what went wrong."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from glmlr.conditioning import Alias
from glmlr.covariance import KINDS
from glmlr.design.designed import Design
from glmlr.errors import listing
from glmlr.links import Link
from glmlr.prediction import dependency
from glmlr.separation import Separation
from glmlr.solver import Solution

Floats = npt.NDArray[np.float64]


def account(
    design: Design, link: Link, solution: Solution, separation: Separation | None, covariance_kind: str
) -> tuple[str, ...]:
    """Give the sentences that belong to a fit, in the order they are read."""
    notes = [design.event.note, *_weights(design), f"Standard errors: {KINDS[covariance_kind]}.", *_clusters(design)]
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
    if solution.method == "statsmodels":
        notes.append(f"Fitted by statsmodels' GLM (Binomial, {link.name}).")
    return tuple(notes)


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
    """Say which estimates are infinite, in which direction, and what can be done."""
    kind = "Complete" if separation.complete else "Quasi-complete"
    signs = {1.0: "+∞", -1.0: "-∞"}
    which = [
        f"{name} ({signs[sign]})" for name, sign in zip(design.names, separation.direction, strict=True) if sign != 0
    ]
    rows = design.rows_among(separation.separated)
    return (
        f"{kind} separation: the data predict {rows:,} of {design.totals.rows:,} rows perfectly, so that these "
        f"estimates are infinite: {listing(which)}; judge them by likelihood-ratio tests, not by standard errors."
    )


def alias_sentence(design: Design, alias: Alias) -> str:
    """Say of an aliased column what determines it: "x3 is aliased and has no estimate: x3 = 2 x1 - x2"."""
    name = design.names[alias.column]
    if not alias.depends_on:
        return f"{name} is aliased (it is zero in every row) and has no estimate."
    return f"{name} is aliased and has no estimate: {dependency(design.names, alias)}."
