"""Money as rows of the long table of a study, each with the smallest count of people it rests on."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, Final

import pandas as pd

from dipeval.disclosure import DisclosureRule
from dipeval.presenting import round_half_up
from dipeval.study.money_effects import counted_effect
from dipeval.study.money_told import Told, people_behind_groups, told_by_group
from dipeval.study.smallest import smallest_count
from dipeval.study.tidy_money_acceptability import acceptability_rows

if TYPE_CHECKING:
    from dipeval.roi import ReturnOnInvestment
    from dipeval.study.money_parts import Money
    from dipeval.study.result import StudyResult

Row = dict[str, Any]
SHOWN: Final = "shown"
BESIDE: Final = "shown beside the answer"
# What shows the same offences at another price than the headline's.
_OTHER_PRICES: Final = ("benefit_with_anticipation", "benefit_without_anticipation", "ratio_without_uplift")
# From here on the ladder may count actual crimes, of which there are more behind some groups than behind others.
_ACTUAL: Final = ("actual_per_recorded", "extrapolation", "worth", "benefit")
_BY_PERSPECTIVE: Final = ("_fiscal", "_economic", "_social")
_OTHER_INPUTS: Final = ("anticipation", "multipliers")
# Figures of single people's costs: how many digits may leave.
_DIGITS: Final = {"median": 1}
_OF_PEOPLE: Final = 2


def money_rows(result: StudyResult) -> Iterator[Row]:
    """Return the rows of everything a study tells of money.

    Parameters
    ----------
    result
        Finished or withheld; of a withheld one only what the spending comes to at each stage.

    Returns
    -------
    iterator of dict
        As in `dipeval.study.tidy.tidy`; keys that do not apply are left out.
    """
    if result.roi is not None and result.effects:
        told, smallest = told_of_money(result), money_smallest(result)
        yield from _answer(result, result.roi, told, smallest)
        if result.money is not None:
            yield from _views(result.roi, told, smallest)
            yield from _what_matters(result.roi, told, smallest)
            yield from _beside(result, result.money, smallest)
    if result.money is not None:
        yield from _stages(result.money)
        for part, why in result.money.not_done.items():
            yield {"section": f"money: {part.replace('_', ' ')}", "measure": "not worked out", "status": "not done",
                   "note": why}  # fmt: skip


def money_smallest(result: StudyResult) -> int:
    """Return the smallest count that the money rests on: of the groups, the answer, and the number of offences.

    Parameters
    ----------
    result
        Of a finished study.

    Returns
    -------
    int
        0 where the money as a whole would tell of a group of offences that too few people committed.
    """
    if not told_of_money(result).money:
        return 0
    treated = result.design.treated.astype(bool)
    used = result.design.weights > 0
    behind = [result.effects[0], *(effect for effect in result.effects if effect.measure == "mean_difference")]
    return min(int((used & treated).sum()), int((used & ~treated).sum()), *map(smallest_count, behind))


def told_of_money(result: StudyResult) -> Told:
    """Return what may be told of the return on investment by offence group.

    Parameters
    ----------
    result
        Of a finished study.

    Returns
    -------
    Told
    """
    costs = result.spec.costs
    both = costs is not None and costs.averted == "estimated"
    return _told(result, people_behind_groups(result, both=both))


def _told(result: StudyResult, counts: dict[str, int]) -> Told:
    return told_by_group(counts, None if result.money is None else result.money.prices, result.rule)


def _row(section: str, measure: str, group: str = "", **values: Any) -> Row:
    return {"section": section, "measure": measure, "group": group, "status": SHOWN, "note": ""} | values


def _ends(row: dict[Any, Any], name: str) -> dict[str, float]:
    return {"estimate": row[name], "conf_low": row[f"{name}_low"], "conf_high": row[f"{name}_high"]}


def _analysed(result: StudyResult) -> int:
    return int((result.design.weights > 0).sum())


def _answer(result: StudyResult, roi: ReturnOnInvestment, told: Told, smallest: int) -> Iterator[Row]:
    for line in roi.to_frame().to_dict("records"):
        group, term = str(line["group"]), str(line["term"])
        if term.endswith(_BY_PERSPECTIVE):
            continue  # they have a section of their own
        behind = smallest if told.valuations or term not in _OTHER_PRICES else 0
        if group != "all":
            behind = min(behind, told.groups.get(group, 0))
        yield _row("money", term, group, estimate=line["estimate"], conf_low=line["conf_low"],
                   conf_high=line["conf_high"], n=_analysed(result), n_smallest=behind,
                   note=str(line["unit"]))  # fmt: skip


def _views(roi: ReturnOnInvestment, told: Told, smallest: int) -> Iterator[Row]:
    """By perspective, step by step, and by way of laying the spending on the people."""
    for line in roi.perspectives().to_dict("records"):
        who = str(line["perspective"])
        behind = smallest if told.valuations or who == roi.perspective else 0
        shared: Row = {"n_smallest": behind, "note": str(line["note"])}
        for measure in ("benefit", "ratio", "net"):
            yield _row("money: perspectives", measure, who, **_ends(line, measure), **shared)
        for measure in ("probability", "break_even_per_person"):
            yield _row("money: perspectives", measure, who, estimate=line[measure], **shared)
    for line in roi.chain().to_dict("records"):
        behind = smallest if told.valuations or line["step"] not in _ACTUAL else 0
        words = {"note": str(line["label"]), "status": "on" if line["on"] else "off", "n_smallest": behind}
        value = {"estimate": line["value"], "conf_low": line["low"], "conf_high": line["high"]}
        yield _row("money: steps", "value", str(line["step"]), **value, **words)
        yield _row("money: steps", "offences", str(line["step"]), **_ends(line, "offences"), **words)
    for line in roi.cost_views().to_dict("records"):
        words = {"n_smallest": smallest, "note": f"{line['label']}; {line['spent_on']}"}
        yield _row("money: costs", "ratio", str(line["view"]), **_ends(line, "ratio"), **words)
        for measure in ("amount", "per_person", "cost", "net", "probability"):
            yield _row("money: costs", measure, str(line["view"]), estimate=line[measure], **words)
    for line in roi.spending().to_dict("records"):
        people = None if pd.isna(line["people"]) else int(line["people"])
        note = "set against the benefit" if line["set_against"] else "not set against the benefit"
        yield _row("money: costs", f"spending on {line['spent_on']}", str(line["funder"]), estimate=line["amount"],
                   n=people, n_smallest=people, note=note)  # fmt: skip


def _what_matters(roi: ReturnOnInvestment, told: Told, smallest: int) -> Iterator[Row]:
    for line in roi.tornado().to_dict("records"):
        name = str(line["input"])
        words = {"n_smallest": _behind_input(name, told, smallest), "note": _words(line)}
        if name in _OTHER_INPUTS and not told.valuations:
            words["n_smallest"] = 0
        value = {"estimate": line["value"], "conf_low": line["low"], "conf_high": line["high"]}
        yield _row("money: what matters most", "input", name, **value, **words)
        for measure in ("net", "ratio"):
            ends = {"conf_low": line[f"{measure}_low"], "conf_high": line[f"{measure}_high"]}
            yield _row("money: what matters most", measure, name, **ends, **words)
        yield _row("money: what matters most", "swing", name, estimate=line["swing"], **words)
    for line in roi.break_even().to_dict("records"):
        name = str(line["input"])
        words = {"n_smallest": _behind_input(name, told, smallest), "note": _words(line),
                 "status": "reachable" if line["reachable"] else "not reachable"}  # fmt: skip
        for measure in ("value", "needed", "change"):
            yield _row("money: break even", measure, name, estimate=line[measure], **words)


def _words(line: dict[Any, Any]) -> str:
    return f"{line['label']}. {line['note']}" if line["note"] else str(line["label"])


def _behind_input(name: str, told: Told, smallest: int) -> int:
    """An input of one offence group moves the answer by that group's part of the money."""
    _, _, group = name.partition(":")
    return min(smallest, told.groups.get(group, 0)) if group else smallest


