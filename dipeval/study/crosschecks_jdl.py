"""Agreements between `[jdl_style]` and the other sections of a study file."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from dipeval.study.columns import Location, outcome_columns
from dipeval.vocabulary import OUTCOME_NAMES

if TYPE_CHECKING:
    from dipeval.study.spec import OutcomeSpec, StudySpec

_PLACE = ("jdl_style",)


def jdl_complaints(spec: StudySpec) -> Iterator[tuple[Location, str]]:
    """Return what in the rest of a study file this style cannot be combined with, with the key to change.

    Parameters
    ----------
    spec
        The study.

    Returns
    -------
    iterator of (location, sentence)
    """
    asked = spec.jdl_style
    if asked is None:
        return
    if spec.times_only:
        yield _PLACE, "this style compares shares over one length of follow-up, and only times can be compared here."
    if spec.many_indexes:
        yield _PLACE, "this style follows one index event a person; take out the option that lets a person in again."
    if not spec.from_extracts and not first_outcome(spec, "yes_no"):
        yield _PLACE, 'this style needs an outcome with kind = "yes_no": whether people reoffended.'
    outcomes = {*outcome_columns(spec), *OUTCOME_NAMES}
    for name in asked.exact:
        if name in outcomes:
            yield (*_PLACE, "exact"), f'"{name}" is an outcome: the groups may not be matched on what happened later.'
        elif name in spec.people.excluded:
            yield (*_PLACE, "exact"), f'"{name}" is also under people.excluded; it can be only one of the two.'


def first_outcome(spec: StudySpec, kind: str) -> OutcomeSpec | None:
    """The primary outcome if it is of this kind, else the first that is."""
    found = sorted((item for item in spec.outcomes if item.kind == kind), key=lambda item: not item.primary)
    return found[0] if found else None
