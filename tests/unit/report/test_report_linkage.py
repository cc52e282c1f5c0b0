"""The report on the linkage and on what wrong links may do: all of it there, none of it telling of few people."""

from __future__ import annotations

import csv
import io
import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from bs4 import BeautifulSoup, Tag

import dipeval as dip
from dipeval import report
from dipeval.extracts import write_extracts
from dipeval.report import section_linkage, section_linkage_detail, section_links
from dipeval.report.section_linked_people import _never_one_alone
from dipeval.report.tidy import results_csv
from dipeval.study import StudyResult

pytestmark = pytest.mark.slow  # whole studies and their reports

STUDY = """
title = "A force's own data"
question = "Did it work?"
programme = "treatment"
override_reason = "the report is under test"

[data]
source = "extracts"
folder = "extracts"
status = "STATUS"
extract_date = 2016-03-31

[linkage]
profile = "PROFILE"

[linkage.error]
draws = 4
thresholds = [0.5, 0.99]

[[outcomes]]
name = "reoffended"
kind = "yes_no"
label = "Proven reoffence"
primary = true

[design]
method = "entropy"
covariates = ["age_at_index", "female", "log_prior_offences_5y"]

[diagnostics]
max_smd = 0.25
min_treated = 1

[disclosure]
profile = "RULE"
"""
IN_FRONT = ("linkage", "linkage-quality", "linked-people")
AT_THE_END = ("linkage-detail", "linkage-thresholds", "linked-people-detail", "linkage-statement")
PARTS = (*IN_FRONT, "linkage-error", *AT_THE_END)
COUNTS = {
    "Records",
    "People in the file",
    "With enough identifiers to be linked",
    "Joined to a person with a drug test",
    "Compared in this study",
    "Pairs of people compared",
    "Number of links",
    "Expected false links",
    "Expected missed links",
    "Treated",
}


def _run(folder: Path, people: int, *, status: str, rule: str, **changes: str) -> StudyResult:
    (folder / "extracts").mkdir()
    write_extracts(dip.simulate(people=people, seed=6), folder / "extracts")
    text = STUDY.replace("STATUS", status).replace("RULE", rule).replace("PROFILE", "attributor")
    for old, new in changes.items():
        text = re.sub(rf"^{old} = .*$", f"{old} = {new}" if new else "", text, flags=re.MULTILINE)
    (folder / "study.toml").write_text(text)
    return dip.Study.from_toml(folder / "study.toml").run()


@pytest.fixture(scope="module")
def shown(tmp_path_factory: pytest.TempPathFactory) -> StudyResult:
    return _run(tmp_path_factory.mktemp("shown"), 900, status="simulated", rule="none")


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory) -> StudyResult:
    return _run(tmp_path_factory.mktemp("kept"), 900, status="personal", rule="threshold10")


@pytest.fixture(scope="module")
def kept_page(kept: StudyResult, tmp_path_factory: pytest.TempPathFactory) -> BeautifulSoup:
    return _page(kept, tmp_path_factory.mktemp("page"))


def _page(result: StudyResult, folder: Path) -> BeautifulSoup:
    return BeautifulSoup(dip.write_report(result, folder / "r").read_text(encoding="utf-8"), "html.parser")


def _part(page: BeautifulSoup, anchor: str) -> Tag:
    return page.find(id=anchor).find_parent("section")


def _cells(part: Tag) -> list[tuple[str, str]]:
    found = []
    for table in part.find_all("table"):
        headings = [cell.get_text() for cell in table.select("thead th")]
        for row in table.select("tbody tr"):
            found += zip(headings, [cell.get_text() for cell in row.find_all(["th", "td"])], strict=True)
    return found


def test_everything_asked_for_is_in_the_report(shown: StudyResult, tmp_path: Path) -> None:
    page = _page(shown, tmp_path)
    for anchor in PARTS:
        assert _part(page, anchor).get_text().strip(), anchor
    alts = [image["alt"] for image in page.find_all("img")]
    for begins in ("Candidate links by how probable", "Bars that show how much", "Expected false and missed links"):
        assert any(alt.startswith(begins) for alt in alts), begins
    assert any(alt.startswith("The estimate with its interval on other links") for alt in alts)
    text = page.get_text()
    for words in ("Age at the first record", "Sex: female", "Ethnicity", "District:", "by decoys", "by duplicates"):
        assert words in text, words
    assert "It is not the registered answer" in text
    assert "Linked records: allowing for links that may be wrong or missed" in _part(page, "in-brief").get_text()
    assert "control group" not in text
    assert not [anchor for anchor in PARTS if re.search(r"no effect\b", _part(page, anchor).get_text())]


