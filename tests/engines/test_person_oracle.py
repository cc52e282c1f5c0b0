"""The person-level result on DuckDB equals an independent oracle, written one person and one record at a time.

The oracle is deliberately naive: Python dates, loops and sets of days, none of the library's expressions.
"""

from __future__ import annotations

import datetime as dt
import math
import random
from typing import Any

import pandas as pd
import pytest

from dipeval.cohort import Cohort, CohortRule, build_cohort
from dipeval.outcomes import FollowUp, measure_reoffending
from dipeval.vocabulary import OFFENCE_CLASS, OFFENCE_GROUPS
from tests.spec.invented_people import InventedExtracts, InventedLinkage, invent

DAY = dt.timedelta(days=1)
EXTRACT_DATE = dt.date(2023, 12, 31)
RULE = CohortRule(
    index_from=dt.date(2020, 2, 29),
    index_to=dt.date(2022, 12, 31),
    landmark_days=45,
    grace_days=42,
    districts=("Leeds", "Bradford", "Wakefield"),
)
FOLLOW_UP = FollowUp()
EDGES = [0, 0, 1, 27, 28, 29, 41, 42, 43, 44, 45, 46, 364, 365, 366, 410, 411, 591, 592, 593, 1825, 1826, 1827]
MONTH_ENDS = [dt.date(2020, 2, 29), dt.date(2020, 3, 31), dt.date(2022, 2, 28), dt.date(2020, 12, 31)]
Rows = dict[str, list[dict[str, Any]]]


def _near(day: dt.date, rng: random.Random) -> dt.date:
    """A day at one of the edges of the rules, seen from another day."""
    return day + rng.choice((-1, 1)) * rng.choice(EDGES) * DAY


def _one_person(name: str, rng: random.Random) -> Rows:
    day = rng.choice(MONTH_ENDS) if rng.random() < 0.3 else dt.date(2020, 1, 1) + rng.randrange(1200) * DAY
    born = rng.choice([dt.date(1980, 2, 29), dt.date(day.year - 18, day.month, min(day.day, 28)), dt.date(1990, 6, 15)])
    results = ("opiates", "cocaine", "both", "both", "negative", "refused")
    tests = [
        {
            "test_date": when,
            "result": rng.choice(results),
            "date_of_birth": born if rng.random() < 0.97 else None,
            "district": rng.choice(("Leeds", "Bradford", "Wakefield", "Kirklees")),
            "sex": rng.choice(("male", "female", "unknown")),
        }
        for when in [day, *(_near(day, rng) for _ in range(rng.randrange(3)))]
    ]
    treatment = [_spell(_near(day, rng), rng) for _ in range(rng.choice((0, 0, 1, 2)))]
    custody = [_spell(_near(day, rng), rng) for _ in range(rng.choice((0, 0, 0, 1, 3)))]
    if custody and custody[0]["end_date"] is not None and rng.random() < 0.5:
        custody.append({"start_date": custody[0]["end_date"], "end_date": custody[0]["end_date"] + 5 * DAY})
    offences = [_offence(day, rng) for _ in range(rng.choice((0, 1, 2, 5, 12)))]
    deaths = [{"death_date": day + rng.choice(EDGES) * DAY} for _ in range(rng.choice((0,) * 8 + (1, 2)))]
    rows = {"drug_tests": tests, "treatment": treatment, "custody_spells": custody, "offences": offences}
    return {table: [{"person": name, **row} for row in found] for table, found in {**rows, "deaths": deaths}.items()}


def _spell(start: dt.date, rng: random.Random) -> dict[str, Any]:
    length = rng.choice((None, None, -3, 0, 1, 5, 28, 60, 400))
    return {"start_date": start, "end_date": None if length is None else start + length * DAY}


def _offence(day: dt.date, rng: random.Random) -> dict[str, Any]:
    offended = _near(day + rng.choice((0, 45)) * DAY, rng)
    lag = rng.choice((None, -2, 0, 0, 1, 30, 100, 182, 183, 547))
    disposed = None if lag is None else offended + lag * DAY
    if rng.random() < 0.1:
        disposed = max(offended, day + rng.choice((45 + 547, 45 + 548, 0, -1)) * DAY)
    return {
        "offence_date": offended,
        "offence_group": rng.choice(OFFENCE_GROUPS),
        "disposal_date": disposed,
        "disposal": rng.choice(("conviction", "conviction", "caution", "other", "none", None)),
    }


