"""The National Supported Work experiment: which designs recover its 1,794 dollars from people who were not randomised.

Treated men of the experiment beside 15,992 from a population survey (Dehejia and Wahba 1999). Five ways give intervals
that hold the experiment's answer. Of the designs that miss it each is flagged before an outcome is seen: by balance, or
because it is no longer about the men it set out from.
"""

from __future__ import annotations

import pandas as pd
import pytest

import dipeval as dip
from dipeval.study.gate import examine
from dipeval.study.spec import DiagnosticsSpec
from tests.helpers import load_reference
from tests.reference.data import nsw_cps

EXPERIMENT = 1794.342382
COVARIATES = ["age", "educ", "black", "hisp", "marr", "nodegree", "re74", "re75"]
RECOVERS = {
    "one to one": {"method": "nearest", "caliper": 0.2},
    "three to one": {"method": "nearest", "caliper": 0.2, "ratio": 3},
    "radius on the log odds": {"method": "radius", "caliper": 0.2},
    "entropy balancing": {"method": "entropy"},
    "doubly robust": {"method": "ipw"},
}
MISSES = {
    "six subclasses": {"method": "subclass", "subclasses": 6},
    "five subclasses, everybody": {"method": "subclass", "subclasses": 5, "estimand": "ATE"},
    "radius on the probability": {"method": "radius", "caliper": 0.05, "caliper_unit": "raw", "scale": "probability"},
    "coarsened exact matching": {"method": "cem"},
}
BALANCE, DRIFT = "largest standardised difference", "share of treated people without a comparable person"


@pytest.fixture(scope="module")
def men() -> pd.DataFrame:
    return nsw_cps().rename_axis("person_id")


def _design(men: pd.DataFrame, options: dict[str, object]) -> dip.Design:
    make = dip.weight if options["method"] in ("entropy", "ipw", "none") else dip.match
    known = dict.fromkeys(COVARIATES, "before_index")
    return make(men.drop(columns="re78"), treated="treat", covariates=COVARIATES, measured_at=known, **options)


@pytest.mark.parametrize("name", RECOVERS)
def test_the_interval_holds_the_answer_of_the_experiment(men: pd.DataFrame, name: str) -> None:
    estimator = {"estimator": "aipw"} if name == "doubly robust" else {}
    effect = dip.estimate_effect(_design(men, RECOVERS[name]), men["re78"], measure="mean_difference", **estimator)
    assert effect.conf_low <= EXPERIMENT <= effect.conf_high
    assert effect.n_treated >= 180, "it is still about the men of the experiment"


@pytest.mark.parametrize("name", MISSES)
def test_a_design_that_misses_it_is_flagged_before_any_outcome(men: pd.DataFrame, name: str) -> None:
    design = _design(men, MISSES[name])
    checks = examine(design, DiagnosticsSpec()).to_frame().set_index("check")
    failed = set(checks.index[~checks["passed"].astype(bool)])
    assert (DRIFT if name == "coarsened exact matching" else BALANCE) in failed
    effect = dip.estimate_effect(design, men["re78"], measure="mean_difference")
    assert not effect.conf_low <= EXPERIMENT <= effect.conf_high


def test_it_is_the_same_experiment() -> None:
    from causaldata import nsw_mixtape

    trial = nsw_mixtape.load_pandas().data.astype({"re78": "float64"})
    means = trial.groupby("treat")["re78"].mean()
    assert means[1] - means[0] == pytest.approx(EXPERIMENT, abs=1e-6)
    assert load_reference("matching")["nsw_cps"]["n_treated"] == 185
