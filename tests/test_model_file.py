"""Does a model that was saved predict what the fit predicts, to the last bit, and is every other file refused?"""

from __future__ import annotations

import copy
import json
import pickle
import random
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from witnesses import births, read_data

import glmlr
from glmlr.errors import (
    ArgumentError,
    GlmlrError,
    GlmlrWarning,
    NotApplicable,
    OptionError,
    OutputError,
    SeparationWarning,
    SourceError,
)
from glmlr.saving.model_file import CLASSES_VERSION, load, save
from glmlr.saving.scoring_model import ScoringModel

BIRTHS = births().assign(
    ftv=lambda d: d["ftv"].clip(upper=3),
    visits=lambda d: d["visits"].clip(upper=3),
    shift=lambda d: np.log(d["lwt"]) / 10,
    twice=lambda d: 2.0 * d["age"],
    band=lambda d: pd.cut(d["age"], [0, 20, 25, 60]),
    text=lambda d: d["ftv"].map("visits {}".format),
    far=lambda d: d["age"] + 1e7,
)


def strange_rows() -> pd.DataFrame:
    """Give new rows with an index of their own, values missing, levels unseen, and numbers beyond those of the fit."""
    new = BIRTHS.iloc[5:45].copy()
    new.index = pd.Index([f"row {at}" for at in range(len(new))])
    new["age"] = new["age"] + 0.37
    for at, (column, value) in enumerate(
        [
            ("age", np.nan), ("race", None), ("race", "martian"), ("age", 71.5), ("lwt", 41.0), ("ftv", 17),
            ("text", "none"), ("shift", np.nan), ("lwt", np.nan), ("smokes", None), ("grade", None), ("visits", 3.5),
            ("band", None),
        ]
    ):  # fmt: skip
        new[column] = new[column].astype(object) if column == "smokes" else new[column]
        new.iloc[3 * at, new.columns.get_loc(column)] = value
    return new


NEW = strange_rows()

FORMULAS = [
    "low ~ 1",
    "low ~ age + lwt + C(race) + smoke",
    "low ~ 0 + race + age",
    "low ~ smokes + grade + C(ftv)",
    "low ~ C(visits) + C(smoke == 1) + text",
    "low ~ C(race, Treatment('white')) * age",
    "low ~ C(race, Sum):C(text) + lwt",
    "low ~ C(race, Helmert) + C(grade, Poly) + C(smokes, Diff)",
    "low ~ C(race, [[1, 0.1], [0, -3], [-1, 1e-7]])",
    "low ~ C(text, levels=['visits 3', 'visits 0', 'visits 1', 'visits 2'])",
    "low ~ band + age",
    "low ~ bs(age, df=5) + bs(lwt, knots=[110, 130], degree=2)",
    "low ~ cr(age, df=4) + cr(lwt, df=4, constraints='center')",
    "low ~ cc(age, df=4) + smoke",
    "low ~ te(cr(age, df=3), cr(lwt, df=3), constraints='center') + smoke",
    "low ~ bs(age, df=4):C(race)",
    "low ~ poly(age, 3) + poly(lwt, 2, raw=True)",
    "low ~ center(np.log(lwt)) + standardize(age, ddof=1) + scale(lwt, rescale=False)",
    "low ~ standardize(center(age) ** 2) + np.where(lwt > 120, age, 0)",
    "low ~ age + offset(shift) + offset(np.log(lwt) - 4)",
    "low ~ (age + smoke + race) ** 2 - age:smoke",
    "low ~ age + lwt - lwt + I(smoke + ht)",
    "low ~ far + lwt",
    "I(low == 1) ~ `age` + Q('lwt')",
]


def round_trip(fit: Any, tmp_path: Path) -> ScoringModel:
    """Save, load, and say on the way that the file of what was loaded is the same file."""
    path = tmp_path / "model.json"
    assert save(fit, path) == str(path)
    model = load(path)
    again = tmp_path / "again.json"
    save(model, again)
    assert path.read_bytes() == again.read_bytes()
    return model


