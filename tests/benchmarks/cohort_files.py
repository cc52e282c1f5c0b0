"""The files of the cohort benchmark: `python -m tests.benchmarks.cohort_files FOLDER PEOPLE [--events 8.5] [--births]`.

A registry of that many people, eight offences each with a heavy tail (at most 120), written to Parquet by DuckDB.
With --births the offences tell the date of birth and the sex as well, so that an offence can be the index event.
Every value is a hash of the person and the event, so the files are the same on any number of threads. The events of a
person lie in eight files and in another order in each, so that no join can profit from the order.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import duckdb

EXTRACT_DATE = "2020-12-31"
PASSES = 8
PRIMES = (1_299_709, 2_654_435_761, 40_503, 2_246_822_519, 3_266_489_917, 668_265_263, 374_761_393, 15_485_863)
_U = "create macro u(a, k) as (hash(a, k) % 1000000007) / 1000000007.0"
_WHO = "'p' || lpad(person::varchar, 9, '0') as person_id"
_DISTRICTS = "['Bradford', 'Calderdale', 'Kirklees', 'Leeds', 'Wakefield']"
_GROUPS = """['shoplifting', 'other_theft', 'theft_from_person', 'theft_of_vehicle', 'theft_from_vehicle',
    'domestic_burglary', 'other_burglary', 'robbery', 'fraud', 'handling', 'violence_with_injury',
    'violence_without_injury', 'criminal_damage', 'public_order', 'drug_possession', 'drug_supply', 'other']"""

_OFFENCES = f"""
select 'o' || lpad((person * 128 + event)::varchar, 11, '0') as record_id, {_WHO},
    offence_date, {_GROUPS}[1 + floor(17 * u(key, 2))::int] as offence_group,
    case when u(key, 3) < 0.78
         then offence_date + least(400, floor(-120 * ln(1 - u(key, 4))))::int end as disposal_date,
    case when u(key, 3) < 0.55 then 'conviction' when u(key, 3) < 0.72 then 'caution'
         when u(key, 3) < 0.78 then 'other' else 'none' end as disposal,
    u(key, 5) < 0.1 as custodial{{births}}
from (
    select person, event, person * 128 + event as key,
        date '2006-01-01' + floor(5000 * u(person * 128 + event, 1))::int as offence_date
    from (select person, unnest(range(least(120, floor(-{{events}} * ln(1 - u(person, 11)))::int))) as event
          from people)
    where event % {PASSES} = {{place}})
"""

_TESTED = """(select person, unnest(range(1 + (u(person, 20) < 0.35)::int)) as event
    from people where u(person, 21) < 0.09)"""
_TEST_DATE = "date '2012-01-01' + floor(2700 * u(person * 4 + event, 22))::int"
_BORN = """date '1960-01-01' + floor(14600 * u(person, 23))::int as date_of_birth,
    case when u(person, 24) < 0.2 then 'female' else 'male' end as sex"""
_DRUG_TESTS = f"""
select 't' || lpad((person * 4 + event)::varchar, 11, '0') as record_id, {_WHO},
    {_BORN},
    {_DISTRICTS}[1 + floor(5 * u(person * 4 + event, 25))::int] as district,
    {_TEST_DATE} as test_date,
    ['opiates', 'cocaine', 'both', 'negative', 'refused'][1 + floor(4.2 * u(person * 4 + event, 26))::int] as result
from {_TESTED}
"""
_TREATMENT = f"""
select 's' || lpad((person * 4 + event)::varchar, 11, '0') as record_id, {_WHO}, start_date,
    case when u(person * 4 + event, 31) < 0.9
         then start_date + floor(-150 * ln(1 - u(person * 4 + event, 32)))::int end as end_date,
    ['pharmacological', 'psychosocial', 'residential'][1 + floor(3 * u(person * 4 + event, 33))::int] as modality,
    {_DISTRICTS}[1 + floor(5 * u(person, 38))::int] as district
from (
    select person, event, {_TEST_DATE} + floor(400 * u(person * 4 + event, 34))::int - 150 as start_date
    from {_TESTED} where u(person * 4 + event, 35) < 0.5
    union all
    select person, 2 as event, date '2006-01-01' + floor(5400 * u(person, 36))::int as start_date
    from people where u(person, 37) < 0.04)
"""
_CUSTODY = f"""
select 'c' || lpad((person * 4 + event)::varchar, 11, '0') as record_id, {_WHO}, start_date,
    case when u(person * 4 + event, 41) < 0.99
         then start_date + floor(-90 * ln(1 - u(person * 4 + event, 42)))::int end as end_date
from (
    select person, event,
        date '2006-01-01' + floor(5000 * u(person, 43))::int + (event * floor(200 * u(person, 44)))::int as start_date
    from (select person, unnest(range(3)) as event from people where u(person, 45) < 0.1))
"""
_DEATHS = f"""
select 'd' || lpad(person::varchar, 11, '0') as record_id, {_WHO},
    date '2012-01-01' + floor(3200 * u(person, 51))::int as death_date
from people where u(person, 52) < 0.02
"""


def write_registry(folder: Path, people: int, events: float = 8.5, births: bool = False) -> None:
    """Write offences/*.parquet and one file of each other table."""
    con = duckdb.connect()
    con.execute(_U)
    con.execute("set threads = 2; set preserve_insertion_order = false")
    (folder / "offences").mkdir(parents=True, exist_ok=True)
    for place in range(PASSES):
        _people(con, people, PRIMES[place])
        query = _OFFENCES.format(place=place, events=events, births=f",\n    {_BORN}" if births else "")
        _copy(con, query, folder / "offences" / f"part-{place}.parquet")
    for place, (name, query) in enumerate(
        {"drug_tests": _DRUG_TESTS, "treatment": _TREATMENT, "custody_spells": _CUSTODY, "deaths": _DEATHS}.items()
    ):
        _people(con, people, PRIMES[place + 2])
        _copy(con, query, folder / f"{name}.parquet")


def _people(con: duckdb.DuckDBPyConnection, people: int, step: int) -> None:
    # A multiplication by a number without a common factor passes through everybody once, in a scattered order.
    while _common(people, step) > 1:
        step += 1
    scattered = f"select (place::hugeint * {step} % {people})::bigint as person from range({people}) r(place)"
    con.execute(f"create or replace view people as {scattered}")


def _common(a: int, b: int) -> int:
    return a if b == 0 else _common(b, a % b)


def _copy(con: duckdb.DuckDBPyConnection, query: str, path: Path) -> None:
    con.execute(f"copy ({query}) to '{path}' (format parquet, compression zstd)")


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("folder", type=Path)
    parser.add_argument("people", type=int)
    parser.add_argument("--events", type=float, default=8.5)
    parser.add_argument("--births", action="store_true")
    given = parser.parse_args()
    write_registry(given.folder, given.people, given.events, given.births)
