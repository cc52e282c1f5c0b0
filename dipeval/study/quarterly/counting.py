"""The indicators of a quarterly file: measured once, by district, period and breakdown; everything later reads them."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from dipeval.errors import InputError
from dipeval.extracts.contracts import did_you_mean

if TYPE_CHECKING:
    from dipeval.indicators import CountingRule, Indicators, OwnIndicator
    from dipeval.study.quarterly.load import Loaded
    from dipeval.study.quarterly.spec import IndicatorsSpec, QuarterlySpec

logger = logging.getLogger("dipeval")
_NOT_THE_RULE = {"names", "by", "owners", "own"}


def counting_rule(section: IndicatorsSpec) -> CountingRule:
    """Return how indicators are counted: every key of the section that is no name is an option of the rule.

    Parameters
    ----------
    section
        `[indicators]`.

    Returns
    -------
    CountingRule
    """
    from dipeval.indicators import CountingRule

    options: dict[str, Any] = section.model_dump(exclude=_NOT_THE_RULE)
    if options["baseline"] is not None:
        options["baseline"] = tuple(options["baseline"])
    return CountingRule(**options)


def own_indicators(section: IndicatorsSpec) -> tuple[OwnIndicator, ...]:
    """Return the indicators that are the file's own."""
    from dipeval.indicators import OwnIndicator

    return tuple(OwnIndicator(**own.model_dump()) for own in section.own)


def measured(spec: QuarterlySpec, loaded: Loaded) -> Indicators:
    """Measure the indicators.

    Parameters
    ----------
    spec
        The quarterly file.
    loaded
        The records.

    Returns
    -------
    Indicators

    Raises
    ------
    InputError
        If one that is named in the file cannot be told, or a district that is named is not among the records.
    """
    from dipeval.indicators import indicators

    section = spec.indicators
    logger.info("measuring the indicators")
    found = indicators(
        loaded.extracts,
        loaded.linkage,
        names=section.names or None,
        every=section.every,
        date_from=section.date_from,
        date_to=section.date_to,
        by=breakdowns(spec),
        rule=counting_rule(section),
        own=own_indicators(section),
        engine=loaded.engine,
    )
    _require_named(spec, dict(found.missing))
    require_districts(spec, found.districts)
    _require_periods(spec, tuple(found.periods))
    return owned(found, section.owners)


def owned(found: Indicators, owners: Mapping[str, str]) -> Indicators:
    """Return the indicators with the owners of the study file; an owner in the table of targets stays.

    Parameters
    ----------
    found
        As measured.
    owners
        Indicator -> the body that answers for it.
    """
    if not owners:
        return found
    usual = {one.name: one.owner for one in found.indicators}
    frame = found._frame  # a view of the same figures: nothing is counted again
    names, given = frame["indicator"], frame["owner"].astype("object")
    own = names.map(owners)
    change = own.notna() & (given == names.map(usual))
    return replace(
        found,
        indicators=tuple(one.owned_by(owners[one.name]) if one.name in owners else one for one in found.indicators),
        _frame=frame.assign(owner=given.mask(change, own)),
    )


def breakdowns(spec: QuarterlySpec) -> tuple[str, ...]:
    """Return the breakdowns to count: those asked for, and the one districts are made alike on."""
    strata = [] if spec.benchmark.strata is None else [spec.benchmark.strata]
    return tuple(dict.fromkeys([*spec.indicators.by, *strata]))


def _require_named(spec: QuarterlySpec, missing: dict[str, str]) -> None:
    asked = [("indicators.names", name) for name in spec.indicators.names]
    asked += [("indicators.own", own.name) for own in spec.indicators.own]
    asked += [("change.indicators", name) for name in spec.change.indicators]
    asked += [("benchmark.indicators", name) for name in spec.benchmark.indicators]
    faults = [f"{key}: '{name}' cannot be told. {missing[name]}" for key, name in asked if name in missing]
    if faults:
        raise InputError(" ".join(dict.fromkeys(faults)))


def _require_periods(spec: QuarterlySpec, periods: tuple[str, ...]) -> None:
    """Refuse breaks and baselines that are no period of the records: without them there would be no chart at all."""
    first = spec.change.baseline_periods
    named = {"change.breaks": spec.change.breaks, "change.baseline_periods": first if isinstance(first, list) else []}
    faults = [
        f"{key}: '{label}' is no period of the records"
        for key, labels in named.items()
        for label in labels
        if label not in periods
    ]
    if faults:
        told = f"{periods[0]} to {periods[-1]}" if periods else "none"
        raise InputError(f"{'; '.join(faults)}. The periods are {told}.")


def require_districts(spec: QuarterlySpec, districts: tuple[str, ...]) -> None:
    """Refuse districts that the file names and the records do not, all at once.

    Parameters
    ----------
    spec
        The quarterly file.
    districts
        Of the records.
    """
    named = {"change.districts": spec.change.districts, "reports.districts": spec.reports.districts}
    faults = [
        f"{key}: there is no district '{name}'{did_you_mean(name, districts)}"
        for key, names in named.items()
        for name in names
        if name not in districts
    ]
    if faults:
        raise InputError(f"{'; '.join(faults)}. The districts are {', '.join(districts) or 'none'}.")
