"""Start-stop rows are the same whether the days were counted by DuckDB or by Spark."""

from __future__ import annotations

from typing import Any

import pandas as pd
import pytest

import dipeval as dip
from dipeval.engine import open_engine
from tests.unit.cohort.test_episodes import invented


@pytest.mark.spark
@pytest.mark.parametrize("options", [{}, {"recurrent": True, "custody_gaps": False}, {"landmark_days": 7}])
def test_episodes_on_spark_are_those_on_duckdb(spark: Any, options: dict[str, Any]) -> None:
    tables = invented(1)
    engines = open_engine(spark=spark), open_engine(threads=1)
    there, here = (dip.episodes(**tables, end="last", follow_up_days=30, engine=one, **options) for one in engines)
    for name in ("flow", "events"):
        pd.testing.assert_frame_equal(getattr(there, name), getattr(here, name))
    pd.testing.assert_frame_equal(there.to_frame(), here.to_frame())
