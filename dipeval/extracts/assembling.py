"""One table from text cells: cleaned, parsed, checked; its faults, and the rows that have one."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Hashable, Iterable, Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from dipeval.extracts.checking import check_table
from dipeval.extracts.contracts import Column, TableContract
from dipeval.extracts.faults import Fault, mask
from dipeval.extracts.mapping import ExtractMapping
from dipeval.extracts.parsing import ParsedColumn, clean_text, parse_column

_REPEATED = "record_id is used more than once"
_SAME_TWICE = "the whole record is repeated (one copy kept)"


@dataclass(frozen=True, slots=True, kw_only=True, eq=False, repr=False)
class Assembled:
    """A table after parsing and checking.

    Parameters
    ----------
    frame
        Our columns in their types; index = row as the reader sees it.
    faults
        Everything that is wrong, in the order of the columns.
    blanked
        Rows table, column, reason, values: what was set to missing.
    notes
        What is worth telling.
    """

    frame: pd.DataFrame
    faults: list[Fault]
    blanked: list[dict[str, object]]
    notes: tuple[str, ...] = ()


def assemble(
    cells: Mapping[str, pd.Series],
    contract: TableContract,
    mapping: ExtractMapping,
    *,
    where: str,
    extract_date: dt.date | None = None,
    ready: Mapping[str, pd.Series] | None = None,
) -> Assembled:
    """Turn columns of text into a checked table.

    Parameters
    ----------
    cells
        Our column names to object Series of text on one index; of any type where a column is ready.
    contract
        Of the table.
    mapping
        Codes, formats, placeholders.
    where
        Name of the file.
    extract_date
        Last day covered, if given.
    ready
        Columns already in their types (`ready_values`): checked, but not parsed.

    Returns
    -------
    Assembled
    """
    ready = {} if ready is None else ready
    text: dict[str, pd.Series] = {}
    parsed: dict[str, ParsedColumn] = {}
    for column in contract.columns:
        if column.name in ready:
            text[column.name] = cells[column.name]
            parsed[column.name] = ParsedColumn(values=ready[column.name])
        elif column.name in cells:
            text[column.name] = clean_text(cells[column.name], tuple(mapping.missing_values))
            parsed[column.name] = parse_column(text[column.name], column, contract.name, mapping)
    frame = side_by_side({name: one.values.copy() if name in ready else one.values for name, one in parsed.items()})
    faults = [
        _cell_fault(contract, contract.column(name), what, flags, text[name], remedy, where)
        for name, one in parsed.items()
        for what, (flags, remedy) in one.faults.items()
        if flags.any()
    ]
    excused = {name: _any(one, frame.index) for name, one in parsed.items() if one.faults}
    faults += check_table(frame, contract, where=where, text=text, excused=excused, extract_date=extract_date)
    order = {name: place for place, name in enumerate(contract.column_names)}
    faults.sort(key=lambda fault: order.get(fault.column, -1))
    blanked = [
        {"table": contract.name, "column": name, "reason": reason, "values": int(flags.sum())}
        for name, one in parsed.items()
        for reason, flags in one.blanked.items()
        if flags.any()
    ]
    notes = tuple(f"{where}: {note}" for one in parsed.values() for note in one.notes)
    return Assembled(frame=frame, faults=faults, blanked=blanked, notes=notes)


def side_by_side(columns: Mapping[Hashable, pd.Series]) -> pd.DataFrame:
    """Return the columns as a frame that keeps each where it is.

    pandas would copy all columns of one type into one block, twice over: gigabytes with a million people.

    Parameters
    ----------
    columns
        Series on one index, which the frame takes over.

    Returns
    -------
    DataFrame

    Examples
    --------
    >>> side_by_side({"a": pd.Series([1]), "b": pd.Series(["x"])}).columns.tolist()
    ['a', 'b']
    """
    return pd.DataFrame(dict(columns), copy=False)


def _any(column: ParsedColumn, index: pd.Index) -> pd.Series:
    flags = pd.Series(False, index=index)
    for found, _ in column.faults.values():
        flags |= found
    return flags


def _cell_fault(
    contract: TableContract,
    column: Column,
    what: str,
    flags: pd.Series,
    text: pd.Series,
    remedy: str,
    where: str,
) -> Fault:
    rows = flags.index[flags.to_numpy(dtype=bool)].to_numpy(dtype=np.int64)
    remedy = _with_short_year(remedy, text[flags]) if column.kind == "date" else remedy
    return Fault(
        where=where,
        table=contract.name,
        column=column.name,
        what=what,
        remedy=remedy,
        rows=rows,
        pattern=mask(text[flags].loc[int(rows.min())]),
    )


def _with_short_year(remedy: str, text: pd.Series) -> str:
    short = text.head(1000).str.fullmatch(r"(\d{1,2})([/.-])\d{1,2}\2\d{2}")
    if not short.any():
        return remedy
    sign = re.sub(r"\d", "", str(text.head(1000)[short].iloc[0]))[0]
    return f"Years have two digits: if the order is day, month, year, add '%d{sign}%m{sign}%y' to date_formats."


def drop_faulty(table: Assembled, contract: TableContract) -> tuple[pd.DataFrame, list[dict[str, object]]]:
    """Drop every row with a fault and count it once, under the first fault it has.

    Whole records sent twice keep one copy. Records that share a number but differ are all dropped, because
    nothing says which is right, and the order of rows may not decide.

    Parameters
    ----------
    table
        With its faults.
    contract
        Of the table.

    Returns
    -------
    tuple
        The rows left, and dicts of table, reason, rows.
    """
    frame = table.frame
    counted: list[dict[str, object]] = []
    gone = pd.Series(False, index=frame.index)
    if "record_id" in frame.columns:
        again = frame.duplicated(keep="first") & frame["record_id"].notna()
        if again.any():
            counted.append({"table": contract.name, "reason": _SAME_TWICE, "rows": int(again.sum())})
            gone |= again
    for fault in table.faults:
        rows = pd.Series(False, index=frame.index)
        rows[rows.index.isin(fault.rows)] = True
        if fault.reason == _REPEATED:
            ids = frame["record_id"].where(~gone)
            rows &= ids.duplicated(keep=False) & ids.notna()
        new = rows & ~gone
        if new.any():
            counted.append({"table": contract.name, "reason": fault.reason, "rows": int(new.sum())})
        gone |= new
    return frame[~gone], counted


def count_frame(rows: Iterable[dict[str, object]], columns: tuple[str, ...]) -> pd.DataFrame:
    """Return counts as a frame with fixed columns, even when there are none."""
    frame = pd.DataFrame(list(rows), columns=list(columns))
    return frame.astype({columns[-1]: "int64"})
