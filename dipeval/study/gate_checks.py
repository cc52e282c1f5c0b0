"""The checks of the gate: one number of a design against one threshold of the study file, and a sentence for readers.

Four are always asked. The others are asked where the study file writes a threshold: the variance ratio, after Rubin
(2001), Health Services and Outcomes Research Methodology 2, 169-188; the distance between the distributions and the
squares and products, after Austin (2009), Statistics in Medicine 28, 3083-3107; equipoise, the share of people with a
preference score from 0.3 to 0.7, after Walker and others (2013), Comparative Effectiveness Research 3, 11-20.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from dipeval.errors import InputError
from dipeval.presenting import format_count, format_number, format_percent

if TYPE_CHECKING:
    from dipeval.matching import Balance, Design
    from dipeval.study.spec import DiagnosticsSpec

COLUMNS = ["check", "value", "threshold", "passed", "meaning"]
BALANCE, TREATED_ANALYSED = "largest standardised difference", "treated people analysed"
EFFECTIVE_SIZE = "effective size of the comparison group"
SHARE_DROPPED = "share of treated people without a comparable person"
VARIANCE_RATIO, DISTANCE = "largest ratio of spreads", "largest distance between distributions"
PRODUCTS = "largest standardised difference of squares and products"
EQUIPOISE = "share of people who might have been in either group"
# Checks whose value counts people: it is shown as a count, under the disclosure rule.
COUNT_CHECKS = (TREATED_ANALYSED, EFFECTIVE_SIZE)
# Checks whose value is a share of people: it is shown as a percentage.
SHARE_CHECKS = (SHARE_DROPPED, EQUIPOISE)
# Checks whose threshold is the most allowed; the others have a least.
AT_MOST = (BALANCE, SHARE_DROPPED, VARIANCE_RATIO, DISTANCE, PRODUCTS)

Row = tuple[str, float, float, bool, str]


def checked(design: Design, limits: DiagnosticsSpec, *, modelled: bool = False) -> Iterator[Row]:
    """Hold a design against every threshold that is asked for.

    Parameters
    ----------
    design
        The comparison.
    limits
        The thresholds; those that are None are not asked.
    modelled
        Whether only the numbers of people are checked.

    Returns
    -------
    iterator of tuple
        check, value, threshold, passed, meaning.
    """
    if modelled:
        yield _treated(design, limits)
        yield _effective_size(design, limits)
        return
    # Measured once: at a million people it takes longer than the match.
    balance = design.balance(interactions=limits.max_smd_interactions is not None)
    yield _largest(BALANCE, balance.max_smd, limits.max_smd, "standardised difference between the groups")
    for check in (_treated, _effective_size, _dropped):
        yield check(design, limits)
    for name, value, limit, words in _asked(balance, limits):
        yield _largest(name, value, limit, words)
    if limits.min_equipoise is not None:
        yield _equipoise(design, limits.min_equipoise)


def _asked(balance: Balance, limits: DiagnosticsSpec) -> Iterator[tuple[str, float, float, str]]:
    if limits.max_variance_ratio is not None:
        # Yes/no covariates have no spread of their own: where all are, there is nothing to compare.
        ratio = 1.0 if math.isnan(balance.max_variance_ratio) else balance.max_variance_ratio
        yield VARIANCE_RATIO, ratio, limits.max_variance_ratio, "ratio of the variances in the two groups"
    if limits.max_ks is not None:
        yield DISTANCE, balance.max_ks, limits.max_ks, "distance between the two cumulative distributions"
    if limits.max_smd_interactions is not None:
        products = balance.max_smd_interactions
        found = 0.0 if math.isnan(products) else products
        words = "standardised difference of a square or product of covariates"
        yield PRODUCTS, found, limits.max_smd_interactions, words


def _largest(name: str, value: float, limit: float, words: str) -> Row:
    passed = value <= limit
    size = format_number(value, 3) if math.isfinite(value) else "without bound (one group does not vary at all)"
    meaning = (
        f"The largest {words} is {size}; {'at most' if passed else 'more than'} {format_number(limit, 3)}, "
        "the most allowed."
    )
    return name, float(value), float(limit), passed, meaning


def _treated(design: Design, limits: DiagnosticsSpec) -> Row:
    analysed = int((design.weights[design.treated.astype(bool)] > 0).sum())
    passed = analysed >= limits.min_treated
    least = format_count(limits.min_treated)
    meaning = f"{'At least' if passed else 'Fewer than'} {least} treated people could be analysed, the fewest allowed."
    return TREATED_ANALYSED, float(analysed), float(limits.min_treated), passed, meaning


def _effective_size(design: Design, limits: DiagnosticsSpec) -> Row:
    """Of the group that is weighted; where both are (not for the effect on the treated), of the smaller one."""
    weighted = (design.ess,) if design.estimand == "ATT" else (design.ess, design.ess_treated)
    who = "comparison" if design.estimand == "ATT" else "smaller"
    size = float(min(weighted))
    passed = size >= limits.min_ess
    least = format_count(limits.min_ess)
    meaning = (
        f"The {who} group is worth {'at least' if passed else 'fewer than'} {least} unweighted people, "
        "the fewest allowed."
    )
    return EFFECTIVE_SIZE, size, float(limits.min_ess), passed, meaning


def _dropped(design: Design, limits: DiagnosticsSpec) -> Row:
    share = share_dropped(design)
    passed = share <= limits.max_share_dropped
    most = format_percent(limits.max_share_dropped, 0)
    whom = {"ATT": "treated people", "ATC": "untreated people"}.get(design.estimand, "people")
    meaning = (
        f"{'At most' if passed else 'More than'} {most} of the {whom} had to be left out because no one was "
        f"comparable with them; {most} is the most allowed."
    )
    return SHARE_DROPPED, share, limits.max_share_dropped, passed, meaning


def analysed_of(design: Design) -> tuple[int, int]:
    """Return how many of the people whom the effect is about are analysed, and how many there are."""
    treated = design.treated.astype(bool)
    about = {"ATT": treated, "ATC": ~treated}.get(design.estimand, treated | True)
    return int((design.weights[about] > 0).sum()), int(about.sum())


def share_dropped(design: Design) -> float:
    """Return the share of the people whom the effect is about that the design leaves out."""
    analysed, submitted = analysed_of(design)
    return 1 - analysed / submitted if submitted else 1.0


def _equipoise(design: Design, limit: float) -> Row:
    inside, everybody = equipoise_of(design)
    if not everybody:
        meaning = "The design has no propensity score, so nobody can be said to have had a chance of either."
        return EQUIPOISE, 0.0, limit, False, meaning
    share = inside / everybody
    passed = share >= limit
    least = format_percent(limit, 0)
    meaning = (
        f"{'At least' if passed else 'Fewer than'} {least} of all people might have been in either group, by what is "
        f"recorded (preference score from 0.3 to 0.7); {least} is the fewest allowed."
    )
    return EQUIPOISE, share, limit, passed, meaning


def equipoise_of(design: Design) -> tuple[int, int]:
    """Return how many people have a preference score from 0.3 to 0.7, and how many have one."""
    from dipeval.matching.overlap import overlap

    try:
        found = overlap(design)
    except InputError:
        return 0, 0
    everybody = found.n_treated + found.n_comparison
    return round(found.equipoise * everybody), everybody


def people_behind(check: str, design: Design) -> int:
    """Return the smallest count of people that the value of a check rests on, for the disclosure rule.

    Parameters
    ----------
    check
        Name of the check.
    design
        The design examined.

    Returns
    -------
    int
    """
    smaller = min(design.n_treated, design.n_comparison)
    if check == EQUIPOISE:
        inside, everybody = equipoise_of(design)
        return min(smaller, inside, everybody - inside)
    if check != SHARE_DROPPED or not design.leaves_out:
        return smaller
    # A share of people left out tells how many they are, nobody included; weighting leaves nobody out by its nature.
    analysed, submitted = analysed_of(design)
    return min(smaller, submitted - analysed)


def fewest_people(design: Design, term: Mapping[Any, Any]) -> int:
    """Return the smallest count of people that a row of averages tells of, for the disclosure rule.

    Parameters
    ----------
    design
        The comparison.
    term
        Row of its balance table: averages, and whether the term is yes or no.

    Returns
    -------
    int
        Of a yes/no term the fewest people with or without it in either group, before or after; else the smaller group.
    """
    treated, weights = design.treated.astype(bool), design.weights
    analysed = min(int((treated & (weights > 0)).sum()), int((~treated & (weights > 0)).sum()))
    if not term["binary"]:
        return analysed
    shares_of = {
        "mean_treated": int(treated.sum()),
        "mean_treated_after": int((treated & (weights > 0)).sum()),
        "mean_comparison_before": int((~treated).sum()),
        "mean_comparison_after": int((~treated & (weights > 0)).sum()),
    }
    counts = [part * size for name, size in shares_of.items() for part in (term[name], 1 - term[name])]
    return max(0, math.floor(min(analysed, *counts) + 1e-9))
