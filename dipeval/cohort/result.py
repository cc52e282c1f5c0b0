"""The cohort: people, attrition, exposure, and the events that follow-up needs."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

import pandas as pd

from dipeval.cohort.calendar import programme_calendar
from dipeval.cohort.covariates import MEASURED_AT, covariate_table, measured_at
from dipeval.cohort.rule import CohortRule
from dipeval.cohort.rule_words import index_name, short_exposure, started
from dipeval.errors import InputError, InvariantError
from dipeval.presenting import HtmlMixin, Summary, format_count, format_percent
from dipeval.vocabulary import OUTCOME_NAMES

if TYPE_CHECKING:
    import ibis.expr.types as ir
    from matplotlib.axes import Axes

    from dipeval.cohort.flow import CutBack
    from dipeval.engine import Engine, Stage

DATE_COLUMNS: Final = ("index_date", "time_zero_date")
# The only numbers that may be missing: supplied by the user, and not for everybody.
MAY_BE_MISSING: Final = ("risk_score",)
_TABLE_WORDS: Final = {"custody_spells": "custody", "deaths": "deaths"}
_HISTORY: Final = {
    "drug_tests": "drug tests: earlier tests are counted as none",
    "treatment": "treatment: earlier treatment is counted as none",
}


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
    cut_back
        How far the cohort was cut back because later index events cannot be followed for long enough; None if nobody
        was lost by it.
    immortal_days
        Under ``immortal_time="ever_treated"``: days from time zero to the start of treatment, summed over the treated.
        On these days treatment had not begun, and whoever died or was lost on them is not called treated; they are
        credited to treatment. Otherwise None.

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
    cut_back: CutBack | None = None
    immortal_days: float | None = None
    _people: pd.DataFrame = field(repr=False)
    _cluster: pd.Series = field(repr=False)
    _attrition: pd.DataFrame = field(repr=False)
    _exposure: pd.DataFrame = field(repr=False)
    _records: pd.DataFrame = field(repr=False)
    _events: Mapping[str, Stage] = field(repr=False)
    _followed: Stage = field(repr=False)
    _given: Mapping[str, frozenset[str]] = field(repr=False)

    def __post_init__(self) -> None:
        for promise, kept in _promises(self).items():
            if not kept:
                raise InvariantError(f"The cohort breaks its promise: {promise}. Please report this.")

    @property
    def people(self) -> pd.DataFrame:
        """One row a person, index person_id (sorted): treated, design dates and facts from before the index.

        Where a person can be in several times it is one row an index event, index index_id (person_id and day). When
        each column was measured, over which days, and what it means: `covariates`.

        Columns: index_record_id, index_date, time_zero_date, treated, district, female, age_at_index,
        ethnicity, test_result, tested_opiates, tested_cocaine, prior_offences_12m, prior_offences_5y,
        log_prior_offences_5y, prior_acquisitive_5y, prior_violent_5y, prior_custody_5y, prior_treatment_5y,
        copas_rate, age_first_offence, exposure_date, exposure_type, risk_score, age_group, season,
        index_year, era, prior_offences_ever, prior_acquisitive_12m, prior_violent_12m, prior_disorder_12m,
        prior_disorder_5y, prior_drug_12m, prior_drug_5y, prior_sanctions_12m, prior_sanctions_5y,
        prior_sanctions_ever, prior_custodial_sanctions_5y, prior_custody_12m, prior_custody_days_12m,
        prior_custody_days_5y, prior_tests_12m, prior_tests_5y, prior_positive_tests_12m,
        prior_positive_tests_5y, prior_treatment_12m, prior_treatment_episodes_5y, copas_rate_ogrs4,
        age_first_sanction, offences_quarter_1, offences_quarter_2, offences_quarter_3, offences_quarter_4,
        offences_quarter_5, offences_quarter_6, offences_quarter_7, offences_quarter_8.
        """
        return self._people.copy()

    @property
    def unit(self) -> str:
        """What one row of people is: ``people`` or ``index events``."""
        return self.rule.unit

    @property
    def cluster(self) -> pd.Series:
        """The person_id of each row, on the index of people: rows of one person are not independent."""
        return self._cluster.copy()

    @property
    def followed(self) -> ir.Table:
        """Who is followed from when, on the engine: index_id, person_id, index_date, time_zero_date, exposure_date."""
        return self._followed.table

    @property
    def calendar_days(self) -> pd.DataFrame:
        """Dates of the programme calendar among the index dates.

        Columns name, kind, valid_from, valid_to, area, what, n: how many index events fall on days of the entry. Only
        entries with index events on their days and others off them, or eras with any, are given.
        """
        return _calendar_days(self._people["index_date"])

    def covariates(self) -> pd.DataFrame:
        """Return the columns of people, in order: when and over which days each was measured, and what it means.

        Returns
        -------
        pandas.DataFrame
            column, measured_at, from_days, to_days (counted from the cut-off, the earlier of index and start of the
            exposure), meaning.
        """
        return covariate_table(self.rule)

    def given(self, table: str) -> frozenset[str]:
        """Return the columns that the source of a table holds; empty if there was no such table."""
        return self._given.get(table, frozenset())

    @property
    def measured_at(self) -> dict[str, str]:
        """Column of people -> before_index, at_index, exposure, identifier or design_date.

        Where the exposure comes before the index, what the index record tells of a person's state (test result, risk
        score) is after_exposure: no baseline, and refused by `dipeval.match` and `dipeval.weight`.
        """
        return measured_at(self.rule)

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
            ``offences``, ``custody_spells`` (united, open ends in the year 9999), ``deaths``, ``treatment``,
            ``orders``, ``drug_tests`` or ``contacts``. A table that the extracts did not have is empty (`given`).

        Raises
        ------
        InputError
            If there is no such table.
        """
        if name not in self._events:
            raise InputError(f"A cohort has no events '{name}'; it has {', '.join(self._events)}.")
        return self._events[name].table.semi_join(self._followed.table, "person_id")

    def to_frame(self) -> pd.DataFrame:
        """Return a copy of `people`, where its columns are told."""
        return self.people

    def summary(self) -> Summary:
        """Return the attrition with a headline; counts are exact and must pass the disclosure gate before release."""
        table = self._attrition[["label", "n_people", "n_excluded"]].rename(
            columns={"label": "Step", "n_people": f"{_unit(self)} left", "n_excluded": f"{_unit(self)} lost"}
        )
        return Summary(title="Who is in the cohort", headline=_headline(self), table=table, notes=tuple(self._notes()))

    def _notes(self) -> list[str]:
        later = self._exposure[self._exposure["group"] == "started_later"]
        n_later, share = int(later["n_people"].iloc[0]), float(later["share"].iloc[0])
        notes = [self.rule.in_words(), *_warnings(self)]
        if n_later:
            notes.append(
                f"{format_count(n_later)} of the comparison ({format_percent(share)}) started "
                f"{short_exposure(self.rule)} later; they stay in the comparison."
            )
        notes += [
            f"There is no extract of {_TABLE_WORDS[name]}: nobody could be left out by it." for name in self.absent
        ]
        notes += [f"There is no extract of {words}." for name, words in _HISTORY.items() if not self.given(name)]
        rows = zip(self._records["table"], self._records["reason"], self._records["n_records"], strict=True)
        notes += [f"{table}: {reason} ({format_count(n)} records)." for table, reason, n in rows]
        return notes

    def plot(self, ax: Axes | None = None) -> Axes:
        """Draw who was left out and why, and the two groups, and return the Axes (exact counts: not for release)."""
        from dipeval.cohort.flow_reasons import picture_arms, picture_steps
        from dipeval.plots.attrition import consort_plot

        return consort_plot(picture_steps(self._attrition, self.rule), picture_arms(self._exposure), ax=ax)


