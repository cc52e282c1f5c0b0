"""A proven reoffence: committed in the 365 days after time zero, cautioned or convicted within those or 182 more.

Everybody below was tested on 1 March 2022, so that time zero is 12 April 2022. The follow-up runs from 13 April 2022
to 12 April 2023; the waiting period ends on 11 October 2023.
"""

from __future__ import annotations

import pandas as pd
import pytest

from dipeval.cohort import Cohort, CohortRule
from dipeval.errors import InputError
from dipeval.outcomes import FollowUp, measure_reoffending
from tests.spec.invented_people import cohort_of, rows, table

OFFENCES = """
person                   | offence_date | disposal_date | disposal   | offence_group
before time zero         | 2022-04-01   | 2022-05-01    | conviction | shoplifting
on time zero             | 2022-04-12   | 2022-05-01    | conviction | shoplifting
first day                | 2022-04-13   | 2022-04-13    | caution    | shoplifting
last day                 | 2023-04-12   | 2023-06-01    | conviction | shoplifting
day too late             | 2023-04-13   | 2023-06-01    | conviction | shoplifting
convicted on the last    | 2022-06-01   | 2023-10-11    | conviction | shoplifting
convicted too late       | 2022-06-01   | 2023-10-12    | conviction | shoplifting
not proven               | 2022-06-01   | 2022-07-01    | other      | shoplifting
not yet disposed         | 2022-06-01   |               |            | shoplifting
three on one day         | 2022-06-01   | 2022-07-01    | conviction | shoplifting
three on one day         | 2022-06-01   | 2022-07-01    | conviction | shoplifting
three on one day         | 2022-06-01   | 2022-07-01    | conviction | robbery
two days                 | 2022-12-31   | 2023-01-31    | conviction | robbery
two days                 | 2022-06-01   | 2022-07-01    | caution    | public_order
reoffended then died     | 2022-06-01   | 2022-07-01    | conviction | shoplifting
died the same day        | 2022-06-01   | 2022-07-01    | conviction | shoplifting
offence after the death  | 2022-06-02   | 2022-07-01    | conviction | shoplifting
"""

DEATHS = """
person                   | death_date
reoffended then died     | 2022-06-30
died the same day        | 2022-06-01
offence after the death  | 2022-06-01
died on the last day     | 2023-04-12
died after the follow-up | 2023-04-13
"""

# first: days to the first reoffence; followed: days until it, or until death or the end of the follow-up.
EXPECTED = """
person                   | n | first | followed | why ended
no offence at all        | 0 |       | 365      | end_of_follow_up
before time zero         | 0 |       | 365      | end_of_follow_up
on time zero             | 0 |       | 365      | end_of_follow_up
first day                | 1 | 1     | 1        |
last day                 | 1 | 365   | 365      |
day too late             | 0 |       | 365      | end_of_follow_up
convicted on the last    | 1 | 50    | 50       |
convicted too late       | 0 |       | 365      | end_of_follow_up
not proven               | 0 |       | 365      | end_of_follow_up
not yet disposed         | 0 |       | 365      | end_of_follow_up
three on one day         | 3 | 50    | 50       |
two days                 | 2 | 50    | 50       |
reoffended then died     | 1 | 50    | 50       |
died the same day        | 1 | 50    | 50       |
offence after the death  | 0 |       | 50       | death
died on the last day     | 0 |       | 365      | death
died after the follow-up | 0 |       | 365      | end_of_follow_up
"""


@pytest.fixture(scope="module")
def cohort() -> Cohort:
    tests = "person\n" + "\n".join(table(EXPECTED)["person"])
    return cohort_of(drug_tests=tests, offences=OFFENCES, deaths=DEATHS)


@pytest.mark.parametrize("row", rows(EXPECTED), ids=lambda row: str(row[0]))
def test_each_person(cohort: Cohort, row: tuple[str, str, str | None, str, str | None]) -> None:
    person = measure_reoffending(cohort).to_frame().loc[row[0]]
    n = int(row[1])
    assert (person["n_reoffences"], person["reoffended"], person["event"]) == (n, int(n > 0), int(n > 0))
    first = person["days_to_first_reoffence"]
    assert pd.isna(first) if row[2] is None else first == float(row[2])
    assert person["time_days"] == float(row[3])
    assert person["censor_reason"] == (row[4] or "")


def test_offences_are_counted_by_group_and_the_side_of_robbery_is_a_switch(cohort: Cohort) -> None:
    outcomes = measure_reoffending(cohort)
    chosen = ["three on one day", "two days"]
    mix = outcomes.offence_mix(chosen)
    assert mix.to_dict("list") == {
        "offence_group": ["robbery", "shoplifting", "public_order"],
        "n": [2, 2, 1],
        "share": [0.4, 0.4, 0.2],
    }
    assert outcomes.class_mix(chosen).set_index("offence_class")["n"].to_dict() == {"acquisitive": 4, "disorder": 1}
    violent = measure_reoffending(cohort, follow_up=FollowUp(robbery="violent"))
    assert violent.class_mix(chosen).set_index("offence_class")["n"].to_dict() == {
        "acquisitive": 2,
        "violent": 2,
        "disorder": 1,
    }


def test_only_the_classes_asked_for_count(cohort: Cohort) -> None:
    outcomes = measure_reoffending(cohort, follow_up=FollowUp(robbery="violent", classes=("violent",)))
    frame = outcomes.to_frame()
    assert frame.loc["two days", ["n_reoffences", "days_to_first_reoffence"]].to_list() == [1, 263]
    assert int(frame["n_reoffences"].sum()) == 2


CUSTODY = """
person               | start_date | end_date
a week               | 2022-06-01 | 2022-06-08
overlapping          | 2022-06-01 | 2022-06-08
overlapping          | 2022-06-05 | 2022-06-11
abutting             | 2022-06-01 | 2022-06-08
abutting             | 2022-06-08 | 2022-06-11
from day 1           | 2022-04-13 | 2022-04-14
into the last day    | 2023-04-12 | 2023-05-01
after the last day   | 2023-04-13 | 2023-05-01
no end               | 2022-06-01 |
same day             | 2022-06-01 | 2022-06-01
end before start     | 2022-06-01 | 2022-05-01
died inside          | 2022-06-01 | 2022-07-01
"""

DAYS = {
    "never": 0,
    "a week": 7,  # received on the 1st, released on the 8th: seven nights
    "overlapping": 10,
    "abutting": 10,
    "from day 1": 1,
    "into the last day": 1,
    "after the last day": 0,
    "no end": 316,  # 1 June 2022 to 12 April 2023
    "same day": 0,
    "end before start": 0,
    "died inside": 9,
}


def test_days_in_custody_count_each_night_once() -> None:
    tests = "person\n" + "\n".join(DAYS)
    deaths = "person | death_date\ndied inside | 2022-06-10"
    cohort = cohort_of(drug_tests=tests, custody_spells=CUSTODY, deaths=deaths)
    assert measure_reoffending(cohort).to_frame()["custody_days"].to_dict() == DAYS


def test_a_follow_up_longer_than_the_cohort_can_see_is_refused(cohort: Cohort) -> None:
    with pytest.raises(InputError, match=r"needs 912 days.*547 are observable.*required_days=912"):
        measure_reoffending(cohort, follow_up=FollowUp(days=730))
    longer = cohort_of(CohortRule(required_days=912), drug_tests="person\nann")
    assert measure_reoffending(longer, follow_up=FollowUp(days=730)).to_frame()["time_days"].to_list() == [730.0]
