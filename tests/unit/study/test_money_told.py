"""No difference of released money gives back a group of offences that too few people committed."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dipeval.disclosure import DisclosureRule
from dipeval.roi.costs_of_crime.tables import load_unit_costs
from dipeval.study.money_told import prices_shown, told_by_group
from dipeval.study.tidy_money import coarse

RULE = DisclosureRule()
NONE = DisclosureRule(profile="none", data_status="simulated")


def determined(counts: dict[str, int], hidden: list[str], prices: pd.DataFrame, columns: int) -> set[str]:
    """What an attacker can work out who knows all that is shown: groups that are the same in every solution."""
    sums = np.vstack([np.ones(len(hidden)), prices.loc[hidden].to_numpy(dtype=float).T[:columns]])
    _, sizes, rows = np.linalg.svd(sums)
    rank = int((sizes > 1e-9 * max(sizes.max(), 1)).sum())
    free = rows[rank:]
    return {name for place, name in enumerate(hidden) if not (np.abs(free[:, place]) > 1e-7).any()}


@settings(deadline=None, derandomize=True, max_examples=150)
@given(
    st.lists(st.integers(0, 60), min_size=2, max_size=9),
    st.integers(1, 4),
    st.integers(0, 5),
)
def test_what_is_withheld_cannot_be_worked_out(people: list[int], columns: int, seed: int) -> None:
    names = [f"group {place}" for place in range(len(people))]
    counts = dict(zip(names, people, strict=True))
    prices = pd.DataFrame(np.random.default_rng(seed).integers(0, 4, (len(names), columns)) / 1.0, index=names)
    told = told_by_group(counts, prices, RULE)
    hidden = [name for name, count in told.groups.items() if (count == 0 and counts[name] > 0) or counts[name] == 0]
    small = {name for name, count in counts.items() if count < RULE.threshold}
    assert small <= set(hidden)
    if not small:
        assert told.groups == counts
        return
    assert len(hidden) >= 2
    shown = {True: columns, False: 1}[told.valuations]
    if told.money:
        assert not determined(counts, hidden, prices, shown) & small
    else:
        assert determined(counts, hidden, prices, 1) & small
        assert set(hidden) == set(names)


def test_two_groups_and_a_public_price_each_give_the_smaller_one_back() -> None:
    prices = pd.DataFrame({"headline": [460.0, 10_010.0]}, index=["shoplifting", "robbery"])
    told = told_by_group({"shoplifting": 80, "robbery": 4}, prices, RULE)
    assert not told.money
    assert told.groups == {"shoplifting": 0, "robbery": 0}


def test_three_groups_are_told_at_one_price_alone() -> None:
    prices = pd.DataFrame({"headline": [1.0, 2.0, 4.0], "fiscal": [1.0, 3.0, 2.0]}, index=["a", "b", "c"])
    told = told_by_group({"a": 80, "b": 4, "c": 30}, prices, RULE)
    assert told.money
    assert not told.valuations


def test_nothing_is_withheld_where_nothing_is_small_or_protected() -> None:
    prices = pd.DataFrame({"headline": [1.0, 2.0]}, index=["a", "b"])
    for counts, rule in (({"a": 10, "b": 11}, RULE), ({"a": 1, "b": 11}, NONE)):
        told = told_by_group(counts, prices, rule)
        assert told.groups == counts
        assert told.valuations
        assert told.money


def test_those_withheld_are_not_few_together_either() -> None:
    told = told_by_group({"a": 2, "b": 3, "c": 12, "d": 40}, None, RULE)
    assert told.groups == {"a": 0, "b": 0, "c": 0, "d": 40}


def test_a_group_without_a_price_counts_in_the_sum_of_the_shares() -> None:
    prices = pd.DataFrame({"headline": [460.0]}, index=["shoplifting"])
    told = told_by_group({"shoplifting": 60, "handling": 4, "public_order": 30}, prices, RULE)
    assert told.groups == {"shoplifting": 60, "handling": 0, "public_order": 0}


def test_the_prices_at_which_sums_are_shown() -> None:
    table = load_unit_costs()
    prices = prices_shown(table, include_anticipation=False)
    row = table.set_index("offence_group").loc["shoplifting"]
    assert prices.loc["shoplifting", "headline"] == row["unit_cost"] - row["anticipation"]
    assert prices.loc["shoplifting", "beside"] == row["unit_cost"]
    assert prices.loc["shoplifting", "fiscal"] == row["response"]
    # No harm is published by group: what is money is bounded by the others, and is no sum of its own.
    assert (prices["economic"] == prices["headline"]).all()
    assert (prices_shown(table, include_anticipation=True)["headline"] == prices["beside"]).all()
    assert not prices.isna().any(axis=None)


@pytest.mark.parametrize(("value", "digits", "shown"), [(0.0, 2, 0.0), (1_283.0, 1, 1_000.0), (-349.0, 2, -350.0)])
def test_figures_of_single_people_are_coarse(value: float, digits: int, shown: float) -> None:
    assert coarse(value, digits, RULE) == shown
    assert coarse(value, digits, NONE) == value


def test_a_figure_that_is_missing_stays_missing() -> None:
    assert np.isnan(coarse(float("nan"), 2, RULE))
