"""Cost per contact, start, twelve-week stay and completion: the right sum with the right label, or none."""

from __future__ import annotations

import datetime as dt
import math
from types import SimpleNamespace
from typing import Any

import pandas as pd
import pytest

from dipeval.errors import InputError, InvariantError
from dipeval.roi.costs_of_crime.tables import load_gdp_deflator
from dipeval.roi.spending import stage_words
from dipeval.roi.spending.per_stage import COLUMNS, CostPerStage, cost_per_stage
from dipeval.roi.spending.stage_counts import check_window

DISTRICTS = ("Leeds", "Bradford")


def line(amount: float = 1_000.0, **more: Any) -> dict[str, Any]:
    plain = {
        "district": "Leeds",
        "financial_year": "2019/20",
        "funder": "PCC",
        "spent_on": "contact",
        "price_year": 2019,
    }
    return plain | {"amount": amount} | more


def costs_of(*lines: dict[str, Any]) -> pd.DataFrame:
    return pd.DataFrame(list(lines or (line(),)))


def counts_of(**n: Any) -> pd.DataFrame:
    return pd.DataFrame({"stage": list(n), "n": list(n.values())})


def pathway_of(frame: pd.DataFrame, **more: Any) -> Any:
    facts = {
        "by": "district", "counting": "period", "date_from": dt.date(2019, 4, 1), "date_to": dt.date(2020, 3, 31),
        "any_contact": True, "how_counted": "Period counting: what happened.", "notes": lambda: ("A definition.",),
        "to_frame": lambda: frame,
    }  # fmt: skip
    return SimpleNamespace(**(facts | more))


def two_districts() -> pd.DataFrame:
    return pd.DataFrame(
        {
            "group": ["everyone"] * 2 + ["Leeds"] * 2 + ["Bradford"] * 2,
            "stage": ["attended", "treatment"] * 3,
            "n": [30, 15, 20, 12, 10, 3],
        }
    )


def by_label(shown: CostPerStage) -> dict[tuple[str, str], float]:
    frame = shown.to_frame()
    return {(row.group, row.label): row.cost for row in frame.itertuples()}


def test_the_same_money_over_each_count_by_hand() -> None:
    shown = cost_per_stage(
        costs_of(line(600.0), line(400.0, spent_on="treatment")),
        counts_of(tested=100, positive=50, contact=40, treatment=20, retained_12_weeks=16, completed=4),
        counting="cohort",
    )
    frame = shown.to_frame()
    assert tuple(frame.columns) == COLUMNS
    assert frame["cost"].tolist() == [10.0, 20.0, 25.0, 50.0, 62.5, 250.0]
    assert frame["label"].tolist() == [
        "cost per person tested",
        "cost per person who tested positive",
        "cost per contact",
        "cost per person who started treatment",
        "cost per person retained 12 weeks",
        "cost per successful completion",
    ]
    assert set(frame["spent_on"]) == {"contact and treatment"} and shown.spent_on == ("contact", "treatment")
    assert frame["unit"].iloc[-1] == "pounds per successful completion, 2019/20 prices"
    assert frame["note"].tolist()[:5] == [""] * 5
    assert frame["note"].iloc[-1] == stage_words.FEW_PEOPLE
    assert shown.amount == 1_000.0 and shown.by is None
    assert shown.summary().headline == (
        "£1,000 spent on identification, contact and monitoring; and the treatment itself, comes to £25 per contact, "
        "£50 per person who started treatment, £63 per person retained 12 weeks and £250 per successful completion "
        "(not per referral): the same money divided by different counts."
    )
    early = cost_per_stage(costs_of(), counts_of(tested=100, positive=50)).summary().headline
    assert "comes to £10 per person tested and £20 per person who tested positive" in early
    assert list(shown.summary().table.columns) == ["Figure", "Cost", "People", "Money", "Note"]
    frame["cost"] = 0.0
    assert shown.to_frame()["cost"].iloc[0] == 10.0


