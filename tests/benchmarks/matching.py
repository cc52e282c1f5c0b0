"""`make bench`: what a design costs beside R's MatchIt and beside Python packages, as ratios within one run.

    python -m tests.benchmarks.matching [--people 10000 100000 1000000] [--covariates 20] [--rounds 3] [--cap 120]

All sides read the same plain files. Every job runs in a fresh process on one thread; figures are CPU seconds (medians
over the rounds), because the machine may be doing other things, and the largest memory. A job that has used --cap CPU
seconds is ended: what it was doing then took "at least" so long. Nothing is asserted; the goals stand beside the
figures.

R takes part where Rscript and MatchIt are installed. The Python packages run on the smallest size, in an environment
of their own (.venv-bench), which is made here the first time and never mixed with the project's.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import resource
import shutil
import signal
import statistics
import subprocess
import sys
import tempfile
from dataclasses import dataclass, field
from importlib.metadata import version
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
HERE = Path(__file__).resolve().parent
GOALS = {"whole_to_r": 0.1, "match_to_matchit": 0.5, "memory_over_matrix": 6, "growth": 15}
OURS = ("fit", "match", "whole")
METHODS = ("nearest", "radius", "subclass", "full", "optimal")
R_JOBS = ("glm", "match", "summary")
PEERS = {"psmpy": "0.3.16", "causalinference": "0.1.3.post1", "causallib": "0.10.0"}
PEER_PLACE = ROOT / ".venv-bench"
R_CAUTION = (
    "MatchIt before 4.5.4 ignores calipers below 1 and is slower than later versions at matching, so its match step "
    "flatters dipeval here and proves nothing about later versions; glm and summary() are the same in all of them."
)


@dataclass
class Done:
    """One job: CPU seconds of its steps, memory, other words it printed, and whether it was cut short or failed."""

    cpu: dict[str, float] = field(default_factory=dict)
    memory: dict[str, float] = field(default_factory=dict)
    words: dict[str, str] = field(default_factory=dict)
    cut: str | None = None
    fault: str | None = None

    def steps(self) -> dict[str, str]:
        """Seconds in words."""
        return {name: f"{'at least ' * (name == self.cut)}{value:.3g}" for name, value in self.cpu.items()}


def job(command: list[str], cap: int) -> Done:
    """Run one job in a process of its own, ended when it has used `cap` CPU seconds."""
    threads = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")
    ran = subprocess.run(
        command,
        cwd=ROOT,
        env={**os.environ, **threads},
        capture_output=True,
        text=True,
        check=False,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_CPU, (cap, cap + 5)),
    )
    done, began = Done(), dict[str, float]()
    for line in ran.stdout.splitlines():
        kind, _, rest = line.partition(" ")
        words = rest.split()
        if kind == "begin":
            began[words[0]] = float(words[1])
        elif kind == "end":
            done.cpu[words[0]] = float(words[1]) - began.pop(words[0])
        elif kind == "memory":
            done.memory[words[0]] = float(words[1])
        else:
            done.words[kind] = rest
    if ran.returncode in (-signal.SIGXCPU, -signal.SIGKILL, 128 + signal.SIGXCPU):
        done.cut = next(iter(began), "before its first step")
        done.cpu |= {name: cap - start for name, start in began.items()}
    elif ran.returncode:
        done.fault = (ran.stderr.strip().splitlines() or ["no message"])[-1][:300]
    return done


class Bench:
    """The files of every size, and how to run a job of either side on them."""

    def __init__(self, folder: Path, covariates: int, cap: int) -> None:
        """Remember what every job needs."""
        self.folder, self.covariates, self.cap = folder, covariates, cap

    def _place(self, people: int) -> list[str]:
        return [str(self.folder / str(people)), str(people), str(self.covariates)]

    def files(self, people: int) -> None:
        """Write the files, in another process: a child's memory starts from its parent's."""
        subprocess.run(self._ours("files", people), cwd=ROOT, check=True)

    def _ours(self, name: str, people: int) -> list[str]:
        return [sys.executable, "-m", "tests.benchmarks.matching_jobs", name, *self._place(people)]

    def ours(self, name: str, people: int) -> Done:
        """One of our jobs; a fault in it ends the benchmark."""
        done = job(self._ours(name, people), self.cap)
        if done.fault and name not in METHODS:
            raise SystemExit(f"{name} on {people} people failed: {done.fault}")
        return done

    def r(self, name: str, people: int) -> Done:
        """One of R's jobs."""
        return job(["Rscript", str(HERE / "matching_peers.R"), name, *self._place(people)], self.cap)

    def peer(self, name: str, people: int) -> Done:
        """One of the Python packages, in the environment of its own."""
        python = str(PEER_PLACE / "bin" / "python")
        return job([python, str(HERE / "matching_peers.py"), name, *self._place(people)], self.cap)