def _crowd(n: int, seed: int) -> Rows:
    rng = random.Random(seed)
    crowd: Rows = {"drug_tests": [], "treatment": [], "custody_spells": [], "offences": [], "deaths": []}
    for place in range(n):
        for table, found in _one_person(f"person-{place:04d}", rng).items():
            crowd[table] += found
    for table, found in crowd.items():
        for place, row in enumerate(found):
            row["record_id"] = f"{table}-{place:05d}"
    return crowd


# --- the oracle ------------------------------------------------------------------------------------------------------


def _of(crowd: Rows, table: str, person: str) -> list[dict[str, Any]]:
    return [row for row in crowd[table] if row["person"] == person]


def _age(born: dt.date, day: dt.date) -> int:
    """Birthdays had by that day, counted one by one; 29 February is kept on 1 March in other years."""
    years = 0
    while _birthday(born, born.year + years + 1) <= day:
        years += 1
    return years


def _birthday(born: dt.date, year: int) -> dt.date:
    try:
        return born.replace(year=year)
    except ValueError:
        return dt.date(year, 3, 1)


def _index(crowd: Rows, person: str) -> dict[str, Any] | None:
    found = [
        test
        for test in _of(crowd, "drug_tests", person)
        if test["result"] in ("opiates", "cocaine", "both") and RULE.index_from <= test["test_date"] <= RULE.index_to
    ]
    return min(found, key=lambda test: (test["test_date"], test["record_id"])) if found else None


def _end(spell: dict[str, Any]) -> dt.date:
    if spell["end_date"] is None:
        return dt.date(2035, 1, 1)
    return max(spell["end_date"], spell["start_date"])


def _nights(crowd: Rows, person: str) -> set[dt.date]:
    nights: set[dt.date] = set()
    for spell in _of(crowd, "custody_spells", person):
        day = spell["start_date"]
        while day < _end(spell):
            nights.add(day)
            day += DAY
    return nights


def _lost_at(crowd: Rows, person: str, test: dict[str, Any]) -> str:
    index = test["test_date"]
    zero = index + RULE.landmark_days * DAY
    if test["district"] not in RULE.districts:
        return "district"
    if test["date_of_birth"] is None:
        return "age_known"
    if _age(test["date_of_birth"], index) < 18:
        return "adult"
    for spell in _of(crowd, "treatment", person):
        if spell["start_date"] < index and _end(spell) >= index - 28 * DAY:
            return "not_in_treatment"
    if any(death["death_date"] <= zero for death in _of(crowd, "deaths", person)):
        return "alive"
    if zero in _nights(crowd, person):
        return "at_liberty"
    return "observable" if zero + 547 * DAY > EXTRACT_DATE else ""


def _proven(crowd: Rows, person: str) -> list[dict[str, Any]]:
    return [
        o
        for o in _of(crowd, "offences", person)
        if o["disposal"] in ("conviction", "caution") and o["disposal_date"] and o["disposal_date"] >= o["offence_date"]
    ]


def _n_islands(crowd: Rows, person: str, index: dt.date) -> int:
    """Spells joined two by two until none touch; counted if they reach from before the index into the look-back."""
    spells = [(s["start_date"], _end(s)) for s in _of(crowd, "custody_spells", person)]
    joined = True
    while joined:
        joined = False
        for a in range(len(spells)):
            for b in range(a + 1, len(spells)):
                if spells[a][0] <= spells[b][1] and spells[b][0] <= spells[a][1]:
                    both = (min(spells[a][0], spells[b][0]), max(spells[a][1], spells[b][1]))
                    spells = [s for place, s in enumerate(spells) if place not in (a, b)] + [both]
                    joined = True
                    break
            if joined:
                break
    return sum(1 for start, end in spells if start < index and end > index - 1826 * DAY)


