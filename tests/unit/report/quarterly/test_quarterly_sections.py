"""Sections of the quarterly report over invented figures: words a commissioner can read, and nothing hidden told."""

from __future__ import annotations

import re
from types import SimpleNamespace
from typing import Any

import pandas as pd
import pytest
from bs4 import BeautifulSoup

import dipeval as dip
from dipeval.report import quarterly
from dipeval.report.blocks import Section
from dipeval.report.quarterly.charted import every_chart, new_signals, signal_told
from dipeval.report.quarterly.compared import every_comparison, sentence
from dipeval.report.quarterly.shared_out import stages_blocks
from tests.unit.report.quarterly.invented_quarters import KEPT, OPEN, invented, row

DRAWN = ("charted", "section_spending", "section_offences", "section_accuracy", "section_frequent_few",
         "section_districts", "ages", "entry_points", "turning_18")  # fmt: skip
EVERY = ("brief", "entry", "onward", "reoffended", "targets", "change", "districts", "offences", "accuracy", "officers",
         "frequent", "young", "money", "records", "counted", "dictionary", "every_table")  # fmt: skip
TARGET = {"target": 0.75, "target_direction": "at_least"}
QUARTERS = [f"{year}-Q{quarter}" for year in range(2010, 2014) for quarter in range(1, 5)]


@pytest.fixture(autouse=True)
def _undrawn(monkeypatch: pytest.MonkeyPatch) -> None:
    """Pictures are made but not turned into bytes, which the tests of the whole report do."""
    for name in DRAWN:
        monkeypatch.setattr(f"dipeval.report.quarterly.{name}.to_png", lambda _: b"")


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
    assert "of 3 targets, none is met, 2 are missed and 1 is not settled by these figures" in said
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
            assert signal_told(shown, new_signals(shown).iloc[-1]) in said
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


def test_a_chart_of_money_over_tests_does_not_give_the_tests_back() -> None:
    tests, pounds = [363 + n for n in range(16)], 36_300.0
    made = [row("cost_per_test", pounds, float(n), period=label) for n, label in zip(tests, QUARTERS, strict=True)]
    data = pd.DataFrame({"period": QUARTERS, "n": pounds, "of": tests})
    chart = dip.control_chart(data, numerator="n", denominator="of", chart="i")
    (shown,) = every_chart(invented(made, KEPT, charts={("cost_per_test", "all districts"): chart}))
    rounded = [5 * round(n / 5) for n in tests]
    assert shown.frame["value"].tolist() == pytest.approx([pounds / n for n in rounded], abs=0.006)
    for name in ("centre", "lower", "upper"):
        assert [float(f"{v:.2g}") for v in shown.frame[name]] == shown.frame[name].tolist()


@pytest.mark.parametrize(("n", "share", "seen"), [(300, 0.01, "[c]"), (300, 0.10, "10%"), (300, 0.99, "[c]"),
                                                  (300, 1.0, "100%"), (9, 1.0, "[c]")])  # fmt: skip
def test_a_check_of_the_records_does_not_tell_of_a_few_of_them(n: int, share: float, seen: str) -> None:
    check = {"check": "missing", "label": "Records without it", "table": "drug_tests", "column": "district",
             "district": "Leeds", "period": "", "value": share, "unit": "share", "n": n, "wanted": 0.005,
             "passed": False, "note": ""}  # fmt: skip
    result = invented(rows_by_district(), KEPT, quality=pd.DataFrame([check]))
    assert f"(Leeds): {seen} " in text(quarterly.records(result))


@pytest.mark.parametrize(("rule", "people", "cost"), [(OPEN, "0", ""), (KEPT, "[c]", "[c]")])
def test_a_stage_that_nobody_reached_has_no_cost(rule: dip.DisclosureRule, people: str, cost: str) -> None:
    stages = pd.DataFrame({"group": ["everyone"], "label": ["entered treatment"], "n": [0], "amount": [100.0]})
    found = SimpleNamespace(to_frame=lambda: stages)
    (table,) = stages_blocks(invented(rows_by_district(), rule, cost_per_stage=found))
    cells = [cell.get_text() for cell in BeautifulSoup(table.to_html(), "html.parser").select("tbody td")]
    assert cells[-3:] == [people, "£100", cost]


@pytest.mark.parametrize(
    ("positive", "words"),
    [
        (0, ("No test was positive", "Fewer tests were positive than these two figures give if nobody")),
        (20, ("20.0% were positive", "Fewer tests were positive than these two figures give if nobody")),
        (95, ("95.0% were positive", "More tests were positive than these two figures give if everybody")),
    ],
)
def test_figures_of_the_test_that_cannot_be_true_are_said(positive: int, words: tuple[str, str]) -> None:
    found = dip.correct_positivity(positive=positive, tests=100, sensitivity=0.9, specificity=0.5)
    said = text(quarterly.accuracy(invented(rows_by_district(), accuracy=found)))
    assert all(one in said for one in words)
    fitting = dip.correct_positivity(positive=60, tests=100, sensitivity=0.9, specificity=0.5)
    assert "two figures give" not in text(quarterly.accuracy(invented(rows_by_district(), accuracy=fitting)))


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


