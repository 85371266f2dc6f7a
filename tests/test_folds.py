"""Are the folds scikit-learn's, and are folds refused that nothing can be learnt from?"""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from sklearn.model_selection import (
    GroupKFold,
    KFold,
    LeaveOneOut,
    RepeatedStratifiedKFold,
    StratifiedGroupKFold,
    StratifiedKFold,
    StratifiedShuffleSplit,
)

from glmlr.errors import ArgumentError, DataError, OptionError
from glmlr.validation.folds import folds_of

Y = np.random.default_rng(0).permutation(np.repeat([0.0, 1.0], [60, 23]))
GROUPS = np.arange(Y.size) % 17


def given(option: Any, y: Any = Y, groups: Any = None, repeats: int = 3, seed: int = 5) -> Any:
    return folds_of(option, y, repeats=repeats, seed=seed, groups=groups)


def same(found: Any, expected: Any) -> bool:
    pairs = list(expected)
    return len(found.folds) == len(pairs) and all(
        np.array_equal(fold.training, training) and np.array_equal(fold.test, test)
        for fold, (training, test) in zip(found.folds, pairs, strict=True)
    )


def test_a_number_gives_the_folds_of_repeated_stratified_folds() -> None:
    found = given(4)
    assert same(found, RepeatedStratifiedKFold(n_splits=4, n_repeats=3, random_state=5).split(Y, Y))
    assert [(fold.repeat, fold.number) for fold in found.folds] == [(r, f) for r in (1, 2, 3) for f in (1, 2, 3, 4)]
    assert found.described == "4 folds stratified by outcome, repeated 3 times (seed 5)."


def test_groups_stay_together_and_one_repeat_is_that_of_scikit_learn() -> None:
    found = given(4, groups=GROUPS)
    for fold in found.folds:
        assert not set(GROUPS[fold.training]) & set(GROUPS[fold.test])
    expected = StratifiedGroupKFold(n_splits=4, shuffle=True, random_state=np.random.RandomState(5)).split(Y, Y, GROUPS)
    assert same(given(4, groups=GROUPS, repeats=1), expected)


@pytest.mark.parametrize(
    ("splitter", "groups", "repeats"),
    [
        (StratifiedKFold(3), None, 1),
        (RepeatedStratifiedKFold(n_splits=3, n_repeats=2, random_state=0), None, 2),
        (GroupKFold(3), GROUPS, 1),
    ],
)
def test_a_splitter_divides_as_it_does(splitter: Any, groups: Any, repeats: int) -> None:
    found = given(splitter, groups=groups)
    assert same(found, splitter.split(Y, Y, groups))
    assert found.repeats == repeats
    assert type(splitter).__name__ in found.described


def test_random_halves_begin_a_repeat_when_a_row_comes_again() -> None:
    found = given(StratifiedShuffleSplit(5, test_size=0.5, random_state=0))
    for repeat in range(1, found.repeats + 1):
        held_out = np.concatenate([fold.test for fold in found.folds if fold.repeat == repeat])
        assert np.unique(held_out).size == held_out.size


def test_rows_of_counts_are_divided_without_classes() -> None:
    y = np.linspace(0.1, 0.9, 12)
    expected = KFold(3, shuffle=True, random_state=np.random.RandomState(5)).split(y)
    assert same(given(3, y=y, repeats=1), expected)


class _Masks:
    def split(self, x: Any, y: Any, groups: Any) -> Any:
        test = np.arange(len(y)) % 2 == 0
        yield ~test, test


class _Beyond:
    def split(self, x: Any, y: Any, groups: Any) -> Any:
        yield [0, 1], [len(y)]


class _Overlapping:
    def split(self, x: Any, y: Any, groups: Any) -> Any:
        yield np.arange(len(y)), np.arange(len(y))


def test_a_splitter_may_give_masks() -> None:
    (fold,) = given(_Masks()).folds
    np.testing.assert_array_equal(fold.test, np.arange(0, Y.size, 2))


@pytest.mark.parametrize(
    ("option", "error", "words"),
    [
        (24, OptionError, "23 of the 83 rows are an event, too few for 24 folds"),
        (1, ArgumentError, "folds=1 is neither"),
        (True, ArgumentError, "folds=True is neither"),
        ("ten", ArgumentError, "folds='ten' is neither"),
        (LeaveOneOut(), DataError, "repeat 1, fold 1 no .* is among the 1 rows held out"),
        (GroupKFold(3), DataError, "cannot divide the rows"),
        (_Beyond(), DataError, "names rows outside 0 to 82"),
        (_Overlapping(), DataError, "both fitted and held out"),
    ],
)
def test_refused(option: Any, error: type[Exception], words: str) -> None:
    with pytest.raises(error, match=words):
        given(option)


def test_other_options_refused() -> None:
    with pytest.raises(OptionError, match="1 of the 9 rows is an event"):
        given(2, y=np.eye(9)[0])
    with pytest.raises(OptionError, match="repeats=0 is not a whole number of at least 1"):
        given(3, repeats=0)
    with pytest.raises(OptionError, match="seed=-1"):
        given(3, seed=-1)
    with pytest.raises(OptionError, match="17 different groups, too few for 20 folds"):
        given(20, groups=GROUPS)
    with pytest.raises(DataError, match="repeat 1, fold 1 a group has rows on both sides"):
        given(StratifiedKFold(3), groups=GROUPS)
    # Groups that are of one class each leave folds without the other.
    with pytest.raises(DataError, match="no non-event is among"):
        given(2, y=np.repeat([0.0, 1.0], 5), groups=np.repeat([0, 1], 5))


def test_groups_that_span_the_outcomes_unevenly_are_told() -> None:
    """All events are of one group: whatever fold holds it out leaves none to fit."""
    y = np.array([1.0] * 6 + [0.0] * 18)
    groups = np.repeat(np.arange(4), 6)
    with pytest.raises(DataError, match="1 of the 4 groups has an event; ask for fewer folds"):
        folds_of(2, y, repeats=1, seed=1, groups=groups)
    mixed = np.tile(np.arange(4), 6)
    assert len(folds_of(2, y, repeats=1, seed=1, groups=mixed).folds) == 2
