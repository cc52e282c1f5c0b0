"""The study file as typed sections: what may be written in it, its defaults and its limits.

The sections follow the target trial: who (`data`, `people`, `cohort`), compared with whom (`design`), from when and for
how long (`follow_up`), on what (`outcomes`, one primary), accepted when (`diagnostics`), worth what (`costs`), released
how (`disclosure`). Nothing here reads data, and no lower room ever receives a whole study.
"""

from __future__ import annotations

from datetime import date
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field

from dipeval.study.spec_area import AreaEffectSpec
from dipeval.study.spec_base import Count, PositiveFloat, PositiveInt, Probability, Section, Share, Words
from dipeval.study.spec_before_after import BeforeAfterSpec
from dipeval.study.spec_design import DesignOptions, DesignSpec, DiagnosticsSpec, SensitivitySpec
from dipeval.study.spec_effects import EffectSpec, Measure, OverturnSpec, SubgroupsSpec
from dipeval.study.spec_events import CohortSpec, EngineSpec, FollowUpSpec, PathwaySpec
from dipeval.study.spec_jdl import JdlStyleSpec
from dipeval.study.spec_money import CostsSpec
from dipeval.study.spec_time import TimeToEventSpec

__all__ = ["CostsSpec", "DesignOptions", "DesignSpec", "DiagnosticsSpec", "OutcomeSpec", "SensitivitySpec", "StudySpec"]

MOMENTS = ("before_index", "at_index")


def _moments(value: Any) -> str | dict[str, str]:
    given = value.values() if isinstance(value, dict) else [value]
    if not all(moment in MOMENTS for moment in given):
        raise ValueError('needed is "before_index" or "at_index", for all columns or in a table column by column')
    return dict(value) if isinstance(value, dict) else value


MeasuredAt = Annotated[str | dict[str, str], BeforeValidator(_moments)]


class TableMapping(Section):
    """`[data.tables.NAME]`: where a table stands in the folder, and what its columns and codes are called there.

    NAME is one of dipeval's tables, or "*" for all of them.
    """

    file: Words | None = None
    sheet: Words | None = None
    encoding: Words | None = None
    header_row: PositiveInt | None = None
    columns: dict[str, Words] = {}
    codes: dict[str, dict[str, Words]] = {}
    date_formats: list[Words] = []


class DataSpec(Section):
    """`[data]`: where the records come from and what they are (personal, simulated or public)."""

    source: Literal["dataset", "people_file", "extracts", "simulate"]
    dataset: Words | None = None
    file: Words | None = None
    folder: Words | None = None
    status: Literal["personal", "simulated", "public"] | None = None
    citation: str = ""
    extract_date: date | None = None
    on_error: Literal["stop", "drop_and_count"] = "stop"
    missing_values: list[str] = []
    two_digit_year_pivot: Annotated[int, Field(ge=0, le=99)] | None = None
    tables: dict[str, TableMapping] = {}


class SimulateSpec(Section):
    """`[simulate]`: invented extracts with a known effect."""

    people: PositiveInt = 5_000
    seed: Count | None = None
    effect: Annotated[float, Field(gt=0, le=3)] = 0.80
    treated_share: Share = 0.25
    later_share: Share = 0.05
    confounding: Annotated[float, Field(ge=0, le=2)] = 1.0
    hidden: Annotated[float, Field(ge=-1, le=1)] = 0.0
    heaped_births: bool = False
    alias_users: Share = 0.0
    identifier_errors: Annotated[float, Field(ge=0, le=3)] = 1.0
    motoring: Annotated[float, Field(ge=0, le=5)] = 0.0
    compare_true_links: bool = True


class LinkageErrorSpec(Section):
    """`[linkage.error]`: what wrong and missed links may do to the answer, worked out after the outcomes are opened."""

    draws: Count = 20
    thresholds: Annotated[list[Probability], Field(min_length=1)] = [0.3, 0.5, 0.7, 0.8, 0.9, 0.95, 0.99]
    links: list[Literal["treatment", "offences"]] = ["treatment"]
    tipping: bool = True


class LinkingSpec(Section):
    """`[linkage]` of every kind of study file: how records are joined to people."""

    profile: Literal["attributor", "full", "deterministic"] = "attributor"
    threshold: Probability = 0.5
    also_compare: list[Words] = []
    blocks: list[list[Words]] = []
    recall: Annotated[float, Field(gt=0, le=1)] = 0.8
    max_pairs: PositiveInt = 200_000_000
    find_heaped_dates: bool = True
    nicknames: bool = True
    merge_references: bool = True
    ties: Literal["drop", "lowest_id"] = "drop"
    model: Words | None = None
    review: Words | None = None