def assert_predicts_the_same(fit: Any, model: ScoringModel, new: Any, **options: Any) -> None:
    """Compare bit for bit: estimates and intervals, probabilities and linear predictors, both scales."""
    for kind in ("probability", "link"):
        for scale in ("corrected", "weighted"):
            asked = {"kind": kind, "scale": scale, "unknown": "nan", **options}
            pd.testing.assert_series_equal(fit.predict(new, **asked), model.predict(new, **asked), check_exact=True)
            pd.testing.assert_frame_equal(
                fit.predict(new, interval=0.9, **asked), model.predict(new, interval=0.9, **asked), check_exact=True
            )


@pytest.mark.parametrize("formula", FORMULAS)
def test_what_is_loaded_predicts_what_the_fit_predicts(formula: str, tmp_path: Path) -> None:
    fit = glmlr.fit(formula, BIRTHS)
    model = round_trip(fit, tmp_path)
    assert_predicts_the_same(fit, model, NEW)
    assert model.predict(NEW, unknown="nan").notna().sum() >= 15
    pd.testing.assert_series_equal(fit.params, model.params, check_exact=True)
    pd.testing.assert_series_equal(fit.bse, model.bse, check_exact=True)
    pd.testing.assert_frame_equal(fit.cov_params(), model.cov_params(), check_exact=True)


@pytest.mark.parametrize("link", ["logit", "probit", "cloglog"])
@pytest.mark.parametrize(
    "options",
    [
        {},
        {"robust": "HC3"},
        {"cluster": "text"},
        {"freq_weights": "ftv", "event": 0},
        {"class_weight": "balanced"},
        {"sample_weight": "lwt"},
        {"offset": "shift"},
    ],
)
def test_every_link_weight_and_covariance(link: str, options: dict[str, Any], tmp_path: Path) -> None:
    fit = glmlr.fit("low ~ age + C(race)", BIRTHS, link=link, **options)
    model = round_trip(fit, tmp_path)
    assert_predicts_the_same(fit, model, NEW)
    assert (model.link, model.covariance_kind, model.event) == (link, fit.covariance_kind, fit.event)
    assert model.notes == fit.notes


def test_a_recipe_comes_back_as_it_was(tmp_path: Path) -> None:
    """Terms, titles, references and codings, which predictions do not show in full."""
    fit = glmlr.fit("low ~ C(race, Treatment('white')) * bs(age, df=4) + C(text, Sum) - lwt", BIRTHS)
    was, now = fit.design.recipe, round_trip(fit, tmp_path).predictor.recipe
    for name in ("names", "terms", "titles", "kinds", "event", "offset_column", "offset_given"):
        assert getattr(was, name) == getattr(now, name), name
    assert now.formula.text == was.formula.text
    assert [one.reference for one in now.ingredients] == [one.reference for one in was.ingredients] == [2, None, None]
    assert [one.levels for one in now.ingredients] == [one.levels for one in was.ingredients]
    for before, after in zip(was.parts, now.parts, strict=True):
        assert (before.first, before.width, before.factors, before.suffixes) == (
            after.first, after.width, after.factors, after.suffixes,
        )  # fmt: skip
        for one, other in zip(before.codings, after.codings, strict=True):
            assert (one is None) == (other is None)
            if one is not None and other is not None:
                np.testing.assert_array_equal(one, other)
                assert other.flags.c_contiguous


def test_an_offset_that_was_no_column_is_asked_for(tmp_path: Path) -> None:
    fit = glmlr.fit("low ~ age + C(race)", BIRTHS, offset=BIRTHS["shift"].to_numpy())
    model = round_trip(fit, tmp_path)
    assert_predicts_the_same(fit, model, NEW, offset=np.linspace(-1, 1, len(NEW)))
    with pytest.raises(GlmlrError, match="give offset= for the new rows"):
        model.predict(NEW)


def test_the_reference_level_stands_for_unknown_ones(tmp_path: Path) -> None:
    fit = glmlr.fit("low ~ age + C(race, Treatment('white'))", BIRTHS)
    assert_predicts_the_same(fit, round_trip(fit, tmp_path), NEW, unknown="reference")


def test_counts_and_text_responses(tmp_path: Path) -> None:
    vessels = read_data("heart_vessels")
    grouped = glmlr.fit("disease + no_disease ~ C(ca)", vessels)
    assert_predicts_the_same(grouped, round_trip(grouped, tmp_path), vessels[["ca"]])
    titanic = read_data("titanic")
    fit = glmlr.fit("survived ~ sex * age + .", titanic[["survived", "sex", "age", "passengerClass"]], event="yes")
    model = round_trip(fit, tmp_path)
    assert_predicts_the_same(fit, model, titanic.drop(columns="survived"))
    assert model.event == "survived = yes"
    assert (model.rows_read, model.rows_used) == (1309, 1046)


