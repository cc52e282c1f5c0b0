"""Parsed tables against their contract: pandera finds every breach in one pass, our own words report it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import pandas as pd
import pandera.pandas as pa

from dipeval.extracts.contracts import Column, TableContract, did_you_mean
from dipeval.extracts.faults import Fault, mask

_EMPTY: Final = "not_nullable"


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """One check on a parsed table: which column it is told of, what is wrong, what to do.

    Parameters
    ----------
    name
        Key under which pandera reports it.
    column
        The column named in the message.
    what
        Words of the fault.
    remedy
        What to do.
    passes
        Frame to a boolean Series: True where the row keeps the rule (missing values keep it).
    show
        Whether the pattern of the value helps.
    across
        Whether it compares two columns.
    """

    name: str
    column: str
    what: str
    remedy: str
    passes: Callable[[pd.DataFrame], pd.Series]
    show: bool = True
    across: bool = False


def check_table(
    frame: pd.DataFrame,
    contract: TableContract,
    *,
    where: str,
    text: Mapping[str, pd.Series],
    excused: Mapping[str, pd.Series],
    extract_date: dt.date | None = None,
) -> list[Fault]:
    """Check a parsed table and return its faults.

    Parameters
    ----------
    frame
        Our columns in their types; the index is the row a reader sees.
    contract
        Of the table.
    where
        Name of the file.
    text
        The same columns as text, from which the patterns shown are taken.
    excused
        By column, the rows that already have a fault there.
    extract_date
        Last day covered, if the caller gave one.

    Returns
    -------
    list of Fault
    """
    rules = {rule.name: rule for rule in _rules(contract, frame, extract_date)}
    failures = _failures(frame, contract, rules)
    faults = []
    for name, rule in rules.items():
        rows = failures.get(name, np.array([], dtype=np.int64))
        if rule.column in excused and len(rows):
            rows = rows[~excused[rule.column].loc[rows].to_numpy(dtype=bool)]
        if len(rows):
            shown = text[rule.column].loc[rows.min()] if rule.show and rule.column in text else None
            faults.append(
                Fault(
                    where=where,
                    table=contract.name,
                    column=rule.column,
                    what=rule.what,
                    remedy=rule.remedy,
                    rows=np.sort(rows),
                    pattern="" if shown is None else mask(shown),
                )
            )
    return faults


def _failures(frame: pd.DataFrame, contract: TableContract, rules: Mapping[str, Rule]) -> dict[str, np.ndarray]:
    # Rules across columns become a column of verdicts each: pandera reports a failing row of a whole-table check
    # once for every column, one row at a time, which takes hours on a million rows.
    across = [rule for rule in rules.values() if rule.across]
    verdicts = pd.DataFrame({rule.name: rule.passes(frame) for rule in across}, index=frame.index)
    kept = {rule.name: pa.Column(None, checks=pa.Check(lambda keeps: keeps, name=rule.name)) for rule in across}
    cases = [_cases(frame, _column_schema(frame, contract, rules)), _cases(verdicts, pa.DataFrameSchema(kept))]
    result: dict[str, np.ndarray] = {}
    for found in cases:
        empty = found["check"].eq(_EMPTY)
        keys = found["check"].where(~empty, _EMPTY + ":" + found["column"].astype(str))
        result |= {str(key): rows.astype("int64").unique() for key, rows in found["index"].groupby(keys)}
    return result


def _cases(frame: pd.DataFrame, schema: pa.DataFrameSchema) -> pd.DataFrame:
    problem: pa.errors.SchemaErrors | None = None
    try:
        schema.validate(frame, lazy=True)
    except pa.errors.SchemaErrors as found:
        # Kept, not chained: its text quotes the values that failed.
        problem = found
    if problem is None:
        return pd.DataFrame({"check": [], "column": [], "index": []}, dtype=object)
    return problem.failure_cases


def _column_schema(frame: pd.DataFrame, contract: TableContract, rules: Mapping[str, Rule]) -> pa.DataFrameSchema:
    columns = {}
    for column in contract.columns:
        if column.name in frame.columns:
            own = [rule for rule in rules.values() if rule.column == column.name and not rule.across]
            checks = [_as_check(rule) for rule in own if not rule.name.startswith(_EMPTY)]
            columns[column.name] = pa.Column(None, checks=checks, nullable=column.may_be_missing)
    return pa.DataFrameSchema(columns)


def _as_check(rule: Rule) -> Any:
    return pa.Check(lambda values: rule.passes(values.to_frame(rule.column)), name=rule.name)


def _rules(contract: TableContract, frame: pd.DataFrame, extract_date: dt.date | None) -> list[Rule]:
    rules: list[Rule] = []
    for column in contract.columns:
        if column.name in frame.columns:
            rules += _column_rules(contract, column)
    there = set(frame.columns)
    rules += [_ordered(first, last) for first, last in contract.order if {first, last} <= there]
    if contract.event in there and "date_of_birth" in there:
        rules.append(_born_before(contract.event))
    if extract_date is not None:
        rules += [_by_then(name, extract_date) for name in contract.observed if name in there]
    return rules


def _column_rules(contract: TableContract, column: Column) -> list[Rule]:
    name = column.name
    rules = []
    if not column.may_be_missing:
        remedy = "Fill the cells, or leave the records out."
        rules.append(
            Rule(
                name=f"{_EMPTY}:{name}",
                column=name,
                what="is empty",
                remedy=remedy,
                passes=lambda frame: frame[name].notna(),
                show=False,
            )
        )
    if name == "record_id":
        rules.append(_unique())
    if column.codes:
        rules.append(_coded(contract, column))
    if column.minimum is not None:
        rules.append(_at_least(column, column.minimum))
    if column.pattern:
        rules.append(_shaped(column))
    return rules


def _unique() -> Rule:
    def passes(frame: pd.DataFrame) -> pd.Series:
        ids = frame["record_id"]
        return ~(ids.duplicated(keep=False) & ids.notna())

    return Rule(
        name="unique:record_id",
        column="record_id",
        what="is used more than once",
        remedy="Give every record its own number, and send each record once.",
        passes=passes,
    )


def _coded(contract: TableContract, column: Column) -> Rule:
    remedy = (
        f"Our codes are {', '.join(column.codes)}; map theirs: "
        f"codes={{'{contract.name}': {{'{column.name}': {{'their code': '{column.codes[0]}'}}}}}}."
    )
    return Rule(
        name=f"code:{column.name}",
        column=column.name,
        what="is not a known code",
        remedy=remedy,
        passes=lambda frame: frame[column.name].isin(column.codes) | frame[column.name].isna(),
    )


def _at_least(column: Column, minimum: float) -> Rule:
    return Rule(
        name=f"minimum:{column.name}",
        column=column.name,
        what=f"is less than {minimum:g}",
        remedy="Mend the number, or leave the record out.",
        passes=lambda frame: frame[column.name].ge(minimum).fillna(True).astype(bool) | frame[column.name].isna(),
    )


def _shaped(column: Column) -> Rule:
    def passes(frame: pd.DataFrame) -> pd.Series:
        values = frame[column.name]
        return values.isna() | values.astype(object).where(values.notna(), "").astype(str).str.fullmatch(column.pattern)

    return Rule(
        name=f"shape:{column.name}",
        column=column.name,
        what=f"is not {column.pattern_words}",
        remedy="Mend the cells in the extract.",
        passes=passes,
    )


def _ordered(first: str, last: str) -> Rule:
    return Rule(
        name=f"order:{first}:{last}",
        column=last,
        what=f"is before {first}",
        remedy="Mend whichever of the two dates is wrong.",
        passes=lambda frame: ~(frame[last] < frame[first]),
        show=False,
        across=True,
    )


def _born_before(event: str) -> Rule:
    return Rule(
        name=f"birth:{event}",
        column="date_of_birth",
        what=f"is not before {event}",
        remedy="Mend the date of birth (a two-digit year, or the wrong century?) or the date of the event.",
        passes=lambda frame: ~(frame["date_of_birth"] >= frame[event]),
        show=False,
        across=True,
    )


def _by_then(column: str, extract_date: dt.date) -> Rule:
    return Rule(
        name=f"until:{column}",
        column=column,
        what=f"is after the extract date, {extract_date.isoformat()}",
        remedy="Mend the date, or give a later extract_date.",
        passes=lambda frame: ~(frame[column] > pd.Timestamp(extract_date)),
        show=False,
    )


def unknown_word(word: str, known: tuple[str, ...], what: str) -> str:
    """Say that an option's value is not known, with the nearest that is.

    Examples
    --------
    >>> unknown_word("stopp", ("stop", "drop_and_count"), "on_error")
    "on_error is 'stopp' (did you mean 'stop'?); it can be stop or drop_and_count."
    """
    return f"{what} is '{word}'{did_you_mean(str(word), known)}; it can be {' or '.join(known)}."
