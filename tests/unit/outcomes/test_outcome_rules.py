"""Rules of a follow-up on a cohort of a few invented people: what is left out and told, and what is refused.

Everybody was tested on 1 March 2022; time zero is 12 April 2022, the follow-up ends on 12 April 2023 and the waiting
period on 11 October 2023.
"""

from __future__ import annotations

import pandas as pd
import pytest

from dipeval.cohort import CohortRule
from dipeval.errors import InputError
from dipeval.outcomes import FollowUp, Outcomes, measure_reoffending
from tests.spec.invented_people import cohort_of

OFFENCES = """
person | offence_date | disposal_date | disposal   | offence_group | custodial
pseudo | 2022-03-01   | 2022-06-01    | conviction | shoplifting   |
zero   | 2022-04-12   | 2022-04-12    | caution    | shoplifting   |
zero   | 2022-04-12   | 2022-04-13    | conviction | shoplifting   |
twice  | 2022-06-01   | 2022-07-01    | conviction | shoplifting   | yes
twice  | 2022-06-01   | 2022-07-01    | conviction | public_order  |
late   | 2022-06-01   | 2023-10-12    | conviction | shoplifting   |
open   | 2022-06-01   |               |            | shoplifting   |
dead   | 2022-06-02   | 2022-07-01    | conviction | shoplifting   |
held   | 2022-06-11   | 2022-07-01    | conviction | robbery       |
"""
TESTS = "person\npseudo\nzero\ntwice\nlate\nopen\ndead\nheld"
DEATHS = "person | death_date\ndead | 2022-06-01"
CUSTODY = """
person | start_date | end_date
held   | 2022-05-01 | 2022-05-11
held   | 2022-06-11 | 2022-06-21
"""


def measured(follow_up: FollowUp | None = None, rule: CohortRule | None = None, **dates: str) -> Outcomes:
    cohort = cohort_of(rule, drug_tests=TESTS, offences=OFFENCES, deaths=DEATHS, custody_spells=CUSTODY, **dates)
    return measure_reoffending(cohort, follow_up=follow_up)


def left_out(outcomes: Outcomes) -> dict[str, int]:
    found = outcomes.excluded.set_index("reason")["n"]
    return found[found > 0].to_dict()


def test_every_offence_that_does_not_count_is_counted_once() -> None:
    outcomes = measured()
    assert left_out(outcomes) == {
        "pseudo_reconviction": 2,
        "on_index_day": 1,
        "after_death": 1,
        "not_proven": 1,
        "disposed_too_late": 1,
    }
    frame = outcomes.to_frame()
    assert frame["n_pseudo_reconvictions"].to_dict() == {
        "dead": 0, "held": 0, "late": 0, "open": 0, "pseudo": 1, "twice": 0, "zero": 1
    }  # fmt: skip
    assert frame["n_reoffences"].to_dict() == {
        "dead": 0, "held": 1, "late": 0, "open": 0, "pseudo": 0, "twice": 2, "zero": 0
    }  # fmt: skip
    note = next(note for note in outcomes.summary().notes if note.startswith("Offences not counted"))
    assert "pseudo-reconviction: committed on or before the day of time zero" in note


def test_the_index_day_and_offences_of_one_day() -> None:
    counted = measured(FollowUp(include_index_day=True))
    assert left_out(counted)["pseudo_reconviction"] == 1
    assert "on_index_day" not in left_out(counted)
    zero = counted.to_frame().loc["zero"]
    assert (zero["n_reoffences"], zero["days_to_first_reoffence"], zero["time_days"]) == (2, 0.0, 0.5)
    once = measured(FollowUp(same_day="one_a_day", severity={"shoplifting": 13, "public_order": 4, "robbery": 100}))
    twice = once.to_frame().loc["twice"]
    assert (twice["n_reoffences"], twice["n_acquisitive"], twice["n_disorder"], twice["severity_score"]) == (
        1,
        1,
        0,
        13,
    )
    assert left_out(once)["same_day_repeat"] == 1


def test_time_at_risk_is_calendar_time_less_custody() -> None:
    held = measured().to_frame().loc["held"]
    # Received again on the day of the reoffence, day 60: only the ten nights before it are off its time at risk.
    assert (held["custody_days"], held["observed_days"], held["at_risk_days"]) == (20, 365, 345)
    assert (held["time_days"], held["time_at_risk_days"]) == (60.0, 50.0)


def test_the_end_of_the_extract_is_refused_or_censors() -> None:
    rule = CohortRule(late_index="keep")
    late = {"extract_date": "2022-12-31"}
    with pytest.raises(InputError, match=r'late_index="keep".*at_extract_end="censor"'):
        measured(rule=rule, **late)
    outcomes = measured(FollowUp(at_extract_end="censor"), rule, **late)
    frame = outcomes.to_frame()
    # 182 days before 31 December is 2 July, 81 days after time zero.
    assert frame.loc["open", ["censor_reason", "time_days", "observed_days"]].tolist() == ["extract_end", 81.0, 81]
    assert frame.loc["dead", "censor_reason"] == "death"
    assert frame.loc["twice", "n_reoffences"] == 2
    assert any("extract ends before" in note for note in outcomes.summary().notes)
    with pytest.raises(InputError, match=r"7 of those followed have no day of follow-up.*2022-04-11 or earlier"):
        measured(FollowUp(at_extract_end="censor"), rule, extract_date="2022-10-11")


def test_what_the_offences_do_not_hold_is_refused_or_missing() -> None:
    with pytest.raises(InputError, match=r'basis="arrest".*counts by arrest_date'):
        measured(FollowUp(basis="arrest"))
    with pytest.raises(InputError, match="Reoffences of public_order, robbery count, but severity gives them no"):
        measured(FollowUp(severity={"shoplifting": 13}))
    plain = measure_reoffending(cohort_of(drug_tests=TESTS, offences=OFFENCES.replace("custodial", "remarks")))
    assert plain.to_frame()["custodial_reconviction"].isna().all()
    assert any("which led to custody" in note for note in plain.summary().notes)


def test_custodial_reconviction() -> None:
    frame = measured().to_frame()
    assert frame.index[frame["custodial_reconviction"] == 1].tolist() == ["twice"]


def test_many_index_events_a_person() -> None:
    tests = "person | test_date\nann | 2021-01-01\nann | 2021-06-01\nann | 2022-03-01\nbob | 2021-06-01"
    offences = """
    person | offence_date | disposal_date | offence_group
    ann    | 2021-08-01   | 2021-09-01    | shoplifting
    ann    | 2021-09-01   | 2022-09-01    | robbery
    """.replace("\n    ", "\n")
    cohort = cohort_of(CohortRule(index_choice="every"), drug_tests=tests, offences=offences)
    outcomes = measure_reoffending(cohort)
    assert outcomes.unit == "index events"
    frame = outcomes.to_frame()
    pd.testing.assert_index_equal(frame.index, cohort.people.index)
    # Time zeros 12 February 2021, 13 July 2021 and 12 April 2022: the robbery's conviction is too late for the first.
    assert frame["n_reoffences"].tolist() == [1, 2, 0, 0]
    assert frame["n_pseudo_reconvictions"].tolist() == [0, 0, 1, 0]
    assert frame["days_to_first_reoffence"].iloc[:2].tolist() == [170.0, 19.0]
    assert outcomes.by_group.columns.tolist() == ["index_id", "offence_group", "n_reoffences"]
    assert "index events" in outcomes.summary().headline
