"""Do groups of alike risk have as many events as the model expects? The Hosmer-Lemeshow test."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pandas as pd

from glmlr.chi_square_table import chi_square_table
from glmlr.errors import NotApplicable
from glmlr.exhibits import Table
from glmlr.penalised.withheld import not_of_ridge
from glmlr.ranking.grouping import Groups, checked_groups, chi_square_terms, quantile_groups
from glmlr.registry import statistic
from glmlr.scored import Scored
from glmlr.tails import ChiSquareTest


@statistic(
    section="goodness",
    title="Hosmer-Lemeshow test",
    reference="Hosmer & Lemeshow (1980), Communications in Statistics A9, 1043-1069; Hosmer, Lemeshow & Sturdivant "
    "(2013), Applied Logistic Regression, 3rd ed., 5.2.2",
    definitions={
        "statistic": "Sum over groups of (observed - expected)^2 / expected for events and for non-events. Groups are "
        "cut at type-7 quantiles of the probabilities, right-closed, the lowest included, and rows with one "
        "probability are never split: as R ResourceSelection::hoslem.test. SAS LACKFIT and Stata estat gof form "
        "groups by other rules and can differ, the more so with ties.",
        "df": "Groups formed - 2 on the rows the model was fitted to; groups formed on other rows.",
        "p_value": "Upper tail of the chi-square distribution; small values speak against the model. A large value "
        "does not prove the model right, and in very large samples trifling departures are significant.",
    },
    on="scores",
)
def hosmer_lemeshow(scored: Scored, *, groups: int = 10) -> Table:
    """Test the fit by comparing observed and expected counts in groups of predicted probability.

    Args:
        scored: outcomes and probabilities.
        groups: number of groups to cut.

    Raises:
        DataError: no event or no non-event, or scores that are not probabilities.
        NotApplicable: ties leave fewer than three groups, or fitted values of a ridge penalty.
        OptionError: `groups` below 3.

    """
    scored.require_both()
    scored.require_probabilities("hosmer_lemeshow")
    if scored.shrunken:
        raise NotApplicable(not_of_ridge("The distribution of the Hosmer-Lemeshow test on the rows of the fit"))
    formed = quantile_groups(scored.ranking, checked_groups(groups, 3))
    if len(formed) < 3:
        raise NotApplicable(
            f"The Hosmer-Lemeshow test needs at least 3 groups, and {_distinct(scored.ranking.score.size)} "
            f"{len(formed)} of the {groups} asked for; a model with so few covariate patterns is better judged by the "
            "deviance of grouped data."
        )
    cells = _cells(formed)
    return chi_square_table(
        lack_of_fit(formed, scored.fitted),
        key="hosmer_lemeshow",
        title="Hosmer-Lemeshow test",
        name=("hosmer_lemeshow", "Hosmer-Lemeshow"),
        groups=len(formed),
        notes=(*scored.notes, *_test_notes(formed, cells, scored.fitted)),
        tables=(_cell_table(formed, cells),),
        turned=True,
    )


def _distinct(scores: int) -> str:
    return "one single probability forms" if scores == 1 else f"the {scores} distinct probabilities form"


def lack_of_fit(formed: Groups, fitted: bool) -> ChiSquareTest:
    """Give the test; degrees of freedom are groups - 2 on the rows of the fit and groups elsewhere."""
    chi2 = float(_cells(formed)["contribution"].sum())
    df = len(formed) - 2 if fitted else len(formed)
    return ChiSquareTest.of(chi2, df)


def _cells(formed: Groups) -> pd.DataFrame:
    """Give observed and expected counts per group and what each group adds to the chi-square."""
    rest = formed.n - formed.expected
    # n minus a sum of probabilities of 1 must be 0 and not a rounding error that is divided by.
    expected_nonevents = np.where(rest > 1e-12 * formed.n, rest, 0.0)
    frame = pd.DataFrame(
        {
            "group": formed.number,
            "score_low": formed.low,
            "score_high": formed.high,
            "n": formed.n,
            "events": formed.events,
            "expected_events": formed.expected,
            "nonevents": formed.nonevents,
            "expected_nonevents": expected_nonevents,
        }
    )
    frame["contribution"] = chi_square_terms(formed.events, formed.expected) + chi_square_terms(
        formed.nonevents, expected_nonevents
    )
    frame["small"] = np.minimum(formed.expected, expected_nonevents) < 5
    return frame


def _test_notes(formed: Groups, cells: pd.DataFrame, fitted: bool) -> Iterator[str]:
    if fitted:
        yield "Degrees of freedom: groups formed - 2, on the rows the model was fitted to."
    else:
        yield "Degrees of freedom: groups formed, the probabilities not having been fitted to these rows."
    if len(formed) < formed.wanted:
        yield f"Ties leave {len(formed)} of the {formed.wanted} groups asked for."
    smallest = cells[["expected_events", "expected_nonevents"]].to_numpy()
    below_five, below_one = int((smallest < 5).sum()), int((smallest < 1).sum())
    if below_five:
        also = f", {below_one} of them below 1" if below_one else ""
        yield f"{below_five} of the {smallest.size} expected counts are below 5{also}: the p-value is approximate."
    if np.isinf(cells["contribution"]).any():
        yield "A group has rows of a kind that its probabilities of 0 or 1 rule out: the chi-square is infinite."


def _cell_table(formed: Groups, cells: pd.DataFrame) -> Table:
    return Table(
        key="hosmer_lemeshow_groups",
        title="Observed and expected counts by group of predicted probability",
        frame=cells,
        roles={
            "group": "integer",
            "score_low": "probability",
            "score_high": "probability",
            "n": "count",
            "events": "count",
            "expected_events": "count",
            "nonevents": "count",
            "expected_nonevents": "count",
            "contribution": "statistic",
            "small": "flag",
        },
        labels={
            "score_low": "Lowest p",
            "score_high": "Highest p",
            "contribution": "Adds to chi-square",
            "small": "Expected below 5",
        },
        notes=(f"{len(formed)} groups, 1 has the lowest probabilities.",),
    )
