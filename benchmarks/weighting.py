"""Are the p-values of a weighted fit what they say? `python -m benchmarks.weighting [--quick]`.

A predictor that is pure noise must be rejected at the level of 5 % in 5 % of all samples. Under class weights that
holds for the sandwich of glmlr; statsmodels' GLM takes the same weights for counts of rows (freq_weights), and finds
noise significant far more often, by its model-based covariance and by its HC0 alike. Writes weighting.csv.
"""

from __future__ import annotations

import argparse
import warnings
from typing import Any

import numpy as np
import pandas as pd

import glmlr
from benchmarks import results
from benchmarks.machine import versions

LEVEL = 0.05
ROWS = 1000
SAMPLES = {"logit": 1000, "probit": 400}
RATES = (0.05, 0.2)
WEIGHTS = ("1:19", "balanced")
#: statsmodels' covariances, by the name of its argument cov_type.
PEERS = ("nonrobust", "HC0")
SEED = 20010401


def sample(rate: float, number: int) -> pd.DataFrame:
    """Give one sample: events of about this rate, a predictor that has to do with them and one that has not."""
    rng = np.random.default_rng([SEED, round(1000 * rate), number])
    x, noise = rng.normal(size=(2, ROWS))
    # With a slope of 1/2 the mean probability is a little above that of the intercept alone.
    y = rng.random(ROWS) < 1 / (1 + np.exp(-(np.log(rate / (1 - rate)) - 0.1 + 0.5 * x)))
    return pd.DataFrame({"y": y.astype(int), "x": x, "noise": noise})


def rejections(link: str, weights: str, rate: float, *, samples: int, peers: int) -> dict[str, float]:
    """Give the share of samples in which noise is rejected, by glmlr and, on the first `peers` of them, statsmodels."""
    ours: list[bool] = []
    theirs: dict[str, list[bool]] = {kind: [] for kind in PEERS}
    for number in range(samples):
        data = sample(rate, number)
        fitted = glmlr.fit("y ~ x + noise", data, link=link, class_weight=weights)
        ours.append(bool(fitted.pvalues["noise"] < LEVEL))
        if number < peers:
            for kind, rejected in _peers(link, fitted, data).items():
                theirs[kind].append(rejected)
    shares = {kind: float(np.mean(found)) for kind, found in theirs.items() if found}
    return {"glmlr": float(np.mean(ours)), **shares}


def _peers(link: str, fitted: glmlr.Fit, data: pd.DataFrame) -> dict[str, bool]:
    """Fit the same weights as statsmodels' freq_weights; the estimates must be the same."""
    import statsmodels.api as sm

    assert fitted.design.class_weights is not None
    w0, w1 = fitted.design.class_weights
    family = sm.families.Binomial({"logit": sm.families.links.Logit, "probit": sm.families.links.Probit}[link]())
    x = np.column_stack([np.ones(len(data)), data["x"], data["noise"]])
    model = sm.GLM(data["y"].to_numpy(), x, family=family, freq_weights=np.where(data["y"] == 1, w1, w0))
    found = {}
    for kind in PEERS:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            result: Any = model.fit(cov_type=kind, tol=1e-10)
        np.testing.assert_allclose(result.params, fitted.params, rtol=1e-5, atol=1e-7)
        found[kind] = bool(result.pvalues[2] < LEVEL)
    return found


def study(share: float = 1.0) -> pd.DataFrame:
    """Give one row for each link, weighting, rate and covariance."""
    rows = []
    for link, samples in SAMPLES.items():
        count = max(10, round(samples * share))
        for weights in WEIGHTS:
            for rate in RATES:
                found = rejections(link, weights, rate, samples=count, peers=count)
                for by, rejected in found.items():
                    error = float(np.sqrt(rejected * (1 - rejected) / count))
                    rows.append(
                        {
                            "link": link,
                            "weights": weights,
                            "event_rate": rate,
                            "standard_errors": by if by == "glmlr" else f"statsmodels freq_weights, {by}",
                            "samples": count,
                            "rows": ROWS,
                            "level": LEVEL,
                            "rejected": rejected,
                            "std_error": error,
                        }
                    )
                print(f"{link} {weights} {rate}: {found}", flush=True)
    return pd.DataFrame(rows)


def main() -> None:
    """Run the simulation, print it, write it."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.weighting", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="a twentieth of the samples; nothing is written")
    quick = parser.parse_args().quick
    table = study(1 / 20 if quick else 1.0)
    print(results.as_plain_text(table))
    if not quick:
        results.write_csv(table.assign(versions=versions()), results.FOLDER / "weighting.csv")


if __name__ == "__main__":
    main()
