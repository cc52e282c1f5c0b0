"""Proven reoffending after a first positive test: the days, the waiting, earlier offences, what was expected."""

from __future__ import annotations

import pandas as pd
import pytest

from dipeval.errors import InputError
from dipeval.indicators.measuring import reoffending_family
from dipeval.indicators.measuring.family import CountingRule
from dipeval.indicators.measuring.reoffending_family import stratum_rates
from tests.unit.indicators.families.units_made import flags, made

FAMILY = reoffending_family.family
NAMES = ("ann", "bob", "cat", "dan", "eve", "fay", "gus", "hal", "ida", "jon")
TESTED = "person | test_date\n" + "\n".join(f"{name} | 2022-03-01" for name in NAMES)
# 365 days after the test are over on 1 March 2023, 547 on 30 August 2023.
OFFENCES = """
person | offence_date | offence_group        | disposal_date | disposal
ann    | 2022-03-01   | shoplifting          | 2022-05-01    | conviction
bob    | 2022-03-02   | robbery              | 2022-03-02    | caution
cat    | 2023-03-01   | violence_with_injury | 2023-08-30    | conviction
dan    | 2023-03-02   | shoplifting          | 2023-03-02    | conviction
eve    | 2022-06-01   | shoplifting          | 2023-08-31    | conviction
fay    | 2022-06-01   | shoplifting          | 2022-07-01    | other
gus    | 2022-06-01   | motoring             | 2022-07-01    | conviction
gus    | 2022-06-01   | public_order         | 2022-07-01    | conviction
hal    | 2022-06-01   | shoplifting          | 2022-05-01    | conviction
ida    | 2022-06-01   | shoplifting          | 2022-07-01    | conviction
ida    | 2022-08-01   | shoplifting          | 2022-09-01    | conviction
"""
DEATHS = "person | death_date\nida | 2022-07-15"


def test_an_offence_counts_from_the_day_after_to_day_365_dealt_with_within_547() -> None:
    frame = made(FAMILY, "2022-01-01", "2022-03-31", drug_tests=TESTED, offences=OFFENCES, deaths=DEATHS)
    counts = {name: n for name, n in flags(frame, "n_reoffences").items() if n}
    # gus: an offence on the road counts as any other; hal: dealt with before it happened; ida: none after the death.
    assert counts == {"bob": 1, "cat": 1, "gus": 2, "ida": 1}
    assert {name for name, n in flags(frame, "reoffended").items() if n} == set(counts)
    of_class = {kind: {n for n, yes in flags(frame, kind).items() if yes} for kind in reoffending_family.CLASSES}
    assert of_class == {"acquisitive": {"bob", "ida"}, "violent": {"cat"}, "disorder": {"gus"}}


def test_without_a_table_of_deaths_nobody_died() -> None:
    frame = made(FAMILY, "2022-01-01", "2022-03-31", drug_tests=TESTED, offences=OFFENCES, without=("deaths",))
    assert flags(frame, "n_reoffences")["ida"] == 2


def test_each_period_has_its_own_follow_up() -> None:
    tests = "person | test_date\nann | 2022-03-01\nann | 2022-06-01"
    offences = "person | offence_date | disposal_date\nann | 2022-06-01 | 2022-07-01\nann | 2023-06-01 | 2023-07-01"
    frame = made(FAMILY, "2022-01-01", "2022-06-30", drug_tests=tests, offences=offences)
    assert frame["n_reoffences"].tolist() == [1, 1]
    assert frame["prior_band"].tolist() == ["0", "0"]


