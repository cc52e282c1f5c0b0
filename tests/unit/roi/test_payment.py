"""What an outcome contract pays: every chance, mean and range against sums written out, and every refusal."""

from __future__ import annotations

import dataclasses
import math
import re
from statistics import NormalDist
from typing import Any

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from dipeval.errors import InputError, InvariantError
from dipeval.roi.payments.payment import PaymentByResults, payment_by_results
from dipeval.roi.payments.payment_cases import COLUMNS
from dipeval.roi.payments.payment_sums import Contract, Law
from dipeval.roi.payments.payment_terms import PaymentTerms
from dipeval.roi.payments.payment_words import AT_THE_PROMISE
from dipeval.roi.uncertain import Uncertain

SHARE: dict[str, Any] = {
    "kind": "yes_no", "terms": PaymentTerms(amount=100_000, at_least=0.05), "promised": 0.08, "baseline": 0.55,
}  # fmt: skip
COUNT: dict[str, Any] = {
    "kind": "count", "terms": PaymentTerms(amount=400, per="fewer"), "promised": 0.3, "baseline": 2.0,
    "dispersion": 1.2,
}  # fmt: skip


def share(people: int = 300, **changed: Any) -> PaymentByResults:
    return payment_by_results(people, **SHARE | changed)


def count(people: int = 40, **changed: Any) -> PaymentByResults:
    return payment_by_results(people, **COUNT | changed)


def cell(found: PaymentByResults, case: str, column: str, judged: str = "each") -> float:
    return float(found.case(judged).loc[case, column])  # type: ignore[arg-type]


def chances(people: int, kind: str, mean: float, dispersion: float) -> np.ndarray[Any, Any]:
    """One person's outcome, added up person by person: not the closed form that the package uses."""
    if kind == "yes_no":
        one = np.array([1 - mean, mean])
    else:
        size = 1 / dispersion
        one = stats.nbinom.pmf(np.arange(200), size, size / (size + mean))
    total = np.ones(1)
    for _ in range(people):
        total = np.convolve(total, one)
    return total


def paid(terms: PaymentTerms, people: int, total: int, against: float, sure: bool) -> float:
    fall = against - total / people
    asked = terms.at_least * against if terms.relative else terms.at_least
    if fall < 1e-12 or fall < asked - 1e-12 or not sure:
        return 0.0
    if terms.per == "cohort":
        return terms.amount
    return min(terms.amount * people * fall, math.inf if terms.most is None else terms.most)


def interval_leaves_none_out(
    total: int, people: int, other: int, others: int, kind: str, dispersion: float, level: float
) -> bool:
    def variance(mean: float) -> float:
        return mean * (1 - mean) if kind == "yes_no" else mean + dispersion * mean**2

    fall = other / others - total / people
    error = math.sqrt(variance(total / people) / people + variance(other / others) / others)
    return fall - NormalDist().inv_cdf((1 + level) / 2) * error >= 0 and fall > 0


TERMS = [
    PaymentTerms(amount=1_000, at_least=0.1),
    PaymentTerms(amount=1_000, at_least=0.1, relative=True),
    PaymentTerms(amount=1_000),
    PaymentTerms(amount=1_000, significant=0.8),
    PaymentTerms(amount=50, per="fewer"),
    PaymentTerms(amount=50, per="fewer", at_least=0.1, most=180),
    PaymentTerms(amount=50, per="fewer", significant=0.8, most=120),
]


