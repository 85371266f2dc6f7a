"""Are Firth's estimates, intervals and tests what R and closed forms say? brglm2, logistf's algorithm, laws."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import mpmath
import numpy as np
import pandas as pd
import pytest
from witnesses import births, read_witness

import glmlr
from glmlr.blocks import ArrayRows
from glmlr.errors import FitError, NotApplicable, OptionError
from glmlr.links import LINKS
from glmlr.penalised.adjusted import adjusted_at, vanishing
from glmlr.penalised.planes import Centre
from glmlr.profiles.of_fit import profile_ends
from glmlr.profiles.penalised import penalised_ends
from glmlr.registry import STATISTICS
from glmlr.validation.refit import refit

#: Rscript tests/witness/firth.R: brglm2 for the estimates, logistf's algorithm written out for profiles and tests.
WITNESS = read_witness("firth")
NAMES = {"race[T.black]": "raceblack", "race[T.other]": "raceother", "Intercept": "(Intercept)"}
FORMULA = "low ~ age + lwt + race + smoke + ptl + ht + ui"


def _births() -> pd.DataFrame:
    data = births()
    return data.assign(race=pd.Categorical(data["race"], ["white", "black", "other"]))


def _endometrial() -> pd.DataFrame:
    return pd.DataFrame(WITNESS["endometrial"]["data"])


def _separated() -> pd.DataFrame:
    return pd.DataFrame(WITNESS["separated"]["data"])


def _case(name: str, link: str) -> tuple[glmlr.Fit, float]:
    """Give the fit of a witness, and the level of its intervals."""
    if name == "shifted":
        data = _births()
        weights = np.tile([1, 2, 3], 63)
        offset = data["lwt"] / 100
        return glmlr.fit(
            "low ~ age + smoke", data, link=link, penalty="firth", freq_weights=weights, offset=offset
        ), 0.9
    formula, data = {
        "birthwt": (FORMULA, _births()),
        "endometrial": ("HG ~ NV + PI + EH", _endometrial()),
        "separated": ("y ~ x", _separated()),
    }[name]
    return glmlr.fit(formula, data, link=link, penalty="firth"), 0.95


def _order(fit: glmlr.Fit, name: str) -> list[int]:
    ours = [NAMES.get(one, one) for one in fit.names]
    return [ours.index(one) for one in WITNESS[name]["names"]]


CASES = [(name, link) for name in ("birthwt", "endometrial", "shifted") for link in LINKS] + [("separated", "logit")]


@pytest.mark.parametrize(("name", "link"), CASES)
def test_estimates_are_brglm2s(name: str, link: str) -> None:
    fit, _ = _case(name, link)
    order, said = _order(fit, name), WITNESS[name][link]
    # brglm2 stopped at steps of 1e-13; ours stop at 1e-10 standard errors, and converge linearly.
    assert fit.params.iloc[order].to_numpy() == pytest.approx(np.array(said["beta"]), rel=1e-9)
    assert fit.bse.iloc[order].to_numpy() == pytest.approx(np.array(said["se"]), rel=1e-9)
    assert fit.loglik == pytest.approx(said["loglik"], rel=1e-11)
    assert fit.converged
    if link == "logit":
        assert fit.params.iloc[order].to_numpy() == pytest.approx(np.array(said["jeffreys"]), rel=1e-9)
        assert fit.solution.objective == pytest.approx(said["penalised"], rel=1e-12)
    else:
        assert fit.solution.objective is None


@pytest.mark.parametrize("link", ["probit", "cloglog"])
def test_separated_estimates_of_other_links_are_brglm2s(link: str) -> None:
    fit, _ = _case("separated", link)
    assert fit.params.to_numpy() == pytest.approx(np.array(WITNESS["separated"][link]["beta"]), rel=1e-9)


@pytest.mark.parametrize(("name", "link"), CASES)
def test_profile_ends_are_roots(name: str, link: str) -> None:
    """R's uniroot stops at 1e-12; where the statistic is that of adjusted scores R's scoring stops at 1e-12 too."""
    fit, level = _case(name, link)
    ends = profile_ends(fit, np.eye(len(fit.names)), level)
    expected = np.array(WITNESS[name][link]["ends"])
    assert ends[_order(fit, name)] == pytest.approx(expected, rel=1e-9 if link == "logit" else 5e-8)


@pytest.mark.parametrize(("name", "link"), CASES)
def test_tests_of_single_coefficients_and_of_all(name: str, link: str) -> None:
    fit, _ = _case(name, link)
    said, order = WITNESS[name][link], _order(fit, name)
    frame = fit.coefficients(interval="profile").frame.iloc[order]
    # The statistic of a held coefficient is stationary in the others for the logit, first order in them otherwise.
    rel = 1e-10 if link == "logit" else 5e-9
    assert frame["z"].to_numpy() ** 2 == pytest.approx(np.array(said["column"]), rel=rel)
    assert (np.sign(frame["z"]) == np.sign(frame["estimate"])).all()
    tests = fit.global_tests().frame.set_index("test")
    row = tests.loc["likelihood_ratio" if link == "logit" else "score"]
    assert row["statistic"] == pytest.approx(said["global"], rel=rel)
    assert row["df"] == len(fit.names) - 1
    if link != "logit":
        assert np.isnan(tests.loc["likelihood_ratio", "statistic"])


@pytest.mark.parametrize("link", list(LINKS))
def test_a_term_of_several_columns(link: str) -> None:
    fit, _ = _case("birthwt", link)
    tests = fit.term_tests().frame.set_index("term")
    assert tests.loc["race", "statistic"] == pytest.approx(WITNESS["birthwt"][link]["terms"]["race"], rel=5e-10)
    assert tests.loc["race", "df"] == 2
    assert tests["aic_without"].isna().all()


def test_the_published_endometrial_table() -> None:
    """Heinze & Schemper (2002), Statist. Med. 21, table II; logistf prints the same: LR 43.66 on 3 df."""
    fit, _ = _case("endometrial", "logit")
    frame = fit.coefficients().frame.set_index("term")
    assert frame.loc["NV", ["estimate", "low", "high"]].tolist() == pytest.approx([2.929, 0.610, 7.855], abs=6e-4)
    assert frame.loc["PI", ["estimate", "low", "high"]].tolist() == pytest.approx([-0.035, -0.124, 0.040], abs=6e-4)
    assert frame.loc["EH", ["estimate", "low", "high"]].tolist() == pytest.approx([-2.604, -4.365, -1.233], abs=6e-4)
    assert fit.global_tests().frame["statistic"].iloc[0] == pytest.approx(43.656, abs=5e-4)


# ------------------------------------------------------------------------------------------------ closed forms


@pytest.mark.parametrize("cells", [((7, 3), (0, 5)), ((0, 4), (6, 0)), ((2, 9), (8, 1))])
def test_half_an_event_in_each_cell_of_a_two_by_two_table(cells: Any) -> None:
    """Firth's logit of a saturated table adds 1/2 to each of its cells (Firth 1993)."""
    (a, b), (c, d) = cells
    fit = glmlr.fit("s + f ~ x", pd.DataFrame({"x": [1, 0], "s": [a, c], "f": [b, d]}), penalty="firth")
    intercept = np.log((c + 0.5) / (d + 0.5))
    assert fit.params["Intercept"] == pytest.approx(intercept, rel=1e-10)
    assert fit.params["x"] == pytest.approx(np.log((a + 0.5) / (b + 0.5)) - intercept, rel=1e-10)


