"""Every key about times is read, and what cannot go together is refused with the key to change."""

from __future__ import annotations

from typing import Any

import pytest

from dipeval.errors import StudyFileError
from dipeval.study.estimates import answered_by_hazard, measures_of, ordered_outcomes
from dipeval.study.reading import parse_study
from dipeval.study.spec import StudySpec
from tests.unit.study.people_study import TREE
from tests.unit.study.test_from_extracts import TREE as EXTRACTS

YES_NO = {"name": "came_back", "kind": "yes_no", "label": "Came back", "primary": True}
TIME = {"name": "time", "kind": "time", "label": "Time to it", "time": "days", "event": "came_back"}
MEAN_TIME = TIME | {"primary": True, "measures": ["rmst_difference"]}
OF_COHORT = {"name": "time", "kind": "time", "label": "Time to it"}
VARYING = {"immortal_time": "time_varying", "landmark_days": 0}
TIMES_ONLY = {
    "cohort": VARYING,
    "outcomes": [OF_COHORT | {"primary": True}],
    "design": {"method": "none", "covariates": ["copas_rate"]},
    "costs": None,
}


def table(**changes: Any) -> StudySpec:
    return parse_study(TREE | {"outcomes": [YES_NO, TIME]} | changes)


def extracts(**changes: Any) -> StudySpec:
    tree = EXTRACTS | {"costs": None} | changes
    return parse_study({name: value for name, value in tree.items() if value is not None})


def test_every_key_is_read() -> None:
    asked = {
        "mark": 180,
        "horizon": 300.5,
        "rho": 1.0,
        "proportional_hazards": "rank",
        "competing": ["death"],
        "subdistribution": True,
        "repeat": True,
        "split_population": ["weibull", "lognormal"],
        "clocks": ["calendar", "street"],
        "audit": True,
        "landmarks": [10, 20],
    }
    made = extracts(time_to_event=asked).time_to_event
    assert made.model_dump() == asked
    assert made.other_causes == ("death",)
    assert extracts(time_to_event={"competing": True}).time_to_event.other_causes == ("death", "custody")
    assert extracts().time_to_event.other_causes == ()


def test_a_time_has_effects_where_its_measures_are_named() -> None:
    named = [YES_NO, TIME | {"measures": ["rmst_difference", "hazard_ratio"], "horizon": 90}]
    assert [outcome.name for outcome in ordered_outcomes(table(outcomes=named))] == ["came_back", "time"]
    assert [outcome.name for outcome in ordered_outcomes(table())] == ["came_back"]
    assert measures_of(table().outcomes[1]) == ("hazard_ratio",)


def test_where_a_hazard_ratio_is_the_answer_nothing_else_can_be() -> None:
    first_hazard = OF_COHORT | {"primary": True, "measures": ["hazard_ratio", "rmst_difference"]}
    late = {"cohort": {"late_index": "keep"}, "follow_up": {"at_extract_end": "censor"}}
    spec = extracts(outcomes=[first_hazard], **late)
    assert answered_by_hazard(spec)
    assert ordered_outcomes(spec) == []
    other = extracts(outcomes=[first_hazard | {"measures": ["rmst_difference"]}], **late)
    assert not answered_by_hazard(other)
    assert [outcome.name for outcome in ordered_outcomes(other)] == ["time"]


