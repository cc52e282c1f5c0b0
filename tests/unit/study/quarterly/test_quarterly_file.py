"""The quarterly file: every key reaches its option and stands in the template, every mistake is told with its line."""

from __future__ import annotations

import dataclasses
import datetime as dt
import re
import tomllib
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest
from pydantic import BaseModel

from dipeval.errors import StudyFileError
from dipeval.indicators.measuring.family import CountingRule
from dipeval.study import Study, rules
from dipeval.study.quarterly import QuarterlyReview
from dipeval.study.quarterly.agreements_funding import indicator_names
from dipeval.study.quarterly.counting import counting_rule, own_indicators
from dipeval.study.quarterly.reading import parse_quarterly, read_quarterly_file
from dipeval.study.quarterly.review import complete
from dipeval.study.quarterly.spec import IndicatorsSpec, QuarterlySpec
from dipeval.study.reading import file_kind, read_study_file

HERE = files("dipeval.examples")
TEMPLATE = (HERE / "quarterly_template.toml").read_text(encoding="utf-8")
TREE: dict[str, Any] = {"kind": "quarterly", "title": "Ours", "data": {"source": "simulate_areas"}}
OWN: dict[str, Any] = {"name": "mine", "label": "Mine", "table": "contacts", "numerator": {"attended": True}}
FUNDING: dict[str, Any] = {"budget": 1_000.0, "need": {"tests": 1.0}}


def spec(**changes: Any) -> QuarterlySpec:
    return parse_quarterly(TREE | changes)


def switched_on() -> str:
    """The template with every key it names: remarks that are keys or sections are no remarks any more."""
    return re.sub(r"^# (?=\[|[a-z_]+ = )", "", TEMPLATE, flags=re.MULTILINE)


def _sections(model: type[BaseModel]) -> list[tuple[str, type[BaseModel]]]:
    found = []
    for name, field in model.model_fields.items():
        kinds = [field.annotation, *getattr(field.annotation, "__args__", ())]
        found += [(name, kind) for kind in kinds if isinstance(kind, type) and issubclass(kind, BaseModel)]
    return found


def test_the_template_is_a_quarterly_file_as_it_stands() -> None:
    read = parse_quarterly(tomllib.loads(TEMPLATE))
    assert (read.kind, read.disclosure.profile) == ("quarterly", "threshold10")
    assert counting_rule(read.indicators) == CountingRule()


def test_the_template_names_every_key_with_a_remark_or_a_plain_value() -> None:
    for key in QuarterlySpec.model_fields:
        assert re.search(rf"^(# )?(\[{key}\]|{key} =)", TEMPLATE, re.MULTILINE), key
    for section, model in _sections(QuarterlySpec):
        start = re.search(rf"^(# )?\[{section}\]", TEMPLATE, re.MULTILINE)
        assert start is not None, section
        own = TEMPLATE[start.start() :].split("# ----")[0] if section != "testing_funding" else TEMPLATE
        for key, field in model.model_fields.items():
            nested = any(name == key for name, _ in _sections(model)) or key in ("tables", "own")
            assert nested or re.search(rf"^(# )?{key} = ", own, re.MULTILINE), f"{section}.{key} {field}"


def test_every_key_of_the_template_can_be_used(tmp_path: Path) -> None:
    (tmp_path / "pcc.toml").write_text(switched_on(), encoding="utf-8")
    read = read_quarterly_file(tmp_path / "pcc.toml").spec
    assert read.model_fields_set == set(QuarterlySpec.model_fields)
    for section, model in _sections(QuarterlySpec):
        if section not in ("testing_funding", "data"):
            assert getattr(read, section).model_fields_set == set(model.model_fields), section
    assert read.indicators.own[0].model_fields_set == set(type(read.indicators.own[0]).model_fields)


def test_each_key_of_the_counting_has_the_name_and_default_of_its_option() -> None:
    defaults = {item.name: item.default for item in dataclasses.fields(CountingRule)}
    told = {name: field.default for name, field in IndicatorsSpec.model_fields.items()}
    assert {name: value for name, value in told.items() if name not in ("names", "by", "owners", "own")} == defaults