def test_a_fit_of_rows_read_in_parts_is_saved_like_any_other(tmp_path: Path) -> None:
    for at in range(3):
        BIRTHS.iloc[at::3].drop(columns="band").to_parquet(tmp_path / f"part-{at}.parquet", index=False)
    formula = "low ~ age + C(race, Sum) + cr(lwt, df=4, constraints='center')"
    fit = glmlr.fit(formula, str(tmp_path / "*.parquet"), link="probit", class_weight="balanced")
    model = round_trip(fit, tmp_path)
    assert_predicts_the_same(fit, model, NEW)
    assert (model.rows_read, model.rows_used) == (189, 189)


def separated(complete: bool) -> pd.DataFrame:
    x = np.arange(40.0)
    y = (x > 19).astype(int)
    group = np.where(x % 4 == 0, "a", np.where(x % 4 == 1, "b", "c"))
    if not complete:
        y = np.where(group == "a", 1, (x * 7 % 11 > 5).astype(int))
    return pd.DataFrame({"y": y, "x": x, "group": group})


@pytest.mark.parametrize("complete", [True, False])
def test_separated_rows_are_0_and_1_as_the_fits_own(complete: bool, tmp_path: Path) -> None:
    data = separated(complete)
    with pytest.warns(SeparationWarning):
        fit = glmlr.fit("y ~ x + group", data)
    model = round_trip(fit, tmp_path)
    new = pd.DataFrame({"x": [-5.0, 3.25, 19.5, 60.0] * 3, "group": np.repeat(["a", "b", "c"], 4)})
    assert_predicts_the_same(fit, model, new)
    assert set(model.predict(new)) >= ({0.0, 1.0} if complete else {1.0})
    assert np.isinf(model.params).any()
    assert model.notes == fit.notes


def test_an_aliased_column_has_no_estimate_and_broken_dependencies_are_said(tmp_path: Path) -> None:
    fit = glmlr.fit("low ~ age + twice + lwt", BIRTHS)
    model = round_trip(fit, tmp_path)
    assert np.isnan(model.params["twice"])
    with warnings.catch_warnings(record=True) as by_fit:
        warnings.simplefilter("always")
        fit.predict(NEW)
    with pytest.warns(GlmlrWarning, match="not obey twice = 2 age") as by_model:
        predicted = model.predict(NEW)
    assert [str(one.message) for one in by_fit] == [str(one.message) for one in by_model]
    assert [one.filename for one in by_model] == [__file__]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", GlmlrWarning)
        pd.testing.assert_series_equal(fit.predict(NEW), predicted, check_exact=True)
        assert_predicts_the_same(fit, model, NEW)


def test_columns_far_from_0_keep_the_digits_of_their_intervals(tmp_path: Path) -> None:
    fit = glmlr.fit("low ~ far + lwt", BIRTHS)
    assert fit.centred is not None
    model = round_trip(fit, tmp_path)
    assert model.predictor.centred is not None
    np.testing.assert_array_equal(fit.centred.matrix, model.predictor.centred.matrix)


def test_levels_and_names_of_every_kind(tmp_path: Path) -> None:
    """A quotation mark, a back-tick, a line break, an emoji, half a surrogate pair, nothing at all."""
    odd = ['say "x"', "back`tick", "line\nbreak", "\U0001f600 é", "\ud83d", ""]
    rng = np.random.default_rng(5)
    data = pd.DataFrame({"y": rng.integers(0, 2, 240), "and": rng.random(240)})
    data["my `odd` column"] = pd.Series([odd[at] for at in rng.integers(0, 6, 240)], dtype=object)
    data["whole"] = pd.Series(rng.choice([-(2**62), 3, 7], 240), dtype=object)
    data["float"] = rng.choice([0.1 + 0.2, -np.inf, 1e-300], 240)
    fit = glmlr.fit(r"y ~ `my \`odd\` column` + `and` + C(whole) + C(float > 0)", data)
    assert_predicts_the_same(fit, round_trip(fit, tmp_path), data)
    text = (tmp_path / "model.json").read_text(encoding="utf-8")
    assert "é" in text
    assert r"\ud83d" in text


