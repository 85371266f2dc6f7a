"""Do the tables and charts of training say what was there: traces, several solvers, surfaces, before and after?"""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
import pandas as pd
import pytest
from scipy.special import expit

import glmlr
from glmlr.errors import ArgumentError, ConvergenceWarning, NotApplicable, OptionError
from glmlr.statistics.training.solvers import compare_solvers

FORMULA = "low ~ age + lwt + smoke"


@pytest.fixture
def newton(birthwt: pd.DataFrame) -> glmlr.Fit:
    return glmlr.fit(FORMULA, birthwt)


@pytest.fixture
def adam(birthwt: pd.DataFrame) -> glmlr.Fit:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        return glmlr.fit(FORMULA, birthwt, solver="adam", batch_size=32, validation_share=0.25, epochs=60)


# ------------------------------------------------------------------------------------------------ the trace as a table


def test_the_table_of_newtons_steps_has_them_all(newton: glmlr.Fit) -> None:
    table = newton.convergence()
    assert len(table) == len(newton.trace) == newton.solution.iterations + 1
    assert table["distance"].iloc[-1] < 1e-10
    assert {chart.key for chart in table.charts} == {"loss", "gradient"}
    assert "validation_loss" not in table.frame
    assert glmlr.convergence(newton).frame.equals(table.frame)


def test_the_table_of_many_epochs_shows_some_and_says_so(adam: glmlr.Fit) -> None:
    table = adam.convergence()
    assert len(table) <= 21
    assert table["iteration"].iloc[0] == 0
    assert table["iteration"].iloc[-1] == 60
    assert any("60 epochs; all are in fit.trace" in note for note in table.notes)
    assert any("did not converge" in note for note in table.notes)
    held_out = next(one for one in table.chart("loss").series if one.name == "Rows held out")
    np.testing.assert_array_equal(held_out.y, adam.trace["validation_loss"])
    assert "Epoch" in str(table)


def test_what_is_no_fit_is_refused() -> None:
    for function in (glmlr.convergence, glmlr.before_after):
        with pytest.raises(ArgumentError, match="takes a fitted model, not int"):
            function(3)


# ------------------------------------------------------------------------------------------------ several solvers


def test_solvers_beside_each_other(birthwt: pd.DataFrame) -> None:
    solvers = {
        "Newton": {"solver": "newton"},
        "L-BFGS": {"solver": "lbfgs"},
        "Adam, 32": {"solver": "adam", "batch_size": 32, "epochs": 30},
    }
    found = glmlr.compare_solvers(FORMULA, birthwt, solvers=solvers)
    assert list(found["solver"]) == list(solvers)
    assert found.table.key == compare_solvers.__name__
    adam = found.fits["Adam, 32"]
    row = found["Adam, 32"]
    assert row["iterations"] == 30
    assert row["passes"] == 30
    assert row["below_maximum"] == pytest.approx(found.optimum.loglik - adam.loglik)
    assert row["largest_difference"] == pytest.approx(
        float(np.abs((adam.params - found.optimum.params) / found.optimum.bse).max())
    )
    assert row["loss"] == pytest.approx(-adam.loglik / 189)
    assert not row["converged"]
    assert found["L-BFGS"]["distance"] <= 1e-6
    for key in ("iterations", "passes"):
        chart = found.table.chart(key)
        assert [one.name for one in chart.series] == list(solvers)
        assert all((one.y > 0).all() for one in chart.series)
        assert chart.to_svg().startswith("<svg")
    assert "seconds" not in found.table.frame
    gap = found.traces.groupby("solver", sort=False)["gap"].last()
    assert abs(gap["Newton"]) < 1e-14


def test_solvers_by_name_and_with_seconds(birthwt: pd.DataFrame) -> None:
    found = glmlr.compare_solvers(FORMULA, birthwt, solvers=["newton", "gradient"], seconds=True)
    assert (found["seconds"] > 0).all()
    options = {"penalty": "ridge", "strength": 2.0}
    shrunken = glmlr.compare_solvers(FORMULA, birthwt, solvers=["newton", "lbfgs"], options=options)
    assert shrunken["below_maximum"].abs().max() < 1e-9
    assert abs(shrunken.traces["gap"].iloc[-1]) < 1e-12


