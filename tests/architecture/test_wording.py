"""What no sentence of the package or its pages may say: that treatment did nothing, where the data could not tell.

"No effect" may stand only where it is denied ("does not show that there was no effect"), conditional ("without any
effect"), or about something else (a result that is not there). People who were not randomised are comparison people.
"""

from __future__ import annotations

import ast
import json
import re
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
SOURCES = sorted((ROOT / "dipeval").rglob("*.py"))
PAGES = [ROOT / "README.md", ROOT / "CHANGELOG.md", *sorted((ROOT / "docs").glob("*.md")), ROOT / "data" / "README.md"]
NOTEBOOKS = sorted((ROOT / "notebooks").glob("*.ipynb"))

CLAIM = re.compile(
    r"\bno (?:effect|difference|impact|benefit)\b|(?:did|does|do) not work|\bineffective\b|not effective"
    r"|(?:made|makes|make) no difference|had no influence",
    flags=re.IGNORECASE,
)
# Each takes a claim away or speaks of something else; what is left after them must hold none.
DENIED = tuple(
    re.compile(pattern, flags=re.IGNORECASE)
    for pattern in (
        r"not show that there was no effect",
        r"no effect can be concluded",
        r"shows no effect either",
        r"does not show that the programme does not work",
        r"no effect (?:is|was|has been) shown",
        r"there is no effect (?:to|on|in)\b",
        r"because there is no effect",
        r"yes/no effect",
        r"no difference in the odds of treatment",
        r"no difference is larger than",
        # That one interval excludes equality and another does not.
        r"that of another (?:includes it )?is no difference",
        r"includes it is no difference between them",
        # What a completers' comparison shows is none.
        r"comparable untreated people: no effect of treatment",
        r"cannot say that the programme made no difference",
        r"write \"no effect\"",
        r"never (?:as )?[\"“]no effect[\"”]",
    )
)
NOT_COMPARISON = re.compile(r"\bcontrol (?:group|people|person|subjects?|sample|arm)s?\b", flags=re.IGNORECASE)


def claims(text: str) -> list[str]:
    """What of a text says that treatment did nothing."""
    for pattern in DENIED:
        text = pattern.sub("", text)
    return [text[max(0, found.start() - 60) : found.end() + 40] for found in CLAIM.finditer(text)]


def sentences(path: Path) -> Iterator[str]:
    """Every string of a source but its docstrings, f-strings with gaps."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    aside = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef) and ast.get_docstring(node) is not None:
            aside.add(id(node.body[0].value))  # type: ignore[attr-defined]
        if isinstance(node, ast.JoinedStr):
            aside |= {id(part) for part in node.values}
            yield "".join(part.value if isinstance(part, ast.Constant) else "{}" for part in node.values)
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in aside:
            yield node.value


def page_text(path: Path) -> str:
    """The words of a page on one line, without the column of a table that says what not to write."""
    lines, left_out = [], False
    for line in path.read_text(encoding="utf-8").splitlines():
        left_out = line.startswith("| Do not write |") or (left_out and line.startswith("|"))
        lines.append(line.split(" | ", 1)[1] if left_out and " | " in line else line)
    return " ".join(line.strip("> ") for line in lines)


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: str(path.relative_to(ROOT)))
def test_no_sentence_of_the_package_says_that_treatment_did_nothing(path: Path) -> None:
    for text in sentences(path):
        assert claims(text) == []
        assert not NOT_COMPARISON.search(text)


@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.name)
def test_no_page_says_that_treatment_did_nothing(path: Path) -> None:
    text = page_text(path)
    assert claims(text) == []
    assert not NOT_COMPARISON.search(text)


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.name)
def test_no_notebook_says_that_treatment_did_nothing(path: Path) -> None:
    for cell in json.loads(path.read_text(encoding="utf-8"))["cells"]:
        text = " ".join("".join(cell["source"]).split())
        assert claims(text) == []
        assert not NOT_COMPARISON.search(text)


WORDING = sorted(
    path
    for room in ("effects", "study", "report")
    for path in (ROOT / "dipeval" / room).rglob("*.py")
    if re.search(r"(?:_words|wording|words)\.py$", path.name)
)


def _texts(value: object) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for inner in value.values():
            yield from _texts(inner)
    elif isinstance(value, tuple | list):
        for inner in value:
            yield from _texts(inner)


@pytest.mark.parametrize("path", WORDING, ids=lambda path: f"{path.parent.name}/{path.stem}")
def test_every_template_claims_no_more_than_the_data_can_tell(path: Path) -> None:
    parts = path.relative_to(ROOT).with_suffix("").parts
    module = import_module(".".join(parts))
    texts = [text for name, value in vars(module).items() if name.isupper() for text in _texts(value)]
    assert texts or parts[1] != "effects"
    for text in texts:
        assert claims(text) == []
        assert not re.search(r"\bproves? (?:that )?(?:it|the programme|treatment)\b", text, flags=re.IGNORECASE)
        assert not re.search(r"\bstatistically insignificant\b|\bnot significant\b", text, flags=re.IGNORECASE)


def test_templates_that_hand_themselves_out_hand_out_all_of_them() -> None:
    handing_out = [path for path in WORDING if "TEMPLATES: Final" in path.read_text(encoding="utf-8")]
    assert len(handing_out) >= 8
    for path in handing_out:
        module = import_module(".".join(path.relative_to(ROOT).with_suffix("").parts))
        own = {value for name, value in vars(module).items() if name.isupper() and isinstance(value, str)}
        left = {text for text in own - set(module.TEMPLATES) if len(text.split()) > 3}
        assert not left, f"{path.name}: {sorted(left)}"


@pytest.mark.parametrize(
    "text",
    [
        "The programme had no effect.",
        "Treatment made no difference to reoffending.",
        "There was no difference between the groups.",
        "The programme does not work.",
    ],
)
def test_the_reader_of_sentences_finds_what_may_not_be_said(text: str) -> None:
    assert claims(text)


@pytest.mark.parametrize(
    "text",
    [
        "This does not show that there was no effect: more people would be needed.",
        "A fall of 27%: no effect can be concluded from this change.",
        "What would be seen without any effect.",
    ],
)
def test_the_reader_of_sentences_lets_pass_what_denies_it(text: str) -> None:
    assert claims(text) == []
