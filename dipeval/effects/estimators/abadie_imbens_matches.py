"""Who is whose match, how often each person is one, and both outcomes of everybody matched: one seen, one imputed."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from dipeval.effects.estimators import abadie_imbens_words as words
from dipeval.effects.joining import options_of
from dipeval.effects.request import Request
from dipeval.effects.robust import Floats, exact_sum
from dipeval.errors import EstimationError
from dipeval.matching.neighbours import Closeness

# A term that adds less than this share of its own length to those before it follows from them (as in R's lm).
ALIASED = 1e-7


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Links:
    """One group's people and their matches, a row a match.

    Parameters
    ----------
    focal, others
        Positions of the person and of the match among the design's people, in an order that rows do not move.
    for_treated
        Whether the matches were sought for treated people.
    share
        One over the number of that person's matches.
    """

    focal: NDArray[np.intp]
    others: NDArray[np.intp]
    for_treated: bool
    share: Floats


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Matched:
    """Everybody matched, with both outcomes.

    Outcomes are values around the weighted mean of their own group: (y - mean x time at risk) / mean time at risk.

    Parameters
    ----------
    people
        Positions of those matched.
    treated_value, other_value
        Of each of them: value if treated, and if not; one is its own, the other that of its matches.
    means
        Mean outcome (share, rate) if treated and if not.
    shifts
        How far the two means were moved by the correction.
    uses, squared_uses
        Of every person of the design: sum of its shares in others' matches, and of their squares.
    is_matched
        Of every person: 1 if in `people`.
    values, treated
        Of every person; values NaN where the outcome is not known.
    where
        Where everybody stands.
    common_spread
        Variance of outcomes at a point, if it is the same everywhere.
    n_aliased
        Terms left out of the correction because they followed from others.
    """

    people: NDArray[np.intp]
    treated_value: Floats
    other_value: Floats
    means: tuple[float, float]
    shifts: tuple[float, float]
    uses: Floats
    squared_uses: Floats
    is_matched: Floats
    values: Floats
    treated: NDArray[np.bool_]
    where: Closeness
    common_spread: float
    n_aliased: int


def reason_against(request: Request) -> str | None:
    """Return why a design has no Abadie-Imbens error; None where it has one."""
    design: Any = request.design
    replaced = bool(options_of(design).get("replace"))
    if design.method != "nearest" or not replaced or getattr(design, "closeness", None) is None:
        without = words.WITHOUT if design.method == "nearest" and not replaced else ""
        return words.NO_MATCHES.format(method=f"method='{design.method}'", without=without)
    if request.own_clusters:
        return words.NO_CLUSTERS
    if len(request.rows) != int((design.weights.to_numpy() > 0).sum()):
        return words.PART_ONLY
    return None


def matched_people(request: Request, adjust: tuple[str, ...]) -> Matched:
    """Give everybody matched the mean outcome of the matches in place of the outcome that was not seen.

    Parameters
    ----------
    request
        A design of nearest neighbours with replacement, joined to an outcome.
    adjust
        Covariates by which what separates people from their matches is corrected.

    Returns
    -------
    Matched
    """
    design: Any = request.design
    treated = design.treated.to_numpy(dtype=bool)
    values = _values(request, treated)
    sides = links_of(design)
    size = len(treated)
    uses, squared = np.zeros(size), np.zeros(size)
    for links in sides:
        uses += np.bincount(links.others, weights=links.share, minlength=size)
        squared += np.bincount(links.others, weights=links.share**2, minlength=size)
    terms = design.model_terms(list(adjust)).to_numpy(dtype=np.float64) if adjust else np.zeros((size, 0))
    imputed, aliased = np.zeros(size), 0
    wanted = np.zeros(size)
    steps = []
    for links in sides:
        predicted, left_out = _predicted(terms, values, uses * (treated != links.for_treated))
        aliased += left_out
        counterpart = values[links.others] + predicted[links.focal] - predicted[links.others]
        imputed += np.bincount(links.focal, weights=links.share * counterpart, minlength=size)
        wanted[links.focal] = 1.0
        steps.append((values[links.focal] - counterpart) * (1.0 if links.for_treated else -1.0))
    people = np.flatnonzero(wanted)
    own, other = values[people], imputed[people]
    first, second = np.where(treated[people], own, other), np.where(treated[people], other, own)
    shifts = exact_sum(first) / len(people), exact_sum(second) / len(people)
    gap = shifts[0] - shifts[1]
    squares = [links.share * (step - gap) ** 2 for links, step in zip(sides, steps, strict=True)]
    sample = request.sample
    return Matched(
        people=people,
        treated_value=first,
        other_value=second,
        means=(sample.mean(treated=True) + shifts[0], sample.mean(treated=False) + shifts[1]),
        shifts=shifts,
        uses=uses,
        squared_uses=squared,
        is_matched=wanted,
        values=values,
        treated=treated,
        where=_among(design.closeness, values),
        common_spread=exact_sum(np.concatenate(squares)) / (2 * len(people)),
        n_aliased=aliased,
    )


def links_of(design: Any) -> list[Links]:
    """Return who is whose match: one entry, or two where both groups were matched."""
    pairs, people = design.pairs(), design.weights.index
    treated, others = (
        people.get_indexer(pd.Index(pairs[name])).astype(np.intp) for name in ("treated_index", "comparison_index")
    )
    both = "match_of" in pairs.columns
    backwards = (
        (pairs["match_of"] == "comparison").to_numpy() if both else np.full(len(pairs), design.estimand == "ATC")
    )
    found = []
    for for_treated, rows in ((True, ~backwards), (False, backwards)):
        if not rows.any():
            continue
        focal, matches = (treated[rows], others[rows]) if for_treated else (others[rows], treated[rows])
        share = 1.0 / np.bincount(focal, minlength=len(people))[focal]
        found.append(Links(focal=focal, others=matches, for_treated=for_treated, share=share))
    return found


def _values(request: Request, treated: NDArray[np.bool_]) -> Floats:
    """Return everybody's value around the weighted mean of the own group; NaN where the outcome is not known."""
    sample, timed = request.sample, request.sample.at_risk is not None
    known = request.outcomes_of_all
    values = np.full(len(treated), np.nan)
    for side in (True, False):
        mean, mine = sample.mean(treated=side), sample.treated == side
        weights, exposure = sample.weights[mine], sample.exposure[mine]
        per_person = exact_sum(weights * exposure) / exact_sum(weights)
        values[request.rows[mine]] = (sample.outcome[mine] - mean * exposure) / per_person
        if not timed and len(known) == len(values):  # of the others the time at risk is not known
            rest = (treated == side) & np.isnan(values)
            values[rest] = known[rest] - mean
    return values


