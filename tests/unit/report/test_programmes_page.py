"""Several studies on one page: what is refused, what is shown under which rule, and the command that makes it."""

from __future__ import annotations

import csv
import subprocess
import sys
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pandas as pd
import pytest
from bs4 import BeautifulSoup

from dipeval import cli
from dipeval.disclosure import DisclosureRule
from dipeval.errors import InputError
from dipeval.report import programmes_page as page
from dipeval.report import programmes_write as write
from dipeval.report import section_money_words as money_words
from dipeval.roi import ReturnOnInvestment
from tests.unit.roi.test_return_steps import effect_of, line, roi_of

OPEN = DisclosureRule(profile="none", data_status="simulated")
KEPT = DisclosureRule()
STRICT = DisclosureRule(threshold=20, rounding=10)
STUDY = """
title = "{title}"
question = "Did it help?"
programme = "treatment"
seed = {seed}

[data]
source = "simulate"

[simulate]
people = 1500
seed = {seed}

[[outcomes]]
name = "n_reoffences"
kind = "count"
label = "Reoffences"
primary = true

[design]
method = "entropy"
covariates = ["log_prior_offences_5y", "tested_opiates", "age_at_index"]

[diagnostics]
min_ess = 5.0

[costs]
spent_on = ["treatment"]
draws = 2000
"""


@dataclass(frozen=True)
class Finished:
    """What the page reads of a finished study."""

    spec: Any
    roi: ReturnOnInvestment | None
    rule: DisclosureRule = OPEN
    withheld: bool = False
    hidden: bool = False
    files: tuple[Any, ...] = ()
    study_file: Any = field(default_factory=lambda: SimpleNamespace(path=Path("one.toml"), sha256="ab" * 32))
    hazard: Any = None
    design: Any = field(
        default_factory=lambda: SimpleNamespace(
            n_treated=203, n_treated_dropped=0, leaves_out=False, kind="matching", estimand="ATT"
        )
    )
    cohort: Any = None


def spec_of(title: str, *, costs: Any = ..., days: int = 365, first_line: str = "", **keys: Any) -> Any:
    plain = {"perspective": "social", "discount_rate": 0.035, "include_anticipation": False, "price_year": 2019}
    spent = SimpleNamespace(**{**plain, **keys}) if costs is ... else costs
    return SimpleNamespace(
        title=title, costs=spent, follow_up=SimpleNamespace(days=days), seed=1, first_line=first_line,
        primary=SimpleNamespace(kind="count"),
    )  # fmt: skip


def finished(title: str, estimate: float = -0.5, **kwargs: Any) -> Finished:
    return Finished(spec=spec_of(title), roi=money(estimate), **kwargs)


@cache
def money(estimate: float) -> ReturnOnInvestment:
    return roi_of(effect_of(estimate, n_treated=203), draws=500)


@pytest.fixture(autouse=True)
def parts(monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest) -> None:
    """What a whole study would give; and no picture but in one test, because it takes longer than all the rest."""
    if "files_are_written" not in request.node.name:
        monkeypatch.setattr(page, "to_png", lambda _: b"a picture")
    monkeypatch.setattr(page.words, "estimand", lambda result: f"the treated people of {result.spec.title}")
    monkeypatch.setattr(money_words, "hidden", lambda result: result.hidden)


def made(*results: Finished) -> BeautifulSoup:
    found = page.comparison_of(results)
    return BeautifulSoup("".join(part.to_html() for part in page.sections(found, results)), "html.parser")


def cells(soup: BeautifulSoup, caption: str) -> list[list[str]]:
    tables = [table for table in soup.find_all("table") if table.caption.get_text() == caption]
    assert len(tables) == 1
    return [[cell.get_text() for cell in row.find_all(["th", "td"])] for row in tables[0].tbody.find_all("tr")]


EACH = "Each programme, for its own people, in alphabetical order"
APART = "The first programme less the other"


def test_the_page_shows_each_programme_and_each_pair_and_what_not_to_do() -> None:
    soup = made(finished("South", -0.1), finished("North"))
    rows = cells(soup, EACH)
    assert [row[0] for row in rows] == ["North", "South"]
    assert rows[0][1:4] == ["203", "50.0 (30.0 to 70.0)", "£160"]
    assert cells(soup, APART)[0][0] == "North less South"
    assert [row[-1] for row in cells(soup, APART)] == ["yes"]
    text = soup.get_text()
    assert text.index("This is no league table") < text.index("Treated people counted")
    for sentence in ("looks better than it is", "The data do not settle whether South averted", "No disclosure control",
                     "the treated people of North", "read each programme by itself first"):  # fmt: skip
        assert sentence.lower() in text.lower()
    assert "200 treated people" not in text
    image = soup.find("img")
    assert image["alt"].startswith("Value less cost per person of each programme")
    assert [one["id"] for one in soup.find_all(["h1", "h2"], id=True)] == [
        "programmes",
        "each",
        "apart",
        "unlike",
        "made",
    ]


