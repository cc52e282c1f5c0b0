"""Balance: distances, squares and products, sample weights, words, and what happens at the edges."""

from __future__ import annotations

import math
import tracemalloc
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
import pytest

import dipeval as dip
from dipeval.errors import InvariantError
from dipeval.matching.balance import Balance
from dipeval.matching.balance_measures import Moments, distances, make_sides, variance_ratio
from dipeval.matching.balance_table import measure_balance
from dipeval.matching.terms import Terms, encode
from tests.unit.matching.matching_people import COVARIATES, people

COMMON: dict[str, Any] = {"treated": "treated", "covariates": COVARIATES}


def measured(
    frame: pd.DataFrame,
    treated: Any,
    weights: Any = None,
    *,
    estimand: str = "ATT",
    interactions: bool = False,
    sample_weights: Any = None,
) -> Balance:
    """Balance of a small frame of numbers, without a design."""
    terms = Terms(
        names=tuple(frame.columns),
        columns=tuple(frame.columns),
        values=frame.to_numpy(dtype=float),
        reference=np.zeros(frame.shape[1], dtype=bool),
    )
    mask = np.asarray(treated, dtype=bool)
    given = np.ones(len(mask)) if weights is None else np.asarray(weights, dtype=float)
    return measure_balance(
        terms, mask, given, order=np.arange(len(mask)), estimand=estimand, interactions=interactions,
        sample_weights=None if sample_weights is None else np.asarray(sample_weights, dtype=float),
    )  # fmt: skip


def weighted_variance(values: np.ndarray, weights: np.ndarray) -> float:
    share = weights / weights.sum()
    return float((share * (values - share @ values) ** 2).sum() / (1 - (share**2).sum()))


