"""From a path to a checked study file: every mistake in one go, each with its line and a remedy.

There are two kinds, each with a model of its own: an evaluation (`StudySpec`), and a quarterly report, which says so at
the top (``kind = "quarterly"``).

A misspelt key is read as the key it most resembles while the rest is checked, so that one typo gives one complaint
and never hides, or invents, another.
"""

from __future__ import annotations

import difflib
import hashlib
import tomllib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, TypeVar

from pydantic import BaseModel, ValidationError

from dipeval.errors import StudyFileError
from dipeval.study.crosschecks import cross_complaints
from dipeval.study.lines import key_lines, line_of
from dipeval.study.spec import StudySpec
from dipeval.study.wording import in_words, key_path, known_keys

Location = tuple[str | int, ...]
Model = TypeVar("Model", bound=BaseModel)
QUARTERLY: Final = "quarterly"


@dataclass(frozen=True, slots=True, kw_only=True)
class StudyFile:
    """A study file as it was read.

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
    spec: StudySpec


def read_study_file(path: str | Path) -> StudyFile:
    """Read and check a study file, without touching any data.

    Parameters
    ----------
    path
        A TOML file.

    Returns
    -------
    StudyFile

    Raises
    ------
    StudyFileError
        With every mistake at once: its key, what was found, what is needed, and the line where it stands.

    Examples
    --------
    >>> from importlib.resources import files
    >>> read_study_file(files("dipeval.examples") / "rossi.toml").spec.design.randomised
    True
    """
    read = read_toml(path)
    if "kind" in read.tree and "design" not in read.tree:
        raise StudyFileError([NOT_A_STUDY], file=read.path.name)
    spec = parse_study(read.tree, text=read.text, name=read.path.name)
    return StudyFile(path=read.path, text=read.text, sha256=read.sha256, spec=spec)


NOT_A_STUDY: Final = (
    'this is the file of a quarterly report (it has a key kind), not of an evaluation. Run it with "dipeval run", or '
    "read it with dipeval.QuarterlyReview.from_toml."
)


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadToml:
    """A TOML file as it was read, its keys not yet checked.

    Parameters
    ----------
    path, text, sha256
        As in `StudyFile`.
    tree
        Its sections and keys.
    """

    path: Path
    text: str
    sha256: str
    tree: dict[str, Any]


def read_toml(path: str | Path) -> ReadToml:
    """Read a study file of either kind without checking its keys.

    Parameters
    ----------
    path
        A TOML file.

    Returns
    -------
    ReadToml

    Raises
    ------
    StudyFileError
        If it is not there, cannot be read, is empty or is no TOML.
    """
    path = Path(path)
    raw = _bytes(path)
    text = _decode(raw, path.name)
    return ReadToml(path=path, text=text, sha256=hashlib.sha256(raw).hexdigest(), tree=_tree(text, path.name))


def file_kind(path: str | Path) -> str:
    """Say which kind of study file a file is: ``quarterly`` if it has a key ``kind`` at the top, else ``study``.

    Parameters
    ----------
    path
        A TOML file.

    Returns
    -------
    str

    Raises
    ------
    StudyFileError
        As `read_toml`.

    Examples
    --------
    >>> from importlib.resources import files
    >>> file_kind(files("dipeval.examples") / "rossi.toml")
    'study'
    """
    tree = read_toml(path).tree
    return QUARTERLY if "kind" in tree and "design" not in tree else "study"


def parse_study(tree: dict[str, Any], *, text: str = "", name: str = "study file") -> StudySpec:
    """Check a study that is already a dictionary.

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
    StudySpec

    Raises
    ------
    StudyFileError
        With every mistake at once.
    """
    return parse_tree(tree, StudySpec, cross_complaints, text=text, name=name)


def parse_tree(
    tree: dict[str, Any],
    model: type[Model],
    agreements: Callable[[Model], list[tuple[Location, str]]],
    *,
    text: str = "",
    name: str = "study file",
) -> Model:
    """Check a study file of one kind that is already a dictionary.

    Parameters
    ----------
    tree
        Sections and keys as in the file.
    model
        What may be written in it.
    agreements
        From a file whose sections are each in order to its disagreements: key and sentence.
    text
        The file's words, to find line numbers in.
    name
        Name used in the complaints.

    Returns
    -------
    pydantic.BaseModel
        An instance of ``model``.

    Raises
    ------
    StudyFileError
        With every mistake at once.
    """
    found: list[tuple[Location, str]] = []
    written: dict[Location, Location] = {}
    repaired = _mend_unknown_keys(tree, model, found, written)
    spec = None
    try:
        spec = model.model_validate(repaired)
    except ValidationError as error:
        found += [(tuple(item["loc"]), in_words(item)) for item in error.errors(include_url=False)]
    if spec is not None:
        found += agreements(spec)
    if spec is None or found:
        raise StudyFileError(_located(found, text, written), file=name)
    return spec


def _bytes(path: Path) -> bytes:
    if path.is_dir():
        raise StudyFileError(
            ["this is a folder; name the study file inside it, such as study.toml."], file=path.name or str(path)
        )
    if not path.exists():
        raise StudyFileError(
            ["there is no such file. Check the path, or write a first one with: dipeval init FOLDER"], file=str(path)
        )
    try:
        raw = path.read_bytes()
    except OSError as error:
        raise StudyFileError(
            [
                f"the file cannot be opened ({error.strerror}). Close it in other programs and check that you may "
                "read it."
            ],
            file=path.name,
        ) from None
    if not raw.strip(b"\xef\xbb\xbf \t\r\n"):
        raise StudyFileError(
            ["the file is empty. Start from the commented template: dipeval init FOLDER"], file=path.name
        )
    return raw


def _decode(raw: bytes, name: str) -> str:
    problem = ""
    if raw.startswith((b"%PDF", b"PK\x03\x04", b"\xd0\xcf\x11\xe0", b"{\\rtf")):
        problem = "the file is not plain text in UTF-8 but a document or a workbook"
    elif raw.startswith((b"\xff\xfe", b"\xfe\xff")) or b"\x00" in raw:
        problem = "the file is not plain text in UTF-8 (it looks like UTF-16, or another kind of file)"
    if not problem:
        try:
            # Line endings of any system.
            return raw.decode("utf-8-sig").replace("\r\n", "\n").replace("\r", "\n")
        except UnicodeDecodeError as error:
            line = raw[: error.start].count(b"\n") + 1
            problem = f"line {line}: a character is not in UTF-8"
    raise StudyFileError([f"{problem}. Save it as UTF-8 text and try again."], file=name)


def _tree(text: str, name: str) -> dict[str, Any]:
    try:
        tree = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise StudyFileError(
            [
                f"the file is not valid TOML: {str(error).rstrip('.')}. Each line is a [section] or key = value, and "
                f"words stand in double quotes{_curly(text)}."
            ],
            file=name,
        ) from None
    if not tree:
        raise StudyFileError(
            ["the file holds only comments. Start from the commented template: dipeval init FOLDER"], file=name
        )
    return tree


def _curly(text: str) -> str:
    """A hint for files that went through a word processor."""
    curly = set(text) & {"\u201c", "\u201d"}
    return ', straight ones (") rather than the curly ones of a word processor' if curly else ""


def _mend_unknown_keys(
    tree: dict[str, Any],
    model: type[BaseModel],
    found: list[tuple[Location, str]],
    written: dict[Location, Location],
) -> dict[str, Any]:
    """Report unknown keys and return the tree with each put right (or left out), for the checks that follow.

    ``written`` remembers how a key that was put right stands in the file.
    """
    try:
        model.model_validate(tree)
    except ValidationError as error:
        unknown = [tuple(item["loc"]) for item in error.errors() if item["type"] == "extra_forbidden"]
        for location in unknown:
            suggestion = _suggest(location, model)
            found.append((location, _unknown_in_words(location, suggestion, model)))
            tree = _renamed(tree, location, suggestion)
            if suggestion is not None:
                written[(*location[:-1], suggestion)] = location
        return _mend_unknown_keys(tree, model, found, written) if unknown else tree
    return tree


def _suggest(location: Location, model: type[BaseModel]) -> str | None:
    near = difflib.get_close_matches(str(location[-1]), known_keys(location[:-1], model), n=1, cutoff=0.6)
    return near[0] if near else None


def _unknown_in_words(location: Location, suggestion: str | None, model: type[BaseModel]) -> str:
    if suggestion:
        return f"there is no key '{location[-1]}' here; did you mean '{suggestion}'?"
    known = ", ".join(known_keys(location[:-1], model))
    return f"there is no key '{location[-1]}' here; the keys are {known}."


def _renamed(node: Any, location: Location, suggestion: str | None) -> Any:
    """Return a copy of the tree in which the last key of the location is renamed, or removed."""
    head, rest = location[0], location[1:]
    if isinstance(node, list):
        return [_renamed(item, rest, suggestion) if position == head else item for position, item in enumerate(node)]
    if rest:
        return {key: _renamed(value, rest, suggestion) if key == head else value for key, value in node.items()}
    kept = {key: value for key, value in node.items() if key != head}
    if suggestion is not None and suggestion not in kept:
        kept[suggestion] = node[head]
    return kept


def _located(found: list[tuple[Location, str]], text: str, written: dict[Location, Location]) -> list[str]:
    lines = key_lines(text)
    placed = [(line_of(_as_written(location, written), lines), key_path(location), words) for location, words in found]
    placed.sort(key=lambda item: (item[0] is None, item[0] or 0))
    sentences = [
        f"line {line}, {path}: {words}" if line is not None else f"{path}: {words}" for line, path, words in placed
    ]
    return list(dict.fromkeys(sentences))


def _as_written(location: Location, written: dict[Location, Location]) -> Location:
    for length in range(len(location), 0, -1):
        if location[:length] in written:
            *section, key = written[location[:length]]
            return (*_as_written(tuple(section), written), key, *location[length:])
    return location
