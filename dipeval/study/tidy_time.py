"""A time to an event as rows of the long table of a study."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, Final

import pandas as pd

if TYPE_CHECKING:
    from dipeval.study.result import StudyResult

SECTION: Final = "time to event"


def time_rows(result: StudyResult) -> Iterator[dict[str, Any]]:
    """Return the rows, each with the smallest count it rests on; p-values have rows of their own.

    Parameters
    ----------
    result
        Finished or withheld; a withheld one has none.

    Returns
    -------
    iterator of dict
        As in `dipeval.study.tidy.tidy`; keys that do not apply are left out.
    """
    told = result.time_to_event
    if told is None:
        return
    for row in told.to_frame().to_dict("records"):
        if row["part"] in ("cox", "hazard_effect"):
            continue  # it has its row under "time"
        shared = {
            "section": f"{SECTION}: {row['part'].replace('_', ' ')}",
            "group": row["group"],
            "n": row["n"],
            "n_smallest": row["n_smallest"],
            "status": "shown",
            "note": _until(told.mark_time, told.horizon, told.unit, str(row["part"])),
        }
        limits = {"conf_low": row["conf_low"], "conf_high": row["conf_high"]}
        yield shared | {"measure": row["term"], "estimate": row["estimate"], **limits}
        if pd.notna(row["p_value"]):
            yield shared | {"measure": f"{row['term']}: p_value", "estimate": row["p_value"]}
    for part, why in told.not_done.items():
        yield {"section": f"{SECTION}: {part.replace('_', ' ')}", "measure": "not worked out", "status": "not done",
               "group": "", "note": why}  # fmt: skip


def _until(mark: float | None, horizon: float | None, unit: str, part: str) -> str:
    """The time that a figure is about."""
    if part in ("mark", "incidence", "mean_count") and mark is not None:
        return f"by {mark:g} {unit}"
    return f"until {horizon:g} {unit}" if part == "restricted_mean" and horizon is not None else ""
