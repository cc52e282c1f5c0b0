"""The draws against closed forms, and what must never be drawn."""

from __future__ import annotations

import math
from dataclasses import fields, replace
from typing import Any

import numpy as np
import pytest
from scipy import stats

from dipeval.errors import InputError, InvariantError
from dipeval.roi import sampling
from dipeval.roi.chain import Figures, Inputs, work_out
from dipeval.roi.drawing import Central, averted_per_person, draw, draw_vector, inputs_at, spread_of
from dipeval.roi.uncertain import Uncertain
from tests.unit.roi.money_sums import COVARIANCE, EFFECT, GROUPS, MIX, WORTH, by_group, everything, sum_of

ERROR = 0.3 / stats.norm.ppf(0.975)
SCALARS = ("recorded_per_proven", "attribution", "unit_cost_factor", "cost_factor", "drop_off", "optimism_bias")


def same_to_the_bit(one: Figures, other: Figures) -> bool:
    singles = ("proven", "recorded", "actual", "later", "actual_by_group", "cost")
    alike = all(np.asarray(getattr(one, name)).tobytes() == getattr(other, name).tobytes() for name in singles)
    pounds = all(one.benefit[name].tobytes() == other.benefit[name].tobytes() for name in one.benefit)
    return alike and pounds


def known(central: Central) -> Central:
    fixed = {name: Uncertain.exactly(getattr(central, name).value) for name in (*SCALARS, "effect")}
    multipliers = tuple(Uncertain.exactly(one.value) for one in central.actual_per_recorded)
    return replace(central, **fixed, actual_per_recorded=multipliers, mix_n=None)


def test_with_everything_known_the_draws_are_the_hand_calculation_to_the_bit() -> None:
    central = known(everything())
    drawn = draw(central, 10_000, seed=3)
    assert drawn.averted.shape == (3,) and all(isinstance(getattr(drawn, name), float) for name in SCALARS)
    figures = work_out(drawn)
    assert same_to_the_bit(figures, work_out(inputs_at(central, {})))
    actual = [0.5 * share * 200 * 0.8 * 2 * m for share, m in zip(MIX, (2, 1.5, 0.5), strict=True)]
    years = 0.97 + 2 * 0.5 * 0.9 + 2 * 0.25 * 0.85
    benefit = math.fsum(one * worth for one, worth in zip(actual, WORTH["social"], strict=True)) * years
    assert float(figures.benefit["social"]) == pytest.approx(benefit, rel=1e-14)
    assert float(figures.cost) == pytest.approx(80_000 * 1.1, rel=1e-14)


def test_an_effect_by_group_without_error_is_not_drawn_either() -> None:
    central = known(by_group())
    assert central.uncertain() == {} and central.uncertain_vectors() == ()
    assert same_to_the_bit(work_out(draw(central, 100)), work_out(inputs_at(central, {})))


@pytest.mark.parametrize("name", SCALARS)
def test_what_is_known_stays_a_number_beside_what_is_drawn(name: str) -> None:
    one = replace(everything(), **{name: Uncertain.exactly(getattr(everything(), name).value)})
    drawn = draw(one, 50)
    assert isinstance(getattr(drawn, name), float)
    others = [getattr(drawn, other).shape for other in SCALARS if other != name]
    assert others == [(50,)] * 5 and drawn.averted.shape == drawn.actual_per_recorded.shape == (50, 3)


def test_one_uncertain_effect_gives_the_normal_distribution_of_the_net_value() -> None:
    central = sum_of()
    each = 200 * 0.97 * (0.7 * 500 + 0.1 * 10_000)
    net = work_out(draw(central, 10_000)).net("social")
    assert net.mean() == pytest.approx(0.5 * each - 80_000, abs=1e-4 * each * ERROR)
    assert net.std() == pytest.approx(each * ERROR, rel=1e-3)
    assert np.quantile(net, [0.025, 0.975]) == pytest.approx([0.2 * each - 80_000, 0.8 * each - 80_000], rel=1e-2)
    # Each ten-thousandth of the distribution is hit once, so the probability is right to one of them.
    known_share = stats.norm.cdf((0.5 * each - 80_000) / (each * ERROR))
    assert (net > 0).mean() == pytest.approx(known_share, abs=1.1e-4)


