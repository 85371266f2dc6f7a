"""Which exhibits make a report, and in which order? The full report of a fit and its short summary."""

from __future__ import annotations

import math
import sys
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from importlib.metadata import PackageNotFoundError, version
from typing import Any, Final, TypeAlias

import pandas as pd

from glmlr.digits import text
from glmlr.errors import ArgumentError, DataError, NotApplicable, explained_arguments, one_of
from glmlr.exhibits import Definition, Report, Section, Table, Tabled
from glmlr.fit import Fit
from glmlr.narrative import Rows, lead, sentences
from glmlr.ranking.concordance import Area, area
from glmlr.registry import SECTIONS, STATISTICS, Statistic, scored_of
from glmlr.scored import Scored
from glmlr.statistics.goodness import LikelihoodRatio, likelihood_indices, likelihood_ratio
from glmlr.validation.indices import INDICES

_SIGNS: Final = (
    "In the tables of this report – stands for a number that does not exist here; an empty cell is one that does not "
    "belong to its row."
)
_HARRELL = "Harrell (2015), Regression Modeling Strategies, 2nd ed., section 10.9"
#: Packages whose versions a report records: those that can change a number.
_PACKAGES: Final = ("glmlr", "numpy", "scipy", "pandas", "patsy")


@explained_arguments
def full_report(
    fit: Fit,
    *,
    title: str | None = None,
    sections: Sequence[str] | None = None,
    validation: Any = (),
    extra: Any = (),
) -> Report:
    """Put everything that is said about a fit into a report.

    Args:
        fit: the fitted model.
        title: heading; by default the event and the formula's response.
        sections: keys of `glmlr.registry.SECTIONS` to show, in the order of that list; None for all.
        validation: what takes refits or other rows and is made beforehand, for the section of that name: what
            `fit.validate()`, `fit.evaluate(new)`, `fit.bootstrap()`, `glmlr.cross_validate(...)` or
            `glmlr.class_weight_search(...)` gave, one of them or several.
        extra: what else to show, each in the section it belongs to: names of statistics that are not shown by default
            ("det", "ks"), or what a statistic gave with options of your own (`fit.cutoffs(resamples=200)`), which then
            takes the place of the one by default.

    Raises:
        OptionError: a section or a statistic that does not exist.
        ArgumentError: a validation or an extra that is none of these.

    """
    if not isinstance(fit, Fit):
        raise ArgumentError(
            f"full_report() takes a fitted binomial model, not {type(fit).__name__}; a model of several classes has "
            "report()."
        )
    brought = [_Brought("validation", table) for table in _tables_of("validation", validation)]
    brought += [_Brought(_home_of(table.key), table) for table in _extra(fit, extra)]
    kept = _sections(fit, sections, brought)
    if sections is None or "coefficients" in sections:
        kept = (*_separated(fit), *kept)
    shown = {table.key for section in kept for table in _tables(section)}
    listed = [item for key, record in STATISTICS.items() if key in shown for item in record.listed()]
    if "validate" in shown:
        listed += [Definition(words, meaning, _HARRELL) for words, meaning in INDICES.values()]
    return Report(
        title=title or f"Modelling P({fit.event})",
        lead=lead(fit),
        sections=(*kept, _making(fit)),
        definitions=_distinct(listed),
        formula=fit.design.formula,
        overview=_overview(
            fit,
            likelihood_ratio(fit) if "goodness_of_fit" in shown else None,
            area(fit.ranking) if "roc" in shown else None,
        ),
    )


@explained_arguments
def scores_report(
    scored: Any, *, title: str | None = None, sections: Sequence[str] | None = None, extra: Any = ()
) -> Report:
    """Put everything that is said about the scores of any model into a report.

    Args:
        scored: what `glmlr.scores(y, p)` gave, or what holds scores: a cross-validation, an evaluation.
        title: heading.
        sections: keys of `glmlr.registry.SECTIONS` to show; None for all that scores have.
        extra: what else to show, as in `full_report`.

    Raises:
        ArgumentError: something that holds no scores.
        OptionError: a section or a statistic that does not exist.

    """
    rows = scored_of(scored)
    if rows is None:
        raise ArgumentError(
            f"scores_report() takes glmlr.scores(y, p), a cross-validation or an evaluation, not "
            f"{type(scored).__name__}."
        )
    rows.require_both()
    brought = [_Brought(_home_of(table.key), table) for table in _extra(rows, extra)]
    kept = _sections(rows, sections, brought)
    shown = {table.key for section in kept for table in _tables(section)}
    n, events = rows.ranking.total, rows.ranking.total_events
    return Report(
        title=title or f"Scores of P({rows.event.label})",
        lead=(
            f"{n:,.15g} rows with a score, {events:,.15g} of them events ({rows.event.label}, "
            f"{text(events / n, 'percent')}).",
            *rows.notes,
        ),
        sections=kept,
        definitions=_distinct(item for key, record in STATISTICS.items() if key in shown for item in record.listed()),
    )


