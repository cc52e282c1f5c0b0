"""The picture of an outcome contract: the lines, the two marks on each, and the words."""

from __future__ import annotations

import pandas as pd
import pytest

from dipeval.errors import InputError
from dipeval.plots.money_payment import payment_alt, payment_plot
from dipeval.plots.style import new_axes, to_png
from dipeval.roi.payments.payment import payment_by_results
from dipeval.roi.payments.payment_terms import PaymentTerms


def curve(*ways: str) -> pd.DataFrame:
    points = [(judged, fall, 0.1 + fall * 10) for judged in ways for fall in (-0.005, 0.0, 0.04, 0.08)]
    return pd.DataFrame(points, columns=["judged", "fall", "probability_paid"])


def test_one_line_is_marked_where_nothing_changed_and_at_the_promise() -> None:
    axes = payment_plot(curve("each"), promised=0.04, kind="yes_no")
    assert [text.get_text() for text in axes.texts] == ["nothing changed", "as promised", "10%", "50%"]
    assert axes.get_legend() is None
    assert axes.get_xlabel().endswith("percentage points")
    assert axes.xaxis.get_major_formatter()(0.05, 0) == "5"
    assert axes.yaxis.get_major_formatter()(0.5, 0) == "50%"


def test_two_ways_of_judging_are_told_apart_by_colour_and_dash() -> None:
    axes = payment_plot(curve("each", "together"), promised=0.04, kind="count")
    lines = [line for line in axes.lines if len(line.get_xdata()) == 4]
    assert len({line.get_color() for line in lines}) == len({line.get_linestyle() for line in lines}) == 2
    legend = axes.get_legend()
    assert legend is not None
    assert [text.get_text() for text in legend.get_texts()] == ["each cohort by itself", "all together"]
    assert axes.xaxis.get_major_formatter()(0.05, 0) == "0.05"


def test_it_draws_on_the_axes_given_and_the_same_bytes_each_time() -> None:
    given = new_axes()
    assert payment_plot(curve("each"), promised=0.04, kind="yes_no", ax=given) is given
    found = payment_by_results(
        300, kind="yes_no", terms=PaymentTerms(amount=1, at_least=0.05), promised=0.08, baseline=0.55, cohorts=2
    )
    assert to_png(found.plot()) == to_png(found.plot())


def test_what_is_paid_on_average_is_in_pounds() -> None:
    found = payment_by_results(
        300, kind="yes_no", terms=PaymentTerms(amount=2_000, per="fewer"), promised=0.08, baseline=0.55
    )
    axes = found.plot()
    assert axes.get_ylabel() == "Paid on average"
    assert [text.get_text() for text in axes.texts][2:] == ["£6,870", "£48,000"]
    assert axes.yaxis.get_major_formatter()(20_000, 0) == "£20k"
    assert axes.yaxis.get_major_formatter()(-20_000, 0) == ""
    told = payment_alt(found.curve(), promised=0.08, shown="expected")
    assert told.startswith("Paid on average by the true fall. Each cohort by itself: £6,870 if nothing changed")


def test_the_picture_in_words() -> None:
    assert payment_alt(curve("each", "together"), promised=0.04) == (
        "Chance of any payment by the true fall. Each cohort by itself: 10% if nothing changed, 50% if the promised "
        "fall came about. All together: 10% if nothing changed, 50% if the promised fall came about."
    )
    sure = curve("each").assign(probability_paid=[0.001, 0.001, 0.9999, 1.0])
    assert "under 1% if nothing changed, over 99% if" in payment_alt(sure, promised=0.04)


@pytest.mark.parametrize(("frame", "kind"), [(curve(), "yes_no"), (curve("each"), "time")])
def test_nothing_to_draw_is_refused(frame: pd.DataFrame, kind: str) -> None:
    with pytest.raises(InputError, match="needs the curve"):
        payment_plot(frame, promised=0.04, kind=kind)
