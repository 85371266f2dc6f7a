"""What do the rows of a database hold? They are grouped where they are, and come as covariate patterns with counts.

Where every column of a formula takes few values, the likelihood needs the distinct patterns and how many rows have each
(McCullagh & Nelder 1989, Generalized Linear Models, section 4.1), which one GROUP BY gives: no row leaves the database.
Of a formula only names of columns enter the SQL, in quotes.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import pandas as pd

from glmlr.errors import (
    ArgumentError,
    DataError,
    GlmlrError,
    SourceError,
    WeightError,
    explained_arguments,
    listing,
    suggestion,
)
from glmlr.sources.files import refuse_duplicates

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]

#: More patterns than this are not worth the grouping, nor the memory of whoever asked.
MOST_PATTERNS: Final = 1_000_000
_LONGEST_REASON: Final = 240
#: A table named as in SQL: visits, clinic.visits, "My visits".
_TABLE_NAME: Final = re.compile(r'(?:[^\W\d]\w*|"(?:[^"\0]|"")+")(?:\.(?:[^\W\d]\w*|"(?:[^"\0]|"")+"))*')


@dataclass(frozen=True)
class Described:
    """A column of a query: its name, and its type as the driver tells it (None where it does not)."""

    name: str
    type: Any = None


@dataclass(frozen=True, eq=False)
class Grouped:
    """Rows of a database collapsed to their distinct patterns (m of them, in the order of their columns).

    Attributes:
        frame: the patterns, m rows with the columns asked for.
        rows: how many rows of the database have each pattern, shape (m,).
        counted: how many of them have a frequency weight above 0, shape (m,).
        frequency: sum of their frequency weights, shape (m,); `rows` where there are no weights.

    """

    frame: pd.DataFrame
    rows: Integers
    counted: Integers
    frequency: Floats

    @property
    def note(self) -> str:
        """Say what was grouped into what."""
        return f"Grouped in the database: {int(self.rows.sum()):,} rows in {self.rows.size:,} patterns."


@dataclass(frozen=True, eq=False)
class Query:
    """Rows that a database would give, not asked for yet; `query` makes one.

    Attributes:
        connection: what reaches the database; it is only read from.
        text: a SELECT.
        described: the columns it gives, in order.

    """

    connection: Any = field(repr=False)
    text: str
    described: tuple[Described, ...]

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the columns, in order."""
        return tuple(column.name for column in self.described)

    def grouped(
        self, columns: Sequence[str], *, freq_weights: str | None = None, most: int = MOST_PATTERNS
    ) -> Grouped | None:
        """Group the rows in the database, in one query, by what some columns hold; NULL is a value of its own.

        Args:
            columns: names of columns of the query.
            freq_weights: a column of counts to be summed; None counts each row once.
            most: largest number of patterns to take.

        Returns:
            The patterns, or None where there are more than `most` and the rows can be streamed (`relation`).

        Raises:
            DataError: no such column, or more than `most` patterns in a database whose rows cannot be streamed.
            WeightError: weights that are missing, negative, infinite or fractions.
            SourceError: the database refuses the query.

        """
        chosen = self._columns(columns)
        sums = {"rows": "COUNT(*)"}
        if freq_weights is not None:
            sums |= _weight_sums(_quoted(*self._columns([freq_weights])))
        with _database(self.connection) as database, database.reading():
            by = [database.by_value(column) for column in chosen]
            answer = database.ask(_group_by(self.text, by, list(sums.values()), most + 1))
            answer.columns = pd.RangeIndex(answer.shape[1])
            if len(answer) > most:
                if isinstance(database, _DuckDB):
                    return None
                raise DataError(_too_many(answer, chosen))
            levels = database.levels(chosen)
        patterns = {column.name: _leveled(answer[at], levels.get(column.name)) for at, column in enumerate(chosen)}
        counts = {name: np.asarray(answer[len(chosen) + at], dtype=np.float64) for at, name in enumerate(sums)}
        if freq_weights is not None:
            _check_weights(freq_weights, counts)
        rows = counts["rows"]
        counted = counts.get("positive", rows).astype(np.int64)
        return Grouped(pd.DataFrame(patterns), rows.astype(np.int64), counted, counts.get("sum", rows))

    def relation(self) -> Any:
        """Give the rows as a DuckDB relation, which is executed whenever it is read.

        Raises:
            SourceError: the database refuses the query, or is not DuckDB.

        """
        with _database(self.connection) as database:
            if not isinstance(database, _DuckDB):
                raise SourceError("Only the rows of a DuckDB connection can be streamed; export the others to Parquet.")
            return database.relation(f"SELECT * {_from(self.text)}")

    def _columns(self, names: Sequence[str]) -> list[Described]:
        described = {column.name: column for column in self.described}
        for name in names:
            if name not in described:
                hint = suggestion(name, self.names) or f"; there are {listing(self.names)}."
                raise DataError(f"column {name!r} not found{hint}")
        return [described[name] for name in dict.fromkeys(names)]


