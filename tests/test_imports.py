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


def test_statistics_load_when_they_are_asked_for() -> None:
    """`import glmlr` loads no file of statistics; a fit and its summary load those that the summary shows."""
    loaded = "{name for name in sys.modules if name.startswith('glmlr.statistics.')}"
    code = (
        f"import sys, glmlr; assert not {loaded}, {loaded}; assert 'glmlr.report' not in sys.modules;"
        "fit = glmlr.fit('low ~ age + C(race)', glmlr.datasets.load('birthwt')); str(fit.summary());"
        f"print(*sorted({loaded}), 'glmlr.sources.parts' in sys.modules)"
    )
    assert fresh(code) == "glmlr.statistics.coefficients glmlr.statistics.goodness False"


def test_a_statistic_that_is_not_loaded_is_there_for_whoever_looks() -> None:
    """Names, help, a copy through pickle, and the function itself, each before anything has loaded the file."""
    code = (
        "import pickle, pydoc, glmlr; from glmlr.registry import STATISTICS;"
        "fit = glmlr.fit('low ~ age + C(race)', glmlr.datasets.load('birthwt'));"
        "assert {'ks', 'odds_ratios'} <= set(dir(fit)) and {'ks', 'odds_ratios'} <= set(dir(glmlr));"
        "assert 'ks' in dir(fit.scored) and 'odds_ratios' not in dir(fit.scored);"
        "assert 'odds_ratios' in STATISTICS and 'nonsense' not in STATISTICS and not hasattr(fit, 'nonsense');"
        "assert 'Tabulate' in pydoc.render_doc(fit.odds_ratios);"
        "assert glmlr.odds_ratios is glmlr.Fit.odds_ratios is STATISTICS['odds_ratios'].function;"
        "assert pickle.loads(pickle.dumps(fit)).deciles().frame.equals(fit.deciles().frame);"
        "assert glmlr.statistics.deciles.__name__ == 'glmlr.statistics.deciles';"
        "print(len(pydoc.render_doc(glmlr.Fit)) > 10_000)"
    )
    assert fresh(code) == "True"
