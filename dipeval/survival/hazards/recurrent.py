"""Models of repeated reoffending: Andersen and Gill's of all events, Prentice, Williams and Peterson's of the next."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from dipeval.errors import EstimationError, InputError
from dipeval.survival.claims import cluster_words
from dipeval.survival.columns import Rows, read_rows
from dipeval.survival.hazards.competing import spare_name
from dipeval.survival.hazards.event_order import gap_times, numbered_events
from dipeval.survival.hazards.model import cox
from dipeval.survival.hazards.recurrent_result import RecurrentModel, recurrent_model
from dipeval.survival.options import check_yes_no, is_whole, one_of, one_or_several

CLOCKS = ("total", "gap")


def andersen_gill(
    data: pd.DataFrame,
    *,
    id: str,
    start: str,
    stop: str,
    event: str,
    covariates: Sequence[str],
    weights: str | None = None,
    cluster: str | Sequence[str] | None = None,
    strata: str | Sequence[str] | None = None,
    ties: str = "efron",
    robust: bool = True,
    small_sample: bool = False,
    level: float = 0.95,
) -> RecurrentModel:
    """Fit Andersen and Gill's model of the rate of all events, first and later alike.

    Parameters
    ----------
    data
        Start-stop rows, several a person; gaps between them (custody) are time not at risk.
    id
        Column that names the person. A person's rows must not overlap.
    start, stop
        Columns with the times between which the row is at risk: (start, stop], from 0.
    event
        Column with 1 (reoffended at `stop`) or 0. Several offences on one day are one event.
    covariates
        Numeric or yes/no columns; they may change between a person's rows.
    weights
        Column with case weights above 0.
    cluster
        Column that names what belongs together, or a list of two columns such as ``["pair", "person"]``; the person if
        None.
    strata
        Column or columns with strata, each with a baseline rate of its own.
    ties
        "efron" (default) or "breslow".
    robust
        Errors clustered by person (default). False gives the model-based ones, which take a person's events for
        unrelated and are too small where some people offend more than others.
    small_sample
        Errors corrected for what each person (or cluster) draws the estimate to itself, and limits of Student's t:
        without it intervals are too narrow where few people with events are on one side. The default is the error of R.
    level
        Coverage of the intervals.

    Returns
    -------
    RecurrentModel
        `to_frame()` has term, estimate (log hazard ratio), std_error, conf_low, conf_high, p_value, hazard_ratio,
        hr_low, hr_high, n (people), n_events.

    Raises
    ------
    EstimationError
        If a person's rows overlap, nobody has an event, the likelihood has no maximum, or a column cannot be analysed.

    Notes
    -----
    Andersen and Gill (1982), *Annals of Statistics* 10, 1100-1120; errors by person: Lin, Wei, Yang and Ying (2000),
    *JRSS B* 62, 711-730; few people: Mancl and DeRouen (2001), *Biometrics* 57, 126-134.

    Examples
    --------
    >>> import pandas as pd
    >>> from dipeval import andersen_gill
    >>> rows = pd.DataFrame(
    ...     {
    ...         "person": [1, 1, 2, 3, 3, 4, 5, 6, 6],
    ...         "start": [0, 40, 0, 0, 90, 0, 0, 0, 30],
    ...         "stop": [30, 200, 200, 80, 180, 70, 200, 30, 200],
    ...         "event": [1, 0, 0, 1, 1, 1, 0, 1, 1],
    ...         "treated": [0, 0, 1, 0, 0, 1, 1, 1, 1],
    ...     }
    ... )
    >>> columns = {"id": "person", "start": "start", "stop": "stop", "event": "event"}
    >>> model = andersen_gill(rows, covariates=["treated"], **columns)
    >>> model.to_frame()[["term", "hazard_ratio", "n", "n_events"]].round(3)
          term  hazard_ratio  n  n_events
    0  treated         0.501  6         6
    """
    check_yes_no("robust", robust)
    rows = _read(data, id=id, start=start, stop=stop, event=event)
    model = cox(
        data,
        covariates=covariates,
        time=stop,
        event=event,
        entry=start,
        weights=weights,
        cluster=_cluster(id, cluster, robust),
        strata=strata,
        ties=ties,
        robust=robust,
        small_sample=small_sample,
        level=level,
    )
    errors = cluster_words(model.robust, cluster, small_sample=small_sample)
    return recurrent_model(rows, numbered_events(rows)[0], model, "all events", errors)


def prentice_williams_peterson(
    data: pd.DataFrame,
    *,
    id: str,
    start: str,
    stop: str,
    event: str,
    covariates: Sequence[str],
    clock: str = "total",
    max_event: int | None = None,
    weights: str | None = None,
    cluster: str | Sequence[str] | None = None,
    strata: str | Sequence[str] | None = None,
    ties: str = "efron",
    robust: bool = True,
    small_sample: bool = False,
    level: float = 0.95,
) -> RecurrentModel:
    """Fit Prentice, Williams and Peterson's model of the next event, given how many came before.

    Parameters
    ----------
    data
        Start-stop rows, several a person; gaps between them (custody) are time not at risk.
    id
        Column that names the person. A person's rows must not overlap; events are numbered within a person by time.
    start, stop
        Columns with the times between which the row is at risk: (start, stop], from 0.
    event
        Column with 1 (reoffended at `stop`) or 0. Several offences on one day are one event.
    covariates
        Numeric or yes/no columns; they may change between a person's rows.
    clock
        "total": time runs from 0 for every event. "gap": time starts again when a person is first at risk after the
        event before (after release, if custody followed it).
    max_event
        Events from this one on share one baseline: few people have many. None keeps all apart.
    weights
        Column with case weights above 0.
    cluster
        Column that names what belongs together, or a list of two columns such as ``["pair", "person"]``; the person if
        None.
    strata
        Column or columns with strata, each with baselines of its own.
    ties
        "efron" (default) or "breslow".
    robust
        Errors clustered by person (default); False gives the model-based ones.
    small_sample
        Errors corrected for what each person (or cluster) draws the estimate to itself, and limits of Student's t:
        without it intervals are too narrow where few people with events are on one side. The default is the error of R.
    level
        Coverage of the intervals.

    Returns
    -------
    RecurrentModel
        `to_frame()` has term, estimate (log hazard ratio), std_error, conf_low, conf_high, p_value, hazard_ratio,
        hr_low, hr_high, n (people), n_events.

    Raises
    ------
    EstimationError
        If a person's rows overlap, nobody has an event, the likelihood has no maximum, or a column cannot be analysed.

    Notes
    -----
    Prentice, Williams and Peterson (1981), *Biometrika* 68, 373-379; few people: Mancl and DeRouen (2001), *Biometrics*
    57, 126-134.

    Examples
    --------
    >>> import pandas as pd
    >>> from dipeval import prentice_williams_peterson
    >>> rows = pd.DataFrame(
    ...     {
    ...         "person": [1, 1, 2, 3, 3, 4, 5, 6, 6],
    ...         "start": [0, 40, 0, 0, 90, 0, 0, 0, 30],
    ...         "stop": [30, 200, 200, 80, 180, 70, 200, 30, 200],
    ...         "event": [1, 0, 0, 1, 1, 1, 0, 1, 1],
    ...         "treated": [0, 0, 1, 0, 0, 1, 1, 1, 1],
    ...     }
    ... )
    >>> columns = {"id": "person", "start": "start", "stop": "stop", "event": "event"}
    >>> model = prentice_williams_peterson(rows, covariates=["treated"], clock="gap", **columns)
    >>> model.by_number()
       event_number  n  n_events
    0             1  6         4
    1             2  3         2
    """
    _check_choices(clock, max_event)
    check_yes_no("robust", robust)
    rows = _read(data, id=id, start=start, stop=stop, event=event)
    numbers, origins = numbered_events(rows)
    if max_event is not None:
        numbers = np.minimum(numbers, max_event)
    begin, end, number = (spare_name(data, word) for word in ("start", "stop", "event_number"))
    times = data[start].to_numpy(dtype=float), data[stop].to_numpy(dtype=float)
    times = gap_times(*times, origins) if clock == "gap" else times
    named = one_or_several("strata", strata)
    model = cox(
        data.assign(**{begin: times[0], end: times[1], number: numbers}),
        covariates=covariates,
        time=end,
        event=event,
        entry=begin,
        weights=weights,
        cluster=_cluster(id, cluster, robust),
        strata=[*named, number],
        ties=ties,
        robust=robust,
        small_sample=small_sample,
        level=level,
    )
    errors = cluster_words(model.robust, cluster, small_sample=small_sample)
    return recurrent_model(rows, numbers, model, f"{clock} time", errors)


def _read(data: pd.DataFrame, *, id: str, start: str, stop: str, event: str) -> Rows:
    """Check the rows, their order within people included."""
    for option, name in {"id": id, "start": start, "stop": stop}.items():
        if name is None:
            raise InputError(f"`{option}` has to name a column: repeated events need start-stop rows of known people.")
    rows = read_rows(data, time=stop, event=event, entry=start, id=id)
    early = int((rows.entry < 0).sum())
    if early:
        raise EstimationError(f"Column '{start}' is negative in {early} rows: time runs from 0 (the index date).")
    return rows


def _cluster(id: str, cluster: str | Sequence[str] | None, robust: bool) -> str | Sequence[str] | None:
    return id if cluster is None and robust else cluster


def _check_choices(clock: str, max_event: int | None) -> None:
    one_of("clock", clock, CLOCKS)
    if max_event is not None and not is_whole(max_event, 1):
        raise EstimationError("`max_event` is a whole number from 1: events from that one on share one baseline.")
