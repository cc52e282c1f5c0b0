"""A person in more than once and matched with replacement: the table of a study and the effect have one error."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import dipeval as dip
from dipeval.datasets import recid
from dipeval.study.spec import OutcomeSpec
from dipeval.study.times import rows_of_pairs, time_table, weights_and_clusters
from dipeval.survival.curves.restricted import restricted_mean

OUTCOME = OutcomeSpec(
    name="time", label="Return", kind="time", time="months_to_return", event="returned", unit="months"
)


@pytest.mark.parametrize("ratio", [1, 2])
@pytest.mark.parametrize("several", [False, True])
def test_mean_times_have_the_error_of_the_effect(ratio: int, several: bool) -> None:
    people = recid()
    design = dip.match(people, treated="workprg", covariates=["priors", "educ", "age"], replace=True, ratio=ratio)
    persons = pd.Series(np.arange(len(people)) // 3, index=people.index) if several else None
    rows = rows_of_pairs(design, time_table(design, people, OUTCOME, persons))
    names = {"time": "months_to_return", "event": "returned"}
    mean = restricted_mean(rows, by="treated", horizon=60, **names, **weights_and_clusters(rows)).to_frame().iloc[-1]
    effect = dip.estimate_effect(
        design, people[list(names.values())], measure="rmst_difference", horizon=60, cluster=persons, **names
    )
    found = effect.to_frame().iloc[0]
    assert mean["estimate"] == pytest.approx(found["estimate"], rel=1e-10)
    assert mean["std_error"] == pytest.approx(found["std_error"], rel=1e-10)
