"""A hidden need that raises both treatment and offending shows in motoring offences; without one, hardly ever."""

from __future__ import annotations

import pytest

import dipeval as dip
from dipeval.effects.checks.negative_controls_estimate import NegativeControl, negative_controls
from dipeval.effects.design_analysis import DesignAnalysis
from dipeval.linkage import true_linkage

NEED_ON_RECORD = ("log_prior_offences_5y", "prior_treatment_5y", "age_at_index", "tested_opiates")
MOTORING = NegativeControl(
    column="reoffended", label="Motoring", when="after_index", follow_up=dip.FollowUp(groups=("motoring",))
)


def warned(hidden: float, seed: int) -> bool:
    extracts = dip.simulate(people=3_000, seed=seed, hidden=hidden, motoring=0.5)
    cohort = dip.build_cohort(extracts, true_linkage(extracts))
    analysis = DesignAnalysis(covariates=NEED_ON_RECORD, outcome="reoffended")
    return negative_controls(cohort, analysis=analysis, controls=[MOTORING]).n_excluding_equality == 1


@pytest.mark.slow
def test_a_hidden_need_shows_on_motoring_offences_and_treatment_itself_does_not() -> None:
    # Treatment takes a fifth off all other offending throughout, and touches motoring offences in neither world.
    assert all(warned(hidden=0.8, seed=seed) for seed in (1, 2, 3))
    # One in twenty by chance: three or more of six would happen about twice in a thousand times.
    assert sum(warned(hidden=0.0, seed=seed) for seed in range(1, 7)) <= 2
