"""The response profile against hand counts."""

import numpy as np
import pandas as pd

import glmlr


def test_birthwt_profile():
    # 189 births, 59 of low weight (Hosmer & Lemeshow).
    table = glmlr.fit("low ~ age", glmlr.datasets.load("birthwt")).response_profile()
    assert list(table.frame["level"]) == ["low = 1", "low = 0", "Total"]
    assert list(table.frame["n"]) == [59, 130, 189]
    assert table.notes[0] == "Modelling P(low = 1)."


def test_rows_dropped_are_counted_by_column():
    titanic = glmlr.datasets.load("titanic")
    fit = glmlr.fit("survived ~ age + sex", titanic, event="yes")
    rows = fit.response_profile().tables[0]
    assert rows["Read"] == 1309
    assert rows["Missing: age"] == 263
    assert rows["Used"] == 1046


def test_weights_are_shown_beside_the_rows():
    data = pd.DataFrame({"y": [0, 0, 0, 1, 1, 0], "x": [1.0, 2, 3, 2, 4, 5]})
    table = glmlr.fit("y ~ x", data, freq_weights=[1, 2, 1, 3, 1, 2], class_weight={0: 1, 1: 10}).response_profile()
    assert list(table.frame["n"]) == [4, 6, 10]
    np.testing.assert_allclose(table.frame["weight"], [40, 6, 46])
