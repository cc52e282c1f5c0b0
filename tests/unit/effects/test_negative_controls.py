"""Negative controls: which columns may be one, what the design is made again without, and what is said of them."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pandas as pd
import pytest
from matplotlib.axes import Axes
from scipy.stats import binom

import dipeval as dip
from dipeval.cohort import Cohort
from dipeval.effects import estimate_effect
from dipeval.effects.checks import negative_controls_words as words
from dipeval.effects.checks.negative_controls_estimate import NegativeControl, check_controls, negative_controls
from dipeval.effects.checks.negative_controls_result import NegativeControls
from dipeval.effects.checks.negative_controls_windows import Counted, counted_by_cohort, declared
from dipeval.effects.design_analysis import DesignAnalysis
from dipeval.errors import DesignError, EstimationError, InputError
from dipeval.linkage import true_linkage
from dipeval.plots.style import to_png


def crowd(n: int = 900, pull: float = 1.0, seed: int = 4) -> pd.DataFrame:
    """People of whom the restless are treated more often; their restlessness shows before the index date."""
    rng = np.random.default_rng(seed)
    restless = rng.normal(size=n)
    return pd.DataFrame(
        {
            "treated": (rng.random(n) < 1 / (1 + np.exp(0.5 - pull * restless))).astype(int),
            "age": rng.normal(35, 9, n).round(),
            "arrests_5y": rng.poisson(np.exp(1 + 0.5 * restless)),
            "arrests_before": rng.poisson(np.exp(0.2 + 0.5 * restless)),
            "moved_house": (rng.random(n) < 0.3).astype(int),
        },
        index=[f"p{place:04d}" for place in range(n)],
    )


def analysis_of(*covariates: str, **options: Any) -> DesignAnalysis:
    return DesignAnalysis(covariates=covariates, outcome="reoffended", options=options)


@pytest.fixture(scope="module")
def cohort() -> Cohort:
    extracts = dip.simulate(people=900, seed=2, motoring=1.0)
    return dip.build_cohort(extracts, true_linkage(extracts))


@pytest.mark.parametrize(
    ("column", "relation"),
    [
        (Counted(what="offences", first=-365, last=-1), "contains"),
        (Counted(what="offences", first=None, last=-1), "contains"),
        (Counted(what="offences", first=-182, last=-92), "contains"),
        (Counted(what="offences", first=-120, last=-1), "shares"),
        (Counted(what="offences", first=-365, last=-183), None),
        (Counted(what="offences", first=-91, last=-1), None),
        (Counted(what="offences", kinds=frozenset({"violent"}), first=-365, last=-1), "shares"),
        (Counted(what="tests", first=-365, last=-1), None),
        (Counted(first=-365, last=-1), "contains"),
    ],
)
def test_what_counts_some_of_the_same_events(column: Counted, relation: str | None) -> None:
    assert column.relation(Counted(what="offences", first=-182, last=-92)) == relation


def test_kinds_that_exclude_each_other_share_nothing() -> None:
    drug, violent = (
        Counted(what="offences", kinds=frozenset({kind}), first=-365, last=-1) for kind in ("drug", "violent")
    )
    assert drug.relation(violent) is None
    both = Counted(what="offences", kinds=frozenset({"drug", "violent"}), first=-400, last=-1)
    assert both.relation(violent) == "contains" and violent.relation(both) == "shares"


def test_the_columns_of_a_cohort_are_known_by_what_they_count() -> None:
    known = counted_by_cohort(_covariates())
    assert set(known) == {
        *(
            name
            for name in _covariates()["column"]
            if name.startswith(("prior_", "log_prior", "offences_quarter", "copas"))
        ),
    }
    assert known["copas_rate"].what == "offences" and known["copas_rate"].first is None
    assert known["offences_quarter_8"].days == (-728, -638)
    assert known["prior_violent_12m"].kinds == {"violent"}


def _covariates() -> pd.DataFrame:
    from dipeval.cohort.covariates import covariate_table

    return covariate_table(dip.CohortRule())


def test_a_covariate_cannot_be_its_own_negative_control() -> None:
    with pytest.raises(DesignError, match=r"the column itself is a covariate.*Take arrests_before out"):
        negative_controls(
            crowd(), analysis=analysis_of("age", "arrests_before"), controls=[NegativeControl(column="arrests_before")]
        )


@pytest.mark.parametrize("options", [{"exact": ["moved_house"]}, {"covariate_calipers": {"moved_house": 0}}])
def test_nor_can_a_column_that_people_are_matched_on(options: dict[str, Any]) -> None:
    analysis = DesignAnalysis(covariates=("age",), outcome="y", method="nearest", options=options)
    with pytest.raises(DesignError, match="Take moved_house out"):
        negative_controls(crowd(), analysis=analysis, controls=[NegativeControl(column="moved_house")])
    found = negative_controls(
        crowd(), analysis=analysis, controls=[NegativeControl(column="moved_house")], drop_containing=True
    )
    assert found.to_frame()["left_out"].tolist() == ["moved_house"]


def test_a_declared_window_that_contains_it_is_refused_and_named() -> None:
    control = NegativeControl(column="arrests_before", window=("arrests", -365, -1))
    windows = {"arrests_5y": ("arrests", -1826, -1)}
    with pytest.raises(DesignError, match="arrests_5y counts the same thing over days that take in its own"):
        negative_controls(crowd(), analysis=analysis_of("age", "arrests_5y"), controls=[control], windows=windows)
    earlier = {"arrests_5y": ("arrests", -1826, -366)}
    found = negative_controls(crowd(), analysis=analysis_of("age", "arrests_5y"), controls=[control], windows=earlier)
    assert found.to_frame()["left_out"].tolist() == [""] and not found.undeclared


def test_dropping_what_contains_it_gives_the_design_without_it() -> None:
    people = crowd()
    found = negative_controls(
        people,
        analysis=analysis_of("age", "arrests_5y"),
        controls=[NegativeControl(column="arrests_before", window=(-365, -1))],
        windows={"arrests_5y": (-1826, -1)},
        drop_containing=True,
    )
    design = dip.weight(people, treated="treated", covariates=["age"])
    by_hand = estimate_effect(design, people["arrests_before"], measure="mean_difference")
    row = found.to_frame().iloc[0]
    assert row["estimate"] == by_hand.estimate and row["std_error"] == by_hand.std_error
    assert row["left_out"] == "arrests_5y" and row["excludes_equality"]
    assert any("made again without Arrests 5y" in note for note in found.summary().notes)
    assert "the warning is a weaker one" in found.summary().headline


def test_every_refusal_is_told_at_once() -> None:
    controls = [NegativeControl(column="arrests_before"), NegativeControl(column="moved_house")]
    with pytest.raises(DesignError) as caught:
        negative_controls(crowd(), analysis=analysis_of("age", "arrests_before", "moved_house"), controls=controls)
    assert "Arrests before" in str(caught.value) and "Moved house" in str(caught.value)


def test_what_cannot_be_left_out_is_refused() -> None:
    control = [NegativeControl(column="arrests_before")]
    with pytest.raises(DesignError, match="no covariate at all"):
        negative_controls(crowd(), analysis=analysis_of("arrests_before"), controls=control, drop_containing=True)
    with pytest.raises(DesignError, match="formula"):
        negative_controls(
            crowd(),
            analysis=DesignAnalysis(
                covariates=("age", "arrests_before"),
                outcome="y",
                method="nearest",
                options={"formula": "age * arrests_before"},
            ),
            controls=control,
            drop_containing=True,
        )


def test_a_biased_comparison_shows_on_what_treatment_cannot_have_changed() -> None:
    controls = [NegativeControl(column="arrests_before"), NegativeControl(column="moved_house")]
    found = negative_controls(crowd(), analysis=analysis_of("age"), controls=controls)
    frame = found.to_frame()
    assert frame["excludes_equality"].tolist() == [True, False]
    assert frame["term"].tolist() == ["mean_difference", "risk_difference"]
    assert found.n_excluding_equality == 1 and found.n_expected == pytest.approx(0.1)
    assert found.chance_of_as_many == pytest.approx(1 - 0.95**2)
    assert found.is_clear  # one in two may be chance, but not one so far from equality
    assert found.summary().headline == (
        "1 of 2 negative controls differs between the groups by more than chance allows for (95% intervals; 0.10 "
        "expected by chance alone): the groups differ in something that was not adjusted for, and the answer on the "
        "real outcome may be wrong for the same reason."
    )
    assert found.undeclared == ("arrests_before", "moved_house")
    assert any("was not declared" in note for note in found.summary().notes)


def test_one_just_beyond_equality_among_several_is_no_clear_warning() -> None:
    found = negative_controls(crowd(), analysis=analysis_of("age"), controls=[NegativeControl(column="moved_house")])
    rows = pd.concat([found.to_frame()] * 3, ignore_index=True)
    rows["excludes_equality"], rows["p_value"] = [True, False, False], [0.04, 0.3, 0.6]
    few = NegativeControls(level=0.95, _table=rows)
    assert few.chance_of_as_many == pytest.approx(float(binom.sf(0, 3, 0.05))) and not few.is_clear
    assert "not a clear one" in few.summary().headline


def test_none_beyond_equality_is_no_proof() -> None:
    found = negative_controls(crowd(), analysis=analysis_of("age"), controls=[NegativeControl(column="moved_house")])
    headline = found.summary().headline
    assert (
        headline.startswith("The negative control does not differ") and "does not show that there is none" in headline
    )


def test_what_is_measured_after_the_index_date_keeps_the_whole_design() -> None:
    people = crowd()
    after = pd.DataFrame({"motoring": (np.arange(len(people)) % 7 == 0).astype(int)}, index=people.index[::-1])
    control = NegativeControl(column="motoring", label="Motoring", when="after_index")
    analysis = analysis_of("age", "arrests_5y")
    found = negative_controls(people, analysis=analysis, controls=[control], outcomes=after)
    named = negative_controls(people, analysis=analysis, controls=[control], outcomes={"Motoring": after})
    design = dip.weight(people, treated="treated", covariates=["age", "arrests_5y"])
    assert found.to_frame()["estimate"].iloc[0] == estimate_effect(design, after["motoring"]).estimate
    pd.testing.assert_frame_equal(found.to_frame(), named.to_frame())
    assert any(note.startswith("Measured after the index date: Motoring.") for note in found.summary().notes)
    with pytest.raises(InputError, match="outcomes= holds no column 'motoring'"):
        negative_controls(people, analysis=analysis, controls=[control])


def test_a_cohort_knows_its_windows_and_measures_motoring_itself(cohort: Cohort) -> None:
    held_out = NegativeControl(column="offences_quarter_8")
    with pytest.raises(DesignError, match="prior_offences_5y counts the same thing"):
        negative_controls(cohort, analysis=analysis_of("age_at_index", "prior_offences_5y"), controls=[held_out])
    with pytest.raises(DesignError, match="at index"):
        negative_controls(
            cohort, analysis=analysis_of("prior_offences_5y"), controls=[NegativeControl(column="age_at_index")]
        )
    motoring = NegativeControl(
        column="n_reoffences", label="Motoring", when="after_index", follow_up=dip.FollowUp(groups=("motoring",))
    )
    analysis = analysis_of("age_at_index", "tested_opiates", *(f"offences_quarter_{number}" for number in range(1, 8)))
    found = negative_controls(cohort, analysis=analysis, controls=[held_out, motoring])
    outcomes = dip.measure_reoffending(cohort, follow_up=dip.FollowUp(groups=("motoring",)))
    design = dip.weight(cohort, treated="treated", covariates=list(analysis.covariates))
    by_hand = estimate_effect(design, outcomes.to_frame()["n_reoffences"], measure="mean_difference")
    assert found.to_frame()["estimate"].tolist()[1] == by_hand.estimate
    assert outcomes.offence_mix()["offence_group"].tolist() == ["motoring"]
    told = negative_controls(cohort.people, analysis=analysis, controls=[held_out, motoring], cohort=cohort)
    pd.testing.assert_frame_equal(told.to_frame(), found.to_frame(), rtol=1e-9)
    check_controls(cohort, analysis=analysis, controls=[held_out, motoring])
    with pytest.raises(DesignError, match="prior_offences_5y counts the same thing"):
        check_controls(cohort.people, analysis=analysis_of("prior_offences_5y"), controls=[held_out], cohort=cohort)
    same = negative_controls(
        cohort.people, analysis=analysis, controls=[held_out], windows=cohort.covariates()
    )  # the frame alone, told what its columns count
    assert same.to_frame()["estimate"].iloc[0] == pytest.approx(found.to_frame()["estimate"].iloc[0], rel=1e-12)


def test_the_order_of_the_rows_changes_nothing() -> None:
    people, controls = crowd(), [NegativeControl(column="arrests_before"), NegativeControl(column="moved_house")]
    shuffled = people.sample(frac=1, random_state=3)
    first, second = (
        negative_controls(rows, analysis=analysis_of("age"), controls=controls).to_frame()
        for rows in (people, shuffled)
    )
    pd.testing.assert_frame_equal(first, second, check_exact=True)


def test_how_the_main_effect_is_estimated_carries_over() -> None:
    analysis = DesignAnalysis(covariates=("age",), outcome="y", estimation={"std_error": "hc0", "model": "logit"})
    found = negative_controls(crowd(), analysis=analysis, controls=[NegativeControl(column="arrests_before")])
    assert "HC0" in found.to_frame()["se_method"].iloc[0]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"column": ""}, "name of one column"),
        ({"column": "a", "when": "later"}, "before_index or after_index"),
        ({"column": "a", "measure": "guess"}, "is not known"),
        ({"column": "a", "window": (-10, 0)}, "reaches the index date"),
        ({"column": "a", "window": (-10,)}, "must be"),
        ({"column": "a", "window": (-1, -10)}, "ends before it begins"),
        ({"column": "a", "when": "after_index", "window": (-10, -1)}, "before the index date"),
        ({"column": "a", "follow_up": dip.FollowUp()}, "follow_up= is for"),
    ],
)
def test_controls_that_are_none_are_refused(options: dict[str, Any], message: str) -> None:
    with pytest.raises(InputError, match=message):
        NegativeControl(**options)


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"controls": []}, "at least one"),
        ({"controls": [NegativeControl(column="nothing")]}, "no column 'nothing'"),
        ({"controls": [NegativeControl(column="moved_house")] * 2}, "same label"),
        ({"windows": [("a", 1)]}, "must be a mapping"),
        (
            {"controls": [NegativeControl(column="x", when="after_index", follow_up=dip.FollowUp())]},
            "needs a cohort",
        ),
        ({"windows": {"moved_house": (-5, 5)}}, "reaches the index date"),
    ],
)
def test_calls_that_cannot_be_answered_are_refused(given: dict[str, Any], message: str) -> None:
    call: dict[str, Any] = {"controls": [NegativeControl(column="moved_house")], "analysis": analysis_of("age")}
    with pytest.raises(InputError, match=message):
        negative_controls(crowd(60), **{**call, **given})


def test_a_control_that_does_not_vary_is_named() -> None:
    people = crowd(60).assign(never=0)
    with pytest.raises(EstimationError, match="'Never' cannot be estimated"):
        negative_controls(people, analysis=analysis_of("age"), controls=[NegativeControl(column="never")])


def test_a_column_declared_to_follow_the_index_date_is_no_control_from_before_it() -> None:
    analysis = analysis_of("age", measured_at={"moved_house": "after_index"})
    with pytest.raises(DesignError, match="not counted over a window before"):
        negative_controls(crowd(60), analysis=analysis, controls=[NegativeControl(column="moved_house")])


def test_the_result_can_be_read_drawn_and_shown() -> None:
    controls = [NegativeControl(column="arrests_before"), NegativeControl(column="moved_house")]
    found = negative_controls(crowd(), analysis=analysis_of("age"), controls=controls)
    axes = found.plot()
    assert isinstance(axes, Axes) and len(axes.child_axes) == 2  # a difference in means and one in shares: two scales
    assert to_png(axes)[:4] == b"\x89PNG"
    assert "<table" in found._repr_html_()
    frame = found.to_frame()
    frame["estimate"] = math.nan
    assert found.to_frame()["estimate"].notna().all()


def test_no_sentence_takes_the_absence_of_a_warning_for_the_absence_of_bias() -> None:
    assert len(words.TEMPLATES) > 15
    for text in words.TEMPLATES:
        plain = text.lower()
        assert "no effect" not in plain and "significant" not in plain and "control group" not in plain
        assert "no bias" not in plain and "unbiased" not in plain


def test_declared_windows_without_a_word_for_what_they_count_may_be_anything() -> None:
    assert declared({"a": (-365, -1)})["a"].relation(Counted(what="tests", first=-30, last=-1)) == "contains"
