"""The report on the pathway: what it shows of simulated data, and what it keeps back of personal ones."""

from __future__ import annotations

import re
from types import SimpleNamespace
from typing import Any

import pytest
from bs4 import BeautifulSoup

import dipeval as dip
from dipeval import report
from dipeval.linkage import true_linkage
from dipeval.report import section_pathway

OPEN = dip.DisclosureRule(profile="none", data_status="simulated")
KEPT = dip.DisclosureRule()


@pytest.fixture(scope="module")
def extracts() -> dip.Extracts:
    return dip.simulate(people=900, seed=4)


@pytest.fixture(scope="module")
def cohort(extracts: dip.Extracts) -> dip.Pathway:
    return dip.pathway(extracts, true_linkage(extracts), by="district")


@pytest.fixture(scope="module")
def period(extracts: dip.Extracts) -> dip.Pathway:
    return dip.pathway(extracts, true_linkage(extracts), counting="period", date_from="2013-01-01")


@pytest.fixture(scope="module")
def looked_up(extracts: dip.Extracts) -> dip.Seen:
    return dip.seen(extracts, true_linkage(extracts), by="custody_suite")


def _result(rule: dip.DisclosureRule, pathway: Any = None, seen: Any = None, **more: Any) -> Any:
    return SimpleNamespace(rule=rule, pathway=pathway, seen=seen, **({"testing": None, "discharges": None} | more))


def _page(section: report.Section) -> BeautifulSoup:
    return BeautifulSoup(section.to_html(), "html.parser")


def _rows(page: BeautifulSoup, place: int) -> list[list[str]]:
    rows = page.find_all("table")[place].select("tr")
    return [[cell.get_text() for cell in row.find_all(["th", "td"])] for row in rows]


def test_a_study_without_a_pathway_has_no_section() -> None:
    assert report.pathway(_result(OPEN)).anchor == ""
    assert report.seen(_result(OPEN)).anchor == ""


def test_every_figure_stands_under_the_way_it_was_counted(cohort: dip.Pathway, period: dip.Pathway) -> None:
    for found, own, other in ((cohort, "cohort", "period"), (period, "period", "cohort")):
        page = _page(report.pathway(_result(OPEN, found)))
        assert found.how_counted in page.get_text()
        assert "no comparison group" in page.get_text()
        captions = [item.get_text() for item in page.find_all(["caption", "figcaption"])]
        assert all(f"({own} counting)" in text for text in captions)
        assert not [text for text in captions if other in text]
    headings = _rows(page, 0)[0]
    assert headings == ["Stage", "People", "Ratio to the stage before", "Ratio to the first stage"]
    assert not re.search(r"\d%", page.get_text())


def test_simulated_figures_are_those_of_the_result(cohort: dip.Pathway, looked_up: dip.Seen) -> None:
    page = _page(report.pathway(_result(OPEN, cohort)))
    assert [row[1] for row in _rows(page, 0)[1:]] == [f"{n:,}" for n in cohort.everyone["n"]]
    assert len(_rows(page, 1)) == 6
    assert page.find("img")["alt"].startswith("Bars of the number of people at each stage")
    part = _page(report.seen(_result(OPEN, seen=looked_up)))
    assert part.find("h3") is not None
    frame = looked_up.to_frame()
    assert [row[3] for row in _rows(part, 0)[1:]] == [f"{n:,}" for n in frame["n_seen"]]


def _numbers(page: BeautifulSoup) -> list[str]:
    text = " ".join(cell.get_text() for cell in page.select("tbody td"))
    text += " ".join(image["alt"] + " " for image in page.find_all("img"))
    return re.findall(r"(?<![\w.,-])\d[\d,]*(?![\w%.]|[.,-]\d)", text)


def test_personal_counts_are_rounded_or_withheld(cohort: dip.Pathway, period: dip.Pathway) -> None:
    for found in (cohort, period):
        page = _page(report.pathway(_result(KEPT, found)))
        numbers = [int(text.replace(",", "")) for text in _numbers(page) if text not in ("12",)]
        assert len(numbers) > 5
        assert all(number >= 10 and number % 5 == 0 for number in numbers), numbers
        assert not re.search(r"\d\.\d%", page.get_text())
    groups = _rows(_page(report.pathway(_result(KEPT, cohort))), 1)
    assert any("[c]" in row for row in groups), "the simulated data no longer hold a small group"


def test_a_share_of_few_or_of_all_but_few_is_withheld(cohort: dip.Pathway) -> None:
    counts = cohort.everyone["n"]
    rows = _rows(_page(report.pathway(_result(KEPT, cohort))), 0)[1:]
    checked = 0
    for (previous, n), row in zip(zip(counts, counts.iloc[1:], strict=False), rows[1:], strict=True):
        few = min(n, previous - n) < 10
        assert (row[2] == "[c]") == (row[3] == "[c]") == few
        checked += few
    assert checked < len(rows) - 1


def test_tests_of_few_people_are_few(looked_up: dip.Seen, monkeypatch: pytest.MonkeyPatch) -> None:
    frame = looked_up.to_frame()
    few = frame.assign(n_people=4, n_people_seen=3, n_people_not_seen=3, n_tests=40, n_seen=20, n_not_seen=20)
    drawn = []
    monkeypatch.setattr(section_pathway, "seen_plot", lambda shown: drawn.append(shown))
    page = _page(report.seen(_result(KEPT, seen=_replaced(looked_up, few))))
    cells = [row[2:] for row in _rows(page, 0)[1:]]
    assert all(set(row) == {"[c]"} for row in cells)
    assert not drawn


def _replaced(found: dip.Seen, frame: Any) -> dip.Seen:
    from dataclasses import replace

    return replace(found, _frame=frame)


def test_the_picture_of_seen_is_no_finer_than_the_table(looked_up: dip.Seen, monkeypatch: pytest.MonkeyPatch) -> None:
    drawn = []
    draw = section_pathway.seen_plot
    monkeypatch.setattr(section_pathway, "seen_plot", lambda shown: drawn.append(shown) or draw(shown))
    page = _page(report.seen(_result(KEPT, seen=looked_up)))
    shares = drawn[0]["share"].dropna()
    assert len(shares)
    assert all(round(100 * share, 9) == round(100 * share) for share in shares)
    assert not re.search(r"\d\.\d%", page.get_text() + page.find("img")["alt"])
