"""A study of invented people with everything that stands beside an answer, for tests of the report."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from dipeval.study import StudyResult
from tests.unit.study.people_study import people as invented
from tests.unit.study.people_study import study

LABELS = {"priors": "Earlier convictions", "district": "Where they live", "female": "Women"}
OUTCOMES = [
    {"name": "came_back", "kind": "yes_no", "label": "Came back", "primary": True},
    {"name": "how_often", "kind": "count", "label": "How often they came back", "family": "later"},
    {"name": "breached", "kind": "yes_no", "label": "Breached an order", "family": "later"},
]
SPECIFICATIONS = {
    "methods": ["entropy", "nearest"],
    "calipers": [0.2],
    "estimators": ["weighted"],
    "leave_out": ["priors"],
}
OVERTURN = {
    "benchmarks": ["priors", "age"],
    "negative_controls": [{"column": "offended_long_ago", "label": "Offended long ago"}],
    "specifications": SPECIFICATIONS,
}


def people(size: int = 900, *, rare: int = 4) -> pd.DataFrame:
    """Invent people: few of them live in one of the districts, and there is a fact from long before."""
    frame, rng = invented(size), np.random.default_rng(5)
    frame["who"] = [f"p{number:04}" for number in range(size)]
    frame["district"] = "Leeds"
    frame.loc[frame.index[: size // 3], "district"] = "Bradford"
    for side in (0, 1):
        frame.loc[frame.index[frame["helped"] == side][-(rare + 10) :], "district"] = "Calderdale"
    frame["how_often"] = frame["came_back"] * rng.integers(1, 5, size)
    frame["breached"] = (rng.random(size) < 0.3).astype(int)
    frame["offended_long_ago"] = (rng.random(size) < 0.35).astype(int)
    return frame


def result_of(folder: Path, frame: pd.DataFrame | None = None, **changes: Any) -> StudyResult:
    """Run the study; sections are changed key by key."""
    given: dict[str, Any] = {
        "outcomes": OUTCOMES,
        "people": {"labels": LABELS, "categories": ["district"]},
        "subgroups": {"by": ["district", "female"]},
        "overturn": OVERTURN,
        "disclosure": {"profile": "threshold10"},
    }
    return study(folder, people() if frame is None else frame, **{**given, **changes}).run()
