"""Does a model of several classes come back from its file as it was, and does it score as the fit does?

Witnesses: the fit itself, to the last bit; the softmax written out from the numbers in the file; statsmodels' MNLogit.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from scipy.special import softmax

import glmlr
from glmlr.errors import (
    ArgumentError,
    GlmlrWarning,
    NotApplicable,
    OptionError,
    SeparationWarning,
    SourceError,
    UnknownLevelError,
)

BIRTHS = glmlr.datasets.load("birthwt")
NEW = BIRTHS.iloc[::9].drop(columns="race").reset_index(drop=True)
WANTED: tuple[dict[str, Any], ...] = (
    {},
    {"interval": 0.9},
    {"kind": "link", "interval": True},
    {"kind": "class"},
    {"scale": "weighted"},
)


def fitted(formula: str = "race ~ age + lwt + C(smoke)", data: Any = BIRTHS, **options: Any) -> glmlr.MultinomialFit:
    return glmlr.fit(formula, data, family="multinomial", **options)  # type: ignore[return-value]


CASES = {
    "plain": lambda: fitted(reference="white"),
    "weighted": lambda: fitted(class_weight="balanced", robust="HC1"),
    "scaled": lambda: fitted("race ~ age + lwt", BIRTHS.assign(lwt=BIRTHS["lwt"] * 1e7)),
    "mixed": lambda: fitted("race ~ bs(lwt, df=5) + I(age ** 2) + I(age ** 3) + age"),
    "aliased": lambda: fitted("race ~ age + twice + lwt", BIRTHS.assign(twice=2 * BIRTHS["age"])),
    "numbers": lambda: fitted("ftv3 ~ age + lwt", BIRTHS.assign(ftv3=np.minimum(BIRTHS["ftv"], 2)), reference=2),
}


@pytest.mark.parametrize("case", sorted(CASES))
def test_what_is_loaded_is_what_was_fitted(case: str, tmp_path: Path) -> None:
    fit, path = CASES[case](), tmp_path / "model.json"
    assert fit.save(path) == str(path)
    model = glmlr.load(path)
    assert isinstance(model, glmlr.ClassScoringModel)
    new = NEW.assign(twice=2 * NEW["age"]).assign(lwt=NEW["lwt"] * (1e7 if case == "scaled" else 1))
    for wanted in WANTED:
        assert model.predict(new, **wanted).equals(fit.predict(new, **wanted)), wanted
    assert model.params.equals(fit.params)
    assert model.bse.equals(fit.bse)
    assert model.cov_params().equals(fit.cov_params())
    assert model.notes == fit.notes
    assert model.classes == fit.classes
    again = tmp_path / "again.json"
    glmlr.save(model, again)
    assert again.read_bytes() == path.read_bytes()


def test_separated_classes_come_back_with_their_limits(tmp_path: Path) -> None:
    data = pd.DataFrame({"y": list("aaabbbccc"), "x": [1.0, 2, 3, 3, 4, 5, 8, 9, 10]})
    with pytest.warns(SeparationWarning):
        fit = fitted("y ~ x", data)
    model = glmlr.load(fit.save(tmp_path / "model.json"))
    new = {"x": [0.0, 3.0, 4.5, 6.0, 20.0]}
    for wanted in WANTED:
        assert model.predict(new, **wanted).equals(fit.predict(new, **wanted)), wanted
    assert np.isinf(model.params.to_numpy()).any() or np.isnan(model.params.to_numpy()).any()
    assert any("separation" in note for note in model.notes)


def test_the_numbers_in_the_file_are_the_softmax_of_the_classes(tmp_path: Path) -> None:
    """By hand: log-odds of the numbers that stand in the file; and statsmodels' MNLogit, fitted by itself."""
    import statsmodels.api as sm

    fit = fitted("race ~ age + lwt", reference="white")
    path = fit.save(tmp_path / "model.json")
    stored = json.loads(Path(path).read_text(encoding="utf-8"))
    x = np.column_stack([np.ones(len(NEW)), NEW["age"], NEW["lwt"]])
    eta = [np.zeros(len(NEW)), *(x @ np.array(one["estimates"]) for one in stored["coefficients"])]
    found = glmlr.load(path).predict(NEW)[["white", "black", "other"]].to_numpy()
    np.testing.assert_allclose(found, softmax(np.column_stack(eta), axis=1), rtol=1e-12)
    codes = BIRTHS["race"].map({"white": 0, "black": 1, "other": 2}).astype(int)
    theirs = sm.MNLogit(codes, sm.add_constant(BIRTHS[["age", "lwt"]])).fit(disp=0, method="newton", tol=1e-14)
    np.testing.assert_allclose(found, theirs.predict(x), rtol=1e-7)


def test_no_row_and_no_path_is_in_the_file(tmp_path: Path) -> None:
    one, other = (fitted(reference="white").save(tmp_path / name) for name in ("a.json", "b.json"))
    assert Path(one).read_bytes() == Path(other).read_bytes()
    assert "/" not in Path(one).read_text(encoding="utf-8")


