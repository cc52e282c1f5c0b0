"""Writing the quarterly report: page, workbook, tidy table, record of the run, and a page a district."""

from __future__ import annotations

import contextlib
import json
import logging
import os
import unicodedata
from collections.abc import Callable
from itertools import chain, count
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from dipeval.errors import DisclosureError, InputError
from dipeval.report.execute import run_in_process
from dipeval.report.funding_workbook import write_funding_workbook
from dipeval.report.notebooks import assemble, quarterly_notebooks
from dipeval.report.quarterly.quarterly_workbook import write_workbook
from dipeval.report.quarterly.rows import results_csv
from dipeval.report.quarterly.shared_out import FORMULAS
from dipeval.report.render import render
from dipeval.report.write import CSV_NAME, HTML_NAME, JSON_NAME, _footer, _whole_folder, run_notebooks, slug

if TYPE_CHECKING:
    from dipeval.study.quarterly.result import QuarterlyResult

logger = logging.getLogger("dipeval")

XLSX_NAME: Final = "quarterly.xlsx"
DISTRICTS: Final = "districts"
# Measures of need that count no people treated or tested; neither does a column of the study's own file, unless it
# bears the name of an indicator.
PUBLIC: Final = "crime"
# Of a folder's name: a file system takes 255 bytes.
_MOST_LETTERS: Final = 80


def write_quarterly_report(result: QuarterlyResult, folder: str | Path) -> Path:
    """Write the quarterly report: page, workbook, tidy CSV, run.json; and a report a district if the study asks for it.

    Parameters
    ----------
    result
        From ``QuarterlyReview.run()``, or the view of one district (``result.for_district(name)``).
    folder
        Where the report goes; made if it is not there. A report already there is replaced only once the new one is
        whole.

    Returns
    -------
    pathlib.Path
        The HTML file.

    Raises
    ------
    InputError
        If ``result`` is no quarterly result. Nothing is written then.

    Examples
    --------
    >>> write_quarterly_report(result, "reports/2014-q1")  # doctest: +SKIP
    """
    _check(result)
    html = page(result)
    with _whole_folder(Path(folder)) as place:
        (place / HTML_NAME).write_text(html, encoding="utf-8")
        write_data(result, place)
    return Path(folder) / HTML_NAME


def page(result: QuarterlyResult) -> str:
    """Return the report as one self-contained HTML page.

    Parameters
    ----------
    result
        From ``QuarterlyReview.run()``, or the view of one district.
    """
    notebook = run_in_process(assemble(quarterly_notebooks()), {"result": result, "data_folder": "", **_names()})
    return render(notebook, title=title_of(result), footer=_footer())


def title_of(result: QuarterlyResult) -> str:
    """Return the title of the report, with the district where it is the view of one."""
    return result.spec.title if result.district is None else f"{result.spec.title}: {result.district}"


def write_data(result: QuarterlyResult, folder: str | Path) -> None:
    """Write what stands beside the page: results.csv, quarterly.xlsx, run.json, and the reports of the districts.

    Parameters
    ----------
    result
        From ``QuarterlyReview.run()``.
    folder
        An existing folder.
    """
    _check(result)
    place, formats = Path(folder), result.spec.outputs.formats
    if "csv" in formats:
        (place / CSV_NAME).write_text(results_csv(result), encoding="utf-8")
    if "xlsx" in formats:
        write_workbook(result, place / XLSX_NAME)
    text = json.dumps(result.provenance(), indent=2, sort_keys=True, ensure_ascii=False)
    (place / JSON_NAME).write_text(text + "\n", encoding="utf-8")
    if result.district is not None:
        return
    if "xlsx" in formats:
        _formulas(result, place)
    if result.reported_districts:
        _districts(result, place / DISTRICTS)


def _formulas(result: QuarterlyResult, place: Path) -> None:
    """The funding formulas as sheets to try other weights on; none where a measure of need may not be shown."""
    for name, title in FORMULAS.items():
        found = getattr(result, name)
        if found is None:
            continue
        counted = set(result.indicators.names)
        public = [measure for measure in found.need if measure.startswith(PUBLIC) or measure not in counted]
        with contextlib.suppress(DisclosureError):
            write_funding_workbook(
                found, place / f"{name}.xlsx", title=f"{title}: what if?", rule=result.rule, public=public
            )


def _districts(result: QuarterlyResult, place: Path) -> None:
    """One page a district, made in this process: a kernel each would be most of the wait."""
    named = folders(list(result.reported_districts))
    for number, (name, where) in enumerate(named.items(), 1):
        logger.info("writing the page of %s: %s of %s", name, number, len(named))
        own = place / where
        own.mkdir(parents=True, exist_ok=True)
        (own / HTML_NAME).write_text(page(result.for_district(name)), encoding="utf-8")


def folders(names: list[str]) -> dict[str, str]:
    """Return district -> name of its folder; names that would share one are numbered.

    Examples
    --------
    >>> folders(["Leeds", "St. Helens", "St Helens"])
    {'Leeds': 'leeds', 'St. Helens': 'st-helens', 'St Helens': 'st-helens-2'}
    >>> folders(["Area 2", "Area", "Area!"])
    {'Area 2': 'area-2', 'Area': 'area', 'Area!': 'area-3'}
    >>> folders(["Ynys M\u00f4n"])
    {'Ynys Môn': 'ynys-mon'}
    """
    out: dict[str, str] = {}
    for name in dict.fromkeys(names):
        plain = slug(unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode())[:_MOST_LETTERS].strip("-")
        others = (f"{plain}-{place}" for place in count(2))
        # A number may itself be the end of another district's name.
        out[name] = next(one for one in chain((plain,), others) if one not in out.values())
    return out


def run_quarterly_report(
    study_file: str | Path, folder: str | Path, *, progress: Callable[[str], None] | None = None
) -> Path:
    """Run a quarterly study through its notebooks and write its report.

    Parameters
    ----------
    study_file
        A study file with ``kind = "quarterly"``.
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
    >>> run_quarterly_report("pcc.toml", "reports")  # doctest: +SKIP
    """
    from dipeval.study.quarterly.review import QuarterlyReview
    from dipeval.study.rules import disclosure_rule

    if not isinstance(study_file, (str, os.PathLike)):
        raise InputError(f"study_file must be the path of a study file; it is a {type(study_file).__name__}.")
    source = Path(study_file).resolve()
    spec = QuarterlyReview.from_toml(source).spec
    return run_notebooks(
        assemble(quarterly_notebooks()), source, Path(folder), spec.title, disclosure_rule(spec), progress
    )


def _names() -> dict[str, Any]:
    import dipeval
    from dipeval import report
    from dipeval.report import quarterly

    return {"dip": dipeval, "report": report, "quarterly": quarterly}


def _check(result: object) -> None:
    from dipeval.study.quarterly.result import QuarterlyResult

    if not isinstance(result, QuarterlyResult):
        raise InputError(
            "result must be what QuarterlyReview.run() gives, such as dip.QuarterlyReview.from_toml('pcc.toml').run(); "
            f"it is a {type(result).__name__}."
        )
