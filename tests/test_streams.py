"""Do rows read in pieces hold what they hold when read whole, and is what cannot be read said in a sentence?"""

from __future__ import annotations

import csv
import datetime
import decimal
import gc
import os
import pickle
import subprocess
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pyarrow.dataset as ds
import pytest
from pyarrow import feather, ipc, parquet

from glmlr.errors import DataError, SourceError
from glmlr.language.categories import Labels
from glmlr.sources import Source, paths, read, spool, stored, streams, texts
from glmlr.sources.arrow_rows import layout_of
from glmlr.sources.queries import Query, of_lazy_frame
from glmlr.sources.streams import Stream, open_stream, streamed

Held = dict[str, tuple[str, list[Any], list[int]]]


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Make batches of 4 rows and pieces of 8, so that a few rows have seams; give the folder of temporary files."""
    for module in (stored, spool, texts):
        monkeypatch.setattr(module, "BATCH_ROWS", 4)
    for module in (stored, spool):
        monkeypatch.setattr(module, "PIECE_ROWS", 8)
    folder = tmp_path_factory.mktemp("temporary")
    monkeypatch.setattr("tempfile.tempdir", str(folder))
    return folder


def opened(data: Any) -> Stream:
    stream = open_stream(data)
    assert stream is not None
    return stream


def batches(stream: Stream) -> Iterator[Source]:
    return (batch for piece in stream.pieces() for batch in piece.batches())


def held(sources: Source | Iterator[Source], names: tuple[str, ...]) -> Held:
    """Say of each column its kind, its values and which rows are missing, batch after batch."""
    parts = [sources] if isinstance(sources, Source) else list(sources)
    out = {}
    for name in names:
        kinds, kept, missing, start = set(), [], [], 0
        for part in parts:
            column = part.column(name)
            values = column.values.values() if isinstance(column.values, Labels) else np.asarray(column.values)
            gaps = np.zeros(len(values), dtype=bool) if column.missing is None else column.missing
            kinds.add(column.kind)
            kept += values[~gaps].tolist()
            missing += (np.flatnonzero(gaps) + start).tolist()
            start += len(part.index)
        assert len(kinds) == 1, f"{name} is {kinds}"
        out[name] = (kinds.pop(), kept, missing)
    return out


def streamed_as_whole(data: Any, whole: Any) -> Stream:
    """Assert that a stream holds what the whole holds, its index going on; give it."""
    stream = opened(data)
    source = read(whole)
    assert stream.names == source.names
    assert held(batches(stream), stream.names) == held(source, source.names)
    assert np.concatenate([batch.index for batch in batches(stream)]).tolist() == list(range(stream.rows or 0))
    return stream


def numbered(rows: int, start: int = 0) -> pd.DataFrame:
    """Give rows with a number, a gap, a truth and text in them."""
    at = np.arange(start, start + rows)
    gaps = np.where(at % 5 == 3, np.nan, at / 4)
    words = pd.Series(np.array(["b", "a", "c c", "d"])[at % 4]).where(at % 7 != 2, None)
    return pd.DataFrame({"n": at, "x": gaps, "f": at % 3 == 0, "t": words})


# ------------------------------------------------------------------------------------------------ what streams


def test_what_is_read_in_pieces(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    frame = numbered(3)
    frame.to_parquet(tmp_path / "a.parquet")
    frame.to_csv(tmp_path / "a.csv")
    feather.write_feather(frame, tmp_path / "a.feather")
    table = pa.Table.from_pandas(frame)
    yes = [tmp_path, str(tmp_path / "*.parquet"), [tmp_path / "a.csv"], tmp_path / "a.feather"]
    yes += [ds.dataset(table), table.to_reader(), pl.from_pandas(frame).lazy()]
    no = [tmp_path / "a.parquet", str(tmp_path / "a.csv"), tmp_path / "absent.csv", tmp_path / "a.xlsx", frame, table]
    no += [{"a": [1]}, [{"a": 1}], [], None, 3, pl.from_pandas(frame)]
    assert [streamed(data) for data in yes] == [True] * len(yes)
    assert [streamed(data) for data in no] == [False] * len(no)
    assert [open_stream(data) for data in no] == [None] * len(no)
    monkeypatch.setattr(paths, "LARGE_FILE", (tmp_path / "a.csv").stat().st_size - 1)
    assert streamed(tmp_path / "a.csv")
    monkeypatch.setattr(paths, "LARGE_FILE", (tmp_path / "a.csv").stat().st_size)
    assert not streamed(tmp_path / "a.csv")


def test_a_literal_file_is_no_pattern(tmp_path: Path) -> None:
    (tmp_path / "rows[1].csv").write_text("a\n1\n")
    assert not streamed(tmp_path / "rows[1].csv")
    assert opened([tmp_path / "rows[1].csv"]).names == ("a",)


# ------------------------------------------------------------------------------------------------ Parquet and Arrow


def write_parts(folder: Path, counts: tuple[int, ...], group: int = 4) -> pd.DataFrame:
    """Write part-0.parquet, part-1.parquet, ... with so many rows; give all rows."""
    starts = np.cumsum((0, *counts))
    for at, (rows, start) in enumerate(zip(counts, starts, strict=False)):
        table = pa.Table.from_pandas(numbered(rows, int(start)), schema=pa.Schema.from_pandas(numbered(9)))
        parquet.write_table(table, folder / f"part-{at}.parquet", row_group_size=group)
    return numbered(int(starts[-1]))


@pytest.mark.parametrize("group", [1, 3, 4, 100])
def test_parts_are_read_in_natural_order_whatever_their_row_groups(small: Path, tmp_path: Path, group: int) -> None:
    whole = write_parts(tmp_path, (5, 1, 3, 0, 2, 9, 4, 1, 1, 1, 30, 2), group)
    stream = streamed_as_whole(str(tmp_path / "*.parquet"), whole)
    assert stream.described == f"{tmp_path / '*.parquet'} (11 files, 59 rows)"
    assert stream.spooled_bytes == 0
    assert stream.kinds == {"n": "number", "x": "number", "f": "truth", "t": "category"}
    assert stream.declared == frozenset()
    pieces = stream.pieces()
    assert [piece.start for piece in pieces] == np.cumsum([0, *(piece.rows for piece in pieces[:-1])]).tolist()
    assert all(piece.rows >= 8 for piece in pieces[:-1])
    assert max(len(batch.index) for batch in batches(stream)) <= 4
    for piece in pieces:
        assert sum(len(batch.index) for batch in piece.batches()) == piece.rows
    streamed_as_whole(tmp_path, whole)
    streamed_as_whole([tmp_path / f"part-{at}.parquet" for at in range(12)], whole)
    streamed_as_whole(ds.dataset([str(tmp_path / f"part-{at}.parquet") for at in range(12)]), whole)


def test_small_row_groups_are_put_together(small: Path, tmp_path: Path) -> None:
    write_parts(tmp_path, (2, 6, 5), group=1)
    assert [len(batch.index) for batch in batches(opened(tmp_path))] == [4, 4, 4, 1]


def test_pieces_say_what_they_are(small: Path, tmp_path: Path) -> None:
    write_parts(tmp_path, (20, 5))
    names = [piece.name for piece in opened(tmp_path).pieces()]
    assert names[0] == "part-0.parquet, row groups 1 to 2 of 5"
    assert names[2] == "part-0.parquet, row group 5 of 5, to part-1.parquet, row group 1 of 2"
    assert names[3] == "part-1.parquet, row group 2 of 2"


def test_only_the_columns_asked_for_are_read(small: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = write_parts(tmp_path, (9, 3))
    asked = []
    plain = parquet.ParquetFile.iter_batches

    def watched(file: Any, *args: Any, columns: list[str], **options: Any) -> Any:
        asked.append(columns)
        return plain(file, *args, columns=columns, **options)

    monkeypatch.setattr(parquet.ParquetFile, "iter_batches", watched)
    stream = opened(tmp_path).only(["t", "n", "t"])
    assert stream.names == ("t", "n")
    assert held(batches(stream), stream.names) == held(read(whole[["t", "n"]]), ("t", "n"))
    assert {tuple(columns) for columns in asked} == {("t", "n")}
    with pytest.raises(DataError, match=r"column 'nn' not found; did you mean 'n'\?"):
        opened(tmp_path).only(["nn"])
    with pytest.raises(DataError, match="column 'x' not found; there are t, n"):
        next(batches(stream)).column("x")


def test_pieces_travel_and_are_read_side_by_side(small: Path, tmp_path: Path) -> None:
    whole = write_parts(tmp_path, (19, 23))
    stream = opened(tmp_path)
    far = [pickle.loads(pickle.dumps(piece)) for piece in stream.pieces()]
    with ThreadPoolExecutor(4) as pool:
        parts = [batch for part in pool.map(lambda piece: list(piece.batches()), far) for batch in part]
    assert held(iter(parts), stream.names) == held(read(whole), stream.names)


def every_type() -> pd.DataFrame:
    day, noon = datetime.date(2024, 1, 1), datetime.time(12)
    return pd.DataFrame(
        {
            "int": [1, 2, 3, -4, 5, 6],
            "byte": np.array([1, 2, 3, 4, 5, 255], dtype="uint8"),
            "huge": np.array([1, 2, 3, 4, 5, 2**64 - 1], dtype="uint64"),
            "short": np.array([0.1, 2, 3, np.nan, 5, 6], dtype="float32"),
            "nullable": pd.array([1, None, 3, 4, 5, 6], dtype="Int64"),
            "arrow": pd.array([None, 1, 3, 4, 5, 6], dtype=pd.ArrowDtype(pa.int32())),
            "maybe": pd.array([True, None, False, True, True, True], dtype="boolean"),
            "objects": pd.Series([True, None, False, True, None, None], dtype=object),
            "text": ["b", None, "a", None, None, None],
            "string": pd.array([None, None, None, None, "z", "\u00e9"], dtype="string"),
            "factor": pd.Categorical(["b", "a", None, "b", "b", "a"], categories=["b", "unused", "a"]),
            "graded": pd.Categorical(["b", "a", None, "b", "b", "a"], categories=["b", "a"], ordered=True),
            "coded": pd.Categorical([3, 1, 3, 1, 3, 2], categories=[3, 2, 1]),
            "day": [day, None, day, day, day, None],
            "when": pd.to_datetime(["2024-01-01", None, "2024-01-03", None, None, None]),
            "zone": pd.to_datetime(["2024-01-01", None, "2024-01-03", None, None, None]).tz_localize("UTC"),
            "took": pd.to_timedelta([1, None, 2, None, None, None], unit="D"),
            "time": [noon, None, noon, None, None, None],
            "month": pd.PeriodIndex(["2024-01", None, "2024-03", None, None, "2024-03"], freq="M"),
            "range": pd.IntervalIndex.from_tuples([(2, 3), (0, 1), (1, 2), None, None, None]),
            "money": [decimal.Decimal("1.10"), None, decimal.Decimal("2.25"), decimal.Decimal("-0.07"), None, None],
            "nothing": [None] * 6,
        },
        index=pd.Index([7, 9, 8, 3, 2, 1], name="key"),
    )


@pytest.mark.parametrize("form", ["parquet", "feather", "arrow", "flow", "reader", "dataset", "spooled"])
def test_every_type_is_what_pandas_makes_of_it(small: Path, tmp_path: Path, form: str) -> None:
    """The witness is pandas.read_parquet of the whole file, in which the stored index is no column."""
    frame = every_type()
    frame.to_parquet(tmp_path / "a.parquet", row_group_size=3)
    table = parquet.read_table(tmp_path / "a.parquet")
    data: Any = tmp_path / f"a.{form}"
    if form == "feather":
        feather.write_feather(table, data, chunksize=3)
    elif form == "arrow":
        with ipc.new_file(data, table.schema) as file:
            file.write_table(table, max_chunksize=3)
    elif form == "flow":
        data = tmp_path / "a.arrows"
        with ipc.new_stream(data, table.schema) as file:
            file.write_table(table, max_chunksize=3)
    elif form == "reader":
        data = table.to_reader(3)
    elif form == "dataset":
        data = ds.dataset(tmp_path / "a.parquet")
    elif form == "spooled":
        data = ds.dataset(tmp_path / "a.parquet").filter(ds.field("int") < 100)
    else:
        data = [data]
    stream = streamed_as_whole(data, tmp_path / "a.parquet")
    assert stream.names == tuple(frame)
    assert stream.declared == {"factor", "graded"}
    first, second = batches(stream)
    for batch in (first, second):
        assert batch.column("factor").values.levels == ("b", "unused", "a")
        assert batch.column("graded").values.ordered
        assert not batch.column("factor").values.ordered
        # What pandas holds in the first rows of a file or the last ones, not knowing the others.
        rows = pd.read_parquet(tmp_path / "a.parquet").iloc[batch.index].reset_index(drop=True)
        for name in ("int", "nullable", "maybe", "text", "string", "factor", "zone", "month", "day"):
            given = batch.raw(name)
            assert given.name == name
            assert given.index.equals(batch.index)
            pd.testing.assert_series_equal(given.reset_index(drop=True), rows[name])


def test_rows_of_batches_hold_their_own_levels_of_text(small: Path, tmp_path: Path) -> None:
    """By hand; both where text is stored as codes and where it is not. No batch knows the levels of another."""
    words = ["d", "c", None, "c", "b", "b", "a", "a", None, None, None, None]
    for coded in (True, False):
        parquet.write_table(pa.table({"t": words}), tmp_path / "a.parquet", use_dictionary=coded)
        found = [batch.column("t") for batch in batches(opened([tmp_path / "a.parquet"]))]
        assert [column.values.levels for column in found] == [("c", "d"), ("a", "b"), ()]
        assert [column.values.codes.tolist() for column in found] == [[1, 0, -1, 0], [1, 1, 0, 0], [-1, -1, -1, -1]]
        assert {column.kind for column in found} == {"category"}


def test_declared_levels_are_in_order_of_appearance(small: Path, tmp_path: Path) -> None:
    """As pandas.read_parquet puts them together."""
    parts = [pa.DictionaryArray.from_arrays([0, 1], ["z", "b"]), pa.DictionaryArray.from_arrays([1, 0], ["a", "b"])]
    with parquet.ParquetWriter(tmp_path / "a.parquet", pa.schema({"c": parts[0].type})) as file:
        for part in parts:
            file.write_table(pa.table({"c": part}))
    stream = opened([tmp_path / "a.parquet"])
    levels = [level for batch in batches(stream) for level in batch.column("c").values.levels]
    assert list(dict.fromkeys(levels)) == ["z", "b", "a"]
    assert pd.read_parquet(tmp_path / "a.parquet")["c"].cat.categories.tolist() == ["z", "b", "a"]
    assert stream.declared == {"c"}


def test_decimals_become_the_nearest_floats(tmp_path: Path) -> None:
    values = [decimal.Decimal(units).scaleb(-2) for units in range(-2_000_003, 2_000_003, 997)]
    parquet.write_table(pa.table({"d": pa.array(values, pa.decimal128(15, 2))}), tmp_path / "a.parquet")
    [batch] = batches(opened([tmp_path / "a.parquet"]))
    assert batch.column("d").values.tolist() == [float(value) for value in values]


def test_text_that_is_not_utf8_is_named(tmp_path: Path) -> None:
    broken = pa.Array.from_buffers(pa.string(), 1, [*pa.array(["\u00e9"]).buffers()[:2], pa.py_buffer(b"\xe9\xe9")])
    parquet.write_table(pa.table({"t": broken}), tmp_path / "a.parquet")
    [batch] = batches(opened([tmp_path / "a.parquet"]))
    with pytest.raises(SourceError, match=r"'t' of a.parquet, row group 1 of 1 cannot be read: .*0xe9"):
        batch.column("t")


def test_files_may_hold_a_column_in_several_types(small: Path, tmp_path: Path) -> None:
    """Whole numbers here, fractions there, no value in a third; the order of the columns may differ too."""
    pd.DataFrame({"x": [1, 2**53 + 1], "t": ["b", "a"], "e": [True, False]}).to_parquet(tmp_path / "1.parquet")
    pd.DataFrame({"t": [None], "x": [0.5], "e": [None]}, dtype=object).to_parquet(tmp_path / "2.parquet")
    pd.DataFrame({"x": [None], "t": ["c"], "e": [True]}).to_parquet(tmp_path / "3.parquet")
    stream = opened(tmp_path)
    assert held(batches(stream), stream.names) == {
        "x": ("number", [1.0, float(2**53 + 1), 0.5], [3]),
        "t": ("category", ["b", "a", "c"], [2]),
        "e": ("truth", [True, False, True], [2]),
    }


def test_levels_that_only_some_files_declare_are_those_of_text(tmp_path: Path) -> None:
    pd.DataFrame({"c": pd.Categorical(["b", "a"], categories=["b", "a", "z"])}).to_parquet(tmp_path / "1.parquet")
    pd.DataFrame({"c": ["c", "b"]}).to_parquet(tmp_path / "2.parquet")
    stream = opened(tmp_path)
    assert stream.declared == frozenset()
    assert [batch.column("c").values.levels for batch in batches(stream)] == [("a", "b"), ("b", "c")]


def test_text_of_many_values_is_not_read_as_codes(tmp_path: Path) -> None:
    """Arrow would keep all values read so far in each batch, and look through them for each value."""
    generator = np.random.default_rng(1)
    many = [f"{number:016x}" for number in generator.integers(0, 2**62, 20_000)]
    table = pa.table({"many": many, "few": ["a", "b"] * 10_000})
    parquet.write_table(table, tmp_path / "a.parquet")
    [piece] = opened([tmp_path / "a.parquet"]).pieces()
    [arrow] = piece.parts[0].batches(("many", "few"))
    assert [pa.types.is_dictionary(field.type) for field in arrow.schema] == [False, True]
    [batch] = piece.batches()
    assert batch.column("many").values.values().tolist() == many


def test_what_writers_leave_beside_the_data_is_not_read(tmp_path: Path) -> None:
    numbered(3).to_parquet(tmp_path / "a.parquet")
    for name in ("_SUCCESS", "_metadata", ".a.parquet.crc", ".hidden.parquet"):
        (tmp_path / name).write_text("no data")
    for folder in ("_temporary", ".snapshot"):
        (tmp_path / folder).mkdir()
        numbered(5).to_parquet(tmp_path / folder / "b.parquet")
    assert opened(tmp_path).rows == 3
    assert opened(str(tmp_path / "a*")).rows == 3
    assert opened(str(tmp_path / "[a_.]*")).described.endswith("(1 file, 3 rows)")


@pytest.mark.parametrize("given", ["folder", "pattern", "dataset"])
def test_folders_named_key_value_give_columns(small: Path, tmp_path: Path, given: str) -> None:
    """The witness is pandas.read_parquet, but for the order of its rows and levels, in which 10 stands before 9."""
    root = tmp_path / "rows"
    for year in (9, 10):
        for kind in ("b%20b", "a"):
            folder = root / f"year={year}" / f"kind={kind}"
            folder.mkdir(parents=True)
            numbered(3, 3 * year).to_parquet(folder / "p.parquet")
    whole = pd.read_parquet(root)
    whole["year"] = whole["year"].cat.set_categories([9, 10])
    whole = whole.sort_values(["year", "kind", "n"], ignore_index=True)
    data: Any = {"folder": root, "pattern": str(root / "year=*"), "dataset": None}[given]
    if given == "dataset":
        keys = ds.HivePartitioning.discover(infer_dictionary=True)
        data = ds.dataset([path for path, _ in sorted_files(root)], partitioning=keys, partition_base_dir=str(root))
    stream = streamed_as_whole(data, whole)
    assert stream.names == ("n", "x", "f", "t", "year", "kind")
    assert stream.declared == {"year", "kind"}
    first = next(batches(stream))
    assert first.column("year").values.levels == (9, 10)
    assert first.column("kind").values.levels == ("a", "b b")
    alone = stream.only(["kind"])
    assert held(batches(alone), ("kind",)) == held(read(whole[["kind"]]), ("kind",))


def sorted_files(root: Path) -> list[tuple[str, str]]:
    found = [(str(path), path.parent.parent.name) for path in root.rglob("*.parquet")]
    return sorted(found, key=lambda each: (int(each[1].partition("=")[2]), each[0]))


def test_a_dataset_keeps_its_own_types_and_filter(small: Path, tmp_path: Path) -> None:
    """Read from its files where that is the same, scanned where it is not."""
    write_parts(tmp_path, (9, 3))
    assert opened(ds.dataset(tmp_path)).rows == 12
    some = opened(ds.dataset(tmp_path).filter(ds.field("n") >= 7))
    assert held(batches(some), ("n",)) == {"n": ("number", [7, 8, 9, 10, 11], [])}
    assert some.spooled_bytes > 0
    schema = pa.schema({"n": pa.string(), "more": pa.int64()})
    other = opened(ds.dataset(tmp_path, schema=schema))
    assert held(batches(other), ("n", "more"))["n"] == ("category", [str(at) for at in range(12)], [])
    assert held(batches(other), ("n", "more"))["more"] == ("number", [], list(range(12)))
    table = opened(ds.dataset(pa.table({"a": [1, 2]})))
    assert held(batches(table), ("a",)) == {"a": ("number", [1, 2], [])}


# ------------------------------------------------------------------------------------------------ text

NASTY = {
    "whole, then fractions": ["1", "2", "3", "4", "5", "6.5"],
    "whole, then text": ["1", "007", " 3", "4", "5", "x"],
    "fractions, then text": ["1.50", "2", "", "4", "5", "x"],
    "whole, then missing": ["1", "2", "3", "4", "", "NA"],
    "nothing, then whole": ["", "", "NA", "", "5", "6"],
    "nothing, then text": ["", "", "NA", "", "x", "None"],
    "nothing": ["", "", "NA", "", "nan", "None"],
    "truth, then missing": ["True", "False", "TRUE", "true", "", "False"],
    "truth, then whole": ["True", "False", "True", "True", "1", "0"],
    "truth, then text": ["True", "False", "True", "True", "yes", ""],
    "dates": ["2024-01-01", "2024-01-02", "", "2024-01-03", "5", "6"],
    "quoted": ["a,b", 'say "x"', "two\nlines", "\n", "", "z"],
    "great": ["1", "2", "3", "4", "9007199254740993", "0.5"],
    "beyond 64 bits": ["1", "2", "3", "4", str(2**63), "6"],
    "all beyond 64 bits": [str(2**63 + at) for at in range(6)],
    "text and numbers beyond 64 bits": ["1", "2", "", "x", str(2**63), "6"],
    "infinite": ["1", "2", "3", "4", "inf", "-inf"],
}


@pytest.mark.parametrize("ending", ["csv", "tsv", "csv.gz"])
def test_text_in_chunks_is_what_it_is_in_the_whole(small: Path, tmp_path: Path, ending: str) -> None:
    path = tmp_path / f"nasty.{ending}"
    frame = pd.DataFrame(NASTY)
    frame.to_csv(path, index=False, sep="\t" if "tsv" in ending else ",")
    stream = streamed_as_whole([path], path)
    assert stream.described == f"{path} (1 file, 6 rows)"
    assert stream.kinds is not None
    assert stream.kinds["whole, then text"] == "category"
    whole = read(path)
    for name in frame:
        first = next(batches(stream)).column(name).values
        assert isinstance(first, Labels) or first.dtype == whole.column(name).values.dtype


def test_text_of_any_tokens_is_what_it_is_in_the_whole(small: Path, tmp_path: Path) -> None:
    pool = [
        ["1", "2", "-3", "007", " 4"],
        ["9007199254740993", "1234567890123456789"],
        ["1.5", "2.", "1e3", "inf", "-.5"],
        ["", "NA", "nan", "None"],
        ["a", "b c", 'q"x', "new\nline", "1_0"],
        ["True", "False", "TRUE", "false"],
    ]
    generator = np.random.default_rng(7)
    for _ in range(25):
        rows = int(generator.integers(5, 14))
        columns = {}
        for name in "abcdef":
            chosen = generator.choice(len(pool), size=generator.integers(1, 4))
            kinds = np.sort(generator.choice(chosen, size=rows))
            columns[name] = [str(generator.choice(pool[kind])) for kind in kinds]
        quoting = csv.QUOTE_ALL if generator.random() < 0.3 else csv.QUOTE_MINIMAL
        pd.DataFrame(columns).to_csv(tmp_path / "any.csv", index=False, quoting=quoting)
        streamed_as_whole([tmp_path / "any.csv"], tmp_path / "any.csv")


def test_several_text_files_are_one(small: Path, tmp_path: Path) -> None:
    (tmp_path / "9.csv").write_text("a,b\n1,x\n2,y\n")
    (tmp_path / "10.csv").write_text("b,a\nz,3.5\n")
    (tmp_path / "11.csv").write_text("a,b\n")
    stream = opened(str(tmp_path / "*.csv"))
    assert (stream.names, stream.rows, stream.kinds) == (("a", "b"), None, None)
    assert stream.described == f"{tmp_path / '*.csv'} (3 files)"
    assert held(batches(stream), stream.names) == {
        "a": ("number", [1.0, 2.0, 3.5], []),
        "b": ("category", ["x", "y", "z"], []),
    }
    assert stream.described == f"{tmp_path / '*.csv'} (3 files, 3 rows)"


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"", "is empty"),
        (b"a;b\n1;2\n", r"looks like 2 columns with ';' between them"),
        (b"a,b\n1,2,3\n4,5,6\n", "more values in its rows than names"),
        (b"a,b\n1,2\n3,4\n5,6\n7,8\n9,10\n1,2,3\n", "cannot be read: .*Expected 2 fields in line 7, saw 3"),
        (b"a,b\n1,2\n3,4\n5,6\n7,8\n9,\xe9\n", r"not UTF-8 text .*0xe9.*latin-1"),
        (b'a,b\n1,2\n"unclosed\n', "cannot be read"),
    ],
)
def test_text_that_is_not_what_it_seems(small: Path, tmp_path: Path, content: bytes, says: str) -> None:
    (tmp_path / "a.csv").write_bytes(content)
    with pytest.raises(SourceError, match=says) as caught:
        opened([tmp_path / "a.csv"]).only(["a"]).pieces()
    assert "a.csv" in str(caught.value)
    assert list(small.iterdir()) == []


def test_numbers_that_no_column_can_hold_are_refused(small: Path, tmp_path: Path) -> None:
    """Between 2**63 and 2**64 pandas reads whole numbers, but not beside missing, negative or broken ones."""
    for first, other, limit in ((63, "NA", 63), (63, "0.5", 63), (63, "-1", 63), (64, "1", 64), (65, "1.5", 64)):
        (tmp_path / "a.csv").write_text("a\n" + f"{2**first}\n" * 4 + f"{other}\n")
        with pytest.raises(DataError, match=rf"column 'a' holds whole numbers beyond 2\*\*{limit}"):
            opened([tmp_path / "a.csv"]).pieces()
    (tmp_path / "a.csv").write_text("a\n" + f"{2**65}\n" * 4 + "x\n")
    streamed_as_whole([tmp_path / "a.csv"], tmp_path / "a.csv")


def test_duplicate_and_absent_names_in_text(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("a,a\n1,2\n")
    with pytest.raises(DataError, match=r"'a' \(2 times\)"):
        open_stream([tmp_path / "a.csv"])
    (tmp_path / "a.csv").write_text("a,,b\n1,2,3\n")
    streamed_as_whole([tmp_path / "a.csv"], tmp_path / "a.csv")


# ------------------------------------------------------------------------------------------------ queries

QUERIES: dict[str, Callable[[pd.DataFrame], Any]] = {
    "polars": lambda frame: pl.from_pandas(frame).lazy(),
    "polars categorical": lambda frame: pl.from_pandas(frame).lazy().with_columns(pl.col("t").cast(pl.Categorical)),
    "reader": lambda frame: pa.Table.from_pandas(frame).to_reader(5),
    "large reader": lambda frame: pa.Table.from_pandas(frame).to_reader(),
}


@pytest.mark.parametrize("kind", QUERIES)
def test_queries_hold_what_their_rows_hold(small: Path, kind: str) -> None:
    frame = numbered(43)
    stream = streamed_as_whole(QUERIES[kind](frame), frame)
    assert [piece.name for piece in stream.pieces()][:2] == ["rows 1 to 8", "rows 9 to 16"]
    assert next(batches(stream)).column("t").values.levels == ("a", "b", "d")
    assert stream.declared == frozenset()
    assert stream.spooled_bytes == sum(file.stat().st_size for file in small.rglob("*.arrow")) > 0
    assert stream.described.endswith(" (43 rows)")
    assert stream.only(["n"]).spooled_bytes > 0


def test_a_polars_enum_keeps_its_order(small: Path) -> None:
    lazy = pl.LazyFrame({"e": ["b", None, "a"]}, schema={"e": pl.Enum(["z", "b", "a"])})
    stream = opened(lazy)
    assert next(batches(stream)).column("e").values.levels == ("z", "b", "a")
    assert stream.declared == {"e"}


def test_duckdb_relations(small: Path) -> None:
    duckdb = pytest.importorskip("duckdb")
    frame = numbered(43)
    with duckdb.connect() as connection:
        table = pa.Table.from_pandas(frame)
        connection.register("rows", table)
        stream = streamed_as_whole(
            connection.sql('select *, n as "odd ""name""" from rows').project("n, x, f, t"), frame
        )
        assert stream.rows == 43
        odd = opened(connection.sql('select n * 2 as "odd ""name""", n::hugeint as n from rows')).only(['odd "name"'])
        assert held(batches(odd), odd.names) == {'odd "name"': ("number", list(range(0, 86, 2)), [])}
        with pytest.raises(SourceError, match=r"The data \(a DuckDB relation\) cannot be read: .*Conversion"):
            opened(connection.sql("select t::integer as t from rows")).pieces()
    assert len(list(small.iterdir())) == 2