def test_the_intercept_alone_is_that_of_half_an_event_more() -> None:
    fit = glmlr.fit("y ~ 1", pd.DataFrame({"y": [1] * 3 + [0] * 17}), penalty="firth")
    assert fit.params["Intercept"] == pytest.approx(np.log(3.5 / 17.5), rel=1e-11)
    assert fit.solution.objective == pytest.approx(
        fit.loglik + 0.5 * np.log(20 * fit.probabilities[0] * (1 - fit.probabilities[0])), rel=1e-13
    )


def test_jeffreys_maximum_to_thirty_digits() -> None:
    """Five separated rows, l + log|I| / 2 maximised by mpmath's own derivatives."""
    mpmath.mp.dps = 30
    x, y = [0.0, 1.0, 2.0, 3.0, 5.0], [0, 0, 0, 1, 1]

    def penalised(a: Any, b: Any) -> Any:
        p = [1 / (1 + mpmath.exp(-(a + b * one))) for one in x]
        w = [one * (1 - one) for one in p]
        s0, s1 = mpmath.fsum(w), mpmath.fsum(u * v for u, v in zip(w, x, strict=True))
        s2 = mpmath.fsum(u * v * v for u, v in zip(w, x, strict=True))
        loglik = mpmath.fsum(mpmath.log(u if v else 1 - u) for u, v in zip(p, y, strict=True))
        return loglik + mpmath.log(s0 * s2 - s1 * s1) / 2

    fit = glmlr.fit("y ~ x", pd.DataFrame({"x": x, "y": y}), penalty="firth")
    start = tuple(fit.params.round(3))
    slopes = [
        lambda a, b: mpmath.diff(penalised, (a, b), (1, 0)),
        lambda a, b: mpmath.diff(penalised, (a, b), (0, 1)),
    ]
    best = [float(one) for one in mpmath.findroot(slopes, start)]
    assert fit.params.to_numpy() == pytest.approx(np.array(best), rel=1e-9)
    assert fit.solution.objective == pytest.approx(float(penalised(*best)), rel=1e-14)


