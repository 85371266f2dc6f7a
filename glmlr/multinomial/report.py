"""Which exhibits make the report of several classes, and in which order? The full report and the short summary."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

import pandas as pd

from glmlr.classes.registry import CLASS_SECTIONS, CLASS_STATISTICS
from glmlr.classes.sections import class_definitions, class_section
from glmlr.errors import ArgumentError, NotApplicable, OptionError, explained_arguments, listing, one_of
from glmlr.exhibits import Definition, Report, Section, Table, Tabled
from glmlr.multinomial import effects, estimates, goodness, hypotheses, risk_ratios
from glmlr.multinomial.fitted import MultinomialFit
from glmlr.multinomial.narrative import table_sentences
from glmlr.report import making_of

#: Pairs of classes up to which the report asks which of them can be joined: each is a fit of its own.
_MOST_PAIRS: Final = 28
#: Points of a curve along a number, every tenth of which is tabulated.
_POINTS: Final = 41


@dataclass(frozen=True)
class ClassStatistic:
    """What the report shows of several classes.

    Attributes:
        key: its name: the method's and the table's.
        section: a key of `SECTIONS_OF_CLASSES`.
        function: makes the table of a fit.
        definitions: what its numbers mean.
        reference: where these come from.

    """

    key: str
    section: str
    function: Callable[[MultinomialFit], Table]
    definitions: dict[str, str]
    reference: str


SECTIONS_OF_CLASSES: Final = {
    "profile": "Who was analysed",
    "coefficients": "What each predictor does",
    "effects": "Effects on probabilities",
    "hypotheses": "Tests of terms and classes",
    "goodness": "How well the model fits",
    **{key: title for key, (title, _) in CLASS_SECTIONS.items()},
}


def _combining_if_few(fit: MultinomialFit) -> Table:
    pairs = fit.classes.size * (fit.classes.size - 1) // 2
    if pairs > _MOST_PAIRS:
        raise NotApplicable(f"There are {pairs} pairs of classes, each a fit of its own; ask fit.combining_tests().")
    if fit.classes.size == 2:
        raise NotApplicable("Of two classes it is the test of all slopes.")
    return hypotheses.combining_tests(fit)


def _probabilities_in_brief(fit: MultinomialFit) -> Table:
    """Draw whole curves, and tabulate five points of each."""
    table = effects.adjusted_probabilities(fit, points=_POINTS)
    frame, kept = table.frame, []
    for name in dict.fromkeys(frame["predictor"]):
        part = frame[frame["predictor"] == name]
        every = list(dict.fromkeys(part["level"]))
        shown = every[:: (_POINTS - 1) // 4] if len(every) == _POINTS and part["value"].notna().all() else every
        kept.append(part[part["level"].isin(shown)])
    brief = replace(table, frame=pd.concat(kept, ignore_index=True))
    said = f"Of numbers the table has five values, the drawing {_POINTS}."
    return brief if len(brief) == len(table) else brief.with_notes(said)


_GOODNESS = goodness.DEFINITIONS
_TESTS = hypotheses.DEFINITIONS
#: What the report shows, in order.
STATISTICS_OF_CLASSES: Final = (
    ClassStatistic("response_profile", "profile", goodness.response_profile, {}, ""),
    ClassStatistic("coefficients", "coefficients", estimates.coefficients, estimates.DEFINITIONS, estimates.REFERENCE),
    ClassStatistic(
        "relative_risk_ratios",
        "coefficients",
        risk_ratios.relative_risk_ratios,
        risk_ratios.DEFINITIONS,
        risk_ratios.REFERENCE,
    ),
    ClassStatistic(
        "marginal_effects",
        "effects",
        effects.marginal_effects,
        effects.DEFINITIONS,
        effects.REFERENCE,
    ),
    ClassStatistic(
        "adjusted_probabilities",
        "effects",
        _probabilities_in_brief,
        effects.DEFINITIONS,
        effects.REFERENCE,
    ),
    ClassStatistic("term_tests", "hypotheses", hypotheses.term_tests, _TESTS, hypotheses.REFERENCE),
    ClassStatistic("global_tests", "hypotheses", hypotheses.global_tests, {}, ""),
    ClassStatistic("combining_tests", "hypotheses", _combining_if_few, {}, hypotheses.REFERENCE_OF_COMBINING),
    ClassStatistic("goodness_of_fit", "goodness", goodness.goodness_of_fit, _GOODNESS, goodness.REFERENCE),
)


def class_report(
    fit: MultinomialFit,
    *,
    title: str | None = None,
    sections: Sequence[str] | None = None,
    ordered: bool = False,
    extra: Any = (),
) -> Report:
    """Put everything that is said about a model of several classes into a report.

    Args:
        fit: the fitted model.
        title: heading; by default the response and its classes.
        sections: keys of `SECTIONS_OF_CLASSES` to show, in that order; None for all.
        ordered: whether the classes have an order, so that weighted kappas and the ranked score are shown too.
        extra: tables that were made beforehand, each shown in place of the one of its name, or at the end.

    Raises:
        OptionError: a section that does not exist.
        ArgumentError: an extra that is no table.

    """
    wanted = SECTIONS_OF_CLASSES if sections is None else _known_sections(sections)
    brought = _brought(extra)
    made = [
        class_section(fit.class_scores, key, ordered=ordered, brought=brought)
        if key in CLASS_SECTIONS
        else _section(fit, key, brought)
        for key in SECTIONS_OF_CLASSES
        if key in wanted
    ]
    known = {*(one.key for one in STATISTICS_OF_CLASSES), *CLASS_STATISTICS}
    others = tuple(table for key, table in brought.items() if key not in known)
    if others:
        made.append(Section("extra", "Further results", tuple(_own_notes(fit, table) for table in others)))
    kept = tuple(section for section in made if section.exhibits or section.sentences)
    shown = {exhibit.key for section in kept for exhibit in section.exhibits}
    listed: dict[str, Definition] = {}
    for one in STATISTICS_OF_CLASSES:
        if one.key in shown:
            for name, meaning in one.definitions.items():
                listed.setdefault(name, Definition(name, meaning, one.reference))
    for item in class_definitions(shown):
        listed.setdefault(item.name, item)
    return Report(
        title=title or f"Classes of {fit.response}",
        lead=_lead(fit),
        sections=(*kept, _making(fit)),
        definitions=tuple(listed.values()),
        formula=fit.design.formula,
        overview=_overview(fit),
    )


def _known_sections(sections: Any) -> list[str]:
    """Give the sections asked for, one of them or a list."""
    asked = [sections] if isinstance(sections, str) else sections
    if not isinstance(asked, Iterable):
        raise OptionError(
            f"sections={sections!r} is no list of sections; there are {listing(SECTIONS_OF_CLASSES, 12)}."
        )
    return [one_of("sections", one, SECTIONS_OF_CLASSES) for one in asked]


def _brought(extra: Any) -> dict[str, Table]:
    """Give the tables that were made beforehand by their names."""
    found = {}
    for one in extra if isinstance(extra, (list, tuple)) else (extra,):
        table = one.table if isinstance(one, Tabled) else one
        if not isinstance(table, Table):
            raise ArgumentError(f"extra= takes tables, one of them or a list, not {type(one).__name__}.")
        found[table.key] = table
    return found


def _section(fit: MultinomialFit, key: str, brought: dict[str, Table]) -> Section:
    """Make one section: the sentences of its tables, then the tables; where one does not apply, why."""
    said: list[str] = []
    exhibits: list[Table] = []
    for one in STATISTICS_OF_CLASSES:
        if one.section != key:
            continue
        try:
            table = brought.get(one.key) or one.function(fit)
        except NotApplicable as reason:
            said.append(f"Not shown: {one.key.replace('_', ' ')}. {reason}")
            continue
        said += table_sentences(fit, table)
        exhibits.append(_own_notes(fit, table))
    return Section(key, SECTIONS_OF_CLASSES[key], tuple(exhibits), tuple(said))


def _own_notes(fit: MultinomialFit, table: Table) -> Table:
    """Leave out of a table what the report's lead has said already."""
    return replace(table, notes=tuple(note for note in table.notes if note not in fit.notes))


