"""Which exhibits make a report, and in which order? The full report of a fit and its short summary."""

from __future__ import annotations

import math
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from importlib.metadata import PackageNotFoundError, version
from typing import Final

import pandas as pd

from glmlr.errors import NotApplicable, explained_arguments, one_of
from glmlr.exhibits import Definition, Report, Section, Table
from glmlr.fit import Fit
from glmlr.narrative import lead, sentences
from glmlr.registry import SECTIONS, STATISTICS, Statistic

_SIGNS = (
    "In the tables of this report – stands for a number that does not exist here; an empty cell is one that does not "
    "belong to its row."
)
#: Packages whose versions a report records: those that can change a number.
_PACKAGES = ("glmlr", "numpy", "scipy", "pandas", "patsy")


@explained_arguments
def full_report(fit: Fit, *, title: str | None = None, sections: Sequence[str] | None = None) -> Report:
    """Put everything that is said about a fit into a report.

    Args:
        fit: the fitted model.
        title: heading; by default the event and the formula's response.
        sections: keys of `glmlr.registry.SECTIONS` to show, in the order of that list; None for all.

    Raises:
        OptionError: a section that does not exist.

    """
    wanted = list(SECTIONS) if sections is None else [one_of("sections", key, SECTIONS) for key in sections]
    made = [_section(fit, key) for key in SECTIONS if key in wanted]
    kept = tuple(section for section in made if section.exhibits or section.sentences)
    shown = {table.key for section in kept for table in _tables(section)}
    listed = tuple(item for key, record in STATISTICS.items() if key in shown for item in record.listed())
    return Report(
        title=title or f"Modelling P({fit.event})",
        lead=lead(fit),
        sections=(*kept, _making(fit)),
        definitions=_distinct(listed),
        formula=fit.design.formula,
        overview=_overview(fit, {table.key: table for section in kept for table in _tables(section)}),
    )


def _tables(section: Section) -> Iterable[Table]:
    return (exhibit for exhibit in section.exhibits if isinstance(exhibit, Table))


def _section(fit: Fit, key: str) -> Section:
    """Make one section: the sentences of its statistics, then their exhibits."""
    said: list[str] = []
    exhibits: list[Table] = []
    for record in STATISTICS.values():
        if record.section == key and record.in_report:
            table = _attempt(fit, record, said)
            if table is not None:
                said.extend(sentences(record.key, fit, table))
                exhibits.append(replace(table, notes=_own_notes(fit, table)))
    return Section(key, SECTIONS[key][0], tuple(exhibits), tuple(said))


def _attempt(fit: Fit, record: Statistic, said: list[str]) -> Table | None:
    """Compute a statistic; where it does not apply to this fit, say why instead."""
    try:
        return record.function(fit)
    except NotApplicable as reason:
        said.append(f"Not shown: {record.title}. {reason}")
        return None


def _own_notes(fit: Fit, table: Table) -> tuple[str, ...]:
    """Leave out of a table what the report's lead has said already."""
    return tuple(note for note in table.notes if note not in fit.notes)


def _distinct(items: Iterable[Definition]) -> tuple[Definition, ...]:
    found: dict[str, Definition] = {}
    for item in items:
        found.setdefault(item.name, item)
    return tuple(found.values())


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
            f"{'Newton' if solution.method != 'statsmodels' else 'statsmodels IRLS'}, {solution.iterations} steps",
        ),
        ("Converged", "yes" if fit.converged else f"no: {solution.reason}"),
        ("Largest standardised score", f"{solution.gradient_norm:.1e}"),
        ("Python", ".".join(map(str, sys.version_info[:3]))),
        *((name, _version(name)) for name in _PACKAGES),
    ]
    table = Table(
        "making",
        "Data, fit and versions",
        pd.DataFrame(lines, columns=["item", "entry"]),
        {"item": "text", "entry": "text"},
        labels={"item": "What", "entry": "Which"},
        notes=(*rows.notes, _SIGNS),
    )
    return Section("making", "How this was made", (table,))


def _version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return "not installed"


# ------------------------------------------------------------------------------------------------ summary


def summary(fit: Fit) -> Report:
    """Give the overview a modeller looks at first: the fit in one table and the coefficients."""
    found = {key: STATISTICS[key].function(fit) for key in ("goodness_of_fit", "roc")}
    coefficients = STATISTICS["coefficients"].function(fit)
    return Report(
        title=f"{fit.link.name.capitalize()} model of P({fit.event})",
        lead=lead(fit),
        sections=(Section("summary", "Coefficients", (replace(coefficients, notes=_own_notes(fit, coefficients)),)),),
        formula=fit.design.formula,
        overview=_overview(fit, found),
    )


def _overview(fit: Fit, made: Mapping[str, Table]) -> Table:
    """Put what a reader asks first into one small table, from the tables that are made already."""
    lines: list[tuple[str, float, str]] = [
        ("Trials" if fit.design.grouped else "Rows", float(fit.nobs), "count"),
        ("Events", fit.ranking.total_events, "count"),
        ("Estimated coefficients", float(fit.rank), "count"),
        *_lines_of(made.get("goodness_of_fit"), _GOODNESS),
        *_lines_of(made.get("roc"), _AREA),
    ]
    return Table(
        "overview",
        "At a glance",
        pd.DataFrame([line[:2] for line in lines], columns=["measure", "value"]),
        {"measure": "text", "value": "measure"},
        notes=("Likelihood quantities are weighted pseudo-likelihood.",) if fit.pseudo_likelihood else (),
        row_roles=tuple(line[2] for line in lines),
    )


#: What the overview takes from a table: measure, column, words, kind of number.
_GOODNESS: Final = (
    ("lr_chi2", "value", "Likelihood ratio chi-square", "statistic"),
    ("lr_chi2", "df", "on degrees of freedom", "integer"),
    ("lr_chi2", "p_value", "p of the likelihood ratio test", "p_value"),
    ("mcfadden", "value", "McFadden's pseudo R²", "estimate"),
    ("aic", "value", "AIC", "loglik"),
    ("bic", "value", "BIC", "loglik"),
)
_AREA: Final = (
    ("auc", "value", "c (area under the ROC curve)", "estimate"),
    ("low", "value", "95% interval of c, low", "estimate"),
    ("high", "value", "95% interval of c, high", "estimate"),
)


def _lines_of(table: Table | None, wanted: Iterable[tuple[str, str, str, str]]) -> Iterator[tuple[str, float, str]]:
    """Read single numbers off a table of measures; those that do not exist are left out."""
    rows = {} if table is None else table.frame.set_index("measure").to_dict("index")
    for measure, column, words, kind in wanted:
        value = float(rows.get(measure, {}).get(column, math.nan))
        if not math.isnan(value):
            yield words, value, kind


def report(
    fit: Fit, path: str | None = None, *, title: str | None = None, sections: Sequence[str] | None = None
) -> object:
    """Write the full report (.html or .md) and give its path; without a path, give the `Report` itself."""
    document = full_report(fit, title=title, sections=sections)
    return document if path is None else document.write(str(path))


# Bound here, as statistics are in the registry, so that fit.py imports nothing from above.
for _method in (summary, report):
    setattr(Fit, _method.__name__, explained_arguments(_method))
