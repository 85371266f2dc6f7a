"""The solver against closed forms, statsmodels' GLM and the laws of a maximum."""

import itertools
from functools import partial

import numpy as np
import pytest

from glmlr.blocks import ArrayRows, Block, LocalRows, Subset, over_blocks, pieces_of, slices_of
from glmlr.columns import CodedColumns, FactorCodes
from glmlr.errors import FitError
from glmlr.links import CLOGLOG, LINKS, LOGIT, PROBIT
from glmlr.newton import sums_at
from glmlr.sampling import Sample
from glmlr.solver import solve

FAMILY = {"logit": "Logit", "probit": "Probit", "cloglog": "CLogLog"}


class Memory(LocalRows):
    """Rows in memory, cut into blocks."""

    def __init__(self, x, y, size=64, **extras):
        self.made = [
            Block(
                np.ascontiguousarray(x[i : i + size].T),
                y[i : i + size],
                start=i,
                **{k: v[i : i + size] for k, v in extras.items()},
            )
            for i in range(0, len(y), size)
        ]

    def pieces(self):
        return [partial(iter, self.made[i : i + 8]) for i in range(0, len(self.made), 8)]


def simulated(n=400, k=5, seed=1, link=LOGIT):
    rng = np.random.default_rng(seed)
    x = np.column_stack([np.ones(n), rng.normal(size=(n, k - 1))])
    beta = np.linspace(-0.8, 0.7, k)
    return x, (rng.random(n) < link.mean(x @ beta)).astype(float)


def reference(x, y, link, **options):
    """statsmodels' IRLS, run until its coefficients stand still."""
    import statsmodels.api as sm

    family = sm.families.Binomial(getattr(sm.families.links, FAMILY[link.name])())
    model = sm.GLM(y, x, family=family, **options)
    return model.fit(tol_criterion="params", rtol=1e-13, atol=0.0, maxiter=200)


@pytest.mark.parametrize("link", LINKS.values(), ids=LINKS)
@pytest.mark.parametrize("n", [60, 500, 3000])
def test_equals_statsmodels(link, n):
    x, y = simulated(n, link=link)
    solution, witness = solve(Memory(x, y), link), reference(x, y, link)
    np.testing.assert_allclose(solution.beta, witness.params, rtol=1e-9)
    np.testing.assert_allclose(solution.inverse, witness.normalized_cov_params, rtol=1e-8)
    assert solution.loglik == pytest.approx(witness.llf, rel=1e-12)
    assert solution.converged
    assert solution.reason is None
    assert solution.gradient_norm < 1e-7


@pytest.mark.parametrize("link", LINKS.values(), ids=LINKS)
def test_gradient_vanishes_at_the_estimate(link):
    x, y = simulated(300, link=link)
    rows = Memory(x, y)
    sums = sums_at(rows, solve(rows, link).beta, link)
    assert np.abs(sums.score / np.sqrt(np.diag(sums.information))).max() < 1e-10


@pytest.mark.parametrize("link", LINKS.values(), ids=LINKS)
def test_intercept_only_is_the_share_of_events(link):
    y = np.repeat([1.0, 0.0], [7, 33])
    solution = solve(Memory(np.ones((40, 1)), y), link)
    assert solution.beta[0] == pytest.approx(float(link.link(np.array([7 / 40]))[0]), rel=1e-12)
    weight = link.weight(solution.beta)[0]
    assert solution.inverse[0, 0] == pytest.approx(1 / (40 * weight), rel=1e-10)
    assert solution.loglik == pytest.approx(7 * np.log(7 / 40) + 33 * np.log(33 / 40), rel=1e-13)


