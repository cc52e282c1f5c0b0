"""What an outcome contract pays, and for what."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, Final

from dipeval.errors import InputError
from dipeval.presenting import format_money, format_percent

PER: Final = ("cohort", "fewer")
KINDS: Final = ("yes_no", "count")
MOST_PEOPLE: Final = 1_000_000
MOST_COHORTS: Final = 50
_POINTS: Final = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class PaymentTerms:
    """What is paid, and which fall has to be measured before anything is.

    Parameters
    ----------
    amount
        Pounds.
    per
        ``cohort``: `amount` for each cohort that meets the test. ``fewer``: `amount` for each reoffender (``yes_no``)
        or proven reoffence (``count``) fewer than expected, in a cohort that meets the test.
    at_least
        Fall that has to be measured, in the unit of the outcome: 0.05 is 5 percentage points of a share, or 0.05
        reoffences a person. With `relative`, a share of what was expected: 0.1 is a tenth lower. 0 asks for any fall.
    at_least_together
        The same where all cohorts are judged together; default `at_least`.
    relative
        Whether `at_least` and `at_least_together` are shares of what was expected.
    significant
        None, or a level such as 0.95: the fall has to lie outside what chance alone would bring, as well.
    most
        The most that is paid for a cohort, in pounds; only with ``fewer``.

    Raises
    ------
    InputError
        If a term makes no sense.

    Examples
    --------
    >>> PaymentTerms(amount=50_000, at_least=0.05).in_words("yes_no")
    '£50,000 for each cohort whose share is at least 5 percentage points lower than expected'
    >>> PaymentTerms(amount=400, per="fewer", at_least=0.1, relative=True).in_words("count")
    '£400 for each reoffence fewer than expected, if there are at least 10% fewer than expected'
    """

    amount: float
    per: str = "cohort"
    at_least: float = 0.0
    at_least_together: float | None = None
    relative: bool = False
    significant: float | None = None
    most: float | None = None

    def __post_init__(self) -> None:
        if self.per not in PER:
            raise InputError(f"A contract pays per 'cohort' or per 'fewer' reoffence or reoffender, not '{self.per}'.")
        if number("amount", self.amount) <= 0:
            raise InputError("amount is what the contract pays, in pounds above 0.")
        for name in ("at_least", "at_least_together"):
            given = getattr(self, name)
            if given is not None and (number(name, given) < 0 or (self.relative and given >= 1)):
                raise InputError(
                    f"{name} is the fall that has to be measured: 0 or more, and as a share of what was expected "
                    f"(relative=True) below 1, such as 0.1; not {given:g}."
                )
        if self.significant is not None and not 0.5 <= number("significant", self.significant) < 1:
            raise InputError(f"significant is a level such as 0.95, not {self.significant:g}; None asks for no test.")
        if self.most is not None and (self.per == "cohort" or number("most", self.most) <= 0):
            raise InputError(
                "most is the most that is paid for a cohort, in pounds above 0, where each reoffence or reoffender "
                "fewer is paid for; a payment per cohort is its own most."
            )

    @property
    def together(self) -> float:
        """The fall that has to be measured where all cohorts are judged together."""
        return self.at_least if self.at_least_together is None else self.at_least_together

    def fall_in_words(self, kind: str, at_least: float) -> str:
        """Return the fall that is asked for, in words."""
        if at_least == 0:
            return "lower than expected"
        if self.relative:
            return f"at least {format_percent(at_least, _digits(_POINTS * at_least))} lower than expected"
        if kind == "yes_no":
            points = _POINTS * at_least
            return f"at least {points:.{_digits(points)}f} percentage points lower than expected"
        return f"at least {at_least:g} a person lower than expected"

    def in_words(self, kind: str) -> str:
        """Return the terms in words."""
        test = self.fall_in_words(kind, self.at_least)
        sure = (
            ""
            if self.significant is None
            else f", and by more than chance alone would bring ({100 * self.significant:g}%)"
        )
        if self.per == "cohort":
            thing = "share" if kind == "yes_no" else "number of reoffences a person"
            return f"{format_money(self.amount)} for each cohort whose {thing} is {test}{sure}"
        thing = "reoffender" if kind == "yes_no" else "reoffence"
        fewer = test.replace("lower", "fewer")
        only = "" if self.at_least == 0 and not sure else f", if there are {fewer}{sure}"
        top = "" if self.most is None else f", up to {format_money(self.most)} a cohort"
        return f"{format_money(self.amount)} for each {thing} fewer than expected{only}{top}"


def _digits(value: float) -> int:
    return 0 if math.isclose(value, round(value), abs_tol=1e-9) else 1


def number(name: str, given: Any) -> float:
    """Return a finite number, or say which input is none."""
    if isinstance(given, bool | str | bytes):
        raise InputError(f"{name} has to be a number; it is a {type(given).__name__}.")
    try:
        value = float(given)
    except (TypeError, ValueError):
        raise InputError(f"{name} has to be a number; it is a {type(given).__name__}.") from None
    if not math.isfinite(value):
        raise InputError(f"{name} has to be a finite number.")
    return value


def whole(name: str, given: Any, most: int) -> int:
    """Return a whole number from 1 to the most there can be, or say which input is none."""
    value = number(name, given)
    if value != int(value) or not 1 <= value <= most:
        raise InputError(f"{name} has to be a whole number from 1 to {most:,}; it is {value:g}.")
    return int(value)


def check_kind(kind: str) -> str:
    """Return what is measured, or say what can be."""
    if kind not in KINDS:
        raise InputError(
            "kind is 'yes_no' (the share with a proven reoffence) or 'count' (proven reoffences a person), not "
            f"'{kind}'."
        )
    return kind


def check_expected(name: str, value: float, kind: str) -> float:
    """Return a figure expected without the programme, or say why it can be none."""
    if kind == "yes_no" and not 0 < value < 1:
        why = " (this looks like a percentage)" if 1 < value <= _POINTS else ""
        raise InputError(
            f"{name} is the share who reoffend, between 0 and 1, such as 0.55 for 55%; not {value:g}{why}."
        )
    if value <= 0:
        raise InputError(f"{name} is the number of reoffences a person, above 0, such as 2.6; not {value:g}.")
    return value


def check_promised(promised: Any, baseline: float) -> float:
    """Return the fall that is promised, or say why it can be none."""
    fall = number("promised", promised)
    if not 0 < fall <= baseline:
        raise InputError(
            f"promised is the fall in the same unit as the baseline: above 0 and at most the baseline of {baseline:g}; "
            f"not {fall:g}."
        )
    return fall
