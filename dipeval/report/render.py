"""From an executed notebook to one self-contained HTML page: no code, no script, nothing fetched from anywhere."""

from __future__ import annotations

from importlib.resources import files
from pathlib import Path
from typing import Any

from dipeval.errors import DisclosureError
from dipeval.report.blocks import RELEASED_MARK

_SHOWN = ("display_data", "execute_result")


def render(notebook: Any, *, title: str, footer: str) -> str:
    """Render an executed notebook as a report.

    Parameters
    ----------
    notebook
        With outputs; every one must be a released section.
    title
        Title of the page.
    footer
        Last line.

    Returns
    -------
    str
        HTML.

    Raises
    ------
    DisclosureError
        If a cell shows something that did not pass the disclosure gate.
    """
    from nbconvert.exporters import HTMLExporter

    contents = _keep_released(notebook)
    notebook.metadata["dipeval"] = {
        "title": title,
        "footer": footer,
        "contents": contents,
        "css": files("dipeval.report").joinpath("report.css").read_text(encoding="utf-8"),
    }
    exporter = HTMLExporter(
        template_name="dipeval",
        extra_template_basedirs=[str(Path(__file__).parent / "template")],
        exclude_anchor_links=True,
    )
    body, _ = exporter.from_notebook_node(notebook)
    return body


def _keep_released(notebook: Any) -> list[dict[str, str]]:
    contents = []
    for number, cell in enumerate(notebook.cells, 1):
        if cell.cell_type != "code":
            continue
        shown = [output for output in cell.outputs if output.output_type in _SHOWN]
        for output in shown:
            mark = output.metadata.get(RELEASED_MARK)
            if mark is None:
                raise DisclosureError(
                    f"Cell {number} of the report's notebook shows something that did not pass the disclosure gate. "
                    "Show a section of dipeval.report instead of a table or a result."
                )
            if mark["anchor"] and mark["level"] < 3:
                contents.append({"anchor": mark["anchor"], "title": mark["title"]})
        cell.outputs = [output for output in shown if output.metadata[RELEASED_MARK]["anchor"]]
    return contents[1:]
