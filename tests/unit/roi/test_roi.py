"""Return on investment by hand, its refusals, and the headlines it may and may not write."""

from __future__ import annotations

import math
from types import SimpleNamespace
from typing import Any

import numpy as np
import pandas as pd
import pytest

from dipeval.effects import estimate_effect
from dipeval.errors import EstimationError, InputError, InvariantError
from dipeval.roi import (
    ReturnOnInvestment,
    headline,
    left_out,
    load_gdp_deflator,
    load_unit_costs,
    return_on_investment,
    wording,
)
from dipeval.roi.costs_of_crime.tables import first_year
from dipeval.vocabulary import OFFENCE_GROUPS


def effect_of(estimate: float = -0.5, half: float = 0.2, **kwargs: Any) -> Any:
    facts: dict[str, Any] = {
        "measure": "mean_difference", "outcome_name": "n_reoffences", "outcome_kind": "count", "estimate": estimate,
        "conf_low": estimate - half, "conf_high": estimate + half, "n_treated": 200, "level": 0.95,
        "estimand": "the average effect on the 200 treated people",
    }  # fmt: skip
    return SimpleNamespace(**{**facts, **kwargs})


def costs_of(amount: float = 40_000.0, **kwargs: Any) -> pd.DataFrame:
    row: dict[str, Any] = {
        "district": "Leeds", "financial_year": "2019/20", "funder": "PCC", "amount": amount, "spent_on": "treatment",
        "price_year": 2019,
    }  # fmt: skip
    return pd.DataFrame([{**row, **kwargs}])


def mix_of(**shares: float) -> pd.DataFrame:
    return pd.DataFrame({"offence_group": list(shares), "share": list(shares.values())})


HALF_AND_HALF = {"shoplifting": 0.5, "violence_with_injury": 0.5}


def roi_of(effect: Any = None, **kwargs: Any) -> ReturnOnInvestment:
    facts: dict[str, Any] = {"costs": costs_of(), "offence_mix": mix_of(**HALF_AND_HALF), "cost_people": 250}
    return return_on_investment(effect or effect_of(), **{**facts, **kwargs})


def test_every_figure_by_hand() -> None:
    roi = roi_of()
    worth = 0.5 * (570 - 110) + 0.5 * (15_720 - 280)
    cost = 40_000 * 200 / 250
    assert (roi.offences_averted, roi.offences_averted_low, roi.offences_averted_high) == pytest.approx((100, 60, 140))
    assert roi.value_per_offence == pytest.approx(worth, rel=1e-14)
    assert (roi.benefit, roi.benefit_low, roi.benefit_high) == pytest.approx((100 * worth, 60 * worth, 140 * worth))
    assert roi.cost == pytest.approx(cost, rel=1e-14)
    assert roi.benefit_cost_ratio == pytest.approx(100 * worth / cost, rel=1e-14)
    assert roi.net_present_value_low == pytest.approx(60 * worth - cost, rel=1e-14)
    assert roi.break_even_offences == pytest.approx(cost / worth, rel=1e-14)
    assert roi.cost_per_treated_person == pytest.approx(160, rel=1e-14)
    assert roi.cost_per_offence_averted == pytest.approx(320, rel=1e-14)
    frame = roi.to_frame()
    assert list(frame.columns) == ["term", "group", "estimate", "conf_low", "conf_high", "unit", "n"]
    both = frame.set_index(["term", "group"])["estimate"]
    assert both["benefit_with_anticipation", "all"] == pytest.approx(100 * 0.5 * (570 + 15_720), rel=1e-14)
    assert both["benefit_without_anticipation", "all"] == pytest.approx(100 * worth, rel=1e-14)
    groups = frame[(frame["term"] == "benefit") & (frame["group"] != "all")]
    assert groups["estimate"].sum() == pytest.approx(roi.benefit, rel=1e-14)


def test_doubling_all_costs_halves_the_ratio() -> None:
    dear, plain = roi_of(costs=costs_of(80_000)), roi_of()
    assert dear.benefit_cost_ratio == pytest.approx(plain.benefit_cost_ratio / 2, rel=1e-14)
    two = pd.concat([costs_of(), costs_of(financial_year="2021/22", price_year=2021, amount=7)], ignore_index=True)
    doubled = two.assign(amount=2 * two["amount"])
    ratio = roi_of(costs=two).benefit_cost_ratio
    assert roi_of(costs=doubled).benefit_cost_ratio == pytest.approx(ratio / 2, rel=1e-14)


def test_an_effect_of_zero_width_collapses_to_one_number() -> None:
    roi = roi_of(effect_of(half=0.0))
    assert roi.benefit_low == roi.benefit == roi.benefit_high
    assert roi.benefit_cost_ratio_low == roi.benefit_cost_ratio_high


