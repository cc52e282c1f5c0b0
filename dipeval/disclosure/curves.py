"""Curves, their marks and the tables under them, coarsened so that no step tells of few people."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from dipeval.disclosure.rule import CONFIDENTIAL, DisclosureRule, is_small, release_count, share_digits, to_base
from dipeval.errors import DisclosureError
from dipeval.presenting import round_half_up

if TYPE_CHECKING:
    import pandas as pd


def release_curve(
    frame: pd.DataFrame, *, rule: DisclosureRule, group: str | None = "group", at: Sequence[float] = ()
) -> pd.DataFrame:
    """Coarsen curves so that no step tells of fewer people than the rule allows, nor any difference of two rows.

    For survival curves, cumulative incidence (a curve a group and cause) and mean counts (of events). Steps are merged
    until each carries at least ``threshold`` events, the last with what is left over, at the end; none is shown earlier
    than it happened. The curve stops where fewer than ``threshold`` are at risk; one with fewer events is left out.
    Estimates and limits are rounded as percentages in tables are: a picture can be measured more finely than that.

    Parameters
    ----------
    frame
        Columns ``time_days``, ``estimate``, ``conf_low``, ``conf_high``, ``n_at_risk``, ``n_events``, that of
        ``group``, and if there are such ``cause``, ``std_error``, ``n_censored``, ``n_effective``; in time order.
    rule
        The rule in force.
    group
        Column that tells the curves apart, or None.
    at
        Times at which the curves will be read off: a step ends there, so that what is read off and what is drawn do
        not differ. Name the same times in every release of the same data.

    Returns
    -------
    pandas.DataFrame
        The same columns, fewer rows; rounded counts of the merged steps. Under profile ``none`` a copy.
    """
    import pandas as pd

    if not rule.protects:
        return frame.copy()
    keys = [name for name in (group, "cause") if name is not None and name in frame]
    parts = [part for _, part in frame.groupby(keys, sort=False)] if keys else [frame]
    shown = [part for part in (_coarse(part, rule, at) for part in parts) if not part.empty]
    return pd.concat(shown, ignore_index=True) if shown else frame.iloc[:0].copy()


def _coarse(part: pd.DataFrame, rule: DisclosureRule, at: Sequence[float]) -> pd.DataFrame:
    kept, end = _kept_steps(part, rule, at)
    if len(kept) < 2:
        return part.iloc[:0].copy()
    out = _rounded_steps(part, kept, rule)
    out["time_days"] = [*out["time_days"].iloc[:-1], end]
    return out


def _followed(part: pd.DataFrame, rule: DisclosureRule) -> int:
    """How many rows may be used: up to where too few are left, once there are enough."""
    enough = (part["n_at_risk"] >= rule.threshold).to_numpy()
    first = int(enough.argmax())
    # Where people enter late there may be few at first; a step among them would tell of them.
    if not enough.any() or part["n_events"].to_numpy()[:first].any():
        return 0
    few = ~enough[first:]
    return first + int(few.argmax()) if few.any() else len(part)


def _kept_steps(part: pd.DataFrame, rule: DisclosureRule, at: Sequence[float]) -> tuple[list[int], float]:
    """The rows where steps of enough events end, and the time where the curve does.

    What is pending at a time that is read off joins the step before; with too few events after it the curve ends there.
    At its own end the last step takes what is left over; to end at its last event would tell of a quiet end.
    """
    times, events, followed = part["time_days"].to_numpy(), part["n_events"].to_numpy(), _followed(part, rule)
    ends = {int((times <= time).sum()) - 1: float(time) for time in at if time < times[-1]}
    kept, pending, read, end = [0], 0.0, 0, 0.0
    for position in range(followed):
        pending += events[position]
        if pending >= rule.threshold:
            kept.append(position)
            pending = 0.0
        if position in ends and len(kept) - 1 > read:
            kept[-1] = position if pending else kept[-1]
            read, pending, end = len(kept) - 1, 0.0, ends[position]
    if len(kept) - 1 > read:
        kept[-1], end = followed - 1, float(times[followed - 1])
    return kept, end


def _rounded_steps(part: pd.DataFrame, kept: list[int], rule: DisclosureRule) -> pd.DataFrame:
    import numpy as np

    out = part.iloc[kept].copy()
    people = part["n_at_risk"].to_numpy()[kept]
    digits = [share_digits(count, rule) + 2 for count in people]
    falling = bool(part["estimate"].iloc[0] > part["estimate"].iloc[-1])
    for column in ("estimate", "conf_low", "conf_high", "std_error"):
        if column in out:
            error = column == "std_error"
            cells = zip(out[column], digits, strict=True)
            out[column] = [_rounded(cell, places + int(error), falling and not error) for cell, places in cells]
    out["estimate"] = (np.minimum if falling else np.maximum).accumulate(out["estimate"].to_numpy())
    for column in ("n_events", "n_censored"):
        if column in out:
            gone = np.cumsum(part[column].to_numpy())[kept]
            shown = [to_base(value, rule) for value in gone[_lagged(gone, rule)]]
            out[column] = np.diff(shown, prepend=0.0)  # so that they add up to rounded totals
    shown_at = _lagged(people, rule)
    for column in ("n_at_risk", "n_effective"):
        if column in out:
            sizes = part[column].to_numpy()[kept][shown_at]
            out[column] = [to_base(size, rule) if size >= rule.threshold else np.nan for size in sizes]
    return out


def _rounded(value: float, digits: int, turned: bool = False) -> float:
    """Round the share to whom it happened, whichever way round the curve is kept."""
    if value != value:
        return value
    return round(1 - round_half_up(1 - value, digits), digits) if turned else round_half_up(value, digits)


def _lagged(counts: Any, rule: DisclosureRule) -> list[int]:
    """For each count of a series the place of the one shown for it: a new one only when enough people have moved.

    What has moved since then joins the last change, as the last step of a curve takes what is left over.
    """
    kept = [0]
    for place in range(1, len(counts)):
        if abs(counts[place] - counts[kept[-1]]) >= rule.threshold:
            kept.append(place)
    last = len(counts) - 1
    moved = counts[last] != counts[kept[-1]]
    if len(kept) > 1 and moved and abs(counts[last] - counts[kept[-2]]) >= rule.threshold:
        kept[-1] = last
    return [max(place for place in kept if place <= position) for position in range(len(counts))]


def release_risk_table(table: pd.DataFrame, curve: pd.DataFrame, *, rule: DisclosureRule) -> pd.DataFrame:
    """Release the table of people under the axis of curves: no cell, and no difference of two cells, tells of few.

    Parameters
    ----------
    table
        group, time_days, at_risk, events (or ``events: <cause>`` for each cause), censored, in time order within
        group; ``n_effective`` if the curves are weighted.
    curve
        The curves above it, from `release_curve`: events are counted by the steps that are shown.
    rule
        The rule in force.

    Returns
    -------
    pandas.DataFrame
        The same rows and columns, cells as text: small counts ``[c]``, others rounded. A count stays as it is until
        at least ``threshold`` people more have moved, so it can lag behind. The effective sample size is that of the
        people at risk shown, withheld with them. A nought at time 0, before anything can happen, is shown.
    """
    import pandas as pd

    groups = table.reset_index(drop=True).groupby("group", sort=False)
    parts = [_released_rows(part, curve[curve["group"] == name], rule) for name, part in groups]
    return pd.concat(parts).sort_index() if parts else table.copy()


def _released_rows(part: pd.DataFrame, curve: pd.DataFrame, rule: DisclosureRule) -> pd.DataFrame:
    import numpy as np

    out = part.astype({name: object for name in part.columns if name not in ("group", "time_days")})
    start, followed = part["time_days"].to_numpy() == 0, part["at_risk"].to_numpy()
    for column in out.columns.difference(["group", "time_days"], sort=False):
        counts, is_size = part[column].to_numpy(), column in ("at_risk", "n_effective")
        if rule.protects and column.startswith("events"):
            cause = column.removeprefix("events").removeprefix(": ")
            steps = curve[curve["cause"].astype(str) == cause] if cause else curve
            counts = np.array([steps.loc[steps["time_days"] <= time, "n_events"].sum() for time in part["time_days"]])
        elif rule.protects:
            counts = counts[_lagged(followed if is_size else counts, rule)]
        hidden = [is_size and is_small(count, rule) for count in followed]
        nought = (counts == 0) & start & (not is_size)
        cells = zip(counts, hidden, nought, strict=True)
        out[column] = [CONFIDENTIAL if no else "0" if zero else release_count(n, rule) for n, no, zero in cells]
    return out


def release_mark(mark: pd.DataFrame, curve: pd.DataFrame, *, rule: DisclosureRule) -> pd.DataFrame:
    """Release what is read off curves at one time: shares, their difference and the limits.

    Parameters
    ----------
    mark
        As ``compare_at`` gives it: group (and cause), time_days, share or estimate, limits, a row "difference".
    curve
        The curves it is read off, from `release_curve` with this time in ``at``.
    rule
        The rule in force.

    Returns
    -------
    pandas.DataFrame
        The same, rounded as the curve; not a number where a group has no curve, none up to that time or no step by
        then, and for a difference with such a group.

    Raises
    ------
    DisclosureError
        If the curves were released without a step at that time: line and curve together would tell of few people.
    """
    import pandas as pd

    if not rule.protects:
        return mark.copy()
    whole = mark.reset_index(drop=True)
    parts = [part for _, part in whole.groupby("cause", sort=False)] if "cause" in mark else [whole]
    return pd.concat([_released_mark(part, curve, rule) for part in parts]).sort_index()


def _released_mark(mark: pd.DataFrame, curve: pd.DataFrame, rule: DisclosureRule) -> pd.DataFrame:
    own = curve[curve["cause"] == mark["cause"].iloc[0]] if "cause" in mark and "cause" in curve else curve
    steps = [_step_at(own[own["group"] == name], float(mark["time_days"].iloc[0])) for name in mark["group"]]
    between = [name == "difference" or " minus " in str(name) for name in mark["group"]]
    few = [step is None and not other for step, other in zip(steps, between, strict=True)]
    fewest = min((step[1] for step in steps if step is not None), default=0)
    hide = [any(few) if other else none for other, none in zip(between, few, strict=True)]
    digits = [share_digits(fewest if step is None else step[1], rule) + 2 for step in steps]
    value = next(mark[name] for name in ("share", "mean", "estimate") if name in mark)
    for step, read, places in zip(steps, value, digits, strict=True):
        if step is not None and abs(read - step[0]) > 10.0**-places:
            raise DisclosureError(
                "The curves were released without a step at the time that is read off: name it in `at` of "
                "release_curve, so that the line and the curves tell the same."
            )
    out = mark.copy()
    for name in mark.columns.difference(["group", "cause", "time_days"], sort=False):
        finer = [3 if name == "p_value" else places + int(name == "std_error") for places in digits]
        cells = zip(mark[name].astype(float), finer, hide, strict=True)
        out[name] = [float("nan") if hidden else _rounded(cell, places) for cell, places, hidden in cells]
    return out


def _step_at(steps: pd.DataFrame, time: float) -> tuple[float, float] | None:
    """Value of a released curve at a time, rising from zero, and the people at risk; None if it tells nothing there."""
    if steps.empty or steps["time_days"].iloc[-1] < time:
        return None
    upto = steps[steps["time_days"] <= time]
    if len(upto) < 2:
        return None
    last, start = upto.iloc[-1], float(steps["estimate"].iloc[0])
    return abs(float(last["estimate"]) - start), float(last["n_at_risk"])
