"""Districts: their names in every table, which of them are spelt apart, and from when each has records."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final

import pandas as pd

from dipeval.cohort.used import EVENT_DATE, USED
from dipeval.errors import InputError
from dipeval.extracts.contracts import did_you_mean
from dipeval.indicators.measuring.frames import ALL_DISTRICTS
from dipeval.indicators.measuring.periods import period_of
from dipeval.presenting import and_join

if TYPE_CHECKING:
    from dipeval.engine import Engine
    from dipeval.indicators.records import Records

# Tables of people's records with a district, and tables of totals.
PERSON_TABLES: Final = tuple(name for name in EVENT_DATE if "district" in USED[name])
SIDE_TABLES: Final = ("spend", "crime", "staffing", "targets")
FOUND_COLUMNS: Final = ("table", "district", "missing_in", "suggestion", "same_but_spelling")
COVERED_COLUMNS: Final = ("table", "district", "period", "first_day", "n")
_COVERED: Final = dict(zip(COVERED_COLUMNS, ("object", "object", "object", "datetime64[us]", "int64"), strict=True))


def check_districts(tables: Mapping[str, Iterable[str] | pd.DataFrame]) -> pd.DataFrame:
    """List the names of districts that stand in one table and not in another.

    Parameters
    ----------
    tables
        Name of the table -> its names of districts, or a frame with a column ``district``.

    Returns
    -------
    DataFrame
        table, district, missing_in (tables without it, in words), suggestion (the name there that it may be; empty if
        none is near), same_but_spelling (whether that name differs only by capitals, spaces or hyphens).

    Examples
    --------
    >>> found = check_districts({"drug_tests": ["Leeds", "Wakefield"], "targets": ["leeds", "Wakefeild"]})
    >>> found[["table", "district", "suggestion"]].to_numpy().tolist()[2:]
    [['targets', 'Wakefeild', 'Wakefield'], ['targets', 'leeds', 'Leeds']]
    """
    names = {table: _names(given) for table, given in tables.items()}
    rows = []
    for table, own in names.items():
        for district in own:
            without = {other: set(theirs) for other, theirs in names.items() if district not in theirs}
            if without:
                near = _nearest(district, sorted(set().union(*without.values()) - set(own)))
                same = bool(near) and folded(near) == folded(district)
                rows.append((table, district, and_join(without), near, same))
    return pd.DataFrame(rows, columns=list(FOUND_COLUMNS)).astype({"same_but_spelling": "bool"})


def refuse_districts(tables: Mapping[str, Iterable[str] | pd.DataFrame]) -> None:
    """Refuse two spellings of one district among people's records, and totals of a district without records.

    Parameters
    ----------
    tables
        As for `check_districts`; tables of people's records and of totals.

    Raises
    ------
    InputError
        Naming every such district at once, with a suggestion.

    Examples
    --------
    >>> refuse_districts({"drug_tests": ["Leeds"], "crime": ["LEEDS"]})
    Traceback (most recent call last):
    ...
    dipeval.errors.InputError: Names of districts do not agree: crime has 'LEEDS', which is in no table of people's \
records (did you mean 'Leeds'?). Write each district one way in every table, or leave out what is not compared.
    """
    names = {table: _names(given) for table, given in tables.items()}
    persons = {table: own for table, own in names.items() if table in PERSON_TABLES}
    known = sorted(set().union(*persons.values()))
    faults = _faults_of_persons(persons)
    for table, own in names.items():
        if table in persons or not known:
            continue
        for name in own:
            if name not in known and folded(name) not in _WHOLE:
                near = _nearest(name, known)
                asked = f" (did you mean '{near}'?)" if near else ""
                faults.append(f"{table} has '{name}', which is in no table of people's records{asked}")
    if faults:
        raise InputError(
            f"Names of districts do not agree: {'; '.join(faults)}. Write each district one way in every table, or "
            "leave out what is not compared."
        )


def _faults_of_persons(persons: Mapping[str, tuple[str, ...]]) -> list[str]:
    """Two spellings of one district, and records of all districts together."""
    faults = []
    spellings: dict[str, list[str]] = {}
    for name in sorted(set().union(*persons.values())):
        spellings.setdefault(folded(name), []).append(name)
    for same in spellings.values():
        where = [f"'{name}' in {and_join(t for t, own in persons.items() if name in own)}" for name in same]
        if len(same) > 1:
            faults.append(f"one district is written {and_join(where)}")
        if is_whole_area(same[0]):
            faults.append(f"{and_join(where)} means all of them: give each record its own district")
    return faults


def folded(name: str) -> str:
    """Return a name without capitals, spaces, hyphens and other marks, so that spellings of one name are alike.

    Examples
    --------
    >>> folded("Stoke-on-Trent") == folded("STOKE ON TRENT")
    True
    """
    return re.sub(r"[\W_]+", "", str(name).casefold().replace("&", "and"))


# What a table may call the whole area.
_WHOLE: Final = frozenset(folded(name) for name in (ALL_DISTRICTS, "all", "whole area"))


def is_whole_area(name: str) -> bool:
    """Say whether a name means all districts together.

    Examples
    --------
    >>> is_whole_area("All districts"), is_whole_area("Leeds")
    (True, False)
    """
    return folded(name) in _WHOLE


def chosen_districts(wanted: Sequence[str] | None, known: Sequence[str]) -> tuple[str, ...]:
    """Return the districts asked for in alphabetical order, all if none are asked for.

    Raises
    ------
    InputError
        If one is not there.

    Examples
    --------
    >>> chosen_districts(["Leeds"], ["Bradford", "Leeds"])
    ('Leeds',)
    """
    if wanted is None:
        return tuple(sorted(known))
    if isinstance(wanted, str) or not list(wanted):
        raise InputError("districts must be a list of names, such as ['Leeds', 'Wakefield'], or None for all.")
    strangers = [f"'{name}'{did_you_mean(str(name), known)}" for name in wanted if name not in known]
    if strangers:
        raise InputError(
            f"There are no records of district {and_join(strangers)}; the districts are {', '.join(sorted(known))}."
        )
    return tuple(sorted(set(wanted)))


def district_names(extracts: Any, engine: Engine) -> dict[str, tuple[str, ...]]:
    """Return the names of districts in each table of some extracts or event tables.

    Parameters
    ----------
    extracts
        As for `dipeval.indicators.measuring.measure.indicators`.
    engine
        Where event tables are.
    """
    found: dict[str, tuple[str, ...]] = {}
    for name in (*PERSON_TABLES, *SIDE_TABLES):
        if name not in extracts.names:
            continue
        if callable(getattr(extracts, "expression", None)):
            table = extracts.expression(name)
            if "district" in table.columns:
                found[name] = _names(engine.to_pandas(table.select(district=table.district).distinct())["district"])
        else:
            frame = extracts.table(name)
            if "district" in frame.columns:
                found[name] = _names(frame["district"].unique())
    return found


def coverage(records: Records, names: Iterable[str], every: str) -> pd.DataFrame:
    """Return how many records each table has of each district and period, and the first day among them.

    Parameters
    ----------
    records
        What was loaded.
    names
        Tables; those without a district or a day are left out.
    every
        ``quarter`` or ``month``.

    Returns
    -------
    DataFrame
        table, district, period, first_day, n; one query a table.
    """
    tables = [name for name in names if name in records.given and name in PERSON_TABLES]
    counts = records.counted(
        "indicators_coverage", lambda: _covered(records, tables, every), tables=tables, every=every
    )
    return counts.astype(_COVERED).sort_values(["table", "district", "period"], ignore_index=True)


def _covered(records: Records, tables: Iterable[str], every: str) -> pd.DataFrame:
    parts = [pd.DataFrame(columns=list(COVERED_COLUMNS)).astype(_COVERED)]
    for name in tables:
        rows, day = records.tables[name], EVENT_DATE[name]
        rows = rows.filter(rows.district.notnull(), rows[day].notnull())
        rows = rows.select("district", day=rows[day], period=period_of(rows[day], every))
        counts = records.engine.to_pandas(
            rows.group_by(["district", "period"]).aggregate(first_day=rows.day.min(), n=rows.count())
        )
        parts.append(counts.assign(table=name)[list(COVERED_COLUMNS)].astype(_COVERED))
    filled = [part for part in parts if len(part)]
    return pd.concat(filled, ignore_index=True) if filled else parts[0]


def _names(given: Iterable[Any] | pd.DataFrame) -> tuple[str, ...]:
    values = list(given["district"].unique()) if isinstance(given, pd.DataFrame) else list(given)
    return tuple(sorted({str(name) for name in values if not pd.isna(name)}))


def _nearest(name: str, known: Sequence[str]) -> str:
    same = [other for other in known if folded(other) == folded(name)]
    if same:
        return same[0]
    by_fold = {folded(other): other for other in reversed(known)}
    near = difflib.get_close_matches(folded(name), list(by_fold), n=1, cutoff=0.7)
    return by_fold[near[0]] if near else ""
