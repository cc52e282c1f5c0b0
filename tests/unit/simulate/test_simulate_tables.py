"""Tables keep their contract, the truth fits them, and a seed fixes every byte."""

from __future__ import annotations

import datetime as dt
import hashlib
import os
import subprocess
import sys
from io import BytesIO
from itertools import pairwise

import numpy as np
import pandas as pd
import pytest

from dipeval.errors import InputError
from dipeval.simulate import Truth, simulate
from dipeval.simulate.settings import Settings
from dipeval.simulate.simulator import build
from dipeval.vocabulary import POSITIVE_RESULTS, PROVEN_DISPOSALS

Simulation = tuple[dict[str, pd.DataFrame], Truth]
PERSONAL = ("drug_tests", "contacts", "treatment", "offences", "custody_spells", "deaths")
POLICE = ("offences", "custody_spells", "deaths")


@pytest.fixture(scope="module")
def simulation() -> Simulation:
    return build(Settings(people=2_500, seed=3))


def with_person(simulation: Simulation, table: str) -> pd.DataFrame:
    tables, truth = simulation
    links = truth.links
    links = links.loc[links["table"] == table, ["record_id", "true_person"]]
    return tables[table].merge(links, on="record_id", how="left", validate="one_to_one")


def csv_bytes(tables: dict[str, pd.DataFrame]) -> bytes:
    return b"".join(frame.to_csv(index=False).encode() for frame in tables.values())


def test_extracts_carry_the_truth_and_say_that_they_are_simulated() -> None:
    extracts = simulate(60, seed=2)
    assert extracts.data_status == "simulated"
    assert extracts.extract_date == dt.date(2016, 3, 31)
    assert set(extracts.names) == {*PERSONAL, "spend"}
    assert isinstance(extracts.truth, Truth)
    assert (extracts.truth.seed, extracts.truth.effect, extracts.truth.grace_days) == (2, 0.8, 42)
    expected, _ = build(Settings(people=60, seed=2))
    for name, frame in expected.items():
        pd.testing.assert_frame_equal(extracts.table(name), frame, check_dtype=False)


def test_column_types_are_those_of_the_contract(simulation: Simulation) -> None:
    for frame in simulation[0].values():
        for name, dtype in frame.dtypes.items():
            if str(name).endswith("_date") or name == "date_of_birth":
                assert dtype == np.dtype("datetime64[us]")
                assert (frame[name].dropna() == frame[name].dropna().dt.normalize()).all()
            elif name in ("attended", "custodial"):
                assert dtype == "boolean"
            elif name in ("amount", "price_year"):
                assert str(dtype) in ("float64", "Int64")
            else:
                assert dtype == np.dtype(object)
                assert all(value is None or isinstance(value, str) for value in frame[name])


def test_same_seed_same_bytes_and_another_seed_another_world() -> None:
    first, truth = build(Settings(people=300, seed=5))
    again, truth_again = build(Settings(people=300, seed=5))
    other, _ = build(Settings(people=300, seed=6))
    assert csv_bytes(first) == csv_bytes(again)
    assert csv_bytes(first) != csv_bytes(other)
    for name, frame in first.items():
        files = [BytesIO(), BytesIO()]
        frame.to_parquet(files[0])
        again[name].to_parquet(files[1])
        assert files[0].getvalue() == files[1].getvalue()
    for name in ("links", "people", "offences", "custody", "deaths"):
        pd.testing.assert_frame_equal(getattr(truth, name), getattr(truth_again, name))


def test_hash_order_changes_nothing() -> None:
    code = (
        "import hashlib; from dipeval.simulate.simulator import build; from dipeval.simulate.settings import Settings;"
        "t, _ = build(Settings(people=40, seed=9));"
        "print(hashlib.sha256(b''.join(f.to_csv(index=False).encode() for f in t.values())).hexdigest())"
    )
    result = subprocess.run(
        [sys.executable, "-c", code],
        env={**os.environ, "PYTHONHASHSEED": "12345"},
        capture_output=True,
        text=True,
        check=True,
    )
    here, _ = build(Settings(people=40, seed=9))
    assert result.stdout.strip() == hashlib.sha256(csv_bytes(here)).hexdigest()


def test_links_cover_every_record_exactly_once(simulation: Simulation) -> None:
    tables, truth = simulation
    links = truth.links
    assert list(links.columns) == ["table", "record_id", "true_person"]
    for name in PERSONAL:
        assert links.loc[links["table"] == name, "record_id"].tolist() == tables[name]["record_id"].tolist()
        assert tables[name]["record_id"].is_unique
    assert len(links) == sum(len(tables[name]) for name in PERSONAL)
    assert set(links["true_person"]) <= set(truth.people["true_person"])


