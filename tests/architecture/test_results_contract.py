"""Every result answers the same four questions, in the same way, whoever made it."""

from __future__ import annotations

import dataclasses
import datetime as dt
import inspect
import re
import tempfile
from collections.abc import Callable, Iterator
from importlib.resources import files
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from matplotlib.axes import Axes

import dipeval as dip
from dipeval import datasets
from dipeval.plots.style import new_axes, to_png
from dipeval.presenting import HtmlMixin, Summary
from dipeval.study import StudySpec
from dipeval.study import study as order_of_work
from dipeval.study.load import prepare
from dipeval.study.quarterly.reading import QuarterlyFile, parse_quarterly
from dipeval.study.quarterly.spec import QuarterlySpec
from dipeval.study.reading import StudyFile, parse_study
from dipeval.vocabulary import ESTIMATE_COLUMNS

PEOPLE = 500
SIMULATED = {
    "title": "Simulated",
    "question": "Did it help?",
    "programme": "treatment",
    "data": {"source": "simulate"},
    "simulate": {"people": PEOPLE},
    "outcomes": [
        {"name": "reoffended", "kind": "yes_no", "label": "Reoffended", "primary": True},
        {"name": "n_reoffences", "kind": "count", "label": "Reoffences"},
        {"name": "time", "kind": "time", "label": "Time to reoffence"},
    ],
    "design": {"method": "entropy", "covariates": ["log_prior_offences_5y", "tested_opiates", "age_at_index"]},
    "sensitivity": [{"name": "plain", "label": "As they come", "method": "none"}],
    "diagnostics": {"min_ess": 5.0},
    "costs": {"spent_on": ["treatment", "contact"]},
    "disclosure": {"profile": "none"},
}
QUARTERLY = {
    "kind": "quarterly",
    "title": "Simulated districts",
    "programme": "criminal justice interventions",
    "data": {"source": "simulate_areas"},
    "simulate_areas": {"districts": 2, "quarters": 12, "people": 300},
    "indicators": {"names": ["tests", "positivity", "seen", "void_time"], "by": ["age_group"]},
    "change": {"indicators": ["positivity"]},
    "benchmark": {"indicators": ["positivity"]},
    "funding": {"budget": 3_000_000, "need": {"crime.acquisitive": 0.5, "tests": 0.5}},
    "test_accuracy": {"sensitivity": 0.95, "specificity": 0.98, "sensitivity_n": 200, "specificity_n": 300},
    "disclosure": {"profile": "none"},
}
# Each is built once; "Withheld..." is the same class with its effects withheld.
NAMES = (
    "Extracts",
    "Truth",
    "Linkage",
    "LinkageQuality",
    "EstimatedQuality",
    "Calibration",
    "LinkedComparison",
    "LinkSweep",
    "PairExplanation",
    "MatchWeights",
    "ReviewQuality",
    "LinkageStatement",
    "LinkagePropagation",
    "Cohort",
    "Outcomes",
    "PropensityModel",
    "Design",
    "Balance",
    "Dropped",
    "Overlap",
    "Filled",
    "Curve",
    "CoxModel",
    "TestResult",
    "Incidence",
    "MeanCount",
    "RestrictedMean",
    "GrayTest",
    "FineGrayModel",
    "RecurrentModel",
    "FrailtyModel",
    "ProportionalHazardsTest",
    "ParametricModel",
    "SplitPopulation",
    "FamilyComparison",
    "DiscreteTimeModel",
    "PiecewiseModel",
    "RateModel",
    "ParametricCurves",
    "ClockComparison",
    "ImmortalTimeAudit",
    "TimeToEvent",
    "Effect",
    "TrueEffect",
    "TimeVaryingEffect",
    "HazardAnswer",
    "Episodes",
    "ObservedExpected",
    "ReturnOnInvestment",
    "CostPerStage",
    "OffencesAverted",
    "ValuePerPerson",
    "PaymentByResults",
    "ProgrammeComparison",
    "AcceptabilityCurve",
    "Diagnostics",
    "CheckResult",
    "StudyResult",
    "WithheldStudyResult",
    "RandomisedCheck",
    "SensitivityResult",
    "WithheldSensitivityResult",
    "TrueLinks",
    "Pathway",
    "Seen",
    "Testing",
    "Discharges",
    "Effects",
    "SubgroupEffects",
    "HiddenBias",
    "RosenbaumBounds",
    "RobustnessValue",
    "NegativeControls",
    "CalibratedEffect",
    "SpecificationDesigns",
    "SpecificationCurve",
    "JdlStyle",
    "BeforeAfter",
    "AreaEffect",
    "Indicators",
    "ControlChart",
    "DenominatorGrowth",
    "Benchmark",
    "FundingAllocation",
    "FundingSensitivity",
    "OfficerTime",
    "ContactHours",
    "CorrectedPositivity",
    "DrugOffenceLink",
    "Concentration",
    "AdultTransition",
    "AgeStructure",
    "EntryPointYield",
    "QuarterlyResult",
)
ESTIMATES = ("PropensityModel", "Curve", "CoxModel", "Effect", "TrueEffect", "TimeVaryingEffect", "ReturnOnInvestment",
             "RandomisedCheck", "SensitivityResult", "WithheldSensitivityResult", "TrueLinks", "Effects",
             "SubgroupEffects", "RobustnessValue", "NegativeControls", "CalibratedEffect", "SpecificationCurve",
             "BeforeAfter", "AreaEffect", "Incidence", "MeanCount", "RestrictedMean", "FineGrayModel", "RecurrentModel",
             "FrailtyModel", "ParametricModel", "SplitPopulation", "DiscreteTimeModel", "PiecewiseModel", "RateModel",
             "ClockComparison", "ImmortalTimeAudit", "TimeToEvent", "OffencesAverted", "ValuePerPerson", "Indicators",
             "QuarterlyResult", "CorrectedPositivity")  # fmt: skip
