"""What must be said with every output of a model of several classes? The reference, the weights, what went wrong."""

from __future__ import annotations

from collections.abc import Sequence

from glmlr.account import alias_sentence
from glmlr.covariance import KINDS
from glmlr.design import DesignInMemory
from glmlr.errors import listing
from glmlr.multinomial.design import ClassDesign
from glmlr.multinomial.response import Classes
from glmlr.multinomial.solution import ClassSeparation, MultinomialSolution


def class_account(design: ClassDesign, solution: MultinomialSolution, covariance_kind: str) -> tuple[str, ...]:
    """Give the sentences that belong to a fit, in the order they are read."""
    classes, rows = design.classes, design.rows
    notes = [classes.note, *_of_classes(design), *_of_weights(design), f"Standard errors: {KINDS[covariance_kind]}."]
    if covariance_kind == "HC1":
        notes[-1] = notes[-1].replace("n - k", f"n - {solution.rank}")
    notes += _of_clusters(rows, solution)
    dropped = rows.rows.read - rows.rows.used - rows.rows.zero_weight
    if dropped:
        notes.append(f"{dropped:,} of {rows.rows.read:,} rows were dropped because something is missing in them.")
    if rows.rows.zero_weight:
        notes.append(f"{rows.rows.zero_weight:,} of {rows.rows.read:,} rows have weight 0 and are left out.")
    notes.extend(rows.rows.notes)
    notes.extend(alias_sentence(rows, alias) for alias in solution.aliased)
    if solution.separation is not None:
        notes.append(separation_sentence(classes, solution.separation, rows.totals.rows))
    if not solution.converged:
        notes.append(f"The fit did not converge: {solution.reason}.")
    if solution.method == "statsmodels":
        notes.append("Fitted by statsmodels' MNLogit.")
    return tuple(notes)


def _of_classes(design: ClassDesign) -> list[str]:
    """Say what is odd about the classes."""
    classes, notes = design.classes, []
    if classes.size == 2:
        notes.append('There are two classes: this is the binomial model, which family="binomial" tells more about.')
    if classes.absent:
        notes.append(f"Left out, having no row: {listing(classes.absent)}.")
    if said := single_row_sentence(design):
        notes.append(said)
    return notes


def single_row_sentence(design: ClassDesign) -> str:
    """Name the classes that have one row; "" where none has."""
    alone = [label for label, n in zip(design.classes.labels, design.counts, strict=True) if n == 1]
    if not alone:
        return ""
    what = f"The class {alone[0]} has" if len(alone) == 1 else f"The classes {listing(alone)} have"
    return (
        f"{what} one row{'' if len(alone) == 1 else ' each'}, from which hardly anything can be learnt; join or drop."
    )


def _of_weights(design: ClassDesign) -> list[str]:
    """Say which weights acted where."""
    rows, notes = design.rows, []
    if rows.counted:
        notes.append(f"Frequency weights: {rows.totals.rows:,} rows stand for {round(rows.totals.trials):,}.")
    if not rows.weighted:
        return notes
    named = []
    if design.class_weights is not None:
        sizes = [f"{w:.6g} for {label}" for w, label in zip(design.class_weights, design.classes.labels, strict=True)]
        named.append(f"class weights ({listing(sizes, 12)})")
    if "sample_weight" in rows.given_weights:
        named.append("sample weights")
    how = ": the importance of a row is their product" if len(named) == 2 else ""
    words = " and ".join(named) + how
    notes.append(
        f"{words[0].upper()}{words[1:]}; likelihood quantities are weighted pseudo-likelihood; whatever counts rows "
        f"takes each {'by its frequency' if rows.counted else 'once'}."
    )
    return notes


def _of_clusters(rows: DesignInMemory, solution: MultinomialSolution) -> list[str]:
    if rows.clusters is None:
        return []
    note = f"There are {rows.clusters:,} clusters."
    if rows.clusters <= solution.rank:
        note += " They are no more than the coefficients, so that clustered standard errors mean little."
    return [note]


def separation_sentence(classes: Classes, separation: ClassSeparation, rows: int) -> str:
    """Say which classes are told apart, which contrasts have no finite estimates, and what can be done."""
    order = [classes.labels[at] for at in classes.order]
    kind = "Complete" if separation.complete else "Quasi-complete"
    lost = [label for at, label in enumerate(order[1:]) if separation.loose[at].any()]
    said = (
        f"{kind} separation: the data tell {_apart(order, separation)}, so that in {separation.rows:,} of {rows:,} "
        "rows some class is impossible in the limit"
    )
    if not lost:
        return said + "."
    q = separation.recession.direction.shape[1]
    whole = all(n in (0, q) for n in separation.loose.sum(axis=1))
    what = "no finite estimates" if whole else "some estimates that are not finite"
    said += f"; {listing(lost)} against {order[0]} {'has' if len(lost) == 1 else 'have'} {what}"
    return said + f". Judge them by likelihood-ratio tests{_instead(order, separation)}."


def _apart(order: Sequence[str], separation: ClassSeparation) -> str:
    """Name the pairs of classes that are told apart, in all rows of both or in some."""
    wholly, partly = [], []
    for one in range(len(order)):
        for other in range(one + 1, len(order)):
            shares = separation.apart[one, other], separation.apart[other, one]
            if min(shares) == 1.0:
                wholly.append(f"{order[one]} from {order[other]}")
            elif max(shares) > 0.0:
                partly.append(f"{order[one]} from {order[other]}")
    parts = [f"{listing(wholly)} perfectly"] if wholly else []
    parts += [f"{listing(partly)} in some rows"] if partly else []
    return ", and ".join(parts)


def _instead(order: Sequence[str], separation: ClassSeparation) -> str:
    """Say which comparison would be finite under another reference."""
    for one in range(1, len(order)):
        for other in range(1, one):
            if separation.finite[one, other]:
                pair = f"{order[one]} against {order[other]}"
                return f"; {pair} has finite estimates, which reference={order[other]!r} shows"
    return ""
