"""Does `import glmlr` stay light? Measured in fresh interpreters."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent

HEAVY = ("matplotlib", "sklearn", "jinja2", "statsmodels", "rich", "typer", "scipy.stats", "scipy.optimize", "joblib")


def fresh(code: str) -> str:
    """Run code in a new interpreter that may keep its bytecode, as an installed package does."""
    setting = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    run = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT, check=True, env=setting
    )
    return run.stdout.strip()


def test_import_loads_no_heavy_library() -> None:
    code = f"import sys, glmlr; print(*[name for name in {HEAVY!r} if name in sys.modules])"
    assert fresh(code) == ""


def test_a_fit_alone_loads_no_heavy_library() -> None:
    """A fit and its coefficients need no plotting, no templates, no other engine."""
    late = ("matplotlib", "jinja2", "statsmodels", "rich", "typer", "scipy.stats")
    code = (
        "import sys, glmlr; fit = glmlr.fit('low ~ age + C(race)', glmlr.datasets.load('birthwt')); fit.params;"
        f"print(*[name for name in {late!r} if name in sys.modules])"
    )
    assert fresh(code) == ""


def test_the_command_line_module_imports() -> None:
    assert fresh("import glmlr.cli; print(callable(glmlr.cli.main))") == "True"
