"""Every rule of the rulebook (tests/spec/rules/*.toml), run as it is printed on the definitions page."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pandas as pd
import pytest

import dipeval as dip
from dipeval.cohort import Cohort, CohortRule, build_cohort
from dipeval.errors import InputError
from dipeval.outcomes import FollowUp, measure_reoffending
from tests.spec.invented_people import InventedExtracts, InventedLinkage, invent
from tests.spec.rulebook import LEFT_OUT, Rule, all_rules, same


def _tuples(options: dict[str, Any]) -> dict[str, Any]:
    return {name: tuple(value) if isinstance(value, list) else value for name, value in options.items()}


def _invented(rule: Rule) -> tuple[InventedExtracts, InventedLinkage]:
    return invent(rule.extract_date, **rule.tables)


def _cohort(rule: Rule) -> Cohort:
    return build_cohort(*_invented(rule), CohortRule(**_tuples(rule.cohort)))  # type: ignore[arg-type]


def _people(rule: Rule) -> tuple[pd.DataFrame, pd.DataFrame | None]:
    cohort = _cohort(rule)
    frame = cohort.people
    if rule.shows == "outcomes":
        outcomes = measure_reoffending(cohort, follow_up=FollowUp(**_tuples(rule.follow_up))).to_frame()
        assert outcomes.index.equals(frame.index)
        frame = frame.join(outcomes)
    return frame.assign(person=cohort.cluster), cohort.attrition


def _episodes(rule: Rule) -> tuple[pd.DataFrame, None]:
    options = _tuples(rule.options)
    frame = dip.episodes(_cohort(rule), **options).to_frame()
    return frame.rename(columns={"person_id": "person"}), None


def _pathway(rule: Rule) -> tuple[pd.DataFrame, None]:
    return getattr(dip, rule.shows)(*_invented(rule), **_tuples(rule.options)).to_frame(), None


SHOWN = {
    "people": _people,
    "outcomes": _people,
    "episodes": _episodes,
    "pathway": _pathway,
    "seen": _pathway,
    "testing": _pathway,
    "discharges": _pathway,
}


@pytest.mark.parametrize("rule", all_rules(), ids=lambda rule: f"{rule.file}: {rule.name}")
def test_rule(rule: Rule) -> None:
    if rule.refused:
        with pytest.raises(InputError, match=rule.refused):
            SHOWN[rule.shows](rule)
        return
    found, attrition = SHOWN[rule.shows](rule)
    expected = rule.expected_rows()
    if LEFT_OUT in expected.columns:
        _check_left_out(expected, found, attrition)
        expected = expected[expected[LEFT_OUT].isna()].drop(columns=LEFT_OUT)
    _check_rows(expected, found)


def _check_left_out(expected: pd.DataFrame, found: pd.DataFrame, attrition: pd.DataFrame | None) -> None:
    assert attrition is not None
    inside = set(expected.loc[expected[LEFT_OUT].isna(), "person"])
    assert set(found["person"]) == inside
    lost = expected[LEFT_OUT].value_counts()
    assert set(lost.index) <= set(attrition["step"])
    for step, n in zip(attrition["step"], attrition["n_excluded"], strict=True):
        assert n == lost.get(step, 0), step


def _check_rows(expected: pd.DataFrame, found: pd.DataFrame) -> None:
    """Every expected row is there once, and there is no other row of the people or groups named."""
    keys = [name for name in ("person", "index_date", "start", "group", "stage", "within_days") if name in expected]
    assert len(found) == len(expected)
    for row in expected.to_dict("records"):
        mine = found
        for key in keys:
            mine = mine[[same(value, row[key]) for value in mine[key]]]
        assert len(mine) == 1, row
        wrong = {name: mine[name].iloc[0] for name in row if not same(mine[name].iloc[0], row[name])}
        assert not wrong, (row, wrong)


def test_every_option_of_a_cohort_and_of_an_outcome_has_a_rule() -> None:
    """An option that no rule shows is an option that nobody can look up."""
    shown = {name for rule in all_rules() for name in (*rule.cohort, *rule.follow_up)}
    options = {*CohortRule.__dataclass_fields__, *FollowUp.__dataclass_fields__}
    assert options - shown == set()


def test_dates_in_the_rulebook_are_dates() -> None:
    for rule in all_rules():
        dt.date.fromisoformat(rule.extract_date)