def test_no_effect_pays_as_often_as_chance_and_the_cost_say() -> None:
    central = sum_of(effect=averted_per_person(0.0, -0.3, 0.3))
    each = 200 * 0.97 * (0.7 * 500 + 0.1 * 10_000)
    chance = stats.norm.sf(80_000 / (each * ERROR))
    assert 0.01 < chance < 0.05
    assert (work_out(draw(central, 10_000)).net("social") > 0).mean() == pytest.approx(chance, abs=1.1e-4)


def test_the_mean_of_a_product_of_independent_inputs_is_that_of_their_means() -> None:
    central = everything()
    names = ("effect", "attribution", "recorded_per_proven", "unit_cost_factor")
    shares = np.linspace(0, 1, 20_001)[1:-1]
    product = math.prod(float(central.quantile(name, shares).mean()) for name in names)
    kept = 1 - central.quantile("drop_off", shares)
    years = 0.97 + 2 * 0.9 * kept.mean() + 2 * 0.85 * (kept**2).mean()
    multipliers = [float(central.quantile(f"actual_per_recorded:{one}", shares).mean()) for one in GROUPS]
    benefit = 200 * product * years * float(np.sum(MIX * multipliers * WORTH["social"]))
    net = work_out(draw(central, 20_000)).benefit["social"]
    assert net.mean() == pytest.approx(benefit, abs=4 * net.std() / math.sqrt(20_000))


def test_the_same_seed_gives_the_same_draws_and_another_one_others() -> None:
    first, again, other = (work_out(draw(everything(), 500, seed)).net("social") for seed in (1, 1, 2))
    assert first.tobytes() == again.tobytes() and not (first == other).any()


@pytest.mark.parametrize("make", [everything, by_group, lambda: everything(**by_group_parts())])
@pytest.mark.parametrize("order", [[2, 0, 1], [1, 0, 2]])
def test_the_order_of_the_groups_changes_no_bit_of_any_draw(make: Any, order: list[int]) -> None:
    central = make()
    turned = shuffled(central, order)
    one, other = work_out(draw(central, 300)), work_out(draw(turned, 300))
    assert one.actual_by_group[..., order].tobytes() == other.actual_by_group.tobytes()
    for name in ("fiscal", "social"):
        assert one.benefit[name].tobytes() == other.benefit[name].tobytes()
    assert one.cost.tobytes() == other.cost.tobytes()


def by_group_parts() -> dict[str, Any]:
    return {"mix": None, "mix_n": None, "averted": MIX * EFFECT.value, "covariance": COVARIANCE}


def shuffled(central: Central, order: list[int]) -> Central:
    vectors = {
        name: None if getattr(central, name) is None else getattr(central, name)[order]
        for name in ("mix", "mix_n", "averted")
    }
    covariance = None if central.covariance is None else central.covariance[np.ix_(order, order)]
    multipliers = tuple(central.actual_per_recorded[at] for at in order) if central.actual_per_recorded else ()
    worth = {name: values[order] for name, values in central.worth.items()}
    groups = tuple(central.groups[at] for at in order)
    changed: dict[str, Any] = {**vectors, "covariance": covariance, "actual_per_recorded": multipliers}
    return replace(central, groups=groups, worth=worth, **changed)


def test_one_more_uncertain_input_leaves_the_draws_of_the_mix_alone() -> None:
    plain = sum_of(mix_n=MIX * 100, effect=Uncertain.exactly(1.0))
    more = replace(plain, attribution=Uncertain(0.8, 0.6, 1.0))
    assert draw(plain, 200).averted.tobytes() == draw(more, 200).averted.tobytes()


def test_a_mix_has_the_moments_of_its_dirichlet_distribution() -> None:
    drawn = draw_vector(sum_of(mix_n=MIX * 50), "mix", 40_000)
    assert drawn.sum(axis=1) == pytest.approx(np.ones(40_000), abs=1e-12)
    spread = np.sqrt(MIX * (1 - MIX) / 51)
    assert drawn.mean(axis=0) == pytest.approx(MIX, abs=4 * spread.max() / 200)
    assert drawn.std(axis=0) == pytest.approx(spread, rel=0.02)
    assert np.cov(drawn.T)[0, 1] == pytest.approx(-0.7 * 0.1 / 51, rel=0.05)