def test_anticipation_is_left_out_unless_asked_for() -> None:
    assert roi_of(include_anticipation=True).value_per_offence == pytest.approx(0.5 * (570 + 15_720))
    assert any("marginal reductions asks" in note for note in roi_of().summary().notes)
    assert any("against the publisher's rule" in note for note in roi_of(include_anticipation=True).summary().notes)


def test_groups_without_a_unit_cost_count_and_are_worth_nothing() -> None:
    roi = roi_of(offence_mix=mix_of(shoplifting=0.6, drug_possession=0.3, other=0.1))
    assert roi.value_per_offence == pytest.approx(0.6 * 460, rel=1e-14)
    assert roi.unpriced == ("drug_possession", "other")
    assert roi.by_group()["offences_averted"].sum() == pytest.approx(100)
    note = next(note for note in roi.summary().notes if note.startswith("Valued at nothing"))
    assert "drug possession, other" in note and "40.0%" in note
    only = roi_of(offence_mix=mix_of(public_order=1.0))
    assert math.isnan(only.break_even_offences)
    assert "no value can be put on them" in only.summary().headline


def test_prices_of_other_years_are_converted() -> None:
    deflator = load_gdp_deflator().set_index("year")["deflator"]
    factor = deflator[2019] / deflator[2012]
    roi = roi_of(costs=costs_of(price_year="2012/13", financial_year="2012/13"))
    assert roi.cost == pytest.approx(32_000 * factor, rel=1e-14)
    assert any("GDP deflator" in note for note in roi.summary().notes)
    assert not any("GDP deflator" in note for note in roi_of().summary().notes)
    fraud = roi_of(offence_mix=mix_of(fraud=1.0), include_anticipation=True)
    assert fraud.value_per_offence == pytest.approx(2_884 * deflator[2019] / deflator[2023], rel=1e-14)
    with pytest.raises(InputError, match="has no value for 1995"):
        roi_of(costs=costs_of(price_year=1995))
    with pytest.raises(InputError, match="has no value for 2031"):
        roi_of(price_year=2031)
    with pytest.raises(InputError, match="not a year"):
        roi_of(costs=costs_of(price_year="soon"))


def test_later_spending_is_discounted_and_the_benefit_with_it() -> None:
    costs = pd.concat([costs_of(50.0), costs_of(50.0, financial_year="2021/22")], ignore_index=True)
    roi = roi_of(costs=costs, discount_rate=0.1)
    factor = (1 + 1.1**-2) / 2
    assert roi.discount_factor == pytest.approx(factor, rel=1e-14)
    assert roi.cost == pytest.approx(80 * factor, rel=1e-14)
    assert roi.benefit == pytest.approx(100 * roi.value_per_offence * factor, rel=1e-14)
    assert roi.cost_per_offence_averted == pytest.approx(0.8, rel=1e-14)
    assert roi_of(costs=costs, discount_rate=0.0).discount_factor == 1.0


def test_row_order_changes_no_digit() -> None:
    rows = [costs_of(0.1 * n + 0.01, price_year=2010 + n % 9, financial_year=f"{2010 + n}") for n in range(9)]
    costs = pd.concat(rows, ignore_index=True)
    mix = mix_of(fraud=0.1, shoplifting=0.7, robbery=0.2)
    first = roi_of(costs=costs, offence_mix=mix)
    again = roi_of(costs=costs[::-1], offence_mix=mix[::-1], unit_costs=load_unit_costs()[::-1])
    pd.testing.assert_frame_equal(first.to_frame(), again.to_frame(), check_exact=True)
    assert str(first.summary()) == str(again.summary())


@pytest.mark.parametrize("about", ["ATC", "ATE", "ATO", "ATM"])
def test_an_effect_on_others_than_the_treated_is_not_turned_into_money(about: str) -> None:
    with pytest.raises(EstimationError, match="the money was spent on the treated"):
        roi_of(effect_of(about=about))


def test_an_effect_on_yes_no_is_refused_with_the_reason() -> None:
    for measure in ("risk_difference", "risk_ratio", "odds_ratio", "hazard_ratio"):
        with pytest.raises(EstimationError, match="how many people reoffended, not how many offences"):
            roi_of(effect_of(measure=measure))
    with pytest.raises(EstimationError, match="holds only 0 and 1"):
        roi_of(effect_of(outcome_name="reoffended", outcome_kind="yes_no"))
    with pytest.raises(EstimationError, match="not a count of offences"):
        roi_of(effect_of(outcome_name="re78", outcome_kind="number"))


