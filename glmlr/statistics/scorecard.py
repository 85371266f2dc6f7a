"""How many points is each answer worth? A scorecard: a logit model as a sum of whole numbers, one an attribute."""

from __future__ import annotations

import ast
import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.special import expit

from glmlr.binning import added
from glmlr.design import DesignInMemory
from glmlr.design.evidence import WeightOfEvidence
from glmlr.design.factors import Ingredient, shown_level
from glmlr.design.recipe import NewRows, Part, Recipe, Term, applied
from glmlr.errors import ArgumentError, NotApplicable, OptionError, explained_arguments, one_of
from glmlr.exhibits import Axis, Chart, Series, Table, Tabled
from glmlr.fit import Fit
from glmlr.language.program import identifier
from glmlr.prediction import Predictor, spread
from glmlr.proportions import wilson
from glmlr.ranking import rank
from glmlr.ranking.concordance import count_pairs

Floats = npt.NDArray[np.float64]

#: Bands of the table of scores, at most.
_MOST_BANDS: Final = 20


@dataclass(frozen=True)
class Scaling:
    """How log-odds become points: score = offset - factor * log-odds of the event, or plus where events score high.

    Attributes:
        pdo: points that double the odds.
        base_score: the score at which the odds are `base_odds`.
        base_odds: odds of the outcome that scores high against the other.
        higher: "nonevents" or "events": which outcome has the higher scores.

    """

    pdo: float = 20.0
    base_score: float = 600.0
    base_odds: float = 50.0
    higher: str = "nonevents"

    @property
    def factor(self) -> float:
        """Points for one unit of log-odds."""
        return self.pdo / math.log(2.0)

    @property
    def offset(self) -> float:
        """The score at even odds."""
        return self.base_score - self.factor * math.log(self.base_odds)

    @property
    def sign(self) -> float:
        """1 where events score high, else -1."""
        return 1.0 if self.higher == "events" else -1.0

    def log_odds(self, score: Any) -> Floats:
        """Give the log-odds of the event at a score."""
        return np.asarray(self.sign * (np.asarray(score, dtype=np.float64) - self.offset) / self.factor)


@dataclass(frozen=True, eq=False)
class Characteristic:
    """One term of the model and what each of its attributes is worth (m attributes).

    Attributes:
        name: of the predictor, or of the term where several terms read it.
        columns: its design columns.
        attributes: its bins or levels, length m.
        log_odds: what each adds to the log-odds of the event, shape (m,); NaN where the fit had no row.
        events, nonevents: rows of the fit, shape (m,) each; NaN where they are not held.
        woe: weight of evidence, shape (m,); NaN of a plain factor.

    """

    name: str
    columns: tuple[int, ...]
    attributes: tuple[str, ...]
    log_odds: Floats
    events: Floats
    nonevents: Floats
    woe: Floats


