"""A report with everything in it, and names that would break a careless renderer."""

import numpy as np
import pandas as pd
import pytest

from glmlr.exhibits import Axis, Chart, Definition, Report, Section, Series, Table

#: Names of columns and levels that mean something to HTML, Markdown, LaTeX, rich or matplotlib.
NASTY = (
    "a<b>|c",
    "<script>alert(1)</script>",
    "&amp;",
    "$x_1$ and $y$",
    "100 % #1",
    "back\\slash",
    "say \"so\" and 'so'",
    "two\nlines\r\nand\ttab",
    "größe 非常 🎈",
    "[bold]red[/bold]",
    "`code` *star* _under_ ~~gone~~",
    "_hidden",
    "{{ title }} {% raw %}",
    "bell\x07\x1b[31m\u202ertl\ud800",
    "--> ]]> <!--",
)
UNIT = (0.0, 1.0)


def nasty_chart(key="chart"):
    rows = np.arange(float(len(NASTY)))
    return Chart(
        key,
        f"Drawing of {NASTY[0]} {NASTY[3]}",
        (
            Series(NASTY[1], "reference", [1.0], [0.0]),
            Series(NASTY[11], "intervals", rows + 1, rows, rows + 0.5, rows + 3, labels=NASTY),
        ),
        Axis(NASTY[3], "log"),
        Axis(NASTY[5], categories=NASTY),
        notes=NASTY,
        alt=" ".join(NASTY),
    )


def nasty_table(key="terms", **changes):
    rows = len(NASTY)
    names = pd.Series(NASTY, dtype=object)  # a lone surrogate is no string for Arrow
    frame = pd.DataFrame({"term": names, "estimate": np.linspace(-1, 1e-5, rows), "n": np.arange(rows), "extra": names})
    parts = {
        "roles": {"term": "text", "estimate": "estimate", "n": "count", "extra": "text"},
        "labels": {"extra": NASTY[0]},
        "notes": NASTY,
        "emphasis": (rows - 1,),
    }
    return Table(key, f"Terms {NASTY[1]}", frame, **(parts | changes))


def plain_table(key="association", **changes):
    frame = pd.DataFrame({"measure": ["pairs", "c", "p"], "value": [7670.0, 0.7477, 1e-5], "n": [1, 2, 3]})
    return Table(key, "Association", frame, {"measure": "text", "value": "measure", "n": "count"}, **changes)


def roc_chart():
    ends = np.array([0.0, 1.0])
    curve = Series("Model", "line", [0, 0.2, 1], [0, 0.7, 1])
    chance = Series("No discrimination", "reference", ends, ends)
    return Chart(
        "roc",
        "ROC curve",
        (chance, curve),
        Axis("1 − specificity", "percent", UNIT),
        Axis("Sensitivity", "percent", UNIT),
        alt="The curve is above the diagonal.",
    )


@pytest.fixture(scope="session")
def nasty():
    return NASTY


@pytest.fixture(scope="session")
def report():
    """A plain report: sections and tables that share keys, charts, companions, definitions."""
    companion = plain_table("groups", notes=("A note.",))
    main = plain_table("roc", charts=(roc_chart(),), tables=(companion,), emphasis=(2,))
    return Report(
        "Low birth weight",
        ("A logit model.", "189 rows."),
        (
            Section("roc", "Discrimination", (main, plain_table("association")), ("c is 0.748.",)),
            Section("other", "Other", (roc_chart(), plain_table("association"))),
        ),
        (Definition("c", "concordance", "Harrell (1996)"), Definition("p", "a probability")),
        formula="low ~ age + `last weight`",
        overview=plain_table("overview"),
    )


@pytest.fixture(scope="session")
def nasty_report():
    """The same with names that would break a careless renderer, everywhere a name can stand."""
    one = nasty_table(charts=(nasty_chart(),), tables=(nasty_table("more"),))
    return Report(
        f"Report {NASTY[1]}",
        NASTY,
        (Section("coefficients", f"Section {NASTY[0]}", (one, nasty_chart("alone")), NASTY),),
        tuple(Definition(name, f"means {name}", name) for name in NASTY),
        formula=" + ".join(NASTY),
        overview=nasty_table("overview"),
    )
