"""Links against 50-digit arithmetic (mpmath), far into both tails."""

import mpmath
import numpy as np
import pytest

from glmlr.errors import OptionError
from glmlr.links import CLOGLOG, LINKS, LOGIT, link_named, log1pexp

mpmath.mp.dps = 50

ETA = [-600.0, -300.0, -40.0, -12.5, -1.0, -1e-3, 0.0, 0.5, 3.0, 6.5, 30.0, 37.5]


def exact(name, eta):
    """mu, 1 - mu and d mu / d eta with 50 digits."""
    x = mpmath.mpf(eta)
    if name == "logit":
        mu, other = 1 / (1 + mpmath.exp(-x)), 1 / (1 + mpmath.exp(x))
        return mu, other, mu * other
    if name == "probit":
        root = mpmath.sqrt(2)
        density = mpmath.exp(-x * x / 2) / mpmath.sqrt(2 * mpmath.pi)
        return mpmath.erfc(-x / root) / 2, mpmath.erfc(x / root) / 2, density
    hazard = mpmath.exp(x)
    return -mpmath.expm1(-hazard), mpmath.exp(-hazard), hazard * mpmath.exp(-hazard)


def close(value, witness, rel):
    # Where the exact value is below the smallest normal float, 0 and it are one.
    return abs(value - float(witness)) <= rel * abs(float(witness)) + 1e-290


@pytest.mark.parametrize("link", LINKS.values(), ids=LINKS)
@pytest.mark.parametrize("eta", ETA)
@pytest.mark.parametrize("y", [0.0, 1.0, 0.3])
def test_likelihood_score_and_information_are_exact(link, eta, y):
    mu, other, slope = exact(link.name, eta)
    if other == 0 or mu == 0 or (link is CLOGLOG and eta > 6.6):
        pytest.skip("outside the range of 50-digit arithmetic")
    part = link.likelihood(np.array([eta]), np.array([y]))
    log_mean = mpmath.log(mu) if mu < 0.5 else mpmath.log1p(-other)
    log_other = mpmath.log(other) if other < 0.5 else mpmath.log1p(-mu)
    loglik = (y * log_mean if y else 0) + ((1 - y) * log_other if y < 1 else 0)
    assert close(part.loglik[0], loglik, 1e-12)
    score = y * slope / mu - (1 - y) * slope / other
    # y - mu of an event that is all but certain keeps its absolute, not its relative precision.
    assert abs(part.score[0] - float(score)) <= 1e-9 * abs(float(score)) + 2e-16
    assert close(part.information[0], slope**2 / mu / other, 1e-9)


@pytest.mark.parametrize("link", LINKS.values(), ids=LINKS)
@pytest.mark.parametrize("y", [0.0, 1.0])
def test_outcomes_of_one_row_keep_all_digits_in_both_tails(link, y):
    """All but the last few units: what is lost grows with eta^2 in the normal tail, as the exponent of its density."""
    top = 6.0 if link is CLOGLOG else 36.0
    eta = np.concatenate([np.linspace(-36.0, top, 60), [-1e-9, 1e-9]])
    part = link.likelihood(eta, np.full(eta.size, y))
    for at, x in enumerate(eta):
        mu, other, slope = exact(link.name, float(x))
        likely = mu if y else other
        loglik = mpmath.log(likely) if likely < 0.5 else mpmath.log1p(-(other if y else mu))
        score = slope / mu if y else -slope / other
        units = 8 * np.finfo(float).eps * max(1.0, x * x / 2)
        assert close(part.loglik[at], loglik, units)
        assert close(part.score[at], score, units)
        assert close(part.information[at], slope**2 / mu / other, 2 * units)


@pytest.mark.parametrize("link", LINKS.values(), ids=LINKS)
@pytest.mark.parametrize("expected", [True, False])
def test_rows_of_one_outcome_and_rows_of_shares_are_one_definition(link, expected):
    """A share beside them sends all rows the general way."""
    rng = np.random.default_rng(1)
    eta, y = rng.normal(-0.5, 1.5, 500), (rng.random(500) < 0.4).astype(float)
    quick = link.likelihood(eta, y, expected=expected)
    general = link.likelihood(np.append(eta, 0.1), np.append(y, 0.5), expected=expected)
    for one, other in zip(quick, general, strict=True):
        np.testing.assert_allclose(one, other[:-1], rtol=1e-12, atol=1e-15)


@pytest.mark.parametrize("link", LINKS.values(), ids=LINKS)
def test_curvature_is_the_second_derivative(link):
    def loglik(x, y):
        mu, other, _ = exact(link.name, x)
        return y * mpmath.log(mu) + (1 - y) * mpmath.log(other)

    for eta in (-4.0, -1.3, 0.0, 0.9, 1.8):
        for y in (0.0, 1.0, 0.4):
            witness = -mpmath.diff(lambda x, y=y: loglik(x, y), eta, 2)
            got = link.likelihood(np.array([eta]), np.array([y]), expected=False).information[0]
            assert got == pytest.approx(float(witness), rel=1e-9)


@pytest.mark.parametrize("link", LINKS.values(), ids=LINKS)
def test_parts_agree_with_each_other(link):
    eta = np.linspace(-6, 2.5, 40)
    np.testing.assert_allclose(link.link(link.mean(eta)), eta, rtol=1e-9)
    np.testing.assert_allclose(np.exp(link.log_mean(eta)), link.mean(eta), rtol=1e-13)
    np.testing.assert_allclose(np.exp(link.log_complement(eta)), 1 - link.mean(eta), rtol=1e-9)
    np.testing.assert_allclose(link.event_score(eta), link.density(eta) / link.mean(eta), rtol=1e-9)
    np.testing.assert_allclose(link.weight(eta), -link.event_score(eta) * link.nonevent_score(eta), rtol=1e-12)


def test_extremes_are_finite_and_silent():
    eta = np.array([-1e4, -750.0, 750.0, 1e4])
    for link in LINKS.values():
        for y in (0.0, 1.0):
            part = link.likelihood(eta, np.full(4, y))
            assert np.isfinite(part.loglik).all()
            assert np.isfinite(part.score).all()
            assert (part.information >= 0).all()


def test_log1pexp_and_names():
    assert log1pexp(np.array([800.0]))[0] == 800.0
    assert log1pexp(np.array([-800.0]))[0] == 0.0
    assert repr(LOGIT) == "Link(logit)"
    with pytest.raises(OptionError, match="did you mean 'probit'"):
        link_named("probitt")


@pytest.mark.parametrize("link", LINKS.values(), ids=LINKS)
def test_the_score_alone_is_that_of_the_likelihood(link):
    eta = np.concatenate([np.linspace(-45.0, 45.0, 181), [-800.0, 800.0]])
    for y in (np.zeros(eta.size), np.ones(eta.size), np.full(eta.size, 0.3)):
        with np.errstate(over="ignore"):
            np.testing.assert_allclose(link.score(eta, y), link.likelihood(eta, y).score, rtol=1e-13, atol=1e-300)
