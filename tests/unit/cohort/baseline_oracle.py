"""Invented people with every edge of the baseline's dates, and its columns worked out one person at a time.

The oracle is deliberately naive: Python dates, loops and sets of days, none of the library's expressions.
"""

from __future__ import annotations

import datetime as dt
import math
import random
from collections.abc import Mapping
from typing import Any

import pandas as pd

from dipeval.cohort import CohortRule
from dipeval.vocabulary import OFFENCE_CLASS, OFFENCE_GROUPS

DAY = dt.timedelta(days=1)
OPEN_END = dt.date(9999, 12, 31)
EDGES = (0, 0, 0, 1, 1, 2, 90, 91, 92, 182, 183, 273, 274, 364, 365, 366, 455, 456, 546, 547, 637, 638, 728, 729)
FAR_EDGES = (1825, 1826, 1827, 1828, 2500, 9000, 11000, 18300)
DELAYS = (None, 0, 0, 1, 1, 2, 30, 90, 91, 92, 181, 365, 366, 1826, 1827, 2000)
ANCHORS = ("2020-02-29", "2019-02-28", "2020-03-01", "2021-03-31", "2020-12-31", "2020-01-01", "2019-11-30")
BIRTHS = ("1960-02-29", "1990-06-15", "2004-03-01", "1969-12-31", "2002-02-28", "2012-02-29")
LENGTHS = (None, 0, 1, 5, 60, 364, 365, 366, 1826, 2400)
ERAS = {
    "after_national_dip": dt.date(2013, 10, 1),
    "test_on_arrest": dt.date(2005, 12, 1),
    "test_on_charge": dt.date(2003, 4, 1),
    "before_dip": dt.date.min,
}
Rows = dict[str, list[dict[str, Any]]]


def invent(seed: int, n: int, indexes: int) -> dict[str, pd.DataFrame]:
    """Draw tables index, offences, custody_spells (not yet united), treatment and drug_tests of n people.

    Parameters
    ----------
    indexes
        Most indexes that a person can have.
    """
    rng = random.Random(seed)
    tables: Rows = {"index": [], "offences": [], "custody_spells": [], "treatment": [], "drug_tests": []}
    for number in range(n):
        _one(f"p{number:04d}", rng, indexes, tables)
    return {name: pd.DataFrame(rows) for name, rows in tables.items()}


def _one(person: str, rng: random.Random, indexes: int, tables: Rows) -> None:
    anchor = dt.date.fromisoformat(rng.choice(ANCHORS))
    born, sex = dt.date.fromisoformat(rng.choice(BIRTHS)), rng.choice(("male", "female", "unknown", None))
    n_indexes = rng.randint(1, indexes)
    days = {anchor} if n_indexes == 1 else {_near(anchor, rng) for _ in range(n_indexes)}
    cuts = []
    for day in sorted(days):
        # Programmes before the index: the cut-off lies before it.
        started = day - rng.choice((0, 1, 28, 365)) * DAY if rng.random() < 0.3 else None
        cuts.append(started or day)
        tables["index"].append(_index(person, day, started, born, sex, rng))
    cut = rng.choice(cuts)
    for _ in range(rng.choice((0, 0, 1, 3, 8, 25))):
        day, delay = _near(cut, rng), rng.choice(DELAYS)
        tables["offences"].append(
            {
                "person_id": person,
                "record_id": f"{person}-{len(tables['offences'])}",
                "offence_date": day,
                "disposal_date": None if delay is None else rng.choice((day + delay * DAY, max(day, cut))),
                "disposal": rng.choice(("conviction", "conviction", "caution", "other", "none", None)),
                "offence_group": rng.choice(OFFENCE_GROUPS),
                "custodial": rng.choice((True, False, False, None)),
            }
        )
    for name, counts in (("custody_spells", (0, 0, 1, 3)), ("treatment", (0, 0, 1, 4))):
        for _ in range(rng.choice(counts)):
            tables[name].extend(_spells(person, _near(cut, rng), rng))
    for _ in range(rng.choice((0, 1, 2, 6))):
        result = rng.choice(("opiates", "cocaine", "both", "negative", "refused", None))
        tables["drug_tests"].append({"person_id": person, "test_date": _near(cut, rng), "result": result})


