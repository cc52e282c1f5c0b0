"""What is learnt: weights by part, saved and read back, and the links that a model makes again."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from dipeval.engine import open_engine
from dipeval.errors import InputError
from dipeval.linkage import Linkage, LinkRule, link
from dipeval.linkage.candidates import find_candidates
from dipeval.linkage.example import SmallExtracts, two_small_files
from dipeval.linkage.model import ATTRIBUTOR, FULL, adapted, default_weights, level_sql
from dipeval.linkage.trained import read_models
from tests.simulation.linkage_benchmark import benchmark_files


@pytest.fixture(scope="module")
def extracts() -> SmallExtracts:
    return benchmark_files(500, 300, seed=6)


@pytest.fixture(scope="module")
def linkage(extracts: SmallExtracts) -> Linkage:
    return link(extracts)


@pytest.fixture
def saved(linkage: Linkage, tmp_path: Path) -> Path:
    return linkage.save_model(tmp_path / "model.json")


def test_the_parts_of_a_pair_add_up_to_its_weight(linkage: Linkage) -> None:
    for table in ("treatment", "offences"):
        parts = linkage.pair_weights(table)
        pairs = linkage.pairs().query("right_table == @table").set_index(["left_person", "right_person"])
        sums = parts.groupby(["left_person", "right_person"])["match_weight"].sum()
        assert len(sums) == len(pairs)
        assert (sums - pairs["match_weight"]).abs().max() < 1e-6
        assert not parts.duplicated(["left_person", "right_person", "part"]).any()
        odds = 2.0 ** pairs["match_weight"].clip(upper=40)
        assert (pairs["match_probability"] - odds / (1 + odds)).abs().max() < 1e-6


def test_the_weight_of_a_part_is_that_of_its_level(linkage: Linkage) -> None:
    for model in linkage.models:
        learnt = model.weights_frame().set_index(["comparison", "level"])["match_weight"]
        parts = linkage.pair_weights(model.tables[0])
        plain = parts[parts["part"].isin(learnt.index.get_level_values(0)) & (parts["level"] != "missing")]
        expected = learnt.reindex(pd.MultiIndex.from_frame(plain[["part", "level"]])).to_numpy()
        assert (plain["match_weight"] - expected).abs().max() < 1e-6
        assert (parts.loc[parts["level"] == "missing", "match_weight"] == 0).all()
        assert (parts.loc[parts["part"] == "prior", "match_weight"] == model.prior_weight).all()


def test_a_saved_model_gives_equal_weights(extracts: SmallExtracts, linkage: Linkage, saved: Path) -> None:
    again = link(extracts, model=saved)
    pd.testing.assert_frame_equal(again.pairs(), linkage.pairs(), check_exact=True)
    pd.testing.assert_frame_equal(again.to_frame(), linkage.to_frame(), check_exact=True)
    assert [model.to_dict() for model in again.models] == [model.to_dict() for model in linkage.models]
    stricter = link(extracts, LinkRule(threshold=0.99), model=saved)
    assert 0 < stricter.pairs()["linked"].sum() < linkage.pairs()["linked"].sum()


def test_a_saved_model_holds_no_value_of_a_person(extracts: SmallExtracts, saved: Path) -> None:
    text = saved.read_text()
    people = extracts.table("drug_tests")
    values = {*people["surname"], *people["forename"], *people["postcode"], *people["date_of_birth"].astype(str)}
    assert not [value for value in values if str(value) in text]
    held = json.loads(text)
    assert {"dipeval", "rule", "models", "anchor"} <= set(held)
    assert set(held["models"][0]) == {"tables", "profile", "hashed", "prior", "blocks", "weights"}


def test_a_model_is_written_whole_or_not_at_all(linkage: Linkage, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="cannot be written"):
        linkage.save_model(tmp_path / "nowhere" / "model.json")
    linkage.save_model(tmp_path / "model.json")
    assert [path.name for path in tmp_path.iterdir()] == ["model.json"]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (None, "cannot be read"),
        ("weights", "is not JSON"),
        ("[1]", "is not a dipeval link model"),
        ('{"comparisons": []}', "is not a dipeval link model"),
        ('{"format": "dipeval link models", "format_version": 99}', "another version"),
        ('{"format": "dipeval link models", "format_version": 1, "rule": {"profile": "x"}}', "is damaged"),
    ],
)
def test_a_file_that_is_no_model_is_refused(text: str | None, said: str, tmp_path: Path) -> None:
    path = tmp_path / "other.json"
    if text is not None:
        path.write_text(text)
    with pytest.raises(InputError, match=said):
        link(two_small_files(), model=path)


def test_impossible_shares_are_refused(saved: Path) -> None:
    held = json.loads(saved.read_text())
    held["models"][0]["weights"]["sex"][0]["u"] = 0
    saved.write_text(json.dumps(held))
    with pytest.raises(InputError, match="is damaged"):
        read_models(saved)


def test_a_model_of_other_tables_or_another_rule_is_refused(extracts: SmallExtracts, saved: Path) -> None:
    with pytest.raises(InputError, match="learnt with another profile than the rule asks for"):
        link(extracts, LinkRule(profile="full"), model=saved)
    tables = {"drug_tests": extracts.table("drug_tests")}
    tables["contacts"] = extracts.table("treatment").rename(columns={"start_date": "contact_date"})
    with pytest.raises(InputError, match="knows nothing of contacts: it was learnt on treatment; offences"):
        link(SmallExtracts(tables=tables, extract_date=extracts.extract_date), model=saved)
    anchored = {name: extracts.table(name) for name in ("treatment", "offences")}
    with pytest.raises(InputError, match="links to drug_tests, these extracts link to offences"):
        link(SmallExtracts(tables=anchored, extract_date=extracts.extract_date), model=saved)
    nameless = extracts.table("offences")
    nameless = nameless.assign(forename_initial=nameless["forename"].str[0], surname_initial=nameless["surname"].str[0])
    shorter = {"drug_tests": extracts.table("drug_tests"), "treatment": extracts.table("treatment")}
    shorter["offences"] = nameless.drop(columns=["forename", "surname"])
    with pytest.raises(InputError, match=r"does not fit these files: .* is compared differently"):
        link(SmallExtracts(tables=shorter, extract_date=extracts.extract_date), model=saved)


def test_nothing_to_save_is_said(extracts: SmallExtracts, tmp_path: Path) -> None:
    exact = link(extracts, LinkRule(profile="deterministic"))
    assert exact.models == ()
    with pytest.raises(InputError, match="no model to save"):
        exact.save_model(tmp_path / "model.json")


def test_people_can_be_scored_with_a_model_alone(linkage: Linkage) -> None:
    left, right = linkage.identifiers("drug_tests"), linkage.identifiers("treatment")
    model = linkage.models[0]
    found = find_candidates(open_engine(), left, right, ATTRIBUTOR, LinkRule(), label="x", trained=model)
    ours = linkage.pairs().query("right_table == 'treatment'")[["left_person", "right_person", "match_weight"]]
    both = ours.merge(found.pairs, left_on=["left_person", "right_person"], right_on=["left", "right"])
    assert len(both) == len(ours) == len(found.pairs)
    assert (both["match_weight_x"] == both["match_weight_y"]).all()


def test_hashes_are_never_compared_for_likeness() -> None:
    hashed, plain = adapted(FULL, hashed=True), adapted(FULL)
    assert not [part.name for part in hashed.comparisons if "jaro" in level_sql(part)]
    assert [part.name for part in plain.comparisons if "jaro" in level_sql(part)] == ["forename", "surname"]
    for shares in default_weights(hashed).values():
        assert sum(m for m, _ in shares) == pytest.approx(1)
        assert sum(u for _, u in shares) == pytest.approx(1)


def test_nicknames_can_be_left_out() -> None:
    labels = [level.label for level in adapted(FULL, nicknames=False).comparisons[0].levels]
    assert "form of one name" not in labels and "close forename" in labels


@pytest.mark.parametrize(
    "spoil",
    [
        lambda model: model.update(blocks=[['birth_date" = "birth_date"); DROP TABLE x; --']]),
        lambda model: model.update(blocks=[[]]),
        lambda model: model.update(prior=1.0),
        lambda model: model.update(prior=1e-320),
        lambda model: model.update(weights=[]),
        lambda model: model.update(hashed="false"),
        lambda model: model.update(profile="other"),
    ],
)
def test_a_model_file_that_somebody_changed_is_refused(tmp_path: Path, spoil: Any) -> None:
    linkage = link(two_small_files())
    path = linkage.save_model(tmp_path / "model.json")
    held = json.loads(path.read_text(encoding="utf-8"))
    spoil(held["models"][0])
    path.write_text(json.dumps(held), encoding="utf-8")
    with pytest.raises(InputError, match="is damaged"):
        link(two_small_files(), model=path)


def test_a_model_is_a_file(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="must be the path of a file"):
        link(two_small_files(), model=3)  # type: ignore[arg-type]
    deep = tmp_path / "deep.json"
    deep.write_text("[" * 100_000, encoding="utf-8")
    with pytest.raises(InputError, match="is not JSON"):
        link(two_small_files(), model=deep)


def test_a_linkage_outlives_its_engine_quietly() -> None:
    linkage = link(two_small_files())
    linkage.engine.connection.close()
    del linkage
