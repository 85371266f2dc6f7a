"""How long would a fit to 1e10 rows take on 10 to 1,000 workers? Measured constants, the model, and its check.

`python -m benchmarks.run cluster` writes cluster.md, cluster.svg and three tables to reports/benchmarks/.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from math import inf
from statistics import median

import pandas as pd

from benchmarks import results
from benchmarks.cluster_constants import as_table, constants_of_all, spread_of_parts
from benchmarks.cluster_model import Cluster, Constants, Forecast, forecast
from benchmarks.large import WIDER, files_of
from benchmarks.machine import machine, versions
from benchmarks.passes import fitted
from benchmarks.streaming import local_cluster
from glmlr.exhibits import Axis, Chart, Series

ROWS = 1e10
WORKERS = (10, 20, 50, 100, 200, 500, 1_000)
#: Assumed, not measured: bytes per second of a link, and of the storage as one of many workers sees it.
NETWORK = 1e9
STORAGE = 2e8
#: What if a task were so many times as large?
LARGER = (1, 4)
#: The check: a fit of the smallest model to these rows, on clusters of so many processes.
CHECKED_ROWS = 20_000_000
PROCESSES = (1, 2)
_RUNS = 3


def run(*, quick: bool) -> None:
    """Measure, check, forecast; print it, write it."""
    print("1e10 rows on a cluster [cluster]", flush=True)
    constants = measured(quick=quick)
    print(results.as_plain_text(as_table(constants)), flush=True)
    check = checked(constants[0], quick=quick)
    print(results.as_plain_text(check), flush=True)
    table = forecasts(constants)
    print(results.as_plain_text(table), flush=True)
    if not quick:
        on = {"machine": machine(), "versions": versions()}
        results.write_csv(as_table(constants).assign(**on), results.FOLDER / "cluster_constants.csv")
        results.write_csv(check.assign(**on), results.FOLDER / "cluster_check.csv")
        results.write_csv(table, results.FOLDER / "cluster.csv")
        results.draw(chart(table), results.FOLDER / "cluster.svg")
        (results.FOLDER / "cluster.md").write_text(as_page(constants, check, table), encoding="utf-8")


def measured(*, quick: bool) -> list[Constants]:
    """Measure the constants of each number of columns, on a cluster of 2 processes and in processes of their own."""
    with local_cluster(2) as client:
        found = constants_of_all(client, quick=quick)
        files = files_of(CHECKED_ROWS // (20 if quick else 1))
        spread = spread_of_parts(client, files, min(WIDER))
    return [replace(one, spread=spread) for one in found]


def checked(cost: Constants, *, quick: bool) -> pd.DataFrame:
    """Compare the model with fits on clusters of this machine, whose files are in memory and which need no wire."""
    rows = CHECKED_ROWS // (20 if quick else 1)
    files, found = files_of(rows), []
    for processes in PROCESSES:
        with local_cluster(processes) as client:
            fits = [fitted(files, formula=WIDER[cost.columns], cluster=client) for _ in range(1 + _RUNS)][1:]
        seconds = median(fit.seconds for fit in fits)
        said = forecast(rows, cost, Cluster(processes, inf, inf)).seconds
        found.append(
            {
                "processes": processes,
                "rows": rows,
                "measured_seconds": seconds,
                "measured_min": min(fit.seconds for fit in fits),
                "measured_max": max(fit.seconds for fit in fits),
                "model_seconds": said,
                "error": said / seconds - 1.0,
                "runs": len(fits),
            }
        )
    return pd.DataFrame(found)


def forecasts(constants: Sequence[Constants]) -> pd.DataFrame:
    """Give a row for each number of columns, size of a part, and number of workers."""
    return pd.DataFrame(
        _row(cost, workers, forecast(ROWS, cost, Cluster(workers, NETWORK, STORAGE)))
        for one in constants
        for cost in map(one.with_larger_parts, LARGER)
        for workers in WORKERS
    )


def _row(cost: Constants, workers: int, told: Forecast) -> dict[str, object]:
    shares = ("reading", "decoding", "computing", "scheduling", "adding", "waiting")
    return {
        "columns": cost.columns,
        "rows_per_part": cost.rows_per_part,
        "workers": workers,
        "seconds": told.seconds,
        "passes": len(told.passes),
        "seconds_per_pass": told.seconds / len(told.passes),
        "limit": told.limit,
        **{f"{name}_share": told.share(name) for name in shares},
        "gigabytes_held_by_client": told.held / 1e9,
        "gigabytes": told.traffic.total / 1e9,
        "gigabytes_tasks": told.traffic.tasks / 1e9,
        "gigabytes_between_workers": told.traffic.between_workers / 1e9,
        "gigabytes_to_client": told.traffic.to_client / 1e9,
        "gigabytes_read_from_storage": ROWS * cost.bytes_per_row * len(told.passes) / 1e9,
    }


def chart(table: pd.DataFrame) -> Chart:
    """Draw seconds of a fit over the number of workers, for each number of columns and size of a part."""
    series = [
        Series(
            f"{columns} columns, {rows / 1e6:g} million rows a task",
            "line",
            part["workers"].to_numpy(float),
            part["seconds"].to_numpy(float),
        )
        for (columns, rows), part in table.groupby(["columns", "rows_per_part"])
    ]
    return Chart(
        "cluster",
        "Seconds of a fit to 1e10 rows over the workers, by the model",
        tuple(series),
        Axis("Workers", "log"),
        Axis("Seconds", "log"),
        alt="The time falls with the workers until the scheduler, or the sums that travel, take all of it.",
    )


def as_page(constants: Sequence[Constants], check: pd.DataFrame, table: pd.DataFrame) -> str:
    """Write what the model says, what it rests on, and how far it is to be trusted."""
    first = constants[0]
    lines = [
        "# 1e10 rows on a cluster: a model",
        "",
        "No such cluster was at hand. `benchmarks/cluster_model.py` forecasts from what was measured on one machine "
        f"({machine()}; {versions()}); its first lines say what is modelled and what is left out. A worker is a "
        "process of one core. Parts are pieces of Parquet files, one task each, and one more for each group of "
        f"{first.parts_at_once} parts whose sums are added up where the workers are.",
        "",
        "## Time, traffic, and what limits",
        "",
        "| columns | rows a task | workers | s a fit | s a pass | limit | working | scheduler | sums | waiting "
        "| GB travelling | GB at the client | GB read |",
        "|--:|--:|--:|--:|--:|---|--:|--:|--:|--:|--:|--:|--:|",
        *(_line(row) for _, row in table.iterrows()),
        "",
        "Shares are of the time of the fit, each thing as if nothing else took time; they overlap. *Working* is "
        "reading, decoding and computing with all workers busy; where that is the largest, the limit names the largest "
        "of the three. *Scheduler*: one task after the other. *Sums*: those of the groups on their way to the client. "
        "*Waiting*: what none of these explains alone (stragglers). The client holds the sums of all groups of a pass "
        "at once.",
        "",
        "## How far it is to be trusted",
        "",
        f"Fits with {first.columns} columns on clusters of this machine, beside the model without wire and storage:",
        "",
        "| processes | rows | measured, s | range | model, s | error |",
        "|--:|--:|--:|--:|--:|--:|",
        *(
            f"| {row['processes']:.0f} | {row['rows']:,.0f} | {row['measured_seconds']:.3g} "
            f"| {row['measured_min']:.3g} to {row['measured_max']:.3g} | {row['model_seconds']:.3g} "
            f"| {row['error']:+.0%} |"
            for _, row in check.iterrows()
        ),
        "",
        "Client and scheduler share the cores with the workers here, and have their own on a cluster. Nothing beyond "
        "2 processes was checked: the queue of parts and the cost of a task are what a larger cluster rests on.",
        "",
        "## Constants",
        "",
        *_constants(constants),
        "",
        f"Assumed, not measured: a link of {NETWORK / 1e9:g} GB/s, that of the scheduler included; storage that "
        f"gives each worker {STORAGE / 1e6:g} MB/s, read and decoded one after the other; workers as fast as here.",
    ]
    return "\n".join(lines) + "\n"


def _line(row: pd.Series) -> str:
    working = row["reading_share"] + row["decoding_share"] + row["computing_share"]
    return (
        f"| {row['columns']} | {row['rows_per_part']:,} | {row['workers']:,} | {row['seconds']:,.3g} "
        f"| {row['seconds_per_pass']:,.3g} | {row['limit']} | {working:.0%} | {row['scheduling_share']:.0%} "
        f"| {row['adding_share']:.0%} | {row['waiting_share']:.0%} | {row['gigabytes']:,.3g} "
        f"| {row['gigabytes_held_by_client']:,.3g} "
        f"| {row['gigabytes_read_from_storage']:,.0f} |"
    )


def _constants(constants: Sequence[Constants]) -> list[str]:
    """Write the measured constants, one a line, a column for each number of design columns."""
    table = as_table(constants)
    words = {
        "passes": ("passes of a fit", ",.0f"),
        "rows_per_second_fit": ("rows/s of a core, mean over the passes", ",.3g"),
        "rows_per_second_slowest": ("rows/s of a core, slowest pass", ",.3g"),
        "rows_per_second_decoding": ("rows/s of a core that only decodes", ",.3g"),
        "bytes_per_row": ("bytes of a row in storage (12 columns)", ",.1f"),
        "rows_per_part": ("rows of a task", ",.0f"),
        "bytes_of_part": ("bytes that name a part", ",.0f"),
        "bytes_of_job": ("bytes of what is done to a part", ",.0f"),
        "bytes_of_sum": ("bytes of a k x k sum", ",.0f"),
        "bytes_of_largest_sum": ("bytes that a part gives back, in the pass where they are most", ",.0f"),
        "bytes_of_largest_group": ("bytes of a group of parts, likewise", ",.0f"),
        "seconds_per_task": ("seconds of client and scheduler for a task", ".2g"),
        "seconds_of_sum": ("seconds of a k x k sum from worker to client", ".2g"),
        "spread": ("standard deviation of the time of a part, over its mean", ".2g"),
    }
    head = ["| measured | " + " | ".join(f"k = {k}" for k in table["columns"]) + " |", "|---|" + "--:|" * len(table)]
    rows = [
        f"| {said} | " + " | ".join(format(float(value), form) for value in table[name]) + " |"
        for name, (said, form) in words.items()
    ]
    return [*head, *rows]