def _baseline(crowd: Rows, person: str, test: dict[str, Any]) -> dict[str, Any]:
    index, born = test["test_date"], test["date_of_birth"]
    before = [o for o in _proven(crowd, person) if o["offence_date"] < index and o["disposal_date"] < index]
    recent = [o for o in before if (index - o["offence_date"]).days <= 1826]
    age = _age(born, index)
    sanctions = {o["disposal_date"] for o in before}
    first_sanction = max(10, _age(born, min(sanctions))) if sanctions else age
    first_offence = max(10, _age(born, min(o["offence_date"] for o in before))) if before else age
    starts = [spell["start_date"] for spell in _of(crowd, "treatment", person)]
    earlier = [s for s in _of(crowd, "treatment", person) if s["start_date"] < index]
    return {
        "index_record_id": test["record_id"],
        "index_date": pd.Timestamp(index),
        "time_zero_date": pd.Timestamp(index + 45 * DAY),
        "treated": int(any(index <= start <= index + 42 * DAY for start in starts)),
        "district": test["district"],
        "female": int(test["sex"] == "female"),
        "age_at_index": age,
        "ethnicity": "not_stated",
        "test_result": test["result"],
        "tested_opiates": int(test["result"] != "cocaine"),
        "tested_cocaine": int(test["result"] != "opiates"),
        "prior_offences_12m": sum((index - o["offence_date"]).days <= 365 for o in before),
        "prior_offences_5y": len(recent),
        "log_prior_offences_5y": math.log1p(len(recent)),
        "prior_acquisitive_5y": sum(OFFENCE_CLASS[o["offence_group"]] == "acquisitive" for o in recent),
        "prior_violent_5y": sum(OFFENCE_CLASS[o["offence_group"]] == "violent" for o in recent),
        "prior_custody_5y": _n_islands(crowd, person, index),
        "prior_treatment_5y": int(any(_end(s) >= index - 1826 * DAY for s in earlier)),
        "copas_rate": math.log((1 + len(sanctions)) / (10 + age - first_sanction)),
        "age_first_offence": first_offence,
    }


def _outcome(crowd: Rows, person: str, test: dict[str, Any]) -> dict[str, Any]:
    zero = test["test_date"] + 45 * DAY
    died = min((death["death_date"] for death in _of(crowd, "deaths", person)), default=dt.date(2050, 1, 1))
    days = []
    for o in _proven(crowd, person):
        day = (o["offence_date"] - zero).days
        if 0 < day <= 365 and (o["disposal_date"] - zero).days <= 547 and o["offence_date"] <= died:
            days.append(day)
    until_death = (died - zero).days
    held = sum(1 for night in _nights(crowd, person) if 0 < (night - zero).days <= 365 and night < died)
    return {
        "reoffended": int(bool(days)),
        "n_reoffences": len(days),
        "days_to_first_reoffence": float(min(days)) if days else float("nan"),
        "time_days": float(min([*days, until_death, 365]) if not days else min(days)),
        "event": int(bool(days)),
        "censor_reason": "" if days else ("death" if until_death <= 365 else "end_of_follow_up"),
        "custody_days": held,
    }


# --- the comparison --------------------------------------------------------------------------------------------------


def _extracts(crowd: Rows) -> tuple[InventedExtracts, InventedLinkage]:
    return invent(EXTRACT_DATE.isoformat(), **{name: pd.DataFrame(found) for name, found in crowd.items()})


@pytest.fixture(scope="module", params=[1, 2])
def crowd(request: pytest.FixtureRequest) -> Rows:
    return _crowd(400, request.param)


@pytest.fixture(scope="module")
def cohort(crowd: Rows) -> Cohort:
    return build_cohort(*_extracts(crowd), RULE)  # type: ignore[arg-type]


@pytest.fixture(scope="module")
def indexed(crowd: Rows) -> dict[str, dict[str, Any]]:
    persons = sorted({test["person"] for test in crowd["drug_tests"]})
    return {person: test for person in persons if (test := _index(crowd, person)) is not None}


