"""Tables ready for lifelines, with the arguments its fitters take: for reading a model beside another library's.

lifelines' robust and cluster errors are not right under tied times, so figures of its own should be reported from its
unweighted, unclustered fits only.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from dipeval.errors import EstimationError
from dipeval.survival.columns import Rows, column, read_rows
from dipeval.survival.hazards.fitting import Fit
from dipeval.survival.options import names_of, one_name, one_or_several

_PERSON = "row_id"


def to_lifelines(
    data: pd.DataFrame,
    *,
    time: str,
    event: str,
    covariates: Sequence[str] = (),
    entry: str | None = None,
    weights: str | None = None,
    cluster: str | None = None,
    strata: str | Sequence[str] | None = None,
    id: str | None = None,
) -> tuple[pd.DataFrame, dict[str, object]]:
    """Return the columns of a survival analysis as a table for lifelines, with the arguments to fit it.

    Parameters
    ----------
    data
        One row a person, or one a spell if `entry` is named.
    time, event
        Columns with the time from 0 and with 1 (event) or 0.
    covariates
        Numeric or yes/no columns; lifelines takes every column that has no other use as one.
    entry
        Column with the start of being at risk; the arguments are then those of ``CoxTimeVaryingFitter``.
    weights, cluster, strata
        Columns with weights, clusters and strata.
    id
        Column with the person, with `entry` only; each row is one of its own without it.

    Returns
    -------
    tuple
        The table and a dict: ``CoxPHFitter().fit(table, **arguments)``, or with `entry`
        ``CoxTimeVaryingFitter().fit(table, **arguments)``.

    Raises
    ------
    EstimationError
        If a column cannot be analysed, or `entry` and `cluster` are both named, which lifelines has no errors for.

    Notes
    -----
    Weights and clusters make lifelines give robust errors that ignore how times are tied: compare its coefficients, not
    its errors, with those of `cox`.

    Examples
    --------
    >>> from dipeval import datasets
    >>> from dipeval.survival.hazards.interchange import to_lifelines
    >>> table, arguments = to_lifelines(
    ...     datasets.rossi(), time="weeks_to_arrest", event="arrested", covariates=["fin", "age"]
    ... )
    >>> list(table.columns), arguments
    (['weeks_to_arrest', 'arrested', 'fin', 'age'], {'duration_col': 'weeks_to_arrest', 'event_col': 'arrested'})
    """
    named = names_of("covariates", covariates)
    one_name("cluster", cluster)
    read_rows(
        data,
        time=time,
        event=event,
        entry=entry,
        weights=weights,
        cluster=cluster,
        strata=strata,
        covariates=named,
        id=id,
    )
    columns = {"time": time, "event": event, "entry": entry, "weights": weights, "cluster": cluster, "id": id}
    by = list(one_or_several("strata", strata))
    kept = [name for name in [*columns.values(), *by, *named] if name is not None]
    table = pd.DataFrame({name: column(data, name).to_numpy() for name in dict.fromkeys(kept)})
    return _with_arguments(table, {option: name for option, name in columns.items() if name is not None}, by)


def lifelines_of(fit: Fit) -> tuple[pd.DataFrame, dict[str, object]]:
    """Return a fitted model's own rows, in the caller's order, and the arguments for lifelines.

    Strata and clusters are codes from 0, under the names of their columns joined by a comma.
    """
    if fit.rows.offset.any():
        raise EstimationError("lifelines takes no offset: fit the model without it to compare the two.")
    if len(fit.rows.clusterings) > 1:
        raise EstimationError("lifelines clusters errors on one column only: fit the model with one to compare.")
    rows = fit.rows.take(np.argsort(fit.rows.position))
    columns = {option: name for option, name in fit.named.columns.items() if option != "offset"}
    table = pd.DataFrame({name: _values(rows, option) for option, name in columns.items()})
    if rows.clustered and "entry" not in columns:
        columns["cluster"] = ", ".join(fit.named.together)
        table[columns["cluster"]] = rows.clusterings[0][1]
    by = [", ".join(map(str, fit.named.strata.columns))] if len(fit.named.strata.columns) else []
    for name in by:
        table[name] = rows.stratum
    covariates = pd.DataFrame(rows.covariates, columns=list(fit.named.covariates), copy=True)
    table = pd.concat([table.drop(columns=table.columns.intersection(covariates.columns)), covariates], axis=1)
    return _with_arguments(table, columns, by)


def _values(rows: Rows, option: str) -> object:
    values = {"time": rows.time, "event": rows.event, "entry": rows.entry, "weights": rows.weight}[option]
    return values.astype(int) if option == "event" else values


def _with_arguments(
    table: pd.DataFrame, columns: dict[str, str], strata: list[str]
) -> tuple[pd.DataFrame, dict[str, object]]:
    late = "entry" in columns
    if late and "cluster" in columns:
        raise EstimationError("lifelines has no cluster errors for rows with an entry time: leave `cluster` out.")
    words = {"weights": "weights_col", "event": "event_col"}
    words |= {"entry": "start_col", "time": "stop_col"} if late else {"time": "duration_col", "cluster": "cluster_col"}
    arguments: dict[str, object] = {word: columns[option] for option, word in words.items() if option in columns}
    if late:
        arguments["id_col"] = columns.get("id", _PERSON)
        if "id" not in columns:
            table = table.assign(**{_PERSON: np.arange(len(table))})
    elif "id" in columns:
        table = table.drop(columns=columns["id"])
    if strata:
        arguments["strata"] = strata
    if "weights" in columns and not late:
        arguments["robust"] = True
    ordered = ("duration_col", "stop_col", "event_col", "start_col", "id_col", "weights_col", "cluster_col", "strata")
    return table, {word: arguments[word] for word in (*ordered, "robust") if word in arguments}