def test_only_the_columns_asked_for_are_copied(small: Path) -> None:
    frame = numbered(20)
    stream = opened(pl.from_pandas(frame).lazy()).only(["x", "t"])
    assert stream.names == ("x", "t")
    assert held(batches(stream), ("x", "t")) == held(read(frame), ("x", "t"))
    [folder] = small.iterdir()
    with ipc.open_file(next(folder.iterdir())) as file:
        assert file.schema.names == ["x", "t"]


def test_a_reader_gives_its_rows_once(small: Path) -> None:
    reader = pa.table({"a": [1, 2], "b": [3, 4]}).to_reader()
    stream = opened(reader)
    first = stream.only(["a"])
    for _ in range(2):
        assert held(batches(first), ("a",)) == {"a": ("number", [1, 2], [])}
    with pytest.raises(SourceError, match="gives its rows once"):
        stream.only(["b"]).pieces()
    with pytest.raises(DataError, match="it gives them once"):
        opened(reader).pieces()


def test_a_query_that_fails_is_told(small: Path) -> None:
    with pytest.raises(SourceError, match=r"The data \(a polars LazyFrame\) cannot be read: .*nowhere"):
        open_stream(pl.LazyFrame({"a": [1]}).select("nowhere"))
    with pytest.raises(SourceError, match=r"The data \(a polars LazyFrame\) cannot be read"):
        opened(pl.LazyFrame({"a": ["x"]}).select(pl.col("a").cast(pl.Int64))).pieces()
    assert list(small.iterdir()) == []


