"""Which spending is set against which effect, whom it is laid on, and the choices that need a written reason."""

from __future__ import annotations

import math
from typing import Any

import pandas as pd
import pytest

from dipeval.errors import InputError, InvariantError
from dipeval.extracts import make_extracts
from dipeval.roi.costs_of_crime.tables import Deflator, load_gdp_deflator
from dipeval.roi.spending.cost_checks import clean_lines
from dipeval.roi.spending.cost_lines import CostLines, read_cost_lines
from dipeval.roi.spending.cost_reasons import reason_needed

REASON = "The comparison people had the same treatment elsewhere."


def line(spent_on: str = "treatment", amount: Any = 1_000.0, **more: Any) -> dict[str, Any]:
    plain = {"district": "Leeds", "financial_year": "2019/20", "funder": "PCC", "price_year": 2019}
    return plain | {"spent_on": spent_on, "amount": amount} | more


def costs_of(*lines: dict[str, Any]) -> pd.DataFrame:
    return pd.DataFrame(list(lines or (line(),)))


def read(costs: pd.DataFrame, **more: Any) -> CostLines:
    facts: dict[str, Any] = {"cost_people": 50, "deflator": Deflator(2019), "discount_rate": 0.035}
    return read_cost_lines(costs, **(facts | more))


def three_kinds() -> pd.DataFrame:
    return costs_of(
        line("testing", 5_900.0),
        line("contact", 3_300.0),
        line("treatment", 6_000.0, funder="Public health"),
        line("treatment", 4_000.0, funder="NHS"),
    )


def test_four_views_of_the_same_money_by_hand() -> None:
    costs = three_kinds().assign(marginal_share=[1.0, 1.0, 0.5, 1.0])
    lines = read(costs, people_reached={"testing": 590, "contact": 330})
    assert lines.available == ("marginal", "set_against", "own_share", "full")
    assert lines.against == lines.spent_on == ("treatment",) and lines.kinds == ("testing", "contact", "treatment")
    # 20 of the 50 treated.
    assert lines.for_people(20) == {"treatment": pytest.approx(4_000)}
    assert lines.for_people(20, "marginal") == {"treatment": pytest.approx(2_800)}
    own = {"testing": 200, "contact": 200, "treatment": 4_000}
    assert lines.for_people(20, "own_share") == pytest.approx(own)
    assert lines.for_people(20, "full") == pytest.approx({"testing": 2_360, "contact": 1_320, "treatment": 4_000})
    views = lines.views(20).set_index("view")
    assert views["cost"].to_dict() == pytest.approx(
        {"marginal": 2_800, "set_against": 4_000, "own_share": 4_400, "full": 7_680}
    )
    assert views["amount"].to_dict() == pytest.approx(
        {"marginal": 7_000, "set_against": 10_000, "own_share": 19_200, "full": 19_200}
    )
    assert views.loc[["marginal", "set_against", "full"], "people"].tolist() == [50] * 3
    assert views["people"].isna()["own_share"]
    assert views["per_person"].to_dict() == pytest.approx((views["cost"] / 20).to_dict())
    assert views.loc["full", "spent_on"] == "testing, contact and treatment"
    assert lines.marginal_stated and not read(three_kinds()).marginal_stated
    assert list(lines.views(20).columns) == ["view", "label", "spent_on", "amount", "people", "per_person", "cost"]


def test_lines_that_are_not_set_against_the_effect_change_nothing_in_what_is() -> None:
    early = pd.concat([three_kinds(), costs_of(line("testing", 9e6, financial_year="2015/16"))], ignore_index=True)
    for costs in (three_kinds(), early):
        lines = read(costs)
        assert lines.for_people(20) == {"treatment": 4_000.0}
        assert (lines.years, lines.spread, lines.base_year) == ((2019,), 1.0, 2019)
        assert lines.notes[0] == "Not set against the benefit: the testing and contact lines; the full cost holds them."
    # Money spent before the first year of treatment is brought forward to it.
    assert read(early).for_people(50, "full")["testing"] == pytest.approx(5_900 + 9e6 * 1.035**4)


def test_finding_the_treated_may_be_set_against_treatment_without_a_reason() -> None:
    lines = read(three_kinds(), against=("treatment", "contact"))
    assert lines.against == ("contact", "treatment") and lines.reason == ""
    assert lines.for_people(50) == {"contact": 3_300.0, "treatment": 10_000.0}
    assert lines.real_for_people(25) == pytest.approx(6_650)
    assert read(three_kinds(), against="treatment").against == ("treatment",)


