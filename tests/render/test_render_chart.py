"""Is every kind of series drawn, at the right place, on every scale, whatever the numbers and names?"""

import io
import re
import subprocess
import sys
from dataclasses import replace
from itertools import pairwise
from xml.etree import ElementTree

import matplotlib as mpl
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from matplotlib.collections import PathCollection
from scipy.special import ndtr, ndtri

from glmlr.errors import OptionError
from glmlr.exhibits import Axis, Chart, Series
from glmlr.render import chart, scales
from glmlr.render.grid import clean
from glmlr.render.sheet import colours_of
from glmlr.render.style import PALETTE

UNIT = (0.0, 1.0)
SVG = "{http://www.w3.org/2000/svg}"


def draw(*series, x=None, y=None, **more):
    return Chart("key", "Title", series, x or Axis("x"), y or Axis("y"), **more)


def texts(drawing):
    return ["".join(element.itertext()) for element in ElementTree.fromstring(drawing).iter(f"{SVG}text")]


def axes(one):
    return chart.figure(one).axes[0]


# ---------------------------------------------------------------------------------------------------------------- names


def test_every_name_is_text_as_it_is(nasty):
    for name in nasty:
        one = draw(
            Series(name, "points", [1.0], [1.0], labels=(name[:18],)), Series("other", "line", [0.0, 2.0], [0.0, 2.0]),
            x=Axis(name), y=Axis(name), alt=name,
        )  # fmt: skip
        drawn = texts(chart.svg(one))
        assert drawn.count(clean(name).strip()) >= 2 or drawn.count(clean(name)) >= 2, (name, drawn)


def test_long_names_of_categories_are_cut_with_an_ellipsis():
    one = draw(Series("", "bars", [1.0], [0.0]), y=Axis("", categories=("word " * 40,)))
    drawn = texts(chart.svg(one))
    assert any(words.endswith("…") for words in drawn)


def test_a_dollar_is_no_mathematics_in_a_figure_drawn_later():
    one = draw(Series("$a$", "line", [0, 1], [0, 1]), x=Axis("$x_1$"), y=Axis("$\\frac{$", categories=("$p$", "$\\q$")))
    chart.figure(one).savefig(io.BytesIO(), format="png")
    assert {"$p$", "$\\q$", "$x_1$", "$\\frac{$", "$a$"} <= set(texts(chart.svg(one)))


# ------------------------------------------------------------------------------------------------------------- the file


def test_an_element_speaks_and_follows_the_page():
    drawing = chart.svg(draw(Series("", "line", [0, 1], [0, 1]), alt="It rises."))
    root = ElementTree.fromstring(drawing)
    assert root.get("role") == "img"
    assert root.find(f"{SVG}title").text == "Title"
    assert root.find(f"{SVG}desc").text == "It rises."
    assert root.get("aria-labelledby").split() == [root.find(f"{SVG}{tag}").get("id") for tag in ("title", "desc")]
    assert "max-width:100%" in root.get("style")
    assert not re.search("font-family|DejaVu|metadata|<style", drawing)


def test_ids_begin_with_the_prefix_and_are_unique_on_a_page():
    one, other = draw(Series("a", "points", [0, 1], [0, 1])), draw(Series("b", "points", [0, 1], [0, 2]))
    ids = [re.findall(r'id="([^"]+)"', drawing) for drawing in (chart.svg(one), chart.svg(other))]
    assert len(set(ids[0] + ids[1])) == len(ids[0] + ids[1])
    assert all(name.startswith("mine") for name in re.findall(r'id="([^"]+)"', chart.svg(one, prefix="mine")))


def test_the_same_chart_gives_the_same_bytes_in_another_process():
    script = (
        "from glmlr.exhibits import *\nfrom glmlr.render import chart\nimport hashlib\n"
        "s = (Series('a','points',[0,1],[0,1],labels=('p','q')), Series('b','step',[0,1],[1,0]))\n"
        "print(hashlib.sha256(chart.svg(Chart('k','t',s,Axis('x'),Axis('y'))).encode()).hexdigest())"
    )
    runs = {
        subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True).stdout for _ in "ab"
    }
    assert len(runs) == 1


