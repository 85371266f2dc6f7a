"""Is a file written whole or not at all, and a place that cannot be written to refused before the work?"""

from __future__ import annotations

import errno
from pathlib import Path

import pytest

from glmlr.errors import OptionError, OutputError, SourceError
from glmlr.saving.output_files import place_for, whole_file


def test_a_file_takes_its_place_at_the_end(tmp_path: Path) -> None:
    target = place_for("model", tmp_path / "m.json", (".json",))
    target.write_text("before")
    with whole_file("model", target) as place:
        place.write_text("after")
        assert target.read_text() == "before"
        assert place.parent == tmp_path
    assert target.read_text() == "after"
    assert list(tmp_path.iterdir()) == [target]


def test_nothing_is_left_when_the_work_fails(tmp_path: Path) -> None:
    target = tmp_path / "m.json"
    target.write_text("before")

    def failing(problem: Exception) -> None:
        with whole_file("model", target) as place:
            place.write_text("half")
            raise problem

    with pytest.raises(KeyError):
        failing(KeyError("x"))
    # What the work itself says stays as it was said.
    with pytest.raises(SourceError, match="the data are gone"):
        failing(SourceError("the data are gone"))
    with pytest.raises(OutputError, match=r"The model cannot be written to .* \(no space left on device\)"):
        failing(OSError(errno.ENOSPC, "No space left on device"))
    assert target.read_text() == "before"
    assert list(tmp_path.iterdir()) == [target]


def test_a_link_stays_a_link(tmp_path: Path) -> None:
    (tmp_path / "real.json").write_text("before")
    (tmp_path / "link.json").symlink_to(tmp_path / "real.json")
    with whole_file("model", tmp_path / "link.json") as place:
        place.write_text("after")
    assert (tmp_path / "link.json").is_symlink()
    assert (tmp_path / "real.json").read_text() == "after"


def test_places_are_refused_beforehand(tmp_path: Path) -> None:
    (tmp_path / "folder.json").mkdir()
    (tmp_path / "fixed.json").write_text("x")
    (tmp_path / "fixed.json").chmod(0o444)
    for name, says in (("folder.json", "it is a folder"), ("absent/m.json", "there is no folder")):
        with pytest.raises(OutputError, match=says):
            place_for("model", tmp_path / name, (".json",))
    for name, says in (("m.jsn", "the ending '.jsn'; use .json; did you mean '.json'?"), ("m", "has no ending; use")):
        with pytest.raises(OptionError) as caught:
            place_for("model", tmp_path / name, (".json",))
        assert says in str(caught.value)


def test_a_read_only_file_is_not_replaced(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Asked of `os.access`, since whoever runs the tests may be allowed everything."""
    (tmp_path / "fixed.json").write_text("x")
    monkeypatch.setattr("os.access", lambda *_: False)
    with pytest.raises(OutputError, match="read-only"):
        place_for("model", tmp_path / "fixed.json", (".json",))
