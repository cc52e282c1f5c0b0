"""Columns already in the contract's type pass through: the same result as by way of text, and never the same memory."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest
from pandas.testing import assert_frame_equal, assert_series_equal

from dipeval.errors import ExtractError
from dipeval.extracts import make_extracts, table_contract
from dipeval.extracts.mapping import ExtractMapping
from dipeval.extracts.parsing import as_text, clean_text, parse_column
from dipeval.extracts.ready import ready_values

_PLAIN = ExtractMapping(placeholder_dates=(), placeholder_births=())
_READY = {
    ("deaths", "death_date"): pd.Series(
        np.array(["2012-03-04", "NaT", "2100-12-31T23:59", "1880-01-01"], dtype="datetime64[ns]")
    ),
    ("deaths", "sex"): pd.Series(["M", "male", None, "no such code"], dtype=object),
    ("deaths", "forename_initial"): pd.Series(["a", "B", None, "ß"], dtype=object),
    ("deaths", "pnc_id"): pd.Series(["007", None, "x y"], dtype=object),
    ("contacts", "attended"): pd.Series([True, None, False], dtype="boolean"),
    ("offences", "custodial"): pd.Series([True, False]),
    ("contacts", "district"): pd.Series(["LEEDS", "leeds", "Elsewhere"], dtype=object),
    ("sentences", "length_days"): pd.Series([3, None, 0], dtype="Int64"),
    ("staffing", "hours_funded"): pd.Series([1.5, np.nan, 0.25, 2.0]),
    ("spend", "amount"): pd.Series([3, -4]),
}
_NOT_READY = {
    ("deaths", "death_date"): [
        pd.Series(pd.to_datetime(["1879-12-31"])),
        pd.Series(pd.to_datetime(["2101-01-01"])),
        pd.Series(pd.to_datetime(["2012-01-01"]).tz_localize("Asia/Tokyo")),
        pd.Series(["2012-01-01"]),
    ],
    ("deaths", "pnc_id"): [
        pd.Series([" a"]),
        pd.Series([""]),
        pd.Series(["a", np.nan], dtype=object),
        pd.Series(["a", 1], dtype=object),
        pd.Series([b"a"], dtype=object),
        pd.Series([np.str_("a")], dtype=object),
        pd.Series([7]),
    ],
    ("contacts", "attended"): [pd.Series(["yes"]), pd.Series([1, 0]), pd.Series([True, None], dtype=object)],
    ("sentences", "length_days"): [pd.Series([1.5]), pd.Series([2**60]), pd.Series(["3"]), pd.Series([True])],
    ("spend", "amount"): [pd.Series([np.inf]), pd.Series(["£3"])],
}


@pytest.mark.parametrize("place", list(_READY), ids=".".join)
def test_a_ready_column_is_what_the_parser_would_make_of_its_text(place: tuple[str, str]) -> None:
    table, name = place
    column = table_contract(table).column(name)
    parsed = parse_column(clean_text(as_text(_READY[place])), column, table, _PLAIN)
    assert not any(flags.any() for flags, _ in parsed.faults.values())
    ready = ready_values(_READY[place], column)
    assert ready is not None
    assert_series_equal(ready, parsed.values, check_names=False)


@pytest.mark.parametrize("place", list(_NOT_READY), ids=".".join)
def test_whatever_could_be_a_fault_is_left_to_the_parser(place: tuple[str, str]) -> None:
    column = table_contract(place[0]).column(place[1])
    assert [ready_values(values, column) for values in _NOT_READY[place]] == [None] * len(_NOT_READY[place])


def _deaths() -> pd.DataFrame:
    return pd.DataFrame(
        {
            "record_id": ["1", "2", "3"],
            "pnc_id": ["a", "b", None],
            "death_date": pd.to_datetime(["2012-01-01"] * 3).astype("datetime64[us]"),
        }
    )


@pytest.mark.parametrize("change", [lambda frame: frame, lambda frame: frame.copy()], ids=["as made", "one block"])
def test_extracts_share_no_memory_with_what_was_given_or_is_handed_out(
    change: Callable[[pd.DataFrame], pd.DataFrame],
) -> None:
    given = change(_deaths())
    extracts = make_extracts({"deaths": given})
    held = extracts.table("deaths")
    given.loc[0, "pnc_id"] = "changed"
    given.loc[0, "death_date"] = pd.Timestamp("2015-01-01")
    assert_frame_equal(extracts.table("deaths"), held)
    handed = extracts.table("deaths")
    handed.loc[0, "pnc_id"] = "changed"
    handed.loc[0, "death_date"] = pd.Timestamp("2015-01-01")
    assert_frame_equal(extracts.table("deaths"), held)


def test_rows_are_counted_from_0_whatever_the_index() -> None:
    given = _deaths().set_index(pd.Index(["k", "k", "k"]))
    assert make_extracts({"deaths": given}).table("deaths").index.tolist() == [0, 1, 2]
    assert given.index.tolist() == ["k", "k", "k"]


@pytest.mark.parametrize(
    ("ids", "rows"), [(["1", "1", "2"], "0, 1"), (["2", "1", "2"], "0, 2"), (["1", "2", "2"], "1, 2")]
)
def test_a_repeated_record_is_found_in_any_order(ids: list[str], rows: str) -> None:
    with pytest.raises(ExtractError, match=f"'9' is used more than once - 2 rows, at {rows}"):
        make_extracts({"deaths": _deaths().assign(record_id=ids)})


def test_the_pattern_of_a_typed_number_is_shown() -> None:
    spend = pd.DataFrame(
        {
            "district": ["Leeds"] * 2,
            "financial_year": ["2019-20"] * 2,
            "funder": ["PCC"] * 2,
            "amount": [10.0, -1234.0],
            "spent_on": ["testing"] * 2,
            "price_year": [2019, 2019],
        }
    )
    with pytest.raises(ExtractError, match=r"row 1, column amount: '-9999' is less than 0"):
        make_extracts({"spend": spend}, extract_date="2020-03-31")
