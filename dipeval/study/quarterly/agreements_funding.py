"""Mistakes between the keys of `[funding]` and `[testing_funding]`."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING, Final

from dipeval.extracts.contracts import did_you_mean
from dipeval.indicators.dictionary.catalogue import CATALOGUE
from dipeval.vocabulary import OFFENCE_CLASSES, OFFENCE_GROUPS

if TYPE_CHECKING:
    from dipeval.study.quarterly.spec import QuarterlySpec
    from dipeval.study.quarterly.spec_parts import FundingSpec

Location = tuple[str | int, ...]
Complaint = tuple[Location, str]
# Measures of need made from the table of recorded crime: "crime" for all of it, or "crime." and a class or group.
CRIME: Final = "crime"
SPEND: Final = "spend"
_YEAR: Final = re.compile(r"(\d{4})([-/](\d{2}|\d{4}))?")
_SECTIONS: Final = ("funding", "testing_funding")


def indicator_names(spec: QuarterlySpec) -> tuple[str, ...]:
    """Return the indicators that can be named: those of dipeval and those of the file."""
    return tuple(dict.fromkeys([*CATALOGUE, *(own.name for own in spec.indicators.own)]))


def funding_complaints(spec: QuarterlySpec) -> Iterator[Complaint]:
    """Find what disagrees in the sections on funding.

    Parameters
    ----------
    spec
        A quarterly file whose sections are each in order.

    Yields
    ------
    (location, sentence)
    """
    for section in _SECTIONS:
        chosen: FundingSpec | None = getattr(spec, section)
        if chosen is None:
            continue
        for find in (_weights, _without_a_file, _bounds, _before):
            for location, words in find(chosen, spec):
                yield (section, *location), words


def _weights(chosen: FundingSpec, _spec: QuarterlySpec) -> Iterator[Complaint]:
    if not any(chosen.need.values()):
        yield ("need",), "every weight is 0; give at least one measure a weight above 0."
    if chosen.financial_year is not None and not _YEAR.fullmatch(chosen.financial_year):
        yield ("financial_year",), f'found "{chosen.financial_year}"; needed is a year such as "2014-15".'


def _without_a_file(chosen: FundingSpec, spec: QuarterlySpec) -> Iterator[Complaint]:
    if chosen.file is not None:
        return
    for name in chosen.measures:
        if problem := _measure(name, spec):
            yield (("need", name) if name in chosen.need else ("per",)), problem
    for key in ("floor", "ceiling"):
        if isinstance(getattr(chosen, key), str):
            yield (key,), "words name a column of a file, and no file is named (file); give a number."
    if chosen.previous not in (None, SPEND):
        yield (
            ("previous",),
            f'found "{chosen.previous}"; needed is "{SPEND}" (the table of spending), or a file with such a column.',
        )


def _bounds(chosen: FundingSpec, _spec: QuarterlySpec) -> Iterator[Complaint]:
    low, high = chosen.floor, chosen.ceiling
    if isinstance(low, str) or isinstance(high, str) or low is None or high is None:
        return
    # Shares of the budget (up to 1) and pounds are compared when the budget is shared out.
    if (low <= 1) == (high <= 1) and high < low:
        yield ("ceiling",), f"found {high:g}; needed is at least the floor ({low:g})."


def _before(chosen: FundingSpec, _spec: QuarterlySpec) -> Iterator[Complaint]:
    if chosen.previous is None:
        for key in ("max_fall", "max_rise"):
            if getattr(chosen, key) is not None:
                yield ("previous",), f"this is missing; {key} is a share of what each district got before."
    if chosen.funder is not None and chosen.previous != SPEND:
        yield ("funder",), f'this says whose spending counts as previous; it needs previous = "{SPEND}".'


def _measure(name: str, spec: QuarterlySpec) -> str:
    """What is wrong with a measure of need; empty where nothing is."""
    known = indicator_names(spec)
    table, _, group = name.partition(".")
    if table == CRIME and group:
        groups = (*OFFENCE_CLASSES, *OFFENCE_GROUPS)
        if group in groups:
            return ""
        return f"there is no '{group}' of recorded crime{did_you_mean(group, groups)}; use {', '.join(groups)}."
    if name in known:
        return ""
    near = did_you_mean(name, known)
    return (
        f"there is no measure '{name}'{near}; name an indicator, {CRIME}.acquisitive or another class or group of "
        "recorded crime, or a file with such a column (file)."
    )
