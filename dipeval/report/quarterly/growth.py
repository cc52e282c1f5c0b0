"""Growth of the number of tests: how much of it is districts that began to report, and whether who is tested moved."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from dipeval.disclosure import is_small
from dipeval.presenting import format_percent
from dipeval.report.quarterly import phrases

if TYPE_CHECKING:
    from dipeval.study.quarterly.result import QuarterlyResult

CAUTIONS: Final = {
    "areas_moved": "which districts report moved, so the number of tests moved without more need",
    "time_moved": "the time covered moved",
    "testing_widened": "more were tested and a smaller share was positive: testing was widened",
    "testing_targeted": "fewer were tested and a larger share was positive: testing was targeted",
    "positivity_moved": "the share that is positive moved",
    "grounds_moved": "the grounds on which people are tested moved",
}
NOT_NEED: Final = (
    "None of this says how much need there is: that takes a measure that does not depend on who is tested."
)
# Steps from the period a year ago to the latest one.
YEAR: Final = {"quarter": 4, "month": 12}
STILL: Final = "From none of these periods to the next did testing move to other people or places beyond chance."
MOST_STEPS: Final = 6


def whole(result: QuarterlyResult) -> str:
    """Return the growth over all periods in a sentence; empty if it was not looked at.

    Parameters
    ----------
    result
        From ``QuarterlyReview.run()``.
    """
    if result.growth is None:
        return ""
    return _sentence(result.growth.to_frame().iloc[0].to_dict(), result)


def steps(result: QuarterlyResult) -> tuple[str, ...]:
    """Return the latest steps from one period to the next in which something moved, a sentence each.

    Parameters
    ----------
    result
        From ``QuarterlyReview.run()``.
    """
    if result.growth is None:
        return ()
    frame = result.growth.to_frame()
    own = frame[(frame["span"] == "step") & (frame["cautions"] != "")]
    return tuple(_sentence(row, result) for row in own.tail(MOST_STEPS).to_dict("records"))


def last_year(result: QuarterlyResult) -> str:
    """Return the growth over the last year in a sentence, with what moved in it; empty if it was not looked at.

    Parameters
    ----------
    result
        From ``QuarterlyReview.run()``.
    """
    if result.growth is None:
        return ""
    frame = result.growth.to_frame()
    own = frame[frame["span"] == "step"].tail(YEAR.get(result.growth.every, 1))
    if own.empty:
        return ""
    first, last = own.iloc[0], own.iloc[-1]
    whole = last.to_dict() | {name: first[name] for name in first.index if str(name).endswith("_from")}
    before, now = float(first["units_from"]), float(last["units_to"])
    named = {name: "; ".join(dict.fromkeys(_names(own[name]))) for name in ("joined", "left", "cautions")}
    whole |= {"growth": now / before - 1 if before else float("nan"), **named}
    if whole["growth"] != whole["growth"]:
        return ""
    moved = _cautions(named["cautions"])
    said = _sentence(whole | {"cautions": ""}, result)
    return f"{said} In between: {'; '.join(moved)}." if moved else f"{said} {STILL}"


def _names(column: Any) -> list[str]:
    return [name for text in column for name in str(text).split("; ") if name]


def latest_cautions(result: QuarterlyResult) -> tuple[str, ...]:
    """Return what moved between the two latest periods, in words.

    Parameters
    ----------
    result
        From ``QuarterlyReview.run()``.
    """
    if result.growth is None:
        return ()
    frame = result.growth.to_frame()
    own = frame[frame["span"] == "step"]
    return _cautions(own.iloc[-1]["cautions"]) if len(own) else ()


def _cautions(text: Any) -> tuple[str, ...]:
    return tuple(CAUTIONS.get(name, name.replace("_", " ")) for name in str(text).split("; ") if name)


def _sentence(row: Any, result: QuarterlyResult) -> str:
    label = _small(result.growth.label) if result.growth is not None else "tests"
    first, last = (phrases.period_words(str(row[name])) for name in ("period_from", "period_to"))
    if any(is_small(float(row[name]), result.rule) for name in ("units_from", "units_to")):
        return f"Between {first} and {last}: withheld, because few {label} were counted."
    digits = 0 if result.rule.protects else 1
    grew = float(row["growth"])
    verb = "grew" if grew >= 0 else "fell"
    said = f"Between {first} and {last} {label} {verb} by {format_percent(abs(grew), digits)}"
    areas = tuple(float(row[name]) for name in ("areas_from", "areas_to"))
    each = float(row["per_area_to"]) / float(row["per_area_from"]) - 1 if row["per_area_from"] else 0.0
    moved = "more" if each >= 0 else "fewer"
    if areas[0] == areas[1]:
        said += f", with {areas[1]:g} districts reporting in both"
    else:
        said += (
            f"; districts reporting went from {areas[0]:g} to {areas[1]:g}, with {format_percent(abs(each), digits)} "
        )
        said += f"{moved} in each"
    names = [f"{word}: {row[name]}" for name, word in (("joined", "began to report"), ("left", "stopped")) if row[name]]
    end = f" ({'; '.join(names)})" if names else ""
    cautions = _cautions(row["cautions"])
    return f"{said}{end}. {_capital('; '.join(cautions))}".strip() + ("." if cautions else "")


def _small(text: str) -> str:
    return text[:1].lower() + text[1:]


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]
