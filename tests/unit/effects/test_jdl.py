"""Rate, frequency and time in the style of the Justice Data Lab, against a double loop over everybody."""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import numpy as np
import pandas as pd
import pytest

import dipeval as dip
from dipeval.effects.jdl import sentences as say
from dipeval.effects.jdl.analysis import jdl_style, jdl_style_of_design
from dipeval.effects.jdl.result import COLUMNS, JdlStyle
from dipeval.effects.jdl.rule import JdlColumns, JdlRule
from dipeval.errors import DesignError, EstimationError, InputError, InvariantError
from dipeval.linkage import true_linkage
from dipeval.matching.balance_words import band
from dipeval.plots.jdl import hundred_plot
from dipeval.plots.style import new_axes, to_png
from tests.helpers import assert_close_to_reference, load_reference
from tests.reference.data import recid
from tests.unit.effects.jdl_people import COVARIATES, analysed, invented


@pytest.fixture(scope="module")
def people() -> pd.DataFrame:
    return invented(600, effect=-0.12)


@pytest.fixture(scope="module")
def result(people: pd.DataFrame) -> JdlStyle:
    return analysed(people)


def by_double_loop(result: JdlStyle) -> tuple[np.ndarray, np.ndarray]:
    """Neighbours of each treated person, and 1/n summed over the treated, for everybody."""
    score, treated = result.design.score.to_numpy(), result.design.treated.to_numpy(dtype=bool)
    logit = np.log(score / (1 - score))
    near = np.abs(logit[treated][:, None] - logit[~treated][None, :]) <= 0.1 * logit.std(ddof=1)
    count = near.sum(axis=1)
    weights = np.zeros(len(treated))
    weights[treated] = count > 0
    weights[~treated] = (near / np.maximum(count, 1)[:, None]).sum(axis=0)
    return count, weights


def test_weights_are_those_of_the_double_loop_and_add_up_to_the_treated_people_matched(result: JdlStyle) -> None:
    count, raw = by_double_loop(result)
    design = result.design
    treated = design.treated.to_numpy(dtype=bool)
    assert design.n_treated == (count > 0).sum()
    assert design.n_treated_dropped > 0, "the invented people no longer hold somebody without a neighbour"
    own = design.weights.to_numpy() * np.where(treated, 1.0, design.n_treated / design.n_comparison)
    np.testing.assert_allclose(own, raw, rtol=1e-9, atol=1e-12)
    assert own[~treated].sum() == pytest.approx(design.n_treated, abs=1e-9)


@pytest.mark.parametrize("place", [0, 1, 2])
def test_each_measure_is_a_difference_of_weighted_means_with_hc0(
    result: JdlStyle, people: pd.DataFrame, place: int
) -> None:
    _, weights = by_double_loop(result)
    column = ["reoffended", "n_reoffences", "time_days"][place]
    used = (weights > 0) & ((people["event"] == 1).to_numpy() if place == 2 else True)
    y, d, w = people[column].to_numpy(float)[used], people["treated"].to_numpy(float)[used], weights[used]
    x = np.column_stack([np.ones(len(y)), d])
    bread = np.linalg.inv(x.T @ (w[:, None] * x))
    beta = bread @ x.T @ (w * y)
    meat = x.T @ ((w * (y - x @ beta))[:, None] ** 2 * x)
    effect = result.measures[place].effect
    assert_close_to_reference(effect.estimate, beta[1])
    assert_close_to_reference(effect.std_error, np.sqrt((bread @ meat @ bread)[1, 1]))
    assert effect.n_treated == int(d.sum())
    assert effect.n_comparison == int((1 - d).sum())


def test_the_plain_error_takes_each_different_person_to_count_for_one(people: pd.DataFrame, result: JdlStyle) -> None:
    plain = analysed(people, se="count")
    rate, frequency = (measure.effect for measure in plain.measures[:2])
    expected = sum(
        mean * (1 - mean) / n
        for mean, n in ((rate.mean_treated, rate.n_treated), (rate.mean_comparison, rate.n_comparison))
    )
    assert_close_to_reference(rate.std_error, np.sqrt(expected))
    _, weights = by_double_loop(result)
    variance = 0.0
    for side in (0, 1):
        rows = (weights > 0) & (people["treated"] == side).to_numpy()
        y, w = people["n_reoffences"].to_numpy(float)[rows], weights[rows]
        mean = np.average(y, weights=w)
        variance += np.average((y - mean) ** 2, weights=w) / rows.sum()
    assert_close_to_reference(frequency.std_error, np.sqrt(variance))
    assert frequency.estimate == result.measures[1].effect.estimate
    assert "number of different people" in frequency.se_method


