"""Columns in, arrays out: every row checked once, then put in one canonical order.

Times run as (entry, time]: a person is at risk after `entry` and up to and including `time`. Rows are sorted by
stratum, group, time, event and entry, and among those alike by a hash of all that the row holds, so that the order of
the rows a caller happens to hold cannot change a single bit.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from dipeval.errors import EstimationError, InputError
from dipeval.survival.options import names_of, one_name, one_or_several
from dipeval.survival.ordering import canonical_order, one_value, taken
from dipeval.vocabulary import TREATED

# Words that mean no more than that observation ended.
CENSORED = ("", "censored", "end_of_follow_up", "end_of_observation", "extract_end")
_MOST = 1e100  # beyond, squares of times and weights overflow
# The words say what an array holds; the element type is left open because numpy's stubs widen it at every step.
Floats = NDArray[Any]
Integers = NDArray[Any]
Flags = NDArray[Any]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Rows:
    """The columns of one analysis as arrays in canonical order.

    Parameters
    ----------
    time, entry
        End and start of being at risk, in the caller's unit; `entry` is minus infinity where none was named.
    event
        Whether the row ended in the event.
    weight
        Case weights; ones where none were named (`weighted` tells which).
    clusterings
        What belongs together: pairs of a sign and codes. Empty without clusters, one pair with one column, three with
        two columns a and b (+a, +b, -both at once), whose sums of squares are added with their signs.
    person
        Codes of the person each row is of, or None where none was named.
    offset
        Added to the linear predictor; zeros where none was named.
    position
        Row number of each row in the caller's table.
    stratum, group
        Codes from 0; `group_names` holds the words for the groups.
    covariates
        One column a covariate, possibly none.
    """

    time: Floats
    entry: Floats
    event: Flags
    weight: Floats
    weighted: bool
    clusterings: tuple[tuple[int, Integers], ...]
    person: Integers | None
    offset: Floats
    position: Integers
    stratum: Integers
    group: Integers
    group_names: tuple[str, ...]
    covariates: Floats

    def __len__(self) -> int:
        return len(self.time)

    @property
    def clustered(self) -> bool:
        """Whether errors are summed over clusters."""
        return bool(self.clusterings)

    @property
    def robust(self) -> bool:
        """Whether weights or clusters call for robust errors."""
        return self.weighted or self.clustered

    def take(self, keep: Flags | Integers) -> Rows:
        """Return the rows flagged (in the same order) or numbered (in that order)."""
        if keep.dtype == np.bool_:
            keep = np.flatnonzero(keep)
        return Rows(
            time=self.time[keep],
            entry=taken(self.entry, keep),
            event=self.event[keep],
            weight=self.weight[keep],
            weighted=self.weighted,
            clusterings=tuple((sign, codes[keep]) for sign, codes in self.clusterings),
            person=None if self.person is None else self.person[keep],
            offset=taken(self.offset, keep),
            position=self.position[keep],
            stratum=taken(self.stratum, keep),
            group=taken(self.group, keep),
            group_names=self.group_names,
            covariates=np.take(self.covariates.T, keep, axis=1).T,
        )


def read_rows(
    data: pd.DataFrame,
    *,
    time: str,
    event: str,
    entry: str | None = None,
    weights: str | None = None,
    cluster: str | Sequence[str] | None = None,
    strata: str | Sequence[str] | None = None,
    by: str | None = None,
    covariates: Sequence[str] = (),
    offset: str | None = None,
    id: str | None = None,
) -> Rows:
    """Check the named columns and return them sorted canonically; `data` is not changed.

    Where `id` says that a person has several rows they must not overlap, and errors are clustered by person unless
    `cluster` is named.

    Raises
    ------
    InputError
        If `data` is not a frame or a named column is not in it.
    EstimationError
        If the values cannot be analysed; the message counts the rows and never shows a value.
    """
    if not isinstance(data, pd.DataFrame):
        raise InputError(f"A pandas DataFrame is needed, one row a person or spell; a {type(data).__name__} was given.")
    if data.empty:
        raise EstimationError("The table has no rows: nothing can be estimated from it.")
    singles = {"time": time, "event": event, "entry": entry, "weights": weights, "by": by, "offset": offset, "id": id}
    for option, name in singles.items():
        one_name(option, name)
    covariates = names_of("covariates", covariates)
    n = len(data)
    names, codes = group_codes(data, by)
    person = _codes(data, id) if id is not None else None
    rows = Rows(
        time=numeric_column(data, time),
        entry=numeric_column(data, entry) if entry is not None else one_value(-np.inf, n),
        event=_event_column(data, event),
        weight=numeric_column(data, weights) if weights is not None else np.ones(n),
        weighted=weights is not None,
        clusterings=_clusterings(data, cluster, person),
        person=person,
        offset=numeric_column(data, offset) if offset is not None else one_value(0.0, n),
        position=np.arange(n),
        stratum=_stratum_codes(data, strata),
        group=codes,
        group_names=names,
        # A covariate's values lie next to one another: sums by column, the bulk of the work, are quickest so.
        covariates=np.array([_covariate(data, c) for c in covariates]).T if covariates else np.empty((n, 0)),
    )
    _check_clock(rows, time, event, entry)
    _check_weights(rows, weights)
    _check_overlap(rows, id, time)
    return rows.take(canonical_order(rows))


def read_causes(data: pd.DataFrame, cause: str, censored: Sequence[str] = CENSORED) -> tuple[tuple[str, ...], Integers]:
    """Return the names of the causes in order and the code of every row: 0 for leaving observation, then 1, 2...

    Parameters
    ----------
    data
        The caller's table.
    cause
        Column with what ended each row: whole numbers, 0 for leaving observation; or words.
    censored
        The words that mean leaving observation.

    Raises
    ------
    EstimationError
        If a number is not whole or is negative, or nothing but leaving observation is ever seen.
    """
    one_name("cause", cause)
    values = column(data, cause)
    if pd.api.types.is_numeric_dtype(values):
        numbers = numeric_column(data, cause)
        wrong = int(((numbers < 0) | (numbers != np.floor(numbers))).sum())
        if wrong:
            raise EstimationError(
                f"Column '{cause}' must hold 0 (left observation) or a whole number above 0 for what happened; "
                f"{wrong} of {len(numbers)} rows hold something else."
            )
        values = pd.Series(numbers.astype(np.int64))
        left = values == 0
    else:
        values = values.astype(str)
        left = values.isin(names_of("censored", censored))
    if left.all():
        raise EstimationError(
            f"All {len(values)} rows are censored: '{cause}' never says that anything happened, so no share can be "
            "estimated."
        )
    seen = sorted(values[~left].unique())
    codes = np.where(left, 0, np.searchsorted(seen, values.where(~left, seen[0])) + 1)
    return tuple(str(name) for name in seen), codes.astype(np.int64)


def column(data: pd.DataFrame, name: str) -> pd.Series:
    """Return one column by name; a column that is not there, or is there twice, is a sentence."""
    one_name("column", name)
    if name not in data.columns:
        shown = ", ".join(map(str, list(data.columns)[:20]))
        raise InputError(f"There is no column '{name}' in the table; it has: {shown}.")
    found = data[name]
    if isinstance(found, pd.DataFrame):
        raise InputError(f"{found.shape[1]} columns are called '{name}': rename them so that each name stands once.")
    if found.isna().any():
        count = int(found.isna().sum())
        raise EstimationError(
            f"Column '{name}' is missing in {count} of {len(found)} rows: "
            "drop those rows and count them, or fill them in, before estimating."
        )
    return found


def numeric_column(data: pd.DataFrame, name: str) -> Floats:
    """Return a column of finite numbers; text and dates are refused with what to do instead."""
    values = column(data, name)
    if pd.api.types.is_datetime64_any_dtype(values) or pd.api.types.is_timedelta64_dtype(values):
        raise EstimationError(f"Column '{name}' holds dates or durations: give whole days as a number instead.")
    if not pd.api.types.is_numeric_dtype(values):
        raise EstimationError(
            f"Column '{name}' is not numeric: numbers are needed (turn categories into 0/1 columns, one left out)."
        )
    if pd.api.types.is_complex_dtype(values):
        raise EstimationError(f"Column '{name}' holds complex numbers: plain numbers are needed.")
    numbers = values.to_numpy(dtype=np.float64)
    if not np.isfinite(numbers).all():
        raise EstimationError(f"Column '{name}' is infinite in {int((~np.isfinite(numbers)).sum())} rows.")
    return numbers


def _covariate(data: pd.DataFrame, name: str) -> Floats:
    """Return a covariate whose squares a computer can hold apart."""
    values = numeric_column(data, name)
    spread = np.abs(values).max()
    if spread > _MOST or 0 < spread < 1 / _MOST:
        raise EstimationError(
            f"Column '{name}' is too large, or too near to zero, to count with: give it in another unit, so that "
            "people lie some units apart."
        )
    return values


def group_codes(data: pd.DataFrame, by: str | None) -> tuple[tuple[str, ...], Integers]:
    """Return the names of the groups in order and the code of every row.

    The yes/no column ``treated`` gives the groups the words "comparison" and "treated"; without `by` the one group
    is called "all".
    """
    if by is None:
        return ("all",), one_value(0, len(data), np.int64)
    codes, values = _sorted_values(data, by)
    names = tuple(_group_name(by, value) for value in values)
    if len(set(names)) < len(names):
        raise EstimationError(
            f"Column '{by}' holds {len(names)} groups, some of which read alike, such as a number and the word for it: "
            "give each group one spelling."
        )
    return names, codes


def _group_name(by: str, value: object) -> str:
    if isinstance(value, (bool, np.bool_)):
        value = int(value)
    if isinstance(value, (float, np.floating)) and float(value).is_integer():
        value = int(value)
    words = {"0": "comparison", "1": "treated"} if by == TREATED else {}
    return words.get(str(value), str(value))


def _event_column(data: pd.DataFrame, name: str) -> Flags:
    values = numeric_column(data, name)
    wrong = ~np.isin(values, (0.0, 1.0))
    if wrong.any():
        raise EstimationError(
            f"Column '{name}' must be 0 (no event) or 1 (event); {int(wrong.sum())} of {len(values)} rows are neither. "
            "Codes such as 1/2, or several causes, have to be turned into 0/1 first."
        )
    return values == 1.0


def _clusterings(
    data: pd.DataFrame, cluster: str | Sequence[str] | None, person: Integers | None
) -> tuple[tuple[int, Integers], ...]:
    """Return what belongs together; two columns at once as Cameron, Gelbach and Miller (2011) add them up."""
    if cluster is None:
        several = person is not None and len(np.unique(person)) < len(person)
        return ((1, person),) if person is not None and several else ()
    named = one_or_several("cluster", cluster)
    if not 1 <= len(set(named)) == len(named) <= 2:
        raise EstimationError(
            "`cluster` takes one column, or a list of two different ones such as ['pair', 'person']; "
            f"{len(named)} were named."
        )
    first = _codes(data, named[0])
    if len(named) == 1:
        return ((1, first),)
    second = _codes(data, named[1])
    both = np.unique(first * (int(second.max()) + 1) + second, return_inverse=True)[1].reshape(-1).astype(np.int64)
    return ((1, first), (1, second), (-1, both))


def _check_overlap(rows: Rows, id: str | None, time: str) -> None:
    if rows.person is None:
        return
    order = np.lexsort((rows.time, rows.entry, rows.person))
    person, entry, stop = rows.person[order], rows.entry[order], rows.time[order]
    clash = (person[1:] == person[:-1]) & (entry[1:] < stop[:-1])
    if clash.any():
        raise EstimationError(
            f"{len(np.unique(person[1:][clash]))} people in '{id}' have rows that overlap: a person is at risk once at "
            f"any time, so each row must start (`entry`) where the one before stopped ('{time}') or later."
        )


def _codes(data: pd.DataFrame, name: str) -> Integers:
    return _sorted_values(data, name)[0]


def _sorted_values(data: pd.DataFrame, name: str) -> tuple[Integers, Any]:
    """Return the place of every row among the sorted values of a column, and those values."""
    try:
        codes, values = pd.factorize(column(data, name), sort=True)
    except TypeError as error:
        raise EstimationError(
            f"Column '{name}' holds values that cannot be put in order, such as lists or dates among words: give each "
            "group, stratum or cluster a number or a word."
        ) from error
    return codes.astype(np.int64), values


def _stratum_codes(data: pd.DataFrame, strata: str | Sequence[str] | None) -> Integers:
    codes = one_value(0, len(data), np.int64)
    named = one_or_several("strata", strata)
    if len(set(named)) < len(named):
        raise EstimationError("`strata` names a column twice: name each once.")
    for name in named:
        own = _codes(data, name)
        codes = np.unique(codes * (int(own.max()) + 1) + own, return_inverse=True)[1].reshape(-1).astype(np.int64)
    return codes


def _check_clock(rows: Rows, time: str, event: str, entry: str | None) -> None:
    if (rows.time < 0).any():
        raise EstimationError(
            f"Column '{time}' is negative in {int((rows.time < 0).sum())} rows: time runs from 0 (the index date or "
            "time zero); check which date the days were counted from."
        )
    if (rows.time > _MOST).any():
        raise EstimationError(
            f"Column '{time}' is too large to count with in {int((rows.time > _MOST).sum())} rows: give times in days, "
            "weeks or months, and leave no code such as 1e300 for somebody who was never seen again."
        )
    if entry is not None and (rows.entry >= rows.time).any():
        raise EstimationError(
            f"'{entry}' is not before '{time}' in {int((rows.entry >= rows.time).sum())} rows: a person is at risk "
            "after entry and up to time, so such a row holds no time at risk; drop or mend it."
        )
    if (rows.event & (rows.time == 0)).any():
        raise EstimationError(
            f"{int((rows.event & (rows.time == 0)).sum())} events happen at time 0, before anyone is at risk: decide "
            "whether they are the index offence (drop them) or a reoffence (count from a day earlier)."
        )
    if not rows.event.any():
        raise EstimationError(
            f"All {len(rows)} rows are censored: '{event}' is never 1, so the time to it cannot be estimated."
        )


def _check_weights(rows: Rows, weights: str | None) -> None:
    bad = int((rows.weight <= 0).sum())
    if bad:
        raise EstimationError(
            f"Weight '{weights}' is zero or negative in {bad} of {len(rows)} rows: keep only the people the design "
            "uses (weight above 0)."
        )
    odd = int(((rows.weight < 1 / _MOST) | (rows.weight > _MOST)).sum())
    if odd:
        raise EstimationError(
            f"Weight '{weights}' is too near to zero or too large to count with in {odd} of {len(rows)} rows: only "
            "how weights compare matters, so divide all of them by their mean."
        )