def test_a_group_without_offences_stays_without_and_a_mix_of_one_kind_is_known() -> None:
    mix = np.array([0.6, 0.0, 0.4])
    assert (draw_vector(sum_of(mix=mix, mix_n=mix * 10), "mix", 500)[:, 1] == 0).all()
    one = np.array([0.0, 1.0, 0.0])
    assert sum_of(mix=one, mix_n=one * 10).uncertain_vectors() == ()


def test_many_offences_behind_a_mix_leave_it_where_it_is() -> None:
    drawn = draw_vector(sum_of(mix_n=MIX * 1e9), "mix", 100)
    assert drawn == pytest.approx(np.tile(MIX, (100, 1)), abs=1e-3)


def test_an_effect_by_group_has_its_covariance_scaled_to_the_error_of_the_total() -> None:
    drawn = draw(by_group(), 40_000).averted
    scaled = COVARIANCE * ERROR**2 / COVARIANCE.sum()
    assert drawn.mean(axis=0) == pytest.approx(MIX * 0.5, abs=1e-3)
    assert np.cov(drawn.T) == pytest.approx(scaled, abs=4 * scaled.max() / 200)
    assert drawn.sum(axis=1).std() == pytest.approx(ERROR, rel=1e-3)
    net = work_out(draw(by_group(), 40_000)).net("social")
    weights = 200 * 0.97 * WORTH["social"]
    assert net.mean() == pytest.approx(float(weights @ MIX) * 0.5 - 80_000, rel=1e-3)
    assert net.std() == pytest.approx(math.sqrt(float(weights @ scaled @ weights)), rel=0.01)


@pytest.mark.parametrize(
    "covariance",
    [
        np.diag([0.04, 0.0, 0.01]),
        np.outer([0.2, -0.1, 0.05], [0.2, -0.1, 0.05]),
        np.array([[0.04, -0.02, -0.02], [-0.02, 0.04, -0.02], [-0.02, -0.02, 0.04]]) + 0.01,
    ],
    ids=["one group known", "rank one", "nearly offsetting"],
)
def test_a_singular_covariance_is_drawn_as_it_is(covariance: np.ndarray) -> None:
    central = by_group(covariance=covariance)
    drawn = draw(central, 20_000).averted
    scaled = covariance * ERROR**2 / covariance.sum()
    assert np.cov(drawn.T) == pytest.approx(scaled, abs=5 * np.abs(scaled).max() / math.sqrt(20_000))
    assert (drawn[:, np.diag(covariance) == 0] == (MIX * 0.5)[np.diag(covariance) == 0]).all()
    assert drawn.sum(axis=1).std() == pytest.approx(ERROR, rel=1e-3)


def test_of_rank_one_nothing_is_left_once_the_total_is_known() -> None:
    assert by_group(covariance=np.outer([0.2, 0.1, 0.05], [0.2, 0.1, 0.05])).only_the_effect
    assert by_group(covariance=None).only_the_effect


def test_effects_that_offset_one_another_exactly_leave_the_total_to_the_effect() -> None:
    offsetting = np.array([[0.01, -0.01, 0.0], [-0.01, 0.01, 0.0], [0.0, 0.0, 0.0]])
    drawn = draw(by_group(covariance=offsetting), 20_000).averted
    over = drawn.sum(axis=1) - 0.5
    assert over.std() == pytest.approx(ERROR, rel=1e-3)
    assert drawn[:, 2] - 0.1 == pytest.approx(0.2 * over, abs=1e-12)
    assert (drawn[:, 0] - 0.35 - 0.7 * over).std() == pytest.approx(0.1, rel=0.01)


def test_another_total_moves_each_group_by_its_covariance_with_the_total() -> None:
    central = by_group(effect=replace(EFFECT, value=0.6, high=1.0))
    known_shift = 0.1 * COVARIANCE.sum(axis=1) / COVARIANCE.sum()
    assert inputs_at(central, {}).averted == pytest.approx(MIX * 0.5 + known_shift, abs=1e-15)
    none = by_group(averted=np.zeros(3), covariance=None)
    assert inputs_at(none, {}).averted == pytest.approx(np.full(3, 0.5 / 3))


