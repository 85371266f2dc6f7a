"""Every statistic of glmlr: one file answers one question and is one section of the report."""

from glmlr.statistics import (
    calibration,
    classification,
    coefficients,
    deciles,
    discrimination,
    goodness,
    profile,
    screening,
    validation,
    weight_search,
)

__all__ = [
    "calibration",
    "classification",
    "coefficients",
    "deciles",
    "discrimination",
    "goodness",
    "profile",
    "screening",
    "validation",
    "weight_search",
]
