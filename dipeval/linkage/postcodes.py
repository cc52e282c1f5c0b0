"""A postcode taken apart: whole postcode, sector, outward code. Codes that stand for no address are missing."""

from __future__ import annotations

import re
import sys
from typing import Final

_OUTWARD: Final = r"[A-Z]{1,2}[0-9][A-Z0-9]?"
_WHOLE: Final = re.compile(rf"({_OUTWARD})([0-9])[A-Z]{{2}}")
_SECTOR: Final = re.compile(rf"({_OUTWARD}) +([0-9])")
_CLOSED_SECTOR: Final = re.compile(rf"({_OUTWARD})([0-9])")
_ALONE: Final = re.compile(rf"({_OUTWARD})()")
# ZZ99 is the code for no fixed abode and for abroad; no British postcode begins with Q, V or X, nor with AA.
_NO_ADDRESS: Final = re.compile(r"ZZ|AA|[QVX]")
Parts = tuple[str | None, str | None, str | None]


def postcode_parts(text: str, *, sectors: bool = False) -> Parts:
    """Return postcode, sector and outward code of one text; None for what it does not say.

    Parameters
    ----------
    text
        "LS1 4AB", "ls14ab", "LS1 4" or "LS1".
    sectors
        Whether a code without space that ends in a digit ("LS14") is a sector (LS1 4) or an outward code (LS14).

    Examples
    --------
    >>> postcode_parts("ls14ab"), postcode_parts("LS14", sectors=True), postcode_parts("ZZ99 3VZ")
    (('LS14AB', 'LS1 4', 'LS1'), (None, 'LS1 4', 'LS1'), (None, None, None))
    """
    spaced = re.sub(r"[^A-Z0-9 ]", "", text.upper()).strip()
    closed = spaced.replace(" ", "")
    whole = _WHOLE.fullmatch(closed)
    found = whole or _SECTOR.fullmatch(spaced)
    if found is None and sectors:
        found = _CLOSED_SECTOR.fullmatch(spaced)
    found = found or _ALONE.fullmatch(spaced)
    if found is None or _NO_ADDRESS.match(closed):
        return None, None, None
    # Thousands of postcodes share these: one text each saves memory.
    outward = sys.intern(found[1])
    sector = sys.intern(f"{found[1]} {found[2]}") if found[2] else None
    return closed if whole else None, sector, outward
