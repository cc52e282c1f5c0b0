"""What `match` can be asked for: the options, their checks, and the words for them."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from dipeval.errors import InputError
from dipeval.presenting import format_count, format_number

METHODS: dict[str, tuple[str, ...]] = {  # method -> the estimands it can be asked for
    "nearest": ("ATT", "ATC"),
    "optimal": ("ATT", "ATC"),
    "radius": ("ATT", "ATC"),
    "full": ("ATT", "ATC", "ATE"),
    "subclass": ("ATT", "ATC", "ATE"),
    "cem": ("ATT", "ATC", "ATE"),
}
LATER_METHODS = ("kernel", "genetic", "cardinality")
SCALES = ("logit", "probability", "given")
TRIMS = ("none", "common_support", "crump", "preference", "percentile")
CHOICES: dict[str, tuple[str, ...]] = {
    "trim": TRIMS,
    "estimand": ("ATT", "ATC", "ATE"),
    "caliper_unit": ("sd", "sd_pooled", "raw"),
    "scale": SCALES,
    "order": ("largest", "smallest", "data", "random", "closest"),
    "ties": ("seeded", "row"),
}
# option -> the methods it means something to; asking for it elsewhere is refused rather than passed over
SUITED: dict[str, tuple[str, ...]] = {
    "ratio": ("nearest", "optimal"),
    "replace": ("nearest",),
    "order": ("nearest",),
    "covariate_calipers": ("nearest", "optimal", "full"),
    "mahalanobis": ("nearest", "optimal", "full"),
    "subclasses": ("subclass",),
    "cutpoints": ("cem",),
}
WITHOUT_CALIPER = ("subclass", "cem")
PAIRED = ("nearest", "optimal")


@dataclass(frozen=True, slots=True, kw_only=True)
class MatchOptions:
    """What `match` was asked for; every value has been checked."""

    method: str = "nearest"
    estimand: str = "ATT"
    caliper: float | None = 0.2
    caliper_unit: str = "sd"
    scale: str = "logit"
    ratio: int = 1
    replace: bool = False
    order: str = "largest"
    exact: tuple[str, ...] = ()
    covariate_calipers: tuple[tuple[str, float], ...] = ()
    mahalanobis: tuple[str, ...] = ()
    subclasses: int = 6
    cutpoints: tuple[tuple[str, int | tuple[float, ...]], ...] = ()
    trim: str = "none"
    ties: str = "seeded"
    seed: int = 0

    def __post_init__(self) -> None:
        """Refuse values that cannot be used."""
        _method(self.method, self.estimand)
        for name, allowed in CHOICES.items():
            value = getattr(self, name)
            if value not in allowed:
                raise InputError(f"{name} must be one of {', '.join(allowed)}; it is {value!r}.")
        self._numbers()
        self._suited()

    def _numbers(self) -> None:
        if self.caliper is not None:
            _width("caliper", self.caliper)
        elif self.method == "radius":
            raise InputError("method='radius' needs a caliper: the radius within which everybody is used.")
        for column, width in self.covariate_calipers:
            _width(f"the caliper on '{column}'", width)
        _whole("ratio", self.ratio, 1, "comparison people for each")
        _whole("subclasses", self.subclasses, 2, "classes of the score")
        if not isinstance(self.seed, (int, np.integer)) or isinstance(self.seed, bool):
            raise InputError(f"seed must be a whole number, such as 1; it is {self.seed!r}.")
        if not isinstance(self.replace, (bool, np.bool_)):
            raise InputError(f"replace must be True or False; it is {self.replace!r}.")

    def _suited(self) -> None:
        """Refuse an option that would be passed over in silence."""
        for name, methods in SUITED.items():
            default = MatchOptions.__dataclass_fields__[name].default
            if getattr(self, name) != default and self.method not in methods:
                raise InputError(
                    f"{name}= means nothing to method='{self.method}'; it is for {', '.join(methods)}. Leave it out."
                )

    @property
    def own_terms(self) -> tuple[str, ...]:
        """Columns used as conditions or in the distance, besides the covariates."""
        return tuple(dict.fromkeys((*self.exact, *(name for name, _ in self.covariate_calipers), *self.mahalanobis)))

    @property
    def needs_score(self) -> bool:
        """Whether the method works on the score; where it does not, one that cannot be fitted is no fault."""
        if self.method == "cem":
            return self.trim != "none"
        if not self.mahalanobis:
            return True
        return self.caliper is not None or self.trim != "none" or self.order in ("largest", "smallest")


def _method(method: str, estimand: str) -> None:
    if method in LATER_METHODS:
        raise InputError(f"match(method='{method}') is not built yet: use one of {', '.join(METHODS)}.")
    if method not in METHODS:
        raise InputError(
            f"match has the methods {', '.join(METHODS)}; {method!r} is unknown. Weights are made by dip.weight."
        )
    if estimand in CHOICES["estimand"] and estimand not in METHODS[method]:
        raise InputError(
            f"match(method='{method}') leaves people out on both sides, so it cannot give the {estimand}: for the "
            "effect on everybody use method='full', 'subclass' or 'cem', or dip.weight(method='ipw')."
        )


def _width(name: str, value: Any) -> None:
    if not isinstance(value, (int, float, np.number)) or isinstance(value, bool) or not (0 <= float(value) < math.inf):
        raise InputError(f"{name} must be a number of at least 0 (a largest difference); None means no limit.")


def _whole(name: str, value: Any, least: int, meaning: str) -> None:
    if not isinstance(value, (int, np.integer)) or isinstance(value, bool) or value < least:
        raise InputError(f"{name} must be a whole number of at least {least} ({meaning}); it is {value!r}.")


def mapping_option(name: str, given: Mapping[str, Any] | None, example: str) -> tuple[tuple[str, Any], ...]:
    """Return a mapping option as sorted pairs, lists in it as tuples.

    Parameters
    ----------
    name, given, example
        The option, what was given, and how it is written.

    Returns
    -------
    tuple
    """
    if given is not None and not isinstance(given, Mapping):
        raise InputError(f"{name} must be a mapping of column to value, such as {example}.")
    return tuple(
        sorted(
            (column, tuple(value) if isinstance(value, (list, tuple)) else value)
            for column, value in (given or {}).items()
        )
    )


def list_option(name: str, given: Any) -> tuple[str, ...]:
    """Return a list option as a tuple; refuse one piece of text."""
    if isinstance(given, str):
        raise InputError(f"{name} must be a list of column names, such as [{given!r}], not one piece of text.")
    return tuple(given)


def refuse_words_in_numbers(frame: pd.DataFrame, options: MatchOptions) -> None:
    """Refuse a covariate caliper on a column that holds no numbers."""
    words = [name for name, _ in options.covariate_calipers if not pd.api.types.is_numeric_dtype(frame[name].dtype)]
    if words:
        raise InputError(f"A caliper needs numbers; {', '.join(words)} holds words: use exact= for it.")


def as_plain(options: MatchOptions, width: float, repeated: int, facts: Mapping[str, Any]) -> dict[str, Any]:
    """Return the options as plain values, with the caliper's width and what the method found (numbers of ties...)."""
    plain = {name: getattr(options, name) for name in MatchOptions.__dataclass_fields__ if name != "estimand"}
    return {
        **plain,
        "ratio": int(options.ratio),
        "replace": bool(options.replace),
        "exact": list(options.exact),
        "mahalanobis": list(options.mahalanobis),
        "covariate_calipers": dict(options.covariate_calipers),
        "cutpoints": {name: list(value) if isinstance(value, tuple) else value for name, value in options.cutpoints},
        "caliper_width": None if math.isinf(width) else width,
        "n_repeated_scores": repeated,
        **facts,
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


def limit_in_words(options: MatchOptions, width: float) -> str:
    """Say which caliper was used, with its unit and width."""
    if options.caliper is None:
        return "no caliper"
    return f"caliper {options.caliper:g} ({UNIT_WORDS[options.caliper_unit]}; {format_number(width, 4)} in width)"


def ties_in_words(options: MatchOptions, tied: int, choices: int) -> str:
    """Say how many choices a tie decided, and by what rule."""
    rule = "a seeded hash of the id" if options.ties == "seeded" else "the order of the rows"
    return f"{format_count(tied)} of {format_count(choices)} choices were decided by a tie ({rule})."
