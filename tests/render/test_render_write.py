"""Is a report written whole or not at all?"""

import os
import stat

import pytest

from glmlr import render
from glmlr.errors import OptionError, OutputError


@pytest.mark.parametrize("ending", sorted(render.RENDERERS))
def test_each_ending_has_a_renderer(report, tmp_path, ending):
    path = tmp_path / f"births{ending}"
    assert report.write(path) == str(path)
    source = path.read_text(encoding="utf-8")
    assert source.rstrip("\n") == {
        ".html": render.html.render(report),
        ".md": render.markdown.render(report, folder="births_files"),
        ".txt": render.terminal.render(report, width=100),
    }[{".htm": ".html", ".markdown": ".md"}.get(ending, ending)].rstrip("\n")


def test_an_unknown_ending_is_refused_with_the_known_ones(report, tmp_path):
    for name, message in {
        "a.pdf": "'.pdf'; use one of .html",
        "a": "no ending",
        "a.htlm": r"did you mean '\.html?'",
    }.items():
        with pytest.raises(OptionError, match=message):
            report.write(tmp_path / name)
    assert list(tmp_path.iterdir()) == []


def test_the_ending_may_be_in_capitals(report, tmp_path):
    assert os.path.exists(report.write(str(tmp_path / "A.HTML")))  # noqa: PTH110 -- as a user would ask


def test_a_missing_folder_is_not_made(report, tmp_path):
    with pytest.raises(OutputError, match="there is no folder"):
        report.write(tmp_path / "a" / "r.txt")
    assert list(tmp_path.iterdir()) == []


def test_markdown_has_its_figures_beside_it(report, tmp_path):
    report.write(tmp_path / "r.md")
    written = sorted(path.relative_to(tmp_path).as_posix() for path in tmp_path.rglob("*.*"))
    assert written == ["r.md", "r_files/roc-2.svg", "r_files/roc.svg"]


def test_nothing_else_in_the_folder_of_figures_is_touched(report, tmp_path):
    (tmp_path / "r_files").mkdir()
    (tmp_path / "r_files" / "mine.txt").write_text("mine")
    report.write(tmp_path / "r.md")
    assert (tmp_path / "r_files" / "mine.txt").read_text() == "mine"


def test_a_report_there_is_replaced_with_its_link_kept(report, tmp_path):
    real, link = tmp_path / "real.txt", tmp_path / "link.txt"
    real.write_text("old")
    link.symlink_to(real)
    report.write(link)
    assert link.is_symlink()
    assert real.read_text(encoding="utf-8").startswith("Low birth weight")


def test_a_new_file_has_the_rights_of_any_new_file(report, tmp_path):
    (tmp_path / "plain").write_text("")
    report.write(tmp_path / "r.txt")
    assert stat.S_IMODE((tmp_path / "r.txt").stat().st_mode) == stat.S_IMODE((tmp_path / "plain").stat().st_mode)


@pytest.mark.parametrize("place", ["folder.html", "file.txt/r.html", "nul\0.html"])
def test_a_place_that_cannot_be_written_is_one_sentence(report, tmp_path, place):
    (tmp_path / "folder.html").mkdir()
    (tmp_path / "file.txt").write_text("x")
    with pytest.raises(OutputError, match=r"^The report cannot be written to .*; choose another place\.$"):
        report.write(tmp_path / place)
    assert sorted(path.name for path in tmp_path.rglob("*")) == ["file.txt", "folder.html"]


@pytest.mark.parametrize("name", ["r.html", "r.md"])
@pytest.mark.parametrize("failing", ["fsync", "replace"])
def test_a_failure_leaves_all_as_it_was(report, tmp_path, monkeypatch, name, failing):
    (tmp_path / name).write_text("old")

    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full) if failing == "fsync" else monkeypatch.setattr("pathlib.Path.replace", full)
    with pytest.raises(OutputError, match="no space left on device"):
        report.write(tmp_path / name)
    assert [path.name for path in tmp_path.rglob("*")] == [name]
    assert (tmp_path / name).read_text() == "old"


def test_an_interruption_leaves_all_as_it_was(report, tmp_path, monkeypatch):
    def stop(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr(os, "fsync", stop)
    with pytest.raises(KeyboardInterrupt):
        report.write(tmp_path / "r.md")
    assert list(tmp_path.iterdir()) == []


def test_the_same_report_gives_the_same_bytes(report, tmp_path):
    (tmp_path / "a").mkdir()
    (tmp_path / "b").mkdir()
    for name in ("a/r.md", "b/r.md", "a/r.html", "b/r.html"):
        report.write(tmp_path / name)
    for path in (tmp_path / "a").rglob("*.*"):
        assert path.read_bytes() == (tmp_path / "b" / path.relative_to(tmp_path / "a")).read_bytes()
