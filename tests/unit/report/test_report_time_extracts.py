"""What only extracts tell of times: what happened first, all offences, two clocks and the days before treatment."""

from __future__ import annotations

import re
from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import pandas as pd
import pytest

import dipeval as dip
from dipeval import report
from dipeval.disclosure import DisclosureRule
from dipeval.linkage import true_linkage
from dipeval.report import section_time_clocks, section_time_first
from dipeval.report.how_times import of_times
from dipeval.report.time_plotted import plotted
from dipeval.study import StudyResult
from dipeval.study import study as order_of_work
from dipeval.study.load import from_linkage
from tests.unit.report.test_report_time import PARTS, page, rows, seen, told
from tests.unit.study.test_time_to_event_extracts import ALL, of

VARYING: dict[str, Any] = {
    "outcomes": [{"name": "time", "kind": "time", "label": "Time to reoffence", "primary": True}],
    "design": {"method": "none", "covariates": ["log_prior_offences_5y", "tested_opiates", "age_at_index"]},
    "cohort": {"immortal_time": "time_varying", "landmark_days": 0, "grace_days": 180},
}


def run(**changes: Any) -> StudyResult:
    asked = of(**changes)
    extracts = dip.simulate(people=900, seed=1)
    prepared = from_linkage(asked.spec, extracts, true_linkage(extracts))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(order_of_work, "prepare", lambda spec, folder: prepared)
        return asked.run()


@pytest.fixture(scope="module")
def result() -> StudyResult:
    return run(time_to_event=ALL)


@pytest.fixture(scope="module")
def small(result: StudyResult) -> StudyResult:
    return replace(result, rule=DisclosureRule())


def test_the_parts_stand_below_the_question_each_with_its_place(result: StudyResult) -> None:
    sections = [part(result) for part in PARTS]
    assert [section.anchor for section in sections] == [
        "time", "first-events", "all-offences", "", "clocks", "immortal-time", "time-left", "time-checked",
    ]  # fmt: skip
    assert [section.level for section in sections if section.anchor] == [2, 3, 3, 3, 3, 3, 3]


def test_death_and_custody_are_causes_of_their_own(result: StudyResult) -> None:
    section = report.first_events(result)
    assert [row[0] for row in rows(section, "What had happened first")] == ["A reoffence", "Death", "Custody"]
    for row in rows(section, "What had happened first"):
        assert row[1].count("%") == 3
        assert " to " in row[3]
    assert "Custody means a first reception" in told(section)
    alt = str(page(section).find("img")["alt"])
    assert "reoffence" in alt
    assert "custody" in alt


def test_ratios_of_shares_by_cause_or_the_test_where_people_count_alike(result: StudyResult) -> None:
    section = report.first_events(result)
    assert {len(row) for row in rows(section, section_time_first.RATIOS_CAPTION)} == {3}
    assert "not about the rate among those still at risk" in told(section)
    assert "Gray's test" in told(report.time_left(result))
    frame = pd.DataFrame({"cause": ["reoffence", "custody"], "statistic": [1.2, 0.4], "p_value": [0.27, 0.53]})
    tested: Any = SimpleNamespace(to_frame=lambda: frame)
    found = result.time_to_event
    assert found is not None
    alike = replace(result, time_to_event=replace(found, gray=tested, subdistribution={}, not_done={}))
    section = report.first_events(alike)
    assert rows(section, section_time_first.RATIOS_CAPTION)[0] == ["A reoffence", "0.270"]
    assert "does not show that the shares are the same" in told(section)


def test_few_deaths_are_told_in_no_cell_and_no_picture(small: StudyResult) -> None:
    assert small.time_to_event is not None
    counts = small.time_to_event.counts.set_index(["what", "group"])["n_events"]
    assert counts["death first"].max() < 10, "the simulated data no longer hold the case this test is about"
    section = report.first_events(small)
    deaths = [row for row in rows(section, "What had happened first") if row[0] == "Death"]
    assert deaths == [["Death", "[c]", "[c]", "[c]", "[c]"]]
    shown = list(plotted(small))
    assert [row for row in shown if row["measure"] == "curve, death"] == []
    for row in shown:
        cell = str(row.get("n", ""))
        assert cell in ("", "[c]") or (int(cell) >= 10 and int(cell) % 5 == 0)


