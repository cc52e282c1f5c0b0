"""One small linkage for all tests of what is said about a linkage: making it costs more than checking it."""

from __future__ import annotations

from dataclasses import dataclass

import pytest

from dipeval.linkage import Linkage, link
from dipeval.linkage.example import SmallExtracts
from tests.simulation.linkage_benchmark import benchmark_files


@dataclass(frozen=True)
class Checked:
    extracts: SmallExtracts
    linkage: Linkage


@pytest.fixture(scope="session")
def checked() -> Checked:
    extracts = benchmark_files(400, 250, seed=3)
    return Checked(extracts, link(extracts))
