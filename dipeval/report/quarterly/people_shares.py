"""Shares of people, each counted once, behind the disclosure gate: in a table, in a sentence and in results.csv."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final

import pandas as pd

from dipeval.disclosure import CONFIDENTIAL, is_small, release_count, share_digits
from dipeval.indicators.measuring.frames import ALL_DISTRICTS
from dipeval.presenting import NOT_AVAILABLE, format_percent, round_half_up

if TYPE_CHECKING:
    from dipeval.disclosure import DisclosureRule

FIGURES: Final = ("share", "conf_low", "conf_high")


def release_shares(frame: pd.DataFrame, rule: DisclosureRule) -> pd.DataFrame:
    """Return shares as they may be shown.

    Parameters
    ----------
    frame
        n (people), n_of (people they are out of), share, conf_low, conf_high.
    rule
        The rule in force.

    Returns
    -------
    pandas.DataFrame
        The same rows; counts rounded and shares no finer than they may be shown, missing where withheld. Besides:
        hidden, and finished text in shown_n, shown_of, shown, shown_interval.
    """
    rows = [_released(line, rule) for line in frame.to_dict("records")]
    new = pd.DataFrame(rows, columns=list(_NEW), index=frame.index)
    return pd.concat([frame.drop(columns=["n", "n_of", *FIGURES]), new], axis=1)


def withhold(rows: pd.DataFrame, which: pd.Series) -> pd.DataFrame:
    """Withhold further rows, out of which one that is withheld could be told.

    Parameters
    ----------
    rows
        Of `release_shares`.
    which
        True for rows to withhold.
    """
    out = rows.copy()
    out.loc[which, ["n", *FIGURES]] = float("nan")
    out.loc[which, "hidden"] = True
    out.loc[which, ["shown_n", "shown", "shown_interval"]] = CONFIDENTIAL
    return out


_NEW: Final = ("n", "n_of", *FIGURES, "hidden", "shown_n", "shown_of", "shown", "shown_interval")


def _released(line: Mapping[Any, Any], rule: DisclosureRule) -> dict[str, Any]:
    n, of = float(line["n"]), float(line["n_of"])
    rest = min(n, of - n)
    hidden = is_small(rest, rule)
    digits = share_digits(rest, rule)
    shares = {name: _share(float(line[name]), hidden, digits, rule) for name in FIGURES}
    low, high = (format_percent(shares[name], digits) for name in ("conf_low", "conf_high"))
    told = CONFIDENTIAL if hidden else format_percent(shares["share"], digits) if of else NOT_AVAILABLE
    return {
        # Out of the rest one could tell the few: both are withheld together.
        "n": _count(n, hidden, rule),
        "n_of": _count(of, is_small(of, rule), rule),
        **shares,
        "hidden": hidden,
        "shown_n": CONFIDENTIAL if hidden else release_count(n, rule),
        "shown_of": release_count(of, rule),
        "shown": told,
        "shown_interval": CONFIDENTIAL if hidden else f"{low} to {high}" if of else "",
    }


def _count(count: float, hidden: bool, rule: DisclosureRule) -> float:
    return float("nan") if hidden else rule.rounding * round_half_up(count / rule.rounding) if rule.protects else count


def _share(share: float, hidden: bool, digits: int, rule: DisclosureRule) -> float:
    if hidden:
        return float("nan")
    return round_half_up(share, 2 + digits) if rule.protects and share == share else share


def tidy_shares(rows: pd.DataFrame, *, section: str, keys: Sequence[str]) -> Iterator[dict[str, Any]]:
    """Yield the rows of results.csv.

    Parameters
    ----------
    rows
        Of `release_shares`, with the columns of ``keys``.
    section
        Of the report.
    keys
        Columns of results.csv that stand in ``rows`` as they are.
    """
    from dipeval.report.quarterly.rows import number

    for row in rows.to_dict("records"):
        hidden = bool(row["hidden"])
        shown = {new: row[old] for new, old in zip(("estimate", "conf_low", "conf_high"), FIGURES, strict=True)}
        counts = {"numerator": (row["n"], row["shown_n"]), "denominator": (row["n_of"], row["shown_of"])}
        yield {
            "district": ALL_DISTRICTS,
            **{name: row[name] for name in keys},
            "section": section,
            **{name: CONFIDENTIAL if text == CONFIDENTIAL else number(n) for name, (n, text) in counts.items()},
            **{name: CONFIDENTIAL if hidden else number(float(value)) for name, value in shown.items()},
            "unit": "%",
            "interval": "Wilson",
            "status": "withheld" if hidden else "ok" if row["share"] == row["share"] else "no_units",
        }
