"""The split itself: ratios whose logarithms add up, areas that came and went, shares that moved, and the sentence."""

from __future__ import annotations

from typing import Any, Final

import numpy as np
import pandas as pd
from scipy import stats

from dipeval.presenting import MINUS, format_count, format_number, format_percent

# A share has moved if it differs by this much and chance alone seldom does so. Ours: with many thousand tests a
# difference nobody would act on is beyond chance as well.
LEAST_MOVE: Final = 0.02
LEVEL: Final = 0.05
CAUTIONS: Final = (
    "areas_moved",
    "time_moved",
    "testing_widened",
    "testing_targeted",
    "positivity_moved",
    "grounds_moved",
)
FRAME_COLUMNS: Final = (
    "span",
    "period_from",
    "period_to",
    "units_from",
    "units_to",
    "areas_from",
    "areas_to",
    "months_from",
    "months_to",
    "per_area_from",
    "per_area_to",
    "growth",
    "log_growth",
    "log_areas",
    "log_months",
    "log_per_area",
    "joined",
    "left",
    "units_joined",
    "units_left",
    "units_stayed",
    "positivity_from",
    "positivity_to",
    "positivity_p",
    "trigger_from",
    "trigger_to",
    "trigger_p",
    "cautions",
    "words",
)


def split(told: pd.DataFrame, members: dict[str, dict[str, float]] | None, label: str) -> pd.DataFrame:
    """Return one row for the whole and one for each period with the one before."""
    pairs = [("whole", 0, len(told) - 1)] + [("step", place - 1, place) for place in range(1, len(told))]
    rows = [_row(span, told.iloc[one], told.iloc[other], members, label) for span, one, other in pairs]
    return pd.DataFrame(rows, columns=list(FRAME_COLUMNS))


def _row(span: str, one: Any, other: Any, members: dict[str, dict[str, float]] | None, label: str) -> dict[str, Any]:
    row: dict[str, Any] = {"span": span}
    for name in ("period", "units", "areas", "months"):
        row[f"{name}_from"], row[f"{name}_to"] = one[name], other[name]
    for end, source in (("from", one), ("to", other)):
        row[f"per_area_{end}"] = source["units"] / source["areas"] / source["months"]
    row["growth"] = other["units"] / one["units"] - 1
    row["log_growth"] = float(np.log(other["units"] / one["units"]))
    row["log_areas"] = float(np.log(other["areas"] / one["areas"]))
    row["log_months"] = float(np.log(other["months"] / one["months"]))
    row["log_per_area"] = float(np.log(row["per_area_to"] / row["per_area_from"]))
    row |= _came_and_went(one["period"], other["period"], members)
    for name, column in (("positivity", "positives"), ("trigger", "trigger")):
        row[f"{name}_from"], row[f"{name}_to"] = one[column] / one["units"], other[column] / other["units"]
        row[f"{name}_p"] = two_shares(one[column], one["units"], other[column], other["units"])
    cautions = _cautions(row)
    row["cautions"] = "; ".join(cautions)
    row["words"] = _words(row, cautions, label)
    return row


def two_shares(part: float, whole: float, other_part: float, other_whole: float) -> float:
    """p-value of the normal test that two shares are one, with the pooled share's spread.

    Examples
    --------
    >>> round(two_shares(52, 100, 66, 100), 4), two_shares(0, 10, 0, 20)
    (0.0441, 1.0)
    """
    if not np.isfinite(part + other_part):
        return float("nan")
    pooled = (part + other_part) / (whole + other_whole)
    spread = np.sqrt(pooled * (1 - pooled) * (1 / whole + 1 / other_whole))
    gap = abs(part / whole - other_part / other_whole)
    return float(2 * stats.norm.sf(gap / spread)) if spread > 0 else 1.0


def _came_and_went(first: str, last: str, members: dict[str, dict[str, float]] | None) -> dict[str, Any]:
    if members is None:
        nothing = float("nan")
        return {"joined": "", "left": "", "units_joined": nothing, "units_left": nothing, "units_stayed": nothing}
    before, after = members[first], members[last]
    joined, left = sorted(set(after) - set(before)), sorted(set(before) - set(after))
    return {
        "joined": "; ".join(joined),
        "left": "; ".join(left),
        "units_joined": float(sum(after[name] for name in joined)),
        "units_left": float(sum(before[name] for name in left)),
        "units_stayed": float(sum(after[name] - before[name] for name in sorted(set(before) & set(after)))),
    }