# ------------------------------------------------------------------------------------------------ temporary files


def test_temporary_files_leave_with_the_last_reader(small: Path) -> None:
    stream = opened(pl.from_pandas(numbered(20)).lazy())
    assert list(small.iterdir()) == []
    piece = stream.pieces()[1]
    narrow = stream.only(["n"])
    assert len(list(small.iterdir())) == 1
    del stream
    gc.collect()
    assert [batch.index[0] for batch in piece.batches()] == [8, 12]
    copied = pickle.loads(pickle.dumps(piece))
    assert copied.keeper is None
    assert held(copied.batches(), ("n",)) == {"n": ("number", list(range(8, 16)), [])}
    del piece, copied
    gc.collect()
    assert len(list(small.iterdir())) == 1
    del narrow
    gc.collect()
    assert list(small.iterdir()) == []


@pytest.mark.parametrize("problem", [KeyboardInterrupt, MemoryError, DataError, ValueError])
def test_temporary_files_leave_when_copying_stops(small: Path, problem: type[BaseException]) -> None:
    table = pa.table({"a": np.arange(20)})

    def stopped(_: tuple[str, ...]) -> Iterator[Any]:
        yield from table.to_batches(max_chunksize=9)
        assert len(list(small.rglob("*.arrow"))) == 2
        raise problem("stopped")

    query = Query(layout_of(table.schema), "rows that stop", stopped)
    told = SourceError if problem is ValueError else problem
    with pytest.raises(told, match="stopped"):
        streams.Spooled(query, ("a",), None).pieces()
    assert list(small.iterdir()) == []


