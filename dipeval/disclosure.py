"""The gate at the door: no table, count or curve leaves through a report without a rule applied to it.

Two profiles. ``threshold10`` (the default): a count of people below 10 is replaced by ``[c]`` together with every
statistic that rests on it, and every other count is rounded to the nearest 5, margins included, so that a
suppressed cell cannot be found exactly by subtraction. ``none`` is only for simulated data, or for data declared
public with a citation. Renderers accept `ReleasedTable`, nothing else. A share shown more finely than one person in
the group gives the exact counts back by division, so protected percentages are whole numbers until they rest on 1,000.

Source of the threshold: the rule of ten used by UK trusted research environments (UK LLC guidebook; ONS).
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from dipeval.errors import DisclosureError, InputError
from dipeval.presenting import format_count, round_half_up

if TYPE_CHECKING:
    import pandas as pd

CONFIDENTIAL = "[c]"
NOT_APPLICABLE = "[z]"
PROFILES = ("threshold10", "none")
_DATA_STATUS_FOR_NONE = ("simulated", "public")
LEAST_THRESHOLD, LEAST_ROUNDING = 10, 5
# From so many people on, a tenth of a percent still stands for a person.
FINE_SHARES_FROM = 1000
_COUNTED = r"(?:rows?|people|persons?|records?|pairs?|tested|(?:index )?events?|tests?)\b"
# Before what is counted, with or without "of so many" between; and after it: "352 people of 406".
_COUNTS_IN_LINES = re.compile(
    rf"(?<![\w.,])\d[\d,]*(?= (?:of \d[\d,]* )?{_COUNTED})|(?:(?<=people of )|(?<=events of ))\d+(?:,\d{{3}})*\b"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class DisclosureRule:
    """How counts are protected before anything is written.

    Parameters
    ----------
    profile
        ``threshold10`` or ``none``.
    threshold
        Smallest count of people that may be shown; at least 10 for personal data.
    rounding
        Counts are rounded half up to a multiple of this; at least 5 for personal data.
    data_status
        ``personal``, ``simulated`` or ``public``; ``none`` is refused for ``personal``.
    citation
        Where public data can be had; required for ``none`` on public data.

    Raises
    ------
    InputError
        If ``none`` is asked for and the data are neither simulated nor public with a citation, or if the threshold or
        the rounding would protect personal data less than the profile's name says.
    """

    profile: str = "threshold10"
    threshold: int = 10
    rounding: int = 5
    data_status: str = "personal"
    citation: str = ""

    def __post_init__(self) -> None:
        if self.profile not in PROFILES:
            raise InputError(f"Disclosure profile '{self.profile}' is not known; use one of {', '.join(PROFILES)}.")
        if self.threshold < 1 or self.rounding < 1:
            raise InputError("The disclosure threshold and rounding must be whole numbers of at least 1.")
        if self.profile != "none":
            self._refuse_weaker()
            return
        if self.data_status not in _DATA_STATUS_FOR_NONE:
            raise InputError(
                "Disclosure profile 'none' is only for simulated data or public data with a citation; "
                "these data are declared 'personal'. Use profile 'threshold10'."
            )
        if self.data_status == "public" and not self.citation.strip():
            raise InputError(
                "Disclosure profile 'none' on public data needs a citation: say where the data can be had."
            )

    def _refuse_weaker(self) -> None:
        """A threshold of 1 would be profile 'none' by another name."""
        weaker = self.threshold < LEAST_THRESHOLD or self.rounding < LEAST_ROUNDING
        if weaker and self.data_status not in _DATA_STATUS_FOR_NONE:
            raise InputError(
                f"Personal data need a disclosure threshold of at least {LEAST_THRESHOLD} and a rounding of at least "
                f"{LEAST_ROUNDING}; found {self.threshold} and {self.rounding}. Stricter is possible, weaker is not."
            )

    @property
    def protects(self) -> bool:
        """Whether counts are suppressed and rounded."""
        return self.profile != "none"

    def in_words(self) -> str:
        """Return the sentence that page one of a report prints about this rule."""
        if self.protects:
            return (
                f"Counts of fewer than {self.threshold} people, and the figures that rest on them, are shown as "
                f"{CONFIDENTIAL}; other counts are rounded to the nearest {self.rounding}, and percentages to whole "
                f"numbers where they rest on fewer than {format_count(FINE_SHARES_FROM)} people."
            )
        if self.data_status == "simulated":
            return "No disclosure control is applied: the data are simulated and no real person is in them."
        return f"No disclosure control is applied: the data are public ({self.citation})."


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


def release_count(count: float, rule: DisclosureRule) -> str:
    """Return one count of people as text that may be shown.

    Parameters
    ----------
    count
        Number of people (or of records that stand for people).
    rule
        The rule in force.

    Returns
    -------
    str
        The rounded count, or ``[c]``.

    Examples
    --------
    >>> release_count(7, DisclosureRule()), release_count(133, DisclosureRule())
    ('[c]', '135')
    """
    return format_count(count) if not rule.protects else _protected(count, rule)


def _protected(count: float, rule: DisclosureRule) -> str:
    if is_small(count, rule):
        return CONFIDENTIAL
    return format_count(rule.rounding * round_half_up(count / rule.rounding))


def is_small(count: float, rule: DisclosureRule) -> bool:
    """Say whether a figure that rests on this many people must be withheld."""
    import pandas as pd

    return bool(rule.protects and (pd.isna(count) or count < rule.threshold))


def share_digits(smallest: float, rule: DisclosureRule) -> int:
    """Return the decimals in which a percentage may be shown.

    Parameters
    ----------
    smallest
        Smallest count of people it rests on.
    rule
        The rule in force.

    Returns
    -------
    int
        1; under a protecting rule 0 until the percentage rests on 1,000 people.

    Examples
    --------
    >>> share_digits(80, DisclosureRule()), share_digits(4_000, DisclosureRule())
    (0, 1)
    """
    return 0 if rule.protects and not smallest >= FINE_SHARES_FROM else 1


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


def release_curve(frame: pd.DataFrame, *, rule: DisclosureRule, group: str | None = "group") -> pd.DataFrame:
    """Coarsen a survival curve so that no step tells of fewer people than the rule allows.

    Steps are merged until each carries at least ``threshold`` events, the last with what is left over; the curve stops
    where fewer than ``threshold`` are at risk, and the counts shown are rounded. A group with fewer than ``threshold``
    events has no step that could be shown: it is left out.

    Parameters
    ----------
    frame
        Columns ``time_days``, ``estimate``, ``conf_low``, ``conf_high``, ``n_at_risk``, ``n_events`` and, if
        ``group`` is given, that column; one row a time, in time order within group.
    rule
        The rule in force.
    group
        Column that tells the curves apart, or None.

    Returns
    -------
    pandas.DataFrame
        The same columns, fewer rows; under profile ``none`` a copy.
    """
    import pandas as pd

    if not rule.protects:
        return frame.copy()
    parts = [frame] if group is None else [part for _, part in frame.groupby(group, sort=False)]
    shown = [part for part in (_coarse(part, rule) for part in parts) if not part.empty]
    return pd.concat(shown, ignore_index=True) if shown else frame.iloc[:0].copy()


def _coarse(part: pd.DataFrame, rule: DisclosureRule) -> pd.DataFrame:
    at_risk = part["n_at_risk"].to_numpy()
    few = at_risk < rule.threshold
    followed = int(few.argmax()) if few.any() else len(part)
    kept, pending = [], 0.0
    for position, events in enumerate(part["n_events"].to_numpy()[:followed]):
        pending += events
        if position == 0 or pending >= rule.threshold:
            kept.append(position)
            pending = 0.0
    if len(kept) < 2:
        kept = []
    elif pending:
        # What is left over joins the last step, so that the curve ends where the estimates of the effect do.
        kept[-1] = followed - 1
    out = part.iloc[kept].copy()
    for column in ("n_at_risk", "n_events", "n_censored"):
        if column in out:
            out[column] = [rule.rounding * round_half_up(value / rule.rounding) for value in out[column]]
    return out
