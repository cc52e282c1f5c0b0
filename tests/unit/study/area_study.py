"""A study of invented people with a table of areas beside it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pandas as pd

from dipeval.study import Study
from tests.unit.effects.area_panels import NEVER, panel
from tests.unit.study.people_study import study

STARTS = [2, 2, 2, 3, 3, NEVER, NEVER, NEVER, NEVER, NEVER, NEVER]
ASKED = {"file": "areas.csv", "label": "recorded thefts", "draws": 199}


def areas(starts: list[int] = STARTS, **changes: Any) -> pd.DataFrame:
    """Thefts in areas, fewer once they had the programme."""
    frame = panel(starts, 6, seed=3, effect=-8.0)
    return frame.assign(outcome=frame["outcome"].round(), **changes)


def study_with_areas(folder: Path, frame: pd.DataFrame | None = None, **asked: Any) -> Study:
    """Write people and areas into a folder and return their study."""
    (areas() if frame is None else frame).to_csv(folder / "areas.csv", index=False)
    return study(folder, area_effect=ASKED | asked)
