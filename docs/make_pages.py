"""Writes the pages and data that are made from the package itself, so that they cannot drift from it (`make docs`).

docs/extracts.md from the table contracts, docs/study_file.md from the commented template, docs/definitions.md from the
rules that are tested, data/example from the simulator. A test makes them again and compares.
"""

from __future__ import annotations

import sys
from importlib.resources import files
from pathlib import Path

import numpy as np
import pandas as pd

import dipeval as dip
from dipeval.extracts import contracts, data_dictionary, write_extracts
from dipeval.indicators.dictionary.recommendations import recommendations

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from tests.spec.rulebook import Rule, chapters  # noqa: E402

QUARTERLY_MARK = "## The study file, every key with its default"
EXAMPLE_PEOPLE, EXAMPLE_SEED = 400, 2012
AREAS = (
    "Ardenby", "Brackwell", "Carrowick", "Dunmere", "Eastholt", "Fernley",
    "Garside", "Hartwell", "Inglemoor", "Kelbrook", "Lowfold", "Marsden Vale",
)  # fmt: skip
LEAVER = "Brackwell"

EXTRACTS_HEAD = """# What your files should hold

One file a table, named after it (`drug_tests.csv`, `.parquet` or `.xlsx`), in one folder. Your own file names, column
names and codes can stay as they are: say in the study file (`[data.tables.NAME]`) which of yours is which of ours. Only
`drug_tests`, `treatment` and `offences` are needed for the main question; the others add to it.

Everything is read as text first. Dates may be ISO (2012-05-31), day/month/year, or Excel's numbers; other orders and
two-digit years are named (`date_formats`). 01/01/1900, 30/12/1899 and 31/12/9999, and 01/01/1970 as a date of birth,
stand for "not known" and count as missing. CSV may be separated by commas, semicolons, tabs or bars and is UTF-8 unless
`encoding` says otherwise. Every fault of every file is reported at once, with file, row, column and what to do, and
never with a person's value.

A table that has nothing in it (no deaths, say) is left out of the folder. Rows that cannot be mended can be left out
and counted: `on_error = "drop_and_count"` under `[data]`.

## An example: files as five agencies sent them

`dipeval check study.toml` names the faults one file after another, and the key to write for each:

```toml
[data]
source = "extracts"
folder = "from the agencies"                  # beside this file

[data.tables.drug_tests]
file = "custody tests 2012.csv"               # separated by semicolons: noticed
encoding = "cp1252"                           # saved by Excel as plain "CSV"
date_formats = ["%d/%m/%y"]                   # 31/12/12

[data.tables.drug_tests.columns]              # theirs = ours
"Test No" = "record_id"
"DOB" = "date_of_birth"
"Gender" = "sex"
"LA" = "district"
"Date of test" = "test_date"
"Outcome" = "result"

[data.tables.drug_tests.codes]                # theirs = ours, column by column
sex = { "1" = "male", "2" = "female", "9" = "unknown" }
result = { "N" = "negative", "O" = "opiates", "C" = "cocaine", "B" = "both", "R" = "refused" }

[data.tables.treatment]
file = "ndtms.xlsx"
sheet = "Episodes"
header_row = 3                                # a title and merged headings stand above

[data.tables.offences]
date_formats = ["%d-%b-%Y"]                   # 31-Dec-2012; Excel's numbers are read anyway
```

## The tables

This page is made from the package's own table contracts (`make docs`).
"""
PSEUDONYMISED_HEAD = """
## Pseudonymised tables

[`dipeval pseudonymise`](pseudonymised_linkage.md) replaces every column that says who somebody is, in every table of
people, by the columns below; the other columns stay. A table is pseudonymised as a whole or not at all: hashes beside
clear identifiers, or without `key_fingerprint`, are refused, and so are identifiers hashed without a key. Each hash is
32 hexadecimal digits. Where the clear table needs `date_of_birth` and `sex`, the pseudonymised one needs their hashes.

| Column | In | Meaning |
|---|---|---|
"""
STUDY_HEAD = """# The study file

A study is one TOML file, written before any outcome is seen: who is compared with whom, from when, on what, and when
the comparison is good enough to be believed. `dipeval init my-study` writes the commented file below; `dipeval check`
says everything that is wrong with it at once and shows the design without touching an outcome; `dipeval run` writes the
report.

Paths are relative to the study file. Keys that are not known are mistakes, and the nearest known key is suggested.

## One table, a row a person

Without extracts to link, a CSV or Excel file with one row a person is enough; this is a whole study file:

```toml
title = "Work programme, our area, 2023"
question = "Did people on the programme reoffend less than comparable people who were not?"
programme = "the work programme"

[data]
source = "people_file"
file = "people.csv"                    # beside this file; or .xlsx, .parquet
status = "personal"

[people]
id = "person"
treated = "on_programme"               # 1/0, yes/no or true/false
measured_at = "before_index"           # you declare that the covariates were known before the programme could start
categories = ["district", "housing"]   # columns that hold words
treated_label = "On the programme"
comparison_label = "Not on it"
labels = { age = "Age", priors = "Earlier convictions", district = "District", housing = "Housing" }

[[outcomes]]
name = "reoffended"                    # 1 for yes, 0 for no
kind = "yes_no"
label = "Reoffended within a year"
primary = true

[design]
method = "optimal"
covariates = ["age", "priors", "district", "housing"]
missing = "indicator"                  # only where a cell may be empty
declared_before_outcome = "Declared on 1 November 2023, before any outcome was looked at."

[[sensitivity]]
name = "entropy"
label = "Entropy balancing"
method = "entropy"

[diagnostics]
expected_share = 0.4                   # of people not on the programme, from elsewhere
```

## Every key, with its default
"""
DEFINITIONS_HEAD = """# Definitions: who is in, who is treated, what counts

Every rule that decides a number, with a handful of invented people and what the rule makes of each. These are not
illustrations: the tables below are the tests (`tests/spec/rules`), and this page is made from them (`make docs`). Dates
are year-month-day; an empty cell is not known or does not apply. Names in `this type` are keys of the
[study file](study_file.md) under `[cohort]` and `[follow_up]`, and arguments of `dip.CohortRule` and `dip.FollowUp`.
"""
INDICATORS_HEAD = """# The dictionary of indicators

What is counted, out of what, and which direction is wanted: one dictionary for every district, made from the package
(`dip.indicator_dictionary()`). *Cohort*: people who entered in the quarter, and what became of them; *period*: what
happened in it. Days are those of `[indicators]` in the [study file](quarterly_report.md) unless you set others. An
indicator of your own: `[[indicators.own]]`, or `dip.OwnIndicator`.

| Indicator | What | Out of | Counted | Wanted | By | Take care |
|---|---|---|---|---|---|---|
"""
RECOMMENDATIONS_HEAD = """# What the review asked for, and where it is answered

The review of drug interventions in West Yorkshire made 23 recommendations to the Police and Crime Commissioner (R1 to
R22; the summary numbers R19 twice). *Part*: the package answers what records can tell, and the rest is for people to
decide. *Not software*: nothing here can do it.

| Number | What is asked | Answered | Where |
|---|---|---|---|
"""
DATA_HEAD = """# A small simulated set of extracts

No real person is in these files: `dipeval.simulate(people={people}, seed={seed})` made them, and a test makes them
again and compares. They are shaped as the five districts of West Yorkshire would send them. The dictionary of columns
codes is [docs/extracts.md](../docs/extracts.md). Lookup tables with their sources (unit costs, GDP deflator) are inside
the package, in [dipeval/data](../dipeval/data).

[areas.csv](areas.csv) holds thefts in twelve invented areas over ten years (seed {seed}), eight of which take up a
programme in two waves that lowers them by 8%; one leaves again.

[study.toml](study.toml) evaluates them (`dipeval run data/study.toml`); copy it to start your own.

| File | Rows |
|---|---|
{rows}
"""