def test_the_users_settings_neither_matter_nor_change():
    one = draw(Series("a", "line", [0, 1], [0, 1]), Series("b", "bars", [0, 1], [1, 2]))
    before, plain = dict(mpl.rcParams), chart.svg(one)
    with mpl.rc_context(
        {"lines.linestyle": ":", "axes.grid": True, "font.size": 30, "svg.fonttype": "path", "xtick.top": True}
    ):
        assert chart.svg(one) == plain
        assert mpl.rcParams["font.size"] == 30
    assert dict(mpl.rcParams) == before


def test_nothing_enters_the_global_list_of_figures():
    pyplot = pytest.importorskip("matplotlib.pyplot")
    before = pyplot.get_fignums()
    chart.figure(draw(Series("", "line", [0, 1], [0, 1])))
    assert pyplot.get_fignums() == before


# ------------------------------------------------------------------------------------------------------------- the axes


@pytest.mark.parametrize(
    ("axis", "ends", "labels"),
    [
        # Round numbers chosen by hand.
        (Axis("x"), (0.0, 1.0), ["0.0", "0.2", "0.4", "0.6", "0.8", "1.0"]),
        (Axis("x"), (-2.1, 0.3), ["−2.0", "−1.5", "−1.0", "−0.5", "0.0"]),
        (Axis("x"), (0.0, 1_250_000.0), ["0", "250,000", "500,000", "750,000", "1,000,000", "1,250,000"]),
        (Axis("x", "percent"), (0.0, 1.0), ["0%", "20%", "40%", "60%", "80%", "100%"]),
        (Axis("x", "percent"), (0.0, 0.02), ["0.0%", "0.5%", "1.0%", "1.5%", "2.0%"]),
        (Axis("x", "log"), (0.4, 12.0), ["0.5", "1", "2", "5", "10"]),
        (Axis("x", "log"), (0.65, 2.7), ["0.7", "1", "1.5", "2"]),
        (Axis("x", "log"), (1.2e7, 6e7), ["1.5×10⁷", "2×10⁷", "3×10⁷", "5×10⁷"]),
        (Axis("x", "log"), (0.85, 1.3), ["0.9", "1.0", "1.1", "1.2", "1.3"]),
        (Axis("x", "log"), (0.02, 300.0), ["0.1", "1", "10", "100"]),
        (Axis("x", "log"), (1e-9, 1e9), ["10⁻⁹", "10⁻⁶", "0.001", "1", "1,000", "10⁶", "10⁹"]),
        (Axis("x", categories=("a", "b")), (-0.5, 1.5), ["a", "b"]),
        (Axis("x", "probit"), (0.001, 0.8), ["0.1%", "1%", "5%", "20%", "40%", "60%", "80%"]),
        (Axis("x", "probit"), (0.001, 0.999), ["0.1%", "1%", "10%", "50%", "90%", "99%", "99.9%"]),
        (Axis("x", "probit"), (1e-5, 0.6), ["0.01%", "0.1%", "1%", "5%", "20%", "40%", "60%"]),
        (Axis("x", "probit"), (0.2, 0.4), ["20%", "30%", "40%"]),
    ],
)
def test_marks_are_round_numbers(axis, ends, labels):
    assert [tick.label for tick in scales.ticks(axis, ends)] == labels


@given(st.floats(-1e6, 1e6), st.floats(1e-6, 1e6))
def test_linear_marks_stand_where_they_say(low, wide):
    marks = scales.ticks(Axis("x"), (low, low + wide))
    assert 2 <= len(marks) <= 12
    step = marks[1].position - marks[0].position
    slack = 1e-6 * wide + 4 * np.spacing(abs(low) + wide)  # a position is a float and cannot be nearer than that
    for mark in marks:
        assert low - slack <= mark.position <= low + wide + slack
        assert abs(float(mark.label.replace("−", "-").replace(",", "")) - mark.position) <= 1e-6 * step + 1e-9 * abs(
            low
        )