@dataclass(frozen=True, eq=False, repr=False)
class Scorecard(Tabled):
    """A logit model as points.

    Attributes:
        table: points of each attribute; its companion tells what a score means among the rows of the fit.
        scaling: how log-odds became points.
        characteristics: the terms, in order.
        decimals: to how many digits points are rounded; None for not at all.
        base_points: points of every row: those of the intercept, where they are not spread over the characteristics.
        share: what each characteristic has of the points of the intercept, before rounding.
        predictor: makes the design columns of new rows.

    """

    table: Table
    scaling: Scaling
    characteristics: tuple[Characteristic, ...]
    decimals: int | None
    base_points: float
    share: float
    predictor: Predictor

    def score(self, new_data: Any, *, unknown: str = "error") -> pd.Series:
        """Score rows: the sum of their points, one number per row given, NaN where something is missing.

        Args:
            new_data: rows, as `glmlr.fit` takes them.
            unknown: what to do with a level that the fit has not seen, see `Fit.predict`.

        """
        points, rows = self._points(new_data, unknown)
        return spread(points.sum(axis=1) + self.base_points, rows.complete, rows.index, "score")

    def points(self, new_data: Any, *, unknown: str = "error") -> pd.DataFrame:
        """Give the points of each characteristic, one row per row given: why a score is what it is."""
        points, rows = self._points(new_data, unknown)
        columns = {
            one.name: spread(points[:, at], rows.complete, rows.index, one.name)
            for at, one in enumerate(self.characteristics)
        }
        return pd.DataFrame(columns, index=rows.index)

    def probability(self, score: Any) -> Any:
        """Give the probability of the event that belongs to a score."""
        found = expit(self.scaling.log_odds(score))
        return pd.Series(found, index=score.index, name="probability") if isinstance(score, pd.Series) else found[()]

    def _points(self, new_data: Any, unknown: str) -> tuple[Floats, NewRows]:
        rows = applied(self.predictor.recipe, new_data, unknown, None)
        return self.points_of(rows.matrix), rows

    def points_of(self, matrix: Floats) -> Floats:
        """Give the points of rows of design columns, shape (m, k): shape (m, characteristics)."""
        beta = self.predictor.working
        columns = [matrix[:, list(one.columns)] @ beta[list(one.columns)] for one in self.characteristics]
        log_odds = np.column_stack(columns)
        return _rounded(self.share + self.scaling.sign * self.scaling.factor * log_odds, self.decimals)


@explained_arguments
def scorecard(
    fit: Fit,
    *,
    pdo: float = 20.0,
    base_score: float = 600.0,
    base_odds: float = 50.0,
    higher: str = "nonevents",
    decimals: int | None = 0,
    base_points: str = "spread",
) -> Scorecard:
    """Turn a logit model of factors, `cut()` and `woe()` terms into a points scorecard.

    A score is linear in the log-odds: `pdo` points double the odds, and at `base_score` the odds are `base_odds`. Each
    attribute's points are rounded, and a score is the sum of rounded points, as on paper.

    Args:
        fit: a logit model whose terms are factors: C(x), text, yes/no, cut(x), or weights of evidence woe(x).
        pdo: points to double the odds.
        base_score: the score with odds `base_odds`.
        base_odds: odds of the outcome that scores high, non-events unless `higher` says otherwise.
        higher: "nonevents" (a good customer scores high) or "events".
        decimals: digits after the point; 0 for whole points, None for no rounding.
        base_points: "spread" the points of the intercept evenly over the characteristics, or keep them "separate".

    Returns:
        The `Scorecard`: a table of points that scores new rows.

    Raises:
        NotApplicable: a link other than the logit, infinite estimates, an offset, or a term that is no set of
            attributes (a number, an interaction).
        OptionError: numbers that make no scale.

    Reference: Siddiqi (2006), Credit Risk Scorecards, chapter 6 (scaling).

    """
    if not isinstance(fit, Fit):
        raise ArgumentError(f"scorecard() takes a fitted model, not {type(fit).__name__}; fit one with glmlr.fit().")
    scaling = Scaling(
        _positive("pdo", pdo),
        _number("base_score", base_score),
        _positive("base_odds", base_odds),
        one_of("higher", higher, ("nonevents", "events")),
    )
    one_of("base_points", base_points, ("spread", "separate"))
    _checked_decimals(decimals)
    _refuse(fit)
    found = tuple(_characteristics(fit))
    if not found:
        raise NotApplicable("The model has no term besides the intercept; there is nothing to give points for.")
    start = scaling.offset + scaling.sign * scaling.factor * _intercept(fit)
    share = start / len(found) if base_points == "spread" else 0.0
    base = 0.0 if base_points == "spread" else float(_rounded(np.array([start]), decimals)[0])
    bare = Scorecard(
        _points_table(found, scaling, decimals, base, share, fit),
        scaling,
        found,
        decimals,
        base,
        share,
        fit.predictor,
    )
    return _with_scores(bare, fit)


