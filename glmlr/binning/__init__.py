"""Where does a predictor fall? Edges by quantile, width, outcome or the user's own, and bins frozen for later rows."""

from glmlr.binning.cutting import FEW_VALUES, METHODS, Cut
from glmlr.binning.distinct import Counts, Distinct, added, count, distinct
from glmlr.binning.edges import (
    Bins,
    Closed,
    Limits,
    checked_bins,
    given_edges,
    numerals,
    quantile_edges,
    quantiles,
    width_edges,
)
from glmlr.binning.evidence import Evidence, Odds, evidence, observed_odds
from glmlr.binning.frozen import Binning, Kind
from glmlr.binning.making import Made, fit_levels, fit_numbers, free_label, level_label, numbers_made
from glmlr.binning.merging import chimerge_edges, monotone_edges
from glmlr.binning.optimal import optimal_edges
from glmlr.binning.tree import LEAF_SHARE, tree_edges

__all__ = [
    "FEW_VALUES",
    "LEAF_SHARE",
    "METHODS",
    "Binning",
    "Bins",
    "Closed",
    "Counts",
    "Cut",
    "Distinct",
    "Evidence",
    "Kind",
    "Limits",
    "Made",
    "Odds",
    "added",
    "checked_bins",
    "chimerge_edges",
    "count",
    "distinct",
    "evidence",
    "fit_levels",
    "fit_numbers",
    "free_label",
    "given_edges",
    "level_label",
    "monotone_edges",
    "numbers_made",
    "numerals",
    "observed_odds",
    "optimal_edges",
    "quantile_edges",
    "quantiles",
    "tree_edges",
    "width_edges",
]
