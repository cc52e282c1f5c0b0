"""`indicators`: every indicator by district and period, counted on the engine, with intervals and targets."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import TYPE_CHECKING, Any, Final

import pandas as pd

from dipeval.errors import InputError
from dipeval.extracts.contracts import did_you_mean
from dipeval.indicators.dictionary.catalogue import CATALOGUE
from dipeval.indicators.dictionary.indicator import Indicator
from dipeval.indicators.dictionary.own import OwnIndicator, check_own
from dipeval.indicators.dictionary.ruled import under_rule
from dipeval.indicators.grouping import as_day
from dipeval.indicators.measuring.adding import KEYS, PEOPLE, SUMS, add_up
from dipeval.indicators.measuring.completing import Frame, complete, sort_rows
from dipeval.indicators.measuring.districts import (
    PERSON_TABLES,
    SIDE_TABLES,
    chosen_districts,
    coverage,
    district_names,
    refuse_districts,
)
from dipeval.indicators.measuring.family import CountingRule, Family, Wanted
from dipeval.indicators.measuring.frames import COLUMNS, DIMENSIONS
from dipeval.indicators.measuring.looking_back import offences_begin
from dipeval.indicators.measuring.own_families import own_family
from dipeval.indicators.measuring.periods import check_every, period_range
from dipeval.indicators.measuring.resources import FROM_TABLE, Told, from_totals
from dipeval.indicators.measuring.result import Indicators
from dipeval.indicators.measuring.side_tables import line_spans, side_table
from dipeval.indicators.measuring.targets_met import read_targets, with_targets
from dipeval.indicators.measuring.telling import not_told, reading_notes
from dipeval.indicators.records import Records, load

if TYPE_CHECKING:
    from dipeval.engine import Engine

_MOST_PERIODS: Final = 400
_OTHER_TABLES: Final = ("offences", "custody_spells", "deaths")
# Tables whose records have a day and a district, in the order in which they say when counting begins.
_BY_DAY: Final[tuple[str, ...]] = ("drug_tests", "contacts", "treatment")


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Asked:
    """What was asked for, checked."""

    known: Mapping[str, Indicator]
    names: tuple[str, ...]
    own: tuple[OwnIndicator, ...]
    by: tuple[str, ...]
    rule: CountingRule


def indicators(
    extracts: Any,
    linkage: Any = None,
    *,
    names: Sequence[str] | None = None,
    every: str = "quarter",
    date_from: dt.date | str | None = None,
    date_to: dt.date | str | None = None,
    by: Sequence[str] = (),
    rule: CountingRule | None = None,
    own: Sequence[OwnIndicator] = (),
    targets: pd.DataFrame | None = None,
    districts: Sequence[str] | None = None,
    engine: Engine | None = None,
) -> Indicators:
    """Count the indicators of the dictionary for each district and period.

    Parameters
    ----------
    extracts
        From `dipeval.read_extracts`, `dipeval.make_extracts`, `dipeval.simulate` or `dipeval.event_tables`.
    linkage
        From ``dip.link(extracts)``; without it only what counts tests, contacts, hours, pounds and crimes is told.
    names
        Indicators to tell; default all that the extracts can tell. ``dip.indicator_dictionary()`` lists them.
    every
        ``quarter`` (calendar quarters) or ``month``.
    date_from, date_to
        First and last day counted; default from the first test (without tests: the first contact) to the last day
        covered. A period that these days cut is told as part of one.
    by
        Breakdowns: ``age_group``, ``sex``, ``offence_class``, ``substance`` and the others of the dictionary.
    rule
        Days and thresholds; its own ``every`` and dates hold where they are not given here.
    own
        Indicators of your own.
    targets
        As table ``targets``; default the one of the extracts.
    districts
        Districts to count; default all. All districts together are then these.
    engine
        Default: that of the extracts or the linkage, else a new one.

    Returns
    -------
    Indicators

    Raises
    ------
    InputError
        If an argument is not what is asked for, a name of a district is written in two ways, a table of totals names
        a district without records, or a target has no direction.

    Notes
    -----
    Shares have Wilson's interval, counts the exact Poisson one, events of which a unit can have several that of Fay
    and Feuer (1997). With a linkage, the tests, contacts or stays of a person in a period are taken together: shares
    have Wilson's interval of the units over their design effect (Kish 1965; never below 1), counts that of Fay and
    Feuer. Nothing here is an effect: there is no comparison group.

    Examples
    --------
    >>> import dipeval as dip
    >>> shown = dip.indicators(dip.simulate(people=300, seed=1), names=["tests", "positivity"])
    >>> frame = shown.to_frame()
    >>> shown.names, frame["district"].iloc[0], frame["interval"].unique().tolist()
    (('tests', 'positivity'), 'all districts', ['exact Poisson', 'Wilson'])
    """
    asked = _asked(names, every, date_from, date_to, by, rule, own)
    records = load(extracts, linkage, PERSON_TABLES + _OTHER_TABLES, engine, persons=False)
    by_table = district_names(extracts, records.engine)
    if targets is not None:
        by_table = {**by_table, "targets": ()}
    refuse_districts(by_table)
    every_district = _all_districts(by_table)
    frame, asked = _frame(extracts, records, asked, chosen_districts(districts, every_district))
    counted = _counted(records, asked, frame, only=districts is not None)
    told = from_totals(extracts, frame.periods, frame.districts, asked.names, counted, asked.by)
    rows = complete(_together(counted, told, asked), frame)
    table = side_table(extracts, "targets") if targets is None else targets
    rows = with_targets(rows, read_targets(table, asked.known, every_district, frame.periods))
    missing = not_told(asked.names, frame.indicators, set(rows["indicator"]), records, told.untold)
    shown = [name for name in asked.known if name in set(rows["indicator"])]
    offences_from = offences_begin(records) if "observed_expected" in shown else None
    return Indicators(
        every=asked.rule.every,
        extract_date=records.extract_date,
        periods=tuple(one.label for one in frame.periods),
        districts=frame.districts,
        names=tuple(shown),
        missing=missing,
        notes=reading_notes(rows, frame, asked.rule, asked.by, told.notes, offences_from),
        indicators=tuple(frame.indicators[name] for name in asked.names),
        _frame=sort_rows(rows, shown)[[*COLUMNS, "kind", "per"]],
    )


def _asked(
    names: Sequence[str] | None,
    every: str,
    date_from: dt.date | str | None,
    date_to: dt.date | str | None,
    by: Sequence[str],
    rule: CountingRule | None,
    own: Sequence[OwnIndicator],
) -> _Asked:
    if rule is not None and not isinstance(rule, CountingRule):
        raise InputError(f"rule must be a dip.CountingRule; it is a {type(rule).__name__}.")
    given = rule or CountingRule()
    given = replace(
        given,
        every=given.every if every == "quarter" else every,
        date_from=as_day(given.date_from if date_from is None else date_from, "date_from"),
        date_to=as_day(given.date_to if date_to is None else date_to, "date_to"),
    )
    check_every(given.every)
    if given.date_from and given.date_to and given.date_to < given.date_from:
        raise InputError("date_to lies before date_from; give the first day first.")
    mine = check_own(own)
    known = {**CATALOGUE, **{one.name: one.to_indicator() for one in mine}}
    wanted = _listed("names", list(known) if names is None else names, known)
    dimensions = _listed("by", by, DIMENSIONS)
    return _Asked(
        known=known,
        names=tuple(name for name in known if name in wanted),
        own=mine,
        by=tuple(name for name in DIMENSIONS if name in dimensions),
        rule=given,
    )


def _listed(argument: str, words: Sequence[str], known: Any) -> tuple[str, ...]:
    if isinstance(words, str):
        raise InputError(f"{argument} must be a list, such as ['{words}'].")
    strangers = [f"'{word}'{did_you_mean(str(word), known)}" for word in words if word not in known]
    if strangers:
        where = "dip.indicator_dictionary() lists them" if argument == "names" else f"use some of {', '.join(known)}"
        raise InputError(f"{argument}: {', '.join(strangers)} not known; {where}.")
    if argument == "names" and not len(words):
        raise InputError("names is empty; name an indicator, or leave it out for all of them.")
    return tuple(words)


def _all_districts(by_table: Mapping[str, Sequence[str]]) -> tuple[str, ...]:
    """Districts of people's records; where there are none, those of the tables of totals."""
    persons = set().union(*(by_table[name] for name in PERSON_TABLES if name in by_table))
    totals = set().union(*(by_table[name] for name in SIDE_TABLES if name in by_table and name != "targets"))
    return tuple(sorted(persons or totals))


