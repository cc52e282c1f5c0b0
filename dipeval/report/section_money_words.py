"""Figures of money as a report shows them: pounds with three digits, counts of people as released.

Three digits are what any range here bears out; and finer ones, divided by each other, would give exact counts back.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable
from typing import TYPE_CHECKING, Final

from dipeval.disclosure import is_small
from dipeval.plots.money_axis import three_figures
from dipeval.plots.money_draws import share_in_words
from dipeval.presenting import format_count, format_money, format_number
from dipeval.report import words
from dipeval.study.tidy_money import money_smallest, told_of_money

if TYPE_CHECKING:
    import pandas as pd

    from dipeval.study import StudyResult

NONE_GIVEN: Final = "[z]"
BOUNDS: Final = "bounds only"
# From so many on, a tenth of an offence says nothing.
WHOLE_FROM: Final = 100
# Shares that a reader knows as percentages.
_SHARES: Final = ("discount_rate", "attribution", "drop_off", "optimism_bias")
_OF_DRAWS = re.compile(r"(\d+\.\d+)%(?= of the draws| of them| were the effect)")
_AMOUNT = re.compile(r"£(\d[\d,]*)(\.\d+)?")


def hidden(result: StudyResult) -> bool:
    """Whether no figure of money may be shown: there is none, or it rests on too few people."""
    if result.roi is None or not result.effects or words.money_is_small(result):
        return True
    if not result.rule.protects:
        return False
    # The headline itself shows the money at two prices where multipliers are on.
    twice = result.roi.switched.multipliers and not told_of_money(result).valuations
    return twice or is_small(money_smallest(result), result.rule)


def at_other_prices(result: StudyResult) -> bool:
    """Whether the same offences may be shown at other prices than the headline's."""
    return not result.rule.protects or told_of_money(result).valuations


def coarse(value: float) -> float:
    """Return a figure as it is shown or drawn."""
    return three_figures(value) if math.isfinite(value) else value


def pounds(value: float) -> str:
    """Return pounds.

    Examples
    --------
    >>> pounds(4_230_035.0), pounds(-0.4)
    ('£4,230,000', '£0')
    """
    return NONE_GIVEN if value != value else format_money(coarse(value))


def pounds_between(low: float, high: float) -> str:
    """Return a range of pounds."""
    return NONE_GIVEN if low != low or high != high else f"{pounds(low)} to {pounds(high)}"


def with_range(value: str, between: str) -> str:
    """Return a figure and its range in one cell.

    Examples
    --------
    >>> with_range("£5", "£3 to £7"), with_range("£5", "[z]"), with_range("[z]", "£3 to £7")
    ('£5 (£3 to £7)', '£5', '£3 to £7 (bounds only)')
    """
    if between == NONE_GIVEN:
        return value
    return f"{between} ({BOUNDS})" if value == NONE_GIVEN else f"{value} ({between})"


def ratio(value: float) -> str:
    """Return pounds of value per pound of cost."""
    return NONE_GIVEN if value != value else format_money(value, 2)


def ratio_between(low: float, high: float) -> str:
    """Return a range of ratios."""
    return NONE_GIVEN if low != low or high != high else f"{ratio(low)} to {ratio(high)}"


def offences(result: StudyResult, value: float) -> str:
    """Return a number of offences: finer than whole ones, it would give the effect, and so the people, back."""
    if value != value:
        return NONE_GIVEN
    whole = result.rule.protects or abs(value) >= WHOLE_FROM
    return format_count(value) if whole else format_number(value, 1)


def offences_between(result: StudyResult, low: float, high: float) -> str:
    """Return a range of numbers of offences."""
    return NONE_GIVEN if low != low or high != high else f"{offences(result, low)} to {offences(result, high)}"


def share(value: float) -> str:
    """Return a share of draws."""
    return NONE_GIVEN if value != value else share_in_words(value)


def input_value(name: str, value: float) -> str:
    """Return the figure of an input: shares as percentages.

    Examples
    --------
    >>> input_value("attribution", 0.8), input_value("effect", -0.123)
    ('80%', '−0.12')
    """
    if value != value:
        return NONE_GIVEN
    return words.share(value, 1 if name == "discount_rate" else 0) if name in _SHARES else format_number(value)


def told(result: StudyResult, text: str, figures: int = 3) -> str:
    """Return a sentence of the money with its pounds no finer, and its counts of people, as they may be shown."""

    def shown(found: re.Match[str]) -> str:
        digits = len(found.group(2) or "") and 2
        value = float(found.group(1).replace(",", "") + (found.group(2) or ""))
        return format_money(float(f"{value:.{figures}g}"), digits)

    text = _AMOUNT.sub(shown, text)
    return words.counts_shown(result, _OF_DRAWS.sub(_whole, text)) if result.rule.protects else text


def _whole(found: re.Match[str]) -> str:
    """A share of draws in whole percent, never as all or none of them."""
    return f"{min(max(format_number(float(found.group(1)), 0), '1', key=float), '99', key=float)}%"


def sentences(result: StudyResult, texts: Iterable[str]) -> tuple[str, ...]:
    """Return sentences of the money as they may be shown; that which counts whom the effect is about is left out."""
    assert result.roi is not None
    about = result.roi.estimand.rstrip(".")
    return tuple(told(result, text) for text in texts if about not in text)


def drawn(frame: pd.DataFrame, columns: Iterable[str]) -> pd.DataFrame:
    """Return a table as a picture may draw it: a picture can be measured more finely than its words."""
    return frame.assign(**{name: [coarse(float(value)) for value in frame[name]] for name in columns})