@explained_arguments
def query(connection: Any, text: str) -> Query:
    """Name rows of a database, for `glmlr.fit(formula, glmlr.query(connection, "SELECT ..."))`.

    The rows are grouped in the database by the columns of the formula, and the fit is made on the patterns with their
    counts. Numbers, booleans and text are grouped by value, NULL is a missing value; an enumeration (DuckDB,
    PostgreSQL) is a categorical column with its levels in the order of the type.

    Args:
        connection: an open connection of DuckDB or of a DB-API 2 driver (sqlite3, psycopg, psycopg2, ...) to a database
            that takes double quotes around names and LIMIT; or an engine or connection of SQLAlchemy. It is left as it
            was: PostgreSQL is asked in a read-only transaction, or within the open one, which stays open.
        text: a SELECT, or the name of a table or view, written as in SQL.

    Raises:
        ArgumentError: something that is no open connection, or no text.
        SourceError: the database refuses the query.
        DataError: two columns of one name.

    """
    if not isinstance(text, str) or not text.strip(" \t\r\n;"):
        raise ArgumentError(
            f"A query is a text such as 'SELECT * FROM visits', or the name of a table, not {text!r:.60}."
        )
    text = text.strip(" \t\r\n;")
    select = f"SELECT * FROM {text}" if _TABLE_NAME.fullmatch(text) else text
    with _database(connection) as database, database.reading():
        described = database.describe(f"SELECT * {_from(select)} LIMIT 0")
    refuse_duplicates(tuple(column.name for column in described))
    return Query(connection, select, described)


# ------------------------------------------------------------------------------------------------ the SQL


def _from(text: str) -> str:
    # A line of its own: the text may end with a comment. The quotes around the alias are an error, and not a wrong
    # answer, where a database takes double quotes for those of text.
    return f'FROM (\n{text}\n) AS "rows"'


def _quoted(column: Described) -> str:
    """Quote the name of a column; qualified, SQLite cannot take it for text either."""
    if "\0" in column.name:
        raise DataError(f"The column {column.name!r} has a name that no SQL can hold; rename it with AS in the query.")
    return '"rows"."' + column.name.replace('"', '""') + '"'


def _group_by(text: str, by: Sequence[str], sums: Sequence[str], limit: int) -> str:
    given = ", ".join(f"{expression} AS c{at}" for at, expression in enumerate([*by, *sums]))
    places = ", ".join(str(at + 1) for at in range(len(by)))
    return f"SELECT {given} {_from(text)} GROUP BY {places} ORDER BY {places} LIMIT {limit}"


def _weight_sums(weight: str) -> dict[str, str]:
    """Ask of the weights in a pattern for their sum, how many are above 0, and how many are what none may be."""
    tests = {
        "positive": f"{weight} > 0",
        "missing": f"{weight} IS NULL",
        "negative": f"{weight} < 0",
        "not whole": f"{weight} <> ROUND({weight})",
    }
    return {"sum": f"SUM({weight})"} | {name: f"COUNT(CASE WHEN {test} THEN 1 END)" for name, test in tests.items()}


def _check_weights(name: str, counts: Mapping[str, Floats]) -> None:
    total = int(counts["rows"].sum())
    for what in ("missing", "negative", "not whole"):
        if wrong := int(counts[what].sum()):
            raise WeightError(
                f"freq_weights (column {name!r}) is {what} in {wrong:,} of the {total:,} rows; counts of rows are "
                "whole numbers of 0 or more."
            )
    if not np.isfinite(counts["sum"]).all():
        raise WeightError(f"freq_weights (column {name!r}) must be finite; some of the {total:,} values are not.")


