"""Which file holds which table: by name in the folder, or as the mapping says."""

from __future__ import annotations

import difflib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from dipeval.extracts.contracts import contracts
from dipeval.extracts.faults import Fault
from dipeval.extracts.mapping import ExtractMapping

CSV_ENDINGS: Final = (".csv", ".txt", ".tsv")
EXCEL_ENDINGS: Final = (".xlsx", ".xlsm", ".xls", ".ods")
ENDINGS: Final = (*CSV_ENDINGS, ".parquet", *EXCEL_ENDINGS)


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """Where one table is: its file and, for workbooks, its sheet."""

    table: str
    path: Path
    sheet: str = ""

    @property
    def name(self) -> str:
        """Name of the file, for messages."""
        return self.path.name


def find_sources(folder: Path, mapping: ExtractMapping) -> tuple[list[Source], list[Fault]]:
    """Find the file of every table.

    Parameters
    ----------
    folder
        Folder of the extracts.
    mapping
        Its ``files`` go before names found in the folder.

    Returns
    -------
    tuple
        The sources in the order of the contracts, and the faults.
    """
    where = folder.name or str(folder)
    if not folder.is_dir():
        what = "is a file" if folder.exists() else "does not exist"
        return [], [Fault(where=where, what=what, remedy="Give the folder that holds the extracts.")]
    there = sorted(path for path in folder.iterdir() if path.is_file() and not path.name.startswith((".", "~$")))
    sources: list[Source] = []
    faults: list[Fault] = []
    for table in contracts():
        found = _named(folder, table, mapping) if table in mapping.files else _by_name(there, table)
        if isinstance(found, Fault):
            faults.append(found)
        elif found is not None:
            sources.append(found)
    if not sources and not faults:
        faults.append(_nothing_found(where, there))
    return sources, faults


def _named(folder: Path, table: str, mapping: ExtractMapping) -> Source | Fault:
    entry = mapping.files[table]
    name, sheet = (entry, "") if isinstance(entry, str) else (entry[0], entry[1])
    path = folder / name
    if not path.is_file():
        return Fault(
            where=name,
            table=table,
            what=f"is not there, though it is named for {table}",
            remedy="Put it into the folder, or correct its name.",
        )
    if path.suffix.lower() not in ENDINGS:
        return Fault(where=name, table=table, what="is of a kind that cannot be read", remedy=_kinds())
    return Source(table=table, path=path, sheet=sheet)


def _by_name(there: Sequence[Path], table: str) -> Source | Fault | None:
    found = [path for path in there if path.stem.casefold() == table and path.suffix.lower() in ENDINGS]
    if len(found) > 1:
        names = ", ".join(path.name for path in found)
        remedy = f"Take all but one away, or name the right one: files={{'{table}': '{found[0].name}'}}."
        return Fault(
            where=found[0].name, table=table, what=f"is one of {len(found)} files for {table} ({names})", remedy=remedy
        )
    return Source(table=table, path=found[0]) if found else None


def _nothing_found(where: str, there: Sequence[Path]) -> Fault:
    names = list(contracts())
    near = [
        f"{path.name} could be {match[0]}"
        for path in there
        if (match := difflib.get_close_matches(path.stem.casefold().replace(" ", "_"), names, n=1, cutoff=0.8))
    ]
    hint = f" ({'; '.join(near[:3])})" if near else ""
    tables = ", ".join(names)
    remedy = (
        f"Name the files after their tables, such as drug_tests.csv, or say which file is which: "
        f"files={{'drug_tests': 'your file.csv'}}; the tables are {tables}."
    )
    return Fault(where=where, what=f"holds no file of a table that dipeval knows{hint}", remedy=remedy)


def _kinds() -> str:
    return f"Send a file that ends in one of {', '.join(ENDINGS)}."
