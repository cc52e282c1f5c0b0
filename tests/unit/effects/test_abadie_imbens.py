"""Abadie-Imbens estimates and errors against loops over the published formulas, and the rules around them."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pandas as pd
import pytest

import dipeval as dip
from dipeval.effects.estimators import abadie_imbens_words as words
from dipeval.effects.estimators.abadie_imbens_spread import local_spread
from dipeval.errors import EstimationError, InputError
from dipeval.matching.neighbours import Closeness

TIES: dict[str, Any] = {"treated": "treated", "covariates": ["x", "z"], "method": "nearest", "replace": True}


def people(size: int = 60, seed: int = 1) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    x = rng.integers(0, 15, size) / 3
    treated = rng.random(size) < 1 / (1 + np.exp(1.5 - 0.4 * x))
    z = rng.normal(size=size) + x
    frame = pd.DataFrame(
        {
            "treated": treated.astype(int),
            "x": x,
            "z": z,
            "cell": rng.integers(0, 2, size),
            "pounds": 3 + x + z + treated + rng.normal(size=size),
            "yes": (rng.random(size) < 0.3 + 0.05 * x).astype(int),
            "times": rng.poisson(1 + 0.2 * x),
            "days": rng.integers(100, 365, size).astype(float),
        },
        index=[f"P{number:03d}" for number in rng.permutation(size)],
    )
    frame.index.name = "person"
    return frame


def design_of(frame: pd.DataFrame, **options: Any) -> dip.Design:
    given = {"score": frame["x"], "scale": "given", "caliper": None, "ties": "all"}
    return dip.match(frame, **(TIES | given | options))


def by_loops(
    design: dip.Design, y: np.ndarray, where: np.ndarray, neighbours: int, predicted: np.ndarray | None = None
) -> tuple[float, float, float, float]:
    """Mean if treated, mean if not, estimate and variance as in Abadie and Imbens (2006) and the paper of 2004."""
    treated = design.treated.to_numpy()
    place = {name: at for at, name in enumerate(design.weights.index)}
    matches: dict[int, list[int]] = {}
    for pair in design.pairs().to_dict("records"):
        ends = place[pair["treated_index"]], place[pair["comparison_index"]]
        whose = pair.get("match_of", "comparison" if design.estimand == "ATC" else "treated")
        who, other = ends if whose == "treated" else ends[::-1]
        matches.setdefault(who, []).append(other)
    shift = np.zeros(len(y)) if predicted is None else predicted
    uses, squares = np.zeros(len(y)), np.zeros(len(y))
    first, second, halves = [], [], []
    for who, others in matches.items():
        imputed = float(np.mean([y[at] + shift[who] - shift[at] for at in others]))
        first.append(y[who] if treated[who] else imputed)
        second.append(imputed if treated[who] else y[who])
        for at in others:
            uses[at] += 1 / len(others)
            squares[at] += 1 / len(others) ** 2
    n, gap = len(matches), float(np.mean(first) - np.mean(second))
    for who, others in matches.items():
        sign = 1 if treated[who] else -1
        halves.append(np.mean([(sign * (y[who] - y[at] - shift[who] + shift[at]) - gap) ** 2 for at in others]))
    spread = np.full(len(y), np.mean(halves) / 2)
    if neighbours:
        for who in range(len(y)):
            group = np.flatnonzero(treated == treated[who])
            away = (where[group] - where[who]) ** 2
            near = group[away <= np.sort(away)[neighbours] + 1e-5]
            spread[who] = np.var(y[near], ddof=1)
    total = sum((one - other - gap) ** 2 for one, other in zip(first, second, strict=True))
    both = np.array([1.0 if who in matches else 0.0 for who in range(len(y))])
    total += float(((uses**2 + 2 * uses * both - squares) * spread).sum())
    return float(np.mean(first)), float(np.mean(second)), gap, total / n**2


@pytest.mark.parametrize("neighbours", [0, 1, 3])
@pytest.mark.parametrize("ratio", [1, 3])
@pytest.mark.parametrize("estimand", ["ATT", "ATC", "ATE"])
def test_means_and_error_are_those_of_the_published_formulas(estimand: str, ratio: int, neighbours: int) -> None:
    frame = people()
    design = design_of(frame, estimand=estimand, ratio=ratio)
    where = (frame["x"] / frame["x"].std()).to_numpy()
    first, second, gap, variance = by_loops(design, frame["pounds"].to_numpy(), where, neighbours)
    for estimator in ("weighted", "abadie_imbens"):
        effect = dip.estimate_effect(
            design, frame["pounds"], measure="mean_difference", estimator=estimator, neighbours=neighbours
        )
        assert effect.mean_treated == pytest.approx(first, rel=1e-12)
        assert effect.mean_comparison == pytest.approx(second, rel=1e-12)
        assert effect.estimate == pytest.approx(gap, rel=1e-11)
        assert effect.std_error == pytest.approx(math.sqrt(variance), rel=1e-11)


@pytest.mark.parametrize("estimand", ["ATT", "ATC"])
def test_the_correction_is_the_regression_among_the_matches(estimand: str) -> None:
    frame = people(seed=3)
    design = design_of(frame, estimand=estimand)
    uses = np.where(design.treated == (estimand == "ATC"), design.weights, 0.0)
    terms = np.column_stack([np.ones(len(frame)), frame[["x", "z"]]])
    weighted = terms * uses[:, None]
    slopes = np.linalg.solve(terms.T @ weighted, weighted.T @ frame["pounds"].to_numpy())
    where = (frame["x"] / frame["x"].std()).to_numpy()
    _, _, gap, variance = by_loops(design, frame["pounds"].to_numpy(), where, 0, terms @ slopes)
    effect = dip.estimate_effect(
        design,
        frame["pounds"],
        measure="mean_difference",
        estimator="abadie_imbens",
        adjust=["x", "z"],
        neighbours=0,
    )
    assert effect.estimate == pytest.approx(gap, rel=1e-10)
    assert effect.std_error == pytest.approx(math.sqrt(variance), rel=1e-10)
    assert effect.mean_treated - effect.mean_comparison == pytest.approx(gap, rel=1e-10)
    assert any("Corrected for what separates people" in note and "x, z" in note for note in effect.remarks)


def test_an_outcome_linear_in_the_covariates_is_corrected_to_its_effect() -> None:
    """With y = 2 x + 3 z + 5 treated the regression knows everything: the estimate is 5 whatever the matches."""
    frame = people(seed=5)
    exact = 2 * frame["x"] + 3 * frame["z"] + 5 * frame["treated"] + 0.0
    noise = pd.Series(np.tile([1e-6, -1e-6], 30), index=frame.index)  # an outcome without any spread has no error
    for estimand in ("ATT", "ATC", "ATE"):
        effect = dip.estimate_effect(
            design_of(frame, estimand=estimand),
            exact + noise,
            measure="mean_difference",
            estimator="abadie_imbens",
            adjust=["x", "z"],
        )
        assert effect.estimate == pytest.approx(5, abs=1e-5)


def test_terms_that_follow_from_others_are_left_out_and_counted() -> None:
    frame = people(seed=6).assign(again=lambda people: people["x"] * 2 + 1)
    design = design_of(frame, covariates=["x", "z", "again"])
    one, other = (
        dip.estimate_effect(
            design, frame["pounds"], measure="mean_difference", estimator="abadie_imbens", adjust=covariates
        )
        for covariates in (["x", "z"], ["x", "z", "again"])
    )
    assert other.estimate == pytest.approx(one.estimate, rel=1e-10)
    assert words.ALIASED.format(count=1) in other.remarks


def test_a_ratio_is_made_on_the_log_scale_by_the_delta_method() -> None:
    """The error of a ratio is that of a difference of outcomes divided by the mean of their group."""
    frame = people(90, seed=7)
    design = design_of(frame, estimand="ATE")
    where = (frame["x"] / frame["x"].std()).to_numpy()
    first, second, _, _ = by_loops(design, frame["yes"].to_numpy(), where, 2)
    scaled = frame["yes"] / np.where(frame["treated"] == 1, first, second)
    ratio = dip.estimate_effect(design, frame["yes"], measure="risk_ratio")
    assert ratio.estimate == pytest.approx(first / second, rel=1e-12)
    assert ratio.std_error == pytest.approx(math.sqrt(by_loops(design, scaled.to_numpy(), where, 2)[3]), rel=1e-10)
    odds = dip.estimate_effect(design, frame["yes"], measure="odds_ratio")
    slopes = np.where(frame["treated"] == 1, first * (1 - first), second * (1 - second))
    scaled = (frame["yes"] - np.where(frame["treated"] == 1, first, second)) / slopes
    assert odds.std_error == pytest.approx(math.sqrt(by_loops(design, scaled.to_numpy(), where, 2)[3]), rel=1e-10)


def test_a_rate_over_equal_times_is_a_ratio_of_means() -> None:
    frame = people(90, seed=8)
    design = design_of(frame, estimand="ATE")  # everybody is used: of the unused no time at risk is known
    rate = dip.estimate_effect(design, frame["times"], measure="rate_ratio", at_risk=frame["days"] * 0 + 365)
    where = (frame["x"] / frame["x"].std()).to_numpy()
    first, second, _, _ = by_loops(design, frame["times"].to_numpy(), where, 2)
    scaled = frame["times"] / np.where(frame["treated"] == 1, first, second)
    assert rate.estimate == pytest.approx(first / second, rel=1e-12)
    assert rate.std_error == pytest.approx(math.sqrt(by_loops(design, scaled.to_numpy(), where, 2)[3]), rel=1e-10)
    unequal = dip.estimate_effect(design_of(frame), frame["times"], measure="rate_ratio", at_risk=frame["days"])
    assert unequal.se_method.startswith("Abadie-Imbens")
    assert unequal.std_error > 0


def test_people_left_out_lend_their_outcome_to_the_spread_where_it_is_known() -> None:
    frame = people(seed=9)
    design = design_of(frame)
    unused = design.weights.index[design.weights == 0]
    assert len(unused) > 5
    known = dip.estimate_effect(design, frame["pounds"], measure="mean_difference")
    missing = frame["pounds"].mask(frame.index.isin(unused))
    unknown = dip.estimate_effect(design, missing, measure="mean_difference")
    assert unknown.estimate == known.estimate
    assert unknown.std_error != known.std_error


@pytest.mark.parametrize("dimensions", [1, 2])
def test_neighbours_are_sought_in_the_own_cell_and_beyond_it_by_those_alone_there(dimensions: int) -> None:
    """Treated at 0, 1, 2 | 3 and 10 | 11, the last alone in its cell; of one other nobody knows the outcome."""
    at = np.array([0.0, 1.0, 2.0, 3.0, 10.0, 11.0, 1.0, 1.5])
    where = Closeness(
        coordinates=np.column_stack([at] + [np.zeros(8)] * (dimensions - 1)), cells=np.array([0, 0, 0, 1, 1, 2, 0, -1])
    )
    values = np.array([1.0, 4.0, 9.0, 16.0, 25.0, 36.0, 100.0, np.nan])
    treated = np.array([True] * 6 + [False] + [True])
    spread = local_spread(where, values, treated, np.arange(6), 1)
    expected = [np.var(group, ddof=1) for group in ([1, 4], [1, 4, 9], [4, 9], [16, 25], [16, 25], [25, 36])]
    np.testing.assert_allclose(spread, expected, rtol=1e-12)


@pytest.mark.parametrize("distance", [{}, {"mahalanobis": ["x", "z"]}, {"exact": ["cell"]}, {"ties": "seeded"}])
def test_the_order_of_the_rows_moves_no_digit(distance: dict[str, Any]) -> None:
    frame = people(seed=11)
    shuffled = frame.sample(frac=1, random_state=2)
    found = [
        dip.estimate_effect(
            design_of(rows, **distance),
            rows["pounds"],
            measure="mean_difference",
            estimator="abadie_imbens",
            adjust=["z"],
        )
        for rows in (frame, shuffled)
    ]
    assert (found[0].estimate, found[0].std_error) == (found[1].estimate, found[1].std_error)


@pytest.mark.parametrize("options", [{"mahalanobis": ["x"], "mahalanobis_scaling": "variance"}, {"estimand": "ATC"}])
def test_a_distance_of_one_column_is_the_score_of_that_column(options: dict[str, Any]) -> None:
    """The neighbours on a line are found by sorting, those in space by distances: both must agree."""
    frame = people(seed=12)
    plain = {"mahalanobis": ["x"], "mahalanobis_scaling": "variance"} if "estimand" in options else {}
    one = dip.estimate_effect(design_of(frame, **options), frame["pounds"], measure="mean_difference")
    other = dip.estimate_effect(design_of(frame, **(options | plain)), frame["pounds"], measure="mean_difference")
    assert one.std_error == pytest.approx(other.std_error, rel=1e-12)


def test_auto_takes_it_for_pairs_with_replacement_and_says_so() -> None:
    frame = people(seed=13)
    seeded = dip.match(frame, **TIES, caliper=None)
    effect = dip.estimate_effect(seeded, frame["pounds"], measure="mean_difference")
    around = words.AROUND.format(count="2")
    assert effect.se_method == words.METHOD.format(spread=around, score=words.SCORE_ALLOWED)
    assert words.SCORE_TAKEN not in effect.remarks
    same = dip.estimate_effect(design_of(frame), frame["pounds"], measure="mean_difference", neighbours=0)
    assert same.se_method == words.METHOD.format(spread=words.SAME_EVERYWHERE, score="")
    plain = dip.estimate_effect(seeded, frame["pounds"], measure="mean_difference", std_error="hc0")
    assert plain.se_method.startswith("robust (HC0) over the weighted people")
    assert words.SCORE_TAKEN not in plain.remarks
    by_columns = dip.estimate_effect(design_of(frame, mahalanobis=["x"]), frame["pounds"], measure="mean_difference")
    assert words.SCORE_TAKEN not in by_columns.remarks


def test_persons_with_several_rows_keep_the_error_by_person() -> None:
    frame = people(seed=14)
    design = design_of(frame)
    persons = pd.Series(np.arange(60) // 2, index=frame.index)
    usual = dip.estimate_effect(design, frame["pounds"], measure="mean_difference", cluster=persons)
    assert usual.se_method.startswith("clustered by person")
    with pytest.raises(EstimationError, match="cannot be clustered by person"):
        dip.estimate_effect(
            design, frame["pounds"], measure="mean_difference", cluster=persons, std_error="abadie_imbens"
        )


@pytest.mark.parametrize(
    ("options", "kind", "sentence"),
    [
        ({"estimator": "abadie_imbens", "std_error": "bootstrap"}, EstimationError, "Abadie and Imbens 2008"),
        ({"estimator": "abadie_imbens", "std_error": "hc0"}, EstimationError, "has its own error"),
        ({"estimator": "abadie_imbens", "model": "linear"}, InputError, "model= means nothing"),
        ({"neighbours": -1}, InputError, "neighbours=-1 is not a number of people"),
        ({"neighbours": True}, InputError, "neighbours=True is not a number of people"),
        ({"estimator": "abadie_imbens", "adjust": ["days"]}, InputError, "no covariate days"),
    ],
)
def test_what_cannot_be_is_refused_with_the_reason(options: dict[str, Any], kind: type, sentence: str) -> None:
    frame = people(seed=15)
    with pytest.raises(kind, match=sentence):
        dip.estimate_effect(design_of(frame), frame["pounds"], measure="mean_difference", **options)


def test_estimators_that_are_no_plain_mean_of_matches_have_other_errors() -> None:
    frame = people(80, seed=18)
    design = design_of(frame)
    with pytest.raises(EstimationError, match="another estimator is no plain mean"):
        dip.estimate_effect(
            design, frame["pounds"], measure="mean_difference", estimator="regression", std_error="abadie_imbens"
        )
    usual = dip.estimate_effect(design, frame["pounds"], measure="mean_difference", estimator="regression")
    assert not usual.se_method.startswith("Abadie-Imbens")
    timed = frame.assign(event=frame["yes"])
    with pytest.raises(EstimationError):
        dip.estimate_effect(
            design, timed, measure="hazard_ratio", time="days", event="event", std_error="abadie_imbens"
        )
    hazard = dip.estimate_effect(design, timed, measure="hazard_ratio", time="days", event="event")
    assert not hazard.se_method.startswith("Abadie-Imbens")


@pytest.mark.parametrize(
    ("design", "sentence"),
    [
        ({"replace": False, "ties": "seeded"}, "method='nearest' without replacement"),
        ({"method": "radius", "replace": False, "ties": "seeded", "caliper": 0.5}, "made by method='radius'"),
    ],
)
def test_other_designs_are_refused_with_what_would_do(design: dict[str, Any], sentence: str) -> None:
    frame = people(seed=16)
    made = design_of(frame, **design)
    for asked in ({"std_error": "abadie_imbens"}, {"estimator": "abadie_imbens"}):
        with pytest.raises(EstimationError, match=sentence):
            dip.estimate_effect(made, frame["pounds"], measure="mean_difference", **asked)


def test_a_corrected_share_outside_0_and_1_gives_no_ratio() -> None:
    """Treated people lie far beyond the comparison people on z, where the regression goes below nothing."""
    frame = people(seed=17)
    chance = np.random.default_rng(3).normal(size=60)
    frame["z"] = frame["x"] + chance + 2.5 * frame["treated"]
    rare = ((chance < 0) | (frame["treated"] == 1) & (frame["x"] > 2)).astype(int)
    asked: dict[str, Any] = {"estimator": "abadie_imbens", "adjust": ["z"]}
    design = design_of(frame)
    assert dip.estimate_effect(design, rare, measure="risk_difference", **asked).mean_comparison < 0
    for measure in ("risk_ratio", "odds_ratio"):
        with pytest.raises(EstimationError, match="of which no ratio can be taken"):
            dip.estimate_effect(design, rare, measure=measure, **asked)
    with pytest.raises(EstimationError, match="not there for a rate"):
        dip.estimate_effect(design, frame["times"], measure="rate_ratio", **asked)


def test_more_terms_than_matches_are_refused() -> None:
    frame = people(14, seed=2)
    names = [f"v{number}" for number in range(13)]
    frame[names] = np.random.default_rng(0).normal(size=(14, 13))
    design = dip.match(
        frame,
        treated="treated",
        covariates=["x", *names],
        score=frame["x"],
        scale="given",
        caliper=None,
        method="nearest",
        replace=True,
    )
    with pytest.raises(EstimationError, match="name fewer covariates in adjust="):
        dip.estimate_effect(design, frame["pounds"], measure="mean_difference", estimator="abadie_imbens", adjust=names)


def test_no_sentence_claims_the_absence_of_an_effect() -> None:
    sentences = [value for name, value in vars(words).items() if name.isupper()]
    assert len(sentences) > 15
    for sentence in sentences:
        assert "no effect" not in sentence.lower()
        assert "no difference" not in sentence.lower()
        assert "control" not in sentence.lower()
