"""Before and after: every figure by hand or by simulation, and never a change without what no effect would give."""

from __future__ import annotations

import math
import re
from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import numpy as np
import pandas as pd
import pytest

import dipeval as dip
from dipeval.effects.before_and_after import words
from dipeval.effects.before_and_after.figures import Figure
from dipeval.errors import EstimationError, InputError

NAMES = ["before", "after", "year_2", "year_3"]


def _people(k: float = 0.53, mean: float = 1.5, n: int = 3_000, *, seed: int = 1, effect: float = 1.0) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    rate = rng.gamma(k, mean / k, n)
    rates = {"after": effect * rate}
    return pd.DataFrame({name: rng.poisson(rates.get(name, rate)) for name in NAMES})


def _row(found: dip.BeforeAfter, term: str, group: str | None = None) -> pd.Series:
    frame = found.to_frame()
    own = frame[(frame["term"] == term) & ((frame["group"] == group) if group else True)]
    assert len(own) == 1
    return own.iloc[0]


def _design(weights: list[float], treated: list[int], **more: Any) -> Any:
    index = pd.RangeIndex(len(weights))
    options = {"clusters": None, "estimand_in_words": "the treated", "fingerprint": "f" * 20, "method": "entropy",
               "n_treated_dropped": 0, "estimand": "ATT"}  # fmt: skip
    made = {"weights": pd.Series(weights, index), "treated": pd.Series(treated, index).astype(bool)}
    return SimpleNamespace(**(options | made | more))


SIX = pd.DataFrame({"before": [4, 2, 0, 1, 5, 0], "after": [2, 2, 1, 0, 6, 0]})


def test_the_change_and_its_interval_are_those_worked_out_by_hand() -> None:
    found = dip.before_after(SIX, k=0.5)
    ratio = 11 / 12
    parts = SIX["after"] / 11 - SIX["before"] / 12
    error = math.sqrt((parts**2).sum() * 6 / 5)
    assert found.change.estimate == pytest.approx(ratio - 1)
    assert found.change.std_error == pytest.approx(error)
    assert found.change.low == pytest.approx(ratio * math.exp(-1.959964 * error) - 1)
    assert _row(found, "mean_offences", "before")["estimate"] == pytest.approx(2)
    assert _row(found, "mean_offences", "after")["n_events"] == 11
    assert (found.expected.estimate, found.reading) == (0.0, "covered")


def test_classes_are_counted_by_their_rule() -> None:
    shares = dip.before_after(SIX, k=0.5).to_frame().query("term == 'share'").set_index("group")
    assert shares["n_events"].to_dict() == {"fell": 2, "similar": 2, "rose": 2, "rose_sharply": 1}
    wide = dip.before_after(SIX, k=0.5, similar=0.5, sharp=0.5).to_frame().query("term == 'share'").set_index("group")
    # Half of four is still similar, any offence after none is a rise.
    assert wide["n_events"].to_dict() == {"fell": 1, "similar": 4, "rose": 1, "rose_sharply": 1}


def test_one_person_s_rows_count_as_one() -> None:
    twice = pd.concat([SIX, SIX], ignore_index=True)
    person = pd.Series([*range(6), *range(6)], index=twice.index)
    found = dip.before_after(twice, k=0.5, cluster=person)
    assert found.clustered
    assert found.change.std_error == pytest.approx(dip.before_after(SIX, k=0.5).change.std_error)


@pytest.mark.parametrize("selection", ["none", "at_least_one", "at_least:3"])
def test_the_order_of_rows_changes_no_digit(selection: str) -> None:
    people = _people(n=400)
    again = people.sample(frac=1, random_state=1)
    frames = [dip.before_after(p, earlier=NAMES[2:], selection=selection).to_frame() for p in (people, again)]
    pd.testing.assert_frame_equal(*frames, check_exact=True)