def test_each_files_own_number_is_stable_and_tells_nothing_about_the_others(simulation: Simulation) -> None:
    numbers = {"drug_tests": "person_ref", "contacts": "client_ref", "treatment": "client_ref"}
    numbers |= dict.fromkeys(POLICE, "pnc_id")
    order = {}
    for table, column in numbers.items():
        rows = with_person(simulation, table)
        assert (rows.groupby("true_person")[column].nunique() == 1).all()
        assert (rows.groupby(column)["true_person"].nunique() == 1).all()
        order[table] = rows.drop_duplicates("true_person").set_index("true_person")[column].str[-7:].astype(int)
    for left, right in (("drug_tests", "offences"), ("drug_tests", "treatment"), ("contacts", "treatment")):
        both = pd.concat([order[left], order[right]], axis=1, join="inner")
        assert abs(both.corr().iloc[0, 1]) < 0.12
    pnc = pd.concat([with_person(simulation, table)[["pnc_id", "true_person"]] for table in POLICE])
    assert (pnc.groupby("true_person")["pnc_id"].nunique() == 1).all()


def test_police_files_hold_people_exactly_but_for_moves(simulation: Simulation) -> None:
    rows = pd.concat([with_person(simulation, table) for table in ("drug_tests", *POLICE)])
    for column in ("forename", "surname", "date_of_birth", "sex"):
        assert (rows.groupby("true_person")[column].nunique() == 1).all()
    assert rows.groupby("true_person")["postcode"].nunique().max() == 2


def test_observed_offences_are_those_of_the_world_each_person_is_in(simulation: Simulation) -> None:
    truth = simulation[1]
    columns = ["true_person", "offence_date", "offence_group", "disposal_date", "disposal"]
    seen = with_person(simulation, "offences")[columns]
    started = truth.people.set_index("true_person")["started_within_grace"]
    both = truth.offences
    own = np.where(both["true_person"].map(started), "treated", "untreated")
    expected = both.loc[both["world"] == own, columns]
    keys = [*columns]
    pd.testing.assert_frame_equal(
        seen.sort_values(keys, ignore_index=True), expected.sort_values(keys, ignore_index=True)
    )


def test_worlds_are_one_before_the_start_and_thinned_after_it(simulation: Simulation) -> None:
    truth = simulation[1]
    columns = ["true_person", "offence_date", "offence_group", "disposal_date", "disposal"]
    people = truth.people.set_index("true_person")
    first = people["start_date"].fillna(people["index_date"] + pd.Timedelta(days=1))
    counts = {world: truth.history(world).groupby(columns, dropna=False).size() for world in ("treated", "untreated")}
    treated, untreated = counts["treated"].align(counts["untreated"], fill_value=0)
    start = treated.index.get_level_values("true_person").map(first)
    before = np.asarray((treated.index.get_level_values("offence_date") < start) | start.isna())
    assert (treated[before] == untreated[before]).all()
    # After an early start nothing is added unless the untreated world lost it to a later start.
    later = treated.index.get_level_values("true_person").map(people["later_start_date"])
    assert (treated[later.isna()] <= untreated[later.isna()]).all()
    assert treated.sum() < untreated.sum()


def test_starts_follow_the_positive_test_and_show_in_the_treatment_file(simulation: Simulation) -> None:
    people = simulation[1].people
    early = people[people["started_within_grace"]]
    wait = (early["start_date"] - early["index_date"]).dt.days
    assert wait.between(1, 42).all()
    assert people.loc[~people["started_within_grace"], "start_date"].isna().all()
    later = people.dropna(subset=["later_start_date"])
    assert ((later["later_start_date"] - later["index_date"]).dt.days > 42).all()
    treatment = with_person(simulation, "treatment")
    starts = set(zip(treatment["true_person"], treatment["start_date"], strict=True))
    assert set(zip(early["true_person"], early["start_date"], strict=True)) <= starts
    happened = later[~later["started_within_grace"]]
    assert set(zip(happened["true_person"], happened["later_start_date"], strict=True)) <= starts
    # Nobody else starts anything within the grace period.
    merged = treatment.merge(people, on="true_person", suffixes=("", "_early"))
    days = (merged["start_date"] - merged["index_date"]).dt.days
    assert set(merged.loc[days.between(0, 42), "true_person"]) == set(early["true_person"])


def test_index_date_is_the_first_positive_test(simulation: Simulation) -> None:
    tests = with_person(simulation, "drug_tests")
    first = tests[tests["result"].isin(POSITIVE_RESULTS)].groupby("true_person")["test_date"].min()
    index = simulation[1].people.set_index("true_person")["index_date"].dropna()
    pd.testing.assert_series_equal(first, index, check_names=False)
    assert tests["test_date"].between("2012-01-01", "2013-12-31").all()
    assert not tests.duplicated(["true_person", "test_date"]).any()


