"""How soon? The section on times for tables of people: plain words, intervals, small counts, the file of figures."""

from __future__ import annotations

import csv
import io
import re
from dataclasses import replace
from importlib.resources import files
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pandas as pd
import pytest
from bs4 import BeautifulSoup

from dipeval import report
from dipeval.disclosure import DisclosureRule
from dipeval.report import section_time, section_time_checked, time_rates
from dipeval.report.blocks import Section
from dipeval.report.how_times import of_times
from dipeval.report.tidy import results_csv
from dipeval.report.time_drawn import NOT_DRAWN, name_of_test, share_drawn, when
from dipeval.study import Study, StudyResult

PARTS = (
    report.time,
    report.first_events,
    report.all_offences,
    report.who_ever,
    report.clocks,
    report.immortal_time,
    report.time_left,
    report.time_checked,
)


def example(name: str) -> StudyResult:
    return Study.from_toml(Path(str(files("dipeval.examples") / f"{name}.toml"))).run()


@pytest.fixture(scope="module")
def rossi() -> StudyResult:
    return example("rossi")


@pytest.fixture(scope="module")
def carolina() -> StudyResult:
    return example("north_carolina")


def page(section: Section) -> BeautifulSoup:
    return BeautifulSoup(section.to_html(), "html.parser")


def told(section: Section) -> str:
    return " ".join(page(section).get_text(" ").split())


def seen(section: Section) -> str:
    """All words, those in the place of pictures too."""
    return told(section) + " ".join(str(image["alt"]) for image in page(section).find_all("img"))


def rows(section: Section, caption: str) -> list[list[str]]:
    table = next(table for table in page(section).find_all("table") if caption in table.caption.get_text())
    return [[cell.get_text() for cell in row.find_all(["th", "td"])] for row in table.select("tbody tr")]


def figures(result: StudyResult, section: str) -> list[dict[str, str]]:
    return [row for row in csv.DictReader(io.StringIO(results_csv(result))) if row["section"].startswith(section)]


def hidden(result: StudyResult, threshold: int) -> StudyResult:
    return replace(result, rule=DisclosureRule(threshold=threshold))


def test_the_shares_at_the_mark_stand_first_with_their_difference_and_its_interval(rossi: StudyResult) -> None:
    first = page(report.time(rossi)).find("p").get_text()
    assert first == (
        "By 52 weeks, 22.4% of the treated and 31.3% of the comparison group had reoffended: a difference of −9.0 "
        "percentage points (95% interval −17.7 to −0.2), treated minus comparison."
    )


def test_an_interval_with_nought_is_said_not_to_settle_anything(carolina: StudyResult) -> None:
    words = told(report.time(carolina))
    assert "The interval includes 0: these shares do not settle which group" in words
    assert "which group stays free for longer is not settled" in words
    assert "compatible with either group reoffending at the lower rate" in words
    assert "A p-value above 5% does not show that the curves are the same." in words


def test_a_limit_that_rounds_to_nought_is_not_said_to_include_it(rossi: StudyResult) -> None:
    words = told(report.time(hidden(rossi, 10)))
    assert "(95% interval −18 to 0)" in words
    assert section_time.BEFORE_ROUNDING in words
    assert section_time.UNSETTLED not in words


def test_days_free_the_ratio_and_the_tests_are_there_in_plain_words(rossi: StudyResult) -> None:
    section = report.time(rossi)
    words = told(section)
    assert "treated people were free of reoffending for 46.6 weeks on average and comparison people for 44.6" in words
    assert "a difference of 2.0 weeks (95% interval −0.6 to 4.6; p 0.138)" in words
    assert rows(section, "Mean weeks free")[2] == ["Treated minus comparison", "2.0", "−0.6 to 4.6"]
    assert "hazard ratio 0.68 (95% interval 0.46 to 1.00; p 0.053)" in words
    assert "Log-rank test, robust: chi-square 3.74 on 1 degree of freedom, p 0.053." in words
    assert "belong together in pairs or sets" in words
    assert "clustered by matched pair or set" in words
    assert "which is no proof" in words


def test_weights_are_named_and_the_effective_sample_size_is_below_the_picture(carolina: StudyResult) -> None:
    section = report.time(carolina)
    assert "because people carry weights" in told(section)
    by_then = rows(section, "Numbers of people over time")
    assert by_then[0] == ["0 months", "Comparison", "773", "493", "0", "0"]
    assert "effective sample size" in str(page(section).find("img")["alt"])