@pytest.mark.slow
@pytest.mark.parametrize(("selection", "least"), [("at_least_one", 1), ("at_least:4", 4)])
def test_those_chosen_fall_as_the_closed_form_says(selection: str, least: int) -> None:
    people = _people(n=60_000)
    for given in (people, people[people["before"] >= least]):
        found = dip.before_after(given, earlier=NAMES[2:], selection=selection)
        assert found.n == int((people["before"] >= least).sum())
        assert found.n_left_out == len(given) - found.n
        assert found.change.estimate == pytest.approx(found.expected.estimate, abs=4 * found.change.std_error)
        assert found.expected.low <= found.expected.estimate <= found.expected.high
        assert found.spread.low < 0.53 < found.spread.high
        assert found.reading == "covered"
        assert "no effect can be concluded" in found.summary().headline


def test_a_rule_of_one_s_own_is_expected_from_all_windows() -> None:
    people = _people(n=60_000)

    def often(before: np.ndarray, earlier: np.ndarray) -> np.ndarray:
        return before + earlier[:, 0] >= 4

    found = dip.before_after(people, earlier=NAMES[2:], selection=often)
    assert found.change.estimate == pytest.approx(found.expected.estimate, abs=4 * found.change.std_error)
    assert found.expected.estimate < -0.02
    with pytest.raises(InputError, match="Everybody given meets the rule"):
        dip.before_after(people[often(people["before"].to_numpy(), people[["year_2"]].to_numpy())],
                         earlier=NAMES[2:], selection=often)  # fmt: skip
    with pytest.raises(InputError, match="True or False"):
        dip.before_after(people, selection=lambda before, earlier: before)


def test_the_index_event_counted_before_gives_its_fall_whatever_the_spread() -> None:
    rng = np.random.default_rng(6)
    rate = rng.gamma(1.53, 2.0, 60_000)
    people = pd.DataFrame({name: rng.poisson(rate) for name in NAMES})
    people["before"] += 1
    found = dip.before_after(people, earlier=NAMES[2:], selection="index_counted")
    assert found.expected.estimate == pytest.approx(-1 / people["before"].mean())
    assert found.expected.low == found.expected.high
    assert found.change.estimate == pytest.approx(found.expected.estimate, abs=4 * found.change.std_error)
    part = people.assign(index=(np.arange(60_000) % 2))
    part["before"] += part["index"] - 1
    half = dip.before_after(part, selection="index_counted", index_events="index", k=1.5)
    assert half.expected.estimate == pytest.approx(-0.5 / part["before"].mean(), rel=1e-3)


@pytest.mark.slow
def test_classes_without_any_effect_are_what_a_simulation_shows() -> None:
    """Shares of those who fell and rose, with the index event counted and left out, as derived and simulated before."""
    rng = np.random.default_rng(7)
    # People met at an arrest are met in proportion to their rate: 0.53 becomes 1.53.
    rate = rng.gamma(1.53, 2.07, 50_000)
    people = pd.DataFrame({name: rng.poisson(rate) for name in NAMES})
    out = dip.before_after(people, earlier=NAMES[2:])
    assert out.change.estimate == pytest.approx(0, abs=0.025)
    assert 0.38 <= _row(out, "share", "fell")["expected"] <= 0.42
    counted = people.assign(before=people["before"] + 1)
    found = dip.before_after(counted, earlier=NAMES[2:], selection="index_counted")
    assert round(100 * found.expected.estimate) == -24
    assert 0.59 <= _row(found, "share", "fell")["expected"] <= 0.62
    assert 0.22 <= _row(found, "share", "rose")["expected"] <= 0.29
    for one in (out, found):
        shares = one.to_frame().query("term == 'share'")
        assert np.allclose(shares["estimate"], shares["expected"], atol=0.01)
        assert shares["expected"].iloc[:3].sum() == pytest.approx(1)


@pytest.mark.parametrize("selection", ["none", "at_least_one", "at_least:3"])
@pytest.mark.parametrize(("similar", "sharp"), [(0.0, 0.25), (0.3, 0.6), (0.5, 0.5)])
def test_expected_classes_are_simulated_shares(selection: str, similar: float, sharp: float) -> None:
    people = _people(k=0.8, mean=3.0, n=80_000, seed=9)
    found = dip.before_after(people, earlier=NAMES[2:], selection=selection, similar=similar, sharp=sharp, k=0.8)
    shares = found.to_frame().query("term == 'share'")
    assert np.allclose(shares["estimate"], shares["expected"], atol=0.01)


