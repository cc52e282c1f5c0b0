"""The options of a cohort, as one small frozen object."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from dipeval.cohort.rule_checks import as_day, as_names, check_rule, require_whole
from dipeval.cohort.rule_words import in_words

INDEX_EVENTS = ("positive_test", "any_test", "release", "sentence", "caution", "order", "contact", "column")
INDEX_CHOICES = ("first", "per_quarter", "every")
EXPOSURES = ("treatment", "order", "contact")
EXPOSURE_TIMINGS = ("after_index", "before_index")
IMMORTAL_TIMES = ("landmark", "time_varying", "ever_treated")
LATE_INDEXES = ("cut_back", "keep")

__all__ = ["CohortRule", "require_whole"]


@dataclass(frozen=True, slots=True, kw_only=True)
class CohortRule:
    """Who enters the cohort, from when, and what counts as having been treated.

    Parameters
    ----------
    index_event
        What puts a person into the cohort: ``positive_test`` (for opiates, cocaine or both), ``any_test``,
        ``release`` (end of a united custody spell), ``sentence``, ``caution``, ``order`` (start of a court order or
        out-of-court condition), ``contact`` (with the criminal justice intervention team; one marked as not attended
        does not count), or ``column`` (a date column named by ``index_table`` and ``index_column``).
    index_types
        Which orders, sentences or entry points of contacts put a person in; empty for all.
    index_table, index_column
        Only for ``index_event="column"``: a table of the extracts whose records belong to people, and a date in it.
    index_choice
        ``first``: one index event a person. ``per_quarter``: the first in each calendar quarter, as official
        statistics count. ``every``: each event (one a day). With the last two a person can be in several times, and
        standard errors are to be clustered by person.
    index_from, index_to
        First and last day on which the index may fall (dates, or ISO text); None for no bound.
    eras
        Names of `dipeval.programme_calendar` eras on whose days alone the index may fall; empty for any day.
    grace_days
        Days after the index within which treatment must start for a person to be treated. With
        ``immortal_time="landmark"`` at most ``landmark_days``: a start after time zero would be a fact from the
        follow-up.
    washout_days
        People in treatment at the index or within this many days before it are left out: they were not starting.
    landmark_days
        Days from the index to time zero, from which everybody is followed.
    lookback_days
        Days before the index over which earlier offences, custody and treatment are counted; at least 365.
    minimum_age, maximum_age
        Youngest and oldest age at the index, in completed years; None for no oldest age. Juveniles: 10 and 17.
    required_days
        Days after time zero that the extract must cover: follow-up plus waiting period.
    districts
        Districts of the index event to keep; empty for all.
    exposure
        What is evaluated: ``treatment`` (structured drug treatment), ``order`` or ``contact`` (not marked as missed).
    exposure_types
        Which kinds of it: modalities, order types, or assessments; empty for all.
    exposure_timing
        ``after_index``: started within the grace period. ``before_index``: started in the ``before_days`` before the
        index (programmes in custody, before release); the wash-out is then counted before those days, for everybody.
    before_days
        Length of that window; used with ``exposure_timing="before_index"`` alone.
    completed_only
        Count only treatment that was completed. Refused unless ``non_causal`` is true.
    non_causal
        Say everywhere that the comparison is not a causal one.
    immortal_time
        ``landmark``: followed from a landmark at which it is known who has started. ``time_varying``: followed from
        the index; a person counts as untreated until the start (`dipeval.time_varying_effect`). ``ever_treated``: a
        start at any time in the ``required_days`` after the index makes a person treated from the index on; the days
        before the start, which whoever dies or is lost first cannot have as a treated person, are credited to
        treatment. The last is refused unless ``accept_immortal_time`` is true, and then those days are counted and
        shown.
    accept_immortal_time
        Spells out that ``ever_treated`` is meant.
    offence_free_landmark
        Leave out people with a proven offence after the index and up to time zero. An arrest in those days can keep a
        person from starting, and a person who offends then is likely to again: leaving them out makes the landmark
        comparison one of people without an offence so far, treated or not.
    late_index
        People whose follow-up would pass the last day of the extract: ``cut_back`` leaves them out and says so;
        ``keep`` keeps them, and their follow-up is censored at the extract's end.

    Raises
    ------
    InputError
        If an option cannot be used; the sentence says which and why.

    Notes
    -----
    The wash-out is that of the evaluation of police drug diversion (PDD)
    (28 days); for the landmark see Anderson, Cain and Gelber (1983), *Analysis of survival by tumor response*, J Clin
    Oncol 1, 710-719.

    Examples
    --------
    >>> rule = CohortRule(index_from="2022-01-01", districts=("Leeds",))
    >>> rule.index_from, rule.grace_days, rule.required_days, rule.unit
    (datetime.date(2022, 1, 1), 42, 547, 'people')
    >>> CohortRule(index_event="release", index_choice="per_quarter").unit
    'index events'
    """

    index_event: str = "positive_test"
    index_types: tuple[str, ...] = ()
    index_table: str | None = None
    index_column: str | None = None
    index_choice: str = "first"
    index_from: dt.date | None = None
    index_to: dt.date | None = None
    eras: tuple[str, ...] = ()
    grace_days: int = 42
    washout_days: int = 28
    landmark_days: int = 42
    lookback_days: int = 1826
    minimum_age: int = 18
    maximum_age: int | None = None
    required_days: int = 547
    districts: tuple[str, ...] = ()
    exposure: str = "treatment"
    exposure_types: tuple[str, ...] = ()
    exposure_timing: str = "after_index"
    before_days: int = 365
    completed_only: bool = False
    non_causal: bool = False
    immortal_time: str = "landmark"
    accept_immortal_time: bool = False
    offence_free_landmark: bool = False
    late_index: str = "cut_back"

    def __post_init__(self) -> None:
        for name in ("index_from", "index_to"):
            object.__setattr__(self, name, as_day(name, getattr(self, name)))
        for name in ("index_types", "eras", "districts", "exposure_types"):
            object.__setattr__(self, name, as_names(name, getattr(self, name)))
        check_rule(self)

    @property
    def unit(self) -> str:
        """What one row of the cohort is: ``people``, or ``index events`` where a person can be in several times."""
        return "people" if self.index_choice == "first" else "index events"

    def in_words(self) -> str:
        """Return the sentences that define treated and comparison under this rule."""
        return in_words(self)
