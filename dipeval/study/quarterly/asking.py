"""Parts of a quarterly result: told where the records allow, left out with the reason, refused if asked for by name."""

from __future__ import annotations

import datetime as dt
import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, TypeVar

from dipeval.errors import InputError

if TYPE_CHECKING:
    import pandas as pd

    from dipeval.indicators import Indicators
    from dipeval.study.quarterly.load import Loaded
    from dipeval.study.quarterly.spec import QuarterlySpec

logger = logging.getLogger("dipeval")
Part = TypeVar("Part")


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Asked:
    """What the parts of a quarterly result are made from, and what could not be told so far.

    Parameters
    ----------
    spec
        The quarterly file.
    loaded
        The records.
    indicators
        Measured already.
    periods
        Periods that are covered to their end, in order of time.
    not_told
        Part -> why; filled as parts are made.
    """

    spec: QuarterlySpec
    loaded: Loaded
    indicators: Indicators
    periods: tuple[str, ...]
    not_told: dict[str, str] = field(default_factory=dict)
    _windows: dict[tuple[str, ...], pd.DataFrame] = field(default_factory=dict)

    def together(self, periods: tuple[str, ...]) -> pd.DataFrame:
        """Every indicator over several periods together (`Indicators.window`), worked out once."""
        if periods not in self._windows:
            self._windows[periods] = self.indicators.window(periods)
        return self._windows[periods]

    def part(self, name: str, make: Callable[[], Part], *, key: str = "") -> Part | None:
        """Make a part.

        Parameters
        ----------
        name
            Of the part.
        make
            Makes it, or raises `InputError` with the reason why it cannot.
        key
            Key of the study file that asks for it in so many words; empty where nothing does.

        Raises
        ------
        InputError
            If it was asked for and cannot be told.
        """
        logger.info("working out %s", name.replace("_", " "))
        try:
            return make()
        except InputError as error:
            if key:
                raise InputError(f"{key}: {error}") from None
            self.leave_out(name, str(error))
            return None

    def each(
        self, name: str, made: Mapping[Any, Callable[[], Part]], *, key: str = "", empty: str = ""
    ) -> Mapping[Any, Part]:
        """Make a part that is one result an indicator (and district): those that cannot be told are left out.

        Parameters
        ----------
        name
            Of the part.
        made
            What it is about -> what makes it.
        key
            As for `part`; then every one of them must be told.
        empty
            Reason where there is nothing to make.
        """
        found: dict[Any, Part] = {}
        reasons: list[str] = []
        logger.info("working out %s", name.replace("_", " "))
        for about, make in made.items():
            try:
                found[about] = make()
            except InputError as error:
                if key:
                    raise InputError(f"{key}: {error}") from None
                reasons.append(str(error))
        if not found:
            self.leave_out(name, reasons[0] if reasons else empty)
        return MappingProxyType(found)

    def leave_out(self, name: str, why: str) -> None:
        """Note why a part is not told."""
        logger.info("%s: left out. %s", name.replace("_", " "), why)
        self.not_told[name] = why

    def latest(self, count: int) -> tuple[str, ...]:
        """The latest periods that are covered to their end.

        Raises
        ------
        InputError
            If there is none.
        """
        if not self.periods:
            raise InputError("No period is covered by the records from its first day to its last.")
        return self.periods[-count:]

    def window(self, count: int) -> tuple[dt.date, dt.date]:
        """First and last day of the latest complete periods."""
        from dipeval.indicators.measuring.periods import span

        labels = self.latest(count)
        first, last = span(labels[0]), span(labels[-1])
        if first is None or last is None:  # the labels are dipeval's own
            raise InputError(f"'{labels[0]}' to '{labels[-1]}' are no periods.")
        return first[0], last[1]

    def needs(self, *tables: str) -> None:
        """Refuse if the records lack a table."""
        lacking = [name for name in tables if name not in self.loaded.extracts.names]
        if lacking:
            raise InputError(f"The records have no table {' and no table '.join(lacking)}.")
