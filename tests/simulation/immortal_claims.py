"""Immortal time: treatment starts only while unarrested, and does nothing (in one process: lowers the rate by 30%).

Who ever started has, by that alone, lasted until the start: an ever-treated label turns this into a benefit. The same
people as start-stop rows with treatment from the day it starts, and from a landmark at which it is known who has
started, must show none. All by the public calls, `dip.episodes` and `dip.cox`; the whole way from extracts with
`dip.build_cohort` and `dip.time_varying_effect` is followed for some of the seeds and must give the same figures.
"""

from __future__ import annotations

import math
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
import pandas as pd

import dipeval as dip
from dipeval.engine import open_engine
from tests.simulation import claims

PEOPLE, SEEDS, LANDMARK, FOLLOW_UP = 3_000, 200, 42, 365
RATE, MEAN_WAIT, OFFERED = 0.8 / 365, 90.0, 0.6
PROCESSES: dict[str, dict[str, Any]] = {
    "null": {},
    "null_prone_and_unprone": {"frailty": 1.0},
    "null_custody_death_confounding": {"confounded": True, "custody": True},
    "beneficial_custody_death_confounding": {"confounded": True, "custody": True, "hazard_ratio": 0.7},
}
LEAST_FALSE_BENEFIT = 0.95


@dataclass(frozen=True, slots=True)
class World:
    """Invented people from their index test on, everything dated."""

    people: pd.DataFrame
    treatment: pd.DataFrame
    offences: pd.DataFrame
    custody: pd.DataFrame
    deaths: pd.DataFrame
    covariates: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Estimate:
    """A log hazard ratio with its interval."""

    estimate: float
    low: float
    high: float

    def covers(self, true: float) -> bool:
        return self.low <= true <= self.high

    def third_covers(self, true: float) -> bool:
        return abs(self.estimate - true) <= (self.high - self.low) / 6


@dataclass(frozen=True, slots=True)
class Run:
    """One world, analysed in three ways."""

    seed: int
    time_varying: Estimate
    landmark: Estimate
    ever_treated: Estimate
    share_started: float


def world(
    seed: int,
    *,
    people: int = PEOPLE,
    frailty: float = 0.0,
    confounded: bool = False,
    custody: bool = False,
    hazard_ratio: float = 1.0,
) -> World:
    """Invent one world.

    Parameters
    ----------
    frailty
        Variance of a gamma factor on everybody's rate of offending; 0: all alike.
    confounded
        A known yes/no fact doubles both the rate of offending and that of starting.
    custody
        Two in five are in custody once for an earlier matter, and 4% a year die.
    hazard_ratio
        What treatment does to the rate from the day after it starts.
    """
    rng = np.random.default_rng(20_000 + seed)
    prone = rng.gamma(1 / frailty, frailty, people) if frailty else np.ones(people)
    female = rng.random(people) < 0.4 if confounded else np.zeros(people, dtype=bool)
    rate = RATE * prone * np.where(female, 2.0, 1.0)
    start = np.ceil(rng.exponential(MEAN_WAIT / np.where(female, 2.0, 1.0)))
    start = np.where(rng.random(people) < OFFERED, start, np.inf)
    # Days count at liberty until custody is put in between. After the start the clock runs slower by the ratio.
    clock = rng.exponential(1 / rate)
    offence = np.where(clock > start, start + np.maximum(np.ceil((clock - start) / hazard_ratio), 1), np.ceil(clock))
    start = np.where(start < offence, start, np.inf)
    received = (
        np.where(rng.random(people) < 0.4, rng.integers(1, 300, people), 10**6) if custody else np.full(people, 10**6)
    )
    nights = rng.geometric(1 / 60, people) + 1
    start, offence = (np.where(day > received, day + nights - 1, day) for day in (start, offence))
    death = np.ceil(rng.exponential(365 / 0.04, people)) if custody else np.full(people, np.inf)
    start, offence = (np.where(day <= death, day, np.inf) for day in (start, offence))
    zero = pd.Timestamp("2022-01-01") + pd.to_timedelta(rng.integers(0, 365, people), unit="D")
    names = np.array([f"p{place:05d}" for place in range(people)], dtype=object)
    held = (received < 10**6) & (received < death)

    def dated(days: np.ndarray, chosen: np.ndarray) -> pd.Series:
        return pd.Series(zero[chosen] + pd.to_timedelta(days[chosen], unit="D")).astype("datetime64[us]")

    def table(column: str, days: np.ndarray) -> pd.DataFrame:
        chosen = days < 2 * FOLLOW_UP
        return pd.DataFrame({"person_id": names[chosen], column: dated(days, chosen)})

    spells = {"start_date": dated(received, held), "end_date": dated(received + nights, held)}
    return World(
        people=pd.DataFrame({"person_id": names, "time_zero_date": zero, "female": female.astype(np.int64)}),
        treatment=table("start_date", start),
        offences=table("event_date", offence),
        custody=pd.DataFrame({"person_id": names[held]} | spells),
        deaths=table("death_date", death),
        covariates=("female",) if confounded else (),
    )


def one_run(process: str, seed: int, people: int = PEOPLE) -> Run:
    """One world, analysed with treatment from its day, from the landmark, and by the ever-treated label."""
    made = world(seed, people=people, **PROCESSES[process])
    rows = rows_of(made)
    return Run(
        seed=seed,
        time_varying=fitted(made, rows),
        landmark=ratio(made, landmark_days=LANDMARK),
        ever_treated=fitted(made, labelled(made, rows)),
        share_started=len(made.treatment) / len(made.people),
    )


@cache
def _engine() -> dip.Engine:
    return open_engine(threads=1)


