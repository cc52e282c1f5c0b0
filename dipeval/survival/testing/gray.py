"""Gray's test: do groups differ in the share to whom a thing happens, where something else may happen first?"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from scipy.special import chdtrc

from dipeval.errors import EstimationError, InvariantError
from dipeval.presenting import HtmlMixin, Summary, format_number, format_p
from dipeval.survival.columns import CENSORED
from dipeval.survival.hazards.competing import Competing, cause_number, cause_words, read_competing
from dipeval.survival.options import is_number
from dipeval.survival.testing.comparing import check_groups_named
from dipeval.survival.testing.counting import check_seen, chi_square
from dipeval.survival.testing.gray_counts import gray_counts
from dipeval.vocabulary import label

if TYPE_CHECKING:
    from dipeval.plots.style import Axes  # its name for matplotlib's: only plots imports matplotlib


def gray_test(
    data: pd.DataFrame,
    *,
    time: str,
    cause: str,
    by: str,
    of: int | str | None = None,
    strata: str | Sequence[str] | None = None,
    rho: float = 0.0,
    censored: Sequence[str] = CENSORED,
    weights: str | None = None,
    cluster: str | Sequence[str] | None = None,
) -> GrayTest:
    """Test whether groups have the same cumulative incidence of each cause.

    Parameters
    ----------
    data
        One row a person.
    time
        Column with the time of whatever happened first or of leaving observation, from 0.
    cause
        Column with what happened: 0 (left observation) or a whole number from 1; or words, those in `censored` meaning
        that observation ended.
    by
        Column with the groups, two or more.
    of
        The cause tested, by its number or word; every cause if None.
    strata
        Column or columns within whose values groups are compared.
    rho
        Power of the share to whom the cause has not yet happened; above 0 early differences weigh more.
    censored
        Words that mean no more than that observation ended.
    weights, cluster
        Not available in this test, which counts people: a sentence says what to use instead.

    Returns
    -------
    GrayTest
        `to_frame()` has cause, statistic, df, p_value, n (people), n_events: a row a cause.

    Raises
    ------
    EstimationError
        If there are fewer than two groups, a group is never at risk, there are too few events of a cause, weights or
        clusters are named, or a column cannot be analysed.

    Notes
    -----
    Gray (1988), *Annals of Statistics* 16, 1141-1154. People to whom something else happened stay in the comparison,
    for the question is about shares of everybody and not about rates among those still at risk.

    Examples
    --------
    >>> from dipeval import datasets, gray_test
    >>> people = datasets.rossi()
    >>> people["first"] = people["arrested"].where(people["prio"] < 5, 2 * people["arrested"])
    >>> gray_test(people, time="weeks_to_arrest", cause="first", by="fin").to_frame().round(3)
      cause  statistic  df  p_value    n  n_events
    0     1      1.691   1    0.193  432        83
    1     2      1.758   1    0.185  432        31
    """
    if weights is not None or cluster is not None:
        raise EstimationError(
            "Gray's test counts people, and takes neither weights nor clusters: use fine_gray(weights=..., "
            "cluster=...) with the group alone as covariate, whose robust score test asks the same with weights."
        )
    if not is_number(rho) or not 0 <= rho < np.inf:
        raise EstimationError("`rho` is 0, or a positive number (early differences weigh more).")
    found = read_competing(data, time=time, cause=cause, censored=censored, by=by, strata=strata)
    check_groups_named(found.rows.group_names, by)
    numbers = range(1, len(found.names) + 1) if of is None else [cause_number(found.names, of, cause)]
    tested = [_test_one(found, number, float(rho)) for number in numbers]
    return GrayTest(
        rho=float(rho),
        stratified=strata is not None,
        group_names=found.rows.group_names,
        _frame=pd.DataFrame([row for row, _ in tested]),
        _counts=pd.concat([counts for _, counts in tested], ignore_index=True),
    )


def _test_one(found: Competing, number: int, rho: float) -> tuple[dict[str, object], pd.DataFrame]:
    names, groups = found.names, found.rows.group_names
    observed, expected, variance = gray_counts(found.rows, found.cause == number, rho)
    check_seen(groups, expected)
    df = len(groups) - 1
    try:
        statistic = chi_square(observed, expected, variance)
    except EstimationError as error:
        raise EstimationError(f"Cause '{names[number - 1]}' cannot be tested. {error}") from None
    row = {
        "cause": names[number - 1],
        "statistic": statistic,
        "df": df,
        "p_value": float(chdtrc(df, statistic)),
        "n": len(found.rows),
        "n_events": int((found.cause == number).sum()),
    }
    counts = {
        "cause": names[number - 1],
        "group": groups,
        "n": np.bincount(found.rows.group, minlength=len(groups)),
        "observed": observed,
        "expected": expected,
    }
    return row, pd.DataFrame(counts)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class GrayTest(HtmlMixin):
    """Gray's test of equal cumulative incidence, a chi-square a cause.

    Parameters
    ----------
    rho
        Power of the share to whom the cause has not yet happened; 0 weighs all times alike.
    stratified
        Whether groups were compared within strata.
    group_names
        The groups, in order.
    """

    rho: float
    stratified: bool
    group_names: tuple[str, ...]
    _frame: pd.DataFrame = field(repr=False)
    _counts: pd.DataFrame = field(repr=False)

    def __post_init__(self) -> None:
        found = self._frame
        if not (np.isfinite(found["statistic"]).all() and found["p_value"].between(0, 1).all()):
            raise InvariantError("A test has no statistic, or a p-value outside 0 to 1.")
        sums = self._counts.groupby("cause", sort=False)[["observed", "expected"]].sum()
        if ((sums["observed"] - sums["expected"]).abs() > 1e-6 * (1 + sums["observed"])).any():
            raise InvariantError("Observed and expected events do not add up to the same number.")

    @property
    def causes(self) -> tuple[str, ...]:
        """The causes tested, in order."""
        return tuple(self._frame["cause"])

    @property
    def method(self) -> str:
        """The test in words."""
        weighed = "" if self.rho == 0 else f", rho = {self.rho:g}"
        return f"Gray's test{weighed}" + (", stratified" if self.stratified else "")

    def to_frame(self) -> pd.DataFrame:
        """Return one row a cause: cause, statistic (chi-square), df, p_value, n (people), n_events (of the cause)."""
        return self._frame.copy()

    def counts(self) -> pd.DataFrame:
        """Return one row a cause and group: cause, group, n (people), observed, expected (events of the cause).

        Both are weighted by time where `rho` is above 0.
        """
        return self._counts.copy()

    def summary(self) -> Summary:
        """Return what the test says of every cause."""
        columns = (self._frame[name].tolist() for name in ("cause", "statistic", "df", "p_value"))
        told = [_verdict(*row) for row in zip(*columns, strict=True)]
        table = pd.DataFrame(
            {
                "Cause": [name.replace("_", " ") for name in self._counts["cause"]],
                "Group": self._counts["group"],
                "People": self._counts["n"],
                "Observed": [format_number(value, 1) for value in self._counts["observed"]],
                "Expected": [format_number(value, 1) for value in self._counts["expected"]],
            }
        )
        notes = (
            self.method + ".",
            "Expected: if the groups had the same cumulative incidence. People to whom something else happened first "
            "stay in the comparison.",
        )
        return Summary(title="Test of equal cumulative incidence", headline=" ".join(told), table=table, notes=notes)

    def plot(self, ax: Axes | None = None) -> Axes:
        """Draw the events observed beside those expected, by cause and group, and return the Axes drawn on."""
        from dipeval.plots.events import observed_expected_plot

        frame = self.counts()
        if len(self.causes) > 1:
            frame["group"] = [
                f"{cause.replace('_', ' ')}: {label(group)}"
                for cause, group in zip(frame["cause"], frame["group"], strict=True)
            ]
        return observed_expected_plot(frame, ax=ax)


def _verdict(cause: str, statistic: float, df: int, p_value: float) -> str:
    verdict = "differs between the groups" if p_value < 0.05 else "cannot be told apart between the groups"
    freedom = f"{df} degree{'' if df == 1 else 's'} of freedom"
    words = f"chi-square {format_number(statistic)} on {freedom}, p = {format_p(p_value)}.".replace("= <", "< ")
    return f"The share with {cause_words(cause)} {verdict} at the 5% level: {words}"
