"""Money in the report: the answer first with its range, nothing sold, and personal data no finer than they may be."""

from __future__ import annotations

import re
from types import SimpleNamespace
from typing import Any

import numpy as np
import pandas as pd
import pytest
from bs4 import BeautifulSoup

import dipeval as dip
from dipeval import report
from dipeval.disclosure import DisclosureRule
from dipeval.report import section_money, section_money_people, section_money_steps, section_money_uncertainty
from dipeval.report import section_money_words as money_words
from dipeval.study import tidy_money
from dipeval.study.money_told import Told

OPEN = DisclosureRule(profile="none", data_status="simulated")
KEPT = DisclosureRule()
SPEND = pd.DataFrame(
    {
        "financial_year": "2019/20",
        "funder": ["Health", "PCC", "PCC"],
        "spent_on": ["treatment", "contact", "testing"],
        "amount": [123_456.0, 90_000.0, 60_000.0],
        "price_year": 2019,
    }
)
MIX = pd.DataFrame(
    {"offence_group": ["shoplifting", "domestic_burglary", "robbery", "drug_possession"], "share": [0.6, 0.1, 0.1, 0.2]}
)
EVERY = ("money", "money_costs", "money_steps", "money_uncertainty", "money_people")


def roi(fewer: float = 0.6, low: float = 0.2, high: float = 1.0, **options: Any) -> Any:
    effect = SimpleNamespace(
        measure="mean_difference", outcome_name="n_reoffences", outcome_kind="count", estimate=-fewer, conf_low=-high,
        conf_high=-low, n_treated=203, level=0.95, estimand="the average effect on the 203 treated people",
    )  # fmt: skip
    given = {"costs": SPEND, "offence_mix": MIX, "cost_people": 210, "draws": 2_000} | options
    return dip.return_on_investment(effect, **given)


def money(**parts: Any) -> Any:
    none = dict.fromkeys(("other", "by_group", "acceptability", "per_person", "per_stage", "prices"))
    return SimpleNamespace(**{**none, "notes": (), **parts})


def result(
    found: Any = None, rule: DisclosureRule = OPEN, *, beside: Any = None, withheld: bool = False, n: int = 203
) -> Any:
    effect = SimpleNamespace(
        measure="mean_difference", n_treated=n, n_comparison=2 * n, outcome_kind="count", mean_treated=2.0,
        mean_comparison=2.6, timed=False, n_events_treated=None, n_events_comparison=None,
    )  # fmt: skip
    design = SimpleNamespace(n_treated=n, n_treated_dropped=0, leaves_out=False)
    spec = SimpleNamespace(
        costs=SimpleNamespace(averted="mix"),
        primary=SimpleNamespace(kind="count"),
        outputs=SimpleNamespace(formats=("html", "csv", "xlsx")),
    )
    return SimpleNamespace(
        roi=found, money=beside if beside is not None else money(), rule=rule, withheld=withheld, effects=(effect,),
        design=design, spec=spec, hazard=None, cohort=None,
        outcomes_measured=None,
    )  # fmt: skip


