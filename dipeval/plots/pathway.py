"""Pictures of the pathway: people at each stage, tests that led to a contact, positivity, reasons for leaving."""

from __future__ import annotations

import textwrap
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from dipeval.plots.style import COMPARISON_COLOUR, GREY, PALETTE, TREATED_COLOUR, new_axes, tidy
from dipeval.presenting import format_count, format_number, format_percent

if TYPE_CHECKING:
    from matplotlib.axes import Axes

# Inches: the words can still be read where a page is as wide as a phone.
_NARROW = 5.2
_EVERYONE = "everyone"
_MOST_GROUPS = 6
_MARKS = ("o", "s", "D", "^", "v", "P")


def funnel_plot(frame: pd.DataFrame, ax: Axes | None = None) -> Axes:
    """Draw a bar a stage, longest first; with a breakdown of up to six groups, their shares of the first stage.

    Parameters
    ----------
    frame
        group, label (of the stage), n (missing: not shown), share_of_first, counting; optional ``shown``, the words
        beside the bar (default the count).
    ax
        Axes to draw on; default new ones.

    Returns
    -------
    matplotlib.axes.Axes

    Examples
    --------
    >>> import pandas as pd
    >>> frame = pd.DataFrame({"group": "everyone", "label": ["Tested", "Positive"], "n": [210, 115],
    ...                       "share_of_first": [1.0, 0.55], "counting": "cohort"})
    >>> [text.get_text() for text in funnel_plot(frame).texts]
    ['210', '115']
    """
    groups = [name for name in dict.fromkeys(frame["group"]) if name != _EVERYONE]
    # Shares of a period's counts are no shares of people, so groups of a period are not set side by side.
    if 1 < len(groups) <= _MOST_GROUPS and set(frame["counting"]) == {"cohort"}:
        return _groups(frame[frame["group"] != _EVERYONE], groups, ax)
    own = frame[frame["group"] == _EVERYONE]
    axes = new_axes(_NARROW, 1.2 + 0.46 * max(len(own), 3)) if ax is None else ax
    tidy(axes)
    places = list(range(len(own)))[::-1]
    axes.barh(places, own["n"].fillna(0), color=TREATED_COLOUR, height=0.72)
    told = own["shown"] if "shown" in own else [format_count(n) for n in own["n"]]
    for place, n, text in zip(places, own["n"].fillna(0), told, strict=True):
        axes.annotate(str(text), (n, place), xytext=(4, 0), textcoords="offset points", va="center", fontsize=9)
    axes.set_yticks(places, [textwrap.fill(str(label), 26) for label in own["label"]])
    axes.tick_params(axis="y", length=0)
    axes.margins(x=0.14)
    axes.set_xlim(left=0)
    axes.xaxis.set_major_formatter(_count)
    axes.set_xlabel("People")
    return axes


def _groups(frame: pd.DataFrame, groups: list[str], ax: Axes | None) -> Axes:
    stages = list(dict.fromkeys(frame["label"]))
    axes = new_axes(height=1.6 + 0.5 * len(stages)) if ax is None else ax
    tidy(axes)
    for place, group in enumerate(groups):
        own = frame[frame["group"] == group]
        rows = [len(stages) - 1 - stages.index(label) for label in own["label"]]
        # One above the other: shares of districts are often alike.
        shifted = np.array(rows) + 0.3 - 0.6 * place / (len(groups) - 1)
        axes.plot(own["share_of_first"], shifted, linestyle="", marker=_MARKS[place], color=PALETTE[place], label=group)
    axes.set_yticks(range(len(stages)), [textwrap.fill(str(label), 34) for label in reversed(stages)])
    axes.tick_params(axis="y", length=0)
    axes.set_ylim(-0.6, len(stages) - 0.4)
    axes.set_xlim(0, 1.02)
    axes.xaxis.set_major_formatter(_percent)
    axes.set_xlabel("Share of the first stage")
    axes.legend(frameon=False, loc="lower center", bbox_to_anchor=(0.5, 1.0), ncols=3, fontsize=9)
    return axes


def seen_plot(frame: pd.DataFrame, ax: Axes | None = None) -> Axes:
    """Draw the share of tests that led to a contact, a row a group and a mark a number of days.

    Parameters
    ----------
    frame
        group, within_days, share, conf_low, conf_high (missing: not shown).
    ax
        Axes to draw on; default new ones.

    Returns
    -------
    matplotlib.axes.Axes

    Examples
    --------
    >>> import pandas as pd
    >>> frame = pd.DataFrame({"group": ["everyone"] * 2, "within_days": [7, 28], "share": [0.6, 0.8],
    ...                       "conf_low": [0.5, 0.7], "conf_high": [0.7, 0.9]})
    >>> seen_plot(frame).get_legend_handles_labels()[1]
    ['within 7 days', 'within 28 days']
    """
    groups = list(dict.fromkeys(frame["group"]))
    axes = new_axes(_NARROW, 1.7 + 0.5 * max(len(groups), 2)) if ax is None else ax
    tidy(axes)
    windows = sorted(set(frame["within_days"]))
    for place, days in enumerate(windows):
        own = frame[(frame["within_days"] == days) & frame["share"].notna()]
        rows = [len(groups) - 1 - groups.index(group) for group in own["group"]]
        step = 0.0 if len(windows) < 2 else 0.25 - 0.5 * place / (len(windows) - 1)
        _with_limits(axes, own, np.array(rows) + step, place, f"within {days} days")
    axes.set_yticks(range(len(groups)), [_named(group) for group in reversed(groups)])
    axes.tick_params(axis="y", length=0)
    axes.set_ylim(-0.6, len(groups) - 0.4)
    axes.set_xlim(0, 1.02)
    axes.xaxis.set_major_formatter(_percent)
    axes.set_xlabel("Share of tests followed by a contact (bars: 95% interval)")
    if windows:
        axes.legend(frameon=False, loc="lower center", bbox_to_anchor=(0.5, 1.0), ncols=len(windows), fontsize=9)
    return axes


