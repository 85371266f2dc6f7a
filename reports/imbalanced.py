"""What do class weights do for a rare event? 10,000 rows with 100 events, as a report: `python reports/imbalanced.py`.

Writes imbalanced.html and imbalanced.md beside this file, or into the folder that is named.
"""

from __future__ import annotations

import sys
import warnings
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import statsmodels.api as sm
import statsmodels.formula.api as smf
from sklearn.datasets import make_classification

import glmlr
from glmlr.exhibits import Axis, Chart, Report, Section, Series, Table

FORMULA = "y ~ x1 + x2"
CURVED = "y ~ x1 * x2 + I(x1 ** 2) + I(x2 ** 2)"
GRID = ({0: 100, 1: 1}, {0: 10, 1: 1}, {0: 1, 1: 1}, {0: 1, 1: 10}, {0: 1, 1: 100}, "balanced")
RATIO = 100  # weight of an event / weight of a non-event in the model that is looked at closely
STRIDE = 20  # every twentieth non-event is drawn
PLAIN, WEIGHTED, BALANCED = "no weights", f"1:{RATIO}", "balanced"
MODELS = {PLAIN: None, WEIGHTED: {0: 1, 1: RATIO}, BALANCED: "balanced"}
#: The same models in the words of the search's table.
SEARCHED = {PLAIN: "0: 1, 1: 1", WEIGHTED: f"0: 1, 1: {RATIO}", BALANCED: "balanced"}
#: Definitions of glmlr that hold for weighted and for corrected probabilities alike.
DEFINED = ("mean_predicted", "observed_rate", "expected_over_observed", "in_the_large", "brier", "log_score")


def rows() -> pd.DataFrame:
    """Make the rows: two predictors, one cluster of points in each class, 1% events, no label wrong."""
    x, y = make_classification(
        n_samples=10_000,
        n_features=2,
        n_redundant=0,
        n_clusters_per_class=1,
        weights=[0.99],
        flip_y=0,
        random_state=2,
    )
    return pd.DataFrame({"y": y, "x1": x[:, 0], "x2": x[:, 1]})


def report() -> Report:
    """Fit and compare the models, and put what they say into a report."""
    data = rows()
    search = glmlr.class_weight_search(FORMULA, data, weights=GRID, scoring="auc", folds=10, repeats=3, seed=1)
    fits = {name: glmlr.fit(FORMULA, data, class_weight=weights) for name, weights in MODELS.items()}
    own = fits[WEIGHTED].report(sections=["calibration"])
    weighted, corrected = (fits[WEIGHTED].predict(scale=scale).mean() for scale in ("weighted", "corrected"))
    return Report(
        title="A rare event: class weights, rankings and probabilities",
        lead=(
            f"Logistic models of {len(data):,} rows with {data['y'].sum()} events. The class weights {WEIGHTED} move "
            f"the AUC of rows held out from {area(search, PLAIN):.4f} to {area(search, WEIGHTED):.4f}, and the mean "
            f"probability from {data['y'].mean():.2%} to {weighted:.2%}; corrected for the weights, it is "
            f"{corrected:.2%}.",
            f"{WEIGHTED} stands for the weights 1 of y = 0 and {RATIO} of y = 1. The rows are made by scikit-learn's "
            "make_classification with random_state=2.",
        ),
        sections=(
            class_counts(fits[PLAIN]),
            picture(data, fits),
            search_of_weights(search),
            comparison(data, fits, search),
            two_scales(data, fits),
            counts_or_importance(data, fits[WEIGHTED]),
            replace(own.sections[-1], sentences=(f"The fit of this table is the model {WEIGHTED}.",)),
        ),
        definitions=tuple(item for item in own.definitions if item.name in DEFINED),
        formula=FORMULA,
        overview=at_a_glance(data, fits[WEIGHTED], search),
    )


def at_a_glance(data: pd.DataFrame, fit: glmlr.Fit, search: Table) -> Table:
    """Give the numbers to remember."""
    lines = [
        ("Rows", len(data), "count"),
        ("Events", int(data["y"].sum()), "count"),
        *((f"AUC in cross-validation, {name}", area(search, name), "probability") for name in (PLAIN, WEIGHTED)),
        (f"Mean probability, {WEIGHTED}, weighted", fit.predict(scale="weighted").mean(), "probability"),
        (f"Mean probability, {WEIGHTED}, corrected", fit.predict().mean(), "probability"),
        ("Observed rate", data["y"].mean(), "probability"),
    ]
    frame = pd.DataFrame([line[:2] for line in lines], columns=["measure", "value"])
    roles = {"measure": "text", "value": "measure"}
    return Table("overview", "At a glance", frame, roles, row_roles=tuple(line[2] for line in lines))


def area(search: Table, name: str) -> float:
    """Give the mean area under the ROC curve of the rows held out."""
    return float(search[SEARCHED[name]]["mean"])


