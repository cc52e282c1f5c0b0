"""Designs beyond the usual ones: the report says in plain words what was done, and names the paper."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from dipeval.report.design_words import figures, how
from dipeval.report.section_how import methods
from tests.unit.study.people_study import study

# keys of [design] -> words of the report, a figure, a paper
DESIGNS: dict[str, tuple[dict[str, Any], str, str, str]] = {
    "variable ratio": (
        {"method": "nearest", "ratio": 2, "min_ratio": 1, "max_ratio": 3, "caliper": "none"},
        "Each treated person gets 1 to 3 untreated people, 2 on average where there are enough",
        "1 to 3, 2 to 1 on average, without replacement",
        "Ming and Rosenbaum (2000), Biometrics 56",
    ),
    "kernel": (
        {"method": "kernel", "caliper": 0.3},
        "with every untreated person within a set distance by score, the nearer the more",
        "0.3 standard deviations of its log odds",
        "Heckman, Ichimura and Todd (1997), Review of Economic Studies 64",
    ),
}


@pytest.mark.parametrize("name", DESIGNS)
def test_the_report_says_what_was_done_and_after_whom(tmp_path: Path, name: str) -> None:
    keys, words, figure, paper = DESIGNS[name]
    result = study(tmp_path, design=keys).run()
    assert words in how(result)
    assert any(figure in value for _, value in figures(result))
    assert any(paper in item for block in methods(result).blocks for item in getattr(block, "items", ()))
