"""The effect in each of several subgroups, and whether it differs between them."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

import pandas as pd

from dipeval.effects import wording
from dipeval.effects.effect import FIGURES, Effect
from dipeval.effects.several import subgroup_words as words
from dipeval.effects.several.many_words import MEASURE_WORDS
from dipeval.errors import InvariantError
from dipeval.presenting import HtmlMixin, Summary, format_count, format_interval, format_number, format_p
from dipeval.vocabulary import label

if TYPE_CHECKING:
    from collections.abc import Mapping

    from matplotlib.axes import Axes

COLUMNS: Final = (
    "term",
    "group",
    "column",
    "level",
    *FIGURES,
    "ess_treated",
    "ess_comparison",
    "max_smd",
    "worst_term",
    "in_test",
    "reason",
    "p_interaction",
    "p_interaction_holm",
)
TEST_COLUMNS: Final = ("column", "chi_square", "df", "p_value", "p_value_holm", "n_levels", "n_left_out")
# Above this standardised difference a subgroup is said to be unlike (10% of a standard deviation).
UNLIKE: Final = 0.1


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class SubgroupEffects(HtmlMixin):
    """The effect in subgroups, with tests of whether it differs; made by `subgroup_effects`.

    Parameters
    ----------
    overall
        Effect among everybody the design uses, estimated in the same way.
    by
        The columns that make the subgroups.
    level
        Coverage of the intervals, 0-1.
    labels
        Column, and the outcome -> the words shown for it.
    """

    overall: Effect
    by: tuple[str, ...]
    level: float
    labels: Mapping[str, str]
    _frame: pd.DataFrame = field(repr=False)
    _tests: pd.DataFrame = field(repr=False)

    def __post_init__(self) -> None:
        if tuple(self._frame.columns) != COLUMNS or tuple(self._tests.columns) != TEST_COLUMNS:
            raise InvariantError("A table of subgroups has lost its documented columns.")
        sizes = self._frame.groupby("column")["n"].sum()
        if not (sizes == self.overall.n_treated + self.overall.n_comparison).all():
            raise InvariantError("The subgroups of a column do not add up to the people of the design.")
        if self._frame.loc[self._frame["in_test"], "estimate"].isna().any():
            raise InvariantError("A subgroup without an estimate takes part in a test.")

    def to_frame(self) -> pd.DataFrame:
        """Return one row a subgroup.

        Returns
        -------
        pandas.DataFrame
            ``term`` (the measure), ``group`` (the outcome), ``column``, ``level`` (of the column, in words),
            ``estimate``, ``std_error``, ``conf_low``, ``conf_high``, ``p_value`` (of the effect in this subgroup: no
            evidence of a difference between subgroups), ``n``, ``n_treated``, ``n_comparison``, ``mean_treated``,
            ``mean_comparison``, ``ess_treated``, ``ess_comparison`` (effective numbers), ``max_smd`` (largest
            standardised difference within the subgroup, with the design's weights), ``worst_term`` (the covariate it
            belongs to), ``in_test``, ``reason`` (why it is not in the test; empty if it is), ``p_interaction`` and
            ``p_interaction_holm`` (test of the column, the same on all its rows). Missing where not estimated.
        """
        return self._frame.copy()

    def tests(self) -> pd.DataFrame:
        """Return the tests of interaction, one row a column.

        Returns
        -------
        pandas.DataFrame
            ``column``, ``chi_square``, ``df``, ``p_value``, ``p_value_holm`` (corrected over the columns),
            ``n_levels`` (subgroups in the test), ``n_left_out``. Missing where no test could be made.
        """
        return self._tests.copy()

    @property
    def differing(self) -> tuple[str, ...]:
        """The columns by which the effect differs, by the corrected test of interaction."""
        found = self._tests["p_value_holm"] <= 1 - self.level
        return tuple(self._tests.loc[found, "column"])

    def summary(self) -> Summary:
        """Return whether the effect differs between subgroups, the table of subgroups, and how to read it."""
        outcome = self.labels[self.overall.outcome_name]
        return Summary(
            title=words.TITLE.format(outcome=outcome, columns=self._listed(self.by)),
            headline=self._headline(outcome),
            table=self._table(),
            notes=tuple(self._notes()),
        )

    def _headline(self, outcome: str) -> str:
        tests = self._tests.dropna(subset=["p_value"])
        if tests.empty:
            return words.UNTESTED.format(outcome=outcome, columns=self._listed(self.by, "or"))
        corrected = words.CORRECTED.format(n=len(tests)) if len(tests) > 1 else ""
        differing = self.differing
        columns = self._listed(differing) if differing else self._listed(tests["column"], "or")
        shown = tests[tests["column"].isin(differing)] if differing else tests
        p_value = shown["p_value_holm"].max() if differing else shown["p_value_holm"].min()
        template = words.DIFFERS if differing else words.UNCLEAR
        return template.format(outcome=outcome, columns=columns, p=_p(p_value), corrected=corrected)

    def _listed(self, columns: Any, last: str = "and") -> str:
        names = [self.labels[name][:1].lower() + self.labels[name][1:] for name in columns]
        return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} {last} {names[-1]}"

    def _table(self) -> pd.DataFrame:
        interval = f"{wording.level_in_words(self.level)}% interval"
        scale, digits = self._scale()
        rows = [(words.EVERYBODY, "", self.overall.to_frame().iloc[0].to_dict() | {"max_smd": None})]
        rows += [(self.labels[one["column"]], one["level"], one) for one in self._frame.to_dict("records")]
        return pd.DataFrame(
            {
                "By": [by for by, _, _ in rows],
                "Subgroup": [level for _, level, _ in rows],
                "Treated": [format_count(one["n_treated"]) for _, _, one in rows],
                "Comparison": [format_count(one["n_comparison"]) for _, _, one in rows],
                "Estimate": [format_number(scale * one["estimate"], digits) for _, _, one in rows],
                interval: [
                    format_interval(scale * one["conf_low"], scale * one["conf_high"], digits) for _, _, one in rows
                ],
                "Largest SMD": [
                    "" if one["max_smd"] is None else format_number(one["max_smd"], 2) for _, _, one in rows
                ],
            }
        )

    def _scale(self) -> tuple[int, int]:
        if self.overall.measure == "risk_difference":
            return 100, 1
        return 1, wording.mean_digits(self.overall) if self.overall.measure == "mean_difference" else 2

    def _notes(self) -> list[str]:
        n_tests = int(self._tests["p_value"].notna().sum())
        notes = [words.NOTE_READING, words.NOTE_ESTIMAND.format(estimand=self.overall.estimand.rstrip("."))]
        for one in self._tests.to_dict("records"):
            column = self.labels[one["column"]]
            if one["p_value"] != one["p_value"]:
                notes.append(words.NOTE_NO_TEST.format(column=column))
                continue
            notes.append(
                words.NOTE_TEST.format(
                    column=column,
                    p=_p(one["p_value_holm"]),
                    corrected=words.CORRECTED.format(n=n_tests) if n_tests > 1 else "",
                    chi_square=format_number(one["chi_square"], 2),
                    df=int(one["df"]),
                    s="" if one["df"] == 1 else "s",
                    n_levels=int(one["n_levels"]),
                )
            )
        if n_tests > 1:
            notes.append(words.NOTE_HOLM.format(n=n_tests, alpha=f"{100 * (1 - self.level):g}"))
        notes.append(words.NOTE_SCALE.format(measure=MEASURE_WORDS[self.overall.measure]))
        notes += [*self._left_out(), *self._dropped(), *self._balance()]
        errors = {"se_method": self.overall.se_method, "level": wording.level_in_words(self.level)}
        notes += [words.NOTE_ERRORS.format(**errors), words.NOTE_PLANNED]
        design = {"method": self.overall.design_method, "fingerprint": self.overall.design_fingerprint[:12]}
        return [*notes, *self.overall.remarks, wording.NOTE_DESIGN.format(**design)]

    def _left_out(self) -> list[str]:
        notes = []
        for one in self._frame[~self._frame["in_test"]].to_dict("records"):
            column = self.labels[one["column"]]
            if one["reason"] == words.GAPS:
                notes.append(words.NOTE_NOT_RECORDED.format(column=column))
            else:
                notes.append(words.NOTE_LEFT_OUT.format(column=column, level=one["level"], reason=one["reason"]))
        return notes

    def _dropped(self) -> list[str]:
        dropped = self.overall.n_left_out
        if not dropped:
            return []
        return [words.NOTE_DROPPED.format(n=format_count(dropped), were="was" if dropped == 1 else "were")]

    def _balance(self) -> list[str]:
        shown = self._frame[self._frame["estimate"].notna() & self._frame["max_smd"].notna()]
        unlike = int((shown["max_smd"] > UNLIKE).sum())
        if shown.empty:
            return []
        template = words.NOTE_BALANCE if unlike else words.NOTE_BALANCED
        return [template.format(n=unlike, total=len(shown), threshold=f"{100 * UNLIKE:g}")]

    def plot(self, ax: Axes | None = None) -> Axes:
        """Draw the subgroups below everybody as a forest plot, the test of each column beside it; return the Axes."""
        from dipeval.plots.forest import forest_plot

        n_tests = int(self._tests["p_value"].notna().sum())
        corrected = words.CORRECTED.format(n=n_tests) if n_tests > 1 else ""
        tests = {
            one["column"]: words.HEADING_NO_TEST
            if one["p_value"] != one["p_value"]
            else words.HEADING_TEST.format(p=_p(one["p_value_holm"]), corrected=corrected)
            for one in self._tests.to_dict("records")
        }
        frame = self.to_frame()
        frame["label"] = frame["level"].map(lambda text: text[:1].upper() + text[1:])
        frame["heading"] = frame["column"].map(self.labels)
        frame["heading_note"] = frame["column"].map(tests)
        frame["note"] = words.SHORT_NOTE
        everybody = self.overall.to_frame().assign(label=words.EVERYBODY, role="primary")
        # Rows without a heading stand above the first one.
        both = pd.concat([everybody, frame], ignore_index=True)
        for side in ("treated", "comparison"):
            both[side] = both[f"n_{side}"].map(format_count)
        return forest_plot(both, columns={"treated": label("treated"), "comparison": label("comparison")}, ax=ax)


def _p(value: float) -> str:
    return format_p(float(value))
