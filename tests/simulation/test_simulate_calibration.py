"""The simulator against the published marginals, and against what its truth promises to an evaluator.

Published figures: Home Office 2008 cohort; drug testing on arrest. Every
tolerance is about three Monte Carlo errors at the size used, plus what the published figure is rounded to.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
import pytest
from scipy.special import expit

from dipeval.simulate import Truth
from dipeval.simulate.settings import Settings
from dipeval.simulate.simulator import build
from dipeval.vocabulary import PROVEN_DISPOSALS


def reoffences(truth: Truth, world: str, time_zero: pd.Series, days: int = 365, waiting: int = 182) -> pd.Series:
    """Count proven reoffences in (time zero, time zero + days], dealt with in the waiting period."""
    history = truth.history(world)
    start = history["true_person"].map(time_zero)
    since = (history["offence_date"] - start).dt.days
    dealt = (history["disposal_date"] - start).dt.days
    counted = history["disposal"].isin(PROVEN_DISPOSALS) & since.between(1, days) & (dealt <= days + waiting)
    return history[counted].groupby("true_person").size().reindex(time_zero.index, fill_value=0)


@pytest.fixture(scope="module")
def big() -> tuple[dict[str, pd.DataFrame], Truth]:
    return build(Settings(people=60_000, seed=1))


@pytest.mark.slow
def test_offending_after_a_positive_test_is_that_of_the_2008_cohort(
    big: tuple[dict[str, pd.DataFrame], Truth],
) -> None:
    truth = big[1]
    index = truth.people.set_index("true_person")["index_date"].dropna()
    counts = reoffences(truth, "untreated", index)
    assert counts.mean() == pytest.approx(2.60, abs=0.08)
    assert (counts == 0).mean() == pytest.approx(0.39, abs=0.015)
    assert counts.between(1, 2).mean() == pytest.approx(0.25, abs=0.04)  # no negative binomial meets all four
    assert (counts > 5).mean() == pytest.approx(0.16, abs=0.015)


@pytest.mark.slow
def test_tests_are_as_published(big: tuple[dict[str, pd.DataFrame], Truth]) -> None:
    tests = big[0]["drug_tests"]
    valid = tests[tests["result"] != "refused"]
    positive = valid[valid["result"] != "negative"]
    assert 0.52 < len(positive) / len(valid) < 0.58
    mix = positive["result"].value_counts(normalize=True)
    assert mix["cocaine"] + mix["both"] == pytest.approx(0.87, abs=0.02)
    assert mix["both"] == pytest.approx(0.31, abs=0.025)
    assert mix["opiates"] == pytest.approx(0.13, abs=0.02)
    assert len(tests) / tests["person_ref"].nunique() == pytest.approx(1.29, abs=0.04)
    people = tests.drop_duplicates("person_ref")
    assert (people["sex"] == "male").mean() == pytest.approx(0.80, abs=0.01)
    age = (pd.Timestamp("2012-01-01") - people["date_of_birth"]).dt.days / 365.25
    assert age.mean() == pytest.approx(37.7, abs=0.2)  # normal(37, 10), cut at 18 and drawn again
    assert age.between(17.99, 75.01).all()


@pytest.mark.slow
def test_the_pathway_is_near_the_published_funnel(big: tuple[dict[str, pd.DataFrame], Truth]) -> None:
    tables, truth = big
    links = truth.links
    who = {
        name: tables[name].merge(links[links["table"] == name], on="record_id") for name in ("contacts", "treatment")
    }
    index = truth.people.set_index("true_person")["index_date"].dropna()
    contacted = who["contacts"].loc[who["contacts"]["assessment"] == "initial_required", "true_person"].unique()
    assert len(set(contacted) & set(index.index)) / len(index) > 0.90
    after = who["treatment"][who["treatment"]["start_date"] > who["treatment"]["true_person"].map(index)]
    assert len(set(after["true_person"]) & set(contacted)) / len(contacted) == pytest.approx(0.30, abs=0.05)
    last = after["end_date"].fillna(pd.Timestamp("2016-03-31"))
    assert ((last - after["start_date"]).dt.days >= 84).mean() == pytest.approx(0.80, abs=0.05)
    completed = after.groupby("true_person")["discharge_reason"].apply(lambda reasons: (reasons == "completed").any())
    assert completed.mean() == pytest.approx(0.27, abs=0.08)


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """One simulated study with true links: naive and weighted differences in the share who reoffended."""

    true: float
    naive: float
    naive_error: float
    weighted: float
    largest_score_gap: float


def compare(settings: Settings) -> Comparison:
    """Compare treated and untreated people of one simulation by true status, as an evaluator with true links would."""
    tables, truth = build(settings)
    people = truth.people.set_index("true_person").dropna(subset=["index_date"])
    index = people["index_date"]
    zero = index + pd.Timedelta(days=42)
    links = truth.links
    treatment = tables["treatment"].merge(links[links["table"] == "treatment"], on="record_id")
    day = treatment["true_person"].map(index)
    before = treatment[treatment["start_date"] < day]
    recent = (day - treatment["end_date"]).dt.days.fillna(0) <= 28
    washed = set(treatment.loc[(treatment["start_date"] < day) & recent, "true_person"])
    held = truth.custody.assign(end_date=truth.custody["end_date"].fillna(pd.Timestamp("2100-01-01")))
    at_zero = held["true_person"].map(zero)
    inside = set(held.loc[at_zero.between(held["start_date"], held["end_date"]), "true_person"])
    dead = truth.deaths.set_index("true_person")["death_date"].reindex(index.index)
    kept = ~index.index.isin(list(washed | inside)) & ~(dead <= zero)
    history = truth.history("untreated")
    start = history["true_person"].map(index)
    prior = (
        history["disposal"].isin(PROVEN_DISPOSALS)
        & (start - history["offence_date"]).dt.days.between(1, 1826)
        & (history["disposal_date"] < start)
    )
    tests = tables["drug_tests"].merge(links[links["table"] == "drug_tests"], on="record_id")
    at_index = tests[tests["test_date"] == tests["true_person"].map(index)].set_index("true_person")
    born = at_index["date_of_birth"].reindex(index.index)
    treated_before = before.loc[(day - before["start_date"]).dt.days <= 1826, "true_person"]
    design = np.column_stack(
        [
            np.ones(len(index)),
            np.log1p(history[prior].groupby("true_person").size().reindex(index.index, fill_value=0)),
            at_index["result"].reindex(index.index).isin(["opiates", "both"]),
            index.index.isin(treated_before),
            (index - born).dt.days / 3652.5,
        ]
    ).astype(float)[kept]
    treated = people["started_within_grace"].to_numpy(dtype=bool)[kept]
    outcome = {
        world: (reoffences(truth, world, zero) > 0).to_numpy(dtype=float)[kept] for world in ("treated", "untreated")
    }
    seen = np.where(treated, outcome["treated"], outcome["untreated"])
    score = design @ logistic(design, treated.astype(float))
    gaps = [np.abs(score[~treated] - one).min() for one in score[treated]]
    shares = [seen[treated].mean(), seen[~treated].mean()]
    return Comparison(
        true=float((outcome["treated"] - outcome["untreated"])[treated].mean()),
        naive=float(shares[0] - shares[1]),
        naive_error=float(
            np.sqrt(shares[0] * (1 - shares[0]) / treated.sum() + shares[1] * (1 - shares[1]) / (~treated).sum())
        ),
        weighted=float(shares[0] - np.average(seen[~treated], weights=np.exp(score[~treated]))),
        largest_score_gap=float(np.quantile(gaps, 0.95) / score.std()),
    )


def logistic(design: np.ndarray, outcome: np.ndarray) -> np.ndarray:
    """Fit a logistic regression by Newton's method."""
    beta = np.zeros(design.shape[1])
    for _ in range(30):
        mean = expit(design @ beta)
        weight = mean * (1 - mean)
        beta = beta + np.linalg.solve((design * weight[:, None]).T @ design, design.T @ (outcome - mean))
    return beta


