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
        "met": "" if target is None else "disagree" if not agreed else "yes" if target.met(ratio) else "no",
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
    shown = [column for column in SHOWN if judged or column not in ("target", "met")]
    return table[shown].to_string(index=False, float_format=lambda value: f"{value:.4g}")


def write(table: pd.DataFrame) -> pd.DataFrame:
    """Write results.csv and targets.svg; cases that were not run this time keep their rows. Gives all rows."""
    path = FOLDER / "results.csv"
    if path.is_file():
        before = pd.read_csv(path, keep_default_na=True).astype({"met": object, "target": object})
        before = before.fillna({"met": "", "target": ""})
        table = pd.concat([before[~before["case"].isin(table["case"])], table], ignore_index=True)
    _write_csv(table, path)
    _draw(targets_chart(table), FOLDER / "targets.svg")
    return table


def write_growth(points: pd.DataFrame) -> None:
    """Write growth.csv and one chart along the rows and one along the columns."""
    _write_csv(points.assign(machine=machine(), versions=versions()), FOLDER / "growth.csv")
    for along in ("n", "p"):
        _draw(growth_chart(points, along), FOLDER / f"growth_{along}.svg")


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
    """Draw seconds over size on two logarithmic axes, with the fitted exponent."""
    part = points[points["along"] == along]
    size, time = part["size"].to_numpy(float), part["seconds"].to_numpy(float)
    what = "rows (19 columns)" if along == "n" else "columns (100,000 rows)"
    slope = exponent(points, along)
    return Chart(
        f"growth_{along}",
        f"Seconds of a fit over {what}: exponent {slope:.2f} where they are many",
        (Series("", "line", size, time), Series("", "points", size, time)),
        Axis(what.capitalize(), "log"),
        Axis("Seconds", "log"),
        alt=f"The time of a fit grows with the {what} to the power {slope:.2f}.",
    )


def _write_csv(table: pd.DataFrame, path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    table.to_csv(path, index=False, float_format="%.6g", lineterminator="\n")


def _draw(chart: Chart, path: Path) -> None:
    import matplotlib as mpl

    with mpl.rc_context({"svg.hashsalt": "glmlr", "svg.fonttype": "path"}):
        chart.figure().savefig(path, metadata={"Date": None}, facecolor="white")
