"""Specification curves: which combinations are made, that designs come first, and what is said of agreement."""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import numpy as np
import pandas as pd
import pytest
from matplotlib.axes import Axes

import dipeval as dip
from dipeval.datasets import recid
from dipeval.effects import estimate_effect
from dipeval.effects.checks import specifications_designs
from dipeval.effects.checks import specifications_words as words
from dipeval.effects.checks.negative_controls_estimate import NegativeControl, negative_controls
from dipeval.effects.checks.specifications import specification_curve
from dipeval.effects.checks.specifications_designs import make_designs
from dipeval.effects.checks.specifications_grid import SpecificationGrid, SpecificationLimits
from dipeval.effects.checks.specifications_result import COLUMNS, SpecificationCurve
from dipeval.effects.design_analysis import DesignAnalysis
from dipeval.errors import DesignError, EstimationError, InputError, InvariantError
from dipeval.linkage import true_linkage
from dipeval.plots.specifications import specification_plot
from dipeval.plots.style import to_png

COVARIATES = ("priors", "educ", "age")


def grid_of(**options: Any) -> SpecificationGrid:
    return SpecificationGrid(**{"covariates": COVARIATES, **options})


@pytest.fixture(scope="module")
def curve() -> SpecificationCurve:
    data = recid()
    grid = grid_of(
        methods=("nearest", "entropy", "ipw", "subclass"),
        calipers=(0.2, 0.05),
        ratios=(1, 2),
        leave_out={"history": ["priors"]},
    )
    return specification_curve(data, data["returned_12m"], grid=grid, treated="workprg")


def test_the_grid_holds_each_specification_once_and_counts_the_rest() -> None:
    grid = grid_of(
        methods=("nearest", "radius", "entropy", "overlap"),
        calipers=(0.2, None),
        ratios=(1, 3),
        leave_out=["age"],
        estimators=("weighted", "aipw"),
    )
    found, skipped = grid.expand()
    assert len(found) + sum(skipped.values()) == 2 * 4 * 2 * 2 * 2
    a_set = [(*found_.design_key[:3], found_.estimator) for found_ in found if found_.covariate_set == "all"]
    assert a_set == [
        ("nearest", 0.2, 1, "weighted"), ("nearest", 0.2, 3, "weighted"), ("nearest", None, 1, "weighted"),
        ("nearest", None, 3, "weighted"), ("radius", 0.2, None, "weighted"), ("entropy", None, None, "weighted"),
        ("entropy", None, None, "aipw"),
    ]  # fmt: skip
    assert skipped == {
        "the estimator does not suit the method": 2 * (4 + 2),
        words.SKIP_REPEATS: 2 * (1 + 2 * 3),
        "the method needs a caliper": 2 * 4,
        "the method cannot give the ATT": 2 * 8,
    }
    assert [found_.is_main for found_ in found] == [True] + [False] * (len(found) - 1)
    assert {found_.covariates for found_ in found} == {COVARIATES, ("priors", "educ")}


def test_a_doubly_robust_estimate_stands_once_beside_several_weightings() -> None:
    grid = grid_of(methods=("entropy", "ipw", "none", "nearest"), estimators=("weighted", "aipw"))
    found, skipped = grid.expand()
    assert [found_.method for found_ in found if found_.estimator == "aipw"] == ["ipw"]
    assert skipped == {words.SKIP_AIPW: 1, words.SKIP_ESTIMATOR: 2}
    data = recid()
    curve = specification_curve(
        data, data["returned_12m"], grid=grid_of(methods=("ipw",), estimators=("aipw",), estimation={"folds": 1}),
        treated="workprg",
    )  # fmt: skip
    design = dip.weight(data, treated="workprg", covariates=list(COVARIATES), method="ipw")
    by_hand = estimate_effect(design, data["returned_12m"], estimator="aipw", folds=1)
    assert curve.to_frame()["estimate"].tolist() == [by_hand.estimate]


