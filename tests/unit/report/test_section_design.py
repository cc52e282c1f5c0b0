"""The design stage in the report: what was done, how alike the groups are, who was left out, and nothing too small."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path
from typing import Any, get_args

import pandas as pd
import pytest
from bs4 import BeautifulSoup

import dipeval as dip
from dipeval import report
from dipeval.matching.overlap import overlap
from dipeval.report import design_words, section_how, section_left_out, section_overlap, section_power
from dipeval.report.blocks import Section
from dipeval.study import StudyResult
from dipeval.study.spec_design import DesignMethod
from tests.unit.study.people_study import COVARIATES, people, study

PARTS = (report.design, report.balance, report.overlap, report.left_out, report.designs, report.power)
PROTECTED = {"profile": "threshold10"}
REASON = "the words of the report are under test"
METHODS: dict[str, dict[str, Any]] = {
    "nearest": {"ratio": 2, "trim": "crump", "covariate_calipers": {"age": 8}, "exact": ["female"]},
    "optimal": {"mahalanobis": ["age", "priors"]},
    "radius": {"caliper": 0.05, "caliper_unit": "raw", "scale": "probability"},
    "full": {"formula": "age + priors * female"},
    "subclass": {"subclasses": 4},
    "cem": {"cutpoints": {"age": [25, 40], "priors": 3}},
    "entropy": {"moments": 2},
    "ipw": {"learner": "ridge", "truncate": 0.99, "sample_weights": "survey"},
    "none": {},
}
SAID = {
    "nearest": ["up to 2 untreated people", "(Crump and others 2009)", "Age may differ by 8 at most", "same Female"],
    "optimal": [
        "Age and Priors taken together (Mahalanobis distance)",
        "0.2 standard deviations of the score's log",
    ],
    "radius": ["The distance is 0.05 on the score itself.", "Each person's weight was checked again"],
    "full": ["with the terms age + priors * female", "Each set was checked again"],
    "subclass": ["There are 4 classes"],
    "cem": ["Age: cut at 25, 40", "Priors: 3 bands"],
    "entropy": ["(entropy balancing)", "variances"],
    "ipw": ["L2 penalty (C = 1)", "Weights above the 99% quantile", "(Survey)"],
    "none": ["no adjustment"],
}
BESIDE = [
    {"name": "pairs", "label": "Pairs", "method": "nearest"},
    {"name": "weights", "label": "Overlap weights", "method": "overlap"},
]
# Words after a whole number that make it a count of people, or an effective number of them.
COUNTED = re.compile(r"(?<![\d.,])(\d[\d,]*)(?= (?:of \d+ )?(?:treated|comparison|people|of the|who would))")
COUNT_COLUMNS = {"Treated", "Comparison", "Worth"}


def _run(folder: Path, **changes: Any) -> StudyResult:
    return study(folder, **{"override_reason": REASON, **changes}).run()


@pytest.fixture(scope="module")
def results(tmp_path_factory: pytest.TempPathFactory) -> dict[str, StudyResult]:
    made = {}
    for method, options in METHODS.items():
        place = tmp_path_factory.mktemp(method)
        made[method] = _run(
            place, design={"method": method, **options}, sensitivity=BESIDE, disclosure=PROTECTED
        )  # fmt: skip
    return made


def _soup(section: Section) -> BeautifulSoup:
    return BeautifulSoup(section.to_html(), "html.parser")


def _words(section: Section) -> str:
    return _soup(section).get_text(" ")


def _tables(section: Section) -> list[tuple[list[str], list[list[str]]]]:
    return [
        (
            [cell.get_text() for cell in table.select("thead th")],
            [[cell.get_text() for cell in row.find_all(["th", "td"])] for row in table.select("tbody tr")],
        )
        for table in _soup(section).find_all("table")
    ]


@pytest.mark.parametrize("method", METHODS)
def test_every_method_is_told_in_plain_words_with_its_options(results: dict[str, StudyResult], method: str) -> None:
    told = _words(report.design(results[method]))
    for phrase in SAID[method]:
        assert phrase in told
    assert "The design in figures" in told


def test_every_method_of_a_study_file_has_its_words_and_its_paper() -> None:
    methods = set(get_args(DesignMethod))
    assert methods == set(design_words.METHODS)
    assert methods == set(section_how._DESIGNS)


@pytest.mark.parametrize("method", METHODS)
def test_no_part_on_any_design_shows_a_small_or_exact_count(results: dict[str, StudyResult], method: str) -> None:
    checked = 0
    for part in PARTS:
        section = part(results[method])
        for paragraph in _soup(section).find_all("p"):
            for number in COUNTED.findall(paragraph.get_text()):
                if number not in ("1", "2", "80", "100"):  # pairs of one to two; 80 of 100 studies
                    assert int(number.replace(",", "")) % 5 == 0, paragraph.get_text()
                    checked += 1
        for heads, rows in _tables(section):
            for row in rows:
                for head, cell in zip(heads, row, strict=True):
                    if head in COUNT_COLUMNS and cell != "[c]" and "Comparison after" not in heads:
                        assert int(cell.replace(",", "")) % 5 == 0, (head, cell)
                        checked += 1
    assert checked >= 8


def test_squares_and_products_are_told_of_in_a_sentence_and_spreads_folded_away(
    results: dict[str, StudyResult],
) -> None:
    section = report.balance(results["nearest"])
    assert re.search(r"Of \d+ squares and products \d+ differs? by more than 10% \(largest: [A-Z]", _words(section))
    folded = _soup(section).find("details")
    assert folded.summary.get_text() == "Spreads and distributions"
    assert [th.get_text() for th in folded.select("thead th")][1:3] == ["Variance ratio before", "Variance ratio after"]


def test_the_verdict_on_balance_speaks_in_the_study_s_own_labels(tmp_path: Path) -> None:
    result = _run(tmp_path, people={"labels": {"priors": "Earlier convictions"}}, design={"method": "none"})
    told = _words(report.balance(result))
    assert "Earlier convictions" in told
    assert "Priors" not in told
    assert design_words.of_terms(result, "priors × female") == "Earlier convictions × Female"
    assert design_words.of_terms(result, "priors²") == "Earlier convictions squared"


def test_a_difference_that_only_a_loose_limit_allows_is_not_called_alike(tmp_path: Path) -> None:
    result = _run(tmp_path, design={"method": "optimal"})
    largest = result.design.balance().max_smd
    assert 0.1 < largest <= 0.25, "the invented people no longer hold the case this test is about"
    told = _words(report.balance(result))
    assert "No difference is larger than the study file allows" in told
    assert "The groups are alike on everything" not in told


def test_weights_say_how_many_people_the_group_is_worth(results: dict[str, StudyResult]) -> None:
    told = _words(report.balance(results["entropy"]))
    worth = re.search(r"together are worth ([\d,]+) who would", told)
    assert worth is not None
    assert abs(int(worth[1]) - results["entropy"].design.ess) <= 2.5


def test_a_yes_no_covariate_of_few_people_shows_neither_averages_nor_gaps(tmp_path: Path) -> None:
    frame = people()
    frame["rare"] = 0
    frame.loc[frame.index[frame["helped"] == 1][:4], "rare"] = 1
    frame.loc[frame.index[frame["helped"] == 0][:20], "rare"] = 1
    result = study(
        tmp_path, frame, disclosure=PROTECTED, override_reason=REASON,
        design={"method": "entropy", "covariates": [*COVARIATES, "rare"]},
    ).run()  # fmt: skip
    section = report.balance(result)
    averages, spreads = _tables(section)
    row = next(row for row in averages[1] if row[0] == "Rare")
    assert set(row[1:]) == {"[c]"}
    assert "Rare" not in _words(section).partition("By the usual bands")[2].partition("Compared are")[0]
    # The gap of a yes/no covariate is the difference in shares: with the SMD it would give the share itself.
    row = next(row for row in spreads[1] if row[0] == "Rare")
    assert set(row[1:]) == {"[c]"}


def test_the_overlap_is_drawn_on_the_preference_score_and_told_in_figures(tmp_path: Path) -> None:
    result = _run(tmp_path)
    found, told = overlap(result.design), _words(report.overlap(result))
    assert f"{100 * found.equipoise:.1f}% of all people could have gone either way" in told
    assert f"{found.n_treated_outside} of the treated and {found.n_comparison_outside} of the comparison" in told
    assert "Preference scores of the treated" in _soup(report.overlap(result)).find("img")["alt"]


def test_the_protected_overlap_is_drawn_from_rounded_tenths(results: dict[str, StudyResult]) -> None:
    result = results["entropy"]
    found = overlap(result.design)
    bands = section_overlap.protected_bands(found, result)
    assert len(bands) == 10
    exact = found.to_frame()["n_treated"].to_numpy().reshape(10, 2).sum(axis=1)
    for shown, true in zip(bands["n_treated"], exact, strict=True):
        assert shown == 0 if true < 10 else abs(shown - true) <= 2 and shown % 5 == 0
    told = _words(report.overlap(result))
    assert "propensity scores from" not in told, "the ends of the range are scores of single people"


def test_a_design_without_a_score_has_no_overlap_to_show(tmp_path: Path) -> None:
    result = _run(tmp_path)
    bare = replace(result.design, propensity=None, _used_score=None)
    assert report.overlap(replace(result, design=bare)).anchor == ""


def _dropping(folder: Path, **changes: Any) -> StudyResult:
    """Invented people of whom many treated ones have nobody like them."""
    frame = people(600)
    frame.loc[frame.index[frame["helped"] == 1][:40], "priors"] += 30
    return study(folder, frame, **{"override_reason": REASON, "design": {"method": "nearest"}, **changes}).run()


def test_people_left_out_are_described_beside_those_kept(tmp_path: Path) -> None:
    result = _dropping(tmp_path)
    found = result.design.dropped()
    told = _words(report.left_out(result))
    assert f"{found.n_dropped} of {found.n_kept + found.n_dropped} treated people" in told
    assert "Priors much higher" in told
    assert "The answer is about the treated people kept" in told
    heads, rows = _tables(report.left_out(result))[0]
    assert heads == ["Covariate", "All treated", "Kept", "Left out", "Left out less kept (SD)", "Kept less all (SD)"]
    assert len(rows) == 3
    assert "Treated, those kept" in _words(report.balance(result))


def test_kept_and_left_out_cannot_be_had_by_subtraction(tmp_path: Path) -> None:
    result = _dropping(tmp_path, disclosure=PROTECTED)
    found = result.design.dropped()
    assert found.n_dropped >= 10, "the invented people no longer hold the case this test is about"
    heads, rows = _tables(report.left_out(result))[0]
    # Averages of all, kept and left out would give the numbers of people: all less kept over left out less kept.
    assert heads == ["Covariate", "Left out less kept (SD)", "Kept less all (SD)"]
    assert all(re.fullmatch(r"−?\d+\.\d|\[c\]", cell) for row in rows for cell in row[1:])
    page = BeautifulSoup(dip.write_report(result, tmp_path / "r").read_text(encoding="utf-8"), "html.parser")
    assert "Treated, those kept" not in page.get_text()
    total = found.n_kept + found.n_dropped
    for exact in (found.n_kept, found.n_dropped, total):
        if exact % 5:
            assert not re.search(rf"(?<![\d.,]){exact} (?:of|treated|people)", page.get_text())


def test_a_row_that_tells_of_few_people_left_out_is_counted_and_not_listed(tmp_path: Path) -> None:
    result = _dropping(tmp_path, disclosure=PROTECTED)
    dropped = result.design.dropped()
    row = {"binary": True, "mean_kept": 0.4, "mean_dropped": 3 / dropped.n_dropped}
    assert section_left_out._fewest(row, dropped) == 3
    rows = {name: cells for name, *cells in _tables(report.left_out(result))[0][1]}
    female = dropped.to_frame().set_index("term").loc["female", "mean_dropped"] * dropped.n_dropped
    assert ("Female" not in rows) == (min(female, dropped.n_dropped - female) < 10)
    told = _words(report.left_out(result))
    assert (f"{3 - len(rows)} of the rows" in told) == (len(rows) < 3)


def test_few_left_out_are_told_of_like_nobody(results: dict[str, StudyResult]) -> None:
    for method in ("optimal", "radius", "full", "subclass", "cem"):
        dropped = results[method].design.dropped().n_dropped
        assert dropped < 10, "the invented people no longer hold the case this test is about"
        section = report.left_out(results[method])
        assert "Fewer than 10 treated people, or none, were left out" in _words(section)
        assert not _tables(section)


def test_weights_leave_nobody_out(results: dict[str, StudyResult]) -> None:
    assert "leaves nobody out" in _words(report.left_out(results["entropy"]))


def test_ties_are_told_as_a_share_and_never_as_a_few(results: dict[str, StudyResult]) -> None:
    result = results["nearest"]
    assert design_words.ties(result, 30, 100).startswith("30% of the choices were between people equally near")
    assert design_words.ties(result, 3, 100).startswith("Fewer than 10 of the choices, or none,")
    assert design_words.ties(result, 97, 100).startswith("All of the choices, or all but fewer than 10,")
    assert "hash" in design_words.ties(result, 0, 100)
    assert "ties" not in design_words.how(results["entropy"])


def test_the_designs_stand_side_by_side_before_any_outcome(results: dict[str, StudyResult]) -> None:
    section = report.designs(results["entropy"])
    heads, rows = _tables(section)[0]
    assert [row[0] for row in rows][:2] == ["Primary design", "Pairs"]
    assert "effect on people who might as well have been treated as not" in rows[2][0]
    assert heads[-1] == "Passed"


def test_one_design_alone_has_no_table_of_designs(tmp_path: Path) -> None:
    assert report.designs(_run(tmp_path)).anchor == ""


def test_the_smallest_effect_is_told_as_a_difference_a_fall_and_a_ratio(tmp_path: Path) -> None:
    result = _run(tmp_path, diagnostics={"expected_share": 0.4})
    least = result.design.minimum_detectable_difference(0.4)
    told = _words(report.power(result))
    assert f"a true difference of {100 * least:.1f} percentage points" in told
    assert (
        f"from 40% to {100 * (0.4 - least):.0f}% (a ratio of {result.design.minimum_detectable_ratio(0.4):.2f})" in told
    )


def test_where_a_time_is_primary_a_hazard_ratio_is_told(tmp_path: Path) -> None:
    result = _run(tmp_path)
    ratio = result.design.minimum_detectable_hazard_ratio(0.5)
    assert f"a true hazard ratio of {ratio:.2f} (or further below 1)" in section_power._told(result, "time", 1)
    assert f"a true hazard ratio of {ratio:.1f} (or" in section_power._told(result, "time", 0)
    assert "how much the number varies" in section_power._told(result, "count", 1)


def test_a_study_too_small_to_find_anything_says_so(tmp_path: Path) -> None:
    result = _run(tmp_path, diagnostics={"expected_share": 0.02})
    assert "Not even an end to the outcome" in _words(report.power(result))


def test_a_withheld_study_shows_its_design_and_no_outcome(tmp_path: Path) -> None:
    result = study(
        tmp_path, design={"method": "none"}, diagnostics={"max_smd": 0.01}, sensitivity=BESIDE, disclosure=PROTECTED
    ).run()
    assert result.withheld
    page = BeautifulSoup(dip.write_report(result, tmp_path / "r").read_text(encoding="utf-8"), "html.parser")
    text = page.get_text(" ")
    for anchor in ("design", "balance", "overlap", "left-out", "designs", "power"):
        assert page.find(id=anchor) is not None
    assert "NOT PASSED" in text
    assert "the outcome was not attached" in text
    assert "95% interval" not in text


def test_a_withheld_report_says_on_its_first_page_where_the_groups_differ(tmp_path: Path) -> None:
    strict = {"design": {"method": "none"}, "diagnostics": {"max_smd": 0.01}}
    first = _words(report.brief(study(tmp_path, **strict, disclosure=PROTECTED).run()))
    assert "differed too much in what was recorded beforehand: Age; Female; Priors" in first
    few = pd.concat([people().query("helped == 1").head(8), people().query("helped == 0").head(80)])
    assert "differed too much" not in _words(report.brief(study(tmp_path, few, **strict, disclosure=PROTECTED).run()))


def test_equal_averages_are_called_equal_and_no_largest_is_named(results: dict[str, StudyResult]) -> None:
    told = _words(report.balance(results["entropy"]))
    assert "to be made comparable: their averages are equal." in told
    assert "0.000 standard deviations" not in told


def test_a_label_is_of_its_own_column_and_levels_without_one_read_as_levels(tmp_path: Path) -> None:
    frame = people()
    frame["ageing"] = frame["priors"] % 3
    result = study(tmp_path, frame, design={"covariates": ["age", "priors", "ageing", "district"]},
                   people={"labels": {"age": "Age at start"}, "categories": ["district"]},
                   override_reason=REASON).run()  # fmt: skip
    shown = [row[0] for row in _tables(report.balance(result))[0][1]]
    assert shown == ["Age at start", "Priors", "Ageing", "District: Bradford", "District: Leeds", "District: Wakefield"]


def test_too_few_people_are_described_by_nothing(tmp_path: Path) -> None:
    frame = pd.concat([people().query("helped == 1").head(8), people().query("helped == 0").head(80)])
    result = study(tmp_path, frame, design={"method": "none"}, disclosure=PROTECTED, override_reason=REASON,
                   diagnostics={"min_treated": 1, "min_ess": 1.0}).run()  # fmt: skip
    assert "too few people" in _words(report.balance(result))
    assert not report.overlap(result).anchor
    assert not report.power(result).anchor
    assert "(entropy" not in _words(report.design(result))


def test_what_is_assumed_of_gaps_is_printed(tmp_path: Path) -> None:
    frame = people()
    frame.loc[:30, "age"] = None
    result = study(tmp_path, frame, design={"missing": "indicator"}).run()
    assert result.assumptions
    assert result.assumptions[0] in _words(report.design(result))
