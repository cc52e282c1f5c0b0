"""Panels that cannot be used are refused with counts and with what to do."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest

from dipeval.effects.areas.estimate import area_effect
from dipeval.errors import EstimationError, InputError
from tests.unit.effects.area_panels import NEVER, panel

STARTS = [2, 2, 3, 3, NEVER, NEVER, NEVER]


def frame(**changes: Any) -> pd.DataFrame:
    return panel(STARTS, 6).assign(**changes)


def at(table: pd.DataFrame, column: str, rows: Any, value: Any) -> pd.DataFrame:
    changed = table.copy()
    changed[column] = changed[column].astype(object)
    changed.loc[changed.index[rows], column] = value
    return changed


@pytest.mark.parametrize(
    ("table", "options", "sentence"),
    [
        (frame().iloc[:0], {}, "no rows"),
        (frame().drop(columns="outcome"), {}, "no column outcome"),
        (frame().iloc[[0, 0, *range(42)]], {}, "1 area.s. and period.s. stand in more than one row"),
        (frame().drop(index=[3, 4, 9]), {}, r"3 area-period\(s\) of 2 area\(s\) have no row"),
        (at(frame(), "outcome", [3], None), {}, r"1 area-period\(s\) of 1 area\(s\)"),
        (at(frame(), "outcome", [3], -1.0), {}, "1 value.s. of outcome are below 0"),
        (at(frame(), "outcome", [3], "many"), {}, "1 value.s. of outcome are no numbers"),
        (at(frame(), "outcome", [3], np.inf), {}, "1 value.s. of outcome are infinite"),
        (at(frame(), "outcome", [3], 0.0), {"measure": "log_ratio"}, "0 has no logarithm"),
        (frame(people=0), {"at_risk": "people"}, "42 value.s. of people are 0 or less"),
        (at(frame(), "area", [3], None), {}, "1 row.s. have no area"),
        (at(frame(), "period", [3], None), {}, "1 row.s. have no period"),
        (at(frame(), "treated_from", [3], 2014), {}, "changes over the periods of 1 area"),
        (at(frame(), "treated_from", [3], None), {}, "changes over the periods of 1 area"),
        (frame(treated_from=2012.5), {}, "lies among the periods"),
        (frame(treated_from="soon"), {}, "cannot be compared with the periods"),
        (frame()[lambda f: f["period"] != 2014], {}, "not evenly spaced"),
        (frame(period=lambda f: "Q" + f["period"].astype(str)), {}, "starts with a year"),
        (frame(), {"treated_from": None}, "no column None"),
        (frame(), {"weights": 7}, "no column 7"),
        (pd.concat([frame(), frame()[["outcome"]]], axis=1), {}, "more than one column called outcome"),
        (frame(), {"treated_from": {"area 999": 2012}}, "has 1 area.s. that the panel has not"),
        (frame(), {"treated_until": {"area 000": 2011}}, "comes before treated_from"),
        (frame(), {"treated_until": {"area 006": 2013}}, "a treated_until but no treated_from"),
        (frame(size=0), {"weights": "size"}, "7 area.s. have no weight above 0"),
        (frame(), {"weights": {"area 000": 1}}, "6 area.s. have no weight"),
        (frame(), {"measure": "ratio"}, "measure must be one of"),
        (frame(), {"compare_with": "all"}, "compare_with must be one of"),
        (frame(), {"error": "hc1"}, "error must be one of"),
        (frame(), {"on_gaps": "fill"}, "on_gaps must be one of"),
        (frame(), {"anticipation": -1}, "anticipation must be a whole number"),
        (frame(), {"draws": 9}, "draws must be a whole number"),
        (frame(), {"level": 95}, "level must be between"),
        (frame(), {"per": 0}, "per must be a number above 0"),
    ],
)
def test_it_says_what_was_found_and_what_to_do(table: pd.DataFrame, options: dict[str, Any], sentence: str) -> None:
    with pytest.raises(InputError, match=sentence):
        area_effect(table, **options)


def test_no_frame_at_all() -> None:
    with pytest.raises(InputError, match="must be a pandas DataFrame"):
        area_effect([1, 2])  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("starts", "options", "sentence"),
    [
        ([2], {}, r"1 area\(s\)"),
        ([NEVER, NEVER], {}, "No area starts the programme within the panel"),
        ([0, 0, NEVER], {}, "No area starts the programme within the panel"),
        ([2, 2, 2], {}, "no area is left without it"),
        ([2, 3, 3], {"compare_with": "never_treated"}, "use compare_with"),
        ([2, 2, NEVER, NEVER], {"error": "wild_cluster"}, "4 areas are too few"),
        ([2, *[NEVER] * 8], {"error": "wild_cluster"}, "two on either side"),
        ([2] * 8 + [NEVER], {"error": "wild_cluster"}, "two on either side"),
    ],
)
def test_what_cannot_be_estimated(starts: list[int], options: dict[str, Any], sentence: str) -> None:
    with pytest.raises(EstimationError, match=sentence):
        area_effect(panel(starts, 6), **options)


def test_areas_without_a_base_are_left_out_and_counted() -> None:
    starts = [0, *STARTS]
    table = panel(starts, 6)
    found = area_effect(table, draws=99)
    assert (found.n_areas, found.n_left_out_early) == (7, 1)
    assert found.estimate == area_effect(table[table["area"] != "area 000"], draws=99).estimate
    before = table.assign(treated_from=table["treated_from"].replace(2010, 1999))
    assert area_effect(before, draws=99).n_left_out_early == 1
    # With two periods of anticipation a start in the third has none before them.
    assert area_effect(table, draws=99, anticipation=2).n_left_out_early == 3


def test_areas_with_gaps_can_be_left_out() -> None:
    table = panel(STARTS, 6)
    found = area_effect(table.drop(index=[3, 38]), on_gaps="drop_area", draws=99)
    assert (found.n_areas, found.n_left_out_gaps) == (5, 2)
    assert found.estimate == area_effect(table[~table["area"].isin(["area 000", "area 006"])], draws=99).estimate


def test_what_an_area_did_after_it_left_is_not_needed() -> None:
    table = panel(STARTS, 6)
    until = {"area 000": 2013}
    gone = (table["area"] == "area 000") & (table["period"] > 2013)
    whole, cut = (
        area_effect(table, treated_until=until, draws=99),
        area_effect(table[~gone], treated_until=until, draws=99),
    )
    assert whole.estimate == cut.estimate and whole.n_after_leaving == cut.n_after_leaving == 2
    wild = table.assign(outcome=table["outcome"].where(~gone, 1e6))
    assert area_effect(wild, treated_until=until, draws=99).estimate == whole.estimate


def test_a_start_after_the_last_period_is_none_within_the_panel() -> None:
    table = panel(STARTS, 6)
    later = table.assign(treated_from=table["treated_from"].fillna(2030))
    for compare_with in ("not_yet_treated", "never_treated"):
        one, other = (area_effect(t, compare_with=compare_with, draws=99) for t in (table, later))
        assert one.estimate == other.estimate
    # It may cast its shadow before, so that it is none of those never treated.
    with pytest.raises(EstimationError, match="no area is left"):
        area_effect(later, compare_with="never_treated", anticipation=1)


@pytest.mark.parametrize("kind", ["category", "string", "Int64", "object"])
def test_columns_of_other_kinds_are_read_alike(kind: str) -> None:
    table = panel(STARTS, 6)
    expected = area_effect(table, draws=99)
    if kind == "Int64":
        other = table.astype({"period": "Int64", "treated_from": "Int64"})
    else:
        text = table["treated_from"].map(lambda year: None if pd.isna(year) else f"{year:.0f}")
        other = table.assign(treated_from=text).astype({"area": kind, "treated_from": kind})
        other["period"] = other["period"].astype(str).astype(kind)
    found = area_effect(other, draws=99)
    pd.testing.assert_frame_equal(found.to_frame(), expected.to_frame())
    pd.testing.assert_frame_equal(found.group_times(), expected.group_times())


def test_long_numbers_stay_apart() -> None:
    table = panel(STARTS, 6)
    codes = table["area"].str[-3:].astype(float) + 12_345_678
    assert area_effect(table.assign(area=codes), draws=99).n_areas == len(STARTS)


def test_areas_may_be_numbers_and_blank_text_means_never() -> None:
    table = panel(STARTS, 6)
    numbered = table.assign(
        area=table["area"].str[-3:].astype(float),
        treated_from=[" " if pd.isna(v) else str(int(v)) for v in table["treated_from"]],
    )
    assert area_effect(numbered, draws=99).estimate == area_effect(table, draws=99).estimate
