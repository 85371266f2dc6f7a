"""How is a file of rows scored? Piece by piece: what was read is predicted and written before more is read."""

from __future__ import annotations

import os
import warnings
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Final

import numpy as np
import pandas as pd

from glmlr.conditioning import Alias
from glmlr.design.recipe import UNKNOWN, NewRows, Recipe, applied
from glmlr.errors import (
    DataError,
    GlmlrWarning,
    NotApplicable,
    OptionError,
    OutputError,
    explained_arguments,
    listing,
    one_of,
    suggestion,
)
from glmlr.multinomial.prediction import WantedClasses
from glmlr.prediction import Wanted, broken_rows, broken_sentence, columns_required, columns_scored
from glmlr.saving.class_scoring_model import ClassScoringModel
from glmlr.saving.output_files import place_for, whole_file
from glmlr.saving.scoring_model import ScoringModel
from glmlr.sources import Source, read
from glmlr.sources.streams import open_stream

#: Rows that are scored at a time, of those in memory: 20 design columns of them are 10 MB.
BATCH_ROWS: Final = 1 << 16

Write = Callable[[pd.DataFrame], None]


@dataclass(frozen=True)
class ScoreAccount:
    """How many rows were scored, and why others were not.

    Attributes:
        rows: rows read.
        scored: rows with a score.
        missing: column -> rows without a score in which it is missing; a row missing in two columns counts in both.
        unfit: rows without a score in which nothing is missing: a level the fit has not seen, or no finite number.
        broken: for each aliased column of the fit the rows in which it is not what it was in all rows of the fit.

    """

    rows: int
    scored: int
    missing: Mapping[str, int]
    unfit: int
    broken: tuple[int, ...]

    def __add__(self, other: ScoreAccount) -> ScoreAccount:
        """Give the account of both sets of rows."""
        return ScoreAccount(
            rows=self.rows + other.rows,
            scored=self.scored + other.scored,
            missing=Counter(self.missing) + Counter(other.missing),
            unfit=self.unfit + other.unfit,
            broken=tuple(one + more for one, more in zip(self.broken, other.broken, strict=True)),
        )

    @property
    def sentence(self) -> str:
        """Say how many rows have a score, and why the others have none."""
        without = self.rows - self.scored
        said = f"{_rows(self.scored)} scored"
        if not without:
            return said + "."
        why = [f"{name!r} is missing in {count:,}" for name, count in self.missing.items()]
        if self.unfit:
            hold = "holds" if self.unfit == 1 else "hold"
            why.append(f"{self.unfit:,} {hold} a level that the fit has not seen, or no finite number")
        return f"{said}; {_rows(without)} without a score: {listing(why, 20)}."


def _rows(count: int) -> str:
    return f"{count:,} row{'' if count == 1 else 's'}"


@explained_arguments
def score(
    model: ScoringModel | ClassScoringModel,
    data: Any,
    path: str | os.PathLike[str],
    *,
    keep: Sequence[str] = (),
    interval: float | bool | None = None,
    kind: str = "probability",
    scale: str = "corrected",
    prevalence: float | None = None,
    unknown: str = "error",
) -> ScoreAccount:
    """Score rows and write the scores to a file, in memory that does not grow with the rows of a file.

    Args:
        model: what `glmlr.load` gave.
        data: the path of a CSV or Parquet file, or anything else that `glmlr.fit` takes.
        path: where to write, ending in .csv or .parquet; one row for each row read, in its order.
        keep: columns of the data that are written beside the scores.
        interval: a level such as 0.95 for columns low and high beside the score.
        kind: "probability" or "link", which is also the name of the column of scores. Of several classes each has its
            column, probability_white, low_white and high_white for the class white; and "class" is the most probable.
        scale: "corrected" removes what class weights added to the intercept; "weighted" leaves it.
        prevalence: share of the event in the population that is scored, where the rows of the fit were drawn by
            outcome; see `Fit.predict`.
        unknown: what to do with a level the fit has not seen: "error", "nan" or "reference".

    Returns:
        How many rows were scored, and why others were not; these have no score in the file.

    Raises:
        DataError: a column is missing or cannot be used; nothing is written.
        NotApplicable: a prevalence, with another link than the logit or of several classes; an interval of a class.
        OptionError, OutputError: a place that scores cannot be written to.

    Warns:
        GlmlrWarning: rows that break the dependency which left an aliased column without an estimate.

    """
    one_of("unknown", unknown, UNKNOWN)
    if isinstance(model, ClassScoringModel):
        scorer = _of_classes(model, WantedClasses(interval, kind, scale), prevalence)
    else:
        scorer = _of_events(model, Wanted(interval, kind, scale, prevalence))
    recipe = scorer.recipe
    target = _place(data, path)
    _refuse_kept(keep, scorer.names)
    if recipe.offset_given:
        raise DataError(
            "The fit had an offset that is not a column of its data, which a file of rows cannot hold; fit again with "
            "offset= the name of a column."
        )
    names = list(dict.fromkeys([*columns_scored(recipe), *keep]))
    with whole_file("scores", target) as place, _WRITERS[target.suffix.lower()](place) as write:
        total = _score_all(scorer, _batches(data, names), keep, unknown, write)
    for alias, count in zip(scorer.aliased, total.broken, strict=True):
        if count:
            warnings.warn(broken_sentence(model.names, alias, count), GlmlrWarning, stacklevel=3)
    return total


