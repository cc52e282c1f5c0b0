"""Each notebook runs by itself, from its own folder, as somebody who opens it in Jupyter would run it."""

from __future__ import annotations

import ast
from pathlib import Path

import nbformat
import pytest

from dipeval.report.blocks import RELEASED_MARK
from dipeval.report.execute import run_in_kernel
from dipeval.report.notebooks import evaluation_notebooks

SECTIONS = {
    "01": ["linkage", "linkage-quality", "linked-people"],
    "02": ["cohort", "reoffending"],
    "03": ["design", "balance", "overlap", "left-out", "designs", "power"],
    "07": ["pathway", "seen", "testing", "discharges"],
    "08": ["before-after"],
    "12": ["linkage-detail", "linkage-thresholds", "linked-people-detail", "linkage-statement"],
}
LINKS = ("01", "02", "07", "08", "12")


@pytest.mark.slow
@pytest.mark.parametrize("path", evaluation_notebooks(), ids=lambda path: path.name)
def test_notebook_runs_by_itself(path: Path) -> None:
    notebook = nbformat.read(path, as_version=4)
    own = next(cell for cell in notebook.cells if "parameters" in cell.metadata.get("tags", ()))
    named = str(ast.literal_eval(own.source.partition("=")[2].partition("\n")[0].strip()))
    # A study that links nothing would show an empty notebook about links, reoffending or the pathway.
    assert named == ("../data/study.toml" if path.name.startswith(LINKS) else "../dipeval/examples/north_carolina.toml")
    study = (path.parent / named).resolve()
    done = run_in_kernel(notebook, {"study_file": str(study)}, lambda line: None)
    # What is for the analyst alone, and exact, is in cells that never reach a report.
    shown = [cell for cell in done.cells if "notebook-only" not in cell.metadata.get("tags", ())]
    marks = [output.metadata.get(RELEASED_MARK) for cell in shown for output in cell.get("outputs", ())
             if output.output_type in ("display_data", "execute_result")]  # fmt: skip
    assert marks
    assert all(marks)
    if path.name[:2] in SECTIONS:
        assert [mark["anchor"] for mark in marks] == SECTIONS[path.name[:2]]


def test_only_the_notebook_on_the_design_shows_anything_to_the_analyst_alone() -> None:
    for path in evaluation_notebooks():
        own = [
            cell.source
            for cell in nbformat.read(path, as_version=4).cells
            if cell.cell_type == "code" and "notebook-only" in cell.metadata.get("tags", ())
        ]
        assert bool(own) == path.name.startswith("03")
        # Nothing that lists people one by one, as pairs() and the design's own table do.
        assert not [source for source in own if "pairs()" in source or "to_frame" in source or "weights" in source]