def test_temporary_files_leave_with_the_program(tmp_path: Path) -> None:
    code = (
        "import polars as pl; from glmlr.sources.streams import open_stream;"
        "stream = open_stream(pl.LazyFrame({'a': [1, 2]})); stream.pieces(); print(stream.rows)"
    )
    setting = {**os.environ, "TMPDIR": str(tmp_path)}
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, env=setting, check=True)
    assert run.stdout.strip() == "2"
    assert list(tmp_path.iterdir()) == []


def test_a_forked_child_leaves_the_files(small: Path) -> None:
    folder = spool.Folder(None)
    spool._remove(str(folder.path), os.getpid() + 1)
    assert folder.path.is_dir()
    folder.remove()
    assert not folder.path.exists()


def test_where_temporary_files_go(small: Path, tmp_path: Path) -> None:
    lazy = pl.LazyFrame({"a": [1]})
    stream = open_stream(lazy, where=tmp_path)
    assert stream is not None
    assert stream.pieces()
    assert len(list(tmp_path.glob("glmlr-*"))) == 1
    with pytest.raises(SourceError, match="No temporary folder can be made in .*absent"):
        streams.Spooled(of_lazy_frame(lazy), ("a",), tmp_path / "absent").pieces()


def test_a_full_disk_is_told(small: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: Any) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(spool, "_write", full)
    with pytest.raises(
        SourceError, match=r"cannot be kept in .* No space left on device; point TMPDIR to a larger disk"
    ):
        opened(pl.LazyFrame({"a": [1]})).pieces()
    assert list(small.iterdir()) == []


