"""What limits each case now? Its time beside that of the work it cannot do without, measured in one run.

`python -m benchmarks.run limits` writes limits.csv and limits.md to reports/benchmarks/.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from benchmarks import hardware, results
from benchmarks.contest import Case, Contest, Contestant
from benchmarks.frames import BIRTHS, DISCRETE, FACTORS, NUMERIC, WIDE, categorical, discrete, scores, wide
from benchmarks.hardware import Bound
from benchmarks.large import LARGE, files_of
from benchmarks.machine import load, machine, versions
from benchmarks.passes import fitted
from benchmarks.stopwatch import reported, seconds, take_turns

MILLION = 1_000_000
PARQUET_ROWS = 20_000_000
CSV_ROWS = 250_000
#: Design columns of `WIDE` and of `LARGE`.
WIDE_COLUMNS, LARGE_COLUMNS = len(NUMERIC) + 9, 18
#: Where all bounds of a case are done one after the other.
TOGETHER = "all of these"


@dataclass(frozen=True)
class Limited:
    """A case and what it cannot do without.

    Attributes:
        contest: ours is the case, each peer the work of one bound.
        bounds: those, in order.

    """

    contest: Contest
    bounds: tuple[Bound, ...]


def limited(share: float) -> Iterator[Limited]:
    """Give the main cases, at a share of their rows."""
    yield from _wide(int(MILLION * share))
    yield _patterns(int(MILLION * share))
    yield _formula(int(MILLION * share))
    yield _ranking(int(MILLION * share))
    yield _parquet(int(PARQUET_ROWS * share))
    yield from _text(int(CSV_ROWS * share))
    yield _small()


def measured(one: Limited, *, quick: bool) -> pd.DataFrame:
    """Measure a case and its bounds in turn; give a row for each bound, and one for all of them together."""
    before = load()
    turns = take_turns(one.contest, quick=quick)
    rows = results.rows_of(Case("limits", ""), one.contest, turns, None, (before, load()))
    table = pd.DataFrame(
        {
            "case": rows["what"],
            "rows": rows["rows"],
            "seconds": rows["ours_median"],
            "limit": [bound.limit for bound in one.bounds],
            "does": [bound.does for bound in one.bounds],
            "limit_seconds": rows["theirs_median"],
            "share": rows["ratio"],
            "share_min": rows["ratio_min"],
            "share_max": rows["ratio_max"],
            "rate": [bound.amount for bound in one.bounds] / rows["theirs_median"],
            "unit": [f"{bound.unit}/s" for bound in one.bounds],
            "runs": rows["runs"],
            "load_before": rows["load_before"],
            "load_after": rows["load_after"],
        }
    )
    if len(table) == 1:
        return table
    counted = [bound.counted for bound in one.bounds]
    return pd.concat([table, _together(table, counted)], ignore_index=True)


def run(*, quick: bool) -> None:
    """Measure all, print it, write it."""
    print("What limits each case [limits]", flush=True)
    found = []
    for one in limited(1 / 20 if quick else 1.0):
        found.append(measured(one, quick=quick))
        shown = found[-1].drop(columns=["share_min", "share_max", "load_before", "load_after"])
        print(results.as_plain_text(shown), flush=True)
    if not quick:
        table = pd.concat(found, ignore_index=True).assign(machine=machine(), versions=versions())
        results.write_csv(table, results.FOLDER / "limits.csv")
        (results.FOLDER / "limits.md").write_text(as_page(table), encoding="utf-8")


def as_page(table: pd.DataFrame) -> str:
    """Write the table as a page: what was measured, what limits each case, how to read it."""
    lines = [
        "# What limits each case",
        "",
        f"{table['machine'].iloc[0]}. {table['versions'].iloc[0]}.",
        "",
        "Each case is timed in turn with the work that it cannot do without, done alone and on all cores: reading its "
        "numbers, multiplying them, decoding its files. The share is the time of that work over the time of the case "
        "(median of the pairs): near 100 % nothing is left to gain, and what is missing is spent otherwise.",
        "",
        "| case | rows | ms | bounded by | what that is | at best, ms | share | rate |",
        "|---|--:|--:|---|---|--:|--:|--:|",
        *(_line(row) for _, row in table.iterrows()),
        "",
        "## In words",
        "",
        *(_sentence(case, part) for case, part in table.groupby("case", sort=False)),
    ]
    return "\n".join(lines) + "\n"


def _line(row: pd.Series) -> str:
    rate = "" if row["limit"] == TOGETHER else f"{row['rate']:,.3g} {row['unit']}"
    return (
        f"| {row['case']} | {row['rows']:,} | {1e3 * row['seconds']:,.3g} | {row['limit']} | {row['does']} "
        f"| {1e3 * row['limit_seconds']:,.3g} | {row['share']:.0%} | {rate} |"
    )


def _sentence(case: str, part: pd.DataFrame) -> str:
    single = part[part["limit"] != TOGETHER]
    most = single.loc[single["share"].idxmax()]
    said = f"- **{case}**: {most['limit']} takes {most['share']:.0%} of the time ({most['does']})"
    whole = part[part["limit"] == TOGETHER]
    return f"{said}; all that was measured alone, {whole['share'].iloc[0]:.0%}." if len(whole) else f"{said}."


def _together(table: pd.DataFrame, counted: list[bool]) -> pd.DataFrame:
    """Give the bounds of a case done one after the other, which is what one set of cores must do."""
    added = ["limit_seconds", "share", "share_min", "share_max"]
    whole = table.iloc[[0]].assign(limit=TOGETHER, does="one after the other", rate=np.nan, unit="")
    return whole.assign(**table.loc[counted, added].sum())


# ------------------------------------------------------------------------------------------------ the cases


def _case(what: str, rows: int, run: Any, bounds: Sequence[Bound]) -> Limited:
    """Time a case by the clock."""
    peers = tuple(Contestant(bound.does, bound.run) for bound in bounds)
    return Limited(Contest(what, rows, Contestant("glmlr", run), peers), tuple(bounds))


def _wide(n: int) -> Iterator[Limited]:
    """1e6 x 19: one pass of Newton's method over rows in memory, and the whole fit."""
    import glmlr
    from glmlr.design import build_design
    from glmlr.links import LOGIT
    from glmlr.newton import sums_at

    frame = categorical(wide(n))
    fit, design = glmlr.fit(WIDE, frame), build_design(WIDE, frame)
    beta = np.asarray(fit.params)
    x = hardware.reading(8 * n * WIDE_COLUMNS, "X")
    products = [hardware.multiplying(n, WIDE_COLUMNS), hardware.multiplying_short(n, WIDE_COLUMNS)]
    bounds = [x, *products, hardware.exponentials(n)]
    yield _case("a pass over 1e6 x 19 in memory", n, lambda: sums_at(design, beta, LOGIT), bounds)
    passes = sum(1 + one.halvings for one in fit.solution.trace)

    def whole() -> None:
        glmlr.fit(WIDE, frame).coefficients()

    yield _case("fit 1e6 x 19", n, whole, [hardware.times(passes, bound) for bound in bounds])


