"""What may a formula call, and what does a call remember? Row-wise functions, and transforms that learn from the rows.

A row-wise function gives each row a value that depends on this row alone. A transform that learns (`center`,
`standardize`, `poly`, splines) looks at the rows of the fit once, keeps plain numbers, and gives each later row a value
that depends on this row and those numbers. Under frequency weights it learns what it would from the repeated rows.
"""

from __future__ import annotations

import ast
import operator
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from types import CodeType
from typing import Any, Final, Protocol

import numpy as np
import numpy.typing as npt
import pandas as pd

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.intp]
Bools = npt.NDArray[np.bool_]


def identifier(name: str) -> str:
    """Give the identifier that stands for a function in the code of a formula.

    >>> identifier("np.log")
    'f_np__log'
    """
    return "f_" + name.replace(".", "__")


# ------------------------------------------------------------------------------------------------ values


@dataclass(frozen=True, eq=False)
class Labels:
    """Values of a categorical column inside an expression.

    Attributes:
        codes: position of each row's level, shape (m,); -1 where there is none.
        levels: the levels, in coding order.
        name: the column, for messages.
        ordered: whether the order of the levels was declared.

    """

    codes: Integers
    levels: tuple[Any, ...]
    name: str
    ordered: bool = False

    def values(self) -> npt.NDArray[Any]:
        """Give the level of each row as an array of objects, shape (m,)."""
        table = np.empty(len(self.levels) + 1, dtype=object)
        table[:-1] = self.levels
        table[-1] = None
        return np.asarray(table[self.codes])

    def where(self, test: Callable[[Any], bool]) -> Bools:
        """Say for each row whether its level passes a test, shape (m,)."""
        passes = np.array([test(level) for level in self.levels] + [False], dtype=bool)
        return np.asarray(passes[self.codes])


def labelled(values: Any, name: str) -> Labels:
    """Make `Labels` of text or other objects, the levels sorted."""
    if isinstance(values, pd.Series):
        values = values.array
    if isinstance(values, pd.Categorical):
        return Labels(np.asarray(values.codes, dtype=np.intp), tuple(values.categories), name, bool(values.ordered))
    codes, levels = pd.factorize(values)
    order, found = sorted_levels(list(levels))
    back = np.empty(len(order) + 1, dtype=np.intp)
    back[order] = np.arange(len(order))
    back[-1] = -1
    return Labels(back[codes], found, name)


def sorted_levels(levels: Sequence[Any]) -> tuple[list[int], tuple[Any, ...]]:
    """Sort levels as patsy does (by type where they do not compare); also the positions they came from."""
    plain = [level.item() if isinstance(level, np.generic) else level for level in levels]
    try:
        order = sorted(range(len(plain)), key=lambda position: plain[position])
    except TypeError:
        order = sorted(range(len(plain)), key=lambda position: (type(plain[position]).__name__, str(plain[position])))
    return order, tuple(plain[position] for position in order)


@dataclass(frozen=True, eq=False)
class Factor:
    """What C(...) gives: values to be taken as categories, with their coding and levels where stated."""

    values: Any
    contrast: Any = None
    levels: tuple[Any, ...] | None = None


def factor(values: Any, contrast: Any = None, levels: Any = None) -> Factor:
    """Mark values as categories; the C of a formula."""
    if isinstance(values, Factor):
        contrast = values.contrast if contrast is None else contrast
        levels = values.levels if levels is None else levels
        values = values.values
    if levels is not None:
        if isinstance(levels, str) or not isinstance(levels, (list, tuple)):
            raise TypeError(f"levels={levels!r} is not a list such as ['low', 'high']")
        if len(set(levels)) != len(levels):
            raise ValueError(f"levels={list(levels)!r} names a level twice")
        levels = tuple(levels)
    return Factor(values, np.asarray(contrast) if isinstance(contrast, list) else contrast, levels)


def number(value: Any) -> Any:
    """Give a value as numbers for arithmetic: bools become 0 and 1; text and dates are refused.

    Raises:
        TypeError: with a sentence part that says what the value is.

    """
    if isinstance(value, Labels):
        raise TypeError(f"the column {value.name!r} holds categories, where numbers are needed")
    if isinstance(value, Factor):
        raise TypeError("C(...) makes categories, where numbers are needed")
    if isinstance(value, pd.Series):
        raise TypeError(f"the column {value.name!r} holds dates or durations, where numbers are needed")
    if isinstance(value, (str, bytes)) or value is None:
        raise TypeError(f"{value!r} stands where a number is needed")
    if isinstance(value, (bool, int, float)):
        return value
    array = np.asarray(value)
    if array.dtype.kind not in "biuf":
        raise TypeError(f"{array.ravel()[:1].tolist()} stands where numbers are needed")
    return array.astype(np.float64) if array.dtype.kind == "b" or array.dtype.itemsize < 8 else array


