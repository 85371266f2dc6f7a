"""glmlr: binomial generalised linear models, from a formula to a finished report.

    import glmlr

    births = glmlr.datasets.load("birthwt")
    fit = glmlr.fit("low ~ age + lwt + C(race) + smoke", births)
    print(fit.summary())
    fit.report("birthwt.html")

Every statistic of a fit is a method and a function: `fit.odds_ratios()` is `glmlr.odds_ratios(fit)`; those that need
outcomes and scores only take arrays as well: `glmlr.association(y, p)`.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any, Final

from glmlr import datasets, errors, statistics
from glmlr.binning import Binning
from glmlr.errors import GlmlrError, GlmlrWarning
from glmlr.exhibits import Chart, Report, Section, Table
from glmlr.fit import Fit, fit
from glmlr.late import LateMethod
from glmlr.registry import STATISTICS, definitions, scores

if TYPE_CHECKING:
    from glmlr.classes.arrays import class_scores
    from glmlr.classes.scores import ClassScores
    from glmlr.influence.partial_frames import added_variable_residuals, partial_residuals
    from glmlr.influence.row_frames import influence_measures, residuals
    from glmlr.interop import from_statsmodels
    from glmlr.multinomial.fitted import MultinomialFit
    from glmlr.report import full_report, scores_report
    from glmlr.saving.class_scoring_model import ClassScoringModel
    from glmlr.saving.model_file import load, save
    from glmlr.saving.scoring import ScoreAccount, score
    from glmlr.saving.scoring_model import ScoringModel
    from glmlr.selection.selected import Selection
    from glmlr.sources.database import Query, query
    from glmlr.statistics.area_comparison import compare_auc, compare_auc_unpaired
    from glmlr.statistics.area_planning import auc_power, auc_sample_size
    from glmlr.statistics.bootstrap import Bootstrap, bootstrap
    from glmlr.statistics.calibration_by import calibration_by
    from glmlr.statistics.comparison import Comparison, compare
    from glmlr.statistics.contrasts import contrasts
    from glmlr.statistics.deciles import decile_edges
    from glmlr.statistics.drift import csi, psi
    from glmlr.statistics.evaluation import Evaluation, evaluate
    from glmlr.statistics.linear_hypotheses import wald_test
    from glmlr.statistics.linear_probability import linear_probability
    from glmlr.statistics.log_odds import log_odds_table
    from glmlr.statistics.monitoring import Monitoring, monitor
    from glmlr.statistics.optimism import Validation, validate
    from glmlr.statistics.recalibration import Recalibration, recalibrate
    from glmlr.statistics.ridge import RidgePath, ridge_path
    from glmlr.statistics.scorecard import Scorecard, scorecard
    from glmlr.statistics.selection import stepwise
    from glmlr.statistics.training import convergence
    from glmlr.statistics.training.learned import before_after
    from glmlr.statistics.training.losses import Trained, train
    from glmlr.statistics.training.solvers import SolverComparison, compare_solvers
    from glmlr.statistics.training.surface import LossSurface, loss_surface
    from glmlr.statistics.two_way import two_way_table
    from glmlr.statistics.validation import CrossValidation, cross_validate
    from glmlr.statistics.weight_search import class_weight_search
    from glmlr.validation.leave_one_out import LeaveOneOut, leave_one_out

__version__ = "0.1.0"

__all__ = [
    "Binning",
    "Bootstrap",
    "Chart",
    "ClassScores",
    "ClassScoringModel",
    "Comparison",
    "CrossValidation",
    "Evaluation",
    "Fit",
    "GlmlrError",
    "GlmlrWarning",
    "LeaveOneOut",
    "LossSurface",
    "Monitoring",
    "MultinomialFit",
    "Query",
    "Recalibration",
    "Report",
    "RidgePath",
    "ScoreAccount",
    "Scorecard",
    "ScoringModel",
    "Section",
    "Selection",
    "SolverComparison",
    "Table",
    "Trained",
    "Validation",
    "added_variable_residuals",
    "auc_power",
    "auc_sample_size",
    "before_after",
    "bootstrap",
    "calibration_by",
    "class_scores",
    "class_weight_search",
    "compare",
    "compare_auc",
    "compare_auc_unpaired",
    "compare_solvers",
    "contrasts",
    "convergence",
    "cross_validate",
    "csi",
    "datasets",
    "decile_edges",
    "definitions",
    "errors",
    "evaluate",
    "fit",
    "from_statsmodels",
    "full_report",
    "influence_measures",
    "leave_one_out",
    "linear_probability",
    "load",
    "log_odds_table",
    "loss_surface",
    "monitor",
    "partial_residuals",
    "psi",
    "query",
    "recalibrate",
    "residuals",
    "ridge_path",
    "save",
    "score",
    "scorecard",
    "scores",
    "scores_report",
    "statistics",
    "stepwise",
    "train",
    "two_way_table",
    "validate",
    "wald_test",
]

#: What is loaded when it is first asked for: module -> names. Most fits do without.
_LATE: Final = {
    "glmlr.classes.arrays": ("ClassScores", "class_scores"),
    "glmlr.influence.partial_frames": ("added_variable_residuals", "partial_residuals"),
    "glmlr.influence.row_frames": ("influence_measures", "residuals"),
    "glmlr.interop": ("from_statsmodels",),
    "glmlr.multinomial.fitted": ("MultinomialFit",),
    "glmlr.report": ("full_report", "scores_report"),
    "glmlr.saving.class_scoring_model": ("ClassScoringModel",),
    "glmlr.saving.model_file": ("load", "save"),
    "glmlr.saving.scoring": ("ScoreAccount", "score"),
    "glmlr.saving.scoring_model": ("ScoringModel",),
    "glmlr.selection.selected": ("Selection",),
    "glmlr.sources.database": ("Query", "query"),
    "glmlr.statistics.area_comparison": ("compare_auc", "compare_auc_unpaired"),
    "glmlr.statistics.area_planning": ("auc_power", "auc_sample_size"),
    "glmlr.statistics.bootstrap": ("Bootstrap", "bootstrap"),
    "glmlr.statistics.calibration_by": ("calibration_by",),
    "glmlr.statistics.comparison": ("Comparison", "compare"),
    "glmlr.statistics.contrasts": ("contrasts",),
    "glmlr.statistics.deciles": ("decile_edges",),
    "glmlr.statistics.drift": ("csi", "psi"),
    "glmlr.statistics.evaluation": ("Evaluation", "evaluate"),
    "glmlr.statistics.linear_hypotheses": ("wald_test",),
    "glmlr.statistics.linear_probability": ("linear_probability",),
    "glmlr.statistics.log_odds": ("log_odds_table",),
    "glmlr.statistics.monitoring": ("Monitoring", "monitor"),
    "glmlr.statistics.optimism": ("Validation", "validate"),
    "glmlr.statistics.recalibration": ("Recalibration", "recalibrate"),
    "glmlr.statistics.ridge": ("RidgePath", "ridge_path"),
    "glmlr.statistics.scorecard": ("Scorecard", "scorecard"),
    "glmlr.statistics.selection": ("stepwise",),
    "glmlr.statistics.training": ("convergence",),
    "glmlr.statistics.training.learned": ("before_after",),
    "glmlr.statistics.training.losses": ("Trained", "train"),
    "glmlr.statistics.training.solvers": ("SolverComparison", "compare_solvers"),
    "glmlr.statistics.training.surface": ("LossSurface", "loss_surface"),
    "glmlr.statistics.two_way": ("two_way_table",),
    "glmlr.statistics.validation": ("CrossValidation", "cross_validate"),
    "glmlr.statistics.weight_search": ("class_weight_search",),
    "glmlr.validation.leave_one_out": ("LeaveOneOut", "leave_one_out"),
}
_HOME: Final = {name: module for module, names in _LATE.items() for name in names}
#: Those of them that are methods of a fit too; `fit.statsmodels()` has another name there.
_METHODS: Final = (
    *("contrasts", "wald_test"),
    *("influence_measures", "residuals"),
    *("before_after", "convergence", "loss_surface"),
    *("added_variable_residuals", "partial_residuals"),
    *("bootstrap", "calibration_by", "evaluate", "leave_one_out", "monitor", "recalibrate", "save", "scorecard"),
    "ridge_path",
    "validate",
)

for _name in _METHODS:
    if _name not in vars(Fit):  # a module that something else has loaded has bound it
        setattr(Fit, _name, LateMethod(_name, _HOME[_name]))
setattr(Fit, "statsmodels", LateMethod("statsmodels", "glmlr.interop"))  # noqa: B010
for _name in ("report", "summary"):
    setattr(Fit, _name, LateMethod(_name, "glmlr.report"))

# A statistic's public name follows from the list in glmlr/statistics; its file loads when the name is first used.
__all__ += list(STATISTICS)


def __getattr__(name: str) -> Any:
    """Load what is asked for the first time."""
    if name in STATISTICS:
        function = globals()[name] = STATISTICS[name].function
        return function
    if name not in _HOME:
        raise AttributeError(f"module 'glmlr' has no attribute {name!r}")
    if name in ("load", "ScoringModel"):
        # A model from a file can be evaluated and followed too.
        import_module("glmlr.statistics.evaluation")
        import_module("glmlr.statistics.monitoring")
    value = globals()[name] = getattr(import_module(_HOME[name]), name)
    return value


def __dir__() -> list[str]:
    """List what is there, loaded or not."""
    return sorted({*globals(), *__all__})
