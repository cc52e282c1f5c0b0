"""Two events in one matched pair would give a hazard ratio an interval of a few per cent: a sentence instead."""

from __future__ import annotations

import pytest

import dipeval as dip
from dipeval.datasets import recid
from dipeval.errors import EstimationError


@pytest.mark.parametrize("replace", [False, True])
@pytest.mark.parametrize("measure", ["hazard_ratio", "rmst_difference"])
def test_nothing_is_learned_from_one_pair(measure: str, replace: bool) -> None:
    people = recid()
    design = dip.match(people, treated="workprg", covariates=["priors", "educ", "age"], replace=replace)
    pairs = design.pairs().drop_duplicates("comparison_index", keep=False)  # comparison people used once
    months = people["months_to_return"]
    early = [(months.loc[pairs[name]] < 60).to_numpy() for name in ("treated_index", "comparison_index")]
    pairs = pairs[early[0] & early[1]]

    def asked(n_pairs: int) -> dip.Effect:
        some = pairs.iloc[:n_pairs]
        own = [*some["treated_index"], *some["comparison_index"]]
        outcome = people[["months_to_return"]].assign(event=people.index.isin(own).astype(int))
        return dip.estimate_effect(
            design, outcome, measure=measure, time="months_to_return", event="event", horizon=HORIZONS[measure]
        )

    with pytest.raises(EstimationError, match="All events lie in one pair, set or person"):
        asked(1)
    assert asked(20).to_frame()["std_error"][0] > 0


HORIZONS = {"hazard_ratio": None, "rmst_difference": 60}