def test_two_by_two_table_has_its_closed_form():
    # Log odds ratio log(ad / bc), variance 1/a + 1/b + 1/c + 1/d (Woolf 1955).
    a, b, c, d = 30, 12, 14, 41
    x = np.column_stack([np.ones(a + b + c + d), np.repeat([1.0, 0.0], [a + b, c + d])])
    y = np.repeat([1.0, 0.0, 1.0, 0.0], [a, b, c, d])
    solution = solve(Memory(x, y), LOGIT)
    assert solution.beta[1] == pytest.approx(np.log(a * d / b / c), rel=1e-12)
    assert solution.inverse[1, 1] == pytest.approx(1 / a + 1 / b + 1 / c + 1 / d, rel=1e-11)


def test_same_bits_for_any_number_of_threads(monkeypatch):
    x, y = simulated(40_000, 6)
    rows = Memory(x, y, size=512)
    found = []
    for threads in (1, 2, 8):
        monkeypatch.setattr("glmlr.threads.number_of_threads", lambda threads=threads: threads)
        found.append(solve(rows, LOGIT))
    assert all(np.array_equal(found[0].beta, other.beta) for other in found[1:])
    assert all(np.array_equal(found[0].inverse, other.inverse) for other in found[1:])


def test_subsample_start_ends_at_the_same_maximum():
    x, y = simulated(60_000, 4)
    rows = Memory(x, y, size=8192)
    warm, cold = solve(rows, LOGIT), solve(rows, LOGIT, start=np.zeros(4))
    np.testing.assert_allclose(warm.beta, cold.beta, rtol=1e-11)
    assert warm.iterations < cold.iterations


@pytest.mark.parametrize("link", [LOGIT, PROBIT, CLOGLOG], ids=lambda link: link.name)
@pytest.mark.parametrize(("shift", "scale"), [(0, 1e6), (0, 1e-6), (1e5, 1.0), (-3e7, 1e3), (0, 1e120)])
def test_badly_scaled_columns_cost_no_digits(link, shift, scale):
    x, y = simulated(300, 3, link=link)
    plain = solve(Memory(x, y), link)
    moved = x.copy()
    moved[:, 2] = moved[:, 2] * scale + shift
    # The witness is the same model in the values that survived the rounding of the shifted column.
    moved_back = x.copy()
    moved_back[:, 2] = (moved[:, 2] - shift) / scale
    witness = solve(Memory(moved_back, y), link)
    found = solve(Memory(moved, y), link)
    assert found.beta[2] * scale == pytest.approx(witness.beta[2], rel=1e-9)
    assert found.beta[1] == pytest.approx(witness.beta[1], rel=1e-9)
    assert np.sqrt(found.inverse[2, 2]) * scale == pytest.approx(np.sqrt(witness.inverse[2, 2]), rel=1e-8)
    assert found.loglik == pytest.approx(plain.loglik, rel=1e-6)


def test_aliased_columns_are_named_with_their_dependency():
    x, y = simulated(200, 4)
    wide = np.column_stack([x, 3 * x[:, 0] + x[:, 1] - 2 * x[:, 2], np.zeros(200), x[:, 3]])
    solution, witness = solve(Memory(wide, y), LOGIT), solve(Memory(x, y), LOGIT)
    assert [alias.column for alias in solution.aliased] == [4, 5, 6]
    assert dict(solution.aliased[0].depends_on) == pytest.approx({0: 3.0, 1: 1.0, 2: -2.0})
    assert solution.aliased[1].depends_on == ()
    assert dict(solution.aliased[2].depends_on) == pytest.approx({3: 1.0})
    np.testing.assert_allclose(solution.beta[:4], witness.beta, rtol=1e-12)
    assert np.isnan(solution.beta[4:]).all()
    assert solution.rank == 4


def test_nearly_collinear_is_not_aliased():
    x, y = simulated(500, 3)
    rng = np.random.default_rng(5)
    wide = np.column_stack([x, x[:, 1] + 1e-6 * rng.normal(size=500)])
    solution = solve(Memory(wide, y), LOGIT)
    assert solution.aliased == ()
    assert solution.converged
    # Reparametrised, the same model is well conditioned: the difference column carries the coefficient.
    easy = np.column_stack([x, (wide[:, 3] - x[:, 1]) * 1e6])
    witness = solve(Memory(easy, y), LOGIT)
    assert solution.loglik == pytest.approx(witness.loglik, rel=1e-11)
    assert solution.beta[3] / 1e6 == pytest.approx(witness.beta[3], rel=1e-5)


