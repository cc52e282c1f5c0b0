"""What an offence is worth by perspective: by hand, nested, bounded where harm is not known, and never silently 0."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pandas as pd
import pytest

from dipeval.errors import InputError, InvariantError
from dipeval.roi.costs_of_crime.prices import Deflator
from dipeval.roi.costs_of_crime.tables import load_unit_costs
from dipeval.roi.costs_of_crime.worth import Worth, worth_of
from dipeval.vocabulary import OFFENCE_GROUPS


def table_of(**changes: Any) -> pd.DataFrame:
    row: dict[str, Any] = {
        "offence_group": "robbery", "anticipation": 100.0, "consequence": 700.0, "response": 200.0,
        "unit_cost": 1_000.0, "price_year": 2019,
    }  # fmt: skip
    return pd.DataFrame([{**row, **changes}])


def worth(table: pd.DataFrame, groups: tuple[str, ...] = ("robbery",), year: int = 2019, **kwargs: Any) -> Worth:
    return worth_of(groups, table, Deflator(year), **kwargs)


def one(values: Any) -> float:
    (value,) = values.tolist()
    return float(value)


def test_the_perspectives_are_those_worked_out_by_hand() -> None:
    found = worth(table_of())
    assert one(found.fiscal) == 200
    assert one(found.social) == one(found.social_without) == 900 and one(found.social_with) == 1_000
    assert (one(found.economic_low), one(found.economic_high)) == (200, 900)
    assert math.isnan(one(found.economic)) and not found.economic_known
    assert found.no_harm == ("robbery",) and found.fiscal_known
    assert any("bounds only" in note and "robbery" in note for note in found.notes)


def test_harm_makes_the_economic_value_exact() -> None:
    found = worth(table_of(harm=400.0))
    assert one(found.economic) == one(found.economic_low) == one(found.economic_high) == 500
    assert found.economic_known and found.no_harm == () and found.notes == ()


def test_anticipation_counts_in_the_social_value_only_when_asked() -> None:
    found = worth(table_of(), include_anticipation=True)
    assert one(found.social) == 1_000 and one(found.economic_high) == 900 and one(found.fiscal) == 200
    assert found.include_anticipation


def test_the_published_total_is_used_and_not_the_sum_of_its_parts() -> None:
    found = worth(load_unit_costs(), ("shoplifting",))
    assert one(found.social_with) == 570 and one(found.social) == 570 - 110 != 380 + 90


@pytest.mark.parametrize("group", OFFENCE_GROUPS)
def test_the_perspectives_are_nested_for_every_group_that_ships(group: str) -> None:
    found = worth(load_unit_costs(drug_offences="police_and_court"), (group,), 2024)
    low, high = one(found.economic_low), one(found.economic_high)
    assert 0 <= one(found.fiscal) <= low <= high <= one(found.social) <= one(found.social_with)


def test_every_row_is_brought_from_its_own_price_year() -> None:
    prices = Deflator(2024)
    found = worth_of(["fraud", "robbery"], load_unit_costs(), prices)
    fraud, robbery = found.social_with.tolist()
    assert [fraud, robbery] == pytest.approx([2_884 * 100 / 96.2507, 10_490 * 100 / 81.1085], rel=1e-14)
    assert prices.used and found.price_year == 2024
    assert found.to_frame()["price_year"].tolist() == ["2023/24", "2019/20"]


def test_groups_without_a_cost_are_worth_nothing_and_named() -> None:
    found = worth(load_unit_costs(), ("drug_possession", "robbery", "other"))
    assert found.unpriced == ("drug_possession", "other")
    for values in found.perspectives.values():
        assert values[[0, 2]].tolist() == [0, 0]
    assert found.to_frame()["priced"].tolist() == [False, True, False]
    assert found.to_frame()["without_anticipation"].isna().tolist() == [True, False, True]
    assert found.economic_high[1] == 10_010 and found.fiscal_known
    nowhere = worth(table_of(), ("fraud",))
    assert nowhere.unpriced == ("fraud",) and "not in the table" in nowhere.to_frame().loc[0, "note"]
    assert nowhere.statuses == ()


def test_the_stand_in_for_drug_offences_is_the_same_in_every_perspective() -> None:
    found = worth(load_unit_costs(drug_offences="police_and_court"), ("drug_possession",))
    assert found.unpriced == () and found.economic_known
    assert len({one(values) for values in found.perspectives.values()}) == 1
    assert one(found.social) == pytest.approx(3_789.2, abs=0.05)


def test_totals_only_give_no_fiscal_value_and_say_so() -> None:
    found = worth(load_unit_costs("2018"), ("robbery", "other"), 2015, include_anticipation=True)
    assert found.no_response == ("robbery",) and not found.fiscal_known and not found.economic_known
    assert math.isnan(found.fiscal[0]) and found.fiscal[1] == 0
    assert math.isnan(found.economic_low[0]) and math.isnan(found.economic_high[0])
    assert found.social.tolist() == [11_320, 0]
    assert any("No fiscal value" in note and "robbery" in note for note in found.notes)


def test_anticipation_that_is_not_published_cannot_be_left_out() -> None:
    with pytest.raises(InputError, match=r"anticipation for: robbery.*include_anticipation=True"):
        worth(load_unit_costs("2018"), ("robbery",), 2015)


def test_multipliers_are_kept_as_published_below_1_too() -> None:
    found = worth(load_unit_costs(), ("theft_of_vehicle", "violence_without_injury", "shoplifting"))
    assert found.multiplier[:2].tolist() == [0.71, 0.98] and math.isnan(found.multiplier[2])
    assert found.no_multiplier == ("shoplifting",)


def test_another_fiscal_source_changes_the_fiscal_value_alone() -> None:
    own, other = (
        worth(load_unit_costs(fiscal=name), ("shoplifting", "fraud"), 2024) for name in ("home_office", "gmca")
    )
    assert other.fiscal[0] == pytest.approx(26 * 100 / 69.1217, rel=1e-14) and other.fiscal[1] == own.fiscal[1]
    for name in ("social", "economic_low", "economic_high"):
        np.testing.assert_array_equal(getattr(other, name), getattr(own, name))
    assert any("another source" in note and "shop" in note.lower() for note in other.notes)
    assert any("has none for fraud" in note for note in other.notes)
    assert not any("source" in note for note in own.notes)


def test_a_fiscal_value_above_the_response_raises_the_lower_economic_bound() -> None:
    found = worth(table_of(fiscal=300.0, fiscal_price_year="2019/20"))
    assert one(found.fiscal) == one(found.economic_low) == 300
    plain = worth(table_of(fiscal=300.0))
    assert one(plain.fiscal) == 300 and "a column of its own" in plain.notes[-1]


def test_sources_that_contradict_each_other_are_pointed_out() -> None:
    found = worth(table_of(fiscal=2_000.0))
    assert one(found.fiscal) == 2_000 and one(found.economic_low) == one(found.economic_high) == 900
    assert any("cannot be" in note for note in found.notes)


def test_fiscal_costs_alone_are_not_unit_costs() -> None:
    with pytest.raises(InputError, match=r"load_unit_costs\(fiscal=this_table\)"):
        worth(table_of(unit_cost=math.nan, anticipation=math.nan, fiscal=20.0))


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"response": "many"}, "'response' of the unit costs are not all numbers"),
        ({"consequence": -1.0}, "'consequence' below 0"),
        ({"multiplier": math.inf}, "'multiplier' below 0 or without end"),
        ({"harm": 800.0}, "'harm' above its 'consequence'"),
        ({"response": 1_100.0}, "'response' above its 'unit_cost'"),
        ({"price_year": "soon"}, "not a year"),
        ({"unit_cost": -5.0}, "below 0"),
    ],
)
def test_faulty_tables_are_refused(change: dict[str, Any], sentence: str) -> None:
    with pytest.raises(InputError, match=sentence):
        worth(table_of(**change))


def test_a_table_with_the_least_columns_is_enough() -> None:
    table = table_of()[["offence_group", "anticipation", "unit_cost", "price_year"]]
    found = worth(table)
    assert one(found.social) == 900 and found.no_response == ("robbery",) and found.statuses == ("user",)
    indexed = worth(table.set_index("offence_group"))
    assert one(indexed.social) == 900


def test_order_of_the_rows_changes_nothing_and_order_of_the_groups_is_kept() -> None:
    table = load_unit_costs()
    forth = worth(table, OFFENCE_GROUPS, 2024)
    back = worth(table[::-1], OFFENCE_GROUPS[::-1], 2024)
    for name, values in forth.perspectives.items():
        np.testing.assert_array_equal(values, back.perspectives[name][::-1])
    assert back.groups == OFFENCE_GROUPS[::-1]


def test_frames_are_copies_and_columns_do_not_change_with_options() -> None:
    found = worth(load_unit_costs(), ("robbery",))
    frame = found.to_frame()
    assert frame.columns.tolist() == [
        "offence_group", "priced", "fiscal", "economic", "economic_low", "economic_high", "without_anticipation",
        "with_anticipation", "multiplier", "price_year", "status", "note",
    ]  # fmt: skip
    frame["social"] = 0.0
    assert "social" not in found.to_frame()
    assert worth(table_of(fiscal=3.0, harm=2.0)).to_frame().columns.tolist() == found.to_frame().columns.tolist()


def test_broken_values_are_not_made() -> None:
    found = worth(load_unit_costs(), ("robbery",))
    facts = {name: getattr(found, name) for name in found.__dataclass_fields__}
    for broken in ({"economic_low": np.array([1e9])}, {"multiplier": np.array([1.0, 2.0])}):
        with pytest.raises(InvariantError):
            Worth(**{**facts, **broken})


def test_user_tables_read_without_a_status_are_the_users() -> None:
    mixed = pd.concat([load_unit_costs().head(1), table_of(status=None)])
    assert worth(mixed, ("shoplifting", "robbery")).statuses == ("secondary", "user")


def test_the_parts_give_the_values_back() -> None:
    found = worth(load_unit_costs(fiscal="gmca"), ("robbery", "fraud", "other"), 2024)
    parts = found.parts().set_index("offence_group")
    assert parts.columns.tolist() == [
        "unit_cost", "anticipation", "response", "harm", "price_year", "deflator", "source", "fiscal",
        "fiscal_deflator",
    ]  # fmt: skip
    again = (parts["unit_cost"] - parts["anticipation"]) * parts["deflator"]
    np.testing.assert_array_equal(again.fillna(0.0), found.social)
    fiscal = (parts["fiscal"] * parts["fiscal_deflator"]).fillna(parts["response"] * parts["deflator"])
    np.testing.assert_array_equal(fiscal.fillna(0.0), found.fiscal)