def test_one_earlier_window_gives_a_range_over_the_usual_spreads() -> None:
    found = dip.before_after(_people(), earlier=["year_2"], selection="at_least_one")
    assert math.isnan(found.expected.estimate)
    assert found.expected.low < found.expected.high < 0
    assert "0.30 to 2.00" in " ".join(found.summary().notes)
    assert "between a fall of" in found.summary().headline
    assert math.isnan(_row(found, "change")["expected"])


def test_a_programme_that_works_falls_further_and_the_words_still_claim_nothing() -> None:
    found = dip.before_after(_people(n=20_000, effect=0.5), earlier=NAMES[2:], selection="at_least_one")
    assert found.reading == "further"
    assert "fewer offences after than that. This is no proof that treatment worked" in found.summary().headline
    worse = dip.before_after(_people(n=20_000, effect=1.6), earlier=NAMES[2:], selection="at_least_one")
    assert worse.reading == "short"
    assert "more offences after than that. This is no proof that treatment did harm" in worse.summary().headline


def test_a_peak_before_is_seen_and_covers_the_fall() -> None:
    people = _people(n=5_000)
    people["before"] += np.random.default_rng(2).poisson(0.6, len(people))
    found = dip.before_after(people, earlier=NAMES[2:])
    assert found.reading == "covered_by_earlier"
    assert words.NOTE_PEAK in found.summary().notes
    assert "their earlier level" in found.summary().headline
    falling = people.assign(year_2=people["year_2"] + 2)
    assert words.NOTE_CLIMB in dip.before_after(falling, earlier=NAMES[2:]).summary().notes


def test_a_fall_between_the_two_yardsticks_is_no_further_fall() -> None:
    people = _people(n=5_000)
    rng = np.random.default_rng(2)
    people["after"] += rng.poisson(0.6, len(people))
    people["before"] += rng.poisson(1.5, len(people))
    found = dip.before_after(people, earlier=NAMES[2:])
    assert found.earlier_level is not None
    assert found.earlier_level.high < found.change.low < found.change.high < found.expected.low
    assert found.reading == "covered_by_earlier"
    # Nobody offended further back: whatever is left now is more than their earlier level.
    assert dip.before_after(people.assign(year_2=0, year_3=0), earlier=NAMES[2:]).reading == "covered_by_earlier"


def test_a_rise_expected_is_never_said_to_be_a_fall() -> None:
    people = _people(n=20_000, effect=0.5)
    found = dip.before_after(people, earlier=NAMES[2:], selection=lambda before, _: before <= 2)
    assert found.expected.low > 0
    assert found.reading == "further"
    assert "went down" not in found.summary().headline


def test_with_the_index_event_counted_the_change_is_judged_without_it() -> None:
    rng = np.random.default_rng(11)
    people = pd.DataFrame({name: rng.poisson(2.0, 400) for name in NAMES})
    found = dip.before_after(people.assign(before=people["before"] + 1), selection="index_counted")
    plain = dip.before_after(people)
    assert found.change_of_others is not None
    assert (found.change_of_others.estimate, found.change_of_others.low) == (plain.change.estimate, plain.change.low)
    row = _row(found, "change_of_others")
    assert (row["estimate"], row["expected"]) == (plain.change.estimate, 0)
    assert "Change, the index events left out" in found.summary().to_frame()["Figure"].tolist()
    assert plain.change_of_others is None


@pytest.mark.slow
def test_without_an_effect_hardly_one_change_in_twenty_is_read_as_going_further() -> None:
    """People hardly differ: the interval of the change alone, held against the expected fall, errs one time in ten."""
    beyond, n = 0, 400
    for seed in range(1, n + 1):
        people = pd.DataFrame(np.random.default_rng(seed).poisson(1.9, (300, 2)), columns=NAMES[:2])
        people["before"] += 1
        beyond += dip.before_after(people, selection="index_counted").reading in ("further", "short")
    print(beyond / n)
    assert beyond / n <= 0.05 + 3 * math.sqrt(0.05 * 0.95 / n)


