"""Does LaTeX print every name as it is?"""

import re

import pandas as pd

from glmlr.exhibits import Table
from glmlr.render import latex
from glmlr.render.grid import clean

#: What each order prints, by the LaTeX2e font documentation (fntguide) and the TeXbook.
PRINTS = {
    r"\textbackslash{}": "\\", r"\textasciitilde{}": "~", r"\textasciicircum{}": "^", r"\textless{}": "<",
    r"\textgreater{}": ">", r"\textbar{}": "|", r"\char34{}": '"', r"\char96{}": "`", r"\char39{}": "'",
    r"\{": "{", r"\}": "}", r"\$": "$", r"\&": "&", r"\#": "#", r"\_": "_", r"\%": "%", "{[}": "[", "{]}": "]",
    "-{}-": "--",
}  # fmt: skip
_ORDER = re.compile("|".join(re.escape(order) for order in sorted(PRINTS, key=len, reverse=True)))


def test_every_name_is_printed_as_it_is(nasty):
    for name in nasty:
        written = latex.escaped(name)
        assert _ORDER.sub(lambda match: PRINTS[match[0]], written).replace("-{}", "-") == clean(name)
        left = _ORDER.sub("", written).replace("-{}", "-")
        assert not re.search(r"[\\{}$&#_%~^<>|\"`'\[\]]", left), left


def test_a_table_has_the_three_rules_of_booktabs(report):
    source = latex.table(report.sections[0].exhibits[0])
    assert [source.count(rule) for rule in (r"\toprule", r"\bottomrule", r"\begin{tabular}{lrr}")] == [1, 1, 1]
    assert r"\label{tab:roc}" in source
    assert r"pairs & 7,670\phantom{.0000} & 1 \\" in source
    assert source.index(r"\midrule", source.index("0.7477")) < source.index(r"\textbf{p}")


def test_every_row_has_every_cell(nasty_report, nasty):
    source = latex.table(nasty_report.sections[0].exhibits[0])
    rows = [line for line in source.splitlines() if line.endswith(r" \\")]
    assert len(rows) == len(nasty) + 1
    assert {len(re.findall(r"(?<!\\)&", row)) for row in rows} == {3}


def test_braces_balance(nasty_report):
    source = re.sub(r"\\[{}]", "", latex.table(nasty_report.sections[0].exhibits[0]))
    depth = 0
    for character in source:
        depth += {"{": 1, "}": -1}.get(character, 0)
        assert depth >= 0
    assert depth == 0


def test_signs_are_mathematics():
    frame = pd.DataFrame({"estimate": [-0.5, float("inf"), float("-inf"), float("nan")]})
    source = latex.table(Table("t", "T", frame, {"estimate": "estimate"}))
    for cell in ("$-$0.5000", r"$\infty$\phantom", r"$-$$\infty$\phantom", r"--\phantom"):
        assert f"\n{cell}" in source


def test_a_table_longer_than_a_page_breaks_over_pages():
    frame = pd.DataFrame({"term": [f"x{number}" for number in range(60)]})
    source = latex.table(Table("t", "T", frame, {"term": "text"}, notes=("A note.",)))
    assert r"\begin{longtable}{l}" in source
    assert r"\endhead" in source
    assert "A note." in source
