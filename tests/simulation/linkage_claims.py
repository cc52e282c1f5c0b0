"""The accuracy figures of linkage: what is measured, on what, and the floor that each is held to.

`dip.link` is held against plain Splink on public files (`linkage_peers`), and against the rule in common use (exact
initials, date of birth and sex; keys unique on both sides) on files of invented people (`linkage_benchmark`). One link
a file; other cuts are taken from the same candidates. The tests and `make prove` share this module.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import dipeval as dip
from dipeval.linkage.example import SmallExtracts
from tests.simulation.linkage_benchmark import benchmark_files
from tests.simulation.linkage_peers import CUT, TwoFiles, as_extracts, febrl4, plain_splink, pseudopeople, scores

CUTS = (0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9)
FLOOR_AT_EVERY_CUT, ABOVE_UNIQUE_KEY = 0.965, 0.03
N, OVERLAP = 20_000, 12_000
ALIASES = 0.05


@dataclass(frozen=True)
class Peer:
    """One public file, the fields compared, and the lowest F1 that is accepted."""

    name: str
    files: Callable[[], TwoFiles]
    floor: float
    names: bool
    area: str | None = None
    extra: tuple[str, ...] = ()
    fields: tuple[str, ...] = ()


PEERS = (
    Peer(
        "FEBRL 4: names, date of birth, postcode, social security number, street number",
        febrl4,
        0.999,
        names=True,
        area="postcode",
        extra=("soc_sec_id", "street_number"),
        fields=("postcode", "soc_sec_id", "street_number"),
    ),
    Peer("FEBRL 4: names, date of birth, postcode", febrl4, 0.983, names=True, area="postcode", fields=("postcode",)),
    Peer(
        "FEBRL 4: initials, date of birth, 3-digit postcode",
        febrl4,
        0.955,
        names=False,
        area="outward",
        fields=("postcode",),
    ),
    Peer("pseudopeople: names, date of birth, sex", pseudopeople, 0.99, names=True, fields=("sex",)),
    Peer("pseudopeople: initials, date of birth, sex", pseudopeople, 0.936, names=False, fields=("sex",)),
)


def measured(extracts: SmallExtracts, linkage: dip.Linkage) -> dict[str, float]:
    """Precision, recall and F1 of the one link, counted here rather than by the package."""
    spine = linkage.to_frame().merge(extracts.truth, on=["table", "record_id"])
    left = spine[spine["table"] == "drug_tests"].drop_duplicates("person_id")
    right = spine[spine["table"] != "drug_tests"].drop_duplicates(["person_id", "true_person"])
    made = left.merge(right, on="person_id", suffixes=("_left", "_right"))
    good = made[made["true_person_left"] == made["true_person_right"]]
    n_true = len(set(left["true_person"]) & set(right["true_person"]))
    return scores(good["true_person_left"].nunique(), made["person_id"].nunique(), n_true)


def peer_figures(peer: Peer) -> dict[str, Any]:
    """Ours and plain Splink's figures with the same fields, both one to one at 0.5."""
    files = peer.files()
    extracts = as_extracts(files, names=peer.names, area=peer.area, extra=peer.extra)
    rule = dip.LinkRule(profile="full" if peer.names else "attributor", threshold=CUT, also_compare=peer.extra)
    return {
        "file": peer.name,
        "people": [len(files.left), len(files.right)],
        "true_links": files.n_true,
        "cut": CUT,
        "floor": peer.floor,
        "dipeval": _rounded(measured(extracts, dip.link(extracts, rule))),
        "plain_splink": _rounded(plain_splink(files, peer.fields, initials=not peer.names)),
    }


def _rounded(found: dict[str, float]) -> dict[str, float]:
    return {name: round(value, 4) for name, value in found.items()}