# ------------------------------------------------------------------------------------------------ what goes wrong


def test_no_files_are_told(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    (tmp_path / "table" / "_delta_log").mkdir(parents=True)
    cases: list[tuple[Any, str]] = [
        (str(tmp_path / "*.parquet"), "No file matches"),
        (tmp_path / "empty", "holds no Parquet file"),
        ([tmp_path / "absent.parquet"], "There is no file"),
        (tmp_path / "table", "is a Delta table"),
        (str(tmp_path / "a**.csv"), "pattern"),
    ]
    for data, says in cases:
        with pytest.raises(SourceError, match=says) as caught:
            open_stream(data)
        assert str(tmp_path) in str(caught.value)


def test_without_pyarrow_it_is_asked_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "a.csv").write_text("a\n1\n")
    monkeypatch.setattr(streams, "find_spec", lambda name: None)
    with pytest.raises(SourceError, match=r"needs pyarrow; install glmlr\[arrow\]"):
        open_stream([tmp_path / "a.csv"])


def test_files_that_do_not_go_together_are_named(tmp_path: Path) -> None:
    pd.DataFrame({"a": [1], "b": ["x"]}).to_parquet(tmp_path / "1.parquet")
    pd.DataFrame({"a": [1], "c": ["x"]}).to_parquet(tmp_path / "2.parquet")
    pd.DataFrame({"a": ["1"], "b": ["x"]}).to_parquet(tmp_path / "3.parquet")
    (tmp_path / "a.csv").write_text("a,b\n1,x\n")
    (tmp_path / "b.csv").write_text("a\n1\n")
    (tmp_path / "k=1").mkdir()
    pd.DataFrame({"a": [1], "b": ["x"]}).to_parquet(tmp_path / "k=1" / "4.parquet")
    one, two, three = (tmp_path / f"{at}.parquet" for at in (1, 2, 3))
    cases: list[tuple[list[Path], str]] = [
        ([one, two], r"columns of '.*2.parquet' are not those of '.*1.parquet': it lacks 'b', and it has 'c' besides"),
        ([one, tmp_path / "a.csv"], r"of one form: .*1.parquet' is parquet"),
        ([one, one], "given twice"),
        ([tmp_path / "a.csv", tmp_path / "b.csv"], r"columns of '.*b.csv' are not .*: it lacks 'b'"),
        ([one, tmp_path / "k=1"], "name the columns k, those of .* none"),
        ([tmp_path / "a.csv", Path(__file__)], "not read in pieces by its ending"),
    ]
    for data, says in cases:
        with pytest.raises(SourceError, match=says):
            open_stream(data)
    stream = opened([one, three])
    assert [len(batch.index) for batch in batches(stream.only(["b"]))] == [2]
    with pytest.raises(SourceError, match=r"column 'a' of '.*3.parquet' is of type large_string, that of .*int64"):
        stream.only(["a"]).pieces()