REFUSED_OF_A_TABLE: list[tuple[dict[str, Any], str]] = [
    ({"outcomes": [YES_NO | {"horizon": 3.0}]}, r"outcomes\[1\]\.horizon: this is for outcomes of kind"),
    ({"outcomes": [TIME | {"primary": True}]}, "a time cannot be primary here by its hazard ratio"),
    ({"outcomes": [YES_NO | {"measures": ["rmst_difference"]}]}, 'found "rmst_difference" for an outcome of kind "yes'),
    ({"outcomes": [YES_NO, TIME | {"measures": ["risk_ratio"]}]}, "needed are some of hazard_ratio, rmst_difference"),
    ({"outcomes": [MEAN_TIME], "subgroups": {"by": ["female"]}}, "subgroups: the primary outcome is a time"),
    ({"outcomes": [MEAN_TIME], "overturn": {"benchmarks": ["age"]}}, "overturn.benchmarks: the primary outcome is a t"),
    ({"outcomes": [MEAN_TIME], "overturn": {"specifications": {}}}, "overturn.specifications: the primary outcome is"),
    ({"outcomes": [MEAN_TIME], "effect": {"estimator": "regression"}}, "effect.estimator: .* weighted curves"),
    ({"outcomes": [MEAN_TIME], "effect": {"std_error": "hc3"}}, 'effect.std_error: found "hc3"; for a difference in'),
    ({"outcomes": [YES_NO], "time_to_event": {"mark": 3.0}}, "time_to_event: this is about an outcome of kind"),
    ({"time_to_event": {"competing": True}}, "time_to_event.competing: this needs deaths and custody"),
    ({"time_to_event": {"repeat": True}}, "time_to_event.repeat: this needs every offence"),
    ({"time_to_event": {"clocks": ["calendar", "street"]}}, "time_to_event.clocks: this needs the days in custody"),
    ({"time_to_event": {"audit": True}}, "time_to_event.audit: this needs when each"),
    ({"time_to_event": {"mark": 0.0}}, "time_to_event.mark"),
    ({"time_to_event": {"rho": -1.0}}, "time_to_event.rho"),
    ({"time_to_event": {"split_population": ["gamma"]}}, "time_to_event.split_population"),
    ({"time_to_event": {"split_population": ["weibull"]}}, "name two or more"),
    ({"time_to_event": {"split_population": ["weibull", "weibull"]}}, "a choice is named twice"),
    ({"time_to_event": {"proportional_hazards": "square"}}, "time_to_event.proportional_hazards"),
]


@pytest.mark.parametrize(("changes", "words"), REFUSED_OF_A_TABLE)
def test_what_does_not_go_together_is_refused(changes: dict[str, Any], words: str) -> None:
    with pytest.raises(StudyFileError, match=words):
        table(**changes)


REFUSED_OF_EXTRACTS: list[tuple[dict[str, Any], str]] = [
    ({"time_to_event": {"mark": 400}}, "time_to_event.mark: found 400; people are followed for 365 days"),
    ({"time_to_event": {"horizon": 400}}, "time_to_event.horizon: found 400"),
    ({"time_to_event": {"subdistribution": True}}, "time_to_event.subdistribution: .* competing = true"),
    ({"time_to_event": {"competing": []}}, "time_to_event.competing: this is empty"),
    ({"time_to_event": {"competing": ["death", "death"]}}, "time_to_event.competing: a choice is named twice"),
    ({"time_to_event": {"competing": "death"}}, r"competing: found .death.; needed is true or false .*, or a list"),
    ({"time_to_event": {"competing": ["death", 1]}}, r"competing: found a list; needed is true or false"),
    ({"time_to_event": {"clocks": ["street"]}}, "time_to_event.clocks: needed is"),
    ({"time_to_event": {"landmarks": [28]}}, "time_to_event.landmarks: the landmarks are those of the audit"),
    ({"time_to_event": {"audit": True, "landmarks": [28, 365]}}, "time_to_event.landmarks: found 365"),
    (
        {"time_to_event": {"audit": True}, "cohort": {"exposure_timing": "before_index"}},
        "time_to_event.audit: with coh",
    ),
    (TIMES_ONLY | {"time_to_event": {"repeat": True}}, "time_to_event.repeat: this compares groups that stand"),
    (
        TIMES_ONLY | {"outcomes": [OF_COHORT | {"primary": True, "measures": ["hazard_ratio", "rmst_difference"]}]},
        r"outcomes\[1\]\.measures: found \"rmst_difference\"; with cohort.immortal_time",
    ),
]


@pytest.mark.parametrize(("changes", "words"), REFUSED_OF_EXTRACTS)
def test_what_extracts_cannot_give_is_refused(changes: dict[str, Any], words: str) -> None:
    with pytest.raises(StudyFileError, match=words):
        extracts(**changes)
