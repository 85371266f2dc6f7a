"""Is the order that of a plain sort, whatever the keys look like and whoever does the work?"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from glmlr import runs
from glmlr.ranking import ordering
from glmlr.ranking.ordering import in_order, keys_of, pieces_of, values_of

#: From a handful, which are sorted as they are, to enough for buckets, cells and several pieces.
SIZES = (1, 2, 300, 5_000, 16_385, 150_000)


def shapes(n: int) -> dict[str, np.ndarray]:
    """Give numbers of every kind that buckets and cells must bear."""
    rng = np.random.default_rng(n)
    spread = np.ldexp(rng.random(n), rng.integers(-1000, 1000, n)) * rng.choice([-1.0, 1.0], n)
    return {
        "uniform": rng.random(n),
        "either sign": rng.standard_normal(n),
        "few values": rng.integers(0, 5, n) / 4 - 0.5,
        "one value": np.full(n, 0.3),
        "over all exponents": spread,
        "dense but for one": rng.permutation(np.append(0.5 + np.arange(n - 1) * 2.0**-53, 1e300)),
        "in order": np.linspace(-1.0, 1.0, n),
        "backwards": np.linspace(1.0, 0.0, n),
        "infinite": np.where(rng.random(n) < 0.1, -np.inf, np.where(rng.random(n) < 0.1, np.inf, rng.random(n))),
    }


@pytest.fixture(params=[True, False], ids=["cells", "numpy"])
def way(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Sort what is in cache in either way; which is taken depends on the processor."""
    monkeypatch.setattr(ordering, "_cells_are_faster", lambda: request.param)


@pytest.mark.usefixtures("way")
@pytest.mark.parametrize("size", SIZES)
def test_keys_alone_come_in_order(size: int) -> None:
    for name, values in shapes(size).items():
        (keys,) = in_order(size, lambda rows, values=values: (keys_of(values[rows]),))
        np.testing.assert_array_equal(values_of(keys), np.sort(values), err_msg=name)


@pytest.mark.usefixtures("way")
@pytest.mark.parametrize("size", SIZES)
def test_what_is_carried_stays_with_its_key(size: int) -> None:
    for name, values in shapes(size).items():
        row = np.arange(size)

        def columns(rows: slice, values: np.ndarray = values, row: np.ndarray = row) -> tuple[np.ndarray, ...]:
            return keys_of(values[rows]), row[rows].astype(np.uint32), values[rows] * 2.0

        keys, rows, twice = in_order(size, columns)
        np.testing.assert_array_equal(values_of(keys), np.sort(values), err_msg=name)
        np.testing.assert_array_equal(values[rows], values_of(keys), err_msg=name)
        np.testing.assert_array_equal(twice, values_of(keys) * 2.0, err_msg=name)
        np.testing.assert_array_equal(np.sort(rows), row, err_msg=name)


@pytest.mark.parametrize("by_cells", [False, True])
def test_any_number_of_threads_gives_the_same_bits(monkeypatch: pytest.MonkeyPatch, by_cells: bool) -> None:
    """Whichever way is faster on this processor."""
    monkeypatch.setattr(ordering, "_cells_are_faster", lambda: by_cells)
    values = np.random.default_rng(5).standard_normal(200_000)

    def ordered() -> bytes:
        (keys,) = in_order(values.size, lambda rows: (keys_of(values[rows]),))
        return keys.tobytes()

    alone = in_order(values.size, lambda rows: (keys_of(values[rows]),), alone=True)[0].tobytes()
    assert alone == np.sort(keys_of(values)).tobytes()
    for threads in (None, 1, 3):
        pool = None if threads is None else ThreadPoolExecutor(threads)
        monkeypatch.setattr(runs, "pool_of_threads", lambda pool=pool: pool)
        monkeypatch.setattr(ordering, "number_of_threads", lambda threads=threads: threads or 1)
        assert ordered() == alone


@pytest.mark.parametrize("by_cells", [False, True])
def test_each_row_is_asked_for_once_besides_the_sample(monkeypatch: pytest.MonkeyPatch, by_cells: bool) -> None:
    monkeypatch.setattr(ordering, "_cells_are_faster", lambda: by_cells)
    asked: list[slice] = []
    values = np.random.default_rng(6).random(100_000)

    def columns(rows: slice) -> tuple[np.ndarray]:
        asked.append(rows)
        return (keys_of(values[rows]),)

    in_order(values.size, columns, alone=True)
    whole = sorted((rows for rows in asked if rows.step is None), key=lambda rows: rows.start)
    np.testing.assert_array_equal(
        np.concatenate([np.arange(rows.start, rows.stop) for rows in whole]), np.arange(100_000)
    )


def test_keys_stand_in_the_order_of_their_values() -> None:
    values = np.array([-np.inf, -1e308, -1.0, -5e-324, 0.0, 5e-324, 0.5, 1.0, 1e308, np.inf])
    keys = keys_of(values)
    assert (keys[1:] > keys[:-1]).all()
    assert values_of(keys).tobytes() == values.tobytes()


def test_minus_zero_has_the_key_of_zero() -> None:
    assert keys_of(np.array([-0.0]))[0] == keys_of(np.array([0.0]))[0]
    assert not np.signbit(values_of(keys_of(np.array([-0.0]))))[0]


def test_pieces_cover_all_rows_once() -> None:
    assert pieces_of(0) == []
    assert pieces_of(5, 2) == [slice(0, 2), slice(2, 4), slice(4, 5)]