def class_counts(fit: glmlr.Fit) -> Section:
    """Count the classes."""
    table = fit.response_profile()
    events, others = map(int, table["n"][:2])
    said = (
        f"{events:,} of the {events + others:,} rows are events, one for every {others / events:.0f} non-events.",
        "A logistic model needs no balance. Where the log-odds are linear in the predictors, class weights add the "
        "logarithm of their ratio to the intercept and nothing to the slopes: probabilities move, rankings hardly do.",
        "Where they are not linear, as here, weights also decide for which rows the line fits best.",
    )
    return Section("counts", "Class counts", (replace(table, notes=table.notes[:1]),), said)


# ------------------------------------------------------------------------------------------------ the rows, drawn


def picture(data: pd.DataFrame, fits: dict[str, glmlr.Fit]) -> Section:
    """Draw the two predictors by class, with the lines at which a probability is 0.5."""
    events, others = data[data["y"] == 1], data[data["y"] == 0].iloc[::STRIDE]
    plain, weighted = fits[PLAIN].params, fits[WEIGHTED].params
    lines = (
        boundary(f"p = 0.5, {PLAIN}", plain, 0.0, data["x2"]),
        boundary(f"p = 0.5, {WEIGHTED}, weighted", weighted, 0.0, data["x2"]),
        boundary(f"p = 0.5, {WEIGHTED}, corrected", weighted, np.log(RATIO), data["x2"]),
    )
    chart = Chart(
        key="scatter",
        title="The two predictors by class",
        series=(
            Series("y = 0", "points", others["x1"].to_numpy(), others["x2"].to_numpy()),
            Series("y = 1", "points", events["x1"].to_numpy(), events["x2"].to_numpy()),
            *lines,
        ),
        x=Axis("x1"),
        y=Axis("x2"),
        notes=(
            f"All {len(events)} events and every {STRIDE}th non-event, {len(others)} of them. To the right of a line p "
            "is above 0.5.",
        ),
        alt="Non-events are a cloud around x1 = -1, events a diagonal band from inside it to the right; the line of "
        f"the model {WEIGHTED} runs along the edge of the cloud, the other two further to the right.",
    )
    said = (
        "The non-events are a cloud, the events a diagonal band that begins inside it; no straight line separates "
        "them.",
        f"Weights {WEIGHTED} draw the line at the edge of the cloud. Corrected for the weights, the same model reaches "
        f"0.5 on a parallel line, log({RATIO}) = {np.log(RATIO):.3f} further up in log-odds; the line of the model "
        "without weights has another slope.",
    )
    return Section("scatter", "The rows", (chart,), said)


def boundary(name: str, params: pd.Series, log_odds: float, across: pd.Series) -> Series:
    """Draw where the linear predictor has a value: x1 as a function of x2."""
    x2 = np.array([across.min(), across.max()])
    return Series(name, "line", (log_odds - params["Intercept"] - params["x2"] * x2) / params["x1"], x2)


# ------------------------------------------------------------------------------------------------ ranking


def search_of_weights(search: Table) -> Section:
    """Show the search over class weights."""
    folds = search.tables[0].frame
    column = {words: f"weights_{at + 1}" for at, words in enumerate(search["weights"])}
    differences = folds[column[SEARCHED[WEIGHTED]]] - folds[column[SEARCHED[PLAIN]]]
    gain = area(search, WEIGHTED) - area(search, PLAIN)
    said = (
        f"The mean AUC of rows held out rises with the weight of an event, from {search['mean'].iloc[0]:.4f} to "
        f"{area(search, WEIGHTED):.4f} at {WEIGHTED}, the best of the five ratios; without weights it is "
        f"{area(search, PLAIN):.4f}.",
        f"Balanced weights, nearly the same, have {area(search, BALANCED) - area(search, WEIGHTED):.6f} more, which "
        "says nothing.",
        f"The gain of {gain:.4f} is one on average: the model {WEIGHTED} ranks better in {(differences > 0).sum()} of "
        f"the {len(folds)} folds, above all where the model without weights does worst, and a little worse in "
        f"{(differences < 0).sum()}.",
    )
    return Section("search", "Which weights rank best", (replace(search, tables=()),), said)


# ------------------------------------------------------------------------------------------------ three models