def truth(value: Any) -> Any:
    """Give a condition as bools; 0/1 numbers will do.

    Raises:
        TypeError: anything else.

    """
    if isinstance(value, (bool, np.bool_)):
        return bool(value)
    array = np.asarray(number(value) if not isinstance(value, np.ndarray) else value)
    if array.dtype.kind == "b":
        return array
    if array.dtype.kind in "iuf" and np.isin(array, (0, 1)).all():
        return array == 1
    raise TypeError("a condition is needed, such as (age > 30)")


# ------------------------------------------------------------------------------------------------ operators

_COMPARE: Final[Mapping[str, Callable[[Any, Any], Any]]] = {
    "==": operator.eq,
    "!=": operator.ne,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}
_MIRRORED: Final = {"==": "==", "!=": "!=", "<": ">", "<=": ">=", ">": "<", ">=": "<="}


def compared(left: Any, sign: str, right: Any) -> Any:
    """Compare two values row by row; what cannot be equal is refused instead of being False.

    Raises:
        TypeError: text with numbers, or an order of levels that has none.

    """
    if isinstance(right, (Labels, pd.Series)) and not isinstance(left, (Labels, pd.Series)):
        return compared(right, _MIRRORED[sign], left)
    if isinstance(left, Labels):
        return _compared_labels(left, sign, right)
    if isinstance(left, pd.Series):
        return _compared_dates(left, sign, right)
    if isinstance(left, str) or isinstance(right, str):
        raise TypeError(f"numbers are compared with the text {left if isinstance(left, str) else right!r}")
    return _COMPARE[sign](number(left), number(right))


def _compared_labels(left: Labels, sign: str, right: Any) -> Any:
    compare = _COMPARE[sign]
    if isinstance(right, Labels):
        if sign in ("==", "!="):
            return np.asarray(compare(left.values(), right.values()), dtype=bool)
        if not (left.ordered and left.levels == right.levels):
            raise TypeError(f"the levels of {left.name!r} and {right.name!r} have no common order")
        return compare(left.codes, right.codes)
    if isinstance(right, (np.ndarray, list, tuple, pd.Series)) or right is None:
        raise TypeError(f"the categories of {left.name!r} are compared with something else; compare with one level")
    kinds = {isinstance(level, str) for level in left.levels}
    if kinds and isinstance(right, str) not in kinds:
        what = "text" if True in kinds else "no text"
        raise TypeError(f"the column {left.name!r} holds {what} and is compared with {right!r}")
    if sign in ("==", "!="):
        return left.where(lambda level: bool(compare(level, right)))
    if not left.ordered:
        raise TypeError(f"the levels of {left.name!r} have no order for {sign!r}; give it an ordered categorical dtype")
    if right not in left.levels:
        raise TypeError(f"{right!r} is not a level of {left.name!r}")
    return np.asarray(compare(left.codes, left.levels.index(right)))


def _compared_dates(left: pd.Series, sign: str, right: Any) -> Any:
    if isinstance(right, str):
        zone = getattr(left.dt, "tz", None)
        right = pd.Timestamp(right, tz=zone) if left.dtype.kind == "M" else pd.Timedelta(right)
    elif not isinstance(right, pd.Series):
        raise TypeError(f"the column {left.name!r} holds dates; compare it with a text such as '2024-01-31'")
    return np.asarray(
        _COMPARE[sign](left.to_numpy(), right.to_numpy())
        if isinstance(right, pd.Series)
        else _COMPARE[sign](left, right),
        dtype=bool,
    )


def powered(base: Any, exponent: Any) -> Any:
    """Raise to a power in floating point: whole numbers neither overflow nor take for ever."""
    return np.power(np.asarray(number(base), dtype=np.float64), np.asarray(number(exponent), dtype=np.float64))


# ------------------------------------------------------------------------------------------------ row-wise functions

_OF_ONE: Final = (
    "log log2 log10 log1p exp exp2 expm1 sqrt cbrt abs absolute fabs sign square reciprocal sin cos tan "
    "arcsin arccos arctan sinh cosh tanh arcsinh arccosh arctanh floor ceil trunc rint degrees radians "
    "deg2rad rad2deg negative "
)
_UNARY: Final = _OF_ONE.split()
_OF_TWO: Final = (
    "minimum maximum fmin fmax arctan2 hypot mod remainder fmod floor_divide add subtract multiply divide logaddexp "
)
_BINARY: Final = _OF_TWO.split()


