"""Nothing from after the cut-off passes for a baseline, and what a design does to time zero is said."""

from __future__ import annotations

import pytest

import dipeval as dip
from dipeval.cohort import CohortRule
from dipeval.errors import DesignError, InputError
from tests.spec.invented_people import cohort_of

BEFORE = CohortRule(index_event="any_test", exposure_timing="before_index", landmark_days=0, grace_days=0)
TESTS = "person | result\nann | opiates\nbob | negative\ncat | cocaine"
TREATMENT = "person | start_date | end_date\nann | 2022-01-10 | 2022-02-01"


@pytest.mark.parametrize("name", ["test_result", "tested_opiates", "tested_cocaine", "risk_score"])
def test_the_state_at_the_index_is_no_baseline_of_an_earlier_exposure(name: str) -> None:
    cohort = cohort_of(BEFORE, drug_tests=TESTS, treatment=TREATMENT)
    assert cohort.measured_at[name] == "after_exposure"
    told = cohort.covariates().set_index("column")["measured_at"]
    assert told[name] == "after_exposure"
    with pytest.raises(DesignError, match=f"{name} .after_exposure."):
        dip.weight(cohort, treated="treated", covariates=["copas_rate", name], method="none")


def test_it_is_one_where_the_exposure_comes_after() -> None:
    cohort = cohort_of(CohortRule(index_event="any_test"), drug_tests=TESTS, treatment=TREATMENT)
    assert {cohort.measured_at[name] for name in ("test_result", "risk_score")} == {"at_index"}


def test_whose_history_ends_when_is_said() -> None:
    assert "from before the start for the treated and from before the index test for the comparison" in (
        BEFORE.in_words()
    )


def test_a_landmark_after_an_exposure_that_is_over_is_warned_of() -> None:
    rule = CohortRule(index_event="any_test", exposure_timing="before_index")
    cohort = cohort_of(rule, drug_tests=TESTS, treatment=TREATMENT)
    assert any("landmark_days=0 follows from the index test" in note for note in cohort.summary().notes)
    cohort = cohort_of(BEFORE, drug_tests=TESTS, treatment=TREATMENT)
    assert not any("landmark_days=0" in note for note in cohort.summary().notes)


def test_immortal_days_are_described_as_what_they_are() -> None:
    """A person can reoffend and start treatment afterwards: only death and loss are ruled out."""
    rule = CohortRule(immortal_time="ever_treated", accept_immortal_time=True, landmark_days=0)
    cohort = cohort_of(
        rule,
        drug_tests=TESTS,
        treatment="person | start_date\nann | 2022-05-01",
        offences="person | offence_date | disposal_date\nann | 2022-03-10 | 2022-04-01",
    )
    reoffended = dip.measure_reoffending(cohort).to_frame()["reoffended"]
    assert (cohort.people.loc["ann", "treated"], reoffended["ann"]) == (1, 1)
    words = " ".join(cohort.summary().notes)
    assert "could reoffend" not in words
    assert "credited to treatment, although it had not begun" in words


@pytest.mark.parametrize(
    ("options", "refused"),
    [
        ({"index_event": "contact", "exposure": "contact"}, True),
        ({"index_event": "order", "exposure": "order"}, True),
        (
            {"index_event": "order", "index_types": ("DRR",), "exposure": "order", "exposure_types": ("DRR", "ATR")},
            True,
        ),
        ({"index_event": "column", "index_table": "treatment", "index_column": "start_date"}, True),
        (
            {"index_event": "order", "index_types": ("DRR", "ATR"), "exposure": "order", "exposure_types": ("DRR",)},
            False,
        ),
        ({"index_event": "contact", "exposure": "contact", "exposure_types": ("voluntary",)}, False),
        ({"index_event": "contact"}, False),
        ({"index_event": "contact", "exposure": "contact", "exposure_timing": "before_index"}, False),
    ],
)
def test_an_index_event_that_is_its_own_exposure(options: dict[str, object], refused: bool) -> None:
    if not refused:
        assert CohortRule(**options).exposure  # type: ignore[arg-type]
        return
    with pytest.raises(InputError, match="nobody could be in the comparison"):
        CohortRule(**options)  # type: ignore[arg-type]
