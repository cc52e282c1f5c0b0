"""Every figure of the pictures over time as rows of results.csv, so that they can be drawn again from the file."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from dipeval.report.time_drawn import Drawn, incidence_drawn, mean_drawn, share_drawn

if TYPE_CHECKING:
    from dipeval.study import StudyResult

SECTION = "plotted"
PICTURES = {
    "share reoffended": share_drawn,
    "what happened first": incidence_drawn,
    "mean number of reoffences": mean_drawn,
}
_CELLS = ("at_risk", "n_effective", "events", "censored")


def plotted(result: StudyResult) -> Iterator[dict[str, Any]]:
    """Return the points of the curves, what is read off at one time, and the numbers of people below the axis.

    Parameters
    ----------
    result
        From ``Study.run()``.

    Returns
    -------
    iterator of dict
        Under the names of the columns of results.csv: the measure is the element and its cause, the note the time.
        Everything is released already; a withheld study has no row.
    """
    if result.withheld:
        return
    for name, make in PICTURES.items():
        drawn = make(result)
        if drawn is not None:
            yield from _rows(f"{SECTION}: {name}", drawn)


def _rows(section: str, drawn: Drawn) -> Iterator[dict[str, Any]]:
    for row in drawn.listed().to_dict("records"):
        element = str(row["element"])
        shared = {
            "section": section,
            "measure": f"{element}, {row['cause']}" if row["cause"] else element,
            "group": row["group"],
            "status": "shown",
            "note": f"at {row['time_days']:g} {drawn.unit}",
        }
        if element.startswith(_CELLS) and row["time_days"] == 0 and row["words"] == "0":
            continue  # nothing can have happened at the start: a nought in the file would only look like a small count
        if element.startswith(_CELLS):
            yield shared | {"n": str(row["words"]).replace(",", "")}
        else:
            yield shared | {name: _text(row[name]) for name in ("estimate", "conf_low", "conf_high")}


def _text(value: float) -> str:
    # The last bits differ between machines; twelve decimals do not.
    return "" if value != value else repr(round(float(value), 12) + 0.0)
