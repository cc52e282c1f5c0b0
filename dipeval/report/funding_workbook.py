"""A funding formula as a workbook with live formulas: change a weight or a floor and see who gets what."""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path
from typing import TYPE_CHECKING, Final

from dipeval.disclosure import is_small
from dipeval.errors import DisclosureError, InputError, InvariantError
from dipeval.report.funding_workbook_needs import area_records, checks_sheet, inputs_sheet, needs_sheet, shares_sheet
from dipeval.report.funding_workbook_results import amounts_sheet, cover_sheet, factor_sheet, notes_sheet, pence_sheet
from dipeval.report.workbook_file import check_name, filled, put
from dipeval.report.workbook_pages import Book

if TYPE_CHECKING:
    from dipeval.disclosure import DisclosureRule
    from dipeval.indicators.funding import FundingAllocation

TITLE: Final = "Funding formula: what if"
SUBJECT: Final = "Funding formula with live formulas"


def write_funding_workbook(
    allocation: FundingAllocation,
    path: str | Path,
    *,
    title: str = "",
    rule: DisclosureRule | None = None,
    public: Collection[str] = (),
) -> Path:
    """Write a funding formula as a workbook with live formulas.

    Parameters
    ----------
    allocation
        From `allocate_funding`.
    path
        The file, ending in ``.xlsx``; its folder is made if it is not there, and a file already there is replaced once
        the new one is whole.
    title
        Heading of the cover.
    rule
        The disclosure rule in force. Under one that protects, the measures of need must be counts that may be shown.
    public
        Measures that count no people or are published already, such as recorded crime: the rule is not applied to them.

    Returns
    -------
    pathlib.Path
        The file.

    Raises
    ------
    InputError
        If allocation is none, the path does not end in ``.xlsx`` or cannot be written to.
    DisclosureError
        If the rule does not let a figure of need be shown: the formula has to be worked out from rounded counts, as
        amounts to the penny would give exact ones back.
    InvariantError
        If the formulas do not give the amounts of the result.

    Notes
    -----
    Weights, budget, floors, ceilings, earlier amounts and figures of need are cells that may be changed. With the same
    input the file is the same to the byte.

    Examples
    --------
    >>> import dipeval as dip
    >>> dip.write_funding_workbook(allocation, "reports/funding.xlsx")  # doctest: +SKIP
    """
    target = check_name(path)
    if not hasattr(allocation, "given") or not hasattr(allocation, "need"):
        raise InputError(f"allocation must be what allocate_funding returns; this is a {type(allocation).__name__}.")
    _check_shown(allocation, rule, public)
    records = area_records(allocation)

    def fill(book: Book) -> None:
        cover_sheet(book, allocation, title or TITLE)
        inputs_sheet(book, allocation)
        needs_sheet(book, allocation)
        shares_sheet(book, allocation)
        checks_sheet(book, allocation)
        factor_sheet(book)
        pence_sheet(book, records)
        amounts_sheet(book, allocation, records)
        notes_sheet(book, allocation)

    book, content = filled(fill, title=title or TITLE, subject=SUBJECT, live=True)
    _check_same(book, allocation)
    put(content, target)
    return target


def _check_shown(allocation: FundingAllocation, rule: DisclosureRule | None, public: Collection[str]) -> None:
    unknown = sorted(set(public) - set(allocation.need))
    if unknown:
        raise InputError(f"No measure of this formula is called {', '.join(unknown)}; there are {_named(allocation)}.")
    if rule is None or not rule.protects:
        return
    given = allocation.given()
    exact = [
        name
        for name in allocation.need
        if name not in public
        and any(value and (is_small(value, rule) or value % rule.rounding) for value in given[name])
    ]
    if exact:
        raise DisclosureError(
            f"The figures of {', '.join(exact)} may not be shown as they are: counts of fewer than {rule.threshold} "
            f"people, or not rounded to the nearest {rule.rounding}. Work the formula out from rounded counts, or name "
            "the measure in public if it counts no people."
        )


def _named(allocation: FundingAllocation) -> str:
    return ", ".join(allocation.need)


def _check_same(book: Book, allocation: FundingAllocation) -> None:
    """The formulas give the amounts of the result to the penny, and the same reasons for them."""
    frame = allocation.to_frame()
    amounts, bounds = _column(book, "area_amount"), _column(book, "area_bound")
    for row, amount, bound in zip(frame.to_dict("records"), amounts, bounds, strict=True):
        if not isinstance(amount, float) or round(100 * amount) != row["amount_pence"]:
            raise InvariantError("The workbook's amounts are not those of the result.")
        if bound != (row["bound"] or "need"):
            raise InvariantError("The workbook's reasons for the amounts are not those of the result.")


def _column(book: Book, name: str) -> tuple[object, ...]:
    value = book[name].value
    return value if isinstance(value, tuple) else (value,)
