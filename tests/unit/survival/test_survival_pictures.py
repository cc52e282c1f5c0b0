"""The picture and its table: what stands where, released text cells, units, and bytes that do not change."""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np
import pandas as pd
import pytest
from matplotlib.text import Text

from dipeval import datasets, kaplan_meier
from dipeval.errors import EstimationError, InputError
from dipeval.plots.style import to_png
from dipeval.plots.survival import (
    alt_text,
    display_unit,
    plotted_figures,
    regular_times,
    reoffending_curve,
    risk_table,
)
from dipeval.survival import Curve


@pytest.fixture(scope="module")
def curve() -> Curve:
    data = datasets.rossi().rename(columns={"fin": "treated"})
    return kaplan_meier(data, time="weeks_to_arrest", event="arrested", by="treated", time_unit="weeks")


def _words(ax: Any) -> list[str]:
    return [text.get_text() for text in ax.texts]


def test_the_table_adds_up_to_the_group_at_every_time(curve: Curve) -> None:
    table = risk_table(curve.to_frame(), [0, 13, 26, 39, 52])
    assert list(table.columns) == ["group", "time_days", "at_risk", "events", "censored"]
    assert (table["at_risk"] + table["events"] + table["censored"] == 216).all()
    last = table[table["time_days"] == 52].set_index("group")
    assert last["events"].to_dict() == {"comparison": 66, "treated": 48}
    assert last["censored"].tolist() == [0, 0]  # followed to the last day is not "left"


def test_the_table_follows_late_entry() -> None:
    data = pd.DataFrame({"entry": [0, 0, 3, 5], "days": [4, 9, 7, 9], "event": [1, 0, 1, 0]})
    frame = kaplan_meier(data, time="days", event="event", entry="entry").to_frame()
    table = risk_table(frame, [0, 1, 3, 4, 6, 7, 9])
    assert table["at_risk"].tolist() == [2, 2, 3, 2, 3, 2, 2]
    assert table["events"].tolist() == [0, 0, 0, 1, 1, 2, 2]
    with pytest.raises(InputError, match="0 or later"):
        risk_table(frame, [-1])


def test_times_are_round_in_the_unit_shown() -> None:
    assert regular_times(365) == [0, 91, 182, 273, 365]
    assert regular_times(730)[-1] == 730
    assert regular_times(80, time_unit="months") == [0, 24, 48, 72]
    assert regular_times(28, time_unit="days", time_label="Days") == [0, 5, 10, 15, 20, 25]
    assert display_unit("months") == "Months"
    with pytest.raises(InputError, match="can be shown in days, weeks"):
        regular_times(10, time_unit="fortnights", time_label="Months")


def test_shares_rise_from_zero_with_bands_and_labels_at_the_ends(curve: Curve) -> None:
    ax = curve.plot(mark=False)
    assert ax.get_ylim()[0] == 0
    assert ax.get_xlabel() == "Weeks"
    first, second = (line.get_ydata() for line in ax.get_lines())
    assert first[0] == second[0] == 0
    assert first[-1] == pytest.approx(66 / 216)
    assert second[-1] == pytest.approx(48 / 216)
    assert len(ax.collections) == 2
    assert {line.get_linestyle() for line in ax.get_lines()} == {"-", "--"}
    assert len({line.get_color() for line in ax.get_lines()}) == 2
    assert {"Comparison", "Treated"} <= set(_words(ax))
    assert _words(ax).count("Still followed") == 2
    assert {"Reoffended", "Left", "66", "48"} <= set(_words(ax))


def test_released_cells_may_be_text(curve: Curve) -> None:
    table = risk_table(curve.to_frame(), [0, 26, 52]).astype(object)
    table.loc[1, "events"] = "[c]"
    ax = reoffending_curve(curve.to_frame(), table=table, time_label="Weeks")
    assert "[c]" in _words(ax)
    assert [tick.get_text() for tick in ax.get_xticklabels()] == ["0", "26", "52"]


def test_one_group_needs_no_label_and_days_show_as_months() -> None:
    data = datasets.rossi().assign(days=lambda d: d["weeks_to_arrest"] * 7)
    ax = kaplan_meier(data, time="days", event="arrested").plot(horizon=364)
    assert ax.get_xlabel() == "Months"
    assert "Everyone" in _words(ax)
    assert "All" not in _words(ax)
    bare = reoffending_curve(kaplan_meier(data, time="days", event="arrested").to_frame(), time_label="Days")
    assert bare.get_xlabel() == "Days"
    assert not bare.texts


def test_a_curve_stops_where_its_data_stop(curve: Curve) -> None:
    frame = curve.to_frame()
    short = frame[(frame["group"] != "treated") | (frame["time_days"] <= 20)]
    ax = reoffending_curve(short, time_label="Weeks")
    ends = sorted(float(np.max(line.get_xdata())) for line in ax.get_lines())
    assert ends == [20, 52]
    with pytest.raises(EstimationError, match="can run to 52 weeks"):
        curve.plot(horizon=60)


def test_names_at_the_line_ends_do_not_overlap(curve: Curve) -> None:
    frame = curve.to_frame()
    same = frame[frame["group"] == "treated"]
    ax = reoffending_curve(pd.concat([same, same.assign(group="other")]), time_label="Weeks")
    heights = sorted(text.xyann[1] for text in ax.texts)
    assert heights[1] - heights[0] >= 12