def compare(bench: Bench, people: int, rounds: int, with_r: bool) -> dict[str, dict[str, Done]]:
    """Run our jobs and R's, in alternate order from round to round, and keep the median of every step."""
    todo = [("ours", name) for name in OURS] + [("r", name) for name in R_JOBS if with_r]
    runs: dict[tuple[str, str], list[Done]] = {key: [] for key in todo}
    for place in range(rounds):
        for side, name in todo if place % 2 == 0 else todo[::-1]:
            before = runs[side, name]
            if not (before and (before[-1].cut or before[-1].fault)):
                before.append(getattr(bench, side)(name, people))
    found: dict[str, dict[str, Done]] = {"ours": {}, "r": {}}
    for (side, name), done in runs.items():
        found[side][name] = middle(done)
    return found


def middle(runs: list[Done]) -> Done:
    """The last of the runs with the median of every step, unless it was cut short or failed."""
    kept = runs[-1]
    if not (kept.cut or kept.fault):
        kept.cpu = {part: statistics.median(one.cpu[part] for one in runs) for part in kept.cpu}
    return kept


def say_ours(people: int, covariates: int, ours: dict[str, Done]) -> None:
    """Print our own seconds and memory."""
    whole = ours["whole"]
    matrix = people * covariates * 8 / 2**20
    held = whole.memory["end"] - whole.memory["imported"]
    extra = whole.memory["end"] - whole.memory["read"]
    print(
        f"{people:,} people x {covariates}: fit {ours['fit'].cpu['fit']:.3g}, match on a score given "
        f"{ours['match'].cpu['match']:.3g}, match with its fit {whole.cpu['match']:.3g}, "
        f"balance {whole.cpu['balance']:.3g} CPU seconds; {int(whole.words['pairs']):,} pairs; "
        f"peak memory {held:,.0f} MB without the interpreter and {extra:,.0f} MB without the table too: "
        f"{held / matrix:.1f} and {extra / matrix:.1f} times the covariate matrix of {matrix:,.0f} MB "
        f"(goal below {GOALS['memory_over_matrix']})",
        flush=True,
    )


def say_r(people: int, ours: dict[str, Done], r: dict[str, Done]) -> None:
    """Print R's seconds and the ratios of ours to them."""
    for name, done in r.items():
        if done.fault:
            print(f"{people:,} people: R's {name} failed: {done.fault}", flush=True)
    if any(done.fault for done in r.values()):
        return
    steps = {"glm": r["glm"].steps(), "match": r["match"].steps(), "summary": r["summary"].steps()}
    print(f"{people:,} people: R {json.dumps({name: one.get(name, '') for name, one in steps.items()})}", flush=True)
    whole = ours["whole"].cpu["match"] + ours["whole"].cpu["balance"]
    rest = r["glm"].cpu.get("glm", 0.0) + r["summary"].cpu.get("summary", 0.0)
    matchit = r["match"].cpu.get("match", 0.0)
    most = "at most " if any(done.cut for done in r.values()) else ""
    print(
        f"{people:,} people: fit + match + balance take {most}{whole / (rest + matchit):.3f} of glm + matchit + "
        f"summary (goal {GOALS['whole_to_r']}), {whole / rest:.3f} of glm + summary alone; the match call takes "
        f"{'at most ' if r['match'].cut else ''}{ours['match'].cpu['match'] / matchit:.3f} of MatchIt's "
        f"(goal {GOALS['match_to_matchit']})",
        flush=True,
    )


