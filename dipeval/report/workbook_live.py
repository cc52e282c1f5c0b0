"""Formulas of a spreadsheet built as Python expressions: each holds the text a cell shows and the value it has.

Because one expression gives both, the value kept beside a formula cannot differ from what the formula says.
"""

from __future__ import annotations

import math
import operator
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

from dipeval.errors import InvariantError
from dipeval.presenting import NOT_AVAILABLE

# What a cell shows where a figure is not known.
UNKNOWN: Final = NOT_AVAILABLE
# What a spreadsheet makes of words in a sum: only ever inside the branch of an IF that is not taken.
ERROR: Final = "#VALUE!"

Scalar = float | str | bool
Value = Scalar | tuple[Scalar, ...]
_COMPARE, _JOIN, _ADD, _TIMES, _POWER, _ATOM = range(1, 7)


@dataclass(frozen=True, slots=True, eq=False)
class Live:
    """An expression of the spreadsheet with its value.

    Parameters
    ----------
    text
        As typed into a cell, without the equals sign: a name, a cell, or a formula.
    value
        A number, words, or the values of a range.
    rank
        How tightly its outermost operator binds.
    """

    text: str
    value: Value
    rank: int = _ATOM

    def __add__(self, other: Operand) -> Live:
        return _binary("+", operator.add, _ADD, self, other)

    def __radd__(self, other: Operand) -> Live:
        return _binary("+", operator.add, _ADD, other, self)

    def __sub__(self, other: Operand) -> Live:
        return _binary("-", operator.sub, _ADD, self, other)

    def __rsub__(self, other: Operand) -> Live:
        return _binary("-", operator.sub, _ADD, other, self)

    def __mul__(self, other: Operand) -> Live:
        return _binary("*", operator.mul, _TIMES, self, other)

    def __truediv__(self, other: Operand) -> Live:
        return _binary("/", operator.truediv, _TIMES, self, other)

    def __rtruediv__(self, other: Operand) -> Live:
        return _binary("/", operator.truediv, _TIMES, other, self)

    def __pow__(self, other: Operand) -> Live:
        return _binary("^", operator.pow, _POWER, self, other)

    def join(self, other: Operand) -> Live:
        """Return these words followed by others."""
        return _binary("&", lambda left, right: f"{left}{right}", _JOIN, self, other, words=True)

    def same_as(self, other: Operand) -> Live:
        """Return whether the two are equal."""
        return _binary("=", operator.eq, _COMPARE, self, other, words=True)

    def at_most(self, other: Operand) -> Live:
        """Return whether this is not above the other."""
        return _binary("<=", operator.le, _COMPARE, self, other)

    def above(self, other: Operand) -> Live:
        """Return whether this is above the other."""
        return _binary(">", operator.gt, _COMPARE, self, other)

    @property
    def formula(self) -> str:
        """What is written into the cell."""
        return f"={self.text}"

    @property
    def finished(self) -> float | str:
        """The value of a cell; a fault in the formula is told here and not to the reader of the file."""
        value = self.value
        if isinstance(value, tuple) or value == ERROR or (isinstance(value, float) and not math.isfinite(value)):
            raise InvariantError(f"The formula {self.formula} of the workbook has no value.")
        return value if isinstance(value, str) else float(value)


Operand = Live | float | str


def fixed(value: float | str) -> Live:
    """Return a constant as it stands in a formula.

    Examples
    --------
    >>> fixed(2.0).text, fixed("in").text
    ('2', '"in"')
    """
    if isinstance(value, str):
        return Live('"' + value.replace('"', '""') + '"', value)
    text = str(int(value)) if float(value).is_integer() and abs(value) < 1e15 else repr(float(value))
    return Live(text, float(value), _ATOM if value >= 0 else _ADD)


def when(condition: Live, then: Operand, otherwise: Operand) -> Live:
    """Return one of two values.

    Examples
    --------
    >>> when(Live("effect_low", 0.2).above(0), "settled", "not settled").text
    'IF(effect_low>0,"settled","not settled")'
    """
    yes, no = _live(then), _live(otherwise)
    value = ERROR if condition.value == ERROR else yes.value if condition.value else no.value
    return Live(f"IF({condition.text},{yes.text},{no.text})", value)


