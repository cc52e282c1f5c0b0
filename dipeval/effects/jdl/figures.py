"""Figures in words, and the block about 100 typical people, in the style of the Justice Data Lab."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from dipeval.effects.jdl.words import (
    AS_MANY_AS,
    FREQUENCY,
    LESS_THAN_ONE,
    OF_HUNDRED,
    OF_HUNDRED_OFFENCES,
    OTHERS,
    OTHERS_UNLIKE,
    RANGE_ABOUT,
    RANGE_CLEAR,
    RANGE_LEAD,
    RANGE_MORE_PEOPLE,
    RANGE_NOUNS,
    RANGE_SIDES,
    RANGE_TIME,
    RANGE_UNCLEAR,
    RANGE_UP_TO,
    RANGE_WHAT,
    RATE,
    TIME,
    TREATED_PEOPLE,
)
from dipeval.presenting import format_number, format_percent

if TYPE_CHECKING:
    from dipeval.effects.jdl.measures import JdlMeasure
    from dipeval.effects.jdl.result import JdlStyle

_YEARS: Final = {365: "within one year", 366: "within one year", 730: "within two years", 731: "within two years"}


def window(days: int | None) -> str:
    """Return the length of the follow-up, in words that can stand in a sentence.

    Examples
    --------
    >>> window(365), window(547), window(None)
    ('within one year', 'within 547 days', 'within the follow-up')
    """
    return "within the follow-up" if days is None else _YEARS.get(days, f"within {days} days")


def level_shown(measure: JdlMeasure, value: float, digits: int = 1) -> str:
    """Return the figure of one group: a share in per cent, a number of reoffences, a time."""
    if measure.kind == RATE:
        return format_percent(value, digits)
    return format_number(value, 2) if measure.kind == FREQUENCY else time_shown(measure, value)


def difference_shown(measure: JdlMeasure, value: float, digits: int = 1) -> str:
    """Return a difference with its direction, such as ``5.8 percentage points lower``."""
    size = abs(value)
    if measure.kind == FREQUENCY:
        return f"{format_number(size, 2)} {'fewer' if value < 0 else 'more'} reoffences a person"
    if measure.kind == TIME:
        return f"{time_shown(measure, size)} {'sooner' if value < 0 else 'later'}"
    # "0.0 higher" would hide on which side of equality a limit lies.
    return f"{_points(size, digits)} percentage points {'lower' if value < 0 else 'higher'}"


def interval_shown(measure: JdlMeasure, low: float, high: float, digits: int = 1) -> str:
    """Return an interval in words, such as ``between 2.6 and 9.0 percentage points lower``."""
    if low < 0 < high:
        return f"from {difference_shown(measure, low, digits)} to {difference_shown(measure, high, digits)}"
    near, far = sorted((low, high), key=abs)
    size = format_number(abs(near), _decimals(measure)) if measure.kind != RATE else _points(abs(near), digits)
    return f"between {size} and {difference_shown(measure, far, digits)}"


def plain(measure: JdlMeasure, value: float, digits: int = 1) -> str:
    """Return a figure or a difference for a table, its unit being in the heading."""
    if measure.kind == RATE:
        return format_number(100 * value, digits)
    return format_number(value, _decimals(measure))


def _points(size: float, digits: int) -> str:
    return format_number(100 * size, 2 if digits and 0 < 100 * size < 0.05 else digits)


def _decimals(measure: JdlMeasure) -> int:
    if measure.kind == FREQUENCY:
        return 2
    return 0 if measure.unit == "days" else 1


def size_shown(measure: JdlMeasure, value: float, digits: int = 1) -> str:
    """Return the size of a difference without a direction."""
    if measure.kind == RATE:
        return f"{format_number(100 * value, digits)} percentage points"
    if measure.kind == FREQUENCY:
        return f"{format_number(value, 2)} reoffences a person"
    return time_shown(measure, value)


def time_shown(measure: JdlMeasure, value: float) -> str:
    """Return a time with its unit; days are whole, and what is more than nothing never becomes 0."""
    text, one = format_number(value, _decimals(measure)), measure.unit.rstrip("s")
    if float(text.replace(",", "")) == 0 and value > 0:
        return LESS_THAN_ONE.format(noun=one) if measure.unit == "days" else f"less than 0.1 {measure.unit}"
    return f"{text} {one if text == '1' else measure.unit}"


def others(result: JdlStyle) -> str:
    """Return what the comparison people are called: comparable only if they are."""
    return OTHERS_UNLIKE if result.band == "red" else OTHERS


def of_hundred(result: JdlStyle) -> tuple[str, ...]:
    """Return the block about 100 typical people: each group, and the range of the differences.

    Parameters
    ----------
    result
        The analysis.

    Returns
    -------
    tuple of str
        Empty where results are withheld or nobody could be counted.
    """
    rate, frequency, time = result.measures
    if rate.effect is None:
        return ()
    spoken = window(result.rule.follow_up_days)
    lines = []
    for who, side in ((TREATED_PEOPLE, "mean_treated"), (others(result), "mean_comparison")):
        counted = ""
        if frequency.effect is not None:
            counted = OF_HUNDRED_OFFENCES.format(offences=format_number(100 * getattr(frequency.effect, side), 0))
        people = format_number(100 * getattr(rate.effect, side), 0)
        lines.append(OF_HUNDRED.format(who=who, people=people, window=spoken, offences=counted))
    for measure in (rate, frequency):
        if measure.effect is not None:
            what = RANGE_WHAT[measure.kind].format(window=spoken)
            lines.append(RANGE_LEAD.format(others=others(result), what=what, range=range_shown(measure)))
    if time.effect is not None:
        lines.append(RANGE_TIME.format(range=range_shown(time)))
    return tuple(lines)


def range_shown(measure: JdlMeasure, *, more_people: bool = True) -> str:
    """Return the interval of a difference in whole people or offences of 100, or in time.

    Parameters
    ----------
    measure
        One with an effect.
    more_people
        Whether to add, where the direction is open, that more people would be needed.

    Returns
    -------
    str
    """
    assert measure.effect is not None
    scale = 1 if measure.kind == TIME else 100
    low, high = scale * measure.effect.conf_low, scale * measure.effect.conf_high
    down, up = RANGE_SIDES[measure.kind]
    if measure.effect.includes_equality:
        told = RANGE_UNCLEAR.format(down=down, up=up, low=_at_most(measure, -low), high=_at_most(measure, high))
        return told + (RANGE_MORE_PEOPLE if more_people else "")
    side, (least, most) = down if high < 0 else up, sorted((abs(low), abs(high)))
    decimals = _decimals(measure) if measure.kind == TIME else 0
    shown = [format_number(value, decimals) for value in (least, most)]
    whole = {"side": side, "most": _whole(measure, most)}
    if float(shown[0].replace(",", "")) == 0:
        return RANGE_UP_TO.format(**whole)
    return RANGE_ABOUT.format(**whole) if shown[0] == shown[1] else RANGE_CLEAR.format(least=shown[0], **whole)


def _at_most(measure: JdlMeasure, value: float) -> str:
    """One end of an interval that includes equality: as many as so many, or less than one."""
    text = _whole(measure, value)
    return text if text.startswith("less") else AS_MANY_AS.format(number=text)


def _whole(measure: JdlMeasure, value: float) -> str:
    """A number of people or offences without decimals, or a time; what is more than nothing never becomes 0."""
    if measure.kind == TIME:
        return time_shown(measure, value)
    one, several = RANGE_NOUNS[measure.kind]
    text = format_number(value, 0)
    if text == "0" and value > 0:
        return LESS_THAN_ONE.format(noun=one)
    return f"{text} {one if text == '1' else several}"
