"""The acceptability curve in the report: sentence, picture, points and notes, no finer than they may be."""

from __future__ import annotations

import re
from typing import Any

import pytest

import dipeval as dip
from dipeval import report
from dipeval.disclosure import DisclosureRule
from dipeval.report import section_money_words as money_words
from tests.unit.report.test_section_money import KEPT, OPEN, money, page, result, roi, rows, text

CAPTION = "What is read off the curve"


def shown(found: Any, rule: DisclosureRule = OPEN, **kwargs: Any) -> report.Section:
    curve = dip.acceptability_curve(found)
    return report.money_acceptability(result(found, rule, beside=money(acceptability=curve), **kwargs))


@pytest.fixture(autouse=True)
def enough(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(money_words, "hidden", lambda result: result.roi is None)


def test_the_sentence_the_picture_and_what_is_read_off_it() -> None:
    section = shown(roi())
    found = page(section)
    first = found.find("p").get_text()
    assert first.startswith("At £980 or more for each proven offence averted, the programme is worth its cost")
    assert "by what is paid for each proven offence averted" in found.find("img")["alt"]
    points = rows(section, CAPTION)
    assert len(points) == 10
    assert points["The same in 95% of the draws, from"] == ["£2,220"]
    assert points["The same by chance alone, were the effect none"] == ["50%"]
    assert section.anchor == "money-acceptability" and section.level == 3
    assert found.find("details").find("summary").get_text() == "How the curve was made"


def test_an_effect_that_settles_nothing_is_not_sold() -> None:
    said = text(shown(roi(0.05, -0.35, 0.45)))
    assert "The data do not settle whether offences were averted" in said
    assert "not reached, however much is paid" in said
    more = text(shown(roi(-0.6, -1.0, -0.2)))
    assert "The data point to more offences, not fewer" in more and "nan" not in more


def test_personal_data_are_no_finer_than_three_figures_and_tell_nobody() -> None:
    said = text(shown(roi(), KEPT))
    # The estimand counts whom the effect is about.
    assert "203" not in said
    for amount in re.findall(r"£([\d,]+)", said):
        assert float(f"{float(amount.replace(',', '')):.3g}") == float(amount.replace(",", ""))


def test_nothing_stands_where_it_was_not_asked_for_or_may_not_be_shown() -> None:
    found = roi()
    for empty in (
        report.money_acceptability(result(found, beside=money(acceptability=None))),
        shown(found, withheld=True),
        report.money_acceptability(result(None, beside=money(acceptability=dip.acceptability_curve(found)))),
    ):
        assert empty.anchor == "" and not empty.blocks
