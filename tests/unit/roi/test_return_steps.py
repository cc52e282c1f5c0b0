"""Return on investment with its steps on: by hand, exactly where it can be, over draws where it cannot."""

from __future__ import annotations

import math
from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from dipeval.errors import EstimationError, InputError, InvariantError
from dipeval.roi import ReturnOnInvestment, RoiAssumptions, Uncertain, load_unit_costs, return_on_investment
from dipeval.roi.run import run

MIX = pd.DataFrame({"offence_group": ["shoplifting", "violence_with_injury"], "share": [0.5, 0.5]})
TABLE = load_unit_costs()
COST, SHOP, VIOLENCE = 32_000.0, 460.0, 15_440.0
WORTH = (SHOP + VIOLENCE) / 2


def effect_of(estimate: float = -0.5, half: float = 0.2, **kwargs: Any) -> Any:
    facts: dict[str, Any] = {
        "measure": "mean_difference", "outcome_name": "n_reoffences", "outcome_kind": "count", "estimate": estimate,
        "conf_low": estimate - half, "conf_high": estimate + half, "n_treated": 200, "level": 0.95,
        "estimand": "the average effect on the 200 treated people", "design_fingerprint": "abc",
    }  # fmt: skip
    return SimpleNamespace(**{**facts, **kwargs})


def line(amount: float = 40_000.0, spent_on: str = "treatment", **kwargs: Any) -> dict[str, Any]:
    row = {"financial_year": "2019/20", "funder": "PCC", "amount": amount, "spent_on": spent_on, "price_year": 2019}
    return {**row, **kwargs}


def roi_of(effect: Any = None, on: RoiAssumptions | None = None, **kwargs: Any) -> ReturnOnInvestment:
    facts: dict[str, Any] = {"costs": pd.DataFrame([line()]), "cost_people": 250, "draws": 2_000, "unit_costs": TABLE}
    if "averted" not in kwargs:
        facts["offence_mix"] = MIX
    return return_on_investment(effect or effect_of(), assumptions=on, **{**facts, **kwargs})


def linkage_of(effect: Any, estimate: float = -0.6, half: float = 0.3, **kwargs: Any) -> Any:
    facts: dict[str, Any] = {
        "measure": "mean_difference", "estimate": estimate, "conf_low": estimate - half, "conf_high": estimate + half,
        "level": 0.95, "primary_fingerprint": effect.design_fingerprint, "primary_estimate": effect.estimate,
        "point": SimpleNamespace(about="ATT"),
        "pooled": SimpleNamespace(interval=lambda level: (estimate - 2 * half, estimate + 2 * half)),
    }  # fmt: skip
    return SimpleNamespace(**{**facts, **kwargs})


def averted_of(effect: Any, **kwargs: Any) -> Any:
    total = SimpleNamespace(estimate=effect.estimate, design_fingerprint=effect.design_fingerprint)
    error = (effect.conf_high - effect.conf_low) / (2 * stats.norm.ppf(0.975))
    covariance = np.array([[3.0, 0.5], [0.5, 1.0]])
    facts: dict[str, Any] = {
        "groups": ("shoplifting", "violence_with_injury"), "vector": np.array([0.4, 0.1]), "total": total,
        "covariance": lambda: covariance * error**2 / covariance.sum(),
    }  # fmt: skip
    return SimpleNamespace(**{**facts, **kwargs})