def test_the_words_say_what_the_money_did_not_pay_for() -> None:
    assert stage_words.paid_for(["testing"]) == "drug testing, not the treatment itself"
    assert stage_words.paid_for(["treatment"]).endswith("not finding and meeting the people treated")
    assert "only call 'other'" in stage_words.paid_for(["other", "treatment"])
    shown = cost_per_stage(costs_of(line(spent_on="treatment")), counts_of(completed=20), counting="cohort")
    assert shown.summary().headline == (
        "£1,000 spent on the treatment itself, not finding and meeting the people treated, comes to £50 per successful "
        "completion (not per referral)."
    )
    assert stage_words.COMPLETION in shown.notes


def test_a_start_in_a_cohort_is_being_in_treatment_in_a_period() -> None:
    for counting, label in (("cohort", "person who started treatment"), ("period", "person in treatment")):
        shown = cost_per_stage(costs_of(), counts_of(treatment=20), counting=counting)
        assert shown.to_frame()["label"].tolist() == [f"cost per {label}"]
        assert stage_words.COUNTING[counting] in shown.notes
    unsaid = cost_per_stage(costs_of(), counts_of(treatment=20))
    assert unsaid.counting == "not stated" and stage_words.COUNTING["not stated"] in unsaid.notes


def test_a_contact_is_a_required_assessment_where_the_source_tells() -> None:
    rows = two_districts()
    shown = cost_per_stage(costs_of(), pathway_of(rows, any_contact=False, by="sex"))
    assert shown.everyone.loc["attended", "label"] == "cost per person who attended a required assessment"
    assert cost_per_stage(costs_of(), pathway_of(rows)).everyone.loc["attended", "label"] == "cost per contact"
    own = cost_per_stage(costs_of(), counts_of(weekly_group=20))
    assert own.everyone["label"].tolist() == ["cost per person at the stage 'weekly group'"]


def test_nobody_at_a_stage_is_no_cost() -> None:
    shown = cost_per_stage(costs_of(), counts_of(contact=20, treatment=0, completed=None), counting="cohort")
    frame = shown.everyone
    assert math.isnan(frame.loc["treatment", "cost"]) and math.isnan(frame.loc["completed", "cost"])
    assert frame["note"].tolist() == ["", stage_words.NO_ONE, stage_words.NOT_SHOWN]
    assert shown.summary().table["Cost"].tolist() == ["£50", "[x]", "[x]"]
    nobody = cost_per_stage(costs_of(), counts_of(contact=0))
    assert nobody.summary().headline.endswith(": nobody was counted at any stage, so there is no cost per person.")
    hidden = cost_per_stage(costs_of(), counts_of(contact=None))
    assert hidden.summary().headline.endswith(": no count of people is shown, so there is no cost per person.")
    assert [text.get_text() for text in hidden.plot().texts] == ["no figure\n(count not shown)"]


def test_few_people_are_marked_without_telling_how_many() -> None:
    assert [stage_words.note(float(n), 1.0) for n in (1, 9, 10)] == [stage_words.FEW_PEOPLE] * 2 + [""]
    assert stage_words.note(3.0, 1.0, "Short.") == f"{stage_words.FEW_PEOPLE} Short."


def test_districts_get_their_own_money() -> None:
    costs = costs_of(line(600.0, district=" LEEDS"), line(400.0, district="Bradford"))
    shown = cost_per_stage(costs, pathway_of(two_districts()))
    assert shown.by == "district"
    assert by_label(shown) == {
        ("everyone", "cost per contact"): pytest.approx(1000 / 30),
        ("everyone", "cost per person in treatment"): pytest.approx(1000 / 15),
        ("Leeds", "cost per contact"): 30.0,
        ("Leeds", "cost per person in treatment"): 50.0,
        ("Bradford", "cost per contact"): 40.0,
        ("Bradford", "cost per person in treatment"): pytest.approx(400 / 3),
    }
    assert shown.summary().table["Where"].tolist()[::2] == ["Everyone", "Leeds", "Bradford"]
    assert {"Period counting: what happened.", "A definition."} <= set(shown.notes)