MOST_HTML = 12_000


def _study(tree: dict[str, Any]) -> dip.Study:
    return dip.Study(file=StudyFile(path=Path("study.toml"), text="", sha256="0" * 64, spec=parse_study(tree)))


def _from_dataframes() -> dict[str, Any]:
    data = datasets.rossi()
    study = dip.Study.from_toml(Path(str(files("dipeval.examples") / "rossi.toml")))
    run = study.run()
    times = {"time": "weeks_to_arrest", "event": "arrested"}
    return (
        _what_could_overturn_it(data)
        | _of_times(data)
        | {
            "TimeToEvent": run.time_to_event,
            "AreaEffect": _of_areas(),
            "PaymentByResults": dip.payment_by_results(
                300, kind="yes_no", terms=dip.PaymentTerms(amount=100_000, at_least=0.05), promised=0.08, baseline=0.55
            ),
            "PropensityModel": dip.propensity(data, treated="fin", covariates=["age", "prio", "mar"]),
            "Curve": dip.kaplan_meier(data, by="fin", time_unit="weeks", **times),
            "CoxModel": dip.cox(data, covariates=["fin", "age", "prio"], **times),
            "TestResult": dip.log_rank(data, by="fin", **times),
            "CheckResult": study.check(),
            "RandomisedCheck": run.randomised_check,
            "Dropped": dip.match(data, treated="fin", covariates=["age", "prio"], caliper=0.01).dropped(),
            "Overlap": dip.overlap(run.design),
            "Filled": dip.fill_missing(data.assign(prio=data["prio"].where(data["prio"] < 9)), columns=["age", "prio"]),
        }
    )


