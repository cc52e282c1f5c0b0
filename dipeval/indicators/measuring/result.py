"""`Indicators`: measured indicators by district and period, and views of them."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Final

import numpy as np
import pandas as pd

from dipeval.errors import InputError, InvariantError
from dipeval.extracts.contracts import did_you_mean
from dipeval.indicators.dictionary.indicator import Indicator
from dipeval.indicators.dictionary.listing import dictionary_frame
from dipeval.indicators.measuring.frames import (
    ALL_DISTRICTS,
    COLUMNS,
    EVERYONE,
    NO_DIMENSION,
    STATUSES,
    TARGETS_MET,
)
from dipeval.indicators.measuring.targets_met import by_chance
from dipeval.indicators.measuring.windows import over_periods
from dipeval.indicators.measuring.wording import estimate_words, headline, interval_words, target_words
from dipeval.presenting import HtmlMixin, Summary

if TYPE_CHECKING:
    from matplotlib.axes import Axes

SERIES_COLUMNS: Final = (
    "period",
    "period_from",
    "period_to",
    "numerator",
    "denominator",
    "squares",
    "n_people",
    "estimate",
    "conf_low",
    "conf_high",
    "status",
)
_CELL: Final = ["indicator", "district", "period", "dimension", "group"]
_MOST_ROWS: Final = 40


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Indicators(HtmlMixin):
    """Indicators by district and period. Made by `dipeval.indicators`.

    Parameters
    ----------
    every
        ``quarter`` or ``month``.
    extract_date
        Last day the data cover.
    periods, districts, names
        Those that are told, in order.
    missing
        Indicator and reason, for each that was asked for and is not told.
    notes
        What a reader must bear in mind.
    indicators
        Entries of the dictionary that were asked for, with the days they were counted by.
    """

    every: str
    extract_date: dt.date
    periods: tuple[str, ...]
    districts: tuple[str, ...]
    names: tuple[str, ...]
    missing: tuple[tuple[str, str], ...] = ()
    notes: tuple[str, ...] = ()
    indicators: tuple[Indicator, ...] = field(default=(), repr=False)
    _frame: pd.DataFrame = field(repr=False)

    def __post_init__(self) -> None:
        """Check the invariants."""
        frame = self._frame
        if tuple(frame.columns) != (*COLUMNS, "kind", "per"):
            raise InvariantError("The columns of the indicators are not the documented ones.")
        if frame.duplicated(_CELL).any():
            raise InvariantError("An indicator stands twice for one district, period and group.")
        if not set(frame["status"]) <= set(STATUSES) or not set(frame["target_met"]) <= set(TARGETS_MET):
            raise InvariantError("A status of the indicators is not one of those documented.")
        shares = frame[(frame["kind"] == "share") & frame["numerator"].notna()]
        if ((shares["numerator"] < 0) | (shares["numerator"] > shares["denominator"])).any():
            raise InvariantError("The numerator of a share is no part of its denominator.")

    def to_frame(self) -> pd.DataFrame:
        """Return one row an indicator, district, period, dimension and group; sorted, all districts first.

        Columns: indicator, label, unit, counting (``period`` or ``cohort``), district (``all districts`` for all
        together), period, period_from, period_to; dimension (empty for everyone) and group; numerator, denominator (1
        for a count), squares (sum over units of the squared numerator); n_people, n_people_yes, n_people_no (behind the
        denominator, the numerator and the rest; missing where nobody is counted or known); estimate, conf_low,
        conf_high, interval (``Wilson``, ``exact Poisson``, ``Fay-Feuer``, ``none``); status (``ok``, ``too_early``,
        ``part_period``, ``no_units``, ``not_recorded``); target, target_direction, target_gap, target_met (``met``,
        ``missed``, ``not settled``, ``no target``, ``not told``); owner. Figures that are not known yet (status
        ``too_early``) or not recorded are missing; zeros are told as zeros.
        """
        return self._frame[list(COLUMNS)].copy()

    def dictionary(self) -> pd.DataFrame:
        """Return one row an indicator asked for: its entry in the dictionary, and told (yes or no) with the reason.

        Columns: those of `dipeval.indicator_dictionary`, told (True or False), reason (empty where it is told).
        """
        reasons = dict(self.missing)
        frame = dictionary_frame(self.indicators)
        told = frame["name"].isin(list(self.names))
        return frame.assign(told=told, reason=[reasons.get(name, "") for name in frame["name"]])

    def series(
        self,
        indicator: str,
        district: str = ALL_DISTRICTS,
        dimension: str = NO_DIMENSION,
        group: str = EVERYONE,
    ) -> pd.DataFrame:
        """Return one indicator over time.

        Parameters
        ----------
        indicator
            One of `names`.
        district
            One of `districts`, or ``all districts``.
        dimension, group
            A breakdown that was asked for and a group of it.

        Returns
        -------
        DataFrame
            `SERIES_COLUMNS`, one row a period in time order.

        Raises
        ------
        InputError
            If there are no such rows.
        """
        self._check(indicator, self.names, "indicator")
        places = tuple(dict.fromkeys(self._frame["district"]))
        self._check(district, places, "district")
        own = self._frame[(self._frame["indicator"] == indicator) & (self._frame["district"] == district)]
        self._check(dimension, tuple(dict.fromkeys(own["dimension"])), "dimension")
        own = own[own["dimension"] == dimension]
        self._check(group, tuple(dict.fromkeys(own["group"])), "group")
        own = own[own["group"] == group].sort_values("period")
        return own[list(SERIES_COLUMNS)].reset_index(drop=True)

    def latest(self, periods: int = 1) -> pd.DataFrame:
        """Return the rows of the last periods that are told in full, for each indicator its own.

        Parameters
        ----------
        periods
            How many.

        Returns
        -------
        DataFrame
            As `to_frame`: rows of every district and group for the last periods in which the indicator has the status
            ``ok`` for all districts (of a view of one district: for that district). Indicators without any such
            period are left out.
        """
        if isinstance(periods, bool) or not isinstance(periods, int) or periods < 1:
            raise InputError("periods must be a whole number of at least 1.")
        frame = self._frame
        lead = ALL_DISTRICTS if (frame["district"] == ALL_DISTRICTS).any() else self.districts[0]
        whole = frame[(frame["district"] == lead) & (frame["dimension"] == NO_DIMENSION) & (frame["status"] == "ok")]
        last = whole.sort_values("period").groupby("indicator", sort=False).tail(periods)
        keys = set(last[["indicator", "period"]].itertuples(index=False, name=None))
        keep = [pair in keys for pair in zip(frame["indicator"], frame["period"], strict=True)]
        return frame.loc[keep, list(COLUMNS)].reset_index(drop=True)

    def window(self, periods: Sequence[str]) -> pd.DataFrame:
        """Return the indicators over several periods together: counts added, estimate and interval anew.

        Parameters
        ----------
        periods
            Some of `periods`.

        Returns
        -------
        DataFrame
            As `to_frame`, with one row an indicator, district, dimension and group. period is ``2012-Q3 to 2013-Q2``
            (a single one as it is); n_people and the like are the largest of the periods, so that they are lower
            bounds; targets are left out. Periods that are not told in full are left out of the sums, and the status
            then is theirs. Somebody who is counted in several of the periods is there several times, and the same
            later offence too: the intervals do not know, and are somewhat too narrow.

        Raises
        ------
        InputError
            If a period is not there.
        """
        if isinstance(periods, str) or not len(periods):
            raise InputError("periods must be a list such as ['2013-Q1', '2013-Q2'].")
        for one in periods:
            self._check(one, self.periods, "period")
        chosen = self._frame[self._frame["period"].isin(list(periods))]
        return over_periods(chosen)[list(COLUMNS)]

    def for_district(self, name: str) -> Indicators:
        """Return the same for one district.

        Parameters
        ----------
        name
            One of `districts`.

        Raises
        ------
        InputError
            If there is no such district.
        """
        self._check(name, self.districts, "district")
        frame = self._frame[self._frame["district"] == name].reset_index(drop=True)
        return replace(self, districts=(name,), _frame=frame)

    def summary(self) -> Summary:
        """Return the latest figures beside their targets; counts are exact and must pass the gate before release."""
        rows = self._lead()
        table = pd.DataFrame(
            {
                "Indicator": rows["label"],
                "Period": rows["period"],
                "Figure": [estimate_words(row) for row in rows.to_dict("records")],
                "95% interval": [interval_words(row) for row in rows.to_dict("records")],
                "Target": [target_words(row) for row in rows.to_dict("records")],
            }
        ).head(_MOST_ROWS)
        settled = (rows["target_met"] != "no target") & (rows["interval"] != "none")
        chance = by_chance(int(settled.sum()))
        notes = [
            *self.notes,
            *([chance] if chance else []),
            *(f"{name} is not told: {reason}" for name, reason in self.missing),
        ]
        return Summary(title="Indicators", headline=headline(rows, self.names), table=table, notes=tuple(notes))

    def plot(self, ax: Axes | None = None) -> Axes:
        """Draw the latest share of each indicator with its interval and target (exact figures: not for release)."""
        from dipeval.plots.indicator_dots import indicator_dots

        rows = self._lead()
        return indicator_dots(rows[np.asarray(rows["kind"] == "share")], ax=ax)

    def _lead(self) -> pd.DataFrame:
        """The latest told figure of each indicator, of all districts or of the only one."""
        latest = self.latest()
        lead = ALL_DISTRICTS if (latest["district"] == ALL_DISTRICTS).any() else self.districts[0]
        rows = latest[(latest["district"] == lead) & (latest["dimension"] == NO_DIMENSION)]
        kinds = {one.name: one.kind for one in self.indicators}
        return rows.assign(kind=rows["indicator"].map(kinds)).reset_index(drop=True)

    @staticmethod
    def _check(word: str, known: Sequence[str], what: str) -> None:
        if word not in known:
            shown = ", ".join(f"'{one}'" for one in list(known)[:12])
            more = ", ..." if len(known) > 12 else ""
            raise InputError(f"There is no {what} '{word}'{did_you_mean(str(word), known)}; there are {shown}{more}.")
