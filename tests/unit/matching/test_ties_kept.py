"""Nearest neighbours with every tie kept, against a double loop over everybody."""

from __future__ import annotations

import itertools
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
import pytest

import dipeval as dip
from dipeval.errors import DesignError, InputError, InvariantError
from dipeval.matching import matched, ties_kept
from dipeval.matching.neighbours import TOLERANCE
from dipeval.matching.problem import Found, Problem
from dipeval.matching.proof import prove
from tests.unit.matching.matching_people import COVARIATES, people

TIES: dict[str, Any] = {"treated": "treated", "method": "nearest", "replace": True, "ties": "all"}
LIMITS: list[dict[str, Any]] = [
    {},
    {"caliper": 0.3},
    {"exact": ["district"]},
    {"covariate_calipers": {"age": 8}},
    {"anti_exact": ["district"], "caliper": 0.5},
    {"covariate_calipers": {"priors": 1}, "exact": ["district"], "caliper": 0.4},
]
DISTANCES: list[dict[str, Any]] = [
    {"scale": "given"},
    {"mahalanobis": ["age", "priors"]},
    {"mahalanobis": ["age", "priors"], "mahalanobis_scaling": "everyone"},
    {"mahalanobis": ["age", "priors"], "mahalanobis_scaling": "variance"},
]


def frame_and_score(seed: int) -> tuple[pd.DataFrame, pd.Series]:
    frame = people(70, seed=seed)
    rng = np.random.default_rng(seed + 100)
    score = pd.Series(rng.integers(0, 12, len(frame)) / 4 + 0.5 * frame["treated"].to_numpy(), index=frame.index)
    return frame, score


def made(frame: pd.DataFrame, score: pd.Series, **options: Any) -> dip.Design:
    return dip.match(
        frame, covariates=COVARIATES, score=score, **(TIES | {"caliper": None, "scale": "given"} | options)
    )


def squared(frame: pd.DataFrame, score: pd.Series, options: dict[str, Any]) -> np.ndarray:
    """Squared distance of every two people, worked out from the covariance itself."""
    if "mahalanobis" not in options:
        values = score.to_numpy()[:, None]
        covariance = np.atleast_2d(np.var(values, ddof=1))
    else:
        values = frame[options["mahalanobis"]].to_numpy(dtype=float)
        covariance = np.cov(values.T)
        if options.get("mahalanobis_scaling", "pooled") == "pooled":
            groups = [values[frame["treated"] == side] for side in (0, 1)]
            covariance = sum((len(group) - 1) * np.cov(group.T) for group in groups) / (len(values) - 2)
        if options.get("mahalanobis_scaling") == "variance":
            covariance = np.diag(np.diag(covariance))
    steps = values[:, None, :] - values[None, :, :]
    return np.einsum("ijk,kl,ijl->ij", steps, np.linalg.inv(covariance), steps)


def allowed(frame: pd.DataFrame, score: pd.Series, limits: dict[str, Any]) -> np.ndarray:
    def apart(values: pd.Series) -> np.ndarray:
        return np.abs(values.to_numpy(dtype=float)[:, None] - values.to_numpy(dtype=float)[None, :])

    fine = np.ones((len(frame), len(frame)), dtype=bool)
    if limits.get("caliper") is not None:
        fine &= apart(score) <= limits["caliper"] * score.std()
    codes = frame["district"].astype("category").cat.codes
    if "exact" in limits:
        fine &= apart(codes) == 0
    if "anti_exact" in limits:
        fine &= apart(codes) > 0
    for name, most in limits.get("covariate_calipers", {}).items():
        fine &= apart(frame[name]) <= most
    return fine


def by_double_loop(
    frame: pd.DataFrame, score: pd.Series, options: dict[str, Any], ratio: int, estimand: str
) -> tuple[set[tuple[str, str, str]], np.ndarray]:
    """Every pair (treated, comparison, for whom), and everybody's weight."""
    squares, fine = squared(frame, score, options), allowed(frame, score, options)
    treated, names = frame["treated"].to_numpy() == 1, frame.index
    raw, pairs = np.zeros(len(frame)), set()
    sought = {"ATT": [True], "ATC": [False], "ATE": [True, False]}[estimand]
    for side, who in itertools.product(sought, range(len(frame))):
        pool = np.flatnonzero((treated != side) & fine[who])
        if treated[who] != side or not len(pool):
            continue
        near = np.sort(squares[who, pool])[min(ratio, len(pool)) - 1]
        matches = pool[squares[who, pool] <= near + TOLERANCE]
        raw[who] += 1
        raw[matches] += 1 / len(matches)
        word = "treated" if side else "comparison"
        pairs |= {(names[who], names[at], word) if side else (names[at], names[who], word) for at in matches}
    for side in (True, False):
        mine = (treated == side) & (raw > 0)
        raw[mine] /= raw[mine].mean()
    return pairs, raw