@pytest.fixture
def told(monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """What a study would know of the people behind each kind of offence."""
    known: dict[str, Any] = {"told": Told(groups={"shoplifting": 60, "domestic_burglary": 25, "robbery": 0,
                                                  "drug_possession": 0}), "smallest": 203}  # fmt: skip
    for module in (money_words, section_money_steps, section_money_uncertainty):
        monkeypatch.setattr(module, "told_of_money", lambda _: known["told"])
    monkeypatch.setattr(tidy_money, "told_of_money", lambda _: known["told"])
    monkeypatch.setattr(money_words, "money_smallest", lambda _: known["smallest"])
    monkeypatch.setattr(section_money, "people_reoffending", lambda *_: 40)
    return known


def page(section: report.Section) -> BeautifulSoup:
    return BeautifulSoup(section.to_html(), "html.parser")


def rows(section: report.Section, caption: str) -> dict[str, list[str]]:
    table = next(t for t in page(section).find_all("table") if caption in t.caption.get_text())
    cells = [[cell.get_text() for cell in row.find_all(["th", "td"])] for row in table.select("tbody tr")]
    return {first: rest for first, *rest in cells}


def text(section: report.Section) -> str:
    found = page(section)
    for picture in found.find_all("img"):
        picture.replace_with(picture["alt"])
    return found.get_text(" ")


@pytest.fixture(scope="module")
def person_by_person() -> Any:
    people = dip.datasets.recid()
    design = dip.match(people, treated="workprg", covariates=["priors", "educ", "age"])
    kinds = np.where(np.arange(len(people)) % 5 == 0, "robbery", "shoplifting")
    offences = pd.DataFrame({"person_id": people.index, "n_reoffences": 2 * people["returned"], "offence_group": kinds})
    return SimpleNamespace(
        value=dip.value_per_person(design, offences, draws=60),
        averted=dip.offences_averted(design, offences),
        design=design,
    )


def test_a_study_that_costs_nothing_out_or_is_withheld_has_no_section() -> None:
    without = result()
    without.spec.costs = None
    assert report.money(without).anchor == ""
    for name in EVERY:
        assert getattr(report, name)(result(roi(), withheld=True)).anchor == ""
    for name in EVERY[1:]:
        assert getattr(report, name)(result(None)).anchor == ""
    assert "too few people" in text(report.money(result(None)))


def test_the_answer_comes_first_in_one_sentence_and_on_the_first_page_too() -> None:
    found = roi()
    section = report.money(result(found))
    lead = page(section).find(class_="lead").get_text()
    assert lead == money_words.told(result(found), found.summary().headline)
    assert lead.count(". ") == 0
    assert found.biggest_assumption in lead
    assert "£123,000" in report.money(result(found)).to_html()  # the cost laid on 203 of 210 people is less
    assert section_money.in_brief(result(found)) == f"Money: {lead}"
    assert section_money.in_brief(result(None)) == ""


def test_an_effect_that_settles_nothing_is_not_sold() -> None:
    found = roi(0.05, -0.35, 0.45, costs=SPEND.assign(amount=[12_000.0, 0.0, 0.0]))
    assert found.benefit_cost_ratio > 1
    lead = page(report.money(result(found))).find(class_="lead").get_text()
    assert lead.startswith("The data do not settle whether offences were averted")
    assert f"£{found.benefit_cost_ratio:.2f} of value" not in lead
    figures = rows(report.money(result(found)), "From offences averted")
    assert figures["Cost per proven offence averted, not discounted"][0] == "not settled"


def test_every_perspective_has_its_range_and_bounds_have_no_middle() -> None:
    found = roi()
    told = rows(report.money(result(found)), "Who gains")
    assert list(told) == ["Fiscal", "Economic", "Social (the answer above)"]
    assert told["Economic"][0].endswith("(bounds only)")
    assert told["Economic"][2] == "not known"
    social = found.perspectives().set_index("perspective").loc["social"]
    assert told["Social (the answer above)"][1].startswith(f"£{social['ratio']:.2f} (£{social['ratio_low']:.2f}")
    known = roi(unit_costs=dip.load_unit_costs("2018"), include_anticipation=True,
                offence_mix=pd.DataFrame({"offence_group": ["robbery"], "share": [1.0]}))  # fmt: skip
    told = rows(report.money(result(known)), "Who gains")
    assert told["Fiscal"] == ["not known"] * 3
    assert "Fiscal: not known" in text(report.money(result(known)))


def test_amounts_in_a_sentence_keep_their_commas_and_are_those_of_the_tables() -> None:
    found = result(roi())
    assert money_words.told(found, "for £1,234,567, or £1, or £12.34, then") == "for £1,230,000, or £1, or £12.30, then"
    known = money_words.as_shown([2885.3])
    assert money_words.told(found, "put £2,885 on one", known=known) == "put £2,890 on one"
    open_ended = roi(0.6, 0.2, 1.2)
    assert "for each £1, from" in page(report.money(result(open_ended))).find(class_="lead").get_text()
    dear = roi(costs=SPEND.assign(amount=[1_234.0, 0.0, 0.0]))
    shown = rows(report.money(result(dear)), "Who gains")["Social (the answer above)"][1].split(" ")[0]
    assert shown in page(report.money(result(dear))).find(class_="lead").get_text()


def test_what_a_draw_is_stands_under_the_first_table() -> None:
    assert "the whole sum worked out 2,000 times" in text(report.money(result(roi())))
    sure = roi(0.6, 0.6, 0.6, offence_mix=MIX.iloc[[0]].assign(share=1.0))
    if not (sure.central.uncertain() or sure.central.uncertain_vectors()):
        assert "the whole sum worked out" not in text(report.money(result(sure)))


def test_spending_that_is_raised_is_raised_in_every_view_of_it() -> None:
    found = roi(assumptions=dip.RoiAssumptions(optimism_bias=0.25, cost_factor=1.2))
    views = found.cost_views().set_index("view")
    assert views.loc["set_against", "cost"] == pytest.approx(found.cost)
    assert (views["cost"] * views["ratio"]).tolist() == pytest.approx([found.benefit] * len(views))
    told = rows(report.money_costs(result(found)), "in every way")
    assert told["Set against the benefit (the answer above)"][2] == money_words.pounds(found.cost)


def test_what_is_left_out_is_said_and_nobody_is_counted_out_of_turn() -> None:
    found = roi()
    section = report.money(result(found))
    points = [item.get_text() for item in page(section).select("ul li")]
    assert len(points) == len(found.left_out)
    assert all(point[0].isupper() and point.endswith(".") for point in points)
    assert "scenarios.xlsx" in text(section)
    assert "Left out:" not in text(section)
    assert "the 203 treated people" in text(section)


def test_costs_stand_side_by_side_with_the_reason_given() -> None:
    reason = "the board asked for the whole programme, testing included"
    found = roi(against=["treatment", "contact", "testing"], reason=reason,
                people_reached={"testing": 900, "contact": 500})  # fmt: skip
    section = report.money_costs(result(found))
    assert reason in text(section)
    views = rows(section, "in every way")
    assert [name for name in views if name.endswith("(the answer above)")] == [
        "Set against the benefit (the answer above)"
    ]
    assert len(views) == 4
    assert "Spending set against the value: testing, contact and treatment, paid by Health and PCC." in text(section)
    spent = rows(section, "by funder")
    assert spent["Health"][-1] == "yes"
    assert "Reason given" not in text(report.money_costs(result(roi())))


def test_each_cost_per_stage_carries_its_label() -> None:
    london = pd.DataFrame({"financial_year": ["2010/11"], "amount": [21_410_356.0], "spent_on": ["contact"],
                           "price_year": [2010]})  # fmt: skip
    counts = pd.DataFrame({"stage": ["contact", "in_treatment", "retained_12_weeks", "completed"],
                           "n": [11_164, 3_733, 3_208, 721]})  # fmt: skip
    stages = money(per_stage=dip.cost_per_stage(london, counts, counting="period"))
    withheld = report.money_costs(result(None, beside=stages, withheld=True))
    assert (withheld.anchor, withheld.level) == ("money-stages", 2)
    for section in (withheld, report.money_costs(result(roi(), beside=stages))):
        told = rows(section, "at each stage")
        assert [row[-1] for row in told.values()] == ["£1,918", "£5,735", "£6,674", "£29,695"]
        assert list(told)[-1] == "Cost per successful completion"
        assert "not per referral" in text(section)
        assert "not per referral" not in "".join(fold.get_text() for fold in page(section).find_all("details"))
    few = dip.cost_per_stage(london, counts.assign(n=[11_164, 3_733, 101, 7]), counting="period")
    told = rows(report.money_costs(result(None, KEPT, beside=money(per_stage=few), withheld=True)), "at each stage")
    assert told["Cost per successful completion"] == ["[c]", "[c]"]
    # Over the count that is shown, not over the exact one.
    assert told["Cost per person retained 12 weeks"] == ["100", "£214,000"]


def test_steps_that_are_off_are_said_to_be_off_and_those_that_are_on_change_the_sentence() -> None:
    plain = report.money_steps(result(roi()))
    assert section_money_steps.PLAIN in text(plain)
    assert not page(plain).find_all("img")
    assert {row[0] for row in rows(plain, "The steps").values()} == {"always", "no"}
    raised = roi(
        assumptions=dip.RoiAssumptions(
            recorded_per_proven=dip.Uncertain(5, 2, 8, source="a guess"),
            attribution=dip.Uncertain(0.8, 0.6, 1.0, source="the board"),
        )
    )
    section = report.money_steps(result(raised))
    told = rows(section, "The steps")
    label = next(name for name in told if "Recorded crimes" in name)
    assert label.endswith("(source: a guess)")
    assert told[label][:2] == ["yes", "5.00 (2.00 to 8.00)"]
    assert next(row for name, row in told.items() if "programme's" in name)[1] == "80% (60% to 100%)"
    assert "At least one step is switched on" in text(section)
    assert money_words.ratio(raised.ratio_without_uplift) in text(section)
    assert "switched off" in page(section).find("img")["alt"]


def test_offences_are_shown_both_ways(person_by_person: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    found = roi()
    monkeypatch.setattr(
        section_money_steps, "people_behind_groups", lambda *_, **__: {"robbery": 90, "shoplifting": 200}
    )
    monkeypatch.setattr(
        section_money_steps, "told_of_money", lambda _: Told(groups=dict.fromkeys(MIX["offence_group"], 50))
    )
    section = report.money_steps(result(found, beside=money(by_group=person_by_person.averted)))
    mixed = rows(section, "their value, by offence")
    assert mixed["Drug possession"][0] == "no unit cost"
    assert mixed["Shoplifting"][1] == "73.1"
    assert list(rows(section, "estimated by itself")) == ["All", "Shoplifting", "Robbery"]


def test_what_matters_most_is_drawn_and_choices_are_no_ranges_of_belief() -> None:
    found = roi(assumptions=dip.RoiAssumptions(unit_cost_factor=dip.Uncertain(1, 0.8, 1.2)))
    section = report.money_uncertainty(result(found))
    inputs = rows(section, "at both ends")
    assert next(iter(inputs)) == "Offences averted per person"
    choices = [name for name in inputs if name.endswith("(a choice)")]
    assert any("anticipation" in name for name in choices)
    assert inputs[choices[0]][1] in ("off to on", "left out to counted")
    assert inputs[choices[0]][0] in ("off", "left out")
    assert "[z]" not in {cell for row in inputs.values() for cell in row}
    tornado, draws = (image["alt"] for image in page(section).find_all("img"))
    assert tornado.startswith("Value less cost is")
    assert "2,000 draws" in draws
    assert "half of the draws above" in text(section)


def test_break_even_is_said_in_words() -> None:
    points = [item.get_text() for item in page(report.money_uncertainty(result(roi()))).select("ul li")]
    assert (
        points[0]
        == f"Offences averted per person would have to be {roi().break_even_offences / 203:.2f} (the estimate is 0.60)."
    )
    assert any("would have to be this programme's" in point for point in points)
    poor = roi(0.1, 0.05, 0.15)
    assert section_money_uncertainty.NOT_ENOUGH in text(report.money_uncertainty(result(poor)))
    worse = roi(-0.1, -0.2, -0.05)
    assert "No spending, however small" in text(report.money_uncertainty(result(worse))).replace(
        "no spending", "No spending"
    )


def test_where_nothing_is_uncertain_nothing_is_drawn() -> None:
    sure = roi(0.6, 0.6, 0.6, offence_mix=pd.DataFrame({"offence_group": ["handling"], "share": [1.0]}))
    section = report.money_uncertainty(result(sure))
    assert section_money_uncertainty.KNOWN in text(section)
    assert not page(section).find_all("img")
    assert "[z]" not in text(report.money(result(sure))).split("Every figure")[0].split("Who gains")[0]


def test_averages_stand_beside_each_other_and_the_other_way_below(person_by_person: Any) -> None:
    beside = money(per_person=person_by_person.value, other=roi(0.5))
    section = report.money_people(result(roi(), beside=beside))
    told = rows(section, "by several averages")
    assert list(told)[:2] == ["Mean", "Mean, bootstrap interval"]
    assert any(name.startswith("Middle person (mean of the middle 1") for name in told)
    assert "Only the mean adds up to money" in text(section)
    assert section_money_people.OTHER[True] in text(section)
    assert report.money_people(result(roi())).anchor == ""
    only = text(report.money_people(result(roi(), beside=money(other=roi(0.5)))))
    assert "the answer above has" in only


def test_personal_money_has_three_figures_at_most(told: dict[str, Any]) -> None:
    found = roi(assumptions=dip.RoiAssumptions(unit_cost_factor=dip.Uncertain(1, 0.8, 1.2)))
    for name in EVERY:
        for amount in re.findall(r"£([\d,]+(?:\.\d+)?)", text(getattr(report, name)(result(found, KEPT)))):
            digits = amount.replace(",", "").replace(".", "").lstrip("0").rstrip("0")
            assert len(digits) <= 3, (name, amount)
    assert "the 203 treated people" not in text(report.money(result(found, KEPT)))


def test_kinds_of_offence_behind_which_few_stand_are_withheld(told: dict[str, Any]) -> None:
    groups = rows(report.money_steps(result(roi(), KEPT)), "their value, by offence")
    assert groups["Robbery"][1:] == groups["Drug possession"][1:] == ["[c]"] * 3
    assert "[c]" not in groups["Shoplifting"]


def test_where_another_price_would_tell_only_the_answers_price_is_shown(told: dict[str, Any]) -> None:
    told["told"] = Told(groups=told["told"].groups, valuations=False)
    found = roi()
    assert list(rows(report.money(result(found, KEPT)), "Who gains")) == ["Social (the answer above)"]
    assert "Value with anticipation costs" not in text(report.money(result(found, KEPT)))
    assert "Fiscal:" not in page(report.money(result(found, KEPT))).find("img")["alt"]
    assert not any("Actual crimes" in name for name in rows(report.money_steps(result(found, KEPT)), "The steps"))
    inputs = rows(report.money_uncertainty(result(found, KEPT)), "at both ends")
    assert not any("anticipation" in name or "Multipliers" in name for name in inputs)
    twice = roi(assumptions=dip.RoiAssumptions(recorded_per_proven=2.0))
    assert "too few people" in text(report.money(result(twice, KEPT)))


def test_money_that_rests_on_few_people_is_withheld_everywhere(told: dict[str, Any]) -> None:
    told["smallest"] = 0
    assert "too few people" in text(report.money(result(roi(), KEPT)))
    assert section_money.in_brief(result(roi(), KEPT)) == ""
    for name in EVERY[1:]:
        assert getattr(report, name)(result(roi(), KEPT)).anchor == ""
    assert "too few people" in text(report.money(result(roi(), KEPT, n=9)))


def test_the_multiplier_of_a_rare_kind_of_offence_is_not_drawn(told: dict[str, Any]) -> None:
    own = {"shoplifting": dip.Uncertain(2, 1, 3), "robbery": dip.Uncertain(2, 1, 3)}
    found = roi(assumptions=dip.RoiAssumptions(actual_per_recorded=own))
    inputs = rows(report.money_uncertainty(result(found, KEPT)), "at both ends")
    assert any("shoplifting" in name for name in inputs)
    assert not any("robbery" in name for name in inputs)
    told["told"] = Told(groups=dict.fromkeys(MIX["offence_group"], 50))
    assert any("robbery" in name for name in rows(report.money_uncertainty(result(found, KEPT)), "at both ends"))


def test_the_middle_of_a_group_does_not_give_its_size(told: dict[str, Any], person_by_person: Any) -> None:
    section = report.money_people(result(roi(), KEPT, beside=money(per_person=person_by_person.value)))
    assert "Middle person (mean of the middle part of each group)" in rows(section, "by several averages")
    said = text(section)
    assert not re.search(r"middle \d", said.replace("the middle 95%", ""))
    assert str(person_by_person.design.n_treated) not in said
    assert "fewer than 3" not in said
    for amount in re.findall(r"£([\d,]+)", said):
        assert len(amount.replace(",", "").rstrip("0")) <= 2


def test_shares_of_draws_are_whole_for_personal_data_and_rates_stay_what_they_are() -> None:
    said = "in 55.8% of the draws (0.1% were the effect none), more than 99.9% of them, at 3.5% a year, on 203 people"
    assert money_words.told(result(), said) == said
    assert money_words.told(result(None, KEPT), said) == (
        "in 56% of the draws (1% were the effect none), more than 99% of them, at 3.5% a year, on 205 people"
    )
    assert money_words.told(result(), "£1,234,567 and £1.37 for each £1") == "£1,230,000 and £1.37 for each £1"
