"""One job of the quarterly benchmark in a process of its own: `python -m tests.benchmarks.quarterly_jobs JOB FOLDER`.

Jobs: ``files`` (write the tables), ``all`` (every indicator), ``five`` (those that are also counted by hand), ``sql``
(the five in hand-written DuckDB SQL), ``reports`` (a quarterly study of as many districts, and a report for each). The
last line is JSON.
"""

from __future__ import annotations

import argparse
import json
import resource
import time
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

PEOPLE_TABLES = ("drug_tests", "contacts", "treatment", "offences")
SIDE_TABLES = ("crime", "staffing", "spend", "targets")
FIVE = ("tests", "positivity", "refused", "seen", "reoffending")
FOLLOWED = {"seen": 28, "reoffending": 547}
BY_HAND = Path(__file__).with_name("quarterly_by_hand.sql")
QUARTERS, SEED, FIRST = 16, 1, "2010-Q2"


def write_files(folder: Path, people: int, districts: int) -> dict[str, Any]:
    """Write the tables of the simulated areas, with the person of each record, as Parquet."""
    from dipeval.simulate.areas import area_names, area_tables

    tables, owners, last = area_tables(area_names(districts), QUARTERS, people, SEED, FIRST)
    for name, frame in tables.items():
        if name in owners:
            frame = frame.assign(person_id=np.char.mod("P%07d", owners[name]))
        frame.to_parquet(folder / f"{name}.parquet", index=False, coerce_timestamps="us")
    (folder / "last.txt").write_text(last.isoformat())
    return {"rows": {name: len(frame) for name, frame in tables.items()}}


def _tables(folder: Path) -> Any:
    import dipeval as dip

    engine = dip.open_engine(threads=2)
    names = [name for name in (*PEOPLE_TABLES, *SIDE_TABLES) if (folder / f"{name}.parquet").exists()]
    tables = {
        name: engine.backend.read_parquet(str(folder / f"{name}.parquet"), table_name=name)
        for name in names
        if name in PEOPLE_TABLES
    }
    return engine, dip.event_tables(engine, tables, extract_date=(folder / "last.txt").read_text())


def measured(folder: Path, names: tuple[str, ...] | None, by: tuple[str, ...] = ()) -> dict[str, Any]:
    """The public call; its queries are counted."""
    import dipeval as dip

    engine, tables = _tables(folder)
    start, cpu = time.perf_counter(), time.process_time()
    found = dip.indicators(tables, names=names, by=by, targets=pd.DataFrame())
    frame = found.to_frame()
    done = {
        "seconds": time.perf_counter() - start,
        "cpu": time.process_time() - cpu,
        "queries": engine.n_queries,
        "rows": len(frame),
        "indicators": len(found.names),
    }
    return done | {"print": fingerprint(frame)}


def fingerprint(frame: pd.DataFrame) -> dict[str, float]:
    """Numerators of the five, summed with weights that tell districts and quarters apart."""
    own = frame[(frame["dimension"] == "") & (frame["district"] != "all districts") & frame["indicator"].isin(FIVE)]
    weight = own["district"].str[-2:].astype(int) * own["period"].str[-1].astype(int)
    sums = (own["numerator"].fillna(0) * weight).groupby(own["indicator"]).sum()
    return {str(name): float(value) for name, value in sums.items()}


def by_hand(folder: Path) -> dict[str, Any]:
    """The same five in SQL; reoffending only of quarters that can be followed, as the public call tells them."""
    import duckdb

    con = duckdb.connect(config={"threads": 2, "preserve_insertion_order": "false"})
    for name in PEOPLE_TABLES:
        con.execute(f"create view {name} as select * from read_parquet('{folder / name}.parquet')")
    start, cpu = time.perf_counter(), time.process_time()
    frame = con.execute(BY_HAND.read_text()).df()
    seconds, used = time.perf_counter() - start, time.process_time() - cpu
    long = frame.melt(
        id_vars=["district", "period"], value_vars=list(FIVE), var_name="indicator", value_name="numerator"
    )
    last = pd.Timestamp((folder / "last.txt").read_text())
    ends = pd.PeriodIndex(long["period"].str.replace("-", ""), freq="Q").end_time.normalize()
    told = ends + pd.to_timedelta(long["indicator"].map(FOLLOWED).fillna(0), unit="D") <= last
    return {"seconds": seconds, "cpu": used, "print": fingerprint(long[told].assign(dimension=""))}


def reports(folder: Path, people: int, districts: int) -> dict[str, Any]:
    """Run a quarterly study of so many districts, then write the report and one a district."""
    import dipeval as dip

    text = (
        'kind = "quarterly"\ntitle = "Benchmark"\nprogramme = "criminal justice interventions"\nseed = 1\n'
        '[data]\nsource = "simulate_areas"\nstatus = "simulated"\n'
        f"[simulate_areas]\ndistricts = {districts}\nquarters = {QUARTERS}\npeople = {people}\n"
        '[reports]\neach_district = true\n[disclosure]\nprofile = "none"\n'
    )
    study = folder / "pcc.toml"
    study.write_text(text)
    start = time.perf_counter()
    result = dip.QuarterlyReview.from_toml(study).run()
    ran = time.perf_counter()
    dip.write_quarterly_report(result, folder / "reports")
    wrote = time.perf_counter()
    made = sorted((folder / "reports").rglob("report.html"))
    return {"run_seconds": ran - start, "write_seconds": wrote - ran, "reports": len(made),
            "megabytes": sum(path.stat().st_size for path in made) / 1e6}  # fmt: skip


def main() -> None:
    """Run one job and print what came out."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("job", choices=["files", "all", "five", "sql", "reports"])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--people", type=int, default=500_000)
    parser.add_argument("--districts", type=int, default=43)
    options = parser.parse_args()
    jobs = {
        "files": lambda: write_files(options.folder, options.people, options.districts),
        "all": lambda: measured(options.folder, None, ("age_group", "offence_class")),
        "five": lambda: measured(options.folder, FIVE),
        "sql": lambda: by_hand(options.folder),
        "reports": lambda: reports(options.folder, options.people, options.districts),
    }
    found = jobs[options.job]()
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(json.dumps(found | {"peak_mb": round(peak)}))


if __name__ == "__main__":
    main()
