"""Nearest-neighbour matching: rules, ties, constraints, refusals."""

from __future__ import annotations

import tracemalloc
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
import pytest

import dipeval as dip
from dipeval.errors import DesignError, InputError, InvariantError
from dipeval.matching import assemble, greedy, matched
from dipeval.matching.found import found_pairs
from dipeval.matching.problem import Found, Problem
from tests.helpers import assert_good_match
from tests.unit.matching.matching_people import COVARIATES, people


def line(scores: dict[str, float], treated: str) -> tuple[pd.DataFrame, pd.Series]:
    """People named by letters, with a score each; the covariate only has to vary."""
    index = pd.Index(list(scores))
    frame = pd.DataFrame({"treated": [int(name in treated) for name in index], "x": range(len(index))}, index=index)
    return frame, pd.Series(list(scores.values()), index=index, dtype=float)


def pairs_on(scores: dict[str, float], treated: str, **options: Any) -> list[str]:
    frame, score = line(scores, treated)
    options = {"caliper": None, "ties": "row", "scale": "given", **options}
    design = dip.match(frame, treated="treated", covariates=["x"], score=score, **options)
    return [a + b for a, b in design.pairs()[["treated_index", "comparison_index"]].itertuples(index=False)]


def test_the_nearest_on_either_side_is_taken() -> None:
    assert pairs_on({"T": 5, "a": 3, "b": 6}, "T") == ["Tb"]


def test_an_exact_tie_goes_to_the_fewer_places_away_then_to_the_lower_score() -> None:
    assert pairs_on({"T": 5, "a": 4, "b": 6}, "T") == ["Ta"]
    # U stands between a and T, so b is fewer places away; everybody on the line counts
    assert pairs_on({"T": 5, "a": 4, "b": 6, "U": 4.5, "c": 9}, "TU", order="largest")[0] == "Tb"


def test_the_largest_score_chooses_first_by_default() -> None:
    scores = {"S": 5, "T": 6, "a": 5.6, "b": 1}
    assert pairs_on(scores, "ST") == ["Sb", "Ta"]
    assert pairs_on(scores, "ST", order="smallest") == ["Sa", "Tb"]
    assert pairs_on(scores, "ST", order="data") == ["Sa", "Tb"]
    assert pairs_on(scores, "ST", replace=True) == ["Sa", "Ta"]


def test_everyone_gets_a_first_match_before_anyone_gets_a_second() -> None:
    assert pairs_on({"S": 5, "T": 6, "a": 5.9, "b": 5.8, "c": 1}, "ST", ratio=2) == ["Sb", "Ta", "Tc"]


def test_the_caliper_is_inclusive() -> None:
    scores = {"T": 5, "a": 3, "b": 8}
    assert pairs_on(scores, "T", caliper=2, caliper_unit="raw") == ["Ta"]
    with pytest.raises(DesignError, match=r"Nobody could be matched.*caliper of 1.99 \(raw, given\)"):
        pairs_on(scores, "T", caliper=1.99, caliper_unit="raw")


def test_a_later_covariate_condition_skips_nearer_people() -> None:
    frame, score = line({"T": 5, "a": 4, "b": 3, "c": 8}, "T")
    frame["age"] = [30, 50, 31, 30]
    common: dict[str, Any] = {
        "treated": "treated",
        "covariates": ["x"],
        "score": score,
        "scale": "given",
        "caliper": None,
    }
    near = dip.match(frame, covariate_calipers={"age": 10}, **common)
    assert near.pairs()["comparison_index"].tolist() == ["b"]
    same = dip.match(frame, exact=["age"], **common)
    assert same.pairs()["comparison_index"].tolist() == ["c"]
    with pytest.raises(DesignError, match="the caliper on age"):
        dip.match(frame, covariate_calipers={"age": 10}, exact=["x"], **common)


