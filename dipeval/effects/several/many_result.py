"""The effects on several outcomes: one primary, tested alone, and the others corrected for their number."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import pandas as pd

from dipeval.effects import wording
from dipeval.effects.effect import FIGURES, Effect
from dipeval.effects.several import many_words as words
from dipeval.errors import InputError, InvariantError
from dipeval.presenting import HtmlMixin, Summary, format_interval, format_number, format_p
from dipeval.vocabulary import label

if TYPE_CHECKING:
    from matplotlib.axes import Axes

COLUMNS: Final = (
    "term",
    "group",
    *FIGURES,
    "p_value_holm",
    "family",
    "role",
    "tested",
    "conf_low_family",
    "conf_high_family",
    "label",
)
PRIMARY: Final = "primary"
SECONDARY: Final = "secondary"
_UNIT_TITLES: Final = {
    "days": "Treated minus comparison, days on average",
    "count": "Treated minus comparison, number per person",
}


class NotEstimated(NamedTuple):
    """A measure of an outcome that was asked for and could not be estimated, and why."""

    outcome_name: str
    measure: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Effects(HtmlMixin):
    """The effects on one primary outcome and several others; made by `estimate_effects`.

    Parameters
    ----------
    primary
        Effect on the primary outcome, in its first measure.
    effects
        Every effect that could be estimated: the primary outcome's first, then in the order of the outcomes, each by
        its measures.
    level
        Coverage of the intervals, 0-1.
    labels
        Outcome -> the words shown for it.
    families
        Other outcome -> the family of tests it belongs to.
    not_estimated
        What was asked for and could not be estimated, with the reason.
    """

    primary: Effect
    effects: tuple[Effect, ...]
    level: float
    labels: Mapping[str, str]
    families: Mapping[str, str]
    not_estimated: tuple[NotEstimated, ...] = ()
    _frame: pd.DataFrame = field(repr=False)

    def __post_init__(self) -> None:
        if tuple(self._frame.columns) != COLUMNS:
            raise InvariantError("A table of several effects has lost its documented columns.")
        if len(self._frame) != len(self.effects) + len(self.not_estimated):
            raise InvariantError("A table of several effects must have a row for every effect asked for.")
        tested = self._frame[self._frame["tested"] & self._frame["p_value"].notna()]
        if not (tested["p_value_holm"] >= tested["p_value"]).all() or tested["group"].duplicated().any():
            raise InvariantError("A corrected p-value lies below its own, or an outcome was tested twice.")

    def to_frame(self) -> pd.DataFrame:
        """Return one row a measure of an outcome, the primary outcome first.

        Returns
        -------
        pandas.DataFrame
            ``term`` (the measure), ``group`` (the outcome), ``estimate``, ``std_error``, ``conf_low``, ``conf_high``,
            ``p_value``, ``n``, ``n_treated``, ``n_comparison``, ``mean_treated``, ``mean_comparison`` as in
            `Effect.to_frame`; ``p_value_holm`` (corrected within the family: one value an outcome, from its first
            measure; for the primary outcome its own p-value), ``family``, ``role`` ("primary" or "secondary"),
            ``tested`` (whether this row is the test of its outcome), ``conf_low_family`` and ``conf_high_family``
            (interval that holds for all outcomes of the family at once: Bonferroni), ``label`` (the outcome in words).
            What could not be estimated has missing figures; as a test it counts with p = 1.
        """
        return self._frame.copy()

    def effect(self, outcome: str, measure: str | None = None) -> Effect:
        """Return the effect on one outcome.

        Parameters
        ----------
        outcome
            Its column.
        measure
            One of its measures; default the first.

        Returns
        -------
        Effect

        Raises
        ------
        InputError
            If there is no such effect.
        """
        for one in self.effects:
            if one.outcome_name == outcome and measure in (None, one.measure):
                return one
        known = ", ".join(f"{one.outcome_name} ({one.measure})" for one in self.effects)
        raise InputError(f"There is no such effect; there are: {known}.")

    def summary(self) -> Summary:
        """Return the headline on the primary outcome, one row an effect, and how many were tested."""
        n_others = len(self.families)
        others = words.TITLE.format(n=n_others, s="" if n_others == 1 else "s")
        named = replace(self.primary, outcome_name=self.labels[self.primary.outcome_name])
        return Summary(
            title=others if n_others else words.TITLE_ALONE,
            headline=words.HEADLINE.format(headline=wording.headline(named)),
            table=self._table(),
            notes=(*self._notes(), *wording.notes(named)),
        )

    def _table(self) -> pd.DataFrame:
        interval = f"{wording.level_in_words(self.level)}% interval"
        rows = []
        for one in self._frame.to_dict("records"):
            scale, digits = _scale(one)
            rows.append(
                {
                    "Outcome": one["label"],
                    "Measure": words.MEASURE_WORDS[one["term"]],
                    "Treated": _mean(one["mean_treated"], one["term"]),
                    "Comparison": _mean(one["mean_comparison"], one["term"]),
                    "Estimate": format_number(scale * one["estimate"], digits),
                    interval: format_interval(scale * one["conf_low"], scale * one["conf_high"], digits),
                    "p": format_p(one["p_value"]),
                    "p corrected": "" if one["role"] == PRIMARY else format_p(one["p_value_holm"]),
                    "Tested with": one["family"],
                }
            )
        return pd.DataFrame(rows)

    def _notes(self) -> list[str]:
        alpha = f"{100 * (1 - self.level):g}"
        notes = [words.NOTE_PRIMARY.format(primary=self.labels[self.primary.outcome_name])]
        for family in dict.fromkeys(self.families.values()):
            members = [self.labels[name] for name, own in self.families.items() if own == family]
            template = words.NOTE_FAMILY if len(members) > 1 else words.NOTE_FAMILY_OF_ONE
            notes.append(template.format(n=len(members), family=family, outcomes="; ".join(members), alpha=alpha))
        tests = self._frame[self._frame["tested"] & (self._frame["role"] == SECONDARY)]
        if len(tests):
            found = int((tests["p_value_holm"] <= 1 - self.level).sum())
            notes += [words.NOTE_CORRECTED.format(found=found, tested=len(tests), alpha=alpha), words.NOTE_INTERVALS]
        if not self._frame["tested"].all():
            notes.append(words.NOTE_SCALES)
        for one in self.not_estimated:
            shown = {
                "label": self.labels[one.outcome_name],
                "measure": words.MEASURE_WORDS[one.measure],
                "reason": one.reason,
            }
            notes.append(words.NOTE_NOT_ESTIMATED.format(**shown))
        return notes

    def plot(self, ax: Axes | None = None) -> Axes:
        """Draw every effect as a forest plot, a panel for each measure and unit; return the Axes.

        Differences and ratios, or outcomes in different units, never share an axis. The primary outcome has a diamond.
        """
        from dipeval.plots.forest import forest_plot

        kinds = {one.outcome_name: one.outcome_kind for one in self.effects}
        frame = self.to_frame()
        panels = [_panel(one, kinds.get(one["group"], "number")) for one in frame.to_dict("records")]
        frame["panel"], frame["panel_title"] = [key for key, _ in panels], [title for _, title in panels]
        primary = frame["role"] == PRIMARY
        several = len(set(self.families.values())) > 1
        frame["heading"] = "" if not several else frame["family"].where(~primary, "").map(_capital)
        frame["p"] = frame["p_value"].map(format_p)
        frame["p_corrected"] = frame["p_value_holm"].map(format_p).where(~primary, "")
        frame["role"] = frame["role"].where(primary & frame["tested"], "")
        return forest_plot(frame, columns={"p": "p", "p_corrected": "p corrected"}, ax=ax)


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]


def _panel(row: Mapping[Any, Any], kind: str) -> tuple[str, str]:
    """Return which rows share an axis, and its title; an outcome in a unit of its own has an axis of its own."""
    if row["term"] != "mean_difference":
        return str(row["term"]), ""
    unit = "days" if "days" in str(row["group"]).split("_") else "count" if kind == "count" else ""
    if unit:
        return f"mean_difference {unit}", _UNIT_TITLES[unit]
    return f"mean_difference of {row['group']}", f"Treated minus comparison: {label(str(row['label']))}"


def _scale(row: Mapping[Any, Any]) -> tuple[int, int]:
    """Return what a figure is multiplied by for display, and its decimals."""
    if row["term"] == "risk_difference":
        return 100, 1
    largest = max(abs(row["conf_low"]), abs(row["conf_high"]))
    if row["term"] == "mean_difference":
        return 1, 0 if largest >= 100 else 2 if largest >= 0.05 else 3
    return 1, 2


def _mean(value: float, measure: str) -> str:
    as_share = measure in ("risk_difference", "risk_ratio", "odds_ratio")
    if value != value:
        return ""
    return f"{format_number(100 * value, 1)}%" if as_share else format_number(value, 2)
