"""A study of invented people in a file, for tests of the design keys: 300 of them, a third treated."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from dipeval.study import Study
from dipeval.study.reading import StudyFile, parse_study

COVARIATES = ["age", "priors", "female"]
TREE: dict[str, Any] = {
    "title": "Invented people",
    "question": "Did it help?",
    "programme": "help",
    "data": {"source": "people_file", "file": "people.csv", "status": "simulated"},
    "people": {"id": "who", "treated": "helped", "measured_at": "before_index"},
    "outcomes": [{"name": "came_back", "kind": "yes_no", "label": "Came back", "primary": True}],
    "design": {"method": "entropy", "covariates": COVARIATES},
    "diagnostics": {"min_treated": 5, "min_ess": 5.0, "max_share_dropped": 0.9, "max_smd": 0.25},
    "disclosure": {"profile": "none"},
}


def people(size: int = 300) -> pd.DataFrame:
    """Invent people: the older and those with more priors are helped more often."""
    rng = np.random.default_rng(11)
    age = rng.integers(18, 60, size)
    priors = rng.poisson(3, size)
    chance = 1 / (1 + np.exp(-(-3.4 + 0.04 * age + 0.25 * priors)))
    return pd.DataFrame(
        {
            "who": [f"p{number:03}" for number in range(size)],
            "helped": (rng.random(size) < chance).astype(int),
            "age": age,
            "priors": priors,
            "female": (rng.random(size) < 0.3).astype(int),
            "district": rng.choice(["Leeds", "Bradford", "Wakefield"], size),
            "survey": rng.choice([0.5, 1.0, 2.0], size),
            "came_back": (rng.random(size) < 0.4).astype(int),
        }
    )


def study(folder: Path, frame: pd.DataFrame | None = None, **changes: Any) -> Study:
    """Write the people into a folder and return their study; sections are changed key by key."""
    (people() if frame is None else frame).to_csv(folder / "people.csv", index=False)
    tree = {
        name: TREE.get(name, {}) | changes[name] if isinstance(changes.get(name), dict) else changes.get(name, old)
        for name, old in {**TREE, **changes}.items()
    }
    spec = parse_study(tree)
    return Study(file=StudyFile(path=folder / "study.toml", text="", sha256="0" * 64, spec=spec))
