"""Every column of the baseline equals what an oracle works out, person by person, whichever way it is evaluated."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd
import pytest

from dipeval.cohort import CohortRule
from dipeval.cohort.baseline import baseline
from dipeval.cohort.covariates import COVARIATES
from dipeval.cohort.intervals import tidy_ends, united_spells
from dipeval.engine import Engine, open_engine
from tests.unit.cohort.baseline_oracle import expected, invent

ONE, MANY = CohortRule(), CohortRule(index_choice="every", lookback_days=1000)
# Columns of people that the baseline works out; the rest it carries along.
KINDS = {covariate.name: covariate.kind for covariate in COVARIATES}


def measured(
    tables: Mapping[str, pd.DataFrame], rule: CohortRule, engine: Engine | None = None, **options: Any
) -> pd.DataFrame:
    """The baseline of invented people, by index_id."""
    engine = engine or open_engine(threads=1)
    table = engine.keep(baseline(*put(tables, engine), rule, **options), "baseline")
    return engine.to_pandas(table).set_index("index_id").sort_index()


def put(tables: Mapping[str, pd.DataFrame], engine: Engine) -> tuple[Any, dict[str, Any]]:
    events = {name: engine.put(as_dates(frame), name) for name, frame in tables.items()}
    for name in ("custody_spells", "treatment"):
        if name in events:
            events[name] = tidy_ends(events[name])
    if "custody_spells" in events:
        events["custody_spells"] = united_spells(events["custody_spells"])
    return events.pop("index"), events


def as_dates(frame: pd.DataFrame) -> pd.DataFrame:
    """Days as datetime64[us], which can hold the far future."""
    days = [name for name in frame.columns if name.endswith("_date") or name == "date_of_birth"]
    return frame.assign(**{name: pd.to_datetime(frame[name]).astype("datetime64[us]") for name in days})


def assert_same(found: pd.DataFrame, wanted: pd.DataFrame) -> None:
    assert found.index.to_list() == wanted.index.to_list()
    wanted = as_dates(wanted)
    for name in wanted.columns:
        left, right = found[name], wanted[name]
        if KINDS.get(name) == "float64":
            pd.testing.assert_series_equal(left, right.astype("float64"), rtol=1e-12)
        else:
            differ = found.index[(left != right) & ~(left.isna() & right.isna())]
            assert differ.empty, (name, differ[:3], left[differ[:3]].to_list(), right[differ[:3]].to_list())


@pytest.mark.parametrize("seed", [1, 2])
@pytest.mark.parametrize(("rule", "indexes"), [(ONE, 1), (MANY, 5)])
def test_every_column_is_what_the_oracle_works_out(seed: int, rule: CohortRule, indexes: int) -> None:
    tables = invent(seed, 150, indexes)
    wanted = expected(tables, rule)
    assert {name for name in KINDS if name not in wanted} == {"index_record_id", "time_zero_date"}
    assert_same(measured(tables, rule), wanted)


@pytest.mark.parametrize("indexes", [1, 6])
def test_running_totals_and_the_join_give_the_same(indexes: int) -> None:
    tables = invent(7, 400, indexes)
    by_join, by_windows = (measured(tables, ONE, by_windows=way) for way in (False, True))
    pd.testing.assert_frame_equal(by_join, by_windows[by_join.columns])
    assert (by_join["prior_offences_5y"] > 0).any()


@pytest.mark.parametrize("many", [False, True])
def test_the_order_of_rows_changes_nothing(many: bool) -> None:
    tables = invent(3, 120, 4)
    turned = {name: frame.sample(frac=1, random_state=5) for name, frame in tables.items()}
    pd.testing.assert_frame_equal(
        measured(tables, ONE, by_windows=many), measured(turned, ONE, by_windows=many), check_exact=True
    )


@pytest.mark.parametrize("many", [False, True])
def test_columns_have_the_types_of_the_dictionary_in_the_engine(many: bool) -> None:
    engine = open_engine(threads=1)
    table = engine.keep(baseline(*put(invent(4, 20, 3), engine), ONE, by_windows=many), "baseline")
    real = {"int64": "BIGINT", "float64": "DOUBLE", "text": "VARCHAR", "date": "DATE"}
    rows = engine.connection.execute(f"describe {table.get_name()}").fetchall()
    found = {name: kind for name, kind, *_ in rows}
    wrong = {name: found.get(name) for name, kind in KINDS.items() if found.get(name) != real[kind]}
    assert not wrong
    assert not {"sex", "date_of_birth", "first_offence_date", "first_sanction_date"} & set(found)


@pytest.mark.parametrize("many", [False, True])
def test_without_custody_treatment_and_tests_their_counts_are_nought(many: bool) -> None:
    tables = invent(5, 60, 3)
    offences_only = {name: tables[name] for name in ("index", "offences")}
    found, full = (measured(given, ONE, by_windows=many) for given in (offences_only, tables))
    gone = [name for name in KINDS if any(word in name for word in ("custody_", "treatment_", "tests_"))]
    assert len(gone) == 11
    assert (found[gone] == 0).all(axis=None)
    pd.testing.assert_frame_equal(found.drop(columns=gone), full.drop(columns=gone)[found.columns.drop(gone)])


@pytest.mark.parametrize("many", [False, True])
def test_nobody_at_all_gives_an_empty_table(many: bool) -> None:
    engine = open_engine(threads=1)
    index, events = put(invent(6, 5, 1), engine)
    nobody = index.filter(index.person_id == "nobody")
    assert engine.to_pandas(baseline(nobody, events, ONE, by_windows=many)).empty