@given(st.floats(-8, 8), st.floats(0.7, 12))
def test_log_marks_are_not_crowded(start, decades):
    marks = scales.ticks(Axis("x", "log"), (10**start, 10 ** (start + decades)))
    assert 1 <= len(marks) <= 9


def test_a_probit_axis_is_even_in_normal_deviates():
    # Two normal scores one apart have ROC curves that are straight lines in deviates: 1 - power = Phi(1 - z).
    deviates = np.linspace(-2, 2, 9)
    one = draw(Series("", "line", ndtr(deviates), ndtr(1 - deviates)), x=Axis("", "probit"), y=Axis("", "probit"))
    drawn = axes(one)
    places = drawn.transData.transform(drawn.lines[0].get_xydata())
    steps = np.diff(places, axis=0)
    np.testing.assert_allclose(steps, np.broadcast_to(steps[0], steps.shape), rtol=1e-9)
    ends = ndtri(np.array(scales.limits(one, "x")))
    np.testing.assert_allclose(ends, [-2.16, 2.16])  # 4 % of 4 on each side
    box = drawn.get_window_extent()
    assert box.width == pytest.approx(box.height)


def test_shares_of_zero_and_one_are_arrows_or_gaps_on_a_probit_axis():
    at = np.array([0.0, 0.1, 0.5, 1.0])
    both = Axis("", "probit", (0.01, 0.9))
    drawn = axes(draw(Series("a", "line", at, at[::-1]), Series("b", "points", at, np.full(4, 0.5)), x=both, y=both))
    np.testing.assert_array_equal(drawn.lines[0].get_xydata()[:, 0], [np.nan, 0.1, 0.5, np.nan])
    spots = [one.get_offsets().tolist() for one in drawn.collections]
    assert spots == [[[0.1, 0.5], [0.5, 0.5]], [[0.01, 0.5]], [[0.9, 0.5]]]


def test_a_reference_reaches_the_corners_of_a_probit_axis():
    both = Axis("", "probit", (0.001, 0.6))
    line = axes(draw(Series("Chance", "reference", [0, 1], [1, 0]), x=both, y=both)).lines[0]
    deviates = ndtri(line.get_xydata())
    np.testing.assert_allclose(deviates.sum(axis=1), 0, atol=1e-9)  # z of y is -z of x all along
    assert (np.abs(deviates) > 8).all()


def test_zero_is_an_arrow_on_a_logarithmic_axis():
    drawn = axes(draw(Series("", "points", [0.0, 1.0], [1.0, 1.0]), x=Axis("", "log", (0.1, 10.0))))
    assert [one.get_offsets().tolist() for one in drawn.collections] == [[[1.0, 1.0]], [[0.1, 1.0]]]


def test_limits_are_those_asked_for_the_categories_or_the_data_with_room():
    points = Series("", "points", [1.0, 3.0, np.nan, np.inf], [0.0, 1.0, 0.5, 0.5])
    one = draw(points, x=Axis("x"), y=Axis("y", limits=(-1.0, 2.0)))
    assert scales.limits(one, "x") == pytest.approx((0.9, 3.1))  # 5 % of 2 on each side
    assert scales.limits(one, "y") == (-1.0, 2.0)
    assert scales.limits(draw(points, x=Axis("x", categories=("a", "b", "c"))), "x") == (-0.5, 2.5)


def test_markers_at_zero_keep_their_distance_from_the_axis_beside_them():
    at = Series("", "points", [0.0, 3.0], [0.0, 1.0])
    assert scales.limits(draw(at), "x") == pytest.approx((-0.15, 3.15))  # 5 % of 3 on each side
    assert scales.limits(draw(at), "y") == pytest.approx((0.0, 1.05))  # a floor of zero stays one
    assert scales.limits(draw(replace(at, kind="line")), "x")[0] == 0.0