def _what_could_overturn_it(data: pd.DataFrame) -> dict[str, Any]:
    """All that stands beside an answer, for one matched design on public data."""
    from dipeval.effects import NegativeControl, SpecificationGrid, make_designs

    names = ["age", "prio", "mar"]
    design = dip.match(data, treated="fin", covariates=names)
    effect = dip.estimate_effect(design, data["arrested"])
    grid = SpecificationGrid(covariates=names, methods=("nearest", "ipw"), leave_out=("mar",))
    designs = make_designs(data, grid, treated="fin")
    analysis = dip.DesignAnalysis(covariates=names, outcome="arrested", method="ipw")
    # Ten coins a person: outcomes that treatment cannot have changed.
    coins = pd.DataFrame(np.random.default_rng(3).integers(0, 2, (len(data), 10)), data.index).add_prefix("coin_")
    people = data.drop(columns="fin").join(coins).assign(treated=data["fin"])
    controls = dip.negative_controls(
        people, analysis=analysis, controls=[NegativeControl(column=name, label=name) for name in coins]
    )
    outcomes = data[["arrested"]].assign(weeks_free=data["weeks_to_arrest"])
    return {
        "Effects": dip.estimate_effects(design, outcomes, primary="arrested"),
        "SubgroupEffects": dip.subgroup_effects(
            design, data["arrested"], data, by=["mar", "age"], cut={"age": [22, 26]}
        ),
        "HiddenBias": dip.hidden_bias(design, data["arrested"], effect),
        "RosenbaumBounds": dip.rosenbaum_bounds(design, data["arrested"]),
        "RobustnessValue": dip.robustness_value(design, data["arrested"]),
        "NegativeControls": controls,
        "CalibratedEffect": dip.calibrate(effect, controls),
        "SpecificationDesigns": designs,
        "SpecificationCurve": designs.estimate(data["arrested"]),
    }


def _of_times(data: pd.DataFrame) -> dict[str, Any]:
    """Curves, tests and models of a time, of repeated events and of several causes, on public data."""
    times = {"time": "weeks_to_arrest", "event": "arrested"}
    months = {"time": "months_to_return", "event": "returned"}
    returned = datasets.recid()
    first = data.assign(first=data["arrested"].where(data["prio"] < 5, 2 * data["arrested"]))
    rows = data.reset_index().assign(start=0)
    repeated = {"id": "person_id", "start": "start", "stop": "weeks_to_arrest", "event": "arrested"}
    two = ["fin", "age"]
    return {
        "Incidence": dip.cumulative_incidence(first, time="weeks_to_arrest", cause="first", by="fin"),
        "MeanCount": dip.mean_cumulative_count(rows, by="fin", **repeated),
        "RestrictedMean": dip.restricted_mean(data, horizon=52, by="fin", **times),
        "GrayTest": dip.gray_test(first, time="weeks_to_arrest", cause="first", by="fin"),
        "FineGrayModel": dip.fine_gray(first, covariates=two, time="weeks_to_arrest", cause="first"),
        "RecurrentModel": dip.andersen_gill(rows, covariates=two, **repeated),
        "FrailtyModel": dip.shared_frailty(data, covariates=two, group="prio", **times),
        "ProportionalHazardsTest": dip.cox(data, covariates=two, **times).proportional_hazards_test(),
        "ParametricModel": dip.accelerated_failure_time(data, covariates=two, **times),
        "SplitPopulation": dip.split_population(returned, ever=["priors"], **months),
        "FamilyComparison": dip.compare_families(returned, **months),
        "DiscreteTimeModel": dip.discrete_time(data, covariates=two, width=4, **times),
        "PiecewiseModel": dip.piecewise_exponential(data, covariates=two, cuts=[13, 26, 39], **times),
        "RateModel": dip.event_rate(data, covariates=two, events="prio", exposure="weeks_to_arrest"),
        "ParametricCurves": dip.parametric_curves(data, by="fin", **times),
    }


