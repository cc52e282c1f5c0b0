"""Cost of a quarterly report: `python -m tests.benchmarks.quarterly [--people 500000] [--districts 43]`.

Half a million people make about a million drug tests in 43 areas and 16 quarters. Every indicator by district, quarter
and two breakdowns: seconds, queries and memory. Five of them beside hand-written DuckDB SQL, as a ratio, with the
figures compared. Then a quarterly study of 43 areas (a fifth of a million tests) with a report for each, in one
process. Each job has a process of its own; times are printed and not asserted.
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

ROOT = Path(__file__).resolve().parents[2]
GOALS = {"cpu_ratio_to_sql": 4.0, "peak_mb": 6_000}


def job(name: str, folder: Path, people: int, districts: int) -> dict[str, Any]:
    """Run one job in a process of its own."""
    command = [sys.executable, "-m", "tests.benchmarks.quarterly_jobs", name, str(folder)]
    command += ["--people", str(people), "--districts", str(districts)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    if done.returncode:
        raise SystemExit(f"{name} failed:\n{done.stderr[-3000:]}")
    found: dict[str, Any] = json.loads(done.stdout.strip().splitlines()[-1])
    return found


def main() -> None:
    """Run the jobs and print a table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--people", type=int, default=500_000)
    parser.add_argument("--districts", type=int, default=43)
    parser.add_argument("--rounds", type=int, default=2)
    options = parser.parse_args()
    size = (options.people, options.districts)
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        rows = job("files", folder, *size)["rows"]
        whole = job("all", folder, *size)
        five = [job("five", folder, *size) for _ in range(options.rounds)]
        sql = [job("sql", folder, *size) for _ in range(options.rounds)]
        written = job("reports", folder, max(options.people // 5, options.districts), options.districts)
    cpu = {name: statistics.median(run["cpu"] for run in runs) for name, runs in (("ours", five), ("sql", sql))}
    print(f"rows: {rows}")
    print(f"every indicator: {whole['indicators']} indicators, {whole['rows']:,} rows, {whole['seconds']:.1f} s, "
          f"{whole['queries']} queries, {whole['peak_mb']:,} MB")  # fmt: skip
    print(f"five of them: CPU {cpu['ours']:.1f} s, by hand {cpu['sql']:.1f} s, ratio {cpu['ours'] / cpu['sql']:.2f} "
          f"(goal {GOALS['cpu_ratio_to_sql']:g})")  # fmt: skip
    unequal = {name: (five[0]["print"].get(name), value) for name, value in sql[0]["print"].items()
               if five[0]["print"].get(name) != value}  # fmt: skip
    print(f"figures that differ: {unequal or 'none'}")
    print(f"reports: {written['reports']} in {written['write_seconds']:.0f} s after a run of "
          f"{written['run_seconds']:.0f} s, {written['megabytes']:.0f} MB, peak {written['peak_mb']:,} MB")  # fmt: skip


if __name__ == "__main__":
    main()
