"""What an analysis in the style of the Justice Data Lab is asked for: columns, error, least numbers, and their checks.

Bands, caliper and least numbers that are ascribed to the Justice Data Lab were seen at second hand only: each is a
parameter here, and each is said to be unverified wherever it is used.
"""

from __future__ import annotations

from dataclasses import dataclass
from numbers import Integral, Real
from typing import Any, Final

from dipeval.errors import InputError

SE_METHODS: Final = ("hc0", "count")
SCALES: Final = ("logit", "probability")
LEAST_SUBMITTED: Final = 60
LEAST_MATCHED: Final = 30
WORTHWHILE: Final = 0.10


@dataclass(frozen=True, slots=True, kw_only=True)
class JdlColumns:
    """Where the headline measures stand in the outcomes.

    Parameters
    ----------
    reoffended
        Whether the person reoffended, 0/1.
    n_reoffences
        Number of reoffences; None where they were not counted.
    time, event
        Time to the first reoffence or the end of follow-up, and whether it came to a reoffence; None for none.
    time_unit
        Unit of ``time``.
    """

    reoffended: str = "reoffended"
    n_reoffences: str | None = "n_reoffences"
    time: str | None = "time_days"
    event: str | None = "event"
    time_unit: str = "days"

    def __post_init__(self) -> None:
        """Refuse a time without its event."""
        if (self.time is None) != (self.event is None):
            raise InputError(
                "time= and event= go together: the time, and whether the person reoffended then. Name both, or None "
                "for both to leave the time to the first reoffence out."
            )
        if not isinstance(self.time_unit, str) or not self.time_unit:
            raise InputError("time_unit must be a word for the unit of the time, such as 'days'.")


@dataclass(frozen=True, slots=True, kw_only=True)
class JdlRule:
    """How the figures are made and when they are withheld.

    Parameters
    ----------
    se
        ``hc0``: robust error over the weighted people. ``count``: the plain error from the number of different people.
    level, power
        Coverage of the intervals, and the chance of being found that defines the smallest detectable difference.
    worthwhile
        Smallest difference that was to be found, as a share of the comparison people's figure.
    minimum_people, minimum_matched
        Fewest treated people submitted, and matched, for results to be shown.
    submitted
        Treated people submitted, where some of them were lost before the table; None where it holds them all.
    override, reason
        Whether results are shown although the checks failed, and why.
    follow_up_days
        Length of the follow-up; None where it is not known.
    expected_share
        Share of the comparison people expected to reoffend, for what could be found before any outcome is read.
    """

    se: str = "hc0"
    level: float = 0.95
    power: float = 0.8
    worthwhile: float = WORTHWHILE
    minimum_people: int = LEAST_SUBMITTED
    minimum_matched: int = LEAST_MATCHED
    submitted: int | None = None
    override: bool = False
    reason: str = ""
    follow_up_days: int | None = None
    expected_share: float = 0.5

    def __post_init__(self) -> None:
        """Refuse values that cannot be used."""
        if self.se not in SE_METHODS:
            raise InputError(f"se={self.se!r} is not known here; use one of {', '.join(SE_METHODS)}.")
        for name, low, high in (("level", 0.5, 1.0), ("power", 0.0, 1.0), ("expected_share", 0.0, 1.0)):
            value = getattr(self, name)
            if not (_is_number(value) and low <= value < high and value > 0):
                raise InputError(f"{name}={value!r} is no share from above {low:g} to below {high:g}, such as 0.8.")
        if not (_is_number(self.worthwhile) and self.worthwhile > 0):
            raise InputError(
                f"worthwhile={self.worthwhile!r} is not the smallest difference to be found, as a share of the "
                "comparison people's figure; 0.1 stands for a tenth."
            )
        for name in ("minimum_people", "minimum_matched", "submitted", "follow_up_days"):
            self._whole(name)

    def _whole(self, name: str) -> None:
        value: Any = getattr(self, name)
        if value is None and name in ("submitted", "follow_up_days"):
            return
        if isinstance(value, bool) or not isinstance(value, Integral) or value < 1:
            raise InputError(f"{name}={value!r} must be a whole number of at least 1.")


def _is_number(value: object) -> bool:
    return isinstance(value, Real) and not isinstance(value, bool)


def override_of(override: object) -> tuple[bool, str]:
    """Return whether results are to be shown whatever the checks say, and the reason written for it.

    Parameters
    ----------
    override
        True, False, or the reason in words (none is False).

    Returns
    -------
    tuple

    Raises
    ------
    InputError
        If it is neither.

    Examples
    --------
    >>> override_of(False), override_of("A pilot: the table of differences is the point.")[0]
    ((False, ''), True)
    """
    if isinstance(override, str):
        return bool(override.strip()), override.strip()
    if isinstance(override, bool):
        return override, ""
    raise InputError(
        f"override must be True, False or the reason in words; it is a {type(override).__name__}. With a reason, the "
        "results of a comparison that failed its checks are shown together with it."
    )
