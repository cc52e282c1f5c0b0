"""The tidy rows of a return on investment, and the table its summary shows."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Final

import pandas as pd

from dipeval.presenting import format_money, format_number
from dipeval.roi import wording
from dipeval.roi.headline import share_of_draws
from dipeval.vocabulary import label

if TYPE_CHECKING:
    from dipeval.roi.result import ReturnOnInvestment

Row = tuple[str, str, float, float, float, str]
GAP: Final = math.nan
COLUMNS: Final = ("term", "group", "estimate", "conf_low", "conf_high", "unit")


def tidy(roi: ReturnOnInvestment) -> pd.DataFrame:
    """Return every figure as a row; the terms are the same whatever the options."""
    rows: list[Row] = [
        ("offences_averted", "all", *_three(roi, "offences_averted"), "offences"),
        ("benefit", "all", *_three(roi, "benefit"), "GBP"),
        *_anticipation(roi),
    ]
    for row in roi.by_group().to_dict("records"):
        group, worth, low, high = (row[name] for name in ("offence_group", "benefit", "conf_low", "conf_high"))
        rows.append(("benefit", group, worth, low, high, "GBP"))
    rows += [
        ("cost", "all", roi.cost, GAP, GAP, "GBP"),
        ("net_present_value", "all", *_three(roi, "net_present_value"), "GBP"),
        ("benefit_cost_ratio", "all", *_three(roi, "benefit_cost_ratio"), "GBP per GBP"),
        ("ratio_without_uplift", "all", *_three(roi, "ratio_without_uplift"), "GBP per GBP"),
        ("ratio_without_linkage", "all", roi.ratio_without_linkage, GAP, GAP, "GBP per GBP"),
        ("break_even_offences", "all", roi.break_even_offences, GAP, GAP, "offences"),
        ("cost_per_treated_person", "all", roi.cost_per_treated_person, GAP, GAP, "GBP"),
        ("cost_per_offence_averted", "all", *_three(roi, "cost_per_offence_averted"), "GBP"),
        ("probability", "all", roi.probability, GAP, GAP, "share"),
        ("probability_averted", "all", roi.probability_averted, GAP, GAP, "share"),
        ("probability_if_none", "all", roi.probability_if_none, GAP, GAP, "share"),
        ("mean_net", "all", roi.mean_net, GAP, GAP, "GBP"),
        ("median_net", "all", roi.median_net, GAP, GAP, "GBP"),
        *_perspectives(roi),
    ]
    return pd.DataFrame(rows, columns=list(COLUMNS)).assign(n=roi.people)


def _three(roi: ReturnOnInvestment, name: str) -> tuple[float, float, float]:
    return getattr(roi, name), getattr(roi, f"{name}_low"), getattr(roi, f"{name}_high")


def _anticipation(roi: ReturnOnInvestment) -> list[Row]:
    """The social value both ways, every other input as it is."""
    rows: list[Row] = []
    for row in roi._anticipation.to_dict("records"):
        rows.append((str(row["term"]), "all", float(row["value"]), float(row["low"]), float(row["high"]), "GBP"))
    return rows


def _perspectives(roi: ReturnOnInvestment) -> list[Row]:
    rows: list[Row] = []
    for row in roi.perspectives().to_dict("records"):
        name = row["perspective"]
        for term, column, unit in (("benefit", "benefit", "GBP"), ("benefit_cost_ratio", "ratio", "GBP per GBP"),
                                   ("net_present_value", "net", "GBP")):  # fmt: skip
            ends = (row[column], row[f"{column}_low"], row[f"{column}_high"])
            rows.append((f"{term}_{name}", "all", *ends, unit))
        bounds = (row["probability_low"], row["probability_high"]) if math.isnan(row["probability"]) else (GAP, GAP)
        rows.append((f"probability_{name}", "all", row["probability"], *bounds, "share"))
    return rows


_SHOWN: Final[dict[str, tuple[str, str]]] = {
    "offences_averted": ("Proven offences averted", "number"),
    "benefit_fiscal": ("Value, fiscal", "money"),
    "benefit_economic": ("Value, economic (includes fiscal)", "money"),
    "benefit_social": ("Value, social (includes economic)", "money"),
    "benefit_without_anticipation": ("Value, without costs in anticipation of crime", "money"),
    "benefit_with_anticipation": ("Value, with costs in anticipation of crime", "money"),
    "cost": ("Cost", "money"),
    "net_present_value": ("Value less cost", "money"),
    "benefit_cost_ratio_fiscal": ("Fiscal value per £1 of cost (£)", "ratio"),
    "benefit_cost_ratio_economic": ("Economic value per £1 of cost (£)", "ratio"),
    "benefit_cost_ratio_social": ("Social value per £1 of cost (£)", "ratio"),
    "ratio_without_uplift": ("The same without multipliers and later years (£)", "ratio"),
    "ratio_without_linkage": ("The same with the links as made (£)", "ratio"),
    "probability_fiscal": ("Share of draws in which fiscal value exceeds cost", "share"),
    "probability_economic": ("Share of draws in which economic value exceeds cost", "share"),
    "probability_social": ("Share of draws in which social value exceeds cost", "share"),
    "probability_if_none": ("The same by chance alone, were the effect none", "share"),
    "break_even_offences": ("Proven offences to avert to break even", "number"),
    "cost_per_treated_person": ("Cost per treated person, not discounted", "money"),
    "cost_per_offence_averted": ("Cost per proven offence averted, not discounted", "money"),
}


def table(roi: ReturnOnInvestment) -> pd.DataFrame:
    """Return the display table: figures by perspective, and what is valued at nothing."""
    frame = roi.to_frame()
    figures = {row["term"]: row for row in frame[frame["group"] == "all"].to_dict("records")}
    names = {"net_present_value": f"Value less cost, {roi.perspective}"}
    names["probability_if_none"] = f"By chance alone, were the effect none ({roi.perspective})"
    names["ratio_without_linkage"] = f"{roi.perspective.capitalize()}, with the links as made (£)"
    names["ratio_without_uplift"] = f"{roi.perspective.capitalize()}, without multipliers and later years (£)"
    rows = []
    for term, (words, kind) in _SHOWN.items():
        if (term == "ratio_without_uplift" and not roi.switched.uplift) or (
            term == "ratio_without_linkage" and not roi.linked
        ):
            continue
        row = figures[term]
        value, low, high = (_show(row[name], kind) for name in ("estimate", "conf_low", "conf_high"))
        interval = "" if math.isnan(row["conf_low"]) else f"{low} to {high}"
        if term == "cost_per_offence_averted" and not roi.settled:
            value, interval = wording.NOT_SETTLED, ""
        if math.isnan(row["estimate"]) and interval:
            value = wording.BOUNDS_ONLY
        rows.append((names.get(term, words), value, interval))
    for group in roi.unpriced:
        rows.append((f"Valued at nothing: {label(group).lower()}", wording.NO_UNIT_COST, ""))
    return pd.DataFrame(rows, columns=["Figure", "Value", f"{100 * roi.level:g}% interval"])


def _show(value: float, kind: str) -> str:
    if kind == "money":
        return format_money(value)
    if kind == "share":
        return share_of_draws(value)
    return format_number(value, 2 if kind == "ratio" else 1)
