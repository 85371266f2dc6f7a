"""Is a long series drawn as all of it would be, quickly, by few points?"""

import time

import numpy as np
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg

from glmlr.exhibits import Axis, Chart, Series
from glmlr.render import chart, thinning

UNIT = (0.0, 1.0)
EDGES = np.linspace(0, 1, thinning.COLUMNS + 1)


def draw(*series, x=None, y=None):
    return Chart("key", "Title", series, x or Axis("x"), y or Axis("y"))


def picture(one):
    canvas = FigureCanvasAgg(chart.figure(one))
    canvas.draw()
    return np.asarray(canvas.buffer_rgba(), dtype=float)[..., :3] / 255


def test_a_short_line_keeps_all_its_points():
    x = np.linspace(0, 1, thinning.LONG)
    np.testing.assert_array_equal(thinning.line(x, x, EDGES), np.arange(x.size))


@pytest.mark.parametrize("turn", [1, -1])
def test_a_long_line_is_thinned_without_losing_its_ends_or_its_peaks(turn):
    x = np.linspace(0, 1, 100_000)
    y = np.where(np.arange(x.size) == 54_321, 5.0, np.sin(x))
    kept = thinning.line(x[::turn], y[::turn], EDGES)
    thin_x, thin_y = x[::turn][kept], y[::turn][kept]
    assert thin_x.size <= 4 * (thinning.COLUMNS + 2)
    assert (np.diff(kept) > 0).all()
    assert {thin_x[0], thin_x[-1]} == {0.0, 1.0}
    assert (thin_y.max(), thin_y.min()) == (5.0, 0.0)


def test_gaps_stay_gaps():
    x = np.linspace(0, 1, 100_000)
    y = np.where((x > 0.4) & (x < 0.5), np.nan, x)
    kept = thinning.line(x, y, EDGES)
    shown = y[kept]
    assert kept.size < 5_000
    assert np.isnan(shown).sum() == 1
    gap = int(np.flatnonzero(np.isnan(shown))[0])
    assert x[kept][[gap - 1, gap + 1]] == pytest.approx([0.4, 0.5], abs=2e-5)


def test_a_line_back_and_forth_is_outlined():
    turn = np.linspace(0, 2 * np.pi, 200_000)
    kept = thinning.line(np.cos(turn), np.sin(turn), EDGES)
    assert kept.size <= 2 * thinning.LONG
    # No chord of a circle of radius 1 is farther inside than 1 - cos(half its angle).
    assert 1 - np.cos(np.diff(turn[kept]).max() / 2) < 1e-3


def test_strokes_of_one_column_reach_as_far_as_all_of_them():
    across = np.array([0.1, 0.6, 0.2, 0.9, 0.7])
    low, high = np.array([0.0, -1.0, -2.0, 0.0, 0.0]), np.array([1.0, 2.0, 3.0, 0.5, 4.0])
    where, bottom, top = thinning.strokes(across, low, high, np.array([0.0, 0.5, 1.0]))
    # By hand: 0.1 and 0.2 share the first column, the others the second.
    assert where.tolist() == [0.2, 0.7]
    assert bottom.tolist() == [-2.0, -1.0]
    assert top.tolist() == [3.0, 4.0]


def test_one_of_the_points_at_one_place_is_kept():
    x, y = np.array([0.1, 0.1, 0.9, 0.1]), np.array([0.5, 0.5, 0.5, 0.9])
    assert thinning.points(x, y).tolist() == [1, 2, 3]


@pytest.mark.parametrize("kind", ["line", "step"])
def test_a_thinned_curve_looks_like_the_whole(kind, monkeypatch):
    rng = np.random.default_rng(5)
    x = np.sort(rng.beta(2, 3, 20_000))
    one = draw(Series("", kind, x, x**0.3), x=Axis("x", limits=UNIT), y=Axis("y", limits=UNIT))
    thin = picture(one)
    monkeypatch.setattr(thinning, "LONG", 10**9)
    assert np.abs(thin - picture(one)).mean() < 5e-4  # of the range from black to white


def test_a_thinned_band_looks_like_the_whole(monkeypatch):
    x = np.linspace(0, 1, 20_000)
    one = draw(Series("", "band", x, x, x**2 - 0.1, x**2 + 0.1))
    thin = picture(one)
    monkeypatch.setattr(thinning, "LONG", 10**9)
    assert np.abs(thin - picture(one)).mean() < 5e-4


RNG = np.random.default_rng(0)
MANY = 300_000


@pytest.mark.parametrize(
    "one",
    [
        draw(Series("a", "line", np.linspace(0, 1, MANY), RNG.random(MANY))),
        draw(Series("a", "step", np.linspace(0, 1, MANY), np.cumsum(RNG.normal(size=MANY)))),
        draw(Series("a", "band", np.linspace(0, 1, MANY), np.zeros(MANY), -RNG.random(MANY), RNG.random(MANY))),
        draw(Series("a", "points", RNG.normal(size=MANY), RNG.normal(size=MANY))),
        draw(Series("a", "intervals", RNG.random(MANY), np.zeros(MANY), -RNG.random(MANY), RNG.random(MANY))),
        draw(Series("a", "spikes", RNG.random(MANY), np.zeros(MANY), np.zeros(MANY), RNG.random(MANY))),
        draw(Series("a", "bars", np.arange(float(MANY)), RNG.random(MANY))),
        draw(
            Series("a", "line", np.linspace(0, 1, MANY), np.linspace(1, 0, MANY)),
            x=Axis("x", "probit"),
            y=Axis("y", "probit"),
        ),
    ],
    ids=lambda one: f"{one.series[0].kind} {one.x.scale}",
)
def test_a_drawing_of_very_many_points_stays_small(one):
    assert len(chart.svg(one)) < 150_000


@pytest.mark.slow
def test_ten_million_points_are_drawn_in_a_second():
    score = np.linspace(0, 1, 10**7)
    one = draw(Series("a", "line", score, 1 - (1 - score) ** 5), x=Axis("x", limits=UNIT), y=Axis("y", limits=UNIT))
    chart.svg(draw(Series("", "line", [0, 1], [0, 1])))  # matplotlib is loaded
    start = time.process_time()
    assert len(chart.svg(one)) < 20_000
    assert time.process_time() - start < 1.0
