"""Are ridge estimates those of the penalised likelihood? R written out, glmnet, rms, scikit-learn, and laws."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import pytest
from sklearn.linear_model import LogisticRegression
from witnesses import read_data, read_witness

import glmlr
from glmlr.blocks import ArrayRows
from glmlr.errors import OptionError
from glmlr.links import CLOGLOG, LOGIT, PROBIT
from glmlr.newton import sums_at
from glmlr.penalised.penalties import Ridge
from glmlr.penalised.ridge import shrunken

BIRTHS = read_data("birthwt")
FORMULA = "low ~ age + lwt + C(race) + smoke + ptl + ht + ui"
WITNESS = read_witness("ridge")["found"]
#: R's columns in the order of ours, which has factors first: Intercept, race x 2, age, lwt, smoke, ptl, ht, ui.
ORDER = [0, 3, 4, 1, 2, 5, 6, 7, 8]
LINKS = ("logit", "probit", "cloglog")


def ridge(formula: str = FORMULA, data: Any = BIRTHS, strength: float = 5, **options: Any) -> glmlr.Fit:
    return glmlr.fit(formula, data, penalty="ridge", strength=strength, **options)


def same(fit: glmlr.Fit, found: Any, order: list[int]) -> None:
    np.testing.assert_allclose(fit.params, np.array(found["beta"])[order], rtol=1e-9, atol=1e-12)
    np.testing.assert_allclose(fit.bse, np.array(found["se"])[order], rtol=1e-9)
    np.testing.assert_allclose(fit.effective_df, found["df"], rtol=1e-10)
    np.testing.assert_allclose(fit.loglik, found["loglik"], rtol=1e-11)
    np.testing.assert_allclose(fit.solution.objective, found["objective"], rtol=1e-12)


# ------------------------------------------------------------------------------------------------ witnesses


@pytest.mark.parametrize("link", LINKS)
@pytest.mark.parametrize("strength", [0.3, 5, 200])
@pytest.mark.parametrize("standardize", [True, False])
def test_estimates_errors_and_degrees_of_freedom_are_those_of_newton_in_r(
    link: str, strength: float, standardize: bool
) -> None:
    fit = ridge(strength=strength, link=link, standardize=standardize)
    assert fit.converged
    same(fit, WITNESS[f"{link}_{strength:g}_{'standardized' if standardize else 'raw'}"], ORDER)


@pytest.mark.parametrize("link", LINKS)
def test_weights_offset_and_no_intercept_against_r(link: str) -> None:
    births = BIRTHS.assign(times=np.resize([1, 2, 3, 1, 5], len(BIRTHS)), known=BIRTHS["ftv"] / 10)
    same(ridge(data=births, link=link, freq_weights="times"), WITNESS[f"{link}_weights"], ORDER)
    same(ridge(data=births, link=link, offset="known"), WITNESS[f"{link}_offset"], ORDER)
    without = births.assign(other=(births["race"] == "other") * 1, white=(births["race"] == "white") * 1)
    fit = ridge("low ~ 0 + age + lwt + other + white + smoke + ptl + ht + ui", without, link=link)
    names = ["age", "lwt", "other", "white", "smoke", "ptl", "ht", "ui"]
    order = [next(at for at, name in enumerate(names) if own.startswith(name)) for own in fit.names]
    same(fit, WITNESS[f"{link}_no_intercept"], order)


@pytest.mark.parametrize("standardize", [True, False])
def test_estimates_are_those_of_glmnet(standardize: bool) -> None:
    found = np.array(WITNESS[f"glmnet_5_{'standardized' if standardize else 'raw'}"])[ORDER]
    # Coordinate descent ends within 1e-11 of the maximum, relative to estimates of 0.01.
    np.testing.assert_allclose(ridge(standardize=standardize).params, found, rtol=1e-9)


def test_estimates_and_effective_df_are_those_of_rms() -> None:
    # lrm's penalty is on variances with divisor n - 1, ours with n.
    n = len(BIRTHS)
    fit = ridge("low ~ age + lwt + smoke + ptl + ht + ui", strength=7 * n / (n - 1))
    found = WITNESS["lrm_7"]
    np.testing.assert_allclose(fit.params, found["beta"], rtol=1e-6)
    # lrm's deviance is that of the penalised likelihood.
    np.testing.assert_allclose(fit.solution.objective, found["objective"], rtol=1e-9)
    np.testing.assert_allclose(fit.effective_df, sum(found["effective"]), rtol=1e-7)
    share = np.diag(fit.solution.information @ fit.solution.inverse)
    np.testing.assert_allclose(share, found["effective"], rtol=1e-6)


@pytest.mark.parametrize("standardize", [True, False])
def test_estimates_are_those_of_scikit_learn(standardize: bool) -> None:
    fit = ridge(strength=2.5, standardize=standardize)
    x = fit.held.matrix()[:, 1:]
    mean, spread = x.mean(axis=0), x.std(axis=0) if standardize else np.ones(x.shape[1])
    model = LogisticRegression(C=1 / 2.5, solver="newton-cholesky", tol=1e-13, max_iter=1000)
    model.fit((x - mean) / spread, fit.held.y)
    slopes = model.coef_[0] / spread
    np.testing.assert_allclose(fit.params[1:], slopes, rtol=1e-8)
    np.testing.assert_allclose(fit.params.iloc[0], model.intercept_[0] - slopes @ mean, rtol=1e-8)


@pytest.mark.parametrize("link", LINKS)
def test_effective_df_are_the_trace_by_definition(link: str) -> None:
    fit = ridge(link=link, standardize=False)
    information, strength = fit.solution.information, 5 * np.eye(len(fit.names))
    strength[0, 0] = 0
    direct = np.trace(information @ np.linalg.inv(information + strength))
    assert fit.effective_df == pytest.approx(direct, rel=1e-10)


def test_effective_df_by_finite_differences_of_the_responses() -> None:
    """For the logit, df is the sum over rows of d eta_i / d y_i times the row's information."""
    data = BIRTHS.iloc[::5]
    fit = ridge("low ~ age + lwt + smoke", data, strength=3, standardize=False)
    x, p, step = fit.held.matrix().T, fit.probabilities, 1e-5
    slopes = []
    for row in range(len(data)):
        moved = []
        for sign in (1, -1):
            y = np.array(data["low"], dtype=float)
            y[row] += sign * step  # the likelihood is linear in y, so that it need not be 0 or 1
            found = shrunken(ArrayRows(x, y), LOGIT, Ridge(3.0, standardized=False), intercept=0)
            moved.append(found.beta @ x[:, row])
        slopes.append((moved[0] - moved[1]) / (2 * step))
    assert float(np.array(slopes) @ (p * (1 - p))) == pytest.approx(fit.effective_df, rel=1e-6)


