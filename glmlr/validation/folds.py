"""Which rows does each fold hold out? Stratified, grouped, or as a scikit-learn splitter says.

References: Stone (1974), J. R. Statist. Soc. B 36, 111-147; Kohavi (1995), IJCAI, 1137-1143 (strata, repeats).
"""

from __future__ import annotations

import warnings
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from glmlr.errors import ArgumentError, DataError, OptionError

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.intp]


@dataclass(frozen=True, eq=False)
class Fold:
    """One division of the rows used into those that a model is fitted to and those that it is tried on.

    Attributes:
        repeat: which repeat it belongs to, from 1; within a repeat no row is held out twice.
        number: which fold of the repeat it is, from 1.
        training: positions of the rows the model is fitted to.
        test: positions of the rows held out.

    """

    repeat: int
    number: int
    training: Integers
    test: Integers

    @property
    def label(self) -> str:
        """Name the fold: "repeat 2, fold 7"."""
        return f"repeat {self.repeat}, fold {self.number}"


@dataclass(frozen=True, eq=False)
class Folds:
    """All divisions of the rows, in order.

    Attributes:
        folds: one after the other.
        described: a sentence that says how the rows were divided.

    """

    folds: tuple[Fold, ...]
    described: str

    @property
    def repeats(self) -> int:
        """Number of repeats."""
        return self.folds[-1].repeat


def folds_of(option: Any, y: Floats, *, repeats: int, seed: int, groups: Integers | None = None) -> Folds:
    """Divide the rows.

    A number gives the folds of scikit-learn's RepeatedStratifiedKFold with this seed, or of a StratifiedGroupKFold
    that is shuffled anew for each repeat where there are groups.

    Args:
        option: number of folds, or a splitter of scikit-learn (anything with `split`), which brings repeats and seed.
        y: share of events of each row, shape (n,).
        repeats: how often the rows are divided anew.
        seed: of the random division.
        groups: number of the group of each row, shape (n,), or None; a group is held out whole.

    Raises:
        OptionError, ArgumentError: something else than folds, repeats or a seed; more folds than rows of a class.
        DataError: a fold without events or without non-events on one of its sides.

    """
    if hasattr(option, "split") and not isinstance(option, (str, bytes)):
        pairs, described = _split(option, y, groups), _described(option)
    else:
        pairs, described = _numbered(option, y, repeats, seed, groups)
    folds = _checked(_in_repeats(pairs, y.size), y, groups)
    if groups is not None:
        _refuse_divided_groups(folds, groups)
    return Folds(folds, described)


def whole(name: str, value: Any, least: int) -> int:
    """Check that an option is a whole number of at least `least`."""
    if isinstance(value, (int, np.integer)) and not isinstance(value, bool) and value >= least:
        return int(value)
    raise OptionError(f"{name}={value!r} is not a whole number of at least {least}.")


def _numbered(
    option: Any, y: Floats, repeats: int, seed: int, groups: Integers | None
) -> tuple[list[tuple[Integers, Integers]], str]:
    """Divide into a number of folds, with the sentence that says how."""
    from sklearn.model_selection import KFold, StratifiedGroupKFold, StratifiedKFold

    if not isinstance(option, (int, np.integer)) or isinstance(option, bool) or option < 2:
        raise ArgumentError(
            f"folds={option!r} is neither a whole number of at least 2 nor a splitter of scikit-learn (an object with "
            "split())."
        )
    count, times, start = int(option), whole("repeats", repeats, 1), whole("seed", seed, 0)
    classed = _is_classed(y)
    if classed:
        _refuse_few(y, count)
    if groups is not None:
        _refuse_few_groups(groups, count)
        kind, how = StratifiedGroupKFold, "stratified by outcome, each group in one of them"
    else:
        kind, how = (StratifiedKFold, "stratified by outcome") if classed else (KFold, "of rows of counts")
    # One stream of random numbers for all repeats, as RepeatedStratifiedKFold has it.
    stream = np.random.RandomState(start)
    pairs = []
    for _ in range(times):
        pairs += _split(kind(n_splits=count, shuffle=True, random_state=stream), y, groups)
    again = "" if times == 1 else f", repeated {times} times"
    return pairs, f"{count} folds {how}{again} (seed {start})."


def _is_classed(y: Floats) -> bool:
    """Whether each row is of one class, as those of successes + failures are not."""
    return bool(((y == 0.0) | (y == 1.0)).all())


