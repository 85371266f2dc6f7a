"""Does a straight line through 0 and 1 go wrong as it should? The text's crossing, statsmodels' OLS, and laws."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pandas as pd
import pytest
import statsmodels.formula.api as smf

import glmlr
from glmlr.errors import DataError, NotApplicable, OptionError
from glmlr.exhibits import Table

Floats = npt.NDArray[np.float64]


@pytest.fixture(scope="module")
def balanced() -> pd.DataFrame:
    """Twenty rows of each class, as many on either side of 19.5."""
    x = np.arange(40.0)
    return pd.DataFrame({"x": x, "y": (x > 19.5).astype(int)})


@pytest.fixture(scope="module")
def far_out() -> pd.DataFrame:
    """Three rows of class 1 far out.

    With S = 40 * (40^2 - 1) / 12 the crossing solves a linear equation; at 161 it is 24, worked out by hand below.
    """
    return pd.DataFrame({"x": [161.0] * 3, "y": [1] * 3})


def _crossing(x: Floats, y: Floats) -> float:
    """Solve the normal equations of one predictor and give where the line is 1/2."""
    slope = float(((x - x.mean()) * (y - y.mean())).sum() / ((x - x.mean()) ** 2).sum())
    return float(x.mean() + (0.5 - y.mean()) / slope)


def test_the_crossing_of_the_text_moves_from_19_5_to_24(balanced: pd.DataFrame, far_out: pd.DataFrame) -> None:
    table = glmlr.linear_probability("y ~ x", balanced, added=far_out)
    crossing = table.frame["crossing"].to_numpy()
    # Sums of the normal equations: 43 rows, sum x = 780 + 483, sum xy = 590 + 483, sum x^2 = 20540 + 77763.
    n, sx, sy, sxy, sxx = 43, 1263, 23, 1073, 98303
    slope = (n * sxy - sx * sy) / (n * sxx - sx**2)
    assert (0.5 - (sy - slope * sx) / n) / slope == pytest.approx(24.0, abs=1e-12)
    assert crossing[0] == pytest.approx(19.5, abs=1e-12)
    assert crossing[2] == pytest.approx(24.0, abs=1e-12)
    # 20, 21, 22 and 23 are now below the line's 1/2; the S-curve stays where it is, in the gap.
    assert table.frame["misclassified_given"].to_list() == [0, 0, 4, 0]
    assert table.frame["false_negatives"].to_list() == [0, 0, 4, 0]
    assert crossing[[1, 3]].tolist() == [19.5, 19.5]
    assert table.frame.loc[1, ["crossing_low", "crossing_high"]].to_list() == [19.0, 20.0]
    assert any("by 4.5000 (+4 of the rows given misclassified)" in note for note in table.notes)


def test_far_out_rows_move_the_line_more_the_farther_they_are(balanced: pd.DataFrame) -> None:
    seen = []
    for far in (60.0, 100.0, 161.0, 400.0):
        added = pd.DataFrame({"x": [far] * 3, "y": [1] * 3})
        table = glmlr.linear_probability("y ~ x", balanced, added=added)
        x, y = np.r_[balanced["x"], added["x"]], np.r_[balanced["y"], added["y"]].astype(float)
        assert table.frame["crossing"].iloc[2] == pytest.approx(_crossing(x, y), rel=1e-12)
        seen.append(table.frame["crossing"].iloc[2])
    assert seen == sorted(seen)


@pytest.mark.parametrize("formula", ["low ~ lwt + age + C(race)", "low ~ lwt * smoke", "low ~ bs(lwt, df=4) + C(race)"])
def test_the_line_is_statsmodels_ols_with_hc1(formula: str) -> None:
    births = glmlr.datasets.load("birthwt")
    over = "lwt"
    table = glmlr.linear_probability(formula, births, over=over)
    line = table.tables[0].frame.set_index("term")
    theirs = smf.ols(formula, births).fit(cov_type="HC1")
    assert np.sort(line["estimate"]) == pytest.approx(np.sort(theirs.params), rel=1e-9, abs=1e-10)
    assert np.sort(line["std_error"]) == pytest.approx(np.sort(theirs.bse), rel=1e-9)
    fitted = theirs.fittedvalues.to_numpy()
    row = table.frame.iloc[0]
    assert row["fitted_low"] == pytest.approx(fitted.min(), rel=1e-9)
    assert row["fitted_high"] == pytest.approx(fitted.max(), rel=1e-9)
    assert row["below_zero"] == (fitted < 0).sum()
    assert row["above_one"] == (fitted > 1).sum()
    low = births["low"].to_numpy()
    assert row["false_positives"] == ((fitted >= 0.5) & (low == 0)).sum()
    assert row["false_negatives"] == ((fitted < 0.5) & (low == 1)).sum()


@pytest.mark.parametrize("link", ["logit", "probit", "cloglog"])
def test_the_curve_is_one_half_where_it_is_said_to_cross(link: str) -> None:
    births = glmlr.datasets.load("birthwt")
    table = glmlr.linear_probability("low ~ lwt + C(race)", births, link=link)
    crossing = table.frame["crossing"].iloc[1]
    fit = glmlr.fit("low ~ lwt + C(race)", births, link=link)
    there = fit.predict(pd.DataFrame({"lwt": [crossing], "race": ["white"]}))
    assert there.iloc[0] == pytest.approx(0.5, abs=1e-12)
    assert any("hold race = white" in note for note in table.notes)
    assert any("beyond the values of the rows" in note for note in table.notes)


def test_a_bent_curve_crosses_more_than_once() -> None:
    generator = np.random.default_rng(3)
    x = generator.uniform(-3, 3, 400)
    y = (generator.uniform(size=400) < 1 / (1 + np.exp(2 - x**2))).astype(int)
    table = glmlr.linear_probability("y ~ x + I(x ** 2)", pd.DataFrame({"x": x, "y": y}))
    assert table.frame["crossings"].iloc[1] == 2
    assert np.isnan(table.frame["crossing"].iloc[1])
    fit = glmlr.fit("y ~ x + I(x ** 2)", pd.DataFrame({"x": x, "y": y}))
    c, b, a = fit.params
    exact = np.sort(np.roots([a, b, c]))
    from glmlr.along import along

    assert along(fit, None).crossings(fit.working, 0.0) == pytest.approx(exact, rel=1e-10)
    assert any("crosses 1/2 2 times" in note for note in table.notes)


def test_a_cubic_that_meets_its_chord_in_the_middle_is_not_taken_for_a_line() -> None:
    x = np.linspace(-2, 2, 81)
    y = (np.sin(np.arange(81) * 1.7) + x > 0).astype(int)
    data = pd.DataFrame({"x": x, "y": y})
    fit = glmlr.fit("y ~ x + I(x ** 3)", data)
    from glmlr.along import along

    beta = np.array([0.0, 1.0, -0.5])
    assert along(fit, None).crossings(beta, 0.0) == pytest.approx([-np.sqrt(2), 0, np.sqrt(2)], abs=1e-10)


def _same(one: Table, other: Table) -> None:
    numbers = one.frame.select_dtypes("number").columns
    assert one.frame[numbers].to_numpy(float) == pytest.approx(other.frame[numbers].to_numpy(float), nan_ok=True)
    assert one.tables[0].frame["std_error"].to_numpy() == pytest.approx(other.tables[0].frame["std_error"].to_numpy())


def test_rows_repeated_are_rows_of_that_frequency() -> None:
    births = glmlr.datasets.load("birthwt").assign(f=lambda d: 1 + np.arange(len(d)) % 3)
    repeated = births.loc[births.index.repeat(births["f"])].reset_index(drop=True)
    _same(
        glmlr.linear_probability("low ~ lwt + C(race)", births, freq_weights="f"),
        glmlr.linear_probability("low ~ lwt + C(race)", repeated),
    )


def test_the_order_of_rows_moves_nothing() -> None:
    births = glmlr.datasets.load("birthwt")
    _same(
        glmlr.linear_probability("low ~ lwt", births),
        glmlr.linear_probability("low ~ lwt", births.sample(frac=1.0, random_state=1)),
    )


def test_the_other_event_turns_the_line_around() -> None:
    births = glmlr.datasets.load("birthwt").assign(low=lambda d: np.where(d["low"] == 1, "yes", "no"))
    one = glmlr.linear_probability("low ~ lwt", births, event="yes")
    other = glmlr.linear_probability("low ~ lwt", births, event="no")
    assert one.frame["crossing"].to_numpy() == pytest.approx(other.frame["crossing"].to_numpy(), rel=1e-9)
    lines = [table.tables[0].frame["estimate"].to_numpy() for table in (one, other)]
    assert lines[0] == pytest.approx(np.array([1.0, 0.0]) - lines[1])


def test_a_column_far_from_zero_costs_no_digits() -> None:
    births = glmlr.datasets.load("birthwt")
    far = glmlr.linear_probability("low ~ lwt", births.assign(lwt=births["lwt"] + 1e8))
    near = glmlr.linear_probability("low ~ lwt", births)
    assert far.frame["crossing"].iloc[0] - 1e8 == pytest.approx(near.frame["crossing"].iloc[0], abs=1e-5)
    slopes = [table.tables[0].frame["estimate"].iloc[1] for table in (far, near)]
    assert slopes[0] == pytest.approx(slopes[1], rel=1e-9)


def test_the_chart_has_both_curves_within_the_rows(balanced: pd.DataFrame, far_out: pd.DataFrame) -> None:
    table = glmlr.linear_probability("y ~ x", balanced, added=far_out)
    frame = table.chart("straight_line").frame
    line = frame[frame["series"] == "straight line, given"]
    assert (line["x"].min(), line["x"].max()) == (0.0, 39.0)
    step = frame[frame["series"] == "S-curve, given"]
    assert set(step["y"]) == {0.0, 1.0}
    assert "<svg" in table.chart("straight_line").to_svg()
    assert "Straight line beside S-curve of P(y = 1)" in table.to_markdown()


def test_bad_input_is_refused_in_a_sentence(balanced: pd.DataFrame, far_out: pd.DataFrame) -> None:
    births = glmlr.datasets.load("birthwt")
    with pytest.raises(OptionError, match=r"several numbers, lwt, age; name one in over="):
        glmlr.linear_probability("low ~ lwt + age", births)
    with pytest.raises(OptionError, match=r"over='lwtt' is not a numeric predictor of the model; did you mean 'lwt'"):
        glmlr.linear_probability("low ~ lwt + age", births, over="lwtt")
    with pytest.raises(NotApplicable, match="No predictor of the formula is a number"):
        glmlr.linear_probability("low ~ C(race)", births.assign(race=births["race"].astype("category")))
    with pytest.raises(NotApplicable, match="An offset differs from row to row"):
        glmlr.linear_probability("low ~ age + offset(lwt)", births)
    with pytest.raises(DataError, match="added= has no column 'y', which the formula reads"):
        glmlr.linear_probability("y ~ x", balanced, added=far_out[["x"]])
    with pytest.raises(DataError, match="added= is a list"):
        glmlr.linear_probability("y ~ x", balanced, added=[1, 2])
    with pytest.raises(OptionError, match="level"):
        glmlr.linear_probability("y ~ x", balanced, level=2)


# ------------------------------------------------------------------------------- separated, flat, and not to be added


@pytest.fixture
def touching() -> pd.DataFrame:
    """The classes meet at 3, which has a row of both: quasi-complete separation."""
    return pd.DataFrame({"x": [1.0, 2, 3, 3, 4, 5], "y": [0, 0, 0, 1, 1, 1]})


def test_a_curve_that_jumps_where_the_classes_meet_crosses_there(touching: pd.DataFrame) -> None:
    table = glmlr.linear_probability("y ~ x", touching)
    assert table.frame["crossing"].tolist() == pytest.approx([3.0, 3.0], abs=1e-12)
    assert table.frame["crossings"].tolist() == [1, 1]
    curve = table.charts[0].series[-1].y
    assert set(np.round(curve, 12)) <= {0.0, 0.5, 1.0}
    assert not np.isnan(curve).any()


def test_a_separated_curve_of_two_predictors_is_not_said_to_cross_nowhere() -> None:
    rng = np.random.default_rng(5)
    data = pd.DataFrame({"x": rng.normal(size=60), "z": rng.normal(size=60)})
    data["y"] = (data["x"] + data["z"] > 0.1).astype(int)
    table = glmlr.linear_probability("y ~ x + z", data, over="x")
    assert np.isnan(table.frame["crossing"].iloc[1])
    said = " ".join(table.notes)
    assert "the S-curve (logit) is a step, for the data are separated: where along x it stands is not" in said
    assert "nowhere" not in said


def test_a_slope_that_is_0_but_for_rounding_crosses_nowhere() -> None:
    # By symmetry both slopes are 0: least squares and the score equations are those of the mean.
    table = glmlr.linear_probability("y ~ x", pd.DataFrame({"x": [1.0, 2, 3], "y": [0, 1, 0]}))
    assert table.frame["crossing"].isna().all()
    assert "crosses 1/2 nowhere" in " ".join(table.notes)


def test_what_is_no_name_is_refused(balanced: pd.DataFrame) -> None:
    with pytest.raises(OptionError, match="over=3 is not a numeric predictor"):
        glmlr.linear_probability("y ~ x", balanced, over=3)  # type: ignore[arg-type]


def test_frames_of_another_library_are_named_by_it(balanced: pd.DataFrame) -> None:
    frame = pytest.importorskip("polars").from_pandas(balanced)
    with pytest.raises(DataError, match=r"data= is a polars DataFrame; .* pandas"):
        glmlr.linear_probability("y ~ x", frame, added=frame)


def test_a_level_that_is_separated_leaves_the_curve_of_the_others_its_crossing() -> None:
    rng = np.random.default_rng(6)
    x = rng.normal(size=90)
    rest = pd.DataFrame({"x": x[:60], "g": "a", "y": (x[:60] + rng.logistic(size=60) > 0).astype(int)})
    sure = pd.DataFrame({"x": x[60:], "g": "b", "y": 1})
    table = glmlr.linear_probability("y ~ x + g", pd.concat([rest, sure]))
    alone = glmlr.linear_probability("y ~ x", rest)
    assert table.frame["crossing"].iloc[1] == pytest.approx(alone.frame["crossing"].iloc[1], rel=1e-8)
