"""Agreements between `[before_after]` and the other sections of a study file."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from dipeval.study.columns import Location
    from dipeval.study.spec import StudySpec


def before_after_complaints(spec: StudySpec) -> Iterator[tuple[Location, str]]:
    """Return what in `[before_after]` does not go together with the rest, with the key to change.

    Parameters
    ----------
    spec
        A study whose sections are each in order.

    Returns
    -------
    iterator of (location, sentence)
    """
    asked = spec.before_after
    if asked is None:
        return
    place = "before_after"
    if not spec.from_extracts:
        yield (place,), "windows before and after are counted from extracts; take [before_after] out of this study."
        return
    if spec.times_only:
        yield (
            (place,),
            (
                "people are treated at different times, or followed for unequal times, so that a window after has no "
                "one meaning; take [before_after] out."
            ),
        )
    if asked.count_index and asked.selection != "none":
        yield (
            (place, "selection"),
            (
                f'found "{asked.selection}"; with count_index = true what would be seen without any effect is known '
                'for "none" only.'
            ),
        )
    if asked.count_index and asked.gap_days:
        yield (place, "gap_days"), "count_index = true counts the days up to the index: take one of the two out."
    if asked.sharp < asked.similar:
        yield (place, "sharp"), f"found {asked.sharp}; needed is at least {asked.similar}, the value of similar."
    waiting = spec.follow_up.needed_days - spec.follow_up.days
    needed = asked.days + waiting
    if not spec.times_only and spec.cohort.required_days < needed:
        yield (
            (place, "days"),
            (
                f"found {asked.days}; with {waiting} days of waiting the extracts must cover {needed} days after time "
                f"zero: raise cohort.required_days to that, or shorten the windows."
            ),
        )
