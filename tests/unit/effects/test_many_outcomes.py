"""One primary outcome tested alone, the others corrected within their family; nothing drops out for its answer."""

from __future__ import annotations

import math
from itertools import combinations
from typing import Any

import numpy as np
import pandas as pd
import pytest
from statsmodels.stats.multitest import multipletests

import dipeval as dip
from dipeval.datasets import recid
from dipeval.effects import estimate_effects
from dipeval.effects.several import many_words
from dipeval.effects.several.holm import holm, simultaneous_reach
from dipeval.effects.several.many import collect_effects
from dipeval.errors import EstimationError, InputError
from dipeval.plots.style import to_png

COVARIATES = ["priors", "educ", "age"]


@pytest.fixture(scope="module")
def people() -> pd.DataFrame:
    return recid()


@pytest.fixture(scope="module")
def design(people: pd.DataFrame) -> Any:
    return dip.weight(people, treated="workprg", covariates=COVARIATES)


@pytest.fixture(scope="module")
def outcomes(people: pd.DataFrame) -> pd.DataFrame:
    rng = np.random.default_rng(5)
    return people[["returned_12m", "returned"]].assign(
        n_violent=rng.poisson(0.3, len(people)),
        n_disorder=rng.poisson(0.6, len(people)),
        custody_days=rng.poisson(20, len(people)),
        severity=rng.normal(size=len(people)),
    )


@pytest.fixture(scope="module")
def effects(design: Any, outcomes: pd.DataFrame) -> Any:
    return estimate_effects(
        design,
        outcomes,
        primary="returned_12m",
        measures={"returned_12m": ["risk_difference", "risk_ratio"], "returned": ["odds_ratio", "risk_difference"]},
        families={"n_violent": "kinds of offence", "n_disorder": "kinds of offence"},
    )


def closed_testing(p_values: np.ndarray) -> list[float]:
    """Holm's procedure is Bonferroni's test of every set of hypotheses: the largest p of the sets a question is in."""
    places = range(len(p_values))
    sets = [own for size in range(1, len(p_values) + 1) for own in combinations(places, size)]
    return [max(min(1.0, len(own) * min(p_values[list(own)])) for own in sets if place in own) for place in places]


@pytest.mark.parametrize("number", range(20))
def test_holm_is_the_closed_test_of_bonferroni(number: int) -> None:
    rng = np.random.default_rng(number)
    p_values = np.round(rng.random(rng.integers(1, 8)) ** 3, 3)  # ties occur
    np.testing.assert_allclose(holm(p_values), closed_testing(p_values), rtol=1e-14)
    np.testing.assert_allclose(holm(p_values), multipletests(p_values, method="holm")[1], rtol=1e-14)


def test_holm_leaves_out_what_was_not_asked_and_refuses_what_is_no_p_value() -> None:
    assert np.isnan(holm([0.01, math.nan, 0.04])).tolist() == [False, True, False]
    np.testing.assert_allclose(holm([0.01, math.nan, 0.04])[[0, 2]], [0.02, 0.04])
    assert len(holm([])) == 0
    with pytest.raises(InputError, match="1 of 2 p-values lie outside 0 to 1"):
        holm([0.1, 1.2])


def test_every_row_is_what_estimate_effect_gives(effects: Any, design: Any, outcomes: pd.DataFrame) -> None:
    frame = effects.to_frame()
    for _, row in frame.iterrows():
        alone = dip.estimate_effect(design, outcomes, measure=row["term"], outcome_name=row["group"])
        for name in ("estimate", "std_error", "conf_low", "conf_high", "p_value", "mean_treated", "n_treated"):
            assert row[name] == getattr(alone, name)
    assert frame["group"].tolist()[:2] == ["returned_12m"] * 2
    assert effects.primary.outcome_name == "returned_12m"
    assert effects.effect("returned").measure == "odds_ratio"
    assert effects.effect("returned", "risk_difference").measure == "risk_difference"
    with pytest.raises(InputError, match="There is no such effect; there are: returned_12m"):
        effects.effect("returned", "rate_ratio")


def test_the_primary_outcome_stands_alone_and_the_others_are_corrected_within_their_family(effects: Any) -> None:
    frame = effects.to_frame()
    primary = frame[frame["role"] == "primary"]
    assert primary["p_value_holm"].tolist() == [effects.primary.p_value] * 2
    assert primary["tested"].tolist() == [True, False]
    np.testing.assert_array_equal(primary["conf_low_family"], primary["conf_low"])
    tests = frame[frame["tested"] & (frame["role"] == "secondary")]
    assert tests["group"].is_unique
    for family, members in tests.groupby("family"):
        assert len(members) == {"kinds of offence": 2, many_words.DEFAULT_FAMILY: 3}[str(family)]
        np.testing.assert_allclose(members["p_value_holm"], closed_testing(members["p_value"].to_numpy()), rtol=1e-14)


