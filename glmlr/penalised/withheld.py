"""What cannot be said of ridge estimates? No test and no interval that takes them for unbiased."""

from __future__ import annotations

from typing import Final

from glmlr.errors import NotApplicable
from glmlr.penalised.penalties import Firth, Penalty, Ridge

#: What stands where statistics, p-values and intervals of a fit with a ridge penalty would stand.
WITHHELD: Final = (
    "Ridge estimates are biased towards 0: Wald statistics, p-values and intervals are withheld, for they would not "
    "have the level that they name; standard errors are of the estimates' spread about their biased expectation."
)


def refuse_shrunken(penalty: Penalty | None, what: str) -> None:
    """Refuse what rests on maximum likelihood where the estimates are those of a ridge penalty.

    Args:
        penalty: of the fit, or None.
        what: what was asked for, the beginning of the sentence: "A Wald test", "The profile of a likelihood".

    Raises:
        NotApplicable: the penalty is ridge.

    """
    if isinstance(penalty, Ridge):
        raise NotApplicable(not_of_ridge(what))


def refuse_penalised(penalty: Penalty | None, what: str) -> None:
    """Refuse what rests on maximum likelihood of estimates of any penalty, Firth's too.

    Args:
        penalty: of the fit, or None.
        what: what was asked for, the beginning of the sentence.

    Raises:
        NotApplicable: there is a penalty.

    """
    refuse_shrunken(penalty, what)
    if penalty is not None:
        raise NotApplicable(
            f'{what} rests on estimates that maximise the likelihood, which those of penalty="{penalty.name}" do not; '
            "fit without penalty=."
        )


def refuse_without_adjusted_scores(penalty: Penalty | None, what: str) -> None:
    """Refuse what Firth's adjusted scores would give of FLAC's estimates, where they do not vanish.

    Raises:
        NotApplicable: the penalty is FLAC's.

    """
    if penalty == Firth("flac"):
        raise NotApplicable(
            f"{what} of FLAC's estimates does not exist, for they maximise no likelihood of the rows alone; use "
            "Wald's, or penalty=\"flic\", whose slopes are Firth's."
        )


def repeated_notes(penalty: Penalty | None) -> tuple[str, ...]:
    """Say how resamples of a ridge fit were fitted, and what of its making they do not repeat."""
    if not isinstance(penalty, Ridge):
        return ()
    said = f"Every resample is fitted under a ridge penalty of the same strength, {penalty.strength:.6g}."
    if penalty.chosen:
        return (f"{said} The data chose it, which the resamples do not repeat: what the choice flatters stays in.",)
    return (said,)


def not_of_ridge(what: str) -> str:
    """Say why something is not there of ridge estimates; `what` begins the sentence."""
    return (
        f'{what} rests on maximum likelihood, and the estimates of penalty="ridge" are biased towards 0 by an amount '
        'that no standard error shows; fit without penalty=, or with penalty="firth".'
    )
