"""How fast is glmlr? Runs the cases that are named, or all: `python -m benchmarks.run [case ...] [--quick]`.

Run it on a machine that does nothing else. Writes results.csv, passes.csv, growth.csv, limits.md, cluster.md and their
tables and charts to reports/benchmarks/; `--quick` runs a twentieth of the rows to see that everything works, judges
nothing and writes nothing. Large files are made once, in the folder that GLMLR_BENCH_DATA names (1.3 GB; 6.7 GB for
huge, and for growth by name).
"""

from __future__ import annotations

import argparse
import warnings
from collections.abc import Callable
from functools import partial

import pandas as pd

from benchmarks import cluster, limits, results
from benchmarks.cases import CASES
from benchmarks.contest import Case, Contest
from benchmarks.growth import IN_MEMORY, IN_PARTS, exponent, growth
from benchmarks.machine import load, machine, versions
from benchmarks.stopwatch import take_turns

QUICK = 1 / 20
#: What is measured beside the cases, each with its own tables and charts.
GROWTH, LIMITS, CLUSTER = "growth", "limits", "cluster"


def run_contest(case: Case, contest: Contest, *, quick: bool) -> pd.DataFrame:
    """Let everyone take turns, and give one row for each peer."""
    before = load()
    turns = take_turns(contest, quick=quick)
    witness = contest.witness.run() if contest.witness else None
    return results.rows_of(case, contest, turns, witness, (before, load()))


def run_case(case: Case, *, quick: bool) -> pd.DataFrame:
    """Run the contests of a case, each printed when it is done; an empty table where there are none yet."""
    if case.contests is None:
        print(case.missing, flush=True)
        return pd.DataFrame()
    print(f"{case.title} [{case.key}]", flush=True)
    found = []
    for contest in case.contests(QUICK if quick else 1.0):
        found.append(run_contest(case, contest, quick=quick))
        print(results.as_text(found[-1], judged=not quick), flush=True)
        if contest.passes is not None:
            tell_passes(contest.passes(), quick=quick)
    return pd.concat(found, ignore_index=True)


def tell_passes(passes: pd.DataFrame, *, quick: bool) -> None:
    """Print the time of each pass, write it."""
    print(results.as_plain_text(passes), flush=True)
    if not quick:
        results.write_passes(passes)


def run_growth(*, quick: bool, past_memory: bool) -> None:
    """Measure the growth, print it, write it."""
    points = growth(quick, past_memory)
    print(results.as_plain_text(points))
    curves = (("n", IN_MEMORY), ("n", IN_PARTS), ("p", IN_MEMORY))
    print(
        ", ".join(f"exponent along {a}, {where}: {exponent(points, a, where):.2f}" for a, where in curves), flush=True
    )
    if not quick:
        results.write_growth(points)


def main() -> None:
    """Read what is asked for, run it, write it."""
    keys = [*(case.key for case in CASES), GROWTH, LIMITS, CLUSTER]
    parser = argparse.ArgumentParser(prog="python -m benchmarks.run", description=__doc__)
    parser.add_argument("cases", nargs="*", metavar="case", help=f"one or more of {', '.join(keys)}; all by default")
    parser.add_argument("--quick", action="store_true", help="a twentieth of the rows; nothing is judged or written")
    options = parser.parse_args()
    unknown = [key for key in options.cases if key not in keys]
    if unknown:
        parser.error(f"there is no case {unknown[0]!r}; there are {', '.join(keys)}")
    # The peers warn about their own defaults; what they find is checked.
    warnings.simplefilter("ignore")
    print(f"{machine()}; {versions()}; load {load():.2f}")
    wanted = options.cases or [key for key in keys if key not in {case.key for case in CASES if case.only_by_name}]
    for case in CASES:
        if case.key in wanted:
            table = run_case(case, quick=options.quick)
            # What took long is not lost when a later case fails.
            if len(table) and not options.quick:
                results.write(table)
    others: dict[str, Callable[..., None]] = {
        GROWTH: partial(run_growth, past_memory=GROWTH in options.cases),
        LIMITS: limits.run,
        CLUSTER: cluster.run,
    }
    for key, run in others.items():
        if key in wanted:
            run(quick=options.quick)
    if not options.quick:
        print("Written to reports/benchmarks/.")


if __name__ == "__main__":
    main()