def compared_twice() -> Any:
    names = ["Bradford", "Kirklees", "Leeds"]
    made = [row(key, 100, 200, district=name) for key in ("positivity", "seen") for name in names]
    made += [row(key, 300, 600) for key in ("positivity", "seen")]
    data = pd.DataFrame({"district": names, "numerator": [100, 60, 140], "denominator": 200})
    found = {key: dip.benchmark(data, kind="share", label=key, wanted="higher") for key in ("positivity", "seen")}
    return invented(made, benchmarks=found)


def test_what_holds_for_every_comparison_is_said_once_and_what_is_its_own_beneath_it() -> None:
    page = BeautifulSoup(quarterly.districts(compared_twice()).to_html(), "html.parser")
    said = " ".join(page.get_text(" ").split())
    for once in (
        "Not adjusted for case mix",
        "exact quantiles of chance",
        "is the over-dispersion factor: 1 stands for",
    ):
        assert said.count(once) == 1
    assert said.index("is the over-dispersion factor") < said.index("Over-dispersion factor: ")
    folds = [fold.get_text(" ") for fold in page.find_all("details")]
    assert len(folds) == 2
    assert all(fold.count("Over-dispersion factor: ") == 1 and "case mix" not in fold for fold in folds)
    assert not re.search(r"\bareas?\b", said)
    assert "January 2014 to March 2014" in said


def test_districts_outside_the_limits_stand_in_one_table() -> None:
    page = BeautifulSoup(quarterly.districts(compared_twice()).to_html(), "html.parser")
    rows = [[cell.get_text() for cell in line.find_all(["th", "td"])] for line in page.find("table").select("tbody tr")]
    assert [line[1:] for line in rows] == [["Leeds (99.8%)", "Kirklees (99.8%)", "more"]] * 2


def test_officers_who_test_are_told_first_and_apart_from_drugs_workers() -> None:
    lines = [("Leeds", "drugs worker", 10.0, 1_000.0, 600.0), ("Leeds", "officer (testing)", 43.0, 10_000.0, 1_700.0)]
    staffing = pd.DataFrame(lines, columns=["district", "role", "funded_fte", "hours_funded", "hours_on_task"])
    staffing["period"] = "2014-Q1"
    roles = ("officer (testing)", "drugs worker")
    by_role = {role: dip.officer_time(staffing, roles=role) for role in roles}
    made = invented([row("positivity", 40, 90)], officers=dip.officer_time(staffing), officers_by_role=by_role)
    said = text(quarterly.officers(made))
    first = (
        "Officer (testing): 17.0% of the time of 43.0 posts goes into the work they are paid for: 7.3 used, 35.7 not"
    )
    assert first in said
    assert said.index("Officer (testing): 17.0%") < said.index("Drugs worker: 60.0%")
    assert "of 53.0 posts" not in said


def test_signals_of_the_latest_period_outside_the_limits_come_before_long_runs_and_stand_by_indicator() -> None:
    charts, made = {}, []
    runs = [108] * 8 + [92] * 8
    for key, counts in (("tests", runs), ("positivity", [100] * 15 + [190])):
        for place in ("all districts", "Leeds"):
            made += [row(key, n, 200, period=label, district=place) for n, label in zip(counts, QUARTERS, strict=True)]
            data = pd.DataFrame({"period": QUARTERS, "n": counts, "of": 200})
            chart = dip.control_chart(data, numerator="n", denominator="of", chart="p")
            charts[key, place] = chart
    result = invented(made, charts=charts, period="2013-Q4")
    new = BeautifulSoup(quarterly.brief(result).to_html(), "html.parser").find("ul").find_all("li")
    assert [line.get_text().split(":")[0] for line in new] == ["Positive drug tests", "Drug tests"]
    assert new[0].get_text().count("above its limit") == 2


@pytest.mark.parametrize(
    ("met", "words"),
    [
        ([], "no target to set the figures against"),
        (["missed"], "the one target is missed."),
        (["not settled"], "the one target is not settled by these figures."),
        (["met", "missed"], "of 2 targets, 1 is met, 1 is missed and none is not settled by these figures."),
    ],
)
def test_the_headline_reads_well_with_none_and_one(met: list[str], words: str) -> None:
    made = [row("positivity", 40, 90)]
    made += [row("seen", 40, 90, district=f"D{n}", target_met=word, **TARGET) for n, word in enumerate(met)]
    assert f"no new signal of change; {words}" in text(quarterly.brief(invented(made)))


def test_pounds_gained_and_lost_are_said_and_whom_a_bound_holds() -> None:
    data = pd.DataFrame({"district": ["A", "B", "C"], "tests": [10, 30, 60], "before": [100.0, 500.0, 350.0]})
    found = dip.allocate_funding(data, budget=1_000, need={"tests": 1.0}, floor=150, previous="before", max_fall=0.1)
    made = invented([row("positivity", 40, 90)], funding=found)
    said = text(quarterly.money(made))
    assert "these districts had £950 together. Gaining: A £50 and C £50; losing: B £50." in said
    assert "B is held by the limit on how far an amount may move in a year; the formula alone would give £300." in said
    assert "Share under other weights" not in said
