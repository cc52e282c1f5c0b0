"""Units added up: by district, period and group on the engine, several breakdowns in one query."""

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
_DIGITS: Final = 9
# Breakdowns added up by one query: each costs memory for people, each query time for its plan.
_AT_ONCE: Final = 4
# Between a dimension and its group.
_IN: Final = "|"


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
        Rates and ratios among them: a unit can have several events.
    by_person
        Those of them with an interval, so that squares are needed.

    Returns
    -------
    DataFrame
        `KEYS`, `SUMS`, `PEOPLE` (people counted once in a row; 0 where nobody is known), and a row with the period
        `COUNTED` an indicator.

    Notes
    -----
    All districts are no sum of districts, because a person counted in two of them is one person.

    Squares say how far chance reaches, the units of a person taken together: x and n are those of a person above and
    below the line, r is x over n of all. Of a count: the sum over people of x squared. Of a rate or ratio: the sum of
    (x - r n) squared, and no less than the events, so that over the events it is their variance over that of Poisson
    counts. Of a share: the same sum over r (1 - r), so that over the units it is the design effect; where nobody or
    everybody is above the line nothing says how alike the units of a person are, and they are taken as wholly alike.
    Units of nobody known stand by themselves.
    """
    counted = [one for one in family.counted if one.indicator in names]
    if not counted:
        return pd.DataFrame(columns=[*KEYS, *SUMS, *PEOPLE])
    own = [NO_DIMENSION, *(name for name in by if name in family.dimensions)]
    asked = [(family.table, own[at : at + _AT_ONCE]) for at in range(0, len(own), _AT_ONCE)]
    asked += [(family.overlapping[name], [name]) for name in by if name in family.overlapping]
    columns = _Columns(counted, several, by_person)
    parts = [_counted_rows([one.indicator for one in counted])]
    for table, dimensions in asked:
        sums = engine.to_pandas(_sums(_rows(table, dimensions, periods, districts, columns), columns))
        parts.append(_long(sums, counted, columns))
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
    table: ir.Table,
    dimensions: Sequence[str],
    periods: Sequence[Period],
    districts: Sequence[str] | None,
    columns: _Columns,
) -> ir.Table:
    """A row a unit and dimension, with the columns added up: units that are none of an indicator count 0."""
    table = table.filter(table.period.isin([one.label for one in periods]))
    if districts is not None:
        table = table.filter(table.district.isin(list(districts)))
    groups = [table[name] if name else ibis.literal(EVERYONE) for name in dimensions]
    cells = [ibis.literal(name + _IN) + group for name, group in zip(dimensions, groups, strict=True)]
    cell = ibis.array(cells).unnest() if len(cells) > 1 else cells[0]
    person = table.person_id if "person_id" in table.columns else ibis.null("string")
    numbers: dict[str, Any] = {}
    for (above, below), name in columns.place.items():
        whole, part = table[below].fill_null(0), table[above].fill_null(0)
        numbers[name] = (part if above == below else (whole > 0).ifelse(part, 0)).cast("float64")
    return table.select(cell=cell, period=table.period, district=table.district, person=person, **numbers)


def _sums(rows: ir.Table, columns: _Columns) -> ir.Table:
    """Sums over units for each district and for all, by way of people: one row each, so that none is counted twice."""
    first: dict[str, Any] = {name: rows[name].sum() for name in columns.place.values()}
    keys = ["cell", "period"]
    people = rows.group_by([*keys, "district", "person"]).aggregate(**first)
    whole = people.group_by([*keys, "person"]).aggregate(**{name: people[name].sum() for name in first})
    each = people.filter(people.district.notnull())
    of_all = _over_people(whole, keys, list(first), columns).mutate(district=ibis.literal(ALL_DISTRICTS))
    of_each = _over_people(each, [*keys, "district"], list(first), columns)
    return of_each.union(of_all.select(*of_each.columns))


def _over_people(people: ir.Table, keys: Sequence[str], first: Sequence[str], columns: _Columns) -> ir.Table:
    names = list(columns.place.values())
    known = people.person.notnull()
    second: dict[str, Any] = {name: people[name].sum() for name in first}
    second |= {f"n_{name}": ((people[name] > 0) & known).ifelse(1, 0).sum() for name in names}
    second |= {
        name: ((people[below] > people[above]) & known).ifelse(1, 0).sum()
        for name, (below, above) in columns.rests().items()
    }
    # A unit of a share or count is 0 or 1, so that for those of nobody known the sum of squares is the sum; the units
    # of rates and ratios are people.
    for above, below in sorted(columns.alike):
        x, n = people[above], people[below]
        second[f"xx_{above}"] = known.ifelse(x * x, x).sum()
        second[f"nn_{below}"] = known.ifelse(n * n, n).sum()
        second[f"xn_{above}_{below}"] = known.ifelse(x * n, x).sum()
    return people.group_by(keys).aggregate(**second)


def _long(sums: pd.DataFrame, counted: Sequence[Counted], columns: _Columns) -> pd.DataFrame:
    parts, cells = [], sums["cell"].str.split(_IN, n=1)
    keys = {"dimension": cells.str[0], "group": cells.str[1]}
    for one in counted:
        above, below = columns.above(one), columns.below(one)
        rest = sums.get(f"no_{above}", pd.Series(0, index=sums.index))
        rows = {
            "indicator": one.indicator,
            "district": sums["district"],
            "period": sums["period"],
            **keys,
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
        return x
    if above == below:
        return sums[f"xx_{above}"].astype("float64")
    xx, xn, nn = (sums[name].astype("float64") for name in (f"xx_{above}", f"xn_{above}_{below}", f"nn_{below}"))
    share = x / n.where(n > 0)
    apart = xx - 2 * share * xn + share**2 * nn
    if above in columns.squared:
        # Rounded, so that sums of fractions do not differ from the events in their last digits.
        return apart.round(_DIGITS).clip(lower=x)
    chance = share * (1 - share)
    return (apart / chance.where(chance > 0)).fillna(nn)


def _counted_rows(names: Sequence[str]) -> pd.DataFrame:
    rows = pd.DataFrame({"indicator": list(names)})
    fixed = {"district": ALL_DISTRICTS, "period": COUNTED, "dimension": NO_DIMENSION, "group": EVERYONE}
    return rows.assign(**fixed, **dict.fromkeys(SUMS, 0.0), **dict.fromkeys(PEOPLE, 0))