@pytest.mark.parametrize("link", [LOGIT, PROBIT, CLOGLOG])
def test_the_penalised_score_vanishes(link: Any) -> None:
    fit = ridge(link=link.name)
    x = fit.held.matrix()
    sums = sums_at(ArrayRows(np.ascontiguousarray(x.T), fit.held.y), fit.solution.beta, link)
    pull = 5 * x.var(axis=0) * fit.solution.beta
    pull[0] = 0
    np.testing.assert_allclose(sums.score, pull, atol=1e-8 * np.sqrt(np.diag(sums.information)).max())
    assert fit.solution.gradient_norm < 1e-9
    assert fit.solution.trace[-1].decrement < 1e-10


def test_sandwiches_have_the_penalised_bread() -> None:
    """By hand: (I + P)^-1 B (I + P)^-1, with leverage of the penalised fit and HC1 by the effective df."""
    model = ridge()
    x, residual = model.held.matrix(), model.held.y - model.probabilities
    bread, w = model.solution.inverse, model.probabilities * (1 - model.probabilities)
    leverage = w * np.einsum("ij,jk,ik->i", x, bread, x)
    assert leverage.sum() == pytest.approx(model.effective_df)
    factors = {"HC0": 1.0, "HC1": 189 / (189 - model.effective_df), "HC2": 1 / (1 - leverage)}
    factors["HC3"] = factors["HC2"] ** 2
    for kind, factor in factors.items():
        meat = (x * (residual**2 * factor)[:, None]).T @ x
        np.testing.assert_allclose(ridge(robust=kind).covariance, bread @ meat @ bread, rtol=1e-8)
    clusters = BIRTHS["age"] % 10
    scores = pd.DataFrame(x * residual[:, None]).groupby(clusters.to_numpy()).sum().to_numpy()
    groups = clusters.nunique()
    meat = scores.T @ scores * groups / (groups - 1)
    np.testing.assert_allclose(ridge(cluster=clusters).covariance, bread @ meat @ bread, rtol=1e-8)


