"""Is a chart drawn into the axes of others as it should: our series, their type and frame, nothing of theirs lost?"""

import io
from itertools import pairwise

import matplotlib as mpl
import numpy as np
import pytest
from matplotlib import pyplot
from matplotlib.colors import to_hex
from matplotlib.figure import Figure

import glmlr
from glmlr.errors import OptionError
from glmlr.exhibits import Axis, Chart, Series, Table
from glmlr.registry import STATISTICS
from glmlr.render import style

UNIT = (0.0, 1.0)
GRID = np.linspace(0, 1, 50)


def roc(power=0.3, title="ROC curve", name="Model"):
    return Chart(
        "roc",
        title,
        (Series("Chance", "reference", [0, 1], [0, 1]), Series(name, "line", GRID, GRID**power)),
        Axis("1 − specificity", "percent", UNIT),
        Axis("Sensitivity", limits=UNIT),
    )


def forest():
    ratio = np.array([0.5, 1.0, 2.0])
    shown = Series("", "intervals", ratio, np.arange(3.0), ratio / 2, ratio * 2, labels=("0.5", "1.0", "2.0"))
    return Chart("forest", "Odds ratios", (shown,), Axis("Odds ratio", "log"), Axis("", categories=("a", "b", "$c$")))


def empty(**settings):
    return Figure(**settings).subplots()


def words(legend):
    return [text.get_text() for text in legend.get_texts()]


def test_it_draws_into_the_axes_and_gives_them():
    ax = empty()
    assert roc().plot(ax=ax) is ax
    chance, model = ax.lines
    np.testing.assert_array_equal(model.get_xydata(), np.column_stack([GRID, GRID**0.3]))
    assert chance.get_xydata().tolist() == [[0, 0], [1, 1]]
    assert (ax.get_xlim(), ax.get_ylim()) == (UNIT, UNIT)
    assert (ax.get_xlabel(), ax.get_ylabel(), ax.get_title()) == ("1 − specificity", "Sensitivity", "ROC curve")
    assert [tick.get_text() for tick in ax.get_xticklabels()] == ["0%", "20%", "40%", "60%", "80%", "100%"]
    assert words(ax.get_legend()) == ["Chance", "Model"]
    assert ax.get_box_aspect() == 1


def test_the_series_look_as_in_a_report():
    ours, theirs = roc().figure().axes[0], roc().plot(ax=empty())
    for one, other in zip(ours.lines, theirs.lines, strict=True):
        assert one.get_linewidth() == other.get_linewidth()
        assert to_hex(one.get_color()) == to_hex(other.get_color()) or one is ours.lines[0]
    assert to_hex(theirs.lines[0].get_color()) == to_hex(mpl.rcParams["text.color"])


def test_rows_named_on_the_left_read_from_the_top():
    ax = forest().plot(ax=empty())
    assert [tick.get_text() for tick in ax.get_yticklabels()] == ["a", "b", "$c$"]
    assert ax.get_ylim() == (2.5, -0.5)
    assert ax.get_xscale() == "log"
    assert ax.get_legend() is None
    assert {"0.5", "1.0", "2.0"} <= {text.get_text() for text in ax.texts}


def test_their_settings_decide_on_type_and_frame_and_stay_as_they_are():
    with mpl.rc_context({"font.size": 17.0, "axes.spines.right": False, "axes.grid": True, "lines.marker": "x"}):
        before = dict(mpl.rcParams)
        ax = roc().plot(ax=empty())
        assert dict(mpl.rcParams) == before
        assert ax.xaxis.label.get_size() == 17.0
        assert {tick.get_size() for tick in ax.get_xticklabels()} == {17.0}
        assert not ax.spines["right"].get_visible()
        assert ax.spines["top"].get_visible()
        assert {line.get_marker() for line in ax.lines} == {""}


@pytest.mark.parametrize("wide", [2.0, 4.0, 12.0])
def test_marks_stand_apart_in_axes_of_any_size(wide):
    figure = Figure(figsize=(wide, wide))
    ax = roc().plot(ax=figure.subplots())
    figure.canvas.draw()
    across = [tick.get_window_extent() for tick in ax.get_xticklabels()]
    up = [tick.get_window_extent() for tick in ax.get_yticklabels()]
    assert len(across) >= 2
    assert len(up) >= 2
    assert all(a.x1 < b.x0 for a, b in pairwise(across))
    assert all(a.y1 < b.y0 for a, b in pairwise(up))


def test_on_a_dark_ground_the_colours_are_those_for_the_dark():
    with mpl.rc_context(), pyplot.style.context("dark_background"):
        ax = roc().plot(ax=empty())
    assert to_hex(ax.lines[1].get_color()) == style.DARK_PALETTE[0]
    assert to_hex(ax.lines[0].get_color()) == "#ffffff"
    assert to_hex(roc().plot(ax=empty()).lines[1].get_color()) == style.PALETTE[0]


def test_a_second_chart_has_free_colours_and_references_are_named_once():
    ax = empty()
    ax.plot([0, 1], [0, 0], label="mine", color=style.PALETTE[1])
    roc().plot(ax=ax)
    roc(0.6, "Another", "Second").plot(ax=ax)
    colours = [to_hex(line.get_color()) for line in ax.lines]
    assert colours[2::2] == [style.PALETTE[0], style.PALETTE[2]]
    assert words(ax.get_legend()) == ["mine", "Chance", "Model", "Second"]
    assert ax.get_title() == "ROC curve"