def test_other_measures_of_an_outcome_carry_its_verdict_and_are_not_counted_again(effects: Any) -> None:
    frame = effects.to_frame().query("group == 'returned'")
    assert frame["term"].tolist() == ["odds_ratio", "risk_difference"]
    assert frame["tested"].tolist() == [True, False]
    assert frame["p_value_holm"].nunique() == 1
    assert frame["family"].nunique() == 1


def test_simultaneous_intervals_are_those_of_bonferroni_on_the_scale_of_the_interval(effects: Any) -> None:
    frame = effects.to_frame().set_index(["group", "term"])
    row = frame.loc[("returned", "odds_ratio")]
    reach = simultaneous_reach(0.95, 3) * row["std_error"]
    assert simultaneous_reach(0.95, 3) == pytest.approx(2.3939797998185104, rel=1e-12)
    assert math.log(row["conf_high_family"]) == pytest.approx(math.log(row["estimate"]) + reach, rel=1e-10)
    row = frame.loc[("n_violent", "mean_difference")]
    assert row["conf_low_family"] == pytest.approx(
        row["estimate"] - simultaneous_reach(0.95, 2) * row["std_error"], rel=1e-10
    )


def test_the_order_of_rows_and_columns_changes_no_figure(effects: Any, design: Any, outcomes: pd.DataFrame) -> None:
    moved = outcomes.iloc[np.random.default_rng(3).permutation(len(outcomes)), ::-1]
    again = estimate_effects(
        design,
        moved,
        primary="returned_12m",
        measures={"returned": ["odds_ratio", "risk_difference"], "returned_12m": ["risk_difference", "risk_ratio"]},
        families={"n_disorder": "kinds of offence", "n_violent": "kinds of offence"},
    )
    keys = ["group", "term"]
    pd.testing.assert_frame_equal(
        again.to_frame().sort_values(keys, ignore_index=True),
        effects.to_frame().sort_values(keys, ignore_index=True),
        check_exact=True,
    )


def test_an_outcome_that_cannot_be_estimated_stays_in_the_table_and_counts(design: Any, outcomes: pd.DataFrame) -> None:
    found = estimate_effects(design, outcomes[["returned_12m", "n_violent"]].assign(never=0), primary="returned_12m")
    row = found.to_frame().set_index("group").loc["never"]
    assert math.isnan(row["estimate"])
    assert row["p_value_holm"] == 1.0
    assert row["n"] == found.primary.n_treated + found.primary.n_comparison
    other = found.to_frame().set_index("group").loc["n_violent"]
    assert other["p_value_holm"] == pytest.approx(min(1, 2 * other["p_value"]))
    assert any(note.startswith("Never (difference in shares") for note in found.summary().notes)
    assert to_png(found.plot()).startswith(b"\x89PNG")
    with pytest.raises(EstimationError, match="does not vary"):
        estimate_effects(design, outcomes.assign(never=0), primary="never")


def test_hazard_and_rate_ratios_get_their_times(design: Any, people: pd.DataFrame) -> None:
    frame = people[["returned", "months_to_return"]].assign(event=people["returned"])
    found = estimate_effects(
        design, frame, primary="returned", measures={"event": "hazard_ratio"}, time="months_to_return"
    )
    alone = dip.estimate_effect(
        design, frame, measure="hazard_ratio", outcome_name="event", time="months_to_return", event="event"
    )
    assert found.to_frame()["group"].tolist() == ["returned", "event"]
    assert found.effect("event").estimate == alone.estimate
    counts = frame[["returned", "months_to_return"]].assign(n_violent=np.arange(len(frame)) % 3)
    rated = estimate_effects(
        design, counts, primary="returned", measures={"n_violent": "rate_ratio"}, at_risk="months_to_return"
    )
    alone = dip.estimate_effect(
        design, counts, measure="rate_ratio", outcome_name="n_violent", at_risk="months_to_return"
    )
    assert rated.effect("n_violent").estimate == alone.estimate
    with pytest.raises(InputError, match="needs the times to it: name their column with time="):
        estimate_effects(design, frame, primary="returned", measures={"event": "hazard_ratio"})


def test_each_rate_may_have_a_time_at_risk_of_its_own(design: Any, people: pd.DataFrame) -> None:
    frame = people[["returned"]].assign(
        n_first=np.arange(len(people)) % 3, n_second=np.arange(len(people)) % 4, days=np.arange(len(people)) + 100
    )
    own = people["months_to_return"]
    found = estimate_effects(
        design,
        frame,
        primary="returned",
        measures={"n_first": "rate_ratio", "n_second": "rate_ratio"},
        at_risk={"n_first": "days", "n_second": own},
    )
    assert found.to_frame()["group"].tolist() == ["returned", "n_first", "n_second"]
    for name, times in (("n_first", frame["days"]), ("n_second", own)):
        alone = dip.estimate_effect(design, frame[name], measure="rate_ratio", at_risk=times)
        assert found.effect(name).estimate == alone.estimate


