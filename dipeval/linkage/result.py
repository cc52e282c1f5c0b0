"""What linking gives: the spine (whose record is whose), the candidates behind it, and counts."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from dipeval.engine import Engine
from dipeval.errors import InvariantError
from dipeval.linkage.quality import LinkageQuality, measure_quality
from dipeval.linkage.rule import LinkRule
from dipeval.plots.linkage import draw_match_probabilities
from dipeval.presenting import HtmlMixin, Summary, format_count, format_percent

if TYPE_CHECKING:
    from dipeval.plots.linkage import Axes

SPINE_COLUMNS = ("table", "record_id", "person_id", "match_probability")
PAIR_COLUMNS = ("left_table", "right_table", "left_person", "right_person", "match_probability", "linked")
COUNT_COLUMNS = ("table", "model", "records", "persons", "linked", "tied", "heaped", "pairs_compared")
_BINS = np.array([0.001, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.99, 1.0])


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Linkage(HtmlMixin):
    """Which records belong to one person, and how sure that is. Made by `link` or `true_linkage`.

    Parameters
    ----------
    rule
        How it was linked.
    engine
        Where the next steps can go on.
    anchor
        The table to which the others were linked.

    Examples
    --------
    >>> from dipeval.linkage.example import two_small_files
    >>> from dipeval.linkage import link
    >>> linkage = link(two_small_files())
    >>> linkage.counts[["table", "records", "persons", "linked"]].to_numpy().tolist()
    [['drug_tests', 3, 2, <NA>], ['treatment', 2, 2, 1]]
    """

    rule: LinkRule
    engine: Engine = field(repr=False)
    anchor: str
    _spine: pd.DataFrame = field(repr=False)
    _pairs: pd.DataFrame = field(repr=False)
    _counts: pd.DataFrame = field(repr=False)
    notes: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        """Check that every record stands once and every link is one to one."""
        for frame, columns in (
            (self._spine, SPINE_COLUMNS),
            (self._pairs, PAIR_COLUMNS),
            (self._counts, COUNT_COLUMNS),
        ):
            if tuple(frame.columns) != columns:
                raise InvariantError(f"A linkage table must have the columns {', '.join(columns)}.")
        if self._spine.duplicated(["table", "record_id"]).any():
            raise InvariantError("A record stands in the spine more than once.")
        if len(self._spine) != self._counts["records"].sum():
            raise InvariantError("The spine does not hold every record exactly once.")
        linked = self._pairs[self._pairs["linked"]]
        for side in ("left_person", "right_person"):
            if linked.duplicated(["left_table", "right_table", side]).any():
                raise InvariantError("A person has more than one link to the same file.")

    def to_frame(self) -> pd.DataFrame:
        """Return the spine: table, record_id, person_id, match_probability (1 within a file and for the unlinked)."""
        return self._spine.copy()

    def pairs(self) -> pd.DataFrame:
        """Return the candidate links from probability 0.001.

        Returns
        -------
        pandas.DataFrame
            left_table, right_table, left_person, right_person (ids of the spine: equal if linked),
            match_probability, linked. A file has each person at most once among the linked.
        """
        return self._pairs.copy()

    @property
    def counts(self) -> pd.DataFrame:
        """One row a file.

        Columns: table, model, records, persons, linked (to the anchor; missing for the anchor itself), tied (people
        left unlinked because two candidates were equally likely), heaped (people whose date of birth was set to
        missing because far too many share it), pairs_compared. The figures from ``tied`` on are those of the group
        of files that share one reference (``pnc_id``).
        """
        return self._counts.copy()

    def quality(self, truth: Any) -> LinkageQuality:
        """Compare with known links.

        Parameters
        ----------
        truth
            ``extracts.truth`` of simulated extracts, or a frame with table, record_id, true_person.

        Returns
        -------
        LinkageQuality

        Raises
        ------
        InputError
            If there is no truth.
        """
        others = [name for name in self._counts["table"] if name != self.anchor]
        return measure_quality(self._spine, truth, self.anchor, others)

    def summary(self) -> Summary:
        """Return records, people and links by file in words."""
        counts = self._counts
        anchor = counts[counts["table"] == self.anchor].iloc[0]
        share = (counts["linked"].astype("Float64") / counts["persons"].astype("Float64").replace(0, pd.NA)).astype(
            object
        )
        shown = pd.DataFrame(
            {
                "File": counts["table"],
                "Records": [format_count(value) for value in counts["records"]],
                "People": [format_count(value) for value in counts["persons"]],
                "Linked": ["" if pd.isna(value) else format_count(value) for value in counts["linked"]],
                "Share of its people linked": ["" if pd.isna(value) else format_percent(value) for value in share],
            }
        )
        headline = f"The {format_count(anchor['persons'])} people of {self.anchor} were looked for in the other files."
        return Summary(title="Linkage", headline=headline, table=shown, notes=self.notes)

    def probability_bins(self) -> pd.DataFrame:
        """Return how many candidates lie in each band of probability.

        Returns
        -------
        pandas.DataFrame
            right_table, low, high, linked, n_pairs; every band of every file, zeros included.
        """
        band = np.clip(np.searchsorted(_BINS, self._pairs["match_probability"], side="right") - 1, 0, len(_BINS) - 2)
        seen = self._pairs.assign(band=band).groupby(["right_table", "band", "linked"]).size()
        tables = sorted(self._pairs["right_table"].unique())
        every = pd.MultiIndex.from_product(
            [tables, range(len(_BINS) - 1), [False, True]], names=["right_table", "band", "linked"]
        )
        frame = seen.reindex(every, fill_value=0).reset_index(name="n_pairs")
        frame = frame.assign(low=_BINS[frame["band"]], high=_BINS[frame["band"] + 1])
        return frame[["right_table", "low", "high", "linked", "n_pairs"]]

    def plot(self, ax: Axes | None = None) -> Axes:
        """Draw how sure the candidates are: linked and not linked, by band of match probability."""
        return draw_match_probabilities(self.probability_bins(), threshold=self.rule.threshold, ax=ax)
