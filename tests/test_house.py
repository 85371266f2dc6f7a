"""Does the code keep to its house? Floors, fences and manners, read off the source by its syntax tree."""

from __future__ import annotations

import ast
import inspect
import re
import sys
import tomllib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache
from itertools import combinations
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
PACKAGE = ROOT / "glmlr"

#: Every module and the floor it stands on. A module imports from lower floors only.
FLOORS = {
    "glmlr": 10,
    "glmlr.__main__": 10,
    "glmlr.cli": 10,
    "glmlr.report": 9,
    "glmlr.narrative": 9,
    "glmlr.narrative.of_models": 8,
    "glmlr.narrative.of_scores": 8,
    "glmlr.narrative.words": 7,
    "glmlr.statistics": 8,
    "glmlr.statistics.*": 8,
    "glmlr.registry": 7,
    "glmlr.validation.beside": 7,
    "glmlr.comparison.paired": 4,
    "glmlr.comparison.rows": 7,
    "glmlr.comparison.told_apart": 7,
    "glmlr.comparison.weighted_chi_squares": 4,
    "glmlr.statistics.comparison.likelihood_tests": 7,
    "glmlr.statistics.comparison.tables": 7,
    "glmlr.statistics.comparison.charts": 7,
    "glmlr.selection.search": 6,
    "glmlr.selection.shortened": 7,
    "glmlr.selection.asked": 7,
    "glmlr.selection.selected": 7,
    "glmlr.validation.searched": 7,
    "glmlr.validation.subject": 7,
    "glmlr.validation.looking": 7,
    "glmlr.statistics.cutoffs.tables": 6,
    "glmlr.statistics.cutoffs.charts": 5,
    "glmlr.interop": 7,
    "glmlr.validation.resampling": 7,
    "glmlr.validation.held_out": 7,
    "glmlr.validation.refit": 7,
    "glmlr.validation.resamples": 7,
    "glmlr.saving.model_file": 7,
    "glmlr.saving.scoring": 7,
    "glmlr.saving.scoring_model": 7,
    "glmlr.saving.class_scoring_model": 7,
    "glmlr.saving.class_model_file": 7,
    "glmlr.saving.model_parts": 6,
    "glmlr.prediction": 6,
    "glmlr.effects": 0,
    "glmlr.effects.population": 6,
    "glmlr.effects.variables": 6,
    "glmlr.effects.averages": 6,
    "glmlr.effects.estimates": 6,
    "glmlr.effects.study": 7,
    "glmlr.effects.by_value": 7,
    "glmlr.effects.changes": 7,
    "glmlr.effects.derivatives": 1,
    "glmlr.statistics.effects.tables": 5,
    "glmlr.statistics.effects.charts": 5,
    "glmlr.saving.recipe_file": 6,
    "glmlr.saving.json_values": 1,
    "glmlr.saving.output_files": 1,
    "glmlr.fit": 6,
    "glmlr.fitted": 6,
    "glmlr.account": 6,
    "glmlr.separating": 6,
    "glmlr.separating.rows": 6,
    "glmlr.separating.places": 6,
    "glmlr.separating.search": 6,
    "glmlr.separating.rules": 6,
    "glmlr.separating.groups": 6,
    "glmlr.separating.sentences": 6,
    "glmlr.estimation": 6,
    "glmlr.sample": 6,
    "glmlr.shape.added_columns": 6,
    "glmlr.along": 7,
    "glmlr.straight_line": 6,
    "glmlr.training": 0,
    "glmlr.training.options": 1,
    "glmlr.training.rules": 3,
    "glmlr.training.losses": 4,
    "glmlr.training.batches": 5,
    "glmlr.training.objective": 5,
    "glmlr.training.course": 5,
    "glmlr.training.descent": 5,
    "glmlr.training.stochastic": 5,
    "glmlr.training.frames": 5,
    "glmlr.training.contours": 1,
    "glmlr.training.surface": 5,
    "glmlr.statistics.training": 8,
    "glmlr.statistics.training.learned": 8,
    "glmlr.statistics.training.losses": 8,
    "glmlr.statistics.training.solvers": 8,
    "glmlr.statistics.training.surface": 8,
    "glmlr.training.trained": 5,
    "glmlr.classes.counts": 4,
    "glmlr.classes.agreement": 5,
    "glmlr.classes.areas": 5,
    "glmlr.classes.lack_of_fit": 5,
    "glmlr.classes.scoring_rules": 4,
    "glmlr.classes.recalibrated": 6,
    "glmlr.classes.narrative": 2,
    "glmlr.classes.registry": 7,
    "glmlr.classes.confusion": 8,
    "glmlr.classes.rates": 8,
    "glmlr.classes.top_k": 8,
    "glmlr.classes.rocs": 8,
    "glmlr.classes.scoring": 8,
    "glmlr.classes.calibration": 8,
    "glmlr.classes.hosmer_lemeshow": 8,
    "glmlr.classes.sections": 9,
    "glmlr.classes.arrays": 9,
    "glmlr.penalised": 0,
    "glmlr.penalised.penalties": 3,
    "glmlr.penalised.adjusted": 5,
    "glmlr.penalised.planes": 5,
    "glmlr.penalised.firth": 5,
    "glmlr.penalised.calibrated": 5,
    "glmlr.penalised.ridge": 5,
    "glmlr.penalised.withheld": 4,
    "glmlr.penalised.path": 6,
    "glmlr.validation.strengths": 7,
    "glmlr.statistics.ridge.tables": 7,
    "glmlr.penalised.maximum": 5,
    "glmlr.classes": 0,
    "glmlr.multinomial": 0,
    "glmlr.classes.scores": 3,
    "glmlr.multinomial.recession": 4,
    "glmlr.multinomial.linear_predictors": 5,
    "glmlr.multinomial.softmax": 5,
    "glmlr.multinomial.maximum": 5,
    "glmlr.multinomial.solution": 5,
    "glmlr.multinomial.response": 5,
    "glmlr.multinomial.charts": 5,
    "glmlr.multinomial.sandwich": 6,
    "glmlr.multinomial.design": 6,
    "glmlr.multinomial.account": 6,
    "glmlr.multinomial.prediction": 6,
    "glmlr.multinomial.mnlogit": 6,
    "glmlr.multinomial.fitted": 6,
    "glmlr.multinomial.fitting": 6,
    "glmlr.multinomial.averages": 7,
    "glmlr.multinomial.effects": 7,
    "glmlr.multinomial.goodness": 7,
    "glmlr.multinomial.hypotheses": 7,
    "glmlr.multinomial.estimates": 7,
    "glmlr.multinomial.risk_ratios": 8,
    "glmlr.multinomial.narrative": 7,
    "glmlr.multinomial.report": 9,
    "glmlr.profiles": 0,
    "glmlr.profiles.held": 5,
    "glmlr.profiles.penalised": 6,
    "glmlr.profiles.open_ended": 5,
    "glmlr.profiles.ends": 5,
    "glmlr.profiles.units": 5,
    "glmlr.profiles.accelerated": 5,
    "glmlr.profiles.sides": 7,
    "glmlr.profiles.of_fit": 7,
    "glmlr.profiles.intervals": 7,
    "glmlr.profiles.stated": 7,
    "glmlr.profiles.without": 7,
    "glmlr.statistics.ratios.tables": 8,
    "glmlr.statistics.ratios.charts": 5,
    "glmlr.crossing.cell_tests": 6,
    "glmlr.statistics.two_way.odds_ratio_tables": 6,
    "glmlr.shape.around_fit": 7,
    "glmlr.hypotheses": 0,
    "glmlr.hypotheses.around_fit": 7,
    "glmlr.hypotheses.against_null": 7,
    "glmlr.hypotheses.combinations": 7,
    "glmlr.hypotheses.level_means": 6,
    "glmlr.hypotheses.linear": 6,
    "glmlr.hypotheses.marginality": 6,
    "glmlr.hypotheses.nested": 6,
    "glmlr.hypotheses.reading": 5,
    "glmlr.hypotheses.adjusting": 4,
    "glmlr.shape.observed_fitted": 6,
    "glmlr.shape.tests": 6,
    "glmlr.statistics.linearity.exhibits": 6,
    "glmlr.shape.number_columns": 6,
    "glmlr.crossing.placing": 6,
    "glmlr.shape.shapes": 5,
    "glmlr.statsmodels_bridge": 6,
    "glmlr.design": 5,
    "glmlr.sources.parts": 5,
    "glmlr.sources.streams": 5,
    "glmlr.sources.queries": 5,
    "glmlr.sources.texts": 5,
    "glmlr.sources.stored": 5,
    "glmlr.sources.spool": 5,
    "glmlr.sources.arrow_rows": 5,
    "glmlr.sources.paths": 5,
    "glmlr.language.bases": 3,
    "glmlr.quantiles": 3,
    "glmlr.moments": 3,
    "glmlr.sources.cluster": 5,
    "glmlr.progress": 2,
    "glmlr.design.streamed": 5,
    "glmlr.design.learning": 5,
    "glmlr.design.designed": 5,
    "glmlr.design.evidence": 5,
    "glmlr.design.derived": 5,
    "glmlr.design.coding": 5,
    "glmlr.design.naming": 5,
    "glmlr.design.rows": 5,
    "glmlr.design.outcomes": 5,
    "glmlr.design.recipe": 5,
    "glmlr.design.factors": 5,
    "glmlr.design.factor_levels": 5,
    "glmlr.language.functions": 5,
    "glmlr.language.formula": 5,
    "glmlr.language.terms": 5,
    "glmlr.language.expressions": 5,
    "glmlr.language.hints": 5,
    "glmlr.language.tokens": 5,
    "glmlr.design.response": 5,
    "glmlr.scored": 5,
    "glmlr.validation.performance": 5,
    "glmlr.validation.indices": 5,
    "glmlr.validation.curves": 5,
    "glmlr.validation.calibration_lines": 5,
    "glmlr.validation.calibration_charts": 5,
    "glmlr.validation.decomposition": 5,
    "glmlr.validation.recalibrated": 5,
    "glmlr.validation.judged": 7,
    "glmlr.pseudo_r2": 5,
    "glmlr.sources": 5,
    "glmlr.sources.value_counts": 5,
    "glmlr.sources.database": 5,
    "glmlr.sources.files": 5,
    "glmlr.design.weights": 5,
    "glmlr.levels": 5,
    "glmlr.level_positions": 5,
    "glmlr.predictor": 0,
    "glmlr.predictor.table": 7,
    "glmlr.predictor.drawing": 7,
    "glmlr.predictor.comparing": 7,
    "glmlr.separation": 5,
    "glmlr.design.patterns": 4,
    "glmlr.trend": 5,
    "glmlr.covariance": 5,
    "glmlr.solver": 4,
    "glmlr.newton": 4,
    "glmlr.sampling": 4,
    "glmlr.weightings": 4,
    "glmlr.columns": 3,
    "glmlr.rays": 4,
    "glmlr.survey": 4,
    "glmlr.margins": 4,
    "glmlr.inequalities": 3,
    "glmlr.conditioning": 4,
    "glmlr.language.program": 4,
    "glmlr.language.splines": 4,
    "glmlr.language.transforms": 4,
    "glmlr.language.rowwise": 4,
    "glmlr.language.categories": 4,
    "glmlr.ranking": 4,
    "glmlr.ranking.concordance": 4,
    "glmlr.ranking.ordering": 4,
    "glmlr.runs": 3,
    "glmlr.ranking.score_bins": 4,
    "glmlr.ranking.grouping": 4,
    "glmlr.ranking.shares": 4,
    "glmlr.monitoring.stability": 4,
    "glmlr.monotone": 4,
    "glmlr.statistics.deciles.charts": 5,
    "glmlr.statistics.deciles.tables": 6,
    "glmlr.monitoring.score_groups": 5,
    "glmlr.monitoring.slices": 6,
    "glmlr.monitoring.characteristics": 6,
    "glmlr.monitoring.tables": 6,
    "glmlr.monitoring.monitored": 7,
    "glmlr.validation.new_rows": 7,
    "glmlr.ranking.redrawn": 4,
    "glmlr.validation.smoothing": 4,
    "glmlr.ranking.condensed": 4,
    "glmlr.ranking.isotonic": 4,
    "glmlr.ranking.cells": 4,
    "glmlr.ranking.sweep": 4,
    "glmlr.ranking.criteria": 4,
    "glmlr.ranking.rules": 4,
    "glmlr.ranking.moved_cutoffs": 4,
    "glmlr.ranking.net_benefit": 4,
    "glmlr.validation.deletion": 4,
    "glmlr.validation.leave_one_out": 7,
    "glmlr.ranking.from_top": 4,
    "glmlr.ranking.distance": 4,
    "glmlr.ranking.lattice_paths": 4,
    "glmlr.ranking.area_comparison": 4,
    "glmlr.ranking.area_planning": 4,
    "glmlr.ranking.curve": 4,
    "glmlr.ranking.partial_area": 4,
    "glmlr.ranking.precision": 4,
    "glmlr.outline": 1,
    "glmlr.binning": 4,
    "glmlr.binning.cutting": 4,
    "glmlr.binning.distinct": 4,
    "glmlr.binning.edges": 4,
    "glmlr.binning.evidence": 4,
    "glmlr.binning.frozen": 4,
    "glmlr.binning.making": 4,
    "glmlr.binning.merging": 4,
    "glmlr.binning.optimal": 4,
    "glmlr.binning.tree": 4,
    "glmlr.contingency": 5,
    "glmlr.blocks": 3,
    "glmlr.threads": 2,
    "glmlr.validation.workers": 3,
    "glmlr.validation.folds": 1,
    "glmlr.links": 3,
    "glmlr.criteria": 3,
    "glmlr.chi_square_table": 4,
    "glmlr.proportions": 3,
    "glmlr.tails": 3,
    "glmlr.render": 2,
    "glmlr.render.*": 2,
    "glmlr.exhibits": 1,
    "glmlr.charts": 1,
    "glmlr.errors": 0,
    "glmlr.late": 0,
    "glmlr.influence": 0,
    "glmlr.influence.residuals": 4,
    "glmlr.influence.units": 7,
    "glmlr.influence.misfit": 7,
    "glmlr.influence.measures": 7,
    "glmlr.influence.listing": 7,
    "glmlr.influence.envelope": 7,
    "glmlr.influence.row_frames": 7,
    "glmlr.influence.added_variable": 7,
    "glmlr.influence.binned": 4,
    "glmlr.influence.movers": 7,
    "glmlr.influence.partial_frames": 7,
    "glmlr.influence.points": 4,
    "glmlr.shape.partial_residuals": 7,
    "glmlr.statistics.diagnostics.charts": 7,
    "glmlr.language": 0,
    "glmlr.shape": 0,
    "glmlr.crossing": 0,
    "glmlr.comparison": 0,
    "glmlr.selection": 0,
    "glmlr.monitoring": 0,
    "glmlr.saving": 0,
    "glmlr.validation": 0,
    "glmlr.digits": 0,
    "glmlr.datasets": 0,
}

