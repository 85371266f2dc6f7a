"""Do transforms learn from rows in chunks what they learn from all rows at once: cut, threaded, pickled, weighted?"""

from __future__ import annotations

import pickle
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import reduce
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from patsy.mgcv_cubic_splines import CC, CR, TE
from patsy.splines import BS

from glmlr.language.bases import BSplines, CubicSplines
from glmlr.language.splines import Spline, SplineLearner
from glmlr.language.transforms import LEARNERS, Learned, Learner, Learning
from glmlr.quantiles import MOST_CELLS

Floats = npt.NDArray[np.float64]

LEARNERS_HERE: dict[str, Learner] = {
    **LEARNERS,
    **{name: SplineLearner(name, basis) for name, basis in (("bs", BS), ("cr", CR), ("cc", CC), ("te", TE))},
}
RANDOM = np.random.default_rng(3)
#: Columns that are easy and columns that are not: far from 0, in steps, with a gap and many ties, over magnitudes.
COLUMNS = {
    "normal": RANDOM.normal(size=700),
    "far from 0": RANDOM.normal(1e9, 1.0, 700),
    "years": RANDOM.integers(1950, 2020, 700).astype(float),
    "half zero": np.where(RANDOM.random(700) < 0.5, 0.0, RANDOM.gamma(2.0, size=700)),
    "over magnitudes": RANDOM.lognormal(0.0, 3.0, 700),
}
CALLS: list[tuple[str, dict[str, Any]]] = [
    ("center", {}), ("standardize", {}), ("scale", {"ddof": 1}), ("standardize", {"rescale": False}),
    ("poly", {}), ("poly", {"degree": 4}), ("poly", {"degree": 3, "raw": True}),
    ("bs", {"df": 6}), ("bs", {"df": 3}), ("bs", {"df": 5, "degree": 1, "include_intercept": True}),
    ("bs", {"knots": [1.0]}), ("bs", {"df": 4, "lower_bound": -1e10, "upper_bound": 1e10}),
    ("cr", {"df": 5}), ("cr", {"df": 4, "constraints": "center"}), ("cc", {"df": 3, "constraints": "center"}),
    ("cr", {"knots": [1.0], "constraints": "center"}), ("cc", {"df": 2, "constraints": [[1.0, 2.0, 3.0]]}),
    ("cr", {"df": 3, "lower_bound": -1e10, "upper_bound": 1e10}),
    ("te", {}), ("te", {"constraints": "center"}), ("te", {"constraints": [[1.0, 0.0, 0.0, -1.0]]}),
]  # fmt: skip
CUTS: dict[str, list[int]] = {"one row first": [1], "two": [350], "empty ones": [0, 3, 3, 700], "many": list(range(50))}

Adding = Callable[[Learning, list[Any]], Any]


def of_column(name: str, x: Floats) -> tuple[Any, ...]:
    """Give the data arguments of a transform: a tensor product takes two bases."""
    spread = float(np.abs(x).max())
    return (np.stack([x / spread, np.ones_like(x)], axis=1), np.stack([x, x**2], axis=1)) if name == "te" else (x,)


def usable(name: str, options: dict[str, Any], column: str) -> dict[str, Any]:
    """Put a knot that is given into the range of the column."""
    if "knots" not in options:
        return options
    return {**options, "knots": [float(np.sort(COLUMNS[column])[500]) + 0.25]}


def learnt_in_chunks(
    name: str,
    options: dict[str, Any],
    data: tuple[Any, ...],
    cuts: Sequence[int],
    weight: Floats | None = None,
    add_up: Adding = lambda learning, looks: reduce(learning.add, looks),
) -> tuple[Learned, int]:
    """Go through the passes; give what was learnt, and the number of passes."""
    found: Learned | Learning = LEARNERS_HERE[name].learning
    chunks = list(zip(*(np.split(one, cuts) for one in data), strict=True))
    weights = [None] * len(chunks) if weight is None else np.split(weight, cuts)
    passes = 0
    while isinstance(found, Learning):
        looks = [found.look(w, *chunk, **options) for w, chunk in zip(weights, chunks, strict=True)]
        found, passes = found.learnt(add_up(found, looks)), passes + 1
    return found, passes


def as_a_tree(learning: Learning, looks: list[Any]) -> Any:
    while len(looks) > 1:
        looks = [reduce(learning.add, looks[at : at + 2]) for at in range(0, len(looks), 2)]
    return looks[0]


def through_pickles(learning: Learning, looks: list[Any]) -> Any:
    there = pickle.loads(pickle.dumps(learning))
    return reduce(there.add, [pickle.loads(pickle.dumps(look)) for look in looks])


def same_columns(one: Learned, other: Learned, data: tuple[Any, ...], options: dict[str, Any], what: str) -> None:
    """Compare columns to 1e-14 of the largest value in each, and knots exactly."""
    a, b = (np.asarray(learned(*data, **options), dtype=np.float64) for learned in (one, other))
    largest = np.abs(b).max(axis=0)
    assert a.shape == b.shape
    assert (np.abs(a - b) <= 1e-14 * largest).all(), (what, np.max(np.abs(a - b) / np.where(largest > 0, largest, 1)))
    if isinstance(one, Spline) and isinstance(other, Spline) and isinstance(one.basis, BSplines | CubicSplines):
        assert isinstance(other.basis, BSplines | CubicSplines)
        np.testing.assert_array_equal(one.basis.knots, other.basis.knots)


