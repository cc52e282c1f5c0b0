"""Before and after in the report: never the fall alone, and of personal data nothing that rests on a few people."""

from __future__ import annotations

import re
from types import SimpleNamespace
from typing import Any

import numpy as np
import pandas as pd
import pytest
from bs4 import BeautifulSoup

import dipeval as dip
from dipeval import report
from dipeval.effects.before_and_after import words
from dipeval.presenting import format_percent

OPEN = dip.DisclosureRule(profile="none", data_status="simulated")
KEPT = dip.DisclosureRule()
NAMES = ["before", "after", "year_2", "year_3"]


def _compared(n: int = 600, *, earlier: int = 2, mean: float = 3.0, design: bool = True, **given: Any) -> Any:
    rng = np.random.default_rng(4)
    rate = rng.gamma(0.6, mean / 0.6, n)
    people = pd.DataFrame({name: rng.poisson(rate) for name in NAMES})
    half = pd.Series(np.arange(n) < n / 2, people.index)
    words_of = {"estimand_in_words": "the treated", "method": "entropy", "fingerprint": "f" * 20, "estimand": "ATT"}
    made = SimpleNamespace(
        weights=pd.Series(1.0, people.index), treated=half, clusters=None, n_treated_dropped=0, **words_of
    )
    return dip.before_after(people, earlier=NAMES[2 : 2 + earlier], days=365, design=made if design else None, **given)


def _result(found: Any, rule: dip.DisclosureRule = OPEN, *, withheld: bool = False) -> Any:
    return SimpleNamespace(before_after=found, rule=rule, withheld=withheld)


def _page(section: report.Section) -> BeautifulSoup:
    return BeautifulSoup(section.to_html(), "html.parser")


def _rows(page: BeautifulSoup, place: int) -> dict[str, list[str]]:
    rows = page.find_all("table")[place].select("tbody tr")
    cells = [[cell.get_text() for cell in row.find_all(["th", "td"])] for row in rows]
    return {first: rest for first, *rest in cells}


def test_a_study_that_does_not_ask_has_no_section() -> None:
    assert report.before_after(_result(None)).anchor == ""
    assert report.before_after(_result(_compared(), withheld=True)).anchor == ""


@pytest.mark.parametrize("given", [{}, {"selection": "at_least_one"}, {"earlier": 1, "selection": "at_least_one"}])
def test_the_fall_never_stands_alone(given: dict[str, Any]) -> None:
    found = _compared(**given)
    section = report.before_after(_result(found))
    page = _page(section)
    fall, expected = words.change_words(found.change.estimate), words.expected_words(found.expected)
    changes = _rows(page, 0)["Change, treated people"]
    assert changes[0] == format_percent(found.change.estimate)
    assert re.match(r"[−+]?\d", changes[2])
    assert expected in page.get_text()
    assert all(row[2] for row in _rows(page, 1).values())
    # Every sentence or picture that says the change says what would be seen without any effect, or is its row.
    for table in page.find_all("table"):
        table.decompose()
    for paragraph in page.find_all("p"):
        said = paragraph.get_text()
        assert fall not in said or "ithout any effect" in said or "earlier level" in said, said
    assert "without any effect" in page.find("figure").get_text()


def test_the_figures_are_those_of_the_result() -> None:
    found = _compared(selection="at_least_one")
    page = _page(report.before_after(_result(found)))
    frame = found.to_frame().set_index(["term", "group"])
    classes = _rows(page, 1)
    for name, label in (("fell", "Fell"), ("similar", "Similar"), ("rose", "Rose")):
        assert classes[label][0] == f"{frame.loc[('share', name), 'n_events']:,}"
    told = _rows(page, 0)
    assert "Difference between the two changes (offences a person)" in told
    assert "Change, comparable untreated people" in told
    assert found.summary().headline in page.get_text()


def test_personal_figures_are_rounded() -> None:
    page = _page(report.before_after(_result(_compared(selection="at_least_one"), KEPT)))
    text = page.get_text()
    assert not re.search(r"\d\.\d%", text)
    for rows in (_rows(page, 0), _rows(page, 1)):
        for cells in rows.values():
            count = cells[0] if cells[0].replace(",", "").isdigit() else cells[-1]
            assert count == "[c]" or int(count.replace(",", "")) % 5 == 0


def test_what_rests_on_a_few_people_is_withheld() -> None:
    few = report.before_after(_result(_compared(16), KEPT))
    assert "too few people" in _page(few).get_text()
    assert not _page(few).find_all(["table", "figure"])
    # Many people with hardly an offence between them are few as well.
    rare = report.before_after(_result(_compared(300, mean=0.02, design=False), KEPT))
    assert "too few people" in _page(rare).get_text()


def test_small_classes_are_withheld_and_the_left_out_are_counted_as_they_may_be() -> None:
    # Hardly anybody's number stays the same where people offend often.
    found = _compared(60, mean=40.0, design=False, selection="at_least_one")
    page = _page(report.before_after(_result(found, KEPT)))
    classes = _rows(page, 1)
    assert classes["Similar"][:2] == ["[c]", "[c]"]
    assert 0 < found.n_left_out < 10
    assert "[c] of" in page.get_text()


@pytest.mark.parametrize("rule", [OPEN, KEPT])
def test_the_picture_is_drawn_from_released_figures(rule: dip.DisclosureRule, monkeypatch: pytest.MonkeyPatch) -> None:
    from dipeval.report import section_before_after

    drawn: list[pd.DataFrame] = []
    real = section_before_after.before_after_plot
    monkeypatch.setattr(
        section_before_after, "before_after_plot", lambda frame, **more: drawn.append(frame) or real(frame, **more)
    )
    report.before_after(_result(_compared(selection="at_least_one"), rule))
    values = drawn[0]["estimate"]
    assert np.allclose(values, values.round(2), atol=1e-12) == rule.protects
