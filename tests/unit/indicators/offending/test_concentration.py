"""How few people have how many events: Gini by brute force and in closed form, excess as in the published case."""

from __future__ import annotations

import math
from functools import cache

import numpy as np
import pandas as pd
import pytest
from scipy.special import ive

import dipeval as dip
from dipeval.indicators.offending import lorenz
from dipeval.indicators.offending.by_chance import chance_counts, rate_without_nobodies
from dipeval.indicators.offending.excess import fewest_people
from dipeval.plots.style import to_png

COUNTS = [0, 0, 0, 1, 1, 2, 2, 3, 5, 16]


def people(counts: list[int]) -> pd.DataFrame:
    return pd.DataFrame({"person_id": [f"p{place}" for place in range(len(counts))], "n": counts})


def national_indicator() -> pd.DataFrame:
    """Constructed to the published totals (234 people, 577 offences, 18 explain the excess); the spread is invented."""
    return people([11] * 4 + [10] * 14 + [5] * 30 + [3] * 40 + [2] * 40 + [1] * 43 + [0] * 63)


@cache
def ten() -> dip.Concentration:
    return dip.concentration(people(COUNTS), count="n", top=[0.1, 0.25, 0.5], draws=400)


def test_gini_is_half_the_mean_difference_of_two_people_over_the_mean() -> None:
    values = np.array(COUNTS)
    brute = np.abs(values[:, None] - values[None, :]).mean() / (2 * values.mean())
    assert ten().gini == pytest.approx(brute)


@pytest.mark.parametrize("seed", range(5))
def test_gini_and_top_shares_by_brute_force(seed: int) -> None:
    values = np.random.default_rng(seed).negative_binomial(0.6, 0.3, 40)
    shown = dip.concentration(people(values.tolist()), count="n", top=[0.05, 0.2], draws=100).to_frame()
    brute = np.abs(values[:, None] - values[None, :]).sum() / (2 * 40 * values.sum())
    most = np.sort(values)[::-1]
    assert shown["estimate"].tolist() == pytest.approx([brute, most[:2].sum() / values.sum(),
                                                        most[:8].sum() / values.sum()])  # fmt: skip


def test_a_person_at_the_border_counts_in_part() -> None:
    frame = ten().to_frame().set_index("share_of_people")
    assert frame.loc[0.25, "people"] == 2.5
    assert frame.loc[[0.1, 0.25, 0.5], "estimate"].tolist() == pytest.approx([16 / 30, 22.5 / 30, 28 / 30])


def test_all_alike_and_all_with_one() -> None:
    assert dip.concentration(people([2] * 8), count="n", draws=100).gini == pytest.approx(0.0)
    assert dip.concentration(people([0] * 7 + [9]), count="n", draws=100).gini == pytest.approx(7 / 8)


@pytest.mark.parametrize("rate", [0.5, 2.0, 6.0])
def test_chance_is_the_gini_of_poisson_numbers(rate: float) -> None:
    # Closed form: exp(-2m) (I0(2m) + I1(2m)).
    drawn = chance_counts(np.full(4_000, rate), at_least_one=False, draws=10, seed=1)
    found = np.mean([float(lorenz.gini(*lorenz.levels_of(one))) for one in drawn])
    assert found == pytest.approx(ive(0, 2 * rate) + ive(1, 2 * rate), abs=0.005)


def test_chance_without_nobodies_has_the_mean_asked_for() -> None:
    drawn = chance_counts(np.full(5_000, 1.7), at_least_one=True, draws=4, seed=2)
    assert drawn.min() == 1
    assert drawn.mean() == pytest.approx(1.7, abs=0.03)
    rate = rate_without_nobodies(1.7)
    assert rate / (1 - math.exp(-rate)) == pytest.approx(1.7)
    assert (chance_counts(np.ones(3), at_least_one=True, draws=2, seed=0) == 1).all()


def test_events_of_people_at_the_same_risk_lie_within_chance() -> None:
    counts = np.random.default_rng(4).poisson(2.5, 600)
    frame = dip.concentration(people(counts.tolist()), count="n", draws=200).to_frame()
    assert ((frame["chance_low"] <= frame["estimate"]) & (frame["estimate"] <= frame["chance_high"])).all()
    uneven = dip.concentration(people([12] * 20 + [1] * 180), count="n", draws=200).to_frame()
    assert (uneven["estimate"] > uneven["chance_high"]).all()


