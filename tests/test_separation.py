"""Separation against small data where the answer can be seen, and against the defining linear programme."""

from dataclasses import dataclass

import numpy as np
import pandas as pd
import pytest
from scipy.optimize import linprog

import glmlr
from glmlr.blocks import ArrayRows, Block, LocalRows
from glmlr.errors import DataError, SeparationWarning
from glmlr.links import CLOGLOG, LINKS, LOGIT
from glmlr.separation import maximise, separated_rows
from glmlr.solver import solve

EIGHT = pd.DataFrame(
    {"x": np.arange(1.0, 9.0), "z": [1.0, 2, 1, 2, 3, 1, 2, 1], "y": [0, 0, 0, 0, 1, 1, 1, 1]},
)


def test_complete_separation_names_only_what_has_to_be_infinite():
    with pytest.warns(SeparationWarning, match="Complete separation: the data predict 8 of 8 rows perfectly"):
        fit = glmlr.fit("y ~ x + z", EIGHT)
    assert fit.params["x"] == np.inf
    assert fit.params["Intercept"] == -np.inf
    assert np.isnan(fit.params["z"])
    assert fit.loglik == 0
    np.testing.assert_array_equal(fit.probabilities, EIGHT["y"])


def test_quasi_complete_separation_leaves_the_other_rows():
    # Level c has events only: its coefficient is +inf; the rest is the fit without the rows of c.
    rng = np.random.default_rng(3)
    data = pd.DataFrame({"g": np.repeat(["a", "b", "c"], [40, 40, 20]), "x": rng.normal(size=100)})
    data["y"] = (rng.random(100) < 1 / (1 + np.exp(-data["x"]))).astype(int)
    data.loc[data["g"] == "c", "y"] = 1
    with pytest.warns(SeparationWarning, match=r"Quasi-complete separation.*20 of 100 rows.*g\[T.c\] \(\+∞\)"):
        fit = glmlr.fit("y ~ g + x", data)
    witness = glmlr.fit("y ~ g + x", data[data["g"] != "c"])
    assert fit.params["g[T.c]"] == np.inf
    for name in ("Intercept", "g[T.b]", "x"):
        assert fit.params[name] == pytest.approx(witness.params[name], rel=1e-8)
        assert fit.bse[name] == pytest.approx(witness.bse[name], rel=1e-8)
    assert fit.loglik == pytest.approx(witness.loglik, rel=1e-10)
    assert fit.probabilities[data["g"] == "c"] == pytest.approx(1.0)
    assert np.isnan(fit.bse["g[T.c]"])


def test_infinite_row_carries_the_likelihood_ratio_p():
    with pytest.warns(SeparationWarning):
        fit = glmlr.fit("y ~ x", EIGHT)
    row = fit.coefficients()["x"]
    # Without x the model is the constant one: 2 (0 - 8 log 1/2) on 1 df.
    from scipy.stats import chi2

    assert row["p_value"] == pytest.approx(chi2.sf(2 * 8 * np.log(2), 1), rel=1e-10)
    assert "infinite" in row["note"]
    assert row["high"] == np.inf


def test_prediction_beyond_the_separating_direction():
    with pytest.warns(SeparationWarning):
        fit = glmlr.fit("y ~ x", EIGHT)
    predicted = fit.predict(pd.DataFrame({"x": [-100.0, 2.0, 7.0, 50.0]}))
    np.testing.assert_array_equal(predicted, [0, 0, 1, 1])


@pytest.mark.parametrize("link", ["probit", "cloglog"])
def test_other_links_find_the_same_separation(link):
    with pytest.warns(SeparationWarning, match="Complete separation"):
        fit = glmlr.fit("y ~ x", EIGHT, link=link)
    assert fit.params["x"] == np.inf


def test_grouped_data_with_an_empty_cell():
    counts = pd.DataFrame({"dose": ["low", "mid", "high"], "dead": [3, 5, 10], "alive": [7, 5, 0]})
    with pytest.warns(SeparationWarning, match="Quasi-complete"):
        fit = glmlr.fit("dead + alive ~ dose", counts)
    # Reference level "high" has deaths only: its log-odds, the intercept, is +inf, and the contrasts are -inf.
    assert fit.params["Intercept"] == np.inf
    assert fit.params["dose[T.low]"] == -np.inf
    assert fit.loglik == pytest.approx(3 * np.log(0.3) + 7 * np.log(0.7) + 10 * np.log(0.5), rel=1e-9)


