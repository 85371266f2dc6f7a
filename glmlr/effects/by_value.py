"""What is the probability at each value of a predictor? Values that are asked for, their pairs, and the means there."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import combinations
from typing import Any, Final

import numpy as np

from glmlr.effects.averages import Averaged, Scenario
from glmlr.effects.study import Study, told, values_asked
from glmlr.effects.variables import Variable, chosen_variables, shown, variable_named
from glmlr.errors import NotApplicable, OptionError

PAIRS: Final = ("reference", "all")
#: How intervals of differences are made, for `Study.notes`.
OF_DIFFERENCES: Final = "of differences and slopes are symmetric"


def by_value(
    study: Study, variable: Variable, values: Sequence[Any], *, logged: bool = False
) -> Iterator[tuple[Mapping[str, Any], list[Averaged]]]:
    """Give, for each combination of at=, the mean probabilities with the predictor at each of its values.

    Args:
        study: the rows and the model.
        variable: the predictor.
        values: where it is set to in all rows.
        logged: whether the logarithms of the probabilities are averaged instead.

    Raises:
        OptionError: at= sets the predictor itself.

    """
    refuse_itself(study, variable)
    asked = [Scenario({**one, variable.name: value}, logged=logged) for one in study.settings for value in values]
    found = study.averaged(asked)
    for number, setting in enumerate(study.settings):
        yield setting, found[number * len(values) : (number + 1) * len(values)]


def refuse_itself(study: Study, variable: Variable) -> None:
    """Refuse the effect of a predictor that at= sets."""
    if any(variable.name in one for one in study.settings):
        raise OptionError(
            f"at= sets {variable.name!r}, whose own effect is asked for; name the other predictors in variables=, or "
            "leave it out of at=."
        )


def pairs_of(levels: int, reference: int, pairs: str) -> list[tuple[int, int]]:
    """Give pairs (position of a level, of the level it is compared with)."""
    if pairs == "all":
        order = [reference, *(at for at in range(levels) if at != reference)]
        return [(after, before) for before, after in combinations(order, 2)]
    return [(at, reference) for at in range(levels) if at != reference]


def against(levels: Sequence[Any], after: int, before: int) -> str:
    """Name a pair of levels."""
    return f"{shown(levels[after])} against {shown(levels[before])}"


def with_values(study: Study, variables: Any, values: Mapping[str, Any] | None) -> list[tuple[Variable, list[Any]]]:
    """Give the predictors that are asked for with the values to look at.

    Raises:
        NotApplicable: there is none.
        OptionError: a number without values.

    """
    given = dict(values or {})
    if variables is None and not given:
        chosen = [one for one in chosen_variables(study.everyone, None) if one.kind == "levels"]
        if not chosen:
            raise NotApplicable(
                "The model reads no factor, bool or 0/1 column; name values of a number, values={'x': [1, 2]}, to "
                "compare the probabilities at them."
            )
    else:
        named = [] if variables is None else [variables] if isinstance(variables, str) else list(variables)
        chosen = [variable_named(study.everyone, name) for name in dict.fromkeys([*named, *given])]
    found = []
    for one in chosen:
        if one.name not in given and one.kind != "levels":
            raise OptionError(
                f"{one.name!r} is a number; say which values to look at: values={{{one.name!r}: [1, 2]}}."
            )
        first = [one.levels[one.reference]] if one.levels else []
        every = [*first, *(each for at, each in enumerate(one.levels) if at != one.reference)]
        found.append((one, values_asked(study.everyone, one, given[one.name]) if one.name in given else every))
    return found


def risk_rows(study: Study, variable: Variable, values: Sequence[Any]) -> Iterator[dict[str, Any]]:
    """Give the probability at each value, for each combination of at=."""
    refuse_itself(study, variable)
    asked = [(setting, value) for setting in study.settings for value in values]
    found = study.risks([Scenario({**setting, variable.name: value}) for setting, value in asked])
    for (setting, value), one in zip(asked, found, strict=True):
        yield {
            "predictor": variable.name,
            "level": shown(value),
            "at": told(setting),
            "value": np.nan if variable.kind == "levels" else float(value),
            "risk": one.value,
            "std_error": one.std_error,
            "low": one.low,
            "high": one.high,
        }