def _too_many(answer: pd.DataFrame, columns: Sequence[Described]) -> str:
    """Say which columns take the most values, among the patterns that were seen."""
    values = {column.name: answer[at].nunique(dropna=False) for at, column in enumerate(columns)}
    most = sorted(values, key=lambda name: -values[name])[:3]
    return (
        f"The columns of the formula take more than {len(answer) - 1:,} different patterns, too many to be grouped in "
        f"the database (seen so far: {listing(f'{name!r} {values[name]:,} values' for name in most)}); round or bin "
        "columns in the query, or export the rows to Parquet."
    )


# ------------------------------------------------------------------------------------------------ the answers


def _leveled(values: pd.Series, levels: Sequence[str] | None) -> pd.Series:
    """Make a categorical column of an enumeration."""
    return values if levels is None else pd.Series(pd.Categorical(values, categories=list(levels), ordered=True))


def _typed(values: Sequence[Any]) -> pd.Series:
    """Make a column of what a driver gave for it: decimals, and numbers beside NULL, are floats."""
    column = pd.Series(values, dtype=object)
    kind = pd.api.types.infer_dtype(column, skipna=True)
    if kind in ("decimal", "mixed-integer-float") or (kind in ("integer", "floating") and column.isna().any()):
        return column.astype(np.float64)
    return column.infer_objects()


# ------------------------------------------------------------------------------------------------ the databases


@dataclass(frozen=True, eq=False)
class _Database:
    """Any database behind a DB-API 2 connection."""

    connection: Any

    @contextmanager
    def reading(self) -> Iterator[None]:
        """Keep the connection as it is, whatever becomes of the queries within."""
        yield

    def by_value(self, column: Described) -> str:
        """Write a column so that it is grouped by value, whatever collation it has."""
        return _quoted(column)

    def describe(self, sql: str) -> tuple[Described, ...]:
        """Name the columns of an answer."""
        with self._cursor(sql) as cursor:
            return tuple(Described(str(column[0]), column[1]) for column in cursor.description)

    def ask(self, sql: str) -> pd.DataFrame:
        """Give an answer, its columns in order."""
        with self._cursor(sql) as cursor:
            width = len(cursor.description)
            rows = [tuple(row.values()) if isinstance(row, Mapping) else tuple(row) for row in cursor.fetchall()]
        columns = zip(*rows, strict=True) if rows else [()] * width
        return pd.DataFrame(dict(enumerate(map(_typed, columns))))

    def levels(self, _: Sequence[Described], /) -> Mapping[str, tuple[str, ...]]:
        """Give the levels of the columns that are enumerations, where an answer does not hold them."""
        return {}

    @contextmanager
    def _cursor(self, sql: str) -> Iterator[Any]:
        cursor = self.connection.cursor()
        try:
            cursor.execute(sql)
            yield cursor
        finally:
            cursor.close()


class _SQLite(_Database):
    def by_value(self, column: Described) -> str:
        return f"{_quoted(column)} COLLATE BINARY"


