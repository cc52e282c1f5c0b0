"""Ratios of counts, with Wilson's interval where one is a part of the other."""

from __future__ import annotations

from dipeval.linkage.shares import wilson


def ratio(part: float, whole: float | None) -> float:
    """Return part / whole, NaN without a whole.

    Examples
    --------
    >>> ratio(1, 4), ratio(1, 0)
    (0.25, nan)
    """
    return part / whole if whole else float("nan")


def limits(part: float, whole: float) -> tuple[float, float]:
    """Return the 95% interval of a share by Wilson (1927); NaN without a whole.

    Examples
    --------
    >>> [round(limit, 3) for limit in limits(52, 100)]
    [0.423, 0.615]
    """
    return wilson(float(part), float(whole))
