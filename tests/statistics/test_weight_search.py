"""Does the search hit the exact figures of the imbalanced data, and agree with cross-validation and fits by hand?"""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
from sklearn.datasets import make_classification
from sklearn.metrics import brier_score_loss
from sklearn.model_selection import StratifiedKFold

import glmlr
from glmlr.errors import ArgumentError, OptionError
from glmlr.statistics.validation import cross_validate
from glmlr.statistics.weight_search import class_weight_search

#: Exact maximum likelihood on the folds of RepeatedStratifiedKFold(10, 3, random_state=1), found with scikit-learn's
#: folds and roc_auc_score: mean AUC over the 30 folds, standard deviation with divisor n.
FIGURES = [
    ({0: 100, 1: 1}, 0.982283, 0.016959),
    ({0: 10, 1: 1}, 0.983599, 0.015428),
    ({0: 1, 1: 1}, 0.985377, 0.013264),
    ({0: 1, 1: 10}, 0.988037, 0.009783),
    ({0: 1, 1: 100}, 0.988929, 0.006327),
    ("balanced", 0.988946, 0.006344),
]


@pytest.fixture(scope="module")
def imbalanced() -> pd.DataFrame:
    x, y = make_classification(
        n_samples=10000,
        n_features=2,
        n_redundant=0,
        n_clusters_per_class=1,
        weights=[0.99],
        flip_y=0,
        random_state=2,
    )
    return pd.DataFrame({"x1": x[:, 0], "x2": x[:, 1], "y": y})


def test_the_figures_of_the_imbalanced_data(imbalanced: pd.DataFrame) -> None:
    table = class_weight_search("y ~ x1 + x2", imbalanced, weights=[weights for weights, _, _ in FIGURES])
    np.testing.assert_allclose(table["mean"], [mean for _, mean, _ in FIGURES], atol=1e-6)
    np.testing.assert_allclose(table["sd"], [sd for _, _, sd in FIGURES], atol=1e-6)
    assert table["rank"].tolist() == [6, 5, 4, 3, 2, 1]
    assert table["best"].tolist() == [False] * 5 + [True]
    assert table["weights"].tolist()[:2] == ["0: 100, 1: 1", "0: 10, 1: 1"]
    np.testing.assert_allclose(table["ratio"], [0.01, 0.1, 1, 10, 100, 99])
    np.testing.assert_allclose(table["difference"], table["mean"] - table["mean"][2], atol=1e-14)
    assert table.tables[0].frame.shape == (30, 8)


def test_ratios_and_fractions_are_weights_too(birthwt: pd.DataFrame) -> None:
    grid = [{0: 1, 1: 100}, {0: 0.01, 1: 1}, "1:100", "0.01:1"]
    table = class_weight_search("low ~ age + lwt", birthwt, weights=grid, folds=4, repeats=1)
    np.testing.assert_allclose(table["mean"][:4], table["mean"][0], rtol=1e-12)
    assert table["rank"].nunique() <= 2
    assert table["weights"].tolist()[2:] == ["1:100 (low = 0 : low = 1)", "0.01:1 (low = 0 : low = 1)", "none"]


@pytest.mark.parametrize("scoring", ["auc", "log_loss", "brier", "ks", "top_decile_lift", "f1"])
def test_a_row_is_the_cross_validation_under_its_weights(birthwt: pd.DataFrame, scoring: str) -> None:
    options: dict[str, Any] = {"folds": 4, "repeats": 2, "seed": 2}
    grid = ["balanced", {0: 2, 1: 1}]
    formula = "low ~ standardize(age) + lwt + C(race)"
    table = class_weight_search(formula, birthwt, weights=grid, scoring=scoring, **options)
    for at, option in enumerate([*grid, None]):
        row = cross_validate(formula, birthwt, class_weight=option, **options)[scoring]
        for name in ("mean", "sd", "smallest", "largest"):
            assert table[name][at] == pytest.approx(row[name], rel=1e-8), (option, name)
    best = table["mean"].min() if scoring in ("log_loss", "brier") else table["mean"].max()
    assert table["mean"][table["best"]].iloc[0] == pytest.approx(best, rel=1e-9)


