"""What negative controls say about a design."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

import pandas as pd
from scipy.stats import binom

from dipeval.effects.checks import negative_controls_words as words
from dipeval.effects.effect import FIGURES, Effect
from dipeval.effects.wording import level_in_words
from dipeval.errors import InvariantError
from dipeval.presenting import HtmlMixin, Summary, format_count, format_interval, format_number, format_p
from dipeval.vocabulary import label as label_of

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from dipeval.effects.checks.negative_controls_estimate import NegativeControl

COLUMNS: Final = (
    "term",
    "group",
    "label",
    "when",
    *FIGURES,
    "outcome_kind",
    "excludes_equality",
    "left_out",
    "max_smd",
    "se_method",
)
# Balance worse than this on the covariates themselves is said beside a control.
_POOR: Final = 0.1
# What chance brings more often than this is no clear warning.
_CHANCE: Final = 0.05


def row_of(control: NegativeControl, effect: Effect, left_out: Sequence[str], max_smd: float) -> dict[str, Any]:
    """Return the row of one control: what was found, and by which design."""
    row = effect.to_frame().iloc[0].to_dict()
    row |= {"label": control.label, "when": control.when, "outcome_kind": effect.outcome_kind}
    row |= {"excludes_equality": not effect.includes_equality, "left_out": ", ".join(left_out)}
    row |= {"max_smd": float(max_smd), "se_method": effect.se_method}
    return {name: row[name] for name in COLUMNS}


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class NegativeControls(HtmlMixin):
    """The "effects" of treatment on outcomes it cannot have changed; made by `negative_controls`.

    Parameters
    ----------
    level
        Coverage of the intervals.
    undeclared
        Columns from before the index date of which it is not known over which days they were counted.
    """

    level: float
    undeclared: tuple[str, ...] = ()
    _table: pd.DataFrame = field(repr=False)

    def __post_init__(self) -> None:
        if tuple(self._table.columns) != COLUMNS or self._table.empty:
            raise InvariantError("Negative controls have lost their documented columns, or there is none.")

    @property
    def n_controls(self) -> int:
        """How many there are."""
        return len(self._table)

    @property
    def n_excluding_equality(self) -> int:
        """How many have an interval that leaves equality of the groups out."""
        return int(self._table["excludes_equality"].sum())

    @property
    def n_expected(self) -> float:
        """How many would have one by chance alone."""
        return (1 - self.level) * self.n_controls

    @property
    def chance_of_as_many(self) -> float:
        """Probability of as many or more by chance alone, if the controls were independent."""
        return float(binom.sf(self.n_excluding_equality - 1, self.n_controls, 1 - self.level))

    @property
    def is_clear(self) -> bool:
        """Whether chance hardly brings this: so many beyond equality, or one so far from it (Bonferroni)."""
        furthest = self.n_controls * float(self._table["p_value"].min())
        return self.n_excluding_equality > 0 and min(self.chance_of_as_many, furthest) <= _CHANCE + 1e-12

    def to_frame(self) -> pd.DataFrame:
        """Return one row a control.

        Returns
        -------
        pandas.DataFrame
            ``term`` (measure), ``group`` (column), ``label``, ``when`` (before_index or after_index), ``estimate``,
            ``std_error``, ``conf_low``, ``conf_high``, ``p_value``, ``n``, ``n_treated``, ``n_comparison``,
            ``mean_treated``, ``mean_comparison``, ``outcome_kind``, ``excludes_equality``, ``left_out`` (columns the
            design was made again without), ``max_smd`` (of the covariates of that design), ``se_method``.
        """
        return self._table.copy()

    def summary(self) -> Summary:
        """Say how many controls warn, how many would by chance, and what that means."""
        interval = f"{level_in_words(self.level)}% interval"
        rows = [self._shown(row) for row in self._records()]
        names = ["Negative control", "Measured", "Measure", "Difference or ratio", interval, "p-value", "Reading"]
        return Summary(
            title=words.TITLE,
            headline=self._headline(),
            table=pd.DataFrame(rows, columns=names),
            notes=self._notes(),
        )

    def _records(self) -> list[dict[str, Any]]:
        return [{str(name): value for name, value in row.items()} for row in self._table.to_dict("records")]

    def _shown(self, row: dict[str, Any]) -> tuple[str, ...]:
        scale, digits = (100, 1) if row["term"] == "risk_difference" else (1, 2)
        measure = "percentage points" if row["term"] == "risk_difference" else _MEASURES.get(row["term"], "ratio")
        return (
            row["label"],
            words.WHEN[row["when"]],
            measure,
            format_number(scale * row["estimate"], digits),
            format_interval(scale * row["conf_low"], scale * row["conf_high"], digits),
            format_p(row["p_value"]),
            words.EXCLUDES if row["excludes_equality"] else words.INCLUDES,
        )

    def _headline(self) -> str:
        n, total = self.n_excluding_equality, self.n_controls
        facts = {
            "n": format_count(n),
            "total": format_count(total),
            "differ": "differs" if n == 1 else "differ",
            "level": level_in_words(self.level),
            "expected": format_number(self.n_expected, 2),
            "chance": format_number(self.chance_of_as_many, 2),
        }
        if n == 0:
            return (words.HEADLINE_NONE_OF_ONE if total == 1 else words.HEADLINE_NONE).format(**facts)
        if not self.is_clear:
            return words.HEADLINE_CHANCE.format(**facts)
        warning = self._table[self._table["excludes_equality"].astype(bool)]
        by_refits = bool((warning["left_out"] != "").all())
        return (words.HEADLINE_REFITTED if by_refits else words.HEADLINE_SOME).format(**facts)

    def _notes(self) -> tuple[str, ...]:
        table = self._table
        notes = [words.NOTE_WHAT]
        if (table["when"] == "before_index").any():
            notes.append(words.NOTE_REFITTED)
        for row in self._records():
            if row["left_out"]:
                columns = _columns_in_words(row["left_out"])
                notes.append(words.NOTE_LEFT_OUT.format(label=row["label"], columns=columns))
        if self.undeclared:
            is_are = "is" if len(self.undeclared) == 1 else "are"
            notes.append(words.NOTE_NOT_DECLARED.format(columns=", ".join(self.undeclared), is_are=is_are))
        after = table.loc[table["when"] == "after_index", "label"].tolist()
        if after:
            it_them = "it" if len(after) == 1 else "them"
            notes.append(words.NOTE_AFTER.format(labels="; ".join(after), it_them=it_them))
        for row in self._records():
            if row["max_smd"] > _POOR:
                notes.append(words.NOTE_UNBALANCED.format(label=row["label"], smd=format_number(row["max_smd"], 2)))
        one_in = format_number(1 / (1 - self.level), 0)
        notes.append(words.NOTE_CHANCE.format(level=level_in_words(self.level), one_in=one_in))
        return tuple(notes)

    def plot(self, ax: Axes | None = None) -> Axes:
        """Draw every control with its interval, a panel for each scale; those beyond equality as diamonds."""
        from dipeval.plots.forest import forest_plot

        frame = self.to_frame()
        unit = [row.term if row.outcome_kind != "number" else f"{row.term} {row.group}" for row in frame.itertuples()]
        headings = frame["when"].map(words.HEADINGS)
        role = frame["excludes_equality"].map({True: "primary", False: ""})
        return forest_plot(frame.assign(panel=unit, heading=headings, role=role), ax=ax)


_MEASURES: Final[dict[str, str]] = {"mean_difference": "mean"}


def _columns_in_words(left_out: str) -> str:
    return ", ".join(label_of(name) for name in left_out.split(", "))
