"""The gate at the renderer, the two ways of running notebooks, and folders that are never half written."""

from __future__ import annotations

import sys
from pathlib import Path

import nbformat
import pandas as pd
import pytest

from dipeval.disclosure import DisclosureRule, release
from dipeval.errors import DisclosureError, InputError, InvariantError, ReportError
from dipeval.report.blocks import Picture, Points, Section, Table, Text, nothing
from dipeval.report.execute import run_in_kernel, run_in_process
from dipeval.report.notebooks import assemble, evaluation_notebooks
from dipeval.report.render import render
from dipeval.report.write import _whole_folder, run_report, slug, write_data, write_report

OPEN = DisclosureRule(profile="none", data_status="simulated")


def _notebook(*sources: str, **tagged: str) -> nbformat.NotebookNode:
    cells = []
    for tag, source in tagged.items():
        cell = nbformat.v4.new_code_cell(source)
        cell.metadata["tags"] = [tag]
        cells.append(cell)
    cells += [nbformat.v4.new_code_cell(source) for source in sources]
    for number, cell in enumerate(cells):
        cell["id"] = f"cell-{number}"
    return nbformat.v4.new_notebook(cells=cells, metadata={"language_info": {"name": "python"}})


def _section() -> Section:
    table = release(pd.DataFrame({"g": ["<a>"], "n": [12]}), rule=OPEN, caption="Numbers", counts=["n"])
    blocks = (Text(paragraphs=("x < y",)), Points(items=("one",)), Table(released=table))
    return Section(title="Who & why", anchor="who", blocks=blocks)


def test_a_raw_frame_is_refused_by_the_renderer() -> None:
    notebook = run_in_process(_notebook("frame"), {"frame": pd.DataFrame({"n": [3]})})
    with pytest.raises(DisclosureError, match="did not pass the disclosure gate"):
        render(notebook, title="t", footer="f")


def test_a_raw_frame_is_refused_by_a_table_block() -> None:
    with pytest.raises(DisclosureError, match="released tables only"):
        Table(released=pd.DataFrame({"n": [3]}))  # type: ignore[arg-type]


def test_released_sections_reach_the_page_and_code_does_not() -> None:
    notebook = run_in_process(
        _notebook("first", "section", "empty"), {"first": _section(), "section": _section(), "empty": nothing()}
    )
    html = render(notebook, title="A & B", footer="end")
    assert '<html lang="en-GB">' in html
    assert "<title>A &amp; B</title>" in html
    assert "Who &amp; why" in html
    assert "&lt;a&gt;" in html
    assert "x &lt; y" in html
    assert '<th scope="row">' in html
    assert "<caption><span>Numbers</span></caption>" in html
    assert html.count("<li><a href=") == 1
    assert "<script" not in html
    assert 'src="http' not in html


def test_pictures_need_words() -> None:
    with pytest.raises(InvariantError, match="alternative text"):
        Picture(png=b"", alt="a chart", caption="c")


def test_the_kernel_is_this_environments_and_shows_progress() -> None:
    lines: list[str] = []
    check = "import sys\nassert sys.prefix == wanted, sys.prefix\nprint('step one', file=sys.stderr)"
    notebook = run_in_kernel(_notebook(check, parameters="wanted = ''"), {"wanted": sys.prefix}, lines.append)
    assert notebook.cells[-1].execution_count
    assert "step one" in lines


def test_wrong_input_inside_the_kernel_is_a_sentence_outside() -> None:
    source = "from dipeval.errors import StudyFileError\nraise StudyFileError(['key a is not known'])"
    with pytest.raises(InputError, match="key a is not known"):
        run_in_kernel(_notebook(source, parameters="x = 1"), {}, lambda line: None)


def test_a_failing_notebook_is_a_report_error() -> None:
    with pytest.raises(ReportError, match="No report was written"):
        run_in_kernel(_notebook("1 / 0", parameters="x = 1"), {}, lambda line: None)


def test_a_failing_notebook_does_not_repeat_what_the_error_said() -> None:
    with pytest.raises(ReportError) as caught:
        run_in_kernel(_notebook("raise KeyError('SECRETNAME 1970-01-01')", parameters="x = 1"), {}, lambda line: None)
    assert "SECRETNAME" not in str(caught.value)
    assert "KeyError" in str(caught.value)
    assert caught.value.__cause__ is None
    assert caught.value.__suppress_context__


def test_headings_never_skip_a_level() -> None:
    points = Points(title="Say", items=("x",))
    assert "<h2>Say</h2>" in Section(title="t", anchor="a", blocks=(points,), level=1).to_html()
    assert "<h3>Say</h3>" in Section(title="t", anchor="a", blocks=(points,)).to_html()


def test_a_failed_report_leaves_the_previous_one_and_nothing_else(tmp_path: Path) -> None:
    target = tmp_path / "study"
    with _whole_folder(target) as place:
        (place / "report.html").write_text("first")
    with pytest.raises(RuntimeError), _whole_folder(target) as place:
        (place / "report.html").write_text("second, unfinished")
        raise RuntimeError
    assert (target / "report.html").read_text() == "first"
    assert [entry.name for entry in tmp_path.iterdir()] == ["study"]


def test_a_report_set_aside_by_a_crash_comes_back(tmp_path: Path) -> None:
    (tmp_path / ".study.old").mkdir()
    (tmp_path / ".study.old" / "report.html").write_text("kept")
    with pytest.raises(RuntimeError), _whole_folder(tmp_path / "study"):
        raise RuntimeError
    assert (tmp_path / "study" / "report.html").read_text() == "kept"


def test_a_file_in_the_way_is_refused(tmp_path: Path) -> None:
    (tmp_path / "study").write_text("")
    with pytest.raises(InputError, match="is a file"), _whole_folder(tmp_path / "study"):
        pass


def test_what_is_no_result_and_no_study_file_is_a_sentence(tmp_path: Path) -> None:
    place = tmp_path / "out"
    for write in (write_report, write_data):
        with pytest.raises(InputError, match=r"what Study\.run\(\) gives, .*; it is a NoneType\."):
            write(None, place)  # type: ignore[operator]
    with pytest.raises(InputError, match=r"this is a folder; name the study file inside it"):
        run_report(tmp_path, place)
    with pytest.raises(InputError, match=r"path of a study\.toml; it is a NoneType\."):
        run_report(None, place)  # type: ignore[arg-type]
    assert not place.exists()


def test_the_assembled_notebook_opens_the_study_once() -> None:
    whole = assemble()
    tagged = [tag for cell in whole.cells for tag in cell.metadata.get("tags", ())]
    assert tagged.count("parameters") == tagged.count("setup") == 1
    assert "notebook-only" not in tagged
    assert len({cell["id"] for cell in whole.cells}) == len(whole.cells)


def test_slug_is_safe() -> None:
    assert slug("../A study: 1") == "a-study-1"


@pytest.mark.parametrize("path", evaluation_notebooks(), ids=lambda path: path.name)
def test_notebooks_are_thin_and_hold_no_output(path: Path) -> None:
    notebook = nbformat.read(path, as_version=4)
    code = [cell for cell in notebook.cells if cell.cell_type == "code"]
    assert all(not cell.outputs and cell.execution_count is None for cell in code)
    lines = [line for cell in code for line in cell.source.splitlines() if line.strip()]
    assert len(lines) <= 60
    assert not any(line.lstrip().startswith(("def ", "class ")) for line in lines)
