"""Do the trainers find what Newton's steps find, by the algorithms of their papers, and say so where they do not?"""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import pytest
from scipy.special import expit
from witnesses import read_data

import glmlr
from glmlr.blocks import ArrayRows, Block
from glmlr.errors import ArgumentError, ConvergenceWarning, DataError, NotApplicable, OptionError, SeparationWarning
from glmlr.links import CLOGLOG, LOGIT, PROBIT
from glmlr.training.batches import batches
from glmlr.training.contours import contour
from glmlr.training.losses import cross_entropy, loss_named, squared_error
from glmlr.training.options import training_of
from glmlr.training.rules import Adam, RMSprop

Floats = npt.NDArray[np.float64]
FORMULA = "low ~ age + lwt + C(race) + smoke + ht + ui"


def simulated(n: int = 400, seed: int = 5) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    x1, x2 = rng.normal(3.0, 2.0, n), rng.exponential(50.0, n)
    y = (rng.random(n) < expit(-1.0 + 0.4 * x1 - 0.02 * x2)).astype(int)
    return pd.DataFrame({"y": y, "x1": x1, "x2": x2})


def standardised(data: pd.DataFrame) -> tuple[Floats, Floats, Floats, Floats]:
    """Give a matrix with a constant and the two columns standardised, the outcomes, means and spreads."""
    x = data[["x1", "x2"]].to_numpy()
    mean, spread = x.mean(axis=0), x.std(axis=0)
    return np.column_stack([np.ones(len(x)), (x - mean) / spread]), data["y"].to_numpy(float), mean, spread


def in_data_units(theta: Floats, mean: Floats, spread: Floats) -> Floats:
    slopes = theta[1:] / spread
    return np.concatenate([[theta[0] - slopes @ mean], slopes])


def in_errors(one: glmlr.Fit, other: glmlr.Fit) -> float:
    return float(np.nanmax(np.abs((one.params - other.params) / other.bse)))


def quietly(*args: Any, **options: Any) -> glmlr.Fit:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        return glmlr.fit(*args, **options)


# ------------------------------------------------------------------------------------------------ the optimum


@pytest.mark.parametrize("link", ["logit", "probit", "cloglog"])
@pytest.mark.parametrize("solver", ["lbfgs", "gradient"])
def test_all_rows_at_once_reach_the_maximum_of_newton(birthwt: pd.DataFrame, solver: str, link: str) -> None:
    newton = glmlr.fit(FORMULA, birthwt, link=link)
    trained = glmlr.fit(FORMULA, birthwt, link=link, solver=solver)
    assert trained.converged
    assert in_errors(trained, newton) < 1e-6
    assert trained.loglik == pytest.approx(newton.loglik, abs=1e-11)
    np.testing.assert_allclose(trained.bse, newton.bse, rtol=1e-5)
    assert trained.null_loglik == newton.null_loglik


@pytest.mark.parametrize("solver", ["gradient", "rmsprop", "adam"])
def test_batches_with_steps_that_shorten_come_to_rest_at_the_maximum(birthwt: pd.DataFrame, solver: str) -> None:
    newton = glmlr.fit(FORMULA, birthwt)
    # Shorter and shorter steps that still add up to infinity: Robbins & Monro's condition.
    options: dict[str, Any] = {"batch_size": 40, "decay": 0.3, "epochs": 400, "tolerance": 0.01}
    rate = {} if solver == "gradient" else {"learning_rate": 0.1}
    trained = quietly(FORMULA, birthwt, solver=solver, **options, **rate)
    assert in_errors(trained, newton) < 0.05


def test_a_fixed_step_of_one_over_l_reaches_the_maximum(birthwt: pd.DataFrame) -> None:
    newton = glmlr.fit("low ~ age + smoke", birthwt)
    assert in_errors(glmlr.fit("low ~ age + smoke", birthwt, solver="gradient", learning_rate=1.0), newton) < 1e-6


def test_one_newton_step_polishes_what_batches_have_left(birthwt: pd.DataFrame) -> None:
    newton = glmlr.fit(FORMULA, birthwt)
    rough = quietly(FORMULA, birthwt, solver="adam", batch_size=32, tolerance=1e-9)
    polished = quietly(FORMULA, birthwt, solver="adam", batch_size=32, tolerance=1e-9, polish=True)
    assert in_errors(polished, newton) < in_errors(rough, newton) / 50
    assert "one Newton step" in polished.solution.training
    assert len(polished.trace) == len(rough.trace) + 1


