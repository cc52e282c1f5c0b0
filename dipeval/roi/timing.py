"""When the benefits arise: within the follow-up, and in years beyond it if those are counted."""

from __future__ import annotations

import math
from typing import Final

from dipeval.errors import InputError
from dipeval.roi.chain import Timing

YEAR: Final = 365.25
# A follow-up of one year, in days, in years with and without a leap day.
ONE_YEAR: Final = (365, 366)


def years_of(follow_up_days: int) -> int:
    """Return the years that a follow-up reaches into; a leap day does not open another one.

    Examples
    --------
    >>> [years_of(days) for days in (182, 365, 366, 367, 730, 731)]
    [1, 1, 1, 2, 2, 2]
    """
    if isinstance(follow_up_days, bool) or follow_up_days != int(follow_up_days) or follow_up_days < 1:
        raise InputError("follow_up_days is the whole number of days in which offences were counted, 1 or more.")
    return max(1, math.ceil((follow_up_days - 1) / YEAR))


def timing(follow_up_days: int, extrapolate_years: int, discount_rate: float, spread: float) -> Timing:
    """Return when benefits arise, as factors on what a pound in the first year of spending is worth.

    Parameters
    ----------
    follow_up_days
        Days in which offences were counted for each person, the same on both sides.
    extrapolate_years
        Years beyond it in which the effect is taken to go on.
    discount_rate
        A year, as a share.
    spread
        Present over real value of the spending: people start treatment, and their follow-up, as the money was spent.

    Returns
    -------
    Timing

    Raises
    ------
    InputError
        If the days, the years or the rate make no sense.

    Notes
    -----
    HM Treasury, Green Book (2026), chapter 6. Within the follow-up the offences averted are taken to be spread evenly
    over its days; those of its second year are discounted by one year, and so on. Each year beyond it starts from the
    offences averted a year within it, and is discounted by one year more than the one before.

    Examples
    --------
    >>> two_years = timing(730, 0, 0.10, 1.0)
    >>> round(two_years.within, 6) == round(365.25 / 730 + 364.75 / 730 / 1.1, 6)
    True
    >>> timing(365, 2, 0.25, 1.0)
    Timing(within=1.0, later=(0.8, 0.64), annual=1.0)
    """
    years = years_of(follow_up_days)
    if extrapolate_years != int(extrapolate_years) or extrapolate_years < 0:
        raise InputError("extrapolate_years is a whole number, 0 or more.")
    if not (0 <= discount_rate < math.inf and 0 < spread < math.inf):
        raise InputError("A discount rate is a share of 0 or more, and spending has a value above 0.")
    days = [YEAR] * (years - 1)
    days.append(follow_up_days - math.fsum(days))
    shares = [in_year / follow_up_days for in_year in days]
    within = math.fsum(share / (1 + discount_rate) ** year for year, share in enumerate(shares))
    later = (spread / (1 + discount_rate) ** (years - 1 + year) for year in range(1, extrapolate_years + 1))
    one_year = follow_up_days in ONE_YEAR
    return Timing(within=spread * within, later=tuple(later), annual=1.0 if one_year else YEAR / follow_up_days)
