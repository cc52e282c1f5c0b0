"""Frames of the link between drugs and offences: a row a period, and a row a trend."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

import numpy as np
import pandas as pd

from dipeval.indicators.grouping import EVERYONE, NOT_RECORDED
from dipeval.indicators.offending.link_counts import ALL_PERIODS, LEVELS, Counts
from dipeval.indicators.offending.link_trend import TOLD, Trend, trend
from dipeval.indicators.shares import limits, ratio
from dipeval.vocabulary import OFFENCE_CLASSES, OFFENCE_GROUPS, label

PEOPLE: Final = ("n_people", "n_people_positive", "n_people_negative")
COLUMNS: Final = (
    "level",
    "offence",
    "label",
    "substance",
    "period",
    "period_from",
    "period_to",
    "tests",
    "positive",
    *PEOPLE,
    "share",
    "conf_low",
    "conf_high",
)
TREND_COLUMNS: Final = (
    "level",
    "offence",
    "label",
    "substance",
    "tests",
    "positive",
    *PEOPLE,
    "share",
    "share_low",
    "share_high",
    "difference",
    "difference_low",
    "difference_high",
    "n_periods",
    "estimate",
    "std_error",
    "conf_low",
    "conf_high",
    "p_value",
    "p_adjusted",
    "dispersion",
    "share_first",
    "share_last",
    "direction",
    "status",
)
PER_YEAR: Final = {"quarter": 4, "month": 12}
_ORDER: Final = {name: place for place, name in enumerate((EVERYONE, *OFFENCE_CLASSES, *OFFENCE_GROUPS))}


def offence_label(offence: str) -> str:
    """Return an offence class or group in words.

    Examples
    --------
    >>> offence_label("everyone"), offence_label("other_theft"), offence_label("not recorded")
    ('All tests', 'Other theft', 'Offence not recorded')
    """
    if offence == EVERYONE:
        return "All tests"
    if offence == NOT_RECORDED:
        return "Offence not recorded"
    return "Other offences" if offence == "other" else label(offence)


def offences_of(cells: pd.DataFrame) -> Iterator[tuple[str, str, pd.DataFrame]]:
    """Level, offence and its cells: everyone, then classes and groups as the vocabulary orders them."""
    yield "everyone", EVERYONE, cells
    for level, column in LEVELS.items():
        if level == "everyone":
            continue
        for offence in sorted(set(cells[column]), key=lambda name: (_ORDER.get(name, len(_ORDER)), name)):
            yield level, offence, cells[cells[column] == offence]


def period_rows(counts: Counts, spans: pd.DataFrame, substances: tuple[str, ...]) -> pd.DataFrame:
    """Return a row for each offence that occurs, substance and period.

    Parameters
    ----------
    counts
        From `count_tests`.
    spans
        period, period_from, period_to.
    substances
        Those told.
    """
    parts = []
    for level, offence, own in offences_of(counts.cells):
        sums = own.groupby("period")[["tests", *substances]].sum().reindex(spans["period"], fill_value=0)
        for name in substances:
            part = spans.assign(
                level=level,
                offence=offence,
                label=offence_label(offence),
                substance=name,
                tests=sums["tests"].to_numpy("int64"),
                positive=sums[name].to_numpy("int64"),
            )
            parts.append(part)
    frame = _with_people(pd.concat(parts, ignore_index=True), counts.people, linked=not counts.people.empty)
    pairs = list(zip(frame["positive"], frame["tests"], strict=True))
    both = [limits(positive, tests) for positive, tests in pairs]
    frame["share"] = [ratio(positive, tests) for positive, tests in pairs]
    frame["conf_low"], frame["conf_high"] = [low for low, _ in both], [high for _, high in both]
    return frame[list(COLUMNS)]


def _with_people(frame: pd.DataFrame, people: pd.DataFrame, *, linked: bool) -> pd.DataFrame:
    if not linked:
        return frame.assign(**{name: pd.array([pd.NA] * len(frame), "Int64") for name in PEOPLE})
    joined = frame.merge(people, on=["level", "offence", "period", "substance"], how="left")
    # Nobody was tested where no row is found.
    return joined.fillna(dict.fromkeys(PEOPLE, 0)).astype(dict.fromkeys(PEOPLE, "Int64"))


def trend_rows(
    counts: Counts, spans: pd.DataFrame, substances: tuple[str, ...], *, every: str, within_districts: bool
) -> pd.DataFrame:
    """Return a row for each offence that occurs and substance: the whole window, and the trend over its periods.

    Parameters
    ----------
    counts, spans, substances
        As for `period_rows`.
    every
        ``quarter`` or ``month``.
    within_districts
        Whether each district has a level of its own.
    """
    # Here, as the room of effects takes long to read and no other indicator needs it.
    from dipeval.effects.several.holm import holm

    years = {period: place / PER_YEAR[every] for place, period in enumerate(spans["period"])}
    cells = counts.cells.assign(years=counts.cells["period"].map(years))
    rows = []
    for level, offence, own in offences_of(cells):
        others = cells[(cells[LEVELS[level]] != offence) & (cells[LEVELS[level]] != NOT_RECORDED)] if (
            level != "everyone" and offence != NOT_RECORDED
        ) else cells.head(0)  # fmt: skip
        for name in substances:
            found = trend(own.assign(positive=own[name]), within_districts=within_districts)
            about = {"level": level, "offence": offence, "label": offence_label(offence), "substance": name}
            rows.append(about | _whole(own, others, name) | _of_trend(found, own))
    frame = pd.DataFrame(rows).assign(period=ALL_PERIODS)
    frame = _with_people(frame, counts.people, linked=not counts.people.empty)
    # Corrected among the offences of a level: nobody reads classes and groups, or two substances, as one question.
    frame["p_adjusted"] = frame.groupby(["level", "substance"])["p_value"].transform(
        lambda p: holm(p.to_numpy("float64"))
    )
    frame["direction"] = [
        _direction(*row) for row in frame[["status", "estimate", "p_adjusted"]].itertuples(index=False)
    ]
    return frame[list(TREND_COLUMNS)]


def _whole(own: pd.DataFrame, others: pd.DataFrame, name: str) -> dict[str, Any]:
    tests, positive = int(own["tests"].sum()), int(own[name].sum())
    rest, rest_positive = int(others["tests"].sum()), int(others[name].sum())
    low, high = limits(positive, tests)
    difference = _newcombe(positive, tests, rest_positive, rest) if rest else (float("nan"),) * 3
    return {
        "tests": tests,
        "positive": positive,
        "share": ratio(positive, tests),
        "share_low": low,
        "share_high": high,
        **dict(zip(("difference", "difference_low", "difference_high"), difference, strict=True)),
    }


def _newcombe(yes: int, n: int, other_yes: int, other_n: int) -> tuple[float, float, float]:
    """Difference of two shares by Newcombe (1998), method 10: from Wilson's limits of both."""
    share, other = yes / n, other_yes / other_n
    (low, high), (other_low, other_high) = limits(yes, n), limits(other_yes, other_n)
    gap = share - other
    return (
        gap,
        gap - float(np.hypot(share - low, other_high - other)),
        gap + float(np.hypot(high - share, other - other_low)),
    )


def _of_trend(found: Trend, own: pd.DataFrame) -> dict[str, Any]:
    return {
        "n_periods": int(own.loc[own["tests"] > 0, "period"].nunique()),
        "estimate": found.estimate,
        "std_error": found.std_error,
        "conf_low": found.conf_low,
        "conf_high": found.conf_high,
        "p_value": found.p_value,
        "dispersion": found.dispersion,
        "share_first": found.first,
        "share_last": found.last,
        "status": found.status,
    }


def _direction(status: str, estimate: float, p_adjusted: float) -> str:
    if status != TOLD:
        return "not told"
    if p_adjusted >= 0.05:
        return "not settled"
    return "rose" if estimate > 0 else "fell"
