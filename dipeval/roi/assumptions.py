"""What an analyst may add to the plain sum: each an explicit step, off unless it is switched on."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Literal

from dipeval.errors import InputError
from dipeval.roi.uncertain import Uncertain, certain
from dipeval.vocabulary import OFFENCE_GROUPS

MOST_YEARS: Final = 10
SHARES: Final = ("attribution", "drop_off")
SHARE: Final = " Give a share as 0.8, not 80."


@dataclass(frozen=True, slots=True, kw_only=True)
class RoiAssumptions:
    """The steps between the effect and the money that no data of the study settle; all off by default.

    Parameters
    ----------
    recorded_per_proven
        Recorded crimes behind each proven reoffence; 1 leaves the step out. No published figure ships.
    actual_per_recorded
        ``off``; ``published``: the multipliers of the edition of unit costs (those below 1 too); or a figure by offence
        group.
    attribution
        Share of the effect that is this programme's and not another's, above 0 and up to 1.
    extrapolate_years
        Years beyond the follow-up in which the effect is taken to go on; 0 by default.
    drop_off
        Share of the effect lost with each of those years; needed with them.
    optimism_bias
        Share by which the spending is raised, 0 or more.
    unit_cost_factor, cost_factor
        What every unit cost, and all spending, are multiplied by, to say how sure they are: ``Uncertain(1, 0.8, 1.2)``.

    Raises
    ------
    InputError
        If a figure is out of its range, or years beyond the follow-up are counted without a drop-off.

    Notes
    -----
    A distribution without ends (``normal``, ``lognormal``, ``gamma``) is cut off where the figure would have no meaning
    (a share below 0 or above 1, spending below 0) when it is drawn; what is left stands for all of it.

    Examples
    --------
    >>> RoiAssumptions().all_off
    True
    >>> RoiAssumptions(actual_per_recorded="published", attribution=Uncertain(0.8, 0.6, 1.0)).all_off
    False
    """

    recorded_per_proven: float | Uncertain = 1.0
    actual_per_recorded: Literal["off", "published"] | Mapping[str, float | Uncertain] = "off"
    attribution: float | Uncertain = 1.0
    extrapolate_years: int = 0
    drop_off: float | Uncertain | None = None
    optimism_bias: float | Uncertain = 0.0
    unit_cost_factor: float | Uncertain = 1.0
    cost_factor: float | Uncertain = 1.0

    def __post_init__(self) -> None:
        for name in SHARES:
            if getattr(self, name) is not None:
                _between(name, getattr(self, name), 0.0, 1.0, SHARE)
        if certain(self.attribution).value == 0:
            raise InputError(
                "attribution is 0: none of the effect is this programme's, so there is nothing to set against its "
                "cost. Give the share above 0 that is."
            )
        _between("optimism_bias", self.optimism_bias, 0.0, 10.0, SHARE)
        for name in ("recorded_per_proven", "unit_cost_factor", "cost_factor"):
            _between(name, getattr(self, name), 0.0, 1_000.0)
        _check_multipliers(self.actual_per_recorded)
        years = self.extrapolate_years
        if isinstance(years, bool) or not (isinstance(years, int) and 0 <= years <= MOST_YEARS):
            raise InputError(f"extrapolate_years is a whole number from 0 to {MOST_YEARS}.")
        if years and self.drop_off is None:
            raise InputError(
                "Counting years beyond the follow-up needs drop_off, the share of the effect lost with each of them "
                "(0 says that it never fades: write that down if you mean it)."
            )

    @property
    def all_off(self) -> bool:
        """Whether the plain sum is left as it is."""
        steps = (self.recorded_per_proven, self.attribution, self.unit_cost_factor, self.cost_factor)
        plain = all(_is_exactly(step, 1.0) for step in steps) and _is_exactly(self.optimism_bias, 0.0)
        return plain and not self.extrapolate_years and self.actual_per_recorded == "off"


def _is_exactly(figure: float | Uncertain, value: float) -> bool:
    known = certain(figure)
    return known.is_fixed and known.value == value


def _check_multipliers(given: object) -> None:
    if isinstance(given, str) and given in ("off", "published"):
        return
    if not isinstance(given, Mapping):
        raise InputError("actual_per_recorded is 'off', 'published', or a figure by offence group.")
    unknown = sorted(set(map(str, given)) - set(OFFENCE_GROUPS))
    if unknown:
        raise InputError(
            f"actual_per_recorded names {len(unknown)} offence group(s) that dipeval does not know: "
            f"{', '.join(unknown)}. The groups are: {', '.join(OFFENCE_GROUPS)}."
        )
    for group, figure in given.items():
        _between(f"actual_per_recorded of {group}", figure, 0.0, 1_000.0)


def _between(name: str, figure: float | Uncertain, low: float, high: float, hint: str = "") -> None:
    """Refuse a range outside the bounds; what a distribution without ends puts beyond them is cut off when drawn."""
    try:
        known = certain(figure)
    except InputError as error:
        raise InputError(f"{name}: {error}") from None
    if not (low <= known.low and known.high <= high):
        raise InputError(
            f"{name} must lie between {low:g} and {high:g}; its range is {known.low:g} to {known.high:g}.{hint}"
        )