@pytest.mark.parametrize("terms", TERMS, ids=str)
@pytest.mark.parametrize(("kind", "without", "with_it"), [("yes_no", 0.6, 0.4), ("count", 1.5, 1.0)])
@pytest.mark.parametrize("others", [None, 9])
def test_every_figure_is_the_sum_over_all_that_may_happen(
    terms: PaymentTerms, kind: str, without: float, with_it: float, others: int | None
) -> None:
    people, dispersion = 12, 0.0 if kind == "yes_no" else 0.7
    found = payment_by_results(
        people, kind=kind, terms=terms, promised=without - with_it, baseline=without, comparison_people=others,
        dispersion=None if kind == "yes_no" else dispersion, level=0.9,
    )  # fmt: skip
    nothing = np.cumsum(chances(people, kind, without, dispersion))
    for case, outcome in (("nothing_changed", without), ("as_promised", with_it)):
        own = chances(people, kind, outcome, dispersion)
        if others is None:
            against = [(without, 1.0, -1)]
        else:
            against = [(one / others, p, one) for one, p in enumerate(chances(others, kind, without, dispersion))]
        payments, weights = [], []
        for total in range(min(len(own), 150)):
            for figure, weight, other in against:
                if weight * own[total] < 1e-15:
                    continue
                level = terms.significant
                sure = level is None or (
                    nothing[total] <= (1 - level) / 2
                    if others is None
                    else interval_leaves_none_out(total, people, other, others, kind, dispersion, level)
                )
                payments.append(paid(terms, people, total, figure, sure))
                weights.append(weight * own[total])
        money, weight = np.array(payments), np.array(weights)
        mean = float((money * weight).sum())
        assert cell(found, case, "probability_paid") == pytest.approx(weight[money > 0].sum(), abs=1e-10)
        assert cell(found, case, "expected") == pytest.approx(mean, rel=1e-9, abs=1e-9)
        assert cell(found, case, "spread") == pytest.approx(
            math.sqrt((weight * (money - mean) ** 2).sum()), rel=1e-6, abs=1e-6
        )
        order = np.argsort(money)
        below = np.cumsum(weight[order])
        for name, q in (("low", 0.05), ("high", 0.95)):
            expected = money[order][np.searchsorted(below, q - 1e-12)]
            assert cell(found, case, name) == pytest.approx(expected, abs=0.01)


def test_a_lump_sum_against_a_fixed_share_is_a_binomial_tail() -> None:
    found = share()
    # 55% less 5 points of 300 people is 150 reoffenders: exactly 150 are enough.
    assert cell(found, "nothing_changed", "probability_paid") == pytest.approx(stats.binom.cdf(150, 300, 0.55))
    assert cell(found, "as_promised", "probability_paid") == pytest.approx(stats.binom.cdf(150, 300, 0.47))
    assert cell(found, "as_promised", "expected") == pytest.approx(1e5 * stats.binom.cdf(150, 300, 0.47))


@pytest.mark.parametrize(("baseline", "fall", "people"), [(0.55, 0.05, 300), (0.3, 0.1, 70), (0.7, 0.07, 100)])
def test_a_fall_of_just_the_size_asked_for_is_enough_whatever_the_last_bit_says(
    baseline: float, fall: float, people: int
) -> None:
    terms = PaymentTerms(amount=1, at_least=fall)
    found = share(people, baseline=baseline, terms=terms, promised=fall)
    limit = round((baseline - fall) * people)
    assert cell(found, "nothing_changed", "probability_paid") == pytest.approx(stats.binom.cdf(limit, people, baseline))


def test_to_meet_what_was_expected_is_no_fall() -> None:
    found = share(100, baseline=0.5, terms=PaymentTerms(amount=1))
    assert cell(found, "nothing_changed", "probability_paid") == pytest.approx(stats.binom.cdf(49, 100, 0.5))


def test_counts_that_differ_between_people_make_more_noise() -> None:
    poisson, wide = count(dispersion=0), count(dispersion=2)
    assert cell(wide, "nothing_changed", "expected") > 2 * cell(poisson, "nothing_changed", "expected") > 0
    # Paid for each reoffence fewer and nothing taken back: half of the mean absolute deviation of a Poisson.
    away = np.arange(400) - 80
    half = float((stats.poisson.pmf(np.arange(400), 80) * np.maximum(-away, 0)).sum())
    assert cell(poisson, "nothing_changed", "expected") == pytest.approx(400 * half)


def test_a_cap_bounds_what_is_paid() -> None:
    free, capped = count(), count(terms=PaymentTerms(amount=400, per="fewer", most=5_000))
    assert cell(capped, "as_promised", "high") == 5_000
    assert cell(capped, "as_promised", "expected") < cell(free, "as_promised", "expected")
    assert cell(capped, "as_promised", "most") == 5_000
    assert cell(free, "as_promised", "most") == 400 * 40 * 2.0
    # Against comparison people of a count nothing bounds it; of a share, that everybody there and nobody here offends.
    assert math.isnan(cell(count(comparison_people=40), "as_promised", "most"))
    shares = share(terms=PaymentTerms(amount=100, per="fewer"), comparison_people=300)
    assert cell(shares, "as_promised", "most") == 30_000


