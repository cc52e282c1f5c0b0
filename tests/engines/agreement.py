"""What is compared on every engine: the rules, and how the library's answers are set beside the oracle's."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import pandas as pd

from dipeval.cohort import Cohort, CohortRule, build_cohort
from dipeval.engine import Engine
from dipeval.extracts import event_tables
from dipeval.outcomes import FollowUp, Outcomes, measure_reoffending
from tests.engines import oracle_cohort, oracle_outcomes
from tests.engines.crowd import EXTRACT_DATE, Crowd
from tests.spec.invented_people import InventedExtracts, InventedLinkage

if TYPE_CHECKING:
    import ibis.expr.types as ir

WEIGHTS = {
    "shoplifting": 1.0,
    "other_theft": 1.5,
    "theft_from_person": 3.0,
    "theft_of_vehicle": 4.0,
    "theft_from_vehicle": 2.0,
    "domestic_burglary": 12.5,
    "other_burglary": 8.0,
    "robbery": 20.0,
    "fraud": 2.5,
    "handling": 1.5,
    "violence_with_injury": 30.0,
    "violence_without_injury": 5.0,
    "criminal_damage": 2.0,
    "public_order": 1.0,
    "drug_possession": 0.5,
    "drug_supply": 9.0,
    "other": 0.0,
    "motoring": 0.0,
}
WINDOW: dict[str, Any] = {"index_from": dt.date(2020, 2, 29), "index_to": dt.date(2022, 12, 31)}


@dataclass(frozen=True)
class Case:
    """One cohort rule with one definition of the outcome; tables that the extracts lack."""

    rule: CohortRule
    follow_up: FollowUp = field(default_factory=FollowUp)
    without: tuple[str, ...] = ()


CASES = {
    "default": Case(CohortRule(**WINDOW, landmark_days=45, districts=("Leeds", "Bradford", "Wakefield"))),
    "release, programme in custody": Case(
        CohortRule(index_event="release", landmark_days=0, exposure_timing="before_index", before_days=366),
        FollowUp(include_index_day=True, severity=WEIGHTS, same_day="one_a_day"),
    ),
    "every test": Case(
        CohortRule(index_event="any_test", index_choice="every", exposure_types=("pharmacological", "psychosocial")),
        FollowUp(same_day="one_a_day"),
    ),
    "juveniles sentenced, per quarter, rearrest": Case(
        CohortRule(
            index_event="sentence",
            index_choice="per_quarter",
            index_from=dt.date(2019, 1, 31),
            minimum_age=10,
            maximum_age=17,
            exposure="order",
            exposure_types=("DRR", "ATR", "conditional_caution", "brief_intervention"),
            lookback_days=730,
            required_days=730,
        ),
        FollowUp.months(24, basis="arrest", same_day="one_a_day", robbery="violent"),
    ),
    "cautions kept to the end of the extract": Case(
        CohortRule(
            index_event="caution",
            index_choice="every",
            late_index="keep",
            index_to=EXTRACT_DATE - dt.timedelta(days=183 + 42),
        ),
        FollowUp(at_extract_end="censor", include_index_day=True, same_day="one_a_day", severity=WEIGHTS),
    ),
    "contacts, start over time, new charge": Case(
        CohortRule(
            index_event="contact",
            index_types=("custody", "court"),
            exposure="contact",
            exposure_types=("follow_up_required", "voluntary"),
            immortal_time="time_varying",
            landmark_days=0,
            grace_days=91,
            eras=("test_on_arrest", "after_national_dip"),
        ),
        FollowUp(basis="charge", classes=("violent",), groups=("shoplifting", "robbery")),
    ),
    "orders, ever treated": Case(
        CohortRule(
            index_event="order",
            index_types=("restriction_on_bail", "DRR"),
            immortal_time="ever_treated",
            accept_immortal_time=True,
            landmark_days=0,
            completed_only=True,
            non_causal=True,
        ),
        FollowUp(classes=("acquisitive", "drug")),
    ),
    "every conviction": Case(
        CohortRule(index_event="sentence", index_choice="every", landmark_days=0, grace_days=0),
        without=("sentences",),
    ),
    "day of the care plan": Case(
        CohortRule(index_event="column", index_table="contacts", index_column="care_plan_date", **WINDOW),
        FollowUp(basis="arrest", at_extract_end="censor"),
    ),
}


@dataclass(frozen=True)
class Answer:
    """A cohort and its outcomes."""

    cohort: Cohort
    outcomes: Outcomes


def put_on(engine: Engine, crowd: Crowd) -> dict[str, ir.Table]:
    """The crowd's tables on an engine."""
    return {name: engine.put(frame, name) for name, frame in crowd.items()}


