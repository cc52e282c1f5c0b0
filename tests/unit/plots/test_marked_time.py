"""The line at one time: shares, the difference with its interval, the test; and where it does not fit."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest

from dipeval import datasets, kaplan_meier
from dipeval.errors import InputError
from dipeval.plots.style import to_png
from dipeval.plots.survival import alt_text, plotted_figures, reoffending_curve
from dipeval.plots.survival_lines import spread


@pytest.fixture(scope="module")
def frame() -> pd.DataFrame:
    data = datasets.rossi().rename(columns={"fin": "treated"})
    return kaplan_meier(data, time="weeks_to_arrest", event="arrested", by="treated", time_unit="weeks").to_frame()


def marked(frame: pd.DataFrame, time: float) -> pd.DataFrame:
    """What `compare_at` gives, read off by hand."""
    rows = [steps[steps["time_days"] <= time].iloc[-1] for _, steps in frame.groupby("group", sort=False)]
    out = pd.DataFrame(
        [(r["group"], 1 - r["estimate"], 1 - r["conf_high"], 1 - r["conf_low"]) for r in rows],
        columns=["group", "share", "conf_low", "conf_high"],
    )
    if len(out) == 2:
        apart = out["share"].iloc[1] - out["share"].iloc[0]
        out.loc[2] = ["difference", apart, apart - 0.08, apart + 0.08]
    return out.assign(time_days=time)


def _words(ax: Any) -> str:
    return " | ".join(text.get_text().replace("\N{NO-BREAK SPACE}", " ") for text in ax.texts)


def test_shares_and_difference_stand_above_the_curves(frame: pd.DataFrame) -> None:
    ax = reoffending_curve(frame, time_label="Weeks", mark=marked(frame, 26))
    words = _words(ax)
    assert "By 26 weeks: comparison 14.8%, treated 10.2%" in words
    assert "Treated minus comparison: −4.6 percentage points" in words
    assert "(95% interval −12.6 to 3.4)" in words
    upright = [line for line in ax.get_lines() if list(line.get_xdata()) == [26, 26]]
    assert len(upright) == 1
    dots = sorted(float(line.get_ydata()[0]) for line in ax.get_lines() if list(line.get_xdata()) == [26])
    assert dots == pytest.approx(sorted(marked(frame, 26)["share"].iloc[:2]))


def test_at_the_end_of_the_curves_the_shares_stand_at_the_line_ends(frame: pd.DataFrame) -> None:
    words = _words(reoffending_curve(frame, time_label="Weeks", mark=marked(frame, 52)))
    assert "Comparison\n30.6%" in words
    assert "Treated\n22.2%" in words
    assert "At 52 weeks, treated minus comparison: −8.3 percentage points" in words
    assert "By 52 weeks" not in words


def test_one_group_has_a_share_and_no_difference(frame: pd.DataFrame) -> None:
    own = frame[frame["group"] == "treated"].assign(group="all")
    words = _words(reoffending_curve(own, time_label="Weeks", mark=marked(own, 30)))
    assert words == "By 30 weeks: everyone 10.6%"
    assert _words(reoffending_curve(own, time_label="Weeks", mark=marked(own, 52))) == "Everyone\n22.2%"


def test_more_than_two_groups_are_compared_with_the_first(frame: pd.DataFrame) -> None:
    three = pd.concat([frame, frame[frame["group"] == "treated"].assign(group="other")])
    mark = marked(three, 26)
    mark.loc[3] = ["treated minus comparison", -0.03, -0.1, 0.04, 26]
    mark.loc[4] = ["other minus comparison", -0.03, -0.1, 0.04, 26]
    words = _words(reoffending_curve(three, time_label="Weeks", mark=mark))
    assert "comparison 14.8%, treated 10.2%, other 10.2%" in words
    assert words.count(" minus comparison: −3.0 percentage points") == 2


def test_a_withheld_share_is_said_to_be_withheld(frame: pd.DataFrame) -> None:
    mark = marked(frame, 26)
    mark.loc[[1, 2], ["share", "conf_low", "conf_high"]] = np.nan
    ax = reoffending_curve(frame, time_label="Weeks", mark=mark)
    to_png(ax)
    assert "comparison 14.8%, treated withheld" in _words(ax)
    assert "Treated minus comparison: withheld" in _words(ax)


@pytest.mark.parametrize(
    ("mark", "sentence"),
    [
        (lambda m: m.assign(time_days=60.0), "lies outside the picture, which runs to 52 weeks"),
        (lambda m: m.assign(time_days=[26, 26, 27]), "several times or none"),
        (lambda m: m.drop(columns="conf_low"), "lacks a column"),
        (lambda m: m.drop(columns="share"), "lacks a column"),
    ],
)
def test_a_mark_that_does_not_fit_is_refused(frame: pd.DataFrame, mark: Any, sentence: str) -> None:
    with pytest.raises(InputError, match=sentence):
        reoffending_curve(frame, time_label="Weeks", mark=mark(marked(frame, 26)))


def test_a_p_value_stands_only_with_its_test_and_a_robust_one_under_weights(frame: pd.DataFrame) -> None:
    assert "Log-rank test: p 0.050" in _words(reoffending_curve(frame, test_words="Log-rank test: p 0.050"))
    with pytest.raises(InputError, match="name of its test"):
        reoffending_curve(frame, test_words="p = 0.05")
    weighted = frame.assign(n_effective=0.8 * frame["n_at_risk"])
    with pytest.raises(InputError, match="only a robust test"):
        reoffending_curve(weighted, test_words="Log-rank test: p 0.050")
    assert "Robust" in _words(reoffending_curve(weighted, test_words="Robust score test: p 0.06"))


def test_the_words_say_what_the_line_shows(frame: pd.DataFrame) -> None:
    text = alt_text(frame, None, marked(frame, 26), time_label="Weeks", test_words="Log-rank test: p 0.050")
    assert "A line at 26 weeks marks comparison 14.8%, treated 10.2%." in text
    assert "Treated minus comparison: −4.6 percentage points (95% interval −12.6 to 3.4)." in text
    assert text.endswith("Log-rank test: p 0.050.")


def test_the_figures_hold_the_line(frame: pd.DataFrame) -> None:
    figures = plotted_figures(frame, None, marked(frame, 26), time_label="Weeks").set_index("element")
    assert figures.loc["mark", "group"].tolist() == ["comparison", "treated"]
    assert figures.loc["difference", "group"] == "treated minus comparison"
    assert figures.loc["difference", "time_shown"] == 26


def test_names_move_as_little_as_they_must_and_stay_on_the_axes() -> None:
    assert spread([10, 30, 50], [10, 10, 10], top=100) == [10, 30, 50]
    assert spread([50, 50, 50], [10, 20, 10], top=100) == pytest.approx([35, 50, 65])
    assert spread([99, 100], [10, 10], top=100) == [85, 95]
    assert spread([0, 1], [10, 10], top=100) == [5, 15]
    draw = np.random.default_rng(1)
    for _ in range(50):
        wanted, heights = np.sort(draw.uniform(0, 200, 6)), draw.uniform(5, 30, 6)
        middles = np.array(spread(list(wanted), list(heights), top=220))
        assert (np.diff(middles) >= (heights[:-1] + heights[1:]) / 2 - 1e-9).all()
        assert middles[0] >= heights[0] / 2 - 1e-9
        assert middles[-1] <= 220 - heights[-1] / 2 + 1e-9
