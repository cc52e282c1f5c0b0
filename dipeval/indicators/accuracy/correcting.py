"""`correct_positivity`: what the share of positive tests says of the share who had used, and how many are wrong."""

from __future__ import annotations

import math
from collections.abc import Mapping
from numbers import Real
from typing import Any

import numpy as np
import pandas as pd

from dipeval.errors import InputError
from dipeval.extracts.contracts import did_you_mean
from dipeval.indicators.accuracy.adjusting import Accuracy, corrected_limits, reach, rogan_gladen, wilson_at
from dipeval.indicators.accuracy.corrected_result import COLUMNS, CorrectedPositivity
from dipeval.indicators.accuracy.wrongly import wrongly
from dipeval.indicators.grouping import EVERYONE, NOT_RECORDED


def correct_positivity(
    data: pd.DataFrame | None = None,
    *,
    positive: str | float = "positive",
    tests: str | float = "tests",
    sensitivity: float,
    specificity: float,
    sensitivity_n: int | None = None,
    specificity_n: int | None = None,
    assessed: str | float | None = None,
    by: str | None = None,
    level: float = 0.95,
) -> CorrectedPositivity:
    """Correct the share of positive tests for the errors of the test, and count the people who are wrongly positive.

    Parameters
    ----------
    data
        Counts, a row a group or period; None if `positive` and `tests` are numbers.
    positive, tests
        Columns of `data`, or two numbers: positive tests, and tests that gave a result.
    sensitivity, specificity
        Of the test, 0-1: the share of users who test positive, and of others who test negative.
    sensitivity_n, specificity_n
        Users and others in the study that found them; None: taken as known, which no test's accuracy ever is.
    assessed
        Column or number: positive tests that led to a required assessment; default every one of them.
    by
        Column of `data` with the groups; without it the rows are added up.
    level
        Of the intervals.

    Returns
    -------
    CorrectedPositivity
        With a row for everyone, then one a group, by name.

    Raises
    ------
    InputError
        If counts are missing, negative or not whole, more are positive than were tested, or the test is no better than
        a coin: sensitivity and specificity add up to 1 or less, or their study was too small to rule that out.

    Notes
    -----
    Rogan and Gladen (1978); the interval of Lang and Reiczigel (2014) with an accuracy from a study, else Wilson's
    limits put through the same formula (Reiczigel and others 2010). Cut off at 0 and 1, which is told.

    Examples
    --------
    >>> import dipeval as dip
    >>> shown = dip.correct_positivity(positive=520, tests=1_000, sensitivity=0.95, specificity=0.98,
    ...                                sensitivity_n=200, specificity_n=300)
    >>> round(shown.estimate, 4)  # (0.52 + 0.98 - 1) / (0.95 + 0.98 - 1)
    0.5376
    >>> round(shown.false_positives, 1)
    9.2
    """
    accuracy = _accuracy(sensitivity, specificity, sensitivity_n, specificity_n, level)
    counts = _counts(data, {"positive": positive, "tests": tests, "assessed": assessed}, by)
    rows = [_row(group, row, accuracy, level) for group, row in counts.items()]
    kinds = {"n_tests": "int64", "n_positive": "int64", "n_assessed": "int64"}
    return CorrectedPositivity(
        accuracy=accuracy,
        level=float(level),
        by=by,
        every_positive_assessed=assessed is None,
        _frame=pd.DataFrame(rows, columns=list(COLUMNS)).astype(kinds),
    )


def _accuracy(
    sensitivity: float, specificity: float, sensitivity_n: int | None, specificity_n: int | None, level: float
) -> Accuracy:
    faults = []
    for name, share in (("sensitivity", sensitivity), ("specificity", specificity)):
        if not _is_number(share) or not 0 < share <= 1:
            faults.append(f"{name} must be a share above 0 and up to 1, such as 0.95")
    for name, n in (("sensitivity_n", sensitivity_n), ("specificity_n", specificity_n)):
        if n is not None and (not _is_number(n) or n < 1 or n != int(n)):
            faults.append(f"{name} must be a whole number of people of at least 1, or None")
    if not _is_number(level) or not 0.5 <= level < 1:
        faults.append("level must be a share such as 0.95")
    if faults:
        raise InputError("; ".join(faults) + ".")
    found = Accuracy(
        sensitivity=float(sensitivity),
        specificity=float(specificity),
        sensitivity_n=None if sensitivity_n is None else int(sensitivity_n),
        specificity_n=None if specificity_n is None else int(specificity_n),
    )
    _check_better_than_a_coin(found, level)
    return found


def _check_better_than_a_coin(accuracy: Accuracy, level: float) -> None:
    if accuracy.youden <= 0:
        raise InputError(
            f"A sensitivity of {accuracy.sensitivity:g} and a specificity of {accuracy.specificity:g} add up to no "
            "more than 1: such a test is no better than a coin, and its results say nothing of use. Check both figures."
        )
    variance = 0.0
    for share, n in (
        (accuracy.sensitivity, accuracy.sensitivity_n),
        (accuracy.specificity, accuracy.specificity_n),
    ):
        if n is not None:
            shrunk = (n * share + 1) / (n + 2)
            variance += shrunk * (1 - shrunk) / (n + 2)
    if accuracy.youden <= reach(level) * math.sqrt(variance):
        raise InputError(
            "The study behind sensitivity and specificity was so small that the test may be no better than a coin; "
            "positivity cannot be corrected with it. Use the figures of a larger study."
        )


