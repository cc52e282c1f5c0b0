"""Every day and days at liberty: what the two clocks count, worked out apart, and what is said of them."""

from __future__ import annotations

import dataclasses
import math
from typing import Any

import numpy as np
import pandas as pd
import pytest

import dipeval as dip
from dipeval.effects import ClockComparison, compare_clocks, estimate_effect
from dipeval.effects.clocks.street import street_of
from dipeval.errors import EstimationError, InputError, InvariantError
from dipeval.survival.columns import read_rows
from dipeval.survival.curves.restricted import rmst_influence
from tests.simulation.immortal_claims import through_the_whole_package, world
from tests.spec.invented_people import cohort_of, invent

TIMES = {"time": "time_days", "event": "event"}
Studied = tuple[dip.Cohort, dip.Outcomes]


@pytest.fixture(scope="module")
def studied() -> Studied:
    return through_the_whole_package(world(3, people=600, confounded=True, custody=True))


@pytest.fixture(scope="module")
def clocks(studied: Studied) -> ClockComparison:
    return compare_clocks(weighted(studied[0]), *studied)


def weighted(cohort: dip.Cohort, method: str = "entropy") -> Any:
    return dip.weight(cohort, treated="treated", covariates=["female"], method=method)


def unadjusted(cohort: dip.Cohort) -> Any:
    """The groups as they stand; the covariate only has to differ between people."""
    people = cohort.people[["treated"]].assign(place=range(len(cohort.people)))
    return dip.weight(people, treated="treated", covariates=["place"], method="none")


def line(found: ClockComparison, term: str, clock: str) -> pd.Series:
    frame = found.to_frame().set_index(["term", "group"])
    return frame.loc[(term, clock)]


def at_liberty(cohort: dip.Cohort, outcomes: dip.Outcomes, design: Any) -> pd.DataFrame:
    """Rows at liberty by the public call, with the design beside them."""
    rows = dip.episodes(cohort, custody_gaps=True, follow_up_days=365).to_frame()
    names = {"weight": design.weights, "treat": design.treated.astype(int)}
    if design.clusters is not None:
        names["pair"] = design.clusters
    return rows.drop(columns="treated").join(pd.DataFrame(names), on="index_id").query("weight > 0")


@pytest.mark.parametrize("method", ["entropy", "none"])
def test_the_calendar_is_the_official_measure(studied: Studied, method: str) -> None:
    cohort, outcomes = studied
    design, frame = weighted(cohort, method), outcomes.to_frame()
    found = compare_clocks(design, cohort, outcomes, level=0.9)
    for measure, further in (("hazard_ratio", {}), ("rmst_difference", {"horizon": found.horizon})):
        effect = estimate_effect(design, frame, measure=measure, level=0.9, **TIMES, **further)
        row = line(found, measure, "calendar")
        for name in ("estimate", "std_error", "conf_low", "conf_high", "p_value", "n", "se_method"):
            given = effect.se_method if name == "se_method" else effect.to_frame()[name].iloc[0]
            assert row[name] == pytest.approx(given, rel=1e-12) if name != "se_method" else row[name] == given
        assert row["n_events"] == effect.n_events_treated + effect.n_events_comparison


def test_the_hazard_ratio_at_liberty_is_cox_on_the_rows_of_episodes(studied: Studied) -> None:
    cohort, outcomes = studied
    for design in (weighted(cohort, "none"), dip.match(cohort, treated="treated", covariates=["female"])):
        rows = at_liberty(cohort, outcomes, design)
        cluster = "person_id" if design.clusters is None else "pair"
        model = dip.cox(
            rows, covariates=["treat"], entry="start", time="stop", event="event", weights="weight", cluster=cluster
        )
        row, expected = line(compare_clocks(design, cohort, outcomes), "hazard_ratio", "street"), model.to_frame()
        assert math.log(row["estimate"]) == pytest.approx(expected["estimate"].iloc[0], rel=1e-10)
        assert row["std_error"] == pytest.approx(expected["std_error"].iloc[0], rel=1e-10)
        assert row["n_events"] == rows["event"].sum()
        assert row["n"] == rows["index_id"].nunique()
        days = (rows["stop"] - rows["start"]).groupby(rows["treat"]).sum()
        assert row[["days_at_risk_comparison", "days_at_risk_treated"]].tolist() == days.tolist()


