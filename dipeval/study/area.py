"""What happened in whole areas, beside the study's people: another table, another question, and no person's outcome."""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd

from dipeval.errors import InputError
from dipeval.study.inputs import InputTable
from dipeval.study.people import read_people

if TYPE_CHECKING:
    from dipeval.effects import AreaEffect
    from dipeval.study.spec import StudySpec
    from dipeval.study.spec_area import AreaEffectSpec

logger = logging.getLogger("dipeval")

SECTION = "area effect"
NOTE = "about areas, not about the people of this study"


def area_effect_of(spec: StudySpec, folder: Path) -> AreaEffect | None:
    """Return the effect on areas that a study asks for, or None; it needs no gate, for it is no person's outcome.

    Parameters
    ----------
    spec
        The study: ``[area_effect]``, and the seed.
    folder
        Where relative paths start: the study file's folder.

    Returns
    -------
    AreaEffect or None

    Raises
    ------
    InputError
        If the table cannot be read or shows no effect; the sentence names the section.
    """
    asked = spec.area_effect
    if asked is None:
        return None
    from dipeval.effects.areas.estimate import area_effect

    logger.info("what happened in areas with and without the programme")
    options = asked.model_dump(exclude={"file"})
    try:
        return area_effect(_read(asked, folder), seed=spec.seed, **options)
    except InputError as error:
        raise type(error)(f"[area_effect]: {error}") from None


def area_files(spec: StudySpec, folder: Path) -> tuple[InputTable, ...]:
    """Return the record of the table of areas, for the inputs of a study; none if it asks for none.

    Parameters
    ----------
    spec
        The study.
    folder
        As in `area_effect_of`.

    Returns
    -------
    tuple of InputTable
    """
    asked = spec.area_effect
    if asked is None:
        return ()
    path = folder / asked.file
    rows = len(_read(asked, folder))
    return (InputTable(name="areas", file=path.name, sha256=hashlib.sha256(path.read_bytes()).hexdigest(), rows=rows),)


def _read(asked: AreaEffectSpec, folder: Path) -> pd.DataFrame:
    path = folder / asked.file
    if not path.is_file():
        raise InputError(
            f"area_effect.file: there is no file '{asked.file}' beside the study file. Paths start from its folder."
        )
    return read_people(path)


def counted_behind(found: AreaEffect) -> pd.Series:
    """Return what the outcome counts behind each row of ``to_frame()``; missing where it counts nothing.

    Waves make up the overall effect, and so do times since the start: one that is hidden could be worked out from the
    others, so that each of them counts as the smallest.

    Parameters
    ----------
    found
        The result.

    Returns
    -------
    pandas.Series
        Int64, one value a row.
    """
    frame = found.to_frame()
    parts = frame["term"] + " " + frame["group"].where(frame["term"] == "event_time", "")
    return frame.groupby(parts)["n_events"].transform("min").astype("Int64")


def area_rows(found: AreaEffect | None) -> Iterator[dict[str, Any]]:
    """Return the figures as rows of the tidy table of a study.

    Parameters
    ----------
    found
        The result; none gives no rows.

    Returns
    -------
    iterator of dict
        section, measure, group, estimate, conf_low, conf_high, n_smallest, status, note. Areas are no people: ``n`` is
        left out, and ``n_smallest`` is what the outcome counts in the treated areas, where it counts something.
    """
    if found is None:
        return
    status = "shown" if found.has_interval else "no interval"
    for row in found.to_frame().assign(behind=counted_behind(found)).to_dict("records"):
        if row["group"] == "reference":
            continue
        if row["term"] == "event_time":
            group = f"periods since the start: {int(row['event_time'])}"
        else:
            group = "" if row["term"] == "overall" else f"started {row['group']}"
        note = f"{NOTE}; {int(row['n'])} treated areas"
        behind = {} if pd.isna(row["behind"]) else {"n_smallest": int(row["behind"])}
        limits = {"conf_low": row["conf_low"], "conf_high": row["conf_high"]}
        yield {"section": SECTION, "measure": found.measure, "group": group, "estimate": row["estimate"], **limits,
               "status": status, "note": note} | behind  # fmt: skip
    common = {"section": SECTION, "group": "", "status": status, "note": NOTE}
    if found.p_value == found.p_value:
        yield common | {"measure": "p-value of the overall effect", "estimate": found.p_value}
    if found.pre_trend_p == found.pre_trend_p:
        yield common | {"measure": "p-value of differences before the start", "estimate": found.pre_trend_p}
    if found.two_way.estimate == found.two_way.estimate:
        warning = "two-way fixed effects: a warning, not a second opinion"
        yield common | {"measure": found.measure, "group": "two-way fixed effects", "estimate": found.two_way.estimate,
                        "status": "warning", "note": warning}  # fmt: skip
