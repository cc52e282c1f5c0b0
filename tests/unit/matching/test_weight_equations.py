"""The equations behind estimated weights: what they are solved by, how they move, and when there are none."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
from sklearn.linear_model import LogisticRegression

from dipeval.errors import DesignError, InputError
from dipeval.matching import Design, match, propensity, weight
from dipeval.matching.dealing import dealt, places_by_id, units_in_order
from dipeval.matching.weight_equations import weight_equations, weight_model, why_no_equations
from dipeval.matching.weight_equations_again import scores_again, solve, weights_again, why_not_remade
from tests.unit.effects.crowd import COVARIATES, crowd

CASES: dict[str, dict[str, Any]] = {
    "ipw att": {"method": "ipw"},
    "ipw atc": {"method": "ipw", "estimand": "ATC"},
    "ipw ate": {"method": "ipw", "estimand": "ATE"},
    "stabilised": {"method": "ipw", "estimand": "ATE", "stabilise": True},
    "survey": {"method": "ipw", "estimand": "ATE", "stabilise": True, "sample_weights": "survey"},
    "overlap": {"method": "overlap"},
    "matching weights": {"method": "matching_weights"},
    "formula": {"method": "ipw", "formula": "age + I(age**2) + log(priors + 1) * C(district)"},
    "entropy": {"method": "entropy"},
    "entropy atc": {"method": "entropy", "estimand": "ATC"},
    "entropy ate, two moments": {"method": "entropy", "estimand": "ATE", "moments": 2},
    "entropy, survey": {"method": "entropy", "sample_weights": "survey"},
}


def _design(case: str, people: pd.DataFrame | None = None) -> Design:
    return weight(crowd() if people is None else people, treated="treated", covariates=COVARIATES, **CASES[case])


def _probit() -> Design:
    people = crowd()
    model = propensity(people, treated="treated", covariates=COVARIATES, link="probit")
    return weight(people, treated="treated", covariates=COVARIATES, method="ipw", estimand="ATE", score=model)


DESIGNS = [*CASES, "probit"]


def _made(case: str) -> Design:
    return _probit() if case == "probit" else _design(case)


@pytest.mark.parametrize("case", DESIGNS)
def test_the_equations_are_solved_at_the_design(case: str) -> None:
    for part in weight_equations(_made(case)).parts:
        size = np.abs(part.residual[:, None] * part.rows).sum(axis=0)
        assert np.all(np.abs(part.residual @ part.rows) < 1e-7 * size)


@pytest.mark.parametrize("case", DESIGNS)
def test_derivatives_agree_with_numerical_ones(case: str) -> None:
    model = weight_model(_made(case))
    own = [part.rows @ part.start for part in model.parts]
    for place, (part, slope) in enumerate(zip(model.parts, model.slopes(own), strict=True)):
        for column in range(part.rows.shape[1]):
            step = np.zeros(part.rows.shape[1])
            step[column] = 1e-6
            up, down = (part.rows @ (part.start + sign * step) for sign in (1, -1))
            by_weight = (
                model.weigh([*own[:place], up, *own[place + 1 :]])
                - model.weigh([*own[:place], down, *own[place + 1 :]])
            ) / 2e-6
            np.testing.assert_allclose(slope * part.rows[:, column], by_weight, rtol=1e-5, atol=1e-7)
            pull = (part.look(up)[0] @ part.rows - part.look(down)[0] @ part.rows) / 2e-6
            information = (part.rows * part.look(own[place])[1][:, None]).T @ part.rows
            np.testing.assert_allclose(-pull, information[:, column], rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("case", DESIGNS)
def test_with_everybody_once_the_weights_are_those_of_the_design(case: str) -> None:
    design = _made(case)
    again = weights_again(design)(np.ones(len(design.weights)))
    np.testing.assert_allclose(again, design.weights.to_numpy(), rtol=1e-7)


@pytest.mark.parametrize("case", [*CASES, "truncated"])
def test_a_resample_gets_the_weights_of_people_written_down_several_times(case: str) -> None:
    people = crowd()
    options = CASES.get(case, {"method": "ipw", "estimand": "ATE", "truncate": 0.9})
    often = np.random.default_rng(3).multinomial(len(people), np.full(len(people), 1 / len(people)))
    again = weights_again(weight(people, treated="treated", covariates=COVARIATES, **options))(often.astype(float))
    written = people.iloc[np.repeat(np.arange(len(people)), often)].reset_index(drop=True)
    expected = weight(written, treated="treated", covariates=COVARIATES, **options).weights.to_numpy()
    np.testing.assert_allclose(np.repeat(again, often), expected, rtol=1e-7)


def test_scores_are_fitted_again_without_those_left_out() -> None:
    people = crowd()
    kept = np.arange(len(people)) % 5 != 0
    again = scores_again(_design("ipw att"))(kept.astype(float))
    model = propensity(people[kept], treated="treated", covariates=COVARIATES)
    np.testing.assert_allclose(again[kept], model.logit.to_numpy(), atol=1e-8)


def test_people_who_are_perfectly_told_apart_have_no_solution() -> None:
    design = _design("ipw att")
    apart = (design.treated.to_numpy() == (crowd()["age"] > 0).to_numpy()).astype(float)
    with pytest.raises(DesignError, match="perfectly told apart"):
        weights_again(design)(apart)


def test_unweighted_people_keep_their_weight_in_a_resample() -> None:
    design = weight(crowd(), treated="treated", covariates=COVARIATES, method="none")
    assert (weights_again(design)(np.full(300, 2.0)) == 1).all()


@pytest.mark.parametrize(
    ("options", "reason"),
    [
        ({"method": "ipw", "truncate": 0.9}, "truncated"),
        ({"method": "entropy", "trim": "common_support"}, "trimmed"),
        ({"method": "none"}, "no weight was estimated"),
    ],
)
def test_weights_without_equations_say_why(options: dict[str, Any], reason: str) -> None:
    design = weight(crowd(), treated="treated", covariates=COVARIATES, **options)
    assert reason in str(why_no_equations(design))
    with pytest.raises(DesignError, match=reason):
        weight_equations(design)


def test_scores_of_the_caller_and_of_learners_have_no_equations() -> None:
    people = crowd()
    named: dict[str, Any] = {"treated": "treated", "covariates": COVARIATES}
    brought = weight(people, method="ipw", score=propensity(people, **named).score, **named)
    assert "supplied by the caller" in str(why_no_equations(brought))
    learned = propensity(people, learner=LogisticRegression(), **named)
    design = weight(people, method="ipw", score=learned, **named)
    assert "learner" in str(why_no_equations(design))
    assert why_no_equations(weight(people, method="entropy", score=learned, **named)) is None
    with pytest.raises(DesignError, match="learner"):
        scores_again(design)


def test_matched_designs_and_strangers_have_no_equations() -> None:
    matched = match(crowd(), treated="treated", covariates=COVARIATES)
    assert "matching" in str(why_no_equations(matched))
    assert "not made by weighting" in str(why_not_remade(matched))
    assert "does not say" in str(why_no_equations(object()))
    with pytest.raises(DesignError, match="cannot be made again"):
        weights_again(matched)


@pytest.mark.parametrize("case", ["ipw ate", "entropy"])
def test_the_order_of_the_rows_moves_no_bit(case: str) -> None:
    people = crowd()
    shuffled = people.sample(frac=1, random_state=4)
    first, second = _design(case), _design(case, shuffled)
    for one, other in zip(weight_equations(first).parts, weight_equations(second).parts, strict=True):
        assert np.array_equal(one.rows, other.rows) and np.array_equal(one.information, other.information)
        assert np.array_equal(one.residual, other.residual) and np.array_equal(one.slope, other.slope)


def test_newton_steps_are_halved_when_they_go_too_far() -> None:
    part = weight_model(_design("ipw att")).parts[0]
    far = type(part)(rows=part.rows, look=part.look, start=part.start + 3.0)
    np.testing.assert_allclose(solve(far, np.ones(300)), part.start, atol=1e-7)


def test_people_are_dealt_by_their_ids_and_persons_stay_together() -> None:
    people = crowd()
    shuffled = people.sample(frac=1, random_state=2)
    everybody, persons = np.ones(300, dtype=bool), np.arange(300) // 2
    first = pd.Series(dealt(_design("entropy"), everybody, 5, 1), people.index)
    second = pd.Series(dealt(_design("entropy", shuffled), everybody, 5, 1), shuffled.index)
    assert first.equals(second.reindex(people.index))
    together = dealt(_design("entropy"), everybody, 5, 1, persons)
    assert (together[::2] == together[1::2]).all()
    assert first.to_numpy().tolist() != dealt(_design("entropy"), everybody, 5, 2).tolist()
    counts = pd.crosstab(first.to_numpy(), people["treated"].to_numpy())
    assert (counts.max() - counts.min() <= 1).all()


def test_people_left_out_are_dealt_nowhere() -> None:
    some = np.arange(300) % 3 > 0
    assert ((dealt(_design("entropy"), some, 4, 0) == -1) == ~some).all()


def test_too_many_parts_are_refused() -> None:
    everybody = np.ones(300, dtype=bool)
    with pytest.raises(DesignError, match="use fewer parts"):
        dealt(_design("entropy"), everybody, 100, 0)
    with pytest.raises(InputError, match="at least 1"):
        dealt(_design("entropy"), everybody, 0, 0)
    with pytest.raises(InputError, match="seed must be a whole number"):
        dealt(_design("entropy"), everybody, 2, 0.5)  # type: ignore[arg-type]


def test_units_are_numbered_by_their_first_person() -> None:
    design = _design("entropy")
    assert np.array_equal(places_by_id(design), np.arange(300))
    assert units_in_order(np.array([5, 5, -1, 2]), np.array([3, 2, 1, 0])).tolist() == [1, 1, -1, 0]