# ------------------------------------------------------------------------------------------------ checks


def _number(name: str, value: float) -> float:
    if isinstance(value, (int, float, np.number)) and not isinstance(value, bool) and math.isfinite(value):
        return float(value)
    raise OptionError(f"{name}={value!r} is not a finite number; give points such as 600.")


def _positive(name: str, value: float) -> float:
    if isinstance(value, (int, float, np.number)) and not isinstance(value, bool) and 0 < value < math.inf:
        return float(value)
    raise OptionError(f"{name}={value!r} is not a positive number; give one such as {20 if name == 'pdo' else 50}.")


def _checked_decimals(decimals: int | None) -> None:
    whole = isinstance(decimals, (int, np.integer)) and not isinstance(decimals, bool)
    if decimals is not None and not (whole and 0 <= decimals <= 12):
        raise OptionError(f"decimals={decimals!r} is no number of digits; give 0, 1, 2, ... or None for no rounding.")


def _refuse(fit: Fit) -> None:
    if fit.link.name != "logit":
        raise NotApplicable(f"Points are log-odds, which a {fit.link.name} model is not linear in; fit a logit model.")
    if fit.design.shifted:
        raise NotApplicable("The model has an offset, which no attribute gives points for; leave it out.")
    if fit.separation is not None:
        raise NotApplicable(
            "Estimates are infinite (the data are separated), so that an attribute would be worth infinitely many "
            "points; merge its bins or levels."
        )


# ------------------------------------------------------------------------------------------------ attributes


def _intercept(fit: Fit) -> float:
    """Give the intercept, corrected for class weights; 0 where the model has none."""
    at = [column for term in fit.design.terms if term.kind == "intercept" for column in term.columns]
    return (float(fit.working[at[0]]) if at else 0.0) - fit.prior_shift


def _characteristics(fit: Fit) -> Sequence[Characteristic]:
    recipe = fit.design.recipe
    parts = {part.first: part for part in recipe.parts}
    found = []
    variables = [term.variables for term in recipe.terms]
    for term in recipe.terms:
        if term.kind == "intercept":
            continue
        mine = [parts[column] for column in term.columns if column in parts]
        if len(mine) != 1 or len(mine[0].factors) != 1:
            raise NotApplicable(f"The interaction {term.name} has no attributes of its own; make one column of it.")
        one = _characteristic(fit, recipe, term, mine[0])
        alone = len(term.variables) == 1 and variables.count(term.variables) == 1
        found.append(replace(one, name=term.variables[0]) if alone else one)
    return found


def _characteristic(fit: Fit, recipe: Recipe, term: Term, part: Part) -> Characteristic:
    """List the attributes of a term."""
    at = part.factors[0]
    ingredient, coding = recipe.ingredients[at], part.codings[0]
    beta = fit.working[list(term.columns)]
    if coding is not None:
        labels = tuple(shown_level(level) for level in ingredient.levels)
        events, nonevents = _counts(fit, at, len(labels))
        nothing = np.full(len(labels), np.nan)
        return Characteristic(term.name, term.columns, labels, beta @ coding, events, nonevents, nothing)
    learned = _evidence(ingredient)
    if learned is None:
        raise NotApplicable(
            f"{term.name} enters as a number, which has no attributes; write woe({term.name}) or cut({term.name}), or "
            f"C({term.name}) where it has few values."
        )
    bins = learned.binning
    woe = np.asarray(bins.woe)
    some = np.flatnonzero(~np.isnan(woe))
    labels = tuple(bins.labels[row] for row in some)
    return Characteristic(
        term.name,
        term.columns,
        labels,
        float(beta[0]) * woe[some],
        np.asarray(bins.events)[some],
        np.asarray(bins.nonevents)[some],
        woe[some],
    )


