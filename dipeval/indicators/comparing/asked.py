"""What is asked of a benchmark, and the counts it is asked about: every fault at once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import pandas as pd

from dipeval.errors import InputError
from dipeval.extracts.contracts import did_you_mean
from dipeval.indicators.comparing.dispersion import METHODS
from dipeval.indicators.dictionary.indicator import DIRECTIONS
from dipeval.indicators.measuring.frames import ALL_DISTRICTS

KINDS: Final = ("share", "rate", "ratio")
STANDARDISE: Final = ("direct", "indirect", "model")
# In a frame of measured indicators, more than one of these would add things up that are no parts of one sum.
_ONE_OF_EACH: Final = ("indicator", "dimension", "group")
_TOLD: Final = ("ok", "no_units")


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """The arguments of a benchmark, checked among themselves."""

    area: str
    numerator: str
    denominator: str
    kind: str
    expected: str | None
    squares: str | None
    strata: tuple[str, ...]
    standardise: str | None
    standard: str | None
    over_dispersion: str
    prior: float | None
    target: float | None
    wanted: str
    per: float
    label: str
    level: tuple[float, ...]

    def __post_init__(self) -> None:
        faults = [*self._unknown_words(), *self._numbers(), *self._that_do_not_go_together()]
        if faults:
            raise InputError(" ".join(faults))

    @property
    def exposure(self) -> str:
        """Column that the numerator is set against."""
        return self.expected or self.denominator

    @property
    def natural_target(self) -> float | None:
        """The target before it is multiplied for display."""
        return None if self.target is None else self.target / self.per

    def _unknown_words(self) -> list[str]:
        faults = []
        for name, value, known in (
            ("kind", self.kind, KINDS),
            ("standardise", self.standardise, STANDARDISE),
            ("over_dispersion", self.over_dispersion, METHODS),
            ("wanted", self.wanted, DIRECTIONS),
        ):
            if value is not None and value not in known:
                near = did_you_mean(str(value), known)
                faults.append(f"{name}='{value}' is not known{near}; use one of {', '.join(known)}.")
        return faults

    def _numbers(self) -> list[str]:
        faults = []
        if not self.per > 0:
            faults.append(f"per must be above 0; it is {self.per}.")
        if not self.level or not all(0 < one < 1 for one in self.level) or list(self.level) != sorted(set(self.level)):
            faults.append("level must hold shares between 0 and 1, rising, such as (0.95, 0.998).")
        if self.prior is not None and not self.prior > 0:
            faults.append("prior, the standard deviation between areas, must be above 0.")
        target = self.natural_target if self.per > 0 else None
        if target is not None and (
            target <= 0 or (self.kind == "share" and not self.standardised_ratio and target >= 1)
        ):
            faults.append("target must be above 0, and below 1 for a share (0.5 for 50%).")
        return faults

    @property
    def standardised_ratio(self) -> bool:
        """Whether what is told is observed over expected because of how it is standardised."""
        return self.standardise in ("indirect", "model")

    def _that_do_not_go_together(self) -> list[str]:
        faults = []
        if self.expected is not None and self.kind != "ratio":
            faults.append("expected holds expected counts, which only kind='ratio' sets the observed against.")
        if self.squares is not None and (
            self.standardise == "direct" or (self.kind == "share" and self.standardise is not None)
        ):
            faults.append("squares cannot be used with 'direct', nor with a share that is standardised.")
        if self.standardise is not None and self.kind == "ratio":
            faults.append("A ratio to expected counts is standardised already: leave standardise out.")
        if (self.standardise is None) != (not self.strata):
            faults.append("standardise and strata go together: how, and by which columns of case mix.")
        if self.standard is not None and self.standardise != "direct":
            faults.append("standard, a column with the standard population, is for standardise='direct'.")
        if self.prior is not None and self.over_dispersion == "multiplicative":
            faults.append(
                "A prior is a spread that is added: use over_dispersion 'auto', 'additive' or 'none' with it."
            )
        return faults


def counted(data: Any, asked: Asked) -> tuple[pd.DataFrame, tuple[int, int]]:
    """Return the counts by area (and stratum) under fixed names, and how many rows were left out.

    Left out are rows of all districts together, and rows of measured indicators that are not told yet.

    Columns: area, the strata, numerator, exposure, and where asked for units, squares and standard.
    """
    if not isinstance(data, pd.DataFrame):
        raise InputError(f"data must be a pandas DataFrame; it is {type(data).__name__}.")
    named = _columns(asked)
    absent = [name for name in [*named.values(), *asked.strata] if name not in data.columns]
    if absent:
        told = ", ".join(f"'{name}'{did_you_mean(str(name), map(str, data.columns))}" for name in absent)
        raise InputError(f"data has no column {told}; it has {', '.join(map(str, data.columns))}.")
    if "units" not in named and asked.denominator in data.columns and asked.denominator != asked.exposure:
        named["units"] = asked.denominator
    _one_of_each(data, asked)
    frame = pd.DataFrame({ours: data[theirs] for ours, theirs in named.items()})
    for place, name in enumerate(asked.strata):
        frame[stratum_name(place)] = data[name]
    is_whole = frame["area"].astype(str).eq(ALL_DISTRICTS)
    is_untold = _is_untold(data) & ~is_whole
    frame = frame[~is_whole & ~is_untold].reset_index(drop=True)
    if frame.empty and is_untold.any():
        raise InputError(
            f"None of the {int(is_untold.sum())} row(s) of areas can be told yet: not followed for long enough, or not "
            "recorded. Choose earlier periods."
        )
    if frame.empty:
        raise InputError("data holds no area: give at least one row for each area that is to be set beside the others.")
    _check_counts(frame, asked)
    keys = ["area", *(stratum_name(place) for place in range(len(asked.strata)))]
    sums = [name for name in ("numerator", "exposure", "units", "squares") if name in frame]
    frame["area"] = frame["area"].astype(str)
    # Sorted first, so that sums of parts do not depend on the order of the rows.
    grouped = frame.sort_values([*keys, *sums], kind="stable").groupby(keys, sort=True, observed=True)
    added = grouped[sums].sum()
    if "standard" in frame:
        added["standard"] = grouped["standard"].first()
    return added.reset_index(), (int(is_whole.sum()), int(is_untold.sum()))


def stratum_name(place: int) -> str:
    """Return the name under which a column of case mix is held."""
    return f"stratum_{place}"


def _columns(asked: Asked) -> dict[str, str]:
    named = {"area": asked.area, "numerator": asked.numerator, "exposure": asked.exposure}
    named |= {} if asked.squares is None else {"squares": asked.squares}
    return named | ({} if asked.standard is None else {"standard": asked.standard})


def _one_of_each(data: pd.DataFrame, asked: Asked) -> None:
    alone = [name for name in _ONE_OF_EACH if name in data.columns and name not in asked.strata]
    several = [name for name in alone if data[name].nunique(dropna=False) > 1]
    if set(_ONE_OF_EACH) <= set(data.columns) and several:
        raise InputError(
            f"data holds several values of {', '.join(several)}: choose one indicator and one group of it, or figures "
            "of different things would be added up."
        )


def _is_untold(data: pd.DataFrame) -> pd.Series:
    """Rows of measured indicators whose follow-up is not over, or that were not recorded."""
    if "status" not in data.columns or not set(_ONE_OF_EACH) <= set(data.columns):
        return pd.Series(False, index=data.index)
    return ~data["status"].isin(_TOLD)


def _check_counts(frame: pd.DataFrame, asked: Asked) -> None:
    faults = []
    words = {"numerator": asked.numerator, "exposure": asked.exposure, "squares": asked.squares, "units": "units",
             "standard": asked.standard}  # fmt: skip
    names = [name for name in words if name in frame]
    for name in names:
        numbers = pd.to_numeric(frame[name], errors="coerce").astype("float64")
        bad = int((~np.isfinite(numbers)).sum())
        below = int((numbers < 0).sum())
        if name == "units" and bad:
            numbers = numbers.fillna(0.0)
            bad = 0
        if bad:
            faults.append(f"{bad} row(s) have no number in '{words[name]}'; leave such rows out or fill them.")
        if below:
            faults.append(f"{below} row(s) have a negative '{words[name]}'; counts are 0 or more.")
        frame[name] = numbers
    faults += _areas(frame, asked)
    if not faults:
        faults = _against_each_other(frame, asked)
    if faults:
        raise InputError(" ".join(faults))


def _areas(frame: pd.DataFrame, asked: Asked) -> list[str]:
    faults = []
    columns = {"area": asked.area} | {stratum_name(place): name for place, name in enumerate(asked.strata)}
    for ours, theirs in columns.items():
        empty = int(frame[ours].isna().sum())
        if empty:
            faults.append(f"{empty} row(s) have no '{theirs}'; name the missing ones (such as 'not recorded').")
    spelt: dict[str, set[str]] = {}
    for name in frame["area"].dropna().astype(str).unique():
        spelt.setdefault(" ".join(name.replace("-", " ").casefold().split()), set()).add(name)
    twice = ["' and '".join(sorted(names)) for names in spelt.values() if len(names) > 1]
    if twice:
        told = "'; '".join(sorted(twice))
        faults.append(f"Areas spelt in two ways: '{told}'. Spell each one alike.")
    return faults


def _against_each_other(frame: pd.DataFrame, asked: Asked) -> list[str]:
    faults = []
    whole: Sequence[str] = ("numerator", "exposure") if asked.kind == "share" else ("numerator",)
    for name in whole:
        broken = int((frame[name] % 1 != 0).sum())
        if broken:
            column = asked.numerator if name == "numerator" else asked.exposure
            faults.append(f"{broken} row(s) of '{column}' are no whole numbers; exact limits are those of counts.")
    if asked.kind == "share" and (n := int((frame["numerator"] > frame["exposure"]).sum())):
        faults.append(f"{n} row(s) count more in '{asked.numerator}' than in '{asked.exposure}': that is no share.")
    elif n := int(((frame["numerator"] > 0) & (frame["exposure"] == 0)).sum()):
        faults.append(f"{n} row(s) count events in '{asked.numerator}' and nothing in '{asked.exposure}'.")
    if "squares" in frame and asked.kind != "share" and (n := int((frame["squares"] < frame["numerator"]).sum())):
        faults.append(
            f"{n} row(s) of '{asked.squares}' are below the events: squares add up each unit's events squared."
        )
    return faults
