"""The columns of a model: checked, put on a common scale for the climb, and the way back to the caller's scale."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from dipeval.errors import EstimationError, InputError
from dipeval.survival.clusters import n_clusters, n_event_clusters, squares
from dipeval.survival.columns import Floats, Rows, numeric_column
from dipeval.survival.options import check_yes_no, names_of

INTERCEPT = "(Intercept)"
_COLLINEAR = 1e-10


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Part:
    """An intercept and covariates, on a common scale, with the matrix that leads back.

    Parameters
    ----------
    columns
        Rows by terms: ones, then each covariate with mean 0 and standard deviation 1.
    back
        Terms by terms: coefficients on the caller's scale are `back` times those of `columns`.
    """

    columns: Floats
    back: Floats


def check_names(option: str, covariates: object, *, needed: bool = True) -> tuple[str, ...]:
    """Return the covariates named; none where some are needed, or one named twice, is a sentence."""
    names = None if isinstance(covariates, str) else names_of(option, covariates)
    if names is None or (needed and not names):
        least = ", with at least one" if needed else ""
        raise EstimationError(f"`{option}` is a list of column names{least}: {option}=['treated'].")
    if len(set(names)) < len(names):
        raise EstimationError(f"`{option}` names a column twice: name each once.")
    return names


def check_covariates(x: Floats, names: Sequence[str]) -> None:
    """Refuse covariates that are constant or determine one another."""
    if not names:
        return
    spread = np.ptp(x, axis=0)
    for name, width in zip(names, spread, strict=True):
        if width == 0:
            raise EstimationError(f"Covariate '{name}' is constant over all {len(x)} rows: leave it out.")
    scaled = (x - x.mean(axis=0)) / x.std(axis=0)
    values, vectors = np.linalg.eigh(scaled.T @ scaled / len(x))
    if values[0] < _COLLINEAR:
        involved = [f"'{name}'" for name, part in zip(names, vectors[:, 0], strict=True) if abs(part) > 0.05]
        raise EstimationError(
            f"Covariates {', '.join(involved)} determine one another exactly: leave one of them out "
            "(of the 0/1 columns of one category, one must be left out)."
        )


def check_both_sides(x: Floats, names: Sequence[str], event: Floats, what: str) -> None:
    """Refuse a covariate with two values where one of the two never sees the event."""
    for name, values in zip(names, x.T, strict=True):
        low, high = values.min(), values.max()
        if not ((values == low) | (values == high)).all():
            continue
        for side in (low, high):
            if not event[values == side].any():
                raise EstimationError(
                    f"No event is seen in one of the two groups of '{name}' ({int((values == side).sum())} rows): its "
                    f"{what} has no finite estimate. Leave it out, or compare the curves instead."
                )


def make_part(x: Floats) -> Part:
    """Return an intercept and the covariates on a common scale."""
    n, p = x.shape
    columns, back = np.ones((n, p + 1)), np.eye(p + 1)
    if p:
        centre, scale = x.mean(axis=0), x.std(axis=0)
        columns[:, 1:] = (x - centre) / scale
        back[1:, 1:] = np.diag(1 / scale)
        back[0, 1:] = -centre / scale
    return Part(columns=np.asfortranarray(columns), back=back)


def sandwich(parts: Floats, bread: Floats, rows: Rows, n_terms: int) -> Floats:
    """Return the robust covariance from what each row adds to the slope (weighted), by the clusters of the rows."""
    size = n_clusters(rows)
    if size <= n_terms:
        what = "clusters" if rows.clustered else "rows"
        raise EstimationError(
            f"{size} {what} are too few for robust errors with {n_terms} coefficients: more are needed than there are "
            "coefficients, and some dozens to be believed."
        )
    if rows.clustered and n_event_clusters(rows) < n_terms:
        raise EstimationError(
            f"The events lie in {n_event_clusters(rows)} of the clusters, too few for robust errors with {n_terms} "
            "coefficients: clusters without events teach next to nothing. Some dozens with events are wanted."
        )
    return squares(parts @ bread, rows)


def use_robust(robust: bool | None, rows: Rows) -> bool:
    """Return whether errors are robust: as asked, or where weights or clusters call for it."""
    check_yes_no("robust", robust, may_be_none=True)
    if robust is not None and not robust and rows.clustered:
        raise EstimationError("`robust=False` ignores the clusters: leave `robust` out, or leave `cluster` out.")
    return rows.robust if robust is None else bool(robust)


def error_words(robust: bool, clustered: bool) -> str:
    """Return the kind of standard error in words."""
    if robust:
        return "cluster-robust standard errors" if clustered else "robust standard errors, each row on its own"
    return "model-based standard errors"


def of_people(people: pd.DataFrame, names: Sequence[str]) -> Floats:
    """Return the covariates of people to predict for, with a leading column of ones."""
    if not isinstance(people, pd.DataFrame) or people.empty:
        raise InputError("`people` is a table with at least one row and a column for every covariate.")
    return np.column_stack([np.ones(len(people)), *(numeric_column(people, name) for name in names)])
