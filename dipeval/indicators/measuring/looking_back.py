"""Indicators that look back: whether the records reach back as far, and how the figures drift by themselves if not."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection
from typing import TYPE_CHECKING, Any, Final

import pandas as pd

from dipeval.indicators.measuring.periods import period_of
from dipeval.presenting import format_count

if TYPE_CHECKING:
    from dipeval.indicators.measuring.completing import Frame
    from dipeval.indicators.measuring.family import CountingRule
    from dipeval.indicators.records import Records

# A few offences of long ago are on any record: a history begins where a quarter has a tenth of those of a usual one.
_USUAL_SHARE: Final = 0.1
_NEWCOMERS: Final = "people look new who are not, and the share of them falls by itself"


def offences_begin(records: Records) -> dt.date | None:
    """Return the first day of the first quarter with a usual number of offences; None without any.

    Parameters
    ----------
    records
        What was loaded.
    """
    if not records.holds("offences", "offence_date"):
        return None
    rows = records.tables["offences"]
    rows = rows.filter(rows.offence_date.notnull()).select(quarter=period_of(rows.offence_date, "quarter"))
    counts: Any = records.counted(
        "indicators_offence_quarters",
        lambda: records.engine.to_pandas(rows.group_by("quarter").aggregate(n=rows.count())),
    )
    if counts.empty:
        return None
    usual = counts[counts["n"] >= _USUAL_SHARE * counts["n"].median()]
    return pd.Period(str(usual["quarter"].min()).replace("-", ""), freq="Q").start_time.date()


def look_back_notes(
    told: Collection[str], dimensions: Collection[str], frame: Frame, rule: CountingRule, offences_from: dt.date | None
) -> list[str]:
    """Return what drifts by itself because the records begin too late to look back from the first periods.

    Parameters
    ----------
    told, dimensions
        Indicators and breakdowns that are told.
    frame
        What they are laid out on.
    rule
        How they were counted.
    offences_from
        From `offences_begin`; None where no indicator needs it.
    """
    found = []
    if "frequent_flyers" in told:
        drift = "positive tests from before are missing, and the share of people with many of them rises by itself"
        found.append(_note("Drug tests", _begin(frame, "drug_tests"), rule.repeat_days, frame, drift))
    if "new_to_service" in told or "new_or_returning" in dimensions:
        found.append(_note("Contacts", _begin(frame, "contacts"), rule.lookback_days, frame, _NEWCOMERS))
    if "observed_expected" in told:
        drift = (
            "people look as if they had fewer earlier offences, too few reoffences are expected of them, and the ratio "
            "of observed to expected falls by itself"
        )
        found.append(_note("Offences", offences_from, rule.prior_days, frame, drift))
    return [note for note in found if note]


def _begin(frame: Frame, table: str) -> dt.date | None:
    days = frame.coverage.loc[frame.coverage["table"] == table, "first_day"]
    return pd.Timestamp(days.min()).date() if len(days) else None


def _note(records: str, begin: dt.date | None, days: int, frame: Frame, drift: str) -> str:
    if begin is None:
        return ""
    reaches = [one.label for one in frame.periods if one.first - dt.timedelta(days=days) >= begin]
    if reaches and reaches[0] == frame.periods[0].label:
        return ""
    until = f"before {reaches[0]}" if reaches else "in every period told"
    return (
        f"{records} are looked back at for {format_count(days)} days, and those on record begin too late for that "
        f"{until}: there {drift}. No such change is one of the people."
    )
