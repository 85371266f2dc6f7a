"""What do the exhibits say in words? One or two sentences for each statistic, read off its table."""

from __future__ import annotations

from typing import Final

from glmlr.exhibits import Table
from glmlr.fit import Fit
from glmlr.narrative import of_models, of_scores
from glmlr.narrative.words import Analysed, Rows, plural, rows_of, share

__all__ = ["Rows", "lead", "sentences"]

_WRITERS: Final = {**of_models.WRITERS, **of_scores.WRITERS}


def sentences(key: str, subject: Analysed, table: Table) -> tuple[str, ...]:
    """Give the sentences that introduce the table of the statistic `key`; none where nothing is known of it."""
    writer = _WRITERS.get(key)
    return tuple(writer(subject, table)) if writer else ()


def lead(fit: Fit) -> tuple[str, ...]:
    """Say in one paragraph what was fitted to what, and what must be known before reading on."""
    terms = sum(term.kind != "intercept" for term in fit.design.terms)
    on = f"{terms} {plural(terms, 'term')}" if terms else "an intercept alone"
    events = round(fit.ranking.total_events)
    opening = (
        f"A binomial model with {fit.link.name} link of P({fit.event}) on {on}, fitted to {fit.nobs:,} "
        f"{rows_of(fit)} with {events:,} {plural(events, 'event')} ({share(events / fit.nobs)})."
    )
    return (opening, *(fit.notes[1:] if fit.design.event.stated else fit.notes))
