"""The jobs of the linkage benchmark, each run in a process of its own: `python -m tests.benchmarks.linkage_jobs JOB`.

    ours    dip.link on the two raw files
    raw     Splink itself on columns that are clean already: the same comparisons, blocking rules, training and cut,
            and Splink's own one-to-one clustering. It is spared the cleaning and the collapsing to people, so the
            ratio counts everything that dipeval does around Splink
    raw_files the same from the raw records: names, initials, parts of the date and of the postcode formed in pandas
            as Splink's documentation has its users do, for one record a person; the clock runs meanwhile
    raw_drop  as raw, with people who have two equally likely candidates left unlinked, as dip.link leaves them
    merge   what the field does without a linker: one exact merge on the key, keys that are unique on both sides

Modules are imported and the input is read before the clock starts, on either side. Each job prints one JSON line:
seconds, the process's peak memory before and after the job, and what it found.
"""

from __future__ import annotations

import argparse
import contextlib
import importlib
import json
import logging
import resource
import time
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pandas as pd

from tests.simulation.linkage_benchmark import EXTRACT_DATE

OTHER_FILE = {"attributor": "treatment", "full": "offences"}
THRESHOLD = 0.5
# Where dip.link calls its steps from; a step that has moved is left out of the phases, the total stays.
STEPS = {
    "_collapse": "dipeval.linkage.linking",
    "join_groups": "dipeval.linkage.linking",
    "learn_weights": "dipeval.linkage.candidates",
    "_score": "dipeval.linkage.candidates",
    "candidate_table": "dipeval.linkage.linking",
    "spine_table": "dipeval.linkage.linking",
    "count_table": "dipeval.linkage.linking",
}


