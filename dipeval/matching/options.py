"""What `match` can be asked for: the options, their checks, and the words for them."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
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
    "kernel": ("ATT", "ATC"),
    "full": ("ATT", "ATC", "ATE"),
    "subclass": ("ATT", "ATC", "ATE"),
    "cem": ("ATT", "ATC", "ATE"),
}
SCALES = ("logit", "probability", "given")
TRIMS = ("none", "common_support", "crump", "preference", "percentile")
CHOICES: dict[str, tuple[str, ...]] = {
    "trim": TRIMS,
    "estimand": ("ATT", "ATC", "ATE"),
    "caliper_unit": ("sd", "sd_pooled", "raw"),
    "scale": SCALES,
    "order": ("largest", "smallest", "data", "random", "closest"),
    "ties": ("seeded", "row", "all"),
    "mahalanobis_scaling": ("pooled", "everyone", "variance"),
}
# option -> the methods it means something to; asking for it elsewhere is refused rather than passed over
SUITED: dict[str, tuple[str, ...]] = {
    "ratio": ("nearest", "optimal"),
    "min_ratio": ("nearest",),
    "max_ratio": ("nearest",),
    "replace": ("nearest",),
    "order": ("nearest",),
    "anti_exact": ("nearest", "optimal"),
    "covariate_calipers": ("nearest", "optimal", "full"),
    "mahalanobis": ("nearest", "optimal", "full"),
    "mahalanobis_ranks": ("nearest", "optimal", "full"),
    "mahalanobis_scaling": ("nearest", "optimal", "full"),
    "subclasses": ("subclass",),
    "cutpoints": ("cem",),
}
# options that stand in the record of a design only where they are asked for: fingerprints made before them hold
UNSAID = ("min_ratio", "max_ratio", "anti_exact", "mahalanobis_ranks", "mahalanobis_scaling")
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
    min_ratio: int | None = None
    max_ratio: int | None = None
    replace: bool = False
    order: str = "largest"
    exact: tuple[str, ...] = ()
    anti_exact: tuple[str, ...] = ()
    covariate_calipers: tuple[tuple[str, float], ...] = ()
    mahalanobis: tuple[str, ...] = ()
    mahalanobis_ranks: bool = False
    mahalanobis_scaling: str = "pooled"
    subclasses: int = 6
    cutpoints: tuple[tuple[str, int | tuple[float, ...]], ...] = ()
    trim: str = "none"
    ties: str = "seeded"
    seed: int = 0

    def __post_init__(self) -> None:
        """Refuse values that cannot be used."""
        _method(self.method, self.estimand, everybody=_same(self.ties, "all") and _same(self.replace, True))
        for name, allowed in CHOICES.items():
            value = getattr(self, name)
            if not isinstance(value, str) or value not in allowed:
                raise InputError(f"{name} must be one of {', '.join(allowed)}; it is {as_given(value)}.")
        self._numbers()
        self._suited()
        self._variable()
        self._distance()
        if self.ties == "all" and not (self.method == "nearest" and self.replace):
            raise InputError(
                "ties='all' keeps everybody as near as the nearest, so one person can stand beside several: it is for "
                "method='nearest' with replace=True. Add that, or choose ties='seeded'."
            )
        both = [str(name) for name in self.anti_exact if name in self.exact]
        if both:
            raise InputError(
                f"exact= and anti_exact= both name {', '.join(both)}: no pair can be equal and different. Leave it out "
                "of one of them."
            )

    def _distance(self) -> None:
        """Refuse a way to measure a distance that was not asked for, and two ways at once."""
        if not isinstance(self.mahalanobis_ranks, (bool, np.bool_)):
            raise InputError(f"mahalanobis_ranks must be True or False; it is {as_given(self.mahalanobis_ranks)}.")
        for name, asked in (
            ("mahalanobis_ranks", bool(self.mahalanobis_ranks)),
            ("mahalanobis_scaling", self.mahalanobis_scaling != "pooled"),
        ):
            if asked and not self.mahalanobis:
                raise InputError(
                    f"{name}= says how the Mahalanobis distance is measured, and none was asked for: name its "
                    "columns in mahalanobis=, or leave it out."
                )
        if self.mahalanobis_ranks and self.mahalanobis_scaling != "pooled":
            raise InputError(
                "mahalanobis_ranks=True has a covariance of its own, that of everybody's ranks: leave "
                "mahalanobis_scaling= out."
            )

    def _numbers(self) -> None:
        if self.caliper is not None:
            _width("caliper", self.caliper)
        elif self.method == "radius":
            raise InputError("method='radius' needs a caliper: the radius within which everybody is used.")
        if self.method == "kernel" and not self.caliper:
            raise InputError(
                "method='kernel' needs a caliper above 0: the bandwidth, nearer than which everybody is used."
            )
        for column, width in self.covariate_calipers:
            _width(f"the caliper on '{column}'", width)
        _whole("ratio", self.ratio, 1, "comparison people for each")
        _whole("subclasses", self.subclasses, 2, "classes of the score")
        if not isinstance(self.seed, (int, np.integer)) or isinstance(self.seed, bool):
            raise InputError(f"seed must be a whole number, such as 1; it is {as_given(self.seed)}.")
        if not isinstance(self.replace, (bool, np.bool_)):
            raise InputError(f"replace must be True or False; it is {as_given(self.replace)}.")

    def _suited(self) -> None:
        """Refuse an option that would be passed over in silence."""
        for name, methods in SUITED.items():
            default = MatchOptions.__dataclass_fields__[name].default
            if self.method not in methods and not _same(getattr(self, name), default):
                raise InputError(
                    f"{name}= means nothing to method='{self.method}'; it is for {', '.join(methods)}. Leave it out."
                )

    def _variable(self) -> None:
        """Refuse bounds of a variable ratio that are none."""
        if self.min_ratio is None and self.max_ratio is None:
            return
        if self.min_ratio is None or self.max_ratio is None:
            raise InputError(
                "min_ratio= and max_ratio= go together (fewest and most matches of a person, with ratio= the average): "
                "give both, or neither for the same ratio for everybody."
            )
        _whole("min_ratio", self.min_ratio, 1, "fewest matches of a person")
        _whole("max_ratio", self.max_ratio, 1, "most matches of a person")
        if not self.min_ratio < self.ratio < self.max_ratio:
            raise InputError(
                f"A variable ratio needs min_ratio below ratio below max_ratio, such as 1, 2 and 4; they are "
                f"{self.min_ratio}, {self.ratio} and {self.max_ratio}."
            )
        if self.replace:
            raise InputError(
                "A variable ratio (min_ratio=, max_ratio=) is for matching without replacement: with replace=True "
                "nobody is used up, so everybody can have the same number. Leave one of the two out."
            )

    @property
    def own_terms(self) -> tuple[str, ...]:
        """Columns used as conditions or in the distance, besides the covariates."""
        within = (name for name, _ in self.covariate_calipers)
        return tuple(dict.fromkeys((*self.exact, *self.anti_exact, *within, *self.mahalanobis)))

    @property
    def needs_score(self) -> bool:
        """Whether the method works on the score; where it does not, one that cannot be fitted is no fault."""
        if self.method == "cem":
            return self.trim != "none"
        if not self.mahalanobis or self.min_ratio is not None:
            return True
        return self.caliper is not None or self.trim != "none" or self.order in ("largest", "smallest")


def _method(method: str, estimand: str, *, everybody: bool) -> None:
    if not isinstance(method, str):
        raise InputError(f"method must be one of {', '.join(METHODS)}; it is {as_given(method)}.")
    if method == "mahalanobis":
        raise InputError(
            "Mahalanobis is a distance, not a method: name its columns with mahalanobis=[...], with method='nearest', "
            "'optimal' or 'full', and caliper=None for no limit on the score."
        )
    if method not in METHODS:
        raise InputError(
            f"match has the methods {', '.join(METHODS)}; {method!r} is unknown. Weights are made by dip.weight."
        )
    if method == "nearest" and everybody:  # nobody is used up, so matches can be sought for both groups
        return
    if isinstance(estimand, str) and estimand in CHOICES["estimand"] and estimand not in METHODS[method]:
        both = ", method='nearest' with replace=True and ties='all'" if method == "nearest" else ""
        raise InputError(
            f"match(method='{method}') leaves people out on both sides, so it cannot give the {estimand}: for the "
            f"effect on everybody use method='full', 'subclass' or 'cem'{both}, or dip.weight(method='ipw')."
        )


def _same(value: Any, default: Any) -> bool:
    try:
        return bool(value == default)
    except (TypeError, ValueError):  # arrays and the like, which are no value of any option
        return False


def _width(name: str, value: Any) -> None:
    if not isinstance(value, (int, float, np.number)) or isinstance(value, bool) or not (0 <= float(value) < math.inf):
        raise InputError(f"{name} must be a number of at least 0 (a largest difference); None means no limit.")


def _whole(name: str, value: Any, least: int, meaning: str) -> None:
    if not isinstance(value, (int, np.integer)) or isinstance(value, bool) or value < least:
        raise InputError(f"{name} must be a whole number of at least {least} ({meaning}); it is {as_given(value)}.")


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
    """Return a list option as a tuple; refuse one piece of text, and a column named twice."""
    if isinstance(given, str):
        raise InputError(f"{name} must be a list of column names, such as [{given!r}], not one piece of text.")
    if isinstance(given, (pd.Series, np.ndarray)) or not isinstance(given, Iterable):
        raise InputError(f"{name} must be a list of column names; it is {as_given(given)}.")
    columns = tuple(given)
    strange = [column for column in columns if not pd.api.types.is_hashable(column)]
    if strange:
        raise InputError(f"{name} must be a list of column names; it holds {as_given(strange[0])}.")
    twice = [str(column) for place, column in enumerate(columns) if column in columns[:place]]
    if twice:
        raise InputError(f"{name}= names {', '.join(twice)} more than once: a column counts once. Name it once.")
    return columns


def as_given(value: Any) -> str:
    """Say what was given without showing anybody's values: a word or number as it is, anything else by its kind."""
    if value is None or isinstance(value, (bool, int, float, str, np.bool_, np.number)):
        return repr(value)
    return f"of the kind {type(value).__name__}"