# ------------------------------------------------------------------------------------------------ laws


@pytest.mark.parametrize("link", LINKS)
def test_a_row_twice_is_a_row_of_weight_two_and_grouped_counts_are_their_rows(link: str) -> None:
    twice = ridge(data=pd.concat([BIRTHS, BIRTHS.iloc[:60]]), link=link)
    weighted = ridge(data=BIRTHS, freq_weights=np.where(np.arange(189) < 60, 2, 1), link=link)
    np.testing.assert_allclose(weighted.params, twice.params, rtol=1e-9)
    np.testing.assert_allclose(weighted.covariance, twice.covariance, rtol=1e-8, atol=1e-14)
    counts = BIRTHS.groupby(["smoke", "ht", "ui"], as_index=False).agg(low=("low", "sum"), n=("low", "size"))
    counts["other"] = counts["n"] - counts["low"]
    grouped = ridge("low + other ~ smoke + ht + ui", counts, link=link)
    np.testing.assert_allclose(grouped.params, ridge("low ~ smoke + ht + ui", link=link).params, rtol=1e-9)


@pytest.mark.parametrize("link", ["logit", "probit"])
def test_swapping_the_event_flips_the_signs(link: str) -> None:
    np.testing.assert_allclose(ridge(link=link, event=0).params, -ridge(link=link).params, rtol=1e-9)


@pytest.mark.parametrize("link", LINKS)
def test_order_of_rows_and_units_of_columns_do_not_matter(link: str) -> None:
    fit = ridge(link=link)
    shuffled = ridge(data=BIRTHS.sample(frac=1, random_state=3), link=link)
    np.testing.assert_allclose(shuffled.params, fit.params, rtol=1e-9)
    grams = ridge(data=BIRTHS.assign(lwt=BIRTHS["lwt"] * 453.6 + 7e5), link=link)
    assert grams.params["lwt"] * 453.6 == pytest.approx(fit.params["lwt"], rel=1e-8)
    assert grams.bse["lwt"] * 453.6 == pytest.approx(fit.bse["lwt"], rel=1e-8)
    assert grams.params["smoke"] == pytest.approx(fit.params["smoke"], rel=1e-8)
    assert grams.effective_df == pytest.approx(fit.effective_df, rel=1e-9)


@pytest.mark.parametrize("link", LINKS)
def test_no_strength_is_maximum_likelihood_and_a_strong_one_the_null_model(link: str) -> None:
    nothing, plain = ridge(strength=0, link=link), glmlr.fit(FORMULA, BIRTHS, link=link)
    assert nothing.penalty is None
    np.testing.assert_array_equal(nothing.params, plain.params)
    np.testing.assert_array_equal(nothing.pvalues, plain.pvalues)
    near = ridge(strength=1e-9, link=link)
    np.testing.assert_allclose(near.params, plain.params, rtol=1e-8)
    np.testing.assert_allclose(near.covariance, plain.covariance, rtol=1e-8)
    assert near.effective_df == pytest.approx(plain.rank, rel=1e-9)
    strong = ridge(strength=1e12, link=link)
    assert strong.params.iloc[0] == pytest.approx(float(strong.null.beta[0]), abs=1e-7)
    assert np.abs(strong.params.iloc[1:]).max() < 1e-8
    assert strong.effective_df == pytest.approx(1, abs=1e-8)
    assert strong.loglik == pytest.approx(strong.null_loglik, rel=1e-9)