def test_with_everything_known_the_draws_are_the_hand_calculation() -> None:
    on = RoiAssumptions(
        recorded_per_proven=3, actual_per_recorded={"shoplifting": 10, "violence_with_injury": 0.5}, attribution=0.8,
        extrapolate_years=2, drop_off=0.5, optimism_bias=0.25, unit_cost_factor=1.1, cost_factor=0.9,
    )  # fmt: skip
    roi = roi_of(effect_of(half=0.0), on)
    proven, years = 100 * 0.8, 1 + 0.5 / 1.035 + 0.25 / 1.035**2
    benefit = proven * 3 * (0.5 * 10 * SHOP + 0.5 * 0.5 * VIOLENCE) * 1.1 * years
    cost = COST * 0.9 * 1.25
    assert roi.offences_averted == roi.offences_averted_low == roi.offences_averted_high == pytest.approx(proven)
    assert roi.benefit == pytest.approx(benefit, rel=1e-13) and roi.cost == pytest.approx(cost, rel=1e-13)
    assert roi.benefit_low == roi.benefit == roi.benefit_high
    drawn = roi.drawn()
    assert drawn["net"].nunique() == 1 and drawn["net"].iloc[0] == roi.net_present_value
    assert roi.ratio_without_uplift == pytest.approx(proven * WORTH * 1.1 / cost, rel=1e-13)
    assert roi.probability == 1.0 and roi.probability_if_none == 0.0
    assert roi.mean_net == pytest.approx(roi.net_present_value, rel=1e-13)
    steps = roi.chain().set_index("step")
    assert steps["on"].sum() == 7 and not steps.loc["people", "on"]
    assert steps["offences"].tolist() == pytest.approx([100, 100, 80, 240, 1260, 2205, 2205, 2205])
    assert steps.loc["actual_per_recorded", "value"] == pytest.approx(5.25)
    assert steps.loc["benefit", "value"] == roi.benefit
    assert "every input is taken as known, and the value exceeds the cost" in roi.summary().headline
    assert any(note.startswith("Every input is taken as known") for note in roi.summary().notes)


def test_intervals_are_exact_when_only_the_effect_is_uncertain() -> None:
    uneven = effect_of(conf_low=-0.9, conf_high=-0.05)
    on = RoiAssumptions(attribution=0.5, recorded_per_proven=2)
    roi = roi_of(uneven, on)
    assert (roi.offences_averted_low, roi.offences_averted_high) == (pytest.approx(5), pytest.approx(90))
    assert (roi.benefit_low, roi.benefit_high) == (pytest.approx(10 * WORTH), pytest.approx(180 * WORTH))
    assert roi.benefit_cost_ratio_low == pytest.approx(10 * WORTH / COST)
    ends = roi.by_group().set_index("offence_group").loc["shoplifting", ["conf_low", "conf_high"]].tolist()
    assert ends == pytest.approx([5 * SHOP, 90 * SHOP])


def test_draws_agree_with_the_exact_interval_and_probability() -> None:
    exact = roi_of(effect_of(-0.01, 0.2), draws=10_000)
    # A factor that hardly varies leaves the answer as it was, but has it drawn.
    nearly = roi_of(
        effect_of(-0.01, 0.2), RoiAssumptions(unit_cost_factor=Uncertain(1, 1 - 1e-9, 1 + 1e-9)), draws=10_000
    )
    assert not nearly.central.only_the_effect
    assert nearly.benefit_low == pytest.approx(exact.benefit_low, rel=2e-3)
    assert nearly.benefit_high == pytest.approx(exact.benefit_high, rel=2e-3)
    spread = 0.2 / stats.norm.ppf(0.975)
    chance = stats.norm.sf((COST / (200 * WORTH) - 0.01) / spread)
    assert exact.probability == pytest.approx(chance, abs=2e-4)
    assert exact.probability_if_none == pytest.approx(stats.norm.sf(COST / (200 * WORTH) / spread), abs=2e-4)
    assert exact.probability_averted == pytest.approx(stats.norm.cdf(0.01 / spread), abs=2e-4)


def test_another_level_moves_the_ends() -> None:
    roi = roi_of(level=0.5)
    half = 0.2 * stats.norm.ppf(0.75) / stats.norm.ppf(0.975)
    assert roi.level == 0.5 and roi_of(price_year="2019/20").price_year == 2019
    assert roi.offences_averted_high == pytest.approx(200 * (0.5 + half))
    assert "50% interval" in roi.summary().to_frame().columns


def test_an_effect_of_none_gives_what_chance_and_cost_give() -> None:
    for amount in (1.0, 1e5, 1e7):
        roi = roi_of(effect_of(0.0, 0.3), costs=pd.DataFrame([line(250 * amount / 200)]), draws=10_000)
        spread = 0.3 / stats.norm.ppf(0.975)
        assert roi.probability == roi.probability_if_none
        assert roi.probability == pytest.approx(stats.norm.sf(amount / (200 * WORTH) / spread), abs=2e-4)
        headline = roi.summary().headline
        assert headline.startswith(
            "The data do not settle whether offences were averted: anything from 60 more offences"
        )
        assert headline.count("by chance alone") == 1


