"""Building a cohort from awkward extracts: refusals are sentences, whatever is set aside is counted."""

from __future__ import annotations

import datetime as dt

import pandas as pd
import pytest

from dipeval.cohort import Cohort, CohortRule, build_cohort
from dipeval.cohort.flow import day_in_words
from dipeval.cohort.steps import Steps
from dipeval.engine import open_engine
from dipeval.errors import InputError
from dipeval.outcomes import measure_reoffending
from tests.spec.invented_people import InventedExtracts, InventedLinkage, cohort_of, invent

TESTS = "person\nann\nbob"


def build(extracts: InventedExtracts, linkage: InventedLinkage, rule: CohortRule | None = None) -> Cohort:
    return build_cohort(extracts, linkage, rule)  # type: ignore[arg-type]


def reasons(cohort: Cohort) -> dict[tuple[str, str], int]:
    records = cohort.records
    return {(row.table, row.reason): row.n_records for row in records.itertuples()}


@pytest.mark.parametrize("missing", ["drug_tests", "treatment", "offences"])
def test_a_table_that_is_needed_is_named(missing: str) -> None:
    with pytest.raises(InputError, match=f"have no {missing}"):
        build(*invent(drug_tests=TESTS, without=(missing,)))


def test_a_column_that_is_needed_is_named() -> None:
    extracts, linkage = invent(drug_tests=TESTS)
    extracts.tables["offences"] = extracts.tables["offences"].drop(columns=["disposal", "disposal_date"])
    with pytest.raises(InputError, match="offences has no column disposal_date, disposal"):
        build(extracts, linkage)


def test_without_custody_and_deaths_nobody_is_left_out_by_them_and_the_summary_says_so() -> None:
    cohort = build(*invent(drug_tests=TESTS, without=("custody_spells", "deaths")))
    assert cohort.absent == ("custody_spells", "deaths")
    assert cohort.people["prior_custody_5y"].to_list() == [0, 0]
    assert sum("nobody could be left out" in note for note in cohort.summary().notes) == 2
    assert measure_reoffending(cohort).to_frame()["custody_days"].to_list() == [0, 0]


def test_the_same_record_twice_counts_once() -> None:
    offence = "person | record_id | offence_date | disposal_date"
    once = f"{offence}\nann | 1 | 2021-06-01 | 2021-07-01"
    extracts, linkage = invent(drug_tests=TESTS, offences=f"{once}\nann | 1 | 2021-06-01 | 2021-07-01")
    cohort = build(extracts, linkage)
    assert cohort.people["prior_offences_5y"].to_dict() == {"ann": 1, "bob": 0}
    assert reasons(cohort) == {("offences", "the same record more than once: counted once"): 1}


def test_one_record_id_for_different_records_is_refused() -> None:
    offences = "person | record_id | offence_date\nann | 1 | 2021-06-01\nann | 1 | 2021-06-02"
    with pytest.raises(InputError, match="offences, 1 row"):
        cohort_of(drug_tests=TESTS, offences=offences)


def test_one_record_for_two_persons_is_refused() -> None:
    extracts, linkage = invent(drug_tests=TESTS)
    linkage.spine = pd.concat([linkage.spine, linkage.spine.assign(person_id="somebody")])
    with pytest.raises(InputError, match="to more than one person"):
        build(extracts, linkage)


def test_records_without_a_person_or_a_date_are_set_aside_and_counted() -> None:
    offences = """
    person | offence_date | disposal_date
    ann    |              | 2021-07-01
    """
    deaths = "person | death_date\n | 2022-06-01"
    extracts, linkage = invent(drug_tests=TESTS, offences=offences, deaths=deaths)
    extracts.dropped = pd.DataFrame(
        {"table": ["drug_tests", "spend"], "reason": ["no result", "no amount"], "rows": [3, 1]}
    )
    assert reasons(build(extracts, linkage)) == {
        ("drug_tests", "no result"): 3,
        ("deaths", "no person in the linkage: set aside"): 1,
        ("offences", "no date: set aside"): 1,
    }


