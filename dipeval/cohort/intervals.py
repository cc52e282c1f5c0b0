"""Days, ages and spells as Ibis expressions.

Conventions. Ages are completed years: a person born on 29 February has a birthday on 1 March in other years. A spell
covers its nights: it runs from its start date up to, not including, its end date, so that a release and a reception on
one day neither overlap nor leave a gap. A missing end means "not ended yet". An end before the start cannot be right:
only the start is believed and the spell has no length.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import ibis

if TYPE_CHECKING:
    import ibis.expr.types as ir

AGE_OF_RESPONSIBILITY = 10


def far_future() -> Any:
    """The day that stands for "not ended yet"."""
    return ibis.date(9999, 12, 31)


def completed_years(born: Any, day: Any) -> Any:
    """Whole years from birth to a day."""
    before_birthday = (day.month() * 100 + day.day()) < (born.month() * 100 + born.day())
    return day.year() - born.year() - before_birthday.ifelse(1, 0)


def tidy_ends(spells: ir.Table) -> ir.Table:
    """Fill open ends with the far future and pull ends before the start back to the start."""
    end = spells.end_date.fill_null(far_future())
    return spells.mutate(end_date=(end < spells.start_date).ifelse(spells.start_date, end))


def united_spells(spells: ir.Table) -> ir.Table:
    """Join overlapping and abutting spells of a person into one (gaps and islands).

    Parameters
    ----------
    spells
        Columns person_id, start_date, end_date; ends tidied by `tidy_ends`.

    Returns
    -------
    ibis.expr.types.Table
        person_id, start_date, end_date: the spells of a person no longer touch.
    """
    order = [spells.start_date, spells.end_date]
    earlier = ibis.window(group_by=spells.person_id, order_by=order, preceding=(None, 1))
    marked = spells.mutate(latest_end=spells.end_date.max().over(earlier))
    marked = marked.mutate(
        opens=(marked.latest_end.isnull() | (marked.start_date > marked.latest_end)).fill_null(True).ifelse(1, 0)
    )
    so_far = ibis.window(
        group_by=marked.person_id, order_by=[marked.start_date, marked.end_date], preceding=None, following=0
    )
    numbered = marked.mutate(island=marked.opens.sum().over(so_far))
    united = numbered.group_by(["person_id", "island"]).aggregate(
        start_date=numbered.start_date.min(), end_date=numbered.end_date.max()
    )
    return united.select("person_id", "start_date", "end_date")