# ------------------------------------------------------------------------------------------------ laws


@pytest.mark.parametrize("link", list(LINKS))
def test_laws(link: str) -> None:
    """Rows repeated, in another order, as counts; the event swapped; a predictor in other units and far from 0."""
    data, formula = _births(), "low ~ age + lwt + smoke"
    weights = np.tile([1, 2, 3], 63)
    fit = glmlr.fit(formula, data, link=link, penalty="firth", freq_weights=weights)
    ends = profile_ends(fit, np.eye(4), 0.95)

    def same(other: glmlr.Fit, factor: Any = 1.0) -> None:
        assert other.params.to_numpy() * factor == pytest.approx(fit.params.to_numpy(), rel=1e-9)
        assert other.loglik == pytest.approx(fit.loglik, rel=1e-12)
        assert profile_ends(other, np.eye(4), 0.95) * np.reshape(factor, (-1, 1)) == pytest.approx(ends, rel=1e-6)

    repeated = data.loc[data.index.repeat(weights)]
    same(glmlr.fit(formula, repeated.sample(frac=1, random_state=1), link=link, penalty="firth"))
    counts = repeated.assign(other=1 - repeated["low"]).groupby(["age", "lwt", "smoke"], as_index=False)
    grouped = glmlr.fit("low + other ~ age + lwt + smoke", counts[["low", "other"]].sum(), link=link, penalty="firth")
    same(grouped)
    scaled = data.assign(lwt=data["lwt"] * 1000)
    same(glmlr.fit(formula, scaled, link=link, penalty="firth", freq_weights=weights), np.array([1, 1, 1000, 1]))
    far = glmlr.fit(formula, data.assign(age=data["age"] + 1e6), link=link, penalty="firth", freq_weights=weights)
    assert far.params[1:].to_numpy() == pytest.approx(fit.params[1:].to_numpy(), rel=1e-8)
    if link != "cloglog":
        swapped = glmlr.fit(formula, data, link=link, penalty="firth", freq_weights=weights, event=0)
        assert -swapped.params.to_numpy() == pytest.approx(fit.params.to_numpy(), rel=1e-9)


@pytest.mark.parametrize("link", list(LINKS))
def test_complete_and_quasi_complete_separation_leave_finite_estimates(link: str) -> None:
    random = np.random.default_rng(4)
    for trial in range(6):
        x = random.normal(size=(30, 3))
        y = (x @ [2.0, 1.0, -1.0] > 0).astype(int)
        if trial % 2:
            y[:4], x[:4, 1:] = [0, 1, 0, 1], 0.0
            x[:4, 0] = 0.0
        data = pd.DataFrame(x, columns=["a", "b", "c"]).assign(y=y)
        fit = glmlr.fit("y ~ a + b + c", data, link=link, penalty="firth")
        assert fit.converged
        assert fit.separation is None
        assert np.isfinite(fit.params).all()
        assert fit.solution.gradient_norm < 1e-9


def test_aliased_columns_are_dropped_as_without_penalty() -> None:
    data = _births().assign(twice=lambda d: 2 * d["lwt"])
    fit = glmlr.fit("low ~ age + lwt + twice + smoke", data, penalty="firth")
    plain = glmlr.fit("low ~ age + lwt + smoke", data, penalty="firth")
    assert np.isnan(fit.params["twice"])
    assert fit.params.drop("twice").to_numpy() == pytest.approx(plain.params.to_numpy(), rel=1e-9)
    assert fit.solution.objective == pytest.approx(plain.solution.objective, rel=1e-12)
    table = fit.coefficients().frame.set_index("term")
    assert table.loc["smoke", "low"] == pytest.approx(plain.coefficients().frame["low"].iloc[3], rel=1e-8)
    assert table.loc["twice", ["low", "high", "p_value"]].isna().all()


