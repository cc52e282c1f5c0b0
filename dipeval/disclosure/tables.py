"""Tables, lines and legends that may leave."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from dipeval.disclosure.rule import CONFIDENTIAL, NOT_APPLICABLE, DisclosureRule, is_small, release_count
from dipeval.errors import DisclosureError

if TYPE_CHECKING:
    import pandas as pd

_COUNTED = r"(?:rows?|people|persons?|records?|pairs?|tested|(?:index )?events?|tests?)\b"
# Before what is counted, with or without "of so many" between; and after it: "352 people of 406".
_COUNTS_IN_LINES = re.compile(
    rf"(?<![\w.,])\d[\d,]*(?= (?:of \d[\d,]* )?{_COUNTED})|(?:(?<=people of )|(?<=events of ))\d+(?:,\d{{3}})*\b"
)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class ReleasedTable:
    """A table that has passed the gate: every cell is finished text. Made by `release` only.

    Parameters
    ----------
    caption
        Title of the table.
    columns
        Headings.
    rows
        Cells as text.
    numeric
        Headings of the columns to be set right.
    notes
        Lines below the table.
    """

    caption: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    numeric: frozenset[str] = field(default=frozenset())
    notes: tuple[str, ...] = field(default=())


def release_line(line: str, rule: DisclosureRule) -> str:
    """Return a line of progress whose counts of people, rows and pairs are shown as a table would show them.

    Parameters
    ----------
    line
        Of the log.
    rule
        The rule in force.

    Returns
    -------
    str

    Examples
    --------
    >>> release_line("deaths: 3 rows, 352 of 406 people linked, 365 days", DisclosureRule())
    'deaths: [c] rows, 350 of 405 people linked, 365 days'
    """
    if not rule.protects:
        return line
    return _COUNTS_IN_LINES.sub(lambda found: release_count(float(found.group().replace(",", "")), rule), line)


def legend(cells: Sequence[str], rule: DisclosureRule) -> tuple[str, ...]:
    """Return what the marks among some cells mean, a line each; nothing for marks that do not occur.

    Parameters
    ----------
    cells
        Finished text.
    rule
        The rule in force.

    Returns
    -------
    tuple of str

    Examples
    --------
    >>> legend(["35", "[z]"], DisclosureRule())
    ('[z]: does not apply.',)
    """
    meanings = {
        CONFIDENTIAL: f"withheld, because it counts or rests on fewer than {rule.threshold} people (or on nobody)",
        NOT_APPLICABLE: "does not apply",
    }
    return tuple(f"{mark}: {words}." for mark, words in meanings.items() if any(mark in cell for cell in cells))


def release(
    frame: pd.DataFrame,
    *,
    rule: DisclosureRule,
    caption: str,
    counts: Sequence[str] = (),
    rests_on: Mapping[str, str | Sequence[str]] | None = None,
    formats: Mapping[str, Any] | None = None,
    labels: Mapping[str, str] | None = None,
    right: Sequence[str] = (),
    notes: Sequence[str] = (),
) -> ReleasedTable:
    """Pass a table through the gate.

    Parameters
    ----------
    frame
        One row a thing; numbers as numbers.
    rule
        The rule in force.
    caption
        Title of the table.
    counts
        Columns that count people: suppressed below the threshold, rounded otherwise.
    rests_on
        Column -> the count column (or columns) it rests on: withheld in the rows where such a count is small.
        The count columns may be absent from ``counts`` only if they are not to be shown; they are then dropped.
    formats
        Column -> function from a value to text, for the columns that are not counts.
    labels
        Column -> heading; default the column name.
    right
        Columns of figures that are text already, to be set right like the numbers.
    notes
        Lines below the table.

    Returns
    -------
    ReleasedTable

    Raises
    ------
    DisclosureError
        If under a protecting rule a numeric column is neither a count nor said to rest on one
        (``rests_on={column: ()}`` declares that a column rests on no one in particular).

    Examples
    --------
    >>> import pandas as pd
    >>> table = pd.DataFrame({"district": ["A", "B"], "people": [133, 4], "share": [0.4, 0.5]})
    >>> release(table, rule=DisclosureRule(), caption="Shares", counts=["people"], rests_on={"share": "people"}).rows
    (('A', '135', '0.4'), ('B', '[c]', '[c]'))
    """
    resting = {column: _as_tuple(on) for column, on in (rests_on or {}).items()}
    _refuse_undeclared(frame, rule, counts, resting)
    hidden = {name for on in resting.values() for name in on} - set(counts)
    shown = [column for column in frame.columns if column not in hidden]
    numeric = [column for column in shown if column in counts or column in right or _is_numeric(frame[column])]
    show = formats or {}
    rows = []
    for _, row in frame.iterrows():
        cells = []
        for column in shown:
            if column in counts:
                cells.append(release_count(row[column], rule))
            elif any(is_small(row[on], rule) for on in resting.get(column, ())):
                cells.append(CONFIDENTIAL)
            else:
                cells.append(str(show.get(column, _plain)(row[column])))
        rows.append(tuple(cells))
    heading = {column: (labels or {}).get(column, str(column)) for column in shown}
    return ReleasedTable(
        caption=caption,
        columns=tuple(heading[column] for column in shown),
        rows=tuple(rows),
        numeric=frozenset(heading[column] for column in numeric),
        notes=(*notes, *legend([cell for row in rows for cell in row], rule)),
    )


def _as_tuple(names: str | Sequence[str]) -> tuple[str, ...]:
    return (names,) if isinstance(names, str) else tuple(names)


def _is_numeric(column: pd.Series) -> bool:
    import pandas as pd

    return bool(pd.api.types.is_numeric_dtype(column) and not pd.api.types.is_bool_dtype(column))


def _plain(value: Any) -> str:
    return f"{value:g}" if isinstance(value, float) else str(value)


def _refuse_undeclared(
    frame: pd.DataFrame, rule: DisclosureRule, counts: Sequence[str], resting: Mapping[str, tuple[str, ...]]
) -> None:
    if not rule.protects:
        return
    named = set(counts) | set(resting) | {name for on in resting.values() for name in on}
    undeclared = [str(c) for c in frame.columns if c not in named and _is_numeric(frame[c])]
    if undeclared:
        raise DisclosureError(
            f"Columns {', '.join(undeclared)} hold numbers that are neither declared as counts nor said to rest on a "
            "count. Name them in counts= or rests_on= so that small numbers cannot leave through them."
        )