def test_published_case_eighteen_of_234_people_explain_the_excess() -> None:
    shown = dip.concentration(national_indicator(), count="n", expected=426.3, label="offences")
    excess = shown.excess
    assert excess is not None
    assert (shown.n_people, shown.n_events, excess.people) == (234, 577, 18)
    assert excess.ratio == pytest.approx(1.354, abs=5e-4)
    assert "18 of them explain the excess of 150.7" in shown.summary().headline
    # With everybody at the same risk more people would be needed.
    assert excess.chance > 18
    assert excess.chance_low <= excess.chance <= excess.chance_high
    assert "some few people always explain it" in str(shown.summary())


def test_own_expected_numbers_decide_who_is_above() -> None:
    data = people([10, 10, 3, 1]).assign(own=[9.0, 2.0, 3.0, 3.0])
    shown = dip.concentration(data, count="n", expected="own", draws=100)
    assert shown.excess is not None
    # 24 against 17: the second alone is 8 above, which is more than the whole excess of 7.
    assert shown.excess.people == 1
    assert fewest_people(np.array([10.0, 10, 3, 1]), np.array([9.0, 2, 3, 3])) == 1


def test_without_an_excess_nobody_explains_one() -> None:
    shown = dip.concentration(people(COUNTS), count="n", expected=40, draws=100)
    assert shown.excess is not None
    assert shown.excess.people is None
    assert "no excess to explain" in shown.summary().headline


def test_rows_that_are_events_give_the_same_as_counts() -> None:
    counts = people(COUNTS)
    rows = counts.loc[counts.index.repeat(counts["n"]), ["person_id"]]
    by_rows = dip.concentration(rows, people=10, top=[0.1, 0.25, 0.5], draws=400)
    pd.testing.assert_frame_equal(by_rows.to_frame(), ten().to_frame())
    assert dip.concentration(rows, draws=100).at_least_one
    assert "people= to count those" in str(dip.concentration(rows, draws=100).summary())


def test_row_order_and_the_names_of_people_change_nothing() -> None:
    data = national_indicator().assign(own=1.0)
    again = data.sample(frac=1, random_state=1).assign(person_id=range(234))
    for arguments in ({"expected": 426.3}, {"expected": "own"}):
        one = dip.concentration(data, count="n", draws=100, **arguments)  # type: ignore[arg-type]
        other = dip.concentration(again, count="n", draws=100, **arguments)  # type: ignore[arg-type]
        pd.testing.assert_frame_equal(one.to_frame(), other.to_frame())
        assert one.excess == other.excess


def test_rows_without_a_person_are_left_out_and_told() -> None:
    rows = pd.DataFrame({"person_id": ["a", "a", "b", None, None]})
    shown = dip.concentration(rows, draws=100)
    assert (shown.n_events, shown.n_without_person) == (3, 2)
    assert "2 row(s) do not say whose they are" in str(shown.summary())


def test_lorenz_curve_and_counts() -> None:
    curve = ten().lorenz().set_index("share_of_people")["share_of_events"]
    assert curve.loc[[0.0, 0.3, 0.9, 1.0]].tolist() == pytest.approx([0.0, 0.0, 14 / 30, 1.0])
    counts = ten().counts()
    assert dict(zip(counts["events"], counts["people"], strict=True)) == {0: 3, 1: 2, 2: 2, 3: 1, 5: 1, 16: 1}


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"person": "persn_id"}, "did you mean"),
        ({"count": "n", "top": [5]}, "shares of the people"),
        ({"count": "n", "draws": 5}, "draws must be"),
        ({"count": "n", "people": 3}, "people is 3, but 10 people"),
        ({"count": "n", "expected": -1}, "expected must be"),
        ({"expected": "n"}, "needs a row a person"),
        ({"count": "n", "expected": "n", "people": 20}, "leave people out"),
    ],
)
def test_what_cannot_be_is_refused_in_words(arguments: dict[str, object], message: str) -> None:
    with pytest.raises(dip.InputError, match=message):
        dip.concentration(people(COUNTS), **arguments)  # type: ignore[arg-type]


def test_faults_of_tables_are_told() -> None:
    broken = people([1, -2, 3]).assign(person_id=["a", "a", "b"])
    with pytest.raises(dip.InputError, match=r"1 row\(s\) are of a person who has another.*negative or not whole in 1"):
        dip.concentration(broken, count="n")
    with pytest.raises(dip.InputError, match="Nobody has an event"):
        dip.concentration(people([0, 0]), count="n")
    with pytest.raises(dip.InputError, match="nobody to spread"):
        dip.concentration(people([]), count="n")
    with pytest.raises(dip.InputError, match="add up to 0"):
        dip.concentration(people([1, 2]).assign(own=0.0), count="n", expected="own")


def test_the_picture_sets_chance_beside_what_was_found() -> None:
    axes = ten().plot()
    assert axes.get_legend_handles_labels()[1] == ["the same for everybody", "by chance alone", "found"]
    assert to_png(axes) == to_png(ten().plot())
