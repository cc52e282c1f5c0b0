"""The blind step of a specification curve: every design of the grid, made and checked before any outcome is joined."""

from __future__ import annotations

import logging
import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

import pandas as pd

from dipeval.cohort import Cohort
from dipeval.effects.checks import specifications_words as words
from dipeval.effects.checks.specifications_grid import Limits, Specification, SpecificationGrid, SpecificationLimits
from dipeval.effects.checks.specifications_result import (
    CHOICES,
    COLUMNS,
    ESTIMATED,
    NO_DESIGN,
    NO_ESTIMATE,
    SpecificationCurve,
)
from dipeval.effects.checks.specifications_telling import by_choice, failed_checks, limits_in_words, skipped_in_words
from dipeval.effects.design_analysis import make_groups_comparable
from dipeval.effects.effect import Effect
from dipeval.effects.estimate import estimate_effect
from dipeval.errors import DesignError, EstimationError, InputError
from dipeval.matching import Design
from dipeval.matching.options import METHODS as MATCHINGS
from dipeval.matching.options import WITHOUT_CALIPER
from dipeval.presenting import HtmlMixin, Summary, format_count, format_interval
from dipeval.vocabulary import TREATED

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from dipeval.matching.doors import People

logger = logging.getLogger("dipeval")

DESIGN_COLUMNS: Final = (
    *(name for name in CHOICES if name != "estimator"),
    "is_main",
    "n_treated",
    "n_comparison",
    "ess",
    "max_smd",
    "share_dropped",
    "passed",
    "reason",
    "fingerprint",
)
_KEY: Final = ("method", "caliper", "ratio", "covariates")  # what makes a design of a grid
Key = tuple[Any, ...]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class SpecificationDesigns(HtmlMixin):
    """Every design of a grid with its checks, no outcome joined yet; made by `make_designs`.

    Parameters
    ----------
    grid
        The choices.
    limits
        What a design must pass.
    specifications
        The combinations, in the order of the lists.
    skipped
        Reason -> how many combinations are no specification.
    """

    grid: SpecificationGrid
    limits: Limits
    specifications: tuple[Specification, ...] = field(repr=False)
    skipped: Mapping[str, int]
    _designs: Mapping[Key, Design] = field(repr=False)
    _table: pd.DataFrame = field(repr=False)
    _cluster: pd.Series | None = field(default=None, repr=False)

    @property
    def n_designs(self) -> int:
        """Designs of the grid, those that could not be made among them."""
        return len(self._table)

    @property
    def n_passing(self) -> int:
        """Designs that pass their checks."""
        return int(self._table["passed"].sum())

    def to_frame(self) -> pd.DataFrame:
        """Return one row a design.

        Returns
        -------
        pandas.DataFrame
            ``method``, ``caliper``, ``ratio`` (missing where the method has none), ``covariates`` (the set),
            ``is_main``, ``n_treated``, ``n_comparison``, ``ess`` (effective size), ``max_smd``, ``share_dropped`` (of
            the people the effect is about), ``passed``, ``reason`` (why not), ``fingerprint``.
        """
        return self._table.copy()

    def summary(self) -> Summary:
        """Say how many designs pass, by choice; why a design did not stands in `to_frame`."""
        choices = tuple(name for name in CHOICES if name != "estimator")
        shown = [
            (
                words.DIMENSIONS[column],
                told,
                format_count(len(part)),
                format_count(int(part["passed"].sum())),
                format_interval(part["max_smd"].min(), part["max_smd"].max(), 3),
            )
            for column, told, part in by_choice(self._table, choices)
        ]
        names = ["Choice", "", "Designs", "Passed", "Largest SMD"]
        facts = {"passed": format_count(self.n_passing), "n": format_count(self.n_designs)}
        return Summary(
            title=words.DESIGNS_TITLE,
            headline=words.DESIGNS_HEADLINE.format(**facts),
            table=pd.DataFrame(shown, columns=names),
            notes=(limits_in_words(self.limits), *skipped_in_words(self.skipped)),
        )

    def plot(self, ax: Axes | None = None) -> Axes:
        """Draw the largest standardised difference of every design above its choices; failing designs hollow."""
        from dipeval.plots.specifications import specification_plot

        frame = self.to_frame().assign(estimate=self._table["max_smd"], conf_low=math.nan, conf_high=math.nan)
        dimensions = {name: told for name, told in words.DIMENSIONS.items() if name != "estimator"}
        return specification_plot(
            frame,
            dimensions=dimensions,
            names={"method": words.METHODS},
            title="Largest standardised difference",
            line=float(self.limits.max_smd),
            ax=ax,
        )

    def estimate(
        self,
        outcome: pd.Series | pd.DataFrame,
        *,
        level: float = 0.95,
        cluster: pd.Series | None = None,
        outcome_name: str | None = None,
        at_risk: pd.Series | str | None = None,
    ) -> SpecificationCurve:
        """Join the outcome to every design and estimate the effect by every specification.

        Parameters
        ----------
        outcome, level, cluster, outcome_name, at_risk
            As in `estimate_effect`; a cohort of index events knows its own clusters.

        Returns
        -------
        SpecificationCurve

        Raises
        ------
        EstimationError
            If not one specification gives an estimate; with the first reason.
        """
        given: dict[str, Any] = {"level": level, "outcome_name": outcome_name, "at_risk": at_risk}
        given |= {"measure": self.grid.measure, **self.grid.estimation}
        given["cluster"] = self._cluster if cluster is None else cluster
        checks = {tuple(row[name] for name in _KEY): row for row in _records(self._table)}
        rows = []
        for number, specification in enumerate(self.specifications, start=1):
            row = checks[specification.design_key] | {"name": specification.name, "estimator": specification.estimator}
            row["is_main"] = specification.is_main
            rows.append(row | self._estimated(specification, outcome, given))
            logger.info("specification %s of %s", number, len(self.specifications))
        table = pd.DataFrame(rows)
        found = table["status"] == ESTIMATED
        if not found.any():
            first = table.loc[table["status"] == NO_ESTIMATE, "reason"]
            raise EstimationError(f"Not one specification gives an estimate. The first reason: {first.iloc[0]}")
        return SpecificationCurve(
            measure=self.grid.measure,
            outcome_name=str(table.loc[found, "group"].iloc[0]),
            level=level,
            limits=self.limits,
            skipped=self.skipped,
            _table=table[list(COLUMNS)],
        )

    def _estimated(
        self, specification: Specification, outcome: pd.Series | pd.DataFrame, given: Mapping[str, Any]
    ) -> dict[str, Any]:
        """Estimate one specification: its figures, or why there are none."""
        design = self._designs.get(specification.design_key)
        nothing: dict[str, Any] = dict.fromkeys(("estimate", "std_error", "conf_low", "conf_high", "p_value"), math.nan)
        nothing |= {"term": self.grid.measure, "group": "", "passed": False}
        if design is None:
            return nothing | {"status": NO_DESIGN}
        try:
            effect: Effect = estimate_effect(design, outcome, estimator=specification.estimator, **given)
        except InputError as error:  # this specification alone: the others may be fit for the outcome
            return nothing | {"status": NO_ESTIMATE, "reason": str(error)}
        row = effect.to_frame().iloc[0]
        kept = ("term", "group", "estimate", "std_error", "conf_low", "conf_high", "p_value", "n")
        return {name: row[name] for name in kept} | {"status": ESTIMATED, "se_method": effect.se_method}


