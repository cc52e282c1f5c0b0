"""What an effect may say, and what no sentence of this room may ever say."""

from __future__ import annotations

import re
from types import SimpleNamespace
from typing import Any

import numpy as np
import pandas as pd
import pytest

from dipeval.effects import Effect, estimate_effect, wording
from dipeval.errors import InputError
from dipeval.plots.effects import effect_plot
from dipeval.plots.style import to_png


def effect_of(estimate: float, half: float, **kwargs: Any) -> Effect:
    facts: dict[str, Any] = {
        "measure": "risk_difference", "outcome_name": "reoffended", "outcome_kind": "yes_no", "estimate": estimate,
        "std_error": half / 1.96, "conf_low": estimate - half, "conf_high": estimate + half, "p_value": 0.04,
        "level": 0.95, "n_treated": 550, "n_comparison": 550, "mean_treated": 0.352, "mean_comparison": 0.41,
        "se_method": "pair-cluster (HC1 with G/(G - 1), G = 550 pairs)",
        "estimand": "the average effect on the 550 of 672 treated people for whom a comparable untreated person was "
        "found.",
        "design_method": "nearest", "design_fingerprint": "0123456789abcdef", "n_treated_dropped": 122,
        "e_value": 1.6, "e_value_limit": 1.2,
    }  # fmt: skip
    return Effect(**{**facts, **kwargs})


def test_no_template_reports_the_absence_of_an_effect_or_names_the_untreated_wrongly() -> None:
    assert len(wording.TEMPLATES) > 15
    for text in wording.TEMPLATES:
        plain = text.lower().replace("this does not show that there was no effect", "")
        assert "no effect" not in plain
        assert "control" not in plain
        assert "significant" not in plain


def test_clear_interval_golden() -> None:
    summary = effect_of(-0.058, 0.032).summary()
    assert summary.headline == (
        "Reoffended within the follow-up: 5.8 fewer in every 100 treated people than among comparable untreated people "
        "(95% interval: from 9.0 fewer to 2.6 fewer). 35.2% of treated people against 41.0% of comparison people."
    )
    assert summary.notes == (
        "What is estimated: the average effect on the 550 of 672 treated people for whom a comparable untreated person "
        "was found.",
        "Standard errors: pair-cluster (HC1 with G/(G - 1), G = 550 pairs); normal-based 95% interval; p = 0.040 "
        "(two-sided).",
        "122 treated people were left out of this estimate by the design; the answer may differ for them.",
        "What would overturn it: a hidden factor, beyond the covariates used, linked to both treatment and outcome by "
        "risk ratios of at least 1.60 each could account for the whole estimate (E-value, VanderWeele and Ding 2017); "
        "one of 1.20 each would be enough to make the interval reach equality (approximate: taken from the interval of "
        "the ratio of the two shares).",
        "Design: nearest, fingerprint 0123456789ab.",
    )


def test_interval_with_zero_golden() -> None:
    effect = effect_of(-0.006, 0.042, e_value_limit=1.0)
    assert effect.includes_equality
    assert effect.summary().headline == (
        "Reoffended within the follow-up: the data are compatible with anything from 4.8 fewer to 3.6 more in every "
        "100 treated people than among comparable untreated people (95% interval); this does not show that there was "
        "no effect: more people would be needed to tell. 35.2% of treated people against 41.0% of comparison people."
    )
    assert any("the interval already includes equality" in note for note in effect.summary().notes)


def test_a_clear_difference_whose_ratio_is_not_clear_does_not_contradict_its_headline() -> None:
    notes = effect_of(-0.083, 0.082, e_value_limit=1.0).summary().notes
    assert any("only just excludes equality" in note for note in notes)
    assert not any("already includes equality" in note for note in notes)


def test_an_interval_that_touches_zero_is_not_clear() -> None:
    assert effect_of(-0.5, 0.5).includes_equality


def test_ratios_counts_and_numbers_have_their_own_words() -> None:
    ratio = effect_of(0.8, 0.1, measure="risk_ratio")
    assert "20.0% lower in relative terms" in ratio.summary().headline
    assert any("logarithm" in note for note in ratio.summary().notes)
    count = effect_of(-0.34, 0.2, measure="mean_difference", outcome_name="n_reoffences", outcome_kind="count")
    assert count.summary().headline.startswith("Number of proven reoffences: 0.34 fewer per treated person than")
    money = effect_of(1273, 500, measure="mean_difference", outcome_name="re78", outcome_kind="number")
    assert "1,273 higher on average" in money.summary().headline
    tiny = effect_of(-0.006, 0.004, measure="mean_difference", outcome_kind="count")
    assert "0.006 fewer" in tiny.summary().headline