def comparison(data: pd.DataFrame, fits: dict[str, glmlr.Fit], search: Table) -> Section:
    """Compare three models by their coefficients, their rankings and their probabilities."""
    table = performance(data, fits, search)
    rate, curved = data["y"].mean(), glmlr.fit(CURVED, data)
    gain = 2 * (curved.loglik - fits[PLAIN].loglik)
    found = glmlr.cross_validate(CURVED, data, folds=10, repeats=3, seed=1)["auc"]["mean"]
    wrong, right = (table[f"{WEIGHTED}, {scale}"] for scale in ("weighted", "corrected"))
    said = (
        f"Weighted probabilities are {wrong['mean_predicted']:.2%} on average where {rate:.2%} of the rows are events; "
        "by log loss and Brier score they are worse than that rate given to every row.",
        f"Corrected ones rank rows alike and are {right['mean_predicted']:.2%} on average. They would be right if the "
        f"log-odds were linear in x1 and x2; that weights move the slope of x2 from {fits[PLAIN].params['x2']:.2f} to "
        f"{fits[WEIGHTED].params['x2']:.2f} says that they are not. The model without weights has the best "
        "probabilities of the three.",
        "With the squares and the product of x1 and x2, and without weights, the AUC in cross-validation is "
        f"{found:.4f} (likelihood ratio chi-square {gain:.1f} on {curved.rank - fits[PLAIN].rank} df): the formula "
        "gains more than any weights.",
    )
    return Section("comparison", "Three models", (coefficients(fits), table), said)


def coefficients(fits: dict[str, glmlr.Fit]) -> Table:
    """Put the coefficients of all models into one table, with the standard errors that each shows."""
    kinds = {"model": "model-based", "HC0": "sandwich (HC0)"}
    parts = [
        fit.coefficients().frame.assign(weights=name, kind=kinds[fit.covariance_kind]) for name, fit in fits.items()
    ]
    roles = {"weights": "text", "term": "text", **dict.fromkeys(("estimate", "std_error"), "estimate"), "kind": "text"}
    labels = {"weights": "Class weights", "kind": "Standard error is", "low": "95% low", "high": "95% high"}
    return Table(
        "models",
        "Coefficients of three models",
        pd.concat(parts, ignore_index=True),
        roles | {"low": "estimate", "high": "estimate"},
        labels,
        notes=("Intercepts are those of the fit, on the weighted scale where there are weights.",),
    )


def performance(data: pd.DataFrame, fits: dict[str, glmlr.Fit], search: Table) -> Table:
    """Give the AUC of rows held out, and how good the probabilities are on both scales."""
    y = data["y"]
    records = [quality("the observed rate for every row", y, pd.Series(y.mean(), index=y.index))]
    for name, fit in fits.items():
        auc: dict[str, object] = {"auc": area(search, name)}
        if name == PLAIN:
            records.append(quality(name, y, fit.predict()) | auc)
        else:
            records += [quality(f"{name}, {s}", y, fit.predict(scale=s)) | auc for s in ("weighted", "corrected")]
    shares = dict.fromkeys(("mean_predicted", "rate"), "probability")
    return Table(
        "performance",
        "Rankings and probabilities",
        pd.DataFrame.from_records(records),
        {"probabilities": "text", **dict.fromkeys(("auc", "log_loss", "brier"), "estimate"), **shares},
        {"auc": "AUC in cross-validation", "mean_predicted": "Mean predicted", "rate": "Observed rate"},
        notes=("Log loss, Brier score and means are those of the rows of the fit, which has three coefficients.",),
        blanks=("auc",),
    )


def quality(name: str, y: pd.Series, p: pd.Series) -> dict[str, object]:
    """Give log loss, Brier score and mean of probabilities, and the rate they should have."""
    table = glmlr.calibration(y, p)
    return {
        "probabilities": name,
        "auc": np.nan,
        "log_loss": table["log_score"],
        "brier": table["brier"],
        "mean_predicted": table["mean_predicted"],
        "rate": table["observed_rate"],
    }


# ------------------------------------------------------------------------------------------------ two scales


def two_scales(data: pd.DataFrame, fits: dict[str, glmlr.Fit]) -> Section:
    """Compare weighted with corrected probabilities of one model: their calibration, and cut-offs on both."""
    y, fit = data["y"], fits[WEIGHTED]
    weighted, corrected = fit.predict(scale="weighted"), fit.predict(scale="corrected")
    tables = {"weighted": glmlr.calibration(y, weighted), "corrected": glmlr.calibration(y, corrected)}
    shown = ["expected_over_observed", "in_the_large", "intercept", "slope"]
    frame = pd.DataFrame({"measure": shown} | {s: [t[name] for name in shown] for s, t in tables.items()})
    first = tables["weighted"]
    table = Table(
        "scales",
        "Calibration on two scales",
        frame,
        {"measure": "text", "weighted": "estimate", "corrected": "estimate"},
        {name: first.labels[name] for name in shown},
        notes=("Ideal are 1, 0, 0 and 1. Slope: that of the outcomes' log-odds on those of the probabilities.",),
        charts=tuple(
            replace(
                t.chart(),
                key=f"calibration_{scale}",
                title=f"{scale.capitalize()} probabilities of the model {WEIGHTED}",
            )
            for scale, t in tables.items()
        ),
    )
    said = (
        f"The weighted probabilities of the model {WEIGHTED} promise {frame['weighted'][0]:.1f} events for each one "
        f"there is, the corrected ones {frame['corrected'][0]:.2f}; the calibration slope of "
        f"{frame['corrected'][3]:.2f} is the same on both scales, since the correction moves the intercept alone.",
        f"A weighted p is p / (p + {RATIO} (1 - p)) when corrected, so that each cut-off of one scale has one of the "
        f"other that calls the same rows positive. 0.5 of the weighted scale is 1/{RATIO + 1} of the corrected one, "
        f"the cut-off for a missed event that costs as much as {RATIO} false alarms.",
    )
    return Section("scales", "Two scales of probability", (table, cutoffs(y, weighted, corrected)), said)


