"""Does the built package hold all that glmlr needs away from its repository?"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent

USE = """
import sys, pathlib, glmlr
assert pathlib.Path(glmlr.__file__).is_relative_to(sys.argv[1]), glmlr.__file__
sizes = {name: len(glmlr.datasets.load(name)) for name in glmlr.datasets.names()}
assert sizes == {
    "anes96": 944, "arrests": 5226, "birthwt": 189, "heart_age": 5, "heart_vessels": 5, "iris": 150, "scores": 10,
    "titanic": 1309,
}
fit = glmlr.fit("low ~ age + C(race)", glmlr.datasets.load("birthwt"))
fit.report("report.html"), fit.report("report.md")
print(pathlib.Path("report.html").stat().st_size)
"""


@pytest.mark.slow
def test_a_wheel_loads_its_data_and_writes_reports(tmp_path: Path) -> None:
    """Row counts: by `wc -l` of the files, less the header."""
    source = tmp_path / "source"  # a copy, so that nothing is built inside the repository and nothing stale gets in
    for folder in ("glmlr", "data"):
        shutil.copytree(ROOT / folder, source / folder, ignore=shutil.ignore_patterns("__pycache__"))
    for file in ("pyproject.toml", "README.md", "LICENSE"):
        shutil.copy(ROOT / file, source)
    build = [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--wheel-dir", str(tmp_path), str(source)]
    subprocess.run(build, check=True, cwd=tmp_path)
    unpacked = tmp_path / "unpacked"
    with zipfile.ZipFile(next(tmp_path.glob("glmlr-*.whl"))) as wheel:
        wheel.extractall(unpacked)
    done = subprocess.run(
        [sys.executable, "-c", USE, str(unpacked)],
        capture_output=True,
        text=True,
        check=False,
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(unpacked)},
    )
    assert done.returncode == 0, done.stderr
    assert int(done.stdout) > 10_000


def test_the_readme_example_runs(tmp_path: Path) -> None:
    """The first Python of the README, as it stands, in an empty folder; and the file it says it writes."""
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    example = text.split("```python\n")[1].split("```")[0]
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", example],
        capture_output=True,
        text=True,
        check=False,
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )
    assert done.returncode == 0, done.stderr
    assert "Odds ratio" in done.stdout
    assert (tmp_path / "birthwt.html").is_file()


def test_every_file_the_readme_points_to_is_there() -> None:
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    linked = re.findall(r"\]\(([^)#:]+)\)", text)
    assert linked
    missing = [path for path in linked if not (ROOT / path).is_file()]
    assert not missing, f"the README points to {missing}"
