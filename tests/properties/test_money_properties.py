"""What must hold of the money whatever the figures are."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from dipeval.roi.chain import PERSPECTIVES, Figures, work_out
from dipeval.roi.drawing import Central, draw, inputs_at
from dipeval.roi.switching import break_even
from dipeval.roi.timing import timing
from dipeval.roi.tornado import tornado
from dipeval.roi.uncertain import Uncertain
from dipeval.vocabulary import OFFENCE_GROUPS

quick = settings(max_examples=25, deadline=None, derandomize=True)
DRAWS = 40
ABOVE = st.floats(0.01, 100.0)


@st.composite
def figures_between(draw_one: Any, least: float, most: float) -> Uncertain:
    """A figure in a bounded family, sometimes known."""
    low, value, high = sorted(draw_one(st.lists(st.floats(least, most), min_size=3, max_size=3)))
    if high - low < 1e-6:
        return Uncertain.exactly(value)
    return Uncertain(value, low, high, draw_one(st.sampled_from(("pert", "triangular", "uniform"))))


@st.composite
def effects(draw_one: Any, least: float = -2.0) -> Uncertain:
    value, half = round(draw_one(st.floats(least, 2.0)), 4), draw_one(st.floats(0.001, 1.0))
    return Uncertain(value, value - half, value + half, "normal")


@st.composite
def sums(draw_one: Any, effect: st.SearchStrategy[Uncertain] | None = None) -> Central:
    """Any sum: by a mix or by group, any steps on, with or without years beyond the follow-up."""
    count = draw_one(st.integers(1, 5))
    groups = tuple(draw_one(st.permutations(OFFENCE_GROUPS))[:count])
    seed = draw_one(st.integers(0, 10_000))
    random = np.random.default_rng(seed)
    fiscal, money, harm = random.uniform(0, 5_000, (3, count))
    days = draw_one(st.integers(1, 2_000))
    years = draw_one(st.integers(0, 3))
    given: dict[str, Any] = {
        "groups": groups,
        "people": draw_one(st.integers(1, 5_000)),
        "effect": draw_one(effects() if effect is None else effect),
        "worth": {"fiscal": fiscal, "economic": fiscal + money, "social": fiscal + money + harm},
        "costs": {"contact": random.uniform(1, 1e5), "treatment": random.uniform(1, 1e6)},
        "timing": timing(days, years, draw_one(st.floats(0, 0.2)), draw_one(st.floats(0.5, 1))),
        "recorded_per_proven": draw_one(figures_between(0.1, 10)),
        "attribution": draw_one(figures_between(0.05, 1)),
        "unit_cost_factor": draw_one(figures_between(0.2, 3)),
        "cost_factor": draw_one(figures_between(0.2, 3)),
        "drop_off": draw_one(figures_between(0, 1)),
        "optimism_bias": draw_one(figures_between(0, 1)),
    }
    if draw_one(st.booleans()):
        given["actual_per_recorded"] = tuple(draw_one(figures_between(0.1, 20)) for _ in groups)
    if draw_one(st.booleans()):
        shares = random.dirichlet(np.ones(count))
        return Central(**given, mix=shares, mix_n=shares * 30 if draw_one(st.booleans()) else None)
    root = random.normal(size=(count, draw_one(st.integers(0, count))))
    shares = random.dirichlet(np.ones(count))
    return Central(**given, averted=shares * given["effect"].value, covariance=root @ root.T)


def both(central: Central, seed: int = 0) -> tuple[Figures, Figures]:
    """The sum at its values, and drawn."""
    return work_out(inputs_at(central, {})), work_out(draw(central, DRAWS, seed))


def close(one: Any, other: Any) -> bool:
    return bool(np.allclose(one, other, rtol=1e-10, atol=1e-6))


@quick
@given(sums())
def test_doubling_every_cost_halves_every_ratio_to_the_bit(central: Central) -> None:
    doubled = replace(central, costs={name: 2 * cost for name, cost in central.costs.items()})
    for one, two in zip(both(central), both(doubled), strict=True):
        for name in PERSPECTIVES:
            assert np.array_equal(one.ratio(name), 2 * two.ratio(name))
            assert np.array_equal(one.benefit[name], two.benefit[name])
    once, twice = (
        tornado(which)[["input", "ratio_low", "ratio_high"]].set_index("input") for which in (central, doubled)
    )
    assert close(once, 2 * twice.loc[once.index])


@quick
@given(sums(), st.integers(2, 1_000))
def test_as_many_times_the_people_and_the_spending_leave_the_ratio(central: Central, times: int) -> None:
    costs = {name: times * cost for name, cost in central.costs.items()}
    larger = replace(central, people=times * central.people, costs=costs)
    for one, more in zip(both(central), both(larger), strict=True):
        for name in PERSPECTIVES:
            assert close(one.ratio(name), more.ratio(name))
            assert np.allclose(times * one.net(name), more.net(name), rtol=1e-9, atol=1e-6 * times)
        assert np.allclose(times * one.proven, more.proven, rtol=1e-10)


@quick
@given(sums(), ABOVE)
def test_pounds_of_any_size_give_the_same_ratio(central: Central, rate: float) -> None:
    worth = {name: values * rate for name, values in central.worth.items()}
    converted = replace(central, worth=worth, costs={name: cost * rate for name, cost in central.costs.items()})
    for one, other in zip(both(central), both(converted), strict=True):
        for name in PERSPECTIVES:
            assert close(one.ratio(name), other.ratio(name))
            assert np.allclose(one.net(name) * rate, other.net(name), rtol=1e-9, atol=1e-4)
    needed, then = (break_even(which)["needed"].to_numpy() for which in (central, converted))
    assert np.allclose(needed, then, rtol=1e-9, equal_nan=True)


@quick
@given(sums(), st.randoms(use_true_random=False), st.integers(0, 1_000))
def test_the_order_of_the_groups_changes_no_bit(central: Central, random: Any, seed: int) -> None:
    order = list(range(len(central.groups)))
    random.shuffle(order)
    covariance = None if central.covariance is None else central.covariance[np.ix_(order, order)]
    vectors = {name: getattr(central, name) for name in ("mix", "mix_n", "averted")}
    changed: dict[str, Any] = {name: None if one is None else one[order] for name, one in vectors.items()}
    turned = replace(
        central,
        groups=tuple(central.groups[at] for at in order),
        worth={name: central.worth[name][order] for name in reversed(PERSPECTIVES)},
        costs=dict(reversed(central.costs.items())),
        actual_per_recorded=tuple(central.actual_per_recorded[at] for at in order)
        if central.actual_per_recorded
        else (),
        covariance=covariance,
        **changed,
    )
    for one, other in zip(both(central, seed), both(turned, seed), strict=True):
        for name in PERSPECTIVES:
            assert one.net(name).tobytes() == other.net(name).tobytes()
        assert one.actual.tobytes() == other.actual.tobytes()
    assert tornado(central).equals(tornado(turned))
    assert break_even(central).equals(break_even(turned))


def all_known(central: Central) -> Central:
    names = [name for name in central.figures() if ":" not in name] + ["drop_off"]
    fixed: dict[str, Any] = {name: Uncertain.exactly(getattr(central, name).value) for name in names}
    multipliers = tuple(Uncertain.exactly(one.value) for one in central.actual_per_recorded)
    return replace(central, **fixed, actual_per_recorded=multipliers, mix_n=None)


@quick
@given(sums(), st.integers(1, 1_000))
def test_with_every_input_known_the_draws_are_the_sum_itself(central: Central, seed: int) -> None:
    known = all_known(central)
    figures, drawn = both(known, seed)
    for name in PERSPECTIVES:
        assert drawn.net(name).shape == () and drawn.net(name).tobytes() == figures.net(name).tobytes()
    assert tornado(known).empty and known.only_the_effect


@quick
@given(sums())
def test_uncertainty_does_not_move_the_central_figure(central: Central) -> None:
    figures, known = (work_out(inputs_at(which, {})) for which in (central, all_known(central)))
    for name in PERSPECTIVES:
        assert np.allclose(figures.net(name), known.net(name), rtol=1e-12)
    if central.averted is None:
        assert all(figures.net(name).tobytes() == known.net(name).tobytes() for name in PERSPECTIVES)


@quick
@given(sums(effects(least=0.0)))
def test_the_perspectives_are_nested_where_no_group_of_offences_rose(central: Central) -> None:
    for inputs, figures in ((inputs_at(central, {}), 0), (draw(central, DRAWS), 1)):
        averted = np.atleast_2d(inputs.averted)
        kept = (averted >= 0).all(axis=1)
        found = both(central)[figures]
        fiscal, economic, social = (np.atleast_1d(found.benefit[name]) for name in PERSPECTIVES)
        if len(kept) == len(fiscal):
            fiscal, economic, social = (values[kept] for values in (fiscal, economic, social))
        elif not kept.all():
            continue
        assert (fiscal <= economic * (1 + 1e-12)).all() and (economic <= social * (1 + 1e-12)).all()


RISING = ("effect", "recorded_per_proven", "attribution", "unit_cost_factor")
FALLING = ("cost_factor", "optimism_bias", "drop_off")


@quick
@given(sums(effects(least=0.01)), st.floats(0, 1), st.floats(0, 1))
def test_the_net_value_rises_or_falls_with_each_input(central: Central, one: float, other: float) -> None:
    assume(central.mix is not None)
    low, high = sorted((one, other))
    multipliers = [name for name in central.figures() if ":" in name]
    for name in (*RISING, *multipliers, *FALLING):
        if name in central.figures():
            first, second = (float(work_out(inputs_at(central, {name: at})).net("social")) for at in (low, high))
            slack = 1e-9 * (abs(first) + abs(second))
            assert (first >= second - slack) if name in FALLING else (first <= second + slack)


@quick
@given(sums())
def test_at_each_switching_value_that_exists_value_and_cost_are_equal(central: Central) -> None:
    found = break_even(central).dropna(subset=["needed"])
    for name, needed in zip(found["input"], found["needed"], strict=True):
        figures = work_out(inputs_at(central, {name: needed}))
        # Groups of an effect that go opposite ways cancel, and leave the rounding of the larger ones.
        scale = float(np.abs(figures.benefit_by_group["social"]).sum()) + float(figures.cost)
        assert float(figures.net("social")) == pytest.approx(0, abs=1e-9 * scale)


@quick
@given(sums())
def test_every_bar_of_the_tornado_holds_the_figure_it_starts_from(central: Central) -> None:
    net = float(work_out(inputs_at(central, {})).net("social"))
    frame = tornado(central)
    assert frame["swing"].is_monotonic_decreasing and (frame["swing"] >= 0).all()
    for row in frame[frame["value"].between(frame["low"], frame["high"])].to_dict("records"):
        ends = sorted((row["net_low"], row["net_high"]))
        slack = 1e-9 * (abs(net) + abs(ends[0]) + abs(ends[1]))
        assert ends[0] - slack <= net <= ends[1] + slack


@quick
@given(figures_between(-5, 5), st.floats(0, 1), st.floats(0, 1))
def test_quantiles_stay_within_the_ends_and_rise(figure: Uncertain, one: float, other: float) -> None:
    low, high = figure.quantile(np.array(sorted((one, other)))).tolist()
    assert figure.low <= low <= high <= figure.high


@quick
@given(st.integers(1, 5_000), st.integers(0, 10), st.floats(0, 0.2), st.floats(0.1, 1))
def test_time_only_ever_takes_value_away(days: int, years: int, rate: float, spread: float) -> None:
    found = timing(days, years, rate, spread)
    assert found.within <= spread * (1 + 1e-12) and len(found.later) == years
    assert all(later <= found.within * (1 + 1e-12) for later in found.later)
    assert list(found.later) == sorted(found.later, reverse=True) and found.annual > 0
    assert math.isfinite(found.annual)
