"""`Extracts`: the checked tables of one study, and what was left out on the way."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import pandas as pd

from dipeval.errors import InputError, InvariantError
from dipeval.extracts.assembling import count_frame, side_by_side
from dipeval.extracts.checking import unknown_word
from dipeval.extracts.contracts import contracts, did_you_mean
from dipeval.extracts.pseudonymised import FINGERPRINT
from dipeval.presenting import HtmlMixin, Summary, format_count

if TYPE_CHECKING:
    from matplotlib.axes import Axes

DATA_STATUSES: Final = ("personal", "simulated", "public")
DROPPED_COLUMNS: Final = ("table", "reason", "rows")
BLANKED_COLUMNS: Final = ("table", "column", "reason", "values")


@dataclass(frozen=True, slots=True, kw_only=True)
class ExtractFile:
    """One file that was read.

    Parameters
    ----------
    table
        The table it holds.
    file
        Its name, without the folder.
    sha256
        Digest of its bytes.
    rows
        Records in it, before any were dropped.

    Examples
    --------
    >>> ExtractFile(table="deaths", file="deaths.csv", sha256="0" * 64, rows=12).rows
    12
    """

    table: str
    file: str
    sha256: str
    rows: int


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Extracts(HtmlMixin):
    """Checked tables. Made by `read_extracts`, `make_extracts` or the simulator; never changed afterwards.

    Text is object dtype with None for missing, dates are ``datetime64[us]`` at midnight, yes/no is ``boolean``,
    numbers are ``float64`` or ``Int64``.

    Parameters
    ----------
    extract_date
        Last day the data cover.
    data_status
        ``personal``, ``simulated`` or ``public``: decides what the disclosure gate allows.
    files
        The files read; empty if the tables came as DataFrames.
    truth
        What the simulator knows about these data; None for real ones.

    Examples
    --------
    >>> deaths = pd.DataFrame({"record_id": ["1"], "pnc_id": ["07"], "death_date": ["2024-03-01"]})
    >>> from dipeval.extracts import make_extracts
    >>> extracts = make_extracts({"deaths": deaths})
    >>> extracts.names, "deaths" in extracts, extracts.extract_date.isoformat()
    (('deaths',), True, '2024-03-01')
    """

    extract_date: dt.date
    data_status: str
    files: tuple[ExtractFile, ...] = ()
    truth: Any = None
    _tables: Mapping[str, pd.DataFrame]
    _dropped: pd.DataFrame
    _blanked: pd.DataFrame
    _date_from: str = "as given"
    _notes: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        """Check the invariants."""
        if self.data_status not in DATA_STATUSES:
            raise InputError(unknown_word(self.data_status, DATA_STATUSES, "data_status"))
        if not self._tables or not set(self._tables) <= set(contracts()):
            raise InvariantError("Extracts were made without tables, or with a table that has no contract.")
        if tuple(self._dropped.columns) != DROPPED_COLUMNS:
            raise InvariantError("The counts of dropped rows do not have the columns table, reason, rows.")

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the tables, in the order of the contracts."""
        return tuple(name for name in contracts() if name in self._tables)

    def __contains__(self, name: object) -> bool:
        """Say whether there is such a table."""
        return name in self._tables

    def table(self, name: str) -> pd.DataFrame:
        """Return a copy of one table.

        Parameters
        ----------
        name
            One of `names`.

        Returns
        -------
        DataFrame
            The columns of the contract that the source holds, one row a record.

        Raises
        ------
        InputError
            If there is no such table; the message names those that are there.

        Examples
        --------
        >>> deaths = pd.DataFrame({"record_id": ["1"], "pnc_id": ["07"], "death_date": ["2024-03-01"]})
        >>> from dipeval.extracts import make_extracts
        >>> make_extracts({"deaths": deaths}).table("deaths")["pnc_id"].tolist()
        ['07']
        """
        if name not in self._tables:
            near = did_you_mean(str(name), self.names)
            raise InputError(f"These extracts have no table '{name}'{near}; they have {', '.join(self.names)}.")
        return side_by_side({column: values.copy() for column, values in self._tables[name].items()})

    @property
    def dropped(self) -> pd.DataFrame:
        """Rows dropped for a fault: table, reason, rows. Every row is counted once."""
        return self._dropped.copy()

    @property
    def blanked(self) -> pd.DataFrame:
        """Values set to missing, such as placeholder dates: table, column, reason, values."""
        return self._blanked.copy()

    @property
    def pseudonymised(self) -> bool:
        """Whether the identifiers of any table are keyed hashes (`dipeval.pseudonymise`)."""
        return any(FINGERPRINT in table for table in self._tables.values())

    @property
    def key_fingerprint(self) -> str | None:
        """Fingerprint of the key that identifiers were hashed with; None if they are clear, or no record is there.

        Tables hashed with different keys cannot be linked; their fingerprints are then given one after another.
        """
        found: set[str] = set()
        for name in self.names:
            found |= set(self.fingerprints(name))
        return ", ".join(sorted(found)) or None

    def fingerprints(self, name: str) -> tuple[str, ...]:
        """Return the fingerprint of the key that a table was hashed with; empty if it is clear or has no records."""
        table = self._tables[name]
        return tuple(sorted(table[FINGERPRINT].dropna().unique())) if FINGERPRINT in table else ()

    def to_frame(self) -> pd.DataFrame:
        """Return one row a table.

        Returns
        -------
        DataFrame
            table, file (empty for DataFrames), rows, first_date, last_date (of the event; NaT for totals).

        Examples
        --------
        >>> deaths = pd.DataFrame({"record_id": ["1"], "pnc_id": ["07"], "death_date": ["2024-03-01"]})
        >>> from dipeval.extracts import make_extracts
        >>> make_extracts({"deaths": deaths}).to_frame().columns.tolist()
        ['table', 'file', 'rows', 'first_date', 'last_date']
        """
        by_table = {one.table: one.file for one in self.files}
        rows = []
        for name in self.names:
            event = contracts()[name].event
            dates = self._tables[name][event] if event else pd.Series(dtype="datetime64[us]")
            span = (dates.min(), dates.max())
            rows.append((name, by_table.get(name, ""), len(self._tables[name]), *span))
        frame = pd.DataFrame(rows, columns=["table", "file", "rows", "first_date", "last_date"])
        return frame.astype({"first_date": "datetime64[us]", "last_date": "datetime64[us]"})

    def summary(self) -> Summary:
        """Say what is there, which days it covers and what was left out.

        Returns
        -------
        Summary
            Its table is `to_frame` with dates as text.

        Examples
        --------
        >>> deaths = pd.DataFrame({"record_id": ["1"], "pnc_id": ["07"], "death_date": ["2024-03-01"]})
        >>> from dipeval.extracts import make_extracts
        >>> make_extracts({"deaths": deaths}).summary().headline
        '1 table with 1 records; the data cover the days up to 2024-03-01 (the latest death_date of deaths).'
        """
        table = self.to_frame()
        for column in ("first_date", "last_date"):
            table[column] = [day.date().isoformat() if pd.notna(day) else "" for day in table[column]]
        count = len(self.names)
        headline = (
            f"{count} table{'s' if count != 1 else ''} with {format_count(float(table['rows'].sum()))} records; "
            f"the data cover the days up to {self.extract_date.isoformat()} ({self._date_from})."
        )
        if self.data_status == "simulated":
            headline = f"No real person is in these data. {headline}"
        return Summary(title="Extracts", headline=headline, table=table, notes=(*self._counts(), *self._notes))

    def plot(self, ax: Axes | None = None) -> Axes:
        """Draw the days each table covers and return the Axes drawn on (exact counts: not for release)."""
        from dipeval.plots.extracts import coverage_plot

        return coverage_plot(self.to_frame(), until=self.extract_date, ax=ax)

    def _counts(self) -> tuple[str, ...]:
        dropped = [
            f"{table}: {format_count(float(rows))} rows dropped: {reason}."
            for table, reason, rows in self._dropped.to_numpy(dtype=object)
        ]
        blanked = [
            f"{table}: {format_count(float(values))} values of {column} set to missing ({reason})."
            for table, column, reason, values in self._blanked.to_numpy(dtype=object)
        ]
        return (*dropped, *blanked)

    def __repr__(self) -> str:
        """Name the tables, never their contents."""
        return f"Extracts({', '.join(self.names)}; up to {self.extract_date.isoformat()}; {self.data_status})"


