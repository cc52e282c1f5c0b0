"""`QuarterlyReview`: from a quarterly file to everything its report says."""

from __future__ import annotations

import datetime as dt
import logging
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import pandas as pd

from dipeval.errors import StudyFileError
from dipeval.study import rules
from dipeval.study.quarterly.asking import Asked
from dipeval.study.quarterly.checks import QuarterlyCheck, checked
from dipeval.study.quarterly.coming_in import coming_in_parts
from dipeval.study.quarterly.compared import benchmarks, charts, growth
from dipeval.study.quarterly.counting import counting_rule, measured
from dipeval.study.quarterly.entries import entry_parts
from dipeval.study.quarterly.load import load
from dipeval.study.quarterly.paying import money_parts
from dipeval.study.quarterly.quality import quality
from dipeval.study.quarterly.reading import QuarterlyFile, read_quarterly_file
from dipeval.study.quarterly.result import QuarterlyResult
from dipeval.study.quarterly.spec import QuarterlySpec

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

logger = logging.getLogger("dipeval")


@dataclass(frozen=True, slots=True, kw_only=True)
class QuarterlyReview:
    """A quarterly report that can be checked and run. Made by `QuarterlyReview.from_toml`.

    Parameters
    ----------
    file
        The quarterly file as it was read.

    Examples
    --------
    >>> from importlib.resources import files
    >>> review = QuarterlyReview.from_toml(files("dipeval.examples") / "west_yorkshire_quarterly.toml")
    >>> review.spec.indicators.every
    'quarter'
    """

    file: QuarterlyFile

    @classmethod
    def from_toml(cls, path: str | Path) -> QuarterlyReview:
        """Read a quarterly file and check everything in it that can be checked without data.

        Parameters
        ----------
        path
            A TOML file with ``kind = "quarterly"``; relative paths in it start from its folder.

        Returns
        -------
        QuarterlyReview

        Raises
        ------
        StudyFileError
            With every mistake at once, each naming its key and line.

        Examples
        --------
        >>> from importlib.resources import files
        >>> review = QuarterlyReview.from_toml(files("dipeval.examples") / "west_yorkshire_quarterly.toml")
        >>> review.spec.kind
        'quarterly'
        """
        file = read_quarterly_file(path)
        _check_rules(file)
        return cls(file=file)

    @property
    def spec(self) -> QuarterlySpec:
        """What the quarterly file says."""
        return self.file.spec

    def check(self) -> QuarterlyCheck:
        """Read the records and say what can be told of them, without counting an indicator.

        Returns
        -------
        QuarterlyCheck
            Tables, districts, indicators that can and cannot be told, and the checks of the records.
        """
        return checked(self.spec, load(self.spec, self._folder))

    def run(self) -> QuarterlyResult:
        """Measure the indicators and everything the report says beside them.

        Returns
        -------
        QuarterlyResult
            Parts that the records cannot tell are None, with the reason in ``not_told``.

        Raises
        ------
        InputError
            If the records cannot be read, or something that the file asks for in so many words cannot be told.
        """
        spec = self.spec
        loaded = load(spec, self._folder)
        found = measured(spec, loaded)
        until = pd.Timestamp(loaded.extracts.extract_date).date()
        asked = Asked(spec=spec, loaded=loaded, indicators=found, periods=complete(found.periods, until))
        parts: dict[str, Any] = {
            "charts": charts(asked),
            "growth": growth(asked),
            "benchmarks": benchmarks(asked),
            **entry_parts(asked),
            **coming_in_parts(asked),
            **money_parts(asked, self._folder),
        }
        logger.info("checking the records")
        return QuarterlyResult(
            study_file=self.file,
            spec=spec,
            rule=rules.disclosure_rule(spec),
            files=loaded.files,
            linkage=loaded.linkage,
            extract_date=until,
            period=asked.periods[-1] if asked.periods else "",
            periods=tuple(found.periods),
            districts=tuple(sorted(found.districts)),
            indicators=found,
            not_told=MappingProxyType(asked.not_told),
            _quality=quality(spec, loaded, asked.periods),
            **_frozen(parts),
        )

    @property
    def _folder(self) -> Path:
        """Where relative paths in the study file start."""
        return self.file.path.resolve().parent


def _frozen(parts: dict[str, Any]) -> dict[str, Any]:
    return {name: MappingProxyType(value) if isinstance(value, dict) else value for name, value in parts.items()}


def complete(periods: Sequence[str], until: dt.date) -> tuple[str, ...]:
    """Return the periods that end on the last day of the data, or before.

    Examples
    --------
    >>> complete(["2013-Q1", "2013-Q2"], dt.date(2013, 5, 31))
    ('2013-Q1',)
    """
    from dipeval.indicators.measuring.periods import span

    spans = {label: span(label) for label in periods}
    return tuple(label for label, days in spans.items() if days is not None and days[1] <= until)


def _check_rules(file: QuarterlyFile) -> None:
    """Compose every rule once, so that options that contradict each other are found before any data are read."""
    from dipeval.errors import InputError

    spec = file.spec
    makers: dict[str, Callable[[], Any]] = {
        "disclosure": lambda: rules.disclosure_rule(spec),
        "linkage": lambda: rules.link_rule(spec),
        "indicators": lambda: counting_rule(spec.indicators),
    }
    if spec.data.source == "extracts":
        makers["data.tables"] = lambda: rules.extract_mapping(spec)
    complaints = []
    for section, make in makers.items():
        try:
            make()
        except InputError as error:
            complaints.append(f"{section}: {error}")
    if complaints:
        raise StudyFileError(complaints, file=file.path.name)