def test_an_estimate_below_its_own_draws_is_said() -> None:
    roi = roi_of(effect_of(half=0.0), RoiAssumptions(attribution=Uncertain(1, 0.5, 1, "uniform")))
    assert roi.benefit > roi.benefit_high
    assert any("at the end of its interval or beyond it" in note for note in roi.summary().notes)
    ends = "1.00 (0.50 to 1.00; all that is possible, each as likely: uniform)"
    drawn = f"Share of the effect that is this programme's: {ends}"
    assert any(drawn in note for note in roi.summary().notes)


def test_perspectives_are_nested_and_bounded_where_harm_is_not_known() -> None:
    frame = roi_of().perspectives().set_index("perspective")
    assert frame.loc["fiscal", "benefit"] == pytest.approx(50 * 90 + 50 * 2_050)
    assert frame.loc["social", "benefit"] == pytest.approx(100 * WORTH)
    economic = frame.loc["economic"]
    assert math.isnan(economic["benefit"]) and math.isnan(economic["probability"])
    assert economic["benefit_low"] == frame.loc["fiscal", "benefit_low"]
    assert economic["benefit_high"] == frame.loc["social", "benefit_high"]
    assert economic["note"].startswith("Bounds only")
    assert economic["probability_low"] == frame.loc["fiscal", "probability"]
    assert economic["probability_high"] == frame.loc["social", "probability_low"] == roi_of().probability
    assert frame.loc["fiscal", "break_even_per_person"] == pytest.approx(COST / 200 / 1_070)
    table = roi_of().summary().to_frame().set_index("Figure")
    assert table.loc["Value, economic (includes fiscal)", "Value"] == "bounds only"
    bounds = table.loc["Share of draws in which economic value exceeds cost"].tolist()
    assert bounds == ["bounds only", "more than 99% to all"]


def test_with_harm_the_economic_perspective_has_an_estimate() -> None:
    known = load_unit_costs().assign(harm=lambda table: 0.5 * table["consequence"])
    roi = roi_of(unit_costs=known, perspective="economic")
    each = 0.5 * (90 + 0.5 * 380) + 0.5 * (2_050 + 0.5 * 13_390)
    # The published total is less than the sum of its parts by rounding.
    assert roi.benefit == pytest.approx(100 * each, rel=2e-3)
    assert roi.perspectives().set_index("perspective").loc["economic", "benefit"] == roi.benefit
    assert "to the economy, harm to victims left out" in roi.summary().headline
    assert "harm to victims" in roi.left_out


def test_a_table_without_response_has_no_fiscal_value() -> None:
    old: dict[str, Any] = {"unit_costs": load_unit_costs("2018"), "include_anticipation": True}
    roi = roi_of(offence_mix=MIX.assign(offence_group=["robbery", "violence_with_injury"]), **old)
    fiscal = roi.perspectives().set_index("perspective").loc["fiscal"]
    assert fiscal[["benefit", "benefit_low", "ratio", "probability", "break_even_per_person"]].isna().all()
    assert fiscal["note"].startswith("Not known")
    with pytest.raises(InputError, match="no fiscal headline"):
        roi_of(perspective="fiscal", **old)
    with pytest.raises(InputError, match="bounds and no estimate"):
        roi_of(perspective="economic")


def test_the_fiscal_headline_says_what_it_is() -> None:
    roi = roi_of(perspective="fiscal")
    assert roi.benefit == pytest.approx(100 * 1_070)
    assert " to the public bodies that respond to crime" in roi.summary().headline
    assert roi.value_per_offence == pytest.approx(1_070)
    assert roi.to_frame().set_index("term").loc["benefit_without_anticipation", "estimate"] == pytest.approx(
        100 * WORTH
    )
    assert any("time freed for other work" in note for note in roi.summary().notes)


def test_published_multipliers_are_not_clipped_and_the_missing_are_named() -> None:
    mix = MIX.assign(offence_group=["shoplifting", "theft_of_vehicle"])
    roi = roi_of(on=RoiAssumptions(actual_per_recorded="published"), offence_mix=mix)
    vehicle = 20_330 - 2_750
    assert roi.benefit == pytest.approx(50 * SHOP + 50 * 0.71 * vehicle)
    assert roi.ratio_without_uplift == pytest.approx((50 * SHOP + 50 * vehicle) / COST)
    summary = roi.summary()
    assert "with multipliers from proven to actual crime" in summary.headline
    assert "without the multipliers" in summary.headline
    assert roi.biggest_assumption == "the multipliers from proven to actual crime"
    assert any(note.endswith("no multiplier is known: shoplifting.") for note in summary.notes)
    assert "Social, without multipliers and later years (£)" in summary.to_frame()["Figure"].tolist()
    # From proven to recorded is another step, and is off.
    assert roi.left_out[0].startswith("recorded offences that were never proven")
    with pytest.raises(InputError, match="publish no multiplier"):
        roi_of(on=RoiAssumptions(actual_per_recorded="published"),
               offence_mix=MIX.iloc[:1].assign(share=1.0))  # fmt: skip
    with pytest.raises(InputError, match="does not know: piracy"):
        roi_of(on=RoiAssumptions(actual_per_recorded={"piracy": 2}))


