"""Where in a TOML file a key stands. `tomllib` does not say, so headers and `key =` lines are read once more."""

from __future__ import annotations

import re

Location = tuple[str | int, ...]

_HEADER = re.compile(r"^\s*(\[\[?)\s*([^\]]+?)\s*\]\]?\s*(#.*)?$")
_KEY = re.compile(r"""^\s*((?:"[^"]*"|'[^']*'|[A-Za-z0-9_-]+)(?:\s*\.\s*(?:"[^"]*"|'[^']*'|[A-Za-z0-9_-]+))*)\s*=""")
_TRIPLE = re.compile(r'"""|' + "'''")


def key_lines(text: str) -> dict[Location, int]:
    """Map each section and key to the line (from 1) where it is first written.

    Examples
    --------
    >>> key_lines("seed = 1\\n[[outcomes]]\\nname = 'x'")
    {('seed',): 1, ('outcomes', 0): 2, ('outcomes', 0, 'name'): 3}
    """
    lines: dict[Location, int] = {}
    counts: dict[Location, int] = {}
    section: Location = ()
    inside_words = False
    for number, line in enumerate(text.splitlines(), start=1):
        quotes = len(_TRIPLE.findall(line))
        if not inside_words:
            header = _HEADER.match(line)
            key = _KEY.match(line)
            if header:
                section = _section(header, counts)
                lines.setdefault(section, number)
            elif key:
                lines.setdefault(section + _parts(key.group(1)), number)
        inside_words ^= quotes % 2 == 1
    return lines


def line_of(location: Location, lines: dict[Location, int]) -> int | None:
    """Return the line of a key, or of the nearest section that holds it; None if nothing of it is written."""
    for length in range(len(location), 0, -1):
        if location[:length] in lines:
            return lines[location[:length]]
    return None


def _parts(dotted: str) -> Location:
    return tuple(part.strip().strip("\"'") for part in dotted.split("."))


def _section(header: re.Match[str], counts: dict[Location, int]) -> Location:
    path = _parts(header.group(2))
    if header.group(1) == "[":
        return path
    position = counts.get(path, 0)
    counts[path] = position + 1
    return (*path, position)
