"""One job of the cohort benchmark in a process of its own: `python -m tests.benchmarks.cohort_jobs JOB FOLDER`.

Jobs: ``ours`` (the public calls on tables that stand in Parquet), ``sql`` (the same tables and outputs in hand-written
DuckDB SQL), ``floor`` (no more than reading the offences, joining the people tested and grouping them), ``every`` (the
public calls with every conviction as an index event). The last line is JSON: CPU seconds of the job and of the whole
process, peak memory, and a fingerprint of everything that came out.
"""

from __future__ import annotations

import argparse
import json
import resource
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from tests.benchmarks.cohort_files import EXTRACT_DATE

TABLES = ("drug_tests", "treatment", "offences", "custody_spells", "deaths")
WINDOW = {"index_from": "2012-01-01", "index_to": "2018-12-31"}
BY_HAND = Path(__file__).with_name("cohort_by_hand.sql")
Frames = dict[str, pd.DataFrame]


def files_of(folder: Path) -> dict[str, str]:
    """Where each table is; the offences are several files."""
    return {name: str(folder / (f"{name}/*.parquet" if name == "offences" else f"{name}.parquet")) for name in TABLES}


def _event_tables(folder: Path, memory: str | None) -> Any:
    import dipeval as dip
    from dipeval.engine import open_engine

    engine = open_engine(threads=2, memory_limit=memory)
    tables = {name: engine.backend.read_parquet(path, table_name=name) for name, path in files_of(folder).items()}
    return dip.event_tables(engine, tables, extract_date=EXTRACT_DATE)


def ours(folder: Path, memory: str | None) -> Callable[[], Frames]:
    """`build_cohort` and `measure_reoffending`."""
    import dipeval as dip

    rule = dip.CohortRule(**WINDOW)  # type: ignore[arg-type]

    def run() -> Frames:
        cohort = dip.build_cohort(_event_tables(folder, memory), rule=rule)
        outcomes = dip.measure_reoffending(cohort)
        frames = {"people": cohort.people, "outcomes": outcomes.to_frame(), "by_group": outcomes.by_group}
        excluded = outcomes.excluded[["reason", "n"]].query("n > 0").sort_values("reason", ignore_index=True)
        return frames | {"attrition": cohort.attrition, "excluded": excluded}

    return run


def every(folder: Path, memory: str | None) -> Callable[[], Frames]:
    """The same with every day of a conviction as an index event, so that people are in many times."""
    import dipeval as dip

    rule = dip.CohortRule(index_event="sentence", index_choice="every", **WINDOW)  # type: ignore[arg-type]

    def run() -> Frames:
        cohort = dip.build_cohort(_event_tables(folder, memory), rule=rule)
        outcomes = dip.measure_reoffending(cohort)
        return {"people": cohort.people, "outcomes": outcomes.to_frame(), "attrition": cohort.attrition}

    return run


def _connection(folder: Path, memory: str | None) -> Any:
    import duckdb

    settings: dict[str, Any] = {"threads": 2, "preserve_insertion_order": "false"}
    con = duckdb.connect(config=settings | ({"memory_limit": memory} if memory else {}))
    for name, path in files_of(folder).items():
        con.execute(f"create view {name} as select * from read_parquet('{path}')")
    return con


def sql(folder: Path, memory: str | None) -> Callable[[], Frames]:
    """The statements of cohort_by_hand.sql, and what they give in the same order as ours."""
    import duckdb  # noqa: F401

    lines = [line for line in BY_HAND.read_text(encoding="utf-8").splitlines() if not line.startswith("--")]

    def run() -> Frames:
        con = _connection(folder, memory)
        for statement in "\n".join(lines).split(";"):
            if statement.strip():
                con.execute(statement)
        ordered = {
            "people": "person_id",
            "outcomes": "person_id",
            "by_group": "person_id, offence_group",
            "excluded": "reason",
        }
        frames = {name: con.sql(f"select * from {name} order by {order}").df() for name, order in ordered.items()}
        lost = con.sql("select * from attrition").df()
        return frames | {"attrition": _in_steps(lost)}

    return run


def _in_steps(lost: pd.DataFrame) -> pd.DataFrame:
    """People left after each step, from how many are lost at it."""
    counts = dict(zip(lost["step"], lost["n_people"], strict=True))
    left = [("tested", counts["tested"]), ("positive", counts["positive"]), ("in_window", counts["in_window"])]
    for step in ("age_known", "adult", "not_in_treatment", "alive", "at_liberty", "observable"):
        left.append((step, left[-1][1] - counts.get(step, 0)))
    return pd.DataFrame(left, columns=["step", "n_people"])


def floor(folder: Path, memory: str | None) -> Callable[[], Frames]:
    """Read three columns of the offences, keep those of people tested, group by person: less cannot be done."""
    import duckdb  # noqa: F401

    def run() -> Frames:
        con = _connection(folder, memory)
        return {
            "floor": con.sql(
                "select person_id, count(*) as n, max(disposal_date) as latest from offences "
                "join (select distinct person_id from drug_tests) using (person_id) group by person_id order by 1"
            ).df()
        }

    return run


def fingerprint(frames: Frames) -> dict[str, str]:
    """Sums of every column, plain and weighted by the row's place, so that a value in another row is seen."""
    found = {}
    for name, frame in frames.items():
        table = frame.reset_index() if frame.index.name else frame
        place = np.arange(len(table)) % 1009 + 1.0
        for column in sorted(set(table.columns) - {"label", "n_excluded", "started_later"}):
            values = _as_numbers(table[column])
            sums = [np.isnan(values).sum(), np.nansum(values), np.nansum(values * place)]
            found[f"{name}.{column}"] = " ".join(f"{number:.9g}" for number in sums)
    return found


def _as_numbers(column: pd.Series) -> np.ndarray:
    if pd.api.types.is_datetime64_any_dtype(column):
        days = (column - pd.Timestamp("1970-01-01")) / pd.Timedelta(days=1)
        return days.to_numpy(dtype="float64")
    if pd.api.types.is_numeric_dtype(column):
        return column.to_numpy(dtype="float64")
    return (pd.util.hash_array(column.fillna("").to_numpy(dtype=object)) % 1_000_003).astype("float64")


def _cpu() -> float:
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


def main() -> None:
    """Run one job and print its figures."""
    parser = argparse.ArgumentParser()
    parser.add_argument("job", choices=("ours", "sql", "floor", "every"))
    parser.add_argument("folder", type=Path)
    parser.add_argument("--memory", default=None)
    given = parser.parse_args()
    run = {"ours": ours, "sql": sql, "floor": floor, "every": every}[given.job](given.folder, given.memory)
    began, started = _cpu(), time.perf_counter()
    frames = run()
    found = {"cpu": _cpu() - began, "seconds": time.perf_counter() - started}
    found["peak_mb"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    found["cpu_whole"] = _cpu()
    found["rows"] = {name: len(frame) for name, frame in frames.items()}
    found["fingerprint"] = fingerprint(frames)
    print(json.dumps(found))


if __name__ == "__main__":
    main()
