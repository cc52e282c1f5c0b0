"""The answers of every specification, side by side."""

from __future__ import annotations

import statistics
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

import pandas as pd

from dipeval.effects.checks import specifications_words as words
from dipeval.effects.checks.specifications_grid import Limits
from dipeval.effects.checks.specifications_telling import by_choice, limits_in_words, not_counted, skipped_in_words
from dipeval.effects.measures import null_value
from dipeval.effects.wording import level_in_words
from dipeval.errors import InvariantError
from dipeval.presenting import HtmlMixin, Summary, format_count, format_interval, format_number, format_percent
from dipeval.vocabulary import label

if TYPE_CHECKING:
    from matplotlib.axes import Axes

CHOICES: Final = ("method", "caliper", "ratio", "covariates", "estimator")
ESTIMATED, NO_DESIGN, NO_ESTIMATE = "estimated", "no_design", "no_estimate"
COLUMNS: Final = (
    "name",
    "is_main",
    *CHOICES,
    "term",
    "group",
    "estimate",
    "std_error",
    "conf_low",
    "conf_high",
    "p_value",
    "n",
    "n_treated",
    "n_comparison",
    "ess",
    "max_smd",
    "share_dropped",
    "passed",
    "status",
    "reason",
    "fingerprint",
)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class SpecificationCurve(HtmlMixin):
    """The answer by every specification of a grid; made by `specification_curve`.

    Parameters
    ----------
    measure, outcome_name
        What is estimated, of which outcome.
    level
        Coverage of the intervals.
    limits
        What a design had to pass.
    skipped
        Reason -> how many combinations of the grid are no specification.
    """

    measure: str
    outcome_name: str
    level: float
    limits: Limits
    skipped: Mapping[str, int]
    _table: pd.DataFrame = field(repr=False)

    def __post_init__(self) -> None:
        if tuple(self._table.columns) != COLUMNS or int(self._table["is_main"].sum()) != 1:
            raise InvariantError("A specification curve has lost its columns or its main specification.")
        if (self._table["passed"] & (self._table["status"] != ESTIMATED)).any():
            raise InvariantError("A specification without an estimate is counted as one that passed.")

    @property
    def n_specifications(self) -> int:
        """Combinations of the grid that are specifications."""
        return len(self._table)

    @property
    def n_passing(self) -> int:
        """Specifications with an estimate whose design passed its checks."""
        return int(self._table["passed"].sum())

    @property
    def side(self) -> int:
        """The side of equality where most passing specifications lie: -1 below, 1 above, 0 if there is none."""
        sides = self._sides()
        return 0 if not sides else (-1 if sides.count(-1) >= sides.count(1) else 1)

    @property
    def n_same_side(self) -> int:
        """Passing specifications on that side."""
        return self._sides().count(self.side) if self.side else 0

    @property
    def share_same_side(self) -> float:
        """Their share of the passing ones; NaN where none passed."""
        return self.n_same_side / self.n_passing if self.n_passing else float("nan")

    @property
    def n_excluding_equality(self) -> int:
        """Passing specifications whose interval leaves equality out, on that side."""
        return self._n_beyond(self.side)

    def _n_beyond(self, side: int) -> int:
        """Passing specifications whose interval lies on one side of equality altogether."""
        passing, null = self._passing(), null_value(self.measure)
        return int((passing["conf_high"] < null if side < 0 else passing["conf_low"] > null).sum())

    def _passing(self) -> pd.DataFrame:
        return self._table[self._table["passed"].astype(bool)]

    def _sides(self) -> list[int]:
        null = null_value(self.measure)
        return [int(value > null) - int(value < null) for value in self._passing()["estimate"].tolist()]

    def to_frame(self) -> pd.DataFrame:
        """Return one row a specification, in the order of the grid's lists.

        Returns
        -------
        pandas.DataFrame
            ``name``, ``is_main``, ``method``, ``caliper``, ``ratio`` (missing where the method has none),
            ``covariates`` (the set), ``estimator``, ``term`` (measure), ``group`` (outcome), ``estimate``,
            ``std_error``, ``conf_low``, ``conf_high``, ``p_value``, ``n``, ``n_treated``, ``n_comparison``, ``ess``,
            ``max_smd``, ``share_dropped``, ``passed`` (an estimate, by a design that passed its checks), ``status``
            (estimated, no_design, no_estimate), ``reason`` (why it did not pass, or has no estimate), ``fingerprint``.
        """
        return self._table.copy()

    def summary(self) -> Summary:
        """Say how many specifications agree, from where to where they reach, and what that does not show.

        The table has one row a choice, over the specifications that rest on it; each by itself stands in `to_frame`.
        """
        rows = [
            self._shown(words.DIMENSIONS[column], told, part) for column, told, part in by_choice(self._table, CHOICES)
        ]
        names = ["Choice", "", "Specifications", "Passed", "Estimates of these"]
        return Summary(
            title=words.TITLE.format(outcome=label(self.outcome_name)),
            headline=self._headline(),
            table=pd.DataFrame(rows, columns=names),
            notes=self._notes(),
        )

    def _shown(self, dimension: str, told: str, part: pd.DataFrame) -> tuple[str, ...]:
        passing = part.loc[part["passed"].astype(bool), "estimate"]
        ends = (self._scaled(float(passing.min())), self._scaled(float(passing.max()))) if len(passing) else None
        reach = words.NO_ONE if ends is None else format_interval(*ends, digits=self._digits)
        return dimension, told, format_count(len(part)), format_count(len(passing)), reach

    def _scaled(self, value: float) -> float:
        return 100 * value if self.measure == "risk_difference" else value

    @property
    def _digits(self) -> int:
        return 1 if self.measure == "risk_difference" else 2

    def _number(self, value: float) -> str:
        unit = " percentage points" if self.measure == "risk_difference" else ""
        return format_number(self._scaled(value), self._digits) + unit

    def _headline(self) -> str:
        if not self.n_passing:
            return words.HEADLINE_NONE.format(n=format_count(self.n_specifications))
        main_passed = bool(self._table.loc[self._table["is_main"].astype(bool), "passed"].all())
        left_out = not_counted(self.n_specifications, self.n_passing, main_passed=main_passed)
        return f"{self._only() if self.n_passing == 1 else self._several()} {left_out}".rstrip()

    def _several(self) -> str:
        """Say where the specifications lie."""
        estimates = self._passing()["estimate"]
        return words.HEADLINE.format(
            same=format_count(self.n_same_side),
            passing=format_count(self.n_passing),
            share=format_percent(self.share_same_side, 0),
            low=format_number(self._scaled(float(estimates.min())), self._digits),
            high=self._number(float(estimates.max())),
            clear=format_count(self.n_excluding_equality) if self.n_excluding_equality else words.NO_ONE,
            **self._side_and_level(),
        )

    def _only(self) -> str:
        """Say what the one specification gives whose design passed."""
        row = self._passing().iloc[0]
        low, high = (format_number(self._scaled(row[name]), self._digits) for name in ("conf_low", "conf_high"))
        return words.HEADLINE_ONE.format(
            estimate=self._number(row["estimate"]), low=low, high=high, **self._side_and_level()
        )

    def _side_and_level(self) -> dict[str, str]:
        side = words.LOWER if self.side < 0 else words.HIGHER
        return {"side": side, "level": level_in_words(self.level)}

    def _notes(self) -> tuple[str, ...]:
        main = self._table[self._table["is_main"]].iloc[0]
        notes = [self._main_in_words(main)]
        if self.n_passing:
            middle = statistics.median(self._passing()["estimate"].tolist())
            notes += [words.NOTE_MEDIAN.format(median=self._number(middle))] if self.n_passing > 1 else []
            notes += [words.NOTE_DEPENDS] if self.n_same_side < self.n_passing else []
            others = self._n_beyond(-self.side)
            notes += [words.NOTE_OTHER_SIDE.format(n=format_count(others))] if others else []
            notes += [] if others or self.n_excluding_equality else [words.NOTE_UNCLEAR]
        notes += [words.NOTE_NOT_INDEPENDENT, words.NOTE_ORDER, limits_in_words(self.limits), words.NOTE_BALANCE]
        return (*notes, *self._left_over())

    def _main_in_words(self, main: pd.Series) -> str:
        if not main["passed"]:
            return words.NOTE_MAIN_FAILED.format(name=main["name"], reason=str(main["reason"]).rstrip("."))
        low, high = self._scaled(main["conf_low"]), self._scaled(main["conf_high"])
        return words.NOTE_MAIN.format(
            name=main["name"],
            estimate=self._number(main["estimate"]),
            low=format_number(low, self._digits),
            high=format_number(high, self._digits),
        )

    def _left_over(self) -> list[str]:
        """Say what is not in the headline: failing designs, designs and estimates that could not be made."""
        table = self._table
        notes = []
        failing = int(((table["status"] == ESTIMATED) & ~table["passed"].astype(bool)).sum())
        no_estimate = table[table["status"] == NO_ESTIMATE]
        no_design = table[table["status"] == NO_DESIGN].drop_duplicates(["method", "caliper", "ratio", "covariates"])
        if failing:
            notes.append(words.NOTE_FAILED.format(n=format_count(failing)))
        if len(no_design):
            notes.append(words.NOTE_NO_DESIGN.format(n=format_count(len(no_design))))
        if len(no_estimate):
            reason = no_estimate["reason"].iloc[0]
            notes.append(words.NOTE_NO_ESTIMATE.format(n=format_count(len(no_estimate)), reason=reason))
        return [*notes, *skipped_in_words(self.skipped)]

    def plot(self, ax: Axes | None = None) -> Axes:
        """Draw the estimates in order of size, and below each the choices it rests on; failing designs hollow."""
        from dipeval.plots.effects import AXIS_LABELS
        from dipeval.plots.specifications import specification_plot

        frame = self._table[self._table["status"] == ESTIMATED]
        scale = 100.0 if self.measure == "risk_difference" else 1.0
        numbers: dict[str, Any] = {name: scale * frame[name] for name in ("estimate", "conf_low", "conf_high")}
        return specification_plot(
            frame.assign(**numbers),
            dimensions=words.DIMENSIONS,
            names={"method": words.METHODS, "estimator": words.ESTIMATORS},
            title=AXIS_LABELS.get(self.measure, label(self.measure)),
            line=null_value(self.measure),
            ratio=bool(null_value(self.measure)),
            ax=ax,
        )
