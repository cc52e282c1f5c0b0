"""Faults as sentences: where, what, how often, what to do. A value is only ever shown as a pattern."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

import numpy as np

from dipeval.presenting import format_count

_SHOWN_ROWS = 3
_LONGEST_PATTERN = 40


def mask(value: object) -> str:
    """Return the pattern of a value: digits as 9, runs of letters as their number, plain punctuation kept.

    Parameters
    ----------
    value
        Any cell.

    Returns
    -------
    str

    Examples
    --------
    >>> mask("32/13/2024"), mask("O'Neil"), mask("LS1 4AP")
    ('99/99/9999', "[1 letter]'[4 letters]", '[2 letters]9 9[2 letters]')
    """
    parts: list[str] = []
    for run in re.findall(r"\d+|[^\W\d_]+|\s+|[^\w\s]+|_+", str(value)):
        if run[0].isdigit():
            parts.append("9" * len(run))
        elif run[0].isspace():
            parts.append(" ")
        elif any(sign.isalnum() for sign in run):
            parts.append(f"[{len(run)} letter{'' if len(run) == 1 else 's'}]")
        else:
            # Vowel signs of many scripts are no letters to Python: they would spell half a name.
            parts.append(run if run.isascii() else "?")
    pattern = ""
    for part in parts:
        if len(pattern) + len(part) > _LONGEST_PATTERN - 3:
            return pattern + "..."
        pattern += part
    return pattern


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Fault:
    """One kind of fault in one column of one file.

    Parameters
    ----------
    where
        The file.
    what
        What is wrong, without any value.
    remedy
        What to do.
    table
        The table.
    column
        The column, if there is one.
    rows
        Row numbers as a spreadsheet shows them (headings are row 1); empty for a fault of the whole file.
    pattern
        Pattern of the first faulty value, from `mask`.
    """

    where: str
    what: str
    remedy: str
    table: str = ""
    column: str = ""
    rows: np.ndarray = field(default_factory=lambda: np.array([], dtype=np.int64))
    pattern: str = ""

    @property
    def sentence(self) -> str:
        """The whole fault as one line for a reader."""
        rows = np.unique(self.rows)
        place = [self.where]
        place += [f"row {rows[0]}"] if len(rows) else []
        place += [f"column {self.column}"] if self.column else []
        found = f"'{self.pattern}' {self.what}" if self.pattern else self.what
        return f"{', '.join(place)}: {found}{_how_often(rows)}. {self.remedy}"

    @property
    def reason(self) -> str:
        """Why a row was dropped, for the attrition."""
        return f"{self.column} {self.what}" if self.column else self.what


def _how_often(rows: Sequence[int] | np.ndarray) -> str:
    if len(rows) < 2:
        return ""
    shown = ", ".join(str(row) for row in rows[:_SHOWN_ROWS])
    first = "first at" if len(rows) > _SHOWN_ROWS else "at"
    return f" - {format_count(len(rows))} rows, {first} {shown}"


def sentences(faults: Iterable[Fault]) -> list[str]:
    """Return the sentence of every fault, in the order given.

    Examples
    --------
    >>> sentences([Fault(where="deaths.csv", what="is empty", remedy="Send it again.")])
    ['deaths.csv: is empty. Send it again.']
    """
    return [fault.sentence for fault in faults]
