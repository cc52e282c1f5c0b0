"""Posts paid for and used; tests and contacts by hour, counted by hand."""

from __future__ import annotations

from functools import cache
from typing import Any

import pandas as pd
import pytest

from dipeval.errors import InputError
from dipeval.indicators.staffing import ContactHours, contact_hours, officer_time
from dipeval.linkage import true_linkage
from dipeval.simulate import simulate
from tests.spec.invented_people import invent

STAFFING = pd.DataFrame(
    {
        "district": ["Leeds", "Leeds", "Leeds", "Leeds", "Wakefield"],
        "period": ["2013-Q1", "2013-Q1", "2013-Q2", "2013-Q2", "2013-Q2"],
        "role": ["officer", "worker", "officer", "worker", "officer"],
        "funded_fte": [10.0, 2.0, 8.0, 2.0, 5.0],
        "hours_funded": [4_000.0, 800.0, 3_200.0, None, 2_000.0],
        "hours_on_task": [400.0, 600.0, 320.0, 100.0, 500.0],
    }
)


def test_the_review_s_43_officers() -> None:
    shown = officer_time(posts=43, share_on_task=0.17)
    assert (round(shown.used_fte, 1), round(shown.unused_fte, 1), shown.funded_fte) == (7.3, 35.7, 43.0)
    assert "7.3 posts used, 35.7 not" in shown.summary().headline
    assert "not worked out from hours on record" in str(shown.summary())


def test_posts_are_the_mean_over_periods_and_the_share_that_of_the_hours() -> None:
    frame = officer_time(STAFFING, roles="officer").to_frame().set_index("group")
    assert frame.index.tolist() == ["all", "Leeds", "Wakefield"]
    assert frame.loc["Leeds", ["n_periods", "funded_fte", "share_on_task", "void_hours"]].tolist() == [2, 9, 0.1, 6_480]
    assert frame.loc["Leeds", "used_fte"] == pytest.approx(0.9)
    assert frame.loc["all", "funded_fte"] == 11.5
    assert frame.loc["all", "share_on_task"] == pytest.approx(1_220 / 9_200)


def test_rows_without_hours_are_told_and_not_in_the_share() -> None:
    shown = officer_time(STAFFING, by="role")
    assert shown.n_without_hours == 1
    worker = shown.to_frame().set_index("group").loc["worker"]
    assert (worker["funded_fte"], worker["share_on_task"], worker["void_hours"]) == (2.0, 0.75, 200.0)
    without = officer_time(STAFFING.drop(columns="hours_on_task"), by=None)
    assert pd.isna(without.share_on_task)
    assert "is not on record" in without.summary().headline
    assert without.plot().get_legend() is not None


def test_a_share_that_is_given_holds_for_all() -> None:
    frame = officer_time(STAFFING, roles=["officer"], by="period", share_on_task=0.5).to_frame().set_index("group")
    assert frame.loc["2013-Q2", ["used_fte", "void_hours"]].tolist() == [6.5, 2_600.0]


def test_the_order_of_the_rows_changes_nothing() -> None:
    pd.testing.assert_frame_equal(officer_time(STAFFING).to_frame(), officer_time(STAFFING[::-1]).to_frame())


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({}, "Give a staffing table, or posts"),
        ({"posts": 43}, "give share_on_task"),
        ({"posts": 43, "share_on_task": 17}, "a share between 0 and 1"),
        ({"staffing": STAFFING, "posts": 3}, "Give either a staffing table or a number of posts"),
        ({"staffing": STAFFING, "by": "distric"}, r"did you mean 'district'\?"),
        ({"staffing": STAFFING, "roles": "oficer"}, r"did you mean 'officer'\?"),
        ({"staffing": STAFFING.head(0)}, "has no rows"),
        ({"staffing": STAFFING.drop(columns="funded_fte")}, "no column funded_fte"),
        ({"staffing": STAFFING.assign(hours_funded=-1)}, "5 row"),
        ({"staffing": [1]}, "this is a list"),
    ],
)
def test_wrong_staffing_is_told(arguments: dict[str, Any], words: str) -> None:
    with pytest.raises(InputError, match=words):
        officer_time(**arguments)


# 1 March 2022 was a Tuesday.
TESTS = """
person | test_date  | test_time | result
ann    | 2022-03-01 | 02:30     | cocaine
bob    | 2022-03-01 | 9:05      | opiates
cat    | 2022-03-02 | 09:59     | both
dan    | 2022-03-02 | 14:00     | negative
eve    | 2022-03-06 |           | opiates
fay    | 2022-12-30 | 23:59     | opiates
gus    | 2022-03-01 | 02:40     | refused
"""
CONTACTS = """
person | contact_date | contact_time | attended
ann    | 2022-03-30   | 10:00        | yes
bob    | 2022-03-01   | 11:15        | yes
cat    | 2022-03-30   | 11:45        | yes
cat    | 2022-03-29   | 11:45        | no
eve    | 2022-03-07   |              | yes
"""


@cache
def shown(contacts: str = CONTACTS, **options: Any) -> ContactHours:
    extracts, linkage = invent(drug_tests=TESTS, contacts=contacts, extract_date="2022-12-31")
    return contact_hours(extracts, linkage, **options)


def by(found: ContactHours, dimension: str) -> pd.DataFrame:
    frame = found.to_frame()
    return frame[frame["dimension"] == dimension].set_index("group")


