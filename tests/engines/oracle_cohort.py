"""The pandas oracle, second part: who is exposed, who is left out at which step, what was known before the cut-off."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from dipeval.vocabulary import OFFENCE_CLASS
from tests.engines.oracle_events import (
    ERAS,
    FAR,
    POSITIVE,
    ages,
    date_of,
    in_window,
    index_events,
    index_source,
    number,
    proven,
    united,
)

STEPS = ("district", "age_known", "adult", "not_in_treatment", "alive", "at_liberty", "observable")
COMPLETED = ("completed", "completed_drug_free", "completed_occasional_use")
SEASONS = ("winter", "spring", "summer", "autumn")
Tables = Mapping[str, pd.DataFrame]


def assessed(tables: Tables, rule: Any, extract_date: Any) -> pd.DataFrame:
    """Every index event chosen, with its exposure, its cut-off and the first step it fails ("" if none)."""
    index = index_events(tables, rule, extract_date)
    index = _exposed(index, tables, rule)
    index["cut_off_date"] = np.fmin(index["index_date"], index["exposure_date"])
    zero = index["time_zero_date"]
    died = index["person_id"].map(tables["deaths"].groupby("person_id")["death_date"].min())
    held = _pairs(index, united(tables["custody_spells"]))
    held = held[(held["start_date"] <= held["time_zero_date"]) & (held["end_date"] > held["time_zero_date"])]
    # Where late ones are kept, there must be a day of follow-up before the extract ends.
    needed = rule.required_days if rule.late_index == "cut_back" else 1
    oldest = 999 if rule.maximum_age is None else rule.maximum_age
    fails = {
        "district": ~index["district"].isin(rule.districts) if rule.districts else zero.isna(),
        "age_known": index["age_at_index"].isna(),
        "adult": (index["age_at_index"] < rule.minimum_age) | (index["age_at_index"] > oldest),
        "not_in_treatment": index["index_id"].isin(_prevalent(index, tables, rule)),
        "alive": died <= zero,
        "at_liberty": index["index_id"].isin(held["index_id"]),
        "observable": zero + needed > number(extract_date),
    }
    lost = pd.Series("", index=index.index, dtype=object)
    for step in reversed(STEPS):
        lost = lost.mask(fails[step], step)
    return index.assign(lost_at=lost)


def _pairs(index: pd.DataFrame, events: pd.DataFrame, *keep: str) -> pd.DataFrame:
    """Every index event beside every event of its person."""
    mine = index[["index_id", "person_id", "index_date", "time_zero_date", *keep]]
    return mine.merge(events.drop(columns=["risk_score", "district"], errors="ignore"), on="person_id")


def exposures(tables: Tables, rule: Any) -> pd.DataFrame:
    """The records that are exposures: person_id, record_id, start_date, kind."""
    if rule.exposure == "contact":
        records = tables["contacts"]
        records = records[[told is not False for told in records["attended"]]]
        found = records.assign(start_date=records["contact_date"], end_date=records["contact_date"])
        found = found.assign(kind=records["assessment"])
    elif rule.exposure == "order":
        records = tables["orders"]
        one_day = records["order_type"].isin(["penalty_notice", "community_resolution", "brief_intervention"])
        ends = records["end_date"].mask(one_day & ~(records["end_date"] < FAR), records["start_date"])
        ends = ends.fillna(FAR).clip(lower=records["start_date"])
        found = records.assign(end_date=ends, kind=records["order_type"])
    else:
        found = tables["treatment"].assign(kind=tables["treatment"]["modality"])
    return found[["person_id", "record_id", "start_date", "end_date", "kind", *({"discharge_reason"} & {*found})]]


def _exposed(index: pd.DataFrame, tables: Tables, rule: Any) -> pd.DataFrame:
    found = exposures(tables, rule)
    if rule.exposure_types:
        found = found[found["kind"].isin(rule.exposure_types)]
    if rule.completed_only:
        found = found[found["discharge_reason"].isin(COMPLETED)]
    pairs = _pairs(index, found)
    since = pairs["start_date"] - pairs["index_date"]
    if rule.exposure_timing == "before_index":
        first, last = -rule.before_days, -1
    elif rule.immortal_time == "ever_treated":
        first, last = 0, rule.required_days
    else:
        first, last = 0, rule.grace_days
    inside = pairs[(since >= first) & (since <= last)].sort_values(["start_date", "record_id"])
    inside = inside.drop_duplicates("index_id").set_index("index_id")
    from_zero = pairs["start_date"] - pairs["time_zero_date"]
    later = pairs[(since > last) & (from_zero <= rule.required_days)]
    return index.assign(
        treated=index["index_id"].isin(inside.index).astype("int64"),
        exposure_date=index["index_id"].map(inside["start_date"]),
        exposure_type=index["index_id"].map(inside["kind"]),
        started_later=index["index_id"].isin(later["index_id"]).astype("int64"),
    )


def _prevalent(index: pd.DataFrame, tables: Tables, rule: Any) -> pd.Series:
    """In the exposure (of any kind, when it is treatment) at the start of the window or in the wash-out before it."""
    found = exposures(tables, rule)
    if rule.exposure != "treatment" and rule.exposure_types:
        found = found[found["kind"].isin(rule.exposure_types)]
    pairs = _pairs(index, found)
    start = pairs["index_date"] - (rule.before_days if rule.exposure_timing == "before_index" else 0)
    in_it = pairs[(pairs["start_date"] < start) & (pairs["end_date"] >= start - rule.washout_days)]
    return in_it["index_id"]


def funnel(tables: Tables, rule: Any, found: pd.DataFrame, extract_date: Any) -> dict[str, int]:
    """Step -> how many are left after it: people, or index events where a person can be in many times."""
    source = index_source(tables, rule, extract_date)
    inside = in_window(source, rule)
    if rule.index_choice == "first":
        n_source, n_tests = source["person_id"].nunique(), tables["drug_tests"]["person_id"].nunique()
        left = {"in_window": len(found)}
    else:
        n_source, n_tests = len(source), len(tables["drug_tests"])
        left = {"in_window": len(inside), "chosen": len(found)}
    if rule.index_event == "positive_test":
        left = {"tested": n_tests, "positive": n_source} | left
    else:
        left = {"with_index_event": n_source} | left
    remaining = len(found)
    for step in STEPS:
        if step != "district" or rule.districts:
            remaining -= int((found["lost_at"] == step).sum())
            left[step] = remaining
    return left


def people(tables: Tables, rule: Any, found: pd.DataFrame) -> pd.DataFrame:
    """One row an index event that is in, all columns; days are numbers still."""
    p = found[found["lost_at"] == ""].set_index("index_id").sort_index()
    unknown = {"exposure_type": "", "ethnicity": "not_stated", "district": "not_stated", "test_result": "not_tested"}
    p = p.assign(**{name: p[name].astype(object).where(p[name].notna(), word) for name, word in unknown.items()})
    p = p.assign(
        female=(p["sex"] == "female").astype("int64"),
        tested_opiates=p["test_result"].isin(["opiates", "both"]).astype("int64"),
        tested_cocaine=p["test_result"].isin(["cocaine", "both"]).astype("int64"),
        age_group=np.where(p["age_at_index"] >= 18, "adult", "juvenile"),
        season=[SEASONS[date_of(day).month % 12 // 3] for day in p["index_date"]],
        index_year=[date_of(day).year for day in p["index_date"]],
        era=[_era(day) for day in p["index_date"]],
    )
    p = _with_offences(p, tables, rule)
    p = _with_custody(p, tables, rule)
    p = _with_tests(p, tables, rule)
    return _with_treatment(p, tables, rule)


def _era(day: float) -> str:
    return next((name for name, (a, b) in ERAS.items() if a <= date_of(day) <= b), "none")


def _counted(p: pd.DataFrame, events: pd.Series) -> pd.Series:
    """Number of rows of each index event, 0 where there are none."""
    return events.value_counts().reindex(p.index, fill_value=0)


def _beside(p: pd.DataFrame, events: pd.DataFrame) -> pd.DataFrame:
    mine = p[["person_id", "cut_off_date"]].rename_axis("index_id").reset_index()
    return mine.merge(events, on="person_id")


def _with_offences(p: pd.DataFrame, tables: Tables, rule: Any) -> pd.DataFrame:
    told = ["person_id", "offence_date", "disposal_date", "offence_group", "custodial"]
    o = _beside(p, proven(tables["offences"])[told])
    o = o[(o["offence_date"] < o["cut_off_date"]) & (o["disposal_date"] < o["cut_off_date"])]
    o = o.assign(ago=o["cut_off_date"] - o["offence_date"], kind=o["offence_group"].map(OFFENCE_CLASS))
    windows = {"12m": 365, "5y": rule.lookback_days}
    new = {"prior_offences_ever": _counted(p, o["index_id"])}
    for name, width in windows.items():
        recent = o[o["ago"] <= width]
        new[f"prior_offences_{name}"] = _counted(p, recent["index_id"])
        for kind in ("acquisitive", "violent", "disorder", "drug"):
            new[f"prior_{kind}_{name}"] = _counted(p, recent.loc[recent["kind"] == kind, "index_id"])
    for quarter in range(1, 9):
        inside = o[(o["ago"] > 91 * (quarter - 1)) & (o["ago"] <= 91 * quarter)]
        new[f"offences_quarter_{quarter}"] = _counted(p, inside["index_id"])
    sanctions = o.drop_duplicates(["index_id", "disposal_date"])
    new["prior_sanctions_ever"] = _counted(p, sanctions["index_id"])
    for name, width in windows.items():
        recent = sanctions[sanctions["cut_off_date"] - sanctions["disposal_date"] <= width]
        new[f"prior_sanctions_{name}"] = _counted(p, recent["index_id"])
    locked = o[[told is True for told in o["custodial"]]].drop_duplicates(["index_id", "disposal_date"])
    locked = locked[locked["cut_off_date"] - locked["disposal_date"] <= rule.lookback_days]
    new["prior_custodial_sanctions_5y"] = _counted(p, locked["index_id"])
    p = p.assign(**new)
    p["age_first_offence"] = _age_first(p, o.groupby("index_id")["offence_date"].min())
    p["age_first_sanction"] = _age_first(p, o.groupby("index_id")["disposal_date"].min())
    since_first = p["age_at_index"] - p["age_first_sanction"]
    return p.assign(
        log_prior_offences_5y=np.log(p["prior_offences_5y"] + 1.0),
        copas_rate=np.log((p["prior_sanctions_ever"] + 1) / (10 + since_first)),
        copas_rate_ogrs4=np.log((p["prior_sanctions_ever"] + 1) / (26 + since_first)),
    )


def _age_first(p: pd.DataFrame, day: pd.Series) -> pd.Series:
    """Age on a day, at least 10; the age at the index where there is no such day."""
    then = pd.Series(ages(p["date_of_birth"], day.reindex(p.index)), index=p.index)
    return then.clip(lower=10).fillna(p["age_at_index"])


def _with_custody(p: pd.DataFrame, tables: Tables, rule: Any) -> pd.DataFrame:
    c = _beside(p, united(tables["custody_spells"]))
    new = {}
    for name, width in {"12m": 365, "5y": rule.lookback_days}.items():
        inside = np.minimum(c["end_date"], c["cut_off_date"]) - np.maximum(c["start_date"], c["cut_off_date"] - width)
        reaches = (c["start_date"] < c["cut_off_date"]) & (c["end_date"] > c["cut_off_date"] - width)
        reached = c.assign(nights=inside)[reaches]
        new[f"prior_custody_{name}"] = _counted(p, reached["index_id"])
        new[f"prior_custody_days_{name}"] = reached.groupby("index_id")["nights"].sum().reindex(p.index, fill_value=0)
    return p.assign(**new)


def _with_tests(p: pd.DataFrame, tables: Tables, rule: Any) -> pd.DataFrame:
    if "drug_tests" not in tables:
        return p.assign(
            **{f"prior_{kind}{name}": 0 for kind in ("", "positive_") for name in ("tests_12m", "tests_5y")}
        )
    t = _beside(p, tables["drug_tests"][["person_id", "test_date", "result"]])
    ago, positive = t["cut_off_date"] - t["test_date"], t["result"].isin(POSITIVE)
    new = {}
    for name, width in {"12m": 365, "5y": rule.lookback_days}.items():
        inside = (ago > 0) & (ago <= width)
        new[f"prior_tests_{name}"] = _counted(p, t.loc[inside, "index_id"])
        new[f"prior_positive_tests_{name}"] = _counted(p, t.loc[inside & positive, "index_id"])
    return p.assign(**new)


def _with_treatment(p: pd.DataFrame, tables: Tables, rule: Any) -> pd.DataFrame:
    new = {}
    for name, width in {"12m": 365, "5y": rule.lookback_days}.items():
        t = _beside(p, tables["treatment"])
        reached = t[(t["start_date"] < t["cut_off_date"]) & (t["end_date"] >= t["cut_off_date"] - width)]
        new[f"prior_treatment_{name}"] = p.index.isin(reached["index_id"]).astype("int64")
    e = _beside(p, united(tables["treatment"]))
    reached = e[(e["start_date"] < e["cut_off_date"]) & (e["end_date"] >= e["cut_off_date"] - rule.lookback_days)]
    new["prior_treatment_episodes_5y"] = _counted(p, reached["index_id"])
    return p.assign(**new)
