"""Balance within groups of people, with the weights of the design."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import dipeval as dip
from dipeval.datasets import recid
from dipeval.errors import InputError

COVARIATES = ["priors", "educ", "age", "region"]


@pytest.fixture(scope="module")
def people() -> pd.DataFrame:
    rng = np.random.default_rng(4)
    return recid().assign(region=lambda frame: rng.choice(["east", "mid", "west"], len(frame)))


@pytest.mark.parametrize("method", ["nearest", "ipw", "entropy"])
def test_every_group_by_brute_force_over_all_levels(people: pd.DataFrame, method: str) -> None:
    make = dip.match if method == "nearest" else dip.weight
    design = make(people, treated="workprg", covariates=COVARIATES, method=method)
    groups = people["married"].map({0: "single", 1: "married"})
    found = design.balance_by_group(groups).set_index("group")
    scales = design.balance().denominators
    columns = pd.DataFrame(
        {name: people[name] for name in COVARIATES[:3]}
        | {f"region[{level}]": people["region"] == level for level in ("east", "mid", "west")}
    ).astype(float)
    for group, row in found.iterrows():
        inside = (groups == group) & (design.weights > 0)
        weights = design.weights.where(inside, 0.0)
        means = [
            (columns.mul(weights.where(side, 0.0), axis=0)).sum() / weights[side].sum()
            for side in (design.treated, ~design.treated)
        ]
        gaps = (means[0] - means[1]).abs() / scales
        assert row["max_smd"] == pytest.approx(gaps.max(), rel=1e-9)
        assert row["worst_term"] == gaps.idxmax()
        for words, side in (("treated", design.treated), ("comparison", ~design.treated)):
            own = weights[inside & side]
            assert row[f"n_{words}"] == len(own)
            assert row[f"ess_{words}"] == pytest.approx(own.sum() ** 2 / (own**2).sum(), rel=1e-12)


def test_one_group_of_everybody_has_the_balance_of_the_design(people: pd.DataFrame) -> None:
    design = dip.weight(people, treated="workprg", covariates=COVARIATES, method="ipw")
    found = design.balance_by_group(pd.Series("all", people.index))
    assert found["max_smd"].iloc[0] == pytest.approx(design.balance().max_smd, rel=1e-9)
    assert found["ess_comparison"].iloc[0] == pytest.approx(design.ess, rel=1e-12)


def test_rows_may_come_in_any_order_and_people_without_a_group_do_not_count(people: pd.DataFrame) -> None:
    groups = people["married"].astype("Int64").where(people["educ"] > 8)
    first = None
    for seed in (1, 2, 3):
        moved = people.sample(frac=1, random_state=seed)
        design = dip.match(moved, treated="workprg", covariates=COVARIATES)
        found = design.balance_by_group(groups.sample(frac=1, random_state=seed + 10))
        first = found if first is None else first
        pd.testing.assert_frame_equal(found, first, check_exact=True)
    assert found["n_treated"].sum() < design.n_treated


def test_a_group_of_treated_people_only_has_no_balance(people: pd.DataFrame) -> None:
    design = dip.weight(people, treated="workprg", covariates=COVARIATES)
    found = design.balance_by_group(people["workprg"])
    assert found["max_smd"].isna().all()
    assert found["worst_term"].isna().all()
    assert found["ess_treated"].tolist()[0] == 0


def test_groups_must_be_of_the_people(people: pd.DataFrame) -> None:
    design = dip.weight(people, treated="workprg", covariates=COVARIATES)
    with pytest.raises(InputError, match="groups has no row for 5 of the 1445 people"):
        design.balance_by_group(people["married"].iloc[5:])
    with pytest.raises(InputError, match="groups must be a Series"):
        design.balance_by_group(people["married"].to_numpy())
