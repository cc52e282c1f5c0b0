"""The long table of a before-after comparison."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pandas as pd

from dipeval.effects.before_and_after.figures import (
    NOTHING,
    Figure,
    Persons,
    Rule,
    class_masks,
    expected_classes,
    mean_figure,
)
from dipeval.effects.before_and_after.result import COLUMNS
from dipeval.effects.before_and_after.windows import AFTER, BEFORE, EARLIER, Windows

if TYPE_CHECKING:
    from dipeval.effects.before_and_after.expected_fall import Spread
    from dipeval.effects.effect import Effect
    from dipeval.effects.robust import Floats


NO_CHANGE: Final = Figure(estimate=0.0, low=0.0, high=0.0)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Comparison:
    """The comparison people of a design: their windows and weights, who they are, and their change.

    ``unequal_treated`` says whether the design gives its treated people different weights (of a sample).
    """

    windows: Windows
    weights: Floats
    persons: Persons
    change: Figure
    unequal_treated: bool = False


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Parts:
    """What the figures of a before-after comparison are made of.

    Parameters
    ----------
    own, persons
        The people compared with themselves.
    spread, rule, similar, sharp
        As in `BeforeAfter`.
    change, expected, earlier_level, others, rates, comparison, difference
        What was found; ``others`` is the change with the index events left out, ``rates`` seen and expected.
    """

    own: Windows
    persons: Persons
    spread: Spread
    rule: Rule
    similar: float
    sharp: float
    change: Figure
    expected: Figure
    rates: tuple[Figure, Figure] | None
    earlier_level: Figure | None
    others: Figure | None
    comparison: Comparison | None
    difference: Effect | None


def frame_of(parts: Parts) -> pd.DataFrame:
    """Return every figure, one row each; columns as in `BeforeAfter.to_frame`."""
    own, total = parts.own, float(parts.own.before.sum() + parts.own.after.sum())
    rows = _means("mean_offences", own, parts.persons, None)
    before = next(row for row in rows if row["group"] == BEFORE)
    after = next(row for row in rows if row["group"] == AFTER)
    after |= _expected(_scaled(parts.expected, before["estimate"]))
    rows.append(_row("change", "treated", parts.change, len(own.rows), total, parts.expected))
    if parts.others is not None:
        events = float(own.others.sum() + own.after.sum())
        rows.append(_row("change_of_others", "treated", parts.others, len(own.rows), events, NO_CHANGE))
    if parts.rates is not None:
        rows.append(_row("rate_change", "treated", parts.rates[0], len(own.rows), total, parts.rates[1]))
    if parts.earlier_level is not None:
        events = float(own.before.sum() + own.earlier.sum())
        rows.append(_row("earlier_level", "treated", parts.earlier_level, len(own.rows), events))
    rows += _classes(parts)
    if parts.comparison is not None and parts.difference is not None:
        rows += _beside(parts.comparison, parts.difference)
    frame = pd.DataFrame(rows, columns=list(COLUMNS))
    numbers = [name for name in COLUMNS if name not in ("term", "group", "n", "n_events")]
    return frame.astype(dict.fromkeys(numbers, "float64") | {"n": "int64", "n_events": "int64"})


def _row(
    term: str, group: str, figure: Figure, n: int, events: float, expected: Figure = NOTHING, p_value: float = math.nan
) -> dict[str, Any]:
    return {
        "term": term,
        "group": group,
        "estimate": figure.estimate,
        "std_error": figure.std_error,
        "conf_low": figure.low,
        "conf_high": figure.high,
        "p_value": p_value,
        "n": n,
        "n_events": round(events),
        **_expected(expected),
    }


def _expected(figure: Figure) -> dict[str, float]:
    return {"expected": figure.estimate, "expected_low": figure.low, "expected_high": figure.high}


def _scaled(change: Figure, mean: float) -> Figure:
    return Figure(estimate=mean * (1 + change.estimate), low=mean * (1 + change.low), high=mean * (1 + change.high))


def _means(term: str, windows: Windows, persons: Persons, weights: Floats | None) -> list[dict[str, Any]]:
    """One row a window, the furthest back first."""
    numbers = range(windows.n_earlier, 0, -1)
    counts = {EARLIER.format(number=number): windows.earlier[:, number - 1] for number in numbers}
    counts |= {BEFORE: windows.before, AFTER: windows.after}
    n = len(windows.rows)
    return [
        _row(term, name, mean_figure(values, persons, weights), n, float(values.sum()))
        for name, values in counts.items()
    ]


def _classes(parts: Parts) -> list[dict[str, Any]]:
    own = parts.own
    expected = expected_classes(own.in_counts(), parts.spread, parts.rule, parts.similar, parts.sharp)
    rows = []
    for name, mask in class_masks(own.before, own.after, parts.similar, parts.sharp).items():
        share = mean_figure(mask.astype(np.float64), parts.persons)
        share = Figure(
            estimate=share.estimate, std_error=share.std_error, low=max(share.low, 0.0), high=min(share.high, 1.0)
        )
        rows.append(_row("share", name, share, len(own.rows), float(mask.sum()), expected[name]))
    return rows


def _beside(comparison: Comparison, difference: Effect) -> list[dict[str, Any]]:
    theirs = comparison.windows
    total = float(theirs.before.sum() + theirs.after.sum())
    rows = _means("mean_offences_comparison", theirs, comparison.persons, comparison.weights)
    rows.append(_row("change_comparison", "comparison", comparison.change, len(theirs.rows), total))
    figure = Figure(
        estimate=difference.estimate,
        std_error=difference.std_error,
        low=difference.conf_low,
        high=difference.conf_high,
    )
    n = difference.n_treated + difference.n_comparison
    rows.append(_row("difference_in_differences", "treated", figure, n, total, p_value=difference.p_value))
    return rows