def _of_areas() -> dip.AreaEffect:
    """Twelve areas over six years, a third of them with a programme from the fourth."""
    noise = iter(np.random.default_rng(4).normal(size=72))
    rows = [
        (
            area,
            year,
            2014 if area < 4 else None,
            20 + area + year - 2011 - 3 * (area < 4 and year >= 2014) + next(noise),
        )
        for area in range(12)
        for year in range(2011, 2017)
    ]
    panel = pd.DataFrame(rows, columns=["area", "period", "treated_from", "thefts"])
    return dip.area_effect(panel, outcome="thefts", draws=199)


def _before_and_after(people: pd.DataFrame, outcomes: pd.DataFrame) -> dict[str, Any]:
    """Two ways in which others evaluate, on the people of a cohort."""
    frame = people.join(outcomes)
    return {
        "BeforeAfter": dip.before_after(
            frame, before="prior_offences_12m", after="n_reoffences", selection="at_least_one"
        ),
        "JdlStyle": dip.jdl_style(
            people, outcomes, covariates=["age_at_index", "tested_opiates"], radius=0.5, minimum_people=10,
            minimum_matched=5,
        ),
    }  # fmt: skip


def _from_linkage(extracts: dip.Extracts, linkage: dip.Linkage) -> dict[str, Any]:
    first = linkage.pairs().query("right_table == 'treatment'").iloc[0]
    return {
        "EstimatedQuality": linkage.quality(),
        "Calibration": linkage.calibration(extracts.truth),
        "LinkedComparison": linkage.compare_linked("treatment"),
        "LinkSweep": linkage.sweep(truth=extracts.truth),
        "PairExplanation": linkage.waterfall(first["left_person"], first["right_person"], table="treatment"),
        "MatchWeights": linkage.weights(),
        "ReviewQuality": _reviewed(linkage),
        "LinkageStatement": linkage.statement(),
    }


def _reviewed(linkage: dip.Linkage) -> Any:
    """A sheet on which every pair was judged: those of the closest spelling to be the same."""
    from dipeval.linkage.review_quality import review_quality

    with tempfile.TemporaryDirectory() as folder:
        path = linkage.review_sheet(Path(folder) / "review.csv", n=40)
        sheet = pd.read_csv(path, dtype=str, keep_default_na=False, encoding="utf-8-sig")
        sheet["decision"] = ["same" if place % 3 else "different" for place in range(len(sheet))]
        sheet.to_csv(path, index=False, encoding="utf-8-sig")
        return review_quality(linkage, path)


def _propagated() -> dip.LinkagePropagation:
    from dipeval.effects.example import small_linked_study

    linkage, people, analysis = small_linked_study()
    return dip.propagate_linkage(
        linkage, analysis, people=people, outcome="reoffended", covariates=["age"], draws=4, thresholds=(0.5, 0.9)
    )


def _time_varying(extracts: dip.Extracts, linkage: dip.Linkage) -> dict[str, Any]:
    rule = dip.CohortRule(immortal_time="time_varying", landmark_days=0, grace_days=180)
    cohort = dip.build_cohort(extracts, linkage, rule)
    outcomes = dip.measure_reoffending(cohort)
    dated = dip.time_varying_effect(cohort, outcomes)
    return {
        "TimeVaryingEffect": dated,
        "Episodes": dated.episodes,
        "ImmortalTimeAudit": dip.immortal_time_audit(cohort, outcomes),
    }


def _hazard() -> Any:
    from dipeval.study.hazard import HazardAnswer

    return HazardAnswer(
        estimate=0.8, conf_low=0.7, conf_high=0.9, p_value=0.01, level=0.95, n=300, n_events=150, smallest=70,
        outcome="Time to reoffence", estimand="a ratio of rates", method="Cox model"
    )  # fmt: skip


def _expected(outcomes: Any) -> Any:
    return outcomes.observed_expected(pd.Series(0.5, index=outcomes.to_frame().index))


