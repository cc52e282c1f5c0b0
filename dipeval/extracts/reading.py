"""Extracts from a folder: every fault of every file in one error, or a complete result. Never half of one."""

from __future__ import annotations

import datetime as dt
import logging
from collections.abc import Sequence
from dataclasses import dataclass, field
from os import PathLike
from pathlib import Path
from typing import Final

import numpy as np
import pandas as pd

from dipeval.errors import ExtractError, InputError
from dipeval.extracts.assembling import Assembled, assemble, count_frame, drop_faulty
from dipeval.extracts.checking import unknown_word
from dipeval.extracts.contracts import contracts
from dipeval.extracts.extracts import DATA_STATUSES, DROPPED_COLUMNS, ExtractFile, Extracts, as_day, build
from dipeval.extracts.faults import Fault, sentences
from dipeval.extracts.finding import Source, find_sources
from dipeval.extracts.headings import our_names, resolve_headings
from dipeval.extracts.mapping import ExtractMapping
from dipeval.extracts.pseudonymised import contract_for, pseudonym_faults
from dipeval.extracts.raw import RawTable, UnreadableFile, read_raw

_log = logging.getLogger("dipeval")
ON_ERROR: Final = ("stop", "drop_and_count")


@dataclass(slots=True, kw_only=True, repr=False)
class _Collected:
    tables: dict[str, pd.DataFrame] = field(default_factory=dict)
    files: list[ExtractFile] = field(default_factory=list)
    faults: list[Fault] = field(default_factory=list)
    dropped: list[dict[str, object]] = field(default_factory=list)
    blanked: list[dict[str, object]] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


def read_extracts(
    folder: str | PathLike[str],
    mapping: ExtractMapping | None = None,
    *,
    extract_date: dt.date | str | None = None,
    data_status: str = "personal",
    on_error: str = "stop",
) -> Extracts:
    """Read, map and check the extracts in a folder.

    Files are found by the names of their tables (``drug_tests.csv``, ``offences.parquet``, ``deaths.xlsx``) or
    as the mapping says. Everything is read as text first, so that leading zeros and the ethnicity code NA
    survive; then mapped, parsed under explicit formats and checked.

    Parameters
    ----------
    folder
        Where the files are.
    mapping
        How their names, headings, codes and dates differ from ours.
    extract_date
        Last day covered; if left out, the latest day of any event in the tables. Later events are faults.
    data_status
        ``personal``, ``simulated`` or ``public``.
    on_error
        ``stop``: any fault ends the reading. ``drop_and_count``: faulty rows are left out and counted in
        ``dropped``; a fault of a whole file still ends it.

    Returns
    -------
    Extracts

    Raises
    ------
    InputError
        If an option has no such value.
    ExtractError
        With every fault of every file: file, row as a spreadsheet shows it, column, what is wrong, what to do.
        Values are shown as patterns only.

    Examples
    --------
    >>> import pathlib, tempfile
    >>> folder = pathlib.Path(tempfile.mkdtemp())
    >>> _ = (folder / "deaths.csv").write_text("record_id,pnc_id,death_date\\n1,007,31/01/2024\\n")
    >>> read_extracts(folder).table("deaths").values.tolist()
    [['1', '007', Timestamp('2024-01-31 00:00:00')]]
    """
    for word, known, what in ((data_status, DATA_STATUSES, "data_status"), (on_error, ON_ERROR, "on_error")):
        if word not in known:
            raise InputError(unknown_word(word, known, what))
    chosen = ExtractMapping() if mapping is None else mapping
    if not isinstance(chosen, ExtractMapping):
        raise InputError(f"mapping must be an ExtractMapping(...); it is a {type(chosen).__name__}.")
    if not isinstance(folder, str | PathLike):
        raise InputError(
            f"folder must be the path of the folder that holds the files; it is a {type(folder).__name__}."
        )
    day = as_day(extract_date)
    sources, faults = find_sources(Path(folder), chosen)
    got = _Collected(faults=list(faults))
    for source in sources:
        _read_one(source, chosen, day, on_error, got)
    if got.faults:
        raise ExtractError(sentences(got.faults))
    return build(
        got.tables,
        extract_date=day,
        data_status=data_status,
        files=tuple(got.files),
        truth=None,
        dropped=count_frame(got.dropped, DROPPED_COLUMNS),
        blanked=got.blanked,
        notes=tuple(got.notes),
    )


def _read_one(source: Source, mapping: ExtractMapping, day: dt.date | None, on_error: str, got: _Collected) -> None:
    _log.info("reading %s", source.name)
    try:
        raw = read_raw(source, mapping)
    except UnreadableFile as stopped:
        got.faults.append(stopped.fault)
        return
    table, faults = _assembled(raw, mapping, day)
    got.faults += faults
    if table is None:
        return
    if on_error == "stop":
        got.faults += table.faults
        frame = table.frame
    else:
        frame, dropped = drop_faulty(table, contracts()[source.table])
        got.dropped += dropped
        if frame.empty:
            got.faults += [*table.faults, _all_faulty(source, len(table.frame))]
    got.tables[source.table] = frame.reset_index(drop=True)
    got.files.append(ExtractFile(table=source.table, file=source.name, sha256=raw.sha256, rows=len(table.frame)))
    got.blanked += table.blanked
    got.notes += [*raw.notes, *table.notes]
    _log.info("%s: %s rows", source.table, f"{len(frame):,}")


def _assembled(raw: RawTable, mapping: ExtractMapping, day: dt.date | None) -> tuple[Assembled | None, Sequence[Fault]]:
    source = raw.source
    names = our_names(source.table, raw.headings, mapping)
    contract = contract_for(source.table, names)
    headings = resolve_headings(contract, raw.headings, mapping, where=source.name, first_rows=raw.below)
    if not headings.places:
        return None, headings.faults
    if raw.cells.empty:
        remedy = "Ask for it again, or take it out of the folder if there is nothing to send."
        what = "has headings but no rows"
        return None, (*headings.faults, Fault(where=source.name, table=source.table, what=what, remedy=remedy))
    cells = {ours: raw.cells[place] for ours, place in headings.places.items()}
    wrong = pseudonym_faults(contract, names, cells, where=source.name)
    if wrong:
        return None, (*headings.faults, *wrong)
    table = assemble(cells, contract, mapping, where=source.name, extract_date=day)
    faults = [*_overfull(raw), *table.faults]
    done = Assembled(frame=table.frame, faults=faults, blanked=table.blanked, notes=(*headings.notes, *table.notes))
    return done, headings.faults


def _overfull(raw: RawTable) -> list[Fault]:
    if not len(raw.overfull):
        return []
    remedy = "Cells that hold the separator must stand in quotation marks: export the table again."
    what = "has more cells than there are headings"
    source = raw.source
    return [Fault(where=source.name, table=source.table, what=what, remedy=remedy, rows=np.asarray(raw.overfull))]


def _all_faulty(source: Source, rows: int) -> Fault:
    what = f"has no row without a fault ({rows:,} read)"
    return Fault(where=source.name, table=source.table, what=what, remedy="Mend the faults above.")
