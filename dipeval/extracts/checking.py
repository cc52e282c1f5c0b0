"""Parsed tables against their contract: pandera finds every breach in one pass, our own words report it."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np
import pandas as pd
import pandera.pandas as pa

from dipeval.extracts.contracts import Column, TableContract, did_you_mean
from dipeval.extracts.faults import Fault, mask
from dipeval.extracts.parsing import as_text

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
    """

    name: str
    column: str
    what: str
    remedy: str
    passes: Callable[[pd.DataFrame], pd.Series]
    show: bool = True


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
        The same columns as they were sent, from which the patterns shown are taken.
    excused
        By column, the rows that already have a fault there.
    extract_date
        Last day covered, if the caller gave one.

    Returns
    -------
    list of Fault
    """
    rules = {rule.name: rule for rule in _rules(contract, frame, extract_date)}
    failures = _failures(frame, rules.values())
    faults = []
    for name, rule in rules.items():
        rows = failures.get(name, np.array([], dtype=np.int64))
        if rule.column in excused and len(rows):
            rows = rows[~excused[rule.column].loc[rows].to_numpy(dtype=bool)]
        if len(rows):
            shown = as_text(text[rule.column].loc[[rows.min()]]).iloc[0] if rule.show and rule.column in text else None
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


def _failures(frame: pd.DataFrame, rules: Iterable[Rule]) -> dict[str, np.ndarray]:
    # pandera sees a column of verdicts for each broken rule, and only the rows that break one: given the table
    # itself it copies it, and reports a failing row of a whole-table check once for every column.
    verdicts = {}
    for rule in rules:
        keeps = rule.passes(frame).to_numpy(dtype=bool)
        if not keeps.all():
            verdicts[rule.name] = keeps
    if not verdicts:
        return {}
    broken = ~np.logical_and.reduce(list(verdicts.values()))
    told = pd.DataFrame({name: keeps[broken] for name, keeps in verdicts.items()}, index=frame.index[broken])
    found = _cases(told)
    return {str(key): rows.astype("int64").unique() for key, rows in found["index"].groupby(found["check"])}


def _cases(verdicts: pd.DataFrame) -> pd.DataFrame:
    columns = {name: pa.Column(bool, checks=pa.Check(lambda keeps: keeps, name=name)) for name in verdicts.columns}
    cases = pd.DataFrame({"check": [], "index": []}, dtype=object)
    try:
        pa.DataFrameSchema(columns).validate(verdicts, lazy=True)
    except pa.errors.SchemaErrors as found:
        # Kept, not chained: what a reader sees is written from our own rules.
        cases = found.failure_cases
    return cases


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
    if column.maximum is not None:
        rules.append(_at_most(column, column.maximum))
    if column.pattern:
        rules.append(_shaped(column))
    return rules


def _unique() -> Rule:
    def passes(frame: pd.DataFrame) -> pd.Series:
        ids = frame["record_id"]
        if _strictly_rising(ids.to_numpy()):
            return pd.Series(True, index=ids.index)
        return ~(ids.duplicated(keep=False) & ids.notna())

    return Rule(
        name="unique:record_id",
        column="record_id",
        what="is used more than once",
        remedy="Give every record its own number, and send each record once.",
        passes=passes,
    )


def _strictly_rising(ids: np.ndarray) -> bool:
    # Numbers given in order are the usual case, and seen at a glance; a hash table of millions of texts is not cheap.
    try:
        return all(bool((part[1:] > part[:-1]).all()) for part in (ids[:1000], ids))
    except TypeError:
        return False


def _each_word(values: pd.Series, keeps: Callable[[str], bool]) -> pd.Series:
    positions, words = pd.factorize(values)
    # Position -1 (missing) takes the True put at the end: missing values keep the rule.
    verdicts = np.append(np.fromiter((keeps(word) for word in words), dtype=bool, count=len(words)), True)
    return pd.Series(verdicts[positions], index=values.index)


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
        passes=lambda frame: _each_word(frame[column.name], lambda word: word in column.codes),
    )


def _at_least(column: Column, minimum: float) -> Rule:
    return Rule(
        name=f"minimum:{column.name}",
        column=column.name,
        what=f"is less than {minimum:g}",
        remedy="Mend the number, or leave the record out.",
        passes=lambda frame: frame[column.name].ge(minimum).fillna(True).astype(bool) | frame[column.name].isna(),
    )


def _at_most(column: Column, maximum: float) -> Rule:
    return Rule(
        name=f"maximum:{column.name}",
        column=column.name,
        what=f"is more than {maximum:g}",
        remedy="Mend the number, or leave the record out.",
        passes=lambda frame: frame[column.name].le(maximum).fillna(True).astype(bool) | frame[column.name].isna(),
    )


def _shaped(column: Column) -> Rule:
    shape = re.compile(column.pattern)

    def passes(frame: pd.DataFrame) -> pd.Series:
        return _each_word(frame[column.name], lambda word: shape.fullmatch(word) is not None)

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
    )


def _born_before(event: str) -> Rule:
    return Rule(
        name=f"birth:{event}",
        column="date_of_birth",
        what=f"is not before {event}",
        remedy="Mend the date of birth (a two-digit year, or the wrong century?) or the date of the event.",
        passes=lambda frame: ~(frame["date_of_birth"] >= frame[event]),
        show=False,
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
