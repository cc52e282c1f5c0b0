"""What a study comes back with: everything a report says, frozen, the effects only if the gate was passed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from dipeval.errors import EstimationError, InvariantError
from dipeval.presenting import HtmlMixin, Summary

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes

    from dipeval.cohort import Cohort
    from dipeval.disclosure import DisclosureRule
    from dipeval.effects import (
        AreaEffect,
        BeforeAfter,
        Effect,
        Effects,
        HiddenBias,
        JdlStyle,
        LinkagePropagation,
        NegativeControls,
        SpecificationCurve,
        SubgroupEffects,
        TimeVaryingEffect,
        TrueEffect,
    )
    from dipeval.indicators import Discharges, Pathway, Seen, Testing
    from dipeval.linkage import Linkage, LinkageQuality
    from dipeval.matching import Design
    from dipeval.outcomes import FollowUp, ObservedExpected
    from dipeval.roi import ReturnOnInvestment
    from dipeval.study.gate import Diagnostics
    from dipeval.study.hazard import HazardAnswer
    from dipeval.study.inputs import InputTable
    from dipeval.study.linkage_account import LinkageAccount
    from dipeval.study.money_parts import Money
    from dipeval.study.randomised import RandomisedCheck
    from dipeval.study.reading import StudyFile
    from dipeval.study.simulated import TrueLinks
    from dipeval.study.spec import OutcomeSpec, StudySpec
    from dipeval.study.steps import SensitivityResult
    from dipeval.study.time_to_event import TimeToEvent
    from dipeval.survival import CoxModel, Curve

WITHHELD = (
    "The effect is withheld: the comparison failed checks that were set before the outcome was seen, so a number "
    "would mislead. The outcome was not looked at."
)


# Results that rest on outcomes, and that a withheld study may not hold; of `money` that is all but its stages.
AFTER_THE_GATE = (
    "many_outcomes",
    "subgroups",
    "hidden_bias",
    "negative_controls",
    "specifications",
    "jdl_style",
    "before_after",
    "time_to_event",
)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class StudyResult(HtmlMixin):
    """The result of ``Study.run()``.

    Parameters
    ----------
    study_file
        The file: path, text, sha256, spec.
    rule
        How small counts must be protected in everything that is written.
    files
        Inputs, each with name, file, sha256 and rows.
    linkage, linkage_quality, cohort
        For studies from extracts; quality only where the truth is known. None otherwise.
    exposure
        The cohort's counts of who started when; None for person-level tables.
    design
        The primary design.
    diagnostics
        Its checks.
    sensitivity
        Further designs: name, label, design, diagnostics, effects.
    withheld, reasons
        Whether the effects are withheld, and one sentence for each check that failed.
    override_reason
        The written reason for going on although a check failed; empty if none was needed.
    unadjusted, effects
        Effects of the comparison as people come, and of the primary design: primary outcome first. Empty if withheld.
    randomised_check
        For a randomised study; else None.
    time_outcome, curve, cox
        Time to the outcome, with the design's weights and pairs; None if withheld or not asked for.
    roi
        Return on investment, or None; the answer of `money`.
    truth, true_links
        Simulated data only: true effects, and the same run with every link known.
    outcomes_measured
        The measured `Outcomes` of a cohort; None if withheld, or for a person-level table.
    excluded_columns
        Column -> why it is left out.
    baseline
        Covariates of the primary design.
    linkage_account
        The linkage's quality, whom it missed and the statement on it, worked out when asked for; None for
        person-level tables.
    linkage_error
        What wrong and missed links may do to the answer, one result a file: sensitivity analyses made after the
        outcomes were opened, never the registered answer. Empty if withheld or not asked for.
    linkage_error_failed
        Files for which that was asked and could not be done.
    time_varying
        The answer where treatment counts from the day it started (``cohort.immortal_time = "time_varying"``): a hazard
        ratio; None in every other design, and if withheld.
    observed_expected
        Reoffending beside what the files' risk scores predicted; None if they carry none, and if withheld.
    pathway, seen
        From test to treatment, and who was met by an agency; None without contacts among the extracts.
    testing, discharges
        Drug tests by result, and why treatment ended; None without drug tests or treatment among the extracts.
    assumptions
        What the design assumes of values that are not recorded, in sentences for readers; empty where none is missing.
    many_outcomes
        Every outcome together, the primary one alone and the rest corrected for their number; None if there is only
        one, and if withheld.
    subgroups
        Effects in parts of the people, with interaction tests; None if not asked for, and if withheld.
    hidden_bias, negative_controls, specifications
        What could overturn the answer: hidden factors, outcomes that treatment cannot have changed, and other designs;
        None if not asked for or not possible, and if withheld.
    jdl_style
        The answer in the style of the Justice Data Lab; None if not asked for.
    before_after
        Offending before and after, beside what would be seen without any effect; None if not asked for, and if
        withheld.
    time_to_event
        Everything told of the time outcome: shares at a mark, mean times, tests and what `[time_to_event]` asks for;
        None without such an outcome, and if withheld. Its curve and model are `curve` and `cox`.
    area_effect
        What happened in whole areas with the programme; None if not asked for. Of areas, not of the people here: shown
        whether or not the effects are withheld.
    money
        Everything told of money: the return on investment, the other way of finding the averted offences, what a person
        costs, what the spending comes to at each stage; None if the study costs nothing out. Of a withheld study it
        holds the stages alone, which rest on no outcome.
    """

    study_file: StudyFile
    rule: DisclosureRule
    files: tuple[InputTable, ...]
    linkage: Linkage | None
    linkage_quality: LinkageQuality | None
    cohort: Cohort | None
    exposure: pd.DataFrame | None
    design: Design
    diagnostics: Diagnostics
    sensitivity: tuple[SensitivityResult, ...]
    withheld: bool
    reasons: tuple[str, ...]
    override_reason: str
    unadjusted: tuple[Effect, ...]
    effects: tuple[Effect, ...]
    randomised_check: RandomisedCheck | None
    time_outcome: OutcomeSpec | None
    curve: Curve | None
    cox: CoxModel | None
    roi: ReturnOnInvestment | None
    truth: tuple[TrueEffect, ...]
    true_links: TrueLinks | None
    outcomes_measured: Any
    excluded_columns: Mapping[str, str]
    baseline: tuple[str, ...]
    linkage_account: LinkageAccount | None = field(default=None, repr=False)
    linkage_error: tuple[LinkagePropagation, ...] = ()
    linkage_error_failed: tuple[str, ...] = ()
    time_varying: TimeVaryingEffect | None = None
    observed_expected: ObservedExpected | None = None
    pathway: Pathway | None = None
    seen: Seen | None = None
    testing: Testing | None = None
    discharges: Discharges | None = None
    assumptions: tuple[str, ...] = ()
    many_outcomes: Effects | None = None
    subgroups: SubgroupEffects | None = None
    hidden_bias: HiddenBias | None = None
    negative_controls: NegativeControls | None = None
    specifications: SpecificationCurve | None = None
    jdl_style: JdlStyle | None = None
    before_after: BeforeAfter | None = None
    time_to_event: TimeToEvent | None = None
    area_effect: AreaEffect | None = None
    money: Money | None = None
    _flow: pd.DataFrame = field(repr=False)

    def __post_init__(self) -> None:
        shown = (self.unadjusted, self.effects, self.curve, self.cox, self.roi, self.truth, self.true_links)
        later: tuple[Any, ...] = (self.linkage_error, self.time_varying is not None, self.observed_expected is not None)
        later += tuple(getattr(self, name) is not None for name in AFTER_THE_GATE)
        later += (self.money is not None and self.money.rests_on_outcomes,)
        if self.withheld and (any((*shown, *later)) or any(item.effects for item in self.sensitivity)):
            raise InvariantError("A withheld study holds an effect.")
        if not self.withheld and not (self.diagnostics.passed or self.override_reason):
            raise InvariantError("A study shows effects although its checks failed and no reason is written down.")
        if self.diagnostics.design_fingerprint != self.design.fingerprint:
            raise InvariantError("The checks belong to another design than the one that is reported.")
        if any(effect.design_fingerprint != self.design.fingerprint for effect in self.effects):
            raise InvariantError("An effect belongs to another design than the one that is reported.")
        drawn = (*self.linkage_error, *(self.money.linked if self.money is not None else ()))
        if any(item.primary_fingerprint != self.design.fingerprint for item in drawn):
            raise InvariantError("A sensitivity analysis of the links belongs to another design than the one reported.")

    @property
    def spec(self) -> StudySpec:
        """What the study file says."""
        return self.study_file.spec

    @property
    def flow(self) -> pd.DataFrame:
        """From what was submitted to who was analysed: step, label, n_people, n_excluded (a fresh copy)."""
        return self._flow.copy()

    @property
    def designs(self) -> pd.DataFrame:
        """The primary and the further designs side by side, before any outcome (`designs_table`; a fresh copy)."""
        from dipeval.study.designs_table import designs_table

        return designs_table(self.design, self.diagnostics, self.sensitivity, self.spec)

    @property
    def follow_up(self) -> FollowUp | None:
        """What counts as a reoffence and for how long people are followed; None for a person-level table."""
        from dipeval.study.rules import follow_up

        return follow_up(self.spec) if self.spec.from_extracts else None

    @property
    def primary(self) -> Effect | None:
        """The answer: the primary effect; None if it is withheld, or a hazard ratio (`hazard`)."""
        return self.effects[0] if self.effects else None

    @property
    def hazard(self) -> HazardAnswer | None:
        """The answer where a time is primary and compared by its hazard ratio; else None."""
        from dipeval.study.hazard import hazard_answer

        return hazard_answer(self)

    @property
    def overridden(self) -> bool:
        """Whether a check failed and the study went on for a written reason."""
        return bool(self.override_reason)

    def _answer(self) -> Effect | HazardAnswer:
        answer = self.effects[0] if self.effects else self.hazard
        if answer is None:
            raise EstimationError(
                "This study has no answer: its primary outcome is a time, and no hazard ratio could be estimated (the "
                "log says why). Follow people for longer, or compare more of them."
            )
        return answer

    def to_frame(self) -> pd.DataFrame:
        """Return every figure as one long table.

        Returns
        -------
        pandas.DataFrame
            section, measure, group, estimate, conf_low, conf_high, n, n_smallest, status, note. ``n`` counts the people
            behind a figure and ``n_smallest`` the smallest count of people it rests on: pass the table through
            `dipeval.disclosure.release` before it goes anywhere.
        """
        from dipeval.study.tidy import tidy

        return tidy(self)

    def provenance(self) -> dict[str, Any]:
        """Return where the result came from, ready for run.json: hashes, versions, seed, counts. No clock time."""
        from dipeval.study.provenance import provenance

        return provenance(self)

    def summary(self) -> Summary:
        """Return the answer in a sentence, or why there is none."""
        if self.withheld:
            table = self.diagnostics.to_frame()[["check", "value", "threshold", "passed"]]
            notes = (*self.reasons, *self.assumptions)
            return Summary(title=self.spec.title, headline=WITHHELD, table=table, notes=notes)
        own = self._answer().summary()
        warning = (f"A check on the comparison failed; the reason given for going on: {self.override_reason}",)
        notes = (*(warning + self.reasons if self.overridden else ()), *own.notes, *self.assumptions)
        return Summary(title=self.spec.title, headline=own.headline, table=own.to_frame(), notes=notes)

    def plot(self, ax: Axes | None = None) -> Axes:
        """Draw the primary effect beside the unadjusted one and those of the other designs, or the checks if withheld.

        Parameters
        ----------
        ax
            Axes to draw on; a new figure without it. Exact figures: not for release.

        Returns
        -------
        matplotlib.axes.Axes
        """
        from dipeval.study.beside import marked, plot_effects

        if self.withheld:
            return self.diagnostics.plot(ax=ax)
        if not self.effects:
            return self._answer().plot(ax=ax)
        first = self.effects[0]
        rows = [(marked("Primary design", self.diagnostics), self.effects), ("Unadjusted", self.unadjusted)]
        rows += [(marked(item.label, item.diagnostics), item.effects) for item in self.sensitivity]
        same = [
            (words, effect)
            for words, effects in rows
            for effect in effects
            if (effect.outcome_name, effect.measure) == (first.outcome_name, first.measure)
        ]
        return plot_effects(same, ax=ax)
