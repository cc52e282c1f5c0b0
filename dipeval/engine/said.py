"""What an engine was told to compute, remembered for review."""

from __future__ import annotations

from collections import deque
from typing import Final

_REMEMBERED: Final = 1000


def nothing_said() -> deque[tuple[str, str]]:
    """Return an empty list of (name of the table, SQL) that forgets all but the last."""
    return deque(maxlen=_REMEMBERED)
