"""Calibration, and linked against unlinked people, by hand."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np
import pandas as pd
import pytest

from dipeval.errors import InputError, InvariantError
from dipeval.linkage import true_linkage
from dipeval.linkage.calibration import Calibration, calibrate
from dipeval.linkage.compare import OVERALL, LinkedComparison, compare_linked
from dipeval.linkage.groups import link_groups, true_pairs
from dipeval.linkage.shares import wilson
from tests.unit.linkage.conftest import Checked


def test_every_known_candidate_is_in_one_band_of_each_scale(checked: Checked) -> None:
    frame = calibrate(checked.linkage, checked.extracts.truth).to_frame()
    candidates = sum(len(group.pairs) for group in link_groups(checked.linkage))
    for _, part in frame[frame["link"] == "all links"].groupby("scale"):
        assert part["n"].sum() == candidates
    for scale, mean in (("pair", "mean_probability"), ("one_to_one", "mean_link_probability")):
        part = frame[frame["scale"] == scale]
        # Candidates that lose to a rival fall below the floor of the pair's own scale.
        assert (part[mean] <= part["high"]).all()
        assert ((part[mean] >= part["low"]) | (part["low"] == 0.001)).all()


def test_a_band_by_hand(checked: Checked) -> None:
    frame = calibrate(checked.linkage, checked.extracts.truth).to_frame()
    group = link_groups(checked.linkage)[0]
    same, _ = true_pairs(checked.linkage, group, checked.extracts.truth)
    top = group.pairs["match_probability"] >= 0.99
    row = frame[(frame["link"] == group.label) & (frame["scale"] == "pair") & (frame["low"] == 0.99)].iloc[0]
    assert row["n"] == top.sum()
    assert row["share_true"] == pytest.approx(same[top].astype(float).mean())
    assert (row["share_low"], row["share_high"]) == pytest.approx(wilson(same[top].sum(), top.sum()))


def test_one_to_one_probabilities_add_up_to_one_at_most(checked: Checked) -> None:
    for group in link_groups(checked.linkage):
        for side in ("left_person", "right_person"):
            assert group.pairs.groupby(side)["link_probability"].sum().max() <= 1 + 1e-9


def test_records_unknown_to_the_truth_are_left_out(checked: Checked) -> None:
    half = checked.extracts.truth[checked.extracts.truth["table"] != "treatment"]
    frame = calibrate(checked.linkage, half).to_frame()
    assert set(frame["link"]) == {"all links", "drug_tests - offences"}


def test_a_dishonest_model_is_named_in_the_headline() -> None:
    columns = calibrate_columns()
    row = ("all links", "one_to_one", 0.9, 0.99, 400, 0.96, 0.95, 0.6, 0.55, 0.65)
    headline = Calibration(source="known links", _frame=pd.DataFrame([row], columns=columns)).summary().headline
    assert headline == (
        "Of the candidates with a probability of 0.9 to 0.99, 95.0% should be right by the model; 60.0% are."
    )
    nothing = Calibration(source="known links", _frame=pd.DataFrame([], columns=columns))
    assert "nothing can be said" in nothing.summary().headline
    with pytest.raises(InvariantError, match="columns"):
        Calibration(source="known links", _frame=pd.DataFrame({"n": [1]}))


def calibrate_columns() -> list[str]:
    from dipeval.linkage.calibration import COLUMNS

    return list(COLUMNS)


def test_known_links_have_no_probabilities_to_check(checked: Checked) -> None:
    with pytest.raises(InputError, match="no modelled probabilities"):
        calibrate(true_linkage(checked.extracts), checked.extracts.truth)


def people(linked: list[float], unlinked: list[float], sexes: str, places: list[str | None]) -> pd.DataFrame:
    ages = [*linked, *unlinked]
    index = pd.Index([f"p{i}" for i in range(len(ages))], name="person_id")
    frame = pd.DataFrame({"age_years": ages, "sex": list(sexes), "district": places}, index=index)
    return frame.assign(ethnicity=None)


ABOUT = people([20.0, 30.0, 40.0], [50.0, np.nan], "MFMFF", ["Leeds", "Leeds", None, "Bradford", "Leeds"])


def fake() -> Any:
    """p0, p1, p2 stand in both files; p3 and p4 in the tests only."""
    spine = pd.DataFrame(
        {"table": ["drug_tests"] * 5 + ["treatment"] * 3, "person_id": ["p0", "p1", "p2", "p3", "p4", "p0", "p1", "p2"]}
    )
    return SimpleNamespace(
        anchor="drug_tests",
        counts=pd.DataFrame({"table": ["drug_tests", "treatment"]}),
        to_frame=lambda: spine,
        about=lambda table: ABOUT if table == "drug_tests" else ABOUT.head(3),
    )


def test_linked_and_unlinked_by_hand() -> None:
    frame = compare_linked(fake()).to_frame()
    anchor = frame[frame["side"] == "anchor"].set_index(["characteristic", "level"])
    age = anchor.loc[("age", "years")]
    assert (age["n_linked"], age["n_unlinked"], age["mean_linked"], age["mean_unlinked"]) == (3, 1, 30.0, 50.0)
    assert np.isnan(age["smd"])  # one person has no spread
    missing = anchor.loc[("age", "not recorded")]
    assert (missing["n_unlinked"], missing["mean_unlinked"]) == (1, 0.5)
    female = anchor.loc[("sex", "F")]
    assert (female["mean_linked"], female["mean_unlinked"]) == pytest.approx((1 / 3, 1.0))
    assert female["smd"] == pytest.approx((1 / 3 - 1) / np.sqrt((1 / 3 * 2 / 3 + 0) / 2))
    # Two levels: the distance over all of them is the size of either.
    assert anchor.loc[("sex", OVERALL), "smd"] == pytest.approx(abs(female["smd"]))
    assert anchor.loc[("district", "not recorded"), "mean_linked"] == pytest.approx(1 / 3)
    assert ("ethnicity", OVERALL) not in anchor.index
    everyone = frame[(frame["side"] == "file") & (frame["level"] == OVERALL)]
    assert everyone["n_unlinked"].eq(0).all() and everyone["smd"].isna().all()


def test_yang_and_dalton_over_three_levels() -> None:
    from dipeval.linkage.compare import _distance

    values = pd.Series(list("aabbbcc") + list("abccc"))
    linked = pd.Series([True] * 7 + [False] * 5)
    p, q = np.array([2, 3, 2]) / 7, np.array([1, 1, 3]) / 5
    spread = (np.diag(p[1:]) - np.outer(p[1:], p[1:]) + np.diag(q[1:]) - np.outer(q[1:], q[1:])) / 2
    expected = np.sqrt((p - q)[1:] @ np.linalg.inv(spread) @ (p - q)[1:])
    assert _distance(values, linked, ["a", "b", "c"]) == pytest.approx(expected)
    # Which level is left out plays no part.
    assert _distance(values, linked, ["c", "a", "b"]) == pytest.approx(expected)
    assert _distance(pd.Series(["a", "a"]), pd.Series([True, False]), ["a"]) == 0
    assert np.isnan(_distance(pd.Series(["a", "b"]), pd.Series([True, False]), ["a", "b"]))


def test_the_headline_names_the_largest_difference() -> None:
    compared = compare_linked(fake(), "treatment")
    assert compared.worst["characteristic"] in ("sex", "district")
    assert compared.summary().headline.startswith("Linked and unlinked people differ most in ")
    with pytest.raises(InputError, match="table must be one of the files linked to drug_tests"):
        compare_linked(fake(), "deaths")
    with pytest.raises(InvariantError, match="columns"):
        LinkedComparison(_frame=pd.DataFrame())


def test_the_real_linkage_both_sides(checked: Checked) -> None:
    frame = compare_linked(checked.linkage).to_frame()
    counts = checked.linkage.counts.set_index("table")
    for name in ("treatment", "offences"):
        for side, n_people in (("anchor", counts.loc["drug_tests", "persons"]), ("file", counts.loc[name, "persons"])):
            rows = frame[(frame["link"] == f"drug_tests - {name}") & (frame["side"] == side)]
            whole = rows[(rows["characteristic"] == "sex") & (rows["level"] == OVERALL)].iloc[0]
            assert (whole["n_linked"], whole["n_linked"] + whole["n_unlinked"]) == (
                counts.loc[name, "linked"],
                n_people,
            )