def test_uneven_counts_are_said() -> None:
    people = _people(n=5_000)
    rng = np.random.default_rng(3)
    bursts = people.apply(lambda column: rng.poisson(column * rng.gamma(1.0, 1.0, len(column))))
    assert dip.before_after(people, earlier=NAMES[2:]).uneven is None
    found = dip.before_after(bursts, earlier=NAMES[2:])
    assert found.uneven is not None
    assert any("steady rates" in note and "dispersion" in note for note in found.summary().notes)


def test_rates_by_time_at_risk() -> None:
    people = _people(k=1.0, mean=4.0, n=40_000, seed=5)
    rng = np.random.default_rng(8)
    # Half are away for half of the window after.
    away = rng.random(len(people)) < 0.5
    people["after"] = np.where(away, rng.binomial(people["after"], 0.5), people["after"])
    people["days_after"] = np.where(away, 182.5, 365.0)
    people["days"] = 365.0
    times = dict.fromkeys(NAMES, "days") | {"after": "days_after"}
    for selection in ("none", "at_least:3"):
        found = dip.before_after(people, earlier=NAMES[2:], selection=selection, time_at_risk=times)
        assert found.change.estimate < -0.2
        assert found.rate_change is not None
        assert found.expected_rate_change is not None
        assert found.rate_change.estimate == pytest.approx(
            found.expected_rate_change.estimate, abs=4 * found.rate_change.std_error
        )
    with pytest.raises(InputError, match="names no column for"):
        dip.before_after(people, time_at_risk={"before": "days"})
    with pytest.raises(InputError, match="0 with an offence"):
        dip.before_after(people.assign(days=0.0), earlier=NAMES[2:], time_at_risk=times)


@pytest.mark.slow
def test_what_is_expected_of_counts_goes_by_counts_where_time_at_risk_is_known() -> None:
    rng = np.random.default_rng(12)
    rate, share = rng.gamma(0.53, 1.7, 60_000), rng.beta(2, 1, 60_000) + 0.001
    people = pd.DataFrame({name: rng.poisson(rate * share) for name in NAMES}).assign(share=share)
    times = dict.fromkeys(NAMES, "share")
    found = dip.before_after(people, earlier=NAMES[2:], selection="at_least_one", time_at_risk=times)
    plain = dip.before_after(people, earlier=NAMES[2:], selection="at_least_one")
    assert found.expected.estimate == plain.expected.estimate
    assert found.reading == "covered"
    shares = found.to_frame().query("term == 'share'")
    assert np.allclose(shares["estimate"], shares["expected"], atol=0.01)


def test_a_fall_that_custody_brings_is_covered_by_time_at_risk() -> None:
    people = _people(k=1.0, mean=4.0, n=20_000, seed=5)
    people["after"] = np.random.default_rng(8).binomial(people["after"], 0.6)
    people["days"], people["days_after"] = 365.0, 219.0
    times = dict.fromkeys(NAMES, "days") | {"after": "days_after"}
    found = dip.before_after(people, earlier=NAMES[2:], time_at_risk=times)
    assert found.reading == "covered_by_time"
    assert "By time at risk" in found.summary().headline
    assert dip.before_after(people, earlier=NAMES[2:]).reading == "further"


def test_the_first_event_of_an_intake_is_said_to_leave_the_days_before_it_empty() -> None:
    found = dip.before_after(_people(), earlier=NAMES[2:])
    assert not any("lies nothing that" in note for note in found.summary().notes)
    for choice, period in words.PERIODS.items():
        notes = replace(found, index_choice=choice).summary().notes
        assert words.NOTE_FIRST.format(period=period) in notes
    assert not any("lies nothing that" in note for note in replace(found, index_choice="every").summary().notes)