def _tables(section: Section) -> Iterable[Table]:
    return (exhibit for exhibit in section.exhibits if isinstance(exhibit, Table))


@dataclass(frozen=True)
class _Brought:
    """A table that was made beforehand, and the section it goes to."""

    section: str
    table: Table


#: argument -> what it takes.
_TAKES: Final[Mapping[str, str]] = {
    "validation": "what fit.validate(), fit.evaluate() or glmlr.cross_validate() gave",
    "extra": "names of statistics and what statistics gave",
}
#: Tables of what is no statistic on record -> their section; all others go to "validation".
_HOMES: Final[Mapping[str, str]] = {
    "log_odds_table": "screening",
    "two_way_table": "screening",
    "screen_interactions": "screening",
    "binning": "screening",
    "scorecard": "coefficients",
    "stepwise": "coefficients",
    "compare": "goodness",
    "compare_auc": "discrimination",
    "calibration_by": "calibration",
    "recalibration": "calibration",
}


def _listed(given: Any) -> Iterable[Any]:
    """Take one thing as a list of it."""
    alone = isinstance(given, (Table, Tabled, str)) or not isinstance(given, Iterable)
    return (given,) if alone else given


def _tables_of(argument: str, given: Any) -> list[Table]:
    """Give the tables of what was made beforehand."""
    tables = []
    for one in _listed(given):
        table = one.table if isinstance(one, Tabled) else one
        if not isinstance(table, Table):
            raise ArgumentError(
                f"{argument}= takes {_TAKES[argument]}, one of them or a list, not {type(one).__name__}."
            )
        tables.append(table)
    return tables


def _extra(subject: Fit | Scored, extra: Any) -> list[Table]:
    """Make the statistics that are named, and take those that were made."""
    made = [
        STATISTICS[one_of("extra", one, STATISTICS)].function(subject) if isinstance(one, str) else one
        for one in _listed(extra)
    ]
    return _tables_of("extra", made)


def _home_of(key: str) -> str:
    return STATISTICS[key].section if key in STATISTICS else _HOMES.get(key, "validation")


def _sections(
    subject: Fit | Scored, sections: Sequence[str] | None, brought: Sequence[_Brought]
) -> tuple[Section, ...]:
    """Make the sections that are wanted, None for all, and keep those that have something to show or to say."""
    wanted = list(SECTIONS) if sections is None else [one_of("sections", key, SECTIONS) for key in sections]
    made = [
        _section(subject, key, [one.table for one in brought if one.section == key])
        for key in SECTIONS
        if key in wanted
    ]
    return tuple(section for section in made if section.exhibits or section.sentences)


def _section(subject: Fit | Scored, key: str, brought: Sequence[Table] = ()) -> Section:
    """Make one section: the sentences of its statistics, then their exhibits, and those that were brought."""
    about = subject if isinstance(subject, Fit) else Rows(subject.event.label, round(subject.ranking.total))
    said: list[str] = []
    exhibits: list[Table] = []
    instead = {table.key for table in brought}
    for record in STATISTICS.values():
        if record.section == key and record.in_report and record.key not in instead:
            table = _attempt(subject, record, said)
            if table is not None:
                said.extend(sentences(record.key, about, table))
                exhibits.append(replace(table, notes=_own_notes(subject, table)))
    for table in brought:
        said.extend(sentences(table.key, about, table))
        exhibits.append(replace(table, notes=_own_notes(subject, table)))
    return Section(key, SECTIONS[key][0], tuple(exhibits), tuple(said))


def _attempt(subject: Fit | Scored, record: Statistic, said: list[str]) -> Table | None:
    """Compute a statistic; where it does not apply to this fit or to these scores, say why instead."""
    if isinstance(subject, Scored) and record.on != "scores":
        return None
    try:
        return record.function(subject)
    except NotApplicable as reason:
        said.append(f"Not shown: {record.title}. {reason}")
    except DataError as reason:
        # Scores need not be probabilities; of a fit they are.
        if isinstance(subject, Fit):
            raise
        said.append(f"Not shown: {record.title}. {reason}")
    return None


def _own_notes(subject: Fit | Scored, table: Table) -> tuple[str, ...]:
    """Leave out of a table what the report's lead has said already."""
    return tuple(note for note in table.notes if note not in subject.notes)


def _distinct(items: Iterable[Definition]) -> tuple[Definition, ...]:
    found: dict[str, Definition] = {}
    for item in items:
        found.setdefault(item.name, item)
    return tuple(found.values())


def _separated(fit: Fit) -> tuple[Section, ...]:
    """Begin with what separates the rows, where estimates are infinite: whatever follows is to be read with it."""
    if fit.separation is None:
        return ()
    table = STATISTICS["separation_table"].function(fit)
    return (Section("separation", "Infinite estimates", (table,), sentences(table.key, fit, table)),)


