"""`link` from end to end on small files: the spine, repeatability, the tables it hands out."""

from __future__ import annotations

import gc
import hashlib
import logging

import pandas as pd
import pytest

from dipeval.engine import open_engine
from dipeval.errors import InputError, InvariantError
from dipeval.linkage import Linkage, LinkRule, link, true_linkage
from dipeval.linkage.example import SmallExtracts, two_small_files
from tests.simulation.linkage_benchmark import benchmark_files


@pytest.fixture(scope="module")
def extracts() -> SmallExtracts:
    return benchmark_files(400, 200, seed=4)


@pytest.fixture(scope="module")
def linkage(extracts: SmallExtracts) -> Linkage:
    return link(extracts)


def bytes_of(linkage: Linkage) -> list[str]:
    return [frame.to_csv(index=False) for frame in (linkage.to_frame(), linkage.pairs(), linkage.counts)]


def digest(linkage: Linkage) -> str:
    """Of the sorted, rounded links."""
    pairs = linkage.pairs().sort_values(["right_table", "left_person", "right_person"]).round(9)
    return hashlib.sha256(pairs.to_csv(index=False).encode()).hexdigest()


def test_every_record_has_exactly_one_row(extracts: SmallExtracts, linkage: Linkage) -> None:
    spine = linkage.to_frame()
    assert spine.columns.tolist() == ["table", "record_id", "person_id", "match_probability"]
    for name in extracts.names:
        here = spine.loc[spine["table"] == name, "record_id"]
        assert sorted(here) == sorted(extracts.table(name)["record_id"])


def test_a_file_has_each_person_once(linkage: Linkage) -> None:
    """In these files every record is another person, so one-to-one links leave no id twice within a file."""
    assert not linkage.to_frame().duplicated(["table", "person_id"]).any()


def test_the_links_are_good(extracts: SmallExtracts, linkage: Linkage) -> None:
    quality = linkage.quality(extracts.truth).to_frame().set_index("link")
    assert quality.loc["drug_tests - treatment", "f1"] > 0.93
    assert quality.loc["drug_tests - offences", "f1"] > 0.96


@pytest.mark.parametrize("threads", [1, 2])
def test_row_order_and_threads_change_nothing(extracts: SmallExtracts, linkage: Linkage, threads: int) -> None:
    shuffled = {name: extracts.table(name).sample(frac=1, random_state=threads) for name in reversed(extracts.names)}
    again = link(
        SmallExtracts(tables=shuffled, extract_date=extracts.extract_date), engine=open_engine(threads=threads)
    )
    assert bytes_of(again) == bytes_of(linkage)
    pd.testing.assert_frame_equal(again.models[0].weights_frame(), linkage.models[0].weights_frame(), rtol=1e-9)
    pd.testing.assert_frame_equal(again.pair_weights("offences"), linkage.pair_weights("offences"), rtol=1e-9)
    assert digest(again) == digest(linkage)


def test_pairs_agree_with_the_spine(linkage: Linkage) -> None:
    pairs = linkage.pairs()
    assert (pairs["match_probability"] >= 0.001).all()
    linked = pairs[pairs["linked"]]
    assert (linked["left_person"] == linked["right_person"]).all()
    assert (linked["match_probability"] >= 0.5).all()
    assert (pairs.loc[~pairs["linked"], "left_person"] != pairs.loc[~pairs["linked"], "right_person"]).all()
    spine = linkage.to_frame()
    for name in ("treatment", "offences"):
        ids = spine.loc[spine["table"] == name, "person_id"]
        mine = pairs[pairs["right_table"] == name]
        assert set(mine["right_person"]) <= set(ids)
        assert mine["linked"].sum() == linkage.counts.set_index("table").loc[name, "linked"]


def test_the_profile_decides_how_services_are_linked(extracts: SmallExtracts, linkage: Linkage) -> None:
    assert linkage.counts.set_index("table")["model"].to_dict() == {
        "drug_tests": "",
        "treatment": "attributor",
        "offences": "full",
    }
    names = extracts.table("offences").rename(columns={"pnc_id": "client_ref", "offence_date": "start_date"})
    named = SmallExtracts(
        tables={"drug_tests": extracts.table("drug_tests"), "treatment": names}, extract_date=extracts.extract_date
    )
    assert link(named, LinkRule(profile="full")).counts["model"].tolist() == ["", "full"]
    assert link(named).counts["model"].tolist() == ["", "attributor"]


def test_files_with_one_pnc_number_are_linked_once() -> None:
    small = two_small_files()
    tests = small.table("drug_tests")
    offences = pd.DataFrame(
        {"record_id": ["o1"], "pnc_id": ["99"], "forename": ["Ann"], "surname": ["Archer"], "sex": ["female"]}
        | {"date_of_birth": pd.to_datetime(["1980-02-03"]), "postcode": ["LS1 4AB"]}
    )
    spells = pd.DataFrame({"record_id": ["s1"], "pnc_id": ["99"], "start_date": pd.to_datetime(["2016-01-01"])})
    tables = {"drug_tests": tests, "offences": offences, "custody_spells": spells}
    spine = link(SmallExtracts(tables=tables, extract_date=small.extract_date)).to_frame()
    ids = spine.set_index("record_id")["person_id"]
    assert ids["o1"] == ids["s1"] == ids["t1"] != ids["t3"]


