"""Every estimator with every error, measure and way of matching: a finite interval or a refusal, nothing else."""

from __future__ import annotations

import math
import warnings
from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
import pytest

import dipeval as dip
from dipeval.effects.request import ESTIMATOR_NAMES, STD_ERRORS
from dipeval.errors import DipevalError, InvariantError
from tests.unit.effects.crowd import COVARIATES, crowd

SEED, N = 3, 150
QUICK = ("auto",)  # errors asked for in every run; the others are slow
OUTCOMES = {
    "risk_difference": "reoffended",
    "risk_ratio": "reoffended",
    "odds_ratio": "reoffended",
    "mean_difference": "harm",
    "rate_ratio": "n_reoffences",
    "hazard_ratio": None,
}
DESIGNS: dict[str, tuple[Any, dict[str, Any]]] = {
    "nearest": (dip.match, {}),
    "two_to_one": (dip.match, {"ratio": 2, "caliper": None}),
    "with_replacement": (dip.match, {"replace": True}),
    "all_ties": (dip.match, {"replace": True, "ties": "all", "estimand": "ATE"}),
    "optimal": (dip.match, {"method": "optimal"}),
    "radius": (dip.match, {"method": "radius"}),
    "kernel": (dip.match, {"method": "kernel"}),
    "full": (dip.match, {"method": "full"}),
    "subclass": (dip.match, {"method": "subclass"}),
    "cem": (dip.match, {"method": "cem"}),
    "entropy": (dip.weight, {"method": "entropy"}),
    "ipw": (dip.weight, {"method": "ipw", "estimand": "ATE"}),
    "truncated": (dip.weight, {"method": "ipw", "truncate": 0.9}),
    "overlap": (dip.weight, {"method": "overlap"}),
    "matching_weights": (dip.weight, {"method": "matching_weights"}),
    "none": (dip.weight, {"method": "none"}),
}


def people() -> pd.DataFrame:
    """People with every kind of outcome; few enough are treated for two matches each."""
    random = np.random.default_rng(SEED)
    found = crowd(N, seed=SEED)
    return found.assign(
        treated=found["treated"] * (random.random(N) < 0.5),
        time=np.ceil(random.exponential(60, N)).clip(1, 90),
        days=random.uniform(50, 365, N),
        person=[f"q{place // 2}" for place in range(N)],
    ).assign(event=lambda frame: (frame["time"] < 90).astype(int))


def design_of(frame: pd.DataFrame, name: str) -> Any:
    make, options = DESIGNS[name]
    return make(frame, treated="treated", covariates=COVARIATES, **options)


def asked(frame: pd.DataFrame, measure: str, **options: Any) -> tuple[Any, dict[str, Any]]:
    """The outcome of a measure, and the arguments that go with it."""
    column = OUTCOMES[measure]
    if column is None:
        return frame, {"measure": measure, "time": "time", "event": "event", "draws": 50, **options}
    return frame[column], {"measure": measure, "draws": 50, **options}


def answer(design: Any, frame: pd.DataFrame, measure: str, clustered: bool, **options: Any) -> tuple[Any, ...]:
    """The figures of an estimate, or the sentence that refuses it."""
    outcome, given = asked(frame, measure, **options)
    if clustered:
        given["cluster"] = frame["person"]
    try:
        effect = dip.estimate_effect(design, outcome, **given)
    except InvariantError:
        raise
    except DipevalError as refusal:
        return ("refused", str(refusal))
    figures = (effect.estimate, effect.std_error, effect.conf_low, effect.conf_high, effect.p_value)
    assert all(map(math.isfinite, figures)), (measure, options)
    assert effect.conf_low < effect.estimate < effect.conf_high, (measure, options)
    if measure == "risk_difference":
        assert abs(effect.estimate) <= 1, options
    assert str(effect.summary())
    return (*figures, effect.se_method, effect.remarks)


def check_grid(frame: pd.DataFrame, name: str, errors: tuple[str, ...], clustered: bool) -> int:
    """Ask for everything, of the people and of the same people in another order; return how much was given."""
    moved = frame.sample(frac=1, random_state=SEED)
    design, again = design_of(frame, name), design_of(moved, name)
    given = 0
    for estimator in ESTIMATOR_NAMES:
        for error in errors:
            for measure in OUTCOMES:
                options: Mapping[str, Any] = {"estimator": estimator, "std_error": error}
                with warnings.catch_warnings():
                    warnings.simplefilter("error")
                    found = answer(design, frame, measure, clustered, **options)
                    other = answer(again, moved, measure, clustered, **options)
                assert other == found, (name, measure, options)
                if found[0] == "refused":
                    assert found[1].endswith(".") and "p0" not in found[1], (name, measure, options)
                given += found[0] != "refused"
    return given


@pytest.mark.parametrize("name", DESIGNS)
def test_a_finite_interval_or_a_refusal_whatever_the_order_of_the_rows(name: str) -> None:
    assert check_grid(people(), name, QUICK, clustered=False) >= 4


@pytest.mark.slow
@pytest.mark.parametrize("name", DESIGNS)
@pytest.mark.parametrize("clustered", [False, True])
def test_with_every_error(name: str, clustered: bool) -> None:
    errors = tuple(error for error in STD_ERRORS if clustered or error not in QUICK)
    given = check_grid(people(), name, errors, clustered=clustered)
    assert given >= 6 or clustered


@pytest.mark.parametrize("estimator", ["weighted", "regression"])
@pytest.mark.parametrize("name", ["nearest", "none", "full"])
def test_times_at_risk_far_apart_give_no_warning(estimator: str, name: str) -> None:
    frame = people()
    days = pd.Series(np.where(np.arange(N) % 2, 1e-9, 1e9), frame.index)
    design = design_of(frame, name)
    for model in ("poisson", "negative_binomial"):
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            try:
                found = dip.estimate_effect(
                    design, frame["n_reoffences"], measure="rate_ratio", at_risk=days, estimator=estimator, model=model
                )
            except DipevalError:
                continue
            assert math.isfinite(found.std_error)
