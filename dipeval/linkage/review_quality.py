"""What a clerical review says about the links that were made."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd

from dipeval.errors import InvariantError
from dipeval.linkage.groups import LinkGroup, link_groups
from dipeval.linkage.review import REVIEW_BANDS, read_review
from dipeval.linkage.shares import EXACT, band_name, band_places, share, wilson
from dipeval.presenting import HtmlMixin, Summary, format_count, format_percent

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from dipeval.linkage.result import Linkage

COLUMNS = ("link", "low", "high", "n_links", "n_reviewed", "n_unsure", "precision", "conf_low", "conf_high")
Row = tuple[Any, ...]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class ReviewQuality(HtmlMixin):
    """Precision of the links by band of match probability, from a clerical review. Made by `review_quality`.

    Examples
    --------
    >>> row = ("tests - treatment", 0.001, 1.0, 900, 40, 2, 0.975, 0.871, 0.996)
    >>> ReviewQuality(_frame=pd.DataFrame([row], columns=list(COLUMNS))).summary().headline
    'By the review 97.5% of the links made are right (tests - treatment).'
    """

    _frame: pd.DataFrame = field(repr=False)

    def __post_init__(self) -> None:
        """Check the columns."""
        if tuple(self._frame.columns) != COLUMNS:
            raise InvariantError(f"The quality by review must have the columns {', '.join(COLUMNS)}.")

    def to_frame(self) -> pd.DataFrame:
        """Return one row a link and band, and one a link over all bands (0.001 to 1).

        Columns: link, low, high (band of match probability), n_links (links made), n_reviewed (of them judged the
        same or different), n_unsure (judged unsure, left out), precision, conf_low, conf_high (95%; over all bands
        weighted by the links of each band; missing if a band with links has none reviewed).
        """
        return self._frame.copy()

    def summary(self) -> Summary:
        """Return the bands with the whole link in the headline."""
        frame = self._frame
        shown = pd.DataFrame(
            {
                "Link": frame["link"],
                "Match probability": [band_name(a, b) for a, b in zip(frame["low"], frame["high"], strict=True)],
                "Links made": [format_count(n) for n in frame["n_links"]],
                "Judged": [format_count(n) for n in frame["n_reviewed"]],
                "Right": [format_percent(p) for p in frame["precision"]],
                "95% interval": [
                    f"{format_percent(a)} to {format_percent(b)}"
                    for a, b in zip(frame["conf_low"], frame["conf_high"], strict=True)
                ],
            }
        )
        whole = frame[self._is_whole()]
        words = "; ".join(
            f"{format_percent(right)} of the links made are right ({link})"
            for link, right in zip(whole["link"], whole["precision"], strict=True)
        )
        notes = ("Pairs judged unsure are left out: if most of them are different, precision is lower.", EXACT)
        headline = f"By the review {words}." if words else "No link was reviewed."
        return Summary(title="Quality of the links by review", headline=headline, table=shown, notes=notes)

    def plot(self, ax: Axes | None = None) -> Axes:
        """Draw the share of links judged right by band and return the Axes drawn on."""
        from dipeval.plots.linkage_weights import draw_review

        return draw_review(self.to_frame(), ax=ax)

    def _is_whole(self) -> pd.Series:
        return (self._frame["low"] == REVIEW_BANDS[0]) & (self._frame["high"] == REVIEW_BANDS[-1])


def review_quality(linkage: Linkage, path: str | Path) -> ReviewQuality:
    """Estimate the precision of the links from the decisions of a clerical review.

    Parameters
    ----------
    linkage
        The linkage the sheet was written from.
    path
        The sheet, filled in.

    Returns
    -------
    ReviewQuality

    Raises
    ------
    InputError
        If the sheet has faults (see `dipeval.linkage.review.read_review`).
    """
    decisions = read_review(linkage, path)
    rows: list[Row] = []
    for group in link_groups(linkage):
        mine = decisions[decisions["link"] == group.label].set_index("row")["decision"]
        rows += _by_band(group, mine)
    return ReviewQuality(_frame=pd.DataFrame(rows, columns=list(COLUMNS)))


def _by_band(group: LinkGroup, decisions: pd.Series) -> list[Row]:
    links = group.pairs[group.pairs["linked"]]
    place = band_places(links["match_probability"], REVIEW_BANDS)
    said = decisions.reindex(links.index)
    rows: list[Row] = []
    for band, part in said.groupby(place):
        number = int(band)  # type: ignore[call-overload]
        same, known = int((part == "same").sum()), int(part.isin(["same", "different"]).sum())
        unsure = int((part == "unsure").sum())
        limits = wilson(same, known)
        rows.append(
            (
                group.label,
                REVIEW_BANDS[number],
                REVIEW_BANDS[number + 1],
                len(part),
                known,
                unsure,
                share(same, known),
                *limits,
            )
        )
    return [*rows, _whole(group.label, rows)] if rows else []


def _whole(label: str, rows: list[Row]) -> Row:
    """All bands: every band counts by its links (a sampled link stands for N / n of its band)."""
    n_links, known, unsure = (sum(row[place] for row in rows) for place in (3, 4, 5))
    precision = sum(row[3] * row[6] for row in rows) / n_links
    # Plain shares of 0 and 1 would claim no error at all: one made-up link of each kind is added to the variance.
    variance = sum((row[3] / n_links) ** 2 * _variance(row[6], row[4]) for row in rows)
    limits = (float("nan"),) * 2
    if not math.isnan(precision):
        # Where all or none are right, no variance tells what the sample is worth: Kish's number of its weights does.
        kish = 1 / sum((row[3] / n_links) ** 2 / row[4] for row in rows)
        effective = precision * (1 - precision) / variance if 0 < precision < 1 else kish
        limits = wilson(precision * effective, effective)
    return (label, REVIEW_BANDS[0], REVIEW_BANDS[-1], n_links, known, unsure, precision, *limits)


def _variance(p: float, n: int) -> float:
    if not n:
        return float("nan")
    softened = (p * n + 1) / (n + 2)
    return softened * (1 - softened) / n
