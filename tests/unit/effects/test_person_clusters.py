"""People who are in more than once: errors clustered by person, on any weighting design."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm

from dipeval.effects import estimate_effect
from dipeval.errors import EstimationError, InputError


@pytest.fixture
def many() -> tuple[Any, pd.Series, pd.Series]:
    """60 index events of 25 people, some of them treated at one event and not at another."""
    rng = np.random.default_rng(4)
    index = pd.Index([f"i{n:02d}" for n in range(60)])
    design = SimpleNamespace(
        weights=pd.Series(rng.uniform(0.2, 2.0, 60), index),
        treated=pd.Series(rng.random(60) < 0.4, index),
        clusters=None,
        estimand_in_words="the average effect",
        fingerprint="x",
        method="entropy",
        n_treated_dropped=0,
    )
    person = pd.Series([f"p{n}" for n in rng.integers(0, 25, 60)], index)
    return design, pd.Series(rng.poisson(2.0, 60).astype(float), index, name="n"), person


def test_equals_weighted_least_squares_with_clustered_errors(many: tuple[Any, pd.Series, pd.Series]) -> None:
    design, outcome, person = many
    effect = estimate_effect(design, outcome, measure="mean_difference", cluster=person)
    right = sm.add_constant(design.treated.astype(float).to_numpy())
    fit = sm.WLS(outcome.to_numpy(), right, weights=design.weights.to_numpy()).fit(
        cov_type="cluster", cov_kwds={"groups": pd.factorize(person)[0], "use_correction": True}
    )
    assert effect.estimate == pytest.approx(fit.params[1], rel=1e-12)
    assert effect.std_error == pytest.approx(fit.bse[1], rel=1e-12)
    assert effect.se_method == f"clustered by person (HC1 with G/(G - 1), G = {person.nunique()} people)"


def test_order_of_rows_and_names_of_people_change_nothing(many: tuple[Any, pd.Series, pd.Series]) -> None:
    design, outcome, person = many
    first = estimate_effect(design, outcome, measure="mean_difference", cluster=person)
    other = estimate_effect(design, outcome, measure="mean_difference", cluster="z" + person.sample(frac=1.0))
    assert (other.std_error, other.p_value) == (first.std_error, first.p_value)


def test_rows_of_one_person_are_not_taken_for_independent(many: tuple[Any, pd.Series, pd.Series]) -> None:
    design, outcome, person = many
    alike = outcome.groupby(person).transform("first")
    apart = estimate_effect(design, alike, measure="mean_difference")
    together = estimate_effect(design, alike, measure="mean_difference", cluster=person)
    assert together.estimate == apart.estimate
    assert together.std_error != apart.std_error


@pytest.mark.parametrize(
    ("change", "error", "words"),
    [
        (lambda person: person.iloc[:50], InputError, "cluster is missing for 10 of the 60 rows"),
        (lambda person: list(person), InputError, "cluster must be a Series"),
        (lambda person: pd.concat([person, person.head(1)]), InputError, "more than one value"),
        (lambda person: person.where(person == "", "one"), EstimationError, "one cluster"),
    ],
)
def test_what_is_no_cluster_is_refused(
    many: tuple[Any, pd.Series, pd.Series], change: Any, error: type[Exception], words: str
) -> None:
    design, outcome, person = many
    with pytest.raises(error, match=words):
        estimate_effect(design, outcome, measure="mean_difference", cluster=change(person))


def test_pairs_and_persons_do_not_go_together(many: tuple[Any, pd.Series, pd.Series]) -> None:
    design, outcome, person = many
    pairs = SimpleNamespace(**{**vars(design), "clusters": person})
    with pytest.raises(EstimationError, match="by pair or by person, not by both"):
        estimate_effect(pairs, outcome, measure="mean_difference", cluster=person)
    for changed in ({"method": "full"}, {"method": "nearest", "options": {"ratio": 3}}):
        sets = SimpleNamespace(**{**vars(pairs), **changed})
        with pytest.raises(EstimationError, match="has sets, and errors can be clustered by set or by person"):
            estimate_effect(sets, outcome, measure="mean_difference", cluster=person)