def ratio(made: World, **options: Any) -> Estimate:
    """The log hazard ratio of a world by the public calls: rows with dated treatment, then the model."""
    return fitted(made, rows_of(made, **options))


def rows_of(made: World, **options: Any) -> pd.DataFrame:
    """Start-stop rows with treatment from the day it starts, and the covariates."""
    found = dip.episodes(
        made.people,
        treatment=made.treatment,
        events=made.offences,
        custody=made.custody,
        deaths=made.deaths,
        follow_up_days=FOLLOW_UP,
        engine=_engine(),
        **options,
    )
    return found.with_columns(made.people.set_index("person_id")[["female"]])


def labelled(made: World, rows: pd.DataFrame) -> pd.DataFrame:
    """The same rows with the label of those who ever start within the follow-up, from the index on."""
    zero = made.people.set_index("person_id")["time_zero_date"]
    start = made.treatment.set_index("person_id")["start_date"]
    ever = start.index[(start - zero[start.index]).dt.days <= FOLLOW_UP]
    return rows.assign(treated=rows["person_id"].isin(ever).astype(np.int64))


def fitted(made: World, rows: pd.DataFrame) -> Estimate:
    """The log hazard ratio of rows."""
    model = dip.cox(
        rows, covariates=["treated", *made.covariates], entry="start", time="stop", event="event", cluster="person_id"
    )
    line = model.to_frame().iloc[0]
    return Estimate(float(line["estimate"]), float(line["conf_low"]), float(line["conf_high"]))


def through_the_whole_package(made: World, **rule: Any) -> tuple[dip.Cohort, dip.Outcomes]:
    """The same people as extracts, with a perfect linkage: cohort and outcomes."""
    from tests.spec.invented_people import invent

    sex = np.where(made.people["female"] == 1, "female", "male")
    tests = made.people.rename(columns={"person_id": "person", "time_zero_date": "test_date"}).drop(columns="female")
    offences = made.offences.rename(columns={"person_id": "person", "event_date": "offence_date"})
    extracts, linkage = invent(
        extract_date="2026-12-31",
        drug_tests=tests.assign(sex=sex),
        treatment=made.treatment.rename(columns={"person_id": "person"}).assign(end_date=None),
        offences=offences.assign(disposal_date=offences["offence_date"] + pd.Timedelta(days=30)),
        custody_spells=made.custody.rename(columns={"person_id": "person"}),
        deaths=made.deaths.rename(columns={"person_id": "person"}),
    )
    cohort = dip.build_cohort(extracts, linkage, dip.CohortRule(**rule))  # type: ignore[arg-type]
    return cohort, dip.measure_reoffending(cohort, follow_up=dip.FollowUp(days=FOLLOW_UP, waiting_days=182))


def _one(task: tuple[str, int, int]) -> Run:
    return one_run(*task)


def many_runs(process: str, seeds: int, people: int = PEOPLE, workers: int = 1) -> list[Run]:
    """Seeds 1..N of one process."""
    tasks = [(process, seed, people) for seed in range(1, seeds + 1)]
    if workers == 1:
        return [_one(task) for task in tasks]
    with ProcessPoolExecutor(workers) as pool:
        return list(pool.map(_one, tasks, chunksize=5))


def figures(process: str, runs: list[Run], people: int = PEOPLE) -> dict[str, Any]:
    """What is printed and kept."""
    n = len(runs)
    true = math.log(PROCESSES[process].get("hazard_ratio", 1.0))
    found: dict[str, Any] = {
        "process": process,
        "options": PROCESSES[process],
        "people": people,
        "seeds": f"1-{n}",
        "true_hazard_ratio": round(math.exp(true), 4),
        "mean_share_started": round(sum(run.share_started for run in runs) / n, 4),
        "coverage_monte_carlo_error": round(math.sqrt(claims.NOMINAL * (1 - claims.NOMINAL) / n), 4),
        "lowest_allowed": round(claims.lowest_allowed(n), 4),
        "highest_allowed": round(claims.highest_allowed(n), 4),
    }
    for way in ("time_varying", "landmark", "ever_treated"):
        own: list[Estimate] = [getattr(run, way) for run in runs]
        mean = sum(one.estimate for one in own) / n
        spread = math.sqrt(sum((one.estimate - mean) ** 2 for one in own) / max(n - 1, 1))
        found[way] = {
            "mean_hazard_ratio": round(math.exp(mean), 4),
            "bias_of_log": round(mean - true, 5),
            "bias_monte_carlo_error": round(spread / math.sqrt(n), 5),
            "coverage": round(sum(one.covers(true) for one in own) / n, 4),
            "third_error_coverage": round(sum(one.third_covers(true) for one in own) / n, 4),
            "interval_below_truth": round(sum(one.high < true for one in own) / n, 4),
        }
    return found


def judged(process: str) -> tuple[str, ...]:
    """The designs that must cover: with an effect, those who start after the landmark dilute what it compares."""
    return ("time_varying", "landmark") if PROCESSES[process].get("hazard_ratio", 1.0) == 1 else ("time_varying",)


def faults(found: dict[str, Any], n: int) -> list[str]:
    """Why the claim does not hold: by the rule of `claims.faults`, for each design; and the twin must mislead."""
    naive = found["ever_treated"]
    broken = [
        f"{way}: {what}"
        for way in judged(found["process"])
        for what in claims.faults(found[way] | {"naive_coverage": naive["coverage"]}, n)
    ]
    if naive["interval_below_truth"] < LEAST_FALSE_BENEFIT:
        broken.append(f"the ever-treated label shows a false benefit in fewer than {LEAST_FALSE_BENEFIT:.0%} of runs")
    return broken
