"""Who was in it and what counted: the picture, the cut-back, the dictionary, what was left out, all of it released."""

from __future__ import annotations

import datetime as dt
import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from bs4 import BeautifulSoup

import dipeval as dip
from dipeval import report
from dipeval.linkage import true_linkage
from dipeval.report import flow_words
from dipeval.report.blocks import Section
from dipeval.study import Study, StudyResult
from dipeval.study import study as order_of_work
from dipeval.study.load import from_linkage
from dipeval.study.reading import StudyFile, parse_study

pytestmark = pytest.mark.slow  # whole studies

DESIGN = {"method": "entropy", "covariates": ["log_prior_offences_5y", "tested_opiates", "age_at_index"]}
TREE: dict[str, Any] = {
    "title": "A force's own data",
    "question": "Did it help?",
    "programme": "treatment",
    "data": {"source": "simulate"},
    "linkage": {"error": {"draws": 0}},
    "people": {"treated_label": "Started treatment", "comparison_label": "Had not"},
    "outcomes": [
        {"name": "reoffended", "kind": "yes_no", "label": "Reoffended", "primary": True},
        {"name": "n_reoffences", "kind": "count", "label": "Reoffences"},
        {"name": "time", "kind": "time", "label": "Time to reoffence"},
    ],
    "design": DESIGN,
    "diagnostics": {"min_ess": 5.0, "min_treated": 10},
}
TIME = [{"name": "time", "kind": "time", "label": "Time to reoffence", "primary": True}]
STUDIES: dict[str, dict[str, Any]] = {
    "protected": {"cohort": {"index_from": dt.date(2012, 1, 1)}},
    "open": {"disclosure": {"profile": "none"}},
    "varying": {
        "cohort": {"immortal_time": "time_varying", "landmark_days": 0, "grace_days": 180},
        "outcomes": TIME,
        "design": DESIGN | {"method": "none"},
    },
    "ever": {"cohort": {"immortal_time": "ever_treated", "landmark_days": 0, "accept_immortal_time": True}},
    "completed": {"cohort": {"completed_only": True, "non_causal": True}},
    "quarter": {"cohort": {"index_choice": "per_quarter"}},
}
COUNTS = {"People", "People left", "Left out here", "Offences", "Started treatment", "Had not", "Index events",
          "Index events left", "First reoffences", "At risk then", "Reoffended"}  # fmt: skip


def _run(name: str, extracts: dip.Extracts) -> StudyResult:
    spec = parse_study(TREE | STUDIES[name])
    with pytest.MonkeyPatch.context() as patch:
        made = from_linkage(spec, extracts, true_linkage(extracts))
        patch.setattr(order_of_work, "prepare", lambda spec, folder: made)
        return Study(file=StudyFile(path=Path("study.toml"), text="", sha256="0" * 64, spec=spec)).run()


@pytest.fixture(scope="module")
def results() -> dict[str, StudyResult]:
    extracts = dip.simulate(people=900, seed=3)
    return {name: _run(name, extracts) for name in STUDIES}


def _soup(section: Section) -> BeautifulSoup:
    return BeautifulSoup(section.to_html(), "html.parser")


def _words(section: Section) -> str:
    return _soup(section).get_text(" ")


def _rows(section: Section, caption: str) -> list[list[str]]:
    table = next(t for t in _soup(section).find_all("table") if caption in t.caption.get_text())
    return [[cell.get_text() for cell in row.find_all(["th", "td"])] for row in table.select("tbody tr")]


def test_the_picture_says_who_was_left_out_and_why_and_ends_in_two_groups(results: dict[str, StudyResult]) -> None:
    result = results["open"]
    told = _soup(report.cohort(result)).find("img")["alt"]
    assert "never tested positive for opiates or cocaine" in told
    assert "in custody at time zero" in told
    treated = int(result.design.treated.astype(bool).sum())
    assert f"Two groups: Started treatment: {treated:,}" in told
    assert f"Had not: {len(result.design.treated) - treated:,}" in told


