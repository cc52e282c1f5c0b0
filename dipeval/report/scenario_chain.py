"""The sum of `dipeval.roi.chain` as formulas: one ladder for the inputs of the study, one for each scenario.

Every step is a cell with a name, and the next step refers to it by that name.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from dipeval.report.workbook_live import Live, Operand, add_up, fixed, if_known, one_of, pick, when
from dipeval.report.workbook_pages import Book

# The lines of results: key, words (without commas, which part the choices of a switch from each other).
PERSPECTIVES: Final[Mapping[str, str]] = {
    "fiscal": "fiscal",
    "economic_low": "economic (lower bound)",
    "economic_high": "economic (upper bound)",
    "social": "social",
}
# How spending can be laid on people: the key of the result, the word in the switch.
VIEWS: Final[Mapping[str, str]] = {
    "set_against": "set against",
    "marginal": "marginal",
    "own_share": "own share",
    "full": "full",
}
MULTIPLIERS: Final = ("off", "lower", "central", "upper")
# What an averted offence is worth or counts for; each has a row of averages.
WORTHS: Final = ("count", "fiscal", "economic_low", "economic_high", "without_anticipation", "with_anticipation")


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One line of a ladder.

    Parameters
    ----------
    key, label, style, unit
        Its name, what it is, how its figure is shown, and in what.
    formula
        What its cell holds.
    part
        ``step`` on the way, or ``result``.
    """

    key: str
    label: str
    formula: Live
    style: str
    unit: str
    part: str = "step"


@dataclass(slots=True)
class Ladder:
    """Steps one after the other; each hands out the name by which later ones call it.

    Parameters
    ----------
    book
        Whose names the formulas use.
    inputs
        The inputs by name: those of the study, or of a scenario.
    prefix
        Set before the name of every step; empty for the study's own.
    """

    book: Book
    inputs: Mapping[str, Live]
    prefix: str = ""
    steps: list[Step] = field(default_factory=list)
    found: dict[str, Live] = field(default_factory=dict)

    def add(self, key: str, label: str, formula: Operand, style: str, unit: str, part: str = "step") -> Live:
        """Add a step and return its name."""
        live = formula if isinstance(formula, Live) else fixed(formula)
        self.steps.append(Step(key=key, label=label, formula=live, style=style, unit=unit, part=part))
        self.found[key] = Live(self.name(key), live.finished)
        return self.found[key]

    def name(self, key: str) -> str:
        """Return the name of a step's cell."""
        return f"{self.prefix}_{key}" if self.prefix else key

    def __getitem__(self, key: str) -> Live:
        return self.found[key] if key in self.found else self.inputs[key] if key in self.inputs else self.book[key]


def climb(ladder: Ladder) -> None:
    """Add every step from the effect to value, cost, net value, ratio and break-even effect."""
    _offences(ladder)
    _years(ladder)
    _worth(ladder)
    _cost(ladder)
    for key, words in PERSPECTIVES.items():
        _results(ladder, key, words)


def ends(ladder: Ladder) -> None:
    """Add the value, net value and ratio at both ends of the effect's interval, every other input as it is set."""
    for end, words in (("low", "lower"), ("high", "upper")):
        effect = ladder[f"effect_{end}"]
        ladder.add(
            f"proven_offences_{end}",
            f"Proven offences averted at the {words} end of the effect",
            effect * ladder["people_counted"] * ladder["attribution"],
            "offences",
            "offences",
            "end",
        )
        for key, name in PERSPECTIVES.items():
            about = f"{name}, at the {words} end of the effect"
            worth, cost = ladder[f"worth_{key}"], ladder["cost"]
            per_person = _per_person(ladder, key, effect, worth)
            benefit = ladder.add(
                f"benefit_{key}_{end}",
                f"Value: {about}",
                if_known((worth,), per_person * ladder["reach"]),
                "money",
                "pounds",
                "end",
            )
            ladder.add(
                f"net_{key}_{end}",
                f"Value less cost: {about}",
                if_known((benefit,), benefit - cost),
                "money",
                "pounds",
                "end",
            )
            ladder.add(
                f"ratio_{key}_{end}",
                f"Value per £1 of cost: {about}",
                if_known((benefit,), benefit / cost),
                "pence",
                "pounds per pound",
                "end",
            )


def _offences(at: Ladder) -> None:
    people = at.add(
        "people_counted",
        "People the benefit is counted for",
        when(at["scale_to_all_treated"].same_as("yes"), at["cost_people"], at["people"]),
        "count",
        "people",
    )
    proven = at.add(
        "proven_offences",
        "Proven offences averted: effect per person, times people, times attribution",
        at["effect"] * people * at["attribution"],
        "offences",
        "offences",
    )
    recorded = at.add(
        "recorded_offences",
        "Recorded offences averted: proven ones, times recorded crimes per proven",
        proven * at["recorded_per_proven"],
        "offences",
        "offences",
    )
    average = at.add(
        "average_multiplier",
        "Actual crimes per recorded crime, averaged over the offences averted",
        _average(at, "count"),
        "factor",
        "crimes per crime",
    )
    actual: Live = recorded * average
    if "rest_count" in at.book.names:
        per_person = _per_person(at, "count", at["effect"], average)
        actual = per_person * people * at["attribution"] * at["recorded_per_proven"]
    at.add("actual_offences", "Actual crimes averted within the follow-up", actual, "offences", "crimes")


