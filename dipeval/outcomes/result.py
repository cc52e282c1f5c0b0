"""The outcomes of a cohort: one row a person, and what kinds of offence they were."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pandas as pd

from dipeval.errors import InputError, InvariantError
from dipeval.outcomes.columns import COLUMNS, UNFIT, promises, unfit
from dipeval.outcomes.follow_up import FollowUp
from dipeval.outcomes.summary_words import figures_of, notes_of, title_of
from dipeval.outcomes.wording import exclusion_labels, headline_of
from dipeval.presenting import HtmlMixin, Summary

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from dipeval.cohort import Cohort
    from dipeval.outcomes.expected import ObservedExpected

__all__ = ["COLUMNS", "Outcomes"]

# Upper ends of the bands of the picture; the last band has none.
_BANDS: Final = {"0": 0, "1": 1, "2": 2, "3": 3, "4": 4, "5": 5, "6 to 10": 10}
_LAST_BAND: Final = "over 10"


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Outcomes(HtmlMixin):
    """Reoffending from time zero, one row as the cohort's people. Made by `measure_reoffending`.

    Parameters
    ----------
    follow_up
        The definition used.
    unit
        What a row is: ``people``, or ``index events`` where the cohort lets a person in several times.

    Examples
    --------
    >>> import dipeval as dip
    >>> from dipeval.linkage import true_linkage
    >>> extracts = dip.simulate(people=200, seed=1)
    >>> outcomes = dip.measure_reoffending(dip.build_cohort(extracts, true_linkage(extracts)))
    >>> outcomes.to_frame().columns.tolist()[:3], outcomes.offence_mix().columns.tolist()
    (['reoffended', 'n_reoffences', 'days_to_first_reoffence'], ['offence_group', 'n', 'share'])
    >>> outcomes.excluded["reason"].tolist()[:2]
    ['pseudo_reconviction', 'on_index_day']
    """

    follow_up: FollowUp
    unit: str = "people"
    _frame: pd.DataFrame = field(repr=False)
    _by_group: pd.DataFrame = field(repr=False)
    _excluded: pd.DataFrame | None = field(default=None, repr=False)
    _cohort: Cohort | None = field(default=None, repr=False)

    def __post_init__(self) -> None:
        for promise, kept in promises(self).items():
            if not kept:
                raise InvariantError(f"The outcomes break their promise: {promise}. Please report this.")

    @property
    def by_group(self) -> pd.DataFrame:
        """Columns person_id (index_id for index events), offence_group, n_reoffences; only where there are any."""
        return self._by_group.copy()

    @property
    def excluded(self) -> pd.DataFrame:
        """What was not counted: columns reason, label, n, n_people.

        ``n`` are offences (in a cohort of index events, once for each), ``n_people`` those behind them: 0 where that is
        not counted, as in a cohort of index events; a report on personal data then withholds the number.

        Reasons: pseudo_reconviction, on_index_day, same_day_repeat, after_death, not_proven, disposed_too_late,
        after_extract_end, other_kind. An offence has one reason at most; one outside the follow-up has none.
        """
        if self._excluded is None:
            labels = exclusion_labels(self.follow_up)
            return pd.DataFrame({"reason": list(labels), "label": list(labels.values()), "n": 0, "n_people": 0})
        return self._excluded.copy()

    def to_frame(self) -> pd.DataFrame:
        """Return one row a person, index person_id, or one an index event, index index_id (sorted).

        Columns: reoffended (0/1), n_reoffences, days_to_first_reoffence (missing if none), time_days (to the first
        reoffence, or to death or the end of follow-up; half a day for one on the day of time zero), event (0/1),
        censor_reason ("" after an event, end_of_follow_up, death, extract_end), custody_days (days of the follow-up
        spent in custody), n_acquisitive, n_violent, n_disorder, n_drug, n_other (reoffences by class),
        custodial_reconviction (0/1: a reoffence led to a custodial sentence; missing if the extract does not say),
        n_pseudo_reconvictions (dealt with in the follow-up and waiting period for an earlier offence: not counted),
        severity_score (missing without weights), observed_days (until death or the end of follow-up), at_risk_days
        (observed_days less custody_days), time_at_risk_days (time_days less the days in custody before).

        `dip.estimate_effect` refuses these columns where they must not be compared between treated and comparison:
        people who become treated during follow-up, or a follow-up that the extract's end cut short for some.
        """
        frame = self._frame.copy()
        rule = None if self._cohort is None else self._cohort.rule
        varying = rule is not None and rule.immortal_time == "time_varying"
        if (why := unfit(frame, self.follow_up.days, time_varying=varying)) is not None:
            frame.attrs[UNFIT] = why
        return frame

    def offence_mix(self, index: Iterable[str] | None = None) -> pd.DataFrame:
        """Count reoffences by offence group.

        Parameters
        ----------
        index
            Ids to count over, such as those of the treated; None for everybody.

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

    def observed_expected(
        self, risk_score: str | pd.Series | None = None, *, by: str | pd.Series | None = None
    ) -> ObservedExpected:
        """Compare how many reoffended with how many a risk score expected.

        Parameters
        ----------
        risk_score
            Probability of a reoffence of each: a column of the cohort's people, or a Series on their index; default
            the column ``risk_score``.
        by
            A column of the cohort's people, or a Series on their index, to compare within; None for everybody.

        Returns
        -------
        ObservedExpected
            Observed, expected and their ratio, with exact Poisson intervals.

        Raises
        ------
        InputError
            If there is no risk score, one is missing, or one is not a probability.
        """
        from dipeval.outcomes.expected import observed_expected

        return observed_expected(self, risk_score, by=by)

    def plot(self, ax: Axes | None = None) -> Axes:
        """Draw the share of people by number of reoffences and return the Axes (exact shares: not for release)."""
        from dipeval.plots.outcomes import reoffence_histogram

        _, plural = headline_of(self.follow_up)
        return reoffence_histogram(self.bands(), words=plural, unit=self.unit, ax=ax)

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
        return self._by_group[self._by_group.iloc[:, 0].isin(wanted)]

    def summary(self) -> Summary:
        """Return the main figures; counts are exact and must pass the disclosure gate before release."""
        headline, rows = figures_of(self._frame, self.follow_up, self.unit)
        absent = () if self._cohort is None else self._cohort.absent
        return Summary(
            title=title_of(self.follow_up),
            headline=headline,
            table=pd.DataFrame(rows, columns=["Figure", "Value"]),
            notes=notes_of(self._frame, self.follow_up, self.excluded, absent),
        )


def _mix(counts: pd.DataFrame, by: str) -> pd.DataFrame:
    totals: Any = counts.groupby(by)["n_reoffences"].sum().rename("n").reset_index()
    totals = totals.sort_values(["n", by], ascending=[False, True], ignore_index=True)
    return totals.assign(share=totals["n"] / totals["n"].sum()).astype({"n": "int64", "share": "float64"})
