"""Are the scores of a file those of `predict`, whole files or none, with an account of every row?"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from witnesses import births, read_data

import glmlr
from glmlr.errors import DataError, GlmlrWarning, OptionError, OutputError, SourceError, UnknownLevelError
from glmlr.saving import scoring
from glmlr.saving.model_file import load, save, scoring_model
from glmlr.saving.scoring import ScoreAccount, score
from glmlr.sources import read

BIRTHS = births().assign(id=lambda d: [f"{at:04}x" for at in range(len(d))], number=range(1000, 1189))
FIT = glmlr.fit("low ~ age + C(race) + bs(lwt, df=4)", BIRTHS)
MODEL = scoring_model(FIT)
SCORES = ("probability", "link", "low", "high")


def new_rows() -> pd.DataFrame:
    """Give rows of which, by hand, 2 lack age, 1 lacks race (and age), and 3 are martians, one without age."""
    new = BIRTHS.copy()
    new["age"] = new["age"].astype(float)
    new.loc[[3, 70], "age"] = np.nan
    new.loc[[70], "race"] = None
    new.loc[[5, 90, 120], "race"] = "martian"
    new.loc[[5], "age"] = np.nan
    return new


def in_file(path: Path) -> pd.DataFrame:
    """Read scores; numbers in text as Python reads them, to the last bit."""
    if path.suffix == ".parquet":
        return pd.read_parquet(path)
    text = pd.read_csv(path, dtype=str, keep_default_na=False)
    scores = {name: [float(value or "nan") for value in text[name]] for name in text if name in SCORES}
    return text.assign(**scores).assign(**{name: text[name].astype(int) for name in text if name == "number"})


def in_batches(sizes: list[int], monkeypatch: pytest.MonkeyPatch) -> None:
    """Let rows come in batches of these sizes, over and over."""

    def batches(data: Any, _: Any) -> Iterator[Any]:
        frame = data if isinstance(data, pd.DataFrame) else pd.read_csv(data)
        start = at = 0
        while start < len(frame) or at == 0:
            yield read(frame.iloc[start : start + sizes[at % len(sizes)]])
            start, at = start + sizes[at % len(sizes)], at + 1

    monkeypatch.setattr(scoring, "_batches", batches)


def test_the_scores_are_those_of_predict(tmp_path: Path) -> None:
    path = tmp_path / "scores.csv"
    account = score(MODEL, new_rows(), path, unknown="nan")
    expected = FIT.predict(new_rows(), unknown="nan")
    assert list(in_file(path)) == ["probability"]
    np.testing.assert_array_equal(in_file(path)["probability"], expected)
    assert (account.rows, account.scored) == (189, int(expected.notna().sum()))


@pytest.mark.parametrize("sizes", [[1], [50], [7, 100, 0, 3], [189]])
@pytest.mark.parametrize("ending", [".csv", ".parquet"])
def test_batches_do_not_matter(sizes: list[int], ending: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    in_batches(sizes, monkeypatch)
    path = tmp_path / f"scores{ending}"
    account = score(MODEL, new_rows(), path, keep=["id", "number"], interval=0.9, kind="link", unknown="nan")
    written = in_file(path)
    expected = FIT.predict(new_rows(), interval=0.9, kind="link", unknown="nan")
    assert list(written) == ["id", "number", "link", "low", "high"]
    assert written["id"].tolist() == BIRTHS["id"].tolist()
    assert written["number"].tolist() == BIRTHS["number"].tolist()
    assert written["number"].dtype.kind == "i"
    np.testing.assert_array_equal(written["link"], expected["estimate"])
    # x' V x is a product of matrices, whose last digits depend on how many rows stand beside a row.
    np.testing.assert_allclose(written[["low", "high"]], expected[["low", "high"]], rtol=1e-12)
    assert account == ScoreAccount(189, 184, {"age": 3, "race": 1}, 2, ())


def test_the_account_says_why(tmp_path: Path) -> None:
    """Counted by hand in `new_rows`: 5 is a martian without age, so that two martians lack nothing."""
    account = score(MODEL, new_rows(), tmp_path / "s.csv", unknown="nan")
    assert account.sentence == (
        "184 rows scored; 5 rows without a score: 'age' is missing in 3, 'race' is missing in 1, 2 hold a level that "
        "the fit has not seen, or no finite number."
    )
    assert score(MODEL, BIRTHS, tmp_path / "s.csv").sentence == "189 rows scored."
    assert ScoreAccount(1, 0, {}, 1, ()).sentence.startswith("0 rows scored; 1 row without a score: 1 holds a level")


def test_an_unknown_level_is_an_error_and_nothing_is_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    in_batches([4], monkeypatch)
    with pytest.raises(UnknownLevelError, match="'martian'"):
        score(MODEL, new_rows(), tmp_path / "s.csv")
    assert list(tmp_path.iterdir()) == []
    (tmp_path / "s.csv").write_text("was here")
    with pytest.raises(UnknownLevelError):
        score(MODEL, new_rows(), tmp_path / "s.csv")
    assert (tmp_path / "s.csv").read_text() == "was here"


def test_the_reference_level_stands_for_unknown_ones(tmp_path: Path) -> None:
    score(MODEL, new_rows(), tmp_path / "s.csv", unknown="reference")
    np.testing.assert_array_equal(
        in_file(tmp_path / "s.csv")["probability"], FIT.predict(new_rows(), unknown="reference")
    )


@pytest.mark.parametrize("ending", [".csv", ".parquet"])
def test_kept_columns_keep_the_type_of_the_first_rows(
    ending: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whole numbers that a later batch holds with gaps, as fractions, stay whole; text, truth, dates come through."""
    data = BIRTHS.assign(
        gaps=range(189),
        truth=BIRTHS["smoke"] == 1,
        late=[None] * 100 + ["late"] * 89,
        day=pd.Timestamp("2024-02-29"),
    )
    first, second = data.iloc[:100], data.iloc[100:]
    second = second.assign(gaps=second["gaps"].astype(float).where(second.index != 150))
    monkeypatch.setattr(scoring, "_batches", lambda *_: iter([read(first), read(second)]))
    path = tmp_path / f"s{ending}"
    score(MODEL, data, path, keep=["gaps", "truth", "late", "day", "grade"])
    written = pd.read_parquet(path) if ending == ".parquet" else pd.read_csv(path)
    assert written["gaps"].isna().tolist() == [at == 150 for at in range(189)]
    assert written["truth"].tolist() == data["truth"].tolist()
    assert written["late"].isna().tolist() == [True] * 100 + [False] * 89
    assert written["grade"].tolist() == data["grade"].tolist()
    assert set(pd.to_datetime(written["day"])) == {pd.Timestamp("2024-02-29")}
    if ending == ".csv":
        lines = path.read_text().splitlines()
        assert lines[1].startswith("0,")
        assert lines[189].startswith("188,")
        assert lines[151].startswith(",")


