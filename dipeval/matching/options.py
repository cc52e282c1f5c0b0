"""What `match` can be asked for: the options, their checks, and the words for them."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from dipeval.errors import InputError
from dipeval.matching.assemble import SCALES
from dipeval.presenting import format_count, format_number

LATER_METHODS = ("radius", "optimal", "full", "subclass", "cem", "mahalanobis", "genetic", "cardinality")
CHOICES: dict[str, tuple[str, ...]] = {
    "estimand": ("ATT", "ATC"),
    "caliper_unit": ("sd", "sd_pooled", "raw"),
    "scale": SCALES,
    "order": ("largest", "smallest", "data", "random"),
    "ties": ("seeded", "row"),
}
REASONS = {
    "ATE": " Matching leaves people out on both sides; for the effect on everybody use "
    "dip.weight(method='ipw', estimand='ATE').",
    "closest": " The order 'closest' is not built yet.",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class MatchOptions:
    """What `match` was asked for; every value has been checked."""

    estimand: str = "ATT"
    caliper: float | None = 0.2
    caliper_unit: str = "sd"
    scale: str = "logit"
    ratio: int = 1
    replace: bool = False
    order: str = "largest"
    exact: tuple[str, ...] = ()
    covariate_calipers: tuple[tuple[str, float], ...] = ()
    ties: str = "seeded"
    seed: int = 0

    def __post_init__(self) -> None:
        """Refuse values that cannot be used."""
        for name, allowed in CHOICES.items():
            value = getattr(self, name)
            if value not in allowed:
                raise InputError(
                    f"{name} must be one of {', '.join(allowed)}; it is {value!r}.{REASONS.get(str(value), '')}"
                )
        if self.caliper is not None:
            _width("caliper", self.caliper)
        for column, width in self.covariate_calipers:
            _width(f"the caliper on '{column}'", width)
        if not isinstance(self.ratio, (int, np.integer)) or isinstance(self.ratio, bool) or self.ratio < 1:
            raise InputError(
                f"ratio must be a whole number of at least 1 (comparison people for each); it is {self.ratio!r}."
            )
        if not isinstance(self.seed, (int, np.integer)) or isinstance(self.seed, bool):
            raise InputError(f"seed must be a whole number, such as 1; it is {self.seed!r}.")
        if not isinstance(self.replace, (bool, np.bool_)):
            raise InputError(f"replace must be True or False; it is {self.replace!r}.")


def _width(name: str, value: Any) -> None:
    if not isinstance(value, (int, float, np.number)) or isinstance(value, bool) or not (0 <= float(value) < math.inf):
        raise InputError(f"{name} must be a number of at least 0 (a largest difference); None means no limit.")


def refuse_unbuilt(method: str, mahalanobis: Sequence[str], formula: str | None) -> None:
    """Refuse by a sentence what later versions may add."""
    if method in LATER_METHODS:
        raise InputError(
            f"match(method='{method}') is not built yet: use method='nearest', or dip.weight(method='entropy')."
        )
    if method != "nearest":
        raise InputError(f"match has method='nearest'; '{method}' is unknown. Weights are made by dip.weight.")
    if len(mahalanobis):
        raise InputError(
            "mahalanobis= is not built yet: match on the propensity score, with covariate_calipers= or exact= for the "
            "columns that must be close."
        )
    if formula is not None:
        raise InputError(
            "formula= is not built yet: list the columns in covariates= (make squares and products columns first)."
        )


def refuse_caliper_on_words(frame: pd.DataFrame, options: MatchOptions) -> None:
    """Refuse a covariate caliper on a column that holds no numbers."""
    words = [name for name, _ in options.covariate_calipers if not pd.api.types.is_numeric_dtype(frame[name].dtype)]
    if words:
        raise InputError(f"A caliper needs numbers; {', '.join(words)} holds words: use exact= for it.")


def as_plain(options: MatchOptions, width: float, tied: int, repeated: int) -> dict[str, Any]:
    """Return the options as plain values, with the caliper's width and the numbers of ties."""
    plain = {name: getattr(options, name) for name in MatchOptions.__dataclass_fields__ if name != "estimand"}
    return {
        **plain,
        "ratio": int(options.ratio),
        "replace": bool(options.replace),
        "exact": list(options.exact),
        "covariate_calipers": dict(options.covariate_calipers),
        "caliper_width": None if math.isinf(width) else width,
        "n_tied_choices": tied,
        "n_repeated_scores": repeated,
    }


UNIT_WORDS = {
    "sd": "standard deviations of everyone's score",
    "sd_pooled": "pooled standard deviations of the score",
    "raw": "the score's own unit",
}
SCALE_WORDS = {
    "logit": "the logit of the propensity score",
    "probability": "the propensity score",
    "given": "the score given",
}


def in_words(
    options: MatchOptions, *, width: float, tied: int, found: Mapping[int, Sequence[int]], own_score: bool
) -> tuple[str, ...]:
    """Say how the pairs were made, for the notes of a summary.

    Parameters
    ----------
    options, width
        What was asked for, and the caliper in the unit of the score.
    tied
        Choices that a tie decided.
    found
        Matches of each matched person.
    own_score
        Whether the caller brought the score.

    Returns
    -------
    tuple
        Sentences.
    """
    limit = "no caliper"
    if options.caliper is not None:
        limit = f"caliper {options.caliper:g} ({UNIT_WORDS[options.caliper_unit]}; {format_number(width, 4)} in width)"
    how = "with" if options.replace else "without"
    notes = [
        f"Greedy nearest neighbour on {SCALE_WORDS[options.scale]}, {options.ratio}:1 {how} replacement, {limit}; "
        "every pair was checked against every constraint.",
        f"{format_count(tied)} of {format_count(sum(map(len, found.values())))} choices were decided by a tie "
        f"({'a seeded hash of the id' if options.ties == 'seeded' else 'the order of the rows'}).",
    ]
    short = sum(len(matches) < options.ratio for matches in found.values())
    if short:
        notes.append(
            f"{format_count(short)} of {format_count(len(found))} matched people have fewer than "
            f"{options.ratio} matches."
        )
    if own_score:
        notes.append("The score was supplied by the caller; what it was made from is not known here.")
    return tuple(notes)