def test_weights_equal_repeated_rows():
    x, y = simulated(80, 3)
    times = np.random.default_rng(2).integers(1, 5, size=80)
    repeated = solve(Memory(np.repeat(x, times, axis=0), np.repeat(y, times)), LOGIT)
    weighted = solve(Memory(x, y, weight=times.astype(float)), LOGIT)
    np.testing.assert_allclose(weighted.beta, repeated.beta, rtol=1e-12)
    np.testing.assert_allclose(weighted.inverse, repeated.inverse, rtol=1e-11)


def test_offset_equals_statsmodels():
    x, y = simulated(200, 3)
    offset = np.linspace(-1, 1, 200)
    solution, witness = solve(Memory(x, y, offset=offset), PROBIT), reference(x, y, PROBIT, offset=offset)
    np.testing.assert_allclose(solution.beta, witness.params, rtol=1e-9)


def test_no_rows_and_nothing_that_varies_are_refused():
    with pytest.raises(FitError, match="no rows"):
        solve(Memory(np.ones((0, 1)), np.ones(0)), LOGIT)
    with pytest.raises(FitError, match="nothing to estimate"):
        solve(Memory(np.zeros((4, 1)), np.array([0.0, 1, 0, 1])), LOGIT)


def test_stopping_short_gives_a_reason():
    x, y = simulated(200, 4)
    solution = solve(Memory(x, y), LOGIT, max_iterations=1)
    assert not solution.converged
    assert "had not vanished after 1 iteration" in (solution.reason or "")
    assert len(solution.trace) == 2


def test_likelihood_never_falls_along_the_trace():
    x, y = simulated(100, 5, seed=4)
    solution = solve(Memory(10 * x, y), CLOGLOG)
    loglik = [step.loglik for step in solution.trace]
    assert all(later >= earlier - 1e-9 for earlier, later in itertools.pairwise(loglik))


def test_subset_of_rows_and_columns():
    x, y = simulated(150, 4)
    keep = np.arange(150) % 3 != 0
    cut = solve(Subset(Memory(x, y), np.array([2, 0]), keep), LOGIT)
    witness = solve(Memory(x[keep][:, [2, 0]], y[keep]), LOGIT)
    np.testing.assert_allclose(cut.beta, witness.beta, rtol=1e-12)


def test_over_blocks_adds_every_row_once():
    x, y = simulated(1000, 2)
    assert over_blocks(Memory(x, y, size=7), lambda block: block.x.shape[1], lambda one, two: one + two) == 1000


@pytest.mark.parametrize("size", [1e4, -500.0])
def test_a_constant_offset_only_moves_the_intercept(size):
    x, y = simulated(200, 3)
    plain, moved = solve(Memory(x, y), LOGIT), solve(Memory(x, y, offset=np.full(200, size)), LOGIT)
    np.testing.assert_allclose(moved.beta[1:], plain.beta[1:], rtol=1e-9)
    assert moved.beta[0] + size == pytest.approx(plain.beta[0], abs=1e-9)


def test_wild_offsets_converge():
    x, y = simulated(200, 3)
    offset = np.random.default_rng(8).uniform(80, 250, size=200)
    solution = solve(Memory(x, y, offset=offset), LOGIT)
    assert solution.converged
    sums = sums_at(Memory(x, y, offset=offset), solution.beta, LOGIT)
    assert np.abs(sums.score / np.sqrt(np.diag(sums.information))).max() < 1e-6


def many(n=60_000, k=6, seed=3, link=LOGIT):
    x, y = simulated(n, k, seed, link)
    return ArrayRows(np.ascontiguousarray(x.T), y)


