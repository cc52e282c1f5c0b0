"""`make bench`: what a survival analysis costs beside R's survival, lifelines and statsmodels, as ratios in one run.

    python -m tests.benchmarks.survival [--people 100000] [--covariates 10] [--rounds 3] [--cap 60]

All sides read the same plain files of whole days, so that times are tied. Every job runs in a fresh process on one
thread; figures are CPU seconds of the call (medians over the rounds), because the machine may be doing other things. A
job that has used --cap CPU seconds is ended: what it was doing then took "at least" so long. Beside every ratio stands
how far the side's figures and standard errors lie from ours: where a package lacks what was asked, or computes
something else, that shows there. Nothing is asserted; the goals stand beside the figures.

R takes part where Rscript and its package survival are installed; nothing is installed here. The peers stop short of a
million people with clusters: R and lifelines grow there with the square of the number of people.
"""

from __future__ import annotations

import argparse
import json
import platform
import shutil
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

import numpy as np

from tests.benchmarks.matching import HERE, ROOT, Done, job, middle

SIDES = ("R", "lifelines", "statsmodels")


@dataclass(frozen=True)
class Task:
    """One analysis: by which job, for what share of --people, and what it should beat by how much."""

    words: str
    job: str
    part: float
    goals: dict[str, float]
    alone: bool = False
    most_memory: float | None = None


TASKS = (
    Task("Cox, daily ties", "cox", 1, {"R": 4, "lifelines": 2}),
    Task("Cox, errors clustered by pairs", "cox_cluster", 0.2, dict.fromkeys(SIDES, 30.0)),
    Task("weighted Kaplan-Meier, robust errors", "kaplan_meier", 1, {"R": 20}),
    Task("Aalen-Johansen, two causes", "aalen_johansen", 1, {}),
    Task("Andersen-Gill, clustered by person", "andersen_gill", 1, {}),
    Task("Cox, errors clustered by pairs", "cox_cluster", 10, {}, alone=True, most_memory=1_200),
)


class Bench:
    """The files of every size, and how to run a job of any side on them."""

    def __init__(self, folder: Path, covariates: int, cap: int) -> None:
        """Remember what every job needs."""
        self.folder, self.covariates, self.cap = folder, covariates, cap
        self.written: set[int] = set()

    def _words(self, name: str, people: int) -> list[str]:
        return [name, str(self.folder / str(people)), str(people), str(self.covariates)]

    def files(self, people: int) -> None:
        """Write the files, in another process: a child's memory starts from its parent's."""
        if people not in self.written:
            module = [sys.executable, "-m", "tests.benchmarks.survival_jobs"]
            subprocess.run([*module, *self._words("files", people)], cwd=ROOT, check=True)
            self.written.add(people)

    def run(self, side: str, name: str, people: int) -> Done:
        """One job of one side; a fault in ours ends the benchmark."""
        if side == "R":
            return job(["Rscript", str(HERE / "survival_peers.R"), *self._words(name, people)], self.cap)
        module = ["survival_jobs"] if side == "dipeval" else ["survival_peers", side]
        command = [sys.executable, "-m", f"tests.benchmarks.{module[0]}", *module[1:]]
        done = job([*command, *self._words(name, people)], self.cap)
        if done.fault and side == "dipeval":
            raise SystemExit(f"{name} on {people} people failed: {done.fault}")
        return done


def compare(bench: Bench, task: Task, people: int, rounds: int, sides: list[str]) -> dict[str, Done]:
    """Run all sides, in alternate order from round to round, and keep the medians."""
    runs: dict[str, list[Done]] = {side: [] for side in ["dipeval", *sides]}
    for place in range(rounds):
        for side in list(runs) if place % 2 == 0 else list(runs)[::-1]:
            before = runs[side]
            if not (before and (before[-1].cut or before[-1].fault)):
                before.append(bench.run(side, task.job, people))
    return {side: middle(done) for side, done in runs.items()}


def say(task: Task, people: int, found: dict[str, Done]) -> None:
    """Print our own seconds and memory, then each side's ratio and agreement."""
    ours = found.pop("dipeval")
    own = ours.cpu[task.job]
    goal = f" (goal below {task.most_memory:,.0f})" if task.most_memory else ""
    print(
        f"{task.words}, {people:,} people: dipeval {own:.3g} CPU seconds{' at least' * bool(ours.cut)}, peak memory "
        f"{ours.memory.get('end', float('nan')):,.0f} MB{goal}, of which {ours.memory['read']:,.0f} before the call",
        flush=True,
    )
    for side, done in found.items():
        if done.fault:
            print(f"    {side} gave no figures: {done.fault}", flush=True)
            continue
        least = "at least " if done.cut else ""
        wanted = f" (goal {task.goals[side]:g})" if side in task.goals else ""
        print(
            f"    {side} {least}{done.cpu.get(task.job, 0.0):.3g}: {least}{done.cpu.get(task.job, 0.0) / own:.1f} "
            f"times ours{wanted}; {agreement(ours, done)}",
            flush=True,
        )


def agreement(ours: Done, theirs: Done) -> str:
    """How far, at most, another side's figures lie from ours in our standard errors, and its errors relatively."""
    if theirs.cut:
        return "ended before it had figures"
    figures, errors = (numbers(ours, name) for name in ("figures", "errors"))
    there, error_there = (numbers(theirs, name) for name in ("figures", "errors"))
    said = f"figures within {np.abs((there - figures) / errors).max():.1g} standard errors"
    if len(error_there):
        said += f", which are within {np.abs(error_there / errors - 1).max():.1g} of ours"
    return said + (f"; lacks {theirs.words['lacks']}" if "lacks" in theirs.words else "")


def numbers(done: Done, name: str) -> np.ndarray:
    """The figures of one side."""
    return np.array(done.words.get(name, "").split(), dtype=float)


def r_version() -> str | None:
    """Return the versions of R and survival, or None where either is missing."""
    if shutil.which("Rscript") is None:
        return None
    return job(["Rscript", str(HERE / "survival_peers.R"), "version", "-", "0", "0"], 60).words.get("version")


def main(arguments: list[str] | None = None) -> int:
    """Print versions, then a few lines a task."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--people", type=int, default=100_000, help="a fifth of them with clusters; ten times as many")
    parser.add_argument("--covariates", type=int, default=10)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--cap", type=int, default=60, help="most CPU seconds for a job")
    parser.add_argument("--jobs", nargs="+", choices=sorted({task.job for task in TASKS}), help="all unless named")
    parser.add_argument("--without-r", action="store_true")
    parser.add_argument("--without-peers", action="store_true", help="no Python packages")
    given = parser.parse_args(arguments)
    found_r = None if given.without_r else r_version()
    versions = {name: version(name) for name in ("dipeval", "numpy", "pandas", "lifelines", "statsmodels")}
    print(json.dumps({"versions": versions, "R": found_r, "machine": platform.machine()}), flush=True)
    if not found_r:
        print("R with survival is not here or was left out: no ratios to it.", flush=True)
    sides = [side for side in SIDES if (found_r if side == "R" else not given.without_peers)]
    with tempfile.TemporaryDirectory() as place:
        bench = Bench(Path(place), given.covariates, given.cap)
        for task in TASKS:
            if given.jobs and task.job not in given.jobs:
                continue
            people = round(given.people * task.part)
            bench.files(people)
            say(task, people, compare(bench, task, people, given.rounds, [] if task.alone else sides))
    return 0


if __name__ == "__main__":
    sys.exit(main())
