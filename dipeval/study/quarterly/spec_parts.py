"""The sections of a quarterly file beside its indicators: change, districts, funding, the test, and what is written."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field

from dipeval.study.spec_base import PositiveFloat, PositiveInt, Probability, Section, Share, Words

Chart = Literal["auto", "run", "p", "u", "c", "p_prime", "u_prime", "i"]
NonNegative = Annotated[float, Field(ge=0)]


def _baseline(value: Any) -> Any:
    whole = isinstance(value, int) and not isinstance(value, bool) and value > 0
    pair = isinstance(value, list) and len(value) == 2 and all(isinstance(label, str) and label for label in value)
    if not whole and not pair:
        raise ValueError('needed is a number of first periods, or the first and the last: ["2011-Q2", "2013-Q1"]')
    return value


def _seasonal(value: Any) -> Any:
    if value != "auto" and not isinstance(value, bool):
        raise ValueError('needed is "auto", true or false')
    return value


def _bound(value: Any) -> Any:
    number = isinstance(value, (int, float)) and not isinstance(value, bool) and value >= 0
    if not number and not (isinstance(value, str) and value):
        raise ValueError("needed is a share of the budget (up to 1), pounds (above 1), or a column of the file")
    return value


Bound = Annotated[float | str, BeforeValidator(_bound)]
BaselinePeriods = Annotated[int | list[str], BeforeValidator(_baseline)]
Seasonal = Annotated[bool | str, BeforeValidator(_seasonal)]


class ChangeSpec(Section):
    """`[change]`: control charts of which indicators, and of which districts beside the whole area."""

    indicators: list[Words] = []
    districts: list[Words] = []
    chart: Chart = "auto"
    baseline_periods: BaselinePeriods | None = None
    breaks: list[Words] = []
    seasonal: Seasonal = "auto"


class BenchmarkSpec(Section):
    """`[benchmark]`: which indicators are compared between districts, over how many of the latest complete periods."""

    indicators: list[Words] = []
    periods: PositiveInt = 4
    standardise: Literal["direct", "indirect", "model"] | None = None
    strata: Literal["age_group", "sex", "offence_class", "entry_point"] | None = None
    over_dispersion: Literal["auto", "none", "multiplicative", "additive"] = "auto"


class FundingSpec(Section):
    """`[funding]` and `[testing_funding]`: a budget shared out by measures of need."""

    budget: PositiveFloat
    financial_year: Words | None = None
    need: Annotated[dict[str, NonNegative], Field(min_length=1)]
    periods: PositiveInt = 4
    file: Words | None = None
    per: Words | None = None
    floor: Bound | None = None
    ceiling: Bound | None = None
    previous: Words | None = None
    funder: Words | None = None
    max_fall: Share | None = None
    max_rise: NonNegative | None = None

    @property
    def measures(self) -> tuple[str, ...]:
        """What the formula is fed with: the measures of need, and what amounts are divided by."""
        return tuple(dict.fromkeys([*self.need, *([] if self.per is None else [self.per])]))


class AccuracySpec(Section):
    """`[test_accuracy]`: how often the drug test is right, as its maker or a confirming laboratory found."""

    sensitivity: Probability
    specificity: Probability
    sensitivity_n: PositiveInt | None = None
    specificity_n: PositiveInt | None = None


class OffenceLinkSpec(Section):
    """`[offence_link]`: positive tests by offence and substance over time."""

    every: Literal["quarter", "month"] = "quarter"
    by_substance: bool = True
    within_districts: bool = False


class ReportsSpec(Section):
    """`[reports]`: one report for the whole area, and on request one a district."""

    each_district: bool = False
    districts: list[Words] = []
