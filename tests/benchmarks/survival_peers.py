"""Python packages' side of the survival benchmark: `python -m tests.benchmarks.survival_peers PACKAGE JOB FOLDER ...`.

The jobs of `survival_jobs` by lifelines and statsmodels, on the same files, each by the nearest thing the package has.
What it lacks is told as "lacks ...", and the figures it gets wrong are told beside ours by the benchmark.
"""

from __future__ import annotations

import argparse
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from tests.benchmarks.matching_jobs import memory, names, step
from tests.benchmarks.survival_jobs import JOBS, ON_DAYS, read, tell

LACKS = {
    ("lifelines", "kaplan_meier"): "a robust error",
    ("lifelines", "andersen_gill"): "clustered errors of start-stop rows",
    ("statsmodels", "kaplan_meier"): "a robust error",
}


def lifelines(job: str, frame: pd.DataFrame, terms: list[str]) -> Callable[[], tuple[Any, Any]]:
    """Return the call to lifelines."""
    from lifelines import AalenJohansenFitter, CoxPHFitter, CoxTimeVaryingFitter, KaplanMeierFitter

    def cox() -> tuple[Any, Any]:
        cluster = {"cluster_col": "pair"} if job == "cox_cluster" else {}
        columns = [*terms, "time", "event", *cluster.values()]
        found = CoxPHFitter().fit(frame[columns], "time", "event", **cluster)
        return found.params_, found.standard_errors_

    def curve() -> tuple[Any, Any]:
        found = KaplanMeierFitter().fit(frame["time"], frame["event"], weights=frame["weight"])
        return found.survival_function_at_times(ON_DAYS), ()

    def incidence() -> tuple[Any, Any]:
        found = AalenJohansenFitter(seed=1).fit(frame["time"], frame["cause"], event_of_interest=1)
        line = found.cumulative_density_.iloc[:, 0]
        error = np.sqrt(found.variance_)
        at = [np.searchsorted(line.index, day + 0.5) - 1 for day in ON_DAYS]
        return line.iloc[at], error.iloc[at]

    def repeated() -> tuple[Any, Any]:
        columns = [*terms, "id", "start", "stop", "event"]
        found = CoxTimeVaryingFitter().fit(
            frame[columns], id_col="id", start_col="start", stop_col="stop", event_col="event"
        )
        return found.params_, ()

    return {
        "cox": cox,
        "cox_cluster": cox,
        "kaplan_meier": curve,
        "aalen_johansen": incidence,
        "andersen_gill": repeated,
    }[job]


def statsmodels(job: str, frame: pd.DataFrame, terms: list[str]) -> Callable[[], tuple[Any, Any]]:
    """Return the call to statsmodels."""
    from statsmodels.duration.hazard_regression import PHReg
    from statsmodels.duration.survfunc import CumIncidenceRight, SurvfuncRight

    def cox() -> tuple[Any, Any]:
        model = PHReg(frame["time"], frame[terms], status=frame["event"], ties="efron")
        found = model.fit(groups=frame["pair"].to_numpy()) if job == "cox_cluster" else model.fit()
        return found.params, found.bse

    def curve() -> tuple[Any, Any]:
        found = SurvfuncRight(frame["time"], frame["event"], freq_weights=frame["weight"].to_numpy())
        return found.surv_prob[np.searchsorted(found.surv_times, ON_DAYS, side="right") - 1], ()

    def incidence() -> tuple[Any, Any]:
        found = CumIncidenceRight(frame["time"], frame["cause"])
        at = np.searchsorted(found.times, ON_DAYS, side="right") - 1
        return found.cinc[0][at], found.cinc_se[0][at]

    def repeated() -> tuple[Any, Any]:
        model = PHReg(
            frame["stop"], frame[terms], status=frame["event"].astype(int), entry=frame["start"], ties="efron"
        )
        found = model.fit(groups=frame["id"].to_numpy())
        return found.params, found.bse

    return {
        "cox": cox,
        "cox_cluster": cox,
        "kaplan_meier": curve,
        "aalen_johansen": incidence,
        "andersen_gill": repeated,
    }[job]


def main() -> None:
    """Run one job of one package."""
    parser = argparse.ArgumentParser()
    parser.add_argument("package", choices=("lifelines", "statsmodels"))
    parser.add_argument("job", choices=JOBS)
    parser.add_argument("folder", type=Path)
    parser.add_argument("people", type=int)
    parser.add_argument("covariates", type=int)
    given = parser.parse_args()
    warnings.simplefilter("ignore")
    frame = read(given.job, given.folder, given.people, given.covariates)
    call = {"lifelines": lifelines, "statsmodels": statsmodels}[given.package](
        given.job, frame, names(given.covariates)
    )
    if (given.package, given.job) in LACKS:
        print("lacks", LACKS[given.package, given.job], flush=True)
    memory("read")
    with step(given.job):
        figures, errors = call()
    memory("end")
    tell("figures", figures)
    tell("errors", errors)


if __name__ == "__main__":
    main()
