"""How fast is glmlr? Runs the cases that are named, or all: `python -m benchmarks.run [case ...] [--quick]`.

Run it on a machine that does nothing else. Writes results.csv, growth.csv and their charts to reports/benchmarks/;
`--quick` runs a twentieth of the rows to see that everything works, judges nothing and writes nothing.
"""

from __future__ import annotations

import argparse
import warnings

import pandas as pd

from benchmarks import results
from benchmarks.cases import CASES
from benchmarks.contest import Case, Contest
from benchmarks.growth import exponent, growth
from benchmarks.machine import load, machine, versions
from benchmarks.stopwatch import take_turns

QUICK = 1 / 20
GROWTH = "growth"


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
    return pd.concat(found, ignore_index=True)


def run_growth(*, quick: bool) -> None:
    """Measure the growth, print it, write it."""
    points = growth(quick)
    print(points.to_string(index=False, float_format=lambda value: f"{value:.4g}"))
    print(", ".join(f"exponent along {along}: {exponent(points, along):.2f}" for along in ("n", "p")), flush=True)
    if not quick:
        results.write_growth(points)


def main() -> None:
    """Read what is asked for, run it, write it."""
    keys = [*(case.key for case in CASES), GROWTH]
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
    wanted = options.cases or keys
    found = [run_case(case, quick=options.quick) for case in CASES if case.key in wanted]
    measured = [table for table in found if len(table)]
    if measured and not options.quick:
        results.write(pd.concat(measured, ignore_index=True))
    if GROWTH in wanted:
        run_growth(quick=options.quick)
    if not options.quick and (measured or GROWTH in wanted):
        print("Written to reports/benchmarks/.")


if __name__ == "__main__":
    main()
