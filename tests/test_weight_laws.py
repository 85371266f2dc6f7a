"""Do weights tell the truth? Laws that frequencies, class weights and sample weights obey, together and alone."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from itertools import pairwise, product
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import pytest
from scipy.special import expit, logit
from scipy.stats import norm
from test_statistics_laws import COUNTS_ROWS_READ, OF_CLASS_WEIGHTS, of, same_tables
from witnesses import read_data

import glmlr
from benchmarks.weighting import rejections
from glmlr.account import importance_words
from glmlr.errors import ArgumentError, GlmlrError, NotApplicable, OptionError, ResponseError, WeightError
from glmlr.registry import STATISTICS
from glmlr.saving.json_values import parsed_json

Floats = npt.NDArray[np.float64]

LINKS = ("logit", "probit", "cloglog")
FORMULA = "low ~ age + lwt + C(race) + smoke + ht"
BIRTHS = read_data("birthwt")
TIMES = np.resize([1, 2, 3, 1, 5], len(BIRTHS))
SAMPLE = np.resize([0.5, 2.0, 1.25, 0.75, 3.0, 1.0, 0.1], len(BIRTHS))
CLUSTER = np.resize(np.arange(17), len(BIRTHS))
#: What stands beside frequencies: importance weights by outcome and by row.
BESIDE: dict[str, dict[str, Any]] = {
    "alone": {},
    "class": {"class_weight": "1:10"},
    "balanced": {"class_weight": "balanced"},
    "sample": {"sample_weight": "s"},
    "both": {"class_weight": {0: 1, 1: 4}, "sample_weight": "s"},
}

every_link = pytest.mark.parametrize("link", LINKS)
#: For laws with many cases: the other links with the slow tests.
logit_first = pytest.mark.parametrize(
    "link", [link if link == "logit" else pytest.param(link, marks=pytest.mark.slow) for link in LINKS]
)
every_weighting = pytest.mark.parametrize("beside", BESIDE)
every_statistic = pytest.mark.parametrize("key", sorted(STATISTICS.keys() - COUNTS_ROWS_READ))


def births() -> pd.DataFrame:
    return BIRTHS.assign(f=TIMES, s=SAMPLE)


def same(actual: Any, expected: Any, rtol: float = 1e-9, atol: float = 0.0) -> None:
    np.testing.assert_allclose(np.asarray(actual, float), np.asarray(expected, float), rtol=rtol, atol=atol)


def same_estimates(one: glmlr.Fit, other: glmlr.Fit, rtol: float = 1e-8) -> None:
    """Estimates, standard errors, p-values and the covariance are the same."""
    same(one.params, other.params, rtol)
    same(one.bse, other.bse, rtol)
    same(one.pvalues, other.pvalues, 1e2 * rtol)
    size = np.sqrt(np.outer(np.diag(one.covariance), np.diag(one.covariance)))
    same(one.covariance / size, other.covariance / size, rtol, rtol)


# ------------------------------------------------------------------------------------------------ frequencies


@cache
def counted(link: str, beside: str) -> tuple[glmlr.Fit, glmlr.Fit]:
    """Fit rows with frequencies, and the same rows repeated."""
    data = births()
    repeated = data.loc[data.index.repeat(data["f"])].reset_index(drop=True)
    one = glmlr.fit(FORMULA, data, link=link, freq_weights="f", **BESIDE[beside])
    return one, glmlr.fit(FORMULA, repeated, link=link, **BESIDE[beside])


@logit_first
@every_weighting
@every_statistic
def test_a_frequency_is_a_row_repeated(key: str, beside: str, link: str) -> None:
    one, other = counted(link, beside)
    same_tables(of(one, key), of(other, key), 1e-8)


@every_link
@every_weighting
@pytest.mark.parametrize("kind", [None, "HC0", "HC1", "HC2", "HC3", "cluster"])
def test_a_frequency_is_a_row_repeated_in_every_covariance(kind: str | None, beside: str, link: str) -> None:
    data = births().assign(c=CLUSTER)
    repeated = data.loc[data.index.repeat(data["f"])].reset_index(drop=True)
    how = {"cluster": "c"} if kind == "cluster" else {"robust": kind}
    options: dict[str, Any] = {"link": link, **BESIDE[beside], **how}
    same_estimates(glmlr.fit(FORMULA, data, freq_weights="f", **options), glmlr.fit(FORMULA, repeated, **options))


@cache
def with_zeros(role: str, link: str, beside: str) -> tuple[glmlr.Fit, glmlr.Fit]:
    """Fit rows of which every ninth has no weight, and the other rows."""
    data = births()
    zero = np.arange(len(data)) % 9 == 4
    data[role] = np.where(zero, 0, data[role])
    options: dict[str, Any] = {"link": link, "freq_weights": "f", "sample_weight": "s", **BESIDE[beside]}
    return glmlr.fit(FORMULA, data, **options), glmlr.fit(FORMULA, data[~zero], **options)


@logit_first
@pytest.mark.parametrize(("role", "beside"), [("f", "sample"), ("f", "both"), ("s", "sample"), ("s", "both")])
@every_statistic
def test_a_row_without_weight_is_an_absent_row(key: str, role: str, beside: str, link: str) -> None:
    one, other = with_zeros(role, link, beside)
    same_tables(of(one, key), of(other, key), 1e-9)


def test_rows_without_weight_have_a_prediction_only_as_new_rows() -> None:
    one, _ = with_zeros("s", "logit", "both")
    assert one.predict().isna().sum() == 21
    assert one.predict(births()).notna().all()


# ------------------------------------------------------------------------------------------------ importance


@every_link
@pytest.mark.parametrize("factor", [1e-3, 1e3])
@pytest.mark.parametrize("kind", [None, "HC0", "HC1", "HC2", "HC3", "cluster"])
def test_the_unit_of_importance_does_not_matter(kind: str | None, factor: float, link: str) -> None:
    data = births()
    how = {"cluster": CLUSTER} if kind == "cluster" else {"robust": kind}
    options: dict[str, Any] = {"link": link, "freq_weights": "f", **how}
    for one, other in [
        ({"class_weight": {0: 1, 1: 4}}, {"class_weight": {0: factor, 1: 4 * factor}}),
        ({"sample_weight": SAMPLE}, {"sample_weight": factor * SAMPLE}),
        ({"class_weight": "1:4", "sample_weight": SAMPLE}, {"class_weight": "1:4", "sample_weight": factor * SAMPLE}),
    ]:
        same_estimates(glmlr.fit(FORMULA, data, **one, **options), glmlr.fit(FORMULA, data, **other, **options))


@every_link
@pytest.mark.parametrize("kind", [None, "HC1", "HC3", "cluster"])
def test_class_weights_are_the_sample_weights_that_they_stand_for(kind: str | None, link: str) -> None:
    how = {"cluster": CLUSTER} if kind == "cluster" else {"robust": kind}
    options: dict[str, Any] = {"link": link, "freq_weights": "f", **how}
    data = births()
    by_row = np.where(data["low"] == 1, 7.0, 0.5)
    one = glmlr.fit(FORMULA, data, class_weight={0: 0.5, 1: 7}, **options)
    same_estimates(one, glmlr.fit(FORMULA, data, sample_weight=by_row, **options), 1e-12)
    both = glmlr.fit(FORMULA, data, class_weight={0: 0.5, 1: 7}, sample_weight="s", **options)
    same_estimates(both, glmlr.fit(FORMULA, data, sample_weight=by_row * SAMPLE, **options), 1e-12)
    same(one.loglik, glmlr.fit(FORMULA, data, sample_weight=by_row, **options).loglik, 1e-13)


@pytest.mark.parametrize("option", ["1:10", "0.1:1", "1/10:1", {0: 1, 1: 10}, {"0": 1, "1": 10}, {False: 1, True: 10}])
def test_one_weighting_in_all_its_words(option: Any, tmp_path: Path) -> None:
    """In memory, read in parts, and in folds."""
    one = glmlr.fit(FORMULA, BIRTHS, class_weight={0: 2, 1: 20})
    BIRTHS.to_csv(tmp_path / "one.csv", index=False)
    BIRTHS.iloc[:0].to_csv(tmp_path / "two.csv", index=False)
    for other in (BIRTHS, str(tmp_path / "*.csv")):
        same_estimates(one, glmlr.fit(FORMULA, other, class_weight=option), 1e-9)
    folds: dict[str, Any] = {"folds": 3, "repeats": 1}
    same(
        glmlr.cross_validate("low ~ lwt", BIRTHS, class_weight=option, **folds).predictions,
        glmlr.cross_validate("low ~ lwt", BIRTHS, class_weight={0: 2, 1: 20}, **folds).predictions,
    )


def test_the_coding_of_a_response_of_words() -> None:
    words = BIRTHS.assign(low=BIRTHS["low"].map({0: "normal", 1: "small"}))
    one = glmlr.fit(FORMULA, words, event="small", class_weight={"normal": 1, "small": 10})
    same_estimates(one, glmlr.fit(FORMULA, words, event="small", class_weight={0: 1, 1: 10}), 1e-14)
    other = glmlr.fit(FORMULA, words, event="normal", class_weight={0: 10, 1: 1})
    same(one.params, -other.params)


# ------------------------------------------------------------------------------------------------ the sandwich by hand


def by_hand(link: str, eta: Floats, y: Floats) -> tuple[Floats, Floats]:
    """Give the unit score and the expected information of each row from the mean and the density of the link."""
    if link == "logit":
        mean, density = expit(eta), expit(eta) * expit(-eta)
    elif link == "probit":
        mean, density = norm.cdf(eta), norm.pdf(eta)
    else:
        mean, density = -np.expm1(-np.exp(eta)), np.exp(eta - np.exp(eta))
    variance = mean * (1 - mean)
    return (y - mean) * density / variance, density**2 / variance


@every_link
@pytest.mark.parametrize("kind", ["HC0", "HC1", "HC2", "HC3", "cluster"])
def test_the_sandwich_by_hand(kind: str, link: str) -> None:
    """A = sum f w (information) x x', B = sum f w^2 u^2 x x' in numpy; the estimates solve sum f w u x = 0."""
    data, y = births(), BIRTHS["low"].to_numpy(float)
    how = {"cluster": CLUSTER} if kind == "cluster" else {"robust": kind}
    options: dict[str, Any] = {"freq_weights": "f", "class_weight": {0: 0.5, 1: 7}, "sample_weight": "s", **how}
    fit = glmlr.fit(FORMULA, data, link=link, **options)
    x, f, w = fit.design.matrix(), TIMES.astype(float), SAMPLE * np.where(y == 1, 7.0, 0.5)
    u, information = by_hand(link, x @ fit.params.to_numpy(), y)
    each = (f * w * u)[:, None] * x
    same(each.sum(axis=0) / np.abs(each).sum(axis=0), np.zeros(x.shape[1]), atol=1e-11)
    inverse = np.linalg.inv(x.T @ ((f * w * information)[:, None] * x))
    n, k = f.sum(), x.shape[1]
    room = 1 - w * information * np.einsum("ik,kj,ij->i", x, inverse, x)
    if kind == "cluster":
        sums = np.array([each[cluster == CLUSTER].sum(axis=0) for cluster in range(17)])
        meat = sums.T @ sums * 17 / 16
    else:
        power = {"HC2": 1, "HC3": 2}.get(kind, 0)
        meat = x.T @ ((f * (w * u) ** 2 / room**power)[:, None] * x) * (n / (n - k) if kind == "HC1" else 1.0)
    expected = inverse @ meat @ inverse
    size = np.sqrt(np.outer(np.diag(expected), np.diag(expected)))
    same(fit.covariance / size, expected / size, 1e-8, 1e-9)
    same(fit.pvalues, 2 * norm.sf(np.abs(fit.params / np.sqrt(np.diag(expected)))), 1e-7)


# ------------------------------------------------------------------------------------------------ probabilities


@every_link
@pytest.mark.parametrize("option", ["balanced", "1:30", "20:1"])
def test_corrected_probabilities_have_the_share_of_the_rows(option: str, link: str) -> None:
    fit = glmlr.fit(FORMULA, births(), link=link, class_weight=option, freq_weights="f")
    share = float(np.average(BIRTHS["low"], weights=TIMES))
    mean = float(np.average(fit.predict(), weights=TIMES))
    if link == "logit":  # the known log(w1 / w0) comes off, whatever the mean is then
        w0, w1 = fit.design.class_weights or (1.0, 1.0)
        same(fit.predict(kind="link"), fit.predict(kind="link", scale="weighted") - np.log(w1 / w0))
        assert abs(mean - share) < 0.05
    else:
        same(mean, share, 1e-12)
    weighted = float(np.average(fit.predict(scale="weighted"), weights=TIMES))
    assert abs(weighted - share) > abs(mean - share)


@every_link
@every_weighting
def test_the_share_of_the_rows_is_a_prevalence_that_changes_nothing(beside: str, link: str) -> None:
    fit = glmlr.fit(FORMULA, births(), link=link, freq_weights="f", **BESIDE[beside])
    fold = TIMES * SAMPLE if "sample_weight" in BESIDE[beside] and link == "logit" else TIMES
    share = float(np.average(BIRTHS["low"], weights=fold))
    if link == "logit" or "class_weight" in BESIDE[beside]:
        same(fit.predict(prevalence=share), fit.predict(), 1e-10)
    same(fit.predict(BIRTHS, prevalence=share, interval=0.9), fit.predict(prevalence=share, interval=0.9), 1e-10)


@pytest.mark.parametrize("prevalence", [1e-6, 0.02, 0.5, 0.98])
def test_prior_correction_by_hand(prevalence: float) -> None:
    """King & Zeng (2001): minus log[((1 - t) / t) (ybar / (1 - ybar))]; 59 of the 189 births are events."""
    plain, weighted = (glmlr.fit(FORMULA, BIRTHS, class_weight=option) for option in (None, "1:10"))
    shift = np.log((1 - prevalence) / prevalence * (59 / 130))
    eta = plain.predict(kind="link") - shift
    same(plain.predict(kind="link", prevalence=prevalence), eta, 1e-11, 1e-11)
    same(plain.predict(prevalence=prevalence), expit(eta), 1e-11)
    same(
        weighted.predict(kind="link", prevalence=prevalence),
        weighted.predict(kind="link", scale="weighted") - np.log(10) - shift,
        1e-11,
        1e-11,
    )
    wide = plain.predict(kind="link", prevalence=prevalence, interval=0.9)
    before = plain.predict(kind="link", interval=0.9)
    same(wide["high"] - wide["low"], before["high"] - before["low"], 1e-9)
    same(wide["estimate"], eta, 1e-11, 1e-11)


def test_sample_weights_that_stand_for_classes_are_corrected_by_the_prevalence_as_these_are() -> None:
    by_row = np.where(BIRTHS["low"] == 1, 10.0, 1.0)
    one = glmlr.fit(FORMULA, BIRTHS, class_weight="1:10").predict(prevalence=0.02)
    same(one, glmlr.fit(FORMULA, BIRTHS, sample_weight=by_row).predict(prevalence=0.02), 1e-9)
    # An intercept alone has the prevalence itself as its probability.
    alone = glmlr.fit("low ~ 1", births(), sample_weight="s", class_weight="balanced")
    same(alone.predict(prevalence=0.02), np.full(len(BIRTHS), 0.02), 1e-11)


@pytest.mark.parametrize("link", ["probit", "cloglog"])
@pytest.mark.parametrize("option", [None, "balanced", "1:100"])
@pytest.mark.parametrize("prevalence", [1e-6, 0.02, 0.5, 0.98])
def test_the_mean_under_the_weights_of_a_population_is_its_prevalence(
    prevalence: float, option: str | None, link: str
) -> None:
    fit = glmlr.fit(FORMULA, births(), link=link, freq_weights="f", class_weight=option)
    y, share = BIRTHS["low"], float(np.average(BIRTHS["low"], weights=TIMES))
    weights = TIMES * np.where(y == 1, prevalence / share, (1 - prevalence) / (1 - share))
    same(np.average(fit.predict(prevalence=prevalence), weights=weights), prevalence, 1e-9)
    moved = fit.predict(kind="link", prevalence=prevalence) - fit.predict(kind="link")
    same(moved, np.full(len(y), moved.iloc[0]), 1e-9)


@pytest.mark.parametrize("link", ["probit", "cloglog"])
@pytest.mark.parametrize("option", [None, "1:1e8", "1e8:1"])
@pytest.mark.parametrize("prevalence", [1e-12, 1 - 1e-9])
def test_the_mean_is_found_in_both_tails(prevalence: float, option: str | None, link: str) -> None:
    """The rarer outcome has its share to the last digits, events by the mean and non-events by its complement."""
    fit = glmlr.fit(FORMULA, BIRTHS, link=link, class_weight=option)
    eta = fit.predict(kind="link", prevalence=prevalence).to_numpy()
    weights = np.where(BIRTHS["low"] == 1, prevalence / (59 / 189), (1 - prevalence) / (130 / 189))
    rare = norm.cdf if link == "probit" else lambda at: -np.expm1(-np.exp(at))
    other = norm.sf if link == "probit" else lambda at: np.exp(-np.exp(at))
    share, of = (prevalence, rare) if prevalence < 0.5 else (1 - prevalence, other)
    same(np.average(of(eta), weights=weights), share, 1e-11)


def test_slopes_of_a_probit_weighted_for_its_population_and_its_intercept_agree() -> None:
    """Fitted with the weights of the population, the means of the probit are near the prevalence as they are."""
    fit = glmlr.fit(FORMULA, BIRTHS, link="probit", class_weight={0: 0.98 / 130, 1: 0.02 / 59})
    weighted, population = fit.predict(scale="weighted"), fit.predict(prevalence=0.02)
    same(population, weighted, 0.05)
    assert not any("slopes" in note for note in fit.intercepts(prevalence=0.02).notes)
    assert any("slopes" in note for note in fit.intercepts(prevalence=0.03).notes)


def test_separated_rows_stay_certain() -> None:
    """Rows with g = 1 are events; among the others the shares are those of the rest of the population."""
    data = pd.DataFrame({"y": [1] * 10 + [0, 1] * 15 + [0] * 20, "x": np.resize([1.0, 2, 4, 3], 60)})
    data["g"] = (data.index < 10).astype(int)
    with pytest.warns(glmlr.errors.SeparationWarning):
        fit = glmlr.fit("y ~ x + g", data, link="probit", class_weight="balanced")
    found = fit.predict(prevalence=0.1)
    assert (found[:10] == 1).all()
    weights = np.where(data["y"] == 1, 0.1 / (25 / 60), 0.9 / (35 / 60))
    same(np.average(found, weights=weights), 0.1, 1e-10)
    same(fit.predict().sum(), 25, 1e-12)


@every_link
@pytest.mark.parametrize("option", [{}, {"class_weight": "1:10"}, {"class_weight": "balanced", "sample_weight": "s"}])
def test_rows_read_in_parts_have_the_same_intercepts(option: dict[str, Any], link: str, tmp_path: Path) -> None:
    data = births()
    for at, (start, stop) in enumerate(pairwise([0, 50, 120, 189])):
        data.iloc[start:stop].to_parquet(tmp_path / f"{at}.parquet", index=False)
    whole = glmlr.fit(FORMULA, data, link=link, freq_weights="f", **option)
    parts = glmlr.fit(FORMULA, str(tmp_path / "*.parquet"), link=link, freq_weights="f", **option)
    same_tables(whole.intercepts(prevalence=0.02), parts.intercepts(prevalence=0.02), 1e-9)
    same(parts.predict(data, prevalence=0.02), whole.predict(prevalence=0.02))
    if option:
        same_tables(whole.intercepts(), parts.intercepts(), 1e-9)
    assert parts.design.given_weights == whole.design.given_weights


@every_link
def test_the_table_of_intercepts(link: str) -> None:
    fit = glmlr.fit(FORMULA, births(), link=link, freq_weights="f", class_weight="1:10")
    frame = fit.intercepts(prevalence=0.02).frame.set_index("scale")
    y, share = BIRTHS["low"], float(np.average(BIRTHS["low"], weights=TIMES))
    weights = TIMES * np.where(y == 1, 0.02 / share, 0.98 / (1 - share))
    assert frame.index.tolist() == ["as fitted", "corrected", "population"]
    same(frame["rate"], [share, share, 0.02], 1e-13)
    for scale, options, by in [
        ("as fitted", {"scale": "weighted"}, TIMES),
        ("corrected", {}, TIMES),
        ("population", {"prevalence": 0.02}, weights),
    ]:
        same(frame.loc[scale, "mean_probability"], np.average(fit.predict(**options), weights=by), 1e-12)
        moved = fit.predict(kind="link", **options) - fit.predict(kind="link", scale="weighted")
        same(frame.loc[scale, "intercept"], fit.params["Intercept"] + moved.mean(), 1e-11)
    if link == "logit":
        shift = np.log(10) + logit(share) - logit(0.02)
        same(frame.loc["population", "intercept"], fit.params["Intercept"] - shift, 1e-12)
    table = fit.intercepts()
    assert table["scale"].tolist() == ["as fitted", "corrected"]
    for text in (str(table), table.to_markdown(), table.to_html(), table.to_latex()):
        assert "corrected" in text


def test_what_has_no_other_intercept() -> None:
    plain = glmlr.fit(FORMULA, BIRTHS)
    with pytest.raises(NotApplicable, match="no class weights moved it; give prevalence="):
        plain.intercepts()
    with pytest.raises(NotApplicable, match="has no intercept"):
        glmlr.fit("low ~ 0 + age", BIRTHS, class_weight="balanced").intercepts()
    assert plain.intercepts(prevalence=0.02)["scale"].tolist() == ["as fitted", "population"]
    assert set(STATISTICS) >= OF_CLASS_WEIGHTS
    assert "Intercepts" not in str(plain.report())


@pytest.mark.parametrize("prevalence", [0, 1, 1.0, -0.1, 2, np.nan, "0.1", True])
def test_what_is_no_prevalence(prevalence: Any) -> None:
    fit = glmlr.fit(FORMULA, BIRTHS)
    for wrong in (fit.predict, fit.intercepts):
        with pytest.raises(OptionError, match=r"is not a share of events between 0 and 1, such as 0\.02"):
            wrong(prevalence=prevalence)


def test_a_prevalence_contradicts_the_weighted_scale() -> None:
    with pytest.raises(OptionError, match="contradict each other"):
        glmlr.fit(FORMULA, BIRTHS).predict(prevalence=0.1, scale="weighted")


@pytest.mark.parametrize("option", [{}, {"class_weight": "1:10", "sample_weight": "s", "freq_weights": "f"}])
def test_a_saved_model_knows_its_share_of_events(option: dict[str, Any], tmp_path: Path) -> None:
    fit = glmlr.fit(FORMULA, births(), **option)
    glmlr.save(fit, tmp_path / "model.json")
    model = glmlr.load(tmp_path / "model.json")
    asked: dict[str, Any] = {"prevalence": 0.02, "interval": 0.9}
    pd.testing.assert_frame_equal(model.predict(BIRTHS, **asked), fit.predict(BIRTHS, **asked), check_exact=True)
    glmlr.score(model, BIRTHS, tmp_path / "scores.parquet", **asked)
    written = pd.read_parquet(tmp_path / "scores.parquet")
    np.testing.assert_array_equal(written, fit.predict(BIRTHS, **asked))
    with pytest.raises(OptionError, match="contradict"):
        model.predict(BIRTHS, prevalence=0.02, scale="weighted")
    with pytest.raises(OptionError, match="share of events"):
        glmlr.score(model, BIRTHS, tmp_path / "more.csv", prevalence=2)


def test_a_saved_model_that_cannot_know_an_intercept_says_so(tmp_path: Path) -> None:
    path = tmp_path / "model.json"
    glmlr.save(glmlr.fit(FORMULA, BIRTHS, link="probit"), path)
    model = glmlr.load(path)
    with pytest.raises(NotApplicable, match=r"by the rows of the fit.*predict\(prevalence=\.\.\.\) of the fit itself"):
        model.predict(BIRTHS, prevalence=0.1)
    with pytest.raises(NotApplicable, match="probit"):
        glmlr.score(model, BIRTHS, tmp_path / "scores.csv", prevalence=0.1)
    assert not (tmp_path / "scores.csv").exists()


def test_a_model_of_the_first_version_of_the_format_is_read(tmp_path: Path) -> None:
    path = tmp_path / "model.json"
    fit = glmlr.fit(FORMULA, BIRTHS)
    glmlr.save(fit, path)
    document = parsed_json(path.read_text(encoding="utf-8"))
    old = {name: value for name, value in document.items() if name != "sampled_odds"} | {"version": 1}
    path.write_text(pd.io.json.ujson_dumps(old, double_precision=15), encoding="utf-8")
    model = glmlr.load(path)
    same(model.predict(BIRTHS), fit.predict(BIRTHS), 1e-9)
    with pytest.raises(NotApplicable, match="save the model again"):
        model.predict(BIRTHS, prevalence=0.1)


# ------------------------------------------------------------------------------------------------ what is said


def weightings() -> list[tuple[bool, bool, bool]]:
    return list(product([False, True], repeat=3))


@pytest.mark.parametrize(("frequency", "by_class", "sample"), weightings())
def test_every_output_says_which_weights_acted_where(
    frequency: bool, by_class: bool, sample: bool, tmp_path: Path
) -> None:
    options: dict[str, Any] = {}
    options |= {"freq_weights": "f"} if frequency else {}
    options |= {"class_weight": "1:10"} if by_class else {}
    options |= {"sample_weight": "s"} if sample else {}
    fit = glmlr.fit("low ~ age + lwt", births(), **options)
    glmlr.save(fit, tmp_path / "model.json")
    outputs = {
        "notes": " ".join(fit.notes),
        "summary": " ".join(str(fit.summary()).split()),
        "report": " ".join(str(fit.report()).split()),
        "model": " ".join(glmlr.load(tmp_path / "model.json").notes),
    }
    for where, words in outputs.items():
        # Tables of a predictor alone name both kinds, whichever there are.
        said = words.replace("Class and sample weights play no part here.", "")
        assert ("Frequency weights: 189 rows stand for 451" in said) is frequency, where
        assert ("Class weights" in said) is by_class, where
        assert ("10 for low = 1, 1 for low = 0" in said) is by_class, where
        assert ("ample weights" in said) is sample, where
        assert ("the importance of a row is their product" in said) is (by_class and sample), where
        assert ("takes each by its frequency" in said) is (frequency and (by_class or sample)), where
        assert ("takes each once" in said) is (not frequency and (by_class or sample)), where
        assert ("weighted pseudo-likelihood" in said) is (by_class or sample), where
        assert ("Standard errors: robust (sandwich, HC0)" in said) is (by_class or sample), where
        assert ("Standard errors: model-based" in said) is not (by_class or sample), where
    folds: dict[str, Any] = {"folds": 3, "repeats": 1}
    said = " ".join(glmlr.cross_validate("low ~ age + lwt", births(), **options, **folds).table.notes)
    assert ("with its frequency weight" in said) is frequency
    assert ("Class weights (10 for low = 1, 1 for low = 0)" in said) is by_class
    assert ("corrected for the class weights" in said) is by_class
    assert ("ample weights act in fitting only" in said) is sample
    assert ("their product" in said) is (by_class and sample)
    if not by_class:
        said = " ".join(glmlr.class_weight_search("low ~ lwt", births(), weights=["1:10"], **options, **folds).notes)
        assert "Class weights act in fitting only" in said
        assert ("Sample weights act in every fit" in said) is sample
        assert ("counts a row by its frequency" in said) is frequency


def test_counts_with_frequencies_say_both() -> None:
    data = pd.DataFrame({"d": [3, 5, 8], "a": [7, 5, 2], "x": [1.0, 2, 3], "f": [2, 1, 3]})
    notes = glmlr.fit("d + a ~ x", data, freq_weights="f").notes
    assert "Grouped data: 3 rows of counts hold 60 trials, each by its frequency weight." in notes
    weighted = glmlr.fit("d + a ~ x", data, sample_weight="f")
    assert importance_words(weighted.design) == "Sample weights are in use"
    assert any("takes each by its trials" in note for note in weighted.notes)


OF_SCORES = sorted(key for key, record in STATISTICS.items() if record.on == "scores")


@every_link
@pytest.mark.parametrize("key", OF_SCORES)
def test_statistics_of_probabilities_say_on_which_scale_they_are(key: str, link: str) -> None:
    assert {"cutoffs", "confusion", "deciles", "calibration", "hosmer_lemeshow", "roc"} <= set(OF_SCORES)
    weighted = glmlr.fit("low ~ age + lwt", BIRTHS, link=link, class_weight="1:10")
    plain = glmlr.fit("low ~ age + lwt", BIRTHS, link=link)
    corrected = "Probabilities are corrected for the class weights"
    assert any(corrected in note for note in getattr(weighted, key)().notes)
    assert not any(corrected in note for note in getattr(plain, key)().notes)


@pytest.mark.parametrize(
    ("options", "error", "says"),
    [
        ({"class_weights": "balanced"}, ArgumentError, "did you mean 'class_weight'?"),
        ({"sample_weights": "f"}, ArgumentError, "did you mean 'sample_weight'?"),
        ({"freq_weight": "f"}, ArgumentError, "did you mean 'freq_weights'?"),
        ({"weights": "f"}, ArgumentError, "freq_weights=, importance into sample_weight= or class_weight="),
        ({"var_weights": "f"}, ArgumentError, "importance of a row, sample_weight="),
        ({"class_weight": "balance"}, OptionError, "did you mean 'balanced'?"),
        ({"class_weight": {0: 0, 1: 0}}, OptionError, "a class weight is a number above 0"),
        ({"class_weight": "0:0"}, OptionError, "a class weight is a number above 0"),
        ({"class_weight": {0: 1, 2: 5}}, OptionError, "2, which is not a value of the response 'low' (0 and 1)"),
        ({"class_weight": {"light": 1, "heavy": 5}}, OptionError, "'light', which is not a value of the response"),
        ({"class_weight": "f"}, OptionError, "is not 'balanced', a ratio such as '1:100', or a dict such as {0: 1"),
        ({"freq_weights": 0 * TIMES}, WeightError, "freq_weights is 0 in every row"),
        ({"sample_weight": 0 * SAMPLE}, WeightError, "sample_weight is 0 in every row"),
        ({"sample_weight": BIRTHS["low"].to_numpy()}, ResponseError, "has one value only: 1 (59 rows)"),
    ],
)
@pytest.mark.parametrize("call", [glmlr.fit, glmlr.cross_validate], ids=["fit", "cross_validate"])
def test_what_is_wrong_with_weights_is_one_sentence(
    call: Callable[..., Any], options: dict[str, Any], error: type[GlmlrError], says: str
) -> None:
    with pytest.raises(error) as caught:
        call("low ~ age + lwt", births(), **options)
    assert says in str(caught.value)
    assert "\n" not in str(caught.value)


# ------------------------------------------------------------------------------------------------ simulation


@pytest.mark.slow
@pytest.mark.parametrize("rate", [0.05, 0.2])
@pytest.mark.parametrize("weights", ["1:19", "balanced"])
def test_a_predictor_of_noise_is_rejected_as_often_as_the_level_says(weights: str, rate: float) -> None:
    """400 samples of 1,000 rows at 5 %: 1.96 standard errors of that share are 2.1 %."""
    found = rejections("logit", weights, rate, samples=400, peers=0)
    assert 0.025 <= found["glmlr"] <= 0.08