def extracts_page() -> str:
    """Return docs/extracts.md."""
    parts = [EXTRACTS_HEAD]
    for name, contract in contracts().items():
        parts.append(f"\n### {name}\n\n{contract.meaning}\n\n| Column | Needed | Type or codes | Meaning | Take care |")
        parts.append("|---|---|---|---|---|")
        for row in data_dictionary(name).itertuples():
            kind = row.codes or row.type
            needed = "yes" if row.required else ""
            parts.append(f"| `{row.column}` | {needed} | {kind} | {row.meaning} | {row.known_weakness} |")
    return "\n".join(parts) + "\n" + PSEUDONYMISED_HEAD + "\n".join(_pseudonymised_rows()) + "\n"


def _pseudonymised_rows() -> list[str]:
    """One row a column that a pseudonymised table has and its clear table has not, or has as a hash."""
    clear, hashed = data_dictionary(), data_dictionary(pseudonymised=True)
    told = hashed.merge(
        clear[["table", "column", "meaning"]], how="left", on=["table", "column"], suffixes=("", "_clear")
    )
    new = told[told["meaning"] != told["meaning_clear"]]
    n_people = hashed.loc[hashed["column"] == "key_fingerprint", "table"].nunique()
    rows = []
    for column, of_column in new.groupby("column", sort=False):
        tables = list(of_column["table"])
        where = "every table of people" if len(tables) == n_people else ", ".join(f"`{table}`" for table in tables)
        rows.append(f"| `{column}` | {where} | {of_column['meaning'].iloc[0]} |")
    return rows