def _among(where: Closeness, values: Floats) -> Closeness:
    """Leave out whose outcome is not known: they can be nobody's neighbours."""
    return replace(where, cells=np.where(np.isnan(values), -1, where.cells))


def _predicted(terms: Floats, values: Floats, uses: Floats) -> tuple[Floats, int]:
    """Predict everybody's value by a regression among the matched people of one group, each counted by its uses.

    Terms that follow from those before them are left out, as R does; their number is returned too.
    """
    if not terms.shape[1]:
        return np.zeros(len(values)), 0
    rows = np.flatnonzero(uses > 0)
    rows = rows[np.lexsort((values[rows], *terms[rows].T))]  # one order of summation whatever the order of the rows
    centre = terms[rows].mean(axis=0)
    design = np.column_stack([np.ones(len(rows)), terms[rows] - centre])
    root = np.sqrt(uses[rows])
    weighted = design * root[:, None]
    kept = np.zeros(design.shape[1], dtype=bool)
    lengths = np.abs(np.diag(np.linalg.qr(weighted, mode="r")))
    kept[: len(lengths)] = lengths > ALIASED * np.linalg.norm(weighted, axis=0)[: len(lengths)]
    if kept.sum() >= len(rows):
        raise EstimationError(words.TOO_FEW.format(terms=int(kept.sum()), people=len(rows)))
    solved = np.linalg.lstsq(weighted[:, kept], values[rows] * root, rcond=None)[0]
    whole = np.column_stack([np.ones(len(terms)), terms - centre])[:, kept]
    return np.asarray((whole * solved).sum(axis=1), dtype=np.float64), int((~kept).sum())
