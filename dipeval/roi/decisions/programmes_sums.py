"""The figures of each programme for one person, and how far they lie apart."""

from __future__ import annotations

import hashlib
import itertools
import math
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pandas as pd
from scipy import stats

from dipeval.roi.chain import Array, work_out
from dipeval.roi.decisions.programmes_scale import Programmes, is_shared
from dipeval.roi.drawing import draw_vector, inputs_at
from dipeval.roi.sampling import latin_hypercube

if TYPE_CHECKING:
    from dipeval.roi.result import ReturnOnInvestment

Three = tuple[float, float, float]
COLUMNS: Final = ("programme", "term", "estimate", "conf_low", "conf_high", "unit", "n")
DIFFERENCE_COLUMNS: Final = (
    "term",
    "programme",
    "other",
    "estimate",
    "conf_low",
    "conf_high",
    "unit",
    "told_apart",
    "share_higher",
)
UNITS: Final[Mapping[str, str]] = {
    "averted_per_100": "offences per 100 people",
    "cost_per_person": "GBP per person",
    "benefit_per_person": "GBP per person",
    "net_per_person": "GBP per person",
    "benefit_cost_ratio": "GBP per GBP",
    "break_even_per_100": "offences per 100 people",
    "cost_per_offence_averted": "GBP",
    "probability": "share",
    "probability_if_none": "share",
    "probability_averted": "share",
}
# What programmes are set beside each other in; the other figures are read by themselves.
COMPARED: Final = ("averted_per_100", "cost_per_person", "benefit_per_person", "net_per_person", "benefit_cost_ratio")
GAP: Final = math.nan


def figures(programmes: Programmes, factors: Mapping[str, float]) -> pd.DataFrame:
    """Return every figure of every programme, a row each."""
    rows = [
        (name, term, *ends, UNITS[term], roi.people)
        for name, roi in programmes.items()
        for term, ends in _figures(roi, factors[name]).items()
    ]
    return pd.DataFrame(rows, columns=list(COLUMNS))


def _figures(roi: ReturnOnInvestment, factor: float) -> dict[str, Three]:
    each = 1.0 / roi.people
    found = {
        "averted_per_100": _three(roi, "offences_averted", 100 * each),
        "cost_per_person": (roi.cost * factor * each, *_ends_of_cost(roi, factor * each)),
        "benefit_per_person": _three(roi, "benefit", factor * each),
        "net_per_person": _three(roi, "net_present_value", factor * each),
        "benefit_cost_ratio": _three(roi, "benefit_cost_ratio", 1.0),
        "break_even_per_100": (100 * each * roi.break_even_offences, GAP, GAP),
        "cost_per_offence_averted": _three(roi, "cost_per_offence_averted", factor),
    }
    shares = ("probability", "probability_if_none", "probability_averted")
    return found | {name: (float(getattr(roi, name)), GAP, GAP) for name in shares}


def _three(roi: ReturnOnInvestment, name: str, times: float) -> Three:
    value, low, high = (times * float(getattr(roi, f"{name}{end}")) for end in ("", "_low", "_high"))
    return value, low, high


def _ends_of_cost(roi: ReturnOnInvestment, times: float) -> tuple[float, float]:
    cost = roi.drawn()["cost"].to_numpy(dtype=np.float64)
    if cost.min() == cost.max():
        return GAP, GAP
    low, high = np.quantile(cost, [0.5 - roi.level / 2, 0.5 + roi.level / 2])
    return float(low * times), float(high * times)


