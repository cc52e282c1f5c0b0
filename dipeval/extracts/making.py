"""Extracts from DataFrames: the same contracts, without files."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from typing import Any, Final

import pandas as pd

from dipeval.errors import ExtractError, InputError
from dipeval.extracts.assembling import assemble, count_frame
from dipeval.extracts.checking import unknown_word
from dipeval.extracts.contracts import table_contract
from dipeval.extracts.extracts import DATA_STATUSES, DROPPED_COLUMNS, ExtractFile, Extracts, as_day, build
from dipeval.extracts.faults import Fault, sentences
from dipeval.extracts.headings import our_names, resolve_headings
from dipeval.extracts.mapping import ExtractMapping
from dipeval.extracts.parsing import as_text, holds_containers
from dipeval.extracts.pseudonymised import contract_for, pseudonym_faults
from dipeval.extracts.ready import ready_values

# What stands in a DataFrame was put there on purpose: no placeholders are looked for.
_AS_IT_STANDS: Final = ExtractMapping(placeholder_dates=(), placeholder_births=())


def make_extracts(
    tables: Mapping[str, pd.DataFrame],
    *,
    extract_date: dt.date | str | None = None,
    data_status: str = "personal",
    truth: Any = None,
    files: Sequence[ExtractFile] = (),
    dropped: pd.DataFrame | None = None,
) -> Extracts:
    """Check DataFrames against the contracts and hold them as `Extracts`.

    Parameters
    ----------
    tables
        Table name to DataFrame with our column names; other columns are left out. Dates as dates, or as text in
        ISO or day/month/year. The DataFrames are not changed.
    extract_date
        Last day covered; if left out, the latest day of any event in the tables.
    data_status
        ``personal``, ``simulated`` or ``public``.
    truth
        The simulator's knowledge, kept as it is.
    files
        Files the tables came from, if any.
    dropped
        Rows dropped earlier: table, reason, rows.

    Returns
    -------
    Extracts

    Raises
    ------
    InputError
        If a table is not known, or an option has no such value.
    ExtractError
        With every breach of every contract; rows are counted from 0, as by ``iloc``.

    Examples
    --------
    >>> spend = pd.DataFrame(
    ...     {"district": ["Leeds"], "financial_year": ["2019-20"], "funder": ["PCC"], "amount": ["£1,200"],
    ...      "spent_on": ["testing"], "price_year": [2019]})
    >>> make_extracts({"spend": spend}, extract_date="2020-03-31").table("spend")["amount"].tolist()
    [1200.0]
    """
    if data_status not in DATA_STATUSES:
        raise InputError(unknown_word(data_status, DATA_STATUSES, "data_status"))
    wrong = "" if isinstance(tables, Mapping) else type(tables).__name__
    wrong = wrong or next((type(one).__name__ for one in tables.values() if not isinstance(one, pd.DataFrame)), "")
    if wrong:
        raise InputError(f"tables must be DataFrames by name, such as {{'drug_tests': frame}}; found a {wrong}.")
    if not tables:
        raise InputError("No tables were given; give at least one, such as {'drug_tests': frame}.")
    day = as_day(extract_date)
    faults: list[Fault] = []
    notes: list[str] = []
    frames: dict[str, pd.DataFrame] = {}
    for name, given in tables.items():
        frame, found, told = _checked(name, given, day)
        faults += found
        notes += told
        frames[name] = frame
    if faults:
        raise ExtractError(sentences(faults))
    counts = count_frame([], DROPPED_COLUMNS) if dropped is None else dropped.loc[:, list(DROPPED_COLUMNS)].copy()
    return build(
        frames,
        extract_date=day,
        data_status=data_status,
        files=tuple(files),
        truth=truth,
        dropped=counts.reset_index(drop=True),
        blanked=[],
        notes=tuple(notes),
    )


def _checked(name: str, given: pd.DataFrame, day: dt.date | None) -> tuple[pd.DataFrame, list[Fault], tuple[str, ...]]:
    table_contract(name)  # an unknown name is refused with the nearest that is known
    where = f"table {name}"
    columns = [str(one) for one in given.columns]
    names = our_names(name, columns, _AS_IT_STANDS)
    contract = contract_for(name, names)
    headings = resolve_headings(contract, columns, _AS_IT_STANDS, where=where)
    if headings.places:
        sent = {ours: given.iloc[:, place] for ours, place in headings.places.items()}
        broken = _no_values(name, sent, where)
        wrong = [*headings.faults, *broken, *([] if broken else pseudonym_faults(contract, names, sent, where=where))]
    else:
        wrong = list(headings.faults)
    if wrong:
        return given, wrong, ()
    cells: dict[str, pd.Series] = {}
    ready: dict[str, pd.Series] = {}
    for ours, place in headings.places.items():
        # Rows are counted from 0 whatever the index; nothing is copied until the checked table is put together.
        plain = given.iloc[:, place].copy(deep=False)
        plain.index = pd.RangeIndex(len(plain))
        typed = ready_values(plain, contract.column(ours))
        cells[ours] = as_text(plain) if typed is None else plain
        if typed is not None:
            ready[ours] = typed
    table = assemble(cells, contract, _AS_IT_STANDS, where=where, extract_date=day, ready=ready)
    return table.frame, table.faults, headings.notes


def _no_values(table: str, sent: Mapping[str, pd.Series], where: str) -> list[Fault]:
    """Cells that no file could hold: lists, and text with half letters."""
    faults = []
    for name, values in sent.items():
        if holds_containers(values):
            what = "has cells that hold a list or something else that is no single value"
            remedy = "Put one value into each cell."
        elif _has_half_letters(values):
            what = "has text with broken letters (surrogates), which cannot be written as UTF-8"
            remedy = "Read the table again in the encoding it was saved in."
        else:
            continue
        faults.append(Fault(where=where, table=table, column=name, what=what, remedy=remedy))
    return faults


def _has_half_letters(values: pd.Series) -> bool:
    if values.dtype != object:
        return False
    try:
        "".join(cell for cell in values if isinstance(cell, str)).encode()
    except UnicodeEncodeError:
        return True
    return False