def _quarterly() -> dict[str, Any]:
    """A quarterly report of two small districts, and every part of it."""
    file = QuarterlyFile(path=Path("pcc.toml"), text="", sha256="0" * 64, spec=parse_quarterly(QUARTERLY))
    run = dip.QuarterlyReview(file=file).run()
    return {
        "QuarterlyResult": run,
        "Indicators": run.indicators,
        "ControlChart": run.charts["positivity", "all districts"],
        "DenominatorGrowth": run.growth,
        "Benchmark": run.benchmarks["positivity"],
        "FundingAllocation": run.funding,
        "FundingSensitivity": run.sensitivity["funding"],
        "OfficerTime": run.officers,
        "ContactHours": run.hours,
        "CorrectedPositivity": run.accuracy,
        "DrugOffenceLink": run.offence_link,
        "Concentration": run.concentration,
        "AdultTransition": run.adult_transition,
        "AgeStructure": run.age_structure,
        "EntryPointYield": run.entry_yield,
    }


def _from_extracts() -> dict[str, Any]:
    study = _study(SIMULATED)
    prepared = prepare(study.spec, Path())
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(order_of_work, "prepare", lambda spec, folder: prepared)
        run = study.run()
        withheld = _study(SIMULATED | {"diagnostics": {"min_ess": 1e6}}).run()
    dated = _time_varying(prepared.extracts, run.linkage)
    beside = _before_and_after(run.cohort.people, run.outcomes_measured.to_frame())
    return (
        _from_linkage(prepared.extracts, run.linkage)
        | beside
        | dated
        | {
            "ClockComparison": dip.compare_clocks(run.design, run.cohort, run.outcomes_measured),
            "HazardAnswer": _hazard(),
            "ObservedExpected": _expected(run.outcomes_measured),
            "LinkagePropagation": _propagated(),
            "Extracts": prepared.extracts,
            "Truth": prepared.extracts.truth,
            "Linkage": run.linkage,
            "LinkageQuality": run.linkage_quality,
            "Cohort": run.cohort,
            "Outcomes": run.outcomes_measured,
            "Design": run.design,
            "Balance": run.design.balance(),
            "Effect": run.effects[0],
            "TrueEffect": run.truth[0],
            "ReturnOnInvestment": run.roi,
            "ProgrammeComparison": dip.compare_programmes({"North": run.roi, "South": dataclasses.replace(run.roi)}),
            "CostPerStage": run.money.per_stage,
            "AcceptabilityCurve": run.money.acceptability,
            "OffencesAverted": dip.offences_averted(run.design, run.outcomes_measured),
            "ValuePerPerson": dip.value_per_person(run.design, run.outcomes_measured, draws=60),
            "Diagnostics": run.diagnostics,
            "StudyResult": run,
            "WithheldStudyResult": withheld,
            "SensitivityResult": run.sensitivity[0],
            "WithheldSensitivityResult": withheld.sensitivity[0],
            "TrueLinks": run.true_links,
            "Pathway": run.pathway,
            "Seen": run.seen,
            "Testing": dip.testing(prepared.extracts, run.linkage),
            "Discharges": dip.discharges(prepared.extracts),
        }
    )


@pytest.fixture(scope="session")
def results() -> dict[str, Any]:
    """One of each, from the smallest simulation that goes the whole way and from a public data set."""
    return _from_dataframes() | _from_extracts() | _quarterly()


@pytest.fixture(params=NAMES)
def named(request: pytest.FixtureRequest, results: dict[str, Any]) -> tuple[str, Any]:
    return request.param, results[request.param]


@pytest.fixture
def result(named: tuple[str, Any]) -> Any:
    return named[1]


def _subclasses(kind: type) -> Iterator[type]:
    for child in kind.__subclasses__():
        yield child
        yield from _subclasses(child)


def test_no_result_class_is_forgotten(results: dict[str, Any]) -> None:
    known = {type(one) for one in results.values()}
    # A mixin is no result: only dataclasses are.
    there = {kind for kind in _subclasses(HtmlMixin) if dataclasses.is_dataclass(kind)}
    # A slotted dataclass leaves its unslotted twin behind; the twin shares its name.
    assert {kind.__name__ for kind in there} == {kind.__name__ for kind in known}
    assert set(results) == set(NAMES)


