"""Which trainer, with which settings? The options of training by gradients, read and refused in a sentence."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, TypedDict

import numpy as np

from glmlr.errors import ArgumentError, OptionError, listing, one_of, suggestion

#: Trainers, and how a sentence names them.
TRAINERS: Final[Mapping[str, str]] = {
    "lbfgs": "L-BFGS",
    "gradient": "gradient descent",
    "rmsprop": "RMSprop",
    "adam": "Adam",
}
#: Learning rates that adapt to the size of past gradients are of this size by default, for standardised columns.
_ADAPTIVE_RATE: Final = 0.01
#: Rows in a batch where nothing is said, and passes over the rows, by batches and by all rows at once.
_BATCH: Final = 256
_EPOCHS: Final = {True: 100, False: 10_000}
#: Distance to the maximum, in standard errors, at which training ends: batches end in a cloud around it.
_TOLERANCE: Final = {True: 0.01, False: 1e-6}


class TrainingOptions(TypedDict, total=False):
    """What may be said to a trainer; see `glmlr.fit`."""

    learning_rate: float | str
    batch_size: int
    epochs: int
    tolerance: float
    decay: float
    seed: int
    start: str
    validation_share: float
    patience: int
    polish: bool


@dataclass(frozen=True)
class Training:
    """How a model is trained.

    Attributes:
        trainer: a key of `TRAINERS`.
        learning_rate: a number; None for backtracking (gradient descent on all rows), for 1/L (on batches), and for
            L-BFGS, which searches along lines.
        batch_size: rows in a batch, or None for all rows at once.
        batch_given: whether that was said; otherwise a batch is no larger than the rows.
        epochs: largest number of passes over the rows; of steps, where each takes all rows.
        tolerance: distance to the maximum, in standard errors, at which training ends.
        decay: after e epochs, part of one included, the learning rate is divided by 1 + decay e.
        seed: of the order of rows, of the rows held out, and of a random start.
        start: "zero"; "null" for the share of events; or "random" for standard normal numbers.
        validation_share: share of the rows that are held out, or 0.
        patience: epochs without a lower loss on the rows held out after which training ends, or None.
        polish: whether one Newton step is taken at the end.

    """

    trainer: str
    learning_rate: float | None = None
    batch_size: int | None = None
    batch_given: bool = True
    epochs: int = 10_000
    tolerance: float = 1e-6
    decay: float = 0.0
    seed: int = 0
    start: str = "zero"
    validation_share: float = 0.0
    patience: int | None = None
    polish: bool = False

    @property
    def described(self) -> str:
        """Name the trainer and what was chosen for it, "Adam (learning rate 0.01, batches of 256 rows)"."""
        said = []
        if self.trainer != "lbfgs":
            said.append("backtracking" if self.backtracks else self._rate)
        if self.batch_size is not None:
            said.append(f"batches of {self.batch_size:,} rows, seed {self.seed}")
        elif self.trainer != "lbfgs":
            said.append("all rows in each step")
        return TRAINERS[self.trainer] + (f" ({', '.join(said)})" if said else "")

    @property
    def _rate(self) -> str:
        rate = "1/L" if self.learning_rate is None else f"{self.learning_rate:g}"
        return f"learning rate {rate}" + (f" / (1 + {self.decay:g} epoch)" if self.decay else "")

    @property
    def backtracks(self) -> bool:
        """Whether each step is as long as it may be: gradient descent on all rows without a learning rate."""
        return self.trainer == "gradient" and self.batch_size is None and self.learning_rate is None


def training_of(solver: str, options: Mapping[str, Any]) -> Training | None:
    """Read the options of a trainer; None for a solver that is none.

    Args:
        solver: a solver, which may be a trainer.
        options: keywords as in `TrainingOptions`.

    Raises:
        ArgumentError: an option that does not exist.
        OptionError: an option of another solver, or a value that it cannot take.

    """
    known = list(TrainingOptions.__annotations__)
    for name in options:
        if name not in known:
            hint = suggestion(name, known) or f"; training takes {listing(known, 30)}."
            raise ArgumentError(f"fit() has no argument {name!r}{hint}")
    if solver not in TRAINERS:
        if options:
            name = next(iter(options))
            raise OptionError(
                f"{name}= is for training by gradients, and solver={solver!r} takes no such steps; leave it out, or "
                f"choose solver={listing(map(repr, TRAINERS))}."
            )
        return None
    _refuse_of_other_trainer(solver, options)
    rate = _rate(solver, options)
    batched = solver in ("rmsprop", "adam") or options.get("batch_size") is not None
    share = _between("validation_share", options.get("validation_share", 0.0), 0.0, 1.0, "validation_share" in options)
    patience = options.get("patience")
    if patience is not None and not share:
        raise OptionError(f"patience={patience!r} waits for the loss on rows held out; give validation_share= too.")
    polish = options.get("polish", False)
    if not isinstance(polish, (bool, np.bool_)):
        raise OptionError(f"polish={polish!r} is neither True nor False.")
    return Training(
        trainer=solver,
        learning_rate=rate,
        batch_size=_whole("batch_size", options.get("batch_size", _BATCH), 1) if batched else None,
        batch_given=options.get("batch_size") is not None,
        epochs=_whole("epochs", options.get("epochs", _EPOCHS[batched]), 1),
        tolerance=_between("tolerance", options.get("tolerance", _TOLERANCE[batched]), 0.0, np.inf, True),
        decay=_between("decay", options.get("decay", 0.0), 0.0, np.inf, False),
        seed=_whole("seed", options.get("seed", 0), 0),
        start=one_of("start", options.get("start", "zero"), ("zero", "null", "random")),
        validation_share=share,
        patience=None if patience is None else _whole("patience", patience, 1),
        polish=bool(polish),
    )


def _refuse_of_other_trainer(solver: str, options: Mapping[str, Any]) -> None:
    """Refuse what a trainer that exists has no use for."""
    if solver == "lbfgs":
        for name in ("learning_rate", "batch_size", "decay"):
            if name in options:
                raise OptionError(
                    f'{name}= does not go with solver="lbfgs", which takes all rows in each step and searches for its '
                    'length; use solver="gradient", "rmsprop" or "adam".'
                )
    backtracks = options.get("learning_rate", "backtracking") == "backtracking" and options.get("batch_size") is None
    if solver == "gradient" and "decay" in options and backtracks:
        raise OptionError("decay= shortens a learning rate, and backtracking has none; give learning_rate= a number.")


def _rate(solver: str, options: Mapping[str, Any]) -> float | None:
    rate = options.get("learning_rate")
    if rate is None:
        return _ADAPTIVE_RATE if solver in ("rmsprop", "adam") else None
    if isinstance(rate, str):
        if rate != "backtracking":
            raise OptionError(f'learning_rate={rate!r} is neither a number nor "backtracking".')
        if solver != "gradient" or options.get("batch_size") is not None:
            raise OptionError(
                'learning_rate="backtracking" compares losses of all rows; it goes with solver="gradient" without '
                "batch_size=."
            )
        return None
    return _between("learning_rate", rate, 0.0, np.inf, True)


def _whole(name: str, value: Any, least: int) -> int:
    if isinstance(value, (bool, np.bool_)) or not isinstance(value, (int, np.integer)) or value < least:
        raise OptionError(f"{name}={value!r} is not a whole number of at least {least}.")
    return int(value)


def _between(name: str, value: Any, low: float, high: float, beyond: bool) -> float:
    """Read a number between two others, the lower of which it may be unless it must lie `beyond`."""
    number = isinstance(value, (int, float, np.number)) and not isinstance(value, (bool, np.bool_))
    if not number or not (low < value < high if beyond else low <= value < high):
        where = f"above {low:g}" if beyond else f"of at least {low:g}"
        raise OptionError(
            f"{name}={value!r} is not a number {where}{'' if np.isinf(high) else f' and below {high:g}'}."
        )
    return float(value)