def pairs_of(design: dip.Design) -> set[tuple[str, str, str]]:
    pairs = design.pairs()
    whose = pairs.get("match_of", "comparison" if design.estimand == "ATC" else "treated")
    rows = pairs.assign(match_of=whose)[["treated_index", "comparison_index", "match_of"]]
    assert not rows.duplicated().any()
    return set(rows.itertuples(index=False, name=None))


@pytest.mark.parametrize("estimand", ["ATT", "ATC", "ATE"])
@pytest.mark.parametrize("ratio", [1, 3])
@pytest.mark.parametrize("limits", LIMITS, ids=lambda limits: "+".join(limits) or "no limit")
@pytest.mark.parametrize("distance", DISTANCES, ids=lambda given: given.get("mahalanobis_scaling", "-".join(given)))
def test_pairs_and_weights_are_those_of_the_double_loop(
    distance: dict[str, Any], limits: dict[str, Any], ratio: int, estimand: str
) -> None:
    for seed in range(3):
        frame, score = frame_and_score(seed)
        design = made(frame, score, ratio=ratio, estimand=estimand, **distance, **limits)
        pairs, weights = by_double_loop(frame, score, distance | limits, ratio, estimand)
        assert pairs_of(design) == pairs
        np.testing.assert_allclose(design.weights.to_numpy(), weights, rtol=1e-12)


@pytest.mark.parametrize("estimand", ["ATT", "ATC", "ATE"])
@pytest.mark.parametrize("distance", DISTANCES[:2])
def test_the_order_of_the_rows_moves_nothing(distance: dict[str, Any], estimand: str) -> None:
    frame, score = frame_and_score(4)
    shuffled = frame.sample(frac=1, random_state=9)
    one, other = (made(rows, score, ratio=2, estimand=estimand, **distance) for rows in (frame, shuffled))
    assert one.fingerprint == other.fingerprint
    pd.testing.assert_series_equal(one.weights, other.weights.reindex(frame.index), rtol=0, atol=0)
    pd.testing.assert_frame_equal(one.pairs(), other.pairs())


def test_people_equally_near_share_a_weight_of_one_and_twins_within_the_tolerance_are_equal() -> None:
    score = pd.Series([0.0, 0.1, -0.1, 5.0, 5.0, 5.001, 9.0], index=list("abcdefg"))
    frame = pd.DataFrame({"treated": [1, 0, 0, 1, 0, 0, 0], "age": range(20, 27)}, index=score.index)
    design = dip.match(frame, covariates=["age"], score=score, scale="given", caliper=None, **TIES)
    pairs = design.pairs()
    assert set(zip(pairs["treated_index"], pairs["comparison_index"], strict=True)) == {
        ("a", "b"),
        ("a", "c"),
        ("d", "e"),
        ("d", "f"),
    }
    assert design.weights.to_dict() == {"a": 1, "b": 1, "c": 1, "d": 1, "e": 1, "f": 1, "g": 0}


def test_for_everybody_both_groups_are_matched_and_the_pairs_say_for_whom() -> None:
    frame, score = frame_and_score(1)
    design = made(frame, score, estimand="ATE")
    pairs = design.pairs()
    assert pairs.columns.tolist() == ["treated_index", "comparison_index", "distance", "match_of"]
    assert set(pairs["match_of"]) == {"treated", "comparison"}
    assert (design.weights > 0).all()
    assert design.estimand_in_words == "the average effect on all 70 people"
    assert "both treated and comparison people are matched" in design.notes[0]
    assert made(frame, score).pairs().columns.tolist() == ["treated_index", "comparison_index", "distance"]


def test_the_notes_say_what_was_done_and_how_many_have_more() -> None:
    frame, score = frame_and_score(2)
    design = made(frame, score, ratio=2, mahalanobis=["age"], mahalanobis_scaling="variance")
    assert "each in standard deviations of everybody" in design.notes[0]
    assert "everybody as near as the 2 nearest is kept" in design.notes[0]
    assert "have more than 2 because others are as near" in design.notes[1]
    assert design.options["n_matches"] == len(design.pairs())
    assert design.options["mahalanobis_scaling"] == "variance"
    assert design.method_words == "nearest-neighbour matching by distance in standard deviations"
    assert "mahalanobis_scaling" not in made(frame, score, mahalanobis=["age"]).options


