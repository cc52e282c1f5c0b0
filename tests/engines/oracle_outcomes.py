"""The pandas oracle, third part: what people did after time zero, every offence of theirs beside every index event."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from dipeval.vocabulary import OFFENCE_CLASS, OFFENCE_CLASSES
from tests.engines.oracle_cohort import Tables
from tests.engines.oracle_events import FAR, number, united

# Which of several offences of a day stands for it, where no weights say so.
FIRST_COMES = ("violent", "acquisitive", "disorder", "drug", "other")


def outcomes(tables: Tables, found: pd.DataFrame, follow_up: Any, extract_date: Any) -> dict[str, pd.DataFrame]:
    """``frame``: one row an index event that is in. ``by_group`` and ``excluded``: as the library names them."""
    p = found.loc[found["lost_at"] == "", ["index_id", "person_id", "time_zero_date"]].set_index("index_id")
    p = _observed(p.sort_index(), tables, follow_up, extract_date)
    o = _labelled(_beside(p, tables, follow_up, extract_date), follow_up)
    counted, pseudo = o[o["label"] == "counted"], o[o["label"] == "pseudo_reconviction"]
    first = counted.groupby("index_id")["day"].min().reindex(p.index)
    p = p.assign(
        reoffended=first.notna().astype("int64"),
        n_reoffences=_counted(p, counted["index_id"]),
        days_to_first_reoffence=first,
        time_days=first.replace(0.0, 0.5).fillna(p["observed_days"]),
        event=first.notna().astype("int64"),
        censor_reason=p["ends_with"].where(first.isna(), ""),
        custodial_reconviction=p.index.isin(o.loc[o["locked"], "index_id"]).astype("float64"),
        n_pseudo_reconvictions=_counted(p, pseudo["index_id"]),
    )
    for kind in OFFENCE_CLASSES:
        p[f"n_{kind}"] = _counted(p, counted.loc[counted["kind"] == kind, "index_id"])
    p["severity_score"] = np.nan
    if follow_up.severity:
        weights = counted["offence_group"].map(dict(follow_up.severity))
        p["severity_score"] = weights.groupby(counted["index_id"]).sum().reindex(p.index, fill_value=0.0)
    p["custody_days"] = _held(p, tables, p["observed_days"] + 1)
    p["at_risk_days"] = p["observed_days"] - p["custody_days"]
    # The night of the day of a reoffence is not taken off: the person was at liberty to commit it.
    p["time_at_risk_days"] = p["time_days"] - _held(p, tables, first.fillna(p["observed_days"] + 1))
    groups = counted.groupby(["index_id", "offence_group"]).size().rename("n_reoffences").reset_index()
    left_out = o[~o["label"].isin(["", "counted"])]["label"].value_counts().rename("n").to_frame()
    return {"frame": p, "by_group": groups, "excluded": left_out}


def _counted(p: pd.DataFrame, ids: pd.Series) -> pd.Series:
    return ids.value_counts().reindex(p.index, fill_value=0)


def _waiting(follow_up: Any) -> int:
    return follow_up.waiting_days if follow_up.basis == "proven" else 0


def _observed(p: pd.DataFrame, tables: Tables, follow_up: Any, extract_date: Any) -> pd.DataFrame:
    """Days under observation and what ends them: the follow-up, a death in it, or the extract."""
    zero = p["time_zero_date"]
    until_death = p["person_id"].map(tables["deaths"].groupby("person_id")["death_date"].min()).fillna(FAR) - zero
    until_extract = number(extract_date) - _waiting(follow_up) - zero
    if follow_up.at_extract_end != "censor":
        until_extract = zero * 0 + FAR
    whole = float(follow_up.days)
    ends_with = np.where(
        (until_death <= whole) & (until_death <= until_extract),
        "death",
        np.where(until_extract < whole, "extract_end", "end_of_follow_up"),
    )
    observed = np.minimum(np.minimum(until_death, until_extract), whole)
    return p.assign(until_death=until_death, until_extract=until_extract, observed_days=observed, ends_with=ends_with)


def _held(p: pd.DataFrame, tables: Tables, until: pd.Series) -> pd.Series:
    """Nights in custody from the day after time zero to before a day; none on or after the day of a death."""
    mine = p.assign(until=until).rename_axis("index_id").reset_index()
    c = mine.merge(united(tables["custody_spells"]), on="person_id")
    ends = np.minimum(np.minimum(c["end_date"] - c["time_zero_date"], c["until"]), c["until_death"])
    nights = (ends - np.maximum(c["start_date"] - c["time_zero_date"], 1)).clip(lower=0)
    return nights.groupby(c["index_id"]).sum().reindex(p.index, fill_value=0)


def _beside(p: pd.DataFrame, tables: Tables, follow_up: Any, extract_date: Any) -> pd.DataFrame:
    """Offences with days counted from time zero: committed, dealt (what proves it), day (when it counts)."""
    o = tables["offences"].drop(columns="district", errors="ignore")
    proven = o["disposal"].isin(["caution", "conviction"]) & o["disposal_date"].notna()
    dealt = o["disposal_date"] if follow_up.basis == "proven" else o[f"{follow_up.basis}_date"]
    qualifies = proven if follow_up.basis == "proven" else dealt.notna()
    when = o["offence_date"] if follow_up.basis == "proven" else dealt.fillna(o["offence_date"])
    if follow_up.at_extract_end == "censor":
        qualifies = qualifies & (dealt <= number(extract_date))
    kind = o["offence_group"].map({**OFFENCE_CLASS, "robbery": follow_up.robbery})
    meant = kind.notna()
    if follow_up.classes or follow_up.groups:
        meant = kind.isin(follow_up.classes) | o["offence_group"].isin(follow_up.groups)
    locked_up = np.array([told is True for told in o["custodial"]])
    prison = locked_up & proven & (o["disposal"] == "conviction")
    o = o.assign(dealt=dealt, qualifies=qualifies, when=when, kind=kind, meant=meant, prison=prison)
    mine = p[["person_id", "time_zero_date", "until_death", "until_extract"]].rename_axis("index_id").reset_index()
    o = mine.merge(o, on="person_id")
    zero = o["time_zero_date"]
    return o.assign(
        committed=o["offence_date"] - zero,
        dealt=o["dealt"] - zero,
        day=o["when"] - zero,
        disposed=o["disposal_date"] - zero,
    )


def _labelled(o: pd.DataFrame, follow_up: Any) -> pd.DataFrame:
    """Each offence once: counted, a reason why not, or nothing where it has nothing to do with the follow-up."""
    needed = follow_up.days + _waiting(follow_up)
    first_day = 0 if follow_up.include_index_day else 1
    alive, seen = o["day"] <= o["until_death"], o["day"] <= o["until_extract"]
    inside = (o["committed"] >= first_day) & (o["committed"] <= follow_up.days)
    in_time = (o["dealt"] <= needed) & (o["day"] <= follow_up.days)
    fits = o["qualifies"] & alive & seen & (o["committed"] >= first_day) & (o["day"] >= first_day) & in_time
    counts = fits & o["meant"]
    o = o.assign(locked=counts & o["prison"] & (o["disposed"] <= needed), repeat=False)
    if follow_up.same_day == "one_a_day":
        weights = dict(follow_up.severity or {})
        rank = pd.DataFrame(
            {
                "weight": -o["offence_group"].map(weights).fillna(0.0),
                "place": o["kind"].map({kind: place for place, kind in enumerate(FIRST_COMES)}),
                "name": o["offence_group"],
                "index_id": o["index_id"],
                "day": o["day"],
            }
        )
        order = rank[counts].sort_values(["index_id", "day", "weight", "place", "name"])
        o["repeat"] = order.duplicated(["index_id", "day"]).reindex(o.index, fill_value=False)
    pseudo = o["meant"] & o["qualifies"] & (o["committed"] < first_day) & (o["dealt"] > 0) & (o["dealt"] <= needed)
    on_index_day = o["meant"] & o["qualifies"] & (o["committed"] == 0) & (first_day == 1)
    label = np.select(
        [
            counts & o["repeat"],
            counts,
            pseudo,
            on_index_day,
            o["meant"] & ~alive & inside,
            o["meant"] & ~seen & inside,
            o["meant"] & ~o["qualifies"] & inside,
            o["meant"] & inside,
            fits,
        ],
        [
            "same_day_repeat",
            "counted",
            "pseudo_reconviction",
            "on_index_day",
            "after_death",
            "after_extract_end",
            "not_proven",
            "disposed_too_late",
            "other_kind",
        ],
        default="",
    )
    return o.assign(label=label)
