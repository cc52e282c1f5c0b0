"""The rooms together, on simulated people with their true links: what is measured is what was simulated."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pandas as pd
import pytest

from dipeval.cohort import Cohort, build_cohort
from dipeval.effects.truth import true_effect
from dipeval.linkage import true_linkage
from dipeval.outcomes import measure_reoffending
from dipeval.simulate import simulate


@pytest.fixture(scope="module")
def extracts() -> Any:
    return simulate(800, seed=3, effect=0.6)


@pytest.fixture(scope="module")
def cohort(extracts: Any) -> Cohort:
    return build_cohort(extracts, true_linkage(extracts))


def _everybody_treated(cohort: Cohort) -> SimpleNamespace:
    people = cohort.people
    return SimpleNamespace(weights=pd.Series(1.0, index=people.index), treated=people["treated"] == 1)


@pytest.mark.parametrize(
    ("measure", "outcome"), [("risk_difference", "reoffended"), ("mean_difference", "n_reoffences")]
)
def test_the_treated_world_of_the_treated_is_what_was_observed(
    extracts: Any, cohort: Cohort, measure: str, outcome: str
) -> None:
    truth = true_effect(extracts.truth, cohort, among=_everybody_treated(cohort), measure=measure)
    observed = measure_reoffending(cohort).to_frame()[outcome][cohort.people["treated"] == 1]
    assert truth.mean_treated == pytest.approx(float(observed.mean()), rel=1e-12)
    assert truth.n == len(observed)
    assert truth.n_mislabelled == 0
    assert truth.estimate < 0


def test_with_true_links_exposure_and_index_are_the_true_ones(extracts: Any, cohort: Cohort) -> None:
    links = extracts.truth.links
    tests = links[links["table"] == "drug_tests"].set_index("record_id")["true_person"]
    who = cohort.people["index_record_id"].map(tests)
    true = extracts.truth.people.set_index("true_person").loc[who]
    assert (cohort.people["treated"].to_numpy() == true["started_within_grace"].to_numpy()).all()
    assert (cohort.people["index_date"].to_numpy() == true["index_date"].to_numpy().astype("datetime64[us]")).all()