def test_scikit_learn_finds_the_same_with_a_ridge_penalty(birthwt: pd.DataFrame) -> None:
    from sklearn.linear_model import LogisticRegression

    columns = ["age", "lwt", "smoke"]
    theirs = LogisticRegression(C=1 / 2.5, tol=1e-12, max_iter=10_000).fit(
        birthwt[columns].to_numpy(float), birthwt["low"]
    )
    formula, options = "low ~ age + lwt + smoke", {"penalty": "ridge", "strength": 2.5, "standardize": False}
    for solver in ("lbfgs", "gradient"):
        ours = glmlr.fit(formula, birthwt, solver=solver, tolerance=1e-8, **options)
        np.testing.assert_allclose(ours.params[1:], theirs.coef_[0], rtol=2e-6)
        assert ours.params["Intercept"] == pytest.approx(theirs.intercept_[0], rel=2e-6)


@pytest.mark.parametrize("standardize", [True, False])
def test_ridge_by_training_is_ridge_by_newton(birthwt: pd.DataFrame, standardize: bool) -> None:
    options = {"penalty": "ridge", "strength": 3.0, "standardize": standardize}
    newton = glmlr.fit(FORMULA, birthwt, **options)
    trained = glmlr.fit(FORMULA, birthwt, solver="lbfgs", tolerance=1e-7, **options)
    assert in_errors(trained, newton) < 1e-6
    assert trained.effective_df == pytest.approx(newton.effective_df, rel=1e-6)
    assert trained.solution.objective == pytest.approx(newton.solution.objective, rel=1e-12)


# ------------------------------------------------------------------------------------------------ the algorithms


def test_fixed_steps_are_those_of_a_loop_by_hand() -> None:
    data = simulated()
    x, y, mean, spread = standardised(data)
    theta, losses = np.zeros(3), []
    for _ in range(25):
        eta = x @ theta
        losses.append(np.mean(np.logaddexp(0.0, eta) - y * eta))
        theta = theta - 0.7 * (x.T @ (expit(eta) - y)) / y.size
    fit = quietly("y ~ x1 + x2", data, solver="gradient", learning_rate=0.7, epochs=25)
    np.testing.assert_allclose(fit.params, in_data_units(theta, mean, spread), rtol=1e-12)
    np.testing.assert_allclose(fit.trace["loss"][:-1], losses, rtol=1e-13)


def test_adam_is_the_algorithm_of_kingma_and_ba_on_the_same_batches() -> None:
    data = simulated(90)
    x, y, mean, spread = standardised(data)
    columns = np.ascontiguousarray(np.vstack([data[["x1", "x2"]].T.to_numpy()]))
    rows = ArrayRows(np.vstack([np.arange(90.0), columns]), y)
    generator, theta, m, v, t = np.random.default_rng(7), np.zeros(3), np.zeros(3), np.zeros(3), 0
    for epoch in range(6):
        taken = 0
        for block in batches(rows, 16, generator):
            t += 1
            at = block.x[0].astype(int)
            g = x[at].T @ (expit(x[at] @ theta) - y[at]) / at.size
            m, v = 0.9 * m + 0.1 * g, 0.999 * v + 0.001 * g * g
            m_hat, v_hat = m / (1 - 0.9**t), v / (1 - 0.999**t)
            theta = theta - 0.05 / (1 + 0.2 * (epoch + taken / 90)) * m_hat / (np.sqrt(v_hat) + 1e-8)
            taken += at.size
    options = {"learning_rate": 0.05, "batch_size": 16, "epochs": 6, "seed": 7, "decay": 0.2}
    fit = quietly("y ~ x1 + x2", data, solver="adam", **options)
    np.testing.assert_allclose(fit.params, in_data_units(theta, mean, spread), rtol=1e-11)


def test_adam_is_the_published_formula_of_torch() -> None:
    """PyTorch: theta -= lr / bias1 * m / (sqrt(v) / sqrt(bias2) + eps)."""
    rng, rule = np.random.default_rng(0), Adam(4)
    m, v = np.zeros(4), np.zeros(4)
    for t in range(1, 30):
        g = rng.normal(size=4)
        m, v = m + (g - m) * (1 - 0.9), 0.999 * v + (1 - 0.999) * g * g
        denominator = np.sqrt(v) / np.sqrt(1 - 0.999**t) + 1e-8
        # Where past gradients cancel, the mean is rounding of their size.
        step = -(0.01 / (1 - 0.9**t)) * m / denominator
        np.testing.assert_allclose(rule.step(g, 0.01), step, rtol=1e-12, atol=1e-17)


def test_the_first_step_of_adam_is_as_long_as_the_learning_rate() -> None:
    np.testing.assert_allclose(Adam(3).step(np.array([5.0, -1e-3, 2e4]), 0.1), [-0.1, 0.1, -0.1], rtol=1e-4)