def test_probabilities_are_corrected_before_they_are_measured(birthwt: pd.DataFrame) -> None:
    # By hand: King & Zeng's correction of the intercept, predictions by glmlr.fit, Brier score by scikit-learn.
    splitter = StratifiedKFold(3)
    table = class_weight_search("low ~ lwt", birthwt, weights=["1:5"], scoring="brier", folds=splitter)
    scores = []
    for training, test in splitter.split(birthwt, birthwt["low"]):
        fit = glmlr.fit("low ~ lwt", birthwt.iloc[training], class_weight={0: 1, 1: 5})
        eta = fit.predict(birthwt.iloc[test], kind="link", scale="weighted") - np.log(5)
        scores.append(brier_score_loss(birthwt["low"].iloc[test], 1 / (1 + np.exp(-eta))))
    assert table["mean"][0] == pytest.approx(np.mean(scores), rel=1e-8)


def test_the_model_without_weights_is_always_there(birthwt: pd.DataFrame) -> None:
    options: dict[str, Any] = {"folds": 3, "repeats": 1}
    assert class_weight_search("low ~ lwt", birthwt, weights=["balanced"], **options)["weights"].tolist() == [
        "balanced",
        "none",
    ]
    assert len(class_weight_search("low ~ lwt", birthwt, weights=["3:3", "1:2"], **options)) == 2
    assert len(class_weight_search("low ~ lwt", birthwt, weights=[None, "1:2"], **options)) == 2
    # Balanced outcomes weigh alike on all rows, but perhaps not in a training part.
    even = birthwt.groupby("low").head(59)
    assert len(class_weight_search("low ~ lwt", even, weights=["balanced"], **options)) == 2


def test_what_must_be_said_is_said(birthwt: pd.DataFrame) -> None:
    clinic = np.where(birthwt["race"] == "white", "a", "b").astype(object)
    clinic[7] = "rare"
    data = birthwt.assign(clinic=clinic, sign=birthwt["low"] * (birthwt["age"] > 18))
    data.loc[3, "lwt"] = np.nan
    table = class_weight_search(
        "low ~ center(lwt) + clinic + sign", data, weights=["balanced"], scoring="f1", folds=3, repeats=1
    )
    notes = " ".join(table.notes)
    for words in (
        "1 of 189 rows were dropped",
        "SD has the divisor n = 3",
        "'balanced' is found anew in each training part",
        "largest F1 in its training part",
        "Learnt anew in each training part: center(lwt)",
        "1 predictions could not be made",
        "balanced: 3 of the 3 fits separated",
    ):
        assert words in notes, words
    assert "<svg" in table.chart().to_svg()
    assert "yes" in table.to_markdown()


@pytest.mark.parametrize(
    ("options", "error", "words"),
    [
        ({"weights": "balanced"}, ArgumentError, "is not a list"),
        ({"weights": {0: 1, 1: 2}}, ArgumentError, "is not a list"),
        ({"weights": []}, OptionError, "weights is empty"),
        ({"weights": ["1:2:3"]}, OptionError, "not a ratio of two numbers"),
        ({"weights": ["balance"]}, OptionError, "'balanced'"),
        ({"weights": [{0: 1, 2: 1}]}, OptionError, "not a value of the response"),
        ({"weights": ["0:1"]}, OptionError, "a class weight is a number above 0"),
        ({"scoring": "accuracy"}, OptionError, "scoring='accuracy' is not one of"),
        ({"scoring": "slope"}, OptionError, "scoring='slope' is not one of"),
        ({"folds": 60}, OptionError, "too few for 60 folds"),
    ],
    ids=str,
)
def test_refused(birthwt: pd.DataFrame, options: dict[str, Any], error: type[Exception], words: str) -> None:
    with pytest.raises(error, match=words):
        class_weight_search("low ~ lwt", birthwt, **{"weights": ["balanced"], **options})