def peak_mb() -> float:
    """Largest memory this process has held so far, in megabytes."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def _extracts(folder: Path, profile: str) -> Any:
    from dipeval.linkage.example import SmallExtracts

    names = ("drug_tests", OTHER_FILE[profile])
    tables = {name: pd.read_parquet(folder / f"{name}.parquet") for name in names}
    return SmallExtracts(tables=tables, extract_date=EXTRACT_DATE, truth=None)


def ours(folder: Path, profile: str) -> dict[str, Any]:
    """`dip.link`, from raw records to the spine."""
    import splink  # noqa: F401

    import dipeval as dip
    import dipeval.linkage.linking

    extracts, before = _extracts(folder, profile), peak_mb()
    started = time.perf_counter()
    with _clocks() as phases:
        linkage = dip.link(extracts, rule=dip.LinkRule(profile=profile, threshold=THRESHOLD))  # type: ignore[arg-type]
    seconds = time.perf_counter() - started
    counts = linkage.counts.set_index("table").loc[OTHER_FILE[profile]]
    blocks = [list(block) for model in getattr(linkage, "models", ()) for block in model.blocks]
    facts = {"links": int(counts["linked"]), "pairs_compared": int(counts["pairs_compared"]), "blocks": blocks}
    return {"seconds": seconds, "before_mb": before, "peak_mb": peak_mb(), "phases": phases} | facts


@contextlib.contextmanager
def _clocks() -> Iterator[dict[str, float]]:
    """Seconds spent in the steps of dip.link, which are wrapped where they are called from."""
    phases: dict[str, float] = {}

    def timed(name: str, step: Callable[..., Any]) -> Callable[..., Any]:
        def run(*args: Any, **kwargs: Any) -> Any:
            started = time.perf_counter()
            try:
                return step(*args, **kwargs)
            finally:
                phases[name] = phases.get(name, 0.0) + time.perf_counter() - started

        return run

    places = [(name, module) for name, module in STEPS.items() if hasattr(importlib.import_module(module), name)]
    kept = [(importlib.import_module(module), name) for name, module in places]
    before = [getattr(module, name) for module, name in kept]
    for (module, name), step in zip(kept, before, strict=True):
        setattr(module, name, timed(name, step))
    try:
        yield phases
    finally:
        for (module, name), step in zip(kept, before, strict=True):
            setattr(module, name, step)


def formed_columns(table: pd.DataFrame, wanted: list[str]) -> pd.DataFrame:
    """The columns that Splink compares, from raw records of one person each; missing where the record has none."""
    frame = pd.DataFrame({"unique_id": range(len(table))})
    for name in ("forename", "surname"):
        if name in table:
            cleaned = table[name].str.strip().str.upper().str.replace(r"[^A-Z]", "", regex=True)
            frame[name] = cleaned.where(cleaned != "")
            frame[f"{name}_initial"] = frame[name].str[:1]
        else:
            frame[f"{name}_initial"] = table[f"{name}_initial"].str.strip().str.upper()
    frame["forename_root"] = frame.get("forename")
    frame["initials"] = frame["forename_initial"] + frame["surname_initial"]
    born = table["date_of_birth"]
    known = born.notna()
    frame["birth_date"] = born.dt.strftime("%Y-%m-%d").where(known)
    for place, name in ((slice(0, 4), "year"), (slice(5, 7), "month"), (slice(8, 10), "day")):
        frame[f"birth_{name}"] = frame["birth_date"].str[place]
    frame["birth_year_next"] = (born.dt.year + 1).astype("Int64").astype("string").astype(object).where(known)
    frame["sex"] = table["sex"].str[:1].str.upper()
    code = table["postcode" if "postcode" in table else "postcode_sector"].str.upper().str.strip()
    parts = code.str.split(" ", n=1, expand=True)
    frame["postcode"], frame["outward"] = code, parts[0]
    frame["sector"] = parts[0] + " " + parts[1].str[:1]
    frame = frame[wanted]
    return frame.astype(dict.fromkeys(wanted[1:], object)).where(frame.notna(), None)  # type: ignore[call-overload,no-any-return]


def raw(
    folder: Path, profile: str, blocks: list[list[str]], ties: str = "lowest_id", from_files: bool = False
) -> dict[str, Any]:
    """Splink alone, as its documentation shows it, with the settings that `dip.link` hands it."""
    import duckdb
    from splink import DuckDBAPI, Linker

    settings = json.loads((folder / f"{profile}_settings.json").read_text())
    sources = [f"{profile}_{side}" for side in ("left", "right")]
    if from_files:
        sources = ["drug_tests", OTHER_FILE[profile]]
    frames = [pd.read_parquet(folder / f"{source}.parquet") for source in sources]
    before, started = peak_mb(), time.perf_counter()
    if from_files:
        wanted = list(pd.read_parquet(folder / f"{profile}_left.parquet").columns)
        started = time.perf_counter()
        frames = [formed_columns(frame, wanted) for frame in frames]
    api = DuckDBAPI(connection=duckdb.connect())
    tables = [
        api.register(frame, dataset_display_name=name)
        for frame, name in zip(frames, ("a_left", "b_right"), strict=True)
    ]
    if blocks:
        settings["splink"]["blocking_rules_to_generate_predictions"] = [_rule(block) for block in blocks]
    linker = Linker(tables, settings["splink"], log_level=None, validate_settings=False)
    linker.training.estimate_probability_two_random_records_match([_sql(settings["strict_key"])], recall=0.8)
    linker.training.estimate_u_using_random_sampling(
        max_pairs=settings["sampled_pairs"], seed=1, min_count_per_level=None, num_chunks=1
    )
    for block in settings["training_blocks"]:
        linker.training.estimate_parameters_using_expectation_maximisation(
            _sql(block), estimate_without_term_frequencies=True, max_pairs=settings["training_pairs"]
        )
    trained = time.perf_counter()
    pairs = linker.inference.predict(threshold_match_probability=0.0005)
    scored = time.perf_counter()
    clusters = linker.clustering.cluster_using_single_best_links(
        pairs, duplicate_free_datasets=["a_left", "b_right"], threshold_match_probability=THRESHOLD, ties_method=ties
    )
    frame = clusters.as_pandas_dataframe()[["cluster_id", "source_dataset", "unique_id"]]
    seconds = time.perf_counter() - started
    phases = {"training": trained - started, "scoring": scored - trained, "clustering": seconds + started - scored}
    links = int((frame.groupby("cluster_id").size() > 1).sum())
    return {"seconds": seconds, "before_mb": before, "peak_mb": peak_mb(), "links": links, "phases": phases}


def _sql(columns: list[str]) -> str:
    return " AND ".join(f'l."{name}" = r."{name}"' for name in columns)


def _rule(columns: list[str]) -> dict[str, str]:
    return {"blocking_rule": _sql(columns), "sql_dialect": "duckdb"}


def merge(folder: Path, profile: str) -> dict[str, Any]:
    """The exact key, unique on both sides."""
    extracts = _extracts(folder, profile)
    left, right = (extracts.table(name) for name in ("drug_tests", OTHER_FILE[profile]))
    before, started = peak_mb(), time.perf_counter()
    if profile == "attributor":
        left = left.assign(forename_initial=left["forename"].str[0], surname_initial=left["surname"].str[0])
        key = ["forename_initial", "surname_initial", "date_of_birth", "sex"]
    else:
        key = ["forename", "surname", "date_of_birth", "sex"]
    both = left[~left.duplicated(key, keep=False)].merge(right[~right.duplicated(key, keep=False)], on=key)
    seconds = time.perf_counter() - started
    return {"seconds": seconds, "before_mb": before, "peak_mb": peak_mb(), "links": len(both)}


def main() -> None:
    """Run one job and print its figures."""
    parser = argparse.ArgumentParser()
    parser.add_argument("job", choices=("ours", "raw", "raw_files", "raw_drop", "merge"))
    parser.add_argument("profile", choices=tuple(OTHER_FILE))
    parser.add_argument("folder", type=Path)
    parser.add_argument("--blocks", default="[]")
    given = parser.parse_args()
    logging.getLogger("splink").setLevel(logging.ERROR)
    warnings.simplefilter("ignore")
    if given.job.startswith("raw"):
        ties = "drop" if given.job == "raw_drop" else "lowest_id"
        found = raw(given.folder, given.profile, json.loads(given.blocks), ties, given.job == "raw_files")
    else:
        found = {"ours": ours, "merge": merge}[given.job](given.folder, given.profile)
    print(json.dumps(found))


if __name__ == "__main__":
    main()
