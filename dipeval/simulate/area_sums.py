"""The side tables of the areas: recorded crime, staffing, spending and targets, a row a district and period."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np
import pandas as pd

from dipeval.simulate.area_events import AreaContacts, AreaOffences, AreaStays, AreaTests
from dipeval.simulate.area_people import AreaPeople
from dipeval.simulate.arrays import Array
from dipeval.simulate.spending import FUNDERS, UNIT_SPEND
from dipeval.vocabulary import OFFENCE_GROUPS

# Hours a full-time post is paid for in a quarter, and hours one test takes: invented. In West Yorkshire posts for 43
# officers were paid for, of whose time about 17% was spent on testing.
HOURS_A_QUARTER: Final = 420.0
FUNDED_POSTS: Final = 43.0
TESTING_SHARE: Final = 0.17
TESTING_ROLE, WORKER_ROLE = "officer (testing)", "drugs worker (custody)"
CRIMES_AN_OFFENCE: Final = 15.0
TARGETS: Final = (
    ("seen", 0.70, "at_least", "Police and Crime Commissioner"),
    ("treatment_entry", 0.07, "at_least", "Public health"),
    ("retention_12_weeks", 0.70, "at_least", "Public health"),
    ("completion", 0.10, "at_least", "Public health"),
    ("reoffending", 0.65, "at_most", "Police and Crime Commissioner"),
    ("officer_time", 0.40, "at_least", "Police"),
)


def crime_table(people: AreaPeople, offences: AreaOffences, quarters: pd.PeriodIndex, names: Sequence[str],
                rng: np.random.Generator) -> pd.DataFrame:  # fmt: skip
    """Recorded crime by district, quarter and group: more than the offences of people who were tested."""
    starts = _starts(quarters)
    place = np.searchsorted(starts, offences.day, side="right") - 1
    inside = (place >= 0) & (place < len(quarters))
    counts = np.zeros((len(names), len(quarters), len(OFFENCE_GROUPS)))
    np.add.at(counts, (people.district[offences.person][inside], place[inside], offences.group[inside]), 1)
    drawn = rng.poisson(counts * CRIMES_AN_OFFENCE)
    district, quarter, group = np.nonzero(counts)
    return pd.DataFrame(
        {
            "district": np.asarray(names, dtype=object)[district],
            "period": quarter_names(quarters)[quarter],
            "offence_group": np.asarray(OFFENCE_GROUPS, dtype=object)[group],
            "count": drawn[district, quarter, group],
        }
    )


def staffing_table(tests: AreaTests, contacts: AreaContacts, quarters: pd.PeriodIndex, names: Sequence[str],
                   rng: np.random.Generator) -> pd.DataFrame:  # fmt: skip
    """Posts and hours of those who test and of drugs workers in custody, by district and quarter."""
    rows = []
    for role, day, district, posts, busy in (
        (TESTING_ROLE, tests.day, tests.district, FUNDED_POSTS, TESTING_SHARE),
        (WORKER_ROLE, contacts.day, contacts.district, 15.0, 0.55),
    ):
        counts = _counted(day, district, quarters, len(names))
        share = counts.mean(axis=1) / max(counts.mean(axis=1).sum(), 1e-9)
        funded = np.round(posts * share, 1)
        # Hours follow the work; posts do not.
        hours = HOURS_A_QUARTER * funded[:, None]
        task = hours * busy * counts / np.maximum(counts.mean(axis=1, keepdims=True), 1e-9)
        task = np.minimum(task * rng.normal(1, 0.05, task.shape), hours)
        for d, name in enumerate(names):
            for q, quarter in enumerate(quarter_names(quarters)):
                rows.append((name, quarter, role, funded[d], round(hours[d, 0], 1), round(float(task[d, q]), 1)))
    columns = ["district", "period", "role", "funded_fte", "hours_funded", "hours_on_task"]
    return pd.DataFrame(rows, columns=columns)


def spend_table(tests: AreaTests, contacts: AreaContacts, stays: AreaStays, people: AreaPeople,
                quarters: pd.PeriodIndex, names: Sequence[str], rng: np.random.Generator) -> pd.DataFrame:  # fmt: skip
    """Pounds by district, financial year, funder and purpose: so much a test, a contact and a stay."""
    years = pd.PeriodIndex(quarters).asfreq("M").year - (pd.PeriodIndex(quarters).asfreq("M").month <= 3)
    rows = []
    for purpose, day, district in (
        ("testing", tests.day, tests.district),
        ("contact", contacts.day, contacts.district),
        ("treatment", stays.start, people.district[stays.person]),
    ):
        counts = _counted(day, district, quarters, len(names))
        for year in np.unique(years):
            spent = counts[:, years == year].sum(axis=1) * UNIT_SPEND[purpose] * rng.normal(1, 0.03, len(names))
            for d, name in enumerate(names):
                for funder, share in FUNDERS[purpose].items():
                    label = f"{year}-{(year + 1) % 100:02d}"
                    rows.append((name, label, funder, round(float(spent[d]) * share, 2), purpose, int(year)))
    columns = ["district", "financial_year", "funder", "amount", "spent_on", "price_year"]
    return pd.DataFrame([row for row in rows if row[3] > 0], columns=columns)


def targets_table(quarters: pd.PeriodIndex, names: Sequence[str]) -> pd.DataFrame:
    """Targets for every district and the whole area, by financial year."""
    months = pd.PeriodIndex(quarters).asfreq("M")
    years = sorted({int(year) for year in months.year - (months.month <= 3)})
    rows = [
        (name, district, f"{year}-{(year + 1) % 100:02d}", value, direction, owner)
        for name, value, direction, owner in TARGETS
        for year in years
        for district in [*names, "all districts"]
    ]
    return pd.DataFrame(rows, columns=["indicator", "district", "period", "value", "direction", "owner"])


def quarter_names(quarters: pd.PeriodIndex) -> Array:
    """Return quarters as text such as 2013-Q2."""
    return np.array([f"{one.year}-Q{one.quarter}" for one in quarters], dtype=object)


def _starts(quarters: pd.PeriodIndex) -> Array:
    edges = [*quarters.start_time, quarters[-1].end_time + pd.Timedelta(1, "ns")]
    return np.array([(edge - pd.Timestamp(0)).days for edge in edges])


def _counted(day: Array, district: Array, quarters: pd.PeriodIndex, districts: int) -> Array:
    place = np.searchsorted(_starts(quarters), day, side="right") - 1
    inside = (place >= 0) & (place < len(quarters))
    counts = np.zeros((districts, len(quarters)))
    np.add.at(counts, (district[inside], place[inside]), 1)
    return counts