def test_parts_of_the_linkage_are_headings_but_no_places_of_their_own(shown: StudyResult, tmp_path: Path) -> None:
    page = _page(shown, tmp_path)
    places = [link["href"] for link in page.select("nav a")]
    assert "#linkage" in places
    assert "#linkage-error" in places
    assert "#linkage-detail" in places
    assert not {"#linkage-quality", "#linked-people", "#linkage-statement", "#linked-people-detail"} & set(places)
    assert page.find(id="linkage-quality").name == "h3"


def test_what_only_those_who_check_the_linkage_need_stands_behind_the_answer(
    shown: StudyResult, tmp_path: Path
) -> None:
    page = _page(shown, tmp_path)
    places = [part["aria-labelledby"] for part in page.find_all("section")]
    for anchor in IN_FRONT:
        assert places.index(anchor) < places.index("effect"), anchor
    for anchor in AT_THE_END:
        assert places.index(anchor) > places.index("provenance"), anchor
    assert "see ‘The linkage in detail’" in _part(page, "linkage").get_text()
    tables = sum(len(_part(page, anchor).find_all("table")) for anchor in IN_FRONT)
    assert tables <= 4
    assert sum(len(_part(page, anchor).find_all("img")) for anchor in IN_FRONT) == 1


def test_the_sensitivity_interval_cannot_be_taken_for_the_answer(shown: StudyResult, tmp_path: Path) -> None:
    page = _page(shown, tmp_path)
    first, *_ = _part(page, "linkage-error").find_all("p")
    assert "It is not the registered answer" in first.get_text()
    assert "which stays the answer" in _part(page, "in-brief").get_text()
    assert "degrees of freedom by Barnard and Rubin" in _part(page, "linkage-error").get_text()


def test_a_share_of_less_than_a_percent_is_not_nought(shown: StudyResult) -> None:
    item = shown.linkage_error[0]
    item = replace(item, pooled=replace(item.pooled, between=0.0))
    page = report.linkage_error(replace(shown, linkage_error=(item,))).to_html()
    assert "Less than 1% of the uncertainty" in page
    assert "About 0%" not in page


def test_a_mean_age_stays_where_few_have_no_age() -> None:
    rows = pd.DataFrame(
        {
            "characteristic": ["age", "age", "sex", "sex"],
            "what": ["Age", "Age: not recorded", "Sex: female", "Sex: male"],
            "linked": ["37.8", "[c]", "[c]", "90%"],
            "unlinked": ["38.5", "[c]", "12%", "88%"],
            "smallest": [90, 3, 9, 80],
            "mean": [True, False, False, False],
        }
    )
    out = _never_one_alone(rows)
    assert out["linked"].tolist() == ["37.8", "[c]", "[c]", "[c]"]
    assert out["unlinked"].tolist() == ["38.5", "[c]", "12%", "88%"]


def test_the_statement_does_not_list_every_set_of_identifiers(shown: StudyResult) -> None:
    text = report.linkage_statement(shown).to_html()
    assert "or another set of this kind" in text
    assert text.count(" or initials and") < 12


def test_a_model_learnt_before_is_not_said_to_be_learnt_from_these_files(shown: StudyResult) -> None:
    options = shown.spec.linkage.model_copy(update={"model": "link_model.json"})
    study = replace(shown.study_file, spec=shown.spec.model_copy(update={"linkage": options}))
    reused = replace(shown, study_file=study)
    for part in (report.linkage, report.linkage_detail, report.linkage_statement):
        assert "from the files" in part(shown).to_html()
        text = part(reused).to_html()
        assert "learnt before (linkage.model)" in text, part
        assert "from the files" not in text, part


def test_default_dates_in_coded_files_are_the_senders(shown: StudyResult) -> None:
    assert "No date of birth is shared by far too many people" in report.linkage(shown).to_html()
    coded = replace(shown, files=tuple(replace(item, key_fingerprint="0" * 16) for item in shown.files))
    text = report.linkage(coded).to_html()
    assert "No date of birth is shared" not in text
    assert "came as keyed codes (pseudonymised)" in text


