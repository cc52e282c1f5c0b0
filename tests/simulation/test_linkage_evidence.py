"""The reader's table of the linkage figures stands in docs/evidence/README.md as its JSON says."""

from __future__ import annotations

import json
from pathlib import Path

from tests.simulation.evidence_table import linkage_table, write_table
from tests.simulation.prove import EVIDENCE


def test_the_readme_shows_the_figures_of_the_json_and_is_renewed_in_place(tmp_path: Path) -> None:
    claim = json.loads((EVIDENCE / "linkage_accuracy.json").read_text(encoding="utf-8"))
    text = (EVIDENCE / "README.md").read_text(encoding="utf-8")
    assert linkage_table(claim) in text
    copy = tmp_path / "README.md"
    copy.write_text(text, encoding="utf-8")
    write_table(copy, claim)
    assert copy.read_text(encoding="utf-8") == text