def test_years_beyond_the_follow_up_are_said_and_taken_out_again() -> None:
    roi = roi_of(on=RoiAssumptions(extrapolate_years=3, drop_off=Uncertain(0.4, 0.2, 0.6)))
    headline = roi.summary().headline
    assert "with the effect counted for 3 years beyond the follow-up" in headline
    assert "or £24.84 (from £14.91 to £34.78) without the later years" in headline
    assert roi.biggest_assumption == "that the effect goes on for 3 years beyond the follow-up"
    assert "extrapolate_years" in roi.tornado()["input"].tolist()
    assert "offending after the years counted" in roi.left_out


def test_of_several_steps_the_one_that_multiplies_most_is_named() -> None:
    small, large = RoiAssumptions(recorded_per_proven=1.1), RoiAssumptions(recorded_per_proven=4)
    assert roi_of(on=replace(small, extrapolate_years=3, drop_off=0.1)).biggest_assumption.startswith("that the effect")
    assert roi_of(on=replace(large, extrapolate_years=3, drop_off=0.1)).biggest_assumption.startswith("the multipliers")
    assert roi_of(on=small, scale_to_all_treated=True).biggest_assumption.startswith(
        "that people who were not analysed"
    )


def test_without_a_step_the_most_uncertain_input_is_named() -> None:
    wide = RoiAssumptions(unit_cost_factor=Uncertain(1, 0.01, 10, "lognormal"))
    assert roi_of(on=wide).biggest_assumption == "the unit costs of crime"
    assert roi_of(on=RoiAssumptions(attribution=Uncertain(0.5, 0, 1, "uniform"))).biggest_assumption == (
        "how much of the effect is this programme's"
    )
    counted = roi_of(effect_of(half=0.001), offence_mix=MIX.assign(n=[1, 1]))
    assert counted.biggest_assumption == "which kinds of offences were averted"


def test_a_counted_mix_is_drawn_and_a_share_alone_is_not() -> None:
    plain, counted = roi_of(), roi_of(offence_mix=MIX.assign(n=[4, 4]))
    assert plain.central.only_the_effect and not counted.central.only_the_effect
    assert counted.benefit == plain.benefit
    assert counted.benefit_high - counted.benefit_low > 1.3 * (plain.benefit_high - plain.benefit_low)
    assert roi_of(offence_mix=MIX.assign(n=[4, 4])).benefit_low == counted.benefit_low
    assert roi_of(offence_mix=MIX.assign(n=[4, 4])[::-1]).benefit_low == counted.benefit_low
    with pytest.raises(InputError, match="missing or negative counts"):
        roi_of(offence_mix=MIX.assign(n=[4, -1]))
    with pytest.raises(InputError, match="no offences behind it"):
        roi_of(offence_mix=MIX.assign(n=[4, 0]))


def test_offences_averted_by_group_are_valued_each_at_its_price() -> None:
    effect = effect_of()
    roi = roi_of(effect, averted=averted_of(effect))
    assert roi.offences_averted == pytest.approx(100)
    assert roi.benefit == pytest.approx(80 * SHOP + 20 * VIOLENCE)
    assert roi.by_group()["share"].tolist() == pytest.approx([0.8, 0.2])
    assert roi.value_per_offence == pytest.approx(0.8 * SHOP + 0.2 * VIOLENCE)
    assert (roi.offences_averted_low, roi.offences_averted_high) == (pytest.approx(60, 0.02), pytest.approx(140, 0.02))
    assert any("estimated for each kind of offence" in note for note in roi.summary().notes)
    none = effect_of(0.0, 0.2)
    open_one = roi_of(none, averted=averted_of(none, vector=np.array([0.3, -0.3])))
    assert open_one.by_group()["share"].isna().all() and math.isnan(open_one.value_per_offence)
    assert open_one.summary().headline.startswith("The data do not settle")


