"""The section on money: what was spent on what, what an offence costs, and what is assumed between effect and pounds.

Each key of `[costs.assumptions]` is named as the option of `dipeval.RoiAssumptions` that it becomes, and is a number,
or a table `{ value, low, high, family, source }` where the figure is not known exactly.
"""

from __future__ import annotations

from typing import Annotated, Any, Final, Literal

from pydantic import BeforeValidator, Field

from dipeval.study.spec_base import PositiveInt, Section, Words

SpentOn = Literal["testing", "contact", "treatment", "other"]
Edition = Literal["2026", "2018", "2005", "2000"]
Perspective = Literal["fiscal", "economic", "social"]
Year = Annotated[int, Field(ge=1990, le=2100)]
Family = Literal["pert", "triangular", "uniform", "normal", "lognormal", "gamma", "beta", "fixed"]
MOST_DISCOUNT: Final = 0.2
A_FIGURE: Final = "a number, or a table such as { value = 0.8, low = 0.6, high = 0.9 }"


class FigureSpec(Section):
    """A figure that may be uncertain: its value, the ends of its range, the family between them, and where it is from.

    Without `low` and `high` it is taken as known.
    """

    value: float
    low: float | None = None
    high: float | None = None
    family: Family = "pert"
    source: str = ""


def _is_number(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def _figure(value: Any) -> Any:
    if isinstance(value, (dict, FigureSpec)):
        return value
    if not _is_number(value):
        raise ValueError(f"needed is {A_FIGURE}")
    return {"value": value}


def _multipliers(value: Any) -> Any:
    """Settled here, so that one complaint says what the key takes rather than one for each thing it can be."""
    if isinstance(value, dict) and value:
        return {str(group): _of_group(str(group), figure) for group, figure in value.items()}
    if value not in ("off", "published"):
        raise ValueError('needed is "off", "published", or a table of figures by offence group')
    return value


def _of_group(group: str, value: Any) -> FigureSpec:
    try:
        return FigureSpec.model_validate(_figure(value))
    except ValueError:  # ValidationError is one too
        raise ValueError(f'"{group}" needs {A_FIGURE}') from None


def _rate(value: Any) -> Any:
    if _is_number(value) and not 0 <= value <= MOST_DISCOUNT:
        why = "this looks like a percentage; " if value > MOST_DISCOUNT else ""
        raise ValueError(f"{why}needed is a share between 0 and {MOST_DISCOUNT:g} a year, such as 0.035 for 3.5%")
    return value


Figure = Annotated[FigureSpec, BeforeValidator(_figure)]
Multipliers = Annotated[Literal["off", "published"] | dict[str, FigureSpec], BeforeValidator(_multipliers)]


class UnitCostsFileSpec(Section):
    """A table of unit costs of your own: where it stands, and what it does not say of itself."""

    file: Words
    layout: Literal["auto", "dipeval", "home_office"] = "auto"
    price_year: Year | None = None
    sheet: Words | None = None


def _file(value: Any) -> Any:
    if isinstance(value, (dict, UnitCostsFileSpec)):
        return value
    if not isinstance(value, str):
        raise ValueError('needed is "costs.xlsx", or a table such as { file = "costs.xlsx", price_year = 2019 }')
    return {"file": value}


UnitCostsFile = Annotated[UnitCostsFileSpec, BeforeValidator(_file)]


class AssumptionsSpec(Section):
    """`[costs.assumptions]`: steps between the effect and the money that no data settle; what is not written is off."""

    recorded_per_proven: Figure | None = None
    actual_per_recorded: Multipliers = "off"
    attribution: Figure | None = None
    extrapolate_years: Annotated[int, Field(ge=0, le=10)] = 0
    drop_off: Figure | None = None
    optimism_bias: Figure | None = None
    unit_cost_factor: Figure | None = None
    cost_factor: Figure | None = None

    @property
    def figures(self) -> dict[str, FigureSpec]:
        """The figures that are written down, by key; those by offence group are in `actual_per_recorded`."""
        named = ((name, getattr(self, name)) for name in type(self).model_fields)
        return {name: figure for name, figure in named if isinstance(figure, FigureSpec)}


class CostsSpec(Section):
    """`[costs]`: which spending is set against which offences averted, and what these are worth."""

    spent_on: Annotated[list[SpentOn], Field(min_length=1)] | None = None
    reason: str = ""
    effect_of: Literal["treatment", "contact", "programme"] | None = None
    funders: list[Words] = []
    people: PositiveInt | None = None
    scale_to_all_treated: bool = False
    perspective: Perspective = "social"
    unit_costs: Edition = "2026"
    unit_costs_file: UnitCostsFile | None = None
    fiscal: Literal["home_office", "gmca"] = "home_office"
    fiscal_file: Words | None = None
    drug_offences: Literal["none", "police_and_court"] = "none"
    include_anticipation: bool = False
    price_year: Year = 2019
    deflator_file: Words | None = None
    discount_rate: Annotated[float, BeforeValidator(_rate)] = 0.035
    averted: Literal["mix", "estimated"] = "mix"
    linkage: bool = False
    draws: Annotated[int, Field(ge=100, le=200_000)] = 10_000
    prolific: bool = True
    stages: bool = True
    acceptability: bool = True
    assumptions: AssumptionsSpec = AssumptionsSpec()
