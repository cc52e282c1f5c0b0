"""The gate at the door: no table, count or curve leaves through a report without a rule applied to it.

Two profiles. ``threshold10`` (the default): a count of people below 10 is replaced by ``[c]`` together with every
statistic that rests on it, and every other count is rounded to the nearest 5, margins included, so that a
suppressed cell cannot be found exactly by subtraction. ``none`` is only for simulated data, or for data declared
public with a citation. Renderers accept `ReleasedTable` and `ReleasedText`, nothing else.

Source of the threshold: the rule of ten used by UK trusted research environments (UK LLC guidebook; ONS).
"""

from __future__ import annotations

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


@dataclass(frozen=True, slots=True, kw_only=True)
class DisclosureRule:
    """How counts are protected before anything is written.

    Parameters
    ----------
    profile
        ``threshold10`` or ``none``.
    threshold
        Smallest count of people that may be shown.
    rounding
        Counts are rounded half up to a multiple of this.
    data_status
        ``personal``, ``simulated`` or ``public``; ``none`` is refused for ``personal``.
    citation
        Where public data can be had; required for ``none`` on public data.

    Raises
    ------
    InputError
        If ``none`` is asked for and the data are neither simulated nor public with a citation.
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

    @property
    def protects(self) -> bool:
        """Whether counts are suppressed and rounded."""
        return self.profile != "none"

    def in_words(self) -> str:
        """Return the sentence that page one of a report prints about this rule."""
        if self.protects:
            return (
                f"Counts of fewer than {self.threshold} people, and the figures that rest on them, are shown as "
                f"{CONFIDENTIAL}; other counts are rounded to the nearest {self.rounding}."
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
        notes=tuple(notes),
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

    Steps are merged until each carries at least ``threshold`` events, the curve stops where fewer than
    ``threshold`` are at risk, and the counts shown are rounded.

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
    return pd.concat([_coarse(part, rule) for part in parts], ignore_index=True)


def _coarse(part: pd.DataFrame, rule: DisclosureRule) -> pd.DataFrame:
    kept, pending = [], 0.0
    for position, (at_risk, events) in enumerate(zip(part["n_at_risk"], part["n_events"], strict=True)):
        if at_risk < rule.threshold:
            break
        pending += events
        if position == 0 or pending >= rule.threshold:
            kept.append(position)
            pending = 0.0
    out = part.iloc[kept].copy()
    for column in ("n_at_risk", "n_events", "n_censored"):
        if column in out:
            out[column] = [rule.rounding * round_half_up(value / rule.rounding) for value in out[column]]
    return out