def test_weights_share_a_persons_matches_and_have_mean_one() -> None:
    frame, score = line({"S": 5, "T": 6, "a": 5.9, "b": 5.8, "c": 1}, "ST")
    design = dip.match(
        frame, treated="treated", covariates=["x"], score=score, scale="given", caliper=None, ratio=2, ties="row"
    )
    assert design.weights.to_dict() == {"S": 1, "T": 1, "a": 0.75, "b": 1.5, "c": 0.75}
    assert design.clusters is not None
    assert design.clusters.to_dict() == {"S": 1, "b": 1, "T": 2, "a": 2, "c": 2}


def test_a_good_design_end_to_end() -> None:
    design = dip.match(people(400), treated="treated", covariates=COVARIATES)
    assert_good_match(design, max_smd=0.15)
    assert design.n_treated + design.n_treated_dropped == int(design.treated.sum())
    assert (design.pairs()["distance"] <= design.options["caliper_width"]).all()
    assert design.clusters is not None
    assert design.clusters.notna().equals(design.weights > 0)
    assert design.clusters.value_counts().eq(2).all()
    frame = design.to_frame()
    assert frame.columns.tolist() == ["id", "treated", "score", "weight", "pair"]
    assert len(frame) == 400


def test_atc_matches_the_comparison_people() -> None:
    table = people(300, share=0.65)
    table["age"] = table["age"] + np.random.default_rng(8).random(300)  # no ties: those are not mirrored
    design = dip.match(table, treated="treated", covariates=COVARIATES, estimand="ATC")
    turned = dip.match(
        table.assign(treated=1 - table["treated"]), treated="treated", covariates=COVARIATES, order="smallest"
    )
    assert "untreated people" in design.estimand_in_words
    assert set(design.weights[~design.treated]) <= {0.0, 1.0}
    assert design.n_comparison == turned.n_treated
    ours = set(design.pairs()[["treated_index", "comparison_index"]].itertuples(index=False, name=None))
    theirs = set(turned.pairs()[["comparison_index", "treated_index"]].itertuples(index=False, name=None))
    assert ours == theirs
    assert "comparison people before" in design.balance().denominator


@pytest.mark.parametrize("options", [{}, {"ratio": 2}, {"replace": True, "ratio": 2}, {"order": "random", "seed": 4}])
@pytest.mark.parametrize("with_id", [True, False])
def test_shuffling_the_rows_moves_nothing(options: dict[str, Any], with_id: bool) -> None:
    table = people(200)
    table["priors"] = table["priors"].clip(upper=3)  # many people alike: ties abound
    table["age"] = table["age"] // 10
    if with_id:
        table["code"] = [f"C{number}" for number in range(200)]
        options = {**options, "id": "code"}
    first = dip.match(table, treated="treated", covariates=COVARIATES, **options)
    assert first.options["n_tied_choices"] > 0
    mixed = table.sample(frac=1, random_state=2)
    if with_id:
        mixed = mixed.reset_index(drop=True)
    second = dip.match(mixed, treated="treated", covariates=COVARIATES, **options)
    assert first.fingerprint == second.fingerprint
    left = first.to_frame().set_index("id").sort_index()
    pd.testing.assert_frame_equal(left, second.to_frame().set_index("id").sort_index(), check_exact=True)
    pd.testing.assert_frame_equal(first.balance().to_frame(), second.balance().to_frame(), check_exact=True)
    assert first.ess == second.ess


