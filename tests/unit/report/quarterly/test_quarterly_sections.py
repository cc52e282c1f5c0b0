"""Sections of the quarterly report over invented figures: words a commissioner can read, and nothing hidden told."""

from __future__ import annotations

import re
from typing import Any

import pandas as pd
import pytest
from bs4 import BeautifulSoup

import dipeval as dip
from dipeval.report import quarterly
from dipeval.report.blocks import Section
from dipeval.report.quarterly.charted import every_chart, new_signals, signal_words
from dipeval.report.quarterly.compared import every_comparison, sentence
from tests.unit.report.quarterly.invented_quarters import KEPT, OPEN, invented, row

EVERY = ("brief", "entry", "onward", "reoffended", "targets", "change", "districts", "offences", "accuracy", "officers",
         "frequent", "young", "money", "records", "counted", "dictionary", "every_table")  # fmt: skip
TARGET = {"target": 0.75, "target_direction": "at_least"}
QUARTERS = [f"{year}-Q{quarter}" for year in range(2010, 2014) for quarter in range(1, 5)]


def text(section: Section) -> str:
    return " ".join(BeautifulSoup(section.to_html(), "html.parser").get_text(" ").split())


def rows_by_district() -> list[dict[str, Any]]:
    made = [row("tests", 300), row("positivity", 150, 300), row("seen", 90, 150, target_met="missed", **TARGET)]
    for name, n in (("Bradford", 110), ("Leeds", 40)):
        made += [row("tests", 2 * n, district=name), row("positivity", n, 2 * n, district=name)]
        met = "missed" if name == "Bradford" else "not settled"
        made.append(row("seen", 0.6 * n, n, district=name, target_met=met, **TARGET))
    return made


@pytest.mark.parametrize("name", EVERY)
@pytest.mark.parametrize("rule", [OPEN, KEPT], ids=["open", "kept"])
def test_every_section_stands_with_most_parts_missing(name: str, rule: dip.DisclosureRule) -> None:
    section = getattr(quarterly, name)(invented(rows_by_district(), rule))
    assert section.anchor
    assert text(section)
    assert section.level == (1 if name == "brief" else 2)


@pytest.mark.parametrize("name", EVERY)
def test_every_section_stands_with_nothing_counted_and_with_one_district(name: str) -> None:
    nothing = [row("positivity", 0, 0, estimate=float("nan"), status="no_units", conf_low=float("nan"))]
    assert text(getattr(quarterly, name)(invented(nothing, KEPT, period="")))
    alone = [row("positivity", 40, 90), row("positivity", 40, 90, district="Leeds")]
    assert text(getattr(quarterly, name)(invented(alone, KEPT)))


def test_the_first_page_says_which_targets_are_met_missed_and_not_settled() -> None:
    said = text(quarterly.brief(invented(rows_by_district())))
    assert "of 3 targets, 0 met, 2 missed, 1 not settled" in said
    assert "Missed: Seen after a positive test (at least 75%; all districts 60.0%, Bradford 60.0%)" in said
    assert "Not settled by these figures: Seen after a positive test (Leeds)" in said
    assert "Nobody here is compared with people who had no help" in said


def test_a_target_of_few_people_is_neither_met_nor_missed_to_a_reader() -> None:
    made = [row("seen", 40, 90, target_met="missed", **TARGET)]
    made.append(row("seen", 3, 40, district="Leeds", target_met="missed", **TARGET))
    said = text(quarterly.targets(invented(made, KEPT)))
    assert "Of 2 targets with a figure, 0 are met, 1 missed and 0 not settled. 1 cannot be shown" in said
    table = BeautifulSoup(quarterly.targets(invented(made, KEPT)).to_html(), "html.parser").select("tbody tr")
    assert ["[c]" in found.get_text() for found in table] == [False, True]


def test_districts_stand_by_name_and_never_by_value() -> None:
    section = BeautifulSoup(quarterly.entry(invented(rows_by_district())).to_html(), "html.parser")
    assert [cell.get_text() for cell in section.find("thead").find_all("th")] == ["Indicator", "Bradford", "Leeds"]


def test_people_under_18_are_told_in_their_own_section_alone() -> None:
    ages = [
        row("positivity", n, 2 * n, dimension="age_group", group=group)
        for group, n in (("under 18", 6), ("18-24", 40), ("25-34", 60))
    ]
    made = invented([row("positivity", 106, 212), *ages], KEPT)
    assert "under 18" not in text(quarterly.entry(made)).lower().replace("under 18s", "")
    young = text(quarterly.young(made))
    assert "[c]" in young
    assert not re.search(r"\b6\b|\b12\b", young.split("People under 18, latest period")[1].split("withheld")[0])


