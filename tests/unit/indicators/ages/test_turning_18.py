"""People known under 18, followed past their 18th birthday: counted by hand."""

from __future__ import annotations

from functools import cache
from typing import Any

import pandas as pd
import pytest

from dipeval.engine import open_engine
from dipeval.errors import InputError
from dipeval.indicators.ages import AdultTransition, transition_to_adult
from dipeval.indicators.ages.births import birthday
from tests.spec.invented_people import invent

# ann and bob turn 18 on 1 June 2021, cat on 1 March (born on 29 February), dan late in 2022, eve after the data end;
# fay was 18 already, gus was never seen, hal came to a contact, ivy has no date of birth, jim only refused.
TESTS = """
person | date_of_birth | test_date  | result
ann    | 2003-06-01    | 2021-05-31 | opiates
ann    | 2003-06-01    | 2021-06-01 | cocaine
ann    | 2003-06-01    | 2022-06-02 | cocaine
bob    | 2003-06-01    | 2020-01-01 | negative
bob    | 2003-06-01    | 2020-02-01 | negative
bob    | 1999-06-01    | 2022-01-01 | negative
cat    | 2004-02-29    | 2022-02-28 | both
dan    | 2004-10-01    | 2022-01-01 | negative
eve    | 2005-03-01    | 2022-01-01 | opiates
fay    | 2002-01-01    | 2021-01-01 | opiates
ivy    |               | 2021-01-01 | opiates
jim    | 2004-01-01    | 2021-01-01 | refused
"""
CONTACTS = """
person | date_of_birth | contact_date | attended
bob    | 2003-06-01    | 2022-06-01   | yes
gus    | 2003-06-01    | 2021-01-01   | no
hal    | 2003-08-01    | 2021-01-01   | yes
hal    | 2003-08-01    | 2021-09-01   | no
"""
TREATMENT = """
person | start_date | end_date   | discharge_reason
ann    | 2021-05-01 | 2021-06-01 |
hal    | 2021-08-01 |            |
"""
OFFENCES = """
person | offence_date | disposal_date | disposal
ann    | 2022-06-01   | 2022-11-30    | conviction
bob    | 2022-06-01   | 2022-12-01    | conviction
hal    | 2021-07-31   | 2021-10-01    | conviction
"""


@cache
def shown(without: tuple[str, ...] = ()) -> AdultTransition:
    extracts, linkage = invent(
        drug_tests=TESTS,
        contacts=CONTACTS,
        treatment=TREATMENT,
        offences=OFFENCES,
        extract_date="2023-01-15",
        without=without,
    )
    return transition_to_adult(extracts, linkage)


def rows(group: str) -> dict[str, list[int]]:
    frame = shown().to_frame()
    own = frame[frame["group"] == group].set_index("outcome")[["n_people", "n_turned", "n_followed", "n"]]
    return {str(name): [int(n) for n in line] for name, line in zip(own.index, own.to_numpy(), strict=True)}


def test_everybody_counts_once_and_only_who_can_be_followed() -> None:
    # ann, bob, cat, dan, eve, hal are in; ann, bob and hal can be followed for a year, ann and bob for 182 days more.
    assert rows("everyone") == {
        "tested": [6, 5, 3, 2],
        "positive": [6, 5, 3, 1],
        "seen": [6, 5, 3, 1],
        "in_treatment_at_18": [6, 5, 3, 1],
        "treatment": [6, 5, 3, 1],
        "proven_offence": [6, 5, 2, 1],
    }
    assert rows("tested positive")["positive"] == [3, 2, 1, 1]
    assert rows("tested, never positive")["seen"] == [2, 2, 1, 1]
    assert rows("seen only")["treatment"] == [1, 1, 1, 1]


def test_intervals_and_words() -> None:
    found = shown()
    first = found.to_frame().iloc[0]
    assert first["share"] == pytest.approx(2 / 3)
    assert (round(first["conf_low"], 4), round(first["conf_high"], 4)) == (0.2077, 0.9385)  # Wilson
    assert found.n_no_birth == 1
    said = str(found.summary())
    assert "6 people were tested or seen under 18; 5 have turned 18" in said
    assert "have no date of birth" in said
    assert found.plot().get_yticklabels()[0].get_text() == "Had a drug test"


@pytest.mark.slow
def test_the_order_of_the_rows_changes_nothing() -> None:
    turned: dict[str, list[str]] = {
        "drug_tests": TESTS.strip().splitlines(),
        "contacts": CONTACTS.strip().splitlines(),
    }
    backwards: dict[str, Any] = {name: "\n".join([lines[0], *lines[:0:-1]]) for name, lines in turned.items()}
    extracts, linkage = invent(**backwards, treatment=TREATMENT, offences=OFFENCES, extract_date="2023-01-15")
    pd.testing.assert_frame_equal(transition_to_adult(extracts, linkage).to_frame(), shown().to_frame())


def test_what_the_records_lack_is_said() -> None:
    found = shown(("treatment", "offences"))
    assert set(found.to_frame()["outcome"]) == {"tested", "positive", "seen"}
    assert len(found.missing) == 3
    assert "no offences with disposal and disposal_date" in found.missing[-1]


def test_nobody_under_18_is_no_fault() -> None:
    extracts, linkage = invent(drug_tests="person\nann", without=("treatment", "offences"))
    frame = transition_to_adult(extracts, linkage).to_frame()
    assert frame["n_people"].eq(0).all()
    assert frame["share"].isna().all()


def test_birthdays_of_29_february() -> None:
    engine = open_engine(threads=1)
    table = engine.put(pd.DataFrame({"born": pd.to_datetime(["2004-02-29", "2004-02-28", "2003-06-01"])}), "born")
    days = engine.to_pandas(table.select(day=birthday(table.born.cast("date"), 18)))
    found = sorted(str(pd.Timestamp(day).date()) for day in days["day"])
    assert found == ["2021-06-01", "2022-02-28", "2022-03-01"]


@pytest.mark.parametrize("arguments", [{"within_days": -1}, {"within_days": 1.5}, {"waiting_days": True}])
def test_wrong_days_are_told(arguments: dict[str, Any]) -> None:
    with pytest.raises(InputError, match="whole number of days"):
        transition_to_adult(None, **arguments)


def test_records_without_dates_of_birth_are_refused() -> None:
    extracts, linkage = invent(drug_tests=TESTS)
    extracts.tables["drug_tests"] = extracts.tables["drug_tests"].drop(columns="date_of_birth")
    with pytest.raises(InputError, match="Who is under 18 is told by date_of_birth"):
        transition_to_adult(extracts, linkage)