@pytest.mark.parametrize("design", ["logit_0.2sd", "ps_0.01", "ps_0.05"])
def test_with_an_own_score_the_rate_and_its_error_are_those_of_r(design: str) -> None:
    figures = load_reference("matching")["recid"]
    options: dict[str, Any] = {"radius": 0.2}
    if design.startswith("ps_"):
        options = {"radius": float(design[3:]), "radius_unit": "raw", "scale": "probability"}
    data = recid()
    found = jdl_style(
        data, data, treated="workprg", covariates=figures["covariates"], reoffended="reoff12", n_reoffences=None,
        time=None, event=None, override="the figures are under test", **options,
    )  # fmt: skip
    reference = figures["radius"][design]["effect"]
    effect = found.measures[0].effect
    assert effect.n_treated + effect.n_comparison == reference["n"]
    assert_close_to_reference(effect.mean_treated, reference["mean_treated"])
    assert_close_to_reference(effect.mean_comparison, reference["mean_control"])
    # Of two nearly equal shares: relative to them, not to their difference.
    assert effect.estimate == pytest.approx(reference["att"], abs=1e-8 * reference["mean_control"])
    assert_close_to_reference(effect.std_error, reference["se_hc0"])


def test_the_curve_counts_everybody_with_the_weights_of_the_design(result: JdlStyle, people: pd.DataFrame) -> None:
    """Without censoring before the end, Kaplan-Meier is the weighted share of those who reoffended by then."""
    _, weights = by_double_loop(result)
    shares = result.shares_over_time().set_index("time_days")
    assert shares.index.tolist() == [91.0, 182.0, 273.0, 365.0]
    for day, row in shares.iterrows():
        early = ((people["time_days"] <= day) & (people["event"] == 1)).to_numpy()
        for name, side in (("treated", 1), ("comparison", 0)):
            rows = (people["treated"] == side).to_numpy()
            assert_close_to_reference(row[name], np.average(early[rows], weights=weights[rows]))


def test_the_order_of_the_rows_changes_no_figure(people: pd.DataFrame, result: JdlStyle) -> None:
    shuffled = people.sample(frac=1, random_state=3)
    again = analysed(shuffled)
    pd.testing.assert_frame_equal(again.to_frame(), result.to_frame(), check_exact=True)
    assert str(again.summary()) == str(result.summary())
    pd.testing.assert_frame_equal(again.shares_over_time(), result.shares_over_time(), check_exact=True)


class _Sealed:
    """Outcomes that nobody may look at."""

    follow_up = SimpleNamespace(days=365)

    def to_frame(self) -> pd.DataFrame:
        raise AssertionError("the outcomes were looked at")


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"radius": 3.0}, "poorly matched"),
        ({"minimum_people": 100_000}, "fewer than the 100,000 that are needed"),
        ({"minimum_matched": 100_000}, "could be matched, fewer than the 100,000"),
    ],
)
def test_where_a_check_fails_no_outcome_is_looked_at(options: dict[str, Any], words: str) -> None:
    people = invented(600, apart=2.0)
    found = jdl_style(people, _Sealed(), covariates=COVARIATES, **{"radius": 0.1, **options})
    assert found.withheld
    assert not found.overridden
    assert found.verdict == "withheld"
    assert words in found.summary().headline
    frame = found.to_frame()
    assert frame["estimate"].isna().all()
    assert (frame["verdict"] == "withheld").all()
    assert found.curve is None
    assert found.of_hundred() == ()
    assert found.shares_over_time().empty
    assert found.cannot_say() == (say.CANNOT_SAY_WITHHELD,)


@pytest.mark.parametrize("override", [True, "A pilot: the differences are the point."])
def test_an_override_shows_the_figures_and_is_printed_over_them(override: bool | str) -> None:
    found = analysed(invented(600, apart=2.0), radius=3.0, override=override)
    assert found.overridden
    assert found.measures[0].effect is not None
    summary = found.summary()
    assert summary.headline.startswith("The comparison failed its checks and is shown all the same.")
    assert "poorly matched" in summary.notes[0]
    told = (
        "who wrote: “A pilot: the differences are the point.”"
        if isinstance(override, str)
        else "who wrote down no reason"
    )
    assert told in summary.notes[0]


