"""The report's section in the style of the Justice Data Lab: released figures only, and words that claim no more."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest
from bs4 import BeautifulSoup

from dipeval.disclosure import DisclosureRule
from dipeval.report.blocks import Picture
from dipeval.report.section_jdl import HIDDEN, jdl_style
from dipeval.study import StudyResult
from tests.unit.study.jdl_study import people, result_of, study_of


@pytest.fixture(scope="module")
def result(tmp_path_factory: pytest.TempPathFactory) -> StudyResult:
    return result_of(tmp_path_factory.mktemp("jdl"), people(1500, effect=-0.15))


@pytest.fixture(scope="module")
def personal(result: StudyResult) -> StudyResult:
    return replace(result, rule=DisclosureRule())


def _page(result: StudyResult) -> BeautifulSoup:
    return BeautifulSoup(jdl_style(result).to_html(), "html.parser")


def _rows(page: BeautifulSoup, caption: str) -> list[list[str]]:
    table = next(t for t in page.find_all("table") if caption in t.caption.get_text())
    return [[cell.get_text() for cell in row.find_all(["th", "td"])] for row in table.select("tbody tr")]


def test_without_the_analysis_there_is_no_section(tmp_path: Path) -> None:
    assert jdl_style(study_of(tmp_path).run()).blocks == ()


def test_it_holds_verdict_measures_hundred_people_and_both_lists(result: StudyResult) -> None:
    page, found = _page(result), result.jdl_style
    text = page.get_text(" ")
    assert found.summary().headline in text
    for line in (*found.of_hundred(), *found.can_say(), *found.cannot_say()):
        assert line in text
    assert [heading.get_text() for heading in page.find_all("h3")] == [
        "Of 100 typical people", "What you can say", "What you cannot say",
    ]  # fmt: skip
    rows = _rows(page, "Rate, frequency")
    assert [row[0] for row in rows] == found.summary().table["Measure"].tolist()[:3]
    assert rows[0][1:] == found.summary().table.iloc[0].tolist()[1:]
    assert len(page.find_all("figure")) == 2
    assert "could not be verified" in text
    assert "counts everybody and stands beside it" in text


def test_the_share_over_time_in_the_table_is_that_of_the_curve(result: StudyResult) -> None:
    rows = _rows(_page(result), "Share who had reoffended by then")
    shares = result.jdl_style.shares_over_time().set_index("time_days")
    told = {(row[0], row[1]): row[2] for row in rows}
    assert told["365 days", "Treated"] == f"{100 * shares.loc[365, 'treated']:.1f}%"
    assert told["365 days", "Comparison"] == f"{100 * shares.loc[365, 'comparison']:.1f}%"


def test_of_personal_data_nothing_is_finer_than_a_person(personal: StudyResult) -> None:
    page = _page(personal)
    for picture in page.find_all("img"):
        picture.replace_with(picture["alt"])
    text = page.get_text(" ")
    bands = page.find("details").get_text(" ")
    assert not re.findall(r"\d\.\d+(?:%| percentage points)", text.replace(bands, ""))
    design = personal.jdl_style.design
    assert design.n_treated % 5 and design.n_comparison % 5, "the invented people no longer hold the case"
    for exact in (design.n_treated, design.n_comparison):
        assert not re.search(rf"(?<![\d.,]){exact:,}(?![\d.,])", text)


def test_small_counts_on_the_way_are_withheld(personal: StudyResult) -> None:
    rows = _rows(_page(personal), "Who was lost on the way")
    lost = personal.jdl_style.attrition["n_excluded"].tolist()
    assert 0 < lost[-1] < 10
    assert [row[3] for row in rows] == ["[c]", "[c]"]


def test_where_few_reoffended_no_figure_and_no_verdict_is_told(tmp_path: Path) -> None:
    frame = people(400)
    few = frame.groupby("helped").head(6).index
    frame["came_back"] = frame["seen"] = frame.index.isin(few).astype(int)
    frame["how_often"] = 9 * frame["came_back"]
    found = replace(result_of(tmp_path, frame), rule=DisclosureRule())
    section = jdl_style(found)
    page = BeautifulSoup(section.to_html(), "html.parser")
    for row in _rows(page, "Rate, frequency"):
        assert set(row[1:]) == {"[c]"}
    assert HIDDEN in page.get_text()
    assert not any(isinstance(block, Picture) for block in section.blocks)
    assert "What you can say" not in page.get_text()
    assert "Of 100" not in page.get_text()


def test_why_there_is_no_figure_does_not_tell_how_few_there_were(tmp_path: Path) -> None:
    frame = people(400)
    one = frame[(frame["helped"] == 1) & (frame["seen"] == 1)].index[1:]
    frame.loc[one, ["seen", "day"]] = [0, 365]
    result = result_of(tmp_path, frame)
    assert "1 treated person" in result.jdl_style.measures[2].why_not
    text = _page(replace(result, rule=DisclosureRule())).get_text()
    assert "1 treated person" not in text
    assert HIDDEN in text


def test_a_handful_of_people_get_a_sentence(tmp_path: Path) -> None:
    result = result_of(tmp_path, people(60), section={"minimum_people": 1, "minimum_matched": 1, "radius": 0.01})
    assert result.jdl_style.design.n_treated < 10, "the invented people no longer hold the case"
    page = _page(replace(result, rule=DisclosureRule()))
    assert "too few people" in page.get_text()
    assert page.find("table") is None


def test_a_withheld_analysis_says_why_and_shows_the_bands(tmp_path: Path) -> None:
    result = result_of(tmp_path, people(apart=2.0), section={"radius": 5.0, "submitted": 1003, "minimum_people": 2000})
    assert result.jdl_style.withheld
    page = _page(replace(result, rule=DisclosureRule()))
    text = page.get_text(" ")
    assert "poorly matched" in text
    assert "1,005 treated people were submitted, fewer than the 2,000" in text
    assert "1,003" not in text
    assert page.find("img") is None
    assert _rows(page, "Standardised differences")
    assert page.find(class_="warning") is not None


def test_an_override_stands_over_the_figures(tmp_path: Path) -> None:
    section = {"radius": 5.0, "override_reason": "A pilot."}
    page = _page(result_of(tmp_path, people(apart=2.0), section=section))
    first = page.find(["div", "p", "table"])
    assert first["class"] == ["warning"]
    assert "A pilot." in first.get_text()
    assert "untreated people who are unlike them" in page.get_text()
    assert "comparable untreated people" not in page.get_text()


def test_the_bands_have_a_row_a_covariate(result: StudyResult) -> None:
    rows = _rows(_page(result), "Standardised differences")
    frame: pd.DataFrame = result.jdl_style.bands()
    assert len(rows) == len(frame)
    words = {"green": "well (green)", "amber": "reasonably (amber)", "red": "poorly (red)"}
    assert [row[3] for row in rows] == frame["band"].map(words).tolist()
