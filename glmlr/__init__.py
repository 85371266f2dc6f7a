"""glmlr: binomial generalised linear models, from a formula to a finished report.

    import glmlr

    births = glmlr.datasets.load("birthwt")
    fit = glmlr.fit("low ~ age + lwt + C(race) + smoke", births)
    print(fit.summary())
    fit.report("birthwt.html")

Every statistic of a fit is a method and a function: `fit.odds_ratios()` is `glmlr.odds_ratios(fit)`; those that need
outcomes and scores only take arrays as well: `glmlr.association(y, p)`.
"""

from glmlr import datasets, errors, statistics
from glmlr.errors import GlmlrError, GlmlrWarning
from glmlr.exhibits import Chart, Report, Section, Table
from glmlr.fit import Fit, fit
from glmlr.interop import from_statsmodels
from glmlr.registry import STATISTICS, definitions
from glmlr.report import full_report
from glmlr.saving.model_file import load, save
from glmlr.saving.scoring import ScoreAccount, score
from glmlr.saving.scoring_model import ScoringModel
from glmlr.sources.database import Query, query
from glmlr.statistics.bootstrap import Bootstrap, bootstrap
from glmlr.statistics.discrimination import compare_auc
from glmlr.statistics.evaluation import Evaluation, evaluate
from glmlr.statistics.optimism import Validation, validate
from glmlr.statistics.screening import log_odds_table
from glmlr.statistics.validation import CrossValidation, cross_validate
from glmlr.statistics.weight_search import class_weight_search

__version__ = "0.1.0"

__all__ = [
    "Bootstrap",
    "Chart",
    "CrossValidation",
    "Evaluation",
    "Fit",
    "GlmlrError",
    "GlmlrWarning",
    "Query",
    "Report",
    "ScoreAccount",
    "ScoringModel",
    "Section",
    "Table",
    "Validation",
    "bootstrap",
    "class_weight_search",
    "compare_auc",
    "cross_validate",
    "datasets",
    "definitions",
    "errors",
    "evaluate",
    "fit",
    "from_statsmodels",
    "full_report",
    "load",
    "log_odds_table",
    "query",
    "save",
    "score",
    "statistics",
    "validate",
]

# A statistic is added in one place, under @statistic; its public name follows from the record.
for _key, _record in STATISTICS.items():
    globals()[_key] = _record.function
    __all__.append(_key)
