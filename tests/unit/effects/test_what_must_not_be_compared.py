"""Outcomes and designs that would give a wrong answer without a word are refused, with what to do instead."""

from __future__ import annotations

import pandas as pd
import pytest

import dipeval as dip
from dipeval.errors import EstimationError, InputError
from dipeval.linkage import true_linkage
from tests.spec.invented_people import cohort_of

VARYING = dip.CohortRule(immortal_time="time_varying", landmark_days=0, grace_days=180)
PEOPLE = "person | date_of_birth\n" + "\n".join(f"p{place} | 199{place}-06-15" for place in range(8))
STARTS = "person | start_date\np0 | 2022-03-10\np1 | 2022-03-20\np2 | 2022-03-30"
OFFENCES = """
person | offence_date | disposal_date
p0 | 2022-06-01 | 2022-07-01
p3 | 2022-03-01 | 2022-05-01
p4 | 2022-05-01 | 2022-06-01
p5 | 2022-07-01 | 2022-08-01
"""


def compared(cohort: dip.Cohort, outcomes: dip.Outcomes, outcome: str = "reoffended") -> dip.Effect:
    design = dip.weight(cohort, treated="treated", covariates=["age_at_index"], method="none")
    return dip.estimate_effect(design, outcomes.to_frame()[outcome])


@pytest.mark.parametrize("outcome", ["reoffended", "n_reoffences", "custody_days"])
def test_a_start_during_follow_up_is_no_label_from_its_first_day(outcome: str) -> None:
    cohort = cohort_of(VARYING, drug_tests=PEOPLE, treatment=STARTS, offences=OFFENCES)
    with pytest.raises(EstimationError, match=r"immortal time.*dip\.time_varying_effect"):
        compared(cohort, dip.measure_reoffending(cohort), outcome)


def test_unequal_follow_up_is_no_share() -> None:
    rule = dip.CohortRule(late_index="keep")
    cohort = cohort_of(rule, extract_date="2023-01-01", drug_tests=PEOPLE, treatment=STARTS, offences=OFFENCES)
    outcomes = dip.measure_reoffending(cohort, follow_up=dip.FollowUp(at_extract_end="censor"))
    with pytest.raises(EstimationError, match="of the 8 were followed for less than 365 days"):
        compared(cohort, outcomes)
    assert any("fewer of them are proven" in note for note in outcomes.summary().notes)


def test_everybody_followed_in_full_may_be_compared() -> None:
    cohort = cohort_of(dip.CohortRule(), drug_tests=PEOPLE, treatment=STARTS, offences=OFFENCES)
    outcomes = dip.measure_reoffending(cohort, follow_up=dip.FollowUp(at_extract_end="censor"))
    assert not outcomes.to_frame().attrs
    assert compared(cohort, outcomes).n_treated == 3


def test_index_events_without_their_people_are_refused() -> None:
    cohort = cohort_of(dip.CohortRule(index_choice="every"), drug_tests=PEOPLE, treatment=STARTS, offences=OFFENCES)
    outcomes = dip.measure_reoffending(cohort)
    with pytest.raises(EstimationError, match=r"cluster=cohort\.cluster"):
        compared(cohort, outcomes)
    design = dip.weight(cohort, treated="treated", covariates=["age_at_index"], method="none")
    effect = dip.estimate_effect(design, outcomes.to_frame()["reoffended"], cluster=cohort.cluster)
    assert "clustered by person" in effect.se_method


def test_outcomes_of_another_time_zero_are_refused() -> None:
    cohort = cohort_of(VARYING, drug_tests=PEOPLE, treatment=STARTS, offences=OFFENCES)
    later = cohort_of(dip.CohortRule(), drug_tests=PEOPLE, treatment=STARTS, offences=OFFENCES)
    with pytest.raises(InputError, match="another time zero than the cohort for 8 of the 8"):
        dip.time_varying_effect(cohort, dip.measure_reoffending(later))


def test_a_reoffence_on_the_day_of_time_zero_and_death_are_told_beside_the_ratio() -> None:
    cohort = cohort_of(VARYING, drug_tests=PEOPLE, treatment=STARTS, offences=OFFENCES)
    outcomes = dip.measure_reoffending(cohort, follow_up=dip.FollowUp(include_index_day=True))
    effect = dip.time_varying_effect(cohort, outcomes)
    notes = " ".join(effect.summary().notes)
    assert (effect.n, effect.n_events) == (7, 3)
    assert "which has no time at risk before it: 1; these people are left out" in notes
    assert "Death ends a person's days at risk" in notes


def test_no_truth_is_known_of_another_exposure() -> None:
    extracts = dip.simulate(people=300, seed=1)
    cohort = dip.build_cohort(extracts, true_linkage(extracts), dip.CohortRule(exposure="contact"))
    design = dip.weight(cohort, treated="treated", covariates=["age_at_index"], method="none")
    with pytest.raises(InputError, match="another exposure"):
        dip.true_effect(extracts.truth, cohort, among=design)


def test_a_number_of_ones_own_is_ones_own_business() -> None:
    rule = dip.CohortRule(late_index="keep")
    cohort = cohort_of(rule, extract_date="2023-01-01", drug_tests=PEOPLE, treatment=STARTS, offences=OFFENCES)
    frame = dip.measure_reoffending(cohort, follow_up=dip.FollowUp(at_extract_end="censor")).to_frame()
    rate: pd.Series = (frame["n_reoffences"] / frame["observed_days"]).rename("rate")
    design = dip.weight(cohort, treated="treated", covariates=["age_at_index"], method="none")
    assert dip.estimate_effect(design, rate, measure="mean_difference").n_treated == 3
