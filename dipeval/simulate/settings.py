"""What a simulation is told, and every number it is calibrated with (published ones say where they come from)."""

from __future__ import annotations

import datetime as dt
import math
from dataclasses import dataclass
from numbers import Real
from typing import Final

from dipeval.errors import InputError
from dipeval.simulate.arrays import day_number

# Calendar. Two years of tests; records from eight years earlier; enough later for 42 + 365 + 182 days for everybody.
HISTORY_FROM: Final = day_number(dt.date(2004, 1, 1))
TESTS_FROM: Final = day_number(dt.date(2012, 1, 1))
TESTS_TO: Final = day_number(dt.date(2013, 12, 31))
EXTRACT_DATE: Final = dt.date(2016, 3, 31)
EXTRACT_DAY: Final = day_number(EXTRACT_DATE)

GRACE_DAYS: Final = 42
WASHOUT_DAYS: Final = 28
LOOKBACK_DAYS: Final = 1826

# People: as in the linkage benchmark files. Districts: rounded 2011 census populations, in thousands.
# Ethnicity: invented shares.
MALE_SHARE: Final = 0.80
AGE_MEAN, AGE_SD, AGE_MIN, AGE_MAX = 37.0, 10.0, 18.0, 75.0
DISTRICT_WEIGHTS: Final = (522, 204, 422, 751, 326)
ETHNICITY: Final = {"A": 76, "J": 9, "D": 3, "M": 3, "C": 2, "H": 2, "P": 1, "L": 1, "B": 1, "S": 1, "Z": 1}
OUTWARD: Final = {
    "Bradford": tuple(f"BD{n}" for n in range(1, 23)),
    "Calderdale": tuple(f"HX{n}" for n in range(1, 8)),
    "Kirklees": (*(f"HD{n}" for n in range(1, 10)), *(f"WF{n}" for n in range(12, 18))),
    "Leeds": tuple(f"LS{n}" for n in range(1, 30)),
    "Wakefield": tuple(f"WF{n}" for n in range(1, 12)),
}
MOVED_SHARE: Final = 0.35  # one address move since the history began; invented

# Drug use: positivity 0.52-0.58 and cocaine 0.87, both 0.31 of positives (domain.md 9). The published "opiates only
# 4%" does not add up with the other two, so opiates only takes the rest, 0.13.
USER_SHARE: Final = 0.535
POSITIVE_IF_USER: Final = 0.935
POSITIVE_IF_NOT: Final = 0.02
REFUSED_SHARE: Final = 0.015
SUBSTANCE_MIX: Final = {"opiates": 0.13, "cocaine": 0.56, "both": 0.31}
SAME_SUBSTANCE: Final = 0.85

# Offending, fitted to the 2008 cohort among positives, untreated world, 12 + 6 months (domain.md 9):
# mean 2.60 proven, none 39%, more than five 16%. Occasions are gamma-Poisson; an occasion may hold several offences.
OCCASIONS_A_YEAR: Final = 2.69
FRAILTY_SHAPE: Final = 0.585
MORE_ON_THE_DAY: Final = 0.13  # chance of one more offence on the same day
NON_USER_RATE: Final = 0.45
OPIATE_RATE: Final = 1.35
RATE_A_DECADE: Final = 0.87
FIRST_OFFENCE_AGE: Final = 12
RETEST_SHARE: Final = 0.135  # of later offence days in the window; about 1.29 tests a person (domain.md 2.2)

OFFENCE_MIX: Final = {
    "shoplifting": 0.30,
    "other_theft": 0.10,
    "theft_from_person": 0.02,
    "theft_of_vehicle": 0.03,
    "theft_from_vehicle": 0.04,
    "domestic_burglary": 0.05,
    "other_burglary": 0.03,
    "robbery": 0.02,
    "fraud": 0.02,
    "handling": 0.02,
    "violence_with_injury": 0.04,
    "violence_without_injury": 0.07,
    "criminal_damage": 0.05,
    "public_order": 0.06,
    "drug_possession": 0.08,
    "drug_supply": 0.02,
    "other": 0.05,
    "motoring": 0.0,  # drawn apart, and only where it is asked for
}
DISPOSAL_MIX: Final = {"caution": 0.10, "conviction": 0.70, "other": 0.06, "none": 0.14}  # invented
CONVICTION_LAG: Final = (1.3, 80.0)  # gamma shape and scale, days; invented
CUSTODIAL_SHARE: Final = 0.12

# Custody and death: invented, the same with and without treatment.
SPELLS_A_YEAR: Final = 0.11
SPELL_LENGTH: Final = (1.2, 75.0)
REMAND_AT_TEST: Final = 0.07
DEATHS_A_YEAR: Final = 0.012

# Selection into treatment within the grace period: log-odds a unit, times `confounding`.
NEED_LOG_OFFENCES: Final = 0.36
NEED_OPIATES: Final = 0.50
NEED_PRIOR_TREATMENT: Final = 0.35
NEED_A_DECADE: Final = 0.10


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """What one simulation was asked for; the meaning of each field is in `simulate`."""

    people: int = 5_000
    seed: int = 1
    effect: float = 0.80
    treated_share: float = 0.25
    later_share: float = 0.05
    confounding: float = 1.0
    hidden: float = 0.0
    heaped_births: bool = False
    alias_users: float = 0.0
    other_clients: float = 0.30
    identifier_errors: float = 1.0
    motoring: float = 0.0

    def __post_init__(self) -> None:
        _whole("people", self.people, 1, 5_000_000)
        _whole("seed", self.seed, 0, 2**63 - 1)
        _between(
            "effect", self.effect, 0, 3, "a rate ratio above 0 (0.8 = 20% fewer offences), at most 3", open_low=True
        )
        _between("treated_share", self.treated_share, 0, 0.6, "a share above 0, at most 0.6", open_low=True)
        _between("later_share", self.later_share, 0, 0.3, "a share from 0 to 0.3")
        _between("confounding", self.confounding, 0, 2, "a multiplier from 0 (no selection by need) to 2")
        _between("hidden", self.hidden, -1, 1, "a strength from -1 to 1 (0 = no unobserved factor)")
        _between("alias_users", self.alias_users, 0, 1, "a share from 0 to 1")
        _between("other_clients", self.other_clients, 0, 5, "a multiple of people from 0 to 5")
        _between("identifier_errors", self.identifier_errors, 0, 3, "a multiplier from 0 (no errors) to 3")
        _between("motoring", self.motoring, 0, 5, "motoring offences a year, from 0 to 5")
        if not isinstance(self.heaped_births, bool):
            raise InputError("heaped_births must be True or False: say whether dates of birth are heaped.")


def _whole(name: str, value: object, low: int, high: int) -> None:
    if isinstance(value, bool) or not hasattr(value, "__index__") or not low <= value.__index__() <= high:
        raise InputError(
            f"{name} is {value!r}; it must be a whole number from {low:,} to {high:,}. Pass such a number."
        )


def _between(name: str, value: object, low: float, high: float, words: str, *, open_low: bool = False) -> None:
    number = float(value) if isinstance(value, Real) and not isinstance(value, bool) else math.nan
    if not (low <= number <= high) or (open_low and number == low):
        raise InputError(f"{name} is {value!r}; it must be {words}. Pass such a number.")
