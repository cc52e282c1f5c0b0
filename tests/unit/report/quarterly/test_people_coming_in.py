"""What the quarterly report says of the people who come in: ages, entry points, and those who turn 18."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pandas as pd
import pytest

from dipeval.indicators import AdultTransition, AgeStructure, EntryPointYield
from dipeval.indicators.ages.structure_rows import band_rows, median_rows, trend_row
from dipeval.indicators.ages.turning_18_result import COLUMNS, OUTCOMES
from dipeval.indicators.entering.yield_result import COLUMNS as YIELD_COLUMNS
from dipeval.indicators.entering.yield_result import STAGES
from dipeval.indicators.shares import limits
from dipeval.report.quarterly import ages as ages_room
from dipeval.report.quarterly import entry, entry_points, turning_18, young
from dipeval.report.quarterly.rows import people, results_csv
from tests.unit.report.quarterly.invented_quarters import KEPT, OPEN, invented, row

SOME = {"tested": 40, "positive": 21, "seen": 14, "in_treatment_at_18": 12, "treatment": 4, "proven_offence": 54}


@pytest.fixture(autouse=True)
def _undrawn(monkeypatch: pytest.MonkeyPatch) -> None:
    """Pictures are made but not turned into bytes, which the tests of the whole report do."""
    for module in (ages_room, entry_points, turning_18):
        monkeypatch.setattr(module, "to_png", lambda _: b"")


def transition(counts: dict[str, int], followed: int = 63) -> AdultTransition:
    """A result of these counts, everyone alone."""
    lines = []
    for name, n in counts.items():
        low, high = limits(n, followed)
        share = n / followed if followed else float("nan")
        lines.append(("everyone", name, OUTCOMES[name], 2 * followed, followed, followed, n, share, low, high))
    return AdultTransition(
        within_days=365,
        waiting_days=182,
        extract_date=dt.date(2014, 3, 31),
        n_no_birth=3,
        years_of_birth_only=False,
        missing=(),
        _frame=pd.DataFrame(lines, columns=list(COLUMNS)),
    )


def html(section: Any) -> str:
    return "".join(block.to_html() for block in section.blocks)


def test_turning_18_is_told_where_nothing_is_protected() -> None:
    text = html(young(invented([row("tests", 100.0)], OPEN, adult_transition=transition(SOME))))
    assert "63 people were tested or seen under 18" in text
    assert "63.5% (95% interval 51.1% to 74.3%) had a drug test" in text
    assert "6.3%" in text
    assert "any contact a person came to counts as one with an adult service" in text
    assert "3 people tested or seen have no date of birth" not in text


def test_turning_18_behind_the_gate() -> None:
    result = invented([row("tests", 100.0)], KEPT, adult_transition=transition(SOME))
    text = html(young(result))
    assert "65 people were tested or seen under 18" in text
    assert "63%" in text
    assert "started treatment" not in text  # 4 of 63
    assert "offence that was proven" not in text  # all but 9 of 63
    told = {str(line["indicator"]): line for line in people(result)}
    assert told["transition_tested"]["numerator"] == "40"
    assert told["transition_tested"]["estimate"] == "0.63"
    for name in ("treatment", "proven_offence"):
        line = told[f"transition_{name}"]
        assert [line[key] for key in ("numerator", "denominator", "estimate", "conf_low", "status")] == [
            "[c]", "65", "[c]", "[c]", "withheld",
        ]  # fmt: skip


@pytest.mark.parametrize("followed", [0, 6])
def test_few_and_nobody_are_told_alike(followed: int) -> None:
    result = invented([row("tests", 100.0)], KEPT, adult_transition=transition(dict.fromkeys(OUTCOMES, 0), followed))
    text = html(young(result))
    assert "Withheld: too few people" in text
    assert {line["denominator"] for line in people(result)} == {"[c]"}


def test_what_is_not_told_says_why_and_has_no_rows() -> None:
    result = invented([row("tests", 100.0)])
    assert "No adult_transition here." in html(young(result))
    assert list(people(result)) == []
    assert "transition" not in results_csv(result)


def test_every_row_has_a_name_of_its_own() -> None:
    result = invented([row("tests", 100.0)], adult_transition=transition(SOME), age_structure=ages(MADE),
                      entry_yield=yielded(POINTS))  # fmt: skip
    keys = ["section", "indicator", "district", "period", "dimension", "group"]
    frame = pd.DataFrame(list(people(result))).reindex(columns=keys).fillna("")
    assert not frame.duplicated().any()
    assert set(frame["section"]) == {"entry", "young"}


def test_nothing_of_the_whole_area_stands_in_the_rows_of_a_district() -> None:
    told = invented([row("tests", 100.0)], adult_transition=transition(SOME), district="Leeds", districts=("Leeds",),
                    whole_area=("adult_transition",))  # fmt: skip
    assert list(people(told)) == []
    assert "only be told of the whole area" in html(young(told))


def ages(counts: dict[tuple[int, str, int], int]) -> AgeStructure:
    """An age structure of these people: (year, substance, age) -> how many."""
    lines = [(*cell, n) for cell, n in counts.items()]
    frame = pd.DataFrame(lines, columns=["year", "substance", "age", "n"]).astype({"age": "Int64"})
    named, last = ("any", "opiates", "cocaine"), dt.date(2014, 3, 31)
    trends = [trend_row(frame, name, 4_000.0, 12 if name == "cocaine" else 300) for name in named]
    return AgeStructure(
        source="drug_tests",
        every="financial_year",
        date_to=last,
        extract_date=last,
        years_of_birth_only=False,
        _frame=band_rows(frame, named, "financial_year", None, last),
        _medians=median_rows(frame, named, "financial_year", None, last),
        _trends=pd.DataFrame(trends),
    )


MADE = {
    (2012, "opiates", 16): 4, (2012, "opiates", 20): 13, (2012, "opiates", 30): 40, (2012, "opiates", 40): 60,
    (2012, "opiates", 50): 12, (2013, "opiates", 20): 4, (2013, "opiates", 30): 40, (2013, "opiates", 40): 70,
    (2013, "opiates", 50): 30, (2012, "cocaine", 20): 7, (2013, "cocaine", 20): 5, (2013, "cocaine", 30): 20,
    (2013, "cocaine", 40): 6, (2013, "cocaine", 50): 6,
}  # fmt: skip


def by_group(result: Any) -> dict[tuple[str, str, str], list[str]]:
    keys = ("numerator", "denominator", "estimate", "status")
    return {
        (str(line["label"]).split(": ")[-1].split(",")[0].split(" ")[0], str(line.get("period")), str(line["group"])): [
            str(line[key]) for key in keys
        ]
        for line in people(result)
        if str(line["indicator"]).startswith("ages_")
    }


def test_ages_behind_the_gate_join_the_youngest_and_withhold_a_second_group() -> None:
    result = invented([row("tests", 100.0)], KEPT, age_structure=ages(MADE))
    told = by_group(result)
    assert told["Opiates", "2012-13", "under 25"] == ["15", "130", "0.13", "ok"]  # 17 of 129
    assert told["Opiates", "2013-14", "under 25"] == ["[c]", "145", "[c]", "withheld"]  # 4
    assert told["Opiates", "2013-14", "45 and over"] == ["[c]", "145", "[c]", "withheld"]  # 30, the next fewest
    assert told["Opiates", "2013-14", "35-44"][3] == "ok"
    assert told["Cocaine", "2012-13", "under 25"] == ["[c]", "[c]", "[c]", "withheld"]
    assert not any("Any of them" in str(line["label"]) for line in people(result))
    medians = {(line["label"], line["period"]): line for line in people(result) if line["indicator"] == "median_age"}
    assert medians["Median age: Cocaine without opiates", "2012-13"]["estimate"] == "[c]"
    assert medians["Median age: Opiates, with or without others", "2012-13"]["conf_low"] == "30"


def test_ages_are_told_in_words_with_a_picture() -> None:
    text = html(entry(invented([row("tests", 100.0)], OPEN, age_structure=ages(MADE))))
    assert "How old are they?" in text
    assert "Opiates, with or without others: the mean age moves by 3.68 years each year" in text
    assert "40 in 2012-13" in text  # the picture in words
    assert "are not those of all who use drugs" in text
    kept = html(entry(invented([row("tests", 100.0)], KEPT, age_structure=ages(MADE))))
    assert "Years of which a group is withheld have no bar." in kept
    assert "smallest of the others is as well" in kept
    assert "No age_structure here." in html(entry(invented([row("tests", 100.0)])))


def yielded(counts: dict[str, tuple[int, int]]) -> EntryPointYield:
    """First contacts and those who began treatment by entry point; everyone is their sum."""
    whole = {"everyone": (sum(of for of, _ in counts.values()), sum(n for _, n in counts.values()))}
    lines = []
    for point, (of, n) in (whole | counts).items():
        low, high = limits(n, of)
        lines.append((point, "treatment", STAGES["treatment"], of + 3, of, n, 100 * n / of, 100 * low, 100 * high))
    return EntryPointYield(
        within_days=42,
        completion_days=365,
        date_from=dt.date(2010, 4, 1),
        date_to=dt.date(2014, 3, 31),
        extract_date=dt.date(2014, 3, 31),
        missing=("Agreed a care plan: not told.",),
        _frame=pd.DataFrame(lines, columns=list(YIELD_COLUMNS)),
    )


POINTS = {"custody": (211, 63), "court": (102, 30), "prison": (54, 4)}


def test_entry_points_behind_the_gate() -> None:
    found = yielded(POINTS)
    text = html(entry(invented([row("tests", 100.0)], OPEN, entry_yield=found)))
    assert "Of 367 people at their first contact of these periods, within 42 days 26.4% (95% interval" in text
    assert "no comparison of what works" in text
    assert "29.9 (24.1 to 36.3)" in text
    assert "7.4 (2.9 to 17.6)" in text
    result = invented([row("tests", 100.0)], KEPT, entry_yield=found)
    told = {str(line["group"]): [line[key] for key in ("numerator", "denominator", "estimate", "status")]
            for line in people(result)}  # fmt: skip
    assert told == {
        "everyone": ["95", "365", "0.26", "ok"],
        "custody": ["65", "210", "0.3", "ok"],
        "court": ["[c]", "100", "[c]", "withheld"],  # or the four of prison could be told
        "prison": ["[c]", "55", "[c]", "withheld"],
    }
    kept = html(entry(result))
    assert "7.4" not in kept
    assert "Agreed a care plan: not told." in kept
    assert "No entry_yield here." in html(entry(invented([row("tests", 100.0)])))
