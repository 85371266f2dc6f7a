"""Are models compared as R compares them, and are comparisons that mean nothing refused?"""

from __future__ import annotations

import math
import warnings
from typing import Any

import numpy as np
import pandas as pd
import pytest
from scipy.stats import chi2, norm
from witnesses import read_data, read_witness

import glmlr
from glmlr.errors import ArgumentError, OptionError, SeparationWarning
from glmlr.fit import Fit
from glmlr.statistics.comparison import Comparison, compare

WITNESS = read_witness("comparison")
BIRTHS = read_data("birthwt")
SMALL, LARGE, OTHER = "low ~ age + lwt + race", "low ~ age + lwt + race + smoke + ht", "low ~ lwt + ui + ptl"
TIMES = np.resize([1, 2, 3, 1, 5], len(BIRTHS))
CUTOFFS = [0.2, 0.4]
PAIRS = {"nested": ("small", "large"), "apart": ("small", "other")}


def fits(link: str = "logit", data: pd.DataFrame = BIRTHS, **options: Any) -> dict[str, Fit]:
    formulas = {"small": SMALL, "large": LARGE, "other": OTHER}
    return {name: glmlr.fit(formula, data, link=link, **options) for name, formula in formulas.items()}


def pair(frame: pd.DataFrame | None, first: str, second: str, by: str = "measure") -> pd.DataFrame:
    assert frame is not None
    return frame[(frame["first"] == first) & (frame["second"] == second)].set_index(by)


@pytest.fixture(scope="module", params=["logit", "probit", "cloglog", "repeated"])
def case(request: pytest.FixtureRequest) -> tuple[Comparison, Any]:
    """Give a comparison and R's values; "repeated" are rows given to R by count and to us as freq_weights."""
    name = request.param
    models = fits(freq_weights=TIMES) if name == "repeated" else fits(name)
    return compare(models, cutoffs=CUTOFFS), WITNESS[name]


def test_indices_are_those_of_r(case: tuple[Comparison, Any]) -> None:
    # R: logLik, AIC, BIC, pROC::auc and the formulas written out; tests/witness/comparison.R
    comparison, given = case
    for column, name in (("model_1", "small"), ("model_2", "large"), ("model_3", "other")):
        for measure, value in given[name].items():
            assert comparison.indices[column][measure] == pytest.approx(value, rel=1e-9, abs=1e-12), (name, measure)
    weights = comparison.indices.loc["akaike_weight"].tolist()
    assert weights == pytest.approx(given["weights"], rel=1e-8)
    assert sum(weights) == pytest.approx(1, abs=1e-15)
    bic = comparison.indices.loc["bic"].to_numpy()
    gaps = comparison.indices.loc["bic_difference"].to_numpy()
    assert gaps.tolist() == (bic - bic.min()).tolist()
    by_bic = np.exp(-(bic - bic.min()) / 2)
    assert comparison.indices.loc["bic_weight"].tolist() == pytest.approx(by_bic / by_bic.sum(), rel=1e-12)


def test_nested_models_are_tested_as_by_anova(case: tuple[Comparison, Any]) -> None:
    comparison, given = case
    row = pair(comparison.tests, "small", "large", "test").loc["Likelihood ratio"]
    assert [row["statistic"], row["df"], row["p_value"]] == pytest.approx(
        [given["lr"]["chi2"], given["lr"]["df"], given["lr"]["p"]], rel=1e-9
    )
    assert 10 ** row["log10_p"] == pytest.approx(row["p_value"], rel=1e-12)


def test_other_models_are_tested_by_vuong(case: tuple[Comparison, Any]) -> None:
    # Vuong (1989) written out in R.
    comparison, given = case
    rows = pair(comparison.tests, "small", "other", "test")
    expected = given["apart"]["vuong"]
    rows = rows.drop(index="Vuong, variance")
    assert rows["statistic"].tolist() == pytest.approx([expected["z"], expected["aic"], expected["bic"]], rel=1e-8)
    assert rows["p_value"].tolist() == pytest.approx(2 * norm.sf(np.abs(rows["statistic"])), rel=1e-12)


