"""A cohort from pseudonymised tests: the age at the test stands in for the date of birth, and what is lost is told."""

from __future__ import annotations

import pandas as pd
import pytest

import dipeval as dip
from dipeval.cohort.ages import assumed_births, with_births_from_ages
from dipeval.errors import InputError
from dipeval.linkage import true_linkage

KEY = dip.LinkageKey(b"0a1b2c3d4e5f60718293a4b5c6d7e8f9")


@pytest.fixture(scope="module")
def clear() -> dip.Extracts:
    return dip.simulate(people=300, seed=2)


def test_the_cohort_is_the_same_but_for_ages(clear: dip.Extracts) -> None:
    blind = dip.pseudonymise(clear, key=KEY)
    expected = dip.build_cohort(clear, true_linkage(clear))
    found = dip.build_cohort(blind, true_linkage(blind))
    both = found.people.index.intersection(expected.people.index)
    # Somebody who comes of age in the year of the test may fall on the other side.
    assert len(both) >= 0.97 * max(len(found.people), len(expected.people))
    ages = ["age_at_index", "age_first_offence", "age_first_sanction", "age_group", "copas_rate", "copas_rate_ogrs4"]
    one, other = found.people.loc[both], expected.people.loc[both]
    pd.testing.assert_frame_equal(one.drop(columns=ages), other.drop(columns=ages))
    for name in ("age_at_index", "age_first_offence"):
        assert (one[name] - other[name]).abs().max() == 1
    assert abs((one["age_at_index"] - other["age_at_index"]).mean()) < 0.15
    assert (one["copas_rate"] - other["copas_rate"]).abs().max() < 0.11
    told = " ".join(found.summary().notes)
    assert "age_at_test in place of the date of birth" in told
    assert "a year out" in told
    assert "age_at_test" not in " ".join(expected.summary().notes)


def test_without_age_and_sex_the_cohort_says_what_it_lacks(clear: dip.Extracts) -> None:
    blind = dip.pseudonymise(clear, key=KEY, keep_age_and_sex=False)
    with pytest.raises(InputError, match=r"sent without age_at_test and sex.*without --without-age-and-sex"):
        dip.build_cohort(blind, true_linkage(blind))


def test_the_middle_of_the_year_of_birth_is_taken() -> None:
    days = pd.Series(pd.to_datetime(["2015-01-01", "2015-07-01", "2016-12-31"]))
    tests = pd.DataFrame({"test_date": days, "age_at_test": [18, 18, 19], "sex": "male"})
    assert with_births_from_ages(tests)["date_of_birth"].dt.strftime("%Y-%m-%d").unique().tolist() == ["1997-07-02"]


def test_unknown_ages_stay_unknown() -> None:
    ages = pd.array([None, 20], dtype="Int64")
    tests = pd.DataFrame({"test_date": pd.to_datetime(["2018-01-05"] * 2), "age_at_test": ages, "sex": "male"})
    assert with_births_from_ages(tests)["date_of_birth"].isna().tolist() == [True, False]
    tests = tests.assign(key_fingerprint="ab" * 8)
    assert [n for _, _, n in assumed_births("drug_tests", tests)] == [1]
    assert assumed_births("treatment", tests) == assumed_births("drug_tests", None) == []