def test_days_free_at_liberty_are_an_area_without_gaps(studied: Studied, clocks: ClockComparison) -> None:
    cohort, outcomes = studied
    rows = at_liberty(cohort, outcomes, weighted(cohort))
    whole = rows.assign(days=rows["stop"] - rows["start"]).groupby("index_id")
    closed = whole.agg(time=("days", "sum"), event=("event", "max"), weight=("weight", "first"), treat=("treat", "max"))
    means, _ = rmst_influence(
        read_rows(closed, time="time", event="event", weights="weight", by="treat"), clocks.horizon
    )
    row = line(clocks, "rmst_difference", "street")
    assert (row["mean_comparison"], row["mean_treated"]) == pytest.approx(tuple(means), rel=1e-12)
    assert row["estimate"] == pytest.approx(means[1] - means[0], rel=1e-10)
    assert row["n_events"] == int((closed["event"] * (closed["time"] <= clocks.horizon)).sum())
    assert row["time_days"] == clocks.horizon <= 365


def test_errors_at_liberty_know_that_weights_were_estimated(clocks: ClockComparison) -> None:
    frame = clocks.to_frame()
    assert frame["se_method"].str.startswith("M-estimation").all()
    # the same people, the same weights, fewer days: errors of the two clocks stand close together
    errors = frame.pivot(index="term", columns="group", values="std_error")
    assert ((errors["street"] / errors["calendar"]).between(0.8, 1.25)).all()


def test_without_custody_the_clocks_are_one() -> None:
    cohort, outcomes = through_the_whole_package(world(1, people=400, confounded=True))
    found = compare_clocks(weighted(cohort, "none"), cohort, outcomes)
    figures = found.to_frame().drop(columns="se_method").set_index(["term", "group"])
    for term in ("hazard_ratio", "rmst_difference"):
        pd.testing.assert_series_equal(
            figures.loc[(term, "calendar")], figures.loc[(term, "street")], check_names=False, rtol=1e-10
        )
    assert "Nobody was in custody" in found.summary().headline


def test_days_by_hand() -> None:
    """Days 1 to 8 from time zero: b is held from day 2 to day 6 (3 days out), c reoffends in custody, d on day zero."""
    zero = pd.Timestamp("2022-03-01") + pd.Timedelta(days=42)

    def day(number: int) -> str:
        return str((zero + pd.Timedelta(days=number)).date())

    cohort = cohort_of(
        drug_tests="person|test_date\n" + "\n".join(f"{name}|2022-03-01" for name in "abcd"),
        custody_spells=f"person|start_date|end_date\nb|{day(2)}|{day(6)}\nc|{day(4)}|{day(20)}",
        offences="person|offence_date|disposal_date\n"
        + "\n".join(f"{name}|{day(number)}|{day(40)}" for name, number in (("a", 5), ("b", 8), ("c", 10))),
        deaths=f"person|death_date\nd|{day(100)}",
    )
    outcomes = dip.measure_reoffending(cohort)
    street = street_of(cohort, outcomes, cohort.people.index)
    assert street.followed.tolist() == [5, 8, 10, 100]
    assert street.held.tolist() == [0, 3, 6, 0]
    assert street.at_liberty.tolist() == [5, 5, 4, 100]
    assert street.has_event.tolist() == [True, True, False, False]


