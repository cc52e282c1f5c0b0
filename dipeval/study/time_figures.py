"""The main figures of a time to an event as one long table, each with the smallest count of people it rests on."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, Final

import pandas as pd

from dipeval.study.smallest import smallest_behind
from dipeval.study.time_effects import OF_EFFECT

if TYPE_CHECKING:
    from dipeval.study.time_to_event import TimeToEvent

Figure = dict[Any, Any]

COLUMNS: Final = (
    "part", "term", "group", "estimate", "std_error", "conf_low", "conf_high", "p_value", "n", "n_smallest"
)  # fmt: skip
BOTH: Final = ("comparison", "treated")
# Names under which frames give a figure and its limits; the first that is there counts.
_ESTIMATES: Final = ("hazard_ratio", "subdistribution_hazard_ratio", "rate_ratio", "share", "share_ever", "estimate")
_LOW: Final = ("hr_low", "shr_low", "rr_low", "conf_low")
_HIGH: Final = ("hr_high", "shr_high", "rr_high", "conf_high")
# Beginnings of columns that count people, events or days behind a row.
_COUNTS: Final = ("n_events", "events_", "n_treated", "n_comparison")


def figures_of(told: TimeToEvent) -> pd.DataFrame:
    """Return the main figures of every part (`TimeToEvent.to_frame`).

    Parameters
    ----------
    told
        The parts.

    Returns
    -------
    pandas.DataFrame
        part, term, group, estimate, std_error, conf_low, conf_high, p_value, n, n_smallest.
    """
    makers = (_mark, _mean, _tests, _hazards, _incidence, _repeat, _families, _beside)
    frame = pd.DataFrame([row for make in makers for row in make(told)], columns=list(COLUMNS))
    numbers = ["estimate", "std_error", "conf_low", "conf_high", "p_value"]
    return frame.astype(dict.fromkeys(numbers, "float64") | dict.fromkeys(["n", "n_smallest"], "int64"))


def behind(told: TimeToEvent, what: str, group: str, kind: str = "time") -> tuple[int, int]:
    """Return the people behind a figure, and the smallest count of them it tells of.

    Parameters
    ----------
    told
        The parts.
    what
        As in ``TimeToEvent.counts``; what was not counted rests on nobody.
    group
        "comparison", "treated", or anything else for both.
    kind
        ``yes_no`` where those it did not happen to are told of too; ``time`` otherwise.
    """
    counts = told.counts
    own = counts[(counts["what"] == what) & counts["group"].isin([group] if group in BOTH else BOTH)]
    if own.empty:
        return 0, 0
    sizes, events = own["n"].tolist(), own["n_events"].tolist()
    return sum(sizes), smallest_behind(kind, sizes=sizes, events=events)


def _figure(
    told: TimeToEvent, part: str, term: str, row: Figure, *, group: str, what: str = "event", kind: str = "time"
) -> Figure:
    n, smallest = behind(told, what, group, kind)
    return {
        "part": part,
        "term": term,
        "group": group,
        "estimate": _first(row, _ESTIMATES),
        "std_error": row.get("std_error", math.nan),
        "conf_low": _first(row, _LOW),
        "conf_high": _first(row, _HIGH),
        "p_value": row.get("p_value", math.nan),
        "n": n,
        "n_smallest": min([smallest, *_counted(row)]),
    }


def _first(row: Figure, names: tuple[str, ...]) -> float:
    return next((float(row[name]) for name in names if name in row and row[name] is not None), math.nan)


def _counted(row: Figure) -> list[int]:
    """The counts that a frame holds beside a figure: the people or events behind it are no more than these."""
    found = [value for name, value in row.items() if str(name).startswith(_COUNTS)]
    return [int(value) for value in found if value is not None and value == value]


def _mark(told: TimeToEvent) -> Iterator[Figure]:
    if told.mark is None:
        return
    for row in told.mark.to_dict("records"):
        yield _figure(told, "mark", "share", row, group=str(row["group"]), what="event by mark", kind="yes_no")


def _mean(told: TimeToEvent) -> Iterator[Figure]:
    if told.restricted_mean is None:
        return
    for row in told.restricted_mean.to_frame().to_dict("records"):
        group = str(row["group"])
        if group == "difference" and told.mean_effect is not None:
            row = row | told.mean_effect.to_frame()[list(OF_EFFECT)].iloc[0].to_dict()
        yield _figure(told, "restricted_mean", "mean_time", row, group=group, what="event by horizon")


def _tests(told: TimeToEvent) -> Iterator[Figure]:
    """Tests: the statistic in the place of the estimate, without an interval."""
    if told.test is not None:
        result = {"estimate": told.test.statistic, "p_value": told.test.p_value}
        yield _figure(told, "test", "chi_square", result, group="")
    if told.proportional_hazards is not None:
        frame = told.proportional_hazards.to_frame()
        row = frame[frame["term"] == "GLOBAL"].iloc[0]
        result = {"estimate": float(row["statistic"]), "p_value": float(row["p_value"])}
        yield _figure(told, "proportional_hazards", "chi_square", result, group="")


def _hazards(told: TimeToEvent) -> Iterator[Figure]:
    if told.cox is not None and told.hazard_effect is None:
        yield _figure(told, "cox", "hazard_ratio", told.cox.to_frame().iloc[0].to_dict(), group="")
    if told.hazard_effect is not None:
        yield _figure(told, "hazard_effect", "hazard_ratio", told.hazard_effect.to_frame().iloc[0].to_dict(), group="")


def _incidence(told: TimeToEvent) -> Iterator[Figure]:
    if told.incidence is not None and told.mark_time is not None:
        for row in told.incidence.compare_at(told.mark_time).to_dict("records"):
            what = f"{row['cause']} first by mark"
            own = {name: value for name, value in row.items() if not str(name).startswith(_COUNTS)}
            term = f"share, {row['cause']} first"
            yield _figure(told, "incidence", term, own, group=str(row["group"]), what=what, kind="yes_no")
    if told.gray is not None:
        for row in told.gray.to_frame().to_dict("records"):
            test = {"estimate": row["statistic"], "p_value": row["p_value"]}
            yield _figure(told, "gray", f"chi_square, {row['cause']}", test, group="", what=f"{row['cause']} first")
    for cause, model in told.subdistribution.items():
        row = model.to_frame().iloc[0].to_dict()
        term = f"subdistribution_hazard_ratio, {cause}"
        yield _figure(told, "subdistribution", term, row, group="", what=f"{cause} first")


def _repeat(told: TimeToEvent) -> Iterator[Figure]:
    what = "event at liberty"
    if told.mean_count is not None and told.mark_time is not None:
        for row in told.mean_count.compare_at(told.mark_time).to_dict("records"):
            yield _figure(told, "mean_count", "mean_events", row, group=str(row["group"]), what=what)
    for name, model in told.recurrent.items():
        row = model.to_frame().iloc[0].to_dict()
        yield _figure(told, "recurrent", f"hazard_ratio, {name}", row, group="", what=what)
    if told.rates is not None:
        frame = told.rates.to_frame()
        row = frame[frame["term"] == "treated"].iloc[0].to_dict()
        yield _figure(told, "rates", "rate_ratio", row, group="")


def _families(told: TimeToEvent) -> Iterator[Figure]:
    if told.families is None:
        return
    for row in told.families.to_frame().to_dict("records"):
        yield _figure(told, "families", f"share_ever, {row['family']}", row, group="", kind="yes_no")


def _beside(told: TimeToEvent) -> Iterator[Figure]:
    """Clocks and audit, whose frames name their rows themselves."""
    if told.clocks is not None:
        for row in told.clocks.to_frame().to_dict("records"):
            yield _named("clocks", row, told)
    if told.audit is not None:
        for row in told.audit.to_frame().to_dict("records"):
            yield _named("audit", row, told)


def _named(part: str, row: Figure, told: TimeToEvent) -> Figure:
    figure = _figure(told, part, str(row.get("term", "estimate")), row, group=str(row.get("group", "")))
    counted = _counted(row)
    if part == "audit":
        # Of another cohort than the one compared here: its own counts are all that is known.
        others = [int(row["n_events"] - row["events_treated"]), int(row["n"] - row["n_treated"])]
        return figure | {"n": int(row["n"]), "n_smallest": max(0, min([*counted, *others]))}
    return figure
