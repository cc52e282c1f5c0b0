"""Offences averted by offence group, estimated one by one and together, so that each may be valued at its price."""

from __future__ import annotations

import math
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pandas as pd
from scipy.stats import norm

from dipeval.effects import ComparisonDesign, Effect, estimate_effect
from dipeval.effects.estimate import make_request
from dipeval.effects.estimators import plain
from dipeval.effects.request import EstimateOptions, Request
from dipeval.effects.robust import exact_sum
from dipeval.errors import InvariantError
from dipeval.presenting import HtmlMixin, Summary, format_count, format_interval, format_number
from dipeval.roi.chain import Array
from dipeval.roi.offences import averted_words as words
from dipeval.roi.offences.offence_counts import TOTAL, OffenceCounts, count_offences
from dipeval.vocabulary import label

if TYPE_CHECKING:
    from matplotlib.axes import Axes

COLUMNS: Final = (
    "term",
    "group",
    "estimate",
    "std_error",
    "conf_low",
    "conf_high",
    "unit",
    "n_offences_treated",
    "n_offences_comparison",
    "n_people_treated",
    "n_people_comparison",
)
TERM, UNIT = "offences_averted", "offences per person"
# How far sums of floating-point numbers may be from what they stand for.
ROUNDING: Final = 1e-9
# A factor nearer to 1 than this is rounding.
SCALED: Final = 1e-6


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class OffencesAverted(HtmlMixin):
    """Offences averted per person by offence group; made by `offences_averted`.

    Parameters
    ----------
    groups
        Offence groups estimated, in the order of the vocabulary.
    left_out
        Offence groups that nobody the design uses committed.
    total
        The effect on all reoffences (treated minus comparison, so that below 0 is fewer).
    scale
        What the plain sandwich errors of the groups were multiplied by so that together they give the error of
        `total`; 1 where that error is a sum of squares itself.
    """

    groups: tuple[str, ...]
    left_out: tuple[str, ...]
    total: Effect
    scale: float
    _vector: Array = field(repr=False)
    _covariance: Array = field(repr=False)
    _counts: pd.DataFrame = field(repr=False)

    def __post_init__(self) -> None:
        """Refuse groups that do not add up to the whole."""
        size = max(1.0, abs(self.total.estimate), float(np.abs(self._vector).max()))
        if abs(math.fsum(self._vector) + self.total.estimate) > ROUNDING * size:
            raise InvariantError("The offences averted by group do not add up to the effect on all reoffences.")
        whole = math.fsum(self._covariance.ravel())
        if abs(whole - self.total.std_error**2) > ROUNDING * max(float(np.trace(self._covariance)), whole):
            raise InvariantError("The errors of the groups do not add up to the error of the effect on all reoffences.")

    @property
    def vector(self) -> Array:
        """Offences averted per person, one number a group, in the order of `groups` (a copy)."""
        return self._vector.copy()

    @property
    def level(self) -> float:
        """Coverage of the intervals."""
        return self.total.level

    @property
    def estimand(self) -> str:
        """Whom it is about, in words."""
        return self.total.estimand

    def covariance(self) -> Array:
        """Return the covariance of the estimates of the groups, (G, G) in the order of `groups` (a copy)."""
        return self._covariance.copy()

    def to_frame(self) -> pd.DataFrame:
        """Return one row a group after one for all of them.

        Returns
        -------
        pandas.DataFrame
            ``term`` (offences_averted), ``group`` (all, then the offence groups), ``estimate``, ``std_error``,
            ``conf_low``, ``conf_high`` (per person; above 0 is fewer), ``unit``, ``n_offences_treated``,
            ``n_offences_comparison``, ``n_people_treated``, ``n_people_comparison`` (offences and the people behind
            them, never weighted).
        """
        z = float(norm.ppf(0.5 + self.level / 2))
        errors = np.sqrt(np.diag(self._covariance))
        low, high = self._vector - z * errors, self._vector + z * errors
        groups = pd.DataFrame(
            {"estimate": self._vector, "std_error": errors, "conf_low": low, "conf_high": high}, dtype="float64"
        )
        one = {
            "estimate": [-self.total.estimate],
            "std_error": [self.total.std_error],
            "conf_low": [-self.total.conf_high],
            "conf_high": [-self.total.conf_low],
        }
        frame = pd.concat([pd.DataFrame(one, dtype="float64"), groups], ignore_index=True)
        frame = frame.assign(term=TERM, group=["all", *self.groups], unit=UNIT).join(self._counts)
        return frame[list(COLUMNS)]

    def summary(self) -> Summary:
        """Return the headline of all groups together, a row a group, and what it rests on."""
        frame = self.to_frame()
        table = pd.DataFrame(
            {
                "Offence group": ["All" if group == "all" else label(group) for group in frame["group"]],
                "Averted per person": [format_number(value, 3) for value in frame["estimate"]],
                f"{round(100 * self.level, 6):g}% interval": [
                    format_interval(low, high, 3)
                    for low, high in zip(frame["conf_low"], frame["conf_high"], strict=True)
                ],
                "Offences, treated": [format_count(value) for value in frame["n_offences_treated"]],
                "Offences, comparison": [format_count(value) for value in frame["n_offences_comparison"]],
            }
        )
        return Summary(title=words.TITLE, headline=self._headline(), table=table, notes=self._notes())

    def plot(self, ax: Axes | None = None) -> Axes:
        """Draw the offences averted by group with their intervals; return the Axes."""
        from dipeval.plots.money_prolific import averted_plot

        return averted_plot(self.to_frame(), ax=ax)

    def _headline(self) -> str:
        low, high = -self.total.conf_high, -self.total.conf_low
        text = words.FEWER if low > 0 else words.MORE if high < 0 else words.OPEN
        return text.format(
            averted=format_number(-self.total.estimate),
            low=format_number(low),
            high=format_number(high),
            level=f"{round(100 * self.level, 6):g}",
            who="treated person" if self.total.about == "ATT" else "person",
        )

    def _notes(self) -> tuple[str, ...]:
        lines = [words.NOTE_ESTIMAND.format(estimand=self.estimand.rstrip(".")), words.NOTE_SIGN, words.NOTE_SUM]
        if abs(self.scale - 1) > SCALED:
            lines.append(words.NOTE_SCALED.format(method=self.total.se_method, factor=format_number(self.scale, 3)))
        if len(self.groups) > 1:
            lines.append(words.NOTE_MANY.format(count=format_count(len(self.groups))))
        if self.left_out:
            named = ", ".join(label(group).lower() for group in self.left_out)
            lines.append(words.NOTE_LEFT_OUT.format(count=format_count(len(self.left_out)), groups=named))
        return tuple(lines)


