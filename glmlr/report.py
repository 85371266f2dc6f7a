"""Which exhibits make a report, and in which order? The full report of a fit and its short summary."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Sequence
from dataclasses import replace
from importlib.metadata import PackageNotFoundError, version

import pandas as pd

from glmlr.errors import NotApplicable, explained_arguments, one_of
from glmlr.exhibits import Chart, Definition, Report, Section, Table
from glmlr.fit import Fit
from glmlr.narrative import lead, sentences
from glmlr.registry import SECTIONS, STATISTICS, Statistic

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
    shown = {table.key for section in kept for table in section.exhibits if isinstance(table, Table)}
    listed = tuple(item for key, record in STATISTICS.items() if key in shown for item in record.listed())
    return Report(
        title=title or f"Modelling P({fit.event})",
        lead=lead(fit),
        sections=(*kept, _making(fit)),
        definitions=_distinct(listed),
    )


def _section(fit: Fit, key: str) -> Section:
    """Make one section: the sentences of its statistics, then their exhibits."""
    said: list[str] = []
    exhibits: list[Table | Chart] = []
    for record in STATISTICS.values():
        if record.section == key and record.in_report:
            table = _attempt(fit, record, said)
            if table is not None:
                said.extend(sentences(record.key, fit, table))
                exhibits.extend(_flat(table))
    return Section(key, SECTIONS[key][0], tuple(exhibits), tuple(said))


def _attempt(fit: Fit, record: Statistic, said: list[str]) -> Table | None:
    """Compute a statistic; where it does not apply to this fit, say why instead."""
    try:
        return record.function(fit)
    except NotApplicable as reason:
        said.append(f"{record.title}: {reason}")
        return None


def _flat(table: Table) -> Iterable[Table | Chart]:
    """Put a table, its drawings and its companions one after the other."""
    yield replace(table, charts=(), tables=(), notes=_own_notes(table))
    yield from table.charts
    for companion in table.tables:
        yield from _flat(companion)


def _own_notes(table: Table) -> tuple[str, ...]:
    """Leave out of a table what the report's lead has said already."""
    return tuple(note for note in table.notes if not note.startswith(("Modelling P(", "Standard errors: ")))


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
        notes=tuple(rows.notes),
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
    lr = 2.0 * (fit.loglik - fit.null_loglik)
    lines: list[tuple[str, float]] = [
        ("Rows (Bernoulli trials)", float(fit.nobs)),
        ("Events", fit.ranking.total_events),
        ("Estimated coefficients", float(fit.rank)),
        ("Log-likelihood", fit.loglik),
        ("Likelihood ratio chi-square against the null model", lr),
        ("McFadden's pseudo R²", 1.0 - fit.loglik / fit.null_loglik),
        ("AIC", fit.aic),
        ("BIC", fit.bic),
    ]
    overview = Table(
        "overview",
        "Overview",
        pd.DataFrame(lines, columns=["measure", "value"]),
        {"measure": "text", "value": "measure"},
    )
    coefficients = STATISTICS["coefficients"].function(fit)
    return Report(
        title=f"{fit.link.name} model: {fit.design.formula}",
        lead=lead(fit),
        sections=(Section("summary", "Summary", (overview, replace(coefficients, notes=_own_notes(coefficients)))),),
    )


def report(
    fit: Fit, path: str | None = None, *, title: str | None = None, sections: Sequence[str] | None = None
) -> object:
    """Write the full report (.html or .md) and give its path; without a path, give the `Report` itself."""
    document = full_report(fit, title=title, sections=sections)
    return document if path is None else document.write(str(path))


# Bound here, as statistics are in the registry, so that fit.py imports nothing from above.
for _method in (summary, report):
    setattr(Fit, _method.__name__, explained_arguments(_method))
