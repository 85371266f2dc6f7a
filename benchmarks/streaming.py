"""How fast are rows read that do not fit into memory, and how little memory does it take? And on a cluster?"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pandas as pd

from benchmarks import likelihood, scans
from benchmarks.contest import Answer, Contest, Contestant, cost, faster
from benchmarks.large import files_of
from benchmarks.passes import Run, fitted, fitted_apart, table
from benchmarks.stopwatch import reported

TWENTY_MILLION = 20_000_000
HUNDRED_MILLION = 100_000_000
#: Resident memory of the whole process, in MB.
LIMIT_OF_FIT = 600.0
LIMIT_OF_REPORT = 1.5 * 1024**3 / 1e6


def parquet(share: float) -> Iterator[Contest]:
    """2e7 rows in 4 files: a pass over a scan that does nothing, and the memory of the whole process."""
    rows = int(TWENTY_MILLION * share)
    files = files_of(rows)
    runs: list[Run] = []

    def answer(run: Run) -> Answer:
        return likelihood.sums_over_fitted(run.estimates, files)

    def contest(what: str, name: str, cost_of: Callable[[Run], float], *peers: Contestant) -> Contest:
        ours = Contestant(name, _told(lambda: fitted(files), cost_of, runs), answer)
        return Contest(what, rows, ours, peers, reported, "s", _witness(runs, files))

    scan = scans.decoding(files, faster(0.4))
    others = (scans.duckdb(files), scans.polars(files))
    yield contest("Parquet, median pass", "glmlr: median pass of fit()", lambda run: run.typical, scan, *others)
    yield contest("Parquet, Newton pass", "glmlr: Newton pass of fit()", lambda run: run.slow, scan)
    yield Contest(
        "Parquet, peak memory",
        rows,
        Contestant("glmlr: fit().coefficients()", _told(lambda: fitted_apart(rows), lambda run: run.peak), answer),
        (_limit(LIMIT_OF_FIT),),
        reported,
        "MB",
        _witness(runs, files),
        passes=lambda: table("2e7 rows of Parquet", runs),
    )


def huge(share: float) -> Iterator[Contest]:
    """1e8 rows in 20 files: the memory of fit and full report, once; the seconds of each pass are told beside it."""
    rows = int(HUNDRED_MILLION * share)
    files = files_of(rows)
    runs: list[Run] = []

    def answer(run: Run) -> Answer:
        return likelihood.sums_over_fitted(run.estimates, files)

    run = _told(lambda: fitted_apart(rows, report=True), lambda run: run.peak, runs)
    yield Contest(
        "1e8 rows, fit + report, memory",
        rows,
        Contestant("glmlr: fit().report()", run, answer),
        (_limit(LIMIT_OF_REPORT),),
        reported,
        "MB",
        _witness(runs, files),
        once=True,
        passes=lambda: table("1e8 rows of Parquet", runs),
    )


def dask(share: float) -> Iterator[Contest]:
    """2e7 rows on a cluster of 2 processes against the threads of one: a pass, and the same fit to 1e-12."""
    rows = int(TWENTY_MILLION * share)
    files = files_of(rows)
    runs: list[Run] = []

    def answer(run: Run) -> Answer:
        return pd.Series(run.estimates)

    with local_cluster(2) as client:

        def there() -> Run:
            return fitted(files, cluster=client, standard_errors=True)

        yield Contest(
            "Dask, 2 processes, median pass",
            rows,
            Contestant("glmlr: fit(cluster=), a pass", _told(there, lambda run: run.typical, runs), answer),
            (
                Contestant(
                    "own threads: fit(), a pass",
                    _told(lambda: fitted(files, standard_errors=True), lambda run: run.typical),
                    answer,
                    within=1e-12,
                ),
            ),
            reported,
            "s",
            passes=lambda: table("2e7 rows, Dask with 2 processes", runs),
        )


@contextmanager
def local_cluster(processes: int) -> Iterator[Any]:
    """Give a client of a cluster of single-threaded processes on this machine."""
    import distributed

    cluster = distributed.LocalCluster(
        n_workers=processes,
        threads_per_worker=1,
        processes=True,
        dashboard_address=None,
        silence_logs=logging.ERROR,
    )
    with cluster, distributed.Client(cluster) as client:
        yield client


def _told(fit: Callable[[], Run], cost_of: Callable[[Run], float], kept: list[Run] | None = None) -> Callable[[], Any]:
    """Fit and give what it cost beside the run; keep the run."""

    def run() -> tuple[float, Run]:
        found = fit()
        if kept is not None:
            kept.append(found)
        return cost_of(found), found

    return run


def _limit(megabytes: float) -> Contestant:
    """Ask for no more than a number of MB."""
    return Contestant(f"the limit: {megabytes:.0f} MB", lambda: (megabytes, None), None, cost(1.0))


def _witness(runs: list[Run], files: list[str]) -> Contestant:
    """Let a database form one side of the likelihood equations; our answer is the other."""
    return Contestant(
        "duckdb: X'y",
        lambda: likelihood.sums_over_events(list(runs[0].estimates), files),
        lambda sums: sums,
        within=1e-9,
    )