def _unit(cohort: Cohort) -> str:
    return "People" if cohort.unit == "people" else "Index events"


def _headline(cohort: Cohort) -> str:
    rule, n, n_treated = cohort.rule, len(cohort._people), int(cohort._people["treated"].sum())
    first = int(cohort._attrition["n_people"].iloc[0])
    what, verb = short_exposure(rule), "had" if rule.exposure == "contact" else "started"
    split = (
        f"{format_count(n_treated)} {verb} {what} {started(rule)}{' and completed it' if rule.completed_only else ''} "
        f"and {format_count(n - n_treated)} had not."
    )
    if cohort.unit == "people":
        who = "people tested" if index_name(rule) == "index test" else "people with an index event on record"
        return f"Of {format_count(first)} {who}, {format_count(n)} are in the cohort: {split}"
    persons = cohort._cluster.nunique()
    return (
        f"Of {format_count(first)} events on record, {format_count(n)} are in the cohort, of "
        f"{format_count(persons)} people: {split}"
    )


def _warnings(cohort: Cohort) -> list[str]:
    """What a reader has to know before any figure."""
    notes = [] if cohort.cut_back is None else [cohort.cut_back.in_words()]
    if cohort.immortal_days is not None:
        n_treated = int(cohort._people["treated"].sum())
        mean = cohort.immortal_days / n_treated if n_treated else 0.0
        notes.append(
            f"Immortal time: {format_count(cohort.immortal_days)} days before the start of treatment ({mean:.0f} for "
            "each treated on average) are credited to treatment, although it had not begun and nobody called treated "
            "could have died or been lost on them."
        )
    if cohort.rule.exposure_timing == "before_index" and cohort.rule.landmark_days:
        notes.append(
            f"Time zero is {cohort.rule.landmark_days} days after the {index_name(cohort.rule)} although who is "
            "treated is known by then: reoffences of those days do not count, and whoever died or was in custody at "
            "time zero is left out, which treatment may have had a part in. landmark_days=0 follows from the "
            f"{index_name(cohort.rule)}."
        )
    if cohort.unit != "people":
        notes.append("A person can be in several times: standard errors are to be clustered by person (`cluster`).")
    return notes


