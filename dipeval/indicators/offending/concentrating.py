"""`concentration`: how many of the events are of how few people, beside what chance alone gives."""

from __future__ import annotations

import math
from collections.abc import Sequence
from numbers import Real
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from dipeval.errors import InputError
from dipeval.extracts.contracts import did_you_mean
from dipeval.indicators.offending import lorenz
from dipeval.indicators.offending.by_chance import chance_counts
from dipeval.indicators.offending.concentration_result import COLUMNS, Concentration, Excess
from dipeval.indicators.offending.excess import fewest_by_chance, fewest_people

Array = NDArray[np.float64]
_GRID = np.linspace(0.0, 1.0, 101)
_CHANCE_DRAWS = 400
# Numbers held in memory at once: the draws of chance are fewer where there are very many people.
_MOST_HELD = 4_000_000
_LEAST_DRAWS = 20


def concentration(
    data: pd.DataFrame,
    *,
    person: str = "person_id",
    count: str | None = None,
    top: Sequence[float] = (0.01, 0.05, 0.10, 0.20),
    expected: str | float | None = None,
    people: int | None = None,
    draws: int = 1_000,
    seed: int = 0,
    label: str = "events",
) -> Concentration:
    """Say how unevenly events are spread over people: Gini, the share of the people with most, who explains an excess.

    Parameters
    ----------
    data
        A row an event (tests, arrests, offences), or with `count` a row a person.
    person
        Column that says whose it is. Rows without a person are left out and counted.
    count
        Column with each person's number of events, 0 included; None: every row is one event.
    top
        Shares of the people, those with most events first.
    expected
        Expected events: a column of `data` (with `count`), or one number for all of them together.
    people
        How many people there are, those without an event included; None: only those in `data`.
    draws, seed
        Resamples of the people for the intervals, and what draws them.
    label
        What is counted, for the words: "positive tests".

    Returns
    -------
    Concentration

    Raises
    ------
    InputError
        If a column is missing, a person has two rows where counts are given, counts are not whole, or there is no
        event.

    Notes
    -----
    Intervals: 95%, bootstrap of people, percentile. Chance: Poisson numbers with the mean seen (or each person's
    expected number times observed over expected); without the people who had no event, Poisson numbers of at least 1.
    The people who explain an excess: the fewest, furthest above their own expected number first, without whom all
    others had no more events than expected.

    Examples
    --------
    >>> import dipeval as dip
    >>> import pandas as pd
    >>> tests = pd.DataFrame({"person_id": ["a"] * 6 + ["b", "c", "d", "d"]})
    >>> shown = dip.concentration(tests, top=[0.25], label="positive tests")
    >>> shown.n_people, shown.n_events, round(shown.gini, 3)
    (4, 10, 0.4)
    >>> shown.to_frame().set_index("measure").loc["top", ["people", "estimate"]].tolist()
    [1.0, 0.6]
    """
    shares = _shares(top)
    _check_numbers(draws, people, expected)
    counts, each, n_without = _events(data, person, count, expected)
    at_least_one = count is None and people is None
    counts, each = _with_nobodies(counts, each, people)
    total = float(counts.sum())
    if not total:
        raise InputError("Nobody has an event, so there is nothing to spread over people.")
    n_drawn = max(_LEAST_DRAWS, min(_CHANCE_DRAWS, _MOST_HELD // len(counts)))
    means = np.full(len(counts), total / len(counts)) if each is None else each * total / each.sum()
    drawn = chance_counts(means, at_least_one=at_least_one, draws=n_drawn, seed=seed)
    wanted = _expected_each(expected, each, len(counts))
    values, having = lorenz.levels_of(counts)
    return Concentration(
        label=label,
        n_without_person=n_without,
        at_least_one=at_least_one,
        excess=None if wanted is None else _excess(counts, wanted, drawn),
        _frame=_rows(values, having, drawn, shares, draws, seed),
        _lorenz=_curves(values, having, drawn),
        _counts=pd.DataFrame({"events": values, "people": having}).astype("int64"),
    )


def _shares(top: Sequence[float]) -> tuple[float, ...]:
    shares = tuple(top) if isinstance(top, Sequence) and not isinstance(top, str) else (top,)
    if not shares or not all(_is_number(share) and 0 < share < 1 for share in shares):
        raise InputError("top must be shares of the people between 0 and 1, such as (0.01, 0.05, 0.1).")
    return tuple(sorted({float(share) for share in shares}))


def _is_number(value: Any) -> bool:
    return isinstance(value, Real) and not isinstance(value, bool) and math.isfinite(float(value))


def _check_numbers(draws: int, people: int | None, expected: Any) -> None:
    faults = []
    if not _is_number(draws) or draws < 100 or draws != int(draws):
        faults.append("draws must be a whole number of at least 100")
    if people is not None and (not _is_number(people) or people < 1 or people != int(people)):
        faults.append("people must be a whole number of at least 1, or None")
    if expected is not None and not isinstance(expected, str) and (not _is_number(expected) or expected <= 0):
        faults.append("expected must be a column, or a number above 0")
    if isinstance(expected, str) and people is not None:
        faults.append("with a column of expected events every person must have a row, so leave people out")
    if faults:
        raise InputError("; ".join(faults) + ".")


def _events(
    data: pd.DataFrame, person: str, count: str | None, expected: Any
) -> tuple[Array, Array | None, int]:  # fmt: skip
    """Events of each person in an order that says nothing of the rows, expected ones, and rows without a person."""
    if not isinstance(data, pd.DataFrame):
        raise InputError(f"data must be a pandas DataFrame; it is a {type(data).__name__}.")
    own = expected if isinstance(expected, str) else None
    if own is not None and count is None:
        raise InputError("A column of expected events needs a row a person: name the column of their events as count.")
    known = [str(name) for name in data.columns]
    wanted = {"person": person, "count": count, "expected": own}
    faults = [
        f"{name}='{column}' is no column{did_you_mean(str(column), known)}"
        for name, column in wanted.items()
        if column is not None and column not in data.columns
    ]
    if faults:
        raise InputError(f"{'; '.join(faults)}. The columns are {', '.join(known)}.")
    told = data[data[person].notna()]
    n_without = len(data) - len(told)
    if told.empty:
        raise InputError("No row says whose it is, so there is nobody to spread events over.")
    if count is None:
        return np.sort(told[person].value_counts().to_numpy("float64")), None, n_without
    return (*_given_counts(told, person, count, own), n_without)


def _given_counts(told: pd.DataFrame, person: str, count: str, own: str | None) -> tuple[Array, Array | None]:
    faults = []
    if twice := int(told[person].duplicated().sum()):
        faults.append(f"{twice} row(s) are of a person who has another row: add their events up first")
    counts = _numbers(told[count])
    if broken := int((~np.isfinite(counts) | (counts < 0) | (counts != np.floor(counts))).sum()):
        faults.append(f"{count} is missing, negative or not whole in {broken} row(s)")
    each = None if own is None else _numbers(told[own])
    if each is not None and (broken := int((~np.isfinite(each) | (each < 0)).sum())):
        faults.append(f"{own} is missing or negative in {broken} row(s)")
    if faults:
        raise InputError("; ".join(faults) + ".")
    if each is None:
        return np.sort(counts), None
    if not each.sum():
        raise InputError(f"The expected events in {own} add up to 0; there is nothing to compare with.")
    order = np.lexsort((each, counts))
    return counts[order], each[order]


def _numbers(column: pd.Series) -> Array:
    return np.asarray(pd.to_numeric(column, errors="coerce").to_numpy("float64", na_value=np.nan), dtype=np.float64)


def _with_nobodies(counts: Array, each: Array | None, people: int | None) -> tuple[Array, Array | None]:
    if people is None:
        return counts, each
    if people < len(counts):
        raise InputError(
            f"people is {people}, but {len(counts)} people are in the table; it must count those without an event too."
        )
    return np.concatenate([np.zeros(int(people) - len(counts)), counts]), each


def _expected_each(expected: Any, each: Array | None, n: int) -> Array | None:
    return each if expected is None or each is not None else np.full(n, float(expected) / n)


def _rows(values: Array, having: Array, drawn: Array, shares: tuple[float, ...], draws: int, seed: int) -> pd.DataFrame:
    again = lorenz.resampled(having, draws, seed)
    chance = [lorenz.levels_of(one) for one in drawn]
    n = float(having.sum())
    rows = [_row("gini", float("nan"), n, lambda v, p: lorenz.gini(v, p), (values, having), again, chance)]
    for share in shares:
        of_top = _of_top(share)
        rows.append(_row("top", share, share * n, of_top, (values, having), again, chance))
    return pd.DataFrame(rows, columns=list(COLUMNS))


def _of_top(share: float) -> Any:
    return lambda values, people: lorenz.top_share(values, people, share)


def _row(
    measure: str, share: float, people: float, figure: Any, levels: Any, again: Array, chance: list[Any]
) -> dict[str, Any]:
    values, having = levels
    estimate = float(figure(values, having))
    low, high = np.nanquantile(figure(values, again), (0.025, 0.975))
    by_chance = np.array([float(figure(*one)) for one in chance])
    chance_low, chance_high = np.nanquantile(by_chance, (0.025, 0.975))
    return {
        "measure": measure,
        "share_of_people": share,
        "people": people,
        "n_people": int(having.sum()),
        "n_events": int((values * having).sum()),
        "estimate": estimate,
        "conf_low": min(float(low), estimate),
        "conf_high": max(float(high), estimate),
        "chance": float(np.nanmean(by_chance)),
        "chance_low": float(chance_low),
        "chance_high": float(chance_high),
    }


def _curves(values: Array, having: Array, drawn: Array) -> pd.DataFrame:
    # All draws of chance in one: the curve of what is drawn, on average.
    chance_values, chance_having = lorenz.levels_of(drawn.ravel())
    return pd.DataFrame(
        {
            "share_of_people": _GRID,
            "share_of_events": lorenz.curve(values, having, _GRID),
            "by_chance": lorenz.curve(chance_values, chance_having, _GRID),
        }
    )


def _excess(counts: Array, expected: Array, drawn: Array) -> Excess:
    by_chance = fewest_by_chance(drawn, expected)
    low, middle, high = (
        np.quantile(by_chance, (0.025, 0.5, 0.975), method="inverted_cdf") if len(by_chance) else (np.nan,) * 3
    )
    return Excess(
        observed=float(counts.sum()),
        expected=float(expected.sum()),
        people=fewest_people(counts, expected),
        chance=float(middle),
        chance_low=float(low),
        chance_high=float(high),
    )