def test_all_offences_have_a_mean_and_ratios_that_say_what_they_are_about(result: StudyResult) -> None:
    section = report.all_offences(result)
    ratios = rows(section, "Ratios over all offences")
    assert [row[0].partition(":")[0] for row in ratios] == [
        "First offence alone", "Every offence alike", "The next offence, clock from the start",
        "The next offence, clock from the last", "Offences a day at liberty",
    ]  # fmt: skip
    assert all(" to " in row[1] for row in ratios)
    assert "reoffences a treated person and" in told(section)
    assert "Each ratio answers its own question" in told(section)
    assert "Mean number of reoffences per person" in str(page(section).find("img")["alt"])


def test_the_two_clocks_stand_side_by_side(result: StudyResult, small: StudyResult) -> None:
    section = report.clocks(result)
    assert [row[0] for row in rows(section, "two clocks")] == [
        "Hazard ratio: calendar time (official)", "Hazard ratio: street time",
        "Mean days free: calendar time (official)", "Mean days free: street time",
    ]  # fmt: skip
    assert "spent" in told(section)
    counts = small.time_to_event.counts.set_index(["what", "group"])["n_events"]  # type: ignore[union-attr]
    few = counts["custody first"].min() < 10
    assert (section_time_clocks.HELD_HIDDEN in told(report.clocks(small))) == few


def test_the_naive_row_is_marked_as_wrong_and_the_days_are_told(result: StudyResult, small: StudyResult) -> None:
    section = report.immortal_time(result)
    shown = rows(section, "One hazard ratio under every way")
    assert shown[0][0].startswith("Wrong:")
    assert not any(row[0].startswith("Wrong") for row in shown[1:])
    audit = result.time_to_event.audit  # type: ignore[union-attr]
    assert audit is not None
    assert f"counts {audit.days_credited:,} days from before the start" in told(section)
    assert "Wrong: treated if they ever started" in str(page(section).find("img")["alt"])
    rounded = float(f"{audit.days_credited:.2g}")
    assert f"counts {rounded:,.0f} days" in told(report.immortal_time(small))
    for row in rows(report.immortal_time(small), "One hazard ratio under every way"):
        assert all(cell == "[c]" or int(cell.replace(",", "")) % 5 == 0 for cell in row[2:])


def test_nothing_is_told_where_too_few_people_are_behind(result: StudyResult) -> None:
    none = replace(result, rule=DisclosureRule(threshold=5000))
    for part in (report.first_events, report.all_offences, report.clocks, report.immortal_time):
        section = part(none)
        assert "too few" in seen(section).lower() or "[c]" in seen(section)
        assert all(re.fullmatch(r"\[c\]", cell.get_text()) for cell in page(section).select("tbody td"))
        assert page(section).find("img") is None


@pytest.mark.slow
def test_where_treatment_counts_from_its_start_only_the_audit_is_told() -> None:
    result = run(**VARYING, time_to_event={"audit": True})
    anchors = [part(result).anchor for part in PARTS]
    assert [name for name in anchors if name] == ["immortal-time"]
    assert report.immortal_time(result).level == 2
    found = result.time_to_event
    assert found is not None
    failed = replace(result, time_to_event=replace(found, audit=None, not_done={"audit": "Nobody started."}))
    assert told(report.immortal_time(failed)).endswith("Nobody started.")


def test_every_method_that_was_used_is_named(result: StudyResult) -> None:
    lines = " ".join(of_times(result))
    for name in ("Fine and Gray", "Andersen and Gill", "Suissa", "Grambsch"):
        assert name in lines