class _Postgres(_Database):
    """PostgreSQL, where a query that fails takes its transaction with it."""

    #: Object identifiers of name, text, char(n) and varchar(n); those of users' own types begin at 16384.
    _TEXT: Final = (19, 25, 1042, 1043)
    _FIRST_OF_USERS: Final = 16_384
    _IDLE: Final = 0

    @contextmanager
    def reading(self) -> Iterator[None]:
        """Ask in a read-only transaction that is ended, or between savepoints of the one that is open."""
        within = int(self.connection.info.transaction_status) != self._IDLE
        alone = not within and self.connection.autocommit
        self._say(*(["SAVEPOINT glmlr"] if within else ["BEGIN"] if alone else []))
        try:
            self._say("SET TRANSACTION READ ONLY")
            yield
        finally:
            if within or alone:
                self._say(*(["ROLLBACK TO SAVEPOINT glmlr", "RELEASE SAVEPOINT glmlr"] if within else ["ROLLBACK"]))
            else:
                # A driver that begins transactions by itself must be the one to end them.
                self.connection.rollback()

    def by_value(self, column: Described) -> str:
        """Group text letter by letter; enumerations and other types of users' own by their text."""
        if column.type in self._TEXT or self._is_of_users(column):
            return f'CAST({_quoted(column)} AS text) COLLATE "C"'
        return _quoted(column)

    def levels(self, columns: Sequence[Described], /) -> Mapping[str, tuple[str, ...]]:
        """Ask the catalogue for the labels of enumerations, in the order of the type."""
        theirs = sorted({int(column.type) for column in columns if self._is_of_users(column)})
        if not theirs:
            return {}
        found = self.ask(
            "SELECT CAST(enumtypid AS bigint) AS type, CAST(enumlabel AS text) AS label FROM pg_catalog.pg_enum "
            f"WHERE enumtypid IN ({', '.join(map(str, theirs))}) ORDER BY enumtypid, enumsortorder"
        )
        labels = {number: tuple(group) for number, group in found[1].groupby(found[0])}
        return {column.name: labels[column.type] for column in columns if column.type in labels}

    def _is_of_users(self, column: Described) -> bool:
        return int(column.type) >= self._FIRST_OF_USERS

    def _say(self, *statements: str) -> None:
        for statement in statements:
            with self._cursor(statement):
                pass


class _DuckDB(_Database):
    """DuckDB, through relations, so that an answer its user has not fetched yet is not thrown away."""

    def by_value(self, column: Described) -> str:
        return _quoted(column) + (" COLLATE C" if str(column.type) == "VARCHAR" else "")

    def describe(self, sql: str) -> tuple[Described, ...]:
        relation = self.relation(sql)
        return tuple(Described(name, kind) for name, kind in zip(relation.columns, relation.types, strict=True))

    def ask(self, sql: str) -> pd.DataFrame:
        answer: pd.DataFrame = self.relation(sql).df()
        return answer

    def relation(self, sql: str) -> Any:
        """Give an answer that is not executed yet."""
        if len(self.connection.extract_statements(sql)) != 1:
            raise SourceError("A query is one SELECT; the text given holds several statements.")
        return self.connection.sql(sql)


@contextmanager
def _database(connection: Any) -> Iterator[_Database]:
    """Say which database a connection reaches; turn what goes wrong there into a sentence."""
    try:
        with _driver_connection(connection) as driver:
            yield _kind_of(driver)(driver)
    except GlmlrError:
        raise
    except Exception as problem:
        lines = str(problem).strip().splitlines() or [type(problem).__name__]
        reason = lines[0] if len(lines[0]) <= _LONGEST_REASON else f"{lines[0][:_LONGEST_REASON]} ..."
        raise SourceError(f"The database cannot answer the query: {reason.rstrip('.!:; ')}.") from problem


@contextmanager
def _driver_connection(connection: Any) -> Iterator[Any]:
    """Find the driver's own connection behind an engine or a connection of SQLAlchemy."""
    if hasattr(connection, "raw_connection"):
        borrowed = connection.raw_connection()
        try:
            yield borrowed.driver_connection
        finally:
            borrowed.close()
    elif hasattr(connection, "exec_driver_sql"):
        yield connection.connection.driver_connection
    else:
        yield connection


def _kind_of(connection: Any) -> type[_Database]:
    families = {kind.__module__.partition(".")[0] for kind in type(connection).__mro__}
    usable = callable(getattr(connection, "cursor", None)) and not isinstance(connection, type)
    if not usable or hasattr(connection, "__aenter__"):
        raise ArgumentError(
            "A query needs an open connection of DuckDB or of a DB-API 2 driver such as sqlite3 or psycopg (none of "
            f"asyncio's), or an engine of SQLAlchemy, not {type(connection).__name__}."
        )
    # By the names of their makers: nothing of theirs is imported for those who use another.
    makers = {"sqlite3": _SQLite, "psycopg": _Postgres, "psycopg2": _Postgres, "duckdb": _DuckDB, "_duckdb": _DuckDB}
    return next((makers[family] for family in makers if family in families), _Database)
