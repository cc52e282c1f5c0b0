"""Files out of the common: one date of birth for all, nothing in common, nothing known, nobody, one person."""

from __future__ import annotations

import datetime as dt
import json
import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest

import dipeval as dip
from dipeval.errors import InputError
from dipeval.linkage.example import SmallExtracts

ROOT = Path(__file__).resolve().parents[3]
LAST_DAY = dt.date(2019, 12, 31)
SMALL_RUN = """
import json, resource, sys
import numpy as np, pandas as pd, datetime as dt
import dipeval as dip
from dipeval.linkage.example import SmallExtracts
people, same = int(sys.argv[1]), sys.argv[2] == "same"
def table(prefix, reference, dated):
    rng, number = np.random.default_rng(len(prefix)), pd.Series(range(people)).astype(str)
    letters = pd.Series(list("ABCDEFGHJKLMNPRSTW"))
    born = pd.Series(pd.Timestamp(1980, 1, 1) + pd.to_timedelta(rng.integers(0, 12000, people), unit="D"))
    return pd.DataFrame({"record_id": prefix + number, reference: number, "sex": rng.choice(["male", "female"], people),
        "forename_initial": letters.take(rng.integers(0, 18, people)).to_numpy(),
        "surname_initial": letters.take(rng.integers(0, 18, people)).to_numpy(),
        "date_of_birth": pd.Timestamp(1980, 1, 1) if same else born, dated: pd.Timestamp(2018, 1, 1)})
tables = {"drug_tests": table("t", "person_ref", "test_date"), "treatment": table("nn", "client_ref", "start_date")}
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
said = ""
try:
    extracts = SmallExtracts(tables=tables, extract_date=dt.date(2019, 12, 31))
    linkage = dip.link(extracts, dip.LinkRule(find_heaped_dates=len(sys.argv) < 4))
    said = " ".join(linkage.notes) + f" pairs compared: {int(linkage.counts['pairs_compared'].max())}"
except dip.DipevalError as error:
    said = "refused: " + str(error)
peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
print(json.dumps({"before": before, "peak": peak, "said": said}))
"""


def in_its_own_process(*arguments: str) -> dict[str, object]:
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", SMALL_RUN, *arguments],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-2000:]
    return json.loads(done.stdout.strip().splitlines()[-1])


@pytest.mark.slow
@pytest.mark.parametrize("options", [(), ("keep-heaps",)], ids=["heaps found", "heaps kept"])
def test_a_million_records_with_one_date_of_birth_do_not_blow_up(options: tuple[str, ...]) -> None:
    """500,000 a side on one date are 250 thousand million pairs on that date alone: they must never be made."""
    found = in_its_own_process("500000", "same", *options)
    print(found)
    assert "many people share" in str(found["said"]) or "refused" in str(found["said"])
    assert float(str(found["peak"])) < 2_000, found


def people(prefix: str, reference: str, dated: str, n: int = 3, **columns: object) -> pd.DataFrame:
    number = pd.Series(range(n), dtype="int64").astype(str)
    frame = pd.DataFrame({"record_id": prefix + number, reference: number, dated: pd.Timestamp(2018, 1, 1)})
    return frame.assign(**columns)


def extracts(left: pd.DataFrame, right: pd.DataFrame) -> SmallExtracts:
    return SmallExtracts(tables={"drug_tests": left, "treatment": right}, extract_date=LAST_DAY)


KNOWN = {
    "forename_initial": "A",
    "surname_initial": "B",
    "date_of_birth": pd.Timestamp(1980, 5, 6),
    "sex": "male",
}


def test_no_common_columns_is_a_sentence_that_says_what_is_needed() -> None:
    left = people("t", "person_ref", "test_date", sex="male", postcode="LS1 4AB")
    right = people("n", "client_ref", "start_date", date_of_birth=pd.Timestamp(1980, 5, 6))
    with pytest.raises(InputError, match=r"cannot be linked.*needed on both sides are date_of_birth"):
        dip.link(extracts(left, right))


@pytest.mark.parametrize("profile", ["attributor", "deterministic"])
def test_identifiers_that_are_all_missing_link_nobody_and_are_told(profile: str) -> None:
    nothing = dict.fromkeys(KNOWN) | {"date_of_birth": pd.NaT}
    left = people("t", "person_ref", "test_date", **KNOWN)
    right = people("n", "client_ref", "start_date", **nothing)
    linkage = dip.link(extracts(left, right), dip.LinkRule(profile=profile))  # type: ignore[arg-type]
    assert linkage.counts.set_index("table").loc["treatment", "linked"] == 0
    assert any("no record has a usable name, initial or date of birth" in note for note in linkage.notes)


@pytest.mark.parametrize("empty", ["left", "right", "both"])
def test_an_empty_file_gives_an_empty_link(empty: str) -> None:
    left, right = people("t", "person_ref", "test_date", **KNOWN), people("n", "client_ref", "start_date", **KNOWN)
    left = left.iloc[:0] if empty in ("left", "both") else left
    right = right.iloc[:0] if empty in ("right", "both") else right
    linkage = dip.link(extracts(left, right))
    assert len(linkage.to_frame()) == len(left) + len(right)
    assert linkage.pairs().empty


def test_one_person_on_each_side_is_linked() -> None:
    left = people("t", "person_ref", "test_date", n=1, **KNOWN, postcode="LS1 4AB")
    right = people("n", "client_ref", "start_date", n=1, **KNOWN, postcode_sector="LS1 4")
    linkage = dip.link(extracts(left, right))
    assert linkage.to_frame()["person_id"].nunique() == 1
    assert linkage.quality(
        pd.DataFrame({"table": ["drug_tests", "treatment"], "record_id": ["t0", "n0"], "true_person": [1, 1]})
    ).to_frame()["f1"].tolist() == [1.0]