def test_what_the_picture_counts_adds_up(results: dict[str, StudyResult]) -> None:
    result = results["open"]
    steps, arms = flow_words.steps_frame(result), flow_words.arms_frame(result)
    numbers = {name: [int(text.replace(",", "") or 0) for text in steps[name]] for name in ("n", "excluded")}
    assert numbers["n"][0] - sum(numbers["excluded"]) == numbers["n"][-1]
    assert sum(int(text.replace(",", "")) for text in arms["n"]) == numbers["n"][-1]


def test_every_step_of_every_cohort_has_its_reason(results: dict[str, StudyResult]) -> None:
    for result in results.values():
        assert not [reason for reason in flow_words.steps_frame(result)["reason"].iloc[1:] if "not so:" in reason]


@pytest.mark.parametrize("name", ["protected", "varying", "ever", "completed", "quarter"])
def test_every_count_is_rounded_or_withheld(results: dict[str, StudyResult], name: str) -> None:
    result, checked = results[name], 0
    threshold = result.rule.threshold
    for section in (report.cohort(result), report.reoffending(result), report.effect(result)):
        for table in _soup(section).find_all("table"):
            headings = [cell.get_text() for cell in table.select("thead th")]
            for row in table.select("tbody tr"):
                cells = [cell.get_text() for cell in row.find_all(["th", "td"])]
                for heading, cell in zip(headings, cells, strict=True):
                    if heading in COUNTS and cell not in ("[c]", "[z]", ""):
                        number = float(cell.replace(",", ""))
                        assert number >= threshold - 3, (heading, cell)
                        assert number % 5 == 0, (heading, cell)
                        checked += 1
    assert checked > 8
    for picture in _soup(report.cohort(result)).find_all("img"):
        for number in re.findall(r"(?<![\w,])(\d[\d,]*)(?= [a-z(]| left out)", picture["alt"]):
            if number not in ("18", "28", "42", "547", "365"):
                assert int(number.replace(",", "")) % 5 == 0


def test_every_covariate_is_in_the_dictionary_with_its_time_folded_away(results: dict[str, StudyResult]) -> None:
    section = report.cohort(results["protected"])
    rows = _rows(section, "What could be known")
    known = results["protected"].cohort.measured_at
    assert [row[1] for row in rows] == [name for name, when in known.items() if when in ("before_index", "at_index")]
    assert {row[1] for row in rows if row[4] == "yes"} == set(DESIGN["covariates"])
    by = {row[1]: row[2] for row in rows}
    assert by["prior_offences_12m"] == "1 to 365 days before the cut-off"
    assert by["offences_quarter_2"] == "92 to 182 days before the cut-off"
    assert by["copas_rate"] == "at any time before the cut-off"
    folded = _soup(section).find_all("details")
    assert [part.summary.get_text() for part in folded] == [
        "The programme's calendar and its sources",
        "Every covariate, and when it was measured",
    ]


def test_the_cut_back_is_said_with_its_dates(results: dict[str, StudyResult]) -> None:
    cohort = results["protected"].cohort
    told = _words(report.cohort(results["protected"]))
    if cohort.cut_back is None:
        assert "was cut back" not in told
    else:
        assert "The cohort was cut back." in told
        assert str(cohort.cut_back.last_index_day.year) in told


def test_what_counted_is_defined_and_what_did_not_is_counted(results: dict[str, StudyResult]) -> None:
    result = results["open"]
    section = report.reoffending(result)
    assert result.follow_up.in_words() in _words(section)
    excluded = result.outcomes_measured.excluded
    assert _rows(section, "did not count") == [
        [label, f"{n:,}"] for label, n in zip(excluded["label"], excluded["n"], strict=True)
    ]
    assert "pseudo-reconviction" in _words(section)


