"""Profile-likelihood intervals, likelihood-ratio tests of coefficients, and BCa intervals."""

from functools import cache
from typing import Any

import numpy as np
import pandas as pd
import pytest
from scipy.stats import chi2, norm
from witnesses import read_witness

import glmlr
from glmlr.errors import NotApplicable, OptionError
from glmlr.profiles import ends as machinery
from glmlr.profiles.accelerated import accelerations, bca_interval
from glmlr.profiles.held import Profile
from glmlr.profiles.of_fit import profile_ends

BIRTHS = glmlr.datasets.load("birthwt").assign(
    race=lambda frame: pd.Categorical(frame["race"], ["white", "black", "other"])
)
FORMULA = "low ~ age + lwt + race + smoke + ptl + ht + ui"
R = read_witness("profiles")


def as_r(names: Any) -> list[str]:
    """Spell coefficients as R does."""
    return [name.replace("Intercept", "(Intercept)").replace("[T.", "").replace("]", "") for name in names]


@cache
def births(link: str) -> Any:
    return glmlr.fit(FORMULA, BIRTHS, link=link)


def deviance_at(fit: Any, column: int, value: float) -> float:
    """Twice the loss of log-likelihood with one coefficient held, by a fit with an offset."""
    names = list(fit.names)
    x = np.concatenate([block.x for block in fit.design.blocks()], axis=1).T
    frame = pd.DataFrame(x, columns=[f"x{at}" for at in range(x.shape[1])]).assign(y=fit.design.y)
    others = [f"x{at}" for at in range(len(names)) if at != column]
    held = glmlr.fit(
        f"y ~ 0 + {' + '.join(others)}",
        frame,
        link=fit.link.name,
        offset=value * x[:, column],
    )
    return 2 * (fit.loglik - held.loglik)


@pytest.mark.parametrize("link", ["logit", "probit", "cloglog"])
def test_ends_are_those_of_r(link: str) -> None:
    """R: uniroot on glm.fit with an offset (1e-8); confint() interpolates, and agrees to 2e-4."""
    fit, theirs = births(link), R[link]
    for level, key in ((0.95, "ends"), (0.9, "ends90")):
        ours = fit.coefficients(interval="profile", level=level).frame.set_index(pd.Index(as_r(fit.names)))
        np.testing.assert_allclose(
            ours.loc[theirs["names"], ["low", "high"]].to_numpy(), np.array(theirs[key]), rtol=1e-8, atol=1e-8
        )
    ours = fit.coefficients(interval="profile").frame.set_index(pd.Index(as_r(fit.names)))
    np.testing.assert_allclose(
        ours.loc[theirs["names"], ["low", "high"]].to_numpy(), np.array(theirs["confint"]), rtol=2e-4, atol=2e-4
    )


@pytest.mark.parametrize("link", ["logit", "probit", "cloglog"])
def test_the_deviance_at_the_ends_is_the_quantile(link: str) -> None:
    """By definition: 3.8415 above the minimum, to 1e-6, by a fit of its own."""
    fit = births(link)
    ends = profile_ends(fit, np.eye(len(fit.names)), 0.95)
    for column in (0, 3, 6):
        for end in ends[column]:
            assert deviance_at(fit, column, float(end)) == pytest.approx(chi2.ppf(0.95, 1), abs=1e-6)


def test_offsets_and_frequencies() -> None:
    """R: the same, with weights 1, 2, 3 in turn and lwt / 100 as offset."""
    frame = BIRTHS.reset_index(drop=True).assign(times=[1, 2, 3] * 63)
    fit = glmlr.fit("low ~ age + smoke + offset(lwt / 100)", frame, freq_weights="times")
    np.testing.assert_allclose(
        profile_ends(fit, np.eye(3), 0.95), np.array(R["weighted"]["ends"]), rtol=1e-8, atol=1e-8
    )
    repeated = glmlr.fit("low ~ age + smoke + offset(lwt / 100)", frame.loc[frame.index.repeat(frame["times"])])
    np.testing.assert_allclose(profile_ends(fit, np.eye(3), 0.95), profile_ends(repeated, np.eye(3), 0.95), rtol=1e-9)


