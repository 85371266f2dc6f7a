"""How well do predicted classes agree with observed ones? Accuracy against chance: kappa, Matthews, balanced accuracy.

References: Cohen (1960), Educational and Psychological Measurement 20, 37-46 (kappa); Cohen (1968), Psychological
Bulletin 70, 213-220 (weighted kappa); Fleiss, Cohen & Everitt (1969), Psychological Bulletin 72, 323-327 (its standard
error); Gorodkin (2004), Computational Biology and Chemistry 28, 367-374 (Matthews correlation of several classes);
Bishop, Fienberg & Holland (1975), Discrete Multivariate Analysis, section 14.6 (the delta method); Donner & Zou (2012),
Statistical Methods in Medical Research 21, 347-359 (intervals of sums from those of their parts).
"""

from __future__ import annotations

import math
from typing import Final

import numpy as np
import numpy.typing as npt
from scipy.special import betainc

from glmlr.classes.counts import ClassCounts
from glmlr.errors import one_of
from glmlr.proportions import wilson
from glmlr.ranking.concordance import Estimate

Floats = npt.NDArray[np.float64]

#: Scheme -> how much of full agreement is lost from class i to class j, both as shares of the way through all classes.
SCHEMES: Final = ("plain", "linear", "quadratic")


def agreement_weights(classes: int, scheme: str) -> Floats:
    """Give how far each observed class agrees with each predicted one, 1 on the diagonal, shape (J, J).

    Args:
        classes: their number J.
        scheme: "plain" (no other class agrees at all), "linear", 1 - |i - j| / (J - 1), or "quadratic",
            1 - (i - j)^2 / (J - 1)^2; the last two for classes in order.

    """
    apart = np.abs(np.subtract.outer(np.arange(classes), np.arange(classes))) / (classes - 1)
    kept = {"plain": (apart == 0).astype(np.float64), "linear": 1 - apart, "quadratic": 1 - apart**2}
    return np.asarray(kept[one_of("scheme", scheme, SCHEMES)])


def class_kappa(counts: ClassCounts, z: float, scheme: str = "plain") -> Estimate:
    """Give Cohen's kappa, plain or weighted, with its large-sample standard error and interval.

    NaN where agreement by chance is already complete: all rows are of one class, and predicted in it.
    """
    weights = agreement_weights(len(counts.cells), scheme)
    shares = counts.cells / counts.n
    observed, predicted = counts.observed / counts.n, counts.predicted / counts.n
    agreed, chance = float((weights * shares).sum()), float(observed @ weights @ predicted)
    if not chance < 1:
        return Estimate(*(math.nan,) * 4)
    value = (agreed - chance) / (1 - chance)
    margins = np.add.outer(weights @ predicted, observed @ weights)
    squares = float((shares * (weights - margins * (1 - value)) ** 2).sum())
    # Rounding may leave -1e-18 where there are no errors.
    variance = max(squares - (value - chance * (1 - value)) ** 2, 0.0) / ((1 - chance) ** 2 * counts.n)
    error = math.sqrt(variance)
    return Estimate(value, error, value - z * error, value + z * error)


def class_matthews(counts: ClassCounts, z: float) -> Estimate:
    """Give the Matthews correlation of several classes (Gorodkin's R_K), its interval on Fisher's z scale.

    With N = sum of the diagonal shares - sum p_k t_k, A = 1 - sum p_k^2 and B = 1 - sum t_k^2 of predicted shares p and
    observed shares t it is N / sqrt(A B); NaN where all rows are predicted in one class, or are of one.
    """
    n, observed, predicted = counts.n, counts.observed, counts.predicted
    across = n * counts.right.sum() - observed @ predicted
    # Each squared sum less the squares, in counts that are whole; a root of each keeps a perfect rule at exactly 1.
    spread = math.sqrt(n**2 - observed @ observed) * math.sqrt(n**2 - predicted @ predicted)
    if not spread > 0:
        return Estimate(*(math.nan,) * 4)
    value = float(across) / spread
    if not abs(value) < 1 - 1e-15:
        return Estimate(value, math.nan, math.nan, math.nan)
    error = math.sqrt(_matthews_variance(counts, value, spread / n**2))
    reach, middle = z * error / (1 - value**2), math.atanh(value)
    return Estimate(value, error, math.tanh(middle - reach), math.tanh(middle + reach))


def _matthews_variance(counts: ClassCounts, value: float, spread: float) -> float:
    """Give the variance by the delta method for multinomial counts."""
    shares, t, p = counts.cells / counts.n, counts.observed / counts.n, counts.predicted / counts.n
    slope = (np.eye(t.size) - p[:, None] - t[None, :]) / spread
    slope += value * (t[:, None] / (1 - t @ t) + p[None, :] / (1 - p @ p))
    mean = float((shares * slope).sum())
    return max(float((shares * slope**2).sum()) - mean**2, 0.0) / counts.n


def balanced_accuracy(counts: ClassCounts, level: float) -> Estimate:
    """Give the mean recall of the classes that have rows, its interval from the Wilson intervals of the recalls.

    The squares of the distances from each recall to its bound are added up (Donner & Zou's MOVER; for two classes
    Newcombe's method 10). The standard error is that of a mean of independent shares.
    """
    there = counts.observed > 0
    n, recall = counts.observed[there], counts.recall[there]
    bounds, size = wilson(counts.right[there], n, level), n.size
    value = float(recall.mean())
    low = math.sqrt(float(((recall - bounds.low) ** 2).sum())) / size
    high = math.sqrt(float(((bounds.high - recall) ** 2).sum())) / size
    error = math.sqrt(float((recall * (1 - recall) / n).sum())) / size
    return Estimate(value, error, value - low, value + high)


def no_information_p(counts: ClassCounts) -> float:
    """Give the exact one-sided binomial p-value that the accuracy exceeds the share of the largest class."""
    right, n = float(counts.right.sum()), counts.n
    return float(betainc(right, n - right + 1, counts.observed.max() / n)) if right > 0 else 1.0
