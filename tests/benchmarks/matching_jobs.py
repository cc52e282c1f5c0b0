"""dipeval's jobs of the matching benchmark, each in a process of its own: `python -m tests.benchmarks.matching_jobs`.

    files    write the people of one size to plain files of doubles that every side reads: covariates (column after
             column), treated, and the logit of a fitted score for the jobs that are given one
    fit      `dip.propensity`
    match    `dip.match` on the score given: the whole call, with the check of every pair and the fingerprint
    whole    `dip.match` with its fit, then `design.balance()`
    METHOD   `dip.match(method=METHOD)` on the score given

Modules are imported and the files are read before the clock starts. Each step prints "begin NAME" and "end NAME" with
the CPU seconds so far; then the largest memory this process held after importing, after reading, and at the end.
"""

from __future__ import annotations

import argparse
import resource
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

METHODS = ("nearest", "radius", "subclass", "full", "optimal")


@contextmanager
def step(name: str) -> Iterator[None]:
    """Print the CPU seconds before and after."""
    print("begin", name, time.process_time(), flush=True)
    yield
    print("end", name, time.process_time(), flush=True)


def memory(when: str) -> None:
    """Print the largest memory this process has held so far, in megabytes."""
    print("memory", when, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024, flush=True)


def read(folder: Path, people: int, covariates: int) -> pd.DataFrame:
    """The people, with a plain index."""
    values = np.fromfile(folder / "covariates.f8", dtype="<f8").reshape(covariates, people).T
    frame = pd.DataFrame(values, columns=names(covariates))
    frame["treated"] = np.fromfile(folder / "treated.f8", dtype="<f8").astype(int)
    return frame


def names(covariates: int) -> list[str]:
    """Names of the covariates."""
    return [f"x{place}" for place in range(covariates)]


def write(folder: Path, people: int, covariates: int) -> None:
    """Write a quarter of counts, half of yes/no and a quarter of measurements; about one in nine is treated."""
    import dipeval as dip

    rng = np.random.default_rng(people)
    values = rng.normal(size=(covariates, people))
    values[covariates // 2 :] = values[covariates // 2 :] > 0.3
    values[covariates // 4 : covariates // 2] = np.round(values[covariates // 4 : covariates // 2] * 2)
    logit = values.T @ (rng.normal(size=covariates) * 0.67 / np.sqrt(covariates)) - 2.3
    folder.mkdir(parents=True, exist_ok=True)
    values.tofile(folder / "covariates.f8")
    (rng.random(people) < 1 / (1 + np.exp(-logit))).astype("<f8").tofile(folder / "treated.f8")
    model = dip.propensity(read(folder, people, covariates), treated="treated", covariates=names(covariates))
    model.logit.to_numpy().astype("<f8").tofile(folder / "logit.f8")


def run(job: str, folder: Path, people: int, covariates: int) -> None:
    """Run one job."""
    import dipeval as dip

    given: dict[str, Any] = {"treated": "treated", "covariates": names(covariates)}
    small = pd.DataFrame({"treated": [0, 1] * 20, "age": [*range(20), *range(20)]})
    dip.match(small, treated="treated", covariates=["age"], caliper=None).balance()  # every module is there now
    memory("imported")
    frame = read(folder, people, covariates)
    score = pd.Series(np.fromfile(folder / "logit.f8", dtype="<f8"), name="logit")
    memory("read")
    if job == "fit":
        with step("fit"):
            dip.propensity(frame, **given)
    elif job == "whole":
        with step("match"):
            design = dip.match(frame, **given)
        with step("balance"):
            design.balance().to_frame()
        print("pairs", len(design.pairs()))
    else:
        method = "nearest" if job == "match" else job
        with step(job):
            design = dip.match(frame, **given, method=method, score=score, scale="given")
        print("pairs", len(design.pairs()))
    memory("end")


def main() -> None:
    """Write the files or run one job."""
    parser = argparse.ArgumentParser()
    parser.add_argument("job", choices=("files", "fit", "match", "whole", *METHODS))
    parser.add_argument("folder", type=Path)
    parser.add_argument("people", type=int)
    parser.add_argument("covariates", type=int)
    given = parser.parse_args()
    work = write if given.job == "files" else lambda *args: run(given.job, *args)
    work(given.folder, given.people, given.covariates)


if __name__ == "__main__":
    main()