#: What makes a design, each seeing those after it: one question each, on one floor.
DESIGN = (
    "glmlr.design.derived",
    "glmlr.design",
    "glmlr.design.streamed",
    "glmlr.design.designed",
    "glmlr.design.coding",
    "glmlr.design.evidence",
    "glmlr.design.learning",
    "glmlr.design.naming",
    "glmlr.design.rows",
    "glmlr.design.outcomes",
    "glmlr.design.recipe",
    "glmlr.design.factors",
    "glmlr.design.factor_levels",
    "glmlr.language.functions",
    "glmlr.language.formula",
    "glmlr.language.terms",
    "glmlr.language.expressions",
    "glmlr.language.hints",
    "glmlr.language.tokens",
    "glmlr.design.weights",
    "glmlr.sources.parts",
    "glmlr.sources.cluster",
    "glmlr.sources.streams",
    "glmlr.sources.queries",
    "glmlr.sources.texts",
    "glmlr.sources.spool",
    "glmlr.sources.stored",
    "glmlr.sources.arrow_rows",
    "glmlr.sources.value_counts",
    "glmlr.sources",
    "glmlr.sources.database",
    "glmlr.sources.paths",
    "glmlr.sources.files",
    "glmlr.design.response",
)

#: What evaluates an expression of a formula, each seeing those after it.
EVALUATION = (
    "glmlr.language.program",
    "glmlr.language.splines",
    "glmlr.language.transforms",
    "glmlr.language.rowwise",
    "glmlr.language.categories",
)