def _beside(result: StudyResult, money: Money, smallest: int) -> Iterator[Row]:
    """What stands beside the answer: the averted offences found the other way, by group, person by person, by links."""
    if money.other is not None:
        for line in money.other.to_frame().to_dict("records"):
            if line["group"] == "all" and line["term"] in ("offences_averted", "benefit", "net_present_value",
                                                           "benefit_cost_ratio"):  # fmt: skip
                found = {name: line[name] for name in ("estimate", "conf_low", "conf_high")}
                yield _row("money: the other way", str(line["term"]), n_smallest=smallest, status=BESIDE,
                           note=str(line["unit"]), **found)  # fmt: skip
    if money.by_group is not None:
        told = _told(result, people_behind_groups(result, both=True))
        for line in money.by_group.to_frame().to_dict("records"):
            group = str(line["group"])
            behind = min(smallest, told.groups.get(group, 0)) if group != "all" else smallest
            found = {name: line[name] for name in ("estimate", "conf_low", "conf_high")}
            yield _row("money: by group", str(line["term"]), group, n_smallest=behind, status=BESIDE,
                       note=str(line["unit"]), **found)  # fmt: skip
    if money.acceptability is not None:
        yield from acceptability_rows(money.acceptability, smallest)
    yield from _few_people(money, smallest, result.rule)
    yield from _linked(result, money)


