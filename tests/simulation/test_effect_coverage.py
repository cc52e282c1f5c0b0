"""Each way to estimate the effect on the treated covers the truth, a third of its error does not (full: make prove)."""

from __future__ import annotations

import pytest

from tests.simulation.effect_claims import PROCESSES, WAYS, Interval, faults, figures, many_runs, people_of

SEEDS = 500


@pytest.mark.slow
@pytest.mark.parametrize("process", PROCESSES)
def test_intervals_cover_the_truth_and_the_true_null_is_seldom_rejected(process: str) -> None:
    found = figures(process, many_runs(process, SEEDS, tuple(WAYS)))
    print(found)
    assert not faults(found, SEEDS), found


def test_the_processes_are_what_they_are_called() -> None:
    shares = {name: people_of(1, **options)["treated"].mean() for name, options in PROCESSES.items()}
    assert shares["few_treated"] < 0.12 < 0.25 < min(shares["null"], shares["beneficial_strong_confounding"])
    assert (people_of(1, **PROCESSES["null"])["gain"] == 0).all()
    assert people_of(1, **PROCESSES["beneficial_strong_confounding"])["gain"].between(-0.13, 0).all()


def _runs(n: int, *, missed: int, third: int, naive: int, rejected: int = 0) -> list[dict[str, Interval]]:
    def interval(place: int, missed: int) -> Interval:
        return Interval(
            estimate=0.01,
            true=0.0,
            std_error=0.02,
            covers=place >= missed,
            third_covers=place < third,
            rejects=place < rejected,
        )

    return [
        {"naive": interval(place, n - naive)} | {name: interval(place, missed) for name in WAYS} for place in range(n)
    ]


@pytest.mark.parametrize(
    ("runs", "reasons"),
    [
        (_runs(100, missed=5, third=50, naive=10), []),
        (_runs(100, missed=12, third=50, naive=10), ["coverage is below"]),
        (_runs(100, missed=0, third=50, naive=10), ["coverage is above"]),
        (_runs(100, missed=5, third=89, naive=10), ["a third of the error"]),
        (_runs(100, missed=5, third=50, naive=50), ["the naive difference"]),
        (_runs(100, missed=5, third=50, naive=10, rejected=12), ["the true null"]),
    ],
)
def test_the_rule_says_no_to_each_way_and_to_twins_that_cover(
    runs: list[dict[str, Interval]], reasons: list[str]
) -> None:
    found = faults(figures("null", runs), len(runs))
    assert all(any(reason in text for text in found) for reason in reasons)
    assert bool(found) == bool(reasons)
    if reasons and reasons != ["the naive difference"]:
        assert len(found) == len(WAYS)