def test_a_signal_is_told_where_its_points_may_be_shown_and_nowhere_else() -> None:
    shares = [0.5] * 15 + [0.9]
    for size, told in ((400, True), (12, False)):
        counts = [round(share * size) for share in shares]
        made = [row("positivity", n, size, period=label) for n, label in zip(counts, QUARTERS, strict=True)]
        data = pd.DataFrame({"period": QUARTERS, "n": counts, "of": size})
        chart = dip.control_chart(data, numerator="n", denominator="of", chart="p", label="Positive drug tests")
        result = invented(made, KEPT, charts={("positivity", "all districts"): chart}, period="2013-Q4")
        (shown,) = every_chart(result)
        assert bool(len(new_signals(shown))) is told
        assert bool(shown.frame["value"].notna().iloc[-1]) is told
        said = text(quarterly.change(result))
        assert ("left out" in said or "Not drawn" in said) is not told
        if told:
            assert signal_words(shown, new_signals(shown).iloc[0]) in said
            assert "90% in October to December 2013, above its limit" in said
            assert "1 new signal of change" in text(quarterly.brief(result))


def test_points_of_a_chart_are_no_finer_than_the_table() -> None:
    made = [row("positivity", 201 + n, 400 + n, period=label) for n, label in enumerate(QUARTERS)]
    data = pd.DataFrame({"period": QUARTERS, "n": [201 + n for n in range(16)], "of": [400 + n for n in range(16)]})
    chart = dip.control_chart(data, numerator="n", denominator="of", chart="p")
    (shown,) = every_chart(invented(made, KEPT, charts={("positivity", "all districts"): chart}))
    for name in ("value", "centre", "lower", "upper"):
        assert (shown.frame[name] == shown.frame[name].round(2)).all()
    assert (shown.frame["denominator"] % 5 == 0).all()


def test_a_district_of_few_people_is_in_no_funnel_and_no_sentence() -> None:
    names = ["Bradford", "Calderdale", "Kirklees", "Leeds"]
    yes = [150, 4, 160, 40]
    made = [row("positivity", n, 300, district=name) for name, n in zip(names, yes, strict=True)]
    data = pd.DataFrame({"district": names, "numerator": yes, "denominator": 300})
    found = dip.benchmark(data, kind="share", label="Positive drug tests")
    result = invented(made, KEPT, benchmarks={"positivity": found})
    (one,) = every_comparison(result)
    assert one.frame.set_index("area")["hidden"].to_dict() == {
        "Bradford": False,
        "Calderdale": True,
        "Kirklees": False,
        "Leeds": False,
    }
    assert "Calderdale" not in sentence(one)
    page = BeautifulSoup(quarterly.districts(result).to_html(), "html.parser")
    assert all("Calderdale" not in image["alt"] for image in page.find_all("img"))
    (line,) = [found.get_text(" ") for found in page.select("tbody tr") if "Calderdale" in found.get_text()]
    assert line.count("[c]") >= 4
    assert not re.search(r"\d", line)


def test_nothing_claims_an_effect_or_ranks() -> None:
    result = invented(rows_by_district())
    for name in EVERY:
        said = text(getattr(quarterly, name)(result)).lower()
        assert "control group" not in said
        assert not re.search(r"\b(best|worst|top performing|ranked|league)\b", said)


def test_the_view_of_a_district_hides_the_others_that_the_whole_report_hides() -> None:
    names, yes = ["Bradford", "Kirklees", "Leeds"], [150, 160, 140]
    # Many tests of few people in Kirklees: only the people behind tell.
    made = [
        row("positivity", n, 300, district=name, **({"n_people": 6, "n_people_yes": 6} if name == "Kirklees" else {}))
        for name, n in zip(names, yes, strict=True)
    ]
    data = pd.DataFrame({"district": names, "numerator": yes, "denominator": 300})
    alone, again = (dip.benchmark(data, kind="share", label="Positive drug tests") for _ in range(2))
    (whole,) = every_comparison(invented(made, KEPT, benchmarks={"positivity": again}))
    for found, after in ((again, True), (alone, False)):
        view = invented(made[2:], KEPT, benchmarks={"positivity": found}, district="Leeds", districts=tuple(names))
        (one,) = every_comparison(view)
        hidden = one.frame.set_index("area")["hidden"]
        assert hidden["Kirklees"]
        assert not hidden["Leeds"]
        assert hidden["Bradford"] == (not after)
    assert whole.frame.set_index("area")["hidden"].to_dict() == {"Bradford": False, "Kirklees": True, "Leeds": False}
