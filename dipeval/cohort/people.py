"""The people of a cohort in memory: columns in their order, one type each, sorted."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import pandas as pd

from dipeval.cohort.covariates import COVARIATES
from dipeval.vocabulary import PERSON_ID

if TYPE_CHECKING:
    from dipeval.cohort.rule import CohortRule

_KINDS: dict[str, Any] = {"date": "datetime64[us]", "int64": "int64", "float64": "float64"}


def index_label(rule: CohortRule) -> str:
    """Return the name of the index of people: person_id, or index_id where a person can be in several times."""
    return PERSON_ID if rule.unit == "people" else "index_id"


def tidy_people(wide: pd.DataFrame, rule: CohortRule) -> pd.DataFrame:
    """Return the documented columns in order, on an index of index_ids (sorted), with fixed types.

    Parameters
    ----------
    wide
        As it came from the engine, in any order.
    rule
        Of the cohort.
    """
    kinds = {covariate.name: _KINDS.get(covariate.kind) for covariate in COVARIATES}
    return in_order(wide, "index_id", kinds).rename_axis(index_label(rule))


def in_order(wide: pd.DataFrame, key: str, kinds: Mapping[str, Any]) -> pd.DataFrame:
    """Return columns in their types on a sorted index, taken out of the frame one by one.

    Parameters
    ----------
    wide
        In any order. It loses the columns: a national cohort must not stand in memory twice.
    key
        Column that becomes the index.
    kinds
        Columns in order, each with its type; None for as it is.
    """
    order = wide[key].argsort(kind="stable").to_numpy()
    index = pd.Index(wide[key].to_numpy()[order], name=key, dtype=object)
    columns = {}
    for name, kind in kinds.items():
        values = wide.pop(name).take(order).set_axis(index)
        columns[name] = values if kind is None else values.astype(kind, copy=False)
    return pd.DataFrame(columns, copy=False)


def cluster_of(people: pd.DataFrame, wide: pd.DataFrame, rule: CohortRule) -> pd.Series:
    """Return the person of each row, on the index of people."""
    if rule.unit == "people":
        return people.index.to_series(name=PERSON_ID)
    whose = pd.Series(wide[PERSON_ID].to_numpy(), index=wide["index_id"].to_numpy(), name=PERSON_ID, dtype=object)
    return whose.reindex(people.index)
