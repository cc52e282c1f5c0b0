"""Periods taken together: counts added up, estimates and intervals made anew."""

from __future__ import annotations

from typing import Final

import numpy as np
import pandas as pd

from dipeval.indicators.measuring.adding import PEOPLE, SUMS
from dipeval.indicators.measuring.frames import COLUMNS
from dipeval.indicators.measuring.intervals import indicator_limits

_KEYS: Final = ("indicator", "district", "dimension", "group")
# The weightiest reason not to tell a period is the status of the periods together.
_WEIGHT: Final = {"ok": 0, "no_units": 1, "part_period": 2, "too_early": 3, "not_recorded": 4}
_ADDED: Final = ("ok", "no_units")


def over_periods(rows: pd.DataFrame) -> pd.DataFrame:
    """Return one row an indicator, district, dimension and group over all periods of the rows.

    Parameters
    ----------
    rows
        Measured indicators with ``kind`` and ``per``.

    Returns
    -------
    DataFrame
        The same columns, in the order of the rows.
    """
    whole = rows["status"].isin(_ADDED)
    sums = {name: rows[name].where(whole) for name in SUMS}
    sums["denominator"] = sums["denominator"].where(rows["kind"] != "count", np.nan)
    people = {name: rows[name].where(whole) for name in PEOPLE}
    weighed = rows.assign(**sums, **people, weight=rows["status"].map(_WEIGHT), silent=rows["status"] != "ok")
    grouped = weighed.groupby(list(_KEYS), sort=False)
    found = grouped.agg(
        **{name: (name, "first") for name in ("label", "unit", "counting", "owner", "kind", "per", "interval")},
        **{name: (name, "sum") for name in SUMS},
        **{name: (name, "max") for name in PEOPLE},
        period_from=("period_from", "min"),
        period_to=("period_to", "max"),
        first=("period", "min"),
        last=("period", "max"),
        weight=("weight", "max"),
        nothing=("silent", "all"),
    ).reset_index()
    found["period"] = np.where(found["first"] == found["last"], found["first"], found["first"] + " to " + found["last"])
    found["denominator"] = np.where(found["kind"] == "count", 1.0, found["denominator"])
    # A period without units adds nothing, and is no reason not to tell the others.
    words = {weight: status for status, weight in _WEIGHT.items()}
    found["status"] = [
        "ok" if weight <= 1 and not nothing else words[max(weight, 1)]
        for weight, nothing in zip(found["weight"], found["nothing"], strict=True)
    ]
    return _estimated(found)


def _estimated(found: pd.DataFrame) -> pd.DataFrame:
    told = ~found["nothing"]
    estimate, low, high, words = indicator_limits(
        found["kind"], found["numerator"].where(told), found["denominator"], found["squares"], found["per"]
    )
    found = found.assign(estimate=estimate, conf_low=low, conf_high=high, interval=words)
    found = found.assign(target=np.nan, target_direction="", target_gap=np.nan, target_met="no target")
    return found.astype(dict.fromkeys(PEOPLE, "Int64"))[[*COLUMNS, "kind", "per"]]
