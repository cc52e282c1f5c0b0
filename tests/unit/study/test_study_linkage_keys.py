"""[linkage] and [linkage.error]: every key reaches the linkage, every mistake is named before any data are read."""

from __future__ import annotations

import re
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest

from dipeval.errors import InputError, StudyFileError
from dipeval.study import Study
from dipeval.study.load import prepare
from dipeval.study.reading import parse_study
from dipeval.study.rules import link_rule
from dipeval.study.wording import known_keys

TREE: dict[str, Any] = {
    "title": "Simulated",
    "question": "Did it help?",
    "programme": "treatment",
    "data": {"source": "simulate"},
    "simulate": {"people": 60},
    "outcomes": [{"name": "reoffended", "kind": "yes_no", "label": "Reoffended", "primary": True}],
    "design": {"method": "entropy", "covariates": ["age_at_index"]},
}
TEMPLATE = (files("dipeval.examples") / "template.toml").read_text(encoding="utf-8")


def test_every_key_reaches_the_rule_of_the_linkage() -> None:
    given = {
        "profile": "full",
        "threshold": 0.7,
        "also_compare": ["local_code"],
        "blocks": [["birth_date"], ["initials", "sector"]],
        "recall": 0.7,
        "max_pairs": 1000,
        "find_heaped_dates": False,
        "nicknames": False,
        "merge_references": False,
        "ties": "lowest_id",
    }
    rule = link_rule(parse_study(TREE | {"linkage": given, "seed": 4})).to_dict()
    assert {key: rule[key] for key in given} == given
    assert rule["seed"] == 4


def test_the_error_is_worked_out_unless_it_is_switched_off() -> None:
    error = parse_study(TREE).linkage.error
    assert (error.draws, error.links, error.tipping) == (20, ["treatment"], True)
    assert parse_study(TREE | {"linkage": {"error": {"draws": 0}}}).linkage.error.draws == 0


@pytest.mark.parametrize(
    ("linkage", "words"),
    [
        ({"profil": "full"}, "did you mean 'profile'"),
        ({"error": {"drawz": 5}}, "did you mean 'draws'"),
        ({"profile": "exact"}, "linkage.profile: found \"exact\"; needed is one of 'attributor', 'full' or"),
        ({"threshold": 0.0}, "linkage.threshold: found 0"),
        ({"ties": "first"}, "linkage.ties"),
        ({"blocks": [[]]}, "linkage.blocks: an empty set"),
        ({"nicknames": "yes"}, 'linkage.nicknames: found "yes"; needed is true or false'),
        ({"error": {"draws": 1}}, "linkage.error.draws: found 1; needed are 2 or more"),
        ({"error": {"draws": -1}}, "linkage.error.draws"),
        ({"error": {"thresholds": [0.5, 1.5]}}, "linkage.error.thresholds"),
        ({"error": {"thresholds": []}}, "linkage.error.thresholds"),
        ({"error": {"links": ["courts"]}}, "linkage.error.links"),
        ({"error": {"links": ["treatment", "treatment"]}}, "linkage.error.links: a file is named twice"),
        ({"profile": "deterministic", "error": {"draws": 5}}, "has no probabilities to draw from"),
        ({"profile": "deterministic", "model": "m.json"}, "linkage.model"),
        ({"profile": "deterministic", "review": "r.csv"}, "linkage.review"),
    ],
)
def test_each_mistake_is_named(linkage: dict[str, Any], words: str) -> None:
    with pytest.raises(StudyFileError) as caught:
        parse_study(TREE | {"linkage": linkage})
    assert words in str(caught.value)


def test_offences_are_drawn_for_outcomes_whose_candidates_say_something() -> None:
    days = [{"name": "custody_days", "kind": "count", "label": "Days", "primary": True}]
    with pytest.raises(StudyFileError, match=r"linkage.error.links: \"offences\" can be drawn"):
        parse_study(TREE | {"outcomes": days, "linkage": {"error": {"links": ["offences"]}}})


def test_blocks_on_what_is_not_compared_are_found_before_any_data_are_read(tmp_path: Path) -> None:
    text = TEMPLATE.replace('# blocks = [["birth_date"]', 'blocks = [["shoe_size"]')
    (tmp_path / "study.toml").write_text(text, encoding="utf-8")
    with pytest.raises(StudyFileError, match=r"linkage: .*shoe_size"):
        Study.from_toml(tmp_path / "study.toml")


def test_a_mistake_has_its_line(tmp_path: Path) -> None:
    (tmp_path / "study.toml").write_text(TEMPLATE.replace("draws = 20 ", "draws = 1 "), encoding="utf-8")
    with pytest.raises(StudyFileError) as caught:
        Study.from_toml(tmp_path / "study.toml")
    line = int(re.search(r"line (\d+)", str(caught.value)).group(1))  # type: ignore[union-attr]
    assert TEMPLATE.splitlines()[line - 1].startswith("draws = 20")


def test_the_template_names_every_key_of_the_error() -> None:
    for key in known_keys(("linkage", "error")):
        assert re.search(rf"^(# )?{key} =", TEMPLATE, re.MULTILINE), key


@pytest.mark.parametrize("key", ["model", "review"])
def test_a_file_that_is_not_there_is_said_before_anything_is_linked(key: str, tmp_path: Path) -> None:
    spec = parse_study(TREE | {"linkage": {key: "nowhere.file"}})
    with pytest.raises(InputError, match=rf"no file 'nowhere.file' where the study file says \(linkage.{key}\)"):
        prepare(spec, tmp_path)
