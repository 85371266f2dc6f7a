"""Is the effect of each number a straight line? Observed beside fitted log-odds, tests of linearity, other shapes."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final, Literal

import numpy as np
import numpy.typing as npt
import pandas as pd

from glmlr.binning import numerals
from glmlr.crossing.placing import CutNumber, bins_for, cut_number
from glmlr.errors import NotApplicable, OptionError, listing, one_of, suggestion
from glmlr.exhibits import Table
from glmlr.fit import Fit
from glmlr.penalised.withheld import refuse_penalised
from glmlr.proportions import checked_level
from glmlr.registry import statistic
from glmlr.shape.added_columns import ChiSquare, Fitted
from glmlr.shape.around_fit import around
from glmlr.shape.number_columns import NumberColumn, number_column, number_names, whole
from glmlr.shape.observed_fitted import gaps_of
from glmlr.shape.shapes import Steps
from glmlr.shape.tests import Examined, Line, examined
from glmlr.statistics.linearity.exhibits import Observed, bins_table, shapes_table
from glmlr.tails import chi_square_tail
from glmlr.threads import one_blas_thread

Floats = npt.NDArray[np.float64]

#: Up to so many cells (rows times columns) each shape is fitted; beyond that the score alone is asked.
MOST_CELLS_REFITTED: Final = 4_000_000
#: With fewer of the rarer outcome for each coefficient besides the intercept no shape is suggested.
FEWEST_PER_COEFFICIENT: Final = 5
#: Criteria that differ by less are equal but for rounding; the simpler shape then goes first.
_EQUAL: Final = 1e-6
#: Beyond so many rows significance says little of size.
_MANY: Final = 25_000


@statistic(
    section="linearity",
    title="Linearity",
    reference="Harrell (2015), Regression Modeling Strategies, 2nd ed., sections 2.4 and 2.7; Box & Tidwell (1962), "
    "Technometrics 4, 531-550; Tsiatis (1980), Biometrika 67, 250-251; Boos (1992), The American Statistician 46, "
    "327-333",
    definitions={
        "spline chi-square": "Test of linearity: a restricted cubic spline of the predictor is added to the model, and "
        "its bent columns are tested together. Four knots at the 5th, 35th, 65th and 95th percentile (2 degrees of "
        "freedom), three at the 10th, 50th and 90th where those coincide (1). Likelihood ratio; the score test under "
        "importance weights and clusters (then with squared scores for its variance), and where rows times columns are "
        "more than 4 million. R: anova of two glm fits, the second with rms::rcs, test='LRT'.",
        "Box-Tidwell chi-square": "The same test of x log x beside x, for predictors above 0; 1 degree of freedom.",
        "lack of fit": "Score test of a column for each bin of the table, given the model: are the gaps between "
        "observed and expected events larger than chance? Degrees of freedom: columns that the model does not contain. "
        "It also sees jumps and single odd values, which a spline smooths over, and is there for predictors in any "
        "form.",
        "expected events": "Sum of the fitted probabilities of the rows in the bin, by all that the model says of "
        "them.",
        "fitted log-odds": "ln(expected events / expected non-events) of the bin: comparable with its observed "
        "log-odds, since both average over the same rows.",
        "gap": "Observed less expected events; z is the gap divided by its standard error given that the estimates saw "
        "these rows, for the logit the signed root of the score test of the bin's own column.",
        "suggestion": "With alpha = 1 - level, in this order: 'too few rows to say' where the rarer outcome has fewer "
        f"than {FEWEST_PER_COEFFICIENT} rows for each coefficient of the model with the spline besides the intercept; "
        "'linear is fine' where neither the spline test nor the lack of fit has p below alpha / 2; otherwise the shape "
        "with the lowest AIC among line, logarithm, square, spline and bins, and where that is the line 'linear is the "
        "best of these'. Without likelihoods: the spline where its p is the smaller of the two, else bins. A predictor "
        "that is no straight line in the model is judged by its lack of fit alone, at alpha.",
    },
)
def linearity(
    fit: Fit,
    *,
    predictors: Sequence[str] | None = None,
    bins: Any = None,
    level: float = 0.95,
    test: Literal["likelihood-ratio", "score"] | None = None,
) -> Table:
    """Look at the effect of each number before and after the fit, and test whether it is a straight line.

    One row a numeric predictor: how it enters the model, the tests, and a plain suggestion. A companion table shows the
    observed log-odds of each bin beside those that the whole model implies for the same rows, with the gap between them
    and its z; another compares the shapes that the effect can have. Yes/no columns and factors have nothing to bend.

    Args:
        fit: the model, its rows in memory.
        predictors: names of numeric columns of the formula; None for all.
        bins: how many bins, edges, or a mapping of predictor to either; by default as in `log_odds_table`.
        level: confidence level of the intervals; 1 - level is the alpha of the suggestions.
        test: "likelihood-ratio" refits the model with each shape; "score" asks its slope in one pass. None: likelihood
            ratios where they hold and rows times columns are not more than 4 million.

    Returns:
        A `Table` with one row a predictor; for each a companion with the bins and the charts "observed_fitted" and
        "shape", and one with the shapes compared.

    Raises:
        NotApplicable: the rows are not held in memory, the model has no numeric predictor with three values, or its
            estimates are not all finite.
        OptionError: a predictor that is none, bins that are none, or likelihood ratios where they do not hold.

    """
    refuse_penalised(fit.penalty, "A test of linearity")
    confidence, names = checked_level(level), _chosen(fit, predictors)
    asked, model = _test_of(fit, test), around(fit)
    found: list[_Found] = []
    # Threads of BLAS gain nothing in products of a few columns, and lose much where others want the processors.
    with one_blas_thread():
        for name in names:
            number, own = number_column(fit.held, name), bins_for(bins, name, names)
            cut = cut_number(name, number.x, number.events, number.nonevents, own)
            if cut.points.value.size > 2:
                found.append(_looked_at(fit, model, number, cut, own, asked, confidence))
    if not found:
        raise NotApplicable("No number in the formula has three or more values, so that there is no line to bend.")
    left_out = [name for name in names if name not in {one.number.name for one in found}]
    return _table(fit, found, asked, left_out)


def _chosen(fit: Fit, wanted: Sequence[str] | None) -> tuple[str, ...]:
    """Give the predictors that were asked for, or all that enter the formula as numbers."""
    names = number_names(fit.held)
    if not names:
        raise NotApplicable("No column enters the formula as a number, so that there is no line to bend.")
    if wanted is None:
        return names
    chosen = (wanted,) if isinstance(wanted, str) else tuple(dict.fromkeys(wanted))
    for name in chosen:
        if name not in names:
            hint = suggestion(str(name), names) or f"; these do: {listing(map(repr, names))}."
            raise OptionError(f"predictors= names {name!r}, which does not enter the formula as a number{hint}")
    return chosen


def _test_of(fit: Fit, test: str | None) -> str:
    """Choose the test, or refuse likelihood ratios that do not hold."""
    holds = not (fit.pseudo_likelihood or fit.design.clusters is not None)
    if test is None:
        few = fit.design.totals.rows * (len(fit.names) + 3) <= MOST_CELLS_REFITTED
        return "likelihood-ratio" if holds and few else "score"
    one_of("test", test, ("likelihood-ratio", "score"))
    if test == "likelihood-ratio" and not holds:
        what = "importance weights" if fit.pseudo_likelihood else "clusters"
        raise OptionError(f"test='likelihood-ratio' does not hold under {what}; leave it out for the score test.")
    return test


# ------------------------------------------------------------------------------------------------------- one predictor


@dataclass(frozen=True, eq=False)
class _Found:
    """What is found of one predictor: how it enters, its tests, what is suggested, and its companion tables."""

    number: NumberColumn
    looked: Examined
    suggestion: str
    tables: tuple[Table, ...]


def _looked_at(
    fit: Fit, model: Fitted, number: NumberColumn, cut: CutNumber, bins: Any, test: str, level: float
) -> _Found:
    """Compare observed with expected events by bin, test the shape, and suggest one."""
    places = cut.places
    gaps = gaps_of(model, number.x, places.place, len(places), shift=fit.prior_shift)
    unknown = fit.design.class_weights is not None and fit.link.name != "logit"
    error = np.full(gaps.n.size, np.nan) if unknown else gaps.std_error
    gaps = replace(gaps, events=whole(gaps.events), std_error=error)
    at = model.place_of(number.column)
    line = Line(at, number.slope, number.intercept, number.alone) if at >= 0 else None
    steps = Steps(places.place, len(places))
    looked = examined(model, number.x, cut.points, steps, line, refit=test == "likelihood-ratio")
    notes = places.binning.notes
    seen = Observed(
        number.name, fit.event, places.labels, cut.position, places.binning.bins is None, gaps, level, notes
    )  # fmt: skip
    formulas = _formulas(number, looked.knots, places.binning.bins is None, bins)
    tables = [bins_table(seen, looked.curve, fit.link, fit.prior_shift)]
    if looked.shapes:
        tables.append(shapes_table(number.name, looked.shapes, formulas))
    return _Found(number, looked, _suggestion(fit, looked, formulas, 1 - level), tuple(tables))


def _formulas(number: NumberColumn, knots: Floats, by_value: bool, bins: Any) -> Mapping[str, str]:
    """Write each shape as a formula would."""
    x, at = number.quoted, numerals(knots)
    inner = ", ".join(at[1:-1])
    edges: Any = bins if bins is None or np.isscalar(bins) else [float(edge) for edge in bins]
    given = "" if edges is None else f", bins={edges!r}"
    return {
        "line": number.enters,
        "logarithm": f"np.log({x})",
        "square": f"{x} + I({x}**2)",
        "spline": f"cr({x}, knots=[{inner}], lower_bound={at[0]}, upper_bound={at[-1]}, constraints='center')",
        "bins": f"C({x})" if by_value else f"cut({x}{given})",
    }


def _suggestion(fit: Fit, looked: Examined, formulas: Mapping[str, str], alpha: float) -> str:
    """Say in plain words what to do; the rule is in the definitions."""
    events = fit.ranking.total_events
    rarer = min(events, fit.ranking.total_nonevents)
    slopes = fit.rank - 1 + max(looked.spline.df, 0)
    if rarer < FEWEST_PER_COEFFICIENT * slopes:
        return "too few rows to say"
    bend, lack = _p(looked.spline), _p(looked.lack_of_fit)
    if not looked.spline.df:
        return "its form is fine" if not lack < alpha else "its form misses something; look at the bins"
    if not (bend < alpha / 2 or lack < alpha / 2):
        return "linear is fine"
    known = [shape for shape in looked.shapes if not math.isnan(shape.loglik)]
    if not known:
        return "use a spline" if bend <= lack else "bin it, or add a jump"
    best = known[0]
    for shape in known[1:]:
        best = shape if shape.aic < best.aic - _EQUAL else best
    words = {
        "line": "linear is the best of these; look at the bins",
        "logarithm": f"use its logarithm: {formulas['logarithm']}",
        "square": f"add its square: {formulas['square']}",
        "spline": f"use a spline: {formulas['spline']}",
        "bins": f"bin it, or add a jump: {formulas['bins']}",
    }
    return words[best.name]


def _p(test: ChiSquare) -> float:
    return chi_square_tail(test.value, test.df).p_value


# ----------------------------------------------------------------------------------------------------------- the table


def _table(fit: Fit, found: Sequence[_Found], test: str, left_out: Sequence[str]) -> Table:
    """Lay out one row a predictor, and the companions."""
    rows = []
    for one in found:
        row: dict[str, str | float] = {"predictor": one.number.name, "enters": one.number.enters}
        for name, chi in (
            ("spline", one.looked.spline),
            ("box_tidwell", one.looked.box_tidwell),
            ("lack_of_fit", one.looked.lack_of_fit),
        ):
            tail = chi_square_tail(chi.value, chi.df)
            row |= {name: chi.value, f"{name}_df": float(chi.df) if chi.df else math.nan}
            row |= {f"{name}_p_value": tail.p_value, f"{name}_log10_p": tail.log10_p}
        rows.append({**row, "suggestion": one.suggestion})
    frame = pd.DataFrame(rows)
    shown = {name: role for name, role in _ROLES.items() if frame[name].notna().any()}
    return Table(
        key="linearity",
        title="Linearity",
        frame=frame,
        roles=shown,
        labels=_LABELS,
        notes=tuple(_notes(fit, found, test, left_out)),
        tables=tuple(table for one in found for table in one.tables),
        blanks=tuple(name for name in shown if name not in ("predictor", "enters", "suggestion")),
    )


_ROLES: Final[Mapping[str, str]] = {
    "predictor": "text",
    "enters": "text",
    "spline": "statistic",
    "spline_df": "integer",
    "spline_p_value": "p_value",
    "box_tidwell": "statistic",
    "box_tidwell_p_value": "p_value",
    "lack_of_fit": "statistic",
    "lack_of_fit_df": "integer",
    "lack_of_fit_p_value": "p_value",
    "suggestion": "text",
}
_LABELS: Final[Mapping[str, str]] = {
    "predictor": "Predictor",
    "enters": "In the model as",
    "spline": "Spline chi-square",
    "spline_df": "df",
    "spline_p_value": "p",
    "box_tidwell": "Box-Tidwell chi-square",
    "box_tidwell_p_value": "p",
    "lack_of_fit": "Lack of fit",
    "lack_of_fit_df": "df",
    "lack_of_fit_p_value": "p",
    "suggestion": "Suggestion",
}


def _notes(fit: Fit, found: Sequence[_Found], test: str, left_out: Sequence[str]) -> Iterator[str]:
    """Say which tests these are, and what a reader may miss."""
    if test == "likelihood-ratio":
        yield (
            "Spline and Box-Tidwell: likelihood ratio tests of the columns added. Lack of fit: score test of a column "
            "for each bin."
        )
    elif fit.pseudo_likelihood or fit.design.clusters is not None:
        what = "importance weights" if fit.pseudo_likelihood else "clusters"
        yield (
            f"All tests are score tests with squared scores for their variance, because under {what} likelihood ratios "
            "have no chi-square distribution; AIC does not compare shapes then."
        )
    else:
        yield (
            "All tests are score tests, which one pass over the rows gives; test='likelihood-ratio' fits each shape "
            "and compares them by AIC."
        )
    if any(one.looked.shapes for one in found):
        yield (
            "Shapes: each is the whole model with another term in the place of the line. AIC compares them all; the "
            "likelihood ratio is against the line, where the line is a special case of the shape. Knots and bins are "
            "chosen without a look at the outcomes."
        )
    elif test == "likelihood-ratio" and any(one.looked.spline.df for one in found):
        yield "Shapes are not compared in a model without a constant, where they depend on the place of 0."
    if any(one.suggestion.startswith("too few") for one in found):
        yield (
            f"Too few rows: the rarer outcome has fewer than {FEWEST_PER_COEFFICIENT} rows for each coefficient "
            "besides the intercept, so that a bend can neither be found nor ruled out."
        )
    if fit.nobs > _MANY:
        yield "With so many rows departures of no consequence are significant; the bins show how large they are."
    if any(one.number.column < 0 for one in found):
        yield "A predictor that is no straight line in the model has the lack-of-fit test only."
    if left_out:
        yield f"Fewer than three values, and nothing to bend: {listing(left_out)}."