@pytest.mark.parametrize("seed", range(150))
def test_agrees_with_the_defining_programme(seed):
    rng = np.random.default_rng(seed)
    n, k = int(rng.integers(15, 60)), int(rng.integers(1, 4))
    x = rng.normal(size=(n, k))
    x[:, 0] = np.round(x[:, 0])
    y = (rng.random(n) < 1 / (1 + np.exp(-2 * x[:, 0]))).astype(int)
    y[:2] = [0, 1]
    data = pd.DataFrame(x, columns=list("abc")[:k]).assign(y=y)
    signed = np.column_stack([np.ones(n), x]) * (2 * y - 1)[:, None]
    ray = linprog(-signed.sum(axis=0), A_ub=-signed, b_ub=np.zeros(n), bounds=(-1, 1)).x
    formula = "y ~ " + " + ".join(data.columns[:k])
    if (signed @ ray > 1e-7).any():
        with pytest.warns(SeparationWarning):
            assert glmlr.fit(formula, data).separation is not None
    else:
        assert glmlr.fit(formula, data).separation is None


# ------------------------------------------------------------------------------------ columns far from 0, new rows


def noisy(n=200, seed=3):
    """A column that tells all events from non-events, and one that has nothing to do with them."""
    rng = np.random.default_rng(seed)
    data = pd.DataFrame({"x": np.sort(rng.normal(size=n)), "z": rng.normal(size=n)})
    return data.assign(y=(data["x"] > 0.1).astype(int))


@pytest.mark.parametrize("shift", [0.0, 1e6, 1e9, 1e12])
@pytest.mark.parametrize("scale", [1.0, 1e8, 1e-8])
def test_complete_separation_does_not_hide_in_units(shift, scale):
    # Moving and scaling a column turns no finite estimate into an infinite one or back; z has no part in it.
    data = noisy()
    data["x"] = (data["x"] + shift) * scale
    with pytest.warns(SeparationWarning, match=r"Complete .* estimates are infinite: Intercept \(-∞\), x \(\+∞\);"):
        fit = glmlr.fit("y ~ x + z", data)
    assert fit.loglik == 0
    assert np.isnan(fit.params["z"])
    np.testing.assert_array_equal(fit.predict(data), data["y"])


@pytest.mark.parametrize("shift", [0.0, 1e6, 1e9])
def test_quasi_complete_separation_does_not_hide_in_units(shift):
    data = noisy()
    data["x"] = (3 * data["x"]).round() / 3
    boundary = data["x"] == 1 / 3
    data["y"] = np.where(boundary, np.arange(200) % 2, data["x"] > 1 / 3).astype(int)
    # The witness: only the rows on the boundary have anything to say, and there x is a constant.
    witness = glmlr.fit("y ~ z", data[boundary])
    data["x"] += shift
    with pytest.warns(SeparationWarning, match=f"Quasi-complete .* {200 - boundary.sum()} of 200 rows"):
        fit = glmlr.fit("y ~ x + z", data)
    assert fit.params["x"] == np.inf
    assert fit.params["Intercept"] == -np.inf
    assert fit.params["z"] == pytest.approx(witness.params["z"], rel=1e-8)
    assert fit.bse["z"] == pytest.approx(witness.bse["z"], rel=1e-8)
    assert fit.loglik == pytest.approx(witness.loglik, rel=1e-10)
    np.testing.assert_allclose(fit.predict(data), fit.probabilities, rtol=1e-12)


def level_of_events_only(seed=3):
    """Three levels; c has events only."""
    rng = np.random.default_rng(seed)
    data = pd.DataFrame({"g": np.repeat(["a", "b", "c"], [40, 40, 20]), "x": rng.normal(size=100)})
    data["y"] = (rng.random(100) < 1 / (1 + np.exp(-data["x"]))).astype(int)
    data.loc[data["g"] == "c", "y"] = 1
    return data.assign(cluster=np.arange(100) % 8)


