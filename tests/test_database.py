"""Do the patterns that a database gives stand for its rows, and is the database left as it was?"""

from __future__ import annotations

import datetime
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import pandas as pd
import postgres
import psycopg
import pytest
from psycopg.rows import dict_row

import glmlr
from glmlr.errors import ArgumentError, DataError, OptionError, SeparationWarning, SourceError, WeightError
from glmlr.registry import STATISTICS
from glmlr.sources import read
from glmlr.sources.database import Described, Grouped, Query, query

KEYS = ["y", "age", "sex", "smoke", "dose"]
IDLE, WITHIN, FAILED = 0, 2, 3


@cache
def visits() -> pd.DataFrame:
    rng = np.random.default_rng(4)
    n = 1_500
    frame = pd.DataFrame(
        {
            "age": rng.integers(0, 6, n).astype(float),
            "sex": np.array(["f", "m", None], dtype=object)[rng.choice(3, n, p=[0.5, 0.47, 0.03])],
            "smoke": rng.random(n) < 0.3,
            "dose": np.array([0.1, 0.25, 1.5])[rng.integers(0, 3, n)],
            "times": rng.integers(0, 4, n),
            "share": np.array([0.5, 1.0, 2.0])[rng.integers(0, 3, n)],
            "known": np.array([0.0, 0.3])[rng.integers(0, 2, n)],
            "clinic": rng.integers(0, 20, n),
            "successes": rng.integers(0, 3, n),
            "failures": rng.integers(0, 4, n),
        }
    )
    eta = 0.2 * frame["age"] + 0.3 * (frame["sex"] == "m") + 0.5 * frame["smoke"] - 0.3 * frame["dose"] - 1
    frame["y"] = (rng.random(n) < 1 / (1 + np.exp(-eta))).astype(int)
    frame.loc[::97, "age"] = np.nan
    return frame


# ------------------------------------------------------------------------------------------------ databases

TYPES = {"f": "double precision", "i": "bigint", "b": "boolean", "O": "text"}


def fill(connection: Any, mark: str) -> None:
    """Put the visits into a table by plain INSERTs, as whoever filled it might have."""
    frame = visits()
    columns = ", ".join(f"{name} {TYPES[frame[name].dtype.kind]}" for name in frame)
    cursor = connection.cursor()
    cursor.execute(f"CREATE TABLE visits ({columns})")
    rows = frame.astype(object).where(frame.notna(), None).values.tolist()
    cursor.executemany(f"INSERT INTO visits VALUES ({', '.join([mark] * frame.shape[1])})", rows)
    connection.commit()


@pytest.fixture(scope="session")
def server() -> Iterator[str]:
    """Say how to connect to a PostgreSQL that holds the visits."""
    binaries = postgres.programs()
    if binaries is None:
        (pytest.fail if postgres.REQUIRED else pytest.skip)("PostgreSQL (initdb and pg_ctl) is not installed here")
    with postgres.server(binaries) as where:
        with psycopg.connect(where) as connection:
            fill(connection, "%s")
        yield where


@pytest.fixture
def in_postgres(server: str) -> Iterator[psycopg.Connection[Any]]:
    with psycopg.connect(server) as connection:
        yield connection
        connection.rollback()


@pytest.fixture(scope="module")
def in_duckdb() -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect() as connection:
        connection.register("frame", visits())
        connection.execute("CREATE TABLE visits AS SELECT * FROM frame")
        yield connection


@pytest.fixture(scope="module")
def in_sqlite() -> Iterator[sqlite3.Connection]:
    connection = sqlite3.connect(":memory:")
    fill(connection, "?")
    yield connection
    connection.close()


@pytest.fixture(params=["duckdb", "sqlite", "postgres"])
def connection(request: pytest.FixtureRequest) -> Any:
    return request.getfixturevalue(f"in_{request.param}")


def grouped(rows: Query, columns: list[str], **options: Any) -> Grouped:
    found = rows.grouped(columns, **options)
    assert found is not None
    return found


# ------------------------------------------------------------------------------------------------ the patterns


