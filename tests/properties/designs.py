"""Small random designs, numbered: the same number is the same design on every machine.

People are few and their values come from coarse grids, so that ties, twins and strata without one of the groups abound.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

FAMILIES = ("nearest", "mahalanobis", "closest", "optimal", "full", "radius", "subclass", "cem", "kernel")
LIMITS = (0.0, 0.25, 0.5, 1.0, 2.0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """One design to be asked for.

    Parameters
    ----------
    name
        Family and number.
    family
        What is tried out.
    people
        One row a person.
    options
        For ``dip.match``, besides the people and the treatment; `score` as the name of a column.
    """

    name: str
    family: str
    people: pd.DataFrame
    options: dict[str, Any]

    @property
    def arguments(self) -> dict[str, Any]:
        """The options with the score itself in place of its name."""
        return {**self.options, "score": self.people["score"]}


def case(family: str, number: int, *, larger: bool = False) -> Case:
    """Make design `number` of a family: 2 to 30 people, or 100 to 300 where what is done in blocks is to be tried."""
    rng = np.random.default_rng([FAMILIES.index(family), number, *([1] if larger else [])])
    scale = str(rng.choice(["given", "given", "logit", "probability"]))
    people = _people(rng, scale, larger=larger)
    options: dict[str, Any] = {
        "method": family if family not in ("nearest", "mahalanobis", "closest") else "nearest",
        "covariates": ["x"],
        "scale": scale,
        "estimand": _estimand(rng, family, people),
        "exact": rng.choice(["area", "band"], rng.choice([0, 0, 1, 2]), replace=False).tolist(),
        "ties": "row",
        "trim": str(rng.choice(["none", "none", "none", "common_support"])),
        **_caliper(rng, scale),
        **OWN[family](rng),
    }
    return Case(name=f"{family} {number}", family=family, people=people, options=options)


def _people(rng: np.random.Generator, scale: str, *, larger: bool) -> pd.DataFrame:
    size = int(rng.integers(4, 31)) if rng.random() < 0.9 else int(rng.integers(2, 7))
    if larger:
        size = int(rng.integers(100, 301))
    treated = (rng.random(size) < rng.choice([0.2, 0.35, 0.5])).astype(int)
    if treated.min() == treated.max() and rng.random() < 0.95:
        treated[int(rng.integers(size))] = 1 - treated[0]
    levels = int(rng.integers(2, 256 if larger and scale != "given" else 1000 if larger else 16))
    score = rng.integers(1, levels + 1, size) / (256 if larger else 4 if scale == "given" else 16)
    people = pd.DataFrame(
        {
            "treated": treated,
            "score": score,
            "age": rng.integers(0, 6, size),
            "height": rng.integers(0, 40, size) / 8,
            "area": rng.choice(["a", "b", "c"], size, p=[0.6, 0.3, 0.1]),
            "band": rng.integers(0, 2, size),
        }
    )
    twins = rng.integers(0, size, size // 4)
    people.loc[rng.integers(0, size, len(twins)), ["score", "age", "height"]] = people.loc[
        twins, ["score", "age", "height"]
    ].to_numpy()
    people["age"] = people["age"].astype(int)
    return people.assign(x=np.arange(size))


def _estimand(rng: np.random.Generator, family: str, people: pd.DataFrame) -> str:
    if family in ("full", "subclass", "cem"):
        return str(rng.choice(["ATT", "ATC", "ATE"]))
    smaller = "ATT" if people["treated"].mean() <= 0.5 else "ATC"
    larger = "ATC" if smaller == "ATT" else "ATT"
    return smaller if rng.random() < 0.9 else larger


def _caliper(rng: np.random.Generator, scale: str) -> dict[str, Any]:
    unit = str(rng.choice(["raw", "sd", "sd_pooled"]))
    width = float(rng.choice(LIMITS)) * (0.25 if unit == "raw" and scale == "probability" else 1.0)
    return {"caliper": width, "caliper_unit": unit}


def _limits(rng: np.random.Generator) -> dict[str, Any]:
    chosen: dict[str, float] = {}
    if rng.random() < 0.5:
        chosen["age"] = float(rng.integers(0, 4))
    if rng.random() < 0.25:
        chosen["height"] = float(rng.choice([0.125, 0.5, 2.0]))
    return {"covariate_calipers": chosen or None, **({"caliper": None} if rng.random() < 0.3 else {})}


def _metric(rng: np.random.Generator) -> dict[str, Any]:
    return {"mahalanobis": ["age", "height"] if rng.random() < 0.7 else [str(rng.choice(["age", "height"]))]}


def _nearest(rng: np.random.Generator) -> dict[str, Any]:
    return {
        **_limits(rng),
        "replace": bool(rng.random() < 0.3),
        "order": str(rng.choice(["largest", "smallest", "data", "random"])),
        **_ratio(rng),
    }


def _ratio(rng: np.random.Generator) -> dict[str, Any]:
    if rng.random() < 0.15:
        return {"ratio": 2, "min_ratio": 1, "max_ratio": int(rng.integers(3, 6)), "replace": False}
    return {"ratio": int(rng.integers(1, 4))}


def _mahalanobis(rng: np.random.Generator) -> dict[str, Any]:
    return {**_nearest(rng), **_metric(rng)}


def _closest(rng: np.random.Generator) -> dict[str, Any]:
    metric = _metric(rng) if rng.random() < 0.4 else {}
    return {**_limits(rng), **metric, **_ratio(rng), "order": "closest"}


def _optimal(rng: np.random.Generator) -> dict[str, Any]:
    metric = _metric(rng) if rng.random() < 0.4 else {}
    return {**_limits(rng), **metric, "ratio": int(rng.choice([1, 1, 2, 3]))}


def _full(rng: np.random.Generator) -> dict[str, Any]:
    return {**_limits(rng), **(_metric(rng) if rng.random() < 0.4 else {})}


def _radius(rng: np.random.Generator) -> dict[str, Any]:
    return {}


def _kernel(rng: np.random.Generator) -> dict[str, Any]:
    return {"caliper": float(rng.choice(LIMITS[1:]))}


def _subclass(rng: np.random.Generator) -> dict[str, Any]:
    return {"subclasses": int(rng.integers(2, 7))}


def _cem(rng: np.random.Generator) -> dict[str, Any]:
    chosen = [str(name) for name in rng.permutation(["age", "height", "area", "score"])[: rng.integers(1, 4)]]
    cutpoints: dict[str, Any] = {}
    if "age" in chosen and rng.random() < 0.6:
        cutpoints["age"] = int(rng.integers(1, 5)) if rng.random() < 0.5 else [1, 3]
    if "height" in chosen and rng.random() < 0.5:
        cutpoints["height"] = [float(rng.integers(1, 4))] if rng.random() < 0.5 else int(rng.integers(1, 4))
    exact = [name for name in ("band",) if rng.random() < 0.3]
    return {"covariates": chosen, "cutpoints": cutpoints or None, "exact": exact}


OWN = {
    "nearest": _nearest,
    "mahalanobis": _mahalanobis,
    "closest": _closest,
    "optimal": _optimal,
    "full": _full,
    "radius": _radius,
    "subclass": _subclass,
    "cem": _cem,
    "kernel": _kernel,
}