def test_a_kept_column_that_changes_its_kind_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    first, second = BIRTHS.iloc[:100], BIRTHS.iloc[100:].assign(number="many")
    monkeypatch.setattr(scoring, "_batches", lambda *_: iter([read(first), read(second)]))
    with pytest.raises(DataError, match="'number' holds numbers at first and something else in later rows"):
        score(MODEL, BIRTHS, tmp_path / "s.csv", keep=["number"])
    assert list(tmp_path.iterdir()) == []


def test_no_rows_give_a_header(tmp_path: Path) -> None:
    account = score(MODEL, BIRTHS.head(0), tmp_path / "s.csv", keep=["id"], interval=True)
    assert (tmp_path / "s.csv").read_text() == "id,probability,low,high\n"
    assert account.sentence == "0 rows scored."


def test_offsets_and_offset_columns(tmp_path: Path) -> None:
    data = BIRTHS.assign(e=0.25, f=BIRTHS["lwt"] / 100)
    fit = glmlr.fit("low ~ age + offset(f)", data, offset="e")
    new = data.assign(e=[None, *[0.5] * 188])
    account = score(scoring_model(fit), new, tmp_path / "s.csv")
    np.testing.assert_array_equal(in_file(tmp_path / "s.csv")["probability"], fit.predict(new))
    assert account.missing == {"e": 1}
    by_value = glmlr.fit("low ~ age", data, offset=np.ones(189))
    with pytest.raises(DataError, match="an offset that is not a column"):
        score(scoring_model(by_value), data, tmp_path / "t.csv")


