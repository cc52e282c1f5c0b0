"""Linking hashes finds what linking the clear files finds: the same links, true and false."""

from __future__ import annotations

import pandas as pd
import pytest

import dipeval as dip
from dipeval.errors import InputError
from tests.simulation.linkage_benchmark import benchmark_files

pytestmark = pytest.mark.slow  # thousands of people linked twice over

KEY = dip.LinkageKey(b"0a1b2c3d4e5f60718293a4b5c6d7e8f9")
NEEDED = {"drug_tests": {"district": "Leeds", "result": "opiates"}, "treatment": {"district": "Leeds"}}


@pytest.mark.parametrize("heaped", [False, True])
def test_the_benchmark_has_the_same_true_and_false_links(heaped: bool) -> None:
    files = benchmark_files(2_000, 1_200, heaped=heaped)
    tables = {name: files.table(name).assign(**more) for name, more in NEEDED.items()}
    clear = dip.make_extracts(tables, extract_date=files.extract_date, truth=files.truth)
    one, other = dip.link(clear), dip.link(dip.pseudonymise(clear, key=KEY))
    pd.testing.assert_frame_equal(other.to_frame(), one.to_frame(), rtol=1e-9)
    found = other.quality(clear.truth).to_frame()
    pd.testing.assert_frame_equal(found, one.quality(clear.truth).to_frame())
    assert found["f1"].min() > 0.97


def test_simulated_people_have_the_same_links() -> None:
    clear = dip.simulate(people=400, seed=3)
    one, other = (dip.link(each).to_frame() for each in (clear, dip.pseudonymise(clear, key=KEY)))
    persons = ["table", "record_id", "person_id"]
    pd.testing.assert_frame_equal(other[persons], one[persons])
    # Files with names know less of a pair without their likeness; files with initials know the same.
    services = one["table"].isin(["treatment", "contacts"])
    pd.testing.assert_frame_equal(other[services], one[services], rtol=1e-9)


def test_clear_and_hashed_files_and_two_keys_are_not_linked() -> None:
    clear = dip.simulate(people=60, seed=3)
    blind = dip.pseudonymise(clear, key=KEY)
    other = dip.pseudonymise(clear, key=dip.LinkageKey(b"another key, not to be guessed"))
    for tests, treatment in ((clear, blind), (blind, clear), (blind, other)):
        mixed = dip.make_extracts(
            {"drug_tests": tests.table("drug_tests"), "treatment": treatment.table("treatment")},
            extract_date=clear.extract_date,
        )
        with pytest.raises(InputError):
            dip.link(mixed)
