"""Start-stop rows with the account of what was left out: the result of `dip.episodes`."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

import numpy as np
import pandas as pd

from dipeval.errors import InputError, InvariantError
from dipeval.presenting import HtmlMixin, Summary, format_count

if TYPE_CHECKING:
    from matplotlib.axes import Axes

COLUMNS: Final[dict[str, str]] = {
    "person_id": "object",
    "start": "int64",
    "stop": "int64",
    "event": "int64",
    "treated": "int64",
    "in_custody": "int64",
    "n_th": "int64",
    "reason": "object",
    "index_id": "object",
}
REASONS: Final[dict[str, str]] = {
    "event": "an event",
    "treatment": "treatment starts",
    "custody": "received into custody",
    "release": "released",
    "death": "death",
    "extract_end": "end of the records",
    "end_of_observation": "end of observation",
    "end_of_follow_up": "end of follow-up",
}


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Episodes(HtmlMixin):
    """Time at risk as audited start-stop rows. Made by `episodes`.

    Parameters
    ----------
    follow_up_days, landmark_days
        Days of follow-up, and days from the time zero given to the landmark that the rows start from (0: none).
    recurrent
        Whether people stay at risk after an event.
    custody_gaps
        Whether days in custody are left out of the rows.
    time_varying
        Whether a person can be untreated first and treated later.

    Examples
    --------
    >>> import pandas as pd
    >>> import dipeval as dip
    >>> people = pd.DataFrame({"person_id": ["a", "b"], "time_zero_date": pd.to_datetime(["2024-01-01"] * 2)})
    >>> offences = pd.DataFrame({"person_id": ["a"], "event_date": pd.to_datetime(["2024-01-31"])})
    >>> dip.episodes(people, events=offences).to_frame()[["person_id", "start", "stop", "event", "reason"]]
      person_id  start  stop  event            reason
    0         a      0    30      1             event
    1         b      0   365      0  end_of_follow_up
    """

    follow_up_days: int
    landmark_days: int
    recurrent: bool
    custody_gaps: bool
    time_varying: bool
    _rows: pd.DataFrame = field(repr=False)
    _flow: pd.DataFrame = field(repr=False)
    _events: pd.DataFrame = field(repr=False)

    def __post_init__(self) -> None:
        for promise, kept in _promises(self).items():
            if not kept:
                raise InvariantError(f"The episodes break their promise: {promise}. Please report this.")

    @property
    def flow(self) -> pd.DataFrame:
        """Columns step, label, n_people (left after the step), n_excluded (lost at it), n_rows (rows after it)."""
        return self._flow.copy()

    @property
    def events(self) -> pd.DataFrame:
        """Columns fate, label, n_events: what became of every event that was given, counted or not."""
        return self._events.copy()

    def to_frame(self) -> pd.DataFrame:
        """Return the rows, sorted by index_id and start; ready for ``dip.cox(entry="start", time="stop", ...)``.

        Returns
        -------
        pandas.DataFrame
            person_id, start, stop (days; at risk after start, up to and including stop), event (0/1, at stop), treated
            (0/1, throughout the row), in_custody (0/1), n_th (which event of the person is waited for, from 1), reason
            (why the row ended: event, treatment, custody, release, death, extract_end, end_of_observation or
            end_of_follow_up), index_id (person_id unless a person has several index events).
        """
        return _kept(self)

    def with_columns(self, people: pd.DataFrame) -> pd.DataFrame:
        """Return the rows with facts of the people beside them.

        Parameters
        ----------
        people
            One row an index_id, which is its index, such as ``cohort.people[["age_at_index", "female"]]``.

        Returns
        -------
        pandas.DataFrame
            The columns of `to_frame`, then those of `people`.

        Raises
        ------
        InputError
            If somebody is missing from `people`, or a column has the name of one of ours.
        """
        rows = _kept(self)
        both = [str(name) for name in people.columns if name in COLUMNS]
        if both:
            raise InputError(f"The rows have a column {', '.join(both)} already; leave it out, or rename it.")
        lacking = int((~pd.Index(rows["index_id"].unique()).isin(people.index)).sum())
        if lacking:
            raise InputError(f"{lacking} people of the episodes are not in the index of people; pass them all.")
        facts = people.reindex(rows["index_id"])
        return pd.concat([rows, facts.reset_index(drop=True)], axis=1)

    def by_day(self) -> pd.DataFrame:
        """Count people by day of follow-up.

        Returns
        -------
        pandas.DataFrame
            day (from 1), n_at_risk, n_treated (of those at risk), n_in_custody, n_followed (at risk or in custody).
        """
        rows, length = self._rows, self.follow_up_days
        held, treated = (rows[name].to_numpy() == 1 for name in ("in_custody", "treated"))
        at_risk = ~held if self.custody_gaps else np.ones(len(rows), dtype=bool)
        counts = {
            "n_at_risk": _covering(rows[at_risk], length),
            "n_treated": _covering(rows[at_risk & treated], length),
            "n_in_custody": _covering(rows[held], length),
            "n_followed": _covering(rows, length),
        }
        return pd.DataFrame({"day": np.arange(1, length + 1), **counts})

    def summary(self) -> Summary:
        """Return the flow with a headline; counts are exact and must pass the disclosure gate before release."""
        rows = _kept(self)
        n, days = rows["index_id"].nunique(), int((rows["stop"] - rows["start"]).sum())
        table = self._flow[["label", "n_people", "n_excluded", "n_rows"]].rename(
            columns={"label": "Step", "n_people": "People left", "n_excluded": "People lost", "n_rows": "Rows"}
        )
        return Summary(
            title="Time at risk",
            headline=(
                f"{format_count(n)} people were at risk for {format_count(days)} days in {format_count(len(rows))} "
                f"rows, with {format_count(rows['event'].sum())} events."
            ),
            table=table,
            notes=tuple(self._notes()),
        )

    def _notes(self) -> list[str]:
        notes = [
            "A row is at risk after its start and up to and including its stop, in days from "
            + (f"the landmark, {self.landmark_days} days after time zero." if self.landmark_days else "time zero."),
            "People stay at risk after an event." if self.recurrent else "Rows end at a person's first event.",
        ]
        if self.time_varying:
            notes.append(
                "A person is untreated up to and including the day treatment starts, and treated after it, so that no "
                "day before the start is credited to treatment."
            )
        if self.custody_gaps:
            notes.append("Days in custody are not at risk; the days of reception and of release are.")
        left = self._events[(self._events["fate"] != "counted") & (self._events["n_events"] > 0)]
        notes += [
            f"Events not counted: {words[:1].lower()}{words[1:]} ({format_count(n)})."
            for words, n in zip(left["label"], left["n_events"], strict=True)
        ]
        return notes

    def plot(self, ax: Axes | None = None) -> Axes:
        """Draw by day the share at risk, in custody, and treated of those at risk (exact: not for release)."""
        from dipeval.plots.episodes import episodes_plot

        return episodes_plot(self.by_day(), ax=ax)


def _kept(episodes: Episodes) -> pd.DataFrame:
    rows = episodes._rows
    return rows[rows["in_custody"] == 0].reset_index(drop=True) if episodes.custody_gaps else rows.copy()


def _covering(rows: pd.DataFrame, length: int) -> np.ndarray:
    """How many rows cover each day from 1 on."""
    first = np.bincount(rows["start"].to_numpy(), minlength=length + 1)
    past = np.bincount(rows["stop"].to_numpy(), minlength=length + 1)
    return np.cumsum(first - past)[:length]


def _promises(episodes: Episodes) -> dict[str, bool]:
    rows, flow, events = episodes._rows, episodes._flow, episodes._events
    start, stop, event = (rows[name].to_numpy() for name in ("start", "stop", "event"))
    same = (rows["index_id"].to_numpy()[1:] == rows["index_id"].to_numpy()[:-1]) if len(rows) else np.zeros(0, bool)
    lost = flow["n_people"].shift(1).iloc[1:] - flow["n_people"].iloc[1:]
    kept = _kept(episodes)
    counted = int(events.loc[events["fate"] == "counted", "n_events"].iloc[0])
    return {
        "the documented columns": list(rows.columns) == list(COLUMNS),
        "every row lasts and lies inside the follow-up": bool(
            ((start >= 0) & (stop > start) & (stop <= episodes.follow_up_days)).all()
        ),
        "rows of a person follow one another without overlap": bool((start[1:] == stop[:-1])[same].all()),
        "treatment once started does not end": bool(
            (rows["treated"].to_numpy()[1:] >= rows["treated"].to_numpy()[:-1])[same].all()
        ),
        "a first event ends everything": episodes.recurrent or not bool((event[:-1] == 1)[same].any()),
        "no event while not at risk": int(kept["event"].sum()) == counted,
        "the flow adds up": bool((lost == flow["n_excluded"].iloc[1:]).all()) and int(flow["n_excluded"].iloc[0]) == 0,
        "the last step counts rows and people": int(flow["n_rows"].iloc[-1]) == len(kept)
        and int(flow["n_people"].iloc[-1]) == kept["index_id"].nunique(),
    }