def test_keys_of_the_counting_reach_the_rule() -> None:
    found = counting_rule(spec(indicators={"baseline": ["2010-Q2", "2011-Q1"], "repeat_tests": 5}).indicators)
    assert (found.baseline, found.repeat_tests) == (("2010-Q2", "2011-Q1"), 5)


def test_an_indicator_of_ones_own_is_one() -> None:
    read = spec(indicators={"own": [OWN]}, change={"indicators": ["mine"]})
    assert own_indicators(read.indicators)[0].to_indicator().question == "own"
    assert "mine" in indicator_names(read)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"data": {"source": "extracts"}}, 'data.folder: this is missing; source = "extracts" needs it'),
        ({"data": {"source": "simulate", "status": "personal"}}, 'data.status: found "personal"'),
        (
            {"data": {"source": "extracts", "folder": "x"}, "disclosure": {"profile": "none"}},
            'disclosure.profile: "none" is only for simulated data',
        ),
        ({"kind": "quartely"}, 'kind: found "quartely"; needed is one of'),
        ({"indicators": {"evry": "month"}}, "there is no key 'evry' here; did you mean 'every'?"),
        ({"linkage": {"error": {"draws": 3}}}, "linkage.error: there is no key 'error' here"),
        ({"indicators": {"names": ["positivty"]}}, "there is no indicator 'positivty' (did you mean 'positivity'?)"),
        ({"indicators": {"owners": {"sen": "us"}}}, "indicators.owners.sen: there is no indicator 'sen'"),
        (
            {"indicators": {"names": ["tests"]}, "change": {"indicators": ["seen"]}},
            "change.indicators: 'seen' is not among indicators.names",
        ),
        ({"indicators": {"seen_within_days": 40_000}}, "indicators.seen_within_days: found 40000; needed is a number"),
        ({"indicators": {"repeat_tests": 1}}, "indicators.repeat_tests: found 1; needed is a number greater than"),
        ({"indicators": {"baseline": ["2010-04", "2011-Q1"]}}, 'found "2010-04"; needed is a quarter such as'),
        ({"indicators": {"baseline": ["2011-Q1", "2010-Q1"]}}, "needed is the first period and then the last"),
        ({"indicators": {"every": "month"}, "change": {"breaks": ["2010-Q2"]}}, 'needed is a month such as "2013-04"'),
        ({"change": {"baseline_periods": 0}}, "change.baseline_periods: found 0; needed is a number of first periods"),
        ({"change": {"seasonal": "maybe"}}, 'change.seasonal: found "maybe"; needed is "auto", true or false'),
        ({"benchmark": {"standardise": "direct"}}, "benchmark.strata: this is missing"),
        ({"benchmark": {"strata": "sex"}}, "benchmark.standardise: this is missing"),
        ({"simulate_areas": {"districts": []}}, "simulate_areas.districts"),
        ({"funding": FUNDING | {"need": {"tests": 0.0}}}, "funding.need: every weight is 0"),
        ({"funding": FUNDING | {"need": {"crime.acquistive": 1.0}}}, "(did you mean 'acquisitive'?)"),
        ({"funding": FUNDING | {"need": {"people": 1.0}}}, "there is no measure 'people'"),
        ({"funding": FUNDING | {"floor": 0.5, "ceiling": 0.2}}, "funding.ceiling: found 0.2"),
        ({"funding": FUNDING | {"floor": "least"}}, "funding.floor: words name a column of a file"),
        ({"funding": FUNDING | {"max_fall": 0.1}}, "funding.previous: this is missing; max_fall"),
        ({"funding": FUNDING | {"previous": "last"}}, 'funding.previous: found "last"'),
        ({"funding": FUNDING | {"funder": "PCC"}}, "funding.funder: this says whose spending"),
        ({"testing_funding": FUNDING | {"financial_year": "soon"}}, 'testing_funding.financial_year: found "soon"'),
        ({"test_accuracy": {"sensitivity": 0.5, "specificity": 0.4}}, "the test tells nothing"),
        (
            {
                "indicators": {
                    "own": [{"name": "tests", "label": "x", "table": "contacts", "numerator": {"sex": "male"}}]
                }
            },
            "dipeval has an indicator of this name",
        ),
        (
            {"indicators": {"own": [OWN | {"table": "contact"}]}},
            "table 'contact' cannot be counted",
        ),
    ],
)
def test_each_disagreement_is_named(changes: dict[str, Any], words: str) -> None:
    with pytest.raises(StudyFileError) as caught:
        spec(**changes)
    assert words in str(caught.value)


