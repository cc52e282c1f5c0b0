"""What carrying linkage error into an estimate gives: the pooled estimate, the cuts beside it, the tipping points."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import pandas as pd

from dipeval.effects.links.linked_people import Answer
from dipeval.effects.links.pooling import Pooled
from dipeval.effects.links.tipping import TippingPoint, side
from dipeval.errors import InvariantError
from dipeval.presenting import (
    HtmlMixin,
    Summary,
    format_count,
    format_interval,
    format_number,
    format_percent,
)

if TYPE_CHECKING:
    from dipeval.plots.effects import Axes

COLUMNS = (
    "step",
    "threshold",
    "draw",
    "estimate",
    "std_error",
    "conf_low",
    "conf_high",
    "n_linked",
    "n_with_status",
)
STEPS = ("point", "threshold", "draw", "pooled")


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class LinkagePropagation(HtmlMixin):
    """A sensitivity interval that allows for not knowing whose records are whose. Made by `propagate_linkage`.

    Parameters
    ----------
    link, role
        The file whose links are uncertain, and whether they decide the ``treatment`` or the ``outcome``.
    measure
        The measure the analysis estimates.
    estimate, conf_low, conf_high
        Pooled over the draws; a ratio is given as a ratio.
    pooled
        Standard error, degrees of freedom and shares, on the scale of averaging (the logarithm for a ratio).
    level
        Coverage of the interval.
    draws, seed, outcome_informed, covariates
        How it was drawn.
    expected_links, point_links
        Links expected among the candidates of the people analysed, and those the point linkage made.
    missed
        Assumed share of true links that were never among the candidates.
    tipping, looked_for_tipping
        What would overturn the conclusion of the point linkage; empty if its interval includes equality, or if it was
        not looked for.
    point
        The answer with the links as made, with what the analysis says of itself (estimand, standard error, treated
        people it left out).
    failed_draws, unanswered
        Draws in which the analysis could not be made and which are left out; thresholds that give no estimate.
    fingerprint
        Identity of these draws: never that of the registered design.
    primary_fingerprint, primary_estimate
        The frozen design that this is a sensitivity analysis of, and what it gave; None if none was named.
    """

    link: str
    role: str
    measure: str
    estimate: float
    conf_low: float
    conf_high: float
    pooled: Pooled
    level: float
    draws: int
    seed: int
    outcome_informed: bool
    covariates: tuple[str, ...]
    expected_links: float
    point_links: int
    missed: float
    tipping: tuple[TippingPoint, ...]
    looked_for_tipping: bool
    point: Answer
    failed_draws: int
    unanswered: tuple[float, ...]
    fingerprint: str
    primary_fingerprint: str | None
    primary_estimate: float | None
    ratio: bool
    _frame: pd.DataFrame = field(repr=False)

    def __post_init__(self) -> None:
        """Check the interval, the rows and that the fingerprint is its own."""
        if not self.conf_low <= self.estimate <= self.conf_high:
            raise InvariantError("The estimate does not lie inside its own interval.")
        if tuple(self._frame.columns) != COLUMNS or not self._frame["step"].isin(STEPS).all():
            raise InvariantError(f"The runs must have the columns {', '.join(COLUMNS)}.")
        if self.fingerprint == self.primary_fingerprint:
            raise InvariantError("A sensitivity analysis must not carry the fingerprint of the registered design.")

    @property
    def std_error(self) -> float:
        """Total standard error (of the logarithm for a ratio)."""
        return self.pooled.std_error

    @property
    def p_value(self) -> float:
        """Two-sided p-value against equality."""
        return self.pooled.p_value()

    @property
    def share_due_to_linkage(self) -> float:
        """Share of the variance that is due to not knowing the links."""
        return self.pooled.share

    @property
    def missing_information(self) -> float:
        """Fraction of missing information due to linkage."""
        return self.pooled.missing_information

    @property
    def null_value(self) -> float:
        """What the measure is when both groups fare alike."""
        return 1.0 if self.ratio else 0.0

    def to_frame(self) -> pd.DataFrame:
        """Return one row a run.

        Returns
        -------
        pandas.DataFrame
            ``step`` (``point``: the linkage as made; ``threshold``; ``draw``; ``pooled``), ``threshold``, ``draw``,
            ``estimate``, ``std_error`` (of the logarithm for a ratio), ``conf_low``, ``conf_high``, ``n_linked``
            (people of the analysis with a link), ``n_with_status`` (treated, or with the outcome; for the pooled row
            the mean over the draws).
        """
        return self._frame.copy()

    def summary(self) -> Summary:
        """Return the headline, the runs (without the single draws) and the notes that belong beside the number."""
        shown = self._frame[self._frame["step"] != "draw"]
        scale, digits = self._shown()
        names = {"point": "Links as made", "pooled": f"Allowing for linkage error ({self.draws} draws)"}
        labels = [
            names.get(step, f"Links from probability {cut:g}")
            for step, cut in zip(shown["step"], shown["threshold"], strict=True)
        ]
        table = pd.DataFrame(
            {
                "Links": labels,
                "Estimate": [format_number(scale * value, digits) for value in shown["estimate"]],
                f"{self.level:.0%} interval": [
                    format_interval(scale * low, scale * high, digits)
                    for low, high in zip(shown["conf_low"], shown["conf_high"], strict=True)
                ],
                "Treated" if self.role == "treatment" else "With the outcome": [
                    format_count(round(n)) for n in shown["n_with_status"]
                ],
            }
        )
        return Summary(
            title=f"What linkage error does to the estimate: {self.link}",
            headline=self._headline(scale, digits),
            table=table,
            notes=tuple(self._notes()),
        )

    def plot(self, ax: Axes | None = None) -> Axes:
        """Draw the estimate by threshold with the pooled estimate beside it; return the Axes drawn on."""
        from dipeval.plots.propagation import propagation_plot

        return propagation_plot(self.to_frame(), measure=self.measure, null_value=self.null_value, ax=ax)

    def _shown(self) -> tuple[float, int]:
        return (100.0, 1) if self.measure == "risk_difference" else (1.0, 2)

    def _headline(self, scale: float, digits: int) -> str:
        point = self._frame[self._frame["step"] == "point"].iloc[0]
        unit = " percentage points" if self.measure == "risk_difference" else ""
        return (
            f"Allowing for linkage error the estimate is {format_number(scale * self.estimate, digits)}{unit} "
            f"({self.level:.0%} interval: {format_interval(scale * self.conf_low, scale * self.conf_high, digits)}); "
            f"with the links as made it is {format_number(scale * point['estimate'], digits)}. "
            f"{format_percent(self.share_due_to_linkage, 0)} of its variance comes from not knowing the links."
            f"{_UNCLEAR if self.conf_low <= self.null_value <= self.conf_high else ''}"
        )

    def _notes(self) -> list[str]:
        known = "the outcome and the covariates" if self.role == "treatment" else "the treatment and the covariates"
        drawn = (
            f"drawn using {known}"
            if self.outcome_informed
            else ("drawn from the identifiers alone, which dilutes an effect: shown for comparison only")
        )
        notes = [
            self._status_note(),
            f"{self._whom()} {self._dropped()}",
            f"{self.draws} sets of one-to-one links, {drawn}; pooled by Rubin's rules with the degrees of freedom of "
            f"Barnard and Rubin ({format_number(self.pooled.df, 0)}).",
            f"Fraction of missing information due to linkage: {format_percent(self.missing_information, 0)}. Links "
            f"expected among the candidates: {format_count(round(self.expected_links))}; made: "
            f"{format_count(self.point_links)}; assumed share of true links never among the candidates: "
            f"{format_percent(self.missed)}.",
            "The groups are made alike anew for each set of links. Where people are matched, a few other links "
            "re-arrange many pairs, which counts as linkage here; weighting has none of it.",
        ]
        return notes + self._left_out_notes() + self._outside_notes() + self._tipping_notes()

    def _status_note(self) -> str:
        if self.primary_fingerprint is None:
            return (
                "This is a sensitivity analysis: the draws use the outcomes, so it is for after the design was frozen "
                "and the outcomes were opened. No frozen design was named; it is no registered answer."
            )
        design = f"design {self.primary_fingerprint[:12]}"
        made = "This is a sensitivity analysis, made after the design was frozen and the outcomes were opened"
        point = float(self._frame.loc[self._frame["step"] == "point", "estimate"].iloc[0])
        if self.primary_estimate is not None and not math.isclose(point, self.primary_estimate, rel_tol=1e-6):
            return (
                f"{made}. With the links as made its analysis does not give the estimate of the frozen design ({design}"
                "), so it is another analysis: compare its rows with each other, not with the registered answer."
            )
        return f"{made}; the registered answer is the one from the links as made ({design})."

    def _whom(self) -> str:
        if self.point.estimand is None:
            return "What is estimated, and with which standard error, is what the analysis that was passed estimates."
        return (
            f"What is estimated, with the links as made: {self.point.estimand.rstrip('.')}; in each draw the same "
            f"of the people in it. Standard errors of each run: {self.point.se_method}."
        )

    def _dropped(self) -> str:
        who = {"ATT": "treated people", "ATC": "comparison people"}.get(self.point.about, "people")
        if self.point.n_left_out is None:
            return f"Whether the analysis leaves {who} out, it does not say."
        left_out = format_count(self.point.n_left_out)
        return f"{who.capitalize()} left out by the design with the links as made: {left_out}."

    def _left_out_notes(self) -> list[str]:
        notes = []
        if self.failed_draws:
            notes.append(
                f"In {self.failed_draws} of {self.failed_draws + self.draws} draws the analysis could not be made; "
                "they are left out, and the answer may differ in them."
            )
        if self.unanswered:
            cuts = ", ".join(f"{cut:g}" for cut in self.unanswered)
            notes.append(f"With the links from probability {cuts} the analysis could not be made.")
        return notes

    def _outside_notes(self) -> list[str]:
        drawn = self._frame.loc[self._frame["step"] == "draw", "estimate"]
        point = float(self._frame.loc[self._frame["step"] == "point", "estimate"].iloc[0])
        if drawn.min() <= point <= drawn.max():
            return []
        return [
            "The estimate with the links as made lies outside all the estimates drawn: wrong and missed links pull it "
            "to one side (or, where people are matched, its pairs are one arrangement of many)."
        ]

    def _tipping_notes(self) -> list[str]:
        if side(self.point, self.level) == 0:
            return [
                "The interval with the links as made includes equality, so no wrong link is needed to bring it there; "
                "that does not show that there was no effect."
            ]
        if not self.looked_for_tipping:
            return ["How many wrong links would overturn it was not looked for (tipping=False)."]
        return [_in_words(point) for point in self.tipping]


_UNCLEAR = " The interval includes equality; this does not show that there was no effect."


def _in_words(point: TippingPoint) -> str:
    kind = point.kind.replace("_", " ")
    expected = (
        f"the linkage itself expects about {format_count(round(point.n_expected))} people with {kind}, of whatever "
        "outcome"
    )
    if point.n_people is None and point.n_tried is not None and point.n_tried < point.n_among:
        return (
            f"What would overturn it: {kind} for up to {format_count(point.n_tried)} of the "
            f"{format_count(point.n_among)} {point.who} would not bring the interval to equality; with more the "
            f"analysis can no longer be made. {expected[0].upper()}{expected[1:]}."
        )
    if point.n_people is None:
        return (
            f"What would overturn it: {kind} alone could not bring the interval to equality, not even if all "
            f"{format_count(point.n_among)} {point.who} had one; {expected}."
        )
    share = point.n_people / point.n_among if point.n_among else math.nan
    return (
        f"What would overturn it: {kind} for about {format_count(point.n_people)} of the {format_count(point.n_among)} "
        f"{point.who} ({format_percent(share)}), and for nobody else, would bring the interval to equality; {expected}."
    )
