"""Windows before and after: which offence falls into which, on a few invented people.

Everybody was tested on 1 March 2022 and is followed from 12 April 2022 (42 days later). With windows of 365 days the
one before is 1 March 2021 to 28 February 2022, the one after 13 April 2022 to 12 April 2023, and that further back
1 March 2020 to 28 February 2021.
"""

from __future__ import annotations

import datetime as dt

import numpy as np
import pytest

import dipeval as dip
from dipeval.cohort import Cohort
from dipeval.effects.before_and_after.windows import cohort_windows
from dipeval.errors import InputError
from tests.spec.invented_people import cohort_of, rows

PEOPLE = """
person
nothing
long ago
eve of the test
day of the test
day of the test, in March
first day before
last day further back
first day further back
in between
first day after
last day after
day too late
proven too late
not proven
"""
TREATED = "person | start_date\neve of the test | 2022-03-10\nday of the test | 2022-03-10"
OFFENCES = """
person                    | offence_date | disposal_date | disposal
long ago                  | 2015-01-01   | 2015-02-01    | conviction
eve of the test           | 2022-02-28   | 2022-03-20    | conviction
day of the test           | 2022-03-01   | 2022-03-20    | conviction
day of the test, in March | 2021-03-01   | 2021-03-20    | conviction
day of the test, in March | 2022-03-01   | 2022-03-20    | caution
first day before          | 2021-03-01   | 2021-03-20    | conviction
last day further back     | 2021-02-28   | 2021-03-20    | conviction
first day further back    | 2020-03-01   | 2020-03-20    | conviction
in between                | 2022-03-02   | 2022-03-20    | conviction
in between                | 2022-04-12   | 2022-04-20    | conviction
first day after           | 2022-04-13   | 2022-04-20    | conviction
last day after            | 2023-04-12   | 2023-04-20    | conviction
day too late              | 2023-04-13   | 2023-04-20    | conviction
proven too late           | 2022-02-27   | 2022-12-20    | conviction
not proven                | 2022-02-27   | 2022-03-20    | other
"""
# further: the window further back; counted: before, with the day of the test as its last day; index: of these, on it.
EXPECTED = """
person                    | further | before | after | counted | index
nothing                   | 0       | 0      | 0     | 0       | 0
long ago                  | 0       | 0      | 0     | 0       | 0
eve of the test           | 0       | 1      | 0     | 1       | 0
day of the test           | 0       | 0      | 0     | 1       | 1
day of the test, in March | 0       | 1      | 0     | 1       | 1
first day before          | 0       | 1      | 0     | 0       | 0
last day further back     | 1       | 0      | 0     | 0       | 0
first day further back    | 1       | 0      | 0     | 0       | 0
in between                | 0       | 0      | 0     | 0       | 0
first day after           | 0       | 0      | 1     | 0       | 0
last day after            | 0       | 0      | 1     | 0       | 0
day too late              | 0       | 0      | 0     | 0       | 0
proven too late           | 0       | 0      | 0     | 0       | 0
not proven                | 0       | 0      | 0     | 0       | 0
"""


@pytest.fixture(scope="module")
def cohort() -> Cohort:
    spells = "person | start_date | end_date\nnothing | 2022-06-01 | 2022-06-11\nnothing | 2021-12-01 | 2021-12-04"
    return cohort_of(drug_tests=PEOPLE, treatment=TREATED, offences=OFFENCES, custody_spells=spells)


def _counts(values: np.ndarray, cohort: Cohort) -> dict[str, int]:
    return dict(zip(cohort.people.index, values.astype(int), strict=True))


def test_every_offence_falls_into_its_window(cohort: Cohort) -> None:
    plain = cohort_windows(cohort, days=365, earlier=1, count_index=False)
    counted = cohort_windows(cohort, days=365, earlier=1, count_index=True)
    found = {
        "further": _counts(plain.earlier[:, 0], cohort),
        "before": _counts(plain.before, cohort),
        "after": _counts(plain.after, cohort),
        "counted": _counts(counted.before, cohort),
        "index": _counts(counted.index, cohort),
    }
    for name, *expected in rows(EXPECTED):
        assert [found[column][name] for column in found] == [int(value) for value in expected], name
    assert not plain.index.any()


def test_the_last_days_before_the_test_can_be_left_out(cohort: Cohort) -> None:
    found = cohort_windows(cohort, days=365, earlier=1, count_index=False, gap_days=1)
    assert (found.gap_days, found.index_choice) == (1, "first")
    before = _counts(found.before, cohort)
    assert (before["eve of the test"], before["last day further back"], before["first day before"]) == (0, 1, 1)
    with pytest.raises(InputError, match="use one"):
        cohort_windows(cohort, days=365, earlier=1, count_index=True, gap_days=1)


def test_nights_in_custody_are_no_time_at_risk(cohort: Cohort) -> None:
    found = cohort_windows(cohort, days=365, earlier=1, count_index=False)
    assert found.at_risk is not None
    place = list(cohort.people.index).index("nothing")
    assert (365 * found.at_risk[place]).round(9).tolist() == [362, 355, 365]


def test_the_treated_are_compared_and_the_index_needs_counting(cohort: Cohort) -> None:
    found = dip.before_after(cohort, earlier=1, k=0.5)
    assert found.n == 2
    assert found.days == 365
    with pytest.raises(InputError, match="count it with count_index=True"):
        dip.before_after(cohort, selection="index_counted")
    with pytest.raises(InputError, match="'index_counted' only"):
        dip.before_after(cohort, selection="at_least_one", count_index=True)
    with pytest.raises(InputError, match="how many windows"):
        dip.before_after(cohort, earlier=["year_2"])


def test_windows_the_records_do_not_reach_are_refused(cohort: Cohort) -> None:
    with pytest.raises(InputError, match="begins before the first offence on record"):
        cohort_windows(cohort, days=365, earlier=9, count_index=False)
    with pytest.raises(InputError, match="observable"):
        cohort_windows(cohort, days=730, earlier=0, count_index=False)
    for bad in ({"days": 0}, {"gap_days": -1}):
        with pytest.raises(InputError, match="whole number"):
            cohort_windows(cohort, **({"days": 365, "earlier": 0, "count_index": False} | bad))


def test_where_treatment_comes_first_the_window_before_ends_before_it() -> None:
    rule = dip.CohortRule(
        index_event="release", exposure_timing="before_index", landmark_days=0, before_days=365, non_causal=False
    )
    held = "person | start_date | end_date\nann | 2021-06-01 | 2022-03-01\nbob | 2021-06-01 | 2022-03-01"
    tested = "person | test_date\nann | 2020-01-01\nbob | 2020-01-01"
    offences = """
    person | offence_date | disposal_date
    bob    | 2015-01-01   | 2015-02-01
    ann    | 2021-04-01   | 2021-05-01
    ann    | 2021-09-01   | 2021-10-01
    """
    made = cohort_of(
        rule,
        drug_tests=tested,
        custody_spells=held,
        treatment="person | start_date | end_date\nann | 2021-08-01 | 2021-12-01",
        offences=offences,
    )
    found = cohort_windows(made, days=365, earlier=0, count_index=False)
    assert made.people["treated"].to_dict() == {"ann": 1, "bob": 0}
    # The offence of September is after treatment began, and before the release: in neither window.
    assert _counts(found.before, made) == {"ann": 1, "bob": 0}
    assert _counts(found.after, made) == {"ann": 0, "bob": 0}
    assert made.extract_date > dt.date(2023, 3, 1)
