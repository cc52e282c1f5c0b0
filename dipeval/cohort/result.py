"""The cohort: people, attrition, exposure, and the events that follow-up needs."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

import pandas as pd

from dipeval.cohort.rule import CohortRule
from dipeval.errors import InputError, InvariantError
from dipeval.presenting import HtmlMixin, Summary, format_count, format_percent
from dipeval.vocabulary import OUTCOME_NAMES

if TYPE_CHECKING:
    import ibis.expr.types as ir
    from matplotlib.axes import Axes

    from dipeval.engine import Engine

# Every column of people, in order, and when it was measured. There is no "after_index": such columns do not exist.
MEASURED_AT: Final[dict[str, str]] = {
    "index_record_id": "identifier",
    "index_date": "design_date",
    "time_zero_date": "design_date",
    "treated": "exposure",
    "district": "at_index",
    "female": "at_index",
    "age_at_index": "at_index",
    "ethnicity": "at_index",
    "test_result": "at_index",
    "tested_opiates": "at_index",
    "tested_cocaine": "at_index",
    "prior_offences_12m": "before_index",
    "prior_offences_5y": "before_index",
    "log_prior_offences_5y": "before_index",
    "prior_acquisitive_5y": "before_index",
    "prior_violent_5y": "before_index",
    "prior_custody_5y": "before_index",
    "prior_treatment_5y": "before_index",
    "copas_rate": "before_index",
    "age_first_offence": "before_index",
}
DATE_COLUMNS: Final = ("index_date", "time_zero_date")


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Cohort(HtmlMixin):
    """Who is in, from when, treated or not, with the facts from before the index date. Made by `build_cohort`.

    Parameters
    ----------
    rule
        The rule it was built by.
    extract_date
        Last day that the extracts cover.
    engine
        Where the events are held.
    absent
        Optional tables the extracts did not have (custody_spells, deaths): nobody could be left out by them.

    Examples
    --------
    >>> import dipeval as dip
    >>> from dipeval.linkage import true_linkage
    >>> extracts = dip.simulate(people=200, seed=1)
    >>> cohort = dip.build_cohort(extracts, true_linkage(extracts))
    >>> cohort.attrition["step"].tolist()[:3], cohort.measured_at["copas_rate"]
    (['tested', 'positive', 'in_window'], 'before_index')
    """

    rule: CohortRule
    extract_date: dt.date
    engine: Engine = field(repr=False)
    absent: tuple[str, ...] = ()
    _people: pd.DataFrame = field(repr=False)
    _attrition: pd.DataFrame = field(repr=False)
    _exposure: pd.DataFrame = field(repr=False)
    _records: pd.DataFrame = field(repr=False)
    _events: Mapping[str, ir.Table] = field(repr=False)

    def __post_init__(self) -> None:
        for promise, kept in _promises(self).items():
            if not kept:
                raise InvariantError(f"The cohort breaks its promise: {promise}. Please report this.")

    @property
    def people(self) -> pd.DataFrame:
        """One row a person, index person_id (sorted): treated, design dates and facts from before the index.

        Columns: index_record_id, index_date, time_zero_date, treated (0/1), district, female (0/1; unknown sex is 0),
        age_at_index (completed years), ethnicity, test_result, tested_opiates, tested_cocaine, prior_offences_12m,
        prior_offences_5y, log_prior_offences_5y, prior_acquisitive_5y, prior_violent_5y, prior_custody_5y (spells),
        prior_treatment_5y (0/1), copas_rate, age_first_offence (completed years). "5y" is the look-back of the rule.
        """
        return self._people.copy()

    @property
    def measured_at(self) -> dict[str, str]:
        """Column of people -> before_index, at_index, exposure, identifier or design_date."""
        return dict(MEASURED_AT)

    @property
    def attrition(self) -> pd.DataFrame:
        """Columns step, label, n_people (left after the step), n_excluded (lost at it); the steps add up."""
        return self._attrition.copy()

    @property
    def exposure(self) -> pd.DataFrame:
        """Columns group, label, n_people, share, share_of: started in time, had not, and of these started later."""
        return self._exposure.copy()

    @property
    def records(self) -> pd.DataFrame:
        """Columns table, reason, n_records: records set aside or mended on the way in."""
        return self._records.copy()

    def events(self, name: str) -> ir.Table:
        """Return the cohort's events of one kind as an engine table, each with its person_id.

        Parameters
        ----------
        name
            ``offences``, ``custody_spells`` (united, open ends in the year 9999) or ``deaths``.

        Raises
        ------
        InputError
            If there is no such table.
        """
        if name not in self._events:
            raise InputError(f"A cohort has no events '{name}'; it has {', '.join(self._events)}.")
        return self._events[name]

    def to_frame(self) -> pd.DataFrame:
        """Return a copy of `people`, where its columns are told."""
        return self.people

    def summary(self) -> Summary:
        """Return the attrition with a headline; counts are exact and must pass the disclosure gate before release."""
        n, n_treated = len(self._people), int(self._people["treated"].sum())
        tested = int(self._attrition["n_people"].iloc[0])
        table = self._attrition[["label", "n_people", "n_excluded"]].rename(
            columns={"label": "Step", "n_people": "People left", "n_excluded": "People lost"}
        )
        return Summary(
            title="Who is in the cohort",
            headline=(
                f"Of {format_count(tested)} people tested, {format_count(n)} are in the cohort: "
                f"{format_count(n_treated)} started treatment within {self.rule.grace_days} days of the index test "
                f"and {format_count(n - n_treated)} had not."
            ),
            table=table,
            notes=tuple(self._notes()),
        )

    def _notes(self) -> list[str]:
        later = self._exposure[self._exposure["group"] == "started_later"]
        n_later, share = int(later["n_people"].iloc[0]), float(later["share"].iloc[0])
        notes = [self.rule.in_words()]
        if n_later:
            notes.append(
                f"{format_count(n_later)} of the comparison ({format_percent(share)}) started "
                "treatment later; they stay in the comparison."
            )
        kinds = {"custody_spells": "custody", "deaths": "deaths"}
        notes += [f"There is no extract of {kinds[name]}: nobody could be left out by it." for name in self.absent]
        rows = zip(self._records["table"], self._records["reason"], self._records["n_records"], strict=True)
        notes += [f"{table}: {reason} ({format_count(n)} records)." for table, reason, n in rows]
        return notes

    def plot(self, ax: Axes | None = None) -> Axes:
        """Draw the attrition as a flow of boxes and return the Axes drawn on (exact counts: not for release)."""
        from dipeval.plots.attrition import attrition_plot

        frame = self._attrition[["step", "label"]].assign(
            n=self._attrition["n_people"].map(format_count), excluded=self._attrition["n_excluded"].map(format_count)
        )
        return attrition_plot(frame, ax=ax)


def _promises(cohort: Cohort) -> dict[str, bool]:
    people, steps = cohort._people, cohort._attrition
    numeric = people.select_dtypes("number")
    lost = steps["n_people"].shift(1).iloc[1:] - steps["n_people"].iloc[1:]
    gap = people["time_zero_date"] - people["index_date"] if set(DATE_COLUMNS) <= set(people.columns) else None
    return {
        "one row a person, in order": bool(people.index.is_unique and people.index.is_monotonic_increasing),
        "no outcome column": not OUTCOME_NAMES & set(people.columns),
        "the documented columns, each with its time of measurement": list(people.columns) == list(MEASURED_AT),
        "complete numbers": bool(numeric.notna().all(axis=None)),
        "treated is 0 or 1": bool(people.get("treated", pd.Series(dtype="int64")).isin((0, 1)).all()),
        "time zero is the index date plus the landmark": gap is not None
        and bool((gap == pd.Timedelta(days=cohort.rule.landmark_days)).all()),
        "attrition steps add up": bool((lost == steps["n_excluded"].iloc[1:]).all())
        and int(steps["n_excluded"].iloc[0]) == 0
        and bool((steps["n_excluded"] >= 0).all()),
        "the last attrition step counts the people": int(steps["n_people"].iloc[-1]) == len(people),
    }