def test_abadie_imbens_is_for_nearest_matching_with_replacement() -> None:
    with_it = {"nearest": {"replace": True}}
    asked = {"methods": ("nearest",), "estimators": ("weighted", "abadie_imbens")}
    assert len(grid_of(**asked).expand()[0]) == 1 and len(grid_of(**asked, options=with_it).expand()[0]) == 2


def test_each_row_is_what_the_design_and_the_estimate_give_by_hand(curve: SpecificationCurve) -> None:
    data, frame = recid(), curve.to_frame()
    assert tuple(frame.columns) == COLUMNS and len(frame) == 2 * (4 + 3)
    row = frame.query("method == 'nearest' and caliper == 0.05 and ratio == 2 and covariates == 'all'").iloc[0]
    design = dip.match(data, treated="workprg", covariates=list(COVARIATES), caliper=0.05, ratio=2)
    effect = estimate_effect(design, data["returned_12m"])
    assert (row["estimate"], row["std_error"]) == (effect.estimate, effect.std_error)
    assert row["fingerprint"] != "" and row["max_smd"] == design.balance().max_smd
    assert row["share_dropped"] == pytest.approx(1 - design.n_treated / 672)
    without = frame.query("method == 'entropy' and covariates == 'without history'").iloc[0]
    by_hand = estimate_effect(dip.weight(data, treated="workprg", covariates=["educ", "age"]), data["returned_12m"])
    assert without["estimate"] == by_hand.estimate and without["n"] == len(data)


def test_only_designs_that_pass_are_counted(curve: SpecificationCurve) -> None:
    frame = curve.to_frame()
    passing = frame[frame["passed"]]
    assert 0 < len(passing) < len(frame)
    assert (passing["max_smd"] <= 0.1).all() and (frame.loc[~frame["passed"], "reason"] != "").all()
    below, above = int((passing["estimate"] < 0).sum()), int((passing["estimate"] > 0).sum())
    assert curve.n_same_side == max(below, above) and curve.share_same_side == max(below, above) / len(passing)
    assert curve.side == (-1 if below >= above else 1)
    assert f"of the {len(passing)} specifications whose design passed" in curve.summary().headline


def test_all_designs_are_made_before_any_outcome_is_joined(monkeypatch: pytest.MonkeyPatch) -> None:
    order: list[str] = []
    make, estimate = specifications_designs.make_groups_comparable, specifications_designs.estimate_effect
    monkeypatch.setattr(
        specifications_designs, "make_groups_comparable", lambda *a, **k: (order.append("design"), make(*a, **k))[1]
    )
    monkeypatch.setattr(
        specifications_designs, "estimate_effect", lambda *a, **k: (order.append("estimate"), estimate(*a, **k))[1]
    )
    data = recid()
    grid = grid_of(methods=("entropy", "radius"), calipers=(0.1, 0.2), estimators=("weighted",))
    specification_curve(data, data["returned_12m"], grid=grid, treated="workprg")
    assert order == ["design"] * 3 + ["estimate"] * 3


def test_the_blind_step_stands_by_itself() -> None:
    data = recid().drop(columns=["returned_12m"])
    designs = make_designs(data, grid_of(methods=("nearest", "entropy")), treated="workprg")
    assert designs.n_designs == 2 and designs.n_passing == int(designs.to_frame()["passed"].sum())
    assert "before any outcome was joined" in designs.summary().headline
    assert isinstance(designs.plot(), Axes)
    curve = designs.estimate(recid()["returned_12m"])
    assert curve.outcome_name == "returned_12m" and curve.n_specifications == 2


