"""The pieces of a formula that calculate: checked against a short list and worked out one operation at a time."""

from __future__ import annotations

import ast
import operator
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dipeval.errors import InputError

Floats = NDArray[np.float64]

CATEGORY = "C"
SPLINE = "bs"
DEGREE = 3
MOST_SPLINE_COLUMNS = 12
FUNCTIONS: Mapping[str, Callable[[Any], Any]] = MappingProxyType(
    {"I": lambda values: values, "log": np.log, "sqrt": np.sqrt, "exp": np.exp, "abs": np.abs}
)
OPERATIONS: Mapping[type, Callable[[Any, Any], Any]] = MappingProxyType(
    {
        ast.Add: operator.add,
        ast.Sub: operator.sub,
        ast.Mult: operator.mul,
        ast.Div: np.divide,
        ast.Pow: np.power,
    }
)


def parse_piece(text: str, allowed: str) -> ast.expr:
    """Parse a piece such as ``log(priors + 1)`` and refuse it if anything in it is not on the list.

    Parameters
    ----------
    text
        The piece.
    allowed
        What a formula may hold, in words.

    Returns
    -------
    ast.expr
        Parsed, never run.

    Raises
    ------
    InputError
        Naming the piece.
    """
    try:
        tree = ast.parse(text, mode="eval").body
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        raise _refusal(text, text, allowed) from None
    if not isinstance(tree, ast.Call):
        raise _refusal(text, text, allowed)
    if _name(tree) == CATEGORY:
        if len(tree.args) != 1 or tree.keywords or not isinstance(tree.args[0], ast.Name):
            raise InputError(
                f"{text} in the formula: C() takes the name of one column and nothing else; name a reference level "
                'with references={"district": "Leeds"}.'
            )
        return tree
    if _name(tree) == SPLINE:
        _check_spline(tree, text)
        return tree
    _check(tree, text, allowed)
    return tree


def piece_columns(tree: ast.expr) -> tuple[str, ...]:
    """Return the columns a piece names, in order."""
    functions = {id(node.func) for node in ast.walk(tree) if isinstance(node, ast.Call)}
    names = [node for node in ast.walk(tree) if isinstance(node, ast.Name) and id(node) not in functions]
    return tuple(dict.fromkeys(node.id for node in sorted(names, key=lambda node: node.col_offset)))


def evaluate(tree: ast.expr, columns: Mapping[str, Floats]) -> Any:
    """Work a checked piece out.

    Parameters
    ----------
    tree
        From `parse_piece`.
    columns
        Column -> numbers.

    Returns
    -------
    numpy.ndarray
        One number a person; several columns for a spline.

    Examples
    --------
    >>> evaluate(parse_piece("I(age / 10 + 1)", ""), {"age": np.array([20.0, 30.0])}).tolist()
    [3.0, 4.0]
    """
    if isinstance(tree, ast.Name):
        return columns[tree.id]
    if isinstance(tree, ast.Constant):
        return np.float64(float(tree.value))  # type: ignore[arg-type]
    if isinstance(tree, ast.UnaryOp):
        value = evaluate(tree.operand, columns)
        return -value if isinstance(tree.op, ast.USub) else value
    if isinstance(tree, ast.BinOp):
        return OPERATIONS[type(tree.op)](evaluate(tree.left, columns), evaluate(tree.right, columns))
    assert isinstance(tree, ast.Call)
    if _name(tree) == SPLINE:
        return _spline(evaluate(tree.args[0], columns), int(tree.args[1].value))  # type: ignore[attr-defined]
    return FUNCTIONS[_name(tree)](evaluate(tree.args[0], columns))


def _name(call: ast.Call) -> str:
    return call.func.id if isinstance(call.func, ast.Name) else ""


def _refusal(piece: str, text: str, allowed: str) -> InputError:
    inside = "" if piece == text else f" (in {text})"
    return InputError(f"The formula holds {piece}{inside}, which is not allowed. It may hold {allowed}.")


def _check(node: ast.AST, text: str, allowed: str) -> None:
    """Refuse any node that is not a name, a number, an operation or a call on the list."""
    if isinstance(node, ast.Call):
        if _name(node) not in FUNCTIONS or len(node.args) != 1 or node.keywords:
            raise _refusal(ast.unparse(node), text, allowed)
        parts: list[ast.expr] = list(node.args)
    elif isinstance(node, ast.BinOp) and type(node.op) in OPERATIONS:
        parts = [node.left, node.right]
    elif isinstance(node, ast.UnaryOp) and isinstance(node.op, (ast.USub, ast.UAdd)):
        parts = [node.operand]
    elif isinstance(node, ast.Name) or (isinstance(node, ast.Constant) and type(node.value) in (int, float)):
        parts = []
    else:
        raise _refusal(ast.unparse(node), text, allowed)
    for part in parts:
        _check(part, text, allowed)


def _check_spline(tree: ast.Call, text: str) -> None:
    plain = len(tree.args) == 2 and not tree.keywords and isinstance(tree.args[0], ast.Name)
    size = tree.args[1].value if plain and isinstance(tree.args[1], ast.Constant) else None
    if type(size) is not int or not DEGREE <= size <= MOST_SPLINE_COLUMNS:
        raise InputError(
            f"{text} in the formula: bs() takes the name of one column and the number of columns of its spline, from "
            f"{DEGREE} to {MOST_SPLINE_COLUMNS}, as in bs(age, 4)."
        )


def _spline(values: Floats, size: int) -> Floats:
    """Return a cubic B-spline basis without its first column; inner knots at equally spaced quantiles."""
    from scipy.interpolate import BSpline

    low, high = float(values.min()), float(values.max())
    inner = np.quantile(values, np.linspace(0, 1, size - DEGREE + 2)[1:-1])
    if low == high or len(np.unique(inner)) < len(inner) or (inner <= low).any() or (inner >= high).any():
        raise InputError(
            f"bs() with {size} columns needs more different values than this column has: use fewer columns, or C()."
        )
    knots = np.concatenate([np.full(DEGREE + 1, low), inner, np.full(DEGREE + 1, high)])
    basis = BSpline.design_matrix(values, knots, DEGREE).toarray()
    return np.asarray(basis[:, 1:], dtype=np.float64)
