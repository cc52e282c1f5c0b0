"""A small linked study of invented people, for the examples in the documentation."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from dipeval.effects.design_analysis import DesignAnalysis

if TYPE_CHECKING:
    from dipeval.linkage import Linkage


def small_linked_study(n: int = 400) -> tuple[Linkage, pd.DataFrame, DesignAnalysis]:
    """Return a linkage of invented tests and treatment records, the people, and an analysis of them.

    Parameters
    ----------
    n
        People tested; about a third of them have a treatment record.

    Returns
    -------
    tuple
        Linkage, people (index person_id: age, reoffended), analysis.

    Examples
    --------
    >>> linkage, people, analysis = small_linked_study(200)
    >>> people.columns.tolist(), analysis.covariates
    (['age', 'reoffended'], ('age',))
    """
    from dipeval.linkage import link
    from dipeval.linkage.example import SmallExtracts

    rng = np.random.default_rng(7)
    letters = np.array(list("ABCDEFGHJKLMNPRSTW"))
    born = pd.Timestamp(1970, 1, 1) + pd.to_timedelta(rng.integers(0, 9_000, n), unit="D")
    number = pd.Series(range(n)).astype(str).str.zfill(4)
    age = 2018 - born.year.to_numpy()
    treated = rng.random(n) < 0.2 + 0.01 * (age - age.min())
    reoffended = rng.random(n) < 0.65 - 0.005 * (age - age.min()) - 0.15 * treated
    people = pd.DataFrame(
        {
            "record_id": "t" + number,
            "person_ref": number,
            "forename": rng.choice(letters, n),
            "surname": rng.choice(letters, n),
            "date_of_birth": born,
            "sex": np.where(rng.random(n) < 0.8, "male", "female"),
            "postcode": "LS" + pd.Series(rng.integers(1, 20, n)).astype(str) + " 4AB",
            "test_date": pd.Timestamp(2018, 1, 5),
        }
    )
    seen = people[treated].reset_index(drop=True)
    wrong = rng.random(len(seen)) < 0.1
    treatment = pd.DataFrame(
        {
            "record_id": "n" + seen["person_ref"],
            "client_ref": seen["person_ref"],
            "forename_initial": seen["forename"].where(~wrong, rng.choice(letters, len(seen))),
            "surname_initial": seen["surname"],
            "date_of_birth": seen["date_of_birth"],
            "sex": seen["sex"],
            "postcode_sector": seen["postcode"].str[:-2],
            "start_date": pd.Timestamp(2018, 1, 20),
        }
    )
    tables = {"drug_tests": people, "treatment": treatment}
    linkage = link(SmallExtracts(tables=tables, extract_date=dt.date(2019, 12, 31)))
    spine = linkage.to_frame()
    ids = spine[spine["table"] == "drug_tests"].set_index("record_id")["person_id"]
    facts = pd.DataFrame({"age": age, "reoffended": reoffended.astype("int64")})
    frame = facts.set_axis(pd.Index(ids.reindex(people["record_id"]), name="person_id"), axis=0).sort_index()
    return linkage, frame, DesignAnalysis(covariates=("age",), outcome="reoffended")
