"""Ages where the drug tests are pseudonymised: the age in the year of the test stands in place of the date of birth."""

from __future__ import annotations

import pandas as pd

from dipeval.errors import InputError
from dipeval.extracts.pseudonymised import AGE, FINGERPRINT


def with_births_from_ages(tests: pd.DataFrame) -> pd.DataFrame:
    """Give pseudonymised drug tests the middle day of the year of birth that their ``age_at_test`` tells.

    ``age_at_test`` is the year of the test less the year of birth. Completed years may therefore be one out.

    Parameters
    ----------
    tests
        Pseudonymised drug tests.

    Returns
    -------
    pandas.DataFrame
        With ``date_of_birth``, missing where the age is not known.

    Raises
    ------
    InputError
        If the age or the sex was left out.

    Examples
    --------
    >>> tests = pd.DataFrame({"test_date": pd.to_datetime(["2018-06-30"]), "age_at_test": [30], "sex": ["male"]})
    >>> with_births_from_ages(tests)["date_of_birth"].dt.strftime("%Y-%m").tolist()
    ['1988-07']
    """
    lacking = [column for column in (AGE, "sex") if column not in tests.columns]
    if lacking:
        raise InputError(
            f"The pseudonymised drug tests were sent without {' and '.join(lacking)}, so nobody's age or sex at the "
            "index test is known and no cohort can be built; linking them works. Ask the sender for the table made by "
            "`dipeval pseudonymise` without --without-age-and-sex."
        )
    year = tests["test_date"].dt.year.astype("Int64") - pd.to_numeric(tests[AGE]).astype("Int64")
    known = year.notna()
    parts = {"year": year.where(known, 1900).astype("int64"), "month": 7, "day": 2}
    return tests.assign(date_of_birth=pd.to_datetime(pd.DataFrame(parts)).where(known))


def assumed_births(name: str, table: pd.DataFrame | None) -> list[tuple[str, str, int]]:
    """Return what is told of a pseudonymised table of drug tests: table, words, records."""
    if name != "drug_tests" or table is None or FINGERPRINT not in table.columns:
        return []
    words = "pseudonymised, age_at_test in place of the date of birth: ages, and copas_rate, up to a year out"
    return [(name, words, int(table[AGE].notna().sum()))]
