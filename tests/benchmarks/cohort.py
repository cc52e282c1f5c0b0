"""Cost of a cohort beside hand-written DuckDB SQL: `python -m tests.benchmarks.cohort [--people 1000000 10000000]`.

From event tables in Parquet to people, attrition and outcomes: the public calls, and cohort_by_hand.sql for the
same outputs, on two threads. Each job runs in a process of its own, in alternate order from round to round; CPU seconds
are medians over the rounds, memory is the largest. That both give the same figures is checked, by fingerprints of every
column; times are printed beside the goals and not asserted. At 10 million people (80 million offences) the files take
0.9 GB and some minutes to write; `--folder` keeps them for another time.

Then every conviction as an index event, for registries of twice and four times the people, and twice and four times the
offences a person: CPU seconds must grow with the index events, not with their square.
"""

from __future__ import annotations

import argparse
import json
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

GOALS = {"cpu_ratio": 1.25, "fixed_cpu": 1.0, "peak_mb": 2048, "growth_of_cpu": 12}
ROOT = Path(__file__).resolve().parents[2]
LIMIT = "1GB"
BASE_PEOPLE, BASE_EVENTS = 100_000, 8.5


def job(name: str, folder: Path, memory: str | None = None) -> dict[str, Any]:
    """Run one job in a process of its own."""
    command = [sys.executable, "-m", "tests.benchmarks.cohort_jobs", name, str(folder)]
    limit = ["--memory", memory] if memory else []
    done = subprocess.run([*command, *limit], cwd=ROOT, capture_output=True, text=True, check=False)
    if done.returncode:
        raise SystemExit(f"{name} {folder} failed:\n{done.stderr[-3000:]}")
    found: dict[str, Any] = json.loads(done.stdout.strip().splitlines()[-1])
    return found


def registry(folder: Path, people: int, *options: str) -> Path:
    """Write the files unless they are there, in another process: a child's memory starts from its parent's."""
    if not (folder / "deaths.parquet").exists():
        command = [sys.executable, "-m", "tests.benchmarks.cohort_files", str(folder), str(people), *options]
        subprocess.run(command, cwd=ROOT, check=True)
    return folder


def compare(folder: Path, people: int, rounds: int) -> dict[str, Any]:
    """Run ours, the SQL and the floor, and ours once under a memory limit."""
    runs: dict[str, list[dict[str, Any]]] = {"ours": [], "sql": [], "floor": []}
    for place in range(rounds):
        for name in list(runs) if place % 2 == 0 else reversed(list(runs)):
            runs[name].append(job(name, folder))
    runs["limited"] = [job("ours", folder, LIMIT)]
    cpu = {name: statistics.median(run["cpu"] for run in done) for name, done in runs.items()}
    return {
        "people": people,
        "rounds": rounds,
        "cpu_seconds": {name: round(value, 2) for name, value in cpu.items()},
        "cpu_ratio_to_sql": round(cpu["ours"] / cpu["sql"], 2),
        "cpu_over_goal": round(cpu["ours"] - GOALS["cpu_ratio"] * cpu["sql"] - GOALS["fixed_cpu"], 2),
        "cpu_ratio_to_floor": round(cpu["ours"] / cpu["floor"], 1),
        "peak_mb": {name: round(max(run["peak_mb"] for run in done)) for name, done in runs.items()},
        "wall_seconds": {name: round(statistics.median(r["seconds"] for r in done), 1) for name, done in runs.items()},
        "rows": runs["ours"][0]["rows"],
        "unequal": unequal([runs["ours"][0], runs["limited"][0], runs["sql"][0]]),
    }


def unequal(runs: list[dict[str, Any]]) -> list[str]:
    """Columns whose fingerprint is not the same in all runs, with the fingerprints."""
    names = sorted({name for run in runs for name in run["fingerprint"]})
    prints = {name: [run["fingerprint"].get(name) for run in runs] for name in names}
    return [f"{name}: {' | '.join(map(str, found))}" for name, found in prints.items() if len(set(found)) > 1]


def growth(folder: Path) -> list[dict[str, Any]]:
    """Every conviction as an index event: the people doubled and doubled again, then the offences a person."""
    rows = []
    for people, events in ((1, 1), (2, 1), (4, 1), (1, 2), (1, 4)):
        name = folder / f"every-{people}-{events}"
        options = ("--births", "--events", str(BASE_EVENTS * events))
        found = job("every", registry(name, BASE_PEOPLE * people, *options))
        n = found["rows"]["people"]
        row = {"people": BASE_PEOPLE * people, "offences_a_person": BASE_EVENTS * events, "index_events": n}
        more = {"cpu": round(found["cpu"], 1), "cpu_a_million": round(found["cpu"] / n * 1e6, 1)}
        rows.append(row | more | {"peak_mb": round(found["peak_mb"])})
    return rows


def main(arguments: list[str] | None = None) -> int:
    """Print the figures of each size as JSON with one line of ratios; 1 if ours and the SQL do not give the same."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--people", type=int, nargs="*", default=[1_000_000, 10_000_000])
    parser.add_argument("--rounds", type=int, default=2)
    parser.add_argument("--folder", type=Path, default=None, help="keep the files here")
    parser.add_argument("--without-every", action="store_true", help="leave out every conviction as an index event")
    given = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory() as place:
        folder = given.folder or Path(place)
        done = [compare(registry(folder / str(n), n), n, given.rounds) for n in given.people]
        for found in done:
            print(json.dumps(found, indent=2), flush=True)
            print(_in_words(found), flush=True)
        if len(done) > 1:
            ratio = done[-1]["cpu_seconds"]["ours"] / done[0]["cpu_seconds"]["ours"]
            sizes = f"{done[-1]['people']:,} people take {ratio:.1f} times the CPU of {done[0]['people']:,}"
            print(f"{sizes} (goal {GOALS['growth_of_cpu']} for ten times as many)", flush=True)
        for row in [] if given.without_every else growth(folder):
            print(json.dumps(row), flush=True)
    return int(any(found["unequal"] for found in done))


def _in_words(found: dict[str, Any]) -> str:
    cpu, peak = found["cpu_seconds"], found["peak_mb"]
    return (
        f"{found['people']:,} people: dipeval takes {cpu['ours']:.1f} CPU seconds, hand-written SQL {cpu['sql']:.1f}: "
        f"{found['cpu_ratio_to_sql']:.2f} times (goal {GOALS['cpu_ratio']} and {GOALS['fixed_cpu']:.0f} s; "
        f"{'met' if found['cpu_over_goal'] <= 0 else 'missed by ' + str(found['cpu_over_goal']) + ' s'}); "
        f"peak memory {peak['ours']:,} MB, {peak['limited']:,} MB with a limit of {LIMIT} (goal {GOALS['peak_mb']:,}); "
        f"{'the same figures' if not found['unequal'] else 'DIFFERENT FIGURES'}"
    )


if __name__ == "__main__":
    sys.exit(main())
