"""The verdict on balance in words, for a reader who has to decide whether to believe the comparison."""

from __future__ import annotations

import math

import pandas as pd

from dipeval.presenting import format_count, format_number, format_percent
from dipeval.vocabulary import term_label

GREEN = 0.05
AMBER = 0.10
BAND_WORDS = {"green": "well matched", "amber": "reasonably matched", "red": "poorly matched"}
RATIO_LIMITS = (0.5, 2.0)
NAMED = 3  # terms named in a sentence
EQUAL = 5e-7  # of a standard deviation: what weights that balance exactly leave


def band(smd: float) -> str:
    """Return "green" up to 5%, "amber" up to 10%, "red" above (a value on the line falls in the lower band).

    Examples
    --------
    >>> band(0.05), band(-0.1), band(0.11)
    ('green', 'amber', 'red')
    """
    size = abs(smd)
    return "green" if size <= GREEN else "amber" if size <= AMBER else "red"


def smd_shown(smd: float, digits: int = 1) -> str:
    """Return a difference as a percentage, with as many decimals as it takes to see on which side of a band it lies.

    Parameters
    ----------
    smd
        Of either sign.
    digits
        Decimals to begin with; 0 is kept to.

    Examples
    --------
    >>> smd_shown(0.123), smd_shown(0.05), smd_shown(-0.0503), smd_shown(0.09996), smd_shown(0.0503, 0)
    ('12.3%', '5.0%', '−5.03%', '9.996%', '5%')
    """
    for decimals in range(digits, digits + 3) if digits else ():
        shown = format_percent(abs(smd), decimals)
        if all(shown != format_percent(limit, decimals) for limit in (GREEN, AMBER)):
            return format_percent(smd, decimals)
    return format_percent(smd, digits)


def bands_counted(smd: pd.Series) -> str:
    """Say how many terms fall into each band.

    Examples
    --------
    >>> bands_counted(pd.Series([0.01, -0.07, 0.3, 0.02]))
    'Of 4 terms, 2 are well matched, 1 reasonably and 1 poorly.'
    """
    found = smd.map(band).value_counts()
    well, reasonably, poorly = (int(found.get(name, 0)) for name in BAND_WORDS)
    return (
        f"Of {len(smd)} terms, {well} {'is' if well == 1 else 'are'} well matched, {reasonably} reasonably "
        f"and {poorly} poorly."
    )


def verdict(frame: pd.DataFrame, *, people: tuple[int, int], effective: tuple[float, float]) -> str:
    """Say how well the groups are matched.

    Parameters
    ----------
    frame
        Columns term, kind, smd_after, variance_ratio_after (``Balance.to_frame()``).
    people
        Treated and comparison people used.
    effective
        Their effective numbers.

    Returns
    -------
    str
        The band of the worst covariate, the worst terms, spreads outside 0.5 to 2, squares and products where they
        were measured, the people behind it, and where the bands come from.

    Examples
    --------
    >>> frame = pd.DataFrame(
    ...     {"term": ["age", "priors"], "kind": "covariate", "smd_after": [0.07, -0.01],
    ...      "variance_ratio_after": [2.5, 1.0]}
    ... )
    >>> print(verdict(frame, people=(40, 120), effective=(40.0, 81.5)))
    The groups are reasonably matched: 1 of 2 terms differs by more than 5% of a standard deviation (Age 7.0%), none
    by more than 10%. The spread differs for Age (variance ratio 2.50, outside 0.5 to 2). Behind it are 40 treated
    people and 120 comparison people, who carry as much as 81.5 counted equally. The 5% and 10% are a convention known
    here at second hand.
    """
    convention = "The 5% and 10% are a convention known here at second hand."
    return " ".join((*alike_in_words(frame), _people(people, effective), convention))


def alike_in_words(frame: pd.DataFrame, digits: int = 1) -> tuple[str, ...]:
    """Return the sentences of the verdict that count no people: differences, spreads, squares and products.

    Parameters
    ----------
    frame
        As for `verdict`.
    digits
        Decimals of the percentages.

    Returns
    -------
    tuple of str
        Those that have something to say.
    """
    covariates = frame[frame["kind"] == "covariate"]
    products = frame[frame["kind"].isin(["square", "interaction"])]
    return tuple(filter(None, (_differences(covariates, digits), _spreads(covariates), _products(products, digits))))


def _differences(covariates: pd.DataFrame, digits: int) -> str:
    size = covariates["smd_after"].abs()
    worst = band(float(size.max()))
    start = f"The groups are {BAND_WORDS[worst]}: "
    if size.max() < EQUAL:
        return f"{start}the averages of every term are equal."
    if worst == "green":
        return (
            f"{start}none of {len(size)} terms differs by more than 5% of a standard deviation (largest: "
            f"{_terms(covariates, size, 1, digits)})."
        )
    limit = GREEN if worst == "amber" else AMBER
    beyond = int((size > limit).sum())
    return (
        f"{start}{beyond} of {len(size)} terms {'differs' if beyond == 1 else 'differ'} by more than "
        f"{format_percent(limit, 0)} of a standard deviation ({_terms(covariates, size, beyond, digits)})"
        f"{', none by more than 10%' if worst == 'amber' else ''}."
    )


def _terms(rows: pd.DataFrame, size: pd.Series, count: int, digits: int) -> str:
    """The largest terms with their figures, at most three of them named."""
    worst = size.sort_values(ascending=False, kind="stable").index[: min(count, NAMED)]
    named = [f"{term_label(str(rows.loc[at, 'term']))} {smd_shown(float(size.loc[at]), digits)}" for at in worst]
    more = count - len(named)
    return ", ".join(named) + (f" and {more} more" if more > 0 else "")


def _spreads(covariates: pd.DataFrame) -> str:
    low, high = RATIO_LIMITS
    ratio = covariates["variance_ratio_after"]
    outside = covariates[(ratio < low) | (ratio > high)]
    if outside.empty:
        return ""
    named = [
        f"{term_label(str(term))} (variance ratio {_ratio(float(value))}"
        for term, value in outside[["term", "variance_ratio_after"]].head(NAMED).to_numpy()
    ]
    more = len(outside) - len(named)
    return (
        f"The spread differs for {'), '.join(named)}, outside {low:g} to {high:g})"
        f"{f' and {more} more' if more > 0 else ''}."
    )


def _ratio(value: float) -> str:
    if math.isinf(value):
        return "without limit"
    return format_number(value, 2 if round(value, 2) not in RATIO_LIMITS else 4)


def _products(rows: pd.DataFrame, digits: int) -> str:
    if rows.empty:
        return ""
    size = rows["smd_after"].abs()
    beyond = int((size > AMBER).sum())
    return (
        f"Of {len(size)} squares and products {beyond} {'differs' if beyond == 1 else 'differ'} by more than 10% "
        f"(largest: {_terms(rows, size, 1, digits)})."
    )


def _people(people: tuple[int, int], effective: tuple[float, float]) -> str:
    parts = []
    for count, worth, who in zip(people, effective, ("treated", "comparison"), strict=True):
        part = f"{format_count(count)} {who} {'person' if count == 1 else 'people'}"
        if worth < 0.995 * count:
            part += f", who carry as much as {format_number(worth, 1)} counted equally"
        parts.append(part)
    joint = "; and " if "who carry" in parts[0] else " and "
    return f"Behind it are {joint.join(parts)}."