@pytest.mark.parametrize(
    ("kwargs", "words"),
    [
        ({"discount_rate": 35}, "rate of 35 looks like a percentage"),
        ({"discount_rate": -0.01}, "below 0"),
        ({"cost_people": None}, "does not say how many people it paid for"),
        ({"cost_people": 0}, "above 0"),
        ({"cost_people": 150}, "must cover everyone"),
        ({"people": 300}, "must cover everyone"),
        ({"costs": costs_of().iloc[:0]}, "costs are empty"),
        ({"costs": costs_of(-5.0)}, "1 of the 1 amounts of the costs are below 0"),
        ({"costs": costs_of(math.nan)}, "amounts of the costs are missing"),
        ({"costs": costs_of(0.0)}, "add up to nothing"),
        ({"costs": costs_of().assign(amount="a lot")}, "not all numbers"),
        ({"costs": costs_of(currency="EUR")}, "other than GBP"),
        ({"costs": costs_of().drop(columns="price_year")}, r"lack the column\(s\) price_year"),
        ({"costs": costs_of(financial_year="2019/23")}, "not a year such as"),
        ({"offence_mix": mix_of(shoplifting=0.5)}, "add up to 0.5"),
        ({"offence_mix": mix_of(shoplifting=1.5, robbery=-0.5)}, "0 or more"),
        ({"offence_mix": mix_of(shoplifting=math.nan)}, "holds no offences"),
        ({"offence_mix": mix_of().astype({"share": float})}, "holds no offences"),
        ({"offence_mix": mix_of(piracy=1.0)}, "does not know: piracy"),
        ({"offence_mix": pd.concat([mix_of(robbery=0.5)] * 2)}, "more than once"),
        ({"unit_costs": pd.concat([load_unit_costs(), load_unit_costs("2018")])}, "one row a group"),
        ({"unit_costs": load_unit_costs().assign(currency="USD")}, "other than GBP"),
        ({"unit_costs": load_unit_costs().drop(columns="anticipation")}, "anticipation"),
        ({"unit_costs": load_unit_costs().assign(unit_cost=-1.0)}, "below 0"),
        ({"unit_costs": load_unit_costs().assign(unit_cost=1.0)}, "anticipation part above its total"),
        ({"unit_costs": load_unit_costs("2018")}, "include_anticipation=True"),
    ],
)
def test_what_does_not_fit_is_refused_by_a_sentence(kwargs: dict[str, Any], words: str) -> None:
    with pytest.raises(InputError, match=words):
        roi_of(**kwargs)


def test_the_older_vintage_works_when_anticipation_is_included() -> None:
    roi = roi_of(unit_costs=load_unit_costs("2018"), include_anticipation=True, price_year=2015, costs=costs_of())
    assert roi.value_per_offence == pytest.approx(0.5 * 14_050, rel=1e-14)
    assert roi.unpriced == ("shoplifting",)
    without = roi.to_frame().set_index(["term", "group"]).loc[("benefit_without_anticipation", "all"), "estimate"]
    assert math.isnan(without)
    assert "[x]" in str(roi.summary())


def test_your_own_unit_costs_are_not_called_second_hand() -> None:
    mine = pd.DataFrame(
        {"offence_group": ["shoplifting"], "anticipation": [0.0], "unit_cost": [100.0], "price_year": [2019]}
    )
    roi = roi_of(unit_costs=mine, offence_mix=mix_of(shoplifting=0.9, robbery=0.1))
    assert roi.value_per_offence == pytest.approx(90)
    assert roi.unpriced == ("robbery",)
    assert not any("second-hand" in note for note in roi.summary().notes)
    assert any("second-hand" in note for note in roi_of().summary().notes)


def test_scaling_beyond_the_people_analysed_is_said() -> None:
    roi = roi_of(scale_to_all_treated=True)
    assert roi.offences_averted == pytest.approx(125)
    assert roi.scaled and (roi.people, roi.people_in_effect) == (250, 200)
    assert any("estimated on 200 treated people and is applied to 250" in note for note in roi.summary().notes)
    assert "with the effect applied to treated people who were not analysed" in roi.summary().headline
    assert roi.biggest_assumption == "that people who were not analysed gained as much as those who were"
    assert not any("is applied to" in note for note in roi_of().summary().notes)
    with pytest.raises(InputError, match="say so with scale_to_all_treated=True"):
        roi_of(people=240)
    fewer = roi_of(people=150)
    assert fewer.offences_averted == pytest.approx(75) and not fewer.scaled
    assert any("the benefit is counted for 150 of them" in note for note in fewer.summary().notes)


