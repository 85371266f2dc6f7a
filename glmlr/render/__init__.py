"""How does a report become a file? One renderer for each ending, and a write that happens whole or not at all."""

from __future__ import annotations

import contextlib
import os
import secrets
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Final

from glmlr.errors import OptionError, OutputError, listing, suggestion
from glmlr.exhibits import Report
from glmlr.render import html, markdown, terminal

#: Ending of the file -> what writes it.
RENDERERS: Final[Mapping[str, Callable[[Report], str]]] = {
    ".html": html.render,
    ".htm": html.render,
    ".md": markdown.render,
    ".markdown": markdown.render,
    ".txt": lambda report: terminal.render(report, width=100),
}
_WITH_FIGURES: Final = frozenset({".md", ".markdown"})


def write(report: Report, path: str | os.PathLike[str]) -> str:
    """Write a report in the format that the ending of `path` names, whole or not at all, and return the path.

    Markdown has its figures in a folder `<name>_files` beside it. A file that stands there already is replaced at the
    last moment; when anything fails before, it is as it was.

    Raises:
        OptionError: an ending that no renderer has.
        OutputError: a place that cannot be written to, or whose folder does not exist.

    """
    target = checked_place(path)
    ending = known_ending(target)
    folder = f"{target.stem}_files"
    files: dict[Path, str] = {}
    if ending in _WITH_FIGURES:
        files = {target.parent / folder / name: svg for name, svg in markdown.figures(report).items()}
        body = markdown.render(report, folder=folder)
    else:
        body = RENDERERS[ending](report)
    _write_all(target, files | {target: body})
    return str(target)


def checked_place(path: str | os.PathLike[str]) -> Path:
    """Give the place of a report, or say why it cannot be written there; to be asked before a long fit.

    Raises:
        OptionError: an ending that no renderer has.
        OutputError: a folder, a file that is read-only, or a place in a folder that does not exist.

    """
    target = Path(path).expanduser()
    known_ending(target)
    why = ""
    if target.is_dir():
        why = "it is a folder"
    elif not target.parent.is_dir():
        why = f"there is no folder {str(target.parent)!r}"
    elif target.exists() and not os.access(target, os.W_OK):
        # Replacing a file would not ask whether its owner has made it read-only.
        why = "the file there is read-only"
    if why:
        raise OutputError(f"The report cannot be written to {str(target)!r} ({why}); choose another place.")
    return target


def known_ending(path: str | os.PathLike[str]) -> str:
    """Give the ending of a path in lower case, or raise an `OptionError` that lists those there are."""
    ending = Path(path).suffix.lower()
    if ending not in RENDERERS:
        what = f"the ending {ending!r}" if ending else "no ending"
        raise OptionError(
            f"The report path {str(path)!r} has {what}; use one of {listing(RENDERERS)}"
            f"{suggestion(ending, RENDERERS) if ending else '.'}"
        )
    return ending


def _write_all(target: Path, files: Mapping[Path, str]) -> None:
    """Write all files beside their places, then put them there one by one, the report itself last.

    Whatever happens, temporary files go away, and so do folders made here that stayed empty.
    """
    with contextlib.ExitStack() as tidy:
        try:
            waiting = []
            for place, content in files.items():
                if not place.parent.exists():
                    place.parent.mkdir()
                    tidy.callback(_remove_if_empty, place.parent)
                temporary = _beside(place)
                tidy.callback(_remove_file, temporary)
                _write_new(temporary, content)
                waiting.append((temporary, place))
            for temporary, place in waiting:
                temporary.replace(_followed(place))
        except (OSError, ValueError) as problem:
            reason = str(getattr(problem, "strerror", None) or problem)
            raise OutputError(
                f"The report cannot be written to {str(target)!r} ({reason[:1].lower()}{reason[1:]}); "
                "choose another place."
            ) from None


def _followed(place: Path) -> Path:
    """Give the file behind a symbolic link, so that the link stays one."""
    return place.resolve() if place.is_symlink() else place


def _remove_if_empty(folder: Path) -> None:
    with contextlib.suppress(OSError):
        folder.rmdir()


def _remove_file(file: Path) -> None:
    with contextlib.suppress(OSError, ValueError):
        file.unlink()


def _beside(place: Path) -> Path:
    """Name a temporary file in the same folder, so that the last step is a rename on one disk."""
    final = _followed(place)
    return final.with_name(f".{final.name[:100]}.{secrets.token_hex(6)}.tmp")


def _write_new(temporary: Path, content: str) -> None:
    """Write a file that must not exist, with the rights any new file has, down to the disk."""
    with temporary.open("x", encoding="utf-8", newline="\n") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
