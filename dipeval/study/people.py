"""A table with one row a person: roles of its columns checked, outcomes split off at the door, the rest dropped."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from dipeval.errors import InputError
from dipeval.study.columns import all_columns, designs, outcome_columns, side_columns, yes_no_columns
from dipeval.study.flow import FlowRow
from dipeval.study.missing import recorded_row, whole_rows
from dipeval.study.sealed import SealedColumns
from dipeval.vocabulary import TREATED

if TYPE_CHECKING:
    from dipeval.study.spec import StudySpec

SEVERAL = 10  # people: with fewer, a covariate may go with an outcome by chance
_TRUE, _FALSE = {"1", "1.0", "true", "yes", "y"}, {"0", "0.0", "false", "no", "n"}


def read_people(path: Path) -> pd.DataFrame:
    """Read a person-level table from CSV, Parquet or Excel; text stays text until its role is known.

    Parameters
    ----------
    path
        The file.

    Returns
    -------
    pandas.DataFrame

    Raises
    ------
    InputError
        If there is no such file or it is not a table.
    """
    if not path.is_file():
        raise InputError(f"There is no file '{path.name}' where the study file says (data.file). Check the path.")
    try:
        if path.suffix.lower() == ".parquet":
            return pd.read_parquet(path)
        if path.suffix.lower() in (".xlsx", ".xls", ".ods"):
            return pd.read_excel(path, dtype=str, engine="calamine")
        return _read_csv(path)
    except InputError:
        raise
    except (UnicodeDecodeError, pd.errors.ParserError, pd.errors.EmptyDataError, ValueError, OSError):
        raise InputError(
            f"'{path.name}' could not be read as a table. Needed is a CSV file in UTF-8 with "
            "one heading row, a Parquet file, or an Excel workbook with the table on its first sheet."
        ) from None


def _read_csv(path: Path) -> pd.DataFrame:
    """Read a CSV file whose every heading has a column of its own, and whose every row has no more cells than that."""
    table = pd.read_csv(path, dtype=str, encoding="utf-8-sig", keep_default_na=True)
    if not isinstance(table.index, pd.RangeIndex):
        # Else the first cells of each row would be taken for its label, and every column for the one before it.
        raise InputError(
            f"'{path.name}' has rows with more cells than there are headings ({len(table.columns)}). Give every column "
            "a heading, or delete the commas at the ends of the rows."
        )
    first = pd.read_csv(path, header=None, nrows=1, dtype=str, encoding="utf-8-sig").iloc[0].dropna()
    twice = first.index[first.duplicated(keep=False)]
    if len(twice):
        places = ", ".join(str(place + 1) for place in twice)
        raise InputError(
            f"'{path.name}' has the same heading more than once (columns {places}): rename or delete one. The first "
            "row must hold the headings."
        )
    return table


def split_people(table: pd.DataFrame, spec: StudySpec) -> tuple[pd.DataFrame, SealedColumns, list[FlowRow]]:
    """Split a person-level table into people without outcomes and outcomes under seal.

    Parameters
    ----------
    table
        One row a person, in any order.
    spec
        Which column is what.

    Returns
    -------
    tuple
        People (index the person's number, sorted; columns treated 0/1, the columns of every design and those of
        subgroups and held-out facts; gaps are left in them where the study file has them filled); the sealed outcomes;
        the first rows of the flow.

    Raises
    ------
    InputError
        If a column is missing, a person stands in two rows, a value is no number, or gaps are refused.
    """
    covariates = all_columns(spec)
    facts = [*covariates, *side_columns(spec)]
    outcomes = list(outcome_columns(spec))
    _require_columns(table, [spec.people.treated, *facts, *outcomes, *spec.people.excluded], spec.people.id)
    table = _by_person(table, spec.people.id)
    yes_no = yes_no_columns(spec)
    sealed = pd.DataFrame(
        {name: _yes_no(table[name]) if name in yes_no else table[name] for name in outcomes}, index=table.index
    )
    words = set(spec.people.categories)
    _refuse_words(table, [name for name in facts if name not in words], sealed)
    people = pd.DataFrame(
        {TREATED: _as_treated(table[spec.people.treated])}
        | {name: (_as_category if name in words else _as_number)(table[name]) for name in facts},
        index=table.index,
    )
    numbers = pd.DataFrame({name: _as_number(sealed[name]) for name in outcomes}, index=table.index)
    _refuse_copies(people[facts], numbers)
    known = people[TREATED].notna()
    weights = [options.sample_weights for _, options in designs(spec) if options.sample_weights]
    kept = people[known]
    kept = kept[whole_rows(kept, covariates, spec.design.missing, weights)]
    flow = [
        FlowRow("submitted", "People in the table that was submitted", len(people), 0),
        recorded_row(spec.design.missing, len(kept), len(people) - len(kept)),
    ]
    kept = kept.assign(**{TREATED: kept[TREATED].astype("int64")})
    return kept, SealedColumns(_frame=numbers.loc[kept.index]), flow


def _refuse_copies(covariates: pd.DataFrame, outcomes: pd.DataFrame) -> None:
    """Refuse a covariate that is an outcome under another name (or the opposite of a yes/no one)."""
    for name, column in covariates.items():
        for outcome, values in outcomes.items():
            both = column.notna() & values.notna()
            one, other = column[both], values[both]
            if one.nunique() < 2:
                continue
            same = _same(one, other)
            if same or _tells(one, other):
                how = "holds the very values of" if same else "tells of everybody"
                raise InputError(
                    f"Covariate '{name}' {how} the outcome '{outcome}'{' under another name' if same else ''}: the "
                    "groups may not be matched on what happened afterwards. Take it out of the study file."
                )


def _same(one: pd.Series, other: pd.Series) -> bool:
    """Whether a column says what another says: the same numbers, rescaled or turned round, or a word for each."""
    if pd.api.types.is_numeric_dtype(one.dtype):
        if other.nunique() < 2 or len(one) < 3:
            return False
        first, second = ((values - values.min()) / (values.max() - values.min()) for values in (one, other))
        return bool(np.allclose(first, second, atol=1e-9) or np.allclose(first, 1 - second, atol=1e-9))
    pairs = pd.DataFrame({"one": one.to_numpy(), "other": other.to_numpy()}).drop_duplicates()
    return bool(pairs["one"].is_unique and pairs["other"].is_unique)


def _tells(one: pd.Series, other: pd.Series) -> bool:
    """Whether a few values of a column, each of many people, say of everybody if the outcome came: no chance does."""
    came = other.value_counts()
    if len(came) != 2 or came.min() < SEVERAL or one.nunique() > len(one) / SEVERAL:
        return False
    return bool((other.groupby(one.to_numpy()).nunique() == 1).all())


def _require_columns(table: pd.DataFrame, names: list[str], person: str | None) -> None:
    wanted = list(dict.fromkeys([*names, *([person] if person else [])]))
    missing = [name for name in wanted if name not in table.columns and name != table.index.name]
    if missing and len(missing) == len(wanted):
        # Nothing is quoted from the first row: without headings it holds a person.
        raise InputError(
            "The table has none of the columns that the study file names "
            f"({', '.join(repr(name) for name in wanted)}): its first row must hold the headings, parted by commas. "
            "Correct the file, or the names in the study file."
        )
    if missing:
        raise InputError(
            f"The table has no column {', '.join(repr(name) for name in missing)}; its columns are "
            f"{', '.join(str(name) for name in table.columns)}. Correct the names in the study file."
        )


def _by_person(table: pd.DataFrame, person: str | None) -> pd.DataFrame:
    if person is not None and person != table.index.name:
        table = table.set_index(person)
    missing, repeated = int(np.sum(table.index.isna())), int(np.sum(table.index.duplicated()))
    if missing or repeated:
        raise InputError(
            f"The person's number ({table.index.name or 'row number'}) is missing in {missing} rows and repeated in "
            f"{repeated}; needed is one row a person. Name the right column under people.id."
        )
    return table.sort_index()


def _as_treated(column: pd.Series) -> pd.Series:
    words = column.astype("string").str.strip().str.lower()
    treated = pd.Series(pd.NA, index=column.index, dtype="Int64")
    treated = treated.mask(words.isin(_TRUE), 1).mask(words.isin(_FALSE), 0)
    strange = int((treated.isna() & words.notna() & (words != "")).sum())
    if strange:
        raise InputError(
            f"Column '{column.name}' (people.treated) has {strange} values that are neither 1/0, yes/no nor true/false."
        )
    return treated


def _yes_no(column: pd.Series) -> pd.Series:
    """Turn a column that holds nothing but yes and no into 1 and 0; leave any other as it is."""
    words = column.astype("string").str.strip().str.lower()
    known = words.isin(_TRUE | _FALSE) | words.isna() | (words == "")
    return words.isin(_TRUE).astype("float64").where(words.isin(_TRUE | _FALSE)) if known.all() else column


def _refuse_words(table: pd.DataFrame, covariates: list[str], outcomes: pd.DataFrame) -> None:
    """Refuse columns that hold words where numbers are needed: all of them at once, with how many values."""
    told = []
    for held, remedy in (
        (table[covariates], "if these are categories, name them under people.categories"),
        (outcomes, "an outcome is a number, or yes or no"),
    ):
        strange = {name: int((_as_number(held[name]).isna() & held[name].notna()).sum()) for name in held.columns}
        found = [f"column '{name}' has {count} values that are not numbers" for name, count in strange.items() if count]
        if found:
            told.append(f"{', '.join(found)}; {remedy}.")
    if told:
        raise InputError(" ".join(f"{line[0].upper()}{line[1:]}" for line in told))


def _as_number(column: pd.Series) -> pd.Series:
    if pd.api.types.is_bool_dtype(column):
        return column.astype("float64")
    if column.dtype.kind in "mM":  # a day or a length of time is a number only in some unit
        return pd.Series(np.nan, index=column.index)
    return pd.to_numeric(column, errors="coerce").astype("float64")


def _as_category(column: pd.Series) -> pd.Series:
    words = column.astype("string").str.strip()
    words = words.mask(words == "")
    return pd.Series([None if pd.isna(word) else word for word in words], index=column.index, dtype=object)