@pytest.mark.parametrize(
    ("effect_of", "against", "words"),
    [
        ("treatment", ("contact",), "somebody else paid for the treatment that did the work"),
        ("treatment", ("contact", "testing"), "testing also finds people who never start treatment"),
        ("treatment", ("treatment", "testing"), "set against testing too"),
        ("treatment", ("treatment", "other"), "'other' does not say what it bought"),
        ("contact", ("treatment",), "without the cost of contact"),
        ("contact", ("contact", "treatment"), "would have come to it without this contact"),
        ("contact", ("contact", "testing"), "estimate the effect of the whole programme"),
        ("programme", ("contact", "treatment"), "the testing and other lines of the same table are left out"),
    ],
)
def test_choices_that_flatter_or_wrong_need_a_written_reason(effect_of: str, against: tuple[str], words: str) -> None:
    costs = pd.concat([three_kinds(), costs_of(line("other", 10.0))], ignore_index=True)
    for reason in ("", "because", "  14 + 14 = 28 !!!!!!!!"):
        with pytest.raises(InputError, match=f"(?s){words}.*A good reason would be.*at least 15 letters"):
            read(costs, effect_of=effect_of, against=against, reason=reason)
    lines = read(costs, effect_of=effect_of, against=against, reason=f" {REASON} ")
    assert set(lines.against) == set(against) and lines.reason == REASON
    assert any(f"The reason given: “{REASON}”" in note for note in lines.notes)


def test_the_plain_choices_need_none() -> None:
    kinds = ("testing", "contact", "treatment")
    for effect_of, against in (
        ("treatment", ("treatment",)),
        ("treatment", ("contact", "treatment")),
        ("contact", ("contact",)),
        ("programme", kinds),
    ):
        assert reason_needed(effect_of, against, kinds) == ""
    assert read(three_kinds(), effect_of="programme").against == kinds
    assert read(three_kinds(), effect_of="contact").against == ("contact",)


def test_the_ratio_without_treatment_cost_is_called_inflated_even_with_a_reason() -> None:
    lines = read(costs_of(line("contact")), against=["contact"], reason=REASON)
    assert (
        "The cost of the treatment itself is not set against what treatment did: the ratio is inflated." in lines.notes
    )
    assert lines.available == ("set_against", "full")
    with pytest.raises(InputError, match="cannot show the view 'marginal'; they can show set_against and full"):
        lines.for_people(10, "marginal")
    with pytest.raises(InputError, match="No line of the costs is spent on treatment: add those lines, whoever paid"):
        read(costs_of(line("contact")), against=["contact"])
    with pytest.raises(InputError, match="Name 'treatment' in against: the costs hold such lines, whoever paid"):
        read(three_kinds(), against=["contact"])


def test_an_effect_of_contact_says_that_treatment_is_left_out() -> None:
    assert any("through the treatment that follows" in note for note in read(three_kinds(), effect_of="contact").notes)
    alone = read(costs_of())
    assert any("What it cost to find these people is not among the costs" in note for note in alone.notes)


@pytest.mark.parametrize(
    ("more", "words"),
    [
        ({"effect_of": "arrest"}, "effect_of is one of treatment, contact, programme"),
        ({"effect_of": "contact"}, "None of the costs is spent on contact.*they are spent on treatment"),
        ({"against": ("testing", "contact")}, "testing and contact, but no line of the costs is spent on it"),
        ({"against": ("lunch",)}, "does not know: lunch"),
        ({"against": ()}, "against is empty"),
        ({"cost_people": None}, "does not say how many people it paid for"),
        ({"cost_people": 0}, "above 0"),
        ({"cost_people": 1.5}, "above 0"),
        ({"cost_people": True}, "above 0"),
        ({"people_reached": {"lunch": 90}}, "does not know: lunch"),
        ({"people_reached": {"testing": 90.5}}, "whole numbers above 0; look at testing"),
        ({"people_reached": {"testing": None}}, "whole numbers above 0"),
        ({"people_reached": {"testing": 40, "contact": 30}}, "testing and contact reached fewer people than cost_peop"),
        ({"people_reached": {"treatment": 49}}, "treatment reached fewer people than cost_people"),
    ],
)
def test_choices_that_cannot_be_are_refused(more: dict[str, Any], words: str) -> None:
    with pytest.raises(InputError, match=words):
        read(costs_of(), **more)


