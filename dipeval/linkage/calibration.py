"""Are the probabilities honest? Of the candidates called 80% sure, are eight in ten right?"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from dipeval.errors import InputError, InvariantError
from dipeval.linkage.groups import LinkGroup, link_groups, true_pairs
from dipeval.linkage.shares import BANDS, EXACT, band_name, band_places, weighted_share
from dipeval.presenting import HtmlMixin, Summary, format_count, format_percent

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from dipeval.linkage.result import Linkage

COLUMNS = (
    "link",
    "scale",
    "low",
    "high",
    "n",
    "mean_probability",
    "mean_link_probability",
    "share_true",
    "share_low",
    "share_high",
)
ALL_LINKS = "all links"
SCALES = {"pair": "match_probability", "one_to_one": "link_probability"}


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Calibration(HtmlMixin):
    """What share of the candidates of each band of probability is right. Made by `calibrate`.

    Examples
    --------
    >>> row = ("all links", "one_to_one", 0.9, 0.99, 50, 0.97, 0.95, 0.96, 0.865, 0.989)
    >>> Calibration(_frame=pd.DataFrame([row], columns=list(COLUMNS)), source="truth").summary().headline
    'In every band of probability the share that is right is as large as it should be, within its interval.'
    """

    source: str
    _frame: pd.DataFrame = field(repr=False)

    def __post_init__(self) -> None:
        """Check the columns."""
        if tuple(self._frame.columns) != COLUMNS:
            raise InvariantError(f"A calibration table must have the columns {', '.join(COLUMNS)}.")

    def to_frame(self) -> pd.DataFrame:
        """Return one row a link, scale and band of probability that holds a candidate.

        Columns: link (and "all links"), scale ("pair": banded by the probability of the pair by itself;
        "one_to_one": by the probability when each person has one partner at most), low, high (the band), n
        (candidates whose truth is known), mean_probability, mean_link_probability (means of the two), share_true,
        share_low, share_high (95%, Wilson; of a weighted sample on its effective size).
        """
        return self._frame.copy()

    def summary(self) -> Summary:
        """Return the bands of all links together."""
        frame = self._pooled()
        shown = pd.DataFrame(
            {
                "Probability": [band_name(a, b) for a, b in zip(frame["low"], frame["high"], strict=True)],
                "Candidates": [format_count(n) for n in frame["n"]],
                "Mean probability": [format_percent(p) for p in frame["mean_link_probability"]],
                "Share that is right": [format_percent(p) for p in frame["share_true"]],
                "95% interval": [
                    f"{format_percent(a)} to {format_percent(b)}"
                    for a, b in zip(frame["share_low"], frame["share_high"], strict=True)
                ],
            }
        )
        notes = (
            f"What is right was taken from the {self.source}.",
            "Probability: of being a link when each person has one partner at most.",
            EXACT,
        )
        return Summary(
            title="Calibration of the link probabilities", headline=self._headline(), table=shown, notes=notes
        )

    def plot(self, ax: Axes | None = None) -> Axes:
        """Draw share right against mean probability, the diagonal for comparison, and return the Axes drawn on."""
        from dipeval.plots.linkage import draw_calibration

        return draw_calibration(self._pooled(), ax=ax)

    def _pooled(self) -> pd.DataFrame:
        return self._frame[(self._frame["link"] == ALL_LINKS) & (self._frame["scale"] == "one_to_one")]

    def _headline(self) -> str:
        frame = self._pooled()
        if frame.empty:
            return "No candidate has a known truth, so nothing can be said about the probabilities."
        mean = frame["mean_link_probability"]
        gap = (frame["share_low"] - mean).clip(lower=0) - (mean - frame["share_high"]).clip(lower=0)
        # Rounding of the limits is no finding.
        if gap.abs().max() <= 0.005:
            return (
                "In every band of probability the share that is right is as large as it should be, within its interval."
            )
        worst = frame.iloc[int(gap.abs().argmax())]
        return (
            f"Of the candidates with a probability of {band_name(worst['low'], worst['high'])}, "
            f"{format_percent(worst['mean_link_probability'])} should be right by the model; "
            f"{format_percent(worst['share_true'])} are."
        )


def calibrate(linkage: Linkage, truth: Any) -> Calibration:
    """Compare the probabilities of the candidates with what is true.

    Parameters
    ----------
    linkage
        From `link`.
    truth
        ``extracts.truth`` of simulated extracts; or a frame with table, record_id, true_person; or the path of a
        clerical-review sheet with its decisions filled in (pairs marked unsure are left out).

    Returns
    -------
    Calibration

    Raises
    ------
    InputError
        If there is no truth, the review sheet has faults, or the linkage has no candidate with a modelled probability.

    Examples
    --------
    >>> from dipeval.linkage import link
    >>> from dipeval.linkage.example import two_small_files
    >>> extracts = two_small_files()
    >>> int(calibrate(link(extracts), extracts.truth).to_frame()["n"].iloc[0])
    1
    """
    groups = [group for group in link_groups(linkage) if group.model is not None]
    if not groups:
        raise InputError(
            "This linkage has no modelled probabilities to check. Link with the profile attributor or full and at "
            "least one file that holds people."
        )
    if isinstance(truth, str | Path):
        known, source = _from_review(linkage, groups, truth), "clerical review"
    else:
        known, source = _from_truth(linkage, groups, truth), "known links"
    frame = pd.concat(known, ignore_index=True)
    parts = [(ALL_LINKS, frame), *frame.groupby("link", sort=False)]
    rows = [row for name, part in parts for scale in SCALES for row in _bands(str(name), scale, part)]
    return Calibration(source=source, _frame=pd.DataFrame(rows, columns=list(COLUMNS)))


def _from_truth(linkage: Linkage, groups: list[LinkGroup], truth: Any) -> list[pd.DataFrame]:
    parts = []
    for group in groups:
        same, _ = true_pairs(linkage, group, truth)
        known = same.notna()
        pairs = group.pairs[known]
        parts.append(pairs.assign(link=group.label, same=same[known].astype(bool), weight=1.0))
    return parts


def _from_review(linkage: Linkage, groups: list[LinkGroup], path: str | Path) -> list[pd.DataFrame]:
    from dipeval.linkage.review import read_review

    decisions = read_review(linkage, path)
    parts = []
    for group in groups:
        rows = decisions[(decisions["link"] == group.label) & decisions["decision"].isin(["same", "different"])]
        pairs = group.pairs.loc[rows["row"]].reset_index(drop=True)
        same, weight = rows["decision"].to_numpy() == "same", rows["sampling_weight"].to_numpy()
        parts.append(pairs.assign(link=group.label, same=same, weight=weight))
    return parts


def _bands(link: str, scale: str, pairs: pd.DataFrame) -> list[tuple[Any, ...]]:
    place = band_places(pairs[SCALES[scale]])
    rows = []
    for band, part in pairs.groupby(place):
        number = int(band)  # type: ignore[call-overload]
        means = [float(np.average(part[name], weights=part["weight"])) for name in SCALES.values()]
        rows.append(
            (
                link,
                scale,
                BANDS[number],
                BANDS[number + 1],
                len(part),
                *means,
                *weighted_share(part["same"], part["weight"]),
            )
        )
    return rows