@pytest.mark.parametrize("which", PAIRS)
def test_predictions_differ_as_in_r(case: tuple[Comparison, Any], which: str) -> None:
    # R pROC: roc.test(paired = TRUE, method = "delong"); paired means written out.
    comparison, given = case
    rows, expected = pair(comparison.predictions, *PAIRS[which]), given[which]
    found = rows.loc["AUC"]
    assert [found["value"], found["z"], found["p_value"]] == pytest.approx(
        [expected["auc"], expected["auc_z"], expected["auc_p"]], rel=1e-8
    )
    for measure, key in (("Brier score", "brier"), ("Log loss", "log_loss")):
        found, wanted = rows.loc[measure], expected[key]
        assert [found["value"], found["std_error"], found["p_value"]] == pytest.approx(
            [wanted["value"], wanted["std_error"], wanted["p"]], rel=1e-7
        )
        reach = norm.ppf(0.975) * found["std_error"]
        assert [found["low"], found["high"]] == pytest.approx([found["value"] - reach, found["value"] + reach])


@pytest.mark.parametrize("which", PAIRS)
def test_reclassification_is_that_of_hmisc(case: tuple[Comparison, Any], which: str) -> None:
    # R Hmisc: improveProb, of the probabilities and of the categories of the probabilities (as PredictABEL does).
    comparison, given = case
    rows = pair(comparison.reclassification, *PAIRS[which])
    expected = given[which]["improved"]
    for measure, key in (("NRI, continuous", "nri"), ("IDI", "idi")):
        assert rows.loc[measure, "value"] == pytest.approx(expected[key], rel=1e-9)
        assert rows.loc[measure, "std_error"] == pytest.approx(expected[f"{key}_se"], rel=1e-9)
        assert rows.loc[f"{measure}, events", "value"] == pytest.approx(expected[f"{key}_events"], rel=1e-9)
        assert rows.loc[f"{measure}, non-events", "value"] == pytest.approx(expected[f"{key}_nonevents"], rel=1e-9)
    assert rows.loc["NRI, continuous, events", "std_error"] == pytest.approx(expected["nri_events_se"], rel=1e-9)
    expected = given[which]["categorical"]
    assert rows.loc["NRI, categories", "value"] == pytest.approx(expected["nri"], rel=1e-9)
    assert rows.loc["NRI, categories", "std_error"] == pytest.approx(expected["se"], rel=1e-9)
    assert rows.loc["NRI, categories, events", "value"] == pytest.approx(expected["events"], abs=1e-12)


def test_the_idi_is_the_difference_of_tjurs_coefficients() -> None:
    comparison = compare(fits())
    tjur = comparison.indices.loc["tjur"]
    idi = pair(comparison.reclassification, "small", "large").loc["IDI", "value"]
    assert idi == pytest.approx(tjur["model_2"] - tjur["model_1"], abs=1e-14)


def test_coefficients_stand_side_by_side() -> None:
    models = fits()
    comparison = compare(models, level=0.9)
    frame = comparison.coefficients.set_index("term")
    for number, fit in enumerate(models.values(), 1):
        own = frame.loc[list(fit.names)]
        low, high = fit.interval(0.9)
        assert own[f"estimate_{number}"].tolist() == fit.params.tolist()
        assert own[f"std_error_{number}"].tolist() == fit.bse.tolist()
        assert own[f"low_{number}"].tolist() == low.tolist()
        assert own[f"high_{number}"].tolist() == high.tolist()
        assert frame.drop(index=list(fit.names))[f"estimate_{number}"].isna().all()


def test_errors_or_intervals_are_shown_and_stars_when_asked_for() -> None:
    models = fits()
    assert "stars_1" not in compare(models).coefficients
    table = compare(models, show="std_error", stars=True).table
    assert table.roles["std_error_1"] == "estimate"
    assert table.roles["low_1"] == "hidden"
    for star, p in zip(table["stars_2"], table["p_value_2"], strict=True):
        assert star == ("***" if p < 0.001 else "**" if p < 0.01 else "*" if p < 0.05 else "")
    assert set(table["stars_2"]) > {"", "*"}
    assert "*** p < 0.001" in str(table)


def test_names_come_from_a_dict_a_list_or_by_number() -> None:
    one, two, _ = fits().values()
    assert list(compare(one, two).fits) == ["Model 1", "Model 2"]
    assert list(compare(one, two, names=["a", "b"]).fits) == ["a", "b"] == list(compare({"a": one, "b": two}).fits)


def test_the_order_of_the_models_turns_every_difference() -> None:
    one, two, _ = fits().values()
    there, back = compare(one, two, cutoffs=CUTOFFS), compare(two, one, cutoffs=CUTOFFS)
    for key in ("predictions", "reclassification"):
        a, b = getattr(there, key), getattr(back, key)
        np.testing.assert_allclose(a["value"], -b["value"], rtol=1e-12, atol=1e-15)
        np.testing.assert_allclose(a["std_error"], b["std_error"], rtol=1e-12)
    assert there.tests is not None
    assert back.tests is not None
    assert there.tests["statistic"].tolist() == back.tests["statistic"].tolist()