def test_a_kind_later_on_the_way_may_reach_fewer() -> None:
    lines = read(three_kinds(), effect_of="contact", cost_people=100, people_reached={"testing": 590, "treatment": 40})
    # All that was spent on treating 40 of them is still carried by the 100 who were met.
    assert lines.for_people(100, "own_share") == pytest.approx(
        {"testing": 1_000, "contact": 3_300, "treatment": 10_000}
    )


def test_people_stated_line_by_line() -> None:
    costs = costs_of(
        line("contact", 600.0, people=60, funder="PCC"),
        line("contact", 400.0, people=60, funder="NHS"),
        line("contact", 500.0, people=40, financial_year="2020/21"),
        line("treatment", 900.0, people=50),
    )
    lines = read(costs, discount_rate=0.0)
    assert dict(lines.people_reached) == {"contact": 100, "treatment": 50}
    assert lines.for_people(10, "own_share") == pytest.approx({"contact": 150, "treatment": 180})
    assert read(costs, people_reached={"contact": 75}).people_reached["contact"] == 75
    gap = read(costs.assign(people=[60, None, 40, 50]))
    assert "contact" not in gap.people_reached and "own_share" not in gap.available
    doubt = read(costs.assign(people=[60, 50, 40, 50]))
    assert any("state different numbers of people" in note for note in doubt.notes)
    few = read(costs.assign(people=[60, 60, 40, 30]))
    assert any("the treatment lines state fewer people" in note.lower() for note in few.notes)


def test_later_spending_is_discounted_to_the_first_year_of_what_is_set_against() -> None:
    costs = costs_of(line(amount=50.0), line(amount=50.0, financial_year="2021/22"))
    lines = read(costs, discount_rate=0.1)
    assert lines.real == 100.0 and lines.present == pytest.approx(50 + 50 / 1.21, rel=1e-14)
    assert lines.spread == pytest.approx((1 + 1.1**-2) / 2, rel=1e-14) and lines.years == (2019, 2021)
    assert lines.real_for_people(25) == 50.0


def test_prices_are_brought_together_and_it_is_said() -> None:
    deflator = load_gdp_deflator().set_index("year")["deflator"]
    lines = read(costs_of(line(), line(price_year="2012/13", financial_year="2012/13")), discount_rate=0.0)
    assert lines.real == pytest.approx(1_000 + 1_000 * deflator[2019] / deflator[2012], rel=1e-14)
    assert lines.prices_converted and not read(costs_of()).prices_converted
    with pytest.raises(InputError, match="has no value for 2031"):
        read(costs_of(), deflator=Deflator(2031))


def test_who_paid_for_what() -> None:
    frame = read(three_kinds(), people_reached={"contact": 330}).spending()
    columns = ["funder", "spent_on", "amount", "share", "set_against", "people", "belongs_to"]
    assert frame.columns.tolist() == columns
    assert frame["people"].fillna(0).tolist() == [0, 330, 50, 50]
    assert frame["belongs_to"].tolist() == ["programme", "contact", "treatment", "treatment"]
    assert frame[["funder", "spent_on", "set_against"]].values.tolist() == [
        ["PCC", "testing", False],
        ["PCC", "contact", False],
        ["NHS", "treatment", True],
        ["Public health", "treatment", True],
    ]
    assert math.fsum(frame["share"]) == pytest.approx(1) and frame["amount"].tolist()[2:] == [4_000, 6_000]
    bare = read(costs_of().drop(columns=["funder", "district"]))
    assert bare.spending()["funder"].tolist() == ["not stated"]


def test_row_order_changes_no_digit() -> None:
    rows = [line(("treatment", "contact")[n % 2], 0.1 * n + 0.01, price_year=2010 + n % 9) for n in range(40)]
    costs = pd.DataFrame(rows).assign(funder=[f"F{n % 3}" for n in range(40)], marginal_share=0.3)
    first, again = (read(one, people_reached={"contact": 77}) for one in (costs, costs.sample(frac=1, random_state=1)))
    pd.testing.assert_frame_equal(first.views(7), again.views(7), check_exact=True)
    pd.testing.assert_frame_equal(first.spending(), again.spending(), check_exact=True)


