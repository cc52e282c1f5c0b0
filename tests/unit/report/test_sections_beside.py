"""All outcomes together, for whom, and what would overturn it: in words and pictures of released figures only."""

from __future__ import annotations

import csv
import io
import re
from dataclasses import replace
from pathlib import Path

import pytest
from bs4 import BeautifulSoup

from dipeval import report
from dipeval.disclosure import DisclosureRule
from dipeval.report import how_beside, section_how
from dipeval.report.blocks import Section
from dipeval.report.section_subgroups import LEFT_OUT_PROTECTED
from dipeval.report.tidy import results_csv
from dipeval.study import StudyResult
from dipeval.study.smallest import behind_bounds, behind_subgroups, smallest_behind, smallest_count
from tests.unit.report.beyond_study import OVERTURN, people, result_of

OPEN = DisclosureRule(profile="none", data_status="simulated")
PARTS = (report.effect, report.subgroups, report.overturn)


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory) -> StudyResult:
    return result_of(tmp_path_factory.mktemp("kept"))


@pytest.fixture(scope="module")
def shown(kept: StudyResult) -> StudyResult:
    return replace(kept, rule=OPEN)


@pytest.fixture(scope="module")
def pairs(tmp_path_factory: pytest.TempPathFactory) -> StudyResult:
    design = {"method": "nearest", "caliper": 0.2}
    return result_of(tmp_path_factory.mktemp("pairs"), design=design, override_reason="the words are under test")


def _soup(section: Section) -> BeautifulSoup:
    return BeautifulSoup(section.to_html(), "html.parser")


def _words(section: Section) -> str:
    return _soup(section).get_text(" ")


def _everything(section: Section) -> str:
    return _words(section) + " ".join(picture["alt"] for picture in _soup(section).find_all("img"))


def _rows(section: Section, caption: str) -> list[list[str]]:
    table = next(t for t in _soup(section).find_all("table") if caption in t.caption.get_text())
    return [[cell.get_text() for cell in row.find_all(["th", "td"])] for row in table.select("tbody tr")]


def _csv(result: StudyResult, section: str) -> list[dict[str, str]]:
    return [row for row in csv.DictReader(io.StringIO(results_csv(result))) if row["section"] == section]


# --- several outcomes ---------------------------------------------------------------------------------------------


def test_several_outcomes_stand_in_one_table_with_their_corrected_p_values(shown: StudyResult) -> None:
    rows, found = _rows(report.effect(shown), "All outcomes together"), shown.many_outcomes.to_frame()
    assert [row[0].partition(":")[0] for row in rows] == found["label"].tolist()
    corrected = [row[5] for row in rows]
    assert corrected[:2] == ["[z]", "[z]"]
    for cell, value in zip(corrected[2:], found["p_value_holm"][2:], strict=True):
        assert cell == f"{value:.3f}"
    told = _words(report.effect(shown))
    assert "tested alone, without correction" in told
    assert "2 other outcomes were tested together (later)" in told


def test_one_picture_holds_all_outcomes_and_one_outcome_needs_none(shown: StudyResult) -> None:
    alts = [picture["alt"] for picture in _soup(report.effect(shown)).find_all("img")]
    assert len(alts) == 2
    assert all(name in alts[1] for name in ("Came back", "How often they came back", "Breached an order"))
    alone = report.effect(replace(shown, many_outcomes=None))
    assert "All outcomes together" not in _words(alone)
    assert len(_soup(alone).find_all("img")) == 1


def test_an_outcome_of_few_is_withheld_from_table_picture_and_count_of_findings(kept: StudyResult) -> None:
    few = tuple(
        replace(effect, mean_treated=0.01, mean_comparison=0.01, n_events_treated=3, n_events_comparison=5)
        if effect.outcome_name == "Breached an order" else effect for effect in kept.effects
    )  # fmt: skip
    result = replace(kept, effects=few, many_outcomes=replace(kept.many_outcomes, effects=few))
    section = report.effect(result)
    hidden = [row for row in _rows(section, "All outcomes together") if row[0].startswith("Breached an order")]
    assert hidden
    assert all(set(row[1:]) == {"[c]"} for row in hidden)
    assert "Breached an order" not in " ".join(picture["alt"] for picture in _soup(section).find_all("img"))
    assert "stay below 5%" in _words(report.effect(kept))
    assert "stay below 5%" not in _words(section)
    told = [row for row in _csv(result, "several outcomes") if row["group"] == "Breached an order"]
    assert told
    assert all(row["estimate"] == "[c]" for row in told)


# --- subgroups ----------------------------------------------------------------------------------------------------


def test_subgroups_are_those_of_the_result_in_the_study_s_own_words(shown: StudyResult) -> None:
    section, found = report.subgroups(shown), shown.subgroups.to_frame()
    rows = _rows(section, "by subgroup")
    assert [row[1] for row in rows[1:]] == found["level"].tolist()
    assert [row[4] for row in rows[1:]] == [f"{100 * value:.1f}".replace("-", "−") for value in found["estimate"]]
    assert {row[0] for row in rows} == {"Everybody", "Where they live", "Women"}
    tests = _rows(section, "Does the effect differ")
    assert [row[1] for row in tests] == [f"{value:.3f}" for value in shown.subgroups.tests()["p_value"]]
    assert shown.subgroups.summary().headline in _words(section)
    assert "Compare subgroups by the test of interaction only" in _words(section)


