"""The reader's table of the linkage figures in docs/evidence/README.md, written from the JSON between two markers."""

from __future__ import annotations

from pathlib import Path
from typing import Any

START, END = "<!-- linkage accuracy: written by make prove -->", "<!-- end of linkage accuracy -->"
KINDS = {"clean": "clean", "heaped dates of birth": "about 3% of people on one default date of birth"}


def _row(*cells: object) -> str:
    return "| " + " | ".join(str(cell) for cell in cells) + " |"


def linkage_table(claim: dict[str, Any]) -> str:
    """The text between the markers."""
    lines = [
        "## Linkage: how often are the links right?",
        "",
        "Figures: [linkage_accuracy.json](linkage_accuracy.json). F1 is the harmonic mean of precision (of the links",
        "made, how many are right) and recall (of the true links, how many are found); all links are one to one.",
        "Public files, cut 0.5 fixed in advance, plain Splink with the same fields in the same run:",
        "",
        _row("Public file and fields", "dipeval precision", "recall", "F1", "plain Splink F1", "floor", "holds"),
        _row(*["---"] * 7),
    ]
    for found in claim["public_files"]:
        ours = found["dipeval"]
        figures = [f"{ours[name]:.4f}" for name in ("precision", "recall", "f1")]
        holds = "no" if found["faults"] else "yes"
        peer = f"{found['plain_splink']['f1']:.4f}"
        lines.append(_row(found["file"], *figures, peer, f"{found['floor']:g}", holds))
    lines += [
        "",
        "Invented files of 20,000 people each, 12,000 in common, initials only, at every cut from 0.3 to 0.9. The rule",
        "in common use links exact initials, date of birth and sex where that key is unique on both sides:",
        "",
        _row("Invented file", "seed", "lowest F1", "highest F1", "rule in common use F1", "holds"),
        _row(*["---"] * 6),
    ]
    for found in [*claim["invented_files"], *claim["reported_beside"]]:
        f1 = [row["f1"] for row in found["cuts"]]
        holds = "no floor" if "faults" not in found else "no" if found["faults"] else "yes"
        kind = KINDS.get(found["file"], f"{found['file']}: three or four fields wrong at once")
        key = f"{found['unique_key']['f1']:.4f}"
        lines.append(_row(kind, found["seed"], f"{min(f1):.4f}", f"{max(f1):.4f}", key, holds))
    return "\n".join(lines)


def write_table(readme: Path, claim: dict[str, Any]) -> None:
    """Renew the table in place, or add it at the end."""
    text = readme.read_text(encoding="utf-8")
    before, found, rest = text.partition(START)
    after = rest.partition(END)[2] if found else "\n"
    body = f"{START}\n{linkage_table(claim)}\n{END}"
    readme.write_text(before.rstrip("\n") + "\n\n" + body + after, encoding="utf-8")
