"""The door of the design stage: what is refused, in which words."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
import pytest

import dipeval as dip
from dipeval.errors import DesignError, InputError
from tests.unit.matching.matching_people import COVARIATES, people

CALLS: tuple[Callable[..., Any], ...] = (dip.match, dip.weight, dip.propensity)


@dataclass
class FakeCohort:
    """What a cohort shows to the design stage."""

    people: pd.DataFrame
    measured_at: dict[str, str]


def cohort() -> FakeCohort:
    table = people()
    table["started_within_42_days"] = table["treated"]
    known = {
        "age": "at_index",
        "priors": "before_index",
        "district": "at_index",
        "started_within_42_days": "exposure",
        "treated": "exposure",
    }
    return FakeCohort(people=table, measured_at=known)


@pytest.mark.parametrize("call", CALLS)
@pytest.mark.parametrize("name", ["reoffended", "Reoffended", "n_reoffences", "time_days"])
def test_an_outcome_is_refused(call: Callable[..., Any], name: str) -> None:
    table = people().assign(**{name: 0})
    with pytest.raises(DesignError, match="name of an outcome"):
        call(table, treated="treated", covariates=["age", name])


@pytest.mark.parametrize("options", [{"exact": ["reoffended"]}, {"covariate_calipers": {"reoffended": 1}}])
def test_an_outcome_is_refused_as_a_condition(options: dict[str, Any]) -> None:
    with pytest.raises(DesignError, match="name of an outcome"):
        dip.match(people(), treated="treated", covariates=["age"], **options)


@pytest.mark.parametrize("call", CALLS)
def test_an_outcome_is_no_treatment_and_no_id(call: Callable[..., Any]) -> None:
    table = people()
    with pytest.raises(DesignError, match="name of an outcome"):
        call(table, treated="reoffended", covariates=["age"])
    with pytest.raises(DesignError, match="name of an outcome"):
        call(table.assign(time_days=range(len(table))), treated="treated", covariates=["age"], id="time_days")


@pytest.mark.parametrize("options", [{}, {"scale": "given"}])
def test_an_outcome_is_no_score(options: dict[str, Any]) -> None:
    table = people()
    with pytest.raises(DesignError, match="'reoffended', the name of an outcome"):
        dip.match(table, treated="treated", covariates=["age"], score=table["reoffended"], **options)


@pytest.mark.parametrize("call", CALLS)
def test_a_cohort_refuses_what_came_after_the_index_date(call: Callable[..., Any]) -> None:
    with pytest.raises(DesignError, match=r"started_within_42_days \(exposure\)"):
        call(cohort(), treated="treated", covariates=["age", "started_within_42_days"])


def test_a_cohort_refuses_a_column_whose_moment_it_does_not_know() -> None:
    with pytest.raises(DesignError, match="does not say when"):
        given = cohort()
        given.people["mystery"] = np.arange(len(given.people))
        dip.match(given, treated="treated", covariates=["age", "mystery"])


def test_a_cohort_needs_no_declaration_and_gets_no_note() -> None:
    design = dip.match(cohort(), treated="treated", covariates=COVARIATES)
    assert not any("not declared" in note for note in design.summary().notes)
    with pytest.raises(InputError, match="leave measured_at= out"):
        dip.match(cohort(), treated="treated", covariates=["age"], measured_at={"age": "at_index"})


def test_a_frame_may_declare_when_columns_were_measured() -> None:
    table = people()
    with pytest.raises(DesignError, match=r"priors \(after_index\)"):
        dip.match(table, treated="treated", covariates=["age", "priors"], measured_at={"priors": "after_index"})
    with pytest.raises(InputError, match="measured_at= takes"):
        dip.match(table, treated="treated", covariates=["age"], measured_at={"age": "long ago"})
    declared = dip.match(
        table,
        treated="treated",
        covariates=["age", "priors"],
        measured_at={"age": "at_index", "priors": "before_index"},
    )
    silent = dip.match(table, treated="treated", covariates=["age", "priors"])
    assert not any("not declared" in note for note in declared.notes)
    assert sum("not declared" in note for note in silent.summary().notes) == 1


@pytest.mark.parametrize("call", CALLS)
def test_missing_and_infinite_values_are_counted_per_column(call: Callable[..., Any]) -> None:
    table = people().astype({"age": float, "priors": float})
    table.iloc[:3, table.columns.get_loc("age")] = np.nan
    table.iloc[5, table.columns.get_loc("age")] = np.inf
    table.iloc[:2, table.columns.get_loc("district")] = None
    with pytest.raises(InputError, match=r"age \(3 missing and 1 infinite\); district \(2 missing\)"):
        call(table, treated="treated", covariates=COVARIATES)


@pytest.mark.parametrize("call", CALLS)
@pytest.mark.parametrize(("value", "words"), [(1, "Everybody"), (0, "Nobody")])
def test_one_group_only_is_refused(call: Callable[..., Any], value: int, words: str) -> None:
    with pytest.raises(DesignError, match=words):
        call(people().assign(treated=value), treated="treated", covariates=["age"])


@pytest.mark.parametrize(
    ("column", "words"),
    [
        (2, "must be 0/1"),
        (None, "missing for"),
        ("yes", "holds text"),
    ],
)
def test_a_treatment_that_is_not_yes_or_no_is_refused(column: Any, words: str) -> None:
    table = people().astype({"treated": object})
    table.iloc[0, 0] = column
    with pytest.raises(InputError, match=words):
        dip.match(table, treated="treated", covariates=["age"])


@pytest.mark.parametrize("dtype", ["bool", "float64", "Int64", "boolean", object])
def test_any_spelling_of_yes_and_no_is_taken(dtype: Any) -> None:
    table = people()
    same = dip.match(table, treated="treated", covariates=["age"])
    other = dip.match(table.astype({"treated": dtype}), treated="treated", covariates=["age"])
    assert same.fingerprint == other.fingerprint


def test_columns_that_are_not_there_or_named_badly() -> None:
    table = people()
    with pytest.raises(InputError, match="no column nonsense"):
        dip.match(table, treated="treated", covariates=["nonsense"])
    with pytest.raises(InputError, match="did you mean priors"):
        dip.match(table, treated="treated", covariates=["prior"])
    with pytest.raises(InputError, match="it is a NoneType"):
        dip.match(table, treated="treated", covariates=None)  # type: ignore[arg-type]
    with pytest.raises(InputError, match="measured_at must be a mapping"):
        dip.match(table, treated="treated", covariates=["age"], measured_at=["age"])  # type: ignore[arg-type]
    with pytest.raises(InputError, match="covariate_calipers must be a mapping"):
        dip.match(table, treated="treated", covariates=["age"], covariate_calipers=["age"])  # type: ignore[arg-type]
    with pytest.raises(InputError, match="names a column twice: age"):
        dip.match(table, treated="treated", covariates=["age", "age"])
    with pytest.raises(InputError, match="list of column names"):
        dip.match(table, treated="treated", covariates="age")  # type: ignore[arg-type]
    with pytest.raises(InputError, match="list of column names"):
        dip.match(table, treated="treated", covariates=["age"], exact="district")
    with pytest.raises(InputError, match="covariates is empty"):
        dip.match(table, treated="treated", covariates=[])
    with pytest.raises(DesignError, match="is the treatment"):
        dip.match(table, treated="treated", covariates=["treated"])
    with pytest.raises(InputError, match="DataFrame"):
        dip.match([1, 2], treated="treated", covariates=["age"])  # type: ignore[arg-type]
    with pytest.raises(InputError, match="more than one column called age"):
        dip.match(pd.concat([table, table[["age"]]], axis=1), treated="treated", covariates=["age"])
    with pytest.raises(InputError, match="no rows"):
        dip.match(table.iloc[:0], treated="treated", covariates=["age"])


@pytest.mark.parametrize("call", CALLS)
def test_columns_are_named_and_never_passed_themselves(call: Callable[..., Any]) -> None:
    table = people()
    wrong: Any
    for wrong in (["treated"], table["treated"], table["treated"].to_numpy()):
        with pytest.raises(InputError, match=f"treated must be the name of one column.* a {type(wrong).__name__}"):
            call(table, treated=wrong, covariates=["age"])
        with pytest.raises(InputError, match="id must be the name of one column"):
            call(table, treated="treated", covariates=["age"], id=wrong)
    with pytest.raises(InputError, match="each of covariates must be the name of one column"):
        call(table, treated="treated", covariates=[["age"]])
    with pytest.raises(InputError, match=r"covariates must be a list of column names; it is a Series\.$"):
        call(table, treated="treated", covariates=table["age"])
    assert call(table, treated="treated", covariates=table.columns[table.columns == "age"]).covariates == ("age",)


@pytest.mark.parametrize("seed", ["one", None, 1.5, True])
def test_the_seed_is_a_whole_number(seed: Any) -> None:
    with pytest.raises(InputError, match="seed must be a whole number"):
        dip.match(people(), treated="treated", covariates=["age"], seed=seed)


def test_ids_must_be_unique_and_complete() -> None:
    table = people()
    with pytest.raises(InputError, match="index labels repeat"):
        dip.match(pd.concat([table, table.iloc[:2]]), treated="treated", covariates=["age"])
    table["code"] = np.arange(len(table)) // 2
    with pytest.raises(InputError, match="ids repeat an earlier one"):
        dip.match(table, treated="treated", covariates=["age"], id="code")
    table["code"] = np.where(np.arange(len(table)) == 0, None, table.index)
    with pytest.raises(InputError, match="1 of the 120 people have no id"):
        dip.match(table, treated="treated", covariates=["age"], id="code")
    with pytest.raises(DesignError, match="is the id"):
        dip.match(table.assign(code=range(120)), treated="treated", covariates=["age", "code"], id="code")


@pytest.mark.parametrize("call", CALLS)
def test_constant_columns_dates_and_identifiers_are_refused_by_name(call: Callable[..., Any]) -> None:
    table = people(150).assign(year=2008, moved=False, seen=pd.Timestamp("2008-01-01"), code=list(map(str, range(150))))
    with pytest.raises(DesignError, match="year, moved"):
        call(table, treated="treated", covariates=["year", "age", "moved"])
    table["seen"] = table["seen"] + pd.to_timedelta(np.arange(150), unit="D")
    with pytest.raises(InputError, match="'seen' holds dates"):
        call(table, treated="treated", covariates=["seen"])
    with pytest.raises(InputError, match="lists holds something else"):
        call(table.assign(lists=[[number] for number in range(150)]), treated="treated", covariates=["lists"])
    with pytest.raises(InputError, match="'code' has 150 different levels"):
        call(table, treated="treated", covariates=["code"])


def test_the_callers_frame_is_not_changed_and_other_columns_do_not_matter() -> None:
    table = people()
    before = table.copy(deep=True)
    design = dip.match(table, treated="treated", covariates=COVARIATES)
    pd.testing.assert_frame_equal(table, before)
    other = dip.match(table.drop(columns="reoffended"), treated="treated", covariates=COVARIATES)
    assert design.fingerprint == other.fingerprint


def test_no_message_holds_a_persons_value() -> None:
    table = people().astype({"age": float})
    table.iloc[0, table.columns.get_loc("age")] = np.nan
    with pytest.raises(InputError) as caught:
        dip.match(table, treated="treated", covariates=COVARIATES)
    assert not any(str(label) in str(caught.value) for label in table.index)