def test_treated_people_of_unlike_weights_are_said() -> None:
    alike = dip.before_after(SIX, design=_design([1, 1, 1, 2.0, 0.5, 0.5], [1, 1, 1, 0, 0, 0]), k=0.5)
    unlike = dip.before_after(SIX, design=_design([1, 2, 1, 2.0, 0.5, 0.5], [1, 1, 1, 0, 0, 0]), k=0.5)
    assert words.NOTE_UNEQUAL not in alike.summary().notes
    assert words.NOTE_UNEQUAL in unlike.summary().notes


def test_the_comparison_s_own_change_is_weighted_and_the_difference_is_that_of_the_design() -> None:
    design = _design([1, 1, 1, 2.0, 0.5, 0.5], [1, 1, 1, 0, 0, 0])
    found = dip.before_after(SIX, design=design, k=0.5)
    # Treated: 6 before, 5 after. Comparison, weighted: 2 + 2.5 before, 0 + 3 after.
    assert found.n == 3
    assert found.change.estimate == pytest.approx(5 / 6 - 1)
    assert found.change_comparison.estimate == pytest.approx(3 / 4.5 - 1)
    assert found.difference is not None
    assert found.difference.estimate == pytest.approx(-1 / 3 - (3 - 4.5) / 3)
    direct = dip.estimate_effect(design, SIX["after"] - SIX["before"], measure="mean_difference")
    assert _row(found, "difference_in_differences")["std_error"] == direct.std_error
    assert "more people would be needed to tell" in found.summary().headline
    assert "difference-in-differences" in " ".join(found.summary().notes)


def test_people_the_design_leaves_out_are_left_out_here() -> None:
    design = _design([1, 1, 0, 1, 1, 0], [1, 1, 1, 0, 0, 0])
    found = dip.before_after(SIX, design=design, k=0.5)
    assert found.n == 2
    assert _row(found, "difference_in_differences")["n"] == 4


def test_a_rule_leaves_people_out_of_both_groups() -> None:
    people = pd.DataFrame({"before": [4, 2, 0, 1, 5, 0, 3], "after": [2, 2, 1, 0, 6, 0, 1]})
    design = _design([1, 1, 1, 2.0, 0.5, 0.5, 1.5], [1, 1, 1, 0, 0, 0, 0])
    found = dip.before_after(people, design=design, selection="at_least_one", k=0.5)
    # Treated: 4 and 2 before, 2 and 2 after. Comparison: 1, 5 and 3 before, weighted 2, 0.5 and 1.5.
    assert (found.n, found.n_left_out) == (2, 1)
    assert found.change_comparison.estimate == pytest.approx((3 + 1.5) / (2 + 2.5 + 4.5) - 1)
    assert found.difference is not None
    assert found.difference.estimate == pytest.approx(-1 - (2 * -1 + 0.5 * 1 + 1.5 * -2) / 4)
    assert found.difference.n_comparison == 3
    assert words.OF_CHOSEN in " ".join(found.summary().notes)


def test_a_clear_difference_is_said_with_its_interval() -> None:
    people = _people(n=6_000, mean=3.0)
    people.loc[:2_999, "after"] = np.random.default_rng(1).binomial(people["after"][:3_000], 0.4)
    design = _design([1.0] * 6_000, [1] * 3_000 + [0] * 3_000)
    found = dip.before_after(people, earlier=NAMES[2:], design=design)
    assert "Relative to their change, treated people had" in found.summary().headline
    assert "fewer" in found.summary().headline
    assert found.difference is not None
    assert not found.difference.includes_equality


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"before": "nowhere"}, "no column 'nowhere'"),
        ({"before": "after"}, "twice"),
        ({"selection": "the worst"}, "not known"),
        ({"selection": "at_least:0"}, "not known"),
        ({"selection": "index_counted"}, "fewer offences before than index events"),
        ({"similar": 0.5, "sharp": 0.2}, "no smaller"),
        ({"level": 95}, "coverage"),
        ({"earlier": 2}, "names the columns"),
        ({"k": -1.0}, "no spread"),
        ({"treated": "after"}, "0 or 1"),
        ({"cluster": [1, 2]}, "cluster must be"),
        ({"design": 3}, "dip.match"),
    ],
)
def test_what_cannot_be_used_is_refused(given: dict[str, Any], message: str) -> None:
    with pytest.raises(InputError, match=message):
        dip.before_after(SIX, **given)


