"""How far is a long pass over rows? A line on the terminal or in the notebook, and nothing where nobody watches."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from threading import Lock
from typing import Any, Final

from glmlr.errors import OptionError

#: A shorter wait needs no line, and a line is drawn again after this many seconds at the earliest.
_PATIENCE: Final = 1.0
_REDRAW: Final = 0.2


@dataclass(frozen=True)
class Step:
    """Where a pass over the rows stands.

    Attributes:
        number: which pass it is, from 1.
        rows: rows read in this pass.
        of: rows in all, or None where that is not known.
        seconds: since the pass began.
        ended: whether the pass has ended.

    """

    number: int
    rows: int
    of: int | None
    seconds: float
    ended: bool = False

    def __str__(self) -> str:
        """Say it in a line: "pass 3: 62 %, 6.4 million rows/s"."""
        share = "" if not self.of else f"{min(100.0 * self.rows / self.of, 100):.0f} %, "
        return f"pass {self.number}: {share}{self.rows / max(self.seconds, 1e-9) / 1e6:.1f} million rows/s"


@dataclass(eq=False)
class Watch:
    """Counts the rows of each pass and tells somebody.

    Attributes:
        tell: called with a `Step` as the rows come, from the thread that has read them.

    """

    tell: Callable[[Step], None]
    _number: int = 0
    _rows: int = 0
    _of: int | None = None
    _began: float = 0.0
    _lock: Lock = field(default_factory=Lock)

    @contextmanager
    def one_pass(self, rows: int | None) -> Iterator[None]:
        """Watch one pass over the rows."""
        self._number, self._rows, self._of, self._began = self._number + 1, 0, rows, time.perf_counter()
        yield
        self.tell(self._step(ended=True))

    def read(self, rows: int) -> None:
        """Count rows that have been read, in any thread."""
        with self._lock:
            self._rows += rows
            step = self._step()
        self.tell(step)

    def _step(self, ended: bool = False) -> Step:
        return Step(self._number, self._rows, self._of, time.perf_counter() - self._began, ended)


class _Line:
    """One line of text that is written over again and again, and wiped at the end of a pass."""

    def __init__(self, stream: Any) -> None:
        self._stream = stream
        self._drawn = 0.0
        self._width = 0
        self._lock = Lock()

    def __call__(self, step: Step) -> None:
        with self._lock:
            now = time.perf_counter()
            if step.ended:
                self._write("")
            elif step.seconds > _PATIENCE and now - self._drawn > _REDRAW:
                self._drawn = now
                self._write(f"glmlr, {step}")

    def _write(self, text: str) -> None:
        if text or self._width:
            self._stream.write("\r" + text.ljust(self._width) + ("" if text else "\r"))
            self._stream.flush()
        self._width = len(text)


def watch_of(option: Any) -> Watch | None:
    """Give what the option progress= asks for.

    Args:
        option: None for a line where somebody sees it (a terminal or a notebook); True for a line; False for none; a
            function that is called with each `Step`.

    Raises:
        OptionError: anything else.

    """
    if option is None:
        option = _is_seen()
    if option is False:
        return None
    if option is True:
        return Watch(_Line(sys.stderr))
    if callable(option):
        return Watch(option)
    raise OptionError(f"progress={option!r} is not True, False, None or a function that takes a step.")


def _is_seen() -> bool:
    notebook = "ipykernel" in sys.modules
    return notebook or bool(getattr(sys.stderr, "isatty", lambda: False)())