def test_the_same_fit_gives_the_same_bytes_and_no_rows(tmp_path: Path) -> None:
    for name in ("one.json", "two.json"):
        glmlr.fit("low ~ age + bs(lwt, df=4) + C(race)", BIRTHS.copy()).save(tmp_path / name)
    text = (tmp_path / "one.json").read_text(encoding="utf-8")
    assert text == (tmp_path / "two.json").read_text(encoding="utf-8")
    assert len(text) < 8_000
    many = pd.concat([BIRTHS] * 200, ignore_index=True)
    glmlr.fit("low ~ age + bs(lwt, df=4) + C(race)", many).save(tmp_path / "many.json")
    assert (tmp_path / "many.json").stat().st_size < 1.1 * len(text)
    assert str(tmp_path) not in text
    assert max(map(len, text.splitlines())) < 300


def test_a_model_file_holds_no_code(tmp_path: Path) -> None:
    with pytest.raises(NotApplicable, match=r"calls half\(\), of your own"):
        glmlr.fit("low ~ half(age)", BIRTHS, functions={"half": lambda x: x / 2}).save(tmp_path / "m.json")
    unused = glmlr.fit("low ~ age", BIRTHS, functions={"half": lambda x: x / 2})
    assert_predicts_the_same(unused, round_trip(unused, tmp_path), NEW)
    path = tmp_path / "evil.json"
    path.write_bytes(pickle.dumps({"format": "glmlr model"}))
    with pytest.raises(SourceError, match="evil.json"):
        load(path)


def test_levels_that_json_has_no_word_for_are_refused(tmp_path: Path) -> None:
    day = pd.Categorical(pd.to_datetime("2024-01-01") + pd.to_timedelta(BIRTHS["ftv"].clip(upper=2), unit="D"))
    fit = glmlr.fit("low ~ C(day)", BIRTHS.assign(day=day))
    with pytest.raises(NotApplicable, match=r"C\(day\) has the level '2024-01-01 00:00:00' of type Timestamp"):
        save(fit, tmp_path / "m.json")
    assert list(tmp_path.iterdir()) == []


def test_where_a_model_cannot_go(tmp_path: Path) -> None:
    fit = glmlr.fit("low ~ age", BIRTHS)
    with pytest.raises(OptionError, match="'.pkl'; use .json"):
        save(fit, tmp_path / "m.pkl")
    with pytest.raises(OutputError, match="there is no folder"):
        save(fit, tmp_path / "absent" / "m.json")
    with pytest.raises(ArgumentError, match=r"save\(\) takes a fitted model, not str"):
        save("fit", tmp_path / "m.json")  # type: ignore[arg-type]
    with pytest.raises(ArgumentError, match="no argument 'where'"):
        save(fit, where=tmp_path)  # type: ignore[call-arg]
    with pytest.raises(ArgumentError, match="The place of the model is of type NoneType"):
        save(fit, None)  # type: ignore[arg-type]
    with pytest.raises(ArgumentError, match=r"load\(\) takes the path of a file that glmlr.save wrote, not Fit"):
        load(fit)  # type: ignore[arg-type]


# ------------------------------------------------------------------------------------------------ files that are none


FIT = glmlr.fit("low ~ age + C(race) + bs(lwt, df=4) + twice", BIRTHS, class_weight="balanced")


@pytest.fixture(scope="module")
def document(tmp_path_factory: pytest.TempPathFactory) -> Any:
    path = tmp_path_factory.mktemp("model") / "model.json"
    save(FIT, path)
    return json.loads(path.read_text(encoding="utf-8"))


