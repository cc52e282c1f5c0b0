"""What each option does, and that it does nothing else."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from dipeval.simulate.arrays import pick, to_dates, to_text, years_after
from dipeval.simulate.settings import Settings
from dipeval.simulate.simulator import build
from dipeval.simulate.truth import Truth

Simulation = tuple[dict[str, pd.DataFrame], Truth]


def identities(simulation: Simulation, table: str, columns: list[str]) -> pd.DataFrame:
    tables, truth = simulation
    links = truth.links
    rows = tables[table].merge(links[links["table"] == table], on="record_id")
    return rows.drop_duplicates("true_person").set_index("true_person")[columns]


@pytest.fixture(scope="module")
def large() -> Simulation:
    return build(Settings(people=8_000, seed=11, other_clients=0.0))


@pytest.mark.parametrize("table", ["contacts", "treatment"])
def test_error_rates_are_those_of_the_benchmark(large: Simulation, table: str) -> None:
    service = identities(
        large, table, ["forename_initial", "surname_initial", "date_of_birth", "sex", "postcode_sector"]
    )
    police = identities(large, "drug_tests", ["forename", "surname", "date_of_birth", "sex", "postcode"])
    both = service.join(police, rsuffix="_police", how="inner")
    n = len(both)

    def near(share: float, rate: float) -> bool:
        return abs(share - rate) < 4 * np.sqrt(rate * (1 - rate) / n)

    first, last = both["forename"].str[0], both["surname"].str[0]
    off = (both["date_of_birth"] - both["date_of_birth_police"]).dt.days.abs()
    assert near(float(off.between(1, 9).mean()), 0.02 * 0.99)
    assert near(float((off > 300).mean()), 0.01)
    men = both["sex_police"] == "male"
    assert near(float((both.loc[men, "sex"] == "female").mean()), 0.005)
    assert (both.loc[~men, "sex"] == "female").all()
    assert near(float(both["postcode_sector"].isna().mean()), 0.08)
    same = both["postcode_sector"] == both["postcode"].str[:-2]
    assert 0.5 < same[both["postcode_sector"].notna()].mean() < 0.78  # another address 25%, and moves
    # Initials: a tenth of other names share the letter; a misspelling shows when it hits the first letter (1 in 6).
    wrong_first, wrong_last = both["forename_initial"] != first, both["surname_initial"] != last
    assert float(wrong_first.mean()) == pytest.approx(0.03 * 0.9 + 0.01 * 0.94 + 0.06 / 6, abs=0.012)
    assert float(wrong_last.mean()) == pytest.approx(0.03 * 0.94 + 0.01 * 0.94 + 0.05 / 7, abs=0.012)


def test_errors_can_be_switched_off_and_multiplied() -> None:
    columns = ["forename_initial", "surname_initial", "date_of_birth", "sex"]
    rates = []
    for multiplier in (0.0, 1.0, 3.0):
        simulation = build(Settings(people=3_000, seed=4, identifier_errors=multiplier))
        police = identities(simulation, "drug_tests", ["forename", "surname", "date_of_birth", "sex"])
        exact = police.assign(forename_initial=police["forename"].str[0], surname_initial=police["surname"].str[0])
        service = identities(simulation, "treatment", columns)
        both = service.join(exact[columns], rsuffix="_exact", how="inner")
        wrong = pd.concat([both[name] != both[f"{name}_exact"] for name in columns], axis=1).any(axis=1)
        rates.append(float(wrong.mean()))
        if multiplier == 0:
            assert service["forename_initial"].notna().all()
            assert simulation[0]["treatment"]["postcode_sector"].notna().all()
    assert rates[0] == 0
    assert rates[0] < rates[1] < rates[2]


def test_heaped_births_put_about_three_percent_on_one_date() -> None:
    def largest(heaped: bool) -> tuple[float, pd.Timestamp]:
        simulation = build(Settings(people=10_000, seed=2, heaped_births=heaped, other_clients=0.0))
        births = identities(simulation, "drug_tests", ["date_of_birth"])["date_of_birth"]
        counts = births.value_counts(normalize=True)
        return float(counts.iloc[0]), counts.index[0]

    share, date = largest(True)
    assert share == pytest.approx(0.029, abs=0.007)
    assert (pd.Timestamp("2012-01-01") - date).days in (6574, 6575)  # 18 years
    assert largest(False)[0] < 0.002


def test_alias_users_have_several_wrong_fields_in_custody_only() -> None:
    simulation = build(Settings(people=4_000, seed=2, alias_users=0.05))
    columns = ["forename", "surname", "date_of_birth"]
    custody, offences = identities(simulation, "drug_tests", columns), identities(simulation, "offences", columns)
    both = custody.join(offences, rsuffix="_true", how="inner")
    wrong = sum((both[name] != both[f"{name}_true"]).astype(int) for name in columns)
    share = float((wrong > 0).mean())
    assert share == pytest.approx(0.05, abs=0.015)
    assert float((wrong[wrong > 0] >= 2).mean()) > 0.95
    assert (custody["date_of_birth"] < pd.Timestamp("2000-01-01")).all()
    plain = build(Settings(people=4_000, seed=2))
    pd.testing.assert_frame_equal(plain[0]["offences"], simulation[0]["offences"])
    pd.testing.assert_frame_equal(plain[0]["treatment"], simulation[0]["treatment"])


def test_null_effect_makes_the_worlds_one() -> None:
    _, truth = build(Settings(people=500, seed=1, effect=1.0))
    treated, untreated = (truth.history(world).drop(columns="world") for world in ("treated", "untreated"))
    pd.testing.assert_frame_equal(treated, untreated)


def test_untreated_world_does_not_depend_on_the_effect_but_for_later_starts() -> None:
    histories = [
        build(Settings(people=500, seed=1, effect=effect, later_share=0.0))[1].history("untreated")
        for effect in (0.5, 0.8, 1.0)
    ]
    for other in histories[1:]:
        pd.testing.assert_frame_equal(histories[0], other)


@pytest.mark.parametrize("effect", [0.5, 0.8, 1.5])
def test_effect_is_the_rate_ratio_after_the_start(effect: float) -> None:
    _, truth = build(Settings(people=4_000, seed=8, effect=effect, later_share=0.0))
    people = truth.people.set_index("true_person")
    counts = []
    for world in ("treated", "untreated"):
        history = truth.history(world)
        counts.append(int((history["offence_date"] >= history["true_person"].map(people["start_date"])).sum()))
    assert counts[1] > 1_500
    assert counts[0] / counts[1] == pytest.approx(effect, abs=0.06)


def test_effect_above_one_adds_offences_and_keeps_the_contract() -> None:
    _, truth = build(Settings(people=300, seed=1, effect=2.0))
    assert len(truth.history("treated")) > len(truth.history("untreated"))


@pytest.mark.parametrize("share", [0.08, 0.25])
def test_treated_share_is_met(share: float) -> None:
    _, truth = build(Settings(people=5_000, seed=1, treated_share=share))
    positives = truth.people.dropna(subset=["index_date"])
    assert float(positives["started_within_grace"].mean()) == pytest.approx(share * 0.92, abs=0.02)
    observed_later = positives["later_start_date"].notna() & ~positives["started_within_grace"]
    assert float(observed_later.mean()) == pytest.approx(0.05, abs=0.012)


def test_hidden_factor_moves_offending_but_no_earlier_record() -> None:
    plain, hidden = (build(Settings(people=400, seed=6, hidden=strength)) for strength in (0.0, 0.7))
    pd.testing.assert_frame_equal(plain[1].custody, hidden[1].custody)
    columns = ["forename", "surname", "date_of_birth"]
    pd.testing.assert_frame_equal(
        identities(plain, "drug_tests", columns).sort_index(), identities(hidden, "drug_tests", columns).sort_index()
    )
    assert len(plain[0]["offences"]) != len(hidden[0]["offences"])


def test_no_other_clients_means_no_strangers_in_the_treatment_file() -> None:
    _, truth = build(Settings(people=200, seed=1, other_clients=0.0))
    assert len(truth.people) == 200
    _, truth = build(Settings(people=200, seed=1, other_clients=1.0))
    assert len(truth.people) == 400
    assert (truth.links.loc[truth.links["table"] == "treatment", "true_person"] >= 200).sum() > 100


def test_small_conversions() -> None:
    assert to_text(np.array([-1, 0]), ["x"]).tolist() == [None, "x"]
    assert str(to_dates(np.array([0]))[0]) == "1970-01-01T00:00:00.000000"
    assert years_after(np.array([0]), np.array([1])).tolist() == [365]
    assert set(pick(np.random.default_rng(1), [1, 0, 1], 50).tolist()) == {0, 2}
