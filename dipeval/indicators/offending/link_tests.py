"""The tests behind the link of drugs and offences: from extracts, from tables on an engine, or from a frame."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pandas as pd

from dipeval.engine import open_engine
from dipeval.errors import InputError
from dipeval.indicators.records import load
from dipeval.vocabulary import TEST_RESULTS

if TYPE_CHECKING:
    import ibis.expr.types as ir

    from dipeval.engine import Engine

_NEEDED = ("test_date", "result", "trigger_offence")
_FURTHER = ("district", "test_ground", "person_id")


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Tests:
    """Drug tests on an engine.

    Parameters
    ----------
    engine
        Where they are.
    table
        test_date, result, trigger_offence, district, test_ground, person_id.
    linked
        Whether person_id is known.
    last_day
        Last day covered.
    """

    # The domain's word; a test runner must not take it for a class of tests.
    __test__ = False

    engine: Engine
    table: ir.Table
    linked: bool
    last_day: dt.date


def tests_of(extracts: Any, linkage: Any, engine: Engine | None) -> Tests:
    """Put the tests on an engine.

    Parameters
    ----------
    extracts
        Extracts, event tables or a frame of tests.
    linkage
        Whose records are whose, or None.
    engine
        Default: that of the extracts or the linkage, else a new one.

    Raises
    ------
    InputError
        If there are no tests, or no offence on any of them.
    """
    if isinstance(extracts, pd.DataFrame):
        return _of_frame(extracts, linkage, engine)
    records = load(extracts, linkage, ("drug_tests",), engine, persons=False)
    if "drug_tests" not in records.given:
        raise InputError("Drug tests are counted here; the extracts have no table drug_tests.")
    if not records.holds("drug_tests", "trigger_offence"):
        raise InputError(
            "The drug tests have no column trigger_offence, so nothing says which offence led to a test. Map the "
            "source's offence column to trigger_offence, as codes of our offence groups or in the words of the Act."
        )
    table = records.tables["drug_tests"]
    return Tests(
        engine=records.engine,
        table=table.select(*_NEEDED, *_FURTHER),
        linked=records.linked,
        last_day=records.extract_date,
    )


def _of_frame(data: pd.DataFrame, linkage: Any, engine: Engine | None) -> Tests:
    if linkage is not None:
        raise InputError("A table of tests carries person_id itself, so no linkage is used with it; leave it out.")
    missing = [name for name in _NEEDED if name not in data.columns]
    if missing:
        raise InputError(
            f"The table of tests has no column {', '.join(missing)}; it needs {', '.join(_NEEDED)}, and if they are "
            f"known {', '.join(_FURTHER)}."
        )
    days = pd.to_datetime(data["test_date"], errors="coerce").astype("datetime64[us]")
    results = data["result"].astype("object")
    faults = []
    if broken := int(days.isna().sum()):
        faults.append(f"{broken} row(s) have no test_date that is a date")
    if unknown := int((~results.isin(TEST_RESULTS)).sum()):
        faults.append(f"{unknown} row(s) have a result that is none of {', '.join(TEST_RESULTS)}")
    if data.empty:
        faults.append("it has no rows")
    if faults:
        raise InputError(f"The table of tests cannot be used: {'; '.join(faults)}.")
    frame = pd.DataFrame({"test_date": days, "result": results.astype(str)})
    for name in ("trigger_offence", *_FURTHER):
        frame[name] = data[name].astype("string") if name in data.columns else pd.array([pd.NA] * len(data), "string")
    engine = engine or open_engine()
    table = engine.put(frame.reset_index(drop=True), "tests_given")
    return Tests(
        engine=engine,
        table=table.mutate(test_date=table.test_date.cast("date")),
        linked=bool(frame["person_id"].notna().all()),
        # Nothing says how far a table reaches; the day of its last test is somebody's own and ends no window.
        last_day=dt.date(days.max().year, 12, 31),
    )
