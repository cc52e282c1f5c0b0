"""The linkage benchmark on hashes: the same true and false links as on clear files where equality is compared.

Names are compared for likeness too in clear files, which hashes cannot be: what that costs is bounded here.
"""

from __future__ import annotations

import pandas as pd
import pytest

import dipeval as dip
from tests.simulation.linkage_benchmark import benchmark_files

pytestmark = pytest.mark.slow
KEY = dip.LinkageKey(b"0a1b2c3d4e5f60718293a4b5c6d7e8f9")
NEEDED = {
    "drug_tests": {"district": "Leeds", "result": "opiates"},
    "treatment": {"district": "Leeds"},
    "offences": {"offence_group": "shoplifting"},
}


@pytest.mark.parametrize("heaped", [False, True])
def test_twenty_thousand_people_have_the_same_true_and_false_links(heaped: bool) -> None:
    files = benchmark_files(20_000, 12_000, heaped=heaped)
    tables = {name: files.table(name).assign(**more) for name, more in NEEDED.items()}
    clear = dip.make_extracts(tables, extract_date=files.extract_date, truth=files.truth)
    blind = dip.pseudonymise(clear, key=KEY)
    one, other = (dip.link(extracts).quality(clear.truth).to_frame() for extracts in (clear, blind))
    services = one["link"] == "drug_tests - treatment"
    pd.testing.assert_frame_equal(other[services], one[services])
    assert other.loc[services, "f1"].min() >= 0.965
    # Measured: 0.003 to 0.004.
    assert 0 <= (one.loc[~services, "f1"] - other.loc[~services, "f1"]).item() < 0.006


def test_people_with_many_records_have_the_same_links() -> None:
    """Where two values are recorded as often and as lately, the alphabet decides, and hashes have another."""
    clear = dip.simulate(people=5_000, seed=1, alias_users=0.1, identifier_errors=2.0, heaped_births=True)
    one, other = (dip.link(each).to_frame() for each in (clear, dip.pseudonymise(clear, key=KEY)))
    persons = ["table", "record_id", "person_id"]
    pd.testing.assert_frame_equal(other[persons], one[persons])


def test_simulated_people_have_the_same_links_and_nearly_the_same_effect() -> None:
    """Ages come from the year of birth: what rests on them may move a little, the links may not."""
    clear = dip.simulate(people=2_000, seed=3)
    blind = dip.pseudonymise(clear, key=KEY)
    effects, cohorts = [], []
    for extracts in (clear, blind):
        cohort = dip.build_cohort(extracts, dip.link(extracts))
        covariates = ["age_at_index", "female", "log_prior_offences_5y", "tested_opiates"]
        design = dip.weight(cohort, treated="treated", covariates=covariates, method="entropy")
        outcomes = dip.measure_reoffending(cohort).to_frame()
        effects.append(dip.estimate_effect(design, outcomes["reoffended"]))
        cohorts.append(cohort.people)
    both = cohorts[0].index.intersection(cohorts[1].index)
    assert len(both) >= 0.99 * len(cohorts[0])
    pd.testing.assert_series_equal(cohorts[1].loc[both, "treated"], cohorts[0].loc[both, "treated"])
    assert abs(effects[1].estimate - effects[0].estimate) < 0.1 * effects[0].std_error
    print({name: len(people) for name, people in zip(("clear", "hashed"), cohorts, strict=True)}, effects)
