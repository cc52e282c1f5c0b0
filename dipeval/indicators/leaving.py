"""`discharges`: why structured treatment ended."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Any, Final

import pandas as pd

from dipeval.cohort.intervals import far_future
from dipeval.errors import InputError
from dipeval.indicators import stages
from dipeval.indicators.grouping import EVERYONE, TIMES, as_day, between, check_by, group_of, in_order, month_start
from dipeval.indicators.journeys import journeys
from dipeval.indicators.leaving_result import COLUMNS, MISSING, Discharges
from dipeval.indicators.records import Records, figures, load
from dipeval.indicators.shares import limits, ratio
from dipeval.vocabulary import DISCHARGE_REASONS, label

if TYPE_CHECKING:
    import ibis.expr.types as ir

    from dipeval.engine import Engine

BY: Final = ("district", *TIMES, "substance", "age_band", "sex")
UNITS: Final = ("episodes", "journeys")
# Completions first, then by how often it is told: an order for readers, kept whatever the counts.
_ORDER = (
    "completed_drug_free",
    "completed_occasional_use",
    "completed",
    "referred_on",
    *(
        name
        for name in DISCHARGE_REASONS
        if name not in ("completed_drug_free", "completed_occasional_use", "completed", "referred_on")
    ),
    MISSING,
)


def discharges(
    extracts: Any,
    linkage: Any = None,
    *,
    by: str | None = None,
    count: str = "episodes",
    date_from: dt.date | str | None = None,
    date_to: dt.date | str | None = None,
    count_referred_on: bool = False,
    engine: Engine | None = None,
) -> Discharges:
    """Count discharges from structured treatment by reason, with each one's share and whether it is a success.

    Parameters
    ----------
    extracts
        From `dipeval.read_extracts`, `dipeval.make_extracts`, `dipeval.simulate` or `dipeval.event_tables`; with
        treatment.
    linkage
        From ``dip.link(extracts)``; needed to count journeys.
    by
        Breakdown beside everyone, as recorded with the treatment, the time being that of its end: ``district``,
        ``month``, ``quarter``, ``substance``, ``age_band`` or ``sex``.
    count
        ``episodes``: every record of treatment that ended; ``journeys``: a person's stay in treatment, whose reason is
        that of the episode that ended last (`dipeval.indicators.journeys`).
    date_from, date_to
        First and last day of the end of treatment; default all up to the last day covered. Planned ends after it are no
        discharges yet.
    count_referred_on
        Whether "referred on" counts as a successful completion, as it did in official figures until about 2008.
    engine
        Default: that of the extracts or the linkage, else a new one.

    Returns
    -------
    Discharges

    Raises
    ------
    InputError
        If an argument is not what is asked for, a table or column is missing, or nobody left in the window.

    Examples
    --------
    >>> import dipeval as dip
    >>> shown = dip.discharges(dip.simulate(people=300, seed=1))
    >>> frame = shown.to_frame()
    >>> int(frame["n"].sum()) == shown.n_discharges + shown.n_without_reason
    True
    >>> float(frame["share"].sum().round(9))
    1.0
    """
    check_by(by, BY)
    if count not in UNITS:
        raise InputError(f"count='{count}' is not known; use {' or '.join(UNITS)}.")
    first, last = as_day(date_from, "date_from"), as_day(date_to, "date_to")
    records = load(extracts, linkage, ("treatment",), engine, persons=count == "journeys")
    if not records.holds("treatment", "end_date", "discharge_reason"):
        raise InputError(
            "Discharges are counted from the table treatment with its columns end_date and discharge_reason; the "
            "extracts do not hold all of that."
        )
    reasons = stages.successful(count_referred_on)
    counts = records.counted(
        "discharges",
        lambda: _counts(records, by, count, first, last, reasons),
        by=by,
        count=count,
        date_from=str(first),
        date_to=str(last),
        # The reason of a journey depends on it: of two episodes that end on a day, the successful one counts.
        successful=list(reasons),
    )
    return Discharges(
        by=by,
        count=count,
        count_referred_on=count_referred_on,
        # The first and the last day found are somebody's own, and none of the reader's business.
        date_from=first or month_start(pd.Timestamp(counts["first_day"].min()).date()),
        date_to=min(last or records.extract_date, records.extract_date),
        extract_date=records.extract_date,
        n_undated=int(counts["n_undated"].iloc[0]),
        _frame=_with_shares(counts, reasons, linked=records.linked),
    )


def _counts(
    records: Records,
    by: str | None,
    count: str,
    first: dt.date | None,
    last: dt.date | None,
    reasons: tuple[str, ...],
) -> pd.DataFrame:
    """Columns group, reason, n, first_day, last_day, and the same in every row: n_undated."""
    engine, rows = records.engine, records.tables["treatment"]
    undated = figures(engine, rows, (rows.end_date.isnull() & rows.discharge_reason.notnull()).ifelse(1, 0).sum())[0]
    if count == "journeys":
        stays = engine.keep(journeys(rows, reasons), "journeys")
        rows = stays.filter(stays.end_date < far_future())
    until = min(last, records.extract_date) if last else records.extract_date
    left = between(rows, "end_date", first, until)
    left = left.select(
        group=group_of(left, by, left.end_date),
        reason=left.discharge_reason.fill_null(MISSING),
        day=left.end_date,
        person=left.person_id,
    )
    parts = [_tally(left, engine, ["reason"]).assign(group=EVERYONE)]
    if by is not None:
        parts.append(_tally(left, engine, ["group", "reason"]))
    counts = pd.concat(parts, ignore_index=True)
    if counts.empty:
        raise InputError("No treatment ended between these days; check date_from, date_to and the end dates.")
    return counts.assign(n_undated=undated)


def _tally(left: ir.Table, engine: Engine, keys: list[str]) -> pd.DataFrame:
    return engine.to_pandas(
        left.group_by(keys).aggregate(
            n=left.count(), n_people=left.person.nunique(), first_day=left.day.min(), last_day=left.day.max()
        )
    )


def _with_shares(counts: pd.DataFrame, reasons: tuple[str, ...], *, linked: bool) -> pd.DataFrame:
    """Every reason that occurs at all, in every group; shares of those with a reason."""
    by_reason = counts.set_index(["group", "reason"])
    keyed, persons = by_reason["n"], by_reason["n_people"]
    there = [name for name in _ORDER if name in set(counts["reason"])]
    there += sorted(set(counts["reason"]) - set(_ORDER))
    rows = []
    for group in in_order(counts["group"]):
        own = {name: int(keyed.get((group, name), 0)) for name in there}
        whole = sum(n for name, n in own.items() if name != MISSING)
        for name, n in own.items():
            told = name != MISSING
            low, high = limits(n, whole) if told else limits(0, 0)
            rows.append(
                {
                    "group": group,
                    "reason": name,
                    "label": label(name) if told else "No reason recorded",
                    "n": n,
                    "share": ratio(n, whole) if told else float("nan"),
                    "conf_low": low,
                    "conf_high": high,
                    "successful": name in reasons,
                    "n_people": int(persons.get((group, name), 0)) if linked else pd.NA,
                }
            )
    return pd.DataFrame(rows, columns=list(COLUMNS)).astype({"n_people": "Int64"})