@pytest.mark.parametrize("link", LINKS.values(), ids=LINKS)
def test_many_rows_end_with_the_expected_information_at_the_estimates(link):
    rows = many(link=link)
    solution = solve(rows, link)
    witness = sums_at(rows, solution.beta, link)
    np.testing.assert_allclose(solution.information, witness.information, rtol=1e-9)
    np.testing.assert_allclose(solution.inverse @ witness.information, np.eye(6), atol=1e-9)
    assert solution.loglik == pytest.approx(witness.loglik, rel=1e-13)
    assert np.abs(witness.score / np.sqrt(np.diag(witness.information))).max() < 1e-8


def test_a_level_that_the_sample_misses_is_estimated_all_the_same():
    rows = many()
    rare = np.zeros(60_000)
    rare[[5, 9, 11, 40_001, 40_003, 50_000]] = 1.0
    sample = over_blocks(ArrayRows(rare[None], rows.y), Sample.of, Sample.__add__)
    assert all((block.x == 0).all() for block in sample.blocks())
    y = np.where(rare, np.arange(60_000) % 2, rows.y)
    wide = ArrayRows(np.vstack([rows.x[:3], rare, rows.x[3:]]), y)
    found, cold = solve(wide, LOGIT), solve(wide, LOGIT, start=np.zeros(7))
    assert found.aliased == ()
    assert found.trace[0].decrement < cold.trace[0].decrement / 5
    np.testing.assert_allclose(found.beta, cold.beta, rtol=1e-9)


def test_aliases_among_many_rows_are_found():
    rows = many()
    wide = ArrayRows(np.vstack([rows.x, rows.x[1] - rows.x[2]]), rows.y)
    found, witness = solve(wide, LOGIT), solve(rows, LOGIT)
    assert [alias.column for alias in found.aliased] == [6]
    np.testing.assert_allclose(found.beta[:6], witness.beta, rtol=1e-11)


@pytest.mark.parametrize("shift", [0.0, 1e6])
@pytest.mark.parametrize("link", LINKS.values(), ids=LINKS)
def test_columns_given_as_codes_give_the_fit_of_columns_written_out(link, shift):
    """Two factors, one with a reference level; shift sends the numbers through the scaling."""
    rng = np.random.default_rng(5)
    n, levels = 70_000, 30
    code, other = rng.integers(0, levels, n), rng.integers(0, 4, n)
    number = rng.normal(size=n)
    eta = -0.5 + 0.4 * number + np.linspace(-0.6, 0.6, levels)[code] + 0.2 * (other == 1)
    y = (rng.random(n) < link.mean(eta)).astype(float)
    one = FactorCodes(code, np.arange(levels) + 1)
    two = FactorCodes(other, np.array([-1, 31, 32, 33]))
    columns = CodedColumns(np.array([np.ones(n), number + shift]), np.array([0, 34]), (one, two), 35)
    # The first level's column goes, as under treatment coding: with it the constant would be aliased.
    columns = columns.columns(np.delete(np.arange(35), 1))
    whole = Block(np.empty((0, n)), y).cut(columns, slice(None))

    class Codes(LocalRows):
        def pieces(self):
            return pieces_of(whole.at_rows, list(slices_of(n, 2)))

    found, witness = solve(Codes(), link), solve(ArrayRows(columns.filled(), y), link)
    size = np.sqrt(np.diag(witness.inverse))
    np.testing.assert_allclose(found.beta / size, witness.beta / size, rtol=1e-9, atol=1e-9)
    np.testing.assert_allclose(np.sqrt(np.diag(found.inverse)), size, rtol=1e-8 if shift else 1e-10)
    assert found.loglik == pytest.approx(witness.loglik, rel=1e-13)
    assert found.converged
    assert found.aliased == ()


def test_what_the_sums_say_in_their_last_bits_does_not_show_in_the_trace():
    x, y = simulated(300, 3, seed=9)
    loglik = [step.loglik for step in solve(Memory(x, y), LOGIT).trace]
    assert loglik == sorted(loglik)