def _making(fit: Fit) -> Section:
    """Account for the data, the fit and the versions, so that the report can be made again."""
    solution, rows = fit.solution, fit.design.rows
    lines = [
        ("Formula", fit.design.formula),
        ("Event", fit.event),
        ("Link", fit.link.name),
        ("Rows read, used", f"{rows.read:,}, {rows.used:,}"),
        ("Coefficients estimated", f"{fit.rank:,} of {len(fit.names):,}"),
        (
            "Solver",
            f"{solution.engine}, {solution.iterations} {'epochs' if 'batches' in solution.engine else 'steps'}",
        ),
        ("Converged", "yes" if fit.converged else f"no: {solution.reason}"),
        ("Largest standardised score", f"{solution.gradient_norm:.1e}"),
    ]
    return making_of(lines, rows.notes)


def making_of(lines: Sequence[tuple[str, Any]], notes: Sequence[str]) -> Section:
    """Give the section that says how a fit was made, and with which versions."""
    lines = [
        *lines,
        ("Python", ".".join(map(str, sys.version_info[:3]))),
        *((name, _version_of(name)) for name in _PACKAGES),
    ]
    table = Table(
        "making",
        "Data, fit and versions",
        pd.DataFrame(lines, columns=["item", "entry"]),
        {"item": "text", "entry": "text"},
        labels={"item": "What", "entry": "Which"},
        notes=(*notes, _SIGNS),
    )
    return Section("making", "How this was made", (table,))


def _version_of(package: str) -> str:
    """Give the version of a package that is installed."""
    try:
        return version(package)
    except PackageNotFoundError:
        return "not installed"


# ------------------------------------------------------------------------------------------------ summary


def summary(fit: Fit) -> Report:
    """Give the overview a modeller looks at first: the fit in one table and the coefficients.

    Warns:
        RankWarning: an area under the ROC curve below 1/2.

    """
    coefficients = STATISTICS["coefficients"].function(fit)
    curve = area(fit.ranking)
    if curve.auc < 0.5:
        STATISTICS["roc"].function(fit)  # whose warning is due here too
    return Report(
        title=f"{fit.link.name.capitalize()} model of P({fit.event})",
        lead=lead(fit),
        sections=(
            *_separated(fit),
            Section("summary", "Coefficients", (replace(coefficients, notes=_own_notes(fit, coefficients)),)),
        ),
        formula=fit.design.formula,
        overview=_overview(fit, likelihood_ratio(fit), curve),
    )


#: A line of the overview: its words, its number, the role of the number.
_Line: TypeAlias = tuple[str, float, str]


def _overview(fit: Fit, test: LikelihoodRatio | None, curve: Area | None) -> Table:
    """Put what a reader asks first into one small table; with the likelihood and the area where these are shown."""
    lines: list[_Line] = [
        ("Trials" if fit.design.grouped else "Rows", fit.nobs, "count"),
        ("Events", fit.ranking.total_events, "count"),
        ("Estimated coefficients", fit.rank, "count"),
        *([("Effective degrees of freedom", fit.effective_df, "statistic")] if fit.shrunken else []),
        *(_likelihood_lines(fit, test) if test is not None else ()),
        *(_area_lines(curve) if curve is not None else ()),
    ]
    known = [line for line in lines if not math.isnan(line[1])]
    return Table(
        "overview",
        "At a glance",
        pd.DataFrame({"measure": [words for words, _, _ in known], "value": [float(value) for _, value, _ in known]}),
        {"measure": "text", "value": "measure"},
        notes=("Likelihood quantities are weighted pseudo-likelihood.",) if fit.pseudo_likelihood else (),
        row_roles=tuple(role for _, _, role in known),
    )


def _likelihood_lines(fit: Fit, test: LikelihoodRatio) -> tuple[_Line, ...]:
    return (
        (f"{'Penalised likelihood' if fit.adjusted else 'Likelihood'} ratio chi-square", test.chi2, "statistic"),
        ("on degrees of freedom", test.df, "integer"),
        ("p of the likelihood ratio test", test.tail.p_value, "p_value"),
        ("McFadden's pseudo R²", likelihood_indices(fit)["mcfadden"], "estimate"),
        ("AIC", fit.aic, "loglik"),
        ("BIC", fit.bic, "loglik"),
    )


def _area_lines(curve: Area) -> tuple[_Line, ...]:
    return (
        ("c (area under the ROC curve)", curve.auc, "estimate"),
        ("95% interval of c, low", curve.low, "estimate"),
        ("95% interval of c, high", curve.high, "estimate"),
    )


def report(
    fit: Fit,
    path: str | None = None,
    *,
    title: str | None = None,
    sections: Sequence[str] | None = None,
    validation: Any = (),
    extra: Any = (),
) -> object:
    """Write the full report (.html or .md) and give its path; without a path, give the `Report` itself.

    For the options see `full_report`.
    """
    document = full_report(fit, title=title, sections=sections, validation=validation, extra=extra)
    return document if path is None else document.write(str(path))


# Bound here, as statistics are in the registry, so that fit.py imports nothing from above.
for _method in (summary, report):
    setattr(Fit, _method.__name__, explained_arguments(_method))
