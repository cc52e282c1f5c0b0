"""Cumulative incidence of several causes: panels, direct labels, the table, words and figures."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest

from dipeval.errors import InputError
from dipeval.plots.style import new_axes, to_png
from dipeval.plots.survival import incidence_alt_text, incidence_curves, incidence_figures, incidence_table

CAUSES = ("reoffended", "died")


def steps(groups: tuple[str, ...] = ("comparison", "treated"), weighted: bool = False) -> pd.DataFrame:
    """A hundred people a group, four times, two causes."""
    parts = []
    for number, group in enumerate(groups):
        for cause, rate in zip(CAUSES, (0.1 - 0.02 * number, 0.02), strict=True):
            share = np.array([0, 1, 2, 3, 4]) * rate
            parts.append(
                pd.DataFrame(
                    {
                        "group": group,
                        "cause": cause,
                        "time_days": [0, 91, 182, 273, 365],
                        "estimate": share,
                        "conf_low": np.where(share > 0, share - 0.01, np.nan),
                        "conf_high": np.where(share > 0, share + 0.03, np.nan),
                        "n_events": np.array([0, 1, 1, 1, 1]) * round(100 * rate),
                        "n_at_risk": 100 - np.array([0, 0, 1, 2, 3]) * (12 - 2 * number),
                        "n_censored": [0, 0, 0, 0, 52 + 8 * number],
                    }
                )
            )
    frame = pd.concat(parts, ignore_index=True)
    return frame.assign(n_effective=0.7 * frame["n_at_risk"]) if weighted else frame


def marked(frame: pd.DataFrame, time: float = 365) -> pd.DataFrame:
    own = frame[frame["time_days"] == time].rename(columns={"estimate": "share"})
    own = own[["group", "cause", "time_days", "share", "conf_low", "conf_high"]]
    apart = [
        {"group": "difference", "cause": cause, "time_days": time, "share": -0.08, "conf_low": -0.2, "conf_high": 0.04}
        for cause in own["cause"].unique()
    ]
    return pd.concat([own, pd.DataFrame(apart)], ignore_index=True)


def _titles(ax: Any) -> list[str]:
    return [own.get_title(loc="left") for own in ax.figure.axes]


def _words(ax: Any) -> list[str]:
    return [text.get_text() for text in ax.texts]


def test_each_cause_has_a_panel_in_which_groups_are_compared_on_the_same_axes() -> None:
    frame = steps()
    ax = incidence_curves(frame, incidence_table(frame, [0, 182, 365]), mark=marked(frame))
    first, second = ax.figure.axes
    assert _titles(ax) == ["Share to whom it happened: reoffended", "Share to whom it happened: died"]
    assert first.get_ylim() == second.get_ylim()
    assert first.get_xlim() == second.get_xlim()
    assert {"Comparison\n40.0%", "Treated\n32.0%"} <= set(_words(first))
    assert {"Comparison\n8.0%", "Treated\n8.0%"} <= set(_words(second))
    assert "Still followed" not in _words(first)
    assert {"Still followed", "Reoffended", "Died", "Left"} <= set(_words(second))
    assert second.get_xlabel() == "Months"
    assert not first.get_xlabel()


def test_the_causes_of_one_group_are_lines_of_one_panel() -> None:
    ax = incidence_curves(steps(("all",)), labels={"died": "died of any cause"})
    assert len(ax.figure.axes) == 1
    assert _words(ax) == ["Died of any cause", "Reoffended"]
    assert len({line.get_color() for line in ax.get_lines()}) == 2
    assert len(ax.collections) == 2


def test_given_axes_hold_all_lines() -> None:
    ax = new_axes()
    assert incidence_curves(steps(), ax=ax) is ax
    assert {text.replace("\n", " ") for text in _words(ax)} == {
        "Comparison: reoffended",
        "Treated: reoffended",
        "Comparison: died",
        "Treated: died",
    }
    assert len({(line.get_color(), str(line.get_linestyle())) for line in ax.get_lines()}) == 4


def test_one_cause_can_be_asked_for_and_a_group_without_its_curve_is_left_out() -> None:
    frame = steps()
    frame = frame[(frame["group"] != "treated") | (frame["cause"] != "died")]
    assert _titles(incidence_curves(frame, causes=["died"])) == ["Share to whom it happened: died"]
    figures = incidence_figures(frame, causes=["died"])
    assert set(figures["group"]) == {"comparison"}
    with pytest.raises(InputError, match="Causes recalled are not among those of the frame: reoffended, died"):
        incidence_curves(frame, causes=["recalled"])
    with pytest.raises(InputError, match="lacks the column"):
        incidence_curves(frame.drop(columns="cause"))


def test_a_mark_must_say_of_which_cause_it_tells() -> None:
    frame = steps()
    mark = marked(frame).query("cause == 'died'").drop(columns="cause")
    with pytest.raises(InputError, match="give it a column cause"):
        incidence_curves(frame, mark=mark)
    assert len(incidence_curves(frame, mark=mark, causes=["died"]).figure.axes) == 1


def test_the_table_adds_up_and_has_a_row_for_the_effective_sample_size_only_under_weights() -> None:
    table = incidence_table(steps(), [0, 100, 182, 365])
    assert list(table.columns) == [
        "group", "time_days", "at_risk", "events: reoffended", "events: died", "censored",
    ]  # fmt: skip
    assert (table.drop(columns=["group", "time_days"]).sum(axis=1) == 100).all()
    assert table["events: died"].tolist() == [0, 2, 4, 8] * 2
    weighted = incidence_table(steps(weighted=True), [0, 91])
    assert weighted["n_effective"].tolist() == pytest.approx([70.0, 61.6, 70.0, 63.0])


def test_words_and_figures_come_from_the_same_numbers() -> None:
    frame = steps()
    table = incidence_table(frame, [0, 365])
    text = incidence_alt_text(frame, table, marked(frame))
    assert "reoffended (comparison) 40.0% at 12 months (95% interval 39.0% to 43.0%)" in text
    assert "A line at 12 months marks for died comparison 8.0%, treated 8.0%." in text
    assert "Treated minus comparison: −8.0 percentage points (95% interval −20.0 to 4.0)." in text
    assert "by 12 months still followed 52, reoffended 40, died 8, left 0." in text
    figures = incidence_figures(frame, table, marked(frame))
    assert set(figures["element"]) == {
        "curve", "mark", "difference", "at_risk", "events: reoffended", "events: died", "censored",
    }  # fmt: skip
    curve = figures[(figures["element"] == "curve") & (figures["group"] == "treated") & (figures["cause"] == "died")]
    assert curve["estimate"].tolist() == pytest.approx([0, 0.02, 0.04, 0.06, 0.08])
    assert (figures[figures["element"] == "difference"]["cause"] == ["reoffended", "died"]).all()


def test_the_same_panels_have_the_same_bytes() -> None:
    frame = steps(weighted=True)
    table = incidence_table(frame, [0, 182, 365])
    assert to_png(incidence_curves(frame, table)) == to_png(incidence_curves(frame, table))
