"""Which of two models has the likelihood on its side? Ratio tests, Vuong's two steps, differences of AIC and BIC."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from itertools import combinations
from typing import Any, Final

import pandas as pd

from glmlr.comparison.paired import Vuong, tested, vuong
from glmlr.comparison.rows import Nesting, Trials
from glmlr.comparison.told_apart import distinguished
from glmlr.exhibits import Table
from glmlr.fit import Fit
from glmlr.tails import Tail, chi_square_tail, normal_tail

Models = Mapping[str, Fit]
Nestings = Mapping[tuple[str, str], Nesting]

_PAIR: Final = {"first": "text", "second": "text"}


@dataclass
class _Told:
    """What the two tables gather, pair by pair: their rows and their notes."""

    tests: list[dict[str, Any]] = field(default_factory=list)
    test_notes: list[str] = field(default_factory=list)
    criteria: list[dict[str, Any]] = field(default_factory=list)
    criterion_notes: list[str] = field(default_factory=list)


def likelihood_tables(models: Models, trials: Trials, nested: Nestings, level: float) -> tuple[Table, Table]:
    """Test each pair, by the likelihood ratio where one contains the other, else by Vuong; compare their AIC and BIC.

    Args:
        models: fits of the same rows, by name.
        trials: these rows, with the likelihoods of each model.
        nested: which of each pair contains the other.
        level: of the intervals; 1 - level is the level at which two models count as told apart.

    Returns:
        The table of tests, and that of the differences of AIC and BIC.

    """
    told = _Told()
    for at in combinations(range(len(models)), 2):
        _pair(told, models, trials, at, nested, level)
    columns = ["first", "second", "test", "statistic", "df", "p_value", "log10_p"]
    tests = Table(
        key="compare_tests",
        title="Tests of the models against each other",
        frame=pd.DataFrame.from_records(told.tests, columns=columns),
        roles=_PAIR
        | {"test": "text", "statistic": "statistic", "df": "integer", "p_value": "p_value", "log10_p": "hidden"},
        labels={"first": "First", "second": "Second", "test": "Test"},
        notes=tuple(dict.fromkeys(told.test_notes)),
        blanks=("df",),
    )
    return tests, _criteria_table(told, level)


def _pair(told: _Told, models: Models, trials: Trials, at: tuple[int, int], nested: Nestings, level: float) -> None:
    """Test two models; the sentences say why there is no test, or what it takes for granted."""
    names = [list(models)[one] for one in at]
    first, second = (models[name] for name in names)
    pair = {"first": names[0], "second": names[1]}
    if first.pseudo_likelihood or second.pseudo_likelihood:
        told.test_notes.append(
            f"{names[0]} and {names[1]} are not tested: importance weights make a likelihood that has no chi-square "
            "distribution. The differences of their predictions are tested below."
        )
        return
    up, down = nested[names[0], names[1]]
    if up and down:
        told.test_notes.append(f"{names[0]} and {names[1]} are one model in other columns: there is nothing to test.")
    elif up or down:
        larger, smaller = (second, first) if up else (first, second)
        told.tests.append(pair | _likelihood_ratio(larger, smaller))
    else:
        found = vuong(trials.loglik[at[0]], trials.loglik[at[1]], trials.weight, (first.rank, second.rank))
        _by_vuong(told, pair, (first, second), found, level)
        _criteria(told, pair, (first, second), found.error, level)
        return
    if first.design.clusters or second.design.clusters:
        told.test_notes.append(
            "The likelihood ratio takes the rows as independent; under clusters its p-value is too small. Wald tests "
            "of the terms use the clustered covariance."
        )
    _criteria(told, pair, (first, second), math.nan, level)


def _likelihood_ratio(larger: Fit, smaller: Fit) -> dict[str, Any]:
    chi2, df = max(2 * (larger.loglik - smaller.loglik), 0.0), larger.rank - smaller.rank
    return _row("Likelihood ratio", chi2, df, chi_square_tail(chi2, df))


def _row(test: str, statistic: float, df: float, tail: Tail) -> dict[str, Any]:
    return {"test": test, "statistic": statistic, "df": df, "p_value": tail.p_value, "log10_p": tail.log10_p}


def _by_vuong(told: _Told, pair: dict[str, Any], fits: tuple[Fit, Fit], found: Vuong, level: float) -> None:
    """Test whether two models can be told apart, and which of them is nearer to the truth."""
    names = f"{pair['first']} and {pair['second']}"
    if math.isnan(found.z):
        told.test_notes.append(f"{names} give every row the same likelihood: there is nothing to test.")
        return
    apart = distinguished(*fits, found.variance)
    first = _row("Vuong, variance", apart.statistic, math.nan, Tail(apart.p_value, apart.log10_p))
    told.tests.append(pair | first)
    for words, z in (("Vuong", found.z), ("Vuong, AIC", found.z_aic), ("Vuong, BIC", found.z_bic)):
        told.tests.append(pair | _row(words, z, math.nan, normal_tail(z)))
    told.test_notes += [
        "Where neither model contains the other there is no likelihood ratio test, and Vuong's test stands in its "
        "place.",
        "Vuong's test has two steps. The first asks whether the models can be told apart: the variance statistic is n "
        "times the variance of the log-likelihood ratios of the rows, and under the hypothesis that both models say "
        "the same of every row it is a weighted sum of chi-squares. Only where that is rejected is z normal. Models "
        "that have an intercept or other columns in common overlap and may say the same, so that the first step is "
        "needed; both steps at one level reject equal models no more often than that.",
        "Vuong's z is positive where the second model is nearer to the truth. AIC and BIC take off their penalties "
        "first.",
    ]
    if apart.reason is not None:
        told.test_notes.append(f"{names} have no variance test: {apart.reason}; whether z is normal is not known.")
    elif not apart.p_value < 1 - level:
        told.test_notes.append(
            f"{names} cannot be told apart at the {100 * (1 - level):.4g}% level (variance test): their z and its "
            "p-value, and the interval of their AIC and BIC, mean nothing, and neither model is preferred."
        )
    if fits[0].design.clusters or fits[1].design.clusters:
        told.test_notes.append(
            "Vuong's tests take the rows as independent; under clusters their p-values are too small."
        )


def _criteria(told: _Told, pair: dict[str, Any], fits: tuple[Fit, Fit], error: float, level: float) -> None:
    """Give the differences of AIC and BIC, with intervals where they have any."""
    for words, value in (("AIC", fits[1].aic - fits[0].aic), ("BIC", fits[1].bic - fits[0].bic)):
        found = tested(value, (2 * error) ** 2, level)
        told.criteria.append(
            pair
            | {"measure": words, "value": value, "std_error": found.std_error, "low": found.low, "high": found.high}
        )
    if math.isnan(error):
        told.criterion_notes.append(
            "Where one model contains the other, or both say the same, the difference has no normal distribution and "
            "no interval: the likelihood ratio is the test."
        )


def _criteria_table(told: _Told, level: float) -> Table:
    columns = ["first", "second", "measure", "value", "std_error", "low", "high"]
    notes = [
        "Differences are second minus first: a negative one speaks for the second model.",
        f"Intervals have level {100 * level:g}%; the standard error is twice that of the sum of the log-likelihood "
        "ratios of the rows (Vuong), which is normal where the models can be told apart.",
    ]
    if not told.criteria:
        notes = ["No AIC or BIC can be compared here."]
    return Table(
        key="compare_criteria",
        title="Differences of AIC and BIC",
        frame=pd.DataFrame.from_records(told.criteria, columns=columns),
        roles={**_PAIR, "measure": "text", **dict.fromkeys(("value", "std_error", "low", "high"), "estimate")},
        labels={"first": "First", "second": "Second", "value": "Difference"},
        notes=tuple(dict.fromkeys([*notes, *told.criterion_notes])),
        blanks=("std_error", "low", "high"),
    )
