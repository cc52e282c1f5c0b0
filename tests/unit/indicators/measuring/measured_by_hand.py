"""Drug tests counted again in plain Python, and extracts to count: random ones with gaps, and a few invented lines."""

from __future__ import annotations

import datetime as dt
from typing import Any

import numpy as np
import pandas as pd

from tests.spec.invented_people import InventedExtracts, InventedLinkage, invent

TAKEN = ("negative", "opiates", "cocaine", "both")
DISTRICTS = ("Bradford", "Calderdale", "Kirklees")


def random_tests(n: int = 420, seed: int = 3) -> pd.DataFrame:
    """Tests of some ninety people in three districts over four quarters; Kirklees has none in the second."""
    draw = np.random.default_rng(seed)
    days = pd.Timestamp("2013-01-01") + pd.to_timedelta(draw.integers(0, 365, n), unit="D")
    frame = pd.DataFrame(
        {
            "person": [f"p{one:03d}" for one in draw.integers(0, 90, n)],
            "record_id": [f"t{place:04d}" for place in range(n)],
            "district": draw.choice([*DISTRICTS, None], n, p=[0.5, 0.3, 0.15, 0.05]),
            "test_date": days,
            "result": draw.choice([*TAKEN, "refused", None], n, p=[0.4, 0.2, 0.15, 0.15, 0.08, 0.02]),
            "test_ground": draw.choice(["trigger", "non_trigger", None], n),
            "custody_suite": draw.choice(["Stanley Road", "Trafalgar House", None], n),
            "sex": draw.choice(["male", "female"], n),
        }
    )
    gap = (frame["district"] == "Kirklees") & (frame["test_date"].dt.quarter == 2)
    return frame[~gap].reset_index(drop=True)


def random_extracts(seed: int = 3, *, shuffled: int | None = None) -> tuple[InventedExtracts, InventedLinkage]:
    tests = random_tests(seed=seed)
    if shuffled is not None:
        tests = tests.sample(frac=1, random_state=shuffled).reset_index(drop=True)
    return invent("2013-12-31", drug_tests=tests)


def quarter(day: Any) -> str:
    return f"{day.year}-Q{(day.month - 1) // 3 + 1}"


# Indicator -> whether a result (and a ground) is above, and whether it is below the line.
def above(name: str, result: str | None, ground: str | None) -> bool:
    return {
        "tests": result in TAKEN,
        "positivity": result in ("opiates", "cocaine", "both"),
        "refused": result == "refused",
        "trigger_share": result in TAKEN and ground == "trigger",
    }[name]


def below(name: str, result: str | None) -> bool:
    return result in (*TAKEN, "refused") if name == "refused" else result in TAKEN


def squared(tests: pd.DataFrame, name: str, *, district: str | None, period: str, **group: str) -> float:
    """Of a count, each person's tests squared; of a share, the tests times the design effect of persons."""
    own = tests.astype("object").where(tests.notna(), None)
    own = own.loc[[quarter(day) == period for day in own["test_date"]]]
    own = own[(own["district"] == district) | (district is None)]
    for column, value in group.items():
        own = own[own[column].fillna("not recorded") == value]
    own = own.loc[[below(name, result) for result in own["result"]]]
    hits = [above(name, *pair) for pair in zip(own["result"], own["test_ground"], strict=True)]
    each = own.assign(hit=np.array(hits, dtype=float)).groupby("person")["hit"].agg(["sum", "count"])
    if name == "tests":
        return float((each["count"] ** 2).sum())
    n, x = each["count"].sum(), each["sum"].sum()
    if x in (0, n):
        return float((each["count"] ** 2).sum())
    return float(((each["sum"] - x / n * each["count"]) ** 2).sum() / (x / n * (1 - x / n)))


def counted(
    tests: pd.DataFrame, name: str, *, district: str | None, period: str, **group: str
) -> tuple[int, int, int, int, int]:
    """Above the line, below it, people below, people above, people with something below that is not above."""
    x = n = 0
    people: dict[str, set[str]] = {"all": set(), "yes": set(), "no": set()}
    for row in tests.to_dict("records"):
        row = {key: None if value is None or value is pd.NaT else value for key, value in row.items()}
        if quarter(row["test_date"]) != period or (district is not None and row["district"] != district):
            continue
        if any((row[column] or "not recorded") != value for column, value in group.items()):
            continue
        if not below(name, row["result"]):
            continue
        n += 1
        hit = above(name, row["result"], row["test_ground"])
        x += hit
        people["all"].add(row["person"])
        people["yes" if hit else "no"].add(row["person"])
    return x, n, len(people["all"]), len(people["yes"]), len(people["no"])


def totals(extract_date: str = "2013-12-31", **tables: pd.DataFrame) -> InventedExtracts:
    """One test a day in Leeds in 2013, and tables of totals."""
    days = pd.date_range("2013-01-01", "2013-12-31")
    tests = pd.DataFrame(
        {"person": [f"p{place}" for place in range(len(days))], "district": "Leeds", "test_date": days}
    )
    extracts, _ = invent(extract_date, drug_tests=tests, without=("treatment", "offences", "custody_spells", "deaths"))
    extracts.tables |= tables
    assert extracts.extract_date >= dt.date(2013, 12, 31)
    return extracts