def offences_averted(
    design: ComparisonDesign,
    offences: Any,
    *,
    cluster: pd.Series | None = None,
    std_error: str = "auto",
    level: float = 0.95,
) -> OffencesAverted:
    """Estimate the offences averted per person by offence group, and how the groups' estimates move together.

    Parameters
    ----------
    design
        From `dipeval.match` or `dipeval.weight`.
    offences
        The `Outcomes` of `dipeval.measure_reoffending`, or a frame with ``person_id`` (a label of the index of the
        design's people), ``offence_group`` and ``n_reoffences``, one row a person and group; people who are not in it
        committed none.
    cluster, std_error
        As in `estimate_effect`.
    level
        Coverage of the intervals, 0-1.

    Returns
    -------
    OffencesAverted
        Per group: the weighted mean of the people compared with, less that of the treated. They add up to minus the
        effect ``estimate_effect(design, n_reoffences, measure="mean_difference")``, and the sum of their covariance is
        the square of its error.

    Raises
    ------
    InputError
        If the offences name groups or people that are not known, or a group or person twice.
    EstimationError
        As `estimate_effect` does: too few people, no variation, outcomes that must not be compared.

    Notes
    -----
    The difference of weighted means is linear in the outcome, so that what each person contributes to the whole is the
    sum of what it contributes by group: the covariance of two groups is the sum of the products of these contributions
    within people, pairs, sets or persons, with the factors and the allowance for estimated weights of
    `estimate_effect` (Zeileis 2006, Journal of Statistical Software 16(9)). An error that is no such sum (Abadie and
    Imbens; the bootstrap; sets and people at once; ``count``) has no parts: the plain sandwich then gives the shape,
    and is multiplied throughout so that the total keeps that error.

    Examples
    --------
    >>> import dipeval as dip
    >>> from dipeval.datasets import recid
    >>> design = dip.weight(recid(), treated="workprg", covariates=["priors", "educ", "age"], method="entropy")
    >>> returned = recid()["returned"]
    >>> offences = pd.DataFrame({"person_id": returned.index, "n_reoffences": returned,
    ...     "offence_group": ["shoplifting", "robbery"] * 722 + ["shoplifting"]})
    >>> averted = offences_averted(design, offences)
    >>> averted.groups, [round(float(one), 4) for one in (*averted.vector, -averted.total.estimate)]
    (('shoplifting', 'robbery'), [0.0184, -0.0409, -0.0225])
    """
    counts = count_offences(design, offences)
    total = estimate_effect(
        design,
        counts.total,
        measure="mean_difference",
        outcome_name=TOTAL,
        cluster=cluster,
        std_error=std_error,
        level=level,
    )
    request = make_request(
        design,
        counts.total,
        TOTAL,
        measure="mean_difference",
        cluster=cluster,
        options=EstimateOptions(std_error=std_error),
    )
    vector, shape = _together(request, counts)
    scale = total.std_error / math.sqrt(math.fsum(shape.ravel()))
    return OffencesAverted(
        groups=counts.groups,
        left_out=counts.left_out,
        total=total,
        scale=scale,
        _vector=vector,
        _covariance=shape * scale**2,
        _counts=_behind(counts),
    )