class LinkageSpec(LinkingSpec):
    """`[linkage]` of an evaluation: the same, and what wrong and missed links may do to its answer."""

    error: LinkageErrorSpec = LinkageErrorSpec()


class PeopleSpec(Section):
    """`[people]`: the roles of the columns of a table with one row a person, and the words for the two groups."""

    id: Words | None = None
    treated: Words = "treated"
    treated_label: Words = "Treated"
    comparison_label: Words = "Comparison"
    excluded: dict[str, Words] = {}
    categories: list[Words] = []
    measured_at: MeasuredAt = {}
    labels: dict[str, Words] = {}


class OutcomeSpec(Section):
    """`[[outcomes]]`: what is compared, measured after time zero."""

    name: Words
    kind: Literal["yes_no", "count", "time"]
    label: Words
    primary: bool = False
    column: Words | None = None
    time: Words | None = None
    event: Words | None = None
    unit: Literal["days", "weeks", "months", "years"] = "days"
    measures: list[Measure] = []
    horizon: PositiveFloat | None = None
    at_risk: Words | None = None
    family: Words = "secondary"


class DisclosureSpec(Section):
    """`[disclosure]`: how small counts are protected in everything that is written."""

    profile: Literal["threshold10", "none"] = "threshold10"
    threshold: PositiveInt = 10
    rounding: PositiveInt = 5


class OutputsSpec(Section):
    """`[outputs]`: what is written and who answers for it."""

    formats: list[Literal["html", "csv", "xlsx"]] = ["html", "csv", "xlsx"]
    prepared_by: str = ""


class StudySpec(Section):
    """The whole study file."""

    title: Words
    question: Words
    programme: Words
    first_line: str = ""
    version: Words = "1"
    seed: Count = 1
    override_reason: str = ""
    data: DataSpec
    simulate: SimulateSpec = SimulateSpec()
    linkage: LinkageSpec = LinkageSpec()
    cohort: CohortSpec = CohortSpec()
    people: PeopleSpec = PeopleSpec()
    outcomes: Annotated[list[OutcomeSpec], Field(min_length=1)]
    time_to_event: TimeToEventSpec = TimeToEventSpec()
    follow_up: FollowUpSpec = FollowUpSpec()
    design: DesignSpec
    effect: EffectSpec = EffectSpec()
    sensitivity: list[SensitivitySpec] = []
    subgroups: SubgroupsSpec | None = None
    overturn: OverturnSpec = OverturnSpec()
    jdl_style: JdlStyleSpec | None = None
    before_after: BeforeAfterSpec | None = None
    area_effect: AreaEffectSpec | None = None
    diagnostics: DiagnosticsSpec = DiagnosticsSpec()
    costs: CostsSpec | None = None
    pathway: PathwaySpec = PathwaySpec()
    engine: EngineSpec = EngineSpec()
    disclosure: DisclosureSpec = DisclosureSpec()
    outputs: OutputsSpec = OutputsSpec()

    @property
    def primary(self) -> OutcomeSpec:
        """The one primary outcome."""
        return next(outcome for outcome in self.outcomes if outcome.primary)

    @property
    def time_outcome(self) -> OutcomeSpec | None:
        """The outcome that is a time to an event, if there is one: the primary one, else the first."""
        times = sorted((item for item in self.outcomes if item.kind == "time"), key=lambda item: not item.primary)
        return times[0] if times else None

    @property
    def from_extracts(self) -> bool:
        """Whether people are found by linking extracts, rather than given one row each."""
        return self.data.source in ("extracts", "simulate")

    @property
    def time_varying(self) -> bool:
        """Whether treatment counts from the day it started, and the answer is a hazard ratio."""
        return self.from_extracts and self.cohort.immortal_time == "time_varying"

    @property
    def times_only(self) -> bool:
        """Whether only times can be compared: treatment changes with time, or people are not observed equally long."""
        return self.time_varying or (self.from_extracts and self.cohort.late_index == "keep")

    @property
    def many_indexes(self) -> bool:
        """Whether one person can be in the comparison more than once."""
        return self.from_extracts and self.cohort.many
