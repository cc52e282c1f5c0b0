"""How many people are behind a figure: the smallest count it tells of, directly or by subtraction."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import pandas as pd

from dipeval.disclosure import DisclosureRule, is_small

if TYPE_CHECKING:
    from dipeval.effects import Effect, NegativeControls, RosenbaumBounds, SpecificationCurve, SubgroupEffects


def smallest_count(effect: Effect) -> int:
    """Return the smallest count an effect rests on.

    Counted are the groups; of a yes/no outcome also those it did and did not happen to; of a number of events also the
    events, as at most that many people can be behind them. Weighted counts and those of the people themselves are both
    looked at, whichever is smaller.
    """
    return smallest_behind(
        effect.outcome_kind,
        sizes=(effect.n_treated, effect.n_comparison),
        # A rate over the time at risk, or a mean number of days, is no number of events a person.
        means=() if effect.timed or effect.outcome_kind == "time" else (effect.mean_treated, effect.mean_comparison),
        events=(effect.n_events_treated, effect.n_events_comparison),
    )


def smallest_behind(
    kind: str, *, sizes: Sequence[int], means: Sequence[float] = (), events: Sequence[int | None] = ()
) -> int:
    """Return the smallest count behind figures of some groups.

    Parameters
    ----------
    kind
        Of the outcome: ``yes_no``, ``count``, ``number`` or ``time``.
    sizes
        People in each group.
    means
        Of each group, as far as they are numbers of events a person (shares of a yes/no outcome); missing ones rest on
        nobody.
    events
        Of each group, unweighted, as far as they are known.

    Returns
    -------
    int

    Examples
    --------
    >>> smallest_behind("yes_no", sizes=(100, 200), means=(0.05, 0.97))
    5
    >>> smallest_behind("number", sizes=(100, 200), means=(0.05, 0.97))
    100
    """
    if kind not in ("yes_no", "count", "time"):
        return min(sizes)
    happened = [0.0 if mean != mean else mean * size for mean, size in zip(means, sizes, strict=bool(means))]
    pairs = [(count, size) for count, size in zip(events, sizes, strict=bool(events)) if count is not None]
    counts: list[float] = [*sizes, *happened, *(count for count, _ in pairs)]
    if kind == "yes_no":
        # A share of exactly 0 or 1 tells of everybody in the group and is as small as a count can be.
        counts += [size - count for size, count in zip(sizes, happened, strict=bool(happened))]
        counts += [size - count for count, size in pairs]
    return max(0, math.floor(min(counts) + 1e-9))


def behind_subgroups(found: SubgroupEffects, rule: DisclosureRule) -> pd.Series:
    """Return the smallest count behind each subgroup; 0 for those that must be withheld.

    The subgroups of a column add up to everybody, so that one too small to be shown takes the next smallest with it
    until subtraction finds nothing small.

    Parameters
    ----------
    found
        The subgroups.
    rule
        The rule in force.

    Returns
    -------
    pandas.Series
        As the rows of ``found.to_frame()``.
    """
    frame = found.to_frame()
    fewest = pd.Series([_behind_subgroup(found, row) for row in frame.to_dict("records")], index=frame.index)
    if rule.protects:
        for _, part in frame.groupby("column", sort=False):
            fewest[_withheld_with(part, fewest, rule)] = 0
    return fewest


def _behind_subgroup(found: SubgroupEffects, row: dict[Any, Any]) -> int:
    """A subgroup without an estimate has too few people, or no spread: either rests on next to nobody."""
    if pd.isna(row["estimate"]):
        return 0
    whole = found.overall
    sides = ("treated", "comparison")
    sizes = [int(row[f"n_{side}"]) for side in sides]
    means = [float(row[f"mean_{side}"]) for side in sides]
    if whole.timed:
        # The time at risk of a subgroup is not kept: its events are taken to follow its rate.
        overall = [
            (getattr(whole, f"mean_{side}"), getattr(whole, f"n_events_{side}"), getattr(whole, f"n_{side}"))
            for side in sides
        ]
        means = [
            mean / rate * events / n if rate else 0.0 for mean, (rate, events, n) in zip(means, overall, strict=True)
        ]
    return smallest_behind(whole.outcome_kind, sizes=sizes, means=means)


def _withheld_with(part: pd.DataFrame, fewest: pd.Series, rule: DisclosureRule) -> list[int]:
    """The rows of one column that must be withheld: those too small, and others so that these cannot be found."""
    own = fewest[part.index]
    hidden = [place for place in part.index if is_small(own[place], rule)]
    others = sorted((place for place in part.index if place not in hidden), key=lambda place: (own[place], place))
    while hidden and others and (len(hidden) < 2 or _together(part, hidden, rule)):
        hidden.append(others.pop(0))
    return hidden


def _together(part: pd.DataFrame, hidden: list[int], rule: DisclosureRule) -> bool:
    """Whether those withheld are still few when taken together."""
    sums = part.loc[hidden, ["n_treated", "n_comparison"]].sum()
    return any(is_small(count, rule) for count in sums)


def behind_controls(found: NegativeControls) -> pd.Series:
    """Return the smallest count behind each negative control, as the rows of ``found.to_frame()``."""
    frame = found.to_frame()
    return pd.Series(
        [
            smallest_behind(
                str(row["outcome_kind"]),
                sizes=(int(row["n_treated"]), int(row["n_comparison"])),
                means=(float(row["mean_treated"]), float(row["mean_comparison"])),
            )
            for row in frame.to_dict("records")
        ],
        index=frame.index,
    )


def behind_specifications(found: SpecificationCurve, primary: Effect) -> pd.Series:
    """Return the smallest count behind each specification, as the rows of ``found.to_frame()``.

    How many have the outcome in each design is not kept: about the same share as in the primary design.

    Parameters
    ----------
    found
        The curve.
    primary
        The registered answer.
    """
    frame = found.to_frame()
    least = smallest_count(primary) / min(primary.n_treated, primary.n_comparison)
    sizes = frame[["n_treated", "n_comparison"]].astype("float64").min(axis=1).fillna(0)
    return (min(1.0, least) * sizes + 1e-9).map(math.floor)


def behind_bounds(bounds: RosenbaumBounds) -> int:
    """Return the smallest number of pairs or sets behind Rosenbaum bounds: those that differ in the rarer direction.

    Parameters
    ----------
    bounds
        The bounds.

    Returns
    -------
    int
        0 where all that differ point one way.
    """
    if not math.isfinite(bounds.gamma_estimate):
        return 0
    return math.floor(bounds.n_informative / (1 + bounds.gamma_estimate) + 1e-9)
