"""Figures of money as a report shows them: pounds with three digits, counts of people as released.

Three digits are what any range here bears out; and finer ones, divided by each other, would give exact counts back.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING, Final

import numpy as np

from dipeval.disclosure import is_small
from dipeval.presenting import format_chance, format_count, format_money, format_number, three_figures
from dipeval.report import words
from dipeval.study.tidy_money import money_smallest, told_of_money

if TYPE_CHECKING:
    import pandas as pd

    from dipeval.roi import ReturnOnInvestment
    from dipeval.study import StudyResult

NONE_GIVEN: Final = "[z]"
BOUNDS: Final = "bounds only"
FIGURES: Final = 3
# From so many on, a tenth of an offence says nothing.
WHOLE_FROM: Final = 100
# From so much on, pounds per pound have more than three figures with their pence.
TEN: Final = 10
# Shares that a reader knows as percentages.
_SHARES: Final = ("discount_rate", "attribution", "drop_off", "optimism_bias")
_OF_DRAWS = re.compile(r"(\d+\.\d+)%(?= of the draws| of them| were the effect)")
_AMOUNT = re.compile(r"£(\d{1,3}(?:,\d{3})+|\d+)(\.\d+)?")


def hidden(result: StudyResult) -> bool:
    """Whether no figure of money may be shown: there is none, or it rests on too few people."""
    if result.roi is None or not result.effects or words.money_is_small(result):
        return True
    if not result.rule.protects:
        return False
    # The headline itself shows the money at two prices where multipliers are on.
    twice = result.roi.switched.multipliers and not told_of_money(result).valuations
    return twice or is_small(money_smallest(result), result.rule)


def shown_roi(result: StudyResult) -> ReturnOnInvestment | None:
    """Return the money that may be shown; None if the effect is withheld, there is none, or too few are behind it."""
    return None if result.withheld or hidden(result) else result.roi


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
    """Return pounds of value per pound of cost.

    Examples
    --------
    >>> ratio(0.509), ratio(24.836)
    ('£0.51', '£24.80')
    """
    return NONE_GIVEN if value != value else format_money(coarse(value) if abs(value) >= TEN else value, 2)


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
    return NONE_GIVEN if value != value else format_chance(value)


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


def told(result: StudyResult, text: str, figures: int = FIGURES, known: Mapping[str, str] | None = None) -> str:
    """Return a sentence of the money with its pounds no finer, and its counts of people, as they may be shown.

    `known` holds amounts as the sentence has them and as the tables show them (`as_shown`): rounded twice, an amount
    could end on another figure than in a table beside it.
    """
    held = (_held(result) if figures == FIGURES else {}) | dict(known or {})

    def shown(found: re.Match[str]) -> str:
        if found.group() in held:
            return held[found.group()]
        digits = len(found.group(2) or "") and 2
        value = float(found.group(1).replace(",", "") + (found.group(2) or ""))
        return format_money(float(f"{value:.{figures}g}"), digits)

    text = _AMOUNT.sub(shown, text)
    return words.counts_shown(result, _OF_DRAWS.sub(_whole, text)) if result.rule.protects else text


def as_shown(values: Iterable[float], show: Callable[[float], str] = pounds) -> dict[str, str]:
    """Return what whole pounds in a sentence are in a table.

    Examples
    --------
    >>> as_shown([2885.3, -264.6])
    {'£2,885': '£2,890', '£265': '£265'}
    """
    finite = [abs(float(value)) for value in values if math.isfinite(value)]
    return {format_money(value): show(value) for value in finite}


def _held(result: StudyResult) -> dict[str, str]:
    """The amounts of the answer itself."""
    if result.roi is None:
        return {}
    frame, ends = result.roi.to_frame(), ["estimate", "conf_low", "conf_high"]
    amounts, ratios = (frame.loc[frame["unit"] == unit, ends].to_numpy().ravel() for unit in ("GBP", "GBP per GBP"))
    per_pound = {format_money(value, 2): ratio(value) for value in abs(ratios[np.isfinite(ratios)]).tolist()}
    return as_shown(amounts.tolist()) | per_pound


def _whole(found: re.Match[str]) -> str:
    """A share of draws in whole percent, never as all or none of them."""
    return f"{min(max(format_number(float(found.group(1)), 0), '1', key=float), '99', key=float)}%"


def sentences(result: StudyResult, texts: Iterable[str], known: Mapping[str, str] | None = None) -> tuple[str, ...]:
    """Return sentences of the money as they may be shown; that which counts whom the effect is about is left out."""
    assert result.roi is not None
    about = result.roi.estimand.rstrip(".")
    return tuple(told(result, text, known=known) for text in texts if about not in text)


def drawn(frame: pd.DataFrame, columns: Iterable[str]) -> pd.DataFrame:
    """Return a table as a picture may draw it: a picture can be measured more finely than its words."""
    return frame.assign(**{name: [coarse(float(value)) for value in frame[name]] for name in columns})