def study_page() -> str:
    """Return docs/study_file.md."""
    template = (files("dipeval.examples") / "template.toml").read_text(encoding="utf-8")
    return f"{STUDY_HEAD}\n```toml\n{template.rstrip()}\n```\n"


def quarterly_page() -> str:
    """Return docs/quarterly_report.md: its words as they stand, then the commented template."""
    words = (ROOT / "docs" / "quarterly_report.md").read_text(encoding="utf-8").partition(QUARTERLY_MARK)[0]
    template = (files("dipeval.examples") / "quarterly_template.toml").read_text(encoding="utf-8")
    return f"{words}{QUARTERLY_MARK}\n\n```toml\n{template.rstrip()}\n```\n"


def indicators_page() -> str:
    """Return docs/indicators.md."""
    rows = []
    for row in dip.indicator_dictionary().to_dict("records"):
        unit = "" if row["unit"] in ("%", "") else f" ({row['unit']})"
        by = row["dimensions"].replace("_", " ")
        wanted = "" if row["direction"] == "neither" else row["direction"]
        rows.append(
            f"| **{row['label']}** `{row['name']}`{unit} | {row['numerator']} | {row['denominator']} "
            f"| {row['counting']} | {wanted} | {by} | {row['note']} |"
        )
    return INDICATORS_HEAD + "\n".join(rows) + "\n"


def recommendations_page() -> str:
    """Return docs/recommendations.md."""
    rows = []
    for row in recommendations().to_dict("records"):
        section = f"“{row['section']}” in the [quarterly report](quarterly_report.md): " if row["section"] else ""
        python = ", ".join(f"`{name.strip()}`" for name in row["python"].split(";") if name.strip())
        where = f"{section}{row['where']}{f' ({python})' if python else ''}"
        rows.append(f"| {row['number']} | {row['asks']} | {row['answered']} | {where} |")
    return RECOMMENDATIONS_HEAD + "\n".join(rows) + "\n"


def definitions_page() -> str:
    """Return docs/definitions.md."""
    parts = [DEFINITIONS_HEAD]
    for chapter in chapters():
        parts.append(f"\n## {chapter.title}\n\n{chapter.intro.strip()}\n")
        parts += [_rule_words(rule) for rule in chapter.rules]
    return "\n".join(parts)


