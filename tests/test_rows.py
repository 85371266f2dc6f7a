"""Are the rows used those with everything, and is every other row accounted for?"""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
from witnesses import births, read_data

from glmlr.design import build_design
from glmlr.errors import DataError

BIRTHS = births()


TRANSFORMS = [
    "center(age)", "standardize(age)", "scale(age, ddof=1)", "poly(age, 3)", "bs(age, df=5)", "bs(age, 6)",
    "bs(center(age), df=5)", "cr(age, df=5)", "cr(age, df=4, constraints='center')",
    "te(cr(age, df=4), cr(lwt, df=3), constraints='center')",
]  # fmt: skip


@pytest.mark.parametrize("right", TRANSFORMS)
def test_transforms_learn_from_frequencies_as_from_repeated_rows(right: str) -> None:
    times = np.resize([1, 2, 3, 1, 5], len(BIRTHS))
    repeated = BIRTHS.loc[BIRTHS.index.repeat(times)].reset_index(drop=True)
    weighted = build_design(f"low ~ {right}", BIRTHS, freq_weights=times).matrix()
    plain = build_design(f"low ~ {right}", repeated).matrix()
    np.testing.assert_allclose(np.repeat(weighted, times, axis=0), plain, rtol=1e-12, atol=1e-13)


@pytest.mark.parametrize("right", [*TRANSFORMS, "race", "C(ftv)", "grade"])
def test_rows_of_weight_zero_and_missing_rows_equal_absent_rows(right: str) -> None:
    keep = BIRTHS["age"].to_numpy() > 20
    absent = build_design(f"low ~ {right}", BIRTHS[keep])
    zero = build_design(f"low ~ {right}", BIRTHS, freq_weights=keep)
    importance = build_design(f"low ~ {right}", BIRTHS, sample_weight=keep * 2.5)
    missing = build_design(f"low ~ {right}", BIRTHS.assign(low=BIRTHS["low"].where(keep)))
    for design in (zero, importance, missing):
        assert design.names == absent.names
        np.testing.assert_array_equal(design.matrix(), absent.matrix())
        np.testing.assert_array_equal(design.used, keep)
    assert zero.rows.zero_weight == importance.rows.zero_weight == int((~keep).sum())
    assert missing.rows.dropped == {"low": int((~keep).sum())}


def test_one_mask_and_one_account() -> None:
    data = BIRTHS.assign(e=1.0, g="a")
    data.loc[data.index[:3], "age"] = np.nan
    data.loc[data.index[2:5], "race"] = None
    data.loc[data.index[5:6], "e"] = np.nan
    data.loc[data.index[6:8], "g"] = None
    data.loc[data.index[8:9], "lwt"] = 0
    data.loc[data.index[:9], "bwt"] = np.nan  # not read
    design = build_design("low ~ age + race", data, offset="e", cluster="g", freq_weights="lwt")
    assert dict(design.rows.dropped) == {"age": 3, "race": 3, "offset (e)": 1, "cluster (g)": 2}
    assert (design.rows.read, design.rows.used, design.rows.zero_weight) == (189, 180, 1)
    assert design.used.tolist() == [False] * 9 + [True] * 180
    assert design.y.shape == design.weight.shape == design.offset.shape == design.cluster.shape == (180,)
    assert design.columns["age"].index.equals(data.index[9:])
    assert set(design.columns) == {"age", "race"}


def test_titanic_drops_263_ages() -> None:
    design = build_design("survived ~ age + sex", read_data("titanic"))
    assert (design.rows.read, design.rows.used, dict(design.rows.dropped)) == (1309, 1046, {"age": 263})


@pytest.mark.parametrize("data", [BIRTHS.head(0), pd.DataFrame(), {}, {"low": [], "age": []}])
def test_empty_data(data: Any) -> None:
    with pytest.raises(DataError, match="nothing to fit"):
        build_design("low ~ age", data)
