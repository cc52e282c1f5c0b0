"""Ids as arrays and the orders made from them: the same for the same ids, however the rows stand."""

from __future__ import annotations

import gc
import sys
import tracemalloc
import uuid
from hashlib import blake2b
from typing import Any

import numpy as np
import pandas as pd
import pytest

import dipeval as dip
from dipeval.errors import InputError
from dipeval.matching import ties
from dipeval.matching.ids import read_ids
from dipeval.matching.ties import content_groups, seeded_hash, seeded_order

SIZE = 300
START = pd.Timestamp("2020-01-31")
KINDS: dict[str, list[Any]] = {
    "whole numbers": list(range(-5, SIZE - 5)),
    "large whole numbers": [2**62 + 977 * number for number in range(SIZE)],
    "whole numbers without a sign": [2**63 + number for number in range(SIZE)],
    "numbers beyond 64 bits": [2**64 + number for number in range(SIZE)],
    "short text": [f"P{number}" for number in range(SIZE)],
    "text of one length": [f"person-{number:020d}" for number in range(SIZE)],
    "text of very different lengths": ["a" * number for number in range(SIZE)],
    "text with zero bytes": ["x" + "\0" * number for number in range(SIZE)],
    "text outside ASCII": [f"Zoë {chr(0x1F600 + number)} {number % 7}" for number in range(SIZE)],
    "text with half characters": [f"{chr(0xD800 + number)}" for number in range(SIZE)],
    "numbers and text": [number if number % 2 else f"P{number}" for number in range(SIZE)],
    "fractions": [number / 8 for number in range(SIZE)],
    "pairs": [(number % 7, f"site {number}") for number in range(SIZE)],
    "dates": [START + pd.Timedelta(days=number) for number in range(SIZE)],
    "UUIDs": [uuid.uuid5(uuid.NAMESPACE_OID, str(number)) for number in range(SIZE)],
}
MASK = 2**64 - 1


def index_of(values: list[Any]) -> pd.Index:
    return pd.MultiIndex.from_tuples(values) if isinstance(values[0], tuple) else pd.Index(values)


def in_order(values: list[Any], seed: int = 0, purpose: str = "ties") -> list[Any]:
    return [values[place] for place in seeded_order(read_ids(index_of(values)), seed, purpose)]


@pytest.mark.parametrize("kind", KINDS)
def test_the_order_of_the_rows_changes_neither_the_sorted_nor_the_seeded_order(kind: str) -> None:
    values = KINDS[kind]
    shuffled = [values[place] for place in np.random.default_rng(1).permutation(SIZE)]
    for some in (values, shuffled):
        ids = read_ids(index_of(some))
        key = None if ids.numbers is not None else str
        assert [some[place] for place in ids.order] == sorted(values, key=key)
    seeded = in_order(values)
    assert in_order(shuffled) == seeded
    assert sorted(map(str, seeded)) == sorted(map(str, values))
    assert seeded != sorted(values, key=str)


@pytest.mark.parametrize("kind", KINDS)
def test_every_id_has_a_hash_of_its_own(kind: str) -> None:
    hashed = seeded_hash(read_ids(index_of(KINDS[kind])), 0, "ties")
    assert len(np.unique(hashed)) == SIZE


@pytest.mark.parametrize("kind", ["whole numbers", "text of one length"])
def test_another_seed_or_purpose_gives_an_unrelated_order(kind: str) -> None:
    values = [f"person-{number:06d}" if "text" in kind else number for number in range(4000)]
    ids = read_ids(pd.Index(values))
    keys = [(0, "ties"), (1, "ties"), (2, "ties"), (-1, "ties"), (2**80, "ties"), (0, "order")]
    ranks = np.asarray([np.argsort(seeded_order(ids, seed, purpose)) for seed, purpose in keys])
    likeness = np.corrcoef(np.vstack([np.arange(4000), ranks]))  # the order of the ids themselves too
    assert np.abs(likeness - np.eye(len(keys) + 1)).max() < 5 / np.sqrt(4000)


@pytest.mark.parametrize("step", [1, 2, 1000, 2**32])
def test_hashes_of_neighbouring_ids_are_spread_evenly(step: int) -> None:
    size = 64_000
    for ids in (
        read_ids(pd.Index(np.arange(size) * step)),
        read_ids(pd.Index([f"{number * step}" for number in range(size)])),
    ):
        hashed = seeded_hash(ids, 0, "ties")
        for bits in (hashed >> np.uint64(58), hashed & np.uint64(63)):
            counts = np.bincount(bits.astype(np.int64), minlength=64)
            assert ((counts - 1000) ** 2 / 1000).sum() < 120  # chi-square, 63 degrees of freedom: 1 in 100,000 above
        flips = np.unpackbits((hashed[1:] ^ hashed[:-1]).view(np.uint8)).mean()
        assert abs(flips - 0.5) < 0.005