def one_of(choice: Live, cases: dict[str, Live]) -> Live:
    """Return the case that a switch names; the last one stands for every other word."""
    names = list(cases)
    found = cases[names[-1]]
    for name in reversed(names[:-1]):
        found = when(choice.same_as(name), cases[name], found)
    return found


def known(*figures: Live) -> Live:
    """Return whether every one of some cells holds a number."""
    parts = [f"ISNUMBER({figure.text})" for figure in figures]
    value = all(isinstance(figure.value, float) for figure in figures)
    return Live(parts[0] if len(parts) == 1 else f"AND({','.join(parts)})", value)


def if_known(figures: tuple[Live, ...], then: Operand) -> Live:
    """Return a figure where all it is made of is known, else the mark for not available."""
    return when(known(*figures), then, UNKNOWN)


def all_known(column: Live) -> Live:
    """Return whether every cell of a range holds a number."""
    values = _cells(column)
    counted = sum(isinstance(value, float) for value in values)
    return Live(f"COUNT({column.text})=ROWS({column.text})", counted == len(values), _COMPARE)


def add_up(*columns: Live) -> Live:
    """Return the sum over rows of the product of ranges; words count as 0 as in a spreadsheet.

    Examples
    --------
    >>> add_up(Live("share", (0.5, 0.5)), Live("worth", (100.0, 300.0))).value
    200.0
    """
    rows = zip(*(_cells(column) for column in columns), strict=True)
    products = (math.prod(0.0 if isinstance(cell, str) else float(cell) for cell in row) for row in rows)
    return Live(f"SUMPRODUCT({','.join(column.text for column in columns)})", math.fsum(products))


def smaller(first: Operand, second: Operand) -> Live:
    """Return the smaller of two figures."""
    return _call("MIN", min, _live(first), _live(second))


def larger(first: Operand, second: Operand) -> Live:
    """Return the larger of two figures."""
    return _call("MAX", max, _live(first), _live(second))


def pick(row: Live, choice: Live, choices: Live) -> Live:
    """Return the figure of a row of cells that stands under the chosen heading."""
    place = _cells(choices).index(choice.value) if choice.value in _cells(choices) else None
    value = ERROR if place is None else _cells(row)[place]
    return Live(f"INDEX({row.text},MATCH({choice.text},{choices.text},0))", value)


def shown(figure: Live, digits: int) -> Live:
    """Return a figure as words with so many decimals."""
    pattern = "0" if digits == 0 else "0." + "0" * digits
    value = f"{figure.value:.{digits}f}" if isinstance(figure.value, float) else figure.value
    return Live(f'TEXT({figure.text},"{pattern}")', value)


def _cells(column: Live) -> tuple[Scalar, ...]:
    return column.value if isinstance(column.value, tuple) else (column.value,)


def _live(value: Operand) -> Live:
    return value if isinstance(value, Live) else fixed(value)


def _call(name: str, function: Callable[..., Any], *parts: Live) -> Live:
    value = _scalar(function, *(part.value for part in parts), words=False)
    return Live(f"{name}({','.join(part.text for part in parts)})", value)


def _binary(
    sign: str, function: Callable[..., Any], rank: int, left: Operand, right: Operand, *, words: bool = False
) -> Live:
    first, second = _live(left), _live(right)
    # Operators of one rank are worked out from left to right, so what stands on the right needs its brackets.
    text = f"{_bracketed(first, rank)}{sign}{_bracketed(second, rank + 1)}"
    return Live(text, _applied(function, first.value, second.value, words), rank)


def _bracketed(part: Live, rank: int) -> str:
    return part.text if part.rank >= rank else f"({part.text})"


def _applied(function: Callable[..., Any], first: Value, second: Value, words: bool) -> Value:
    if not isinstance(first, tuple) and not isinstance(second, tuple):
        return _scalar(function, first, second, words=words)
    length = len(first) if isinstance(first, tuple) else len(second) if isinstance(second, tuple) else 0
    left = first if isinstance(first, tuple) else (first,) * length
    right = second if isinstance(second, tuple) else (second,) * length
    return tuple(_scalar(function, one, other, words=words) for one, other in zip(left, right, strict=True))


def _scalar(function: Callable[..., Any], *values: Value, words: bool) -> Scalar:
    if ERROR in values or (not words and any(isinstance(value, str) for value in values)):
        return ERROR
    try:
        result = function(*values)
    except (ZeroDivisionError, OverflowError):
        return ERROR
    return result if isinstance(result, (str, bool)) else float(result)
