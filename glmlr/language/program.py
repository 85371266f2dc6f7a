"""How is a vetted expression evaluated? Compiled over placeholders, its operators sent through checks.

Nothing is in reach of the code but what it is given: columns as c_0, c_1, ..., functions as f_..., operators as o_...,
and for each call of a transform that learns one of its own as t_0, t_1, ...
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from types import CodeType
from typing import Any, Final

import numpy as np

from glmlr.language.rowwise import compared, number, powered, truth


def identifier(name: str) -> str:
    """Give the identifier that stands for a function in the code of a formula.

    >>> identifier("np.log")
    'f_np__log'
    """
    return "f_" + name.replace(".", "__")


@dataclass(frozen=True)
class Program:
    """An expression ready to be evaluated.

    Attributes:
        code: its source over placeholders.
        learners: functions it calls that learn, in the order in which they run (inner before outer).

    """

    code: str
    learners: tuple[str, ...]
    compiled: CodeType = field(compare=False, repr=False)

    def evaluate(self, names: Mapping[str, Any], transforms: Sequence[Callable[..., Any]]) -> Any:
        """Evaluate over columns and functions by placeholder, with one transform for each of `learners`."""
        calls = {f"t_{position}": transform for position, transform in enumerate(transforms)}
        space = {"__builtins__": {}, **_OPERATORS, **names, **calls}
        with np.errstate(all="ignore"):
            return eval(self.compiled, space)

    def __reduce__(self) -> tuple[Any, ...]:
        """Pickle as source."""
        return program, (self.code, frozenset(self.learners))


_OPERATORS: Final = {"o_compare": compared, "o_number": number, "o_power": powered, "o_truth": truth}


def program(code: str, learners: frozenset[str] | Mapping[str, Any]) -> Program:
    """Compile vetted code; `learners` are the names of the functions that learn."""
    return _compiled(code, frozenset(learners))


@lru_cache(maxsize=128)
def _compiled(code: str, learners: frozenset[str]) -> Program:
    """Compile code once for all fits that evaluate it."""
    rewriting = _Rewriting({identifier(name): name for name in learners})
    tree = ast.fix_missing_locations(rewriting.visit(ast.parse(code, mode="eval")))
    return Program(code, tuple(rewriting.found), compile(tree, "<formula>", "eval"))


class _Rewriting(ast.NodeTransformer):
    """Sends operators through checks of their operands, and calls that learn to their own transform."""

    def __init__(self, learners: Mapping[str, str]) -> None:
        self.learners = learners
        self.found: list[str] = []

    def visit_Call(self, node: ast.Call) -> ast.AST:
        """Number the calls that learn, inner ones first."""
        self.generic_visit(node)
        if isinstance(node.func, ast.Name) and node.func.id in self.learners:
            name = self.learners[node.func.id]
            node.func = ast.Name(f"t_{len(self.found)}", ast.Load())
            self.found.append(name)
        return node

    def visit_Compare(self, node: ast.Compare) -> ast.AST:
        """Compare through `compared`."""
        self.generic_visit(node)
        sign = _SIGNS[type(node.ops[0])]
        return _called("o_compare", node.left, ast.Constant(sign), node.comparators[0])

    def visit_BinOp(self, node: ast.BinOp) -> ast.AST:
        """Check both operands."""
        self.generic_visit(node)
        if isinstance(node.op, ast.Pow):
            return _called("o_power", node.left, node.right)
        check = "o_truth" if isinstance(node.op, (ast.BitAnd, ast.BitOr)) else "o_number"
        node.left, node.right = _called(check, node.left), _called(check, node.right)
        return node

    def visit_UnaryOp(self, node: ast.UnaryOp) -> ast.AST:
        """Check the operand; `~` negates a condition."""
        self.generic_visit(node)
        if isinstance(node.operand, ast.Constant) and isinstance(node.operand.value, (int, float)):
            return node
        node.operand = _called("o_truth" if isinstance(node.op, ast.Invert) else "o_number", node.operand)
        return node


_SIGNS: Final[Mapping[type[ast.cmpop], str]] = {
    ast.Eq: "==",
    ast.NotEq: "!=",
    ast.Lt: "<",
    ast.LtE: "<=",
    ast.Gt: ">",
    ast.GtE: ">=",
}


def _called(name: str, *arguments: ast.expr) -> ast.Call:
    return ast.Call(ast.Name(name, ast.Load()), list(arguments), [])