def test_earlier_offences_are_those_proven_before_the_test() -> None:
    days = pd.date_range("2022-01-01", periods=7).strftime("%Y-%m-%d")
    offences = (
        "person | offence_date | disposal_date | disposal\n"
        + "\n".join(
            [
                "ann | 2022-02-01 | 2022-02-28 | conviction",
                "bob | 2022-02-01 | 2022-03-01 | conviction",  # dealt with on the day of the test
                "cat | 2017-03-01 | 2017-04-01 | caution",  # 1,826 days before
                "dan | 2017-02-28 | 2017-04-01 | caution",
                "eve | 2022-02-01 | 2022-02-02 | none",
                *(f"fay | {day} | {day} | caution" for day in days[:3]),
                *(f"gus | {day} | {day} | caution" for day in days[:6]),
                *(f"hal | {day} | {day} | caution" for day in days),
            ]
        )
    )
    frame = made(FAMILY, "2022-01-01", "2022-03-31", drug_tests=TESTED, offences=offences)
    bands = dict(zip(frame["person_id"], frame["prior_band"], strict=True))
    assert bands == {
        **dict.fromkeys(NAMES, "0"),
        "ann": "1-2",
        "cat": "1-2",
        "fay": "3-6",
        "gus": "3-6",
        "hal": "7 or more",
    }


def test_over_the_baseline_as_many_are_expected_as_were_observed() -> None:
    tests = TESTED + "\n" + "\n".join(f"{name} | 2023-03-01" for name in NAMES[:4])
    given = {"drug_tests": tests, "offences": OFFENCES}
    frame = made(FAMILY, "2022-01-01", "2023-03-31", extract_date="2023-12-31", **given)
    told = frame.groupby("period")[["n_reoffences", "expected"]].sum()
    assert told.loc["2022-Q1", "expected"] == pytest.approx(told.loc["2022-Q1", "n_reoffences"])
    assert told.loc["2023-Q1", "expected"] > 0
    both = made(FAMILY, "2022-01-01", "2023-03-31", **given)
    assert both["expected"].sum() == pytest.approx(both["n_reoffences"].sum())
    rule = CountingRule(baseline=("2022-Q1", "2022-Q1"))
    chosen = made(FAMILY, "2022-01-01", "2023-03-31", rule=rule, **given)
    assert chosen["expected"].tolist() == pytest.approx(frame["expected"].tolist())


def test_nothing_is_expected_before_a_period_is_complete() -> None:
    given = {"drug_tests": TESTED, "offences": OFFENCES}
    assert made(FAMILY, "2022-01-01", "2022-03-31", extract_date="2023-09-28", **given)["expected"].isna().all()
    assert made(FAMILY, "2022-01-01", "2022-03-31", extract_date="2023-09-29", **given)["expected"].notna().all()


@pytest.mark.parametrize("baseline", [("2021-Q4", "2022-Q1"), ("2022-Q2", "2022-Q1"), ("2022-Q1", "2022-Q2")])
def test_a_baseline_must_be_told_and_complete(baseline: tuple[str, str]) -> None:
    with pytest.raises(InputError, match="baseline for expected reoffences"):
        made(
            FAMILY,
            "2022-01-01",
            "2022-06-30",
            extract_date="2023-10-31",
            rule=CountingRule(baseline=baseline),
            drug_tests=TESTED,
            offences=OFFENCES,
        )


def test_small_strata_share_a_rate_with_those_of_the_same_earlier_offences() -> None:
    strata = pd.DataFrame(
        {
            "stratum": list("abcdef"),
            "prior_band": ["0", "0", "0", "1-2", "1-2", "3-6"],
            "n": [50, 10, 20, 29, 0, 1],
            "x": [10, 8, 1, 7, 0, 5],
        }
    )
    rates = stratum_rates(strata).set_index("stratum")["expected"]
    assert rates.to_dict() == pytest.approx({"a": 0.2, "b": 0.3, "c": 0.3, "d": 0.4, "e": 0.4, "f": 0.4})
    assert (strata.set_index("stratum")["n"] * rates).sum() == pytest.approx(31)
    mixed = strata.sample(frac=1, random_state=1)
    assert stratum_rates(mixed).equals(stratum_rates(strata))


def test_a_stratum_in_which_nobody_reoffended_is_expected_something() -> None:
    strata = pd.DataFrame({"stratum": ["a", "b"], "prior_band": "0", "n": [49, 50], "x": [0, 99]})
    assert stratum_rates(strata)["expected"].tolist() == pytest.approx([1 / 50, 99 / 50])
    assert stratum_rates(strata.assign(n=0, x=0)).empty