def test_a_legend_called_for_again_has_the_same_names_and_no_mathematics():
    one = roc(name="$a$ _b")
    ax = one.plot(ax=empty())
    assert not any(text.get_parse_math() for text in ax.get_legend().get_texts())
    assert words(ax.legend()) == ["Chance", "$a$ _b"]
    hidden = roc(name="_hidden").plot(ax=empty())
    assert [text.strip() for text in words(hidden.get_legend())] == ["Chance", "_hidden"]


@pytest.mark.filterwarnings("ignore:Glyph .* missing")  # whoever saves the figure has chosen its font
def test_every_name_can_be_drawn(nasty):
    for name in nasty:
        ax = roc(title=name, name=name).plot(ax=empty())
        ax.figure.savefig(io.BytesIO(), format="svg")


def test_labels_stay_beside_their_points_when_the_axes_move():
    one = Chart("k", "T", (Series("", "points", [0.2, 0.8], [0.3, 0.9], labels=("p", "q")),), Axis("x"), Axis("y"))
    figure = Figure(figsize=(6, 4))
    ax = one.plot(ax=figure.subplots())
    ax.set_position([0.5, 0.5, 0.3, 0.3])
    figure.set_size_inches(12, 9)
    for text, point in zip(ax.texts, ((0.2, 0.3), (0.8, 0.9)), strict=True):
        box, (x, y) = text.get_window_extent(), ax.transData.transform(point)
        across, up = max(box.x0 - x, x - box.x1, 0), max(box.y0 - y, y - box.y1, 0)
        assert np.hypot(across, up) < 15 * figure.dpi / 72


def test_the_legend_is_in_the_order_of_the_chart():
    parts = (
        Series("Bars", "bars", [0, 1], [1, 2]),
        Series("Points", "points", [0], [1]),
        Series("Line", "line", [0, 1], [1, 2]),
    )
    ax = Chart("k", "T", parts, Axis("x"), Axis("y")).plot(ax=empty())
    assert words(ax.get_legend()) == ["Bars", "Points", "Line"]


def test_panels_of_one_figure_do_not_disturb_one_another():
    figure = Figure(figsize=(9, 7), layout="constrained")
    panels = figure.subplots(2, 2).ravel()
    for ax, one in zip(panels, (roc(), forest(), roc(0.5), forest()), strict=True):
        one.plot(ax=ax)
    figure.savefig(io.BytesIO())
    boxes = [ax.get_tightbbox() for ax in panels]
    assert not any(a.overlaps(b) for i, a in enumerate(boxes) for b in boxes[i + 1 :])


def test_without_axes_it_is_a_figure_that_pyplot_shows():
    before = pyplot.get_fignums()
    ax = roc().plot()
    assert len(pyplot.get_fignums()) == len(before) + 1
    assert pyplot.gcf() is ax.figure
    assert ax.figure.get_size_inches() == pytest.approx(roc().figure().get_size_inches())
    pyplot.close(ax.figure)


def test_tables_draw_their_charts_by_key():
    both = Table("t", "T", roc().frame, {}, charts=(roc(), forest()))
    assert both.plot(ax=empty()).get_title() == "ROC curve"
    assert both.plot("forest", ax=empty()).get_title() == "Odds ratios"
    with pytest.raises(OptionError, match="has no chart 'gains'"):
        both.plot("gains", ax=empty())


def test_long_titles_are_broken_at_the_width_of_the_axes():
    long = roc(title="A rather long title of a chart that says more than the narrow axes below it can hold")
    figure = Figure(figsize=(4, 4))
    ax = long.plot(ax=figure.subplots())
    figure.canvas.draw()
    assert ax.title.get_window_extent().width <= 1.2 * ax.get_window_extent().width


@pytest.mark.parametrize(
    ("ax", "message"),
    [
        ("roc", "ax= is a str; give matplotlib Axes"),
        (Figure(), "ax= is a Figure"),
        (Figure().add_subplot(projection="polar"), "ax= is polar axes"),
        (np.array([1.0]), "ax= is a ndarray"),
    ],
)
def test_what_is_not_straight_axes_is_refused(ax, message):
    with pytest.raises(OptionError, match=message):
        roc().plot(ax=ax)


def charts(table):
    yield from table.charts
    for companion in table.tables:
        yield from charts(companion)


@pytest.mark.parametrize("key", [key for key, record in STATISTICS.items() if record.on in ("fit", "scores")])
def test_every_chart_of_a_fit_is_drawn_into_axes_and_framed(key):
    fit = glmlr.fit("low ~ age + lwt + smoke + ht", glmlr.datasets.load("birthwt"))
    try:
        table = STATISTICS[key].function(fit)
    except glmlr.errors.NotApplicable:
        return
    for one in charts(table):
        ax = one.plot(ax=empty())
        ax.figure.savefig(io.BytesIO())
        assert ax.get_title().replace("\n", " ") == one.title
        assert len(one.frame) == sum(series.x.size for series in one.series)
        named = list(dict.fromkeys(series.name for series in one.series if series.name))
        if len(named) > 1:
            assert words(ax.get_legend()) == named
