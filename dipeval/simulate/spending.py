"""What the districts spent: invented sums, so many pounds a test, a contact and a treatment episode."""

from __future__ import annotations

from typing import Final

import numpy as np
import pandas as pd

from dipeval.simulate.arrays import Array, to_dates
from dipeval.vocabulary import WEST_YORKSHIRE_DISTRICTS

# Pounds a unit. Testing: about £118 a test (Hansard, 29 September 2008, derived). The other two are invented.
UNIT_SPEND: Final = {"testing": 118.0, "contact": 165.0, "treatment": 2_150.0}
# Who pays which share: invented.
FUNDERS: Final = {
    "testing": {"Police and Crime Commissioner": 1.0},
    "contact": {"Police and Crime Commissioner": 0.6, "Public health grant": 0.4},
    "treatment": {"Public health grant": 0.85, "NHS England": 0.15},
}
_FIRST_YEAR: Final = 2011


def spend_table(events: dict[str, tuple[Array, Array]], rng: np.random.Generator) -> pd.DataFrame:
    """Add up what tests, contacts and treatment episodes cost, by district, year and funder.

    Parameters
    ----------
    events
        By purpose: days and district codes of what was paid for.
    rng
        Sums differ from the unit price by about 3%, as real ledgers do.

    Returns
    -------
    DataFrame
        district, financial_year, funder, amount (pounds), spent_on, price_year.

    Examples
    --------
    >>> days, district = np.array([15_340] * 10), np.zeros(10, dtype=int)
    >>> table = spend_table({"testing": (days, district)}, np.random.default_rng(1))
    >>> table.loc[0, ["district", "financial_year", "spent_on"]].tolist()
    ['Bradford', '2011-12', 'testing']
    """
    rows = []
    for purpose, (days, district) in events.items():
        years = _financial_year(days)
        counts = np.zeros((len(WEST_YORKSHIRE_DISTRICTS), 6), dtype=np.int64)
        np.add.at(counts, (district, years - _FIRST_YEAR), 1)
        price = UNIT_SPEND[purpose] * rng.normal(1.0, 0.03, counts.shape)
        for place, offset in np.argwhere(counts > 0):
            for funder, share in FUNDERS[purpose].items():
                year = _FIRST_YEAR + int(offset)
                rows.append(
                    {
                        "district": WEST_YORKSHIRE_DISTRICTS[place],
                        "financial_year": f"{year}-{(year + 1) % 100:02d}",
                        "funder": funder,
                        "amount": round(float(counts[place, offset] * price[place, offset] * share), 2),
                        "spent_on": purpose,
                        "price_year": year,
                    }
                )
    columns = ["district", "financial_year", "funder", "amount", "spent_on", "price_year"]
    frame = pd.DataFrame(rows, columns=columns).astype({"amount": "float64", "price_year": "Int64"})
    order = ["financial_year", "district", "spent_on", "funder"]
    return frame.sort_values(order, kind="stable", ignore_index=True)


def _financial_year(days: Array) -> Array:
    months = to_dates(days).astype("datetime64[M]").astype(np.int64)
    return 1970 + (months - 3) // 12