def _patterns(n: int) -> Limited:
    """1e6 rows of five factors: each row is read once, and counted."""
    import glmlr

    frame = discrete(n)
    codes = np.ravel_multi_index(
        [np.asarray(frame[name].cat.codes, dtype=np.intp) for name in FACTORS],
        [len(frame[name].cat.categories) for name in FACTORS],
    )
    bounds = [hardware.reading((len(FACTORS) + 8) * n, "the codes and outcomes"), hardware.counting(codes)]
    return _case("fit 5,760 patterns", n, lambda: glmlr.fit(DISCRETE, frame).coefficients(), bounds)


def _formula(n: int) -> Limited:
    """The formula step: ten columns are copied, two factors expanded, one of them from text."""
    from glmlr.design import build_design

    frame = wide(n)
    filled = hardware.filling(8 * n * len(NUMERIC), 8 * n * WIDE_COLUMNS, "read the columns, write X")
    bounds = [filled, hardware.coding(frame["region"])]
    return _case("formula step, text", n, lambda: build_design(WIDE, frame).matrix(), bounds)


def _ranking(n: int) -> Limited:
    """Association of 1e6 scores: they are sorted."""
    import glmlr

    y, p, _ = scores(n)
    bounds = [hardware.reading(16 * n, "outcomes and scores"), hardware.sorting(p)]
    return _case("association of 1e6 scores", n, lambda: glmlr.association(y, p), bounds)


def _parquet(n: int) -> Limited:
    """2e7 rows of Parquet: a pass of Newton's method decodes all columns and multiplies."""
    files = files_of(n)
    bounds = [
        hardware.loading(files),
        hardware.decoding(files, n),
        hardware.multiplying(n, LARGE_COLUMNS),
        hardware.exponentials(n),
    ]

    def newton() -> tuple[float, Any]:
        found = fitted(files)
        return found.slow, found

    peers = tuple(Contestant(bound.does, lambda run=bound.run: seconds(run)) for bound in bounds)
    ours = Contestant("glmlr", newton)
    return Limited(Contest("a pass over 2e7 rows of Parquet", n, ours, peers, reported, "s a pass"), tuple(bounds))


def _text(n: int) -> Iterator[Limited]:
    """A fit from a CSV file: its text is parsed."""
    import glmlr

    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "rows.csv"
        pd.read_parquet(files_of(n)).to_csv(path, index=False)
        bounds = [hardware.parsing_text(path)]
        yield _case("fit from a CSV file", n, lambda: glmlr.fit(LARGE, path).coefficients(), bounds)


def _small() -> Limited:
    """189 rows: the fixed cost, of which the formula is a part."""
    import glmlr

    births = glmlr.datasets.load("birthwt")

    def whole() -> str:
        return str(glmlr.fit(BIRTHS, births).summary())

    return _case("189 rows, fit + summary", len(births), whole, [hardware.parsing_formula(BIRTHS)])
