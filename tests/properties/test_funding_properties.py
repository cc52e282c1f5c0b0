"""What must hold of a funding formula whatever the needs, weights and bounds are."""

from __future__ import annotations

import random
from fractions import Fraction
from typing import Any

import pandas as pd
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from dipeval.errors import InputError
from dipeval.indicators.funding import FundingAllocation, allocate_funding
from dipeval.indicators.funding.dividing import divide, to_pence

often = settings(max_examples=20, deadline=None, derandomize=True)
WEIGHTS = st.sampled_from([0.0, 0.1, 0.25, 0.3, 0.5, 0.7, 1.0, 3.0])


def _drawn_frame(draw: Any, n: int) -> pd.DataFrame:
    counts = st.integers(0, 40) | st.integers(0, 1_000_000)
    column = st.lists(counts, min_size=n, max_size=n)
    frame = pd.DataFrame({"district": [f"D{place:02d}" for place in range(n)]})
    for name in ("crime", "tests"):
        values = draw(column)
        assume(sum(values) > 0)
        frame[name] = values
    frame["before"] = draw(st.lists(st.integers(0, 5_000_000), min_size=n, max_size=n))
    frame["before"] = frame["before"] / 100
    frame["least"] = draw(st.lists(st.sampled_from([None, 0.0, 0.01, 0.05, 0.1]), min_size=n, max_size=n))
    frame["most"] = draw(st.lists(st.sampled_from([None, 0.2, 0.5, 0.9, 1.0]), min_size=n, max_size=n))
    return frame.astype({"least": "float64", "most": "float64"})


@st.composite
def asked(draw: Any) -> tuple[pd.DataFrame, dict[str, Any]]:
    """A frame and options, with floors, ceilings and a transition, or without."""
    frame = _drawn_frame(draw, draw(st.integers(1, 9)))
    need = {"crime": draw(WEIGHTS), "tests": draw(WEIGHTS)}
    assume(sum(need.values()) > 0)
    options: dict[str, Any] = {"need": need, "budget": draw(st.integers(1, 30_000_000)) / 100}
    if draw(st.booleans()):
        options["floor"] = draw(st.sampled_from(["least", 0.02, 1_000, 1.5]))
    if draw(st.booleans()):
        options["ceiling"] = draw(st.sampled_from(["most", 0.6, 90_000]))
    if draw(st.booleans()):
        options |= {"previous": "before", "max_fall": draw(st.sampled_from([None, 0.0, 0.1, 0.333, 1.0]))}
        options |= {"max_rise": draw(st.sampled_from([None, 0.0, 0.25, 4.0]))}
        if draw(st.booleans()):  # near what was given before, where a transition can be kept at all
            options["budget"] = round(max(float(frame["before"].sum()), 0.01), 2)
    return frame, options


def tried(frame: pd.DataFrame, options: dict[str, Any]) -> FundingAllocation | None:
    """The allocation, or None where the bounds leave no way."""
    try:
        return allocate_funding(frame, **options)
    except InputError as problem:
        assert "£" in str(problem)  # which bound and by how much, and no other fault
        return None


def pence_of(shown: FundingAllocation) -> dict[str, int]:
    return {str(area): int(pence) for area, pence in shown.to_frame()[["area", "amount_pence"]].itertuples(index=False)}


@often
@given(asked())
def test_the_budget_is_kept_to_the_penny_and_every_bound_holds(case: tuple[pd.DataFrame, dict[str, Any]]) -> None:
    frame, options = case
    shown = tried(frame, options)
    assume(shown is not None)
    assert shown is not None
    told = shown.to_frame().merge(frame, left_on="area", right_on="district")
    assert int(told["amount_pence"].sum()) == round(100 * options["budget"])
    for line in told.to_dict("records"):
        for word, sign in (("floor", 1), ("ceiling", -1)):
            bound = options.get(word)
            bound = line[bound] if isinstance(bound, str) else bound
            if bound is not None and bound == bound:
                pounds = bound * options["budget"] if bound <= 1 else bound
                assert sign * (line["amount"] - pounds) >= -1e-7, word
        if options.get("max_fall") is not None:
            assert line["amount"] >= line["before"] * (1 - options["max_fall"]) - 1e-7
        if options.get("max_rise") is not None:
            assert line["amount"] <= line["before"] * (1 + options["max_rise"]) + 1e-7
        if line["need_share"] == 0 and not line["bound"]:
            assert line["amount_pence"] == 0


@often
@given(asked(), st.data())
def test_more_need_in_one_area_never_lowers_its_amount(case: tuple[pd.DataFrame, dict[str, Any]], data: Any) -> None:
    frame, options = case
    shown = tried(frame, options)
    assume(shown is not None)
    place = data.draw(st.integers(0, len(frame) - 1))
    measure = data.draw(st.sampled_from(["crime", "tests"]))
    more = frame.copy()
    more.loc[place, measure] += data.draw(st.integers(1, 3) | st.integers(1, 500_000))
    after = tried(more, options)
    assume(after is not None)
    assert shown is not None
    assert after is not None
    area = frame.loc[place, "district"]
    assert pence_of(after)[area] >= pence_of(shown)[area]


@often
@given(asked(), st.integers(0, 1_000))
def test_the_order_of_the_rows_changes_nothing(case: tuple[pd.DataFrame, dict[str, Any]], seed: int) -> None:
    frame, options = case
    shown = tried(frame, options)
    again = tried(frame.sample(frac=1, random_state=seed), options)
    assert (shown is None) == (again is None)
    if shown is not None and again is not None:
        pd.testing.assert_frame_equal(shown.to_frame(), again.to_frame())


@often
@given(asked(), st.integers(0, 1_000))
def test_names_decide_nothing_but_a_penny(case: tuple[pd.DataFrame, dict[str, Any]], seed: int) -> None:
    frame, options = case
    shown = tried(frame, options)
    assume(shown is not None)
    names = list(frame["district"])
    random.Random(seed).shuffle(names)
    again = tried(frame.assign(district=names), options)
    assert shown is not None
    assert again is not None
    here, there = pence_of(shown), pence_of(again)
    assert all(abs(here[old] - there[new]) <= 1 for old, new in zip(frame["district"], names, strict=True))


@often
@given(st.lists(st.integers(0, 50), min_size=1, max_size=8), st.integers(1, 4_000), st.data())
def test_few_pence_and_many_bounds(needs: list[int], budget: int, data: Any) -> None:
    """The rounding alone, where every amount is a few pence: one need rises, its amount does not fall."""
    assume(sum(needs) > 0)
    n = len(needs)
    least = data.draw(st.lists(st.integers(0, 30), min_size=n, max_size=n))
    most = [low + data.draw(st.sampled_from([0, 1, 3, 40, 4_000])) for low in least]
    assume(sum(least) <= budget)
    assume(sum(high if need else low for need, low, high in zip(needs, least, most, strict=True)) >= budget)

    def pence(given_needs: list[int]) -> list[int]:
        shares = [Fraction(need, sum(given_needs)) for need in given_needs]
        found = to_pence(divide(shares, least, most, budget)[0], budget)
        assert sum(found) == budget
        assert all(low <= got <= high for low, got, high in zip(least, found, most, strict=True))
        return found

    place = data.draw(st.integers(0, n - 1))
    more = [need + (data.draw(st.integers(1, 30)) if one == place else 0) for one, need in enumerate(needs)]
    assert pence(more)[place] >= pence(needs)[place]
