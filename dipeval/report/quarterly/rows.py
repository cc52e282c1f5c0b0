"""results.csv: every figure of the quarterly report that may be shown, one row each, for Power BI or Excel."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Mapping
from functools import cache
from typing import TYPE_CHECKING, Any, Final

from dipeval.disclosure import CONFIDENTIAL
from dipeval.indicators.measuring.periods import span
from dipeval.report.quarterly import ages, charted, compared, entry_points, shared_out, turning_18
from dipeval.report.quarterly.released import figures

if TYPE_CHECKING:
    from dipeval.study.quarterly.result import QuarterlyResult

# Column -> what it holds; the notes of the workbook say it too.
MEANINGS: Final[Mapping[str, str]] = {
    "section": "Part of the report: entry, onward, reoffending, frequent, resources, own; change (control charts), "
    "districts (funnels), young, funding, testing_funding, funders.",
    "indicator": "Name that stays the same from report to report. With section, district, period, dimension and group "
    "it names a row: no two rows share them.",
    "label": "The same in words.",
    "district": "District, or all districts (people counted once).",
    "period": "2013-Q2 (April to June 2013), 2013-04, a financial year 2013-14, or several periods together.",
    "period_from": "First day of the period, as 2013-04-01; empty where the row is about no one period.",
    "period_to": "Last day of the period.",
    "dimension": "Breakdown: age_group, offence_class, substance, ...; empty for everyone.",
    "group": "Group of the breakdown; everyone without one. Rows by substance overlap.",
    "numerator": "What was counted.",
    "denominator": "Out of what; 1 where nothing is divided.",
    "estimate": "The figure. Shares are numbers between 0 and 1. In section change: what was expected.",
    "conf_low": "Lower end of the interval, or lower control limit.",
    "conf_high": "Upper end of the interval, or upper control limit.",
    "unit": "What the figure counts; share (0 to 1) for percentages.",
    "interval": "How the 95% interval was made: Wilson (shares), exact Poisson (counts), Fay-Feuer (counts of which "
    "one person can have several), order statistics (medians), or control limits with the kind of chart.",
    "target": "The target, in the unit of the figure.",
    "target_met": "met, missed, not settled (the interval holds the target), or empty.",
    "status": "ok; too_early (people not followed for long enough); no_units (nobody to count from); not_recorded; "
    "withheld (few people: [c] in place of figures); signal or no signal in section change.",
    "owner": "Who answers for it.",
    "note": "Signals by rule, the place against the limits of chance, or what an amount is held by.",
}
COLUMNS: Final = tuple(MEANINGS)
# What cannot be told is said once an indicator and place, not again for every group.
_SILENT: Final = ("too_early", "no_units", "not_recorded", "part_period")
_DAYS: Final = ("period_from", "period_to")
_SHARE: Final = "share (0 to 1)"
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
        unit = _SHARE if row.get("unit") == "%" else row.get("unit", "")
        writer.writerow({**_days(str(row.get("period", ""))), **row, "unit": unit})
    return out.getvalue()


@cache
def _days(period: str) -> dict[str, str]:
    """First and last day of a quarter, a month or a year; nothing for other words."""
    ends = span(period)
    return dict(zip(_DAYS, (day.isoformat() for day in ends), strict=True)) if ends else {}


def all_rows(result: QuarterlyResult) -> Iterator[Row]:
    """Yield every row: indicators, charts, comparisons of districts, money, people."""
    yield from _indicators(result)
    yield from charted.tidy(result)
    yield from compared.tidy(result)
    yield from shared_out.tidy(result)
    yield from people(result)


def people(result: QuarterlyResult) -> Iterator[Row]:
    """Yield the rows of what is counted of people beside the indicators."""
    yield from ages.tidy(result)
    yield from entry_points.tidy(result)
    yield from turning_18.tidy(result)


def _indicators(result: QuarterlyResult) -> Iterator[Row]:
    dictionary = result.indicators.dictionary().set_index("name")
    questions = dictionary["question"].to_dict()
    for row in figures(result, dimension=None).to_dict("records"):
        hidden = bool(row["hidden"])
        told = hidden or row["status"] == "ok"
        if not told and row["dimension"] and row["status"] in _SILENT:
            continue
        shown = {name: "" if not told else _number(row[name], hidden) for name in ("estimate", "conf_low", "conf_high")}
        if row["interval"] in ("none", "") and not hidden:
            shown |= {"conf_low": "", "conf_high": ""}
        counts = {
            "numerator": _count(row["numerator"], row["shown_n"], told),
            "denominator": _count(row["denominator"], row["shown_of"], told),
        }
        target = "" if row["target"] != row["target"] else number(row["target"])
        yield {
            **{str(name): value for name, value in row.items() if name in COLUMNS and name not in _DAYS},
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
    """Return a number as text: the last bits differ between machines; eight decimals do not, and nobody reads more.

    Examples
    --------
    >>> number(0.1 + 0.2), number(35.0), number(float("nan"))
    ('0.3', '35', '')
    """
    if value != value:
        return ""
    rounded = round(float(value), 8) + 0.0
    return str(int(rounded)) if rounded.is_integer() else repr(rounded)
