"""Why ties are not broken by the order of the rows: in a file sorted by outcome that order is the outcome."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import dipeval as dip

TRUE_DIFFERENCE = 0.08


def people(seed: int) -> pd.DataFrame:
    """3,000 people with two coarse covariates, so that nearly every choice of a match is a tie."""
    rng = np.random.default_rng(seed)
    size = 3_000
    age_band, prior = rng.integers(0, 3, size), rng.integers(0, 2, size)
    treated = rng.random(size) < 1 / (1 + np.exp(1.5 - 0.5 * age_band - 0.4 * prior))
    again = rng.random(size) < 0.3 + 0.1 * age_band + 0.05 * prior + TRUE_DIFFERENCE * treated
    index = pd.Index(rng.permutation(size) + 1, name="person")
    return pd.DataFrame(
        {"treated": treated, "age_band": age_band, "prior": prior, "again": again.astype(int)}, index=index
    )


def difference(table: pd.DataFrame, ties: str) -> float:
    design = dip.match(table.drop(columns="again"), treated="treated", covariates=["age_band", "prior"], ties=ties)
    assert design.options["n_tied_choices"] > 0.9 * design.n_treated
    return dip.estimate_effect(design, table["again"]).estimate


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_a_file_sorted_by_outcome_decides_the_answer_only_when_its_rows_break_ties(seed: int) -> None:
    table = people(seed)
    up, down = (table.sort_values(["treated", "again"], ascending=[True, way], kind="stable") for way in (True, False))
    by_row = [difference(up, "row"), difference(down, "row")]
    assert by_row[1] - by_row[0] > 0.15  # the same people, the same options: the order of the file is the answer
    seeded = {difference(one, "seeded") for one in (table, up, down)}
    assert len(seeded) == 1
    assert abs(seeded.pop() - TRUE_DIFFERENCE) < 3 * 0.021  # three standard errors of such a difference
