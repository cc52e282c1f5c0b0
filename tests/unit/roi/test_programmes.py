"""Several programmes on one scale: what is refused, what can be told apart, and what is said about the best."""

from __future__ import annotations

import math
from functools import cache
from typing import Any

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from dipeval.errors import InputError, InvariantError
from dipeval.roi import ReturnOnInvestment, RoiAssumptions, Uncertain, load_gdp_deflator, load_unit_costs
from dipeval.roi.decisions import programmes_words as words
from dipeval.roi.decisions.programmes import ProgrammeComparison, compare_programmes
from dipeval.roi.decisions.programmes_scale import UNLIKE_COLUMNS
from dipeval.roi.decisions.programmes_sums import COLUMNS, COMPARED, DIFFERENCE_COLUMNS, UNITS, best_by_chance, mover
from tests.unit.roi.test_return_steps import MIX, TABLE, WORTH, averted_of, effect_of, line, linkage_of, roi_of

Z = float(stats.norm.ppf(0.975))
VARIED = RoiAssumptions(unit_cost_factor=Uncertain(1, 0.5, 1.5, "uniform"))


@cache
def north() -> ReturnOnInvestment:
    return roi_of(effect_of(-0.5, 0.2))


@cache
def south() -> ReturnOnInvestment:
    return roi_of(effect_of(-0.1, 0.3), costs=pd.DataFrame([line(20_000.0)]))


@cache
def west() -> ReturnOnInvestment:
    return roi_of(effect_of(-0.4, 0.1), costs=pd.DataFrame([line(60_000.0)]))


@cache
def both() -> ProgrammeComparison:
    return compare_programmes({"South": south(), "North": north()})


@cache
def three() -> ProgrammeComparison:
    return compare_programmes({"South": south(), "West": west(), "North": north()})


def refusal(**programmes: ReturnOnInvestment) -> str:
    with pytest.raises(InputError) as caught:
        compare_programmes(programmes)
    return str(caught.value)


def figures(found: ProgrammeComparison, term: str) -> pd.DataFrame:
    frame = found.to_frame()
    return frame[frame["term"] == term].set_index("programme")


def pair(found: ProgrammeComparison, term: str, one: str = "North", other: str = "South") -> dict[Any, Any]:
    frame = found.differences()
    return frame[(frame["term"] == term) & (frame["programme"] == one) & (frame["other"] == other)].to_dict("records")[
        0
    ]


def test_figures_for_one_person_by_hand() -> None:
    found, roi = both(), north()
    assert tuple(found.to_frame().columns) == COLUMNS
    expected = {
        "averted_per_100": (50.0, 30.0, 70.0),
        "cost_per_person": (160.0, math.nan, math.nan),
        "benefit_per_person": (0.5 * WORTH, 0.3 * WORTH, 0.7 * WORTH),
        "net_per_person": (0.5 * WORTH - 160, 0.3 * WORTH - 160, 0.7 * WORTH - 160),
        "benefit_cost_ratio": (0.5 * WORTH / 160, 0.3 * WORTH / 160, 0.7 * WORTH / 160),
        "break_even_per_100": (100 * 160 / WORTH, math.nan, math.nan),
        "cost_per_offence_averted": (320.0, 160 / 0.7, 160 / 0.3),
        "probability": (roi.probability, math.nan, math.nan),
        "probability_if_none": (roi.probability_if_none, math.nan, math.nan),
        "probability_averted": (roi.probability_averted, math.nan, math.nan),
    }
    assert list(expected) == list(UNITS)
    for term, ends in expected.items():
        row = figures(found, term).loc["North"]
        assert row[["estimate", "conf_low", "conf_high"]].astype(float).tolist() == pytest.approx(ends, nan_ok=True)
        assert row["unit"] == UNITS[term] and row["n"] == 200
    assert not found.settled["South"] and found.settled["North"]
    assert math.isnan(figures(found, "cost_per_offence_averted").loc["South", "estimate"])


def test_a_difference_of_two_effects_is_that_of_two_normal_estimates() -> None:
    reach = math.hypot(0.2, 0.3)
    row = pair(both(), "averted_per_100")
    assert [row[end] for end in ("estimate", "conf_low", "conf_high")] == pytest.approx(
        [40.0, 40.0 - 100 * reach, 40.0 + 100 * reach]
    )
    row = pair(both(), "net_per_person")
    middle = 0.4 * WORTH - 80.0
    assert [row[end] for end in ("estimate", "conf_low", "conf_high")] == pytest.approx(
        [middle, middle - reach * WORTH, middle + reach * WORTH]
    )
    chance = stats.norm.cdf(middle / (reach * WORTH / Z))
    assert row["share_higher"] == pytest.approx(chance, abs=0.01)
    assert row["told_apart"] and not pair(both(), "benefit_cost_ratio")["told_apart"]


