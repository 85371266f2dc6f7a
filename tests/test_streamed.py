"""Rows that are read in parts give the fit and the statistics of the same rows in memory, however they are cut."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import numpy as np
import pandas as pd
import pytest

import glmlr
from glmlr.blocks import over_pieces
from glmlr.errors import DataError, FormulaError, GlmlrError, NotApplicable, OptionError, ResponseError, WeightError
from glmlr.progress import Step
from glmlr.ranking.score_bins import ScoreBins
from glmlr.registry import STATISTICS
from glmlr.sources import Source, read


class Frames:
    """A stream of data frames."""

    described = "some frames"

    def __init__(self, frames: Sequence[pd.DataFrame]) -> None:
        self.frames = frames
        self.passes = 0

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(self.frames[0].columns)

    def only(self, columns: list[str]) -> Frames:
        assert len(set(columns)) == len(columns)
        return Frames([frame[columns] for frame in self.frames])

    def over(self, function: Callable[[Source], Any], add: Callable[[Any, Any], Any]) -> Any:
        self.passes += 1
        return over_pieces([partial(map, read, [frame]) for frame in self.frames], function, add)


def cut(data: pd.DataFrame, *at: int) -> Frames:
    """Cut a frame before some rows."""
    return Frames([data.iloc[a:b].reset_index(drop=True) for a, b in zip((0, *at), (*at, len(data)), strict=True)])


def rows(n: int = 4000, seed: int = 1) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    data = pd.DataFrame(
        {
            "x": rng.normal(size=n),
            "z": rng.gamma(2, size=n),
            "g": rng.choice(list("dabc"), n),
            "k": rng.integers(0, 3, n),
            "w": rng.integers(0, 4, n),
            "s": rng.uniform(0.5, 2, n),
            "o": rng.normal(size=n) / 10,
            "c": rng.integers(0, 50, n),
            "flag": rng.random(n) < 0.3,
        }
    )
    eta = -0.5 + 0.7 * data.x - 0.2 * data.z + 0.5 * (data.g == "b") + 0.2 * data.k
    data["y"] = (rng.random(n) < 1 / (1 + np.exp(-eta))).astype(int)
    data["died"] = np.where(data.y == 1, "yes", "no")
    data["wins"] = rng.binomial(5, 1 / (1 + np.exp(-eta)))
    data["losses"] = 5 - data.wins
    data.loc[rng.choice(n, 60, replace=False), "x"] = np.nan
    data.loc[rng.choice(n, 60, replace=False), "g"] = None
    return data


DATA = rows()
CUTS = {"two": (1500,), "many": tuple(range(37, 4000, 331)), "one": ()}
MODELS = {
    "numbers and factors": ("y ~ x + z + g + C(k)", {}),
    "frequencies": ("y ~ x + z * g", {"freq_weights": "w"}),
    "patterns": ("y ~ g + C(k) + flag", {}),
    "whole numbers": ("y ~ g + k", {"freq_weights": "w"}),
    "class weights": ("y ~ x + g", {"class_weight": "balanced"}),
    "both weights, probit": (
        "died ~ x + g",
        {"class_weight": {"no": 1, "yes": 3}, "sample_weight": "s", "link": "probit"},
    ),
    "offset term": ("y ~ x + offset(o)", {}),
    "offset column, cloglog": ("y ~ x + flag", {"offset": "o", "link": "cloglog"}),
    "clusters": ("y ~ x", {"cluster": "c"}),
    "clusters by text": ("y ~ x", {"cluster": "g"}),
    "robust": ("y ~ x + z", {"robust": "HC3"}),
    "counts": ("wins + losses ~ x + g", {}),
    "the other event": ("died ~ x + C(g, Sum)", {"event": "no"}),
    "expressions": ("y ~ np.log(z) + I(x**2) + C(z > 1)", {}),
    "no intercept": ("y ~ 0 + g + x:g", {}),
    "transforms": ("y ~ standardize(x) + poly(z, 2) + bs(o, df=5)", {}),
    "nested transforms": ("y ~ bs(center(z), df=4) + C(center(x) > 0)", {"freq_weights": "w"}),
    "tensor products": ("y ~ te(cr(x, df=3), cr(z, df=3), constraints='center')", {}),
}


@pytest.mark.parametrize("at", CUTS.values(), ids=CUTS)
@pytest.mark.parametrize("model", MODELS)
def test_parts_give_the_fit_of_the_whole(model: str, at: tuple[int, ...]) -> None:
    formula, options = MODELS[model]
    whole, parts = glmlr.fit(formula, DATA, **options), glmlr.fit(formula, cut(DATA, *at), **options)
    assert parts.names == whole.names
    np.testing.assert_allclose(parts.params, whole.params, rtol=1e-11)
    np.testing.assert_allclose(parts.covariance, whole.covariance, rtol=1e-10, atol=1e-13)
    assert parts.loglik == pytest.approx(whole.loglik, rel=1e-13)
    assert parts.null_loglik == pytest.approx(whole.null_loglik, rel=1e-13)
    assert parts.nobs == whole.nobs
    assert parts.design.event == whole.design.event
    for name in ("read", "used", "dropped", "zero_weight"):
        assert getattr(parts.design.rows, name) == getattr(whole.design.rows, name)
    assert [note for note in parts.notes if not note.startswith("The rows were read in parts")] == list(whole.notes)


#: Looked at in every run; the others are with the slow tests.
FIRST = {"both weights, probit", "counts", "transforms"}


@pytest.mark.parametrize(
    "model", [name if name in FIRST else pytest.param(name, marks=pytest.mark.slow) for name in MODELS]
)
def test_parts_give_every_statistic_or_say_why_not(model: str) -> None:
    formula, options = MODELS[model]
    whole, parts = glmlr.fit(formula, DATA, **options), glmlr.fit(formula, cut(DATA, *CUTS["many"]), **options)
    refused = set()
    for key, record in STATISTICS.items():
        try:
            witness = record.function(whole)
        except GlmlrError:
            continue
        try:
            table = record.function(parts)
        except NotApplicable:
            refused.add(key)
        else:
            pd.testing.assert_frame_equal(table.frame, witness.frame, rtol=1e-8, atol=1e-10)
    # These look at rows again, beside more columns or without one of them.
    beside = {"linearity", "screen_interactions", "classification_table", "diagnostics", "specification_tests"}
    beside |= {"added_variable_plots", "partial_residual_plots"}
    averages = {"marginal_effects", "risks", "risk_differences", "adjusted_predictions"}
    assert refused <= beside | averages


def test_the_report_is_made_without_the_rows() -> None:
    report = glmlr.fit("y ~ x + g", cut(DATA, 2000)).report()
    assert "The rows were read in parts" in str(report)


def test_a_level_may_come_late_and_a_part_may_have_no_row_to_use() -> None:
    data = DATA.copy()
    data.loc[:999, "g"] = None
    data.loc[3500:, "g"] = "e"
    whole, parts = glmlr.fit("y ~ x + g", data), glmlr.fit("y ~ x + g", cut(data, 500, 1000, 3600))
    assert parts.names == whole.names
    np.testing.assert_allclose(parts.params, whole.params, rtol=1e-11)
    assert parts.design.rows.dropped == whole.design.rows.dropped


def test_whole_numbers_beside_fractions_are_one_kind_of_level() -> None:
    data = DATA.assign(k=DATA.k.astype(float)).head(1000)
    parts = Frames([data.head(500).astype({"k": int}), data.tail(500)])
    assert glmlr.fit("y ~ C(k)", parts).names == glmlr.fit("y ~ C(k)", data).names


def test_many_scores_are_counted_in_fine_bins_and_the_error_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("glmlr.ranking.score_bins.MOST_SCORES", 256)
    monkeypatch.setattr(ScoreBins.of.__func__, "__kwdefaults__", {"limit": 256})
    whole, parts = glmlr.fit("y ~ x + z", DATA), glmlr.fit("y ~ x + z", cut(DATA, *CUTS["many"]))
    error = parts._score_bins.concordance_error()
    assert 0 < error < 0.01
    assert abs(parts.association()["c"] - whole.association()["c"]) <= error
    assert any("counted in bins of" in note for note in parts.association().notes)
    assert not any("counted in bins of" in note for note in whole.association().notes)


def test_the_same_bits_on_every_run() -> None:
    one, two = (glmlr.fit("y ~ x + g", cut(DATA, *CUTS["many"])) for _ in range(2))
    assert np.array_equal(one.params, two.params)
    assert np.array_equal(one.covariance, two.covariance)


def test_new_rows_are_scored_as_by_the_fit_in_memory() -> None:
    whole, parts = glmlr.fit("y ~ x + g", DATA), glmlr.fit("y ~ x + g", cut(DATA, 1000))
    pd.testing.assert_frame_equal(
        parts.predict(DATA.head(50), interval=0.9), whole.predict(DATA.head(50), interval=0.9), rtol=1e-10
    )


@pytest.mark.parametrize("name", ["predict", "statsmodels", "eta", "fitted_values", "probabilities"])
def test_what_needs_the_rows_says_so(name: str) -> None:
    fitted = glmlr.fit("y ~ x", cut(DATA, 1000))
    with pytest.raises(NotApplicable, match="rows of the fit, which were read in parts"):
        getattr(fitted, name)()


def _with(**columns: Any) -> pd.DataFrame:
    return DATA.head(100).assign(**columns)


@pytest.mark.parametrize(
    ("frames", "formula", "options", "error", "says"),
    [
        ([_with(), _with(x="a")], "y ~ x", {}, DataError, "numbers in some parts of the data and text in others"),
        ([_with(), _with(y=2)], "y ~ x", {}, ResponseError, "has 3 values"),
        ([_with(y=1), _with(y=1)], "y ~ x", {}, ResponseError, "one value only: 1 (196 rows)"),
        ([_with(g="a"), _with(g="a")], "y ~ g", {}, DataError, "one level only, 'a', in the"),
        ([_with(x=np.nan), _with(x=np.nan)], "y ~ x", {}, DataError, "None of the 200 rows can be used"),
        ([_with(w=0), _with(w=0)], "y ~ x", {"freq_weights": "w"}, WeightError, "0 in every row"),
        ([_with(), _with(w=-1)], "y ~ x", {"freq_weights": "w"}, WeightError, "negative"),
        ([_with(), _with(x=np.inf)], "y ~ x", {}, DataError, "infinite"),
        ([_with()], "y ~ x", {"freq_weights": np.ones(100)}, OptionError, "must be the name of a column"),
        ([_with()], "y ~ x", {"cluster": "nope"}, DataError, "column 'nope' not found"),
        ([_with(), _with()], "y ~ C(g, levels=['a', 'b'])", {}, DataError, "leaves out"),
        ([_with(), _with()], "y ~ poly(k, 40)", {}, FormulaError, "poly(k, 40) cannot be evaluated: the degree 40"),
        ([_with()], "wins + losses ~ x", {"class_weight": "balanced"}, OptionError, "a row per trial"),
    ],
)
def test_bad_rows_are_refused(
    frames: list[pd.DataFrame], formula: str, options: dict[str, Any], error: type[GlmlrError], says: str
) -> None:
    with pytest.raises(error, match=says.replace("(", r"\(").replace(")", r"\)")):
        glmlr.fit(formula, Frames(frames), **options)


def test_levels_that_no_row_holds_are_dropped_with_a_note() -> None:
    kind = pd.CategoricalDtype(["c", "b", "a", "none"])
    data = DATA.assign(g=DATA.g.where(DATA.g != "d").astype(kind))
    whole, parts = glmlr.fit("y ~ g", data), glmlr.fit("y ~ g", cut(data, 700, 2100))
    assert parts.names == whole.names == ("Intercept", "g[T.b]", "g[T.a]")
    assert "g: the level none has no rows and was dropped." in parts.notes


def test_a_function_of_the_user_must_not_look_at_other_rows() -> None:
    functions = {"twice": lambda v: 2 * v, "rank": lambda v: v.rank()}
    assert glmlr.fit("y ~ twice(x)", cut(DATA, 1000), functions=functions).params["twice(x)"] != 0
    with pytest.raises(GlmlrError, match="depends on the other rows"):
        glmlr.fit("y ~ rank(x)", cut(DATA, 1000), functions=functions)


@pytest.mark.parametrize("options", [{}, {"interval": 0.9}, {"kind": "link"}, {"unknown": "nan"}])
def test_new_rows_may_come_in_parts(options: dict[str, Any]) -> None:
    fitted = glmlr.fit("y ~ x * g + offset(o)", DATA)
    whole, parts = fitted.predict(DATA, **options), fitted.predict(cut(DATA, 1000, 1001, 3000), **options)
    check = pd.testing.assert_frame_equal if isinstance(whole, pd.DataFrame) else pd.testing.assert_series_equal
    check(parts.reset_index(drop=True), whole, rtol=1e-13)


@pytest.mark.parametrize("per", ["sd", "iqr"])
@pytest.mark.parametrize("options", [{}, {"freq_weights": "w"}])
def test_odds_ratios_by_spread_need_no_rows(per: str, options: dict[str, Any]) -> None:
    whole, parts = glmlr.fit("y ~ x + z", DATA, **options), glmlr.fit("y ~ x + z", cut(DATA, 999, 2500), **options)
    pd.testing.assert_frame_equal(parts.odds_ratios(per=per).frame, whole.odds_ratios(per=per).frame, rtol=1e-10)


# ------------------------------------------------------------------------------------------------ files


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Any:
    where = tmp_path_factory.mktemp("parts")
    for at in range(4):
        DATA.iloc[at * 1000 : (at + 1) * 1000].to_parquet(where / f"part-{at}.parquet", index=False, row_group_size=300)
    return where


def test_files_are_read_in_parts(folder: Any) -> None:
    whole, parts = glmlr.fit("y ~ x + g", DATA), glmlr.fit("y ~ x + g", f"{folder}/*.parquet")
    np.testing.assert_allclose(parts.params, whole.params, rtol=1e-11)
    pd.testing.assert_frame_equal(parts.association().frame, whole.association().frame, rtol=1e-10)


def test_a_look_at_files_alone_says_which_way_to_go(folder: Any) -> None:
    with pytest.raises(NotApplicable, match=r"glmlr.fit\(formula, data\).screen\(\)"):
        glmlr.log_odds_table(f"{folder}/*.parquet", "y", "x")
    files, frame = (glmlr.fit("y ~ x + g", rows).screen().frame for rows in (f"{folder}/*.parquet", DATA))
    pd.testing.assert_frame_equal(files, frame, rtol=1e-10)


def test_progress_tells_rows_and_passes(folder: Any) -> None:
    steps: list[Step] = []
    glmlr.fit("y ~ x", f"{folder}/*.parquet", progress=steps.append)
    ended = [step for step in steps if step.ended]
    assert [step.number for step in ended] == list(range(1, len(ended) + 1))
    assert {step.rows for step in ended} == {4000}
    assert {step.of for step in steps} == {4000}
    assert len(ended) >= 4
    assert str(ended[0]).startswith("pass 1: 100 %, ")


def test_progress_is_an_option_that_can_be_wrong(folder: Any) -> None:
    with pytest.raises(OptionError, match="progress='loud'"):
        glmlr.fit("y ~ x", f"{folder}/*.parquet", progress="loud")  # type: ignore[arg-type]
