"""`officer_time`: posts paid for, and how many of them the work takes."""

from __future__ import annotations

import math
from collections.abc import Sequence
from numbers import Real
from typing import Any, Final

import pandas as pd

from dipeval.errors import InputError
from dipeval.extracts.contracts import did_you_mean
from dipeval.indicators.staffing.officers import ALL, COLUMNS, OfficerTime

BY: Final = ("district", "period", "role")
_NUMBERS: Final = ("funded_fte", "hours_funded", "hours_on_task")


def officer_time(
    staffing: pd.DataFrame | None = None,
    *,
    by: str | None = "district",
    roles: str | Sequence[str] | None = None,
    posts: float | None = None,
    share_on_task: float | None = None,
) -> OfficerTime:
    """Work out how many of the posts paid for the work takes.

    Parameters
    ----------
    staffing
        Table ``staffing`` of the extracts: district, period, role, funded_fte, hours_funded, hours_on_task. Leave it
        out where only a number of posts and a share of their time are known.
    by
        Breakdown beside all: ``district``, ``period`` or ``role``; or None.
    roles
        Roles that are counted; default all.
    posts
        Posts paid for, in full-time equivalents, instead of a table.
    share_on_task
        Share of the time that goes into the work, for all alike; default hours on the work over hours paid for.

    Returns
    -------
    OfficerTime

    Raises
    ------
    InputError
        If an argument or a figure is not what is asked for.

    Notes
    -----
    Posts of a group are added up within a period and the mean is taken over the group's periods: four quarters with ten
    posts are ten posts. The share rests on the rows that have both hours.

    The West Yorkshire review of 2014 tells of money for 43 officers and an estimate of 17% of their time on testing:
    7.3 posts used and 35.7 not.

    Examples
    --------
    >>> import dipeval as dip, pandas as pd
    >>> staffing = pd.DataFrame({"district": ["Leeds", "Leeds"], "period": ["2013-Q1", "2013-Q2"],
    ...     "role": "detention officer", "funded_fte": [10.0, 10.0], "hours_funded": [4_000.0, 4_000.0],
    ...     "hours_on_task": [1_000.0, 600.0]})
    >>> dip.officer_time(staffing).to_frame()[["group", "funded_fte", "used_fte", "void_hours"]].values.tolist()
    [['all', 10.0, 2.0, 6400.0], ['Leeds', 10.0, 2.0, 6400.0]]
    """
    share = _checked_share(share_on_task)
    if staffing is None:
        return _of_posts(posts, share)
    if posts is not None:
        raise InputError("Give either a staffing table or a number of posts; the table tells its own posts.")
    if by is not None and by not in BY:
        raise InputError(f"by='{by}' is not known{did_you_mean(str(by), BY)}; use one of {', '.join(BY)}, or None.")
    rows, kept = _rows(staffing, roles, by)
    groups = [(ALL, rows)]
    if by is not None:
        groups += [(str(name), own) for name, own in sorted(rows.groupby(by, sort=True), key=lambda pair: str(pair[0]))]
    frame = pd.DataFrame([_line(name, own, share) for name, own in groups], columns=list(COLUMNS))
    lacking = rows[["hours_funded", "hours_on_task"]].isna().any(axis=1)
    return OfficerTime(
        by=by,
        roles=kept,
        told=share is not None,
        n_without_hours=0 if share is not None else int(lacking.sum()),
        _frame=frame.astype(dict.fromkeys(COLUMNS[2:], "float64")),
    )


def _checked_share(share: float | None) -> float | None:
    if share is None:
        return None
    if isinstance(share, bool) or not isinstance(share, Real) or not 0 <= share <= 1:
        raise InputError("share_on_task must be a share between 0 and 1, such as 0.17.")
    return float(share)


def _of_posts(posts: float | None, share: float | None) -> OfficerTime:
    if posts is None or isinstance(posts, bool) or not isinstance(posts, Real) or not 0 < posts < math.inf:
        raise InputError("Give a staffing table, or posts: a number above 0 of full-time equivalents.")
    if share is None:
        raise InputError("Posts alone do not tell how their time is spent; give share_on_task, such as 0.17.")
    used = float(posts) * share
    line = dict.fromkeys(COLUMNS, math.nan) | {"group": ALL, "n_periods": 1, "funded_fte": float(posts)}
    line |= {"share_on_task": share, "used_fte": used, "unused_fte": float(posts) - used}
    frame = pd.DataFrame([line], columns=list(COLUMNS))
    return OfficerTime(by=None, roles=(), told=True, n_without_hours=0, _frame=frame)


def _rows(staffing: Any, roles: str | Sequence[str] | None, by: str | None) -> tuple[pd.DataFrame, tuple[str, ...]]:
    """The rows of the roles asked for, numbers as numbers, checked."""
    if not isinstance(staffing, pd.DataFrame):
        raise InputError(f"staffing must be the table staffing as a DataFrame; this is a {type(staffing).__name__}.")
    needed = ["funded_fte", "period", *(["role"] if roles is not None else []), *([by] if by else [])]
    lacking = [name for name in dict.fromkeys(needed) if name not in staffing.columns]
    if lacking:
        raise InputError(f"The staffing table has no column {', '.join(lacking)}; add it, or leave out what needs it.")
    rows = staffing.copy()
    for name in _NUMBERS:
        rows[name] = pd.to_numeric(rows[name], errors="coerce") if name in rows.columns else math.nan
    kept = () if roles is None else (roles,) if isinstance(roles, str) else tuple(roles)
    if kept:
        known = sorted(rows["role"].dropna().astype(str).unique())
        unknown = [f"'{role}'{did_you_mean(str(role), known)}" for role in kept if role not in known]
        if unknown:
            raise InputError(f"No row has the role {', '.join(unknown)}; the roles are {', '.join(known) or 'none'}.")
        rows = rows[rows["role"].isin(kept)]
    if rows.empty:
        raise InputError("The staffing table has no rows; give at least one post that is paid for.")
    if rows["funded_fte"].isna().any() or (rows[list(_NUMBERS)] < 0).any(axis=None):
        raise InputError(
            "Every row of the staffing table needs funded_fte, and posts and hours of 0 or more; "
            f"{int((rows['funded_fte'].isna() | (rows[list(_NUMBERS)] < 0).any(axis=1)).sum())} row(s) have not."
        )
    return rows, kept


def _line(name: str, rows: pd.DataFrame, share: float | None) -> dict[str, Any]:
    both = rows[rows["hours_funded"].notna() & rows["hours_on_task"].notna()]
    paid, spent = math.fsum(both["hours_funded"]), math.fsum(both["hours_on_task"])
    if share is not None:
        known = rows["hours_funded"].dropna()
        paid = math.fsum(known) if len(known) else math.nan
        own, spent = share, share * paid
    else:
        own = spent / paid if paid else math.nan
        paid, spent = (paid, spent) if len(both) else (math.nan, math.nan)
    n_periods = rows["period"].nunique()
    posts = math.fsum(rows["funded_fte"]) / n_periods
    return {
        "group": name,
        "n_periods": n_periods,
        "funded_fte": posts,
        "hours_funded": paid,
        "hours_on_task": spent,
        "share_on_task": own,
        "used_fte": posts * own,
        "unused_fte": posts - posts * own,
        "void_hours": paid - spent,
    }
