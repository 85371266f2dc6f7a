"""What came out, and is it what was asked for? Rows of a table, a CSV file, charts."""

from __future__ import annotations

from pathlib import Path
from statistics import median
from typing import Any

import numpy as np
import pandas as pd

from benchmarks.agreement import largest_difference
from benchmarks.contest import Case, Contest
from benchmarks.growth import exponent
from benchmarks.machine import machine, versions
from benchmarks.stopwatch import Turns
from glmlr.exhibits import Axis, Chart, Series

FOLDER = Path(__file__).resolve().parent.parent / "reports" / "benchmarks"
SHOWN = ["what", "theirs", "ours_median", "theirs_median", "unit", "ratio", "target", "met", "difference", "runs"]


def rows_of(case: Case, contest: Contest, turns: list[Turns], witness: Any, load: tuple[float, float]) -> pd.DataFrame:
    """Give one row for each peer: medians, extremes, the ratio of each pair of runs, and whether both agree."""
    ours, *peers = turns
    return pd.DataFrame([_row(case, contest, ours, peer, witness, load) for peer in peers])


def _row(
    case: Case, contest: Contest, ours: Turns, peer: Turns, witness: Any, load: tuple[float, float]
) -> dict[str, Any]:
    target = peer.contestant.target
    pairs = list(zip(ours.costs, peer.costs, strict=False))
    ratios = [target.of(*pair) if target else pair[1] / pair[0] for pair in pairs]
    difference, within = _difference(contest, ours, peer, witness)
    agreed = not difference > within
    ratio = median(ratios)
    return {
        "case": case.key,
        "what": contest.what,
        "rows": contest.rows,
        "ours": ours.contestant.name,
        "theirs": peer.contestant.name,
        "unit": contest.unit,
        "ours_median": median(ours.costs),
        "ours_min": min(ours.costs),
        "ours_max": max(ours.costs),
        "theirs_median": median(peer.costs),
        "theirs_min": min(peer.costs),
        "theirs_max": max(peer.costs),
        "runs": len(pairs),
        "ratio": ratio,
        "ratio_min": min(ratios),
        "ratio_max": max(ratios),
        "ratios": " ".join(f"{one:.4g}" for one in ratios),
        "target": "" if target is None else str(target),
        "met": "disagree" if not agreed else "" if target is None else "yes" if target.met(ratio) else "no",
        "beyond": np.nan if target is None else target.beyond(ratio),
        "beyond_min": np.nan if target is None else min(map(target.beyond, ratios)),
        "beyond_max": np.nan if target is None else max(map(target.beyond, ratios)),
        "difference": difference,
        "load_before": load[0],
        "load_after": load[1],
        "machine": machine(),
        "versions": versions(),
    }


def _difference(contest: Contest, ours: Turns, peer: Turns, witness: Any) -> tuple[float, float]:
    """Give the largest relative difference of the answers, and how large it may be."""
    read = ours.contestant.answer
    if read is None:
        return float("nan"), float("inf")
    if contest.witness is not None and contest.witness.answer is not None:
        return largest_difference(read(ours.result), contest.witness.answer(witness)), contest.witness.within
    if peer.contestant.answer is None:
        return float("nan"), float("inf")
    return largest_difference(read(ours.result), peer.contestant.answer(peer.result)), peer.contestant.within


def as_text(table: pd.DataFrame, *, judged: bool = True) -> str:
    """Give the columns that answer the question, for a terminal; without the judgement where rows were too few."""
    return as_plain_text(table[[column for column in SHOWN if judged or column not in ("target", "met")]])


def as_plain_text(table: pd.DataFrame) -> str:
    """Give a table for a terminal, with four digits."""
    return table.to_string(index=False, float_format=lambda value: f"{value:.4g}")


def write(table: pd.DataFrame) -> pd.DataFrame:
    """Write results.csv and targets.svg; cases that were not run this time keep their rows. Gives all rows."""
    path = FOLDER / "results.csv"
    table = kept(path, table, ["case"])
    table = table.fillna({"met": "", "target": ""})
    write_csv(table, path)
    draw(targets_chart(table), FOLDER / "targets.svg")
    return table