def _frame(
    extracts: Any,
    records: Records,
    asked: _Asked,
    districts: tuple[str, ...],
) -> tuple[Frame, _Asked]:
    """The periods and districts told, and the rule with the days that are counted."""
    known = {name: under_rule(one, asked.rule) for name, one in asked.known.items()}
    if not districts:
        raise InputError("No table names a district, so there is nothing to count by district.")
    used = _entry_tables(records, asked, known)
    cover = coverage(records, used, asked.rule.every)
    first = asked.rule.date_from or _first_day(extracts, cover, asked)
    last = min(asked.rule.date_to or records.extract_date, records.extract_date)
    if first > last:
        raise InputError(
            f"The first day to count, {first.isoformat()}, lies after the last day covered, "
            f"{records.extract_date.isoformat()}; choose an earlier date_from."
        )
    periods = period_range(asked.rule.every, first, last)
    if asked.rule.date_from is None:
        first = periods[0].first
    if len(periods) > _MOST_PERIODS:
        raise InputError(f"These are {len(periods)} periods, more than {_MOST_PERIODS}; set date_from to a later day.")
    frame = Frame(
        periods=periods,
        districts=districts,
        indicators=known,
        extract_date=records.extract_date,
        date_from=first,
        date_to=min(periods[-1].last, asked.rule.date_to or periods[-1].last),
        coverage=cover[cover["district"].isin(list(districts))],
        linked=records.linked,
    )
    return frame, replace(asked, rule=replace(asked.rule, date_from=first, date_to=last))