def test_an_override_that_was_not_needed_is_not_printed(people: pd.DataFrame) -> None:
    found = analysed(people, override="just in case")
    assert not found.overridden
    assert "just in case" not in str(found.summary())


def _balance(smd: float) -> Any:
    return SimpleNamespace(band=band(smd), max_smd=smd, worst_term="age")


def test_exactly_five_and_ten_per_cent_fall_in_the_lower_band() -> None:
    counts = {"submitted": 60, "matched": 30, "least": (60, 30)}
    assert [band(smd) for smd in (0.05, -0.05, 0.0500001, 0.10, -0.10, 0.1000001)] == [
        "green", "green", "amber", "amber", "amber", "red",
    ]  # fmt: skip
    assert say.of_reasons(_balance(0.10), **counts) == ()
    assert len(say.of_reasons(_balance(0.1000001), **counts)) == 1
    assert len(say.of_reasons(_balance(0.2), submitted=59, matched=29, least=(60, 30))) == 3


def test_bands_are_told_term_by_term(result: JdlStyle) -> None:
    frame = result.bands()
    assert list(frame.columns) == ["term", "smd_before", "smd_after", "band_before", "band"]
    assert frame["term"].tolist() == COVARIATES
    assert (frame["band"] == frame["smd_after"].map(band)).all()
    assert result.band == max(frame["band"], key=["green", "amber", "red"].index)


def test_verdicts_follow_the_interval_and_then_what_could_have_been_found() -> None:
    small, wide = invented(400, effect=0.0), invented(4000, effect=0.0, seed=7)
    assert analysed(invented(4000, effect=-0.2)).verdict == "lower"
    assert analysed(invented(4000, effect=0.2)).verdict == "higher"
    assert analysed(small).verdict == "underpowered"
    found = analysed(wide, worthwhile=0.2)
    assert found.verdict == "not_significant"
    row = found.to_frame().iloc[0]
    assert row["minimum_detectable"] == pytest.approx((1.959964 + 0.841621) * row["std_error"], rel=1e-6)
    assert row["minimum_detectable"] <= 0.2 * row["mean_comparison"]
    assert analysed(wide, worthwhile=0.05).verdict == "underpowered"


def test_a_measure_that_was_not_taken_or_cannot_be_estimated_says_so(people: pd.DataFrame) -> None:
    found = analysed(people, n_reoffences=None, time=None, event=None)
    assert [measure.verdict for measure in found.measures][1:] == ["not_measured", "not_measured"]
    assert found.curve is None
    assert list(found.to_frame()["group"]) == ["rate", "frequency", "time"]
    assert "reoffences were committed" not in " ".join(found.of_hundred())
    nobody = people.assign(reoffended=0, n_reoffences=0, event=0, time_days=365)
    empty = analysed(nobody)
    assert {measure.verdict for measure in empty.measures} == {"not_measured"}
    assert "not given, the outcome does not vary" in empty.summary().headline
    assert empty.plot() is not None


def test_who_was_lost_on_the_way_is_counted(people: pd.DataFrame) -> None:
    n_treated = int(people["treated"].sum())
    found = analysed(people, submitted=n_treated + 9)
    rows = found.attrition
    assert rows["step"].tolist() == ["submitted", "found", "matched"]
    assert rows["n_people"].tolist() == [n_treated + 9, n_treated, found.design.n_treated]
    assert rows["n_excluded"].tolist() == [0, 9, found.design.n_treated_dropped]
    assert any(note.startswith(f"{n_treated + 9} treated people were submitted") for note in found.summary().notes)


