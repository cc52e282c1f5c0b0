"""The one place that opens DuckDB or takes a Spark session. It hands out Ibis tables; event work is Ibis on them.

A stage is a step of that work with a name: computed once, and kept as Parquet where a folder was named.
"""

from dipeval.engine.engine import DEFAULT_ROW_LIMIT, Engine
from dipeval.engine.opening import open_engine
from dipeval.engine.stages import Stage

__all__ = ["DEFAULT_ROW_LIMIT", "Engine", "Stage", "open_engine"]
