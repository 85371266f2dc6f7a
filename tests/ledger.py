"""How many values were compared with a witness, and how far off was the worst? A count of what the tests compare.

`PYTHONPATH=tests pytest -p ledger --ledger reports/witnesses.csv` runs tests as ever and adds up every comparison of
numbers by `pytest.approx` and numpy's `assert_allclose`: one row for each file of tests and witness. Which witness a
test has is read off its source: the files of R values, and the packages that it or what it calls refers to.
"""

from __future__ import annotations

import ast
import csv
import json
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any, Final

import numpy as np
import pytest

#: Packages whose numbers are witnesses -> the name a reader knows.
_PACKAGES: Final = {
    "statsmodels": "statsmodels",
    "sklearn": "scikit-learn",
    "scipy.stats": "scipy",
    "scipy.optimize": "scipy",
    "scipy.special": "scipy",
    "scipy.integrate": "scipy",
    "mpmath": "mpmath",
    "patsy": "patsy",
    "networkx": "networkx",
}
#: What a comparison shows where neither R nor another package is asked.
_ITSELF: Final = "closed form, brute force or law"
#: Absolute tolerance of `pytest.approx` where a test states none.
_APPROX_ABSOLUTE: Final = 1e-12
#: A difference from a smaller value is one from this: where both are 0 but for rounding the ratio says nothing.
_SMALL: Final = 1e-8
_COLUMNS: Final = ("tests_file", "question", "witness", "tests", "values", "largest_difference", "in_test")


@dataclass
class Count:
    """What the tests of one file compared with one witness."""

    tests: set[str] = field(default_factory=set)
    values: int = 0
    largest: float = 0.0
    worst: str = ""

    def add(self, test: str, values: int, difference: float) -> None:
        """Count the comparisons of a test."""
        self.tests.add(test)
        self.values += values
        if difference > self.largest:
            self.largest, self.worst = difference, test


class Ledger:
    """Adds up comparisons by the test under way."""

    def __init__(self) -> None:
        self.test = ""
        self.seen: dict[str, list[float]] = defaultdict(lambda: [0.0, 0.0])

    def compared(self, actual: Any, expected: Any, absolute: float) -> None:
        """Count values that were found to agree; the difference is relative, of small values to what counts as 0."""
        try:
            ours, theirs = np.broadcast_arrays(np.asarray(actual, float), np.asarray(expected, float))
        except (TypeError, ValueError):
            return
        both = np.isfinite(ours) & np.isfinite(theirs)
        if not self.test or not both.any():
            return
        size = np.maximum(np.abs(theirs[both]), max(absolute, _SMALL))
        record = self.seen[self.test]
        record[0] += int(both.sum())
        record[1] = max(record[1], float((np.abs(ours[both] - theirs[both]) / size).max()))


_LEDGER: Final = Ledger()


def _approximated(kind: Any) -> None:
    """Let the scalar kind of `pytest.approx`, by which the others compare too, report what it found equal."""
    before = kind.__eq__

    def equal(self: Any, actual: Any) -> bool:
        found = bool(before(self, actual))
        if found and np.ndim(actual) == 0:
            _LEDGER.compared(actual, self.expected, self.abs if self.abs is not None else _APPROX_ABSOLUTE)
        return found

    kind.__eq__ = equal
    kind.__hash__ = None


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--ledger", default=None, help="write what was compared to this CSV file")


def pytest_configure(config: pytest.Config) -> None:
    if config.getoption("--ledger") is None:
        return
    _approximated(type(pytest.approx(1.0)))
    before = np.testing.assert_allclose

    def allclose(actual: Any, desired: Any, rtol: float = 1e-7, atol: float = 0, **options: Any) -> None:
        before(actual, desired, rtol=rtol, atol=atol, **options)
        _LEDGER.compared(actual, desired, atol)

    np.testing.assert_allclose = allclose


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item: pytest.Item) -> Iterator[None]:
    _LEDGER.test = item.nodeid
    try:
        return (yield)
    finally:
        _LEDGER.test = ""


