"""The tables of money that a study names: what an offence costs and what prices did, shipped or the user's own."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from dipeval.errors import InputError
from dipeval.study.inputs import InputTable

if TYPE_CHECKING:
    import pandas as pd

    from dipeval.study.spec import CostsSpec, StudySpec

# How the reader tells a remedy: arguments that are keys of the table `unit_costs_file`.
_ARGUMENT: Final = re.compile(r"\b(price_year|layout|sheet)=(?!\w)")


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class MoneyTables:
    """The tables that money is worked out with.

    Parameters
    ----------
    unit_costs
        As `dipeval.load_unit_costs`.
    deflator
        ``year`` and ``deflator``; None for the one that ships.
    """

    unit_costs: pd.DataFrame
    deflator: pd.DataFrame | None


def money_tables_of(costs: CostsSpec, folder: Path) -> MoneyTables:
    """Return what an offence costs and what prices did: as shipped, or the files that the user holds.

    Parameters
    ----------
    costs
        ``[costs]``.
    folder
        Where relative paths start: the study file's folder.

    Returns
    -------
    MoneyTables

    Raises
    ------
    InputError
        If a file is not there or cannot be read; the sentence names the key.
    """
    deflator = _deflator(costs, folder)
    unit_costs = _unit_costs(costs, folder, deflator)
    _check_price_year(costs, unit_costs, deflator)
    return MoneyTables(unit_costs=unit_costs, deflator=deflator)


def _check_price_year(costs: CostsSpec, unit_costs: pd.DataFrame, deflator: pd.DataFrame | None) -> None:
    """Say before anything is linked that the prices asked for cannot be had: of groups that occur, the sum tells."""
    from dipeval.roi.costs_of_crime.prices import Deflator, first_year

    priced = unit_costs.loc[unit_costs["unit_cost"].notna(), "price_year"]
    with _naming("price_year"):
        prices = Deflator(costs.price_year, deflator)
        years = sorted({first_year(year, "price_year") for year in priced})
        if years and not any(prices.reaches(year) for year in years):
            prices.factor(years[0])


def _unit_costs(costs: CostsSpec, folder: Path, deflator: pd.DataFrame | None) -> pd.DataFrame:
    from dipeval.roi.costs_of_crime.reading import read_unit_costs
    from dipeval.roi.costs_of_crime.tables import load_unit_costs

    asked = costs.unit_costs_file
    if asked is not None:
        path = _file(asked.file, "unit_costs_file", folder)
        with _naming("unit_costs_file"):
            return read_unit_costs(path, layout=asked.layout, price_year=asked.price_year, sheet=asked.sheet)
    fiscal: Any = costs.fiscal
    if costs.fiscal_file is not None:
        path = _file(costs.fiscal_file, "fiscal_file", folder)
        with _naming("fiscal_file"):
            fiscal = read_unit_costs(path, layout="gmca")
    with _naming("unit_costs"):
        return load_unit_costs(costs.unit_costs, fiscal=fiscal, drug_offences=costs.drug_offences, deflator=deflator)


def _deflator(costs: CostsSpec, folder: Path) -> pd.DataFrame | None:
    from dipeval.roi.costs_of_crime.deflator_file import read_deflator

    if costs.deflator_file is None:
        return None
    path = _file(costs.deflator_file, "deflator_file", folder)
    with _naming("deflator_file"):
        return read_deflator(path)


@contextmanager
def _naming(key: str) -> Iterator[None]:
    """Say of a table that cannot be used which key names it, and of its arguments that they are keys."""
    try:
        yield
    except InputError as error:
        words = _ARGUMENT.sub(lambda found: f"{found[1]} in costs.{key}", str(error))
        words = words.replace(
            "pass a table that has the year (read_deflator)", "name a table that has it in deflator_file"
        )
        raise InputError(f"[costs] {key}: {words}") from None


def money_files(spec: StudySpec, folder: Path) -> tuple[InputTable, ...]:
    """Return the record of the tables of money that a study names, for its inputs; found before anything is linked.

    Parameters
    ----------
    spec
        The study.
    folder
        Where relative paths start.

    Returns
    -------
    tuple of InputTable

    Raises
    ------
    InputError
        If a file is not there.
    """
    if spec.costs is None:
        return ()
    asked = spec.costs.unit_costs_file
    named = {
        "unit_costs_file": None if asked is None else asked.file,
        "fiscal_file": spec.costs.fiscal_file,
        "deflator_file": spec.costs.deflator_file,
    }
    files = [(key, _file(name, key, folder)) for key, name in named.items() if name is not None]
    return tuple(
        InputTable(
            name=key.removesuffix("_file").replace("_", " "),
            file=path.name,
            sha256=hashlib.sha256(path.read_bytes()).hexdigest(),
            rows=None,
        )
        for key, path in files
    )


def _file(name: str, key: str, folder: Path) -> Path:
    path = folder / name
    if not path.is_file():
        raise InputError(
            f"There is no file '{path.name}' where the study file says (costs.{key}). Check the path; it starts from "
            "the folder of the study file."
        )
    return path
