"""Pictures of change over time: what is drawn is what the frames say, and hidden values are not drawn."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from dipeval.indicators.change import control_chart, denominator_growth
from dipeval.plots.control_charts import control_chart_plot
from dipeval.plots.denominators import denominator_growth_plot
from dipeval.plots.style import new_axes, to_png

QUARTERS = [f"{year}-Q{quarter}" for year in range(2010, 2013) for quarter in (1, 2, 3, 4)]
DATA = pd.DataFrame(
    {"period": QUARTERS, "n": [50, 52, 48, 51, 49, 50, 53, 47, 50, 51, 49, 90], "areas": [5] * 6 + [6] * 6}
)


def test_a_chart_draws_the_values_the_limits_and_rings_the_signals() -> None:
    chart = control_chart(DATA, numerator="n", label="Contacts", seasonal=False, rules=["outside"])
    axes = chart.plot()
    np.testing.assert_array_equal(axes.lines[0].get_ydata(), DATA["n"])
    assert list(axes.lines[1].get_xdata()) == [11]
    assert {text.get_text() for text in axes.texts} == {"expected", "lower limit", "upper limit"}
    assert axes.get_ylabel() == "Contacts"


def test_gaps_and_hidden_values_are_not_drawn() -> None:
    frame = control_chart(DATA.drop(index=4), numerator="n", chart="c", seasonal=False).to_frame()
    assert np.isnan(control_chart_plot(frame).lines[0].get_ydata()[4])
    hidden = frame.assign(value=np.nan)
    assert control_chart_plot(hidden).get_legend_handles_labels()[1] == []


def test_breaks_are_marked_and_a_run_chart_has_no_limits() -> None:
    chart = control_chart(pd.concat([DATA] * 1), numerator="n", chart="run", breaks=["2011-Q3"])
    assert chart.to_frame()["phase"].max() == 2
    axes = control_chart(DATA, numerator="n", chart="run").plot()
    assert [text.get_text() for text in axes.texts] == ["middle"]


@pytest.mark.parametrize("seasonal", [True, False])
def test_charts_are_the_same_bytes_twice_and_draw_where_told(seasonal: bool) -> None:
    chart = control_chart(DATA, numerator="n", seasonal=seasonal)
    given = new_axes()
    assert chart.plot(ax=given) is given
    assert to_png(chart.plot()) == to_png(chart.plot())


def test_growth_draws_three_lines_from_a_hundred() -> None:
    growth = denominator_growth(DATA, units="n", areas="areas", label="Contacts")
    axes = growth.plot()
    lines = [line for line in axes.lines if len(line.get_xdata()) == 12]
    assert [line.get_ydata()[0] for line in lines] == [100, 100, 100]
    assert lines[1].get_ydata()[-1] == 120
    assert to_png(growth.plot()) == to_png(growth.plot())


def test_frames_without_rows_give_empty_axes() -> None:
    chart = control_chart(DATA, numerator="n").to_frame().head(0)
    growth = denominator_growth(DATA, units="n", areas="areas").series().head(0)
    assert to_png(control_chart_plot(chart)).startswith(b"\x89PNG")
    assert to_png(denominator_growth_plot(growth)).startswith(b"\x89PNG")
