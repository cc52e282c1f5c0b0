"""People who tested positive: one unit a person and period, and what followed, day by day at the edges."""

from __future__ import annotations

import datetime as dt
from typing import Any

from dipeval.indicators.measuring import positives_family
from dipeval.indicators.measuring.family import CountingRule
from tests.unit.indicators.families.units_made import flags, made

FAMILY = positives_family.family
# Everybody is tested on 1 March 2022.
TESTED = "person | test_date\n" + "\n".join(f"{name} | 2022-03-01" for name in ("ann", "bob", "cat", "dan", "eve"))


def test_a_person_counts_once_a_period_with_the_first_positive_test_and_its_district() -> None:
    tests = """
    person | test_date  | test_time | result   | district
    ann    | 2022-01-05 |           | negative | Wakefield
    ann    | 2022-02-01 | 9:30      | cocaine  | Leeds
    ann    | 2022-02-01 | 10:15     | cocaine  | Kirklees
    ann    | 2022-03-31 | 08:00     | both     | Bradford
    ann    | 2022-04-01 | 08:00     | opiates  | Bradford
    bob    | 2022-03-31 | 08:00     | refused  | Leeds
    """
    frame = made(FAMILY, "2022-01-01", "2022-06-30", names=[], drug_tests=tests)
    rows = frame[["person_id", "period", "district"]].itertuples(index=False, name=None)
    assert list(rows) == [("ann", "2022-Q1", "Leeds"), ("ann", "2022-Q2", "Bradford")]


def test_a_test_on_the_last_day_of_a_quarter_or_month_is_in_it() -> None:
    tests = "person | test_date\nann | 2022-03-31\nbob | 2022-04-01\ncat | 2022-07-01"
    by_quarter = made(FAMILY, "2022-01-01", "2022-06-30", names=[], drug_tests=tests)
    assert by_quarter["period"].tolist() == ["2022-Q1", "2022-Q2"]
    rule = CountingRule(every="month")
    assert made(FAMILY, "2022-03-01", "2022-04-30", names=[], drug_tests=tests, rule=rule)["period"].tolist() == [
        "2022-03",
        "2022-04",
    ]


def test_a_window_within_a_period_takes_the_first_test_inside_it() -> None:
    tests = "person | test_date | district\nann | 2022-01-10 | Leeds\nann | 2022-02-10 | Bradford"
    rule = CountingRule(date_from=dt.date(2022, 2, 1))
    assert made(FAMILY, "2022-02-01", "2022-03-31", names=[], drug_tests=tests, rule=rule)["district"].tolist() == [
        "Bradford"
    ]


def test_seen_counts_from_the_day_of_the_test_to_day_28_and_only_who_came() -> None:
    contacts = """
    person | contact_date | attended
    ann    | 2022-03-29   | yes
    bob    | 2022-03-30   | yes
    cat    | 2022-03-01   | yes
    dan    | 2022-02-28   | yes
    eve    | 2022-03-05   | no
    """
    frame = made(FAMILY, "2022-01-01", "2022-03-31", drug_tests=TESTED, contacts=contacts)
    assert flags(frame, "seen") == {"ann": 1, "bob": 0, "cat": 1, "dan": 0, "eve": 0}
    assert flags(frame, "assessed") == {"ann": 1, "bob": 0, "cat": 1, "dan": 0, "eve": 1}
    assert flags(frame, "attended") == {"ann": 1, "bob": 0, "cat": 1, "dan": 0, "eve": 0}
    words = dict(zip(frame["person_id"], frame["seen_or_not"], strict=True))
    assert words == {"ann": "seen", "bob": "not seen", "cat": "seen", "dan": "not seen", "eve": "not seen"}


def test_only_required_assessments_are_assessments() -> None:
    contacts = """
    person | contact_date | assessment         | attended
    ann    | 2022-03-02   | voluntary          | yes
    bob    | 2022-03-02   | follow_up_required | yes
    cat    | 2022-03-02   | initial_required   |
    cat    | 2022-03-09   | initial_required   | yes
    dan    | 2022-03-02   | initial_required   |
    """
    frame = made(FAMILY, "2022-01-01", "2022-03-31", names=["seen"], drug_tests=TESTED, contacts=contacts)
    assert flags(frame, "seen") == {"ann": 1, "bob": 1, "cat": 1, "dan": 0, "eve": 0}
    assert flags(frame, "assessed") == {"ann": 0, "bob": 1, "cat": 1, "dan": 1, "eve": 0}
    assert flags(frame, "attended") == {"ann": 0, "bob": 1, "cat": 1, "dan": 0, "eve": 0}