def test_what_is_known_has_no_interval_and_is_told_apart_by_itself() -> None:
    row = pair(both(), "cost_per_person")
    assert row["estimate"] == pytest.approx(80.0) and row["told_apart"] and row["share_higher"] == 1.0
    assert math.isnan(row["conf_low"]) and math.isnan(row["conf_high"])
    same = compare_programmes({"A": roi_of(effect_of(-0.5, 0.0)), "B": roi_of(effect_of(-0.5, 0.0))})
    assert not same.differences()["told_apart"].any() and same.best_by_chance == 0.0
    assert any(note.startswith("Nothing was let vary") for note in same.summary().notes)
    assert "do not tell A and B apart" in same.summary().headline


def test_uneven_intervals_keep_their_own_sides() -> None:
    uneven = roi_of(effect_of(-0.5, conf_low=-0.9, conf_high=-0.3))
    row = pair(compare_programmes({"North": uneven, "South": south()}), "averted_per_100")
    assert row["conf_low"] == pytest.approx(40 - 100 * math.hypot(0.2, 0.3))
    assert row["conf_high"] == pytest.approx(40 + 100 * math.hypot(0.4, 0.3))
    assert mover((1.0, 0.0, 2.0), (1.0, 1.0, 1.0), 2.0) == (-2.0, 2.0)


def test_all_pairs_hold_together() -> None:
    found = three()
    assert tuple(found.differences().columns) == DIFFERENCE_COLUMNS and len(found.differences()) == 3 * len(COMPARED)
    wider = stats.norm.ppf(1 - 0.025 / 3) / Z
    row = pair(found, "averted_per_100", "North", "West")
    assert row["conf_high"] - row["conf_low"] == pytest.approx(200 * wider * math.hypot(0.2, 0.1))
    assert pair(found, "averted_per_100")["conf_low"] < pair(both(), "averted_per_100")["conf_low"]


def test_by_chance_all_pairs_are_wrong_together_no_more_often_than_said() -> None:
    """Four programmes that are alike, estimated 400 times over: any pair told apart is a false alarm."""
    rng, false = np.random.default_rng(1), 0
    for _ in range(400):
        ends = [(value, value - 1.0, value + 1.0) for value in rng.normal(0, 1 / Z, size=4)]
        wider = float(stats.norm.ppf(1 - 0.025 / 6) / Z)
        pairs = [mover(one, other, wider) for at, one in enumerate(ends) for other in ends[at + 1 :]]
        false += any(low > 0 or high < 0 for low, high in pairs)
    assert false / 400 <= 0.05 + 2 * math.sqrt(0.05 * 0.95 / 400)


def test_draws_agree_with_the_closed_form() -> None:
    nearly = RoiAssumptions(cost_factor=Uncertain(1, 1 - 1e-9, 1 + 1e-9))
    loose = compare_programmes({"North": roi_of(effect_of(-0.5, 0.2), nearly), "South": south()}, draws=50_000)
    exact = pair(both(), "net_per_person")
    drawn = pair(loose, "net_per_person")
    spread = exact["conf_high"] - exact["conf_low"]
    for end in ("conf_low", "conf_high"):
        assert drawn[end] == pytest.approx(exact[end], abs=0.015 * spread)


def test_the_draws_of_two_programmes_do_not_rise_and_fall_together() -> None:
    # Returns made with one seed share their draws: their differences would vary by nothing at all.
    north_again = compare_programmes({"A": roi_of(effect_of(-0.5, 0.2)), "B": roi_of(effect_of(-0.3, 0.2))})
    wide = north_again.drawn().pivot(index="draw", columns="programme", values="net_per_person")
    assert abs(np.corrcoef(wide["A"], wide["B"])[0, 1]) < 0.03
    assert len(wide) == north_again.draws == 20_000


