"""Writing deliverables: built beside the old report under a temporary name, then put in its place in one move."""

from __future__ import annotations

import json
import os
import re
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from dipeval._version import __version__
from dipeval.disclosure import release_line
from dipeval.errors import InputError
from dipeval.report.execute import run_in_kernel, run_in_process
from dipeval.report.notebooks import assemble
from dipeval.report.render import render
from dipeval.report.scenario_study import write_study_workbook
from dipeval.report.tidy import results_csv

if TYPE_CHECKING:
    from dipeval.disclosure import DisclosureRule
    from dipeval.study import StudyResult

HTML_NAME, CSV_NAME, JSON_NAME = "report.html", "results.csv", "run.json"


def write_report(result: StudyResult, folder: str | Path) -> Path:
    """Write the evaluation report of a finished study: HTML, tidy CSV, run.json, scenario workbook.

    Parameters
    ----------
    result
        From ``Study.run()``.
    folder
        Where the report goes; made if it is not there. A report already there is replaced only once the new one
        is whole.

    Returns
    -------
    pathlib.Path
        The HTML file.

    Examples
    --------
    >>> write_report(result, "reports/my-study")  # doctest: +SKIP
    """
    _check_result(result)
    notebook = run_in_process(assemble(), {"result": result, "data_folder": "", **_report_names()})
    html = render(notebook, title=result.spec.title, footer=_footer())
    with _whole_folder(Path(folder)) as place:
        (place / HTML_NAME).write_text(html, encoding="utf-8")
        write_data(result, place)
    return Path(folder) / HTML_NAME


def write_data(result: StudyResult, folder: str | Path) -> None:
    """Write the files beside the page: results.csv, run.json, and scenarios.xlsx where a study says what was spent.

    The first holds every released figure, one row each, the second the provenance, the third the sum from the effect to
    the money with live formulas (if ``outputs.formats`` has ``xlsx``).

    Parameters
    ----------
    result
        From ``Study.run()``.
    folder
        An existing folder.
    """
    _check_result(result)
    place = Path(folder)
    (place / CSV_NAME).write_text(results_csv(result), encoding="utf-8")
    text = json.dumps(result.provenance(), indent=2, sort_keys=True, ensure_ascii=False)
    (place / JSON_NAME).write_text(text + "\n", encoding="utf-8")
    write_study_workbook(result, place)


def run_report(study_file: str | Path, folder: str | Path, *, progress: Callable[[str], None] | None = None) -> Path:
    """Run a study through the notebooks and write its report.

    Parameters
    ----------
    study_file
        A study.toml.
    folder
        Where the report's own folder is made, named after the study file.
    progress
        Called with a line at a time while the work goes on; its counts of people are released as those of a table.

    Returns
    -------
    pathlib.Path
        The HTML file.

    Raises
    ------
    InputError
        If the study file or the data are wrong. Nothing is written then.

    Examples
    --------
    >>> run_report("study.toml", "reports")  # doctest: +SKIP
    """
    from dipeval.study import Study
    from dipeval.study.rules import disclosure_rule

    if not isinstance(study_file, (str, os.PathLike)):
        raise InputError(f"study_file must be the path of a study.toml; it is a {type(study_file).__name__}.")
    source = Path(study_file).resolve()
    spec = Study.from_toml(source).spec
    return run_notebooks(assemble(), source, Path(folder), spec.title, disclosure_rule(spec), progress)


def run_notebooks(
    notebook: Any,
    source: Path,
    folder: Path,
    title: str,
    rule: DisclosureRule,
    progress: Callable[[str], None] | None,
) -> Path:
    """Run assembled notebooks on a study file in a kernel, and put the report in its place once it is whole.

    Parameters
    ----------
    notebook
        From `dipeval.report.notebooks.assemble`.
    source
        The study file.
    folder
        Where the report's own folder is made, named after the study file.
    title
        Of the page.
    rule
        By which counts in lines of progress are released.
    progress
        Called with a line at a time.

    Returns
    -------
    pathlib.Path
        The HTML file.
    """
    say = progress or _silent
    with _whole_folder(folder / slug(source.stem)) as place:
        values = {"study_file": str(source), "data_folder": str(place.resolve())}
        executed = run_in_kernel(notebook, values, lambda line: say(release_line(line, rule)))
        html = render(executed, title=title, footer=_footer())
        (place / HTML_NAME).write_text(html, encoding="utf-8")
    return folder / slug(source.stem) / HTML_NAME


def _check_result(result: object) -> None:
    from dipeval.study import StudyResult

    if not isinstance(result, StudyResult):
        raise InputError(
            f"result must be what Study.run() gives, such as dip.Study.from_toml('study.toml').run(); it is a "
            f"{type(result).__name__}."
        )


def slug(name: str) -> str:
    """Return a name that is safe as a folder's.

    Examples
    --------
    >>> slug("North Carolina (1977)")
    'north-carolina-1977'
    """
    return re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-") or "study"


def _silent(_line: str) -> None:
    """Take a line of progress and say nothing."""


def _footer() -> str:
    return f"Made by dipeval {__version__}. Versions, seed and file hashes are in run.json beside this page."


def _report_names() -> dict[str, Any]:
    import dipeval
    from dipeval import report

    return {"dip": dipeval, "report": report}


@contextmanager
def _whole_folder(target: Path) -> Iterator[Path]:
    """Give a fresh folder; put it in the target's place if the block ends well, leave no trace of it if not."""
    if target.exists() and not target.is_dir():
        raise InputError(f"'{target.name}' is a file; a report needs a folder. Name another place with --to.")
    target.parent.mkdir(parents=True, exist_ok=True)
    fresh, old = target.with_name(f".{target.name}.new"), target.with_name(f".{target.name}.old")
    _put_back(old, target)
    shutil.rmtree(fresh, ignore_errors=True)
    fresh.mkdir()
    try:
        yield fresh
        if target.exists():
            target.rename(old)
        fresh.rename(target)
    finally:
        _put_back(old, target)
        shutil.rmtree(fresh, ignore_errors=True)


def _put_back(old: Path, target: Path) -> None:
    """An earlier report set aside and not replaced goes back to its place; one that was replaced goes."""
    if old.exists() and not target.exists():
        old.rename(target)
    shutil.rmtree(old, ignore_errors=True)