@pytest.mark.parametrize(
    ("measure", "words", "row"),
    [
        ("odds_ratio", "20.0% lower in odds than among comparable untreated people", "Odds ratio"),
        ("rate_ratio", "20.0% lower as a rate than among comparable untreated people", "Ratio of rates"),
        ("hazard_ratio", "20.0% lower as a rate of first events at any time than among", "Hazard ratio"),
    ],
)
def test_further_ratios_have_their_own_words(measure: str, words: str, row: str) -> None:
    effect = effect_of(0.8, 0.1, measure=measure, timed=measure == "rate_ratio")
    summary = effect.summary()
    assert words in summary.headline
    assert not summary.headline.endswith(" ")
    assert any("logarithm" in note for note in summary.notes)
    table = summary.to_frame().set_index("Quantity")["Value"]
    assert table[row] == "0.80"
    assert table["95% interval"] == "0.70 to 0.90"
    warned = any("further from 1" in note or "A hazard ratio compares" in note for note in summary.notes)
    assert warned == (measure != "rate_ratio")


def test_a_ratio_that_includes_equality_is_never_the_absence_of_an_effect() -> None:
    for measure in ("odds_ratio", "rate_ratio", "hazard_ratio"):
        headline = effect_of(0.95, 0.2, measure=measure).summary().headline
        assert "compatible with anything from 25.0% lower to 15.0% higher" in headline
        assert "more people would be needed" in headline


def test_rates_are_shown_for_a_year_at_risk_and_a_hazard_ratio_shows_no_level() -> None:
    rate = effect_of(0.8, 0.1, measure="rate_ratio", timed=True, mean_treated=0.008, mean_comparison=0.01)
    assert rate.summary().headline.endswith(
        "2.92 for every 365 days at risk among treated people against 3.65 among comparison people."
    )
    table = rate.summary().to_frame()
    assert table["Quantity"][0] == "Treated (for every 365 days at risk)"
    assert table["Value"].tolist()[:2] == ["2.92", "3.65"]
    hazard = effect_of(
        0.8, 0.1, measure="hazard_ratio", about="ATE", mean_treated=float("nan"), mean_comparison=float("nan")
    )
    assert hazard.summary().to_frame()["Value"].tolist()[:2] == ["", ""]
    assert not any("weighted to stand for" in note for note in hazard.summary().notes)


def test_remarks_of_the_estimator_stand_among_the_notes() -> None:
    assert "Made in another way." in effect_of(-0.1, 0.05, remarks=("Made in another way.",)).summary().notes


def test_the_unadjusted_difference_says_that_it_is() -> None:
    summary = effect_of(-0.058, 0.032, design_method="none").summary()
    assert "untreated people as they come (not adjusted)" in summary.headline
    assert "comparable untreated people" not in summary.headline
    assert any(note.startswith("Nothing was adjusted for") for note in summary.notes)


@pytest.mark.parametrize(
    ("dropped", "words"),
    [(0, "No treated person was left out"), (1, "1 treated person was left"), (None, "does not say how many")],
)
def test_who_was_dropped_is_always_said(dropped: int | None, words: str) -> None:
    assert any(words in note for note in effect_of(-0.058, 0.032, n_treated_dropped=dropped).summary().notes)


@pytest.mark.parametrize(
    ("about", "treated", "others", "words"),
    [
        ("ATC", 327, 1, "1 comparison person was left out of this estimate by the design"),
        ("ATC", 327, 0, "No comparison person was left out"),
        ("ATE", 2, 1, "Left out of this estimate by the design: 2 treated and 1 comparison people"),
        ("ATO", 0, 0, "Nobody was left out by the design"),
    ],
)
def test_who_was_dropped_is_counted_among_the_people_the_effect_is_about(
    about: str, treated: int, others: int, words: str
) -> None:
    notes = (
        effect_of(-0.058, 0.032, about=about, n_treated_dropped=treated, n_comparison_dropped=others).summary().notes
    )
    assert any(words in note for note in notes)
    assert not any("327" in note for note in notes)