def _refuse_few(y: Floats, count: int) -> None:
    events = int((y == 1.0).sum())
    for rows, what in ((events, "an event"), (y.size - events, "a non-event")):
        if rows < count:
            advice = f"ask for {rows} folds at most" if rows > 1 else "there is nothing to validate with"
            raise OptionError(
                f"{rows} of the {y.size:,} rows {'is' if rows == 1 else 'are'} {what}, too few for {count} folds, each "
                f"of which needs one: {advice}."
            )


def _refuse_few_groups(groups: Integers, count: int) -> None:
    found = int(np.unique(groups).size)
    if found < count:
        raise OptionError(f"groups= has {found} different groups, too few for {count} folds; ask for fewer folds.")


def _refuse_divided_groups(folds: tuple[Fold, ...], groups: Integers) -> None:
    for fold in folds:
        fitted = np.zeros(int(groups.max()) + 1, dtype=bool)
        fitted[groups[fold.training]] = True
        if fitted[groups[fold.test]].any():
            raise DataError(
                f"In {fold.label} a group has rows on both sides: the splitter does not keep groups together; take "
                "scikit-learn's GroupKFold or StratifiedGroupKFold, or leave groups= out."
            )


def _split(splitter: Any, y: Floats, groups: Integers | None) -> list[tuple[Integers, Integers]]:
    """Let a splitter divide the rows; grouped rows of counts have no classes for it."""
    rows = np.zeros((y.size, 1))
    outcome = (y if _is_classed(y) else y > 0.5).astype(np.intp)
    with warnings.catch_warnings():
        # Of classes smaller than the number of folds, and of groups that are not used; both are refused below.
        warnings.simplefilter("ignore", UserWarning)
        try:
            found: Iterable[Any] = list(splitter.split(rows, outcome, groups))
        except (TypeError, ValueError) as problem:
            raise DataError(f"The splitter {splitter!r} cannot divide the rows: {str(problem).rstrip('.')}.") from None
    return [(_positions(training, y.size), _positions(test, y.size)) for training, test in found]


def _positions(given: Any, size: int) -> Integers:
    """Check positions of rows, which may be a mask."""
    array = np.asarray(given)
    found = np.flatnonzero(array) if array.dtype == bool else array.astype(np.intp)
    if found.size and (found.min() < 0 or found.max() >= size):
        raise DataError(f"The splitter names rows outside 0 to {size - 1}; it must divide the {size:,} rows used.")
    return found


def _described(splitter: Any) -> str:
    words = " ".join(str(splitter).split())
    return f"Folds by {words}." if len(words) < 160 else f"Folds by {type(splitter).__name__}."


def _in_repeats(pairs: list[tuple[Integers, Integers]], size: int) -> list[Fold]:
    """Number the folds; a new repeat begins with the first fold that holds out a row again."""
    folds: list[Fold] = []
    repeat, number, seen = 1, 0, np.zeros(size, dtype=bool)
    for training, test in pairs:
        if seen[test].any():
            repeat, number = repeat + 1, 0
            seen[:] = False
        number, seen[test] = number + 1, True
        folds.append(Fold(repeat, number, training, test))
    return folds


def _checked(folds: list[Fold], y: Floats, groups: Integers | None) -> tuple[Fold, ...]:
    """Refuse folds that no model can be fitted to or tried on."""
    if not folds:
        raise DataError("The splitter gave no folds.")
    fitted = np.zeros(y.size, dtype=bool)
    for fold in folds:
        fitted[:] = False
        fitted[fold.training] = True
        if fitted[fold.test].any():
            raise DataError(f"In {fold.label} some rows are both fitted and held out; folds must not overlap.")
        for rows, what in ((fold.training, "fitted"), (fold.test, "held out")):
            lacking = [name for name, there in (("event", y[rows] > 0), ("non-event", y[rows] < 1)) if not there.any()]
            if lacking:
                raise DataError(
                    f"In {fold.label} no {lacking[0]} is among the {rows.size:,} rows {what}; every fold needs events "
                    f"and non-events on both sides: {_advice(y, groups)}."
                )
    return tuple(folds)


def _advice(y: Floats, groups: Integers | None) -> str:
    """Say what to do where a fold lacks an outcome."""
    if groups is None:
        return "ask for fewer folds, or stratify by the outcome"
    holding = {what: np.unique(groups[there]).size for what, there in (("an event", y > 0), ("a non-event", y < 1))}
    rarer = min(holding, key=lambda what: holding[what])
    found, every = holding[rarer], np.unique(groups).size
    has = "has" if found == 1 else "have"
    return f"a group is held out whole, and {found:,} of the {every:,} groups {has} {rarer}; ask for fewer folds"