def test_the_headline_never_sells_what_the_interval_does_not_hold() -> None:
    wide = roi_of(effect_of(-0.1, 0.3))
    assert wide.summary().headline.startswith(
        "The data do not settle whether offences were averted: anything from 40 more offences to 80 fewer offences, "
    )
    assert "neither that the money was repaid nor that it was not" in wide.summary().headline
    assert math.isnan(wide.cost_per_offence_averted)
    assert wording.NOT_SETTLED in wide.summary().to_frame()["Value"].tolist()
    hopeless = roi_of(effect_of(-0.1, 0.3), costs=costs_of(1e9))
    assert "even the upper end is below the cost" in hopeless.summary().headline
    assert "of value, not cash, for each £1 spent" in roi_of().summary().headline
    assert "do not settle whether the value exceeds" in roi_of(costs=costs_of(1e6)).summary().headline
    assert "less than was spent" in roi_of(costs=costs_of(1e9)).summary().headline
    assert roi_of(effect_of(0.5)).summary().headline.startswith("The data point to more offences, not fewer")


def test_no_template_sells_a_null_or_names_the_untreated_wrongly() -> None:
    assert len(wording.TEMPLATES) > 15 and len(headline.TEMPLATES) > 15
    for text in (*wording.TEMPLATES, *headline.TEMPLATES, *left_out.TEMPLATES):
        for banned in ("no effect", "control", "significant", "saved", "savings", "cashable"):
            assert banned not in text.lower()


def test_headline_golden() -> None:
    assert roi_of().summary().headline == (
        "The 100 proven offences averted (from 60 to 140) are valued at £795,000 (from £477,000 to £1,113,000) against "
        "a cost of £32,000 for treatment, in 2019/20 prices: £24.84 of value, not cash, for each £1 spent (from "
        "£14.91 to £34.78); the value exceeds the cost in all 10,000 draws, and the answer rests most on the effect "
        "itself: that the people compared with show what the treated would have done untreated."
    )


def test_broken_results_are_not_made() -> None:
    roi = roi_of()
    facts = {name: getattr(roi, name) for name in roi.__dataclass_fields__}
    half_a_mix = {"_groups": roi._groups.iloc[:1]}
    for broken in ({"offences_averted_low": 1e9}, {"cost": 0.0}, {"cost_people": 10}, half_a_mix):
        with pytest.raises(InvariantError):
            ReturnOnInvestment(**{**facts, **broken})


def test_shipped_unit_costs_are_complete_dated_and_never_from_memory() -> None:
    for vintage in ("2026", "2018"):
        table = load_unit_costs(vintage)
        assert table["offence_group"].tolist() == list(OFFENCE_GROUPS)
        assert set(table["status"]) == {"secondary"}
        assert (table["source"].str.len() > 20).all()
        assert table.loc[table["unit_cost"].isna(), "note"].str.len().gt(20).all()
        assert table.loc[table["unit_cost"].notna(), "mapped_from"].str.len().gt(3).all()
        parts = table[["anticipation", "consequence", "response"]].sum(axis=1, min_count=3)
        assert ((parts - table["unit_cost"]).abs().dropna() <= 10).all()
    costs = load_unit_costs().set_index("offence_group")["unit_cost"]
    assert costs["shoplifting"] == 570 and costs["other_burglary"] == 10_020 and costs["violence_with_injury"] == 15_720
    assert costs[["handling", "public_order", "drug_possession", "drug_supply", "other"]].isna().all()
    old = load_unit_costs("2018").set_index("offence_group")["unit_cost"]
    assert old[["violence_without_injury", "domestic_burglary", "theft_from_person"]].isna().all()
    with pytest.raises(InputError, match="there are: "):
        load_unit_costs("1999")
    changed = load_unit_costs()
    changed["unit_cost"] = 0.0
    assert load_unit_costs()["unit_cost"].max() > 0


@pytest.mark.parametrize(("value", "year"), [("2019/20", 2019), ("2019-2020", 2019), (2019.0, 2019), ("1999/00", 1999)])
def test_years_are_read_as_they_are_written(value: Any, year: int) -> None:
    assert first_year(value, "financial_year") == year


def test_from_a_design_to_money_without_a_stand_in() -> None:
    rng = np.random.default_rng(5)
    index = pd.RangeIndex(400)
    treated = pd.Series(index < 200, index)
    design = SimpleNamespace(
        weights=pd.Series(1.0, index), treated=treated, clusters=None, fingerprint="x", method="entropy",
        estimand_in_words="the average effect on the 200 treated people", n_treated_dropped=0,
    )  # fmt: skip
    offences = pd.Series(rng.poisson(np.where(treated, 1.0, 2.0)), index, name="n_reoffences")
    effect = estimate_effect(design, offences, measure="mean_difference")
    roi = roi_of(effect)
    assert roi.offences_averted == pytest.approx(-200 * effect.estimate, rel=1e-14)
    assert roi.offences_averted_low == pytest.approx(-200 * effect.conf_high, rel=1e-14)
    with pytest.raises(EstimationError, match="risk_difference"):
        roi_of(estimate_effect(design, (offences > 0).astype(int)))