def test_ties_by_row_follow_the_rows_and_another_seed_gives_another_choice() -> None:
    table = people(200).assign(age=lambda t: t["age"] // 10, priors=lambda t: t["priors"].clip(upper=3))
    row = [
        dip.match(frame, treated="treated", covariates=COVARIATES, ties="row").fingerprint
        for frame in (table, table.sample(frac=1, random_state=2))
    ]
    seeded = [dip.match(table, treated="treated", covariates=COVARIATES, seed=seed).fingerprint for seed in (0, 0, 1)]
    assert row[0] != row[1]
    assert seeded[0] == seeded[1] != seeded[2]


def test_a_file_sorted_by_outcome_cannot_steer_the_ties() -> None:
    rng = np.random.default_rng(0)
    table = pd.DataFrame({"treated": [1] * 60 + [0] * 300, "x": [0, 1] * 180, "y": rng.random(360) < 0.5})
    worst = table.sort_values(["treated", "y"], ascending=[False, True]).reset_index()
    best = table.sort_values(["treated", "y"], ascending=[False, False]).reset_index()
    for frame in (worst, best):
        frame["index"] = frame["index"].astype(str)
    designs = [
        dip.match(frame, treated="treated", covariates=["x"], id="index", caliper=None, ties=ties)
        for ties in ("seeded", "row")
        for frame in (worst, best)
    ]
    shares = [
        float(frame.loc[(d.weights > 0) & ~d.treated, "y"].mean())
        for d, frame in zip(designs, (worst, best) * 2, strict=True)
    ]
    assert shares[0] == shares[1]
    assert abs(shares[2] - shares[3]) > 0.2


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"method": "mahalanobis"}, "is a distance, not a method"),
        ({"method": "magic"}, "unknown"),
        ({"order": "backwards"}, "order must be one of"),
        ({"estimand": "ATE"}, "dip.weight"),
        ({"caliper": -0.2}, "at least 0"),
        ({"caliper": float("nan")}, "at least 0"),
        ({"caliper": "wide"}, "at least 0"),
        ({"caliper_unit": "iqr"}, "caliper_unit must be one of"),
        ({"scale": "odds"}, "scale must be one of"),
        ({"scale": "given"}, "pass score="),
        ({"ratio": 0}, "ratio must be a whole number"),
        ({"ratio": 1.5}, "ratio must be a whole number"),
        ({"replace": "no"}, "True or False"),
        ({"ties": "coin"}, "ties must be one of"),
        ({"covariate_calipers": {"age": -1}}, "caliper on 'age'"),
        ({"covariate_calipers": {"district": 1}}, "district holds words"),
        ({"score": [0.1]}, "pandas Series"),
    ],
)
def test_options_that_cannot_be_used(options: dict[str, Any], words: str) -> None:
    with pytest.raises(InputError, match=words):
        dip.match(people(), treated="treated", covariates=COVARIATES, **options)


def test_an_own_score_must_be_complete_and_a_probability_unless_it_is_taken_as_given() -> None:
    table = people()
    common: dict[str, Any] = {"treated": "treated", "covariates": COVARIATES}
    score = pd.Series(np.linspace(0.1, 0.9, 120), index=table.index)
    with pytest.raises(InputError, match="no number for 1 of 120"):
        dip.match(table, score=score.iloc[1:], **common)
    with pytest.raises(InputError, match="for 120 of 120 people, so it is no probability"):
        dip.match(table, score=score + 1, **common)
    with pytest.raises(InputError, match="labels that repeat"):
        dip.match(table, score=pd.concat([score, score]), **common)
    mixed = dip.match(table, score=score.sample(frac=1, random_state=1), **common)
    assert mixed.fingerprint == dip.match(table, score=score, **common).fingerprint
    assert mixed.propensity is None
    assert any("supplied by the caller" in note for note in mixed.notes)


def test_fewer_comparison_people_than_the_ratio_needs() -> None:
    table = people(100, share=0.7)
    with pytest.raises(DesignError, match="fewer comparison people"):
        dip.match(table, treated="treated", covariates=COVARIATES)
    few = people(60)
    few["treated"] = 0
    few.loc[(few["age"] - 39).abs().nsmallest(3).index, "treated"] = 1
    with pytest.raises(DesignError, match="fewer comparison people"):
        dip.match(few, treated="treated", covariates=["priors"], ratio=58, replace=True)
    assert dip.match(table, treated="treated", covariates=COVARIATES, replace=True).n_treated > 0