def test_no_rows_are_told(small: Path, tmp_path: Path) -> None:
    numbered(0).to_parquet(tmp_path / "0.parquet")
    numbered(0).to_csv(tmp_path / "0.csv", index=False)
    for data in (tmp_path, [tmp_path / "0.csv"], pl.from_pandas(numbered(0)).lazy()):
        with pytest.raises(DataError, match="hold no rows"):
            opened(data).pieces()
    assert list(small.iterdir()) == []


def test_names_of_several_levels_and_twice_are_refused(tmp_path: Path) -> None:
    frame = pd.DataFrame([[1, 2]], columns=pd.MultiIndex.from_tuples([("a", "b"), ("a", "c")]))
    frame.to_parquet(tmp_path / "a.parquet")
    with pytest.raises(DataError, match="flatten"):
        open_stream([tmp_path / "a.parquet"])
    parquet.write_table(pa.Table.from_arrays([[1], [2]], names=["a", "a"]), tmp_path / "a.parquet")
    with pytest.raises(DataError, match=r"'a' \(2 times\)"):
        open_stream([tmp_path / "a.parquet"])


def test_a_file_that_is_not_what_its_ending_says(tmp_path: Path) -> None:
    numbered(9).to_parquet(tmp_path / "a.parquet")
    whole = (tmp_path / "a.parquet").read_bytes()
    for name, content, form in (
        ("cut.parquet", whole[:-20], "Parquet"),
        ("empty.parquet", b"", "Parquet"),
        ("text.arrow", b"a,b\n1,2\n", "Arrow"),
        ("cut.arrow", b"ARROW1\0\0", "Arrow"),
    ):
        (tmp_path / name).write_bytes(content)
        with pytest.raises(SourceError, match=f"{name}' cannot be read as {form}: "):
            open_stream([tmp_path / name])


