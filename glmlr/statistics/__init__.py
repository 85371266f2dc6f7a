"""Every statistic of glmlr: one file answers one question and is one section of the report."""

from glmlr.statistics import (
    bootstrap,
    calibration,
    classification,
    coefficients,
    deciles,
    discrimination,
    evaluation,
    goodness,
    optimism,
    profile,
    screening,
    validation,
    weight_search,
)

__all__ = [
    "bootstrap",
    "calibration",
    "classification",
    "coefficients",
    "deciles",
    "discrimination",
    "evaluation",
    "goodness",
    "optimism",
    "profile",
    "screening",
    "validation",
    "weight_search",
]
