"""The groups of the breakdowns, value by value."""

from __future__ import annotations

from typing import Any

import pandas as pd
import pytest

from dipeval.engine import Engine, open_engine
from dipeval.indicators.measuring import breakdowns
from dipeval.indicators.measuring.frames import AGE_GROUPS


@pytest.fixture(scope="module")
def engine() -> Engine:
    return open_engine(threads=1)


def _told(engine: Engine, values: list[Any], made: Any) -> list[Any]:
    frame = pd.DataFrame({"place": range(len(values)), "value": values})
    table = engine.put(frame)
    return engine.to_pandas(table.select("place", group=made(table.value))).sort_values("place")["group"].tolist()


def test_age_groups_by_completed_years(engine: Engine) -> None:
    born = pd.DataFrame(
        {
            "place": range(8),
            "born": pd.to_datetime(
                ["2004-03-02", "2004-03-01", "1997-03-02", "1997-03-01", "1987-03-01", "1977-03-02", "1977-03-01", None]
            ),
            "day": pd.to_datetime("2022-03-01"),
        }
    )
    table = engine.put(born)
    shown = engine.to_pandas(table.select("place", group=breakdowns.age_group(table.born, table.day)))
    assert shown.sort_values("place")["group"].tolist() == [
        "under 18",
        "18-24",
        "18-24",
        "25-34",
        "35-44",
        "35-44",
        "45 and over",
        "not recorded",
    ]
    assert set(shown["group"]) == {*AGE_GROUPS, "not recorded"}


def test_offence_classes_by_code_or_by_the_words_of_the_list(engine: Engine) -> None:
    given = {
        "shoplifting": "acquisitive",
        "Robbery": "acquisitive",
        "drug_possession": "drug",
        "Drug possession": "drug",
        "possession with intent to supply": "drug",
        "Handling stolen goods": "acquisitive",
        "begging": "other",
        "violence_with_injury": "violent",
        "criminal damage": "disorder",
        "motoring": "other",
        "section 18": "other",
        "": "not recorded",
        None: "not recorded",
    }
    assert _told(engine, list(given), breakdowns.offence_class) == list(given.values())


def test_hours_with_one_digit_or_two(engine: Engine) -> None:
    given = {
        "0:00": "00-05",
        "05:59": "00-05",
        "6:00": "06-11",
        "11:59:59": "06-11",
        "12:00": "12-17",
        "17:30": "12-17",
        "18:00": "18-23",
        "23:59": "18-23",
        None: "not recorded",
    }
    assert _told(engine, list(given), breakdowns.hours) == list(given.values())