def test_a_plain_table_by_district_adds_up_to_everyone() -> None:
    counts = pd.DataFrame({"district": ["Leeds", "Bradford"], "stage": "contact", "n": [20, 30], "counting": "period"})
    costs = costs_of(line(600.0), line(400.0, district="Bradford"))
    shown = cost_per_stage(costs, counts)
    assert shown.to_frame()["n"].tolist() == [50, 20, 30] and shown.counting == "period"
    assert stage_words.SUMMED in shown.notes
    hidden = cost_per_stage(costs, counts.assign(n=[20, None]))
    assert hidden.to_frame()["note"].tolist() == [stage_words.NOT_SHOWN, "", stage_words.NOT_SHOWN]
    again = cost_per_stage(costs[::-1], counts)
    pd.testing.assert_frame_equal(shown.to_frame(), again.to_frame(), check_exact=True)


def test_districts_spelt_in_two_ways_are_listed_with_the_nearest() -> None:
    costs = costs_of(line(district="Leeds"), line(district="Bradfrod"))
    with pytest.raises(InputError, match=r"1 district\(s\).*'Bradford' \(nearest in the costs: 'Bradfrod'\)"):
        cost_per_stage(costs, pathway_of(two_districts()))
    with pytest.raises(InputError, match="None of the 2 districts of the counts has spending; the costs name York"):
        cost_per_stage(costs_of(line(district="York")), pathway_of(two_districts()))


def test_a_district_without_money_has_no_cost_and_money_without_people_is_named() -> None:
    shown = cost_per_stage(costs_of(line(600.0), line(40.0, district="York")), pathway_of(two_districts()))
    own = shown.to_frame().set_index(["group", "stage"])
    assert own.loc[("Bradford", "attended"), "note"] == stage_words.NO_SPENDING
    assert math.isnan(own.loc[("Bradford", "attended"), "cost"])
    assert own.loc[("everyone", "attended"), "cost"] == pytest.approx(640 / 30)
    assert "Spent where nobody is counted, and part of the total: York." in shown.notes


def test_a_district_that_lacks_a_year_of_spending_is_marked() -> None:
    costs = costs_of(line(), line(financial_year="2020/21"), line(district="Bradford"))
    shown = cost_per_stage(costs, pathway_of(two_districts(), date_to=dt.date(2021, 3, 31)))
    notes = shown.to_frame().set_index(["group", "stage"])["note"]
    assert notes["Bradford", "attended"] == "No spending is on record for 2020/21."
    assert notes["Leeds", "attended"] == ""


def test_spending_not_known_by_the_breakdown_shows_the_total_only() -> None:
    for counts, costs in (
        (pathway_of(two_districts(), by="sex"), costs_of()),
        (pathway_of(two_districts()), costs_of().drop(columns="district")),
    ):
        shown = cost_per_stage(costs, counts)
        assert set(shown.to_frame()["group"]) == {"everyone"}
        assert f"The spending is not known by {counts.by}: only the total is shown." in shown.notes


def test_prices_are_brought_together() -> None:
    deflator = load_gdp_deflator().set_index("year")["deflator"]
    costs = costs_of(line(100.0, price_year="2012/13", financial_year="2012/13"), line(100.0))
    shown = cost_per_stage(costs, counts_of(contact=10), counting="cohort")
    assert shown.price_year == 2019 and shown.prices_converted
    assert shown.amount == pytest.approx(100 + 100 * deflator[2019] / deflator[2012], rel=1e-14)
    old = cost_per_stage(costs, counts_of(contact=10), counting="cohort", price_year=2012)
    assert old.amount == pytest.approx(100 + 100 * deflator[2012] / deflator[2019], rel=1e-14)
    assert any("GDP deflator" in note for note in old.notes)
    mine = pd.DataFrame({"year": [2012, 2019], "deflator": [50.0, 100.0]})
    assert cost_per_stage(costs, counts_of(contact=10), deflator=mine).amount == pytest.approx(300.0)
    single = cost_per_stage(costs_of(line(price_year=1985)), counts_of(contact=10))
    assert single.price_year == 1985 and not single.prices_converted


def test_only_the_kinds_asked_for_are_counted_and_the_rest_is_named() -> None:
    costs = costs_of(line(600.0), line(400.0, spent_on="testing"))
    shown = cost_per_stage(costs, counts_of(contact=10), spent_on=["testing"])
    assert shown.amount == 400.0
    assert "Left out on request: the contact lines of the costs." in shown.notes


