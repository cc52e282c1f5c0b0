"""The reader's table of the linkage figures stands in docs/evidence/README.md as its JSON says."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.simulation.evidence_table import TABLES, write_table
from tests.simulation.prove import EVIDENCE


@pytest.mark.parametrize("name", TABLES)
def test_the_readme_shows_the_figures_of_the_json_and_is_renewed_in_place(name: str, tmp_path: Path) -> None:
    claim = json.loads((EVIDENCE / f"{name.replace(' ', '_')}.json").read_text(encoding="utf-8"))
    text = (EVIDENCE / "README.md").read_text(encoding="utf-8")
    assert TABLES[name](claim) in text
    copy = tmp_path / "README.md"
    copy.write_text(text, encoding="utf-8")
    write_table(copy, claim, name)
    assert copy.read_text(encoding="utf-8") == text
