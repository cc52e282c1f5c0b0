"""Quarterly files of the tests: few invented people in two districts, few indicators."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from dipeval.study.quarterly import QuarterlyReview
from dipeval.study.quarterly.reading import QuarterlyFile, parse_quarterly

NAMES = ["tests", "positivity", "seen", "officer_time"]
TREE: dict[str, Any] = {
    "kind": "quarterly",
    "title": "Two districts",
    "data": {"source": "simulate_areas"},
    "simulate_areas": {"districts": ["Leeds", "Wakefield"], "quarters": 9, "people": 150},
    "indicators": {"names": NAMES},
    "change": {"indicators": ["tests", "positivity"]},
    "benchmark": {"indicators": ["positivity"]},
    "disclosure": {"profile": "none"},
}
FUNDED: dict[str, Any] = {
    "funding": {
        "budget": 100_000.0,
        "need": {"tests": 0.5, "crime.acquisitive": 0.5},
        "previous": "spend",
        "funder": "Police and Crime Commissioner",
        "max_fall": 0.9,
    },
    "testing_funding": {"budget": 1_000.5, "need": {"tests": 1.0}, "floor": 0.1},
    "test_accuracy": {"sensitivity": 0.95, "specificity": 0.98},
}


def review(folder: Path, **changes: Any) -> QuarterlyReview:
    """A review of the small file with some sections changed."""
    spec = parse_quarterly(TREE | changes)
    return QuarterlyReview(file=QuarterlyFile(path=folder / "pcc.toml", text="", sha256="0" * 64, spec=spec))
