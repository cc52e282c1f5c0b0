"""The outcomes of a cohort: one row a person, and what kinds of offence they were."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

import numpy as np
import pandas as pd

from dipeval.errors import InputError, InvariantError
from dipeval.outcomes.follow_up import FollowUp
from dipeval.presenting import HtmlMixin, Summary, format_count, format_number, format_percent

if TYPE_CHECKING:
    from matplotlib.axes import Axes

COLUMNS: Final[dict[str, str]] = {
    "reoffended": "int64",
    "n_reoffences": "int64",
    "days_to_first_reoffence": "float64",
    "time_days": "float64",
    "event": "int64",
    "censor_reason": "object",
    "custody_days": "int64",
}
CENSOR_REASONS: Final = ("", "end_of_follow_up", "death")
# Upper ends of the bands of the picture; the last band has none.
_BANDS: Final = {"0": 0, "1": 1, "2": 2, "3": 3, "4": 4, "5": 5, "6 to 10": 10}
_LAST_BAND: Final = "over 10"


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Outcomes(HtmlMixin):
    """Proven reoffending from time zero, one row a person. Made by `measure_reoffending`.

    Parameters
    ----------
    follow_up
        The definition used.

    Examples
    --------
    >>> import dipeval as dip
    >>> from dipeval.linkage import true_linkage
    >>> extracts = dip.simulate(people=200, seed=1)
    >>> outcomes = dip.measure_reoffending(dip.build_cohort(extracts, true_linkage(extracts)))
    >>> outcomes.to_frame().columns.tolist()[:3], outcomes.offence_mix().columns.tolist()
    (['reoffended', 'n_reoffences', 'days_to_first_reoffence'], ['offence_group', 'n', 'share'])
    """

    follow_up: FollowUp
    _frame: pd.DataFrame = field(repr=False)
    _by_group: pd.DataFrame = field(repr=False)

    def __post_init__(self) -> None:
        for promise, kept in _promises(self).items():
            if not kept:
                raise InvariantError(f"The outcomes break their promise: {promise}. Please report this.")

    @property
    def by_group(self) -> pd.DataFrame:
        """Columns person_id, offence_group, n_reoffences; only the pairs with at least one reoffence."""
        return self._by_group.copy()

    def to_frame(self) -> pd.DataFrame:
        """Return one row a person, index person_id (sorted).

        Columns: reoffended (0/1), n_reoffences, days_to_first_reoffence (missing if none), time_days (to the first
        reoffence, or to death or the end of follow-up), event (0/1), censor_reason ("" after an event,
        end_of_follow_up, death), custody_days (days of the follow-up spent in custody).
        """
        return self._frame.copy()

    def offence_mix(self, index: Iterable[str] | None = None) -> pd.DataFrame:
        """Count reoffences by offence group.

        Parameters
        ----------
        index
            person_ids to count over, such as the treated; None for everybody.

        Returns
        -------
        pandas.DataFrame
            offence_group, n, share (of all their reoffences); most frequent first.

        Raises
        ------
        InputError
            If a person named is not among the people followed.
        """
        return _mix(self._chosen(index), "offence_group")

    def class_mix(self, index: Iterable[str] | None = None) -> pd.DataFrame:
        """Count reoffences by class (acquisitive, violent, disorder, drug, other), robbery on the side chosen.

        Returns
        -------
        pandas.DataFrame
            offence_class, n, share; most frequent first.
        """
        chosen = self._chosen(index)
        classes = chosen["offence_group"].map(self.follow_up.class_of).fillna("other")
        return _mix(chosen.assign(offence_class=classes), "offence_class")

    def bands(self) -> pd.DataFrame:
        """Count people by their number of reoffences.

        Returns
        -------
        pandas.DataFrame
            band (0 to 5, "6 to 10", "over 10"), n_people, share; every band, zeros included.
        """
        place = np.searchsorted(list(_BANDS.values()), self._frame["n_reoffences"], side="left")
        counts = np.bincount(place, minlength=len(_BANDS) + 1)
        return pd.DataFrame({"band": [*_BANDS, _LAST_BAND], "n_people": counts, "share": counts / len(self._frame)})

    def plot(self, ax: Axes | None = None) -> Axes:
        """Draw the share of people by number of reoffences and return the Axes (exact shares: not for release)."""
        from dipeval.plots.outcomes import reoffence_histogram

        return reoffence_histogram(self.bands(), ax=ax)

    def _chosen(self, index: Iterable[str] | None) -> pd.DataFrame:
        if index is None:
            return self._by_group
        wanted = pd.Index(index)
        strangers = int((~wanted.isin(self._frame.index)).sum())
        if strangers:
            raise InputError(
                f"{strangers} of the {len(wanted)} people asked for are not among the {len(self._frame)} followed; "
                "pass an index of person_ids from this cohort."
            )
        return self._by_group[self._by_group["person_id"].isin(wanted)]

    def summary(self) -> Summary:
        """Return the main figures; counts are exact and must pass the disclosure gate before release."""
        frame = self._frame
        n, n_yes, n_all = len(frame), int(frame["reoffended"].sum()), int(frame["n_reoffences"].sum())
        deaths = int((frame["censor_reason"] == "death").sum())
        table = pd.DataFrame(
            [
                ("People followed", format_count(n)),
                ("Reoffended", f"{format_count(n_yes)} ({format_percent(n_yes / n)})"),
                ("Proven reoffences", format_count(n_all)),
                ("Proven reoffences per person", format_number(n_all / n)),
                ("Died without having reoffended", format_count(deaths)),
                ("Mean days in custody", format_number(frame["custody_days"].mean(), 1)),
            ],
            columns=["Figure", "Value"],
        )
        headline = (
            f"Within {self.follow_up.days} days {format_percent(n_yes / n)} of {format_count(n)} people had a proven "
            f"reoffence; there were {format_number(n_all / n)} per person."
        )
        notes = (
            self.follow_up.in_words(),
            "Death ends follow-up: it censors the time to the first reoffence; in the yes/no and the number, "
            "people who died stay in with what they did until then. Days in custody are not taken off.",
        )
        return Summary(title="Proven reoffending", headline=headline, table=table, notes=notes)


def _mix(counts: pd.DataFrame, by: str) -> pd.DataFrame:
    totals = counts.groupby(by)["n_reoffences"].sum().rename("n").reset_index()
    totals = totals.sort_values(["n", by], ascending=[False, True], ignore_index=True)
    return totals.assign(share=totals["n"] / totals["n"].sum()).astype({"n": "int64", "share": "float64"})


def _promises(outcomes: Outcomes) -> dict[str, bool]:
    frame, days = outcomes._frame, outcomes.follow_up.days
    per_person = outcomes._by_group.groupby("person_id")["n_reoffences"].sum().reindex(frame.index).fillna(0)
    first = frame["days_to_first_reoffence"]
    return {
        "one row a person": frame.index.is_unique,
        "event times inside the follow-up": bool(frame["time_days"].between(1, days).all()),
        "custody inside the follow-up": bool(frame["custody_days"].between(0, days).all()),
        "yes, count and first day agree": bool(
            ((frame["reoffended"] == 1) == (frame["n_reoffences"] > 0)).all()
            and ((frame["reoffended"] == 1) == first.notna()).all()
            and (frame["event"] == frame["reoffended"]).all()
        ),
        "a reason for every censoring, none for an event": bool(
            frame["censor_reason"].isin(CENSOR_REASONS).all()
            and ((frame["censor_reason"] == "") == (frame["event"] == 1)).all()
        ),
        "groups add up to persons": bool((per_person == frame["n_reoffences"]).all()),
    }
