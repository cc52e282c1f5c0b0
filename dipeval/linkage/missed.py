"""True links that were never among the candidates, as the trained model itself implies.

A true pair is lost if it agrees on no blocking rule, or so little that its probability stays below 0.001. How often
that happens follows from the model's m: pairs of records of one person are invented, part by part, and it is counted
how many would have been found. Parts are taken as independent, as in the model; where errors come together (people
who give another name and another date of birth) more are lost than this says.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from dipeval.errors import InputError
from dipeval.linkage.rule import CANDIDATE_FLOOR

if TYPE_CHECKING:
    from dipeval.linkage.result import Linkage
    from dipeval.linkage.trained import LinkModel

_INVENTED = 200_000
# Level -> the identifiers that are equal in it; a level that is not named here promises no equality.
_EQUAL: dict[str, frozenset[str]] = {
    "same date": frozenset({"birth_date", "birth_year", "birth_month", "birth_day"}),
    "day and month swapped": frozenset({"birth_year"}),
    "same month and day, one year apart": frozenset({"birth_month", "birth_day"}),
    "same month and day": frozenset({"birth_month", "birth_day"}),
    "same year and month": frozenset({"birth_year", "birth_month"}),
    "same year and day": frozenset({"birth_year", "birth_day"}),
    "same year only": frozenset({"birth_year"}),
    "same month only": frozenset({"birth_month"}),
    "same day only": frozenset({"birth_day"}),
    "same sex": frozenset({"sex"}),
    "both initials": frozenset({"initials", "forename_initial", "surname_initial"}),
    "forename initial only": frozenset({"forename_initial"}),
    "surname initial only": frozenset({"surname_initial"}),
    "same postcode": frozenset({"postcode", "sector", "outward"}),
    "same sector": frozenset({"sector", "outward"}),
    "same outward code": frozenset({"outward"}),
    "same forename": frozenset({"forename", "forename_root", "forename_initial"}),
    "form of one name": frozenset({"forename_root"}),
    # Most misspelt names keep their first letter.
    "close forename": frozenset({"forename_initial"}),
    "same initial": frozenset({"forename_initial"}),
    "same surname": frozenset({"surname", "surname_initial"}),
    "close surname": frozenset({"surname_initial"}),
}
_NEEDS = {
    "initials": ("forename_initial", "surname_initial"),
    "date of birth": ("birth_date",),
    "area": ("outward",),
    "postcode": ("outward",),
}
_PARTS_OF = {"initials": frozenset({"forename_initial", "surname_initial"})}


def missed_share(linkage: Linkage, table: str, *, seed: int = 1) -> float:
    """Return the share of true links of a file that the candidates are expected to lack.

    Parameters
    ----------
    linkage
        From `dipeval.link`.
    table
        The file linked to the anchor.
    seed
        Source of the invented pairs.

    Returns
    -------
    float
        0 to 1.

    Raises
    ------
    InputError
        If no model was trained for the file.

    Examples
    --------
    >>> from dipeval.linkage import link
    >>> from dipeval.linkage.example import two_small_files
    >>> bool(0 <= missed_share(link(two_small_files()), "treatment") < 0.1)
    True
    """
    model = next((model for model in linkage.models if table in model.tables), None)
    if model is None:
        raise InputError(
            f"No model was trained for '{table}', so the links it misses cannot be estimated; pass missed."
        )
    known = [_known(linkage.identifiers(name)) for name in (linkage.anchor, table)]
    return invented_misses(model, known[0], known[1], seed=seed)


def _known(identifiers: pd.DataFrame) -> dict[str, float]:
    return {str(name): float(share) for name, share in identifiers.notna().mean().fillna(1.0).items()}


def _both_known(needs: tuple[str, ...], left: dict[str, float], right: dict[str, float]) -> float:
    """Share of true pairs in which both sides know an identifier.

    A default date of birth is set to missing on both sides at once, for it is the same person's; other gaps fall apart.
    """
    sides = [(left.get(column, 1.0), right.get(column, 1.0)) for column in needs]
    return float(np.prod([min(pair) if needs == ("birth_date",) else pair[0] * pair[1] for pair in sides]))


def invented_misses(model: LinkModel, left: dict[str, float], right: dict[str, float], *, seed: int) -> float:
    """Return the share of invented true pairs that the model would not have among its candidates.

    Parameters
    ----------
    model
        Prior, blocks and weights.
    left, right
        Share of people of each file for whom an identifier is known.
    seed
        Source of the invented pairs.

    Returns
    -------
    float
    """
    rng = np.random.default_rng(seed)
    weight = np.full(_INVENTED, model.prior_weight)
    equal: dict[str, NDArray[np.bool_]] = {}
    missing: dict[tuple[str, ...], NDArray[np.bool_]] = {}
    for name, levels in model.weights.items():
        needs = _NEEDS.get(name, (name,))
        if needs not in missing:
            missing[needs] = rng.random(_INVENTED) >= _both_known(needs, left, right)
        m = np.array([level[1] for level in levels])
        u = np.array([level[2] for level in levels])
        place = rng.choice(len(levels), _INVENTED, p=m / m.sum())
        present = ~missing[needs]
        weight += np.where(present, np.log2(m / u)[place], 0.0)
        for level, (label, _, _) in enumerate(levels):
            for column in _EQUAL.get(label, frozenset({label.removeprefix("same ")})):
                here = equal.setdefault(column, np.zeros(_INVENTED, dtype=bool))
                here |= present & (place == level)
    never = np.zeros(_INVENTED, dtype=bool)
    found = never.copy()
    for block in model.blocks:
        agree = ~never
        for column in block:
            parts = [column] if column in equal else sorted(_PARTS_OF.get(column, {column}))
            for part in parts:
                agree = agree & equal.get(part, never)
        found |= agree
    found &= weight >= np.log2(CANDIDATE_FLOOR / (1 - CANDIDATE_FLOOR))
    return float(1 - found.mean())
