"""Quality without the truth: the algebra of the duplicate method, decoys, twins."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
import pytest

from dipeval.errors import InputError, InvariantError
from dipeval.linkage import LinkRule, link, true_linkage
from dipeval.linkage.decoys import DecoyLinks, link_decoys, make_decoys, person_model
from dipeval.linkage.example import two_small_files
from dipeval.linkage.groups import identifiers_of, link_groups
from dipeval.linkage.missed import missed_share
from dipeval.linkage.shares import wilson
from dipeval.linkage.unlinkable import self_match_weights
from dipeval.linkage.without_truth import (
    EstimatedQuality,
    _by_decoys,
    _by_duplicates,
    _by_model,
    estimate_quality,
    false_links_per_person,
)
from tests.unit.linkage.conftest import Checked


@pytest.fixture(scope="module")
def estimated(checked: Checked) -> EstimatedQuality:
    return estimate_quality(checked.linkage)


@pytest.mark.parametrize("true_share", [0.0001, 0.1, 0.6, 0.95, 1.0])
@pytest.mark.parametrize("false", [0.0, 0.001, 0.05, 0.5, 2.0])
def test_the_duplicate_equations_are_solved(true_share: float, false: float) -> None:
    none = (1 - true_share) * math.exp(-false)
    one = math.exp(-false) * (true_share + (1 - true_share) * false)
    assert false_links_per_person(none, one) == pytest.approx(false, abs=1e-6)


def test_impossible_shares_do_not_break_the_duplicate_method() -> None:
    assert false_links_per_person(1.0, 0.0) == 0.0
    assert false_links_per_person(0.0, 0.0) > 10
    assert 0 <= false_links_per_person(0.5, 0.0) <= math.log(2)


def test_the_duplicate_method_recovers_a_known_precision() -> None:
    """20,000 people of a file; 60% have their true pair, false candidates fall on all alike (mean 0.08)."""
    rng = np.random.default_rng(5)
    n = 20_000
    true = pd.DataFrame({"left_person": [f"l{i}" for i in range(n)], "right_person": [f"r{i}" for i in range(n)]})
    true = true[rng.random(n) < 0.6].assign(match_probability=0.99, right=True)
    number = rng.poisson(0.08, n).sum()
    false = pd.DataFrame(
        {
            "left_person": [f"l{i}" for i in rng.integers(n, size=number)],
            "right_person": [f"r{i}" for i in rng.integers(n, size=number)],
            "match_probability": 0.6,
            "right": False,
        }
    )
    pairs = pd.concat([true, false], ignore_index=True).drop_duplicates(["left_person", "right_person"])
    taken = pairs["left_person"].isin(true["left_person"]) | pairs["right_person"].isin(true["right_person"])
    first = ~pairs.duplicated("left_person") & ~pairs.duplicated("right_person")
    pairs = pairs.assign(linked=pairs["right"] | (~taken & first), match_weight=1.0, link_probability=1.0)
    group = _group(pairs, n)
    _, _, _, estimate, low, high, n_people, meaning = _by_duplicates(group, 0.5)[0]
    truth = pairs.loc[pairs["linked"], "right"].mean()
    assert n_people == n
    assert estimate == pytest.approx(truth, abs=0.004)
    assert low < estimate < high
    assert "Rough" in meaning


def _group(pairs: pd.DataFrame, n: int):  # type: ignore[no-untyped-def]
    from dipeval.linkage.groups import LinkGroup

    return LinkGroup(
        anchor="a", left_tables=("a",), tables=("b",), model=None, n_left=n, n_right=n, pairs=pairs.reset_index()
    )


def test_all_four_methods_speak_of_every_link(estimated: EstimatedQuality) -> None:
    frame = estimated.to_frame()
    for _, part in frame.groupby("link"):
        assert part["method"].tolist() == [
            "duplicates",
            "decoys",
            "decoys",
            "model",
            "model",
            "unlinkable",
            "unlinkable",
        ]
    assert frame["meaning"].str.len().gt(40).all()
    known = frame.dropna(subset=["conf_low"])
    assert (known["conf_low"] <= known["estimate"]).all() and (known["estimate"] <= known["conf_high"]).all()
    assert "rough" in estimated.summary().headline


def test_estimates_are_repeatable(checked: Checked, estimated: EstimatedQuality) -> None:
    pd.testing.assert_frame_equal(estimate_quality(checked.linkage).to_frame(), estimated.to_frame())


def test_estimates_lie_near_the_truth(checked: Checked, estimated: EstimatedQuality) -> None:
    truth = checked.linkage.quality(checked.extracts.truth).to_frame().set_index("link")
    for link_name, method, measure, estimate in estimated.to_frame()[
        ["link", "method", "measure", "estimate"]
    ].to_numpy():
        if measure in ("precision", "recall"):
            assert estimate == pytest.approx(truth.loc[link_name, measure], abs=0.03), method


def test_decoys_mix_people_and_do_not_hang_on_row_order(checked: Checked) -> None:
    people = checked.linkage.identifiers("offences")
    decoys = make_decoys(people, 500, seed=1)
    pd.testing.assert_frame_equal(make_decoys(people.sample(frac=1, random_state=1), 500, seed=1), decoys)
    assert not decoys.equals(make_decoys(people, 500, seed=2))
    owner = people.groupby(["forename", "surname", "birth_date"]).size()
    key = pd.MultiIndex.from_frame(decoys[["forename", "surname", "birth_date"]].dropna())
    # Made of two people: only people who share a name could give a real person back.
    assert key.isin(owner.index).mean() < 0.02
    assert set(decoys["birth_date"].dropna()) <= set(people["birth_date"])
    assert list(decoys.columns) == [name for name in decoys.columns if name in people.columns]


def test_decoys_carry_columns_that_are_compared_besides(checked: Checked) -> None:
    people = checked.linkage.identifiers("offences").assign(custody_number=lambda frame: frame.index)
    decoys = make_decoys(people, 50, 1, ("custody_number",))
    assert set(decoys["custody_number"]) <= set(people.index)


def test_a_file_of_one_person_has_no_decoys(checked: Checked) -> None:
    group = link_groups(checked.linkage)[0]
    assert group.model is not None
    people = identifiers_of(checked.linkage, group.tables).head(1)
    linked = pd.Series(True, index=people.index)
    found = link_decoys(checked.linkage.engine, people, people, linked, group.model, checked.linkage.rule)
    assert (found.n_decoys, found.n_linked) == (0, 0)


def test_decoys_are_worth_no_more_than_their_donors(checked: Checked) -> None:
    """5,000 decoys made of 100 people are no 5,000 people: the interval is that of 100."""
    group = link_groups(checked.linkage)[0]
    few = DecoyLinks(n_decoys=5_000, n_linked=100, n_donors=100, from_everyone=False)
    rate = _by_decoys(group, few)[0]
    assert rate[3] == 0.02
    assert rate[4:6] == pytest.approx(wilson(2, 100))
    nobody = _by_decoys(group, DecoyLinks(n_decoys=0, n_linked=0, n_donors=0, from_everyone=True))
    assert all(math.isnan(value) for value in (*nobody[0][3:6], *nobody[1][3:6]))


def test_recall_allows_for_pairs_that_were_never_compared(checked: Checked) -> None:
    group = link_groups(checked.linkage)[0]
    all_compared, a_tenth_lost = (_by_model(group, lost)[1] for lost in (0.0, 0.1))
    assert a_tenth_lost[3] == pytest.approx(0.9 * all_compared[3])
    assert "10.0% of the true pairs never having been compared" in a_tenth_lost[-1]
    said = estimate_quality(checked.linkage).to_frame().query("method == 'model' and measure == 'recall'")
    lost = missed_share(checked.linkage, group.tables[0])
    assert said["estimate"].iloc[0] == pytest.approx((1 - lost) * all_compared[3])


def test_nothing_is_left_on_the_engine(checked: Checked) -> None:
    def tables() -> set[tuple[str, ...]]:
        return set(checked.linkage.engine.connection.execute("SELECT table_name FROM duckdb_tables()").fetchall())

    before = tables()
    estimate_quality(checked.linkage)
    assert tables() == before


def test_a_twin_weighs_what_the_linked_pair_weighs() -> None:
    """The tested woman and her treatment record hold the same comparable identifiers: a perfect twin."""
    linkage = link(two_small_files())
    group = link_groups(linkage)[0]
    assert group.model is not None
    left, right = identifiers_of(linkage, ("drug_tests",)), identifiers_of(linkage, ("treatment",))
    weights = self_match_weights(linkage.engine, left, right, group.model, linkage.rule)
    pair = group.pairs.iloc[0]
    assert weights[1][pair["right_person"]] == pytest.approx(pair["match_weight"], abs=1e-5)
    # One link in four pairs at most: with so high a prior even bare initials do.
    assert person_model(group.model, linkage.rule).name == "attributor"


def test_people_without_identifiers_are_unlinkable(checked: Checked) -> None:
    group = link_groups(checked.linkage)[0]
    assert group.model is not None
    left, right = (identifiers_of(checked.linkage, tables) for tables in (group.left_tables, group.tables))
    bare = right.copy()
    nobody = bare.index[:7]
    bare.loc[nobody, [name for name in bare.columns if name != "sex"]] = None
    weights = self_match_weights(checked.linkage.engine, left, bare, group.model, checked.linkage.rule)[1]
    assert (weights[nobody] < 0).all()
    assert (weights.drop(nobody) > 0).all()


def test_without_a_model_there_is_nothing_to_estimate(checked: Checked) -> None:
    for linkage in (true_linkage(checked.extracts), link(checked.extracts, LinkRule(profile="deterministic"))):
        with pytest.raises(InputError, match="cannot be estimated without the truth"):
            estimate_quality(linkage)


def test_broken_tables_are_bugs(estimated: EstimatedQuality) -> None:
    with pytest.raises(InvariantError, match="columns"):
        EstimatedQuality(_frame=estimated.to_frame().drop(columns="n"))
    with pytest.raises(InvariantError, match="method"):
        EstimatedQuality(_frame=estimated.to_frame().assign(method="magic"))


def test_hashed_files_are_judged_like_clear_ones(monkeypatch: pytest.MonkeyPatch) -> None:
    import secrets

    import dipeval as dip
    from dipeval.extracts import make_extracts
    from dipeval.linkage import LinkageKey, pseudonymise
    from dipeval.linkage.statement import guild_statement

    monkeypatch.setenv("LINKAGE_KEY_OF_THIS_TEST", secrets.token_hex(32))
    simulated = dip.simulate(people=150, seed=4)
    two = {name: simulated.table(name) for name in ("drug_tests", "treatment")}
    clear = make_extracts(two, extract_date=simulated.extract_date, data_status="simulated")
    hashed = pseudonymise(clear, key=LinkageKey.from_variable("LINKAGE_KEY_OF_THIS_TEST"))
    both = [link(extracts) for extracts in (clear, hashed)]
    frames = [estimate_quality(linkage).to_frame() for linkage in both]
    exact = ~frames[0]["method"].isin(["decoys"])  # drawn in the order of ids, which the two need not share
    pd.testing.assert_frame_equal(frames[1][exact], frames[0][exact], rtol=1e-6)
    told = [guild_statement(linkage).to_frame().set_index("item").loc["Privacy", "statement"] for linkage in both]
    assert "in the clear" in told[0] and "keyed hashes" in told[1]
