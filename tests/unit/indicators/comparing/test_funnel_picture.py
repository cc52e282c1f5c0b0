"""The funnel: names only for areas outside, none over another, limits as in the frame."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import dipeval as dip
from dipeval.plots.funnel import limits_plot
from dipeval.plots.style import new_axes, to_png


def many(n: int, seed: int = 1, spread: float = 0.3) -> pd.DataFrame:
    """Areas of all sizes that differ more than chance would have it."""
    rng = np.random.default_rng(seed)
    size = np.exp(rng.normal(6.3, 0.8, n)).astype(int)
    share = 1 / (1 + np.exp(-rng.normal(0.15, spread, n)))
    return pd.DataFrame({"district": [f"Police force {place:02d}" for place in range(n)],
                         "numerator": rng.binomial(size, share), "denominator": size})  # fmt: skip


@pytest.mark.parametrize("n", [5, 43])
def test_only_areas_outside_are_named_and_no_name_lies_over_another(n: int) -> None:
    found = dip.benchmark(many(n), over_dispersion="none" if n == 5 else "auto")
    axes = found.plot()
    axes.get_figure().draw_without_rendering()
    names = [text for text in axes.texts if text.get_text().startswith("Police")]
    assert sorted(text.get_text() for text in names) == list(found.outside) != []
    boxes = [text.get_window_extent() for text in names]
    assert not any(one.overlaps(other) for place, one in enumerate(boxes) for other in boxes[:place])
    ends = [text.get_window_extent() for text in axes.texts if text not in names]
    assert not any(one.overlaps(other) for place, one in enumerate(ends) for other in [*ends[:place], *boxes])


def test_the_lines_are_the_limits_and_each_mark_lies_as_its_position_says() -> None:
    found = dip.benchmark(many(43), over_dispersion="none")
    lines, frame = found.limits(), found.to_frame()
    assert lines["smooth"].all()
    drawn = {tuple(np.round(line.get_ydata(), 9)) for line in found.plot().get_lines()}
    for name in ("lower_95", "upper_95", "lower_998", "upper_998"):
        assert tuple(np.round(lines[name], 9)) in drawn
        at = np.interp(frame["size"], lines["size"], lines[name])
        # Between the points of the line and steps of one event.
        assert (at - frame[name]).abs().max() < 0.01
    assert len(lines) > 100


def test_case_mix_of_each_area_has_limits_of_its_own() -> None:
    data = pd.concat([many(6).assign(age="young"), many(6, seed=2, spread=1.0).assign(age="old")])
    found = dip.benchmark(data, strata="age", standardise="indirect")
    assert len(found.limits()) == 6
    assert not found.limits()["smooth"].any()
    assert found.plot().get_xlabel() == "Expected events"


def test_it_draws_where_it_is_told_and_the_same_bytes_twice() -> None:
    found = dip.benchmark(many(5))
    given = new_axes()
    assert found.plot(ax=given) is given
    assert to_png(found.plot()) == to_png(found.plot())


def test_withheld_values_and_no_limits_still_give_a_picture() -> None:
    found = dip.benchmark(many(5))
    hidden = found.to_frame().assign(value=float("nan"))
    assert to_png(limits_plot(hidden, found.limits())).startswith(b"\x89PNG")
    assert to_png(limits_plot(hidden, found.limits().head(0))).startswith(b"\x89PNG")
