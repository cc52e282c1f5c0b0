"""`make prove`: every simulation claim in full; figures, sizes, seeds and versions go to docs/evidence/."""

from __future__ import annotations

import json
import os
import platform
import sys
from importlib.metadata import version
from pathlib import Path

from tests.simulation.claims import NOMINAL, PROCESSES, figures, many_runs

SEEDS, PEOPLE = 100, 5_000
EVIDENCE = Path(__file__).resolve().parents[2] / "docs" / "evidence"


def main() -> int:
    """Run the claims and write them; end with status 1 if one fails."""
    workers = os.cpu_count() or 1
    results = []
    for process in PROCESSES:
        print(f"{process}: {SEEDS} simulated studies of {PEOPLE} people ...", flush=True)
        results.append(figures(process, many_runs(process, SEEDS, PEOPLE, workers)))
        print(json.dumps(results[-1], indent=2), flush=True)
    claim = {
        "claim": "The 95% interval of the risk difference covers the true effect among the analysed treated",
        "nominal": NOMINAL,
        "people": PEOPLE,
        "results": results,
        "versions": {name: version(name) for name in ("dipeval", "numpy", "scipy", "splink", "duckdb")},
        "python": platform.python_version(),
    }
    EVIDENCE.mkdir(parents=True, exist_ok=True)
    (EVIDENCE / "coverage_risk_difference.json").write_text(json.dumps(claim, indent=2) + "\n", encoding="utf-8")
    good = [r["lowest_allowed"] <= r["coverage"] <= r["highest_allowed"] and r["naive_coverage"] < 0.5 for r in results]
    return 0 if all(good) else 1


if __name__ == "__main__":
    sys.exit(main())
