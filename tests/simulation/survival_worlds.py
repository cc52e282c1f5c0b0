"""Invented people with times to a first reoffence, or several of them, for whom the true effect can be worked out.

The people, and what drives their treatment, are those of `tests.simulation.effect_claims`; the same five facts drive
how soon they reoffend. Days are whole: several people reoffend on the same day, as in real extracts.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from scipy.optimize import brentq

from tests.simulation.effect_claims import COVARIATES, HARMS, people_of

FOLLOW_UP = 365
DAILY_RATE = 1.2 / FOLLOW_UP
# Facts weigh less on the logarithm of a rate than on the odds of a share: rates would differ a thousandfold.
ON_RATES = 0.6
MEANS = np.array([0.0, 0.0, 0.8, 0.2, 0.45])


def people_with_rates(seed: int, *, effect: float, confounding: float, shift: float, people: int) -> pd.DataFrame:
    """People with their facts, treatment, and daily rates of reoffending with and without treatment."""
    made = people_of(seed, effect=0.0, confounding=confounding, shift=shift, people=people)
    without = DAILY_RATE * np.exp(ON_RATES * confounding * ((made[COVARIATES].to_numpy() - MEANS) @ HARMS))
    return made[[*COVARIATES, "treated"]].assign(rate_without=without, rate_with=without * np.exp(effect))


def first_times(people: pd.DataFrame, seed: int, *, leave: tuple[int, int] = (FOLLOW_UP, FOLLOW_UP)) -> pd.DataFrame:
    """The people with the whole day of the first reoffence, or of leaving, which is drawn between the days given."""
    rng = np.random.default_rng(50_000 + seed)
    rate = np.where(people["treated"] == 1, people["rate_with"], people["rate_without"])
    day = np.ceil(rng.exponential(1 / rate))
    left = rng.integers(leave[0], leave[1] + 1, len(people))
    return people.assign(time_days=np.minimum(day, left), event=(day <= left).astype(np.int64))


def marginal_log_hazard_ratio(people: pd.DataFrame) -> float:
    """The log hazard ratio that Cox's model would find if these people were seen both with and without treatment.

    Each person's own ratio is the same, but that of a group is not it (a hazard ratio is not collapsible): the prone
    leave the risk set first, and sooner without treatment. The truth is therefore the root of Cox's score for the
    average of the people's own survival functions in either state, with as many people treated as not and everybody
    followed for the same days. No draw enters it.
    """
    at_risk, events = [], []
    for column in ("rate_without", "rate_with"):
        days = np.exp(-np.outer(np.arange(FOLLOW_UP + 1), people[column])).mean(axis=1)
        at_risk.append(
            (days[1:] + days[:-1]) / 2
        )  # of those who reoffend on one day half are still at risk, on average
        events.append(days[:-1] - days[1:])

    def score(log_ratio: float) -> float:
        share = np.exp(log_ratio) * at_risk[1] / (at_risk[0] + np.exp(log_ratio) * at_risk[1])
        return float((events[1] - share * (events[0] + events[1])).sum())

    return float(brentq(score, -5, 5, xtol=1e-12))


def mean_days_gained(people: pd.DataFrame, horizon: int) -> float:
    """The average number of days free of reoffending up to the horizon that treatment adds for these people."""

    def days(rate: pd.Series) -> Any:
        return (1 - np.exp(-rate * horizon)) / (1 - np.exp(-rate))

    return float((days(people["rate_with"]) - days(people["rate_without"])).mean())


def spells_at_liberty(people: pd.DataFrame, seed: int, *, frailty: float, mean_events: float) -> pd.DataFrame:
    """Start-stop rows of every reoffence of a year, with a gap where somebody is in custody for an earlier matter.

    A gamma factor with mean 1 and the variance `frailty` makes some far more prone than others; given it a person's
    reoffences are a Poisson process, so that the ratio of the mean numbers with and without treatment, facts held, is
    exactly that of the rates. Times are hours in days: two reoffences of one person within the hour count as one.

    Parameters
    ----------
    people
        From `people_with_rates`.
    frailty
        Variance of the gamma factor.
    mean_events
        By how much everybody's daily rate is multiplied.
    """
    rng = np.random.default_rng(60_000 + seed)
    n = len(people)
    rate = np.where(people["treated"] == 1, people["rate_with"], people["rate_without"]) * mean_events
    prone = rng.gamma(1 / frailty, frailty, n)
    followed = rng.integers(180, FOLLOW_UP + 1, n).astype(float)
    received = np.where(rng.random(n) < 0.3, rng.integers(1, 170, n), np.inf)
    nights = rng.geometric(1 / 30, n).astype(float)
    counts = rng.poisson(prone * rate * followed)
    person = np.repeat(np.arange(n), counts)
    offence = np.ceil(24 * rng.random(len(person)) * followed[person]) / 24
    # At liberty time runs from 0 to `followed`; custody is put in between afterwards.
    held = np.flatnonzero(np.isfinite(received))
    rows = pd.DataFrame(
        {
            "person": np.concatenate([person, held, np.arange(n)]),
            "stop": np.concatenate([offence, received[held], followed]),
            "event": np.concatenate([np.ones(len(person)), np.zeros(len(held) + n)]).astype(np.int64),
        }
    )
    # A reoffence on the last hour before a gap or the end is the same row: the event is kept.
    rows = rows.groupby(["person", "stop"], sort=True, as_index=False)["event"].max()
    start = np.where(rows["person"] == rows["person"].shift(), rows["stop"].shift(fill_value=0.0), 0.0)
    own_received, own_nights = received[rows["person"]], nights[rows["person"]]
    return people.iloc[rows["person"]].assign(
        person=rows["person"].to_numpy(),
        start=start + np.where(start >= own_received, own_nights, 0.0),
        stop=(rows["stop"] + np.where(rows["stop"] > own_received, own_nights, 0.0)).to_numpy(),
        event=rows["event"].to_numpy(),
    )