def test_rmsprop_is_its_recursion() -> None:
    rule, square = RMSprop(2), np.zeros(2)
    for g in (np.array([1.0, -2.0]), np.array([0.5, 3.0])):
        square = 0.9 * square + 0.1 * g**2
        np.testing.assert_allclose(rule.step(g, 0.01), -0.01 * g / (np.sqrt(square) + 1e-8), rtol=1e-14)


def test_batches_give_each_row_once_in_an_order_of_the_seed() -> None:
    x = np.vstack([np.arange(30_000.0), np.ones(30_000)])
    rows = ArrayRows(x, np.zeros(30_000))
    seen = [list(batches(rows, 700, np.random.default_rng(seed))) for seed in (1, 1, 2)]
    orders = [np.concatenate([block.x[0] for block in one]) for one in seen]
    assert all(np.array_equal(np.sort(order), x[0]) for order in orders)
    assert np.array_equal(orders[0], orders[1])
    assert not np.array_equal(orders[0], orders[2])
    assert [block.size for block in seen[0]][:-1] == [700] * 42
    assert np.corrcoef(orders[0], np.arange(30_000))[0, 1] < 0.03


def test_batches_that_do_not_fit_into_memory_together_are_cut_alike(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("glmlr.training.batches.MIXED_CELLS", 40_000)
    rows = ArrayRows(np.vstack([np.arange(30_000.0), np.ones(30_000)]), np.zeros(30_000))
    found: list[Block] = list(batches(rows, 700, np.random.default_rng(1)))
    assert [block.size for block in found] == [700] * 42 + [600]
    assert np.array_equal(np.sort(np.concatenate([block.x[0] for block in found])), np.arange(30_000.0))


# ------------------------------------------------------------------------------------------------ laws


@pytest.mark.parametrize("solver", ["lbfgs", "gradient"])
def test_a_row_repeated_is_a_row_of_weight_two(birthwt: pd.DataFrame, solver: str) -> None:
    times = np.where(np.arange(len(birthwt)) % 3 == 0, 2, 1)
    formula = "low ~ age + lwt + smoke"
    options: dict[str, Any] = {"solver": solver, "epochs": 12, "tolerance": 1e-14}
    weighted = quietly(formula, birthwt.assign(w=times), freq_weights="w", **options)
    repeated = quietly(formula, birthwt.loc[birthwt.index.repeat(times)], **options)
    np.testing.assert_allclose(weighted.params, repeated.params, rtol=1e-9)
    np.testing.assert_allclose(weighted.trace["loss"], repeated.trace["loss"], rtol=1e-12)


def test_rescaled_columns_change_no_step(birthwt: pd.DataFrame) -> None:
    options: dict[str, Any] = {"solver": "adam", "batch_size": 32, "epochs": 10}
    one = quietly("low ~ age + lwt", birthwt, **options)
    other = quietly("low ~ age + grams", birthwt.assign(grams=453.6 * birthwt["lwt"]), **options)
    assert other.params["grams"] == pytest.approx(one.params["lwt"] / 453.6, rel=1e-9)
    np.testing.assert_allclose(other.trace["loss"], one.trace["loss"], rtol=1e-12)


def test_the_other_event_turns_every_sign(birthwt: pd.DataFrame) -> None:
    for solver, options in (("lbfgs", {}), ("adam", {"batch_size": 50, "epochs": 5})):
        one = quietly("low ~ age + lwt", birthwt, event=1, solver=solver, **options)
        other = quietly("low ~ age + lwt", birthwt, event=0, solver=solver, **options)
        np.testing.assert_allclose(other.params, -one.params, rtol=1e-7)


def test_the_same_seed_gives_the_same_bits_and_another_does_not(birthwt: pd.DataFrame) -> None:
    fits = [
        quietly(FORMULA, birthwt, solver="adam", batch_size=32, epochs=5, validation_share=0.2, seed=seed)
        for seed in (3, 3, 4)
    ]
    assert fits[0].trace.equals(fits[1].trace)
    assert not fits[0].trace.equals(fits[2].trace)


@pytest.mark.parametrize("solver", ["lbfgs", "gradient"])
def test_class_weights_and_offsets_are_heeded(birthwt: pd.DataFrame, solver: str) -> None:
    data = birthwt.assign(known=0.01 * birthwt["age"])
    options: dict[str, Any] = {"class_weight": "balanced", "offset": "known"}
    newton = glmlr.fit("low ~ lwt + smoke", data, **options)
    trained = glmlr.fit("low ~ lwt + smoke", data, solver=solver, **options)
    assert in_errors(trained, newton) < 2e-6
    np.testing.assert_allclose(trained.probabilities, newton.probabilities, rtol=1e-5)


def test_grouped_rows_are_their_trials() -> None:
    counts = pd.DataFrame({"hits": [3, 8, 12, 20], "misses": [17, 14, 9, 5], "dose": [1.0, 2.0, 3.0, 4.0]})
    newton = glmlr.fit("hits + misses ~ dose", counts)
    for solver in ("lbfgs", "gradient"):
        assert in_errors(glmlr.fit("hits + misses ~ dose", counts, solver=solver), newton) < 1e-6


def test_columns_far_from_zero_cost_no_digits() -> None:
    data = simulated()
    data["year"] = 1e6 + data["x1"]
    newton = glmlr.fit("y ~ year + x2", data)
    assert in_errors(glmlr.fit("y ~ year + x2", data, solver="lbfgs"), newton) < 2e-6


def test_aliased_columns_are_left_out_as_in_newtons_fit(birthwt: pd.DataFrame) -> None:
    data = birthwt.assign(twice=2 * birthwt["lwt"] - 1)
    for solver, options in (("lbfgs", {}), ("adam", {"batch_size": 40, "epochs": 3})):
        trained = quietly("low ~ lwt + twice + smoke", data, solver=solver, **options)
        assert np.isnan(trained.params["twice"])
        assert any("twice is aliased" in note for note in trained.notes)


@pytest.mark.parametrize("options", [{"solver": "lbfgs"}, {"solver": "adam", "batch_size": 10, "epochs": 5}])
def test_separated_rows_are_found_however_training_ends(options: dict[str, Any]) -> None:
    data = pd.DataFrame({"y": [0] * 15 + [1] * 15, "x": np.r_[np.linspace(0, 1, 15), np.linspace(2, 3, 15)]})
    with pytest.warns(SeparationWarning, match="x"):
        trained = glmlr.fit("y ~ x", data, **options)
    assert np.isinf(trained.params["x"])
    assert "Newton" in trained.solution.training


def test_without_an_intercept_and_with_one_column(birthwt: pd.DataFrame) -> None:
    for formula in ("low ~ lwt + age - 1", "low ~ 1", "low ~ C(race) - 1"):
        newton = glmlr.fit(formula, birthwt)
        for solver in ("lbfgs", "gradient"):
            assert in_errors(glmlr.fit(formula, birthwt, solver=solver), newton) < 1e-6


# ------------------------------------------------------------------------------------------------ the account


def test_a_fit_that_stopped_short_says_how_far_from_the_maximum(birthwt: pd.DataFrame) -> None:
    newton = glmlr.fit(FORMULA, birthwt)
    with pytest.warns(ConvergenceWarning, match="standard errors from the maximum"):
        fit = glmlr.fit(FORMULA, birthwt, solver="adam", batch_size=32, epochs=60)
    assert not fit.converged
    distance = float(fit.trace["distance"].iloc[-1])
    # By the definition of the decrement, and nearly the distance in the metric of the information.
    x = fit.held.matrix()
    p = expit(x @ fit.params.to_numpy())
    score = x.T @ (fit.held.y - p)
    assert distance == pytest.approx(np.sqrt(score @ np.linalg.solve(x.T @ (x * (p * (1 - p))[:, None]), score)))
    gap = (fit.params - newton.params).to_numpy()
    assert np.sqrt(gap @ newton.solution.information @ gap) == pytest.approx(distance, rel=0.1)
    assert any("Trained by Adam" in note for note in fit.notes)
    assert any("did not converge" in note for note in fit.notes)


def test_the_trace_of_newton_has_its_coefficients_and_passes(birthwt: pd.DataFrame) -> None:
    fit = glmlr.fit(FORMULA, birthwt.assign(far=1e5 + birthwt["age"]))
    assert list(fit.trace["iteration"]) == list(range(len(fit.trace)))
    last = fit.trace.filter(like="b: ").iloc[-1].to_numpy()
    np.testing.assert_allclose(last, fit.params, rtol=1e-6)
    assert fit.trace["loss"].iloc[-1] == pytest.approx(-fit.loglik / 189, rel=1e-12)
    assert (fit.trace["passes"].diff().dropna() >= 1).all()
    assert fit.trace["rows_seen"].iloc[0] == 189


def test_the_trace_of_a_trainer_is_the_loss_at_its_coefficients(birthwt: pd.DataFrame) -> None:
    fit = quietly(FORMULA, birthwt, solver="adam", batch_size=32, epochs=4, validation_share=0.25, seed=2)
    x, y = fit.held.matrix(), fit.held.y
    out = np.random.default_rng([2, 0]).random(189) < 0.25
    for row in fit.trace.itertuples(index=False):
        eta = x @ np.array(row[-x.shape[1] :])
        losses = np.logaddexp(0.0, eta) - y * eta
        assert row.loss == pytest.approx(losses[~out].mean(), rel=1e-12)
        assert row.validation_loss == pytest.approx(losses[out].mean(), rel=1e-12)
    assert f"{out.sum()} rows being held out" in fit.solution.training


def test_patience_gives_the_coefficients_of_the_lowest_loss_held_out(birthwt: pd.DataFrame) -> None:
    options: dict[str, Any] = {"batch_size": 16, "learning_rate": 0.05, "validation_share": 0.3, "seed": 1}
    fit = quietly(FORMULA, birthwt, solver="adam", patience=4, **options)
    best = int(fit.trace["validation_loss"].idxmin())
    assert len(fit.trace) == best + 5
    np.testing.assert_array_equal(fit.trace.filter(like="b: ").iloc[best].to_numpy(), fit.params.to_numpy())
    assert f"epoch {best}" in str(fit.solution.reason)


def test_a_random_start_depends_on_the_seed_and_not_on_the_end(birthwt: pd.DataFrame) -> None:
    newton = glmlr.fit("low ~ age + smoke", birthwt)
    fits = [
        glmlr.fit("low ~ age + smoke", birthwt, solver="lbfgs", start=start, seed=seed)
        for start, seed in (("random", 1), ("random", 2), ("null", 0), ("zero", 0))
    ]
    first = {tuple(fit.trace.filter(like="b: ").iloc[0]) for fit in fits}
    assert len(first) == 4
    assert all(in_errors(fit, newton) < 1e-6 for fit in fits)
    null = fits[2].trace.filter(like="b: ").iloc[0].to_numpy()
    np.testing.assert_allclose(null, [np.log(59 / 130), 0.0, 0.0], rtol=1e-12, atol=1e-15)


# ------------------------------------------------------------------------------------------------ refusals


@pytest.mark.parametrize(
    ("options", "error", "words"),
    [
        ({"epochs": 3}, OptionError, "solver='newton' takes no such steps"),
        ({"solver": "statsmodels", "seed": 1}, OptionError, "statsmodels"),
        ({"solver": "adam", "epochs": 0}, OptionError, "epochs=0 is not a whole number of at least 1"),
        ({"solver": "adam", "epochs": 2.5}, OptionError, "whole number"),
        ({"solver": "adam", "batch_size": 190}, OptionError, "more than the 189 rows"),
        ({"solver": "adam", "batch_size": True}, OptionError, "batch_size=True"),
        ({"solver": "adam", "validation_share": 1.0}, OptionError, "above 0 and below 1"),
        ({"solver": "adam", "validation_share": 0}, OptionError, "above 0 and below 1"),
        ({"solver": "adam", "patience": 3}, OptionError, "validation_share"),
        ({"solver": "adam", "learning_rate": "backtracking"}, OptionError, 'solver="gradient"'),
        ({"solver": "gradient", "learning_rate": "fast"}, OptionError, "backtracking"),
        ({"solver": "gradient", "learning_rate": -1.0}, OptionError, "above 0"),
        ({"solver": "gradient", "decay": 0.1}, OptionError, "backtracking has none"),
        ({"solver": "lbfgs", "batch_size": 10}, OptionError, "all rows in each step"),
        ({"solver": "adam", "start": "nul"}, OptionError, "did you mean 'null'"),
        ({"solver": "adam", "polish": 1}, OptionError, "neither True nor False"),
        ({"solver": "adam", "tolerance": float("nan")}, OptionError, "tolerance"),
        ({"solver": "adam", "learning_rat": 0.1}, ArgumentError, "did you mean 'learning_rate'"),
        ({"solver": "adams"}, OptionError, "did you mean 'adam'"),
        ({"solver": "lbfgs", "penalty": "firth"}, OptionError, "Newton"),
        ({"solver": "gradient", "batch_size": 9, "link": "cloglog"}, OptionError, "safe everywhere"),
    ],
)
def test_what_cannot_be_is_refused_in_a_sentence(
    birthwt: pd.DataFrame, options: dict[str, Any], error: type[Exception], words: str
) -> None:
    before = birthwt.copy()
    with pytest.raises(error, match=words):
        glmlr.fit("low ~ age", birthwt, **options)
    pd.testing.assert_frame_equal(birthwt, before)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"solver": "gradient", "learning_rate": 500.0}, r"learning_rate=500: the steps are too long; try 3\.33 = 1/L"),
        ({"solver": "adam", "learning_rate": 50.0, "batch_size": 20}, "try 0.01"),
        ({"solver": "gradient", "learning_rate": 1e4, "batch_size": 20}, "1/L"),
        ({"solver": "gradient", "learning_rate": 500.0, "link": "cloglog"}, "backtracking"),
    ],
)
def test_steps_that_are_too_long_are_refused_with_a_length_to_try(
    birthwt: pd.DataFrame, options: dict[str, Any], words: str
) -> None:
    with pytest.raises(OptionError, match=words):
        glmlr.fit("low ~ age + lwt + smoke", birthwt, **options)