def test_no_strength_leaves_aliased_columns_out_as_maximum_likelihood_does() -> None:
    data = BIRTHS.assign(twin=2 * BIRTHS["age"])
    nothing = glmlr.fit("low ~ age + twin", data, penalty="ridge", strength=0)
    assert [alias.column for alias in nothing.solution.aliased] == [2]


@pytest.mark.parametrize("strength", [1e-6, 1.0, 1e4])
def test_collinear_twins_share_equally(strength: float) -> None:
    data = BIRTHS.assign(twin=BIRTHS["age"], smoker=1 - BIRTHS["smoke"])
    fit = ridge("low ~ age + twin + smoke + smoker + lwt", data, strength=strength)
    assert fit.converged
    assert fit.solution.aliased == ()
    assert fit.params["age"] == pytest.approx(fit.params["twin"], rel=1e-5)
    assert fit.params["smoke"] == pytest.approx(-fit.params["smoker"], rel=1e-5)
    one = ridge("low ~ age + smoke + lwt", BIRTHS, strength=strength / 2)
    # Two halves of a coefficient cost half as much, of lwt all: only without a price at all are they alike.
    if strength == 1e-6:
        assert 2 * fit.params["age"] == pytest.approx(one.params["age"], rel=1e-5)


def test_a_penalty_too_weak_to_tell_columns_apart_says_so() -> None:
    data = BIRTHS.assign(twin=BIRTHS["age"])
    with pytest.warns(glmlr.errors.ConvergenceWarning, match="too weak to tell columns apart"):
        ridge("low ~ age + twin", data, strength=1e-30)


def test_separated_rows_have_finite_estimates() -> None:
    data = pd.DataFrame({"x": np.arange(20.0), "y": (np.arange(20) > 9).astype(int)})
    for link in LINKS:
        fit = ridge("y ~ x", data, strength=0.01, link=link)
        assert fit.converged
        assert fit.separation is None
        assert np.isfinite(fit.params).all()
        assert fit.params["x"] > 0


def wide(n: int, k: int) -> tuple[pd.DataFrame, str]:
    draw = np.random.default_rng(5)
    frame = pd.DataFrame(draw.normal(size=(n, k)), columns=[f"x{at}" for at in range(k)])
    frame["y"] = (draw.random(n) < 1 / (1 + np.exp(-frame["x0"]))).astype(int)
    return frame, "y ~ " + " + ".join(f"x{at}" for at in range(k))


@pytest.mark.parametrize("link", LINKS)
def test_there_may_be_more_columns_than_rows(link: str) -> None:
    """The estimates are X' a for some a of the rows (Kimeldorf & Wahba): solved there they are the same."""
    frame, formula = wide(60, 100)
    fit = ridge(formula, frame, strength=4, link=link, standardize=False)
    assert fit.converged
    assert fit.effective_df < 60
    x = frame[[f"x{at}" for at in range(100)]].to_numpy()
    u, s, vt = np.linalg.svd(x, full_matrices=False)
    rotated = np.vstack([np.ones(60), (u * s).T])
    chosen = {"logit": LOGIT, "probit": PROBIT, "cloglog": CLOGLOG}[link]
    found = shrunken(ArrayRows(rotated, fit.held.y), chosen, Ridge(4.0, standardized=False), intercept=0)
    np.testing.assert_allclose(fit.params.iloc[1:], vt.T @ found.beta[1:], rtol=1e-7, atol=1e-10)