def drug_testing_plot(frame: pd.DataFrame, ax: Axes | None = None) -> Axes:
    """Draw the share of tests that were positive, a row a group, with the tests per reporting area and month beside it.

    Parameters
    ----------
    frame
        group, share_positive, conf_low, conf_high, tests_per_area_month.
    ax
        Axes to draw on; default new ones.

    Returns
    -------
    matplotlib.axes.Axes

    Examples
    --------
    >>> import pandas as pd
    >>> frame = pd.DataFrame({"group": ["2022-Q1"], "share_positive": [0.52], "conf_low": [0.5], "conf_high": [0.54],
    ...                       "tests_per_area_month": [257.07]})
    >>> [text.get_text() for text in drug_testing_plot(frame).texts]
    ['52.0%; 257.1 tests']
    """
    axes = new_axes(height=1.4 + 0.42 * max(len(frame), 2)) if ax is None else ax
    tidy(axes)
    rows = np.arange(len(frame))[::-1]
    shown = frame.rename(columns={"share_positive": "share"})
    known = shown["share"].notna().to_numpy()
    _with_limits(axes, shown[known], rows[known], 0, "")
    for place, share, tests in zip(rows, shown["share"], shown["tests_per_area_month"], strict=True):
        words = f"{format_percent(share)}; {format_number(tests, 1)} tests"
        axes.annotate(words, (1.04, place), va="center", ha="left", fontsize=9, color=GREY, annotation_clip=False)
    axes.set_yticks(rows, [_named(group) for group in frame["group"]])
    axes.tick_params(axis="y", length=0)
    axes.set_ylim(-0.6, max(len(frame), 1) - 0.4)
    axes.set_xlim(0, 1.02)
    axes.xaxis.set_major_formatter(_percent)
    axes.set_xlabel("Share of tests that were positive (bars: 95% interval); tests a month and reporting area")
    return axes


def discharges_plot(frame: pd.DataFrame, ax: Axes | None = None) -> Axes:
    """Draw how many left treatment for each reason, successful completions in another colour.

    Parameters
    ----------
    frame
        label (of the reason), n, share (missing where it is no share), successful (yes or no).
    ax
        Axes to draw on; default new ones.

    Returns
    -------
    matplotlib.axes.Axes

    Examples
    --------
    >>> import pandas as pd
    >>> frame = pd.DataFrame({"label": ["Completed", "Died"], "n": [3, 1], "share": [0.75, 0.25],
    ...                       "successful": [True, False]})
    >>> [text.get_text() for text in discharges_plot(frame).texts]
    ['3 (75.0%)', '1 (25.0%)']
    """
    axes = new_axes(height=1.3 + 0.36 * max(len(frame), 3)) if ax is None else ax
    tidy(axes)
    rows = np.arange(len(frame))[::-1]
    flags = frame["successful"].astype(bool).to_numpy()
    for wanted, colour, words, hatch in (
        (True, TREATED_COLOUR, "counted as successful", ""),
        (False, COMPARISON_COLOUR, "not counted as successful", "//"),
    ):
        chosen = flags == wanted
        axes.barh(rows[chosen], frame["n"][chosen], color=colour, label=words, hatch=hatch, edgecolor="white")
    for place, n, share in zip(rows, frame["n"], frame["share"], strict=True):
        words = format_count(n) if pd.isna(share) else f"{format_count(n)} ({format_percent(share)})"
        axes.annotate(words, (n, place), xytext=(4, 0), textcoords="offset points", va="center", fontsize=9)
    axes.set_yticks(rows, list(frame["label"]))
    axes.tick_params(axis="y", length=0)
    axes.margins(x=0.2)
    axes.xaxis.set_major_formatter(_count)
    axes.set_xlabel("Discharges from structured treatment")
    axes.legend(frameon=False, loc="lower right", bbox_to_anchor=(1.0, 1.0), ncols=2, fontsize=9)
    return axes


def _with_limits(axes: Axes, own: pd.DataFrame, rows: Any, place: int, words: str) -> None:
    colour = PALETTE[place % len(PALETTE)]
    axes.hlines(rows, own["conf_low"], own["conf_high"], color=colour, linewidth=1.6)
    axes.plot(
        own["share"], rows, linestyle="", marker=_MARKS[place % len(_MARKS)], color=colour, label=words or "_share"
    )


def _named(group: Any) -> str:
    text = str(group)
    return text[:1].upper() + text[1:]


def _count(value: float, _: Any) -> str:
    return format_count(value)


def _percent(value: float, _: Any) -> str:
    return f"{value:.0%}"
