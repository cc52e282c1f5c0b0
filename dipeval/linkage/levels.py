"""How each identifier is compared: its levels of agreement, with the m and u that training starts from.

Conditions are equalities of texts, so that keyed hashes in place of the values give the same levels; likeness of
spelling alone needs clear values and is marked so (`Level.kind`).
"""

from __future__ import annotations

import re
from dataclasses import dataclass

ELSE = "ELSE"


@dataclass(frozen=True, slots=True, kw_only=True)
class Level:
    """One level of agreement: SQL condition on ``_l`` and ``_r`` columns, and the starting m and u.

    ``rare_values_of`` names the column whose rare values tell more than its common ones. ``kind`` marks levels that
    some links do without: "likeness" (similar spelling) and "nickname".
    """

    label: str
    condition: str
    m: float
    u: float
    rare_values_of: str | None = None
    kind: str = ""

    @property
    def columns(self) -> tuple[str, ...]:
        """Every column that its condition reads."""
        return tuple(dict.fromkeys(re.findall(r'"(\w+)_[lr]"', self.condition)))


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """One identifier, its levels from closest to furthest; pairs in which a `needs` column is missing say nothing."""

    name: str
    needs: tuple[str, ...]
    levels: tuple[Level, ...]

    @property
    def columns(self) -> tuple[str, ...]:
        """Every column that its levels read."""
        return tuple(dict.fromkeys([*self.needs, *(name for level in self.levels for name in level.columns)]))


def same(column: str) -> str:
    """Return the condition "equal on both sides" in SQL."""
    return f'"{column}_l" = "{column}_r"'


_NEXT_YEAR = '"birth_year_l" = "birth_year_next_r" OR "birth_year_next_l" = "birth_year_r"'


def _all(*conditions: str) -> str:
    return " AND ".join(f"({condition})" for condition in conditions)


YEAR, MONTH, DAY = "birth_year", "birth_month", "birth_day"
_Y, _M, _D = same(YEAR), same(MONTH), same(DAY)
_SWAPPED = '"birth_day_l" = "birth_month_r" AND "birth_month_l" = "birth_day_r"'
# Errors in the parts of a date come together (typed anew, another person's, a guess), so m belongs to the pattern of
# agreement: three penalties, each as for a slip of its own, would weigh a date that is wrong as a whole three times.
BORN = Comparison(
    name="date of birth",
    needs=(YEAR, MONTH, DAY),
    levels=(
        Level(label="same date", condition=same("birth_date"), m=0.93, u=0.00008),
        Level(label="day and month swapped", condition=_all(_Y, _SWAPPED), m=0.005, u=0.00003),
        Level(label="same month and day, one year apart", condition=_all(_M, _D, _NEXT_YEAR), m=0.008, u=0.00016),
        Level(label="same month and day", condition=_all(_M, _D), m=0.006, u=0.0025),
        Level(label="same year and month", condition=_all(_Y, _M), m=0.013, u=0.0024),
        Level(label="same year and day", condition=_all(_Y, _D), m=0.008, u=0.0009),
        Level(label="same year only", condition=_Y, m=0.005, u=0.0266),
        Level(label="same month only", condition=_M, m=0.003, u=0.0783),
        Level(label="same day only", condition=_D, m=0.002, u=0.0293),
        Level(label="another date", condition=ELSE, m=0.02, u=0.85973),
    ),
)
SEX = Comparison(
    name="sex",
    needs=("sex",),
    levels=(
        Level(label="same sex", condition=same("sex"), m=0.99, u=0.68),
        Level(label="other sex", condition=ELSE, m=0.01, u=0.32),
    ),
)
INITIALS = Comparison(
    name="initials",
    needs=("forename_initial", "surname_initial"),
    levels=(
        Level(label="both initials", condition=same("initials"), m=0.90, u=0.008, rare_values_of="initials"),
        Level(
            label="initials swapped",
            condition='"forename_initial_l" = "surname_initial_r" AND "surname_initial_l" = "forename_initial_r"',
            m=0.01,
            u=0.006,
        ),
        Level(label="forename initial only", condition=same("forename_initial"), m=0.045, u=0.08),
        Level(label="surname initial only", condition=same("surname_initial"), m=0.04, u=0.07),
        Level(label="neither initial", condition=ELSE, m=0.005, u=0.836),
    ),
)
AREA = Comparison(
    name="area",
    needs=("outward",),
    levels=(
        Level(label="same sector", condition=same("sector"), m=0.65, u=0.004, rare_values_of="sector"),
        Level(label="same outward code", condition=same("outward"), m=0.08, u=0.012, rare_values_of="outward"),
        Level(label="another area", condition=ELSE, m=0.27, u=0.984),
    ),
)


