"""The true effect: the same people in both worlds, by the same rule, from the same time zero.

Everybody was tested on 1 March 2022 (time zero 12 April 2022). Five are analysed as treated:
ann, bob, cat and dan truly started within 42 days; eve's treatment record belongs to somebody else (a wrong link).
fay was treated but the design did not use her; gus is in the comparison.
"""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from dipeval.cohort import Cohort
from dipeval.effects.truth import true_effect
from dipeval.errors import InputError
from dipeval.outcomes import FollowUp
from tests.spec.invented_people import cohort_of, table

WHO = """
person | truly started | weight
ann    | yes           | 1
bob    | yes           | 1
cat    | yes           | 1
dan    | yes           | 1
eve    | no            | 1
fay    | yes           | 0
gus    | no            | 2
"""

# Every offence of both histories: those of the treated world first.
OFFENCES = """
person | world     | offence_date | disposal_date | what it shows
ann    | treated   | 2022-06-01   | 2022-07-01    | one offence with treatment, three without
ann    | untreated | 2022-06-01   | 2022-07-01    |
ann    | untreated | 2022-06-01   | 2022-07-01    |
ann    | untreated | 2022-09-01   | 2022-10-01    |
bob    | untreated | 2023-04-12   | 2023-10-11    | the last day, convicted on the last day
cat    | treated   | 2022-06-01   | 2023-10-12    | convicted too late in both worlds
cat    | untreated | 2022-06-01   | 2023-10-12    |
dan    | untreated | 2022-06-01   | 2022-07-01    | after his death: does not count
eve    | untreated | 2022-06-01   | 2022-07-01    | not truly treated: left out
fay    | untreated | 2022-06-01   | 2022-07-01    | not analysed: left out
gus    | untreated | 2022-06-01   | 2022-07-01    | not treated: left out
"""

DEATHS = "person | death_date\ndan | 2022-05-31"


def _truth() -> SimpleNamespace:
    who = table(WHO)
    names = {person: f"true-{person}" for person in who["person"]}
    tests = [f"drug_tests-{place:05d}" for place in range(len(who))]
    offences = table(OFFENCES).assign(offence_group="shoplifting", disposal="conviction")
    for column in ("offence_date", "disposal_date"):
        offences[column] = pd.to_datetime(offences[column])
    deaths = table(DEATHS).assign(death_date=lambda frame: pd.to_datetime(frame["death_date"]))
    links = pd.DataFrame({"table": "drug_tests", "record_id": tests, "true_person": who["person"].map(names)})
    elsewhere = pd.DataFrame({"table": ["treatment"], "record_id": [tests[0]], "true_person": ["true-gus"]})
    return SimpleNamespace(
        links=pd.concat([elsewhere, links], ignore_index=True),
        people=pd.DataFrame(
            {
                "true_person": who["person"].map(names),
                "index_date": pd.Timestamp("2022-03-01"),
                "started_within_grace": who.iloc[:, 1] == "yes",
            }
        ),
        offences=offences.assign(true_person=offences["person"].map(names)),
        deaths=deaths.assign(true_person=deaths["person"].map(names)),
        grace_days=42,
    )


def _cohort() -> Cohort:
    treated = ["ann", "bob", "cat", "dan", "eve", "fay"]
    treatment = "person | start_date\n" + "\n".join(f"{person} | 2022-03-05" for person in treated)
    return cohort_of(drug_tests=table(WHO)[["person"]], treatment=treatment, deaths=DEATHS)


def _design(cohort: Cohort) -> SimpleNamespace:
    weights = table(WHO).set_index("person")["weight"].astype(float).reindex(cohort.people.index)
    return SimpleNamespace(weights=weights, treated=cohort.people["treated"] == 1)


@pytest.fixture(scope="module")
def cohort() -> Cohort:
    return _cohort()


@pytest.mark.parametrize(
    ("measure", "with_it", "without", "estimate"),
    [
        ("risk_difference", 1 / 4, 2 / 4, -1 / 4),  # ann reoffends either way; bob only without treatment
        ("mean_difference", 1 / 4, 4 / 4, -3 / 4),  # ann 1 and bob 0, against ann 3 and bob 1
        ("risk_ratio", 1 / 4, 2 / 4, 1 / 2),
    ],
)
def test_true_effect(cohort: Cohort, measure: str, with_it: float, without: float, estimate: float) -> None:
    truth = true_effect(_truth(), cohort, among=_design(cohort), measure=measure)
    assert (truth.mean_treated, truth.mean_untreated, truth.estimate) == (with_it, without, estimate)
    assert (truth.n, truth.n_analysed, truth.n_mislabelled) == (4, 5, 1)
    assert truth.to_frame().loc[0, "estimate"] == estimate
    assert "4 people" in str(truth.summary())


def test_an_index_test_of_nobody_known_counts_as_wrongly_labelled(cohort: Cohort) -> None:
    truth = _truth()
    truth.links = truth.links[truth.links["true_person"] != "true-dan"]
    found = true_effect(truth, cohort, among=_design(cohort), measure="mean_difference")
    assert (found.n, found.n_mislabelled) == (3, 2)
    assert found.mean_untreated == 4 / 3


def test_somebody_followed_from_a_later_test_has_no_true_effect(cohort: Cohort) -> None:
    truth = _truth()
    truth.people.loc[truth.people["true_person"] == "true-ann", "index_date"] = pd.Timestamp("2021-07-01")
    found = true_effect(truth, cohort, among=_design(cohort), measure="mean_difference")
    assert (found.n, found.n_mislabelled) == (3, 2)
    assert (found.mean_treated, found.mean_untreated) == (0, 1 / 3)


def test_a_shorter_follow_up_is_applied_to_both_worlds(cohort: Cohort) -> None:
    truth = true_effect(
        _truth(), cohort, among=_design(cohort), measure="mean_difference", follow_up=FollowUp(days=60, waiting_days=60)
    )
    assert (truth.mean_treated, truth.mean_untreated) == (1 / 4, 2 / 4)


def test_a_design_about_others_than_the_treated_has_another_truth(cohort: Cohort) -> None:
    for estimand in ("ATE", "ATC", "ATO"):
        design = SimpleNamespace(**vars(_design(cohort)), estimand=estimand)
        with pytest.raises(InputError, match="this design is about others"):
            true_effect(_truth(), cohort, among=design)
    design = _design(cohort)
    design.weights = design.weights * np.arange(1, len(design.weights) + 1)
    with pytest.raises(InputError, match="weights the treated"):
        true_effect(_truth(), cohort, among=design)


def test_without_truth_or_with_another_grace_period_it_is_refused(cohort: Cohort) -> None:
    truth, design = _truth(), _design(cohort)
    with pytest.raises(InputError, match="only simulated extracts"):
        true_effect(None, cohort, among=design)
    with pytest.raises(InputError, match="use one of"):
        true_effect(truth, cohort, among=design, measure="odds_ratio")
    truth.grace_days = 28
    with pytest.raises(InputError, match="grace_days=28"):
        true_effect(truth, cohort, among=design)
    truth.grace_days = 42
    truth.people["started_within_grace"] = False
    with pytest.raises(InputError, match="None of the 5 people"):
        true_effect(truth, cohort, among=design)