def _together(request: Request, counts: OffenceCounts) -> tuple[Array, Array]:
    """Estimate every group; return the estimates (averted) and their covariance as the sandwich gives it."""
    vector = np.zeros(len(counts.groups))
    parts, factor = [], 1.0
    for number in range(len(counts.groups)):
        one = _of_group(request, counts.by_group[:, number])
        found = plain.estimate(one)
        vector[number] = -found.centre
        if found.contributions is None:
            found = plain.estimate(replace(one, options=replace(one.options, std_error="hc0")))
        assert found.contributions is not None
        parts.append(_within(found.contributions, found.clusters))
        factor = found.factor
    covariance = np.zeros((len(parts), len(parts)))
    for row, first in enumerate(parts):
        for column, second in enumerate(parts[: row + 1]):
            covariance[row, column] = covariance[column, row] = factor * exact_sum(first * second)
    return vector, covariance


def _of_group(request: Request, values: Array) -> Request:
    """The same request with the offences of one group as its outcome."""
    return replace(request, sample=replace(request.sample, outcome=values[request.rows]), outcomes_of_all=values)


def _within(contributions: Array, clusters: Any) -> Array:
    """Contributions added up within clusters, in an order that says nothing of where the rows stood."""
    if clusters is None:
        return contributions
    inside = clusters >= 0
    own, codes = contributions[inside], clusters[inside]
    order = np.lexsort((own, codes))
    return np.asarray(np.bincount(codes[order], weights=own[order]), dtype=np.float64)


def _behind(counts: OffenceCounts) -> pd.DataFrame:
    """Offences, and the people who committed them, by treatment: all groups, then one by one."""
    by_group = np.column_stack([counts.by_group.sum(axis=1), counts.by_group])
    found = {}
    for name, side in (("treated", counts.treated), ("comparison", ~counts.treated)):
        rows = by_group[counts.used & side]
        found[f"n_offences_{name}"] = rows.sum(axis=0).astype(np.int64)
        found[f"n_people_{name}"] = (rows > 0).sum(axis=0).astype(np.int64)
    return pd.DataFrame(found)
