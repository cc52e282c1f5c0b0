"""Agreements within `[area_effect]` that no single key can tell."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from dipeval.study.columns import Location
    from dipeval.study.spec import StudySpec

ENDINGS = (".csv", ".parquet", ".xlsx", ".xls", ".ods")


def area_complaints(spec: StudySpec) -> Iterator[tuple[Location, str]]:
    """Return what in `[area_effect]` does not go together, with the key to change.

    Parameters
    ----------
    spec
        A study whose sections are each in order.

    Returns
    -------
    iterator of (location, sentence)
    """
    asked = spec.area_effect
    if asked is None:
        return
    place = "area_effect"
    if Path(asked.file).suffix.lower() not in ENDINGS:
        yield (place, "file"), f"found '{asked.file}'; needed is a table of areas and periods ({', '.join(ENDINGS)})."
    keys = ("area", "period", "outcome", "treated_from", "treated_until", "at_risk")
    taken: dict[str, str] = {}
    for key in keys:
        column = getattr(asked, key)
        if column is None:
            continue
        if column in taken:
            yield (place, key), f"found '{column}', which is {taken[column]} already: every role needs its own column."
        taken.setdefault(column, key)
    if asked.per != 1.0 and asked.at_risk is None:
        yield (place, "per"), "rates are per so many of at_risk: name that column too, or take per out."
