"""What does a text file hold that is too long to be held? Its values as pandas.read_csv gives them of the whole file.

A chunk shows only some rows, and what looks like numbers there may be text in the whole. So the chunks are read, what
each column was in each of them is noted, and where the whole is something that a chunk was not, all are read again.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Literal

import numpy as np
import numpy.typing as npt
import pandas as pd

from glmlr.errors import DataError, GlmlrError, SourceError
from glmlr.sources.arrow_rows import Field, Layout
from glmlr.sources.files import _encoded_otherwise, _refuse_other_separator, refuse_duplicates
from glmlr.sources.paths import refuse_other_columns
from glmlr.sources.spool import Spool
from glmlr.sources.stored import BATCH_ROWS, reason

#: What a column is in one chunk: whole numbers of which some are negative, none is, some need the 64th bit or more.
Seen = Literal["nothing", "negative", "whole", "huge", "beyond", "number", "truth", "text"]

#: Values of a chunk, at most: a chunk of many columns has fewer rows.
_CHUNK_VALUES: Final = 32 * BATCH_ROWS


@dataclass(frozen=True)
class Texts:
    """Text files of the same columns, one after the other.

    Attributes:
        paths: the files.
        names: the columns.
        given: what was given, for sentences.
        layout: None; what a column is shows when all of it has been read.

    """

    paths: tuple[str, ...]
    names: tuple[str, ...]
    given: str
    layout: None = None

    @property
    def count(self) -> int:
        """Number of files."""
        return len(self.paths)

    def spool(self, columns: tuple[str, ...], spool: Spool) -> Layout:
        """Write some columns to a spool; say what they are.

        Raises:
            SourceError: a file that cannot be read as text in columns.
            DataError: a column of numbers that are too large.

        """
        seen = self._written(columns, spool, {})
        again = _text_in_the_whole(seen)
        if again:
            spool.clear()
            seen = self._written(columns, spool, again)
        return Layout(tuple(_field(name, kinds) for name, kinds in seen.items()))

    def _written(self, columns: tuple[str, ...], spool: Spool, kinds: Mapping[str, str]) -> dict[str, set[Seen]]:
        import pyarrow as pa

        seen: dict[str, set[Seen]] = {name: set() for name in columns}
        for path in self.paths:
            for chunk in _chunks(path, kinds):
                held = {name: _held(chunk[name]) for name in columns}
                for name, (kind, _) in held.items():
                    seen[name].add(kind)
                spool.add(pa.RecordBatch.from_pydict({name: array for name, (_, array) in held.items()}))
        spool.close()
        return seen


def opened_texts(paths: tuple[str, ...], given: str) -> Texts:
    """Look at the first line of text files.

    Raises:
        SourceError: no text in columns, or other columns than those of the first file.
        DataError: two columns of one name.

    """
    names = _names(paths[0])
    for path in paths[1:]:
        refuse_other_columns(paths[0], names, path, _names(path))
    return Texts(paths, names, given)


def _names(path: str) -> tuple[str, ...]:
    with _explained(path):
        written = pd.read_csv(path, sep=_separator(path), header=None, nrows=1, dtype=str, keep_default_na=False)
        first = [str(name) for name in written.iloc[0]]
        refuse_duplicates(tuple(name for name in first if name))
        _refuse_other_separator(Path(path), first, _separator(path))
        # pandas names what has no name in the first line.
        return tuple(pd.read_csv(path, sep=_separator(path), nrows=0, index_col=False).columns)


def _separator(path: str) -> str:
    return "\t" if ".tsv" in (ending.lower() for ending in Path(path).suffixes[-2:]) else ","


# ------------------------------------------------------------------------------------------------ chunks


def _chunks(path: str, kinds: Mapping[str, str]) -> Iterator[pd.DataFrame]:
    """Give the rows of a file, chunk by chunk.

    All columns are read, as only then does pandas say that a row has more values than the first line has names.
    """
    with _explained(path):
        rows = max(1, min(BATCH_ROWS, _CHUNK_VALUES // len(_names(path))))
        reader = _strictly(
            lambda: pd.read_csv(
                path, sep=_separator(path), low_memory=False, index_col=False, chunksize=rows, dtype=dict(kinds)
            )
        )
        with reader:
            while (chunk := _strictly(lambda: next(reader, None))) is not None:
                if len(chunk):
                    yield chunk


def _strictly(read: Callable[[], Any]) -> Any:
    """Read with the warning that names are too few as an error; pandas would cut the rows, or shift the columns."""
    with warnings.catch_warnings():
        warnings.simplefilter("error", pd.errors.ParserWarning)
        return read()


def _held(series: pd.Series) -> tuple[Seen, Any]:
    """Say what a column is in one chunk, and give it as an Arrow array."""
    import pyarrow as pa

    if series.isna().all():
        return "nothing", pa.nulls(len(series))
    if series.dtype.kind in "iuf":
        values = series.to_numpy()
        return _number_kind(values), pa.array(values)
    held = pd.api.types.infer_dtype(series, skipna=True)
    if held == "boolean":
        return "truth", pa.array(series, pa.bool_(), from_pandas=True)
    if held == "integer":
        return "beyond", pa.nulls(len(series))
    return "text", pa.array(series, pa.large_string(), from_pandas=True)


def _number_kind(values: npt.NDArray[Any]) -> Seen:
    if values.dtype.kind == "f":
        return "number"
    if values.dtype == np.uint64:
        return "huge"
    return "negative" if values.min() < 0 else "whole"


# ------------------------------------------------------------------------------------------------ the whole


def _text_in_the_whole(seen: Mapping[str, set[Seen]]) -> dict[str, str]:
    """Give the columns that are text in the whole and numbers or truths in some chunk, with the type to read them as.

    Raises:
        DataError: a column of whole numbers that are too large to stand beside the others in it.

    """
    again = {}
    for name, kinds in seen.items():
        some = kinds - {"nothing"}
        if "text" in some or "truth" in some:
            if len(some) > 1:
                again[name] = "str"
        elif "beyond" in kinds or ("huge" in kinds and not kinds <= {"huge", "whole"}):
            limit = 64 if "beyond" in kinds else 63
            raise DataError(
                f"column {name!r} holds whole numbers beyond 2**{limit}, which cannot be told exactly beside its other "
                "values; divide them, or put a letter before them so that they are labels."
            )
    return again


def _field(name: str, kinds: set[Seen]) -> Field:
    """Give the type that pandas would find in the whole column, of what was seen in its chunks."""
    import pyarrow as pa

    some = kinds - {"nothing"}
    if some == {"text"}:
        return Field(name, pa.large_string(), "category")
    if some == {"truth"}:
        return Field(name, pa.bool_(), "truth")
    if "huge" in some:
        return Field(name, pa.uint64(), "number")
    return Field(name, pa.int64() if kinds <= {"whole", "negative"} else pa.float64(), "number")


# ------------------------------------------------------------------------------------------------ what goes wrong


@contextmanager
def _explained(path: str) -> Iterator[None]:
    """Say in a sentence why a file cannot be read, as when it is read whole."""
    try:
        yield
    except (GlmlrError, MemoryError):
        raise
    except pd.errors.EmptyDataError:
        raise SourceError(f"The file {path!r} is empty.") from None
    except pd.errors.ParserWarning:
        raise SourceError(
            f"The file {path!r} has more values in its rows than names in its first line; name every column there."
        ) from None
    except UnicodeDecodeError as problem:
        raise SourceError(_encoded_otherwise(Path(path), problem)) from None
    except Exception as problem:
        raise SourceError(f"The file {path!r} cannot be read: {reason(problem)}.") from problem