def drawn(programmes: Programmes, factors: Mapping[str, float], *, draws: int, seed: int) -> pd.DataFrame:
    """Return one row a draw and programme; what is one figure for all is drawn once for all.

    The draws of the returns themselves will not do: made with the same seed, they rise and fall together.
    """
    frames = []
    for name, roi in programmes.items():
        central, each = roi.central, 1.0 / roi.people
        values = {}
        for one in central.uncertain():
            stream = _stream(seed, "" if is_shared(one) else name, one)
            values[one] = central.quantile(one, latin_hypercube(draws, 1, stream)[:, 0])
        vectors = {
            one: draw_vector(central, one, draws, _stream(seed, name, one)) for one in central.uncertain_vectors()
        }
        out = work_out(inputs_at(central, values, mix=vectors.get("mix"), split=vectors.get("split")))
        benefit, cost = out.benefit[roi.perspective] * factors[name] * each, out.cost * factors[name] * each
        terms = {
            "averted_per_100": out.proven * 100 * each,
            "cost_per_person": cost,
            "benefit_per_person": benefit,
            "net_per_person": benefit - cost,
            "benefit_cost_ratio": benefit / cost,
        }
        columns = {term: np.broadcast_to(value, (draws,)) for term, value in terms.items()}
        frames.append(pd.DataFrame({"programme": name, "draw": np.arange(1, draws + 1), **columns}))
    return pd.concat(frames, ignore_index=True)


def _stream(seed: int, programme: str, name: str) -> int:
    """A seed for one input of one programme, the same whoever else is compared."""
    words = "\0".join((str(seed), programme, name)).encode()
    return int.from_bytes(hashlib.sha256(words).digest()[:8], "big")


def pairs_of(names: Any) -> list[tuple[str, str]]:
    """Return each pair once, in the order of the names."""
    return list(itertools.combinations(names, 2))


def differences(programmes: Programmes, figured: pd.DataFrame, draws: pd.DataFrame) -> pd.DataFrame:
    """Return the first less the second of each pair, intervals widened so that those of one term hold together."""
    names = list(programmes)
    pairs = pairs_of(names)
    level = next(iter(programmes.values())).level
    each = 1 - (1 - level) / len(pairs)
    wider = float(stats.norm.ppf(0.5 + each / 2) / stats.norm.ppf(0.5 + level / 2))
    by_name = dict(iter(draws.groupby("programme")))
    known = {(row["programme"], row["term"]): row for row in figured.to_dict("records")}
    rows = []
    for term in COMPARED:
        for one, other in pairs:
            first, second = known[one, term], known[other, term]
            over = by_name[one][term].to_numpy() - by_name[other][term].to_numpy()
            if programmes[one].central.only_the_effect and programmes[other].central.only_the_effect:
                low, high = mover(_ends(first), _ends(second), wider)
            else:
                low, high = (float(end) for end in np.quantile(over, [0.5 - each / 2, 0.5 + each / 2]))
            estimate = first["estimate"] - second["estimate"]
            apart = low > 0 or high < 0
            ends = (GAP, GAP) if low == high else (low, high)
            rows.append((term, one, other, estimate, *ends, UNITS[term], apart, float(np.mean(over > 0))))
    return pd.DataFrame(rows, columns=list(DIFFERENCE_COLUMNS))


def _ends(row: Mapping[Any, Any]) -> Three:
    """A figure without an interval is taken as known."""
    value = float(row["estimate"])
    low, high = (value if math.isnan(row[end]) else float(row[end]) for end in ("conf_low", "conf_high"))
    return value, low, high


def mover(first: Three, second: Three, wider: float = 1.0) -> tuple[float, float]:
    """Return the interval of a difference of two independent estimates from their own intervals.

    Parameters
    ----------
    first, second
        Estimate, lower and upper limit of each.
    wider
        What the reach of both intervals is multiplied by first.

    Returns
    -------
    tuple of float
        Lower and upper limit of the first less the second.

    Notes
    -----
    Zou and Donner (2008), Statistics in Medicine 27, 1693-1702; with even intervals it is that of a difference of two
    normal estimates.

    Examples
    --------
    >>> mover((10.0, 7.0, 13.0), (4.0, 0.0, 8.0))
    (1.0, 11.0)
    """
    (a, a_low, a_high), (b, b_low, b_high) = first, second
    return a - b - wider * math.hypot(a - a_low, b_high - b), a - b + wider * math.hypot(a_high - a, b - b_low)


def best_by_chance(draws: pd.DataFrame, term: str = "net_per_person") -> float:
    """Return by how much the best-looking programme is expected to look better than it is, were all of them alike."""
    errors = [rows[term].to_numpy() - math.fsum(rows[term]) / len(rows) for _, rows in draws.groupby("programme")]
    highest: Array = np.max(np.stack(errors), axis=0)
    return math.fsum(highest.tolist()) / len(highest)