def test_the_words_for_the_picture_tell_its_figures(rossi: StudyResult) -> None:
    alt = str(page(report.time(rossi)).find("img")["alt"])
    for words in ("Share who reoffended over 52 weeks, rising from zero", "31.3%", "22.4%", "Log-rank test, robust"):
        assert words in alt
    assert re.search(r"95% interval −17\.7 to −0\.2", alt)


def test_a_ratio_that_changes_is_not_to_be_relied_on(rossi: StudyResult) -> None:
    assert rossi.time_to_event is not None
    frame = pd.DataFrame({"term": ["GLOBAL"], "statistic": [9.1], "df": [1], "p_value": [0.003]})
    failed: Any = SimpleNamespace(to_frame=lambda: frame)
    words = told(report.time(replace(rossi, time_to_event=replace(rossi.time_to_event, proportional_hazards=failed))))
    assert "One ratio does not describe the whole follow-up" in words
    assert "p 0.003" in words
    untested = replace(rossi.time_to_event, proportional_hazards=None)
    assert time_rates.UNTESTED in told(report.time(replace(rossi, time_to_event=untested)))


def test_after_matching_with_replacement_errors_are_by_set_and_person(rossi: StudyResult) -> None:
    assert rossi.time_to_event is not None
    twice: Any = SimpleNamespace(
        estimate=0.71, conf_low=0.45, conf_high=1.12, p_value=0.14, se_method="clustered by matched set and by person",
        to_frame=pd.DataFrame,
    )  # fmt: skip
    result = replace(rossi, time_to_event=replace(rossi.time_to_event, hazard_effect=twice))
    words = told(report.time(result))
    assert "hazard ratio 0.71 (95% interval 0.45 to 1.12; p 0.140)" in words
    assert "clustered by matched set and by person" in words
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(time_rates, "reuses_people", lambda design: True)
        assert time_rates.errors(result) == "robust, clustered by person"
        assert time_rates.errors(result, two_way=True) == "robust, clustered by matched set and by person"


def test_what_was_not_asked_for_is_absent(rossi: StudyResult) -> None:
    for part in (report.first_events, report.all_offences, report.who_ever, report.clocks, report.immortal_time):
        assert part(rossi).anchor == ""


def test_the_share_who_ever_do_moves_with_the_family_and_that_is_said(carolina: StudyResult) -> None:
    section = report.who_ever(carolina)
    words = told(section)
    assert "from 39.3% (Weibull) to 45.2% (Log-normal), 5.9 percentage points apart" in words
    assert "38.0% were seen to reoffend within 81 months" in words
    assert [row[0] for row in rows(section, "Share who ever")] == ["Log-normal", "Weibull", "Log-logistic"]
    assert "Weibull 39.3% (36.2% to 42.5%)" in str(page(section).find("img")["alt"])
    assert "shown" in told(report.who_ever(hidden(carolina, 900)))
    assert not re.search(r"\d%", told(report.who_ever(hidden(carolina, 900))))


def test_figures_on_few_people_are_said_to_be_hidden_and_are(rossi: StudyResult) -> None:
    """45 treated people were arrested, so with a threshold of 50 nothing about them may be told."""
    section = report.time(hidden(rossi, 50))
    words = seen(section)
    assert words.count("too few people") >= 2
    assert "The shares of the two groups at one time" in words
    for figure in ("22%", "46.6", "0.68", "0.053"):
        assert figure not in words
    assert NOT_DRAWN in words
    assert NOT_DRAWN not in told(report.time(rossi))
    assert report.time_checked(hidden(rossi, 50)).anchor == ""
    shown = figures(hidden(rossi, 50), "plotted")
    assert {row["group"] for row in shown} == {"comparison"}


def test_without_a_curve_that_can_be_shown_the_section_says_so(rossi: StudyResult) -> None:
    nothing_left = hidden(rossi, 150)
    assert share_drawn(nothing_left) is None
    section = report.time(nothing_left)
    assert "too few people had reoffended for a curve that could be shown" in told(section)
    assert page(section).find("img") is None
    assert not figures(nothing_left, "plotted")


def test_percentages_of_few_people_are_whole_and_counts_rounded(rossi: StudyResult) -> None:
    section = report.time(hidden(rossi, 10))
    words = seen(section)
    assert not re.findall(r"\d\.\d+(?:%| percentage points)", words)
    cells = [cell for row in rows(section, "Numbers of people over time") for cell in row[2:]]
    assert all(cell in ("[c]", "0") or int(cell) % 5 == 0 for cell in cells)
    assert "Steps are merged until each tells of at least 10 people" in words


