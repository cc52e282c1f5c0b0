"""Gaps filled and marked before a design, and the sentences for columns that cannot be."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest

import dipeval as dip
from dipeval.cohort.missing import fill_missing
from dipeval.errors import DesignError, InputError
from dipeval.linkage import true_linkage
from dipeval.plots.style import new_axes, to_png


def gappy() -> pd.DataFrame:
    return pd.DataFrame(
        {
            "treated": [1, 0, 1, 0, 1, 0],
            "age": [20.0, np.nan, 40.0, 30.0, np.nan, 50.0],
            "height": [1.6, np.nan, 1.8, 1.7, np.nan, 1.9],
            "works": np.array([True, None, False, True, False, None], dtype=object),
            "district": ["Leeds", "Leeds", None, "Hull", "Hull", "Hull"],
            "priors": [1, 2, 3, 4, 5, 6],
            "reoffended": [0, 1, np.nan, 1, 0, 1],
        },
        index=[f"P{number}" for number in range(6)],
    )


COLUMNS = ["age", "height", "works", "district", "priors"]


def test_numbers_yes_no_and_words_are_each_filled_their_way() -> None:
    table = gappy()
    before = table.copy(deep=True)
    filled = fill_missing(table, columns=COLUMNS)
    pd.testing.assert_frame_equal(table, before)
    people = filled.people
    assert people["age"].tolist() == [20, 35, 40, 30, 35, 50]
    assert people["works"].tolist() == [1, 0, 0, 1, 0, 0]
    assert people["district"].tolist() == ["Leeds", "Leeds", "(missing)", "Hull", "Hull", "Hull"]
    assert people["age_missing"].tolist() == [0, 1, 0, 0, 1, 0]
    assert people["works_missing"].tolist() == [0, 1, 0, 0, 0, 1]
    assert filled.covariates == (*COLUMNS, "age_missing", "works_missing")
    pd.testing.assert_series_equal(people["reoffended"], table["reoffended"])  # handed back as it came
    pd.testing.assert_series_equal(people["priors"], table["priors"])


def test_the_table_says_what_was_filled_and_what_marks_it() -> None:
    frame = fill_missing(gappy(), columns=COLUMNS).to_frame()
    assert frame.columns.tolist() == ["column", "n_missing", "share_missing", "filled_with", "indicator"]
    assert frame["n_missing"].tolist() == [2, 2, 2, 1, 0]
    assert frame["share_missing"].tolist() == [2 / 6, 2 / 6, 2 / 6, 1 / 6, 0]
    assert frame["indicator"].tolist() == ["age_missing", "age_missing", "works_missing", "district[(missing)]", ""]
    assert frame["filled_with"].tolist() == [
        "the mean of those known (35.00)",
        "the mean of those known (1.75)",
        "0 (no)",
        'the level "(missing)"',
        "",
    ]


def test_columns_missing_for_the_same_people_share_one_mark_and_it_is_said() -> None:
    filled = fill_missing(gappy(), columns=COLUMNS)
    assert any("height (marked by age_missing)" in note for note in filled.notes)
    twins = gappy().assign(area=["North", None, "South", "North", None, "North"])
    both = fill_missing(twins, columns=["age", "area"])
    assert both.covariates == ("age", "area")
    assert both.to_frame()["indicator"].tolist() == ["area[(missing)]", "area[(missing)]"]
    third = twins.assign(region=twins["area"])
    frame = fill_missing(third, columns=["area", "region"])
    assert frame.to_frame()["filled_with"].tolist()[1] == "its most frequent level (North)"


def many(size: int = 400) -> pd.DataFrame:
    rng = np.random.default_rng(11)
    table = pd.DataFrame(
        {
            "age": rng.integers(18, 60, size).astype(float),
            "priors": rng.poisson(2, size).astype(float),
            "district": rng.choice(["Leeds", "Hull"], size).astype(object),
        },
        index=[f"P{number:04d}" for number in rng.permutation(size)],
    )
    table["treated"] = (rng.random(size) < 1 / (1 + np.exp(-0.03 * (table["age"] - 45)))).astype(int)
    table.loc[rng.random(size) < 0.2, "age"] = np.nan
    table.loc[rng.random(size) < 0.1, "priors"] = np.nan
    table.loc[rng.random(size) < 0.1, "district"] = None
    return table


def test_what_is_filled_in_does_not_matter_to_the_fitted_score() -> None:
    filled = fill_missing(many(), columns=["age", "priors", "district"])
    model = dip.propensity(filled.people, treated="treated", covariates=filled.covariates)
    other = filled.people
    other.loc[other["age_missing"] == 1, "age"] = -7.0
    again = dip.propensity(other, treated="treated", covariates=filled.covariates)
    np.testing.assert_allclose(model.score, again.score, rtol=1e-9)


def test_a_design_can_be_made_of_it_and_row_order_moves_nothing() -> None:
    table = many()
    mixed = table.sample(frac=1, random_state=3)
    designs = []
    for rows in (table, mixed):
        filled = fill_missing(rows, columns=["age", "priors", "district"])
        known = filled.measured_at({"age": "at_index", "priors": "before_index", "district": "at_index"})
        assert known["age_missing"] == "at_index"
        assert known["priors_missing"] == "before_index"
        designs.append(dip.match(filled.people, treated="treated", covariates=filled.covariates, measured_at=known))
    assert designs[0].fingerprint == designs[1].fingerprint
    assert not any("was not declared" in note for note in designs[0].notes)
    late = fill_missing(table, columns=["age"])
    known = late.measured_at({"age": "after_index"})
    with pytest.raises(DesignError, match="age_missing"):
        dip.match(late.people, treated="treated", covariates=late.covariates, measured_at=known)


def test_nothing_missing_is_said_and_nothing_is_added() -> None:
    filled = fill_missing(gappy(), columns=["priors"])
    assert filled.covariates == ("priors",)
    assert filled.notes == ()
    assert filled.summary().headline == "Nothing was missing: all 1 columns are complete for 6 people."
    pd.testing.assert_frame_equal(filled.people, gappy())


def test_the_assumption_is_told_first() -> None:
    summary = fill_missing(gappy(), columns=COLUMNS).summary()
    assert summary.notes[0].startswith("Missing-indicator method")
    assert "4 of 6 people had at least one gap in 4 of 5 columns" in summary.headline


def test_a_cohort_is_complete_but_for_its_risk_score() -> None:
    extracts = dip.simulate(people=150, seed=2)
    cohort = dip.build_cohort(extracts, true_linkage(extracts))
    filled = fill_missing(cohort, columns=["age_at_index", "copas_rate"])
    assert filled.n_with_gaps == 0
    assert any("complete by construction" in note for note in filled.notes)
    assert filled.measured_at() == {"age_at_index": "at_index", "copas_rate": "before_index"}
    assert not cohort.people.drop(columns=["risk_score", "exposure_date"]).isna().any(axis=None)


@pytest.mark.parametrize(
    ("columns", "changes", "kind", "sentence"),
    [
        (["age"], {"age": np.nan}, InputError, "'age' is missing for all 6 people"),
        (["age"], {"age": [3.0, None, 3.0, 3.0, None, 3.0]}, InputError, "same value wherever it is known"),
        (["age"], {"age": [3.0, None, np.inf, 3.0, None, 3.0]}, InputError, "infinite for 1 of 6"),
        (["age"], {"age_missing": 1}, InputError, "already has a column age_missing"),
        (["district"], {"district": ["a", "(missing)", None, "a", "a", "b"]}, InputError, "a level called"),
        (["day"], {"day": pd.to_datetime(["2020-01-01", None] * 3)}, InputError, "holds dates or times"),
        (["reoffended"], {}, DesignError, "reoffended: the name of an outcome"),
        (["nowhere"], {}, InputError, "There is no column nowhere"),
        ("age", {}, InputError, "columns must be a list"),
        ([], {}, InputError, "columns must be a list"),
    ],
)
def test_what_cannot_be_filled_is_a_sentence(
    columns: Any, changes: dict[str, Any], kind: type[Exception], sentence: str
) -> None:
    with pytest.raises(kind, match=sentence):
        fill_missing(gappy().assign(**changes), columns=columns)


def test_another_method_or_another_table_is_refused() -> None:
    with pytest.raises(InputError, match="has the method indicator; 'mean' is unknown"):
        fill_missing(gappy(), columns=["age"], method="mean")
    with pytest.raises(InputError, match="it is a dict"):
        fill_missing({"age": [1]}, columns=["age"])  # type: ignore[arg-type]


def test_the_picture() -> None:
    filled = fill_missing(gappy(), columns=COLUMNS)
    axes = new_axes()
    assert filled.plot(ax=axes) is axes
    assert to_png(filled.plot()) == to_png(filled.plot())


def test_columns_named_by_numbers_and_an_index_that_repeats_are_filled_too() -> None:
    table = gappy().rename(columns={"age": 7})
    table.index = [0, 0, 1, 1, 2, 2]
    filled = fill_missing(table, columns=[7])
    assert filled.people[7].tolist() == [20, 35, 40, 30, 35, 50]
    assert filled.covariates == (7, "7_missing")