def _elementwise(function: Callable[..., Any], arguments: int) -> Callable[..., Any]:
    """Take exactly so many arguments: further ones would be numpy's `out` and write into the data."""

    def call(*values: Any) -> Any:
        if len(values) != arguments:
            raise TypeError(f"it takes {arguments} argument{'s' if arguments > 1 else ''}, and {len(values)} are given")
        return function(*(_as_float(value) for value in values))

    return call


def _as_float(value: Any) -> Any:
    # A small integer type would give a float of half precision.
    return np.asarray(number(value), dtype=np.float64)


def where(condition: Any, yes: Any, no: Any) -> Any:
    """Choose row by row between two values, numbers or text."""
    chosen = truth(condition)
    if any(isinstance(value, (Labels, str)) for value in (yes, no)):
        one, other = (value.values() if isinstance(value, Labels) else value for value in (yes, no))
        if not all(isinstance(value, (str, np.ndarray)) for value in (one, other)):
            raise TypeError("np.where chooses between text and numbers; make both of one kind")
        out = np.empty(np.shape(chosen), dtype=object)
        out[...] = one
        out[~chosen] = other if isinstance(other, str) else other[~chosen]
        return labelled(out, "np.where")
    return np.where(chosen, number(yes), number(no))


def isin(values: Any, members: Any) -> Bools:
    """Say row by row whether a value is one of a list."""
    if not isinstance(members, (list, tuple)):
        raise TypeError("np.isin takes a list such as ['a', 'b']")
    if isinstance(values, Labels):
        known = set(members)
        return values.where(lambda level: level in known)
    if any(isinstance(member, str) for member in members):
        raise TypeError("numbers are compared with text")
    return np.isin(number(values), np.asarray(members, dtype=np.float64))


def clip(values: Any, a_min: Any = None, a_max: Any = None) -> Any:
    """Move values below a_min up to it and values above a_max down to it."""
    out = _as_float(values)
    if a_min is not None:
        out = np.maximum(out, _as_float(a_min))
    return out if a_max is None else np.minimum(out, _as_float(a_max))


def rounded(values: Any, decimals: int = 0) -> Any:
    """Round to so many decimals, halves to even."""
    return np.round(_as_float(values), int(decimals))


def _logical(function: Callable[..., Any], arguments: int) -> Callable[..., Any]:
    def call(*values: Any) -> Any:
        if len(values) != arguments:
            raise TypeError(f"it takes {arguments} argument{'s' if arguments > 1 else ''}, and {len(values)} are given")
        return function(*(truth(value) for value in values))

    return call


def identity(value: Any) -> Any:
    """Give the value itself; the I of a formula, inside which + and * are arithmetic."""
    return value


def _rowwise() -> dict[str, Callable[..., Any]]:
    table: dict[str, Callable[..., Any]] = {name: _elementwise(getattr(np, name), 1) for name in _UNARY}
    table |= {name: _elementwise(getattr(np, name), 2) for name in _BINARY}
    table |= {"power": powered, "float_power": powered, "pow": powered}
    table |= {"where": where, "isin": isin, "clip": clip, "round": rounded}
    table |= {f"logical_{name}": _logical(getattr(np, f"logical_{name}"), 2) for name in ("and", "or", "xor")}
    table["logical_not"] = _logical(np.logical_not, 1)
    named = {f"np.{name}": function for name, function in table.items()}
    return {**table, **named, "ceiling": table["ceil"]}


#: name -> function. Each stands under its own name, as in R, and under numpy's ("log" and "np.log").
ROWWISE: Final[Mapping[str, Callable[..., Any]]] = _rowwise()


# ------------------------------------------------------------------------------------------------ learning transforms


class Learned(Protocol):
    """What a transform has learnt: plain numbers, and how to apply them to any rows."""

    def __call__(self, *arguments: Any, **options: Any) -> Any:
        """Give the transformed values of any rows."""
        ...


Learner = Callable[..., Learned]  # learner(weight, *arguments, **options): weight (m,) is a frequency, or None


def _columns_of(values: Any) -> Floats:
    array = _as_float(values)
    if array.ndim not in (1, 2):
        raise TypeError("one column is needed")
    return np.asarray(array)


def _mean(values: Floats, weight: Floats | None) -> Floats:
    """Weighted mean over rows, summed in extended precision."""
    if weight is None:
        return np.asarray(values.sum(axis=0, dtype=np.longdouble) / values.shape[0], dtype=np.float64)
    shaped = weight if values.ndim == 1 else weight[:, None]
    return np.asarray((values * shaped).sum(axis=0, dtype=np.longdouble) / weight.sum(), dtype=np.float64)