def test_the_hash_is_splitmix64_keyed_by_seed_and_purpose() -> None:
    def mix(word: int) -> int:
        word = (word ^ (word >> 30)) * 0xBF58476D1CE4E5B9 & MASK
        word = (word ^ (word >> 27)) * 0x94D049BB133111EB & MASK
        return word ^ (word >> 31)

    digest = blake2b(b"ties:7", digest_size=16).digest()
    first, last = int.from_bytes(digest[:8], "little"), int.from_bytes(digest[8:], "little")
    numbers = [0, 1, -1, 2**63 - 1, -(2**63)]
    expected = [mix((mix(first ^ (number & MASK)) + last) & MASK) for number in numbers]
    assert seeded_hash(read_ids(pd.Index(numbers)), 7, "ties").tolist() == expected
    texts = ["", "abc", "12345678", "123456789", "Zoë", "x\0"]
    expected = []
    for text in texts:
        data, state = text.encode(), first
        for start in range(0, len(data), 8):
            state = mix(state ^ int.from_bytes(data[start : start + 8].ljust(8, b"\0"), "big"))
        expected.append(mix((mix(state ^ len(data)) + last) & MASK))
    assert seeded_hash(read_ids(pd.Index(texts)), 7, "ties").tolist() == expected


def test_the_seeded_orders_stay_the_same_for_ever() -> None:
    assert in_order(list(range(10))) == [5, 3, 1, 2, 0, 8, 9, 4, 7, 6]
    assert in_order([f"P{number}" for number in range(10)], seed=3) == [
        f"P{number}" for number in [1, 0, 5, 8, 7, 6, 3, 2, 4, 9]
    ]


@pytest.mark.parametrize(
    "index",
    [
        pd.Index([3, 1, 2], dtype="int8"),
        pd.Index([3, 1, 2], dtype="uint64"),
        pd.Index([3, 1, 2], dtype="Int64"),
        pd.Index([3, 1, 2], dtype="int64[pyarrow]"),
        pd.Index([3.0, 1.0, 2.0]),
        pd.Index([3, 1, 2], dtype=object),
        pd.Index([3, np.int32(1), 2], dtype=object),
    ],
    ids=lambda index: f"{index.dtype}",
)
def test_whole_numbers_are_numbers_however_they_are_stored(index: pd.Index) -> None:
    ids = read_ids(index)
    assert ids.numbers is not None
    assert ids.numbers.tolist() == [3, 1, 2]
    assert np.array_equal(seeded_hash(ids, 0, "ties"), seeded_hash(read_ids(pd.Index([3, 1, 2])), 0, "ties"))


def test_a_number_and_its_text_are_different_ids_but_not_in_one_file() -> None:
    number, text = read_ids(pd.Index([1, 2])), read_ids(pd.Index(["1", "2"]))
    assert not np.array_equal(seeded_hash(number, 0, "ties"), seeded_hash(text, 0, "ties"))
    with pytest.raises(InputError, match="1 of the 3 ids repeat an earlier one"):
        read_ids(pd.Index([1, "1", "2"]))


@pytest.mark.parametrize("values", [[5, 7, 5, 5], ["b", "a", "b", "b"], [1.5, 1.0, 1.5, 1.5], ["é", "e", "é", "é"]])
def test_ids_that_repeat_are_refused_with_their_number(values: list[Any]) -> None:
    with pytest.raises(InputError, match="2 of the 4 ids repeat an earlier one"):
        read_ids(pd.Index(values))


def test_people_whose_ids_share_a_hash_are_taken_by_id(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ties, "seeded_hash", lambda ids, seed, purpose: np.full(len(ids), 7, dtype=np.uint64))
    values = np.random.default_rng(2).permutation(500).tolist()
    assert in_order(values) == sorted(values)
    assert in_order([f"P{value:03d}" for value in values]) == [f"P{value:03d}" for value in range(500)]


@pytest.mark.parametrize("collide", [False, True])
def test_rows_are_grouped_by_what_they_hold(collide: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    if collide:
        monkeypatch.setattr(ties, "_row_hash", lambda rows: np.zeros(len(rows), dtype=np.uint64))
    rng = np.random.default_rng(3)
    rows = rng.integers(0, 3, (2000, 3)).astype(float)
    rows[rows == 0] *= rng.choice([-1.0, 1.0], int((rows == 0).sum()))  # minus zero is zero
    first, group = content_groups(rows)
    assert np.array_equal(rows[first][group], rows)
    assert len(first) == len(np.unique(rows + 0.0, axis=0))
    order = rng.permutation(2000)
    again, group_again = content_groups(rows[order])
    assert np.array_equal(rows[order][again], rows[first])
    assert np.array_equal(group_again, group[order])


def test_whole_number_ids_cost_no_object_each() -> None:
    size = 50_000
    index = pd.Index(np.random.default_rng(4).permutation(size))
    tracemalloc.start()
    try:
        ids = read_ids(index)
        seeded_order(ids, 0, "ties")
        for chunk in ids.chunks():
            chunk.tobytes()
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < 100 * size  # bytes; one text an id alone would be 55


def test_a_design_holds_arrays_and_no_object_for_each_person() -> None:
    size = 20_000
    rng = np.random.default_rng(5)
    table = pd.DataFrame({"age": rng.normal(size=size), "priors": rng.poisson(2, size)}, index=rng.permutation(size))
    table["treated"] = rng.random(size) < 0.15
    dip.match(table.head(500), treated="treated", covariates=["age", "priors"])  # modules loaded, caches filled
    gc.collect()
    before = sys.getallocatedblocks()
    design = dip.match(table, treated="treated", covariates=["age", "priors"])
    gc.collect()
    assert sys.getallocatedblocks() - before < size / 20
    assert design.to_frame()["id"].tolist() == table.index.tolist()