def test_the_wald_interval_of_an_infinite_estimate_is_the_whole_line():
    # Hauck & Donner (1977): the Wald statistic falls to 0 as the estimate grows, so that no value is left out.
    data = level_of_events_only()
    with pytest.warns(SeparationWarning):
        fit = glmlr.fit("y ~ g + x", data)
    assert fit.conf_int().loc["g[T.c]"].tolist() == [-np.inf, np.inf]
    predicted = fit.predict(data, interval=0.95)
    assert (predicted[data["g"] == "c"] == [1.0, 0.0, 1.0]).all(axis=None)
    pd.testing.assert_frame_equal(predicted, fit.predict(interval=0.95))
    assert predicted[data["g"] != "c"]["low"].between(0, 1, inclusive="neither").all()


def test_importance_weights_leave_no_likelihood_ratio_p():
    # Doubling all weights doubles the pseudo-likelihood ratio: it has no chi-square distribution.
    with pytest.warns(SeparationWarning):
        fit = glmlr.fit("y ~ g + x", level_of_events_only(), class_weight="balanced")
    table = fit.coefficients()
    assert np.isnan(table["g[T.c]"]["p_value"])
    assert any("no likelihood-ratio test" in note for note in table.notes)
    assert any("Its Wald interval is the whole line." in note for note in table.notes)
    assert table["g[T.c]"][["low", "high"]].tolist() == [-np.inf, np.inf]
    assert fit.odds_ratios()["odds_ratio"].iloc[2] == np.inf
    assert np.isfinite(table["x"]["p_value"])
    # Neither a likelihood-ratio test nor Firth's penalty helps here.
    assert not any("penalty=" in note or "judge them by likelihood" in note for note in fit.notes)


@pytest.mark.parametrize("link", ["probit", "cloglog"])
def test_prior_correction_of_separated_rows(link):
    data = level_of_events_only()
    with pytest.warns(SeparationWarning):
        fit = glmlr.fit("y ~ g + x", data, link=link, class_weight={0: 1, 1: 3})
    # The corrected probabilities of the rows that are not fitted perfectly add up to their events.
    face = (data["g"] != "c").to_numpy()
    np.testing.assert_allclose(fit.probabilities[face].sum(), data["y"][face].sum(), rtol=1e-12)
    assert (fit.probabilities[data["g"] == "c"] == 1).all()


@pytest.mark.parametrize(
    ("options", "factor"),
    # In the limit the rows of c have no scores, but they, their column and their clusters are there.
    [({"robust": "HC1"}, (100 / 96) / (80 / 77)), ({"cluster": "cluster"}, (28 / 27) / (8 / 7))],
)
def test_robust_covariance_counts_all_rows_columns_and_clusters(options, factor):
    data = level_of_events_only()
    data.loc[data["g"] == "c", "cluster"] = np.arange(100, 120)
    with pytest.warns(SeparationWarning):
        fit = glmlr.fit("y ~ g + x", data, **options)
    witness = glmlr.fit("y ~ g + x", data[data["g"] != "c"], **options)
    ratio = (fit.bse[list(witness.names)] / witness.bse) ** 2
    np.testing.assert_allclose(ratio, factor, rtol=1e-8)


def test_one_cluster_beside_the_separated_rows_is_refused():
    data = level_of_events_only()
    data["cluster"] = np.where(data["g"] == "c", np.arange(100), -1)
    with pytest.raises(DataError, match="at least two clusters"):
        glmlr.fit("y ~ g + x", data, cluster="cluster")


def test_many_rows_on_the_boundary_take_little_memory():
    rng = np.random.default_rng(1)
    data = pd.DataFrame({"x": rng.normal(size=60_000), "g": rng.random(60_000) < 0.01})
    data["y"] = ((rng.random(60_000) < 0.3) | data["g"]).astype(int)
    with pytest.warns(SeparationWarning, match="Quasi-complete"):
        fit = glmlr.fit("y ~ x + g", data)  # 60,000 x 60,000 doubles would be 29 GB
    assert fit.params["g[T.True]"] == np.inf


def test_a_face_without_columns_has_the_likelihood_of_a_coin():
    # Without an intercept the rows of neither level have eta 0; those of level "a" are events only.
    data = pd.DataFrame({"a": [1, 1, 1, 0, 0, 0, 0, 0], "y": [1, 1, 1, 0, 1, 0, 1, 1]})
    with pytest.warns(SeparationWarning, match="Quasi-complete .* 3 of 8 rows"):
        fit = glmlr.fit("y ~ 0 + a", data)
    assert fit.params["a"] == np.inf
    assert fit.loglik == pytest.approx(5 * np.log(0.5), rel=1e-12)


