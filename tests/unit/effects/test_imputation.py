"""The draws: prior odds kept, rare levels not drawn at random, differences between subgroups not diluted."""

from __future__ import annotations

import math
from types import SimpleNamespace
from typing import Any

import numpy as np
import pandas as pd
import pytest
from scipy.special import expit

import dipeval as dip
from dipeval.effects.links.imputation import Imputation, draw_statuses, informative_terms
from dipeval.effects.links.imputed_values import value_factor
from dipeval.linkage.competition import link_sets

CHANCES = np.array([0.05, 0.2, 0.4, 0.6, 0.8, 0.95, 0.9999])
# Of the treated whose record is a candidate, the share at each chance.
SHARES = np.array([0.03, 0.06, 0.08, 0.1, 0.12, 0.16, 0.45])


def doubtful(seed: int, *, n: int = 3_000, missed: float = 0.03) -> tuple[pd.DataFrame, pd.DataFrame, np.ndarray]:
    """Candidates whose chances are right, more than half of them in doubt; people; who was treated.

    The effect on reoffending is -0.12 on average and differs by 0.24 between the housed and the others.
    """
    rng = np.random.default_rng(seed)
    severity, housed = rng.normal(size=n), (rng.random(n) < 0.4).astype(float)
    treated = rng.random(n) < expit(-1.2 + 0.8 * severity + 0.7 * housed)
    risk = 0.5 + 0.10 * severity + 0.12 * housed + treated * (-0.12 - 0.24 * (housed - 0.4))
    ids = pd.Index([f"P{i:06d}" for i in range(n)], name="person_id")
    people = pd.DataFrame({"severity": severity, "housed": housed}, index=ids)
    people["reoffended"] = (rng.random(n) < risk).astype(int)
    found = np.flatnonzero(treated)[rng.random(int(treated.sum())) >= missed]
    levels = rng.choice(len(CHANCES), len(found), p=SHARES)
    false = len(found) * SHARES * (1 - CHANCES) / CHANCES / (~treated).sum()
    others = np.flatnonzero(~treated)
    their = rng.choice(len(CHANCES) + 1, len(others), p=np.r_[false, 1 - false.sum()])
    who = np.r_[found, others[their < len(CHANCES)]]
    chance = CHANCES[np.r_[levels, their[their < len(CHANCES)]]]
    w = (1 - len(found) / n) * (1 - len(found) / (4 * n))
    pairs = pd.DataFrame({"left_person": ids[who], "right_person": ids[who], "match_probability": chance})
    return pairs.assign(match_weight=np.log2(chance / (1 - chance) * w), linked=chance >= 0.5), people, treated


def set_up(pairs: pd.DataFrame, people: pd.DataFrame, missed: float) -> Imputation:
    place = people.index.get_indexer(pd.Index(pairs["left_person"])).astype("int64")
    sets = link_sets(pairs, n_left=len(people), n_right=4 * len(people))
    return Imputation(sets=sets, place=place, says=np.ones(len(pairs), dtype=bool), n=len(people), missed=missed)


def test_without_the_outcome_everybody_keeps_the_odds_of_the_identifiers() -> None:
    """Those whose record was not found come out of the unlinked, not out of the links."""
    pairs, people, _ = doubtful(1)
    setup = set_up(pairs, people, missed=0.3)
    drawn = list(draw_statuses(setup, None, draws=200, rng=np.random.default_rng(1)))
    found, expected = np.mean([draw.links.sum() for draw in drawn]), setup.sets.probabilities().sum()
    assert found == pytest.approx(expected, rel=0.01)
    assert np.mean([draw.unfound.sum() for draw in drawn]) == pytest.approx(0.3 / 0.7 * expected, rel=0.02)


def test_a_rare_level_is_not_drawn_as_treated() -> None:
    """Twenty districts of three people, none of them with a candidate: nothing speaks for their treatment."""
    pairs, people, treated = doubtful(1, n=2_000)
    free = np.flatnonzero(~treated & ~people.index.isin(pairs["left_person"]))[:60]
    district = np.array(["common"] * len(people), dtype=object)
    district[free] = [f"rare {place // 3}" for place in range(60)]
    people["district"] = district
    terms = informative_terms(people, ["severity", "housed", "district"], ["reoffended"])
    drawn = draw_statuses(set_up(pairs, people, 0.03), terms, draws=10, rng=np.random.default_rng(1))
    assert np.mean([draw.status[free].mean() for draw in drawn]) < 0.05


def difference_between_subgroups(people: pd.DataFrame) -> tuple[float, float]:
    known = [people["treated"], people["treated"] * people["housed"], people["severity"], people["housed"]]
    rows = np.column_stack([np.ones(len(people)), *known]).astype(float)
    y = people["reoffended"].to_numpy(dtype=float)
    bread = np.linalg.inv(rows.T @ rows)
    beta = bread @ rows.T @ y
    scores = rows * (y - rows @ beta)[:, None]
    return float(beta[2]), math.sqrt(float((bread @ (scores.T @ scores) @ bread)[2, 2]))