def damaged(path: Path, at: int, content: bytes) -> None:
    """Overwrite bytes of a file; its size and time stay what they were."""
    before = path.stat()
    with path.open("r+b") as file:
        file.seek(at)
        file.write(content)
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))


def test_damage_met_in_a_later_pass_is_named(small: Path, tmp_path: Path) -> None:
    path = tmp_path / "a.parquet"
    table = pa.table({"a": np.random.default_rng(1).normal(size=40)})
    # The head of a page is noticed in any case; a value in a page only where the writer made a checksum.
    for compression, checksum, before_end in (("zstd", False, None), ("none", True, 30)):
        options: dict[str, Any] = {"compression": compression, "write_page_checksum": checksum}
        parquet.write_table(table, path, row_group_size=10, use_dictionary=False, **options)
        stream = opened([path])
        assert sum(len(batch.index) for batch in batches(stream)) == 40
        chunk = parquet.read_metadata(path).row_group(2).column(0)
        start = chunk.data_page_offset
        damaged(path, start if before_end is None else start + chunk.total_compressed_size - before_end, b"\xff" * 20)
        with pytest.raises(SourceError, match=r"The file '.*a.parquet' cannot be read at row group 3 of 4: ") as caught:
            list(batches(stream))
        assert "\n" not in str(caught.value)


