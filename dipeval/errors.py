"""Errors are sentences: what was found, what is needed, what to do. They never hold a person's values.

Everything raised on purpose derives from `DipevalError`; each subclass is also the standard type a caller
would expect. `InputError` and its children mean "your input is wrong" (the command line shows the sentence
and ends with status 2); anything else is a bug and keeps its traceback.
"""

from __future__ import annotations

from collections.abc import Sequence


class DipevalError(Exception):
    """Base class of every error that dipeval raises on purpose."""


class InputError(DipevalError, ValueError):
    """What was passed in cannot be used; the message says what to do."""


class ExtractError(InputError):
    """Extracts that break their contract: every fault at once, each with file, row, column and remedy.

    Parameters
    ----------
    faults
        One sentence a fault, values masked.
    """

    def __init__(self, faults: Sequence[str]) -> None:
        self.faults = tuple(faults)
        count = len(self.faults)
        head = f"{count} fault{'' if count == 1 else 's'} in the extracts:"
        super().__init__("\n  - ".join([head, *self.faults]))


class StudyFileError(InputError):
    """A study file with mistakes: every one at once, each naming its key.

    Parameters
    ----------
    complaints
        One sentence a mistake.
    """

    def __init__(self, complaints: Sequence[str], *, file: str = "study file") -> None:
        self.complaints = tuple(complaints)
        count = len(self.complaints)
        head = f"{file}: {count} mistake{'' if count == 1 else 's'}:"
        super().__init__("\n  - ".join([head, *self.complaints]))


class DesignError(InputError):
    """A comparison that cannot be designed as asked (overlap, separation, an outcome offered as a covariate...)."""


class EstimationError(InputError):
    """An estimate that was asked for and would not mean anything."""


class MissingDependencyError(DipevalError, ImportError):
    """An optional package or program is not installed; the message names it and how to get it."""


class DisclosureError(DipevalError, PermissionError):
    """Something was about to leave through a report without passing the disclosure gate."""


class InvariantError(DipevalError, RuntimeError):
    """A result broke its own promise. This is a bug in dipeval, not in the input: please report it."""


class ReportError(DipevalError, RuntimeError):
    """A report could not be finished; nothing half written is left behind."""