def _is_number(value: Any) -> bool:
    return isinstance(value, Real) and not isinstance(value, bool) and math.isfinite(float(value))


def _counts(data: pd.DataFrame | None, told: Mapping[str, Any], by: str | None) -> dict[str, pd.Series]:
    given = {name: value for name, value in told.items() if value is not None}
    frame = _from_numbers(given, by) if data is None else _from_frame(data, given, by)
    _check_counts(frame)
    if "assessed" not in frame:
        frame = frame.assign(assessed=frame["positive"])
    numbers = ["positive", "tests", "assessed"]
    found = {EVERYONE: frame[numbers].sum()}
    if not found[EVERYONE]["tests"]:
        raise InputError("There is no test to correct: the tests add up to 0.")
    if by is not None:
        sums = frame.groupby("group")[numbers].sum()
        order = sorted(sums.index, key=lambda name: (name == NOT_RECORDED, name))
        found |= {str(name): sums.loc[name] for name in order}
    return found


def _from_numbers(given: Mapping[str, Any], by: str | None) -> pd.DataFrame:
    if by is not None:
        raise InputError("by= names a column, so pass the counts as a table too.")
    wrong = [name for name, value in given.items() if not _is_number(value)]
    if wrong:
        raise InputError(f"Without a table, {' and '.join(wrong)} must be numbers.")
    return pd.DataFrame({name: [float(value)] for name, value in given.items()})


def _from_frame(data: pd.DataFrame, given: Mapping[str, Any], by: str | None) -> pd.DataFrame:
    if not isinstance(data, pd.DataFrame):
        raise InputError(f"data must be a pandas DataFrame of counts; it is a {type(data).__name__}.")
    columns = dict(given) | ({} if by is None else {"by": by})
    known = [str(name) for name in data.columns]
    faults = [
        f"{name}='{column}' is no column{did_you_mean(str(column), known)}"
        for name, column in columns.items()
        if column not in data.columns
    ]
    if faults:
        raise InputError(f"{'; '.join(faults)}. The columns are {', '.join(known)}.")
    frame = pd.DataFrame(
        {name: pd.to_numeric(data[column], errors="coerce").to_numpy("float64", na_value=np.nan)
         for name, column in given.items()}
    )  # fmt: skip
    if by is not None:
        groups = data[by].astype("object").where(data[by].notna(), NOT_RECORDED)
        frame["group"] = groups.astype(str).to_numpy()
        if (frame["group"] == EVERYONE).any():
            raise InputError(
                f"Column {by} holds a group called '{EVERYONE}', which is the row of all groups here; leave it out."
            )
    return frame


def _check_counts(frame: pd.DataFrame) -> None:
    faults = []
    names = [name for name in ("positive", "tests", "assessed") if name in frame]
    for name in names:
        values = frame[name]
        broken = int((~np.isfinite(values) | (values < 0) | (values != np.floor(values))).sum())
        if broken:
            faults.append(f"{name} is missing, negative or not whole in {broken} row(s)")
    if not faults:
        if (more := int((frame["positive"] > frame["tests"]).sum())) > 0:
            faults.append(f"{more} row(s) have more positive tests than tests")
        if "assessed" in names and (more := int((frame["assessed"] > frame["positive"]).sum())) > 0:
            faults.append(f"{more} row(s) have more assessed than positive tests")
    if faults:
        raise InputError("; ".join(faults) + ". Give counts of tests, a row a group.")


def _row(group: str, counts: pd.Series, accuracy: Accuracy, level: float) -> dict[str, Any]:
    positive, tests, assessed = (float(counts[name]) for name in ("positive", "tests", "assessed"))
    share = positive / tests if tests else float("nan")
    raw = rogan_gladen(share, accuracy)
    low, high = corrected_limits(positive, tests, accuracy, level)
    raw_low, raw_high = wilson_at(positive, tests, level)
    # The interval is not built round the estimate: at the ends of the scale it can stop short of it.
    used = min(max(raw, 0.0), 1.0) if tests else float("nan")
    wrong = wrongly(positive, tests, accuracy, level)
    false, missed = wrong.of_positive, wrong.of_negative
    return {
        "group": group,
        "n_tests": tests,
        "n_positive": positive,
        "positivity": share,
        "positivity_low": raw_low,
        "positivity_high": raw_high,
        "estimate": used,
        "conf_low": min(low, used) if tests else low,
        "conf_high": max(high, used) if tests else high,
        "before_cutting_off": raw,
        "cut_off": "" if not tests or 0 <= raw <= 1 else "at 0" if raw < 0 else "at 1",
        "predictive_value": 1 - false[0],
        "predictive_value_low": 1 - false[2],
        "predictive_value_high": 1 - false[1],
        **_many("false_positives", positive, false),
        **_many("false_negatives", tests - positive, missed),
        "n_assessed": assessed,
        **_many("assessed_wrongly", assessed, false),
    }


def _many(name: str, n: float, shares: tuple[float, float, float]) -> dict[str, float]:
    told = [0.0 if n == 0 else n * share for share in shares]
    return {name: told[0], f"{name}_low": told[1], f"{name}_high": told[2]}
