"""Two tiny invented files, for the examples in the documentation."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pandas as pd

from dipeval.errors import InputError


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class SmallExtracts:
    """The part of `dipeval.extracts.Extracts` that linkage reads, round a few DataFrames."""

    tables: Mapping[str, pd.DataFrame]
    extract_date: dt.date
    truth: Any = None

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the tables."""
        return tuple(self.tables)

    def table(self, name: str) -> pd.DataFrame:
        """Return a copy of a table."""
        if name not in self.tables:
            raise InputError(f"There is no table {name}; there are {', '.join(self.names)}.")
        return self.tables[name].copy()


def two_small_files() -> SmallExtracts:
    """Return three tests of two invented people and two treatment records, one of them of a tested person.

    Examples
    --------
    >>> two_small_files().names
    ('drug_tests', 'treatment')
    """
    tests = pd.DataFrame(
        {
            "record_id": ["t1", "t2", "t3"],
            "person_ref": ["1", "1", "2"],
            "forename": ["Ann", "Ann", "Bob"],
            "surname": ["Archer", "Archer", "Baker"],
            "date_of_birth": pd.to_datetime(["1980-02-03", "1980-02-03", "1975-11-30"]),
            "sex": ["female", "female", "male"],
            "postcode": ["LS1 4AB", "LS1 4AB", "BD5 7QQ"],
            "test_date": pd.to_datetime(["2018-01-05", "2018-03-01", "2018-01-09"]),
        }
    )
    treatment = pd.DataFrame(
        {
            "record_id": ["n1", "n2"],
            "client_ref": ["81", "82"],
            "forename_initial": ["A", "C"],
            "surname_initial": ["A", "D"],
            "date_of_birth": pd.to_datetime(["1980-02-03", "1969-06-12"]),
            "sex": ["female", "male"],
            "postcode_sector": ["LS1 4", "HX1 2"],
            "start_date": pd.to_datetime(["2018-01-20", "2018-02-02"]),
        }
    )
    truth = pd.DataFrame(
        {
            "table": ["drug_tests"] * 3 + ["treatment"] * 2,
            "record_id": ["t1", "t2", "t3", "n1", "n2"],
            "true_person": [0, 0, 1, 0, 2],
        }
    )
    return SmallExtracts(
        tables={"drug_tests": tests, "treatment": treatment}, extract_date=dt.date(2019, 12, 31), truth=truth
    )