def test_nothing_before_birth_after_death_or_after_the_extract(simulation: Simulation) -> None:
    tables, truth = simulation
    death = truth.deaths.set_index("true_person")["death_date"]
    events = {
        "drug_tests": "test_date",
        "contacts": "contact_date",
        "treatment": "start_date",
        "offences": "offence_date",
        "custody_spells": "start_date",
        "deaths": "death_date",
    }
    for table, column in events.items():
        rows = with_person(simulation, table)
        assert (rows[column] > rows["date_of_birth"] + pd.Timedelta(days=365 * 10)).all()
        assert not (rows[column] > rows["true_person"].map(death)).any()
    for frame in tables.values():
        for column in frame.columns:
            if str(column).endswith("_date"):
                assert not (frame[column] > pd.Timestamp("2016-03-31")).any()
    age = tables["drug_tests"]["test_date"] - tables["drug_tests"]["date_of_birth"]
    assert (age.dt.days >= 18 * 365.25 - 1).all()


def test_no_offence_and_no_test_in_custody(simulation: Simulation) -> None:
    truth = simulation[1]
    spells = truth.custody.assign(end_date=lambda frame: frame["end_date"].fillna(pd.Timestamp("2100-01-01")))
    nested = spells.sort_values(["true_person", "start_date"])
    following = nested.groupby("true_person")["start_date"].shift(-1)
    assert not (following <= nested["end_date"]).any()
    for events, column in ((truth.offences, "offence_date"), (with_person(simulation, "drug_tests"), "test_date")):
        both = events.merge(spells, on="true_person", suffixes=("", "_spell"))
        assert not both[column].between(both["start_date"], both["end_date"]).any()


def test_proven_matters(simulation: Simulation) -> None:
    offences = with_person(simulation, "offences")
    proven = offences["disposal"].isin(PROVEN_DISPOSALS)
    assert 0.7 < proven.mean() < 0.9
    assert offences.loc[proven, "disposal_date"].notna().all()
    assert offences.loc[offences["disposal"] == "none", "disposal_date"].isna().all()
    index = offences["true_person"].map(simulation[1].people.set_index("true_person")["index_date"])
    pseudo = proven & (offences["offence_date"] <= index) & (offences["disposal_date"] > index)
    assert pseudo.sum() > 300  # offences before the test, convicted after it
    assert offences.duplicated(["true_person", "offence_date"]).mean() > 0.05
    has_history = offences.loc[offences["offence_date"] < index - pd.Timedelta(days=3), "true_person"].nunique()
    assert has_history < simulation[1].people["index_date"].notna().sum()  # some histories are empty


def test_people_are_lost_at_every_stage(simulation: Simulation) -> None:
    truth = simulation[1]
    people = truth.people.set_index("true_person")
    contacts = with_person(simulation, "contacts")
    required = contacts[contacts["assessment"] == "initial_required"]
    treatment = with_person(simulation, "treatment")
    index = treatment["true_person"].map(people["index_date"])
    after = treatment[(treatment["start_date"] > index)].copy()
    after["end_date"] = after["end_date"].fillna(pd.Timestamp("2016-03-31"))
    stayed = after[(after["end_date"] - after["start_date"]).dt.days >= 84]
    stages = [
        2_500,
        people["index_date"].notna().sum(),
        required["true_person"].nunique(),
        required.loc[required["attended"].astype(bool), "true_person"].nunique(),
        required.loc[required["care_plan_date"].notna(), "true_person"].nunique(),
        after["true_person"].nunique(),
        stayed["true_person"].nunique(),
        stayed.loc[stayed["discharge_reason"] == "completed", "true_person"].nunique(),
    ]
    assert all(later < earlier for earlier, later in pairwise(stages))
    assert stages[-1] > 0
    starters = contacts["true_person"].map(people["started_within_grace"]) & contacts["care_plan_date"].notna()
    assert (contacts.loc[starters, "care_plan_date"] >= contacts.loc[starters, "contact_date"]).all()


def test_spend_adds_up_to_about_118_pounds_a_test(simulation: Simulation) -> None:
    spend = simulation[0]["spend"]
    testing = spend.loc[spend["spent_on"] == "testing", "amount"].sum()
    assert testing / len(simulation[0]["drug_tests"]) == pytest.approx(118, rel=0.04)
    assert (spend["amount"] >= 0).all()
    assert set(spend["district"]) == {"Bradford", "Calderdale", "Kirklees", "Leeds", "Wakefield"}
    assert set(spend.loc[spend["spent_on"] == "testing", "financial_year"]) == {"2011-12", "2012-13", "2013-14"}


def test_truth_hands_out_copies_and_refuses_an_unknown_world(simulation: Simulation) -> None:
    truth = simulation[1]
    copy = truth.people
    copy["index_date"] = pd.NaT
    assert truth.people["index_date"].notna().any()
    with pytest.raises(InputError, match="no world called"):
        truth.history("parallel")
    assert "No real person" in truth.summary().headline
    assert truth.to_frame().equals(truth.people)
    assert truth._repr_html_().startswith("<p>")
