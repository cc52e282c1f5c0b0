"""Every indicator that dipeval counts: what is above the line, what is below it, and which direction is wanted."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from dipeval.errors import InputError
from dipeval.extracts.contracts import did_you_mean
from dipeval.indicators.dictionary.from_onward import ONWARD, REOFFENDING
from dipeval.indicators.dictionary.from_tests import ENTRY, FREQUENT, RESOURCES
from dipeval.indicators.dictionary.indicator import Indicator


def _by_name(*indicators: Indicator) -> Mapping[str, Indicator]:
    return MappingProxyType({one.name: one for one in indicators})


# In the order of the review's questions: who comes in, what happened to them, reoffending, frequent flyers, resources.
CATALOGUE: Final[Mapping[str, Indicator]] = _by_name(*ENTRY, *ONWARD, *REOFFENDING, *FREQUENT, *RESOURCES)


def indicator(name: str) -> Indicator:
    """Return an indicator by its name.

    Parameters
    ----------
    name
        As in the dictionary.

    Raises
    ------
    InputError
        If there is none of this name.

    Examples
    --------
    >>> indicator("positivity").numerator
    'drug tests positive for opiates, cocaine or both'
    >>> indicator("positivty")
    Traceback (most recent call last):
    ...
    dipeval.errors.InputError: There is no indicator 'positivty' (did you mean 'positivity'?); \
dip.indicator_dictionary() lists them.
    """
    if name not in CATALOGUE:
        near = did_you_mean(str(name), CATALOGUE)
        raise InputError(f"There is no indicator '{name}'{near}; dip.indicator_dictionary() lists them.")
    return CATALOGUE[name]
