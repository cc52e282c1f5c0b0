"""What drifts by itself because the records begin too late to look back from the first periods."""

from __future__ import annotations

import pandas as pd
import pytest

from dipeval.indicators.measuring.family import CountingRule
from dipeval.indicators.measuring.measure import indicators
from tests.spec.invented_people import invent

DAYS = pd.date_range("2012-01-02", "2014-12-30", freq="5D")


def _frame(people: int, **more: object) -> pd.DataFrame:
    return pd.DataFrame({"person": [f"p{place % people}" for place in range(len(DAYS))], "district": "Leeds", **more})


def _notes(**options: object) -> list[str]:
    tests = _frame(20, test_date=DAYS, result="cocaine")
    contacts = _frame(20, contact_date=DAYS, entry_point="custody")
    proven = {"disposal": "conviction", "disposal_date": DAYS, "offence_group": "shoplifting"}
    offences = _frame(20, offence_date=DAYS, **proven).drop(columns="district")
    # An offence of long ago is on any record.
    offences.loc[0, "offence_date"] = pd.Timestamp("1971-05-01")
    extracts, linkage = invent("2014-12-31", drug_tests=tests, contacts=contacts, offences=offences)
    return [note for note in indicators(extracts, linkage, **options).notes if "looked back at" in note]  # type: ignore[arg-type]


def test_a_history_that_begins_with_the_first_period_is_said_to_drift() -> None:
    names = ["frequent_flyers", "new_to_service", "observed_expected", "seen"]
    rule = CountingRule(repeat_days=365, lookback_days=2_000, prior_days=400, reoffending_days=90, waiting_days=90)
    tests, contacts, offences = _notes(names=names, rule=rule)
    assert "looked back at for 365 days" in tests
    assert "before 2013-Q1" in tests
    assert "rises by itself" in tests
    assert "looked back at for 2,000 days" in contacts
    assert "in every period told" in contacts
    assert "falls by itself" in contacts
    assert "looked back at for 400 days" in offences
    assert "before 2013-Q2" in offences
    assert "ratio of observed to expected falls by itself" in offences


@pytest.mark.parametrize("name", ["frequent_flyers", "observed_expected"])
def test_a_history_that_is_long_enough_needs_no_word(name: str) -> None:
    rule = CountingRule(repeat_days=365, prior_days=365, reoffending_days=90, waiting_days=90)
    assert _notes(names=[name], rule=rule, date_from="2013-04-01") == []
    assert len(_notes(names=[name], rule=rule, date_from="2012-10-01")) == 1


def test_a_breakdown_by_new_or_returning_is_said_to_drift() -> None:
    (note,) = _notes(names=["seen"], by=["new_or_returning"])
    assert note.startswith("Contacts are looked back at")
