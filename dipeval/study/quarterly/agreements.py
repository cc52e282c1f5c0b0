"""Mistakes that lie between two keys of a quarterly file: each check looks at one agreement and says what breaks it."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Final

from dipeval.errors import InputError
from dipeval.extracts.contracts import did_you_mean
from dipeval.indicators.dictionary.own import OwnIndicator
from dipeval.study.crosschecks import data_citation, data_status
from dipeval.study.quarterly.agreements_funding import funding_complaints, indicator_names

if TYPE_CHECKING:
    from dipeval.study.quarterly.spec import QuarterlySpec

Location = tuple[str | int, ...]
Complaint = tuple[Location, str]
PERIODS: Final = {"quarter": r"\d{4}-Q[1-4]", "month": r"\d{4}-(0[1-9]|1[0-2])"}
EXAMPLES: Final = {"quarter": "2013-Q2", "month": "2013-04"}


def agreements(spec: QuarterlySpec) -> list[Complaint]:
    """Return every disagreement between the keys of a quarterly file, with the key to change.

    Parameters
    ----------
    spec
        A file whose sections are each in order.

    Returns
    -------
    list of (location, sentence)
    """
    return [complaint for check in _CHECKS for complaint in check(spec)]


def _source(spec: QuarterlySpec) -> Iterator[Complaint]:
    if spec.data.source == "extracts" and spec.data.folder is None:
        yield ("data", "folder"), 'this is missing; source = "extracts" needs it.'
    if spec.simulated and spec.data.status not in (None, "simulated"):
        yield ("data", "status"), f'found "{spec.data.status}"; simulated records have the status "simulated".'


def _status(spec: QuarterlySpec) -> Iterator[Complaint]:
    if spec.disclosure.profile != "none":
        return
    if data_status(spec) == "personal":
        yield (
            ("disclosure", "profile"),
            '"none" is only for simulated data, or public data with a citation; these data are personal. '
            'Use "threshold10".',
        )
    if data_status(spec) == "public" and not data_citation(spec):
        yield ("data", "citation"), 'this is empty; disclosure profile "none" on public data needs it.'


def _window(spec: QuarterlySpec) -> Iterator[Complaint]:
    first, last = spec.indicators.date_from, spec.indicators.date_to
    if first is not None and last is not None and last < first:
        yield (
            ("indicators", "date_to"),
            f"found {last.isoformat()}; needed is date_from ({first.isoformat()}) or later.",
        )


def _periods(spec: QuarterlySpec) -> Iterator[Complaint]:
    every, change = spec.indicators.every, spec.change
    given: list[tuple[Location, Sequence[str]]] = [
        (("indicators", "baseline"), spec.indicators.baseline or ()),
        (("change", "breaks"), change.breaks),
        (
            ("change", "baseline_periods"),
            change.baseline_periods if isinstance(change.baseline_periods, list) else (),
        ),
    ]
    for location, labels in given:
        wrong = [label for label in labels if not re.fullmatch(PERIODS[every], label)]
        for label in wrong:
            yield location, f'found "{label}"; needed is a {every} such as "{EXAMPLES[every]}" (indicators.every).'
        if len(labels) == 2 and location[-1] != "breaks" and not wrong and labels[1] < labels[0]:
            yield location, f'found "{labels[0]}" to "{labels[1]}"; needed is the first period and then the last.'


def _own(spec: QuarterlySpec) -> Iterator[Complaint]:
    names = Counter(own.name for own in spec.indicators.own)
    for place, own in enumerate(spec.indicators.own):
        at: Location = ("indicators", "own", place)
        if names[own.name] > 1:
            yield (*at, "name"), f'"{own.name}" is the name of {names[own.name]} indicators; each needs its own.'
        try:
            OwnIndicator(**own.model_dump())
        except InputError as error:
            yield at, str(error)


def _names(spec: QuarterlySpec) -> Iterator[Complaint]:
    known = indicator_names(spec)
    given: list[tuple[Location, Iterable[str]]] = [
        (("indicators", "names"), spec.indicators.names),
        (("indicators", "owners"), spec.indicators.owners),
        (("change", "indicators"), spec.change.indicators),
        (("benchmark", "indicators"), spec.benchmark.indicators),
    ]
    for location, names in given:
        for name in names:
            if name not in known:
                where = (*location, name) if location[-1] == "owners" else location
                near = did_you_mean(name, known)
                yield where, f"there is no indicator '{name}'{near}; dip.indicator_dictionary() lists them."
            elif spec.indicators.names and name not in spec.indicators.names and location[-1] != "owners":
                yield location, f"'{name}' is not among indicators.names; add it there, or take it out here."


def _benchmark(spec: QuarterlySpec) -> Iterator[Complaint]:
    chosen = spec.benchmark
    if chosen.standardise is not None and chosen.strata is None:
        yield (
            ("benchmark", "strata"),
            f'this is missing; standardise = "{chosen.standardise}" needs what districts are made alike on.',
        )
    if chosen.strata is not None and chosen.standardise is None:
        yield ("benchmark", "standardise"), f'this is missing; strata = "{chosen.strata}" does nothing without it.'
    if chosen.strata is not None and spec.indicators.by and chosen.strata not in spec.indicators.by:
        yield ("benchmark", "strata"), f'"{chosen.strata}" is not among indicators.by; add it there.'


def _accuracy(spec: QuarterlySpec) -> Iterator[Complaint]:
    chosen = spec.test_accuracy
    if chosen is not None and chosen.sensitivity + chosen.specificity <= 1:
        yield (
            ("test_accuracy", "specificity"),
            f"found {chosen.specificity:g}; with sensitivity {chosen.sensitivity:g} the test tells nothing: together "
            "they must be above 1. Are they given the other way round?",
        )


_CHECKS: tuple[Callable[[QuarterlySpec], Iterator[Complaint]], ...] = (
    _source,
    _status,
    _window,
    _periods,
    _own,
    _names,
    _benchmark,
    funding_complaints,
    _accuracy,
)
