"""Who was left out: the people a design is about but could not find a match for, beside those it kept."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd

from dipeval.errors import InvariantError
from dipeval.matching.balance_measures import NO_SPREAD, Bools, Floats, Ints
from dipeval.matching.terms import Terms
from dipeval.presenting import HtmlMixin, Summary, format_count, format_number, format_percent
from dipeval.vocabulary import term_label

COLUMNS = ("term", "mean_all", "mean_kept", "mean_dropped", "smd", "shift", "binary")
DRIFT = 0.10
NAMED = 3
FOCAL_WORDS = {
    "ATT": ("treated", "comparison people"),
    "ATC": ("comparison", "treated people"),
    "ATE": ("", ""),
    "ATO": ("", ""),
    "ATM": ("", ""),
}


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Dropped(HtmlMixin):
    """The people a design is about, kept and left out; made by ``design.dropped()``.

    Parameters
    ----------
    estimand
        "ATT" (the treated), "ATC" (the comparison people), "ATE", "ATO" or "ATM" (everybody).
    n_kept, n_dropped
        How many of them the design kept and left out.
    n_unused
        How many of the other group were not used. With an ATE, ATO or ATM everybody is asked about: 0.
    """

    estimand: str
    n_kept: int
    n_dropped: int
    n_unused: int
    _frame: pd.DataFrame = field(repr=False)

    def __post_init__(self) -> None:
        """Refuse to exist with a broken promise."""
        if tuple(self._frame.columns) != COLUMNS:
            raise InvariantError("A table of people left out has lost its documented columns.")
        if self.n_kept < 1 or self.n_dropped < 0 or self.n_unused < 0:
            raise InvariantError("A table of people left out has counts that cannot be.")
        if self.n_dropped == 0 and not self._frame.empty:
            raise InvariantError("A table of people left out has rows though nobody was left out.")

    def to_frame(self) -> pd.DataFrame:
        """Return one row a covariate term; no row when nobody was left out.

        Returns
        -------
        pandas.DataFrame
            term, mean_all, mean_kept, mean_dropped, smd (left out less kept, over the standard deviation of all of
            them), shift (kept less all, over the same: how far the design has moved away from the people it was to be
            about), binary.
        """
        return self._frame.copy()

    @property
    def max_shift(self) -> float:
        """Largest absolute shift of any term; 0 when nobody was left out."""
        return float(self._frame["shift"].abs().max()) if len(self._frame) else 0.0

    @property
    def has_drifted(self) -> bool:
        """Whether any term's mean moved by more than 10% of a standard deviation: the answer is about other people."""
        return self.max_shift > DRIFT

    @property
    def in_words(self) -> str:
        """Who was left out, and whether the design still is about the people it was meant for."""
        who = FOCAL_WORDS[self.estimand][0]
        name = f"{who} people" if who else "people"
        total = self.n_kept + self.n_dropped
        if self.n_dropped == 0:
            return f"Nobody was left out: all {format_count(total)} {name} are in the design."
        share = format_percent(self.n_dropped / total)
        were = "was" if self.n_dropped == 1 else "were"
        return (
            f"{format_count(self.n_dropped)} of {format_count(total)} {name} ({share}) {were} left out. "
            f"{self._differences()} {self._drift()}"
        )

    def _differences(self) -> str:
        size = self._frame["smd"].abs()
        worst = size[size > DRIFT].sort_values(ascending=False, kind="stable").index[:NAMED]
        if not len(worst):
            return "They differ from those kept by no more than 10% of a standard deviation in any term."
        parts = []
        for row in self._frame.loc[worst].to_dict("records"):
            shown = [
                format_percent(row[name]) if row["binary"] else format_number(row[name], 1)
                for name in ("mean_dropped", "mean_kept")
            ]
            way = "higher" if row["smd"] > 0 else "lower"
            parts.append(f"{term_label(str(row['term']))} {way} ({shown[0]} against {shown[1]})")
        return f"Compared with those kept they had: {'; '.join(parts)}."

    def _drift(self) -> str:
        if not self.has_drifted:
            return (
                "Leaving them out moves no average by more than 10% of a standard deviation: the answer is still about "
                "much the same people."
            )
        worst = self._frame.loc[self._frame["shift"].abs().idxmax()]
        return (
            f"Leaving them out moves the average of {term_label(str(worst['term']))} by "
            f"{format_percent(abs(float(worst['shift'])))} of a standard deviation: the answer is about the people "
            "kept, and may differ for all."
        )

    def summary(self) -> Summary:
        """Say who was left out, with the table."""
        frame = self._frame
        columns = {"All": "mean_all", "Kept": "mean_kept", "Left out": "mean_dropped"}
        table = pd.DataFrame({"Covariate": [term_label(str(term)) for term in frame["term"]]})
        for heading, name in columns.items():
            table[heading] = [format_number(value, 2) for value in frame[name]]
        table["Left out v kept"] = [format_percent(value) for value in frame["smd"]]
        table["Shift"] = [format_percent(value) for value in frame["shift"]]
        notes = ["Differences are in % of the standard deviation of all the people the design was to be about."]
        other = FOCAL_WORDS[self.estimand][1]
        if other:
            notes.append(f"Not used, which changes nothing in whom it is about: {format_count(self.n_unused)} {other}.")
        return Summary(title="Who was left out", headline=self.in_words, table=table, notes=tuple(notes))

    def plot(self, ax: Any = None) -> Any:
        """Draw each term's difference between those left out and those kept, and return the Axes."""
        from dipeval.plots.dropped import dropped_plot

        return dropped_plot(self.to_frame(), ax=ax)


def measure_dropped(terms: Terms, treated: Bools, weights: Floats, *, order: Ints, estimand: str) -> Dropped:
    """Compare the focal people a design left out with those it kept.

    Parameters
    ----------
    terms
        All terms, reference levels included, one row a person.
    treated, weights
        One a row.
    order
        Positions of all rows sorted by id, so that the order of the rows moves no figure.
    estimand
        Decides whom the design is about: the treated (ATT), the comparison people (ATC), everybody (ATE, ATO, ATM).

    Returns
    -------
    Dropped
    """
    focal = {"ATT": treated, "ATC": ~treated}.get(estimand, np.ones(len(treated), dtype=bool))
    rows = order[focal[order]]
    kept = weights[rows] > 0
    found = []
    if not kept.all():
        found = [_row(name, terms.values[rows, place], kept) for place, name in enumerate(terms.names)]
    return Dropped(
        estimand=estimand,
        n_kept=int(kept.sum()),
        n_dropped=int((~kept).sum()),
        n_unused=int((~focal & (weights == 0)).sum()),
        _frame=pd.DataFrame(found, columns=list(COLUMNS)),
    )


def _row(name: str, values: Floats, kept: Bools) -> tuple[str, float, float, float, float, float, bool]:
    binary = bool(((values == 0) | (values == 1)).all())
    mean, inside, outside = (float(part.mean()) for part in (values, values[kept], values[~kept]))
    spread = mean * (1 - mean) if binary else float(((values - mean) ** 2).sum()) / (len(values) - 1)
    scale = math.sqrt(spread) if spread > NO_SPREAD * mean**2 else 1.0
    return name, mean, inside, outside, (outside - inside) / scale, (inside - mean) / scale, binary
