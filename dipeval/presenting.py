"""How results are shown: `Summary`, the HTML mixin and the one number formatter.

Rounding is half up (12.5 becomes 13), p-values below 0.001 are shown as ``<0.001``, minus signs are real minus
signs and thousands have commas. Nothing here prints, and nothing here decides what may be released: that is
`dipeval.disclosure`.
"""

from __future__ import annotations

import html
import math
from collections.abc import Iterable
from dataclasses import dataclass, field
from decimal import ROUND_HALF_UP, Decimal
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    import pandas as pd

MINUS = "\N{MINUS SIGN}"
NOT_AVAILABLE = "[x]"


def round_half_up(value: float, digits: int = 0) -> float:
    """Round half away from zero, as readers of official statistics expect.

    Parameters
    ----------
    value
        A finite number.
    digits
        Decimal places to keep.

    Returns
    -------
    float

    Examples
    --------
    >>> round_half_up(12.5), round_half_up(0.125, 2), round_half_up(-2.5)
    (13.0, 0.13, -3.0)
    """
    if abs(value) >= 2.0**53:  # a number so large holds no decimals
        return float(value)
    quantum = Decimal(1).scaleb(-digits)
    return float(Decimal(repr(float(value))).quantize(quantum, rounding=ROUND_HALF_UP))


def _missing(value: Any) -> bool:
    return value is None or (isinstance(value, float) and not math.isfinite(value)) or value != value


def format_number(value: float | None, digits: int = 2) -> str:
    """Show a number with fixed decimals, thousands commas and a real minus sign.

    Parameters
    ----------
    value
        The number; missing or infinite gives ``[x]`` (not available).
    digits
        Decimal places shown.

    Returns
    -------
    str

    Examples
    --------
    >>> format_number(1234.5, 1), format_number(-0.04, 1), format_number(None)
    ('1,234.5', '0.0', '[x]')
    """
    if value is None or _missing(float(value)):
        return NOT_AVAILABLE
    rounded = round_half_up(float(value), digits)
    text = f"{abs(rounded):,.{digits}f}"
    return MINUS + text if rounded < 0 else text


def format_count(value: float | None) -> str:
    """Show a whole number with thousands commas.

    Examples
    --------
    >>> format_count(21410356)
    '21,410,356'
    """
    return format_number(value, 0)


def format_percent(share: float | None, digits: int = 1) -> str:
    """Show a share as a percentage.

    Examples
    --------
    >>> format_percent(0.1235)
    '12.4%'
    """
    text = format_number(None if share is None else 100 * share, digits)
    return text if text == NOT_AVAILABLE else text + "%"


def format_points(share: float | None, digits: int = 1) -> str:
    """Show a difference of two shares in percentage points.

    Examples
    --------
    >>> format_points(-0.0567)
    '−5.7 percentage points'
    """
    text = format_number(None if share is None else 100 * share, digits)
    return text if text == NOT_AVAILABLE else text + " percentage points"


def format_money(value: float | None, digits: int = 0) -> str:
    """Show pounds.

    Examples
    --------
    >>> format_money(-1250.4)
    '−£1,250'
    """
    text = format_number(value, digits)
    if text == NOT_AVAILABLE:
        return text
    return f"{MINUS}£{text[1:]}" if text.startswith(MINUS) else f"£{text}"


def format_p(value: float | None) -> str:
    """Show a p-value: three decimals, never ``0.000``.

    Examples
    --------
    >>> format_p(0.00004), format_p(0.0567)
    ('<0.001', '0.057')
    """
    if value is None or _missing(float(value)):
        return NOT_AVAILABLE
    return "<0.001" if value < 0.001 else format_number(value, 3)


def format_interval(low: float | None, high: float | None, digits: int = 2) -> str:
    """Show an interval in words, so that minus signs cannot be misread as dashes.

    Examples
    --------
    >>> format_interval(-0.5, 1)
    '−0.50 to 1.00'
    """
    return f"{format_number(low, digits)} to {format_number(high, digits)}"


def format_chance(share: float) -> str:
    """Show a chance in whole per cent, never as certain where it is not.

    Examples
    --------
    >>> format_chance(0.234), format_chance(0.002), format_chance(0.9999), format_chance(0.0)
    ('23%', 'under 1%', 'over 99%', '0%')
    """
    share = round(share, 12)
    if 0 < share < 0.01:
        return "under 1%"
    if 0.99 < share < 1:
        return "over 99%"
    return format_percent(share, 0)


def three_figures(value: float) -> float:
    """Return a figure with three significant digits: more would claim a precision that it does not have.

    Examples
    --------
    >>> three_figures(-864_493.2), three_figures(0.12345)
    (-864000.0, 0.123)
    """
    return float(f"{value:.3g}")


def and_join(words: Iterable[str]) -> str:
    """Return words as a list in a sentence.

    Examples
    --------
    >>> and_join(["testing", "contact", "treatment"])
    'testing, contact and treatment'
    """
    found = list(words)
    return " and ".join([", ".join(found[:-1]), found[-1]]) if len(found) > 1 else "".join(found)


def _cell(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        return NOT_AVAILABLE if _missing(value) else f"{value:,.4g}"
    return html.escape(str(value))


def html_table(frame: pd.DataFrame, caption: str = "") -> str:
    """Render a frame as a plain accessible HTML table: caption, column and row scopes, no index.

    Parameters
    ----------
    frame
        What to show; the first column becomes the row headings.
    caption
        Title of the table.

    Returns
    -------
    str
        A ``<table>`` element.
    """
    head = "".join(f'<th scope="col">{html.escape(str(name))}</th>' for name in frame.columns)
    rows = []
    for values in frame.itertuples(index=False):
        cells = [f'<th scope="row">{_cell(values[0])}</th>'] if len(values) else []
        cells += [f"<td>{_cell(value)}</td>" for value in values[1:]]
        rows.append(f"<tr>{''.join(cells)}</tr>")
    title = f"<caption>{html.escape(caption)}</caption>" if caption else ""
    return f"<table>{title}<thead><tr>{head}</tr></thead><tbody>{''.join(rows)}</tbody></table>"


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Summary:
    """What a result says for itself: a title, one plain-English headline, a table, notes. It never prints.

    Parameters
    ----------
    title
        What this is.
    headline
        One sentence a non-specialist can quote.
    table
        Display table (a fresh copy is handed out by `to_frame`).
    notes
        Method, estimand, who was dropped, cautions.
    """

    title: str
    headline: str
    table: pd.DataFrame
    notes: tuple[str, ...] = field(default=())

    def to_frame(self) -> pd.DataFrame:
        """Return a copy of the display table."""
        return self.table.copy()

    def __str__(self) -> str:
        lines = [self.title, self.headline, "", self.table.to_string(index=False)]
        lines += ["", *(f"- {note}" for note in self.notes)] if self.notes else []
        return "\n".join(lines)

    def _repr_html_(self) -> str:
        notes = "".join(f"<li>{html.escape(note)}</li>" for note in self.notes)
        body = f"<p><strong>{html.escape(self.headline)}</strong></p>{html_table(self.table, self.title)}"
        return body + (f"<ul>{notes}</ul>" if notes else "")


class _Summarised(Protocol):
    def summary(self) -> Summary: ...


class HtmlMixin:
    """Gives a result with a ``summary()`` its HTML view in notebooks."""

    __slots__ = ()

    def _repr_html_(self: _Summarised) -> str:
        return self.summary()._repr_html_()