def test_every_figure_of_the_picture_is_in_the_file(rossi: StudyResult) -> None:
    shown = figures(rossi, "plotted: share reoffended")
    curve = [row for row in shown if row["measure"] == "curve" and row["group"] == "treated"]
    assert (curve[-1]["note"], round(float(curve[-1]["estimate"]), 4)) == ("at 52 weeks", 0.2239)
    assert {row["measure"] for row in shown} == {"curve", "mark", "difference", "at_risk", "events", "censored"}
    followed = [row["n"] for row in shown if row["measure"] == "at_risk" and row["group"] == "treated"]
    assert followed[0] == "201"
    for row in figures(hidden(rossi, 10), "plotted"):
        assert row["n"] in ("", "[c]", "0") or int(row["n"]) % 5 == 0
        assert row["estimate"] == "" or float(row["estimate"]) == pytest.approx(round(float(row["estimate"]), 2))


def test_lifelines_gives_the_same_figures(carolina: StudyResult, rossi: StudyResult) -> None:
    for result in (carolina, rossi):
        section = report.time_checked(result)
        checked = rows(section, section_time_checked.TABLE)
        assert len(checked) == 5
        assert [row[-1] for row in checked] == ["<0.000001"] * 5
        assert "robust errors are off by some percent" in told(section)
        assert "Kaplan-Meier steps" in str(page(section).find("img")["alt"])


def test_of_personal_data_the_check_shows_differences_only(rossi: StudyResult) -> None:
    section = report.time_checked(hidden(rossi, 10))
    assert rows(section, section_time_checked.TABLE)[0] == ["Share by 52 weeks, comparison", "<0.000001"]
    assert page(section).find("img") is None
    distances = [row[2] for row in rows(section, section_time_checked.DISTANCES)]
    assert len(distances) == 6
    assert all(re.fullmatch(r"\d+", gap) for gap in distances)


def test_a_time_that_was_not_reached_is_said(rossi: StudyResult) -> None:
    assert rossi.time_to_event is not None
    without = replace(rossi.time_to_event, _mark=None, mark_time=None, not_done={"mark": "Not everybody was followed."})
    result = replace(rossi, time_to_event=without)
    assert "Shares are not compared at one time: Not everybody was followed." in told(report.time(result))
    assert "Not everybody was followed." in told(report.time_left(result))
    unasked = replace(result, time_to_event=replace(without, not_done={}))
    assert section_time.NOT_SO_LONG in told(report.time(unasked))
    assert page(report.time_left(unasked)).find("ul") is None


def test_a_withheld_study_tells_nothing_of_times() -> None:
    withheld: Any = SimpleNamespace(withheld=True, time_to_event=None, time_varying=None)
    assert [part(withheld).anchor for part in PARTS] == [""] * len(PARTS)


def test_methods_name_what_was_used_and_no_more(rossi: StudyResult, carolina: StudyResult) -> None:
    assert not any("Schmidt" in line for line in of_times(rossi))
    assert any("Schmidt and Witte (1989)" in line for line in of_times(carolina))


def test_a_weighted_test_of_curves_has_its_own_name(rossi: StudyResult) -> None:
    asked: Any = SimpleNamespace(time_to_event=SimpleNamespace(rho=1.0))
    named: Any = SimpleNamespace(time_to_event=rossi.time_to_event, spec=asked)
    assert name_of_test(named) == "G-rho test (rho = 1), robust"


@pytest.mark.parametrize(
    ("time", "unit", "words"),
    [(365, "days", "12 months (day 365)"), (182, "days", "6 months (day 182)"), (100, "days", "day 100"),
     (1, "days", "day 1"), (52, "weeks", "52 weeks")],
)  # fmt: skip
def test_times_in_words(time: float, unit: str, words: str) -> None:
    assert when(time, unit) == words


def test_one_family_alone_is_not_set_against_itself(carolina: StudyResult) -> None:
    assert carolina.time_to_event is not None
    families = carolina.time_to_event.families
    assert families is not None
    alone = replace(families, _frame=families.to_frame().iloc[:1])
    words = told(report.who_ever(replace(carolina, time_to_event=replace(carolina.time_to_event, families=alone))))
    assert "only one (Log-normal) could be fitted" in words
    assert "percentage points apart" not in words