#: What makes bins, each seeing those after it.
BINNING = (
    "glmlr.binning",
    "glmlr.binning.making",
    "glmlr.binning.frozen",
    "glmlr.binning.cutting",
    "glmlr.binning.optimal",
    "glmlr.binning.merging",
    "glmlr.binning.tree",
    "glmlr.binning.evidence",
    "glmlr.binning.edges",
    "glmlr.binning.distinct",
)

#: What trains by gradients, each seeing those after it.
TRAINING = (
    "glmlr.training.trained",
    "glmlr.training.stochastic",
    "glmlr.training.descent",
    "glmlr.training.course",
    "glmlr.training.objective",
    "glmlr.training.batches",
)

#: What finds out what separates the rows, each seeing those after it.
SEPARATING = (
    "glmlr.separating",
    "glmlr.separating.sentences",
    "glmlr.separating.groups",
    "glmlr.separating.rules",
    "glmlr.separating.search",
    "glmlr.separating.places",
    "glmlr.separating.rows",
)

#: What fits a model of several classes, each seeing those after it.
MULTINOMIAL = (
    "glmlr.multinomial.fitting",
    "glmlr.multinomial.fitted",
    "glmlr.multinomial.mnlogit",
    "glmlr.multinomial.prediction",
    "glmlr.multinomial.account",
    "glmlr.multinomial.design",
    "glmlr.multinomial.sandwich",
    "glmlr.multinomial.solution",
    "glmlr.multinomial.maximum",
    "glmlr.multinomial.linear_predictors",
    "glmlr.multinomial.softmax",
    "glmlr.multinomial.response",
)

