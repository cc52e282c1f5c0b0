"""Records that cannot be used are set aside, ends that cannot be right are mended: Ibis expressions, and the counts."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import ibis
import pandas as pd

from dipeval.cohort.intervals import tidy_ends
from dipeval.cohort.used import EVENT_DATE

if TYPE_CHECKING:
    import ibis.expr.types as ir

    from dipeval.engine import Engine

FAULT_COLUMNS: Final = ("table", "reason", "n_records")
SPELLS: Final = ("treatment", "custody_spells", "orders")
_MENDED = "end before start: only the start is used"
_SET_ASIDE = "disposal before the offence: set aside"
_NO_RELEASE = "release before the sentence: no release is counted"


def clean(name: str, records: ir.Table) -> ir.Table:
    """Set aside what has no date or an impossible order of dates; mend ends before starts, fill open ends."""
    undated = records[EVENT_DATE[name]].isnull()
    if name == "offences":
        # One condition, not two: DuckDB takes each for one row in five, and would build its hash tables on offences.
        return records.filter(ibis.cases((undated, False), (_wrong(name, records), False), else_=True))
    dated = records.filter(~undated)
    if name in SPELLS:
        return tidy_ends(dated)
    if name == "sentences":
        release = _wrong(name, dated).ifelse(ibis.null("date"), dated.release_date)
        return dated.mutate(release_date=release)
    return dated


def _wrong(name: str, records: ir.Table) -> Any:
    """Whether the dates of a record are in an impossible order."""
    if name in SPELLS:
        return (records.end_date < records.start_date).fill_null(False)
    if name == "offences":
        return (records.disposal_date < records.offence_date).fill_null(False)
    if name == "sentences":
        return (records.release_date < records.sentence_date).fill_null(False)
    return ibis.literal(False)


def counted(name: str, records: ir.Table, engine: Engine) -> tuple[dict[str, int], list[tuple[str, str, int]]]:
    """Count records, the ids that repeat and the faults of dates, in one query.

    Returns
    -------
    tuple
        ``rows`` and ``ids``; and (table, reason, n_records) of what `clean` sets aside or mends.
    """
    marked = records.select(
        "record_id",
        undated=records[EVENT_DATE[name]].isnull().ifelse(1, 0),
        wrong=_wrong(name, records).ifelse(1, 0),
    )
    each = marked.group_by("record_id").aggregate(
        n=marked.count(), undated=marked.undated.max(), wrong=marked.wrong.max()
    )
    found = engine.figures(
        each,
        rows=each.n.sum().fill_null(0),
        ids=each.count(),
        undated=each.undated.sum().fill_null(0),
        wrong=each.wrong.sum().fill_null(0),
    )
    figures = {key: int(value) for key, value in found.items()}
    words = {"offences": _SET_ASIDE, "sentences": _NO_RELEASE}.get(name, _MENDED)
    return figures, [(name, "no date: set aside", figures["undated"]), (name, words, figures["wrong"])]


def fault_frame(rows: list[tuple[str, str, int]]) -> pd.DataFrame:
    """Return counts as table, reason, n_records; what did not happen is left out."""
    frame = pd.DataFrame([row for row in rows if row[2] > 0], columns=list(FAULT_COLUMNS))
    return frame.astype({"table": object, "reason": object, "n_records": "int64"})