def gaps(values: np.ndarray, treated: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """Distance between the two cumulative distributions at every distinct value, one value at a time."""
    return np.array(
        [
            abs(
                weights[treated & (values <= at)].sum() / weights[treated].sum()
                - weights[~treated & (values <= at)].sum() / weights[~treated].sum()
            )
            for at in np.unique(values)
        ]
    )


@pytest.mark.parametrize("kind", ["few", "many", "tied with weights"])
def test_distances_between_distributions_equal_a_count_by_hand(kind: str) -> None:
    rng = np.random.default_rng(5)
    for _ in range(20):
        size = int(rng.integers(4, 60))
        values = rng.normal(size=size) if kind == "many" else rng.integers(0, 4, size).astype(float) * 1.5
        treated = rng.random(size) < 0.4
        treated[:2] = True, False
        weights = rng.choice([0.0, 0.3, 1.0, 2.5], size) if kind == "tied with weights" else np.ones(size)
        weights[:2] = 1.0
        row = measured(pd.DataFrame({"x": values}), treated, weights).to_frame().iloc[0]
        before, after = gaps(values, treated, np.ones(size)), gaps(values, treated, weights)
        expected = [before.max(), after.max(), before.mean(), after.mean()]
        if row["binary"]:
            expected = [before[0], after[0], before[0], after[0]]
        found = row[["ks_before", "ks_after", "ecdf_before", "ecdf_after"]].to_numpy(dtype=float)
        np.testing.assert_allclose(found, expected, atol=1e-14)


def test_the_distance_of_a_yes_no_term_is_the_difference_in_shares() -> None:
    row = measured(pd.DataFrame({"x": [1, 0, 0, 0, 1, 1]}), [1, 1, 0, 0, 0, 0]).to_frame().iloc[0]
    assert row[["ks_before", "ecdf_before", "ks_after", "ecdf_after"]].tolist() == [0.0] * 4
    row = measured(pd.DataFrame({"x": [1, 1, 0, 0, 0, 1]}), [1, 1, 0, 0, 0, 0]).to_frame().iloc[0]
    assert row[["ks_before", "ecdf_before"]].tolist() == [0.75, 0.75]


def test_squares_and_products_equal_those_of_columns_made_by_hand() -> None:
    table = people(300)
    design = dip.match(table, caliper=0.1, ratio=2, **COMMON)
    found = design.balance(interactions=True).to_frame()
    columns = {"age": table["age"], "priors": table["priors"]}
    columns |= {f"district[{name}]": (table["district"] == name) for name in ("Bradford", "Kirklees", "Leeds")}
    columns = {name: values.to_numpy(dtype=float) for name, values in columns.items()}
    made = {"age²": ("age", "age"), "priors²": ("priors", "priors"), "age × priors": ("age", "priors")}
    made |= {f"{one} × {two}": (one, two) for one in ("age", "priors") for two in columns if "[" in two}
    rows = found[found["kind"].isin(["square", "interaction"])].set_index("term")
    assert set(rows.index) == set(made)
    treated, weights = design.treated.to_numpy(), design.weights.to_numpy()
    for name, (one, two) in made.items():
        values = columns[one] * columns[two]
        scale = values[treated].std(ddof=1)
        means = {
            (group, moment): float(np.average(values[mask], weights=own[mask]))
            for group, mask in (("t", treated), ("c", ~treated))
            for moment, own in (("before", np.ones(len(weights))), ("after", weights))
        }
        row = rows.loc[name]
        assert row["smd_before"] == pytest.approx((means["t", "before"] - means["c", "before"]) / scale, abs=1e-12)
        assert row["smd_after"] == pytest.approx((means["t", "after"] - means["c", "after"]) / scale, abs=1e-12)
        ratio = weighted_variance(values[treated], weights[treated]) / weighted_variance(
            values[~treated], weights[~treated]
        )
        assert row["variance_ratio_after"] == pytest.approx(ratio, rel=1e-10)
        assert row["kind"] == ("square" if one == two else "interaction")


def test_products_of_large_numbers_far_from_zero_keep_their_digits() -> None:
    rng = np.random.default_rng(2)
    frame = pd.DataFrame({"day": 20_000 + rng.normal(size=400), "money": 5e6 + rng.normal(size=400)})
    treated = rng.random(400) < 0.4
    row = measured(frame, treated, interactions=True).to_frame().set_index("term").loc["day × money"]
    exact = frame["day"].to_numpy(dtype=np.longdouble) * frame["money"].to_numpy(dtype=np.longdouble)
    smd = (exact[treated].mean() - exact[~treated].mean()) / exact[treated].std(ddof=1)
    assert row["smd_before"] == pytest.approx(float(smd), rel=1e-8)


def test_products_come_in_blocks_and_the_size_of_a_block_moves_nothing_of_note(monkeypatch: pytest.MonkeyPatch) -> None:
    frame, treated = pd.DataFrame(np.random.default_rng(1).normal(size=(900, 3))).rename(columns=str), [1, 0, 0] * 300
    whole = measured(frame, treated, interactions=True).to_frame()
    monkeypatch.setattr("dipeval.matching.balance_products.BLOCK", 1)
    blocks = measured(frame, treated, interactions=True).to_frame()
    pd.testing.assert_frame_equal(whole, blocks, rtol=1e-11)


def test_products_that_say_nothing_are_left_out() -> None:
    table = people(200).assign(sign=lambda data: np.where(data["age"] > 40, 1.0, -1.0))
    table["bradford"] = (table["district"] == "Bradford").astype(int)
    found = dip.match(table, treated="treated", covariates=["sign", "district"]).balance(interactions=True).to_frame()
    names = set(found.loc[found["kind"] != "covariate", "term"]) - {"propensity score"}
    assert names == {f"sign × district[{name}]" for name in ("Bradford", "Kirklees", "Leeds")}  # sign² is 1 for all
    design = dip.weight(table, treated="treated", covariates=["bradford", "district"], method="none")
    products = design.balance(interactions=True).to_frame().query("kind == 'interaction'").set_index("term")
    assert products.index.tolist() == ["bradford × district[Bradford]"]  # nobody is both for the other districts
    row = products.iloc[0]
    assert row["binary"]
    assert row["ks_before"] == pytest.approx(abs(row["mean_treated"] - row["mean_comparison_before"]))


def test_covariate_figures_do_not_depend_on_whether_products_were_asked_for() -> None:
    design = dip.match(people(200), **COMMON)
    plain, more = design.balance(), design.balance(interactions=True)
    frame = more.to_frame()
    pd.testing.assert_frame_equal(plain.to_frame(), frame[frame["kind"].isin(["score", "covariate"])], check_exact=True)
    assert more.max_smd == plain.max_smd
    assert (
        more.max_smd_interactions == frame.loc[frame["kind"].isin(["square", "interaction"]), "smd_after"].abs().max()
    )
    assert math.isnan(plain.max_smd_interactions)
    assert len(plain.denominators) == 5
    assert plain.denominators["age"] == pytest.approx(people(200).query("treated == 1")["age"].std())


@pytest.mark.parametrize("method", ["nearest", "ipw"])
def test_shuffling_rows_moves_no_figure(method: str) -> None:
    table = people(300)
    shuffled = table.sample(frac=1, random_state=7)
    frames = []
    for rows in (table, shuffled):
        design = dip.match(rows, **COMMON) if method == "nearest" else dip.weight(rows, method=method, **COMMON)
        frames.append((design.balance(interactions=True).to_frame(), design.dropped().to_frame(), design.precision()))
        frames[-1] += (design.balance_by_set(),)
    for first, second in zip(*frames, strict=True):
        pd.testing.assert_frame_equal(first, second, check_exact=True)


def test_before_uses_the_sample_weights() -> None:
    rng = np.random.default_rng(4)
    values, treated = rng.normal(size=80), rng.random(80) < 0.5
    sample, weights = rng.uniform(0.5, 3, 80), rng.uniform(0.5, 3, 80)
    balance = measured(pd.DataFrame({"x": values}), treated, weights, sample_weights=sample)
    row = balance.to_frame().iloc[0]
    scale = math.sqrt(weighted_variance(values[treated], sample[treated]))
    means = [np.average(values[mask], weights=sample[mask]) for mask in (treated, ~treated)]
    assert row["smd_before"] == pytest.approx((means[0] - means[1]) / scale, rel=1e-12)
    assert row["ks_before"] == pytest.approx(gaps(values, treated, sample).max(), rel=1e-12)
    assert row["ecdf_before"] == pytest.approx(gaps(values, treated, sample).mean(), rel=1e-12)
    assert row["ks_after"] == pytest.approx(gaps(values, treated, weights).max(), rel=1e-12)
    same = measured(pd.DataFrame({"x": values}), treated, weights, sample_weights=np.full(80, 2.0)).to_frame()
    pd.testing.assert_frame_equal(same, measured(pd.DataFrame({"x": values}), treated, weights).to_frame(), rtol=1e-12)


@pytest.mark.parametrize("estimand", ["ATT", "ATC", "ATE", "ATO"])
def test_each_estimand_has_its_denominator_and_says_so(estimand: str) -> None:
    rng = np.random.default_rng(6)
    values, treated = rng.normal(size=60), rng.random(60) < 0.5
    values[treated] *= 2
    balance = measured(pd.DataFrame({"x": values}), treated, estimand=estimand)
    first, second = values[treated].var(ddof=1), values[~treated].var(ddof=1)
    expected = {"ATT": first, "ATC": second}.get(estimand, (first + second) / 2)
    assert balance.denominators["x"] == pytest.approx(math.sqrt(expected), rel=1e-12)
    words = {"ATT": "treated people", "ATC": "comparison people"}.get(estimand, "mean of the two groups' variances")
    assert words in balance.denominator


def test_a_term_constant_in_the_treated_is_measured_by_everybodys_spread() -> None:
    frame = pd.DataFrame({"x": [3.0, 3.0, 3.0, 1.0, 5.0, 4.0], "y": [1.0, 2, 3, 4, 5, 6]})
    balance = measured(frame, [1, 1, 1, 0, 0, 0])
    row = balance.to_frame().set_index("term").loc["x"]
    assert row["smd_before"] == pytest.approx((3 - 10 / 3) / frame["x"].std(ddof=1))
    assert row["variance_ratio_after"] == 0.0
    assert any("that of all people is used for X" in note for note in balance.notes)
    assert balance.max_variance_ratio == math.inf
    assert "variance ratio 0.00" in balance.verdict


def test_a_term_constant_in_the_comparison_people_has_an_infinite_ratio() -> None:
    balance = measured(pd.DataFrame({"x": [1.0, 5.0, 4.0, 3.0, 3.0, 3.0]}), [1, 1, 1, 0, 0, 0])
    assert balance.to_frame().loc[0, "variance_ratio_after"] == math.inf
    assert balance.max_variance_ratio == math.inf
    assert "without limit" in balance.verdict
    assert "no spread" in str(balance.summary())


def test_one_treated_person_has_no_variance_but_a_table() -> None:
    frame = pd.DataFrame({"x": [3.0, 1.0, 5.0, 4.5], "yes": [1, 0, 1, 0]})
    balance = measured(frame, [1, 0, 0, 0], interactions=True)
    table = balance.to_frame().set_index("term")
    assert math.isnan(table.loc["x", "variance_ratio_after"])
    assert np.isfinite(table["smd_after"]).all()
    assert math.isnan(balance.max_variance_ratio)
    assert balance.ess_treated == 1.0
    assert "1 treated person" in balance.verdict


def test_people_with_weight_zero_count_before_and_not_after() -> None:
    frame = pd.DataFrame({"x": [1.0, 2.0, 9.0, 1.0, 2.0, 50.0]})
    balance = measured(frame, [1, 1, 1, 0, 0, 0], [1, 1, 0, 1, 1, 0])
    row = balance.to_frame().iloc[0]
    assert (row["smd_after"], row["ks_after"], row["ecdf_after"]) == (0.0, 0.0, 0.0)
    assert row["mean_treated"] == 4.0
    assert row["mean_treated_after"] == 1.5
    assert row["smd_before"] != 0.0
    assert (balance.n_treated, balance.n_comparison) == (2, 2)


def test_terms_alike_for_everybody_used_differ_by_nothing() -> None:
    balance = measured(pd.DataFrame({"x": [7.0] * 4, "y": [1.0, 2, 3, 4]}), [1, 1, 0, 0], interactions=True)
    assert balance.to_frame().set_index("term").loc["x", "smd_after"] == 0.0
    assert "x²" not in set(balance.to_frame()["term"])


def test_the_worst_ratio_counts_both_ways() -> None:
    low = measured(pd.DataFrame({"x": [1.0, 2.0, 3.0, 0.0, 2.0, 4.0]}), [1, 1, 1, 0, 0, 0])
    assert low.to_frame().loc[0, "variance_ratio_after"] == pytest.approx(0.25)
    assert low.max_variance_ratio == pytest.approx(4.0)
    assert low.max_ks == pytest.approx(1 / 3)
    assert math.isnan(variance_ratio(Moments(mean=0, variance=0.0), Moments(mean=0, variance=0.0), 1.0))
    assert math.isnan(measured(pd.DataFrame({"x": [1, 0, 1, 0]}), [1, 1, 0, 0]).max_variance_ratio)


def test_terms_beyond_a_limit_are_counted() -> None:
    balance = dip.match(people(200), caliper=0.05, **COMMON).balance()
    sizes = balance.to_frame().query("kind == 'covariate'")["smd_after"].abs()
    for limit in (0.0, 0.05, 0.1, 1.0):
        assert balance.n_unbalanced(limit) == int((sizes > limit).sum())
    assert balance.n_unbalanced() == balance.n_unbalanced(0.1)


@pytest.mark.parametrize(
    ("shift", "words"),
    [
        (0.0, "well matched: the averages of every term are equal."),
        (0.07, "reasonably matched: 1 of 1 terms differs by more than 5% of a standard deviation (X 7.0%), none by"),
        (0.3, "poorly matched: 1 of 1 terms differs by more than 10% of a standard deviation (X 30.0%)"),
    ],
)
def test_the_verdict_names_band_terms_people_and_where_the_bands_come_from(shift: float, words: str) -> None:
    values = np.tile([-1.0, 0.0, 1.0], 10)
    scale = values.std(ddof=1)
    frame = pd.DataFrame({"x": np.concatenate([values + shift * scale, values])})
    verdict = measured(frame, [1] * 30 + [0] * 30).verdict
    assert words in verdict
    assert "Behind it are 30 treated people and 30 comparison people." in verdict
    assert "second hand" in verdict
    assert "control" not in verdict.lower()


def test_the_summary_sorts_terms_into_bands_and_lists_only_the_worst_products() -> None:
    rng = np.random.default_rng(8)
    frame = pd.DataFrame(rng.normal(size=(100, 8))).rename(columns=lambda number: f"x{number}")
    balance = measured(frame, rng.random(100) < 0.5, interactions=True)
    shown = balance.summary().to_frame()
    assert len(shown) == 8 + 12
    assert set(shown["Matched"]) <= {"well", "reasonably", "poorly"}
    text = str(balance.summary())
    assert "the 12 worst of 36 are listed" in text
    assert "Of 8 terms," in text
    assert "squared" in text or " × " in text
    assert len(balance.plot().get_yticklabels()) == 20


def test_balance_is_measured_once_and_anew_for_a_changed_design() -> None:
    design = dip.match(people(200), **COMMON)
    assert design.balance() is design.balance()
    assert design.balance(interactions=True) is design.balance(interactions=True)
    unweighted = replace(
        design, method="none", _people=design._people.assign(weight=1.0, pair=pd.NA), _pairs=design._pairs.iloc[:0]
    )
    assert unweighted.balance().max_smd == pytest.approx(design.balance().max_smd_before)


def test_a_balance_cannot_exist_with_broken_promises() -> None:
    balance = dip.match(people(200), **COMMON).balance()
    with pytest.raises(InvariantError, match="documented columns"):
        replace(balance, _frame=balance.to_frame().drop(columns="kind"))
    with pytest.raises(InvariantError, match="not a number"):
        replace(balance, _frame=balance.to_frame().assign(smd_after=np.nan))
    with pytest.raises(InvariantError, match="needs covariates"):
        replace(balance, _frame=balance.to_frame().assign(kind="score"))


def test_the_mean_distance_is_taken_over_values_of_people_not_used_too() -> None:
    sides = make_sides(np.array([True, True, False, False]), np.array([1.0, 0, 1, 0]), np.arange(4))
    largest, mean = distances(np.array([1.0, 9.0, 2.0, 5.0]), sides)
    assert largest[1] == 1.0
    assert mean[1] == 0.25  # apart by 1 at the first of the four values only


def test_balance_by_set_equals_the_means_within_each() -> None:
    table = people(300)
    design = dip.match(table, method="subclass", caliper=None, subclasses=4, **COMMON)
    found = design.balance_by_set()
    scales = design.balance().denominators
    terms = encode(table[COVARIATES])
    for row in found.to_dict("records"):
        mask = (design.sets == row["set"]).fillna(False).to_numpy(dtype=bool)
        inside, treated = terms.values[mask], design.treated.to_numpy()[mask]
        smd = np.abs(inside[treated].mean(axis=0) - inside[~treated].mean(axis=0)) / scales.to_numpy()
        assert row["max_smd"] == pytest.approx(smd.max(), rel=1e-12)
        assert row["worst_term"] == terms.names[int(smd.argmax())]
        assert (row["n_treated"], row["n_comparison"]) == (int(treated.sum()), int((~treated).sum()))
    assert dip.weight(table, **COMMON).balance_by_set().empty


def test_the_covariates_are_never_copied_whole() -> None:
    rng = np.random.default_rng(0)
    values = rng.normal(size=(200_000, 20))
    values[:, 10:] = values[:, 10:] > 0.3
    terms = Terms(
        names=tuple(f"x{number}" for number in range(20)),
        columns=tuple(f"x{number}" for number in range(20)),
        values=values,
        reference=np.zeros(20, dtype=bool),
    )
    treated, weights = rng.random(200_000) < 0.1, rng.random(200_000)
    order = rng.permutation(200_000)
    tracemalloc.start()
    measure_balance(terms, treated, weights, order=order, estimand="ATT")
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 0.8 * values.nbytes
