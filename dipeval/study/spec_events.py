"""The sections about events: who enters and from when, what counts afterwards, the pathway, and where the work is done.

Each key is named as the option it becomes (`CohortRule`, `FollowUp`, `open_engine`, `pathway`, `seen`).
"""

from __future__ import annotations

from datetime import date
from typing import Annotated, Literal

from pydantic import Field

from dipeval.study.spec_base import Count, PositiveInt, Section, Words

IndexEvent = Literal["positive_test", "any_test", "release", "sentence", "caution", "order", "contact", "column"]
Weight = Annotated[float, Field(ge=0)]
DayCount = Annotated[int, Field(gt=0)]


class CohortSpec(Section):
    """`[cohort]`: who is eligible and from when, and what counts as having been treated (days)."""

    index_event: IndexEvent = "positive_test"
    index_types: list[Words] = []
    index_table: Words | None = None
    index_column: Words | None = None
    index_choice: Literal["first", "per_quarter", "every"] = "first"
    index_from: date | None = None
    index_to: date | None = None
    eras: list[Words] = []
    exposure: Literal["treatment", "order", "contact"] = "treatment"
    exposure_types: list[Words] = []
    exposure_timing: Literal["after_index", "before_index"] = "after_index"
    before_days: PositiveInt = 365
    completed_only: bool = False
    non_causal: bool = False
    immortal_time: Literal["landmark", "time_varying", "ever_treated"] = "landmark"
    accept_immortal_time: bool = False
    grace_days: Count = 42
    washout_days: Count = 28
    landmark_days: Count = 42
    lookback_days: PositiveInt = 1826
    minimum_age: PositiveInt = 18
    maximum_age: PositiveInt | None = None
    required_days: PositiveInt = 547
    offence_free_landmark: bool = False
    late_index: Literal["cut_back", "keep"] = "cut_back"
    districts: list[Words] = []

    @property
    def many(self) -> bool:
        """Whether one person can be in the cohort more than once."""
        return self.index_choice != "first"


class FollowUpSpec(Section):
    """`[follow_up]`: how long people are followed, what counts, and how long a disposal is waited for (days)."""

    days: PositiveInt = 365
    waiting_days: Count = 182
    basis: Literal["proven", "arrest", "charge"] = "proven"
    robbery: Literal["acquisitive", "violent"] = "acquisitive"
    classes: list[Literal["acquisitive", "violent", "disorder", "drug", "other"]] = []
    groups: list[Words] = []
    same_day: Literal["each", "one_a_day"] = "each"
    include_index_day: bool = False
    severity: dict[str, Weight] = {}
    at_extract_end: Literal["refuse", "censor"] = "refuse"

    @property
    def needed_days(self) -> int:
        """Days after time zero that the extracts must cover; only what must be proven is waited for."""
        return self.days + (self.waiting_days if self.basis == "proven" else 0)


class EngineSpec(Section):
    """`[engine]`: how much memory the event work may take, where it spills to, and whether its stages are kept."""

    threads: PositiveInt | None = None
    memory_limit: Words | None = None
    temp_folder: Words | None = None
    row_limit: PositiveInt | None = None
    stages: Words | None = None


class PathwaySpec(Section):
    """`[pathway]`: stages from test to treatment, tests followed by a contact, drug testing, reasons for leaving."""

    by: Literal["district", "month", "quarter", "entry_point", "substance", "age_band", "sex"] | None = None
    counting: Literal["cohort", "period"] = "cohort"
    within_days: PositiveInt = 365
    seen_within: Annotated[list[DayCount], Field(min_length=1)] = [7, 28, 42]
    seen_who: Literal["positive", "all"] = "positive"
    testing_by: Literal["month", "quarter", "district", "custody_suite", "test_ground", "age_band", "sex"] = "quarter"
    discharges_of: Literal["episodes", "journeys"] = "episodes"
    count_referred_on: bool = False
