"""About 95% of areas that do not differ lie inside the 95% limits; limits of chance alone fail where areas spread."""

from __future__ import annotations

import pytest

from tests.simulation.funnel_claims import PROCESSES, Run, faults, figures, one_run

SEEDS = 40


@pytest.mark.slow
@pytest.mark.parametrize("process", PROCESSES)
def test_areas_lie_inside_as_often_as_the_limits_say(process: str) -> None:
    found = figures(process, [one_run(process, seed) for seed in range(1, SEEDS + 1)])
    print(found)
    assert not faults(found), found


def test_the_processes_are_what_they_are_called() -> None:
    runs = {name: [one_run(name, seed) for seed in (1, 2, 3)] for name in PROCESSES}
    factors = {name: figures(name, found)["mean_factor"] for name, found in runs.items()}
    assert all(factors[name] < 1.5 for name in factors if name.startswith("null") and name != "null_five_areas")
    assert min(factors["spread_multiplicative"], factors["spread_additive"]) > 1.7


@pytest.mark.parametrize(
    ("inside", "third", "wrong", "reasons"),
    [
        (950, 400, 700, []),
        (900, 400, 700, ["fewer than"]),
        (995, 400, 700, ["more than"]),
        (950, 940, 700, ["a third of the width"]),
        (950, 400, 945, ["the wrong label"]),
    ],
)
def test_the_rule_says_no_to_each_way_and_to_twins_that_hold(
    inside: int, third: int, wrong: int, reasons: list[str]
) -> None:
    run = Run(areas=1_000, inside=inside, third_inside=third, wrong_inside=wrong, factor=1.0)
    found = faults(figures("spread_additive", [run]))
    assert len(found) == len(reasons)
    assert all(reason in text for reason, text in zip(reasons, found, strict=True))
