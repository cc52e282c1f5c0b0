"""`make prove`: every simulation claim in full; figures, sizes, seeds and versions go to docs/evidence/."""

from __future__ import annotations

import json
import os
import platform
import sys
from importlib.metadata import version
from pathlib import Path

from tests.simulation.claims import NOMINAL, PROCESSES, faults, figures, many_runs

SEEDS, PEOPLE = 100, 5_000
EVIDENCE = Path(__file__).resolve().parents[2] / "docs" / "evidence"


def main() -> int:
    """Run the claims and write them; end with status 1 if one fails."""
    workers = os.cpu_count() or 1
    results = []
    for process in PROCESSES:
        print(f"{process}: {SEEDS} simulated studies of {PEOPLE} people ...", flush=True)
        found = figures(process, many_runs(process, SEEDS, PEOPLE, workers), PEOPLE)
        results.append(found | {"faults": faults(found, SEEDS)})
        print(json.dumps(results[-1], indent=2), flush=True)
    claim = {
        "claim": "The 95% interval of the risk difference covers the true effect among the analysed treated",
        "rule": "lowest_allowed <= coverage <= highest_allowed; the twins (naive, a third of the error) must not cover",
        "nominal": NOMINAL,
        "people": PEOPLE,
        "results": results,
        "versions": {name: version(name) for name in ("dipeval", "numpy", "scipy", "splink", "duckdb")},
        "python": platform.python_version(),
    }
    EVIDENCE.mkdir(parents=True, exist_ok=True)
    (EVIDENCE / "coverage_risk_difference.json").write_text(json.dumps(claim, indent=2) + "\n", encoding="utf-8")
    return 1 if any(found["faults"] for found in results) else 0


if __name__ == "__main__":
    sys.exit(main())