def on_engine(engine: Engine, tables: dict[str, ir.Table], case: Case) -> Answer:
    """The library's answer from tables that stand on an engine."""
    kept = {name: table for name, table in tables.items() if name not in case.without}
    cohort = build_cohort(event_tables(engine, kept, extract_date=EXTRACT_DATE), rule=case.rule)
    return Answer(cohort, measure_reoffending(cohort, follow_up=case.follow_up))


def in_memory(crowd: Crowd, case: Case) -> Answer:
    """The library's answer from extracts in memory and a perfect linkage."""
    kept = {name: frame for name, frame in crowd.items() if name not in case.without}
    spine = pd.concat([frame[["record_id", "person_id"]].assign(table=name) for name, frame in kept.items()])
    extracts = InventedExtracts({name: frame.drop(columns="person_id") for name, frame in kept.items()}, EXTRACT_DATE)
    linkage = InventedLinkage(spine.assign(match_probability=1.0).reset_index(drop=True))
    cohort = build_cohort(extracts, linkage, case.rule)  # type: ignore[arg-type]
    return Answer(cohort, measure_reoffending(cohort, follow_up=case.follow_up))


def assert_as_oracle(answer: Answer, numbered: Crowd, case: Case) -> None:
    """People, funnel, outcomes, groups and what was excluded are what the oracle says."""
    tables = {name: frame for name, frame in numbered.items() if name not in case.without}
    found = oracle_cohort.assessed(tables, case.rule, EXTRACT_DATE)
    people = answer.cohort.people
    _assert_equal(people, oracle_cohort.people(tables, case.rule, found))
    funnel = oracle_cohort.funnel(tables, case.rule, found, EXTRACT_DATE)
    assert answer.cohort.attrition.set_index("step")["n_people"].to_dict() == funnel
    expected = oracle_outcomes.outcomes(tables, found, case.follow_up, EXTRACT_DATE)
    _assert_equal(answer.outcomes.to_frame(), expected["frame"])
    groups = expected["by_group"].sort_values(["index_id", "offence_group"], ignore_index=True)
    by_group = answer.outcomes.by_group
    groups = groups.rename(columns={"index_id": people.index.name}).astype(by_group.dtypes.to_dict())
    pd.testing.assert_frame_equal(by_group, groups)
    excluded = answer.outcomes.excluded.set_index("reason")["n"]
    pd.testing.assert_series_equal(
        excluded, expected["excluded"]["n"].reindex(excluded.index, fill_value=0), check_dtype=False
    )


def _assert_equal(frame: pd.DataFrame, expected: pd.DataFrame) -> None:
    """Whole numbers, days, words exactly; fractions to nine digits."""
    lacking = sorted(set(frame.columns) - set(expected.columns))
    assert not lacking, f"the oracle has no column {', '.join(lacking)}"
    expected = expected[list(frame.columns)].rename_axis(frame.index.name).copy()
    for column, kind in frame.dtypes.items():
        values = expected[column]
        if pd.api.types.is_datetime64_any_dtype(kind):
            values = pd.Timestamp("1970-01-01") + pd.to_timedelta(values, unit="D")
        elif pd.api.types.is_object_dtype(kind):
            values = values.astype(object).where(values.notna(), None)
        expected[column] = values.astype(kind)
    pd.testing.assert_frame_equal(frame, expected, rtol=1e-9, atol=0)


def assert_same(one: Answer, other: Answer) -> None:
    """The same people, funnel, exposure and outcomes, in the same types; and the same types inside the engines."""
    for read in (
        lambda a: a.cohort.people,
        lambda a: a.cohort.attrition,
        lambda a: a.cohort.exposure,
        lambda a: a.outcomes.to_frame(),
        lambda a: a.outcomes.by_group,
        lambda a: a.outcomes.excluded,
    ):
        pd.testing.assert_frame_equal(read(one), read(other), rtol=1e-9, atol=0)
    for table in (lambda a: a.cohort.followed, *(_events(name) for name in ("offences", "custody_spells", "deaths"))):
        kinds = [{name: str(kind).lstrip("!") for name, kind in table(a).schema().items()} for a in (one, other)]
        assert kinds[0] == kinds[1]


def _events(name: str) -> Any:
    return lambda answer: answer.cohort.events(name)