def test_constant_columns_have_a_coefficient_of_0() -> None:
    data = BIRTHS.assign(same=3.0, nothing=0.0)
    fit = ridge("low ~ age + same + nothing", data)
    assert fit.params["same"] == pytest.approx(0, abs=1e-12)
    assert fit.params["nothing"] == 0
    assert fit.params["age"] == pytest.approx(ridge("low ~ age").params["age"], rel=1e-9)


def test_a_column_far_from_0_costs_no_digits() -> None:
    data = BIRTHS.assign(far=BIRTHS["age"] + 1e8)
    fit, near = ridge("low ~ far + smoke", data, robust="HC3"), ridge("low ~ age + smoke", robust="HC3")
    assert fit.params["far"] == pytest.approx(near.params["age"], rel=1e-7)
    assert fit.bse["far"] == pytest.approx(near.bse["age"], rel=1e-7)
    assert fit.bse["smoke"] == pytest.approx(near.bse["smoke"], rel=1e-7)
    for one, other in zip(*(model.leave_one_out().probabilities for model in (fit, near)), strict=True):
        assert one == pytest.approx(other, rel=1e-7)


def test_collapsed_and_streamed_rows_give_the_same(tmp_path: Path) -> None:
    many = pd.concat([BIRTHS] * 30, ignore_index=True)
    formula = "low ~ age + smoke + ht + ui"
    fit = ridge(formula, many)
    assert fit.design.patterns is not None
    by_row = ridge(formula, many.assign(age=many["age"] + 1e-13 * np.arange(len(many))))
    np.testing.assert_allclose(fit.params, by_row.params, rtol=1e-8)
    for part in range(3):
        many.iloc[part::3].to_csv(tmp_path / f"part{part}.csv", index=False)
    streamed = ridge(formula, str(tmp_path / "*.csv"))
    np.testing.assert_allclose(streamed.params, fit.params, rtol=1e-9)
    np.testing.assert_allclose(streamed.covariance, fit.covariance, rtol=1e-8, atol=1e-14)


def test_importance_weights_act_in_the_likelihood_and_not_in_the_units_of_columns() -> None:
    """By hand: Newton's equations with the weights, the penalty by the plain standard deviations."""
    weight = np.where(BIRTHS["low"] == 1, 3.0, 1.0)
    fit = ridge(sample_weight=weight)
    x = fit.held.matrix()
    score = x.T @ (weight * (fit.held.y - fit.link.mean(x @ fit.params.to_numpy())))
    pull = 5 * x.var(axis=0) * fit.params.to_numpy()
    pull[0] = 0
    np.testing.assert_allclose(score, pull, atol=1e-7)
    assert fit.covariance_kind == "HC0"


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"penalty": "ridge"}, "needs strength="),
        ({"penalty": "ridge", "strength": -1}, "is negative"),
        ({"penalty": "ridge", "strength": "strong"}, "is not a finite number"),
        ({"penalty": "ridge", "strength": True}, "is not a finite number"),
        ({"penalty": "ridge", "strength": 1, "standardize": "yes"}, "neither True nor False"),
        ({"strength": 1}, "belongs to penalty="),
        ({"penalty": "rigde", "strength": 1}, "ridge"),
        ({"penalty": "ridge", "strength": 1, "solver": "statsmodels"}, "statsmodels"),
    ],
)
def test_what_cannot_be_is_refused(options: Any, said: str) -> None:
    with pytest.raises(OptionError, match=said):
        glmlr.fit(FORMULA, BIRTHS, **options)


@pytest.mark.slow
def test_hundreds_of_columns_take_a_moment() -> None:
    frame, formula = wide(5_000, 400)
    fit = ridge(formula, frame, strength=10)
    assert fit.converged
    x = frame[[f"x{at}" for at in range(400)]].to_numpy()
    found: npt.NDArray[np.float64] = (
        LogisticRegression(C=0.1, solver="newton-cholesky", tol=1e-12, max_iter=100).fit(x / x.std(axis=0), frame["y"])
    ).coef_[0] / x.std(axis=0)
    np.testing.assert_allclose(fit.params.iloc[1:], found, rtol=1e-6, atol=1e-9)