def test_all_mistakes_are_told_at_once_each_with_its_line(tmp_path: Path) -> None:
    text = TEMPLATE.replace('every = "quarter"   ', 'every = "yearly"   ').replace("periods = 4  ", "peroids = 0  ")
    (tmp_path / "pcc.toml").write_text(text, encoding="utf-8")
    with pytest.raises(StudyFileError) as caught:
        QuarterlyReview.from_toml(tmp_path / "pcc.toml")
    said = str(caught.value)
    assert "did you mean 'periods'?" in said
    assert said.count("indicators.every") == said.count("offence_link.every") == 1
    for line in re.findall(r"line (\d+), (\w+)\.(\w+)", said):
        assert text.splitlines()[int(line[0]) - 1].startswith((line[2], "peroids"))


def test_the_two_kinds_of_study_file_are_told_apart(tmp_path: Path) -> None:
    assert file_kind(HERE / "rossi.toml") == "study"  # type: ignore[arg-type]
    assert file_kind(HERE / "west_yorkshire_quarterly.toml") == "quarterly"  # type: ignore[arg-type]
    with pytest.raises(StudyFileError, match=r"quarterly report .* dipeval.QuarterlyReview.from_toml"):
        Study.from_toml(HERE / "west_yorkshire_quarterly.toml")  # type: ignore[arg-type]
    with pytest.raises(StudyFileError, match=r"not of a quarterly report.* dipeval.Study.from_toml"):
        QuarterlyReview.from_toml(HERE / "rossi.toml")  # type: ignore[arg-type]


def test_an_evaluation_with_a_stray_kind_hears_of_the_key_alone(tmp_path: Path) -> None:
    text = (HERE / "rossi.toml").read_text(encoding="utf-8")
    (tmp_path / "study.toml").write_text(f'kind = "quarterly"\n{text}', encoding="utf-8")
    with pytest.raises(StudyFileError, match="line 1, kind: there is no key 'kind' here"):
        read_study_file(tmp_path / "study.toml")


def test_the_rules_of_both_kinds_are_made_alike() -> None:
    read = spec(linkage={"threshold": 0.7}, disclosure={"profile": "none"})
    assert rules.link_rule(read).threshold == 0.7
    assert rules.disclosure_rule(read).data_status == "simulated"


def test_a_rule_that_cannot_be_is_told_before_any_data(tmp_path: Path) -> None:
    text = 'kind = "quarterly"\ntitle = "x"\n[data]\nsource = "simulate_areas"\n[linkage]\nblocks = [["shoe_size"]]\n'
    (tmp_path / "pcc.toml").write_text(text, encoding="utf-8")
    with pytest.raises(StudyFileError, match=r"linkage: .*shoe_size"):
        QuarterlyReview.from_toml(tmp_path / "pcc.toml")


def test_a_period_is_complete_on_its_last_day() -> None:
    assert complete(["2013-Q1", "2013-Q2"], dt.date(2013, 6, 30)) == ("2013-Q1", "2013-Q2")
    assert complete(["2013-Q1", "2013-Q2"], dt.date(2013, 6, 29)) == ("2013-Q1",)
    assert complete([], dt.date(2013, 6, 29)) == ()
