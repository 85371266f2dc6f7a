"""What is in a file? A CSV or Parquet file becomes a data frame; what it seems to be instead is said."""

from __future__ import annotations

import warnings
from collections import Counter
from importlib.util import find_spec
from pathlib import Path
from typing import Final

import pandas as pd

from glmlr.errors import DataError, SourceError, listing

CSV_ENDINGS: Final = (".csv", ".tsv", ".txt")
PACKED: Final = (".gz", ".bz2", ".xz", ".zip", ".zst")
PARQUET_ENDINGS: Final = (".parquet", ".pq")
_OTHER_READERS: Final = {
    ".xlsx": "read_excel",
    ".xls": "read_excel",
    ".dta": "read_stata",
    ".sas7bdat": "read_sas",
    ".xpt": "read_sas",
    ".sav": "read_spss",
    ".feather": "read_feather",
    ".json": "read_json",
    ".orc": "read_orc",
    ".h5": "read_hdf",
}


def read_file(path: Path) -> pd.DataFrame:
    """Read a CSV or Parquet file by its ending.

    Raises:
        SourceError: no such file, or one that cannot be read as what its ending says.
        DataError: two columns of one name.

    """
    endings = [ending.lower() for ending in path.suffixes]
    packed = bool(endings) and endings[-1] in PACKED
    ending = (endings[-2] if packed and len(endings) > 1 else endings[-1]) if endings else ""
    if not path.exists():
        raise SourceError(f"There is no file {str(path)!r}.")
    if path.is_dir():
        raise SourceError(f"{str(path)!r} is a directory; give the path of one CSV or Parquet file.")
    if ending in _OTHER_READERS:
        raise SourceError(
            f"{str(path)!r} is not a CSV or Parquet file; read it with pandas.{_OTHER_READERS[ending]} and give that."
        )
    if ending not in (*CSV_ENDINGS, *PARQUET_ENDINGS):
        raise SourceError(
            f"{str(path)!r} ends in {ending or 'nothing'!r}; files are read by their ending: "
            f"{listing((*CSV_ENDINGS, *PARQUET_ENDINGS))}, text also packed ({listing(PACKED)})."
        )
    try:
        return _parquet(path) if ending in PARQUET_ENDINGS else _text(path, "\t" if ending == ".tsv" else ",")
    except (DataError, SourceError):
        raise
    except pd.errors.EmptyDataError:
        raise SourceError(f"The file {str(path)!r} is empty.") from None
    except UnicodeDecodeError as problem:
        raise SourceError(_encoded_otherwise(path, problem)) from None
    except Exception as problem:
        reason = str(problem).strip().splitlines()[0].rstrip(".") if str(problem).strip() else type(problem).__name__
        raise SourceError(f"The file {str(path)!r} cannot be read: {reason}.") from problem


def _text(path: Path, separator: str) -> pd.DataFrame:
    header = pd.read_csv(path, sep=separator, header=None, nrows=1, dtype=str, keep_default_na=False)
    names = [str(name) for name in header.iloc[0]]
    refuse_duplicates(tuple(name for name in names if name))
    _refuse_other_separator(path, names, separator)
    with warnings.catch_warnings():
        # With fewer names than values pandas would take the first column for an index, and shift the others.
        warnings.simplefilter("error", pd.errors.ParserWarning)
        try:
            return pd.read_csv(path, sep=separator, low_memory=False, index_col=False)
        except pd.errors.ParserWarning:
            raise SourceError(
                f"The file {str(path)!r} has more values in its rows than the {len(names)} names in its first line; "
                "name every column there."
            ) from None


def _refuse_other_separator(path: Path, names: list[str], separator: str) -> None:
    """Say that the only column of a file looks like several, separated by another character."""
    others = [other for other in (";", "\t", "|", ",") if other != separator and other in names[0]]
    if len(names) == 1 and others:
        pieces = names[0].split(others[0])
        raise SourceError(
            f"The file {str(path)!r} has one column when read with {separator!r} between values, and its first line "
            f"looks like {len(pieces)} columns with {others[0]!r} between them ({listing(pieces, 4)}); read it with "
            f"pandas.read_csv(path, sep={others[0]!r}) (and decimal=',' where numbers have a comma) and give that."
        )


def _encoded_otherwise(path: Path, problem: UnicodeDecodeError) -> str:
    byte = problem.object[problem.start]
    encoding = "utf-16" if problem.start == 0 and byte in (0xFE, 0xFF) else "latin-1"
    return (
        f"The file {str(path)!r} cannot be read: it is not UTF-8 text (it holds the byte {byte:#04x}); save it as "
        f"UTF-8, or read it with pandas.read_csv(path, encoding={encoding!r}) and give that."
    )


def _parquet(path: Path) -> pd.DataFrame:
    if find_spec("pyarrow") is None:
        raise SourceError(f"Reading {str(path)!r} needs pyarrow; install glmlr[arrow].")
    return pd.read_parquet(path)


def refuse_duplicates(names: tuple[str, ...]) -> None:
    """Refuse two columns of one name."""
    if len(set(names)) != len(names):
        twice = [f"{name!r} ({count} times)" for name, count in Counter(names).items() if count > 1]
        raise DataError(f"Column names must be unique; {listing(twice)} occurs more than once.")