def test_it_is_frozen_and_slotted(result: Any) -> None:
    kind = type(result)
    assert kind.__dataclass_params__.frozen  # type: ignore[attr-defined]
    assert "__slots__" in vars(kind)
    assert not hasattr(result, "__dict__")
    with pytest.raises((dataclasses.FrozenInstanceError, AttributeError)):
        setattr(result, dataclasses.fields(result)[0].name, None)


def test_its_frame_is_a_fresh_copy(result: Any) -> None:
    first, again = result.to_frame(), result.to_frame()
    assert isinstance(first, pd.DataFrame)
    for column in first.columns:
        first[column] = None
    first.drop(columns=next(iter(first.columns)), inplace=True)
    pd.testing.assert_frame_equal(result.to_frame(), again)


def test_values_changed_in_a_frame_change_nothing(result: Any) -> None:
    first, again = result.to_frame(), result.to_frame().copy(deep=True)
    for place, kind in enumerate(first.dtypes):
        if len(first) and pd.api.types.is_float_dtype(kind):
            first.iloc[0, place] = -12345.0
    pd.testing.assert_frame_equal(result.to_frame(), again)


def test_frames_held_as_attributes_are_copies_too(result: Any) -> None:
    kind = type(result)
    for name, member in inspect.getmembers(kind, lambda one: isinstance(one, property)):
        value = getattr(result, name)
        if isinstance(value, pd.DataFrame | pd.Series) and member.fget is not None:
            assert getattr(result, name) is not value, name


def test_its_columns_are_documented_and_plain(result: Any) -> None:
    kind = type(result)
    told = inspect.getdoc(kind.to_frame) or ""
    # Where the frame is another object's, its columns are told there.
    told += (inspect.getdoc(kind) or "") + (inspect.getdoc(dip.Balance.to_frame) or "") * ("Balance" in told)
    told += (inspect.getdoc(dip.Indicators.to_frame) or "") * ("`Indicators.to_frame`" in told)
    told += (inspect.getdoc(getattr(kind, "people", None)) or "") * ("people" in told)
    for column in result.to_frame().columns:
        assert re.fullmatch(r"[a-z][a-z0-9]*(_[a-z0-9]+)*", str(column)), column
        assert re.search(rf"\b{column}\b", told), f"{kind.__name__}: column {column} is not documented"


@pytest.mark.parametrize("name", ESTIMATES)
def test_estimate_tables_name_and_order_their_columns_alike(results: dict[str, Any], name: str) -> None:
    columns = list(results[name].to_frame().columns)
    shared = [column for column in columns if column in ESTIMATE_COLUMNS]
    assert shared == [column for column in ESTIMATE_COLUMNS if column in columns]
    assert "estimate" in shared
    assert {"term", "group"} & set(shared)


def test_an_empty_table_of_effects_has_the_columns_of_a_full_one(results: dict[str, Any]) -> None:
    full, empty = results["SensitivityResult"].to_frame(), results["WithheldSensitivityResult"].to_frame()
    assert len(empty) == 0 < len(full)
    assert list(empty.columns) == list(full.columns)


def test_its_summary_says_something_and_never_prints(result: Any, capfd: pytest.CaptureFixture[str]) -> None:
    summary = result.summary()
    assert isinstance(summary, Summary)
    assert summary.title.strip()
    assert re.search(r"\w.*[.?]$", summary.headline), summary.headline
    assert isinstance(summary.to_frame(), pd.DataFrame)
    assert summary.headline in str(summary)
    assert "control group" not in str(summary).lower()
    result.to_frame(), result.plot(), result._repr_html_()
    assert capfd.readouterr() == ("", "")