def _index(
    person: str, day: dt.date, started: dt.date | None, born: dt.date, sex: str | None, rng: random.Random
) -> dict[str, Any]:
    return {
        "index_id": f"{person}-{day.isoformat()}",
        "person_id": person,
        "index_record_id": f"r{person}",
        "index_date": day,
        "time_zero_date": day + 42 * DAY,
        "cut_off_date": started or day,
        "date_of_birth": born,
        "sex": sex,
        "ethnicity": rng.choice(("W1", "NA", None)),
        "district": rng.choice(("Leeds", None)),
        "test_result": rng.choice(("opiates", "cocaine", "both", "negative", None)),
        "risk_score": rng.choice((0.25, None)),
        "age_at_index": max(10, age(born, day)),
        "treated": int(started is not None),
        "exposure_date": started,
        "exposure_type": "psychosocial" if started else None,
    }


def _near(day: dt.date, rng: random.Random) -> dt.date:
    """A day at an edge of the windows before or after another; now and then the same day of another year."""
    if rng.random() < 0.1:
        return (pd.Timestamp(day) + pd.DateOffset(years=rng.choice((-5, -4, -1, 1)))).date()
    edge = rng.choice(EDGES if rng.random() < 0.85 else FAR_EDGES)
    return day - edge * DAY if edge > 2000 or rng.random() < 0.8 else day + edge * DAY


def _spells(person: str, start: dt.date, rng: random.Random) -> list[dict[str, Any]]:
    """A spell, and sometimes another that abuts, overlaps, lies inside or begins a day after it ends."""
    length = rng.choice(LENGTHS)
    end = None if length is None else start + length * DAY
    rows = [{"person_id": person, "start_date": start, "end_date": end}]
    if end is not None and rng.random() < 0.5:
        second = max(start, end + rng.choice((-1, 0, 1, 2)) * DAY)
        rows.append({"person_id": person, "start_date": second, "end_date": rng.choice((None, second + 40 * DAY))})
    return rows


def age(born: dt.date, day: dt.date) -> int:
    """Completed years; a person born on 29 February has a birthday on 1 March in other years."""
    return day.year - born.year - ((day.month, day.day) < (born.month, born.day))


def expected(tables: Mapping[str, pd.DataFrame], rule: CohortRule) -> pd.DataFrame:
    """Every column of the baseline, index by index."""
    rows = {name: frame.astype(object).where(frame.notna(), None).to_dict("records") for name, frame in tables.items()}
    of: dict[str, Rows] = {}
    for name in rows:
        for row in rows[name]:
            of.setdefault(row["person_id"], {key: [] for key in rows})[name].append(row)
    found = [_facts(index, of[index["person_id"]], rule) for index in rows["index"]]
    return pd.DataFrame(found).set_index("index_id").sort_index()


