"""Figures of the quarterly report behind the gate: nothing that rests on few people, no exact count by division."""

from __future__ import annotations

from typing import Any

import pandas as pd
import pytest

from dipeval.report.quarterly.released import figures, kinds, release_rows
from tests.unit.report.quarterly.invented_quarters import ENTRIES, KEPT, OPEN, dictionary, frame, invented, row


def shown(made: dict[str, Any], rule: Any = KEPT) -> Any:
    return release_rows(frame([made]), kinds(dictionary()), rule).iloc[0]


@pytest.mark.parametrize(
    ("yes", "no", "hidden"), [(9, 91, True), (91, 9, True), (10, 90, False), (0, 100, True), (100, 0, True)]
)
def test_a_share_is_withheld_where_those_counted_or_the_rest_are_few(yes: int, no: int, hidden: bool) -> None:
    found = shown(row("positivity", yes, yes + no))
    assert bool(found["hidden"]) is hidden
    assert (found["shown"] == "[c]") is hidden
    assert pd.isna(found["estimate"]) is hidden
    assert pd.isna(found["conf_low"]) is hidden


def test_many_records_of_few_people_are_few() -> None:
    found = shown(row("positivity", 60, 120, n_people=9, n_people_yes=9, n_people_no=9))
    assert found["shown"] == "[c]"
    assert (found["shown_n"], found["shown_of"]) == ("[c]", "[c]")


def test_counts_are_rounded_and_percentages_whole_below_a_thousand_people() -> None:
    found = shown(row("positivity", 133, 352))
    assert (found["shown_n"], found["shown_of"], found["shown"]) == ("135", "350", "38%")
    assert found["estimate"] == 0.38
    large = shown(row("positivity", 4_321, 9_876))
    assert large["shown"] == "43.8%"


def test_a_count_is_rounded_with_its_limits() -> None:
    found = shown(row("tests", 363))
    assert (found["shown"], found["estimate"], found["conf_low"]) == ("365", 365.0, 325.0)


def test_money_over_tests_does_not_give_the_tests_back() -> None:
    found = shown(row("cost_per_test", 36_300.0, 363.0))
    assert found["estimate"] == pytest.approx(36_300 / 365, abs=0.01)
    assert shown(row("cost_per_test", 900.0, 9.0))["shown"] == "[c]"


def test_hours_of_hours_rest_on_nobody() -> None:
    assert shown(row("officer_time", 3.0, 17.0))["hidden"] == False  # noqa: E712


def test_whether_a_target_is_met_is_withheld_with_its_figure_and_the_target_is_not() -> None:
    target = {"target": 0.75, "target_direction": "at_least", "target_met": "missed", "target_gap": -0.3}
    hidden = shown(row("seen", 5, 60, **target))
    assert (hidden["shown_target"], hidden["shown_met"]) == ("at least 75%", "[c]")
    assert pd.isna(hidden["target_gap"])
    assert shown(row("seen", 30, 60, **target))["shown_met"] == "missed"


def test_without_protection_everything_is_shown_as_it_is() -> None:
    found = shown(row("positivity", 1, 13), OPEN)
    assert (found["shown_n"], found["shown_of"], found["shown"]) == ("1", "13", "7.7%")
    assert found["estimate"] == 1 / 13


def test_exact_people_never_leave_a_protecting_gate() -> None:
    released = release_rows(frame([row("positivity", 60, 120)]), kinds(dictionary()), KEPT)
    assert not {"n_people", "n_people_yes", "n_people_no", "squares"} & set(released.columns)


def test_what_is_not_told_says_why_and_holds_no_number() -> None:
    found = shown(row("seen", 30, 60, status="too_early"))
    assert (found["shown"], found["shown_n"]) == ("too early", "")
    assert pd.isna(found["estimate"])
    assert pd.isna(found["numerator"])


def test_a_district_sees_no_more_in_its_own_report_than_in_the_whole() -> None:
    rows = [row("positivity", n, 60, district=name) for name, n in (("Leeds", 4), ("Wakefield", 30))]
    whole = figures(invented([*rows, row("positivity", 34, 120)], KEPT))
    own = figures(invented([rows[0]], KEPT, district="Leeds", districts=("Leeds", "Wakefield")))
    again = whole[whole["district"] == "Leeds"].reset_index(drop=True)
    pd.testing.assert_frame_equal(own, again)
    assert own["shown"].tolist() == ["[c]"]


def test_rows_come_in_the_order_of_the_dictionary_whatever_the_order_of_the_input() -> None:
    rows = [
        row(entry[0], 40, 100, district=name) for entry in ENTRIES for name in ("all districts", "Leeds", "Bradford")
    ]
    found = figures(invented(rows, KEPT))
    again = figures(invented(rows[::-1], KEPT))
    pd.testing.assert_frame_equal(found, again)
    assert found["district"].tolist()[:3] == ["all districts", "Bradford", "Leeds"]
    assert list(dict.fromkeys(found["indicator"])) == [entry[0] for entry in ENTRIES]


def test_nobody_looks_like_few_and_is_only_told_without_protection() -> None:
    nobody = row("positivity", 0, 0, status="no_units")
    few = shown(row("positivity", 3, 6))
    found = shown(nobody)
    names = ["shown_n", "shown_of", "shown", "shown_interval"]
    assert found[names].tolist() == few[names].tolist() == ["[c]"] * 4
    assert shown(nobody, OPEN)["shown"] == "none counted"