@pytest.mark.slow
def test_a_group_held_more_looks_better_per_calendar_day_alone() -> None:
    """Treatment does nothing here; most comparison people are held from day 20 after time zero for 120 days.

    Per calendar day the treated, who are at liberty, reoffend more (the calendar ratio is near 1.5); per day at liberty
    they do not: its logarithm lies within 3.5 standard errors of 0, which chance leaves once in some 2,000 seeds.
    """
    rng = np.random.default_rng(5)
    n = 900
    treated, clock = np.arange(n) % 2 == 1, np.ceil(rng.exponential(400, n)) + 42
    held = ~treated & (rng.random(n) < 0.8)
    offence = np.where(held & (clock > 62), clock + 119, clock)
    held &= offence > 62
    tested = pd.Timestamp("2022-01-01")
    names = np.array([f"p{place:04d}" for place in range(n)], dtype=object)

    def dated(days: Any, chosen: Any) -> pd.DataFrame:
        return pd.DataFrame({"person": names[chosen], "date": tested + pd.to_timedelta(days[chosen], unit="D")})

    received = dated(np.full(n, 62), held).rename(columns={"date": "start_date"})
    events = dated(offence, offence < 700).rename(columns={"date": "offence_date"})
    extracts, linkage = invent(
        drug_tests=pd.DataFrame({"person": names, "test_date": tested}),
        treatment=dated(np.full(n, 5), treated).rename(columns={"date": "start_date"}).assign(end_date=None),
        custody_spells=received.assign(end_date=received["start_date"] + pd.Timedelta(days=120)),
        offences=events.assign(disposal_date=events["offence_date"] + pd.Timedelta(days=30)),
    )
    cohort = dip.build_cohort(extracts, linkage)  # type: ignore[arg-type]
    outcomes = dip.measure_reoffending(cohort)
    found = compare_clocks(unadjusted(cohort), cohort, outcomes)
    calendar, street = (line(found, "hazard_ratio", clock) for clock in ("calendar", "street"))
    assert abs(math.log(street["estimate"])) < 3.5 * street["std_error"]
    assert calendar["conf_low"] > 1
    assert calendar["estimate"] > 1.15 * street["estimate"]
    assert line(found, "rmst_difference", "calendar")["estimate"] < line(found, "rmst_difference", "street")["estimate"]
    headline = found.summary().headline
    assert "Treated people were in custody on 0.0% of their days" in headline
    assert "treated people, held less, look worse per calendar day than per day at liberty" in headline


def test_what_comes_back(clocks: ClockComparison) -> None:
    frame = clocks.to_frame()
    assert frame["term"].tolist() == ["hazard_ratio"] * 2 + ["rmst_difference"] * 2
    assert frame["group"].tolist() == ["calendar", "street"] * 2
    assert (frame["n"] > 0).all() and (frame["n_events"] > 0).all()
    in_custody = (
        line(clocks, "hazard_ratio", "calendar")["n_events"] - line(clocks, "hazard_ratio", "street")["n_events"]
    )
    assert in_custody == clocks.n_events_in_custody
    summary = clocks.summary()
    assert "Per calendar day" in summary.headline and "per day at liberty" in summary.headline
    assert ("does not show that there was no effect" in summary.headline) == bool(
        ((frame["conf_low"] <= 1) & (frame["conf_high"] >= 1))[:2].any()
    )
    assert len(summary.to_frame()) == 4
    assert "official measure" in str(summary)
    assert clocks.plot().child_axes


def test_the_headline_says_who_was_held_less(clocks: ClockComparison) -> None:
    def told(treated: float, comparison: float, calendar: float = 0.9) -> str:
        frame = clocks.to_frame().assign(custody_share_treated=treated, custody_share_comparison=comparison)
        ratios = frame["term"] == "hazard_ratio"
        frame.loc[ratios, ["estimate", "conf_low", "conf_high"]] = [[calendar, 0.1, 9.0], [1.0, 0.1, 9.0]]
        return dataclasses.replace(clocks, _frame=frame).summary().headline

    assert "so that treated people, held less, look worse per calendar day" in told(0.01, 0.05, calendar=1.1)
    assert "so that comparison people, held less, look worse per calendar day" in told(0.05, 0.01, calendar=0.9)
    assert "about the same share" in told(0.05, 0.052)
    # Where the two ratios do not lie that way round it is not said that they do.
    for treated, comparison, calendar in ((0.01, 0.05, 0.9), (0.05, 0.01, 1.1), (0.01, 0.05, 1.0)):
        otherwise = told(treated, comparison, calendar=calendar)
        assert "held less, look worse" not in otherwise
        assert "here they do not" in otherwise
    broken = clocks.to_frame().assign(days_in_custody_treated=0.0)
    with pytest.raises(InvariantError, match="do not add up"):
        dataclasses.replace(clocks, _frame=broken)
    with pytest.raises(InvariantError, match="inside its own interval"):
        dataclasses.replace(clocks, _frame=clocks.to_frame().assign(conf_low=1e9))


