"""Is a prediction what the estimates say, and is what it cannot be refused before rows are read?"""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from scipy.special import expit, ndtri
from witnesses import births

import glmlr
from glmlr.conditioning import Alias
from glmlr.errors import OptionError
from glmlr.prediction import Wanted, bounds, broken_rows, broken_sentence, dependency, spread
from glmlr.saving.model_file import scoring_model

BIRTHS = births()


def test_a_prediction_by_hand() -> None:
    """x'b, its variance x'Vx, and the interval on the link scale, written out (McCullagh & Nelder 1989, 4.4)."""
    fit = glmlr.fit("low ~ age + smoke", BIRTHS)
    x = np.array([1.0, 30.0, 1.0])
    eta = float(x @ fit.params)
    half = ndtri(0.95) * np.sqrt(x @ fit.cov_params().to_numpy() @ x)
    found = scoring_model(fit).predict({"age": 30, "smoke": 1}, interval=0.9).iloc[0]
    np.testing.assert_allclose(found, expit([eta, eta - half, eta + half]), rtol=1e-13)


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({"kind": "odds"}, "kind='odds' is not one of 'probability', 'link'"),
        ({"scale": "correct"}, "did you mean 'corrected'?"),
        ({"interval": 1.5}, "level=1.5 is not a confidence level"),
        ({"interval": 0}, "is not a confidence level"),
    ],
)
def test_what_cannot_be_wanted(options: dict[str, object], says: str) -> None:
    with pytest.raises(OptionError, match=says):
        Wanted(**options)  # type: ignore[arg-type]
    with pytest.raises(OptionError, match=says):
        scoring_model(glmlr.fit("low ~ age", BIRTHS)).predict("absent.csv", **options)  # type: ignore[arg-type]


def test_true_is_the_usual_level_and_false_is_none() -> None:
    assert (
        Wanted(interval=True).quantile == Wanted(interval=0.95).quantile == pytest.approx(1.959963984540054, abs=1e-15)
    )
    assert not Wanted(interval=False).has_interval
    assert not Wanted().has_interval


def test_bounds_of_an_infinite_center_are_the_line() -> None:
    low, high = bounds(np.array([1.0, np.inf, -np.inf]), np.array([0.5, 2.0, np.inf]))
    assert low.tolist() == [0.5, -np.inf, -np.inf]
    assert high.tolist() == [1.5, np.inf, np.inf]


def test_values_are_spread_over_all_rows() -> None:
    spreaded = spread(np.array([1.0, 2.0]), np.array([True, False, True]), pd.Index(list("abc")), "p")
    pd.testing.assert_series_equal(spreaded, pd.Series([1.0, np.nan, 2.0], index=list("abc"), name="p"))


@pytest.mark.parametrize(
    ("alias", "says"),
    [
        (Alias(2, ((0, 2.0), (1, -1.0))), "c = 2 a - b"),
        (Alias(2, ((0, -1.0), (1, 0.5))), "c = -a + 0.5 b"),
        (Alias(2, ()), "c = 0"),
    ],
)
def test_dependencies_in_words_and_in_rows(alias: Alias, says: str) -> None:
    """By hand: of three rows the first obeys, the second is off by 1, the third by its last digit only."""
    names = ("a", "b", "c")
    assert dependency(names, alias) == says
    values = dict(alias.depends_on)
    own = [values.get(0, 0.0) * a + values.get(1, 0.0) * b for a, b in ((1.0, 3.0), (2.0, 5.0), (1e8, 2.0))]
    x = np.array([[1.0, 3.0, own[0]], [2.0, 5.0, own[1] + 1], [1e8, 2.0, np.nextafter(own[2], 2 * own[2])]])
    assert broken_rows(alias, x) == 1
    assert broken_sentence(names, alias, 1).startswith(f"1 row does not obey {says}, as all rows of the fit did; c has")
    assert broken_sentence(names, alias, 1200).startswith("1,200 rows do not obey")
