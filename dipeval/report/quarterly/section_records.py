"""Are the records good enough: minimum standards with pass or fail, how late records come, what is missing."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import pandas as pd

from dipeval.disclosure import CONFIDENTIAL, is_small
from dipeval.presenting import format_number, format_percent
from dipeval.report.blocks import Block, Folded, Points, Section, Table, Text
from dipeval.report.quarterly import phrases, tables

if TYPE_CHECKING:
    from dipeval.disclosure import DisclosureRule
    from dipeval.study.quarterly.result import QuarterlyResult

LEAD: Final = (
    "A figure is as good as the records it is counted from. A period that a district did not send looks like a period "
    "in which nothing happened there."
)
PASSED: Final = "Every check of the records is passed."


def failed(result: QuarterlyResult) -> pd.DataFrame:
    """Return the checks that are not passed, for the district of this view or for all.

    Parameters
    ----------
    result
        From ``QuarterlyReview.run()``.
    """
    frame = _own(result)
    return frame[~frame["passed"].fillna(True).astype(bool)].reset_index(drop=True)


def _own(result: QuarterlyResult) -> pd.DataFrame:
    frame = result.quality.copy()
    if result.district is not None and "district" in frame:
        named = frame["district"].fillna("").astype(str)
        frame = frame[named.isin([result.district, "", "all districts"])]
    return frame.reset_index(drop=True)


def line(row: Any, rule: DisclosureRule) -> str:
    """Return one failed check in a line."""
    where = [str(row.get(name) or "") for name in ("district", "period")]
    place = ", ".join(word for word in where if word and word != "nan")
    value, wanted = _value(row, "value", rule), _value(row, "wanted", rule)
    figures = f": {value}" if value else ""
    most = "" if not wanted else " (wanted: none)" if wanted == "0" else f" (wanted: at most {wanted})"
    return f"{_label(row)}{f' ({place})' if place else ''}{figures}{most}."


def _label(row: Any) -> str:
    text = str(row["label"])
    column = str(row.get("column") or "").replace("_", " ")
    table = str(row.get("table") or "").replace("_", " ")
    what = ": ".join(word for word in (table, column) if word)
    return f"{text}, {what}" if what else text


def _value(row: Any, name: str, rule: DisclosureRule) -> str:
    value, n = row.get(name), row.get("n")
    if value is None or pd.isna(value):
        return ""
    unit = str(row.get("unit") or "")
    counted = name == "value" and unit == "share"
    # A share tells of as many records as it rests on: of a known number, 1% is a small count.
    if counted and n is not None and not pd.isna(n) and _few(float(value), float(n), rule):
        return CONFIDENTIAL
    return format_percent(float(value), 0) if unit == "share" else format_number(float(value), 0)


def _few(share: float, n: float, rule: DisclosureRule) -> bool:
    behind, rest = share * n, (1 - share) * n
    return is_small(n, rule) or any(part > 0 and is_small(part, rule) for part in (behind, rest))


def _passed(value: Any) -> str:
    return "" if pd.isna(value) else "yes" if value else "no"


def records(result: QuarterlyResult) -> Section:
    """Return the section on the records.

    Parameters
    ----------
    result
        From ``QuarterlyReview.run()``.

    Returns
    -------
    Section
    """
    own, bad = _own(result), failed(result)
    blocks: list[Block] = [Text(paragraphs=(LEAD,))]
    if own.empty:
        blocks.append(Text(paragraphs=(phrases.NOTHING_TOLD,)))
    elif bad.empty:
        blocks.append(Text(paragraphs=(PASSED,)))
    else:
        said = f"{len(bad)} of {len(own)} checks of the records {'is' if len(bad) == 1 else 'are'} not passed."
        lines = [line(row, result.rule) for row in bad.to_dict("records")]
        blocks += [Text(paragraphs=(said,)), Points(items=phrases.few_of(lines, most=12, where="the table below"))]
    if len(own):
        blocks.append(Folded(title="Every check", blocks=(_table(own, result),)))
    return Section(title="Are the records good enough?", anchor="records", blocks=tuple(blocks))


def _table(own: pd.DataFrame, result: QuarterlyResult) -> Table:
    rows = own.to_dict("records")
    shown = pd.DataFrame(
        {
            "label": [str(row["label"]) for row in rows],
            "column": [str(row.get("column") or "").replace("_", " ") for row in rows],
            "table": [str(row.get("table") or "").replace("_", " ") for row in rows],
            "district": [str(row.get("district") or "") for row in rows],
            "period": [str(row.get("period") or "") for row in rows],
            "value": [_value(row, "value", result.rule) for row in rows],
            "wanted": [_value(row, "wanted", result.rule) for row in rows],
            "passed": [_passed(row["passed"]) for row in rows],
        }
    )
    labels = {
        "label": "Check",
        "table": "Records",
        "column": "Column",
        "district": "District",
        "period": "Period",
        "value": "Found",
        "wanted": "At most",
        "passed": "Passed",
    }
    return Table(
        released=tables.text_table(
            shown, result.rule, caption="Checks of the records", labels=labels, right=("value", "wanted")
        )
    )