#: Neighbours on one floor that may import each other, in this direction only. Statistics files never do.
SAME_FLOOR = {
    ("glmlr.effects.population", "glmlr.prediction"),
    ("glmlr.effects.variables", "glmlr.effects.population"),
    ("glmlr.effects.averages", "glmlr.effects.population"),
    ("glmlr.effects.averages", "glmlr.prediction"),
    ("glmlr.effects.estimates", "glmlr.effects.averages"),
    ("glmlr.effects.by_value", "glmlr.effects.study"),
    ("glmlr.selection.asked", "glmlr.selection.shortened"),
    ("glmlr.selection.selected", "glmlr.selection.asked"),
    ("glmlr.validation.searched", "glmlr.selection.asked"),
    ("glmlr.validation.searched", "glmlr.validation.refit"),
    ("glmlr.validation.searched", "glmlr.validation.resamples"),
    ("glmlr.validation.searched", "glmlr.validation.resampling"),
    *(("glmlr.validation.subject", f"glmlr.{one}") for one in ("selection.asked", "selection.selected")),
    *(("glmlr.validation.subject", f"glmlr.validation.{one}") for one in ("resampling", "searched")),
    *(("glmlr.validation.looking", f"glmlr.validation.{one}") for one in ("refit", "resamples", "resampling")),
    ("glmlr.validation.looking", "glmlr.validation.searched"),
    ("glmlr.validation.looking", "glmlr.selection.asked"),
    ("glmlr.validation.held_out", "glmlr.selection.asked"),
    ("glmlr.validation.held_out", "glmlr.validation.searched"),
    ("glmlr.effects.changes", "glmlr.effects.by_value"),
    ("glmlr.effects.changes", "glmlr.effects.study"),
    ("glmlr.influence.measures", "glmlr.influence.units"),
    ("glmlr.influence.measures", "glmlr.shape.around_fit"),
    ("glmlr.influence.listing", "glmlr.influence.measures"),
    ("glmlr.influence.envelope", "glmlr.influence.measures"),
    ("glmlr.influence.row_frames", "glmlr.influence.measures"),
    ("glmlr.influence.row_frames", "glmlr.influence.units"),
    ("glmlr.influence.added_variable", "glmlr.influence.measures"),
    ("glmlr.influence.added_variable", "glmlr.influence.units"),
    ("glmlr.influence.added_variable", "glmlr.shape.around_fit"),
    ("glmlr.influence.movers", "glmlr.influence.listing"),
    ("glmlr.influence.movers", "glmlr.influence.measures"),
    ("glmlr.influence.partial_frames", "glmlr.influence.added_variable"),
    ("glmlr.influence.partial_frames", "glmlr.shape.partial_residuals"),
    ("glmlr.shape.partial_residuals", "glmlr.influence.added_variable"),
    ("glmlr.shape.partial_residuals", "glmlr.influence.measures"),
    ("glmlr.shape.partial_residuals", "glmlr.influence.units"),
    ("glmlr.shape.partial_residuals", "glmlr.shape.around_fit"),
    ("glmlr.statistics.diagnostics.charts", "glmlr.influence.envelope"),
    ("glmlr.statistics.diagnostics.charts", "glmlr.influence.listing"),
    ("glmlr.statistics.diagnostics.charts", "glmlr.influence.measures"),
    ("glmlr.cli", "glmlr"),
    ("glmlr.__main__", "glmlr.cli"),
    ("glmlr", "glmlr.cli"),
    ("glmlr.report", "glmlr.narrative"),
    ("glmlr.statistics", "glmlr.statistics.*"),
    ("glmlr.render", "glmlr.render.*"),
    ("glmlr.render.*", "glmlr.render.chart"),
    ("glmlr.render.*", "glmlr.render.axes"),
    ("glmlr.render.*", "glmlr.render.labels"),
    ("glmlr.render.*", "glmlr.render.style"),
    ("glmlr.render.*", "glmlr.render.thinning"),
    ("glmlr.render.*", "glmlr.render.grid"),
    ("glmlr.render.*", "glmlr.render.marks"),
    ("glmlr.render.*", "glmlr.render.scales"),
    ("glmlr.render.*", "glmlr.render.sheet"),
    ("glmlr.render.*", "glmlr.render.svg"),
    ("glmlr.render.*", "glmlr.render.svg_text"),
    ("glmlr.fit", "glmlr.fitted"),
    ("glmlr.fit", "glmlr.account"),
    ("glmlr.fitted", "glmlr.account"),
    ("glmlr.fit", "glmlr.multinomial.fitting"),
    *((later, earlier) for later, earlier in combinations(MULTINOMIAL, 2)),
    *((later, earlier) for later, earlier in combinations(SEPARATING, 2)),
    ("glmlr.multinomial.account", "glmlr.account"),
    ("glmlr.multinomial.prediction", "glmlr.prediction"),
    ("glmlr.multinomial.fitted", "glmlr.prediction"),
    ("glmlr.multinomial.effects", "glmlr.multinomial.averages"),
    ("glmlr.multinomial.risk_ratios", "glmlr.statistics.ratios.tables"),
    ("glmlr.multinomial.report", "glmlr.report"),
    ("glmlr.account", "glmlr.separating"),
    ("glmlr.penalised.firth", "glmlr.penalised.adjusted"),
    ("glmlr.penalised.planes", "glmlr.penalised.adjusted"),
    ("glmlr.penalised.calibrated", "glmlr.penalised.adjusted"),
    ("glmlr.penalised.calibrated", "glmlr.penalised.firth"),
    ("glmlr.penalised.maximum", "glmlr.penalised.calibrated"),
    *((later, earlier) for later, earlier in combinations(TRAINING, 2)),
    ("glmlr.training.trained", "glmlr.penalised.ridge"),
    ("glmlr.training.trained", "glmlr.separation"),
    ("glmlr.classes.arrays", "glmlr.classes.sections"),
    ("glmlr.multinomial.report", "glmlr.classes.sections"),
    ("glmlr.along", "glmlr.profiles.stated"),
    ("glmlr.penalised.maximum", "glmlr.penalised.firth"),
    ("glmlr.penalised.maximum", "glmlr.penalised.ridge"),
    ("glmlr.profiles.ends", "glmlr.profiles.held"),
    ("glmlr.profiles.open_ended", "glmlr.profiles.ends"),
    ("glmlr.profiles.open_ended", "glmlr.profiles.held"),
    ("glmlr.profiles.open_ended", "glmlr.separation"),
    ("glmlr.profiles.accelerated", "glmlr.profiles.units"),
    ("glmlr.profiles.intervals", "glmlr.profiles.of_fit"),
    ("glmlr.profiles.of_fit", "glmlr.profiles.sides"),
    ("glmlr.profiles.intervals", "glmlr.profiles.sides"),
    ("glmlr.profiles.without", "glmlr.profiles.intervals"),
    ("glmlr.statistics.ratios", "glmlr.statistics.ratios.tables"),
    ("glmlr.statistics.comparison.tables", "glmlr.registry"),
    ("glmlr.statistics.comparison.tables", "glmlr.comparison.rows"),
    ("glmlr.statistics.comparison.likelihood_tests", "glmlr.comparison.rows"),
    ("glmlr.statistics.comparison.likelihood_tests", "glmlr.comparison.told_apart"),
    ("glmlr.shape.observed_fitted", "glmlr.shape.added_columns"),
    ("glmlr.statistics.two_way.odds_ratio_tables", "glmlr.crossing.cell_tests"),
    ("glmlr.shape.tests", "glmlr.shape.added_columns"),
    ("glmlr.hypotheses.nested", "glmlr.shape.added_columns"),
    ("glmlr.hypotheses.combinations", "glmlr.hypotheses.around_fit"),
    ("glmlr.profiles.of_fit", "glmlr.hypotheses.around_fit"),
    ("glmlr.statistics.linearity.exhibits", "glmlr.shape.observed_fitted"),
    ("glmlr.statistics.linearity.exhibits", "glmlr.shape.tests"),
    ("glmlr.fit", "glmlr.estimation"),
    ("glmlr.fitted", "glmlr.estimation"),
    ("glmlr.validation.resampling", "glmlr.validation.refit"),
    ("glmlr.validation.resamples", "glmlr.validation.resampling"),
    ("glmlr.validation.resamples", "glmlr.validation.refit"),
    ("glmlr.validation.indices", "glmlr.validation.performance"),
    ("glmlr.validation.indices", "glmlr.pseudo_r2"),
    ("glmlr.validation.curves", "glmlr.validation.performance"),
    ("glmlr.validation.held_out", "glmlr.validation.resampling"),
    ("glmlr.validation.strengths", "glmlr.validation.resampling"),
    ("glmlr.validation.strengths", "glmlr.validation.refit"),
    ("glmlr.validation.strengths", "glmlr.validation.held_out"),
    ("glmlr.statistics.ridge.tables", "glmlr.validation.strengths"),
    ("glmlr.validation.held_out", "glmlr.validation.refit"),
    ("glmlr.estimation", "glmlr.prediction"),
    ("glmlr.fitted", "glmlr.prediction"),
    ("glmlr.account", "glmlr.prediction"),
    ("glmlr.saving.model_file", "glmlr.saving.scoring_model"),
    ("glmlr.saving.model_file", "glmlr.saving.class_model_file"),
    ("glmlr.saving.model_file", "glmlr.saving.class_scoring_model"),
    ("glmlr.saving.class_model_file", "glmlr.saving.class_scoring_model"),
    ("glmlr.saving.scoring", "glmlr.saving.class_scoring_model"),
    ("glmlr.saving.scoring", "glmlr.saving.scoring_model"),
    ("glmlr.fit", "glmlr.statsmodels_bridge"),
    *((later, earlier) for later, earlier in combinations(DESIGN, 2)),
    *((later, earlier) for later, earlier in combinations(EVALUATION, 2)),
    *((later, earlier) for later, earlier in combinations(BINNING, 2)),
    ("glmlr.binning.merging", "glmlr.ranking.isotonic"),
    ("glmlr.levels", "glmlr.level_positions"),
    ("glmlr.predictor.table", "glmlr.predictor.drawing"),
    ("glmlr.predictor.table", "glmlr.predictor.comparing"),
    ("glmlr.levels", "glmlr.sources"),
    ("glmlr.scored", "glmlr.design.response"),
    ("glmlr.solver", "glmlr.conditioning"),
    ("glmlr.solver", "glmlr.sampling"),
    ("glmlr.solver", "glmlr.newton"),
    ("glmlr.newton", "glmlr.conditioning"),
    ("glmlr.sampling", "glmlr.conditioning"),
    ("glmlr.blocks", "glmlr.columns"),
    ("glmlr.rays", "glmlr.survey"),
    ("glmlr.rays", "glmlr.margins"),
    ("glmlr.rays", "glmlr.conditioning"),
    ("glmlr.survey", "glmlr.margins"),
    ("glmlr.ranking.concordance", "glmlr.ranking"),
    ("glmlr.ranking.concordance", "glmlr.ranking.ordering"),
    ("glmlr.ranking", "glmlr.ranking.ordering"),
    ("glmlr.ranking.score_bins", "glmlr.ranking"),
    ("glmlr.ranking.score_bins", "glmlr.ranking.ordering"),
    ("glmlr.ranking.grouping", "glmlr.ranking"),
    ("glmlr.ranking.shares", "glmlr.ranking"),
    ("glmlr.validation.new_rows", "glmlr.saving.scoring_model"),
    ("glmlr.monitoring.monitored", "glmlr.validation.new_rows"),
    ("glmlr.ranking.redrawn", "glmlr.ranking"),
    ("glmlr.ranking.condensed", "glmlr.ranking"),
    ("glmlr.validation.calibration_charts", "glmlr.scored"),
    ("glmlr.validation.recalibrated", "glmlr.validation.calibration_lines"),
    ("glmlr.validation.recalibrated", "glmlr.separation"),
    ("glmlr.validation.judged", "glmlr.registry"),
    ("glmlr.validation.judged", "glmlr.validation.new_rows"),
    ("glmlr.validation.judged", "glmlr.saving.scoring_model"),
    ("glmlr.validation.calibration_charts", "glmlr.validation.calibration_lines"),
    ("glmlr.validation.calibration_charts", "glmlr.validation.curves"),
    ("glmlr.validation.beside", "glmlr.registry"),
    ("glmlr.ranking.cells", "glmlr.ranking"),
    ("glmlr.ranking.sweep", "glmlr.ranking"),
    ("glmlr.ranking.sweep", "glmlr.ranking.cells"),
    ("glmlr.ranking.sweep", "glmlr.ranking.ordering"),
    ("glmlr.ranking.criteria", "glmlr.ranking.ordering"),
    ("glmlr.ranking.criteria", "glmlr.ranking.sweep"),
    ("glmlr.ranking.rules", "glmlr.ranking.cells"),
    ("glmlr.ranking.rules", "glmlr.ranking.criteria"),
    ("glmlr.ranking.rules", "glmlr.ranking.sweep"),
    ("glmlr.ranking.moved_cutoffs", "glmlr.ranking.redrawn"),
    ("glmlr.ranking.moved_cutoffs", "glmlr.ranking.rules"),
    ("glmlr.ranking.moved_cutoffs", "glmlr.ranking.sweep"),
    ("glmlr.ranking.net_benefit", "glmlr.ranking"),
    ("glmlr.ranking.net_benefit", "glmlr.ranking.redrawn"),
    ("glmlr.ranking.net_benefit", "glmlr.ranking.sweep"),
    ("glmlr.ranking.from_top", "glmlr.ranking"),
    ("glmlr.ranking.from_top", "glmlr.ranking.ordering"),
    ("glmlr.ranking.distance", "glmlr.ranking"),
    ("glmlr.ranking.distance", "glmlr.ranking.from_top"),
    ("glmlr.ranking.curve", "glmlr.ranking.from_top"),
    ("glmlr.ranking.precision", "glmlr.ranking.from_top"),
    ("glmlr.ranking.lattice_paths", "glmlr.ranking"),
    ("glmlr.ranking.area_comparison", "glmlr.ranking"),
    ("glmlr.ranking.area_comparison", "glmlr.ranking.concordance"),
    ("glmlr.ranking.area_comparison", "glmlr.ranking.ordering"),
    ("glmlr.ranking.area_comparison", "glmlr.ranking.redrawn"),
    ("glmlr.ranking.curve", "glmlr.ranking"),
    ("glmlr.ranking.partial_area", "glmlr.ranking"),
    ("glmlr.ranking.partial_area", "glmlr.ranking.from_top"),
    ("glmlr.ranking.precision", "glmlr.ranking"),
    ("glmlr.exhibits", "glmlr.charts"),
    ("glmlr.digits", "glmlr.errors"),
    ("glmlr.datasets", "glmlr.errors"),
}