def test_the_step_to_try_is_one_over_the_largest_eigenvalue_and_never_overshoots() -> None:
    data = simulated()
    x, _, _, _ = standardised(data)
    advice = 1 / (np.linalg.eigvalsh(x.T @ x / len(x))[-1] / 4)
    with pytest.raises(OptionError, match=f"try {advice:.3g} = 1/L"):
        glmlr.fit("y ~ x1 + x2", data, solver="gradient", learning_rate=1e3)
    fit = glmlr.fit("y ~ x1 + x2", data, solver="gradient", learning_rate=advice)
    assert (np.diff(fit.trace["loss"]) <= 1e-16).all()


def test_batches_that_waver_at_their_own_rate_are_not_told_a_longer_one(birthwt: pd.DataFrame) -> None:
    """The advice was 1/L of all rows, longer than the steps that had led astray."""
    options: dict[str, Any] = {"solver": "gradient", "batch_size": 1, "epochs": 3}
    with pytest.raises(OptionError, match="batches of 1 rows? waver too much for steps of .*larger batch_size="):
        glmlr.fit("low ~ age + lwt + C(race) + smoke + ht", birthwt, **options)


def test_the_length_that_batches_are_told_is_that_of_batches() -> None:
    data = simulated()
    x, _, _, _ = standardised(data)
    gram = x.T @ x / len(x)
    advice = 4 / (np.linalg.eigvalsh(gram)[-1] + np.trace(gram) / 20)
    with pytest.raises(OptionError, match=f"try {advice:.3g} = 1/L, L being how much the mean of 20 rows"):
        glmlr.fit("y ~ x1 + x2", data, solver="gradient", batch_size=20, learning_rate=1e3)


