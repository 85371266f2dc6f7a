"""Do lines carry their names where there is room, and does a legend where there is none?"""

import io
from itertools import combinations

import numpy as np
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg

from glmlr.exhibits import Axis, Chart, Series
from glmlr.render import chart, style
from glmlr.render.sheet import colours_of

UNIT = (0.0, 1.0)
GRID = np.linspace(0, 1, 50)


def draw(*series, **more):
    axes = {"x": Axis("x", limits=UNIT), "y": Axis("y", limits=UNIT)} | more
    return Chart("key", "Title", series, **axes)


def falling_and_rising():
    return draw(Series("Falling", "line", GRID, 1 - GRID), Series("Rising", "line", GRID, GRID**2))


def drawn(one):
    figure = chart.figure(one)
    figure.canvas.draw()
    return figure


def boxes(figure, names):
    """Where the names stand inside the axes, in pixels."""
    return {
        text.get_text().replace("\n", " "): text.get_window_extent()
        for text in figure.axes[0].texts
        if text.get_text().replace("\n", " ") in names
    }


def in_legend(figure):
    return [text.get_text() for text in figure.texts if text.get_text() != "Title"]


GRID_FINE = np.linspace(0, 1, 2000)


def gap(axes, box, line):
    x, y = line.get_data()
    points = axes.transData.transform(np.column_stack([GRID_FINE, np.interp(GRID_FINE, x, y)]))
    across = np.maximum(np.maximum(box.x0 - points[:, 0], points[:, 0] - box.x1), 0)
    up = np.maximum(np.maximum(box.y0 - points[:, 1], points[:, 1] - box.y1), 0)
    return np.hypot(across, up).min()


def test_lines_apart_carry_their_names_and_need_no_legend():
    figure = drawn(falling_and_rising())
    axes, found = figure.axes[0], boxes(figure, ("Falling", "Rising"))
    assert set(found) == {"Falling", "Rising"}
    assert in_legend(figure) == []
    falling, rising = axes.lines
    for name, own, other in (("Falling", falling, rising), ("Rising", rising, falling)):
        away = gap(axes, found[name], own)
        assert 0 < away < 12 * figure.dpi / 72  # points
        assert gap(axes, found[name], other) > away + 5


def test_names_are_inside_the_drawing_and_apart_from_one_another():
    curves = [Series(f"Model number {k}", "line", GRID, GRID ** (0.2 * 2.2**k)) for k in range(4)]
    figure = drawn(draw(*curves))
    found = boxes(figure, [one.name for one in curves])
    if found:
        frame = figure.axes[0].get_window_extent()
        assert len(found) == len(curves)
        assert all(frame.x0 <= b.x0 and b.x1 <= frame.x1 + 8 and frame.y0 <= b.y0 for b in found.values())
        assert not any(a.overlaps(b) for a, b in combinations(found.values(), 2))
    assert bool(found) != bool(in_legend(figure))


def test_names_have_the_colours_of_their_lines_and_those_of_references_the_colour_of_ink():
    one = draw(Series("Chance", "reference", [0, 1], [0, 1]), Series("Model", "line", GRID, GRID**0.2))
    colours = {text.get_text(): text.get_color() for text in chart.figure(one).axes[0].texts if text.get_text() != "y"}
    assert colours == {"Chance": style.INK, "Model": style.mixed(style.PALETTE[0], style.INK)}
    drawing = chart.svg(one)
    assert f"color-mix(in srgb, var(--glmlr-1, {style.PALETTE[0]}) 65%, currentColor)" in drawing
    assert style.mixed(style.PALETTE[0], style.INK) not in drawing


@pytest.mark.parametrize(
    "one",
    [
        draw(Series("One", "line", GRID, GRID), Series("Other", "line", GRID, GRID + 0.001)),  # no place between
        draw(Series("One", "line", GRID, GRID**2), Series("Points", "points", GRID, GRID)),  # not lines alone
        draw(*(Series(f"Line {k}", "line", GRID, 0 * GRID + k / 6) for k in range(6))),  # too many
        draw(Series("A name of " + "many words " * 12, "line", GRID, GRID), Series("b", "line", GRID, GRID**2)),
    ],
    ids=["together", "points", "many", "long"],
)
def test_what_cannot_stand_beside_its_line_is_in_the_legend_with_all_others(one):
    figure = drawn(one)
    names = {series.name for series in one.series}
    assert not boxes(figure, names)
    assert len(in_legend(figure)) == len(names)