def written(path: Path, document: Any) -> Path:
    path.write_text(json.dumps(document), encoding="utf-8")
    return path


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"", "is not a model that glmlr saved"),
        (b"low,age\n1,20\n", "is not a model that glmlr saved"),
        (b'{"format": "glmlr model", "version": NaN}', "NaN is no number of JSON"),
        (b"[" * 100_000, "nested too deeply"),
        (b"9" * 5_000, "is not a model"),
        (b"\xff\xfe{}", "it is not UTF-8 text"),
        (b"[1, 2]", "is JSON, but not a model that glmlr saved"),
        (b'{"format": "another model"}', "is JSON, but not a model that glmlr saved"),
        (b'{"format": "glmlr model", "version": 99}', f"version 99 .* this glmlr reads up to {CLASSES_VERSION}"),
        (b'{"format": "glmlr model"}', "it has no 'columns'"),
    ],
)
def test_a_file_that_is_no_model(content: bytes, says: str, tmp_path: Path) -> None:
    path = tmp_path / "some.json"
    path.write_bytes(content)
    with pytest.raises(SourceError, match=says) as caught:
        load(path)
    assert "some.json" in str(caught.value)
    assert "\n" not in str(caught.value)


def test_no_file_and_a_folder(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match=r"absent.json' cannot be read: No such file"):
        load(tmp_path / "absent.json")
    with pytest.raises(SourceError, match="cannot be read"):
        load(tmp_path)


def changed(document: Any, path: list[Any], value: Any) -> Any:
    """Give a copy with one value replaced, or taken out."""
    whole = copy.deepcopy(document)
    inner = whole
    for step in path[:-1]:
        inner = inner[step]
    if value is ...:
        del inner[path[-1]]
    else:
        inner[path[-1]] = value
    return whole


@pytest.mark.parametrize(
    ("path", "value", "says"),
    [
        (["version"], 0, "'version' does not fit"),
        (["extra"], 1, "it has 'extra', which no model has"),
        (["link"], "logitt", "did you mean 'logit'"),
        (["link"], ..., "it has no 'link'"),
        (["formula_read"], "low ~ age", "'factors' is not a list of 1"),
        (["formula_read"], "low ~ __import__('os')", "not allowed in a formula"),
        (["formula_read"], "low ~ wt + C(race) + bs(lwt, df=4) + twice", "'wt' not found"),
        (["columns", "age"], "colour", "'columns.age' is not one of number, truth, category, mixed, date"),
        (["factors", 1, "levels"], ["black", "white"], r"'terms\[1\].parts\[0\].factors\[0\].coding'"),
        (["factors", 1, "levels"], ["a", "b", "b"], "each level stands once"),
        (["factors", 1, "levels", 0], [1], "list of texts, numbers"),
        (["factors", 0, "expression"], "lwt", "is not 'age', which stands there in the formula"),
        (["factors", 2, "learned"], [], r"'factors\[2\].learned' is not a list of 1"),
        (["factors", 2, "learned", 0, "knots", 0], "inf", "knots' is not finite"),
        (["factors", 2, "learned", 0, "knots", 0], 1e6, "knots' is not a list of at least 2 ascending numbers"),
        (["factors", 2, "learned", 0, "degree"], ..., r"it has no 'factors\[2\].learned\[0\].degree'"),
        (["factors", 2, "learned", 0, "degree"], 10**9, "at most 7"),
        (["factors", 2, "learned", 0, "transform"], "evil", "'factors' does not fit"),
        (["factors", 2, "learned", 0, "learnt"], "evil", r"learnt' is not what bs\(\) learns"),
        (["terms", 1, "parts", 0, "factors", 0, "coding"], {"treatment": 3}, "at most 2"),
        (["terms", 1, "parts", 0, "factors", 0, "coding"], "each level", "is not a coding with 2 columns"),
        (["terms", 1, "parts", 0, "factors", 0, "coding"], [[1, 0], [0, 1]], "is not 2 x 3 numbers"),
        (["terms", 1, "parts", 0, "factors", 0, "factor"], 4, "at most 3"),
        (["terms", 0], ..., "'coefficients' is not a list of 8"),
        (["coefficients", 0], ..., "'coefficients' is not a list of 9"),
        (["coefficients", 1, "name"], "age", "'coefficients' does not fit"),
        (["coefficients", 1, "working"], "nan", r"'coefficients\[1\].working' is not finite"),
        (["coefficients", 1, "working"], True, r"'coefficients\[1\].working' is not a number"),
        (["covariance", 3], ..., "'covariance' is not a list of 9"),
        (["covariance", 3], [1.0, 2.0], "'covariance' is not a matrix of 9 x 9 numbers"),
        (["covariance_kind"], "HC9", "is not one of model, HC0"),
        (["aliased", 0, "column"], 9, "at most 8"),
        (["aliased", 0, "depends_on"], [[11, 1.0]], "pairs of a column"),
        (["prior_shift"], 10**400, "'prior_shift' is not a number"),
        (["event", "level"], None, "'event.level' is not a text, a number"),
        (["rows", "used"], -1, "'rows.used' is not a whole number of at least 0"),
        (["rows"], None, "'rows' is not an object"),
        (["notes"], [1], "'notes' is not a list of texts"),
        (["centred"], {"center": [0.0]}, "'centred.scale'"),
        (["separation"], {"ray": []}, "'separation.direction'"),
        (["offset_column"], 3, "'offset_column' is not a text"),
    ],
)
def test_what_was_changed_is_named(document: Any, path: list[Any], value: Any, says: str, tmp_path: Path) -> None:
    with pytest.raises(SourceError, match=says) as caught:
        load(written(tmp_path / "m.json", changed(document, path, value)))
    assert "m.json' was damaged or changed after it was saved: " in str(caught.value)
    assert "\n" not in str(caught.value)