def _facts(index: dict[str, Any], mine: Rows, rule: CohortRule) -> dict[str, Any]:
    day, born, at_index = index["index_date"], index["date_of_birth"], index["age_at_index"]
    kept = {name: index[name] for name in ("index_id", "person_id", "index_date", "cut_off_date", "treated")}
    offending = _offending(index, mine["offences"], rule.lookback_days)
    first_offence, first_sanction = offending.pop("first_offence"), offending.pop("first_sanction")
    age_first = at_index if first_sanction is None else max(10, age(born, first_sanction))
    sanctions = offending["prior_sanctions_ever"]
    result = index["test_result"]
    return {
        **kept,
        **offending,
        **_tests(index, mine["drug_tests"], rule.lookback_days),
        **_custody(index, mine["custody_spells"], rule.lookback_days),
        **_treatment(index, mine["treatment"], rule.lookback_days),
        "age_first_offence": at_index if first_offence is None else max(10, age(born, first_offence)),
        "age_first_sanction": age_first,
        "copas_rate": math.log((1 + sanctions) / (10 + at_index - age_first)),
        "copas_rate_ogrs4": math.log((1 + sanctions) / (26 + at_index - age_first)),
        "log_prior_offences_5y": math.log(1 + offending["prior_offences_5y"]),
        "female": int(index["sex"] == "female"),
        "ethnicity": index["ethnicity"] or "not_stated",
        "district": index["district"] or "not_stated",
        "test_result": result or "not_tested",
        "tested_opiates": int(result in ("opiates", "both")),
        "tested_cocaine": int(result in ("cocaine", "both")),
        "risk_score": index["risk_score"],
        "exposure_type": index["exposure_type"] or "",
        "exposure_date": index["exposure_date"],
        "age_at_index": at_index,
        "age_group": "juvenile" if at_index < 18 else "adult",
        "season": ("winter", "spring", "summer", "autumn")[day.month % 12 // 3],
        "index_year": day.year,
        "era": next(name for name, first in ERAS.items() if day >= first),
    }


def _offending(index: dict[str, Any], offences: list[dict[str, Any]], lookback: int) -> dict[str, Any]:
    cut = index["cut_off_date"]
    known = [
        o
        for o in offences
        if o["disposal"] in ("caution", "conviction") and o["disposal_date"] is not None and o["disposal_date"] < cut
    ]
    facts: dict[str, Any] = {"prior_offences_ever": len(known)}
    for words, days in (("12m", 365), ("5y", lookback)):
        recent = [o for o in known if o["offence_date"] >= cut - days * DAY]
        facts[f"prior_offences_{words}"] = len(recent)
        for name in ("acquisitive", "violent", "disorder", "drug"):
            facts[f"prior_{name}_{words}"] = sum(OFFENCE_CLASS[o["offence_group"]] == name for o in recent)
        dealt_with = {o["disposal_date"] for o in known if o["disposal_date"] >= cut - days * DAY}
        facts[f"prior_sanctions_{words}"] = len(dealt_with)
    for number in range(1, 9):
        nearest, furthest = cut - (91 * (number - 1) + 1) * DAY, cut - 91 * number * DAY
        facts[f"offences_quarter_{number}"] = sum(furthest <= o["offence_date"] <= nearest for o in known)
    locked_up = {o["disposal_date"] for o in known if o["custodial"] is True}
    return {
        **facts,
        "prior_sanctions_ever": len({o["disposal_date"] for o in known}),
        "prior_custodial_sanctions_5y": len({day for day in locked_up if day >= cut - lookback * DAY}),
        "first_offence": min((o["offence_date"] for o in known), default=None),
        "first_sanction": min((o["disposal_date"] for o in known), default=None),
    }


def _tests(index: dict[str, Any], tests: list[dict[str, Any]], lookback: int) -> dict[str, int]:
    cut, facts = index["cut_off_date"], {}
    for words, days in (("12m", 365), ("5y", lookback)):
        window = [t for t in tests if cut - days * DAY <= t["test_date"] < cut]
        facts[f"prior_tests_{words}"] = len(window)
        facts[f"prior_positive_tests_{words}"] = sum(t["result"] in ("opiates", "cocaine", "both") for t in window)
    return facts


def _custody(index: dict[str, Any], spells: list[dict[str, Any]], lookback: int) -> dict[str, int]:
    cut, facts = index["cut_off_date"], {}
    whole = united(spells)
    for words, days in (("12m", 365), ("5y", lookback)):
        window = {cut - number * DAY for number in range(1, days + 1)}
        nights = {night for night in window if any(first <= night < end for first, end in whole)}
        reached = [1 for first, end in whole if first < cut and end > cut - days * DAY]
        facts |= {f"prior_custody_{words}": len(reached), f"prior_custody_days_{words}": len(nights)}
    return facts


def _treatment(index: dict[str, Any], records: list[dict[str, Any]], lookback: int) -> dict[str, int]:
    cut, facts = index["cut_off_date"], {}
    for words, days in (("12m", 365), ("5y", lookback)):
        window = [cut - number * DAY for number in range(1, days + 1)]
        inside = [r for r in records if any(r["start_date"] <= day <= (r["end_date"] or OPEN_END) for day in window)]
        facts[f"prior_treatment_{words}"] = int(bool(inside))
    reached = [1 for first, end in united(records) if first < cut and end >= cut - lookback * DAY]
    return {**facts, "prior_treatment_episodes_5y": len(reached)}


def united(spells: list[dict[str, Any]]) -> list[tuple[dt.date, dt.date]]:
    """Spells of one person that overlap or touch, made one."""
    whole: list[tuple[dt.date, dt.date]] = []
    for first, end in sorted((s["start_date"], s["end_date"] or OPEN_END) for s in spells):
        if whole and first <= whole[-1][1]:
            whole[-1] = (whole[-1][0], max(whole[-1][1], end))
        else:
            whole.append((first, end))
    return whole
