"""Are the records good enough? Empty columns, how late records come, periods without any, names that do not agree."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any, Final

import pandas as pd

from dipeval.indicators.measuring.frames import ALL_DISTRICTS

if TYPE_CHECKING:
    from dipeval.study.quarterly.load import Loaded
    from dipeval.study.quarterly.spec import QuarterlySpec

COLUMNS: Final = (
    "check",
    "label",
    "table",
    "column",
    "district",
    "period",
    "value",
    "unit",
    "n",
    "wanted",
    "passed",
    "note",
)
# Columns that the indicators are counted from; a gap in one takes a record out of them.
KEY_COLUMNS: Final[Mapping[str, tuple[str, ...]]] = {
    "drug_tests": ("test_date", "district", "result", "custody_suite", "test_ground", "trigger_offence", "test_time"),
    "contacts": ("contact_date", "district", "entry_point", "assessment", "attended", "contact_time"),
    "treatment": ("start_date", "district"),
    "offences": ("offence_date", "offence_group", "disposal", "arrest_date"),
}
EVENTS: Final[Mapping[str, str]] = {
    "drug_tests": "test_date",
    "contacts": "contact_date",
    "treatment": "start_date",
    "offences": "offence_date",
}
# dipeval's own standards, told in the report beside each figure.
MOST_MISSING: Final = 0.05
MOST_DAYS: Final = 31
LABELS: Final = {
    "missing": "Records without it",
    "lag": "Days from the last record to the end of the data",
    "gaps": "Periods without a record, after the district's first",
    "names": "Districts named in no other table",
}


def quality(spec: QuarterlySpec, loaded: Loaded, periods: tuple[str, ...]) -> pd.DataFrame:
    """Check the records.

    Parameters
    ----------
    spec
        The quarterly file.
    loaded
        The records.
    periods
        Periods that are covered to their end.

    Returns
    -------
    DataFrame
        check (``missing``, ``lag``, ``gaps``, ``names``), label, table, column, district (``all districts`` for the
        whole), period (the latest of the gaps), value, unit (``share``, ``days``, ``count``), n (records behind the
        value), wanted (the most that passes), passed, note.
    """
    rows: list[dict[str, Any]] = []
    for name in (one for one in KEY_COLUMNS if one in loaded.extracts.names):
        table = loaded.extracts.table(name)
        for district, part in _parts(table):
            rows += _missing(name, district, part)
            rows += _lag(name, district, part, pd.Timestamp(loaded.extracts.extract_date))
            if district != ALL_DISTRICTS:
                rows += _gaps(name, district, part, periods, spec.indicators.every)
    rows += _names(loaded)
    frame = pd.DataFrame(rows, columns=list(COLUMNS))
    return frame.astype({"value": "float64", "wanted": "float64", "n": "Int64", "passed": "boolean"})


def _parts(table: pd.DataFrame) -> Iterator[tuple[str, pd.DataFrame]]:
    yield ALL_DISTRICTS, table
    if "district" in table.columns:
        for district, part in table.groupby(table["district"].astype("object"), sort=True):
            yield str(district), part


def _row(check: str, table: str, district: str, **values: Any) -> dict[str, Any]:
    plain = {"label": LABELS[check], "column": "", "period": "", "note": ""}
    return {"check": check, "table": table, "district": district} | plain | values


def _missing(name: str, district: str, part: pd.DataFrame) -> Iterator[dict[str, Any]]:
    for column in KEY_COLUMNS[name]:
        if column not in part.columns:
            if district == ALL_DISTRICTS:
                note = "The extract has no such column."
                yield _row("missing", name, district, column=column, value=1.0, unit="share", n=len(part),
                           wanted=MOST_MISSING, passed=False, note=note)  # fmt: skip
            continue
        if column == "district" and district != ALL_DISTRICTS:
            continue
        share = float(part[column].isna().mean()) if len(part) else 0.0
        yield _row("missing", name, district, column=column, value=share, unit="share", n=len(part),
                   wanted=MOST_MISSING, passed=share <= MOST_MISSING)  # fmt: skip


def _lag(name: str, district: str, part: pd.DataFrame, until: pd.Timestamp) -> Iterator[dict[str, Any]]:
    days = pd.to_datetime(part[EVENTS[name]]).dropna()
    if days.empty:
        return
    # An event that is dated after the end of the data, such as a treatment agreed for next week, is no lag.
    value = max(0, (until - days.max()).days)
    yield _row("lag", name, district, column=EVENTS[name], value=value, unit="days", n=len(days), wanted=MOST_DAYS,
               passed=value <= MOST_DAYS)  # fmt: skip


def _gaps(
    name: str, district: str, part: pd.DataFrame, periods: tuple[str, ...], every: str
) -> Iterator[dict[str, Any]]:
    days = pd.to_datetime(part[EVENTS[name]]).dropna()
    if days.empty or not periods:
        return
    labels = _labels(days, every)
    first, there = labels.min(), set(labels)
    empty = [label for label in periods if label > first and label not in there]
    late = first > periods[0]
    said = [f"Its first record is in {first}."] if late else []
    said += [f"No record in {', '.join(empty[-6:])}{' and earlier' if len(empty) > 6 else ''}."] if empty else []
    yield _row("gaps", name, district, column=EVENTS[name], period=empty[-1] if empty else "", value=len(empty),
               unit="count", n=len(days), wanted=0, passed=not empty, note=" ".join(said))  # fmt: skip


def _labels(days: pd.Series, every: str) -> pd.Series:
    if every == "month":
        return days.dt.strftime("%Y-%m")
    return days.dt.year.astype(str) + "-Q" + days.dt.quarter.astype(str)


def _names(loaded: Loaded) -> Iterator[dict[str, Any]]:
    """Districts that stand in one table and in none of the others."""
    from dipeval.indicators.measuring.districts import check_districts

    tables = {
        name: table for name in loaded.extracts.names if "district" in (table := loaded.extracts.table(name)).columns
    }
    if len(tables) < 2:
        return
    named = {name: {*table["district"].dropna().astype(str)} - {ALL_DISTRICTS} for name, table in tables.items()}
    found = check_districts(named)
    for name, table in tables.items():
        alone = found[found["table"] == name]
        said = [
            f"'{row['district']}' is missing in {row['missing_in']}"
            + (f" (there '{row['suggestion']}'?)" if row["suggestion"] else "")
            for row in alone.to_dict("records")
        ]
        yield _row("names", name, ALL_DISTRICTS, column="district", value=len(alone), unit="count", n=len(table),
                   wanted=0, passed=alone.empty, note="; ".join(said[:6]) + ("." if said else ""))  # fmt: skip