def test_a_small_subgroup_takes_another_with_it_and_the_test_as_well(kept: StudyResult, tmp_path: Path) -> None:
    frame = people(rare=0)
    few = (frame["district"] == "Calderdale") & (frame["came_back"] == 1)
    frame.loc[frame.index[few][2:], "came_back"] = 0
    result = result_of(tmp_path, frame)
    section = report.subgroups(result)
    rows = _rows(section, "by subgroup")
    hidden = [row[1] for row in rows if row[4] == "[c]"]
    assert "Calderdale" in hidden
    assert len(hidden) == 2
    assert {row[0]: row[1] for row in _rows(section, "Does the effect differ")}["Where they live"] == "[z]"
    assert LEFT_OUT_PROTECTED in _words(section)
    alts = " ".join(picture["alt"] for picture in _soup(section).find_all("img"))
    assert not [level for level in hidden if level in alts]
    for row in _csv(result, "subgroups"):
        if any(level in row["group"] for level in hidden) or (
            "interaction" in row["measure"] and "live" in row["group"]
        ):
            assert row["estimate"] == "[c]", row
    open_one = report.subgroups(replace(result, rule=OPEN))
    assert "[c]" not in _words(open_one)


def test_what_is_withheld_of_a_column_is_never_few_taken_together(kept: StudyResult) -> None:
    found = kept.subgroups
    frame = found.to_frame()
    fewest = behind_subgroups(found, DisclosureRule(threshold=60))
    for _, part in frame.groupby("column"):
        hidden = part[fewest[part.index] < 60]
        if len(hidden):
            assert len(hidden) > 1 or len(part) == 1
            assert len(hidden) == len(part) or hidden[["n_treated", "n_comparison"]].sum().min() >= 60


# --- what would overturn it ---------------------------------------------------------------------------------------


def test_overturn_has_three_parts_each_only_if_asked_for(shown: StudyResult) -> None:
    headings = [heading.get_text() for heading in _soup(report.overturn(shown)).find_all("h3")]
    assert headings == [
        "Something that nobody recorded", "Outcomes that treatment cannot have changed",
        "The same question asked of other designs",
    ]  # fmt: skip
    without = replace(shown, negative_controls=None, specifications=None)
    assert [h.get_text() for h in _soup(report.overturn(without)).find_all("h3")] == headings[:1]
    assert report.overturn(replace(without, hidden_bias=None)).blocks == ()


def test_what_it_would_take_is_what_the_result_says(shown: StudyResult) -> None:
    section, found = report.overturn(shown), shown.hidden_bias
    readings = [row[1] for row in _rows(section, "What it would take")]
    assert readings == found.to_frame()["reading"].tolist()
    told = _words(section)
    assert "dip." not in told
    assert "this design has none" in told
    assert "Earlier convictions" in " ".join(picture["alt"] for picture in _soup(section).find_all("img"))


def test_bounds_among_pairs_are_told_with_one_decimal_of_personal_data(pairs: StudyResult) -> None:
    reading = next(row[1] for row in _rows(report.overturn(pairs), "What it would take") if "Rosenbaum" in row[0])
    assert behind_bounds(pairs.hidden_bias.bounds) >= 10
    assert re.search(r"A \d\.\d-fold difference", reading)
    assert all(len(row["estimate"]) <= 4 for row in _csv(pairs, "hidden bias") if "gamma" in row["measure"])
    exact = next(row[1] for row in _rows(report.overturn(replace(pairs, rule=OPEN)), "What it") if "Rosenb" in row[0])
    assert exact == pairs.hidden_bias.to_frame().set_index("method")["reading"]["rosenbaum_bounds"]


def test_few_pairs_that_differ_are_not_told(pairs: StudyResult) -> None:
    bounds = replace(pairs.hidden_bias.bounds, n_informative=15, gamma_estimate=2.0)
    result = replace(pairs, hidden_bias=replace(pairs.hidden_bias, bounds=bounds))
    assert next(row[1] for row in _rows(report.overturn(result), "What it would") if "Rosen" in row[0]) == "[c]"
    assert behind_bounds(replace(bounds, gamma_estimate=float("inf"))) == 0
    assert {row["estimate"] for row in _csv(result, "hidden bias") if "gamma" in row["measure"]} == {"[c]"}