#: Pairs in which the first may name the second as a type, under TYPE_CHECKING, and nothing more.
TYPES_ONLY: set[tuple[str, str]] = set()

#: Where a value may ask the floors above to show it: module -> (the methods that may, what they may import).
HOOKS = {
    **dict.fromkeys(
        ("glmlr.exhibits", "glmlr.charts"),
        (re.compile(r"to_\w+|_repr_\w+_|__str__|__repr__|figure|plot|write"), "glmlr.render"),
    ),
}

MATHEMATICS = {
    "glmlr.classes.counts",
    "glmlr.classes.agreement",
    "glmlr.classes.areas",
    "glmlr.classes.lack_of_fit",
    "glmlr.classes.scoring_rules",
    "glmlr.classes.recalibrated",
    "glmlr.classes.scores",
    "glmlr.multinomial.recession",
    "glmlr.multinomial.linear_predictors",
    "glmlr.multinomial.softmax",
    "glmlr.multinomial.maximum",
    "glmlr.multinomial.solution",
    "glmlr.multinomial.sandwich",
    *TRAINING,
    "glmlr.training.contours",
    "glmlr.training.options",
    "glmlr.training.surface",
    "glmlr.training.rules",
    "glmlr.training.losses",
    "glmlr.straight_line",
    "glmlr.penalised.penalties",
    "glmlr.penalised.adjusted",
    "glmlr.penalised.planes",
    "glmlr.penalised.firth",
    "glmlr.penalised.calibrated",
    "glmlr.penalised.ridge",
    "glmlr.penalised.withheld",
    "glmlr.penalised.path",
    "glmlr.penalised.maximum",
    "glmlr.profiles.held",
    "glmlr.profiles.ends",
    "glmlr.profiles.open_ended",
    "glmlr.profiles.units",
    "glmlr.profiles.accelerated",
    "glmlr.comparison.paired",
    "glmlr.comparison.weighted_chi_squares",
    "glmlr.influence.binned",
    "glmlr.influence.points",
    "glmlr.influence.residuals",
    "glmlr.validation.performance",
    "glmlr.validation.indices",
    "glmlr.validation.curves",
    "glmlr.validation.calibration_lines",
    "glmlr.validation.decomposition",
    "glmlr.validation.recalibrated",
    "glmlr.validation.smoothing",
    "glmlr.ranking.condensed",
    "glmlr.ranking.isotonic",
    "glmlr.pseudo_r2",
    "glmlr.links",
    "glmlr.tails",
    "glmlr.proportions",
    "glmlr.blocks",
    "glmlr.threads",
    "glmlr.quantiles",
    "glmlr.moments",
    "glmlr.language.bases",
    "glmlr.conditioning",
    "glmlr.solver",
    "glmlr.newton",
    "glmlr.ranking",
    "glmlr.ranking.concordance",
    "glmlr.ranking.ordering",
    "glmlr.ranking.score_bins",
    "glmlr.runs",
    "glmlr.ranking.grouping",
    "glmlr.ranking.shares",
    "glmlr.monitoring.stability",
    "glmlr.monotone",
    "glmlr.ranking.redrawn",
    "glmlr.ranking.cells",
    "glmlr.ranking.sweep",
    "glmlr.ranking.criteria",
    "glmlr.ranking.rules",
    "glmlr.ranking.moved_cutoffs",
    "glmlr.ranking.net_benefit",
    "glmlr.validation.deletion",
    "glmlr.ranking.from_top",
    "glmlr.ranking.distance",
    "glmlr.ranking.lattice_paths",
    "glmlr.ranking.area_comparison",
    "glmlr.ranking.area_planning",
    "glmlr.ranking.curve",
    "glmlr.ranking.partial_area",
    "glmlr.ranking.precision",
    "glmlr.outline",
    *BINNING,
    "glmlr.contingency",
    "glmlr.design.patterns",
    "glmlr.separation",
    "glmlr.shape.added_columns",
    "glmlr.hypotheses.adjusting",
    "glmlr.hypotheses.linear",
    "glmlr.hypotheses.nested",
    "glmlr.crossing.cell_tests",
    "glmlr.shape.observed_fitted",
    "glmlr.shape.tests",
    "glmlr.shape.shapes",
    "glmlr.columns",
    "glmlr.sampling",
    "glmlr.weightings",
    "glmlr.rays",
    "glmlr.survey",
    "glmlr.margins",
    "glmlr.inequalities",
    "glmlr.trend",
    "glmlr.covariance",
}

