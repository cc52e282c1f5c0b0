"""The tables of a return on investment, made once when it is worked out; the result hands out copies."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Final

import numpy as np
import pandas as pd

from dipeval.roi.chain import PERSPECTIVES, Array, Figures
from dipeval.roi.costs_of_crime.worth import Worth
from dipeval.roi.drawing import Central, inputs_at
from dipeval.roi.run import Run
from dipeval.roi.spending.cost_lines import CostLines
from dipeval.roi.switching import break_even_per_person

Rows = list[dict[str, object]]
PERSPECTIVE_COLUMNS: Final = (
    "perspective",
    "benefit",
    "benefit_low",
    "benefit_high",
    "ratio",
    "ratio_low",
    "ratio_high",
    "net",
    "net_low",
    "net_high",
    "probability",
    "break_even_per_person",
    "note",
    "probability_low",
    "probability_high",
)
NOTE_BOUNDS: Final = (
    "Bounds only: how much of the consequences of crime is harm to victims is not published by kind of offence."
)
NOTE_NO_FISCAL: Final = "Not known: the unit costs do not say what responding to these crimes costs."
NOTE_FISCAL: Final = "Police, courts, prisons and probation: value to public budgets, of which little is cash."
NOTE_ECONOMIC: Final = "Fiscal, and the consequences that are money: property, lost output, health care."
NOTE_FISCAL_ELSEWHERE: Final = (
    "Value to public budgets by another source of costs (see the notes), of which little is cash."
)
NOTE_SOCIAL: Final = "Economic, and harm to victims."
NOTE_ANTICIPATION: Final = "Economic, harm to victims, and costs in anticipation of crime."


def perspectives(run: Run, central: Central, worth: Worth) -> pd.DataFrame:
    """Return what each perspective gives; the three are nested and are never added up."""
    rows: Rows = []
    for name in PERSPECTIVES:
        exact = name != "economic" or worth.economic_known
        low, high = (name, name) if exact else ("economic_low", "economic_high")
        rows.append(
            {
                "perspective": name,
                **_figures(run, name, low, high),
                **_probability(run, name, low, high),
                "break_even_per_person": break_even_per_person(central, name),
                "note": _note(name, worth),
            }
        )
    return pd.DataFrame(rows, columns=list(PERSPECTIVE_COLUMNS))


def _figures(run: Run, name: str, low: str, high: str) -> dict[str, float]:
    kinds: dict[str, Callable[[Figures, str], Array]] = {
        "benefit": lambda figures, one: figures.benefit[one],
        "ratio": lambda figures, one: figures.ratio(one),
        "net": lambda figures, one: figures.net(one),
    }
    found = {}
    for term, of in kinds.items():
        found[term] = float(of(run.central, name))
        # Bounds: from the lower end of the one to the upper end of the other, whichever way round they lie.
        ends = [run.interval(lambda figures, one=one, of=of: of(figures, one)) for one in (low, high)]  # type: ignore[misc]
        found[f"{term}_low"] = math.nan if np.isnan(ends).any() else min(end[0] for end in ends)
        found[f"{term}_high"] = math.nan if np.isnan(ends).any() else max(end[1] for end in ends)
    return found


def _probability(run: Run, name: str, low: str, high: str) -> dict[str, float]:
    """Of a benefit above the cost; between those of the two bounds where only these are known."""
    shares = [run.probability(lambda figures, one=one: figures.net(one)) for one in (name, low, high)]  # type: ignore[misc]
    return {"probability": shares[0], "probability_low": min(shares[1:]), "probability_high": max(shares[1:])}


def _note(name: str, worth: Worth) -> str:
    if name == "social":
        return NOTE_ANTICIPATION if worth.include_anticipation else NOTE_SOCIAL
    if not worth.fiscal_known:
        return NOTE_NO_FISCAL
    if name == "fiscal":
        return NOTE_FISCAL_ELSEWHERE if worth.fiscal_elsewhere else NOTE_FISCAL
    return NOTE_ECONOMIC if worth.economic_known else NOTE_BOUNDS


def groups(run: Run, central: Central, worth: Worth, perspective: str) -> pd.DataFrame:
    """Return the offences averted and their value by offence group."""
    rows, inputs = worth.to_frame(), inputs_at(central, {})
    each = worth.perspectives[perspective]
    whole = float(inputs.averted.sum())
    share = inputs.averted / whole if whole != 0 else np.full(len(central.groups), math.nan)
    return pd.DataFrame(
        {
            "offence_group": list(central.groups),
            "share": share if central.mix is None else np.array(central.mix),
            "value_per_offence": np.where(rows["priced"], each, math.nan),
            "offences_averted": inputs.averted * central.people * float(np.asarray(inputs.attribution)),
            "benefit": run.central.benefit_by_group[perspective],
            "conf_low": run.groups_low,
            "conf_high": run.groups_high,
            "note": rows["note"].tolist(),
        }
    )


def cost_views(lines: CostLines, run: Run, central: Central, perspective: str) -> pd.DataFrame:
    """Return the ratio to the cost in every way of laying the spending on the people."""
    views = lines.views(central.people)
    own = math.fsum(central.costs.values())
    rows: Rows = []
    for row in views.to_dict("records"):
        # Draws of what raises or lowers all spending bear on every view alike.
        times, raised = float(row["cost"]) / own, float(run.central.cost) / own

        def ratio(figures: Figures, times: float = times) -> Array:
            return figures.ratio(perspective) / times

        def net(figures: Figures, times: float = times) -> Array:
            return figures.benefit[perspective] - figures.cost * times

        low, high = run.interval(ratio)
        rows.append(
            {
                **{str(name): value for name, value in row.items()},
                # What raises all spending raises these too: the ratio beside them is to the cost as shown.
                "per_person": float(row["per_person"]) * raised,
                "cost": float(row["cost"]) * raised,
                "ratio": float(ratio(run.central)),
                "ratio_low": low,
                "ratio_high": high,
                "net": float(net(run.central)),
                "probability": run.probability(net),
            }
        )
    return pd.DataFrame(rows).astype({"people": "Int64"})


def drawn(run: Run, perspective: str) -> pd.DataFrame:
    """Return one row a draw."""
    found = {"offences_averted": run.each(lambda figures: figures.proven)}
    for name in ("fiscal", "economic_low", "economic_high", "social"):
        found[f"benefit_{name}"] = run.each(lambda figures, name=name: figures.benefit[name])  # type: ignore[misc]
    found["cost"] = run.each(lambda figures: figures.cost)
    found["net"] = run.each(lambda figures: figures.net(perspective))
    return pd.DataFrame({"draw": np.arange(1, run.draws + 1), **found})