def say_growth(bench: Bench, fewer: int, more: int, rounds: int) -> None:
    """Print how the match call of every method that uses the score grows from one size to the other."""
    for name in METHODS:
        few, many = (middle([bench.ours(name, people) for _ in range(rounds)]) for people in (fewer, more))
        if few.fault or many.fault:
            print(f"{name}: failed: {few.fault or many.fault}", flush=True)
            continue
        before, after = few.cpu.get(name, 0.0), many.cpu.get(name, 0.0)
        cut = " at least" if many.cut else ""
        peak = f"{many.memory['end'] - many.memory['read']:,.0f} MB beside the table" if "end" in many.memory else "-"
        print(
            f"{name}: {before:.3g} CPU seconds for {fewer:,} people,{cut} {after:.3g} for {more:,} ({peak}):"
            f"{cut} {after / before if before else float('nan'):.1f} times "
            f"(goal below {GOALS['growth']} for ten times as many)",
            flush=True,
        )


def install(name: str) -> str | None:
    """Put a Python package into the environment of the benchmark; return what went wrong, if anything did."""
    python = PEER_PLACE / "bin" / "python"
    if not python.exists():
        subprocess.run([sys.executable, "-m", "venv", str(PEER_PLACE)], check=True)
    wanted = f"{name}=={PEERS[name]}"
    there = f"from importlib.metadata import version; raise SystemExit(version('{name}') != '{PEERS[name]}')"
    if subprocess.run([python, "-c", there], capture_output=True, check=False).returncode == 0:
        return None
    pip = [str(python), "-m", "pip", "install", "--quiet", "--disable-pip-version-check", wanted]
    ran = subprocess.run(pip, capture_output=True, text=True, check=False)
    return None if ran.returncode == 0 else (ran.stderr.strip().splitlines() or ["no message"])[-1][:300]


def say_peers(bench: Bench, people: int, ours: dict[str, Done]) -> None:
    """Print the seconds of the Python packages and how many times ours they are."""
    whole = ours["whole"].cpu["match"] + ours["whole"].cpu["balance"]
    for name in PEERS:
        fault = install(name)
        done = Done(fault=f"not installed: {fault}") if fault else bench.peer(name, people)
        if done.fault:
            print(f"{people:,} people: {name} {PEERS[name]} gave no figures: {done.fault}", flush=True)
            continue
        least = "at least " if done.cut else ""
        print(
            f"{people:,} people: {name} {PEERS[name]} {json.dumps(done.steps())} CPU seconds: {least}"
            f"{done.cpu.get('match', 0.0) / ours['match'].cpu['match']:.0f} times our match call, {least}"
            f"{sum(done.cpu.values()) / whole:.0f} times our fit + match + balance",
            flush=True,
        )


def r_version() -> str | None:
    """Return the versions of R and MatchIt, or None where either is missing."""
    if shutil.which("Rscript") is None:
        return None
    asked = [str(HERE / "matching_peers.R"), "version", "-", "0", "0"]
    return job(["Rscript", *asked], 60).words.get("version")


def main(arguments: list[str] | None = None) -> int:
    """Print versions, then one line a comparison."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--people", type=int, nargs="+", default=[10_000, 100_000, 1_000_000])
    parser.add_argument("--covariates", type=int, default=20)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--cap", type=int, default=120, help="most CPU seconds for a job")
    parser.add_argument("--without-r", action="store_true")
    parser.add_argument("--without-peers", action="store_true", help="no Python packages, nothing is installed")
    parser.add_argument("--without-methods", action="store_true", help="leave out the growth of every method")
    given = parser.parse_args(arguments)
    found_r = None if given.without_r else r_version()
    versions = {name: version(name) for name in ("dipeval", "numpy", "pandas", "scipy")}
    print(json.dumps({"versions": versions, "R": found_r, "machine": platform.machine()}), flush=True)
    print(R_CAUTION if found_r else "R with MatchIt is not here or was left out: no ratios to it.", flush=True)
    sizes = sorted(given.people)
    with tempfile.TemporaryDirectory() as place:
        bench = Bench(Path(place), given.covariates, given.cap)
        for people in sizes:
            bench.files(people)
            found = compare(bench, people, given.rounds, with_r=found_r is not None)
            say_ours(people, given.covariates, found["ours"])
            if found["r"]:
                say_r(people, found["ours"], found["r"])
            if people == sizes[0] and not given.without_peers:
                say_peers(bench, people, found["ours"])
        if len(sizes) > 1 and not given.without_methods:
            say_growth(bench, sizes[-2], sizes[-1], given.rounds)
    return 0


if __name__ == "__main__":
    sys.exit(main())