def test_time_at_risk_stands_beside_calendar_time(results: dict[str, StudyResult]) -> None:
    rows = _rows(report.reoffending(results["open"]), "Calendar time")
    assert [row[0] for row in rows] == ["Started treatment", "Had not"]
    for row in rows:
        followed, held, at_risk = (float(cell) for cell in row[2:5])
        assert followed - held == pytest.approx(at_risk, abs=0.11)
        assert float(row[6]) >= float(row[5])


def test_the_design_of_time_zero_is_said_plainly(results: dict[str, StudyResult]) -> None:
    assert "treatment counts from the day it started" in _words(report.cohort(results["varying"]))
    assert "followed from day 42" in _words(report.cohort(results["open"]))
    assert "errors clustered by person" in _words(report.cohort(results["quarter"]))


def test_the_naive_label_is_boxed_with_its_days_wherever_the_answer_stands(results: dict[str, StudyResult]) -> None:
    for section in (report.brief, report.cohort, report.effect):
        boxes = " ".join(box.get_text() for box in _soup(section(results["ever"])).select(".warning"))
        assert "naive label" in boxes
        assert re.search(r"about [\d,]+ in all, \d+ for each treated person", boxes)


def test_a_comparison_by_completion_is_never_called_causal(results: dict[str, StudyResult]) -> None:
    result = results["completed"]
    first = _soup(report.brief(result)).select_one(".warning").get_text()
    assert first.startswith("Not a causal comparison.")
    assert _soup(report.effect(result)).select_one(".warning").get_text().startswith("Not a causal comparison.")


def test_a_hazard_ratio_is_an_answer(results: dict[str, StudyResult]) -> None:
    result = results["varying"]
    assert "hazard ratio" in _words(report.brief(result))
    told = _words(report.effect(result))
    assert "After treatment had started" in told
    assert "how many fewer" in _words(report.brief(result))
    assert "Held alike in the model" in _words(report.design(result))
    assert report.time(result).anchor == ""
    assert report.sensitivity(result).anchor == ""


def test_observed_and_expected_stand_side_by_side_where_there_are_risk_scores(results: dict[str, StudyResult]) -> None:
    assert "Observed over expected" not in _words(report.reoffending(results["open"]))
    result, people = results["open"], results["open"].cohort.people
    found = result.outcomes_measured.observed_expected(pd.Series(0.5, index=people.index), by=people["treated"])
    section = report.reoffending(replace(result, observed_expected=found))
    rows = _rows(section, "Observed and expected")
    assert {row[0] for row in rows} >= {"Started treatment", "Had not"}
    for row in rows:
        assert float(row[3]) == pytest.approx(float(row[1].replace(",", "")) / 2)
    protected = replace(result, observed_expected=found, rule=results["protected"].rule)
    for row in _rows(report.reoffending(protected), "Observed and expected"):
        assert row[2] == "[c]" or int(row[2].replace(",", "")) % 5 == 0


def test_a_table_of_people_defines_its_own_outcome() -> None:
    from importlib.resources import files

    result = Study.from_toml(Path(str(files("dipeval.examples") / "rossi.toml"))).run()
    assert report.reoffending(result).anchor == ""
    assert "Two groups: Given financial aid: 216" in _soup(report.cohort(result)).find("img")["alt"]


@pytest.mark.parametrize("name", STUDIES)
def test_the_design_is_told_for_every_cohort_in_the_unit_that_is_counted(
    results: dict[str, StudyResult], name: str
) -> None:
    result = results[name]
    sections = [getattr(report, part)(result) for part in ("design", "balance", "overlap", "left_out", "power")]
    told = " ".join(_words(section) for section in sections)
    assert ("index events" in told) == (name == "quarter")
    if name == "varying":
        assert "nobody is matched or weighted" in told
        assert "is not worked out here" in told
    else:
        assert "would be found in 80 of 100 such studies" in told