def test_markers_at_the_edge_are_whole_and_those_beyond_it_are_not_drawn():
    series = (
        Series("a", "points", [0.5, 0.5], [0.0, 1.5]),
        Series("b", "intervals", [0.2, 2.0], [0.0, 0.5], [0.0, 0.1], [0.1, 0.9]),
    )
    drawn = axes(draw(*series, x=Axis("", limits=UNIT), y=Axis("", limits=UNIT)))
    points = [one for one in drawn.collections if isinstance(one, PathCollection)]
    assert sorted(one.get_offsets().tolist()[0] for one in points) == [[0.2, 0.0], [0.5, 0.0]]
    assert not any(one.get_clip_on() for one in drawn.collections)


def test_a_line_is_cut_only_where_it_leaves_the_drawing():
    inside, across = Series("", "line", [0, 1], [0, 1]), Series("", "line", [0, 1], [0, 2])
    lines = axes(draw(inside, across, x=Axis("", limits=UNIT), y=Axis("", limits=UNIT))).lines
    assert [line.get_clip_on() for line in lines] == [False, True]


def test_the_marks_of_a_forest_plot_do_not_meet():
    names = tuple(f"a rather long name of row {i}" for i in range(3))
    ratio = np.array([0.1, 1.0, 20.0])
    label = ("0.100 (0.010–123,456.789)",) * 3
    forest = draw(
        Series("", "intervals", ratio, np.arange(3.0), ratio / 2, ratio * 2, labels=label),
        x=Axis("Odds ratio", "log"),
        y=Axis("", categories=names),
    )
    figure = chart.figure(forest)
    figure.canvas.draw()
    boxes = [one.get_window_extent() for one in figure.axes[0].get_xticklabels()]
    assert len(boxes) >= 3
    assert all(before.x1 < after.x0 for before, after in pairwise(boxes))
    assert figure.axes[0].get_window_extent().width / figure.dpi * 72 >= 200.0
    assert chart.is_wide(forest)


def test_bars_begin_at_zero_and_shares_end_at_one():
    one = draw(Series("", "bars", [1, 2, 3], [0.5, 0.8, 1.0]), y=Axis("y", "percent"))
    assert scales.limits(one, "y") == (0.0, 1.0)


def test_one_endless_interval_does_not_flatten_the_others():
    low, high = np.array([0.5, 0.8, 1e-9]), np.array([2.0, 3.0, 1e9])
    one = draw(
        Series("", "intervals", [1.0, 1.5, 1.0], [0, 1, 2], low, high),
        x=Axis("x", "log"),
        y=Axis("", categories=tuple("abc")),
    )
    ends = scales.limits(one, "x")
    assert ends[0] < 0.5 < 3.0 < ends[1] < 1e3


def test_shares_of_one_against_shares_of_one_are_square():
    one = draw(Series("", "line", [0, 1], [0, 1]), x=Axis("x", "percent", UNIT), y=Axis("y", limits=UNIT))
    box = axes(one).get_window_extent()
    assert box.width == pytest.approx(box.height)


def test_a_forest_grows_by_its_rows_and_reads_from_the_top():
    def forest(rows):
        values = np.ones(rows)
        series = Series("", "intervals", values, np.arange(rows), values / 2, values * 2)
        return axes(
            draw(series, x=Axis("Odds ratio", "log"), y=Axis("", categories=tuple(f"x{i}" for i in range(rows))))
        )

    ten, thirty = forest(10), forest(30)
    assert thirty.get_window_extent().height == pytest.approx(3 * ten.get_window_extent().height)
    assert ten.transData.transform((1, 0))[1] > ten.transData.transform((1, 9))[1]


# ----------------------------------------------------------------------------------------------------------- the series


def test_a_line_is_drawn_through_its_points():
    line = axes(draw(Series("a", "line", [0, 1, 2], [5, np.nan, 7]))).lines[0]
    np.testing.assert_array_equal(line.get_xydata(), [[0, 5], [1, np.nan], [2, 7]])


def test_a_step_holds_its_value_until_the_next_point():
    line = axes(draw(Series("a", "step", [0, 1, 2], [5, 6, 7]))).lines[0]
    np.testing.assert_array_equal(line.get_xydata(), [[0, 5], [1, 5], [1, 6], [2, 6], [2, 7]])