@pytest.mark.parametrize("column", COLUMNS)
@pytest.mark.parametrize(("name", "options"), CALLS, ids=str)
def test_chunks_teach_what_all_rows_teach(name: str, options: dict[str, Any], column: str) -> None:
    options = usable(name, options, column)
    data = of_column(name, COLUMNS[column])
    whole = LEARNERS_HERE[name](None, *data, **options)
    for what, cuts in CUTS.items():
        same_columns(learnt_in_chunks(name, options, data, cuts)[0], whole, data, options, what)
    tree, _ = learnt_in_chunks(name, options, data, range(0, 700, 9), add_up=as_a_tree)
    same_columns(tree, whole, data, options, "a tree")
    sent, _ = learnt_in_chunks(name, options, data, [100, 300], add_up=through_pickles)
    same_columns(sent, whole, data, options, "pickles")
    same_columns(pickle.loads(pickle.dumps(whole)), whole, data, options, "what was learnt, pickled")


@pytest.mark.parametrize("column", ["normal", "years", "half zero"])
@pytest.mark.parametrize(("name", "options"), CALLS, ids=str)
def test_frequencies_teach_what_repeated_rows_teach(name: str, options: dict[str, Any], column: str) -> None:
    options = usable(name, options, column)
    data = of_column(name, COLUMNS[column])
    times = np.random.default_rng(8).integers(0, 4, 700)
    repeated = tuple(np.repeat(one, times, axis=0) for one in data)
    weighted, _ = learnt_in_chunks(name, options, data, [1, 200, 300], times.astype(float))
    same_columns(weighted, LEARNERS_HERE[name](None, *repeated, **options), data, options, "frequencies")


@pytest.mark.parametrize(
    ("name", "options", "passes"),
    [("center", {}, 1), ("standardize", {}, 1), ("poly", {"degree": 3}, 4), ("bs", {"df": 6}, 2), ("bs", {"df": 3}, 1)],
)
def test_many_different_values_take_few_passes_and_little_memory(
    name: str, options: dict[str, Any], passes: int
) -> None:
    """200,000 distinct values, more than are held: what chunks add up to has 16 bytes for each cell of a tally."""
    x = np.random.default_rng(1).normal(2005.0, 10.0, 200_000)
    sizes: list[int] = []

    def in_threads(learning: Learning, looks: list[Any]) -> Any:
        with ThreadPoolExecutor(2) as pool:
            halves = list(pool.map(lambda half: reduce(learning.add, half), [looks[:3], looks[3:]]))
        total = learning.add(*halves)
        sizes.append(len(pickle.dumps(total)))
        return total

    cuts = [1, 60_000, 60_000, 130_000, 199_999]
    found, taken = learnt_in_chunks(name, options, (x,), cuts, add_up=in_threads)
    assert taken == passes
    assert max(sizes) < 16 * MOST_CELLS + 2000
    same_columns(found, LEARNERS_HERE[name](None, x, **options), (x,), options, "threads")


def test_whole_numbers_take_one_pass() -> None:
    x = np.random.default_rng(2).integers(0, 100, 5000).astype(float)
    for name, options in (("poly", {"degree": 5}), ("bs", {"df": 9}), ("cr", {"df": 9})):
        assert learnt_in_chunks(name, options, (x,), [7, 3000])[1] == 1


def test_values_that_are_not_finite_are_not_learnt_from() -> None:
    """They come out undefined, and the others as if they were not there."""
    x = np.array([1.0, 2.0, np.nan, 3.0, 5.0, -np.inf, 8.0, 9.0, 11.0])
    good = np.isfinite(x)
    for name, options in (("center", {}), ("standardize", {}), ("poly", {"degree": 2}), ("bs", {"df": 4}),
                          ("cr", {"df": 3}), ("cc", {"df": 3, "constraints": "center"})):  # fmt: skip
        found, _ = learnt_in_chunks(name, options, (x,), [4])
        with np.errstate(invalid="ignore"):
            values = np.asarray(found(x, **options)).reshape(x.size, -1)
        alone = LEARNERS_HERE[name](None, x[good], **options)
        same_columns(found, alone, (x[good],), options, name)
        np.testing.assert_array_equal(np.isfinite(values).all(axis=1), good)


def test_nothing_finite_is_refused_where_knots_are_needed() -> None:
    for name in ("bs", "cr"):
        with pytest.raises(ValueError, match="none of its values is a finite number"):
            LEARNERS_HERE[name](None, np.array([np.nan, np.inf]), df=4)


def test_a_call_that_depends_on_the_rows_is_refused() -> None:
    learning = LEARNERS_HERE["bs"].learning
    x = np.arange(10.0)
    one, other = (learning.look(None, part, knots=part[1:4]) for part in (x[:5], x[5:]))
    with pytest.raises(ValueError, match="knots differs between rows"):
        learning.add(one, other)
