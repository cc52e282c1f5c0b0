"""Whether who is tested changed over the window: districts, grounds, offences, and how many tests there are.

The first half of the periods beside the second. What has moved is the share of tests that would have to change place
for both halves to be alike (half the sum of the differences of shares). It is flagged from a tenth on, the number of
tests from a quarter on, if chance does not give it more often than 1 time in 20: small numbers move by themselves.
"""

from __future__ import annotations

from typing import Any, Final

import pandas as pd
from scipy.stats import binomtest, chi2_contingency

from dipeval.indicators.offending.link_rows import offence_label, offences_of
from dipeval.presenting import format_count, format_number, format_percent
from dipeval.vocabulary import label

COLUMNS: Final = ("level", "offence", "label", "feature", "early", "late", "moved", "p_value", "flagged", "words")
MOVED: Final = 0.10
CHANCE: Final = 0.05
# A district with fewer tests a window's edge can be without one by chance.
LEAST_EXPECTED: Final = 5
# Tests a period, late over early.
GREW: Final = 1.25
_FEATURES: Final = {"district": "districts", "test_ground": "grounds of the test", "offence_class": "offences"}


def changes_of(cells: pd.DataFrame, periods: list[str]) -> pd.DataFrame:
    """Return a row for everyone and each offence class, and what may have moved.

    Parameters
    ----------
    cells
        From `count_tests`.
    periods
        All of the window, in order.
    """
    # A window can be wider than the tests: periods before the first and after the last of them are no half of it.
    tested = [place for place, period in enumerate(periods) if period in set(cells["period"])]
    periods = periods[tested[0] : tested[-1] + 1]
    half = (len(periods) + 1) // 2
    early = set(periods[:half])
    rows: list[dict[str, Any]] = []
    if len(periods) > 1:
        for level, offence, own in offences_of(cells):
            if level == "group":
                continue
            is_early = own["period"].isin(early)
            about = {"level": level, "offence": offence, "label": offence_label(offence)}
            rows.append(about | _volume(own, is_early, half, len(periods) - half))
            features = [name for name in _FEATURES if level == "everyone" or name != "offence_class"]
            rows += [about | _mix(own, is_early, name) for name in features]
            if level == "everyone":
                rows.append(about | _reporting(own, periods))
    return pd.DataFrame(rows, columns=list(COLUMNS)).astype({"flagged": "bool", "early": "int64", "late": "int64"})


def _volume(own: pd.DataFrame, is_early: pd.Series, n_early: int, n_late: int) -> dict[str, Any]:
    early, late = int(own.loc[is_early, "tests"].sum()), int(own.loc[~is_early, "tests"].sum())
    times = (late / n_late) / (early / n_early) if early else float("inf")
    chance = float(binomtest(late, early + late, n_late / (n_early + n_late)).pvalue) if early + late else 1.0
    return {
        "feature": "tests",
        "early": early,
        "late": late,
        "moved": times,
        "p_value": chance,
        "flagged": not 1 / GREW <= times <= GREW and chance < CHANCE,
        "words": f"{format_count(early / n_early)} tests a period in the first half of the window, "
        f"{format_count(late / n_late)} tests a period in the second",
    }


def _reporting(own: pd.DataFrame, periods: list[str]) -> dict[str, Any]:
    """Districts without a test in the first or last quarter of the window that test too often for it to be chance."""
    edge = max(len(periods) // 4, 1)
    tests = own.pivot_table(index="district", columns="period", values="tests", aggfunc="sum", fill_value=0)
    tests = tests.reindex(columns=periods, fill_value=0)
    usual = tests.sum(axis=1) / (tests > 0).sum(axis=1)
    expected = (usual * edge) >= LEAST_EXPECTED
    first, last = tests.iloc[:, :edge].sum(axis=1) > 0, tests.iloc[:, -edge:].sum(axis=1) > 0
    joined, left = int((expected & ~first).sum()), int((expected & ~last).sum())
    told = [
        f"{n} district{'' if n == 1 else 's'} {words}"
        for n, words in ((joined, "began to test after the window opened"), (left, "had stopped before it closed"))
        if n
    ]
    return {
        "feature": "reporting",
        "early": int(first.sum()),
        "late": int(last.sum()),
        "moved": float(joined + left),
        "p_value": float("nan"),
        "flagged": bool(told),
        "words": " and ".join(told) or "districts tested at both ends of the window",
    }


def _mix(own: pd.DataFrame, is_early: pd.Series, feature: str) -> dict[str, Any]:
    table = own.assign(early=is_early).pivot_table(
        index="early", columns=feature, values="tests", aggfunc="sum", fill_value=0
    )
    table = table.reindex([True, False], fill_value=0)
    early, late = int(table.loc[True].sum()), int(table.loc[False].sum())
    found = {"feature": feature, "early": early, "late": late}
    if not early or not late:
        # That there are none in a half is flagged as a change of their number.
        nothing = "there are tests in one half of the window only"
        return found | {"moved": float("nan"), "p_value": float("nan"), "flagged": False, "words": nothing}
    before, after = table.loc[True] / early, table.loc[False] / late
    gap = (after - before).abs()
    moved = float(gap.to_numpy("float64").sum()) / 2
    chance = float(chi2_contingency(table.to_numpy(), correction=False)[1]) if table.shape[1] > 1 else 1.0
    most = str(gap.idxmax())
    named = offence_label(most) if feature == "offence_class" else most if feature == "district" else label(most)
    words = (
        f"the mix of {_FEATURES[feature]} moved by {format_percent(moved)} between the halves of the window, most for "
        f"{named} ({format_percent(float(before[most]))} to {format_percent(float(after[most]))} "
        "of the tests)"
    )
    joined = [str(name) for name in table.columns if not table.loc[True, name] or not table.loc[False, name]]
    if feature == "district" and joined:
        words += f"; {format_number(len(joined), 0)} district(s) tested in one half only"
    flagged = moved >= MOVED and chance < CHANCE
    return found | {"moved": moved, "p_value": chance, "flagged": flagged, "words": words}