def make_designs(
    people: People, grid: SpecificationGrid, *, treated: str = TREATED, limits: Limits | None = None
) -> SpecificationDesigns:
    """Make and check every design of a grid, without sight of an outcome.

    Parameters
    ----------
    people
        One row a person, or a cohort.
    grid
        The choices that are combined.
    treated
        Column with the treatment, 0/1 or yes/no.
    limits
        What a design must pass; default ``SpecificationLimits()``.

    Returns
    -------
    SpecificationDesigns
        ``to_frame()``: one row a design; ``estimate(outcome)`` is the second step.

    Raises
    ------
    InputError
        If a column or an option cannot be used.
    DesignError
        If not one design can be made.

    Examples
    --------
    >>> from dipeval.datasets import recid
    >>> grid = SpecificationGrid(covariates=("priors", "age"), methods=("nearest", "entropy"), calipers=(0.1, 0.2))
    >>> designs = make_designs(recid(), grid, treated="workprg")
    >>> designs.to_frame()["method"].tolist()
    ['nearest', 'nearest', 'entropy']
    """
    if not isinstance(grid, SpecificationGrid):
        raise InputError(f"grid must be a SpecificationGrid; it is a {type(grid).__name__}.")
    specifications, skipped = grid.expand()
    asked = SpecificationLimits() if limits is None else limits
    if not isinstance(asked, Limits):
        raise InputError(f"limits must be SpecificationLimits(...); it is a {type(asked).__name__}.")
    ready = _with_treated(people, treated)
    firsts = {found.design_key: found for found in reversed(specifications)}
    designs: dict[Key, Design] = {}
    rows = []
    for number, specification in enumerate((firsts[key] for key in _in_order(specifications)), start=1):
        design, reason = _made(ready, grid, specification)
        if design is not None:
            designs[specification.design_key] = design
        rows.append(_row(specification, design, reason, asked))
        logger.info("specification curve: design %s of %s", number, len(firsts))
    if not designs:
        raise DesignError(f"Not one of the {len(rows)} designs could be made. The first reason: {rows[0]['reason']}")
    by_person = isinstance(people, Cohort) and people.unit != "people"
    return SpecificationDesigns(
        grid=grid,
        limits=asked,
        specifications=specifications,
        skipped=skipped,
        _designs=designs,
        _table=pd.DataFrame(rows, columns=list(DESIGN_COLUMNS)),
        _cluster=people.cluster if by_person and isinstance(people, Cohort) else None,
    )


