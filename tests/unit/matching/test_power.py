"""What a design could detect, against closed forms, figures published or simulated, and at the edges."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from scipy.stats import norm

import dipeval as dip
from dipeval.errors import DesignError, InputError
from dipeval.matching.power import PowerMixin
from dipeval.matching.precision import precision_frame
from tests.unit.matching.matching_people import COVARIATES, people

COMMON: dict[str, Any] = {"treated": "treated", "covariates": COVARIATES}
NEEDED = norm.ppf(0.975) + norm.ppf(0.8)


class Sized(PowerMixin):
    """Two groups of known effective numbers."""

    def __init__(self, treated: float, comparison: float) -> None:
        self.ess_treated, self.ess = treated, comparison


def test_the_ratio_follows_from_the_difference() -> None:
    groups = Sized(400, 800)
    least = groups.minimum_detectable_difference(0.4)
    assert groups.minimum_detectable_ratio(0.4) == pytest.approx((0.4 - least) / 0.4, rel=1e-14)
    assert groups.minimum_detectable_ratio(0.4, direction="higher") == pytest.approx((0.4 + least) / 0.4, rel=1e-14)
    assert least == pytest.approx(NEEDED * math.sqrt(0.4 * 0.6 * (1 / 400 + 1 / 800)), rel=1e-12)


def test_a_mean_difference_is_a_multiple_of_the_standard_deviation() -> None:
    # Two groups of 64 detect half a standard deviation with a chance of about 80% (Cohen 1988).
    assert Sized(64, 64).minimum_detectable_mean_difference(1.0) == pytest.approx(0.495, abs=0.001)
    assert Sized(64, 64).minimum_detectable_mean_difference(3.0) == pytest.approx(3 * NEEDED * math.sqrt(2 / 64))


def test_the_hazard_ratio_is_schoenfelds() -> None:
    # Two equal groups need 4 (z + z)^2 / log(HR)^2 events: the formula as it is published, turned round.
    events = 4 * NEEDED**2 / math.log(0.55) ** 2
    groups = Sized(events, events)  # half of them have the event
    assert groups.minimum_detectable_hazard_ratio(0.5) == pytest.approx(0.55, rel=1e-12)
    assert groups.minimum_detectable_hazard_ratio(0.5, direction="higher") == pytest.approx(1 / 0.55, rel=1e-12)
    uneven, part = Sized(100, 300), 0.25
    expected = math.exp(-NEEDED / math.sqrt(0.3 * 400 * part * (1 - part)))
    assert uneven.minimum_detectable_hazard_ratio(0.3) == pytest.approx(expected, rel=1e-12)


def test_power_undoes_the_smallest_difference() -> None:
    groups = Sized(250, 500)
    for chance in (0.5, 0.8, 0.95):
        least = groups.minimum_detectable_difference(0.3, power=chance, level=0.9)
        assert groups.power(least, 0.3, level=0.9) == pytest.approx(chance, rel=1e-12)
        assert groups.power(-0.2, 0.3) == groups.power(0.2, 0.3)
    assert groups.power(0.0, 0.3) == pytest.approx(0.025)


def test_power_is_what_repeated_draws_find() -> None:
    rng = np.random.default_rng(11)
    size, base = 800, 0.5
    draws = rng.binomial(size, [base, base - 0.07], size=(20_000, 2)) / size
    error = np.sqrt((draws * (1 - draws)).sum(axis=1) / size)
    found = float((np.abs(draws[:, 1] - draws[:, 0]) > norm.ppf(0.975) * error).mean())
    assert Sized(size, size).power(-0.07, base) == pytest.approx(found, abs=0.015)


def test_the_curve_rises_to_the_room_there_is() -> None:
    frame = Sized(200, 200).power_curve(0.4)
    assert frame.columns.tolist() == ["difference", "power"]
    assert len(frame) == 41
    assert frame["difference"].iloc[0] == 0
    assert frame["power"].is_monotonic_increasing
    assert frame["power"].iloc[-1] == pytest.approx(0.99)
    assert Sized(4, 4).power_curve(0.4)["difference"].iloc[-1] == 0.6
    assert Sized(4, 4).power_curve(0.4, most=0.2)["difference"].iloc[-1] == 0.2
    with pytest.raises(InputError, match="most must lie above 0"):
        Sized(4, 4).power_curve(0.4, most=0.7)


def test_precision_of_one_to_one_matching_shows_what_it_throws_away() -> None:
    table = people(400)
    pairs = dip.match(table, caliper=None, **COMMON).precision()
    assert pairs["design"].tolist() == ["everyone, unadjusted", "nearest-neighbour matching on the propensity score"]
    n1 = int(table["treated"].sum())
    n0 = 400 - n1
    assert pairs["std_error_half"].tolist() == pytest.approx(
        [math.sqrt(0.25 * (1 / n1 + 1 / n0)), math.sqrt(0.25 * 2 / n1)]
    )
    assert pairs["information"].tolist() == pytest.approx([1.0, (1 / n1 + 1 / n0) / (2 / n1)])
    weighted = dip.weight(table, **COMMON)
    assert pairs["information"].iloc[1] < weighted.precision()["information"].iloc[1] < 1
    assert dip.weight(table, method="none", **COMMON).precision()["information"].tolist() == [1.0, 1.0]
    assert precision_frame([("a", 2, 2, 2.0, 2.0)])["std_error_half"].tolist() == [0.5]


@pytest.mark.parametrize("share", [0.0, 1.0, -0.1, float("nan")])
def test_a_share_of_nobody_or_everybody_is_refused(share: float) -> None:
    for ask in ("minimum_detectable_difference", "minimum_detectable_ratio", "power_curve"):
        with pytest.raises(InputError, match="base_share must lie strictly between 0 and 1"):
            getattr(Sized(50, 50), ask)(share)
    with pytest.raises(InputError, match="event_share must lie"):
        Sized(50, 50).minimum_detectable_hazard_ratio(share)
    with pytest.raises(InputError, match="base_share must lie"):
        Sized(50, 50).power(0.1, share)


def test_a_group_worth_one_person_says_that_nothing_can_be_said() -> None:
    groups = Sized(1.0, 500.0)
    for ask in (
        lambda: groups.minimum_detectable_ratio(0.4),
        lambda: groups.minimum_detectable_mean_difference(2.0),
        lambda: groups.minimum_detectable_hazard_ratio(0.4),
        lambda: groups.power(0.1, 0.4),
        lambda: groups.power_curve(0.4),
    ):
        with pytest.raises(DesignError, match=r"worth 1\.0 equally weighted people"):
            ask()


def test_other_impossible_questions_are_sentences() -> None:
    groups = Sized(20, 20)
    with pytest.raises(DesignError, match="Not even a fall to nobody would probably be detected"):
        groups.minimum_detectable_ratio(0.1)
    with pytest.raises(DesignError, match="Not even a rise to everybody"):
        groups.minimum_detectable_ratio(0.9, direction="higher")
    with pytest.raises(InputError, match="direction must be 'lower' or 'higher'"):
        groups.minimum_detectable_hazard_ratio(0.4, direction="down")
    with pytest.raises(InputError, match="together must stay between 0 and 1"):
        groups.power(-0.5, 0.4)
    for wrong in (0.0, -1.0, math.inf, math.nan):
        with pytest.raises(InputError, match="standard_deviation must be a positive number"):
            groups.minimum_detectable_mean_difference(wrong)
    with pytest.raises(InputError, match="level must lie"):
        groups.power(0.1, 0.4, level=1.0)
    with pytest.raises(InputError, match="power must lie"):
        groups.minimum_detectable_hazard_ratio(0.4, power=1.0)