def test_nesting_is_seen_in_the_columns_and_not_in_the_names() -> None:
    data = BIRTHS.assign(half=BIRTHS["lwt"] / 2 + 3, either=BIRTHS["age"] + BIRTHS["lwt"])
    small, large = glmlr.fit("low ~ either", data), glmlr.fit("low ~ half + age", data)
    row = pair(compare(small, large).tests, "Model 1", "Model 2", "test").loc["Likelihood ratio"]
    statistic = 2 * (large.loglik - small.loglik)
    assert row["df"] == 1
    assert row["p_value"] == pytest.approx(chi2.sf(statistic, 1), rel=1e-12)


def test_one_model_in_other_columns_is_not_tested() -> None:
    data = BIRTHS.assign(half=BIRTHS["lwt"] / 2)
    comparison = compare(glmlr.fit("low ~ lwt", data), glmlr.fit("low ~ half", data))
    assert comparison.tests is not None
    assert comparison.tests.empty
    assert "one model in other columns" in str(comparison)
    assert pair(comparison.predictions, "Model 1", "Model 2")["value"].tolist() == pytest.approx([0, 0, 0], abs=1e-14)
    nri = pair(comparison.reclassification, "Model 1", "Model 2").loc["NRI, continuous"]
    assert (nri["value"], nri["std_error"]) == (0, 0)


def test_links_are_compared_by_vuong_and_not_by_the_likelihood_ratio() -> None:
    comparison = compare(glmlr.fit(SMALL, BIRTHS), glmlr.fit(LARGE, BIRTHS, link="cloglog"))
    assert comparison.tests is not None
    assert set(comparison.tests["test"]) == {"Vuong, variance", "Vuong", "Vuong, AIC", "Vuong, BIC"}
    assert "links differ" in str(comparison)
    assert "forest" not in {chart.key for chart in comparison.table.charts}


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda data: data.iloc[5:], "189 and 184 rows"),
        (lambda data: data.set_axis(data.index + 1), "labels in the index"),
        (lambda data: data.assign(low=data["low"].to_numpy()[::-1]), "outcomes differ"),
    ],
)
def test_models_of_other_rows_are_shown_and_not_tested(change: Any, words: str) -> None:
    comparison = compare(glmlr.fit(SMALL, BIRTHS), glmlr.fit(LARGE, change(BIRTHS)))
    assert comparison.tests is None
    assert comparison.predictions is None
    assert comparison.reclassification is None
    assert comparison.indices.loc["akaike_weight"].isna().all()
    assert words in comparison.table.notes[-1]
    assert "cannot be tested against each other" in comparison.table.notes[-1]


def test_rows_that_count_differently_are_other_rows() -> None:
    comparison = compare(glmlr.fit(SMALL, BIRTHS), glmlr.fit(LARGE, BIRTHS, freq_weights=TIMES))
    assert "count differently" in comparison.table.notes[-1]


def test_counts_are_repeated_rows_and_grouped_rows() -> None:
    repeated = BIRTHS.loc[BIRTHS.index.repeat(TIMES)].reset_index(drop=True)
    counted, long = compare(fits(freq_weights=TIMES)), compare(fits(data=repeated))
    for key in ("tests", "criteria", "predictions", "reclassification", "coefficients", "indices"):
        numbers = getattr(counted, key).select_dtypes("number")
        np.testing.assert_allclose(numbers, getattr(long, key).select_dtypes("number"), rtol=1e-7, atol=1e-11)
    groups = BIRTHS.assign(yes=BIRTHS["low"], no=1 - BIRTHS["low"]).groupby(["smoke", "ht", "ui"], as_index=False)
    summed = groups[["yes", "no"]].sum()
    formulas = ("smoke", "smoke + ht", "ui")
    grouped = compare(*(glmlr.fit(f"yes + no ~ {one}", summed) for one in formulas))
    single = compare(*(glmlr.fit(f"low ~ {one}", BIRTHS) for one in formulas))
    for key in ("tests", "predictions", "reclassification"):
        numbers = getattr(grouped, key).select_dtypes("number")
        np.testing.assert_allclose(numbers, getattr(single, key).select_dtypes("number"), rtol=1e-7, atol=1e-11)


