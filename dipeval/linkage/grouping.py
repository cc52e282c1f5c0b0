"""Which files are linked to which: the anchor, files that share a reference, and files that nothing connects."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import pandas as pd

from dipeval.errors import InputError
from dipeval.linkage.cleaning import is_hashed
from dipeval.linkage.persons import PERSON_TABLES, reference_column

_ANCHORS = ("drug_tests", "offences")
_FINGERPRINT = "key_fingerprint"
_HASHED = "hashed_"


def anchor_table(tables: Mapping[str, pd.DataFrame]) -> str:
    """Return the table to which the others are linked."""
    for name in _ANCHORS:
        if name in tables:
            return name
    raise InputError(
        "Linkage starts from drug_tests, or from offences if there are no tests, and the extracts hold neither. "
        "Add one of the two tables."
    )


def file_groups(tables: Mapping[str, pd.DataFrame], anchor: str) -> list[tuple[str, ...]]:
    """Files that share the PNC number are one group; every other file is its own. The anchor's group comes first."""
    pooled = tuple(
        name
        for name, frame in tables.items()
        if reference_column(name) == "pnc_id" and "pnc_id" in frame and (frame.empty or frame["pnc_id"].notna().any())
    )
    groups: list[tuple[str, ...]] = [pooled] if pooled else []
    groups += [(name,) for name in tables if name not in pooled]
    return sorted(groups, key=lambda group: (anchor not in group, PERSON_TABLES.index(group[0])))


def _kinds(frames: Iterable[pd.DataFrame], also_compare: tuple[str, ...]) -> set[str]:
    """Which kinds of identifier the columns of a group hold, clear or hashed."""
    found = {str(name).removeprefix(_HASHED) for frame in frames for name in frame.columns}
    kinds = {"date_of_birth", "sex", *also_compare} & found
    if {"birth_year", "birth_month", "birth_day"} <= found:
        kinds.add("date_of_birth")
    if {"forename", "surname"} <= found or {"forename_initial", "surname_initial"} <= found:
        kinds.add("names or initials")
    if {"postcode", "postcode_sector", "sector"} & found:
        kinds.add("postcode")
    return kinds


def check_shared(
    left: tuple[str, ...], right: tuple[str, ...], tables: Mapping[str, pd.DataFrame], also_compare: tuple[str, ...]
) -> None:
    """Refuse files that nothing connects; empty files are let through, for there is nothing to link."""
    if not any(len(tables[name]) for name in left) or not any(len(tables[name]) for name in right):
        return
    shared = set.intersection(*(_kinds((tables[name] for name in side), also_compare) for side in (left, right)))
    needed = {"names or initials", "date_of_birth"}
    if needed <= shared:
        return
    has = ", ".join(sorted(shared)) or "nothing"
    raise InputError(
        f"{left[0]} and {', '.join(right)} cannot be linked: the identifiers they share are {has}; needed on both "
        "sides are date_of_birth and names or initials. Map those columns, or leave the file out."
    )


def check_keys(tables: Mapping[str, pd.DataFrame]) -> bool:
    """Refuse to mix pseudonymised files with clear ones, or hashes of different keys.

    Parameters
    ----------
    tables
        Every person-level table.

    Returns
    -------
    bool
        Whether the files are pseudonymised.

    Raises
    ------
    InputError
        If they are mixed.
    """
    hashed, clear, keys = [], [], set()
    for name, frame in tables.items():
        columns = [str(column) for column in frame.columns]
        if any(is_hashed(column) for column in columns):
            hashed.append(name)
            keys |= set(frame[_FINGERPRINT].dropna().unique()) if _FINGERPRINT in frame else set()
        elif _kinds([frame], ()):
            clear.append(name)
    if hashed and clear:
        raise InputError(
            f"{', '.join(hashed)} is pseudonymised and {', '.join(clear)} is not: hashes cannot be compared with clear "
            "values. Pseudonymise every file with the same key, or link the clear files."
        )
    if len(keys) > 1:
        raise InputError(
            f"The pseudonymised files ({', '.join(hashed)}) were made with {len(keys)} different keys (their key "
            "fingerprints differ): nothing in them can be compared. Ask for all of them made with one key."
        )
    return bool(hashed)


def check_extra(tables: Mapping[str, pd.DataFrame], also_compare: tuple[str, ...]) -> None:
    """Refuse columns to compare that fewer than two files hold."""
    for column in also_compare:
        having = [name for name, frame in tables.items() if column in frame]
        if len(having) < 2:
            where = f"only {having[0]} has it" if having else "no file has it"
            raise InputError(
                f"also_compare names {column}, which two files must hold to be compared, and {where}. "
                "Map it, or leave it out of also_compare."
            )
