"""What a reader must know of how a chart was drawn, in sentences."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np

from dipeval.indicators.change.limits import FEW, LEAST_FOR_LIMITS, LEAST_FOR_RUNS, PLAIN, Lines, Points
from dipeval.indicators.change.ruling import too_lopsided
from dipeval.indicators.change.seasons import LEVEL, Seasons
from dipeval.indicators.change.series import Series
from dipeval.presenting import format_number, format_p

IN_BASELINE: Final = (
    "Periods of a signal are among those that set what is expected, and draw it towards themselves; once it is known "
    "when something changed, give a baseline from before it, or a break at it."
)
_MOST: Final = 6
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
        *_seasonal(seasons, factor),
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
