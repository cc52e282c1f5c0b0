"""`make bench`: what dip.link costs beside Splink itself, as ratios within one run on one machine.

    python -m tests.benchmarks.run [--people 200000] [--rounds 3] [--profiles attributor full]

Every job runs in a fresh process, in alternate order from round to round; times are medians over the rounds. Nothing is
asserted: seconds depend on the machine and on what else it does. The goals are printed beside the figures.
What a cohort costs beside hand-written SQL is in `tests.benchmarks.cohort`, which `make bench` runs after this.

"Splink alone" starts from clean columns, "from the files" from raw records, as dip.link does. Both break ties by the
lowest id, Splink's default, which is the cheapest way there is. With --drop-ties it is run once more dropping ties,
which is what dip.link does by default: at 200,000 people that takes Splink several times as long and up to 15 GB.
"""

from __future__ import annotations

import argparse
import json
import platform
import statistics
import subprocess
import sys
import tempfile
from importlib.metadata import version
from pathlib import Path
from typing import Any

GOALS = {"ratio_to_raw_splink": 1.15, "peak_mb": 1536}
ROOT = Path(__file__).resolve().parents[2]


def job(name: str, profile: str, folder: Path, blocks: list[list[str]]) -> dict[str, Any]:
    """Run one job in a process of its own."""
    command = [sys.executable, "-m", "tests.benchmarks.linkage_jobs", name, profile, str(folder)]
    done = subprocess.run(
        [*command, "--blocks", json.dumps(blocks)], cwd=ROOT, capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise SystemExit(f"{name} {profile} failed:\n{done.stderr[-3000:]}")
    found: dict[str, Any] = json.loads(done.stdout.strip().splitlines()[-1])
    return found


def compare(profile: str, folder: Path, rounds: int, drop_ties: bool) -> dict[str, Any]:
    """Run the jobs `rounds` times, in alternate order, and return medians and ratios."""
    runs: dict[str, list[dict[str, Any]]] = {name: [] for name in ("ours", "raw", "raw_files", "merge")}
    runs["ours"].append(job("ours", profile, folder, []))
    blocks = runs["ours"][0]["blocks"]
    for place in range(rounds):
        order = ["raw", "raw_files", "merge", "ours"] if place % 2 == 0 else ["ours", "merge", "raw_files", "raw"]
        for name in order:
            if name != "ours" or place < rounds - 1:
                runs[name].append(job(name, profile, folder, blocks))
    if drop_ties:
        runs["raw_drop"] = [job("raw_drop", profile, folder, blocks)]
    seconds = {name: statistics.median(run["seconds"] for run in done) for name, done in runs.items()}
    peak = {name: max(run["peak_mb"] for run in done) for name, done in runs.items()}
    return {
        "profile": profile,
        "rounds": rounds,
        "seconds": {name: round(value, 1) for name, value in seconds.items()},
        "ratio_to_raw_splink": round(seconds["ours"] / seconds["raw"], 3),
        "ratio_to_raw_splink_from_the_files": round(seconds["ours"] / seconds["raw_files"], 3),
        "ratio_to_exact_merge": round(seconds["ours"] / seconds["merge"], 1),
        "peak_mb": {name: round(value) for name, value in peak.items()},
        "before_mb": {name: round(done[0]["before_mb"]) for name, done in runs.items()},
        "links": {name: done[0]["links"] for name, done in runs.items()},
        "pairs_compared": runs["ours"][0]["pairs_compared"],
        "blocks": [" + ".join(block) for block in blocks],
        "phases": {
            name: {phase: round(value, 1) for phase, value in runs[name][-1]["phases"].items()}
            for name in runs
            if "phases" in runs[name][-1]
        },
    }


def main(arguments: list[str] | None = None) -> int:
    """Print the figures of each profile as JSON, then one line of ratios."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--people", type=int, default=200_000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--drop-ties", action="store_true", help="also Splink dropping ties: up to 15 GB of memory")
    parser.add_argument("--profiles", nargs="+", default=["attributor", "full"], choices=("attributor", "full"))
    given = parser.parse_args(arguments)
    versions = {name: version(name) for name in ("dipeval", "splink", "duckdb", "pandas")}
    print(json.dumps({"people_a_file": given.people, "versions": versions, "machine": platform.machine()}), flush=True)
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        # In a process of its own: a child's peak memory starts from its parent's.
        subprocess.run([sys.executable, "-m", "tests.benchmarks.linkage_files", place, str(given.people)], check=True)
        for profile in given.profiles:
            found = compare(profile, folder, given.rounds, given.drop_ties)
            print(json.dumps(found, indent=2), flush=True)
            print(
                f"{profile}: dip.link takes {found['ratio_to_raw_splink']:.2f} times Splink alone "
                f"(goal {GOALS['ratio_to_raw_splink']}), "
                f"{found['ratio_to_raw_splink_from_the_files']:.2f} times Splink from the files, "
                f"{found['ratio_to_exact_merge']:.0f} times an exact merge; "
                f"peak memory {found['peak_mb']['ours']:,} MB (goal {GOALS['peak_mb']:,}), "
                f"Splink alone {found['peak_mb']['raw']:,} MB; "
                f"{found['pairs_compared']:,} pairs compared",
                flush=True,
            )
    return 0


if __name__ == "__main__":
    sys.exit(main())