def test_no_draw_of_a_share_leaves_0_to_1_and_no_spending_is_negative() -> None:
    wide = Uncertain(0.5, 0.0, 1.0, "normal")
    central = everything(attribution=wide, drop_off=wide, cost_factor=wide, optimism_bias=wide)
    drawn = draw(central, 5_000)
    for name in ("attribution", "drop_off", "cost_factor", "optimism_bias"):
        assert getattr(drawn, name).min() >= 0
    assert np.max(drawn.attribution) <= 1 and np.max(drawn.drop_off) <= 1
    assert np.max(drawn.cost_factor) > 1


def test_a_hypercube_that_lands_on_an_edge_gives_no_infinite_draw(monkeypatch: pytest.MonkeyPatch) -> None:
    class Edges:
        def __init__(self, d: int, seed: object) -> None:
            self.d = d

        def random(self, n: int) -> np.ndarray:
            return np.tile(np.array([0.0, 1.0])[:, np.newaxis], (n // 2, self.d))

    monkeypatch.setattr(sampling.qmc, "LatinHypercube", Edges)
    assert np.isfinite(work_out(draw(everything(), 4)).net("social")).all()
    assert np.isfinite(draw(by_group(), 4).averted).all()


def test_drop_off_is_nothing_to_draw_without_years_beyond() -> None:
    central = sum_of(drop_off=Uncertain(0.5, 0.2, 0.8))
    assert "drop_off" not in central.figures() and central.only_the_effect
    assert draw(central, 10).drop_off == 0.0


def test_more_uncertainty_never_moves_the_central_figure() -> None:
    assert same_to_the_bit(work_out(inputs_at(everything(), {})), work_out(inputs_at(known(everything()), {})))


def test_setting_an_input_sets_that_one_only() -> None:
    central = everything()
    for name in central.figures():
        changed = inputs_at(central, {name: 0.25})
        plain = inputs_at(central, {})
        moved = [one.name for one in fields(Inputs) if differs(getattr(changed, one.name), getattr(plain, one.name))]
        assert moved == ["averted" if name == "effect" else name.partition(":")[0]]


def differs(one: Any, other: Any) -> bool:
    return not np.array_equal(one, other) if isinstance(one, np.ndarray) else one != other


def test_an_interval_at_any_level_gives_the_same_error() -> None:
    at_90 = averted_per_person(-0.5, -0.5 - 1.6448536269514722 * 0.2, -0.5 + 1.6448536269514722 * 0.2, 0.90)
    assert at_90.value == 0.5 and spread_of(at_90) == pytest.approx(0.2, rel=1e-14)
    exact = averted_per_person(-0.5, -0.5, -0.5)
    assert exact.is_fixed and exact.value == 0.5
    assert averted_per_person(0.5, 0.5 - 1e-17, 0.5 + 1e-17).is_fixed
    assert math.copysign(1, averted_per_person(0.0, -0.1, 0.1).value) == 1


@pytest.mark.parametrize(
    "changed",
    [
        {"mix": None},
        {"averted": MIX},
        {"groups": ("a", "b")},
        {"groups": ("a", "a", "b")},
        {"mix": MIX[:2]},
        {"worth": {"social": np.ones(2)}},
        {"actual_per_recorded": (Uncertain.exactly(1.0),)},
        {"mix_n": np.zeros(3)},
        {"people": 0},
        {"costs": {"treatment": 0.0}},
        {"costs": {}},
        {"mix": None, "averted": MIX, "covariance": np.diag([1.0, -1.0, 1.0])},
        {"mix": None, "averted": MIX, "covariance": np.diag([1.0, math.nan, 1.0])},
        {"mix": None, "averted": MIX * math.inf, "covariance": COVARIANCE},
    ],
)
def test_a_sum_that_does_not_hold_together_is_never_made(changed: dict[str, Any]) -> None:
    with pytest.raises(InvariantError):
        sum_of(**changed)


def test_an_input_that_there_is_not_is_refused() -> None:
    with pytest.raises(InputError, match="There is no input luck; there are: attribution, cost_factor, effect"):
        inputs_at(sum_of(), {"luck": 1.0})
    with pytest.raises(InputError, match="nothing to draw under 'mix'"):
        draw_vector(sum_of(), "mix", 10)