def _rule_words(rule: Rule) -> str:
    """One rule: what it says, the records that were invented, and what is made of them."""
    words = [f"### {rule.name}\n\n{rule.says.strip()}\n"]
    chosen = {**rule.cohort, **rule.follow_up, **rule.options}
    if chosen:
        keys = ", ".join(f"`{key} = {_toml(value)}`" for key, value in chosen.items())
        words.append(f"With {keys}.\n")
    if rule.refused:
        return "\n".join([*words, "The study stops with the reason.\n"])
    for name, text in rule.tables.items():
        if "|" in text:
            words.append(f"{name.replace('_', ' ').capitalize()}:\n\n{_markdown(text)}\n")
    words.append(f"**Expected:**\n\n{_markdown(rule.expected)}\n")
    return "\n".join(words)


def _toml(value: object) -> str:
    if isinstance(value, dict):
        return "{ " + ", ".join(f"{key} = {_toml(one)}" for key, one in value.items()) + " }"
    if isinstance(value, list):
        return "[" + ", ".join(map(_toml, value)) + "]"
    if isinstance(value, bool):
        return str(value).lower()
    return f'"{value}"' if isinstance(value, str) else str(value)


def _markdown(text: str) -> str:
    rows = [[cell.strip() for cell in line.split("|")] for line in text.split("\n") if line]
    heading, *lines = ["| " + " | ".join(cells) + " |" for cells in rows]
    return "\n".join([heading, "|" + "---|" * (heading.count("|") - 1), *lines])


def write_example(folder: Path) -> None:
    """Write data/example and its README."""
    extracts = dip.simulate(people=EXAMPLE_PEOPLE, seed=EXAMPLE_SEED)
    example = folder / "example"
    example.mkdir(parents=True, exist_ok=True)
    write_extracts(extracts, example)
    rows = "\n".join(f"| [{name}.csv](example/{name}.csv) | {len(extracts.table(name)):,} |" for name in extracts.names)
    page = DATA_HEAD.format(people=EXAMPLE_PEOPLE, seed=EXAMPLE_SEED, rows=rows)
    (folder / "README.md").write_text(page, encoding="utf-8")


def write_areas(folder: Path) -> None:
    """Write data/areas.csv: twelve invented areas over ten years, in two waves, one of which leaves again."""
    rng = np.random.default_rng(EXAMPLE_SEED)
    starts = dict(zip(AREAS, [2009] * 4 + [2011] * 4, strict=False))  # the last four never have it
    rows = []
    for name in AREAS:
        people, level = int(rng.integers(60, 300)) * 1000, float(rng.normal(9.0, 1.5))
        start, left = starts.get(name), 2013 if name == LEAVER else None
        for year in range(2006, 2016):
            within = start is not None and year >= start and (left is None or year <= left)
            rate = level * 0.97 ** (year - 2006) * (0.92 if within else 1.0) * float(np.exp(rng.normal(0, 0.03)))
            rows.append(
                {
                    "area": name,
                    "year": year,
                    "thefts": int(rng.poisson(rate * people / 1000)),
                    "population": people,
                    "treated_from": start,
                    "treated_until": left,
                }
            )
    whole = dict.fromkeys(("treated_from", "treated_until"), "Int64")
    pd.DataFrame(rows).astype(whole).to_csv(folder / "areas.csv", index=False, lineterminator="\n")


def main() -> int:
    """Write everything into the repository."""
    (ROOT / "docs" / "extracts.md").write_text(extracts_page(), encoding="utf-8")
    (ROOT / "docs" / "study_file.md").write_text(study_page(), encoding="utf-8")
    (ROOT / "docs" / "definitions.md").write_text(definitions_page(), encoding="utf-8")
    (ROOT / "docs" / "quarterly_report.md").write_text(quarterly_page(), encoding="utf-8")
    (ROOT / "docs" / "indicators.md").write_text(indicators_page(), encoding="utf-8")
    (ROOT / "docs" / "recommendations.md").write_text(recommendations_page(), encoding="utf-8")
    write_example(ROOT / "data")
    write_areas(ROOT / "data")
    return 0


if __name__ == "__main__":
    sys.exit(main())