@pytest.mark.parametrize(("share", "words"), [(0.001, "none held out"), (0.999, "none to train on")])
def test_a_share_that_leaves_one_side_without_rows_is_named(birthwt: pd.DataFrame, share: float, words: str) -> None:
    with pytest.raises(DataError, match=f"validation_share={share} of these rows leaves {words}"):
        glmlr.fit("low ~ age", birthwt, solver="lbfgs", validation_share=share)


def test_a_polished_fit_is_not_advised_to_polish_nor_said_to_have_an_epochs_coefficients(birthwt: pd.DataFrame) -> None:
    given: dict[str, Any] = {"solver": "adam", "polish": True}
    stopped = quietly(FORMULA, birthwt, validation_share=0.2, patience=3, learning_rate=0.1, **given)
    reason = str(stopped.solution.reason)
    assert "training ended early" in reason
    assert "whose coefficients one Newton step then moved" in reason
    ran_out = quietly(FORMULA, birthwt, epochs=2, **given)
    assert "had not arrived after 2 epochs" in str(ran_out.solution.reason)
    assert "polish=" not in str(ran_out.solution.reason)


def test_a_step_beyond_two_over_l_that_goes_to_and_fro_is_told(birthwt: pd.DataFrame) -> None:
    """Of the intercept alone 2/L is 8; the information at the maximum is 0.21: beyond 9.3 steps go to and fro."""
    with pytest.warns(ConvergenceWarning, match=r"learning_rate=9.5 is above 2/L = 8, beyond which"):
        glmlr.fit("low ~ 1", birthwt, solver="gradient", learning_rate=9.5, epochs=200)