def test_what_is_one_figure_for_all_is_drawn_once_for_all() -> None:
    certain = {"A": roi_of(effect_of(-0.5, 0.0), VARIED), "B": roi_of(effect_of(-0.5, 0.0), VARIED)}
    found = compare_programmes(certain)
    assert found.shared and words.NOTE_SHARED in found.summary().notes
    row = pair(found, "benefit_per_person", "A", "B")
    assert row["estimate"] == 0.0 and math.isnan(row["conf_low"]) and not row["told_apart"]
    own = {
        name: roi_of(effect_of(-0.5, 0.0), RoiAssumptions(attribution=Uncertain(0.5, 0.2, 0.8, "uniform")))
        for name in "AB"
    }
    row = pair(compare_programmes(own), "benefit_per_person", "A", "B")
    # The difference of two independent uniform figures over 0.6 is triangular.
    assert row["conf_high"] == pytest.approx(0.6 * (1 - math.sqrt(0.05)) * 0.5 * WORTH, rel=0.03)


def test_the_best_of_several_looks_better_than_it_is() -> None:
    assert both().best_by_chance == pytest.approx(WORTH * math.hypot(0.2, 0.3) / Z / math.sqrt(2 * math.pi), rel=0.02)
    alike = {name: roi_of(effect_of(-0.5, 0.2)) for name in ("A", "B", "C")}
    # The expected highest of three standard normal figures.
    highest = 3 / (2 * math.sqrt(math.pi))
    assert compare_programmes(alike).best_by_chance == pytest.approx(WORTH * 0.2 / Z * highest, rel=0.02)
    rows = pd.DataFrame({"programme": ["a", "a", "b", "b"], "net_per_person": [1.0, 3.0, 5.0, 5.0]})
    assert best_by_chance(rows) == 0.5


def test_the_order_in_which_they_are_given_changes_nothing() -> None:
    turned = compare_programmes({"North": north(), "West": west(), "South": south()})
    assert turned.programmes == ("North", "South", "West")
    for name in ("to_frame", "differences", "drawn", "unlike"):
        pd.testing.assert_frame_equal(getattr(turned, name)(), getattr(three(), name)(), check_exact=True)
    lower = compare_programmes({"b": south(), "A": north()})
    assert lower.programmes == ("A", "b")


def test_who_else_is_compared_does_not_change_a_draw() -> None:
    for name in ("North", "South"):
        alone, among = (found.drawn()[found.drawn()["programme"] == name] for found in (both(), three()))
        pd.testing.assert_frame_equal(alone.reset_index(drop=True), among.reset_index(drop=True), check_exact=True)
    other = compare_programmes({"North": north(), "South": south()}, seed=1)
    assert not other.drawn()["net_per_person"].equals(both().drawn()["net_per_person"])


def test_prices_of_different_years_are_brought_together() -> None:
    later = roi_of(effect_of(-0.1, 0.3), costs=pd.DataFrame([line(20_000.0)]), price_year=2023)
    level = load_gdp_deflator().set_index("year")["deflator"]
    found = compare_programmes({"North": north(), "South": later}, price_year=2019)
    assert found.price_year == 2019 and found.converted == ("South",)
    for term in COMPARED:
        assert figures(found, term)["estimate"].tolist() == pytest.approx(figures(both(), term)["estimate"].tolist())
    latest = compare_programmes({"North": north(), "South": later})
    assert latest.price_year == 2023 and latest.converted == ("North",)
    times = level[2023] / level[2019]
    assert figures(latest, "net_per_person").loc["North", "estimate"] == pytest.approx(times * (0.5 * WORTH - 160))
    assert figures(latest, "benefit_cost_ratio").loc["North", "estimate"] == pytest.approx(north().benefit_cost_ratio)
    assert pair(latest, "net_per_person")["conf_low"] == pytest.approx(
        times * pair(both(), "net_per_person")["conf_low"]
    )
    assert "Brought from other years' prices with the GDP deflator: North." in latest.summary().notes
    with pytest.raises(InputError, match="no value for 1800"):
        compare_programmes({"North": north(), "South": later}, price_year=1800)
    with pytest.raises(InputError, match="not a year"):
        compare_programmes({"North": north(), "South": south()}, price_year=19)