def test_rows_read_in_parts_have_the_same_estimates(tmp_path: Path) -> None:
    data = pd.concat([_births()[["low", "age", "lwt", "smoke"]]] * 3)
    paths = []
    for part in range(3):
        paths.append(str(tmp_path / f"{part}.csv"))
        data.iloc[part::3].to_csv(paths[-1], index=False)
    read = glmlr.fit("low ~ age + lwt + smoke", paths, penalty="firth")
    held = glmlr.fit("low ~ age + lwt + smoke", data, penalty="firth")
    assert read.params.to_numpy() == pytest.approx(held.params.to_numpy(), rel=1e-9)
    assert read.coefficients().frame["low"].to_numpy()[1:] == pytest.approx(
        held.coefficients(interval="wald").frame["low"].to_numpy()[1:], rel=0.2
    )


def test_many_rows_differ_from_maximum_likelihood_by_its_bias_alone() -> None:
    random = np.random.default_rng(0)
    x = random.normal(size=(40_000, 3))
    y = random.random(40_000) < 1 / (1 + np.exp(1 - x.sum(axis=1)))
    data = pd.DataFrame(x, columns=["a", "b", "c"]).assign(y=y.astype(int))
    firth, plain = (glmlr.fit("y ~ a + b + c", data, penalty=penalty) for penalty in ("firth", None))
    assert firth.params.to_numpy() == pytest.approx(plain.params.to_numpy(), rel=5e-4)
    assert np.abs(firth.params[1:]).sum() < np.abs(plain.params[1:]).sum()
    assert firth.solution.iterations <= 8


# ------------------------------------------------------------------------------------------------ the mathematics


@pytest.mark.parametrize("link", list(LINKS))
def test_the_adjustment_takes_the_bias_of_first_order_away(link: str) -> None:
    """Cox & Snell's bias of two coefficients, from third moments by brute force, is minus I^-1 times the adjustment."""
    x, beta = np.array([[1.0, 1, 1, 1, 1, 1], [-1.2, 0.3, 0.9, 1.7, -0.4, 2.0]]), np.array([-0.3, 0.6])
    own, h = LINKS[link], 1e-5

    def mean(eta: np.ndarray) -> np.ndarray:
        return own.mean(eta)

    eta = beta @ x
    p = mean(eta)
    first, second = (mean(eta + h) - mean(eta - h)) / (2 * h), (mean(eta + h) - 2 * p + mean(eta - h)) / h**2
    variance = p * (1 - p)
    inverse = np.linalg.inv((x * first**2 / variance) @ x.T)
    # For a regression of the mean: bias_r = -1/2 sum_i (I^-1 x_i)_r (p' p'' / V)_i x_i' I^-1 x_i (Cordeiro
    # & McCullagh 1991).
    spread = np.einsum("kn,kj,jn->n", x, inverse, x)
    bias = -0.5 * inverse @ (x @ (first * second / variance * spread))
    rows = ArrayRows(x, np.full(6, 0.5))
    at = adjusted_at(rows, beta, own)
    assert at is not None
    plain = x @ (own.score(eta, np.full(6, 0.5)))
    assert np.linalg.solve(at.information, at.score - plain) == pytest.approx(-bias, rel=1e-4)


def test_held_coefficients_stay_where_they_are_held() -> None:
    random = np.random.default_rng(2)
    rows = ArrayRows(np.vstack([np.ones(25), random.normal(size=(2, 25))]), np.repeat([0.0, 1.0], [12, 13]))
    basis = np.eye(3)[:, :2]
    way = vanishing(rows, LINKS["logit"], np.array([0.0, 0.0, 1.5]), basis=basis, tolerance=1e-10, max_iterations=50)
    assert way.at is not None
    assert way.converged
    assert way.at.beta[2] == 1.5
    assert np.abs(way.at.score[:2]).max() < 1e-8
    assert abs(way.at.score[2]) > 0.1
    # Of one held coefficient, U*' I^-1 U* is its score squared times its variance.
    inverse = np.linalg.inv(way.at.information)
    assert way.at.statistic() == pytest.approx(way.at.score[2] ** 2 * inverse[2, 2], rel=1e-6)