def test_patterns_by_hand(connection: Any) -> None:
    """Counted by hand: (1, a) twice, of weights 2 and 0; (1, NULL) once; (2, A) and (2, a) apart."""
    rows = "SELECT 1 AS g, 'a' AS t, 2 AS w"
    for values in ("2, 'a', 5", "1, 'a', 0", "1, NULL, 3", "2, 'A', 0"):
        rows += f" UNION ALL SELECT {values}"
    found = grouped(query(connection, rows), ["g", "t"], freq_weights="w")
    patterns = list(zip(found.frame["g"], found.frame["t"].fillna("?"), strict=True))
    counts = dict(zip(patterns, zip(found.rows, found.counted, found.frequency, strict=True), strict=True))
    assert counts == {(1, "a"): (2, 1, 2.0), (1, "?"): (1, 1, 3.0), (2, "A"): (1, 0, 0.0), (2, "a"): (1, 1, 5.0)}
    assert found.note == "Grouped in the database: 5 rows in 4 patterns."


def test_every_database_gives_the_patterns_that_pandas_counts(connection: Any) -> None:
    found = grouped(query(connection, "visits"), KEYS, freq_weights="times")
    of_frame = visits().groupby(KEYS, dropna=False)["times"]
    wanted = pd.DataFrame({"rows": of_frame.size(), "frequency": of_frame.sum()}).reset_index()
    mine = found.frame.assign(rows=found.rows, frequency=found.frequency)
    mine["smoke"] = mine["smoke"].astype(bool)  # SQLite has none and stores 0 and 1
    for frame in (mine, wanted):
        frame["sex"] = frame["sex"].astype(object).where(frame["sex"].notna(), "?")
    mine, wanted = (frame.sort_values(KEYS, ignore_index=True) for frame in (mine, wanted))
    pd.testing.assert_frame_equal(mine, wanted, check_dtype=False, check_exact=True)


def test_patterns_come_in_one_order(connection: Any) -> None:
    one, two = (grouped(query(connection, "visits"), KEYS) for _ in range(2))
    pd.testing.assert_frame_equal(one.frame, two.frame)
    other = query(connection, "SELECT * FROM visits ORDER BY dose DESC, known")
    pd.testing.assert_frame_equal(one.frame, grouped(other, KEYS).frame)


@pytest.mark.parametrize(
    ("formula", "options"),
    [
        ("y ~ age + sex * smoke + C(dose)", {}),
        ("y ~ bs(age, df=4) + center(dose)", {"link": "probit"}),
        ("y ~ age + sex", {"link": "cloglog", "freq_weights": "times"}),
        ("y ~ age + sex", {"sample_weight": "share"}),
        ("y ~ age + sex", {"offset": "known"}),
        ("y ~ age + sex", {"cluster": "clinic"}),
        ("y ~ age + smoke", {"class_weight": "balanced"}),
        ("y ~ age + smoke", {"robust": "HC3", "freq_weights": "times"}),
        ("successes + failures ~ age + sex", {}),
    ],
)
def test_fits_are_those_of_the_rows(in_duckdb: Any, formula: str, options: dict[str, Any]) -> None:
    ours = glmlr.fit(formula, glmlr.query(in_duckdb, "visits"), **options)
    rows = glmlr.fit(formula, visits(), **options)
    assert ours.names == rows.names
    np.testing.assert_allclose(ours.params, rows.params, rtol=1e-12)
    np.testing.assert_allclose(ours.bse, rows.bse, rtol=1e-12)
    assert ours.loglik == pytest.approx(rows.loglik, rel=1e-13)
    assert ours.nobs == rows.nobs
    assert replace(ours.design.rows, notes=()) == replace(rows.design.rows, notes=())
    grouping = [note for note in ours.notes if note not in rows.notes]
    assert len(grouping) == 1
    assert grouping[0].startswith("Grouped in the database: 1,500 rows in ")