def test_every_difference_of_scale_is_named_in_one_refusal() -> None:
    on = RoiAssumptions(
        recorded_per_proven=3, actual_per_recorded="published", extrapolate_years=2, drop_off=0.5, optimism_bias=0.2,
        unit_cost_factor=Uncertain(1.0, 0.9, 1.1),
    )  # fmt: skip
    dearer = TABLE.assign(unit_cost=TABLE["unit_cost"] * 1.1)
    other = roi_of(
        on=on, follow_up_days=730, include_anticipation=True, discount_rate=0.05, unit_costs=dearer, level=0.9
    )
    told = refusal(A=north(), B=other, C=south())
    assert told.startswith("The programmes do not stand on one scale, so they cannot be compared. What differs: ")
    for words_of in (
        "the follow-up (365 days for A and C, 730 days for B)",
        "the discount rate (3.5% for A and C, 5% for B)",
        "the level of the intervals (95% for A and C, 90% for B)",
        "years beyond the follow-up (none for A and C, 2 years for B)",
        "costs in anticipation of crime (out for A and C, in for B)",
        "recorded crimes for each proven reoffence (1 for A and C, 3 for B)",
        "share by which the spending is raised (0 for A and C, 0.2 for B)",
        "unit costs of crime, against those of the table (1 for A and C, 1 from 0.9 to 1.1, pert for B)",
        "actual crimes for each recorded one (off for A and C, on for B)",
        "the unit costs of crime (£570.00 for shoplifting for A and C, £627.00 for shoplifting for B)",
    ):
        assert words_of in told
    assert "perspective" not in told and "spending set" not in told
    assert "the perspective (social for A, fiscal for B)" in refusal(A=north(), B=roi_of(perspective="fiscal"))


def test_steps_with_other_figures_are_no_one_scale() -> None:
    def with_years(drop_off: float) -> ReturnOnInvestment:
        return roi_of(on=RoiAssumptions(extrapolate_years=2, drop_off=drop_off))

    told = refusal(A=with_years(0.2), B=with_years(0.5))
    assert "What differs: share of the effect lost with each further year (0.2 for A, 0.5 for B)." in told
    given = [roi_of(on=RoiAssumptions(actual_per_recorded={"shoplifting": times})) for times in (4.0, 6.0)]
    assert "actual crimes for each recorded one (4 for shoplifting for A, 6 for shoplifting for B)" in refusal(
        A=given[0], B=given[1]
    )
    same = [roi_of(effect_of(one), RoiAssumptions(extrapolate_years=1, drop_off=0.2)) for one in (-0.5, -0.3)]
    assert compare_programmes({"A": same[0], "B": same[1]}).programmes == ("A", "B")


def test_effects_of_one_kind_need_the_same_kinds_of_spending() -> None:
    costs = pd.DataFrame([line(), line(spent_on="contact")])
    wider = roi_of(costs=costs, against=["treatment", "contact"], reason="contact came with every treatment")
    told = refusal(A=north(), B=wider)
    assert "spending set against an effect of treatment (treatment for A, contact and treatment for B)" in told
    contact = roi_of(costs=costs, effect_of="contact")
    found = compare_programmes({"A": north(), "B": contact})
    assert set(found.unlike()["aspect"]) >= {"effect_of", "against"}
    note = next(one for one in found.summary().notes if "spending set against" in one)
    assert note == "Not the same in all: spending set against the value (A: treatment; B: contact)."


def test_editions_without_an_offence_in_common_are_told_by_their_source() -> None:
    shop, harm = (MIX.iloc[[at]].assign(share=1.0) for at in (0, 1))
    older = load_unit_costs("2018")
    one = roi_of(offence_mix=shop)
    assert compare_programmes({"A": one, "B": roi_of(offence_mix=harm)}).programmes == ("A", "B")
    told = refusal(A=one, B=roi_of(offence_mix=harm, unit_costs=older, include_anticipation=True))
    assert "the unit costs of crime (" in told and "2019/20 for A" in told and "2015/16 for B" in told


def test_what_differs_and_may_is_said() -> None:
    on = RoiAssumptions(attribution=0.8, cost_factor=Uncertain(1, 0.8, 1.2))
    other = roi_of(effect_of(-0.3), on, offence_mix=MIX.assign(share=[0.9, 0.1]), scale_to_all_treated=True)
    found = compare_programmes({"A": north(), "B": other})
    frame = found.unlike()
    assert tuple(frame.columns) == UNLIKE_COLUMNS
    assert set(frame["aspect"]) == {"value_per_offence", "varies", "attribution", "scaled"}
    shown = frame.set_index(["aspect", "programme"])["value"]
    assert shown["value_per_offence", "A"] == "£7,950" and shown["attribution", "B"] == "0.80"
    assert shown["varies", "B"] == "spending, against that stated; offences averted per person"
    assert words.NOTE_VARIES in found.summary().notes
    effect = effect_of()
    by_group = roi_of(effect, offence_mix=None, averted=averted_of(effect), linkage=linkage_of(effect))
    aspects = set(compare_programmes({"A": north(), "B": by_group}).unlike()["aspect"])
    assert {"kinds", "linked"} <= aspects
    unpriced = pd.DataFrame({"offence_group": ["shoplifting", "drug_possession"], "share": [0.75, 0.25]})
    frame = compare_programmes({"A": north(), "B": roi_of(offence_mix=unpriced)}).unlike()
    assert frame.loc[(frame["aspect"] == "unpriced"), "value"].tolist() == ["none", "25%"]
    assert compare_programmes({"A": north(), "B": roi_of(effect_of(-0.2))}).unlike().empty


