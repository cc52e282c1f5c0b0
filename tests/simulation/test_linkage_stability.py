"""20,000 x 20,000: row order, threads and a second run change no link; a saved model gives equal weights."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

import dipeval as dip
from dipeval.engine import open_engine
from tests.simulation.linkage_benchmark import benchmark_files
from tests.simulation.linkage_claims import OVERLAP, N, links_hash, shuffled

pytestmark = pytest.mark.slow


def test_two_runs_two_orders_one_or_two_threads_and_a_saved_model_give_the_same_links(tmp_path: Path) -> None:
    extracts = benchmark_files(N, OVERLAP, heaped=True)
    first = dip.link(extracts, engine=open_engine(threads=1))
    expected = links_hash(first)
    assert links_hash(dip.link(extracts, engine=open_engine(threads=1))) == expected
    assert links_hash(dip.link(extracts, engine=open_engine(threads=2))) == expected
    assert links_hash(dip.link(shuffled(extracts, 3), engine=open_engine(threads=2))) == expected
    saved = first.save_model(tmp_path / "model.json")
    again = dip.link(extracts, model=saved)
    assert links_hash(again) == expected
    for one, other in zip(first.models, again.models, strict=True):
        pd.testing.assert_frame_equal(one.weights_frame(), other.weights_frame(), check_exact=True)