def test_every_database_gives_the_fit_of_the_rows(connection: Any) -> None:
    ours = glmlr.fit("y ~ age + sex + dose", query(connection, "visits"))
    rows = glmlr.fit("y ~ age + sex + dose", visits())
    np.testing.assert_allclose(ours.params, rows.params, rtol=1e-12)
    np.testing.assert_allclose(ours.bse, rows.bse, rtol=1e-12)


#: What there is only of some fits.
OPTIONS: dict[str, dict[str, Any]] = {"intercepts": {"class_weight": "1:10"}, "hazard_ratios": {"link": "cloglog"}}


# Diagnostics name rows, and these are patterns; nothing is separated.
@pytest.mark.parametrize("key", sorted(STATISTICS.keys() - {"diagnostics", "separation_table"}))
def test_every_statistic_is_that_of_the_rows(in_duckdb: Any, key: str) -> None:
    formula = "y ~ age + sex * smoke + C(dose)"
    options = OPTIONS.get(key, {})
    ours, rows = (glmlr.fit(formula, data, **options) for data in (query(in_duckdb, "visits"), visits()))
    found, wanted = getattr(ours, key)(), getattr(rows, key)()
    for mine, theirs in zip((found, *found.tables), (wanted, *wanted.tables), strict=True):
        pd.testing.assert_frame_equal(mine.frame, theirs.frame, check_dtype=False, rtol=1e-9, atol=1e-9)


def test_rows_that_separate_are_counted_as_rows(in_sqlite: sqlite3.Connection) -> None:
    rows = "SELECT CASE WHEN age = 5 THEN 1 ELSE y END AS y, age, smoke FROM visits"
    lost = visits()["age"].isna().sum()
    with pytest.warns(SeparationWarning, match=f"{(visits()['age'] == 5).sum()} of {1_500 - lost:,} rows perfectly"):
        glmlr.fit("y ~ C(age) + smoke", query(in_sqlite, rows))


def test_a_dot_stands_for_all_other_columns(in_duckdb: Any) -> None:
    rows = query(in_duckdb, "SELECT y, age, smoke, times, clinic FROM visits")
    fit = glmlr.fit("y ~ .", rows, freq_weights="times", cluster="clinic")
    assert fit.design.formula == "y ~ age + smoke"


@pytest.mark.parametrize("role", ["freq_weights", "sample_weight", "offset", "cluster"])
def test_weights_of_a_query_are_columns_of_it(in_sqlite: sqlite3.Connection, role: str) -> None:
    with pytest.raises(OptionError, match=f"{role}= must name a column of the query, not be a ndarray"):
        glmlr.fit("y ~ age", query(in_sqlite, "visits"), **{role: np.ones(1_500)})