@pytest.mark.parametrize(
    ("given", "words_of"),
    [
        ([1, 2], "a mapping from each one's name to its return on investment"),
        ({"A": None}, "from 2 to 8 programmes"),
        ({str(at): None for at in range(9)}, "from 2 to 8 programmes"),
        ({"A": None, " ": None}, "one is empty, or two are the same"),
        ({"A": None, "a ": None}, "one is empty, or two are the same"),
        ({"A": None, 3: None}, "one is empty, or two are the same"),
        ({"A": None, "B": 3}, "found: NoneType, int"),
    ],
)
def test_what_is_no_set_of_programmes_is_refused(given: Any, words_of: str) -> None:
    with pytest.raises(InputError) as caught:
        compare_programmes(given)
    assert words_of in str(caught.value)


def test_other_refusals() -> None:
    assert "The same return on investment stands under two names" in refusal(A=north(), B=north())
    with pytest.raises(InputError, match="draws must be a whole number"):
        compare_programmes({"A": north(), "B": south()}, draws=10)


def test_headlines_say_first_what_is_not_settled() -> None:
    headline = both().summary().headline
    assert headline.startswith("The data do not settle whether South averted offences. Value less cost is £3,100 a ")
    assert "North than in South (from £230 to £5,970, in 2019/20 prices), each among its own people" in headline
    turned = compare_programmes({"A": south(), "B": north()}).summary().headline
    assert "£3,100 a person more in B than in A (from £230 to £5,970, in 2019/20 prices)" in turned
    near = compare_programmes({"A": north(), "B": roi_of(effect_of(-0.4, 0.2))}).summary().headline
    assert near == (
        "The data do not tell A and B apart in value less cost: A less B comes to £800 a person, anything from −£1,450 "
        "to £3,040, in 2019/20 prices."
    )
    headline = three().summary().headline
    assert "Of the 3 pairs of these 3 programmes the data tell" in headline or "none of the 3 pairs" in headline


def test_a_difference_is_shown_no_finer_than_what_it_lies_between() -> None:
    near = compare_programmes({"A": roi_of(effect_of(-0.5)), "B": roi_of(effect_of(-0.4999))})
    assert pair(near, "net_per_person", "A", "B")["estimate"] == pytest.approx(0.795)
    shown = words.differences_shown(near).set_index("term")
    assert shown.loc["net_per_person", "estimate"] == 0.0
    assert shown.loc["net_per_person", "conf_high"] % 10 == 0
    assert shown.loc["averted_per_100", "estimate"] == pytest.approx(0.01)
    worthless = MIX.assign(offence_group=["drug_possession", "public_order"])
    nothing = {name: roi_of(offence_mix=worthless) for name in "AB"}
    assert words.differences_shown(compare_programmes(nothing))["estimate"].eq(0).all()


def test_headlines_of_many_pairs() -> None:
    def many(*estimates: float) -> str:
        rois = {chr(65 + at): roi_of(effect_of(one, 0.05), draws=200) for at, one in enumerate(estimates)}
        return compare_programmes(rois, draws=500).summary().headline

    told = many(-0.5, -0.49, -0.51)
    assert told.startswith("The data tell none of the 3 pairs of these 3 programmes apart")
    assert told.endswith("better than it is, by chance alone.")
    told = many(-0.3, -0.31, -0.6)
    assert "tell 2 apart in value less cost a person (C above A, C above B)" in told
    assert told.endswith("; the other 1 cannot be told apart.")
    told = many(-0.2, -0.4, -0.6, -0.8)
    assert told.startswith("The data tell all 6 pairs of these 4 programmes apart")
    assert "(B above A, C above A, D above A, C above B, and 2 more)" in told
    assert many(0.1, 0.2, 0.0).startswith("The data do not settle whether A, B or C averted offences. ")