def refuse_words_in_numbers(frame: pd.DataFrame, options: MatchOptions) -> None:
    """Refuse a covariate caliper on a column that holds no numbers."""
    kinds = {name: frame[name].dtype for name, _ in options.covariate_calipers}
    plain, complex_ = pd.api.types.is_numeric_dtype, pd.api.types.is_complex_dtype
    words = [name for name, kind in kinds.items() if not plain(kind) or complex_(kind)]
    if words:
        raise InputError(f"A caliper needs numbers; {', '.join(words)} holds words: use exact= for it.")


def as_plain(options: MatchOptions, width: float, repeated: int, facts: Mapping[str, Any]) -> dict[str, Any]:
    """Return the options as plain values, with the caliper's width and what the method found (numbers of ties...)."""
    fields = MatchOptions.__dataclass_fields__
    plain = {name: getattr(options, name) for name in fields if name not in ("estimand", *UNSAID)}
    asked = {name: getattr(options, name) for name in UNSAID if getattr(options, name) != fields[name].default}
    return {
        **plain,
        **{name: _plainly(value) for name, value in asked.items()},
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


def _plainly(value: Any) -> Any:
    if isinstance(value, tuple):
        return list(value)
    if isinstance(value, str):
        return value
    return bool(value) if isinstance(value, (bool, np.bool_)) else int(value)


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


def conditions_in_words(options: MatchOptions) -> tuple[str, ...]:
    """Say which columns people compared must be equal or near on; nothing where none was named.

    Examples
    --------
    >>> conditions_in_words(MatchOptions(exact=("sex",), covariate_calipers=(("age", 5),)))
    ('People are compared only if equal on sex and at most 5 apart on age.',)
    """
    parts = [f"equal on {', '.join(map(str, options.exact))}"] if options.exact else []
    parts += [f"different on {name}" for name in options.anti_exact]
    parts += [f"at most {float(most):g} apart on {name}" for name, most in options.covariate_calipers]
    return (f"People are compared only if {' and '.join(parts)}.",) if parts else ()


def ties_in_words(options: MatchOptions, tied: int, choices: int) -> str:
    """Say how many choices a tie decided, and by what rule."""
    rule = "a seeded hash of the id" if options.ties == "seeded" else "the order of the rows"
    return f"{format_count(tied)} of {format_count(choices)} choices were decided by a tie ({rule})."