def test_seeded_pairs_can_be_measured_by_everybodys_covariance_too() -> None:
    frame, score = frame_and_score(3)
    given = {"mahalanobis": ["age", "priors"], "mahalanobis_scaling": "everyone"}
    design = made(frame, score, ties="seeded", replace=False, **given)
    squares = squared(frame, score, given)
    place = {name: at for at, name in enumerate(frame.index)}
    for _, pair in design.pairs().iterrows():
        expected = squares[place[pair["treated_index"]], place[pair["comparison_index"]]]
        assert pair["distance"] ** 2 == pytest.approx(expected, rel=1e-6)
    assert "covariance of everybody" in design.notes[0]


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ({"replace": False}, "ties='all' keeps everybody as near"),
        ({"method": "radius", "replace": False, "caliper": 0.2}, "ties='all' keeps everybody as near"),
        ({"ties": "seeded", "estimand": "ATE"}, "replace=True and ties='all'"),
        ({"mahalanobis_scaling": "variance"}, "mahalanobis_scaling= says how"),
        ({"mahalanobis": ["age"], "mahalanobis_scaling": "own"}, "must be one of pooled, everyone, variance"),
        ({"mahalanobis": ["age"], "mahalanobis_scaling": "variance", "mahalanobis_ranks": True}, "a covariance of its"),
    ],
)
def test_what_makes_no_sense_is_refused(options: dict[str, Any], sentence: str) -> None:
    frame, score = frame_and_score(0)
    with pytest.raises(InputError, match=sentence):
        dip.match(frame, covariates=COVARIATES, score=score, **(TIES | {"caliper": None, "scale": "given"} | options))


def test_for_everybody_each_group_must_be_large_enough_to_be_matches() -> None:
    frame, score = frame_and_score(0)
    few = frame[(frame["treated"] == 0) | (frame["treated"].cumsum() <= 2)]
    with pytest.raises(DesignError, match=r"fewer treated people \(2\) than the ratio needs"):
        made(few, score, estimand="ATE", ratio=3)


def test_a_list_too_long_for_memory_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ties_kept, "MOST_PAIRS", 20)
    frame, score = frame_and_score(0)
    for distance in DISTANCES[:2]:
        with pytest.raises(DesignError, match="more than 20 pairs of people equally near"):
            made(frame, score, ratio=3, **distance)


def problem_and_found(monkeypatch: pytest.MonkeyPatch, **options: Any) -> tuple[Problem, Found]:
    kept: list[tuple[Problem, Found]] = []
    monkeypatch.setattr(matched, "prove", lambda problem, found: kept.append((problem, found)))
    frame, score = frame_and_score(5)
    made(frame, score, ratio=2, **options)
    return kept[0]


@pytest.mark.parametrize("estimand", ["ATT", "ATE"])
@pytest.mark.parametrize("distance", DISTANCES[:2])
def test_the_proof_finds_what_is_broken(
    monkeypatch: pytest.MonkeyPatch, distance: dict[str, Any], estimand: str
) -> None:
    problem, found = problem_and_found(monkeypatch, estimand=estimand, caliper=0.6, **distance)
    prove(problem, found)

    def without(rows: np.ndarray) -> Found:
        keep = np.setdiff1d(np.arange(len(found.focal)), rows)
        back = None if found.backwards is None else found.backwards[keep]
        return replace(found, focal=found.focal[keep], others=found.others[keep], backwards=back)

    many = np.bincount(found.focal[: found.focal.size if found.backwards is None else int((~found.backwards).sum())])
    crowded = int(np.argmax(many))
    one = np.flatnonzero(found.focal == crowded)[:1]
    with pytest.raises(InvariantError, match="people have not all who are as near"):
        prove(problem, without(one))
    with pytest.raises(InvariantError, match="weights are not those of the pairs"):
        prove(problem, replace(found, weights=np.where(found.weights > 0, 1.0, 0.0) * np.linspace(1, 2, 70)))
    far = np.flatnonzero(~problem.is_focal & problem.kept)
    others = found.others.copy()
    others[one] = far[np.argmax(np.abs(problem.score[far] - problem.score[crowded]))]  # type: ignore[index]
    with pytest.raises(InvariantError, match="pairs break a caliper"):
        prove(problem, replace(found, others=others))
    with pytest.raises(InvariantError, match="people were left without a match"):
        prove(problem, without(np.flatnonzero(found.focal == crowded)))
    twice = np.concatenate([found.focal, found.focal[:1]]), np.concatenate([found.others, found.others[:1]])
    back = None if found.backwards is None else np.append(found.backwards, found.backwards[0])
    with pytest.raises(InvariantError, match="pairs occur twice"):
        prove(problem, replace(found, focal=twice[0], others=twice[1], backwards=back))


def test_a_match_farther_than_the_nearest_is_found_out(monkeypatch: pytest.MonkeyPatch) -> None:
    problem, found = problem_and_found(monkeypatch)
    who = found.focal[0]
    far = [at for at in np.flatnonzero(~problem.is_focal) if at not in found.others[found.focal == who]]
    place = max(far, key=lambda at: abs(problem.score[at] - problem.score[who]))  # type: ignore[index]
    longer = replace(found, focal=np.append(found.focal, who), others=np.append(found.others, place))
    with pytest.raises(InvariantError, match="matches are farther than the nearest few"):
        prove(problem, longer)


def test_trimmed_people_are_nobodys_match() -> None:
    frame, _ = frame_and_score(6)
    design = dip.match(frame, covariates=["age", "priors"], caliper=None, trim="common_support", **TIES)
    assert design.closeness is not None
    gone = design.closeness.cells < 0
    assert gone.any()
    assert (design.weights.to_numpy()[gone] == 0).all()
