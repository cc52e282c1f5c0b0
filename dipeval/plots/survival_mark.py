"""What is read off curves at one time: the share in each group, the difference and its interval, in words."""

from __future__ import annotations

import math
import re
import textwrap
from dataclasses import dataclass
from typing import TYPE_CHECKING

from dipeval.errors import InputError
from dipeval.plots.survival_axis import Clock
from dipeval.plots.survival_table import upper
from dipeval.presenting import format_interval, format_number, format_percent

if TYPE_CHECKING:
    import pandas as pd

_VALUE_COLUMNS = ("share", "mean", "estimate")
_WIDEST = 66


@dataclass(frozen=True, slots=True, kw_only=True)
class Measure:
    """What the upright axis measures, and how its values are written.

    Parameters
    ----------
    title
        Heading of the picture.
    percent
        Whether values are shares, shown as percentages.
    digits
        Decimals of a value in words.
    level
        Coverage of the limits.
    """

    title: str
    percent: bool = True
    digits: int = 1
    level: float = 0.95

    def value(self, value: float) -> str:
        """Return one value: "30.6%"."""
        return format_percent(value, self.digits) if self.percent else format_number(value, self.digits)

    def interval(self, low: float, high: float) -> str:
        """Return the interval of a value: "95% interval 24.9% to 37.2%"."""
        return f"{self.covered} {self.value(low)} to {self.value(high)}"

    def difference(self, value: float, low: float, high: float) -> str:
        """Return a difference of two values with its interval."""
        scale, unit = (100.0, " percentage points") if self.percent else (1.0, "")
        limits = format_interval(scale * low, scale * high, self.digits)
        return f"{format_number(scale * value, self.digits)}{unit} ({self.covered} {limits})"

    @property
    def covered(self) -> str:
        """The name of the interval: "95% interval"."""
        return f"{round(100 * self.level, 1):g}% interval"


@dataclass(frozen=True, slots=True, kw_only=True)
class Mark:
    """The values of the curves at one time.

    Parameters
    ----------
    time
        In the unit of the data.
    values
        Group -> value, low, high; not a number where it is withheld.
    differences
        "B minus A" -> value, low, high; with two groups the second minus the first.
    """

    time: float
    values: dict[str, tuple[float, float, float]]
    differences: dict[str, tuple[float, float, float]]

    @classmethod
    def of(cls, frame: pd.DataFrame, clock: Clock) -> Mark:
        """Read the frame of ``compare_at``: group, time_days, share, conf_low, conf_high, a row "difference"."""
        column = next((name for name in _VALUE_COLUMNS if name in frame), None)
        if column is None or not {"group", "time_days", "conf_low", "conf_high"} <= set(frame.columns):
            raise InputError(
                "The frame given as `mark` lacks a column: it needs group, time_days, share, conf_low and conf_high, "
                "as `compare_at` gives them."
            )
        if frame["time_days"].nunique() != 1:
            raise InputError("The frame given as `mark` holds several times or none: ask `compare_at` for one.")
        time = float(frame["time_days"].iloc[0])
        if not 0 < time <= clock.end * (1 + 1e-12):
            raise InputError(
                f"The line at {clock.words(time)} lies outside the picture, which runs to {clock.words(clock.end)}."
            )
        rows = {
            str(name): (float(value), float(low), float(high))
            for name, value, low, high in zip(
                frame["group"], frame[column], frame["conf_low"], frame["conf_high"], strict=True
            )
        }
        values = {name: row for name, row in rows.items() if name != "difference" and " minus " not in name}
        pair = " minus ".join(reversed(list(values))) if len(values) == 2 else "difference"
        apart = {pair if name == "difference" else name: row for name, row in rows.items() if name not in values}
        return cls(time=time, values=values, differences=apart)

    def shares(self, measure: Measure) -> str:
        """Return the values of the groups: "comparison 30.6%, treated 22.2%"."""
        told = [(name, value[0]) for name, value in self.values.items()]
        return ", ".join(
            f"{group_words(name)} {'withheld' if math.isnan(value) else measure.value(value)}" for name, value in told
        )

    def contrasts(self, measure: Measure) -> list[str]:
        """Return the differences in words: "treated minus comparison: -8.3 percentage points (95% interval ...)"."""
        return [
            f"{name}: {'withheld' if math.isnan(row[0]) else measure.difference(*row)}"
            for name, row in self.differences.items()
        ]


def group_words(name: str) -> str:
    """Return a group inside a sentence."""
    return "everyone" if name == "all" else name


def heading_lines(
    mark: Mark | None, measure: Measure, clock: Clock, *, test_words: str | None = None, beside: bool = False
) -> list[str]:
    """Return what stands between the title and the curves.

    Parameters
    ----------
    mark
        What is read off at one time.
    measure, clock
        How values and times are written.
    test_words
        A test with its name and p-value.
    beside
        Whether the shares are written at the ends of the lines already.

    Returns
    -------
    list of str
        Lines no wider than the picture.
    """
    lines = []
    if mark is not None:
        contrasts, when = mark.contrasts(measure), clock.words(mark.time)
        if not beside:
            lines.append(f"By {when}: {mark.shares(measure)}" if mark.values else f"Line at {when}")
        elif contrasts:
            contrasts[0] = f"At {when}, {contrasts[0]}"
        lines += [upper(contrast) for contrast in contrasts]
    if test_words:
        lines.append(test_words)
    return [part for line in lines for part in textwrap.wrap(_unbroken(line), _WIDEST)]


def _unbroken(line: str) -> str:
    """An interval stays on one line."""
    return re.sub(r"\([^)]*\)", lambda found: found.group().replace(" ", "\N{NO-BREAK SPACE}"), line)


def check_test_words(words: str | None, *, weighted: bool) -> None:
    """Refuse a p-value without the name of its test, and one that ignores the weights of weighted curves."""
    if words is None:
        return
    named = re.sub(r"\bp(?:-value)?\b|[^A-Za-z]", "", words)
    if len(named) < 4:
        raise InputError("A p-value is shown only with the name of its test: 'Log-rank test: p 0.035', for example.")
    if weighted and "robust" not in words.lower():
        raise InputError(
            "These curves are weighted: only a robust test fits them. Name it as such in `test_words` ('Robust score "
            "test: p 0.04'), or leave it out."
        )
