"""Cox models with gamma frailties against R: the EM fits, and at a variance that is given, where both are exact."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest

from dipeval.survival.columns import read_rows
from dipeval.survival.hazards.fitting import Named, fit_rows
from dipeval.survival.hazards.frailty import shared_frailty
from dipeval.survival.hazards.frailty_penalty import Grouped, best_at, covariance_at, without_frailties
from tests.helpers import assert_close_to_reference, load_reference

PEOPLE: dict[str, Any] = {"time": "stop", "event": "event", "entry": "start", "group": "id", "strata": "force"}
OPTIONS: dict[str, dict[str, Any]] = {
    "people": {**PEOPLE, "covariates": ["treat", "prio"]},
    "areas": {"time": "time", "event": "event", "group": "area", "covariates": ["treat", "age"]},
}


def test_repeated_events_of_the_common_reference() -> None:
    blocks = load_reference("survival")["recurrent"]
    data = pd.DataFrame({name: values for name, values in blocks["data"].items() if name != "note"})
    block = blocks["frailty_gamma"]
    terms = list(block["coef"])
    model = shared_frailty(data, covariates=terms, time="stop", event="event", entry="start", group="id", id="id")
    frame = model.to_frame()
    assert_close_to_reference(frame["estimate"], list(block["coef"].values()), rtol=2e-6)
    assert_close_to_reference(model.theta, block["theta"], rtol=2e-6)
    assert_close_to_reference(model.loglik, block["loglik_integrated"], rtol=1e-10)
    # That block's errors keep only the diagonal of the frailties' information, and are approximate by so much.
    assert_close_to_reference(frame["std_error"], block["se"], rtol=2.5e-3)
    whole = load_reference("frailty")["recurrent"]
    assert_close_to_reference(frame["std_error"], whole["se"], rtol=1e-6)
    assert_close_to_reference(frame["estimate"], whole["coef"], rtol=1e-6)


@pytest.mark.parametrize("name", ["people", "areas"])
@pytest.mark.parametrize("ties", ["efron", "breslow"])
def test_em_fits(name: str, ties: str) -> None:
    blocks = load_reference("frailty")
    block = blocks[f"{name}_{ties}"]
    model = shared_frailty(pd.DataFrame(blocks[name]), ties=ties, **OPTIONS[name])
    assert model.n_events == block["n_events"]
    assert_close_to_reference(model.to_frame()["estimate"], block["coef"], rtol=5e-6)
    assert_close_to_reference(model.to_frame()["std_error"], block["se"], rtol=1e-6)
    assert_close_to_reference(model.theta, block["theta"], rtol=1e-5)
    assert_close_to_reference(model.loglik, block["loglik_integrated"], rtol=1e-11)
    if ties == "efron":
        assert_close_to_reference(model.loglik_cox, blocks[f"{name}_loglik_cox"], rtol=1e-12)


@pytest.mark.parametrize(("name", "theta"), [("people", 0.7), ("areas", 2.5)])
def test_fits_at_a_given_variance(name: str, theta: float) -> None:
    blocks = load_reference("frailty")
    block, data, options = blocks[f"{name}_theta_given"], pd.DataFrame(blocks[name]), OPTIONS[name]
    names = {key: options[key] for key in ("time", "event", "entry", "strata", "covariates") if key in options}
    rows = read_rows(data, cluster=options["group"], **names)
    named = Named(
        covariates=tuple(names["covariates"]), columns={}, together=(), strata=pd.DataFrame(), index=data.index
    )
    cox = fit_rows(rows, named, ties="efron", robust=False)
    codes = rows.clusterings[0][1]
    events = np.bincount(codes, weights=rows.event)
    grouped = Grouped(cox=cox, group=cox.inside.clusterings[0][1], size=len(events), events=events)
    best = best_at(grouped, theta, without_frailties(grouped))
    assert_close_to_reference(best.beta / cox.scale, block["coef"], rtol=1e-9)
    assert_close_to_reference(np.sqrt(np.diag(covariance_at(grouped, best))) / cox.scale, block["se"], rtol=1e-9)
    assert_close_to_reference(np.exp(best.omega), block["frailties"], rtol=1e-9)