def test_several_cohorts_each_by_itself_are_so_many_chances() -> None:
    one, three = share(), share(cohorts=3)
    chance = cell(one, "nothing_changed", "probability_paid")
    assert cell(three, "nothing_changed", "probability_one_cohort") == chance
    assert cell(three, "nothing_changed", "probability_paid") == pytest.approx(1 - (1 - chance) ** 3)
    assert cell(three, "nothing_changed", "expected") == pytest.approx(3 * 100_000 * chance)
    assert cell(three, "as_promised", "spread") == pytest.approx(math.sqrt(3) * cell(one, "as_promised", "spread"))
    assert cell(three, "as_promised", "low") == 1e5 * stats.binom.ppf(
        0.025, 3, cell(one, "as_promised", "probability_paid")
    )


def test_cohorts_taken_together_are_one_large_cohort() -> None:
    together, large = share(cohorts=3).case("together"), share(900).case("each")
    for case in ("nothing_changed", "as_promised"):
        assert together.loc[case, "probability_paid"] == pytest.approx(large.loc[case, "probability_paid"])
        assert together.loc[case, "expected"] == pytest.approx(3 * large.loc[case, "expected"])
    assert list(share(cohorts=1).to_frame()["judged"].unique()) == ["each"]


def test_cohorts_together_may_be_asked_for_less() -> None:
    terms = PaymentTerms(amount=1, at_least=0.10, at_least_together=0.075, relative=True)
    found = share(1_000, terms=terms, cohorts=2, baseline=0.4)
    assert cell(found, "nothing_changed", "probability_one_cohort") == pytest.approx(stats.binom.cdf(360, 1000, 0.4))
    assert cell(found, "nothing_changed", "probability_paid", "together") == pytest.approx(
        stats.binom.cdf(740, 2000, 0.4)
    )
    assert "together have to be at least 7.5% lower than expected" in str(found.summary())


def test_a_drawn_range_is_near_the_sum_it_stands_for() -> None:
    terms = PaymentTerms(amount=10, per="fewer")
    found = share(60, terms=terms, cohorts=2, promised=0.1)
    one = stats.binom.pmf(np.arange(61), 60, 0.45)
    value = np.maximum(10 * (60 * 0.55 - np.arange(61)), 0)
    pairs = pd.DataFrame({"value": np.add.outer(value, value).ravel(), "p": np.multiply.outer(one, one).ravel()})
    below = pairs.groupby(pairs["value"].round(6))["p"].sum().sort_index().cumsum()
    rows = found.case("each")
    assert not rows["exact"].any()
    assert found.case("together")["exact"].all()
    for name, q in (("low", 0.025), ("high", 0.975)):
        assert abs(float(rows.loc["as_promised", name]) - below.index[np.searchsorted(below, q)]) <= 10  # type: ignore[arg-type]
    assert rows.equals(share(60, terms=terms, cohorts=2, promised=0.1).case("each"))


def test_an_uncertain_baseline_shows_what_its_ends_would_do() -> None:
    found = share(baseline=Uncertain(0.55, 0.52, 0.58))
    # People who would have been at 52% anyway are paid for as if the programme had brought it.
    assert cell(found, "baseline_too_high", "probability_paid") == pytest.approx(stats.binom.cdf(150, 300, 0.52))
    assert cell(found, "baseline_too_low", "probability_paid") == pytest.approx(stats.binom.cdf(150, 300, 0.58))
    beside = share(baseline=Uncertain(0.55, 0.52, 0.58), comparison_people=3_000)
    moved = [cell(beside, case, "probability_paid") for case in ("nothing_changed", "baseline_too_high")]
    assert moved[0] == pytest.approx(moved[1], abs=0.005)
    assert list(share(baseline=Uncertain(0.55, 0.55, 0.58)).case().index) == [
        "nothing_changed", "as_promised", "baseline_too_low",
    ]  # fmt: skip


