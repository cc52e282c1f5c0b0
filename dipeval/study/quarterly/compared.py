"""What changed and whether districts differ: control charts, growth of the denominators, funnels."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import TYPE_CHECKING, Any, Final

import pandas as pd

from dipeval.errors import InputError
from dipeval.indicators.measuring.frames import ALL_DISTRICTS, EVERYONE, NO_DIMENSION

if TYPE_CHECKING:
    from dipeval.indicators import Benchmark, ControlChart, DenominatorGrowth
    from dipeval.study.quarterly.asking import Asked

# What a reader of the quarterly report looks at first; the study file may name others.
CHARTED: Final = (
    "tests",
    "positivity",
    "contacts",
    "attended",
    "seen",
    "treatment_entry",
    "retention_12_weeks",
    "completion",
    "re_presentation",
    "reoffending",
)
COMPARED: Final = (
    "positivity",
    "attended",
    "seen",
    "care_plan",
    "treatment_entry",
    "retention_12_weeks",
    "completion",
    "re_presentation",
    "reoffending",
    "observed_expected",
    "frequent_flyers",
)
# A quotient of two sums has no chance to compare it with.
COMPARABLE: Final = ("share", "rate", "ratio")
TOLD: Final = ("ok", "no_units")


def dictionary(asked: Asked) -> dict[str, dict[Any, Any]]:
    """Return indicator -> its entry, of those that are told."""
    frame = asked.indicators.dictionary()
    told = set(asked.indicators.names)
    return {row["name"]: row for row in frame.to_dict("records") if row["name"] in told}


def chosen(named: list[str], usual: tuple[str, ...], entries: Mapping[str, Any]) -> list[str]:
    """Return the indicators to show: those named in the file, else the usual ones and the file's own."""
    if named:
        return list(named)
    own = [name for name, entry in entries.items() if entry["question"] == "own"]
    return [name for name in (*usual, *own) if name in entries]


def charts(asked: Asked) -> Mapping[tuple[str, str], ControlChart]:
    """Return (indicator, district) -> control chart, of the whole area and of each district."""
    entries, options = dictionary(asked), asked.spec.change
    places = [ALL_DISTRICTS, *(options.districts or asked.indicators.districts)]
    made = {
        (name, place): partial(_chart, asked, entries[name], place)
        for name in chosen(options.indicators, CHARTED, entries)
        for place in places
        if name in entries
    }
    return asked.each("charts", made, empty="None of the indicators that are charted is told.")


def _chart(asked: Asked, entry: Mapping[Any, Any], district: str) -> ControlChart:
    from dipeval.indicators import control_chart

    options, name = asked.spec.change, str(entry["name"])
    series = asked.indicators.series(name, district)
    if not (series["status"] == "ok").any():
        raise InputError(f"No period of {name} is told for {district}, so there is nothing to chart.")
    first = options.baseline_periods
    counted = entry["kind"] == "count"
    several = not counted and entry["kind"] in ("rate", "ratio")
    return control_chart(
        series,
        numerator="numerator",
        denominator=None if counted else "denominator",
        chart=options.chart,
        baseline=(first[0], first[1]) if isinstance(first, list) else first,
        breaks=tuple(options.breaks),
        seasonal=options.seasonal,
        squares="squares" if several and options.chart in ("auto", "u", "u_prime") else None,
        wanted=str(entry["direction"]),
        per=float(entry["per"]),
        label=str(entry["label"]) if district == ALL_DISTRICTS else f"{entry['label']}, {district}",
    )


def growth(asked: Asked) -> DenominatorGrowth | None:
    """Return what the growth of the number of tests is made of."""
    return asked.part("growth", partial(_growth, asked))


def _growth(asked: Asked) -> DenominatorGrowth:
    from dipeval.indicators import denominator_growth

    frame = testing_frame(asked, asked.periods)
    known = set(frame.columns)
    return denominator_growth(
        frame,
        units="tests",
        area="district",
        period="period",
        positives="positives" if "positives" in known else None,
        trigger="trigger" if "trigger" in known else None,
    )


