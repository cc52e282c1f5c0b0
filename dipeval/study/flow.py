"""The flow from what was submitted to who was analysed: each step counts the people left and those lost at it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

import pandas as pd

from dipeval.errors import InvariantError

if TYPE_CHECKING:
    from dipeval.matching import Design

COLUMNS = ["step", "label", "n_people", "n_excluded"]


class FlowRow(NamedTuple):
    """One step of the flow."""

    step: str
    label: str
    n_people: int
    n_excluded: int


def design_rows(design: Design, start: int) -> list[FlowRow]:
    """Return the last steps: people whom the primary design leaves out, by group, and those analysed.

    Parameters
    ----------
    design
        The primary design.
    start
        People who reached it.

    Returns
    -------
    list of FlowRow
    """
    used = design.weights > 0
    treated = design.treated.astype(bool)
    lost_treated, lost_comparison = int((treated & ~used).sum()), int((~treated & ~used).sum())
    after = start - lost_treated
    if not design.leaves_out and not lost_treated + lost_comparison:
        return [FlowRow("analysed", "Compared", start, 0)]
    return [
        FlowRow("treated_comparable", "Without treated people for whom no one was comparable", after, lost_treated),
        FlowRow(
            "analysed",
            "Compared: without untreated people who were not needed",
            after - lost_comparison,
            lost_comparison,
        ),
    ]


def flow_frame(rows: Sequence[FlowRow]) -> pd.DataFrame:
    """Make the flow table, and refuse one that does not add up.

    Parameters
    ----------
    rows
        Steps in order.

    Returns
    -------
    pandas.DataFrame
        step, label, n_people, n_excluded.

    Raises
    ------
    InvariantError
        If people left and people excluded do not add up to the people before.
    """
    frame = pd.DataFrame(list(rows), columns=COLUMNS)
    before = frame["n_people"].shift(1)
    wrong = (before - frame["n_excluded"] != frame["n_people"]).iloc[1:]
    if wrong.any():
        raise InvariantError(f"The flow of people does not add up at step '{frame['step'].iloc[1:][wrong].iloc[0]}'.")
    return frame
