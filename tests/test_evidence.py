"""Do woe() and cut() of a formula learn from the rows of the fit alone, and say what they learnt?"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from test_streamed import cut
from witnesses import read_data

import glmlr
from glmlr.errors import DataError, GlmlrError, OptionError, UnknownLevelError

TITANIC = read_data("titanic")
EDGES = [0, 15, 30, 50, 90]


def by_hand(data: pd.DataFrame, column: str, groups: pd.Series) -> pd.Series:
    """Weight of evidence ln((events / all events) / (non-events / all non-events)), counted by pandas."""
    event = (data["survived"] == "yes").astype(float)
    counts = pd.DataFrame({"e": event, "f": 1 - event}).groupby(groups, observed=True, dropna=False).sum()
    counts += 0.5 * ((counts == 0).any(axis=1).to_numpy()[:, None])
    woe = np.log(counts["e"] / event.sum()) - np.log(counts["f"] / (1 - event).sum())
    return groups.map(woe).astype(float) if groups.notna().all() else groups.map(woe).astype(float).fillna(woe[np.nan])


def age_groups(data: pd.DataFrame) -> pd.Series:
    return pd.cut(data["age"], EDGES, right=False).astype(object)


def same(one: Any, other: Any, rtol: float = 1e-9) -> None:
    np.testing.assert_allclose(np.asarray(one, float), np.asarray(other, float), rtol=rtol, atol=1e-12)


@pytest.mark.parametrize("link", ["logit", "probit", "cloglog"])
def test_a_fit_on_woe_is_a_fit_on_the_column_made_by_hand(link: str) -> None:
    data = TITANIC.assign(
        w=by_hand(TITANIC, "age", age_groups(TITANIC)), v=by_hand(TITANIC, "sex", TITANIC["sex"].astype(object))
    )
    ours = glmlr.fit(f"survived ~ woe(age, bins={EDGES}) + woe(sex)", TITANIC, link=link)
    theirs = glmlr.fit("survived ~ w + v", data, link=link)
    same(ours.params, theirs.params)
    same(ours.bse, theirs.bse)
    assert ours.nobs == 1309  # the 263 rows without an age among them


def test_one_woe_alone_has_coefficient_one() -> None:
    """A logit of one weight of evidence fits the observed odds of each bin: slope 1, intercept ln(events / others)."""
    fit = glmlr.fit("survived ~ woe(passengerClass)", TITANIC)
    same(fit.params, [np.log(500 / 809), 1.0], 1e-8)


def test_missing_values_drop_no_row_where_only_woe_reads_them() -> None:
    assert glmlr.fit("survived ~ woe(age)", TITANIC).nobs == 1309
    assert glmlr.fit("survived ~ cut(age, bins=4)", TITANIC).nobs == 1309
    # 263 ages are missing (counted); a second reader of the column needs them.
    for formula in ("survived ~ woe(age) + age", "survived ~ woe(np.sqrt(age))", "survived ~ woe(age):age"):
        assert glmlr.fit(formula, TITANIC).nobs == 1309 - 263


def test_cut_is_a_factor_of_the_bins() -> None:
    data = TITANIC.assign(group=age_groups(TITANIC).map(str).where(TITANIC["age"].notna(), "Missing"))
    ours = glmlr.fit(f"survived ~ cut(age, bins={EDGES}) + sex", TITANIC)
    theirs = glmlr.fit("survived ~ C(group) + sex", data)
    assert ours.loglik == pytest.approx(theirs.loglik, rel=1e-12)
    same(ours.predict(), theirs.predict())
    assert list(ours.names)[1:5] == [f"cut(age, bins=[0, 15, 30, 50, 90])[T.{b}]" for b in
                                     ("[15, 30)", "[30, 50)", "[50, 90)", "Missing")]  # fmt: skip


@pytest.mark.parametrize("formula", ["survived ~ woe(age, bins=5) + woe(sex)", "survived ~ cut(age, bins=5) + sex"])
def test_frequencies_are_repeated_rows(formula: str) -> None:
    times = np.resize([1, 2, 3], len(TITANIC))
    repeated = TITANIC.loc[TITANIC.index.repeat(times)].reset_index(drop=True)
    one, other = glmlr.fit(formula, TITANIC, freq_weights=times), glmlr.fit(formula, repeated)
    same(one.params, other.params)
    same(one.bse, other.bse)


def test_class_weights_play_no_part_in_the_evidence() -> None:
    plain = glmlr.fit("survived ~ woe(sex)", TITANIC)
    weighted = glmlr.fit("survived ~ woe(sex)", TITANIC, class_weight={"no": 1, "yes": 5})
    assert plain.design.matrix()[:, 1] == pytest.approx(weighted.design.matrix()[:, 1], rel=1e-14)


def test_a_fold_learns_from_its_training_part() -> None:
    formula = "survived ~ woe(age, bins=5) + woe(passengerClass)"
    cv = glmlr.cross_validate(formula, TITANIC, folds=3, repeats=1, seed=4)
    # The out-of-fold scores differ from the fitted ones, and rank worse than these.
    fitted = glmlr.fit(formula, TITANIC)
    assert glmlr.association(cv.scored)["c"] < glmlr.association(fitted)["c"]
    assert cv.scored.ranking.total == 1309
    assert any("Learnt anew" in note and "woe(age, bins=5)" in note for note in cv.table.notes)


def test_noise_has_no_evidence_out_of_fold() -> None:
    """A predictor of 60 random levels ranks well on its own rows and not at all on others, refitted in the folds."""
    generator = np.random.default_rng(8)
    data = pd.DataFrame({"y": generator.integers(0, 2, 1200), "x": generator.integers(0, 60, 1200).astype(str)})
    fitted = glmlr.association(glmlr.fit("y ~ woe(x)", data))["c"]
    cv = glmlr.cross_validate("y ~ woe(x)", data, folds=5, repeats=1)
    assert fitted > 0.58
    assert abs(glmlr.association(cv.scored)["c"] - 0.5) < 0.05


def test_parts_learn_what_all_rows_learn() -> None:
    formula = "survived ~ woe(age, bins=5) + woe(sex) + cut(age, bins=4)"
    whole = glmlr.fit(formula, TITANIC)
    same(glmlr.fit(formula, cut(TITANIC, 300, 301, 900)).params, whole.params, 1e-7)


def test_new_rows() -> None:
    fit = glmlr.fit("survived ~ woe(age, bins=5) + woe(sex)", TITANIC)
    new = pd.DataFrame({"age": [np.nan, 999.0, -5.0, 30.0], "sex": ["male"] * 3 + ["other"]})
    with pytest.raises(UnknownLevelError, match="'other' in 1 row"):
        fit.predict(new)
    found = fit.predict(new, unknown="nan")
    assert found.isna().tolist() == [False, False, False, True]
    # Ages beyond those of the fit belong to the outermost bins.
    ends = fit.predict(pd.DataFrame({"age": [80.0, 0.2], "sex": ["male"] * 2}))
    same(found[1:3], ends)
    average = fit.predict(new, unknown="reference", kind="link")[3] - fit.params["Intercept"]
    same(average, fit.params["woe(age, bins=5)"] * fit.design.matrix()[TITANIC["age"].eq(30.0).to_numpy(), 1][0])


def test_a_missing_value_where_the_fit_had_none_has_no_score() -> None:
    known = TITANIC.dropna()
    fit = glmlr.fit("survived ~ woe(age, bins=5) + woe(sex)", known)
    assert fit.predict(TITANIC).isna().sum() == 263


@pytest.mark.parametrize(
    "formula",
    [
        "survived ~ woe(age, bins=5) + woe(sex) + woe(passengerClass)",
        "survived ~ cut(age, method='tree') + woe(sex)",
        "survived ~ woe(age, special=[30, 40], bins=4)",
    ],
)
def test_a_model_file_keeps_what_was_learnt(formula: str, tmp_path: Path) -> None:
    fit = glmlr.fit(formula, TITANIC)
    glmlr.save(fit, tmp_path / "model.json")
    same(glmlr.load(tmp_path / "model.json").predict(TITANIC), fit.predict(TITANIC), 1e-14)


def test_what_is_said() -> None:
    fit = glmlr.fit("survived ~ woe(age, bins=5)", TITANIC)
    (note,) = [note for note in fit.notes if "weights of evidence" in note]
    assert "263 rows without a value" in note
    assert "too small" in note
    tree = glmlr.fit("survived ~ cut(age, method='tree')", TITANIC)
    assert any("chosen by the outcomes" in note for note in tree.notes)
    plain = glmlr.fit("survived ~ cut(age, bins=4)", TITANIC)
    assert not any("too small" in note for note in plain.notes)


def test_a_constant_tells_nothing_to_the_last_bit() -> None:
    table = glmlr.log_odds_table(TITANIC.assign(one=3.0), "survived", "one")
    assert table["woe"].tolist() == [0.0, 0.0]


def test_screening_a_fit_sees_the_missing_values() -> None:
    table = glmlr.fit("survived ~ woe(age)", TITANIC).screen()
    assert table["missing"].tolist() == [263]


@pytest.mark.parametrize(
    ("formula", "error", "words"),
    [
        ("survived ~ woe(age, bins=1)", OptionError, "bins=1"),
        ("survived ~ woe(age, method='magic')", OptionError, "magic"),
        ("survived ~ woe(age, nonsense=3)", GlmlrError, "nonsense"),
        ("survived ~ woe(sex, bins=4)", OptionError, "sex"),
        ("woe(survived) ~ age", GlmlrError, "calls woe"),
        ("center(age) ~ sex", GlmlrError, "calls center"),
        ("survived ~ woe(bs(age, df=4))", GlmlrError, "one column"),
        ("survived ~ woe(agee)", DataError, "age"),
    ],
)
def test_refusals(formula: str, error: type[Exception], words: str) -> None:
    with pytest.raises(error, match=words):
        glmlr.fit(formula, TITANIC)
