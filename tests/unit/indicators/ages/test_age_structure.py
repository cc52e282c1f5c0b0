"""Ages by year and substance: people counted by hand, medians and trends against what others work out."""

from __future__ import annotations

import dataclasses
from functools import cache
from typing import Any

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm
from scipy.stats import binom

from dipeval.errors import InputError
from dipeval.indicators.ages import AgeStructure, age_structure
from dipeval.indicators.ages.structure_rows import median_of
from tests.spec.invented_people import InventedExtracts, InventedLinkage, invent

# ann's birthday is on 1 July; bob changes from cocaine to opiates within 2022; cat has no date of birth, dan an
# impossible one; eve was negative; fay is tested in March and April, which are two financial years.
TESTS = """
person | date_of_birth | test_date  | result
ann    | 1990-07-01    | 2021-06-30 | opiates
ann    | 1990-07-01    | 2021-07-01 | opiates
ann    | 1990-07-01    | 2022-07-01 | both
bob    | 1980-01-01    | 2022-02-01 | cocaine
bob    | 1980-01-01    | 2022-11-01 | opiates
cat    |               | 2022-02-01 | cocaine
dan    | 2021-01-01    | 2022-02-01 | cocaine
eve    | 2000-01-01    | 2022-02-01 | negative
fay    | 2004-06-01    | 2022-03-31 | cocaine
fay    | 2004-06-01    | 2022-04-01 | cocaine
"""
TREATMENT = """
person | start_date | drug_1  | drug_2
ann    | 2022-01-05 | alcohol | heroin
bob    | 2022-01-05 | cannabis |
gus    | 2022-01-05 |         |
"""


@cache
def made() -> tuple[InventedExtracts, InventedLinkage]:
    return invent(drug_tests=TESTS, extract_date="2022-12-31")


@cache
def shown(**options: Any) -> AgeStructure:
    return age_structure(*made(), **options)


def counted(found: AgeStructure) -> dict[tuple[str, str, str], int]:
    frame = found.to_frame()
    own = frame[frame["n"] > 0]
    return {
        (str(a), str(b), str(c)): int(n)
        for a, b, c, n in zip(own["substance"], own["year"], own["age_group"], own["n"], strict=True)
    }


def test_everybody_counts_once_a_year_at_the_first_age() -> None:
    assert counted(shown()) == {
        ("any", "2021", "25-34"): 1,
        ("any", "2022", "under 18"): 1,
        ("any", "2022", "25-34"): 1,
        ("any", "2022", "35-44"): 1,
        ("opiates", "2021", "25-34"): 1,
        ("opiates", "2022", "25-34"): 1,
        ("opiates", "2022", "35-44"): 1,
        ("cocaine", "2022", "under 18"): 1,
    }
    medians = shown().medians().set_index(["substance", "year"])
    assert medians.loc[("opiates", "2021"), "median_age"] == 30  # the day before the birthday
    assert medians.loc[("opiates", "2022"), "median_age"] == (32 + 42) / 2
    assert medians.loc[("cocaine", "2022"), "n_no_age"] == 2
    assert medians.loc[("cocaine", "2021"), "n_people"] == 0


def test_financial_years_and_windows() -> None:
    years = shown(every="financial_year", substances="cocaine")
    assert counted(years) == {("cocaine", "2021-22", "35-44"): 1, ("cocaine", "2021-22", "under 18"): 1,
                              ("cocaine", "2022-23", "under 18"): 1}  # fmt: skip
    assert years.to_frame().groupby("year")["whole_year"].first().tolist() == [True, False]
    assert "Only part of the year is counted: 2022-23." in years.notes()
    late = shown(date_from="2022-02-01", substances="cocaine").to_frame()
    assert (set(late["year"]), set(late["whole_year"])) == ({"2022"}, {False})


def test_treatment_tells_other_drugs() -> None:
    extracts, linkage = invent(
        drug_tests="person | date_of_birth\nann | 1990-07-01\nbob | 1980-01-01\ngus | 1970-01-01",
        treatment=TREATMENT,
        extract_date="2022-12-31",
    )
    extracts.tables["treatment"] = extracts.tables["treatment"].assign(date_of_birth=pd.Series([pd.NaT] * 3))
    found = age_structure(extracts, linkage, source="treatment")
    assert counted(found) == {
        ("any", "2022", "25-34"): 1,
        ("any", "2022", "35-44"): 1,
        ("any", "2022", "45 and over"): 1,
        ("opiates", "2022", "25-34"): 1,
        ("other", "2022", "35-44"): 1,
    }
    assert set(found.trends()["status"]) == {"fewer than two years"}


