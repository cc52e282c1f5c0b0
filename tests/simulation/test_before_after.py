"""Before and after on simulated programmes without any effect: the fall is the one foretold, and nothing is claimed."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import dipeval as dip
from dipeval.linkage import true_linkage

NAMES = ["before", "after", "year_2", "year_3"]
# Offences that led to the first test are dated up to some days before it.
GAP = 30


@pytest.fixture(scope="module")
def cohort() -> dip.Cohort:
    extracts = dip.simulate(people=30_000, seed=1, effect=1.0)
    return dip.build_cohort(extracts, true_linkage(extracts))


@pytest.mark.slow
@pytest.mark.parametrize("selection", ["none", "at_least_one", "at_least:3"])
def test_a_simulated_programme_without_effect_falls_as_the_closed_form_says(cohort: dip.Cohort, selection: str) -> None:
    # Several offences of one day are one arrest: arrests, not offences, come at a steady rate here.
    days = dip.FollowUp(same_day="one_a_day")
    found = dip.before_after(cohort, selection=selection, gap_days=GAP, follow_up=days, earlier=3)
    assert found.rate_change is not None
    assert found.expected_rate_change is not None
    gap = found.rate_change.estimate - found.expected_rate_change.estimate
    print(selection, found.n, found.change, found.expected, found.rate_change, found.expected_rate_change, found.spread)
    assert abs(gap) < 3 * found.rate_change.std_error
    assert found.reading in ("covered", "covered_by_earlier")
    assert "no effect can be concluded" in found.summary().headline


@pytest.mark.slow
def test_the_comparison_people_fall_alike_where_there_is_no_effect(cohort: dip.Cohort) -> None:
    covariates = ["age_at_index", "female", "log_prior_offences_5y", "copas_rate", "tested_opiates"]
    design = dip.weight(cohort, treated="treated", covariates=covariates, method="entropy")
    found = dip.before_after(cohort, selection="at_least_one", gap_days=GAP, design=design)
    assert found.difference is not None
    assert found.difference.conf_low < 0 < found.difference.conf_high


def _first_of_an_intake(years: float) -> pd.DataFrame:
    """People met at their first offence of an intake: between its start and that day there is none, by rule."""
    rng = np.random.default_rng(1)
    rate = rng.gamma(0.53, 2.6 / 0.53, 200_000)
    met = rng.exponential(1 / rate)
    rate, met = rate[met < years], met[met < years]
    people = pd.DataFrame({name: rng.poisson(rate) for name in NAMES})
    return people.assign(before=rng.poisson(rate * (1 - np.minimum(met, 1))))


@pytest.mark.slow
@pytest.mark.parametrize(("years", "rise"), [(0.25, 0.09), (1.0, 0.22)])
def test_the_first_event_of_an_intake_makes_a_rise_that_the_earlier_level_tells(years: float, rise: float) -> None:
    people = _first_of_an_intake(years)
    found = dip.before_after(people, earlier=NAMES[2:])
    assert found.earlier_level is not None
    print(years, found.change, found.earlier_level)
    assert found.change.estimate == pytest.approx(rise, abs=0.02)
    assert found.reading == "covered_by_earlier"
    counted = dip.before_after(people.assign(before=people["before"] + 1), selection="index_counted", earlier=NAMES[2:])
    assert counted.change.estimate > counted.expected.high + 0.05
    assert counted.reading == "covered_by_earlier"


def _runs(n: int, effect: float, selection: str, size: int = 600) -> list[dip.BeforeAfter]:
    found = []
    for seed in range(1, n + 1):
        rng = np.random.default_rng(seed)
        rate = rng.gamma(0.53, 2.0, size)
        rates = {"after": effect * rate}
        people = pd.DataFrame({name: rng.poisson(rates.get(name, rate)) for name in NAMES})
        found.append(dip.before_after(people, earlier=NAMES[2:], selection=selection))
    return found


@pytest.mark.slow
def test_over_many_programmes_the_interval_of_the_spread_and_of_the_change_cover_and_hardly_one_claims() -> None:
    n = 200
    null = _runs(n, 1.0, "at_least_one")
    spread = np.mean([one.spread.low <= 0.53 <= one.spread.high for one in null])
    fall = np.mean([one.change.low <= one.expected.estimate <= one.change.high for one in null])
    covered = np.mean([one.reading in ("covered", "covered_by_earlier") for one in null])
    print(spread, fall, covered)
    error = np.sqrt(0.95 * 0.05 / n)
    assert 0.95 - 3 * error <= spread <= 0.99 + 1e-9
    assert fall >= 0.95 - 3 * error
    assert covered >= 0.95
    # The twin: the raw fall, read as an effect, excludes equality most of the time although there is none.
    naive = np.mean([one.change.high < 0 for one in null])
    assert naive > 0.5
    # And a programme that halves offending is told from that.
    assert np.mean([one.reading == "further" for one in _runs(40, 0.5, "at_least_one")]) > 0.9