def test_the_usual_batch_is_all_rows_where_they_are_fewer(birthwt: pd.DataFrame) -> None:
    usual = quietly("low ~ lwt", birthwt, solver="adam", epochs=3)
    whole = quietly("low ~ lwt", birthwt, solver="adam", epochs=3, batch_size=189)
    assert usual.trace.equals(whole.trace)
    assert "batches of 189 rows" in usual.solution.training


def test_options_are_read_into_a_record() -> None:
    training = training_of("adam", {"batch_size": 64})
    assert training is not None
    assert (training.batch_size, training.epochs, training.learning_rate) == (64, 100, 0.01)
    assert training_of("newton", {}) is None


# ------------------------------------------------------------------------------------------------ losses, contours


@pytest.mark.parametrize("link", [LOGIT, PROBIT, CLOGLOG])
def test_the_slopes_and_curvatures_of_losses_are_derivatives(link: Any) -> None:
    eta = np.linspace(-4.0, 2.0, 41)
    y = np.where(np.arange(41) % 3 == 0, 0.3, np.arange(41) % 2).astype(float)
    losses = [cross_entropy(link)] + ([squared_error(link)] if link is LOGIT else [])
    h = 1e-5
    for loss in losses:
        value, slope = loss.both(eta, y)
        np.testing.assert_allclose(value, loss.value(eta, y), rtol=1e-14)
        np.testing.assert_allclose(slope, loss.slope(eta, y), rtol=1e-12, atol=1e-15)
        np.testing.assert_allclose(
            slope, (loss.value(eta + h, y) - loss.value(eta - h, y)) / (2 * h), rtol=1e-7, atol=1e-9
        )
        np.testing.assert_allclose(
            loss.curvature(eta, y), (loss.slope(eta + h, y) - loss.slope(eta - h, y)) / (2 * h), rtol=1e-7, atol=1e-9
        )


