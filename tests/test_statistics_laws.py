"""Do the laws hold for every statistic on record, for every link? A new statistic is tested here by being recorded."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from typing import Any

import numpy as np
import pandas as pd
import pytest
from witnesses import read_data

import glmlr
from glmlr.digits import ROLES
from glmlr.errors import NotApplicable
from glmlr.exhibits import Chart, Table
from glmlr.registry import SECTIONS, STATISTICS

LINKS = ("logit", "probit", "cloglog")
FORMULA = "low ~ age + lwt + C(race) + smoke + ht"

#: What counts the rows of the data as they were given, or names them by their index, and so tells a repeated row from
#: a row of weight two.
COUNTS_ROWS_READ = {"response_profile", "diagnostics"}

#: What there is only where class weights made two scales of probabilities, see tests/test_weight_laws.py.
OF_CLASS_WEIGHTS = {"intercepts"}

#: What there is only where the rows are separated, see tests/statistics/test_separation_table.py.
OF_SEPARATED_ROWS = {"separation_table"}

#: What there is under one link other than the logit.
OF_ANOTHER_LINK = {"hazard_ratios": "cloglog"}

#: What speaks of fitted probabilities and not of the predictors.
OF_PROBABILITIES = {key for key, record in STATISTICS.items() if record.on == "scores" or record.section == "goodness"}

every_statistic = pytest.mark.parametrize("key", sorted(STATISTICS))
every_link = pytest.mark.parametrize("link", LINKS)
#: For what draws and prints everything: one link that has the statistic, the other links with the slow tests.
one_link_first = pytest.mark.parametrize(
    ("key", "link"),
    [
        pytest.param(key, link, marks=() if link == OF_ANOTHER_LINK.get(key, "logit") else pytest.mark.slow)
        for key in sorted(STATISTICS)
        for link in LINKS
    ],
)


@cache
def fitted(link: str) -> glmlr.Fit:
    return glmlr.fit(FORMULA, read_data("birthwt"), link=link)


def of(fit: glmlr.Fit, key: str) -> Table | str:
    """Give the statistic, or why this fit does not have it."""
    try:
        return getattr(fit, key)()
    except NotApplicable as reason:
        return str(reason)


def family(table: Table) -> Iterator[Table]:
    yield table
    for companion in table.tables:
        yield from family(companion)


def same_tables(one: Table | str, other: Table | str, rtol: float) -> None:
    """Every number of the table and its companions is the same; text is equal."""
    if isinstance(one, str) or isinstance(other, str):
        assert one == other
        return
    for mine, theirs in zip(family(one), family(other), strict=True):
        assert list(mine.frame.columns) == list(theirs.frame.columns)
        for column in mine.frame.columns:
            same_values(mine.frame[column], theirs.frame[column], rtol, f"{mine.key}.{column}")


def same_values(one: pd.Series, other: pd.Series, rtol: float, where: str) -> None:
    if pd.api.types.is_numeric_dtype(one.dtype):
        numbers = one.to_numpy(dtype=float, na_value=np.nan), other.to_numpy(dtype=float, na_value=np.nan)
        np.testing.assert_allclose(*numbers, rtol=rtol, atol=rtol, err_msg=where)
    else:
        assert one.astype(object).where(one.notna(), None).tolist() == (
            other.astype(object).where(other.notna(), None).tolist()
        ), where


@every_link
@pytest.mark.parametrize("key", sorted(STATISTICS.keys() - COUNTS_ROWS_READ))
def test_a_row_repeated_is_a_row_of_weight_two(key: str, link: str) -> None:
    data = read_data("birthwt")
    times = np.resize([1, 2, 3], len(data))
    repeated = data.loc[data.index.repeat(times)].reset_index(drop=True)
    one = glmlr.fit(FORMULA, data, link=link, freq_weights=times)
    other = glmlr.fit(FORMULA, repeated, link=link)
    same_tables(of(one, key), of(other, key), 1e-8)


@every_link
@every_statistic
def test_the_order_of_rows_does_not_matter(key: str, link: str) -> None:
    shuffled = read_data("birthwt").sample(frac=1.0, random_state=11)
    same_tables(of(fitted(link), key), of(glmlr.fit(FORMULA, shuffled, link=link), key), 1e-9)


@every_link
@pytest.mark.parametrize("key", sorted(OF_PROBABILITIES))
def test_units_of_a_predictor_do_not_matter_to_what_is_said_of_probabilities(key: str, link: str) -> None:
    data = read_data("birthwt")
    kilograms = glmlr.fit(FORMULA, data.assign(lwt=data["lwt"] * 0.45359237), link=link)
    same_tables(of(fitted(link), key), of(kilograms, key), 1e-8)


@every_statistic
def test_asking_twice_gives_the_same_and_changes_nothing(key: str) -> None:
    data = read_data("birthwt")
    before = data.copy()
    fit = glmlr.fit(FORMULA, data)
    first, second = of(fit, key), of(fit, key)
    same_tables(first, second, 0.0)
    assert str(first) == str(second)
    pd.testing.assert_frame_equal(data, before)


@one_link_first
def test_a_table_is_whole(key: str, link: str) -> None:
    """Key, roles, titles, charts with words for those who cannot see them; every format prints it."""
    table = of(fitted(link), key)
    if isinstance(table, str):
        assert link != OF_ANOTHER_LINK.get(key, "logit") or key in OF_CLASS_WEIGHTS | OF_SEPARATED_ROWS
        assert len(table) > 20
        return
    assert table.key == key
    assert len(table) > 0
    assert STATISTICS[key].section in SECTIONS
    for part in family(table):
        assert part.title
        assert set(part.roles) <= set(part.frame.columns), f"{part.key}: a role for a column that is not there"
        assert set(part.roles.values()) <= set(ROLES)
        assert part.frame.columns.is_unique
        assert all(0 <= row < len(part) for row in part.emphasis)
        for drawing in part.charts:
            whole_chart(drawing)
    for text in (str(table), table.to_markdown(), table.to_html(), table.to_latex()):
        assert table.heading(next(iter(table.roles))) in text


def whole_chart(drawing: Chart) -> None:
    assert drawing.alt, f"the chart {drawing.key!r} has no words for those who cannot see it"
    assert drawing.series
    assert drawing.x.label or drawing.x.categories
    assert drawing.y.label or drawing.y.categories
    for series in drawing.series:
        assert len(series.x) == len(series.y) > 0
    assert drawing.to_svg().lstrip().startswith("<svg")


@every_statistic
def test_a_misspelt_argument_is_named(key: str) -> None:
    with pytest.raises(TypeError, match="no argument 'nonsense'"):
        getattr(fitted("logit"), key)(nonsense=1)


@pytest.mark.parametrize("key", sorted(key for key, record in STATISTICS.items() if record.on == "scores"))
def test_arrays_give_what_the_fit_gives(key: str) -> None:
    """The statistics of scores take (y, p) from any model; in-sample degrees of freedom are the fit's alone."""
    fit = fitted("logit")
    y, p = read_data("birthwt")["low"].to_numpy(), np.array(fit.probabilities)
    one, other = of(fit, key), getattr(glmlr, key)(y, p)
    assert isinstance(one, Table)
    assert isinstance(other, Table)
    assert list(one.frame.columns) == list(other.frame.columns)
    if key in {"hosmer_lemeshow", "calibration"}:  # they know whether the scores were fitted to these rows
        return
    same_tables(one, other, 1e-12)


def test_scores_and_outcomes_may_come_as_any_array() -> None:
    """The toy of ten scores: 25 pairs, 13 concordant, 9 discordant, 3 tied (data/scores.csv, counted by hand)."""
    scores = read_data("scores")
    wanted: dict[str, Any] = {"pairs": 25, "concordant": 13, "discordant": 9, "tied": 3}
    for y, p in [
        (scores["disease"], scores["probability"]),
        (scores["disease"].tolist(), scores["probability"].tolist()),
        (scores["disease"].to_numpy(dtype=bool), scores["probability"].to_numpy()),
    ]:
        table = glmlr.association(y, p)
        for name, value in wanted.items():
            assert table[name] == value