#: The BLAS is kept to one thread while our own threads run; that is housekeeping, not mathematics.
HOUSEKEEPING = {"glmlr.threads": {"threadpoolctl"}}

#: Libraries with one home: everything else asks the home. A trailing * takes every file of a package.
HOMES = {
    "patsy": {"glmlr.design.coding"},
    "statsmodels": {"glmlr.statsmodels_bridge", "glmlr.interop", "glmlr.multinomial.mnlogit"},
    "matplotlib": {"glmlr.render.chart", "glmlr.render.plot", "glmlr.render.marks", "glmlr.render.sheet"},
    "jinja2": {"glmlr.render", "glmlr.render.*"},
    "typer": {"glmlr.cli"},
    "rich": {"glmlr.cli", "glmlr.render.terminal"},
    "narwhals": {"glmlr.design", "glmlr.sources"},
}

#: Loaded when used: imported inside functions, never at the top of a module (the command line may load typer).
LATE = {"matplotlib", "sklearn", "jinja2", "statsmodels", "rich", "joblib", "pyarrow", "polars", "scipy.stats"}

#: Files with statistics of a section beside the one with its name: a question that has become several.
ROOMS = {
    "coefficients": ("intercepts", "ratios", "separation"),
    "calibration": ("calibration_components",),
    "goodness": ("hosmer_lemeshow",),
    "effects": ("risks", "adjusted_predictions"),
    "diagnostics": ("added_variables", "binned_residuals", "collinearity", "partial_residuals", "specification"),
    "classification": ("cutoffs", "decision_curve", "classification_table"),
    "discrimination": (
        "operating_points",
        "partial_area",
        "precision_recall",
        "detection_errors",
        "kolmogorov_smirnov",
        "concentration",
    ),
}

FORBIDDEN_FILES = {"utils", "util", "helpers", "helper", "base", "core", "common", "manager", "misc"}
FORBIDDEN_FUNCTION = re.compile(r"_*(get_(?!_)|compute_|do_)\w+|\w+_impl")
LONGEST_FUNCTION = 60
QUESTION = re.compile(
    r"((Into|From|By|In|On|To|At|For|With|Of|Under) )?(what|how|which|who|where|when|why|is|are|does|do|can|did|has)\b",
    re.I,
)


@dataclass(frozen=True)
class Imported:
    """One import: the module it names, the functions it stands in (outermost first), its line, if only for types."""

    target: str
    inside: tuple[str, ...]
    line: int
    typing: bool


