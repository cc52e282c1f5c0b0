"""What a reader must know of how a chart was drawn, in sentences."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np

from dipeval.indicators.change.limits import (
    FEW,
    LEAST_FOR_LIMITS,
    LEAST_FOR_RUNS,
    PLAIN,
    Lines,
    Points,
    chance_sigma,
)
from dipeval.indicators.change.ruling import too_lopsided
from dipeval.indicators.change.seasons import LEVEL, Seasons
from dipeval.indicators.change.series import Series
from dipeval.indicators.change.spans import SEASONS
from dipeval.presenting import format_number, format_p

IN_BASELINE: Final = (
    "Periods of a signal are among those that set what is expected, and draw it towards themselves; once it is known "
    "when something changed, give a baseline from before it, or a break at it."
)
PEOPLE_AGAIN: Final = (
    "Some people are counted several times in a period, and theirs are alike; the limits take all as of as many "
    "people, so that they are somewhat too narrow."
)
_MOST: Final = 6
_FULL_YEARS: Final = 3
_STATUS: Final = {
    "no_units": "had nothing in the denominator",
    "too_early": "are not followed for long enough yet",
    "part_period": "are covered only in part",
    "not_recorded": "lack what is counted",
}


def notes_of(
    series: Series,
    points: Sequence[Points],
    lines: Sequence[Lines],
    used: str,
    *,
    asked: str,
    seasons: Seasons,
    factor: np.ndarray,
    sigma_z: float,
) -> tuple[str, ...]:
    """Return the notes of a chart, what matters most first."""
    return (
        *_too_few(points, lines, asked),
        *_gaps(series),
        *_spread(points, lines, used, sigma_z),
        *_alike(points, lines, used),
        *_seasonal(seasons, factor),
        *_few_years(series, points, factor),
        "No comparison group: a signal says that something changed, not why, and not what the programme achieved.",
    )


def _too_few(points: Sequence[Points], lines: Sequence[Lines], asked: str) -> list[str]:
    told = []
    for number, (own, line) in enumerate(zip(points, lines, strict=True), start=1):
        where = f"Phase {number}" if len(points) > 1 else "The baseline"
        n = int(own.base.sum())
        if n < LEAST_FOR_RUNS:
            told.append(
                f"{where} has {_periods(n)}: too few to say what is expected ({LEAST_FOR_RUNS} give a run chart, "
                f"{LEAST_FOR_LIMITS} give limits), so only the points are shown."
            )
        elif line.kind == "points":
            told.append(f"{where} has no spread (the same in every period), so no limits can be set.")
        elif too_lopsided(line):
            told.append(
                f"{where} has so few counted that most steady periods lie on one side of what is expected, so runs on "
                "one side are not looked for."
            )
        elif line.kind == "median" and asked != "run":
            told.append(
                f"{where} has {_periods(n)}: limits need {LEAST_FOR_LIMITS}, so this is a run chart around the median."
            )
    return told


def _periods(n: int) -> str:
    return "1 period that is told" if n == 1 else f"{n} periods that are told"


def _gaps(series: Series) -> list[str]:
    frame, told = series.frame, []
    if series.missing:
        told.append(
            f"Missing: {_named(series.missing)}. A gap stays a gap: runs are counted over it, a rise or fall in a row "
            "ends at it."
        )
    for status in sorted(set(frame["status"]) - {"ok", "missing"}):
        own = frame.loc[frame["status"] == status, "period"].tolist()
        told.append(f"Not told, as they {_STATUS.get(status, f'are marked {status}')}: {_named(own)}.")
    return told


def _named(periods: list[str]) -> str:
    more = f" and {len(periods) - _MOST} more" if len(periods) > _MOST else ""
    return ", ".join(periods[:_MOST]) + more


def _spread(points: Sequence[Points], lines: Sequence[Lines], used: str, sigma_z: float) -> list[str]:
    limits = [line for line in lines if line.kind == "limits"]
    if not limits:
        return []
    told = []
    if used in PLAIN:
        told.append(
            f"From period to period the values vary {format_number(sigma_z, 2)} times as much as chance alone would "
            "make them, and the limits are set for that spread (Laney)."
        )
        if any(_few(own, line, used) for own, line in zip(points, lines, strict=True) if line.kind == "limits"):
            told.append(f"In some periods fewer than {format_number(FEW, 0)} are expected: their limits are rough.")
    elif used == "i":
        told.append("Limits come from how much the values vary from one period to the next, not from the counts.")
    n_exact = sum(line.n_exact for line in limits)
    if n_exact:
        told.append(
            f"In {n_exact} of the periods fewer than {format_number(FEW, 0)} are expected; their limits are exact "
            "(binomial or Poisson) and lie on whole counts."
        )
    return told


def _few(points: Points, line: Lines, used: str) -> bool:
    expected = line.centre * points.denominator
    others = points.denominator - expected if used == "p_prime" else np.full(len(expected), np.inf)
    return bool(np.any(expected < FEW) or np.any(others < FEW))


def _alike(points: Sequence[Points], lines: Sequence[Lines], used: str) -> list[str]:
    """Say where periods follow the one before more closely than chance lets them: rules take them as independent."""
    law = PLAIN.get(used, used)
    pairs = []
    for own, line in zip(points, lines, strict=True):
        if line.kind != "limits":
            continue
        sigma = np.ones(len(line.centre)) if law == "i" else chance_sigma(own, line.centre, law)
        pairs.append(np.where(own.base, (own.value - line.centre) / sigma, np.nan))
    r, n = neighbours_alike(pairs)
    if not n or r <= 1.645 / np.sqrt(n) - 1 / n:
        return []
    return [
        f"Neighbouring periods are more alike than chance makes them (correlation {format_number(r, 2)}). Either the "
        "level moved, or something carries over from one period to the next, such as the same people; then signals, "
        "runs above all, come more often than is said here."
    ]


def neighbours_alike(series: Sequence[np.ndarray]) -> tuple[float, int]:
    """Return the correlation of neighbouring deviations (gaps have no neighbour), and how many deviations there are.

    Examples
    --------
    >>> r, n = neighbours_alike([np.array([1.0, 1.0, -1.0, -1.0])])
    >>> round(r, 2), n
    (0.25, 4)
    """
    products = [one[1:] * one[:-1] for one in series]
    squares = float(sum(np.nansum(one**2) for one in series))
    n = int(sum(np.isfinite(one).sum() for one in series))
    return (float(sum(np.nansum(one) for one in products)) / squares if squares else 0.0), n


def _few_years(series: Series, points: Sequence[Points], factor: np.ndarray) -> list[str]:
    size = SEASONS[series.every]
    if not size or not np.any(factor != 1) or sum(int(own.base.sum()) for own in points) >= _FULL_YEARS * size:
        return []
    return [
        "They are taken from fewer than three full years, and are rough: what is put down to a season can be a change."
    ]


def _seasonal(seasons: Seasons, factor: np.ndarray) -> list[str]:
    if np.isnan(seasons.p_value):
        return [] if seasons.why_not == "it was not asked for" else [f"Seasons: not tested, as {seasons.why_not}."]
    if np.any(factor != 1):
        found = "differ beyond chance" if seasons.p_value < LEVEL else "were allowed for as asked"
        return [
            f"Seasons {found} (p {_equals(seasons.p_value)}); what is expected follows them, so that a season is not "
            "read as a change."
        ]
    return [f"Seasons: not told from chance (p {_equals(seasons.p_value)}), so they are not allowed for."]


def _equals(p_value: float) -> str:
    words = format_p(p_value)
    return words if words.startswith("<") else f"= {words}"
