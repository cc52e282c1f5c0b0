"""The notebooks of the quarterly report: apart from the evaluation's, thin, and every output of them is released."""

from __future__ import annotations

import ast
from pathlib import Path

import nbformat
import pytest

from dipeval.report.blocks import RELEASED_MARK
from dipeval.report.execute import run_in_kernel
from dipeval.report.notebooks import assemble, evaluation_notebooks, notebook_folder, quarterly_notebooks

SECTIONS = {
    "07": ["dictionary", "every-table"],
    "09": ["in-brief", "entry", "onward", "reoffended", "targets", "change", "districts", "offences", "accuracy",
           "officers", "frequent", "young", "money", "records", "counted"],
}  # fmt: skip
SMALL = 'kind = "quarterly"\ntitle = "Small"\n[data]\nsource = "simulate_areas"\n' + (
    '[simulate_areas]\ndistricts = 2\nquarters = 5\npeople = 150\n[disclosure]\nprofile = "none"\n'
)


def test_each_notebook_belongs_to_one_report() -> None:
    every = set(notebook_folder().glob("[0-9][0-9]_*.ipynb"))
    assert {path.name for path in quarterly_notebooks()} == {"07_indicators.ipynb", "09_quarterly_report.ipynb"}
    assert set(evaluation_notebooks()) | set(quarterly_notebooks()) == every
    assert not set(evaluation_notebooks()) & set(quarterly_notebooks())


@pytest.mark.parametrize("path", quarterly_notebooks(), ids=lambda path: path.name)
def test_notebooks_are_thin_and_hold_no_output(path: Path) -> None:
    code = [cell for cell in nbformat.read(path, as_version=4).cells if cell.cell_type == "code"]
    assert all(not cell.outputs and cell.execution_count is None for cell in code)
    lines = [line for cell in code for line in cell.source.splitlines() if line.strip()]
    assert len(lines) <= 60
    assert not any(line.lstrip().startswith(("def ", "class ")) for line in lines)


def test_the_assembled_report_opens_the_study_once_and_asks_in_the_order_of_the_review() -> None:
    whole = assemble(quarterly_notebooks())
    tagged = [tag for cell in whole.cells for tag in cell.metadata.get("tags", ())]
    assert tagged.count("parameters") == tagged.count("setup") == 1
    assert "notebook-only" not in tagged
    asked = [cell.source for cell in whole.cells if cell.source.startswith("quarterly.")]
    assert asked[0] == "quarterly.brief(result)"
    assert asked[-2:] == ["quarterly.dictionary(result)", "quarterly.every_table(result)"]


@pytest.mark.slow
@pytest.mark.parametrize("path", quarterly_notebooks(), ids=lambda path: path.name)
def test_notebook_runs_by_itself_and_shows_released_sections_only(path: Path, tmp_path: Path) -> None:
    notebook = nbformat.read(path, as_version=4)
    own = next(cell for cell in notebook.cells if "parameters" in cell.metadata.get("tags", ()))
    named = str(ast.literal_eval(own.source.partition("=")[2].partition("\n")[0].strip()))
    assert (path.parent / named).resolve().is_file()
    study = tmp_path / "small.toml"
    study.write_text(SMALL, encoding="utf-8")
    done = run_in_kernel(notebook, {"study_file": str(study)}, lambda line: None)
    marks = [output.metadata.get(RELEASED_MARK) for cell in done.cells for output in cell.get("outputs", ())
             if output.output_type in ("display_data", "execute_result")]  # fmt: skip
    assert all(marks)
    assert [mark["anchor"] for mark in marks] == SECTIONS[path.name[:2]]
