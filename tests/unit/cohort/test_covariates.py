"""The dictionary of a cohort's columns says what the measures do."""

from __future__ import annotations

import pandas as pd
import pytest

from dipeval.cohort import CohortRule
from dipeval.cohort.baseline_measures import measures
from dipeval.cohort.covariates import COVARIATES, MEASURED_AT, covariate_table
from dipeval.vocabulary import OUTCOME_NAMES

RULE = CohortRule(lookback_days=1000)


def told(rule: CohortRule = RULE) -> pd.DataFrame:
    return covariate_table(rule).set_index("column")


def test_every_column_is_told_once_in_order_and_none_is_an_outcome() -> None:
    table = covariate_table(RULE)
    assert table.columns.to_list() == ["column", "measured_at", "from_days", "to_days", "meaning"]
    assert table["column"].to_list() == list(MEASURED_AT) == [covariate.name for covariate in COVARIATES]
    assert len(MEASURED_AT) == len(COVARIATES)
    assert not OUTCOME_NAMES & set(MEASURED_AT)


def test_the_words_used_are_the_known_ones() -> None:
    assert set(MEASURED_AT.values()) == {"identifier", "design_date", "exposure", "at_index", "before_index"}
    assert {covariate.kind for covariate in COVARIATES} == {"int64", "float64", "text", "date"}
    assert all(covariate.meaning.endswith(".") for covariate in COVARIATES)


def test_the_windows_told_are_the_windows_counted() -> None:
    table = told()
    for measure in measures(RULE):
        first, last = table.loc[measure.name, ["from_days", "to_days"]]
        assert last == -measure.last, measure.name
        assert (measure.first is None) == pd.isna(first), measure.name
        assert measure.first is None or first == -measure.first, measure.name


def test_everything_before_the_index_ends_the_day_before_the_cut_off_at_the_latest() -> None:
    table = told()
    assert (table.loc[table["measured_at"] == "before_index", "to_days"] <= -1).all()


@pytest.mark.parametrize("column", [name for name in MEASURED_AT if name.endswith("_5y")])
def test_five_years_are_the_look_back_of_the_rule(column: str) -> None:
    assert told().loc[column, "from_days"] == -1000
    assert told(CohortRule()).loc[column, "from_days"] == -1826


@pytest.mark.parametrize(
    ("rule", "window"),
    [
        (CohortRule(grace_days=30), (0, 30)),
        (CohortRule(exposure_timing="before_index", before_days=200), (-200, -1)),
        (
            CohortRule(immortal_time="ever_treated", accept_immortal_time=True, landmark_days=0, required_days=400),
            (0, 400),
        ),
    ],
)
def test_the_exposure_window_is_that_of_the_rule(rule: CohortRule, window: tuple[int, int]) -> None:
    assert tuple(told(rule).loc["treated", ["from_days", "to_days"]]) == window


def test_time_zero_is_told_from_the_index_day() -> None:
    table = told(CohortRule(landmark_days=50))
    assert table.loc["time_zero_date", ["from_days", "to_days"]].to_list() == [50, 50]
    assert table.loc["index_date", ["from_days", "to_days"]].to_list() == [0, 0]
