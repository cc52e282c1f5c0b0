"""What a specification curve says of its grid: what was asked of a design, which failed, and what was skipped."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import pandas as pd

from dipeval.effects.checks import specifications_words as words
from dipeval.effects.checks.specifications_grid import Limits
from dipeval.presenting import format_count, format_number, format_percent


def limits_in_words(limits: Limits) -> str:
    """Say what a design must pass.

    Examples
    --------
    >>> from dipeval.effects.checks.specifications_grid import SpecificationLimits
    >>> limits_in_words(SpecificationLimits())[:61]
    'A design passes with a largest standardised difference of at '
    """
    return words.NOTE_LIMITS.format(
        max_smd=format_number(limits.max_smd, 2),
        max_share_dropped=format_percent(limits.max_share_dropped, 0),
        min_treated=format_count(limits.min_treated),
        min_ess=format_count(limits.min_ess),
    )


def skipped_in_words(skipped: Mapping[str, int]) -> tuple[str, ...]:
    """Say how many combinations are no specification, and why.

    Examples
    --------
    >>> skipped_in_words({"the method needs a caliper": 2})
    ('Combinations of the grid that are no specification of their own: 2, because the method needs a caliper.',)
    """
    if not skipped:
        return ()
    listed = "; ".join(f"{format_count(n)}, because {reason}" for reason, n in skipped.items())
    return (words.NOTE_SKIPPED.format(listed=listed),)


def not_counted(n_specifications: int, n_passing: int, *, main_passed: bool) -> str:
    """Say how many specifications the headline leaves out, and whether the main one is among them; empty if none.

    Examples
    --------
    >>> not_counted(42, 41, main_passed=True)[:52]
    '1 of the 42 specifications is not counted: the desig'
    """
    n = n_specifications - n_passing
    return (
        words.NOT_COUNTED.format(
            n=format_count(n),
            total=format_count(n_specifications),
            main="" if main_passed else words.WITH_MAIN,
            is_are="is" if n == 1 else "are",
        )
        if n
        else ""
    )


def failed_checks(checks: Mapping[str, Any], limits: Limits) -> list[str]:
    """Say which checks a design did not pass.

    Parameters
    ----------
    checks
        max_smd, share_dropped, n_treated, ess.
    limits
        What was asked for.

    Returns
    -------
    list of str

    Examples
    --------
    >>> from dipeval.effects.checks.specifications_grid import SpecificationLimits
    >>> found = {"max_smd": 0.1004, "share_dropped": 0.25, "n_treated": 30, "ess": 29.2}
    >>> failed_checks(found, SpecificationLimits())
    ['largest standardised difference 0.1004, at most 0.1000 allowed', 'effective size 29, at least 30 asked for']
    """
    smd, dropped, treated, ess = (checks[name] for name in ("max_smd", "share_dropped", "n_treated", "ess"))
    told = []
    if not smd <= limits.max_smd:
        digits = 3 if smd > 1.01 * limits.max_smd else 4  # just beyond: three decimals would show the limit itself
        values = (format_number(smd, digits), format_number(limits.max_smd, digits))
        told.append(words.FAILED_SMD.format(value=values[0], limit=values[1]))
    if dropped > limits.max_share_dropped:
        values = (format_percent(dropped), format_percent(limits.max_share_dropped))
        told.append(words.FAILED_DROPPED.format(value=values[0], limit=values[1]))
    if treated < limits.min_treated:
        told.append(words.FAILED_TREATED.format(value=format_count(treated), limit=format_count(limits.min_treated)))
    if ess < limits.min_ess:
        told.append(words.FAILED_ESS.format(value=format_count(ess), limit=format_count(limits.min_ess)))
    return told


def by_choice(table: pd.DataFrame, choices: Sequence[str]) -> Iterator[tuple[str, str, pd.DataFrame]]:
    """Split a table by each of its choices in turn, where there is more than one to choose from.

    Parameters
    ----------
    table
        One row a specification or design.
    choices
        Columns; a missing value is a choice that does not apply, and is passed over.

    Yields
    ------
    tuple
        The column, the choice in words, the rows that rest on it. The methods always, so that there is a row at least.

    Examples
    --------
    >>> table = pd.DataFrame({"method": ["nearest", "entropy"], "caliper": [0.2, None]})
    >>> [(column, told, len(part)) for column, told, part in by_choice(table, ("method", "caliper"))]
    [('method', 'Nearest neighbour', 1), ('method', 'Entropy balancing', 1)]
    """
    for column in choices:
        values = list(dict.fromkeys(table.loc[table[column].notna(), column].tolist()))
        if len(values) < 2 and column != "method":
            continue
        for value in values:
            yield column, _told(value), table[table[column] == value]


def _told(value: Any) -> str:
    known = {**words.METHODS, **words.ESTIMATORS}
    return known.get(value, f"{value:g}" if isinstance(value, (int, float)) else str(value))
