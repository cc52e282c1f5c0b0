"""Every family of indicators, and which indicators each one counts: a family nobody asked for need not be made."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from dipeval.indicators.measuring import (
    contacts_family,
    positives_family,
    reoffending_family,
    tests_family,
    treatment_family,
    untested_family,
)
from dipeval.indicators.measuring.family import Maker

# Tables the families read, where the source has them.
TABLES: Final = ("drug_tests", "contacts", "treatment", "offences", "deaths")
FAMILIES: Final[tuple[Maker, ...]] = (
    tests_family.family,
    untested_family.family,
    contacts_family.family,
    contacts_family.newcomers,
    positives_family.family,
    treatment_family.family,
    treatment_family.open_stays,
    treatment_family.completed_stays,
    reoffending_family.family,
)
# Maker -> the indicators it can count.
COUNTED_BY: Final[Mapping[Maker, tuple[str, ...]]] = MappingProxyType(
    {
        tests_family.family: tests_family.COUNTS,
        untested_family.family: untested_family.COUNTS,
        contacts_family.family: contacts_family.COUNTS,
        contacts_family.newcomers: contacts_family.COUNTS_NEWCOMERS,
        positives_family.family: positives_family.COUNTS,
        treatment_family.family: treatment_family.COUNTS,
        treatment_family.open_stays: treatment_family.COUNTS_OPEN,
        treatment_family.completed_stays: treatment_family.COUNTS_COMPLETED,
        reoffending_family.family: reoffending_family.COUNTS,
    }
)