@dataclass(frozen=True, eq=False)
class Centered:
    """center(x): x minus the mean of the rows of the fit."""

    mean: Floats

    @classmethod
    def learn(cls, weight: Floats | None, x: Any) -> Centered:
        """Learn the mean."""
        return cls(_mean(_columns_of(x), weight))

    def __call__(self, x: Any) -> Floats:
        """Give x - mean, shape of x."""
        return np.asarray(_columns_of(x) - self.mean)


@dataclass(frozen=True, eq=False)
class Standardized:
    """standardize(x, center=True, rescale=True, ddof=0): x in standard deviations from the mean of the fit's rows."""

    mean: Floats
    deviation: Floats

    @classmethod
    def learn(
        cls, weight: Floats | None, x: Any, center: bool = True, rescale: bool = True, ddof: float = 0
    ) -> Standardized:
        """Learn mean and standard deviation with divisor n - ddof; ddof=1 is R's scale()."""
        del center  # whether the mean is taken off is for the call
        values = _columns_of(x)
        mean = _mean(values, weight)
        n = values.shape[0] if weight is None else float(weight.sum())
        if rescale and n - ddof <= 0:
            raise ValueError(f"a standard deviation with divisor n - {ddof} needs more than {ddof} rows")
        deviation = np.sqrt(_mean((values - mean) ** 2, weight) * (n / max(n - ddof, 1e-300)))
        if rescale and not (deviation > 0).all():
            raise ValueError("the values do not vary, so they have no standard deviation to divide by")
        return cls(mean, np.asarray(deviation))

    def __call__(self, x: Any, center: bool = True, rescale: bool = True, ddof: float = 0) -> Floats:
        """Give (x - mean) / deviation, shape of x."""
        del ddof
        values = _columns_of(x)
        values = values - self.mean if center else values
        return np.asarray(values / self.deviation if rescale else values)


@dataclass(frozen=True, eq=False)
class Polynomials:
    """poly(x, degree, raw=False): polynomials orthonormal over the rows of the fit, as R's poly().

    Reference: Kennedy & Gentle (1980), Statistical Computing, pp. 343-4 (the three-term recurrence).
    """

    alpha: Floats
    norm: Floats

    @classmethod
    def learn(cls, weight: Floats | None, x: Any, degree: int = 1, raw: bool = False) -> Polynomials:
        """Learn the coefficients of the recurrence."""
        values = _columns_of(x)
        if values.ndim != 1:
            raise TypeError("poly takes one column")
        if not isinstance(degree, int) or isinstance(degree, bool) or degree < 1:
            raise ValueError(f"the degree {degree!r} is not a whole number of at least 1")
        if raw:
            return cls(np.zeros(degree), np.ones(degree + 1))
        distinct = np.unique(values).size
        if degree >= distinct:
            raise ValueError(f"the degree {degree} must be less than the number of distinct values, {distinct}")
        w = np.ones_like(values) if weight is None else weight
        alpha, norm = np.zeros(degree), np.zeros(degree + 1)
        before, now = np.zeros_like(values), np.ones_like(values)
        norm[0] = w.sum()
        for power in range(degree):
            alpha[power] = np.sum(w * values * now**2) / norm[power]
            ratio = norm[power] / norm[power - 1] if power else 0.0
            before, now = now, (values - alpha[power]) * now - ratio * before
            norm[power + 1] = np.sum(w * now**2)
        return cls(alpha, norm)

    def __call__(self, x: Any, degree: int = 1, raw: bool = False) -> Floats:
        """Give the polynomials of degree 1, ..., degree, shape (m, degree)."""
        values = _columns_of(x)
        if raw:
            return np.asarray(values[:, None] ** np.arange(1, degree + 1))
        out = np.empty((values.size, degree))
        before, now = np.zeros_like(values), np.ones_like(values)
        for power in range(degree):
            ratio = self.norm[power] / self.norm[power - 1] if power else 0.0
            before, now = now, (values - self.alpha[power]) * now - ratio * before
            out[:, power] = now / np.sqrt(self.norm[power + 1])
        return out


#: name -> learner, for the transforms that need nothing but numpy.
LEARNERS: Final[Mapping[str, Learner]] = {
    "center": Centered.learn,
    "standardize": Standardized.learn,
    "scale": Standardized.learn,
    "poly": Polynomials.learn,
}


# ------------------------------------------------------------------------------------------------ evaluation


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