def test_limits_may_be_those_of_a_study() -> None:
    strict = SimpleNamespace(max_smd=1e-12, max_share_dropped=0.0, min_treated=1, min_ess=1.0)
    designs = make_designs(recid(), grid_of(methods=("nearest", "entropy")), treated="workprg", limits=strict)
    frame = designs.to_frame().set_index("method")
    assert not frame.loc["nearest", "passed"] and "left out" in frame.loc["nearest", "reason"]
    few = make_designs(
        recid(),
        grid_of(methods=("entropy",)),
        treated="workprg",
        limits=SpecificationLimits(min_treated=5000, min_ess=5000),
    )
    assert "672 treated people analysed, at least 5,000 asked for; effective size" in few.to_frame()["reason"].iloc[0]
    curve = few.estimate(recid()["returned_12m"])
    assert curve.n_passing == 0 and np.isnan(curve.share_same_side)
    assert curve.summary().headline.startswith("None of the 1 specifications has a design that passed")
    assert any("did not pass its checks" in note for note in curve.summary().notes)


def test_a_design_that_cannot_be_made_is_a_row_with_its_reason() -> None:
    rng = np.random.default_rng(2)
    people = pd.DataFrame({"treated": [1] * 40 + [0] * 60, "age": rng.normal(40, 9, 100), "flag": [1] * 40 + [0] * 60})
    grid = SpecificationGrid(covariates=("age", "flag"), methods=("ipw",), leave_out=["flag"])
    outcome = pd.Series((rng.random(100) < 0.4).astype(int), name="reoffended")
    curve = specification_curve(people, outcome, grid=grid)
    frame = curve.to_frame()
    assert frame["status"].tolist() == ["no_design", "estimated"]
    assert frame["estimate"].isna().tolist() == [True, False] and not frame["passed"].iloc[0]
    assert any("1 designs could not be made" in note for note in curve.summary().notes)
    with pytest.raises(DesignError, match="Not one of the 1 designs could be made"):
        make_designs(people, SpecificationGrid(covariates=("flag",), methods=("ipw",)))


def test_an_outcome_that_fits_nowhere_is_refused_with_its_reason() -> None:
    data = recid()
    with pytest.raises(EstimationError, match=r"Not one specification gives an estimate.*0 and 1"):
        specification_curve(data, data["age"], grid=grid_of(methods=("entropy",)), treated="workprg")


def test_index_events_of_one_person_are_taken_together() -> None:
    extracts = dip.simulate(people=400, seed=1)
    rule = dip.CohortRule(index_event="any_test", index_choice="every")
    cohort = dip.build_cohort(extracts, true_linkage(extracts), rule=rule)
    grid = SpecificationGrid(covariates=("prior_offences_5y", "age_at_index"), methods=("entropy", "ipw"))
    outcome = dip.measure_reoffending(cohort).to_frame()["reoffended"]
    frame = specification_curve(cohort, outcome, grid=grid).to_frame()
    design = dip.weight(cohort, treated="treated", covariates=list(grid.covariates))
    by_hand = estimate_effect(design, outcome, cluster=cohort.cluster)
    assert cohort.unit == "index events" and frame["std_error"].iloc[0] == by_hand.std_error
    held_out = NegativeControl(column="prior_treatment_12m")
    analysis = DesignAnalysis(covariates=grid.covariates, outcome="reoffended")
    found = negative_controls(cohort, analysis=analysis, controls=[held_out]).to_frame()
    assert "person" in found["se_method"].iloc[0]


def test_words_say_what_agreement_does_not_show(curve: SpecificationCurve) -> None:
    notes = " ".join(curve.summary().notes)
    for sentence in (words.NOTE_NOT_INDEPENDENT, words.NOTE_ORDER, words.NOTE_BALANCE):
        assert sentence in notes
    assert "for a caliper or ratio means nothing to the method" in notes
    table = curve.summary().to_frame()
    assert table["Choice"].unique().tolist() == ["Method", "Caliper", "Matches each", "Covariates"]
    methods = table[table["Choice"] == "Method"]
    assert methods["Specifications"].astype(int).sum() == curve.n_specifications
    assert methods["Passed"].astype(int).sum() == curve.n_passing
    assert len(curve._repr_html_()) < 12_000
    assert ("more people would be needed to tell" in notes) == (curve.n_excluding_equality == 0)
    for text in words.TEMPLATES:
        assert "no effect" not in text.lower() and "significant" not in text.lower() and "proves" not in text.lower()