def _few_people(money: Money, smallest: int, rule: DisclosureRule) -> Iterator[Row]:
    """Averages and shares of the cost of single people; protected ones coarsely, for a cost can be one person's."""
    if money.per_person is None:
        return
    section = "money: few people"
    for line in money.per_person.to_frame().to_dict("records"):
        term, behind = str(line["term"]), min(smallest, int(line["n_people_behind"]))
        words = {"n_smallest": behind, "status": BESIDE, "note": str(line["unit"])}
        digits = _DIGITS.get(term, _OF_PEOPLE)
        named = {"estimate": "estimate", "conf_low": "conf_low", "conf_high": "conf_high"}
        yield _row(section, term, "averted", **{to: coarse(line[at], digits, rule) for to, at in named.items()},
                   **words)  # fmt: skip
        for side in ("treated", "comparison"):
            yield _row(section, term, side, estimate=coarse(line[side], digits, rule), **words)
    for line in money.per_person.concentration().to_dict("records"):
        named = {"estimate": "share_of_cost", "conf_low": "conf_low", "conf_high": "conf_high"}
        found = {to: coarse(line[at], _OF_PEOPLE, rule) for to, at in named.items()}
        behind = min(smallest, int(line["n_people_behind"]))
        yield _row(section, f"share of the cost held by the dearest {100 * line['top_share']:g}%", str(line["group"]),
                   n_smallest=behind, status=BESIDE, **found)  # fmt: skip


def coarse(value: float, digits: int, rule: DisclosureRule) -> float:
    """Return a figure of single people with so many significant digits, where counts are protected.

    Examples
    --------
    >>> coarse(1_283.0, 2, DisclosureRule()), coarse(-0.0349, 1, DisclosureRule())
    (1300.0, -0.03)
    """
    if not rule.protects or value == 0 or not math.isfinite(value):
        return float(value)
    return round_half_up(value, digits - 1 - math.floor(math.log10(abs(value))))


def _linked(result: StudyResult, money: Money) -> Iterator[Row]:
    from dipeval.study.tidy import people_behind_links

    effect = counted_effect(result.effects, result.spec)
    for item in money.linked:
        if any(item is known for known in result.linkage_error):
            continue
        section = f"linkage error: {item.link}: money"
        for run in item.to_frame().to_dict("records"):
            if run["step"] not in ("point", "pooled"):
                continue
            words = "links as made" if run["step"] == "point" else f"pooled over {item.draws} draws of the links"
            behind = people_behind_links(effect, item, float(run["n_with_status"]))
            yield _row(section, item.measure, effect.outcome_name, estimate=run["estimate"], conf_low=run["conf_low"],
                       conf_high=run["conf_high"], n_smallest=behind, status="sensitivity analysis",
                       note=words)  # fmt: skip
        yield _row(section, "share of variance due to linkage", effect.outcome_name,
                   estimate=item.share_due_to_linkage, n_smallest=smallest_count(effect),
                   status="sensitivity analysis")  # fmt: skip


def _stages(money: Money) -> Iterator[Row]:
    if money.per_stage is None:
        return
    for line in money.per_stage.to_frame().to_dict("records"):
        n = None if pd.isna(line["n"]) else int(line["n"])
        group = str(line["group"])
        yield _row("money: by stage", str(line["label"]), "" if group == "everyone" else group, estimate=line["cost"],
                   n=n, n_smallest=n, note=str(line["unit"]))  # fmt: skip
