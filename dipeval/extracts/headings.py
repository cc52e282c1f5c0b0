"""Which column of a file is which column of the contract. Headings are only shown when they are nearly ours."""

from __future__ import annotations

import difflib
from collections.abc import Sequence
from dataclasses import dataclass

import pandas as pd

from dipeval.extracts.contracts import TableContract
from dipeval.extracts.faults import Fault
from dipeval.extracts.mapping import ExtractMapping, fold
from dipeval.extracts.pseudonymised import FINGERPRINT, HASHED, missing_pseudonyms


@dataclass(frozen=True, slots=True, kw_only=True)
class Headings:
    """Where our columns are in a file, and what is wrong with its headings.

    Parameters
    ----------
    places
        Our column to the position in the file.
    faults
        Missing and repeated columns.
    notes
        Columns left out.
    """

    places: dict[str, int]
    faults: tuple[Fault, ...]
    notes: tuple[str, ...]


def resolve_headings(
    contract: TableContract,
    headings: Sequence[str],
    mapping: ExtractMapping,
    *,
    where: str,
    first_rows: pd.DataFrame | None = None,
) -> Headings:
    """Match the headings of a file to the contract.

    Parameters
    ----------
    contract
        Of the table.
    headings
        As written in the file.
    mapping
        Its ``columns`` rename headings.
    where
        Name of the file.
    first_rows
        The rows under the headings, to notice headings that come further down.

    Returns
    -------
    Headings
    """
    found: dict[str, list[int]] = {}
    strangers: list[str] = []
    for place, (heading, ours) in enumerate(zip(headings, our_names(contract.name, headings, mapping), strict=True)):
        if ours in contract.column_names:
            found.setdefault(ours, []).append(place)
        elif heading.strip():
            strangers.append(heading)
    faults = [_repeated(contract, where, ours, places) for ours, places in found.items() if len(places) > 1]
    if found:
        faults += _unmet_mappings(contract, headings, mapping, where)
        unmet = {fault.column for fault in faults}
        faults += [fault for fault in _missing(contract, where, set(found), strangers) if fault.column not in unmet]
    else:
        faults.append(_no_headings(contract, where, first_rows))
    places = {ours: found[ours][0] for ours in contract.column_names if ours in found}
    return Headings(places=places, faults=tuple(faults), notes=_left_out(contract, where, set(found), strangers))


def our_names(table: str, headings: Sequence[str], mapping: ExtractMapping) -> list[str]:
    """Return every heading as our column name, whether the contract knows it or not.

    Examples
    --------
    >>> our_names("deaths", ["Record-ID", "Died"], ExtractMapping(columns={"deaths": {"died": "death_date"}}))
    ['record_id', 'death_date']
    """
    renamed = mapping.headings_of(table)
    return [renamed.get(fold(heading), fold(heading)) for heading in headings]


def _unmet_mappings(
    contract: TableContract, headings: Sequence[str], mapping: ExtractMapping, where: str
) -> list[Fault]:
    there = {fold(heading) for heading in headings}
    return [
        Fault(
            where=where,
            table=contract.name,
            column=ours,
            what=f"is mapped from the heading '{theirs}', which is not in the file",
            remedy="Write the heading as it stands in the file.",
        )
        for theirs, ours in mapping.columns.get(contract.name, {}).items()
        if fold(theirs) not in there
    ]


def _repeated(contract: TableContract, where: str, ours: str, places: Sequence[int]) -> Fault:
    positions = " and ".join(str(place + 1) for place in places)
    return Fault(
        where=where,
        table=contract.name,
        column=ours,
        what=f"comes {len(places)} times: columns {positions} of the file have this heading or are mapped to it",
        remedy="Keep one of them.",
    )


def _near(name: str, strangers: Sequence[str]) -> str:
    by_fold = {fold(one): one for one in strangers}
    match = difflib.get_close_matches(name, list(by_fold), n=1, cutoff=0.75)
    return by_fold[match[0]].strip() if match else ""


def _missing(contract: TableContract, where: str, found: set[str], strangers: Sequence[str]) -> list[Fault]:
    faults = missing_pseudonyms(contract, found, where) if contract.pseudonymised else []
    for name in contract.required:
        if name in found or name == FINGERPRINT or name.startswith(HASHED):
            continue
        near = _near(name, strangers)
        hint = f"; did you mean the column '{near}' of the file?" if near else ""
        theirs = near or "their heading"
        remedy = f"Ask for it, or map it: columns={{'{contract.name}': {{'{theirs}': '{name}'}}}}."
        faults.append(
            Fault(where=where, table=contract.name, column=name, what=f"is required and missing{hint}", remedy=remedy)
        )
    if contract.identifiers and not contract.pseudonymised and not names_a_person(found):
        faults.append(
            Fault(
                where=where,
                table=contract.name,
                what="has no columns that name a person",
                remedy="Ask for pnc_id, or for date_of_birth and sex with forename and surname (or their initials).",
            )
        )
    return faults


def names_a_person(found: set[str]) -> bool:
    """Say whether the columns can tell people apart.

    Examples
    --------
    >>> names_a_person({"pnc_id"}), names_a_person({"date_of_birth", "sex"})
    (True, False)
    """
    named = {"forename", "surname"} <= found or {"forename_initial", "surname_initial"} <= found
    return "pnc_id" in found or ({"date_of_birth", "sex"} <= found and named)


def _no_headings(contract: TableContract, where: str, first_rows: pd.DataFrame | None) -> Fault:
    remedy = f"The first row must hold the headings {', '.join(contract.required)}, or be mapped onto them in columns."
    what = "has none of the headings of its contract in the row where they should be"
    if first_rows is not None:
        for row, cells in first_rows.iterrows():
            if len(set(contract.required) & {fold(str(cell)) for cell in cells}) > 1:
                what += f"; they seem to be in row {row}"
                remedy = f"Say header_rows={{'{contract.name}': {row}}}, or delete the rows above."
                break
    return Fault(where=where, table=contract.name, what=what, remedy=remedy)


def _left_out(contract: TableContract, where: str, found: set[str], strangers: Sequence[str]) -> tuple[str, ...]:
    if not found or not strangers:
        return ()
    optional = [name for name in contract.column_names if name not in found and name not in contract.required]
    near = [f"'{match}' may be meant for {name}" for name in optional if (match := _near(name, strangers))]
    hint = f" ({'; '.join(near)})" if near else ""
    plural = "s" if len(strangers) > 1 else ""
    return (f"{len(strangers)} column{plural} of {where} not in the contract: left out{hint}.",)
