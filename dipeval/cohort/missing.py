"""Gaps in the facts from before the index date: filled, and marked by a yes/no column of their own.

A design takes complete columns only. Filling is a step of its own, so that it shows: what was filled, how often and
with what. Only the columns named are looked at; no outcome can be among them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from dipeval.cohort.result import Cohort
from dipeval.errors import DesignError, InputError, InvariantError
from dipeval.presenting import HtmlMixin, Summary, format_count, format_number, format_percent
from dipeval.vocabulary import OUTCOME_NAMES

if TYPE_CHECKING:
    from matplotlib.axes import Axes

MISSING_LEVEL = "(missing)"
SUFFIX = "_missing"
METHODS = ("indicator",)
COLUMNS = ("column", "n_missing", "share_missing", "filled_with", "indicator")
ASSUMPTION = (
    "Missing-indicator method: people whose value is missing are compared with people whose value is missing too. It "
    "is fair only if that gap itself, not the value behind it, is what matters for who was treated and for what "
    "followed; otherwise it leaves bias, of unknown size, even where values are missing by pure chance (Groenwold and "
    "others 2012). Compare with the people without gaps, or impute several times."
)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Filled(HtmlMixin):
    """People with the gaps in their covariates filled and marked; made by `fill_missing`.

    Parameters
    ----------
    covariates
        The columns named and the indicators made for them: what to hand to ``dip.match`` or ``dip.weight``.
    n, n_with_gaps
        People, and people with at least one gap.
    notes
        What a reader must be told: the assumption first.
    """

    covariates: tuple[str, ...]
    n: int
    n_with_gaps: int
    notes: tuple[str, ...]
    _people: pd.DataFrame = field(repr=False)
    _gaps: pd.DataFrame = field(repr=False)
    _known: Mapping[str, str] = field(repr=False)
    _made: tuple[str, ...] = field(repr=False)

    def __post_init__(self) -> None:
        """Refuse to exist with a broken promise."""
        if self._people[list(self.covariates)].isna().any(axis=None):
            raise InvariantError("Columns came out of fill_missing with gaps.")

    @property
    def people(self) -> pd.DataFrame:
        """The people as they came, the named columns filled, the indicators (0/1) added at the end."""
        return self._people.copy()

    def to_frame(self) -> pd.DataFrame:
        """Return one row a column named, in order.

        Returns
        -------
        pandas.DataFrame
            column, n_missing, share_missing, filled_with (in words), indicator (the column that marks the gaps, or
            ``column[(missing)]`` for a level that does; both empty without gaps).
        """
        return self._gaps.copy()

    def measured_at(self, known: Mapping[str, str] | None = None) -> dict[str, str]:
        """Return when each covariate was measured; an indicator was known when its column was.

        Parameters
        ----------
        known
            Column -> "before_index", "at_index" or "after_index". A cohort's own are there without it.

        Returns
        -------
        dict
            To hand to ``dip.match(..., measured_at=...)``; columns about which nothing is known are left out.
        """
        moments = {**self._known, **(known or {})}
        sources = {name: name.removesuffix(SUFFIX) if name in self._made else name for name in self.covariates}
        return {name: moments[source] for name, source in sources.items() if source in moments}

    def summary(self) -> Summary:
        """Say what was missing, how often, and what was done about it."""
        gaps = self._gaps[self._gaps["n_missing"] > 0]
        table = pd.DataFrame(
            {
                "Column": gaps["column"],
                "Missing": [format_count(count) for count in gaps["n_missing"]],
                "Share": [format_percent(share) for share in gaps["share_missing"]],
                "Filled with": gaps["filled_with"],
                "Marked by": gaps["indicator"],
            }
        ).reset_index(drop=True)
        headline = (
            f"{format_count(self.n_with_gaps)} of {format_count(self.n)} people had at least one gap in "
            f"{len(gaps)} of {len(self._gaps)} columns; the gaps were filled and marked."
            if len(gaps)
            else f"Nothing was missing: all {len(self._gaps)} columns are complete for {format_count(self.n)} people."
        )
        return Summary(title="Missing values", headline=headline, table=table, notes=self.notes)

    def plot(self, ax: Axes | None = None) -> Axes:
        """Draw the share of people for whom each column was missing and return the Axes."""
        from dipeval.plots.overlap import gaps_plot

        return gaps_plot(self.to_frame(), ax=ax)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Column:
    """One column filled: its values, what they were filled with, and whether a level of its own marks the gaps."""

    values: pd.Series
    gap: NDArray[np.bool_]
    words: str
    has_level: bool


def fill_missing(people: pd.DataFrame | Cohort, *, columns: Sequence[str], method: str = "indicator") -> Filled:
    """Fill the gaps in covariates and mark them, so that a design can be made without leaving people out.

    Parameters
    ----------
    people
        One row a person, or a cohort (whose columns are complete but for a risk score supplied to it).
    columns
        Columns known before the index date: numbers, yes/no or categories. All others are handed back untouched.
    method
        "indicator": a number gets the mean of those observed, a yes/no column 0, a category the level "(missing)"; a
        column ``<name>_missing`` (0/1) marks the gaps of a number or yes/no column.

    Returns
    -------
    Filled
        ``people`` and ``covariates`` to hand to ``dip.match`` or ``dip.weight``; ``to_frame()``: column, n_missing,
        share_missing, filled_with, indicator.

    Raises
    ------
    InputError
        Columns that are not there, hold nothing or one value, or whose indicator's name is taken.
    DesignError
        An outcome among the columns.

    Notes
    -----
    Groenwold, R. H. H., White, I. R., Donders, A. R. T., Carpenter, J. R., Altman, D. G. and Moons, K. G. M. (2012),
    Missing covariate data in clinical research: when and when not to use the missing-indicator method for analysis,
    Canadian Medical Association Journal 184, 1265-1269. With its indicator in the model, the number filled in does not
    matter to a fitted score. Where two columns are missing for just the same people one indicator marks both.

    Examples
    --------
    >>> import dipeval as dip
    >>> people = pd.DataFrame({"age": [20.0, None, 40.0], "district": ["Leeds", "Leeds", None]})
    >>> filled = dip.fill_missing(people, columns=["age", "district"])
    >>> filled.covariates
    ('age', 'district', 'age_missing')
    >>> filled.people["age"].tolist(), filled.people["district"].tolist()
    ([20.0, 30.0, 40.0], ['Leeds', 'Leeds', '(missing)'])
    """
    if method not in METHODS:
        raise InputError(f"fill_missing has the method {', '.join(METHODS)}; {method!r} is unknown.")
    table, known = _open(people)
    names = _names(table, columns)
    parts = {name: _fill(name, table[name]) for name in names}
    marks, shared = _marks(parts)
    parts = {name: _without_level(name, table[name], part, marks[name]) for name, part in parts.items()}
    made = {mark: parts[name].gap.astype(np.int64) for name, mark in marks.items() if mark == f"{name}{SUFFIX}"}
    _refuse_taken(table, made)
    filled: dict[str, Any] = {name: part.values for name, part in parts.items() if part.gap.any()}
    complete = table.copy()
    for name, values in (*filled.items(), *made.items()):
        complete[name] = values
    gaps = np.column_stack([part.gap for part in parts.values()])
    return Filled(
        covariates=(*names, *made),
        n=len(table),
        n_with_gaps=int(gaps.any(axis=1).sum()),
        notes=_notes(bool(gaps.any()), shared, isinstance(people, Cohort)),
        _people=complete,
        _gaps=_table(parts, marks),
        _known=known,
        _made=tuple(made),
    )


def _open(people: pd.DataFrame | Cohort) -> tuple[pd.DataFrame, Mapping[str, str]]:
    if isinstance(people, Cohort):
        return people.people, people.measured_at
    if not isinstance(people, pd.DataFrame):
        raise InputError(
            f"people must be a pandas DataFrame with one row a person, or a cohort; it is a {type(people).__name__}."
        )
    return people, {}


def _names(table: pd.DataFrame, columns: Sequence[str]) -> tuple[str, ...]:
    if isinstance(columns, str) or not isinstance(columns, Sequence) or not columns:
        raise InputError('columns must be a list of the columns to fill, such as ["age", "district"].')
    names = tuple(dict.fromkeys(columns))
    absent = [str(name) for name in names if name not in table.columns]
    if absent:
        raise InputError(f"There is no column {', '.join(absent)} in people.")
    repeated = [str(name) for name in names if (table.columns == name).sum() > 1]
    if repeated:
        raise InputError(f"The table has more than one column called {', '.join(repeated)}: rename or drop the others.")
    outcomes = [str(name) for name in names if str(name).strip().lower() in OUTCOME_NAMES]
    if outcomes:
        raise DesignError(
            f"{', '.join(outcomes)}: the name of an outcome. Filling gaps is part of a design, and a design never sees "
            "outcomes: take it out of the columns."
        )
    return names


def _fill(name: str, column: pd.Series) -> _Column:
    gap = column.isna().to_numpy(dtype=bool)
    if not gap.any():
        return _Column(values=column, gap=gap, words="", has_level=False)
    if gap.all():
        raise InputError(f"'{name}' is missing for all {len(column)} people: it tells nothing, take it out.")
    there = column[~gap]
    if pd.api.types.is_datetime64_any_dtype(column.dtype) or pd.api.types.is_timedelta64_dtype(column.dtype):
        raise InputError(f"'{name}' holds dates or times: turn it into a number, such as days before the index date.")
    if _is_number(there):
        return _filled_number(name, column, there.to_numpy(dtype=np.float64), gap)
    words = there.map(str)
    if (words == MISSING_LEVEL).any():
        raise InputError(
            f"'{name}' has a level called {MISSING_LEVEL} as well as gaps: leave one way of saying that it is missing."
        )
    values = column.astype(object).where(~gap, MISSING_LEVEL)
    return _Column(values=values, gap=gap, words=f'the level "{MISSING_LEVEL}"', has_level=True)


def _is_number(there: pd.Series) -> bool:
    """Whether the values observed are numbers or yes/no, be the column typed (with gaps it may be an object) or not."""
    if pd.api.types.is_bool_dtype(there.dtype) or pd.api.types.is_numeric_dtype(there.dtype):
        return True
    return there.dtype == object and all(isinstance(one, (bool, int, float, np.bool_, np.number)) for one in there)


def _filled_number(name: str, column: pd.Series, there: NDArray[np.float64], gap: NDArray[np.bool_]) -> _Column:
    endless = int((~np.isfinite(there)).sum())
    if endless:
        raise InputError(f"'{name}' is infinite for {endless} of {len(column)} people: say what is meant first.")
    ordered = np.sort(there)  # the sum then does not depend on the order of the rows
    if ordered[0] == ordered[-1]:
        raise InputError(
            f"'{name}' has the same value wherever it is known ({len(there)} of {len(column)} people): it tells "
            "nothing but who has a gap. Take it out, or make a yes/no column of the gap yourself."
        )
    yes_no = bool(np.isin(ordered, (0.0, 1.0)).all())
    value = 0.0 if yes_no else float(ordered.mean())
    values = np.zeros(len(column))
    values[~gap] = there
    values[gap] = value
    words = "0 (no)" if yes_no else f"the mean of those known ({format_number(value, 2)})"
    return _Column(values=pd.Series(values, index=column.index), gap=gap, words=words, has_level=False)


def _marks(parts: Mapping[str, _Column]) -> tuple[dict[str, str], tuple[str, ...]]:
    """Name what marks the gaps of each column; columns missing for just the same people share one mark."""
    first: dict[bytes, str] = {}
    marks: dict[str, str] = {}
    shared: list[str] = []
    categories = sorted(parts, key=lambda name: not parts[name].has_level)  # their levels are there in any case
    for name in categories:
        part = parts[name]
        own = f"{name}[{MISSING_LEVEL}]" if part.has_level else f"{name}{SUFFIX}"
        pattern = np.packbits(part.gap).tobytes()
        if not part.gap.any():
            marks[name] = ""
        else:
            marks[name] = first.setdefault(pattern, own)
            if marks[name] != own:
                shared.append(f"{name} (marked by {marks[name]})")
    return {name: marks[name] for name in parts}, tuple(shared)


def _without_level(name: str, column: pd.Series, part: _Column, mark: str) -> _Column:
    """Fill a category with its most frequent level where another column's mark already says who has the gap."""
    if not part.has_level or mark == f"{name}[{MISSING_LEVEL}]":
        return part
    counts = column[~part.gap].map(str).value_counts()
    usual = min(counts.index[counts == counts.max()])
    values = column.astype(object).where(~part.gap, usual)
    return _Column(values=values, gap=part.gap, words=f"its most frequent level ({usual})", has_level=False)


def _refuse_taken(table: pd.DataFrame, made: Mapping[str, Any]) -> None:
    taken = [mark for mark in made if mark in table.columns]
    if taken:
        raise InputError(
            f"people already has a column {', '.join(taken)}, the name the indicator would get: rename or drop it."
        )


def _notes(any_gap: bool, shared: tuple[str, ...], is_cohort: bool) -> tuple[str, ...]:
    notes = [ASSUMPTION] if any_gap else []
    if any_gap:
        notes.append(
            "What a gap was filled with does not change a fitted score, because the column that marks the gap takes it "
            "up; it does change the means shown in balance tables."
        )
    if shared:
        notes.append(f"Missing for just the same people as another column, one mark for both: {', '.join(shared)}.")
    if is_cohort:
        notes.append("A cohort's columns are complete by construction, but for a risk score supplied to it.")
    return tuple(notes)


def _table(parts: Mapping[str, _Column], marks: Mapping[str, str]) -> pd.DataFrame:
    rows: list[tuple[Any, ...]] = []
    for name, part in parts.items():
        rows.append((str(name), int(part.gap.sum()), float(part.gap.mean()), part.words, marks[name]))
    return pd.DataFrame(rows, columns=list(COLUMNS))