@pytest.mark.parametrize(
    ("link", "shrunk", "needed"),
    # The first is about to end when it is looked at; the second is far out and takes long to come back.
    [(LOGIT, 2, 8), (CLOGLOG, 4, 18)],
)
@pytest.mark.parametrize("steps", [3, 7, 8, 14, 15, 100])
def test_a_look_at_a_slow_fit_leaves_no_trace(link, shrunk, needed, steps):
    # Steps, their record, estimates and the sentence are those of the iteration that nobody interrupts.
    rng = np.random.default_rng(5)
    x = np.vstack([np.ones(300), rng.normal(size=(2, 300))])
    offset = 20 * np.tanh(x[1] + x[2])
    y = (rng.random(300) < 1 / (1 + np.exp(-offset / shrunk))).astype(float)
    rows = ArrayRows(x, y, offset=offset)
    plain, found = solve(rows, link, max_iterations=steps), maximise(rows, link, max_iterations=steps)
    assert found.separation is None
    assert (plain.converged, plain.iterations) == (steps >= needed, min(steps, needed))
    for name in ("iterations", "converged", "reason"):
        assert getattr(found.solution, name) == getattr(plain, name)
    assert [one.iteration for one in found.solution.trace] == [one.iteration for one in plain.trace]
    np.testing.assert_allclose([one.loglik for one in found.solution.trace], [one.loglik for one in plain.trace])
    np.testing.assert_allclose(found.solution.beta, plain.beta, rtol=1e-9)


# ------------------------------------------------------------------------------------ against dense programmes


@dataclass(frozen=True)
class Witness:
    """What dense programmes over all rows say: separated rows, columns without a finite estimate, their signs."""

    separated: np.ndarray
    loose: np.ndarray
    sign: np.ndarray


def dense(x, y):
    """Ask dense programmes, x of shape (n, k); None where no row is separated."""
    n, k = x.shape
    u = x / np.sqrt((x**2).mean(axis=0))
    mixed = (y > 0) & (y < 1)
    level, above = u[mixed], u[~mixed] * np.where(y[~mixed] > 0.5, 1.0, -1.0)[:, None]
    m = above.shape[0]
    # maximise sum t, t <= above d, 0 <= t <= 1, level d = 0: t is 1 for all rows that some ray separates.
    answer = linprog(
        np.concatenate([np.zeros(k), -np.ones(m)]),
        A_ub=np.hstack([-above, np.eye(m)]),
        b_ub=np.zeros(m),
        A_eq=np.hstack([level, np.zeros((n - m, m))]) if n > m else None,
        b_eq=np.zeros(n - m) if n > m else None,
        bounds=[(-1e6, 1e6)] * k + [(0, 1)] * m,
    )
    separated = np.zeros(n, dtype=bool)
    separated[~mixed] = answer.x[k:] > 0.5
    if not separated.any():
        return None
    face = u[~separated]
    # An estimate is finite if the rows of the face determine it: its unit vector is a combination of them.
    rank = np.linalg.matrix_rank(face, tol=1e-8)
    loose = np.array([np.linalg.matrix_rank(np.vstack([face, unit]), tol=1e-8) > rank for unit in np.eye(k)])
    free, ray = loose, _inside(above[separated[~mixed]], face, loose)
    for column in np.flatnonzero(loose)[::-1]:
        fewer = free & (np.arange(k) != column)
        without = _inside(above[separated[~mixed]], face, fewer)
        if without is not None:
            free, ray = fewer, without
    return Witness(separated, loose, np.where(free, np.sign(np.where(np.abs(ray) > 1e-8, ray, 0.0)), 0.0))


def _inside(above, level, free):
    """Find some d with above d >= 1 and level d = 0 that moves free columns only, or give None."""
    answer = linprog(
        np.zeros(free.size),
        A_ub=-above,
        b_ub=-np.ones(above.shape[0]),
        A_eq=level if level.size else None,
        b_eq=np.zeros(level.shape[0]) if level.size else None,
        bounds=[(None, None) if one else (0, 0) for one in free],
    )
    return answer.x if answer.status == 0 else None


