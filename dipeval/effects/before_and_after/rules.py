"""How people came to be in the data: rules of selection, and who meets them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import numpy as np
from numpy.typing import NDArray

from dipeval.effects.before_and_after.figures import Rule
from dipeval.errors import EstimationError, InputError

if TYPE_CHECKING:
    from dipeval.effects.before_and_after.windows import Windows

AT_LEAST: Final = "at_least:"


def rule_of(selection: Any, *, count_index: bool, cohort: bool) -> Rule:
    """Return the rule that an argument names; parameters as in `dipeval.before_after`."""
    if callable(selection):
        rule = Rule(name="own", chosen=selection)
    elif selection in ("none", "index_counted"):
        rule = Rule(name="index_counted" if count_index else str(selection))
    else:
        rule = Rule(name="at_least", at_least=_number(selection))
    if count_index and rule.name != "index_counted":
        raise InputError(
            "count_index=True counts the index event among the offences before; what would be seen without any effect "
            "is then known for selection='index_counted' only."
        )
    if cohort and rule.name == "index_counted" and not count_index:
        raise InputError("The windows of a cohort leave the index event out; count it with count_index=True.")
    return rule


def _number(selection: Any) -> int:
    text = str(selection)
    number = {"at_least_one": "1"}.get(text, text.removeprefix(AT_LEAST) if text.startswith(AT_LEAST) else "")
    if not number.isdigit() or int(number) < 1:
        raise InputError(
            f"selection={selection!r} is not known; use 'none', 'index_counted', 'at_least_one', 'at_least:3' (any "
            "whole number from 1), or a function."
        )
    return int(number)


def meeting(windows: Windows, rule: Rule) -> NDArray[np.bool_]:
    """Who meets the rule of selection."""
    if rule.name == "at_least":
        return windows.before >= rule.at_least
    if rule.chosen is None:
        return np.ones(len(windows.rows), dtype=bool)
    chosen = np.asarray(rule.chosen(windows.before.copy(), windows.earlier.copy()))
    if chosen.dtype != bool or chosen.shape != windows.before.shape:
        raise InputError("selection must return True or False for each row.")
    return chosen


def chosen_by(windows: Windows, rule: Rule) -> NDArray[np.bool_]:
    """Return who is chosen among those whose offending is compared; refuse where hardly anybody, or what cannot be."""
    chosen = meeting(windows, rule)
    if rule.name == "own" and chosen.all():
        raise InputError(
            "Everybody given meets the rule, so it left people out beforehand. What to expect of those it chose can "
            "only be told from everybody it was applied to: pass them all."
        )
    if chosen.sum() < 2:
        raise EstimationError(f"{int(chosen.sum())} people meet the rule of selection; at least 2 are needed.")
    return chosen