def test_it_draws_on_the_axes_given_or_on_new_ones(result: Any) -> None:
    parameters = list(inspect.signature(result.plot).parameters.values())
    assert (parameters[0].name, parameters[0].default) == ("ax", None)
    drawn = result.plot()
    assert isinstance(drawn, Axes)
    given = new_axes()
    assert result.plot(ax=given) is given
    for axes in (drawn, given):
        assert axes.has_data() or axes.texts or any(inner.has_data() for inner in axes.child_axes)
        assert to_png(axes).startswith(b"\x89PNG")


@pytest.mark.slow
def test_two_pictures_of_it_are_the_same_bytes(result: Any) -> None:
    assert to_png(result.plot()) == to_png(result.plot())


def test_its_html_is_short_and_holds_nobody(named: tuple[str, Any], results: dict[str, Any]) -> None:
    html = named[1]._repr_html_()
    assert html.count("<table") == html.count("</table>") == 1
    assert len(html) < MOST_HTML, f"{named[0]}: {len(html)} characters"
    assert named[1].summary()._repr_html_() == html
    for person in results["Cohort"].people.index[:20]:
        assert str(person) not in html


def test_printing_it_shows_no_rows_of_people(named: tuple[str, Any], results: dict[str, Any]) -> None:
    shown = repr(named[1])
    people = results["Cohort"].people
    for value in [*people.index[:20], *people["index_record_id"][:20]]:
        assert not re.search(rf"\b{re.escape(str(value))}\b", shown)
    private = [one for one in dataclasses.fields(named[1]) if isinstance(getattr(named[1], one.name), pd.DataFrame)]
    if type(named[1]).__name__ not in ("Extracts",):  # it writes its own
        assert [one.name for one in private if one.repr and one.name.startswith("_")] == []


SPECS = (StudySpec, QuarterlySpec)
OPTIONS: dict[str, Callable[..., Any]] = {
    "LinkRule": lambda changed: dip.LinkRule(threshold=0.6 if changed else 0.5),
    "CohortRule": lambda changed: dip.CohortRule(index_from=dt.date(2013, 1, 1) if changed else None),
    "CountingRule": lambda changed: dip.CountingRule(seen_within_days=14 if changed else 28),
    "OwnIndicator": lambda changed: _own_indicator("Signed" if changed else "Agreed"),
    "QuarterlySpec": lambda changed: parse_quarterly(QUARTERLY | {"title": "Other" if changed else "Simulated"}),
    "FollowUp": lambda changed: dip.FollowUp(days=180 if changed else 365),
    "DisclosureRule": lambda changed: dip.DisclosureRule(threshold=20 if changed else 10),
    "ExtractMapping": lambda changed: dip.ExtractMapping(two_digit_year_pivot=16 if changed else 15),
    "MatchOptions": lambda changed: _match_options()(caliper=0.1 if changed else 0.2),
    "StudySpec": lambda changed: parse_study(SIMULATED | {"title": "Other" if changed else "Simulated"}),
}


def _own_indicator(label: str) -> dip.OwnIndicator:
    return dip.OwnIndicator(
        name="planned",
        label=label,
        table="contacts",
        denominator={"attended": True},
        numerator={"care_plan_date": True},
    )


def _match_options() -> Any:
    from dipeval.matching import MatchOptions

    return MatchOptions


@pytest.mark.parametrize("name", sorted(OPTIONS))
def test_options_print_and_compare_by_what_they_say(name: str) -> None:
    make = OPTIONS[name]
    one, same, other = make(False), make(False), make(True)
    assert one == same
    assert one != other
    assert repr(one) == repr(same) != repr(other)
    assert repr(one).startswith(f"{name}(")
    assert "object at 0x" not in repr(one)
    assert "\n" not in repr(one)
    first = next(iter(type(one).model_fields)) if isinstance(one, SPECS) else dataclasses.fields(one)[0].name
    assert f"{first}=" in repr(one)
    with pytest.raises((AttributeError, TypeError, ValueError)):
        setattr(one, first, None)
