"""Is every file read as what it is, and is what it seems to be instead said in a sentence?"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import polars as pl
import pytest
from test_sources import EXPECTED, FRAME, held

from glmlr.errors import DataError, SourceError
from glmlr.sources import read


@pytest.mark.parametrize("ending", ["csv", "tsv", "csv.gz", "csv.bz2", "csv.xz", "parquet"])
def test_files(tmp_path: Path, ending: str) -> None:
    path = tmp_path / f"rows.{ending}"
    if ending == "parquet":
        FRAME.to_parquet(path)
    else:
        FRAME.to_csv(path, index=False, sep="\t" if ending == "tsv" else ",")
    assert held(path) == EXPECTED
    assert held(str(path)) == EXPECTED


def test_unreadable_files_are_named(tmp_path: Path) -> None:
    cases: dict[str, tuple[bytes | None, str]] = {
        "absent.csv": (None, "no file"),
        "empty.csv": (b"", "is empty"),
        "broken.parquet": (b"PAR1", "cannot be read"),
        "broken.csv": (b'a,b\n"unclosed\n', "cannot be read"),
        "latin.csv": (b"a,b\n\xe9,1\n", r"cannot be read: it is not UTF-8 text .*encoding='latin-1'"),
        "wide.csv": ("a,b\n\u00e9,1\n".encode("utf-16"), r"cannot be read: it is not UTF-8 text .*encoding='utf-16'"),
        "table.xlsx": (b"", "pandas.read_excel"),
        "table.data": (b"", "files are read by their ending"),
        "table": (b"", "files are read by their ending"),
    }
    for name, (content, says) in cases.items():
        path = tmp_path / name
        if content is not None:
            path.write_bytes(content)
        with pytest.raises(SourceError, match=says) as caught:
            read(path)
        assert name in str(caught.value)
    with pytest.raises(SourceError, match="is a directory"):
        read(tmp_path)


def test_duplicate_names_in_a_file_are_refused(tmp_path: Path) -> None:
    (tmp_path / "twice.csv").write_text("a,b,a\n1,2,3\n")
    with pytest.raises(DataError, match=r"'a' \(2 times\)"):
        read(tmp_path / "twice.csv")


def test_marks_and_quotes_are_no_part_of_a_value(tmp_path: Path) -> None:
    """By hand: a byte order mark before the first name, a comma and a quotation mark inside quotes."""
    (tmp_path / "marked.csv").write_bytes(b'\xef\xbb\xbfy,t\r\n1,"a, ""b"""\r\n0,c\r\n')
    assert held(tmp_path / "marked.csv") == {
        "y": ("number", [1, 0], []),
        "t": ("category", ['a, "b"', "c"], []),
    }


@pytest.mark.parametrize(
    ("name", "separator"), [("rows.csv", ";"), ("rows.csv", "\t"), ("rows.txt", "|"), ("rows.tsv", ",")]
)
def test_another_separator_is_named(tmp_path: Path, name: str, separator: str) -> None:
    FRAME.to_csv(tmp_path / name, sep=separator, index=False)
    with pytest.raises(SourceError) as caught:
        read(tmp_path / name)
    assert "looks like 4 columns" in str(caught.value)
    assert f"sep={separator!r}" in str(caught.value)


def test_one_column_is_one_column(tmp_path: Path) -> None:
    (tmp_path / "one.csv").write_text("y\n1\n0\n")
    assert held(tmp_path / "one.csv") == {"y": ("number", [1, 0], [])}


def test_values_beyond_the_names_do_not_shift_the_columns(tmp_path: Path) -> None:
    """Left to itself pandas takes the first of three values for an index, and a is 2."""
    (tmp_path / "shifted.csv").write_text("a,b\n1,2,3\n4,5,6\n")
    with pytest.raises(SourceError, match="more values in its rows than the 2 names"):
        read(tmp_path / "shifted.csv")
    (tmp_path / "trailing.csv").write_text("a,b\n1,2,\n4,5,\n")
    assert held(tmp_path / "trailing.csv") == {"a": ("number", [1, 4], []), "b": ("number", [2, 5], [])}


def test_categories_in_parquet_keep_their_order(tmp_path: Path) -> None:
    declared = pd.DataFrame({"t": pd.Categorical(["b", "a", None], categories=["b", "unused", "a"])})
    declared.to_parquet(tmp_path / "pandas.parquet")
    column = read(tmp_path / "pandas.parquet").column("t")
    assert (column.kind, column.values.levels) == ("category", ("b", "unused", "a"))
    assert np.flatnonzero(column.missing).tolist() == [2]
    pl.DataFrame({"t": ["b", "a", None]}, schema={"t": pl.Categorical}).write_parquet(tmp_path / "polars.parquet")
    assert set(read(tmp_path / "polars.parquet").column("t").values.levels) == {"a", "b"}