@pytest.mark.parametrize(
    ("solvers", "error", "words"),
    [
        ("adam", ArgumentError, "give a list"),
        ([], OptionError, "is empty"),
        (["adm"], OptionError, "did you mean 'adam'"),
        ({"mine": {"batch_size": 3}}, OptionError, "nothing of the solver of 'mine'"),
    ],
)
def test_solvers_that_are_none_are_refused(
    birthwt: pd.DataFrame, solvers: Any, error: type[Exception], words: str
) -> None:
    with pytest.raises(error, match=words):
        glmlr.compare_solvers(FORMULA, birthwt, solvers=solvers)


def test_the_solver_is_no_option_of_all_solvers(birthwt: pd.DataFrame) -> None:
    with pytest.raises(OptionError, match="name it in solvers="):
        glmlr.compare_solvers(FORMULA, birthwt, options={"solver": "adam"})


def test_of_separated_rows_the_distance_is_not_called_that_of_the_finite_estimates() -> None:
    data = pd.DataFrame({"y": [0, 1, 0, 1, 1, 0, 1, 1], "x": [1.0, 2, 3, 4, 2, 4, 1, 3], "q": [0, 0, 0, 0, 0, 0, 1, 1]})
    with pytest.warns(glmlr.errors.SeparationWarning):
        found = glmlr.compare_solvers("y ~ x + q", data, solvers=["newton", "lbfgs"])
    said = " ".join(found.table.notes)
    assert "iterations and distances are of the steps until this was found" in said
    assert found.table.frame["largest_difference"].max() < 1e-8


# ------------------------------------------------------------------------------------------------ surfaces


def loss_at(fit: glmlr.Fit, beta: np.ndarray[Any, Any], squared: bool) -> float:
    x, y = fit.held.matrix(), fit.held.y
    eta = x @ beta
    return float(np.mean((y - expit(eta)) ** 2 if squared else np.logaddexp(0.0, eta) - y * eta))


@pytest.mark.parametrize("loss", ["cross-entropy", "squared"])
def test_a_surface_has_the_loss_and_the_hessian_of_finite_differences(newton: glmlr.Fit, loss: str) -> None:
    found = newton.loss_surface(over=("lwt", "smoke"), loss=loss, points=5, reach=6.0)
    errors = newton.bse[["lwt", "smoke"]].to_numpy()
    at = [newton.names.index(name) for name in ("lwt", "smoke")]
    for row in found.frame.iloc[[0, 7, 12, 18, 24]].itertuples(index=False):
        beta = newton.params.to_numpy().copy()
        beta[at] = row[:2]
        assert row[2] == pytest.approx(loss_at(newton, beta, loss == "squared"), rel=1e-12)
        hessian, h = np.empty((2, 2)), 1e-3
        for i in range(2):
            for j in range(2):
                total = 0.0
                for a in (1, -1):
                    for b in (1, -1):
                        moved = beta.copy()
                        moved[at[i]] += a * h * errors[i]
                        moved[at[j]] += b * h * errors[j]
                        total += a * b * loss_at(newton, moved, loss == "squared")
                hessian[i, j] = total / (4 * h * h)
        # Second differences of a loss of about 1 have an error of 1e-16 / h^2.
        assert row[3] == pytest.approx(np.linalg.eigvalsh(hessian)[0], rel=1e-4, abs=3e-9)


