"""results.csv: every figure of the quarterly report that may be shown, one row each, for Power BI or Excel."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any, Final

from dipeval.disclosure import CONFIDENTIAL
from dipeval.report.quarterly import charted, compared, shared_out, turning_18
from dipeval.report.quarterly.released import figures

if TYPE_CHECKING:
    from dipeval.study.quarterly.result import QuarterlyResult

COLUMNS: Final = (
    "section", "indicator", "label", "district", "period", "dimension", "group", "numerator", "denominator",
    "estimate", "conf_low", "conf_high", "unit", "interval", "target", "target_met", "status", "owner", "note",
)  # fmt: skip
Row = Mapping[str, Any]


def results_csv(result: QuarterlyResult) -> str:
    """Return the tidy results as CSV text, every row passed through the disclosure rule.

    Parameters
    ----------
    result
        From ``QuarterlyReview.run()``.

    Returns
    -------
    str
        Columns as in `COLUMNS`; ``[c]`` where a figure rests on too few people.
    """
    out = io.StringIO()
    writer = csv.DictWriter(out, COLUMNS, lineterminator="\n", restval="", extrasaction="ignore")
    writer.writeheader()
    for row in all_rows(result):
        writer.writerow(row)
    return out.getvalue()


def all_rows(result: QuarterlyResult) -> Iterator[Row]:
    """Yield every row: indicators, charts, comparisons of districts, money, people."""
    yield from _indicators(result)
    yield from charted.tidy(result)
    yield from compared.tidy(result)
    yield from shared_out.tidy(result)
    yield from people(result)


def people(result: QuarterlyResult) -> Iterator[Row]:
    """Yield the rows of what is counted of people beside the indicators."""
    yield from turning_18.tidy(result)


def _indicators(result: QuarterlyResult) -> Iterator[Row]:
    dictionary = result.indicators.dictionary().set_index("name")
    questions = dictionary["question"].to_dict()
    for row in figures(result, dimension=None).to_dict("records"):
        hidden = bool(row["hidden"])
        told = hidden or row["status"] == "ok"
        shown = {name: "" if not told else _number(row[name], hidden) for name in ("estimate", "conf_low", "conf_high")}
        if row["interval"] in ("none", "") and not hidden:
            shown |= {"conf_low": "", "conf_high": ""}
        counts = {
            "numerator": _count(row["numerator"], row["shown_n"], told),
            "denominator": _count(row["denominator"], row["shown_of"], told),
        }
        target = "" if row["target"] != row["target"] else number(row["target"])
        yield {
            **{str(name): value for name, value in row.items() if name in COLUMNS},
            **shown,
            **counts,
            "section": questions.get(row["indicator"], ""),
            "target": target,
            "target_met": row["shown_met"],
            "status": "withheld" if hidden else row["status"],
        }


def _count(value: float, shown: str, told: bool) -> str:
    if not told or not shown:
        return ""
    return CONFIDENTIAL if shown == CONFIDENTIAL else number(value)


def _number(value: float, hidden: bool) -> str:
    return CONFIDENTIAL if hidden else "" if value != value else number(value)


def number(value: float) -> str:
    """Return a number as text: the last bits differ between machines; twelve decimals do not.

    Examples
    --------
    >>> number(0.1 + 0.2), number(35.0), number(float("nan"))
    ('0.3', '35.0', '')
    """
    return "" if value != value else repr(round(float(value), 12) + 0.0)
