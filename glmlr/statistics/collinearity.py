"""Do some columns nearly say the same? Variance inflation by term, condition indices, and which columns share them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final, Literal

import numpy as np
import numpy.typing as npt
import pandas as pd

from glmlr.blocks import Block
from glmlr.conditioning import find_aliases, gram_of, triangle
from glmlr.design import Term, gathered
from glmlr.errors import NotApplicable, OptionError, listing, one_of
from glmlr.exhibits import Table
from glmlr.fit import Fit
from glmlr.registry import statistic
from glmlr.threads import one_blas_thread

Floats = npt.NDArray[np.float64]

#: From this condition index on, columns that share more than half of their variances are called nearly collinear.
HIGH_INDEX: Final = 30.0
HIGH_SHARE: Final = 0.5
#: A standard error this many times that of uncorrelated terms is worth a sentence: VIF of 10.
HIGH_INFLATION: Final = float(np.sqrt(10.0))
#: Components with a lower condition index are left out, but for the last.
_MODERATE_INDEX: Final = 10.0


@statistic(
    section="diagnostics",
    title="Collinearity",
    reference="Fox & Monette (1992), J. Am. Stat. Assoc. 87, 178-183; Belsley, Kuh & Welsch (1980), Regression "
    "Diagnostics, ch. 3; Lesaffre & Marx (1993), Communications in Statistics A22, 1933-1952",
    definitions={
        "GVIF": "det(R11) det(R22) / det(R) of the correlations of the estimates: of the term's own, of the others', "
        "of all, intercept apart. For a term of one coefficient it is the VIF. R: car::vif(fit).",
        "GVIF^(1/(2 df))": "By how many times the term's standard errors are larger than they would be if it were "
        "uncorrelated with the other terms; comparable between terms of different df. R: car::vif(fit), third column.",
        "condition index": "Largest singular value of the columns (each scaled to length 1, intercept among them, not "
        "centred) over each of the others. SAS PROC REG: COLLIN. Here each row has the root of its information as its "
        "weight, as the fit has it; weighted=False takes the columns as they are, as SAS and R perturb::colldiag do.",
        "variance proportion": "Share of a coefficient's variance that comes from one component. A component with a "
        "high index and large shares of two or more coefficients is a near-collinearity of these.",
    },
)
def collinearity(fit: Fit, *, weighted: bool = True, components: Literal["high", "all"] = "high") -> Table:
    """Say by how much each term's standard errors suffer from the other terms, and which columns are near-collinear.

    Args:
        fit: the model.
        weighted: take the columns as the fit sees them, each row by its information; False takes them as they are, by
            frequency.
        components: "high" lists components with a condition index of at least 10, or the largest; "all" lists all.

    Returns:
        A `Table` with one row a term (VIF or GVIF), and the condition indices with variance proportions as companion.

    Raises:
        NotApplicable: infinite estimates, an intercept alone, or a ridge fit of columns that others determine.
        OptionError: `weighted` that is no bool, or `components` that are neither.

    """
    if not isinstance(weighted, (bool, np.bool_)):
        raise OptionError(f"weighted={weighted!r} is not True or False.")
    one_of("components", components, ("high", "all"))
    if fit.separation is not None:
        raise NotApplicable(
            "Some estimates are infinite (separation): variances, which collinearity inflates, do not exist for all."
        )
    if fit.shrunken:
        _refuse_dependent(fit)
    kept = np.flatnonzero(~np.isnan(fit.solution.beta))
    terms = [(term, _places(term, kept)) for term in fit.design.terms if term.kind != "intercept"]
    terms = [(term, places) for term, places in terms if places.size]
    if not terms:
        raise NotApplicable("The model has no term besides the intercept, so that nothing can be collinear.")
    with one_blas_thread():
        factor = triangle(fit.design, lambda block: _columns(fit, block, kept, weighted))
    names = [fit.names[column] for column in kept]
    found = _components(factor)
    near = tuple(_near(found, names))
    frame = pd.DataFrame(
        [_row(term, places, factor, [place for _, place in terms]) for term, places in terms],
        columns=["term", "df", "gvif", "inflation"],
    )
    return Table(
        key="collinearity",
        title="Collinearity",
        frame=frame,
        roles={"term": "text", "df": "integer", "gvif": "ratio", "inflation": "ratio"},
        labels={
            "gvif": "VIF" if (frame["df"] == 1).all() else "GVIF",
            "inflation": "GVIF^(1/(2 df))",
        },
        notes=tuple(_notes(fit, frame, near, terms, weighted)),
        tables=(_component_table(found, names, every=components == "all"),),
    )


def _refuse_dependent(fit: Fit) -> None:
    """Refuse a ridge fit, which leaves no column out, where some columns are determined by others."""
    rows = gathered(fit.design)
    dependent = [fit.names[alias.column] for alias in find_aliases(rows, gram_of(rows))]
    if dependent:
        raise NotApplicable(
            f"Other columns determine {listing(dependent)} exactly, so that inflation of variances is infinite there; "
            "only the ridge penalty gives them estimates."
        )


def _places(term: Term, kept: npt.NDArray[np.intp]) -> npt.NDArray[np.intp]:
    """Give where the columns of a term stand among those with an estimate."""
    return np.flatnonzero(np.isin(kept, term.columns))


def _columns(fit: Fit, block: Block, kept: npt.NDArray[np.intp], weighted: bool) -> Floats:
    """Give the columns of a block times the root of the weight of each row, shape (k, b)."""
    root = np.ones(block.size) if block.weight is None else np.sqrt(block.weight)
    if weighted:
        root = root * np.sqrt(fit.link.weight(block.eta(fit.working)))
        if block.importance is not None:
            root = root * np.sqrt(block.importance)
    return np.asarray(block.at_columns(kept).x * root)


def _row(
    term: Term, places: npt.NDArray[np.intp], factor: Floats, all_places: Sequence[npt.NDArray[np.intp]]
) -> tuple[str, int, float, float]:
    """Give a term with its generalised variance inflation."""
    # The rows of the inverse of R give the covariance of the estimates, V = W W'; a slope's row needs no centring.
    scale = np.linalg.norm(factor, axis=0)
    rows = np.linalg.solve(factor / scale, np.eye(scale.size))
    slopes = np.concatenate(all_places)
    rows = rows / np.linalg.norm(rows, axis=1, keepdims=True)
    others = np.setdiff1d(slopes, places)
    logs = _log_volume(rows[places]) + _log_volume(rows[others]) - _log_volume(rows[slopes])
    gvif = float(np.exp(2.0 * logs))
    return term.name, int(places.size), gvif, float(np.exp(logs / places.size))


def _log_volume(rows: Floats) -> float:
    """Give half the logarithm of the determinant of rows rows', by the QR factorisation, which loses no digits."""
    if not rows.shape[0]:
        return 0.0
    return float(np.log(np.abs(np.diag(np.linalg.qr(rows.T, mode="r")))).sum())


