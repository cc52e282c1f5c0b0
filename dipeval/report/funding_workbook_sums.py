"""Formulas that the funding workbook needs beside those of every workbook: whole pence, places, sums within bounds."""

from __future__ import annotations

import math
from collections.abc import Callable
from fractions import Fraction

from dipeval.indicators.funding.dividing import NUDGE, PARTS
from dipeval.report.workbook_live import ERROR, Live, fixed

# Where pounds turn into pence, digits beyond the sixth are those of the computer.
_DIGITS = 6


def total(column: Live) -> Live:
    """Return the sum of a range; blank cells and words count as nothing."""
    values = column.value if isinstance(column.value, tuple) else (column.value,)
    return Live(f"SUM({column.text})", math.fsum(value for value in values if isinstance(value, float)))


def largest(column: Live) -> Live:
    """Return the largest figure of a range."""
    values = column.value if isinstance(column.value, tuple) else (column.value,)
    return Live(f"MAX({column.text})", max(value for value in values if isinstance(value, float)))


def nearest(figure: Live, digits: int = 0) -> Live:
    """Return a figure rounded half up.

    Examples
    --------
    >>> nearest(Live("budget", 0.125) * 100).text, nearest(Live("budget", 0.125) * 100).value
    ('ROUND(budget*100,0)', 13.0)
    """
    return _of(figure, f"ROUND({figure.text},{digits})", lambda value: _half_up(value, digits))


def up(figure: Live) -> Live:
    """Return a figure rounded up to a whole one, but for the computer's last digits."""
    inner = nearest(figure, _DIGITS)
    return _of(inner, f"ROUNDUP({inner.text},0)", math.ceil)


def down(figure: Live) -> Live:
    """Return a figure rounded down to a whole one, but for the computer's last digits."""
    inner = nearest(figure, _DIGITS)
    return _of(inner, f"ROUNDDOWN({inner.text},0)", math.floor)


def whole(figure: Live) -> Live:
    """Return a figure with what stands behind the point cut off."""
    return _of(figure, f"INT({figure.text})", math.floor)


def thousandths(pence: Live) -> Live:
    """Return pence in whole thousandths, cut where the result cuts them."""
    return whole(pence * PARTS + fixed(float(NUDGE)))


def place_in_queue(own: Live, rest: Live, number: Live, numbers: Live) -> Live:
    """Return the place of a remainder among all, the largest first, equal ones by their number.

    Examples
    --------
    >>> rest, numbers = Live("rest", (5.0, 7.0, 5.0)), Live("numbers", (1.0, 2.0, 3.0))
    >>> place_in_queue(Live("A3", 5.0), rest, Live("B3", 3.0), numbers).value
    3.0
    """
    assert isinstance(rest.value, tuple)
    assert isinstance(numbers.value, tuple)
    ahead = [
        float(other) > float(own.value) or (other == own.value and float(one) < float(number.value))  # type: ignore[arg-type]
        for other, one in zip(rest.value, numbers.value, strict=True)
    ]
    text = f"RANK({own.text},{rest.text})+SUMPRODUCT(({rest.text}={own.text})*({numbers.text}<{number.text}))"
    return Live(text, float(1 + ahead.count(True)), 3)


def given_out(factor: Live, need: Live, least: Live, most: Live) -> Live:
    """Return what a factor gives out: over all rows, the factor times the need, kept between least and most."""
    columns = [column.value for column in (need, least, most)]
    assert isinstance(factor.value, float)
    rows = zip(*(column if isinstance(column, tuple) else (column,) for column in columns), strict=True)
    value = math.fsum(max(float(low), min(float(high), factor.value * float(share))) for share, low, high in rows)
    by_need = f"{factor.text}*{need.text}"
    free = f"({by_need}>{least.text})*({by_need}<{most.text})*{by_need}"
    at_most = f"({by_need}>{least.text})*({by_need}>={most.text})*{most.text}"
    return Live(f"SUMPRODUCT(({by_need}<={least.text})*{least.text}+{at_most}+{free})", value)


def count_where_above(first: Live, second: Live) -> Live:
    """Return in how many rows one range is above another."""
    assert isinstance(first.value, tuple)
    assert isinstance(second.value, tuple)
    found = [float(one) > float(other) for one, other in zip(first.value, second.value, strict=True)].count(True)
    return Live(f"SUMPRODUCT(({first.text}>{second.text})*1)", float(found))


def in_pounds(figure: Live) -> Live:
    """Return pounds as words with thousands and pence.

    Examples
    --------
    >>> in_pounds(Live("budget", 1250.5)).value
    '1,250.50'
    """
    value = f"{figure.value:,.2f}" if isinstance(figure.value, float) else ERROR
    return Live(f'TEXT({figure.text},"#,##0.00")', value)


def _of(figure: Live, text: str, function: Callable[[float], float]) -> Live:
    value = figure.value
    return Live(text, float(function(value)) if isinstance(value, float) else ERROR)


def _half_up(value: float, digits: int) -> float:
    scaled = Fraction(repr(value)) * 10**digits
    return float(Fraction(math.floor(abs(scaled) + Fraction(1, 2)), 10**digits)) * (-1 if value < 0 else 1)
