"""The annex: the dictionary of indicators, and every indicator over all periods."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import pandas as pd

from dipeval.indicators.measuring.frames import ALL_DISTRICTS
from dipeval.report.blocks import Block, Folded, Section, Table, Text
from dipeval.report.quarterly import asked, phrases, tables
from dipeval.report.quarterly.released import figures
from dipeval.report.quarterly.section_counted import dictionary_table

if TYPE_CHECKING:
    from dipeval.study.quarterly.result import QuarterlyResult

LEAD: Final = "Every indicator over all periods. The workbook beside this page holds them by district as well."


def dictionary(result: QuarterlyResult) -> Section:
    """Return the dictionary of the indicators that are told.

    Parameters
    ----------
    result
        From ``QuarterlyReview.run()``.

    Returns
    -------
    Section
    """
    return Section(title="Annex: what each indicator counts", anchor="dictionary", blocks=(dictionary_table(result),))


def every_table(result: QuarterlyResult) -> Section:
    """Return a table an indicator: all periods, for the whole place and for up to five districts.

    Parameters
    ----------
    result
        From ``QuarterlyReview.run()``.

    Returns
    -------
    Section
    """
    shown = [*asked.here(result)]
    if result.district is None and 1 < len(result.districts) <= tables.MOST_COLUMNS:
        shown += list(result.districts)
    rows = figures(result, districts=shown)
    folds: list[Block] = []
    for label, part in rows.groupby("label", sort=False):
        folds.append(Folded(title=str(label), blocks=(_table(part, shown, result, str(label)),)))
    return Section(
        title="Annex: every indicator over time", anchor="every-table", blocks=(Text(paragraphs=(LEAD,)), *folds)
    )


def _table(part: pd.DataFrame, shown: list[str], result: QuarterlyResult, label: str) -> Table:
    cells = part.assign(cell=[tables.with_interval(row) for row in part.to_dict("records")])
    wide = cells.pivot(index="period", columns="district", values="cell").reindex(columns=shown)
    wide = wide.reindex(list(dict.fromkeys(part["period"]))).fillna("").reset_index()
    wide["period"] = [phrases.period_words(period) for period in wide["period"]]
    wide.columns = pd.Index(["period", *(f"c{place}" for place in range(len(shown)))])
    heads = ["All districts" if name == ALL_DISTRICTS else name for name in shown]
    labels = dict(zip(wide.columns, ["Period", *heads], strict=True))
    return Table(
        released=tables.text_table(wide, result.rule, caption=label, labels=labels, right=list(wide.columns)[1:])
    )