@pytest.mark.parametrize("loss", ["cross-entropy", "squared"])
def test_no_curvature_exceeds_the_bound_and_one_comes_near(loss: str) -> None:
    found = loss_named(loss, LOGIT)
    eta = np.linspace(-6, 6, 20_001)
    bent = np.maximum(found.curvature(eta, np.zeros_like(eta)), found.curvature(eta, np.ones_like(eta)))
    assert found.steepest is not None
    assert bent.max() <= found.steepest * (1 + 1e-12)
    assert bent.max() == pytest.approx(found.steepest, rel=1e-6)


def test_squared_error_of_shares_is_that_of_their_trials() -> None:
    loss = squared_error(LOGIT)
    eta = np.array([0.7])
    one, none = (loss.value(eta, np.array([y]))[0] for y in (1.0, 0.0))
    assert loss.value(eta, np.array([0.25]))[0] == pytest.approx(0.25 * one + 0.75 * none, rel=1e-15)
    with pytest.raises(NotApplicable, match="probit"):
        squared_error(PROBIT)


def test_contours_of_a_cone_are_circles() -> None:
    x = np.linspace(-2, 2, 81)
    height = np.hypot(*np.meshgrid(x, x))
    across, up = contour(x, x, height, 1.0)
    np.testing.assert_allclose(np.hypot(across, up), 1.0, atol=5e-4)
    assert (across[0], up[0]) == (across[-1], up[-1])
    assert not np.isnan(across).any()
    empty, _ = contour(x, x, height, 9.0)
    assert empty.size == 0


def test_contours_of_a_saddle_are_two_lines() -> None:
    x = np.linspace(-2, 2, 40)
    one, two = np.meshgrid(x, x)
    across, up = contour(x, x, one * two, 0.5)
    assert np.isnan(across).sum() == 1
    there = ~np.isnan(across)
    np.testing.assert_allclose(across[there] * up[there], 0.5, atol=3e-3)


# ------------------------------------------------------------------------------------------------ rows read in parts


@pytest.fixture
def in_parts(tmp_path: Path) -> tuple[str, pd.DataFrame]:
    data = simulated(6000, seed=2)
    data["kind"] = np.where(np.arange(6000) % 5 == 0, "b", "a")
    for number, first in enumerate(range(0, 6000, 1500)):
        data.iloc[first : first + 1500].to_parquet(tmp_path / f"part{number}.parquet", row_group_size=400)
    return str(tmp_path / "*.parquet"), data


@pytest.mark.parametrize("solver", ["lbfgs", "gradient"])
def test_rows_read_in_parts_reach_the_same_maximum(in_parts: tuple[str, pd.DataFrame], solver: str) -> None:
    path, data = in_parts
    newton = glmlr.fit("y ~ x1 + x2 + C(kind)", data)
    assert in_errors(glmlr.fit("y ~ x1 + x2 + C(kind)", path, solver=solver), newton) < 1e-5


def test_adam_takes_rows_in_parts_with_the_progress_of_each_epoch(
    in_parts: tuple[str, pd.DataFrame], monkeypatch: pytest.MonkeyPatch
) -> None:
    path, data = in_parts
    monkeypatch.setattr("glmlr.training.batches.MIXED_CELLS", 5000)
    steps: list[Any] = []
    options: dict[str, Any] = {"solver": "adam", "epochs": 6, "batch_size": 100, "learning_rate": 0.1, "decay": 1.0}
    options["polish"] = True
    fit = quietly("y ~ x1 + x2 + C(kind)", path, progress=steps.append, **options)
    newton = glmlr.fit("y ~ x1 + x2 + C(kind)", data)
    assert in_errors(fit, newton) < 0.05
    assert fit.trace["passes"].tolist() == [0, 1, 2, 3, 4, 5, 6, 8]
    assert max(step.rows for step in steps) == 6000
    assert sum(step.ended for step in steps) >= 6 * 2