def test_gaps_fractions_and_repeated_labels_are_refused() -> None:
    for bad in (None, -1, 0.5, np.inf):
        people = SIX.astype("float64")
        people.loc[0, "before"] = bad
        with pytest.raises(InputError, match="for 1 of 6 people"):
            dip.before_after(people)
    with pytest.raises(InputError, match="label of another row"):
        dip.before_after(pd.concat([SIX, SIX]))
    with pytest.raises(InputError, match="DataFrame or a cohort"):
        dip.before_after([1, 2])  # type: ignore[arg-type]
    with pytest.raises(InputError, match="effect on the treated"):
        dip.before_after(SIX, design=_design([1.0] * 6, [1, 1, 1, 0, 0, 0], estimand="ATE"))
    with pytest.raises(InputError, match="not among those given"):
        dip.before_after(SIX.iloc[:4], design=_design([1.0] * 6, [1, 1, 1, 0, 0, 0]))
    with pytest.raises(EstimationError, match="Nobody"):
        dip.before_after(SIX.assign(before=0))
    with pytest.raises(EstimationError, match="at least 2"):
        dip.before_after(SIX, selection="at_least:5")


def test_nobody_offending_after_has_no_interval_and_no_conclusion() -> None:
    found = dip.before_after(SIX.assign(after=0), k=0.5)
    assert (found.change.estimate, found.reading) == (-1.0, "unknown")
    assert "so few offences" in found.summary().headline


def test_the_fall_never_stands_alone() -> None:
    """Wherever the change is written, what would be seen without any effect is in the same sentence or the same row."""
    for given in ({}, {"selection": "at_least_one"}, {"earlier": NAMES[2:]}, {"earlier": ["year_2"]}):
        found = dip.before_after(_people(), **given)  # type: ignore[arg-type]
        summary = found.summary()
        fall = words.change_words(found.change.estimate)
        expected = words.expected_words(found.expected)
        assert summary.headline.index(fall) < summary.headline.index("Without any effect")
        assert expected in summary.headline
        row = summary.to_frame().set_index("Figure").loc["Change"]
        assert (row["Seen"].startswith(fall), row["Without any effect"]) == (True, expected)
        assert fall not in summary.title
        for note in summary.notes:
            assert fall not in note or "earlier level" in note
    for template in (
        words.COVERED,
        words.COVERED_TIME,
        words.COVERED_BACK,
        words.FURTHER,
        words.SHORT,
        words.NO_INTERVAL,
    ):
        assert "{opening}" in template
    assert "{expected}" in words.OPENING


def test_the_words_claim_no_absence_of_an_effect() -> None:
    for template in words.TEMPLATES:
        said = template.lower()
        assert "control" not in said
        assert "did not work" not in said
        assert "no difference" not in said
        # "No effect can be concluded" speaks of the evidence, not of the programme, and says so.
        assert "no effect" not in said.replace("no effect can be concluded", "")
        assert ("no effect can be concluded" in said) == ("none can be ruled out" in said)
    assert "more people would be needed" in words.COMPARED_UNCLEAR


def test_the_words_of_a_change() -> None:
    assert words.change_words(0.0004) == "no change"
    assert words.expected_words(Figure(estimate=math.nan, low=-0.3, high=-0.2)) == (
        "between a fall of 30.0% and a fall of 20.0%"
    )
    assert words.expected_words(Figure(estimate=0.0, low=0.0, high=0.0)) == "no change"
    assert words.expected_words(Figure(estimate=-0.25, low=-0.3, high=-0.2), 0) == (
        "a fall of 25% (from a fall of 30% to a fall of 20%)"
    )


def test_no_count_of_a_message_is_a_person_s_value() -> None:
    people = SIX.astype("float64")
    people.loc[0, "before"] = 987.5
    with pytest.raises(InputError) as caught:
        dip.before_after(people)
    assert not re.search("987", str(caught.value))
