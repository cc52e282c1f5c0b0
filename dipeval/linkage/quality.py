"""How good the links are, where the truth is known (simulated data, or a labelled sample)."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import pandas as pd

from dipeval.errors import InputError, InvariantError
from dipeval.presenting import HtmlMixin, Summary, format_count, format_percent

if TYPE_CHECKING:
    from matplotlib.axes import Axes

COLUMNS = ("link", "n_links", "n_true", "precision", "recall", "f1")


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class LinkageQuality(HtmlMixin):
    """Precision, recall and F1 of each link, in pairs of people. Made by `Linkage.quality`.

    A link is right if most records of both sides belong to the same true person. Source of the measures:
    Harron et al. (2020), *Annals of Human Biology* 47.

    Examples
    --------
    >>> frame = pd.DataFrame({"link": ["drug_tests - treatment"], "n_links": [95], "n_true": [100],
    ...                       "precision": [1.0], "recall": [0.95], "f1": [0.974]})
    >>> LinkageQuality(_frame=frame).summary().headline
    'Of all true links 95.0% were found; of the links made 100.0% were right.'
    """

    _frame: pd.DataFrame = field(repr=False)

    def __post_init__(self) -> None:
        """Check the columns."""
        if tuple(self._frame.columns) != COLUMNS:
            raise InvariantError(f"A quality table must have the columns {', '.join(COLUMNS)}.")

    def to_frame(self) -> pd.DataFrame:
        """Return link, n_links, n_true, precision, recall, f1 (missing where nothing was linked or nothing is true)."""
        return self._frame.copy()

    def summary(self) -> Summary:
        """Return the table for display with the worst link in the headline."""
        shown = pd.DataFrame(
            {
                "Link": self._frame["link"],
                "Links made": [format_count(value) for value in self._frame["n_links"]],
                "True links": [format_count(value) for value in self._frame["n_true"]],
                "Precision": [format_percent(value) for value in self._frame["precision"]],
                "Recall": [format_percent(value) for value in self._frame["recall"]],
                "F1": [format_percent(value) for value in self._frame["f1"]],
            }
        )
        return Summary(title="Quality of the linkage", headline=self._headline(), table=shown)

    def plot(self, ax: Axes | None = None) -> Axes:
        """Draw the precision and the recall of each link and return the Axes drawn on."""
        from dipeval.plots.linkage import draw_quality

        return draw_quality(self.to_frame(), ax=ax)

    def _headline(self) -> str:
        known = self._frame.dropna(subset=["f1"]).sort_values(["f1", "link"], kind="stable")
        if known.empty:
            return "There was no true link to find."
        worst = known.iloc[0]
        found = (
            f"f all true links {format_percent(worst['recall'])} were found; "
            f"of the links made {format_percent(worst['precision'])} were right."
        )
        return f"O{found}" if len(known) == 1 else f"Weakest link, {worst['link']}: o{found}"


def truth_links(truth: Any) -> pd.DataFrame:
    """Return table, record_id, true_person from a truth object or a frame.

    Raises
    ------
    InputError
        If there is no truth or a column is missing.
    """
    links = getattr(truth, "links", truth)
    if not isinstance(links, pd.DataFrame):
        raise InputError(
            "There is no truth to compare with: pass extracts.truth of simulated extracts, or a DataFrame with the "
            "columns table, record_id and true_person."
        )
    missing = [name for name in ("table", "record_id", "true_person") if name not in links]
    if missing:
        raise InputError(f"The truth has no column {', '.join(missing)}; it needs table, record_id and true_person.")
    if links.duplicated(["table", "record_id"]).any():
        raise InputError("The truth names a record more than once. Give each record of each table one true_person.")
    return links[["table", "record_id", "true_person"]]


def _majority(spine: pd.DataFrame, truth: pd.DataFrame) -> pd.DataFrame:
    """table, person_id and the true person of most of its records (ties: the first in order)."""
    known = spine.merge(truth, on=["table", "record_id"], how="inner")
    votes = known.groupby(["table", "person_id", "true_person"], sort=True).size().reset_index(name="n")
    votes = votes.sort_values(["table", "person_id", "n", "true_person"], ascending=[True, True, False, True])
    return votes.drop_duplicates(["table", "person_id"])[["table", "person_id", "true_person"]]


def _share(part: int, whole: int) -> float:
    return part / whole if whole else float("nan")


def measure_quality(spine: pd.DataFrame, truth: Any, anchor: str, tables: list[str]) -> LinkageQuality:
    """Compare a spine with the truth.

    Parameters
    ----------
    spine
        table, record_id, person_id.
    truth
        An object with ``links``, or a frame with table, record_id, true_person.
    anchor
        The table that the others were linked to.
    tables
        The others.

    Returns
    -------
    LinkageQuality
    """
    people = _majority(spine, truth_links(truth))
    at_anchor = people[people["table"] == anchor]
    rows = []
    for table in tables:
        here = people[people["table"] == table]
        links = at_anchor.merge(here, on="person_id", suffixes=("_left", "_right"))
        right = links[links["true_person_left"] == links["true_person_right"]]
        n_true = len(set(at_anchor["true_person"]) & set(here["true_person"]))
        precision, recall = _share(len(right), len(links)), _share(right["true_person_left"].nunique(), n_true)
        both = precision + recall
        f1 = 2 * precision * recall / both if both > 0 else (0.0 if both == 0 else float("nan"))
        rows.append((f"{anchor} - {table}", len(links), n_true, precision, recall, f1))
    return LinkageQuality(_frame=pd.DataFrame(rows, columns=list(COLUMNS)))