def test_tests_count_at_their_hour_and_contacts_at_theirs() -> None:
    hours = by(shown(), "hour")
    assert hours.index[:24].tolist() == [f"{hour:02d}" for hour in range(24)]
    assert hours.index[24:].tolist() == ["not recorded"]
    told = hours[hours["n_tests"] > 0][["n_tests", "n_positive", "n_followed", "n_seen"]]
    assert {str(hour): row for hour, row in zip(told.index, told.to_numpy().tolist(), strict=True)} == {
        "02": [1, 1, 1, 0],  # seen on day 29
        "09": [2, 2, 2, 2],
        "14": [1, 0, 0, 0],
        "23": [1, 1, 0, 0],  # too late to be followed
        "not recorded": [1, 1, 1, 1],
    }
    assert hours.loc[hours["n_contacts"] > 0, "n_contacts"].to_dict() == {"10": 1, "11": 2, "not recorded": 1}


def test_days_of_the_week() -> None:
    days = by(shown(), "weekday")
    assert days["n_tests"].tolist() == [0, 2, 1 + 1, 0, 1, 0, 1]
    assert days["n_contacts"].tolist() == [1, 1, 2, 0, 0, 0, 0]
    both = by(shown(), "weekday_and_time")
    assert both.loc[both["n_tests"] > 0, "n_tests"].to_dict() == {
        "Tuesday 00-05": 1, "Tuesday 06-11": 1, "Wednesday 06-11": 1, "Wednesday 12-17": 1, "Friday 18-23": 1,
        "Sunday not recorded": 1,
    }  # fmt: skip


def test_days_and_windows_can_be_chosen() -> None:
    assert by(shown(within_days=29), "hour").loc["02", "n_seen"] == 1
    whole = by(shown(date_from="2022-03-02", date_to="2022-03-02"), "all").loc["everyone"]
    assert (whole["n_tests"], whole["n_contacts"], whole["share_seen"]) == (2, 0, 1.0)


def test_people_with_several_tests_are_said_to_make_the_intervals_too_narrow() -> None:
    whole = by(shown(), "all").loc["everyone"]
    several = any("somewhat too narrow" in note for note in shown().summary().notes)
    assert several is bool(whole["n_people"] < whole["n_tests"])
    extracts, linkage = invent(
        drug_tests="""
            person | test_date  | result
            ann    | 2022-03-01 | both
            ann    | 2022-03-09 | both
        """,
        contacts=CONTACTS,
        extract_date="2022-12-31",
    )
    assert any("somewhat too narrow" in note for note in contact_hours(extracts, linkage).summary().notes)


def test_a_source_without_times_of_contact_says_so() -> None:
    found = shown("""
        person | contact_date | attended
        bob    | 2022-03-01   | yes
    """)
    assert not found.contact_times
    assert by(found, "hour")["n_contacts"].isna().all()
    assert by(found, "weekday")["n_contacts"].sum() == 1
    assert "only tests are told by hour" in str(found.summary())


def test_wrong_windows_are_told() -> None:
    with pytest.raises(InputError, match="within_days must be a whole number"):
        shown(within_days=-1)
    with pytest.raises(InputError, match="no drug test with a date between these days"):
        shown(date_from="2030-01-01")
    extracts, linkage = invent(drug_tests=TESTS)
    with pytest.raises(InputError, match="no contacts"):
        contact_hours(extracts, linkage)


@pytest.mark.slow
def test_hours_agree_with_a_count_in_pandas() -> None:
    extracts = simulate(people=300, seed=4)
    linkage = true_linkage(extracts)
    found = contact_hours(extracts, linkage, within_days=14)
    spine = linkage.to_frame()
    owner = spine.set_index(["table", "record_id"])["person_id"]
    tests, contacts = extracts.table("drug_tests"), extracts.table("contacts")
    tests = tests[tests["result"] != "refused"].assign(
        person=[owner["drug_tests", one] for one in tests.loc[tests["result"] != "refused", "record_id"]]
    )
    came = contacts[contacts["attended"].fillna(False).astype(bool)]
    came = came.assign(person=[owner["contacts", one] for one in came["record_id"]])
    hours = tests["test_time"].str.split(":").str[0].str.zfill(2).fillna("not recorded")
    assert by(found, "hour")["n_tests"][lambda n: n > 0].to_dict() == hours.value_counts().sort_index().to_dict()
    wait = pd.Timedelta(days=14)
    positive = tests[
        (tests["result"] != "negative") & (tests["test_date"] + wait <= pd.Timestamp(extracts.extract_date))
    ]
    joined = positive.merge(came[["person", "contact_date"]], on="person")
    near = joined[joined["contact_date"].between(joined["test_date"], joined["test_date"] + wait)]
    assert int(by(found, "all")["n_seen"].iloc[0]) == near["record_id"].nunique()
    assert int(by(found, "all")["n_followed"].iloc[0]) == len(positive)
    days = positive["test_date"].dt.day_name().value_counts()
    assert by(found, "weekday")["n_followed"].to_dict() == {
        day: int(days.get(day, 0)) for day in by(found, "weekday").index
    }


def test_the_picture_shows_an_hour_a_bar() -> None:
    axes = shown().plot()
    assert len(axes.get_xticks()) == 25
    assert len(axes.child_axes) == 1
