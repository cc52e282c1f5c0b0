"""The order of work: people, design, gate, and only then the outcome."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from dipeval.study import (
    area,
    beyond,
    described,
    estimates,
    missing,
    money_parts,
    money_people,
    money_tables,
    rules,
    simulated,
    steps,
    time_steps,
    times,
)
from dipeval.study.checking import CheckResult
from dipeval.study.flow import design_rows, flow_frame
from dipeval.study.gate import Diagnostics, Permit, examine, permit
from dipeval.study.linkage_account import LinkageAccount
from dipeval.study.linkage_error import linkage_errors
from dipeval.study.load import Prepared, prepare
from dipeval.study.randomised import randomised_check
from dipeval.study.reading import StudyFile, read_study_file
from dipeval.study.result import StudyResult
from dipeval.study.spec import StudySpec

if TYPE_CHECKING:
    import pandas as pd

    from dipeval.matching import Design

logger = logging.getLogger("dipeval")


@dataclass(frozen=True, slots=True, kw_only=True)
class Study:
    """A study that can be checked and run. Made by `Study.from_toml`.

    Parameters
    ----------
    file
        The study file as it was read.
    """

    file: StudyFile

    @classmethod
    def from_toml(cls, path: str | Path) -> Study:
        """Read a study file and check everything in it that can be checked without data.

        Parameters
        ----------
        path
            A TOML file; relative paths in it start from its folder.

        Returns
        -------
        Study

        Raises
        ------
        StudyFileError
            With every mistake at once, each naming its key and line.

        Examples
        --------
        >>> from importlib.resources import files
        >>> study = Study.from_toml(files("dipeval.examples") / "rossi.toml")
        >>> study.spec.primary.name
        'arrested'
        """
        file = read_study_file(path)
        rules.check_rules(file.spec, file.path.name, file.text)
        return cls(file=file)

    @property
    def spec(self) -> StudySpec:
        """What the study file says."""
        return self.file.spec

    def check(self) -> CheckResult:
        """Find the people and make the comparison, without touching an outcome.

        Returns
        -------
        CheckResult
            Attrition, overlap, balance, the checks of the gate, and the smallest effect that could be detected.

        Examples
        --------
        >>> from importlib.resources import files
        >>> study = Study.from_toml(files("dipeval.examples") / "rossi.toml")
        >>> study.check().diagnostics.passed
        True
        """
        prepared, design, sensitivity, diagnostics = self._designed()
        further = beyond.plan_beyond(prepared, self.spec)
        return CheckResult(
            spec=self.spec,
            rule=described.rule_for(prepared, self.spec),
            design=design,
            diagnostics=diagnostics,
            sensitivity=sensitivity,
            linkage=prepared.linkage,
            assumptions=missing.assumptions_of(prepared, self.spec),
            specifications=further.specifications,
            _flow=self._flow(prepared, design),
        )

    def run(self) -> StudyResult:
        """Run the study: people, designs, gate, and, if the gate is passed, effects, curve and money.

        Returns
        -------
        StudyResult
            With the effects withheld if the comparison failed its checks and no reason for going on is written down.

        Examples
        --------
        >>> from importlib.resources import files
        >>> result = Study.from_toml(files("dipeval.examples") / "rossi.toml").run()
        >>> result.randomised_check.passed
        True
        """
        prepared, design, sensitivity, diagnostics = self._designed()
        further = beyond.plan_beyond(prepared, self.spec)
        common = self._common(prepared, design, diagnostics)
        reason = self.spec.override_reason.strip()
        if not diagnostics.passed and not reason:
            logger.info("the comparison failed its checks: the effect is withheld")
            return StudyResult(
                sensitivity=sensitivity,
                withheld=True,
                reasons=diagnostics.reasons,
                override_reason="",
                money=money_parts.money_before(prepared, self.spec, self._folder),
                **_NOTHING,
                **common,
            )
        leave = permit(diagnostics, reason)
        if leave.override_reason:
            logger.info("a check failed; going on for the reason in the study file: %s", leave.override_reason)
        answers = self._answers(prepared, design, sensitivity, further, leave)
        return StudyResult(
            withheld=False,
            reasons=diagnostics.reasons,
            override_reason=leave.override_reason,
            **answers,
            **common,
        )

    @property
    def _folder(self) -> Path:
        """Where relative paths in the study file start."""
        return self.file.path.resolve().parent

    def _designed(self) -> tuple[Prepared, Design, tuple[steps.SensitivityResult, ...], Diagnostics]:
        if self.spec.costs is not None:
            # Faults in these files are told now rather than after the linkage.
            money_tables.money_tables_of(self.spec.costs, self._folder)
        prepared = prepare(self.spec, self._folder)
        if self.spec.costs is not None and prepared.extracts is not None and "spend" in prepared.extracts:
            money_people.check_districts(prepared, prepared.extracts.table("spend"))
        design = steps.primary_design(prepared, self.spec)
        sensitivity = steps.sensitivity_designs(prepared, self.spec)
        diagnostics = examine(design, self.spec.diagnostics, modelled=self.spec.time_varying)
        logger.info("checks on the comparison: %s", "passed" if diagnostics.passed else "failed")
        return prepared, design, sensitivity, diagnostics

    def _flow(self, prepared: Prepared, design: Design) -> pd.DataFrame:
        return flow_frame([*prepared.flow, *design_rows(design, len(prepared.frame))])

    def _common(self, prepared: Prepared, design: Design, diagnostics: Diagnostics) -> dict[str, Any]:
        account = None if prepared.linkage is None else LinkageAccount(prepared.linkage, prepared.extracts)
        return {
            "study_file": self.file,
            "rule": described.rule_for(prepared, self.spec),
            "files": (
                *prepared.files,
                *area.area_files(self.spec, self._folder),
                *money_tables.money_files(self.spec, self._folder),
            ),
            "area_effect": area.area_effect_of(self.spec, self._folder),
            "linkage": prepared.linkage,
            "linkage_quality": None if account is None else account.measured,
            "linkage_account": account,
            "cohort": prepared.cohort,
            "exposure": prepared.cohort.exposure if prepared.cohort is not None else None,
            "design": design,
            "diagnostics": diagnostics,
            "time_outcome": self.spec.time_outcome,
            "excluded_columns": MappingProxyType(dict(self.spec.people.excluded)),
            "baseline": tuple(self.spec.design.covariates),
            "assumptions": missing.assumptions_of(prepared, self.spec),
            **described.pathway_of(prepared, self.spec),
            "_flow": self._flow(prepared, design),
        }

    def _answers(
        self,
        prepared: Prepared,
        design: Design,
        sensitivity: tuple[steps.SensitivityResult, ...],
        further: beyond.Beyond,
        leave: Permit,
    ) -> dict[str, Any]:
        spec = self.spec
        logger.info("opening the outcomes")
        opened = prepared.sealed.open(leave)
        cluster = prepared.cluster
        effects = estimates.effects_of(design, opened.frame, spec, cluster, spec.effect)
        unadjusted = estimates.effects_of(steps.unadjusted_design(prepared, spec), opened.frame, spec, cluster)
        # Curves by a label that is only given later would show its immortal time.
        timed = None if spec.time_varying else spec.time_outcome
        curve, model = times.times_of(design, opened.frame, timed, cluster)
        drawn, failed = linkage_errors(prepared, opened, effects[0] if effects else None, spec, leave)
        money = money_parts.money_of(
            effects, prepared, design, opened, spec, folder=self._folder, drawn=drawn, leave=leave
        )
        return {
            "time_varying": times.time_varying_of(prepared, opened, spec),
            "observed_expected": described.expected_of(prepared, opened),
            "linkage_error": drawn,
            "linkage_error_failed": failed,
            "sensitivity": estimates.with_effects(sensitivity, opened.frame, spec, cluster),
            "unadjusted": unadjusted,
            "effects": effects,
            "randomised_check": randomised_check(effects, unadjusted) if spec.design.randomised else None,
            "curve": curve,
            "cox": model,
            "time_to_event": time_steps.time_to_event_of(prepared, design, opened, spec, curve, model),
            "roi": None if money is None else money.roi,
            "money": money,
            "truth": simulated.truth_of(prepared, design, spec),
            "true_links": simulated.true_links_of(prepared, spec),
            "outcomes_measured": opened.measured,
            **beyond.beyond_of(further, prepared, design, effects, opened, spec),
        }


_NOTHING: dict[str, Any] = {
    "unadjusted": (),
    "effects": (),
    "randomised_check": None,
    "curve": None,
    "cox": None,
    "roi": None,
    "truth": (),
    "true_links": None,
    "outcomes_measured": None,
}
