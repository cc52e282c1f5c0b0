"""Whom to leave out for want of overlap, by a rule laid down beforehand.

The score is not fitted again after trimming: the rule, and the score it looks at, are those of everybody.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from dipeval.errors import DesignError, InputError
from dipeval.matching.assemble import Score
from dipeval.matching.doors import Taken
from dipeval.matching.options import as_given
from dipeval.presenting import format_count

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]

CRUMP = (0.1, 0.9)
EQUIPOISE = (0.3, 0.7)
TAILS = (0.05, 0.95)

RULES: dict[str, str] = {
    "common_support": "only scores within the range of both groups (common support)",
    "crump": "only scores from 0.1 to 0.9 (Crump and others 2009)",
    "preference": "only preference scores from 0.3 to 0.7 (Walker and others 2013)",
    "percentile": (
        "only scores from the 5th percentile of the treated to the 95th of the comparison group (Stürmer and others "
        "2010)"
    ),
}
ON_PROBABILITIES = ("crump", "preference")


def trim(rule: str, score: Score | None, taken: Taken) -> Bools:
    """Return who is kept by a rule.

    Parameters
    ----------
    rule
        "none", "common_support" (both groups within the range of the other), "crump" (score from 0.1 to 0.9),
        "preference" (preference score from 0.3 to 0.7) or "percentile" (from the 5th percentile of the treated to the
        95th of the comparison group). Limits belong to those kept.
    score
        The score of everybody.
    taken
        What came through the door.

    Returns
    -------
    numpy.ndarray
        True for the people kept.

    Raises
    ------
    InputError
        An unknown rule, or one about probabilities where the score is no probability.
    DesignError
        A rule that leaves nobody in one of the groups, or that has no score to look at.

    Notes
    -----
    Crump, R. K., Hotz, V. J., Imbens, G. W. and Mitnik, O. A. (2009), Dealing with limited overlap in estimation of
    average treatment effects, Biometrika 96, 187-199. Walker, A. M. and others (2013), Comparative Effectiveness
    Research 3, 11-20. Stürmer, T., Rothman, K. J., Avorn, J. and Glynn, R. J. (2010), Treatment effects in the
    presence of unmeasured confounding: dealing with observations in the tails of the propensity score distribution,
    American Journal of Epidemiology 172, 843-854; percentiles by linear interpolation.
    """
    if not isinstance(rule, str) or rule not in ("none", *RULES):
        raise InputError(f"trim must be one of none, {', '.join(RULES)}; it is {as_given(rule)}.")
    if rule == "none":
        return np.ones(len(taken.treated), dtype=bool)
    if score is None:
        raise DesignError(f"trim='{rule}' looks at the propensity score, and there is none: use trim='none'.")
    if rule in ON_PROBABILITIES and score.scale == "given":
        raise InputError(
            f"trim='{rule}' needs a probability, and a score with scale='given' may be anything: pass it with "
            "scale='probability' or 'logit', or use trim='common_support' or 'percentile'."
        )
    share = float(taken.treated.mean()) if score.model is None else score.model.share_treated
    low, high = _limits(rule, score, taken.treated, share)
    values = score.used if rule == "common_support" else score.shown
    kept: Bools = (values >= low) & (values <= high)
    _refuse_empty(rule, taken.treated, kept)
    return kept


def in_words(rule: str, treated: Bools, kept: Bools) -> str:
    """Say what the rule was and how many of either group it left out."""
    if rule == "none":
        return ""
    out = [format_count(int((group & ~kept).sum())) for group in (treated, ~treated)]
    of = [format_count(int(group.sum())) for group in (treated, ~treated)]
    return (
        f"Trimmed beforehand by rule: {RULES[rule]}. It left out {out[0]} of {of[0]} treated and {out[1]} of {of[1]} "
        "comparison people; the result is about those left. The score was not fitted again."
    )


def common_support(values: Floats, treated: Bools) -> tuple[float, float]:
    """Return the range of scores found in both groups (low above high: they do not meet)."""
    inside, outside = values[treated], values[~treated]
    return max(float(inside.min()), float(outside.min())), min(float(inside.max()), float(outside.max()))


def preference_limits(share: float) -> tuple[float, float]:
    """Return the scores at which the preference score is 0.3 and 0.7.

    Parameters
    ----------
    share
        Share of people treated.

    Examples
    --------
    >>> [round(limit, 12) for limit in preference_limits(0.5)]
    [0.3, 0.7]
    """
    odds = share / (1 - share)
    low, high = (edge / (1 - edge) * odds for edge in EQUIPOISE)
    return low / (1 + low), high / (1 + high)


def _limits(rule: str, score: Score, treated: Bools, share: float) -> tuple[float, float]:
    if rule == "crump":
        return CRUMP
    if rule == "preference":
        return preference_limits(share)
    if rule == "common_support":
        return common_support(score.used, treated)
    low = float(np.quantile(score.shown[treated], TAILS[0]))
    return low, float(np.quantile(score.shown[~treated], TAILS[1]))


def _refuse_empty(rule: str, treated: Bools, kept: Bools) -> None:
    gone = [who for who, group in (("treated", treated), ("comparison", ~treated)) if not (group & kept).any()]
    if gone:
        raise DesignError(
            f"trim='{rule}' ({RULES[rule]}) leaves out all {' and all '.join(gone)} people: the groups hardly overlap "
            "by their scores. Use another rule, other covariates, or accept that these groups cannot be compared."
        )
