"""Quality with the truth: precision and recall by hand, subgroups, Wilson's intervals."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from statsmodels.stats.proportion import proportion_confint

from dipeval.errors import InputError, InvariantError
from dipeval.linkage.quality import LinkageQuality, measure_quality, subgroup_of
from dipeval.linkage.shares import band_places, harmonic, weighted_share, wilson
from tests.unit.linkage.conftest import Checked

# Five people in the tests, four in treatment. Links: a-a right, b-b wrong; c and true person 4 missed, e has no link.
SPINE = pd.DataFrame(
    {
        "table": ["drug_tests"] * 5 + ["treatment"] * 4,
        "record_id": [f"t{i}" for i in range(5)] + [f"n{i}" for i in range(4)],
        "person_id": ["a", "b", "c", "d", "e", "a", "b", "x", "y"],
    }
)
TRUTH = SPINE[["table", "record_id"]].assign(true_person=[1, 2, 3, 4, 5, 1, 9, 3, 4])
ABOUT = pd.DataFrame(
    {
        "age_years": [17.0, 30.0, 30.0, np.nan, 80.0],
        "sex": ["F", "M", "F", None, "M"],
        "ethnicity": None,
        "district": ["Leeds"] * 5,
    },
    index=pd.Index(["a", "b", "c", "d", "e"], name="person_id"),
)


def measured(by: str | None = None) -> pd.DataFrame:
    return measure_quality(SPINE, TRUTH, "drug_tests", ["treatment"], by=by, about=ABOUT).to_frame()


def test_figures_by_hand() -> None:
    row = measured().iloc[0]
    assert (row["group"], row["n_links"], row["n_true"]) == ("everyone", 2, 3)
    assert (row["precision"], row["recall"]) == (0.5, pytest.approx(1 / 3))
    assert row["f1"] == pytest.approx(0.4)
    assert (row["precision_low"], row["precision_high"]) == pytest.approx(wilson(1, 2))
    assert (row["recall_low"], row["recall_high"]) == pytest.approx(wilson(1, 3))


def test_subgroups_are_those_of_the_anchor_and_add_up() -> None:
    frame = measured("sex").set_index("group")
    assert frame.index.tolist() == ["everyone", "F", "M", "not recorded"]
    assert frame["n_links"].tolist() == [2, 1, 1, 0]
    assert frame["n_true"].tolist() == [3, 2, 0, 1]
    assert frame.loc["F", ["precision", "recall"]].tolist() == [1.0, 0.5]
    assert np.isnan(frame.loc["M", "recall"]) and frame.loc["M", "precision"] == 0
    ages = measured("age_band")["group"].tolist()
    assert ages == ["everyone", "17 and under", "25 to 34", "55 and over", "not recorded"]
    assert measured("ethnicity")["group"].tolist() == ["everyone", "not recorded"]


def test_order_of_the_rows_does_not_matter() -> None:
    shuffled = measure_quality(
        SPINE.sample(frac=1, random_state=1), TRUTH.sample(frac=1, random_state=2), "drug_tests", ["treatment"],
        by="sex", about=ABOUT.sample(frac=1, random_state=3),
    )  # fmt: skip
    pd.testing.assert_frame_equal(shuffled.to_frame(), measured("sex"))


def test_unknown_subgroups_are_refused() -> None:
    with pytest.raises(InputError, match="by must be one of sex, age_band"):
        subgroup_of(ABOUT, "height")
    with pytest.raises(InputError, match="pass about"):
        measure_quality(SPINE, TRUTH, "drug_tests", ["treatment"], by="sex")
    with pytest.raises(InvariantError, match="columns"):
        LinkageQuality(_frame=measured().drop(columns="group"))


def test_the_real_linkage_by_sex(checked: Checked) -> None:
    quality = checked.linkage.quality(checked.extracts.truth, by="sex")
    frame = quality.to_frame()
    assert set(frame["group"]) == {"everyone", "F", "M"}
    for _, part in frame.groupby("link"):
        everyone = part[part["group"] == "everyone"]
        assert part.loc[part["group"] != "everyone", ["n_links", "n_true"]].sum().tolist() == (
            everyone[["n_links", "n_true"]].iloc[0].tolist()
        )
    assert "Group" in quality.summary().table
    assert "Group" not in checked.linkage.quality(checked.extracts.truth).summary().table


@pytest.mark.parametrize(("part", "whole"), [(0, 10), (10, 10), (1, 3), (95, 100), (4999, 5000)])
def test_wilson_agrees_with_statsmodels(part: int, whole: int) -> None:
    assert wilson(part, whole) == pytest.approx(proportion_confint(part, whole, method="wilson"), abs=1e-12)


def test_small_arithmetic() -> None:
    assert all(np.isnan(wilson(0, 0)))
    assert np.isnan(harmonic(float("nan"), 1.0))
    assert np.isnan(weighted_share(pd.Series([True]), pd.Series([0.0]))[0])
    same = weighted_share(pd.Series([True, False, True]), pd.Series([2.0, 2.0, 2.0]))
    assert same == pytest.approx((2 / 3, *wilson(2, 3)))
    assert band_places([0.99, 1.0, 0.5]).tolist() == [10, 10, 5]