@pytest.mark.slow
@pytest.mark.parametrize("link", ["logit", "probit"])
def test_intervals_hold_the_truth_as_often_as_they_say(link: str) -> None:
    """120 sets of 40 rows: the share of two intervals that hold is within 3 standard errors of 95 %."""
    random, truth, held = np.random.default_rng(5), np.array([-0.5, 1.0, 0.7]), 0
    for _ in range(120):
        x = np.vstack([np.ones(40), random.normal(size=40), random.random(40) < 0.3])
        rows = ArrayRows(x, (random.random(40) < LINKS[link].mean(truth @ x)).astype(float))
        way = vanishing(rows, LINKS[link], np.zeros(3), tolerance=1e-10, max_iterations=100)
        assert way.at is not None
        assert way.converged
        ends = penalised_ends(Centre.of(rows, way.at.beta, LINKS[link]), np.eye(3)[1:], 3.841458820694124)
        held += int(((ends[:, 0] <= truth[1:]) & (truth[1:] <= ends[:, 1])).sum())
    assert abs(held / 240 - 0.95) < 3 * np.sqrt(0.95 * 0.05 / 240)


def test_the_penalised_likelihood_follows_the_units_of_the_data() -> None:
    """log|I| / 2 grows by log c where a column is divided by c, and not where a constant is added to it."""
    data = _births()
    fits = [
        glmlr.fit("low ~ age + lwt", one, penalty="firth")
        for one in (data, data.assign(lwt=data["lwt"] * 1e5), data.assign(age=data["age"] + 1e5))
    ]
    objective = [fit.solution.objective for fit in fits]
    assert objective[1] == pytest.approx(objective[0] + np.log(1e5), rel=1e-11)
    assert objective[2] == pytest.approx(objective[0], rel=1e-11)


def test_an_end_of_a_combination_is_that_of_its_own_column() -> None:
    """Changed columns z = x T have coefficients T^-1 beta: the interval of b1 + 2 b2 is that of a coefficient."""
    random = np.random.default_rng(3)
    x = np.vstack([np.ones(30), random.normal(size=(2, 30))])
    y = (random.random(30) < 0.4).astype(float)
    transform = np.array([[1.0, 0, 0], [0, 1, 2], [0, 0, 1]])  # its second row is the combination
    other = np.linalg.inv(transform).T @ x
    ends = []
    for columns, along in ((x, [0.0, 1.0, 2.0]), (other, [0.0, 1.0, 0.0])):
        rows = ArrayRows(columns, y)
        way = vanishing(rows, LINKS["logit"], np.zeros(3), tolerance=1e-10, max_iterations=100)
        assert way.at is not None
        centre = Centre.of(rows, way.at.beta, LINKS["logit"])
        ends.append(penalised_ends(centre, np.array([along]), 3.0)[0])
    assert ends[0] == pytest.approx(ends[1], rel=1e-8)


# ------------------------------------------------------------------------------------------------ FLIC and FLAC


@pytest.mark.parametrize("penalty", ["flic", "flac"])
def test_flic_and_flac_are_puhrs(penalty: str) -> None:
    fit = glmlr.fit(FORMULA, _births(), penalty=penalty)
    said = WITNESS["flic"] if penalty == "flic" else WITNESS["flac"]["beta"][:-1]
    assert fit.params.iloc[_order(fit, "birthwt")].to_numpy() == pytest.approx(np.array(said), rel=1e-9)
    if penalty == "flac":
        assert fit.probabilities == pytest.approx(np.array(WITNESS["flac"]["p"]), rel=1e-9)


@pytest.mark.parametrize("penalty", ["flic", "flac"])
def test_the_mean_probability_is_the_share_of_events(penalty: str) -> None:
    data, weights = _births(), np.tile([1, 2, 3], 63)
    fit = glmlr.fit("low ~ age + C(race)", data, penalty=penalty, freq_weights=weights, offset=data["lwt"] / 100 + 50.0)
    assert fit.probabilities @ weights == pytest.approx(data["low"] @ weights, rel=1e-11)
    firth = glmlr.fit("low ~ age", data.assign(low=(data["low"] == 1) & (data["ht"] == 1)), penalty="firth")
    assert firth.probabilities.mean() > firth.design.totals.events / 189 * 1.05
    separated = glmlr.fit("y ~ x", _separated(), penalty=penalty)
    assert separated.probabilities.mean() == pytest.approx(0.5, rel=1e-11)