@dataclass(frozen=True, eq=False)
class _Components:
    """Condition indices, shape (k,), ascending, and each coefficient's variance by component, shape (k, k)."""

    index: Floats
    share: Floats


def _components(factor: Floats) -> _Components:
    _, size, across = np.linalg.svd(factor / np.linalg.norm(factor, axis=0))
    with np.errstate(divide="ignore", invalid="ignore"):
        parts = across**2 / size[:, None] ** 2
        return _Components(size[0] / size, parts / parts.sum(axis=0))


def _near(found: _Components, names: Sequence[str]) -> Iterator[str]:
    """Name the columns of each near-collinearity, the worst first."""
    for component in np.flatnonzero(found.index >= HIGH_INDEX)[::-1]:
        shared = [name for name, share in zip(names, found.share[component], strict=True) if share > HIGH_SHARE]
        if len(shared) > 1:
            yield f"Nearly collinear (condition index {found.index[component]:,.0f}): {listing(shared)}."


def _component_table(found: _Components, names: Sequence[str], *, every: bool) -> Table:
    frame = pd.DataFrame({"component": np.arange(1, found.index.size + 1), "condition_index": found.index})
    shares = pd.DataFrame(found.share, columns=[f"share_{name}" for name in names])
    frame = pd.concat([frame, shares], axis=1)
    notes: tuple[str, ...] = ()
    if not every:
        frame = frame[found.index >= min(_MODERATE_INDEX, found.index.max())].reset_index(drop=True)
        notes = (
            f"{len(frame)} of {len(names)} components, those with a condition index of at least 10 or the largest; "
            "components='all' lists all.",
        )
    return Table(
        key="condition_indices",
        title="Condition indices and variance proportions",
        frame=frame,
        roles={
            "component": "integer",
            "condition_index": "statistic",
            **dict.fromkeys(shares.columns, "probability"),
        },
        labels={"component": "Component", "condition_index": "Condition index", **_headings(names)},
        notes=notes,
    )


def _headings(names: Sequence[str]) -> dict[str, str]:
    return {f"share_{name}": name for name in names}


def _notes(
    fit: Fit,
    frame: pd.DataFrame,
    near: Sequence[str],
    terms: Sequence[tuple[Term, npt.NDArray[np.intp]]],
    weighted: bool,
) -> Iterator[str]:
    yield from near
    if fit.shrunken:
        yield "Inflation is that of maximum likelihood on these columns, weighted at the ridge estimates."
    if not near and frame["inflation"].max() < HIGH_INFLATION:
        yield "Nothing is nearly collinear."
    yield "GVIF^(1/(2 df)): by how many times the term's standard errors are larger for the other terms' sake."
    shared = [set(term.variables) for term, _ in terms]
    if frame["inflation"].max() >= HIGH_INFLATION and sum(map(len, shared)) > len(set().union(*shared)):
        yield (
            "Terms that share a variable (a square, an interaction) are collinear by their make, and less so when the "
            "variable is centred; the fit is the same."
        )
    if not any(term.kind == "intercept" for term in fit.design.terms):
        yield "The model has no intercept, so that inflation is against columns that are uncorrelated about zero."
    if fit.solution.aliased:
        yield "Aliased columns, which depend on earlier ones exactly, are left out here."
    if not weighted:
        yield "The columns as they are, by frequency and without the weights that the fit gives its rows."