def _records(table: pd.DataFrame) -> Iterator[dict[str, Any]]:
    """Rows of the table of designs, an absent caliper or ratio as None again."""
    for _, row in table.iterrows():
        yield {str(name): None if name in _KEY and pd.isna(value) else value for name, value in row.items()}


def _in_order(specifications: tuple[Specification, ...]) -> list[Key]:
    return list(dict.fromkeys(found.design_key for found in specifications))


def _with_treated(people: People, treated: str) -> People:
    """Return people whose treatment stands in the column ``treated``."""
    if treated == TREATED:
        return people
    if not isinstance(people, pd.DataFrame):
        raise InputError("A cohort knows who is treated: leave treated= out.")
    if treated not in people.columns:
        raise InputError(f"There is no column '{treated}' in people; name the one that says who was treated.")
    return people.drop(columns=[TREATED], errors="ignore").rename(columns={treated: TREATED})


def _made(people: People, grid: SpecificationGrid, specification: Specification) -> tuple[Design | None, str]:
    """Make one design, or say why it cannot be made."""
    options: dict[str, Any] = {"estimand": grid.estimand, **specification.options}
    if specification.method in MATCHINGS and specification.method not in WITHOUT_CALIPER:
        options["caliper"] = specification.caliper
    if specification.ratio is not None:
        options["ratio"] = specification.ratio
    try:
        design = make_groups_comparable(
            people,
            covariates=specification.covariates,
            method=specification.method,
            options=options,
            score=grid.score,
        )
    except DesignError as error:
        return None, str(error)
    return design, ""


def _row(specification: Specification, design: Design | None, reason: str, limits: Limits) -> dict[str, Any]:
    row: dict[str, Any] = {
        "method": specification.method,
        "caliper": specification.caliper,
        "ratio": specification.ratio,
        "covariates": specification.covariate_set,
        "is_main": specification.is_main,
    }
    if design is None:
        none = {"n_treated": 0, "n_comparison": 0, "ess": 0.0, "max_smd": math.nan, "share_dropped": 1.0}
        return row | none | {"passed": False, "reason": reason, "fingerprint": ""}
    about = {"ATT": design.treated, "ATC": ~design.treated}.get(design.estimand, design.treated | True)
    checks = {
        "n_treated": design.n_treated,
        "n_comparison": design.n_comparison,
        "ess": float(design.ess if design.estimand == "ATT" else min(design.ess, design.ess_treated)),
        "max_smd": float(design.balance().max_smd),
        "share_dropped": 1 - float((design.weights[about] > 0).mean()),
    }
    failed = failed_checks(checks, limits)
    return row | checks | {"passed": not failed, "reason": "; ".join(failed), "fingerprint": design.fingerprint}