def _place(data: Any, path: str | os.PathLike[str]) -> Path:
    """Give the place of the scores, which is not that of the data."""
    target = place_for("scores", path, _WRITERS)
    if isinstance(data, (str, os.PathLike)) and target.exists() and Path(data).exists() and target.samefile(data):
        raise OutputError(f"The scores would replace the data they are of, {str(target)!r}; choose another place.")
    if _WRITERS[target.suffix.lower()] is _parquet and find_spec("pyarrow") is None:
        raise OutputError(f"Writing {str(target)!r} needs pyarrow; install glmlr[arrow], or write a .csv file.")
    return target


def _refuse_kept(keep: Sequence[str], scores: Sequence[str]) -> None:
    taken = set(scores)
    for name in keep:
        if name in taken:
            raise OptionError(
                f"keep has the column {name!r}, which is also what a column of scores is called; rename it."
            )
        taken.add(name)


def _batches(data: Any, names: Sequence[str]) -> Iterator[Source]:
    """Give rows that are read in pieces as they come, and others, which are in memory, cut into batches."""
    stream = open_stream(data)
    if stream is None:
        yield from _cut(read(data), names)
        return
    # A model may read no column at all; without any there would be no rows.
    for piece in stream.only(names or stream.names[:1]).pieces():
        yield from piece.batches()


def _cut(source: Source, names: Sequence[str]) -> Iterator[Source]:
    """Cut rows into batches, at least one, so that no more than one batch of design columns is there at a time."""
    columns = {name: source.raw(name) for name in names if name in source.names}
    for start in range(0, max(len(source.index), 1), BATCH_ROWS):
        part = {name: column.iloc[start : start + BATCH_ROWS] for name, column in columns.items()}
        yield Source(source.names, source.index[start : start + BATCH_ROWS], part.__getitem__)


# ------------------------------------------------------------------------------------------------ scoring


@dataclass(frozen=True, eq=False)
class _Scorer:
    """What scores rows.

    Attributes:
        recipe: makes their design columns.
        aliased: the columns without an estimate.
        names: of the columns of scores.
        scores: of new rows, in columns in this order.

    """

    recipe: Recipe
    aliased: tuple[Alias, ...]
    names: tuple[str, ...]
    scores: Callable[[NewRows], pd.Series | pd.DataFrame]


def _of_events(model: ScoringModel, wanted: Wanted) -> _Scorer:
    """Score by the probability of the event."""
    predictor = model.predictor.at_prevalence(wanted.prevalence)
    predictor.refuse_interval(wanted)
    names = (wanted.kind, "low", "high") if wanted.has_interval else (wanted.kind,)
    return _Scorer(predictor.recipe, predictor.aliased, names, lambda rows: predictor.of_new_rows(rows, wanted))


def _of_classes(model: ClassScoringModel, wanted: WantedClasses, prevalence: float | None) -> _Scorer:
    """Score by the probability of every class, or the most probable one.

    Raises:
        NotApplicable: a prevalence, which is a share of one event.

    """
    if prevalence is not None:
        raise NotApplicable("prevalence= is the share of an event, and a model of several classes has none.")
    predictor, classes = model.predictor, model.classes
    if wanted.kind == "class":
        names: tuple[str, ...] = ("class",)
    else:
        labels = classes.labels if wanted.kind == "probability" else classes.other_labels
        parts = (wanted.kind, "low", "high") if wanted.has_interval else (wanted.kind,)
        names = tuple(f"{part}_{label}" for label in labels for part in parts)
    typed = _with_gaps(np.array(classes.values).dtype)

    def scores(rows: NewRows) -> pd.Series | pd.DataFrame:
        found = predictor.of_new_rows(rows, wanted)
        return found.astype(typed) if wanted.kind == "class" and typed is not None else found

    return _Scorer(predictor.recipe, predictor.aliased, names, scores)


def _score_all(
    scorer: _Scorer, batches: Iterable[Source], keep: Sequence[str], unknown: str, write: Write
) -> ScoreAccount:
    """Score batch after batch; only the account of those before is kept."""
    total = ScoreAccount(0, 0, {}, 0, (0,) * len(scorer.aliased))
    kept = _Kept(keep)
    for batch in batches:
        rows = applied(scorer.recipe, batch, unknown, None)
        named = pd.DataFrame(dict(zip(scorer.names, _columns_of(scorer.scores(rows)), strict=True)))
        write(pd.concat([kept.of(batch), named], axis=1))
        total += _account(scorer, batch, rows)
    return total


