"""The two helpers that serve every numerical test, and the way reference figures are loaded."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

REFERENCE = Path(__file__).parent / "reference"


@cache
def load_reference(name: str) -> Any:
    """Figures computed in R, from tests/reference/<name>.json."""
    return json.loads((REFERENCE / f"{name}.json").read_text(encoding="utf-8"))


def assert_close_to_reference(actual: Any, expected: Any, rtol: float = 1e-8, atol: float = 0.0) -> None:
    """Every figure within a relative tolerance of the reference; where the reference is 0, within rtol of it."""
    left, right = np.asarray(actual, dtype="float64"), np.asarray(expected, dtype="float64")
    assert left.shape == right.shape, f"shape {left.shape} is not the reference's {right.shape}"
    scale = np.where(right == 0, 1.0, np.abs(right))
    gap = np.abs(left - right)
    worst = float(np.nanmax(gap / scale)) if gap.size else 0.0
    assert np.array_equal(np.isnan(left), np.isnan(right)), "missing values in other places than the reference's"
    assert np.all((gap <= rtol * scale + atol) | np.isnan(right)), f"largest relative difference {worst:.3g} > {rtol:g}"


def assert_good_match(design: Any, max_smd: float = 0.1) -> None:
    """What every usable matched design has: whole pairs, nobody used twice, groups alike."""
    pairs = design.pairs()
    assert not pairs["treated_index"].duplicated().any() or design.options.get("ratio", 1) > 1
    assert (design.weights >= 0).all()
    assert float(design.weights[design.treated].sum()) == design.n_treated
    assert design.balance().max_smd <= max_smd