def test_effects_estimated_one_by_one_are_put_together_alike(effects: Any) -> None:
    again = collect_effects(
        effects.effects[::-1],
        primary="returned_12m",
        families={name: family for name, family in effects.families.items() if family == "kinds of offence"},
    )
    assert set(again.to_frame()["group"]) == set(effects.to_frame()["group"])
    assert again.to_frame()["role"].tolist()[:2] == ["primary", "primary"]
    same = collect_effects(effects.effects, primary="returned_12m", families=effects.families)
    pd.testing.assert_frame_equal(same.to_frame(), effects.to_frame(), check_exact=True)
    assert str(same.summary()) == str(effects.summary())


def test_effects_that_do_not_belong_together_are_refused(effects: Any, people: pd.DataFrame) -> None:
    with pytest.raises(InputError, match="no effect on the primary outcome 'wrong'"):
        collect_effects(effects.effects, primary="wrong")
    with pytest.raises(InputError, match="there twice"):
        collect_effects([effects.primary, effects.primary], primary="returned_12m")
    other = dip.weight(people, treated="workprg", covariates=["age"])
    with pytest.raises(InputError, match="come from several designs"):
        collect_effects([effects.primary, dip.estimate_effect(other, people["returned"])], primary="returned_12m")


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"primary": "wrong"}, "The primary outcome 'wrong' is no column of outcomes"),
        ({"measures": {"wrong": "risk_ratio"}}, "measures names wrong, which is none of the outcomes"),
        ({"families": {"wrong": "a"}}, "families names wrong"),
        ({"labels": {"wrong": "a"}}, "labels names wrong"),
        ({"at_risk": {"wrong": "custody_days"}}, "at_risk names wrong"),
        ({"measures": {"returned": "wrong"}}, "measures gives 'returned' wrong, which is no measure"),
        ({"measures": {"returned": ()}}, "measures gives 'returned' none, or one twice"),
        ({"families": {"returned_12m": "a"}}, "is the primary outcome, which stands alone"),
        ({"labels": ["a"]}, "labels must be a mapping of outcome to value; it is a list"),
        ({"time": "wrong"}, "outcomes has no column wrong"),
    ],
)
def test_what_does_not_fit_is_refused(design: Any, outcomes: pd.DataFrame, options: dict[str, Any], words: str) -> None:
    with pytest.raises(InputError, match=words):
        estimate_effects(design, outcomes, **{"primary": "returned_12m", **options})


def test_a_single_outcome_is_sent_to_the_other_function(design: Any, outcomes: pd.DataFrame) -> None:
    with pytest.raises(InputError, match="For a single outcome use estimate_effect"):
        estimate_effects(design, outcomes["returned"], primary="returned")
    with pytest.raises(InputError, match="several columns of one name"):
        estimate_effects(design, pd.concat([outcomes, outcomes], axis="columns"), primary="returned")
    alone = estimate_effects(design, outcomes[["returned_12m"]], primary="returned_12m")
    assert alone.summary().title == many_words.TITLE_ALONE
    assert not any("tested" in note and "other" in note for note in alone.summary().notes)


def test_no_template_reports_the_absence_of_an_effect() -> None:
    assert len(many_words.TEMPLATES) > 12
    for text in many_words.TEMPLATES:
        plain = text.lower().replace("does not show that there was no effect", "")
        assert "no effect" not in plain
        assert "no difference" not in plain
        assert "did not work" not in plain
        assert "control" not in plain
        assert "significant" not in plain


def test_the_summary_speaks_of_the_primary_outcome_and_says_how_many_were_tested(effects: Any) -> None:
    summary = effects.summary()
    assert summary.title == "Effects of treatment: one primary outcome and 5 others"
    assert summary.headline.startswith("Primary outcome. Returned to prison within 12 months: ")
    assert "more people would be needed to tell" in summary.headline
    notes = " ".join(summary.notes)
    assert "3 other outcomes were tested together (other outcomes): Returned; Days in custody" in notes
    assert "2 other outcomes were tested together (kinds of offence)" in notes
    assert "of the 5 tests of other outcomes stay below 5% after the correction" in notes
    table = summary.to_frame()
    assert (table["p corrected"] == "").tolist() == [True, True, *[False] * 6]
    assert "reoffen" not in " ".join(table["Measure"])


def test_labels_are_shown_everywhere(design: Any, outcomes: pd.DataFrame) -> None:
    found = estimate_effects(
        design, outcomes, primary="returned_12m", labels={"returned_12m": "Back in prison", "returned": "Ever back"}
    )
    assert found.summary().headline.startswith("Primary outcome. Back in prison: ")
    assert {"Back in prison", "Ever back"} <= set(found.to_frame()["label"])


def test_differences_ratios_and_units_never_share_an_axis(effects: Any) -> None:
    axes = effects.plot()
    panels = axes.child_axes
    assert panels[0].get_xlabel() == "Treated minus comparison, percentage points"
    assert len(panels) == 6  # shares, ratio of shares, odds ratio, numbers, days, and the scale of severity
    assert [panel.get_xscale() for panel in panels] == ["linear", "log", "log", "linear", "linear", "linear"]
    assert to_png(effects.plot()) == to_png(axes)
