"""From a path to a checked `QuarterlySpec`: every mistake of a quarterly file in one go, each with its line."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from dipeval.errors import StudyFileError
from dipeval.study.quarterly.agreements import agreements
from dipeval.study.quarterly.spec import QuarterlySpec
from dipeval.study.reading import parse_tree, read_toml

NOT_QUARTERLY: Final = (
    'this is the file of an evaluation, not of a quarterly report: a quarterly file has kind = "quarterly" at the top '
    'and no [design]. Run it with "dipeval run", or read it with dipeval.Study.from_toml.'
)


@dataclass(frozen=True, slots=True, kw_only=True)
class QuarterlyFile:
    """A quarterly file as it was read.

    Parameters
    ----------
    path
        Where it stands; relative paths inside it start from its folder.
    text
        Its words.
    sha256
        Of its bytes.
    spec
        What it says, checked.
    """

    path: Path
    text: str
    sha256: str
    spec: QuarterlySpec


def read_quarterly_file(path: str | Path) -> QuarterlyFile:
    """Read and check a quarterly file, without touching any data.

    Parameters
    ----------
    path
        A TOML file.

    Returns
    -------
    QuarterlyFile

    Raises
    ------
    StudyFileError
        With every mistake at once: its key, what was found, what is needed, and the line where it stands.

    Examples
    --------
    >>> from importlib.resources import files
    >>> read_quarterly_file(files("dipeval.examples") / "west_yorkshire_quarterly.toml").spec.indicators.every
    'quarter'
    """
    read = read_toml(path)
    if "design" in read.tree or ("kind" not in read.tree and "outcomes" in read.tree):
        raise StudyFileError([NOT_QUARTERLY], file=read.path.name)
    spec = parse_quarterly(read.tree, text=read.text, name=read.path.name)
    return QuarterlyFile(path=read.path, text=read.text, sha256=read.sha256, spec=spec)


def parse_quarterly(tree: dict[str, Any], *, text: str = "", name: str = "study file") -> QuarterlySpec:
    """Check a quarterly file that is already a dictionary.

    Parameters
    ----------
    tree
        Sections and keys as in the file.
    text
        The file's words, to find line numbers in.
    name
        Name used in the complaints.

    Returns
    -------
    QuarterlySpec

    Raises
    ------
    StudyFileError
        With every mistake at once.
    """
    return parse_tree(tree, QuarterlySpec, agreements, text=text, name=name)