def test_parts_of_another_effect_are_refused() -> None:
    effect = effect_of()
    with pytest.raises(InputError, match="neither of them was passed"):
        return_on_investment(effect, costs=pd.DataFrame([line()]), cost_people=250)
    with pytest.raises(InputError, match="both of them was passed"):
        roi_of(effect, averted=averted_of(effect), offence_mix=MIX)
    for total in ({"estimate": -0.5, "design_fingerprint": "x"}, {"estimate": -0.4, "design_fingerprint": "abc"}):
        with pytest.raises(InputError, match="are not the parts of this effect"):
            roi_of(effect, averted=averted_of(effect, total=SimpleNamespace(**total)))


def test_linkage_error_replaces_the_interval_and_the_plain_ratio_stands_beside() -> None:
    effect = effect_of()
    roi = roi_of(effect, linkage=linkage_of(effect))
    assert roi.linked
    assert (roi.offences_averted, roi.offences_averted_low, roi.offences_averted_high) == pytest.approx((120, 60, 180))
    assert roi.ratio_without_linkage == pytest.approx(roi_of(effect).benefit_cost_ratio)
    assert "allowing for linkage error" in roi.summary().headline
    assert any("with the links as made the ratio is £24.84" in note for note in roi.summary().notes)
    assert "Social, with the links as made (£)" in roi.summary().to_frame()["Figure"].tolist()
    assert math.isnan(roi_of(effect).ratio_without_linkage)
    assert roi_of(effect, linkage=linkage_of(effect), level=0.9).offences_averted_high == pytest.approx(240)


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"measure": "risk_difference"}, "that of a 'risk_difference'"),
        ({"point": SimpleNamespace(about="ATE")}, "effect on the treated"),
        ({"primary_fingerprint": "other"}, "does not belong to the design"),
        ({"primary_fingerprint": None}, "does not belong to the design"),
        ({"primary_estimate": -3.0}, "another outcome or estimate"),
    ],
)
def test_the_linkage_error_of_something_else_is_refused(changed: dict[str, Any], words: str) -> None:
    effect = effect_of()
    with pytest.raises(InputError, match=words):
        roi_of(effect, linkage=linkage_of(effect, **changed))


@pytest.mark.parametrize(
    ("kwargs", "words"),
    [
        ({"perspective": "cash"}, "no perspective 'cash'"),
        ({"follow_up_days": 0}, "whole number from 1"),
        ({"follow_up_days": 365.5}, "whole number from 1"),
        ({"draws": 99}, "from 100 to"),
        ({"draws": 10**9}, "from 100 to"),
        ({"draws": True}, "from 100 to"),
        ({"level": 95}, "share from 0.5"),
        ({"people": 199.5}, "whole numbers above 0"),
        ({"people": 100, "scale_to_all_treated": True}, "leave out people, or the switch"),
        ({"on": RoiAssumptions(cost_factor=Uncertain(1, 0, 2)), "draws": 100_000}, None),
        ({"on": RoiAssumptions(cost_factor=0)}, "comes to 0 or less"),
    ],
)
def test_options_out_of_range_are_refused(kwargs: dict[str, Any], words: str | None) -> None:
    if words is None:
        assert math.isfinite(roi_of(**kwargs).benefit_cost_ratio_high)
        return
    with pytest.raises(InputError, match=words):
        roi_of(**kwargs)


def test_effects_that_cannot_be_counted_are_refused() -> None:
    with pytest.raises(EstimationError, match="by what share offences fell"):
        roi_of(effect_of(measure="rate_ratio"))
    with pytest.raises(EstimationError, match="everybody followed for the same time"):
        roi_of(effect_of(timed=True))
    with pytest.raises(InputError, match="no finite estimate"):
        roi_of(effect_of(conf_high=math.nan))


def test_two_years_of_follow_up_are_discounted_and_said() -> None:
    roi = roi_of(follow_up_days=730, discount_rate=0.1)
    within = (365.25 + 364.75 / 1.1) / 730
    assert roi.benefit == pytest.approx(100 * WORTH * within)
    assert any("after the first year are discounted at 10.0%" in note for note in roi.summary().notes)
    assert "discount_rate" in roi.tornado()["input"].tolist()
    assert "discount_rate" not in roi_of().tornado()["input"].tolist()


