"""Tables of measured indicators for the quarterly report: every cell is text that has passed the gate."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Final

import pandas as pd

from dipeval.disclosure import CONFIDENTIAL, ReleasedTable, is_small, release, release_count
from dipeval.indicators.measuring.frames import ALL_DISTRICTS, EVERYONE
from dipeval.report.blocks import Block, Folded, Table
from dipeval.report.quarterly import phrases
from dipeval.report.quarterly.released import figures

if TYPE_CHECKING:
    from dipeval.disclosure import DisclosureRule
    from dipeval.study.quarterly.result import QuarterlyResult

# So many districts stand side by side on a page; more stand below each other.
MOST_COLUMNS: Final = 5
PERIODS_SHOWN: Final = 8
_NUMBERS: Final = frozenset({"shown_n", "shown_of", "shown", "shown_interval"})
NO_FIGURE: Final = "Empty cells: nothing was counted."


def text_table(
    rows: pd.DataFrame,
    rule: DisclosureRule,
    *,
    caption: str,
    labels: dict[str, str],
    right: Sequence[str] = (),
    notes: Sequence[str] = (),
) -> ReleasedTable:
    """Return a table of finished text, its columns in the order of their headings."""
    return release(
        rows[list(labels)].astype(str), rule=rule, caption=caption, labels=labels, right=list(right), notes=notes
    )


def with_interval(row: Any) -> str:
    """Return a figure with its interval in brackets."""
    return f"{row['shown']} ({row['shown_interval']})" if _has_interval(row) else str(row["shown"])


def _has_interval(row: Any) -> bool:
    return bool(row["shown_interval"]) and row["shown_interval"] != CONFIDENTIAL


def latest_table(result: QuarterlyResult, rows: pd.DataFrame, *, caption: str) -> Table:
    """Return one row an indicator: the latest period, its count, its figure and interval.

    Parameters
    ----------
    result
        From ``QuarterlyReview.run()``.
    rows
        Of `released.figures`, one an indicator.
    caption
        Of the table.
    """
    shown = rows.assign(when=[phrases.period_words(period) for period in rows["period"]])
    labels = {
        "label": "Indicator",
        "when": "Period",
        "shown_n": "Counted",
        "shown_of": "Out of",
        "shown": "Figure",
        "shown_interval": "95% interval",
    }
    right = ("shown_n", "shown_of", "shown", "shown_interval")
    return Table(released=text_table(shown, result.rule, caption=caption, labels=labels, right=right))


def district_tables(result: QuarterlyResult, names: Sequence[str], *, title: str) -> list[Block]:
    """Return the latest figures by district; folded away where there are many districts.

    Parameters
    ----------
    result
        From ``QuarterlyReview.run()``.
    names
        Indicators.
    title
        Of the fold, or caption of the table.
    """
    rows = phrases.latest_told(figures(result, names=names))
    rows = rows[rows["district"] != ALL_DISTRICTS]
    if rows.empty or rows["district"].nunique() < 2:
        return []
    cells = rows.assign(cell=[with_interval(row) for row in rows.to_dict("records")])
    wide = cells.pivot(index="label", columns="district", values="cell").reindex(list(dict.fromkeys(rows["label"])))
    if wide.shape[1] <= MOST_COLUMNS:
        return [_wide(wide, result.rule, first="Indicator", caption=f"{title}: latest period, with 95% intervals")]
    parts = [list(wide.index[start : start + 3]) for start in range(0, len(wide), 3)]
    tables = tuple(
        _wide(wide.loc[part].T, result.rule, first="District", caption=f"{title}: {'; '.join(part)}") for part in parts
    )
    return [Folded(title=f"{title}, {wide.shape[1]} districts", blocks=tables)]


def _wide(wide: pd.DataFrame, rule: DisclosureRule, *, first: str, caption: str) -> Table:
    """Cells hold a figure and its interval: set left, so that they may run over two lines on a narrow page."""
    frame = wide.fillna("").reset_index()
    frame.columns = pd.Index([f"c{place}" for place in range(frame.shape[1])])
    labels = dict(zip(frame.columns, [first, *(str(name) for name in wide.columns)], strict=True))
    return Table(released=text_table(frame, rule, caption=caption, labels=labels))


def breakdown_tables(result: QuarterlyResult, names: Sequence[str], dimensions: Sequence[str]) -> list[Block]:
    """Return the whole place by breakdown in the latest period: a table a breakdown, folded away.

    Under-18s are left to their own section.

    Parameters
    ----------
    result
        From ``QuarterlyReview.run()``.
    names
        Indicators, in order.
    dimensions
        Breakdowns, in order; those that were not asked for are passed over.
    """
    blocks: list[Block] = []
    whole = [ALL_DISTRICTS] if result.district is None else [result.district]
    for dimension in dimensions:
        rows = phrases.latest_told(figures(result, names=names, districts=whole, dimension=dimension))
        rows = rows[(rows["group"] != EVERYONE) & (rows["group"] != "under 18")]
        if rows.empty:
            continue
        shown = rows.assign(
            group_label=[phrases.group_words(group) for group in rows["group"]],
            when=[phrases.period_words(period) for period in rows["period"]],
        )
        labels = {
            "label": "Indicator",
            "group_label": phrases.DIMENSIONS.get(dimension, dimension),
            "when": "Period",
            "shown_n": "Counted",
            "shown_of": "Out of",
            "shown": "Figure",
            "shown_interval": "95% interval",
        }
        labels, title = _without_empty(shown, labels, f"By {labels['group_label'].lower()}")
        right = _NUMBERS & labels.keys()
        notes = ("A person can name several drugs: these rows overlap.",) if dimension == "substance" else ()
        table = text_table(shown, result.rule, caption=title, labels=labels, right=sorted(right), notes=notes)
        blocks.append(Folded(title=title, blocks=(Table(released=table),)))
    return blocks


def _without_empty(shown: pd.DataFrame, labels: dict[str, str], title: str) -> tuple[dict[str, str], str]:
    """Headings of the columns that say anything, and the title: what is the same in every row is said there once."""
    empty = {name for name in _NUMBERS & labels.keys() if not shown[name].astype(str).str.strip().any()}
    when = shown["when"].unique()
    if len(when) == 1 and len(shown) > 1:
        empty, title = empty | {"when"}, f"{title}, {when[0]}"
    return {name: head for name, head in labels.items() if name not in empty}, title


def trend_tables(result: QuarterlyResult, names: Sequence[str]) -> list[Block]:
    """Return the last periods of each indicator for the whole place, folded away."""
    whole = [ALL_DISTRICTS] if result.district is None else [result.district]
    periods = list(result.periods)[-PERIODS_SHOWN:]
    rows = figures(result, names=names, districts=whole, periods=periods)
    tables = []
    for label, part in rows.groupby("label", sort=False):
        shown = part.assign(when=[phrases.period_words(period) for period in part["period"]])
        labels = {
            "when": "Period",
            "shown_n": "Counted",
            "shown_of": "Out of",
            "shown": "Figure",
            "shown_interval": "95% interval",
        }
        labels, title = _without_empty(shown, labels, str(label))
        right = sorted(_NUMBERS & labels.keys())
        tables.append(Table(released=text_table(shown, result.rule, caption=title, labels=labels, right=right)))
    return [Folded(title=f"The last {len(periods)} periods", blocks=tuple(tables))] if tables else []


def count_text(count: float, people: float, rule: DisclosureRule) -> str:
    """Return a count of records as it may be shown, by the people behind it."""
    return CONFIDENTIAL if is_small(people, rule) else release_count(count, rule)
