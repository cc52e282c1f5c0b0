"""What one offence is worth, by offence group and perspective, in the prices of one year.

The perspectives are nested and are never added up: `fiscal` is the cost of responding to crime (police, courts,
prisons, probation); `economic` adds the consequences that are money (property, lost output, health care); `social` adds
harm to victims. Physical and emotional harm is seldom published by group: where it is not known the economic value has
no estimate, only bounds.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any, Final

import numpy as np
import pandas as pd

from dipeval.errors import InputError, InvariantError
from dipeval.roi.chain import Array
from dipeval.roi.costs_of_crime.tables import Deflator
from dipeval.roi.costs_of_crime.worth_rows import checked_table, row_of
from dipeval.vocabulary import label

NOTE_NO_RESPONSE: Final = (
    "No fiscal value is given: the unit costs do not say what responding to crime costs for {groups}."
)
NOTE_HARM: Final = (
    "The economic value is given as bounds only: the unit costs do not say how much of the consequences is harm to "
    "victims rather than money for {groups}."
)
NOTE_OTHER_FISCAL: Final = (
    "The fiscal value of {groups} comes from another source than the other two ({source}) and need not fit inside them."
)
NOTE_FISCAL_GAP: Final = (
    "The other source of fiscal costs has none for {groups}: the response part of the unit costs is used there."
)
NOTE_FISCAL_ABOVE: Final = (
    "The fiscal value of {groups} is above the social one, which cannot be: the two sources disagree, so do not set "
    "these perspectives beside each other for them."
)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Worth:
    """What an averted offence of each group is worth, in pounds of one year's prices; made by `worth_of`.

    Arrays have one value a group, in the order of `groups`. A group without any unit cost counts as 0 in every
    perspective and is named in `unpriced`; a value that is not known for a priced group is NaN.

    Parameters
    ----------
    groups
        Offence groups.
    fiscal, economic, economic_low, economic_high, social
        Pounds per actual offence by perspective. `economic` is NaN where harm is not known; its bounds are then: all
        consequence is harm, none is. `social` is the headline one: with anticipation only if `include_anticipation`.
    social_with, social_without
        With and without the costs in anticipation of crime. NaN in the second: the split is not published.
    multiplier
        Actual crimes per recorded crime, as published; values below 1 are kept; NaN where none was seen.
    include_anticipation
        Which of the two is `social`.
    unpriced
        Groups without any unit cost.
    no_response
        Priced groups for which nothing fiscal is known: any sum over them is NaN in the fiscal and economic ones.
    no_harm
        Priced groups for which the economic value has bounds only.
    no_multiplier
        Groups without a published multiplier.
    statuses
        Statuses of the rows used, sorted: ``secondary``, ``user``, ``verified``.
    notes
        Sentences a result must say about these values.
    price_year
        The year whose prices they are in.
    """

    groups: tuple[str, ...]
    fiscal: Array
    economic: Array
    economic_low: Array
    economic_high: Array
    social: Array
    social_with: Array
    social_without: Array
    multiplier: Array
    include_anticipation: bool
    unpriced: tuple[str, ...]
    no_response: tuple[str, ...]
    no_harm: tuple[str, ...]
    no_multiplier: tuple[str, ...]
    statuses: tuple[str, ...]
    notes: tuple[str, ...]
    price_year: int
    _rows: pd.DataFrame = field(repr=False)

    def __post_init__(self) -> None:
        low, high = self.economic_low, self.economic_high
        if np.any(low > high) or np.any(self.economic < low) or np.any(self.economic > high):
            raise InvariantError("The economic values do not lie inside their own bounds.")
        if any(len(one) != len(self.groups) for one in (self.fiscal, self.social, self.multiplier, self._rows)):
            raise InvariantError("There is not one value for each offence group.")

    @property
    def perspectives(self) -> dict[str, Array]:
        """Pounds per offence by perspective, as the sum takes them: the three and the two economic bounds."""
        names = ("fiscal", "economic", "economic_low", "economic_high", "social")
        return {name: np.array(getattr(self, name)) for name in names}

    @property
    def economic_known(self) -> bool:
        """Whether the economic value has an estimate for every group, not only bounds."""
        return not (self.no_harm or self.no_response)

    @property
    def fiscal_elsewhere(self) -> bool:
        """Whether the fiscal value of any group comes from another source than the rest, and need not fit inside it."""
        return bool(self._rows["fiscal_cost"].notna().any())

    @property
    def fiscal_known(self) -> bool:
        """Whether the fiscal value is known for every priced group."""
        return not self.no_response

    def to_frame(self) -> pd.DataFrame:
        """Return one row an offence group.

        Returns
        -------
        pandas.DataFrame
            ``offence_group``, ``priced``, ``fiscal``, ``economic``, ``economic_low``, ``economic_high``,
            ``without_anticipation``, ``with_anticipation`` (pounds per actual offence; missing where not known or not
            priced), ``multiplier``, ``price_year`` (of the table, before deflating), ``status``, ``note``. A copy.
        """
        return self._rows[list(_SHOWN)].copy()

    def parts(self) -> pd.DataFrame:
        """Return what the values were made of, one row an offence group.

        Returns
        -------
        pandas.DataFrame
            ``offence_group``, ``unit_cost``, ``anticipation``, ``response``, ``harm`` (pounds as published; missing
            where not known), ``price_year`` (of those pounds), ``deflator`` (factor to the common year),
            ``source``, ``fiscal`` (pounds from another source, which takes the place of ``response`` in the fiscal
            value), ``fiscal_deflator``. A copy.
        """
        rows = self._rows[["offence_group", *_PARTS[:4], "price_year", *_PARTS[4:]]]
        return rows.rename(columns={"fiscal_cost": "fiscal"})


def worth_of(
    mix_groups: Iterable[str], table: pd.DataFrame, deflator: Deflator, include_anticipation: bool = False
) -> Worth:
    """Return what an offence of each group is worth by perspective, in the prices of `deflator.target`.

    Parameters
    ----------
    mix_groups
        Offence groups wanted; kept in this order.
    table
        Unit costs, as `load_unit_costs` or `read_unit_costs` return them (or the same indexed by ``offence_group``).
        ``offence_group``, ``unit_cost``, ``anticipation`` and ``price_year`` are needed; ``consequence``, ``response``,
        ``harm``, ``multiplier``, ``fiscal`` (with ``fiscal_price_year``, ``fiscal_source``), ``status`` and ``note``
        are used where there are any. Where ``fiscal`` is filled it replaces ``response``, in the fiscal perspective
        only.
    deflator
        Takes each row from its own price year.
    include_anticipation
        Whether `social` counts costs in anticipation of crime.

    Returns
    -------
    Worth

    Raises
    ------
    InputError
        If the table is faulty, or anticipation has to be left out and a group's total does not say how much it is.

    Notes
    -----
    Social value = published total less anticipation (Home Office rule for marginal reductions); the total is never
    recomputed from its parts.

    Examples
    --------
    >>> from dipeval.roi.costs_of_crime.tables import load_unit_costs
    >>> worth = worth_of(["shoplifting", "drug_possession"], load_unit_costs(), Deflator(2019))
    >>> worth.social.tolist(), worth.fiscal.tolist(), worth.unpriced
    ([460.0, 0.0], [90.0, 0.0], ('drug_possession',))
    >>> worth.economic_low.tolist(), worth.economic_high.tolist()
    ([90.0, 0.0], [460.0, 0.0])
    """
    groups = tuple(mix_groups)
    checked = checked_table(table)
    known = {str(group): row for group, row in checked.to_dict("index").items()}
    rows = [row_of(group, known.get(group), deflator) for group in groups]
    frame = pd.DataFrame(rows, columns=list(_COLUMNS))
    _refuse_unknown_split(frame, include_anticipation)
    with_, without = _array(frame, "with_anticipation"), _array(frame, "without_anticipation")
    priced = frame["priced"].to_numpy(dtype=bool)
    no_response = _named(frame, priced & np.isnan(_raw(frame, "fiscal")))
    no_harm = _named(frame, priced & np.isnan(_raw(frame, "economic")) & ~np.isnan(_raw(frame, "fiscal")))
    return Worth(
        groups=groups,
        **{name: _array(frame, name) for name in ("fiscal", "economic", "economic_low", "economic_high")},
        social=with_ if include_anticipation else without,
        social_with=with_,
        social_without=without,
        multiplier=_raw(frame, "multiplier"),
        include_anticipation=bool(include_anticipation),
        unpriced=_named(frame, ~priced),
        no_response=no_response,
        no_harm=no_harm,
        no_multiplier=_named(frame, np.isnan(_raw(frame, "multiplier"))),
        statuses=tuple(sorted(set(frame["status"]) - {""})),
        notes=_notes(frame, no_response, no_harm),
        price_year=deflator.target,
        _rows=frame[[*_SHOWN, *_PARTS]],
    )


_SHOWN: Final = (
    "offence_group",
    "priced",
    "fiscal",
    "economic",
    "economic_low",
    "economic_high",
    "without_anticipation",
    "with_anticipation",
    "multiplier",
    "price_year",
    "status",
    "note",
)
_PARTS: Final = (
    "unit_cost",
    "anticipation",
    "response",
    "harm",
    "deflator",
    "source",
    "fiscal_cost",
    "fiscal_deflator",
)
_COLUMNS: Final = (*_SHOWN, "fiscal_from", "clash", *_PARTS)


def _refuse_unknown_split(frame: pd.DataFrame, include_anticipation: bool) -> None:
    unknown = frame["priced"] & frame["without_anticipation"].isna()
    if include_anticipation or not unknown.any():
        return
    groups = ", ".join(frame.loc[unknown, "offence_group"])
    raise InputError(
        f"The unit costs do not say how much of the total is anticipation for: {groups}. It cannot be left out then: "
        "pass include_anticipation=True, or unit costs that have the split."
    )


def _raw(frame: pd.DataFrame, name: str) -> Array:
    return frame[name].to_numpy(dtype=np.float64)


def _array(frame: pd.DataFrame, name: str) -> Array:
    return np.where(frame["priced"].to_numpy(dtype=bool), _raw(frame, name), 0.0)


def _named(frame: pd.DataFrame, which: Any) -> tuple[str, ...]:
    return tuple(frame.loc[which, "offence_group"])


def _notes(frame: pd.DataFrame, no_response: tuple[str, ...], no_harm: tuple[str, ...]) -> tuple[str, ...]:
    lines = []
    if no_response:
        lines.append(NOTE_NO_RESPONSE.format(groups=_words(no_response)))
    if no_harm:
        lines.append(NOTE_HARM.format(groups=_words(no_harm)))
    elsewhere = frame["fiscal_from"] != ""
    if elsewhere.any():
        sources = "; ".join(sorted(set(frame.loc[elsewhere, "fiscal_from"])))
        lines.append(NOTE_OTHER_FISCAL.format(groups=_words(_named(frame, elsewhere)), source=sources))
        gap = frame["priced"] & ~elsewhere & frame["fiscal"].notna()
        if gap.any():
            lines.append(NOTE_FISCAL_GAP.format(groups=_words(_named(frame, gap))))
    if frame["clash"].any():
        lines.append(NOTE_FISCAL_ABOVE.format(groups=_words(_named(frame, frame["clash"]))))
    return tuple(lines)


def _words(groups: Iterable[str]) -> str:
    return ", ".join(label(group).lower() for group in groups)
