"""The check on ourselves: in a randomised trial, adjusting moves the estimate by at most one standard error."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from dipeval.effects import shift_in_standard_errors
from dipeval.presenting import HtmlMixin, Summary, format_number

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes

    from dipeval.effects import Effect

MOST_ALLOWED = 1.0


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class RandomisedCheck(HtmlMixin):
    """Adjusted against unadjusted, where chance made the groups alike.

    Parameters
    ----------
    adjusted, unadjusted
        The primary effect with and without the design.
    shift
        Distance between the two, in standard errors of the unadjusted one.
    """

    adjusted: Effect
    unadjusted: Effect
    shift: float

    @property
    def passed(self) -> bool:
        """Whether adjusting moved the estimate by at most one standard error."""
        return self.shift <= MOST_ALLOWED

    def to_frame(self) -> pd.DataFrame:
        """Return two rows, adjusted and unadjusted: label, then the columns of `Effect.to_frame`.

        Returns
        -------
        pandas.DataFrame
            label, term, group, estimate, std_error, conf_low, conf_high, p_value, n, n_treated, n_comparison,
            mean_treated, mean_comparison.
        """
        from dipeval.effects import effects_frame

        return effects_frame({"Adjusted": self.adjusted, "Unadjusted": self.unadjusted})

    def summary(self) -> Summary:
        """Return the verdict in a sentence, with both estimates."""
        verdict = "at most one is" if self.passed else "more than one is not"
        return Summary(
            title="Check on the method: a randomised trial",
            headline=(
                f"Treatment was assigned at random. Adjusting moved the estimate by {format_number(self.shift)} "
                f"standard errors; {verdict} what chance assignment allows."
            ),
            table=self.to_frame(),
        )

    def plot(self, ax: Axes | None = None) -> Axes:
        """Draw both estimates with their intervals and return the Axes drawn on."""
        from dipeval.plots.effects import effect_plot

        return effect_plot(self.to_frame(), ax=ax)


def randomised_check(effects: tuple[Effect, ...], unadjusted: tuple[Effect, ...]) -> RandomisedCheck | None:
    """Compare the primary effect with and without adjustment.

    Parameters
    ----------
    effects, unadjusted
        Primary first; None comes back if either is empty.

    Returns
    -------
    RandomisedCheck or None
    """
    if not effects or not unadjusted:
        return None
    shift = shift_in_standard_errors(effects[0], unadjusted[0])
    return RandomisedCheck(adjusted=effects[0], unadjusted=unadjusted[0], shift=shift)