def test_all_are_shown_under_the_strictest_rule() -> None:
    soup = made(finished("North", rule=STRICT), finished("South", -0.1, rule=KEPT))
    assert cells(soup, EACH)[0][1:3] == ["200", "50 (30 to 70)"]
    assert "Counts of fewer than 20 people" in soup.get_text() and "nearest 10" in soup.get_text()
    mixed = made(finished("North", rule=OPEN), finished("South", -0.1, rule=KEPT))
    assert [row[1] for row in cells(mixed, EACH)] == ["205", "205"]
    personal = DisclosureRule(threshold=15)
    simulated = DisclosureRule(threshold=30, rounding=20, data_status="simulated")
    both = page.strictest([simulated, personal])
    assert (both.threshold, both.rounding, both.data_status) == (30, 20, "personal")
    assert page.strictest([OPEN, simulated]).data_status == "simulated"


def test_protected_figures_are_no_finer_than_in_a_report() -> None:
    results = [finished("North", rule=KEPT), finished("South", -0.123456, rule=KEPT)]
    found = page.comparison_of(results)
    rows = write.csv_rows(found, results)
    assert {row["n"] for row in rows} == {"205", ""}
    for row in rows:
        for name in ("estimate", "conf_low", "conf_high"):
            if row[name]:
                assert len(row[name].lstrip("-0.").replace(".", "").rstrip("0")) <= 3, row
    assert all(row["estimate"].endswith(".0") for row in rows if row["measure"] == "averted_per_100")
    fine = write.csv_rows(found, [finished("North"), finished("South", -0.123456)])
    assert any(row["estimate"] == "12.3456" and row["n"] == "203" for row in fine)
    known = next(row for row in rows if row["other"] and row["measure"] == "cost_per_person")
    assert known["told_apart"] == "" and known["conf_low"] == ""


def test_what_offences_are_valued_at_nothing_is_not_told_of_protected_people() -> None:
    unpriced = pd.DataFrame({"offence_group": ["shoplifting", "drug_possession"], "share": [0.75, 0.25]})
    other = roi_of(effect_of(-0.3), offence_mix=unpriced)
    for rule, shown in ((OPEN, True), (KEPT, False)):
        text = made(finished("North", rule=rule), Finished(spec=spec_of("South"), roi=other, rule=rule)).get_text()
        assert ("Offences valued at nothing" in text) is shown and ("25%" in text) is shown


def test_studies_of_the_same_records_carry_a_warning() -> None:
    def file(name: str, sha256: str, rows: int | None = 5) -> Any:
        return SimpleNamespace(name=name, sha256=sha256, rows=rows)

    north = finished("North", files=(file("drug_tests", "a"), file("spend", "s"), file("unit costs", "u", None)))
    south = finished("South", -0.1, files=(file("drug_tests", "a"), file("spend", "s"), file("unit costs", "u", None)))
    assert "'North' and 'South' were made from the same files (drug tests)" in made(north, south).get_text()
    apart = finished("South", -0.1, files=(file("drug_tests", "b"), file("spend", "s")))
    assert "same files" not in made(north, apart).get_text()


def test_a_first_line_and_what_differs_are_shown() -> None:
    north = Finished(spec=spec_of("North", first_line="These people are invented."), roi=roi_of(effect_of(-0.4)))
    costs = pd.DataFrame([line(), line(40_000.0, financial_year="2020/21")])
    south = Finished(spec=spec_of("South"), roi=roi_of(effect_of(-0.1), costs=costs))
    soup = made(north, south)
    assert soup.find(class_="warning").get_text() == "These people are invented."
    rows = cells(soup, "What differs and may")
    assert ["Years of the spending", "South", "2019/20 to 2020/21"] in rows
    assert "What differs and may" not in made(finished("A"), finished("B", -0.1)).get_text()


