"""Picture of what the money comes to per person at each stage."""

from __future__ import annotations

import textwrap
from typing import TYPE_CHECKING, Any

import pandas as pd

from dipeval.plots.style import PALETTE, TREATED_COLOUR, new_axes, tidy
from dipeval.presenting import format_count, format_money

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_EVERYONE = "everyone"
_MOST_GROUPS = 5
_MARKS = ("o", "s", "D", "^", "v")


def cost_per_stage_plot(frame: pd.DataFrame, ax: Axes | None = None) -> Axes:
    """Draw a bar a stage for everyone, and a mark for each of up to five districts.

    Parameters
    ----------
    frame
        group, label (``cost per ...``), n, cost (pounds; missing: no figure), amount (the same in each row of a group),
        price_year.
    ax
        Axes to draw on; default new ones.

    Returns
    -------
    matplotlib.axes.Axes

    Examples
    --------
    >>> import pandas as pd
    >>> frame = pd.DataFrame({"group": "everyone", "label": ["cost per contact", "cost per successful completion"],
    ...     "n": [4, 0], "cost": [250.0, None], "amount": 1000.0, "price_year": 2019})
    >>> [text.get_text() for text in cost_per_stage_plot(frame).texts]
    ['£250\\n(4 people)', 'no figure\\n(0 people)']
    """
    own = frame[frame["group"] == _EVERYONE]
    groups = [name for name in dict.fromkeys(frame["group"]) if name != _EVERYONE]
    shown = groups if len(groups) <= _MOST_GROUPS else []
    axes = new_axes(height=1.4 + 0.5 * max(len(own), 3) + 0.3 * bool(shown)) if ax is None else ax
    tidy(axes)
    places = {label: len(own) - 1 - place for place, label in enumerate(own["label"])}
    axes.barh(list(places.values()), own["cost"].fillna(0), color=TREATED_COLOUR, height=0.6, zorder=2)
    who = "Everyone: " if shown else ""
    for _, row in own.iterrows():
        words = f"{who}{'no figure' if pd.isna(row['cost']) else format_money(row['cost'])}\n({_people(row['n'])})"
        # In a column of their own: beside a bar they would stand beside a district's mark and be read as its figure.
        axes.text(1.02, places[row["label"]], words, transform=axes.get_yaxis_transform(), va="center", fontsize=9)
    for number, name in enumerate(shown):
        rows = frame[(frame["group"] == name) & frame["cost"].notna()]
        high = [places[label] for label in rows["label"]]
        axes.plot(
            rows["cost"], high, _MARKS[number], color=PALETTE[number + 1], markeredgecolor="white", label=name, zorder=3
        )
    axes.set_yticks(list(places.values()), [_tick(label) for label in places])
    axes.tick_params(axis="y", length=0)
    axes.set_ylim(-0.6, len(own) - 0.4)
    axes.set_xlim(left=0)
    axes.locator_params(axis="x", nbins=5)
    axes.xaxis.set_major_formatter(_pounds)
    year = int(own["price_year"].iloc[0])
    money = format_money(own["amount"].iloc[0])
    axes.set_xlabel(f"Pounds ({year}/{(year + 1) % 100:02d} prices): {money} over the people at each stage")
    if shown:
        axes.legend(frameon=False, loc="lower center", bbox_to_anchor=(0.5, 1.0), ncols=len(shown), fontsize=9)
    return axes


def _people(n: Any) -> str:
    return "count not shown" if pd.isna(n) else f"{format_count(n)} {'person' if n == 1 else 'people'}"


def _tick(label: str) -> str:
    return textwrap.fill(label[:1].upper() + label[1:], 24)


def _pounds(value: float, _: Any) -> str:
    return format_money(value)
