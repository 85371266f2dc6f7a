"""Are the example data those that their README describes, and can they be found?"""

from __future__ import annotations

import re
from pathlib import Path

import pandas as pd
import pytest

from glmlr import datasets
from glmlr.errors import OptionError, SourceError

#: Rows and columns of each file: `wc -l` less the header, and its header.
SHAPES = {
    "anes96": (944, 10),
    "arrests": (5226, 8),
    "birthwt": (189, 10),
    "heart_age": (5, 3),
    "heart_vessels": (5, 3),
    "iris": (150, 5),
    "scores": (10, 3),
    "titanic": (1309, 4),
}


def test_names_are_the_files_of_the_folder(root: Path) -> None:
    assert list(datasets.names()) == sorted(path.stem for path in (root / "data").glob("*.csv"))


@pytest.mark.parametrize("name", SHAPES)
def test_a_data_set_has_the_shape_of_its_file(name: str) -> None:
    assert datasets.load(name).shape == SHAPES[name]


def test_each_call_gives_a_frame_of_its_own() -> None:
    first = datasets.load("scores")
    first.loc[0, "probability"] = 0.0
    assert datasets.load("scores").loc[0, "probability"] == 0.6  # the first line of the file


def test_counts_are_those_of_the_sources() -> None:
    """R: table() of birthwt$low (MASS), of Arrests$released and TitanicSurvival$survived (carData)."""
    assert datasets.load("birthwt")["low"].value_counts().to_dict() == {0: 130, 1: 59}
    assert datasets.load("arrests")["released"].value_counts().to_dict() == {"Yes": 4334, "No": 892}
    titanic = datasets.load("titanic")
    assert titanic["survived"].value_counts().to_dict() == {"no": 809, "yes": 500}
    assert titanic["age"].isna().sum() == 263
    # statsmodels' endog of anes96 and its vote; the 50 of each species in Fisher's paper.
    anes96 = datasets.load("anes96")
    assert anes96["PID"].value_counts(sort=False).sort_index().tolist() == [200, 180, 108, 37, 94, 150, 175]
    assert anes96["vote"].value_counts().to_dict() == {0: 551, 1: 393}
    assert set(datasets.load("iris")["species"].value_counts()) == {50}


@pytest.mark.parametrize(("name", "ones", "zeros"), [("heart_vessels", 169, 134), ("heart_age", 164, 139)])
def test_the_heart_tables_add_up_to_303_patients(name: str, ones: int, zeros: int) -> None:
    """Totals: added by hand from the printed rows (134 + 21 + 7 + 3 + 4, ...)."""
    table = datasets.load(name)
    assert (table["disease"].sum(), table["no_disease"].sum()) == (ones, zeros)


def test_the_readme_describes_every_column_and_no_other(root: Path) -> None:
    text = (root / "data" / "README.md").read_text(encoding="utf-8")
    for name in datasets.names():
        assert f"{name}.csv" in text
        for column in datasets.load(name).columns:
            assert f"| `{column}` |" in text, f"data/README.md does not describe {name}: {column}"
    listed = set(re.findall(r"^\|(?: [\w.]+ \|)? `(\w+)` \|", text, re.MULTILINE))
    known = {column for name in datasets.names() for column in datasets.load(name).columns}
    assert {column for column in listed if column} <= known


def test_an_unknown_name_is_refused_with_the_closest_one() -> None:
    with pytest.raises(OptionError, match=r"no data set 'birthweight'.*did you mean 'birthwt'"):
        datasets.load("birthweight")


def test_files_are_also_found_where_a_wheel_puts_them(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pd.DataFrame({"a": [1, 2]}).to_csv(tmp_path / "scores.csv", index=False)
    monkeypatch.setattr(datasets, "_PLACES", (tmp_path, tmp_path / "nowhere"))
    assert datasets.load("scores")["a"].tolist() == [1, 2]
    with pytest.raises(SourceError, match="missing from this installation"):
        datasets.load("birthwt")