def test_negative_controls_say_what_the_result_says_and_small_ones_nothing(shown: StudyResult) -> None:
    found = shown.negative_controls
    told = _words(report.overturn(shown))
    assert found.summary().headline in told
    row = _rows(report.overturn(shown), "What treatment cannot have changed")[0]
    assert row[:3] == ["Offended long ago", "Before the index date", "Difference in shares (percentage points)"]
    small = found.to_frame().assign(mean_treated=0.01)
    hidden = replace(shown, rule=DisclosureRule(), negative_controls=replace(found, _table=small))
    section = report.overturn(hidden)
    assert set(_rows(section, "What treatment cannot have changed")[0][3:]) == {"[c]"}
    assert found.summary().headline not in _words(section)
    assert "Offended long ago" not in " ".join(picture["alt"] for picture in _soup(section).find_all("img"))


def test_the_specification_curve_is_told_as_the_result_tells_it(shown: StudyResult) -> None:
    summary, told = shown.specifications.summary(), _words(report.overturn(shown))
    assert summary.headline in told
    for note in summary.notes:
        if not note.startswith(("The main specification", "Combinations")):
            assert note in told
    assert "without Earlier convictions" in told
    rows = _rows(report.overturn(shown), "Estimates by choice")
    assert [row[1] for row in rows] == summary.table["Specifications"].tolist()


def test_a_small_answer_has_nothing_beside_it(kept: StudyResult) -> None:
    few = replace(kept.effects[0], mean_treated=0.01, mean_comparison=0.01 - kept.effects[0].estimate)
    result = replace(kept, effects=(few, *kept.effects[1:]), subgroups=replace(kept.subgroups, overall=few))
    assert report.overturn(result).blocks == ()
    assert "too few people" in _words(report.subgroups(result))
    assert _soup(report.subgroups(result)).find("table") is None


# --- all of them --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("part", PARTS, ids=lambda part: part.__name__)
def test_of_personal_data_no_part_tells_an_exact_count_or_a_finer_share(kept: StudyResult, part: object) -> None:
    section = part(kept)  # type: ignore[operator]
    told = _everything(section)
    assert not re.findall(r"\d\.\d+ percentage points", told)
    for number in re.findall(r"(?<![\d.,])(\d[\d,]*) (?:treated |comparison )?(?:people|pairs)\b", told):
        assert int(number.replace(",", "")) % 5 == 0, number
    for n in (kept.design.n_treated, kept.design.n_comparison, len(kept.design.weights)):
        if n % 5:
            assert not re.search(rf"(?<![\d.,]){n}(?![\d.,%])", told)


def test_a_withheld_study_has_no_such_section_and_no_such_figure(tmp_path: Path) -> None:
    result = result_of(tmp_path, diagnostics={"max_smd": 1e-9, "min_treated": 5_000})
    assert result.withheld
    assert report.subgroups(result).blocks == ()
    assert report.overturn(result).blocks == ()
    beside = ("several outcomes", "subgroups", "hidden bias", "negative controls", "specifications")
    assert not any(_csv(result, section) for section in beside)


def test_the_long_table_holds_all_of_it_with_the_people_behind_it(shown: StudyResult) -> None:
    frame = shown.to_frame()
    found = shown.many_outcomes.to_frame()
    several = frame[(frame["section"] == "several outcomes") & (frame["measure"] == "p_value_holm")]
    assert several["estimate"].tolist() == found.loc[found["tested"], "p_value_holm"].tolist()
    assert len(frame[frame["section"] == "specifications"]) == shown.specifications.n_specifications
    assert frame.loc[frame["section"] == "negative controls", "estimate"].tolist() == [
        *shown.negative_controls.to_frame()["estimate"]
    ]
    beside = frame[frame["section"].isin(["several outcomes", "subgroups", "hidden bias", "negative controls"])]
    assert beside["n_smallest"].notna().all()


def test_every_paper_is_named_where_its_method_is_used(pairs: StudyResult, shown: StudyResult) -> None:
    told = _words(section_how.methods(pairs))
    for name in ("Holm (1979)", "Altman and Bland (2003)", "Rosenbaum (2002)", "Cinelli", "Lipsitch", "Simonsohn"):
        assert name in told
    assert "Rosenbaum (2002), Observational" not in _words(section_how.methods(shown))
    bare = replace(shown, many_outcomes=None, subgroups=None, hidden_bias=None, negative_controls=None,
                   specifications=None)  # fmt: skip
    assert [line for line in how_beside.beside(bare) if "errors" not in line.lower()] == []


def test_the_smallest_count_is_of_people_and_events_weighted_or_not(shown: StudyResult) -> None:
    assert smallest_behind("yes_no", sizes=(50, 90), means=(0.5, 0.9), events=(20, 86)) == 4
    assert smallest_behind("count", sizes=(50, 90), means=(0.1, 2.0), events=(8, 200)) == 5
    assert smallest_behind("count", sizes=(50, 90), events=(8, 200)) == 8
    assert smallest_behind("yes_no", sizes=(50, 90), means=(float("nan"), 0.5)) == 0
    effect = shown.effects[0]
    assert smallest_count(replace(effect, n_events_treated=2)) == 2


def test_the_yardsticks_are_the_covariates_named_in_the_study_file(shown: StudyResult) -> None:
    frame = shown.hidden_bias.robustness.to_frame()
    assert set(frame["term"][1:]) == set(OVERTURN["benchmarks"])