def _close(column: str, cut: float) -> str:
    return f'jaro_winkler_similarity("{column}_l", "{column}_r") >= {cut}'


_NAMES_SWAPPED = '"forename_l" = "surname_r" AND "surname_l" = "forename_r"'
# Names that changed places carry slips as others do, so one of the two often differs; counted once, with the forename.
_ONE_MOVED = '"forename_l" = "surname_r" OR "surname_l" = "forename_r"'
FORENAME = Comparison(
    name="forename",
    needs=("forename",),
    levels=(
        Level(label="same forename", condition=same("forename"), m=0.88, u=0.01, rare_values_of="forename"),
        Level(label="names swapped", condition=_NAMES_SWAPPED, m=0.01, u=0.00002),
        Level(label="form of one name", condition=same("forename_root"), m=0.01, u=0.003, kind="nickname"),
        Level(label="close forename", condition=_close("forename", 0.88), m=0.055, u=0.006, kind="likeness"),
        Level(label="same initial", condition=same("forename_initial"), m=0.02, u=0.07),
        Level(label="one name in the other's place", condition=_ONE_MOVED, m=0.005, u=0.0005),
        Level(label="another forename", condition=ELSE, m=0.02, u=0.91048),
    ),
)
SURNAME = Comparison(
    name="surname",
    needs=("surname",),
    levels=(
        Level(label="same surname", condition=same("surname"), m=0.89, u=0.003, rare_values_of="surname"),
        Level(label="names swapped", condition=_NAMES_SWAPPED, m=0.01, u=0.00002),
        Level(label="close surname", condition=_close("surname", 0.88), m=0.06, u=0.004, kind="likeness"),
        Level(label="another surname", condition=ELSE, m=0.04, u=0.99298),
    ),
)
POSTCODE = Comparison(
    name="postcode",
    needs=("outward",),
    levels=(
        Level(label="same postcode", condition=same("postcode"), m=0.60, u=0.0002, rare_values_of="postcode"),
        Level(label="same sector", condition=same("sector"), m=0.06, u=0.004, rare_values_of="sector"),
        Level(label="same outward code", condition=same("outward"), m=0.06, u=0.012, rare_values_of="outward"),
        Level(label="another area", condition=ELSE, m=0.28, u=0.9838),
    ),
)

# A code of six or more characters is long enough that two slips of the keyboard rarely lead from one person's to
# another's; in a shorter one they often do.
_LONG_CODE, _SLIPS = 6, 2


def code(column: str) -> Comparison:
    """Return the comparison of a further column: equal, in long codes nearly so, or another."""
    slips = f'damerau_levenshtein("{column}_l", "{column}_r") <= {_SLIPS}'
    long = f'least(length("{column}_l"), length("{column}_r")) >= {_LONG_CODE}'
    return Comparison(
        name=column,
        needs=(column,),
        levels=(
            Level(label=f"same {column}", condition=same(column), m=0.9, u=0.001, rare_values_of=column),
            Level(label=f"close {column}", condition=_all(long, slips), m=0.04, u=0.0005, kind="likeness"),
            Level(label=f"another {column}", condition=ELSE, m=0.06, u=0.9985),
        ),
    )
