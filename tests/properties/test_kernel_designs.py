"""Kernel matching: small random designs against brute force, every one of them proved."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest

import dipeval as dip
from dipeval.errors import DipevalError, InvariantError
from tests.properties.brute import World
from tests.properties.designs import Case, case

QUICK, ALL = 100, 800


def kernel_case(number: int) -> Case:
    """A radius design, as a kernel."""
    asked = case("radius", number)
    return Case(
        name=f"kernel {number}", family="kernel", people=asked.people, options={**asked.options, "method": "kernel"}
    )


def one(asked: Case) -> str:
    """Make a design and hold it against the definition."""
    world = World(asked)
    try:
        design = dip.match(asked.people, treated="treated", **asked.arguments)
    except InvariantError:
        raise
    except DipevalError as refusal:
        assert str(refusal).endswith("."), refusal
        near = (world.fine & (world.gap < world.width)).any()
        assert not near or world.width == 0 or asked.options["caliper"] == 0, f"{asked.name}: {refusal}"
        return "refused"
    world.set_width(design.options["caliper_width"])
    raw = np.zeros(world.size)
    matched = np.zeros(world.size, dtype=bool)
    for row in (row for row in range(world.size) if world.focal[row]):
        parts = {other: 0.75 * (1 - (world.gap[row][other] / world.width) ** 2) for other in world.partners(row)}
        parts = {other: part for other, part in parts.items() if world.gap[row][other] < world.width}
        matched[row] = bool(parts)
        for other, part in parts.items():
            raw[other] += part / sum(parts.values())
    expected = np.where(matched, 1.0, raw / raw[raw > 0].mean())
    np.testing.assert_allclose(design.weights, expected, rtol=1e-9, atol=0, err_msg=asked.name)
    return "compared"


def test_some_random_kernel_designs_agree_with_brute_force() -> None:
    counts = Counter(one(kernel_case(number)) for number in range(QUICK))
    assert counts["compared"] > 0.5 * QUICK, counts


@pytest.mark.slow
def test_more_random_kernel_designs_agree_with_brute_force() -> None:
    counts = Counter(one(kernel_case(number)) for number in range(ALL))
    assert counts["compared"] > 0.5 * ALL, counts
