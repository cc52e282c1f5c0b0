"""What the style of the Justice Data Lab says, word for word, and what no sentence of it may ever say."""

from __future__ import annotations

import os
import re
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from dipeval.effects.jdl import words as jdl_words
from dipeval.effects.jdl.figures import difference_shown, interval_shown, range_shown, time_shown, window
from dipeval.effects.jdl.measures import JdlMeasure
from dipeval.effects.jdl.result import JdlStyle
from tests.unit.effects.jdl_people import analysed, invented

GOLDEN = Path(__file__).parent / "golden"
NEVER = (
    "no effect", "no difference", "no impact", "did not work", "does not work", "ineffective", "made no", "compatible",
    "control",
)  # fmt: skip
CASES: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    "lower": ({"effect": -0.15}, {}),
    "higher": ({"effect": 0.15}, {}),
    "not_significant": ({"seed": 7}, {"worthwhile": 0.2}),
    "underpowered": ({"size": 400}, {"se": "count"}),
    "poorly_matched": ({"size": 600, "apart": 2.0}, {"radius": 3.0}),
    "poorly_matched_overridden": (
        {"size": 600, "apart": 2.0},
        {"radius": 3.0, "override": "A pilot: the table of differences is the point."},
    ),
    "too_few": ({"size": 120}, {"submitted": 55, "follow_up_days": None}),
}


def told(result: JdlStyle) -> str:
    """Everything the result says, one sentence a line; the fingerprint is that of the design and not of the words."""
    summary = result.summary()
    table = ["\t".join(map(str, row)) for row in [summary.table.columns, *summary.table.to_numpy().tolist()]]
    text = "\n".join([summary.title, summary.headline, "", *table, "", *summary.notes])
    return re.sub(r"Fingerprint of the design [0-9a-f]+", "Fingerprint of the design FINGERPRINT", text) + "\n"


@pytest.mark.parametrize("name", CASES)
def test_golden(name: str) -> None:
    people, options = CASES[name]
    text = told(analysed(invented(**people), **options))
    path = GOLDEN / f"jdl_{name}.txt"
    if os.environ.get("DIPEVAL_WRITE_GOLDEN"):
        path.write_text(text, encoding="utf-8")
    assert text == path.read_text(encoding="utf-8")
    lowered = text.lower()
    assert not [phrase for phrase in NEVER if phrase in lowered]


@pytest.mark.parametrize("name", ["not_significant", "underpowered"])
def test_an_interval_with_equality_asks_for_more_people(name: str) -> None:
    people, options = CASES[name]
    found = analysed(invented(**people), **options)
    assert found.verdict == name
    assert "More people would be needed" in found.summary().headline
    assert "More people would be needed to determine the direction" in found.of_hundred()[2]
    assert "more people would need to be analysed" in found.can_say()[0]
    assert "leaves unchanged" in found.cannot_say()[0]


def test_withheld_results_say_whether_people_were_unlike_or_few() -> None:
    for name, said in (("poorly_matched", jdl_words.CAN_SAY_UNLIKE), ("too_few", jdl_words.CAN_SAY_TOO_FEW)):
        people, options = CASES[name]
        assert analysed(invented(**people), **options).can_say() == (said,)


def test_an_underpowered_verdict_says_what_could_have_been_found() -> None:
    people, options = CASES["underpowered"]
    found = analysed(invented(**people), **options)
    detectable = 100 * found.to_frame()["minimum_detectable"].iloc[0]
    assert f"at least {detectable:.1f} percentage points" in found.summary().headline


def test_no_template_claims_what_was_not_found_or_says_that_it_is_the_justice_data_lab() -> None:
    assert len(jdl_words.TEMPLATES) > 50
    for text in jdl_words.TEMPLATES:
        assert not [phrase for phrase in NEVER if phrase in text.lower()], text
    assert "could not be verified" in jdl_words.STYLE
    assert "not made by it" in jdl_words.STYLE
    assert "unverified" in jdl_words.UNVERIFIED


def test_the_style_note_and_the_reason_for_the_curve_always_stand_beside_the_figures() -> None:
    notes = analysed(invented(600, effect=-0.12)).summary().notes
    assert jdl_words.STYLE in notes
    assert jdl_words.WHY_TIME in notes
    assert any("0.1 (standard deviations of everyone's score)" in note for note in notes)
    assert any(note.startswith("3 measures are each tested at 5%") for note in notes)


def test_times_in_other_units_are_told_in_them() -> None:
    people = invented(4000, effect=-0.15)
    people["time_months"] = people["time_days"] / 30.4375
    found = analysed(people, time="time_months", time_unit="months")
    assert re.search(r"sooner by as many as 0\.\d months, or later by as many as 0\.\d months", found.of_hundred()[-1])
    assert found.summary().table["Measure"].iloc[2] == "Time to first reoffence (months, of those who reoffended)"
    assert " days" not in "".join(found.summary().table["Measure"])


def test_the_length_of_the_follow_up_in_words() -> None:
    assert [window(days) for days in (365, 730, 180, None)] == [
        "within one year", "within two years", "within 180 days", "within the follow-up",
    ]  # fmt: skip


def _measure(kind: str, low: float, high: float, unit: str = "days") -> JdlMeasure:
    effect: Any = SimpleNamespace(conf_low=low, conf_high=high, includes_equality=low <= 0 <= high)
    return JdlMeasure(kind=kind, column="x", effect=effect, verdict="lower", unit=unit)


@pytest.mark.parametrize(
    ("kind", "low", "high", "words"),
    [
        ("rate", -0.168, -0.103, "lower by between 10 and 17 people."),
        ("rate", 0.012, 0.048, "higher by between 1 and 5 people."),
        ("rate", -0.012, -0.008, "lower by about 1 person."),
        ("rate", -0.08, -0.001, "lower by up to 8 people."),
        ("rate", -0.08, 0.002, "lower by as many as 8 people, or higher by less than 1 person."),
        ("rate", -0.01, 0.0, "lower by as many as 1 person, or higher by as many as 0 people."),
        ("frequency", -0.53, 0.35, "lower by as many as 53 offences, or higher by as many as 35 offences."),
        ("time", -20.0, -1.2, "sooner by between 1 and 20 days."),
        ("time", 2.0, 30.0, "later by between 2 and 30 days."),
        ("time", -0.4, 1.0, "sooner by less than 1 day, or later by as many as 1 day."),
    ],
)
def test_ranges_in_whole_people(kind: str, low: float, high: float, words: str) -> None:
    assert range_shown(_measure(kind, low, high), more_people=False) == words


def test_an_interval_keeps_its_side() -> None:
    rate, time = _measure("rate", 0, 0), _measure("time", 0, 0)
    assert interval_shown(rate, -0.09, -0.026) == "between 2.6 and 9.0 percentage points lower"
    assert interval_shown(rate, -0.09, 0.0004) == "from 9.0 percentage points lower to 0.04 percentage points higher"
    assert interval_shown(time, 2, 30) == "between 2 and 30 days later"
    assert difference_shown(time, 0.2) == "less than 1 day later"
    assert difference_shown(_measure("frequency", 0, 0), -0.44) == "0.44 fewer reoffences a person"
    assert time_shown(_measure("time", 0, 0, "weeks"), 1.25) == "1.3 weeks"
