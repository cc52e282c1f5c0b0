"""CohortRule refuses what cannot be meant, in a sentence."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pandas as pd
import pytest

from dipeval.cohort import CohortRule
from dipeval.errors import InputError


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"index_event": "arrest"}, "use one of positive_test"),
        ({"grace_days": 50}, "immortal time"),
        ({"grace_days": -1}, "whole number of at least 0"),
        ({"landmark_days": 42.0}, "whole number"),
        ({"washout_days": True}, "whole number"),
        ({"lookback_days": 100}, "at least 365"),
        ({"required_days": 0}, "at least 1"),
        ({"minimum_age": "18"}, "whole number"),
        ({"index_from": "01/02/2022"}, "must be a date such as"),
        ({"index_to": 2022}, "must be a date such as"),
        ({"index_from": "2022-02-01", "index_to": "2022-01-31"}, "is after index_to"),
        ({"districts": "Leeds"}, "must be a list"),
    ],
)
def test_refusals(options: dict[str, Any], words: str) -> None:
    with pytest.raises(InputError, match=words):
        CohortRule(**options)


def test_dates_may_be_text_dates_or_timestamps_and_districts_a_list() -> None:
    rule = CohortRule(
        index_from="2022-01-01",  # type: ignore[arg-type]
        index_to=pd.Timestamp("2022-12-31 13:00"),
        districts=["Leeds"],  # type: ignore[arg-type]
    )
    assert (rule.index_from, rule.index_to) == (dt.date(2022, 1, 1), dt.date(2022, 12, 31))
    assert rule.districts == ("Leeds",)
    assert hash(rule) == hash(CohortRule(index_from="2022-01-01", index_to="2022-12-31", districts=("Leeds",)))  # type: ignore[arg-type]


def test_the_rule_says_what_treated_means() -> None:
    words = CohortRule(grace_days=30, landmark_days=35).in_words()
    assert "within 30 days" in words
    assert "35 days after" in words