def _columns_of(scores: pd.Series | pd.DataFrame) -> list[pd.Series]:
    columns = [scores] if isinstance(scores, pd.Series) else [scores[name] for name in scores.columns]
    return [column.reset_index(drop=True) for column in columns]


def _account(scorer: _Scorer, batch: Source, rows: NewRows) -> ScoreAccount:
    """Say of a batch which rows have no score, and why."""
    complete, absent = rows.complete, {}
    if not complete.all():
        absent = {name: batch.raw(name).isna().to_numpy() for name in columns_required(scorer.recipe)}
    unfit = ~complete
    for missing in absent.values():
        unfit = unfit & ~missing
    return ScoreAccount(
        rows=complete.size,
        scored=int(complete.sum()),
        missing={name: int(missing.sum()) for name, missing in absent.items() if missing.any()},
        unfit=int(unfit.sum()),
        broken=tuple(broken_rows(alias, rows.matrix) for alias in scorer.aliased),
    )


class _Kept:
    """Columns that go into the scores as they are, each in the type that it had in the first batch."""

    def __init__(self, names: Sequence[str]) -> None:
        self._names = names
        self._types: dict[str, Any] = {}

    def of(self, batch: Source) -> pd.DataFrame:
        """Give the columns of a batch.

        Raises:
            DataError: no such column, or values that its first rows had no place for.

        """
        columns = {name: self._typed(batch, name) for name in self._names}
        return pd.DataFrame(columns, index=pd.RangeIndex(len(batch.index)))

    def _typed(self, batch: Source, name: str) -> pd.Series:
        if name not in batch.names:
            hint = suggestion(name, batch.names) or f"; there are {listing(batch.names)}."
            raise DataError(f"column {name!r}, which is to be kept, not found in the new data{hint}")
        series = batch.raw(name).reset_index(drop=True)
        series = series.astype(object) if isinstance(series.dtype, pd.CategoricalDtype) else series
        first = self._types.setdefault(name, _with_gaps(series.dtype))
        try:
            # Whole numbers of which some are missing come as fractions, and would be written as such.
            return series if first is None or series.dtype == first else series.astype(first)
        except (TypeError, ValueError):
            raise DataError(
                f"column {name!r} holds numbers at first and something else in later rows; make it one type to keep it."
            ) from None


def _with_gaps(dtype: Any) -> Any:
    """Give the type that holds the same values and can have gaps; None for what has them anyway."""
    kind = dtype.kind if isinstance(dtype, np.dtype) else ""
    return {"i": "Int64", "u": "UInt64", "b": "boolean", "f": dtype}.get(kind)


# ------------------------------------------------------------------------------------------------ writing


@contextmanager
def _csv(place: Path) -> Iterator[Write]:
    with place.open("x", encoding="utf-8", newline="") as file:

        def write(frame: pd.DataFrame) -> None:
            frame.to_csv(file, index=False, header=file.tell() == 0, lineterminator="\n")

        yield write


@contextmanager
def _parquet(place: Path) -> Iterator[Write]:
    import pyarrow as pa
    from pyarrow import parquet

    with ExitStack() as opened:
        writers: list[Any] = []

        def write(frame: pd.DataFrame) -> None:
            if not writers:
                writers.append(opened.enter_context(parquet.ParquetWriter(place, _schema(pa, frame))))
            try:
                table = pa.Table.from_pandas(frame, schema=writers[0].schema, preserve_index=False)
            except (pa.ArrowInvalid, pa.ArrowTypeError) as problem:
                raise DataError(
                    f"A column to keep holds values of several types, for which Parquet has no place "
                    f"({_first(problem)}); write the scores to a .csv file."
                ) from None
            writers[0].write_table(table)

        yield write


def _schema(pa: Any, frame: pd.DataFrame) -> Any:
    """Give the types of the columns; one that begins with nothing but gaps is taken for text."""
    try:
        schema = pa.Schema.from_pandas(frame, preserve_index=False)
    except (pa.ArrowInvalid, pa.ArrowTypeError) as problem:
        raise DataError(f"A column to keep cannot be written to Parquet ({_first(problem)}); use .csv.") from None
    for at, field in enumerate(schema):
        if pa.types.is_null(field.type):
            schema = schema.set(at, pa.field(field.name, pa.string()))
    return schema


def _first(problem: Exception) -> str:
    return str(problem).splitlines()[0].rstrip(".")


#: Ending of the file -> what writes it.
_WRITERS: Final[Mapping[str, Callable[[Path], AbstractContextManager[Write]]]] = {
    ".csv": _csv,
    ".parquet": _parquet,
    ".pq": _parquet,
}