def test_a_promise_of_everything_can_be_kept() -> None:
    assert cell(share(promised=0.55), "as_promised", "probability_paid") == 1
    assert cell(count(promised=2.0), "as_promised", "spread") == 0
    assert cell(count(promised=2.0), "as_promised", "expected") == pytest.approx(400 * 80)


def test_asking_for_all_that_was_promised_is_missed_half_the_time() -> None:
    for people in (200, 20_000):
        found = share(people, terms=PaymentTerms(amount=1, at_least=0.08))
        assert cell(found, "as_promised", "probability_unpaid") == pytest.approx(0.5, abs=0.04)
        assert AT_THE_PROMISE in found.summary().notes
        assert found.people_needed() is None
    assert AT_THE_PROMISE not in share().summary().notes


def test_the_threshold_of_all_cohorts_together_is_held_against_the_promise_too() -> None:
    terms = PaymentTerms(amount=1, at_least=0.02, at_least_together=0.08)
    assert AT_THE_PROMISE in share(terms=terms, cohorts=2).summary().notes
    assert AT_THE_PROMISE not in share(terms=terms).summary().notes


def test_where_any_fall_is_paid_for_no_number_of_people_is_enough() -> None:
    assert count().people_needed() is None


@pytest.mark.parametrize(("kind", "dispersion"), [("yes_no", 0.0), ("count", 0.0), ("count", 3.0)])
def test_a_smaller_total_is_never_less_sure_of_a_fall(kind: str, dispersion: float) -> None:
    law = Law(kind=kind, dispersion=dispersion)
    random = np.random.default_rng(5)
    for _ in range(12):
        people, others = (int(one) for one in random.integers(3, 40, 2))
        contract = Contract(
            terms=PaymentTerms(amount=1, significant=0.9), law=law, people=people, cohorts=1, comparison_people=others,
            baseline=0.5, at_least=0.0,
        )  # fmt: skip
        judged = contract.judged(0.5, 0.5)
        for figure, limit in zip(judged.yardstick, judged.met, strict=True):
            other = round(float(figure) * others)
            sure = [
                other / others > total / people
                and interval_leaves_none_out(total, people, other, others, kind, dispersion, 0.9)
                for total in range(math.ceil(figure * people) + 1)
            ]
            assert sure == [total <= limit for total in range(len(sure))]


def test_people_needed_keeps_both_mistakes_rare_and_no_smaller_cohort_of_the_list_does() -> None:
    found = share(terms=PaymentTerms(amount=1, at_least=0.04))
    needed = found.people_needed()
    assert needed is not None

    def rare(people: int) -> bool:
        limit = math.floor(0.51 * people + 1e-9)
        return stats.binom.cdf(limit, people, 0.55) <= 0.05 and stats.binom.sf(limit, people, 0.47) <= 0.2

    assert rare(needed)
    assert not rare(round(needed / 1.12))
    assert found.people_needed(most=needed - 1) is None
    stricter = found.people_needed(wrongly_paid=0.01)
    assert stricter is not None
    assert stricter > needed


def test_comparison_people_grow_with_the_cohort_in_people_needed() -> None:
    fixed, few = share(400), share(400, comparison_people=400)
    first, second = fixed.people_needed(), few.people_needed()
    assert first is not None
    assert second is not None
    assert second > 1.5 * first


def test_the_curve_passes_through_the_cases_and_stays_where_outcomes_can_be() -> None:
    found = share(cohorts=2)
    curve = found.curve()
    assert list(curve.columns) == ["judged", "fall", "outcome", "probability_paid", "expected"]
    for judged in ("each", "together"):
        one = curve[curve["judged"] == judged]
        one = one.set_index(one["fall"].round(9))
        for case, fall in (("nothing_changed", 0.0), ("as_promised", 0.08)):
            assert one.loc[fall, "probability_paid"] == pytest.approx(cell(found, case, "probability_paid", judged))
            assert one.loc[fall, "expected"] == pytest.approx(cell(found, case, "expected", judged))
        assert (np.diff(one["probability_paid"]) >= 0).all()
    assert share(promised=0.5, baseline=0.9).curve()["outcome"].between(0, 1).all()
    assert share(promised=0.5).curve()["fall"].max() <= 0.55 + 1e-12