def made(rng):
    """Draw a small design with ties, rare levels, dependent columns, counts, weights and offsets, columns (k, n)."""
    n = int(rng.integers(6, 70))
    columns = [np.ones(n)] if rng.random() < 0.85 else []
    for _ in range(int(rng.integers(1, 5))):
        kind = int(rng.integers(0, 7))
        if kind == 0:
            columns.append(rng.normal(size=n))
        elif kind == 1:
            columns.append(rng.integers(0, 3, n).astype(float))
        elif kind == 2:
            level = rng.integers(0, 4, n)
            columns += [(level == one).astype(float) for one in (1, 2, 3)]
        elif kind == 3:
            columns.append(np.round(rng.normal(size=n)))
        elif kind == 4 and columns:
            columns.append(2 * columns[-1] + (rng.integers(0, 2, n) if rng.random() < 0.6 else 0))
        elif kind == 5:
            columns.append((rng.random(n) < 0.15).astype(float))
        else:
            columns.append(rng.integers(-2, 3, n) * 10.0 ** rng.integers(-3, 4))
    x = np.array(columns)
    beta = rng.normal(size=x.shape[0]) / np.maximum(x.std(axis=1), 0.1) * rng.choice([0.3, 1, 3, 10])
    p = 1 / (1 + np.exp(-np.clip(beta @ x - np.median(beta @ x), -30, 30)))
    y, weight = (rng.random(n) < p).astype(float), None
    if rng.random() < 0.5:
        weight = rng.integers(1, 6, n).astype(float)
        y = rng.binomial(weight.astype(int), p) / weight if rng.random() < 0.5 else y
    importance = rng.uniform(0.5, 2, n) if rng.random() < 0.2 else None
    offset = rng.normal(size=n) if rng.random() < 0.2 else None
    return x, y, weight, importance, offset


@dataclass(frozen=True, eq=False)
class Crumbs(LocalRows):
    """The same rows in pieces of three blocks of five rows, which do not know where they stand."""

    whole: ArrayRows

    def pieces(self):
        """Give the pieces."""
        starts = range(0, self.whole.y.size, 5)
        return [lambda at=at: map(self._block, starts[at : at + 3]) for at in range(0, len(starts), 3)]

    def _block(self, start):
        rows = slice(start, start + 5)
        one = self.whole
        return Block(one.x, one.y, one.weight, one.importance, one.offset).cut(one.x[:, rows].copy(), rows)


@pytest.mark.parametrize(
    "first", [*range(0, 200, 10), *(pytest.param(at, marks=pytest.mark.slow) for at in range(200, 1_000, 10))]
)
def test_agrees_with_dense_programmes_on_all_it_says(first):
    separated = 0
    for seed in range(first, first + 10):
        rng = np.random.default_rng(seed)
        x, y, weight, importance, offset = made(rng)
        rows = ArrayRows(x, y, weight, importance, offset)
        found = maximise(rows, LINKS[str(rng.choice(list(LINKS)))])
        kept = np.setdiff1d(np.arange(x.shape[0]), [alias.column for alias in found.solution.aliased])
        witness = dense(x[kept].T, y)
        said = found.separation
        assert (said is None) == (witness is None), seed
        if said is None or witness is None:
            continue
        separated += 1
        np.testing.assert_array_equal(said.separated, witness.separated, str(seed))
        np.testing.assert_array_equal(said.direction[kept], witness.sign, str(seed))
        np.testing.assert_array_equal((said.infinite | said.undetermined)[kept], witness.loose, str(seed))
        # The record counts what the mask says, and the predicate of a block and of new rows is that of the fit.
        trials = said.separated if weight is None else weight[said.separated]
        assert (said.complete, said.rows, said.trials) == (
            witness.separated.all(),
            witness.separated.sum(),
            trials.sum(),
        )
        np.testing.assert_array_equal(said.side(x.T), np.where(witness.separated, np.where(y > 0.5, 1, -1), 0))
        assert found.solution.converged, seed
    assert separated > 0