def _lead(fit: MultinomialFit) -> tuple[str, ...]:
    terms = sum(term.kind != "intercept" for term in fit.design.terms)
    on = f"{terms} term{'' if terms == 1 else 's'}" if terms else "intercepts alone"
    classes = listing(fit.classes.labels, 12)
    opening = f"A multinomial logit of {fit.response} ({classes}) on {on}, fitted to {fit.nobs:,} rows."
    return (opening, *fit.notes)


def _overview(fit: MultinomialFit) -> Table:
    """Put what a reader asks first into one small table."""
    lines: list[tuple[str, float, str]] = [
        ("Rows", fit.nobs, "count"),
        ("Classes", fit.classes.size, "count"),
        ("Estimated coefficients", fit.rank, "count"),
    ]
    frame = goodness.goodness_of_fit(fit).frame.set_index("measure")
    if "lr_chi2" in frame.index:
        lines += [
            ("Likelihood ratio chi-square", frame["value"]["lr_chi2"], "statistic"),
            ("on degrees of freedom", frame["df"]["lr_chi2"], "integer"),
            ("p of the likelihood ratio test", frame["p_value"]["lr_chi2"], "p_value"),
        ]
    lines += [
        ("McFadden's pseudo R²", frame["value"]["mcfadden"], "estimate"),
        ("AIC", fit.aic, "loglik"),
        ("BIC", fit.bic, "loglik"),
    ]
    known = [line for line in lines if not math.isnan(line[1])]
    return Table(
        "overview",
        "At a glance",
        pd.DataFrame({"measure": [line[0] for line in known], "value": [float(line[1]) for line in known]}),
        {"measure": "text", "value": "measure"},
        notes=("Likelihood quantities are weighted pseudo-likelihood.",) if fit.pseudo_likelihood else (),
        row_roles=tuple(line[2] for line in known),
    )