def test_a_cohort_brings_its_attrition_and_the_length_of_its_follow_up() -> None:
    extracts = dip.simulate(people=1500, seed=2)
    cohort = dip.build_cohort(extracts, true_linkage(extracts))
    outcomes = dip.measure_reoffending(cohort)
    found = jdl_style(
        cohort, outcomes, covariates=["age_at_index", "log_prior_offences_5y"], radius=0.1, minimum_matched=10,
        override="a small simulation",
    )  # fmt: skip
    rows = found.attrition
    steps = len(cohort.attrition)
    assert rows["step"].tolist()[:steps] == cohort.attrition["step"].tolist()
    assert rows["counted"].tolist() == ["everybody"] * steps + ["treated"] * 2
    assert rows["n_people"].iloc[steps] == cohort.people["treated"].sum()
    assert "within one year" in found.can_say()[0]
    first = outcomes.to_frame()
    among = found.design.weights.gt(0) & first["event"].eq(1) & cohort.people["treated"].eq(1)
    assert found.to_frame()["mean_treated"].iloc[2] == pytest.approx(first.loc[among, "time_days"].mean())


def test_what_cannot_be_used_is_refused(people: pd.DataFrame, result: JdlStyle) -> None:
    with pytest.raises(TypeError):
        jdl_style(people, people, covariates=COVARIATES)  # type: ignore[call-arg]
    for options, words in (
        ({"se": "hc3"}, "se='hc3'"), ({"scale": "odds"}, "scale='odds'"), ({"override": 1}, "override must be"),
        ({"worthwhile": 0}, "worthwhile=0"), ({"minimum_people": 0}, "minimum_people=0"), ({"level": 1.0}, "level=1.0"),
        ({"event": None}, "go together"), ({"n_reoffences": "arrests"}, "no column 'arrests'"),
        ({"submitted": 3}, "fewer than the"), ({"reoffended": "n_reoffences"}, "needs an outcome of 0 and 1"),
        ({"event": "n_reoffences"}, "must be 0 or 1"),
    ):  # fmt: skip
        with pytest.raises(InputError, match=words):
            analysed(people, **options)
    with pytest.raises(InputError, match="measure_reoffending"):
        jdl_style(people, people["reoffended"], covariates=COVARIATES, radius=0.1)  # type: ignore[arg-type]
    with pytest.raises(InputError, match="missing for 1 of"):
        gap = people["reoffended"].astype(float).where(people.index != result.design.weights.idxmax())
        analysed(people.assign(reoffended=gap))
    with pytest.raises(DesignError, match="several"):
        analysed(people.rename_axis("index_id"))
    pairs = dip.match(people, treated="treated", covariates=COVARIATES)
    with pytest.raises(InputError, match="rests on radius matching"):
        jdl_style_of_design(pairs, people, rule=JdlRule(), columns=JdlColumns())


def test_outcomes_that_must_not_be_compared_stop_it(people: pd.DataFrame) -> None:
    from dipeval.outcomes.columns import UNFIT

    outcomes = people.copy()
    outcomes.attrs[UNFIT] = "some were followed for less long than others"
    with pytest.raises(EstimationError, match="cannot be compared between the groups"):
        jdl_style(people, outcomes, covariates=COVARIATES, radius=0.1)


def test_a_failed_check_cannot_stand_beside_a_figure(result: JdlStyle) -> None:
    with pytest.raises(InvariantError, match="without an override"):
        replace(result, reasons=("The groups are poorly matched.",))


def test_its_frame_has_fixed_columns_and_is_a_fresh_copy(result: JdlStyle) -> None:
    frame = result.to_frame()
    assert tuple(frame.columns) == COLUMNS
    frame["estimate"] = 0.0
    assert (result.to_frame()["estimate"] != 0).all()
    assert result.attrition is not result.attrition


def test_the_pictures(result: JdlStyle) -> None:
    effect = result.measures[0].effect
    texts = [text.get_text() for text in result.plot().texts]
    assert f"{100 * effect.mean_treated:.0f} reoffended" in texts
    assert to_png(result.plot()) == to_png(result.plot())
    given = new_axes()
    assert result.plot(given) is given
    withheld = analysed(invented(600, apart=2.0), radius=3.0)
    assert "standard deviation" in withheld.plot().get_xlabel()
    with pytest.raises(InputError, match="100 people"):
        hundred_plot(pd.DataFrame({"group": ["treated"], "share": [0.3]}))
    with pytest.raises(InputError, match="from 0 to 1"):
        hundred_plot(pd.DataFrame({"group": ["treated", "comparison"], "share": [30.0, 0.3]}))


def test_nobody_is_shown(result: JdlStyle, people: pd.DataFrame) -> None:
    shown = repr(result) + result._repr_html_()
    assert not any(person in shown for person in people.index[:50])
    assert len(result._repr_html_()) < 12_000