@pytest.mark.parametrize("seed", range(0, 60, 3))
def test_the_answer_does_not_depend_on_where_blocks_end(seed):
    x, y, weight, importance, offset = made(np.random.default_rng(seed))
    whole = ArrayRows(x, y, weight, importance, offset)
    one, two = maximise(whole, LOGIT), maximise(Crumbs(whole), LOGIT)
    assert (one.separation is None) == (two.separation is None)
    np.testing.assert_allclose(one.solution.loglik, two.solution.loglik, rtol=1e-9, atol=1e-9)
    if one.separation is not None and two.separation is not None:
        for name in ("direction", "undetermined", "separated"):
            np.testing.assert_array_equal(getattr(one.separation, name), getattr(two.separation, name))
        np.testing.assert_array_equal(separated_rows(Crumbs(whole), one.separation), one.separation.separated)


@pytest.mark.slow
def test_no_false_alarm_in_a_thousand_sets():
    # Sets that overlap for certain: beside each row stands one with the same columns and the other outcome.
    for seed in range(1_000):
        rng = np.random.default_rng(seed)
        x, y, weight, importance, offset = made(rng)
        y = np.where(y > 0.5, 1.0, 0.0)
        weight, importance, offset = (None if one is None else np.tile(one, 2) for one in (weight, importance, offset))
        if seed % 3 == 0:
            # An offset that all but decides the outcomes leads the iteration far out before it turns back.
            offset = np.concatenate([20.0 * (2 * y - 1), np.zeros(y.size)])
        if seed % 3 == 1:
            # Two columns that are nearly one have very imprecise estimates.
            x = np.vstack([x, x[-1] + 1e-6 * rng.normal(size=y.size)])
            offset = np.concatenate([np.zeros(y.size), 15.0 * (1 - 2 * y)])
        rows = ArrayRows(np.tile(x, 2), np.concatenate([y, 1 - y]), weight, importance, offset)
        assert maximise(rows, LOGIT).separation is None, seed


def _level_without_events(seed: int = 3) -> pd.DataFrame:
    """Give rows whose reference level has non-events only: intercept and levels are infinite, x is finite."""
    rng = np.random.default_rng(seed)
    data = pd.DataFrame({"g": np.repeat(["a", "b", "c"], [20, 30, 30]), "x": rng.normal(size=80)})
    data["cluster"], data["importance"] = np.arange(80) // 5, rng.uniform(0.5, 2, 80)
    data["y"] = ((rng.random(80) < 1 / (1 + np.exp(-data["x"]))) & (data["g"] != "a")).astype(int)
    return data


@pytest.mark.parametrize("shift", [0.0, 1e6])
@pytest.mark.parametrize("link", LINKS)
@pytest.mark.parametrize(
    "options",
    [{}, {"robust": "HC0"}, {"robust": "HC3"}, {"sample_weight": "importance"}],
    ids=["model", 0, 3, "weight"],
)
def test_columns_of_infinite_estimates_are_nuisances_on_the_rows_left(link: str, options: dict, shift: float):
    # The rows left are those of b and c: the witness is the fit to them, with an intercept of its own.
    data = _level_without_events()
    data["x"] += shift
    with pytest.warns(SeparationWarning):
        fit = glmlr.fit("y ~ g + x", data, link=link, **options)
    left = data[data["g"] != "a"]
    witness = glmlr.fit("y ~ g + x", left, link=link, **options)
    digits = 1e-9 if not shift else 1e-5
    assert fit.bse["x"] == pytest.approx(witness.bse["x"], rel=digits)
    pd.testing.assert_frame_equal(
        fit.predict(left, interval=True), witness.predict(left, interval=True), rtol=digits, atol=1e-12
    )
    if "sample_weight" not in options:
        ends = fit.conf_int(method="profile").loc["x"]
        assert ends.to_numpy() == pytest.approx(witness.conf_int(method="profile").loc["x"].to_numpy(), rel=digits)


def test_clusters_of_the_rows_left_have_all_their_columns():
    data = _level_without_events()
    with pytest.warns(SeparationWarning):
        fit = glmlr.fit("y ~ g + x", data, cluster="cluster")
    witness = glmlr.fit("y ~ g + x", data[data["g"] != "a"], cluster="cluster")
    # All 16 clusters count here, 12 of them have rows that are left: G / (G - 1).
    factor = (16 / 15) / (12 / 11)
    assert fit.bse["x"] == pytest.approx(witness.bse["x"] * np.sqrt(factor), rel=1e-9)