def test_matching_with_replacement_keeps_its_sets_on_both_clocks(studied: Studied) -> None:
    cohort, outcomes = studied
    design = dip.match(cohort, treated="treated", covariates=["female", "age_at_index"][:1], replace=True)
    found = compare_clocks(design, cohort, outcomes).to_frame()
    assert found["se_method"].str.contains("by matched set and by person at once").all()


def test_rows_of_people_change_nothing(studied: Studied, clocks: ClockComparison) -> None:
    cohort, outcomes = studied
    order = np.random.default_rng(0).permutation(len(cohort.people))
    people = cohort.people.iloc[order]
    design = dip.weight(people, treated="treated", covariates=["female"], method="entropy")
    again = compare_clocks(design, cohort, outcomes).to_frame().drop(columns="se_method")
    pd.testing.assert_frame_equal(again, clocks.to_frame().drop(columns="se_method"), rtol=1e-10)


@pytest.mark.slow
def test_several_rows_a_person_are_clustered_by_person() -> None:
    tests = "person|test_date\n" + "\n".join(f"p{n}|2022-0{month}-15" for n in range(40) for month in (1, 6))
    treatment = "person|start_date\n" + "\n".join(f"p{n}|2022-01-{17 + n % 10:02d}" for n in range(0, 40, 2))
    offences = "person|offence_date|disposal_date\n" + "\n".join(
        f"p{n}|2022-{8 + n % 4:02d}-2{n % 9}|2022-12-20" for n in range(30)
    )
    cohort = cohort_of(
        dip.CohortRule(index_choice="every"),
        drug_tests=tests,
        treatment=treatment,
        offences=offences,
        custody_spells="person|start_date|end_date\np1|2022-04-01|2022-05-01",
    )
    found = compare_clocks(unadjusted(cohort), cohort, dip.measure_reoffending(cohort)).to_frame()
    assert found["se_method"].str.contains("clustered by person").all()
    assert found["n"].max() > 40


def test_what_is_refused(studied: Studied) -> None:
    cohort, outcomes = studied
    design = weighted(cohort, "none")
    varying = through_the_whole_package(world(1, people=300), immortal_time="time_varying", landmark_days=0)
    with pytest.raises(InputError, match=r"become treated during follow-up.*immortal_time_audit"):
        compare_clocks(design, *varying)
    with pytest.raises(InputError, match="outcomes lack"):
        compare_clocks(design, cohort, varying[1])
    with pytest.raises(InputError, match="cohort must be"):
        compare_clocks(design, cohort.people, outcomes)  # type: ignore[arg-type]
    with pytest.raises(InputError, match="design must be"):
        compare_clocks(cohort, cohort, outcomes)  # type: ignore[arg-type]
    others = cohort.people.rename(index=lambda name: f"x{name}")
    strangers = dip.weight(others, treated="treated", covariates=["female"], method="none")
    with pytest.raises(InputError, match="people of the design are not in the cohort"):
        compare_clocks(strangers, cohort, outcomes)
    for options, words in (({"level": 2}, "coverage"), ({"horizon": -1}, "above 0")):
        with pytest.raises(InputError, match=words):
            compare_clocks(design, cohort, outcomes, **options)
    with pytest.raises(EstimationError, match="horizon=400 lies beyond"):
        compare_clocks(design, cohort, outcomes, horizon=400)


def test_without_an_extract_of_custody_there_are_no_days_at_liberty() -> None:
    tests = pd.DataFrame({"person": list("abcdef"), "test_date": "2022-03-01"})
    treatment = pd.DataFrame({"person": list("abc"), "start_date": "2022-03-10"})
    extracts, linkage = invent(without=("custody_spells",), drug_tests=tests, treatment=treatment)
    cohort = dip.build_cohort(extracts, linkage)  # type: ignore[arg-type]
    with pytest.raises(InputError, match="no extract of custody"):
        compare_clocks(unadjusted(cohort), cohort, dip.measure_reoffending(cohort))
