"""The deterministic profile, further columns, pseudonymised files, other links, what is known about people."""

from __future__ import annotations

import pandas as pd
import pytest

from dipeval.errors import InputError
from dipeval.linkage import Linkage, LinkRule, link, true_linkage
from dipeval.linkage.example import SmallExtracts, two_small_files
from dipeval.linkage.keys import LinkageKey
from dipeval.linkage.pseudonyms import pseudonymise
from dipeval.simulate import simulate
from tests.simulation.linkage_benchmark import EXTRACT_DATE, benchmark_files


@pytest.fixture(scope="module")
def extracts() -> SmallExtracts:
    return benchmark_files(400, 250, seed=5)


@pytest.fixture(scope="module")
def linkage(extracts: SmallExtracts) -> Linkage:
    return link(extracts)


def small(**tables: pd.DataFrame) -> SmallExtracts:
    return SmallExtracts(tables=tables, extract_date=EXTRACT_DATE)


def test_the_deterministic_profile_is_the_unique_key_rule(extracts: SmallExtracts) -> None:
    linkage = link(extracts, LinkRule(profile="deterministic"))
    tests, other = extracts.table("drug_tests"), extracts.table("treatment")
    tests = tests.assign(forename_initial=tests["forename"].str[0], surname_initial=tests["surname"].str[0])
    key = ["forename_initial", "surname_initial", "date_of_birth", "sex"]
    both = tests[~tests.duplicated(key, keep=False)].merge(other[~other.duplicated(key, keep=False)], on=key)
    ids = linkage.to_frame().set_index("record_id")["person_id"]
    assert (ids[both["record_id_x"]].to_numpy() == ids[both["record_id_y"]].to_numpy()).all()
    pairs = linkage.pairs()
    assert (pairs["right_table"] == "treatment").sum() == len(both)
    assert pairs["linked"].all() and (pairs["match_probability"] == 1).all() and (pairs["match_weight"] == 0).all()
    assert linkage.pair_weights("treatment").empty
    assert linkage.counts["model"].tolist() == ["", "deterministic", "deterministic"]
    assert "unique in both" in linkage.notes[0]


def test_a_key_two_people_share_is_no_key() -> None:
    files = two_small_files()
    twin = files.table("treatment").head(1).assign(record_id="n9", client_ref="99", postcode_sector="BD1 1")
    tables = {"drug_tests": files.table("drug_tests"), "treatment": pd.concat([files.table("treatment"), twin])}
    exact = link(small(**tables), LinkRule(profile="deterministic", merge_references=False))
    assert exact.counts["linked"].tolist()[1:] == [0]


def with_ward(frame: pd.DataFrame, ward: pd.Series) -> pd.DataFrame:
    return frame.assign(ward=ward.to_numpy())


def test_a_further_column_is_compared_and_blocked_on(extracts: SmallExtracts) -> None:
    truth = extracts.truth.set_index("record_id")["true_person"]
    tables = {}
    for name in ("drug_tests", "treatment"):
        frame = extracts.table(name)
        tables[name] = with_ward(frame, "w" + frame["record_id"].map(truth).astype(str))
    born = tables["treatment"]["date_of_birth"]
    tables["treatment"] = tables["treatment"].assign(
        date_of_birth=born.where(born.index % 2 == 0), postcode_sector=None
    )
    plain = link(small(**tables)).counts["linked"].iloc[1]
    linkage = link(small(**tables), LinkRule(also_compare=("ward",)))
    assert plain < 150 < 230 < linkage.counts["linked"].iloc[1]
    assert ("ward",) in linkage.models[0].blocks
    assert {"ward", "ward (rare value)"} <= set(linkage.pair_weights("treatment")["part"])
    assert linkage.identifiers("treatment")["ward"].notna().all()


def test_a_further_column_must_stand_in_two_files(extracts: SmallExtracts) -> None:
    with pytest.raises(InputError, match=r"also_compare names ward, .* no file has it"):
        link(extracts, LinkRule(also_compare=("ward",)))


def test_own_blocks_replace_those_of_the_profile(extracts: SmallExtracts) -> None:
    linkage = link(extracts, LinkRule(blocks=(("birth_date",), ("initials", "sector"))))
    assert {model.blocks for model in linkage.models} == {(("birth_date",), ("initials", "sector"))}
    assert linkage.counts["linked"].iloc[1] > 200


