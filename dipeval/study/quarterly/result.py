"""What a quarterly study comes back with: everything its report says, frozen, for the whole area or one district."""

from __future__ import annotations

import datetime as dt
import difflib
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Final

from dipeval.errors import InputError, InvariantError
from dipeval.presenting import HtmlMixin, Summary, and_join

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes

    from dipeval.disclosure import DisclosureRule
    from dipeval.indicators import (
        AdultTransition,
        AgeStructure,
        Benchmark,
        Concentration,
        ContactHours,
        ControlChart,
        CorrectedPositivity,
        DenominatorGrowth,
        DrugOffenceLink,
        EntryPointYield,
        FundingAllocation,
        Indicators,
        OfficerTime,
        Pathway,
        Seen,
    )
    from dipeval.linkage import Linkage
    from dipeval.roi import CostPerStage
    from dipeval.study.inputs import InputTable
    from dipeval.study.quarterly.reading import QuarterlyFile
    from dipeval.study.quarterly.spec import QuarterlySpec

# Parts that may be missing, each with its reason in `QuarterlyResult.not_told`.
PARTS: Final = (
    "charts",
    "growth",
    "benchmarks",
    "funding",
    "testing_funding",
    "accuracy",
    "offence_link",
    "concentration",
    "officers",
    "hours",
    "cost_per_stage",
    "funders",
    "pathway",
    "seen",
    "adult_transition",
    "age_structure",
    "entry_yield",
)
NO_COMPARISON: Final = (
    "Nothing here is an effect: nobody is compared with people who had no help, so these figures do not say what the "
    "programme achieved."
)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class QuarterlyResult(HtmlMixin):
    """The result of ``QuarterlyReview.run()``.

    Parameters
    ----------
    study_file
        The file: path, text, sha256, spec.
    spec
        What it says.
    rule
        How small counts must be protected in everything that is written. The figures here are exact.
    files
        Inputs, each with name, file, sha256 and rows.
    linkage
        Whose records are whose.
    extract_date
        Last day the data cover.
    period
        The latest period that is covered to its end; empty if none is.
    periods
        Every period told, in order of time.
    districts
        In alphabetical order: of the whole area, also in the view of one district.
    district
        Whose view this is (`for_district`); None for the whole area.
    indicators
        All indicators by district, period and breakdown.
    charts
        (indicator, district) -> control chart; the whole area under ``all districts``.
    growth
        What the growth of the number of tests is made of.
    benchmarks
        Indicator -> districts compared, over the latest periods that are complete. Of all districts in every view.
    funding, testing_funding
        The budget shared out by the formula of the study file, and the one for testing.
    sensitivity
        ``funding`` and ``testing_funding`` -> how far the shares move with the weights.
    funding_notes
        ``funding`` and ``testing_funding`` -> what must be said of the measures they were fed with.
    accuracy
        Positivity corrected for wrong test results, over the latest complete periods.
    offence_link
        Positive tests by offence and substance over time.
    concentration
        Positive tests a person, over the latest complete periods.
    officers, hours
        Posts, hours and what they were spent on; hours of the day of tests and contacts.
    officers_by_role
        Role -> the same of that role alone, roles that test first; empty where the records name no role.
    cost_per_stage
        Spending by stage in `spend_year`.
    spend_year
        Financial year of `cost_per_stage` and `funders`; empty without spending.
    pathway, seen
        The latest period: what happened in it (period counting), and tests that were followed by a contact.
    adult_transition
        People known under 18, followed from their 18th birthday.
    age_structure
        Ages of the people with a positive test, by financial year and substance.
    entry_yield
        First contacts by entry point, and what followed.
    whole_area
        View of one district: parts that can only be told of the whole area and stay so.
    not_told
        Part -> the sentence that says why it is missing.
    """

    study_file: QuarterlyFile
    spec: QuarterlySpec
    rule: DisclosureRule
    files: tuple[InputTable, ...]
    linkage: Linkage = field(repr=False)
    extract_date: dt.date
    period: str
    periods: tuple[str, ...]
    districts: tuple[str, ...]
    district: str | None = None
    indicators: Indicators
    charts: Mapping[tuple[str, str], ControlChart] = field(default_factory=lambda: MappingProxyType({}))
    growth: DenominatorGrowth | None = None
    benchmarks: Mapping[str, Benchmark] = field(default_factory=lambda: MappingProxyType({}))
    funding: FundingAllocation | None = None
    testing_funding: FundingAllocation | None = None
    sensitivity: Mapping[str, Any] = field(default_factory=lambda: MappingProxyType({}))
    funding_notes: Mapping[str, tuple[str, ...]] = field(default_factory=lambda: MappingProxyType({}))
    accuracy: CorrectedPositivity | None = None
    offence_link: DrugOffenceLink | None = None
    concentration: Concentration | None = None
    officers: OfficerTime | None = None
    officers_by_role: Mapping[str, OfficerTime] = field(default_factory=lambda: MappingProxyType({}))
    hours: ContactHours | None = None
    cost_per_stage: CostPerStage | None = None
    spend_year: str = ""
    pathway: Pathway | None = None
    seen: Seen | None = None
    adult_transition: AdultTransition | None = None
    age_structure: AgeStructure | None = None
    entry_yield: EntryPointYield | None = None
    whole_area: tuple[str, ...] = ()
    not_told: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    _quality: pd.DataFrame = field(repr=False)
    _funders: pd.DataFrame | None = field(default=None, repr=False)

    def __post_init__(self) -> None:
        silent = [part for part in PARTS if not self._is_told(part) and part not in self.not_told]
        if silent:
            raise InvariantError(f"A quarterly result lacks {and_join(silent)} and does not say why.")
        if self.district is not None and self.district not in self.districts:
            raise InvariantError("A quarterly result is the view of a district that it does not have.")

    def _is_told(self, part: str) -> bool:
        value = getattr(self, part)
        return value is not None and not (isinstance(value, Mapping) and not value)

    def for_district(self, name: str) -> QuarterlyResult:
        """Return the view of one district: the same run, its rows.

        Parameters
        ----------
        name
            One of `districts`.

        Returns
        -------
        QuarterlyResult
            Nothing is counted again. Parts that compare districts hold all of them; `whole_area` names the parts that
            can only be told of the whole area.

        Raises
        ------
        InputError
            If there is no such district, or this is the view of one already.
        """
        from dipeval.study.quarterly.views import district_view

        if self.district is not None:
            raise InputError(f"This is the view of {self.district} alone; ask the whole result for '{name}'.")
        if name not in self.districts:
            near = difflib.get_close_matches(str(name), self.districts, n=1)
            hint = f"did you mean '{near[0]}'?" if near else f"the districts are {', '.join(self.districts)}."
            raise InputError(f"There is no district '{name}'; {hint}")
        return district_view(self, name)

    @property
    def quality(self) -> pd.DataFrame:
        """Checks of the records: check, label, table, column, district, period, value, unit (``share``, ``days`` or
        ``count``), n (records behind the value), wanted, passed, note."""
        return self._quality.copy()

    @property
    def funders(self) -> pd.DataFrame | None:
        """Who paid in `spend_year`: district, funder, amount (pounds), share (of the district's sum); or None."""
        return None if self._funders is None else self._funders.copy()

    @property
    def reported_districts(self) -> tuple[str, ...]:
        """Districts that get a report of their own: as the study file says (``[reports]``), by name."""
        named = self.spec.reports.districts
        return tuple(sorted(named)) if named else self.districts if self.spec.reports.each_district else ()

    @property
    def place(self) -> str:
        """Where this is about, in words: the district, or all districts."""
        return self.district or "all districts"

    def provenance(self) -> dict[str, Any]:
        """Return the record of the run, ready to be written as JSON: study, inputs, counting rule, versions, seed."""
        from dipeval.study.quarterly.record import provenance

        return provenance(self)

    def to_frame(self) -> pd.DataFrame:
        """Return the measured indicators (columns: see `Indicators.to_frame`)."""
        return self.indicators.to_frame()

    def plot(self, ax: Axes | None = None) -> Axes:
        """Draw the indicators of the latest period (see `Indicators.plot`) and return the Axes."""
        return self.indicators.plot(ax)

    def summary(self) -> Summary:
        """Return the latest figures with their targets, and what could not be told and why."""
        shown = self.indicators.summary()
        covered = f"{len(self.periods)} period(s) to {self.periods[-1]}" if self.periods else "no period"
        missing = tuple(f"Not told: {part.replace('_', ' ')}. {why}" for part, why in self.not_told.items())
        return Summary(
            title=self.spec.title,
            headline=f"{self.place[0].upper()}{self.place[1:]}, {covered}; the latest complete one is "
            f"{self.period or 'none'}. {NO_COMPARISON}",
            table=shown.table,
            notes=(*shown.notes, *missing),
        )
