"""Counts of offences in windows before and after the index: named columns of a table, or the events of a cohort."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pandas as pd

from dipeval.cohort import Cohort
from dipeval.cohort.rule import require_whole
from dipeval.effects.asked import mapping_asked
from dipeval.effects.robust import Floats
from dipeval.errors import InputError
from dipeval.outcomes import FollowUp, of_cohort
from dipeval.outcomes.expressions import custody_days, followed_up
from dipeval.outcomes.observable import require_observable
from dipeval.outcomes.spans import COUNTED, dated_offences, with_edges
from dipeval.outcomes.tallies import labelled
from dipeval.vocabulary import TREATED

if TYPE_CHECKING:
    import ibis.expr.types as ir

logger = logging.getLogger("dipeval")

BEFORE, AFTER, INDEX = "before", "after", "index_events"
EARLIER: Final = "earlier_{number}"
MOST_OFFENCES: Final = 1_000_000  # of one person in one window; what is larger is no count of offences


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Windows:
    """Counts of each row (a person, or an index event), the windows of equal length.

    Parameters
    ----------
    rows
        Labels of the rows.
    before, after
        Offences in the window before and the one after.
    earlier
        Rows x windows further back, the nearest first.
    index
        Index events counted among the offences before.
    at_risk
        Rows x (before, after, earlier...): time at risk as a share of the window; None where it is not known.
    cluster
        Whose row each is; None where rows are people.
    treated
        Whether each is treated; None where the table does not say.
    days
        Length of a window; None where it is not said.
    gap_days
        Days before the index that are in no window; None where that is not known, or the index is counted.
    index_choice
        Which of a person's index events a cohort took, as in `CohortRule`; None for a table.
    """

    rows: pd.Index
    before: Floats
    after: Floats
    earlier: Floats
    index: Floats
    at_risk: Floats | None = None
    cluster: pd.Series | None = None
    treated: pd.Series | None = None
    days: int | None = None
    gap_days: int | None = None
    index_choice: str | None = None

    @property
    def n_earlier(self) -> int:
        """How many windows further back there are."""
        return int(self.earlier.shape[1])

    @property
    def others(self) -> Floats:
        """Offences before, the index event left out."""
        return self.before - self.index

    def of(self, labels: pd.Index) -> Windows:
        """Return the windows of some rows, in the order of their labels."""
        places = self.rows.get_indexer(labels)
        return replace(
            self,
            rows=labels,
            before=self.before[places],
            after=self.after[places],
            earlier=self.earlier[places],
            index=self.index[places],
            at_risk=None if self.at_risk is None else self.at_risk[places],
            cluster=None if self.cluster is None else self.cluster.reindex(labels),
            treated=None if self.treated is None else self.treated.reindex(labels),
        )

    def in_counts(self) -> Windows:
        """Return the windows without their times at risk."""
        return replace(self, at_risk=None)


def named_windows(
    people: pd.DataFrame,
    *,
    before: str,
    after: str,
    earlier: Sequence[str],
    index_events: str | None,
    index_counted: bool,
    time_at_risk: Mapping[str, str] | None,
    treated: str | None,
    days: int | None,
) -> Windows:
    """Take the windows from columns of a table; parameters as in `dipeval.before_after`."""
    if people.index.has_duplicates:
        raise InputError(
            f"{int(people.index.duplicated().sum())} rows have the label of another row; give each person one row with "
            "an index of its own."
        )
    if people.empty:
        raise InputError("people has no rows: needed is one row a person with the offences in each window.")
    named = [before, after, *earlier]
    if len(set(named)) < len(named):
        raise InputError("before, after and earlier name a column twice; each window is a column of its own.")
    counts = {name: _counts(people, name) for name in named}
    index = np.zeros(len(people))
    if index_events is not None:
        index = _counts(people, index_events)
    elif index_counted:
        index = np.ones(len(people))
    short = int((index > counts[before]).sum())
    if short:
        raise InputError(
            f"{short} people have fewer offences before than index events counted among them: with "
            "selection='index_counted' the index event is one of the offences before. Count it there, or use another "
            "selection."
        )
    n = len(people)
    return Windows(
        rows=people.index,
        before=counts[before],
        after=counts[after],
        earlier=np.column_stack([counts[name] for name in earlier]) if earlier else np.zeros((n, 0)),
        index=index,
        at_risk=_times(people, named, counts, time_at_risk),
        treated=None if treated is None else _yes_no(people, treated),
        days=days,
    )


def _column(people: pd.DataFrame, name: str) -> Any:
    if name not in people.columns:
        raise InputError(f"There is no column '{name}'; the columns are {', '.join(map(str, people.columns))}.")
    return people[name]


def _counts(people: pd.DataFrame, name: str) -> Floats:
    values = (
        pd.to_numeric(_column(people, name), errors="coerce").astype("Float64").to_numpy(np.float64, na_value=np.nan)
    )
    bad = int((~((values >= 0) & (values <= MOST_OFFENCES)) | (values != np.floor(values))).sum())
    if bad:
        raise InputError(
            f"Column '{name}' is missing, or no whole number from 0 to a million, for {bad} of {len(values)} people: "
            "needed is the number of offences of each person in the window (0 for none)."
        )
    return values


def _yes_no(people: pd.DataFrame, name: str) -> pd.Series:
    values = _column(people, name)
    if not values.isin((0, 1)).all():
        raise InputError(f"Column '{name}' must be 0 or 1 for everybody.")
    return values.astype(bool)


def _times(
    people: pd.DataFrame, windows: Sequence[str], counts: Mapping[str, Floats], named: Mapping[str, str] | None
) -> Floats | None:
    """Time at risk as a share of the longest, which is taken for a whole window."""
    if named is None:
        return None
    named = mapping_asked("time_at_risk", named, "window")
    lacking = [name for name in windows if name not in named]
    if lacking:
        raise InputError(
            f"time_at_risk names no column for {', '.join(lacking)}; give one for every window: {{'window': 'column'}}."
        )
    found = []
    for name in windows:
        values = pd.to_numeric(_column(people, named[name]), errors="coerce").to_numpy(np.float64)
        bad = int((~(values >= 0) | ((values == 0) & (counts[name] > 0))).sum())
        if bad:
            raise InputError(
                f"The time at risk '{named[name]}' is missing or below 0, or 0 with an offence, for {bad} people."
            )
        found.append(values)
    whole = np.column_stack(found)
    return whole / whole.max()


def cohort_windows(
    cohort: Cohort, *, days: int, earlier: int, count_index: bool, gap_days: int = 0, follow_up: FollowUp | None = None
) -> Windows:
    """Count the offences of a cohort in windows of equal length, each by the rules of the follow-up.

    Parameters
    ----------
    cohort
        Whose offences; the window after begins the day after time zero, that before ends the day before the index
        (where the exposure came first: the day before that).
    days
        Length of every window.
    earlier
        Windows further back, each ending where the next begins.
    count_index
        Whether the day of the index itself counts as the last day before, with the offence that led to it.
    gap_days
        Days before the index that are left out.
    follow_up
        What counts; its days are not used. An offence in a window must be proven within the waiting days after it.

    Returns
    -------
    Windows

    Raises
    ------
    InputError
        If the extract does not cover the window after, or does not reach back to the first one.
    """
    require_whole("days", days, 1)
    require_whole("gap_days", gap_days, 0)
    if count_index and gap_days:
        raise InputError("count_index=True counts the days up to the index: gap_days cannot leave them out; use one.")
    rule = FollowUp(days=days) if follow_up is None else replace(follow_up, days=days)
    require_observable(cohort, rule)
    people, persons = cohort.people, cohort.cluster
    cut_off = people[["index_date", "exposure_date"]].min(axis=1)
    if cohort.rule.exposure_timing != "before_index":
        cut_off = people["index_date"]
    # A window of offences from the day after its zero: one that ends the day before the cut-off began so much earlier.
    last = cut_off - pd.Timedelta(days=0 if count_index else 1 + gap_days)
    zeros = {BEFORE: last - pd.Timedelta(days=days), AFTER: people["time_zero_date"]}
    for number in range(1, earlier + 1):
        zeros[EARLIER.format(number=number)] = zeros[BEFORE] - pd.Timedelta(days=number * days)
    _refuse_before_the_records(cohort, min(zeros.values(), key=lambda zero: zero.min()))
    found = {name: _window(cohort, zero, persons, rule) for name, zero in zeros.items()}
    index = np.zeros(len(people))
    if count_index:
        index = _window(cohort, cut_off - pd.Timedelta(days=1), persons, replace(rule, days=1))["n"].to_numpy(
            np.float64
        )
    names = [BEFORE, AFTER, *(EARLIER.format(number=number) for number in range(1, earlier + 1))]
    at_risk = np.column_stack([found[name]["at_risk"].to_numpy(np.float64) for name in names]) / days
    counts = {name: found[name]["n"].to_numpy(np.float64) for name in names}
    known = bool(cohort.given("custody_spells"))
    logger.info("offences counted in %d windows of %d days: %d %s", len(names), days, len(people), cohort.unit)
    return Windows(
        rows=people.index,
        before=counts[BEFORE],
        after=counts[AFTER],
        earlier=np.column_stack([counts[name] for name in names[2:]]) if earlier else np.zeros((len(people), 0)),
        index=index,
        # Nobody is at risk for no time at all: an offence committed in custody would have an endless rate.
        at_risk=np.maximum(at_risk, 1 / days) if known else None,
        cluster=None if cohort.unit == "people" else persons,
        treated=people[TREATED].astype(bool),
        days=days,
        gap_days=None if count_index else gap_days,
        index_choice=cohort.rule.index_choice,
    )


def _refuse_before_the_records(cohort: Cohort, zero: pd.Series) -> None:
    offences = cohort.events("offences")
    first = cohort.engine.to_pandas(offences.aggregate(first=offences.offence_date.min()))["first"].iloc[0]
    if pd.isna(first):
        raise InputError("The cohort has no offences on record, so there is nothing to compare before and after.")
    before = int((zero < pd.Timestamp(first) - pd.Timedelta(days=1)).sum())
    if before > len(zero) / 2:
        raise InputError(
            f"For {before} of {len(zero)} the first window begins before the first offence on record, so that it would "
            "look empty. Use fewer windows further back (earlier=), or shorter ones (days=)."
        )


def _window(cohort: Cohort, zero: pd.Series, persons: pd.Series, rule: FollowUp) -> pd.DataFrame:
    """Offences and days at risk of each row in one window: n, at_risk, on the index of the cohort's people."""
    engine = cohort.engine
    keys = pd.DataFrame(
        {
            "index_id": zero.index.astype(str),
            "person_id": persons.to_numpy(),
            "time_zero_date": zero.astype("datetime64[us]").to_numpy(),
        }
    )
    put = engine.put(keys, "window")
    followed = put.mutate(time_zero_date=put.time_zero_date.cast("date"))
    offences, deaths, spells = (
        of_cohort.events(cohort, name).table for name in ("offences", "deaths", "custody_spells")
    )
    counted = _counted(followed, offences, deaths, rule)
    firsts = counted.select("index_id", "first")
    periods = followed_up(followed, firsts, deaths, rule)
    held = custody_days(periods, spells)
    joined = periods.left_join(counted.select("index_id", "n"), "index_id").drop("index_id_right")
    joined = joined.left_join(held.select("index_id", "custody_days"), "index_id").drop("index_id_right")
    frame = engine.to_pandas(
        joined.select(
            "index_id",
            n=joined.n.fill_null(0).cast("int64"),
            at_risk=(joined.observed_days - joined.custody_days.fill_null(0)).cast("int64"),
        )
    )
    return frame.set_index("index_id").reindex(keys["index_id"]).set_axis(zero.index, axis=0)


def _counted(followed: ir.Table, offences: ir.Table, deaths: ir.Table, rule: FollowUp) -> ir.Table:
    dated = dated_offences(offences, deaths, rule, None)
    found = labelled(followed, with_edges(dated, rule), rule)
    found = found.filter(found.label == COUNTED)
    return found.group_by("index_id").aggregate(n=found.count(), first=found.days.min())