def pytest_sessionfinish(session: pytest.Session) -> None:
    wanted = session.config.getoption("--ledger")
    if wanted is None:
        return
    path = Path(wanted)
    worker = getattr(session.config, "workerinput", {}).get("workerid", "")
    part = path.with_suffix(f".part{worker}")
    part.write_text(json.dumps(_LEDGER.seen), encoding="utf-8")
    if worker:
        return
    seen: dict[str, list[float]] = {}
    for one in sorted(path.parent.glob(f"{path.stem}.part*")):
        seen |= json.loads(one.read_text(encoding="utf-8"))
        one.unlink()
    _written(path, _gathered(seen, session.config.rootpath))


def _gathered(seen: dict[str, list[float]], root: Path) -> dict[tuple[str, str], Count]:
    counts: dict[tuple[str, str], Count] = defaultdict(Count)
    for test, (values, difference) in sorted(seen.items()):
        file, _, rest = test.partition("::")
        name = rest.partition("[")[0].rpartition("::")[2]
        counts[file, witness_of(root / file, name)].add(rest, int(values), difference)
    return counts


def _written(path: Path, counts: dict[tuple[str, str], Count]) -> None:
    with path.open("w", encoding="utf-8", newline="") as out:
        writer = csv.writer(out, lineterminator="\n")
        writer.writerow(_COLUMNS)
        for (file, witness), one in sorted(counts.items()):
            question = (ast.get_docstring(_source(Path(file))) or "").partition("\n")[0]
            largest = "0" if not one.largest else f"{one.largest:.0e}"
            writer.writerow([file, question, witness, len(one.tests), one.values, largest, one.worst])


# ------------------------------------------------------------------------------------------------ whose values


@cache
def _source(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"))


@cache
def _reads(path: Path) -> dict[str, set[str]]:
    """Give for every name that a file of tests defines the names that it refers to; imports refer to packages."""
    found: dict[str, set[str]] = {}
    for node in _source(path).body:
        if isinstance(node, ast.Import):
            for alias in node.names:
                found[alias.asname or alias.name.partition(".")[0]] = {f"={alias.name}"}
        elif isinstance(node, ast.ImportFrom):
            for alias in node.names:
                found[alias.asname or alias.name] = {f"={node.module}"}
        elif isinstance(node, (ast.FunctionDef, ast.ClassDef)):
            found[node.name] = _names(node)
        elif isinstance(node, (ast.Assign, ast.AnnAssign)):
            for target in node.targets if isinstance(node, ast.Assign) else [node.target]:
                for name in ast.walk(target):
                    if isinstance(name, ast.Name):
                        found[name.id] = _names(node)
    return found


def _names(node: ast.AST) -> set[str]:
    """Give the names that a piece of source refers to, its arguments (fixtures), imports and files of R values."""
    found = set()
    for one in ast.walk(node):
        if isinstance(one, ast.Name):
            found.add(one.id)
        elif isinstance(one, ast.arg):
            found.add(one.arg)
        elif isinstance(one, ast.ImportFrom):
            found.add(f"={one.module}")
        elif isinstance(one, ast.Import):
            found |= {f"={alias.name}" for alias in one.names}
        elif isinstance(one, ast.Call) and isinstance(one.func, ast.Name) and one.func.id == "read_witness":
            found |= {f"=R ({arg.value}.R)" for arg in one.args if isinstance(arg, ast.Constant)}
    return found


@cache
def witness_of(path: Path, test: str) -> str:
    """Say whose values a test compares with, "R (fit.R), statsmodels"."""
    reads = _reads(path)
    seen, waiting = set(), [test]
    while waiting:
        name = waiting.pop()
        if name not in seen:
            seen.add(name)
            waiting.extend(reads.get(name, ()))
    origins = [name[1:] for name in seen if name.startswith("=")]
    named = {one for one in origins if one.startswith("R (")}
    for origin in origins:
        named |= {name for package, name in _PACKAGES.items() if origin == package or origin.startswith(f"{package}.")}
    return ", ".join(sorted(named, key=lambda name: (not name.startswith("R "), name))) or _ITSELF
