"""The people of a design on both clocks: every day since time zero, and days at liberty alone."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from dipeval.cohort.episodes_build import episodes_to_outcome
from dipeval.effects.robust import Floats, Sample

if TYPE_CHECKING:
    from dipeval.cohort import Cohort
    from dipeval.outcomes import Outcomes

NEEDED: Final = ("time_days", "event", "censor_reason")


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Street:
    """Time at liberty of the people a design uses.

    Parameters
    ----------
    person, start, stop, event
        Rows at liberty: position among the people used, days since time zero (at risk after start, up to and including
        stop), and whether the row ended in the event.
    held, followed
        Of every person used: days in custody before the event or the end, and all days until then.
    """

    person: NDArray[np.int64]
    start: Floats
    stop: Floats
    event: NDArray[np.bool_]
    held: Floats
    followed: Floats

    @property
    def at_liberty(self) -> Floats:
        """Days at liberty of every person used."""
        days = np.bincount(self.person, weights=self.stop - self.start, minlength=len(self.held))
        return days.astype(np.float64)

    @property
    def has_event(self) -> NDArray[np.bool_]:
        """Whether the event of each person happened at liberty."""
        return np.bincount(self.person, weights=self.event, minlength=len(self.held)) > 0

    @property
    def present(self) -> NDArray[np.bool_]:
        """Who has any day at liberty."""
        return self.at_liberty > 0

    def by_row(self, sample: Sample) -> pd.DataFrame:
        """Return the rows with gaps in custody: entry, time, event, weight, treated, person; sorted."""
        frame = pd.DataFrame(
            {
                "entry": self.start,
                "time": self.stop,
                "event": self.event.astype(np.float64),
                "weight": sample.weights[self.person],
                "treated": sample.treated[self.person].astype(np.float64),
                "person": self.person,
            }
        )
        return frame.sort_values(["time", "entry", "event", "weight", "treated"], ignore_index=True, kind="stable")

    def closed(self, sample: Sample) -> Sample:
        """Return the people with days at liberty counted on without the gaps, one row each."""
        there = self.present
        return Sample(
            outcome=self.has_event[there].astype(np.float64),
            treated=sample.treated[there],
            weights=sample.weights[there],
            clusters=None,
            at_risk=self.at_liberty[there],
        )


def street_of(cohort: Cohort, outcomes: Outcomes, used: pd.Index) -> Street:
    """Return the time at liberty of some people of a cohort, up to their first event or the end of observation.

    Parameters
    ----------
    cohort
        Who is followed, with the spells of custody.
    outcomes
        Of the same cohort.
    used
        Index of the people wanted.

    Returns
    -------
    Street
        An event on the day of time zero, which has half a day before it, is kept: no custody lies before it. One dated
        in custody is not at liberty and does not count.
    """
    frame = outcomes.to_frame()[list(NEEDED)]
    built = episodes_to_outcome(cohort, frame, follow_up_days=outcomes.follow_up.days, custody_gaps=False).to_frame()
    code = used.get_indexer(pd.Index(built["index_id"]))
    built, code = built[code >= 0], code[code >= 0]
    followed = frame.loc[used, "time_days"].to_numpy(dtype=np.float64)
    short = np.setdiff1d(np.arange(len(used)), code)
    held = built["in_custody"].to_numpy() == 1
    days = (built["stop"] - built["start"]).to_numpy(dtype=np.float64)
    ended = frame.loc[used, "event"].to_numpy(dtype=np.float64)[short]
    return Street(
        person=np.concatenate([code[~held], short]).astype(np.int64),
        start=np.concatenate([built["start"].to_numpy(dtype=np.float64)[~held], np.zeros(len(short))]),
        stop=np.concatenate([built["stop"].to_numpy(dtype=np.float64)[~held], followed[short]]),
        event=np.concatenate([built["event"].to_numpy()[~held] == 1, ended == 1]),
        held=np.bincount(code[held], weights=days[held], minlength=len(used)).astype(np.float64),
        followed=followed,
    )