def test_people_left_out_are_counted_as_the_estimand_has_it() -> None:
    counts = {
        about: effect_of(-0.1, 0.05, about=about, n_treated_dropped=2, n_comparison_dropped=3).n_left_out
        for about in ("ATT", "ATC", "ATE", "ATO")
    }
    assert counts == {"ATT": 2, "ATC": 3, "ATE": 5, "ATO": 5}
    assert effect_of(-0.1, 0.05, about="ATE", n_treated_dropped=None, n_comparison_dropped=3).n_left_out is None


@pytest.mark.parametrize(
    ("about", "words"),
    [("ATC", "The shares of the treated people"), ("ATE", "The shares of both groups"), ("ATT", "")],
)
def test_figures_that_are_not_the_treated_peoples_own_are_called_weighted(about: str, words: str) -> None:
    weighted = [note for note in effect_of(-0.058, 0.032, about=about).summary().notes if "weighted" in note]
    assert len(weighted) == bool(words)
    assert all(note.startswith(words) for note in weighted)


def test_without_an_e_value_the_note_says_why() -> None:
    notes = effect_of(-1, 0.5, e_value=float("nan"), e_value_limit=float("nan")).summary().notes
    assert any("no E-value can be given" in note for note in notes)


def test_with_replacement_the_error_method_says_so() -> None:
    index = pd.RangeIndex(6)
    design = SimpleNamespace(
        weights=pd.Series([1.0, 1, 1, 2, 1, 0], index), treated=pd.Series([True] * 3 + [False] * 3, index),
        clusters=None, estimand_in_words="the average effect on the treated", fingerprint="x", method="nearest",
        options={"replace": True},
    )  # fmt: skip
    effect = estimate_effect(design, pd.Series([0, 1, 1, 0, 1, 1], index))
    assert "a comparison person used more than once" in effect.se_method
    assert "an approximation that takes the matches as given" in effect.se_method
    assert effect.n_treated_dropped is None


def test_summary_shows_and_html_escapes() -> None:
    effect = effect_of(-0.058, 0.032)
    table = effect.summary().to_frame()
    assert table["Value"].tolist() == ["35.2", "41.0", "−5.8", "−9.0 to −2.6", "0.040"]
    assert table["People"].tolist()[:2] == ["550", "550"]
    assert re.search(r"<table>.*</table>", effect._repr_html_())


def test_the_picture_has_a_row_a_line_of_equality_and_its_numbers() -> None:
    frame = pd.concat([effect_of(-0.058, 0.032).to_frame(), effect_of(0.01, 0.04).to_frame()], ignore_index=True)
    ax = effect_plot(frame.assign(label=["Matched", "Unadjusted"]))
    assert [text.get_text() for text in ax.get_yticklabels()] == ["Matched", "Unadjusted"]
    assert [text.get_text() for text in ax.texts] == ["−5.8 (−9.0 to −2.6)", "1.0 (−3.0 to 5.0)"]
    assert any(np.allclose(line.get_xdata(), 0) for line in ax.lines)
    assert to_png(effect_plot(frame).figure) == to_png(effect_plot(frame).figure)
    for measure in ("odds_ratio", "rate_ratio", "hazard_ratio"):
        assert "ratio scale" in effect_of(0.8, 0.1, measure=measure).plot().get_xlabel()
    ratio = effect_of(0.8, 0.1, measure="risk_ratio").plot()
    assert ratio.get_xscale() == "log"
    assert any(np.allclose(line.get_xdata(), 1) for line in ratio.lines)
    low, high = ratio.get_xlim()
    assert low < 0.7 and high > 1


def test_the_picture_refuses_what_it_cannot_show() -> None:
    mixed = pd.concat(
        [effect_of(-0.058, 0.032).to_frame(), effect_of(0.8, 0.1, measure="risk_ratio").to_frame()], ignore_index=True
    )
    with pytest.raises(InputError, match="one measure"):
        effect_plot(mixed)
    with pytest.raises(InputError, match="holds none"):
        effect_plot(mixed.iloc[:0])
    with pytest.raises(InputError, match="conf_low"):
        effect_plot(mixed.drop(columns="conf_low"))


def test_a_limit_close_to_equality_keeps_its_side() -> None:
    headline = effect_of(-0.0894, 0.0898).summary().headline
    assert "from 17.9 fewer to 0.04 more" in headline
