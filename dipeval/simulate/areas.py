"""`simulate_areas`: invented records of several districts, quarter by quarter, with nobody to compare anybody with."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Any, TypeVar

import numpy as np
import pandas as pd

from dipeval.errors import InputError
from dipeval.extracts import Extracts, make_extracts
from dipeval.simulate import area_sums as sums
from dipeval.simulate.area_events import (
    TRIGGERS,
    AreaContacts,
    AreaOffences,
    AreaStays,
    AreaTests,
    draw_contacts,
    draw_offences,
    draw_stays,
    draw_tests,
)
from dipeval.simulate.area_people import AreaPeople, draw_people
from dipeval.simulate.arrays import MISSING, Array, day_number, numbered, to_dates, to_text
from dipeval.simulate.streams import Streams
from dipeval.vocabulary import (
    ASSESSMENTS,
    DISCHARGE_REASONS,
    DISPOSALS,
    DRUGS,
    ENTRY_POINTS,
    OFFENCE_GROUPS,
    TEST_RESULTS,
    WEST_YORKSHIRE_DISTRICTS,
)

Events = TypeVar("Events", AreaContacts, AreaStays)
_TIMES = tuple(f"{minute // 60:02d}:{minute % 60:02d}" for minute in range(1440))
# Triggers of the Act among the offences of an arrest; after the others an inspector has to authorise a test.
_TRIGGER = ("shoplifting", "other_theft", "domestic_burglary", "robbery", "fraud", "drug_possession")


def simulate_areas(
    districts: int | Sequence[str] = 5,
    *,
    quarters: int = 16,
    people: int = 8_000,
    seed: int = 1,
    first_quarter: str = "2010-Q2",
) -> Extracts:
    """Simulate the records of several districts quarter by quarter, with changes planted in known places.

    For indicators, control charts and comparisons of districts; nobody is compared with an untreated person, so there
    is no effect to be found. Names and postcodes are left out: whose record is whose is known (``truth``). Planted, if
    there are as many districts and quarters: the last district begins to test in the fifth quarter; drugs workers left
    the custody suites of the third district in the ninth, and fewer people are seen from then on; tests after violence
    are positive more and more often; the second suite of the first district sees few people at night. Districts differ
    in positivity (standard deviation 0.12 on the log-odds scale), and a tenth of the people make about a third of the
    tests. Every figure is invented.

    Parameters
    ----------
    districts
        How many, or their names. Up to five bear the names of those of West Yorkshire.
    quarters
        How many calendar quarters of tests; the data end with the last.
    people
        How many people come to notice, in all districts together.
    seed
        Whole number from 0; one seed gives the same records.
    first_quarter
        Such as ``"2010-Q2"`` (April to June 2010).

    Returns
    -------
    Extracts
        Tables drug_tests, contacts, treatment, offences, crime, staffing, spend, targets; ``data_status`` is
        ``simulated``; ``truth`` is a DataFrame with table, record_id, true_person, for `dipeval.linkage.true_linkage`.

    Raises
    ------
    InputError
        If an argument is outside its range.

    Examples
    --------
    >>> extracts = simulate_areas(2, quarters=4, people=200)
    >>> sorted(extracts.names)[:3], extracts.extract_date.isoformat()
    (['contacts', 'crime', 'drug_tests'], '2011-03-31')
    """
    names = area_names(districts)
    tables, owners, last_day = area_tables(names, quarters, people, seed, first_quarter)
    parts = [
        pd.DataFrame({"table": table, "record_id": tables[table]["record_id"], "true_person": person})
        for table, person in owners.items()
        if table in tables
    ]
    return make_extracts(
        tables, extract_date=last_day, data_status="simulated", truth=pd.concat(parts, ignore_index=True)
    )


def area_names(districts: int | Sequence[str]) -> tuple[str, ...]:
    """Return the names of so many districts.

    Examples
    --------
    >>> area_names(2), area_names(7)[6]
    (('Bradford', 'Calderdale'), 'Area 07')
    """
    if isinstance(districts, bool) or not isinstance(districts, int):
        names = tuple(districts) if not isinstance(districts, (bool, str)) else ()
        if not names or len(set(names)) < len(names) or not all(isinstance(name, str) and name for name in names):
            raise InputError("districts must be a number from 1 to 500, or names that all differ.")
        return names
    if not 1 <= districts <= 500:
        raise InputError(f"districts must be a number from 1 to 500, or names; it is {districts}.")
    if districts <= len(WEST_YORKSHIRE_DISTRICTS):
        return WEST_YORKSHIRE_DISTRICTS[:districts]
    return tuple(f"Area {place:02d}" for place in range(1, districts + 1))


def area_tables(
    names: Sequence[str], quarters: int, people: int, seed: int, first_quarter: str
) -> tuple[dict[str, pd.DataFrame], dict[str, Array], dt.date]:
    """Return the tables, the person of each record of those about people, and the last day they cover.

    Parameters
    ----------
    names
        Of the districts.
    quarters, people, seed, first_quarter
        As for `simulate_areas`.

    Returns
    -------
    tuple
        Tables by name; table -> person numbers; last day.
    """
    span = _quarters(first_quarter, quarters)
    _check_size("people", people, 1, 5_000_000)
    _check_size("seed", seed, 0, 2**63 - 1)
    streams = Streams(seed)
    first, last = (day_number(day.date()) for day in (span[0].start_time, span[-1].end_time))
    days = last - first + 1
    crowd = draw_people(people, len(names), (first + last) // 2, streams)
    tests = draw_tests(crowd, first, days, quarters, streams)
    contacts = draw_contacts(crowd, tests, first, days, streams)
    contacts = _known(contacts, contacts.day <= last)
    stays = draw_stays(crowd, contacts, first, streams)
    stays = _known(stays, stays.start <= last)
    offences = draw_offences(crowd, tests, first, last, streams)
    rng = streams("area_sums")
    tables = {
        "drug_tests": _tests(tests, crowd, names),
        "contacts": _contacts(contacts, crowd, names, last),
        "treatment": _treatment(stays, crowd, names, last),
        "offences": _offences(offences, crowd, last),
        "crime": sums.crime_table(crowd, offences, span, names, rng),
        "staffing": sums.staffing_table(tests, contacts, span, names, rng),
        "spend": sums.spend_table(tests, contacts, stays, crowd, span, names, rng),
        "targets": sums.targets_table(span, names),
    }
    owners = {
        "drug_tests": tests.person,
        "contacts": contacts.person,
        "treatment": stays.person,
        "offences": offences.person,
    }
    return {name: frame for name, frame in tables.items() if len(frame)}, owners, span[-1].end_time.date()


def _quarters(first: str, count: int) -> pd.PeriodIndex:
    _check_size("quarters", count, 1, 200)
    try:
        start = pd.Period(str(first).replace("-", ""), freq="Q")
    except ValueError:
        raise InputError(f"first_quarter must be a calendar quarter such as 2010-Q2; it is '{first}'.") from None
    return pd.period_range(start, periods=count, freq="Q")


def _check_size(name: str, value: Any, low: int, high: int) -> None:
    if isinstance(value, bool) or not isinstance(value, int) or not low <= value <= high:
        raise InputError(f"{name} must be a whole number from {low:,} to {high:,}; it is {value!r}.")


def _known(events: Events, kept: Array) -> Events:
    """Only what had happened by the end of the data."""
    return type(events)(**{name: getattr(events, name)[kept] for name in events.__dataclass_fields__})


def _who(people: AreaPeople, person: Array) -> dict[str, Array]:
    return {
        "date_of_birth": to_dates(people.birth_day[person]),
        "sex": to_text(people.female[person].astype(np.int8), ("male", "female")),
    }


def _drug_columns(people: AreaPeople, person: Array) -> dict[str, Array]:
    return {f"drug_{place + 1}": to_text(people.drugs[person, place], DRUGS) for place in range(3)}


def _tests(tests: AreaTests, people: AreaPeople, names: Sequence[str]) -> pd.DataFrame:
    words = np.asarray([TEST_RESULTS[0], "opiates", "cocaine", "both", "refused"], dtype=object)
    suites = [f"{name} {which}" for name in names for which in ("Central", "North")]
    ground = np.isin(np.asarray(TRIGGERS, dtype=object), _TRIGGER)[tests.offence]
    return pd.DataFrame(
        {
            "record_id": numbered("D", np.arange(1, len(tests.day) + 1)),
            **_who(people, tests.person),
            "district": to_text(tests.district, names),
            "custody_suite": to_text(2 * tests.district + tests.second_suite, suites),
            "test_date": to_dates(tests.day),
            "test_time": to_text(tests.minute, _TIMES),
            "test_ground": to_text((~ground).astype(np.int8), ("trigger", "non_trigger")),
            "trigger_offence": to_text(tests.offence, TRIGGERS),
            "result": words[tests.result],
        },
        copy=False,
    )


def _contacts(contacts: AreaContacts, people: AreaPeople, names: Sequence[str], last: int) -> pd.DataFrame:
    planned = np.where(contacts.care_plan > last, MISSING, contacts.care_plan)
    return pd.DataFrame(
        {
            "record_id": numbered("C", np.arange(1, len(contacts.day) + 1)),
            **_who(people, contacts.person),
            "district": to_text(contacts.district, names),
            "contact_date": to_dates(contacts.day),
            "contact_time": to_text(contacts.minute, _TIMES),
            "entry_point": to_text(contacts.entry_point, ENTRY_POINTS),
            "assessment": to_text(contacts.assessment, ASSESSMENTS),
            "attended": pd.array(contacts.attended, dtype="boolean"),
            "care_plan_date": to_dates(planned),
            **_drug_columns(people, contacts.person),
        },
        copy=False,
    )


def _treatment(stays: AreaStays, people: AreaPeople, names: Sequence[str], last: int) -> pd.DataFrame:
    runs = stays.end > last
    return pd.DataFrame(
        {
            "record_id": numbered("T", np.arange(1, len(stays.start) + 1)),
            **_who(people, stays.person),
            "district": to_text(people.district[stays.person], names),
            "start_date": to_dates(stays.start),
            "end_date": to_dates(np.where(runs, MISSING, stays.end)),
            "discharge_reason": to_text(np.where(runs, -1, stays.reason), DISCHARGE_REASONS),
            **_drug_columns(people, stays.person),
        },
        copy=False,
    )


def _offences(offences: AreaOffences, people: AreaPeople, last: int) -> pd.DataFrame:
    """Cases that were not settled by the end of the data are open: no disposal is known yet."""
    open_case = (offences.disposed == MISSING) | (offences.disposed > last)
    return pd.DataFrame(
        {
            "record_id": numbered("O", np.arange(1, len(offences.day) + 1)),
            **_who(people, offences.person),
            "offence_date": to_dates(offences.day),
            "offence_group": to_text(offences.group, OFFENCE_GROUPS),
            "disposal_date": to_dates(np.where(open_case, MISSING, offences.disposed)),
            "disposal": to_text(np.where(offences.disposed > last, -1, offences.disposal), DISPOSALS),
            "arrest_date": to_dates(offences.day),
        },
        copy=False,
    )
