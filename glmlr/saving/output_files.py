"""How does a file come into being whole or not at all? Written beside its place, and put there at the end."""

from __future__ import annotations

import contextlib
import os
import secrets
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from pathlib import Path

from glmlr.errors import ArgumentError, OptionError, OutputError, listing, suggestion


def place_for(what: str, path: str | os.PathLike[str], endings: Collection[str]) -> Path:
    """Give the place of a file that is to be written, or say why it cannot be; to be asked before the work.

    Args:
        what: what the file is ("model"), for messages.
        path: where it is to be.
        endings: those it may have, in lower case.

    Raises:
        ArgumentError: something that is no path.
        OptionError: another ending.
        OutputError: a folder, a file that is read-only, or a place in a folder that does not exist.

    """
    if not isinstance(path, (str, os.PathLike)):
        raise ArgumentError(f"The place of the {what} is of type {type(path).__name__}; give the path of a file.")
    target = Path(path).expanduser()
    ending = target.suffix.lower()
    if ending not in endings:
        has = f"the ending {ending!r}" if ending else "no ending"
        raise OptionError(
            f"The path {str(path)!r} of the {what} has {has}; use {listing(endings)}"
            f"{suggestion(ending, endings) if ending else '.'}"
        )
    why = ""
    if target.is_dir():
        why = "it is a folder"
    elif not target.parent.is_dir():
        why = f"there is no folder {str(target.parent)!r}"
    elif target.exists() and not os.access(target, os.W_OK):
        # Replacing a file would not ask whether its owner has made it read-only.
        why = "the file there is read-only"
    if why:
        raise _unwritable(what, target, why)
    return target


@contextmanager
def whole_file(what: str, target: Path) -> Iterator[Path]:
    """Give a temporary place to write to; it becomes `target` at the end, and goes away when anything fails.

    Raises:
        OutputError: the disk does not take it.

    """
    final = target.resolve() if target.is_symlink() else target
    temporary = final.with_name(f".{final.name[:100]}.{secrets.token_hex(6)}.tmp")
    try:
        yield temporary
        with temporary.open("r+b") as file:
            os.fsync(file.fileno())
        temporary.replace(final)
    except OSError as problem:
        if isinstance(problem, OutputError) or problem.errno is None:
            raise
        raise _unwritable(what, target, str(problem.strerror)) from None
    finally:
        with contextlib.suppress(OSError):
            temporary.unlink()


def _unwritable(what: str, target: Path, why: str) -> OutputError:
    reason = why[:1].lower() + why[1:]
    return OutputError(f"The {what} cannot be written to {str(target)!r} ({reason}); choose another place.")