def test_names_stay_apart_for_four_groups_with_long_names_that_end_together(curve: Curve) -> None:
    same = curve.to_frame().query("group == 'treated'")
    names = ["a rather long name of a group of people", "second", "third group with a name", "fourth"]
    ax = reoffending_curve(pd.concat([same.assign(group=name) for name in names]), time_label="Weeks")
    ax.figure.draw_without_rendering()
    boxes = sorted((Text.get_window_extent(text) for text in ax.texts), key=lambda box: box.y0)
    assert len(boxes) == 4
    assert all(low.y1 < high.y0 for low, high in itertools.pairwise(boxes))
    assert len({(line.get_color(), str(line.get_linestyle())) for line in ax.get_lines()}) == 4


def test_a_row_of_effective_sample_sizes_stands_under_weighted_curves_only(curve: Curve) -> None:
    frame = curve.to_frame()
    assert "n_effective" not in risk_table(frame.assign(n_effective=frame["n_at_risk"].astype(float)), [0])
    weighted = frame.assign(n_effective=0.75 * frame["n_at_risk"])
    table = risk_table(weighted, [0, 26, 52])
    assert table["n_effective"].to_numpy() == pytest.approx(0.75 * table["at_risk"].to_numpy())
    ax = reoffending_curve(weighted, table=table, time_label="Weeks")
    words = _words(ax)
    assert words.count("Effective sample size") == 2
    assert words.index("Effective sample size") > words.index("Still followed")
    assert words.index("Effective sample size") < words.index("Reoffended")
    assert "162" in words


def test_shares_near_nought_and_near_one_fit_their_axis(curve: Curve) -> None:
    frame = curve.to_frame()
    columns = ["estimate", "conf_low", "conf_high"]
    few = frame.assign(**{name: 1 - (1 - frame[name]) / 100 for name in columns})
    ax = reoffending_curve(few, time_label="Weeks")
    assert ax.get_ylim()[1] == 0.02
    assert [tick.get_text() for tick in ax.get_yticklabels()] == ["0%", "0.5%", "1%", "1.5%", "2%"]
    many = frame.assign(**{name: frame[name] ** 20 for name in columns})
    assert reoffending_curve(many, time_label="Weeks").get_ylim()[1] == 1


def test_the_words_are_made_from_the_numbers_drawn(curve: Curve) -> None:
    table = risk_table(curve.to_frame(), [0, 26, 52]).astype(object)
    table.loc[5, "censored"] = "[c]"
    text = alt_text(curve.to_frame(), table, time_label="Weeks")
    assert text.startswith("Share who reoffended over 52 weeks, rising from zero: 2 curves, with 95% bands, for ")
    assert "comparison 30.6% at 52 weeks (95% interval 24.9% to 37.2%)" in text
    assert "for each group at 0, 26 and 52 weeks: still followed, reoffended and left." in text
    assert "Comparison: still followed at the start 216; by 52 weeks still followed 150, reoffended 66, left 0." in text
    assert text.endswith("reoffended 48, left a number that is withheld.")


def test_the_picture_can_be_drawn_again_from_its_figures(curve: Curve) -> None:
    table = risk_table(curve.to_frame(), [0, 26, 52])
    figures = plotted_figures(curve.to_frame(), table, time_label="Weeks")
    ax = reoffending_curve(curve.to_frame(), table=table, time_label="Weeks")
    for line, name in zip(ax.get_lines(), ["comparison", "treated"], strict=True):
        own = figures[(figures["element"] == "curve") & (figures["group"] == name)]
        assert own["time_shown"].tolist() == list(line.get_xdata())
        assert own["estimate"].tolist() == list(line.get_ydata())
    cells = figures[figures["element"].isin(["at_risk", "events", "censored"])]["words"]
    assert len(cells) == 18
    assert set(cells) <= set(_words(ax))


def test_the_same_picture_has_the_same_bytes(curve: Curve) -> None:
    assert to_png(curve.plot().figure) == to_png(curve.plot().figure)


def test_drawing_on_given_axes(curve: Curve) -> None:
    from dipeval.plots.style import new_axes

    ax = new_axes()
    assert curve.plot(ax) is ax


def test_a_curve_of_two_groups_is_marked_at_a_year_unless_told_otherwise() -> None:
    data = datasets.rossi()
    two = kaplan_meier(data, time="weeks_to_arrest", event="arrested", by="fin", time_unit="weeks")
    marked = two.plotted_figures()
    shares = marked[marked["element"] == "mark"]
    np.testing.assert_allclose(shares["estimate"], two.compare_at(52)["share"][:2], rtol=1e-12)
    assert set(marked["element"]) >= {"curve", "mark", "difference", "at_risk", "events", "censored"}
    assert "95% interval" in two.alt_text()
    assert "mark" not in set(two.plotted_figures(mark=False)["element"])
    assert "mark" not in set(two.plotted_figures(horizon=40)["element"])
    assert two.plot(mark=26).has_data()
    everyone = kaplan_meier(data, time="weeks_to_arrest", event="arrested", time_unit="weeks")
    assert "mark" not in set(everyone.plotted_figures()["element"])