def unique_key(extracts: SmallExtracts) -> dict[str, float]:
    """The rule in common use: same initials, date of birth and sex, keys that are unique on both sides only."""
    tests, treatment = extracts.table("drug_tests"), extracts.table("treatment")
    tests = tests.assign(forename_initial=tests["forename"].str[0], surname_initial=tests["surname"].str[0])
    key = ["forename_initial", "surname_initial", "date_of_birth", "sex"]
    both = tests[~tests.duplicated(key, keep=False)].merge(treatment[~treatment.duplicated(key, keep=False)], on=key)
    person = extracts.truth.set_index("record_id")["true_person"]
    right = int((person[both["record_id_x"]].to_numpy() == person[both["record_id_y"]].to_numpy()).sum())
    n_true = len(set(person[tests["record_id"]]) & set(person[treatment["record_id"]]))
    return scores(right, len(both), n_true)


def without(extracts: SmallExtracts, name: str) -> SmallExtracts:
    """The extracts less one table."""
    tables = {table: frame for table, frame in extracts.tables.items() if table != name}
    return SmallExtracts(tables=tables, extract_date=extracts.extract_date, truth=extracts.truth)


def cut_figures(*, seed: int = 1, heaped: bool = False, aliases: float = 0.0) -> dict[str, Any]:
    """F1 of the attributor link at every cut, from one link, and of the unique-key rule on the same files."""
    extracts = without(benchmark_files(N, OVERLAP, seed=seed, heaped=heaped, aliases=aliases), "offences")
    linkage = dip.link(extracts)
    swept = linkage.sweep(CUTS, truth=extracts.truth).to_frame()
    rows = [
        {"cut": float(row.threshold), "precision": row.precision, "recall": row.recall, "f1": row.f1}
        for row in swept.itertuples()
    ]
    return {
        "file": "heaped dates of birth" if heaped else f"{aliases:.0%} alias users" if aliases else "clean",
        "seed": seed,
        "people": [N, N],
        "true_links": OVERLAP,
        "cuts": [_rounded(row) for row in rows],
        "at_its_own_cut": _rounded(measured(extracts, linkage)),
        "unique_key": _rounded(unique_key(extracts)),
    }


def peer_faults(found: dict[str, Any]) -> list[str]:
    """Why a comparison with plain Splink does not hold; empty if it does."""
    ours, theirs = found["dipeval"]["f1"], found["plain_splink"]["f1"]
    broken = {
        f"F1 {ours} is below the floor {found['floor']}": ours < found["floor"],
        f"F1 {ours} is below plain Splink's {theirs}": ours < theirs,
    }
    return [what for what, is_broken in broken.items() if is_broken]


def cut_faults(found: dict[str, Any]) -> list[str]:
    """At which cuts the benchmark is missed; empty if at none."""
    key = found["unique_key"]["f1"]
    faults = []
    for row in found["cuts"]:
        if row["f1"] < FLOOR_AT_EVERY_CUT:
            faults.append(f"F1 {row['f1']} at {row['cut']} is below {FLOOR_AT_EVERY_CUT}")
        if row["f1"] < key + ABOVE_UNIQUE_KEY:
            faults.append(
                f"F1 {row['f1']} at {row['cut']} is less than {ABOVE_UNIQUE_KEY} above the unique key's {key}"
            )
    return faults


def links_hash(linkage: dip.Linkage) -> str:
    """SHA-256 of the sorted candidates, rounded to 1e-9, and of the sorted spine."""
    import hashlib

    pairs = linkage.pairs()
    pairs = pairs.round(9).sort_values(list(pairs.columns[:4]), kind="stable")
    spine = linkage.to_frame().round(9).sort_values(["table", "record_id"], kind="stable")
    text = pairs.to_csv(index=False) + spine.to_csv(index=False)
    return hashlib.sha256(text.encode("utf-8")).hexdigest()


def shuffled(extracts: SmallExtracts, seed: int) -> SmallExtracts:
    """The same records in another order."""
    tables = {name: frame.sample(frac=1, random_state=seed) for name, frame in extracts.tables.items()}
    return SmallExtracts(tables=tables, extract_date=extracts.extract_date, truth=extracts.truth)