def test_what_is_too_much_to_be_grouped_is_streamed(in_duckdb: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(Query.grouped.__kwdefaults__, "most", 10)
    fit = glmlr.fit("y ~ age + sex + dose", query(in_duckdb, "visits"))
    assert not any("Grouped in the database" in note for note in fit.notes)
    np.testing.assert_allclose(fit.params, glmlr.fit("y ~ age + sex + dose", visits()).params, rtol=1e-9)


# ------------------------------------------------------------------------------------------------ names and types

STRANGE = ['he said "no"', "a b", "select", "per%cent", "what?", ":colon", "é", "c0", "rows", "x; DROP TABLE visits --"]


@pytest.mark.parametrize("name", STRANGE)
def test_any_name_can_be_quoted(connection: Any, name: str) -> None:
    """A name that were taken for text, or for SQL, would give one pattern, or none."""
    quoted = name.replace('"', '""')
    rows = query(connection, f'SELECT 1 AS "{quoted}", 5 AS z UNION ALL SELECT 2, 5 UNION ALL SELECT 2, 6')
    assert rows.names == (name, "z")
    found = grouped(rows, [name], freq_weights="z")
    assert found.frame[name].tolist() == [1, 2]
    assert found.frequency.tolist() == [5.0, 11.0]


def test_columns_without_a_name_of_their_own_are_values_too(in_sqlite: sqlite3.Connection) -> None:
    rows = query(in_sqlite, "SELECT age + 1, COUNT(*) FROM visits GROUP BY 1")
    assert grouped(rows, [rows.names[0]]).frame.iloc[:, 0].dropna().tolist() == [1, 2, 3, 4, 5, 6]


def test_a_name_that_sqlite_does_not_know_is_no_text(in_sqlite: sqlite3.Connection) -> None:
    """It takes an unknown name in double quotes for text, of which there would be one pattern."""
    with pytest.raises(SourceError, match="no such column"):
        Query(in_sqlite, "SELECT * FROM visits", (Described("agee"),)).grouped(["agee"])


def test_a_column_that_does_not_exist_is_named(connection: Any) -> None:
    rows = query(connection, "visits")
    for columns, weights in ((["y", "smokes"], None), (["y"], "smokes")):
        with pytest.raises(DataError, match="column 'smokes' not found; did you mean 'smoke'"):
            rows.grouped(columns, freq_weights=weights)


def test_a_name_that_cannot_be_quoted_is_refused(in_sqlite: sqlite3.Connection) -> None:
    with pytest.raises(DataError, match="a name that no SQL can hold"):
        Query(in_sqlite, "SELECT 1", (Described("a\0b"),)).grouped(["a\0b"])


def test_numbers_truths_text_and_dates_are_of_the_kind_they_are_in_memory(connection: Any) -> None:
    rows = (
        "SELECT CAST(1 AS bigint) AS i, CAST(0.5 AS double precision) AS f, CAST(2.50 AS numeric(5, 2)) AS n, 'x' AS t"
        " UNION ALL SELECT NULL, NULL, NULL, NULL"
    )
    frame = grouped(query(connection, rows), ["i", "f", "n", "t"]).frame
    columns = [read(frame).column(name) for name in frame]
    assert [column.kind for column in columns] == ["number", "number", "number", "category"]
    if not isinstance(connection, duckdb.DuckDBPyConnection):  # which makes its own frames
        assert [str(frame[name].dtype) for name in ("i", "f", "n")] == ["float64"] * 3
    assert frame.iloc[:, :3].dropna().to_numpy().tolist() == [[1.0, 0.5, 2.5]]


@pytest.mark.parametrize("database", ["duckdb", "postgres"])
def test_truths_and_dates(request: pytest.FixtureRequest, database: str) -> None:
    connection = request.getfixturevalue(f"in_{database}")
    rows = "SELECT 1 < 2 AS b, CAST('2020-01-31' AS date) AS d UNION ALL SELECT NULL, NULL"
    frame = grouped(query(connection, rows), ["b", "d"]).frame
    assert [read(frame).column(name).kind for name in frame] == ["truth", "date"]
    assert [pd.Timestamp(day) for day in frame["d"].dropna()] == [pd.Timestamp(2020, 1, 31)]


def test_numbers_of_several_types_in_one_column_are_numbers(in_sqlite: sqlite3.Connection) -> None:
    frame = grouped(query(in_sqlite, "SELECT 3 AS v UNION ALL SELECT 2.5"), ["v"]).frame
    assert frame["v"].tolist() == [2.5, 3.0]
    assert frame["v"].dtype == np.float64


@pytest.mark.parametrize("database", ["duckdb", "postgres"])
def test_an_enumeration_keeps_its_order(request: pytest.FixtureRequest, database: str) -> None:
    """The type says low < middle < high; the alphabet does not. No row is high."""
    connection = request.getfixturevalue(f"in_{database}")
    connection.execute("CREATE TYPE risk AS ENUM ('low', 'middle', 'high')")
    connection.execute("CREATE TABLE risks (r risk, n integer)")
    connection.execute("INSERT INTO risks VALUES ('middle', 1), ('low', 2), (NULL, 3), ('low', 4)")
    found = grouped(query(connection, "risks"), ["r"], freq_weights="n")
    column = read(found.frame).column("r")
    assert (column.kind, column.values.levels, column.values.ordered) == ("category", ("low", "middle", "high"), True)
    counts = dict(zip(found.frame["r"].astype(object).fillna("?"), found.frequency, strict=True))
    assert counts == {"low": 6.0, "middle": 1.0, "?": 3.0}


@pytest.mark.parametrize("database", ["duckdb", "sqlite", "postgres"])
def test_a_collation_that_folds_letters_merges_no_levels(request: pytest.FixtureRequest, database: str) -> None:
    connection = request.getfixturevalue(f"in_{database}")
    collation = "nocase"
    if database == "postgres":
        collation = "folded"
        connection.execute(
            "CREATE COLLATION folded (provider = icu, locale = 'und-u-ks-level2', deterministic = false)"
        )
    connection.execute(f"CREATE TABLE folding (t text COLLATE {collation})")
    connection.execute("INSERT INTO folding VALUES ('a'), ('A'), ('a')")
    # The database itself takes them for one.
    assert connection.execute("SELECT COUNT(DISTINCT t) FROM folding").fetchall() == [(1,)]
    found = grouped(query(connection, "folding"), ["t"])
    assert dict(zip(found.frame["t"], found.rows, strict=True)) == {"A": 1, "a": 2}
    if database == "sqlite":
        connection.rollback()


# ------------------------------------------------------------------------------------------------ weights


@pytest.mark.parametrize(
    ("weights", "says"),
    [
        (["1", "NULL", "NULL"], "missing in 2 of the 3 rows"),
        (["1", "-1", "2"], "negative in 1 of the 3 rows"),
        (["1", "0.5", "0.5"], "not whole in 2 of the 3 rows"),
    ],
)
def test_weights_that_count_nothing_are_refused(connection: Any, weights: list[str], says: str) -> None:
    """The sum of a pattern alone would hide them: 0.5 + 0.5 is whole, 2 - 1 is above 0."""
    text = " UNION ALL ".join(f"SELECT 1 AS g, CAST({w} AS double precision) AS w" for w in weights)
    with pytest.raises(WeightError, match=says) as caught:
        query(connection, text).grouped(["g"], freq_weights="w")
    assert "column 'w'" in str(caught.value)


def test_infinite_weights_are_refused(in_duckdb: Any) -> None:
    with pytest.raises(WeightError, match="must be finite"):
        query(in_duckdb, "SELECT 1 AS g, CAST('inf' AS double) AS w").grouped(["g"], freq_weights="w")


# ------------------------------------------------------------------------------------------------ too many patterns


def test_too_many_patterns_are_not_fetched(connection: Any) -> None:
    rows = query(connection, "visits")
    patterns = visits().groupby(["age", "dose"], dropna=False).ngroups
    assert grouped(rows, ["age", "dose"], most=patterns).rows.size == patterns
    if isinstance(connection, duckdb.DuckDBPyConnection):
        assert rows.grouped(["age", "dose"], most=patterns - 1) is None
        return
    # In order of age and dose the last pattern was not seen; every age and dose was.
    with pytest.raises(DataError, match=rf"more than {patterns - 2} different patterns, .*'age' 7 values, 'dose' 3"):
        rows.grouped(["age", "dose"], most=patterns - 2)


def test_rows_of_duckdb_can_be_streamed(in_duckdb: Any) -> None:
    relation = query(in_duckdb, "visits").relation()
    assert relation.columns == list(visits().columns)
    for _ in range(2):
        assert [dose for (dose,) in relation.project("dose").fetchall()] == visits()["dose"].tolist()


def test_rows_of_others_cannot(in_sqlite: sqlite3.Connection) -> None:
    with pytest.raises(SourceError, match="Only the rows of a DuckDB connection"):
        query(in_sqlite, "visits").relation()


# ------------------------------------------------------------------------------------------------ the query


@pytest.mark.parametrize(
    "text",
    [
        "visits",
        '"visits"',
        "main.visits",
        "  visits ;\n",
        "SELECT * FROM visits",
        "SELECT * FROM visits; ",
        "SELECT * FROM visits -- all of them",
        "WITH some AS (SELECT * FROM visits) SELECT * FROM some",
        "SELECT * FROM visits ORDER BY y LIMIT 1500",
    ],
)
def test_tables_and_queries(in_sqlite: sqlite3.Connection, text: str) -> None:
    assert grouped(query(in_sqlite, text), ["y"]).rows.sum() == 1_500


def test_an_empty_table_has_no_patterns(connection: Any) -> None:
    found = grouped(query(connection, "SELECT * FROM visits WHERE 1 = 0"), ["y", "sex"])
    assert found.frame.shape == (0, 2)
    assert found.rows.size == 0


def test_data_are_read_in_one_query(in_sqlite: sqlite3.Connection) -> None:
    rows = query(in_sqlite, "visits")
    asked: list[str] = []
    in_sqlite.set_trace_callback(asked.append)
    rows.grouped(KEYS, freq_weights="times")
    in_sqlite.set_trace_callback(None)
    assert len(asked) == 1
    assert "GROUP BY" in asked[0]


@pytest.mark.parametrize(
    "text",
    ["nowhere", "SELECT nope FROM visits", "SELEC 1", "SELECT 1) AS x; DROP TABLE visits; SELECT * FROM (SELECT 1"],
)
def test_a_query_that_fails_is_one_sentence(connection: Any, text: str) -> None:
    with pytest.raises(SourceError) as caught:
        query(connection, text)
    said = str(caught.value)
    assert said.endswith(".")
    assert "\n" not in said
    assert len(said) < 320
    assert grouped(query(connection, "visits"), ["y"]).rows.sum() == 1_500


class Asynchronous:
    """A connection that answers later."""

    async def __aenter__(self) -> None: ...

    def cursor(self) -> None: ...


@pytest.mark.parametrize("thing", ["visits.db", None, sqlite3, sqlite3.Connection, Asynchronous(), 3])
def test_what_is_no_connection_is_refused(thing: Any) -> None:
    with pytest.raises(ArgumentError, match="needs an open connection"):
        query(thing, "visits")


@pytest.mark.parametrize("text", ["", " ; ", None, 3])
def test_what_is_no_query_is_refused(in_sqlite: sqlite3.Connection, text: Any) -> None:
    with pytest.raises(ArgumentError, match="A query is a text such as"):
        query(in_sqlite, text)


def test_two_columns_of_one_name_are_refused(in_postgres: Any) -> None:
    with pytest.raises(DataError, match=r"'a' \(2 times\)"):
        query(in_postgres, "SELECT 1 AS a, 2 AS a")


def test_a_closed_connection_is_said_to_be_closed() -> None:
    closed = sqlite3.connect(":memory:")
    closed.close()
    with pytest.raises(SourceError, match="closed"):
        query(closed, "visits")


# ------------------------------------------------------------------------------------------------ drivers


class Driver:
    """A DB-API 2 connection of no known make."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self.cursor = connection.cursor


def test_any_driver_will_do(in_sqlite: sqlite3.Connection) -> None:
    assert (
        grouped(query(Driver(in_sqlite), "visits"), ["y"]).rows.tolist()
        == visits()["y"].value_counts()[[0, 1]].tolist()
    )


def as_dict(cursor: sqlite3.Cursor, row: tuple[Any, ...]) -> dict[str, Any]:
    return dict(zip((column[0] for column in cursor.description), row, strict=True))


@pytest.mark.parametrize("factory", [None, sqlite3.Row, as_dict])
def test_rows_may_come_as_records(factory: Callable[..., Any] | None) -> None:
    connection = sqlite3.connect(":memory:")
    connection.row_factory = factory
    found = grouped(query(connection, "SELECT 1 AS a, 'x' AS b, 3 AS w"), ["b", "a"], freq_weights="w")
    connection.close()
    assert found.frame.values.tolist() == [["x", 1]]
    assert found.frequency.tolist() == [3.0]


def test_an_answer_of_duckdb_that_was_not_fetched_is_not_thrown_away() -> None:
    with duckdb.connect() as connection:
        connection.execute("SELECT * FROM range(5000)")
        connection.fetchone()
        # Older versions keep several answers apart; newer ones refuse to begin another.
        with suppress(SourceError):
            query(connection, "SELECT 1 AS a").grouped(["a"])
        assert connection.fetchone() == (1,)


def test_engines_and_connections_of_sqlalchemy(tmp_path: Path) -> None:
    sqlalchemy = pytest.importorskip("sqlalchemy", reason="SQLAlchemy is not installed here")
    engine = sqlalchemy.create_engine(f"sqlite:///{tmp_path / 'pairs.db'}")
    with engine.connect() as connection:
        connection.exec_driver_sql("CREATE TABLE pairs (a, b)")
        connection.exec_driver_sql("INSERT INTO pairs VALUES (1, 2), (1, 2), (3, 4)")
        assert grouped(query(connection, "pairs"), ["a", "b"]).rows.tolist() == [2, 1]
        assert connection.in_transaction()
        connection.commit()
    assert grouped(query(engine, "pairs"), ["a", "b"]).rows.tolist() == [2, 1]
    with pytest.raises(SourceError, match="no such table"):
        query(engine, "nowhere")
    assert engine.pool.checkedin() == 1
    engine.dispose()


# ------------------------------------------------------------------------------------------------ transactions

FAILING = "SELECT 1 / (y - y) AS q FROM visits"


def state(connection: psycopg.Connection[Any]) -> int:
    return int(connection.info.transaction_status)


@pytest.mark.parametrize("autocommit", [False, True])
def test_no_transaction_is_left_open(in_postgres: psycopg.Connection[Any], autocommit: bool) -> None:
    in_postgres.autocommit = autocommit
    rows = query(in_postgres, FAILING)
    assert state(in_postgres) == IDLE
    with pytest.raises(SourceError, match="division by zero"):
        rows.grouped(["q"])
    assert state(in_postgres) == IDLE
    grouped(query(in_postgres, "visits"), ["y"])
    assert state(in_postgres) == IDLE


@pytest.mark.parametrize("autocommit", [False, True])
def test_an_open_transaction_goes_on(in_postgres: psycopg.Connection[Any], autocommit: bool) -> None:
    in_postgres.autocommit = autocommit
    with in_postgres.transaction(force_rollback=True):
        in_postgres.execute("CREATE TABLE mine AS SELECT 7 AS a")
        with pytest.raises(SourceError, match="division by zero"):
            query(in_postgres, FAILING).grouped(["q"])
        assert state(in_postgres) == WITHIN
        assert grouped(query(in_postgres, "mine"), ["a"]).frame["a"].tolist() == [7]
        in_postgres.execute("INSERT INTO mine VALUES (8)")
        assert in_postgres.execute("SELECT COUNT(*) FROM mine").fetchone() == (2,)


def test_a_failed_transaction_stays_the_users_own(in_postgres: psycopg.Connection[Any]) -> None:
    with pytest.raises(psycopg.Error):
        in_postgres.execute("SELECT nope")
    with pytest.raises(SourceError, match="current transaction is aborted"):
        query(in_postgres, "visits")
    assert state(in_postgres) == FAILED


@pytest.mark.parametrize("within", [False, True])
def test_postgres_is_only_read_from(in_postgres: psycopg.Connection[Any], within: bool) -> None:
    in_postgres.execute("CREATE SEQUENCE numbers")
    if not within:
        in_postgres.commit()
    with pytest.raises(SourceError, match="read-only transaction"):
        query(in_postgres, "SELECT nextval('numbers') AS v").grouped(["v"])
    in_postgres.execute("DROP SEQUENCE numbers")
    in_postgres.commit()


def test_rows_of_postgres_may_come_as_dicts(in_postgres: psycopg.Connection[Any]) -> None:
    in_postgres.row_factory = dict_row  # type: ignore[assignment]
    in_postgres.execute("CREATE TYPE side AS ENUM ('left', 'right')")
    found = grouped(query(in_postgres, "SELECT CAST('right' AS side) AS s, DATE '2020-01-31' AS d"), ["s", "d"])
    assert found.frame["s"].cat.categories.tolist() == ["left", "right"]
    assert found.frame["d"].tolist() == [datetime.date(2020, 1, 31)]
