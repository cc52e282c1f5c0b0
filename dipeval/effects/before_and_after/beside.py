"""What happened meanwhile to the comparison people of a design, and the difference between the two changes."""

from __future__ import annotations

from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pandas as pd

from dipeval.effects.before_and_after.figures import Persons, Rule, change_figure, person_codes
from dipeval.effects.before_and_after.rows import Comparison
from dipeval.effects.before_and_after.rules import meeting
from dipeval.effects.estimate import estimate_effect
from dipeval.effects.joining import ComparisonDesign, options_of

if TYPE_CHECKING:
    from dipeval.effects.before_and_after.windows import Windows
    from dipeval.effects.effect import Effect

# Weights of treated people that differ by less, relative to the largest, are the same but for the way numbers are held.
_ALIKE: Final = 1e-9


def compared(
    windows: Windows, design: ComparisonDesign | None, rule: Rule, level: float
) -> tuple[Effect | None, Comparison | None]:
    """Return the difference-in-differences on the design, and its comparison people with their weights.

    Parameters
    ----------
    windows
        Of everybody.
    design
        For the effect on the treated; None for nothing to compare with.
    rule
        Of selection: it leaves people out of both groups.
    level
        Coverage of the intervals.

    Returns
    -------
    tuple
        Both None without a design.
    """
    if design is None:
        return None, None
    every = windows.of(design.weights.index)
    of_rule = meeting(every, rule)
    made = design if of_rule.all() else _part(design, of_rule)
    clustered = design.clusters is not None or every.cluster is not None
    effect = estimate_effect(
        made,
        pd.Series(every.after - every.before, index=design.weights.index),
        measure="mean_difference",
        outcome_name="change in offences",
        level=level,
        cluster=every.cluster,
        # The weights of a part are not those the equations of the whole design are about.
        std_error="auto" if made is design else "cluster_hc1" if clustered else "hc0",
    )
    used = (made.weights.to_numpy() > 0) & ~design.treated.astype(bool).to_numpy()
    labels = design.weights.index[used].sort_values()
    theirs = windows.of(labels)
    weights = design.weights.reindex(labels).to_numpy(np.float64)
    persons = Persons(codes=person_codes(theirs.cluster), level=level)
    change = change_figure(theirs.before, theirs.after, persons, weights=weights)
    own = made.weights[(made.weights.to_numpy() > 0) & design.treated.astype(bool).to_numpy()].to_numpy(np.float64)
    unequal = bool(np.ptp(own) > _ALIKE * own.max())
    beside = Comparison(windows=theirs, weights=weights, persons=persons, change=change, unequal_treated=unequal)
    return effect, beside


def _part(design: ComparisonDesign, kept: np.ndarray) -> ComparisonDesign:
    """Some people of a design, chosen by what was known before: the others have no weight."""
    part: Any = SimpleNamespace(
        weights=design.weights.where(kept, 0.0),
        treated=design.treated,
        clusters=design.clusters,
        estimand_in_words=f"{design.estimand_in_words.rstrip('.')}, of those who meet the rule of selection",
        fingerprint=design.fingerprint,
        method=design.method,
        options=options_of(design),
        estimand="ATT",
        n_treated_dropped=None,
    )
    return part