def cutoffs(y: pd.Series, weighted: pd.Series, corrected: pd.Series) -> Table:
    """Show cut-offs on both scales beside what they call positive."""
    best = glmlr.cutoffs(y, weighted, cost_fn=RATIO)
    chosen = {
        "0.5 of the weighted scale": 0.5,
        "Youden's J": best["youden"]["cutoff"],
        f"Smallest cost, FN = {RATIO} FP": best["min_cost"]["cutoff"],
        "Largest F1": best["max_f1"]["cutoff"],
        "0.5 of the corrected scale": RATIO / (RATIO + 1),
    }
    records = []
    for name, cutoff in chosen.items():
        other = cutoff / (cutoff + RATIO * (1 - cutoff))
        tables = glmlr.confusion(y, weighted, cutoff=cutoff), glmlr.confusion(y, corrected, cutoff=other)
        positive = [table.tables[0]["total"]["positive"] for table in tables]
        rates = {rate: tables[1][rate] for rate in ("sensitivity", "specificity", "precision")}
        records.append([name, cutoff, other, *positive, *rates.values()])
    roles = {"criterion": "text", **dict.fromkeys(("weighted", "corrected"), "probability")}
    roles |= dict.fromkeys(("positive_weighted", "positive_corrected"), "count")
    roles |= dict.fromkeys(("sensitivity", "specificity", "precision"), "probability")
    labels = {"weighted": "Cut-off, weighted", "corrected": "Cut-off, corrected"}
    labels |= {"positive_weighted": "Positive, weighted", "positive_corrected": "Positive, corrected"}
    frame = pd.DataFrame(records, columns=list(roles))
    return Table("scale_cutoffs", "Cut-offs on two scales", frame, roles, labels)


# ------------------------------------------------------------------------------------------------ standard errors


def counts_or_importance(data: pd.DataFrame, fit: glmlr.Fit) -> Section:
    """Show what statsmodels says when the weights are given as its freq_weights."""
    weights = np.where(data["y"] == 1, float(RATIO), 1.0)
    model = smf.glm(FORMULA, data, family=sm.families.Binomial(), freq_weights=weights)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # statsmodels warns that HC0 is not fully supported with freq_weights
        counted, robust = (model.fit(cov_type=kind).bse for kind in ("nonrobust", "HC0"))
    frame = pd.DataFrame(
        {
            "term": fit.names,
            "estimate": fit.params.to_numpy(),
            "sandwich": fit.bse.to_numpy(),
            "counted": counted.to_numpy(),
            "counted_ratio": fit.bse.to_numpy() / counted.to_numpy(),
            "robust": robust.to_numpy(),
            "robust_ratio": fit.bse.to_numpy() / robust.to_numpy(),
        }
    )
    ratios = frame[["counted_ratio", "robust_ratio"]].to_numpy()
    roles = {"term": "text", **{name: "ratio" if "ratio" in name else "estimate" for name in frame.columns[1:]}}
    labels = {"sandwich": "Std. error, sandwich", "counted": "freq_weights", "counted_ratio": "Sandwich / freq_weights"}
    labels |= {"robust": "freq_weights, HC0", "robust_ratio": "Sandwich / HC0"}
    table = Table("freq_weights", f"Standard errors under the weights {WEIGHTED}", frame, roles, labels)
    said = (
        "Given to statsmodels as freq_weights, the same weights yield the same estimates with standard errors "
        f"{ratios.min():.1f} to {ratios.max():.1f} times too small, those of its HC0 included.",
        f"They are wrong because they take the weights for counts: {weights.sum():,.0f} rows with "
        f"{weights[weights > 1].sum():,.0f} events, where only {int(data['y'].sum())} events were ever observed.",
    )
    return Section("freq_weights", "Weights taken for counts", (table,), said)


def main() -> None:
    """Write the report, in HTML and in Markdown."""
    folder = Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).parent
    document = report()
    for ending in ("html", "md"):
        document.write(folder / f"imbalanced.{ending}")


if __name__ == "__main__":
    main()
