"""Robust errors need clusters with events on both sides, and a curve somebody left under it: else a sentence.

Without these refusals the figures look best where there is least: two clusters, or all events in one of them, give
errors near nothing and p-values of 1e-6 and less.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pytest

from dipeval import andersen_gill, cox, cumulative_incidence, fine_gray, kaplan_meier, log_rank, restricted_mean
from dipeval.errors import EstimationError
from dipeval.survival.parametric import accelerated_failure_time

TIMES: dict[str, Any] = {"time": "time", "event": "event"}


def _people(n: int = 60) -> pd.DataFrame:
    rng = np.random.default_rng(4)
    row = np.arange(n)
    return pd.DataFrame(
        {
            "person": row,
            "pair": row // 2,
            "treated": row % 2,
            "start": 0,
            "time": 1 + row * 7 % 97,
            "event": (rng.random(n) < 0.6).astype(int),
            "age": rng.normal(size=n),
            "half": row // (n // 2),
            "force": np.where(row % 2 == 1, 0, 1 + row % 10),
        }
    ).assign(cause=lambda d: d["event"])


def _hazard(data: pd.DataFrame, cluster: str) -> Any:
    return cox(data, covariates=["treated"], cluster=cluster, **TIMES)


def _all_events(data: pd.DataFrame, cluster: str) -> Any:
    names = {"id": "person", "start": "start", "stop": "time", "event": "event"}
    return andersen_gill(data, covariates=["treated"], cluster=cluster, **names)


def _first_cause(data: pd.DataFrame, cluster: str) -> Any:
    return fine_gray(data, covariates=["treated"], time="time", cause="cause", cluster=cluster)


def _curve(data: pd.DataFrame, cluster: str) -> Any:
    return kaplan_meier(data, by="treated", cluster=cluster, **TIMES)


def _test(data: pd.DataFrame, cluster: str) -> Any:
    return log_rank(data, by="treated", cluster=cluster, **TIMES)


def _mean(data: pd.DataFrame, cluster: str) -> Any:
    return restricted_mean(data, by="treated", cluster=cluster, horizon=60, **TIMES)


MODELS = [_hazard, _all_events, _first_cause]


@pytest.mark.parametrize("fit", [*MODELS, _curve, _test, _mean])
def test_two_clusters_are_too_few_for_two_groups(fit: Callable[..., Any]) -> None:
    with pytest.raises(EstimationError, match="too few"):
        fit(_people(), cluster="half")
    assert fit(_people(), cluster="pair") is not None


@pytest.mark.parametrize("fit", [*MODELS, _curve, _test, _mean])
def test_a_group_in_one_cluster_is_refused(fit: Callable[..., Any]) -> None:
    """One force has the programme, and ten have not: between forces nothing is known of the one."""
    with pytest.raises(EstimationError, match="lies in one cluster"):
        fit(_people(), cluster="force")


@pytest.mark.parametrize("fit", MODELS)
def test_events_in_one_cluster_alone_are_refused(fit: Callable[..., Any]) -> None:
    data = _people().assign(event=lambda d: (d["pair"] == 5).astype(int), cause=lambda d: d["event"])
    with pytest.raises(EstimationError, match="The events lie in 1 of the clusters in 'pair', too few"):
        fit(data, cluster="pair")


def test_events_in_few_clusters_are_refused_in_parametric_models() -> None:
    data = _people().assign(event=lambda d: d["pair"].isin([5, 6]).astype(int))
    with pytest.raises(EstimationError, match="The events lie in 2 of the clusters, too few for robust errors with 3"):
        accelerated_failure_time(data, covariates=["treated"], cluster="pair", **TIMES)


def test_a_curve_that_ran_out_before_others_entered_says_so() -> None:
    """The one person there at the start has the event at once: the estimate is 100% for ever after."""
    early = pd.DataFrame({"entry": [0, 10, 10, 10, 12], "time": [1, 20, 30, 40, 50], "event": [1, 1, 0, 1, 0]})
    later = early.iloc[1:]
    for fit, columns in ((kaplan_meier, {"event": "event"}), (cumulative_incidence, {"cause": "event"})):
        told = "says nothing of those others"
        assert told in " ".join(fit(early, time="time", entry="entry", **columns).summary().notes)  # type: ignore[operator]
        assert told not in " ".join(fit(later, time="time", entry="entry", **columns).summary().notes)  # type: ignore[operator]
    with pytest.raises(EstimationError, match="before others entered"):
        restricted_mean(early, entry="entry", horizon=40, **TIMES)
    assert restricted_mean(later, entry="entry", horizon=40, **TIMES).to_frame()["estimate"][0] > 0