def _entry_tables(records: Records, asked: _Asked, known: Mapping[str, Indicator]) -> list[str]:
    """Tables whose records are counted; if only totals are asked for, the first one there is."""
    needed = {need.partition(".")[0] for name in asked.names for need in known[name].needs}
    there = [name for name in _BY_DAY if name in records.given]
    return [name for name in there if name in needed] or there[:1]


def _first_day(extracts: Any, cover: pd.DataFrame, asked: _Asked) -> dt.date:
    for name in _BY_DAY:
        days = cover.loc[cover["table"] == name, "first_day"]
        if len(days):
            return pd.Timestamp(days.min()).date()
    starts = []
    for table in dict.fromkeys(FROM_TABLE[name][0] for name in asked.names if name in FROM_TABLE):
        lines = side_table(extracts, table)
        if lines is not None and len(lines):
            years = table == "spend"
            spans = line_spans(lines, table, column="financial_year" if years else "period", years=years)
            starts += [days[0] for days in spans.values()]
    if not starts:
        raise InputError(
            "There is nothing to count: no drug test, contact or stay in treatment with a district and a day, and no "
            "line in a table of totals."
        )
    return min(starts)


def _counted(records: Records, asked: _Asked, frame: Frame, *, only: bool) -> pd.DataFrame:
    """The families added up, those that nobody asked for left out."""
    from dipeval.indicators.measuring import families, tests_family

    wanted = set(asked.names) | {FROM_TABLE[name][1] for name in asked.names if name in FROM_TABLE}
    counted_by = {tests_family.family: tests_family.COUNTS, **families.COUNTED_BY}
    told = Wanted(names=frozenset(wanted), by=frozenset(asked.by))
    given = (records, asked.rule, frame.periods)
    parts = []
    for maker in families.FAMILIES:
        mine = [name for name in counted_by.get(maker, tuple(asked.known)) if name in wanted]
        if mine:
            name = f"{maker.__module__.rpartition('.')[2]}_{maker.__name__}"
            parts.append(_stage(records, name, lambda m=maker: m(*given, told), asked, frame, mine, only))
    for one in asked.own:
        if one.name in wanted:
            make = lambda o=one: own_family(*given, o, told)  # noqa: E731 - the loop's own
            parts.append(_stage(records, f"own_{one.name}", make, asked, frame, [one.name], only, own=repr(one)))
    filled = [part for part in parts if len(part)]
    return pd.concat(filled, ignore_index=True) if filled else pd.DataFrame(columns=[*KEYS, *SUMS, *PEOPLE])


def _stage(
    records: Records,
    name: str,
    make: Any,
    asked: _Asked,
    frame: Frame,
    names: Sequence[str],
    only: bool,
    **more: Any,
) -> pd.DataFrame:
    """One family added up: kept by the engine where stages are kept."""
    districts = frame.districts if only else None

    def added() -> pd.DataFrame:
        family: Family | None = make()
        if family is None:
            return _typed(pd.DataFrame(columns=[*KEYS, *SUMS, *PEOPLE]))
        by = [one for one in asked.by if any(one in frame.indicators[name].dimensions for name in names)]
        several = [name for name in names if frame.indicators[name].kind in ("rate", "ratio")]
        by_person = [name for name in names if frame.indicators[name].kind != "quotient"]
        return _typed(add_up(records.engine, family, frame.periods, districts, by, names, several, by_person))

    spec = {
        "rule": {key: str(value) for key, value in asdict(asked.rule).items()},
        "periods": [one.label for one in frame.periods],
        "districts": list(districts) if districts is not None else None,
        "by": list(asked.by),
        "names": list(names),
        **more,
    }
    return records.counted(f"indicators_{name}", added, **spec)


def _typed(rows: pd.DataFrame) -> pd.DataFrame:
    kinds = dict.fromkeys(KEYS, "object") | dict.fromkeys(SUMS, "float64") | dict.fromkeys(PEOPLE, "int64")
    return rows.astype(kinds)


def _together(counted: pd.DataFrame, told: Told, asked: _Asked) -> pd.DataFrame:
    """Rows of records and of totals; groups by which the dictionary does not tell an indicator are left out."""
    counted = counted[counted["indicator"].isin(list(asked.names))]
    parts = [part for part in (counted.assign(given=float("nan")), told.rows) if len(part)]
    if not parts:
        raise InputError(
            "None of these indicators can be told from these extracts. dip.indicator_dictionary() says in column needs "
            "which tables and columns each one is counted from; people need a linkage (dip.link)."
        )
    rows = pd.concat(parts, ignore_index=True)
    allowed = {(name, one) for name in asked.names for one in ("", *asked.known[name].dimensions)}
    keep = [pair in allowed for pair in zip(rows["indicator"], rows["dimension"], strict=True)]
    return rows[keep].reset_index(drop=True)
