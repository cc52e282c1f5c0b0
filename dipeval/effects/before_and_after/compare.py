"""Compare people's offending before with their offending after, always beside what would be seen without any effect."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pandas as pd

from dipeval.cohort import Cohort
from dipeval.cohort.rule import require_whole
from dipeval.effects.asked import is_number, names_asked
from dipeval.effects.before_and_after.beside import compared
from dipeval.effects.before_and_after.expected_fall import Spread, histories, spread_of, unevenness
from dipeval.effects.before_and_after.figures import (
    NOTHING,
    Figure,
    Persons,
    Rule,
    change_figure,
    expected_of,
    expected_rate_change,
    person_codes,
)
from dipeval.effects.before_and_after.result import BeforeAfter
from dipeval.effects.before_and_after.rows import Parts, frame_of
from dipeval.effects.before_and_after.rules import chosen_by, rule_of
from dipeval.effects.before_and_after.windows import Windows, cohort_windows, named_windows
from dipeval.effects.joining import ComparisonDesign, check_design
from dipeval.errors import EstimationError, InputError

if TYPE_CHECKING:
    from dipeval.effects.robust import Floats
    from dipeval.outcomes import FollowUp

logger = logging.getLogger("dipeval")

# Windows further back from which lasting differences between people can be told from chance.
ENOUGH_WINDOWS: Final = 2
# Counts are called uneven from this dispersion, and so many standard errors, on.
_UNEVEN, _SURELY = 1.1, 3.0


def before_after(
    people: pd.DataFrame | Cohort,
    *,
    before: str = "before",
    after: str = "after",
    earlier: int | Sequence[str] | None = None,
    selection: str | Callable[[Floats, Floats], Any] = "none",
    index_events: str | None = None,
    treated: str | None = None,
    design: ComparisonDesign | None = None,
    k: float | tuple[float, float] | None = None,
    similar: float = 0.0,
    sharp: float = 0.25,
    time_at_risk: Mapping[str, str] | None = None,
    cluster: pd.Series | None = None,
    level: float = 0.95,
    days: int | None = None,
    count_index: bool = False,
    gap_days: int = 0,
    follow_up: FollowUp | None = None,
) -> BeforeAfter:
    """Compare each person's offences in a window before with those in a window after, and both with doing nothing.

    A fall is not an effect: whoever is chosen for offending, or has the offence that led to the index event counted
    before, offends less afterwards without any help. Every figure therefore stands beside what would be seen without
    any effect, and where a design is given beside the change of comparable untreated people.

    Parameters
    ----------
    people
        One row a person with a column of counts for each window, all windows of equal length; or a cohort, whose
        windows are counted from its events (the window before ends the day before the index, the window after begins
        the day after time zero; the offences must be proven within the waiting days after the window).
    before, after
        Columns of a table with the offences in the window before and in the one after.
    earlier
        Windows further back: their columns, nearest first; for a cohort how many (default 2). From two on, they tell
        how much people differ.
    selection
        How people came to be in the data. ``none``: not for their offences before, and the index event is not counted
        among these. ``index_counted``: it is. ``at_least_one`` or ``at_least:N``: for having had so many offences
        before. Or a function of (offences before, rows x windows further back) that returns who is chosen; it is given
        everybody. People who do not meet the rule are left out of the figures; if there are none, everybody is taken to
        have been chosen by it beforehand.
    index_events
        With ``index_counted``: column with the number of index events among the offences before; default 1 for each.
    treated
        Column of a table with 1 for those whose offending is compared; default the treated of the design, else
        everybody. Of a cohort it is always its treated.
    design
        Design for the average effect on the treated (ATT), made on these people: the weighted change of its comparison
        people is set beside the change of its treated people. Where a rule leaves people out, it does so in both
        groups.
    k
        How much people differ (shape of the gamma distribution of their rates), or a range; default estimated from the
        windows up to the index, or 0.3 to 2 with fewer than two earlier ones.
    similar, sharp
        A change of at most this share of the offences before counts as similar; a rise by more than this share is
        sharp.
    time_at_risk
        Column of a window -> column with its time at risk, for every window. A cohort has its own, net of nights in
        custody, where it has custody spells.
    cluster
        Whose row each is, where a person can have several; a cohort knows.
    level
        Coverage of the intervals, 0-1.
    days
        Length of a window, for the words; for a cohort also what is counted (default 365).
    count_index
        For a cohort: count the day of the index itself, with the offence that led to it, as the last day before.
    gap_days
        For a cohort: days before the index that are left out, because the offence that led to it may be dated there.
    follow_up
        For a cohort: what counts as an offence; default every proven one.

    Returns
    -------
    BeforeAfter

    Raises
    ------
    InputError
        If a column or option cannot be used, the design is not about the treated, or the extract does not reach back.
    EstimationError
        If nobody is left to compare, or nobody has an offence before.

    Notes
    -----
    Without any effect, people offend at steady rates that are gamma distributed (Greenwood and Yule 1920, *Journal of
    the Royal Statistical Society* 83, 255-279): closed forms in `dipeval.effects.before_and_after.expected_fall`. k by
    maximum likelihood from the totals of the windows up to the index, given the rule, with its profile-likelihood
    interval. The shares of those who fell and rose are negative binomial given each person's offences before.
    Intervals: of the logarithm of the ratio of means, robust, by person.

    Examples
    --------
    >>> import numpy as np
    >>> import dipeval as dip
    >>> rng = np.random.default_rng(1)
    >>> rate = rng.gamma(0.5, 2.0, 4_000)
    >>> people = pd.DataFrame({name: rng.poisson(rate) for name in ("before", "after", "year_2", "year_3")})
    >>> found = dip.before_after(people, earlier=["year_2", "year_3"], selection="at_least_one")
    >>> round(found.change.estimate, 2), round(found.expected.estimate, 2)
    (-0.17, -0.19)
    """
    _check_options(similar, sharp, level, days)
    rule = rule_of(selection, count_index=count_index, cohort=isinstance(people, Cohort))
    windows = _windows(
        people,
        rule,
        before=before,
        after=after,
        earlier=earlier,
        index_events=index_events,
        treated=treated,
        time_at_risk=time_at_risk,
        cluster=cluster,
        days=days,
        count_index=count_index,
        gap_days=gap_days,
        follow_up=follow_up,
    )
    whole = windows.of(_whose(windows, design))
    chosen = chosen_by(whole, rule)
    own = whole.of(whole.rows[chosen])
    persons = Persons(codes=person_codes(own.cluster), level=level)
    spread = _spread(whole.in_counts(), rule, chosen, k=k, level=level)
    difference, beside = compared(windows, design, rule, level)
    parts = Parts(
        own=own,
        persons=persons,
        spread=spread,
        rule=rule,
        similar=similar,
        sharp=sharp,
        change=change_figure(own.before, own.after, persons),
        expected=expected_of(own.in_counts(), spread, rule),
        rates=_rates(own, whole, persons, rule, chosen, k),
        earlier_level=change_figure(own.before, own.earlier.mean(axis=1), persons) if own.n_earlier else None,
        others=change_figure(own.others, own.after, persons) if rule.name == "index_counted" else None,
        comparison=beside,
        difference=difference,
    )
    if np.isnan(parts.change.estimate):
        raise EstimationError("Nobody compared has an offence before, so there is no change to speak of.")
    logger.info(
        "before and after: %d people compared, %d people left out by the rule", len(own.rows), int((~chosen).sum())
    )
    return _result(parts, n_left_out=int((~chosen).sum()), level=level)


def _result(parts: Parts, *, n_left_out: int, level: float) -> BeforeAfter:
    own = parts.own
    rates = (None, None) if parts.rates is None else parts.rates
    return BeforeAfter(
        rule=parts.rule.name,
        at_least=parts.rule.at_least,
        n=len(own.rows),
        n_left_out=n_left_out,
        n_earlier=own.n_earlier,
        days=own.days,
        level=level,
        change=parts.change,
        expected=parts.expected,
        spread=parts.spread,
        mean_before=float(np.sort(own.before).mean()),
        mean_index=float(np.sort(own.index).mean()),
        similar=parts.similar,
        sharp=parts.sharp,
        earlier_level=parts.earlier_level,
        change_of_others=parts.others,
        rate_change=rates[0],
        expected_rate_change=rates[1],
        change_comparison=NOTHING if parts.comparison is None else parts.comparison.change,
        difference=parts.difference,
        uneven=_uneven(own),
        clustered=own.cluster is not None,
        gap_days=own.gap_days,
        index_choice=own.index_choice,
        unequal_weights=parts.comparison is not None and parts.comparison.unequal_treated,
        _frame=frame_of(parts),
    )


def _check_options(similar: float, sharp: float, level: float, days: int | None) -> None:
    shares = is_number(similar) and is_number(sharp)
    if not (shares and 0 <= similar <= sharp < 10 and similar < 1):
        raise InputError(
            f"similar={similar!r} and sharp={sharp!r} must be shares of the offences before, from 0, and sharp no "
            "smaller than similar."
        )
    if not (is_number(level) and 0.5 <= level < 1):
        raise InputError(f"level={level!r} is no coverage; give a share from 0.5 to below 1, such as 0.95.")
    if days is not None:
        require_whole("days", days, 1)


def _windows(people: Any, rule: Rule, **given: Any) -> Windows:
    """The windows of everybody, from a table or from a cohort."""
    earlier, days, cluster = given["earlier"], given["days"], given["cluster"]
    if isinstance(people, Cohort):
        n_earlier = ENOUGH_WINDOWS if earlier is None else earlier
        if not isinstance(n_earlier, int) or n_earlier < 0:
            raise InputError("Of a cohort, earlier is how many windows further back are counted, such as earlier=2.")
        return cohort_windows(
            people,
            days=365 if days is None else days,
            earlier=n_earlier,
            count_index=given["count_index"],
            gap_days=given["gap_days"],
            follow_up=given["follow_up"],
        )
    if not isinstance(people, pd.DataFrame):
        raise InputError(f"people must be a DataFrame or a cohort; it is a {type(people).__name__}.")
    if given["gap_days"] or given["follow_up"] is not None:
        raise InputError(
            "gap_days= and follow_up= are for a cohort, whose events are counted; the columns of a table are counted "
            "already. Leave them out."
        )
    if isinstance(earlier, int | str) and earlier:
        raise InputError("Of a table, earlier names the columns of the windows further back: ['year_2', 'year_3'].")
    found = named_windows(
        people,
        before=given["before"],
        after=given["after"],
        earlier=list(names_asked("earlier", earlier or ())),
        index_events=given["index_events"],
        index_counted=rule.name == "index_counted",
        time_at_risk=given["time_at_risk"],
        treated=given["treated"],
        days=days,
    )
    return found if cluster is None else _with_cluster(found, cluster)


def _with_cluster(windows: Windows, cluster: Any) -> Windows:
    if not isinstance(cluster, pd.Series) or cluster.index.has_duplicates:
        raise InputError("cluster must be a Series on the index of people that says whose row each is.")
    return replace(windows, cluster=cluster.reindex(windows.rows))


def _whose(windows: Windows, design: ComparisonDesign | None) -> pd.Index:
    """Whose offending is compared: the treated people of the design, else the treated, else everybody."""
    if design is None:
        rows = windows.rows if windows.treated is None else windows.rows[windows.treated.to_numpy()]
    else:
        check_design(design)
        if getattr(design, "estimand", "ATT") != "ATT":
            raise InputError(
                "The treated are compared with themselves, so the design must be for the effect on the treated "
                "(estimand='ATT'); make one with that estimand."
            )
        used = design.weights.index[design.weights.to_numpy() > 0]
        lacking = int((~used.isin(windows.rows)).sum())
        if lacking:
            raise InputError(f"{lacking} of the {len(used)} people the design uses are not among those given.")
        rows = used[design.treated.reindex(used).astype(bool).to_numpy()]
    if len(rows) < 2:
        raise EstimationError(f"There are {len(rows)} people to compare; at least 2 are needed.")
    # In one order, so that the order of rows cannot change a digit.
    return rows.sort_values()


def _spread(
    whole: Windows, rule: Rule, chosen: np.ndarray, *, k: float | tuple[float, float] | None, level: float
) -> Spread:
    """How much people differ, from the windows up to the index; if the rule left nobody out here, given the rule."""
    n_windows = 1 + whole.n_earlier
    counts = whole.others + whole.earlier.sum(axis=1)
    if whole.at_risk is None:
        time, time_before = np.full(len(counts), float(n_windows)), np.ones(len(counts))
    else:
        time, time_before = whole.at_risk[:, [0, *range(2, 2 + whole.n_earlier)]].sum(axis=1), whole.at_risk[:, 0]
    at_least = rule.at_least if chosen.all() else 0
    data = histories(counts, time, time_before, at_least)
    return spread_of(data, k, enough_windows=whole.n_earlier >= ENOUGH_WINDOWS, level=level)


def _rates(
    own: Windows,
    whole: Windows,
    persons: Persons,
    rule: Rule,
    chosen: np.ndarray,
    k: float | tuple[float, float] | None,
) -> tuple[Figure, Figure] | None:
    """Change by time at risk, seen and expected, with a spread estimated by time at risk too."""
    if own.at_risk is None:
        return None
    spread = _spread(whole, rule, chosen, k=k, level=persons.level)
    seen = change_figure(own.before, own.after, persons, time_before=own.at_risk[:, 0], time_after=own.at_risk[:, 1])
    return seen, expected_rate_change(own, spread, rule)


def _uneven(own: Windows) -> float | None:
    ratio, errors = unevenness(own.earlier) if own.n_earlier >= ENOUGH_WINDOWS else (np.nan, np.nan)
    return float(ratio) if ratio > _UNEVEN and errors > _SURELY else None
