"""The report's section on areas: another question, released figures only, shown even where the answer is withheld."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from bs4 import BeautifulSoup

from dipeval.disclosure import DisclosureRule
from dipeval.effects.areas import words as area_words
from dipeval.report.section_area import TITLE, area_effect
from dipeval.study import StudyResult
from dipeval.study.result import AFTER_THE_GATE
from tests.unit.effects.area_panels import NEVER
from tests.unit.study.area_study import areas, study_with_areas
from tests.unit.study.people_study import study


@pytest.fixture(scope="module")
def result(tmp_path_factory: pytest.TempPathFactory) -> StudyResult:
    return study_with_areas(tmp_path_factory.mktemp("areas")).run()


def _page(result: StudyResult) -> BeautifulSoup:
    return BeautifulSoup(area_effect(result).to_html(), "html.parser")


def test_without_areas_there_is_no_section(tmp_path: Path) -> None:
    assert area_effect(study(tmp_path).run()).blocks == ()


def test_it_says_that_it_is_another_question_and_what_it_rests_on(result: StudyResult) -> None:
    page, found = _page(result), result.area_effect
    assert found is not None
    text = page.get_text(" ")
    assert page.h2.get_text() == TITLE
    assert "This section asks something else" in text
    assert found.summary().headline in text
    for line in found.summary().notes:
        assert line in text or line == area_words.OTHER_QUESTION
    assert "a warning, not a second opinion" in page.select_one(".warning").get_text()
    rows = [[cell.get_text() for cell in row.find_all(["th", "td"])] for row in page.select("tbody tr")]
    shown = found.summary().table
    assert [row[:4] for row in rows] == shown.iloc[:, :4].to_numpy().tolist()
    assert len(page.find_all("figure")) == 1 and "Before the start: -3: " in page.img["alt"]
    assert "None" not in text and "nan" not in text


def test_areas_are_no_people_but_what_they_count_may_be_few(result: StudyResult, tmp_path: Path) -> None:
    personal = replace(result, rule=DisclosureRule())
    page = _page(personal)
    assert result.area_effect is not None and result.area_effect.summary().headline in page.get_text(" ")
    assert not page.find_all(string="[c]")  # eleven areas, but hundreds of thefts
    rare = areas()
    # One theft a period in the two areas of the second wave: six in all, which the other wave must not give away.
    rare.loc[rare["area"].isin(["area 003", "area 004"]), "outcome"] = 1.0
    rows = [[cell.get_text() for cell in row.find_all(["th", "td"])] for row in _page(
        replace(study_with_areas(tmp_path, rare).run(), rule=DisclosureRule())).select("tbody tr")]  # fmt: skip
    assert [row[0] for row in rows if row[1] == "[c]"][:2] == ["Started 2012", "Started 2013"]
    assert rows[0][1] != "[c]" and rows[0][0] == "Overall"
    rare["outcome"] = rare["outcome"].where(rare["treated_from"].isna(), (rare["period"] == 2013) * 1.0)
    hidden = _page(replace(study_with_areas(tmp_path, rare).run(), rule=DisclosureRule()))
    assert "too few people" in hidden.get_text(" ") and not hidden.find_all("table") and not hidden.find_all("figure")


def test_few_areas_are_shown_with_a_rank_and_no_interval(tmp_path: Path) -> None:
    done = study_with_areas(tmp_path, areas([2, 3, NEVER, NEVER, NEVER])).run()
    text = _page(done).get_text(" ")
    assert "with 5 areas no interval can be given" in text and "permutation of starts over 5 areas" in text


def test_the_answer_withheld_areas_are_still_shown(result: StudyResult) -> None:
    gone = dict.fromkeys((*AFTER_THE_GATE, "roi", "curve", "cox", "outcomes_measured"))
    hidden = replace(result, withheld=True, effects=(), unadjusted=(), **gone)
    assert area_effect(hidden).blocks
