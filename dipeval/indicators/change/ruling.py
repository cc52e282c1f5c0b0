"""Which rules a phase can be judged by."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from dipeval.indicators.change.limits import Lines
from dipeval.indicators.change.rules import CONTROL_RULES, NEED_LIMITS, RULES, RUN_RULES

# Runs are judged as throws of a fair coin. Where 0 is counted in most periods, most steady points lie below the mean,
# and eight in a row there are no wonder: 0.6 to the eighth power is four times a half to the eighth.
MOST_LOPSIDED: Final = {"limits": 0.6, "median": 2 / 3, "points": 1.0}


def too_lopsided(line: Lines) -> bool:
    """Say whether so few are counted that the sides of the centre are no throw of a fair coin."""
    return line.lopsided > MOST_LOPSIDED[line.kind]


def rules_of(line: Lines, rules: Sequence[str] | None) -> tuple[str, ...]:
    """Return the rules looked at: those asked for that the lines allow, or the usual ones."""
    if line.kind == "points":
        return ()
    if rules is None:
        usual: tuple[str, ...] = CONTROL_RULES if line.kind == "limits" else RUN_RULES
    else:
        usual = tuple(rule for rule in RULES if rule in rules and (line.kind == "limits" or rule not in NEED_LIMITS))
    runs = ("run_of_8", *RUN_RULES)
    return tuple(rule for rule in usual if rule not in runs) if too_lopsided(line) else usual
