"""The funding formula by hand: shares, floors, ceilings, transition, pence, words, refusals, other weights."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction
from typing import Any

import pandas as pd
import pytest

from dipeval.errors import InputError, InvariantError
from dipeval.indicators.funding import FundingAllocation, allocate_funding
from dipeval.indicators.funding.dividing import divide, to_pence
from dipeval.indicators.funding.weighing import grid

DATA = pd.DataFrame(
    {
        "district": ["Wakefield", "Leeds", "Bradford", "Kirklees", "Calderdale"],
        "crime": [10, 40, 30, 15, 5],
        "tests": [0, 50, 25, 25, 0],
        "before": [30_000.0, 30_000.0, 20_000.0, 10_000.0, 10_000.0],
        "people": [300, 800, 500, 400, 200],
    }
)


def made(data: pd.DataFrame = DATA, **options: Any) -> FundingAllocation:
    facts: dict[str, Any] = {"budget": 100_000, "need": {"crime": 1}}
    return allocate_funding(data, **{**facts, **options})


def amounts(shown: FundingAllocation) -> dict[str, float]:
    return {str(area): float(amount) for area, amount in shown.to_frame()[["area", "amount"]].itertuples(index=False)}


def bounds(shown: FundingAllocation) -> dict[str, str]:
    return {area: bound for area, bound in shown.to_frame()[["area", "bound"]].itertuples(index=False) if bound}


def test_by_need_alone() -> None:
    assert amounts(made()) == {
        "Bradford": 30_000, "Calderdale": 5_000, "Kirklees": 15_000, "Leeds": 40_000, "Wakefield": 10_000,
    }  # fmt: skip
    both = made(need={"crime": 3, "tests": 1}).to_frame().set_index("area")
    assert both.loc["Leeds", "need_share"] == pytest.approx(0.75 * 0.4 + 0.25 * 0.5)
    assert both["amount"].to_dict() == pytest.approx(both["unconstrained"].to_dict())


def test_a_floor_is_paid_for_by_the_others_in_proportion_to_need() -> None:
    shown = made(floor=0.1)
    assert amounts(shown) == pytest.approx(
        {"Bradford": 28_235.29, "Calderdale": 10_000, "Kirklees": 14_117.65, "Leeds": 37_647.06, "Wakefield": 10_000}
    )
    # Wakefield's own 9,411.76 of what is left lies below the floor as well.
    assert bounds(shown) == {"Calderdale": "floor", "Wakefield": "floor"}
    assert amounts(made(floor=10_000)) == amounts(shown)


def test_a_ceiling_frees_money_for_the_others() -> None:
    shown = made(ceiling=30_000)
    assert bounds(shown) == {"Bradford": "ceiling", "Leeds": "ceiling"}
    assert amounts(shown)["Kirklees"] == 20_000


def test_a_column_of_bounds_and_areas_without_any() -> None:
    data = DATA.assign(least=[None, None, 35_000, None, None], most=[None, 0.35, None, None, None])
    shown = made(data, floor="least", ceiling="most")
    assert bounds(shown) == {"Bradford": "floor", "Leeds": "ceiling"}
    assert amounts(shown) == {
        "Bradford": 35_000, "Calderdale": 5_000, "Kirklees": 15_000, "Leeds": 35_000, "Wakefield": 10_000,
    }  # fmt: skip


def test_a_transition_limits_how_far_amounts_move() -> None:
    shown = made(previous="before", max_fall=0.1, max_rise=0.25, per="people")
    frame = shown.to_frame().set_index("area")
    assert bounds(shown) == {"Calderdale": "transition", "Wakefield": "transition"}
    # 64,000 are left for shares of 0.30, 0.15 and 0.40; the last two have the largest parts of a penny.
    assert frame["amount"].to_dict() == {
        "Bradford": 22_588.23, "Calderdale": 9_000, "Kirklees": 11_294.12, "Leeds": 30_117.65, "Wakefield": 27_000,
    }  # fmt: skip
    assert bounds(made(previous="before", max_rise=0.1, max_fall=0.1)) == {
        "Bradford": "transition", "Calderdale": "transition", "Kirklees": "transition", "Wakefield": "transition",
    }  # fmt: skip
    assert frame["change"].to_dict() == pytest.approx((frame["amount"] - frame["previous"]).to_dict())
    assert frame.loc["Wakefield", "change_share"] == pytest.approx(-0.1)
    assert frame.loc["Leeds", "per_head"] == pytest.approx(30_117.65 / 800)


def test_an_area_that_is_new_has_no_transition() -> None:
    data = DATA.assign(before=[30_000.0, 30_000.0, 30_000.0, 10_000.0, None])
    shown = made(data, previous="before", max_fall=0.0, max_rise=None, budget=110_000)
    frame = shown.to_frame().set_index("area")
    assert pd.isna(frame.loc["Calderdale", "change"])
    assert "Not known what Calderdale got before" in str(shown.summary())


def test_nothing_of_the_need_and_no_floor_is_nothing_of_the_money() -> None:
    shown = made(need={"tests": 1})
    assert (amounts(shown)["Wakefield"], amounts(shown)["Calderdale"]) == (0, 0)
    assert "No need on record and no floor, so no money: Calderdale, Wakefield" in str(shown.summary())


def test_pence_come_to_the_budget_and_equal_remainders_go_by_name() -> None:
    data = pd.DataFrame({"district": ["c", "a", "b"], "tests": [1, 1, 1]})
    assert amounts(made(data, budget=Decimal("0.02"), need={"tests": 1})) == {"a": 0.01, "b": 0.01, "c": 0.0}
    frame = made(data, budget=100, need={"tests": 1}).to_frame()
    assert frame["amount_pence"].tolist() == [3_334, 3_333, 3_333]
    assert str(frame["amount_pence"].dtype) == "Int64"
    assert to_pence([Fraction(1, 2), Fraction(5, 4), Fraction(1, 4)], 2) == [1, 1, 0]


def test_one_area_gets_it_all() -> None:
    shown = made(DATA.head(1))
    assert amounts(shown) == {"Wakefield": 100_000}
    assert shown.summary().headline == "The whole budget of £100,000 goes to Wakefield."


def test_a_frame_is_a_fresh_copy_and_the_data_stay_as_they_are() -> None:
    before = DATA.copy()
    shown = made(per="people")
    mine = shown.to_frame()
    mine["amount"] = 0.0
    assert shown.to_frame()["amount"].sum() == 100_000
    pd.testing.assert_frame_equal(DATA, before)
    assert "<table>" in shown._repr_html_()


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"need": {"crimes": 1}}, "have no column 'crimes' (did you mean 'crime'?)"),
        ({"need": {}}, "need must name at least one measure"),
        ({"budget": 0}, "budget must be pounds above 0"),
        ({"budget": 10.001}, "budget must be in whole pence"),
        ({"need": {"crime": -1}}, "the weight of crime must be a number of 0 or more"),
        ({"need": {"crime": 0}}, "every weight is 0"),
        ({"max_fall": 0.1}, "need previous"),
        ({"previous": "before", "max_fall": 10}, "max_fall must be a share"),
        ({"floor": -1}, "floor must be a share of the budget"),
        ({"floor": 0.3}, "comes to £150,000, £50,000 more than the budget of £100,000"),
        ({"ceiling": 0.1}, "so £50,000 of the budget of £100,000 cannot be given out"),
        ({"need": {"tests": 1}, "ceiling": 0.3}, "so £10,000 of the budget"),
        ({"floor": 50_000, "ceiling": 40_000}, "at least £50,000 (floor) and at most £40,000 (ceiling), £10,000 less"),
        (
            {"floor": 15_000, "previous": "before", "max_rise": 0.2},
            "Calderdale must get at least £15,000 (floor) and at",
        ),
    ],
)
def test_what_cannot_be_is_told(options: dict[str, Any], words: str) -> None:
    with pytest.raises(InputError) as told:
        made(**options)
    assert words in str(told.value)


def test_faults_of_the_figures_are_told_at_once() -> None:
    data = DATA.assign(crime=[10, None, -3, 15, 5], tests=0, people=[0, 1, 1, 1, 1], mixed=[0.1, 500, None, None, None])
    with pytest.raises(InputError) as told:
        made(data, need={"crime": 1, "tests": 1}, per="people", floor="mixed")
    for words in (
        "crime is missing for Leeds", "crime must be a number of 0 or more for Bradford", "tests is 0 in every area",
        "people must be above 0", "mixed mixes shares of the budget",
    ):  # fmt: skip
        assert words in str(told.value)
    for frame, words in (
        (pd.concat([DATA, DATA.head(1)]), "Wakefield stand(s) in more than one row"),
        (DATA.head(0), "The data have no rows"),
        (DATA.assign(district=[None, "a", "b", "c", "d"]), "1 row(s) have no district"),
    ):
        with pytest.raises(InputError) as told:
            made(frame)
        assert words in str(told.value)
    with pytest.raises(InputError, match="data must be a DataFrame"):
        made([1, 2])  # type: ignore[arg-type]


def test_the_arithmetic_refuses_what_nobody_checked() -> None:
    with pytest.raises(InvariantError, match="cannot be given out"):
        divide([Fraction(1)], [0], [10], 20)
    with pytest.raises(InvariantError, match="not the sum of the remainders"):
        to_pence([Fraction(1), Fraction(1)], 5)
    found, factor = divide([Fraction(1, 4), Fraction(3, 4)], [0, 0], [100, 100], 100)
    assert (found, factor) == ([25, 75], 100)


class TestSensitivity:
    def test_one_weight_from_nothing_to_all(self) -> None:
        frame = made(need={"crime": 0.5, "tests": 0.5}).sensitivity(steps=4).to_frame()
        own = frame[frame["varied"] == "tests"].set_index("area")
        assert own.loc["Wakefield", ["amount_low", "amount_high", "weight_low", "weight_high"]].tolist() == [
            0.0, 10_000.0, 1.0, 0.0,
        ]  # fmt: skip
        assert own.loc["Leeds", "share_high"] == 0.5
        assert frame["varied"].unique().tolist() == ["crime", "tests", "all weights"]

    def test_all_weights_hold_every_single_one(self) -> None:
        shown = made(need={"crime": 0.5, "tests": 0.2, "people": 0.3}, floor=0.06).sensitivity(steps=3)
        frame = shown.to_frame()
        wide = frame[frame["varied"] == "all weights"].set_index("area")
        alone = frame[frame["varied"] != "all weights"].groupby("area")
        assert (wide["amount_low"] <= alone["amount_low"].min()).all()
        assert (wide["amount_high"] >= alone["amount_high"].max()).all()
        assert len(list(grid(["a", "b", "c"], 3))) == 10
        assert "no margins of error" in str(shown.summary())

    def test_weights_that_leave_money_over_are_counted(self) -> None:
        shown = made(need={"crime": 0.5, "tests": 0.5}, ceiling=0.33).sensitivity(steps=2)
        assert shown.n_impossible == 1
        assert "1 sets are left out" in str(shown.summary())

    def test_nothing_to_vary(self) -> None:
        shown = made().sensitivity()
        assert shown.summary().headline.startswith("Need is measured by one figure")
        assert (shown.to_frame()["amount_low"] == shown.to_frame()["amount_high"]).all()
        alike = made(DATA.assign(again=DATA["crime"]), need={"crime": 1, "again": 1}).sensitivity(steps=2)
        assert alike.summary().headline.startswith("No weight changes")
        with pytest.raises(InputError, match="steps must be a whole number"):
            made().sensitivity(steps=0)


def test_pictures_keep_the_alphabet() -> None:
    shown = made(need={"crime": 1, "tests": 1}, floor=0.06, previous="before")
    for axes in (shown.plot(), shown.sensitivity(steps=2).plot()):
        assert [label.get_text() for label in axes.get_yticklabels()] == sorted(DATA["district"])
        assert shown.plot(ax=axes) is axes


@pytest.mark.parametrize(
    ("need", "said", "not_said"),
    [
        ({"tests": 1}, ["pays for testing"], ["judgement"]),
        ({"positive_tests": 1, "crime": 1}, ["pays for testing", "The weights are a judgement"], []),
        ({"crime": 2, "population": 1}, ["The weights are a judgement"], ["pays for testing", "below 100"]),
        ({"few": 1}, ["Some figures are below 100"], ["pays for testing"]),
        ({"contests": 1}, [], ["pays for testing", "below 100"]),
    ],
)
def test_what_the_measures_bring_with_them_is_said(
    need: dict[str, float], said: list[str], not_said: list[str]
) -> None:
    data = pd.DataFrame({"district": ["Leeds", "Wakefield"], "few": [99, 400], "contests": [0.5, 200]})
    data = data.assign(tests=[500, 700], positive_tests=[300, 300], crime=[900, 800], population=[10_000, 20_000])
    notes = " ".join(allocate_funding(data, budget=1_000, need=need).summary().notes)
    assert all(words in notes for words in said)
    assert not any(words in notes for words in not_said)
