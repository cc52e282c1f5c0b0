"""Tables as contracts: columns, types, codes, known weaknesses; reading and checking.

Everything is read as text, mapped, parsed under explicit formats and checked; every fault of every file is told in
one error, with its place and a pattern instead of the value. Nothing here knows a person, a cohort or an outcome.
"""

from dipeval.extracts.contracts import (
    Column,
    TableContract,
    contracts,
    data_dictionary,
    table_contract,
    table_schema,
)
from dipeval.extracts.event_tables import EventTables, event_tables
from dipeval.extracts.extracts import ExtractFile, Extracts
from dipeval.extracts.making import make_extracts
from dipeval.extracts.mapping import ExtractMapping
from dipeval.extracts.reading import read_extracts
from dipeval.extracts.writing import write_extracts

__all__ = [
    "Column",
    "EventTables",
    "ExtractFile",
    "ExtractMapping",
    "Extracts",
    "TableContract",
    "contracts",
    "data_dictionary",
    "event_tables",
    "make_extracts",
    "read_extracts",
    "table_contract",
    "table_schema",
    "write_extracts",
]