def test_rows_that_break_a_dependency_are_counted_over_all_batches(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    data = BIRTHS.assign(twice=2 * BIRTHS["age"])
    fit = glmlr.fit("low ~ age + twice + lwt", data)
    in_batches([50], monkeypatch)
    new = data.assign(twice=data["twice"] + (data.index % 60 == 0))
    with pytest.warns(GlmlrWarning, match="4 rows do not obey twice = 2 age") as said:
        account = score(scoring_model(fit), new, tmp_path / "s.csv")
    assert account.broken == (4,)
    assert len(said) == 1
    assert said[0].filename == __file__


@pytest.mark.parametrize(
    ("options", "error", "says"),
    [
        (
            {"path": "s.txt"},
            OptionError,
            "the path 's.txt' of the scores has the ending '.txt'; use .csv, .parquet, .pq",
        ),
        ({"path": "absent/s.csv"}, OutputError, "there is no folder"),
        (
            {"keep": ["idd"]},
            DataError,
            "column 'idd', which is to be kept, not found in the new data; did you mean 'id'",
        ),
        ({"keep": ["id", "id"]}, OptionError, "keep has the column 'id'"),
        ({"keep": ["low"], "interval": 0.9}, OptionError, "keep has the column 'low', which is also"),
        ({"interval": 95}, OptionError, "level=95"),
        ({"kind": "odds"}, OptionError, "kind='odds'"),
        ({"unknown": "drop"}, OptionError, "unknown='drop'"),
        ({"data": BIRTHS.drop(columns="age")}, DataError, "column 'age' not found in the new data"),
        ({"data": "absent.csv"}, SourceError, "absent.csv"),
    ],
)
def test_what_cannot_be_scored(
    options: dict[str, Any], error: type[Exception], says: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    asked = {"data": BIRTHS, "path": "s.csv", **options}
    with pytest.raises(error) as caught:
        score(MODEL, **asked)
    assert says.casefold() in str(caught.value).casefold()
    assert list(tmp_path.iterdir()) == []


def test_the_data_are_not_written_over(tmp_path: Path) -> None:
    BIRTHS.to_csv(tmp_path / "rows.csv", index=False)
    with pytest.raises(OutputError, match="would replace the data they are of"):
        score(MODEL, tmp_path / "rows.csv", tmp_path / ".." / tmp_path.name / "rows.csv")


def test_what_parquet_cannot_hold(tmp_path: Path) -> None:
    data = BIRTHS.assign(odd=[1, "a"] * 94 + [2])
    with pytest.raises(DataError, match=r"cannot be written to Parquet .*; use .csv"):
        score(MODEL, data, tmp_path / "s.parquet", keep=["odd"])
    assert list(tmp_path.iterdir()) == []
    score(MODEL, data, tmp_path / "s.csv", keep=["odd"])


@pytest.mark.parametrize("ending", ["csv", "csv.gz", "parquet"])
def test_files_of_a_model_and_of_rows(ending: str, tmp_path: Path) -> None:
    titanic = read_data("titanic")
    fit = glmlr.fit("survived ~ sex * age", titanic, event="yes")
    save(fit, tmp_path / "model.json")
    path = tmp_path / f"rows.{ending}"
    titanic.to_parquet(path) if ending == "parquet" else titanic.to_csv(path, index=False)
    account = score(load(tmp_path / "model.json"), path, tmp_path / "s.csv")
    np.testing.assert_array_equal(in_file(tmp_path / "s.csv")["probability"], fit.predict(path))
    assert account.sentence == "1,046 rows scored; 263 rows without a score: 'age' is missing in 263."


@pytest.mark.parametrize("ending", ["csv", "parquet"])
def test_many_files_are_read_in_pieces(ending: str, tmp_path: Path) -> None:
    """In one file the codes are all digits, as text they are in the whole; ages are missing in another only."""
    data = BIRTHS.assign(code=np.where(BIRTHS.index < 60, "7", np.where(BIRTHS["lwt"] > 120, "7", "8b")))
    fit = glmlr.fit("low ~ age + code + smokes", data)
    data["age"] = data["age"].where(data.index < 130)
    for at, start in enumerate(range(0, 189, 60)):
        part = data.iloc[start : start + 60]
        path = tmp_path / f"rows-{at}.{ending}"
        part.to_parquet(path, index=False) if ending == "parquet" else part.to_csv(path, index=False)
    for target in ("s.csv", "s.parquet"):
        account = score(
            scoring_model(fit), str(tmp_path / f"rows-*.{ending}"), tmp_path / target, keep=["number", "id"]
        )
        written = in_file(tmp_path / target)
        np.testing.assert_array_equal(written["probability"], fit.predict(data))
        assert written["number"].tolist() == data["number"].tolist()
        assert written["id"].tolist() == data["id"].tolist()
        assert account.missing == {"age": 59}
    with pytest.raises(DataError, match="column 'agee' not found"):
        score(scoring_model(fit), str(tmp_path / f"rows-*.{ending}"), tmp_path / "t.csv", keep=["agee"])
    # No column at all is needed, and there are rows.
    constant = scoring_model(glmlr.fit("low ~ 1", data))
    assert score(constant, str(tmp_path / f"rows-*.{ending}"), tmp_path / "u.csv").scored == 189