def test_the_distribution_rises_and_holds_the_range() -> None:
    found = count(cohorts=2, level=0.9)
    spread = found.distribution()
    assert list(spread.columns) == ["judged", "case", "share", "payment"]
    assert len(spread) == 4 * 99
    for (judged, case), part in spread.groupby(["judged", "case"]):
        assert (np.diff(part["payment"]) >= 0).all()
        at = part.set_index(part["share"].round(2))["payment"]
        assert at[0.05] == pytest.approx(cell(found, case, "low", judged), abs=0.01)
        assert at[0.95] == pytest.approx(cell(found, case, "high", judged), abs=0.01)


def test_the_frame_is_the_same_columns_whatever_is_asked() -> None:
    for found in (share(), count(cohorts=2, comparison_people=50), share(baseline=Uncertain(0.5, 0.4, 0.6))):
        assert tuple(found.to_frame().columns) == COLUMNS


def test_large_cohorts_are_summed_too() -> None:
    found = count(1_000_000, comparison_people=1_000_000, terms=PaymentTerms(amount=1, significant=0.95))
    assert cell(found, "nothing_changed", "probability_paid") == pytest.approx(0.025, abs=0.0005)


@pytest.mark.parametrize(
    ("changed", "sentence"),
    [
        ({}, r"^If nothing changed, the chance of a payment is 5% \(£4,647 on average\); if the promised fall of 8.0 "
             r"percentage points came about, the chance of none is 14% \(£86,407 on average\)\.$"),
        ({"cohorts": 2}, r"^Each cohort by itself: if nothing .*\. All cohorts together: if nothing .* 1% .*\.$"),
        ({"terms": PaymentTerms(amount=2_000, per="fewer")},
         r"^If nothing changed, £6,869 is paid on average \(£0 to £34,000 in 95% of such contracts\); if the promised "
         r"fall of 8.0 percentage points came about, £48,"),
    ],
)  # fmt: skip
def test_the_headline_says_first_what_is_paid_though_nothing_changed(changed: dict[str, Any], sentence: str) -> None:
    headline = share(**changed).summary().headline
    assert re.search(sentence, headline), headline


def test_the_notes_say_what_the_chances_rest_on() -> None:
    told = str(share().summary())
    assert "a figure fixed beforehand" in told
    assert "one reoffender or reoffence can decide" in told
    assert "independently of each other" in told
    assert "Judged" not in told
    told = str(count(comparison_people=80, cohorts=2).summary())
    assert "80 comparison people a cohort" in told
    assert "dispersion 1.20" in told
    assert "Nothing is paid back after a rise" in told
    assert "100,000 seeded draws" in told
    assert "Poisson" in str(count(dispersion=0).summary())


@pytest.mark.parametrize(
    ("changed", "sentence"),
    [
        ({"kind": "time"}, "'yes_no' .* or 'count' .*, not 'time'"),
        ({"terms": {"amount": 1}}, "terms of the contract: dipeval.PaymentTerms"),
        ({"people": 0}, "people has to be a whole number from 1 to 1,000,000; it is 0"),
        ({"people": 10.5}, "people has to be a whole number"),
        ({"people": True}, "people has to be a number; it is a bool"),
        ({"people": "many"}, "people has to be a number; it is a str"),
        ({"people": None}, "people has to be a number; it is a NoneType"),
        ({"people": math.nan}, "people has to be a finite number"),
        ({"cohorts": 51}, "cohorts has to be a whole number from 1 to 50"),
        ({"comparison_people": 0}, "comparison_people has to be a whole number from 1"),
        ({"baseline": None}, "pass baseline .* or history"),
        ({"baseline": 55}, "between 0 and 1, such as 0.55 .*; not 55 .this looks like a percentage"),
        ({"baseline": 0}, "between 0 and 1.*; not 0\\.$"),
        ({"baseline": Uncertain(0.9, 0.8, 1.2)}, "high end of baseline is the share"),
        ({"promised": 0}, "promised is the fall .* at most the baseline of 0.55; not 0"),
        ({"promised": 5}, "at most the baseline of 0.55; not 5"),
        ({"dispersion": 1.0}, "A share has no dispersion"),
        ({"level": 1}, "level is that of the range of payments"),
    ],
)
def test_what_makes_no_sense_is_refused(changed: dict[str, Any], sentence: str) -> None:
    given = {"people": 300} | SHARE | changed
    with pytest.raises(InputError, match=sentence):
        payment_by_results(given.pop("people"), **given)