def test_flic_has_firths_tests_and_flac_has_walds() -> None:
    data = _endometrial()
    firth, flic, flac = (glmlr.fit("HG ~ NV + PI + EH", data, penalty=one) for one in ("firth", "flic", "flac"))
    columns = ["estimate", "z", "low", "high"]
    both = [one.coefficients().frame.loc[1:, columns].to_numpy() for one in (firth, flic)]
    assert both[0] == pytest.approx(both[1], rel=1e-7)
    assert flic.coefficients().frame.loc[0, ["z", "p_value", "low", "high"]].isna().all()
    assert flic.term_tests().frame["statistic"].to_numpy() == pytest.approx(
        firth.term_tests().frame["statistic"].to_numpy(), rel=1e-7
    )
    assert flac.coefficients().frame["z"].to_numpy() == pytest.approx(flac.z.to_numpy())
    with pytest.raises(NotApplicable, match="maximise no likelihood of the rows alone"):
        flac.coefficients(interval="profile")
    with pytest.raises(NotApplicable, match="maximise no likelihood of the rows alone"):
        flac.term_tests(test="likelihood-ratio")


def test_flic_and_flac_need_the_logit_and_an_intercept() -> None:
    with pytest.raises(NotApplicable, match="is for the logit"):
        glmlr.fit("low ~ age", births(), penalty="flic", link="probit")
    with pytest.raises(NotApplicable, match="by means of an intercept"):
        glmlr.fit("low ~ age - 1", births(), penalty="flac")


# ------------------------------------------------------------------------------------------------ options and refusals


def test_options_that_do_not_go_together() -> None:
    data = births()
    with pytest.raises(OptionError, match='belongs to penalty="ridge"'):
        glmlr.fit("low ~ age", data, penalty="firth", strength=1.0)
    with pytest.raises(OptionError, match="statsmodels"):
        glmlr.fit("low ~ age", data, penalty="firth", solver="statsmodels")
    with pytest.raises(FitError, match="importance weights"):
        glmlr.fit("low ~ age", data, penalty="firth", class_weight="balanced")


def test_wald_on_request() -> None:
    fit, _ = _case("endometrial", "logit")
    frame = fit.coefficients(interval="wald").frame
    assert frame["z"].to_numpy() == pytest.approx(fit.z.to_numpy())
    assert frame["low"].to_numpy() == pytest.approx(fit.interval(0.95)[0])
    ratios, wald = fit.odds_ratios().frame, fit.odds_ratios(interval="wald").frame
    profiled = fit.coefficients().frame
    assert np.log(ratios["high"]).to_numpy() == pytest.approx(profiled["high"].to_numpy()[1:])
    assert ratios["p_value"].to_numpy() == pytest.approx(profiled["p_value"].to_numpy()[1:])
    assert wald["p_value"].to_numpy() == pytest.approx(fit.pvalues.to_numpy()[1:])
    stated = fit.odds_ratios(at={"PI": 10}).frame
    assert stated["p_value"].to_numpy() == pytest.approx(ratios["p_value"].to_numpy(), rel=1e-6)


def test_robust_covariances_keep_walds_intervals_and_tests() -> None:
    fit = glmlr.fit("low ~ age + smoke", births(), penalty="firth", robust="HC1")
    assert fit.coefficients().frame["z"].to_numpy() == pytest.approx(fit.z.to_numpy())
    assert "Wald" in fit.term_tests().labels["statistic"]


def test_likelihood_ratios_of_other_links_are_refused() -> None:
    fit, _ = _case("endometrial", "probit")
    for ask in (lambda: fit.term_tests(test="likelihood-ratio"), lambda: fit.coefficients(test="lr")):
        with pytest.raises(NotApplicable, match="no penalised likelihood"):
            ask()
    assert "Adjusted score" in fit.term_tests().labels["statistic"]
    assert fit.goodness_of_fit().frame.set_index("measure").loc["lr_chi2"].isna().all()


def test_linear_hypotheses_by_penalised_likelihood_ratio() -> None:
    """That of one coefficient at 0 is the coefficient's own; that of a sum, of the column it becomes."""
    fit, _ = _case("endometrial", "logit")
    own = fit.coefficients().frame.set_index("term").loc["EH", "z"] ** 2
    assert fit.wald_test("EH = 0", test="likelihood-ratio").frame["statistic"].iloc[0] == pytest.approx(own, rel=1e-8)
    changed = glmlr.fit("HG ~ NV + I(PI + 10 * NV) + EH", _endometrial(), penalty="firth")
    again = changed.coefficients().frame["z"].iloc[1] ** 2
    found = fit.wald_test("NV = 10 * PI", test="likelihood-ratio").frame["statistic"].iloc[0]
    assert found == pytest.approx(again, rel=1e-7)


