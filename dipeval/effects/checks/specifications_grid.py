"""The grid of a specification curve: which choices are combined, and which combinations are none."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import product
from types import MappingProxyType
from typing import Any, Final, Protocol, runtime_checkable

from dipeval.effects.asked import is_number, mapping_asked, names_asked
from dipeval.effects.checks import specifications_words as words
from dipeval.effects.measures import MEASURES, horizon_needed
from dipeval.effects.request import ESTIMATOR_NAMES
from dipeval.errors import InputError
from dipeval.matching.options import METHODS as MATCHINGS
from dipeval.matching.options import SUITED, WITHOUT_CALIPER
from dipeval.matching.weight_options import METHODS as WEIGHTINGS
from dipeval.vocabulary import label

MOST: Final = 1000
_NEEDS_CALIPER: Final = ("radius", "kernel")
_OF_THE_GRID: Final = ("method", "caliper", "ratio", "covariates", "estimand", "treated")
_ESTIMATION: Final = ("std_error", "model", "folds", "seed", "draws", "neighbours", "time", "event", "horizon")
_COLUMN_OPTIONS: Final = ("exact", "anti_exact", "covariate_calipers", "mahalanobis", "cutpoints", "sample_weights")


@runtime_checkable
class Limits(Protocol):
    """What a design must pass: the thresholds of a study's diagnostics, or `SpecificationLimits`."""

    @property
    def max_smd(self) -> float:
        """Largest standardised difference allowed."""
        ...

    @property
    def max_share_dropped(self) -> float:
        """Largest share left out of the people the effect is about."""
        ...

    @property
    def min_treated(self) -> int:
        """Fewest treated people analysed."""
        ...

    @property
    def min_ess(self) -> float:
        """Smallest effective size."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class SpecificationLimits:
    """What a design must pass to be counted.

    Parameters
    ----------
    max_smd
        Largest standardised difference allowed after matching or weighting.
    max_share_dropped
        Largest share, of the people the effect is about, that may be left out.
    min_treated
        Fewest treated people analysed.
    min_ess
        Smallest effective size of the comparison people (for an ATE or ATC: of the smaller group).
    """

    max_smd: float = 0.1
    max_share_dropped: float = 0.25
    min_treated: int = 30
    min_ess: float = 30.0

    def __post_init__(self) -> None:
        """Refuse limits that are no numbers, or that nothing could keep to."""
        for name in self.__slots__:
            value = getattr(self, name)
            if not (is_number(value) and value >= 0):
                raise InputError(f"{name}={value!r} is no limit of a design; give a number of at least 0.")


@dataclass(frozen=True, slots=True, kw_only=True)
class Specification:
    """One combination of the grid: a design and an estimator.

    Parameters
    ----------
    method, caliper, ratio
        Of the design; None where the method has no caliper or ratio.
    covariate_set, covariates
        What the set is called, and its columns.
    estimator
        As in `estimate_effect`.
    is_main
        Whether it is the first of every list.
    options
        Further options of the method.
    """

    method: str
    caliper: float | None
    ratio: int | None
    covariate_set: str
    covariates: tuple[str, ...]
    estimator: str
    is_main: bool = False
    options: Mapping[str, Any] = field(default_factory=lambda: MappingProxyType({}), hash=False)

    @property
    def design_key(self) -> tuple[Any, ...]:
        """What specifications of one design have in common."""
        return self.method, self.caliper, self.ratio, self.covariate_set

    @property
    def name(self) -> str:
        """The choices, for a reader."""
        parts = [words.METHODS[self.method]]
        parts += [] if self.caliper is None else [f"caliper {self.caliper:g}"]
        parts += [] if self.ratio is None else [f"{self.ratio}:1"]
        parts += [
            f"{self.covariate_set} covariates" if self.covariate_set == words.ALL else self.covariate_set,
            words.ESTIMATORS[self.estimator].lower()
            if self.estimator == "weighted"
            else words.ESTIMATORS[self.estimator],
        ]
        return ", ".join(parts)


@dataclass(frozen=True, slots=True, kw_only=True)
class SpecificationGrid:
    """The choices that a specification curve combines, each list with the main choice first.

    Parameters
    ----------
    covariates
        The full set.
    methods
        Of `match` or `weight`.
    calipers
        Calipers in standard deviations of the logit (as `match` takes them); None for none.
    ratios
        Matches for each person, for nearest and optimal matching.
    leave_out
        Name -> columns: each set is left out once. A list of columns leaves each out by itself.
    estimators
        As in `estimate_effect`.
    measure
        As in `estimate_effect`, the same throughout.
    estimand
        The same throughout: answers about other people are no other answers to the same question.
    options
        Method -> further options of `match` or `weight`, such as ``{"nearest": {"replace": True}}``.
    score
        As in `DesignAnalysis`.
    estimation
        Further options of `estimate_effect`, the same throughout: ``std_error``, ``model``, ``folds``, ``seed``,
        ``draws``, ``neighbours``; for a time to an event ``time`` and ``event`` (columns of the frame of outcomes), and
        for days free of it ``horizon``.

    Raises
    ------
    InputError
        If a choice is unknown, a list is empty, or a left-out column is none of the covariates or is used otherwise.

    Notes
    -----
    Skipped, and counted by reason: methods that cannot give the estimand; radius and kernel matching without a caliper;
    doubly robust estimation of matched people, and the Abadie-Imbens estimator of other than nearest matching with
    replacement; doubly robust estimation beside more than one weighting (it makes its own weights: it stands with
    ``ipw``, or the first weighting there is); and what would repeat a specification because its method knows no
    caliper or ratio.

    Examples
    --------
    >>> grid = SpecificationGrid(covariates=("age", "priors"), methods=("nearest", "entropy"), calipers=(0.1, 0.2))
    >>> [found.name for found in grid.expand()[0]]
    ['Nearest neighbour, caliper 0.1, 1:1, all covariates, weighted means',
     'Nearest neighbour, caliper 0.2, 1:1, all covariates, weighted means',
     'Entropy balancing, all covariates, weighted means']
    """

    covariates: Sequence[str]
    methods: Sequence[str] = ("nearest", "radius", "entropy", "ipw")
    calipers: Sequence[float | None] = (0.2,)
    ratios: Sequence[int] = (1,)
    leave_out: Mapping[str, Sequence[str]] | Sequence[str] = ()
    estimators: Sequence[str] = ("weighted",)
    measure: str = "risk_difference"
    estimand: str = "ATT"
    options: Mapping[str, Mapping[str, Any]] = field(default_factory=lambda: MappingProxyType({}))
    score: Mapping[str, Any] | None = None
    estimation: Mapping[str, Any] = field(default_factory=lambda: MappingProxyType({}))

    def __post_init__(self) -> None:
        for name in ("options", "estimation"):
            mapping_asked(f"{name} of the grid", getattr(self, name), "name")
        for method, options in self.options.items():
            mapping_asked(f"options['{method}'] of the grid", options, "option")
        for name in ("covariates", "methods", "calipers", "ratios", "estimators"):
            value = getattr(self, name)
            if isinstance(value, str) or not isinstance(value, Sequence) or not value:
                raise InputError(f"{name} of the grid must be a list with at least one choice, the main one first.")
            if len(set(names_asked(f"{name} of the grid", value))) < len(value):
                raise InputError(f"{name} of the grid names a choice twice. Name each once.")
            object.__setattr__(self, name, tuple(value))
        for name, given, known in (
            ("methods", self.methods, (*MATCHINGS, *WEIGHTINGS)),
            ("estimators", self.estimators, ESTIMATOR_NAMES),
            ("measure", (self.measure,), MEASURES),
            ("options", tuple(self.options), self.methods),
            ("estimation", tuple(self.estimation), _ESTIMATION),
        ):
            unknown = [str(value) for value in given if value not in known]
            if unknown:
                raise InputError(f"{name} of the grid: {', '.join(unknown)} is not among {', '.join(known)}.")
        if needed := horizon_needed(self.measure, self.estimation):
            raise InputError(f"estimation of the grid {needed}")
        self._check_left_out()
        object.__setattr__(self, "leave_out", MappingProxyType(self._sets()))

    def _sets(self) -> dict[str, tuple[str, ...]]:
        if isinstance(self.leave_out, str):
            raise InputError(f"leave_out must be a list of columns, such as [{self.leave_out!r}], or a mapping.")
        if not isinstance(self.leave_out, Mapping):
            return {label(str(name)): (name,) for name in names_asked("leave_out", self.leave_out)}
        if any(isinstance(columns, str) for columns in self.leave_out.values()):
            raise InputError("leave_out maps a name to a list of columns, such as {'history': ['priors']}.")
        return {str(name): names_asked(f"leave_out['{name}']", columns) for name, columns in self.leave_out.items()}

    def _check_left_out(self) -> None:
        used = set()
        for method, options in self.options.items():
            own = [name for name in _OF_THE_GRID if name in options]
            if own:
                raise InputError(
                    f"options['{method}'] names {', '.join(own)}, which the grid itself sets. Take it out."
                )
            used |= {name for option in _COLUMN_OPTIONS for name in _listed(options.get(option))}
        for name, columns in self._sets().items():
            other = [column for column in columns if column not in self.covariates]
            if other or not columns:
                raise InputError(
                    f"leave_out '{name}' names {', '.join(other) or 'nothing'}: name covariates of the grid."
                )
            if set(columns) == set(self.covariates):
                raise InputError(f"leave_out '{name}' leaves no covariate. Leave some of them in.")
            if used & set(columns) or any(options.get("formula") for options in self.options.values()):
                raise InputError(
                    f"leave_out '{name}' would not leave its columns out: options name them (or hold a formula). "
                    "Take them out there."
                )

    def expand(self) -> tuple[tuple[Specification, ...], dict[str, int]]:
        """Return the specifications in the order of the lists, and how many combinations were skipped, by reason.

        Raises
        ------
        InputError
            If there is none, or more than 1,000.
        """
        found: dict[Specification, None] = {}
        skipped: Counter[str] = Counter()
        for combination in self._combinations():
            reason = self._no_specification(combination)
            if reason is None and combination in found:
                reason = words.SKIP_REPEATS
            if reason is None:
                found[combination] = None
            else:
                skipped[reason] += 1
        if not found:
            raise InputError(f"No combination of the grid is a specification: {'; '.join(skipped)}.")
        if len(found) > MOST:
            raise InputError(f"The grid holds {len(found):,} specifications; at most {MOST:,}. Leave some choices out.")
        first, *others = found
        main = Specification(**{**{name: getattr(first, name) for name in first.__slots__}, "is_main": True})
        return (main, *others), dict(skipped)

    def _combinations(self) -> Iterator[Specification]:
        sets = {words.ALL: tuple(self.covariates)}
        for name, columns in self._sets().items():
            sets[words.WITHOUT.format(name=name)] = tuple(name for name in self.covariates if name not in columns)
        for (covariate_set, covariates), method, caliper, ratio, estimator in product(
            sets.items(), self.methods, self.calipers, self.ratios, self.estimators
        ):
            yield Specification(
                method=method,
                caliper=caliper if method in MATCHINGS and method not in WITHOUT_CALIPER else None,
                ratio=ratio if method in SUITED["ratio"] else None,
                covariate_set=covariate_set,
                covariates=covariates,
                estimator=estimator,
                options=self.options.get(method, MappingProxyType({})),
            )

    @property
    def _doubly_robust(self) -> str:
        """The weighting that doubly robust estimates stand with."""
        weightings = [name for name in self.methods if name in WEIGHTINGS and name != "none"]
        return "ipw" if "ipw" in weightings else (weightings or [""])[0]

    def _no_specification(self, combination: Specification) -> str | None:
        method, estimator = combination.method, combination.estimator
        if self.estimand not in {**MATCHINGS, **WEIGHTINGS}[method]:
            return words.SKIP_ESTIMAND.format(estimand=self.estimand)
        if method in _NEEDS_CALIPER and combination.caliper is None:
            return words.SKIP_CALIPER
        if estimator == "aipw" and method in WEIGHTINGS and method not in (self._doubly_robust, "none"):
            return words.SKIP_AIPW
        with_replacement = method == "nearest" and bool(combination.options.get("replace"))
        suits = {"aipw": method in WEIGHTINGS and method != "none", "abadie_imbens": with_replacement}
        return None if suits.get(estimator, True) else words.SKIP_ESTIMATOR


def _listed(value: Any) -> tuple[str, ...]:
    return () if not value else (value,) if isinstance(value, str) else tuple(value)
