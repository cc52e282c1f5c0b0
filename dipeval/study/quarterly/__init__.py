"""The quarterly report of a commissioner: a study file of its own kind, without a comparison group.

Names are loaded on demand, as in the room above.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from dipeval.study.quarterly.checks import QuarterlyCheck
    from dipeval.study.quarterly.reading import QuarterlyFile, read_quarterly_file
    from dipeval.study.quarterly.result import QuarterlyResult
    from dipeval.study.quarterly.review import QuarterlyReview
    from dipeval.study.quarterly.spec import QuarterlySpec

_HOME = {
    "QuarterlyCheck": "checks",
    "QuarterlyFile": "reading",
    "QuarterlyResult": "result",
    "QuarterlyReview": "review",
    "QuarterlySpec": "spec",
    "read_quarterly_file": "reading",
}

__all__ = [
    "QuarterlyCheck",
    "QuarterlyFile",
    "QuarterlyResult",
    "QuarterlyReview",
    "QuarterlySpec",
    "read_quarterly_file",
]


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module 'dipeval.study.quarterly' has no attribute '{name}'")
    return getattr(import_module(f"dipeval.study.quarterly.{_HOME[name]}"), name)
