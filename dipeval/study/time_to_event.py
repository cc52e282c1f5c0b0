"""Everything a study tells of a time to an event, in one frozen result: one field a part, None where there is none."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import pandas as pd

from dipeval.errors import EstimationError, InvariantError
from dipeval.presenting import HtmlMixin, Summary, format_interval, format_number, format_p, format_percent

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from dipeval.effects import ClockComparison, Effect, ImmortalTimeAudit
    from dipeval.survival import (
        CoxModel,
        Curve,
        FamilyComparison,
        FineGrayModel,
        GrayTest,
        Incidence,
        MeanCount,
        ProportionalHazardsTest,
        RateModel,
        RecurrentModel,
        RestrictedMean,
        TestResult,
    )

# Part -> what it is called in a sentence or a heading.
PARTS: Mapping[str, str] = MappingProxyType(
    {
        "curve": "Share without the event over time",
        "mark": "Shares compared at one time",
        "restricted_mean": "Mean time free of the event",
        "test": "Test of equal curves",
        "cox": "Hazard ratio",
        "hazard_effect": "Hazard ratio as an effect of the design",
        "mean_effect": "Difference in mean times as an effect of the design",
        "proportional_hazards": "Test of a constant hazard ratio",
        "incidence": "What happened first",
        "gray": "Test of equal incidence",
        "subdistribution": "Subdistribution hazard ratio",
        "mean_count": "Mean number of events a person",
        "recurrent": "Hazard ratios over all events",
        "rates": "Rate ratio over the time at risk",
        "families": "Share who ever have the event",
        "clocks": "Calendar time and street time",
        "audit": "Audit of immortal time",
    }
)
COUNT_COLUMNS = ("what", "group", "n", "n_events")


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class TimeToEvent(HtmlMixin):
    """What a study tells of its time to an event. Made by ``Study.run()``, as ``StudyResult.time_to_event``.

    All figures use the weights of the primary design. Errors are clustered by matched pair or set, or by the person
    where a person is in more than once; after matching with replacement, `mark`, `restricted_mean` and `hazard_effect`
    are clustered by set and by person at once, and the other parts by person. In weighted designs `hazard_effect`,
    `mean_effect` and, where everybody was followed until then, the difference of `mark` have the errors of an effect,
    which know that weights were estimated; the other parts take them as given. The groups are called "comparison" and
    "treated"; a difference is treated minus comparison. Counts inside the parts are exact: release them first.

    Parameters
    ----------
    label, unit
        The outcome in words, and the unit of all its times (days, weeks, months or years). Columns called
        ``time_days`` are in this unit too.
    level
        Coverage of the intervals, 0-1.
    mark_time
        The time at which shares are compared; None where the usual one (a year) lies beyond the follow-up.
    horizon
        Up to which mean times are compared; None if they are not.
    curve
        `Curve`: Kaplan-Meier by group; ``to_frame()``, ``at()``, ``median()``. The same as ``StudyResult.curve``.
    restricted_mean
        `RestrictedMean`: mean time free of the event until `horizon`, by group, and the difference. After matching with
        replacement its ``n`` and ``n_events`` count uses of people: take the people from `counts`.
    mean_effect
        `Effect`: the difference in mean times to quote in weighted designs; None where that of `restricted_mean` is the
        same. Its figures are in `unit`.
    test
        `TestResult`: the log-rank test (or G-rho), in robust form with weights or clusters.
    cox
        `CoxModel` of treatment alone. The same as ``StudyResult.cox``.
    hazard_effect
        `Effect`: the hazard ratio to quote where weights differ between people; None where that of `cox` is the same.
    proportional_hazards
        `ProportionalHazardsTest` of `cox`: whether its ratio is the same at all times.
    incidence
        `Incidence`: share of each group to whom each cause happened first (Aalen-Johansen). Causes: "reoffence",
        "death", and "custody" (received into custody before any reoffence that counts: for an older offence, a recall,
        or one not counted here).
    gray
        `GrayTest` by cause; only where people count alike and independently of each other.
    subdistribution
        Cause -> `FineGrayModel` of treatment; if asked for, and where `gray` is not to be had.
    mean_count
        `MeanCount`: mean number of events a person over time at liberty, all events counted (several on one day as
        one).
    recurrent
        "andersen_gill", "pwp_total", "pwp_gap" -> `RecurrentModel` of treatment over all events (Prentice, Williams and
        Peterson by total time and by gap time; the fourth event and later ones share a stratum).
    rates
        `RateModel`: ratio of the rates of events over the days at risk (net of custody), negative binomial.
    families
        `FamilyComparison`: share who ever have the event, by family of distributions (split-population models), with
        treatment in both parts.
    clocks
        `ClockComparison`: effect in calendar time and in street time, side by side.
    audit
        `ImmortalTimeAudit`: what a naive ever-treated label would say, beside honest designs.
    not_done
        Part -> one sentence on why it could not be worked out; holds no count and no value of a person. Parts that were
        not asked for are not in it.
    notes
        Sentences that belong beside the figures.

    Examples
    --------
    >>> from importlib.resources import files
    >>> import dipeval as dip
    >>> result = dip.Study.from_toml(files("dipeval.examples") / "rossi.toml").run()
    >>> told = result.time_to_event
    >>> told.mark_time, told.unit, told.mark["group"].tolist()
    (52.0, 'weeks', ['comparison', 'treated', 'difference'])
    """

    label: str
    unit: str
    level: float
    mark_time: float | None = None
    horizon: float | None = None
    curve: Curve | None = None
    restricted_mean: RestrictedMean | None = None
    mean_effect: Effect | None = None
    test: TestResult | None = None
    cox: CoxModel | None = None
    hazard_effect: Effect | None = None
    proportional_hazards: ProportionalHazardsTest | None = None
    incidence: Incidence | None = None
    gray: GrayTest | None = None
    subdistribution: Mapping[str, FineGrayModel] = field(default_factory=lambda: MappingProxyType({}))
    mean_count: MeanCount | None = None
    recurrent: Mapping[str, RecurrentModel] = field(default_factory=lambda: MappingProxyType({}))
    rates: RateModel | None = None
    families: FamilyComparison | None = None
    clocks: ClockComparison | None = None
    audit: ImmortalTimeAudit | None = None
    not_done: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    notes: tuple[str, ...] = ()
    _mark: pd.DataFrame | None = field(default=None, repr=False)
    _counts: pd.DataFrame = field(repr=False)

    def __post_init__(self) -> None:
        if tuple(self._counts.columns) != COUNT_COLUMNS:
            raise InvariantError("The counts of a time to an event do not have the documented columns.")
        if (self._counts["n_events"] > self._counts["n"]).any():
            raise InvariantError("More people have the event than there are people.")
        if self._mark is not None and self.mark_time is None:
            raise InvariantError("Shares are compared at no time.")
        known = tuple(PARTS)
        if any(not name.startswith(known) for name in self.not_done):
            raise InvariantError("A part that could not be worked out is none of the parts.")

    @property
    def mark(self) -> pd.DataFrame | None:
        """Shares with the event by `mark_time`, a fresh copy of ``Curve.compare_at``; None if not to be had.

        Columns group (comparison, treated, difference), time_days (in `unit`), share, std_error, conf_low, conf_high,
        p_value (of the difference).
        """
        return None if self._mark is None else self._mark.copy()

    @property
    def counts(self) -> pd.DataFrame:
        """People (index events, where a person is in more than once) behind the figures, never weighted; a fresh copy.

        Each is counted once. Columns what, group (comparison, treated), n (those the design uses) and n_events (those
        of them it happened to). ``what`` is "event", "event by mark", "event by horizon", "CAUSE first" and "CAUSE
        first by mark" for each cause told apart, and "event at liberty" for models of all events.
        """
        return self._counts.copy()

    def to_frame(self) -> pd.DataFrame:
        """Return the main figures of every part as one long table.

        Returns
        -------
        pandas.DataFrame
            part (as the fields are called), term (what is estimated), group, estimate, std_error, conf_low, conf_high,
            p_value, n (people), n_smallest (the smallest count of people that the figure rests on; 0 where that is not
            known).
        """
        from dipeval.study.time_figures import figures_of

        return figures_of(self)

    def summary(self) -> Summary:
        """Return the difference at the mark, in mean times, or the hazard ratio; all main figures; what is not done."""
        frame = self.to_frame()
        shown = pd.DataFrame(
            {
                "Part": [PARTS.get(str(part), str(part)) for part in frame["part"]],
                "Figure": [_words(row) for row in frame.to_dict("records")],
                "Estimate": [format_number(value, 3) for value in frame["estimate"]],
                f"{100 * self.level:g}% interval": [
                    "" if low != low else format_interval(low, high, 3)
                    for low, high in zip(frame["conf_low"], frame["conf_high"], strict=True)
                ],
                "p-value": ["" if value != value else format_p(value) for value in frame["p_value"]],
            }
        )
        left = tuple(f"{PARTS[_part(name)]}: not worked out. {why}" for name, why in self.not_done.items())
        return Summary(title=f"{self.label}", headline=self._headline(), table=shown, notes=(*self.notes, *left))

    def _headline(self) -> str:
        if self._mark is not None:
            share = dict(zip(self._mark["group"], self._mark["share"], strict=True))
            row: dict[Any, Any] = self._mark[self._mark["group"] == "difference"].to_dict("records")[0]
            return (
                f"By {self.mark_time:g} {self.unit}, {format_percent(share['treated'])} of the treated and "
                f"{format_percent(share['comparison'])} of the comparison group had the event, a difference of "
                f"{format_number(100 * row['share'], 1)} percentage points ({100 * self.level:g}% interval "
                f"{format_interval(100 * row['conf_low'], 100 * row['conf_high'], 1)})."
            )
        if self.cox is not None:
            return str(self.cox.summary().headline)
        if self.audit is not None:
            return str(self.audit.summary().headline)
        return "Nothing could be estimated of this time; the notes say why."

    def plot(self, ax: Axes | None = None) -> Axes:
        """Draw the curves of the two groups, or the audit where there are none, and return the Axes drawn on."""
        drawn: Any = self.curve if self.curve is not None else self.audit
        if drawn is None:
            raise EstimationError("There is no curve to draw: `not_done` says why.")
        axes: Axes = drawn.plot(ax=ax)
        return axes


def _part(name: str) -> str:
    """The part that an entry of `not_done` is about: its name starts with it."""
    return max((part for part in PARTS if name.startswith(part)), key=len)


def _words(row: dict[Any, Any]) -> str:
    term = str(row["term"]).replace("_", " ")
    return f"{term}: {row['group']}" if row["group"] else term