def _eligible(crowd: Rows, indexed: dict[str, dict[str, Any]]) -> dict[str, dict[str, Any]]:
    return {person: test for person, test in indexed.items() if not _lost_at(crowd, person, test)}


def test_people(crowd: Rows, cohort: Cohort, indexed: dict[str, dict[str, Any]]) -> None:
    eligible = _eligible(crowd, indexed)
    assert len(eligible) > 60
    expected = pd.DataFrame({person: _baseline(crowd, person, test) for person, test in eligible.items()}).T
    people = cohort.people[list(expected.columns)]
    pd.testing.assert_frame_equal(people, expected.astype(people.dtypes.to_dict()).rename_axis("person_id"), rtol=1e-12)


def test_attrition(crowd: Rows, cohort: Cohort, indexed: dict[str, dict[str, Any]]) -> None:
    lost = pd.Series([_lost_at(crowd, person, test) for person, test in indexed.items()]).value_counts()
    steps = cohort.attrition.set_index("step")["n_excluded"]
    for step in ("district", "age_known", "adult", "not_in_treatment", "alive", "at_liberty", "observable"):
        assert steps[step] == lost.get(step, 0) > 0, step
    assert cohort.attrition.set_index("step").loc["in_window", "n_people"] == len(indexed)


def test_outcomes(crowd: Rows, cohort: Cohort, indexed: dict[str, dict[str, Any]]) -> None:
    frame = measure_reoffending(cohort, follow_up=FOLLOW_UP).to_frame()
    eligible = _eligible(crowd, indexed)
    expected = pd.DataFrame({person: _outcome(crowd, person, test) for person, test in eligible.items()}).T
    frame = frame[list(expected.columns)]
    pd.testing.assert_frame_equal(frame, expected.astype(frame.dtypes.to_dict()).rename_axis("person_id"))
    assert 0 < frame["reoffended"].mean() < 1
    assert {"death", "end_of_follow_up", ""} == set(frame["censor_reason"])


def test_nothing_from_the_index_date_on_reaches_a_baseline_column(
    crowd: Rows, cohort: Cohort, indexed: dict[str, dict[str, Any]]
) -> None:
    """With every later record taken away, the baseline of the same people is the same."""
    index = {person: test["test_date"] for person, test in indexed.items()}
    before: Rows = {
        "drug_tests": [
            test
            for test in crowd["drug_tests"]
            if test in indexed.values() or test["test_date"] < index.get(test["person"], dt.date.min)
        ],
        "offences": [
            o
            for o in crowd["offences"]
            if o["person"] in index and max(o["offence_date"], o["disposal_date"] or EXTRACT_DATE) < index[o["person"]]
        ],
    }
    for table in ("treatment", "custody_spells"):
        before[table] = [s for s in crowd[table] if s["person"] in index and s["start_date"] < index[s["person"]]]
    blind = build_cohort(*_extracts(before), RULE).people  # type: ignore[arg-type]
    facts = [name for name, when in cohort.measured_at.items() if when in ("before_index", "at_index")]
    assert len(facts) > 16
    pd.testing.assert_frame_equal(blind.loc[cohort.people.index, facts], cohort.people[facts], check_exact=True)


def test_row_order_of_any_table_changes_nothing(crowd: Rows, cohort: Cohort) -> None:
    rng = random.Random(7)
    shuffled = {name: rng.sample(found, len(found)) for name, found in crowd.items()}
    extracts, linkage = _extracts(shuffled)
    linkage.spine = linkage.spine.sample(frac=1, random_state=3)
    again = build_cohort(extracts, linkage, RULE)  # type: ignore[arg-type]
    pd.testing.assert_frame_equal(again.people, cohort.people, check_exact=True)
    pd.testing.assert_frame_equal(again.attrition, cohort.attrition)
    pd.testing.assert_frame_equal(again.exposure, cohort.exposure)
    before, after = measure_reoffending(cohort), measure_reoffending(again)
    pd.testing.assert_frame_equal(after.to_frame(), before.to_frame(), check_exact=True)
    pd.testing.assert_frame_equal(after.by_group, before.by_group)
