"""A baseline and a dispersion from earlier people."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pandas as pd
import pytest
from scipy import optimize, stats

from dipeval.errors import InputError
from dipeval.roi.payments.payment import payment_by_results
from dipeval.roi.payments.payment_history import dispersion_of, read_history
from dipeval.roi.payments.payment_terms import PaymentTerms


def counts(people: int, mean: float = 2.0, dispersion: float = 1.5, seed: int = 1) -> pd.DataFrame:
    size = 1 / dispersion
    drawn = np.random.default_rng(seed).negative_binomial(size, size / (size + mean), people)
    return pd.DataFrame({"n_reoffences": drawn})


def test_the_dispersion_is_where_the_likelihood_is_highest() -> None:
    values = counts(400)["n_reoffences"].to_numpy()
    mean = values.mean()

    def loss(log: float) -> float:
        size = math.exp(-log)
        return -float(stats.nbinom.logpmf(values, size, size / (size + mean)).sum())

    best = optimize.minimize_scalar(loss, bounds=(-5, 5), method="bounded", options={"xatol": 1e-10})
    assert read_history(counts(400), "count").dispersion == pytest.approx(math.exp(best.x), rel=1e-5)


def test_the_dispersion_of_many_people_is_that_they_were_drawn_with() -> None:
    found = read_history(counts(100_000), "count")
    assert found.mean == pytest.approx(2.0, abs=0.03)
    assert found.dispersion == pytest.approx(1.5, abs=0.05)


@pytest.mark.parametrize("numbers", [{1: 30}, {0: 10, 1: 20}, {1: 10, 2: 10, 3: 10}])
def test_numbers_no_wider_than_chance_have_no_dispersion(numbers: dict[int, int]) -> None:
    assert dispersion_of(numbers) == 0


def test_one_person_with_very_many_is_borne() -> None:
    found = dispersion_of({0: 999, 5_000: 1})
    assert 10 < found < 1e6


def test_the_order_of_people_changes_nothing() -> None:
    frame = counts(500)
    mixed = frame.sample(frac=1, random_state=4)
    assert read_history(frame, "count") == read_history(mixed, "count")


def test_the_interval_of_a_share_is_wilsons() -> None:
    found = read_history(pd.DataFrame({"reoffended": [True] * 60 + [False] * 40}), "yes_no")
    low, high = stats.binomtest(60, 100).proportion_ci(method="wilson")
    assert (found.mean, found.low, found.high) == pytest.approx((0.6, low, high))
    assert found.dispersion == 0


def test_the_interval_of_a_mean_covers_it() -> None:
    held = [
        one.low <= 2.0 <= one.high for one in (read_history(counts(300, seed=seed), "count") for seed in range(300))
    ]
    assert 0.9 < np.mean(held) < 0.99


def test_a_history_gives_what_is_not_given() -> None:
    frame = counts(2_000)
    terms = PaymentTerms(amount=400, per="fewer")
    found = payment_by_results(200, kind="count", terms=terms, promised=0.2, history=frame)
    known = read_history(frame, "count")
    assert (found.baseline, found.dispersion) == (known.mean, known.dispersion)
    assert (found.baseline_low, found.baseline_high) == (known.low, known.high)
    assert list(found.case().index) == ["nothing_changed", "as_promised", "baseline_too_high", "baseline_too_low"]
    assert "The baseline and how much people differ are from 2,000" in str(found.summary())
    given = payment_by_results(200, kind="count", terms=terms, promised=0.2, history=frame, baseline=1.8)
    assert (given.baseline, given.dispersion) == (1.8, known.dispersion)
    assert "How much people differ is from 2,000 earlier people" in str(given.summary())
    with pytest.raises(InputError, match="The history would not be used"):
        payment_by_results(200, kind="count", terms=terms, promised=0.2, history=frame, baseline=1.8, dispersion=1.0)
    share = payment_by_results(
        200, kind="yes_no", terms=terms, promised=0.1, column="back", history=pd.DataFrame({"back": [0, 1, 1] * 50})
    )
    assert share.baseline == pytest.approx(2 / 3)
    assert "The baseline is from 150 earlier people" in str(share.summary())


def test_a_weight_of_two_is_two_people_and_one_of_none_is_nobody() -> None:
    frame = counts(300)
    twice = pd.concat([frame, frame.iloc[:100]])
    weighted = frame.assign(w=np.where(np.arange(300) < 100, 2.0, 1.0))
    nobody = pd.concat([weighted, counts(50, mean=9).assign(w=0.0)])
    plain, found = read_history(twice, "count"), read_history(nobody, "count", weights="w")
    assert (found.mean, found.dispersion) == pytest.approx((plain.mean, plain.dispersion))
    assert (found.people, found.effective) == (300, pytest.approx(400**2 / 600))
    assert found == read_history(nobody.sample(frac=1, random_state=2), "count", weights="w")
    assert found == read_history(nobody.assign(w=nobody["w"] * 4), "count", weights="w")
    assert found.high - found.low > plain.high - plain.low


def test_nullable_columns_are_read() -> None:
    frame = pd.DataFrame({"reoffended": pd.array([True, False] * 20, dtype="boolean")})
    assert read_history(frame, "yes_no").mean == 0.5


def test_weights_that_cannot_be_used_are_refused() -> None:
    frame = counts(40)
    with pytest.raises(InputError, match="no column w, which is to hold the weights"):
        read_history(frame, "count", weights="w")
    with pytest.raises(InputError, match="w is missing or below 0 for 20 of 40 people"):
        read_history(frame.assign(w=[1.0, -1.0, 1.0, None] * 10), "count", weights="w")
    with pytest.raises(InputError, match="holds 20 people"):
        read_history(frame.assign(w=[1, 0] * 20), "count", weights="w")


@pytest.mark.parametrize(
    ("history", "kind", "sentence"),
    [
        ([1, 2], "count", "a DataFrame with a row a person and the column n_reoffences"),
        (pd.DataFrame({"n": [1] * 40}), "count", "no column n_reoffences"),
        (pd.DataFrame({"reoffended": [0, 1] * 10}), "yes_no", "holds 20 people; with fewer than 30"),
        (pd.DataFrame({"reoffended": [0, 2, None] * 20}), "yes_no", "for 40 of 60 people; needed are 0 or 1"),
        (pd.DataFrame({"n_reoffences": [0.5, -1, "x", 2] * 20}), "count", "for 60 of 80 people; needed are whole"),
        (pd.DataFrame({"n_reoffences": [0] * 40}), "count", "Of the 40 people of the history none reoffended"),
        (pd.DataFrame({"reoffended": [1] * 40}), "yes_no", "all reoffended"),
    ],
)
def test_a_history_that_cannot_be_used_is_refused(history: Any, kind: str, sentence: str) -> None:
    with pytest.raises(InputError, match=sentence):
        read_history(history, kind)
