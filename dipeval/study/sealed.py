"""Outcomes behind a seal: split off at the door, or not measured at all, until the gate has given its permit."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol

from dipeval.errors import DesignError
from dipeval.study.gate import Permit

if TYPE_CHECKING:
    import pandas as pd

    from dipeval.cohort import Cohort
    from dipeval.outcomes import FollowUp


class Sealed(Protocol):
    """Anything that gives outcomes up only for a permit."""

    def open(self, permit: Permit) -> Opened:
        """Return the outcomes."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Opened:
    """Outcomes after the gate.

    Parameters
    ----------
    frame
        One row a person, index as the people's.
    measured
        The `dipeval.outcomes.Outcomes` behind it, for a cohort; None for a person-level table.
    """

    frame: pd.DataFrame
    measured: Any = None


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class SealedColumns:
    """Outcome columns of a person-level table, taken out of it before anything else happens."""

    _frame: pd.DataFrame = field(repr=False)

    def open(self, permit: Permit) -> Opened:
        """Return the columns for a permit, and refuse anything else."""
        require_permit(permit)
        return Opened(frame=self._frame.copy())


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class SealedHistory:
    """Reoffending of a cohort that nobody has measured yet.

    Parameters
    ----------
    cohort
        Whose reoffending.
    follow_up
        For how long.
    """

    cohort: Cohort
    follow_up: FollowUp

    def open(self, permit: Permit) -> Opened:
        """Measure reoffending for a permit, and refuse anything else."""
        from dipeval.outcomes import measure_reoffending

        require_permit(permit)
        measured = measure_reoffending(self.cohort, follow_up=self.follow_up)
        frame = measured.to_frame()
        if "person_id" in frame.columns:
            frame = frame.set_index("person_id")
        return Opened(frame=frame, measured=measured)


def require_permit(permit: Permit) -> None:
    """Refuse to open a seal for anything but a permit."""
    if not isinstance(permit, Permit):
        raise DesignError("The outcome stays sealed: the checks on the comparison have not been passed yet.")