def test_rows_held_out_of_parts_are_the_same_in_each_pass(in_parts: tuple[str, pd.DataFrame]) -> None:
    path, _ = in_parts
    options: dict[str, Any] = {"solver": "adam", "epochs": 3, "batch_size": 100, "validation_share": 0.3}
    one, other = (quietly("y ~ x1 + x2", path, **options) for _ in range(2))
    assert one.trace.equals(other.trace)
    held_out = int(one.solution.training.partition(" rows being held out")[0].rpartition(" ")[2].replace(",", ""))
    assert abs(held_out - 1800) < 4 * np.sqrt(6000 * 0.3 * 0.7)
    # Parts of the rows that held the same numbers would hold out the same places.
    assert held_out % 100


@pytest.mark.slow
def test_a_hundred_thousand_rows_reach_a_hundredth_of_a_standard_error() -> None:
    rng = np.random.default_rng(11)
    n = 100_000
    x = rng.normal(size=(n, 3))
    y = rng.random(n) < expit(-1 + x @ np.array([0.5, -0.3, 0.1]))
    data = pd.DataFrame(x, columns=["a", "b", "c"]).assign(y=y.astype(int))
    newton = glmlr.fit("y ~ a + b + c", data)
    options: dict[str, Any] = {"solver": "adam", "decay": 1.0, "epochs": 40, "batch_size": 500}
    assert in_errors(quietly("y ~ a + b + c", data, **options), newton) < 0.2
    assert in_errors(quietly("y ~ a + b + c", data, polish=True, **options), newton) < 0.01
    assert in_errors(glmlr.fit("y ~ a + b + c", data, solver="lbfgs"), newton) < 1e-5


def test_the_iterations_of_the_arrests_are_few(arrests: pd.DataFrame) -> None:
    formula = "released ~ colour + age + employed + citizen + checks"
    newton = glmlr.fit(formula, arrests, event="Yes")
    trained = glmlr.fit(formula, arrests, event="Yes", solver="lbfgs")
    assert in_errors(trained, newton) < 1e-5
    assert trained.solution.iterations < 30
    assert len(read_data("arrests")) == len(arrests)


def test_rows_on_a_cluster_cannot_come_in_batches() -> None:
    class Elsewhere:
        def over(self, function: Any, add: Any) -> Any: ...

    with pytest.raises(NotApplicable, match='solver="newton" or "lbfgs"'):
        list(batches(Elsewhere(), 10, np.random.default_rng(0)))


def test_steps_that_are_too_long_are_refused_in_any_thread() -> None:
    """Overflow in the threads that sum over pieces must not come out as warnings, which are errors here."""
    data = pd.concat([simulated(40_000)] * 2, ignore_index=True)
    with pytest.raises(OptionError, match="too long"):
        glmlr.fit("y ~ x1 + x2", data, solver="gradient", learning_rate=1e200)


def test_a_report_and_the_command_line_name_the_trainer(birthwt: pd.DataFrame) -> None:
    trained = quietly("low ~ lwt + smoke", birthwt, solver="adam", batch_size=32, epochs=5, decay=0.5)
    assert trained.solution.engine.startswith("Adam (learning rate 0.01")
    assert glmlr.fit("low ~ lwt", birthwt).solution.engine == "Newton"
    assert "Trained by Adam" in str(trained.summary())


def test_a_trained_model_is_saved_and_loaded(birthwt: pd.DataFrame, tmp_path: Path) -> None:
    trained = glmlr.fit("low ~ lwt + smoke", birthwt, solver="lbfgs")
    path = tmp_path / "model.json"
    trained.save(path)
    np.testing.assert_array_equal(glmlr.load(path).predict(birthwt), trained.predict(birthwt))


def test_separation_of_covariate_patterns_is_told_by_row() -> None:
    data = pd.DataFrame({"y": [0, 1, 0, 1, 1, 1] * 30, "k": ["a", "a", "b", "b", "c", "c"] * 30})
    with pytest.warns(SeparationWarning):
        newton = glmlr.fit("y ~ C(k)", data)
    with pytest.warns(SeparationWarning):
        trained = glmlr.fit("y ~ C(k)", data, solver="lbfgs")
    assert newton.separation is not None
    assert trained.separation is not None
    np.testing.assert_array_equal(trained.separation.separated, newton.separation.separated)
    np.testing.assert_allclose(trained.probabilities, newton.probabilities, atol=1e-6)
    assert trained.params.tolist()[2] == newton.params.tolist()[2] == np.inf
