"""Which cases are there? Every row of the list of targets, those still to be built included."""

from __future__ import annotations

from benchmarks import (
    fitting,
    formula_step,
    influence,
    intervals,
    needs,
    ranking_scores,
    searching,
    separated,
    streaming,
)
from benchmarks.contest import Case

CASES = (
    Case("logit", "1e6 x 19, from the frame to the table of coefficients", fitting.logit),
    Case("formula", "The formula step at 1e6 rows", formula_step.formula),
    Case("patterns", "1e6 rows, all predictors discrete", fitting.patterns),
    Case("levels", "1e6 rows, 5 numeric columns and a factor of 300 levels", fitting.many_levels),
    Case("small", "189 rows, fit and summary", fitting.small),
    Case("links", "Probit and cloglog, 1e6 x 19", fitting.other_links),
    Case("weights", "Class weights with sandwich covariance, over the plain fit", fitting.weighted),
    Case("memory", "Peak extra memory, 1e6 x 19", needs.memory),
    Case("association", "Association of 1e6 and 1e7 scores", ranking_scores.association),
    Case("scores", "All ranking statistics of 1e7 scores, and their peak memory", ranking_scores.complete),
    Case("import", "import glmlr", needs.importing),
    Case("parquet", "2e7 rows of Parquet: a pass over a read-only scan, and peak memory", streaming.parquet),
    Case("dask", "2e7 rows of Parquet on a cluster of 2 processes", streaming.dask),
    Case("huge", "1e8 rows of Parquet, fit and full report", streaming.huge, only_by_name=True),
    Case("leverage", "Leverage and Cook's distance against get_influence, 1e6 rows", influence.leverage),
    Case("separation", "Looking for separation over the Newton steps alone, 1e6 rows", separated.separation),
    Case("profile", "All profile-likelihood intervals over the own fit", intervals.profile),
    Case("search", "150 fits of a class-weight search against GridSearchCV(n_jobs=1)", searching.search),
)