def _making(fit: MultinomialFit) -> Section:
    """Account for the data, the fit and the versions, so that the report can be made again."""
    solution, rows = fit.solution, fit.design.rows
    solver = "statsmodels' MNLogit" if solution.method == "statsmodels" else "Newton"
    lines = [
        ("Formula", fit.design.formula),
        ("Classes", listing(fit.classes.labels, 30)),
        ("Reference class", fit.classes.reference_label),
        ("Rows read, used", f"{rows.read:,}, {rows.used:,}"),
        ("Coefficients estimated", f"{fit.rank:,} of {solution.beta.size:,}"),
        ("Solver", f"{solver}, {solution.iterations} steps"),
        ("Converged", "yes" if fit.converged else f"no: {solution.reason}"),
        ("Newton decrement", f"{solution.decrement:.1e}"),
        ("Largest standardised score", f"{solution.gradient_norm:.1e}"),
    ]
    return making_of(lines, rows.notes)


# ------------------------------------------------------------------------------------------------ doors


def summary(fit: MultinomialFit) -> Report:
    """Give the overview a modeller looks at first: the fit in one table and the coefficients of every class."""
    table = _own_notes(fit, estimates.coefficients(fit))
    return Report(
        title=f"Multinomial logit of {fit.response} against {fit.classes.reference_label}",
        lead=_lead(fit),
        sections=(Section("summary", "Coefficients", (table,)),),
        formula=fit.design.formula,
        overview=_overview(fit),
    )


def report(
    fit: MultinomialFit,
    path: str | None = None,
    *,
    title: str | None = None,
    sections: Sequence[str] | None = None,
    ordered: bool = False,
    extra: Any = (),
) -> object:
    """Write the full report (.html or .md) and give its path; without a path, give the `Report` itself.

    For the options see `class_report`.
    """
    document = class_report(fit, title=title, sections=sections, ordered=ordered, extra=extra)
    return document if path is None else document.write(str(path))


for _method in (summary, report):
    setattr(MultinomialFit, _method.__name__, explained_arguments(_method))
