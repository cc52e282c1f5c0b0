"""What a benchmark says: whether areas differ from the others, and how far chance goes. No order of merit."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import pandas as pd

from dipeval.indicators.comparing.asked import Asked
from dipeval.indicators.comparing.dispersion import FEW_AREAS
from dipeval.indicators.comparing.positions import INSIDE, NOT_COMPARED, NOT_TOLD, percent
from dipeval.presenting import format_number, format_p, format_percent

if TYPE_CHECKING:
    from dipeval.indicators.comparing.result import Benchmark

NO_EFFECT_SHOWN: Final = (
    "Areas differ in whom they arrest, test and record; there is no comparison group, so a place outside the limits is "
    "a reason to ask, and says nothing of what the programme achieved."
)
NO_ORDER: Final = (
    "Areas stand in alphabetical order. Their order by value would be largely chance, so none is given: ask whether an "
    "area lies outside the limits, and nothing else."
)
ALIKE_IS_NOT_SHOWN: Final = "This does not show that they are alike: small areas can differ a good deal unseen."
STANDARDISED: Final = {
    "direct": "Standardised directly by {strata}: each area's own figures in the strata, weighted alike everywhere.",
    "indirect": "Standardised indirectly by {strata}: events over those expected if the figures of all areas together "
    "held in each stratum. Two areas can each be read against all; their ratios are no fair comparison of one another.",
    "model": "Standardised by a model of {strata} without the areas: events over those expected. What the model does "
    "not know is left in the ratio.",
}
NOT_STANDARDISED: Final = "Not adjusted for case mix: areas that serve other people can differ for that reason alone."
OWN_PART: Final = (
    "Each area is a part of all areas together, and a large one draws their figure towards its own, so that it lies "
    "outside less easily; the number that chance would put outside allows for it."
)
PEOPLE_AGAIN: Final = (
    "Some people are counted several times, and theirs are alike: limits and intervals are wider by the design effect."
)
FEW: Final = (
    "With {n} areas the over-dispersion factor is hardly known: {factor} here, and anything from {low} to {high} would "
    "fit. {rest}"
)
FEW_NOT_MOVED: Final = (
    "The limits are those of chance alone, so an area outside them may differ by no more than areas usually do. A "
    "spread known from more areas can be given as prior."
)
FEW_MOVED: Final = (
    "The limits were widened as asked, by a figure that these areas cannot settle; limits drawn from so few areas hold "
    "nearly all of them, whatever they are like."
)


def and_join(names: list[str]) -> str:
    """Return names as in a sentence.

    Examples
    --------
    >>> and_join(["Bradford", "Leeds", "Wakefield"])
    'Bradford, Leeds and Wakefield'
    """
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"


def shown(value: float, kind: str) -> str:
    """Return a value as a reader sees it: shares in per cent.

    Examples
    --------
    >>> shown(0.542, "share"), shown(1.3535, "ratio")
    ('54.2%', '1.35')
    """
    return format_percent(value) if kind == "share" else format_number(value, 1 if abs(value) >= 100 else 2)


def between(frame: pd.DataFrame, low: str, high: str, kind: str) -> list[str]:
    """Return pairs of limits in words, empty where there are none."""
    pairs = zip(frame[low], frame[high], strict=True)
    return ["" if pd.isna(one) else f"{shown(one, kind)} to {shown(other, kind)}" for one, other in pairs]


def value_heading(found: Benchmark) -> str:
    """Return what the values are, as a heading."""
    if found.kind == "ratio":
        return "Observed over expected"
    if found.kind == "share":
        return "Standardised share" if found.standardise else "Share"
    each = f"Rate per {format_number(found.per, 0)}" if found.per != 1 else "Rate"
    return f"Standardised {each.lower()}" if found.standardise else each


def size_label(found: Benchmark) -> str:
    """Return what the long axis of the funnel counts."""
    if found.kind == "ratio":
        return "Expected events"
    return "Effective size (after standardising)" if found.standardise else "Denominator"


def area_words(frame: pd.DataFrame, asked: Asked) -> list[str]:
    """Return a sentence for each area."""
    kind = "ratio" if asked.standardised_ratio else asked.kind
    centre = "the target of" if asked.target is not None else "the figure of all areas together,"
    return [_area(row, kind, centre, asked) for row in frame.to_dict("records")]


def _area(row: dict[Any, Any], kind: str, centre: str, asked: Asked) -> str:
    if row["position"] == NOT_TOLD:
        return f"{row['area']}: nobody and nothing to count from, so no figure."
    own = (
        f"{row['area']}: {shown(row['value'], kind)} ({percent(asked.level[0])} interval "
        f"{shown(row['conf_low'], kind)} to {shown(row['conf_high'], kind)})"
    )
    if row["position"] == NOT_COMPARED:
        return f"{own}; not compared."
    at = f"{centre} {shown(row['centre'], kind)}"
    if row["position"] == INSIDE:
        return f"{own}: inside the {percent(asked.level[0])} limits around {at}; chance could have placed it here."
    side, level = row["position"].split(" ")
    return f"{own}: {side} the {level} limits around {at}{_wanted(side, asked.wanted)}."


def _wanted(side: str, wanted: str) -> str:
    if wanted == "neither":
        return ""
    is_wanted = (side == "above") == (wanted == "higher")
    return ", on the side that is wanted" if is_wanted else ", on the side that is not wanted"


def headline(found: Benchmark, frame: pd.DataFrame) -> str:
    """Return the answer to "different from the others?", and what chance alone would do."""
    what = found.label or "The figure"
    if not found.n_compared:
        return _nothing_compared(found, frame, what)
    level, centre = percent(found.level[0]), shown(found.centre, found.kind)
    around = f"the target of {centre}" if found.centre_given else f"the {centre} of all areas together"
    outside = frame[frame["area"].isin(found.outside)]
    chance = (
        f"If none differed, chance alone would put {format_number(found.expected_outside, 1)} of {found.n_compared} "
        "outside on average."
    )
    many = "the one area" if found.n_compared == 1 else f"all {found.n_compared} areas"
    if outside.empty:
        verb = "lies" if found.n_compared == 1 else "lie"
        return f"{what}: {many} {verb} inside the {level} limits around {around}. {ALIKE_IS_NOT_SHOWN} {chance}"
    parts = [
        f"{and_join(list(outside.loc[outside['position'] == place, 'area']))} {place.replace(' ', ' the ')} limits"
        for place in dict.fromkeys(sorted(outside["position"]))
    ]
    verb = "lies" if len(outside) == 1 else "lie"
    return (
        f"{what}: {len(outside)} of {found.n_compared} areas {verb} outside the {level} limits around {around}: "
        f"{'; '.join(parts)}. {chance}"
    )


def _nothing_compared(found: Benchmark, frame: pd.DataFrame, what: str) -> str:
    told = frame[frame["value"].notna()]
    if told.empty:
        return f"{what}: no area has anything to count from, so nothing is told."
    if len(told) > 1:
        return (
            f"{what}: {shown(told['value'].iloc[0], found.kind)} in each of {len(told)} areas, so nothing sets one "
            "apart from the others."
        )
    row = told.iloc[0]
    return (
        f"{what}: {shown(row['value'], found.kind)} ({percent(found.level[0])} interval "
        f"{shown(row['conf_low'], found.kind)} to {shown(row['conf_high'], found.kind)}) in {row['area']}; with one "
        "area nothing is compared."
    )


def notes(found: Benchmark) -> list[str]:
    """Return how it was compared, and what must be borne in mind."""
    told = [NO_ORDER, NO_EFFECT_SHOWN] if found.n_areas > 1 else [NO_EFFECT_SHOWN]
    strata = and_join(list(found.strata)).replace("_", " ") if found.strata else ""
    told.append(STANDARDISED[found.standardise].format(strata=strata) if found.standardise else NOT_STANDARDISED)
    if found.kind == "ratio" and not found.standardise:
        told[-1] = "The expected counts were given; what they do not allow for is left in the ratio."
    if found.n_compared:
        told.append(
            f"Limits are exact quantiles of chance, interpolated: {and_join([percent(one) for one in found.level])} of "
            "areas that do not differ lie inside them, about."
        )
        told += [] if found.centre_given else [OWN_PART]
        told += dispersion_notes(found)
    if found.several_events:
        told.append(
            PEOPLE_AGAIN
            if found.kind == "share"
            else "A unit can have several events: limits and intervals are wider by the spread that shows."
        )
    if found.n_left_out:
        told.append(f"{found.n_left_out} row(s) of all districts together were left out.")
    if found.n_not_told:
        told.append(f"{found.n_not_told} row(s) cannot be told yet (not followed for long enough, or not recorded).")
    empty = found.n_areas - found.n_compared
    if found.n_compared and empty:
        told.append(f"{empty} area(s) have nothing to count from and are not compared.")
    return told


def dispersion_notes(found: Benchmark) -> list[str]:
    """Return how far areas spread beyond chance, and what was done about it."""
    spread = found.dispersion
    if found.over_dispersion == "prior":
        given = format_number(found.prior, 3)
        return [
            f"A spread between areas of {given} (standard deviation), known from elsewhere, is added to the limits; "
            "shrunken values are drawn to the centre as far as it says."
        ]
    if pd.isna(spread.factor):
        return []
    factor = format_number(spread.factor, 2)
    if found.n_compared < FEW_AREAS:
        rest = FEW_NOT_MOVED if found.over_dispersion == "none" else FEW_MOVED
        low, high = (format_number(one, 1) for one in (spread.conf_low, spread.conf_high))
        return [FEW.format(n=found.n_compared, factor=factor, low=low, high=high, rest=rest)]
    told = f"Over-dispersion factor {factor} (1: chance alone; test p {_p(spread.p_value)}, winsorised scores)"
    if found.over_dispersion == "multiplicative":
        if spread.factor <= 1:
            return [f"{told}: the limits stay those of chance."]
        return [f"{told}: limits are wider by its root, so an area outside differs by more than areas usually do."]
    if found.over_dispersion == "additive":
        between_areas = format_number(spread.between, 3)
        return [f"{told}: a spread between areas of {between_areas} (standard deviation) is added to the limits."]
    if found.over_dispersion_asked == "none" and spread.p_value < 0.05:
        return [f"{told}: areas spread beyond chance, and as asked the limits do not allow for it."]
    return [f"{told}: the limits are those of chance alone."]


def _p(value: float) -> str:
    text = format_p(value)
    return text if text.startswith("<") else f"= {text}"
