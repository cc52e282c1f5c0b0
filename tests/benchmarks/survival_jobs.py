"""dipeval's jobs of the survival benchmark, each in a process of its own: `python -m tests.benchmarks.survival_jobs`.

    files            write the people of one size to plain files of doubles that every side reads
    cox              Cox model, Efron ties
    cox_cluster      the same with errors clustered by pairs
    kaplan_meier     weighted Kaplan-Meier with robust errors
    aalen_johansen   cumulative incidence of two causes, with errors
    andersen_gill    start-stop rows of repeated events, errors clustered by person

Modules are imported and the files are read before the clock starts. Each job prints "begin JOB" and "end JOB" with the
CPU seconds so far, the largest memory this process held after importing, after reading, and at the end, and its
coefficients (or its curve on a few days) and their standard errors, so that the sides can be compared.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from tests.benchmarks.matching_jobs import memory, names, step

DAYS, ON_DAYS = 730, (90, 180, 365, 540, 700)
PEOPLE_COLUMNS = ("time", "event", "weight", "pair", "cause")
ROW_COLUMNS = ("id", "start", "stop", "event")
JOBS = ("cox", "cox_cluster", "kaplan_meier", "aalen_johansen", "andersen_gill")


def write(folder: Path, people: int, covariates: int) -> None:
    """Write people followed for up to two years in whole days, and a row a spell of their repeated events."""
    rng = np.random.default_rng(people)
    values = rng.normal(size=(covariates, people))
    values[covariates // 2 :] = values[covariates // 2 :] > 0.3
    rate = np.exp(values.T @ rng.normal(0, 0.2, covariates)) / 900
    rate /= rate.mean() * 900
    first = np.ceil(rng.exponential(1 / rate))
    left = np.where(rng.random(people) < 0.5, DAYS, rng.integers(30, DAYS, people)).astype(float)
    dies = np.ceil(rng.exponential(9_000, people))
    ended = np.minimum(np.minimum(first, left), dies)
    columns = {
        "time": np.minimum(first, left),
        "event": first <= left,
        "weight": rng.uniform(0.3, 3.0, people),
        "pair": rng.permutation(people) // 2,
        "cause": np.where(first == ended, 1, np.where((dies == ended) & (dies < left), 2, 0)),
        "time_of_cause": ended,
    }
    folder.mkdir(parents=True, exist_ok=True)
    values.tofile(folder / "covariates.f8")
    for name, column in columns.items():
        column.astype("<f8").tofile(folder / f"{name}.f8")
    rows = _spells(first, np.ceil(rng.exponential(1 / rate)), left)
    rows.to_numpy("<f8").T.tofile(folder / "rows.f8")


def _spells(first: np.ndarray, wait: np.ndarray, left: np.ndarray) -> pd.DataFrame:
    """Up to two events a person, with 14 days in custody after the first."""
    again = np.flatnonzero((first <= left) & (first + 14 < left))
    start = first[again] + 14
    stop = np.minimum(start + wait[again], left[again])
    person = np.arange(len(first))
    return pd.DataFrame(
        {
            "id": np.concatenate([person, again]).astype(float),
            "start": np.concatenate([np.zeros(len(first)), start]),
            "stop": np.concatenate([np.minimum(first, left), stop]),
            "event": np.concatenate([first <= left, start + wait[again] <= left[again]]).astype(float),
        }
    )


def read(job: str, folder: Path, people: int, covariates: int) -> pd.DataFrame:
    """The people, or their spells, as one frame."""
    values = np.fromfile(folder / "covariates.f8", dtype="<f8").reshape(covariates, people).T
    if job == "andersen_gill":
        rows = np.fromfile(folder / "rows.f8", dtype="<f8").reshape(len(ROW_COLUMNS), -1)
        person = rows[0].astype(int)
        frame = pd.DataFrame(values[person], columns=names(covariates))
        return frame.assign(**dict(zip(ROW_COLUMNS, rows, strict=True)))
    frame = pd.DataFrame(values, columns=names(covariates))
    for name in PEOPLE_COLUMNS:
        source = "time_of_cause" if job == "aalen_johansen" and name == "time" else name
        column = np.fromfile(folder / f"{source}.f8", dtype="<f8")
        frame[name] = column if name in ("time", "weight") else column.astype(int)
    return frame


def tell(name: str, values: Iterable[Any]) -> None:
    """Print figures that the sides should agree on."""
    print(name, *(f"{float(value):.17g}" for value in values), flush=True)


def run(job: str, folder: Path, people: int, covariates: int) -> None:
    """Run one job."""
    place = np.arange(40)
    small = pd.DataFrame({"time": 1.0 + place % 7, "event": place % 3 > 0, "x0": place % 2.0, "pair": place // 2})
    small = small.assign(weight=1.5, cause=place % 3, id=place, start=0.0, stop=small["time"])
    work(job, small, 1)  # every module is there now
    memory("imported")
    frame = read(job, folder, people, covariates)
    memory("read")
    with step(job):
        found = work(job, frame, covariates)
    memory("end")
    found = found if job.startswith(("cox", "andersen")) else _on_days(found)
    tell("figures", found["estimate" if "estimate" in found else "survival"])
    tell("errors", found["std_error"])


def work(job: str, frame: pd.DataFrame, covariates: int) -> pd.DataFrame:
    """The call itself, up to its table."""
    import dipeval as dip

    common: dict[str, Any] = {"time": "time", "event": "event"}
    if job == "cox":
        return dip.cox(frame, covariates=names(covariates), **common).to_frame()
    if job == "cox_cluster":
        return dip.cox(frame, covariates=names(covariates), cluster="pair", **common).to_frame()
    if job == "kaplan_meier":
        return dip.kaplan_meier(frame, weights="weight", **common).to_frame()
    if job == "aalen_johansen":
        found: pd.DataFrame = dip.cumulative_incidence(frame, time="time", cause="cause").to_frame()
        return found[found["cause"].astype(str) == "1"]
    return dip.andersen_gill(
        frame, id="id", start="start", stop="stop", event="event", covariates=names(covariates)
    ).to_frame()


def _on_days(curve: pd.DataFrame) -> pd.DataFrame:
    place = np.searchsorted(curve["time_days"].to_numpy(), ON_DAYS, side="right") - 1
    return curve.iloc[place]


def main() -> None:
    """Write the files or run one job."""
    parser = argparse.ArgumentParser()
    parser.add_argument("job", choices=("files", *JOBS))
    parser.add_argument("folder", type=Path)
    parser.add_argument("people", type=int)
    parser.add_argument("covariates", type=int)
    given = parser.parse_args()
    if given.job == "files":
        write(given.folder, given.people, given.covariates)
    else:
        run(given.job, given.folder, given.people, given.covariates)


if __name__ == "__main__":
    main()