def test_a_saved_separated_model_has_the_same_intervals(tmp_path):
    data = _level_without_events()
    with pytest.warns(SeparationWarning):
        fit = glmlr.fit("y ~ g + x", data)
    fit.save(tmp_path / "model.json")
    found = glmlr.load(tmp_path / "model.json").predict(data, interval=True)
    pd.testing.assert_frame_equal(found, fit.predict(data, interval=True), rtol=1e-12)


def test_the_interval_of_a_row_between_completely_separated_ones_holds_everything():
    with pytest.warns(SeparationWarning):
        fit = glmlr.fit("y ~ x", EIGHT)
    found = fit.predict({"x": np.linspace(4, 5, 11)}, interval=True)
    assert (found["low"] == 0).all()
    assert (found["high"] == 1).all()


def test_resamples_do_not_say_how_infinite_estimates_vary_together():
    data = _level_without_events()
    with pytest.warns(SeparationWarning):
        fit = glmlr.fit("y ~ g + x", data)
    found = fit.bootstrap(replicates=20).fit.predict(data[data["g"] != "a"], interval=True)
    assert (found["low"] == 0).all()
    assert (found["high"] == 1).all()


@pytest.mark.parametrize("interval", ["wald", "profile"])
@pytest.mark.parametrize("options", [{}, {"robust": "HC1"}], ids=["model", "HC1"])
def test_ratios_of_levels_whose_infinite_estimates_cancel_are_those_of_the_rows_left(interval: str, options: dict):
    # b and c are both infinitely far from a, whose rows have no event; what is between them the rows of b and c know.
    data = _level_without_events()
    with pytest.warns(SeparationWarning):
        fit = glmlr.fit("y ~ g + x", data, **options)
    witness = glmlr.fit("y ~ g + x", data[data["g"] != "a"], **options)
    columns = ["odds_ratio", "low", "high", "p_value"]
    found = fit.odds_ratios(reference={"g": "b"}, interval=interval).frame.set_index("level").loc["c", columns]
    expected = witness.odds_ratios(interval=interval).frame.set_index("level").loc["c", columns]
    if options and interval == "wald":
        # HC1 counts the rows that are fitted perfectly, and their column.
        factor = np.sqrt((80 / 76) / (60 / 57))
        half = np.log(expected["high"] / expected["odds_ratio"]) * factor
        assert np.log(found["high"] / found["odds_ratio"]) == pytest.approx(half, rel=1e-8)
    else:
        assert found.drop("p_value").to_numpy(float) == pytest.approx(
            expected.drop("p_value").to_numpy(float), rel=1e-8
        )


def test_ratios_go_to_the_side_that_another_coding_shows():
    # Nothing is known of a against b, which have no event both; c is infinitely far above either.
    data = _level_without_events()
    data.loc[data["g"] == "b", "y"] = 0
    with pytest.warns(SeparationWarning):
        fit = glmlr.fit("y ~ g + x", data)
    with pytest.warns(SeparationWarning):
        witness = glmlr.fit("y ~ C(g, Treatment('b')) + x", data)
    for interval in ("wald", "profile"):
        found = fit.odds_ratios(reference={"g": "b"}, interval=interval).frame.set_index("level")
        expected = witness.odds_ratios(interval=interval).frame.set_index("level")
        for column in ("odds_ratio", "low", "high"):
            assert found.loc["c", column] == pytest.approx(expected.loc["c", column], rel=1e-8)
        assert np.isnan(found.loc["a", "odds_ratio"])
    assert found.loc["c", "odds_ratio"] == np.inf
    assert 0 < found.loc["c", "low"] < np.inf


def test_percentiles_of_an_infinite_estimate_are_missing_with_a_reason():
    with pytest.warns(SeparationWarning):
        fit = glmlr.fit("y ~ g + x", _level_without_events())
    table = fit.coefficients(interval="bootstrap", replicates=20)
    assert np.isnan(table["Intercept"]["low"])
    assert "profile" not in table["Intercept"]["note"]
    assert any("no percentiles" in note for note in table.notes)
    ratios = fit.odds_ratios(reference={"g": "b"}, interval="bootstrap", replicates=20)
    assert any("no interval of a ratio" in note for note in ratios.notes)
