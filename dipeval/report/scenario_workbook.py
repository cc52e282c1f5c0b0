"""The return on investment as a workbook with live formulas: an analyst changes an input and sees the answer."""

from __future__ import annotations

import math
import os
from collections.abc import Collection
from pathlib import Path
from typing import TYPE_CHECKING, Final

from dipeval.errors import InputError, InvariantError
from dipeval.report.scenario_costs import costs_sheet, years_sheet
from dipeval.report.scenario_given import Given, given_of
from dipeval.report.scenario_inputs import inputs_sheet
from dipeval.report.scenario_offences import averages_sheet, offences_sheet, unit_costs_sheet
from dipeval.report.scenario_results import calculation_sheet, results_sheet, scenarios_sheet
from dipeval.report.scenario_words import cover_sheet, matters_sheet, notes_sheet, uncertainty_sheet
from dipeval.report.workbook_file import check_name, filled, put
from dipeval.report.workbook_pages import Book

if TYPE_CHECKING:
    from dipeval.disclosure import DisclosureRule
    from dipeval.roi import ReturnOnInvestment

TITLE: Final = "Return on investment: scenarios"
SUBJECT: Final = "Return on investment with live formulas"
# How near the formulas must come to the figures they show again.
CLOSE: Final = 1e-9


def write_scenario_workbook(
    roi: ReturnOnInvestment,
    path: str | Path,
    *,
    title: str = "",
    rule: DisclosureRule | None = None,
    hidden_groups: Collection[str] = (),
) -> Path:
    """Write a return on investment as a workbook with live formulas.

    Parameters
    ----------
    roi
        From `return_on_investment`.
    path
        The file, ending in ``.xlsx``; its folder is made if it is not there, and a file already there is replaced once
        the new one is whole.
    title
        Heading of the cover.
    rule
        The disclosure rule in force. Under one that protects, the effect and the shares are rounded as in the report.
    hidden_groups
        Offence groups that too few people stand behind: put together in one row.

    Returns
    -------
    pathlib.Path
        The file.

    Raises
    ------
    InputError
        If the path does not end in ``.xlsx`` or cannot be written to, or a group to be hidden is not in the result.
    DisclosureError
        If the rule does not let the number of people be shown.
    InvariantError
        If the formulas do not give the figures of the result.

    Notes
    -----
    Counts of people are written as the result holds them: give `return_on_investment` counts that may be shown. With
    the same input the file is the same to the byte.

    Examples
    --------
    >>> write_scenario_workbook(roi, "reports/scenarios.xlsx")  # doctest: +SKIP
    """
    if not isinstance(path, str | os.PathLike):
        raise InputError(f"Give the path of the workbook as text; this is a {type(path).__name__}.")
    if not hasattr(roi, "central"):
        raise InputError(f"roi must be what return_on_investment returns; this is a {type(roi).__name__}.")
    return write_given(roi, Path(path), given_of(roi, rule, hidden_groups), title)


def write_given(roi: ReturnOnInvestment, target: Path, given: Given, title: str) -> Path:
    """Write the workbook of inputs that are ready to be shown."""

    def fill(book: Book) -> None:
        cover_sheet(book, roi, given, title or TITLE)
        inputs_sheet(book, given)
        offences_sheet(book, given)
        unit_costs_sheet(book, given)
        averages_sheet(book, given)
        costs_sheet(book, given)
        years_sheet(book, given)
        calculation_sheet(book)
        results_sheet(book, given)
        scenarios_sheet(book, given)
        uncertainty_sheet(book, roi, given)
        matters_sheet(book, roi, given)
        notes_sheet(book, roi, given)

    check_name(target)
    book, content = filled(fill, title=title or TITLE, subject=SUBJECT, live=True)
    _check_same(book, roi, given)
    put(content, target)
    return target


def _check_same(book: Book, roi: ReturnOnInvestment, given: Given) -> None:
    """The formulas give what the result says, unless its inputs had to be rounded or put together first."""
    if given.rounded or given.grouping_notes:
        return
    told = {"cost": roi.cost, "proven_offences": roi.offences_averted}
    for line in roi.perspectives().to_dict("records"):
        name = str(line["perspective"])
        told |= {f"{term}_{name}": float(line[term]) for term in ("benefit", "net", "ratio")}
    for name, value in told.items():
        if name.endswith("_economic") or not math.isfinite(value):
            continue
        found = book[name].value
        if not isinstance(found, float) or abs(found - value) > CLOSE * max(1.0, abs(value)):
            raise InvariantError(f"The workbook's {name} is not that of the result.")
