"""Published tables expanded to one invented record each: what is counted again must give the tables back."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

import dipeval as dip
from dipeval.presenting import round_half_up
from tests.helpers import load_reference

TABLES = load_reference("published_tables")
LONDON, DISCHARGES, TESTING, REOFFENCES = (
    TABLES[name]
    for name in ("london_2010_11", "discharges_2007_08", "testing_on_arrest_2022_24", "national_indicator_38")
)


@dataclass
class KnownLinkage:
    """Whose record is whose, as a perfect linkage would say."""

    spine: pd.DataFrame

    def to_frame(self) -> pd.DataFrame:
        return self.spine.copy()


def numbered(letter: str, n: int) -> list[str]:
    return [f"{letter}{place:06d}" for place in range(n)]


def _who(n: int) -> dict[str, Any]:
    return {"date_of_birth": pd.Timestamp("1980-05-05"), "sex": "male", "district": ["Lambeth"] * n}


def known_people(**n_records: int) -> KnownLinkage:
    """A person for each record of a table, the n-th of each table being the same."""
    letters = {"contacts": "C", "treatment": "T"}
    parts = [
        pd.DataFrame({"table": table, "record_id": numbered(letters[table], n), "person_id": numbered("P", n)})
        for table, n in n_records.items()
    ]
    return KnownLinkage(pd.concat(parts, ignore_index=True))


def percent(share: float, digits: int = 0) -> float:
    return round_half_up(100 * share, digits)


def london_records() -> tuple[pd.DataFrame, pd.DataFrame]:
    """Contacts and treatment of the year to March 2011."""
    n = LONDON["contacts"]
    days = pd.Timestamp("2010-04-01") + pd.to_timedelta(np.arange(n) % 365, unit="D")
    contacts = pd.DataFrame({"record_id": numbered("C", n), **_who(n), "contact_date": days, "attended": True})
    treated, kept, done = (LONDON[name] for name in ("in_treatment", "retained_12_weeks", "completed"))
    early = 21
    start = pd.Series(pd.Timestamp("2010-07-01"), index=range(treated))
    end = pd.Series(pd.NaT, index=range(treated), dtype="datetime64[ns]")
    reason = pd.Series([None] * treated, dtype=object)
    reason[:done] = "completed"
    end[: done - early] = pd.Timestamp("2011-01-10")
    end[done - early : done] = pd.Timestamp("2010-08-15")
    # Those who were not retained: half dropped out in the fourth week, half began in the last weeks of the year.
    lost = range(kept, treated)
    end[lost[::2]], reason[lost[::2]] = pd.Timestamp("2010-07-25"), "dropped_out"
    start[lost[1::2]] = pd.Timestamp("2011-02-20")
    treatment = pd.DataFrame(
        {
            "record_id": numbered("T", treated),
            **_who(treated),
            "start_date": start,
            "end_date": end,
            "discharge_reason": reason,
        }
    )
    return contacts, treatment


def london_budget() -> pd.DataFrame:
    """The whole budget of these boroughs, as one line of spending on contact."""
    budget = {"financial_year": "2010/11", "funder": "not known", "spent_on": "contact", "price_year": 2010}
    return pd.DataFrame([budget | {"district": "Lambeth", "amount": LONDON["budget_pounds"]}])


def london_extracts(**more: pd.DataFrame) -> tuple[dip.Extracts, KnownLinkage]:
    """The records with what else is given, and whose they are."""
    contacts, treatment = london_records()
    tables = {"contacts": contacts, "treatment": treatment, **more}
    extracts = dip.make_extracts(tables, extract_date="2011-06-30")
    return extracts, known_people(contacts=len(contacts), treatment=len(treatment))


def london_pathway(how: str) -> dip.Pathway:
    """What happened in the year, from extracts or from tables that know their people."""
    window = {"counting": "period", "date_from": "2010-04-01", "date_to": "2011-03-31"}
    if how == "extracts":
        return dip.pathway(*london_extracts(), **window)
    contacts, treatment = london_records()
    engine = dip.open_engine(threads=1)
    tables = {
        "contacts": engine.put(contacts.assign(person_id=numbered("P", len(contacts))), "contacts"),
        "treatment": engine.put(treatment.assign(person_id=numbered("P", len(treatment))), "treatment"),
    }
    return dip.pathway(dip.event_tables(engine, tables, extract_date="2011-06-30"), **window)


def discharges_extracts() -> dip.Extracts:
    """Discharges of the year to March 2008, one person each."""
    codes = np.repeat([code for code, _, _ in DISCHARGES["reasons"]], [n for _, n, _ in DISCHARGES["reasons"]])
    reasons = [*codes, *[None] * DISCHARGES["missing"]]
    n = len(reasons)
    treatment = pd.DataFrame(
        {
            "record_id": numbered("T", n),
            **_who(n),
            "start_date": pd.Timestamp("2007-03-01"),
            "end_date": pd.Timestamp("2007-04-01") + pd.to_timedelta(np.arange(n) % 366, unit="D"),
            "discharge_reason": pd.Series(reasons, dtype=object),
        }
    )
    return dip.make_extracts({"treatment": treatment}, extract_date="2008-03-31")


def _tests_of_a_quarter(months: list[str], n: int, n_positive: int, n_forces: int, n_march: int | None) -> pd.DataFrame:
    month = np.array(months)[np.arange(n) % len(months)]
    if n_march is not None:
        month = np.where(np.arange(n) < n_march, months[-1], np.array(months[:-1])[np.arange(n) % (len(months) - 1)])
    # Every force has a test in every month: the counter of forces is not a multiple of that of months.
    force = (np.arange(n) // len(months)) % n_forces
    result = np.where(np.arange(n)[::-1] < n_positive, "cocaine", "negative")
    # The first test of a force in a month is on its first day, so that no force looks as if it began late.
    day = (np.arange(n) // (len(months) * n_forces)) % 28
    return pd.DataFrame(
        {
            "district": [f"Force {place:02d}" for place in force],
            "test_date": pd.to_datetime(month) + pd.to_timedelta(day, unit="D"),
            "result": result,
        }
    )


def every_test() -> pd.DataFrame:
    """Every test of the quarterly table, with its force and, from March 2023, the ground it was done on."""
    later = sum(row[2] for row in TESTING["quarters"] if row[0] > "2023-Q1")
    march = TESTING["grounds"]["total"] - later
    parts = [
        _tests_of_a_quarter(months, n, positive, forces, march if quarter == "2023-Q1" else None)
        for quarter, months, n, positive, _, forces in TESTING["quarters"]
    ]
    frame = pd.concat(parts, ignore_index=True)
    frame = frame.assign(record_id=numbered("D", len(frame)), date_of_birth=pd.Timestamp("1980-05-05"), sex="male")
    stated = frame["test_date"] >= TESTING["grounds_from"]
    frame["test_ground"] = pd.Series([None] * len(frame), dtype=object)
    grounds = np.repeat(["trigger", "non_trigger"], [TESTING["grounds"]["trigger"], TESTING["grounds"]["non_trigger"]])
    rows = frame.index[stated][: len(grounds)]
    frame.loc[rows, "test_ground"] = grounds
    return frame


def offences_of_people() -> pd.DataFrame:
    """People of National Indicator 38 with their offences: totals published, their spread over people invented."""
    counts = np.repeat([11, 10, 2, 1], [4, 14, 177, 39])
    return pd.DataFrame({"person_id": numbered("P", len(counts)), "offences": counts})
