"""The section of a study file about offending before and after, and what becomes of it in a study."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pandas as pd
import pytest
from pydantic import ValidationError

import dipeval as dip
from dipeval.errors import EstimationError, InputError
from dipeval.linkage import true_linkage
from dipeval.study import before_after as in_study
from dipeval.study.crosschecks_before_after import before_after_complaints
from dipeval.study.spec_before_after import BeforeAfterSpec


@pytest.fixture(scope="module")
def cohort() -> dip.Cohort:
    extracts = dip.simulate(people=1_200, seed=3)
    return dip.build_cohort(extracts, true_linkage(extracts))


@pytest.fixture(scope="module")
def design(cohort: dip.Cohort) -> dip.Design:
    return dip.weight(cohort, treated="treated", covariates=["age_at_index", "log_prior_offences_5y"], method="entropy")


def _found(cohort: Any, design: Any, asked: BeforeAfterSpec | None, **more: Any) -> Any:
    measured = SimpleNamespace(follow_up=dip.FollowUp(**more))
    return in_study.before_after_of(
        SimpleNamespace(cohort=cohort), design, SimpleNamespace(measured=measured), SimpleNamespace(before_after=asked)
    )


def test_a_study_that_does_not_ask_has_none(cohort: dip.Cohort, design: dip.Design) -> None:
    assert _found(cohort, design, None) is None
    assert _found(None, design, BeforeAfterSpec()) is None


def test_the_keys_are_the_options(cohort: dip.Cohort, design: dip.Design) -> None:
    keys = {"days": 180, "earlier_windows": 3, "gap_days": 14, "selection": "at_least:2", "similar": 0.1, "sharp": 0.5}
    found = _found(cohort, design, BeforeAfterSpec(**keys))
    direct = dip.before_after(
        cohort, days=180, earlier=3, gap_days=14, selection="at_least:2", similar=0.1, sharp=0.5, design=design
    )
    pd.testing.assert_frame_equal(found.to_frame(), direct.to_frame())
    counted = _found(cohort, design, BeforeAfterSpec(count_index=True))
    assert (counted.rule, counted.gap_days) == ("index_counted", None)


def test_offences_are_those_of_the_study_s_outcome(cohort: dip.Cohort, design: dip.Design) -> None:
    every, few = (_found(cohort, design, BeforeAfterSpec(), classes=classes) for classes in ((), ("drug",)))
    assert 0 < few.mean_before < every.mean_before


def test_a_design_about_others_is_left_out(cohort: dip.Cohort) -> None:
    everybody = dip.weight(
        cohort, treated="treated", covariates=["age_at_index", "log_prior_offences_5y"], method="ipw", estimand="ATE"
    )
    assert _found(cohort, everybody, BeforeAfterSpec()).difference is None


def test_what_the_extracts_cannot_show_names_the_section(cohort: dip.Cohort, design: dip.Design) -> None:
    with pytest.raises(InputError, match=r"^before_after: .*observable"):
        _found(cohort, design, BeforeAfterSpec(days=900))


def test_nothing_to_compare_is_left_out(
    cohort: dip.Cohort, design: dip.Design, monkeypatch: pytest.MonkeyPatch
) -> None:
    def nobody(*_: Any, **__: Any) -> None:
        raise EstimationError("Nobody.")

    monkeypatch.setattr("dipeval.effects.before_and_after.compare.before_after", nobody)
    assert _found(cohort, design, BeforeAfterSpec()) is None


def test_every_figure_is_a_row_with_what_is_expected_below_it(cohort: dip.Cohort, design: dip.Design) -> None:
    found = _found(cohort, design, BeforeAfterSpec(selection="at_least_one"))
    rows = list(in_study.before_after_rows(SimpleNamespace(before_after=found)))
    measures = [row["measure"] for row in rows]
    assert measures[measures.index("change") + 1] == "change, expected without any effect"
    assert {row["section"] for row in rows} == {"before and after"}
    shares = [row for row in rows if row["measure"] == "share"]
    assert all(row["n_smallest"] <= row["n"] / 2 for row in shares)
    assert list(in_study.before_after_rows(SimpleNamespace(before_after=None))) == []


@pytest.mark.parametrize("bad", ["index_counted", "at_least:0", "at_least", 3, ""])
def test_a_selection_that_is_none_is_refused(bad: Any) -> None:
    with pytest.raises(ValidationError, match="needed is"):
        BeforeAfterSpec(selection=bad)


def _spec(asked: BeforeAfterSpec | None, **more: Any) -> Any:
    follow_up = SimpleNamespace(days=365, needed_days=547)
    shape = {"from_extracts": True, "times_only": False, "cohort": SimpleNamespace(required_days=547)}
    return SimpleNamespace(before_after=asked, follow_up=follow_up, **(shape | more))


@pytest.mark.parametrize(
    ("asked", "more", "key"),
    [
        ({}, {"from_extracts": False}, ("before_after",)),
        ({}, {"times_only": True}, ("before_after",)),
        ({"count_index": True, "selection": "at_least_one"}, {}, ("before_after", "selection")),
        ({"count_index": True, "gap_days": 7}, {}, ("before_after", "gap_days")),
        ({"similar": 0.5}, {}, ("before_after", "sharp")),
        ({"days": 366}, {}, ("before_after", "days")),
    ],
)
def test_disagreements_name_the_key(asked: dict[str, Any], more: dict[str, Any], key: tuple[str, ...]) -> None:
    assert [place for place, _ in before_after_complaints(_spec(BeforeAfterSpec(**asked), **more))] == [key]


def test_a_study_in_order_has_no_complaint() -> None:
    assert list(before_after_complaints(_spec(BeforeAfterSpec()))) == []
    assert list(before_after_complaints(_spec(None))) == []
