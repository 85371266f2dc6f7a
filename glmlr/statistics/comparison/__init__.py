"""Which of several models? Coefficients side by side, fit indices, tests, and how their predictions differ."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import combinations
from typing import Any

import numpy as np
import pandas as pd

from glmlr.comparison.rows import Trials, nestings, rows_differ
from glmlr.errors import ArgumentError, OptionError, explained_arguments, one_of
from glmlr.exhibits import Table, Tabled
from glmlr.fit import Fit
from glmlr.penalised.withheld import refuse_penalised
from glmlr.proportions import checked_level
from glmlr.ranking.concordance import area
from glmlr.statistics.comparison.charts import calibration_together, coefficients_together, roc_together
from glmlr.statistics.comparison.likelihood_tests import likelihood_tables
from glmlr.statistics.comparison.tables import (
    coefficients_table,
    indices_table,
    predictions_table,
    reclassification_table,
)


@dataclass(frozen=True, eq=False, repr=False)
class Comparison(Tabled):
    """Several models beside each other.

    Attributes:
        table: the coefficients side by side; its companions are those below, its charts "forest", "roc" and
            "calibration".
        fits: the models by name.

    """

    table: Table
    fits: Mapping[str, Fit]

    def _companion(self, key: str) -> Table | None:
        return next((table for table in self.table.tables if table.key == key), None)

    @property
    def coefficients(self) -> pd.DataFrame:
        """Estimates side by side, one row a coefficient."""
        return self.table.frame

    @property
    def indices(self) -> pd.DataFrame:
        """Fit indices, one row an index and one column a model."""
        found = self._companion("compare_indices")
        assert found is not None  # there always is one
        return found.frame.set_index("measure")

    @property
    def tests(self) -> pd.DataFrame | None:
        """Likelihood ratio tests, or Vuong's two steps, of each pair; None where the rows differ."""
        found = self._companion("compare_tests")
        return None if found is None else found.frame

    @property
    def criteria(self) -> pd.DataFrame | None:
        """Differences of AIC and BIC of each pair, with intervals where neither contains the other; None as above."""
        found = self._companion("compare_criteria")
        return None if found is None else found.frame

    @property
    def predictions(self) -> pd.DataFrame | None:
        """Differences of AUC, Brier score and log loss of each pair; None where the rows differ."""
        found = self._companion("compare_predictions")
        return None if found is None else found.frame

    @property
    def reclassification(self) -> pd.DataFrame | None:
        """NRI and IDI of each pair; None where the rows differ."""
        found = self._companion("compare_reclassification")
        return None if found is None else found.frame