def _moved(row: dict[str, Any], name: str) -> float:
    """The difference of a share where it has moved, else 0."""
    gap = float(row[f"{name}_to"] - row[f"{name}_from"])
    return gap if abs(gap) >= LEAST_MOVE and row[f"{name}_p"] < LEVEL else 0.0


def _cautions(row: dict[str, Any]) -> list[str]:
    found = []
    if abs(row["log_areas"]) > 1e-12 or row["joined"] or row["left"]:
        found.append("areas_moved")
    if abs(row["log_months"]) > 1e-12:
        found.append("time_moved")
    positivity = _moved(row, "positivity")
    if positivity < 0 < row["log_per_area"]:
        found.append("testing_widened")
    elif positivity > 0 > row["log_per_area"]:
        found.append("testing_targeted")
    elif positivity:
        found.append("positivity_moved")
    if _moved(row, "trigger"):
        found.append("grounds_moved")
    return found


def _words(row: dict[str, Any], cautions: list[str], label: str) -> str:
    """What happened, what each part alone would have made of it, and what not to read from it."""
    n_from, n_to = format_count(row["units_from"]), format_count(row["units_to"])
    verb = "rose" if row["growth"] > 0 else "fell" if row["growth"] < 0 else "stayed"
    moved = f"{verb} from {n_from} to {n_to} ({_signed(row['growth'])})" if row["growth"] else f"stayed at {n_to}"
    said = [f"{label} {moved} between {row['period_from']} and {row['period_to']}."]
    parts = []
    if abs(row["log_areas"]) > 1e-12:
        parts.append(f"the number of areas ({_areas(row)}) would alone have made it {_alone(row['log_areas'])}")
    if "time_moved" in cautions:
        months = f"{format_number(row['months_from'], 0)} to {format_number(row['months_to'], 0)} months"
        parts.append(f"the time covered ({months}) would alone have made it {_alone(row['log_months'])}")
    if parts:
        each = f"{label.lower()} an area{' and month' if 'time_moved' in cautions else ''}"
        said.append(f"Of that, {', '.join(parts)}, {each} {_alone(row['log_per_area'])}; the parts multiply up to it.")
    said += [words for words in (_members_words(row), _positivity_words(row, cautions, label)) if words]
    if "grounds_moved" in cautions:
        said.append(
            f"The share done on a trigger offence went from {format_percent(row['trigger_from'])} to "
            f"{format_percent(row['trigger_to'])}: who is tested changed."
        )
    if cautions:
        said.append("This is not to be read as a change in need.")
    return " ".join(said)


def _areas(row: dict[str, Any]) -> str:
    digits = 0 if row["areas_from"] % 1 == 0 and row["areas_to"] % 1 == 0 else 1
    return f"{format_number(row['areas_from'], digits)} to {format_number(row['areas_to'], digits)}"


def _signed(share: float) -> str:
    text = format_percent(share)
    return text if text.startswith(MINUS) else f"+{text}"


def _alone(log_ratio: float) -> str:
    return _signed(float(np.expm1(log_ratio)))


def _members_words(row: dict[str, Any]) -> str:
    """Which areas came and went, and how those fared that report in both."""
    first, told = row["period_from"], []
    if row["joined"]:
        told.append(f"{_named(row['joined'])} had none in {first} and {format_count(row['units_joined'])} later")
    if row["left"]:
        told.append(f"{_named(row['left'])} had {format_count(row['units_left'])} in {first} and none later")
    before = row["units_from"] - row["units_left"]
    if told and before > 0:
        after = before + row["units_stayed"]
        change = f"{format_count(before)} to {format_count(after)} ({_signed(after / before - 1)})"
        told.append(f"areas that report in both went from {change}")
    return f"{'; '.join(told)}." if told else ""


def _named(names: str) -> str:
    several = names.split("; ")
    return names if len(several) == 1 else ", ".join(several[:-1]) + " and " + several[-1]


def _positivity_words(row: dict[str, Any], cautions: list[str], label: str) -> str:
    found = {"testing_widened", "testing_targeted", "positivity_moved"} & set(cautions)
    if not found:
        return ""
    shares = f"from {format_percent(row['positivity_from'])} to {format_percent(row['positivity_to'])}"
    if "testing_widened" in found:
        return f"The share positive fell {shares} while {label.lower()} an area rose: testing may reach further people."
    if "testing_targeted" in found:
        return f"The share positive rose {shares} while {label.lower()} an area fell: testing may have become targeted."
    return f"The share positive went {shares}: who is tested may have changed."