def test_importance_weights_leave_no_likelihood_test() -> None:
    comparison = compare(
        glmlr.fit(SMALL, BIRTHS, class_weight="balanced"), glmlr.fit(LARGE, BIRTHS, class_weight="balanced")
    )
    assert comparison.tests is not None
    assert comparison.tests.empty
    assert "importance weights" in str(comparison)
    assert comparison.predictions is not None
    assert comparison.predictions["p_value"].notna().all()
    other = compare(glmlr.fit(SMALL, BIRTHS), glmlr.fit(LARGE, BIRTHS, class_weight="balanced"))
    assert other.indices.loc["akaike_weight"].isna().all()


def test_separated_and_aliased_models_are_compared_and_say_so() -> None:
    data = BIRTHS.assign(sure=np.where(BIRTHS["low"] == 1, 1, 0) * (BIRTHS["age"] > 30), again=2 * BIRTHS["lwt"])
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", SeparationWarning)
        comparison = compare(glmlr.fit("low ~ lwt + again", data), glmlr.fit("low ~ lwt + sure", data))
    row = pair(comparison.tests, "Model 1", "Model 2", "test").loc["Likelihood ratio"]
    assert row["df"] == 1
    assert "again" in str(comparison)
    assert "aliased" in str(comparison)
    assert "separation" in str(comparison)
    assert comparison.predictions is not None
    assert np.isfinite(comparison.predictions["value"]).all()


def test_one_event_has_no_standard_errors_and_a_sentence() -> None:
    data = pd.DataFrame({"y": [0, 0, 1, 0, 0, 0], "x": [1.0, 2, 3, 4, 5, 6], "z": [2.0, 1, 2, 3, 1, 2]})
    comparison = compare(glmlr.fit("y ~ x", data), glmlr.fit("y ~ z", data))
    assert math.isnan(pair(comparison.predictions, "Model 1", "Model 2").loc["AUC", "std_error"])
    assert "single row" in str(comparison)


@pytest.mark.parametrize(
    ("arguments", "options", "error", "words"),
    [
        (1, {}, ArgumentError, "two fitted models or more"),
        ("text", {}, ArgumentError, "argument 2 is str"),
        (2, {"names": ["a"]}, OptionError, "1 distinct names for 2 models"),
        (2, {"names": "ab"}, OptionError, "is one text"),
        (2, {"show": "se"}, OptionError, "show='se'"),
        (2, {"level": 1.0}, OptionError, "level"),
        (2, {"cutoffs": [0, 0.5]}, OptionError, "between 0 and 1"),
        (2, {"cutoffs": "low"}, OptionError, "no numbers"),
        (2, {"star": True}, ArgumentError, "no argument 'star'"),
    ],
)
def test_what_is_refused(arguments: Any, options: dict[str, Any], error: type[Exception], words: str) -> None:
    one, two, _ = fits().values()
    given = {1: (one,), 2: (one, two), "text": (one, "two")}[arguments]
    with pytest.raises(error, match=words):
        compare(*given, **options)
    with pytest.raises(OptionError, match="dict"):
        compare({"a": one, "b": two}, names=["a", "b"])


def test_every_format_prints_and_charts_have_words(tmp_path: Any) -> None:
    comparison = glmlr.compare(fits(), cutoffs=CUTOFFS)
    assert [chart.key for chart in comparison.table.charts] == ["forest", "roc", "calibration"]
    for table in (comparison.table, *comparison.table.tables):
        assert table.to_markdown()
        assert table.to_html()
        assert table.to_latex()
        assert str(table)
    for chart in comparison.table.charts:
        assert chart.alt
        assert chart.to_svg()
    assert comparison.table.to_html() == glmlr.compare(fits(), cutoffs=CUTOFFS).table.to_html()
    report = fits()["large"].report(extra=comparison, sections=["profile", "validation", "goodness", "hypotheses"])
    assert "Models side by side" in str(report)


def test_rows_read_in_parts_are_shown_and_not_tested(tmp_path: Any) -> None:
    for number in range(3):
        BIRTHS.iloc[63 * number : 63 * (number + 1)].to_csv(tmp_path / f"part{number}.csv", index=False)
    parts = [str(tmp_path / f"part{number}.csv") for number in range(3)]
    comparison = compare(glmlr.fit("low ~ age", parts), glmlr.fit("low ~ age + lwt", parts))
    assert comparison.tests is None
    assert "read in parts" in comparison.table.notes[-1]
    whole = compare(glmlr.fit("low ~ age", BIRTHS), glmlr.fit("low ~ age + lwt", BIRTHS))
    for measure in ("loglik", "aic", "auc", "brier", "log_loss"):
        found = comparison.indices.loc[measure].tolist()
        assert found == pytest.approx(whole.indices.loc[measure].tolist(), rel=1e-9)
