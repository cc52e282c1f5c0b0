"""Motoring offences: on top of the rest, the same in both worlds, after the index date alone."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import dipeval as dip
from dipeval.errors import InputError
from dipeval.extracts import Extracts
from dipeval.vocabulary import OFFENCE_CLASS, OFFENCE_GROUPS


@pytest.fixture(scope="module")
def pair() -> tuple[Extracts, Extracts]:
    return tuple(dip.simulate(people=1500, seed=3, motoring=rate) for rate in (0.0, 0.4))  # type: ignore[return-value]


def without_motoring(offences: pd.DataFrame) -> pd.DataFrame:
    kept = offences[offences["offence_group"] != "motoring"]
    return kept.drop(columns="record_id", errors="ignore").reset_index(drop=True)


def test_motoring_is_the_last_group_so_that_the_codes_of_the_others_stay() -> None:
    assert OFFENCE_GROUPS[-1] == "motoring" and OFFENCE_CLASS["motoring"] == "other"


def test_nothing_else_moves(pair: tuple[Extracts, Extracts]) -> None:
    plain, more = pair
    for name in plain.names:
        first, second = plain.table(name), more.table(name)
        if name == "offences":
            assert "motoring" not in set(first["offence_group"])
            first, second = without_motoring(first), without_motoring(second)
        pd.testing.assert_frame_equal(first, second)
    for world in ("treated", "untreated"):
        first, second = (without_motoring(extracts.truth.history(world)) for extracts in pair)
        pd.testing.assert_frame_equal(first, second)


def test_it_is_the_same_in_both_worlds_and_begins_after_the_index_date(pair: tuple[Extracts, Extracts]) -> None:
    truth = pair[1].truth
    treated, untreated = (
        history[history["offence_group"] == "motoring"].drop(columns="world").reset_index(drop=True)
        for history in (truth.history(world) for world in ("treated", "untreated"))
    )
    pd.testing.assert_frame_equal(treated, untreated)
    index_date = treated["true_person"].map(truth.people.set_index("true_person")["index_date"])
    known = index_date.notna()
    assert (treated.loc[known, "offence_date"] > index_date[known]).all()


def test_as_many_a_year_as_asked_for(pair: tuple[Extracts, Extracts]) -> None:
    truth, motoring = pair[1].truth, pair[1].truth.history("treated").query("offence_group == 'motoring'")
    first = truth.people.set_index("true_person")["index_date"].dropna()
    years = (pd.Timestamp("2016-03-31") - first).dt.days.sum() / 365.25
    rate = motoring["true_person"].isin(first.index).sum() / years
    # Drug users offend more than others, and some time is spent in custody: the mean over all tested people is 0.4.
    assert 0.3 < rate < 0.8


def test_the_hidden_factor_moves_it_and_treatment_does_not() -> None:
    found = {}
    for hidden in (0.0, 0.8):
        history = dip.simulate(people=1500, seed=5, motoring=0.4, hidden=hidden).truth.history("treated")
        found[hidden] = history[history["offence_group"] == "motoring"]["true_person"].value_counts()
    assert np.var(found[0.8]) > np.var(found[0.0])
    weak, none = (dip.simulate(people=300, seed=5, motoring=0.4, effect=effect) for effect in (0.5, 1.0))
    first, second = (
        extracts.truth.history("treated").query("offence_group == 'motoring'").reset_index(drop=True)
        for extracts in (weak, none)
    )
    pd.testing.assert_frame_equal(first, second)


@pytest.mark.parametrize("rate", [-0.1, 6, "often"])
def test_rates_that_cannot_be_are_refused(rate: object) -> None:
    with pytest.raises(InputError, match="motoring"):
        dip.simulate(10, motoring=rate)  # type: ignore[arg-type]