def test_bars_stand_side_by_side_and_lie_on_named_rows():
    standing = axes(
        draw(
            Series("a", "bars", [0, 1], [2, 3]), Series("b", "bars", [0, 1], [4, 5]), x=Axis("", categories=("p", "q"))
        )
    )
    boxes = [patch.get_bbox() for patch in standing.patches]
    assert [box.height for box in boxes] == [2, 3, 4, 5]
    assert boxes[0].x1 == pytest.approx(boxes[2].x0)
    assert (boxes[0].x0 + boxes[2].x1) / 2 == pytest.approx(0)
    lying = axes(draw(Series("a", "bars", [2, 3], [0, 1]), y=Axis("", categories=("p", "q"))))
    assert [patch.get_width() for patch in lying.patches] == [2, 3]


def test_intervals_stand_or_lie_with_arrows_where_they_go_on():
    low, high = [0.5, -np.inf], [np.inf, 2.0]
    lying = axes(
        draw(
            Series("", "intervals", [1, 1], [0, 1], low, high),
            x=Axis("", limits=(0.0, 3.0)),
            y=Axis("", categories=("p", "q")),
        )
    )
    bars = [segment.tolist() for segment in lying.collections[0].get_segments()]
    assert bars == [[[0.5, 0.0], [3.0, 0.0]], [[0.0, 1.0], [2.0, 1.0]]]
    arrows = [collection.get_offsets().tolist() for collection in lying.collections[1:3]]
    assert sorted(arrows) == [[[0.0, 1.0]], [[3.0, 0.0]]]
    standing = axes(draw(Series("", "intervals", [1], [1], [0.5], [2])))
    assert standing.collections[0].get_segments()[0].tolist() == [[1.0, 0.5], [1.0, 2.0]]


def test_a_point_at_infinity_is_an_arrow_at_the_edge():
    drawn = axes(
        draw(Series("", "points", [0.5, 0.7], [np.inf, 0.5]), x=Axis("", limits=UNIT), y=Axis("", limits=UNIT))
    )
    offsets = [collection.get_offsets().tolist() for collection in drawn.collections]
    assert offsets == [[[0.7, 0.5]], [[0.5, 1.0]]]


def test_a_reference_of_one_point_goes_right_across():
    down = axes(
        draw(Series("", "reference", [1.0], [0.0]), x=Axis("", limits=(0.0, 2.0)), y=Axis("", categories=("p", "q")))
    )
    assert sorted(down.lines[0].get_ydata()) == [-0.5, 1.5]
    across = axes(draw(Series("", "reference", [0.0], [1.0]), x=Axis("", limits=(0.0, 2.0))))
    assert across.lines[0].get_xydata().tolist() == [[0.0, 1.0], [2.0, 1.0]]
    upright = axes(
        draw(Series("", "reference", [1.0], [np.nan]), x=Axis("", limits=(0.0, 2.0)), y=Axis("", limits=UNIT))
    )
    assert upright.lines[0].get_xydata().tolist() == [[1.0, 0.0], [1.0, 1.0]]


def test_a_reference_between_two_points_stays_between_them():
    gap = axes(
        draw(Series("KS", "reference", [0.3, 0.3], [0.2, 0.7]), x=Axis("", limits=UNIT), y=Axis("", limits=UNIT))
    )
    assert gap.lines[0].get_xydata().tolist() == [[0.3, 0.2], [0.3, 0.7]]


def test_a_band_is_cut_at_the_edge():
    band = axes(draw(Series("", "band", [0, 1], [0, 0], [-np.inf, -1], [1, np.inf]), y=Axis("", limits=(-2.0, 2.0))))
    heights = band.collections[0].get_paths()[0].vertices[:, 1]
    assert (heights.min(), heights.max()) == (-2.0, 2.0)