@pytest.mark.parametrize(
    ("changed", "sentence"),
    [
        ({"dispersion": None}, "differs between people decides how much of a payment is chance"),
        ({"dispersion": 1e9}, "Among 40 people with numbers that differ as much .* too many totals"),
        ({"people": 1_000_000, "baseline": 1e5, "cohorts": 50}, "Among 50,000,000 people"),
        ({"dispersion": -0.1}, "dispersion is 0 or more; not -0.1"),
        ({"baseline": -1}, "reoffences a person, above 0, such as 2.6; not -1"),
        ({"promised": 2.5}, "at most the baseline of 2"),
    ],
)
def test_what_makes_no_sense_of_a_count_is_refused(changed: dict[str, Any], sentence: str) -> None:
    with pytest.raises(InputError, match=sentence):
        count(**changed)


@pytest.mark.parametrize(
    ("terms", "sentence"),
    [
        ({"amount": 0}, "amount is what the contract pays"),
        ({"amount": 1, "per": "head"}, "per 'cohort' or per 'fewer' .* not 'head'"),
        ({"amount": 1, "at_least": -0.1}, "at_least is the fall .*; not -0.1"),
        ({"amount": 1, "at_least": 10, "relative": True}, "below 1, such as 0.1; not 10"),
        ({"amount": 1, "at_least_together": -1}, "at_least_together is the fall"),
        ({"amount": 1, "significant": 0.05}, "a level such as 0.95, not 0.05"),
        ({"amount": 1, "most": 10}, "its own most"),
        ({"amount": 1, "per": "fewer", "most": 0}, "in pounds above 0"),
    ],
)
def test_terms_that_make_no_sense_are_refused(terms: dict[str, Any], sentence: str) -> None:
    with pytest.raises(InputError, match=sentence):
        PaymentTerms(**terms)


def test_terms_in_words() -> None:
    assert PaymentTerms(amount=5, significant=0.975).in_words("yes_no") == (
        "£5 for each cohort whose share is lower than expected, and by more than chance alone would bring (97.5%)"
    )
    assert PaymentTerms(amount=5, at_least=0.075).in_words("yes_no") == (
        "£5 for each cohort whose share is at least 7.5 percentage points lower than expected"
    )
    assert PaymentTerms(amount=5, per="fewer", at_least=0.2, most=1_000).in_words("count") == (
        "£5 for each reoffence fewer than expected, if there are at least 0.2 a person fewer than expected, up to "
        "£1,000 a cohort"
    )
    assert PaymentTerms(amount=5, per="fewer").in_words("yes_no") == "£5 for each reoffender fewer than expected"


def test_chances_asked_of_people_needed_are_checked() -> None:
    with pytest.raises(InputError, match="wrongly_unpaid is a chance between 0 and 1"):
        share().people_needed(wrongly_unpaid=80)
    with pytest.raises(InputError, match="most has to be a whole number"):
        share().people_needed(most=0)
    with pytest.raises(InputError, match="judged each, not 'together'"):
        share().case("together")


@pytest.mark.parametrize(
    ("column", "value", "sentence"),
    [
        ("probability_paid", 0.7, "do not add up to 1"),
        ("expected", -1.0, "below 0"),
        ("expected", 1e9, "More is paid than the contract can pay"),
        ("low", 1e9, "upside down"),
    ],
)
def test_a_result_that_breaks_its_promises_is_not_made(column: str, value: float, sentence: str) -> None:
    found = share()
    frame = found.to_frame()
    frame[column] = value
    with pytest.raises(InvariantError, match=sentence):
        dataclasses.replace(found, _frame=frame)
    with pytest.raises(InvariantError, match="documented columns"):
        dataclasses.replace(found, _frame=found.to_frame().drop(columns="most"))
