"""The diagnostics gate: is the comparison good enough to be given an outcome? Decided before any outcome is seen.

Each check compares one number of the design with a threshold of the study file. The gate is never loosened: a study
whose design fails is withheld, unless its file gives a written reason, which every report then prints.

Source of the checks: OHDSI CohortMethod (estimates are unblinded only when diagnostics pass); SMD 0.1 after
Austin (2009), Statistics in Medicine 28, 3083-3107.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from dipeval.errors import DesignError, InvariantError
from dipeval.presenting import HtmlMixin, Summary, format_count, format_number, format_percent

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    import pandas as pd
    from matplotlib.axes import Axes

    from dipeval.matching import Design
    from dipeval.study.spec import DiagnosticsSpec

COLUMNS = ["check", "value", "threshold", "passed", "meaning"]
BALANCE, TREATED_ANALYSED = "largest standardised difference", "treated people analysed"
EFFECTIVE_SIZE = "effective size of the comparison group"
SHARE_DROPPED = "share of treated people without a comparable person"
# Checks whose value counts people: it is shown as a count, under the disclosure rule.
COUNT_CHECKS = (TREATED_ANALYSED, EFFECTIVE_SIZE)
# Checks whose threshold is the most allowed; the others have a least.
AT_MOST = (BALANCE, SHARE_DROPPED)


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
        _table=pd.DataFrame(
            [check(design, limits) for check in (_MODEL_CHECKS if modelled else _CHECKS)], columns=COLUMNS
        ),
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


def people_behind(check: str, design: Design) -> int:
    """Return the smallest count of people that the value of a check rests on, for the disclosure rule.

    Parameters
    ----------
    check
        Name of the check.
    design
        The design examined.

    Returns
    -------
    int
    """
    analysed, submitted = _analysed(design)
    comparison = int((design.weights[~design.treated.astype(bool)] > 0).sum())
    if check != SHARE_DROPPED or not design.pairs().size:
        return min(analysed, comparison)
    # A share of people left out tells how many they are, nobody included; weighting leaves nobody out by its nature.
    return min(analysed, comparison, submitted - analysed)


def fewest_people(design: Design, term: Mapping[Any, Any]) -> int:
    """Return the smallest count of people that a row of averages tells of, for the disclosure rule.

    Parameters
    ----------
    design
        The comparison.
    term
        Row of its balance table: averages, and whether the term is yes or no.

    Returns
    -------
    int
        Of a yes/no term the fewest people with or without it in either group, before or after; else the smaller group.
    """
    treated, weights = design.treated.astype(bool), design.weights
    analysed = min(int((treated & (weights > 0)).sum()), int((~treated & (weights > 0)).sum()))
    if not term["binary"]:
        return analysed
    shares_of = {
        "mean_treated": int(treated.sum()),
        "mean_treated_after": int((treated & (weights > 0)).sum()),
        "mean_comparison_before": int((~treated).sum()),
        "mean_comparison_after": int((~treated & (weights > 0)).sum()),
    }
    counts = [part * size for name, size in shares_of.items() for part in (term[name], 1 - term[name])]
    return max(0, math.floor(min(analysed, *counts) + 1e-9))


def _balance(design: Design, limits: DiagnosticsSpec) -> tuple[Any, ...]:
    worst = float(design.balance().max_smd)
    passed = worst <= limits.max_smd
    meaning = (
        f"The largest standardised difference between the groups is {format_number(worst, 3)}; "
        f"{'at most' if passed else 'more than'} {format_number(limits.max_smd, 3)}, the most allowed."
    )
    return BALANCE, worst, limits.max_smd, passed, meaning


def _treated(design: Design, limits: DiagnosticsSpec) -> tuple[Any, ...]:
    analysed, _ = _analysed(design)
    passed = analysed >= limits.min_treated
    least = format_count(limits.min_treated)
    meaning = f"{'At least' if passed else 'Fewer than'} {least} treated people could be analysed, the fewest allowed."
    return TREATED_ANALYSED, float(analysed), float(limits.min_treated), passed, meaning


def _effective_size(design: Design, limits: DiagnosticsSpec) -> tuple[Any, ...]:
    size = float(design.ess)
    passed = size >= limits.min_ess
    least = format_count(limits.min_ess)
    meaning = (
        f"The comparison group is worth {'at least' if passed else 'fewer than'} {least} unweighted people, "
        "the fewest allowed."
    )
    return EFFECTIVE_SIZE, size, limits.min_ess, passed, meaning


def _dropped(design: Design, limits: DiagnosticsSpec) -> tuple[Any, ...]:
    analysed, submitted = _analysed(design)
    share = 1 - analysed / submitted if submitted else 1.0
    passed = share <= limits.max_share_dropped
    most = format_percent(limits.max_share_dropped, 0)
    meaning = (
        f"{'At most' if passed else 'More than'} {most} of the treated people had to be left out because no one was "
        f"comparable with them; {most} is the most allowed."
    )
    return SHARE_DROPPED, share, limits.max_share_dropped, passed, meaning


def _analysed(design: Design) -> tuple[int, int]:
    """Treated people with a weight, and all treated people, counted from the weights themselves."""
    treated = design.treated.astype(bool)
    return int((design.weights[treated] > 0).sum()), int(treated.sum())


_CHECKS: tuple[Callable[[Design, DiagnosticsSpec], tuple[Any, ...]], ...] = (
    _balance,
    _treated,
    _effective_size,
    _dropped,
)
_MODEL_CHECKS = (_treated, _effective_size)
