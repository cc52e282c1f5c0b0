"""The numbered notebooks are the report: one question each, put together and executed as one document.

Cells carry tags: ``parameters`` (the study file), ``setup`` (run the study: kept from the first notebook only),
``notebook-only`` (words for somebody who opens the notebook; the report has its own headings).
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from dipeval.errors import ReportError

PARAMETERS, SETUP, NOTEBOOK_ONLY = "parameters", "setup", "notebook-only"
_QUARTERLY = ("09_quarterly_report.ipynb", "07_indicators.ipynb")


def notebook_folder() -> Path:
    """Return the folder of the numbered notebooks: inside the installed package, or beside it in a clone."""
    package = Path(__file__).resolve().parents[1]
    for folder in (package / "notebooks", package.parent / "notebooks"):
        if any(folder.glob("0*.ipynb")):
            return folder
    raise ReportError("The notebooks that make the report are not installed; install dipeval again.")


def evaluation_notebooks() -> tuple[Path, ...]:
    """Return the notebooks that make an evaluation report, in reading order."""
    every = sorted(notebook_folder().glob("[0-9][0-9]_*.ipynb"))
    return tuple(path for path in every if path.name not in _QUARTERLY)


def quarterly_notebooks() -> tuple[Path, ...]:
    """Return the notebooks that make a quarterly report: the review's questions in order, then the annex."""
    return tuple(notebook_folder() / name for name in _QUARTERLY)


def tags(cell: Any) -> frozenset[str]:
    """Return the tags of a notebook cell."""
    return frozenset(cell.get("metadata", {}).get("tags", ()))


def assemble(paths: tuple[Path, ...] | None = None) -> Any:
    """Put notebooks together into one: parameters and set-up once, then every question in order.

    Parameters
    ----------
    paths
        Notebooks; default the evaluation's.

    Returns
    -------
    nbformat.NotebookNode
        A fresh notebook without outputs; cell ids are numbered, so that two runs give the same bytes.
    """
    import nbformat

    whole = nbformat.v4.new_notebook(metadata={"language_info": {"name": "python"}})
    opened: set[str] = set()
    for path in paths or evaluation_notebooks():
        for cell in nbformat.read(path, as_version=4).cells:
            marks = tags(cell)
            opening = marks & {PARAMETERS, SETUP}
            if NOTEBOOK_ONLY in marks or opening & opened:
                continue
            opened |= opening
            cell["id"] = f"cell-{len(whole.cells):03d}"
            whole.cells.append(cell)
    if not {PARAMETERS, SETUP} <= opened:
        raise ReportError("No notebook has a cell tagged 'parameters' and one tagged 'setup'.")
    return whole
