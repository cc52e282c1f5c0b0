"""How far the two groups overlap by their scores, before anybody is matched: preference score and common support."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from dipeval.errors import InputError, InvariantError
from dipeval.matching.design import Design
from dipeval.matching.logistic import expit
from dipeval.matching.propensity_model import PropensityModel, area_under_curve
from dipeval.matching.trimming import EQUIPOISE, common_support
from dipeval.presenting import HtmlMixin, Summary, format_count, format_number, format_percent

if TYPE_CHECKING:
    from matplotlib.axes import Axes

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]

BANDS = 20
ENOUGH = 0.5


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Overlap(HtmlMixin):
    """How alike the scores of the two groups are before matching; make one with `overlap`.

    Parameters
    ----------
    n_treated, n_comparison
        People, all of them, whether a design uses them or not.
    share_treated
        Share of people treated (weighted by the sample weights that the model was fitted with, if any).
    equipoise
        Share of all people with a preference score from 0.3 to 0.7.
    equipoise_treated, equipoise_comparison
        The same within each group.
    common_support
        Lowest and highest score (probability) found in both groups; low above high where they do not meet.
    n_treated_outside, n_comparison_outside
        People outside that range.
    auc
        Chance that a treated person has a higher score than a comparison person. It tells how different the groups
        are, not how good the model is.
    """

    n_treated: int
    n_comparison: int
    share_treated: float
    equipoise: float
    equipoise_treated: float
    equipoise_comparison: float
    common_support: tuple[float, float]
    n_treated_outside: int
    n_comparison_outside: int
    auc: float
    _bands: pd.DataFrame = field(repr=False)

    def __post_init__(self) -> None:
        """Refuse to exist with a broken promise."""
        counted = int(self._bands["n_treated"].sum()), int(self._bands["n_comparison"].sum())
        if counted != (self.n_treated, self.n_comparison):
            raise InvariantError("The bands of the preference score do not add up to the people of each group.")

    def to_frame(self) -> pd.DataFrame:
        """Return one row a band of the preference score: band_from, band_to, n_treated, n_comparison."""
        return self._bands.copy()

    def summary(self) -> Summary:
        """Say in plain words how far the groups overlap."""
        low, high = self.common_support
        table = pd.DataFrame(
            {
                "Group": ["Treated", "Comparison"],
                "People": [format_count(self.n_treated), format_count(self.n_comparison)],
                "Preference score 0.3 to 0.7": [
                    format_percent(self.equipoise_treated),
                    format_percent(self.equipoise_comparison),
                ],
                "Outside common support": [
                    format_count(self.n_treated_outside),
                    format_count(self.n_comparison_outside),
                ],
            }
        )
        enough = min(self.equipoise_treated, self.equipoise_comparison) >= ENOUGH
        return Summary(
            title="Overlap of the groups",
            headline=(
                f"{format_percent(self.equipoise)} of {format_count(self.n_treated + self.n_comparison)} people might "
                "as well have been treated as not (preference score from 0.3 to 0.7); "
                f"{format_count(self.n_treated_outside)} treated and {format_count(self.n_comparison_outside)} "
                "comparison people have scores that the other group does not reach."
            ),
            table=table,
            notes=(
                "The preference score is the propensity score with the share of people treated taken out (0.5: as "
                "likely treated as anybody). Walker and others (2013) speak of equipoise where at least half of each "
                f"group lies from 0.3 to 0.7: here that {'is' if enough else 'is not'} so.",
                _support_in_words(low, high),
                f"A treated person has the higher score of two in {format_percent(self.auc)} of pairs (area under the "
                "curve). That tells how different the groups are before matching; it is no measure of the model's "
                "quality.",
                "Everybody counts once, whether a design uses them or not.",
            ),
        )

    def plot(self, ax: Axes | None = None) -> Axes:
        """Draw the preference scores of the groups, the band 0.3 to 0.7 shaded, and return the Axes."""
        from dipeval.plots.overlap import preference_plot

        return preference_plot(self.to_frame(), band=EQUIPOISE, ax=ax)


def overlap(design_or_model: Design | PropensityModel) -> Overlap:
    """Measure how far the groups overlap by their propensity scores, before anybody is matched.

    Parameters
    ----------
    design_or_model
        A design with a propensity score, or a propensity model.

    Returns
    -------
    Overlap
        ``to_frame()``: band_from, band_to, n_treated, n_comparison on the preference score.

    Raises
    ------
    InputError
        A design without a score, or with one that is no probability.

    Notes
    -----
    Walker, A. M., Patrick, A. R., Lauer, M. S., Hornbrook, M. C., Marin, M. G., Platt, R., Roger, V. L., Stang, P. and
    Schneeweiss, S. (2013), A tool for assessing the feasibility of comparative effectiveness research, Comparative
    Effectiveness Research 3, 11-20: logit of the preference score = logit of the propensity score - logit of the share
    treated. Common support is the range of scores found in both groups.

    Examples
    --------
    >>> import dipeval as dip
    >>> from dipeval.datasets import recid
    >>> found = dip.overlap(dip.propensity(recid(), treated="workprg", covariates=["priors", "educ", "age"]))
    >>> found.equipoise > 0.9, found.n_treated
    (True, 672)
    """
    logit, treated, share = _scores(design_or_model)
    preference = expit(logit - np.log(share / (1 - share)))
    inside = (preference >= EQUIPOISE[0]) & (preference <= EQUIPOISE[1])
    low, high = common_support(logit, treated)
    outside = (logit < low) | (logit > high)
    limits = expit(np.array([low, high]))
    return Overlap(
        n_treated=int(treated.sum()),
        n_comparison=int((~treated).sum()),
        share_treated=share,
        equipoise=float(inside.mean()),
        equipoise_treated=float(inside[treated].mean()),
        equipoise_comparison=float(inside[~treated].mean()),
        common_support=(float(limits[0]), float(limits[1])),
        n_treated_outside=int((outside & treated).sum()),
        n_comparison_outside=int((outside & ~treated).sum()),
        auc=area_under_curve(logit, treated),
        _bands=_bands(preference, treated),
    )


def _scores(source: Design | PropensityModel) -> tuple[Floats, Bools, float]:
    """Return the log odds, who was treated, and the share treated that the scores were made with."""
    if isinstance(source, PropensityModel):
        return source.logit.to_numpy(), source.is_treated.to_numpy(dtype=bool), source.share_treated
    if not isinstance(source, Design):
        raise InputError(
            "overlap takes a design (from dip.match or dip.weight) or a propensity model (from dip.propensity); it was "
            f"given a {type(source).__name__}."
        )
    score = source.score
    if score is None:
        raise InputError("This design has no propensity score: pass a model from dip.propensity instead.")
    if source.options.get("scale") == "given":
        raise InputError(
            "This design was made on a score of your own with scale='given', which need not be a probability: use "
            "scale='probability' or 'logit', or pass a model from dip.propensity."
        )
    values = score.to_numpy(dtype=np.float64)
    if source.propensity is not None:
        return _scores(source.propensity)
    treated = source.treated.to_numpy(dtype=bool)
    return np.log(values / (1 - values)), treated, float(treated.mean())


def _bands(preference: Floats, treated: Bools) -> pd.DataFrame:
    edges = np.round(np.linspace(0.0, 1.0, BANDS + 1), 10)
    return pd.DataFrame(
        {
            "band_from": edges[:-1],
            "band_to": edges[1:],
            "n_treated": np.histogram(preference[treated], bins=edges)[0].astype(np.int64),
            "n_comparison": np.histogram(preference[~treated], bins=edges)[0].astype(np.int64),
        }
    )


def _support_in_words(low: float, high: float) -> str:
    if low > high:
        return "No score is reached by both groups: they have no common support."
    return f"Common support: propensity scores from {format_number(low, 3)} to {format_number(high, 3)}."