@explained_arguments
def compare(
    *fits: Any,
    names: Sequence[str] | None = None,
    level: float = 0.95,
    show: str = "interval",
    stars: bool = False,
    cutoffs: Sequence[float] | None = None,
) -> Comparison:
    """Put several models side by side, and test their differences where they are of the same rows.

    Differences are second minus first in the order given, so that a gain in AUC is positive and a gain in the Brier
    score or the log loss is negative. Where one model contains the other the likelihood ratio is tested. Elsewhere
    Vuong's two steps are: whether the models can be told apart (the variance of the rows' log-likelihood ratios against
    a weighted sum of chi-squares, whose tail is exact), and, where they can, which is nearer to the truth.

    Args:
        *fits: fitted models, two or more; or one dict name -> model.
        names: a name for each, by default "Model 1", "Model 2", ...
        level: confidence level of all intervals; 1 - level is the level at which two models count as told apart.
        show: what stands beside each estimate: "interval" or "std_error".
        stars: mark p-values below 0.05, 0.01 and 0.001 of the Wald tests by one, two and three stars.
        cutoffs: probabilities in (0, 1) between the risk categories of the categorical NRI; None leaves it out.

    Raises:
        ArgumentError: fewer than two models, or something else than models.
        OptionError: names that are too few or not distinct, cut-offs outside (0, 1), `level` outside (0, 1).

    References: Burnham & Anderson (2002), Model Selection and Multimodel Inference, 2nd ed. (Akaike weights); Vuong
    (1989), Econometrica 57, 307-333; Merkle, You & Preacher (2016), Psychological Methods 21, 151-163 (R nonnest2, with
    the same intervals of AIC and BIC); DeLong, DeLong & Clarke-Pearson (1988), Biometrics 44, 837-845; Pencina et al.
    (2008), Statistics in Medicine 27, 157-172; Pencina et al. (2011), Statistics in Medicine 30, 11-21.

    """
    checked_level(level)
    one_of("show", show, ["interval", "std_error"])
    edges = None if cutoffs is None else _edges(cutoffs)
    models = _named(fits, names)
    for one in models.values():
        refuse_penalised(one.penalty, "A comparison of models with its tests and intervals")
    different = list(_different(models))
    table = coefficients_table(models, level, show, stars=stars)
    areas = {name: area(fit.ranking, level) for name, fit in models.items()}
    companions = [indices_table(models, areas, comparable=not different)]
    if not different:
        trials, nested = Trials.of(list(models.values())), nestings(models)
        companions += [
            *likelihood_tables(models, trials, nested, level),
            predictions_table(models, trials, nested, level),
            reclassification_table(models, trials, level, edges),
        ]
    charts = [coefficients_together(models, level), roc_together(models, areas), calibration_together(models)]
    notes = (*table.notes, *different)
    whole = replace(table, notes=notes, tables=tuple(companions), charts=tuple(one for one in charts if one))
    return Comparison(whole, models)


def _named(fits: Sequence[Any], names: Sequence[str] | None) -> dict[str, Fit]:
    """Give the models by name."""
    if len(fits) == 1 and isinstance(fits[0], Mapping):
        if names is not None:
            raise OptionError("names= does not go with a dict, whose keys are the names.")
        names, fits = [str(name) for name in fits[0]], list(fits[0].values())
    if len(fits) < 2:
        raise ArgumentError(f"compare() takes two fitted models or more, compare(fit1, fit2); there is {len(fits)}.")
    for position, one in enumerate(fits, 1):
        if not isinstance(one, Fit):
            raise ArgumentError(
                f"compare() takes fitted models; argument {position} is {type(one).__name__}. Fit one with "
                "glmlr.fit(formula, data)."
            )
    if isinstance(names, str):
        raise OptionError(f"names={names!r} is one text; give a list with a name for each of the {len(fits)} models.")
    given = [f"Model {number}" for number in range(1, len(fits) + 1)] if names is None else [str(one) for one in names]
    if len(given) != len(fits) or len(set(given)) != len(given):
        raise OptionError(f"names= has {len(set(given))} distinct names for {len(fits)} models; give one for each.")
    return dict(zip(given, fits, strict=True))


def _edges(cutoffs: Any) -> np.ndarray[Any, np.dtype[np.float64]]:
    try:
        edges = np.unique(np.asarray(cutoffs, dtype=np.float64).ravel())
    except (TypeError, ValueError):
        raise OptionError(f"cutoffs={cutoffs!r} are no numbers; give probabilities such as [0.1, 0.2].") from None
    if not edges.size or not ((edges > 0) & (edges < 1)).all():
        raise OptionError(f"cutoffs={cutoffs!r} must be probabilities between 0 and 1, such as [0.1, 0.2].")
    return edges


def _different(models: Mapping[str, Fit]) -> Iterator[str]:
    """Say which pairs of models are not of the same rows, and what that rules out."""
    for (one, first), (other, second) in combinations(models.items(), 2):
        reason = rows_differ(first, second)
        if reason is not None:
            yield (
                f"{one} and {other} cannot be tested against each other: {reason}. Likelihoods, information "
                "criteria and AUC can be compared only on the same rows."
            )
            return
