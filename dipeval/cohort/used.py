"""What of each table a cohort uses, in one type each, whatever it arrived with."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import ibis

from dipeval.extracts.contracts import table_contract

if TYPE_CHECKING:
    from collections.abc import Collection

    import ibis.expr.types as ir

_DRUGS = ("drug_1", "drug_2", "drug_3")
_WHO = ("date_of_birth", "sex")
# Table -> the columns used; identifiers other than birth and sex have done their work in the linkage.
USED: Final[dict[str, tuple[str, ...]]] = {
    "drug_tests": (
        *_WHO,
        "district",
        "test_date",
        "result",
        "test_time",
        "ethnicity",
        "custody_suite",
        "test_ground",
        "trigger_offence",
        "risk_score",
    ),
    "treatment": (*_WHO, "district", "start_date", "end_date", "modality", "discharge_reason", *_DRUGS),
    "offences": (
        *_WHO,
        "offence_date",
        "offence_group",
        "disposal_date",
        "disposal",
        "custodial",
        "arrest_date",
        "charge_date",
    ),
    "custody_spells": (*_WHO, "start_date", "end_date"),
    "deaths": ("death_date",),
    "contacts": (
        *_WHO,
        "district",
        "contact_date",
        "contact_time",
        "entry_point",
        "assessment",
        "attended",
        "care_plan_date",
        *_DRUGS,
        "exit_date",
        "risk_score",
    ),
    "orders": (*_WHO, "order_type", "start_date", "end_date", "risk_score"),
    "sentences": (*_WHO, "sentence_date", "type", "length_days", "release_date", "risk_score"),
}
# Table -> what it has to have for a cohort.
REQUIRED: Final[dict[str, tuple[str, ...]]] = {
    "drug_tests": (*_WHO, "district", "test_date", "result"),
    "treatment": ("start_date",),
    "offences": ("offence_date", "offence_group", "disposal_date", "disposal"),
    "custody_spells": ("start_date",),
    "deaths": ("death_date",),
    "contacts": ("contact_date",),
    "orders": ("order_type", "start_date"),
    "sentences": ("sentence_date",),
}
# Table -> the day its record is of.
EVENT_DATE: Final[dict[str, str]] = {
    "drug_tests": "test_date",
    "treatment": "start_date",
    "offences": "offence_date",
    "custody_spells": "start_date",
    "deaths": "death_date",
    "contacts": "contact_date",
    "orders": "start_date",
    "sentences": "sentence_date",
}
_TYPES = {"date": "date", "boolean": "boolean", "number": "float64", "integer": "int64"}


def kind_of(name: str, column: str) -> str:
    """Return the engine's type of a column of a table: date, boolean, float64, int64 or string."""
    return _TYPES.get(table_contract(name).column(column).kind, "string")


def typed(name: str, table: ir.Table, also: Collection[str] = ()) -> ir.Table:
    """Return record_id (and the columns in `also`) as text and the used columns in their types; absent ones empty."""
    chosen: dict[str, Any] = {column: table[column].cast("string") for column in ("record_id", *also)}
    for column in USED[name]:
        kind = kind_of(name, column)
        if column not in table.columns:
            chosen[column] = ibis.null(kind)
        elif str(table[column].type()) == kind:
            chosen[column] = table[column]
        else:
            chosen[column] = table[column].cast(kind)
    return table.select(**chosen)