def places(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Give the path of everything in a document."""
    parts = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for name, part in parts:
        yield (*path, name)
        yield from places(part, (*path, name))


def test_whatever_is_changed_ends_in_a_prediction_or_a_sentence(document: Any, tmp_path: Path) -> None:
    """A number may become another number, which no check can know; anything else must be said."""
    chance = random.Random(11)
    found = list(places(document))
    junk = [
        None, True, -1, 0, 7, 10**30, 1e308, -0.5, "", "nan", "inf", "age", "low ~ lwt", [], {}, [[]], [1], [["a"]],
        {"treatment": 1}, {"float": "nan"}, {"interval": [2, 1], "closed": "left"}, "each level", ...,
    ]  # fmt: skip
    refused: list[str] = []
    new = NEW.assign(twice=2 * NEW["age"])
    for _ in range(250):
        path = list(chance.choice(found))
        place = written(tmp_path / "m.json", changed(document, path, chance.choice(junk)))
        with warnings.catch_warnings():
            # Numbers that were made absurd overflow, and aliased columns stop obeying what they obeyed.
            warnings.simplefilter("ignore")
            try:
                load(place).predict(new, interval=True, unknown="nan")
            except GlmlrError as problem:
                refused.append(str(problem))
    assert len(refused) > 150
    assert not [sentence for sentence in refused if "\n" in sentence]


def test_bytes_that_were_lost_or_changed_end_in_a_sentence(document: Any, tmp_path: Path) -> None:
    chance = random.Random(12)
    whole = (written(tmp_path / "m.json", document)).read_bytes()
    for _ in range(150):
        at, size = chance.randrange(len(whole)), chance.choice([0, 1, 30])
        spoilt = whole[:at] + chance.choice([b"", b"\x00", b"\xff", b"}", b'"', b"1", b","]) + whole[at + size :]
        (tmp_path / "m.json").write_bytes(spoilt)
        try:
            model = load(tmp_path / "m.json")
        except SourceError:
            continue
        assert isinstance(model, ScoringModel)


def test_a_loaded_model_says_what_it_is(tmp_path: Path) -> None:
    model = round_trip(glmlr.fit("low ~ age", BIRTHS, link="probit"), tmp_path)
    assert repr(model) == "<glmlr.ScoringModel 'low ~ age', probit, fitted to 189 rows, modelling P(low = 1)>"
    assert model.written_by == f"glmlr {glmlr.__version__}"
    assert model.names == ("Intercept", "age")
    with pytest.raises(ArgumentError, match="did you mean 'interval'"):
        model.predict(BIRTHS, intervall=0.9)  # type: ignore[call-arg]
    assert model.predict({"age": 30}).shape == (1,)


def test_a_model_that_would_not_come_back_is_not_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No formula is known to do so; one that does must be noticed while the data are there."""
    monkeypatch.setattr("glmlr.saving.recipe_file._written_out", lambda _: "low ~ lwt")
    with pytest.raises(NotApplicable, match="cannot be kept in a file"):
        save(glmlr.fit("low ~ age", BIRTHS), tmp_path / "m.json")
    assert list(tmp_path.iterdir()) == []