def result_of(estimates: list[float], half: list[float]) -> SpecificationCurve:
    rows = pd.DataFrame({"estimate": estimates, "conf_low": np.subtract(estimates, half)})
    rows["conf_high"] = np.add(estimates, half)
    filled = {
        "name": "s", "method": "entropy", "caliper": np.nan, "ratio": np.nan, "covariates": "all", "reason": "",
        "estimator": "weighted", "term": "risk_difference", "group": "reoffended", "passed": True, "fingerprint": "x",
        "status": "estimated", "is_main": [True] + [False] * (len(estimates) - 1),
    }  # fmt: skip
    table = rows.assign(**filled).reindex(columns=list(COLUMNS), fill_value=0.0)
    return SpecificationCurve(
        measure="risk_difference", outcome_name="reoffended", level=0.95, limits=SpecificationLimits(), skipped={},
        _table=table,
    )  # fmt: skip


def test_headline_golden() -> None:
    curve = result_of([-0.10, -0.06, -0.02], [0.05, 0.05, 0.05])
    assert (curve.share_same_side, curve.n_excluding_equality) == (1.0, 2)
    assert curve.summary().headline == (
        "In 3 of the 3 specifications whose design passed its checks (100%) the treated people come out lower than "
        "the comparison people on this outcome; the estimates go from −10.0 to −2.0 percentage points, and in 2 of "
        "them the 95% interval leaves equality out on that side."
    )
    assert words.NOTE_DEPENDS not in curve.summary().notes


def test_the_headline_says_what_it_does_not_count() -> None:
    curve = result_of([-0.10, -0.06, -0.02], [0.05, 0.05, 0.05])
    frame = curve.to_frame()
    without_main = replace(curve, _table=frame.assign(passed=[False, True, True])).summary().headline
    assert without_main.startswith("In 2 of the 2 specifications")
    assert "1 of the 3 specifications (the main one among them) is not counted" in without_main
    with_main = replace(curve, _table=frame.assign(passed=[True, True, False])).summary().headline
    assert "1 of the 3 specifications is not counted" in with_main
    assert "not counted" not in curve.summary().headline


def test_one_answer_is_no_curve() -> None:
    curve = result_of([-0.10, -0.06, -0.02], [0.05, 0.05, 0.05])
    summary = replace(curve, _table=curve.to_frame().assign(passed=[True, False, False])).summary()
    assert summary.headline == (
        "One specification alone has a design that passed its checks: the treated people come out lower than the "
        "comparison people on this outcome, at −10.0 percentage points (95% interval from −15.0 to −5.0). One answer "
        "is no curve: whether it hangs on the choice of the design cannot be told. 2 of the 3 specifications are not "
        "counted: the design did not pass its checks, or there is no estimate."
    )
    assert "100%" not in summary.headline
    assert not any(note.startswith("Half of") for note in summary.notes)


def test_designs_that_contradict_each_other_are_named_as_such() -> None:
    curve = result_of([-0.10, -0.06, 0.09], [0.05, 0.2, 0.05])
    assert curve.n_same_side == 2 and curve.n_excluding_equality == 1
    notes = curve.summary().notes
    assert words.NOTE_DEPENDS in notes and words.NOTE_UNCLEAR not in notes
    assert any(note.startswith("1 of the others have an interval") for note in notes)
    unclear = result_of([-0.01, -0.02], [0.05, 0.05])
    assert words.NOTE_UNCLEAR in unclear.summary().notes and "in none of them" in unclear.summary().headline


def test_a_curve_keeps_its_promises() -> None:
    frame = result_of([-0.1, 0.1], [0.05, 0.05]).to_frame()
    for broken in (frame.assign(is_main=False), frame.assign(status="no_design")):
        with pytest.raises(InvariantError):
            SpecificationCurve(
                measure="risk_difference", outcome_name="y", level=0.95, limits=SpecificationLimits(), skipped={},
                _table=broken,
            )  # fmt: skip


