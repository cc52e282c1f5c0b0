"""Designs beyond the usual ones: the report says in plain words what was done, and names the paper."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from dipeval.report.design_figures import figures
from dipeval.report.design_words import how
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
    "probit": (
        {"method": "nearest", "learner": "probit"},
        "it was worked out by probit regression without a penalty",
        "Probit regression",
        "Bliss (1934), Science 79",
    ),
    "pairs that differ": (
        {"method": "nearest", "anti_exact": ["female"]},
        "Two people are paired only if they differ on ",
        "1 to 1, without replacement",
        "Rosenbaum and Rubin (1983), Biometrika 70",
    ),
    "distance of ranks": (
        {"method": "nearest", "mahalanobis": ["age", "priors"], "mahalanobis_ranks": True},
        "taken together (rank-based Mahalanobis distance)",
        "Nearest-neighbour matching on the rank-based Mahalanobis distance",
        "Rosenbaum (2010), Design of Observational Studies",
    ),
    "kernel": (
        {"method": "kernel", "caliper": 0.3},
        "with every untreated person within a set distance by score, the nearer the more",
        "0.3 standard deviations of the score's log odds",
        "Heckman, Ichimura and Todd (1997), Review of Economic Studies 64",
    ),
}


def test_matching_weights_stand_beside_the_primary_design_and_say_whom_they_are_about(tmp_path: Path) -> None:
    beside = [{"name": "atm", "label": "Matching weights", "method": "matching_weights"}]
    result = study(tmp_path, sensitivity=beside).run()
    assert result.sensitivity[0].label == "Matching weights (effect on people for whom pairs could be found)"
    assert result.sensitivity[0].effects
    assert "Li and Greene (2013)" in str(methods(result))


@pytest.mark.parametrize("name", DESIGNS)
def test_the_report_says_what_was_done_and_after_whom(tmp_path: Path, name: str) -> None:
    keys, words, figure, paper = DESIGNS[name]
    result = study(tmp_path, design=keys).run()
    assert words in how(result)
    assert any(figure in value for _, value in figures(result))
    assert any(paper in item for block in methods(result).blocks for item in getattr(block, "items", ()))
