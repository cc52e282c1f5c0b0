"""The study room: the study file, the order of work, the gate before the outcome, and where everything came from.

Names are loaded on demand: a study file with a typo is refused before any heavy package is imported.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from dipeval.study.checking import CheckResult
    from dipeval.study.gate import Diagnostics
    from dipeval.study.quarterly import QuarterlyResult, QuarterlyReview
    from dipeval.study.reading import StudyFile, read_study_file
    from dipeval.study.result import StudyResult
    from dipeval.study.spec import StudySpec
    from dipeval.study.study import Study

_HOME = {
    "CheckResult": "dipeval.study.checking",
    "Diagnostics": "dipeval.study.gate",
    "QuarterlyResult": "dipeval.study.quarterly.result",
    "QuarterlyReview": "dipeval.study.quarterly.review",
    "Study": "dipeval.study.study",
    "StudyFile": "dipeval.study.reading",
    "StudyResult": "dipeval.study.result",
    "StudySpec": "dipeval.study.spec",
    "read_study_file": "dipeval.study.reading",
}

__all__ = [
    "CheckResult",
    "Diagnostics",
    "QuarterlyResult",
    "QuarterlyReview",
    "Study",
    "StudyFile",
    "StudyResult",
    "StudySpec",
    "read_study_file",
]


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module 'dipeval.study' has no attribute '{name}'")
    return getattr(import_module(_HOME[name]), name)