@pytest.mark.slow
@pytest.mark.parametrize(
    "options",
    [{"effect": 1.0}, {"effect": 0.8}, {"effect": 0.8, "treated_share": 0.08}],
    ids=["null", "beneficial, strong confounding", "few treated"],
)
def test_naive_is_wrong_and_adjusted_is_right(options: dict[str, float]) -> None:
    found = [compare(Settings(people=5_000, seed=seed, **options)) for seed in range(1, 31)]
    off = np.array([one.naive - one.true for one in found])
    missed = np.array([abs(one.naive - one.true) > 1.96 * one.naive_error for one in found])
    error = np.array([one.weighted - one.true for one in found])
    monte_carlo = error.std(ddof=1) / np.sqrt(len(error))
    print(f"{options}: naive off by {off.mean():.3f} (least {off.min():.3f}), missed {missed.mean():.0%}, ", end="")
    print(f"adjusted error {error.mean():.4f}, Monte Carlo error {monte_carlo:.4f}")
    assert (off >= 0.06).mean() >= 0.95
    assert missed.mean() > 0.9
    assert abs(error.mean()) < 3 * monte_carlo
    assert np.mean([one.largest_score_gap for one in found]) < 0.2  # overlap: nearly everybody within the caliper


@pytest.mark.slow
@pytest.mark.parametrize("strength", [0.6, -0.6])
def test_a_hidden_factor_is_not_adjusted_away(strength: float) -> None:
    """The twin that must fail: the same adjustment, and an error that no record can mend."""
    error = [
        one.weighted - one.true
        for one in (compare(Settings(people=5_000, seed=seed, hidden=strength)) for seed in range(1, 9))
    ]
    assert np.mean(error) * np.sign(strength) > 0.03
