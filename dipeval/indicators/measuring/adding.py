"""Units added up: by district, period and group on the engine, one query for each way of adding them up."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import TYPE_CHECKING, Any, Final

import ibis
import pandas as pd

from dipeval.indicators.measuring.frames import ALL_DISTRICTS, EVERYONE, NO_DIMENSION

if TYPE_CHECKING:
    import ibis.expr.types as ir

    from dipeval.engine import Engine
    from dipeval.indicators.measuring.family import Counted, Family
    from dipeval.indicators.measuring.periods import Period

KEYS: Final = ("indicator", "district", "period", "dimension", "group")
SUMS: Final = ("numerator", "denominator", "squares")
PEOPLE: Final = ("n_people", "n_people_yes", "n_people_no")
# Period of the rows that only say that an indicator was counted, so that one without any unit is told as well.
COUNTED: Final = ""


def add_up(
    engine: Engine,
    family: Family,
    periods: Sequence[Period],
    districts: Sequence[str] | None,
    by: Collection[str],
    names: Collection[str],
    several: Collection[str] = (),
    by_person: Collection[str] = (),
) -> pd.DataFrame:
    """Add the units of a family up: all districts and each district, everyone and each group asked for.

    Parameters
    ----------
    engine
        Where the family is.
    family
        Units.
    periods
        Those that are told.
    districts
        The districts that are counted; None: all.
    by
        Dimensions asked for; those the family does not have are left out.
    names
        Indicators asked for.
    several
        Those of them of which a unit can have several events, so that squares differ from the numerator.
    by_person
        Shares and counts of them of which a person can have several units: squares then say how alike these are.

    Returns
    -------
    DataFrame
        `KEYS`, `SUMS`, `PEOPLE` (people counted once in a row; 0 where nobody is known), and a row with the period
        `COUNTED` an indicator.

    Notes
    -----
    All districts are added up by a query of their own, because a person counted in two districts is one person.

    Squares: of events a unit can have several of, the sum over units of their squared number. Of a count of units, the
    same over people, as the units of a person come together. Of a share, the units times the design effect: how much
    more the share varies than that of as many people with a unit each. With x of a person's n units above the line and
    the share r, it is the sum over people of (x - r n) squared, over the units times r (1 - r); where nobody or
    everybody is above the line nothing says how alike the units of a person are, and they are taken as wholly alike.
    Units of nobody known stand by themselves.
    """
    counted = [one for one in family.counted if one.indicator in names]
    if not counted:
        return pd.DataFrame(columns=[*KEYS, *SUMS, *PEOPLE])
    tables = {NO_DIMENSION: family.table}
    tables |= {name: family.table for name in by if name in family.dimensions}
    tables |= {name: family.overlapping[name] for name in by if name in family.overlapping}
    columns = _Columns(counted, several, by_person)
    parts = [_counted_rows([one.indicator for one in counted])]
    for dimension, table in tables.items():
        rows = _rows(table, dimension, periods, districts, columns)
        for with_district in (True, False):
            sums = engine.to_pandas(_sums(rows, columns, with_district=with_district))
            parts.append(_long(sums, dimension, counted, columns))
    return pd.concat([part for part in parts if len(part)], ignore_index=True)


class _Columns:
    """The columns that are added up, each once: many indicators of a family share what is below the line."""

    def __init__(self, counted: Sequence[Counted], several: Collection[str], by_person: Collection[str]) -> None:
        pairs = [pair for one in counted for pair in ((one.denominator,) * 2, (one.numerator, one.denominator))]
        self.place = {pair: f"x{at}" for at, pair in enumerate(dict.fromkeys(pairs))}
        self.squared = {self.above(one) for one in counted if one.indicator in several}
        # Names above and below the line; one name of both is a count.
        self.alike = {(self.above(one), self.below(one)) for one in counted if one.indicator in by_person}

    def above(self, one: Counted) -> str:
        return self.place[one.numerator, one.denominator]

    def below(self, one: Counted) -> str:
        return self.place[one.denominator, one.denominator]

    def rests(self) -> dict[str, tuple[str, str]]:
        """Name -> what is below and what is above the line, where these are two columns."""
        both = {name: (self.place[below, below], name) for (_, below), name in self.place.items()}
        return {f"no_{name}": pair for name, pair in both.items() if pair[0] != pair[1]}


def _rows(
    table: ir.Table, dimension: str, periods: Sequence[Period], districts: Sequence[str] | None, columns: _Columns
) -> ir.Table:
    """person, district, period, group and the columns added up: units that are none of an indicator count 0."""
    table = table.filter(table.period.isin([one.label for one in periods]))
    if districts is not None:
        table = table.filter(table.district.isin(list(districts)))
    group = table[dimension] if dimension else ibis.literal(EVERYONE)
    person = table.person_id if "person_id" in table.columns else ibis.null("string")
    numbers: dict[str, Any] = {}
    for (above, below), name in columns.place.items():
        whole, part = table[below].fill_null(0), table[above].fill_null(0)
        numbers[name] = (part if above == below else (whole > 0).ifelse(part, 0)).cast("float64")
    return table.select(person=person, district=table.district, period=table.period, group=group, **numbers)


def _sums(rows: ir.Table, columns: _Columns, *, with_district: bool) -> ir.Table:
    """Sums over units, by way of people: each of them is then one row, so that none is counted twice."""
    keys = ["district", "period", "group"] if with_district else ["period", "group"]
    if with_district:
        rows = rows.filter(rows.district.notnull())
    names = list(columns.place.values())
    first: dict[str, Any] = {name: rows[name].sum() for name in names}
    first |= {f"s_{name}": (rows[name] * rows[name]).sum() for name in sorted(columns.squared)}
    people = rows.group_by([*keys, "person"]).aggregate(**first)
    known = people.person.notnull()
    second: dict[str, Any] = {name: people[name].sum() for name in first}
    second |= {f"n_{name}": ((people[name] > 0) & known).ifelse(1, 0).sum() for name in names}
    second |= {
        name: ((people[below] > people[above]) & known).ifelse(1, 0).sum()
        for name, (below, above) in columns.rests().items()
    }
    # A unit counts 0 or 1, so that for those of nobody known the sum of squares is the sum.
    for above, below in sorted(columns.alike):
        x, n = people[above], people[below]
        second[f"xx_{above}"] = known.ifelse(x * x, x).sum()
        second[f"nn_{below}"] = known.ifelse(n * n, n).sum()
        second[f"xn_{above}_{below}"] = known.ifelse(x * n, x).sum()
    return people.group_by(keys).aggregate(**second)


def _long(sums: pd.DataFrame, dimension: str, counted: Sequence[Counted], columns: _Columns) -> pd.DataFrame:
    parts = []
    for one in counted:
        above, below = columns.above(one), columns.below(one)
        rest = sums.get(f"no_{above}", pd.Series(0, index=sums.index))
        rows = {
            "indicator": one.indicator,
            "district": sums.get("district", ALL_DISTRICTS),
            "period": sums["period"],
            "dimension": dimension,
            "group": sums["group"],
            "numerator": sums[above].astype("float64"),
            "denominator": sums[below].astype("float64"),
            "squares": _squares(sums, above, below, columns),
            "n_people": sums[f"n_{below}"].astype("int64"),
            "n_people_yes": sums[f"n_{above}"].astype("int64"),
            "n_people_no": rest.astype("int64"),
        }
        parts.append(pd.DataFrame(rows))
    long = pd.concat(parts, ignore_index=True)
    # A group of which nobody is a unit of this indicator is no group of it.
    return long[long["denominator"] > 0]


def _squares(sums: pd.DataFrame, above: str, below: str, columns: _Columns) -> pd.Series:
    x, n = sums[above].astype("float64"), sums[below].astype("float64")
    if (above, below) not in columns.alike:
        return sums[f"s_{above}"].astype("float64") if above in columns.squared else x
    if above == below:
        return sums[f"xx_{above}"].astype("float64")
    xx, xn, nn = (sums[name].astype("float64") for name in (f"xx_{above}", f"xn_{above}_{below}", f"nn_{below}"))
    share = x / n.where(n > 0)
    chance = share * (1 - share)
    return ((xx - 2 * share * xn + share**2 * nn) / chance.where(chance > 0)).fillna(nn)


def _counted_rows(names: Sequence[str]) -> pd.DataFrame:
    rows = pd.DataFrame({"indicator": list(names)})
    fixed = {"district": ALL_DISTRICTS, "period": COUNTED, "dimension": NO_DIMENSION, "group": EVERYONE}
    return rows.assign(**fixed, **dict.fromkeys(SUMS, 0.0), **dict.fromkeys(PEOPLE, 0))