def test_an_unseen_level_is_refused_missing_or_the_reference(tmp_path: Path) -> None:
    fit = fitted("race ~ age + C(ftv)", BIRTHS.assign(ftv=np.minimum(BIRTHS["ftv"], 2)))
    model = glmlr.load(fit.save(tmp_path / "model.json"))
    new = {"age": [20.0, 30.0], "ftv": [1, 7]}
    with pytest.raises(UnknownLevelError, match="ftv"):
        model.predict(new)
    assert model.predict(new, unknown="nan").isna().all(axis=1).tolist() == [False, True]
    reference = model.predict({"age": [30.0], "ftv": [0]}).iloc[0]
    assert model.predict(new, unknown="reference").iloc[1].equals(reference.rename(1))
    with pytest.raises(OptionError, match="kind"):
        model.predict(new, kind="odds")


def test_a_row_that_breaks_a_dependency_is_warned_of(tmp_path: Path) -> None:
    model = glmlr.load(CASES["aliased"]().save(tmp_path / "model.json"))
    with pytest.warns(GlmlrWarning, match="1 row does not obey") as caught:
        model.predict({"age": [20.0], "twice": [41.0], "lwt": [120.0]})
    assert caught[0].filename == __file__


@pytest.mark.parametrize(
    ("entry", "value"),
    [
        ("classes", {"values": ["black", "other", "white"], "reference": 3, "stated": True, "absent": []}),
        ("classes", {"values": ["black"], "reference": 0, "stated": True, "absent": []}),
        ("class_shift", [0.0, 0.0]),
        ("coefficients", []),
        ("units", {"columns": [0, 1, 1], "center": None, "scale": None, "mixed": None}),
        ("units", {"columns": [0, 1, 2, 3], "center": None, "scale": [1.0, 1.0, -1.0, 1.0], "mixed": None}),
        ("covariance", [[1.0]]),
        ("working_covariance", [[1.0]]),
        ("covariance_kind", "HC9"),
        ("separation", {"direction": [[1.0]], "undetermined": []}),
        ("version", 2),
        ("surprise", 1),
    ],
)
def test_a_changed_file_is_refused(entry: str, value: Any, tmp_path: Path) -> None:
    path = Path(fitted(reference="white").save(tmp_path / "model.json"))
    stored = json.loads(path.read_text(encoding="utf-8"))
    path.write_text(json.dumps({**stored, entry: value}), encoding="utf-8")
    with pytest.raises(SourceError, match="damaged or changed"):
        glmlr.load(path)


def test_a_file_of_a_later_version_is_refused(tmp_path: Path) -> None:
    path = Path(fitted(reference="white").save(tmp_path / "model.json"))
    text = path.read_text(encoding="utf-8").replace('"version": 3', '"version": 4')
    path.write_text(text, encoding="utf-8")
    with pytest.raises(SourceError, match="has version 4 of its format and this glmlr reads up to 3"):
        glmlr.load(path)


def test_what_no_file_can_hold_is_refused(tmp_path: Path) -> None:
    fit = fitted("race ~ twice(age)", functions={"twice": lambda x: 2 * x})
    with pytest.raises(NotApplicable, match="of your own"):
        fit.save(tmp_path / "model.json")
    with pytest.raises(ArgumentError, match="takes a fitted model, not dict"):
        glmlr.save({}, tmp_path / "model.json")  # type: ignore[arg-type]
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("ending", ["csv", "parquet"])
def test_scores_have_a_column_for_each_class(ending: str, tmp_path: Path) -> None:
    fit = fitted(reference="white")
    model = glmlr.load(fit.save(tmp_path / "model.json"))
    rows = NEW.assign(lwt=NEW["lwt"].where(NEW.index != 3))
    account = glmlr.score(model, rows, tmp_path / f"scores.{ending}", keep=["age"], interval=0.9)
    assert account.sentence == f"{len(rows) - 1} rows scored; 1 row without a score: 'lwt' is missing in 1."
    path = tmp_path / f"scores.{ending}"
    scores = pd.read_csv(path) if ending == "csv" else pd.read_parquet(path)
    names = [f"{part}_{label}" for label in ("black", "other", "white") for part in ("probability", "low", "high")]
    assert list(scores.columns) == ["age", *names]
    np.testing.assert_array_equal(scores[names].to_numpy(), fit.predict(rows, interval=0.9).to_numpy())


def test_scores_can_be_the_class_or_the_log_odds(tmp_path: Path) -> None:
    fit = CASES["numbers"]()
    model = glmlr.load(fit.save(tmp_path / "model.json"))
    rows, path = NEW.assign(lwt=NEW["lwt"].where(NEW.index != 3)), tmp_path / "scores.csv"
    glmlr.score(model, rows, path, kind="class")
    classes = fit.predict(rows, kind="class")
    assert pd.read_csv(path, dtype=object)["class"].tolist()[:3] == [str(one) for one in classes[:3]]
    assert pd.read_csv(path)["class"].isna().tolist() == classes.isna().tolist()
    glmlr.score(model, rows, path, kind="link")
    assert list(pd.read_csv(path).columns) == ["link_0", "link_1"]
    with pytest.raises(NotApplicable, match="share of an event"):
        glmlr.score(model, rows, path, prevalence=0.1)
    with pytest.raises(NotApplicable, match="no interval"):
        glmlr.score(model, rows, path, kind="class", interval=0.9)
    with pytest.raises(OptionError, match="keep has the column 'link_0'"):
        glmlr.score(model, rows.assign(link_0=1), path, kind="link", keep=["link_0"])