def test_a_difference_in_effect_between_subgroups_is_not_diluted() -> None:
    """Drawn as if the effect were the same for all, it came out 28% short."""
    shortfalls = []
    for seed in range(1, 21):
        pairs, people, treated = doubtful(seed)
        true, _ = difference_between_subgroups(people.assign(treated=treated.astype(int)))
        answer = dip.propagate_linkage(
            linkage_of(pairs, len(people)),
            difference_between_subgroups,
            people=people,
            outcome="reoffended",
            covariates=["severity", "housed"],
            draws=5,
            missed=0.03,
            thresholds=(),
            tipping=False,
            seed=seed,
        )
        shortfalls.append((answer.estimate - true) / 0.24)
    assert abs(np.mean(shortfalls)) < 0.10


def counted(seed: int, n: int = 3_000) -> tuple[Any, pd.DataFrame, np.ndarray, pd.DataFrame]:
    """The same doubt about the offences: linkage, people, true counts, and what each candidate would say."""
    pairs, people, _ = doubtful(seed, n=n)
    rng = np.random.default_rng(1_000 + seed)
    treated = rng.random(n) < expit(-1 + 0.8 * people["severity"])
    people = people.drop(columns="reoffended").assign(treated=treated.astype(int))
    mean = np.exp(0.8 + 0.3 * people["severity"].to_numpy() - 0.5 * treated)
    # Whether somebody has an offence stays as it was drawn: the treatment tells only in how many.
    size = 1 + rng.poisson(mean)
    right = rng.random(len(pairs)) < pairs["match_probability"]
    place = people.index.get_indexer(pd.Index(pairs["left_person"]))
    counts = np.zeros(n)
    counts[place[right]] = size[place[right]]
    theirs = np.where(right, counts[place], rng.choice(counts[counts > 0], len(pairs)))
    said = pairs[["left_person", "right_person"]].assign(n_reoffences=theirs)
    return linkage_of(pairs, n), people, counts, said


def difference_in_counts(people: pd.DataFrame) -> tuple[float, float]:
    rows = np.column_stack([np.ones(len(people)), people[["treated", "severity", "housed"]]]).astype(float)
    y = people["n_reoffences"].to_numpy(dtype=float)
    bread = np.linalg.inv(rows.T @ rows)
    beta = bread @ rows.T @ y
    return float(beta[1]), math.sqrt(float(bread[1, 1] * (y - rows @ beta).var()))


def test_how_many_reoffences_speaks_for_a_link_too() -> None:
    true, drawn = [], []
    for seed in range(1, 16):
        linkage, people, counts, said = counted(seed)
        true.append(difference_in_counts(people.assign(n_reoffences=counts))[0])
        options: dict[str, Any] = {"covariates": ["severity", "housed"], "draws": 5, "missed": 0.0, "thresholds": ()}
        answer = dip.propagate_linkage(
            linkage, difference_in_counts, people=people, role="outcome", outcome=said, tipping=False, **options
        )
        drawn.append(answer.estimate)
    assert np.mean(drawn) / np.mean(true) == pytest.approx(1, abs=0.08)


def test_the_size_of_an_outcome_makes_links_in_general_no_likelier() -> None:
    rng = np.random.default_rng(3)
    rows = np.column_stack([np.ones(500), rng.normal(size=500)])
    place = np.repeat(np.arange(500), 4)
    values = np.exp(rng.normal(1 + 0.5 * rows[place, 1], 0.5))
    linked = np.arange(2_000) % 4 == 0
    factor = value_factor(rows, place, values, linked, 0.16, np.random.default_rng(1))
    assert np.corrcoef(factor, (np.log(values) - 1) * rows[place, 1])[0, 1] > 0.5
    # Every value of the pool for everybody: the ratio is 1 on average for each person.
    pool = np.tile(rng.choice(np.array([1.0, 2.0, 5.0]), 40), 500)
    everybody = np.repeat(np.arange(500), 40)
    ratio = np.exp(value_factor(rows, everybody, pool, rng.random(20_000) < 0.1, 0.16, np.random.default_rng(1)))
    np.testing.assert_allclose(ratio.reshape(500, 40).mean(axis=1), 1.0, rtol=1e-9)
    alike = value_factor(rows, place, np.ones(2_000), linked, 0.16, np.random.default_rng(1))
    outside = value_factor(rows, np.full(2_000, -1), values, linked, 0.16, np.random.default_rng(1))
    assert not alike.any() and not outside.any()


def linkage_of(pairs: pd.DataFrame, n: int) -> Any:
    frame = pairs.assign(left_table="drug_tests", right_table="treatment")
    counts = pd.DataFrame({"table": ["drug_tests", "treatment"], "persons": [n, 4 * n]})
    rule = SimpleNamespace(profile="attributor", ties="drop")
    return SimpleNamespace(pairs=frame.copy, counts=counts, anchor="drug_tests", rule=rule)
