"""A study of invented people with a section on the style of the Justice Data Lab."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pandas as pd

from dipeval.study import Study, StudyResult
from dipeval.study.gate import Permit
from dipeval.study.jdl import jdl_design_of, jdl_style_of
from dipeval.study.load import prepare
from dipeval.study.spec import StudySpec
from dipeval.study.spec_jdl import JdlStyleSpec
from tests.unit.effects.jdl_people import invented
from tests.unit.study.people_study import study

OUTCOMES = [
    {"name": "number", "kind": "count", "label": "Reoffences", "column": "how_often"},
    {"name": "came_back", "kind": "yes_no", "label": "Came back", "primary": True},
    {"name": "soon", "kind": "time", "label": "Time", "time": "day", "event": "seen"},
]
COVARIATES = ["age", "priors", "female"]


def people(size: int = 1500, **options: Any) -> pd.DataFrame:
    """Invented people under the column names of the study file."""
    frame = invented(size, **options).rename_axis("who").reset_index()
    names = {"treated": "helped", "reoffended": "came_back", "n_reoffences": "how_often", "time_days": "day"}
    return frame.rename(columns={**names, "event": "seen"})


def asked(spec: StudySpec, **options: Any) -> StudySpec:
    """The study with the section."""
    return spec.model_copy(update={"jdl_style": JdlStyleSpec(**{"radius": 0.1, **options})})


def study_of(folder: Path, frame: pd.DataFrame | None = None, **changes: Any) -> Study:
    """The study without the section."""
    given = {"design": {"method": "entropy", "covariates": COVARIATES}, "outcomes": OUTCOMES, **changes}
    return study(folder, people() if frame is None else frame, **given)


def result_of(folder: Path, frame: pd.DataFrame | None = None, *, section: Any = None, **changes: Any) -> StudyResult:
    """The study's result with the analysis in this style, as the order of work puts them together."""
    made = study_of(folder, frame, **changes)
    result, spec = made.run(), asked(made.spec, **(section or {}))
    prepared = prepare(spec, folder)
    design = jdl_design_of(prepared, spec)
    opened = prepared.sealed.open(Permit(design_fingerprint=result.design.fingerprint))
    return replace(result, jdl_style=jdl_style_of(design, prepared, opened, spec))
