"""The linkage one would have if all links were known: for "the same run with true links" on simulated data."""

from __future__ import annotations

import pandas as pd

from dipeval.engine import Engine, open_engine
from dipeval.errors import InputError
from dipeval.linkage.grouping import anchor_table
from dipeval.linkage.kept import digits_for
from dipeval.linkage.linking import ExtractsLike, person_tables
from dipeval.linkage.quality import truth_links
from dipeval.linkage.result import SPINE_COLUMNS, Linkage
from dipeval.linkage.rule import LinkRule
from dipeval.linkage.spine import count_table, in_order, pair_table, person_ids


def _true_numbers(records: pd.DataFrame, truth: pd.DataFrame) -> pd.Series:
    """0, 1, ... in the order of true_person; the same whatever the order of the rows."""
    merged = records.merge(truth, on=["table", "record_id"], how="left")
    unknown = int(merged["true_person"].isna().sum())
    if unknown:
        raise InputError(
            f"The truth does not name the person of {unknown:,} records. Pass the extracts as they were simulated."
        )
    return pd.Series(pd.factorize(merged["true_person"], sort=True)[0], index=records.index)


def true_linkage(extracts: ExtractsLike, *, engine: Engine | None = None) -> Linkage:
    """Build the linkage from ``extracts.truth.links``.

    Parameters
    ----------
    extracts
        Simulated extracts.
    engine
        Where the next steps work; default a new one in memory.

    Returns
    -------
    Linkage
        Every match probability is 1.

    Raises
    ------
    InputError
        If the extracts carry no truth, or it misses a record.

    Examples
    --------
    >>> from dipeval.linkage.example import two_small_files
    >>> true_linkage(two_small_files()).to_frame()["person_id"].tolist()
    ['P000000', 'P000000', 'P000001', 'P000000', 'P000002']
    """
    tables = person_tables(extracts)
    truth = truth_links(extracts.truth)
    anchor = anchor_table(tables)
    records = pd.concat(
        [pd.DataFrame({"table": name, "record_id": frame["record_id"]}) for name, frame in tables.items()],
        ignore_index=True,
    )
    by_id = records["record_id"].astype(str).sort_values(kind="stable").index
    records = records.loc[by_id].reset_index(drop=True)
    numbers = _true_numbers(records, truth)
    ids = person_ids(numbers, digits_for(int(numbers.max()) + 1 if len(numbers) else 0))
    spine = in_order(records.assign(person_id=ids, match_probability=1.0)[list(SPINE_COLUMNS)])
    return Linkage(
        rule=LinkRule(),
        engine=open_engine() if engine is None else engine,
        anchor=anchor,
        _spine=spine,
        _pairs=pair_table(_true_pairs(spine, anchor)),
        _counts=count_table(spine, tables, anchor, {}),
        notes=("Built from the known links of simulated data.",),
    )


def _true_pairs(spine: pd.DataFrame, anchor: str) -> list[pd.DataFrame]:
    people = spine[["table", "person_id"]].drop_duplicates()
    at_anchor = people.loc[people["table"] == anchor, ["person_id"]]
    both = people[people["table"] != anchor].merge(at_anchor, on="person_id")
    # In the order of `link`: by file, then by person.
    both = both.sort_values(["table", "person_id"], ignore_index=True)
    return [
        pd.DataFrame(
            {
                "left_table": anchor,
                "right_table": both["table"],
                "left_person": both["person_id"],
                "right_person": both["person_id"],
                "match_weight": 0.0,
                "match_probability": 1.0,
                "linked": True,
            }
        )
    ]