@cache
def _ageing(seed: int = 3) -> tuple[InventedExtracts, InventedLinkage, pd.DataFrame]:
    """Thirty people, each tested in some of four years on the same day; and what they are as person-years."""
    draws = np.random.default_rng(seed)
    lines = [
        (f"p{person:02d}", 1960 + int(born), year)
        for person, born in enumerate(draws.integers(0, 35, 30))
        for year in range(2018, 2022)
        if draws.random() < 0.6
    ]
    years = pd.DataFrame(lines, columns=["person", "born", "year"])
    tests = pd.DataFrame(
        {"person": years["person"], "date_of_birth": years["born"].astype(str) + "-01-01",
         "test_date": years["year"].astype(str) + "-05-05", "result": "opiates"}
    )  # fmt: skip
    extracts, linkage = invent(drug_tests=tests, extract_date="2021-12-31")
    return extracts, linkage, years.assign(age=years["year"] - years["born"])


@cache
def _aged() -> AgeStructure:
    extracts, linkage, _ = _ageing()
    return age_structure(extracts, linkage, substances="opiates")


def test_the_trend_is_that_of_least_squares_with_errors_by_person() -> None:
    years = _ageing()[2]
    line = _aged().trends().set_index("substance").loc["opiates"]
    codes = pd.factorize(years["person"])[0]
    design = sm.add_constant((years["year"] - 2019).to_numpy("float64"))
    fit = sm.OLS(years["age"].to_numpy("float64"), design).fit(
        cov_type="cluster", cov_kwds={"groups": codes, "use_correction": False, "df_correction": True}, use_t=True
    )
    people = years["person"].nunique()
    half = fit.bse[1] * np.sqrt(people / (people - 1))
    reach = (line["conf_high"] - line["conf_low"]) / 2
    assert line["estimate"] == pytest.approx(fit.params[1])
    assert reach / half == pytest.approx(sm.stats.stattools.stats.t.isf(0.025, people - 1))
    assert (line["n_people"], line["n_person_years"]) == (people, len(years))


@pytest.mark.slow
def test_the_order_of_the_rows_changes_nothing() -> None:
    extracts, linkage, _ = _ageing()
    first = _aged()
    turned = dataclasses.replace(extracts, tables={name: frame[::-1] for name, frame in extracts.tables.items()})
    again = age_structure(turned, linkage, substances="opiates")
    for one, other in zip((first.to_frame(), first.medians(), first.trends()),
                          (again.to_frame(), again.medians(), again.trends()), strict=True):  # fmt: skip
        pd.testing.assert_frame_equal(one, other, check_exact=True)


@pytest.mark.parametrize("n", [1, 2, 5, 6, 25, 100])
def test_medians_and_the_ranks_of_their_limits(n: int) -> None:
    ages = np.random.default_rng(n).integers(18, 70, n)
    values, counts = np.unique(ages, return_counts=True)
    middle, low, high, rank = median_of(values.astype("float64"), counts)
    assert middle == np.median(ages)
    if n < 6:
        assert (np.isnan(low), rank) == (True, 0)
    else:
        assert (low, high) == (np.sort(ages)[rank - 1], np.sort(ages)[n - rank])
        # The interval misses the median where fewer than `rank` of the people are on one side of it.
        assert 2 * binom.cdf(rank - 1, n, 0.5) <= 0.05 < 2 * binom.cdf(rank, n, 0.5)


def test_the_trend_in_words() -> None:
    said = str(_aged().summary())
    assert "Opiates, with or without others: the mean age moves by" in said
    assert "would grow a year older each year" in said


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"source": "contact"}, "source|by='contact'"),
        ({"every": "yaer"}, "did you mean 'year'"),
        ({"substances": ("opiate",)}, "'opiate' .did you mean 'opiates'"),
        ({"substances": ()}, "none given"),
        ({"substances": "other"}, "of drug_tests they are any, opiates, cocaine"),
        ({"source": "treatment"}, "told by treatment with date_of_birth, drug_1, start_date"),
        ({"date_from": "2030-01-01"}, "No record of drug_tests lies between these days"),
    ],
)
def test_what_is_wrong_is_told(arguments: dict[str, Any], words: str) -> None:
    with pytest.raises(InputError, match=words):
        shown(**arguments)