def test_likelihood_ratio_p_values_are_those_of_drop1() -> None:
    """R: drop1(fit, test="LRT"), for terms of one column."""
    ours = births("logit").coefficients(test="lr").frame.set_index("term")["lr_p_value"]
    theirs = R["logit"]["lr"]
    for name in ("age", "lwt", "smoke", "ptl", "ht", "ui"):
        assert ours[name] == pytest.approx(theirs[name], rel=1e-7)


def test_one_share_has_a_closed_form() -> None:
    """An intercept alone: the ends are logits of the shares with 2 l(p) = 2 l(phat) - q."""
    fit = glmlr.fit("y ~ 1", pd.DataFrame({"y": [1] * 3 + [0] * 17}))
    for end in profile_ends(fit, np.eye(1), 0.95)[0]:
        p = 1 / (1 + np.exp(-end))
        lost = 2 * (3 * np.log(0.15 / p) + 17 * np.log(0.85 / (1 - p)))
        assert lost == pytest.approx(chi2.ppf(0.95, 1), abs=1e-7)


def test_units_and_distance_from_zero_change_nothing() -> None:
    frame = BIRTHS.assign(far=1e6 + BIRTHS["lwt"], small=1e-6 * BIRTHS["age"])
    moved = glmlr.fit("low ~ far + small", frame).coefficients(interval="profile").frame.set_index("term")
    plain = glmlr.fit("low ~ lwt + age", frame).coefficients(interval="profile").frame.set_index("term")
    for there, here, times in (("far", "lwt", 1.0), ("small", "age", 1e6)):
        np.testing.assert_allclose(
            moved.loc[there, ["low", "high"]].astype(float),
            times * plain.loc[here, ["low", "high"]].astype(float),
            rtol=1e-6,
        )


# ------------------------------------------------------------------------------------------------ separation


def test_an_empty_cell_leaves_one_side_open() -> None:
    """2 x 2 with an empty cell: with b held the other cell's share has one equation; here all by hand.

    Of the 10 rows with g = 1 all are events: estimates run to +infinity; the lower end has 2 (l_sup - l(b)) = q.
    """
    frame = pd.DataFrame({"g": [1] * 10 + [0] * 20, "y": [1] * 10 + [1] * 8 + [0] * 12})
    with pytest.warns(glmlr.errors.SeparationWarning):
        fit = glmlr.fit("y ~ g", frame)
    table = fit.coefficients(interval="profile").frame.set_index("term")
    assert table.loc["g", "high"] == np.inf
    low = table.loc["g", "low"]
    grid = np.linspace(-6, 6, 2_000_001)
    loglik = -(10 * np.log1p(np.exp(-grid - low)) + 8 * np.log1p(np.exp(-grid)) + 12 * np.log1p(np.exp(grid)))
    best = 8 * np.log(0.4) + 12 * np.log(0.6)
    assert 2 * (best - loglik.max()) == pytest.approx(chi2.ppf(0.95, 1), abs=1e-6)
    # The rows with g = 0 alone tell the intercept.
    alone = glmlr.fit("y ~ 1", frame[frame["g"] == 0])
    np.testing.assert_allclose(
        table.loc["Intercept", ["low", "high"]].astype(float), profile_ends(alone, np.eye(1), 0.95)[0], rtol=1e-8
    )


def test_swapping_the_event_mirrors_open_intervals() -> None:
    frame = pd.DataFrame({"g": [1] * 10 + [0] * 20, "y": [1] * 10 + [1] * 8 + [0] * 12})
    with pytest.warns(glmlr.errors.SeparationWarning):
        one = glmlr.fit("y ~ g", frame).coefficients(interval="profile").frame
    with pytest.warns(glmlr.errors.SeparationWarning):
        other = glmlr.fit("y ~ g", frame, event=0).coefficients(interval="profile").frame
    np.testing.assert_allclose(one["low"], -other["high"], rtol=1e-6)
    assert other["low"].iloc[1] == -np.inf


def test_complete_separation_has_a_finite_end() -> None:
    with pytest.warns(glmlr.errors.SeparationWarning):
        fit = glmlr.fit("y ~ x", pd.DataFrame({"x": [1.0, 2, 3, 4, 5, 6], "y": [0, 0, 0, 1, 1, 1]}))
    table = fit.coefficients(interval="profile").frame.set_index("term")
    low, high = table.loc["x", ["low", "high"]]
    assert high == np.inf
    held = glmlr.fit("y ~ 1", pd.DataFrame({"y": [0, 0, 0, 1, 1, 1]}), offset=low * np.arange(1.0, 7))
    assert -2 * held.loglik == pytest.approx(chi2.ppf(0.95, 1), abs=1e-6)


