"""What separates the rows, against data in which the cause was planted, and against the rows themselves."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
import pandas as pd
import pytest

import glmlr
from glmlr.errors import SeparationWarning
from glmlr.separating import groups_of, labels_of, said_of


def rows(seed: int = 3) -> pd.DataFrame:
    """A hundred rows with three levels, three numbers and a truth value, and an outcome that overlaps everywhere."""
    rng = np.random.default_rng(seed)
    data = pd.DataFrame(
        {
            "g": np.repeat(["a", "b", "c"], [40, 40, 20]),
            "x": rng.normal(size=100).round(2),
            "h": rng.integers(0, 3, 100),
            "t": rng.random(100) < 0.3,
        },
        index=[f"r{at}" for at in range(100)],
    )
    return data.assign(y=(rng.random(100) < 1 / (1 + np.exp(-data["x"]))).astype(int))


def separated(formula: str, data: Any, **options: Any) -> Any:
    with pytest.warns(SeparationWarning):
        return glmlr.fit(formula, data, **options)


def found(fit: Any) -> list[tuple[str, str, int, int]]:
    return [(one.term, one.where, one.side, one.rows) for one in groups_of(fit.design, fit.separation)]


def test_a_level_of_one_outcome_is_named_whatever_the_coding() -> None:
    data = rows()
    data.loc[data["g"] == "c", "y"] = 1
    for formula, term in (
        ("y ~ g + x", "g"),
        ("y ~ 0 + g + x", "g"),
        ("y ~ 0 + x + g", "g"),
        ("y ~ C(g, Sum) + x", "C(g, Sum)"),
        ("y ~ C(g, Treatment('c')) + x", "C(g, Treatment('c'))"),
    ):
        assert found(separated(formula, data)) == [(term, "g = c", 1, 20)]


def test_the_reference_level_is_named_too() -> None:
    data = rows()
    data.loc[data["g"] == "a", "y"] = 0
    fit = separated("y ~ g + x", data)
    assert found(fit) == [("g", "g = a", -1, 40)]
    # Its own log-odds, the intercept, runs to -infinity, and all contrasts with it to +infinity.
    assert fit.params[["Intercept", "g[T.b]", "g[T.c]"]].tolist() == [-np.inf, np.inf, np.inf]


def test_an_empty_cell_of_an_interaction_is_named() -> None:
    data = rows()
    data.loc[(data["g"] == "b") & (data["h"] == 1), "y"] = 0
    n = int(((data["g"] == "b") & (data["h"] == 1)).sum())
    for formula in ("y ~ g*C(h) + x", "y ~ g:C(h) + x"):
        assert found(separated(formula, data)) == [("g:C(h)", "g = b, h = 1", -1, n)]
    # Without the interaction the cell separates nothing, though all its rows have one outcome.
    assert glmlr.fit("y ~ g + C(h) + x", data).separation is None


def test_a_threshold_has_few_digits_and_both_sides() -> None:
    data = rows()
    data["y"] = (data["x"] > 0.3).astype(int)
    up = int(data["y"].sum())
    assert found(separated("y ~ x + g + C(h)", data)) == [("x", "x > 0.3", 1, up), ("x", "x ≤ 0.3", -1, 100 - up)]
    falling = separated("y ~ x + g", data.assign(y=1 - data["y"]))
    assert found(falling) == [("x", "x ≤ 0.3", 1, 100 - up), ("x", "x > 0.3", -1, up)]


def test_rows_at_the_threshold_may_have_both_outcomes() -> None:
    data = rows()
    at = np.arange(100) < 10
    data["x"] = np.where(at, 0.5, np.where(data["x"] == 0.5, 0.6, data["x"]))
    data["y"] = np.where(at, np.arange(100) % 2, data["x"] > 0.5).astype(int)
    above, below = int((data["x"] > 0.5).sum()), int((data["x"] < 0.5).sum())
    assert found(separated("y ~ x", data)) == [("x", "x > 0.5", 1, above), ("x", "x < 0.5", -1, below)]


def test_a_number_of_two_values_is_named_by_its_value() -> None:
    data = rows().assign(m=lambda frame: (np.arange(100) % 9 == 0).astype(int))
    data.loc[data["m"] == 1, "y"] = 0
    assert found(separated("y ~ m + x", data)) == [("m", "m = 1", -1, 12)]
    # Without a constant the rows with 0 are not moved at all.
    assert found(separated("y ~ 0 + m", data.assign(y=np.where(data["m"] == 1, 1, data["y"])))) == [
        ("m", "m = 1", 1, 12)
    ]


def test_a_threshold_within_a_level() -> None:
    data = rows()
    inside = data["g"] == "b"
    data.loc[inside, "y"] = (data.loc[inside, "x"] > 0).astype(int)
    up = int(data.loc[inside, "y"].sum())
    (above, below) = found(separated("y ~ g*x", data))
    assert above[0] == below[0] == "g:x"
    assert above[1].startswith("g = b, x > ")
    assert (above[2:], below[2:]) == ((1, up), (-1, 40 - up))
    # Without levels of its own to move the threshold can be 0 only.
    assert [one[1] for one in found(separated("y ~ g:x", data))] == ["g = b, x > 0", "g = b, x < 0"]
    assert glmlr.fit("y ~ g + x", data).separation is None


def test_what_a_cause_leaves_is_looked_at_again() -> None:
    data = rows()
    data.loc[data["g"] == "c", "y"] = 1
    rest = data["g"] != "c"
    data.loc[rest, "y"] = (data.loc[rest, "x"] > 0).astype(int)
    fit = separated("y ~ g + x", data)
    assert fit.separation.complete
    assert [one[1] for one in found(fit)] == ["g = c", "x > 0", "x ≤ 0"]
    assert [one.others for one in groups_of(fit.design, fit.separation)] == [False, True, True]


def test_columns_that_separate_together_have_a_rule() -> None:
    data = rows()
    data["y"] = (data["x"] + 0.5 * data["h"] > 1).astype(int)
    fit = separated("y ~ g + x + h", data)
    (above, below) = groups_of(fit.design, fit.separation)
    assert (above.term, above.combined, above.rows + below.rows) == ("x, h", True, 100)
    # The rule as printed, with its four digits, holds for all rows but perhaps those nearest to it.
    left, _, value = above.where.partition(" > ")
    slope = float(left.removeprefix("x + ").removesuffix(" h"))
    assert np.mean((data["x"] + slope * data["h"] > float(value)) == (data["y"] == 1)) >= 0.99


def test_the_fewest_factors_go_before_more_rows() -> None:
    # All rows of g = c are events, so that all cells of g:h with c are, too; one more cell is by itself.
    data = rows()
    data.loc[data["g"] == "c", "y"] = 1
    data.loc[(data["g"] == "b") & (data["h"] == 1), "y"] = 0
    assert [one[1] for one in found(separated("y ~ g*C(h)", data))] == ["g = c", "g = b, h = 1"]


def test_rows_are_named_by_the_index_and_dropped_ones_are_not() -> None:
    data = rows()
    data.loc[data["g"] == "c", "y"] = 1
    data["x"] = data["x"].where(data.index != "r81")
    fit = separated("y ~ g + x", data)
    (group,) = groups_of(fit.design, fit.separation)
    assert labels_of(fit.design, group) == ["r80", "r82", "r83", "r84", "r85"]
    assert (group.rows, group.events, group.nonevents) == (19, 19, 0)


def test_counts_and_frequencies() -> None:
    counts = pd.DataFrame({"dose": ["low", "mid", "high"], "dead": [3, 5, 10], "alive": [7, 5, 0]})
    fit = separated("dead + alive ~ dose", counts)
    (group,) = groups_of(fit.design, fit.separation)
    assert (group.where, group.rows, group.events, group.nonevents) == ("dose = high", 1, 10, 0)
    assert "the only row with dose = high has events only" in fit.notes[-1]
    data = rows()
    data.loc[data["t"], "y"] = 1
    weight = np.arange(100) % 3 + 1
    fit = separated("y ~ t + x", data, freq_weights=weight)
    (group,) = groups_of(fit.design, fit.separation)
    assert (group.where, group.rows, group.events) == ("t = True", data["t"].sum(), weight[data["t"]].sum())


def test_the_sentence_names_three_groups_and_counts_the_others() -> None:
    data = pd.DataFrame({"g": np.repeat(list("abcdefg"), 6), "y": np.tile([0, 1], 21)})
    for level in "cdefg":
        data.loc[data["g"] == level, "y"] = int(level in "ce")
    with pytest.warns(SeparationWarning, match="all 6 rows with g = d are non-events; all 6 rows with g = e") as caught:
        fit = glmlr.fit("y ~ g", data)
    assert "and so on for 2 more groups of rows" in str(caught[0].message)
    assert 'penalty="firth" gives finite estimates' in str(caught[0].message)
    one = separated("y ~ g", pd.DataFrame({"g": list("aaaabbbbc"), "y": [0, 1, 0, 1, 0, 1, 1, 0, 1]}))
    assert said_of(groups_of(one.design, one.separation)) == "the only row with g = c is an event"
    assert len(groups_of(fit.design, fit.separation)) == 5


def test_rows_read_in_parts_have_the_same_causes(tmp_path: Any) -> None:
    data = rows()
    data.loc[data["g"] == "c", "y"] = 1
    rest = data["g"] != "c"
    data.loc[rest & (data["h"] == 2), "y"] = 0
    parts = [tmp_path / f"{at}.csv" for at in range(3)]
    for path, piece in zip(parts, np.array_split(np.arange(100), 3), strict=True):
        data.iloc[piece].to_csv(path, index=False)
    held, streamed = separated("y ~ g*C(h) + x", data), separated("y ~ g*C(h) + x", [str(path) for path in parts])
    assert found(streamed) == found(held)
    assert [one.events for one in groups_of(streamed.design, streamed.separation)] == [
        one.events for one in groups_of(held.design, held.separation)
    ]
    # The warning does not read the rows again.
    assert "The cause" in held.notes[-1]
    assert "The cause" not in streamed.notes[-1]


@pytest.mark.parametrize("seed", range(40))
def test_every_group_is_pure_and_together_they_are_the_separated_rows(seed: int) -> None:
    """Laws: a group holds rows of one outcome; without repeats the groups are the rows that the fit calls separated."""
    rng = np.random.default_rng(seed)
    n = int(rng.integers(20, 80))
    data = pd.DataFrame(
        {
            "a": rng.choice(list("pqr"), n),
            "b": rng.choice(list("uv"), n, p=[0.8, 0.2]),
            "x": rng.normal(size=n).round(1),
            "z": rng.integers(0, 4, n),
        }
    )
    eta = rng.choice([0.0, 2.0, 20.0]) * (data["x"] + (data["a"] == "q") * rng.normal() + data["z"] * rng.normal())
    data["y"] = (rng.random(n) < 1 / (1 + np.exp(-np.clip(eta - eta.median(), -30, 30)))).astype(int)
    data.loc[:1, "y"] = [0, 1]
    formula = str(rng.choice(["y ~ a + b + x + z", "y ~ a*b + x", "y ~ a*x + z", "y ~ 0 + a:b + z", "y ~ x + z"]))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        fit = glmlr.fit(formula, data)
    if fit.separation is None:
        return
    groups = groups_of(fit.design, fit.separation)
    assert all((one.nonevents if one.side > 0 else one.events) == 0 for one in groups)
    assert all(set(data["y"].iloc[one.first]) == {int(one.side > 0)} for one in groups)
    assert fit.separation.separated[np.concatenate([one.first for one in groups])].all()
    covered = sum(one.rows for one in groups)
    overlapping = any(not one.others and not one.combined for one in groups[1:])
    assert covered == fit.separation.separated.sum() or (overlapping and covered > fit.separation.separated.sum())


def test_swapping_the_event_swaps_the_sides() -> None:
    data = rows()
    data.loc[data["g"] == "c", "y"] = 1
    one, other = separated("y ~ g + x", data), separated("y ~ g + x", data, event=0)
    assert [(*row[:2], -row[2], row[3]) for row in found(one)] == found(other)


def test_the_order_of_rows_does_not_matter() -> None:
    data = rows()
    data["y"] = (data["x"] + 0.5 * data["h"] > 1).astype(int)
    data.loc[data["g"] == "c", "y"] = 1
    shuffled = data.sample(frac=1, random_state=1)
    one, other = separated("y ~ g + x + h", data), separated("y ~ g + x + h", shuffled)
    assert [row[0] for row in found(one)] == [row[0] for row in found(other)]
    assert [row[2:] for row in found(one)] == [row[2:] for row in found(other)]