def write_passes(table: pd.DataFrame) -> None:
    """Write passes.csv; what was not run this time keeps its rows."""
    path = FOLDER / "passes.csv"
    write_csv(kept(path, table.assign(machine=machine(), versions=versions()), ["what"]), path)


def write_growth(points: pd.DataFrame) -> None:
    """Write growth.csv and one chart along the rows and one along the columns; other sizes keep their rows."""
    path = FOLDER / "growth.csv"
    points = kept(path, points.assign(machine=machine(), versions=versions()), ["along", "where", "size"])
    points = points.sort_values(["along", "where", "size"], ignore_index=True)
    write_csv(points, path)
    for along in ("n", "p"):
        draw(growth_chart(points, along), FOLDER / f"growth_{along}.svg")


def kept(path: Path, table: pd.DataFrame, by: list[str]) -> pd.DataFrame:
    """Put rows before those of a table that were written earlier and are not measured anew, by some columns."""
    if not path.is_file():
        return table
    before = pd.read_csv(path)
    if not set(by) <= set(before.columns):
        return table
    again = pd.MultiIndex.from_frame(before[by].astype(str)).isin(pd.MultiIndex.from_frame(table[by].astype(str)))
    # What is missing in all rows that stay has no type, and must not give one to those that are added.
    before = before[~again].dropna(axis="columns", how="all")
    return pd.concat([before, table], ignore_index=True).reindex(columns=table.columns) if len(before) else table


def targets_chart(table: pd.DataFrame) -> Chart:
    """Draw how many times better than asked for each case is."""
    asked = table[(table["target"] != "") & (table["met"] != "disagree")]
    places = np.arange(len(asked), dtype=float)
    names = tuple(f"{a} / {b.partition(':')[0]}" for a, b in zip(asked["what"], asked["theirs"], strict=True))
    labels = tuple(f"{ratio:.3g} ({target})" for ratio, target in zip(asked["ratio"], asked["target"], strict=True))
    beyond, low, high = (asked[c].to_numpy(float) for c in ("beyond", "beyond_min", "beyond_max"))
    short = int((asked["met"] == "no").sum())
    return Chart(
        "targets",
        "Measured over asked for",
        (
            Series("median and range of the pairs", "intervals", beyond, places, low, high, labels=labels),
            Series("what is asked for", "reference", np.array([1.0]), np.array([np.nan])),
        ),
        Axis("Times better than asked for", "log"),
        Axis("Case", categories=names),
        alt=f"{len(asked) - short} of {len(asked)} ratios are as good as asked for.",
    )


def growth_chart(points: pd.DataFrame, along: str) -> Chart:
    """Draw seconds over size on two logarithmic axes, with the fitted exponents, for each place of the rows."""
    part = points[points["along"] == along]
    what = "rows" if along == "n" else "columns (100,000 rows)"
    slopes = {where: exponent(points, along, where) for where in dict.fromkeys(part["where"])}
    series: list[Series] = []
    for where, slope in slopes.items():
        line = part[part["where"] == where]
        size, time = line["size"].to_numpy(float), line["seconds"].to_numpy(float)
        name = f"{where}, {line['columns'].iloc[0]} columns: exponent {slope:.2f}" if along == "n" else ""
        series += [Series(name, "line", size, time), Series("", "points", size, time)]
    told = " and ".join(f"{slope:.2f}" + f" ({where})" * (along == "n") for where, slope in slopes.items())
    return Chart(
        f"growth_{along}",
        f"Seconds of a fit over {what}" + (f": exponent {told} where they are many" if along == "p" else ""),
        tuple(series),
        Axis(what.capitalize(), "log"),
        Axis("Seconds", "log"),
        alt=f"The time of a fit grows with the {what} to the power {told}.",
    )


def write_csv(table: pd.DataFrame, path: Path) -> None:
    """Write a table with six digits."""
    path.parent.mkdir(parents=True, exist_ok=True)
    table.to_csv(path, index=False, float_format="%.6g", lineterminator="\n")


def draw(chart: Chart, path: Path) -> None:
    """Draw a chart as SVG, the same bytes for the same values."""
    import matplotlib as mpl

    path.parent.mkdir(parents=True, exist_ok=True)
    with mpl.rc_context({"svg.hashsalt": "glmlr", "svg.fonttype": "path"}):
        chart.figure().savefig(path, metadata={"Date": None}, facecolor="white")