def test_a_damaged_arrow_file_is_named(small: Path, tmp_path: Path) -> None:
    path = tmp_path / "a.arrow"
    words = pa.array(["word"] * 10)
    with ipc.new_file(path, pa.schema({"t": pa.string()})) as file:
        for _ in range(3):
            file.write_batch(pa.record_batch({"t": words}))
    lengths = words.buffers()[1].to_pybytes()
    second = path.read_bytes().index(lengths, path.read_bytes().index(lengths) + 1)
    stream = opened(path)
    damaged(path, second, b"\x7f" * 8)
    with pytest.raises(SourceError, match=r"a.arrow' cannot be read at batch 2 of 3: "):
        list(batches(stream))


def test_a_footer_that_promises_other_rows_is_told(small: Path, tmp_path: Path) -> None:
    numbered(8).to_parquet(tmp_path / "a.parquet")
    [piece] = opened([tmp_path / "a.parquet"]).pieces()
    assert isinstance(piece, stored.StoredPiece)
    promised = replace(piece.parts[0], file=replace(piece.parts[0].file, groups=(9,)))
    with pytest.raises(SourceError, match=r"gives 8 rows at row group 1 of 1 where its footer says 9; it is damaged"):
        list(replace(piece, parts=(promised,)).batches())


def test_a_file_that_changes_between_passes_is_refused(small: Path, tmp_path: Path) -> None:
    numbered(20).to_parquet(tmp_path / "a.parquet")
    stream = opened([tmp_path / "a.parquet"])
    assert len(list(batches(stream))) == 5
    going = batches(stream)
    next(going)
    numbered(21).to_parquet(tmp_path / "a.parquet")
    for rest in (going, batches(stream)):
        with pytest.raises(SourceError, match=r"a.parquet' has been written again since it was first read"):
            list(rest)
    (tmp_path / "a.parquet").unlink()
    with pytest.raises(SourceError, match=r"a.parquet' is gone"):
        list(batches(stream))


def test_columns_that_no_term_can_use_are_refused_when_asked_for(tmp_path: Path) -> None:
    table = pa.table({"a": [1], "list": [[1, 2]], "bytes": [b"x"]})
    parquet.write_table(table, tmp_path / "a.parquet")
    stream = opened([tmp_path / "a.parquet"])
    assert stream.kinds == {"a": "number"}
    [batch] = batches(stream)
    assert batch.column("a").values.tolist() == [1]
    with pytest.raises(DataError, match="bytes"):
        batch.column("bytes")


@pytest.mark.slow
def test_a_pass_over_one_great_row_group_needs_little_memory(tmp_path: Path) -> None:
    """3e6 rows of 12 columns are 288 MB, all held where a row group is fetched as one; a batch of them is 13 MB."""
    generator = np.random.default_rng(1)
    table = pa.table({f"x{at}": generator.normal(size=3_000_000) for at in range(12)})
    parquet.write_table(table, tmp_path / "a.parquet", row_group_size=3_000_000)
    code = (
        "import pyarrow; from glmlr.sources.streams import open_stream;"
        f"stream = open_stream([{str(tmp_path / 'a.parquet')!r}]);"
        "sums = [batch.column(n).values.sum() for p in stream.pieces() for batch in p.batches() for n in batch.names];"
        "print(len(sums), pyarrow.default_memory_pool().max_memory() / 1e6)"
    )
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    count, megabytes = run.stdout.split()
    assert int(count) == 23 * 12
    assert float(megabytes) < 120
