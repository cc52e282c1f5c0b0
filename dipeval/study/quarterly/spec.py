"""The study file of a quarterly report as typed sections: what may be written in it, its defaults and its limits.

``kind = "quarterly"`` at the top says that it is one. Such a file has no design and compares no outcome: nothing in it
is an effect. Each key is named as the option it becomes.
"""

from __future__ import annotations

from datetime import date
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field

from dipeval.study.quarterly.spec_parts import (
    AccuracySpec,
    BenchmarkSpec,
    ChangeSpec,
    FundingSpec,
    OffenceLinkSpec,
    ReportsSpec,
)
from dipeval.study.spec import DisclosureSpec, LinkingSpec, OutputsSpec, SimulateSpec, TableMapping
from dipeval.study.spec_base import Count, PositiveInt, Section, Words
from dipeval.study.spec_events import EngineSpec

__all__ = ["IndicatorsSpec", "OwnIndicatorSpec", "QuarterlyDataSpec", "QuarterlySpec", "SimulateAreasSpec"]

Dimension = Literal[
    "entry_point",
    "substance",
    "offence_class",
    "age_group",
    "sex",
    "new_or_returning",
    "seen_or_not",
    "custody_suite",
    "test_ground",
    "hour",
]


def _areas(value: Any) -> Any:
    whole = isinstance(value, int) and not isinstance(value, bool) and value > 0
    named = isinstance(value, list) and value and all(isinstance(name, str) and name for name in value)
    if not whole and not named:
        raise ValueError('needed is a whole number from 1 up, or a list of names such as ["Leeds", "Bradford"]')
    return value


def _condition(value: Any) -> Any:
    """What records must say: column -> a value, or a list of values of which one must stand there."""
    plain = (str, int, float, bool)
    if not isinstance(value, dict):
        raise ValueError('needed is a table such as { result = "positive" }')
    for column, wanted in value.items():
        values = wanted if isinstance(wanted, list) else [wanted]
        if not values or not all(isinstance(one, plain) for one in values):
            raise ValueError(f"{column}: needed is a word, a number, true or false, or a list of them")
    return value


# A century: no record of a person reaches further, and a day beyond the calendar cannot be worked out.
Days = Annotated[int, Field(gt=0, le=36_525)]
SomeDays = Annotated[int, Field(ge=0, le=36_525)]
Areas = Annotated[int | list[str], BeforeValidator(_areas)]
Condition = Annotated[dict[str, Any], BeforeValidator(_condition)]


class QuarterlyDataSpec(Section):
    """`[data]`: where the records come from and what they are (personal, simulated or public)."""

    source: Literal["extracts", "simulate_areas", "simulate"]
    folder: Words | None = None
    status: Literal["personal", "simulated", "public"] | None = None
    citation: str = ""
    extract_date: date | None = None
    on_error: Literal["stop", "drop_and_count"] = "stop"
    missing_values: list[str] = []
    two_digit_year_pivot: Annotated[int, Field(ge=0, le=99)] | None = None
    tables: dict[str, TableMapping] = {}


class SimulateAreasSpec(Section):
    """`[simulate_areas]`: invented extracts of several districts over several quarters."""

    districts: Areas = 5
    quarters: PositiveInt = 16
    people: PositiveInt = 8_000
    seed: Count | None = None
    first_quarter: Words = "2010-Q2"


class OwnIndicatorSpec(Section):
    """`[[indicators.own]]`: an indicator of your own, counted from the records of one table."""

    name: Words
    label: Words
    table: Words
    kind: Literal["share", "count"] = "share"
    denominator: Condition = {}
    numerator: Condition = {}
    direction: Literal["higher", "lower", "neither"] = "neither"
    owner: str = ""


class IndicatorsSpec(Section):
    """`[indicators]`: which are told, over which periods, by what, and how they are counted (days)."""

    names: list[Words] = []
    by: list[Dimension] = []
    every: Literal["quarter", "month"] = "quarter"
    date_from: date | None = None
    date_to: date | None = None
    seen_within_days: Days = 28
    treatment_within_days: Days = 42
    washout_days: SomeDays = 28
    lookback_days: Days = 1826
    completion_days: Days = 365
    representation_days: Days = 183
    repeat_days: Days = 365
    repeat_tests: Annotated[int, Field(ge=2)] = 3
    reoffending_days: Days = 365
    waiting_days: SomeDays = 182
    prior_days: Days = 1826
    baseline: Annotated[list[Words], Field(min_length=2, max_length=2)] | None = None
    count_referred_on: bool = False
    owners: dict[str, Words] = {}
    own: list[OwnIndicatorSpec] = []


class QuarterlySpec(Section):
    """The whole study file of a quarterly report."""

    kind: Literal["quarterly"]
    title: Words
    question: str = ""
    programme: Words = "criminal justice interventions"
    prepared_for: str = ""
    first_line: str = ""
    version: Words = "1"
    seed: Count = 1
    data: QuarterlyDataSpec
    simulate: SimulateSpec = SimulateSpec()
    simulate_areas: SimulateAreasSpec = SimulateAreasSpec()
    linkage: LinkingSpec = LinkingSpec()
    indicators: IndicatorsSpec = IndicatorsSpec()
    change: ChangeSpec = ChangeSpec()
    benchmark: BenchmarkSpec = BenchmarkSpec()
    funding: FundingSpec | None = None
    testing_funding: FundingSpec | None = None
    test_accuracy: AccuracySpec | None = None
    offence_link: OffenceLinkSpec = OffenceLinkSpec()
    reports: ReportsSpec = ReportsSpec()
    engine: EngineSpec = EngineSpec()
    disclosure: DisclosureSpec = DisclosureSpec()
    outputs: OutputsSpec = OutputsSpec()

    @property
    def simulated(self) -> bool:
        """Whether the records are invented by dipeval, so that it is known whose they are."""
        return self.data.source != "extracts"
