"""Drug testing and discharges in the report: as counted where records are invented, by people where they are not."""

from __future__ import annotations

import re
from types import SimpleNamespace
from typing import Any

import pytest
from bs4 import BeautifulSoup

import dipeval as dip
from dipeval import report
from dipeval.linkage import true_linkage
from tests.spec.invented_people import invent

OPEN = dip.DisclosureRule(profile="none", data_status="simulated")
KEPT = dip.DisclosureRule()
# Three people, tested so often that the tests are many.
FEW = "person | test_date | result | district\n" + "\n".join(
    f"{name} | 2022-01-{day:02d} | {result} | Leeds"
    for name, result in (("ann", "opiates"), ("bob", "opiates"), ("cat", "negative"))
    for day in range(1, 21)
)
LEFT = "person | start_date | end_date | discharge_reason | district\n" + "\n".join(
    f"{name} | 2022-{month:02d}-01 | 2022-{month:02d}-20 | {reason} | Leeds"
    for name, reason in (("ann", "completed"), ("bob", "dropped_out"))
    for month in range(1, 13)
)


@pytest.fixture(scope="module")
def extracts() -> dip.Extracts:
    return dip.simulate(people=900, seed=4)


def _result(rule: dip.DisclosureRule, testing: Any = None, discharges: Any = None) -> Any:
    return SimpleNamespace(rule=rule, pathway=None, seen=None, testing=testing, discharges=discharges)


def _page(section: report.Section) -> BeautifulSoup:
    return BeautifulSoup(section.to_html(), "html.parser")


def _rows(page: BeautifulSoup, place: int = 0) -> list[list[str]]:
    rows = page.find_all("table")[place].select("tbody tr")
    return [[cell.get_text() for cell in row.find_all(["th", "td"])] for row in rows]


def test_without_the_tables_there_is_nothing() -> None:
    for section in (report.testing, report.discharges, report.pathway):
        assert section(_result(OPEN)).anchor == ""


def test_testing_is_told_without_contacts_and_says_why_the_stages_are_not(extracts: dip.Extracts) -> None:
    section = report.pathway(_result(OPEN, dip.testing(extracts, true_linkage(extracts))))
    assert section.anchor == "pathway"
    assert "no contacts" in _page(section).get_text()


def test_simulated_tests_are_those_of_the_result(extracts: dip.Extracts) -> None:
    found = dip.testing(extracts, true_linkage(extracts))
    page = _page(report.testing(_result(OPEN, found)))
    assert [row[1:3] for row in _rows(page)] == [
        [f"{tests:,}", f"{positive:,}"]
        for tests, positive in zip(found.to_frame()["n_tests"], found.to_frame()["n_positive"], strict=True)
    ]
    assert page.find("caption").get_text() == "Drug tests and positive ones by quarter"
    assert page.find("h3") is not None


def test_simulated_discharges_are_those_of_the_result(extracts: dip.Extracts) -> None:
    found = dip.discharges(extracts, true_linkage(extracts), by="district", count_referred_on=True)
    page = _page(report.discharges(_result(OPEN, discharges=found)))
    frame = found.to_frame()
    assert [row[1] for row in _rows(page)] == [f"{n:,}" for n in frame.loc[frame["group"] == "everyone", "n"]]
    assert [row[2] for row in _rows(page, 1)] == [f"{n:,}" for n in found.successful()["n"]]
    assert "Discharges as referred on count as successful." in page.get_text()


def test_personal_figures_are_rounded_or_withheld(extracts: dip.Extracts) -> None:
    linkage = true_linkage(extracts)
    for section in (
        report.testing(_result(KEPT, dip.testing(extracts, linkage, by="district"))),
        report.discharges(_result(KEPT, discharges=dip.discharges(extracts, linkage, by="sex"))),
    ):
        page = _page(section)
        counts = [cell for row in _rows(page) for cell in row[1:2] if cell != "[c]"]
        assert counts
        assert all(int(text.replace(",", "")) % 5 == 0 for text in counts)
        assert not re.search(r"\d\.\d%", page.get_text())


def test_many_tests_of_few_people_are_withheld() -> None:
    extracts, linkage = invent(drug_tests=FEW)
    page = _page(report.testing(_result(KEPT, dip.testing(extracts, linkage))))
    assert all(set(row[1:]) == {"[c]"} for row in _rows(page))


def test_many_discharges_of_few_people_are_withheld() -> None:
    extracts, linkage = invent(treatment=LEFT)
    page = _page(report.discharges(_result(KEPT, discharges=dip.discharges(extracts, linkage, by="district"))))
    assert all(set(row[1:3]) == {"[c]"} for row in _rows(page))
    assert all(set(row[1:]) == {"[c]"} for row in _rows(page, 1))
