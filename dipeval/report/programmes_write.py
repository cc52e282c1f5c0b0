"""Writing the comparison of several studies: a page and a table, both through the disclosure gate."""

from __future__ import annotations

import csv
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from dipeval._version import __version__
from dipeval.disclosure import release_count
from dipeval.errors import InputError
from dipeval.report.programmes_page import ENDS, TITLE, check_specs, comparison_of, sections, strictest
from dipeval.report.render import render
from dipeval.report.write import _check_result, _whole_folder
from dipeval.roi.decisions import programmes_words as said

if TYPE_CHECKING:
    from dipeval.disclosure import DisclosureRule
    from dipeval.report.blocks import Section
    from dipeval.roi import ProgrammeComparison
    from dipeval.study import StudyResult

FOLDER: Final = "comparison"
HTML_NAME, CSV_NAME = "comparison.html", "comparison.csv"
COLUMNS: Final = ("programme", "other", "measure", "estimate", "conf_low", "conf_high", "unit", "n", "told_apart")
TOO_FEW: Final = "A comparison needs two studies at least; {count} was given."
FOOTER: Final = "Made by dipeval {version}. The same figures are in comparison.csv beside this page."


def write_comparison(results: Sequence[StudyResult], folder: str | Path) -> ProgrammeComparison:
    """Write what several programmes gave for their cost beside each other: comparison.html and comparison.csv.

    Parameters
    ----------
    results
        Of several studies, each from ``Study.run()`` and with a ``[costs]`` section.
    folder
        Where they go; made if it is not there. What is there already is replaced only once the new is whole.

    Returns
    -------
    ProgrammeComparison

    Raises
    ------
    InputError
        If the studies cannot be compared. Nothing is written then.

    Examples
    --------
    >>> write_comparison([north, south], "reports/comparison")  # doctest: +SKIP
    """
    given = list(results)
    for result in given:
        _check_result(result)
    _check_count(len(given))
    found = comparison_of(given)
    html = _page(sections(found, given))
    with _whole_folder(Path(folder)) as place:
        (place / HTML_NAME).write_text(html, encoding="utf-8")
        with (place / CSV_NAME).open("w", encoding="utf-8", newline="") as file:
            writer = csv.DictWriter(file, COLUMNS, lineterminator="\n")
            writer.writeheader()
            writer.writerows(csv_rows(found, given))
    return found


def run_comparison(
    study_files: Sequence[str | Path], folder: str | Path, *, progress: Callable[[str], None] | None = None
) -> Path:
    """Run several studies and write the comparison of their programmes.

    Parameters
    ----------
    study_files
        Two or more study.toml.
    folder
        Where the folder ``comparison`` is made.
    progress
        Called with a line at a time: the title of each study before it is run.

    Returns
    -------
    pathlib.Path
        The HTML file.

    Raises
    ------
    InputError
        If a file or the data are wrong, or the studies cannot be compared. Nothing is written then.

    Examples
    --------
    >>> run_comparison(["north.toml", "south.toml"], "reports")  # doctest: +SKIP
    """
    from dipeval.study import Study

    _check_count(len(study_files))
    studies = [Study.from_toml(study_file) for study_file in study_files]
    check_specs([study.spec for study in studies])
    say: Callable[[str], Any] = progress or (lambda _: None)
    results = []
    for number, study in enumerate(studies, 1):
        say(f"[{number}/{len(studies)}] {study.spec.title}")
        results.append(study.run())
    write_comparison(results, Path(folder) / FOLDER)
    return Path(folder) / FOLDER / HTML_NAME


def _check_count(count: int) -> None:
    if count < 2:
        raise InputError(TOO_FEW.format(count=count))


def _page(parts: Sequence[Section]) -> str:
    import nbformat

    notebook = nbformat.v4.new_notebook(metadata={"language_info": {"name": "python"}})
    for number, part in enumerate(parts):
        data, metadata = part._repr_mimebundle_()
        output = nbformat.v4.new_output("execute_result", data=data, metadata=metadata, execution_count=1)
        # A cell without a number of its own would get a random one, and the page other bytes each time.
        notebook.cells.append(nbformat.v4.new_code_cell(outputs=[output], id=f"cell-{number:03d}"))
    return render(notebook, title=TITLE, footer=FOOTER.format(version=__version__))


def csv_rows(found: ProgrammeComparison, results: Sequence[StudyResult]) -> list[Mapping[str, Any]]:
    """Return what comparison.csv holds: a row a programme and figure, then a row a pair and figure.

    Parameters
    ----------
    found
        From `comparison_of`.
    results
        Of the same studies: by their rules figures are rounded and counts released.

    Returns
    -------
    list of dict
        ``programme``, ``other`` (empty for one programme's own figure), ``measure``, ``estimate``, ``conf_low``,
        ``conf_high``, ``unit``, ``n``, ``told_apart`` as text.
    """
    rule = strictest([result.rule for result in results])
    rows: list[Mapping[str, Any]] = []
    for row in found.to_frame().to_dict("records"):
        n = release_count(row["n"], rule).replace(",", "")
        rows.append(_csv(row, rule, {"other": "", "n": n, "told_apart": ""}))
    frame = said.differences_shown(found) if rule.protects else found.differences()
    for row in frame.to_dict("records"):
        told = "" if row["conf_low"] != row["conf_low"] else "yes" if row["told_apart"] else "no"
        rows.append(_csv(row, rule, {"other": row["other"], "n": "", "told_apart": told}))
    return rows


def _csv(row: Mapping[Any, Any], rule: DisclosureRule, more: Mapping[str, str]) -> dict[str, str]:
    term = str(row["term"])
    figures = {name: _number(term, float(row[name]), rule) for name in ENDS}
    return {"programme": str(row["programme"]), "measure": term, "unit": str(row["unit"]), **figures, **more}


def _number(term: str, value: float, rule: DisclosureRule) -> str:
    if value != value:
        return ""
    if not rule.protects:
        return repr(round(value, 12) + 0.0)
    if term.endswith("_per_100"):
        return repr(round(value) + 0.0)
    return repr(float(f"{value:.3g}") + 0.0)
