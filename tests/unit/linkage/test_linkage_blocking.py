"""Pairs are counted before they are made; rules grow tighter with the files; no value makes millions of pairs."""

from __future__ import annotations

import logging

import numpy as np
import pandas as pd
import pytest

from dipeval.engine import open_engine
from dipeval.errors import InputError
from dipeval.linkage import LinkRule, blocking, candidates, link
from dipeval.linkage.candidates import find_candidates
from dipeval.linkage.example import SmallExtracts
from dipeval.linkage.model import ATTRIBUTOR
from tests.simulation.linkage_benchmark import benchmark_files

pytestmark = pytest.mark.slow  # files large enough for blocking to matter

LETTERS = np.array(list("ABCDEFGHIJKLMNOPQRSTUVWXYZ"), dtype=object)


def two_files(n: int, overlap: int) -> SmallExtracts:
    """The benchmark without its offences."""
    extracts = benchmark_files(n, overlap, seed=3)
    tables = {name: extracts.table(name) for name in ("drug_tests", "treatment")}
    return SmallExtracts(tables=tables, extract_date=extracts.extract_date)


def one_birth_date(n: int, seed: int) -> pd.DataFrame:
    """People who all share one date of birth."""
    rng = np.random.default_rng(seed)
    born = {"birth_year": "1980", "birth_year_next": "1981", "birth_month": "01", "birth_day": "01"}
    outward = np.array([f"LS{number}" for number in range(99)], dtype=object)[rng.integers(99, size=n)]
    frame = pd.DataFrame({name: LETTERS[rng.integers(26, size=n)] for name in ("forename_initial", "surname_initial")})
    frame = frame.assign(**born, birth_date="1980-01-01", sex=LETTERS[rng.integers(2, size=n)], outward=outward)
    return frame.assign(sector=outward + " 1").astype(object)


def test_a_date_of_birth_that_all_share_makes_no_pairs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(blocking, "FEW_PAIRS", 1)
    left, right = one_birth_date(200_000, 1), one_birth_date(50, 2)
    found = find_candidates(open_engine(), left, right, ATTRIBUTOR, LinkRule(), label="tests with treatment")
    assert found.n_compared < 1_000_000
    assert "birth_date: 1), sparing 10,000,000 pairs" in found.notes[-1]
    assert found.pairs["match_probability"].ge(0.001).all()


def test_two_large_files_with_one_date_of_birth_are_counted_by_groups(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(blocking, "FEW_PAIRS", 100_000)
    left, right = one_birth_date(10_000, 1), one_birth_date(10_000, 2)
    found = find_candidates(open_engine(), left, right, ATTRIBUTOR, LinkRule(), label="tests with treatment")
    assert found.n_compared < 0.1 * 10_000 * 10_000
    assert [("tighter ones were used" in note, "were left out" in note) for note in found.notes] == [
        (True, False),
        (False, True),
    ]


def test_everybody_the_same_is_no_obstacle() -> None:
    one = one_birth_date(1, 1)
    left, right = (pd.concat([one] * 3_000, ignore_index=True) for _ in range(2))
    found = find_candidates(open_engine(), left, right, ATTRIBUTOR, LinkRule(), label="x")
    assert found.pairs.empty and found.n_compared == 0
    assert "were left out of a blocking rule" in found.notes[-1]


def test_larger_files_get_tighter_rules_and_a_note(monkeypatch: pytest.MonkeyPatch) -> None:
    extracts = two_files(300, 200)
    loose = link(extracts)
    assert loose.models[0].blocks == ATTRIBUTOR.blocks + ATTRIBUTOR.loose_blocks and len(loose.notes) == 1
    monkeypatch.setattr(blocking, "FEW_PAIRS", loose.counts["pairs_compared"].iloc[1] // 2)
    fewer = link(extracts).models[0].blocks
    assert set(ATTRIBUTOR.blocks) < set(fewer) < set(loose.models[0].blocks)
    monkeypatch.setattr(blocking, "FEW_PAIRS", 1)
    monkeypatch.setattr(blocking, "PAIRS_A_RECORD", 1)
    tight = link(extracts)
    assert tight.models[0].blocks == ATTRIBUTOR.tight_blocks
    assert any("tighter ones were used" in note for note in tight.notes)
    assert tight.counts["pairs_compared"].iloc[1] < loose.counts["pairs_compared"].iloc[1]
    own = link(extracts, LinkRule(blocks=(("birth_date",),)))
    assert own.models[0].blocks == (("birth_date",),) and len(own.notes) == 1


def test_a_saved_model_keeps_to_the_limit_too(tmp_path_factory: pytest.TempPathFactory) -> None:
    extracts = two_files(100, 60)
    path = link(extracts).save_model(tmp_path_factory.mktemp("models") / "model.json")
    with pytest.raises(InputError, match="by the saved model would compare"):
        link(extracts, LinkRule(max_pairs=3), model=path)


def test_parts_change_nothing_and_are_told(monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture) -> None:
    extracts = two_files(300, 200)
    whole = link(extracts)
    monkeypatch.setattr(candidates, "CHUNK_PAIRS", 200)
    with caplog.at_level(logging.INFO, logger="dipeval"):
        parted = link(extracts)
    pd.testing.assert_frame_equal(parted.pairs(), whole.pairs())
    said = [record.getMessage() for record in caplog.records]
    assert any("drug_tests with treatment, comparing" in line and "part 2 of" in line for line in said)
    assert any("learning what agreement is worth" in line for line in said)
    assert any("treatment, finding its people" in line for line in said)