def test_a_legend_does_not_change_the_drawing_area():
    apart, together = falling_and_rising(), draw(*(Series(n, "line", GRID, GRID) for n in "ab"))
    sizes = [chart.figure(one).axes[0].get_window_extent() for one in (apart, together)]
    assert sizes[0].width == pytest.approx(sizes[1].width)
    assert sizes[0].height == pytest.approx(sizes[1].height)


def test_a_long_name_is_broken_over_lines_but_not_beside_its_equals_sign():
    name = "Rows of the fit and others, AUC = 0.746"
    one = draw(Series(name, "line", GRID, GRID**0.1))
    words = [text.get_text() for text in chart.figure(one).axes[0].texts if "fit" in text.get_text()]
    assert words == ["Rows of the fit and\nothers, AUC = 0.746"]


def test_a_thicket_has_no_names():
    rng = np.random.default_rng(0)
    figure = drawn(draw(Series("Noise", "line", np.linspace(0, 1, 50_000), rng.random(50_000))))
    assert in_legend(figure) == ["Noise"]


def test_references_of_different_names_differ_in_their_dashes():
    one = draw(
        Series("a", "reference", [0, 1], [0, 1]), Series("b", "reference", [0, 1], [1, 0]),
        Series("a", "reference", [0, 1], [0.5, 0.5]),
    )  # fmt: skip
    styles = [line._unscaled_dash_pattern for line in chart.figure(one).axes[0].lines]
    assert styles[0] == styles[2] != styles[1]


def test_names_beside_lines_are_the_same_bytes_each_time():
    pictures = []
    for _ in "ab":
        buffer = io.BytesIO()
        chart.figure(falling_and_rising()).savefig(buffer, metadata={"Software": None})
        pictures.append(buffer.getvalue())
    assert pictures[0] == pictures[1]
    assert chart.svg(falling_and_rising()) == chart.svg(falling_and_rising())


def test_a_single_point_carries_its_name_beside_it():
    one = draw(Series("Model", "line", GRID, GRID**0.2), Series("Chosen", "points", [0.5], [0.5**0.2]))
    figure = drawn(one)
    found = boxes(figure, ("Model", "Chosen"))
    assert set(found) == {"Model", "Chosen"}
    assert in_legend(figure) == []
    axes = figure.axes[0]
    x, y = axes.transData.transform((0.5, 0.5**0.2))
    box = found["Chosen"]
    across, up = max(box.x0 - x, x - box.x1, 0), max(box.y0 - y, y - box.y1, 0)
    assert 2 * 2 <= np.hypot(across, up) <= 12 * 2  # two pixels to a point
    assert gap(axes, box, axes.lines[0]) > 2


def test_spikes_leave_the_first_colours_to_what_stands_before_them():
    spikes = Series("Rows", "spikes", [0.5], [0.0], [0.0], [0.1])
    series = (spikes, Series("Fit", "line", GRID, GRID), Series("Seen", "points", [0.5], [0.5]))
    assert colours_of(series) == {0: style.PALETTE[2], 1: style.PALETTE[0], 2: style.PALETTE[1]}


@pytest.mark.parametrize("titled", [True, False])
def test_long_labels_of_axes_stay_on_the_sheet(titled):
    long = "Share of those asked who said that they would, of all who were asked and answered on the day"
    with chart._settings():
        figure = chart._figure(draw(Series("a", "line", GRID, GRID), x=Axis(long), y=Axis(long)), titled=titled)
    FigureCanvasAgg(figure).draw()
    across, up = figure.axes[0].xaxis.label, figure.axes[0].texts[0]
    for label in (across, up):
        assert label.get_text().replace("\n", " ") == long
        assert label.get_text().count("\n") >= 1
        box = label.get_window_extent()
        assert box.x0 >= -1
        assert box.x1 <= figure.bbox.width + 2
        assert box.y0 >= -1
        assert box.y1 <= figure.bbox.height + 1


def test_a_line_of_no_length_is_drawn_with_its_name_in_the_legend() -> None:
    """All scores are one: a curve begins where it ends, and there is no place beside it."""
    at, ends = np.array([0.5, 0.5]), np.array([0.0, 1.0])
    series = (Series("No length", "line", at, at), Series("Diagonal", "line", ends, ends))
    assert "No length" in Chart("k", "A point", series, Axis("x"), Axis("y"), alt="A point.").to_svg()
