"""The columns of a table on an engine, brought to a contract: our names, its types, and what cannot be read counted."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

from dipeval.extracts.contracts import Column, contracts
from dipeval.extracts.mapping import ExtractMapping, fold
from dipeval.extracts.pseudonymised import PARTS, REFERENCES

if TYPE_CHECKING:
    import ibis.expr.types as ir

    from dipeval.engine import Engine

PERSON: Final = "person_id"
RECORD: Final = "record_id"
# Who a record belongs to is settled; only the table of the index event has to tell birth and sex.
_IDENTIFIERS: Final = ("date_of_birth", "sex")
_TELLS_WHO: Final = ("drug_tests",)
_NAMES_A_PERSON: Final = {*PARTS, *REFERENCES} - {*_IDENTIFIERS}
_FIRST_DAY: Final = dt.date(1, 1, 1)
_LAST_DAY: Final = dt.date(9999, 12, 31)
_YES: Final = ("yes", "y", "true", "t", "1")
_NO: Final = ("no", "n", "false", "f", "0")


def column_places(
    name: str, theirs: tuple[str, ...], mapping: ExtractMapping, person: str
) -> tuple[dict[str, str], list[str]]:
    """Our column to theirs, and what is missing or there twice."""
    contract = contracts()[name]
    renamed = mapping.headings_of(name) | {fold(person): PERSON}
    wanted = (RECORD, PERSON, *(one.name for one in contract.columns if _is_kept(one)))
    places: dict[str, str] = {}
    faults = []
    for column in theirs:
        ours = renamed.get(fold(column), fold(column))
        if ours in wanted and ours in places:
            faults.append(f"{name}: '{column}' and '{places[ours]}' are both {ours}; leave one of them out.")
        elif ours in wanted:
            places[ours] = column
    for column in (RECORD, PERSON, *_required(name)):
        if column not in places:
            remedy = "person=" if column == PERSON else f"columns={{'{name}': {{'their name': '{column}'}}}}"
            faults.append(f"{name}: column {column} is required and missing; add it, or name it with {remedy}.")
    folded = {fold(column) for column in theirs}
    faults += [
        f"{name}: the column '{given}', which is to be {ours}, is not in the table; write it as it stands there."
        for given, ours in mapping.columns.get(name, {}).items()
        if fold(given) not in folded
    ]
    ordered = {ours: places[ours] for ours in wanted if ours in places}
    return ordered, list(dict.fromkeys(faults))


def _is_kept(column: Column) -> bool:
    return column.name != RECORD and column.name not in _NAMES_A_PERSON


def _required(name: str) -> tuple[str, ...]:
    needed = contracts()[name].required
    left_out = () if name in _TELLS_WHO else _IDENTIFIERS
    return tuple(column for column in needed if column not in (RECORD, *left_out))


def declared_columns(name: str, source: ir.Table, places: Mapping[str, str], mapping: ExtractMapping) -> dict[str, Any]:
    """The columns in our names and types."""
    contract = contracts()[name]
    return {
        ours: source[theirs].cast("string")
        if ours in (RECORD, PERSON)
        else _cast(source[theirs], contract.column(ours), mapping.codes_of(name, ours))
        for ours, theirs in places.items()
    }


def _cast(value: Any, column: Column, codes: Mapping[str, str]) -> Any:
    if column.kind == "date":
        return _as_date(value)
    if column.kind == "boolean":
        return _as_yes_no(value, codes)
    if column.kind in ("number", "integer"):
        return _as_number(value, "float64" if column.kind == "number" else "int64")
    text = value.cast("string")
    return _recoded(text, column, codes) if codes else text


def _as_number(value: Any, kind: str) -> Any:
    """A value that does not fit becomes missing and is counted: an error of the engine would quote it."""
    given = value.type()
    fits = given.is_integer() or (kind == "float64" and given.is_numeric())
    return value.cast(kind) if fits else value.try_cast(kind)


def _as_date(value: Any) -> Any:
    import ibis

    kind = value.type()
    if kind.is_date():
        return value
    if kind.is_timestamp():
        return value.date()
    day = value.cast("string").try_cast("date")
    # DuckDB would take "infinity" and years before Christ for days.
    return day.between(_FIRST_DAY, _LAST_DAY).ifelse(day, ibis.null("date"))


def _folded(text: Any) -> Any:
    return text.strip().lower().replace(" ", "_").replace("-", "_")


def _recoded(text: Any, column: Column, codes: Mapping[str, str]) -> Any:
    known = {code: code for code in column.codes} | dict(column.aliases) | dict(codes)
    return _folded(text).cases(*known.items(), else_=text)


def _as_yes_no(value: Any, codes: Mapping[str, str]) -> Any:
    import ibis

    if value.type().is_boolean():
        return value
    words = {**dict.fromkeys(_YES, "yes"), **dict.fromkeys(_NO, "no"), **codes}
    # Whole numbers with gaps often arrive as 1.0 and 0.0.
    word = _folded((value.try_cast("int64") if value.type().is_floating() else value).cast("string"))
    yes = [theirs for theirs, ours in words.items() if ours == "yes"]
    no = [theirs for theirs, ours in words.items() if ours == "no"]
    return ibis.cases((word.isin(yes), True), (word.isin(no), False), else_=ibis.null("boolean"))


def count_faults(
    engine: Engine, name: str, source: ir.Table, places: Mapping[str, str], declared: Mapping[str, Any]
) -> list[str]:
    """Faults of the rows, counted in one query."""
    wrong = [one for ours, value in declared.items() for one in _wrong(name, ours, source[places[ours]], value)]
    asked = {f"fault_{place}": one[1].ifelse(1, 0).sum().fill_null(0) for place, one in enumerate(wrong)}
    figures = engine.figures(source, **asked)
    return [
        f"{name}: {what} in {_records(figures[f'fault_{place}'])}. {remedy}"
        for place, (what, _, remedy) in enumerate(wrong)
        if figures[f"fault_{place}"]
    ]


def _records(count: int) -> str:
    return f"{count:,} record{'' if count == 1 else 's'}"


def _wrong(name: str, ours: str, given: Any, value: Any) -> list[tuple[str, Any, str]]:
    """What can be wrong with a column: in words, as a condition, what to do."""
    if ours in (RECORD, PERSON):
        # Only what sorts before "!" can be blank, which is quick to see; CASE strips no other.
        empty = value.isnull() | (value < "!").ifelse(value.strip() == "", False)
        return [(f"{ours} is empty", empty, "Fill it, or leave the records out of the table.")]
    column = contracts()[name].column(ours)
    if column.codes:
        strange = (value.notnull() & value.notin(column.codes)).fill_null(False)
        remedy = f"The codes are {', '.join(column.codes)}; name theirs with codes={{'{name}': {{'{ours}': ...}}}}."
        return [(f"{ours} has codes that are not ours", strange, remedy)]
    if column.kind in ("date", "boolean", "number", "integer") and not value.equals(given):
        words = {"date": "a date such as 2024-03-01", "boolean": "yes or no"}.get(column.kind, "a number")
        return [(f"{ours} cannot be read", given.notnull() & value.isnull(), f"It must be {words}.")]
    if column.kind == "date":
        # DuckDB has an infinite day, which nothing can be counted from.
        endless = (value > _LAST_DAY) | (value < _FIRST_DAY)
        return [(f"{ours} cannot be read", endless.fill_null(False), "It must be a date such as 2024-03-01.")]
    return []