def test_money_and_people_of_different_times() -> None:
    window = (dt.date(2019, 4, 1), dt.date(2020, 3, 31))
    assert check_window(window, [2019]) == ""
    assert check_window(None, [1999]) == ""
    assert "too high or too low" in check_window(window, [2018, 2019])
    assert "too high or too low" in check_window((dt.date(2019, 4, 1), dt.date(2021, 3, 31)), [2019])
    assert "too high or too low" in check_window((dt.date(2019, 1, 1), dt.date(2019, 12, 31)), [2018, 2019])
    with pytest.raises(InputError, match="share no year"):
        cost_per_stage(costs_of(line(financial_year="2016/17")), pathway_of(two_districts()))


@pytest.mark.parametrize(
    ("counts", "more", "words"),
    [
        (counts_of(contact=1).drop(columns="n"), {}, r"lack the column\(s\) n"),
        (counts_of(), {}, "The counts are empty"),
        (counts_of(contact="many"), {}, "not all numbers"),
        (counts_of(contact=1.5), {}, "1 of the 1 counts are not whole numbers"),
        (counts_of(contact=-1), {}, "0 or more"),
        (pd.concat([counts_of(contact=1)] * 2), {}, "more than once for the same group"),
        (counts_of(contact=1), {"counting": "both"}, "'cohort' or 'period', not 'both'"),
        (counts_of(contact=1, treatment=1).assign(counting=["cohort", "period"]), {}, "cannot be mixed"),
        (counts_of(contact=1).assign(counting="cohort"), {"counting": "period"}, "are those of a cohort"),
        (pathway_of(two_districts()), {"counting": "cohort"}, "are those of a period"),
        (7, {}, "a result of dip.pathway"),
        (counts_of(contact=1), {"spent_on": ["lunch"]}, "does not know: lunch"),
        (counts_of(contact=1), {"spent_on": "treatment"}, "None of the 1 lines of the costs is spent on treatment"),
        (counts_of(contact=1), {"price_year": "soon"}, "not a year"),
    ],
)
def test_counts_that_cannot_be_used_are_refused(counts: Any, more: dict[str, Any], words: str) -> None:
    with pytest.raises(InputError, match=words):
        cost_per_stage(costs_of(), counts, **more)


def test_costs_that_cannot_be_used_are_refused() -> None:
    with pytest.raises(InputError, match=r"lack the column\(s\) price_year"):
        cost_per_stage(costs_of().drop(columns="price_year"), counts_of(contact=1))
    with pytest.raises(InputError, match="price_year of the costs holds 1 value"):
        cost_per_stage(costs_of(line(price_year="soon")), counts_of(contact=1))


def test_broken_results_are_not_made() -> None:
    shown = cost_per_stage(costs_of(), counts_of(contact=10, treatment=20))
    facts = {name: getattr(shown, name) for name in shown.__dataclass_fields__}
    frame = shown.to_frame()
    for broken in (
        frame.drop(columns="unit"),
        frame.assign(cost=frame["cost"] * 2),
        frame.assign(amount=[1.0, 2.0], cost=[0.1, 0.1]),
        frame.assign(n=0),
        pd.concat([frame, frame]),
    ):
        with pytest.raises(InvariantError):
            CostPerStage(**(facts | {"_frame": broken}))


def test_the_picture_has_a_label_for_every_bar() -> None:
    costs = costs_of(line(600.0), line(400.0, district="Bradford"))
    axes = cost_per_stage(costs, pathway_of(two_districts())).plot()
    assert [text.get_text() for text in axes.texts] == ["Everyone: £33\n(30 people)", "Everyone: £67\n(15 people)"]
    assert [text.get_text() for text in axes.get_yticklabels()] == ["Cost per contact", "Cost per person in\ntreatment"]
    assert axes.get_legend_handles_labels()[1] == ["Leeds", "Bradford"]
    assert axes.get_xlabel() == "Pounds (2019/20 prices): £1,000 over the people at each stage"
    again = cost_per_stage(costs_of(), counts_of(contact=10, treatment=0, completed=None)).plot(axes)
    assert again is axes