def _evidence(ingredient: Ingredient) -> WeightOfEvidence | None:
    """Give the weights of evidence of a term that is woe(...) and nothing more."""
    if len(ingredient.learned) != 1 or not isinstance(ingredient.learned[0], WeightOfEvidence):
        return None
    whole = ast.parse(ingredient.expression.code, mode="eval").body
    alone = isinstance(whole, ast.Call) and isinstance(whole.func, ast.Name) and whole.func.id == identifier("woe")
    return ingredient.learned[0] if alone else None


def _counts(fit: Fit, factor: int, levels: int) -> tuple[Floats, Floats]:
    """Count events and non-events of the fit by level; NaN where its rows are not held."""
    design = fit.design
    if not isinstance(design, DesignInMemory):
        return np.full(levels, np.nan), np.full(levels, np.nan)
    trials = np.ones_like(design.y) if design.weight is None else design.weight
    codes = np.asarray(design.values[factor], dtype=np.intp)
    n, events = (added(part, codes, levels) for part in (trials, trials * design.y))
    return events, n - events


def _rounded(points: Floats, decimals: int | None) -> Floats:
    return points if decimals is None else np.asarray(np.round(points, decimals) + 0.0)


# ------------------------------------------------------------------------------------------------ tables


def _points_table(
    found: Sequence[Characteristic], scaling: Scaling, decimals: int | None, base: float, share: float, fit: Fit
) -> Table:
    """Lay out the points of every attribute."""
    frames = []
    if base:
        frames.append(pd.DataFrame({"characteristic": ["Base points"], "attribute": [""], "points": [base]}))
    for one in found:
        n = one.events + one.nonevents
        with np.errstate(invalid="ignore", divide="ignore"):
            frames.append(
                pd.DataFrame(
                    {
                        "characteristic": one.name,
                        "attribute": pd.Series(one.attributes, dtype=object),
                        "n": n,
                        "events": one.events,
                        "rate": one.events / n,
                        "woe": one.woe,
                        "log_odds": one.log_odds,
                        "points": _rounded(share + scaling.sign * scaling.factor * one.log_odds, decimals),
                    }
                )
            )
    frame = pd.concat(frames, ignore_index=True)[
        ["characteristic", "attribute", "n", "events", "rate", "woe", "log_odds", "points"]
    ]
    digits = "count" if decimals == 0 else "estimate"
    roles = {
        "characteristic": "text",
        "attribute": "text",
        "n": "count",
        "events": "count",
        "rate": "percent",
        "woe": "estimate",
        "log_odds": "estimate",
        "points": digits,
    }
    if frame["woe"].isna().all():
        del roles["woe"]
    toward = "fewer" if scaling.higher == "nonevents" else "more"
    return Table(
        key="scorecard",
        title=f"Scorecard of P({fit.event})",
        frame=frame,
        roles=roles,
        labels={
            "characteristic": "Characteristic",
            "attribute": "Attribute",
            "woe": "WoE",
            "log_odds": "Adds to the log-odds",
            "points": "Points",
        },
        notes=(
            f"A score is the sum of the points of a row's attributes; a higher one means {toward} events. "
            f"{scaling.pdo:g} points double the odds, and at {scaling.base_score:g} they are {scaling.base_odds:g} to "
            f"1 {'for' if scaling.higher == 'events' else 'against'} the event.",
            *fit.scale_notes,
        ),
        blanks=("n", "events", "rate", "woe", "log_odds"),
    )


