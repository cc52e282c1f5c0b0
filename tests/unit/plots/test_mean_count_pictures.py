"""Mean cumulative counts and restricted means: axes, labels, the table, words and figures."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest

from dipeval.errors import InputError
from dipeval.plots.style import new_axes, to_png
from dipeval.plots.survival import (
    count_table,
    mean_count_alt_text,
    mean_count_curves,
    mean_count_figures,
    restricted_mean_alt_text,
    restricted_mean_plot,
)


@pytest.fixture
def counts() -> pd.DataFrame:
    times = [0, 100, 200, 365]
    parts = [
        pd.DataFrame(
            {
                "group": name,
                "time_days": times,
                "estimate": np.array([0, 0.5, 1.0, 1.5]) * scale,
                "conf_low": np.array([np.nan, 0.4, 0.8, 1.2]) * scale,
                "conf_high": np.array([np.nan, 0.6, 1.2, 1.9]) * scale,
                "n_events": [0, 50, 45, 40],
                "n_at_risk": [100, 100, 80, 90],
                "n_effective": np.array([100, 100, 80, 90]) * 0.9,
            }
        )
        for name, scale in (("comparison", 1.0), ("treated", 0.8))
    ]
    return pd.concat(parts, ignore_index=True)


@pytest.fixture
def mark() -> pd.DataFrame:
    rows = [("comparison", 1.5, 1.2, 1.9), ("treated", 1.2, 0.96, 1.52), ("difference", -0.3, -0.7, 0.1)]
    return pd.DataFrame(rows, columns=["group", "estimate", "conf_low", "conf_high"]).assign(time_days=365.0)


def _words(ax: Any) -> list[str]:
    return [text.get_text() for text in ax.texts]


def test_counts_may_pass_one_and_the_table_counts_people_and_events_apart(
    counts: pd.DataFrame, mark: pd.DataFrame
) -> None:
    table = count_table(counts, [0, 150, 365])
    assert table["at_risk"].tolist()[:3] == [100, 80, 90], "with gaps people come back"
    assert table["events"].tolist()[:3] == [0, 50, 135]
    assert table["n_effective"].tolist()[:3] == pytest.approx([90, 72, 81])
    ax = mean_count_curves(counts, table, mark=mark)
    assert ax.get_ylim() == (0, 2)
    assert ax.get_title(loc="left") == "Mean number of reoffences per person"
    assert {"Under observation", "Reoffences", "Effective sample size"} <= set(_words(ax))
    assert "Left" not in _words(ax)
    assert {"Comparison\n1.50", "Treated\n1.20"} <= set(_words(ax))
    assert to_png(ax) == to_png(mean_count_curves(counts, table, mark=mark))


def test_words_and_figures_of_counts(counts: pd.DataFrame, mark: pd.DataFrame) -> None:
    table = count_table(counts, [0, 365])
    text = mean_count_alt_text(counts, table, mark)
    assert "comparison 1.50 at 12 months (95% interval 1.20 to 1.90)" in text
    assert "Treated minus comparison: −0.30 (95% interval −0.70 to 0.10)." in text
    assert "by 12 months under observation 90, effective sample size 81, reoffences 135." in text
    figures = mean_count_figures(counts, table, mark)
    assert set(figures["element"]) == {"curve", "mark", "difference", "at_risk", "n_effective", "events"}
    assert mean_count_curves(counts, time_unit="weeks").get_xlabel() == "Weeks"


@pytest.fixture
def means() -> pd.DataFrame:
    rows = [("comparison", 290.0, 280.0, 300.0), ("treated", 310.0, 300.0, 320.0), ("difference", 20.0, 6.0, 34.0)]
    return pd.DataFrame(rows, columns=["group", "estimate", "conf_low", "conf_high"])


def test_restricted_means_stand_above_their_difference(means: pd.DataFrame) -> None:
    ax = restricted_mean_plot(means, horizon=365)
    upper, lower = ax.figure.axes
    assert upper is ax
    assert [tick.get_text() for tick in upper.get_yticklabels()] == ["Comparison", "Treated"]
    assert [tick.get_text() for tick in lower.get_yticklabels()] == ["Treated minus comparison"]
    assert _words(lower) == ["20.0 (6.0 to 34.0)"]
    assert 0 in [float(line.get_xdata()[0]) for line in lower.get_lines()]
    assert lower.get_xlabel() == "Difference in days"
    text = restricted_mean_alt_text(means, horizon=365)
    assert text.endswith("Treated 310.0 (300.0 to 320.0). Treated minus comparison: 20.0 (6.0 to 34.0) days.")


def test_restricted_means_of_one_group_many_groups_and_on_given_axes(means: pd.DataFrame) -> None:
    assert len(restricted_mean_plot(means.head(1)).figure.axes) == 1
    many = pd.concat([means.head(2), means.tail(1).assign(group="b minus a"), means.tail(1).assign(group="c minus a")])
    assert [t.get_text() for t in restricted_mean_plot(many).figure.axes[1].get_yticklabels()] == [
        "B minus a",
        "C minus a",
    ]
    given = new_axes()
    assert restricted_mean_plot(means, given) is given
    loose = new_axes().figure.add_axes((0.1, 0.1, 0.5, 0.5))
    assert "Treated minus comparison: 20.0" in restricted_mean_plot(means, loose).get_title(loc="left")
    assert to_png(restricted_mean_plot(means)) == to_png(restricted_mean_plot(means))


def test_a_frame_without_groups_or_columns_is_refused(means: pd.DataFrame) -> None:
    with pytest.raises(InputError, match="holds no group"):
        restricted_mean_plot(means.tail(1))
    with pytest.raises(InputError, match="lacks the column"):
        restricted_mean_plot(means.drop(columns="conf_low"))
