"""Which files does a path mean? A pattern, a folder or a list becomes files of one form, in natural order."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from glob import has_magic
from os import PathLike, fspath
from pathlib import Path
from typing import Any, Final, Literal
from urllib.parse import unquote

from glmlr.errors import SourceError, listing
from glmlr.sources.files import CSV_ENDINGS, PACKED, PARQUET_ENDINGS

Form = Literal["parquet", "arrow", "text"]

#: Bytes on disk from which a single text or Parquet file is read in pieces and not into memory.
LARGE_FILE: Final = 256 * 2**20
ARROW_ENDINGS: Final = (".arrow", ".feather", ".ipc", ".arrows")
_KEY: Final = re.compile(r"([^=/\\]+)=([^/\\]*)")
_NO_VALUE: Final = "__HIVE_DEFAULT_PARTITION__"
_INT32: Final = range(-(2**31), 2**31)


@dataclass(frozen=True)
class Found:
    """The files that a path means.

    Attributes:
        paths: the files, in natural order (part-2 before part-10), or as they were listed.
        form: what they all are.
        given: what was given, for sentences.

    """

    paths: tuple[str, ...]
    form: Form
    given: str


def means_many_rows(data: str | PathLike[str]) -> bool:
    """Say whether a path is read in pieces: a pattern, a folder, an Arrow file, or one large file."""
    path = Path(data)
    if path.is_file():
        form = form_of(path)
        return form == "arrow" or (form is not None and path.stat().st_size > LARGE_FILE)
    return path.is_dir() or (has_magic(fspath(data)) and not path.exists())


def form_of(path: Path) -> Form | None:
    """Say by its ending how a file is stored, or None where the ending does not say."""
    endings = [ending.lower() for ending in path.suffixes]
    last = endings[-1] if endings else ""
    if last in PARQUET_ENDINGS:
        return "parquet"
    if last in ARROW_ENDINGS:
        return "arrow"
    inner = endings[-2] if last in PACKED and len(endings) > 1 else last
    return "text" if inner in CSV_ENDINGS else None


def found_files(data: str | PathLike[str] | Sequence[str | PathLike[str]]) -> Found:
    """Find the files of one path or of several.

    Raises:
        SourceError: there are none, or they are of several forms.

    """
    given = [data] if isinstance(data, (str, PathLike)) else list(data)
    paths = [path for each in given for path in _files_of(fspath(each))]
    twice = [path for path in dict.fromkeys(paths) if paths.count(path) > 1] if len(set(paths)) < len(paths) else []
    if twice:
        raise SourceError(f"The same file is given twice: {listing(map(repr, twice), 3)}.")
    forms = {form_of(Path(path)): path for path in reversed(paths)}
    if None in forms:
        raise SourceError(
            f"{forms[None]!r} is not read in pieces by its ending; that is done for "
            f"{listing((*PARQUET_ENDINGS, *ARROW_ENDINGS, *CSV_ENDINGS), 12)}, text also packed ({listing(PACKED)})."
        )
    if len(forms) > 1:
        shown = listing(f"{path!r} is {form}" for form, path in forms.items())
        raise SourceError(f"The files must be of one form: {shown}.")
    form = next(form for form in forms if form is not None)
    return Found(tuple(paths), form, fspath(given[0]) if len(given) == 1 else f"{paths[0]} to {paths[-1]}")


def _files_of(path: str) -> list[str]:
    """Give the file, those in a folder, or those that match a pattern."""
    if Path(path).is_dir():
        return _files_in(path)
    if Path(path).exists() or not has_magic(path):
        if not Path(path).exists():
            raise SourceError(f"There is no file {path!r}.")
        return [path]
    anchor = Path(path).anchor
    try:
        found = list(Path(anchor).glob(path.removeprefix(anchor)))
    except ValueError as problem:
        raise SourceError(f"The pattern {path!r} cannot be followed: {problem}.") from None
    # What writers leave beside the data (_SUCCESS, .crc) is no data.
    matches = [match for match in found if match.name[0] != "." and (match.name[0] != "_" or form_of(match))]
    if not matches:
        raise SourceError(f"No file matches {path!r}.")
    # A pattern such as data/** gives folders that stand in one another.
    inside = {file for match in matches for file in (_files_in(str(match)) if match.is_dir() else [str(match)])}
    return sorted(inside, key=natural_order)


def _files_in(folder: str) -> list[str]:
    """Give the Parquet files in a folder and below; names that begin with . or _ are no data."""
    root = Path(folder)
    if (root / "_delta_log").is_dir():
        raise SourceError(
            f"{folder!r} is a Delta table, in which old files stand beside valid ones; "
            "give deltalake.DeltaTable(path).to_pyarrow_dataset()."
        )
    below = [path for path in root.rglob("*") if form_of(path) == "parquet" and path.is_file()]
    kept = [str(path) for path in below if not any(part[0] in "._" for part in path.relative_to(root).parts)]
    if not kept:
        raise SourceError(f"The folder {folder!r} holds no Parquet file; for others give a pattern such as '*.csv'.")
    return sorted(kept, key=natural_order)


def refuse_other_columns(first: str, names: Iterable[str], path: str, others: Iterable[str]) -> None:
    """Refuse a file with other columns than the first one's; their order may differ.

    Raises:
        SourceError: it lacks some, or has more.

    """
    lacks, extra = set(names) - set(others), set(others) - set(names)
    if lacks or extra:
        parts = [f"it lacks {listing(map(repr, sorted(lacks)))}"] * bool(lacks)
        parts += [f"it has {listing(map(repr, sorted(extra)))} besides"] * bool(extra)
        raise SourceError(f"The columns of {path!r} are not those of {first!r}: {', and '.join(parts)}.")


def natural_order(path: str) -> list[list[tuple[int, str]]]:
    """Give a key by which numbers in names sort as numbers."""
    return [
        [(int(piece), "") if piece.isdecimal() else (-1, piece) for piece in re.split(r"(\d+)", part)]
        for part in Path(path).parts
    ]


# ------------------------------------------------------------------------------------------------ folders that are keys


def keys_of(paths: Iterable[str]) -> list[tuple[tuple[str, Any], ...]]:
    """Give for each file the columns that its folders name (year=2024), as Arrow arrays of one value.

    As in pandas.read_parquet they are categories, of whole numbers where all values are; their levels are sorted.

    Raises:
        SourceError: a file whose folders name other columns than those of the first file.

    """
    found = {path: _named_by_folders(path) for path in paths}
    first, names = next(iter(found.items()))
    for path, keys in found.items():
        if keys.keys() != names.keys():
            raise SourceError(
                f"The folders of {path!r} name the columns {listing(keys) or 'none'}, those of {first!r} "
                f"{listing(names) or 'none'}; give files whose folders name the same."
            )
    columns = {name: _key_values([keys[name] for keys in found.values()]) for name in names}
    return [tuple((name, columns[name][at]) for name in names) for at in range(len(found))]


def _named_by_folders(path: str) -> dict[str, str]:
    matches = (_KEY.fullmatch(part) for part in Path(path).parts[:-1])
    return {match[1]: match[2] for match in matches if match}


def _key_values(texts: list[str]) -> list[Any]:
    import pyarrow as pa

    values: list[Any] = [None if text == _NO_VALUE else unquote(text) for text in texts]
    present = [value for value in values if value is not None]
    if present and all(re.fullmatch(r"-?\d+", value) and int(value) in _INT32 for value in present):
        values = [None if value is None else int(value) for value in values]
    whole = any(isinstance(value, int) for value in values)
    return in_levels(values, pa.int32() if whole else pa.string(), pa.int32())


def in_levels(values: list[Any], kind: Any, codes: Any) -> list[Any]:
    """Give each value as an Arrow array of one code into all the distinct values, which are sorted.

    Args:
        values: one for each file, None for missing.
        kind: Arrow type of the values.
        codes: Arrow type of the codes.

    """
    import pyarrow as pa

    levels = sorted({value for value in values if value is not None})
    position: dict[Any, int | None] = {level: at for at, level in enumerate(levels)}
    dictionary = pa.array(levels, kind)
    return [pa.DictionaryArray.from_arrays(pa.array([position.get(value)], codes), dictionary) for value in values]