@pytest.mark.parametrize(
    ("name", "dates"), [("drug_tests", ""), ("treatment", " | start_date"), ("offences", " | offence_date")]
)
def test_a_linkage_made_from_other_extracts_is_refused_with_a_count_only(name: str, dates: str) -> None:
    rows = f"person | record_id{dates}\nann | secret-1{' | 2022-02-01' if dates else ''}"
    extracts, linkage = invent(**{"drug_tests": TESTS, name: rows})
    linkage.spine["record_id"] = linkage.spine["record_id"].replace("secret-1", "other-1")
    with pytest.raises(InputError, match=f"^1 of the 1 records of {name} are not in the linkage") as caught:
        build(extracts, linkage)
    assert "secret" not in str(caught.value)


def test_arguments_of_the_wrong_kind_are_sentences() -> None:
    extracts, linkage = invent(drug_tests=TESTS)
    cohort = build(extracts, linkage)
    for wrong, words in (
        ((linkage, extracts), "changed places"),
        ((extracts.tables, linkage), "extracts must be what .* it is a dict"),
        ((None, linkage), "extracts must be what .* it is a NoneType"),
        ((extracts, None), "linkage must be what .* it is a NoneType"),
        ((extracts, extracts), "linkage must be what .* it is a InventedExtracts"),
        ((extracts, linkage.spine), "linkage must be what .* it is a DataFrame"),
        ((extracts, cohort), "linkage must be what .* it is a Cohort"),
        ((extracts, linkage, {"grace_days": 28}), "rule must be a CohortRule, .* it is a dict"),
    ):
        with pytest.raises(InputError, match=words):
            build_cohort(*wrong)  # type: ignore[arg-type]


def test_nobody_eligible_says_at_which_step_the_last_were_lost() -> None:
    deaths = "person | death_date\nann | 2022-03-02"
    tests = "person | date_of_birth\nann | 1990-01-01\nbob |"
    with pytest.raises(InputError, match=r'at the step "Alive at time zero.*" all of the last 1 people'):
        cohort_of(drug_tests=tests, deaths=deaths)
    with pytest.raises(InputError, match="no drug test belongs to a person"):
        cohort_of()
    with pytest.raises(InputError, match="from 1 January 2030 to the last day"):
        cohort_of(CohortRule(index_from=dt.date(2030, 1, 1)), drug_tests=TESTS)


def test_a_district_that_is_not_there_is_named() -> None:
    with pytest.raises(InputError, match="in leeds; the districts in the extract are Leeds"):
        cohort_of(CohortRule(districts=("leeds",)), drug_tests=TESTS)


def test_one_person_is_enough() -> None:
    cohort = cohort_of(drug_tests="person\nann")
    assert len(cohort.people) == 1
    assert cohort.people["copas_rate"].to_list() == [pytest.approx(-2.302585093)]
    outcomes = measure_reoffending(cohort)
    assert outcomes.to_frame()["censor_reason"].to_list() == ["end_of_follow_up"]
    assert outcomes.by_group.empty
    assert outcomes.offence_mix().empty


def test_input_is_left_alone_and_an_engine_may_be_given() -> None:
    extracts, linkage = invent(drug_tests=TESTS)
    before = {name: extracts.table(name) for name in extracts.names}
    engine = open_engine(threads=1)
    cohort = build_cohort(extracts, linkage, engine=engine)  # type: ignore[arg-type]
    assert cohort.engine is engine
    for name, frame in before.items():
        pd.testing.assert_frame_equal(extracts.table(name), frame)


def test_whole_number_record_ids_are_matched_as_text() -> None:
    tests = pd.DataFrame({"person": ["ann", "bob"], "record_id": [7, 12]})
    assert cohort_of(drug_tests=tests).people["index_record_id"].to_list() == ["7", "12"]


def test_rates_are_float64_on_the_engine_itself() -> None:
    """Spark divides decimals where a numerator is not float64: the schema is the guard."""
    extracts, linkage = invent(drug_tests=TESTS)
    schema = Steps(extracts, linkage, CohortRule(), open_engine(threads=1)).people.table.schema()
    rates = {name for name, kind in schema.items() if kind.is_floating() or kind.is_decimal()}
    assert rates == {"copas_rate", "copas_rate_ogrs4", "log_prior_offences_5y", "risk_score"}
    assert {str(schema[name]) for name in rates} == {"float64"}


def test_months_are_named_in_english_wherever_the_machine_stands() -> None:
    class Elsewhere(dt.date):
        def __format__(self, spec: str) -> str:
            return "mai 2012"

    assert day_in_words(Elsewhere(2012, 5, 1)) == "1 May 2012"
