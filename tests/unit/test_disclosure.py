from __future__ import annotations

import pandas as pd
import pytest

from dipeval.disclosure import (
    CONFIDENTIAL,
    DisclosureRule,
    release,
    release_count,
    release_curve,
    release_line,
    share_digits,
)
from dipeval.errors import DisclosureError, InputError

PROTECT = DisclosureRule()
OPEN = DisclosureRule(profile="none", data_status="simulated")


@pytest.mark.parametrize(
    ("count", "shown"),
    [(0, CONFIDENTIAL), (9, CONFIDENTIAL), (10, "10"), (12, "10"), (12.5, "15"), (13, "15"), (1003, "1,005")],
)
def test_counts_below_ten_go_and_the_rest_are_rounded_to_five(count: float, shown: str) -> None:
    assert release_count(count, PROTECT) == shown


def test_a_missing_count_is_not_shown() -> None:
    assert release_count(float("nan"), PROTECT) == CONFIDENTIAL


def test_profile_none_is_refused_for_personal_data_and_for_public_data_without_a_citation() -> None:
    with pytest.raises(InputError, match="simulated data or public data"):
        DisclosureRule(profile="none")
    with pytest.raises(InputError, match="citation"):
        DisclosureRule(profile="none", data_status="public")
    assert "Smith 1990" in DisclosureRule(profile="none", data_status="public", citation="Smith 1990").in_words()


def test_statistics_that_rest_on_a_small_count_go_with_it() -> None:
    frame = pd.DataFrame({"g": ["a", "b"], "n": [40, 9], "share": [0.5, 0.25]})
    table = release(frame, rule=PROTECT, caption="c", counts=["n"], rests_on={"share": "n"})
    assert table.rows == (("a", "40", "0.5"), ("b", CONFIDENTIAL, CONFIDENTIAL))
    assert release(frame, rule=OPEN, caption="c", counts=["n"], rests_on={"share": "n"}).rows[1] == ("b", "9", "0.25")


def test_a_number_nobody_answers_for_cannot_leave() -> None:
    frame = pd.DataFrame({"g": ["a"], "n": [3]})
    with pytest.raises(DisclosureError, match="neither declared as counts"):
        release(frame, rule=PROTECT, caption="c")


def test_a_count_used_only_as_a_guard_is_not_shown() -> None:
    frame = pd.DataFrame({"g": ["a"], "n": [3], "share": [0.25]})
    table = release(frame, rule=PROTECT, caption="c", rests_on={"share": "n"})
    assert table.columns == ("g", "share")
    assert table.rows == (("a", CONFIDENTIAL),)


def test_margins_are_rounded_too_so_that_subtraction_finds_nothing_exact() -> None:
    frame = pd.DataFrame({"g": ["a", "b", "all"], "n": [98, 4, 102]})
    rows = release(frame, rule=PROTECT, caption="c", counts=["n"]).rows
    assert [row[1] for row in rows] == ["100", CONFIDENTIAL, "100"]


def test_curve_steps_are_merged_and_the_tail_is_cut() -> None:
    frame = pd.DataFrame(
        {
            "group": "treated",
            "time_days": range(8),
            "estimate": [1, 0.9, 0.8, 0.7, 0.6, 0.5, 0.4, 0.3],
            "n_at_risk": [40, 40, 36, 32, 26, 18, 12, 9],
            "n_events": [0, 4, 4, 6, 8, 6, 3, 5],
        }
    )
    out = release_curve(frame, rule=PROTECT)
    assert out["time_days"].tolist() == [0, 3, 6], "the three events left over join the last step; nobody is dropped"
    assert out["n_at_risk"].tolist() == [40, 40, 10], "that eight fewer were at risk on day 3 would tell of eight"
    assert out["n_events"].tolist() == [0, 15, 15], "14 and 17 people: what the merged steps tell of"
    assert release_curve(frame, rule=OPEN).equals(frame)


def test_a_group_with_too_few_events_has_no_curve() -> None:
    frame = pd.DataFrame(
        {
            "group": ["treated"] * 2 + ["comparison"] * 2,
            "time_days": [0, 5, 0, 5],
            "estimate": [1, 0.8, 1, 0.5],
            "n_at_risk": [40, 40, 40, 40],
            "n_events": [0, 8, 0, 20],
        }
    )
    assert set(release_curve(frame, rule=PROTECT)["group"]) == {"comparison"}
    assert release_curve(frame.head(2), rule=PROTECT).empty


@pytest.mark.parametrize("weaker", [{"threshold": 1}, {"rounding": 1}, {"threshold": 9}])
def test_personal_data_cannot_be_protected_less_than_the_profile_says(weaker: dict[str, int]) -> None:
    with pytest.raises(InputError, match="at least 10"):
        DisclosureRule(**weaker)
    assert DisclosureRule(threshold=20, rounding=10).protects
    assert DisclosureRule(data_status="simulated", **weaker).protects


def test_percentages_are_whole_until_a_tenth_stands_for_a_person() -> None:
    assert [share_digits(n, PROTECT) for n in (80, 999, 1000)] == [0, 0, 1]
    assert share_digits(float("nan"), PROTECT) == 0
    assert share_digits(80, OPEN) == 1


def test_counts_in_lines_of_progress_are_released_too() -> None:
    line = (
        "Cohort: 324 people of 700 tested, 3 rows, at most 1,499 pairs to compare, followed for 365 days, offences_5y"
    )
    shown = (
        "Cohort: 325 people of 700 tested, [c] rows, at most 1,500 pairs to compare, followed for 365 days, offences_5y"
    )
    assert release_line(line, PROTECT) == shown
    assert release_line(line, OPEN) == line


def test_lines_about_one_of_something_or_about_events_are_released_too() -> None:
    line = "deaths: 1 row, 3 record(s) share an id, Cohort: 93 index events of 406, 52 people of 203, 42 days"
    shown = "deaths: [c] row, [c] record(s) share an id, Cohort: 95 index events of 405, 50 people of 205, 42 days"
    assert release_line(line, PROTECT) == shown


def test_marks_are_explained_below_the_table_that_shows_them() -> None:
    frame = pd.DataFrame({"g": ["a"], "n": [3]})
    assert release(frame, rule=PROTECT, caption="c", counts=["n"]).notes[0].startswith("[c]: withheld")
    assert release(frame.assign(n=30), rule=PROTECT, caption="c", counts=["n"]).notes == ()