def modules() -> dict[str, Path]:
    found = {}
    for path in sorted(PACKAGE.rglob("*.py")):
        parts = path.relative_to(ROOT).with_suffix("").parts
        found[".".join(parts[:-1] if parts[-1] == "__init__" else parts)] = path
    return found


MODULES = modules()


def of_every_module(law: Callable[[str], None]) -> Callable[[], None]:
    """Make one test of a law on all modules, that tells of all that break it: a test each would cost more than it."""

    def test() -> None:
        broken = []
        for module in MODULES:
            try:
                law(module)
            except AssertionError as failure:
                broken.append(f"{module}: {failure}")
        assert not broken, "\n".join(broken)

    test.__name__, test.__doc__ = law.__name__, law.__doc__
    return test


@cache
def tree(module: str) -> ast.Module:
    return ast.parse(MODULES[module].read_text(encoding="utf-8"))


@cache
def functions(module: str) -> tuple[tuple[str, ast.FunctionDef | ast.AsyncFunctionDef], ...]:
    """Give every function and method with its dotted name."""

    def walk(node: ast.AST, prefix: str) -> Iterator[tuple[str, ast.FunctionDef | ast.AsyncFunctionDef]]:
        for child in ast.iter_child_nodes(node):
            if isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef):
                yield prefix + child.name, child
                yield from walk(child, prefix + child.name + ".")
            elif isinstance(child, ast.ClassDef):
                yield from walk(child, prefix + child.name + ".")
            else:
                yield from walk(child, prefix)

    return tuple(walk(tree(module), ""))