def _average(at: Ladder, worth: str) -> Live:
    """The figure of an average averted offence, under the multipliers chosen."""
    return pick(at.book[f"average_{worth}"], at["multipliers"], at.book["multiplier_choices"])


def _per_person(at: Ladder, key: str, effect: Live, average: Live) -> Live:
    """What the offences averted per person count for; with an effect by group, part of it does not move with it."""
    if "rest_count" not in at.book.names:
        return effect * average
    rest = at[f"rest_of_{key}"] if key != "count" else _rest(at, "count")
    return rest + effect * average


def _rest(at: Ladder, worth: str) -> Live:
    return pick(at.book[f"rest_{worth}"], at["multipliers"], at.book["multiplier_choices"])


def _years(at: Ladder) -> None:
    rate, book = at["discount_rate"], at.book
    # Benefits arise as the money set against them was spent, whichever cost view is looked at.
    weights = book["line_set_against"]
    real = add_up(book["line_real"], weights)
    present = add_up(book["line_real"] * weights / (rate + 1) ** book["line_year"])
    spread = at.add(
        "spending_spread",
        "What £1 of the spending is worth in its first year: discounted over not",
        present / real,
        "factor",
        "pounds per pound",
    )
    within = add_up(book["follow_up_share"] / (rate + 1) ** book["follow_up_year"])
    within = at.add(
        "years_within", "Follow-ups counted within the follow-up, discounted", spread * within, "factor", "follow-ups"
    )
    left = (1 - at["drop_off"]) ** book["later_number"]
    counted = book["later_number"].at_most(at["extrapolate_years"]) * left
    plain = at.add(
        "later_undiscounted",
        "Follow-ups' worth of effect counted beyond the follow-up, not discounted",
        book["follow_ups_a_year"] * add_up(counted),
        "factor",
        "follow-ups",
    )
    discounted = add_up(counted / (rate + 1) ** book["later_year"])
    later = at.add(
        "years_later", "The same, discounted", spread * book["follow_ups_a_year"] * discounted, "factor", "follow-ups"
    )
    at.add(
        "later_offences",
        "Actual crimes averted beyond the follow-up",
        at["actual_offences"] * plain,
        "offences",
        "crimes",
    )
    at.add(
        "reach",
        "From pounds a person to all pounds: people, attribution, recorded per proven, years, unit costs",
        at["people_counted"]
        * at["attribution"]
        * at["recorded_per_proven"]
        * (within + later)
        * at["unit_cost_factor"],
        "plain",
        "people and years",
    )


def _worth(at: Ladder) -> None:
    in_or_out = at["anticipation"].same_as("in")
    for key, words in PERSPECTIVES.items():
        formula = _average(at, key) if key != "social" else None
        rest = _rest(at, key) if key != "social" and "rest_count" in at.book.names else None
        if formula is None:
            formula = when(in_or_out, _average(at, "with_anticipation"), _average(at, "without_anticipation"))
            if "rest_count" in at.book.names:
                rest = when(in_or_out, _rest(at, "with_anticipation"), _rest(at, "without_anticipation"))
        at.add(
            f"worth_{key}", f"Pounds for each recorded offence averted, on average: {words}", formula, "money", "pounds"
        )
        if rest is not None:
            at.add(
                f"rest_of_{key}",
                f"Pounds a person that do not move with the effect in all: {words}",
                rest,
                "pence",
                "pounds",
            )


def _cost(at: Ladder) -> None:
    book = at.book
    discounted = book["line_real"] / (at["discount_rate"] + 1) ** book["line_year"]
    cases = {
        "set against": add_up(discounted, book["line_set_against"]) / at["cost_people"],
        "marginal": add_up(discounted, book["line_marginal"]) / at["cost_people"],
        "full": add_up(discounted) / at["cost_people"],
    }
    if "line_reached" in book.names:
        cases = {"own share": add_up(discounted / book["line_reached"]), **cases}
    each = at.add(
        "cost_per_person",
        "Spending laid on one person in the cost view chosen, discounted",
        one_of(at["cost_view"], cases),
        "pence",
        "pounds",
    )
    at.add(
        "cost",
        "Cost: that, times people, the factor on spending and the optimism bias",
        each * at["people_counted"] * at["cost_factor"] * (at["optimism_bias"] + 1),
        "money",
        "pounds",
        "result",
    )


def _results(at: Ladder, key: str, words: str) -> None:
    worth, cost, reach = at[f"worth_{key}"], at["cost"], at["reach"]
    per_person = _per_person(at, key, at["effect"], worth)
    benefit = at.add(
        f"benefit_{key}",
        f"Value of the offences averted: {words}",
        if_known((worth,), per_person * reach),
        "money",
        "pounds",
        "result",
    )
    at.add(f"net_{key}", f"Value less cost: {words}", if_known((benefit,), benefit - cost), "money", "pounds", "result")
    at.add(
        f"ratio_{key}",
        f"Value per £1 of cost: {words}",
        if_known((benefit,), benefit / cost),
        "pence",
        "pounds per pound",
        "result",
    )
    needed: Live = cost / (worth * reach)
    if "rest_count" in at.book.names:
        needed = (cost / reach - at[f"rest_of_{key}"]) / worth
    at.add(
        f"break_even_{key}",
        f"Break-even effect, offences averted per person before attribution: {words}",
        if_known((worth,), when((worth * reach).above(0), needed, "[z]")),
        "each",
        "offences per person",
        "result",
    )