@pytest.mark.parametrize(
    ("costs", "words"),
    [
        (costs_of().drop(columns=["price_year", "amount"]), r"lack the column\(s\) amount, price_year"),
        (costs_of().iloc[:0], "costs are empty"),
        (costs_of(line(unit="GBP thousand")), "unit other than GBP in 1 of their 1 lines .column unit"),
        (costs_of(line(currency=None)), "other than GBP"),
        (costs_of(line(amount="a lot")), "amounts of the costs are not all numbers"),
        (costs_of(line(amount=None), line()), "1 of the 2 amounts of the costs are missing"),
        (costs_of(line(amount=-1)), "1 of the 1 amounts of the costs are below 0"),
        (costs_of(line(amount=math.inf)), "are not finite"),
        (costs_of(line(amount=0)), "add up to nothing"),
        (costs_of(line("lunch")), "1 of the 1 lines of the costs do not say what they were spent on"),
        (costs_of(line(financial_year="2019/23")), "financial_year of the costs holds 1 .*not a year such as 2019"),
        (costs_of(line(), line(price_year=None)), "price_year of the costs holds 1 .*first in line 2"),
        (costs_of(line(price_year=3019)), "price_year of the costs holds 1"),
        (
            costs_of(line(marginal_share=40)),
            r"1 of the 1 values of marginal_share .*a share between 0 and 1 \(0.4, not",
        ),
        (costs_of(line(marginal_share="half")), "marginal_share of the costs does not hold numbers only"),
        (costs_of(line(people=0)), "people in the costs are not a whole number above 0"),
        (costs_of(line(people=2.5)), "people in the costs are not a whole number"),
    ],
)
def test_lines_that_cannot_be_read_are_refused(costs: pd.DataFrame, words: str) -> None:
    with pytest.raises(InputError, match=words):
        read(costs)


def test_every_fault_of_the_costs_is_named_at_once() -> None:
    costs = costs_of(
        line("lunch", -1, unit="k", price_year="soon", financial_year="never", marginal_share=7, people=-1)
    )
    with pytest.raises(InputError, match="7 faults in the costs:") as caught:
        read(costs)
    assert str(caught.value).count("\n  - ") == 7


def test_treatment_lines_of_nothing_are_not_set_against_anything() -> None:
    with pytest.raises(InputError, match="lines spent on treatment add up to nothing"):
        read(costs_of(line(amount=0), line("contact", 10.0)))
    nothing_more = read(costs_of(line(marginal_share=0)))
    assert "marginal" not in nothing_more.available


def test_what_looks_wrong_is_said() -> None:
    assert any("less than £20 a person" in note for note in read(costs_of(line(amount=40.0))).notes)
    assert any(
        note.startswith("1 line(s) of the costs are the same as another")
        for note in read(costs_of(line(), line())).notes
    )
    assert len(read(three_kinds()).notes) == 1


def test_words_for_pounds_are_understood() -> None:
    for unit in ("GBP", "£", " pounds "):
        assert read(costs_of(line(unit=unit))).real == 1_000.0


def test_the_spend_table_of_extracts_carries_people_and_marginal_share() -> None:
    spend = costs_of(line(people=60, marginal_share=0.25), line(people=None, marginal_share=None))
    table = make_extracts({"spend": spend}, extract_date="2020-03-31").table("spend")
    lines = clean_lines(table, Deflator(2019))
    assert sorted(lines["marginal_share"]) == [0.25, 1.0] and lines["people"].isna().sum() == 1
    plain = make_extracts({"spend": costs_of()}, extract_date="2020-03-31").table("spend")
    assert read(plain).for_people(50) == {"treatment": 1_000.0}
    for bad in ({"marginal_share": 40}, {"people": 0}):
        with pytest.raises(InputError, match=next(iter(bad))):
            make_extracts({"spend": costs_of(line(**bad))}, extract_date="2020-03-31")


def test_broken_lines_are_not_made() -> None:
    lines = read(costs_of())
    facts = {name: getattr(lines, name) for name in lines.__dataclass_fields__}
    for broken in ({"against": ("contact",)}, {"_lines": lines._lines.assign(real=0.0)}):
        with pytest.raises(InvariantError):
            CostLines(**(facts | broken))