def _with_scores(card: Scorecard, fit: Fit) -> Scorecard:
    """Add what the scores of the rows of the fit are, where they are held."""
    design = fit.design
    if not isinstance(design, DesignInMemory):
        return card
    score = card.points_of(np.asarray(design.matrix())).sum(axis=1) + card.base_points
    weight = np.ones_like(design.y) if design.weight is None else design.weight
    ranked = rank(card.scaling.sign * score, design.y, design.weight)
    notes = []
    if card.decimals is not None:
        exact = card.scaling.offset + card.scaling.sign * card.scaling.factor * np.asarray(fit.eta)
        before, after = count_pairs(fit.ranking).c, count_pairs(ranked).c
        notes.append(
            f"Rounding moves the score of a row of the fit by up to {float(np.abs(score - exact).max()):.2g} points; "
            f"c is {after:.4f} with the rounded points and {before:.4f} without."
        )
    bands = _bands(card, score, design.y, weight)
    whole = replace(
        card.table,
        notes=(*card.table.notes, *notes),
        tables=(_score_table(bands),),
        charts=(_score_chart(bands),),
    )
    return replace(card, table=whole)


@dataclass(frozen=True, eq=False)
class _Bands:
    """Rows of the fit in bands of equal width of the score (g bands).

    Attributes:
        low: where each begins, shape (g,).
        step: how wide they are.
        n, events, expected: rows, events, and the sum of the probabilities that belong to the scores, shape (g,) each.

    """

    low: Floats
    step: float
    n: Floats
    events: Floats
    expected: Floats


def _bands(card: Scorecard, score: Floats, y: Floats, weight: Floats) -> _Bands:
    """Put rows into bands that begin at the base score and are as wide as doubles the odds, or a multiple of it."""
    step, origin = card.scaling.pdo, card.scaling.base_score
    while (float(score.max()) - float(score.min())) / step > _MOST_BANDS:
        step *= 2
    first = math.floor((float(score.min()) - origin) / step)
    band = np.floor((score - origin) / step).astype(np.intp) - first
    expected = expit(card.scaling.log_odds(score))
    sums = [added(part, band, int(band.max()) + 1) for part in (weight, weight * y, weight * expected)]
    return _Bands(origin + step * (first + np.arange(float(sums[0].size))), step, *sums)


def _score_table(bands: _Bands) -> Table:
    """Say what scores mean among the rows of the fit, band by band."""
    some = np.flatnonzero(bands.n)
    n, events = bands.n[some], bands.events[some]
    bounds = wilson(events, n, 0.95)
    frame = pd.DataFrame(
        {
            "score_low": bands.low[some],
            "score_high": bands.low[some] + bands.step,
            "n": n,
            "share": n / n.sum(),
            "events": events,
            "expected_events": bands.expected[some],
            "rate": events / n,
            "low": bounds.low,
            "high": bounds.high,
        }
    )
    percent = dict.fromkeys(("share", "rate", "low", "high"), "percent")
    whole = bool((bands.low == np.rint(bands.low)).all() and bands.step == round(bands.step))
    kinds = {**dict.fromkeys(("score_low", "score_high"), "integer" if whole else "statistic"), **percent}
    return Table(
        key="scorecard_scores",
        title="What a score means",
        frame=frame,
        roles={name: kinds.get(name, "count") for name in frame.columns},
        labels={"score_low": "Score from", "score_high": "to below"},
        notes=("Rows of the fit by score. Expected: by the odds that belong to the score. Wilson 95% intervals.",),
    )


def _score_chart(bands: _Bands) -> Chart:
    names = tuple(f"{start:g}" for start in bands.low)
    place = np.arange(bands.low.size, dtype=np.float64)
    others = bands.n - bands.events
    shares = bands.events / bands.events.sum(), others / others.sum()
    top = [names[int(np.argmax(share))] for share in shares]
    return Chart(
        key="scores",
        title="Scores of events and of non-events",
        series=(Series("Events", "bars", place, shares[0]), Series("Non-events", "bars", place, shares[1])),
        x=Axis(f"Score: start of a band of {bands.step:g} points", categories=names),
        y=Axis("Share of the events, of the non-events", "percent"),
        alt=f"Distribution of scores: events are most frequent in the band from {top[0]}, non-events from {top[1]}.",
    )


# Bound here, as statistics are in the registry, so that fit.py imports nothing from above.
setattr(Fit, scorecard.__name__, scorecard)