def test_what_rests_on_maximum_likelihood_is_refused() -> None:
    fit, _ = _case("birthwt", "logit")
    for ask in (
        fit.statsmodels,
        fit.linearity,
        fit.specification_tests,
        lambda: glmlr.compare({"one": fit, "two": fit}),
        lambda: glmlr.stepwise(fit),
    ):
        with pytest.raises(NotApplicable, match="penalty"):
            ask()


def test_refits_have_the_same_penalty(tmp_path: Path) -> None:
    data, formula = _births().iloc[::3].reset_index(drop=True), "low ~ age + smoke"
    fit = glmlr.fit(formula, data, penalty="firth")
    from glmlr.influence.measures import influence_of

    without = glmlr.fit(formula, data.drop(index=5), penalty="firth")
    moved = influence_of(fit).exact_dfbeta(np.array([5]))[0]
    assert moved == pytest.approx((fit.params - without.params).to_numpy(), rel=1e-7)
    made = fit.bootstrap(replicates=3, seed=1).estimates
    assert np.isfinite(made).all().all()
    path = tmp_path / "model.json"
    fit.save(path)
    model = glmlr.load(path)
    assert model.predict(data).to_numpy() == pytest.approx(fit.predict(data).to_numpy(), rel=1e-14)
    assert any("Firth" in note for note in model.notes)


@pytest.mark.parametrize("penalty", ["firth", "flic", "flac"])
def test_refits_of_rows_without_some_are_fits_of_these(penalty: str) -> None:
    data = _endometrial()
    fit = glmlr.fit("HG ~ NV + EH", data, penalty=penalty)
    again = refit(fit.held, fit.link, penalty=fit.penalty)
    assert again.maximum.solution.beta == pytest.approx(fit.params.to_numpy(), rel=1e-9)


@pytest.mark.slow
def test_cross_validation_fits_every_part_with_the_penalty() -> None:
    cross = glmlr.cross_validate("HG ~ NV + EH", _endometrial(), penalty="firth", folds=3, seed=2)
    assert "Firth" in " ".join(cross.table.notes)


@pytest.mark.parametrize("link", list(LINKS))
def test_the_report_says_on_top_what_the_estimates_are(link: str) -> None:
    fit = glmlr.fit("HG ~ NV + EH", _endometrial(), link=link, penalty="firth")
    assert "Firth's penalty" in str(fit)
    report: Any = fit.report(sections=["coefficients", "goodness"])
    assert "Firth's penalty" in " ".join(report.lead)


@pytest.mark.slow
@pytest.mark.parametrize("penalty", ["firth", "flic", "flac"])
@pytest.mark.parametrize("link", list(LINKS))
def test_every_statistic_is_there_or_refused_in_a_sentence(link: str, penalty: str) -> None:
    if penalty != "firth" and link != "logit":
        pytest.skip("of the logit")
    for fit in (
        glmlr.fit("HG ~ NV + PI + EH", _endometrial(), link=link, penalty=penalty),
        glmlr.fit("low ~ age + C(race) * smoke", _births(), link=link, penalty=penalty),
    ):
        for key in STATISTICS:
            try:
                said = str(getattr(fit, key)())
            except NotApplicable as refusal:
                said = str(refusal)
            assert said.strip()


def test_bca_says_that_its_step_leaves_the_penalty_out() -> None:
    table = glmlr.fit("low ~ lwt + smoke", births(), penalty="firth").bootstrap(replicates=20, interval="bca").table
    assert any("without Firth's penalty" in note for note in table.notes)


def test_standard_errors_of_flac_are_by_the_rows_alone() -> None:
    # That of all rows together, logistf's, is smaller; the note says so.
    data = births()
    fit = glmlr.fit("low ~ lwt + smoke", data, penalty="flac")
    x = np.column_stack([np.ones(len(data)), data["lwt"], data["smoke"]]).astype(float)
    p = fit.probabilities
    witness = np.sqrt(np.diag(np.linalg.inv((x.T * (p * (1 - p))) @ x)))
    assert fit.bse.to_numpy() == pytest.approx(witness, rel=1e-8)
    assert any("rows alone" in note for note in fit.notes)
