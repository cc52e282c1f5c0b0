"""What can be known before any outcome: who would be compared, how alike they are, and what could be detected."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from dipeval.disclosure import is_small, share_digits
from dipeval.presenting import HtmlMixin, Summary, format_percent, format_points

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from dipeval.disclosure import DisclosureRule
    from dipeval.effects import SpecificationDesigns
    from dipeval.linkage import Linkage
    from dipeval.matching import Design
    from dipeval.study.gate import Diagnostics
    from dipeval.study.spec import StudySpec
    from dipeval.study.steps import SensitivityResult

POWER = 0.80
OVERLAP_BANDS = 10
UNTOUCHED = "No outcome was looked at."


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class CheckResult(HtmlMixin):
    """The result of ``Study.check()``: a study as designed, its outcomes untouched.

    Parameters
    ----------
    spec
        The study.
    rule
        How small counts must be protected.
    design, diagnostics
        The primary design and its checks.
    sensitivity
        Further designs, without effects.
    linkage
        Whose records are whose, so that links can be reviewed before any outcome is looked at; None for person-level
        tables.
    assumptions
        What the design assumes of values that are not recorded; empty where none is missing.
    specifications
        The designs of the specification curve, without effects; None if not asked for.
    """

    spec: StudySpec
    rule: DisclosureRule
    design: Design
    diagnostics: Diagnostics
    sensitivity: tuple[SensitivityResult, ...]
    linkage: Linkage | None = None
    assumptions: tuple[str, ...] = ()
    specifications: SpecificationDesigns | None = None
    _flow: pd.DataFrame = field(repr=False)

    @property
    def flow(self) -> pd.DataFrame:
        """Attrition down to who would be analysed: step, label, n_people, n_excluded."""
        return self._flow.copy()

    @property
    def minimum_detectable(self) -> float:
        """Smallest difference in shares (0-1) found with a chance of 80%, for the expected share in the study file."""
        return self.design.minimum_detectable_difference(self.spec.diagnostics.expected_share, power=POWER)

    @property
    def designs(self) -> pd.DataFrame:
        """The primary and the further designs side by side (`designs_table`)."""
        from dipeval.study.designs_table import designs_table

        return designs_table(self.design, self.diagnostics, self.sensitivity, self.spec)

    def overlap(self) -> pd.DataFrame:
        """Return people by band of the propensity score.

        Returns
        -------
        pandas.DataFrame
            band_from, band_to, n_treated, n_comparison; ten bands. No row if the design has no score.
        """
        return overlap(self.design)

    def detectable_in_words(self) -> str:
        """Return the sentence that says how small an effect this study could find."""
        if self.spec.primary.kind == "time":
            return "How small an effect on a time would be found is not worked out here."
        expected = format_percent(self.spec.diagnostics.expected_share, 0)
        smallest = min(self.design.n_treated, self.design.n_comparison)
        if is_small(smallest, self.rule):
            return "Too few people could be compared to say here how small an effect would be found."
        least = format_points(self.minimum_detectable, share_digits(smallest, self.rule))
        return (
            f"With these groups a difference of {least} or more would be found with a "
            f"chance of {format_percent(POWER, 0)}, if {expected} of the comparison group have the outcome. "
            "Smaller effects may well be missed."
        )

    def in_words(self) -> str:
        """Return the whole check as lines of text whose counts have passed the disclosure rule."""
        from dipeval.study.check_words import check_in_words

        return check_in_words(self)

    def to_frame(self) -> pd.DataFrame:
        """Return the balance table of the primary design (columns: see `Balance.to_frame`)."""
        return self.design.balance().to_frame()

    def plot(self, ax: Axes | None = None) -> Axes:
        """Draw the balance of the primary design before and after, with the study's threshold, and return the Axes."""
        from dipeval.plots.balance import love_plot

        return love_plot(self.to_frame(), ax=ax, threshold=self.spec.diagnostics.max_smd)

    def summary(self) -> Summary:
        """Return whether the outcome would be opened, the table of checks, and what could be detected."""
        verdict = self.diagnostics.summary()
        table = self.diagnostics.to_frame()[["check", "value", "threshold", "passed"]]
        return Summary(
            title=self.spec.title,
            headline=verdict.headline,
            table=table,
            notes=(*verdict.notes, *self.assumptions, self.detectable_in_words(), UNTOUCHED),
        )


def overlap(design: Design) -> pd.DataFrame:
    """Count both groups by tenth of the propensity score's range 0 to 1."""
    columns = ["band_from", "band_to", "n_treated", "n_comparison"]
    if design.score is None:
        return pd.DataFrame(columns=columns)
    edges = np.linspace(0, 1, OVERLAP_BANDS + 1)
    treated = design.treated.astype(bool)
    counts = [np.histogram(design.score[group], bins=edges)[0] for group in (treated, ~treated)]
    return pd.DataFrame(dict(zip(columns, (edges[:-1], edges[1:], *counts), strict=True)))
