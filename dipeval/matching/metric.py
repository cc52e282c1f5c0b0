"""Coordinates in which the straight-line distance between two people is their Mahalanobis distance."""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from dipeval.errors import InputError


def mahalanobis_coordinates(
    frame: pd.DataFrame, treated: NDArray[np.bool_], by_id: NDArray[np.int64]
) -> NDArray[np.float64]:
    """Return people x dimensions coordinates."""
    raise InputError("not built yet")
