"""Did both find the same? A wrong answer given quickly must not win."""

from __future__ import annotations

import re

import numpy as np

from benchmarks.contest import Answer

#: C(color)[T.c1], color[T.c1], color[c1] -> color c1
_LEVEL = re.compile(r"^(?:C\()?(?P<factor>\w+)\)?\[(?:T\.)?(?P<level>.+)\]$")


def plain_name(name: str) -> str:
    """Give the name of a coefficient in one spelling, whoever wrote it."""
    if name.lower() in ("intercept", "const", "(intercept)"):
        return "intercept"
    found = _LEVEL.match(name)
    return f"{found['factor']} {found['level']}" if found else name


def largest_difference(ours: Answer, theirs: Answer) -> float:
    """Give the largest relative difference between two answers, each named; infinite where one lacks a name."""
    one = {plain_name(str(name)): float(value) for name, value in ours.items()}
    other = {plain_name(str(name)): float(value) for name, value in theirs.items()}
    if one.keys() != other.keys():
        return float("inf")
    a, b = np.array([one[name] for name in one]), np.array([other[name] for name in one])
    return float(np.max(np.abs(a - b) / np.maximum(np.abs(a), np.abs(b)), initial=0.0, where=a != b))
