"""Money of the quarterly report: who paid, what a stage costs, and the budget shared out by the formula."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, Final

import pandas as pd

from dipeval.disclosure import CONFIDENTIAL, is_small
from dipeval.disclosure.rule import to_base
from dipeval.indicators.measuring.periods import year_span
from dipeval.presenting import format_count, format_money, format_percent, round_half_up
from dipeval.report.blocks import Block, Folded, Table
from dipeval.report.quarterly import phrases, tables

if TYPE_CHECKING:
    from dipeval.indicators import FundingAllocation
    from dipeval.study.quarterly.result import QuarterlyResult

FORMULAS: Final = {"funding": "The budget by the formula", "testing_funding": "The testing budget by its formula"}
ALL_WEIGHTS: Final = "all weights"
BOUNDS: Final = {"floor": "least amount", "ceiling": "greatest amount", "transition": "limit on change"}
HELD: Final = {
    "floor": "held up by the least amount that a district gets",
    "ceiling": "held down by the greatest amount that a district gets",
    "transition": "held by the limit on how far an amount may move in a year",
}


def funders_table(result: QuarterlyResult) -> Table | None:
    """Return who paid, by district, in the financial year; None without spending."""
    frame = result.funders
    if frame is None or frame.empty:
        return None
    shown = frame.assign(
        place=[phrases.place_words(str(name)) for name in frame["district"]],
        amount_text=[format_money(float(value)) for value in frame["amount"]],
        share_text=[format_percent(float(value), 0) for value in frame["share"]],
    )
    labels = {"place": "Where", "funder": "Who paid", "amount_text": "Pounds", "share_text": "Share there"}
    return Table(
        released=tables.text_table(
            shown, result.rule, caption=f"Who paid in {result.spend_year}", labels=labels,
            right=("amount_text", "share_text"),
        )
    )  # fmt: skip


def stages_blocks(result: QuarterlyResult) -> list[Block]:
    """Return what the money comes to per person at each stage: the whole place, and districts folded away."""
    found = result.cost_per_stage
    if found is None:
        return []
    frame = found.to_frame()
    whole = frame["group"] == "everyone"
    blocks: list[Block] = [_stages_table(frame[whole], result)]
    if not whole.all():
        blocks.append(Folded(title="By district", blocks=(_stages_table(frame[~whole], result),)))
    return blocks


def _stages_table(frame: pd.DataFrame, result: QuarterlyResult) -> Table:
    rows = [_stage(row, result) for row in frame.to_dict("records")]
    labels = {"place": "Where", "label": "Figure", "n": "People", "amount": "Money", "cost": "Cost"}
    return Table(
        released=tables.text_table(
            pd.DataFrame(rows, columns=list(labels)),
            result.rule,
            caption=f"What the money of {result.spend_year} comes to per person at each stage",
            labels=labels,
            right=("n", "amount", "cost"),
            notes=(
                "All the money is set against each stage in turn, so these figures are never added up; they are "
                "spending per person, not what a person's help costs.",
            ),
        )
    )


def _stage(row: Any, result: QuarterlyResult) -> dict[str, str]:
    n, rule = row["n"], result.rule
    place = phrases.place_words("all districts" if row["group"] == "everyone" else str(row["group"]))
    place = place if result.district is None or row["group"] != "everyone" else result.district
    label = str(row["label"])
    base = {"place": place, "label": label[:1].upper() + label[1:], "amount": format_money(float(row["amount"]))}
    if pd.isna(n) or is_small(float(n), rule):
        return base | {"n": CONFIDENTIAL if rule.protects else "", "cost": CONFIDENTIAL if rule.protects else ""}
    # The money is told in full: divided by the exact count it would give the count back.
    counted = to_base(float(n), rule) if rule.protects else float(n)
    cost = format_money(float(row["amount"]) / counted) if counted else ""
    return base | {"n": format_count(counted), "cost": cost}


def allocation_table(found: FundingAllocation, result: QuarterlyResult, name: str) -> Table:
    """Return what each district gets by a formula, beside what it got before and how far the weights move it."""
    frame = found.to_frame()
    ranges = _ranges(result, name)
    rows = []
    for row in frame.to_dict("records"):
        low, high = ranges.get(str(row["area"]), (float("nan"), float("nan")))
        rows.append(
            {
                "area": row["area"],
                "need": format_percent(row["need_share"]),
                "amount": format_money(row["amount"], 2),
                "share": format_percent(row["share"]),
                "previous": _money(row["previous"]),
                "change": _signed(row["change"]),
                "range": "" if low != low else f"{format_percent(low)} to {format_percent(high)}",
                "bound": BOUNDS.get(str(row["bound"] or ""), str(row["bound"] or "")),
            }
        )
    labels = {
        "area": "District",
        "need": "Share of need",
        "amount": "Amount",
        "share": "Share of the budget",
        "previous": "Before",
        "change": "Change",
        "range": "Share under other weights",
        "bound": "Held by",
    }
    shown = pd.DataFrame(rows)
    if len(found.need) < 2:
        # One measure alone: no weights to vary.
        shown["range"] = ""
    asked_for = ("previous", "change", "range", "bound")
    labels = {key: head for key, head in labels.items() if key not in asked_for or _any(shown[key])}
    return Table(
        released=tables.text_table(
            shown, result.rule, caption=f"{FORMULAS[name]}, in alphabetical order", labels=labels,
            right=[key for key in labels if key not in ("area", "bound")],
        )
    )  # fmt: skip


def _any(column: pd.Series) -> bool:
    return bool((column != "").any())


def _money(value: float) -> str:
    return "" if value != value else format_money(value)


def _signed(value: float) -> str:
    return f"+{format_money(value)}" if value > 0 else _money(value)


def change_words(found: FundingAllocation) -> tuple[str, ...]:
    """Return how many pounds each district gains or loses, and whom a floor or the limit on falls holds.

    Parameters
    ----------
    found
        A formula with its amounts; without amounts of the year before nothing is said.
    """
    rows = found.to_frame().to_dict("records")
    told = [row for row in rows if row["change"] == row["change"]]
    said = []
    if told:
        before = sum(float(row["previous"]) for row in told)
        parts = [
            phrases.listed(f"{row['area']} {format_money(abs(row['change']))}" for row in own)
            for own in ([row for row in told if _pounds(row) > 0], [row for row in told if _pounds(row) < 0])
        ]
        words = [f"{verb}: {part}" for verb, part in zip(("gaining", "losing"), parts, strict=True) if part]
        even = [str(row["area"]) for row in told if not _pounds(row)]
        words += [f"as before: {phrases.listed(even)}"] if even else []
        said.append(f"Before, these districts had {format_money(before)} together. {_capital('; '.join(words))}.")
    for bound, words_ in HELD.items():
        held = [str(row["area"]) for row in rows if row["bound"] == bound]
        if held:
            verb = "is" if len(held) == 1 else "are"
            said.append(f"{phrases.listed(held)} {verb} {words_}; the formula alone would give {_alone(rows, bound)}.")
    return tuple(said)


def _pounds(row: Any) -> float:
    """Whole pounds: a change of pence is none."""
    return round_half_up(float(row["change"]))


def _alone(rows: list[Any], bound: str) -> str:
    own = [row for row in rows if row["bound"] == bound]
    amounts = [format_money(float(row["unconstrained"])) for row in own]
    return amounts[0] if len(own) == 1 else phrases.listed(
        f"{row['area']} {amount}" for row, amount in zip(own, amounts, strict=True)
    )  # fmt: skip


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]


def _ranges(result: QuarterlyResult, name: str) -> dict[str, tuple[float, float]]:
    found = result.sensitivity.get(name)
    if found is None:
        return {}
    frame = found.to_frame()
    own = frame[frame["varied"] == ALL_WEIGHTS]
    return {str(r["area"]): (float(r["share_low"]), float(r["share_high"])) for r in own.to_dict("records")}


def formula_words(found: FundingAllocation) -> str:
    """Return the formula in a sentence."""
    total = sum(found.need.values())
    parts = [
        f"{name.replace('_', ' ').replace('.', ': ')} {format_percent(weight / total, 0)}"
        for name, weight in found.need.items()
    ]
    return f"{format_money(float(found.budget))} is shared out by each district's share of: {phrases.listed(parts)}."


def tidy(result: QuarterlyResult) -> Iterator[dict[str, Any]]:
    """Yield the rows of results.csv: amounts by formula with their range, and who paid."""
    from dipeval.report.quarterly.rows import number

    for name in FORMULAS:
        found = getattr(result, name)
        if found is None:
            continue
        ranges = _ranges(result, name)
        for row in found.to_frame().to_dict("records"):
            low, high = ranges.get(str(row["area"]), (float("nan"), float("nan")))
            base = {
                "section": name,
                "indicator": name,
                "label": FORMULAS[name],
                "district": row["area"],
                "status": "ok",
            }
            yield base | {"estimate": number(round_half_up(row["amount"], 2)), "unit": "pounds", "note": row["bound"]}
            yield base | {
                "indicator": f"{name}_share",
                "label": f"{FORMULAS[name]}: share",
                "estimate": number(round_half_up(row["share"], 6)),
                "conf_low": number(low if low != low else round_half_up(low, 6)),
                "conf_high": number(high if high != high else round_half_up(high, 6)),
                "unit": "%",
                "interval": "range under other weights" if low == low else "",
            }
    if result.funders is not None:
        # A year alone can look like a month: 2011-12.
        ends = year_span(result.spend_year)
        days = zip(("period_from", "period_to"), ends, strict=True) if ends else ()
        dated = {name: day.isoformat() for name, day in days}
        for row in result.funders.to_dict("records"):
            yield {
                "section": "funders",
                "indicator": "funders",
                "label": "Who paid",
                "district": row["district"],
                "period": result.spend_year,
                **dated,
                "dimension": "funder",
                "group": row["funder"],
                "estimate": number(float(row["amount"])),
                "unit": "pounds",
                "status": "ok",
            }