def test_every_reason_against_a_comparison_is_told_at_once() -> None:
    none = Finished(spec=spec_of("North", costs=None), roi=None)
    with pytest.raises(InputError) as caught:
        page.comparison_of([none, finished("South"), finished("south")])
    assert str(caught.value) == (
        "These studies cannot be compared: two studies have the title 'south'; 'North' has no [costs] section, so that "
        "nothing was set against its effect."
    )
    few, stopped = finished("Few", hidden=True), finished("Stopped", withheld=True)
    with pytest.raises(InputError) as caught:
        page.comparison_of([few, stopped, finished("South")])
    assert "the money of 'Few' rests on too few people to be shown" in str(caught.value)
    assert "the effect of 'Stopped' is withheld" in str(caught.value)
    with pytest.raises(InputError) as caught:
        page.check_specs([spec_of("A"), spec_of("B", days=730, perspective="fiscal", include_anticipation=True)])
    assert str(caught.value) == (
        "These studies cannot be compared: costs.perspective differs (social in 'A'; fiscal in 'B'); "
        "costs.include_anticipation differs (false in 'A'; true in 'B'); follow_up.days differs (365 in 'A'; 730 in "
        "'B')."
    )


def test_results_and_their_number_are_checked(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"must be what Study.run\(\) gives"):
        write.write_comparison([finished("North")], tmp_path / "to")  # type: ignore[list-item]
    with pytest.raises(InputError, match="two studies at least; 0 was given"):
        write.write_comparison([], tmp_path / "to")
    assert not (tmp_path / "to").exists()


def test_files_are_written_whole_and_the_same_each_time(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(write, "_check_result", lambda _: None)
    results: list[Any] = [finished("North"), finished("South", -0.1)]
    found = write.write_comparison(results, tmp_path / "comparison")
    assert found.programmes == ("North", "South")
    first = {path.name: path.read_bytes() for path in (tmp_path / "comparison").iterdir()}
    assert set(first) == {"comparison.html", "comparison.csv"}
    write.write_comparison(list(reversed(results)), tmp_path / "comparison")
    assert {path.name: path.read_bytes() for path in (tmp_path / "comparison").iterdir()} == first
    html = first["comparison.html"].decode()
    assert "<script" not in html and html.count('href="#apart"') == 1 and "run.json" not in html
    with (tmp_path / "comparison" / "comparison.csv").open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == 2 * 10 + 5 and tuple(rows[0]) == write.COLUMNS
    with pytest.raises(InputError):
        write.write_comparison([finished("North"), finished("Few", hidden=True)], tmp_path / "comparison")  # type: ignore[list-item]
    assert {path.name: path.read_bytes() for path in (tmp_path / "comparison").iterdir()} == first


def study(folder: Path, title: str, seed: int = 3, **instead: str) -> Path:
    text = STUDY.format(title=title, seed=seed)
    for old, new in instead.items():
        assert old in text
        text = text.replace(old, new)
    path = folder / f"{title.lower()}.toml"
    path.write_text(text, encoding="utf-8")
    return path


def told(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str, str]:
    status = cli.main(["compare", *arguments])
    spoken = capsys.readouterr()
    return status, spoken.out, spoken.err


def test_the_command_says_what_is_wrong_and_writes_nothing(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    north, to = study(tmp_path, "North"), str(tmp_path / "to")
    status, _, said = told(capsys, str(north), "--to", to)
    assert status == 2 and "A comparison needs two studies at least; 1 was given." in said
    other = study(tmp_path, "South", draws='perspective = "fiscal"\ndraws')
    status, out, said = told(capsys, str(north), str(other), "--to", to)
    assert status == 2 and "costs.perspective differs (social in 'North'; fiscal in 'South')" in said
    assert "[1/2]" not in out
    status, _, said = told(capsys, str(north), str(north), "--to", to)
    assert status == 2 and "two studies have the title 'North'" in said
    status, _, said = told(capsys, str(north), str(tmp_path / "none.toml"), "--to", to)
    assert status == 2 and "none.toml" in said
    assert not list((tmp_path / "to").glob("comparison*"))


@pytest.mark.slow
def test_the_command_from_study_files_to_page(tmp_path: Path) -> None:
    files = [study(tmp_path, "North"), study(tmp_path, "South", seed=4)]
    command = [sys.executable, "-m", "dipeval.cli", "compare", *map(str, files), "--to", str(tmp_path / "to")]
    done = subprocess.run(command, capture_output=True, text=True, timeout=300, check=False)
    assert done.returncode == 0, done.stderr
    assert done.stderr == "" and "[2/2] South" in done.stdout and "comparison.html" in done.stdout
    soup = BeautifulSoup(
        (tmp_path / "to" / "comparison" / "comparison.html").read_text(encoding="utf-8"), "html.parser"
    )
    assert [row[0] for row in cells(soup, EACH)] == ["North", "South"]
    assert "treated people (average treatment effect on the treated)" in soup.get_text()
    assert not list((tmp_path / "to").glob(".*"))