def test_near_separation_goes_the_sure_way() -> None:
    """One event against the order: the likelihood is far from a parabola; the deviance is checked by refits."""
    frame = pd.DataFrame({"x": [1.0, 2, 3, 4, 5, 6, 7, 8], "y": [0, 0, 0, 1, 0, 1, 1, 1]})
    fit = glmlr.fit("y ~ x", frame)
    for level in (0.5, 0.95, 0.9999):
        ends = profile_ends(fit, np.eye(2), level)
        for end in ends[1]:
            held = glmlr.fit("y ~ 1", frame, offset=float(end) * frame["x"].to_numpy())
            assert 2 * (fit.loglik - held.loglik) == pytest.approx(chi2.ppf(level, 1), abs=1e-6)


@pytest.mark.parametrize("link", ["logit", "probit", "cloglog"])
def test_the_quick_way_and_the_sure_way_agree(link: str) -> None:
    """Bisection with refits against Newton's steps for all ends at once."""
    fit = births(link)
    quick = profile_ends(fit, np.eye(len(fit.names)), 0.95)
    maximum = machinery.Maximum.of(fit.design, fit.solution.beta, fit.link)
    for column in (0, 4, 8):
        along = np.eye(len(fit.names))[column]
        profile = Profile(fit.design, fit.link, along, maximum.loglik, float(chi2.ppf(0.95, 1)))
        middle = profile.at(float(fit.solution.beta[column]), fit.solution.beta)
        step = float(fit.bse.iloc[column])
        found = [profile.crossing(middle, -step), profile.crossing(middle, step)]
        np.testing.assert_allclose(found, quick[column], rtol=1e-7)


# ------------------------------------------------------------------------------------------------ what cannot be had


def test_aliased_columns_have_no_interval() -> None:
    table = glmlr.fit("low ~ age + twice", BIRTHS.assign(twice=2 * BIRTHS["age"])).coefficients(interval="profile")
    frame = table.frame.set_index("term")
    assert frame.loc["twice", ["low", "high"]].isna().all()
    plain = glmlr.fit("low ~ age", BIRTHS).coefficients(interval="profile").frame.set_index("term")
    np.testing.assert_allclose(
        frame.loc["age", ["low", "high"]].astype(float), plain.loc["age", ["low", "high"]].astype(float)
    )


def test_importance_weights_are_refused_with_the_reason() -> None:
    fit = glmlr.fit("low ~ age", BIRTHS, class_weight="balanced")
    with pytest.raises(NotApplicable, match="pseudo-likelihood, whose fall"):
        fit.coefficients(interval="profile")
    with pytest.raises(NotApplicable, match="pseudo-likelihood, whose ratio"):
        fit.coefficients(test="lr")
    with pytest.raises(NotApplicable, match="pseudo-likelihood"):
        fit.odds_ratios(interval="profile")


def test_options_are_checked() -> None:
    fit = births("logit")
    with pytest.raises(OptionError, match="interval"):
        fit.coefficients(interval="likelihood")
    with pytest.raises(OptionError, match="test"):
        fit.coefficients(test="score")
    with pytest.raises(OptionError):
        fit.coefficients(interval="profile", level=95)


def test_robust_errors_are_said_not_to_be_in_the_profile() -> None:
    table = glmlr.fit("low ~ age", BIRTHS, robust="HC1").coefficients(interval="profile")
    assert any("rows as independent and the model as right" in note for note in table.notes)


# ------------------------------------------------------------------------------------------------ bootstrap


def test_bootstrap_intervals_are_those_of_the_bootstrap() -> None:
    fit = glmlr.fit("low ~ age + smoke", BIRTHS)
    table = fit.coefficients(interval="bootstrap", replicates=60, seed=3).frame
    made = fit.bootstrap(replicates=60, seed=3).table.frame
    np.testing.assert_allclose(table[["low", "high"]], made[["low", "high"]], rtol=1e-12)
    ratios = fit.odds_ratios(interval="bootstrap", replicates=60, seed=3).frame
    np.testing.assert_allclose(ratios["low"], np.exp(made["low"].to_numpy()[1:]), rtol=1e-12)