def test_cross_entropy_is_convex_and_squared_error_is_not(birthwt: pd.DataFrame, newton: glmlr.Fit) -> None:
    convex = glmlr.loss_surface(FORMULA, birthwt, over=("lwt", "smoke"))
    assert convex.convex
    assert convex["smallest_eigenvalue"] >= 0
    assert convex["smallest_loss"] == pytest.approx(-newton.loglik / 189, rel=1e-12)
    assert (convex["first"], convex["second"]) == pytest.approx(tuple(newton.params[["lwt", "smoke"]]))
    assert any("is convex" in note for note in convex.table.notes)
    bent = newton.loss_surface(over=("lwt", "smoke"), loss="squared")
    assert not bent.convex
    assert bent["smallest_eigenvalue"] < -0.01
    assert 0 < bent["not_convex"] < 1
    names = [one.name for one in bent.table.chart("contours").series]
    assert "Edge of the part that is convex" in names
    assert bent.table.chart("contours").to_svg().startswith("<svg")


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"over": ("lwt",)}, "does not name two"),
        ({"over": ("lwt", "smok")}, "did you mean 'smoke'"),
        ({"over": ("lwt", "smoke"), "points": 2}, "at least 3"),
        ({"over": ("lwt", "smoke"), "reach": 0}, "above 0"),
        ({"over": ("lwt", "smoke"), "loss": "hinge"}, "cross-entropy"),
    ],
)
def test_surfaces_that_cannot_be_are_refused(newton: glmlr.Fit, options: dict[str, Any], words: str) -> None:
    with pytest.raises(OptionError, match=words):
        newton.loss_surface(**options)


def test_a_surface_needs_a_lowest_point_and_a_link_that_has_it(birthwt: pd.DataFrame) -> None:
    with pytest.raises(NotApplicable, match="probit"):
        glmlr.loss_surface(FORMULA, birthwt, link="probit", over=("lwt", "smoke"), loss="squared")
    with pytest.raises(ArgumentError, match="a formula with data"):
        glmlr.loss_surface(FORMULA, over=("lwt", "smoke"))


# ------------------------------------------------------------------------------------------------ before and after


def test_before_and_after_are_scikit_learns_reports_on_new_rows(birthwt: pd.DataFrame) -> None:
    from sklearn.metrics import classification_report

    shuffled = birthwt.sample(frac=1.0, random_state=4)
    seen, new = shuffled.iloc[:120], shuffled.iloc[120:]
    fit = glmlr.fit(FORMULA, seen, solver="lbfgs", start="random", seed=1)
    table = fit.before_after(new)
    x = np.column_stack([np.ones(len(new)), new[["age", "lwt", "smoke"]]])
    for moment, beta in (("before", fit.trace.filter(like="b: ").iloc[0]), ("after", fit.params)):
        called = expit(x @ beta.to_numpy()) >= 0.5
        theirs = classification_report(new["low"], called, output_dict=True, zero_division=0)
        ours = table.frame[table["moment"] == moment].set_index("class")
        for name, key in (("low = 1", "1"), ("low = 0", "0"), ("macro", "macro avg")):
            for ours_column, their_column in (("precision", "precision"), ("recall", "recall"), ("f1", "f1-score")):
                value = ours.loc[name, ours_column]
                assert np.nan_to_num(value) == pytest.approx(theirs[key][their_column], rel=1e-12) or np.isnan(value)
            assert ours.loc[name, "n"] == theirs[key]["support"]
        assert ours.loc["macro", "accuracy"] == pytest.approx(theirs["accuracy"], rel=1e-12)
    assert any("All 69 new rows" in note for note in table.notes)


def test_training_from_a_bad_start_teaches_what_the_source_shows() -> None:
    """Two clouds far apart: from random coefficients that call them wrongly to nearly all right (F1 0.15 -> 0.99)."""
    rng = np.random.default_rng(12)
    y = np.arange(1000) % 2
    x = rng.normal(size=(1000, 2)) + 2.2 * y[:, None]
    data = pd.DataFrame({"y": y, "x1": x[:, 0], "x2": x[:, 1]})
    fits = (glmlr.fit("y ~ x1 + x2", data[:700], solver="lbfgs", start="random", seed=seed) for seed in range(8))
    tables = [fit.before_after(data[700:]).frame.set_index(["moment", "class"])["f1"] for fit in fits]
    worst = min(tables, key=lambda f1: f1[("before", "macro")])
    assert worst[("before", "macro")] < 0.3
    assert worst[("after", "macro")] > 0.9


