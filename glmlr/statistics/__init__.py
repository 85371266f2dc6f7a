"""Every statistic on record: one file answers one question, and is loaded when a statistic of it is first asked for."""

from __future__ import annotations

from importlib import import_module
from types import ModuleType
from typing import Final

from glmlr.registry import STATISTICS, Listed

#: Where the statistics stand and what they are of, in the order of a report; `@statistic` in the file says the rest.
ON_RECORD: Final = (
    Listed("added_variables", "fit", "added_variable_plots"),
    Listed("effects", "fit", "marginal_effects"),
    Listed("adjusted_predictions", "fit", "adjusted_predictions"),
    Listed("binned_residuals", "fit", "binned_residuals"),
    Listed("calibration", "scores", "calibration"),
    Listed("calibration_components", "scores", "calibration_components"),
    Listed("classification", "scores", "confusion"),
    Listed("classification_table", "fit", "classification_table"),
    Listed("coefficients", "fit", "coefficients"),
    Listed("collinearity", "fit", "collinearity"),
    Listed("concentration", "scores", "concentration"),
    Listed("cutoffs", "scores", "cutoffs"),
    Listed("deciles", "scores", "deciles"),
    Listed("decision_curve", "scores", "decision_curve"),
    Listed("detection_errors", "scores", "det"),
    Listed("diagnostics", "fit", "diagnostics"),
    Listed("discrimination", "scores", "association roc roc_curve"),
    Listed("goodness", "fit", "goodness_of_fit"),
    Listed("hosmer_lemeshow", "scores", "hosmer_lemeshow"),
    Listed("goodness", "scores", "likelihood"),
    Listed("hypotheses", "fit", "term_tests sequential_tests global_tests"),
    Listed("intercepts", "fit", "intercepts"),
    Listed("kolmogorov_smirnov", "scores", "ks"),
    Listed("linearity", "fit", "linearity"),
    Listed("operating_points", "scores", "operating_points"),
    Listed("partial_area", "scores", "partial_auc"),
    Listed("partial_residuals", "fit", "partial_residual_plots"),
    Listed("precision_recall", "scores", "precision_recall precision_recall_curve"),
    Listed("profile", "fit", "response_profile"),
    Listed("ratios", "fit", "odds_ratios hazard_ratios"),
    Listed("risks", "fit", "risks risk_differences"),
    Listed("screening", "data", "screen"),
    Listed("separation", "fit", "separation_table"),
    Listed("specification", "fit", "specification_tests"),
    Listed("two_way", "data", "screen_interactions"),
)
for _listed in ON_RECORD:
    STATISTICS.expect(_listed, f"{__name__}.{_listed.file}")

__all__ = sorted({_listed.file for _listed in ON_RECORD})  # noqa: PLE0605  (the files, as they are listed)


def __getattr__(name: str) -> ModuleType:
    """Load a file of statistics the first time it is asked for."""
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return import_module(f"{__name__}.{name}")


def __dir__() -> list[str]:
    """List what is there, loaded or not."""
    return sorted({*globals(), *__all__})
