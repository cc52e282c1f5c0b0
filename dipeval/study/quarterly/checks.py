"""What can be known before an indicator is counted: tables, districts, what can be told, how good the records are."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import pandas as pd

from dipeval.disclosure import CONFIDENTIAL, is_small, release_count
from dipeval.indicators.measuring.frames import ALL_DISTRICTS
from dipeval.presenting import Summary, format_count, format_percent
from dipeval.study import rules
from dipeval.study.quarterly.counting import counting_rule, own_indicators, require_districts
from dipeval.study.quarterly.quality import quality
from dipeval.study.quarterly.result import NO_COMPARISON

if TYPE_CHECKING:
    from dipeval.disclosure import DisclosureRule
    from dipeval.indicators import Indicator
    from dipeval.study.quarterly.load import Loaded
    from dipeval.study.quarterly.spec import QuarterlySpec

NOTHING_COUNTED = "No indicator was counted."


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class QuarterlyCheck:
    """The result of ``QuarterlyReview.check()``.

    Parameters
    ----------
    spec
        The quarterly file.
    rule
        How small counts must be protected.
    extract_date
        Last day the data cover.
    tables
        Names of the tables that were read.
    districts
        In alphabetical order.
    can_be_told
        Labels of the indicators that the tables and columns allow.
    cannot_be_told
        Label -> what is lacking.
    """

    spec: QuarterlySpec
    rule: DisclosureRule
    extract_date: dt.date
    tables: tuple[str, ...]
    districts: tuple[str, ...]
    can_be_told: tuple[str, ...]
    cannot_be_told: dict[str, str]
    _quality: pd.DataFrame = field(repr=False)

    def to_frame(self) -> pd.DataFrame:
        """Return the checks of the records (columns: see `QuarterlyResult.quality`)."""
        return self._quality.copy()

    def summary(self) -> Summary:
        """Return how many indicators can be told, and the checks of the whole area."""
        whole = self._quality[self._quality["district"] == ALL_DISTRICTS]
        return Summary(
            title=self.spec.title,
            headline=f"{len(self.can_be_told)} indicators can be told, {len(self.cannot_be_told)} cannot. "
            f"{NOTHING_COUNTED}",
            table=whole[["table", "label", "column", "value", "wanted", "passed"]].reset_index(drop=True),
            notes=(*(f"{name}: {why}" for name, why in self.cannot_be_told.items()), NO_COMPARISON),
        )

    def in_words(self) -> str:
        """Return the check as lines of text whose figures have passed the disclosure rule."""
        failed = self._quality[~self._quality["passed"].fillna(True)]
        lines = [
            self.spec.title,
            f"Records to {self.extract_date.isoformat()}: {', '.join(self.tables)}.",
            f"Districts: {', '.join(self.districts) or 'none'}.",
            self.rule.in_words(),
            "",
            f"{len(self.can_be_told)} indicators can be told: {', '.join(self.can_be_told) or 'none'}.",
        ]
        lines += [f"- Not told: {name}. {why}" for name, why in self.cannot_be_told.items()]
        passed = len(self._quality) - len(failed)
        lines += ["", f"Checks of the records: {passed} passed, {len(failed)} did not."]
        lines += [f"- {self._told(row)}" for row in failed.to_dict("records")]
        return "\n".join([*lines, "", NO_COMPARISON, NOTHING_COUNTED])

    def _told(self, row: dict[Any, Any]) -> str:
        where = f"{row['district']}, {row['table']}" + (f".{row['column']}" if row["column"] else "")
        note = f" {row['note']}" if row["note"] else ""
        return f"{where}: {row['label'].lower()}: {self._shown(row)} (at most {_figure(row, 'wanted')} passes).{note}"

    def _shown(self, row: dict[Any, Any]) -> str:
        """A figure as the rule lets it be shown: a share tells of as many records as it rests on."""
        if row["unit"] != "share":
            return _figure(row, "value")
        behind = row["value"] * row["n"]
        few = is_small(row["n"], self.rule) or (behind > 0 and is_small(behind, self.rule))
        return CONFIDENTIAL if few else f"{_figure(row, 'value')} of {release_count(row['n'], self.rule)} records"


def _figure(row: dict[Any, Any], name: str) -> str:
    value = float(row[name])
    if row["unit"] == "share":
        return format_percent(value, 0)
    return f"{format_count(value)} days" if row["unit"] == "days" else format_count(value)


def checked(spec: QuarterlySpec, loaded: Loaded) -> QuarterlyCheck:
    """Check records without counting anything of them.

    Parameters
    ----------
    spec
        The quarterly file.
    loaded
        The records.

    Returns
    -------
    QuarterlyCheck

    Raises
    ------
    InputError
        If a district that the file names is not among the records.
    """
    extracts = loaded.extracts
    districts = districts_of(loaded)
    require_districts(spec, districts)
    lacking = {one.label: _lacking(one, loaded) for one in _wanted(spec)}
    return QuarterlyCheck(
        spec=spec,
        rule=rules.disclosure_rule(spec),
        extract_date=pd.Timestamp(extracts.extract_date).date(),
        tables=tuple(extracts.names),
        districts=districts,
        can_be_told=tuple(label for label, lack in lacking.items() if not lack),
        cannot_be_told={label: f"The records have no {lack}." for label, lack in lacking.items() if lack},
        _quality=quality(spec, loaded, _periods(spec, loaded)),
    )


def _wanted(spec: QuarterlySpec) -> list[Indicator]:
    from dipeval.indicators.dictionary.catalogue import CATALOGUE
    from dipeval.indicators.dictionary.ruled import under_rule

    rule = counting_rule(spec.indicators)
    every = {name: under_rule(one, rule) for name, one in CATALOGUE.items()}
    every |= {own.name: own.to_indicator() for own in own_indicators(spec.indicators)}
    names = spec.indicators.names or list(every)
    return [every[name] for name in names]


def _lacking(one: Indicator, loaded: Loaded) -> str:
    """What an indicator is counted from and the records have not."""
    missing = []
    for need in one.needs:
        table, _, column = need.partition(".")
        if table not in loaded.extracts.names:
            missing.append(f"table {table}")
        elif column and column not in loaded.extracts.table(table).columns:
            missing.append(f"column {need}")
    return " and no ".join(dict.fromkeys(missing))


def districts_of(loaded: Loaded) -> tuple[str, ...]:
    """Return the districts of the records of people, in alphabetical order."""
    from dipeval.study.quarterly.load import PERSON_TABLES

    names: set[str] = set()
    for name in (one for one in PERSON_TABLES if one in loaded.extracts.names):
        table = loaded.extracts.table(name)
        if "district" in table.columns:
            names |= set(table["district"].dropna().astype(str))
    return tuple(sorted(names))


def _periods(spec: QuarterlySpec, loaded: Loaded) -> tuple[str, ...]:
    """The periods that the records cover to their end."""
    from dipeval.indicators.measuring.periods import period_range
    from dipeval.study.quarterly.quality import EVENTS

    until = pd.Timestamp(loaded.extracts.extract_date).date()
    days = [
        pd.to_datetime(loaded.extracts.table(name)[column]).min()
        for name, column in EVENTS.items()
        if name in loaded.extracts.names and name in ("drug_tests", "contacts")
    ]
    first = spec.indicators.date_from or min((day.date() for day in days if pd.notna(day)), default=None)
    last = min(until, spec.indicators.date_to or until)
    if first is None or last < first:
        return ()
    return tuple(one.label for one in period_range(spec.indicators.every, first, last) if one.last <= until)