def test_every_way_of_laying_the_costs_stands_beside() -> None:
    costs = pd.DataFrame([line(), line(10_000.0, "contact"), line(50_000.0, "testing")])
    roi = roi_of(costs=costs, people_reached={"treatment": 250, "contact": 1_000, "testing": 5_000})
    views = roi.cost_views().set_index("view")
    assert views.loc["set_against", "ratio"] == roi.benefit_cost_ratio
    assert views.loc["full", "cost"] == pytest.approx(80_000) and views.loc["own_share", "cost"] == pytest.approx(
        36_000
    )
    assert views.loc["full", "ratio"] == pytest.approx(roi.benefit / 80_000)
    assert views.loc["full", "net"] == pytest.approx(roi.benefit - 80_000)
    assert (views["ratio_low"] < views["ratio"]).all() and (views["ratio"] < views["ratio_high"]).all()
    assert roi.spending().groupby("set_against")["amount"].sum().to_dict() == {True: 40_000.0, False: 60_000.0}
    assert any("spending on" in one and "not set against the benefit" in one for one in roi.left_out)
    assert roi.against == ("treatment",) and roi.effect_of == "treatment"


def test_draws_agree_with_what_is_told_of_them() -> None:
    on = RoiAssumptions(attribution=Uncertain(0.8, 0.6, 1), cost_factor=Uncertain(1, 0.8, 1.5))
    roi = roi_of(effect_of(-0.2, 0.25), on)
    drawn = roi.drawn()
    assert len(drawn) == roi.draws and drawn["draw"].tolist()[:2] == [1, 2]
    assert roi.probability == (drawn["net"] > 0).mean()
    assert roi.median_net == pytest.approx(drawn["net"].median())
    assert roi.mean_net == pytest.approx(drawn["net"].mean())
    assert (drawn["benefit_social"] - drawn["cost"]).tolist() == drawn["net"].tolist()
    ends = (drawn["benefit_social"] / drawn["cost"]).quantile([0.025, 0.975]).tolist()
    assert [roi.benefit_cost_ratio_low, roi.benefit_cost_ratio_high] == pytest.approx(ends)
    assert roi_of(effect_of(-0.2, 0.25), on, seed=1).benefit_low != roi.benefit_low


def test_the_cost_of_an_offence_averted_has_the_interval_of_its_inverse() -> None:
    roi = roi_of(on=RoiAssumptions(cost_factor=Uncertain(1, 0.8, 1.5)))
    drawn = roi.drawn()
    high = 1 / (drawn["offences_averted"] / drawn["cost"]).quantile(0.025)
    assert roi.cost_per_offence_averted == pytest.approx(COST / 100)
    assert roi.cost_per_offence_averted_high == pytest.approx(high)
    wide = roi_of(effect_of(-0.1, 0.3))
    assert math.isnan(wide.cost_per_offence_averted) and math.isnan(wide.cost_per_offence_averted_low)


def test_frames_are_copies_and_the_tidy_terms_never_change() -> None:
    plain = roi_of()
    full = roi_of(on=RoiAssumptions(recorded_per_proven=2, extrapolate_years=1, drop_off=0.1), perspective="fiscal")
    assert plain.to_frame()["term"].tolist() == full.to_frame()["term"].tolist()
    for name in ("perspectives", "chain", "cost_views", "tornado", "break_even", "drawn", "by_group"):
        frame, columns = getattr(plain, name)(), list(getattr(full, name)().columns)
        assert list(frame.columns) == columns, name
        frame.drop(columns=columns[0], inplace=True)
        assert list(getattr(plain, name)().columns) == columns, name


def test_a_result_that_breaks_its_promise_is_not_made() -> None:
    roi = roi_of()
    facts = {name: getattr(roi, name) for name in roi.__dataclass_fields__}
    for broken in ({"scaled": True}, {"probability": 1.2}, {"_drawn": roi.drawn().head(3)}, {"benefit_low": 1e12}):
        with pytest.raises(InvariantError):
            ReturnOnInvestment(**{**facts, **broken})


def test_totals_of_the_draws_are_kept_and_not_the_groups() -> None:
    roi = roi_of(offence_mix=MIX.assign(n=[4, 4]))
    from dipeval.roi.effect_in import averted_from

    done = run(roi.central, averted_from(effect_of(), None, None), "social", draws=500, seed=0)
    assert done.drawn.actual_by_group.size == 0 and not done.drawn.benefit_by_group