def test_the_rows_of_the_fit_are_classified_by_their_weight(birthwt: pd.DataFrame, newton: glmlr.Fit) -> None:
    doubled = glmlr.fit(FORMULA, birthwt.assign(w=2), freq_weights="w").before_after()
    single = newton.before_after()
    assert (doubled["n"] == 2 * single["n"]).all()
    np.testing.assert_allclose(doubled["f1"], single["f1"], rtol=1e-12)
    assert any("which has seen them" in note for note in single.notes)
    # Before the first step of Newton's all rows have the share of events, below 1/2: none is called an event.
    assert single.frame.loc[0, "f1"] == 0
    assert single.frame.loc[2, "accuracy"] == pytest.approx(130 / 189)


def test_a_solver_without_a_trace_has_no_start(birthwt: pd.DataFrame) -> None:
    fit = glmlr.fit(FORMULA, birthwt, solver="statsmodels")
    with pytest.raises(NotApplicable, match="no trace"):
        fit.before_after()
    assert fit.trace.empty
    with pytest.raises(NotApplicable, match="statsmodels IRLS kept no trace"):
        fit.convergence()
    with pytest.raises(OptionError, match="cutoff"):
        glmlr.fit(FORMULA, birthwt).before_after(cutoff=2)


# ------------------------------------------------------------------------------------------------ squared error


def test_the_least_squared_error_is_that_of_scipys_least_squares(birthwt: pd.DataFrame) -> None:
    from scipy.optimize import least_squares

    x = np.column_stack([np.ones(189), birthwt[["age", "lwt", "smoke"]]])
    scale = x.std(axis=0) + (x.std(axis=0) == 0)
    theirs = least_squares(lambda b: expit(x / scale @ b) - birthwt["low"], np.zeros(4), xtol=1e-15, ftol=1e-15)
    ours = glmlr.train(FORMULA, birthwt)
    np.testing.assert_allclose(ours.params, theirs.x / scale, rtol=2e-5)
    assert ours.loss == pytest.approx(2 * theirs.cost / 189, rel=1e-12)
    assert ours.converged
    assert any("no standard errors" in note for note in ours.table.notes)
    np.testing.assert_allclose(ours.predict(birthwt), expit(x @ ours.params.to_numpy()), rtol=1e-12)


def test_cross_entropy_by_train_is_the_fit(birthwt: pd.DataFrame, newton: glmlr.Fit) -> None:
    ours = glmlr.train(FORMULA, birthwt, loss="cross-entropy")
    np.testing.assert_allclose(ours.params, newton.params, rtol=1e-5)
    assert ours.loss == pytest.approx(-newton.loglik / 189, rel=1e-12)


def test_squared_error_by_batches_goes_down_and_keeps_the_best_epoch(birthwt: pd.DataFrame) -> None:
    options: dict[str, Any] = {"solver": "adam", "batch_size": 32, "validation_share": 0.25, "patience": 3}
    found = glmlr.train(FORMULA, birthwt, epochs=40, **options)
    assert found.trace["loss"].iloc[-1] < found.trace["loss"].iloc[0]
    best = int(found.trace["validation_loss"].idxmin())
    np.testing.assert_array_equal(found.trace.filter(like="b: ").iloc[best].to_numpy(), found.params.to_numpy())
    assert found.table.chart("loss").to_svg().startswith("<svg")


def test_train_refuses_what_it_cannot_do(birthwt: pd.DataFrame) -> None:
    with pytest.raises(OptionError, match="polish"):
        glmlr.train(FORMULA, birthwt, polish=True)
    with pytest.raises(OptionError, match="newton"):
        glmlr.train(FORMULA, birthwt, solver="newton")
    with pytest.raises(NotApplicable, match="cloglog"):
        glmlr.train(FORMULA, birthwt, link="cloglog")
    with pytest.raises(ArgumentError, match="did you mean 'epochs'"):
        glmlr.train(FORMULA, birthwt, epoch=3)
