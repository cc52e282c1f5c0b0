"""The study file: every mistake at once, each with its line, what was found and what is needed."""

from __future__ import annotations

import re
import tomllib
from importlib.resources import files
from pathlib import Path

import pytest

from dipeval.errors import StudyFileError
from dipeval.study.lines import key_lines
from dipeval.study.reading import parse_study, read_study_file
from dipeval.study.spec import StudySpec
from dipeval.study.wording import known_keys

EXAMPLES = ("north_carolina", "rossi", "west_yorkshire_simulated", "withheld_example", "template")


def example(name: str) -> str:
    return (files("dipeval.examples") / f"{name}.toml").read_text(encoding="utf-8")


def write(folder: Path, text: str, name: str = "study.toml") -> Path:
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return path


def complaints(folder: Path, text: str) -> tuple[str, ...]:
    with pytest.raises(StudyFileError) as caught:
        read_study_file(write(folder, text))
    return caught.value.complaints


@pytest.mark.parametrize("name", EXAMPLES)
def test_examples_parse_and_declare_what_they_must(name: str) -> None:
    file = read_study_file(files("dipeval.examples") / f"{name}.toml")
    assert file.spec.primary.primary
    assert len(file.sha256) == 64
    if name != "template":
        assert file.spec.disclosure.profile == "none"
        assert file.spec.design.declared_before_outcome


def test_the_examples_say_what_the_issue_asks() -> None:
    carolina = read_study_file(files("dipeval.examples") / "north_carolina.toml").spec
    assert carolina.design.method == "entropy"
    assert set(carolina.people.excluded) == {"rules", "tserved"}
    assert [(s.method, s.caliper) for s in carolina.sensitivity][:2] == [("nearest", 0.2), ("nearest", None)]
    invented = read_study_file(files("dipeval.examples") / "west_yorkshire_simulated.toml").spec
    assert invented.first_line.startswith("No real person is in this report")


def test_three_typos_are_three_located_complaints_with_suggestions(tmp_path: Path) -> None:
    text = (
        example("rossi")
        .replace("method =", "metod =", 1)
        .replace("max_smd", "max_smdd")
        .replace("[people]", "[poeple]")
    )
    found = complaints(tmp_path, text)
    assert len(found) == 3
    lines = text.splitlines()
    for wrong, right in (("poeple", "people"), ("metod", "method"), ("max_smdd", "max_smd")):
        sentence = next(one for one in found if f"'{wrong}'" in one)
        assert f"did you mean '{right}'?" in sentence
        number = int(re.match(r"line (\d+),", sentence)[1])
        assert wrong in lines[number - 1]


def test_wrong_values_say_what_was_found_and_needed(tmp_path: Path) -> None:
    text = (
        example("rossi")
        .replace("max_smd = 0.1", 'max_smd = "0.1"')
        .replace("randomised = true", 'randomised = "yes"\ncaliper = "wide"\nratio = 0')
        .replace('kind = "time"', 'kind = "tim"')
        .replace('measured_at = "before_index"', 'measured_at = "later"')
        .replace("seed = 1", "seed = -1")
    )
    found = "\n".join(complaints(tmp_path, text))
    assert 'diagnostics.max_smd: found "0.1"; needed is a number.' in found
    assert 'design.randomised: found "yes"; needed is true or false' in found
    assert 'design.caliper: found "wide"; needed is a number above 0, or "none".' in found
    assert "design.ratio: found 0; needed is a number greater than 0." in found
    assert "outcomes[2].kind: found \"tim\"; needed is one of 'yes_no', 'count' or 'time'." in found
    assert "people.measured_at" in found
    assert "seed: found -1; needed is a number greater than or equal to 0." in found


def test_a_missing_section_is_named(tmp_path: Path) -> None:
    found = complaints(tmp_path, 'title = "A"\nquestion = "B"\n')
    assert {one.split(":")[0] for one in found} == {"programme", "data", "outcomes", "design"}


@pytest.mark.parametrize(
    ("change", "wanted"),
    [
        (("primary = true", "primary = false"), "exactly one carries the answer"),
        (('"wexp", ', '"wexp", "arrested", '), "may not be matched on what happened afterwards"),
        (('"wexp", ', '"wexp", "fin", '), "is the treatment or the person's number"),
        (('dataset = "rossi"', 'dataset = "rosi"'), "needed is one of recid, rossi"),
        (('status = "public"', 'status = "personal"'), "only for simulated data, or public data"),
        (('unit = "weeks"', 'unit = "weeks"\n[costs]\nprice_year = 2019'), "needs extracts with a spend table"),
        (('event = "arrested"\n', ""), "names its time and event columns"),
        (('name = "time_to_arrest"', 'name = "arrested"'), "is used twice"),
    ],
)
def test_keys_that_contradict_each_other(tmp_path: Path, change: tuple[str, str], wanted: str) -> None:
    text = example("rossi")
    assert change[0] in text
    assert wanted in "\n".join(complaints(tmp_path, text.replace(*change)))


