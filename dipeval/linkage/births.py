"""How often strangers agree on the parts of a date of birth, counted from the two files.

The chance of each pattern of agreement is the product of its parts' chances: how many years, months and days the two
files have in common. A sample of pairs holds next to no equal dates to count, and a date that many people share by
default would make equal dates look common for everybody; years, months and days hardly move.
"""

from __future__ import annotations

from dipeval.engine import Engine
from dipeval.linkage.levels import BORN, DAY, MONTH, YEAR

Shares = dict[str, float]
# What is assumed of people of working age, counting as a hundred people: few people say little about chance, and in
# small files many of the pairs counted are the same person.
_ASSUMED_PEOPLE = 100.0
_ASSUMED = {YEAR: 0.03, "one year apart": 0.06, MONTH: 0.0835, DAY: 0.033, "swapped": 0.001}


def _shares(engine: Engine, table: str, column: str) -> tuple[Shares, int]:
    """Share of the people with a date of birth who have each value, and how many there are."""
    known = " AND ".join(f'"{name}" IS NOT NULL' for name in BORN.needs)
    rows = engine.connection.execute(
        f'SELECT "{column}", count(*) FROM {table} WHERE {known} AND "{column}" IS NOT NULL GROUP BY 1 ORDER BY 1'
    ).fetchall()
    total = sum(n for _, n in rows)
    return {str(value): n / total for value, n in rows}, total


def _meet(left: Shares, right: Shares) -> float:
    return sum(share * right.get(value, 0.0) for value, share in left.items())


def _swapped(sides: list[dict[str, Shares]]) -> float:
    """Chance that the day of each is the month of the other, dates that are equal anyway not counted."""
    left, right = sides
    both = _meet(left[DAY], right[MONTH]) * _meet(left[MONTH], right[DAY])
    parts = (left[DAY], left[MONTH], right[DAY], right[MONTH])
    alike = sum(
        parts[0][value] * parts[1].get(value, 0.0) * parts[2].get(value, 0.0) * parts[3].get(value, 0.0)
        for value in parts[0]
    )
    return max(both - alike, 0.0)


def chance_agreement(engine: Engine, left: str, right: str) -> tuple[float, ...] | None:
    """Return the chance of every level of the date of birth between two strangers.

    Parameters
    ----------
    engine
        Where the work is done.
    left, right
        The two tables of people.

    Returns
    -------
    tuple of float or None
        In the order of the levels, adding up to one; None if a file holds no date of birth.
    """
    columns = (*BORN.needs, "birth_year_next")
    counted = [{name: _shares(engine, table, name) for name in columns} for table in (left, right)]
    n_people = min(side[YEAR][1] for side in counted)
    if not n_people:
        return None
    before, after = ({name: shares for name, (shares, _) in side.items()} for side in counted)
    chances = {name: _meet(before[name], after[name]) for name in BORN.needs}
    chances["one year apart"] = _meet(before[YEAR], after["birth_year_next"]) + _meet(
        before["birth_year_next"], after[YEAR]
    )
    chances["swapped"] = _swapped([before, after])
    settled = {
        name: (chance * n_people + _ASSUMED[name] * _ASSUMED_PEOPLE) / (n_people + _ASSUMED_PEOPLE)
        for name, chance in chances.items()
    }
    return _patterns(settled)


def _patterns(chances: Shares) -> tuple[float, ...]:
    """The chance of every level from those of the parts."""
    year, month, day = (chances[name] for name in BORN.needs)
    other = 1 - year
    beside = min(chances["one year apart"], other)
    only_year = year * (1 - month) * (1 - day)
    swapped = min(year * chances["swapped"], only_year / 2)
    return (
        year * month * day,
        swapped,
        beside * month * day,
        (other - beside) * month * day,
        year * month * (1 - day),
        year * (1 - month) * day,
        only_year - swapped,
        other * month * (1 - day),
        other * (1 - month) * day,
        other * (1 - month) * (1 - day),
    )
