"""The share who ever reoffend under several families side by side: how much of it is the family's guess."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import pandas as pd

from dipeval.errors import EstimationError, InvariantError
from dipeval.presenting import HtmlMixin, Summary, format_interval, format_number, format_percent, format_points
from dipeval.survival.options import names_of
from dipeval.survival.parametric.families import FAMILIES, get_family
from dipeval.survival.parametric.split import SplitPopulation, split_population
from dipeval.survival.parametric.splitting import NoShareError

if TYPE_CHECKING:
    from dipeval.plots.style import Axes  # its name for matplotlib's: only plots imports matplotlib

COMPARISON_COLUMNS = (
    "family",
    "share_ever",
    "std_error",
    "conf_low",
    "conf_high",
    "seen_of_ever",
    "loglik",
    "aic",
    "n",
    "n_events",
)


def compare_families(
    data: pd.DataFrame,
    *,
    time: str,
    event: str,
    ever: Sequence[str] = (),
    timing: Sequence[str] = (),
    entry: str | None = None,
    weights: str | None = None,
    cluster: str | Sequence[str] | None = None,
    id: str | None = None,
    families: Sequence[str] = tuple(FAMILIES),
    robust: bool | None = None,
    level: float = 0.95,
) -> FamilyComparison:
    """Fit a split population with each family and put the shares who ever reoffend side by side.

    Parameters
    ----------
    data, time, event, ever, timing, entry, weights, cluster, id, robust, level
        As for `split_population`.
    families
        Names of the families, at least two.

    Returns
    -------
    FamilyComparison
        `to_frame()` has family, share_ever, std_error, conf_low, conf_high, seen_of_ever, loglik, aic, n, n_events.

    Raises
    ------
    EstimationError
        If fewer than two families are named, or the share runs to its end with all of them.

    Notes
    -----
    Chung, Schmidt and Witte (1991), *J. Quantitative Criminology* 7, 59-98, show how far the share depends on the
    family where follow-up is short. A family whose share runs to 1 is left out of the table and named in the notes.

    Examples
    --------
    >>> from dipeval import datasets
    >>> from dipeval.survival.parametric import compare_families
    >>> found = compare_families(
    ...     datasets.recid(), time="months_to_return", event="returned", families=["lognormal", "weibull"])
    >>> found.to_frame()[["family", "share_ever", "loglik"]].round(3)
          family  share_ever    loglik
    0  lognormal       0.460 -3213.105
    1    weibull       0.397 -3219.499
    """
    named = names_of("families", families)
    if len(named) < 2 or len(set(named)) < len(named):
        raise EstimationError("`families` names at least two different families, such as ['lognormal', 'weibull'].")
    models: list[SplitPopulation] = []
    left_out: list[str] = []
    for name in named:
        words = get_family(name).words
        try:
            models.append(
                split_population(
                    data,
                    time=time,
                    event=event,
                    ever=ever,
                    timing=timing,
                    entry=entry,
                    weights=weights,
                    cluster=cluster,
                    id=id,
                    family=name,
                    robust=robust,
                    level=level,
                )
            )
        except NoShareError as error:
            left_out.append(f"{words} left out: {error}")
    if not models:
        raise EstimationError(f"No family gives a share who ever reoffend. {left_out[0]}")
    return FamilyComparison(
        level=level,
        followed_to=models[0].followed_to,
        share_seen=models[0].share_seen,
        left_out=tuple(left_out),
        _frame=pd.concat([_row(model) for model in models], ignore_index=True),
        _method=models[0].method.replace(f"{FAMILIES[models[0].family].words} family, ", ""),
    )


def _row(model: SplitPopulation) -> pd.DataFrame:
    share = model.share_ever.rename(columns={"estimate": "share_ever"})
    more = share.assign(family=model.family, seen_of_ever=model.seen_of_ever, loglik=model.loglik, aic=model.aic)
    return more[list(COMPARISON_COLUMNS)]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class FamilyComparison(HtmlMixin):
    """The share who ever reoffend by family.

    Parameters
    ----------
    level
        Coverage of the intervals.
    followed_to
        Longest time observed.
    share_seen
        Share seen to reoffend by then (Kaplan-Meier).
    left_out
        A sentence for each family without a share.
    """

    level: float
    followed_to: float
    share_seen: float
    left_out: tuple[str, ...]
    _frame: pd.DataFrame = field(repr=False)
    _method: str = field(repr=False)

    def __post_init__(self) -> None:
        if tuple(self._frame.columns) != COMPARISON_COLUMNS or self._frame.empty:
            raise InvariantError("A comparison of families does not have the documented columns, or no row.")
        if not self._frame["share_ever"].between(0, 1).all():
            raise InvariantError("A share who ever reoffend is not between 0 and 1.")

    @property
    def moves_by(self) -> float:
        """Largest share less the smallest."""
        return float(self._frame["share_ever"].max() - self._frame["share_ever"].min())

    @property
    def best(self) -> str:
        """The family with the highest log-likelihood."""
        return str(self._frame.loc[self._frame["loglik"].idxmax(), "family"])

    def to_frame(self) -> pd.DataFrame:
        """Return a row a family.

        Returns
        -------
        pandas.DataFrame
            family, share_ever, std_error, conf_low, conf_high (delta method, logit scale), seen_of_ever (share of those
            who ever reoffend seen to within the follow-up), loglik, aic (NaN with weights), n (rows), n_events.
        """
        return self._frame.copy()

    def summary(self) -> Summary:
        """Return how many points the share moves with the family, beside what was seen."""
        frame, percent = self._frame, round(100 * self.level)
        seen = f"{format_percent(self.share_seen)} were seen to by the end of the follow-up ({self.followed_to:g})"
        if len(frame) > 1:
            headline = (
                f"The share who ever reoffend moves by {format_points(self.moves_by)} with the family, from "
                f"{format_percent(frame['share_ever'].min())} to {format_percent(frame['share_ever'].max())}; {seen}."
            )
        else:
            only = FAMILIES[frame["family"][0]].words
            headline = (
                f"Only the {only} family gives a share who ever reoffend, "
                f"{format_percent(frame['share_ever'][0])}; {seen}."
            )
        table = pd.DataFrame(
            {
                "Family": [FAMILIES[name].words for name in frame["family"]],
                "Ever reoffend": [format_percent(value) for value in frame["share_ever"]],
                f"{percent}% interval": [
                    format_interval(100 * low, 100 * high, 1)
                    for low, high in zip(frame["conf_low"], frame["conf_high"], strict=True)
                ],
                "Log-likelihood": [format_number(value) for value in frame["loglik"]],
                "AIC": [format_number(value, 1) for value in frame["aic"]],
            }
        )
        notes = (
            f"{self._method}; {frame['n'][0]:,} rows, {frame['n_events'][0]:,} events. Intervals by the delta method "
            "on the logit scale: they do not cover the choice of family.",
            f"Highest log-likelihood: {FAMILIES[self.best].words}. What no follow-up has seen, no likelihood settles.",
            *self.left_out,
        )
        return Summary(title="Share who ever reoffend, by family", headline=headline, table=table, notes=notes)

    def plot(self, ax: Axes | None = None) -> Axes:
        """Draw the share of every family with its interval beside the share seen; return the Axes drawn on."""
        from dipeval.plots.parametric import share_by_family

        shown = self._frame.assign(words=[FAMILIES[name].words for name in self._frame["family"]])
        return share_by_family(shown, share_seen=self.share_seen, followed_to=self.followed_to, ax=ax)
