"""Treatment journeys: episodes of a person that follow each other closely count as one stay in treatment.

A file of treatment holds a row for each episode and modality, so that a change of medicine would look like a new
start. Episodes belong to one journey if the next begins no more than 28 days after the last day of those before; a
journey that begins is therefore a start after 28 days without treatment, the same wash-out as a cohort's.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, Final

import ibis

from dipeval.cohort.intervals import far_future, tidy_ends

if TYPE_CHECKING:
    import ibis.expr.types as ir

WASHOUT_DAYS: Final = 28
TWELVE_WEEKS: Final = 84


def journeys(treatment: ir.Table, successful: Iterable[str], *, gap_days: int = WASHOUT_DAYS) -> ir.Table:
    """Put a person's episodes together into journeys.

    Parameters
    ----------
    treatment
        Episodes: record_id, person_id, start_date, end_date (missing while it runs), discharge_reason and whatever
        describes them.
    successful
        Discharge reasons that count as a successful completion.
    gap_days
        Days without treatment that a journey bridges.

    Returns
    -------
    ibis.expr.types.Table
        The columns of the journey's first episode, but: start_date, end_date (the far future while it runs),
        discharge_reason of the episode that ended last, retained_date (the day on which the person had been in
        treatment for 12 weeks, or had completed it successfully before) and completed_date (missing if they did not).
    """
    dated = treatment.filter(treatment.start_date.notnull())
    marked = _numbered(tidy_ends(dated), gap_days)
    whole = marked.group_by(["person_id", "journey"]).aggregate(
        journey_from=marked.start_date.min(), journey_to=marked.end_date.max()
    )
    success = marked.discharge_reason.isin(tuple(successful)).fill_null(False).ifelse(1, 0)
    marked = marked.mutate(success=success)
    last = _pick(marked, [marked.end_date.desc(), marked.success.desc(), marked.record_id])
    ends = last.select("person_id", "journey", "success", last_reason=last.discharge_reason)
    first = _pick(marked, [marked.start_date, marked.record_id]).drop("success")
    joined = first.join(whole, ["person_id", "journey"]).join(ends, ["person_id", "journey"])
    # A journey that still runs has not been completed, whatever its record says of a reason.
    done = (joined.success == 1) & (joined.journey_to < far_future())
    joined = joined.mutate(start_date=joined.journey_from, end_date=joined.journey_to, done=done.ifelse(1, 0))
    joined = joined.mutate(
        discharge_reason=joined.last_reason,
        completed_date=(joined.done == 1).ifelse(joined.end_date, ibis.null().cast("date")),
        twelve_weeks=joined.start_date + ibis.interval(days=TWELVE_WEEKS),
    )
    # DuckDB gives a timestamp for a date and days.
    twelve = joined.twelve_weeks.cast("date")
    retained = (joined.end_date >= twelve).ifelse(twelve, joined.completed_date)
    extra = ("journey", "journey_from", "journey_to", "last_reason", "success", "done", "twelve_weeks")
    return joined.mutate(retained_date=retained).drop(*extra)


def _numbered(episodes: ir.Table, gap_days: int) -> ir.Table:
    """Gaps and islands: the number of each episode's journey."""
    order = [episodes.start_date, episodes.end_date, episodes.record_id]
    before = ibis.window(group_by=episodes.person_id, order_by=order, preceding=(None, 1))
    marked = episodes.mutate(latest=episodes.end_date.max().over(before))
    bridged = marked.start_date - ibis.interval(days=gap_days) <= marked.latest
    marked = marked.mutate(opens=(marked.latest.notnull() & bridged).fill_null(False).ifelse(0, 1))
    order = [marked.start_date, marked.end_date, marked.record_id]
    so_far = ibis.window(group_by=marked.person_id, order_by=order, preceding=None, following=0)
    return marked.mutate(journey=marked.opens.sum().over(so_far)).drop("latest", "opens")


def _pick(table: ir.Table, order: list[Any]) -> ir.Table:
    place = ibis.row_number().over(ibis.window(group_by=[table.person_id, table.journey], order_by=order))
    return table.mutate(place=place).filter(ibis._.place == 0).drop("place")
