"""Index events, exposures and eligibility other than the default; the rulebook in tests/spec holds the examples."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

import dipeval as dip
from dipeval.cohort import Cohort, CohortRule, build_cohort
from dipeval.engine import open_engine
from dipeval.errors import InputError
from tests.spec.invented_people import InventedExtracts, InventedLinkage, cohort_of, invent

TESTS = """
person | test_date  | district | ethnicity
ann    | 2022-01-10 | Leeds    | A
ann    | 2022-01-10 | Leeds    |
ann    | 2022-03-31 | Bradford |
ann    | 2022-04-01 | Leeds    |
bob    | 2020-02-29 | Leeds    |
"""
CUSTODY = """
person | start_date | end_date
ann    | 2022-01-15 | 2022-03-01
ann    | 2022-03-01 | 2022-03-15
bob    | 2022-01-01 |
"""
TREATMENT = """
person | start_date | end_date   | modality
ann    | 2022-04-20 | 2022-06-01 | psychosocial
bob    | 2020-03-01 |            | residential
"""
RELEASE = CohortRule(index_event="release", landmark_days=0, grace_days=0)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"index_types": ("DRR",)}, "index_types go with index_event order"),
        ({"index_event": "order", "index_types": ("fine",)}, "index_types fine not known"),
        ({"index_event": "column"}, "needs index_table and index_column"),
        ({"index_column": "test_date"}, "index_column go with index_event='column'"),
        ({"index_choice": "last"}, "use one of first, per_quarter, every"),
        ({"eras": ("golden",)}, "eras golden not known"),
        ({"eras": "test_on_arrest"}, "must be a list"),
        ({"minimum_age": 30, "maximum_age": 20}, "below minimum_age"),
        ({"exposure_types": ("DRR",)}, "exposure_types DRR not known"),
        ({"completed_only": True}, "non_causal=True"),
        ({"completed_only": True, "non_causal": True, "exposure": "order"}, "for exposure='treatment' alone"),
        ({"non_causal": 1}, "must be True or False"),
        ({"immortal_time": "ever_treated", "landmark_days": 0}, "accept_immortal_time=True"),
        ({"immortal_time": "time_varying"}, "must be 0"),
        ({"immortal_time": "time_varying", "exposure_timing": "before_index"}, "has no meaning"),
        ({"districts": (1,)}, "not text"),
    ],
)
def test_what_cannot_be_meant_is_refused(options: dict[str, Any], words: str) -> None:
    with pytest.raises(InputError, match=words):
        CohortRule(**options)


def test_a_person_can_be_in_several_times_and_belongs_to_one_cluster() -> None:
    cohort = cohort_of(CohortRule(index_choice="every"), drug_tests=TESTS, treatment=TREATMENT)
    people = cohort.people
    assert people.index.name == "index_id"
    assert cohort.unit == "index events"
    assert list(people.index) == ["ann-2022-01-10", "ann-2022-03-31", "ann-2022-04-01", "bob-2020-02-29"]
    assert cohort.cluster.to_dict() == {name: name[:3] for name in people.index}
    assert people["treated"].to_list() == [0, 1, 1, 1]
    steps = cohort.attrition.set_index("step")
    assert steps.loc[["tested", "in_window", "chosen"], "n_people"].to_list() == [5, 5, 4]
    assert "of 2 people" in cohort.summary().headline
    assert any("clustered by person" in note for note in cohort.summary().notes)


def test_facts_that_the_index_record_lacks_come_from_the_first_record_that_tells_them() -> None:
    cohort = cohort_of(RELEASE, drug_tests=TESTS, custody_spells=CUSTODY)
    ann = cohort.people.loc["ann"]
    assert (ann["index_date"], ann["district"], ann["ethnicity"]) == (pd.Timestamp("2022-03-15"), "Leeds", "A")
    assert (ann["age_at_index"], ann["prior_custody_days_12m"]) == (31, 59)


def test_an_empty_source_of_index_events_is_refused_with_its_kind() -> None:
    with pytest.raises(InputError, match="no index event of the kind 'release'"):
        cohort_of(RELEASE, drug_tests=TESTS)
    with pytest.raises(InputError, match="have no orders"):
        cohort_of(CohortRule(index_event="order"), drug_tests=TESTS)
    rule = CohortRule(index_event="column", index_table="treatment", index_column="modality")
    with pytest.raises(InputError, match="no date of table treatment; it has start_date"):
        cohort_of(rule, drug_tests=TESTS, treatment=TREATMENT)
    with pytest.raises(InputError, match="is not among the tables"):
        cohort_of(CohortRule(index_event="column", index_table="spend", index_column="x"), drug_tests=TESTS)


def test_the_cohort_says_how_far_it_was_cut_back() -> None:
    tests = "person | test_date\nann | 2022-05-21\nbob | 2022-05-22"
    cut = cohort_of(extract_date="2023-12-31", drug_tests=tests)
    assert cut.cut_back is not None
    assert (cut.cut_back.last_index_day, cut.cut_back.n_later) == (dt.date(2022, 5, 21), 1)
    assert "cut back to index events up to 21 May 2022" in cut.attrition["label"].iloc[-1]
    assert cut.cut_back.in_words() in cut.summary().notes
    kept = cohort_of(CohortRule(late_index="keep"), extract_date="2023-12-31", drug_tests=tests)
    assert kept.cut_back is None
    assert len(kept.people) == 2


def test_immortal_days_are_counted_and_told() -> None:
    rule = CohortRule(immortal_time="ever_treated", accept_immortal_time=True, landmark_days=0)
    treatment = "person | start_date\nann | 2022-03-01\nbob | 2022-12-26"
    cohort = cohort_of(rule, drug_tests="person\nann\nbob\ncat", treatment=treatment)
    assert cohort.people["treated"].to_list() == [1, 1, 0]
    assert cohort.immortal_days == 300
    assert any("Immortal time: 300 days" in note and "150 for each" in note for note in cohort.summary().notes)
    assert cohort_of(drug_tests=TESTS).immortal_days is None


def test_a_comparison_that_is_not_causal_says_so() -> None:
    words = CohortRule(completed_only=True, non_causal=True).in_words()
    assert words.startswith("Not a causal comparison.")
    assert "and completed it" in words


def test_everybody_or_nobody_may_be_treated() -> None:
    everybody = cohort_of(drug_tests="person\nann", treatment="person | start_date\nann | 2022-03-02")
    assert everybody.exposure["n_people"].to_list() == [1, 0, 0]
    assert everybody.people["exposure_date"].to_list() == [pd.Timestamp("2022-03-02")]


def test_the_calendar_tells_what_changed_among_the_index_dates() -> None:
    days = cohort_of(drug_tests="person | test_date\nann | 2013-09-30\nbob | 2013-10-01").calendar_days
    assert days["name"].to_list() == ["test_on_arrest", "after_national_dip"]
    assert days["n"].to_list() == [1, 1]


def test_eras_neither_overlap_nor_leave_gaps() -> None:
    eras = dip.programme_calendar().query("kind == 'era'")
    gaps = eras["valid_from"].iloc[1:].to_numpy() - eras["valid_to"].iloc[:-1].to_numpy()
    assert (gaps == pd.Timedelta(days=1)).all()
    assert set(dip.trigger_offences()["mark"]) == {"A", "unverified"}


# --- the same cohort from tables on an engine, and from kept stages ---------------------------------------------------


def _on_engine(extracts: InventedExtracts, linkage: InventedLinkage, folder: Path | None = None) -> Any:
    engine = open_engine(threads=1, stages=folder)
    tables = {}
    for name in extracts.names:
        mine = linkage.spine[linkage.spine["table"] == name][["record_id", "person_id"]]
        records = extracts.table(name).astype({"record_id": object})
        if name == "treatment":
            records = records.assign(district="Leeds")
        tables[name] = engine.put(records.merge(mine, on="record_id").iloc[::-1], name)
    return dip.event_tables(engine, tables, extract_date=extracts.extract_date, snapshot="v1", check=False)


def _same(one: Cohort, other: Cohort) -> None:
    pd.testing.assert_frame_equal(one.people, other.people, check_exact=True)
    for name in ("attrition", "exposure", "records"):
        pd.testing.assert_frame_equal(getattr(one, name), getattr(other, name))


@pytest.mark.parametrize(
    "rule", [CohortRule(), CohortRule(index_choice="every"), RELEASE], ids=["test", "every", "release"]
)
def test_tables_on_an_engine_give_the_cohort_of_the_extracts(rule: CohortRule) -> None:
    extracts, linkage = invent(drug_tests=TESTS, custody_spells=CUSTODY, treatment=TREATMENT)
    inside = build_cohort(extracts, linkage, rule)  # type: ignore[arg-type]
    _same(inside, build_cohort(_on_engine(extracts, linkage), rule=rule))


def test_a_second_run_with_stages_kept_runs_no_query(tmp_path: Path) -> None:
    extracts, linkage = invent(drug_tests=TESTS, custody_spells=CUSTODY, treatment=TREATMENT)
    runs = []
    for rule in (CohortRule(), CohortRule(), CohortRule(lookback_days=800)):
        engine = open_engine(threads=1, stages=tmp_path)
        cohort = build_cohort(extracts, linkage, rule, engine=engine)  # type: ignore[arg-type]
        runs.append((cohort, engine.n_queries))
    assert runs[0][1] > 10
    assert runs[1][1] == 0
    assert 0 < runs[2][1] <= 3
    _same(runs[0][0], runs[1][0])


def test_a_linkage_beside_event_tables_or_another_engine_is_refused() -> None:
    extracts, linkage = invent(drug_tests=TESTS)
    tables = _on_engine(extracts, linkage)
    with pytest.raises(InputError, match="carry person_id already"):
        build_cohort(tables, linkage)  # type: ignore[arg-type]
    with pytest.raises(InputError, match="on another engine"):
        build_cohort(tables, engine=open_engine(threads=1))
