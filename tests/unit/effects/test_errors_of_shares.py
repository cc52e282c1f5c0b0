"""Errors where weights are shares among people beside one another, against sums over every two people."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pandas as pd
import pytest

import dipeval as dip
from dipeval.effects.estimators import aipw_words as words
from dipeval.matching.weight_equations_parts import ALONE, LEAST_TOLD

COVARIATES = ["one", "two", "cell"]
DESIGNS: dict[str, dict[str, Any]] = {
    "radius": {"method": "radius", "caliper": 0.2},
    "radius about the comparison people": {"method": "radius", "caliper": 0.2, "estimand": "ATC"},
    "radius within cells": {"method": "radius", "caliper": 0.3, "exact": ["cell"]},
    "radius among those not trimmed": {"method": "radius", "caliper": 0.2, "trim": "crump"},
    "kernel": {"method": "kernel", "caliper": 0.3},
    "classes": {"method": "subclass"},
    "classes about everybody": {"method": "subclass", "estimand": "ATE"},
    "cells": {"method": "cem", "cutpoints": {"one": 4, "two": 3}},
    "cells of few people": {"method": "cem"},
    "cells about everybody": {"method": "cem", "cutpoints": {"one": 4, "two": 3}, "estimand": "ATE"},
}


def people(size: int = 160, seed: int = 3) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    one, two = rng.normal(size=(2, size))
    treated = rng.random(size) < 1 / (1 + np.exp(0.7 - 0.6 * one - 0.5 * two))
    return pd.DataFrame(
        {
            "treated": treated.astype(int),
            "one": one,
            "two": two,
            "cell": rng.integers(0, 2, size),
            "y": 2 * one + two + (1 + one) * treated + rng.normal(size=size),
        },
        index=pd.Index(rng.permutation(size), name="person"),
    )


def made(frame: pd.DataFrame, **options: Any) -> dip.Design:
    return dip.match(frame, treated="treated", covariates=COVARIATES, **options)


def closeness(frame: pd.DataFrame, design: dip.Design) -> np.ndarray:
    """How much every two people count for each other, from the rules in words."""
    if design.method in ("subclass", "cem"):
        label = design.sets.fillna(-1).to_numpy()
        return (label[:, None] == label[None, :]).astype(float)
    assert design.propensity is not None
    line, width = design.propensity.logit.to_numpy(), design.options["caliper_width"]
    away = np.abs(line[:, None] - line[None, :])
    near = (away <= width).astype(float) if design.method == "radius" else np.maximum(1 - (away / width) ** 2, 0.0)
    if design.options["exact"]:
        cell = frame["cell"].to_numpy()
        near *= cell[:, None] == cell[None, :]
    return near


def by_pairs(frame: pd.DataFrame, design: dip.Design) -> float:
    """The error of a difference of means, person by person."""
    y, treated, used = frame["y"].to_numpy(), frame["treated"].to_numpy() == 1, design.weights.to_numpy() > 0
    near, parts = closeness(frame, design), np.zeros(len(y))
    focal_of = {"ATT": treated, "ATC": ~treated, "ATE": np.ones(len(y), dtype=bool)}[design.estimand] & used
    for side, sign in ((True, 1.0), (False, -1.0)):
        group = (treated == side) & used
        if design.estimand == ("ATT" if side else "ATC"):
            parts[group] += sign * (y[group] - y[group].mean()) / group.sum()
            continue
        share = near[np.ix_(focal_of, group)]
        share = share / share.sum(axis=1, keepdims=True)
        foretold, held = share @ y[group], share.sum(axis=0)
        # Of a kernel, whose counts are below 1, the squares are taken one power lower: no more than a little too wide.
        squared = (share**2 / near[np.ix_(focal_of, group)].clip(1e-300)).sum(axis=0)
        squared = np.minimum(squared, held**2)
        mean = foretold.mean()
        apart = held * y[group] - share.T @ foretold
        told, needed = held * (held - squared), held**2 - squared
        alone = squared > ALONE * held
        if needed[~alone].sum() >= LEAST_TOLD * needed.sum():
            apart *= math.sqrt(needed.sum() / needed[~alone].sum())
            apart[alone] = 0.0
        else:
            apart[alone], told[alone] = (held * (y[group] - mean))[alone], held[alone] ** 2
        enlarged = np.sqrt(np.divide(needed, told, out=np.zeros(len(told)), where=told > 0))
        parts[focal_of] += sign * (foretold - mean) / focal_of.sum()
        parts[group] += sign * enlarged * apart / focal_of.sum()
    return math.sqrt(float((parts**2).sum()))


@pytest.mark.parametrize("options", DESIGNS.values(), ids=DESIGNS)
def test_the_error_is_that_of_every_two_people(options: dict[str, Any]) -> None:
    frame = people()
    design = made(frame, **options)
    effect = dip.estimate_effect(design, frame["y"], measure="mean_difference")
    assert effect.std_error == pytest.approx(by_pairs(frame, design), rel=1e-9)
    assert words.SOURCES[design.method] in effect.se_method


@pytest.mark.parametrize("options", DESIGNS.values(), ids=DESIGNS)
@pytest.mark.parametrize("estimator", ["weighted", "regression"])
def test_the_order_of_rows_moves_no_digit(options: dict[str, Any], estimator: str) -> None:
    frame = people()
    turned = frame.sample(frac=1, random_state=5)
    errors = [
        dip.estimate_effect(made(each, **options), each["y"], measure="mean_difference", estimator=estimator).std_error
        for each in (frame, turned)
    ]
    assert errors[0] == errors[1]


def test_cells_of_one_yes_no_covariate_have_the_error_of_weights_that_balance_it() -> None:
    frame = people(1200)
    named: dict[str, Any] = {"treated": "treated", "covariates": ["cell"]}
    errors = [
        dip.estimate_effect(design, frame["y"], measure="mean_difference").std_error
        for design in (
            dip.match(frame, method="cem", **named),
            dip.weight(frame, method="entropy", **named),
            dip.weight(frame, method="ipw", estimand="ATT", **named),
        )
    ]
    assert errors[0] == pytest.approx(errors[1], rel=2e-3)
    assert errors[1] == pytest.approx(errors[2], rel=1e-9)


def test_persons_with_several_rows_are_summed() -> None:
    frame = people()
    design = made(frame, **DESIGNS["classes"])
    alone = pd.Series(range(len(frame)), frame.index)
    found = dip.estimate_effect(design, frame["y"], measure="mean_difference", cluster=alone)
    plain = dip.estimate_effect(design, frame["y"], measure="mean_difference")
    n = len(frame)
    assert found.std_error == pytest.approx(plain.std_error * math.sqrt(n / (n - 2)), rel=1e-12)
    assert words.SOURCES["subclass"] in found.se_method
    assert "people" in found.se_method


def test_the_error_of_known_weights_is_still_there_for_the_asking() -> None:
    frame = people()
    design = made(frame, **DESIGNS["radius"])
    plain = dip.estimate_effect(design, frame["y"], measure="mean_difference", std_error="hc0")
    assert plain.se_method.startswith("robust (HC0)")
    assert plain.std_error > 1.3 * dip.estimate_effect(design, frame["y"], measure="mean_difference").std_error


@pytest.mark.slow
@pytest.mark.parametrize("name", ["radius", "kernel", "classes"])
def test_the_error_is_the_spread_of_the_estimate_where_covariates_foretell_the_outcome(name: str) -> None:
    found = []
    for seed in range(150):
        frame = people(300, seed=1000 + seed)
        effect = dip.estimate_effect(made(frame, **DESIGNS[name]), frame["y"], measure="mean_difference")
        found.append((effect.estimate, effect.std_error))
    estimates, errors = np.array(found).T
    assert 0.85 < math.sqrt(float((errors**2).mean())) / estimates.std(ddof=1) < 1.3