def test_extract_studies_measure_known_outcomes_over_an_observable_time(tmp_path: Path) -> None:
    text = example("west_yorkshire_simulated").replace('name = "reoffended"', 'name = "rearrested"')
    assert "outcomes measured from extracts are reoffended" in "\n".join(complaints(tmp_path, text))
    text = example("west_yorkshire_simulated").replace('kind = "count"', 'kind = "yes_no"')
    assert 'n_reoffences is of kind "count"' in "\n".join(complaints(tmp_path, text))
    text = example("west_yorkshire_simulated").replace("grace_days = 42", "grace_days = 28")
    assert "known for starts within 42 days" in "\n".join(complaints(tmp_path, text))
    text = example("west_yorkshire_simulated").replace("required_days = 547", "required_days = 365")
    assert "needed is at least 547" in "\n".join(complaints(tmp_path, text))


@pytest.mark.parametrize(
    ("content", "wanted"),
    [
        (b"", "the file is empty"),
        (b"# only remarks\n", "holds only comments"),
        (b"title = \n", "not valid TOML"),
        (b"title = 'caf\xe9'\n", "line 1: a character is not in UTF-8"),
        (b"%PDF-1.7\x00\xff\xfe\x00", "not plain text in UTF-8"),
        ("title = 'x'".encode("utf-16"), "not plain text in UTF-8"),
    ],
)
def test_files_that_are_no_study(tmp_path: Path, content: bytes, wanted: str) -> None:
    path = tmp_path / "study.toml"
    path.write_bytes(content)
    with pytest.raises(StudyFileError, match=wanted):
        read_study_file(path)


def test_a_folder_and_a_missing_file(tmp_path: Path) -> None:
    with pytest.raises(StudyFileError, match="this is a folder"):
        read_study_file(tmp_path)
    with pytest.raises(StudyFileError, match="there is no such file"):
        read_study_file(tmp_path / "none.toml")


def test_windows_line_ends_and_bom_are_read(tmp_path: Path) -> None:
    path = tmp_path / "study.toml"
    path.write_bytes(b"\xef\xbb\xbf" + example("rossi").replace("\n", "\r\n").encode())
    assert read_study_file(path).spec.title == "Maryland financial aid experiment"


def test_lines_of_nested_sections() -> None:
    text = '[data.tables."*"]\nfile = "a"\ntext = """\nseed = 3\n"""\n[[outcomes]]\n[[outcomes]]\nname = "x"\n'
    lines = key_lines(text)
    assert lines[("data", "tables", "*", "file")] == 2
    assert ("data", "tables", "*", "seed") not in lines
    assert lines[("outcomes", 1, "name")] == 8


def test_unknown_keys_of_a_mapped_table_are_found(tmp_path: Path) -> None:
    text = example("template").replace("[data]\n", '[data.tables.deaths]\nfiel = "deaths.csv"\n\n[data]\n', 1)
    found = complaints(tmp_path, text)
    assert len(found) == 1
    assert "did you mean 'file'?" in found[0]


def test_the_template_names_every_key() -> None:
    text = example("template")
    for section in ("", *StudySpec.model_fields):
        for key in known_keys((section,) if section else ()):
            if key not in StudySpec.model_fields or not section:
                assert re.search(rf"^\s*(# *)?(\[*((data|linkage|overturn|costs)\.)?{key}|{key} =)", text, re.M), (
                    section,
                    key,
                )


def test_parse_study_takes_a_dictionary() -> None:
    with pytest.raises(StudyFileError, match="title: this is missing"):
        parse_study({})


@pytest.mark.parametrize("section", ["design", "diagnostics", "people", "cohort", "disclosure", "follow_up", "data"])
def test_a_key_with_a_letter_missing_is_recognised(section: str) -> None:
    tree = tomllib.loads(example("template"))
    for key in known_keys((section,)):
        if len(key) < 5:
            continue
        typo = key[: len(key) // 2] + key[len(key) // 2 + 1 :]
        changed = {
            **tree,
            section: {k: v for k, v in tree[section].items() if k != key} | {typo: tree[section].get(key)},
        }
        with pytest.raises(StudyFileError) as caught:
            parse_study(changed)
        assert f"did you mean '{key}'?" in caught.value.complaints[0]


@pytest.mark.parametrize(
    ("change", "place"),
    [
        (("[[sensitivity]]", 'exact = ["arrested"]\n[[sensitivity]]'), "design.exact"),
        (("[subgroups]", 'exact = ["arrested"]\n[subgroups]'), "sensitivity[2].exact"),
        (('treated = "fin"', 'treated = "arrested"'), "people.treated"),
    ],
)
def test_an_outcome_may_play_no_other_part(tmp_path: Path, change: tuple[str, str], place: str) -> None:
    text = example("rossi")
    assert change[0] in text
    found = complaints(tmp_path, text.replace(*change, 1))
    assert any(place in sentence and "outcome" in sentence for sentence in found)
