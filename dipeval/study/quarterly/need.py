"""The measures of need that a funding formula is fed with: from indicators, recorded crime, or a file of its own."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Final

import pandas as pd

from dipeval.errors import InputError
from dipeval.extracts.contracts import did_you_mean
from dipeval.study import rules
from dipeval.study.quarterly.agreements_funding import CRIME, SPEND
from dipeval.study.quarterly.compared import district_rows, told_periods
from dipeval.vocabulary import OFFENCE_CLASS, OFFENCE_CLASSES

if TYPE_CHECKING:
    from dipeval.study.quarterly.asking import Asked
    from dipeval.study.quarterly.spec_parts import FundingSpec

DISTRICT: Final = "district"
ROUNDED: Final = (
    "Counts of records were rounded before money was shared out by them, so that no amount gives a small count back."
)
SMALL: Final = "A count too small to be shown stood in as the smallest that may be shown."


def measures_of(asked: Asked, chosen: FundingSpec, folder: Path) -> tuple[pd.DataFrame, tuple[str, ...]]:
    """Return a row a district with a column a measure, and what has to be said of them.

    Parameters
    ----------
    asked
        Indicators and records.
    chosen
        The section of the study file.
    folder
        Where relative paths in the study file start.

    Returns
    -------
    tuple of DataFrame and sentences

    Raises
    ------
    InputError
        If a measure is not known, or a district has none.
    """
    own = _file(chosen, folder)
    if own is not None:
        _check_districts(own, asked.indicators.districts, str(chosen.file))
    districts = sorted(asked.indicators.districts)
    frame = pd.DataFrame({DISTRICT: districts})
    notes: list[str] = []
    extra = [] if own is None else [name for name in own.columns if name != DISTRICT]
    for name in extra:
        frame = frame.merge(own[[DISTRICT, name]], on=DISTRICT, how="left") if own is not None else frame
    for name in chosen.measures:
        if name in extra:
            if name in asked.indicators.names:  # counts of people as well, wherever they were added up
                frame[name] = _protected(asked, frame[name], notes).where(frame[name].notna())
            continue
        counts = _crime(asked, name, chosen.periods) if name.startswith(f"{CRIME}.") else _counted(asked, name, chosen)
        if not name.startswith(CRIME):
            counts = _protected(asked, counts, notes)
        frame[name] = frame[DISTRICT].map(counts).fillna(0.0)
    return frame, tuple(dict.fromkeys(notes))


def _file(chosen: FundingSpec, folder: Path) -> pd.DataFrame | None:
    """The file of measures: one row a district."""
    if chosen.file is None:
        return None
    path = folder / chosen.file
    if not path.is_file():
        raise InputError(
            f"file: there is no file '{path.name}' where the study file says; the path starts from its folder."
        )
    try:
        frame = pd.read_csv(path, encoding="utf-8-sig")
    except (ValueError, UnicodeDecodeError) as error:
        why = type(error).__name__
        raise InputError(f"file: '{path.name}' cannot be read as CSV ({why}); save it as CSV.") from None
    frame.columns = [str(name).strip() for name in frame.columns]
    named = [column for column in (chosen.floor, chosen.ceiling, chosen.previous) if isinstance(column, str)]
    lacking = [name for name in (DISTRICT, *named) if name not in frame.columns and name != SPEND]
    if lacking:
        words = ", ".join(f"'{name}'{did_you_mean(name, list(frame.columns))}" for name in lacking)
        raise InputError(f"file: '{path.name}' has no column {words}; it has {', '.join(frame.columns)}.")
    frame[DISTRICT] = frame[DISTRICT].astype("string").str.strip()
    return frame.assign(**{name: _numbers(frame[name]) for name in frame.columns if name != DISTRICT})


def _numbers(column: pd.Series) -> pd.Series:
    """A column as numbers where it holds any, so that one cell of words is named and not its whole column."""
    found = pd.to_numeric(column.astype("string").str.replace(",", "").str.strip(), errors="coerce").astype("float64")
    return found if found.notna().any() else column


def _check_districts(own: pd.DataFrame, districts: Sequence[str], file: str) -> None:
    """Refuse a file whose districts are not those of the records: one that is lacking would get nothing, unsaid."""
    named = own[DISTRICT].dropna().astype(str)
    faults = [f"no line for {name}" for name in districts if name not in set(named)]
    faults += [f"{count} lines for {name}" for name, count in named.value_counts().sort_index().items() if count > 1]
    faults += [
        f"a line for '{name}', which has no records{did_you_mean(name, districts)}"
        for name in sorted(set(named) - set(districts))
    ]
    if len(named) < len(own):
        faults.append(f"{len(own) - len(named)} line(s) without a district")
    if faults:
        raise InputError(f"file: '{Path(file).name}' has {'; '.join(faults)}. It needs one line for each district.")


def _counted(asked: Asked, name: str, chosen: FundingSpec) -> pd.Series:
    """What is above the line of an indicator, added up over its latest periods."""
    if name not in asked.indicators.names:
        missing = dict(asked.indicators.missing)
        if name in missing:
            raise InputError(f"need: '{name}' cannot be told. {missing[name]}")
        near = did_you_mean(name, asked.indicators.names)
        raise InputError(f"need: there is no measure '{name}'{near}; it is no indicator and no column of the file.")
    rows = district_rows(asked, name, told_periods(asked, name, chosen.periods))
    return rows.groupby(DISTRICT)["numerator"].sum()


def _crime(asked: Asked, name: str, periods: int) -> pd.Series:
    """Crimes of a class or group by district, in the latest periods or, where it is told by years, the latest year."""
    from dipeval.indicators.measuring.periods import read_spans

    asked.needs(CRIME)
    table = asked.loaded.extracts.table(CRIME)
    wanted = name.partition(".")[2]
    groups = table["offence_group"].astype(str)
    kept = table[groups.map(OFFENCE_CLASS) == wanted] if wanted in OFFENCE_CLASSES else table[groups == wanted]
    if kept.empty:
        raise InputError(f"need: the table of recorded crime holds no {wanted} crime.")
    spans = read_spans(list(table["period"].astype(str)))
    spans = {label: days for label, days in spans.items() if label in set(kept["period"].astype(str))}
    until = pd.Timestamp(asked.loaded.extracts.extract_date).date()
    told = {label: days for label, days in spans.items() if days is not None and days[1] <= until}
    if not told:
        raise InputError("need: no period of recorded crime is covered by the records to its end.")
    first, last = asked.window(min(periods, len(asked.periods)))
    inside = [label for label, days in told.items() if first <= days[0] and days[1] <= last]
    if not inside:
        inside = [max(told, key=lambda label: told[label])]
    rows = kept[kept["period"].astype(str).isin(inside)]
    return rows.groupby(DISTRICT)["count"].sum().astype("float64")


def _protected(asked: Asked, counts: pd.Series, notes: list[str]) -> pd.Series:
    """Counts as they may be shown: pounds and pence worked out from exact counts would give them back."""
    from dipeval.disclosure.rule import is_small, to_base

    rule = rules.disclosure_rule(asked.spec)
    if not rule.protects:
        return counts.astype("float64")
    notes.append(ROUNDED)
    least = float(rule.rounding * -(-rule.threshold // rule.rounding))
    if any(count > 0 and is_small(count, rule) for count in counts):
        notes.append(SMALL)
    return counts.map(lambda count: max(float(to_base(count, rule)), least) if count > 0 else 0.0).astype("float64")
