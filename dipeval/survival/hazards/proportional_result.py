"""What a test of proportional hazards says: its table, its words, and the residuals it is drawn from."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from scipy.special import ndtri

from dipeval.errors import EstimationError, InvariantError
from dipeval.presenting import HtmlMixin, Summary, format_number, format_p
from dipeval.survival.columns import Floats
from dipeval.survival.options import is_whole, one_name
from dipeval.vocabulary import label

if TYPE_CHECKING:
    from dipeval.plots.style import Axes  # its name for matplotlib's: only plots imports matplotlib

GLOBAL = "GLOBAL"
TRANSFORMS = {
    "km": "one less the Kaplan-Meier curve of all people",
    "rank": "the rank of the time among all rows",
    "identity": "time itself",
    "log": "the logarithm of time",
}
_CLEAR = 0.05
_KNOTS = 4
_MOST_POINTS = 10_000


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class ProportionalHazardsTest(HtmlMixin):
    """Score tests of whether log hazard ratios change with time.

    Parameters
    ----------
    transform
        The function of time: "km", "rank", "identity" or "log".
    robust
        Whether the variance comes from rows or clusters rather than from the model.
    weighted, clustered
        Whether the model had weights or clusters.
    n_events
        Events (never weighted).
    level
        Coverage of the band around the smooth.
    """

    transform: str
    robust: bool
    weighted: bool
    clustered: bool
    n_events: int
    level: float
    _frame: pd.DataFrame = field(repr=False)
    _times: Floats = field(repr=False)
    _scale: Floats = field(repr=False)
    _residuals: pd.DataFrame = field(repr=False)
    _spread: Floats = field(repr=False)

    def __post_init__(self) -> None:
        if not self._frame["p_value"].between(0, 1).all():
            raise InvariantError("A test of proportional hazards has a p-value outside 0 to 1.")
        if self._frame["df"].iloc[-1] != self._frame["df"].iloc[:-1].sum():
            raise InvariantError("The global test of proportional hazards does not cover every term once.")

    def to_frame(self) -> pd.DataFrame:
        """Return one row a term, then GLOBAL: term, statistic (chi-square), df, p_value."""
        return self._frame.copy()

    def residuals(self) -> pd.DataFrame:
        """Return scaled Schoenfeld residuals, a row an event in order of time: time_days, transformed, the terms."""
        return pd.concat(
            [pd.DataFrame({"time_days": self._times, "transformed": self._scale}), self._residuals], axis=1
        )

    def smooth(self, term: str, points: int = 60) -> pd.DataFrame:
        """Return the log hazard ratio of a term as it moves over time, by a natural cubic spline.

        Parameters
        ----------
        term
            A covariate of the model.
        points
            How many times, evenly spread over the transformed scale.

        Returns
        -------
        pandas.DataFrame
            time_days, transformed, estimate, conf_low, conf_high (pointwise).
        """
        self._check_term(term)
        if not is_whole(points, 2, _MOST_POINTS):
            raise EstimationError(f"`points` is how many times are shown, a whole number from 2 to {_MOST_POINTS:,}.")
        grid = np.linspace(self._scale.min(), self._scale.max(), points)
        knots = np.unique(np.quantile(self._scale, np.linspace(0, 1, _KNOTS)))
        basis, shown = _natural_spline(self._scale, knots), _natural_spline(grid, knots)
        hat = shown @ np.linalg.pinv(basis)
        place = list(self._residuals.columns).index(term)
        estimate = hat @ self._residuals[term].to_numpy()
        reach = ndtri(0.5 + self.level / 2) * np.sqrt(self._spread[place] * np.einsum("ij,ij->i", hat, hat))
        return pd.DataFrame(
            {
                "time_days": np.interp(grid, self._scale, self._times),
                "transformed": grid,
                "estimate": estimate,
                "conf_low": estimate - reach,
                "conf_high": estimate + reach,
            }
        )

    def summary(self) -> Summary:
        """Return which hazard ratios change with time, as far as the events can tell."""
        terms, overall = self._frame.iloc[:-1], self._frame.iloc[-1]
        moving = [f"'{label(term)}'" for term in terms.loc[terms["p_value"] < _CLEAR, "term"]]
        told = (
            f"The hazard ratio of {', '.join(moving)} changes with time (p below 0.05)"
            if moving
            else "No term's hazard ratio can be told apart from one that stays the same over time"
        )
        headline = (
            f"{told}; all terms together: chi-square {format_number(overall['statistic'])} on {overall['df']} "
            f"degree{'' if overall['df'] == 1 else 's'} of freedom, p = {format_p(overall['p_value'])}.".replace(
                "= <", "< "
            )
        )
        table = pd.DataFrame(
            {
                "Term": ["All together" if term == GLOBAL else label(term) for term in self._frame["term"]],
                "Chi-square": [format_number(value) for value in self._frame["statistic"]],
                "df": self._frame["df"],
                "p": [format_p(value) for value in self._frame["p_value"]],
            }
        )
        return Summary(title="Test of proportional hazards", headline=headline, table=table, notes=self._notes())

    def _notes(self) -> tuple[str, ...]:
        error = "robust variance" if self.robust else "model-based variance"
        notes = [
            f"Score test of each term times {TRANSFORMS[self.transform]}, {error}; {self.n_events:,} events.",
            "Few events show only large changes; many show changes too small to matter: look at the picture.",
        ]
        if not self.robust and (self.weighted or self.clustered):
            taken = {"weights as people": self.weighted, "clusters as unrelated": self.clustered}
            what = " and ".join(words for words, so in taken.items() if so)
            notes.append(f"This form, R's cox.zph, takes {what}; robust=True gives the test that does not.")
        return tuple(notes)

    def plot(self, ax: Axes | None = None, *, term: str | None = None) -> Axes:
        """Draw one term's scaled Schoenfeld residuals over time with a smooth, and return the Axes drawn on.

        Parameters
        ----------
        ax
            Axes to draw on; a new figure without it.
        term
            A covariate; by default the one whose hazard ratio seems to change most.
        """
        from dipeval.plots.proportional import residual_plot

        chosen = str(self._frame["term"].iloc[int(self._frame["p_value"].iloc[:-1].argmin())]) if term is None else term
        smooth = self.smooth(chosen)
        points = pd.DataFrame(
            {"time_days": self._times, "transformed": self._scale, "residual": self._residuals[chosen].to_numpy()}
        )
        return residual_plot(points, smooth, term=chosen, ax=ax)

    def _check_term(self, term: str) -> None:
        one_name("term", term)
        if term not in self._residuals.columns:
            raise EstimationError(
                f"`term` is one of {', '.join(map(str, self._residuals.columns))}; '{term}' is not in the model."
            )


def _natural_spline(values: Floats, knots: Floats) -> Floats:
    """Return a natural cubic spline's columns: cubic between the knots, straight outside (a line with two knots)."""
    last, span = len(knots) - 1, knots[-1] - knots[0]

    def bend(k: int) -> Floats:
        cubes = np.maximum(values - knots[k], 0) ** 3 - np.maximum(values - knots[last], 0) ** 3
        return cubes / ((knots[last] - knots[k]) * span)

    curved = [bend(k) - bend(last - 1) for k in range(last - 1)]
    return np.column_stack([np.ones(len(values)), values - knots[0], *curved])
