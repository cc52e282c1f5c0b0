"""Write the two pseudopeople files used by the linkage tests. How to run it: PROVENANCE.md.

The records are as pseudopeople noised them, with only the columns that the tests compare. Dates of birth become ISO
text; what is no date (a typing error such as month 13) is left empty, as a reader of real extracts would leave it.
"""

from __future__ import annotations

import gzip
import io
from pathlib import Path

import pandas as pd

HERE = Path(__file__).parent
COLUMNS = ["simulant_id", "first_name", "last_name", "date_of_birth", "sex"]


def write(frame: pd.DataFrame, birth_format: str, name: str) -> None:
    """One compact compressed CSV without a time stamp, so that a second run gives the same bytes."""
    born = pd.to_datetime(frame["date_of_birth"].astype(str), format=birth_format, errors="coerce")
    kept = frame[COLUMNS].assign(date_of_birth=born.dt.strftime("%Y-%m-%d"))
    text = io.StringIO()
    kept.astype(object).sort_values("simulant_id").to_csv(text, index=False, lineterminator="\n")
    (HERE / name).write_bytes(gzip.compress(text.getvalue().encode("utf-8"), compresslevel=9, mtime=0))


def main() -> None:
    """Generate the sample with seed 1 and keep the columns compared."""
    import pseudopeople  # not among the test packages: see PROVENANCE.md

    census = pseudopeople.generate_decennial_census(seed=1)
    social = pseudopeople.generate_social_security(seed=1)
    write(census, "%m/%d/%Y", "pseudopeople_census.csv.gz")
    write(social[social["event_type"] == "creation"], "%Y%m%d", "pseudopeople_social_security.csv.gz")


if __name__ == "__main__":
    main()