def _calendar_days(index_dates: pd.Series) -> pd.DataFrame:
    calendar = programme_calendar()
    counts = []
    for first, last in zip(calendar["valid_from"], calendar["valid_to"], strict=True):
        inside = pd.Series(data=True, index=index_dates.index)
        if pd.notna(first):
            inside &= index_dates >= first
        if pd.notna(last):
            inside &= index_dates <= last
        counts.append(int(inside.sum()))
    found = calendar.assign(n=counts)
    told = (found["n"] > 0) & ((found["n"] < len(index_dates)) | (found["kind"] == "era"))
    columns = ["name", "kind", "valid_from", "valid_to", "area", "what", "n"]
    return found.loc[told, columns].reset_index(drop=True)


def _promises(cohort: Cohort) -> dict[str, bool]:
    people, steps = cohort._people, cohort._attrition
    lost = steps["n_people"].shift(1).iloc[1:] - steps["n_people"].iloc[1:]
    gap = people["time_zero_date"] - people["index_date"] if set(DATE_COLUMNS) <= set(people.columns) else None
    row = "one row a person" if cohort.unit == "people" else "one row an index event"
    # Column by column: a person-sized frame is not copied for this.
    numbers = [name for name, kind in people.dtypes.items() if kind.kind in "iuf" and name not in MAY_BE_MISSING]
    return {
        f"{row}, in order": bool(people.index.is_unique and people.index.is_monotonic_increasing),
        "no outcome column": not OUTCOME_NAMES & set(people.columns),
        "the documented columns, each with its time of measurement": list(people.columns) == list(MEASURED_AT),
        "complete numbers": not any(people[name].hasnans for name in numbers),
        "treated is 0 or 1": bool(people.get("treated", pd.Series(dtype="int64")).isin((0, 1)).all()),
        "time zero is the index date plus the landmark": gap is not None
        and bool((gap == pd.Timedelta(days=cohort.rule.landmark_days)).all()),
        "attrition steps add up": bool((lost == steps["n_excluded"].iloc[1:]).all())
        and int(steps["n_excluded"].iloc[0]) == 0
        and bool((steps["n_excluded"] >= 0).all()),
        "the last attrition step counts the people": int(steps["n_people"].iloc[-1]) == len(people),
    }