@cache
def imports(module: str) -> tuple[Imported, ...]:
    """Give every import of a module, those in functions too; `from glmlr import x` names x if that is a file."""
    found: list[Imported] = []

    def walk(node: ast.AST, inside: tuple[str, ...], typing: bool) -> None:
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            inside = (*inside, node.name)
        typing = typing or (isinstance(node, ast.If) and ast.unparse(node.test).endswith("TYPE_CHECKING"))
        if isinstance(node, ast.Import):
            found.extend(Imported(alias.name, inside, node.lineno, typing) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            origin = absolute(module, node)
            for alias in node.names:
                whole = f"{origin}.{alias.name}"
                named = whole in MODULES or whole == "scipy.stats"
                found.append(Imported(whole if named else origin, inside, node.lineno, typing))
        for child in ast.iter_child_nodes(node):
            walk(child, inside, typing)

    walk(tree(module), (), False)
    return tuple(found)


def absolute(module: str, node: ast.ImportFrom) -> str:
    if not node.level:
        return node.module or ""
    package = module if MODULES[module].name == "__init__.py" else module.rpartition(".")[0]
    for _ in range(node.level - 1):
        package = package.rpartition(".")[0]
    return f"{package}.{node.module}" if node.module else package


def entry(module: str) -> str | None:
    """Give the key of `FLOORS` that a module falls under."""
    if module in FLOORS:
        return module
    family = module.rpartition(".")[0] + ".*"
    return family if family in FLOORS else None


def floor(module: str) -> int:
    key = entry(module)
    assert key is not None, (
        f"{module} stands on no floor; add it to FLOORS in tests/test_house.py, on the lowest floor from which it can "
        "see all it imports, and to the list of floors in CONTRIBUTING.md."
    )
    return FLOORS[key]


def neighbours(importer: str, imported: str) -> bool:
    """Say whether two modules of one floor are listed in `SAME_FLOOR`, by their names or their families."""
    importers = {importer, entry(importer)}
    targets = {imported, entry(imported)}
    return any((a, b) in SAME_FLOOR for a in importers for b in targets)


def is_hook(importer: str, imported: Imported) -> bool:
    if importer not in HOOKS or not imported.inside:
        return False
    method, upstairs = HOOKS[importer]
    return method.fullmatch(imported.inside[0]) is not None and imported.target.startswith(upstairs)


def at_home(module: str, homes: set[str]) -> bool:
    return module in homes or entry(module) in homes


def test_the_reader_of_imports_sees_them_all() -> None:
    """By hand: what these files are known to import, at the top, inside a method, and for types only."""
    top = {imported.target for imported in imports("glmlr.ranking") if not imported.inside}
    assert {"numpy", "glmlr.errors"} <= top
    hook = [imported for imported in imports("glmlr.exhibits") if "to_html" in imported.inside]
    assert [imported.target for imported in hook] == ["glmlr.render.html"]
    assert any(imported.typing for imported in imports("glmlr.fitted"))


@of_every_module
def test_every_module_has_a_floor_and_imports_downwards(module: str) -> None:
    here = floor(module)
    wrong = []
    for imported in imports(module):
        if imported.target.partition(".")[0] != "glmlr" or imported.target == module or is_hook(module, imported):
            continue
        if imported.typing and (module, imported.target) in TYPES_ONLY:
            continue
        there = floor(imported.target)
        if there > here or (there == here and not neighbours(module, imported.target)):
            wrong.append(f"line {imported.line}: {imported.target} (floor {there})")
    assert not wrong, f"{module} (floor {here}) imports upwards or sideways: {'; '.join(wrong)}"


def test_the_list_of_floors_names_no_package_file_twice() -> None:
    assert len({key.casefold() for key in FLOORS}) == len(FLOORS)
    assert all(entry(name) for pair in SAME_FLOOR for name in pair)


@pytest.mark.parametrize("module", sorted(MATHEMATICS & MODULES.keys()))
def test_mathematics_sees_numpy_and_scipy_only(module: str) -> None:
    allowed = {"numpy", "scipy", *sys.stdlib_module_names, *HOUSEKEEPING.get(module, ())}
    for imported in imports(module):
        top = imported.target.partition(".")[0]
        if top == "glmlr":
            assert imported.target in MATHEMATICS | {"glmlr.errors"}, f"{module} imports {imported.target}"
        else:
            assert top in allowed, f"{module} is mathematics and imports {imported.target}"


@pytest.mark.parametrize("module", [name for name in ("glmlr.design", "glmlr.fit", "glmlr.fitted") if name in MODULES])
def test_design_and_fit_never_see_exhibits(module: str) -> None:
    # Fit names Table as the type of the statistics that the registry binds on it; at run time it never sees one.
    seen = {imported.target for imported in imports(module) if not imported.typing}
    assert not {
        name for name in seen if name.startswith(("glmlr.exhibits", "glmlr.charts", "glmlr.render", "glmlr.digits"))
    }


@of_every_module
def test_only_the_doors_and_the_hooks_reach_render(module: str) -> None:
    if module.startswith("glmlr.render") or floor(module) == 10:
        return
    for imported in imports(module):
        if imported.target.startswith("glmlr.render"):
            assert is_hook(module, imported), f"{module}:{imported.line} reaches {imported.target}"


@of_every_module
def test_libraries_are_imported_at_home_and_late(module: str) -> None:
    for imported in imports(module):
        top = imported.target.partition(".")[0]
        if top in HOMES:
            assert at_home(module, HOMES[top]), f"{module}:{imported.line} imports {top}; only {HOMES[top]} may."
        if not imported.inside and not imported.typing:
            heavy = {name for name in LATE if imported.target == name or imported.target.startswith(name + ".")}
            assert not heavy or module == "glmlr.cli", (
                f"{module}:{imported.line} loads {heavy} at import; move it inside"
            )


@cache
def declared() -> set[str]:
    """Name the packages that an install brings, as they are imported."""
    names = {"scikit-learn": "sklearn"}
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    extras = [package for extra in ("arrow", "dask", "duckdb") for package in project["optional-dependencies"][extra]]
    listed = [*project["dependencies"], *extras, "polars"]
    found = {names.get(name, name) for name in (re.split(r"[<>=!~ \[]", line)[0] for line in listed)}
    # No install of scikit-learn lacks joblib and threadpoolctl, none of jinja2 lacks markupsafe.
    return found | {"glmlr", "joblib", "threadpoolctl", "markupsafe", *sys.stdlib_module_names}


@of_every_module
def test_nothing_outside_the_declared_dependencies_is_imported(module: str) -> None:
    for imported in imports(module):
        assert imported.target.partition(".")[0] in declared(), f"{module}:{imported.line} imports {imported.target}"


@of_every_module
def test_names_are_words_of_the_trade(module: str) -> None:
    assert not FORBIDDEN_FILES & set(module.split(".")), f"{module}: name the file by the question it answers"
    wrong = [name for name, _ in functions(module) if FORBIDDEN_FUNCTION.fullmatch(name.rpartition(".")[2])]
    assert not wrong, f"{module}: name functions by what they give, not {wrong}"


@of_every_module
def test_nothing_prints_but_the_command_line(module: str) -> None:
    if module == "glmlr.cli":
        return
    for node in ast.walk(tree(module)):
        printing = isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "print"
        assert not printing, f"{module}:{getattr(node, 'lineno', 0)} prints"


@of_every_module
def test_functions_are_short(module: str) -> None:
    long = {}
    for name, node in functions(module):
        body = node.body[1:] if ast.get_docstring(node) and len(node.body) > 1 else node.body
        lines = (body[-1].end_lineno or 0) - body[0].lineno + 1
        if lines > LONGEST_FUNCTION:
            long[name] = lines
    assert not long, f"{module}: split {long} (lines of body; about 30 is the aim, {LONGEST_FUNCTION} the limit)"


@of_every_module
def test_the_first_line_says_which_question_a_file_answers(module: str) -> None:
    words = ast.get_docstring(tree(module))
    assert words, f"{module} has no docstring"
    first = words.splitlines()[0]
    if module.count(".") == 0 or MODULES[module].name in ("__init__.py", "__main__.py"):
        assert first.endswith((".", "?"))
    else:
        assert QUESTION.match(first), f"{module} does not begin with its question: {first!r}"


@of_every_module
def test_public_functions_have_docstrings(module: str) -> None:
    names = {name for name, _ in functions(module)}
    for name, node in functions(module):
        public = not any(part.startswith("_") for part in name.split("."))
        nested = len(name.split(".")) > 1 and name.split(".")[0] in names
        if public and not nested:
            assert ast.get_docstring(node), f"{module}.{name} has no docstring"


def test_what_is_exported_exists_and_is_ours() -> None:
    import glmlr

    assert len(set(glmlr.__all__)) == len(glmlr.__all__)
    for name in glmlr.__all__:
        assert hasattr(glmlr, name), f"glmlr.__all__ names {name!r}, which does not exist"
        value = getattr(glmlr, name)
        if inspect.isfunction(value) or inspect.isclass(value):
            assert value.__module__.split(".")[0] == "glmlr", f"glmlr.{name} comes from {value.__module__}"
    assert not set(glmlr.__all__) - set(dir(glmlr))


def statistics() -> list[str]:
    import glmlr  # noqa: F401  (lists every statistic)
    from glmlr.registry import STATISTICS

    return sorted(STATISTICS)


@cache
def test_files() -> dict[str, str]:
    paths = (ROOT / "tests").rglob("test_*.py")
    return {path.name: path.read_text(encoding="utf-8") for path in paths if path.name != Path(__file__).name}


test_files.__test__ = False  # type: ignore[attr-defined]


def test_there_are_statistics() -> None:
    assert len(statistics()) >= 11


def test_every_statistic_is_documented_exported_bound_and_witnessed() -> None:
    import glmlr
    from glmlr.fit import Fit
    from glmlr.registry import SECTIONS, STATISTICS

    for key in statistics():
        record = STATISTICS[key]
        plain = inspect.unwrap(record.function)
        assert record.title, f"{key} has no title"
        assert record.section in SECTIONS, f"{key} is in no section"
        assert record.reference, f"{key} cites nothing"
        assert record.definitions, f"{key} defines nothing"
        assert all(record.definitions.values()), f"{key} has an empty definition"
        assert inspect.getdoc(plain), f"{key} has no docstring"
        assert plain.__name__ == key
        homes = {f"glmlr.statistics.{name}" for name in (record.section, *ROOMS.get(record.section, ()))}
        assert plain.__module__ in homes, f"{key} stands in {plain.__module__}; its section is {homes}"
        assert getattr(glmlr, key) is record.function is getattr(Fit, key), f"{key} is not one function everywhere"
        assert key in glmlr.__all__, f"{key} is not exported"
        first, *others = inspect.signature(plain).parameters.values()
        late = [parameter.name for parameter in others if parameter.kind is not parameter.KEYWORD_ONLY]
        assert not late, f"{key}: make {late} keyword-only (after {first.name})"
        witnessed = [name for name, text in test_files().items() if re.search(rf"\b{key}\b", text)]
        assert witnessed, f"{key} has no witness: no file under tests/ mentions it"


def test_constraints_pin_plain_versions_of_every_dependency() -> None:
    lines = (ROOT / "constraints.txt").read_text(encoding="utf-8").splitlines()
    pins = [line for line in lines if line and not line.startswith("#")]
    assert all(re.fullmatch(r"[A-Za-z0-9._-]+==[A-Za-z0-9.+!]+", line) for line in pins)
    pinned = {line.partition("==")[0].replace("_", "-").casefold() for line in pins}
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    wanted = [*project["dependencies"], *project["optional-dependencies"]["test"]]
    names = {re.split(r"[<>=!~ \[]", line)[0].replace("_", "-").casefold() for line in wanted}
    assert not names - pinned, f"constraints.txt does not pin {sorted(names - pinned)}"
