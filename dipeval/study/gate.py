"""The diagnostics gate: is the comparison good enough to be given an outcome? Decided before any outcome is seen.

Each check compares one number of the design with a threshold of the study file. The gate is never loosened: a study
whose design fails is withheld, unless its file gives a written reason, which every report then prints.

Source of the checks: OHDSI CohortMethod (estimates are unblinded only when diagnostics pass); SMD 0.1 after
Austin (2009), Statistics in Medicine 28, 3083-3107.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from dipeval.errors import DesignError, InvariantError
from dipeval.presenting import HtmlMixin, Summary
from dipeval.study.gate_checks import (
    AT_MOST,
    BALANCE,
    COLUMNS,
    COUNT_CHECKS,
    SHARE_CHECKS,
    SHARE_DROPPED,
    checked,
    fewest_people,
    people_behind,
)

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes

    from dipeval.matching import Design
    from dipeval.study.spec import DiagnosticsSpec

__all__ = [
    "BALANCE",
    "COUNT_CHECKS",
    "SHARE_CHECKS",
    "SHARE_DROPPED",
    "Diagnostics",
    "Permit",
    "examine",
    "fewest_people",
    "people_behind",
    "permit",
]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Diagnostics(HtmlMixin):
    """What a design had to pass, and whether it did. Made by `examine`.

    Parameters
    ----------
    design_fingerprint
        Of the design examined.
    """

    design_fingerprint: str
    _table: pd.DataFrame = field(repr=False)

    def __post_init__(self) -> None:
        if list(self._table.columns) != COLUMNS or self._table.empty:
            raise InvariantError("Diagnostics need at least one check with its value, threshold, verdict and meaning.")

    @property
    def passed(self) -> bool:
        """Whether every check was passed."""
        return bool(self._table["passed"].all())

    @property
    def reasons(self) -> tuple[str, ...]:
        """One sentence for each check that was not passed."""
        return tuple(self._table.loc[~self._table["passed"].astype(bool), "meaning"])

    def to_frame(self) -> pd.DataFrame:
        """Return one row a check: check, value, threshold, passed, meaning (a fresh copy)."""
        return self._table.copy()

    def summary(self) -> Summary:
        """Return the verdict in a sentence, with the table of checks."""
        failed = len(self.reasons)
        headline = (
            "The comparison passed every check that comes before the outcome."
            if self.passed
            else f"The comparison failed {failed} of the {len(self._table)} checks that come before the outcome."
        )
        return Summary(title="Checks on the comparison", headline=headline, table=self.to_frame(), notes=self.reasons)

    def plot(self, ax: Axes | None = None) -> Axes:
        """Draw each value against its threshold and return the Axes drawn on (exact counts: not for release)."""
        from dipeval.plots.diagnostics import threshold_plot

        return threshold_plot(self._table.assign(at_most=self._table["check"].isin(AT_MOST)), ax=ax)


@dataclass(frozen=True, slots=True, kw_only=True)
class Permit:
    """Leave to attach the outcome; only `permit` makes one.

    Parameters
    ----------
    design_fingerprint
        Of the design it is for.
    override_reason
        Empty if the checks were passed; otherwise the written reason for going on.
    """

    design_fingerprint: str
    override_reason: str = ""


def examine(design: Design, limits: DiagnosticsSpec, *, modelled: bool = False) -> Diagnostics:
    """Hold a design against the thresholds of the study file. No outcome is needed, or taken.

    Parameters
    ----------
    design
        The comparison: its balance, the people in it and those dropped.
    limits
        The thresholds.
    modelled
        Whether the covariates go into a model of the time to the event: nobody is matched or weighted then, so only
        the numbers of people are checked.

    Returns
    -------
    Diagnostics
        Columns check, value, threshold, passed, meaning.
    """
    import pandas as pd

    return Diagnostics(
        design_fingerprint=design.fingerprint,
        _table=pd.DataFrame(list(checked(design, limits, modelled=modelled)), columns=COLUMNS),
    )


def permit(diagnostics: Diagnostics, override_reason: str = "") -> Permit:
    """Give leave to attach the outcome, if the checks were passed or a reason for going on is written down.

    Parameters
    ----------
    diagnostics
        Of the primary design.
    override_reason
        From the study file; printed in every report.

    Returns
    -------
    Permit

    Raises
    ------
    DesignError
        If a check failed and there is no reason.
    """
    if diagnostics.passed:
        return Permit(design_fingerprint=diagnostics.design_fingerprint)
    if override_reason.strip():
        return Permit(design_fingerprint=diagnostics.design_fingerprint, override_reason=override_reason.strip())
    raise DesignError("The outcome stays sealed: " + " ".join(diagnostics.reasons))