def test_it_says_what_must_not_be_done_with_it() -> None:
    notes = three().summary().notes
    told = " ".join(notes)
    for sentence in (
        "This is no league table",
        "not the same kind of people in all",
        "Whichever looks best looks better than it is",
        "were never evaluated",
        "widened so that all those of one figure hold together at 95%",
        "taken as independent",
        "No interval holds bias",
        "not what one more person, or another place, would cost",
        "A ratio says nothing of size",
        "not cash that any budget gets back",
        "What the effect of North is about: the average effect on the 200 treated people.",
    ):
        assert sentence in told
    assert words.NOTE_PAIR in both().summary().notes and words.NOTE_PAIR not in notes
    for text in words.TEMPLATES:
        assert "no effect" not in text and "control" not in text and "best programme" not in text
    fiscal = compare_programmes({name: roi_of(effect_of(), perspective="fiscal") for name in "AB"})
    assert words.NOTE_VALUE["fiscal"] in fiscal.summary().notes
    assert "anticipation" not in " ".join(fiscal.summary().notes)


def test_the_table_has_a_row_a_programme_in_the_alphabet() -> None:
    table = three().summary().table
    assert table["Programme"].tolist() == ["North", "South", "West"]
    assert table.loc[0, "Proven offences averted per 100 people"] == "50.0 (30.0 to 70.0)"
    assert (
        table.loc[1, "Cost per person"] == "£80" and table.loc[0, "Value per £1 of cost"] == "£24.84 (£14.91 to £34.78)"
    )
    assert table.loc[0, "Draws in which value exceeds cost"] == "all"
    assert (
        words.figure("averted_per_100", {"estimate": 5.4, "conf_low": 1.2, "conf_high": 9.7}, whole=True)
        == "5 (1 to 10)"
    )


def test_frames_are_copies_and_promises_are_checked() -> None:
    found = both()
    for name in ("to_frame", "differences", "drawn"):
        getattr(found, name)()["programme"] = "changed"
        assert set(getattr(found, name)()["programme"]) <= {"North", "South"}
    assert found.unlike() is not found.unlike()
    parts = {name: getattr(found, name) for name in ProgrammeComparison.__slots__}
    for broken in (
        {"_frame": found._frame.rename(columns={"n": "people"})},
        {"_differences": found._differences.iloc[1:]},
        {"_differences": found._differences.assign(conf_low=9.0, conf_high=8.0)},
        {"_frame": found._frame.assign(estimate=np.arange(len(found._frame), dtype=float))},
        {"best_by_chance": -1.0},
    ):
        with pytest.raises(InvariantError):
            ProgrammeComparison(**{**parts, **broken})


def test_everything_uncertain_runs_through() -> None:
    on = RoiAssumptions(
        recorded_per_proven=Uncertain(3, 2, 5, "gamma"),
        actual_per_recorded={"shoplifting": Uncertain(4, 1, 8), "violence_with_injury": 0.5},
        attribution=Uncertain(0.8, 0.5, 1.0),
        extrapolate_years=2,
        drop_off=Uncertain(0.5, 0.2, 0.8),
        optimism_bias=Uncertain(0.1, 0.0, 0.3),
        unit_cost_factor=Uncertain(1.0, 0.8, 1.2),
        cost_factor=Uncertain(1.0, 0.8, 1.3),
    )
    effect = effect_of()
    mixed = roi_of(effect_of(-0.3), on, offence_mix=MIX.assign(n=[40, 40]))
    split = roi_of(effect, on, offence_mix=None, averted=averted_of(effect))
    found = compare_programmes({"A": mixed, "B": split}, draws=20_000)
    for name, roi in (("A", mixed), ("B", split)):
        drawn = found.drawn()
        own = drawn[drawn["programme"] == name]
        # Drawn anew, and yet the same distribution as in the return itself.
        assert own["net_per_person"].mean() * roi.people == pytest.approx(roi.mean_net, rel=0.03)
        assert own["cost_per_person"].mean() * roi.people == pytest.approx(roi.drawn()["cost"].mean(), rel=0.01)
    assert figures(found, "cost_per_person")["conf_low"].notna().all()
    over = found.drawn().pivot(index="draw", columns="programme", values="net_per_person")
    ends = np.quantile(over["A"] - over["B"], [0.025, 0.975])
    row = pair(found, "net_per_person", "A", "B")
    assert [row["conf_low"], row["conf_high"]] == pytest.approx(ends.tolist())
    assert row["share_higher"] == float((over["A"] > over["B"]).mean())
