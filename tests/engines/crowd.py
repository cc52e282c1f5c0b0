"""A crowd of simulated people with every edge that dates can have, drawn table by table with numpy.

Nothing of the library is used but the codes of its vocabulary. Everything about a person lies round a day of their own
(the anchor), at distances that are the edges of the rules: the same day, a day more or less than a window, month ends,
29 February, ends that are missing or before the start, spells that abut or overlap, two records on one day.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

from dipeval import vocabulary as v

EXTRACT_DATE = dt.date(2023, 12, 31)
EDGES = (0, 0, 0, 1, 27, 28, 29, 41, 42, 43, 44, 45, 46, 90, 91, 92, 182, 183, 364, 365, 366, 393, 394, 410, 411, 728)
FAR_EDGES = (729, 730, 731, 591, 592, 593, 1825, 1826, 1827, 1828, 2400, 4000)
MONTH_ENDS = ("2020-02-29", "2020-03-31", "2022-02-28", "2020-12-31", "2021-01-31", "2020-04-30", "2022-03-31")
LENGTHS = (None, None, -3, 0, 1, 5, 28, 60, 182, 400)
DISTRICTS = ("Leeds", "Bradford", "Wakefield", "Kirklees")
HAPPENED = {
    "drug_tests": "test_date",
    "contacts": "contact_date",
    "treatment": "start_date",
    "offences": "offence_date",
    "custody_spells": "start_date",
    "deaths": "death_date",
    "orders": "start_date",
    "sentences": "sentence_date",
}
LATER = ("disposal_date", "arrest_date", "charge_date")
DAY = np.timedelta64(1, "D")
Crowd = dict[str, pd.DataFrame]


class _Draw:
    """Random draws in which a table is a choice from a list, and a missing value is one of the choices."""

    def __init__(self, seed: int, n: int) -> None:
        self.rng = np.random.default_rng(seed)
        self.n = n
        ends = np.array(MONTH_ENDS, dtype="datetime64[D]")
        anywhere = np.datetime64("2020-01-01") + self.rng.integers(0, 1200, n) * DAY
        self.anchor = np.where(self.rng.random(n) < 0.3, self.rng.choice(ends, n), anywhere)

    def pick(self, choices: Sequence[Any], size: int) -> np.ndarray:
        return np.array(choices, dtype=object)[self.rng.integers(0, len(choices), size)]

    def whom(self, counts: Sequence[int]) -> np.ndarray:
        """Numbers of people, each as often as they have records."""
        return np.repeat(np.arange(self.n), self.rng.choice(np.array(counts), self.n))

    def near(self, days: np.ndarray) -> np.ndarray:
        """Days at one of the edges of the rules, before or after the days given."""
        size = len(days)
        edges = np.where(self.rng.random(size) < 0.85, self.rng.choice(EDGES, size), self.rng.choice(FAR_EDGES, size))
        return days + self.rng.choice((-1, 1), size) * edges * DAY

    def after(self, days: np.ndarray, lags: Sequence[int | None]) -> np.ndarray:
        """Days so many days later; a lag of None is a missing day."""
        chosen = self.pick([np.nan if lag is None else float(lag) for lag in lags], len(days)).astype("float64")
        later = days + np.nan_to_num(chosen).astype("int64") * DAY
        return np.where(np.isnan(chosen), np.datetime64("NaT"), later)


def crowd(n: int = 20_000, seed: int = 4) -> Crowd:
    """Tables by name, each record with its person_id; dates as datetime64, missing text as None."""
    draw = _Draw(seed, n)
    born = _births(draw)
    makers = (_drug_tests, _contacts, _treatment, _offences, _custody_spells, _deaths, _orders, _sentences)
    tables = {}
    for make in makers:
        who, columns = make(draw)
        name = make.__name__[1:]
        tables[name] = _as_extracted(name, _table(name, who, columns, draw, born))
    return tables


def _as_extracted(name: str, table: pd.DataFrame) -> pd.DataFrame:
    """What an extract of that day can hold: no event after it, and no disposal, arrest or charge either."""
    last = pd.Timestamp(EXTRACT_DATE)
    table = table[table[HAPPENED[name]] <= last]
    if name == "offences":
        pending = table["disposal_date"] > last
        table = table.assign(
            disposal=table["disposal"].mask(pending, None),
            **{column: table[column].mask(table[column] > last) for column in LATER},
        )
    return table.reset_index(drop=True)


def _births(draw: _Draw) -> np.ndarray:
    """Leapers, people who come of age on the very day or the day after it, juveniles, and people like others."""
    anchor = pd.DatetimeIndex(draw.anchor)
    of_age = pd.DatetimeIndex(
        [
            pd.Timestamp(day.year - 18, day.month, day.day)
            if not (day.month == 2 and day.day == 29) or day.year % 4 == 2
            else pd.Timestamp(day.year - 18, 3, 1)
            for day in anchor
        ]
    ).to_numpy(dtype="datetime64[D]")
    kinds = np.stack(
        [
            np.full(draw.n, np.datetime64("1980-02-29")),
            of_age,
            of_age + DAY,
            np.full(draw.n, np.datetime64("1990-06-15")),
            np.datetime64("2002-01-01") + draw.rng.integers(0, 2500, draw.n) * DAY,
            np.full(draw.n, np.datetime64("2004-02-29")),
            np.datetime64("1955-01-01") + draw.rng.integers(0, 16000, draw.n) * DAY,
        ]
    )
    return kinds[draw.rng.integers(0, len(kinds), draw.n), np.arange(draw.n)]


def _table(name: str, who: np.ndarray, columns: dict[str, Any], draw: _Draw, born: np.ndarray) -> pd.DataFrame:
    """The records of a table in a random order; not every record tells the date of birth and the sex."""
    size = len(who)
    births = np.where(draw.rng.random(size) < 0.97, born[who], np.datetime64("NaT"))
    sexes = np.where(draw.rng.random(size) < 0.97, np.array(v.SEXES, dtype=object)[who % 3], None)
    frame = pd.DataFrame(
        {
            "record_id": [f"{name}-{place:06d}" for place in draw.rng.permutation(size)],
            "person_id": np.char.add("P", np.char.zfill(who.astype(str), 6)).astype(object),
            "date_of_birth": births,
            "sex": sexes,
            **columns,
        }
    )
    for column in frame.columns:
        if column.endswith("_date") or column == "date_of_birth":
            frame[column] = frame[column].astype("datetime64[us]")
    return frame.sample(frac=1, random_state=1, ignore_index=True)


def _scores(draw: _Draw, size: int) -> np.ndarray:
    return np.where(draw.rng.random(size) < 0.9, draw.rng.integers(1, 100, size) / 100, np.nan)


def _drug_tests(draw: _Draw) -> tuple[np.ndarray, dict[str, Any]]:
    """One on the anchor for nine people in ten, and others near it, so that many days have two."""
    first = np.flatnonzero(draw.rng.random(draw.n) < 0.9)
    more = draw.whom((0, 0, 1, 2, 3))
    who = np.concatenate([first, more])
    days = np.concatenate([draw.anchor[first], draw.near(draw.anchor[more])])
    size = len(who)
    return who, {
        "ethnicity": draw.pick(("A1", "B1", "NA", None), size),
        "district": draw.pick(DISTRICTS, size),
        "test_date": days,
        "test_time": draw.pick(("9:05", "09:40", "14:05", "23:59", None, None), size),
        "result": draw.pick(("opiates", "cocaine", "both", "both", "negative", "refused"), size),
        "risk_score": _scores(draw, size),
    }


def _contacts(draw: _Draw) -> tuple[np.ndarray, dict[str, Any]]:
    who = draw.whom((0, 0, 1, 2, 3))
    days = draw.near(draw.anchor[who])
    size = len(who)
    return who, {
        "district": draw.pick(DISTRICTS, size),
        "contact_date": days,
        "entry_point": draw.pick((*v.ENTRY_POINTS, None), size),
        "assessment": draw.pick((*v.ASSESSMENTS, None), size),
        "attended": draw.pick((True, True, False, None), size),
        "care_plan_date": draw.after(days, (None, 0, 7, 42)),
        "exit_date": draw.after(days, (None, 0, 30, 200)),
        "drug_1": draw.pick((*v.DRUGS, None), size),
        "risk_score": _scores(draw, size),
    }


def _treatment(draw: _Draw) -> tuple[np.ndarray, dict[str, Any]]:
    who = draw.whom((0, 0, 1, 1, 2, 3))
    start = draw.near(draw.anchor[who])
    size = len(who)
    return who, {
        "district": draw.pick(DISTRICTS, size),
        "start_date": start,
        "end_date": draw.after(start, LENGTHS),
        "modality": draw.pick((*v.MODALITIES, None), size),
        "discharge_reason": draw.pick((*v.DISCHARGE_REASONS, None), size),
    }


def _offences(draw: _Draw) -> tuple[np.ndarray, dict[str, Any]]:
    """Offences at the edges of the anchor and of time zero; one in ten is dealt with on the last day that counts."""
    who = draw.whom((0, 1, 2, 5, 12, 14))
    size = len(who)
    centre = draw.anchor[who] + draw.rng.choice((0, 0, 42, 45), size) * DAY
    offended = draw.near(centre)
    disposed = draw.after(offended, (None, -2, 0, 0, 1, 30, 91, 100, 182, 183, 547, 700))
    last = draw.anchor[who] + draw.rng.choice((42 + 547, 42 + 548, 45 + 547, 45 + 548, 547, 548, 0, -1), size) * DAY
    disposed = np.where(draw.rng.random(size) < 0.1, np.maximum(offended, last), disposed)
    arrested = draw.after(offended, (None, 0, 0, 1, 30, 91, 200))
    groups = tuple(v.OFFENCE_GROUPS)
    return who, {
        "offence_date": offended,
        "offence_group": draw.pick(groups, size),
        "disposal_date": disposed,
        "disposal": draw.pick(("conviction", "conviction", "caution", "other", "none", None), size),
        "custodial": draw.pick((True, False, False, None), size),
        "arrest_date": arrested,
        "charge_date": np.where(draw.rng.random(size) < 0.7, draw.after(arrested, (0, 0, 5, 60)), np.datetime64("NaT")),
    }


def _custody_spells(draw: _Draw) -> tuple[np.ndarray, dict[str, Any]]:
    """Half of the first spells of a person are followed by one that abuts or overlaps them."""
    who = draw.whom((0, 0, 0, 1, 2, 3))
    start = draw.near(draw.anchor[who])
    end = draw.after(start, LENGTHS)
    again = np.flatnonzero(~np.isnat(end) & (draw.rng.random(len(who)) < 0.4))
    starts = end[again] + draw.rng.choice((0, 0, -1, 1), len(again)) * DAY
    ends = draw.after(starts, (5, 0, 91, None))
    return np.concatenate([who, who[again]]), {
        "start_date": np.concatenate([start, starts]),
        "end_date": np.concatenate([end, ends]),
    }


def _deaths(draw: _Draw) -> tuple[np.ndarray, dict[str, Any]]:
    who = draw.whom((0,) * 12 + (1, 2))
    return who, {"death_date": draw.anchor[who] + draw.rng.choice((*EDGES, 500), len(who)) * DAY}


def _orders(draw: _Draw) -> tuple[np.ndarray, dict[str, Any]]:
    who = draw.whom((0, 0, 1, 2))
    start = draw.near(draw.anchor[who])
    size = len(who)
    return who, {
        "order_type": draw.pick(v.ORDER_TYPES, size),
        "start_date": start,
        "end_date": draw.after(start, LENGTHS),
        "outcome": draw.pick(("completed", "breached", None), size),
        "risk_score": _scores(draw, size),
    }


def _sentences(draw: _Draw) -> tuple[np.ndarray, dict[str, Any]]:
    who = draw.whom((0, 0, 1, 2, 4))
    days = draw.near(draw.anchor[who])
    size = len(who)
    return who, {
        "sentence_date": days,
        "type": draw.pick(("custody", "community", "fine", None), size),
        "length_days": draw.pick((28.0, 182.0, np.nan), size).astype("float64"),
        "release_date": draw.after(days, (None, 14, 91)),
        "risk_score": _scores(draw, size),
    }