def last_day(tables: Mapping[str, pd.DataFrame]) -> tuple[dt.date | None, str]:
    """Return the latest day that something happened on, and the column it was found in.

    Planned dates (ends, releases) are left aside: they may lie in the future.

    Parameters
    ----------
    tables
        Checked tables.

    Returns
    -------
    tuple
        The day (None if there is no date at all) and words such as "latest offence_date of offences".
    """
    best: pd.Timestamp | None = None
    words = ""
    for name, contract in contracts().items():
        for column in contract.observed:
            if name not in tables or column not in tables[name] or tables[name][column].isna().all():
                continue
            latest = tables[name][column].max()
            if best is None or latest > best:
                best, words = latest, f"the latest {column} of {name}"
    return (None if best is None else best.date()), words


def build(
    tables: Mapping[str, pd.DataFrame],
    *,
    extract_date: dt.date | None,
    data_status: str,
    files: tuple[ExtractFile, ...],
    truth: Any,
    dropped: pd.DataFrame,
    blanked: list[dict[str, object]],
    notes: tuple[str, ...],
) -> Extracts:
    """Put checked tables together; the one place where `Extracts` are made."""
    found, words = (extract_date, "as given") if extract_date is not None else last_day(tables)
    if found is None:
        raise InputError(
            "No table holds the date of an event, so the last day covered is not known; give extract_date."
        )
    return Extracts(
        extract_date=found,
        data_status=data_status,
        files=files,
        truth=truth,
        _tables={name: tables[name] for name in contracts() if name in tables},
        _dropped=dropped,
        _blanked=count_frame(blanked, BLANKED_COLUMNS),
        _date_from=words,
        _notes=notes,
    )


def as_day(value: dt.date | str | None) -> dt.date | None:
    """Return a day given as date, timestamp or ISO text.

    Examples
    --------
    >>> as_day("2024-06-30")
    datetime.date(2024, 6, 30)
    """
    if value is None or (isinstance(value, dt.date) and not isinstance(value, dt.datetime)):
        return value
    day = pd.to_datetime(str(value), format="ISO8601", errors="coerce")
    if pd.isna(day):
        raise InputError("extract_date must be a date such as 2024-06-30.")
    return dt.date(day.year, day.month, day.day)