def test_bca_is_that_of_boot() -> None:
    """R: boot::boot.ci(type="bca") of a mean, on its replicates and jackknife influences."""
    theirs = R["bca"]
    influence = np.array(theirs["L"])
    a = (influence**3).sum() / (6 * (influence**2).sum() ** 1.5)
    ours = bca_interval(theirs["t0"], np.array(theirs["t"]), float(a), 0.95)
    np.testing.assert_allclose(ours, theirs["interval"], rtol=1e-12)


def test_without_bias_and_skewness_bca_is_the_percentile() -> None:
    replicates = norm.ppf((np.arange(999) + 0.5) / 999)
    low, high = bca_interval(1e-9, replicates, 0.0, 0.9)
    # z0 is 0 up to the one replicate in the middle.
    assert (low, high) == pytest.approx((norm.ppf(0.05), norm.ppf(0.95)), abs=0.02)


def test_one_sided_resamples_have_no_bca() -> None:
    assert np.isnan(bca_interval(0.0, np.arange(1.0, 9.0), 0.0, 0.95)).all()


def test_acceleration_of_a_share_is_in_closed_form() -> None:
    """An intercept alone: with m events of n, influences are 1/m' and -1/m' up to one factor a side."""
    n, m = 50, 12
    fit = glmlr.fit("y ~ 1", pd.DataFrame({"y": [1] * m + [0] * (n - m)}))
    found = accelerations(fit.design, fit.solution.beta, fit.link, None)
    p = m / n
    side = np.array([1 - p, -p])
    count = np.array([m, n - m])
    expected = (count * side**3).sum() / (6 * (count * side**2).sum() ** 1.5)
    assert found == pytest.approx(expected, rel=1e-10)
    counted = glmlr.fit("y ~ 1", pd.DataFrame({"y": [1, 0], "times": [m, n - m]}), freq_weights="times")
    assert accelerations(counted.design, counted.solution.beta, counted.link, None) == pytest.approx(
        expected, rel=1e-10
    )


def test_acceleration_is_near_the_exact_jackknife() -> None:
    fit = glmlr.fit("low ~ age + lwt + smoke", BIRTHS)
    found = accelerations(fit.design, fit.solution.beta, fit.link, None)
    values = []
    for row in range(189):
        values.append(glmlr.fit("low ~ age + lwt + smoke", BIRTHS.drop(BIRTHS.index[row])).params.to_numpy())
    influence = fit.params.to_numpy() - np.array(values)
    exact = (influence**3).sum(axis=0) / (6 * (influence**2).sum(axis=0) ** 1.5)
    np.testing.assert_allclose(found, exact, atol=0.003)


def test_acceleration_of_single_rows_as_clusters() -> None:
    """Clusters of one row each: without the leverage, A^-1 x u."""
    frame = BIRTHS.assign(row=np.arange(len(BIRTHS)))
    fit = glmlr.fit("low ~ age", frame, cluster="row")
    found = accelerations(fit.design, fit.solution.beta, fit.link, fit.design.clusters)
    x = np.concatenate([block.x for block in fit.design.blocks()], axis=1).T
    influence = (x * (BIRTHS["low"] - fit.probabilities).to_numpy()[:, None]) @ fit.solution.inverse
    np.testing.assert_allclose(found, (influence**3).sum(axis=0) / (6 * (influence**2).sum(axis=0) ** 1.5), rtol=1e-8)


def test_bca_stands_beside_the_percentiles() -> None:
    fit = glmlr.fit("low ~ age + smoke", BIRTHS)
    plain, made = fit.bootstrap(replicates=80), fit.bootstrap(replicates=80, interval="bca")
    pd.testing.assert_frame_equal(plain.table.frame, made.table.frame[list(plain.table.frame)])
    a = accelerations(fit.design, fit.solution.beta, fit.link, None)
    for column in range(3):
        expected = bca_interval(
            float(fit.params.iloc[column]), made.estimates.iloc[:, column].to_numpy(), float(a[column]), 0.95
        )
        assert tuple(made.table.frame.loc[column, ["bca_low", "bca_high"]]) == pytest.approx(expected)
    with pytest.raises(OptionError, match="interval"):
        fit.bootstrap(replicates=5, interval="normal")
