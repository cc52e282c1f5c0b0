"""FollowUp refuses what cannot be meant; Outcomes hands out copies and keeps its promises."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from dipeval.errors import InputError, InvariantError
from dipeval.outcomes import FollowUp, Outcomes, measure_reoffending
from dipeval.vocabulary import OUTCOME_NAMES
from tests.spec.invented_people import cohort_of

TESTS = "person\nann\nbob\ncat\ndan"
OFFENCES = """
person | offence_date | disposal_date | offence_group
ann    | 2022-06-01   | 2022-07-01    | shoplifting
ann    | 2022-07-01   | 2022-07-01    | robbery
bob    | 2022-06-01   | 2022-07-01    | other
"""
DEATHS = "person | death_date\ncat | 2022-06-01"


@pytest.fixture(scope="module")
def outcomes() -> Outcomes:
    return measure_reoffending(cohort_of(drug_tests=TESTS, offences=OFFENCES, deaths=DEATHS))


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"days": 0}, "at least 1"),
        ({"days": 365.0}, "whole number"),
        ({"waiting_days": -1}, "at least 0"),
        ({"basis": "conviction"}, "basis is 'conviction'; it must be proven, arrest or charge"),
        ({"same_day": "worst"}, "each or one_a_day"),
        ({"at_extract_end": "ignore"}, "refuse or censor"),
        ({"include_index_day": 1}, "true or false"),
        ({"groups": "robbery"}, "must be a list"),
        ({"groups": ("arson",)}, "group 'arson' is not known; use shoplifting"),
        ({"severity": {}}, "a weight for each"),
        ({"severity": {"arson": 1}}, "group 'arson', which is not known"),
        ({"severity": {"robbery": -1}}, "weight of robbery must be a number of 0 or more"),
        ({"severity": {"robbery": "high"}}, "weight of robbery"),
        ({"robbery": "theft"}, "acquisitive or violent"),
        ({"classes": "violent"}, "must be a list"),
        ({"classes": ("violence",)}, "use acquisitive, violent"),
    ],
)
def test_refusals(options: dict[str, Any], words: str) -> None:
    with pytest.raises(InputError, match=words):
        FollowUp(**options)


def test_arguments_of_the_wrong_kind_are_sentences() -> None:
    cohort = cohort_of(drug_tests="person\nann")
    with pytest.raises(InputError, match=r"follow_up must be a FollowUp, such as dip\.FollowUp.* it is a dict"):
        measure_reoffending(cohort, follow_up={"days": 365})  # type: ignore[arg-type]
    for wrong in (None, cohort.people):
        with pytest.raises(InputError, match=f"cohort must be a Cohort, .* it is a {type(wrong).__name__}"):
            measure_reoffending(wrong)  # type: ignore[arg-type]


def test_the_definition_is_said_in_words() -> None:
    assert FollowUp(classes=("acquisitive",)).in_words() == (
        "A proven reoffence (acquisitive offences only) is an offence committed within 365 days after time zero that "
        "led to a caution or conviction within those days or a further 182. Offences on or before the day of time zero "
        "do not count, whenever they were dealt with. Several on one day all count. Robbery is counted as acquisitive."
    )
    arrests = FollowUp(basis="arrest", same_day="one_a_day", include_index_day=True, at_extract_end="censor").in_words()
    assert "A rearrest is an arrest within 365 days after time zero for an offence committed after time zero" in arrests
    assert "Offences on the day of time zero count" in arrests
    assert "count as one, of the kind that comes first (violent, acquisitive, disorder, drug, other)" in arrests
    assert "follow-up ends on its last day" in arrests
    weighted = FollowUp(groups=("shoplifting",), severity={"shoplifting": 13}, same_day="one_a_day").in_words()
    assert "(shoplifting offences only)" in weighted
    assert "of the kind of the greatest weight" in weighted
    assert "adds up the weights supplied" in weighted


def test_months_are_days() -> None:
    assert FollowUp.months(12) == FollowUp()
    assert FollowUp.months(24, waiting_days=182).needed_days == 912
    with pytest.raises(InputError, match="must be 12 or 24"):
        FollowUp.months(18)
    assert hash(FollowUp(severity={"other": 1.0})) == hash(FollowUp())


def test_summary(outcomes: Outcomes) -> None:
    summary = outcomes.summary()
    assert summary.headline == ("Within 365 days 50.0% of 4 people had a proven reoffence; there were 0.75 per person.")
    assert summary.to_frame().set_index("Figure")["Value"].to_dict() == {
        "People followed": "4",
        "Reoffended": "2 (50.0%)",
        "Proven reoffences": "3",
        "Proven reoffences per person": "0.75",
        "Died without having reoffended": "1",
        "Mean days in custody": "0.0",
        "Mean days observed": "286.3",
        "Mean days at risk (observed, less custody)": "286.3",
        "Pseudo-reconvictions (not counted)": "0",
    }
    # cat died without having reoffended and counts as one of the four
    assert any("people who died stay in" in " ".join(note.split()) for note in summary.notes)
    assert "<table>" in outcomes._repr_html_()


def test_frames_are_copies_and_groups_add_up(outcomes: Outcomes) -> None:
    frame, groups = outcomes.to_frame(), outcomes.by_group
    frame["event"] = 9
    groups["n_reoffences"] = 9
    assert outcomes.to_frame()["event"].to_list() == [1, 1, 0, 0]
    assert outcomes.by_group.groupby("person_id")["n_reoffences"].sum().to_dict() == {"ann": 2, "bob": 1}
    assert outcomes.offence_mix()["share"].sum() == pytest.approx(1)
    assert outcomes.offence_mix(["dan"]).empty
    assert {"reoffended", "n_reoffences", "time_days", "event", "censor_reason"} <= OUTCOME_NAMES


def test_a_mix_over_strangers_is_refused_without_naming_them(outcomes: Outcomes) -> None:
    with pytest.raises(InputError, match="1 of the 2 people asked for") as caught:
        outcomes.offence_mix(["ann", "zoe"])
    assert "zoe" not in str(caught.value)


def test_broken_promises_are_noticed(outcomes: Outcomes) -> None:
    frame, groups = outcomes.to_frame(), outcomes.by_group
    broken = {
        "event times": {"_frame": frame.assign(time_days=400.0)},
        "custody": {"_frame": frame.assign(custody_days=-1)},
        "yes, count": {"_frame": frame.assign(reoffended=1)},
        "a reason": {"_frame": frame.assign(censor_reason="")},
        "groups add up": {"_by_group": groups.iloc[:1]},
    }
    for promise, change in broken.items():
        with pytest.raises(InvariantError, match=promise):
            replace(outcomes, **change)