def test_the_order_of_the_rows_changes_nothing() -> None:
    data = recid()
    shuffled = data.sample(frac=1, random_state=5)
    grid = grid_of(methods=("nearest", "entropy"), estimators=("weighted",))
    first, second = (
        specification_curve(rows, data["returned_12m"], grid=grid, treated="workprg").to_frame()
        for rows in (data, shuffled)
    )
    pd.testing.assert_frame_equal(first, second, check_exact=True)


def test_the_picture_has_a_dot_for_each_choice_and_hollow_ones_for_failing_designs(curve: SpecificationCurve) -> None:
    axes = curve.plot()
    upper, below = axes.child_axes
    solid, hollow, main = (line for line in upper.lines if line.get_linestyle() in ("None", "none"))
    n = curve.n_specifications
    assert len(solid.get_xdata()) == curve.n_passing and len(hollow.get_xdata()) == n - curve.n_passing
    assert hollow.get_markerfacecolor() == "white" and len(main.get_xdata()) == 1
    labels = [tick.get_text() for tick in below.get_yticklabels()]
    assert labels[:4] == ["Nearest neighbour", "Entropy balancing", "Inverse probability weights", "Subclasses"]
    assert labels.count("does not apply") == 2 and "Weighted means" not in labels  # one estimator: no choice to show
    assert to_png(axes)[:4] == b"\x89PNG" and "<table" in curve._repr_html_()
    ratio = curve.to_frame().assign(estimate=0.9, conf_low=0.7, conf_high=1.2)
    drawn = specification_plot(ratio, dimensions={"method": "Method"}, line=1.0, ratio=True)
    assert drawn.child_axes[0].get_yscale() == "log"


@pytest.mark.parametrize("frame", [pd.DataFrame({"estimate": [1.0]}), result_of([0.1], [0.1]).to_frame().iloc[:0]])
def test_pictures_of_nothing_are_refused(frame: pd.DataFrame) -> None:
    with pytest.raises(InputError):
        specification_plot(frame, dimensions={"method": "Method"})


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"methods": ()}, "at least one choice"),
        ({"methods": "nearest"}, "must be a list"),
        ({"methods": ("nearest", "nearest")}, "twice"),
        ({"methods": ("guess",)}, "guess is not among"),
        ({"estimators": ("guess",)}, "guess is not among"),
        ({"measure": "guess"}, "guess is not among"),
        ({"options": {"cem": {}}, "methods": ("entropy",)}, "cem is not among"),
        ({"options": {"nearest": {"caliper": 1}}}, "the grid itself sets"),
        ({"estimation": {"adjust": ["age"]}}, "adjust is not among"),
        ({"leave_out": "age"}, "must be a list of columns"),
        ({"leave_out": {"a": "age"}}, "maps a name to a list"),
        ({"leave_out": ["height"]}, "names height"),
        ({"leave_out": {"a": []}}, "names nothing"),
        ({"leave_out": {"a": COVARIATES}}, "leaves no covariate"),
        ({"leave_out": ["age"], "options": {"nearest": {"exact": ["age"]}}}, "would not leave its columns out"),
        ({"leave_out": ["age"], "options": {"nearest": {"formula": "age"}}}, "would not leave its columns out"),
    ],
)
def test_grids_that_cannot_be_are_refused(options: dict[str, Any], message: str) -> None:
    with pytest.raises(InputError, match=message):
        grid_of(**options)


def test_empty_and_endless_grids_are_refused() -> None:
    with pytest.raises(
        InputError, match="No combination of the grid is a specification: the method cannot give the ATT"
    ):
        grid_of(methods=("overlap",)).expand()
    with pytest.raises(InputError, match="at most 1,000"):
        grid_of(methods=("nearest",), calipers=tuple(np.linspace(0.01, 2, 1001))).expand()
    with pytest.raises(InputError, match="must be a SpecificationGrid"):
        make_designs(recid(), "grid", treated="workprg")  # type: ignore[arg-type]
    with pytest.raises(InputError, match="no column 'nobody'"):
        make_designs(recid(), grid_of(), treated="nobody")
