"""The rules of the definitions page: TOML files that somebody who does not program can read, and how they are run.

A file holds a title, an introduction and rules. A rule says what holds, invents a handful of people in tables (one
record a line, columns between bars, an empty cell is a missing value) and tells what is expected of each. Headings of
the expected table are column names with spaces in place of underscores, unless `headings` says which column is meant.
`left out at` names the step of the attrition at which a person is lost. docs/definitions.md is made from these files.
"""

from __future__ import annotations

import tomllib
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pandas as pd

from tests.spec.invented_people import table

FOLDER = Path(__file__).resolve().parent / "rules"
LEFT_OUT = "left out at"


@dataclass(frozen=True)
class Rule:
    """One rule: what it says, the invented people, and what is expected of them."""

    file: str
    name: str
    says: str
    shows: str = "people"
    cohort: dict[str, Any] = field(default_factory=dict)
    follow_up: dict[str, Any] = field(default_factory=dict)
    options: dict[str, Any] = field(default_factory=dict)
    tables: dict[str, str] = field(default_factory=dict)
    headings: dict[str, str] = field(default_factory=dict)
    expected: str = ""
    refused: str = ""
    extract_date: str = "2026-12-31"

    def column(self, heading: str) -> str:
        """The column that a heading of the expected table stands for."""
        return self.headings.get(heading, heading.replace(" ", "_"))

    def expected_rows(self) -> pd.DataFrame:
        """The expected table, its headings replaced by column names."""
        rows = table(self.expected)
        return rows.rename(columns={name: self.column(name) for name in rows.columns if name != LEFT_OUT})


@dataclass(frozen=True)
class Chapter:
    """One file: a title, an introduction, and its rules in order."""

    title: str
    intro: str
    rules: tuple[Rule, ...]


def chapters() -> list[Chapter]:
    """Every file of the rulebook, in the order of their names."""
    found = []
    for path in sorted(FOLDER.glob("*.toml")):
        content = tomllib.loads(path.read_text(encoding="utf-8"))
        rules = tuple(Rule(file=path.stem, **rule) for rule in content.pop("rule"))
        found.append(Chapter(rules=rules, **content))
    return found


def all_rules() -> list[Rule]:
    """The rules of all chapters."""
    return [rule for chapter in chapters() for rule in chapter.rules]


def same(found: Any, expected: str | None) -> bool:
    """Whether a value of the library is what a cell of the expected table says."""
    if expected is None:
        return found is None or found != found or found == ""
    if isinstance(found, pd.Timestamp):
        return found == pd.Timestamp(expected)
    if isinstance(found, str):
        return found == expected
    return abs(float(found) - float(expected)) < 5e-7