def test_a_care_plan_counts_from_the_assessment_to_day_42_whatever_contact_tells_it() -> None:
    contacts = """
    person | contact_date | care_plan_date
    ann    | 2022-03-05   | 2022-04-12
    bob    | 2022-03-05   | 2022-04-13
    cat    | 2022-03-05   | 2022-03-04
    dan    | 2022-03-05   |
    dan    | 2022-02-20   | 2022-03-05
    eve    | 2022-02-20   | 2022-03-05
    """
    frame = made(FAMILY, "2022-01-01", "2022-03-31", names=["seen"], drug_tests=TESTED, contacts=contacts)
    assert flags(frame, "care_plan") == {"ann": 1, "bob": 0, "cat": 0, "dan": 1, "eve": 0}
    assert flags(frame, "assessed") == {"ann": 1, "bob": 1, "cat": 1, "dan": 1, "eve": 0}


def test_treatment_is_entered_by_who_was_out_of_it_for_28_days() -> None:
    treatment = """
    person | start_date | end_date   | discharge_reason
    ann    | 2022-03-01 |            | dropped_out
    bob    | 2022-04-12 |            | dropped_out
    cat    | 2022-04-13 |            | dropped_out
    dan    | 2022-02-28 |            | dropped_out
    eve    | 2022-01-01 | 2022-02-01 | dropped_out
    eve    | 2022-03-10 |            | dropped_out
    fay    | 2022-01-01 | 2022-01-31 | dropped_out
    fay    | 2022-03-10 |            | dropped_out
    gus    | 2021-01-01 | 2021-02-01 | dropped_out
    """
    tests = TESTED + "".join(f"\n{name} | 2022-03-01" for name in ("fay", "gus", "hal"))
    given: dict[str, Any] = {"names": ["treatment_entry"], "drug_tests": tests}
    frame = made(FAMILY, "2022-01-01", "2022-03-31", treatment=treatment, **given)
    # ann on the day of the test, bob on day 42, cat on day 43; dan in treatment before, eve until 28 days before,
    # fay until 29 days before; gus long ago; hal never.
    could = {"ann": 1, "bob": 1, "cat": 1, "dan": 0, "eve": 0, "fay": 1, "gus": 1, "hal": 1}
    assert flags(frame, "could_enter") == could
    assert {name for name, yes in flags(frame, "entered").items() if yes} == {"ann", "bob", "fay"}
    nobody = made(FAMILY, "2022-01-01", "2022-03-31", **given)
    assert flags(nobody, "could_enter") == dict.fromkeys(could, 1)
    assert flags(nobody, "entered") == dict.fromkeys(could, 0)


def test_a_frequent_flyer_has_the_third_positive_within_the_days_in_the_period() -> None:
    tests = """
    person | test_date  | result
    ann    | 2021-06-01 | opiates
    ann    | 2021-09-01 | opiates
    ann    | 2022-06-01 | opiates
    bob    | 2021-06-01 | opiates
    bob    | 2021-09-01 | opiates
    bob    | 2022-06-02 | opiates
    cat    | 2022-05-01 | opiates
    cat    | 2022-05-01 | cocaine
    cat    | 2022-05-02 | both
    dan    | 2022-05-01 | opiates
    dan    | 2022-05-02 | negative
    dan    | 2022-05-03 | opiates
    eve    | 2022-05-01 | opiates
    eve    | 2022-05-02 | opiates
    eve    | 2022-07-01 | opiates
    """
    frame = made(FAMILY, "2022-04-01", "2022-06-30", names=["frequent_flyers"], drug_tests=tests)
    assert flags(frame, "repeated") == {"ann": 1, "bob": 0, "cat": 1, "dan": 0, "eve": 0}
    two = made(
        FAMILY,
        "2022-04-01",
        "2022-06-30",
        names=["frequent_flyers"],
        drug_tests=tests,
        rule=CountingRule(repeat_tests=2, repeat_days=2),
    )
    assert flags(two, "repeated") == {"ann": 0, "bob": 0, "cat": 1, "dan": 1, "eve": 1}


def test_who_was_known_in_the_look_back_is_returning() -> None:
    contacts = """
    person | contact_date | attended
    ann    | 2022-03-01   | yes
    bob    | 2022-02-28   | no
    cat    | 2017-03-01   | yes
    dan    | 2017-02-28   | yes
    """
    treatment = "person | start_date | end_date | discharge_reason\neve | 2010-01-01 | 2018-01-01 | completed"
    frame = made(FAMILY, "2022-01-01", "2022-03-31", drug_tests=TESTED, contacts=contacts, treatment=treatment)
    words = dict(zip(frame["person_id"], frame["new_or_returning"], strict=True))
    assert words == {"ann": "new", "bob": "returning", "cat": "returning", "dan": "new", "eve": "returning"}


def test_a_person_in_two_quarters_has_what_followed_each_test() -> None:
    tests = "person | test_date\nann | 2022-03-20\nann | 2022-04-02"
    contacts = "person | contact_date | attended\nann | 2022-03-25 | yes"
    frame = made(FAMILY, "2022-01-01", "2022-06-30", drug_tests=tests, contacts=contacts)
    assert frame[["period", "seen"]].to_numpy().tolist() == [["2022-Q1", 1], ["2022-Q2", 0]]
    assert frame["new_or_returning"].tolist() == ["new", "returning"]
