"""The survival benchmark runs from end to end on a few people; what it measures is not judged here."""

from __future__ import annotations

import subprocess
import sys

import pytest

from tests.benchmarks.survival import ROOT

pytestmark = pytest.mark.slow  # each job is a process of its own


def test_every_job_of_ours_ends() -> None:
    command = [sys.executable, "-m", "tests.benchmarks.survival", "--people", "2000", "--rounds", "1"]
    done = subprocess.run(
        [*command, "--without-r", "--without-peers"], cwd=ROOT, capture_output=True, text=True, timeout=300, check=False
    )
    assert done.returncode == 0, done.stderr[-2_000:]
    assert "failed" not in done.stdout, done.stdout[-2_000:]
    assert done.stdout.count("dipeval ") == 6