def test_no_cell_of_the_statement_is_empty(shown: StudyResult, kept_page: BeautifulSoup, tmp_path: Path) -> None:
    for page in (_page(shown, tmp_path), kept_page):
        cells = _cells(_part(page, "linkage-statement"))
        assert len(cells) > 30
        assert all(text.strip() for _, text in cells)
        told = " ".join(text for _, text in cells)
        assert not re.search(r"custody_spells(?!\.csv|: custody)|propagate|compare_linked", told)


def test_every_count_about_the_links_is_rounded_or_withheld(kept_page: BeautifulSoup) -> None:
    checked = 0
    for anchor in PARTS:
        for heading, cell in _cells(_part(kept_page, anchor)):
            if heading in COUNTS and cell not in ("[c]", "[z]"):
                number = int(cell.replace(",", ""))
                assert number >= 10, f"{anchor}: {heading}"
                assert number % 5 == 0, f"{anchor}: {heading}"
                checked += 1
    assert checked > 30


def test_no_sentence_about_the_links_tells_of_few_people(kept_page: BeautifulSoup) -> None:
    """Every whole number in the prose and in the statement that is no year, threshold or number of draws."""
    allowed = {"1969", "2002", "2012", "2018", "4", "95", "40", "191", "0", "1", "80", "100", "10"}
    text = ""
    for anchor in PARTS:
        part = BeautifulSoup(str(_part(kept_page, anchor)), "html.parser")
        for item, statement in [
            row.find_all(["th", "td"]) for row in part.select("tr") if len(row.find_all("td")) == 1
        ]:
            if item.get_text() not in ("How to repeat it", "Source files", "Period covered"):
                text += f" {item.get_text()} {statement.get_text()}"
        for table in part.find_all("table"):
            table.decompose()
        text += part.get_text(" ")
        text += " ".join(image["alt"] for image in part.find_all("img"))
    text = re.sub(r"interval from \S+ to \S+", "", text)  # percentage points
    numbers = re.findall(r"(?<![\w.,−-])\d+(?:,\d{3})*(?![\w%]|[.,]\d)", text)
    assert len(numbers) > 20
    few = [n for n in numbers if n not in allowed and int(n.replace(",", "")) % 5]
    assert not few, few
    assert not re.search(r"\b\d\.\d%", text)


def test_pictures_of_the_links_hold_no_small_bar(kept: StudyResult, monkeypatch: pytest.MonkeyPatch) -> None:
    drawn: dict[str, Any] = {}

    def spied(module: Any, name: str) -> None:
        draw = getattr(module, name)
        monkeypatch.setattr(
            module, name, lambda frame, **rest: drawn.setdefault(name, frame) is None or draw(frame, **rest)
        )

    spied(section_linkage, "draw_match_probabilities")
    spied(section_linkage_detail, "draw_sweep")
    spied(section_links, "propagation_plot")
    report.linkage(kept)
    report.linkage_thresholds(kept)
    report.linkage_error(kept)
    bars = drawn["draw_match_probabilities"]["n_pairs"]
    assert (bars == 0).any(), "the simulated data no longer hold a small bar"
    assert all(n == 0 or (n >= 10 and n % 5 == 0) for n in bars)
    lines = drawn["draw_sweep"][["n_links", "expected_false", "expected_missed"]]
    assert lines.isna().any(axis=None)
    assert all(n >= 10 and n % 5 == 0 for n in lines.stack().dropna())
    shown = drawn["propagation_plot"]
    assert "draw" not in set(shown["step"])
    assert all(round(100 * value, 9) == round(100 * value) for value in shown["estimate"])


def test_shares_of_few_people_are_withheld_and_never_one_alone(kept_page: BeautifulSoup) -> None:
    rows: dict[str, list[list[str]]] = {}
    for table in _part(kept_page, "linked-people-detail").find_all("table"):
        if table.caption.get_text().startswith("Linked and unlinked people of"):
            for row in table.select("tbody tr"):
                cells = [cell.get_text() for cell in row.find_all(["th", "td"])]
                rows.setdefault(table.caption.get_text() + cells[0].partition(":")[0], []).append(cells)
    assert any(cells[1] == "[c]" for own in rows.values() for cells in own)
    for own in rows.values():
        for place in (1, 2):
            assert [cells[place] for cells in own].count("[c]") != 1 or len(own) == 1
            assert not [cells for cells in own if re.search(r"\d\.\d%", cells[place])]


