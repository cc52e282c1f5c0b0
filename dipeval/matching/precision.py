"""How precise designs are beside each other, before any outcome is read."""

from __future__ import annotations

import numpy as np
import pandas as pd


def precision_frame(rows: list[tuple[str, int, int, float, float]]) -> pd.DataFrame:
    """Return how precise designs are, against the first.

    Parameters
    ----------
    rows
        Words, treated people, comparison people, and their effective numbers, one a design; the first is the best
        there could be.

    Returns
    -------
    pandas.DataFrame
        design, n_treated, n_comparison, ess_treated, ess_comparison, std_error_half (of a difference in shares around
        one half: the most it can be), information (share kept of that of the first row).

    Examples
    --------
    >>> frame = precision_frame([("everyone", 100, 900, 100.0, 900.0), ("pairs", 100, 100, 100.0, 100.0)])
    >>> frame["information"].round(3).tolist()
    [1.0, 0.556]
    """
    columns = ["design", "n_treated", "n_comparison", "ess_treated", "ess_comparison"]
    frame = pd.DataFrame(rows, columns=columns)
    variance = 0.25 * (1 / frame["ess_treated"] + 1 / frame["ess_comparison"])
    frame["std_error_half"] = np.sqrt(variance)
    frame["information"] = variance.iloc[0] / variance
    return frame
