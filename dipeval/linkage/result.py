"""What linking gives: the spine (whose record is whose), the candidates behind it, and counts."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from dipeval.engine import Engine
from dipeval.errors import InputError, InvariantError
from dipeval.linkage.cleaning import COMPARABLE
from dipeval.linkage.kept import Kept
from dipeval.linkage.quality import LinkageQuality, measure_quality
from dipeval.linkage.rule import LinkRule
from dipeval.linkage.trained import LinkModel, write_models
from dipeval.plots.linkage import draw_match_probabilities
from dipeval.presenting import HtmlMixin, Summary, format_count, format_percent

if TYPE_CHECKING:
    from dipeval.linkage.calibration import Calibration
    from dipeval.linkage.compare import LinkedComparison
    from dipeval.linkage.pictures import MatchWeights, PairExplanation
    from dipeval.linkage.review_quality import ReviewQuality
    from dipeval.linkage.statement import LinkageStatement
    from dipeval.linkage.sweeping import LinkSweep
    from dipeval.linkage.without_truth import EstimatedQuality
    from dipeval.plots.linkage import Axes

SPINE_COLUMNS = ("table", "record_id", "person_id", "match_probability")
PAIR_COLUMNS = (
    "left_table",
    "right_table",
    "left_person",
    "right_person",
    "match_weight",
    "match_probability",
    "linked",
)
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
    _kept: Kept | None = field(default=None, repr=False)
    _decided: pd.Series | None = field(default=None, repr=False)

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
            left_table, right_table, left_person, right_person (ids of the spine: equal if linked), match_weight
            (bits, prior included: log2 of the odds), match_probability, linked. A file has each person at most once
            among the linked. Best first in each file.
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

    @property
    def models(self) -> tuple[LinkModel, ...]:
        """What was learnt, one model a linked group of files; none with known links or the deterministic profile."""
        groups = () if self._kept is None else self._kept.groups
        return tuple(group.model for group in groups if group.model is not None)

    def save_model(self, path: str | Path) -> Path:
        """Write what was learnt to one JSON file, for ``link(..., model=path)``; it holds no value of a person.

        Parameters
        ----------
        path
            The file; it appears whole or not at all.

        Returns
        -------
        pathlib.Path

        Raises
        ------
        InputError
            If nothing was learnt, or the file cannot be written.
        """
        return write_models(path, self.models, self.rule, self.anchor)

    def _held(self) -> Kept:
        if self._kept is None:
            raise InputError("This linkage was not made by `link`: it holds no identifiers. Link the extracts first.")
        return self._kept

    def identifiers(self, table: str) -> pd.DataFrame:
        """Return the cleaned identifiers by which the people of a file were compared. **These are personal data.**

        Parameters
        ----------
        table
            A person-level table.

        Returns
        -------
        pandas.DataFrame
            Indexed by person_id: forename, forename_root, surname, forename_initial, surname_initial, birth_year,
            birth_year_next, birth_month, birth_day, birth_date, sex, postcode, sector, outward, and the columns of
            ``also_compare``; None where missing, hashes if the file is pseudonymised.

        Raises
        ------
        InputError
            If there is no such table, or the linkage was not made by `link`.
        """
        return self._held().identifiers(table, [*COMPARABLE, *self.rule.also_compare])

    def about(self, table: str) -> pd.DataFrame:
        """Return what else is known of the people of a file.

        Parameters
        ----------
        table
            A person-level table.

        Returns
        -------
        pandas.DataFrame
            Indexed by person_id: age_years (completed, at the person's first record in this table), sex (F, M),
            ethnicity, district (the latest known); missing if unknown or if the table has no such column.

        Raises
        ------
        InputError
            If there is no such table, or the linkage was not made by `link`.
        """
        return self._held().about(table)

    def pair_weights(self, table: str) -> pd.DataFrame:
        """Return what each part of the comparison says about each candidate of a file.

        Parameters
        ----------
        table
            A file that was linked to the anchor.

        Returns
        -------
        pandas.DataFrame
            left_person, right_person, part (``"prior"``, each comparison, ``"<comparison> (rare value)"``), level,
            match_weight (bits; the parts of a pair add up to its match_weight in `pairs`).

        Raises
        ------
        InputError
            If there is no such table, or the linkage was not made by `link`.
        """
        return self._held().pair_weights(table)

    def decisions(self) -> pd.Series:
        """Return what a clerical review said of each candidate.

        Returns
        -------
        pandas.Series
            ``"same"``, ``"different"`` or missing, on the index of `pairs`.
        """
        nothing = pd.Series(None, index=self._pairs.index, dtype=object, name="decision")
        return nothing if self._decided is None else self._decided.copy()

    def relinked(self, linked: pd.Series, note: str, *, decided: pd.Series | None = None) -> Linkage:
        """Return the linkage with other links.

        Parameters
        ----------
        linked
            Whether each row of `pairs` is a link, on its index. Files that share a reference share their people: of
            the rows of one pair, one that changes decides for all.
        note
            Added to the notes.
        decided
            ``"same"`` or ``"different"`` where a person judged a candidate, on the index of `pairs`; kept for
            `decisions`. Default nothing new.

        Returns
        -------
        Linkage

        Raises
        ------
        InputError
            If a person would have two links to one file, or `linked` does not fit `pairs`.
        """
        from dipeval.linkage.relink import relinked

        return relinked(self, self._held(), linked, note, decided)

    def quality(self, truth: Any = None, *, by: str | None = None) -> LinkageQuality | EstimatedQuality:
        """Compare with known links; without them, estimate how good the links are.

        Parameters
        ----------
        truth
            ``extracts.truth`` of simulated extracts, or a frame with table, record_id, true_person. None estimates.
        by
            With truth: also by ``"sex"``, ``"age_band"``, ``"ethnicity"`` or ``"district"`` of the anchor's people.

        Returns
        -------
        LinkageQuality or EstimatedQuality

        Raises
        ------
        InputError
            If the truth has not the columns needed, or `by` is unknown.
        """
        if truth is None:
            if by is not None:
                raise InputError(f"Quality by {by} needs the truth: pass extracts.truth, or leave out by.")
            from dipeval.linkage.without_truth import estimate_quality

            return estimate_quality(self)
        others = [name for name in self._counts["table"] if name != self.anchor]
        about = self.about(self.anchor) if by is not None else None
        return measure_quality(self._spine, truth, self.anchor, others, by=by, about=about)

    def calibration(self, truth: Any) -> Calibration:
        """Compare the match probabilities with the share of candidates that truly are one person.

        Parameters
        ----------
        truth
            ``extracts.truth``, a frame with table, record_id and true_person, or the path of a filled review sheet.

        Returns
        -------
        Calibration
            One row a band of probability.

        Raises
        ------
        InputError
            If the linkage has no probabilities, or the truth cannot be used.
        """
        from dipeval.linkage.calibration import calibrate

        return calibrate(self, truth)

    def compare_linked(self, table: str | None = None) -> LinkedComparison:
        """Compare linked with unlinked people by age, sex, ethnicity and district, on both sides of each link.

        Parameters
        ----------
        table
            The file linked to the anchor; default all of them.

        Returns
        -------
        LinkedComparison
            With standardised differences.

        Raises
        ------
        InputError
            If there is no such table.
        """
        from dipeval.linkage.compare import compare_linked

        return compare_linked(self, table)

    def sweep(
        self,
        thresholds: Iterable[float] = (0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 0.99),
        truth: Any = None,
    ) -> LinkSweep:
        """Choose the links anew at each threshold and count them; with truth, say how many are right.

        Parameters
        ----------
        thresholds
            Match probabilities.
        truth
            As for `quality`; default none.

        Returns
        -------
        LinkSweep
            One row a file and threshold.

        Raises
        ------
        InputError
            If a threshold is out of its range, or the linkage has no probabilities.
        """
        from dipeval.linkage.sweeping import sweep

        return sweep(self, thresholds, truth)

    def waterfall(self, left_person: str, right_person: str, *, table: str | None = None) -> PairExplanation:
        """Explain the weight of one candidate part by part; levels of agreement are shown, never the values.

        Parameters
        ----------
        left_person, right_person
            As in `pairs`.
        table
            The right-hand file, where the two are candidates in several.

        Returns
        -------
        PairExplanation

        Raises
        ------
        InputError
            If the two are no candidates, or are candidates in several files and none was named.
        """
        from dipeval.linkage.pictures import waterfall

        return waterfall(self, left_person, right_person, table=table)

    def weights(self) -> MatchWeights:
        """Return the match weights of every comparison and level, in bits, with their picture.

        Returns
        -------
        MatchWeights

        Raises
        ------
        InputError
            If nothing was learnt (a deterministic linkage, or true links).
        """
        from dipeval.linkage.pictures import match_weights

        return match_weights(self)

    def review_sheet(self, path: str | Path, n: int = 200, seed: int = 1) -> Path:
        """Write a sheet of candidates for clerical review. **It holds personal data.**

        Parameters
        ----------
        path
            Where to (.csv, or .xlsx where openpyxl is installed); nothing is overwritten.
        n
            Number of pairs, doubtful ones more often than sure ones.
        seed
            Chooses among them.

        Returns
        -------
        pathlib.Path

        Raises
        ------
        InputError
            If the file exists or cannot be written, or there is no candidate to review.
        """
        from dipeval.linkage.review import write_review_sheet

        return write_review_sheet(self, path, n=n, seed=seed)

    def apply_review(self, path: str | Path) -> Linkage:
        """Return the linkage with the decisions of a review sheet: same is linked, different never is.

        Parameters
        ----------
        path
            The filled sheet.

        Returns
        -------
        Linkage
            A new one; the other candidates are resolved again, one to one.

        Raises
        ------
        InputError
            With every fault of the sheet, each with its row.
        """
        from dipeval.linkage.review import apply_review

        return apply_review(self, path)

    def review_quality(self, path: str | Path) -> ReviewQuality:
        """Estimate from the decisions of a filled review sheet how many links are right, by band of probability.

        Parameters
        ----------
        path
            The filled sheet of this linkage.

        Returns
        -------
        ReviewQuality

        Raises
        ------
        InputError
            With every fault of the sheet, each with its row.
        """
        from dipeval.linkage.review_quality import review_quality

        return review_quality(self, path)

    def statement(self, extracts: Any = None) -> LinkageStatement:
        """Return the statement on the linkage that GUILD asks for (Gilbert et al. 2018), with no empty cell.

        Parameters
        ----------
        extracts
            The records it was made from, for what is said of the files; default what the linkage knows.

        Returns
        -------
        LinkageStatement
        """
        from dipeval.linkage.statement import guild_statement

        return guild_statement(self, extracts)

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