def test_the_tidy_file_rounds_the_other_links_too(kept: StudyResult) -> None:
    rows = [row for row in csv.DictReader(io.StringIO(results_csv(kept))) if row["section"].startswith("linkage error")]
    assert len(rows) == 5
    for row in rows:
        if row["estimate"] != "[c]":
            assert float(row["estimate"]) == pytest.approx(round(float(row["estimate"]), 2), abs=1e-12)


def test_an_answer_on_few_people_is_hidden_on_every_kind_of_link(kept: StudyResult, tmp_path: Path) -> None:
    few = replace(kept.effects[0], mean_treated=0.02, mean_comparison=0.02 - kept.effects[0].estimate)
    page = _page(replace(kept, effects=(few, *kept.effects[1:])), tmp_path)
    part = _part(page, "linkage-error")
    assert "too few people" in part.get_text()
    assert part.find("table") is None
    assert part.find("img") is None
    assert "Linked records: allowing" not in page.get_text()


def test_a_withheld_study_shows_no_effect_on_any_links(tmp_path: Path) -> None:
    result = _run(tmp_path, 300, status="personal", rule="threshold10", override_reason="", min_treated="100000")
    assert result.withheld
    page = _page(result, tmp_path)
    assert page.find(id="linkage") is not None
    assert page.find(id="linkage-error") is None
    assert "other links" not in page.get_text()
    assert "Not worked out: no effect is shown" in _part(page, "linkage-statement").get_text()
    assert "linkage error" not in results_csv(result)


def test_exact_links_say_that_nothing_can_be_drawn(tmp_path: Path) -> None:
    text = _page(_exact(tmp_path), tmp_path).get_text()
    assert "joined by exact agreement" in text
    assert "without a model" in text


def _exact(folder: Path) -> StudyResult:
    (folder / "extracts").mkdir()
    write_extracts(dip.simulate(people=300, seed=6), folder / "extracts")
    text = STUDY.replace("STATUS", "simulated").replace('"RULE"', '"none"').replace("PROFILE", "deterministic")
    text = re.sub(r"\[linkage.error\]\n.*\n.*\n", "", text)
    (folder / "study.toml").write_text(text)
    return dip.Study.from_toml(folder / "study.toml").run()


def test_what_could_not_be_repeated_is_said(shown: StudyResult) -> None:
    failed = replace(shown, linkage_error=(), linkage_error_failed=("treatment",))
    assert "could not be repeated on other links" in report.linkage_error(failed).to_html()


def test_what_would_change_the_answer_is_said_in_plain_words(shown: StudyResult, kept: StudyResult) -> None:
    from dipeval.effects import TippingPoint

    def said(result: StudyResult, **values: Any) -> str:
        given = {"kind": "missed_links", "who": "comparison people with the outcome", "n_among": 402, "n_expected": 3.2}
        point = TippingPoint(**given | values)
        item = replace(result.linkage_error[0], tipping=(point,), looked_for_tipping=True)
        return report.linkage_error(replace(result, linkage_error=(item,))).to_html()

    assert "If about 126 of the 402 comparison people with the outcome had been treated" in said(shown, n_people=126)
    assert "Even if all of the 402" in said(shown, n_people=None, n_tried=402)
    assert "If up to 300 of the 402" in said(shown, n_people=None, n_tried=300)
    assert "their link was false" in said(shown, n_people=9, kind="false_links")
    few = said(kept, n_people=4)
    assert "If about fewer than 10" not in few
    assert "If fewer than 10 of the 400" in few
    assert "expects fewer than 10 people" in few


def test_runs_that_could_not_be_made_are_said(shown: StudyResult) -> None:
    item = replace(shown.linkage_error[0], failed_draws=1, unanswered=(0.99,))
    page = report.linkage_error(replace(shown, linkage_error=(item,))).to_html()
    assert "In 1 of 5 draws the comparison could not be made" in page
    assert "With links from probability 0.99 the comparison could not be made" in page


def test_a_table_of_people_has_no_section_on_links() -> None:
    from importlib.resources import files

    result = dip.Study.from_toml(files("dipeval.examples") / "rossi.toml").run()  # type: ignore[arg-type]
    for part in (report.linkage, report.linkage_quality, report.linked_people, report.linkage_statement):
        assert part(result).anchor == ""
    for part in (report.linkage_detail, report.linkage_thresholds, report.linked_people_detail):
        assert part(result).anchor == ""
    assert report.linkage_error(result).anchor == ""
