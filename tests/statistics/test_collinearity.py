"""Is collinearity told rightly? Against R's car::vif, Belsley's decomposition by R, closed forms, and laws."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
from witnesses import read_data, read_witness

import glmlr
from glmlr.errors import NotApplicable, OptionError

WITNESS = read_witness("diagnostics")
FORMULA = "low ~ age + lwt + C(race) + smoke + ht"
BIRTHS = read_data("birthwt")
TIMES = np.resize([1, 2, 3, 1, 5], len(BIRTHS))
TERMS = ["age", "lwt", "C(race)", "smoke", "ht"]


def same(actual: Any, expected: Any, rtol: float = 1e-9) -> None:
    np.testing.assert_allclose(np.asarray(actual, float), np.asarray(expected, float), rtol=rtol, atol=1e-12)


@pytest.mark.parametrize(
    ("key", "options"), [("vif", {}), ("vif_probit", {"link": "probit"}), ("vif_rows", {"freq_weights": TIMES})]
)
def test_inflation_is_that_of_car(key: str, options: Any) -> None:
    frame = glmlr.fit(FORMULA, BIRTHS, **options).collinearity().frame.set_index("term").loc[TERMS]
    wanted = np.array(WITNESS[key])
    same(frame["gvif"], wanted[:, 0])
    assert frame["df"].tolist() == wanted[:, 1].tolist()
    same(frame["inflation"], wanted[:, 2])


@pytest.mark.parametrize(("key", "weighted"), [("belsley", False), ("belsley_weighted", True)])
def test_condition_indices_and_proportions_are_those_of_belsley(key: str, weighted: bool) -> None:
    fit = glmlr.fit(FORMULA, BIRTHS)
    frame = fit.collinearity(weighted=weighted, components="all").tables[0].frame
    same(frame["condition_index"], WITNESS[key]["index"])
    names = ["Intercept", "age", "lwt", "C(race)[T.other]", "C(race)[T.white]", "smoke", "ht"]
    same(frame[[f"share_{name}" for name in names]], WITNESS[key]["share"], 1e-8)
    same(frame.filter(like="share_").sum(), np.ones(7))


def test_two_terms_have_the_closed_form() -> None:
    """Of two numbers as they are, the VIF is 1 / (1 - r^2)."""
    frame = glmlr.fit("low ~ age + lwt", BIRTHS).collinearity(weighted=False).frame
    r = np.corrcoef(BIRTHS["age"], BIRTHS["lwt"])[0, 1]
    same(frame["gvif"], [1 / (1 - r**2)] * 2)


def test_a_near_collinearity_is_named() -> None:
    data = BIRTHS.assign(heavy=BIRTHS["lwt"] + np.resize([1e-4, -1e-4, 0, 2e-4], 189))
    table = glmlr.fit("low ~ age + lwt + heavy", data).collinearity()
    said = " ".join(table.notes)
    assert "Nearly collinear" in said
    assert "lwt, heavy" in said
    assert table["lwt"]["gvif"] > 1e8
    apart = np.linalg.lstsq(np.column_stack([np.ones(189), data[["age", "lwt"]]]), data["heavy"], rcond=None)[1][0]
    plain = glmlr.fit("low ~ age + lwt + heavy", data).collinearity(weighted=False)
    same(plain["heavy"]["gvif"], ((data["heavy"] - data["heavy"].mean()) ** 2).sum() / apart, 1e-5)


def test_a_date_is_not_collinear_with_itself() -> None:
    """Inflation does not know where zero is; the condition index, which is not centred, does."""
    far = glmlr.fit(FORMULA, BIRTHS.assign(age=BIRTHS["age"] + 1e6)).collinearity()
    near = glmlr.fit(FORMULA, BIRTHS).collinearity()
    same(far.frame["gvif"], near.frame["gvif"], 1e-6)
    assert "Intercept, age" in " ".join(far.notes)


def test_a_square_is_collinear_by_its_make() -> None:
    table = glmlr.fit("low ~ age + I(age**2) + lwt", BIRTHS).collinearity()
    assert "share a variable" in " ".join(table.notes)


def test_refusals_and_what_is_left_out() -> None:
    with pytest.raises(NotApplicable, match="no term besides"):
        glmlr.fit("low ~ 1", BIRTHS).collinearity()
    with pytest.raises(OptionError, match="weighted=3"):
        glmlr.fit("low ~ age", BIRTHS).collinearity(weighted=3)
    aliased = glmlr.fit("low ~ age + twice + lwt", BIRTHS.assign(twice=2 * BIRTHS["age"])).collinearity()
    with pytest.raises(OptionError, match="components"):
        glmlr.fit("low ~ age", BIRTHS).collinearity(components="some")
    assert aliased.frame["term"].tolist() == ["age", "lwt"]
    assert "Aliased" in " ".join(aliased.notes)
    assert "no intercept" in " ".join(glmlr.fit("low ~ 0 + age + lwt", BIRTHS).collinearity().notes)
    same(glmlr.fit("low ~ age", BIRTHS).collinearity().frame["gvif"], [1.0])
    with pytest.warns(glmlr.errors.SeparationWarning):
        separated = glmlr.fit("y ~ x", pd.DataFrame({"y": [0, 0, 1, 1], "x": [1.0, 2, 3, 4]}))
    with pytest.raises(NotApplicable, match="infinite"):
        separated.collinearity()


def test_components_of_low_condition_are_listed_when_asked_for() -> None:
    rng = np.random.default_rng(2)
    x = pd.DataFrame(rng.normal(size=(400, 14)), columns=[f"x{i}" for i in range(14)])
    data = x.assign(y=(rng.random(400) < 0.5).astype(int), near=x["x0"] + 1e-3 * rng.normal(size=400))
    table = glmlr.fit("y ~ near + " + " + ".join(x), data).collinearity()
    assert len(table.tables[0].frame) == 1
    assert len(glmlr.fit("low ~ age", BIRTHS).collinearity(components="all").tables[0].frame) == 2
    assert "near, x0" in " ".join(table.notes)
