"""The files of the linkage benchmark: `python -m tests.benchmarks.linkage_files FOLDER PEOPLE`."""

from __future__ import annotations

import json
import sys
from pathlib import Path

from tests.simulation.linkage_benchmark import EXTRACT_DATE, benchmark_files

TRAINING_PAIRS = 1_000_000  # the most pairs from which dip.link learns m on one training block


def prepare(folder: Path, people: int) -> None:
    """Write the raw files, and for Splink itself the clean columns and the settings."""
    from dipeval.linkage.candidates import comparison_columns
    from dipeval.linkage.model import ATTRIBUTOR, FULL, default_weights, splink_settings
    from dipeval.linkage.persons import own_people
    from dipeval.linkage.rule import LinkRule

    extracts = benchmark_files(people, int(0.6 * people))
    tables = {name: extracts.table(name) for name in extracts.names}
    for name, table in tables.items():
        table.to_parquet(folder / f"{name}.parquet")
    own = {name: own_people({name: table}, latest=EXTRACT_DATE).people for name, table in tables.items()}
    for profile, model, other in (("attributor", ATTRIBUTOR, "treatment"), ("full", FULL, "offences")):
        for side, name in (("left", "drug_tests"), ("right", other)):
            comparison_columns(own[name], model).to_parquet(folder / f"{profile}_{side}.parquet")
        settings = splink_settings(model, default_weights(model), 0.0001)
        settings |= {"retain_matching_columns": False, "retain_intermediate_calculation_columns": False}
        about = {"splink": settings, "strict_key": model.strict_key, "training_blocks": model.training_blocks}
        about |= {"sampled_pairs": LinkRule().sampled_pairs, "training_pairs": TRAINING_PAIRS}
        (folder / f"{profile}_settings.json").write_text(json.dumps(about))


if __name__ == "__main__":
    prepare(Path(sys.argv[1]), int(sys.argv[2]))