def testing_frame(asked: Asked, periods: tuple[str, ...]) -> pd.DataFrame:
    """Return district, period, tests and, where they are told, positives and trigger tests: districts that test.

    Raises
    ------
    InputError
        If no tests are counted.
    """
    if "tests" not in asked.indicators.names:
        raise InputError("No drug tests are counted (indicator tests).")
    frame = asked.indicators.to_frame()
    frame = frame[
        (frame["dimension"] == NO_DIMENSION)
        & (frame["group"] == EVERYONE)
        & (frame["district"] != ALL_DISTRICTS)
        & frame["period"].isin(periods)
        & frame["status"].isin(TOLD)
    ]
    wide = frame.pivot_table(index=["district", "period"], columns="indicator", values="numerator", aggfunc="sum")
    wide = wide.reindex(columns=[name for name in ("tests", "positivity", "trigger_share") if name in wide.columns])
    named = wide.fillna(0).rename(columns={"positivity": "positives", "trigger_share": "trigger"}).reset_index()
    named.columns.name = None
    found = named[named["tests"] > 0].reset_index(drop=True)
    if found.empty:
        raise InputError("No drug test gave a result in a period that is covered to its end.")
    return found


def benchmarks(asked: Asked) -> Mapping[str, Benchmark]:
    """Return indicator -> its districts compared, over the latest periods in which it is told."""
    entries, options = dictionary(asked), asked.spec.benchmark
    names = chosen(options.indicators, COMPARED, entries)
    made = {name: partial(_benchmark, asked, entries[name]) for name in names if name in entries}
    if not options.indicators:
        made = {name: make for name, make in made.items() if entries[name]["kind"] in COMPARABLE}
    return asked.each(
        "benchmarks",
        made,
        key="benchmark.indicators" if options.indicators else "",
        empty="None of the indicators that are compared between districts is told.",
    )


def told_periods(asked: Asked, name: str, count: int) -> tuple[str, ...]:
    """Return the latest periods in which an indicator is told for the whole area.

    Raises
    ------
    InputError
        If there is none.
    """
    series = asked.indicators.series(name)
    told = series.loc[series["status"] == "ok", "period"].tolist()
    if not told:
        label = next((one.label for one in asked.indicators.indicators if one.name == name), name)
        why = (
            "nobody and nothing was counted in any of them"
            if (series["status"] == "no_units").all()
            else "people are not followed for long enough, or the data cover none of them as a whole"
        )
        raise InputError(f"No period of '{label}' can be told: {why}.")
    return tuple(told[-count:])


def district_rows(asked: Asked, name: str, periods: tuple[str, ...], dimension: str = NO_DIMENSION) -> pd.DataFrame:
    """Return the rows of an indicator by district, its counts added over periods."""
    frame = asked.together(periods)
    return frame[
        (frame["indicator"] == name)
        & (frame["dimension"] == dimension)
        & (frame["district"] != ALL_DISTRICTS)
        & (frame["denominator"] > 0)
    ].reset_index(drop=True)


def _benchmark(asked: Asked, entry: Mapping[Any, Any]) -> Benchmark:
    from dipeval.indicators import benchmark

    options, name, kind = asked.spec.benchmark, str(entry["name"]), str(entry["kind"])
    if kind not in COMPARABLE:
        raise InputError(f"{name} is a {kind}: it has no chance to compare districts with. Take it out.")
    rows = district_rows(asked, name, told_periods(asked, name, options.periods), options.strata or NO_DIMENSION)
    if rows.empty:
        by = f" by {options.strata}" if options.strata else ""
        raise InputError(f"{name} is counted for no district{by}.")
    rows = rows.rename(columns={"group": options.strata}) if options.strata else rows
    return benchmark(
        rows,
        kind=kind,
        squares="squares" if kind != "share" or options.standardise is None else None,
        strata=(options.strata,) if options.strata else (),
        standardise=options.standardise,
        over_dispersion=options.over_dispersion,
        wanted=str(entry["direction"]),
        per=float(entry["per"]),
        label=str(entry["label"]),
    )
