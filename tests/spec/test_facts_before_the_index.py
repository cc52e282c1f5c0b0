"""What is known of a person before the index date: nothing dated on it or after it counts.

Everybody below was tested on 1 March 2022, aged 31 (born 15 June 1990). An offence counts when it was committed and
proven (caution or conviction) before that day. One year back is 1 March 2021; five years back is 1 March 2017.
"""

from __future__ import annotations

import math

import pytest

from dipeval.cohort import Cohort
from tests.spec.invented_people import cohort_of, rows

TESTS = """
person
no record
year exactly
year and a day
five years exactly
five years and a day
convicted on the day
offended on the day
not proven
same day twice
mixed
young
impossible
"""

OFFENCES = """
person               | offence_date | disposal_date | disposal   | offence_group
year exactly         | 2021-03-01   | 2021-04-01    | conviction | shoplifting
year and a day       | 2021-02-28   | 2021-04-01    | caution    | shoplifting
five years exactly   | 2017-03-01   | 2017-03-01    | conviction | violence_with_injury
five years and a day | 2017-02-28   | 2017-03-01    | conviction | violence_with_injury
convicted on the day | 2021-12-01   | 2022-03-01    | conviction | shoplifting
offended on the day  | 2022-03-01   | 2022-03-01    | caution    | shoplifting
not proven           | 2021-12-01   | 2022-01-01    | other      | shoplifting
not proven           | 2021-12-02   | 2022-01-01    | none       | shoplifting
not proven           | 2021-12-03   |               | conviction | shoplifting
not proven           | 2021-12-04   | 2022-01-01    |            | shoplifting
same day twice       | 2021-12-01   | 2022-01-01    | conviction | robbery
same day twice       | 2021-12-01   | 2022-01-01    | conviction | public_order
mixed                | 2008-06-14   | 2008-07-01    | conviction | fraud
mixed                | 2018-06-14   | 2018-07-01    | conviction | violence_without_injury
mixed                | 2021-06-14   | 2021-07-01    | conviction | drug_possession
young                | 1995-06-15   | 1995-07-01    | caution    | criminal_damage
impossible           | 2021-06-14   | 2021-06-13    | conviction | shoplifting
"""

# 1y, 5y: proven offences in the year and the five years before; acq, viol: of the five years; age: at first offence;
# sanctions: occasions on which offences were dealt with; from: age in years at the first of them.
EXPECTED = """
person               | 1y | 5y | acq | viol | age | sanctions | from
no record            | 0  | 0  | 0   | 0    | 31  | 0         | 31
year exactly         | 1  | 1  | 1   | 0    | 30  | 1         | 30
year and a day       | 0  | 1  | 1   | 0    | 30  | 1         | 30
five years exactly   | 0  | 1  | 0   | 1    | 26  | 1         | 26
five years and a day | 0  | 0  | 0   | 0    | 26  | 1         | 26
convicted on the day | 0  | 0  | 0   | 0    | 31  | 0         | 31
offended on the day  | 0  | 0  | 0   | 0    | 31  | 0         | 31
not proven           | 0  | 0  | 0   | 0    | 31  | 0         | 31
same day twice       | 2  | 2  | 1   | 0    | 31  | 1         | 31
mixed                | 1  | 2  | 0   | 1    | 17  | 3         | 18
young                | 0  | 0  | 0   | 0    | 10  | 1         | 10
impossible           | 0  | 0  | 0   | 0    | 31  | 0         | 31
"""


@pytest.fixture(scope="module")
def cohort() -> Cohort:
    return cohort_of(drug_tests=TESTS, offences=OFFENCES)


@pytest.mark.parametrize("row", rows(EXPECTED), ids=lambda row: str(row[0]))
def test_earlier_offences_of_each_person(cohort: Cohort, row: tuple[str, ...]) -> None:
    person = cohort.people.loc[row[0]]
    year, five_years, acquisitive, violent, age, sanctions, first = (int(cell) for cell in row[1:])
    assert person["prior_offences_12m"] == year
    assert person["prior_offences_5y"] == five_years
    assert person["prior_acquisitive_5y"] == acquisitive
    assert person["prior_violent_5y"] == violent
    assert person["age_first_offence"] == age
    assert person["log_prior_offences_5y"] == pytest.approx(math.log(1 + five_years), rel=1e-12)
    assert person["copas_rate"] == pytest.approx(math.log((1 + sanctions) / (10 + 31 - first)), rel=1e-12)


def test_copas_rate_of_the_worked_examples() -> None:
    """By hand from OGRS3: a man of 32, first sanction at 16, 12 earlier sanctions; a man of 40, first at 18, 30."""
    tests = "person | date_of_birth\nA | 1990-01-01\nB | 1982-01-01"
    lines = ["person | offence_date | disposal_date"]
    lines += [f"A | {2006 + n}-02-01 | {2006 + n}-03-01" for n in range(12)]
    lines += [f"B | {2000 + n // 2}-02-0{1 + n % 2} | {2000 + n // 2}-03-0{1 + n % 2}" for n in range(30)]
    people = cohort_of(drug_tests=tests, offences="\n".join(lines)).people
    assert people.loc["A", "copas_rate"] == pytest.approx(-0.693147, abs=1e-6)
    assert people.loc["B", "copas_rate"] == pytest.approx(-0.031749, abs=1e-6)


def test_a_disposal_before_its_offence_is_set_aside_and_counted(cohort: Cohort) -> None:
    assert cohort.records.to_dict("records") == [
        {"table": "offences", "reason": "disposal before the offence: set aside", "n_records": 1}
    ]


CUSTODY = """
person               | start_date | end_date
two apart            | 2019-01-01 | 2019-02-01
two apart            | 2020-01-01 | 2020-02-01
overlapping          | 2019-01-01 | 2019-02-01
overlapping          | 2019-01-15 | 2019-03-01
moved prison         | 2019-01-01 | 2019-02-01
moved prison         | 2019-02-01 | 2019-03-01
one inside another   | 2019-01-01 | 2019-12-01
one inside another   | 2019-02-01 | 2019-03-01
one inside another   | 2019-11-01 | 2020-01-01
out five years ago   | 2016-01-01 | 2017-03-01
out a day later      | 2016-01-01 | 2017-03-02
begun on the day     | 2022-03-01 | 2022-03-05
end before start     | 2019-01-01 | 2018-01-01
"""

SPELLS = {
    "two apart": 2,
    "overlapping": 1,
    "moved prison": 1,
    "one inside another": 1,
    "out five years ago": 0,
    "out a day later": 1,
    "begun on the day": 0,
    "end before start": 1,
    "never": 0,
}


def test_custody_spells_that_touch_are_one_spell() -> None:
    tests = "person\n" + "\n".join(SPELLS)
    assert cohort_of(drug_tests=tests, custody_spells=CUSTODY).people["prior_custody_5y"].to_dict() == SPELLS


def test_the_test_and_the_person_at_the_index() -> None:
    tests = """
    person | sex     | result  | ethnicity | date_of_birth
    ann    | female  | opiates | W1        | 1990-03-01
    bob    | male    | cocaine |           | 1990-03-02
    cat    | unknown | both    | W1        | 1990-02-28
    """
    people = cohort_of(drug_tests=tests).people
    assert people["female"].to_list() == [1, 0, 0]
    assert people["tested_opiates"].to_list() == [1, 0, 1]
    assert people["tested_cocaine"].to_list() == [0, 1, 1]
    assert people["ethnicity"].to_list() == ["W1", "not_stated", "W1"]
    assert people["age_at_index"].to_list() == [32, 31, 32]