@pytest.mark.parametrize("profile", ["attributor", "full"])
def test_hashes_give_the_links_of_clear_text(profile: str) -> None:
    clear = simulate(people=300, seed=2)
    hashed = pseudonymise(clear, key=LinkageKey(bytes(range(32))))
    rule = LinkRule(profile=profile)  # type: ignore[arg-type]
    few = ("drug_tests", "contacts", "offences")
    ours, theirs = (link(small(**{name: files.table(name) for name in few}), rule) for files in (clear, hashed))
    pd.testing.assert_series_equal(ours.counts["linked"], theirs.counts["linked"])
    same = ours.to_frame().merge(theirs.to_frame(), on=["table", "record_id"])
    assert (same.groupby("person_id_x")["person_id_y"].nunique() == 1).all()
    assert theirs.models[0].hashed and not ours.models[0].hashed


def test_hashes_are_not_mixed_with_clear_text_or_another_key() -> None:
    clear = simulate(people=60, seed=2)
    one, other = (pseudonymise(clear, key=LinkageKey(bytes(range(n, n + 32)))) for n in (0, 1))
    with pytest.raises(InputError, match=r"drug_tests is pseudonymised and treatment is not"):
        link(small(drug_tests=one.table("drug_tests"), treatment=clear.table("treatment")))
    with pytest.raises(InputError, match=r"2 different keys"):
        link(small(drug_tests=one.table("drug_tests"), treatment=other.table("treatment")))


def test_other_links_make_another_linkage(linkage: Linkage) -> None:
    pairs = linkage.pairs()
    dropped = pairs.index[pairs["linked"] & (pairs["right_table"] == "treatment")][:5]
    fewer = linkage.relinked(pairs["linked"] & ~pairs.index.isin(dropped), "Five links were undone.")
    before, after = (item.counts.set_index("table")["linked"] for item in (linkage, fewer))
    assert after["treatment"] == before["treatment"] - 5 and after["offences"] == before["offences"]
    assert fewer.notes[-1] == "Five links were undone."
    spine = fewer.to_frame()
    assert spine["person_id"].nunique() == linkage.to_frame()["person_id"].nunique() + 5
    now = fewer.pairs()
    assert ((now["left_person"] == now["right_person"]) == now["linked"]).all()
    treated = set(spine.loc[spine["table"] == "treatment", "person_id"])
    assert set(fewer.identifiers("treatment").index) == treated == set(fewer.about("treatment").index)
    assert set(fewer.pair_weights("treatment")["right_person"]) <= treated
    back = fewer.relinked(pairs["linked"], "And made again.")
    pd.testing.assert_frame_equal(back.to_frame(), linkage.to_frame())
    pd.testing.assert_frame_equal(back.pairs(), pairs)


def test_other_links_are_one_to_one_too(linkage: Linkage) -> None:
    pairs = linkage.pairs()
    with pytest.raises(InputError, match="somebody would have two links"):
        linkage.relinked(pairs["linked"] | (pairs["right_table"] == "treatment"), "x")
    with pytest.raises(InputError, match="linked must be a Series of True and False"):
        linkage.relinked(pairs["linked"].head(3), "x")


def test_what_is_known_about_people() -> None:
    files = two_small_files()
    tests = files.table("drug_tests").assign(ethnicity=["A", None, "B"], district=["Leeds", "Wakefield", None])
    linkage = link(small(drug_tests=tests, treatment=files.table("treatment")))
    about = linkage.about("drug_tests")
    assert about.loc["P000000"].tolist() == [37.0, "F", "A", "Wakefield"]
    assert about.loc["P000001"].tolist() == [42.0, "M", "B", None]
    assert linkage.about("treatment")["ethnicity"].isna().all()
    who = linkage.identifiers("drug_tests")
    assert who.loc["P000000", ["forename", "surname", "birth_date", "sector"]].tolist() == [
        "ANN",
        "ARCHER",
        "1980-02-03",
        "LS1 4",
    ]
    with pytest.raises(InputError, match="no table 'deaths' in this linkage"):
        linkage.about("deaths")


def test_known_links_hold_no_identifiers() -> None:
    linkage = true_linkage(two_small_files())
    assert linkage.models == ()
    with pytest.raises(InputError, match="was not made by `link`"):
        linkage.identifiers("drug_tests")