def test_a_broken_matcher_gives_no_design(monkeypatch: pytest.MonkeyPatch) -> None:
    def careless(problem: Problem) -> Found:
        focal = np.flatnonzero(problem.is_focal)
        return found_pairs(problem, focal, np.full(len(focal), np.flatnonzero(~problem.is_focal)[0]), facts={})

    monkeypatch.setattr(matched, "MATCHERS", {"nearest": careless})
    with pytest.raises(InvariantError, match="outside the caliper"):
        dip.match(people(), treated="treated", covariates=COVARIATES)


def test_a_thousand_exact_cells_are_looked_at_together(monkeypatch: pytest.MonkeyPatch) -> None:
    rng, looks, look = np.random.default_rng(4), [], greedy.Line.look
    table = pd.DataFrame({"treated": rng.random(5_000) < 0.2, "x": rng.normal(size=5_000)})
    table["cell"] = rng.integers(0, 1_000, 5_000)

    def counted(line: Any, who: Any) -> Any:
        looks.append(len(who))
        return look(line, who)

    monkeypatch.setattr(greedy.Line, "look", counted)
    design = dip.match(table, treated="treated", covariates=["x"], exact=["cell"])
    assert looks == [int(table["treated"].sum())]
    pairs = design.pairs()
    assert (table["cell"][pairs["treated_index"]].to_numpy() == table["cell"][pairs["comparison_index"]]).all()


def test_many_rejected_neighbours_are_passed_one_by_one_in_the_end() -> None:
    # More people break the covariate caliper than all seekers step past together: the rest is found by a scan.
    scores = {"T": 0.0, "S": 0.5} | {f"n{number}": 1.0 + number for number in range(200)} | {"y": 300.0, "z": 301.0}
    frame, score = line(scores, "TS")
    frame["age"] = [30, 30, *[60] * 200, 31, 32]
    design = dip.match(
        frame, treated="treated", covariates=["x"], score=score, scale="given", caliper=None, ties="row",
        covariate_calipers={"age": 5},
    )  # fmt: skip
    assert design.pairs()["comparison_index"].tolist() == ["y", "z"]


def test_work_grows_far_slower_than_the_square_of_the_people() -> None:
    # Seconds are never asserted: their cause is. A dense matrix of distances would hold 10^8 numbers here.
    rng = np.random.default_rng(2)
    size = 20_000
    table = pd.DataFrame({"treated": (rng.random(size) < 0.4).astype(int), "x": rng.normal(size=size)})
    tracemalloc.start()
    dip.match(table, treated="treated", covariates=["x"])
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 60e6  # the matrix alone would take 768 MB


@pytest.mark.parametrize("scale", ["logit", "probability"])
def test_the_last_bits_of_a_machine_choose_no_pair(scale: str, monkeypatch: pytest.MonkeyPatch) -> None:
    # Another processor, or more threads, gives other last bits of the score. With one whole-number covariate the person
    # a year younger and the person a year older are equally near, and those bits used to choose between them.
    table, logits = dip.datasets.rossi(), assemble.score_from_model

    def one(noise: float) -> dip.Design:
        def elsewhere(model: Any, on: str) -> Any:
            score = logits(model, on)
            bits = np.random.default_rng(3).uniform(-noise, noise, len(score.used))
            unequal = bits[np.unique(score.used, return_inverse=True)[1]]  # people alike keep the same score
            return replace(score, used=score.used + unequal)

        monkeypatch.setattr(assemble, "score_from_model", elsewhere)
        return dip.match(table, treated="fin", covariates=["age"], scale=scale)

    here, there = one(0.0), one(1e-14)
    pd.testing.assert_frame_equal(here.pairs(), there.pairs(), check_exact=True)
    assert here.fingerprint == there.fingerprint


def test_the_callers_own_numbers_are_matched_just_as_they_are() -> None:
    assert pairs_on({"T": 5, "a": 5 - 2e-11, "b": 5 + 1e-11}, "T") == ["Tb"]