def test_spikes_go_from_low_to_high_and_count_for_the_limits():
    one = Series("n", "spikes", [0.1, 0.2, np.nan], [0, 0, 0], [0, -1, 0], [2, 1, 5])
    standing = axes(draw(one))
    segments = [segment.tolist() for segment in standing.collections[0].get_segments()]
    assert segments == [[[0.1, 0.0], [0.1, 2.0]], [[0.2, -1.0], [0.2, 1.0]]]
    assert scales.limits(draw(replace(one, x=[0.1, 0.2, 0.3])), "y") == pytest.approx((-1.3, 5.3))  # 5 % of 6
    lying = axes(draw(replace(one, x=[0, 0, 0], y=[0, 1, np.nan]), y=Axis("", categories=("p", "q"))))
    segments = [segment.tolist() for segment in lying.collections[0].get_segments()]
    assert segments == [[[0.0, 0.0], [2.0, 0.0]], [[-1.0, 1.0], [1.0, 1.0]]]


def test_one_name_one_colour_and_a_nameless_band_goes_with_its_line():
    empty = np.empty(0)
    band = Series("", "band", empty, empty, empty, empty)
    fitted, observed = Series("Fitted", "line", empty, empty), Series("Observed", "points", empty, empty)
    reference = Series("", "reference", empty, empty)
    assert colours_of((reference, band, fitted, observed, fitted)) == {
        1: PALETTE[0],
        2: PALETTE[0],
        3: PALETTE[1],
        4: PALETTE[0],
    }
    assert colours_of((fitted, band)) == {0: PALETTE[0], 1: PALETTE[0]}


def test_the_legend_names_everything_once_but_not_what_the_axis_says():
    both = draw(
        Series("a", "line", [0, 1], [0, 1]),
        Series("a", "band", [0, 1], [0, 1], [0, 1], [1, 2]),
        Series("_b", "points", [0], [0]),
    )
    drawn = texts(chart.svg(both))
    assert (drawn.count("a"), drawn.count("_b")) == (1, 1)
    assert texts(chart.svg(draw(Series("Lift", "line", [0, 1], [0, 1]), y=Axis("Lift")))).count("Lift") == 1


def test_labels_do_not_cover_one_another():
    one = draw(Series("", "points", [0, 0.02, 0.04], [0, 0, 0], labels=("first", "second", "third")))
    figure = chart.figure(one)
    figure.canvas.draw()
    boxes = [
        text.get_window_extent() for text in figure.axes[0].texts if text.get_text() in ("first", "second", "third")
    ]
    assert boxes
    assert not any(a.overlaps(b) for i, a in enumerate(boxes) for b in boxes[i + 1 :])


def test_many_points_are_a_picture_of_bounded_size():
    rng = np.random.default_rng(0)
    drawing = chart.svg(draw(Series("", "points", rng.normal(size=20_000), rng.normal(size=20_000))))
    assert "<image" in drawing
    assert len(drawing) < 400_000


VALUES = st.sampled_from([0.0, 1.0, -1.0, 0.5, 100.0, 1e-9, 1e300, np.nan, np.inf, -np.inf])
KINDS = ["line", "step", "points", "bars", "intervals", "band", "spikes", "tiles", "reference"]


@st.composite
def any_series(drawn):
    size = drawn(st.sampled_from([0, 1, 2, 4]))
    x, y, low, high, weight = (drawn(st.lists(VALUES, min_size=size, max_size=size)) for _ in range(5))
    labels = tuple(drawn(st.lists(st.sampled_from(["", "a", "$_b"]), min_size=size, max_size=size)))
    return Series(
        drawn(st.sampled_from(["", "a", "_b"])), drawn(st.sampled_from(KINDS)), x, y, low, high, weight, labels
    )


@st.composite
def any_axis(drawn):
    try:
        return Axis(
            "label",
            drawn(st.sampled_from(["linear", "log", "percent", "probit"])),
            drawn(st.sampled_from([None, UNIT, (0.5, 3.0), (0.01, 0.9)])),
            drawn(st.sampled_from([None, (), ("p",), ("p", "q" * 30, "r")])),
        )
    except OptionError:
        return Axis("label")


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(any_series(), max_size=4), any_axis(), any_axis())
def test_anything_that_can_be_said_can_be_drawn_without_a_warning(series, x, y):
    ElementTree.fromstring(chart.svg(draw(*series, x=x, y=y)))