def test_without_tests_the_offences_are_the_anchor(extracts: SmallExtracts) -> None:
    tables = {name: extracts.table(name) for name in ("treatment", "offences")}
    linkage = link(SmallExtracts(tables=tables, extract_date=extracts.extract_date))
    assert linkage.anchor == "offences"
    assert linkage.counts.set_index("table").loc["treatment", "linked"] > 300
    assert set(linkage.pairs()["left_table"]) == {"offences"}


def test_the_engine_is_left_as_it_was_when_the_linkage_is_gone() -> None:
    engine = open_engine()
    linkage = link(two_small_files(), engine=engine)
    tables = {row[2] for row in engine.connection.execute("SHOW ALL TABLES").fetchall()}
    assert tables and not [name for name in tables if "splink" in name]
    del linkage
    gc.collect()
    assert engine.connection.execute("SHOW ALL TABLES").fetchall() == []


def test_a_link_that_fails_leaves_no_table_behind() -> None:
    engine = open_engine()
    with pytest.raises(InputError, match="the limit is 3"):
        link(benchmark_files(60, 60), LinkRule(max_pairs=3), engine=engine)
    gc.collect()
    assert engine.connection.execute("SHOW ALL TABLES").fetchall() == []


def test_no_personal_value_in_log_or_summary(extracts: SmallExtracts, caplog: pytest.LogCaptureFixture) -> None:
    splink_level = logging.getLogger("splink").level
    with caplog.at_level(logging.DEBUG):
        linkage = link(extracts)
    assert logging.getLogger("splink").level == splink_level
    said = " ".join([*(record.getMessage() for record in caplog.records), str(linkage.summary()), *linkage.notes])
    people = extracts.table("drug_tests")
    values = {*people["surname"], *people["postcode"], *people["date_of_birth"].dt.strftime("%Y-%m-%d")}
    assert not [value for value in values if value in said]
    assert "treatment" in said and "pairs to compare" in said


def test_true_linkage_follows_the_truth(extracts: SmallExtracts) -> None:
    linkage = true_linkage(extracts)
    spine = linkage.to_frame().merge(extracts.truth, on=["table", "record_id"])
    assert (spine.groupby("true_person")["person_id"].nunique() == 1).all()
    assert (spine.groupby("person_id")["true_person"].nunique() == 1).all()
    assert (linkage.quality(extracts.truth).to_frame()["f1"] == 1).all()


def test_results_are_copies_and_show_themselves(linkage: Linkage, extracts: SmallExtracts) -> None:
    spine = linkage.to_frame()
    spine.loc[:, "person_id"] = "x"
    assert "x" not in set(linkage.to_frame()["person_id"])
    assert "<table>" in linkage._repr_html_()
    assert "<table>" in linkage.quality(extracts.truth)._repr_html_()
    assert linkage.probability_bins()["n_pairs"].sum() == len(linkage.pairs())
    assert linkage.plot().get_xlabel() == "Candidate links (pairs of people)"


def test_a_broken_spine_is_a_bug(linkage: Linkage) -> None:
    spine = linkage.to_frame()
    with pytest.raises(InvariantError, match="more than once"):
        Linkage(
            rule=linkage.rule,
            engine=linkage.engine,
            anchor="drug_tests",
            _spine=pd.concat([spine, spine.head(1)]),
            _pairs=linkage.pairs(),
            _counts=linkage.counts,
        )


def test_quality_needs_a_truth(linkage: Linkage) -> None:
    with pytest.raises(InputError, match="no truth to compare with"):
        linkage.quality("nothing")
    with pytest.raises(InputError, match="no column true_person"):
        linkage.quality(pd.DataFrame({"table": ["a"], "record_id": ["b"]}))


def test_quality_counts_pairs_of_people() -> None:
    small = two_small_files()
    shown = ["link", "group", "n_links", "n_true", "precision", "recall", "f1"]
    quality = link(small).quality(small.truth).to_frame()[shown]
    assert quality.to_numpy().tolist() == [["drug_tests - treatment", "everyone", 1, 1, 1.0, 1.0, 1.0]]
    wrong = small.truth.assign(true_person=[0, 0, 1, 5, 1])
    quality = link(small).quality(wrong).to_frame()[shown]
    assert quality.to_numpy().tolist() == [["drug_tests - treatment", "everyone", 1, 1, 0.0, 0.0, 0.0]]


@pytest.mark.parametrize(
    "options",
    [{"profile": "fuzzy"}, {"threshold": 0.0}, {"threshold": 1.1}, {"recall": 0.0}, {"sampled_pairs": 0}],
)
def test_a_rule_out_of_range_is_a_sentence(options: dict[str, object]) -> None:
    with pytest.raises(InputError, match="must"):
        LinkRule(**options)  # type: ignore[arg-type]


def test_joined_references_and_shared_addresses_are_told() -> None:
    files = two_small_files()
    treatment = files.table("treatment")
    twice = pd.concat([treatment, treatment.assign(record_id=["n8", "n9"], client_ref=["91", "92"])], ignore_index=True)
    linkage = link(SmallExtracts(tables={**files.tables, "treatment": twice}, extract_date=files.extract_date))
    assert any("references that belong to one person" in note and "(references: 2)" in note for note in linkage.notes)
