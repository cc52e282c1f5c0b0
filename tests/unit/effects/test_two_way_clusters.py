"""Errors over matched sets and people at once, where people are matched with replacement."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pandas as pd
import pytest

import dipeval as dip
from dipeval.datasets import recid
from dipeval.effects import Effect, estimate_effect, subgroup_effects
from dipeval.effects.estimate import ESTIMATORS, make_request
from dipeval.effects.estimators.two_way import Served, reused_sets, sets_served, two_way_error
from dipeval.effects.request import EstimateOptions
from dipeval.errors import EstimationError, InputError
from dipeval.survival.clusters import squares
from dipeval.survival.columns import read_rows
from dipeval.survival.curves.restricted import restricted_mean, rmst_influence

COVARIATES = ["priors", "educ", "age", "felon"]
TIMES = {"time": "time", "event": "event"}


@pytest.fixture(scope="module")
def people() -> pd.DataFrame:
    frame = recid().iloc[:500]
    return frame.assign(time=frame["months_to_return"].astype(float), event=frame["returned"])


def matched(people: pd.DataFrame, **options: Any) -> Any:
    named = {"caliper": 0.2, "replace": True} | options
    return dip.match(people, treated="workprg", covariates=COVARIATES, **named)


def estimated(design: Any, people: pd.DataFrame, measure: str = "rmst_difference", **options: Any) -> Effect:
    further = {"horizon": 60} if measure == "rmst_difference" else {}
    return estimate_effect(design, people, measure=measure, **TIMES, **further, **options)


def expanded(design: Any, people: pd.DataFrame) -> pd.DataFrame:
    """One row a person and set, from the pairs, written out person by person."""
    pairs, rows = design.pairs(), []
    focal, other = ("treated_index", "comparison_index")
    if design.estimand == "ATC":
        focal, other = other, focal
    for place, pair in pairs.iterrows():
        backwards = pair.get("match_of") == "comparison"
        mine, theirs = (pair[other], pair[focal]) if backwards else (pair[focal], pair[other])
        same = pairs[focal] == mine if not backwards else pairs[other] == mine
        if "match_of" in pairs:
            same &= pairs["match_of"] == pair["match_of"]
        first = same.to_numpy().argmax() == place
        rows += [(mine, mine, 1.0)] if first else []
        rows.append((theirs, mine, 1 / same.sum()))
    frame = pd.DataFrame(rows, columns=["person", "set", "amount"])
    frame["weight"] = frame["amount"] / frame.groupby("person")["amount"].transform("sum")
    frame["weight"] *= design.weights[frame["person"]].to_numpy()
    facts = people.loc[frame["person"], ["time", "event"]].reset_index(drop=True)
    treated = design.treated[frame["person"]].astype(float).to_numpy()
    return frame.assign(treated=treated, time=facts["time"], event=facts["event"])


@pytest.mark.parametrize("options", [{}, {"ratio": 3}, {"estimand": "ATC"}, {"estimand": "ATE", "ties": "all"}])
def test_days_free_are_those_of_the_expanded_table(people: pd.DataFrame, options: dict[str, Any]) -> None:
    """A curve cares for weights alone, so that splitting people over their sets leaves the estimate as it is."""
    design = matched(people, **options)
    effect, table = estimated(design, people), expanded(design, people)
    assert table.groupby("person")["set"].nunique().max() > 1
    rows = read_rows(table, time="time", event="event", weights="weight", by="treated", cluster=["set", "person"])
    means, slopes = rmst_influence(rows, 60)
    assert effect.estimate == pytest.approx(means[1] - means[0], rel=1e-10)
    parts = (np.where(rows.group == 1, 1, -1) * rows.weight * slopes)[:, None]
    assert effect.std_error == pytest.approx(math.sqrt(squares(parts, rows)[0, 0]), rel=1e-10)
    assert "by matched set and by person at once" in effect.se_method
    assert f"{table['set'].nunique()} sets, {table['person'].nunique()} people" in effect.se_method


def test_it_is_the_error_of_the_public_restricted_mean(people: pd.DataFrame) -> None:
    design = matched(people, ratio=2)
    effect, table = estimated(design, people), expanded(design, people)
    found = restricted_mean(
        table, time="time", event="event", horizon=60, by="treated", weights="weight", cluster=["set", "person"]
    ).to_frame()
    row = found[found["group"] == "difference"].iloc[0]
    assert effect.estimate == pytest.approx(row["estimate"], rel=1e-10)
    assert effect.std_error == pytest.approx(row["std_error"], rel=1e-10)


@pytest.mark.parametrize("options", [{}, {"ratio": 3}, {"estimand": "ATC"}])
def test_a_hazard_ratio_is_that_of_cox_on_the_expanded_table(people: pd.DataFrame, options: dict[str, Any]) -> None:
    """Efron takes the copies of one person for people who tie; with none among those with the event, all is equal."""
    design = matched(people, **options)
    reused = expanded(design, people)["person"].value_counts()
    reused = reused.index[reused > 1]
    alone = people.assign(event=people["event"].where(~people.index.isin(reused), 0))
    effect, table = estimated(design, alone, "hazard_ratio"), expanded(design, alone)
    assert len(reused) > 20 and alone["event"].sum() > 20
    row = (
        dip.cox(table, covariates=["treated"], time="time", event="event", weights="weight", cluster=["set", "person"])
        .to_frame()
        .iloc[0]
    )
    assert math.log(effect.estimate) == pytest.approx(row["estimate"], rel=1e-10)
    assert effect.std_error == pytest.approx(row["std_error"], rel=1e-10)
    assert "by matched set and by person at once (Lin and Wei" in effect.se_method


@pytest.mark.parametrize("measure", ["hazard_ratio", "rmst_difference"])
def test_auto_takes_it_and_it_is_neither_error_alone(people: pd.DataFrame, measure: str) -> None:
    design = matched(people)
    usual, asked = estimated(design, people, measure), estimated(design, people, measure, std_error="cluster_hc0")
    assert usual.to_frame().equals(asked.to_frame())
    plain = estimated(design, people, measure, std_error="hc0")
    assert plain.estimate == usual.estimate
    assert plain.std_error != pytest.approx(usual.std_error, rel=1e-4)
    assert plain.se_method.startswith("robust (")


@pytest.mark.parametrize("measure", ["hazard_ratio", "rmst_difference"])
@pytest.mark.parametrize("ratio", [1, 2])
def test_without_replacement_it_is_the_error_over_sets(people: pd.DataFrame, measure: str, ratio: int) -> None:
    design = matched(people, replace=False, ratio=ratio)
    effect = estimated(design, people, measure)
    assert ("clustered by set" if ratio == 2 else "clustered by pair") in effect.se_method
    assert reused_sets(design) is None
    request = make_request(
        design,
        people["event"],
        "event",
        measure=measure,
        at_risk=people.loc[design.weights[design.weights > 0].index, "time"].to_numpy(),
        options=EstimateOptions(horizon=60 if measure == "rmst_difference" else None),
    )
    found, served = ESTIMATORS["weighted"](request), sets_served(design)
    assert served is not None and found.contributions is not None
    both = two_way_error(found.contributions, served, np.arange(len(people)), corrected=False)
    assert both == pytest.approx(effect.std_error, rel=1e-12)


def test_shares_add_up_and_follow_the_weights(people: pd.DataFrame) -> None:
    design = matched(people, ratio=2)
    served = sets_served(design)
    assert served is not None
    table = expanded(design, people)
    assert len(served.person) == len(table)
    whole = np.bincount(served.person, weights=served.share, minlength=len(people))
    np.testing.assert_allclose(whole[design.weights.to_numpy() > 0], 1.0, rtol=1e-12)
    mine = pd.Series(served.share * design.weights.to_numpy()[served.person]).groupby(served.of_set).sum()
    np.testing.assert_allclose(np.sort(mine), np.sort(table.groupby("set")["weight"].sum()), rtol=1e-12)
    assert sets_served(dip.weight(people, treated="workprg", covariates=COVARIATES)) is None


def test_rows_of_one_person_are_persons(people: pd.DataFrame) -> None:
    """With a person behind several rows, people are those persons, in whatever set they stand."""
    design = matched(people)
    persons = pd.Series([f"q{place // 3}" for place in range(len(people))], people.index)
    effect, table = estimated(design, people, cluster=persons), expanded(design, people)
    rows = read_rows(
        table.assign(behind=persons[table["person"]].to_numpy()),
        time="time",
        event="event",
        weights="weight",
        by="treated",
        cluster=["set", "behind"],
    )
    parts = (np.where(rows.group == 1, 1, -1) * rows.weight * rmst_influence(rows, 60)[1])[:, None]
    assert effect.std_error == pytest.approx(math.sqrt(squares(parts, rows)[0, 0]), rel=1e-10)


def test_means_have_it_where_it_is_asked_for(people: pd.DataFrame) -> None:
    design = matched(people)
    effect = estimate_effect(design, people["returned_12m"], std_error="cluster_hc0")
    assert "at once (HC0, each with G/(G - 1)" in effect.se_method
    assert estimate_effect(design, people["returned_12m"]).se_method.startswith("Abadie-Imbens")
    # by hand: a difference of weighted shares, each row its part of the person's weight
    table = expanded(design, people)
    y = people.loc[table["person"], "returned_12m"].to_numpy(dtype=float)
    parts = np.zeros(len(table))
    for side in (0.0, 1.0):
        own = (table["treated"] == side).to_numpy()
        weight = table["weight"].to_numpy()[own]
        mean = (weight * y[own]).sum() / weight.sum()
        parts[own] = (2 * side - 1) * weight * (y[own] - mean) / weight.sum()
    total = 0.0
    for sign, codes in (
        (1, table["set"]),
        (1, table["person"]),
        (-1, table["set"].astype(str) + "/" + table["person"].astype(str)),
    ):
        groups = pd.Series(parts).groupby(codes.to_numpy()).sum()
        total += sign * (groups**2).sum() * len(groups) / (len(groups) - 1)
    assert effect.std_error == pytest.approx(math.sqrt(total), rel=1e-10)
    with pytest.raises(EstimationError, match="matched with replacement; use std_error='cluster_hc0'"):
        estimate_effect(design, people["returned_12m"], std_error="cluster_hc1")


def test_row_order_and_doubled_weights_change_nothing(people: pd.DataFrame) -> None:
    first = estimated(matched(people), people)
    for seed in range(2):
        moved = people.iloc[np.random.default_rng(seed).permutation(len(people))]
        again = estimated(matched(moved), moved)
        assert again.estimate == pytest.approx(first.estimate, rel=1e-12)
        assert again.std_error == pytest.approx(first.std_error, rel=1e-12)


def test_a_variance_below_nil_gives_way_to_the_larger_of_the_two() -> None:
    served = Served(person=np.array([0, 1, 2, 3]), of_set=np.array([0, 0, 1, 1]), share=np.ones(4))
    parts, persons = np.array([1.0, -1.0, -1.0, 1.0]), np.array([0, 1, 0, 1])
    assert two_way_error(parts, served, persons, corrected=False) == 0.0  # sets nil, persons nil, less 4
    parts = np.array([1.0, -1.0, -0.9, 1.0])
    sets, people = 0.1**2, 0.1**2
    assert two_way_error(parts, served, persons, corrected=False) == pytest.approx(math.sqrt(max(sets, people)))


def test_subgroups_say_so(people: pd.DataFrame) -> None:
    design, asked = matched(people), {"by": ["married"], "measure": "hazard_ratio"} | TIMES
    found = subgroup_effects(design, people[["time", "event"]], people, **asked)
    assert found.overall.se_method.startswith("robust (Lin")
    with pytest.raises(EstimationError, match="over sets and people at once, which is not there for subgroups"):
        subgroup_effects(design, people[["time", "event"]], people, std_error="cluster_hc0", **asked)


def test_other_errors_stay_refused(people: pd.DataFrame) -> None:
    design = matched(people)
    with pytest.raises(InputError, match="'hc3' is not given for a hazard ratio"):
        estimated(design, people, "hazard_ratio", std_error="hc3")
    for measure in ("hazard_ratio", "rmst_difference"):
        with pytest.raises(EstimationError, match="a resample cannot mimic how often a person is used"):
            estimated(design, people, measure, std_error="bootstrap")
        for options in ({"std_error": "abadie_imbens"}, {"estimator": "abadie_imbens"}):
            with pytest.raises(EstimationError, match="no Abadie-Imbens estimate or error of the measure"):
                estimated(design, people, measure, **options)
