"""How far chance reaches, added up on the engine, against sums by hand; and that its intervals cover."""

from __future__ import annotations

import datetime as dt

import numpy as np
import pandas as pd
import pytest

from dipeval.engine import open_engine
from dipeval.indicators.measuring.adding import add_up
from dipeval.indicators.measuring.family import Counted, Family
from dipeval.indicators.measuring.intervals import poisson_limits
from dipeval.indicators.measuring.periods import period_range

PERIODS = period_range("quarter", dt.date(2013, 1, 1), dt.date(2013, 3, 31))
COUNTED = (
    Counted(indicator="rate", numerator="events", denominator="one"),
    Counted(indicator="ratio", numerator="events", denominator="expected"),
    Counted(indicator="share", numerator="some", denominator="one"),
    Counted(indicator="count", numerator="one", denominator="one"),
)
NAMES = [one.indicator for one in COUNTED]


def _squares(units: pd.DataFrame) -> dict[str, float]:
    engine = open_engine(threads=1)
    table = engine.put(units.assign(period="2013-Q1", one=1, some=(units["events"] > 0).astype(int)), "units")
    family = Family(name="made", table=table, counted=COUNTED)
    rows = add_up(engine, family, PERIODS, None, [], NAMES, ["rate", "ratio"], NAMES)
    own = rows[(rows["district"] == "all districts") & (rows["period"] == "2013-Q1")]
    return dict(zip(own["indicator"], own["squares"], strict=True))


def _people(n: int = 60, seed: int = 1) -> pd.DataFrame:
    draw = np.random.default_rng(seed)
    return pd.DataFrame(
        {
            "person_id": [f"p{place}" for place in range(n)],
            "district": draw.choice(["Leeds", "Bradford"], n),
            "events": draw.negative_binomial(0.8, 0.3, n),
            "expected": draw.uniform(0.5, 3.0, n),
        }
    )


def test_squares_are_taken_about_the_mean_of_each_person() -> None:
    people = _people()
    x, e = people["events"].to_numpy(float), people["expected"].to_numpy()
    found = _squares(people)
    assert found["rate"] == pytest.approx(((x - x.mean()) ** 2).sum())
    assert found["ratio"] == pytest.approx(((x - x.sum() / e.sum() * e) ** 2).sum())
    # A unit each: the design effect is 1, and a count is Poisson's.
    assert found["share"] == pytest.approx(60)
    assert found["count"] == 60


def test_squares_are_never_below_the_events() -> None:
    found = _squares(_people().assign(events=1))
    assert found["rate"] == 60
    assert _squares(_people().assign(events=0))["rate"] == 0


def test_units_of_nobody_known_stand_by_themselves() -> None:
    people = _people()
    found = _squares(people.assign(person_id=pd.array([pd.NA] * len(people), "string")))
    assert found["share"] == pytest.approx(60)
    assert found["count"] == 60


def test_the_interval_of_a_rate_covers_and_is_not_too_wide() -> None:
    draw = np.random.default_rng(2)
    covered = {"about the mean": 0, "as they are": 0}
    for _ in range(600):
        x = draw.negative_binomial(0.8, 0.8 / 3.4, 120)
        about = max(float(((x - x.mean()) ** 2).sum()), float(x.sum()))
        for name, squares in (("about the mean", about), ("as they are", float((x**2).sum()))):
            low, high = poisson_limits([x.sum()], [squares])
            covered[name] += bool(low[0] <= 120 * 2.6 <= high[0])
    assert covered["about the mean"] / 600 == pytest.approx(0.95, abs=0.025)
    assert covered["as they are"] / 600 > 0.975
